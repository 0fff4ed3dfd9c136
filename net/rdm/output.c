// SPDX-License-Identifier: GPL-2.0
/*
 * rdm output: turns what the core wants to send into packets. A run of
 * fragments that go out for the first time becomes one super-packet over the
 * pages that sendmsg() laid out for it, and one of copies of broadcasts has its
 * headers apart; everything else is a packet with fresh headers in its linear part
 * and references to the bytes. Nothing is copied but short messages.
 */
#include <linux/slab.h>
#include <linux/unaligned.h>
#include <net/ip6_route.h>
#include <net/route.h>

#include "copy.h"
#include "group.h"
#include "msg.h"
#include "option.h"
#include "peer.h"
#include "rdm.h"

/* Linear parts up to here come from pieces of a page, see new_skb(). */
#define SKB_FRAG_MAX	2048
#define SUPER_MAX	65000
#define SUPER_HEADERS	80
#define SUPER_SEGS	64
/*
 * Copies of broadcasts take two references each, and more where their bytes do not lie in one
 * piece. For a device that takes no lists of packets the kernel takes a list apart without touching
 * the segments, if all packets but the last are of one length. Not each kernel does that right
 * (gso.c), and where it does not there are no lists.
 */
#define PART_SEGS	8

/**
 * rdm_peer_mtu() - the longest UDP payload that reaches a peer in one piece
 * @peer: the peer, with a route
 *
 * Return: bytes, never so few that the core cannot work: IP fragments below that.
 */
u32 rdm_peer_mtu(const struct rdm_peer *peer)
{
	u32 mtu = dst_mtu(peer->dst);

	return clamp(mtu, (u32)IPV6_MIN_MTU, (u32)SUPER_MAX) - rdm_peer_headers(peer);
}

/**
 * rdm_peer_pmtud() - shall probes find out what the route does not know?
 * @peer: the peer
 *
 * Not where routers may cut packets: then long ones arrive.
 *
 * Return: true when they shall.
 */
bool rdm_peer_pmtud(const struct rdm_peer *peer)
{
	if (!READ_ONCE(peer->rn->tun.mtu_probing))
		return false;
	return !rdm_addr_is4(&peer->remote) ||
	       READ_ONCE(inet_sk(peer->sk)->pmtudisc) != IP_PMTUDISC_DONT;
}

static noinline bool new_route(struct rdm_peer *peer, u32 routes, u64 way)
{
	struct in6_addr saddr;
	struct dst_entry *dst;

	dst_release(peer->dst);
	peer->routes = routes;
	peer->way = way;
	peer->dst = NULL;
	/* the source address is pinned: the peer knows us by it */
	dst = rdm_udp_route(peer->sk, &peer->local, &peer->remote, &saddr);
	if (IS_ERR(dst)) {
		peer->a.soft_error = -PTR_ERR(dst);
		return false;
	}
	peer->dst = dst;
	rdm_assoc_new_path(&peer->a);
	if (dst->ops->family == AF_INET6)
		peer->dst_cookie = rt6_get_cookie((struct rt6_info *)dst);
	rdm_assoc_set_pmtud(&peer->a, rdm_peer_pmtud(peer));
	return true;
}

/* Does a peer have a valid route? If not, packets are lost now, and come again. */
static inline bool route(struct rdm_peer *peer)
{
	u32 mtu, routes = READ_ONCE(rdm_sk(peer->sk)->routes);
	const struct dst_entry *dst = peer->dst;
	u64 way = rdm_way(peer->sk);

	lockdep_assert_held(&peer->lock);
	if (unlikely(!dst || peer->routes != routes || peer->way != way ||
		     (dst->obsolete && !dst->ops->check(peer->dst, peer->dst_cookie))) &&
	    !new_route(peer, routes, way))
		return false;
	mtu = rdm_peer_mtu(peer);
	if (unlikely(mtu != peer->a.route_mtu))
		rdm_assoc_set_mtu(&peer->a, rdm_now(), mtu);
	return true;
}

/**
 * rdm_route_again() - nothing comes back from a peer: look for the way anew
 * @peer: the peer, locked
 *
 * Not every change of routes ends the validity of those that were looked up before: IPv6 knows
 * only of changes in the table where the route was found.
 */
void rdm_route_again(struct rdm_peer *peer)
{
	struct dst_entry *dst, *before = peer->dst;
	struct in6_addr saddr;

	lockdep_assert_held(&peer->lock);
	/* of an association that has ended the tunnel may be gone */
	if (!before || peer->a.state == RDM_ASSOC_IDLE || peer->a.state == RDM_ASSOC_CLOSED)
		return;
	dst = rdm_udp_route(peer->sk, &peer->local, &peer->remote, &saddr);
	if (IS_ERR(dst)) {
		/* route() tells it */
		peer->dst = NULL;
	} else {
		peer->dst = dst;
		if (dst->ops->family == AF_INET6)
			peer->dst_cookie = rt6_get_cookie((struct rt6_info *)dst);
		if (dst->dev != before->dev)
			rdm_assoc_new_path(&peer->a);
	}
	dst_release(before);
}

/**
 * rdm_route_by() - a message names the address and the device to send from
 * @peer: the peer, not locked
 * @from: an address of zeroes is none; scope: device, or 0
 *
 * The device holds for the association from here on. The address cannot change: the peer
 * knows us by it.
 *
 * Context: process or softirq.
 * Return: 0; -EADDRNOTAVAIL when the association has another address; or why there is no
 * way by that device, negative: then it goes on as before.
 */
int rdm_route_by(struct rdm_peer *peer, const struct rdm_addr *from)
{
	struct rdm_addr local;
	struct in6_addr saddr;
	struct dst_entry *dst;
	int err = 0;

	spin_lock_bh(&peer->lock);
	local = peer->local;
	if (!ipv6_addr_any(&from->ip) && !ipv6_addr_equal(&from->ip, &local.ip)) {
		err = -EADDRNOTAVAIL;
	} else if (from->scope && from->scope != local.scope) {
		local.scope = from->scope;
		dst = rdm_udp_route(peer->sk, &local, &peer->remote, &saddr);
		err = PTR_ERR_OR_ZERO(dst);
		if (!err) {
			dst_release(dst);
			dst_release(peer->dst);
			peer->dst = NULL;
			peer->local.scope = from->scope;
		}
	}
	spin_unlock_bh(&peer->lock);
	return err;
}

/**
 * rdm_route_confirm() - the user knows that the peer is reached (MSG_CONFIRM)
 * @peer: the peer, not locked
 */
void rdm_route_confirm(struct rdm_peer *peer)
{
	const void *to = &peer->remote.ip;

	if (rdm_addr_is4(&peer->remote))
		to = &peer->remote.ip.s6_addr32[3];
	spin_lock_bh(&peer->lock);
	if (peer->dst)
		dst_confirm_neigh(peer->dst, to);
	spin_unlock_bh(&peer->lock);
}

static void send_skb(struct rdm_peer *peer, struct sk_buff *skb, bool ect,
		     struct rdm_xmitq *xmitq)
{
	*rdm_skb_ecn(skb) = ect ? RDM_ECN_ECT0 : RDM_ECN_NONE;
	/* where not even the base size gets through, IPv4 cuts: see dont_fragment() */
	if (unlikely(peer->a.mtu < RDM_PMTU_BASE))
		skb->ignore_df = 1;
	skb_dst_set(skb, dst_clone(peer->dst));
	rdm_xmitq_add(xmitq, skb);
}

/* Of the bytes of a copy of a broadcast from @off on, how many are of its head. */
static u32 head_bytes(const struct rdm_msg *msg, u32 off, u32 len)
{
	return off < msg->head ? min(len, msg->head - off) : 0;
}

/* Of a message's bytes from @off on, how many go into the linear part of a packet. */
static u32 linear_bytes(const struct rdm_msg *msg, u32 off, u32 len)
{
	if (msg->nblocks)
		return 0;
	if (!msg->body || rdm_gbody_short(msg->body))
		return len;
	return head_bytes(msg, off, len);
}

/* The same for a broadcast: its head, then bytes that others refer to as well. */
static bool add_body(struct sk_buff *skb, const struct rdm_msg *msg, u32 off, u32 len)
{
	u32 n = head_bytes(msg, off, len);

	rdm_copy(skb_put(skb, n), msg->data + off, n);
	off = off + n - msg->head;
	return rdm_gbody_add(skb, msg->body, off, len - n);
}

/* Reference a message's bytes; they may lie in several runs, with gaps between. */
static bool add_bytes(struct sk_buff *skb, const struct rdm_msg *msg, u32 off, u32 len)
{
	u32 stride = msg->layout_stride;
	u16 i = 0;

	if (!msg->nblocks) {
		if (unlikely(msg->body))
			return add_body(skb, msg, off, len);
		rdm_copy(skb_put(skb, len), msg->data + off, len);
		return true;
	}
	while (len) {
		u32 frag = off / stride, in = off % stride, n = min(len, stride - in);
		int k = skb_shinfo(skb)->nr_frags;
		const struct rdm_block *b;

		while (frag >= msg->blocks[i].first + msg->blocks[i].n)
			i++;
		b = &msg->blocks[i];
		if (k == MAX_SKB_FRAGS)
			return false;
		get_page(b->page);
		skb_add_rx_frag(skb, k, b->page,
				b->off + (frag - b->first) * (msg->gap + stride) + msg->gap + in,
				n, n);
		off += n;
		len -= n;
	}
	return true;
}

/*
 * With room for the headers that this peer's packets get, and no more. Most packets come from
 * what this CPU keeps for its network devices: pieces of a page, and packets that were just freed.
 * Unlike the slab's, these are not cleared again and again (init_on_alloc).
 */
static struct sk_buff *new_skb(const struct rdm_peer *peer, u32 linear)
{
	u32 room = LL_RESERVED_SPACE(peer->dst->dev) + sizeof(struct udphdr), size;
	struct sk_buff *skb;
	void *head;

	room += rdm_addr_is4(&peer->remote) ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
	size = SKB_DATA_ALIGN(room + linear) + SKB_DATA_ALIGN(sizeof(struct skb_shared_info));
	if (unlikely(size > SKB_FRAG_MAX)) {
		skb = alloc_skb(room + linear, GFP_ATOMIC | __GFP_NOWARN);
	} else {
		head = napi_alloc_frag(size);
		if (unlikely(!head))
			return NULL;
		skb = napi_build_skb(head, size);
		if (unlikely(!skb))
			skb_free_frag(head);
	}
	if (likely(skb))
		skb_reserve(skb, room);
	return skb;
}

static struct sk_buff *build_probe(const struct rdm_peer *peer, const struct rdm_plan *plan)
{
	struct sk_buff *skb = new_skb(peer, plan->size);

	if (!skb)
		return NULL;
	skb_put_data(skb, plan->head, plan->head_len);
	skb_put_zero(skb, plan->size - plan->head_len);
	return skb;
}

/* A packet with whole messages. */
static struct sk_buff *build_bundle(const struct rdm_peer *peer, const struct rdm_plan *plan)
{
	struct rdm_txmsg *m = plan->msg;
	struct sk_buff *skb;
	u32 linear = plan->head_len;
	u16 i;

	for (i = 0; i < plan->n; i++, m = list_next_entry(m, node))
		if (!m->finished)
			linear += RDM_MSG_LEN +
				  linear_bytes(container_of(m, struct rdm_msg, t), 0, m->len);
	skb = new_skb(peer, max_t(u32, linear, RDM_MIN_PACKET));
	if (!skb)
		return NULL;
	rdm_copy(skb_put(skb, plan->head_len), plan->head, plan->head_len);
	for (i = 0, m = plan->msg; i < plan->n; i++, m = list_next_entry(m, node)) {
		if (m->finished)
			continue;
		rdm_wire_put_msg(skb_put(skb, RDM_MSG_LEN), m->seq, m->len);
		if (!add_bytes(skb, container_of(m, struct rdm_msg, t), 0, m->len)) {
			kfree_skb(skb);
			return NULL;
		}
	}
	return skb;
}

/* A packet with one fragment, headers apart from the pages. */
static struct sk_buff *build_frag(const struct rdm_peer *peer, const struct rdm_plan *plan,
				  u16 i)
{
	struct rdm_txmsg *m = plan->msg;
	u16 frag = plan->frag + i;
	u32 off = (u32)frag * m->stride, len = rdm_txmsg_frag_len(m, frag);
	struct sk_buff *skb;

	skb = new_skb(peer, plan->head_len + RDM_FRAG_LEN + RDM_MIN_PACKET +
		      linear_bytes(container_of(m, struct rdm_msg, t), off, len));
	if (!skb)
		return NULL;
	rdm_copy(skb_put(skb, plan->head_len), plan->head, plan->head_len);
	if (i)
		rdm_wire_put_hdr(skb->data, RDM_PKT_DATA, plan->pn + i,
				 get_unaligned_be64(plan->head + 8));
	rdm_wire_put_frag(skb_put(skb, RDM_FRAG_LEN), m->seq, m->len, off, len);
	if (!add_bytes(skb, container_of(m, struct rdm_msg, t), off, len)) {
		kfree_skb(skb);
		return NULL;
	}
	return skb;
}

/* Super-packets in the making. */
struct chain {
	struct rdm_peer *peer;
	const struct rdm_plan *plan;
	struct rdm_xmitq *xmitq;
	struct sk_buff *skb;
	struct sk_buff *part;	/* of copies: @skb, or the part behind it that is being filled */
	struct sk_buff *last;	/* the part before @part, when that is not @skb */
	u16 segs;
};

/* A part is full: the next ones stand behind it in the list of the packet. */
static void part_end(struct chain *c)
{
	struct sk_buff *skb = c->skb, *part = c->part;

	c->part = NULL;
	if (!part || part == skb)
		return;
	/* without memory for its first segment */
	if (unlikely(!part->len)) {
		kfree_skb(part);
		return;
	}
	if (skb_has_frag_list(skb))
		c->last->next = part;
	else
		skb_shinfo(skb)->frag_list = part;
	c->last = part;
	skb->len += part->len;
	skb->data_len += part->len;
	skb->truesize += part->truesize;
}

static void chain_end(struct chain *c)
{
	if (!c->skb)
		return;
	part_end(c);
	if (c->segs > 1) {
		skb_shinfo(c->skb)->gso_size = c->plan->size;
		skb_shinfo(c->skb)->gso_segs = c->segs;
		skb_shinfo(c->skb)->gso_type = SKB_GSO_UDP_L4;
		rdm_inc(c->peer->rn, OUT_GSO);
	}
	send_skb(c->peer, c->skb, c->plan->ect, c->xmitq);
	c->skb = NULL;
}

/*
 * @n segments more, headers included, @len bytes from @off of a page on. What one process sent
 * one after the other mostly lies so in its pages.
 */
static void chain_laid(struct chain *c, struct page *page, u32 off, u32 len, u16 n)
{
	int k = c->skb ? skb_shinfo(c->skb)->nr_frags : 0;

	if (c->skb && skb_can_coalesce(c->skb, k, page, off)) {
		skb_coalesce_rx_frag(c->skb, k - 1, len, len);
		c->segs += n;
		return;
	}
	/* small pages, where memory is short: a packet takes only so many */
	if (unlikely(k == MAX_SKB_FRAGS))
		chain_end(c);
	if (!c->skb) {
		c->skb = new_skb(c->peer, 0);
		c->segs = 0;
		k = 0;
	}
	if (unlikely(!c->skb)) {
		rdm_inc(c->peer->rn, OUT_NO_MEM);
		return;
	}
	get_page(page);
	skb_add_rx_frag(c->skb, k, page, off, len, len);
	c->segs += n;
}

/* A run of fragments as segments of super-packets: the headers go into the gaps. */
static void build_laid(struct rdm_peer *peer, const struct rdm_plan *plan,
		       struct rdm_xmitq *xmitq)
{
	struct chain c = { .peer = peer, .plan = plan, .xmitq = xmitq };
	u64 tag = get_unaligned_be64(plan->head + 8);
	struct rdm_txmsg *m = plan->msg;
	const struct rdm_msg *msg;
	u32 step = RDM_GAP + m->stride;
	u16 i = 0, b = 0, frag = plan->frag;

	while (i < plan->n) {
		const struct rdm_block *blk;
		u32 off, len;
		u16 end, n;
		u8 *p;

		msg = container_of(m, struct rdm_msg, t);
		blk = &msg->blocks[b];
		end = blk->first + blk->n;
		if (frag >= end) {
			b++;
			continue;
		}
		n = min_t(u16, plan->n - i, end - frag);
		off = blk->off + (frag - blk->first) * step;
		len = n * step;
		p = page_address(blk->page) + off;
		for (end = i + n; i < end; i++, frag++, p += step) {
			rdm_wire_put_hdr(p, RDM_PKT_DATA, plan->pn + i, tag);
			rdm_wire_put_frag(p + RDM_HDR_LEN, m->seq, m->len, (u32)frag * m->stride,
					  rdm_txmsg_frag_len(m, frag));
		}
		/* nothing follows the last one */
		if (i == plan->n)
			len -= m->stride - rdm_txmsg_frag_len(m, frag - 1);
		chain_laid(&c, blk->page, off, len, n);
		if (frag == m->nfrags) {
			m = list_next_entry(m, node);
			frag = 0;
			b = 0;
		}
	}
	chain_end(&c);
}

/* A run of whole messages as segments of super-packets, the headers in the gaps. */
static void build_wholes(struct rdm_peer *peer, const struct rdm_plan *plan,
			 struct rdm_xmitq *xmitq)
{
	struct chain c = { .peer = peer, .plan = plan, .xmitq = xmitq };
	u64 tag = get_unaligned_be64(plan->head + 8);
	struct rdm_txmsg *m = plan->msg;
	u16 i;

	for (i = 0; i < plan->n; i++, m = list_next_entry(m, node)) {
		const struct rdm_block *b = container_of(m, struct rdm_msg, t)->blocks;
		u32 len = RDM_HDR_LEN + RDM_MSG_LEN + m->len;
		u8 *p = page_address(b->page) + b->off;

		rdm_wire_put_hdr(p, RDM_PKT_DATA, plan->pn + i, tag);
		rdm_wire_put_msg(p + RDM_HDR_LEN, m->seq, m->len);
		chain_laid(&c, b->page, b->off, len, 1);
	}
	chain_end(&c);
}

/*
 * Where the @len bytes go that begin the next segment; behind them come @n references, for which
 * c->part has room then.
 */
static u8 *chain_head(struct chain *c, u32 len, u32 n)
{
	u32 size = SKB_DATA_ALIGN(len);
	struct page *page;
	bool full;
	u8 *p;

	full = c->skb && (c->segs % PART_SEGS == 0 ||
			  skb_shinfo(c->part)->nr_frags + 1 + n > MAX_SKB_FRAGS);
	if (full && !rdm_gso_lists)
		chain_end(c);
	if (!c->skb) {
		c->skb = new_skb(c->peer, len);
		c->part = c->skb;
		c->segs = 0;
		return likely(c->skb) ? skb_put(c->skb, len) : NULL;
	}
	if (full) {
		struct sk_buff *part = new_skb(c->peer, 0);

		if (unlikely(!part))
			return NULL;
		part_end(c);
		c->part = part;
	}
	p = napi_alloc_frag(size);
	if (unlikely(!p))
		return NULL;
	page = virt_to_head_page(p);
	skb_add_rx_frag(c->part, skb_shinfo(c->part)->nr_frags, page,
			p - (u8 *)page_address(page), len, size);
	return p;
}

/*
 * A run of copies of broadcasts, or of fragments of some, as segments of a super-packet. Other
 * copies refer to the same bytes, so headers cannot stand between those, and a packet takes only
 * so many references: eight segments or so. The rest stands in packets that it has in a list, or
 * in more super-packets.
 */
static void build_copies(struct rdm_peer *peer, const struct rdm_plan *plan,
			 struct rdm_xmitq *xmitq)
{
	struct chain c = { .peer = peer, .plan = plan, .xmitq = xmitq };
	bool whole = plan->kind == RDM_PLAN_WHOLES;
	u64 tag = get_unaligned_be64(plan->head + 8);
	struct rdm_txmsg *m = plan->msg, *next;
	u16 i, frag = plan->frag;

	for (i = 0; i < plan->n; i++, m = next) {
		const struct rdm_msg *msg = container_of(m, struct rdm_msg, t);
		u32 head = RDM_HDR_LEN + (whole ? RDM_MSG_LEN : RDM_FRAG_LEN);
		u32 off = whole ? 0 : frag * m->stride;
		u32 len = whole ? m->len : rdm_txmsg_frag_len(m, frag);
		u32 own = head_bytes(msg, off, len), at = off + own - msg->head, pad = 0;
		u8 *p;

		next = m;
		if (whole) {
			next = list_next_entry(m, node);
		} else if (++frag == m->nfrags) {
			next = list_next_entry(m, node);
			frag = 0;
			if (i + 1 < plan->n)
				pad = m->stride - len;
		}
		p = chain_head(&c, head + own,
			       rdm_gbody_refs(msg->body, at, len - own) + !!pad);
		if (unlikely(!p)) {
			rdm_inc(peer->rn, OUT_NO_MEM);
			continue;
		}
		rdm_wire_put_hdr(p, RDM_PKT_DATA, plan->pn + i, tag);
		if (whole)
			rdm_wire_put_msg(p + RDM_HDR_LEN, m->seq, len);
		else
			rdm_wire_put_frag(p + RDM_HDR_LEN, m->seq, m->len, off, len);
		rdm_copy(p + head, msg->data + off, own);
		rdm_gbody_add(c.part, msg->body, at, len - own);
		if (pad) {
			get_page(ZERO_PAGE(0));
			skb_add_rx_frag(c.part, skb_shinfo(c.part)->nr_frags, ZERO_PAGE(0), 0, pad,
					pad);
		}
		c.segs++;
	}
	chain_end(&c);
}

/* Do the fragments lie so that headers can stand before them? Those of messages that follow do. */
static bool is_laid(const struct rdm_plan *plan)
{
	const struct rdm_msg *msg = container_of(plan->msg, struct rdm_msg, t);

	return !plan->again && plan->head_len == RDM_HDR_LEN && !plan->msg->gen && msg->nblocks &&
	       plan->msg->stride == msg->layout_stride;
}

/* Has a run copies of broadcasts whose headers must stand apart from their bytes? */
static bool of_copies(const struct rdm_plan *plan)
{
	const struct rdm_txmsg *m = plan->msg;
	u16 i = 0, frag = plan->frag;

	if (likely(!container_of(m, struct rdm_msg, t)->body))
		return false;
	for (; i < plan->n; m = list_next_entry(m, node)) {
		if (!container_of(m, struct rdm_msg, t)->nblocks || m->gen)
			return true;
		i += plan->kind == RDM_PLAN_WHOLES ? 1 : m->nfrags - frag;
		frag = 0;
	}
	return false;
}

/* How many segments a super-packet to this peer may have; 1 where none can go. */
static u16 max_segs(const struct rdm_peer *peer)
{
	const struct net_device *dev = peer->dst->dev;
	u32 most;

	if (!READ_ONCE(peer->rn->tun.gso) || dst_xfrm(peer->dst))
		return 1;
	most = (min_t(u32, SUPER_MAX, READ_ONCE(dev->gso_max_size)) - SUPER_HEADERS) / peer->a.mtu;
	return clamp_t(u32, min_t(u32, most, READ_ONCE(dev->gso_max_segs)), 1, SUPER_SEGS);
}

static bool fill_pool(struct rdm_peer *peer, u16 want)
{
	struct rdm_sent *s;

	while (peer->npool < want) {
		s = kmem_cache_alloc(rdm_sent_cache, GFP_ATOMIC | __GFP_NOWARN);
		if (!s)
			break;
		list_add(&s->node, &peer->pool);
		peer->npool++;
	}
	return peer->npool;
}

static void build(struct rdm_peer *peer, const struct rdm_plan *plan, struct rdm_xmitq *xmitq)
{
	bool whole = plan->kind == RDM_PLAN_WHOLES, frags = plan->kind == RDM_PLAN_FRAGS;
	u16 i, n = frags ? plan->n : 1;
	struct sk_buff *skb = NULL;

	if (likely(plan->ect))
		rdm_add(peer->rn, OUT_ECT, plan->nrecs);
	if (whole || (frags && !plan->again && plan->head_len == RDM_HDR_LEN)) {
		/* copies of broadcasts, unless there is one packet with fresh headers */
		if (unlikely(of_copies(plan)) && (whole || n > 1)) {
			build_copies(peer, plan, xmitq);
			n = 0;
		} else if (whole) {
			build_wholes(peer, plan, xmitq);
			n = 0;
		} else if (is_laid(plan)) {
			build_laid(peer, plan, xmitq);
			n = 0;
		}
	}
	for (i = 0; i < n; i++) {
		switch (plan->kind) {
		case RDM_PLAN_RAW:
			skb = new_skb(peer, max_t(u32, plan->head_len, RDM_MIN_PACKET));
			if (skb)
				rdm_copy(skb_put(skb, plan->head_len), plan->head, plan->head_len);
			break;
		case RDM_PLAN_PROBE:
			skb = build_probe(peer, plan);
			rdm_inc(peer->rn, OUT_MTU_PROBES);
			break;
		case RDM_PLAN_BUNDLE:
			skb = build_bundle(peer, plan);
			break;
		case RDM_PLAN_FRAGS:
			skb = build_frag(peer, plan, i);
			break;
		}
		if (unlikely(!skb)) {
			rdm_inc(peer->rn, OUT_NO_MEM);
			continue;
		}
		if (unlikely(skb->len < RDM_MIN_PACKET))
			skb_put_zero(skb, RDM_MIN_PACKET - skb->len);
		send_skb(peer, skb, plan->ect, xmitq);
		if (unlikely(plan->kind == RDM_PLAN_PROBE))
			skb->ignore_df = 0;
	}
	n = frags || whole ? plan->n : 1;
	rdm_add(peer->rn, OUT_PKTS, n);
	if (plan->again) {
		rdm_inc(peer->rn, OUT_RETRANS);
		peer->retrans_pkts += n;
	}
}

/* How many packets the next run of fragments may have. */
static u32 unsent_frags(const struct rdm_txq *q)
{
	u32 n = q->unsent->nfrags;

	return q->unsent->pads ? n * (q->n - q->nbound + 1) : n;
}

/**
 * rdm_output() - build all that an association may send now
 * @peer: the peer, locked with BH off
 * @now: ns
 * @xmitq: receives the packets; rdm_peer_unlock() sends them
 * @out: what the core gives back meanwhile
 */
void rdm_output(struct rdm_peer *peer, u64 now, struct rdm_xmitq *xmitq, struct rdm_out *out)
{
	struct rdm_plan plan __uninitialized;
	bool routed;

	lockdep_assert_held(&peer->lock);
	if (peer->a.state == RDM_ASSOC_IDLE || peer->a.state == RDM_ASSOC_CLOSED)
		return;
	peer->starved = false;
	routed = route(peer);
	for (;;) {
		const struct rdm_txmsg *m = peer->a.txq.unsent;
		bool run = m && (m->nfrags > 1 || m->laid);
		u16 want = 1, segs = 1;

		/* what else there is goes alone, or in one packet */
		if ((run || unlikely(!list_empty(&peer->a.rec.lost))) && routed)
			segs = max_segs(peer);
		if (run && m->nfrags > 1)
			want = min_t(u32, segs, unsent_frags(&peer->a.txq));
		else if (run)
			want = clamp_t(u32, peer->a.txq.n - peer->a.txq.nbound, 1, segs);
		if (!fill_pool(peer, want)) {
			peer->starved = true;
			break;
		}
		if (!rdm_assoc_next(&peer->a, now, &peer->pool, segs, &plan, out)) {
			if (likely(!(out->acts & RDM_OUT_HEAT)))
				break;
			out->acts &= ~RDM_OUT_HEAT;
			if (rdm_peer_heat(peer))
				continue;
			peer->starved = true;
			break;
		}
		peer->npool -= plan.nrecs;
		if (likely(routed))
			build(peer, &plan, xmitq);
		else
			rdm_inc(peer->rn, OUT_NO_MEM);
		if (unlikely(segs == 1) && plan.kind == RDM_PLAN_FRAGS && !plan.again &&
		    routed && READ_ONCE(peer->rn->tun.gso))
			rdm_inc(peer->rn, OUT_GSO_FALLBACK);
		if (likely(!rdm_assoc_more(&peer->a, &plan)))
			break;
	}
}

/**
 * rdm_output_reset() - tell a peer that its association is closed
 * @peer: the peer, locked
 * @xmitq: receives the packet
 */
void rdm_output_reset(struct rdm_peer *peer, struct rdm_xmitq *xmitq)
{
	struct sk_buff *skb;

	if (!peer->a.peer_tag || !route(peer))
		return;
	skb = new_skb(peer, RDM_RESET_LEN);
	if (!skb)
		return;
	rdm_wire_put_reset(skb_put(skb, RDM_RESET_LEN), peer->rx_tag ?: peer->a.local_tag,
			   RDM_RESET_CLOSED, peer->a.cfg.incarnation);
	send_skb(peer, skb, false, xmitq);
	rdm_inc(peer->rn, RESET_SENT);
}
