#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Gets the kernels that the virtual machine boots, under build/kernels/:
#
#   tools/vm/kernel.sh stock    Debian bookworm's cloud kernel, as packaged
#   tools/vm/kernel.sh debug    a kernel with every checker on, built from
#                               Debian's linux-source-6.1 (14 minutes, 2 cores)
#   tools/vm/kernel.sh 6.12     the cloud kernel of bookworm-backports
#   tools/vm/kernel.sh newest   that of trixie-backports
#   tools/vm/kernel.sh source   only the unpacked source, for checkpatch
#
# Nothing is installed: packages are downloaded and unpacked. Afterwards
# build/kernels/NAME holds for each NAME but source
#
#   vmlinuz     the image          kdir      what M= builds need (KDIR=)
#   release     its `uname -r`     modules   lib/modules/RELEASE, with modules.dep
#
# and build/kernels/source is the source tree. A second call is a no-op, unless Debian's
# version or debug.config changed; but stock, 6.12 and newest stay as they once came, until
# `make clean`. Parallel calls wait for each other.
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

# The mirror that apt is set up with
mirror() {
	# shellcheck disable=SC2016 # apt's own
	apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' |
		head -n 1
}

# Makes apt look into other suites than the machine's, at the same mirror and without
# touching what the machine knows: apt_of_suites SUITE...
apt_of_suites() {
	local dir=$kernels/apt uri suite

	apt_lists linux-image-cloud-amd64
	uri=$(mirror)
	[ -n "$uri" ] || die "apt has no package lists of bookworm: is this Debian 12?"
	mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
	for suite; do
		echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $suite main"
	done >"$dir/sources.list"
	cat >"$dir/apt.conf" <<-END
	Dir::State::Lists "$dir/lists";
	Dir::Cache "$dir/cache";
	Dir::Etc::SourceList "$dir/sources.list";
	Dir::Etc::SourceParts "/dev/null";
	APT::Sandbox::User "root";
	END
	export APT_CONFIG=$dir/apt.conf
	apt-get update -q >&2 || die "cannot get the package lists of $*"
}

# The packages that PACKAGE=VERSION depends on whose names match a pattern
depends() {
	apt-cache show "$1" | sed -n 's/^Depends: //p' | tr ',|' '\n' |
		sed -n 's/^ *\([^ ]*\).*/\1/p' | grep -E "$2" | sort -u
}

# Programs of a kernel's headers that were built for a newer libc than this machine's are run
# with that one, wherever the tree is moved
use_newer_libc() {
	local root=$1 libc=$2/usr/lib/x86_64-linux-gnu program

	find "$root" -type f \( -name '*.real-x86' -o -name '*.real-lsb-64' \) |
		while read -r program; do
			mv "$program" "$program.bin"
			cat >"$program" <<-END
			#!/bin/sh
			me=\$(readlink -f "\$0")
			libc=\${me%/*}/$(realpath -m --relative-to="${program%/*}" "$libc")
			exec "\$libc/ld-linux-x86-64.so.2" --library-path "\$libc:/usr/lib/x86_64-linux-gnu" "\$me.bin" "\$@"
			END
			chmod +x "$program"
		done
}

# version_in PACKAGE SUITE
version_in() {
	apt-cache madison "$1" | awk -v suite="$2/" 'index($0, " " suite) { print $3; exit }'
}

# A cloud kernel of another suite: get_other NAME SUITE [SUITE-OF-ITS-LIBC]
get_other() {
	local name=$1 suite=$2 libc=${3-} version release common dir root kdir modules image

	lock "$name"
	if [ -e "$kernels/$name/.complete" ]; then
		return
	fi
	apt_of_suites "$suite" ${libc:+"$libc"}
	version=$(version_in linux-image-cloud-amd64 "$suite")
	[ -n "$version" ] || die "no cloud kernel in $suite"
	release=$(depends "linux-image-cloud-amd64=$version" '^linux-image-[0-9].*-cloud-amd64$' |
		sed 's/^linux-image-//')
	[ -n "$release" ] || die "linux-image-cloud-amd64 of $suite names no kernel"
	common=${release%-cloud-amd64}
	dir=$kernels/other-$release
	rm -rf "$dir"
	root=$dir/root
	# Newer ones have the image and the modules in packages of their own
	# shellcheck disable=SC2046 # words
	unpack "$root" "linux-image-$release=$version" "linux-headers-$release=$version" \
		"linux-headers-$common-common=$version" "linux-kbuild-$common=$version" \
		$(depends "linux-image-$release=$version" '^linux-(base|binary|modules)-[0-9]')
	if [ -n "$libc" ]; then
		unpack "$dir/libc" "libc6=$(version_in libc6 "$libc")"
		use_newer_libc "$root" "$dir/libc"
	fi
	kdir=$root/usr/src/linux-headers-$release
	# The packaged Makefile names /usr/src; name it from where it stands. This machine's
	# compiler, and no option that it does not have; no BTF, whose program it may not have
	# shellcheck disable=SC2016 # make's own
	sed -i -e 's|/usr/src/|$(rdm-src)/|' \
		-e '1i rdm-src := $(abspath $(dir $(lastword $(MAKEFILE_LIST)))..)' "$kdir/Makefile"
	sed -i 's/gcc-[0-9]*$/gcc/' "$kdir/.kernelvariables"
	echo 'int x;' | gcc -Werror -fmin-function-alignment=16 -x c -c -o /dev/null - 2>/dev/null ||
		sed -i '/^CONFIG_CC_HAS_MIN_FUNCTION_ALIGNMENT=/d' "$kdir/include/config/auto.conf"
	rm -f "$kdir/vmlinux"
	modules=$(find "$root" -type d -path "*/lib/modules/$release")
	depmod -b "${modules%/lib/modules/*}" "$release"
	image=$(find "$root" -name 'vmlinuz*' | head -n 1)
	[ -n "$image" ] || die "no image in linux-image-$release"
	echo "$release" >"$dir/release"
	ln -sfn "${image#"$dir/"}" "$dir/vmlinuz"
	ln -sfn "${kdir#"$dir/"}" "$dir/kdir"
	ln -sfn "${modules#"$dir/"}" "$dir/modules"
	touch "$dir/.complete"
	ln -sfn "other-$release" "$kernels/$name"
	say "kernel $release is ready"
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
stock | debug | source) "get_$1" ;;
6.12) get_other 6.12 bookworm-backports ;;
newest) get_other newest trixie-backports trixie ;;
-h | --help)
	sed -n 's/^# \{0,1\}//; 3,/^$/p' "$0"
	;;
*)
	die "usage: kernel.sh stock|debug|source|6.12|newest"
	;;
esac
