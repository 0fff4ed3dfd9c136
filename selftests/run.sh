#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Runs the selftests, in the machine of tools/vm:
#
#   run.sh [NAME]...      all, or some: api u1_loss ...
#
# Prints "ok - NAME" or "not ok - NAME" for each test and in the end
# "selftests: P passed, F failed"; exits non-zero when F > 0. A program that hangs is
# ended and counts as a failure, and the others still run. Messages are fewer where the
# machine is slow: RDM_TEST_SCALE=N divides their number; 5 in the debug kernel. A test of a
# program that failed beside seven others, which may be for want of time, is run again alone
# in the end, and that counts. More than two that fail are not, or four in the debug kernel.

here=$(cd "$(dirname "$0")" && pwd)
results=$(mktemp /tmp/rdm-results.XXXXXX)

programs="api option msg flow thread close fail fault packet outcome cmsg info way port accept"
programs32="api32 option32 msg32 cmsg32 info32 groupjoin32"
labs="forge icmp mtu restart addr ecn"
labs2="replay modes isolate peers"
groups="group group6"
groups2="groupmode groupmode6 groupjoin grouplong grouplong6 groupmem groupmem6"
scripts="u1_loss u2_duplicates u3_order u5_mtu gso_fallback u11_exit readme cpython programs"
alone="m1_load"

if [ -z "${RDM_TEST_SCALE-}" ]; then
	RDM_TEST_SCALE=1
	case $(uname -r) in *debug*) RDM_TEST_SCALE=5 ;; esac
fi
# What makes memory fail, for everybody, needs a kernel that was built for it. That kernel is
# slow: of the 32-bit programs it runs those that bring structures over the boundary, and
# groups with one family; long broadcasts are failgroup's there, for those of grouplong keep both
# CPUs busy for minutes.
case $(uname -r) in
*debug*)
	alone="failslab failgroup $alone"
	programs32="cmsg32 info32 groupjoin32"
	groups="group6"
	groups2="groupmode6"
	;;
esac
export RDM_TEST_SCALE
# All that the kernel would load when it is first used: busybox's modprobe takes a module that
# another one is still loading for loaded, and what needs it fails.
modprobe -a sch_netem veth sch_ingress cls_u32 cls_matchall act_gact bridge 2>/dev/null
# The kernel patches its receive path when the first socket wants stamps, and when the last one is
# closed (qemu and that: tools/vm/init). 7.x dies where older ones try once more, so there is always
# one. Whether rdm asks for stamps itself shows on the others.
case $(uname -r) in
[7-9].*) setsid -f python3 -c 'import signal, socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, 29, 1)
signal.pause()' </dev/null >/dev/null 2>&1 ;;
esac
modules() {
	cut -d ' ' -f 1 /proc/modules 2>/dev/null | sort
}
modules >/tmp/modules.before

# Ends what a test left running: its session
clean_up() {
	for stat in /proc/[0-9]*/stat; do
		# The name, in parentheses, may hold anything
		if [ "$(sed 's/.*) //' "$stat" 2>/dev/null | cut -d' ' -f4)" = "$1" ]; then
			pid=${stat#/proc/}
			kill -9 "${pid%/stat}" 2>/dev/null
		fi
	done
}

# TAP of kselftest_harness.h: "ok N NAME", "not ok N NAME", "ok N # SKIP WHY". Nothing is
# skipped here: a test that is counts as failed.
judge_tap() {
	awk -v program="$1" '
		/^1\.\.[0-9]+/ { plan = substr($1, 4) + 0; next }
		/^(not )?ok [0-9]+ / {
			good = $1 == "ok"
			name = $0; sub(/^(not )?ok [0-9]+ /, "", name)
			if (name ~ /^# SKIP/) good = 0
			print (good ? "ok" : "not ok") " - " program ": " name
			ran++
			next
		}
		# Of the other lines those that explain a failure
		/^# / && !/^# ( RUN |  *OK |  *FAIL |Starting|PASSED|FAILED|Totals)/ { print }
		!/^(#|TAP version)/ { print "# " $0 }
		END {
			if (!plan || ran != plan)
				print "not ok - " program ": all " plan + 0 " tests run (" ran + 0 " did)"
		}' "$output"
}

run_one() {
	name=$1 limit=$2
	output=/tmp/rdm-output.$name
	shift 2
	begin=$(date +%s)
	setsid "$@" >"$output" 2>&1 </dev/null &
	pid=$!
	ticks=0
	while kill -0 $pid 2>/dev/null; do
		if [ $ticks -ge $((limit * 10)) ]; then
			kill -9 $pid
			break
		fi
		ticks=$((ticks + 1))
		sleep 0.1
	done
	wait $pid
	code=$?
	if grep -q '^TAP version' "$output"; then
		judge_tap "$name" >"$output.judged"
	else
		cp "$output" "$output.judged"
		grep -qE '^(not )?ok - ' "$output" || echo "not ok - $name: has results" >>"$output.judged"
		if [ $code != 0 ] && ! grep -q '^not ok - ' "$output.judged"; then
			echo "not ok - $name: ends well (exit status $code)" >>"$output.judged"
		fi
	fi
	[ $ticks -lt $((limit * 10)) ] ||
		echo "not ok - $name: ends within $limit s" >>"$output.judged"
	if [ -n "$late_verdict" ]; then
		# FIXTURE.VARIANT.TEST
		sed -n "s/^not ok - $name: \\([a-z0-9_.]*\\)\$/$name \\1/p" "$output.judged" >>"$results.again"
		sed -i "s/^not ok - $name: \\([a-z0-9_.]*\\)\$/# failed, to be run again: $name: \\1/" \
			"$output.judged"
	fi
	echo "# $name took $(($(date +%s) - begin)) s" >>"$output.judged"
	# One at a time, so that lines stay whole
	until mkdir "$results.lock" 2>/dev/null; do
		sleep 0.05
	done
	cat "$output.judged"
	grep -E '^(not )?ok - ' "$output.judged" >>"$results"
	rmdir "$results.lock"
	clean_up $pid
	case $name in
	*_*)
		# Of a script that was ended
		ip netns list | while read -r ns _; do
			ip netns del "$ns"
		done
		;;
	esac
	rm -f "$output" "$output.judged"
}

# What is left to be run again
run_again() {
	[ -s "$results.again" ] || return
	late_verdict=''
	if [ "$(wc -l <"$results.again")" -gt "$may_fail" ]; then
		sed 's/ /: /; s/^/not ok - /' "$results.again" | tee -a "$results"
		return
	fi
	while read -r program test; do
		echo "# again, alone: $program: $test"
		run_one "$program" 900 "$here/$program" "$test"
	done <"$results.again"
}

run_all() {
	for name; do
		limit=$((180 + 180 * RDM_TEST_SCALE))
		# Members wait out silences of others, and longer where the machine is slow
		case $name in group*) limit=$((2 * limit)) ;; esac
		if [ -e "$here/$name.sh" ]; then
			run_one "$name" $limit sh "$here/$name.sh"
		elif [ -x "$here/$name" ]; then
			run_one "$name" $limit "$here/$name"
		else
			echo "not ok - $name: there is such a test" | tee -a "$results"
		fi
	done
}

late_verdict=1
may_fail=2
[ "$RDM_TEST_SCALE" = 1 ] || may_fail=4
: >"$results.again"
if [ $# != 0 ]; then
	run_all "$@"
else
	# The programs mostly wait, each test in a namespace of its own, so the scripts can run
	# meanwhile. What unloads the module must be alone.
	# shellcheck disable=SC2086 # lists of words
	run_all $programs $programs32 &
	# shellcheck disable=SC2086
	run_all $labs &
	# shellcheck disable=SC2086
	run_all $labs2 &
	# shellcheck disable=SC2086
	run_all $groups2 &
	for program in $groups; do
		run_all "$program" &
	done
	# shellcheck disable=SC2086
	run_all $scripts
	wait
	# sctp only one program asks for
	late=$(modules | grep -vxFf /tmp/modules.before | grep -vxE 'sctp|libcrc32c' | tr '\n' ' ')
	if [ -z "$late" ]; then
		echo "ok - every module was there before the tests began"
	else
		echo "not ok - every module was there before the tests began (not $late)"
	fi | tee -a "$results"
	# shellcheck disable=SC2086
	run_all $alone
fi
run_again

# Every line of the conformance list (Documentation/testing.md) has tests that ran, for IPv4
# and for IPv6. Of M1, M3 and M4 too: they concern the sockets of both.
covered() {
	grep -iE "^(not )?ok - (.*[ .:_])?$1[ _:]" "$results" | grep -qi "$2"
}
if [ $# = 0 ]; then
	ids="U1 U2 U3 U5 U6 U7 U8 U9 U10 U11 U12 U13 M1 M4"
	ids="$ids G1 G2 G3 G4 G5 G6 G7 G8 G9 G10 G11 G12 G13"
	case $alone in *failslab*) ids="$ids M3" ;; esac
	for id in $ids; do
		for family in ipv4 ipv6; do
			case $id,$family,$groups in
			G*,ipv4,group6) continue ;;
			esac
			if covered "$id" $family; then
				echo "ok - covered: $id has tests for $family"
			else
				echo "not ok - covered: $id has tests for $family"
			fi
		done
	done >"$results.covered"
	cat "$results.covered"
	cat "$results.covered" >>"$results"
	rm -f "$results.covered"
fi

[ -s "$results" ] || echo "not ok - something ran" | tee -a "$results"
passed=$(grep -c '^ok - ' "$results")
failed=$(grep -c '^not ok - ' "$results")
rm -f "$results" "$results.again"
echo "selftests: $passed passed, $failed failed"
[ "$failed" = 0 ]
