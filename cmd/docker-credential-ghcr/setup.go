package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"

	protocol "github.com/docker/docker-credential-helpers/credentials"
	"github.com/spf13/cobra"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials"
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
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.undo {
				return undo(cmd.Context(), w, o)
			}
			return setup(cmd.Context(), w, o)
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
	registry, err := registryNamed(cmp.Or(o.registry, "ghcr.io"))
	if err != nil {
		return err
	}
	search, ok := w.helper(true).Search(registry)
	if !ok {
		return unknownHost(registry)
	}
	if err := checkAccount(search, o.user); err != nil {
		return err
	}
	path, err := dockerConfigFile()
	if err != nil {
		return err
	}
	config, err := readDockerConfig(path)
	if err != nil {
		return err
	}
	if err := refuseOtherHelper(config, registry, o.force); err != nil {
		return err
	}
	plan := planLeftovers(ctx, w, search, config)
	if o.dryRun {
		return showPlan(w, o, registry, config, plan)
	}
	if err := saveSettings(registry, search.Registry.Host, o); err != nil {
		return err
	}
	plan.rescue(w, registry)
	changed, err := wire(path, registry, o.force, plan)
	if err != nil {
		return err
	}
	s := newScreen(w.stdout)
	if changed {
		s.say(0, good, "%s: docker will ask %s for %s", tilde(path), programName, registry)
	} else {
		s.say(0, good, "%s: docker asks %s for %s already", tilde(path), programName, registry)
	}
	plan.print(s)
	fmt.Fprintln(s)
	return showAndOffer(ctx, w, s, registry)
}

func unknownHost(registry string) error {
	host := credentials.HostNamed(registry)
	return mendable{
		fmt.Errorf("gh does not know %s, the host of %s", host, registry),
		fmt.Sprintf("run: gh auth login -h %s -s write:packages", host),
	}
}

// checkAccount refuses an account that gh is not logged in to.
func checkAccount(search *credentials.Search, user string) error {
	accounts := search.Accounts()
	if user == "" || slices.Contains(accounts, user) {
		return nil
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

func refuseOtherHelper(config *dockerConfig, registry string, force bool) error {
	helper, ok := config.helperFor(registry)
	if !ok || helper == ourHelper || force {
		return nil
	}
	return mendable{
		fmt.Errorf("%s already says credHelpers[%q] = %q", tilde(config.path), registry, helper),
		"to take its place, run: " + setupCommand(registry, "--force"),
	}
}

// saveSettings keeps what the flags say. What no flag says stays as it was.
func saveSettings(registry, host string, o setupOptions) error {
	if o.scope == "" && o.user == "" && registry == "ghcr.io" {
		return nil
	}
	return credentials.EditSettings(func(s *credentials.Settings) error {
		if s.Registries == nil {
			s.Registries = map[string]credentials.RegistrySettings{}
		}
		settings := s.Registries[registry]
		if o.scope != "" {
			settings.Scope = credentials.Scope(o.scope)
		}
		if o.user != "" {
			settings.User = o.user
		}
		s.Registries[registry] = settings
		return nil
	})
}

// wire changes config.json and keeps the record that undo needs.
func wire(path, registry string, force bool, plan *leftoverPlan) (changed bool, err error) {
	err = editDockerConfig(path, func(c *dockerConfig) error {
		if err := refuseOtherHelper(c, registry, force); err != nil {
			return err
		}
		record, err := readUndoRecord(path)
		if err != nil {
			return err
		}
		plan.apply(c, registry, record)
		if changed = c.changed(); !changed {
			return nil
		}
		return record.write(path)
	})
	return changed, err
}

// configure is what setup changes in config.json: we are named for the registry,
// and the store that docker would have chosen for all others is written down,
// since it no longer chooses one once a credential helper is named.
func configure(c *dockerConfig, registry string, r *dockerConfigRecord) {
	if !c.hasAuth() {
		if store := defaultStore(); store != "" {
			c.setCredsStore(store, r)
		}
	}
	c.setHelper(registry, r)
}

// defaultStore is the store that docker chooses for a config without any
// authentication (cli/config/credentials in docker/cli), if its program is there.
func defaultStore() string {
	var store string
	switch runtime.GOOS {
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
// is missing for it. setup has done its part either way.
func showAndOffer(ctx context.Context, w world, s *screen, registry string) error {
	r, err := inspect(ctx, w, registry)
	if err != nil {
		return err
	}
	r.print(s)
	fix := r.missing()
	if fix.Command == "" || !w.isTerminal() {
		return nil
	}
	fmt.Fprintln(s)
	if !w.confirm("Run it now? " + fix.Command) {
		return nil
	}
	if err := runInForeground(ctx, fix.Command); err != nil {
		return mendable{fmt.Errorf("%s: %w", fix.Command, err), "run it again, then: " + programName + " status"}
	}
	fmt.Fprintln(s)
	if r, err = inspect(ctx, w, registry); err != nil {
		return err
	}
	r.print(s)
	return nil
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
func showPlan(w world, o setupOptions, registry string, config *dockerConfig, plan *leftoverPlan) error {
	plan.apply(config, registry, &undoRecord{})
	s := newScreen(w.stdout)
	if !config.changed() {
		s.say(0, plain, "%s would stay as it is", tilde(config.path))
	} else {
		s.say(0, plain, "%s would change:", tilde(config.path))
		fmt.Fprint(s, diff(config.before, config.bytes()))
	}
	if o.scope != "" || o.user != "" || registry != "ghcr.io" {
		path, _ := credentials.SettingsPath()
		s.say(0, plain, "%s would keep the settings of %s", tilde(path), registry)
	}
	plan.print(s)
	return nil
}

// undo takes back what setup did: for one registry, or for all.
func undo(ctx context.Context, w world, o setupOptions) error {
	path, err := dockerConfigFile()
	if err != nil {
		return err
	}
	config, err := readDockerConfig(path)
	if err != nil {
		return err
	}
	record, err := readUndoRecord(path)
	if err != nil {
		return err
	}
	var registries []string
	if o.registry != "" {
		registry, err := registryNamed(o.registry)
		if err != nil {
			return err
		}
		registries = []string{registry}
	} else {
		registries = slices.Concat(config.ourRegistries(), slices.Collect(maps.Keys(record.Config.Helpers)))
		slices.Sort(registries)
		registries = slices.Compact(registries)
	}
	s := newScreen(w.stdout)
	if o.dryRun {
		for _, registry := range registries {
			config.undo(registry, &record.Config)
		}
		fmt.Fprint(s, diff(config.before, config.bytes()))
		return nil
	}
	err = editDockerConfig(path, func(c *dockerConfig) error {
		if record, err = readUndoRecord(path); err != nil {
			return err
		}
		for _, registry := range registries {
			c.undo(registry, &record.Config)
		}
		return nil
	})
	if err != nil {
		return err
	}
	gone := record.takeGone(registries)
	if err := record.write(path); err != nil {
		return err
	}
	if err := dropSettings(registries); err != nil {
		return err
	}
	if len(registries) == 0 {
		s.say(0, plain, "%s does not name %s: there is nothing to undo", tilde(path), programName)
	}
	for _, registry := range registries {
		s.say(0, good, "%s: docker no longer asks %s for %s", tilde(path), programName, registry)
	}
	for _, g := range gone {
		s.say(0, plain, "the login for %s that stood there in plain text does not come back: %s", g.Key, g.Became)
	}
	return nil
}

// dropSettings drops the settings of registries, if there are any.
func dropSettings(registries []string) error {
	settings, err := credentials.ReadSettings()
	if err != nil || !slices.ContainsFunc(registries, func(r string) bool { _, ok := settings.Registries[r]; return ok }) {
		return err
	}
	return credentials.EditSettings(func(s *credentials.Settings) error {
		for _, registry := range registries {
			delete(s.Registries, registry)
		}
		return nil
	})
}

// leftoverPlan says what becomes of the logins that stand in plain text in
// config.json.
type leftoverPlan struct {
	rejected []leftover // GitHub rejects them: removed
	good     []leftover // the only good ones: moved into the keyring
	stay     []staying
	notes    []goneLogin
}

// staying is a login that is left alone, and why.
type staying struct {
	leftover
	why string
}

// planLeftovers judges the logins as candidates are judged.
func planLeftovers(ctx context.Context, w world, search *credentials.Search, config *dockerConfig) *leftoverPlan {
	plan := &leftoverPlan{}
	leftovers := config.leftovers(search.Registry.Name)
	if len(leftovers) == 0 {
		return plan
	}
	served := false
	for v := range search.Verdicts(ctx) {
		if served = v.Good(); served {
			break
		}
	}
	for _, l := range leftovers {
		token, err := credentials.ParseToken(l.secret())
		if err != nil {
			plan.stay = append(plan.stay, staying{l, "it is not a GitHub token"})
			continue
		}
		v := search.Judge(ctx, credentials.Candidate{Source: credentials.DockerLogin, Login: l.user, Token: token})
		switch {
		case v.Fault == credentials.Rejected:
			plan.rejected = append(plan.rejected, l)
		case v.Good() && !served:
			plan.good = append(plan.good, l)
			served = true
		case v.Good():
			plan.stay = append(plan.stay, staying{l, "docker gets another token"})
		default:
			plan.stay = append(plan.stay, staying{l, v.Reason})
		}
	}
	return plan
}

// rescue moves the good login into the keyring. One that cannot be kept there
// stays where it is.
func (p *leftoverPlan) rescue(w world, registry string) {
	for _, l := range p.good {
		err := w.helper(false).Add(&protocol.Credentials{ServerURL: registry, Username: cmp.Or(l.user, "x-access-token"), Secret: l.secret()})
		if err != nil {
			reason, _, _ := strings.Cut(err.Error(), "\n")
			p.stay = append(p.stay, staying{l, reason})
		} else {
			p.notes = append(p.notes, goneLogin{Key: l.key, Became: "it is in the OS keyring now; to remove it, run: printf " + registry + " | " + programName + " erase"})
			p.rejected = append(p.rejected, l) // removed like these
		}
	}
	p.good = nil
}

// apply makes all of setup's changes to a config.
func (p *leftoverPlan) apply(c *dockerConfig, registry string, record *undoRecord) {
	configure(c, registry, &record.Config)
	for _, l := range slices.Concat(p.rejected, p.good) {
		c.removeLeftover(l)
		record.note(p.became(l))
	}
}

func (p *leftoverPlan) became(l leftover) goneLogin {
	for _, note := range p.notes {
		if note.Key == l.key {
			return note
		}
	}
	return goneLogin{Key: l.key, Became: "GitHub had rejected it"}
}

func (p *leftoverPlan) print(s *screen) {
	for _, l := range p.good {
		s.say(0, good, "the login for %s that stands there in plain text would move into the OS keyring", l.key)
	}
	for _, l := range p.rejected {
		s.say(0, good, "the login for %s that stood there in plain text is removed: %s", l.key, p.became(l).Became)
	}
	for _, l := range p.stay {
		s.say(0, care, "a login for %s stays there in plain text: %s", l.key, l.why)
		s.whole(0, "run: docker logout "+l.key)
	}
}
