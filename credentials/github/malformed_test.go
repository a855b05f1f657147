package github

import (
	"encoding/base64"
	"strings"
	"testing"
)

// random36 is what follows the prefix of a real token: 36 random letters and digits.
const random36 = "16C7e42F292c6912E7710c838347Ae178B4a"

func encodedIn(encoding *base64.Encoding, text string) string {
	return encoding.EncodeToString([]byte(text))
}

func TestWhatCanNeverBeATokenIsNamed(t *testing.T) {
	t.Parallel()
	const (
		quotes      = "has quotation marks before or after it, which are not part of the token"
		variable    = "is the name of a variable and not its value"
		unevaluated = "is a command or a variable that was not replaced by its value"
		actions     = "is an expression of GitHub Actions that was not evaluated"
		template    = "is a template that was not filled in"
		reference   = "is a reference to a secret that was not resolved"
		onePassword = "is a 1Password reference that was not resolved; op run resolves it"
		word        = "is a word that a program writes where there is no value"
		stars       = "is masked: a log or a screen shows stars or such a word in place of the token"
		dots        = "is shortened: it has dots in place of a part of the token"
		placeholder = "is a placeholder, to be replaced by a token"
		userToken   = "is a user name and a token with a colon between them, not the token alone"
		base64User  = "is base64 of a user name and a token, as docker's config.json has it, not the token alone"
		base64Token = "is a token in base64, which has to be decoded first"
		assignment  = "is a whole assignment (NAME=…), not the value alone"
		line        = "is a whole line of a file or of a header (NAME: …), not the value alone"
		bearer      = "has the word Bearer before it, which is not part of the token"
		tokenWord   = "has the word token before it, which is not part of the token"
		basic       = "has the word Basic before it, and is not the token alone"
		header      = "is a whole Authorization header, not the token alone"
		pem         = "is a PEM file, which has a key or a certificate"
		isJSON      = "is JSON, not the token alone"
		file        = "is the path of a file and not its content"
		punctuation = "has a punctuation character that no token has"
		blank       = "has a blank, control or non-ASCII character inside"
	)
	token, oauth := "ghp_"+random36, "gho_"+random36
	for text, want := range map[string]string{
		// Quotation marks.
		`"` + token + `"`: quotes, `'` + oauth + `'`: quotes, "`" + token + "`": quotes, "“" + token + "”": quotes, `"` + token: quotes, token + `'`: quotes,
		`\"` + token + `\"`: quotes, `""`: "is empty: it has only quotation marks", `"'"`: "is empty: it has only quotation marks",
		`"***"`: stars, `'$GH_TOKEN'`: variable, `"null"`: word, `"op://Private/GitHub/token"`: onePassword, `"ghp_****"`: stars,
		`ghp_abc"def`: "has a quotation mark inside",

		// What a log or a screen shows.
		"***": stars, "****************": stars, "ghp_****": stars, "gho_" + strings.Repeat("*", 36): stars, "ghp_16C7***": stars, "•••••••": stars,
		"●●●●": stars, "[REDACTED]": stars, "<redacted>": stars, "REDACTED": stars, "***REDACTED***": stars, "[MASKED]": stars, "(sensitive value)": stars,
		"ghp_…": stars, "ghp_16C7...B4a": dots, "ghp_16C7…B4a": dots, "ghp_...": dots, "...": dots,

		// References that nothing resolved.
		"op://Private/GitHub/token": onePassword, "op://vault/item/section/field?attribute=otp": onePassword,
		"vault://secret/github#token": reference, "vault:secret/data/github#token": reference, "awssm://github": reference, "bws://0c1": reference,
		"ref+vault://secret/github": reference, "arn:aws:secretsmanager:eu-west-1:1:secret:github": reference, "gcp-sm://p/s": reference,
		"keyring:gh:github.com": reference, "env:GH_TOKEN": reference, "file:///run/secrets/ghcr": reference,
		"@Microsoft.KeyVault(SecretUri=https://v.example/secrets/s)": reference,
		"ENC[AES256_GCM,data:abc,iv:d=,tag:e=,type:str]":             "is still encrypted",
		"https://github.com/settings/tokens":                         "is a web address", "https://octocat:" + token + "@ghcr.io": "is a web address",

		// Expressions, templates and variables.
		"${{ secrets.GHCR_TOKEN }}": actions, "${{secrets.GITHUB_TOKEN}}": actions, "secrets.GHCR_TOKEN": actions, "github.token": actions,
		"${{ github.token }}": actions, "steps.app.outputs.token": actions, "env.GH_TOKEN": actions,
		"{{ .Values.token }}": template, "{{ vault_token }}": template, "<%= ENV['TOKEN'] %>": "is a template that was not filled in", "{{TOKEN}}": template,
		"${GH_TOKEN}": variable, "${GH_TOKEN:-}": variable, "${env:GH_TOKEN}": variable, "$GH_TOKEN": variable, "$env:GH_TOKEN": variable, "$1": variable,
		"%GH_TOKEN%": variable, "!GH_TOKEN!": variable, "#{GHCR_TOKEN}#": variable, "((ghcr-token))": variable, "__GHCR_TOKEN__": variable, "$$GH_TOKEN": punctuation,
		"$(gh auth token)": unevaluated, "$(GHCR_TOKEN)": unevaluated, "$(cat /run/secrets/ghcr)": unevaluated, "`gh auth token`": "is a command that no shell has run",

		// Where there is no value.
		"null": word, "NULL": word, "undefined": word, "none": word, "None": word, "nil": word, "<nil>": word, "<none>": word, "(null)": word, "NaN": word,
		"[object Object]": word, "<no value>": word, "false": word, "true": word, "~": word, "N/A": word, "()": "is empty: it has only brackets",

		// A name, a header or an option with the token.
		"GH_TOKEN=" + token: assignment, "export GH_TOKEN=" + token: assignment, `GHCR_TOKEN="` + token + `"`: assignment, "$env:GH_TOKEN = '" + token + "'": assignment,
		"//npm.pkg.github.com/:_authToken=" + token: assignment, "set GH_TOKEN=" + token: assignment, "protocol=https\npassword=" + token: assignment,
		"--password=" + token: assignment, "--password " + token: "is an option of a command, not the token alone", "-p" + token: "is an option of a command, not the token alone",
		"GH_TOKEN: " + token: line, "oauth_token: " + token: line, "password: hunter2": line, "- token: " + token: line,
		"export GH_TOKEN " + token: "is a whole command that sets a variable, not the value alone",
		"Bearer " + token:          bearer, "bearer " + token: bearer, "BEARER\t" + token: bearer, "Bearer:" + token: bearer, "Bearer%20" + token: bearer,
		"token " + token: tokenWord, "Token " + token: tokenWord, "token: " + token: tokenWord, "Basic " + encodedIn(base64.StdEncoding, "octocat:"+token): basic,
		"basic b2N0b2NhdDpodW50ZXIy": basic, "Authorization: Bearer " + token: header, "authorization: token " + token: header, "Bearer": "is only a word of an Authorization header",
		"machine github.com login octocat password " + token: "is a line of a .netrc file, not the token alone",

		// Placeholders.
		"<token>": placeholder, "<your token>": placeholder, "<YOUR_GITHUB_TOKEN>": placeholder, "[token]": placeholder, "{token}": placeholder, "YOUR_TOKEN": placeholder,
		"your-token-here": placeholder, "YOURTOKENHERE": placeholder, "MY_TOKEN": placeholder, "mytoken": placeholder, "GITHUB_TOKEN": placeholder, "GHCR_TOKEN": placeholder,
		"CR_PAT": placeholder, "token": placeholder, "password": placeholder, "PERSONAL_ACCESS_TOKEN": placeholder, "changeme": placeholder, "change-me": placeholder,
		"replace_with_your_token": placeholder, "insert token here": placeholder, "xxx": placeholder, "xxxxxxxxxxxxxxxx": placeholder, "Xxxx": placeholder,
		"ghp_xxxxxxxxxxxxxxxxxxxx": placeholder, "ghp_Xxxx": placeholder, "ghp_your_token_here": placeholder, "ghp_YOURTOKEN": placeholder, "ghp_<your-token>": punctuation,
		"github_pat_your_token": placeholder, "github_pat_xxx": placeholder, "Todo": placeholder, "ghp_" + strings.Repeat("0", 36): placeholder, "placeholder": placeholder,
		"your.token": placeholder, "my access token": placeholder, "???": placeholder, "-": placeholder,

		// More than the token, or not it.
		"octocat:" + token: userToken, "octocat_acme:" + oauth: userToken, "octocat:hunter2": userToken, "x-access-token:ghs_" + random36: userToken, ":" + token: userToken,
		"octocat%3A" + token: "is a user name and a token, encoded for a web address, not the token alone",
		token + ":":          "has a colon after it, which is not part of the token", token + ":x-oauth-basic": "has a colon after it, which is not part of the token",
		encodedIn(base64.StdEncoding, "octocat:"+token): base64User, encodedIn(base64.RawURLEncoding, "octocat:"+token): base64User,
		encodedIn(base64.StdEncoding, "octocat:hunter2\n"): base64User, encodedIn(base64.StdEncoding, "x-access-token:"+oauth): base64User,
		encodedIn(base64.StdEncoding, token): base64Token, encodedIn(base64.StdEncoding, token+"\n"): base64Token, encodedIn(base64.StdEncoding, "github_pat_x"): base64Token,
		encodedIn(base64.StdEncoding, strings.Repeat("0123456789", 4)):      base64Token,
		encodedIn(base64.StdEncoding, `{"auths":{"ghcr.io":{"auth":"x"}}}`): "is a whole file in base64",
		token + token: "is the same token twice",

		// Whole files.
		"-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----": pem, "-----BEGIN CERTIFICATE-----": pem, "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl": pem,
		"ssh-ed25519 AAAAC3Nz octocat@example.com": "is an SSH key",
		`{"auths":{"ghcr.io":{"auth":"b2N0"}}}`:    "is a whole docker configuration file as JSON",
		`{"token":"` + token + `"}`:                isJSON, `{"Username":"octocat","Secret":"` + token + `"}`: isJSON, "{}": isJSON, `["` + token + `"]`: isJSON, "[]": isJSON,
		`"token": "` + token + `"`: isJSON, `{"token": "cut off`: isJSON,
		"<!DOCTYPE html><html></html>": "is a web page or an XML file", "<html><body>404</body></html>": "is a web page or an XML file",
		"/run/secrets/ghcr_token": file, "./token": file, "../secrets/token": file, "~/.ghcr-token": file, `C:\Users\octocat\token.txt`: file, "@/run/secrets/ghcr": file,

		// Other services, and what is no secret of GitHub's.
		"glpat-0123456789abcdefghij": "is a token of GitLab and not of GitHub", "dckr_pat_0123456789abcdefghijklmno": "is a token of Docker Hub and not of GitHub",
		"npm_0123456789abcdefghij0123456789abcdef": "is a token of npm and not of GitHub", "AKIAIOSFODNN7EXAMPLE": "is a token of AWS and not of GitHub",
		"Iv1.0123456789abcdef": "is the client ID of a GitHub App, which is not a secret", "sha256:0123": userToken,
		"eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxIn0.c2ln": "is a JSON Web Token, which GitHub Packages does not accept",

		// Characters.
		token + ",": punctuation, token + ";": punctuation, token + `\n`: punctuation, token + "%0A": punctuation, "p@ssw0rd!": punctuation, "octocat@example.com": punctuation,
		`!"#$%&'()*+,-./;<=>`: "is a whole assignment (NAME=…), not the value alone",
		token + " " + oauth:   blank, "correct horse": blank, token + "\u200b": blank, "ghp_é": blank,
	} {
		parsed, err := ParseToken(text)
		if err == nil {
			t.Errorf("%q is taken for a token", text)
		} else if err.Error() != want || !parsed.IsZero() {
			t.Errorf("%q %s, want: %s", text, err, want)
		}
	}
}

// The lengths and letters of tokens may change, and other programs than GitHub may
// check them: what only looks strange is asked about.
func TestWhatMayBeATokenIsNotRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"ghp_" + random36, "gho_" + random36, "ghu_" + random36, "ghs_" + random36, "ghr_" + random36,
		"github_pat_11ABCDEFG0" + random36 + "_" + random36 + random36[:23],
		strings.Repeat("0123456789abcdef", 3)[:40],
		"ghs_123456_eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiIxMjM0In0.c2lnbmF0dXJl-_x",
		"v1.0123456789abcdef0123456789abcdef01234567",
		// Cut off, or longer than today's.
		"ghp_", "ghp_1", "ghp_16C7e42F", "ghp_" + random36[:35], random36, "hp_" + random36, "ghp_" + random36 + "4", "ghp_" + random36 + random36 + "4",
		strings.Repeat("0123456789abcdef", 3)[:39],
		// Letters that are not used today.
		"ghp_16C7-e42F.292c~6912+E771/0c83=", "ghx_" + random36, "GHP_" + random36,
		// Words that are not those of a placeholder.
		"ghp_example", "gho_octocat", "gho_dead", "ghs_job", "ghp_token", "gho_test", "ghp_xX9", "gho_x", "hunter2",
	} {
		token, err := ParseToken(" " + text + "\n")
		if err != nil {
			t.Errorf("%q is refused: it %v", text, err)
		} else if token.Reveal() != text {
			t.Errorf("%q became another token", text)
		}
	}
}

// What a registry gives in exchange is its own matter: ghcr.io gives base64.
func TestWhatARegistryGivesMayHaveAnyForm(t *testing.T) {
	t.Parallel()
	for _, text := range []string{encodedIn(base64.StdEncoding, "ghp_"+random36), "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxIn0.c2ln", "djE6b2N0b2NhdDp4"} {
		var a Answer
		a.Status = 200
		if bearer := a.readBearer([]byte(`{"token":"` + text + `"}`)); bearer.Reveal() != text || !a.Own {
			t.Errorf("%q is not taken", text)
		}
	}
}

func FuzzWhatIsWrongWithAValueDoesNotRepeatIt(f *testing.F) {
	for _, seed := range []string{"ghp_" + random36, `"ghp_x"`, "octocat:ghp_x", "${GH_TOKEN}", "Zm9vOmJhcg==", "xxxx", "-----BEGIN x", "\xff\"", "%3a", "((", "((a))", "<>", "\\\"'"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, text := range []string{text + canary, canary + text, `"` + canary + `"` + text, text + canary + text} {
			if problem := problemOf(text); strings.Contains(problem, canary) || strings.Contains(problem, "\n") {
				t.Errorf("of %q it says %q", text, problem)
			}
			if token, err := ParseToken(text); err == nil && problemOf(token.Reveal()) != "" {
				t.Errorf("%q is taken, with a problem", text)
			}
		}
	})
}
