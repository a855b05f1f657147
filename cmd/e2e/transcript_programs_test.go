package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
)

// programs are what a transcript may run beside the product. They are processes,
// so they see what the transcript has put into the environment.
//
//	get INPUT             as docker does: INPUT, in which \r, \n and the like are undone, without a newline
//	erase INPUT
//	list
//	store URL USER SECRET
//	burst N INPUT         N gets at once, which must all answer the same
//	repeat N INPUT        N gets one after the other, which must all answer the same
//	within TIME PROGRAM…  ends a program that takes longer: a limit, not a measurement
//	lockless FILE…        runs the program in a file on a system that has no locks
var programs = map[string]func(){
	"get":    func() { finish(run("get", argument(1))) },
	"erase":  func() { finish(run("erase", argument(1))) },
	"list":   func() { finish(run("list", "unused")) },
	"store":  func() { finish(run("store", login(argument(1), argument(2), argument(3)))) },
	"burst":  func() { finish(burst(number(argument(1)), argument(2))) },
	"repeat": func() { finish(repeat(number(argument(1)), argument(2))) },
	"within": within,

	"lockless": lockless,
}

// answer is what the product said to one question.
type answer struct {
	code           int
	stdout, stderr string
}

// run asks the product as docker does.
func run(verb, input string) answer {
	var stdout, stderr bytes.Buffer
	command := exec.Command(stage.Product, verb)
	command.Stdin, command.Stdout, command.Stderr = strings.NewReader(input), &stdout, &stderr
	err := command.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		fatalf("%v", err)
	}
	return answer{command.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

func repeat(n int, input string) answer {
	first := run("get", input)
	for range n - 1 {
		same(first, run("get", input))
	}
	return first
}

func burst(n int, input string) answer {
	answers := make([]answer, n)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() { answers[i] = run("get", input) })
	}
	all.Wait()
	for _, other := range answers[1:] {
		same(answers[0], other)
	}
	return answers[0]
}

func same(one, other answer) {
	if one != other {
		fatalf("two answers:\n%+v\n%+v", one, other)
	}
}

// login is what store reads, credential what get writes.
func login(serverURL, username, secret string) string {
	text, _ := json.Marshal(map[string]string{"ServerURL": serverURL, "Username": username, "Secret": secret})
	return string(text) + "\n"
}

func credential(serverURL, username, secret string) string {
	text, _ := json.Marshal(struct{ ServerURL, Username, Secret string }{serverURL, username, secret})
	return string(text) + "\n"
}

func within() {
	limit, err := time.ParseDuration(argument(1))
	if err != nil {
		fatalf("%v", err)
	}
	argument(2)
	command := exec.Command(os.Args[2], os.Args[3:]...)
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := command.Start(); err != nil {
		fatalf("%v", err)
	}
	timer := time.AfterFunc(limit, func() {
		_ = command.Process.Kill()
		fatalf("still running after %v", limit)
	})
	_ = command.Wait()
	timer.Stop()
	os.Exit(command.ProcessState.ExitCode())
}

// finish ends this process as the product ended. Any code but the two that
// clients know shows in both streams, where no transcript expects it.
func finish(a answer) {
	fmt.Fprint(os.Stdout, a.stdout)
	fmt.Fprint(os.Stderr, a.stderr)
	if a.code != 0 && a.code != 1 {
		fatalf("exit code %d", a.code)
	}
	os.Exit(a.code)
}

func fatalf(format string, args ...any) {
	text := fmt.Sprintf(format+"\n", args...)
	fmt.Fprint(os.Stdout, text)
	fmt.Fprint(os.Stderr, text)
	os.Exit(2)
}

func argument(i int) string {
	if i >= len(os.Args) {
		fatalf("%s wants more arguments", os.Args[0])
	}
	text, err := strconv.Unquote(`"` + os.Args[i] + `"`)
	if err != nil {
		fatalf("%s: %v", os.Args[i], err)
	}
	return text
}

func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		fatalf("%s is not a number of times", text)
	}
	return n
}
