#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Lane unit. The work, the names of the checks and the closing line
# "lane unit: P passed, F failed" are those of `make -C tools/unit run`.

cd "$(dirname "$0")/../.." || exit 1
exec make -C tools/unit run
