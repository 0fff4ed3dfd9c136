#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Makes sure that the Debian packages for a part of the project are there:
#
#   tools/test/deps.sh build|headers|vm|selftests|style|unit|fuzz|sim|kunit|debug|bench|all
#
# Names what is missing; installs it when run by root, otherwise prints the line to
# run and stops. The kernels of the virtual machine are not installed: kernel.sh
# unpacks them under build/.

set -eu

build="make gcc libc6-dev kmod"
vm="$build gcc-multilib qemu-system-x86 busybox-static dash iproute2 cpio python3 perl xz-utils"
# What selftests/programs.sh and cpython.sh run
programs="libpython3.11-testsuite stress-ng sockperf iperf3 socat"
# linux-source-6.1 itself is fetched by kernel.sh
kernel="$vm bc bison flex libelf-dev libssl-dev"
style="$kernel g++ sparse shellcheck man-db"
unit="$build g++ python3"
bench="$vm gnuplot-nox"
fuzz="$build clang libclang-rt-14-dev"

case ${1-} in
build) wanted=$build ;;
headers) wanted="linux-headers-$(uname -r)" ;;
vm) wanted=$vm ;;
selftests) wanted="$vm $programs" ;;
kunit) wanted=$kernel ;;
debug) wanted="$kernel $programs" ;;
style) wanted=$style ;;
unit | sim) wanted=$unit ;;
fuzz) wanted=$fuzz ;;
bench) wanted=$bench ;;
all) wanted="$style $unit $fuzz $bench $programs" ;;
*)
	echo "usage: deps.sh build|headers|vm|selftests|style|unit|fuzz|sim|kunit|debug|bench|all" >&2
	exit 2
	;;
esac

missing=
for package in $wanted; do
	case "$missing " in
	*" $package "*) continue ;;
	esac
	status=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) || status=
	case $status in
	*" installed") ;;
	*) missing="$missing $package" ;;
	esac
done
[ -n "$missing" ] || exit 0

echo "deps: missing:$missing" >&2
if ! command -v apt-get >/dev/null; then
	echo "deps: this is not Debian; install what these packages hold by hand" >&2
	exit 1
fi
if [ "$(id -u)" != 0 ]; then
	echo "deps: run as root: apt-get install --no-install-recommends$missing" >&2
	exit 1
fi

export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # a list of words
apt-cache show $missing >/dev/null 2>&1 || apt-get update -q >&2
# shellcheck disable=SC2086
if ! apt-get install -q -y --no-install-recommends $missing </dev/null >&2; then
	echo "deps: cannot install$missing" >&2
	if [ "$1" = headers ]; then
		echo "deps: no headers for the running kernel $(uname -r);" \
			"name another kernel's build directory: make KDIR=DIR" >&2
	fi
	exit 1
fi
