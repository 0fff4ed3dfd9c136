#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# U3: SOCK_SEQPACKET keeps the order over a network that does not. That the network did
# not is shown by the SOCK_RDM sockets on the same link: they saw messages out of order.
# (fault.c shows that SOCK_RDM does not wait for an earlier message.) Packets overtake each other
# only when the next one leaves before the delay of this one is over: delays are longer where the
# machine is slow.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

net_up 1500 || { fails "U3: two namespaces with a link"; exit 1; }

reordered() { sed -n 's/.* reordered=\([0-9]*\) .*/\1/p' "$tmp/$1.recv"; }

mixed() {
	run=$1 count=$2 size=$3
	shift 3
	if ! bad a "$@" || ! bad b "$@"; then
		fails "U3: netem $*"
		return
	fi
	transfers "U3 $run: once, and in order where promised" "$count" "$size"
	fired "U3 $run: the network changed the order" "$(reordered 4-rdm)" "$(reordered 6-rdm)"
	for v in 4-seqpacket 6-seqpacket; do
		check "U3 $(name_of $v): $run: in the order they were sent" \
			[ "$(reordered $v)" = 0 ]
	done
}

jitter="$((8 * scale))ms $((7 * scale))ms"
# shellcheck disable=SC2086 # two words
mixed "jitter, small messages" "$(scaled 1000)" 16-1000 delay $jitter
# shellcheck disable=SC2086
mixed "jitter and loss, across fragments" "$(scaled 300)" 16-30K delay $jitter loss 5%
mixed "a quarter overtakes" "$(scaled 1000)" 16-10K delay $((10 * scale))ms reorder 25% 50%

fired "U3: messages were delivered" "$(counter b InMsgs)"
