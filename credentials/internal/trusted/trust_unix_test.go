//go:build unix

package trusted

import "testing"

func TestWhoseFilesAreBelieved(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		owner, user int
		sudoUser    string
		want        bool
	}{
		{1001, 1001, "", true}, {0, 1001, "", true}, {1002, 1001, "", false}, {1002, 1001, "1002", false},
		{0, 0, "", true}, {1001, 0, "1001", true}, {1001, 0, "", false}, {1001, 0, "1002", false},
	} {
		if got := mayOwn(test.owner, test.user, test.sudoUser); got != test.want {
			t.Errorf("%+v: %v", test, got)
		}
	}
}

func TestAPathInACommandIsQuoted(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{"/home/me/.config": "/home/me/.config", "/a b": "'/a b'", "/it's": `'/it'\''s'`, "/$(id)": "'/$(id)'", "": "''"} {
		if got := quoted(path); got != want {
			t.Errorf("%q: %s", path, got)
		}
	}
}
