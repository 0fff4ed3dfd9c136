/* SPDX-License-Identifier: GPL-2.0 */
/*
 * net/gso.h: kernels before 6.5 have what is in it in linux/netdevice.h.
 */
#ifndef _RDM_COMPAT_NET_GSO_H
#define _RDM_COMPAT_NET_GSO_H

/* Sparse does not know __has_include_next; where it reads this, the kernel has no such header */
#ifdef __has_include_next
#if __has_include_next("net/gso.h")
#define RDM_HAVE_NET_GSO_H
#endif
#endif

#ifdef RDM_HAVE_NET_GSO_H
#include_next <net/gso.h>
#else
#include <linux/netdevice.h>
#endif

#endif /* _RDM_COMPAT_NET_GSO_H */
