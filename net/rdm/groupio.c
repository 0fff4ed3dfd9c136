// SPDX-License-Identifier: GPL-2.0
/*
 * rdm groupio: bytes of groups: frames into associations and out of them, what is
 * put before the user, and announcements. The bytes of broadcasts are groupbody's;
 * what it is all for is decided in the core (groupcore.h).
 */
#include <linux/igmp.h>
#include <linux/slab.h>
#include <net/addrconf.h>
#include <net/ip6_route.h>
#include <net/route.h>
#include <net/udp_tunnel.h>

#include "group.h"

/**
 * rdm_rec_bytes() - copy bytes of a received message
 * @rec: the message, whole
 * @at: from here on
 * @to: where to
 * @len: how many; the message has them
 *
 * Return: 0 or a negative errno.
 */
int rdm_rec_bytes(const struct rdm_rec *rec, u32 at, void *to, u32 len)
{
	const struct rdm_rxfrag *f;
	int err;

	if (rec->copied) {
		rdm_copy(to, rec->data + at, len);
		return 0;
	}
	list_for_each_entry(f, &rec->m.frags, node) {
		const struct rdm_part *part = container_of(f, struct rdm_part, f);
		u32 size = part->step ? part->step - RDM_GAP : U32_MAX, in, n;

		/* from a run of segments it is in pieces */
		for (; at < f->len && len; at += n, to += n, len -= n) {
			in = (f->trim + at) % size;
			n = min3(f->len - at, len, size - in);
			err = skb_copy_bits(part->skb, part->at +
					    (f->trim + at) / size * part->step + in, to, n);
			if (err)
				return err;
		}
		if (!len)
			break;
		at -= f->len;
	}
	return len ? -EFAULT : 0;
}

/**
 * rdm_grec_new() - a place for an event to be read by the user
 *
 * Return: for rdm_rcv_put() once all of its struct rdm_gread is filled, or NULL.
 */
struct rdm_rec *rdm_grec_new(void)
{
	struct rdm_rec *rec;

	BUILD_BUG_ON(sizeof(struct rdm_gread) > RDM_REC_ROOM);
	rec = kmem_cache_alloc(rdm_rec_cache, GFP_ATOMIC | __GFP_NOWARN);
	if (!rec)
		return NULL;
	memset(rec, 0, RDM_REC_SIZE);
	rdm_rxmsg_init(&rec->m, 0, 0);
	INIT_LIST_HEAD(&rec->node);
	refcount_set(&rec->refs, 1);
	rec->truesize = SKB_TRUESIZE(RDM_REC_SIZE);
	rec->home = RDM_REC_CACHE;
	return rec;
}

/**
 * rdm_grec_free() - the last reference to such a record is gone
 * @rec: it, of a broadcast or an event
 *
 * Return: true when it was one of a broadcast, and is gone, too.
 */
bool rdm_grec_free(struct rdm_rec *rec)
{
	struct rdm_gbody *b = rdm_grec_body(rec);

	if (b)
		rdm_gbody_put(b);
	else
		rdm_group_put(rdm_gread(rec)->group);
	return b;
}

/* Where a frame goes; stands behind the record of its message. */
struct dest {
	struct rdm_addr to;
	u8 rank;
} __aligned(sizeof(long));

static struct dest *dest_of(const struct rdm_msg *m)
{
	return (struct dest *)(m + 1);
}

/**
 * rdm_gmsg_make() - a frame as a message for an association
 * @plan: the frame
 * @b: the broadcast that it carries, or NULL
 *
 * Return: for rdm_gmsg_push(), or NULL.
 */
struct rdm_msg *rdm_gmsg_make(const struct rdm_gplan *plan, struct rdm_gbody *b)
{
	u32 len = plan->len + (b ? b->len : 0);
	u32 nbits = len > RDM_MIN_STRIDE ? DIV_ROUND_UP(len, RDM_MIN_STRIDE) : 0;
	u32 bits = BITS_TO_LONGS(nbits) * sizeof(long);
	/* its headers can stand in the gaps, and so does its head */
	bool taken = b && b->blocks && !b->taken && !plan->again;
	u32 own = taken ? 0 : plan->len;
	struct rdm_msg *m;
	struct dest *dest;

	m = rdm_msg_alloc(sizeof(*dest) + bits + own, GFP_ATOMIC | __GFP_NOWARN);
	if (!m)
		return NULL;
	m->nblocks = 0;
	m->blocks = NULL;
	m->body = NULL;
	dest = dest_of(m);
	rdm_gaddr_to(&dest->to, &plan->to.at);
	dest->rank = plan->rank;
	memset(dest + 1, 0, bits);
	/* the rest when it is known how it is cut */
	m->t.len = len;
	m->t.acked = bits ? (unsigned long *)(dest + 1) : NULL;
	m->t.finished = false;
	m->truesize = SKB_TRUESIZE(sizeof(*m)) + plan->len;
	m->data = (u8 *)(dest + 1) + bits;
	m->head = plan->len;
	if (b) {
		m->body = b;
		refcount_inc(&b->refs);
	}
	if (taken) {
		b->taken = true;
		m->data = (u8 *)page_address(b->blocks->page) + b->blocks->off + b->gap;
		m->blocks = b->blocks;
		m->nblocks = b->nblocks;
		m->layout_stride = b->stride;
		m->gap = b->gap;
	}
	rdm_copy(m->data, plan->head, plan->len);
	return m;
}

/**
 * rdm_gmsg_over() - a message with a broadcast needs it no more
 * @m: the message, with its outcome if it was accepted
 *
 * Context: any but hard interrupt.
 */
void rdm_gmsg_over(struct rdm_msg *m)
{
	struct rdm_gbody *b = m->body;

	m->body = NULL;
	m->nblocks = 0;
	m->blocks = NULL;
	if (b->m.cast && b->m.own)
		rdm_group_told(b, dest_of(m)->rank, !m->t.finished || m->t.error);
	rdm_gbody_put(b);
}

static void drop(struct rdm_msg *m)
{
	if (m->body)
		rdm_gmsg_over(m);
	rdm_msg_free(m);
}

/**
 * rdm_gmsg_push() - send a frame
 * @g: the group
 * @m: from rdm_gmsg_make(); consumed
 * @wait: see struct rdm_txmsg
 * @now: ns
 *
 * When it cannot be sent it is lost: the core repeats what must arrive.
 *
 * Context: process or softirq, no lock held.
 */
void rdm_gmsg_push(struct rdm_group *g, struct rdm_msg *m, u32 wait, u64 now)
{
	struct rdm_addr from = g->self;
	struct rdm_xmitq xmitq;
	struct rdm_peer *peer;
	struct rdm_out out;
	u32 stride;

	from.scope = g->ifindex;
	for (;;) {
		peer = rdm_peer_get_channel(g->sk, &dest_of(m)->to, &from, RDM_CHANNEL_GROUP,
					    GFP_ATOMIC);
		if (IS_ERR(peer)) {
			rdm_inc(g->rn, GROUP_LOST);
			drop(m);
			return;
		}
		spin_lock_bh(&peer->lock);
		if (likely(peer->a.state != RDM_ASSOC_CLOSED))
			break;
		spin_unlock_bh(&peer->lock);
		rdm_peer_put(peer);
	}
	rdm_xmitq_init(&xmitq);
	rdm_out_init(&out);
	stride = rdm_msg_stride(m->t.len, peer->a.mtu);
	rdm_txmsg_init(&m->t, m->t.len, stride, m->t.acked);
	/* a copy whose headers can stand in the gaps, if it is cut as was thought */
	if (m->body && (m->nblocks || !g->mtu))
		WRITE_ONCE(g->mtu, peer->a.mtu);
	if (m->nblocks && m->t.stride != m->layout_stride)
		m->nblocks = 0;
	m->t.laid = m->body && !rdm_gbody_short(m->body);
	m->t.pads = m->t.laid && rdm_msg_pads(&m->t);
	m->t.wait = m->body ? wait : 0;
	m->t.solo = m->t.laid || m->t.len > RDM_INLINE_MAX;
	if (m->body && m->body->m.cast) {
		m->t.mode = m->body->mode;
		m->t.deadline = m->body->deadline;
	}
	rdm_snd_take(peer, m->truesize);
	rdm_assoc_push(&peer->a, now, &m->t, &out);
	if (peer->a.state == RDM_ASSOC_IDLE) {
		rdm_inc(peer->rn, ASSOC_OPENED);
		rdm_assoc_open(&peer->a, now, &out);
	}
	rdm_output(peer, now, &xmitq, &out);
	__rdm_peer_unlock(peer, now, &out, &xmitq);
	local_bh_enable();
	rdm_peer_put(peer);
}

static struct dst_entry *route4(struct rdm_group *g, __be32 to, __be32 *saddr)
{
	struct flowi4 fl4 = {
		.flowi4_oif = g->ifindex ?: READ_ONCE(g->sk->sk_bound_dev_if),
		.flowi4_mark = READ_ONCE(g->sk->sk_mark),
		.flowi4_proto = IPPROTO_UDP,
		.daddr = to,
		.saddr = g->self.ip.s6_addr32[3],
		.fl4_dport = g->name.port,
		.fl4_sport = g->name.port,
		.flowi4_uid = sock_net_uid(g->rn->net, g->sk),
	};
	struct rtable *rt = ip_route_output_flow(g->rn->net, &fl4, NULL);

	if (IS_ERR(rt))
		return ERR_CAST(rt);
	*saddr = fl4.saddr;
	return &rt->dst;
}

static struct dst_entry *route6(struct rdm_group *g, const struct in6_addr *to,
				struct in6_addr *saddr)
{
	struct flowi6 fl6 = {
		.flowi6_oif = g->ifindex ?: READ_ONCE(g->sk->sk_bound_dev_if),
		.flowi6_mark = READ_ONCE(g->sk->sk_mark),
		.flowi6_proto = IPPROTO_UDP,
		.daddr = *to,
		.saddr = g->self.ip,
		.fl6_dport = g->name.port,
		.fl6_sport = g->name.port,
		.flowi6_uid = sock_net_uid(g->rn->net, g->sk),
	};
	struct dst_entry *dst = ip6_dst_lookup_flow(g->rn->net, g->sk, &fl6, NULL);

	if (!IS_ERR(dst))
		*saddr = fl6.saddr;
	return dst;
}

/**
 * rdm_group_source() - by which address do the others know us?
 * @g: the group; its self is set, when no list of members has told it
 *
 * Context: process.
 * Return: 0, or why there is no way to the group's address, negative.
 */
int rdm_group_source(struct rdm_group *g)
{
	struct dst_entry *dst;
	__be32 saddr;

	if (rdm_addr_is4(&g->name)) {
		ipv6_addr_set_v4mapped(0, &g->self.ip);
		dst = route4(g, g->name.ip.s6_addr32[3], &saddr);
		if (!IS_ERR(dst))
			ipv6_addr_set_v4mapped(saddr, &g->self.ip);
	} else {
		dst = route6(g, &g->name.ip, &g->self.ip);
	}
	if (IS_ERR(dst))
		return PTR_ERR(dst);
	if (!g->ifindex)
		g->ifindex = dst->dev->ifindex;
	if (ipv6_addr_type(&g->self.ip) & IPV6_ADDR_LINKLOCAL)
		g->self.scope = g->ifindex;
	g->self.port = g->name.port;
	dst_release(dst);
	return 0;
}

/**
 * rdm_group_announce() - send a datagram to the group's address
 * @g: the group
 * @p: what it says
 * @len: bytes
 *
 * Context: process or softirq, no lock held.
 */
void rdm_group_announce(struct rdm_group *g, const u8 *p, u32 len)
{
	u32 head = LL_MAX_HEADER + sizeof(struct ipv6hdr) + sizeof(struct udphdr);
	struct sock *usk = rdm_sk(g->sk)->tunnel->usk;
	struct in6_addr saddr, daddr = g->name.ip;
	__be32 saddr4, daddr4 = daddr.s6_addr32[3];
	bool v4 = rdm_addr_is4(&g->name);
	struct dst_entry *dst;
	struct sk_buff *skb;

	dst = v4 ? route4(g, daddr4, &saddr4) : route6(g, &daddr, &saddr);
	skb = IS_ERR(dst) ? NULL : alloc_skb(head + len, GFP_ATOMIC | __GFP_NOWARN);
	if (!skb) {
		if (!IS_ERR(dst))
			dst_release(dst);
		rdm_inc(g->rn, GROUP_LOST);
		return;
	}
	skb_reserve(skb, head);
	skb_put_data(skb, p, len);
	skb->mark = READ_ONCE(g->sk->sk_mark);
	skb->priority = READ_ONCE(g->sk->sk_priority);
	rdm_inc(g->rn, GROUP_ANNOUNCED);
	local_bh_disable();
	if (v4)
		udp_tunnel_xmit_skb(dst_rtable(dst), usk, skb, saddr4, daddr4, 0,
				    READ_ONCE(inet_sk(g->sk)->mc_ttl), 0, g->name.port,
				    g->name.port, false, false, 0);
	else
		udp_tunnel6_xmit_skb(dst, usk, skb, NULL, &saddr, &daddr, 0,
				     max_t(int, inet6_sk(g->sk)->mcast_hops, 1), 0,
				     g->name.port, g->name.port, false, 0);
	local_bh_enable();
}

static int set(struct socket *sock, int level, int name, void *val, unsigned int len)
{
	return sock->ops->setsockopt(sock, level, name, KERNEL_SOCKPTR(val), len);
}

/**
 * rdm_group_listen() - take packets to the group's address, or no more
 * @g: the group
 * @on: take them
 *
 * Context: process; may sleep.
 * Return: 0 or a negative errno.
 */
int rdm_group_listen(struct rdm_group *g, bool on)
{
	struct socket *sock = rdm_sk(g->sk)->tunnel->sock;
	bool v4 = rdm_addr_is4(&g->name);
	struct ip_mreqn mreq = {
		.imr_multiaddr.s_addr = g->name.ip.s6_addr32[3],
		.imr_ifindex = g->ifindex,
	};
	struct ipv6_mreq mreq6 = {
		.ipv6mr_multiaddr = g->name.ip,
		.ipv6mr_ifindex = g->ifindex,
	};
	int no = 0;

	if (g->nlist || (v4 && !ipv4_is_multicast(mreq.imr_multiaddr.s_addr)))
		return 0;
	if (v4) {
		set(sock, SOL_IP, IP_MULTICAST_LOOP, &no, sizeof(no));
		return set(sock, SOL_IP, on ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP, &mreq,
			   sizeof(mreq));
	}
	set(sock, SOL_IPV6, IPV6_MULTICAST_LOOP, &no, sizeof(no));
	return set(sock, SOL_IPV6, on ? IPV6_ADD_MEMBERSHIP : IPV6_DROP_MEMBERSHIP, &mreq6,
		   sizeof(mreq6));
}
