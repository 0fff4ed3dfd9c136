// SPDX-License-Identifier: GPL-2.0
/*
 * rdm assoc, receiving: what a packet means for an association. A packet runs
 * through rdm_assoc_rx_begin(), then each of its frames, then
 * rdm_assoc_rx_end(), which decides about the ack. Messages live in records of
 * the caller, which also decides whether there is memory for them. Pure.
 */
#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/rdm.h>

#include "assoc_int.h"

/**
 * rdm_assoc_rx_begin() - a DATA packet with a tag of ours arrived
 * @a: the association, hot
 * @now: ns
 * @pn: its number
 *
 * Return: false when it was seen before, or is too old to tell: drop it.
 */
bool rdm_assoc_rx_begin(struct rdm_assoc *a, u64 now, u64 pn)
{
	a->last_rx = now;
	a->soft_error = 0;
	a->doubt = 0;
	a->disowned = false;
	if (a->state == RDM_ASSOC_COOKIE_SENT) {
		__rdm_assoc_event(a, RDM_ASSOC_EV_HEARD);
		a->cookie_out = false;
	}
	/* who has consented to the end takes nothing more */
	return a->state > RDM_ASSOC_COOKIE_SENT && a->state < RDM_ASSOC_CLOSED &&
	       !a->closed_out && a->hot && !rdm_pnset_test(&a->hot->rxpn, pn);
}

/*
 * More packets want an ack. An ack costs a packet at both ends, so in full flow few go: their
 * number is the most that lets the sender's window grow as fast as RFC 9406 allows (its L). At
 * first, after a gap, and when an ack had to wait until its time was up, the sender may have no
 * more than a few packets in flight, and must hear of losses soon: then every second one is acked.
 */
static void ack_due(struct rdm_assoc *a, u64 now, u8 ecn, u32 n)
{
	a->ack_pending = min(a->ack_pending + n, (u32)U8_MAX);
	/* the peer is to hear of congestion at once (RFC 9000, section 13.2.1) */
	if (ecn == RDM_ECN_CE ||
	    a->ack_pending >= (a->ack_careful ? RDM_ACK_EVERY_CAREFUL : RDM_ACK_EVERY))
		a->ack_now = true;
	else if (!a->ack_now && !a->ack_at)
		a->ack_at = now + clamp(a->rtt.srtt / 4, RDM_ACK_DELAY_MIN,
					(u64)RDM_MAX_ACK_DELAY);
	a->ack_careful -= min_t(u32, a->ack_careful, n);
}

static void count_marked(struct rdm_assoc *a, u8 ecn, u32 n)
{
	rdm_ecn_got(&a->hot->ecn, ecn, n);
	a->ecn_seen |= ecn;
}

/**
 * rdm_assoc_rx_end() - all frames of a packet were taken
 * @a: the association
 * @now: ns
 * @pn: its number
 * @ecn: enum rdm_ecn_bits
 * @eliciting: it held more than acks and padding
 * @refused: a frame of it was refused or malformed: it must come again, no ack
 * @out: asks to send when an ack is due at once
 */
void rdm_assoc_rx_end(struct rdm_assoc *a, u64 now, u64 pn, u8 ecn, bool eliciting, bool refused,
		      struct rdm_out *out)
{
	bool in_order;

	if (a->state == RDM_ASSOC_CLOSED)
		return;
	if (refused) {
		/* who has no room still lives: the sender must not give us up */
		if (a->hot->rxpn.n)
			a->ack_now = true;
		else
			a->need |= RDM_CTL_WINDOW;
		goto out;
	}

	in_order = !a->hot->rxpn.n || pn == rdm_pnset_largest(&a->hot->rxpn) + 1;
	if (likely(rdm_pnset_add(&a->hot->rxpn, pn)))
		count_marked(a, ecn, 1);
	if (pn == rdm_pnset_largest(&a->hot->rxpn))
		a->largest_at = now;
	if (!eliciting)
		goto out;
	if (!in_order) {
		a->ack_now = true;
		a->ack_careful = RDM_ACK_CAREFUL;
	}
	ack_due(a, now, ecn, 1);
out:
	if (a->ack_now || a->need)
		out->acts |= RDM_OUT_SEND;
}

/* What an ACK tells of marks, of which @newly packets newly acked have been sent with one. */
static void rx_ecn(struct rdm_assoc *a, u64 now, const struct rdm_frame *f, u32 newly,
		   int order, struct rdm_out *out)
{
	const struct rdm_ecn_counts *counts = f->flags & RDM_ACK_ECN ? &f->ecn : NULL;
	int ce = rdm_ecn_acked(&a->hot->ecn, counts, newly, order);

	if (likely(!ce))
		return;
	if (ce < 0) {
		out->acts |= RDM_OUT_NO_ECN;
		return;
	}
	/* RFC 9002, section 7.1: once for what was in flight together */
	rdm_cong_ce(&a->hot->cong, now, a->rec.last_acked_time);
	out->acts |= RDM_OUT_CE;
}

static int rx_ack(struct rdm_assoc *a, u64 now, const struct rdm_frame *f, struct rdm_out *out)
{
	u64 counted = f->flags & RDM_ACK_ECN ? f->ecn.from : 0, largest = a->rec.largest;
	struct rdm_sent *s;
	u32 newly = 0;
	LIST_HEAD(recs);
	int n;

	n = rdm_recovery_ack(&a->rec, &a->rtt, &a->hot->cong, f, now, &recs);
	if (n < 0)
		return n;
	list_for_each_entry(s, &recs, node) {
		if (s->state != RDM_SENT_ACKED)
			continue;
		if (unlikely(s->probe)) {
			if (s->probe == RDM_PROBE_PMTU)
				__rdm_assoc_pmtu_acked(a, now, s, out);
			else if (s->msg == a->txq.probing)
				a->txq.probing = NULL;
		}
		if (s->msg)
			rdm_txq_credit(&a->txq, s, &out->tx);
		if (s->acks)
			rdm_pnset_trim(&a->hot->rxpn, s->acks);
		if (s->ctl & RDM_CTL_SKIP)
			rdm_txq_skip(&a->txq, s->skip_seq, s->nskip, RDM_SKIP_NONE, &out->tx);
		newly += s->ect && s->pn >= counted;
	}
	if (unlikely(a->hot->pmtu.losses))
		__rdm_assoc_pmtu_data_acked(a, now, &recs);
	__rdm_assoc_recs(a, &recs, out);
	rx_ecn(a, now, f, newly, f->seq >= largest ? 1 : f->seq + 1 == largest ? 0 : -1, out);
	if (n) {
		a->last_active = now;
		a->last_acked = now;
		a->probes = 0;
	}
	if (__rdm_assoc_may_send(a))
		out->acts |= RDM_OUT_SEND;
	return 0;
}

static void rx_window(struct rdm_assoc *a, const struct rdm_frame *f, struct rdm_out *out)
{
	if (f->charge > a->txq.win_charge)
		a->txq.win_charge = f->charge;
	if (f->last > a->txq.win_seq)
		a->txq.win_seq = f->last;
	if (f->flags & RDM_WINDOW_REOPENED)
		rdm_recovery_requeue(&a->rec, &a->hot->cong);
	/* what cannot come again: was it taken? */
	if (f->flags & RDM_WINDOW_REOPENED && a->rec.nflight)
		a->need |= RDM_CTL_PING;
	if (a->state == RDM_ASSOC_ESTABLISHED)
		a->tries = 0;
	if (__rdm_assoc_may_send(a))
		out->acts |= RDM_OUT_SEND;
}

/* The peer offers to end an idle association: consent only when nothing is in doubt. */
static void rx_close(struct rdm_assoc *a, u64 pn, const struct rdm_frame *f, struct rdm_out *out)
{
	bool newest = !a->hot->rxpn.n || pn > rdm_pnset_largest(&a->hot->rxpn);

	if (!newest)
		return;
	if (a->txq.nbound || a->txq.nskip || a->seqs.floor != f->seq || a->reasm.n) {
		/* not yet: finish what was begun, then offer it ourselves */
		a->drain = true;
		return;
	}
	a->need |= RDM_CTL_CLOSE_ACK;
	a->closed_out = true;
	out->acts |= RDM_OUT_SEND;
}

/**
 * rdm_assoc_rx_ctl() - a frame that is no message
 * @a: the association
 * @now: ns
 * @pn: number of its packet
 * @f: the frame; neither COOKIE nor SKIP
 * @out: receives what it sets free
 *
 * Return: 0; -EPROTO when no correct peer sends this.
 */
int rdm_assoc_rx_ctl(struct rdm_assoc *a, u64 now, u64 pn, const struct rdm_frame *f,
		     struct rdm_out *out)
{
	switch (f->type) {
	case RDM_FRAME_PADDING:
	case RDM_FRAME_PING:
		return 0;
	case RDM_FRAME_ACK:
		return rx_ack(a, now, f, out);
	case RDM_FRAME_WINDOW:
		rx_window(a, f, out);
		return 0;
	case RDM_FRAME_CLOSE:
		rx_close(a, pn, f, out);
		return 0;
	case RDM_FRAME_CLOSE_ACK:
		if (a->state != RDM_ASSOC_CLOSING && a->state != RDM_ASSOC_ESTABLISHED)
			return 0;
		/* we send nothing before the fate of CLOSE is known: that peer lies */
		if (a->txq.nbound || a->txq.nskip)
			return -EPROTO;
		__rdm_assoc_over(a, 0, out);
		return 0;
	}
	return -EPROTO;
}

/* The peer needs what we told it is over. */
static void busy(struct rdm_assoc *a)
{
	if (a->state != RDM_ASSOC_CLOSING)
		return;
	__rdm_assoc_event(a, RDM_ASSOC_EV_BUSY);
	a->need &= ~RDM_CTL_CLOSE;
	/* its ack tells that the CLOSE comes too late, if it comes */
	a->need |= RDM_CTL_PING;
	a->retry_at = 0;
	a->tries = 0;
}

/**
 * rdm_assoc_rx_check() - is this message, or this part of one, wanted?
 * @a: the association
 * @f: a MSG or FRAG frame
 * @held: receives the message it belongs to, for RDM_RX_MORE
 *
 * Changes nothing but to stop an idle close.
 *
 * Return: enum rdm_rx_verdict.
 */
enum rdm_rx_verdict rdm_assoc_rx_check(struct rdm_assoc *a, const struct rdm_frame *f,
				       struct rdm_rxmsg **held)
{
	struct rdm_rxmsg *m;

	a->last_active = a->last_rx;
	/* no sender cuts so small; it would only make us keep many small parts */
	if (f->len < RDM_MIN_STRIDE && f->len != f->total - f->off)
		return RDM_RX_BAD;
	if (rdm_seqmap_test(&a->seqs, f->seq))
		return RDM_RX_DUP;
	busy(a);
	if (f->seq >= a->rx_adv_seq || !rdm_seqmap_in_span(&a->seqs, f->seq))
		return RDM_RX_BAD;
	if (a->reasm.n) {
		m = rdm_reasm_find(&a->reasm, f->seq);
		if (m) {
			if (m->total != f->total)
				return RDM_RX_BAD;
			if (m->complete)
				return RDM_RX_DUP;
			*held = m;
			return RDM_RX_MORE;
		}
	}
	return f->total > a->cfg.max_msg ? RDM_RX_BAD : RDM_RX_NEW;
}

/**
 * rdm_assoc_rx_whole() - a new message arrived in one piece
 * @a: the association
 * @seq: its sequence; rdm_assoc_rx_check() said RDM_RX_NEW
 *
 * Return: true when it is to be delivered now (it is finished then; ask
 * rdm_assoc_rx_next() for those behind it); false when it must wait: give its record
 * to rdm_assoc_rx_hold().
 */
bool rdm_assoc_rx_whole(struct rdm_assoc *a, u64 seq)
{
	if (a->fifo && seq != a->seqs.floor)
		return false;
	rdm_seqmap_set(&a->seqs, seq);
	return true;
}

/**
 * rdm_assoc_rx_hold() - keep a message, whole or not, until more has come
 * @a: the association
 * @m: its record; @m->complete is set when it is whole
 */
void rdm_assoc_rx_hold(struct rdm_assoc *a, struct rdm_rxmsg *m)
{
	rdm_reasm_insert(&a->reasm, m);
}

/* Is a message that has become whole to be delivered? Then it is not held any more. */
static enum rdm_reasm_verdict in_turn(struct rdm_assoc *a, struct rdm_rxmsg *m,
				      enum rdm_reasm_verdict v)
{
	if (v != RDM_REASM_COMPLETE)
		return v;
	if (!rdm_assoc_rx_whole(a, m->seq))
		return RDM_REASM_ADDED;
	rdm_reasm_remove(&a->reasm, m);
	return v;
}

/**
 * rdm_assoc_rx_frag() - add a part to a message that is held
 * @a: the association
 * @m: the message
 * @f: the part
 * @freed: receives parts that this one makes useless
 *
 * Return: see rdm_rxmsg_add(); RDM_REASM_COMPLETE when @m is whole and to be delivered
 * now; it is finished then, and not held any more.
 */
enum rdm_reasm_verdict rdm_assoc_rx_frag(struct rdm_assoc *a, struct rdm_rxmsg *m,
					 struct rdm_rxfrag *f, struct list_head *freed)
{
	return in_turn(a, m, rdm_rxmsg_add(m, f, freed));
}

/**
 * rdm_assoc_rx_run() - packets that follow the one taken last, each with the next part of a message
 * @a: the association
 * @now: ns
 * @m: the message, which is held
 * @f: the part of it that came in the packet before, the last of @m
 * @len: bytes that follow it, in all packets together, within @m
 * @n: how many packets, at least 1; their numbers follow the largest received
 * @ecn: enum rdm_ecn_bits of each of them
 * @out: asks to send when an ack is due at once
 *
 * The same as rdm_assoc_rx_begin(), rdm_assoc_rx_frag() and rdm_assoc_rx_end() for each of them,
 * but that @f grows and stays one part.
 *
 * Return: see rdm_assoc_rx_frag().
 */
enum rdm_reasm_verdict rdm_assoc_rx_run(struct rdm_assoc *a, u64 now, struct rdm_rxmsg *m,
					struct rdm_rxfrag *f, u32 len, u32 n, u8 ecn,
					struct rdm_out *out)
{
	enum rdm_reasm_verdict v = in_turn(a, m, rdm_rxmsg_grow(m, f, len));

	rdm_pnset_extend(&a->hot->rxpn, n);
	count_marked(a, ecn, n);
	a->largest_at = now;
	ack_due(a, now, ecn, n);
	if (a->ack_now)
		out->acts |= RDM_OUT_SEND;
	return v;
}

/**
 * rdm_assoc_rx_next() - a held message that can be delivered now
 * @a: the association
 *
 * Return: the message, finished and not held any more, or NULL.
 */
struct rdm_rxmsg *rdm_assoc_rx_next(struct rdm_assoc *a)
{
	struct rdm_rxmsg *m;

	if (!a->fifo || !a->reasm.n)
		return NULL;
	m = rdm_reasm_first(&a->reasm);
	if (!m->complete || m->seq != a->seqs.floor)
		return NULL;
	rdm_seqmap_set(&a->seqs, m->seq);
	rdm_reasm_remove(&a->reasm, m);
	return m;
}

/**
 * rdm_assoc_rx_skip() - the peer has given messages up
 * @a: the association
 * @f: a SKIP frame
 * @part: receives a message of which parts are held: it is not held any more and its record
 *	can go; or NULL
 * @out: asks to send when the peer should hear of the room
 *
 * Messages that are whole stay: they are delivered in their turn. Of all others no later
 * packet is taken. Call it again, with the same frame, until it gives no message; then ask
 * rdm_assoc_rx_next() for messages that waited behind these.
 *
 * Return: 0; -EPROTO when no correct peer sends this.
 */
int rdm_assoc_rx_skip(struct rdm_assoc *a, const struct rdm_frame *f, struct rdm_rxmsg **part,
		      struct rdm_out *out)
{
	struct rdm_rxmsg *m;
	u64 seq, charge;
	u16 i;

	*part = NULL;
	seq = f->seq + f->nlens - 1;
	if (seq >= a->seqs.floor &&
	    (seq >= a->rx_adv_seq || !rdm_seqmap_in_span(&a->seqs, seq)))
		return -EPROTO;
	a->last_active = a->last_rx;
	for (i = 0; i < f->nlens; i++) {
		seq = f->seq + i;
		if (rdm_seqmap_test(&a->seqs, seq))
			continue;
		m = rdm_reasm_find(&a->reasm, seq);
		if (m && m->complete)
			continue;
		if (f->lens[i] > a->cfg.max_msg || (m && m->total != f->lens[i]))
			return -EPROTO;
		busy(a);
		rdm_seqmap_set(&a->seqs, seq);
		charge = rdm_msg_charge(f->lens[i]);
		/* of a message that never came, nothing is accounted yet */
		if (!m)
			a->rx_charge += charge;
		rdm_assoc_rx_consumed(a, charge, out);
		if (m) {
			rdm_reasm_remove(&a->reasm, m);
			*part = m;
			return 0;
		}
	}
	return 0;
}

/**
 * rdm_assoc_rx_consumed() - messages left the receive buffer
 * @a: the association
 * @charge: their charges together
 * @out: asks to send when the peer should hear of the room
 */
void rdm_assoc_rx_consumed(struct rdm_assoc *a, u64 charge, struct rdm_out *out)
{
	u64 room;

	a->rx_consumed += charge;
	if (a->state != RDM_ASSOC_ESTABLISHED)
		return;
	room = a->rx_consumed + a->cfg.rx_window;
	/*
	 * A peer with a long message may stand before a window that is open but too
	 * small for it: the last message read must open it in full.
	 */
	if (__rdm_assoc_window_due(a, 4) ||
	    (a->rx_consumed == a->rx_charge && room > a->rx_adv_charge &&
	     a->rx_adv_charge - a->rx_charge < rdm_msg_charge(a->cfg.max_msg) &&
	     room - a->rx_adv_charge >= a->cfg.rx_window / RDM_WINDOW_KEPT)) {
		a->need |= RDM_CTL_WINDOW;
		out->acts |= RDM_OUT_SEND;
	}
}

/**
 * rdm_assoc_rx_reopened() - there is memory again for what was refused
 * @a: an association with @a->refused
 * @out: asks to send
 */
void rdm_assoc_rx_reopened(struct rdm_assoc *a, struct rdm_out *out)
{
	a->refused = false;
	if (a->state != RDM_ASSOC_ESTABLISHED)
		return;
	a->need |= RDM_CTL_WINDOW | RDM_CTL_REOPEN;
	out->acts |= RDM_OUT_SEND;
}
