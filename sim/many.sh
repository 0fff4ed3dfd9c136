#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Many schedules of groups, in two processes: `make sim`. Prints what happened in each,
# and how many schedules that were. SEEDS=n sets how many (each is about 10 schedules),
# FIRST=n where they begin.

cd "$(dirname "$0")" || exit 1
seeds=${SEEDS:-6000} first=${FIRST:-1000}
out=../build/sim/many
mkdir -p "$out"
start=$(date +%s)
pids=
for part in 1 2; do
	../build/sim/rdmsim-fast --group --seeds "$seeds" \
		--first $((first + (part - 1) * 3 * seeds)) >"$out/$part.log" 2>&1 &
	pids="$pids $!"
done
failed=0
for pid in $pids; do
	wait "$pid" || failed=1
done
cat "$out/1.log" "$out/2.log"
total=$(sed -n '/^# all scenarios together/,$p' "$out/1.log" "$out/2.log" |
	sed -n 's/^# *\([0-9]*\) schedules.*/\1/p' | awk '{ n += $1 } END { print n + 0 }')
echo "sim: schedules=$total seconds=$(($(date +%s) - start)) failed=$failed"
exit $failed
