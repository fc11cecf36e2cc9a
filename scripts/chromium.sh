#!/usr/bin/env bash
# Brings Chromium for the browser proof into .tools/bin; does nothing when one is on PATH. Debian: no root needed.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.tools/bin:$PATH"
if chromium --version >/dev/null 2>&1; then exit 0; fi
if ! command -v apt-get >/dev/null; then
  echo "chromium: the browser proof needs chromium on PATH; install it" >&2
  exit 1
fi
mkdir -p .tools/bin
scratch=$(mktemp -d .tools/chromium.XXXXXX)
trap 'rm -rf "$scratch"' EXIT
# The browser and the libraries that this machine lacks, as apt would install them.
wanted() { apt-get install --simulate -qq --no-install-recommends chromium | awk '$1 == "Inst" { print $2 }'; }
fetch() (
  packages=$(wanted) && [ -n "$packages" ] && cd "$scratch" && apt-get download -qq $packages
)
# A fresh container has no lists of packages yet, an old one has lists of what is gone.
fetch 2>/dev/null || { apt-get update -qq && fetch; }
for archive in "$scratch"/*.deb; do
  dpkg-deb -x "$archive" "$scratch/root"
  rm "$archive"
done
rm -rf .tools/chromium
mv "$scratch/root" .tools/chromium
# exec: the process that the proof stops is the browser itself.
cat > .tools/bin/chromium.new <<'WRAPPER'
#!/bin/sh
root=$(dirname "$(readlink -f "$0")")/../chromium
# Debian 12 has some libraries under /lib, and those of pulseaudio in a folder of their own.
libraries=$(find "$root" -name '*.so*' -printf '%h\n' | sort -u | tr '\n' ':')
LD_LIBRARY_PATH="$libraries" exec "$root/usr/lib/chromium/chromium" "$@"
WRAPPER
chmod +x .tools/bin/chromium.new
mv .tools/bin/chromium.new .tools/bin/chromium
chromium --version
