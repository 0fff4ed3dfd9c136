// SPDX-License-Identifier: GPL-2.0
/*
 * rdm groupio: bytes of groups: broadcasts in pages that all destinations share,
 * frames into associations and out of them, what is put before the user, and
 * announcements. What it is all for is decided in the core (groupcore.h).
 */
#include <linux/igmp.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include <net/addrconf.h>
#include <net/ip6_route.h>
#include <net/route.h>
#include <net/udp_tunnel.h>

#include "group.h"

/* Bytes of a received broadcast from which on they are not copied. */
#define REFER_MIN	4096

/* What cannot be refused: windows bound it, not the buffers of the socket. */
static void charge(struct sock *sk, u32 size)
{
	spin_lock_bh(&sk->sk_receive_queue.lock);
	if (size > sk->sk_forward_alloc)
		__sk_mem_schedule(sk, size - sk->sk_forward_alloc, SK_MEM_RECV);
	sk_mem_charge(sk, size);
	spin_unlock_bh(&sk->sk_receive_queue.lock);
}

static void uncharge(struct sock *sk, u32 size)
{
	spin_lock_bh(&sk->sk_receive_queue.lock);
	sk_mem_uncharge(sk, size);
	spin_unlock_bh(&sk->sk_receive_queue.lock);
}

static void *bytes_of(const struct bio_vec *v)
{
	return page_address(v->bv_page) + v->bv_offset;
}

static void put_pieces(struct rdm_gbody *b)
{
	while (b->npieces)
		put_page(b->pieces[--b->npieces].bv_page);
}

/* Room for all bytes in pieces of pages; what is not filled is not read either. */
static bool take_pieces(struct rdm_gbody *b, bool user)
{
	u32 left, n;

	for (left = b->len; left; left -= n) {
		u32 least = min_t(u32, left, RDM_GBODY_PIECE);
		struct page_frag own = {}, *pf;

		pf = user ? rdm_page_room(&own, least) : rdm_page_room_in(&own, least);
		if (!pf)
			return false;
		n = min(left, pf->size - pf->offset);
		b->pieces[b->npieces++] = (struct bio_vec){
			.bv_page = pf->page, .bv_offset = pf->offset, .bv_len = n,
		};
		if (pf != &own)
			get_page(pf->page);
		pf->offset += n;
	}
	return true;
}

/* Without room for its bytes. */
static struct rdm_gbody *body_new(u32 len, gfp_t gfp)
{
	struct rdm_gbody *b = kmem_cache_alloc(rdm_gbody_cache, gfp);

	BUILD_BUG_ON(DIV_ROUND_UP(RDM_GROUP_MAX_MSG, RDM_GBODY_PIECE) > RDM_GBODY_PIECES);
	if (!b)
		return NULL;
	memset(b, 0, sizeof(*b));
	refcount_set(&b->refs, 1);
	b->len = len;
	b->m.charge = rdm_msg_charge(len);
	b->truesize = SKB_TRUESIZE(RDM_GBODY_SIZE);
	return b;
}

/* It has its bytes, or room for them. */
static struct rdm_gbody *body_ready(struct rdm_gbody *b, struct rdm_group *g, u32 truesize)
{
	b->group = g;
	refcount_inc(&g->refs);
	b->truesize += truesize;
	charge(g->sk, b->truesize);
	return b;
}

static void body_drop(struct rdm_gbody *b)
{
	put_pieces(b);
	kmem_cache_free(rdm_gbody_cache, b);
}

/**
 * rdm_gbody_alloc() - room for a broadcast of ours
 * @g: the group
 * @len: bytes, at most RDM_GROUP_MAX_MSG
 *
 * Context: process; may sleep.
 * Return: charged to the socket, with one reference; or NULL.
 */
struct rdm_gbody *rdm_gbody_alloc(struct rdm_group *g, u32 len)
{
	struct rdm_gbody *b = body_new(len, GFP_KERNEL);

	if (!b)
		return NULL;
	if (len <= RDM_GBODY_INLINE)
		return body_ready(b, g, 0);
	if (take_pieces(b, true))
		return body_ready(b, g, len);
	body_drop(b);
	return NULL;
}

/**
 * rdm_gbody_put() - drop a reference to a broadcast and, with the last, its memory
 * @b: the broadcast
 *
 * Context: any but hard interrupt; no queue's lock held.
 */
void rdm_gbody_put(struct rdm_gbody *b)
{
	if (!refcount_dec_and_test(&b->refs))
		return;
	uncharge(b->group->sk, b->truesize);
	kfree_skb(b->note);
	rdm_group_put(b->group);
	body_drop(b);
}

/**
 * rdm_gbody_from_user() - copy what the user sends
 * @b: the broadcast
 * @from: its bytes
 *
 * Return: 0 or -EFAULT.
 */
int rdm_gbody_from_user(struct rdm_gbody *b, struct iov_iter *from)
{
	u16 i;

	if (!b->npieces)
		return copy_from_iter_full(b->pieces, b->len, from) ? 0 : -EFAULT;
	for (i = 0; i < b->npieces; i++)
		if (!copy_from_iter_full(bytes_of(&b->pieces[i]), b->pieces[i].bv_len, from))
			return -EFAULT;
	return 0;
}

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
		memcpy(to, rec->data + at, len);
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

/* One more piece, which may go on where the last one ends. */
static bool add_piece(struct rdm_gbody *b, struct page *page, u32 off, u32 len)
{
	struct bio_vec *v = &b->pieces[b->npieces];

	if (!page || PageHighMem(page))
		return false;
	if (b->npieces && v[-1].bv_page == page && v[-1].bv_offset + v[-1].bv_len == off) {
		v[-1].bv_len += len;
		return true;
	}
	if (b->npieces == RDM_GBODY_PIECES)
		return false;
	get_page(page);
	*v = (struct bio_vec){ .bv_page = page, .bv_offset = off, .bv_len = len };
	b->npieces++;
	return true;
}

/* Refer to bytes of a packet, when they lie in pages that nobody writes to any more. */
static bool refer_skb(struct rdm_gbody *b, const struct sk_buff *skb, u32 at, u32 len)
{
	const struct skb_shared_info *si = skb_shinfo(skb);
	u32 from = skb_headlen(skb), in, n;
	u8 i;

	if (at < from || skb_has_shared_frag(skb) || skb_pfmemalloc(skb))
		return false;
	for (i = 0; i < si->nr_frags && len; from += skb_frag_size(&si->frags[i++])) {
		const skb_frag_t *frag = &si->frags[i];

		in = at - from;
		if (in >= skb_frag_size(frag))
			continue;
		n = min(len, skb_frag_size(frag) - in);
		if (!add_piece(b, skb_frag_page(frag), skb_frag_off(frag) + in, n))
			return false;
		at += n;
		len -= n;
	}
	return !len;
}

/* The same of a message, from @at on. */
static bool refer(struct rdm_gbody *b, const struct rdm_rec *rec, u32 at)
{
	const struct rdm_rxfrag *f;

	list_for_each_entry(f, &rec->m.frags, node) {
		const struct rdm_part *part = container_of(f, struct rdm_part, f);
		u32 size = part->step ? part->step - RDM_GAP : U32_MAX, in, n;

		/* from a run of segments it is in pieces */
		for (; at < f->len; at += n) {
			in = (f->trim + at) % size;
			n = min(f->len - at, size - in);
			if (!refer_skb(b, part->skb, part->at +
				       (f->trim + at) / size * part->step + in, n))
				return false;
		}
		at -= f->len;
	}
	return true;
}

static bool copy(struct rdm_gbody *b, const struct rdm_rec *rec, u32 at)
{
	bool ok;
	u16 i;

	if (b->len <= RDM_GBODY_INLINE)
		return !rdm_rec_bytes(rec, at, b->pieces, b->len);
	local_bh_disable();
	ok = take_pieces(b, false);
	local_bh_enable();
	for (i = 0; i < b->npieces && ok; at += b->pieces[i++].bv_len)
		ok = !rdm_rec_bytes(rec, at, bytes_of(&b->pieces[i]), b->pieces[i].bv_len);
	return ok;
}

/**
 * rdm_gbody_from_rec() - a broadcast of another member
 * @g: the group
 * @rec: the message that brought it
 * @at: where its bytes begin there; the rest is at most RDM_GROUP_MAX_MSG
 *
 * The bytes of a long one stay where the packets have them, if these are not much larger.
 *
 * Context: process or softirq, no lock held.
 * Return: charged to the socket, with one reference; or NULL.
 */
struct rdm_gbody *rdm_gbody_from_rec(struct rdm_group *g, const struct rdm_rec *rec, u32 at)
{
	u32 len = rec->m.total - at;
	struct rdm_gbody *b = body_new(len, GFP_ATOMIC | __GFP_NOWARN);

	if (!b)
		return NULL;
	if (len >= REFER_MIN && rec->truesize <= 2 * len) {
		if (refer(b, rec, at))
			return body_ready(b, g, max(len, rec->truesize));
		put_pieces(b);
	}
	if (copy(b, rec, at))
		return body_ready(b, g, len <= RDM_GBODY_INLINE ? 0 : len);
	body_drop(b);
	return NULL;
}

/**
 * rdm_gbody_to_user() - copy a broadcast to who reads it
 * @b: the broadcast
 * @to: where to
 * @len: how many bytes
 *
 * Return: 0 or -EFAULT.
 */
int rdm_gbody_to_user(const struct rdm_gbody *b, struct iov_iter *to, u32 len)
{
	u32 n;
	u16 i;

	if (!b->npieces)
		return copy_to_iter(b->pieces, len, to) == len ? 0 : -EFAULT;
	for (i = 0; i < b->npieces && len; i++, len -= n) {
		n = min(len, b->pieces[i].bv_len);
		if (copy_to_iter(bytes_of(&b->pieces[i]), n, to) != n)
			return -EFAULT;
	}
	return 0;
}

/**
 * rdm_gbody_refs() - references that rdm_gbody_add() takes
 * @b: the broadcast, not a short one
 * @off: from here on
 * @len: bytes
 *
 * Return: how many.
 */
u32 rdm_gbody_refs(const struct rdm_gbody *b, u32 off, u32 len)
{
	const struct bio_vec *v = b->pieces;
	u32 n = 0;

	for (; len && off >= v->bv_len; v++)
		off -= v->bv_len;
	for (; len; v++, off = 0, n++)
		len -= min(len, v->bv_len - off);
	return n;
}

/**
 * rdm_gbody_add() - reference bytes of a broadcast in a packet
 * @skb: the packet
 * @b: the broadcast
 * @off: from here on
 * @len: how many
 *
 * Those of a short one are copied into the linear part, which has room.
 *
 * Return: false when they do not fit.
 */
bool rdm_gbody_add(struct sk_buff *skb, const struct rdm_gbody *b, u32 off, u32 len)
{
	const struct bio_vec *v = b->pieces;
	u32 n;

	if (!b->npieces) {
		skb_put_data(skb, (const u8 *)b->pieces + off, len);
		return true;
	}
	for (; len && off >= v->bv_len; v++)
		off -= v->bv_len;
	for (; len; v++, off = 0, len -= n) {
		int k = skb_shinfo(skb)->nr_frags;

		n = min(len, v->bv_len - off);
		if (k == MAX_SKB_FRAGS)
			return false;
		get_page(v->bv_page);
		skb_add_rx_frag(skb, k, v->bv_page, v->bv_offset + off, n, n);
	}
	return true;
}

/**
 * rdm_grec_new() - a place for something to be read by the user
 *
 * Return: for rdm_grec_fill(), or NULL.
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
	rec->cached = true;
	return rec;
}

/**
 * rdm_grec_fill() - say what it is
 * @rec: from rdm_grec_new(); what struct rdm_gread says besides is for the caller to fill
 * @g: the group
 * @b: the broadcast, or NULL for an event
 */
void rdm_grec_fill(struct rdm_rec *rec, struct rdm_group *g, struct rdm_gbody *b)
{
	struct rdm_gread *r = rdm_gread(rec);

	r->group = g;
	refcount_inc(&g->refs);
	if (!b)
		return;
	rec->m.total = b->len;
	r->body = b;
	refcount_inc(&b->refs);
}

/**
 * rdm_grec_free() - the last reference to such a record is gone
 * @rec: it
 */
void rdm_grec_free(struct rdm_rec *rec)
{
	struct rdm_gread *r = rdm_gread(rec);

	if (r->body)
		rdm_gbody_put(r->body);
	rdm_group_put(r->group);
}

/* Where a frame goes; stands in front of its bytes. */
struct dest {
	struct rdm_addr to;
	u8 rank;
};

static struct dest *dest_of(const struct rdm_msg *m)
{
	return (struct dest *)m->data - 1;
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
	struct rdm_msg *m;

	m = rdm_msg_alloc(bits + sizeof(struct dest) + plan->len, GFP_ATOMIC | __GFP_NOWARN);
	if (!m)
		return NULL;
	m->nblocks = 0;
	m->blocks = NULL;
	m->body = NULL;
	memset(m + 1, 0, bits);
	rdm_txmsg_init(&m->t, len, len, bits ? (unsigned long *)(m + 1) : NULL);
	m->truesize = SKB_TRUESIZE(sizeof(*m)) + plan->len;
	m->data = (u8 *)(m + 1) + bits + sizeof(struct dest);
	m->head = plan->len;
	memcpy(m->data, plan->head, plan->len);
	rdm_gaddr_to(&dest_of(m)->to, &plan->to.at);
	dest_of(m)->rank = plan->rank;
	if (b) {
		m->body = b;
		refcount_inc(&b->refs);
	}
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
 *
 * When it cannot be sent it is lost: the core repeats what must arrive.
 *
 * Context: process or softirq, no lock held.
 */
void rdm_gmsg_push(struct rdm_group *g, struct rdm_msg *m)
{
	struct rdm_addr from = g->self;
	struct sk_buff_head xmitq;
	struct rdm_peer *peer;
	struct rdm_out out;
	unsigned long *bits;
	u64 now;

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
	__skb_queue_head_init(&xmitq);
	rdm_out_init(&out);
	bits = m->t.acked;
	rdm_txmsg_init(&m->t, m->t.len, rdm_msg_stride(m->t.len, peer->a.mtu), bits);
	m->t.laid = m->body && m->body->npieces;
	m->t.solo = m->t.laid || m->t.len > RDM_INLINE_MAX;
	if (m->body && m->body->m.cast) {
		m->t.mode = m->body->mode;
		m->t.deadline = m->body->deadline;
	}
	rdm_snd_take(peer, m->truesize);
	now = rdm_now();
	rdm_assoc_push(&peer->a, now, &m->t, &out);
	if (peer->a.state == RDM_ASSOC_IDLE) {
		rdm_inc(peer->rn, ASSOC_OPENED);
		rdm_assoc_open(&peer->a, now, &out);
	}
	rdm_output(peer, now, &xmitq, &out);
	rdm_peer_unlock(peer, &out, &xmitq);
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
				    g->name.port, false, false);
	else
		udp_tunnel6_xmit_skb(dst, usk, skb, NULL, &saddr, &daddr, 0,
				     max_t(int, inet6_sk(g->sk)->mcast_hops, 1), 0,
				     g->name.port, g->name.port, false);
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
