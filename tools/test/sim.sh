#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Lane sim. The work, the names of the checks and the closing line
# "lane sim: P passed, F failed" are those of `make -C sim test`.

cd "$(dirname "$0")/../.." || exit 1
exec make -C sim test
