// SPDX-License-Identifier: GPL-2.0
/*
 * rdm intake: from the frames of a packet to messages in a socket's receive
 * buffer. It makes the records, keeps references to the bytes and finds room for
 * them; whether a message is wanted, and whose turn it is, the core decides. No
 * payload is copied but that of short messages. Packets are for input.c.
 */
#include <linux/slab.h>
#include <linux/unaligned.h>

#include "copy.h"
#include "group.h"
#include "msg.h"
#include "option.h"
#include "rx.h"
#include "spare.h"

/* Zeroes behind the last fragment of a message in a run */
#define PAD_FEW		64

/* A connected socket hears its peer only. */
static bool welcome(const struct rx *rx)
{
	return READ_ONCE(rx->sk->sk_state) != TCP_ESTABLISHED ||
	       rdm_addr_eq(&rdm_sk(rx->sk)->remote, &rx->from);
}

static u32 share(const struct sk_buff *skb, u32 len)
{
	return div_u64((u64)skb->truesize * len, max(skb->len, 1U));
}

static void copy_bytes(struct rx *rx, u32 at, u32 len, u8 *to)
{
	if (likely(at >= rx->map_at && at + len <= rx->map_end))
		rdm_copy(to, rx->map + (at - rx->map_at), len);
	else
		skb_copy_bits(rx->skb, at, to, len);
}

static struct rdm_rec *rec_new(struct rx *rx, const struct rdm_frame *f, bool whole)
{
	bool copy = whole && f->len <= RDM_INLINE_MAX;
	u8 home = RDM_REC_CACHE;
	struct rdm_rec *rec;
	u32 part = 0, size;

	if (!copy) {
		part = share(rx->skb, f->len);
		copy = whole && f->len <= 2048 && part > 2 * f->len + RDM_MSG_OVERHEAD;
	}
	if (likely(!copy || f->len <= RDM_REC_ROOM)) {
		size = RDM_REC_SIZE;
		rec = rdm_spare_alloc(rdm_rec_cache, RDM_SPARE_REC, GFP_ATOMIC | __GFP_NOWARN);
	} else if (unlikely(rx->peer->channel == RDM_CHANNEL_GROUP) && f->len <= RDM_GREC_ROOM) {
		home = RDM_REC_STOCK;
		size = RDM_GBODY_SIZE;
		rec = rdm_stock_alloc(GFP_ATOMIC | __GFP_NOWARN);
	} else {
		home = RDM_REC_HEAP;
		size = sizeof(*rec) + f->len;
		rec = kmalloc(size, GFP_ATOMIC | __GFP_NOWARN);
	}
	if (unlikely(!rec))
		return NULL;
	rdm_rxmsg_init(&rec->m, f->seq, f->total);
	INIT_LIST_HEAD(&rec->node);
	refcount_set(&rec->refs, 1);
	rec->charge = rdm_msg_charge(f->total);
	rec->truesize = max_t(u32, rec->charge, copy ? size : size + part);
	rec->copied = copy;
	rec->home = home;
	rec->headed = false;
	rec->stamp = 0;
	rec->iif = 0;
	if (unlikely(rdm_rx_wants(rx->sk, RDM_RX_OF_PACKET)))
		rdm_cmsg_note(rec, rx->skb);
	rec->peer = rx->peer;
	refcount_inc(&rx->peer->refs);
	if (copy) {
		copy_bytes(rx, f->payload, f->len, rec->data);
	} else if (unlikely(rx->peer->channel == RDM_CHANNEL_GROUP) && !f->off &&
		   f->len >= RDM_REC_HEAD) {
		copy_bytes(rx, f->payload, RDM_REC_HEAD, rec->data);
		rec->headed = true;
	}
	return rec;
}

static void part_init(struct rx *rx, struct rdm_part *part, const struct rdm_frame *f)
{
	part->f.off = f->off;
	part->f.len = f->len;
	part->f.trim = 0;
	part->f.cost = 0;
	part->at = f->payload;
	part->step = 0;
	part->skb = skb_get(rx->skb);
}

static void delivered(struct rx *rx)
{
	if (likely(rx->peer->channel == RDM_CHANNEL_USER))
		rdm_inc(rx->rn, IN_MSGS);
	rx->peer->received_msgs++;
}

static void deliver(struct rx *rx, struct rdm_rec *rec)
{
	if (unlikely(rdm_rx_wants_stamp(rx->sk)))
		rec->stamp = ktime_get_real();
	list_add_tail(&rec->node, &rx->ready);
	delivered(rx);
}

static void deliver_held(struct rx *rx)
{
	struct rdm_rxmsg *m;

	while ((m = rdm_assoc_rx_next(&rx->peer->a)))
		deliver(rx, container_of(m, struct rdm_rec, m));
}

/*
 * May the window be too small soon for the peer's next message? If not, nothing is due before a
 * part of it is new, see rdm_assoc_rx_consumed(). Called before the user can have read the message
 * whose charge is @more.
 */
static void note_tight(struct rx *rx, u32 more)
{
	const struct rdm_assoc *a = &rx->peer->a;
	bool tight = a->rx_adv_charge < a->rx_charge + more + rdm_msg_charge(a->cfg.max_msg);

	if (unlikely(tight != rx->peer->rx_tight))
		WRITE_ONCE(rx->peer->rx_tight, tight);
}

/* Room for a message. With @now it goes to the user in the same step. */
static inline bool reserve_room(struct rx *rx, struct rdm_rec *rec, bool now)
{
	struct rdm_assoc *a = &rx->peer->a;
	u32 charge = rec->charge;
	bool ok;

	note_tight(rx, charge);
	if (unlikely(rx->peer->channel == RDM_CHANNEL_GROUP)) {
		/*
		 * The peer keeps to its window; what users do not read keeps no member out. A
		 * group with a larger window may have been joined since: its longest
		 * broadcasts come one at a time.
		 */
		ok = a->rx_charge + charge <= a->rx_adv_charge ||
		     (a->rx_charge == a->rx_consumed + atomic_read(&rx->peer->rx_read) &&
		      charge <= rdm_group_rx_window(rx->sk));
		if (ok)
			rdm_rcv_take(rx->sk, rec);
	} else if (now) {
		ok = rdm_rcv_at_once(rx->sk, rec, a->fifo, rx->now);
	} else {
		ok = rdm_rcv_reserve(rx->sk, rec, a->fifo, rec->m.seq == a->seqs.floor, rx->now);
	}
	if (likely(ok)) {
		a->rx_charge += charge;
		return true;
	}
	a->refused = true;
	rdm_inc(rx->rn, IN_REFUSED);
	rdm_rec_free(rec);
	return false;
}

static bool take_whole(struct rx *rx, const struct rdm_frame *f)
{
	struct rdm_assoc *a = &rx->peer->a;
	struct rdm_rec *rec = rec_new(rx, f, true);

	if (unlikely(!rec)) {
		rdm_inc(rx->rn, DROP_NO_MEM);
		return false;
	}
	rec->m.have = f->total;
	rec->m.complete = true;
	if (!rec->copied) {
		part_init(rx, &rec->one, f);
		list_add_tail(&rec->one.f.node, &rec->m.frags);
	}
	/* in its turn, with nothing of this packet before it that is not queued yet? */
	if (likely((!a->fifo || f->seq == a->seqs.floor) && list_empty(&rx->ready) &&
		   rx->peer->channel == RDM_CHANNEL_USER)) {
		if (unlikely(rdm_rx_wants_stamp(rx->sk)))
			rec->stamp = ktime_get_real();
		if (!reserve_room(rx, rec, true))
			return false;
		rdm_assoc_rx_whole(a, f->seq);
		delivered(rx);
		rx->wake = true;
		deliver_held(rx);
		return true;
	}
	if (!reserve_room(rx, rec, false))
		return false;
	if (rdm_assoc_rx_whole(a, f->seq)) {
		deliver(rx, rec);
		deliver_held(rx);
	} else {
		rdm_assoc_rx_hold(a, &rec->m);
	}
	return true;
}

/* What it takes to hold @len bytes of the packet, beyond these bytes, which are charged already. */
static u32 beyond(const struct rx *rx, u32 len, u32 more)
{
	u32 cost = share(rx->skb, len) + more;

	return cost > len ? cost - len : 0;
}

static void drop_part(struct rdm_rec *rec, struct rdm_part *part)
{
	consume_skb(part->skb);
	if (part != &rec->one)
		kmem_cache_free(rdm_part_cache, part);
}

static bool take_part(struct rx *rx, const struct rdm_frame *f, struct rdm_rxmsg *held)
{
	enum rdm_reasm_verdict verdict;
	struct rdm_rxfrag *r, *tmp;
	struct rdm_part *part;
	struct rdm_rec *rec;
	LIST_HEAD(freed);
	s32 extra = 0;

	rx->run = NULL;
	if (held) {
		rec = container_of(held, struct rdm_rec, m);
		part = kmem_cache_alloc(rdm_part_cache, GFP_ATOMIC | __GFP_NOWARN);
		if (!part) {
			rdm_inc(rx->rn, DROP_NO_MEM);
			return false;
		}
		extra = beyond(rx, f->len, sizeof(*part));
	} else {
		rec = rec_new(rx, f, false);
		if (!rec) {
			rdm_inc(rx->rn, DROP_NO_MEM);
			return false;
		}
		if (!reserve_room(rx, rec, false))
			return false;
		rdm_assoc_rx_hold(&rx->peer->a, &rec->m);
		part = &rec->one;
	}
	part_init(rx, part, f);
	part->f.cost = extra;
	verdict = rdm_assoc_rx_frag(&rx->peer->a, &rec->m, &part->f, &freed);
	/* before the user can have it; what is not held costs nothing */
	if (verdict == RDM_REASM_COMPLETE || verdict == RDM_REASM_ADDED) {
		list_for_each_entry(r, &freed, node)
			extra -= r->cost;
		if (extra)
			rdm_rcv_recharge(rx->sk, rec, extra);
	}
	switch (verdict) {
	case RDM_REASM_COMPLETE:
		deliver(rx, rec);
		deliver_held(rx);
		break;
	case RDM_REASM_ADDED:
		/* the next segment may go on where this one ends */
		if (!rec->m.complete && part->f.len == f->len &&
		    list_is_last(&part->f.node, &rec->m.frags)) {
			rx->run = rec;
			rx->run_part = part;
		}
		break;
	case RDM_REASM_DUP:
		rdm_inc(rx->rn, IN_DUP_MSGS);
		drop_part(rec, part);
		break;
	case RDM_REASM_BAD:
		drop_part(rec, part);
		return false;
	}
	list_for_each_entry_safe(r, tmp, &freed, node)
		drop_part(rec, container_of(r, struct rdm_part, f));
	return true;
}

/**
 * rdm_rx_message() - take a message, or a part of one
 * @rx: the packet, with its association locked
 * @f: a MSG or FRAG frame of it
 *
 * Return: false when it was not taken: then its packet must come again.
 */
bool rdm_rx_message(struct rx *rx, const struct rdm_frame *f)
{
	struct rdm_rxmsg *held = NULL;

	/* it may ack what we sent there all the same */
	if (unlikely(rx->peer->channel == RDM_CHANNEL_USER && !welcome(rx))) {
		rdm_inc(rx->rn, DROP_NO_SOCKET);
		rx->unwelcome = true;
		return false;
	}
	switch (rdm_assoc_rx_check(&rx->peer->a, f, &held)) {
	case RDM_RX_NEW:
		if (f->type == RDM_FRAME_MSG)
			return take_whole(rx, f);
		return take_part(rx, f, NULL);
	case RDM_RX_MORE:
		return take_part(rx, f, held);
	case RDM_RX_DUP:
		rdm_inc(rx->rn, IN_DUP_MSGS);
		return true;
	default:
		rdm_inc(rx->rn, DROP_MALFORMED);
		return false;
	}
}

/**
 * rdm_rx_skip() - messages that never come
 * @rx: the packet, with its association locked
 * @f: a SKIP frame of it
 *
 * Return: false when no correct peer sends this.
 */
bool rdm_rx_skip(struct rx *rx, const struct rdm_frame *f)
{
	struct rdm_rxmsg *m;
	struct rdm_rec *rec;
	int err;

	rdm_inc(rx->rn, IN_SKIP);
	rx->run = NULL;
	/* what is skipped is charged: what was read must be known before, and told from here on */
	WRITE_ONCE(rx->peer->rx_tight, true);
	rdm_assoc_rx_consumed(&rx->peer->a, atomic_xchg(&rx->peer->rx_read, 0), &rx->out);
	while (!(err = rdm_assoc_rx_skip(&rx->peer->a, f, &m, &rx->out)) && m) {
		rec = container_of(m, struct rdm_rec, m);
		rdm_rcv_unreserve(rx->sk, rec);
		rdm_rec_free(rec);
	}
	deliver_held(rx);
	return !err;
}

/* Nothing but some zeroes? Many are left to who takes packets one by one. */
static bool is_padding(struct rx *rx, u32 at, u32 len)
{
	u8 buf[PAD_FEW] __uninitialized;

	return len <= sizeof(buf) && !memchr_inv(rdm_rx_bytes(rx, at, len, buf), 0, len);
}

/**
 * rdm_rx_run() - take the segments that go on with the message of the one before
 * @rx: a super-packet, with its association locked; @rx->run is set
 * @at: where the segment before begins
 * @seg: length of each segment but the last
 *
 * A long message comes as a run of segments that differ in packet number and offset only. These
 * are compared with what must come next, and taken all at once.
 *
 * Return: how many segments were taken.
 */
u32 rdm_rx_run(struct rx *rx, u32 at, u32 seg)
{
	u32 size = seg - RDM_GAP, total, off, got = 0, n = 0, extra;
	struct rdm_part *part = rx->run_part;
	struct rdm_assoc *a = &rx->peer->a;
	struct rdm_rec *rec = rx->run;
	u64 head, tag, frag;
	u8 buf[RDM_GAP] __uninitialized;
	const u8 *p;

	rx->run = NULL;
	/* was it a FRAG frame and nothing else? */
	if (part->at != at + RDM_GAP || part->f.len != size)
		return 0;
	p = rdm_rx_bytes(rx, at, RDM_HDR_LEN, buf);
	head = get_unaligned_be64(p);
	tag = get_unaligned_be64(p + 8);
	if (!a->hot->rxpn.n || (head & RDM_PN_MAX) != rdm_pnset_largest(&a->hot->rxpn))
		return 0;
	total = rec->m.total;
	off = part->f.off + size;
	for (at += seg; at + RDM_GAP < rx->skb->len && off < total; at += seg) {
		u32 room = min(seg, rx->skb->len - at) - RDM_GAP, len = min(room, total - off);

		frag = (u64)RDM_FRAME_FRAG << 56 | (u64)len << 32 | total;
		p = rdm_rx_bytes(rx, at, RDM_GAP, buf);
		if (get_unaligned_be64(p) != head + n + 1 || get_unaligned_be64(p + 8) != tag ||
		    get_unaligned_be64(p + 16) != frag ||
		    get_unaligned_be64(p + 24) != rec->m.seq ||
		    get_unaligned_be32(p + 32) != off ||
		    (len < RDM_MIN_STRIDE && len != total - off))
			break;
		/* another message may follow the last one */
		if (unlikely(len < room) && !is_padding(rx, at + RDM_GAP + len, room - len))
			break;
		off += len;
		got += len;
		n++;
	}
	if (!n)
		return 0;
	part->step = seg;
	extra = beyond(rx, got, 0);
	part->f.cost += extra;
	if (extra)
		rdm_rcv_recharge(rx->sk, rec, extra);
	rdm_add(rx->rn, IN_PKTS, n);
	if (unlikely(rx->ecn == RDM_ECN_CE))
		rdm_add(rx->rn, IN_CE, n);
	if (rdm_assoc_rx_run(a, rx->now, &rec->m, &part->f, got, n, rx->ecn, &rx->out) ==
	    RDM_REASM_COMPLETE) {
		deliver(rx, rec);
		deliver_held(rx);
	}
	return n;
}
