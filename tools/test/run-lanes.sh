#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Runs test lanes one after the other and sums them up; `make test` calls it.
#
#   tools/test/run-lanes.sh LANE...
#
# Each lane writes to build/test/LANE.log. Failed checks are shown as they happen and, with
# the lines that explain them, once more in the end; everything with V=1; a sign of life
# every 30 seconds. Each lane must end with
# "lane NAME: P passed, F failed"; one that does not counts as a failure. The debug
# kernel, when a lane needs it, is built meanwhile in the background.
# The last line is "P passed, F failed"; exits non-zero when anything failed.

set -uo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top" || exit 1
logs=$top/build/test
mkdir -p "$logs"
passed=0 failed=0
background=''

# shellcheck disable=SC2317 # called by trap
cleanup() {
	trap - EXIT
	[ -z "$background" ] || kill -- "-$background" 2>/dev/null
	[ -z "${lane_pid-}" ] || kill -- "-$lane_pid" 2>/dev/null
}
trap cleanup EXIT
trap 'cleanup; exit 130' INT
trap 'cleanup; exit 143' TERM HUP

# Of a lane's log the checks that failed, with the lines that explain them: a selftest prints
# them before ("# ..."), a lane's own check behind, further in. Where there are many, the last.
failures() {
	tr -d '\r' <"$1" | awk '
		/^# / { why[++n] = $0; next }
		/^not ok/ {
			print
			for (i = n > 40 ? n - 39 : 1; i <= n; i++)
				print "    " why[i]
			n = 0; on = 1; next
		}
		/^    / && on { print; next }
		{ n = 0; on = 0 }' | tail -n 300
}

explained=$logs/failures
: >"$explained"

[ $# -gt 0 ] || { echo "usage: run-lanes.sh LANE..." >&2; exit 2; }

# All packages first, so that no lane is interrupted by apt
if ! tools/test/deps.sh all; then
	echo "0 passed, 1 failed"
	exit 1
fi

case " $* " in
*" kunit "* | *" debug "*)
	# A session of its own, so that all of it can be stopped. It must not slow the lanes down:
	# where the scheduler groups sessions, nice counts within one only (sched(7), autogroup).
	setsid sh -c 'echo 19 >/proc/self/autogroup
		exec nice -n 19 tools/vm/kernel.sh debug' >"$logs/kernel.log" 2>&1 </dev/null &
	background=$!
	;;
esac

for lane; do
	log=$logs/$lane.log
	start=$SECONDS
	shown=0
	echo "== lane $lane"
	: >"$log"
	setsid make "test-$lane" >"$log" 2>&1 </dev/null &
	lane_pid=$!
	while running=$(kill -0 "$lane_pid" 2>/dev/null && echo y); true; do
		# Lines that came since the last look
		lines=$(wc -l <"$log")
		if [ "$lines" -gt "$shown" ]; then
			sed -n "$((shown + 1)),${lines}p" "$log" |
				if [ -n "${V-}" ]; then
					cat
				else
					grep -aE '^(not ok|# again, alone)'
				fi
			shown=$lines
		fi
		[ -n "$running" ] || break
		if (( (SECONDS - start) % 30 == 29 )); then
			echo "   $lane: $((SECONDS - start)) s," \
				"$(grep -ac '^ok ' "$log") ok;" \
				"$(grep -a . "$log" | tail -n 1 | cut -c 1-70)"
		fi
		sleep 1
	done
	wait "$lane_pid"
	code=$?
	lane_pid=''
	read -r p f < <(sed -n "s/^lane $lane: \([0-9]*\) passed, \([0-9]*\) failed\$/\1 \2/p" \
		"$log" | tail -n 1) || { p=''; f=''; }
	if [ -z "$p" ]; then
		echo "not ok - lane $lane ended without a result (exit code $code)"
		p=0 f=1
	elif [ "$code" != 0 ] && [ "$f" = 0 ]; then
		echo "not ok - lane $lane counts no failure, but its exit code is $code"
		f=1
	fi
	if [ "$f" != 0 ] && [ -z "${V-}" ]; then
		echo "   the end of $log:"
		tail -n 20 "$log" | sed 's/^/   | /'
	fi
	echo "lane $lane: $p passed, $f failed ($((SECONDS - start)) s)"
	passed=$((passed + p))
	failed=$((failed + f))
	failures "$log" >>"$explained"
done

if [ -n "$background" ]; then
	# Unless it ended so long ago that the shell has forgotten it
	wait "$background" 2>/dev/null || true
	background=''
fi
if [ -s "$explained" ]; then
	echo "== what failed"
	cat "$explained"
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
