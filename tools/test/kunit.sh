#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Lane kunit: every net/rdm/*_test.c as a kernel module, in the debug kernel. Each
# case, or each parameter of a case that has some, is one check. A skipped case
# counts as failed: there is nothing here that a machine could lack.
#
#   tools/test/kunit.sh [DIR-WITH-rdm_test.ko]     default: build it

set -euo pipefail

# shellcheck source=tools/test/lib.sh
. "$(dirname "$0")/lib.sh"
lane kunit

dir=${1-}
if [ -z "$dir" ]; then
	dir=$top/build/debug-kunit
	if ! "$top/tools/vm/module.sh" debug --kunit W=1; then
		fails "kunit: rdm_test.ko builds"
		lane_end
	fi
	if grep -E '/src/net/[^ ]*: warning:' "$dir/module.log"; then
		fails "kunit: no compiler warning (W=1)"
	else
		passes "kunit: no compiler warning (W=1)"
	fi
fi

console=$out/console.log
code=0
# shellcheck disable=SC2016 # for the shell in there
# The results are kernel messages: dmesg -n 7 lets them through to the console. Loading
# the module runs the tests.
"$top/tools/vm/run.sh" --kernel debug --timeout "${KUNIT_TIMEOUT:-900}" --log "$console" \
	--module "$dir/rdm_test.ko" --quiet -- \
	sh -c 'dmesg -n 7; modprobe kunit enable=1 && modprobe rdm_test; s=$?; dmesg -n 5; exit $s' ||
	code=$?

# KTAP nests: suite, case and parameter are indented by 0, 4 and 8. A line is a leaf
# when no deeper result came since the last one of its depth or less.
tr -d '\r' <"$console" | sed -n 's/^\[ *[0-9.]*\] //p' >"$out/ktap"
awk '
	function leaf(name, result) {
		sub(/^(not )?ok [0-9]+ (- )?/, "", name)
		print (result ? "ok" : "not ok") " - kunit: " suite ": " name
	}
	# The message log prefixes lines with the module name where pr_fmt says so
	{ sub(/^kunit: /, "") }
	/# Subtest: / && match($0, /^ */) {
		n = $0; sub(/.*# Subtest: /, "", n)
		if (RLENGTH <= 4) suite = n; else test_case = n
		next
	}
	/^ *(not )?ok [0-9]+ / {
		match($0, /^ */); depth = RLENGTH
		name = substr($0, depth + 1)
		result = name !~ /^not / && name !~ /# SKIP/
		if (depth >= 8) {
			deep = 1
			gsub(/^(not )?ok [0-9]+ (- )?/, "", name)
			print (result ? "ok" : "not ok") " - kunit: " suite ": " test_case ": " name
			if (!result) deep_bad = 1
		} else if (depth == 4) {
			# A case whose parameters all passed can still fail by itself
			if (!deep || (!result && !deep_bad)) leaf(name, result)
			deep = deep_bad = 0
		} else {
			if (!result && !suites_bad) print "# suite " suite " failed"
		}
	}
' "$out/ktap" >"$out/results"
cat "$out/results"
tally "$out/results"
grep -aE '# .*(EXPECTATION|ASSERTION) FAILED|    (Expected|but)|^ +.* == ' "$out/ktap" || true

if [ "$code" != 0 ]; then
	fails "kunit: the machine ends well (exit code $code; console: $console)"
else
	passes "kunit: the machine ends well"
fi
# A suite that began must have ended, and at least one must have begun
begun=$(grep -cE '^ {0,4}(kunit: )?# Subtest: ' "$out/ktap") || true
ended=$(grep -cE '^(kunit: )?(not )?ok [0-9]+ ' "$out/ktap") || true
if [ "$begun" = 0 ] || [ "$begun" != "$ended" ]; then
	fails "kunit: every suite ends ($begun began, $ended ended)"
fi
lane_end
