package main

import (
	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/process"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/terminal"

	"cmp"
	"context"
	"errors"
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
		Short: "Set docker up to use your GitHub login for ghcr.io",
		Long: `Set docker up to use your GitHub login for ghcr.io: setup adds one key to docker's
config.json.

Then setup prints what status prints, and on a terminal offers to run the one
command that is still missing. Running it again changes nothing. --undo undoes it.

Existing docker logins keep working. If setup would make one unusable, it changes
nothing and says why.`,
		Example: `  docker-credential-ghcr setup
  docker-credential-ghcr setup --scope read:packages      # a machine that only pulls
  docker-credential-ghcr setup --user hubot               # not gh's active account
  docker-credential-ghcr setup --registry containers.example.com
  docker-credential-ghcr setup --undo`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("registry") && o.registry == "" {
				return usageError{errors.New("--registry needs a name")}
			}
			if !o.undo {
				return setup(cmd.Context(), w, o)
			}
			for _, name := range []string{"scope", "user", "force"} {
				if cmd.Flags().Changed(name) {
					return usageError{fmt.Errorf("--%s cannot be combined with --undo", name)}
				}
			}
			registry := o.registry
			if registry != "" {
				var err error
				if registry, err = registryNamed(registry); err != nil {
					return err
				}
			}
			return undo(w, registry, o.dryRun)
		},
	}
	flags := command.Flags()
	flags.StringVar(&o.registry, "registry", "", "the registry or GitHub host to set up, ghcr.io if not given")
	flags.StringVar(&o.scope, "scope", "", "the scope that tokens must have: write:packages or read:packages")
	flags.StringVar(&o.user, "user", "", "the gh account to use instead of the active one")
	flags.BoolVar(&o.force, "force", false, "replace another credential helper, and continue even if a login that docker has stops working")
	flags.BoolVar(&o.dryRun, "dry-run", false, "show what would change, and change nothing")
	flags.BoolVar(&o.undo, "undo", false, "undo what setup did")
	return command
}

// setup makes docker use us for a registry. Everything that can be refused is checked
// before anything is changed.
func setup(ctx context.Context, w world, o setupOptions) error {
	if err := checkFlags(o); err != nil {
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
	if err := refuseReadOnly(path, registry); err != nil {
		return err
	}
	if err := refuseDamagedSettings(registry, o); err != nil {
		return err
	}
	if o.scope != "" && os.Getenv("GHCR_SCOPE") == "" {
		search.Scope = github.Scope(o.scope)
	}
	now := dockersLogin(ctx, search, config)
	if !o.force {
		if err := now.refuseToLose(ctx, search, o.scope); err != nil {
			return err
		}
	}
	if o.dryRun {
		return showPlan(ctx, w, o, search, config)
	}
	return setUp(ctx, w, o, config, registry, now)
}

// setUp makes the changes, shows the result, and reverts them if docker would get less
// than before.
func setUp(ctx context.Context, w world, o setupOptions, config *dockerconfig.Config, registry string, now currentLogin) error {
	revertSettings, err := saveSettings(registry, o.scope, o.user)
	if err != nil {
		return err
	}
	already := config.UsesHelper(registry)
	plan, outcome, err := wire(ctx, w, config, registry, o.force)
	if err != nil {
		revertSettings()
		return err
	}
	r, err := inspect(ctx, w, registry)
	if err == nil && !o.force {
		err = now.compare(registry, r.used() != nil, r.refused)
	}
	if err != nil {
		revertSettings()
		return cmp.Or(outcome.Revert(func(c *dockerconfig.Config, record *dockerconfig.Record) error {
			c.Undo([]string{registry}, &record.Changes)
			return nil
		}), err)
	}
	s := terminal.NewScreen(w.stdout)
	if already {
		s.Say(0, terminal.Good, "%s: docker already uses %s for %s", terminal.Tilde(config.Path()), programName, registry)
	} else {
		s.Say(0, terminal.Good, "%s: docker uses %s for %s", terminal.Tilde(config.Path()), programName, registry)
	}
	if outcome.RecordErr != nil {
		s.Say(0, terminal.Care, "setup --undo will not restore the file exactly: the record of the change cannot be kept: %s", outcome.RecordErr)
	}
	plan.print(s, registry, false)
	fmt.Fprintln(s)
	return showAndOffer(ctx, w, s, r)
}

// checkFlags refuses what settings must not have in them.
func checkFlags(o setupOptions) error {
	if o.user != "" && !github.IsLogin(o.user) {
		return usageError{fmt.Errorf("--user %q is not a GitHub login", o.user)}
	}
	switch github.Scope(o.scope) {
	case "", github.WritePackages, github.ReadPackages:
		return nil
	}
	return usageError{fmt.Errorf("--scope %q is neither %s nor %s", o.scope, github.WritePackages, github.ReadPackages)}
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
	return fixable{
		fmt.Errorf("gh is not logged in to %q on %s; it has: %s", user, search.Registry.Host, known),
		loginFix(search).String(),
	}
}

func refuseOtherHelper(config *dockerconfig.Config, registry string, force bool) error {
	helper, ok := config.Helper(registry)
	if !ok || helper == dockerconfig.HelperName || force {
		return nil
	}
	return fixable{
		fmt.Errorf("%s already has credHelpers[%q] = %q", terminal.Tilde(config.Path()), registry, helper),
		"to replace it, run: " + setupCommand(registry, "--force"),
	}
}

// refuseReadOnly fails where the edit would fail.
func refuseReadOnly(path, registry string) error {
	trial, err := dockerconfig.Read(path)
	if err != nil {
		return err
	}
	configure(trial, registry, &dockerconfig.Changes{})
	if !trial.Changed() {
		return nil
	}
	return trial.Writable()
}

func refuseDamagedSettings(registry string, o setupOptions) error {
	if _, err := credentials.ReadSettings(); err != nil && hasSettings(registry, o.scope, o.user) {
		return damagedSettings(err)
	}
	return nil
}

// wire changes config.json, and what it replaces there, by the settings as they are
// now. config is the file as it was checked; it may change meanwhile.
func wire(ctx context.Context, w world, config *dockerconfig.Config, registry string, force bool) (plan *leftoverPlan, outcome dockerconfig.Outcome, err error) {
	search, err := w.helper(true).Search(registry)
	if err != nil {
		return nil, outcome, noSearch(registry, err)
	}
	plan = planLeftovers(ctx, search, config)
	plan.rescue(w, registry)
	outcome, err = dockerconfig.Edit(config.Path(), recordsDir(), func(c *dockerconfig.Config, r *dockerconfig.Record) error {
		if err := refuseOtherHelper(c, registry, force); err != nil {
			return err
		}
		configure(c, registry, &r.Changes)
		plan.apply(c, registry, r)
		return nil
	})
	return plan, outcome, err
}

// showAndOffer shows what docker gets now, and on a terminal offers to run the command
// that is still missing. setup has succeeded if docker uses us, token or not.
func showAndOffer(ctx context.Context, w world, s *terminal.Screen, r report) error {
	r.print(s)
	var done error
	if !r.Wiring.Asked {
		done = errSaid
	}
	command := r.missing().Command
	runs, ok := process.GHRuns(command)
	if !ok || !w.isInteractive() {
		return done
	}
	fmt.Fprintln(s)
	if !w.confirm("Run it now? " + command) {
		return done
	}
	for _, run := range runs {
		if err := process.Foreground(ctx, run.Without, "gh", run.Args...); err != nil {
			return fixable{fmt.Errorf("%s: %w", command, err), "run it again, then: " + programName + " status"}
		}
	}
	fmt.Fprintln(s)
	r, err := inspect(ctx, w, r.Registry)
	if err != nil {
		return err
	}
	r.print(s)
	return done
}

// showPlan shows what setup would do, and ends as setup would.
func showPlan(ctx context.Context, w world, o setupOptions, search *credentials.Search, config *dockerconfig.Config) error {
	registry := search.Registry.Name
	plan := planLeftovers(ctx, search, config)
	plan.tryKeyring()
	configure(config, registry, &dockerconfig.Changes{})
	plan.apply(config, registry, &dockerconfig.Record{})
	s := terminal.NewScreen(w.stdout)
	if err := showChange(s, config); err != nil {
		return err
	}
	if hasSettings(registry, o.scope, o.user) {
		path, _ := credentials.SettingsPath()
		s.Say(0, terminal.Plain, "%s would have the settings for %s", terminal.Tilde(path), registry)
	}
	plan.print(s, registry, true)
	var done error
	for _, f := range inspectWiring(ctx, registry).Findings {
		if f.Severity == blocks && f.ID != "not-set-up" && f.ID != "other-helper" {
			s.Say(0, terminal.Bad, "%s", f.Problem)
			s.Whole(0, f.Fix)
			done = errSaid
		}
	}
	return done
}

// configure is what setup changes in config.json: it names this program for the registry, and
// the store that docker would have chosen for all others, since docker chooses none
// once a credential helper is named.
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

// hasSettings reports whether there is anything to keep in the settings.
func hasSettings(registry, scope, user string) bool {
	return scope != "" || user != "" || registry != "ghcr.io"
}

// saveSettings keeps what the flags say. What no flag says stays as it was. revert is
// for a setup that fails later.
func saveSettings(registry, scope, user string) (revert func(), err error) {
	if !hasSettings(registry, scope, user) {
		return func() {}, nil
	}
	var before credentials.RegistrySettings
	var had bool
	err = credentials.EditSettings(func(s *credentials.Settings) error {
		if s.Registries == nil {
			s.Registries = map[string]credentials.RegistrySettings{}
		}
		before, had = s.Registries[registry]
		now := before
		now.Scope = cmp.Or(github.Scope(scope), now.Scope)
		now.User = cmp.Or(user, now.User)
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
