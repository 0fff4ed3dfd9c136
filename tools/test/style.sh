#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Lane style: what can be judged without running anything. One check per file and
# tool: checkpatch --strict, kernel-doc, compiler warnings (W=1), sparse, shellcheck,
# the rules of the house, and the user header on its own.
#
#   tools/test/style.sh [PART]...     checkpatch house shell build header

# shellcheck disable=SC2317 # functions are called by name
set -euo pipefail

# shellcheck source=tools/test/lib.sh
. "$(dirname "$0")/lib.sh"
lane style
cd "$top"

# Files of the checkout, new ones included. In an export without git: all of them
if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
	git ls-files -co --exclude-standard | sort -u
else
	find . -path ./build -prune -o -type f -printf '%P\n' | sort
fi | while read -r file; do
	[ -f "$file" ] && echo "$file"
done >"$out/files" || true

parts=${*:-checkpatch house shell build header}

ignored() {
	awk -v who="$1" '$1 == who { printf "%s%s", n++ ? "," : "", $2 }' tools/test/checkpatch.conf
}

# In a directory of links, because checkpatch leaves a cache where it runs
checkpatch() {
	local ignore=$1 file=$2

	cd "$out/tree" || return 1
	perl "$top/build/kernels/source/scripts/checkpatch.pl" --no-tree --strict --terse \
		--show-types --no-summary --max-line-length=100 --ignore="$ignore" -f "$file"
}

part_checkpatch() {
	local file all user shim

	tools/vm/kernel.sh source
	all=$(ignored all)
	user=$all,$(ignored user)
	shim=$user,$(ignored shim)
	mkdir -p "$out/tree"
	ln -s "$top"/* "$out/tree/"
	while read -r file; do
		case $file in
		net/*.[ch] | include/*.h | compat-include/*.h)
			check "checkpatch --strict: $file" checkpatch "$all" "$file"
			check "kernel-doc: $file" perl build/kernels/source/scripts/kernel-doc \
				-none -Werror "$file"
			;;
		tools/unit/include/*.h)
			check "checkpatch --strict: $file" checkpatch "$shim" "$file"
			;;
		*.[ch])
			check "checkpatch --strict: $file" checkpatch "$user" "$file"
			;;
		esac
	done <"$out/files"
}

size() {
	local lines

	lines=$(wc -l <"$1")
	[ "$lines" -le "$2" ] || { echo "$1 has $lines lines; at most $2"; return 1; }
}

licence() {
	head -n 2 "$1" | grep -q 'SPDX-License-Identifier: GPL-2.0' ||
		{ echo "$1: no SPDX line at its top"; return 1; }
}

# What man would say on its way to the screen; a terminal's width decides nothing
page_silent() {
	local said

	said=$(MANWIDTH=80 LC_ALL=C.UTF-8 man -l --warnings "$1" 2>&1 >/dev/null) || return 1
	[ -z "$said" ] || { echo "$said"; return 1; }
}

unfinished() {
	! grep -nwE 'TO''DO|FIX''ME|XX''X' "$1"
}

part_house() {
	local file

	while read -r file; do
		case $file in
		*.c) check "at most 900 lines: $file" size "$file" 900 ;;
		# one header has the whole user ABI
		include/uapi/*.h) check "at most 500 lines: $file" size "$file" 500 ;;
		*.h) check "at most 250 lines: $file" size "$file" 250 ;;
		man/*.[1-9])
			check "SPDX line: $file" licence "$file"
			check "man has no warning: $file" page_silent "$file"
			;;
		esac
		case $file in
		*.c | *.h | *.sh | *.py | Makefile | */Makefile | Kbuild)
			check "SPDX line: $file" licence "$file"
			check "nothing left to do: $file" unfinished "$file"
			;;
		esac
	done <"$out/files"
}

part_shell() {
	local file

	while read -r file; do
		case $file in
		*.[ch] | *.md) continue ;;
		*.py)
			check "python compiles: $file" python3 -c \
				'import sys; compile(open(sys.argv[1]).read(), sys.argv[1], "exec")' "$file"
			continue
			;;
		esac
		if head -n 1 "$file" | grep -qaE '^#!.*/(ba|da)?sh\b|^# shellcheck shell='; then
			check "shellcheck: $file" shellcheck -x -P "$(dirname "$file")" -P . "$file"
		fi
	done <"$out/files"
}

# Lines of a build's log that speak of one file: by gcc (which names its option) or sparse
gcc_silent() { ! grep -E "/src/$1:[0-9:]+ (warning|error):.*\[-W|/src/$1:[0-9]+: warning:" "$log"; }
sparse_silent() { ! grep -E "/src/$1:[0-9:]+ (warning|error):" "$log" | grep -v '\[-W'; }
modpost_silent() { ! grep -E '^(WARNING|ERROR): modpost' "$log"; }

part_build() {
	local file

	tools/vm/kernel.sh stock
	log=$out/build/module.log
	rm -rf "$out/build"
	# The stock kernel has no KUnit: lane kunit compiles the tests, with W=1 as well
	if OUT=$out/build tools/vm/module.sh stock RDM_SEPARATE=1 W=1 C=2 2>"$out/check.log"; then
		passes "the module builds with W=1 and sparse"
	else
		fails "the module builds with W=1 and sparse"
		head -n 60 "$out/check.log" | sed 's/^/    /'
	fi
	while read -r file; do
		case $file in
		net/*_test.c) ;;
		net/*.[ch] | include/*.h | compat-include/*.h)
			check "no compiler warning (W=1): $file" gcc_silent "$file"
			check "no sparse warning: $file" sparse_silent "$file"
			;;
		esac
	done <"$out/files"
	check "modpost has no complaint" modpost_silent
}

# Compiles a program of one line, which includes the header
header_alone() {
	local header=$1

	shift
	echo "#include <linux/${header##*/}>" |
		"$@" -Iinclude/uapi -idirafter /usr/include/x86_64-linux-gnu -Wall -Wextra -Werror \
			-fsyntax-only -
}

# Size of every struct and offset of every member, as the compiler sees them: each
# becomes the size of an array, which stands in the assembly
layout() {
	local header=$1 out=$2

	shift 2
	{
		echo "#include <stddef.h>"
		echo "#include <linux/${header##*/}>"
		awk '
			/^(struct|union) [a-z_0-9]+ \{/ {
				type = $1 " " $2; id = $1 "_" $2
				printf "char size_of_%s[sizeof(%s)];\n", id, type
			}
			/^}/ { type = "" }
			type && match($0, /[a-z_0-9]+(\[[^]]*\])?;/) {
				name = substr($0, RSTART, RLENGTH); sub(/[[;].*/, "", name)
				printf "char offset_of_%s_%s[offsetof(%s, %s) + 1];\n", id, name, type, name
			}' "$header"
	} >"$out.c"
	"$@" -fcommon -Iinclude/uapi -idirafter /usr/include/x86_64-linux-gnu -S -o "$out.s" \
		"$out.c" || return 1
	grep -oE '(size|offset)_of_[a-z_0-9]+,[ 0-9]+' "$out.s" | cut -d, -f1,2 | sort >"$out"
}

same_layout() {
	layout "$1" "$out/layout64" gcc -m64 || return 1
	layout "$1" "$out/layout32" gcc -m32 || return 1
	[ -s "$out/layout64" ] || { echo "no struct found in $1"; return 1; }
	diff "$out/layout64" "$out/layout32"
}

part_header() {
	local file

	while read -r file; do
		case $file in
		include/uapi/*.h)
			check "compiles alone in C90: $file" header_alone "$file" gcc -std=gnu90 -x c
			check "compiles alone in C11: $file" header_alone "$file" gcc -std=c11 -pedantic -x c
			check "compiles alone in C++: $file" header_alone "$file" g++ -std=c++11 -x c++
			check "compiles alone for 32 bit: $file" header_alone "$file" gcc -m32 -x c
			check "same layout on 32 and 64 bit: $file" same_layout "$file"
			;;
		esac
	done <"$out/files"
}

for part in $parts; do
	case $part in
	checkpatch | house | shell | build | header) "part_$part" ;;
	*) echo "style: no part $part" >&2; exit 2 ;;
	esac
done
lane_end
