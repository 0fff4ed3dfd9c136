/* SPDX-License-Identifier: GPL-2.0 */
/*
 * net/net_namespace.h for kernels before 6.6, which have no
 * register_net_sysctl_sz(): they find the end of the table by an empty entry,
 * so the caller must have one behind the last. Nothing else is bridged here.
 */
#ifndef _RDM_COMPAT_NET_NET_NAMESPACE_H
#define _RDM_COMPAT_NET_NET_NAMESPACE_H

#include_next <net/net_namespace.h>

/* Since 6.6 it is a macro over the other one */
#ifndef register_net_sysctl
#define register_net_sysctl_sz(net, path, table, size)	\
	register_net_sysctl(net, path, table)
#endif

#endif /* _RDM_COMPAT_NET_NET_NAMESPACE_H */
