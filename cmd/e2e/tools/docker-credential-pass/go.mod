module github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/tools/docker-credential-pass

go 1.26.7

tool github.com/docker/docker-credential-helpers/pass/cmd

require github.com/docker/docker-credential-helpers v0.9.13 // indirect
