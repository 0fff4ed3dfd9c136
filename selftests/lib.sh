# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# What the scripts of the selftests share: two network namespaces with a link that can
# be made bad, transfers over it with all socket types and families at once, and results
# as lines "ok - NAME" and "not ok - NAME". Sourced, not run; it runs in the machine of
# tools/vm, as root.
#
#   net_up MTU                namespaces a (10.9.0.1, fd09::1) and b (.2), link up
#   net_down
#   bad NS NETEM-ARGS...      what leaves NS goes through netem
#   good NS                   not any more
#   transfers LABEL COUNT SIZE [SEND-OPTION...]
#                             COUNT messages from a to b on four sockets at once; one
#                             check for each: LABEL says what must hold

here=$(cd "$(dirname "$0")" && pwd)
scale=${RDM_TEST_SCALE:-1}
tmp=$(mktemp -d /tmp/rdm-test.XXXXXX)
variants="4-rdm 4-seqpacket 6-rdm 6-seqpacket"
checks_failed=0
jobs=

lib_cleanup() {
	trap - EXIT
	# shellcheck disable=SC2046 # one word each
	kill -9 $(cat "$tmp"/*.pid 2>/dev/null) 2>/dev/null
	net_down
	rm -rf "$tmp"
	[ "$checks_failed" = 0 ] || exit 1
	exit 0
}
trap lib_cleanup EXIT
trap 'exit 1' INT TERM HUP

say() { echo "# $*"; }

passes() { echo "ok - $*"; }

fails() {
	checks_failed=$((checks_failed + 1))
	echo "not ok - $*"
}

# check NAME CMD...: the check passes when CMD does
check() {
	name=$1
	shift
	if "$@"; then
		passes "$name"
	else
		fails "$name"
	fi
}

# eventually SECONDS CMD...
eventually() {
	tries=$(($1 * 20))
	shift
	until "$@"; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || return 1
		sleep 0.05
	done
}

scaled() {
	n=$(($1 / scale))
	[ "$n" -ge 2 ] || n=2
	echo "$n"
}

net_up() {
	mtu=$1
	ip netns add a && ip netns add b &&
	ip link add va netns a mtu "$mtu" address 02:00:00:00:00:0a type veth \
		peer name vb netns b mtu "$mtu" address 02:00:00:00:00:0b || return 1
	for ns in a b; do
		case $ns in a) me=1 it=2 peer=0b ;; b) me=2 it=1 peer=0a ;; esac
		ip -n $ns link set lo up &&
		ip -n $ns addr add "10.9.0.$me/24" dev v$ns &&
		ip -n $ns -6 addr add "fd09::$me/64" dev v$ns nodad &&
		ip -n $ns link set v$ns up &&
		# Resolution is not under test, and its losses would hide what is
		ip -n $ns neigh add "10.9.0.$it" lladdr "02:00:00:00:00:$peer" dev v$ns nud permanent &&
		ip -n $ns -6 neigh add "fd09::$it" lladdr "02:00:00:00:00:$peer" dev v$ns nud permanent ||
			return 1
	done
	eventually 10 ping_both
}

# shellcheck disable=SC2317 # called by name
ping_both() {
	ip netns exec a ping -c 1 -W 1 10.9.0.2 >/dev/null 2>&1 &&
	ip netns exec a ping -6 -c 1 -W 1 fd09::2 >/dev/null 2>&1
}

net_down() {
	ip netns del a 2>/dev/null
	ip netns del b 2>/dev/null
	true
}

bad() {
	ns=$1
	shift
	tc -n "$ns" qdisc replace dev "v$ns" root netem limit 20000 "$@"
}

good() { tc -n "$1" qdisc del dev "v$1" root 2>/dev/null; true; }

# counter NS NAME: of /proc/net/rdm_stat
counter() {
	# shellcheck disable=SC2016 # awk's own
	ip netns exec "$1" awk -v name="$2" '$1 == name { print $2; found = 1 }
		END { if (!found) print -1 }' /proc/net/rdm_stat
}

# Packets that netem threw away on their way out of NS
dropped() {
	tc -n "$1" -s qdisc show dev "v$1" | sed -n 's/.*(dropped \([0-9]*\),.*/\1/p' | head -n 1
}

host_of() { case $1 in 4-*) echo 10.9.0.2 ;; *) echo fd09::2 ;; esac; }
name_of() { case $1 in 4-*) echo "IPv4 ${1#*-}" ;; *) echo "IPv6 ${1#*-}" ;; esac; }

# start_receiver VARIANT PORT OPTION...: in b, in the background
start_receiver() {
	v=$1 port=$2
	shift 2
	rm -f "$tmp/$v.ready" "$tmp/$v.sent" "$tmp/$v.recv-code"
	(
		ip netns exec b "$here/msgtest" recv --type "${v#*-}" --ready "$tmp/$v.ready" \
			--until "$tmp/$v.sent" "$@" "$(host_of "$v")" "$port" >"$tmp/$v.recv" 2>&1 &
		echo $! >"$tmp/$v.recv.pid"
		wait $!
		echo $? >"$tmp/$v.recv-code"
	) 2>/dev/null &
	jobs="$jobs $!"
	if ! eventually 20 [ -e "$tmp/$v.ready" ]; then
		say "no receiver: $(cat "$tmp/$v.recv")"
		return 1
	fi
}

start_sender() {
	v=$1 port=$2
	shift 2
	rm -f "$tmp/$v.send-code"
	(
		ip netns exec a "$here/msgtest" send --type "${v#*-}" "$@" "$(host_of "$v")" "$port" \
			>"$tmp/$v.send" 2>&1 &
		echo $! >"$tmp/$v.send.pid"
		wait $!
		echo $? >"$tmp/$v.send-code"
		touch "$tmp/$v.sent"
	) 2>/dev/null &
	jobs="$jobs $!"
}

# All receivers and senders are done
wait_all() {
	# shellcheck disable=SC2086 # one word each
	wait $jobs
	jobs=
}

port=7000
transfers() {
	label=$1 count=$2 size=$3
	shift 3
	id=${label%% *}
	what=${label#* }
	limit=$((40 + 20 * scale))
	for v in $variants; do
		port=$((port + 1))
		start_receiver "$v" "$port" --count "$count" --size "$size" --timeout $limit &&
			start_sender "$v" "$port" --count "$count" --size "$size" \
				--timeout $limit "$@"
	done
	wait_all
	for v in $variants; do
		if [ "$(cat "$tmp/$v.recv-code" 2>/dev/null)" = 0 ] &&
		   [ "$(cat "$tmp/$v.send-code" 2>/dev/null)" = 0 ]; then
			passes "$id $(name_of "$v"): $what"
		else
			fails "$id $(name_of "$v"): $what"
			sed "s/^/#   $v sender: /" "$tmp/$v.send"
			sed "s/^/#   $v receiver: /" "$tmp/$v.recv"
		fi
	done
}

# fired NAME NUMBER...: the fault that the name speaks of happened, by all these counts
fired() {
	name=$1
	shift
	for n; do
		if [ "${n:-0}" -le 0 ]; then
			fails "$name (counts: $*)"
			return
		fi
	done
	passes "$name (counts: $*)"
}
