package credentialstest

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
)

// TestKeyring holds a keyring to what this project expects of one, [Keyring] and the
// operating system's alike. notFound is the error for an item that is not there. The
// items are of services of its own, and it deletes them all.
func TestKeyring(t *testing.T, k interface {
	Get(service, user string) (string, error)
	Set(service, user, secret string) error
	Delete(service, user string) error
}, notFound error) {
	t.Helper()

	service := func(t *testing.T, users ...string) string {
		name := "keyring contract test " + rand.Text()
		t.Cleanup(func() {
			for _, user := range users {
				if err := k.Delete(name, user); err != nil && !errors.Is(err, notFound) {
					t.Errorf("left behind: %v", err)
				}
			}
		})
		return name
	}
	set := func(t *testing.T, service, user, secret string) {
		t.Helper()
		if err := k.Set(service, user, secret); err != nil {
			t.Fatalf("Set(%q, %q): %v", service, user, err)
		}
	}
	want := func(t *testing.T, service, user, secret string) {
		t.Helper()
		if got, err := k.Get(service, user); err != nil || got != secret {
			t.Errorf("Get(%q, %q) = %q, %v, want %q", service, user, got, err, secret)
		}
	}
	absent := func(t *testing.T, service, user string) {
		t.Helper()
		if got, err := k.Get(service, user); got != "" || !errors.Is(err, notFound) {
			t.Errorf("Get(%q, %q) = %q, %v, want error %v", service, user, got, err, notFound)
		}
	}

	t.Run("an item that is not there is not found", func(t *testing.T) {
		s := service(t)
		absent(t, s, "octocat")
		absent(t, s, "")
		if err := k.Delete(s, "octocat"); !errors.Is(err, notFound) {
			t.Errorf("Delete: %v, want %v", err, notFound)
		}
	})

	t.Run("what was set is got, as often as wanted", func(t *testing.T) {
		s := service(t, "octocat")
		set(t, s, "octocat", "one")
		want(t, s, "octocat", "one")
		want(t, s, "octocat", "one")
	})

	t.Run("a later secret replaces the earlier", func(t *testing.T) {
		s := service(t, "octocat")
		set(t, s, "octocat", "one")
		set(t, s, "octocat", "two")
		want(t, s, "octocat", "two")
	})

	t.Run("what was deleted is gone", func(t *testing.T) {
		s := service(t, "octocat")
		set(t, s, "octocat", "one")
		if err := k.Delete(s, "octocat"); err != nil {
			t.Fatal(err)
		}
		absent(t, s, "octocat")
		if err := k.Delete(s, "octocat"); !errors.Is(err, notFound) {
			t.Errorf("second Delete: %v, want %v", err, notFound)
		}
	})

	t.Run("users of one service are apart, the nameless one too", func(t *testing.T) {
		s := service(t, "octocat", "hubot", "")
		set(t, s, "octocat", "one")
		set(t, s, "hubot", "two")
		absent(t, s, "")
		set(t, s, "", "three")
		want(t, s, "octocat", "one")
		want(t, s, "hubot", "two")
		want(t, s, "", "three")
		if err := k.Delete(s, ""); err != nil {
			t.Fatal(err)
		}
		want(t, s, "octocat", "one")
		absent(t, s, "")
	})

	t.Run("services are apart", func(t *testing.T) {
		a, b := service(t, "octocat"), service(t, "octocat")
		set(t, a, "octocat", "one")
		absent(t, b, "octocat")
		set(t, b, "octocat", "two")
		want(t, a, "octocat", "one")
	})

	// Windows' Credential Manager takes no more than 2,560 bytes.
	for name, secret := range map[string]string{
		"an installation token": "ghs_1_" + strings.Repeat("eyJ.", 130),
		"JSON":                  `{"login":"octocat","secret":"gho_example\"\\"}`,
		"lines":                 "one\ntwo\n",
		"more than ASCII":       "Grüße, 世界",
		"two thousand bytes":    strings.Repeat("0123456789", 200),
	} {
		t.Run("a secret comes back byte for byte: "+name, func(t *testing.T) {
			s := service(t, "octocat")
			set(t, s, "octocat", secret)
			want(t, s, "octocat", secret)
		})
	}

	t.Run("callers do not get in each other's way", func(t *testing.T) {
		users := []string{"one", "two", "three", "four"}
		s := service(t, users...)
		var wait sync.WaitGroup
		for _, user := range users {
			wait.Go(func() {
				for n := range 5 {
					secret := fmt.Sprint(user, n)
					if err := k.Set(s, user, secret); err != nil {
						t.Errorf("Set: %v", err)
						return
					}
					want(t, s, user, secret)
				}
			})
		}
		wait.Wait()
	})
}
