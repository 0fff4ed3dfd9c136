/* SPDX-License-Identifier: GPL-2.0 */
/*
 * net/udp.h, and a way to hold the key by which UDP looks for tunnels of IPv6. Kernels that do
 * not export it (7.x) have no way to let go of it again, so there it is switched with the first
 * and the last socket. Kbuild looks into the kernel's symbols.
 */
#ifndef _RDM_COMPAT_NET_UDP_H
#define _RDM_COMPAT_NET_UDP_H

#include_next <net/udp.h>

static inline void rdm_udpv6_encap_hold(void)
{
#ifdef RDM_HAVE_UDPV6_ENCAP_KEY
	udpv6_encap_enable();
#endif
}

static inline void rdm_udpv6_encap_release(void)
{
#ifdef RDM_HAVE_UDPV6_ENCAP_KEY
	static_branch_dec(&udpv6_encap_needed_key);
#endif
}

#endif /* _RDM_COMPAT_NET_UDP_H */
