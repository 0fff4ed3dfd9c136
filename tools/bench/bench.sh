#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Measures rdm beside other protocols where nothing disturbs: in the virtual machine, one
# CPU, instructions counted as time (one is 1 ns). `make bench` calls it; what there is to
# measure stands in guest.sh.
#
#   tools/bench/bench.sh [PART]... [PROTO]...     everything without a PART
#
# Two machines share the work, one for each of two processors. What they say goes to
# build/bench/, where report.py makes results.json of it, and a table with the goals.

set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
here=$top/tools/bench
out=$top/build/bench

# Halves that take about the same time
machines=("rr stream loss1 idle" "batch again loss5 peers fair")

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
"$here/guest.sh" --list $parts ${protos[@]+"${protos[@]}"} >/dev/null
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

machine() {
	"$top/tools/vm/run.sh" --icount --mem 1024 --timeout 3000 --log "$out/console-$1.log" \
		--module "$top/build/stock/rdm.ko" --load rdm \
		--program tipc --add "$top/build/tools/rdmperf" --add "$here/guest.sh" \
		-- /rdm/guest.sh "${@:2}" | progress
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
	"$here/guest.sh" --list $words
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
for i in "${!lists[@]}"; do
	# shellcheck disable=SC2086 # words
	machine "$i" ${lists[i]} &
	pids+=($!)
done
for pid in "${pids[@]}"; do
	wait "$pid" || status=1
done
pids=()
"$here/report.py" "$out" || status=1
exit "$status"
