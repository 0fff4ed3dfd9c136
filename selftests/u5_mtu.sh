#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# U5 and a part of U13: message sizes around the MTU of a real device, for the smallest
# MTU that IPv6 allows, the usual and a jumbo one; and an MTU that changes under traffic.
# IP must not fragment anything: rdm cuts by itself.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

ip_fragments() {
	# shellcheck disable=SC2016 # awk's own
	ip netns exec a awk '
		/^Ip:/ && !n { for (i = 2; i <= NF; i++) if ($i == "FragCreates") n = i; next }
		/^Ip:/ { sum += $n }
		END { print sum + 0 }' /proc/net/snmp
	# shellcheck disable=SC2016
	ip netns exec a awk '$1 == "Ip6FragCreates" { print $2 }' /proc/net/snmp6
}

for mtu in 1280 1500 9000; do
	net_up $mtu || { fails "U5: two namespaces with a link of MTU $mtu"; exit 1; }
	sizes=$((mtu - 1)),$mtu,$((mtu + 1)),65535,65536,65537,200K
	transfers "U5 MTU $mtu, sizes $sizes: every message once, intact" 7 "$sizes"
	check "U5 MTU $mtu: IP fragmented nothing" \
		[ "$(ip_fragments | tr '\n' ' ')" = "0 0 " ]
	net_down
done

net_up 1500 || { fails "U13: two namespaces with a link"; exit 1; }
bad a delay 2ms
changes_mtu() {
	for n in $(seq 1 1000); do
		for mtu in 1280 1500; do
			ip -n a link set va mtu $mtu && ip -n b link set vb mtu $mtu || return
			sleep 0.1
		done
		echo "$n" >"$tmp/changes"
	done
}
changes_mtu &
changer=$!
transfers "U13 an MTU that changes under way: arrives once, intact" "$(scaled 600)" 16-64K
kill $changer 2>/dev/null
fired "U13: the MTU changed meanwhile" "$(cat "$tmp/changes")"
