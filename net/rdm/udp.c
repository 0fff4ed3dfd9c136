// SPDX-License-Identifier: GPL-2.0
/*
 * rdm udp: the kernel's UDP socket under rdm sockets: opening and closing it,
 * taking packets and ICMP errors out of it, routes, and the way out for packets
 * that are built. What packets mean is for input.c. Documentation/receive.md says
 * why packets come out of it in two ways.
 */
#include <linux/filter.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/ipv6.h>
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
/*
 * Packets come by encap_rcv, which is the shorter way, or by the socket's queue, where
 * super-packets stay whole: for a socket with an encap_rcv UDP cuts them, and that costs more than
 * the queue for all their segments together. So the first one that was cut takes it off, and so
 * many packets in a row that are no super-packets put it back.
 */
#define UDP_ALONE	256

/*
 * What UDP itself dropped since the last look, most likely because its queue was full, or, before
 * encap_rcv, because of the checksum.
 */
static void count_drops(struct rdm_net *rn, struct sock *usk, bool queue)
{
	int n = rdm_udp_take_drops(usk);

	if (likely(!n))
		return;
	if (queue)
		rdm_add(rn, DROP_QUEUE, n);
	else
		rdm_add(rn, DROP_CSUM, n);
}

/*
 * Softirq, from UDP's receive path, under RCU. The checksum was found right.
 * Return: 0: it was taken; 1: it goes on to the queue.
 */
static int udp_encap_rcv(struct sock *usk, struct sk_buff *skb)
{
	struct rdm_tunnel *t = rcu_dereference_sk_user_data(usk);

	if (unlikely(!t))
		return 1;
	count_drops(t->rn, usk, false);
	/* a part of a super-packet, and here come the others */
	if (unlikely(skb->next)) {
		WRITE_ONCE(t->alone, 0);
		WRITE_ONCE(udp_sk(usk)->encap_rcv, NULL);
		return 1;
	}
	/* as UDP does for those in the queue; what is refused, it drops */
	if (unlikely(sk_filter(usk, skb)))
		return 1;
	__skb_pull(skb, sizeof(struct udphdr));
	skb_dst_drop(skb);
	skb_orphan(skb);
	/* it may outlive its device */
	skb->dev = NULL;
	rdm_input(t, skb);
	return 0;
}

/* A packet came by the queue. */
static void note_alone(struct rdm_tunnel *t, struct sock *usk, const struct sk_buff *skb)
{
	u32 n = skb_is_gso(skb) ? 0 : READ_ONCE(t->alone) + 1;

	WRITE_ONCE(t->alone, n);
	if (unlikely(n == UDP_ALONE))
		WRITE_ONCE(udp_sk(usk)->encap_rcv, udp_encap_rcv);
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
		count_drops(t->rn, usk, true);
	while (t && most) {
		skb = skb_recv_udp(usk, MSG_DONTWAIT, &err);
		if (!skb) {
			/* else an error was in the way, and is taken off now */
			if (err == -EAGAIN)
				return;
			continue;
		}
		/* it holds UDP's scratch data, no device */
		skb->dev = NULL;
		note_alone(t, usk, skb);
		if (likely(!udp_lib_checksum_complete(skb))) {
			rdm_input(t, skb);
		} else {
			rdm_inc(t->rn, DROP_CSUM);
			kfree_skb(skb);
		}
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

/* Softirq, under RCU. @skb begins with the IP header that the error quotes. */
static void udp_icmp(struct sock *usk, struct sk_buff *skb, int err, __be16 port, u32 info,
		     u8 *payload)
{
	struct rdm_tunnel *t = rcu_dereference_sk_user_data(usk);
	struct rdm_addr to = { .port = port };
	bool hard;

	/* too big: the route has learnt it, and the next packet asks the route */
	if (!t || err == EMSGSIZE)
		return;
	if (skb->protocol == htons(ETH_P_IP)) {
		ipv6_addr_set_v4mapped(((const struct iphdr *)skb->data)->daddr, &to.ip);
		hard = icmp_hdr(skb)->type == ICMP_DEST_UNREACH &&
		       icmp_hdr(skb)->code == ICMP_PORT_UNREACH;
	} else {
		to.ip = ((const struct ipv6hdr *)skb->data)->daddr;
		if (ipv6_addr_type(&to.ip) & IPV6_ADDR_LINKLOCAL)
			to.scope = skb->skb_iif;
		hard = icmp6_hdr(skb)->icmp6_type == ICMPV6_DEST_UNREACH &&
		       icmp6_hdr(skb)->icmp6_code == ICMPV6_PORT_UNREACH;
	}
	rdm_icmp(t, &to, err, hard, payload, skb_tail_pointer(skb) - payload);
}

UDP_ENCAP_ERR_RCV(udp_encap_err_rcv, udp_icmp);

/* Super-packets shall not be cut. */
static int set_gro(struct socket *sock)
{
	int one = 1;

	return sock->ops->setsockopt(sock, SOL_UDP, UDP_GRO, KERNEL_SOCKPTR(&one), sizeof(one));
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
	err = set_gro(t->sock);
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
	rcu_assign_sk_user_data(usk, t);
	write_unlock_bh(&usk->sk_callback_lock);
	udp_sk(usk)->encap_err_rcv = udp_encap_err_rcv;
	WRITE_ONCE(udp_sk(usk)->encap_rcv, udp_encap_rcv);
	/* not of a kind that UDP knows */
	WRITE_ONCE(udp_sk(usk)->encap_type, 1);
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

static struct dst_entry *find_route4(struct sock *sk, const struct rdm_addr *local,
				     const struct rdm_addr *remote, struct in6_addr *saddr)
{
	struct sock *usk = rdm_sk(sk)->tunnel->usk;
	struct flowi4 fl4 = {
		.flowi4_oif = local->scope ?: READ_ONCE(sk->sk_bound_dev_if) ?:
			      READ_ONCE(inet_sk(sk)->uc_index),
		.flowi4_mark = READ_ONCE(sk->sk_mark),
		RDM_FLOWI4_TOS(tos4(sk)),
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

static struct dst_entry *find_route6(struct sock *sk, const struct rdm_addr *local,
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
 * Return: a held route, or an error pointer: -EAFNOSUPPORT when our address is of the other
 * family.
 */
struct dst_entry *rdm_udp_route(struct sock *sk, const struct rdm_addr *local,
				const struct rdm_addr *remote, struct in6_addr *saddr)
{
	bool v4 = rdm_addr_is4(remote);

	if (unlikely(v4 != rdm_addr_is4(local) && !ipv6_addr_any(&local->ip)))
		return ERR_PTR(-EAFNOSUPPORT);
	if (v4)
		return find_route4(sk, local, remote, saddr);
	return find_route6(sk, local, remote, saddr);
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

static noinline void send6(struct sock *sk, struct sock *usk, struct dst_entry *dst,
			   const struct rdm_addr *local, const struct rdm_addr *remote,
			   struct sk_buff *skb)
{
	struct in6_addr saddr = local->ip, daddr = remote->ip;
	const struct ipv6_pinfo *np = inet6_sk(sk);
	int hops = np->hop_limit;

	/* a path that shrank cuts what is on its way; what follows is cut anew */
	skb->ignore_df = !inet6_test_bit(DONTFRAG, sk) && np->pmtudisc != IPV6_PMTUDISC_DO;
	udp_tunnel6_xmit_skb(dst, usk, skb, NULL, &saddr, &daddr, tos6(sk) | *rdm_skb_ecn(skb),
			     hops >= 0 ? hops : ip6_dst_hoplimit(dst), 0, local->port,
			     remote->port, false, 0);
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
void rdm_udp_send_peer(struct rdm_peer *peer, struct rdm_xmitq *xmitq)
{
	struct sk_buff *skb, *next;
	struct dst_entry *dst;

	for (skb = xmitq->first; skb; skb = next) {
		next = skb->next;
		skb_mark_not_on_list(skb);
		dst = skb_dst(skb);
		/* the reference moves to rdm_udp_send() */
		skb->_skb_refdst = 0;
		rdm_udp_send(peer->sk, dst, &peer->local, &peer->remote, skb);
	}
	rdm_xmitq_init(xmitq);
}
