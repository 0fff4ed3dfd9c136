#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Builds the module for one of the virtual machine's kernels, in build/NAME/:
#
#   tools/vm/module.sh stock             build/stock/rdm.ko
#   tools/vm/module.sh debug --kunit     build/debug-kunit/rdm_test.ko instead
#
# The sources are linked into build/NAME/src and compiled there, so that builds for
# several kernels and the one at the top never touch each other's objects.
# Arguments after the name and --kunit go to make (W=1 C=1 ...); OUT=DIR builds in
# another directory than build/NAME. `make` at the top builds for the running kernel.

set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)

die() { echo "module: error: $*" >&2; exit 1; }

case ${1-} in
stock | debug | 6.12 | newest) kernel=$1 ;;
*) die "usage: module.sh stock|debug|6.12|newest [--kunit] [MAKE-ARGUMENT]..." ;;
esac
shift
kunit='' module=rdm out=$top/build/$kernel
if [ "${1-}" = --kunit ]; then
	kunit=1 module=rdm_test out=$top/build/$kernel-kunit
	shift
fi
out=${OUT:-$out}
[ -e "$top/build/kernels/$kernel/.complete" ] || "$top/tools/vm/kernel.sh" "$kernel"
kdir=$(readlink -f "$top/build/kernels/$kernel/kdir")

mkdir -p "$out/src"
exec 9>"$out/.lock"
flock 9

# Links to sources that are gone, and links that are new
find "$out/src" -xtype l -delete
cd "$top"
find Kbuild net include compat-include -name '*.[ch]' -o -name Kbuild 2>/dev/null |
	while read -r file; do
		[ -L "$out/src/$file" ] && continue
		mkdir -p "$out/src/$(dirname "$file")"
		ln -sf "$top/$file" "$out/src/$file"
	done

if ! make -C "$kdir" M="$out/src" ${kunit:+RDM_KUNIT=1} -j"$(nproc)" "$@" modules \
	>"$out/module.log" 2>&1; then
	grep -E 'error|warning|undefined|\*\*\*' -A 3 "$out/module.log" >&2 ||
		tail -n 20 "$out/module.log" >&2
	die "the build for $kernel failed; the whole log is $out/module.log"
fi
cp "$out/src/$module.ko" "$out/"
