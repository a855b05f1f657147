package github

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// People put many things where a token should be: a token with quotation marks around
// it, the name of a variable, a line of a file, a placeholder. GitHub would reject
// each, and a few rejected requests lock the user out, valid tokens included. So they
// are recognized here and never sent.
//
// The length and the letters of real tokens may change. Nothing is refused because it
// is short, long or has an unusual letter that an Authorization header can have.

// problemOf says why a text can never be a GitHub token, in words that follow "it", and
// "" if it may be one. It is pure, and never repeats the text. The first that applies
// counts, so the order is from what says most to what says least.
func problemOf(text string) string {
	if text == "" || len(text) > maxToken {
		return "" // which ParseToken says
	}
	for _, find := range []func(string) string{
		document, quotedText, reference, authorization, assignment, nothing, path, masked, placeholder,
		userAndToken, encoded, twice, tokenOfOthers, unusualCharacters,
	} {
		if problem := find(text); problem != "" {
			return problem
		}
	}
	return ""
}

// document recognizes the content of files.
func document(text string) string {
	lower := strings.ToLower(text)
	switch {
	case strings.HasPrefix(text, "-----BEGIN "):
		return "is a PEM file, which has a key or a certificate"
	case strings.HasPrefix(lower, "ssh-rsa ") || strings.HasPrefix(lower, "ssh-ed25519 ") || strings.HasPrefix(lower, "ecdsa-sha2-"):
		return "is an SSH key"
	case strings.HasPrefix(text, "{") && strings.Contains(text, `"auths"`):
		return "is a whole docker configuration file as JSON"
	case hasAnyPrefix(text, "{", "[", `"`) && (json.Valid([]byte(text)) && text[0] != '"' || strings.Contains(text, `":`)):
		return "is JSON, not the token alone"
	case strings.HasPrefix(text, "<") && (strings.Contains(text, "</") || strings.HasPrefix(lower, "<!doctype") || strings.HasPrefix(lower, "<?xml")):
		return "is a web page or an XML file"
	case strings.HasPrefix(lower, "machine ") && strings.Contains(lower, " password "):
		return "is a line of a .netrc file, not the token alone"
	}
	return ""
}

const quotationMarks = "\"'`“”„‘’‚«»"

// quotedText recognizes quotation marks, unless what is between them is worse.
func quotedText(text string) string {
	inner := strings.TrimSpace(strings.Trim(text, `\`+quotationMarks))
	switch {
	case !strings.ContainsAny(text, quotationMarks):
		return ""
	case strings.HasPrefix(text, "`") && strings.ContainsAny(inner, " \t"):
		return "is a command that no shell has run"
	case inner == "":
		return "is empty: it has only quotation marks"
	case len(inner) < len(text):
		if problem := problemOf(inner); problem != "" {
			return problem
		}
		return "has quotation marks before or after it, which are not part of the token"
	case KindOf(text) != UnknownKind:
		return "has a quotation mark inside"
	}
	return ""
}

// reference recognizes what should have been replaced by a value and was not.
func reference(text string) string {
	lower := strings.ToLower(text)
	scheme, _, isAddress := strings.Cut(lower, "://")
	switch {
	case strings.HasPrefix(lower, "op://"):
		return "is a 1Password reference that was not resolved; op run resolves it"
	case isAddress && (scheme == "http" || scheme == "https"):
		return "is a web address"
	case isAddress && isWord(scheme, 40, "+.-_"):
		return "is a reference to a secret that was not resolved"
	case hasAnyPrefix(lower, "ref+", "arn:", "vault:", "keyring:", "keychain:", "secret:", "env:", "file:", "pass:", "sops:", "bws:", "@microsoft.keyvault", "resolve:", "{{resolve:"):
		return "is a reference to a secret that was not resolved"
	case hasAnyPrefix(lower, "enc[", "!vault", "$ansible_vault", "age-encryption.org"):
		return "is still encrypted"
	case strings.Contains(text, "${{"), isExpression(lower):
		return "is an expression of GitHub Actions that was not evaluated"
	case strings.Contains(text, "{{") || strings.HasPrefix(text, "<%"):
		return "is a template that was not filled in"
	case strings.HasPrefix(text, "$(") || strings.HasPrefix(text, "$["):
		return "is a command or a variable that was not replaced by its value"
	case isVariableName(text):
		return "is the name of a variable and not its value"
	}
	return ""
}

func hasAnyPrefix(text string, prefixes ...string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(text, p) })
}

// isExpression recognizes the inside of an expression of GitHub Actions.
func isExpression(lower string) bool {
	name, rest, ok := strings.Cut(lower, ".")
	return ok && rest != "" && isWord(rest, maxToken, "._-") &&
		slices.Contains([]string{"secrets", "github", "env", "vars", "inputs", "steps", "needs", "jobs", "matrix", "runner"}, name)
}

// isVariableName recognizes $NAME, ${NAME}, $env:NAME, %NAME%, !NAME!, #{NAME}#,
// ((NAME)) and the like.
func isVariableName(text string) bool {
	for _, around := range [][2]string{
		{"${", "}"}, {"%", "%"}, {"!", "!"}, {"#{", "}#"}, {"#{", "}"}, {"((", "))"}, {"@@", "@@"}, {"__", "__"}, {"$$", "$$"}, {"@{", "}"},
	} {
		inner, opened := strings.CutPrefix(text, around[0])
		inner, closed := strings.CutSuffix(inner, around[1])
		if opened && closed && inner != "" && !strings.ContainsAny(inner, " \t\n") {
			return true
		}
	}
	name, ok := strings.CutPrefix(text, "$")
	return ok && name != "" && isWord(strings.TrimPrefix(name, "{"), maxToken, "_:.-{}[]'?+=/")
}

// schemes are the words before the secret in an Authorization header.
var schemes = []string{"bearer", "token", "basic", "digest", "negotiate", "authorization"}

// authorization recognizes an Authorization header, or the part of one with a scheme.
func authorization(text string) string {
	if slices.Contains(schemes, strings.ToLower(text)) && !strings.EqualFold(text, "token") {
		return "is only a word of an Authorization header"
	}
	end := strings.IndexFunc(text, func(r rune) bool { return unicode.IsSpace(r) || r == ':' || r == '=' || r == '%' })
	if end < 0 || !slices.Contains(schemes, strings.ToLower(text[:end])) {
		return ""
	}
	switch strings.ToLower(text[:end]) {
	case "authorization":
		return "is a whole Authorization header, not the token alone"
	case "basic":
		return "has the word Basic before it, and is not the token alone"
	case "bearer":
		return "has the word Bearer before it, which is not part of the token"
	case "token":
		return "has the word token before it, which is not part of the token"
	}
	return "has a word of an Authorization header before it"
}

// assignment recognizes NAME=token, NAME: token, and options of commands.
func assignment(text string) string {
	name, value, ok := strings.Cut(strings.TrimRight(text, "="), "=")
	if ok && value != "" && KindOf(name) == UnknownKind {
		return "is a whole assignment (NAME=…), not the value alone"
	}
	if strings.HasPrefix(text, "-") && !strings.HasPrefix(text, "- ") && strings.Trim(text, "-") != "" {
		return "is an option of a command, not the token alone"
	}
	name, value, ok = strings.Cut(text, ":")
	if ok && strings.TrimLeft(value, " \t") != value && isWord(strings.TrimPrefix(name, "- "), 100, "_.-/") {
		return "is a whole line of a file or of a header (NAME: …), not the value alone"
	}
	if hasAnyPrefix(strings.ToLower(text), "export ", "set ", "setx ", "env ") {
		return "is a whole command that sets a variable, not the value alone"
	}
	return ""
}

// nothing recognizes the words that programs write where there is no value.
func nothing(text string) string {
	switch strings.Trim(strings.ToLower(text), "()<>[]{}") {
	case "null", "nil", "none", "undefined", "nan", "no value", "true", "false", "object object", "n/a", "~", "not set", "unset", "void":
		return "is a word that a program writes where there is no value"
	case "":
		return "is empty: it has only brackets"
	}
	return ""
}

// masked recognizes what a log or a screen shows in place of a token.
func masked(text string) string {
	body := strings.TrimPrefix(text, KindOf(text).prefix())
	lower := strings.ToLower(strings.Trim(body, "*[]<>(){} "))
	switch {
	case body == "": // only a prefix, which may be cut
		return ""
	case isOneOf(body, "*•●·∙█…"), strings.Contains(body, "***"), strings.Contains(body, "•••"), strings.Contains(body, "●●●"),
		slices.Contains([]string{"redacted", "masked", "hidden", "filtered", "removed", "secret_value", "sensitive", "sensitive value"}, lower):
		return "is masked: a log or a screen shows stars or such a word in place of the token"
	case strings.Contains(body, "..."), strings.Contains(body, "…"):
		return "is shortened: it has dots in place of a part of the token"
	case len(body) >= 3 && isOneOf(body, "xX"), len(body) >= 3 && isOneOf(body, "0"), isOneOf(body, "-_.?#+/"):
		return "is a placeholder, to be replaced by a token"
	}
	return ""
}

func isOneOf(text, characters string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return !strings.ContainsRune(characters, r) })
}

// placeholderWords are the words that placeholders and names of variables are made of.
var placeholderWords = strings.Fields(`
	a abc access account actual add an api app auth bar bot bytes change changeme ci classic container cr deploy docker dummy enter env
	example fake fill fixme foo for generated gh ghcr github goes here hub in insert into io is it key login me my name new now
	oauth of own package packages pass password paste pat personal placeholder put read real registry replace repo sample secret
	set some string tbd test the this to todo token tokens use user username valid value var variable with write www xxx your yours`)

// tellingWords are those that no token has by chance, even after a token's prefix.
var tellingWords = []string{"your", "yours", "placeholder", "replace", "insert", "paste", "here", "changeme", "goes", "xxx"}

// placeholder recognizes <token>, YOUR_TOKEN, ghp_your_token_here and their like.
func placeholder(text string) string {
	const problem = "is a placeholder, to be replaced by a token"
	if inner := strings.Trim(text, "<>[]{}"); len(inner) < len(text) && inner != "" && !strings.ContainsAny(inner, "<>[]{}\"\n") {
		return problem
	}
	kind := KindOf(text)
	var telling bool
	for word := range strings.FieldsFuncSeq(strings.ToLower(strings.TrimPrefix(text, kind.prefix())), isSeparator) {
		words, ok := segments(word)
		if !ok {
			return ""
		}
		telling = telling || slices.ContainsFunc(words, func(w string) bool { return slices.Contains(tellingWords, w) })
	}
	if telling || kind == UnknownKind {
		return problem
	}
	return ""
}

func isSeparator(r rune) bool { return strings.ContainsRune(" \t\n_-./:,", r) }

// segments splits text into words of placeholders. ok is false if it has another one.
func segments(text string) (words []string, ok bool) {
	if text == "" {
		return nil, true
	}
	if len(text) > 64 { // which bounds the work, too
		return nil, false
	}
	// reached[i] are the words that text[:i] is made of.
	reached := make([][]string, len(text)+1)
	reached[0] = []string{}
	for i := range text {
		if reached[i] == nil {
			continue
		}
		for _, word := range placeholderWords {
			if end := i + len(word); strings.HasPrefix(text[i:], word) && reached[end] == nil {
				reached[end] = append(slices.Clone(reached[i]), word)
			}
		}
		if end := i + 1; text[i] == 'x' && reached[end] == nil && (i > 0 && text[i-1] == 'x') {
			reached[end] = reached[i] // more x than three
		}
	}
	return reached[len(text)], reached[len(text)] != nil
}

// path recognizes the name of a file.
func path(text string) string {
	drive := len(text) > 2 && text[1] == ':' && (text[2] == '\\' || text[2] == '/')
	if drive || hasAnyPrefix(text, "/", "./", "../", "~/", "@/", "@./", "@~/", `\\`, `.\`) {
		return "is the path of a file and not its content"
	}
	return ""
}

// userAndToken recognizes a user name and a token in one text.
func userAndToken(text string) string {
	name, rest, ok := strings.Cut(text, ":")
	_, rest2, encoded := strings.Cut(strings.ToLower(text), "%3a")
	switch {
	case ok && KindOf(name) == UnknownKind && rest != "" && !strings.ContainsAny(text, " \t\n"):
		return "is a user name and a token with a colon between them, not the token alone"
	case encoded && rest2 != "":
		return "is a user name and a token, encoded for a web address, not the token alone"
	case ok && (rest == "" || rest == "x-oauth-basic" || rest == "x-access-token"):
		return "has a colon after it, which is not part of the token"
	}
	return ""
}

// encoded recognizes base64 of a token, or of something that has one.
func encoded(text string) string {
	if KindOf(text) != UnknownKind || len(text) < 8 {
		return ""
	}
	plain := strings.TrimRight(strings.Join(strings.Fields(text), ""), "=")
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		decoded, err := encoding.DecodeString(plain)
		inner := strings.TrimSpace(string(decoded))
		if err != nil || strings.ContainsFunc(inner, isNotText) {
			continue
		}
		name, rest, hasColon := strings.Cut(inner, ":")
		switch {
		case KindOf(inner) != UnknownKind:
			return "is a token in base64, which has to be decoded first"
		case document(inner) != "":
			return "is a whole file in base64"
		case hasColon && name != "" && rest != "":
			return "is base64 of a user name and a token, as docker's config.json has it, not the token alone"
		}
	}
	return ""
}

func isNotText(r rune) bool {
	return r >= 0x7f || r < ' ' && !strings.ContainsRune("\t\r\n", r)
}

// twice recognizes a token that was pasted twice.
func twice(text string) string {
	half := len(text) / 2
	if KindOf(text).prefix() != "" && len(text)%2 == 0 && text[:half] == text[half:] {
		return "is the same token twice"
	}
	return ""
}

// tokensOfOthers are the beginnings by which other services' secrets are known, and
// those of GitHub's identifiers that are no secrets.
var tokensOfOthers = []struct{ prefix, owner string }{
	{"glpat-", "GitLab"}, {"gldt-", "GitLab"}, {"glrt-", "GitLab"}, {"glcbt-", "GitLab"},
	{"dckr_pat_", "Docker Hub"}, {"dckr_oat_", "Docker Hub"},
	{"npm_", "npm"}, {"pypi-", "PyPI"}, {"rubygems_", "RubyGems"},
	{"xoxb-", "Slack"}, {"xoxp-", "Slack"}, {"xapp-", "Slack"},
	{"AKIA", "AWS"}, {"ASIA", "AWS"}, {"AIza", "Google"}, {"ya29.", "Google"},
	{"hvs.", "Vault"}, {"sk_live_", "Stripe"}, {"sk_test_", "Stripe"}, {"sk-ant-", "Anthropic"}, {"sk-proj-", "OpenAI"},
	{"ATATT", "Atlassian"}, {"dop_v1_", "DigitalOcean"}, {"hf_", "Hugging Face"}, {"tskey-", "Tailscale"},
}

func tokenOfOthers(text string) string {
	if KindOf(text) != UnknownKind {
		return ""
	}
	for _, other := range tokensOfOthers {
		if strings.HasPrefix(text, other.prefix) {
			return "is a token of " + other.owner + " and not of GitHub"
		}
	}
	switch {
	case strings.HasPrefix(text, "Iv1.") || strings.HasPrefix(text, "Iv23"):
		return "is the client ID of a GitHub App, which is not a secret"
	case strings.HasPrefix(text, "SHA256:") || strings.HasPrefix(text, "sha256:"):
		return "is a hash"
	case strings.HasPrefix(text, "eyJ") && strings.Count(text, ".") == 2:
		return "is a JSON Web Token, which GitHub Packages does not accept"
	}
	return ""
}

// unusualCharacters recognizes what no Authorization header with a token can have: see
// b64token in https://www.rfc-editor.org/rfc/rfc6750#section-2.1.
func unusualCharacters(text string) string {
	if strings.ContainsFunc(text, isBlankOrBeyondASCII) {
		return "" // which ParseToken says
	}
	if !isWord(strings.TrimRight(text, "="), len(text), "-._~+/") {
		return "has a punctuation character that no token has"
	}
	return ""
}

// usualLength is what tokens of these kinds have today, the prefix included.
const usualLength = 40

// Doubt says what looks wrong with a token, if anything does: a part of it may be
// missing, for example. Lengths may change, so it is no reason not to ask GitHub.
func (t Token) Doubt() string {
	kind, n := t.Kind(), len(t.Reveal())
	switch {
	case kind == UnknownKind:
		return "it was cut off: it does not begin as tokens of GitHub do"
	case kind == FineGrained, kind == Installation && n > usualLength, !looksRandom(strings.TrimPrefix(t.Reveal(), kind.prefix())):
		return ""
	case n < usualLength:
		return fmt.Sprintf("it was cut off: it has %d characters instead of %d", n, usualLength)
	case n > usualLength:
		return fmt.Sprintf("something was copied with it: it has %d characters instead of %d", n, usualLength)
	}
	return ""
}

// looksRandom reports whether a text has the letters and digits that follow the prefix
// of a real token, and is not a word.
func looksRandom(body string) bool {
	return body == "" || isWord(body, maxToken, "") && strings.ContainsAny(body, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
}
