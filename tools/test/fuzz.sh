#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Lane fuzz. The work, the names of the checks and the closing line
# "lane fuzz: P passed, F failed" are those of `make -C tools/unit fuzz`.

cd "$(dirname "$0")/../.." || exit 1
# 50 seconds for each of the three
exec make -C tools/unit fuzz SECONDS=150
