/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rdm addr: a transport address as the glue has it, one form for IPv4 and IPv6.
 * How it is read from a sockaddr and written to one is in socket.c; the pure
 * core knows no addresses.
 */
#ifndef _RDM_ADDR_H
#define _RDM_ADDR_H

#include <linux/in6.h>
#include <net/ipv6.h>

/*
 * An address with its port; IPv4 as v4-mapped. Compared and hashed as bytes. Gcc aligns the
 * stack for a variable whose first member has 16 bytes, so that is not the IP address.
 */
struct rdm_addr {
	__be16 port;
	__be16 pad;
	s32 scope;		/* interface of a link-local address, else 0 */
	struct in6_addr ip;
};

static inline bool rdm_addr_is4(const struct rdm_addr *a)
{
	return ipv6_addr_v4mapped(&a->ip);
}

static inline bool rdm_addr_eq(const struct rdm_addr *a, const struct rdm_addr *b)
{
	return a->port == b->port && a->scope == b->scope && ipv6_addr_equal(&a->ip, &b->ip);
}

#endif /* _RDM_ADDR_H */
