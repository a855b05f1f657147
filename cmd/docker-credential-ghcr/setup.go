package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/dockerconfig"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
)

// setupOptions are the flags of setup.
type setupOptions struct {
	registry string
	scope    string
	user     string
	force    bool
	dryRun   bool
	undo     bool
}

func setupCommandOf(w world) *cobra.Command {
	var o setupOptions
	command := &cobra.Command{
		Use:   "setup",
		Short: "Make docker ask for your GitHub login here",
		Long: `Make docker ask for your GitHub login here: one key in docker's config.json.

Then it shows what status shows, and on a terminal offers to run the one command
that is still missing. Running it again changes nothing. --undo takes back what
it did.`,
		Example: `  docker-credential-ghcr setup
  docker-credential-ghcr setup --scope read:packages      # a machine that only pulls
  docker-credential-ghcr setup --user hubot               # not gh's active account
  docker-credential-ghcr setup --registry containers.example.com
  docker-credential-ghcr setup --undo`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !o.undo {
				return setup(cmd.Context(), w, o)
			}
			for _, name := range []string{"scope", "user", "force"} {
				if cmd.Flags().Changed(name) {
					return usageError{fmt.Errorf("--%s means nothing beside --undo", name)}
				}
			}
			return undo(w, o)
		},
	}
	flags := command.Flags()
	flags.StringVar(&o.registry, "registry", "", "the registry or GitHub host to set up, ghcr.io if not given")
	flags.StringVar(&o.scope, "scope", "", "the scope that tokens must have: write:packages or read:packages")
	flags.StringVar(&o.user, "user", "", "the gh account to use instead of the active one")
	flags.BoolVar(&o.force, "force", false, "take the place of another credential helper")
	flags.BoolVar(&o.dryRun, "dry-run", false, "show the change and touch nothing")
	flags.BoolVar(&o.undo, "undo", false, "take back what setup did")
	return command
}

// setup makes docker ask us for a registry. Nothing is changed before all that
// can be refused has been looked at.
func setup(ctx context.Context, w world, o setupOptions) error {
	if err := checkScope(o.scope); err != nil {
		return err
	}
	registry, err := registryNamed(cmp.Or(o.registry, "ghcr.io"))
	if err != nil {
		return err
	}
	search, err := w.helper(true).Search(registry)
	if err != nil {
		return noSearch(registry, err)
	}
	if err := checkAccount(search, o.user); err != nil {
		return err
	}
	path, err := dockerConfigFile()
	if err != nil {
		return err
	}
	config, err := dockerconfig.Read(path)
	if err != nil {
		return err
	}
	if err := refuseOtherHelper(config, registry, o.force); err != nil {
		return err
	}
	before, _ := config.Helper(registry)
	if o.dryRun {
		return showPlan(ctx, w, o, search, config)
	}
	if err := refuseReadOnly(config, registry); err != nil {
		return err
	}
	takeBack, err := saveSettings(registry, o)
	if err != nil {
		return err
	}
	plan, outcome, err := wire(ctx, w, config, registry, o.force)
	if err != nil {
		takeBack()
		return err
	}
	s := newScreen(w.stdout)
	if outcome.Changed && before != dockerconfig.HelperName {
		s.say(0, good, "%s: docker will ask %s for %s", tilde(path), programName, registry)
	} else {
		s.say(0, good, "%s: docker asks %s for %s already", tilde(path), programName, registry)
	}
	if outcome.RecordErr != nil {
		s.say(0, care, "setup --undo will not restore the file exactly: %s", outcome.RecordErr)
	}
	plan.print(s, o.dryRun)
	fmt.Fprintln(s)
	return showAndOffer(ctx, w, s, registry)
}

// checkScope refuses a scope that would make every token look wrong.
func checkScope(scope string) error {
	switch github.Scope(scope) {
	case "", github.WritePackages, github.ReadPackages:
		return nil
	}
	return usageError{fmt.Errorf("--scope %q is neither %s nor %s", scope, github.WritePackages, github.ReadPackages)}
}

// checkAccount refuses an account that gh is not logged in to.
func checkAccount(search *credentials.Search, user string) error {
	if user == "" {
		return nil
	}
	accounts, err := search.Accounts()
	if err != nil || slices.Contains(accounts, user) {
		return err
	}
	known := "none"
	if len(accounts) > 0 {
		known = strings.Join(accounts, ", ")
	}
	return mendable{
		fmt.Errorf("gh is not logged in to %q on %s; it has: %s", user, search.Registry.Host, known),
		fmt.Sprintf("run: gh auth login -h %s -s write:packages", search.Registry.Host),
	}
}

func refuseOtherHelper(config *dockerconfig.Config, registry string, force bool) error {
	helper, ok := config.Helper(registry)
	if !ok || helper == dockerconfig.HelperName || force {
		return nil
	}
	return mendable{
		fmt.Errorf("%s already says credHelpers[%q] = %q", tilde(config.Path()), registry, helper),
		"to take its place, run: " + setupCommand(registry, "--force"),
	}
}

// refuseReadOnly tries the change on the copy that was read, and fails where the edit
// would fail.
func refuseReadOnly(config *dockerconfig.Config, registry string) error {
	configure(config, registry, &dockerconfig.Changes{})
	if !config.Changed() {
		return nil
	}
	return config.Writable()
}

// hasSettings reports whether there is anything to keep in the settings.
func (o setupOptions) hasSettings(registry string) bool {
	return o.scope != "" || o.user != "" || registry != "ghcr.io"
}

// saveSettings keeps what the flags say. What no flag says stays as it was.
// takeBack is for a setup that fails after it.
func saveSettings(registry string, o setupOptions) (takeBack func(), err error) {
	if !o.hasSettings(registry) {
		return func() {}, nil
	}
	if _, err := credentials.ReadSettings(); err != nil {
		return nil, damagedSettings(err)
	}
	var before credentials.RegistrySettings
	var had bool
	err = credentials.EditSettings(func(s *credentials.Settings) error {
		if s.Registries == nil {
			s.Registries = map[string]credentials.RegistrySettings{}
		}
		before, had = s.Registries[registry]
		now := before
		now.Scope = cmp.Or(github.Scope(o.scope), now.Scope)
		now.User = cmp.Or(o.user, now.User)
		s.Registries[registry] = now
		return nil
	})
	return func() {
		_ = credentials.EditSettings(func(s *credentials.Settings) error {
			delete(s.Registries, registry)
			if had && s.Registries != nil {
				s.Registries[registry] = before
			}
			return nil
		})
	}, err
}

func damagedSettings(err error) error {
	return mendable{err, "mend the file, or remove it"}
}

// wire changes config.json, and what it replaces there, by the settings as they
// are now. config is the file as it was looked at; it may change meanwhile.
func wire(ctx context.Context, w world, config *dockerconfig.Config, registry string, force bool) (plan *leftoverPlan, outcome dockerconfig.Outcome, err error) {
	search, err := w.helper(true).Search(registry)
	if err != nil {
		return nil, outcome, noSearch(registry, err)
	}
	plan = planLeftovers(ctx, search, config)
	plan.rescue(w, registry)
	outcome, err = edit(config.Path(), registry, force, plan)
	return plan, outcome, err
}

// edit changes config.json and its undo record.
func edit(path, registry string, force bool, plan *leftoverPlan) (dockerconfig.Outcome, error) {
	return dockerconfig.Edit(path, recordsDir(), func(c *dockerconfig.Config, r *dockerconfig.Record) error {
		if err := refuseOtherHelper(c, registry, force); err != nil {
			return err
		}
		plan.apply(c, registry, r)
		return nil
	})
}

// configure is what setup changes in config.json: we are named for the registry,
// and the store that docker would have chosen for all others is written down,
// since it no longer chooses one once a credential helper is named.
func configure(c *dockerconfig.Config, registry string, r *dockerconfig.Changes) {
	if !c.HasAuth() {
		if store := defaultStore(runtime.GOOS); store != "" {
			c.SetCredsStore(store, r)
		}
	}
	c.SetHelper(registry, r)
}

// defaultStore is the store that docker chooses for a config without any
// authentication (cli/config/credentials in docker/cli), if its program is there.
func defaultStore(goos string) string {
	var store string
	switch goos {
	case "darwin":
		store = "osxkeychain"
	case "windows":
		store = "wincred"
	case "linux":
		store = "secretservice"
		if _, err := exec.LookPath("pass"); err == nil {
			store = "pass"
		}
	default:
		return ""
	}
	if _, err := exec.LookPath("docker-credential-" + store); err != nil {
		return ""
	}
	return store
}

// showAndOffer shows what docker gets now, and on a terminal offers to run what
// is missing for it. setup has done its part if docker asks us, token or not.
func showAndOffer(ctx context.Context, w world, s *screen, registry string) error {
	r, err := inspect(ctx, w, registry)
	if err != nil {
		return err
	}
	r.print(s)
	var done error
	if !r.Wiring.Asked {
		done = errSaid
	}
	fix := r.missing()
	if fix.Command == "" || !w.isTerminal() {
		return done
	}
	fmt.Fprintln(s)
	if !w.confirm("Run it now? " + fix.Command) {
		return done
	}
	if err := runInForeground(ctx, fix.Command); err != nil {
		return mendable{fmt.Errorf("%s: %w", fix.Command, err), "run it again, then: " + programName + " status"}
	}
	fmt.Fprintln(s)
	if r, err = inspect(ctx, w, registry); err != nil {
		return err
	}
	r.print(s)
	return done
}

// runInForeground runs one of our own command lines in the person's terminal.
func runInForeground(ctx context.Context, line string) error {
	shell := []string{"sh", "-c", line}
	if runtime.GOOS == "windows" {
		shell = []string{"powershell", "-NoProfile", "-Command", line}
	}
	command := exec.CommandContext(ctx, shell[0], shell[1:]...)
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	return command.Run()
}

// showPlan shows what setup would do.
func showPlan(ctx context.Context, w world, o setupOptions, search *credentials.Search, config *dockerconfig.Config) error {
	if o.scope != "" && os.Getenv("GHCR_SCOPE") == "" {
		search.Scope = github.Scope(o.scope)
	}
	registry := search.Registry.Name
	plan := planLeftovers(ctx, search, config)
	plan.apply(config, registry, &dockerconfig.Record{})
	s := newScreen(w.stdout)
	if err := showChange(s, config); err != nil {
		return err
	}
	if o.hasSettings(registry) {
		path, _ := credentials.SettingsPath()
		s.say(0, plain, "%s would keep the settings of %s", tilde(path), registry)
	}
	plan.print(s, o.dryRun)
	return nil
}

// showChange shows what an edit would change, and fails where the edit would fail.
func showChange(s *screen, config *dockerconfig.Config) error {
	if !config.Changed() {
		s.say(0, plain, "%s would not change", tilde(config.Path()))
		return nil
	}
	if err := config.Writable(); err != nil {
		return err
	}
	s.say(0, plain, "%s would change:", tilde(config.Path()))
	for _, line := range config.Differences() {
		s.whole(0, line)
	}
	return nil
}
