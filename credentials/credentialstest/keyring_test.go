package credentialstest_test

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

func TestTheKeyringKeepsTheContract(t *testing.T) {
	t.Parallel()
	gone := errors.New("gone")
	k := &credentialstest.Keyring{NotFound: gone}
	credentialstest.TestKeyring(t, k, gone)
	if k.Len() != 0 {
		t.Errorf("%d items left", k.Len())
	}
}

func TestTheKeyringSaysWhatIsMissingInWordsOfItsOwn(t *testing.T) {
	t.Parallel()
	var k credentialstest.Keyring
	if _, err := k.Get("gh:github.com", "octocat"); err == nil {
		t.Error("no error")
	}
}

func TestTheKeyringRemembersItsCalls(t *testing.T) {
	t.Parallel()
	var k credentialstest.Keyring
	k.Set("gh:github.com", "octocat", "gho_secret")
	k.Get("gh:github.com", "octocat")
	k.Get("gh:github.com", "")
	k.Fail(errors.New("locked"))
	k.Delete("gh:github.com", "octocat")
	want := []string{"set gh:github.com octocat", "get gh:github.com octocat", `get gh:github.com ""`, "delete gh:github.com octocat"}
	if got := k.Calls(); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAKeyringThatFails(t *testing.T) {
	t.Parallel()
	var k credentialstest.Keyring
	k.Set("s", "u", "one")
	locked := errors.New("locked")
	k.Fail(locked)
	_, get := k.Get("s", "u")
	for verb, err := range map[string]error{"get": get, "set": k.Set("s", "u", "two"), "delete": k.Delete("s", "u")} {
		if err != locked {
			t.Errorf("%s: %v", verb, err)
		}
	}
	k.Fail(nil)
	if got, err := k.Get("s", "u"); got != "one" || err != nil {
		t.Errorf("repaired: %q, %v", got, err)
	}
}

func TestAKeyringThatPanics(t *testing.T) {
	t.Parallel()
	var k credentialstest.Keyring
	k.Set("s", "u", "one")
	k.Panic("bus died")
	func() {
		defer func() {
			if v := recover(); v != "bus died" {
				t.Errorf("recovered %v", v)
			}
		}()
		k.Get("s", "u")
	}()
	k.Panic(nil)
	if got, err := k.Get("s", "u"); got != "one" || err != nil {
		t.Errorf("repaired: %q, %v", got, err)
	}
}

func TestAKeyringThatHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var k credentialstest.Keyring
		k.Set("s", "u", "one")
		until := make(chan struct{})
		k.Hang(until)
		got := make(chan string, 1)
		go func() {
			secret, _ := k.Get("s", "u")
			got <- secret
		}()
		synctest.Wait()
		if len(got) != 0 {
			t.Fatal("answered")
		}
		if len(k.Calls()) != 2 {
			t.Errorf("calls: %q", k.Calls()) // a hung keyring can still be asked what happened
		}
		close(until)
		if secret := <-got; secret != "one" {
			t.Errorf("in the end: %q", secret)
		}
		k.Hang(nil)
		k.Get("s", "u")
	})
}
