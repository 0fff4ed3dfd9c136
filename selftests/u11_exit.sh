#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# U11 and U7 over a link: what a process sent before it ended arrives over a bad network
# without it; a host that is not there is told within the set time.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

net_up 1500 || { fails "U11: two namespaces with a link"; exit 1; }

bad a delay 2ms loss 10%
bad b delay 2ms loss 10%
transfers "U11 the sending process ends at once: every message once" "$(scaled 200)" 16-10K \
	--no-wait
fired "U11: packets were lost and sent again" "$(dropped a)" "$(counter a OutRetrans)"
unused() { ! ip netns exec a grep -q ' local=' /proc/net/rdm; }
check "U11: nothing of the closed sockets is left" eventually 40 unused

# SIGKILL while it is sending: what was accepted arrives, in order, and the module is free
good a
good b
for v in $variants; do
	port=$((port + 1))
	# Killed long before that
	start_receiver "$v" "$port" --count 100000 --size 16-2000 --timeout 100
	start_sender "$v" "$port" --count 100000 --size 16-2000 --timeout 100
done
many() { [ "$(counter b InMsgs)" -gt 2000 ]; }
eventually 20 many
# shellcheck disable=SC2046 # one word each
kill -9 $(cat "$tmp"/*.send.pid)
settled() { [ "$(counter a OutAcked)" = "$accepted" ] && [ "$(counter b InMsgs)" -ge "$accepted" ]; }
accepted=$(counter a OutMsgs)
check "U11: senders are killed: all that was accepted is acked" eventually 20 settled
fired "U11: messages were accepted and delivered" "$accepted" "$(counter b InMsgs)"
# shellcheck disable=SC2046 # one word each
kill -9 $(cat "$tmp"/*.recv.pid)
wait_all

# A host that does not answer: resolution fails, or nobody says anything
ip netns exec a sh -c 'echo 3000 >/proc/sys/net/rdm/user_timeout_ms'
silent() {
	begin=$(date +%s)
	ip netns exec a "$here/msgtest" send --type "$1" --count 1 --timeout 60 "$2" 7 \
		>"$tmp/silent" 2>&1
	code=$?
	took=$(($(date +%s) - begin))
	sed 's/^/# /' "$tmp/silent"
	[ $code = 1 ] && [ $took -le $((8 + 4 * scale)) ] &&
		grep -qiE 'timed out|no route|unreachable' "$tmp/silent"
}
for type in rdm seqpacket; do
	check "U7 IPv4 $type: an address that nobody has fails in time" silent $type 10.9.0.77
	check "U7 IPv6 $type: an address that nobody has fails in time" silent $type fd09::77
done
ip -n b link set vb down
for type in rdm seqpacket; do
	check "U7 IPv4 $type: a host behind a dead link fails in time" silent $type 10.9.0.2
	check "U7 IPv6 $type: a host behind a dead link fails in time" silent $type fd09::2
done
