#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# U1: every message is delivered once and intact, over a link that loses packets: some or
# many, in bursts, the last ones. After each run the counters must show that packets were
# lost and that rdm sent some again.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

net_up 1500 || { fails "U1: two namespaces with a link"; exit 1; }

# lossy LABEL COUNT SIZE NETEM-ARGS...
lossy() {
	run=$1 count=$2 size=$3
	shift 3
	if ! bad a "$@" || ! bad b "$@"; then
		fails "U1: netem $*"
		return
	fi
	retrans=$(($(counter a OutRetrans) + $(counter b OutRetrans)))
	transfers "U1 $run: every message once, intact" "$count" "$size"
	lost=$(($(dropped a) + $(dropped b)))
	retrans=$(($(counter a OutRetrans) + $(counter b OutRetrans) - retrans))
	case $* in *loss*) fired "U1 $run: packets were lost and sent again" "$lost" "$retrans" ;; esac
}

lossy "loss 0 %" "$(scaled 400)" 16-64K delay 1ms
lossy "loss 1 %" "$(scaled 400)" 16-64K delay 1ms loss 1%
lossy "loss 5 %" "$(scaled 300)" 16-64K delay 1ms loss 5%
lossy "loss 20 %" "$(scaled 150)" 16-64K delay 1ms loss 20%
lossy "loss 30 %" "$(scaled 100)" 16-64K delay 1ms loss 30%
lossy "loss in bursts" "$(scaled 200)" 16-64K delay 1ms loss gemodel 3% 25%
lossy "loss 5 % and damage 5 %" "$(scaled 200)" 16-64K delay 1ms loss 5% corrupt 5%
fired "U1 damage: packets with a wrong checksum were dropped" \
	$(($(counter a DropCsum) + $(counter b DropCsum)))
lossy "tail loss, three small messages over 30 %" 3 16-2000 delay 1ms loss 30%
lossy "a large message over 10 %" 1 300K delay 1ms loss 10%

delivered=$(counter b InMsgs)
fired "U1: messages were delivered" "$delivered"
