/* SPDX-License-Identifier: GPL-2.0 */
/*
 * net/udp.h, and a way to hold the key by which UDP looks for tunnels of IPv6. Kernels that do
 * not export it (7.x) have no way to let go of it again, so there it is switched with the first
 * and the last socket. Kbuild looks into the kernel's symbols. And what UDP drops is counted in
 * the socket itself before 6.18, and then in a place for each half of the NUMA nodes.
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

/* How many packets UDP dropped at @sk, since this was asked last */
static inline int rdm_udp_take_drops(struct sock *sk)
{
#ifdef RDM_HAVE_NUMA_DROPS
	struct numa_drop_counters *at = &udp_sk(sk)->drop_counters;

	if (likely(!numa_drop_read(at)))
		return 0;
	return atomic_xchg(&at->drops0, 0) + atomic_xchg(&at->drops1, 0);
#else
	if (likely(!atomic_read(&sk->sk_drops)))
		return 0;
	return atomic_xchg(&sk->sk_drops, 0);
#endif
}

#endif /* _RDM_COMPAT_NET_UDP_H */
