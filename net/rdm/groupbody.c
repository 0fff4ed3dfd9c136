// SPDX-License-Identifier: GPL-2.0
/*
 * rdm groupbody: the bytes of broadcasts, in pages that all destinations and readers share.
 * Where they come from and go to is for groupio.c.
 */
#include <linux/slab.h>
#include <linux/uio.h>

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
