package scale

import (
	"container/heap"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
)

// What does a fleet do in a day? Each node has a kubelet, which caches as the kubelet
// does, and runs the real Helper with a cache directory of its own.

// The day that all nodes work through, from the midnight at which it starts.
const (
	begins = 8 * time.Hour
	ends   = 18 * time.Hour
	// between is the mean time between two pulls that a node makes by itself.
	between = 10 * time.Minute
	// images is how many a rollout brings to every node, all at once.
	images = 10
	// cacheDuration is what our kubelet command says if it is told nothing else.
	cacheDuration = 5 * time.Minute
	// The kubelet tries a failed pull again after the first wait, then doubles it.
	firstWait, lastWait = 10 * time.Second, 5 * time.Minute
)

// rollouts are when a new release goes to every node in the same second.
var rollouts = []time.Duration{9*time.Hour + 30*time.Minute, 11 * time.Hour, 12*time.Hour + 2*time.Minute, 14 * time.Hour, 16*time.Hour + 30*time.Minute}

// change is something that happens at GitHub.
type change struct {
	at time.Duration
	do func(*fleet)
}

// fleet is all nodes, at work.
type fleet struct {
	account *account
	dir     string
	dice    *rand.Rand
	start   time.Time
	helper  *credentials.Helper
	nodes   []node
	queue   events
	// token is what every node has in its environment.
	token   string
	revoked time.Time

	result result
}

// node is a kubelet.
type node struct {
	// cached is the token that the kubelet uses until then without asking.
	cached string
	until  time.Time
	// waiting counts the pulls that wait to be tried again.
	waiting int
}

// result is what came of a day.
type result struct {
	counts
	nodes int
	pulls int
	// failedGood counts pulls without a credential though the token was valid.
	failedGood int
	// failedDead counts pulls that failed because it was not.
	failedDead int
	// handedOut and lastUse are how long after the revocation the helper last gave the
	// dead token to a kubelet, and a kubelet last used it.
	handedOut, lastUse time.Duration
}

// event is a pull, or several at once.
type event struct {
	at     time.Time
	node   int // -1 for every node, -2 for a change
	images int
	wait   time.Duration // before the pull is tried again; 0 for a first try
	change func(*fleet)
}

// live works through the day. It runs in a bubble in which time passes when all wait.
func (f *fleet) live(nodes int, changes []change) error {
	f.start, f.nodes, f.result.nodes = time.Now(), make([]node, nodes), nodes
	f.dice = rand.New(rand.NewPCG(uint64(nodes), 12))
	f.helper = &credentials.Helper{Transport: f.account, Keyring: noKeyring{}, Scope: github.ReadPackages}
	for n := range f.nodes {
		f.plan(event{at: f.start.Add(begins + f.pause()), node: n, images: 1})
	}
	for _, at := range rollouts {
		f.plan(event{at: f.start.Add(at), node: -1, images: images})
	}
	for _, c := range changes {
		f.plan(event{at: f.start.Add(c.at), node: -2, change: c.do})
	}
	for len(f.queue) > 0 && !f.queue[0].at.After(f.start.Add(ends)) {
		e := heap.Pop(&f.queue).(event)
		time.Sleep(time.Until(e.at))
		switch {
		case e.change != nil:
			e.change(f)
		case e.node < 0:
			for n := range f.nodes {
				if err := f.pull(n, e); err != nil {
					return err
				}
			}
		default:
			if err := f.pull(e.node, e); err != nil {
				return err
			}
			if e.wait == 0 {
				f.plan(event{at: e.at.Add(f.pause()), node: e.node, images: 1})
			}
		}
	}
	f.result.counts = f.account.count
	return nil
}

// pause is the time to a node's next pull: pulls come at random, as many a day as the
// mean says.
func (f *fleet) pause() time.Duration {
	return time.Duration(f.dice.ExpFloat64() * float64(between)).Truncate(time.Second)
}

func (f *fleet) plan(e event) { heap.Push(&f.queue, e) }

// maxWaiting bounds the pulls of a node that are tried again and again: those of the
// pods that it runs.
const maxWaiting = 10

// pull pulls images on a node: the kubelet runs the plugin once for each of them at the
// same time, unless it has cached a credential.
func (f *fleet) pull(n int, e event) error {
	now, node := time.Now(), &f.nodes[n]
	f.result.pulls += e.images
	if e.wait > 0 {
		node.waiting--
	}
	if node.cached != "" && now.Before(node.until) {
		if f.use(node.cached) {
			return nil
		}
		f.failed(n, e)
		return nil
	}
	dir := filepath.Join(f.dir, fmt.Sprint(n))
	for name, value := range map[string]string{"GHCR_TOKEN": f.token, "XDG_CACHE_HOME": dir, "HOME": dir} {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	verdicts, errs := make([]credentials.Verdict, e.images), make([]error, e.images)
	var all sync.WaitGroup
	for i := range e.images {
		all.Go(func() { verdicts[i], errs[i] = f.helper.Find(context.Background(), "ghcr.io") })
	}
	all.Wait()
	ok := true
	for i, v := range verdicts {
		switch {
		case errs[i] != nil && f.account.alive[f.token]:
			f.result.failedGood++
			ok = false
		case errs[i] != nil:
			ok = false
		default:
			node.cached, node.until = v.Token.Reveal(), now.Add(cacheDuration)
			if !f.account.alive[node.cached] {
				f.result.handedOut = max(f.result.handedOut, now.Sub(f.revoked))
			}
			ok = f.use(node.cached) && ok
		}
	}
	if !ok {
		f.failed(n, e)
	}
	return nil
}

// use pulls with a token, and reports whether that works.
func (f *fleet) use(token string) bool {
	if f.account.alive[token] {
		return true
	}
	f.result.lastUse = max(f.result.lastUse, time.Since(f.revoked))
	return false
}

// failed notes that a pull failed, and has it tried again.
func (f *fleet) failed(n int, e event) {
	if !f.account.alive[f.token] {
		f.result.failedDead += e.images
	}
	wait := min(max(firstWait, 2*e.wait), lastWait)
	for range e.images {
		if f.nodes[n].waiting < maxWaiting {
			f.nodes[n].waiting++
			f.plan(event{at: time.Now().Add(wait), node: n, images: 1, wait: wait})
		}
	}
}

// events are those to come, the next one first.
type events []event

func (q events) Len() int           { return len(q) }
func (q events) Less(i, j int) bool { return q[i].at.Before(q[j].at) }
func (q events) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *events) Push(e any)        { *q = append(*q, e.(event)) }
func (q *events) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

// noKeyring is the keyring of a node.
type noKeyring struct{}

func (noKeyring) Get(string, string) (string, error) { return "", credentials.ErrNotInKeyring }
func (noKeyring) Set(string, string, string) error   { return credentials.ErrNotInKeyring }
func (noKeyring) Delete(string, string) error        { return credentials.ErrNotInKeyring }
