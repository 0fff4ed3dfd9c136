#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The demo itself, in the virtual machine (demo.sh starts it): two network namespaces
# with a bad network between them, messages over plain UDP and over rdm, and a file
# there and back with rdmcat. It needs rdmdemo and rdmcat beside it, and root.
#
# Nothing is judged in a way that the reader cannot see: the three "demo:" lines and
# the sha256 sums are what it goes by.

cd "$(dirname "$0")" || exit 1

count=5000
file=/bin/busybox
netem='limit 100000 delay 10ms loss 20% reorder 25% duplicate 5% corrupt 1%'
status=0

say() { echo "$*"; }
wrong() { say "FAILED: $*"; status=1; }

say "== A bad network"
say "Two network namespaces, near (10.9.0.1) and far (10.9.0.2). Each packet, each way:"
say "10 ms delay; 20 % are lost, 25 % overtake others, 5 % come twice, 1 % are damaged."
modprobe sch_netem 2>/dev/null
# shellcheck disable=SC2086 # $netem is words
make_network() {
	ip netns add near && ip netns add far &&
	ip link add near0 netns near address 02:00:00:00:00:01 type veth \
		peer name far0 netns far address 02:00:00:00:00:02 &&
	ip -n near addr add 10.9.0.1/24 dev near0 && ip -n far addr add 10.9.0.2/24 dev far0 &&
	ip -n near link set lo up && ip -n far link set lo up &&
	ip -n near link set near0 up && ip -n far link set far0 up &&
	# A lost ARP packet would cost plain UDP a second's messages: not what is shown here
	ip -n near neigh add 10.9.0.2 lladdr 02:00:00:00:00:02 dev near0 nud permanent &&
	ip -n far neigh add 10.9.0.1 lladdr 02:00:00:00:00:01 dev far0 nud permanent &&
	tc -n near qdisc add dev near0 root netem $netem &&
	tc -n far qdisc add dev far0 root netem $netem
}
make_network || { wrong "cannot make a bad network (ip netns, veth, netem)"; exit 1; }
# What plain UDP loses should be the network's doing: no limit on fragments, that is
for ns in near far; do
	ip netns exec "$ns" sh -c 'echo 67108864 >/proc/sys/net/ipv4/ipfrag_high_thresh'
done

say
say "== $count messages of 1 byte to 64 KiB, over plain UDP and over rdm, all at once"
port=7300
for proto in udp rdm-rdm rdm-seqpacket; do
	./rdmdemo --proto "$proto" --send-ns near --recv-ns far --host 10.9.0.2 \
		--port "$port" --count "$count" >"/tmp/demo-$proto" &
	eval "pid_$port=$!"
	port=$((port + 1))
done
port=7300
for proto in udp rdm-rdm rdm-seqpacket; do
	eval "wait \$pid_$port" || wrong "$proto failed, or did not keep its promise"
	port=$((port + 1))
done

say
say "What arrived (reordered: SOCK_RDM does not promise order, SOCK_SEQPACKET does):"
cat /tmp/demo-udp /tmp/demo-rdm-rdm /tmp/demo-rdm-seqpacket
for proto in udp rdm-rdm rdm-seqpacket; do
	grep -q "^demo: $proto sent=$count " "/tmp/demo-$proto" ||
		wrong "$proto: not all $count messages were sent"
done
# Otherwise the network was not bad, and the demo shows nothing
grep -q ' lost=0 ' /tmp/demo-udp && wrong "plain UDP lost nothing: the network was not bad"
grep -q ' duplicated=0 ' /tmp/demo-udp &&
	wrong "plain UDP duplicated nothing: the network was not bad"

# One way: rdmcat sends from $1 to a listener in $2 at $3; file $4 becomes $5
copy() {
	ip netns exec "$2" ./rdmcat -w 60 -l 7400 >"$5" 2>/tmp/listener.err &
	listener=$!
	# Its port is open when /proc/net/udp (7400 is 1CE8) has it
	tries=0
	until ip netns exec "$2" grep -q ':1CE8 ' /proc/net/udp; do
		tries=$((tries + 1))
		[ "$tries" -lt 50 ] || break
		sleep 0.1
	done
	ip netns exec "$1" ./rdmcat -v -w 60 --size 16K "$3" 7400 <"$4" 2>/tmp/sender.err &
	sender=$!
	ticks=0
	while kill -0 "$sender" 2>/dev/null; do
		sleep 0.1
		ticks=$((ticks + 1))
		[ $((ticks % 30)) != 0 ] || say "  $(wc -c <"$5") bytes have arrived"
	done
	wait "$sender" || wrong "rdmcat: the sender failed"
	cat /tmp/sender.err
	wait "$listener" || wrong "rdmcat: the listener failed"
	cat /tmp/listener.err
}

say
say "== A file there and back with rdmcat: $file, $(wc -c <"$file") bytes"
say "there:  rdmcat -l 7400 > there          rdmcat --size 16K 10.9.0.2 7400 < file"
copy near far 10.9.0.2 "$file" /tmp/there
say "back:   rdmcat -l 7400 > back           rdmcat --size 16K 10.9.0.1 7400 < there"
copy far near 10.9.0.1 /tmp/there /tmp/back
sha256sum "$file" /tmp/there /tmp/back
sum=$(sha256sum <"$file")
[ "$(sha256sum </tmp/there)" = "$sum" ] || wrong "the file changed on the way there"
[ "$(sha256sum </tmp/back)" = "$sum" ] || wrong "the file changed on the way back"

ip netns del near
ip netns del far
./demo-group.sh || status=1
say
if [ "$status" = 0 ]; then
	say "Over the same network, plain UDP lost and doubled messages; rdm delivered each once,"
	say "SOCK_SEQPACKET in order. The file is the same, bit for bit. Who stayed in the group"
	say "has all that the one said who did not."
fi
exit "$status"
