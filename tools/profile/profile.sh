#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Where the instructions go: runs a test of rdmperf in the virtual machine and lists how
# many instructions each function takes for one message (for one round trip: both ways
# and both ends together). A plugin of qemu counts every instruction; nothing is sampled.
# Boot, start and end do not count: the test runs with N and with 3 N messages, and the
# difference is shown.
#
#   tools/profile/profile.sh [OPTION]... RDMPERF-ARGUMENT...
#
#   -n N           messages (default 5000)
#   --members N    groupperf (tools/bench) in a group of N instead of rdmperf; for a broadcast
#   --top N        functions to list (default 60; 0: all)
#   --blocks NAME  list the blocks of this function: offset, instructions; repeatable
#   --inlined      list rdm's functions as they stand in the source, too: in the module most are
#                  inlined into few
#   --callers NAME list from where this function is called (slower); it must have been in the
#                  kernel or in the same build of the module in the run before
#   --gso 0        without super-packets (net.rdm.gso)
#   --save FILE    keep the figures of all functions
#   --diff FILE    compare with figures that were kept; the largest changes first
#
#   tools/profile/profile.sh -P rdm-rdm rr
#   tools/profile/profile.sh --save before -P rdm-seqpacket -l 64 -b 32 stream
#   tools/profile/profile.sh --top 30 -P tcp -l 64 stream
#   tools/profile/profile.sh -n 20000 -P rdm-rdm -l 1200 -N 10000 -w 10000 stream
#   tools/profile/profile.sh --members 4 -P rdm-group -l 1200 stream
#
# Functions of the module are marked [rdm]; what is inlined counts for its caller, but with
# --inlined.

set -euo pipefail

usage() { sed -n '4,/^$/s/^# \{0,1\}//p' "$0"; }
die() { echo "profile: $*" >&2; exit 2; }

count=5000 gso=1 callers='' members=0 report=()
while [ $# -gt 0 ]; do
	case $1 in
	-n) count=${2?}; shift ;;
	--gso) gso=${2?}; shift ;;
	--members) members=${2?}; shift ;;
	--inlined) report+=(--inlined "$(dirname "$0")/../../build/stock/src/rdm.ko") ;;
	--callers) callers=${2?}; report+=("$1" "$2"); shift ;;
	--top | --blocks | --save | --diff) report+=("$1" "${2?}"); shift ;;
	-h | --help) usage; exit 0 ;;
	*) break ;;
	esac
	shift
done
[ $# -gt 0 ] || die "which test? see --help"

top=$(cd "$(dirname "$0")/../.." && pwd)
here=$top/tools/profile
out=$top/build/profile
mkdir -p "$out"
make -s -C "$top/tools"
cc -O2 -Wall -Wextra -Werror -fPIC -shared -o "$out/count.so" "$here/count.c"
cc -O2 -Wall -Wextra -Werror -static -o "$out/mark" "$here/mark.c"
if [ -n "$callers" ]; then
	[ -s "$out/symbols" ] || die "--callers wants a run without it before"
	callers=,callers=$("$here/report.py" --where "$callers" "$out/symbols")
fi

"$top/tools/vm/run.sh" --icount --rdm --mem 1024 --timeout 900 --append nokaslr --quiet --log "$out/log" \
	--plugin "$out/count.so,out=$out/counts$callers" \
	--add "$top/build/tools/rdmperf" --add "$top/build/tools/groupperf" --add "$out/mark" \
	--add "$top/tools/bench/groupnet.sh" --add "$here/guest.sh" \
	-- /rdm/guest.sh "$count" "$gso" "$members" "$@" || { tail -n 20 "$out/log"; exit 1; }
tr -d '\r' <"$out/log" >"$out/text"
sed -n '/^{/p; /^rdmperf/p; /^groupperf/p; /^[a-z-]* \(rr\|stream\):/p; /^  us: /p' "$out/text"
sed '1,/^symbols/d; /: exit [0-9]*$/,$d' "$out/text" | base64 -di | gzip -dc >"$out/symbols"
"$here/report.py" --messages $((2 * count)) ${report[@]+"${report[@]}"} "$out/counts" "$out/symbols"
