// SPDX-License-Identifier: GPL-2.0
/*
 * rdm udp: the kernel's UDP socket under rdm sockets: opening and closing it,
 * taking packets and ICMP errors out of it, routes, and the way out for packets
 * that are built. What packets mean is for input.c. Documentation/receive.md says
 * why packets are taken from the UDP socket's queue and not by encap_rcv.
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/errqueue.h>
#include <linux/slab.h>
#include <linux/udp.h>
#include <net/inet_ecn.h>
#include <net/ip6_route.h>
#include <net/ip6_tunnel.h>
#include <net/route.h>
#include <net/udp.h>
#include <net/udp_tunnel.h>

#include "option.h"
#include "peer.h"
#include "rdm.h"

/*
 * Packets taken in one call. UDP calls once for each that it queues, so this bounds one CPU's
 * work, never what is taken in all.
 */
#define UDP_BATCH	16
/* Packets wait in the UDP socket only while another CPU is draining it. */
#define UDP_RCVBUF	(8 << 20)

/* What UDP itself dropped since the last look, most likely because its queue was full. */
static void count_drops(struct rdm_net *rn, struct sock *usk)
{
	int n;

	if (likely(!atomic_read(&usk->sk_drops)))
		return;
	n = atomic_xchg(&usk->sk_drops, 0);
	rdm_add(rn, DROP_QUEUE, n);
}

static bool drained(const struct sock *usk)
{
	return skb_queue_empty_lockless(&usk->sk_receive_queue) &&
	       skb_queue_empty_lockless(&udp_sk(usk)->reader_queue);
}

static void drain(struct sock *usk, int most)
{
	struct rdm_tunnel *t = rcu_dereference_sk_user_data(usk);
	struct sk_buff *skb;
	int err;

	if (t)
		count_drops(t->rn, usk);
	while (t && most) {
		skb = skb_recv_udp(usk, MSG_DONTWAIT, &err);
		if (!skb) {
			/* else an ICMP error was in the way, and is taken off now */
			if (err == -EAGAIN)
				return;
			continue;
		}
		/* it holds UDP's scratch data, no device */
		skb->dev = NULL;
		rdm_input(t, skb);
		most--;
		/* skb_recv_udp() would tell by two locks; what comes now has its own call */
		if (drained(usk))
			return;
	}
}

/*
 * Softirq, from UDP's receive path, under RCU. Two CPUs may drain at once; each packet
 * goes to one of them, and what they reorder the association sorts out.
 */
static void udp_data_ready(struct sock *usk)
{
	drain(usk, UDP_BATCH);
}

static void icmp_error(struct rdm_tunnel *t, struct sk_buff *skb)
{
	struct sock_exterr_skb *serr = SKB_EXT_ERR(skb);
	const u8 *addr = skb_network_header(skb) + serr->addr_offset;
	struct rdm_addr to = { .port = serr->port };
	bool hard;

	switch (serr->ee.ee_origin) {
	case SO_EE_ORIGIN_ICMP:
		ipv6_addr_set_v4mapped(*(__be32 *)addr, &to.ip);
		hard = serr->ee.ee_type == ICMP_DEST_UNREACH &&
		       serr->ee.ee_code == ICMP_PORT_UNREACH;
		break;
	case SO_EE_ORIGIN_ICMP6:
		memcpy(&to.ip, addr, sizeof(to.ip));
		if (ipv6_addr_type(&to.ip) & IPV6_ADDR_LINKLOCAL)
			to.scope = skb->skb_iif;
		hard = serr->ee.ee_type == ICMPV6_DEST_UNREACH &&
		       serr->ee.ee_code == ICMPV6_PORT_UNREACH;
		break;
	default:
		return;
	}
	/* too big: the route has learnt it, and the next packet asks the route */
	if (serr->ee.ee_errno == EMSGSIZE)
		return;
	rdm_icmp(t, &to, serr->ee.ee_errno, hard, skb->data, skb_headlen(skb));
}

static void udp_error_report(struct sock *usk)
{
	struct rdm_tunnel *t;
	struct sk_buff *skb;

	rcu_read_lock();
	t = rcu_dereference_sk_user_data(usk);
	while ((skb = sock_dequeue_err_skb(usk))) {
		if (t)
			icmp_error(t, skb);
		kfree_skb(skb);
	}
	usk->sk_err = 0;
	rcu_read_unlock();
}

static int set_option(struct socket *sock, int level, int name)
{
	int one = 1;

	return sock->ops->setsockopt(sock, level, name, KERNEL_SOCKPTR(&one), sizeof(one));
}

static int set_options(struct socket *sock, bool v6)
{
	int err;

	/* unsegmented super-packets, and ICMP errors with what they quote */
	err = set_option(sock, SOL_UDP, UDP_GRO);
	if (!err)
		err = set_option(sock, SOL_IP, IP_RECVERR);
	if (!err && v6)
		err = set_option(sock, SOL_IPV6, IPV6_RECVERR);
	return err;
}

/**
 * rdm_udp_open() - make the UDP socket of a tunnel
 * @t: the tunnel, with what shall be bound; port 0 becomes a free one
 *
 * Context: process; may sleep.
 * Return: 0 or what binding a UDP socket says, negative.
 */
int rdm_udp_open(struct rdm_tunnel *t)
{
	struct udp_port_cfg cfg = {
		.family = t->v6 ? AF_INET6 : AF_INET,
		.local_udp_port = t->local.port,
		.bind_ifindex = t->ifindex,
		.use_udp_checksums = true,
		.use_udp6_tx_checksums = true,
		.use_udp6_rx_checksums = true,
		.ipv6_v6only = t->v6only,
	};
	struct sock *usk;
	int err;

	if (t->v6)
		cfg.local_ip6 = t->local.ip;
	else
		cfg.local_ip.s_addr = t->local.ip.s6_addr32[3];
	err = udp_sock_create(t->rn->net, &cfg, &t->sock);
	if (err < 0)
		return err;
	err = set_options(t->sock, t->v6);
	if (err) {
		sock_release(t->sock);
		return err;
	}

	usk = t->sock->sk;
	t->usk = usk;
	t->local.port = inet_sk(usk)->inet_sport;
	usk->sk_allocation = GFP_ATOMIC;
#ifdef CONFIG_NET_RX_BUSY_POLL
	/* net.core.busy_read is not for a socket that is read in softirq */
	usk->sk_ll_usec = 0;
#endif
	usk->sk_rcvbuf = UDP_RCVBUF;
	usk->sk_userlocks |= SOCK_RCVBUF_LOCK;
	write_lock_bh(&usk->sk_callback_lock);
	usk->sk_data_ready = udp_data_ready;
	usk->sk_error_report = udp_error_report;
	rcu_assign_sk_user_data(usk, t);
	write_unlock_bh(&usk->sk_callback_lock);
	return 0;
}

/**
 * rdm_udp_drain() - take the packets that came before anyone was there
 * @t: the tunnel
 *
 * Context: process.
 */
void rdm_udp_drain(struct rdm_tunnel *t)
{
	local_bh_disable();
	rcu_read_lock();
	drain(t->usk, INT_MAX);
	rcu_read_unlock();
	local_bh_enable();
}

/**
 * rdm_udp_close() - free the port
 * @t: the tunnel; the caller frees it by RCU
 *
 * Context: process; may sleep.
 */
void rdm_udp_close(struct rdm_tunnel *t)
{
	rcu_assign_sk_user_data(t->usk, NULL);
	kernel_sock_shutdown(t->sock, SHUT_RDWR);
	sock_release(t->sock);
}

/* The two bits of ECN are not the user's. */
static u8 tos4(const struct sock *sk)
{
	return READ_ONCE(inet_sk(sk)->tos) & ~INET_ECN_MASK;
}

static u8 tos6(const struct sock *sk)
{
	return READ_ONCE(inet6_sk(sk)->tclass) & ~INET_ECN_MASK;
}

static struct dst_entry *route4(struct sock *sk, const struct rdm_addr *local,
				const struct rdm_addr *remote, struct in6_addr *saddr)
{
	struct sock *usk = rdm_sk(sk)->tunnel->usk;
	struct flowi4 fl4 = {
		.flowi4_oif = local->scope ?: READ_ONCE(sk->sk_bound_dev_if) ?:
			      READ_ONCE(inet_sk(sk)->uc_index),
		.flowi4_mark = READ_ONCE(sk->sk_mark),
		.flowi4_tos = RT_TOS(tos4(sk)),
		.flowi4_scope = ip_sock_rt_scope(sk),
		.flowi4_proto = IPPROTO_UDP,
		.daddr = remote->ip.s6_addr32[3],
		.saddr = local->ip.s6_addr32[3],
		.fl4_dport = remote->port,
		.fl4_sport = local->port,
		.flowi4_uid = sock_net_uid(sock_net(sk), sk),
	};
	struct rtable *rt;

	/* what ICMP says of an MTU is for the route by which the packet went */
	if (unlikely(READ_ONCE(usk->sk_mark) != fl4.flowi4_mark))
		WRITE_ONCE(usk->sk_mark, fl4.flowi4_mark);
	rt = ip_route_output_flow(sock_net(sk), &fl4, NULL);
	if (IS_ERR(rt))
		return ERR_CAST(rt);
	if (rt->rt_flags & (RTCF_BROADCAST | RTCF_MULTICAST)) {
		ip_rt_put(rt);
		return ERR_PTR(-EOPNOTSUPP);
	}
	ipv6_addr_set_v4mapped(fl4.saddr, saddr);
	return &rt->dst;
}

static struct dst_entry *route6(struct sock *sk, const struct rdm_addr *local,
				const struct rdm_addr *remote, struct in6_addr *saddr)
{
	struct sock *usk = rdm_sk(sk)->tunnel->usk;
	struct flowi6 fl6 = {
		.flowi6_oif = remote->scope ?: local->scope ?:
			      READ_ONCE(sk->sk_bound_dev_if) ?:
			      READ_ONCE(inet6_sk(sk)->ucast_oif),
		.flowi6_mark = READ_ONCE(sk->sk_mark),
		.flowi6_proto = IPPROTO_UDP,
		.flowlabel = ip6_make_flowinfo(tos6(sk), 0),
		.daddr = remote->ip,
		.saddr = local->ip,
		.fl6_dport = remote->port,
		.fl6_sport = local->port,
		.flowi6_uid = sock_net_uid(sock_net(sk), sk),
	};
	struct dst_entry *dst;

	if (unlikely(READ_ONCE(usk->sk_mark) != fl6.flowi6_mark))
		WRITE_ONCE(usk->sk_mark, fl6.flowi6_mark);
	/* with a source, a device that the socket is not bound to would be a mere wish */
	if (fl6.flowi6_oif && !READ_ONCE(sk->sk_bound_dev_if))
		fl6.saddr = in6addr_any;
	dst = ip6_dst_lookup_flow(sock_net(sk), sk, &fl6, NULL);
	if (!IS_ERR(dst))
		*saddr = ipv6_addr_any(&local->ip) ? fl6.saddr : local->ip;
	return dst;
}

/**
 * rdm_udp_route() - find the way to a peer
 * @sk: the rdm socket, bound
 * @local: our address, which may be unspecified, port, and the device to use, if any, as
 *	scope
 * @remote: the peer
 * @saddr: receives the source address
 *
 * Context: any but hard interrupt.
 * Return: a held route, or an error pointer.
 */
struct dst_entry *rdm_udp_route(struct sock *sk, const struct rdm_addr *local,
				const struct rdm_addr *remote, struct in6_addr *saddr)
{
	if (rdm_addr_is4(remote))
		return route4(sk, local, remote, saddr);
	return route6(sk, local, remote, saddr);
}

/* len <= dst_mtu(), which takes longer than all else here, for routes with nothing special */
static bool fits(const struct dst_entry *dst, u32 len)
{
	if (likely(!dst_rtable(dst)->rt_pmtu && !dst_metric_raw(dst, RTAX_MTU) &&
		   !dst->lwtstate && !dst_xfrm(dst)))
		return len <= READ_ONCE(dst->dev->mtu);
	return len <= dst_mtu(dst);
}

/*
 * May routers cut the packet? IP_PMTUDISC_WANT leaves that to them only where a path has
 * shrunk since the packet was made, IP_PMTUDISC_DO never does; but both do where shorter
 * packets cannot be made.
 */
static __be16 dont_fragment(const struct sock *sk, const struct dst_entry *dst,
			    const struct sk_buff *skb)
{
	u32 len = skb_is_gso(skb) ? skb_shinfo(skb)->gso_size : skb->len;

	if (unlikely(skb->ignore_df) || !ip_dont_fragment(sk, dst))
		return 0;
	len += sizeof(struct iphdr) + sizeof(struct udphdr);
	if (!fits(dst, len) && READ_ONCE(inet_sk(sk)->pmtudisc) != IP_PMTUDISC_DO)
		return 0;
	return htons(IP_DF);
}

/*
 * udp_tunnel_xmit_skb() without what only tunnels need. An IPv4 packet that is never cut has no
 * use for a number of its own either (RFC 6864, section 4.1), and making one costs a keyed hash.
 */
static void send4(struct sock *sk, struct sock *usk, struct dst_entry *dst,
		  const struct rdm_addr *local, const struct rdm_addr *remote,
		  struct sk_buff *skb)
{
	__be32 saddr = local->ip.s6_addr32[3], daddr = remote->ip.s6_addr32[3];
	__be16 df = dont_fragment(sk, dst, skb);
	int ttl = READ_ONCE(inet_sk(sk)->uc_ttl);
	struct net *net = dev_net(dst->dev);
	u32 len = skb->len + sizeof(struct udphdr);
	struct udphdr *uh = __skb_push(skb, sizeof(*uh));
	struct iphdr *iph;

	skb_reset_transport_header(skb);
	uh->source = local->port;
	uh->dest = remote->port;
	uh->len = htons(len);
	udp_set_csum(false, skb, saddr, daddr, len);

	iph = __skb_push(skb, sizeof(*iph));
	skb_reset_network_header(skb);
	iph->version = 4;
	iph->ihl = sizeof(*iph) / 4;
	iph->tos = tos4(sk) | *rdm_skb_ecn(skb);
	iph->frag_off = ip_mtu_locked(dst) ? 0 : df;
	iph->ttl = ttl >= 0 ? ttl : ip4_dst_hoplimit(dst);
	iph->protocol = IPPROTO_UDP;
	iph->saddr = saddr;
	iph->daddr = daddr;
	ip_select_ident_segs(net, skb, NULL, skb_shinfo(skb)->gso_segs ?: 1);

	skb_dst_set(skb, dst);
	memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
	ip_local_out(net, usk, skb);
}

static void send6(struct sock *sk, struct sock *usk, struct dst_entry *dst,
		  const struct rdm_addr *local, const struct rdm_addr *remote,
		  struct sk_buff *skb)
{
	struct in6_addr saddr = local->ip, daddr = remote->ip;
	const struct ipv6_pinfo *np = inet6_sk(sk);
	int hops = np->hop_limit;

	/* a path that shrank cuts what is on its way; what follows is cut anew */
	skb->ignore_df = !np->dontfrag && np->pmtudisc != IPV6_PMTUDISC_DO;
	udp_tunnel6_xmit_skb(dst, usk, skb, NULL, &saddr, &daddr, tos6(sk) | *rdm_skb_ecn(skb),
			     hops >= 0 ? hops : ip6_dst_hoplimit(dst), 0, local->port,
			     remote->port, false);
}

/**
 * rdm_udp_send() - send one packet, or one super-packet
 * @sk: the rdm socket, bound
 * @dst: the route; its reference is consumed
 * @local: source
 * @remote: destination
 * @skb: the UDP payload, with room for the headers before it; consumed. With gso_size
 *	set it is a run of packets. rdm_skb_ecn() goes to the IP header
 *
 * Context: process or softirq, no lock held.
 */
void rdm_udp_send(struct sock *sk, struct dst_entry *dst, const struct rdm_addr *local,
		  const struct rdm_addr *remote, struct sk_buff *skb)
{
	struct sock *usk = rdm_sk(sk)->tunnel->usk;

	skb->mark = READ_ONCE(sk->sk_mark);
	skb->priority = READ_ONCE(sk->sk_priority);
	if (skb_is_gso(skb)) {
		skb->ip_summed = CHECKSUM_PARTIAL;
		skb->csum_start = skb_headroom(skb) - sizeof(struct udphdr);
		skb->csum_offset = offsetof(struct udphdr, check);
	}
	if (rdm_addr_is4(remote))
		send4(sk, usk, dst, local, remote, skb);
	else
		send6(sk, usk, dst, local, remote, skb);
}

/**
 * rdm_udp_send_peer() - send what was collected for a peer
 * @peer: the peer, not locked
 * @xmitq: packets, each with its route; emptied
 *
 * Context: BH off, no lock held.
 */
void rdm_udp_send_peer(struct rdm_peer *peer, struct sk_buff_head *xmitq)
{
	struct dst_entry *dst;
	struct sk_buff *skb;

	while ((skb = __skb_dequeue(xmitq))) {
		dst = skb_dst(skb);
		/* the reference moves to rdm_udp_send() */
		skb->_skb_refdst = 0;
		rdm_udp_send(peer->sk, dst, &peer->local, &peer->remote, skb);
	}
}
