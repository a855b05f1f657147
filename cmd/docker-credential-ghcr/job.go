package main

import (
	"encoding/json"
	"os"
	"strconv"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/denial"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/dockerconfig"
)

// currentJob is the GitHub Actions job that the program runs in; nil elsewhere.
func currentJob() *denial.Job {
	repository := os.Getenv("GITHUB_REPOSITORY")
	if os.Getenv("GITHUB_ACTIONS") != "true" || repository == "" {
		return nil
	}
	id, _ := strconv.ParseInt(os.Getenv("GITHUB_REPOSITORY_ID"), 10, 64)
	return &denial.Job{Repository: repository, ID: id, ReadOnly: isReadOnly(repository)}
}

// isReadOnly reports whether the running job's token is read-only whatever the
// workflow's permissions say. Dependabot's may be raised by them, and then nothing is
// denied. See
// https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows#pull_request
func isReadOnly(repository string) bool {
	switch os.Getenv("GITHUB_EVENT_NAME") {
	case "pull_request", "pull_request_review", "pull_request_review_comment":
	case "push", "create", "deployment", "deployment_status":
		return os.Getenv("GITHUB_ACTOR") == "dependabot[bot]"
	default:
		return false
	}
	if os.Getenv("GITHUB_ACTOR") == "dependabot[bot]" {
		return true
	}
	content, err := dockerconfig.ReadTrustedFile(os.Getenv("GITHUB_EVENT_PATH"))
	if err != nil {
		return false
	}
	var event struct {
		PullRequest struct {
			Head struct {
				Repo *struct {
					FullName string `json:"full_name"`
					Fork     bool   `json:"fork"`
				} `json:"repo"`
			} `json:"head"`
		} `json:"pull_request"`
	}
	if json.Unmarshal(content, &event) != nil {
		return false
	}
	// A fork that was deleted has no repository.
	head := event.PullRequest.Head.Repo
	return head == nil || head.FullName != repository
}
