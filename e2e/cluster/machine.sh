#!/usr/bin/env bash
# First process of a node's namespaces: lays out the inside, then only reaps. When it is killed, everything in the namespaces is gone.
# machine.sh FOLDER-OF-SETTINGS NAME ADDRESS ADDRESS6 GATEWAY GATEWAY6; a second node runs in namespaces inside the first one's.
set -euo pipefail
settings=$1 name=$2 address=$3 address6=$4 gateway=$5 gateway6=$6

mount --make-rshared /
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/lock /run/netns /run/containerd /run/etcd
# Everything that changes is in memory: fast, and nothing is left. The whole folders, so that the machine needs no mount points: to remove one
# at the end of a cluster would unmount it in every other cluster.
mount -t tmpfs -o mode=755 tmpfs /var/lib
mount -t tmpfs -o mode=755 tmpfs /var/log
mkdir -p /var/lib/{kubelet,containerd,cni} /var/log/{pods,containers}
resolver=$(realpath -m /etc/resolv.conf)
mkdir -p "$(dirname "$resolver")"
[ -e "$resolver" ] || : > "$resolver"
mount --bind "$settings/resolv.conf" "$resolver"
hostname "$name"

ip link set lo up
case "$name" in
  node1) device=node0; ip link add node0 type bridge ;;
  # The first node gives the other end of a cable.
  *) device=eth0; until ip link show eth0 > /dev/null 2>&1; do sleep 0.05; done ;;
esac
ip addr add "$address/24" dev "$device"
ip link set "$device" up
ip addr add "$address6/64" dev "$device" nodad
# Nobody is there, but an address of a Service needs some route before it is translated.
ip route add default via "$gateway" dev "$device"
ip -6 route add default via "$gateway6" dev "$device"
sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 net.ipv6.conf.all.forwarding=1

# Named after the node: until its own /run is mounted, a second node sees the first one's.
: > "/run/ready-$name"
trap 'exit 0' TERM
while :; do
  sleep 86400 &
  wait $! || :
done
