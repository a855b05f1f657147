package credentialstest

import (
	"errors"
	"sync"
)

// Keyring is an operating system's keyring in memory. The zero value is
// ready; it is safe for parallel use.
type Keyring struct {
	// NotFound is returned for an item that is not there, so that the caller's own
	// error (go-keyring's ErrNotFound, say) can be recognized.
	NotFound error

	mu    sync.Mutex
	items map[item]string
	calls []string
	err   error
	until <-chan struct{}
	panic any
}

type item struct{ service, user string }

var errNotFound = errors.New("credentialstest: no such item in the keyring")

// Get returns the secret that is kept for the user of a service.
func (k *Keyring) Get(service, user string) (string, error) {
	if err := k.begin("get", service, user); err != nil {
		return "", err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	secret, ok := k.items[item{service, user}]
	if !ok {
		return "", k.notFound()
	}
	return secret, nil
}

// Set stores the secret and replaces an older one.
func (k *Keyring) Set(service, user, secret string) error {
	if err := k.begin("set", service, user); err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.items == nil {
		k.items = make(map[item]string)
	}
	k.items[item{service, user}] = secret
	return nil
}

// Delete deletes the secret.
func (k *Keyring) Delete(service, user string) error {
	if err := k.begin("delete", service, user); err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, ok := k.items[item{service, user}]; !ok {
		return k.notFound()
	}
	delete(k.items, item{service, user})
	return nil
}

func (k *Keyring) notFound() error {
	if k.NotFound == nil {
		return errNotFound
	}
	return k.NotFound
}

// Fail makes every call return err from now on, as a locked keyring does; nil repairs it.
func (k *Keyring) Fail(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.err = err
}

// Hang makes every call wait from now on until the channel is closed, as a keyring
// does whose unlock prompt gets no answer; nil repairs it.
func (k *Keyring) Hang(until <-chan struct{}) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.until = until
}

// Panic makes every call panic with v from now on, as go-keyring does when the bus
// dies under a prompt; nil repairs it.
func (k *Keyring) Panic(v any) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.panic = v
}

// Calls returns all calls in order, such as "get gh:github.com octocat". An empty
// user is shown as "". There is never a secret in it.
func (k *Keyring) Calls() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return append([]string(nil), k.calls...)
}

// Len returns the number of secrets that are kept.
func (k *Keyring) Len() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.items)
}

// begin records the call and fails it as configured.
func (k *Keyring) begin(verb, service, user string) error {
	k.mu.Lock()
	if user == "" {
		k.calls = append(k.calls, verb+" "+service+` ""`)
	} else {
		k.calls = append(k.calls, verb+" "+service+" "+user)
	}
	until, v, err := k.until, k.panic, k.err
	k.mu.Unlock()
	if until != nil {
		<-until
	}
	if v != nil {
		panic(v)
	}
	return err
}
