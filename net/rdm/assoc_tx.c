// SPDX-License-Identifier: GPL-2.0
/*
 * rdm assoc, sending: which packet an association sends next. Called again and
 * again until it has nothing; each answer is one plan that the caller turns
 * into bytes. The order of preference: an ack that is due, what was lost,
 * what was never sent, a probe. Pure.
 */
#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/rdm.h>

#include "assoc_int.h"

/* The data that the next packet could carry. */
struct pick {
	struct rdm_txmsg *msg;
	struct rdm_sent *lost;	/* the record whose content goes again */
	struct rdm_sent *old;	/* in flight, and sent again all the same */
	u16 frag;
	u16 n;			/* messages of a bundle that goes again */
	bool again;
	bool probe;
};

static u32 msg_space(const struct rdm_txmsg *m, u16 frag)
{
	if (m->nfrags > 1)
		return RDM_FRAG_LEN + rdm_txmsg_frag_len(m, frag);
	return RDM_MSG_LEN + m->len;
}

static u32 run_space(struct rdm_txmsg *m, u16 n, u16 frag)
{
	u32 space = 0;

	for (; n--; m = list_next_entry(m, node))
		if (!m->finished)
			space += msg_space(m, frag);
	return space;
}

/* Messages that are never sent again, in a packet that was lost. */
static void give_up_run(struct rdm_assoc *a, struct rdm_sent *s, struct rdm_out *out)
{
	struct rdm_txmsg *m = s->msg;
	u16 i;

	/* the record still points at them, so all stay where they are */
	for (i = 0; i < s->nmsgs; i++, m = list_next_entry(m, node))
		rdm_txq_give_up(&a->txq, m, ECOMM, &out->tx);
}

/* Control frames of a packet that is not counted on any more: they are due again. */
static void repeat_ctl(struct rdm_assoc *a, struct rdm_sent *s, struct rdm_out *out)
{
	if (s->ctl & RDM_CTL_WINDOW)
		a->need |= s->ctl & (RDM_CTL_WINDOW | RDM_CTL_REOPEN);
	if ((s->ctl & RDM_CTL_CLOSE) && a->state == RDM_ASSOC_CLOSING)
		a->need |= RDM_CTL_CLOSE;
	if (s->ctl & RDM_CTL_COOKIE)
		a->cookie_out = false;
	if (s->ctl & RDM_CTL_SKIP)
		rdm_txq_skip(&a->txq, s->skip_seq, s->nskip, RDM_SKIP_DUE, &out->tx);
}

/*
 * Look through what was lost lately: control frames are due again at once, and what
 * needs no repetition leaves the queue.
 */
static void sort_lost(struct rdm_assoc *a, u64 now, struct rdm_out *out)
{
	struct rdm_sent *s, *tmp;
	u32 n = a->rec.new_lost;

	a->rec.new_lost = 0;
	list_for_each_entry_safe_reverse(s, tmp, &a->rec.lost, lost) {
		if (!n--)
			return;
		repeat_ctl(a, s, out);
		if (s->ect && !s->waived && rdm_ecn_lost(&a->hot->ecn))
			out->acts |= RDM_OUT_NO_ECN;
		if (s->size > RDM_PMTU_BASE)
			__rdm_assoc_pmtu_lost(a, now, s);
		if (s->msg && s->once)
			give_up_run(a, s, out);
		if (s->copy || !rdm_txq_needed(s))
			list_del_init(&s->lost);
	}
}

static void pick_record(struct pick *p, struct rdm_sent *s)
{
	p->msg = s->msg;
	p->frag = s->frag;
	p->n = s->nmsgs;
	p->again = true;
}

/*
 * Probe timeouts in a row after which a probe replaces the packet that it repeats: a peer
 * that answers and yet acks nothing must not make records pile up.
 */
#define PTO_REPLACE	3

/* Would a receiver that is full rather take @s than @t? */
static bool better(const struct rdm_sent *s, const struct rdm_sent *t)
{
	bool held = s->msg->nacked, t_held = t->msg->nacked;

	if (held != t_held)
		return held;
	return s->msg->seq < t->msg->seq || (s->msg == t->msg && s->frag < t->frag);
}

static void consider(struct rdm_sent *s, struct rdm_sent **best, struct rdm_sent **other)
{
	if (s->probe || s->copy || !rdm_txq_needed(s))
		return;
	if (!*best || better(s, *best)) {
		if (!*other)
			*other = *best;
		*best = s;
	} else if (!*other) {
		*other = s;
	}
}

/*
 * Something to send again, in flight or known to be lost. A receiver that is full takes
 * the rest of messages of which it has a part, and in FIFO mode the next message, so these
 * come first; the second probe goes through all others in turn. What it refused stays in
 * flight, so the congestion window says nothing here.
 */
static bool pick_again(struct rdm_assoc *a, struct pick *p)
{
	struct rdm_sent *s, *best = NULL, *other = NULL;

	list_for_each_entry(s, &a->rec.lost, lost)
		consider(s, &best, &other);
	list_for_each_entry(s, &a->rec.sent, node)
		consider(s, &best, &other);
	s = a->probes == 1 && other ? other : best;
	if (!s)
		return false;
	if (s->state == RDM_SENT_LOST)
		p->lost = s;
	else
		p->old = s;
	pick_record(p, s);
	return true;
}

/*
 * Is something on its way that comes again, or ends, only when it is known to be lost? Probes
 * with messages do not tell while the peer refuses them, and it may refuse them for this.
 */
static bool awaits_loss(const struct rdm_assoc *a)
{
	const struct rdm_sent *s;

	if (a->txq.nskip > a->txq.ndue)
		return true;
	list_for_each_entry(s, &a->rec.sent, node)
		if (unlikely(s->once))
			return true;
	return false;
}

static void wait_for_window(struct rdm_assoc *a, u64 now)
{
	u64 pto;

	if (a->retry_at || a->rec.nflight)
		return;
	pto = rdm_rtt_pto(&a->rtt, RDM_MAX_ACK_DELAY) << min(a->tries, 16U);
	a->retry_at = now + __rdm_assoc_backoff(a, pto);
}

/* Is there a reason to give new messages to a successor? */
static bool ending(const struct rdm_assoc *a)
{
	return a->drain || a->rec.next_pn > RDM_PN_MAX - RDM_PN_RESERVE ||
	       a->txq.next_seq == U64_MAX;
}

/* May the peer still consent to our CLOSE? RESET would not tell then what it has taken. */
static bool close_open(const struct rdm_assoc *a)
{
	return a->rec.largest < a->close_pn;
}

/* Nothing new goes while an end is being agreed on, nor before the peer knows us. */
static bool may_probe(const struct rdm_assoc *a)
{
	return a->state == RDM_ASSOC_ESTABLISHED && !a->closed_out && !close_open(a) && !ending(a);
}

/* The path has shrunk, and what was sent of it cannot be cut anew. */
static bool too_long(const struct rdm_assoc *a, const struct rdm_txmsg *m)
{
	return m->bound && rdm_txmsg_once(m) && RDM_HDR_LEN + msg_space(m, m->next) > a->mtu;
}

/* Do messages that were never sent wait for others? Not when a packet goes anyway. */
static bool holds(struct rdm_assoc *a, u64 now, bool super)
{
	struct rdm_hold *h = &a->hot->hold;

	if (likely(!h->until))
		return false;
	if (now < h->until && !a->probes && !a->ack_now &&
	    (h->idle ? super || h->more : a->rec.nflight))
		return true;
	if (now >= h->until)
		__rdm_assoc_hold_over(a);
	h->until = 0;
	return false;
}

/* The next message to send for the first time; those that the peer never takes fail. */
static struct rdm_txmsg *next_unsent(struct rdm_assoc *a, struct rdm_out *out)
{
	struct rdm_txmsg *m = a->txq.unsent;

	for (; m; m = a->txq.unsent) {
		if (!m->bound && m->len > a->peer_max_msg)
			rdm_txq_finish(&a->txq, m, EMSGSIZE, &out->tx);
		else if (unlikely(too_long(a, m)))
			rdm_txq_give_up(&a->txq, m, ECOMM, &out->tx);
		else
			break;
	}
	if (close_open(a) || a->closed_out || a->state == RDM_ASSOC_CLOSING ||
	    (m && !m->bound && ending(a)))
		return NULL;
	return m;
}

/*
 * The window has room for one packet only, and another would follow it: two that leave as one
 * cost less. With two in flight an ack comes soon. Not where the network marks: there each is
 * marked for the other.
 */
static bool awaits_pair(const struct rdm_assoc *a, const struct rdm_txmsg *m, u32 size)
{
	const struct rdm_txmsg *next = list_next_entry(m, node);

	if (a->rec.nflight < 2 || rdm_cong_can_send(&a->hot->cong, 2 * size))
		return false;
	if (a->hot->ecn.told.n[RDM_ECN_CE])
		return false;
	if (m->nfrags > 1)
		return m->next + 1 < m->nfrags;
	return m->laid && !list_is_last(&m->node, &a->txq.msgs) && next->laid && next->nfrags == 1;
}

static bool pick_data(struct rdm_assoc *a, u64 now, bool super, struct pick *p,
		      struct rdm_out *out)
{
	struct rdm_txmsg *m;
	struct rdm_sent *s;
	u32 size;

	p->lost = NULL;
	p->old = NULL;
	p->frag = 0;
	p->n = 0;
	p->again = false;
	p->probe = false;

	if (a->probes && a->rec.pto_count > 1) {
		if (a->probes == 2 && awaits_loss(a)) {
			/* alone in its packet */
			a->need |= RDM_CTL_PING;
			a->probes = 1;
			return false;
		}
		m = a->txq.unsent;
		if (a->probes == 1 && m && m->nacked && !too_long(a, m)) {
			p->msg = m;
			p->frag = m->next;
			return true;
		}
		if (pick_again(a, p))
			return true;
	}
	while (!list_empty(&a->rec.lost)) {
		s = list_first_entry(&a->rec.lost, struct rdm_sent, lost);
		if (!rdm_txq_needed(s)) {
			list_del_init(&s->lost);
			continue;
		}
		if (!a->probes && !rdm_cong_can_send(&a->hot->cong, s->size)) {
			a->rec.limited_pn = a->rec.next_pn;
			return false;
		}
		pick_record(p, s);
		p->lost = s;
		return true;
	}

	m = holds(a, now, super) ? NULL : next_unsent(a, out);
	if (m) {
		p->msg = m;
		p->frag = m->next;
		if (rdm_txq_admits(&a->txq, m)) {
			size = RDM_HDR_LEN + msg_space(m, m->next);
			if (a->probes || (rdm_cong_can_send(&a->hot->cong, size) &&
					  !(super && awaits_pair(a, m, size)))) {
				a->retry_at = 0;
				a->tries = 0;
				return true;
			}
			a->rec.limited_pn = a->rec.next_pn;
			return false;
		}
		if (a->want_probe && !m->bound &&
		    (a->txq.next_seq >= a->txq.win_seq || rdm_txmsg_once(m))) {
			/*
			 * A sequence past the limit would look like an attack, and what is
			 * sent once had better be welcome.
			 */
			a->want_probe = false;
			a->need |= RDM_CTL_PING;
			return false;
		}
		if (a->want_probe) {
			p->frag = 0;
			p->probe = true;
			return true;
		}
		wait_for_window(a, now);
	}

	if (a->probes) {
		if (pick_again(a, p))
			return true;
		a->need |= RDM_CTL_PING;
		a->probes = 0;
	}
	return false;
}

/**
 * __rdm_assoc_window_due() - is there enough new room to tell the peer?
 * @a: the association
 * @share: the fraction of the window that is enough, as a divisor
 *
 * Return: true when the peer should hear of it.
 */
bool __rdm_assoc_window_due(const struct rdm_assoc *a, u32 share)
{
	u64 room = a->rx_consumed + a->cfg.rx_window;

	if (room > a->rx_adv_charge && room - a->rx_adv_charge >= a->cfg.rx_window / share)
		return true;
	return a->seqs.floor + RDM_SEQ_SPAN > a->rx_adv_seq &&
	       a->seqs.floor + RDM_SEQ_SPAN - a->rx_adv_seq >= RDM_SEQ_SPAN / share;
}

static u32 put_window(struct rdm_assoc *a, u8 *p, u8 *ctl)
{
	u64 seq = a->seqs.floor + RDM_SEQ_SPAN;

	a->rx_adv_charge = max(a->rx_adv_charge, a->rx_consumed + a->cfg.rx_window);
	if (seq < a->seqs.floor)
		seq = U64_MAX;
	a->rx_adv_seq = max(a->rx_adv_seq, seq);
	*ctl |= RDM_CTL_WINDOW | (a->need & RDM_CTL_REOPEN);
	return rdm_wire_put_window(p, a->need & RDM_CTL_REOPEN ? RDM_WINDOW_REOPENED : 0,
				   a->rx_adv_charge, a->rx_adv_seq);
}

static u32 put_skip(struct rdm_assoc *a, u8 *p, struct rdm_txmsg *m, u16 n, struct rdm_out *out)
{
	u64 seq = m->seq;
	u16 i;

	for (i = 0; i < n; i++, m = list_next_entry(m, node))
		rdm_wire_put_skip_len(p, i, m->len);
	rdm_txq_skip(&a->txq, seq, n, RDM_SKIP_TOLD, &out->tx);
	return rdm_wire_put_skip(p, seq, n);
}

/**
 * __rdm_assoc_ack_space() - the length of the ACK that would go now
 * @a: the association, with packets received
 *
 * Who never marked a packet may not know counts of them.
 *
 * Return: bytes.
 */
u32 __rdm_assoc_ack_space(const struct rdm_assoc *a)
{
	return RDM_ACK_LEN +
	       (min_t(u32, a->hot->rxpn.n, RDM_ACK_TELL) - 1) * RDM_ACK_RANGE_LEN +
	       (a->ecn_seen ? RDM_ACK_ECN_LEN : 0);
}

/**
 * __rdm_assoc_put_ack() - write an ACK: nothing is to be acked any more then
 * @a: the association, with packets received
 * @p: where to
 * @now: ns
 *
 * Return: bytes.
 */
u32 __rdm_assoc_put_ack(struct rdm_assoc *a, u8 *p, u64 now)
{
	u16 n = min_t(u16, a->hot->rxpn.n, RDM_ACK_TELL);
	u64 delay = now - a->largest_at;
	u32 len;

	if (a->ecn_seen)
		len = rdm_wire_put_ack_ecn(p, delay, a->hot->rxpn.r, n, &a->hot->ecn.in);
	else
		len = rdm_wire_put_ack(p, delay, a->hot->rxpn.r, n);
	a->ack_now = false;
	a->ack_pending = 0;
	a->ack_at = 0;
	return len;
}

static bool plan_init(struct rdm_assoc *a, struct rdm_plan *plan)
{
	struct rdm_params pa;
	u32 len;

	if (!(a->need & RDM_CTL_INIT))
		return false;
	a->need &= ~RDM_CTL_INIT;
	rdm_assoc_params(a, &pa);
	len = rdm_wire_put_hdr(plan->head, RDM_PKT_INIT, 0, 0);
	len += rdm_wire_put_params(plan->head + len, &pa);
	memset(plan->head + len, 0, RDM_INIT_LEN - len);
	plan->kind = RDM_PLAN_RAW;
	plan->again = a->tries;
	plan->ect = false;
	plan->n = 0;
	plan->nrecs = 0;
	plan->msg = NULL;
	plan->pn = 0;
	plan->head_len = RDM_INIT_LEN;
	plan->size = RDM_INIT_LEN;
	return true;
}

static struct rdm_sent *take_record(struct list_head *pool, struct rdm_txmsg *m, u16 frag,
				    u16 nmsgs, u32 size)
{
	struct rdm_sent *s = list_first_entry(pool, struct rdm_sent, node);

	list_del(&s->node);
	__rdm_assoc_describe(s, m, frag, nmsgs, size);
	return s;
}

/**
 * __rdm_assoc_bundle() - put whole messages that have not been sent into a packet
 * @a: the association
 * @m: the first of them
 * @len: bytes before them; with them afterwards
 *
 * Return: how many: as many as fit.
 */
u16 __rdm_assoc_bundle(struct rdm_assoc *a, struct rdm_txmsg *m, u32 *len)
{
	struct rdm_txmsg *first = m;
	u16 n = 0;

	for (;;) {
		if (!m->bound)
			rdm_txq_bind(&a->txq, m);
		if (m == a->txq.probing)
			a->txq.probing = NULL;
		rdm_txq_sent(&a->txq, m, 1);
		*len += msg_space(m, 0);
		n++;
		if (first->solo || n == U8_MAX || a->txq.unsent != list_next_entry(m, node))
			return n;
		m = a->txq.unsent;
		if (m->solo || m->gen != first->gen || m->nfrags > 1 ||
		    rdm_txmsg_once(m) != rdm_txmsg_once(first) ||
		    m->len > a->peer_max_msg || *len + msg_space(m, 0) > a->mtu ||
		    !rdm_txq_admits(&a->txq, m))
			return n;
	}
}

/* The message whose first fragment may follow the last one of @m, in packets of one size. */
static struct rdm_txmsg *follows(const struct rdm_assoc *a, struct rdm_txmsg *m)
{
	struct rdm_txmsg *next = list_next_entry(m, node);

	return m->pads && !m->gen && !list_is_last(&m->node, &a->txq.msgs) && next->pads &&
	       !next->gen && !next->bound && !next->finished && next->stride == m->stride &&
	       next->len <= a->peer_max_msg && !ending(a) &&
	       rdm_txq_admits(&a->txq, next) ? next : NULL;
}

/*
 * A run of fragments that go out for the first time, equal in size but the last. It may go on with
 * the next message, where that is cut alike.
 */
static void plan_frags(struct rdm_assoc *a, u64 now, struct rdm_txmsg *m, struct list_head *pool,
		       u16 max_pkts, u8 ctl, u64 acks, struct rdm_plan *plan)
{
	u32 size = plan->head_len + RDM_FRAG_LEN + m->stride;
	u16 frag = m->next, begin = frag, last = m->nfrags - 1;
	struct rdm_sent *s = list_first_entry(pool, struct rdm_sent, node), *first = s;
	struct rdm_txmsg *then = NULL;

	if (unlikely(plan->head_len != RDM_HDR_LEN))
		max_pkts = 1;
	plan->frag = frag;
	plan->n = 0;
	__rdm_assoc_waiting(a, now);
	for (;; s = list_next_entry(s, node)) {
		bool end = ++plan->n == max_pkts || list_is_last(&s->node, pool);
		u32 len = size;

		if (unlikely(frag == last)) {
			/* two, for who fills a packet up must know that another one follows */
			if (!end && rdm_cong_can_send(&a->hot->cong, 2 * size))
				then = follows(a, m);
			if (!then)
				len = plan->head_len + msg_space(m, frag);
		}
		__rdm_assoc_describe(s, m, frag, 1, len);
		s->ctl = ctl;
		s->acks = acks;
		s->ect = plan->ect;
		rdm_txq_ref(s);
		__rdm_recovery_sent(&a->rec, &a->hot->cong, s, now);
		if (unlikely(frag++ == last)) {
			if (!then)
				break;
			rdm_txq_sent(&a->txq, m, frag - begin);
			m = then;
			then = NULL;
			rdm_txq_bind(&a->txq, m);
			frag = 0;
			begin = 0;
			last = m->nfrags - 1;
		} else if (end || !rdm_cong_can_send(&a->hot->cong, size)) {
			break;
		}
	}
	plan->size = plan->n > 1 ? size : s->size;
	list_bulk_move_tail(&a->rec.sent, &first->node, &s->node);
	rdm_txq_sent(&a->txq, m, frag - begin);
	plan->nrecs = plan->n;
	if (a->probes)
		a->probes--;
}

/* May a message follow @m in a run of packets, as one that is not longer? */
static bool continues(const struct rdm_assoc *a, const struct rdm_txmsg *m, u32 most)
{
	const struct rdm_txmsg *next = a->txq.unsent;

	return next && next == list_next_entry(m, node) && next->laid && next->nfrags == 1 &&
	       !next->gen && next->len <= most && next->len <= a->peer_max_msg && !ending(a) &&
	       rdm_txq_admits(&a->txq, next);
}

/*
 * A run of whole messages that go out for the first time, each in a packet of its own, equal
 * in size but the last.
 */
static void plan_wholes(struct rdm_assoc *a, u64 now, struct rdm_txmsg *m, struct list_head *pool,
			u16 max_pkts, struct rdm_plan *plan)
{
	struct rdm_sent *s = list_first_entry(pool, struct rdm_sent, node), *first = s;
	u32 size = plan->head_len + msg_space(m, 0), len = m->len;

	plan->kind = RDM_PLAN_WHOLES;
	plan->size = max_t(u32, size, RDM_MIN_PACKET);
	plan->n = 0;
	for (;; m = a->txq.unsent, s = list_next_entry(s, node)) {
		if (!m->bound)
			rdm_txq_bind(&a->txq, m);
		if (m == a->txq.probing)
			a->txq.probing = NULL;
		__rdm_assoc_describe(s, m, 0, 1, plan->head_len + msg_space(m, 0));
		s->ect = plan->ect;
		rdm_txq_ref(s);
		rdm_txq_sent(&a->txq, m, 1);
		__rdm_assoc_waiting(a, now);
		__rdm_recovery_sent(&a->rec, &a->hot->cong, s, now);
		if (++plan->n == max_pkts || m->len < len || list_is_last(&s->node, pool) ||
		    !continues(a, m, len) || !rdm_cong_can_send(&a->hot->cong, size))
			break;
	}
	list_bulk_move_tail(&a->rec.sent, &first->node, &s->node);
	plan->nrecs = plan->n;
	if (a->probes)
		a->probes--;
}

static void drop_old_probe(struct rdm_assoc *a, struct rdm_out *out)
{
	struct rdm_sent *s, *tmp;
	LIST_HEAD(recs);

	list_for_each_entry_safe(s, tmp, &a->rec.sent, node) {
		if (s->probe == RDM_PROBE_WINDOW) {
			s->state = RDM_SENT_GONE;
			list_move_tail(&s->node, &recs);
		}
	}
	__rdm_assoc_recs(a, &recs, out);
}

/**
 * rdm_assoc_more() - after a plan: is it worth to call rdm_assoc_next() again?
 * @a: the association
 * @plan: the plan
 *
 * Return: false when that would have nothing.
 */
bool rdm_assoc_more(struct rdm_assoc *a, const struct rdm_plan *plan)
{
	if (!plan->last && __rdm_assoc_may_send(a))
		return true;
	rdm_cong_starved(&a->hot->cong);
	return false;
}

/**
 * __rdm_assoc_next() - rdm_assoc_next(), whatever it is that is to be sent
 * @a: the association
 * @now: ns
 * @pool: free packet records
 * @max_pkts: most packets in one RDM_PLAN_FRAGS
 * @plan: filled when something is to be sent
 * @out: may tell the end of the association, behind its last packet
 *
 * Return: true when @plan is filled.
 */
bool __rdm_assoc_next(struct rdm_assoc *a, u64 now, struct list_head *pool, u16 max_pkts,
		      struct rdm_plan *plan, struct rdm_out *out)
{
	u32 len = RDM_HDR_LEN, need_len = 0, ack_len = 0, dsize = 0;
	bool have, ack, cookie = false;
	struct pick p = {};
	struct rdm_txmsg *skip = NULL;
	u64 acks = 0, skip_seq, pto;
	struct rdm_sent *s;
	u16 n, nskip;
	u8 ctl = 0;

	if (unlikely(now >= a->txq.deadline))
		rdm_txq_expire(&a->txq, now, &out->tx);
	if (a->state == RDM_ASSOC_INIT_SENT)
		return plan_init(a, plan);
	if (a->state == RDM_ASSOC_IDLE || a->state == RDM_ASSOC_CLOSED || list_empty(pool))
		return false;
	if (unlikely(!a->hot)) {
		if (a->txq.n || a->txq.nskip || a->need || a->ack_now || ending(a))
			out->acts |= RDM_OUT_HEAT;
		return false;
	}
	if (a->rec.new_lost)
		sort_lost(a, now, out);
	rdm_pace_look(&a->hot->cong.pace, now);

	if (a->rec.next_pn > RDM_PN_MAX - U16_MAX) {
		rdm_assoc_fail(a, ECONNRESET, false, out);
		return false;
	}
	if (a->state == RDM_ASSOC_ESTABLISHED && close_open(a)) {
		if (!a->rec.nflight)
			a->need |= RDM_CTL_PING;
	} else if (a->state == RDM_ASSOC_ESTABLISHED && ending(a) && !a->txq.nbound &&
		   !a->txq.nskip) {
		__rdm_assoc_close(a, now);
	}
	have = pick_data(a, now, max_pkts > 1, &p, out);
	if (have)
		dsize = p.again && p.msg->nfrags == 1 ? run_space(p.msg, p.n, 0) :
							msg_space(p.msg, p.frag);
	if (a->hot->rxpn.n)
		ack_len = __rdm_assoc_ack_space(a);

	/* The cookie travels with the data, or before it where both do not fit. */
	if (a->state == RDM_ASSOC_COOKIE_SENT) {
		u32 ck_len = RDM_COOKIE_HDR_LEN + RDM_COOKIE_LEN;

		if (!have || len + ck_len + dsize > a->mtu) {
			cookie = !a->cookie_out;
			have = have && !cookie;
		} else {
			cookie = true;
		}
		if (cookie)
			need_len += ck_len;
	}
	if (a->need & RDM_CTL_WINDOW)
		need_len += RDM_WINDOW_LEN;
	if (a->need & RDM_CTL_PING)
		need_len += RDM_PING_LEN;
	nskip = rdm_txq_skip_run(&a->txq, &skip);
	skip_seq = nskip ? skip->seq : 0;
	if (unlikely(nskip))
		need_len += RDM_SKIP_LEN + nskip * RDM_SKIP_ONE_LEN;
	if (a->need & (RDM_CTL_CLOSE | RDM_CTL_CLOSE_ACK))
		need_len += 2 * RDM_CLOSE_LEN;
	if (have && len + need_len + dsize > a->mtu)
		have = false;
	ack = ack_len && (a->ack_now || (a->ack_pending && (have || need_len)));
	if (ack && have && len + need_len + ack_len + dsize > a->mtu) {
		if (a->ack_now)
			have = false;
		else
			ack = false;
	}
	/* A run of fragments is worth a packet of its own for what is due. */
	if (have && !p.again && !p.probe && p.msg->nfrags > 1 && p.msg->next + 1 < p.msg->nfrags) {
		if (a->ack_now || (need_len && !cookie))
			have = false;
		else
			ack = false;
	}
	/* so is one of whole messages, for an ack that may wait */
	if (have && ack && !a->ack_now && !need_len && p.msg->laid && !p.again && !p.probe &&
	    p.msg->nfrags == 1 && a->txq.n > a->txq.nbound + 1)
		ack = false;
	if (!have && !need_len && !ack) {
		if (unlikely(a->hot->pmtu.due) && may_probe(a))
			return __rdm_assoc_pmtu_plan(a, now, pool, plan, out);
		rdm_cong_starved(&a->hot->cong);
		return false;
	}

	/* control frames; the header comes last, when the number is known */
	if (cookie) {
		len += rdm_wire_put_cookie(plan->head + len, a->hot->cookie, RDM_COOKIE_LEN);
		ctl |= RDM_CTL_COOKIE;
		a->cookie_out = true;
	}
	if (ack) {
		acks = rdm_pnset_largest(&a->hot->rxpn) + 1;
		len += __rdm_assoc_put_ack(a, plan->head + len, now);
		if (!(a->need & RDM_CTL_WINDOW) && __rdm_assoc_window_due(a, 8) &&
		    (!have || len + need_len + RDM_WINDOW_LEN + dsize <= a->mtu))
			a->need |= RDM_CTL_WINDOW;
	}
	if (a->need & RDM_CTL_WINDOW)
		len += put_window(a, plan->head + len, &ctl);
	if (a->need & RDM_CTL_CLOSE) {
		len += rdm_wire_put_close(plan->head + len, RDM_FRAME_CLOSE, a->txq.next_seq);
		ctl |= RDM_CTL_CLOSE;
		a->close_pn = a->rec.next_pn + 1;
		pto = rdm_rtt_pto(&a->rtt, RDM_MAX_ACK_DELAY) << min(a->tries++, 16U);
		a->retry_at = now + __rdm_assoc_backoff(a, pto);
	}
	if (unlikely(nskip)) {
		len += put_skip(a, plan->head + len, skip, nskip, out);
		ctl |= RDM_CTL_SKIP;
	}
	if (a->need & RDM_CTL_CLOSE_ACK)
		len += rdm_wire_put_close(plan->head + len, RDM_FRAME_CLOSE_ACK, a->txq.next_seq);
	if (a->need & RDM_CTL_PING || (cookie && !have)) {
		plan->head[len++] = RDM_FRAME_PING;
		ctl |= RDM_CTL_PING;
	}
	a->need = 0;

	plan->pn = a->rec.next_pn;
	rdm_wire_put_hdr(plan->head, RDM_PKT_DATA, plan->pn, a->peer_tag);
	plan->head_len = len;
	plan->msg = have ? p.msg : NULL;
	plan->again = p.again;
	plan->frag = p.frag;
	plan->kind = RDM_PLAN_RAW;
	plan->n = 0;
	plan->ect = have && !p.probe && rdm_ecn_marks(&a->hot->ecn, a->rec.pto_count);

	if (have) {
		a->last_active = now;
		plan->kind = p.msg->nfrags > 1 ? RDM_PLAN_FRAGS : RDM_PLAN_BUNDLE;
	}
	if (have && !p.again && !p.probe && p.msg->nfrags > 1) {
		if (!p.msg->bound)
			rdm_txq_bind(&a->txq, p.msg);
		if (p.msg == a->txq.probing)
			a->txq.probing = NULL;
		plan_frags(a, now, p.msg, pool, max_pkts, ctl, acks, plan);
		if (plan->ect)
			rdm_ecn_sent(&a->hot->ecn, plan->n);
		/* with control frames it is one packet */
		if (unlikely(nskip)) {
			s = list_last_entry(&a->rec.sent, struct rdm_sent, node);
			s->skip_seq = skip_seq;
			s->nskip = nskip;
		}
		plan->size = max_t(u32, plan->size, RDM_MIN_PACKET);
		return true;
	}

	if (have && !p.again && !p.probe && p.msg->laid && !p.msg->gen && !ctl && !acks) {
		plan_wholes(a, now, p.msg, pool, max_pkts, plan);
		if (plan->ect)
			rdm_ecn_sent(&a->hot->ecn, plan->n);
		return true;
	}

	n = 0;
	if (p.probe && have) {
		drop_old_probe(a, out);
		if (!p.msg->bound) {
			rdm_txq_bind(&a->txq, p.msg);
			a->txq.probing = p.msg;
		}
		a->want_probe = false;
		n = 1;
		len += dsize;
	} else if (have && p.again) {
		n = p.n;
		len += dsize;
	} else if (have) {
		n = __rdm_assoc_bundle(a, p.msg, &len);
	}
	plan->n = n;
	if (plan->kind == RDM_PLAN_FRAGS)
		plan->n = 1;
	plan->size = max_t(u32, len, RDM_MIN_PACKET);

	if (!have && !ctl) {
		/* nothing in it asks for an ack: no record */
		a->rec.next_pn++;
		plan->nrecs = 0;
	} else {
		plan->nrecs = 1;
		s = take_record(pool, plan->msg, p.frag, n, plan->size);
		s->ctl = ctl;
		s->acks = acks;
		s->skip_seq = skip_seq;
		s->nskip = nskip;
		s->probe = p.probe && have ? RDM_PROBE_WINDOW : RDM_PROBE_NONE;
		s->ect = plan->ect;
		if (plan->ect)
			rdm_ecn_sent(&a->hot->ecn, 1);
		if (s->msg)
			rdm_txq_ref(s);
		__rdm_assoc_waiting(a, now);
		rdm_recovery_sent(&a->rec, &a->hot->cong, s, now);
		if (have && p.lost)
			list_del_init(&p.lost->lost);
		if (have && p.old && a->rec.pto_count > PTO_REPLACE) {
			rdm_recovery_waive(&a->rec, &a->hot->cong, p.old);
			repeat_ctl(a, p.old, out);
		} else if (have && p.old) {
			s->copy = true;
		}
		if (have && a->probes)
			a->probes--;
	}
	if (a->closed_out)
		__rdm_assoc_over(a, 0, out);
	return true;
}
