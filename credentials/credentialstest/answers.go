package credentialstest

import (
	"fmt"
	"net/http"
)

// basis is how sure it is that GitHub answers so. What make live finds out, it is
// written down here: the basis becomes seenLive, and the source the day.
type basis string

const (
	documented basis = "documented" // by GitHub, or by a specification
	reported   basis = "reported"   // by users, in public
	assumed    basis = "assumed"    // no source; the comment beside it says why
	seenLive   basis = "seen live"  // by make live
)

// denial is a refusal of the registry.
type denial struct {
	status        int
	code, message string
	basis         basis
	source        string
}

// What the registry says when it refuses. The message is followed by where it is from.
var (
	denied          = &denial{http.StatusForbidden, "DENIED", "denied", reported, "akuity/kargo#778"}
	invalidToken    = &denial{http.StatusForbidden, "DENIED", "invalid token", reported, "argoproj-labs/argocd-image-updater#303"}
	authRequired    = &denial{http.StatusUnauthorized, "UNAUTHORIZED", "authentication required", reported, "Mic92/niks3#229"}
	scopeMissing    = &denial{http.StatusForbidden, "DENIED", permission + noScope, reported, "daltoniam/switchboard#139"}
	mayNotWrite     = &denial{http.StatusForbidden, "DENIED", permission + "write_package", reported, "docker/build-push-action#806"}
	mayNotRead      = &denial{http.StatusForbidden, "DENIED", permission + "read_package", reported, "covan-ai/covan#23"}
	mayNotCreate    = &denial{http.StatusForbidden, "DENIED", permission + "create_package", assumed, "as the two above"}
	notInstalled    = &denial{http.StatusForbidden, "DENIED", permission + noInstallation, reported, "gramps-project/gramps-web-api#781"}
	jobMayNotWrite  = &denial{http.StatusForbidden, "DENIED", notAllowed + "Write" + orgPackage, reported, "pytorch/pytorch#184664"}
	jobMayNotCreate = &denial{http.StatusForbidden, "DENIED", notAllowed + "Create" + orgPackage, reported, "pinchbench/skill#17"}
	unsupported     = &denial{http.StatusMethodNotAllowed, "UNSUPPORTED", "unsupported", reported, "radius-project/radius#12623"}
	nameUnknown     = &denial{http.StatusNotFound, "NAME_UNKNOWN", "repository name not known", documented, distribution}
	noManifest      = &denial{http.StatusNotFound, "MANIFEST_UNKNOWN", "manifest unknown", documented, distribution}
	noBlob          = &denial{http.StatusNotFound, "BLOB_UNKNOWN", "blob unknown to registry", documented, distribution}
	unauthenticated = &denial{http.StatusUnauthorized, "UNAUTHORIZED", "unauthenticated: " + noUser, reported, "users' reports"}
)

const (
	permission     = "permission_denied: "
	noScope        = "The token provided does not match expected scopes."
	noUser         = "User cannot be authenticated with the token provided."
	noInstallation = "The requested installation does not exist."
	notAllowed     = "installation not allowed to "
	orgPackage     = " organization package" // a user's package is called so too (GlueOps/github-actions-build-push-containers#34)
	distribution   = "https://distribution.github.io/distribution/spec/api/"
)

// inRegistry is what the registry makes of an organization's refusal of a token. Of
// OAuth apps there is no report, so it does the same.
func inRegistry(message string) *denial {
	return &denial{http.StatusForbidden, "DENIED", permission + message, reported, "brunowego/cookbooks github/packages.md"}
}

// refusal is one of the API.
type refusal struct {
	status  int
	message string
	basis   basis
	source  string
}

// What the API says when it refuses.
var (
	notFound           = refusal{http.StatusNotFound, "Not Found", documented, troubleshooting}
	badCredentials     = refusal{http.StatusUnauthorized, "Bad credentials", documented, authenticating}
	wantsLogin         = refusal{http.StatusUnauthorized, "Requires authentication", documented, authenticating}
	wantsLoginGraphQL  = refusal{http.StatusUnauthorized, "This endpoint requires you to be authenticated.", reported, "users' reports"}
	suspended          = refusal{http.StatusForbidden, "Sorry. Your account was suspended", reported, "three users' reports"}
	noIntegration      = refusal{http.StatusForbidden, "Resource not accessible by integration", documented, troubleshooting}
	noPersonalToken    = refusal{http.StatusForbidden, "Resource not accessible by personal access token", documented, troubleshooting}
	badJSON            = refusal{http.StatusBadRequest, "Problems parsing JSON", documented, troubleshooting}
	invalid            = refusal{http.StatusUnprocessableEntity, "Validation Failed", documented, troubleshooting}
	wantsNoLogin       = refusal{http.StatusForbidden, "This endpoint does not accept authenticated requests.", assumed, revoking}
	wantsInstallation  = refusal{http.StatusForbidden, "You must authenticate with an installation access token in order to revoke it.", assumed, installations}
	noPackage          = refusal{http.StatusNotFound, "Package not found.", reported, "actions/create-github-app-token#314"}
	wantsReadPackages  = refusal{http.StatusForbidden, "You need at least read:packages scope to get a package.", reported, "users' reports"}
	wantsDeletePackage = refusal{http.StatusForbidden, "You need at least read:packages and delete:packages scopes to delete a package.", assumed, "as the one above"}
	limitReached       = refusal{http.StatusForbidden, "API rate limit exceeded for user ID 1.", documented, troubleshooting}
)

const (
	troubleshooting = "https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api"
	authenticating  = "https://docs.github.com/rest/authentication/authenticating-to-the-rest-api"
	revoking        = "https://docs.github.com/rest/credentials/revoke"
	installations   = "https://docs.github.com/rest/apps/installations"
)

func unsupportedVersion(version string) refusal {
	return refusal{http.StatusBadRequest, "Unsupported API version: " + version, assumed, troubleshooting}
}

// serverError is 500. What else servers in trouble send are pages.
var serverError = refusal{http.StatusInternalServerError, "Server Error", reported, "users' reports"}

// tooManyAtOnce is said with 403 or 429.
func tooManyAtOnce(status int) refusal {
	return refusal{status, "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.", documented, troubleshooting}
}

// What organizations make the API say of tokens that they do not take.

func forbidsClassic(organization string) refusal {
	return refusal{http.StatusForbidden, "`" + organization + "` forbids access via a personal access token (classic). " +
		"Please use a GitHub App, OAuth App, or a personal access token with fine-grained permissions.", reported, "three users' reports"}
}

func restrictsApps(organization string) refusal {
	return refusal{http.StatusForbidden, "Although you appear to have the correct authorization credentials, the `" + organization +
		"` organization has enabled OAuth App access restrictions, meaning that data access to third-parties is limited. For more information on these " +
		"restrictions, including how to enable this app, visit https://docs.github.com/articles/restricting-access-to-your-organization-s-data/",
		reported, "gitbutlerapp/gitbutler#8594"}
}

// demandsSignOn has the words "Personal Access token" (ossf/scorecard#1504) or
// "OAuth token" (cli/cli#2661).
func demandsSignOn(token string) refusal {
	return refusal{http.StatusForbidden, fmt.Sprintf("Resource protected by organization SAML enforcement. You must grant your %s access to this organization.", token),
		documented, authenticating}
}
