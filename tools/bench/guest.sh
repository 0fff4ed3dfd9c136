#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The measurements themselves, in the virtual machine (bench.sh starts it): two network
# namespaces joined by a veth, rdmperf in both.
#
#   guest.sh [--list] PART... [PROTO]...
#
#   rr       round trips, one at a time
#   stream   messages one way, one system call each
#   batch    the same, with sendmmsg() and recvmmsg()
#   again    the rows that goals hang on, for a second time: do figures repeat?
#
# Names of protocols among the words: measure only these. For each measurement a line
# "bench LABEL <tab> JSON": what was set up here, and under "result" what rdmperf said, or
# under "error" why there is none. With --list only the labels, and nothing runs.

set -eu

parts="rr stream batch again"
protos="udp tcp sctp rdm-rdm rdm-seqpacket"

list=''
if [ "${1-}" = --list ]; then
	list=1
	shift
fi
want='' only=''
for word; do
	case " $parts | $protos " in
	*" $word "*"|"*) want="$want $word" ;;
	*"|"*" $word "*) only="$only $word" ;;
	*)
		echo "bench: no part or protocol $word; there are: $parts; $protos" >&2
		exit 2
		;;
	esac
done

network() {
	modprobe sctp
	ip netns add near
	ip netns add far
	ip link add near0 netns near address 02:00:00:00:00:01 type veth \
		peer name far0 netns far address 02:00:00:00:00:02
	ip -n near addr add 10.9.0.1/24 dev near0
	ip -n far addr add 10.9.0.2/24 dev far0
	for side in near far; do
		ip -n "$side" link set lo up
		ip -n "$side" link set "${side}0" up
	done
	# No ARP in the middle of a measurement
	ip -n near neigh add 10.9.0.2 lladdr 02:00:00:00:00:02 dev near0 nud permanent
	ip -n far neigh add 10.9.0.1 lladdr 02:00:00:00:00:01 dev far0 nud permanent
	ip netns exec far ./rdmperf -s 2>/tmp/server.err &
	tries=0
	until ip netns exec near ./rdmperf -c 10.9.0.2 -P udp -n 1 rr >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ "$tries" -lt 50 ] || { echo "bench: the server does not start" >&2; exit 1; }
		sleep 0.1
	done
}

# What the next measurements run under; part of their labels
part='' run=1 netem='' cong=''

selected() {
	case "${only:-$protos} " in
	*"$1 "*) ;;
	*) return 1 ;;
	esac
}

# measure PROTO TEST SIZE COUNT WARMUP [BATCH] [RDMPERF-OPTION]...
measure() {
	proto=$1 test=$2 size=$3 count=$4 warmup=$5 batch=${6:-1}
	[ $# -lt 6 ] || shift
	shift 5
	selected "$proto" || return 0
	label="$test $size B${netem:+, $netem}: $proto${cong:+ $cong}"
	[ "$batch" = 1 ] || label="$label, $batch a call"
	[ "$run" = 1 ] || label="$label, run $run"
	if [ -n "$list" ]; then
		echo "$label"
		return
	fi
	set -- -c 10.9.0.2 -P "$proto" -l "$size" -n "$count" -w "$warmup" -j "$@"
	[ "$batch" = 1 ] || set -- "$@" -b "$batch"
	if ip netns exec near ./rdmperf "$@" "$test" >/tmp/result 2>/tmp/error ||
	   [ -s /tmp/result ]; then
		outcome="\"result\":$(cat /tmp/result)"
	else
		outcome="\"error\":\"$(tr -cd '[:alnum:] .,:;()' </tmp/error)\""
	fi
	printf 'bench %s\t{"label":"%s","part":"%s","proto":"%s","test":"%s","size":%d,' \
		"$label" "$label" "$part" "$proto" "$test" "$size"
	printf '"batch":%d,"netem":"%s","cong":"%s","run":%d,%s}\n' \
		"$batch" "$netem" "$cong" "$run" "$outcome"
}

# stream SIZE [BATCH]: as many messages as are enough for figures that repeat
stream() {
	case $1 in
	64) set -- "$1" 20000 2000 "${2-}" ;;
	1200) set -- "$1" 10000 1000 "${2-}" ;;
	16000) set -- "$1" 3000 300 "${2-}" ;;
	60000) set -- "$1" 1200 200 "${2-}" ;;
	1048576) set -- "$1" 100 20 "${2-}" ;;
	esac
	for proto in $protos; do
		case $proto$1 in
		# No datagram is so long
		udp1048576) continue ;;
		# Takes no message that is larger than its send buffer
		sctp1048576) measure "$proto" stream "$1" "$2" "$3" "${4:-1}" -B 2M ;;
		*) measure "$proto" stream "$1" "$2" "$3" "${4:-1}" ;;
		esac
	done
}

part_rr() {
	for size in 64 1200; do
		for proto in $protos; do
			measure "$proto" rr "$size" 4000 400
		done
	done
}

part_stream() {
	for size in 64 1200 16000 60000 1048576; do
		stream "$size"
	done
}

part_batch() {
	for size in 64 1200; do
		for proto in udp rdm-rdm rdm-seqpacket; do
			measure "$proto" stream "$size" 20000 2000 32
		done
	done
}

part_again() {
	run=2
	for proto in $protos; do
		measure "$proto" rr 64 4000 400
	done
	for size in 64 1200 16000 60000; do
		stream "$size"
	done
	run=1
}

[ -n "$list" ] || network
for part in $want; do
	"part_$part"
done
