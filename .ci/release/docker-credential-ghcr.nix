# Builds the release from source: nix-build -E 'with import <nixpkgs> {}; callPackage ./docker-credential-ghcr.nix {}'
{
  lib,
  stdenv,
  buildGoModule,
  fetchurl,
  installShellFiles,
}:

buildGoModule rec {
  pname = "docker-credential-ghcr";
  version = "@VERSION@";

  src = fetchurl {
    url = "@URL@";
    sha256 = "@SHA256@";
  };
  vendorHash = "@MODULES@";

  subPackages = [ "cmd/docker-credential-ghcr" ];
  tags = [ "nethttpomithttp2" ];
  env.CGO_ENABLED = 0;
  ldflags = [
    "-s"
    "-w"
    "-X main.linkedVersion=v${version}"
  ];
  # The tests want a home of their own and, some of them, a network namespace.
  doCheck = false;

  nativeBuildInputs = [ installShellFiles ];
  postInstall = ''
    installManPage cmd/docker-credential-ghcr/docker-credential-ghcr.1
  ''
  + lib.optionalString (stdenv.buildPlatform.canExecute stdenv.hostPlatform) ''
    installShellCompletion --cmd docker-credential-ghcr \
      --bash <($out/bin/docker-credential-ghcr completion bash) \
      --fish <($out/bin/docker-credential-ghcr completion fish) \
      --zsh <($out/bin/docker-credential-ghcr completion zsh)
  '';

  meta = {
    description = "Docker credential helper for GitHub's container registry";
    homepage = "https://github.com/docker-credential-ghcr/docker-credential-ghcr";
    license = lib.licenses.mit;
    mainProgram = "docker-credential-ghcr";
  };
}
