#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The measurements themselves, in the virtual machine (bench.sh starts it): two network
# namespaces joined by a veth, rdmperf in both.
#
#   guest.sh [--list] [--congestion 'NAME...'] PART... [PROTO]...
#
#   rr       round trips, one at a time
#   stream   messages one way, one system call each
#   batch    the same, with sendmmsg() and recvmmsg()
#   loss1    the network delays by 10 ms each way and loses 1 % of the packets: round trips,
#            streams with every congestion control, and latency at a set rate
#   loss5    the same with 5 %
#   peers    one socket that talks to 1 to 10,000 others in turn
#   idle     the memory of an association that has nothing to do
#   fair     beside a TCP flow (CUBIC) on a bottleneck of 100 Mbit/s and 20 ms: the share
#   group    one message to all of a group of 2 to 16, by broadcast and by other ways: the cost
#            of a copy, the time until the last has it, and the time until the survivors have
#            what an origin that was cut off had sent to one of them
#   parallel some of it in a machine that bench.sh starts with two CPUs and in real time
#   again    the rows that goals hang on, for a second time: do figures repeat?
#
# --congestion: what rdm has, cubic only without it. Names of protocols among the words:
# measure only these. For each measurement a line "bench LABEL <tab> JSON": what was set up
# here, and under "result" what rdmperf or groupperf said, or under "error" why there is
# none. With --list only the labels, and nothing runs.

set -eu

parts="rr stream batch again loss1 loss5 peers idle fair group parallel"
protos="udp tcp sctp rds tipc tipc-rdm rdm-rdm rdm-seqpacket"
# Ways to send to a group, beside rdm-rdm and tcp to each member
groups="rdm-group tipc-group tipc-mcast"
reliable="tcp sctp rds rdm-rdm rdm-seqpacket"
tcp_congs="cubic bbr"
# Seconds of the machine's time that a measurement may take
patience=300
rdm_congs="cubic"

list=''
if [ "${1-}" = --list ]; then
	list=1
	shift
fi
if [ "${1-}" = --congestion ]; then
	rdm_congs=$2
	shift 2
fi
want='' only=''
for word; do
	case " $parts | $protos $groups " in
	*" $word "*"|"*) want="$want $word" ;;
	*"|"*" $word "*) only="$only $word" ;;
	*)
		echo "bench: no part or protocol $word; there are: $parts; $protos $groups" >&2
		exit 2
		;;
	esac
done

network() {
	modprobe -a sctp rds_tcp tipc sch_netem sch_tbf tcp_bbr
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
	for side in near far; do
		ip netns exec "$side" tipc bearer enable media eth device "${side}0"
	done
	# TIPC's neighbours find each other in a second or two
	tries=0
	until ip netns exec near tipc link list | grep -v broadcast | grep -q ': up'; do
		tries=$((tries + 1))
		[ "$tries" -lt 100 ] || break
		sleep 0.1
	done
	ip netns exec far ./rdmperf -s 2>/tmp/server.err &
	tries=0
	until ip netns exec near ./rdmperf -c 10.9.0.2 -P udp -n 1 rr >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ "$tries" -lt 50 ] || { echo "bench: the server does not start" >&2; exit 1; }
		sleep 0.1
	done
}

# What the next measurements run under; part of their labels
part='' run=1 netem='' cong='' gso=1 peers=0 cpus=1 members=0 unstable=0

# use_netem WORDS: what the network does, in each direction. Without words: nothing
use_netem() {
	netem=$*
	[ -z "$list" ] || return 0
	for side in near far; do
		if [ -n "$netem" ]; then
			# The limit is so high that only chance loses packets
			# shellcheck disable=SC2086 # words
			tc -n "$side" qdisc replace dev "${side}0" root netem limit 100000 $netem
		else
			tc -n "$side" qdisc del dev "${side}0" root
		fi
	done
}

# use_cong PROTO NAME: the sender's congestion control
use_cong() {
	cong=$2
	[ -z "$list" ] || return 0
	case $1 in
	tcp) file=net/ipv4/tcp_congestion_control ;;
	*) file=net/rdm/congestion ;;
	esac
	ip netns exec near sh -c "echo $cong >/proc/sys/$file"
}

# use_gso 0|1: may several packets be sent as one?
use_gso() {
	gso=$1
	[ -z "$list" ] || return 0
	ip netns exec near sh -c "echo $gso >/proc/sys/net/rdm/gso"
	if [ "$gso" = 1 ]; then
		ip -n near link set near0 gso_max_segs 65535
	else
		ip -n near link set near0 gso_max_segs 1
	fi
}

selected() {
	case "${only:-$protos $groups} " in
	*"$1 "*) ;;
	*) return 1 ;;
	esac
}

# begin PROTO TEST SIZE [BATCH]: names what comes next. False when it is not to be measured
begin() {
	proto=$1 test=$2 size=$3 batch=${4:-1}
	selected "$proto" || return 1
	label="$test $size B${netem:+, $netem}: $proto${cong:+ $cong}"
	[ "$batch" = 1 ] || label="$label, $batch a call"
	[ "$gso" = 1 ] || label="$label, no GSO"
	[ "$peers" = 0 ] || label="$label, $peers peers"
	[ "$cpus" = 1 ] || label="$label, $cpus CPUs"
	[ "$members" = 0 ] || label="$label, $members members"
	[ "$unstable" = 0 ] || label="$label, $unstable unstable"
	[ "$run" = 1 ] || label="$label, run $run"
	[ -n "$list" ] || return 0
	echo "$label"
	return 1
}

# print_row JSON-FILE ERROR-FILE: the row that was begun
print_row() {
	if [ -s "$1" ]; then
		outcome="\"result\":$(cat "$1")"
	else
		outcome="\"error\":\"$(tr -cd '[:alnum:] .,:;()' <"$2")\""
	fi
	printf 'bench %s\t{"label":"%s","part":"%s","proto":"%s","test":"%s","size":%d,' \
		"$label" "$label" "$part" "$proto" "$test" "$size"
	printf '"batch":%d,"netem":"%s","cong":"%s","gso":%d,"peers":%d,"cpus":%d,' \
		"$batch" "$netem" "$cong" "$gso" "$peers" "$cpus"
	printf '"members":%d,"unstable":%d,"run":%d,%s}\n' "$members" "$unstable" "$run" "$outcome"
}

# bounded COMMAND...: RDS may wait for ever where packets are lost
bounded() {
	timeout "$patience" "$@" >/tmp/result 2>/tmp/error && return 0
	# timeout's own, by busybox or coreutils
	case $? in
	124 | 143) echo "no end after $patience s" >/tmp/error; : >/tmp/result ;;
	esac
}

# measure PROTO rr|stream|paced|alone|burst SIZE COUNT WARMUP [BATCH] [RDMPERF-OPTION]...
measure() {
	begin "$1" "$2" "$3" "${6-}" || return 0
	count=$4 warmup=$5
	[ $# -lt 6 ] || shift
	shift 5
	case $test$netem in
	rr*) set -- "$@" rr ;;
	# Slow enough for every protocol: a message waits for the one before it only if the
	# protocol makes it wait
	paced*) set -- "$@" --latency --rate 100 stream ;;
	# Each long after the one before, whose ack has gone
	alone*) set -- "$@" --cpu --rate 500 stream ;;
	stream?*) set -- "$@" --latency stream ;;
	burst*) set -- "$@" --burst 8 stream ;;
	*) set -- "$@" stream ;;
	esac
	set -- -c 10.9.0.2 -P "$proto" -l "$size" -n "$count" -w "$warmup" -j "$@"
	[ "$batch" = 1 ] || set -- -b "$batch" "$@"
	[ "$peers" = 0 ] || set -- -N "$peers" "$@"
	bounded ip netns exec near ./rdmperf "$@"
	print_row /tmp/result /tmp/error
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
		# No message is so long
		udp1048576 | tipc*1048576) continue ;;
		# They take no message that is larger than the send buffer
		sctp1048576 | rds1048576) measure "$proto" stream "$1" "$2" "$3" "${4:-1}" -B 2M ;;
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
		for proto in $protos; do
			# It takes no flags, and sendmmsg() sets one (MSG_BATCH)
			[ "$proto" = rds ] || measure "$proto" stream "$size" 20000 2000 32
		done
	done
}

# Streams so long that slow start does not decide
lossy() {
	for size in 64 1200; do
		for proto in $reliable; do
			measure "$proto" rr "$size" 2000 20
		done
	done
	measure sctp stream 1200 20000 0
	measure rds stream 1200 20000 0
	for name in $tcp_congs; do
		use_cong tcp "$name"
		measure tcp stream 1200 20000 0
	done
	for name in $rdm_congs; do
		use_cong rdm "$name"
		measure rdm-rdm stream 1200 20000 0
		measure rdm-seqpacket stream 1200 20000 0
	done
	use_cong tcp cubic
	use_cong rdm cubic
	# netem loses what is sent as one as a whole
	use_gso 0
	for proto in tcp rdm-rdm; do
		measure "$proto" stream 1200 20000 0
	done
	use_gso 1
	cong=''
	for proto in $reliable; do
		measure "$proto" paced 1200 3000 100
	done
	for size in 16000 60000; do
		for proto in $reliable; do
			measure "$proto" stream "$size" 500 0
		done
	done
}

part_loss1() {
	use_netem delay 10ms loss 1%
	lossy
	use_netem
}

part_loss5() {
	use_netem delay 10ms loss 5%
	lossy
	use_netem
}

# A turn of all peers before the measurement, so that no handshake is in it
part_peers() {
	for peers in 1 10 100 1000 10000; do
		turn=$peers
		[ "$turn" -ge 1000 ] || turn=1000
		for proto in udp rdm-rdm rdm-seqpacket; do
			case $proto$peers in
			rdm-rdm* | *1 | *10000) measure "$proto" rr 64 10000 "$turn" ;;
			esac
		done
		measure rdm-rdm stream 1200 20000 "$turn" 1 --cpu
		[ "$peers" != 1 ] || measure rdm-rdm alone 1200 30000 200
		measure rdm-rdm burst 1200 $((turn * 8)) $((turn * 8))
	done
	peers=0
}

# Memory that the kernel and all programs use, bytes. MemFree does not count the free pages of
# 4 KiB that each CPU keeps at hand, up to a twentieth of the machine
used() {
	awk '/^MemTotal:/ { used += $2 }
	     /^(MemFree|Buffers|Cached|SReclaimable):/ { used -= $2 }
	     $1 == "count:" { used -= $2 * 4 }
	     END { printf "%d", used * 1024 }' /proc/meminfo /proc/zoneinfo
}

# used_with COUNT: the same, where a socket talked to COUNT of 10,000 and then was idle. What is
# remembered of associations that ended is forgotten before
used_with() {
	sleep 45
	: >/tmp/error
	ip netns exec near ./rdmperf -c 10.9.0.2 -P "$proto" -l 64 -N 10000 -n "$1" -w 1 -H 90 \
		rr >/tmp/result 2>/tmp/error &
	pid=$!
	until grep -q 'all is done' /tmp/error; do
		kill -0 "$pid" || return 1
		sleep 0.1
	done
	sleep 60
	used
	wait "$pid"
}

# Two runs with the same sockets; one has 8,000 associations more, with two ends each
part_idle() {
	peers=10000
	if begin rdm-rdm idle 64; then
		rm -f /tmp/idle
		used_with 100 >/dev/null && few=$(used_with 1999) && many=$(used_with 9999) &&
			echo "{\"bytes\":$(((many - few) / 16000)),\"ok\":true}" >/tmp/idle
		print_row /tmp/idle /tmp/error
	fi
	peers=0
}

# near - mid - far. The bottleneck is where mid sends to far, with a queue as long as the
# way (250 kB are 20 ms of 100 Mbit/s); the time is lost on the way back. Small bursts: what
# came as one super-packet leaves packet by packet.
fair_network() {
	ip netns add mid
	for side in near far; do
		net=$([ "$side" = near ] && echo 1 || echo 2)
		ip link add "${side}1" netns "$side" type veth peer name "mid$net" netns mid
		ip -n "$side" addr add "10.8.$net.2/24" dev "${side}1"
		ip -n mid addr add "10.8.$net.1/24" dev "mid$net"
		ip -n "$side" link set "${side}1" up
		ip -n mid link set "mid$net" up
	done
	ip netns exec mid sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
	ip -n near route add 10.8.2.0/24 via 10.8.1.1
	ip -n far route add 10.8.1.0/24 via 10.8.2.1
	tc -n mid qdisc add dev mid2 root tbf rate 100mbit burst 3100 limit 250000
	tc -n mid qdisc add dev mid1 root netem limit 100000 delay 20ms
	ip netns exec far ./rdmperf -s -p 7471 2>/dev/null &
	other_server=$!
}

mb_per_second() { sed -n 's/.*"mb_per_second":\([0-9.]*\).*/\1/p' "$1"; }

# share PROTO: of the bottleneck, beside TCP
share() {
	begin "$1" fair 1200 || return 0
	rm -f /tmp/fair
	ip netns exec near ./rdmperf -c 10.8.2.2 -p 7471 -P tcp -j -l 1200 -t 20 stream \
		>/tmp/result2 2>/tmp/error2 &
	pid=$!
	ip netns exec near ./rdmperf -c 10.8.2.2 -P "$proto" -j -l 1200 -t 20 stream \
		>/tmp/result 2>/tmp/error || true
	wait "$pid" || true
	awk -v a="$(mb_per_second /tmp/result)" -v b="$(mb_per_second /tmp/result2)" 'BEGIN {
		if (a + b > 0)
			printf "{\"mb_per_second\":%f,\"other_mb_per_second\":%f,\"share\":%f,\"ok\":true}",
				a, b, 100 * a / (a + b)
	}' >/tmp/fair
	print_row /tmp/fair /tmp/error
}

part_fair() {
	[ -n "$list" ] || fair_network
	cong=cubic
	share tcp
	for name in $rdm_congs; do
		use_cong rdm "$name"
		share rdm-rdm
	done
	use_cong rdm cubic
	cong=''
	[ -n "$list" ] || kill "$other_server"
}

# members_tipc enable|disable: bearers of the group's members. TIPC's nodes probe each other,
# which would disturb what else is measured
members_tipc() {
	[ -z "$list" ] || return 0
	for i in $(seq 0 $((members - 1))); do
		ip netns exec "m$i" tipc bearer "$1" media eth device eth0
	done
}

members_netem() {
	netem=$*
	[ -z "$list" ] || return 0
	for i in $(seq 0 15); do
		# shellcheck disable=SC2086 # words
		tc -n "m$i" qdisc replace dev eth0 root netem limit 100000 $netem
	done
}

# to_all WAY TEST SIZE COUNT WARMUP
to_all() {
	begin "$1" "group-$2" "$3" || return 0
	bounded ./groupperf -P "$1" -m "$members" -l "$3" -n "$4" -w "$5" "$2"
	print_row /tmp/result /tmp/error
}

# Each way takes about the same time whatever the size of the group
to_all_ways() {
	for size in "$@"; do
		copies=12000
		[ "$size" -lt 16000 ] || copies=2400
		for way in rdm-group rdm-rdm tcp; do
			to_all "$way" stream "$size" $((copies / (members - 1))) 100
			to_all "$way" latency "$size" 100 10
		done
	done
}

part_group() {
	if [ -z "$list" ]; then
		# shellcheck source=tools/bench/groupnet.sh
		. ./groupnet.sh
		group_network
	fi
	for members in 2 4 8 16; do
		to_all_ways 64 1200 16000
		if selected tipc-group || selected tipc-mcast; then
			members_tipc enable
			for way in tipc-group tipc-mcast; do
				to_all "$way" stream 1200 $((12000 / (members - 1))) 100
				to_all "$way" latency 1200 100 10
			done
			members_tipc disable
		fi
	done
	members_netem delay 5ms
	for members in 4 16; do
		for unstable in 1 10 100; do
			to_all rdm-group recovery 1200 "$unstable" 5
		done
	done
	netem='' members=0 unstable=0
}

part_parallel() {
	cpus=2
	for proto in udp $reliable; do
		measure "$proto" rr 64 4000 400
	done
	for size in 64 1200 16000 60000; do
		for proto in udp $reliable; do
			measure "$proto" stream "$size" 5000 500
		done
	done
	cpus=1
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
