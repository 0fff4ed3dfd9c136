/* SPDX-License-Identifier: GPL-2.0 */
/*
 * net/udp_tunnel.h for kernels before 6.2, where udp_sock.encap_err_rcv was not told of the errno,
 * the port and the payload. A type is no macro, so Kbuild looks into the kernel's header and says
 * which; UDP_ENCAP_ERR_RCV(name, rcv) makes of @rcv, which is written for those after, what the
 * kernel calls. And before 6.16 what sends a packet takes no flags for the IP layer.
 */
#ifndef _RDM_COMPAT_NET_UDP_TUNNEL_H
#define _RDM_COMPAT_NET_UDP_TUNNEL_H

#include_next <net/udp_tunnel.h>

#ifdef RDM_HAVE_ENCAP_ERR

#define UDP_ENCAP_ERR_RCV(name, rcv)							\
static void name(struct sock *sk, struct sk_buff *skb, int err, __be16 port, u32 info,	\
		 u8 *payload)								\
{											\
	rcv(sk, skb, err, port, info, payload);						\
}

#else

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/udp.h>
#include <net/icmp.h>

/* As __udp4_lib_err() and __udp6_lib_err() have it, but for what they never tell of. */
static inline int rdm_compat_encap_err(struct sk_buff *skb)
{
	const struct icmphdr *ih = icmp_hdr(skb);
	int err = EHOSTUNREACH;

	if (skb->protocol != htons(ETH_P_IP)) {
#if IS_ENABLED(CONFIG_IPV6)
		icmpv6_err_convert(icmp6_hdr(skb)->icmp6_type, icmp6_hdr(skb)->icmp6_code, &err);
#endif
	} else if (ih->type == ICMP_PARAMETERPROB) {
		err = EPROTO;
	} else if (ih->type == ICMP_DEST_UNREACH && ih->code == ICMP_FRAG_NEEDED) {
		err = EMSGSIZE;
	} else if (ih->type == ICMP_DEST_UNREACH && ih->code <= NR_ICMP_UNREACH) {
		err = icmp_err_convert[ih->code].errno;
	}
	return err;
}

#define UDP_ENCAP_ERR_RCV(name, rcv)							\
static void name(struct sock *sk, struct sk_buff *skb, unsigned int at)			\
{											\
	struct udphdr *uh = (struct udphdr *)(skb->data + at);				\
											\
	rcv(sk, skb, rdm_compat_encap_err(skb), uh->dest, 0, (u8 *)(uh + 1));		\
}

#endif

#ifndef RDM_HAVE_UDP_TUNNEL_FLAGS
#define udp_tunnel_xmit_skb(rt, sk, skb, src, dst, tos, ttl, df, sport, dport, xnet, nocheck, \
			    flags)							\
	udp_tunnel_xmit_skb(rt, sk, skb, src, dst, tos, ttl, df, sport, dport, xnet, nocheck)
#define udp_tunnel6_xmit_skb(dst, sk, skb, dev, saddr, daddr, prio, ttl, label, sport, dport, \
			     nocheck, flags)						\
	udp_tunnel6_xmit_skb(dst, sk, skb, dev, saddr, daddr, prio, ttl, label, sport, dport, \
			     nocheck)
#endif

#endif /* _RDM_COMPAT_NET_UDP_TUNNEL_H */
