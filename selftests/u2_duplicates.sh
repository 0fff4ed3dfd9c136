#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# U2: nothing is delivered twice, though packets come twice, acks are lost so that
# messages are sent again that had arrived, and copies come after their message was read.
# After each run the counters must show that there were duplicates to drop.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

net_up 1500 || { fails "U2: two namespaces with a link"; exit 1; }

dups() { echo $(($(counter b DropDup) + $(counter b InDupMsgs))); }

bad a delay 1ms duplicate 30%
bad b delay 1ms duplicate 30%
before=$(dups)
transfers "U2 every packet in three twice: every message once" "$(scaled 300)" 16-30K
fired "U2 every packet in three twice: copies were dropped" $(($(dups) - before))

# The copy goes its own way through the queue: much later, the message long read
bad a delay 30ms 25ms duplicate 30%
before=$(dups)
transfers "U2 late copies: every message once" "$(scaled 200)" 16-30K
fired "U2 late copies: copies were dropped" $(($(dups) - before))

# Only acks are lost: what is sent again had arrived. In the midst of a transfer later acks make
# up for it, so there are several, with an end each.
bad a delay 1ms
bad b delay 1ms loss 50%
before=$(dups)
for turn in first second third fourth; do
	transfers "U2 half of the acks are lost, $turn time: every message once" "$(scaled 50)" 16-10K
done
fired "U2 half of the acks are lost: acks were lost and copies dropped" "$(dropped b)" \
	$(($(dups) - before))

fired "U2: messages were delivered" "$(counter b InMsgs)"
