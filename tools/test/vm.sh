#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Lanes vm, debug, 6.12 and newest: the selftests in a virtual machine.
#
#   tools/test/vm.sh stock    lane vm: Debian's kernel
#   tools/test/vm.sh debug    lane debug: KASAN, UBSAN, lockdep, PROVE_RCU, kmemleak
#   tools/test/vm.sh 6.12     lane 6.12: the kernel of Debian 12's backports
#   tools/test/vm.sh newest   lane newest: the kernel of Debian 13's backports
#
# /rdm/selftests in the machine holds the scripts of selftests/ and the programs of
# build/selftests/; its run.sh prints "ok - NAME" or "not ok - NAME" for each test
# and at the end "selftests: P passed, F failed". The tools are in /bin.
# TESTS='NAME...' is passed on to run.sh as arguments, to run only some.

set -euo pipefail

# shellcheck source=tools/test/lib.sh
. "$(dirname "$0")/lib.sh"

case ${1-} in
stock) kernel=stock; lane vm; limit=1500; append= ;;
# failslab may be told to let nothing fail but what is of this size (memfail_1k())
debug) kernel=debug; lane debug; limit=3000; append=slub_debug=A,kmalloc-1k ;;
6.12 | newest) kernel=$1; lane "$1"; limit=1500; append= ;;
*) echo "usage: vm.sh stock|debug|6.12|newest" >&2; exit 2 ;;
esac

build() {
	echo "vm: build $*"
	if ! "$@" >"$out/build.log" 2>&1; then
		tail -n 30 "$out/build.log"
		fails "$lane_name: $* builds"
		lane_end
	fi
}
[ -e "$top/build/kernels/$kernel/.complete" ] || "$top/tools/vm/kernel.sh" "$kernel"
build "$top/tools/vm/module.sh" "$kernel"
build make -C "$top/tools"
build make -C "$top/selftests"

adds=()
for file in "$top"/selftests/*; do
	case $file in
	*.c | *.h | */Makefile) ;;
	*) adds+=(--add "$file:/rdm/selftests/${file##*/}") ;;
	esac
done
for file in "$top"/build/selftests/*; do
	[ -f "$file" ] && [ -x "$file" ] && adds+=(--add "$file:/rdm/selftests/${file##*/}")
done
for file in "$top"/build/tools/*; do
	[ -f "$file" ] && [ -x "$file" ] && adds+=(--add "$file:/bin/${file##*/}")
done

# Programs that no one here wrote, for selftests/programs.sh and cpython.sh
for program in stress-ng sockperf iperf3 socat; do
	adds+=(--program "$program")
done
adds+=(--python-module test.test_socket)

# What the kernel may say all the same, at level warning or above: that memory failed, which
# failslab sees to; that UDP-Lite will go; and how slow the machine is
fine='socket: no more sockets|memory allocation failure, unreliable refcount tracker'
fine+='|UDPLite6?: UDP-Lite is deprecated|hrtimer: interrupt took|sched: RT throttling|clocksource: '
fine+='|workqueue: .* hogged CPU'

console=$out/console.log
code=0
# shellcheck disable=SC2086 # TESTS is a list
"$top/tools/vm/run.sh" --kernel "$kernel" --timeout "${VM_TIMEOUT:-$limit}" --log "$console" \
	--append "$append" --rdm --python --leaks "${adds[@]}" -- \
	sh /rdm/selftests/run.sh ${TESTS-} || code=$?

tr -d '\r' <"$console" >"$out/output"
tally "$out/output"
# The runner's own sum must be there and agree, or some of it was lost
leaks=$(grep -cE '^(not )?ok - (module rdm unloads|no memory is leaked)' "$out/output") || true
if ! grep -q "^selftests: [0-9]* passed, [0-9]* failed" "$out/output"; then
	fails "$lane_name: the selftests run to their end"
else
	sum=$(sed -n 's/^selftests: \([0-9]*\) passed, \([0-9]*\) failed.*/\1 + \2/p' "$out/output" |
		tail -n 1)
	if [ $((sum + leaks)) != $((passed + failed)) ]; then
		fails "$lane_name: the runner counts $((sum)) tests, its output has" \
			"$((passed + failed - leaks))"
	fi
fi
# The console has no more than what is of that level (run.sh)
warnings=$(sed -n '/^rdm-vm-[0-9-]*: start$/,/^rdm-vm-[0-9-]*: exit [0-9]*$/p' "$out/output" |
	grep -aE '^# [^ ]+ took|\[ *[0-9]+\.[0-9]{6}\]' | grep -avE "\] ($fine)" |
	awk '# all of the kernel may speak of memory that failslab lets fail
		/^# fail(slab|group) took/ { n = kept }
		/^# / { kept = n; next }
		{ line[n++] = $0 }
		END { for (i = 0; i < n; i++) print line[i] }') || true
if [ -z "$warnings" ]; then
	passes "$lane_name: the kernel warns of nothing"
else
	fails "$lane_name: the kernel warns of nothing"
	head -n 20 <<<"$warnings" | sed 's/^/    /'
fi
if [ "$code" = 0 ]; then
	passes "$lane_name: the kernel has no complaint"
elif [ "$failed" = 0 ] || [ "$code" -ge 124 ]; then
	fails "$lane_name: the machine ends well (exit code $code; console: $console)"
fi
lane_end
