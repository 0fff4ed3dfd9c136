#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# M1: the module loads and unloads a hundred times, every tenth time with traffic before;
# it stays while a socket lives; and it unloads after namespaces that had live sockets and
# unsent data were torn down. Warnings and leaks are seen by the lane, which reads the
# kernel's log and scans for leaks.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

loaded() { [ -e /sys/module/rdm ]; }
unload() { rmmod rdm 2>/dev/null; }

# Both ends in the machine's own namespace
some_traffic() {
	for type in rdm seqpacket; do
		port=$((port + 1))
		rm -f "$tmp/ready"
		"$here/msgtest" recv --type $type --count 20 --ready "$tmp/ready" --quiet 0.01 \
			--timeout 30 "$1" $port >"$tmp/traffic" 2>&1 &
		receiver=$!
		if ! eventually 10 [ -e "$tmp/ready" ] ||
		   ! "$here/msgtest" send --type $type --count 20 "$1" "$port" >/dev/null ||
		   ! wait $receiver; then
			sed 's/^/# /' "$tmp/traffic"
			return 1
		fi
	done
}

loaded || modprobe rdm
rounds=0 trouble=
while [ $rounds -lt 100 ]; do
	rounds=$((rounds + 1))
	if [ $((rounds % 10)) = 0 ]; then
		if ! some_traffic 127.0.0.1 || ! some_traffic ::1; then
			trouble="no traffic in round $rounds"
			break
		fi
	fi
	# Associations of closed sockets may need a moment to end
	eventually 20 unload || { trouble="no unload in round $rounds"; break; }
	modprobe rdm || { trouble="no load in round $rounds"; break; }
done
check "M1: 100 times load, IPv4 and IPv6 traffic, and unload ${trouble:+($trouble)}" [ -z "$trouble" ]

# socket() loads it by its alias
eventually 20 unload
some_traffic 127.0.0.1
check "M1: socket(AF_INET, ...) loads the module" loaded
eventually 20 unload
some_traffic ::1
check "M1: socket(AF_INET6, ...) loads the module" loaded

# withrdm must not run a program with plain UDP when there is no rdm, nor a way to load it
eventually 20 unload
loader=$(cat /proc/sys/kernel/modprobe)
echo /bin/false >/proc/sys/kernel/modprobe
said=$(withrdm sh -c "echo it runs" 2>&1)
code=$?
echo "$loader" >/proc/sys/kernel/modprobe
modprobe rdm
check "M1: without the module withrdm says so and runs nothing" \
	[ "$code $said" = "125 withrdm: this kernel has no rdm: load the module (modprobe rdm)" ]

# Live sockets of another namespace hold it
ip netns add c
ip -n c link set lo up
rm -f "$tmp/ready"
ip netns exec c "$here/msgtest" recv --type rdm --ready "$tmp/ready" --timeout 100 127.0.0.1 7000 \
	>/dev/null 2>&1 &
holder=$!
eventually 10 [ -e "$tmp/ready" ]
if unload; then
	fails "M1: rmmod is refused while a socket lives"
	modprobe rdm
else
	passes "M1: rmmod is refused while a socket lives"
fi
# Not even when the namespace has lost its name
ip netns del c
if unload; then
	fails "M1: rmmod is refused while a socket lives in a namespace without a name"
	modprobe rdm
else
	passes "M1: rmmod is refused while a socket lives in a namespace without a name"
fi
kill -9 $holder
wait $holder 2>/dev/null
check "M1: then it unloads" eventually 20 unload
modprobe rdm

# Namespaces go away under traffic. A link from here into each shows when they are gone:
# it dies with its other end.
alive() { ip link show "probe$1" >/dev/null 2>&1; }
dead() { ! alive a && ! alive b; }
flowing() { [ "$(counter b InMsgs)" -gt 100 ]; }
round() {
	net_up 1500 || return 1
	for ns in a b; do
		ip link add probe$ns type veth peer name probe netns $ns || return 1
		# What is unsent when its process is killed must not stay for long
		ip netns exec $ns sh -c 'echo 1000 >/proc/sys/net/rdm/user_timeout_ms'
	done
	bad a delay 1ms loss 5%
	for v in $variants; do
		port=$((port + 1))
		# Some read, and some do not: their senders have unsent data at the end
		case $1/$v in
		0/*-rdm | 1/*-seqpacket) slow="--delay 100" ;;
		*) slow="" ;;
		esac
		# shellcheck disable=SC2086 # an option, or none
		start_receiver "$v" "$port" --count 1000000 --timeout 100 $slow || return 1
		start_sender "$v" "$port" --count 1000000 --timeout 100
	done
	eventually 20 flowing || return 1
	# The order of the end changes from round to round
	case $1 in
	0)
		net_down
		# shellcheck disable=SC2046
		kill -9 $(cat "$tmp"/*.send.pid) 2>/dev/null
		# shellcheck disable=SC2046
		kill -9 $(cat "$tmp"/*.recv.pid) 2>/dev/null
		;;
	1)
		# shellcheck disable=SC2046
		kill -9 $(cat "$tmp"/*.send.pid) 2>/dev/null
		net_down
		# shellcheck disable=SC2046
		kill -9 $(cat "$tmp"/*.recv.pid) 2>/dev/null
		;;
	2)
		# shellcheck disable=SC2046
		kill -9 $(cat "$tmp"/*.recv.pid) 2>/dev/null
		# shellcheck disable=SC2046
		kill -9 $(cat "$tmp"/*.send.pid) 2>/dev/null
		net_down
		;;
	esac
	wait_all
	eventually 30 dead || { say "a namespace is still there"; return 1; }
}
for r in 0 1 2; do
	case $r in
	0) what="with their sockets open" ;;
	1) what="after their senders were killed" ;;
	2) what="after all their processes were killed" ;;
	esac
	check "M1: namespaces are torn down under traffic, $what" round $r
	net_down
done
check "M1: after that the module unloads" eventually 40 unload
modprobe rdm
