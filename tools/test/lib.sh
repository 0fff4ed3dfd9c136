# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What the lanes share: counting and naming checks. Sourced, not run.
#
#   lane NAME           begins: sets top, out (the lane's directory), counters
#   check NAME CMD...   one check: passes when CMD does; its output is shown if not
#   tally FILE          counts the lines "ok - NAME" and "not ok - NAME" of a run
#   lane_end            prints "lane NAME: P passed, F failed" and exits

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

lane() {
	lane_name=$1
	passed=0
	failed=0
	out=$top/build/test/$lane_name
	rm -rf "$out"
	mkdir -p "$out"
}

passes() {
	passed=$((passed + 1))
	echo "ok - $*"
}

fails() {
	failed=$((failed + 1))
	echo "not ok - $*"
}

check() {
	local name=$1

	shift
	if ("$@") >"$out/check.log" 2>&1 </dev/null; then
		passes "$name"
	else
		fails "$name"
		head -n "${CHECK_LINES:-60}" "$out/check.log" | sed 's/^/    /'
	fi
}

tally() {
	local good bad

	good=$(grep -c '^ok - ' "$1") || true
	bad=$(grep -c '^not ok - ' "$1") || true
	passed=$((passed + good))
	failed=$((failed + bad))
}

lane_end() {
	# A lane in which nothing ran has not shown anything
	if [ $((passed + failed)) = 0 ]; then
		fails "$lane_name: something ran"
	fi
	echo "lane $lane_name: $passed passed, $failed failed"
	[ "$failed" = 0 ]
	exit
}
