#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Runs a command in a virtual machine and returns its exit code.
#
#   tools/vm/run.sh [--kernel NAME] [OPTION]... [--] COMMAND [ARG]...
#   tools/vm/run.sh [--kernel NAME] [OPTION]... --shell
#
#   --kernel NAME      stock (default), debug, 6.12 or newest; see kernel.sh
#
#   --add PATH[:DEST]  put a file or a directory into the machine, as /rdm/NAME or
#                      as DEST; repeatable. Programs bring their libraries along
#   --rdm              build rdm.ko for that kernel first, and load it
#   --module FILE.ko   put a module where modprobe finds it; repeatable
#   --load NAME        load a module before the command; repeatable
#   --leaks            after the command unload what was loaded and look for leaked
#                      memory (kmemleak, in the debug kernel); code 125 when it fails
#   --python           have python3 with the usual standard modules
#   --python-module NAME  and one more, with what it imports; repeatable
#   --program NAME     have an installed program in /bin; repeatable
#   --cpus N           virtual CPUs (default 2)
#   --mem MIB          memory (default 512; debug 1024)
#   --icount           count instructions as time: a run that the host's load does
#                      not disturb, one CPU, emulated, one instruction = 1 ns
#   --plugin FILE,...  a plugin for qemu, with its arguments
#   --timeout SECONDS  give up (default 300), exit code 124
#   --log FILE         keep the console's text
#   --append WORDS     add to the kernel's command line
#   --quiet            do not copy the console to stdout
#   --shell            a shell on the terminal instead of a command
#
# The command runs in /rdm with PATH=/sbin:/bin, as root, with no stdin. Its output
# and the kernel's warnings come to stdout. Exit codes: the command's own; 124 when
# the time is up; 125 when the machine died or the kernel complained (a warning,
# BUG, oops, lockdep, KASAN, UBSAN, a stall, a leak), whatever the command said.
# KVM is used when this kernel really starts under it, otherwise emulation (TCG).
# Nothing is left behind but the kernel's cache in build/.
#
#   tools/vm/run.sh --kernel stock --add ./prog -- /rdm/prog --flag

set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
here=$top/tools/vm

# What the kernel never says in a good run, each on a line that printk stamped
bad='WARNING:|BUG:|BUG [a-zA-Z0-9_-]+ \(|Oops|KASAN|UBSAN|ODEBUG|kernel BUG at|general protection fault'
bad+='|[Kk]ernel panic|possible circular locking|INFO: possible|INFO: trying to register'
bad+='|suspicious RCU usage|inconsistent lock state|held lock freed|still has locks held'
bad+='|INFO: task .* blocked for|rcu: INFO|rcu_.*detected|soft lockup|refcount_t:'
bad+='|unregister_netdevice: waiting|ref_tracker:|unreferenced object|scheduling while atomic|Call Trace'

usage() { sed -n '4,/^$/s/^# \{0,1\}//p' "$0"; }
die() { echo "vm: error: $*" >&2; exit 125; }

kernel=stock cpus=2 timeout=300
mem='' icount='' plugin='' log='' append='' quiet='' shell='' rdm='' leaks=''
build=() load=()
while [ $# -gt 0 ]; do
	case $1 in
	--kernel) kernel=${2?}; shift ;;
	--cpus) cpus=${2?}; shift ;;
	--mem) mem=${2?}; shift ;;
	--icount) icount=1 ;;
	--plugin) plugin=${2?}; shift ;;
	--timeout) timeout=${2?}; shift ;;
	--log) log=${2?}; shift ;;
	--append) append=${2?}; shift ;;
	--quiet) quiet=1 ;;
	--shell) shell=1; build+=(--interactive) ;;
	--rdm) rdm=1 ;;
	--leaks) leaks=1 ;;
	--load) load+=("${2?}"); shift ;;
	--add | --module | --program | --python-module) build+=("$1" "${2?}"); shift ;;
	--python) build+=(--python) ;;
	-h | --help) usage; exit 0 ;;
	--) shift; break ;;
	-*) die "unknown option $1; see --help" ;;
	*) break ;;
	esac
	shift
done
[ -n "$shell" ] || [ $# -gt 0 ] || die "no command; see --help"
case $kernel in
stock | 6.12 | newest) : "${mem:=512}" ;;
debug) : "${mem:=1024}" ;;
*) die "kernel is stock, debug, 6.12 or newest, not $kernel" ;;
esac
command -v qemu-system-x86_64 >/dev/null || die "no qemu-system-x86_64: run make deps"

[ -e "$top/build/kernels/$kernel/.complete" ] || "$here/kernel.sh" "$kernel"
# Resolved once: `make clean` or a newer kernel must not change it half way
kdir=$(readlink -f "$top/build/kernels/$kernel")
if [ -n "$rdm" ]; then
	"$here/module.sh" "$kernel" >&2 || die "rdm.ko does not build for the $kernel kernel"
	build+=(--module "$top/build/$kernel/rdm.ko")
	load+=(rdm)
fi

tmp=$(mktemp -d "${TMPDIR:-/tmp}/rdm-vm.XXXXXX")
qemu=''
# shellcheck disable=SC2317 # called by trap
cleanup() {
	trap - EXIT HUP INT TERM
	if [ -n "$qemu" ]; then
		kill -KILL "$qemu" 2>/dev/null || true
		wait "$qemu" 2>/dev/null || true
	fi
	rm -rf "$tmp"
}
trap cleanup EXIT
trap 'cleanup; exit 129' HUP
trap 'cleanup; exit 130' INT
trap 'cleanup; exit 143' TERM

# Boots once. boot ACCEL TIMEOUT INITRAMFS CONSOLE-LOG [SHOW]; sets died, qemu's state
nonce=rdm-vm-$$-$RANDOM$RANDOM
boot() {
	local accel=$1 limit=$2 image=$3 console=$4 show=${5-} words start pid
	local -a command

	words="console=ttyS0 loglevel=5 printk.time=1 panic=-1 panic_on_warn=1 oops=panic"
	words+=" hung_task_panic=1 softlockup_panic=1 watchdog_thresh=30"
	words+=" net.ifnames=0 vm.nonce=$nonce vm.load=$(IFS=,; echo "${load[*]-}")"
	words+="${leaks:+ vm.leaks=1} $append"
	# The others come when it knows its clock; see init
	[ "$kernel" != newest ] || words+=" maxcpus=1"
	# 57-bit addresses would only deepen every emulated page walk
	local cpu=max,la57=off
	# After an emulated CMPXCHG16B that has failed qemu 7.2 may interrupt the kernel with flags
	# that are half an address; newer kernels use it much, and look at the flags
	case $kernel in 6.12 | newest) cpu+=,cx16=off ;; esac
	command=(qemu-system-x86_64 -M pc -m "$mem" -nodefaults -no-user-config
		 -display none -vga none -no-reboot -monitor none
		 -chardev "stdio,id=console${shell:+,signal=off}" -serial chardev:console
		 -kernel "$kdir/vmlinuz" -initrd "$image" -append "$words")
	case $accel in
	kvm) command+=(-accel kvm -cpu host -smp "$cpus") ;;
	tcg) command+=(-accel "tcg,thread=multi" -cpu "$cpu" -smp "$cpus") ;;
	icount) command+=(-accel "tcg,thread=single" -icount "shift=0,sleep=off"
			  -rtc "base=2024-01-01,clock=vm" -cpu "$cpu" -smp 1) ;;
	esac
	[ -z "$plugin" ] || command+=(-plugin "$plugin")

	rm -f "$tmp/pipe"
	mkfifo "$tmp/pipe"
	if [ "$show" = shell ]; then
		tee "$console" <"$tmp/pipe" &
	elif [ -n "$show" ]; then
		# What comes before the command is of interest only if it goes wrong
		tee "$console" <"$tmp/pipe" |
			sed -un "s/\r//g; /^$nonce: start/,/^$nonce: exit/{/^$nonce: /!p}" &
	else
		cat <"$tmp/pipe" >"$console" &
	fi
	pid=$!
	timedout=
	start=$SECONDS
	if [ "$show" = shell ]; then
		"${command[@]}" <&3 >"$tmp/pipe" 2>"$tmp/qemu.err" &
		qemu=$!
		wait "$qemu" || true
	else
		"${command[@]}" </dev/null >"$tmp/pipe" 2>"$tmp/qemu.err" &
		qemu=$!
		while kill -0 "$qemu" 2>/dev/null; do
			if (( SECONDS - start >= limit )); then
				timedout=1
				kill -KILL "$qemu" 2>/dev/null || true
				break
			fi
			# Returns at once when qemu ends
			sleep 0.1
		done
		wait "$qemu" 2>/dev/null || true
	fi
	qemu=
	wait "$pid" || true
}

# KVM can be there and still not run this kernel: start it and see. The answer
# holds until the host reboots.
choose_accel() {
	local cache now load_saved

	accel=tcg
	if [ -n "$icount" ]; then
		accel=icount
		return
	fi
	if [ ! -r /dev/kvm ] || [ ! -w /dev/kvm ]; then
		return
	fi
	mkdir -p "$top/build/vm"
	cache=$top/build/vm/accel-$(basename "$kdir")
	now=$(cat /proc/sys/kernel/random/boot_id)
	if [ "$(cut -d' ' -f1 "$cache" 2>/dev/null)" != "$now" ]; then
		"$here/initramfs.sh" --kernel "$kernel" --out "$tmp/probe.cpio" true
		load_saved=(${load[@]+"${load[@]}"})
		load=()
		boot kvm 20 "$tmp/probe.cpio" "$tmp/probe.log"
		load=(${load_saved[@]+"${load_saved[@]}"})
		if grep -q "^$nonce: exit 0" "$tmp/probe.log"; then
			echo "$now kvm" >"$cache"
		else
			echo "$now tcg" >"$cache"
		fi
	fi
	accel=$(cut -d' ' -f2 "$cache")
}

choose_accel
"$here/initramfs.sh" --kernel "$kernel" --out "$tmp/initramfs" ${build[@]+"${build[@]}"} \
	-- "$@" || die "no root file system"
: "${log:=$tmp/console.log}"
mkdir -p "$(dirname "$log")"
show=1
[ -z "$quiet" ] || show=
if [ -n "$shell" ]; then
	[ -t 0 ] || die "--shell needs a terminal"
	show=shell
	exec 3<&0
	saved_tty=$(stty -g)
fi
boot "$accel" "$timeout" "$tmp/initramfs" "$log" "$show"
if [ -n "$shell" ]; then
	stty "$saved_tty"
fi

complaints=$(tr -d '\r' <"$log" |
	grep -aE "\[ *[0-9]+\.[0-9]{6}\].*($bad)|^unreferenced object" || true)
if [ -n "$complaints" ]; then
	echo "vm: the kernel complained:" >&2
	head -n 20 <<<"$complaints" | sed 's/^/vm:   /' >&2
	grep -q "^$nonce: start" "$log" || tail -n 40 "$log" >&2
	exit 125
fi
if [ -n "$timedout" ]; then
	grep -q "^$nonce: start" "$log" || tail -n 20 "$log" >&2
	echo "vm: no end after $timeout s; stopped ($kernel, $accel)" >&2
	exit 124
fi
code=$(tr -d '\r' <"$log" | sed -n "s/^$nonce: exit \([0-9]*\)\$/\1/p" | tail -n 1)
if [ -z "$code" ]; then
	echo "vm: the machine died before the command ended ($kernel, $accel)" >&2
	grep -q "^$nonce: start" "$log" || tail -n 20 "$log" >&2
	tail -n 5 "$tmp/qemu.err" >&2
	exit 125
fi
exit "$code"
