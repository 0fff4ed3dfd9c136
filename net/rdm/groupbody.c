// SPDX-License-Identifier: GPL-2.0
/*
 * rdm groupbody: the bytes of broadcasts, which all destinations and readers share: own ones in
 * pages, those of others mostly in the messages that brought them.
 * Where they come from and go to is for groupio.c.
 */
#include <linux/slab.h>
#include <linux/uio.h>

#include "group.h"
#include "spare.h"

/* Bytes of a received broadcast from which on they are not copied. */
#define REFER_MIN	512

/* What cannot be refused: windows bound it, not the buffers of the socket. */
static void __charge(struct sock *sk, u32 size)
{
	lockdep_assert_held(&sk->sk_receive_queue.lock);
	if (size > sk->sk_forward_alloc)
		__sk_mem_schedule(sk, size - sk->sk_forward_alloc, SK_MEM_RECV);
	sk_mem_charge(sk, size);
}

/**
 * __rdm_gbody_charge_own() - charge a broadcast of ours to the socket
 * @b: from rdm_gbody_from_user()
 *
 * Context: sk_receive_queue.lock held.
 */
void __rdm_gbody_charge_own(struct rdm_gbody *b)
{
	__charge(b->group->sk, b->uncharged);
	b->truesize = b->uncharged;
}

/**
 * rdm_gbody_uncharge() - broadcasts are gone
 * @sk: the socket
 * @truesize: from rdm_gbody_unref(), of all of them
 *
 * Context: any but hard interrupt; no queue's lock held.
 */
void rdm_gbody_uncharge(struct sock *sk, u32 truesize)
{
	spin_lock_bh(&sk->sk_receive_queue.lock);
	rdm_mem_uncharge(sk, truesize);
	spin_unlock_bh(&sk->sk_receive_queue.lock);
}

static void *bytes_of(const struct bio_vec *v)
{
	return page_address(v->bv_page) + v->bv_offset;
}

/* The rest of the pieces of a long one. */
#define CHUNK_SIZE	1024
#define CHUNK_PIECES	((CHUNK_SIZE - sizeof(struct rdm_gchunk)) / sizeof(struct bio_vec))

static void put_pieces(struct rdm_gbody *b)
{
	struct rdm_gchunk *c, *next;

	for (c = &b->first; c; c = next) {
		next = c->next;
		while (c->n)
			put_page(c->pieces[--c->n].bv_page);
		if (c != &b->first)
			kfree(c);
	}
	b->first.next = NULL;
	b->first.len = 0;
	b->last = &b->first;
}

/* Room for one more piece: in the last chunk, or in a new one. */
static struct bio_vec *new_piece(struct rdm_gbody *b, gfp_t gfp)
{
	struct rdm_gchunk *c = b->last;

	if (likely(c->n < (c == &b->first ? RDM_GBODY_PIECES : CHUNK_PIECES)))
		return &c->pieces[c->n];
	c = kmalloc(CHUNK_SIZE, gfp);
	if (!c)
		return NULL;
	c->next = NULL;
	c->len = 0;
	c->n = 0;
	b->last->next = c;
	b->last = c;
	return c->pieces;
}

/* @v, from new_piece(), has bytes now; it holds a reference to its page. */
static void put_piece(struct rdm_gbody *b, struct bio_vec *v, struct page *page, u32 off, u32 len)
{
	*v = (struct bio_vec){ .bv_page = page, .bv_offset = off, .bv_len = len };
	b->last->n++;
	b->last->len += len;
}

/* What the chunks of a body take beside its own object, bytes. */
static u32 chunks_size(const struct rdm_gbody *b)
{
	const struct rdm_gchunk *c;
	u32 size = 0;

	for (c = b->first.next; c; c = c->next)
		size += CHUNK_SIZE;
	return size;
}

/* Room for all bytes in pieces of pages; what is not filled is not read either. */
static bool take_pieces(struct rdm_gbody *b, bool user)
{
	gfp_t gfp = user ? GFP_KERNEL : GFP_ATOMIC | __GFP_NOWARN;
	u32 left, n;

	for (left = b->len; left; left -= n) {
		u32 least = min_t(u32, left, RDM_GBODY_PIECE);
		struct page_frag own = {}, *pf;
		struct bio_vec *v = new_piece(b, gfp);

		pf = v ? user ? rdm_page_room(&own, least) : rdm_page_room_in(&own, least) : NULL;
		if (!pf)
			return false;
		n = min(left, pf->size - pf->offset);
		put_piece(b, v, pf->page, pf->offset, n);
		if (pf != &own)
			get_page(pf->page);
		pf->offset += n;
	}
	return true;
}

/* Without room for its bytes. */
static struct rdm_gbody *body_new(u32 len, gfp_t gfp)
{
	struct rdm_rec *rec = rdm_stock_alloc(gfp);
	struct rdm_gbody *b;

	BUILD_BUG_ON(offsetof(struct rdm_rec, data) % __alignof__(*b));
	if (!rec)
		return NULL;
	rdm_rxmsg_init(&rec->m, 0, len);
	rec->peer = NULL;
	refcount_set(&rec->refs, 1);
	rec->charge = 0;
	rec->truesize = 0;
	rec->iif = 0;
	rec->stamp = 0;
	rec->copied = false;
	rec->home = RDM_REC_BODY;
	b = rdm_grec_body(rec);
	*b = (struct rdm_gbody){
		.refs = REFCOUNT_INIT(1), .len = len, .last = &b->first,
		.m.charge = rdm_msg_charge(len), .truesize = SKB_TRUESIZE(RDM_GBODY_SIZE),
	};
	return b;
}

/* It has its bytes, or room for them. */
static struct rdm_gbody *body_ready(struct rdm_gbody *b, struct rdm_group *g, u32 truesize)
{
	b->group = g;
	refcount_inc(&g->refs);
	b->truesize += truesize;
	return b;
}

static void body_drop(struct rdm_gbody *b)
{
	u16 i;

	if (b->last != &b->first || (!rdm_gbody_short(b) && b->first.n))
		put_pieces(b);
	for (i = 0; i < b->nblocks; i++)
		put_page(b->blocks[i].page);
	if (b->blocks != b->some)
		kvfree(b->blocks);
	rdm_stock_free(rdm_gbody_rec(b));
}

/**
 * rdm_gbody_charge() - charge broadcasts that came to the socket
 * @g: the group
 * @b: from rdm_gbody_from_rec()
 * @n: how many
 *
 * A message that stays, because it has the bytes of one, is not of the receive buffer any more:
 * windows bound what a group holds.
 *
 * Context: process or softirq; no queue's lock held.
 */
void rdm_gbody_charge(struct rdm_group *g, struct rdm_gbody **b, u8 n)
{
	struct sock *sk = g->sk;
	u32 size = 0;
	u8 i;

	spin_lock_bh(&sk->sk_receive_queue.lock);
	for (i = 0; i < n; i++) {
		size += b[i]->truesize;
		if (!b[i]->from)
			continue;
		size -= b[i]->from->truesize;
		atomic_sub(b[i]->from->truesize, &sk->sk_rmem_alloc);
		b[i]->from->truesize = 0;
	}
	__charge(sk, size);
	spin_unlock_bh(&sk->sk_receive_queue.lock);
}

/**
 * rdm_gbody_unref() - drop a reference to a broadcast and, with the last, its memory
 * @b: the broadcast; somebody else holds its group
 *
 * Return: bytes for rdm_gbody_uncharge().
 */
u32 rdm_gbody_unref(struct rdm_gbody *b)
{
	u32 truesize;

	if (!refcount_dec_and_test(&b->refs))
		return 0;
	truesize = b->truesize;
	if (unlikely(b->note))
		kfree_skb(b->note);
	if (b->from)
		rdm_rec_free(b->from);
	rdm_group_put(b->group);
	body_drop(b);
	return truesize;
}

/**
 * rdm_gbody_put() - drop a reference to a broadcast and, with the last, its memory
 * @b: the broadcast
 *
 * Context: any but hard interrupt; no queue's lock held.
 */
void rdm_gbody_put(struct rdm_gbody *b)
{
	struct rdm_group *g;

	if (refcount_dec_not_one(&b->refs))
		return;
	g = b->group;
	refcount_inc(&g->refs);
	rdm_gbody_uncharge(g->sk, rdm_gbody_unref(b));
	rdm_group_put(g);
}

/* A way through the bytes. */
struct body_walk {
	const struct rdm_gbody *laid;	/* NULL: it goes through pieces */
	const struct rdm_gchunk *c;
	u16 i;				/* piece of @c, or block */
	u32 skip;			/* bytes of this piece; laid ones: of the frame */
};

static struct body_walk walk_from(const struct rdm_gbody *b, u32 off)
{
	struct body_walk w = { .c = &b->first, .skip = off };

	if (b->blocks) {
		w.laid = b;
		w.skip += RDM_GF_DATA_LEN;
		return w;
	}
	for (; w.skip >= w.c->len && w.c->next; w.c = w.c->next)
		w.skip -= w.c->len;
	for (; w.i < w.c->n && w.skip >= w.c->pieces[w.i].bv_len; w.i++)
		w.skip -= w.c->pieces[w.i].bv_len;
	return w;
}

/* The block with a fragment, from block @i on: that, the next one, or one far behind. */
static u16 block_of(const struct rdm_gbody *b, u32 frag, u16 i)
{
	u16 end = b->nblocks, mid;

	if (likely(frag < b->blocks[i].first + b->blocks[i].n))
		return i;
	if (frag < b->blocks[i + 1].first + b->blocks[i + 1].n)
		return i + 1;
	for (i += 2; i + 1 < end;) {
		mid = (i + end) / 2;
		if (frag < b->blocks[mid].first)
			end = mid;
		else
			i = mid;
	}
	return i;
}

static u32 walk_laid(struct body_walk *w, u32 len, struct page **page, u32 *off)
{
	const struct rdm_gbody *b = w->laid;
	u32 frag = w->skip / b->stride, in = w->skip % b->stride;
	const struct rdm_block *blk;

	w->i = block_of(b, frag, w->i);
	blk = &b->blocks[w->i];
	*page = blk->page;
	*off = blk->off + (frag - blk->first) * (b->gap + b->stride) + b->gap + in;
	len = min(len, b->stride - in);
	w->skip += len;
	return len;
}

/* The next @len bytes as far as they lie in one piece: from @off of @page on. Return: how many. */
static u32 walk_next(struct body_walk *w, u32 len, struct page **page, u32 *off)
{
	const struct bio_vec *v;

	if (likely(w->laid))
		return walk_laid(w, len, page, off);
	if (w->i == w->c->n) {
		w->c = w->c->next;
		w->i = 0;
	}
	v = &w->c->pieces[w->i];
	*page = v->bv_page;
	*off = v->bv_offset + w->skip;
	len = min(len, v->bv_len - w->skip);
	w->skip += len;
	if (w->skip == v->bv_len) {
		w->skip = 0;
		w->i++;
	}
	return len;
}

/* Of the pieces of the first chunk, which is full, none but the first may be shorter. */
static bool all_long(const struct rdm_gchunk *c)
{
	u16 i;

	for (i = 1; i < c->n; i++)
		if (c->pieces[i].bv_len < RDM_GBODY_REFERRED)
			return false;
	return true;
}

/* One more piece, which may go on where the last one ends. */
static bool add_piece(struct rdm_gbody *b, struct page *page, u32 off, u32 len)
{
	struct rdm_gchunk *c = b->last;
	struct bio_vec *v = &c->pieces[c->n];

	if (!page || PageHighMem(page))
		return false;
	if (c->n && v[-1].bv_page == page && v[-1].bv_offset + v[-1].bv_len == off) {
		v[-1].bv_len += len;
		c->len += len;
		return true;
	}
	/* see RDM_GBODY_REFERRED */
	if (c == &b->first ? c->n == RDM_GBODY_PIECES && !all_long(c) :
			     v[-1].bv_len < RDM_GBODY_REFERRED)
		return false;
	v = new_piece(b, GFP_ATOMIC | __GFP_NOWARN);
	if (!v)
		return false;
	get_page(page);
	put_piece(b, v, page, off, len);
	return true;
}

/* Of one packet, without its list. */
static bool refer_part(struct rdm_gbody *b, const struct sk_buff *skb, u32 at, u32 len)
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

/* Refer to bytes of a packet, when they lie in pages that nobody writes to any more. */
static bool refer_skb(struct rdm_gbody *b, const struct sk_buff *skb, u32 at, u32 len)
{
	const struct sk_buff *part = skb_shinfo(skb)->frag_list;
	u32 own, n;

	if (likely(!part))
		return refer_part(b, skb, at, len);
	own = skb_pagelen(skb);
	if (at < own) {
		n = min(len, own - at);
		if (!refer_part(b, skb, at, n))
			return false;
		at += n;
		len -= n;
	}
	at -= own;
	for (; part && len; at -= min(at, part->len), part = part->next) {
		if (at >= part->len)
			continue;
		n = min(len, part->len - at);
		if (!refer_part(b, part, at, n))
			return false;
		at += n;
		len -= n;
	}
	return !len;
}

/* Copy them to where @w stands. */
static bool copy_skb(struct body_walk *w, const struct sk_buff *skb, u32 at, u32 len)
{
	struct page *page;
	u32 off, n;

	for (; len; at += n, len -= n) {
		n = walk_next(w, len, &page, &off);
		if (skb_copy_bits(skb, at, page_address(page) + off, n))
			return false;
	}
	return true;
}

/*
 * Bytes of ours as those of a message: a gap before each fragment, for the headers of one copy.
 * The others have theirs apart. How the frame is cut depends on whom the first copy goes to; if it
 * is cut otherwise then, nothing is lost but that.
 */
static int lay(struct rdm_gbody *b, struct iov_iter *from, u32 mtu)
{
	u32 left = b->len + RDM_GF_DATA_LEN, head = RDM_GF_DATA_LEN;
	u32 stride = rdm_msg_stride(left, mtu), nfrags = DIV_ROUND_UP(left, stride);
	bool pads = nfrags > 1 && nfrags * stride - left <= RDM_PAD_MAX;
	u32 gap = nfrags > 1 ? RDM_GAP : RDM_HDR_LEN + RDM_MSG_LEN;
	u16 frag = 0;

	b->stride = stride;
	b->gap = gap;
	b->blocks = b->some;
	if (nfrags > ARRAY_SIZE(b->some)) {
		b->blocks = kvmalloc_array(nfrags, sizeof(*b->blocks), GFP_KERNEL);
		if (!b->blocks)
			return -ENOMEM;
		b->truesize += nfrags * sizeof(*b->blocks);
	}
	while (left) {
		u32 need = gap + (pads ? stride : min(left, stride)), room;
		struct page_frag own = {}, *pf = rdm_page_room(&own, need);
		struct rdm_block *blk;

		if (!pf)
			return -ENOMEM;
		blk = &b->blocks[b->nblocks++];
		*blk = (struct rdm_block){ .page = pf->page, .off = pf->offset, .first = frag };
		if (pf != &own)
			get_page(pf->page);
		room = pf->size - pf->offset;
		/* hardened usercopy looks at the block, not at each fragment */
		check_object_size(page_address(pf->page) + pf->offset,
				  min(room, left + DIV_ROUND_UP(left, stride) * gap), false);
		while (left && room >= gap + (pads ? stride : min(left, stride))) {
			u32 n = min(left, stride), taken = gap + (pads ? stride : n);
			u8 *p = page_address(pf->page) + pf->offset + gap;

			if (_copy_from_iter(p + head, n - head, from) != n - head)
				return -EFAULT;
			if (unlikely(n < taken - gap))
				memset(p + n, 0, taken - gap - n);
			head = 0;
			pf->offset += taken;
			room -= taken;
			left -= n;
			b->truesize += taken;
			blk->n++;
			frag++;
		}
	}
	return 0;
}

/* Bytes of ours, of which it is not known yet how they will be cut. */
static int fill_body(struct rdm_gbody *b, struct iov_iter *from)
{
	u32 len = b->len, n, off;
	struct page *page;
	struct body_walk w;

	if (rdm_gbody_short(b))
		return copy_from_iter_full(b->first.pieces, len, from) ? 0 : -EFAULT;
	if (!take_pieces(b, true))
		return -ENOMEM;
	b->truesize += len + chunks_size(b);
	for (w = walk_from(b, 0); len; len -= n) {
		n = walk_next(&w, len, &page, &off);
		if (!copy_from_iter_full(page_address(page) + off, n, from))
			return -EFAULT;
	}
	return 0;
}

/**
 * rdm_gbody_from_user() - a broadcast of ours
 * @g: the group
 * @from: its bytes
 * @len: how many
 *
 * Context: process; may sleep.
 * Return: with one reference; or an ERR_PTR: -ENOMEM or -EFAULT.
 */
struct rdm_gbody *rdm_gbody_from_user(struct rdm_group *g, struct iov_iter *from, u32 len)
{
	struct rdm_gbody *b = body_new(len, GFP_KERNEL);
	u32 mtu = READ_ONCE(g->mtu);
	int err;

	if (!b)
		return ERR_PTR(-ENOMEM);
	err = mtu && !rdm_gbody_short(b) ? lay(b, from, mtu) : fill_body(b, from);
	if (err) {
		body_drop(b);
		return ERR_PTR(err);
	}
	/* rdm_group_send() charges it, where it has the lock */
	b->uncharged = b->truesize;
	b->truesize = 0;
	return body_ready(b, g, 0);
}

/* The bytes of a message from @at on: copied to @w, or referred to without it. */
static bool take_bytes(struct rdm_gbody *b, struct body_walk *w, const struct rdm_rec *rec, u32 at)
{
	const struct rdm_rxfrag *f;

	list_for_each_entry(f, &rec->m.frags, node) {
		const struct rdm_part *part = container_of(f, struct rdm_part, f);
		u32 size = part->step ? part->step - RDM_GAP : U32_MAX, in, n, from;

		/* from a run of segments it is in pieces */
		for (; at < f->len; at += n) {
			in = (f->trim + at) % size;
			n = min(f->len - at, size - in);
			from = part->at + (f->trim + at) / size * part->step + in;
			if (w ? !copy_skb(w, part->skb, from, n) :
				!refer_skb(b, part->skb, from, n))
				return false;
		}
		at -= f->len;
	}
	return true;
}

static bool copy(struct rdm_gbody *b, const struct rdm_rec *rec, u32 at)
{
	struct body_walk w;
	bool ok;

	if (rdm_gbody_short(b))
		return !rdm_rec_bytes(rec, at, b->first.pieces, b->len);
	local_bh_disable();
	ok = take_pieces(b, false);
	local_bh_enable();
	if (!ok)
		return false;
	/* what fits in a record is in one piece */
	if (rec->copied)
		return !rdm_rec_bytes(rec, at, bytes_of(b->first.pieces), b->len);
	w = walk_from(b, 0);
	return take_bytes(b, &w, rec, at);
}

/* May its packets be kept as they are? */
static bool keeps(const struct rdm_rec *rec)
{
	const struct rdm_rxfrag *f;

	list_for_each_entry(f, &rec->m.frags, node) {
		const struct sk_buff *skb = container_of(f, struct rdm_part, f)->skb;

		if (skb_has_shared_frag(skb) || skb_pfmemalloc(skb))
			return false;
	}
	return true;
}

/**
 * rdm_gbody_from_rec() - a broadcast of another member
 * @g: the group
 * @rec: the message that brought it
 * @at: where its bytes begin there; the rest is the broadcast
 *
 * The bytes of a long one stay where they are, if what has them is not much larger: @rec is held.
 *
 * Context: process or softirq, no lock held.
 * Return: for rdm_gbody_charge(), with one reference; or NULL.
 */
struct rdm_gbody *rdm_gbody_from_rec(struct rdm_group *g, struct rdm_rec *rec, u32 at)
{
	u32 len = rec->m.total - at;
	struct rdm_gbody *b = body_new(len, GFP_ATOMIC | __GFP_NOWARN);

	if (!b)
		return NULL;
	if (len >= REFER_MIN && rec->truesize <= 2 * len && keeps(rec)) {
		b->from = rec;
		b->at = at;
		refcount_inc(&rec->refs);
		return body_ready(b, g, rec->truesize);
	}
	if (copy(b, rec, at))
		return body_ready(b, g, rdm_gbody_short(b) ? 0 : len + chunks_size(b));
	body_drop(b);
	return NULL;
}

/**
 * rdm_gbody_gather() - a broadcast is to be sent: its bytes must lie in pieces of pages
 * @b: the broadcast
 *
 * Context: any but hard interrupt; the groups' lock held.
 * Return: false without memory.
 */
bool rdm_gbody_gather(struct rdm_gbody *b)
{
	struct sock *sk = b->group->sk;
	u32 copied = 0;

	if (likely(!b->from || b->first.n))
		return true;
	if (b->from->copied || !take_bytes(b, NULL, b->from, b->at)) {
		put_pieces(b);
		if (!copy(b, b->from, b->at)) {
			put_pieces(b);
			return false;
		}
		copied = b->len;
	}
	copied += chunks_size(b);
	b->truesize += copied;
	spin_lock_bh(&sk->sk_receive_queue.lock);
	__charge(sk, copied);
	spin_unlock_bh(&sk->sk_receive_queue.lock);
	return true;
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
	struct page *page;
	struct body_walk w;
	u32 off, n;

	if (rdm_gbody_short(b))
		return copy_to_iter(b->first.pieces, len, to) == len ? 0 : -EFAULT;
	if (b->from)
		return rdm_rec_to_user(b->from, b->at, len, to);
	for (w = walk_from(b, 0); len; len -= n) {
		n = walk_next(&w, len, &page, &off);
		if (copy_to_iter(page_address(page) + off, n, to) != n)
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
	struct body_walk w = walk_from(b, off);
	struct page *page;
	u32 n = 0;

	for (; len; n++)
		len -= walk_next(&w, len, &page, &off);
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
	struct page *page;
	struct body_walk w;
	u32 n;

	if (rdm_gbody_short(b)) {
		rdm_copy(skb_put(skb, len), (const u8 *)b->first.pieces + off, len);
		return true;
	}
	for (w = walk_from(b, off); len; len -= n) {
		int k = skb_shinfo(skb)->nr_frags;

		n = walk_next(&w, len, &page, &off);
		if (k == MAX_SKB_FRAGS)
			return false;
		get_page(page);
		skb_add_rx_frag(skb, k, page, off, n, n);
	}
	return true;
}
