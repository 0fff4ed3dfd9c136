// SPDX-License-Identifier: GPL-2.0
/*
 * rdm cmsg: control messages (ancillary data): those that sendmsg() reads and
 * those that recvmsg() adds to a message. The meaning of rdm's own is in
 * <linux/rdm.h>; what they ask for is done elsewhere. What cannot be done is
 * refused; as for UDP, only levels that are not of sockets are passed over.
 */
#include <linux/errqueue.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/net_tstamp.h>
#include <linux/socket.h>
#include <linux/udp.h>
#include <net/addrconf.h>
#include <net/inet_ecn.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "msg.h"
#include "option.h"
#include "peer.h"
#include "rdm.h"

static int read_u32(const struct cmsghdr *c, u32 *v)
{
	if (c->cmsg_len != CMSG_LEN(sizeof(*v)))
		return -EINVAL;
	memcpy(v, CMSG_DATA(c), sizeof(*v));
	return 0;
}

static int send_rdm(const struct cmsghdr *c, struct rdm_sendopts *opts)
{
	u32 v;

	switch (c->cmsg_type) {
	case RDM_MODE:
		if (read_u32(c, &v) || v > RDM_AT_MOST_ONCE)
			return -EINVAL;
		opts->mode = v;
		return 0;
	case RDM_DEADLINE:
		if (read_u32(c, &v) || v > RDM_DEADLINE_MAX)
			return -EINVAL;
		opts->deadline_ms = v;
		return 0;
	case RDM_COOKIE:
		if (c->cmsg_len != CMSG_LEN(sizeof(opts->cookie)))
			return -EINVAL;
		memcpy(&opts->cookie, CMSG_DATA(c), sizeof(opts->cookie));
		opts->ask = true;
		return 0;
	}
	return -EINVAL;
}

static int send_socket(const struct cmsghdr *c)
{
	u32 v;

	switch (c->cmsg_type) {
	case SO_TIMESTAMPING_OLD:
	case SO_TIMESTAMPING_NEW:
		if (read_u32(c, &v))
			return -EINVAL;
		return v & SOF_TIMESTAMPING_TX_RECORD_MASK ? -EOPNOTSUPP : 0;
	case SO_MARK:
	case SCM_TXTIME:
	case SO_PRIORITY:
		return -EOPNOTSUPP;
	}
	return -EINVAL;
}

/*
 * A packet carries many messages and is sent again with others, so what a message says of
 * packets must be what the socket says.
 */
static int same(int asked, int set)
{
	return asked == set ? 0 : -EOPNOTSUPP;
}

static void from_pktinfo(struct rdm_sendopts *opts, const struct in6_addr *ip, int device)
{
	opts->from.ip = *ip;
	opts->from.scope = device;
	opts->named = device || !ipv6_addr_any(ip);
}

static int send_ip(struct sock *sk, const struct cmsghdr *c, struct rdm_sendopts *opts)
{
	const struct inet_sock *inet = inet_sk(sk);
	struct in6_addr ip = in6addr_any;
	struct in_pktinfo info;
	u8 byte;
	u32 v;

	switch (c->cmsg_type) {
	case IP_PKTINFO:
		if (c->cmsg_len != CMSG_LEN(sizeof(info)))
			return -EINVAL;
		memcpy(&info, CMSG_DATA(c), sizeof(info));
		if (info.ipi_spec_dst.s_addr)
			ipv6_addr_set_v4mapped(info.ipi_spec_dst.s_addr, &ip);
		from_pktinfo(opts, &ip, info.ipi_ifindex);
		return 0;
	case IP_TTL:
		if (read_u32(c, &v) || v < 1 || v > 255)
			return -EINVAL;
		return same(v, inet->uc_ttl);
	case IP_TOS:
		if (c->cmsg_len == CMSG_LEN(sizeof(byte))) {
			memcpy(&byte, CMSG_DATA(c), sizeof(byte));
			v = byte;
		} else if (read_u32(c, &v) || v > 255) {
			return -EINVAL;
		}
		return same(v & ~INET_ECN_MASK, inet->tos);
	case IP_RETOPTS:
	case IP_PROTOCOL:
		return -EOPNOTSUPP;
	}
	return -EINVAL;
}

static int send_ipv6(struct sock *sk, const struct cmsghdr *c, struct rdm_sendopts *opts)
{
	const struct ipv6_pinfo *np = inet6_sk(sk);
	struct in6_pktinfo info;
	u32 v;

	switch (c->cmsg_type) {
	case IPV6_PKTINFO:
		if (c->cmsg_len < CMSG_LEN(sizeof(info)))
			return -EINVAL;
		memcpy(&info, CMSG_DATA(c), sizeof(info));
		if (ipv6_addr_v4mapped(&info.ipi6_addr) && !info.ipi6_addr.s6_addr32[3])
			info.ipi6_addr = in6addr_any;
		from_pktinfo(opts, &info.ipi6_addr, info.ipi6_ifindex);
		return 0;
	case IPV6_HOPLIMIT:
		if (read_u32(c, &v) || (int)v < -1 || (int)v > 255)
			return -EINVAL;
		return same(v, np->hop_limit);
	case IPV6_TCLASS:
		if (read_u32(c, &v) || (int)v < -1 || (int)v > 255)
			return -EINVAL;
		return (int)v < 0 ? 0 : same(v & ~INET_ECN_MASK, np->tclass);
	case IPV6_DONTFRAG:
		if (read_u32(c, &v) || v > 1)
			return -EINVAL;
		return same(v, inet6_test_bit(DONTFRAG, sk));
	case IPV6_2292HOPLIMIT:
	case IPV6_2292PKTINFO:
	case IPV6_2292HOPOPTS:
	case IPV6_2292DSTOPTS:
	case IPV6_2292RTHDR:
	case IPV6_DSTOPTS:
	case IPV6_FLOWINFO:
	case IPV6_HOPOPTS:
	case IPV6_RTHDR:
	case IPV6_RTHDRDSTOPTS:
		return -EOPNOTSUPP;
	}
	return -EINVAL;
}

/**
 * rdm_cmsg_send() - read the control messages of a sendmsg()
 * @sk: the socket
 * @msg: with them, in kernel memory
 * @opts: the socket's defaults; what is said otherwise is changed
 *
 * Return: 0; -EINVAL when one is malformed, unknown or out of range; -EOPNOTSUPP when it
 * asks for what rdm does not do.
 */
noinline int rdm_cmsg_send(struct sock *sk, struct msghdr *msg, struct rdm_sendopts *opts)
{
	struct cmsghdr *c;
	int err;

	for_each_cmsghdr(c, msg) {
		if (!CMSG_OK(msg, c))
			return -EINVAL;
		switch (c->cmsg_level) {
		case SOL_RDM:
			err = send_rdm(c, opts);
			break;
		case SOL_SOCKET:
			err = send_socket(c);
			break;
		case SOL_IP:
			err = send_ip(sk, c, opts);
			break;
		case SOL_IPV6:
			err = sk->sk_family == AF_INET6 ? send_ipv6(sk, c, opts) : -EINVAL;
			break;
		case SOL_UDP:
			/* UDP_SEGMENT: one message would be many */
			err = -EOPNOTSUPP;
			break;
		default:
			err = 0;
		}
		if (err)
			return err;
	}
	return 0;
}

static bool is_local(struct net *net, struct net_device *dev, const struct in6_addr *ip)
{
	if (ipv6_addr_v4mapped(ip))
		return inet_addr_type_dev_table(net, dev, ip->s6_addr32[3]) == RTN_LOCAL;
	return ipv6_chk_addr(net, ip, dev, ipv6_addr_type(ip) & IPV6_ADDR_LINKLOCAL);
}

/**
 * rdm_cmsg_source() - may a message go by the address and device that it names?
 * @sk: the socket, bound
 * @from: what the message says; an address of zeroes is none; scope: device or 0
 * @to: where it goes
 *
 * Return: 0; -EINVAL when it cannot be sent like that; -ENODEV; -EADDRNOTAVAIL when answers
 * would not come to this socket.
 */
noinline int rdm_cmsg_source(struct sock *sk, struct rdm_addr *from, const struct rdm_addr *to)
{
	bool given = !ipv6_addr_any(&from->ip), v4 = rdm_addr_is4(to);
	struct net *net = sock_net(sk);
	struct in6_addr bound = {};
	struct net_device *dev;
	int err = 0;

	if (given && rdm_addr_is4(from) != v4)
		return -EINVAL;
	if (from->scope && sk->sk_bound_dev_if && from->scope != sk->sk_bound_dev_if)
		return -EINVAL;
	if (from->scope && to->scope && from->scope != to->scope)
		return -EINVAL;
	if (sk->sk_family == AF_INET6)
		bound = sk->sk_v6_rcv_saddr;
	else if (inet_sk(sk)->inet_rcv_saddr)
		ipv6_addr_set_v4mapped(inet_sk(sk)->inet_rcv_saddr, &bound);
	if (given && !ipv6_addr_any(&bound) && !ipv6_addr_equal(&bound, &from->ip))
		return -EADDRNOTAVAIL;

	rcu_read_lock();
	dev = from->scope ? dev_get_by_index_rcu(net, from->scope) : NULL;
	if (from->scope && !dev)
		err = -ENODEV;
	else if (given && !is_local(net, dev, &from->ip))
		err = -EINVAL;
	rcu_read_unlock();
	return err;
}

/**
 * rdm_cmsg_note() - keep what a packet says that the user asked for
 * @rec: the message that begins with it
 * @skb: the packet
 *
 * Context: softirq, peer locked.
 */
void rdm_cmsg_note(struct rdm_rec *rec, const struct sk_buff *skb)
{
	if (skb->protocol == htons(ETH_P_IP)) {
		rec->iif = skb->skb_iif;
		rec->tos = ip_hdr(skb)->tos;
		rec->ttl = ip_hdr(skb)->ttl;
	} else {
		rec->iif = inet6_iif(skb);
		rec->tos = ipv6_get_dsfield(ipv6_hdr(skb));
		rec->ttl = ipv6_hdr(skb)->hop_limit;
	}
}

static void put_timespec(struct msghdr *msg, const struct timespec64 *ts, bool new)
{
	struct __kernel_old_timespec old = { ts->tv_sec, ts->tv_nsec };
	struct __kernel_timespec t = { ts->tv_sec, ts->tv_nsec };

	if (new)
		put_cmsg(msg, SOL_SOCKET, SO_TIMESTAMPNS_NEW, sizeof(t), &t);
	else
		put_cmsg(msg, SOL_SOCKET, SO_TIMESTAMPNS_OLD, sizeof(old), &old);
}

static void put_timeval(struct msghdr *msg, const struct timespec64 *ts, bool new)
{
	struct __kernel_old_timeval old = { ts->tv_sec, ts->tv_nsec / NSEC_PER_USEC };
	struct __kernel_sock_timeval t = { ts->tv_sec, ts->tv_nsec / NSEC_PER_USEC };

	if (new)
		put_cmsg(msg, SOL_SOCKET, SO_TIMESTAMP_NEW, sizeof(t), &t);
	else
		put_cmsg(msg, SOL_SOCKET, SO_TIMESTAMP_OLD, sizeof(old), &old);
}

/* SO_TIMESTAMP*: when the message was complete, in the forms asked for. */
static void put_stamp(struct sock *sk, const struct rdm_rec *rec, struct msghdr *msg)
{
	const u32 both = SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE;
	struct scm_timestamping_internal tss = {};
	bool new = sock_flag(sk, SOCK_TSTAMP_NEW);
	struct timespec64 ts;
	ktime_t at;

	/* the option may be younger than the message */
	at = rec->stamp ?: ktime_get_real();
	ts = ktime_to_timespec64(at);
	if (sock_flag(sk, SOCK_RCVTSTAMPNS))
		put_timespec(msg, &ts, new);
	else if (sock_flag(sk, SOCK_RCVTSTAMP))
		put_timeval(msg, &ts, new);
	if ((READ_ONCE(sk->sk_tsflags) & both) != both)
		return;
	tss.ts[0] = rdm_scm_stamp(at);
	if (new)
		put_cmsg_scm_timestamping64(msg, &tss);
	else
		put_cmsg_scm_timestamping(msg, &tss);
}

static void put_cmsg_int(struct msghdr *msg, int level, int type, int v)
{
	put_cmsg(msg, level, type, sizeof(v), &v);
}

static void put_pktinfo(struct msghdr *msg, const struct rdm_rec *rec)
{
	__be32 ip = rec->peer->local.ip.s6_addr32[3];
	struct in_pktinfo info = {
		.ipi_ifindex = rec->iif,
		.ipi_spec_dst.s_addr = ip,
		.ipi_addr.s_addr = ip,
	};

	put_cmsg(msg, SOL_IP, IP_PKTINFO, sizeof(info), &info);
}

static void put_pktinfo6(struct msghdr *msg, const struct rdm_rec *rec)
{
	struct in6_pktinfo info = {
		.ipi6_addr = rec->peer->local.ip,
		.ipi6_ifindex = rec->iif,
	};

	put_cmsg(msg, SOL_IPV6, IPV6_PKTINFO, sizeof(info), &info);
}

static void put_origdst(struct msghdr *msg, const struct rdm_rec *rec)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = rec->peer->local.port,
		.sin_addr.s_addr = rec->peer->local.ip.s6_addr32[3],
	};

	put_cmsg(msg, SOL_IP, IP_ORIGDSTADDR, sizeof(sin), &sin);
}

static void put_origdst6(struct msghdr *msg, const struct rdm_rec *rec)
{
	struct sockaddr_in6 sin6 = {
		.sin6_family = AF_INET6,
		.sin6_port = rec->peer->local.port,
		.sin6_addr = rec->peer->local.ip,
	};

	sin6.sin6_scope_id = rec->peer->remote.scope;
	put_cmsg(msg, SOL_IPV6, IPV6_ORIGDSTADDR, sizeof(sin6), &sin6);
}

/**
 * rdm_cmsg_recv() - add what the user asked for to a message that is being read
 * @sk: the socket
 * @msg: where to
 * @rec: the message
 *
 * Messages go to the address that is pinned for their association. What else is said of a
 * packet is not known of messages that came before the option was set.
 *
 * Context: process; may sleep.
 */
noinline void rdm_cmsg_recv(struct sock *sk, struct msghdr *msg, const struct rdm_rec *rec)
{
	u16 want = READ_ONCE(rdm_sk(sk)->rx_cmsgs);
	bool v4, known = rec->iif;
	u8 tos = rec->tos;

	if (rdm_rx_wants_stamp(sk))
		put_stamp(sk, rec, msg);
	/* no packet that came from its origin need have brought a broadcast */
	if (!rec->peer)
		return;
	v4 = rdm_addr_is4(&rec->peer->remote);
	if (want & RDM_RX_PKTINFO6)
		put_pktinfo6(msg, rec);
	if (v4) {
		if (want & RDM_RX_PKTINFO)
			put_pktinfo(msg, rec);
		if (known && (want & RDM_RX_TTL))
			put_cmsg_int(msg, SOL_IP, IP_TTL, rec->ttl);
		/* one byte here, and only here */
		if (known && (want & RDM_RX_TOS))
			put_cmsg(msg, SOL_IP, IP_TOS, sizeof(tos), &tos);
		if (want & RDM_RX_ORIGDST)
			put_origdst(msg, rec);
		return;
	}
	if (known && (want & RDM_RX_HOPLIMIT))
		put_cmsg_int(msg, SOL_IPV6, IPV6_HOPLIMIT, rec->ttl);
	if (known && (want & RDM_RX_TCLASS))
		put_cmsg_int(msg, SOL_IPV6, IPV6_TCLASS, tos);
	if (want & RDM_RX_ORIGDST6)
		put_origdst6(msg, rec);
}

/**
 * rdm_cmsg_error() - say an outcome in UDP's words, for programs that know no others
 * @sk: the socket, with IP_RECVERR or IPV6_RECVERR
 * @msg: where to
 * @to: the destination of the messages
 * @error: errno
 */
void rdm_cmsg_error(struct sock *sk, struct msghdr *msg, const struct rdm_addr *to, u32 error)
{
	struct {
		struct sock_extended_err ee;
		struct sockaddr_in6 offender;
	} e = {
		.ee.ee_errno = error,
		.ee.ee_origin = SO_EE_ORIGIN_LOCAL,
		.offender.sin6_family = AF_UNSPEC,
	};
	u32 room = sizeof(e.ee);

	if (rdm_addr_is4(to) && rdm_rx_wants(sk, RDM_RX_ERR))
		put_cmsg(msg, SOL_IP, IP_RECVERR, room + sizeof(struct sockaddr_in), &e);
	if (sk->sk_family == AF_INET6 && rdm_rx_wants(sk, RDM_RX_ERR6))
		put_cmsg(msg, SOL_IPV6, IPV6_RECVERR, sizeof(e), &e);
}
