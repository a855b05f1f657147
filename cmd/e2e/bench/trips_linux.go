package main

import "time"

// A trip is what a delay of the network costs.
type trip struct {
	name  string
	delay time.Duration // added to each round trip
	added time.Duration // to the whole
}

func (t trip) count() float64 { return float64(t.added) / float64(t.delay) }

// mostTrips is what one request on a new connection takes: TCP's handshake, TLS's,
// the request. Only a secret kept from an earlier connection could save one.
const mostTrips = 3

// measureTrips repeats the subjects with 40 ms and 160 ms added to each round trip
// to the API.
func (b *bench) measureTrips(subjects ...*subject) ([]bound, error) {
	if err := b.slow.use(); err != nil {
		return nil, err
	}
	medians := func(delay time.Duration) (medians []time.Duration, err error) {
		b.slow.delay.Store(int64(delay))
		var again []*subject
		for _, s := range subjects {
			copied := *s
			copied.walls = nil
			again = append(again, &copied)
		}
		err = b.inTurns(max(*rounds/6, 3), again...)
		for _, s := range again {
			medians = append(medians, s.median())
		}
		return medians, err
	}
	without, err := medians(0)
	if err != nil {
		return nil, err
	}
	var bounds []bound
	for _, delay := range []time.Duration{40 * time.Millisecond, 160 * time.Millisecond} {
		with, err := medians(delay)
		if err != nil {
			return nil, err
		}
		for i, s := range subjects {
			b.trips = append(b.trips, trip{s.name, delay, with[i] - without[i]})
		}
		bounds = append(bounds, bound{"a checked get takes 3 round trips of " + delay.String(), with[0] - without[0], mostTrips * delay, 1.05, 0.9})
	}
	return bounds, nil
}
