#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The part of profile.sh that runs in the virtual machine: guest.sh COUNT GSO MEMBERS
# ARGUMENT... Runs rdmperf twice between two namespaces, or groupperf if MEMBERS are not 0,
# with COUNT and three times COUNT messages, each run between marks; then prints the kernel's
# symbols, compressed.

set -eu

count=$1 gso=$2 members=$3
shift 3

two_network() {
	ip netns add near
	ip netns add far
	ip link add near0 netns near type veth peer name far0 netns far
	ip -n near addr add 10.9.0.1/24 dev near0
	ip -n far addr add 10.9.0.2/24 dev far0
	for side in near far; do
		ip -n "$side" link set lo up
		ip -n "$side" link set "${side}0" up
		ip netns exec "$side" sh -c "echo $gso >/proc/sys/net/rdm/gso"
	done
	ip netns exec far ./rdmperf -s >/dev/null &
	tries=0
	until ip netns exec near ./rdmperf -c 10.9.0.2 -P udp -n 1 rr >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ "$tries" -lt 50 ] || { echo "profile: the server does not start" >&2; exit 1; }
		sleep 0.1
	done
}

if [ "$members" = 0 ]; then
	two_network
	set -- ip netns exec near ./rdmperf -c 10.9.0.2 "$@"
else
	# shellcheck source=tools/bench/groupnet.sh
	. ./groupnet.sh
	group_network
	set -- ./groupperf -m "$members" "$@"
fi
./mark
"$@" -n "$count"
./mark
"$@" -n $((3 * count))
./mark
echo symbols
grep -i ' [tw] ' /proc/kallsyms | gzip | base64
