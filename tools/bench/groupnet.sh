# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# For scripts in the virtual machine: the network that groupperf wants.

# Sixteen namespaces m0 to m15 on a bridge, as groupperf wants them
group_network() {
	modprobe -a bridge sch_ingress cls_u32 act_gact
	ip netns add hub
	ip -n hub link add br0 type bridge mcast_snooping 0
	ip -n hub link set br0 up
	for i in $(seq 0 15); do
		ip netns add "m$i"
		ip -n hub link add "p$i" type veth peer name eth0 netns "m$i" \
			address "$(printf 02:00:00:00:01:%02x "$i")"
		ip -n hub link set "p$i" master br0 up
		ip -n "m$i" link set lo up
		ip -n "m$i" addr add "10.75.0.$((i + 1))/24" dev eth0
		ip -n "m$i" link set eth0 up
		tc -n "m$i" qdisc add dev eth0 clsact
		for k in $(seq 0 15); do
			[ "$k" = "$i" ] || printf 'neigh add 10.75.0.%d lladdr %s dev eth0 nud permanent\n' \
				$((k + 1)) "$(printf 02:00:00:00:01:%02x "$k")"
		done | ip -n "m$i" -batch -
	done
}
