#!/usr/bin/env bash
# Brings a Redis server for the tests into .tools/bin; does nothing when one is on PATH. Debian: no root needed.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.tools/bin:$PATH"
if redis-server --version >/dev/null 2>&1; then exit 0; fi
mkdir -p .tools/bin
if command -v valkey-server >/dev/null; then
  ln -sf "$(command -v valkey-server)" .tools/bin/redis-server
  exit 0
fi
if ! command -v apt-get >/dev/null; then
  echo "redis: the tests need redis-server or valkey-server on PATH; install one" >&2
  exit 1
fi
# The server is a link to a binary of redis-tools, which is what its name makes of it; the rest are libraries that a slim image lacks.
packages=(redis-tools libjemalloc2 liblzf1 libatomic1)
scratch=$(mktemp -d .tools/redis.XXXXXX)
trap 'rm -rf "$scratch"' EXIT
(
  cd "$scratch"
  # A fresh container has no lists of packages yet.
  apt-get download -qq "${packages[@]}" 2>/dev/null || { apt-get update -qq && apt-get download -qq "${packages[@]}"; }
  for archive in *.deb; do dpkg-deb -x "$archive" root; done
)
rm -rf .tools/redis
mv "$scratch/root" .tools/redis
ln -sf redis-check-rdb .tools/redis/usr/bin/redis-server
# exec: the process that tests stop and kill is the server itself.
cat > .tools/bin/redis-server.new <<'WRAPPER'
#!/bin/sh
root=$(dirname "$(readlink -f "$0")")/../redis/usr
libraries=$(echo "$root"/lib/*-linux-gnu | tr ' ' ':')
LD_LIBRARY_PATH="$libraries" exec "$root/bin/redis-server" "$@"
WRAPPER
chmod +x .tools/bin/redis-server.new
mv .tools/bin/redis-server.new .tools/bin/redis-server
redis-server --version
