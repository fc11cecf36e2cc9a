#!/usr/bin/env bash
# exec.sh CMD…: runs a command inside the cluster's namespaces, where its addresses are reachable and its names resolve; there is no other network.
set -euo pipefail
name=${CLUSTER:-suuupra-e2e}
folder=${XDG_CACHE_HOME:-$HOME/.cache}/suuupra/e2e/cluster-$name
pid=$(cat "$folder/pid" 2> /dev/null || true)
if [ -z "$pid" ] || ! tr '\0' ' ' < "/proc/$pid/cmdline" 2> /dev/null | grep -qF "$folder/"; then
  echo "exec.sh: no cluster runs; start one with: make cluster-up" >&2
  exit 1
fi
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY
export KUBECONFIG="$folder/kubeconfig" PATH="$folder/bin:$PATH"
# kubectl remembers what an API server serves by its address, which the next cluster has as well.
export KUBECACHEDIR="$folder/kubecache" HELM_CACHE_HOME="$folder/helm/cache" HELM_CONFIG_HOME="$folder/helm/config" HELM_DATA_HOME="$folder/helm/data"
exec nsenter -t "$pid" -a --wd="$PWD" -- "$@"
