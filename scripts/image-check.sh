#!/usr/bin/env bash
# `make image-check`: unpacks dist/image/suuupra-gateway.tar and runs it as a container would: its own root file system, read-only, as user
# 65532. Needs root (for chroot) and Linux; nothing stays.
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || { echo 'image-check: needs root, for chroot and mounts' >&2; exit 1; }
if [ "${IN_NAMESPACE:-}" != 1 ]; then
  export IN_NAMESPACE=1
  # All mounts and processes end with this namespace; the network inside is its own loopback.
  exec unshare --mount --pid --net --fork --mount-proc --kill-child "$0"
fi
ip link set lo up
work=$(mktemp -d)
trap 'umount -l "$work" 2>/dev/null; rmdir "$work"' EXIT
mount -t tmpfs -o mode=755 tmpfs "$work"
mkdir "$work/archive" "$work/root"
tar -xf dist/image/suuupra-gateway.tar -C "$work/archive"
# The layer is the largest blob.
layer=$(ls -S "$work"/archive/blobs/sha256/* | head -1)
tar -xpf "$layer" -C "$work/root"
mkdir -p "$work/root/proc" "$work/root/dev" "$work/root/manifests"
cp -r examples/quickstart/. "$work/root/manifests"
# What a container runtime adds.
echo '127.0.0.1 localhost' > "$work/root/etc/hosts"
mount --bind /proc "$work/root/proc"
mount --bind /dev "$work/root/dev"
mount --bind "$work/root" "$work/root"
mount -o remount,bind,ro "$work/root"
mount -t tmpfs -o mode=1777 tmpfs "$work/root/tmp"
run=("$(command -v env)" -i PATH=/nodejs/bin "$(command -v chroot)" --userspec=65532:65532 "$work/root")
"${run[@]}" /nodejs/bin/node /app/cmd/gateway.js --version
"${run[@]}" /nodejs/bin/node /app/cmd/gateway.js --help | grep Usage
"${run[@]}" /nodejs/bin/node /app/cmd/gatewayctl.js validate /manifests
"${run[@]}" /nodejs/bin/node /app/cmd/gateway.js --directory /manifests --port-map 80:8080,443:8443 \
  --workers 2 --health-address 127.0.0.1:9902 --log-format json 2>"$work/log" &
gateway=$!
for _ in $(seq 100); do
  curl -fsS -o /dev/null http://127.0.0.1:9902/readyz 2>/dev/null && break
  sleep 0.1
done
echo "readyz: $(curl -sS http://127.0.0.1:9902/readyz)"
echo "user: $(awk '/^Uid/{print $2}' "/proc/$gateway/status")"
# The origins of the quickstart do not run: an answer of the gateway itself shows that it routes.
echo "answer: $(curl -sS -o /dev/null -w '%{http_code}' -H 'host: shop.example.com' http://127.0.0.1:8080/orders/1)"
if "${run[@]}" /nodejs/bin/node -e 'require("fs").writeFileSync("/app/x", "")' 2>/dev/null; then
  echo 'image-check: the root file system can be written' >&2; exit 1
fi
for shell in bin/sh bin/bash usr/bin/sh busybox; do
  [ ! -e "$work/root/$shell" ] || { echo "image-check: there is $shell in the image" >&2; exit 1; }
done
"${run[@]}" /nodejs/bin/node -e 'require("dns").lookup("localhost", (error, address) => { if (error) throw error; console.log("resolves localhost:", address); })'
kill -INT "$gateway"
wait "$gateway" && echo "ended: 0"
