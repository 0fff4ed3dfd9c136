#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Gets the kernels that the virtual machine boots, under build/kernels/:
#
#   tools/vm/kernel.sh stock    Debian bookworm's cloud kernel, as packaged
#   tools/vm/kernel.sh debug    a kernel with every checker on, built from
#                               Debian's linux-source-6.1 (14 minutes, 2 cores)
#   tools/vm/kernel.sh source   only the unpacked source, for checkpatch
#
# Nothing is installed: packages are downloaded and unpacked. Afterwards
# build/kernels/NAME holds for NAME stock and debug
#
#   vmlinuz     the image          kdir      what M= builds need (KDIR=)
#   release     its `uname -r`     modules   lib/modules/RELEASE, with modules.dep
#
# and build/kernels/source is the source tree. A second call is a no-op, unless
# Debian's version or debug.config changed. Parallel calls wait for each other.
# It does not boot anything: that is run.sh.

set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
kernels=$top/build/kernels
config=$top/tools/vm/debug.config

say() { echo "kernel: $*" >&2; }
die() { say "error: $*"; exit 1; }

# Runs a long command with its output in a log, and a line every 30 seconds
with_progress() {
	local what=$1 log=$2 pid start=$SECONDS
	shift 2

	say "$what ..."
	"$@" </dev/null >"$log" 2>&1 &
	pid=$!
	# shellcheck disable=SC2064
	trap "kill $pid 2>/dev/null" EXIT
	while kill -0 "$pid" 2>/dev/null; do
		sleep 1
		if (( (SECONDS - start) % 30 == 29 )); then
			say "$what: $((SECONDS - start)) s, $(wc -l <"$log") lines," \
			    "$(tail -n 1 "$log" | tr -s ' ' | cut -c 1-60)"
		fi
	done
	trap - EXIT
	if ! wait "$pid"; then
		tail -n 20 "$log" >&2
		die "$what failed; the whole log is $log"
	fi
	say "$what: done in $((SECONDS - start)) s"
}

lock() {
	mkdir -p "$kernels"
	exec 9>"$kernels/.lock-$1"
	if ! flock -n 9; then
		say "another process is getting the $1 kernel; waiting for it"
		until flock -w 30 9; do
			say "still waiting: $(tail -n 1 "$kernels/$1.log" 2>/dev/null |
				tr -s ' ' | cut -c 1-60)"
		done
	fi
}

apt_lists() {
	if apt-cache show "$1" >/dev/null 2>&1; then
		return
	fi
	[ "$(id -u)" = 0 ] || die "package lists are missing: run apt-get update as root"
	apt-get update -q >&2
}

# Downloads packages into build/kernels/debs and unpacks them into a directory
unpack() {
	local dir=$1 package deb
	shift

	mkdir -p "$kernels/debs" "$dir"
	for package; do
		say "download $package"
		rm -f "$kernels/debs/${package%%=*}"_*.deb
		# As root apt warns that its sandbox user cannot write here
		(cd "$kernels/debs" && apt-get download -q -o APT::Sandbox::User=root \
			"$package" >&2) || die "cannot download $package"
		deb=$(ls "$kernels/debs/${package%%=*}"_*.deb)
		dpkg -x "$deb" "$dir"
		rm -f "$deb"
	done
}

get_source() {
	local version dir tar

	lock source
	tar=/usr/src/linux-source-6.1.tar.xz
	if [ -e "$tar" ]; then
		version=$(dpkg-query -W -f '${Version}' linux-source-6.1)
	else
		apt_lists linux-source-6.1
		version=$(apt-cache policy linux-source-6.1 | sed -n 's/^ *Candidate: //p')
		[ -n "$version" ] || die "no package linux-source-6.1: is this Debian 12?"
	fi
	dir=$kernels/linux-source-$version
	if [ ! -e "$dir/.complete" ]; then
		rm -rf "$dir"
		mkdir -p "$dir"
		if [ ! -e "$tar" ]; then
			unpack "$kernels/deb-source" "linux-source-6.1=$version"
			tar=$kernels/deb-source/usr/src/linux-source-6.1.tar.xz
		fi
		with_progress "unpack linux-source-6.1 $version" "$kernels/source.log" \
			tar -C "$dir" --strip-components=1 --no-same-owner -xJf "$tar"
		rm -rf "$kernels/deb-source"
		touch "$dir/.complete"
	fi
	ln -sfn "linux-source-$version" "$kernels/source"
	exec 9>&-
}

# The release of the stock kernel, from the meta package's dependency
stock_release() {
	apt_lists linux-image-cloud-amd64
	apt-cache depends linux-image-cloud-amd64 2>/dev/null |
		sed -n 's/^ *Depends: linux-image-\(6\.1\.0-[0-9]*-cloud-amd64\)$/\1/p' |
		sort -V | tail -n 1
}

get_stock() {
	local release dir root kdir

	lock stock
	# A kernel once fetched stays: only `make clean` asks for a newer one
	if [ -e "$kernels/stock/.complete" ]; then
		return
	fi
	release=$(stock_release)
	[ -n "$release" ] || die "no package linux-image-6.1.0-*-cloud-amd64: is this Debian 12?"
	dir=$kernels/stock-$release
	rm -rf "$dir"
	root=$dir/root
	unpack "$root" "linux-image-$release" "linux-headers-$release" \
		"linux-headers-${release%-cloud-amd64}-common" linux-kbuild-6.1

	kdir=$root/usr/src/linux-headers-$release
	# The packaged Makefile names /usr/src; name it from where it stands
	echo "include \$(dir \$(abspath \$(lastword \$(MAKEFILE_LIST))))../linux-headers-${release%-cloud-amd64}-common/Makefile" \
		>"$kdir/Makefile"

	depmod -b "$root" "$release"
	echo "$release" >"$dir/release"
	ln -sfn "root/boot/vmlinuz-$release" "$dir/vmlinuz"
	ln -sfn "root/usr/src/linux-headers-$release" "$dir/kdir"
	ln -sfn "root/lib/modules/$release" "$dir/modules"
	touch "$dir/.complete"
	ln -sfn "stock-$release" "$kernels/stock"
	say "stock kernel $release is ready"
}

get_debug() {
	local source dir name line release
	local -a make

	get_source
	lock debug
	source=$(readlink -f "$kernels/source")
	name=debug-${source##*-source-}-$(sha256sum <"$config" | cut -c 1-12)
	dir=$kernels/$name
	if [ ! -e "$dir/.complete" ]; then
		mkdir -p "$dir/kdir"
		make=(nice -n 10 make -C "$source" "O=$dir/kdir" ARCH=x86_64
		      "KCONFIG_ALLCONFIG=$config" KBUILD_BUILD_USER=rdm
		      KBUILD_BUILD_HOST=debug LOCALVERSION=-rdm-debug)
		"${make[@]}" allnoconfig >"$kernels/debug.log" 2>&1 ||
			{ tail "$kernels/debug.log" >&2; die "allnoconfig failed"; }
		while read -r line; do
			grep -qxF "$line" "$dir/kdir/.config" ||
				die "Kconfig dropped $line of $config"
		done < <(grep '^CONFIG_' "$config")
		with_progress "build the debug kernel" "$kernels/debug.log" \
			"${make[@]}" -j"$(nproc)" bzImage modules
		release=$(cat "$dir/kdir/include/config/kernel.release")
		"${make[@]}" INSTALL_MOD_PATH="$dir/root" modules_install \
			>>"$kernels/debug.log" 2>&1 || die "modules_install failed"
		echo "$release" >"$dir/release"
		ln -sfn kdir/arch/x86/boot/bzImage "$dir/vmlinuz"
		ln -sfn "root/lib/modules/$release" "$dir/modules"
		touch "$dir/.complete"
	fi
	ln -sfn "$name" "$kernels/debug"
	say "debug kernel $(cat "$dir/release") is ready"
}

case ${1-} in
stock | debug | source)
	"get_$1"
	;;
-h | --help)
	sed -n 's/^# \{0,1\}//; 3,/^$/p' "$0"
	;;
*)
	die "usage: kernel.sh stock|debug|source"
	;;
esac
