#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Measures rdm beside other protocols where nothing disturbs: in the virtual machine, one
# CPU, instructions counted as time (one is 1 ns). `make bench` calls it; what there is to
# measure stands in guest.sh.
#
#   tools/bench/bench.sh [PART]... [PROTO]...     everything without a PART
#
# Two machines share the work, one for each of two processors; what is measured in real
# time comes last and alone. What they say goes to build/bench/, where report.py makes of it
# results.json, charts, and a table with the goals.

set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
here=$top/tools/bench
out=$top/build/bench

# The first two take about the same time
machines=("rr stream batch loss1 idle fair" "group again loss5 peers" "parallel")

# Every congestion control that the module has
congs=$(find "$top/net/rdm" -name 'cong_*.c' ! -name '*_test.c' -exec \
	sed -n 's/^\t\.name = "\(.*\)",$/\1/p' {} + | sort | xargs)

parts=' '
protos=()
for word; do
	case " ${machines[*]} " in
	*" $word "*) parts+="$word " ;;
	*) protos+=("$word") ;;
	esac
done
[ "$parts" != ' ' ] || parts=" ${machines[*]} "

# shellcheck disable=SC2086 # words
"$here/guest.sh" --list --congestion "$congs" $parts ${protos[@]+"${protos[@]}"} >/dev/null
make -s -C "$top/tools"
[ -e "$top/build/kernels/stock/.complete" ] || "$top/tools/vm/kernel.sh" stock
"$top/tools/vm/module.sh" stock
rm -rf "$out"
mkdir -p "$out"

# Both at once say how far they are
progress() {
	local label row

	while IFS=$'\t' read -r label row; do
		case $label in
		"bench "*)
			echo "$row" >>"$out/raw.jsonl"
			printf '[%4d s] %3d/%d  %s\n' "$SECONDS" "$(wc -l <"$out/raw.jsonl")" \
				"$total" "${label#bench }"
			;;
		?*) echo "$label${row:+ $row}" >&2 ;;
		esac
	done
}

# machine NUMBER WORD...
machine() {
	local way=(--icount)

	[ "$2" != parallel ] || way=(--cpus 2)
	"$top/tools/vm/run.sh" "${way[@]}" --mem 1024 --timeout 7200 --log "$out/console-$1.log" \
		--module "$top/build/stock/rdm.ko" --load rdm \
		--program tipc --add "$top/build/tools/rdmperf" --add "$top/build/tools/groupperf" \
		--add "$here/guest.sh" --add "$here/groupnet.sh" \
		-- /rdm/guest.sh --congestion "$congs" "${@:2}" | progress
}

# Each machine is a process group, so that all of it can be stopped
set -m
status=0
pids=()
lists=()
for half in "${machines[@]}"; do
	mine=()
	for part in $half; do
		case $parts in *" $part "*) mine+=("$part") ;; esac
	done
	[ ${#mine[@]} -gt 0 ] || continue
	lists+=("${mine[*]} ${protos[*]-}")
done
for words in "${lists[@]}"; do
	# shellcheck disable=SC2086 # words
	"$here/guest.sh" --list --congestion "$congs" $words
done >"$out/expected"
total=$(wc -l <"$out/expected")
# shellcheck disable=SC2317 # called by trap
stop() {
	trap - EXIT
	for pid in ${pids[@]+"${pids[@]}"}; do
		kill -- "-$pid" 2>/dev/null || true
	done
}
trap stop EXIT
trap 'stop; exit 130' INT TERM
finish() {
	for pid in ${pids[@]+"${pids[@]}"}; do
		wait "$pid" || status=1
	done
	pids=()
}
for i in "${!lists[@]}"; do
	# In real time: alone
	[ "${lists[i]%% *}" != parallel ] || finish
	# shellcheck disable=SC2086 # words
	machine "$i" ${lists[i]} &
	pids+=($!)
done
finish
"$here/report.py" "$out" || status=1
exit "$status"
