#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The examples of README.md do what it says. The Makefile took them out of it: the fenced
# blocks behind the lines "<!-- test: example.c -->" and "<!-- test: example.py -->".

here=$(cd "$(dirname "$0")" && pwd)
failed=0

example() {
	name=$1 file=$2
	shift 2
	if ! [ -s "$file" ]; then
		echo "not ok - README: $name: there is no such example, or it does not compile"
		failed=1
	elif out=$(timeout 60 "$@" 2>&1); then
		echo "ok - README: $name"
	else
		echo "not ok - README: $name (exit status $?)"
		failed=1
	fi
	echo "$out" | sed 's/^/#   /'
}

example "the C example runs" "$here/readme_example_c" "$here/readme_example_c"
example "the Python example runs" "$here/readme_example.py" python3 "$here/readme_example.py"
example "the Python example of a group runs" "$here/readme_group.py" python3 "$here/readme_group.py"
exit $failed
