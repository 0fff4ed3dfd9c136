#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Packs the root file system of the virtual machine from installed packages:
# busybox-static for the small commands, dash, the real ip and tc, the kernel's
# own network modules, and what the caller adds.
#
#   initramfs.sh --kernel NAME --out FILE [--module FILE.ko]... [--python]
#                [--python-module NAME]... [--program NAME]... [--add PATH[:DEST]]...
#                [--interactive] [--] COMMAND [ARG]...
#
# PATH (file or directory) arrives as /rdm/<its name>, or as DEST. Programs bring
# their shared libraries along. --module puts a module where modprobe and the
# kernel's autoloader find it. --python adds Debian's python3 with the standard
# modules that network programs import; --python-module one more, with what it imports
# (it is not run here: a test may open sockets). --program puts an installed program into
# /bin, in place of busybox's. The image is uncompressed, because
# unpacking costs an emulated CPU more than loading does. run.sh calls this.

set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)

die() { echo "initramfs: error: $*" >&2; exit 1; }

# Modules that tests use beside the module under test, and what those need
wanted_modules="veth dummy bridge vrf vxlan udp_tunnel ip6_udp_tunnel sch_netem
	sch_tbf sch_fq sch_fq_codel sch_prio sch_ingress cls_u32 cls_matchall
	cls_flower cls_basic act_gact act_mirred act_police sctp rds rds_tcp tipc
	tcp_bbr udp_diag inet_diag tcp_diag libcrc32c libchacha20poly1305 libcurve25519
	crc32c_generic crc32c-intel nf_tables nft_limit nft_numgen nft_counter
	nft_chain_nat nft_reject_inet nft_log"

kernel='' out='' python='' interactive=''
modules=() adds=() programs=() python_modules=()
while [ $# -gt 0 ]; do
	case $1 in
	--kernel) kernel=$2; shift ;;
	--out) out=$2; shift ;;
	--module) modules+=("$2"); shift ;;
	--add) adds+=("$2"); shift ;;
	--python) python=1 ;;
	--python-module) python=1; python_modules+=("$2"); shift ;;
	--program) programs+=("$2"); shift ;;
	--interactive) interactive=1 ;;
	--) shift; break ;;
	*) break ;;
	esac
	shift
done
[ -n "$kernel$out" ] || die "--kernel and --out are needed"

kdir=$top/build/kernels/$kernel
release=$(cat "$kdir/release") || die "no kernel $kernel: run tools/vm/kernel.sh $kernel"

root=$(mktemp -d "${TMPDIR:-/tmp}/rdm-initramfs.XXXXXX")
trap 'rm -rf "$root"' EXIT

mkdir -p "$root"/{bin,sbin,dev,proc,sys,tmp,run,root,rdm,etc,var,usr,lib,lib64}
ln -s ../bin "$root/usr/bin"
ln -s ../run "$root/var/run"
ln -s ../sbin "$root/usr/sbin"
ln -s ../lib "$root/usr/lib"
ln -s ../proc/mounts "$root/etc/mtab"
echo "root:x:0:0:root:/root:/bin/sh" >"$root/etc/passwd"
echo "nobody:x:65534:65534:nobody:/:/bin/sh" >>"$root/etc/passwd"
printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
printf '127.0.0.1 localhost\n::1 localhost\n' >"$root/etc/hosts"
echo "hosts: files" >"$root/etc/nsswitch.conf"

# Copies the shared libraries of an ELF file to the places they are linked from
add_libraries() {
	local lib

	# A static program has none, which ldd and grep call a failure
	for lib in $(ldd "$1" 2>/dev/null | grep -o '/[^ ]*' || true); do
		if [ ! -e "$root$lib" ]; then
			mkdir -p "$root${lib%/*}"
			cp -L "$lib" "$root$lib"
		fi
	done
}

add_program() {
	local path

	path=$(command -v "$1") || die "no program $1: run make deps"
	rm -f "$root/$2/${1##*/}"
	cp -L "$path" "$root/$2/${1##*/}"
	add_libraries "$path"
}

busybox=$(command -v busybox) || die "no busybox: install busybox-static"
cp "$busybox" "$root/bin/busybox"
"$busybox" --list | while read -r applet; do
	case $applet in
	busybox | sh | ip | tc) ;;
	*) ln -s busybox "$root/bin/$applet" ;;
	esac
done
add_program dash bin
ln -s dash "$root/bin/sh"
# busybox's own would run its ip and tc instead of the real ones when told to run them
for program in env find nice nohup nsenter setsid taskset timeout unshare xargs; do
	add_program "$program" bin
done
ln -s ../bin/modprobe "$root/sbin/modprobe"
add_program /sbin/ip sbin
add_program /sbin/tc sbin
# netem's delay distributions, and tc's plug-ins
for dir in /usr/lib/tc /usr/lib/x86_64-linux-gnu/tc; do
	if [ -d "$dir" ]; then
		mkdir -p "$root${dir%/*}"
		cp -rL "$dir" "$root$dir"
	fi
done

# Kernel modules, with everything they depend on, then the ones under test
to=$root/lib/modules/$release
mkdir -p "$to/extra"
if [ -e "$kdir/modules/modules.dep" ]; then
	# shellcheck disable=SC2086
	printf '%s\n' $wanted_modules | tr - _ | awk -v deps="$kdir/modules/modules.dep" '
		BEGIN {
			while ((getline line < deps) > 0) {
				path = line; sub(/:.*/, "", path)
				name = path; sub(/.*\//, "", name); sub(/\.ko.*/, "", name)
				gsub(/-/, "_", name)
				file[name] = path
				sub(/^[^:]*: */, "", line)
				need[name] = line
			}
		}
		$1 in file { print file[$1]; n = split(need[$1], a, " "); for (i = 1; i <= n; i++) print a[i] }
	' | sort -u | while read -r file; do
		mkdir -p "$to/${file%/*}"
		# busybox would hand them to the kernel as they are first, which complains
		case $file in
		*.xz) xz -dc "$kdir/modules/$file" >"$to/${file%.xz}" ;;
		*) cp "$kdir/modules/$file" "$to/$file" ;;
		esac
	done
	cp "$kdir/modules"/modules.{builtin,builtin.modinfo,order} "$to/"
fi
for module in ${modules[@]+"${modules[@]}"}; do
	[ -e "$module" ] || die "no module $module: build it first"
	cp "$module" "$to/extra/"
done
# KUnit is a module of the debug kernel only
find -L "$kdir/modules/kernel" -name kunit.ko -exec cp {} "$to/extra/" \;
/sbin/depmod -b "$root" "$release"
rm -f "$to"/modules.*.bin

add_python() {
	local python=/usr/bin/python3 file real

	[ -x "$python" ] || die "no $python: install python3"
	real=$(readlink -f "$python")
	cp "$real" "$root/bin/${real##*/}"
	ln -s "${real##*/}" "$root/bin/python3"
	add_libraries "$real"
	"$python" -I - ${python_modules[@]+"${python_modules[@]}"} <<-'END' | while read -r file; do
		import sys, importlib, os
		import argparse, array, asyncio, collections, contextlib, ctypes, encodings.idna
		import errno, fcntl, functools, hashlib, io, itertools, json, math, os, random
		import re, select, selectors, shutil, signal, socket, statistics, struct
		import subprocess, tempfile, threading, time, traceback, unittest, zlib
		for name in "ascii", "latin_1", "utf_8", "hex_codec":
		    importlib.import_module("encodings." + name)
		import ast, importlib.util, warnings
		warnings.simplefilter("ignore")
		def imported(tree):
		    for node in ast.walk(tree):
		        if isinstance(node, ast.Import):
		            yield from (alias.name for alias in node.names)
		        elif isinstance(node, ast.ImportFrom) and not node.level:
		            yield from (node.module + "." + alias.name for alias in node.names)
		            yield node.module
		for name in sys.argv[1:]:
		    spec = importlib.util.find_spec(name)
		    print(spec.origin)
		    if os.path.exists(spec.cached):
		        print(spec.cached)
		    with open(spec.origin) as source:
		        names = set(imported(ast.parse(source.read())))
		    for name in names:
		        # Names of what is not a module, or not there on Linux
		        with contextlib.suppress(ImportError):
		            importlib.import_module(name)
		for module in list(sys.modules.values()):
		    for path in (getattr(module, "__file__", None), getattr(module, "__cached__", None)):
		        if path and os.path.exists(path):
		            print(path)
	END
		mkdir -p "$root${file%/*}"
		cp -pL "$file" "$root$file"
		case $file in *.so) add_libraries "$file" ;; esac
	done
}
[ -z "$python" ] || add_python
for program in ${programs[@]+"${programs[@]}"}; do
	add_program "$program" bin
done

for add in ${adds[@]+"${adds[@]}"}; do
	path=${add%%:*}
	dest=/rdm/$(basename "$path")
	case $add in *:*) dest=${add#*:} ;; esac
	[ -e "$path" ] || die "nothing at $path to add"
	mkdir -p "$root${dest%/*}"
	cp -rL "$path" "$root$dest"
	find "$root$dest" -type f -perm -u+x | while read -r file; do
		case $(head -c 4 "$file" | tr -d '\0') in
		?ELF) add_libraries "$file" ;;
		esac
	done
done

{
	printf 'exec'
	printf ' %q' "$@"
	echo
} >"$root/run-command"
if [ -n "$interactive" ]; then
	touch "$root/interactive"
	add_program bash bin
fi
cp "$top/tools/vm/init" "$root/init"
chmod 755 "$root/init"

(cd "$root" && find . -print0 | cpio -0 -o -H newc -R 0:0 --quiet) >"$out"
