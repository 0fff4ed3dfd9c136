# SPDX-License-Identifier: GPL-2.0
#
# The pure files of net/rdm and what it takes to compile them in user space.
# For inclusion: set TOP to the top of the tree first. Which files are pure
# stands in Kbuild (rdm-pure); link them as an archive.

PURE := $(shell sed -e ':a' -e '/\\$$/{N;s/\\\n//;ba' -e '}' -e 's/^rdm-pure *:= *//p' -e d $(TOP)/Kbuild)
PURE_SRCS := $(wildcard $(PURE:%=$(TOP)/net/rdm/%.c))
PURE_TESTS := $(wildcard $(PURE:%=$(TOP)/net/rdm/%_test.c))
SHIM_SRCS := $(TOP)/tools/unit/shim.c

# The stand-ins go before everything, the system's own headers behind them.
SHIM_CPPFLAGS := -I$(TOP)/tools/unit/include -I$(TOP)/include/uapi -I$(TOP)/net/rdm -D_GNU_SOURCE

# The kernel's dialect; these two warnings its idioms would set off everywhere.
SHIM_CFLAGS := -std=gnu11 -fno-strict-aliasing -Wall -Wextra -Werror -Wno-unused-parameter -Wno-sign-compare -g
