#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The sim lane: every scenario over many seeds, then every planted mistake,
# which some scenario must catch. Run by `make -C sim test`, which builds first.

cd "$(dirname "$0")" || exit 1
log=../build/sim/test.log
mutants=../build/sim/rdmsim-mutants
seeds=${SEEDS:-200}

./rdmsim --seeds "$seeds" | tee "$log"
passed=$(grep -c '^ok - ' "$log")
failed=$(grep -c '^not ok - ' "$log")
echo "lane sim: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
