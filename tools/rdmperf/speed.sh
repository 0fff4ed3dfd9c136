#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Compares the speed of rdm with UDP, TCP and SCTP where nothing disturbs: in the virtual
# machine, one CPU, instructions counted as time (one is 1 ns), between two network
# namespaces joined by a veth. The figures are not those of a real machine, but two runs
# of the same code give nearly the same ones.
#
#   tools/rdmperf/speed.sh [PROTO]...     udp tcp sctp rdm-seqpacket rdm-rdm
#
# For each protocol a line of JSON for a round trip of 64 bytes and one for a stream of
# 1200 bytes. COUNT= round trips and messages (default 5000).

set -eu

if [ "${1-}" != --in-guest ]; then
	top=$(cd "$(dirname "$0")/../.." && pwd)
	make -s -C "$top/tools"
	[ $# -gt 0 ] || set -- udp tcp sctp rdm-seqpacket rdm-rdm
	exec "$top/tools/vm/run.sh" --icount --rdm --timeout 600 \
		--add "$top/build/tools/rdmperf" --add "$0" \
		-- /rdm/speed.sh --in-guest "${COUNT:-5000}" "$@"
fi

count=$2
shift 2
modprobe sctp
ip netns add near
ip netns add far
ip link add near0 netns near type veth peer name far0 netns far
ip -n near addr add 10.9.0.1/24 dev near0
ip -n far addr add 10.9.0.2/24 dev far0
for side in near far; do
	ip -n "$side" link set lo up
	ip -n "$side" link set "${side}0" up
done
ip netns exec far ./rdmperf -s &
server=$!
tries=0
until ip netns exec near ./rdmperf -c 10.9.0.2 -P udp -n 1 rr >/dev/null 2>&1; do
	tries=$((tries + 1))
	[ "$tries" -lt 50 ] || { echo "speed: the server does not start" >&2; exit 1; }
	sleep 0.1
done
status=0
for proto; do
	ip netns exec near ./rdmperf -c 10.9.0.2 -P "$proto" -n "$count" --json rr || status=1
	ip netns exec near ./rdmperf -c 10.9.0.2 -P "$proto" -n "$count" --json stream ||
		status=1
done
kill "$server"
exit "$status"
