#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Programs that were written for UDP work with rdm sockets: stress-ng, sockperf, iperf3 and
# Python under withrdm, socat by itself with the numbers of rdm. Each is believed by its own
# measure of success, and by the counters of rdm that its messages went that way.
#
# The socket types and families run at once, each in a network namespace of its own, so that
# the counters are theirs. What differs from UDP for a good reason stands in
# programs.differences.

here=$(cd "$(dirname "$0")" && pwd)
scale=${RDM_TEST_SCALE:-1}

if [ $# = 0 ]; then
	outputs=$(mktemp -d /tmp/rdm-programs.XXXXXX)
	trap 'rm -rf "$outputs"' EXIT
	variants="4-rdm 4-seqpacket 6-rdm 6-seqpacket"
	# Programs start slowly there; both families and both types still run
	[ "$scale" = 1 ] || variants="4-rdm 6-seqpacket"
	for v in $variants; do
		unshare --net sh "$0" "${v%-*}" "${v#*-}" >"$outputs/$v" 2>&1 &
	done
	wait
	cat "$outputs"/*
	failed=0
	for v in $variants; do
		if ! tail -n 1 "$outputs/$v" | grep -q '^# end$'; then
			echo "not ok - programs: all tests of $v ran"
			failed=1
		fi
	done
	sed -n 's/^programs: \([^:]*\): .*/\1/p' "$here/programs.differences" | while read -r name; do
		[ "$scale" != 1 ] || grep -qF "programs: $name" "$outputs"/* ||
			echo "not ok - programs: $name is listed in programs.differences, but there is no such test"
	done | tee "$outputs/unknown"
	[ $failed = 0 ] && ! grep -q '^not ok' "$outputs"/*
	exit
fi

family=$1 type=$2
case $family in
4) host=127.0.0.1 domain=2 ;;
6) host=::1 domain=10 ;;
esac
case $type in rdm) number=4 ;; seqpacket) number=5 ;; esac
tmp=$(mktemp -d /tmp/rdm-programs.XXXXXX)
jobs=
cleanup() {
	trap - EXIT
	# shellcheck disable=SC2086 # one word each
	kill -9 $jobs 2>/dev/null
	rm -rf "$tmp"
}
trap cleanup EXIT
ip link set lo up
cd "$tmp" || exit 1

# judge NAME CMD...: CMD succeeds, unless the test is listed as one that differs
judge() {
	name="$1, IPv$family $type"
	shift
	reason=$(sed -n "s/^programs: $name: //p" "$here/programs.differences")
	begin=$(date +%s)
	"$@" >"$tmp/said" 2>&1
	status=$?
	[ $(($(date +%s) - begin)) -lt 10 ] || echo "# $name took $(($(date +%s) - begin)) s"
	if [ -z "$reason" ] && [ $status = 0 ]; then
		echo "ok - programs: $name"
	elif [ -z "$reason" ]; then
		echo "not ok - programs: $name"
		tail -n 25 "$tmp/said" | sed 's/^/#   /'
	elif [ $status = 0 ]; then
		echo "not ok - programs: $name passes; take it out of programs.differences"
	else
		echo "ok - programs: $name (differs: $reason)"
	fi
}

counter() { awk -v name="$1" '$1 == name { print $2 }' /proc/net/rdm_stat; }

eventually() {
	tries=$(($1 * 20))
	shift
	until "$@"; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.05
	done
}

# counts NAME LEAST CMD...: CMD succeeds, and the counter rises by LEAST
counts() {
	what=$1 least=$2
	shift 2
	before=$(counter "$what")
	"$@" || return 1
	after=$(counter "$what")
	echo "$what $before, then $after"
	[ $((after - before)) -ge "$least" ]
}

with() { timeout $((30 + 20 * scale)) withrdm --type "$type" -- "$@"; }

# server NAME CMD...: in the background, under withrdm
server() {
	out=$1
	shift
	withrdm --type "$type" -- "$@" >"$out" 2>&1 &
	jobs="$jobs $!"
	last=$!
}

# bound PORT: a socket of rdm has it
bound() { grep -qE "[]:.]$1 |:$1 " /proc/net/rdm; }

# stress_ng STRESSOR COUNTER OPS: stress-ng says that it did as many operations
stress_ng() {
	counts "$2" "$3" with stress-ng --temp-path "$tmp" --metrics-brief --timeout 60 \
		"--$1" 1 "--$1-ops" "$3" "--$1-domain" "ipv$family" >"$tmp/stress" 2>&1
	good=$?
	cat "$tmp/stress"
	[ $good = 0 ] && grep -q 'successful run completed' "$tmp/stress" &&
		awk -v name="$1" -v ops="$3" '$2 == "metrc:" && $4 == name && $5 >= ops { found = 1 }
			END { exit !found }' "$tmp/stress"
}

sockperf_serves() {
	before_out=$(counter OutMsgs)
	before_in=$(counter InMsgs)
	server "$tmp/sockperf.out" sockperf server -i "$host" -p 7100
	sockperf_server=$last
	eventually 20 bound 7100 || { cat "$tmp/sockperf.out"; return 1; }
}

# Every answer comes, once and, with seqpacket, in order
sockperf_ping_pong() {
	counts InMsgs 100 with sockperf ping-pong -i "$host" -p 7100 -t 1 -m 100 --data-integrity \
		>"$tmp/ping" 2>&1
	good=$?
	cat "$tmp/ping"
	[ $good = 0 ] && grep -q 'Summary: Latency is [0-9]' "$tmp/ping" &&
		grep -q '# dropped messages = 0; # duplicated messages = 0; # out-of-order messages = 0' \
			"$tmp/ping"
}

sockperf_throughput() {
	counts InMsgs 100 with sockperf throughput -i "$host" -p 7100 -t 1 -m 1400 >"$tmp/rate" 2>&1
	good=$?
	cat "$tmp/rate"
	[ $good = 0 ] && grep -q 'Summary: Message Rate is [1-9]' "$tmp/rate"
}

# What no UDP server can say: it handled as many messages as the clients sent. A client also
# counts the one that the end of its time kept it from sending
sockperf_lost_nothing() {
	sent=$(sed -n 's/.*Total of \([0-9]*\) messages sent.*/\1/p' "$tmp/rate")
	pings=$(sed -n 's/.*\[Total Run\].*SentMessages=\([0-9]*\);.*/\1/p' "$tmp/ping")
	eventually 30 all_arrived || return 1
	kill -INT "$sockperf_server"
	wait "$sockperf_server"
	cat "$tmp/sockperf.out"
	handled=$(sed -n 's/.*Total \([0-9]*\) messages received and handled.*/\1/p' "$tmp/sockperf.out")
	echo "sent $pings and $sent, handled $handled"
	[ -n "$sent" ] && [ -n "$pings" ] && [ -n "$handled" ] &&
		[ $((sent + pings - handled)) -le 2 ] && [ "$handled" -le $((sent + pings)) ]
}
all_arrived() { [ $(($(counter OutMsgs) - before_out)) = $(($(counter InMsgs) - before_in)) ]; }

# iperf3's receiver counts what is missing between sequence numbers. It stops to read when the
# client says over TCP that it has ended, so it does not count what waits at that moment; that
# all arrived is seen by InMsgs.
iperf() {
	count=$((500 / scale))
	server "$tmp/iperf.out" iperf3 --server --one-off --bind "$host" --port 7200
	eventually 20 listening 7200 || { cat "$tmp/iperf.out"; return 1; }
	counts InMsgs $count with iperf3 --udp --client "$host" --port 7200 --blockcount $count \
		--length 1200 --bitrate 10M >"$tmp/iperf" 2>&1
	good=$?
	cat "$tmp/iperf" "$tmp/iperf.out"
	[ $good = 0 ] && awk -v least=$((count / 4)) '
		/receiver$/ {
			for (i = 1; i < NF; i++)
				if (split($i, n, "/") == 2 && $(i + 1) == "(0%)" && n[1] == 0 && n[2] >= least)
					found = 1
		}
		END { exit !found }' "$tmp/iperf"
}
listening() { grep -qi ":$(printf %04x "$1") .* 0A " /proc/net/tcp /proc/net/tcp6; }

# socat wants the bytes of a sockaddr that come after the family
raw() {
	case $family in
	4) printf 'x%04xx7f000001x0000000000000000' "$1" ;;
	6) printf 'x%04xx00000000x00000000000000000000000000000001x00000000' "$1" ;;
	esac
}
address() { echo "$1:$domain:$number:259:$(raw "$2")"; }

# socat_echo ADDRESS-TYPE PORT: a message comes back from the one that reads it
socat_echo() {
	timeout 60 socat "$(address SOCKET-RECVFROM "$2")" PIPE &
	jobs="$jobs $!"
	eventually 20 bound "$2" || return 1
	counts InMsgs 2 socat_ask "$1" "$2"
}
socat_ask() {
	: >"$tmp/answer"
	# It would wait for half a second after the end of its input, whatever comes
	{
		echo "a message by $1"
		eventually 30 answered
	} | timeout 60 socat - "$(address "$1" "$2")" >"$tmp/answer"
	cat "$tmp/answer"
	[ "$(cat "$tmp/answer")" = "a message by $1" ]
}

answered() { [ -s "$tmp/answer" ]; }

# A file of lines, a line a message; in order with seqpacket
socat_copy() {
	lines=$((2000 / scale))
	awk -v lines=$lines 'BEGIN { for (i = 1; i <= lines; i++) printf("%099d\n", i) }' >"$tmp/file"
	socat -u "$(address SOCKET-RECV 7302)" CREATE:"$tmp/copy" &
	copier=$!
	jobs="$jobs $copier"
	eventually 20 bound 7302 || return 1
	counts InMsgs $lines socat_send || return 1
	kill $copier
	cp "$tmp/copy" "$tmp/ordered"
	[ "$type" = seqpacket ] || sort "$tmp/copy" >"$tmp/ordered"
	cmp "$tmp/file" "$tmp/ordered"
}
socat_send() {
	timeout 60 socat -u -b 100 OPEN:"$tmp/file" "$(address SOCKET-SENDTO 7302)" &&
		eventually 30 copied
}
copied() { [ "$(wc -c <"$tmp/copy")" = "$(wc -c <"$tmp/file")" ]; }

# What a program sees of a socket that withrdm changed, and which sockets it leaves alone
python_sockets() { with python3 "$here/withrdm.py" "$family" "$type"; }

# status_is STATUS TEXT CMD...: ends with that status, and says that
status_is() {
	want=$1 text=$2
	shift 2
	said=$("$@" 2>&1)
	got=$?
	echo "status $got: $said"
	[ $got = "$want" ] && case $said in *"$text"*) ;; *) false ;; esac
}

setuid_program() {
	cp /bin/sh "$tmp/setuid" && chown 65534 "$tmp/setuid" && chmod 4755 "$tmp/setuid" &&
		withrdm "$tmp/setuid" -c true
}

no_library() { cp "$(command -v withrdm)" "$tmp/withrdm" && "$tmp/withrdm" sh -c true; }

judge "stress-ng udp" stress_ng udp InMsgs $((1000 / scale))
judge "stress-ng udp-flood" stress_ng udp-flood OutMsgs $((1000 / scale))
# This sockperf (3.7) knows IPv4 only
if [ "$family" = 4 ]; then
	judge "sockperf server starts" sockperf_serves
	judge "sockperf ping-pong loses, repeats and reorders nothing" sockperf_ping_pong
	judge "sockperf throughput" sockperf_throughput
	judge "sockperf server handled all that was sent" sockperf_lost_nothing
fi
judge "iperf3 -u loses nothing" iperf
judge "socat SOCKET-SENDTO to SOCKET-RECVFROM and back" socat_echo SOCKET-SENDTO 7300
judge "socat SOCKET-DATAGRAM to SOCKET-RECVFROM and back" socat_echo SOCKET-DATAGRAM 7301
judge "socat SOCKET-SENDTO to SOCKET-RECV, a file" socat_copy
judge "withrdm changes UDP sockets and no others" python_sockets
case $family-$type in
4-rdm)
	judge "withrdm gives the program's exit status" status_is 7 "" withrdm sh -c "exit 7"
	judge "withrdm -v names the sockets" status_is 0 "is AF_INET, SOCK_RDM" \
		withrdm -v socat -u OPEN:/dev/null UDP-SENDTO:127.0.0.1:9
	judge "withrdm refuses a static program" status_is 126 "linked statically" \
		withrdm busybox true
	judge "withrdm refuses a setuid program" status_is 126 "gains rights" setuid_program
	judge "withrdm says that there is no program" status_is 127 "No such file" withrdm nonesuch
	judge "withrdm says that its library is missing" status_is 125 "no libwithrdm.so in $tmp" \
		no_library
	judge "withrdm says that a type is unknown" status_is 125 "it is rdm or seqpacket" \
		withrdm -t stream true
	;;
esac
echo "# end"
