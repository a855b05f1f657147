// Package e2e holds the tests in which the built program meets real ones: docker's
// own client package, gh, gnome-keyring, crane, docker with an engine. They meet on
// a stage, inside a network namespace in which a pretend GitHub plays github.com,
// ghcr.io and the others under their real names. Nothing leaves the machine. The
// program for Windows is there too, under wine.
//
//	go test ./...           everything that this machine has the parts for
//	go test -short ./...    without the tools that take minutes to build
//	go test -v ./...        says also what was skipped, and how to get it
//	go run ./demo           the main job, to look at
//	go run ./onstage CMD…   a program of yours on the stage
//	go run ./live           the promise, against the real GitHub
//
// With CI=true nothing is skipped: what is missing fails.
//
// The transcripts in ../docker-credential-ghcr/testdata are scripts of
// [github.com/rogpeppe/go-internal/testscript], one situation each, with these words
// of their own:
//
//	github token SECRET login=NAME [scopes=A,B] [host=HOST] [expires=TIME] [suspended=true]
//	                                     TIME may be so far from now, such as 72h
//	github revoke SECRET
//	github break SECRET PLACE HOW        PLACE is api, registry, images or web; HOW as in faults_test.go
//	github requests SECRET [PLACE] N     so many requests had it
//	gh-login HOST LOGIN TOKEN            gh is logged in, its token in hosts.yml
//	docker-login KEY USER SECRET         an earlier docker login left this in config.json
//	keyring                              a real one is there, if [keyring]
//
//	github organization|policy|package|repository|recreate|job|says|at …
//	                                     as in transcript_packages_test.go
//	image OWNER/NAME TAG                 such an image was pushed to ghcr.io
//	job OWNER/NAME ID                    what follows runs in a job of that repository
//
//	[!] get INPUT                        as docker asks; \r, \n and the like are undone
//	[!] store URL USER SECRET
//	[!] erase INPUT
//	[!] list
//	[!] burst N INPUT                    N gets at once, which must all answer the same
//	[!] repeat N INPUT                   N gets one after the other, likewise
//	[!] within TIME PROGRAM…             a limit for one of these or any program
//
//	found USER SECRET                    docker gets these, and nothing else is said
//	refused                              docker reads "not found"; stderr says why, and how to fix it
//	not-found                            docker reads "not found", and nothing else is said
//	silent                               nothing is said
//	allowed [--pull] IMAGE [NOTE…]       check says so, by its exit status and in JSON
//	denied [--pull] IMAGE CAUSE
//	unknown [--pull] IMAGE CAUSE
//	[!] alive SECRET                     GitHub still takes it
//	begins FILE                          stdout begins with these lines
//	config FILE                          config.json is this, except for the final newline
//
// $PROGRAMS is the folder of the product. Scripts run at the same time in one
// GitHub, so each has tokens, owners and packages of its own, and a repository that
// is deleted has a number of its own.
package e2e
