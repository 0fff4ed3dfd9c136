/* SPDX-License-Identifier: GPL-2.0 */
/*
 * net/route.h for kernels before 6.10, which have no dst_rtable(). Nothing but
 * that macro is bridged here.
 */
#ifndef _RDM_COMPAT_NET_ROUTE_H
#define _RDM_COMPAT_NET_ROUTE_H

#include_next <net/route.h>

#ifndef dst_rtable
#define dst_rtable(dst)	((struct rtable *)(dst))
#endif

#endif /* _RDM_COMPAT_NET_ROUTE_H */
