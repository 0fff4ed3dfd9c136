/* SPDX-License-Identifier: GPL-2.0 */
/*
 * net/sock.h for kernels before 6.10, where accept() of a protocol gets its flags one by one
 * and not in a struct proto_accept_arg; and before 6.4, where the part of IPv6 is always the end
 * of a socket. No macro tells it, so Kbuild looks into the kernel's header.
 */
#ifndef _RDM_COMPAT_NET_SOCK_H
#define _RDM_COMPAT_NET_SOCK_H

#include_next <net/sock.h>

/* What accept() of a protocol gets beside the sockets, and the flags in it */
#ifdef RDM_HAVE_PROTO_ACCEPT_ARG
#define RDM_ACCEPT_ARGS		struct proto_accept_arg *arg
#define RDM_ACCEPT_FLAGS	(arg->flags)
#else
#define RDM_ACCEPT_ARGS		int flags, bool kern
#define RDM_ACCEPT_FLAGS	(flags)
#endif

/* What an initialiser of a struct proto says of where its sockets have @member */
#ifdef RDM_HAVE_PINFO_OFFSET
#define RDM_PINFO_AT(type, member)	.ipv6_pinfo_offset = offsetof(type, member),
#else
#define RDM_PINFO_AT(type, member)
#endif

#endif /* _RDM_COMPAT_NET_SOCK_H */
