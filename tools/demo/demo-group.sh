#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The demo's second act, in the virtual machine (demo-guest.sh starts it): a group of five
# in network namespaces on one bridge, each line losing 10 %. One of them says something
# that reaches one other only, and is cut off for good. All that stay have it in the end,
# once and in order. It needs rdmchat beside it, and root.

cd "$(dirname "$0")" || exit 1

members=5
lines=20
group=239.7.7.7
suspect=1000
dir=/tmp/demo-group
status=0

say() { echo "$*"; }
wrong() { say "FAILED: $*"; status=1; }
in_ns() { ns=$1; shift; ip netns exec "m$ns" "$@"; }
counter() { in_ns "$1" sed -n "s/^$2 //p" /proc/net/rdm_stat; }

# Until $2... succeeds, for $1 s
until_true() {
	tries=$(($1 * 10))
	shift
	until "$@"; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || return 1
		sleep 0.1
	done
}

mkdir -p "$dir"
modprobe -a sch_netem sch_ingress cls_u32 cls_matchall act_gact bridge veth 2>/dev/null
say
say "== Five namespaces on a bridge, 10.75.0.1 to 10.75.0.5; of the packets of each, 10 % are lost"
ip link add br75 type bridge && ip link set br75 up || exit 1
for i in $(seq "$members"); do
	ip netns add "m$i" &&
	ip link add "port$i" type veth peer name eth0 netns "m$i" &&
	ip link set "port$i" master br75 up &&
	ip -n "m$i" addr add "10.75.0.$i/24" dev eth0 &&
	ip -n "m$i" link set eth0 up &&
	tc -n "m$i" qdisc add dev eth0 root netem limit 10000 delay 2ms loss 10% &&
	tc -n "m$i" qdisc add dev eth0 clsact || exit 1
done
for i in $(seq "$members"); do
	mkfifo "$dir/in$i"
	in_ns "$i" "$PWD/rdmchat" -i eth0 -n $members -s $suspect $group 7700 \
		<"$dir/in$i" >"$dir/out$i" 2>&1 &
	eval "pid$i=$!"
	# Held open, or rdmchat's input ends with the first line
	eval "exec $((i + 3))>\"$dir/in$i\""
done

# shellcheck disable=SC2317 # until_true calls them
# Does member $1 have everything up to line $2 of member 1?
has() { grep -q "^10.75.0.1: line $2\$" "$dir/out$1" 2>/dev/null; }
# shellcheck disable=SC2317
here() { [ "$(grep -c "^\* $2 here" "$dir/out$1")" != 0 ]; }
# shellcheck disable=SC2317
all_here() { for i in $(seq "$members"); do here "$i" "$members" || return 1; done; }
until_true 60 all_here || wrong "the five did not find each other"

say "10.75.0.1 says $lines lines to all"
for k in $(seq $lines); do echo "line $k" >&4; done
until_true 60 has 5 $lines || wrong "10.75.0.5 does not have them"

say "Now its packets to .3, .4 and .5 are lost, and it says $lines more"
for i in 3 4 5; do
	tc -n m1 filter add dev eth0 egress protocol ip u32 match ip dst "10.75.0.$i/32" action drop
done
relayed=0
for k in $(seq $((lines + 1)) $((2 * lines))); do echo "line $k" >&4; done
until_true 60 has 2 $((2 * lines)) || wrong "10.75.0.2 does not have them"
tc -n m1 filter add dev eth0 egress matchall action drop
tc -n m1 filter add dev eth0 ingress matchall action drop
say "10.75.0.2 has them. 10.75.0.1 is cut off for good"
say "What 10.75.0.1 has said reached:"
for i in $(seq "$members"); do
	say "  10.75.0.$i: $(grep -c '^10.75.0.1: line' "$dir/out$i") lines of $((2 * lines))"
done

for i in 3 4 5; do
	until_true 60 has "$i" $((2 * lines)) || wrong "10.75.0.$i never got the last line"
done
until_true 60 here 2 4 || wrong "10.75.0.1 was not expelled"
say "A moment later, without it:"
for i in 2 3 4 5; do
	n=$(counter "$i" GroupRelayed)
	relayed=$((relayed + n))
	say "  10.75.0.$i: $(grep -c '^10.75.0.1: line' "$dir/out$i") lines; it passed on $n to those who lacked them"
done
[ "$relayed" -gt 0 ] || wrong "nobody passed anything on: the crash was none"

by_all=0 disagreements=0 duplicated=0
for k in $(seq $((2 * lines))); do
	have=0
	for i in 2 3 4 5; do
		n=$(grep -c "^10.75.0.1: line $k\$" "$dir/out$i")
		[ "$n" -lt 2 ] || duplicated=$((duplicated + 1))
		[ "$n" = 0 ] || have=$((have + 1))
	done
	[ $have != 4 ] || by_all=$((by_all + 1))
	[ $have = 4 ] || [ $have = 0 ] || disagreements=$((disagreements + 1))
done
grep '^10.75.0.1: line' "$dir/out2" >"$dir/order"
for i in 3 4 5; do
	grep '^10.75.0.1: line' "$dir/out$i" | cmp -s - "$dir/order" ||
		wrong "10.75.0.$i has another order"
done
say "What member 10.75.0.3 saw of the end:"
tail -n 4 "$dir/out3" | sed 's/^/  /'
say "demo: broadcast members=$members crashed=1 broadcasts=$((2 * lines))" \
	"delivered_by_all=$by_all disagreements=$disagreements duplicated=$duplicated"

for i in $(seq "$members"); do
	eval "kill -9 \$pid$i" 2>/dev/null
	ip netns del "m$i"
done
ip link del br75
exit $status
