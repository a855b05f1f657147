class DockerCredentialGhcr < Formula
  desc "Docker credential helper for GitHub's container registry"
  homepage "https://github.com/docker-credential-ghcr/docker-credential-ghcr"
  url "@URL@"
  version "@VERSION@"
  sha256 "@SHA256@"
  license "MIT"

  depends_on "go" => :build

  def install
    ENV["CGO_ENABLED"] = "0"
    ldflags = "-s -w -X main.linkedVersion=v#{version}"
    system "go", "build", "-tags", "nethttpomithttp2", "-trimpath", "-buildvcs=false",
           "-ldflags", ldflags, "-o", bin/"docker-credential-ghcr", "./cmd/docker-credential-ghcr"
    man1.install "cmd/docker-credential-ghcr/docker-credential-ghcr.1"
    generate_completions_from_executable(bin/"docker-credential-ghcr", "completion")
  end

  def caveats
    <<~EOS
      To have docker use it for ghcr.io, run:
        docker-credential-ghcr setup
    EOS
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/docker-credential-ghcr version")
    assert_match "credentials not found", pipe_output("#{bin}/docker-credential-ghcr get", "registry.example.com", 1)
  end
end
