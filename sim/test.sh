#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The sim lane: every scenario over many seeds, then every planted mistake,
# which a scenario must catch. Run by `make -C sim test`, which builds first.
# SEEDS=n sets how many seeds each scenario gets, FIRST=n where they begin.

cd "$(dirname "$0")" || exit 1
log=../build/sim/test.log
mutants=../build/sim/rdmsim-mutants

./rdmsim --seeds "${SEEDS:-250}" --first "${FIRST:-1}" >"$log" 2>&1
code=$?
cat "$log"
passed=$(grep -c '^ok - ' "$log")
failed=$(grep -c '^not ok - ' "$log")
if [ "$code" -gt 1 ] || [ "$((passed + failed))" -eq 0 ]; then
	echo "not ok - rdmsim runs to its end (sim)"
	failed=$((failed + 1))
fi

# Runs the planted mistakes of its standard input: "NAME SCENARIO WHAT". A mistake counts as
# caught when the judge says so (exit status 1): a crash is another thing. SCENARIO is the one
# that is to catch it.
#   planted LABEL SEEDS [OPTION]...
planted() {
	label=$1 seeds=$2
	shift 2
	while read -r mistake scenario what; do
		out=$("$mutants" "$@" --mutate "$mistake" --scenario "$scenario" --seeds "$seeds" 2>&1)
		code=$?
		if [ "$code" = 1 ]; then
			passed=$((passed + 1))
			echo "#   $(echo "$out" | sed -n 's/^# //; /seed/p' | head -n 1)"
			echo "ok - planted mistake is caught: $what ($label)"
		else
			failed=$((failed + 1))
			echo "$out" | tail -n 5
			echo "not ok - planted mistake is caught: $what ($label, exit status $code)"
		fi
	done
}

planted sim 300 <<END
no-dup-check loss-30 no check for duplicates
ack-refused slow-reader a refused message is acked
other-incarnation restart a message goes on to another incarnation
finish-early loss success is reported before the ack
no-tombstone replay an association is forgotten at once when it ends
no-fifo fifo messages are delivered as they come
lose-retransmit loss nothing is sent twice
no-window window the window never opens again
short-frag perfect fragments are taken from the wrong place
trust-reset reorder the first RESET is believed
any-reset replay a RESET of a former association is believed
no-outcome silence the outcome of a failed message is lost
no-skip modes what was given up is never told
skip-no-credit modes the room of what was given up is lost
once-again modes what is sent at most once is repeated after a probe timeout
once-moved modes-restart what is sent at most once goes on to a successor
no-deadline modes a deadline is forgotten
send-finished modes a message that has its outcome is sent again
least-stays comes-back what is sent at least once ends with its association
no-doubt modes-restart a successor forgets that a message was sent before
no-pmtud black-hole the route is believed whatever is lost
END

# Groups: every scenario, and so every place where one thing can fail in small groups;
# `make sim` runs many more schedules
log=../build/sim/group.log
./rdmsim --group --seeds "${GROUP_SEEDS:-300}" --first "${FIRST:-1}" >"$log" 2>&1
code=$?
cat "$log"
passed=$((passed + $(grep -c '^ok - ' "$log")))
failed=$((failed + $(grep -c '^not ok - ' "$log")))
if [ "$code" -gt 1 ] || ! grep -q '^ok - ' "$log"; then
	echo "not ok - rdmsim --group runs to its end (sim)"
	failed=$((failed + 1))
fi

planted "sim, group" 1000 --group <<END
no-dup-check crash-eager a broadcast that was delivered is taken again
no-cast-check cast a best-effort broadcast that came is taken again
no-relay omission nobody serves what another has sent
early-release perfect what is not stable is released
private-drop split an origin does not wait for a member that it suspects
no-ballots proposer-omit G15 no ballots: each member decides by itself
alter-adopted proposer G15 an adopted value is altered
no-freeze slow G15 who has promised goes on
non-responders random G15 the cut is taken from members that did not answer
accept-early last-word G15 a value is accepted before all up to its cut is held
old-floor random G15 floors and acks count in any view
any-incarnation crash-back G15 a new incarnation votes for the old one
hasty one-way who reaches fewer changes the view all the same
half-goes-on split G15 the expelled half goes on, too
END

out=$("$mutants" --mutate keep-records --scenario perfect --seeds 2 2>&1)
if echo "$out" | grep -q 'LeakSanitizer: detected memory leaks'; then
	passed=$((passed + 1))
	echo "ok - planted mistake is caught: packet records are lost (sim)"
else
	failed=$((failed + 1))
	echo "not ok - planted mistake is caught: packet records are lost (sim)"
fi

echo "lane sim: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
