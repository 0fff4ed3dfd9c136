/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rdm option: what the user asks of a socket beyond messages: options (sockopt.c),
 * those of IP and IPv6 (inetopt.c), control messages that come with a message
 * (cmsg.c), and what is known of a peer (info.c). The numbers of SOL_RDM are in
 * <linux/rdm.h>.
 */
#ifndef _RDM_OPTION_H
#define _RDM_OPTION_H

#include <linux/bits.h>

#include "rdm.h"

struct rdm_rec;

/*
 * rdm_sock.rx_cmsgs: what recvmsg() adds to a message. Kept apart from the flags of inet_sock
 * so that one look tells that nothing is wanted.
 */
#define RDM_RX_PKTINFO		BIT(0)	/* IP_PKTINFO */
#define RDM_RX_TTL		BIT(1)	/* IP_RECVTTL */
#define RDM_RX_TOS		BIT(2)	/* IP_RECVTOS */
#define RDM_RX_ORIGDST		BIT(3)	/* IP_RECVORIGDSTADDR */
#define RDM_RX_PKTINFO6		BIT(4)	/* IPV6_RECVPKTINFO */
#define RDM_RX_HOPLIMIT		BIT(5)	/* IPV6_RECVHOPLIMIT */
#define RDM_RX_TCLASS		BIT(6)	/* IPV6_RECVTCLASS */
#define RDM_RX_ORIGDST6		BIT(7)	/* IPV6_RECVORIGDSTADDR */
/* what recvmsg(MSG_ERRQUEUE) adds to an outcome */
#define RDM_RX_ERR		BIT(8)	/* IP_RECVERR */
#define RDM_RX_ERR6		BIT(9)	/* IPV6_RECVERR */
#define RDM_RX_OF_PACKET	(RDM_RX_PKTINFO | RDM_RX_TTL | RDM_RX_TOS | RDM_RX_PKTINFO6 | \
				 RDM_RX_HOPLIMIT | RDM_RX_TCLASS)

/* SO_TIMESTAMP*, in whatever form: the kernel keeps these. */
static inline bool rdm_rx_wants_stamp(const struct sock *sk)
{
	return READ_ONCE(sk->sk_flags) & (BIT(SOCK_RCVTSTAMP) | BIT(SOCK_TIMESTAMPING_RX_SOFTWARE));
}

/* The options of level SOL_SOCKET that decide the way of packets. */
static inline u64 rdm_way(const struct sock *sk)
{
	return (u64)READ_ONCE(sk->sk_mark) << 32 | READ_ONCE(sk->sk_bound_dev_if) << 1 |
	       sock_flag(sk, SOCK_LOCALROUTE);
}

static inline bool rdm_rx_wants(const struct sock *sk, u16 what)
{
	return READ_ONCE(rdm_sk(sk)->rx_cmsgs) & what;
}

/* sockopt.c */
int rdm_setsockopt(struct sock *sk, int level, int name, sockptr_t val, unsigned int len);
int rdm_getsockopt(struct sock *sk, int level, int name, char __user *val, int __user *len);
int rdm_put_option(char __user *val, int __user *lenp, const void *v, int size);

/* inetopt.c */
int rdm_inet_setsockopt(struct sock *sk, int level, int name, sockptr_t val, unsigned int len);
int rdm_inet_getsockopt(struct sock *sk, int level, int name, char __user *val,
			int __user *len);

/* cmsg.c */
void rdm_cmsg_note(struct rdm_rec *rec, const struct sk_buff *skb);
void rdm_cmsg_recv(struct sock *sk, struct msghdr *msg, const struct rdm_rec *rec);
void rdm_cmsg_error(struct sock *sk, struct msghdr *msg, const struct rdm_addr *to, u32 error);

/* info.c */
int rdm_info_get(struct sock *sk, char __user *val, int __user *lenp);

#endif /* _RDM_OPTION_H */
