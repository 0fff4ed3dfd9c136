#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A device that takes no super-packets, by their length or by their segments: what belongs
# in one goes as single packets, and is counted. When the device takes them again they go.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

# refuses LIMIT VALUE: with this limit of the device nothing goes as one
refuses() {
	ip -n a link set dev va "$@" || { fails "gso: ip link set $*"; return; }
	supers=$(counter a OutGso)
	singles=$(counter a OutGsoFallback)
	transfers "gso $*: every message once, intact" 20 64K
	check "gso $*: no super-packet" [ "$(counter a OutGso)" = "$supers" ]
	fired "gso $*: single packets instead" $(($(counter a OutGsoFallback) - singles))
}

net_up 1500 || { fails "gso: two namespaces with a link"; exit 1; }
transfers "gso without limits: every message once, intact" 20 64K
fired "gso without limits: super-packets" "$(counter a OutGso)"
check "gso without limits: nothing falls back" [ "$(counter a OutGsoFallback)" = 0 ]
refuses gso_max_segs 1
ip -n a link set dev va gso_max_segs 65535
refuses gso_max_size 2000
ip -n a link set dev va gso_max_size 65536
supers=$(counter a OutGso)
transfers "gso again without limits: every message once, intact" 20 64K
fired "gso again without limits: super-packets" $(($(counter a OutGso) - supers))
