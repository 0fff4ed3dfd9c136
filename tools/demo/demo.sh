#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# make demo: shows what rdm does on a bad network. Builds what it needs, boots a virtual
# machine (nothing on this machine is changed), and runs demo-guest.sh in it. VM_KERNEL=NAME
# takes another kernel than stock; see tools/vm/kernel.sh.
#
# Exit status 0 only if rdm kept its promise in front of the reader's eyes and the
# network was really bad; the last line says which.

set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
build=$top/build
kernel=${VM_KERNEL:-stock}

step() { echo; echo "== $*"; }

step "Packages, kernel, module and tools (the first time takes longer: downloads)"
"$top/tools/test/deps.sh" vm
"$top/tools/vm/kernel.sh" "$kernel"
make -C "$top/tools" --no-print-directory

step "A virtual machine with Debian's kernel ($(cat "$build/kernels/$kernel/release")) and the rdm module"
log=$(mktemp "${TMPDIR:-/tmp}/rdm-demo.XXXXXX")
trap 'rm -f "$log"' EXIT
begin=$SECONDS
status=0
"$top/tools/vm/run.sh" --kernel "$kernel" --rdm --timeout 600 \
	--add "$build/tools/rdmdemo" --add "$build/tools/rdmcat" \
	--add "$build/tools/rdmchat" --add "$here/demo-group.sh" \
	--add "$here/demo-guest.sh" -- /rdm/demo-guest.sh </dev/null |
	tee "$log" || status=$?

# The reader's eyes, once more: the lines themselves, as they came out of the machine
want() {
	if ! grep -Eq "^demo: $1\$" <(tr -d '\r' <"$log"); then
		echo "FAILED: no line \"demo: $1\"" >&2
		status=1
	fi
}
n='[0-9]+'
want "udp sent=5000 delivered=$n lost=[1-9][0-9]* duplicated=[1-9][0-9]* reordered=$n corrupted=$n"
want "rdm-rdm sent=5000 delivered=5000 lost=0 duplicated=0 reordered=$n corrupted=0"
want "rdm-seqpacket sent=5000 delivered=5000 lost=0 duplicated=0 reordered=0 corrupted=0"
want "broadcast members=5 crashed=1 broadcasts=40 delivered_by_all=40 disagreements=0 duplicated=0"

echo
if [ "$status" = 0 ]; then
	echo "demo: ok, $((SECONDS - begin)) s in the virtual machine"
else
	echo "demo: FAILED (status $status)"
fi
exit "$status"
