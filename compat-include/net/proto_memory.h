/* SPDX-License-Identifier: GPL-2.0 */
/*
 * net/proto_memory.h: kernels before 6.10 have what is in it in net/sock.h.
 */
#ifndef _RDM_COMPAT_NET_PROTO_MEMORY_H
#define _RDM_COMPAT_NET_PROTO_MEMORY_H

/* Sparse does not know __has_include_next; where it reads this, the kernel has no such header */
#ifdef __has_include_next
#if __has_include_next("net/proto_memory.h")
#define RDM_HAVE_NET_PROTO_MEMORY_H
#endif
#endif

#ifdef RDM_HAVE_NET_PROTO_MEMORY_H
#include_next <net/proto_memory.h>
#else
#include <net/sock.h>
#endif

#endif /* _RDM_COMPAT_NET_PROTO_MEMORY_H */
