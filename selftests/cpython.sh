#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# CPython's own tests of datagram sockets, opened as rdm sockets: see cpython.py. Each run in
# a network namespace of its own, so that the counters are its own.

failed=0
for with in "" "withrdm --type rdm" "withrdm --type seqpacket"; do
	# shellcheck disable=SC2016 # for the inner shell
	unshare --net sh -c 'ip link set lo up && exec $1 python3 "$0"' "${0%.sh}.py" "$with" ||
		failed=1
done
exit $failed
