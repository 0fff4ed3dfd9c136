// SPDX-License-Identifier: GPL-2.0
/*
 * rdm assoc, short: rdm_assoc_next() has a short way for the usual case of who talks in short
 * messages: some that were never sent, perhaps an ack, room for them, and nothing else to do. It
 * plans what the long way (assoc_tx.c) would plan, in fewer steps. Pure.
 */
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/minmax.h>

#include "assoc_int.h"

/* Is anything due that has to do with more than the next messages? */
static bool something_else(const struct rdm_assoc *a, u64 now)
{
	return a->state != RDM_ASSOC_ESTABLISHED || a->need || a->probes || a->drain ||
	       a->closed_out || a->rec.new_lost || a->txq.ndue || !list_empty(&a->rec.lost) ||
	       a->rec.largest < a->close_pn || now >= a->txq.deadline ||
	       a->rec.next_pn > RDM_PN_MAX - RDM_PN_RESERVE || a->txq.next_seq == U64_MAX;
}

/*
 * A packet with short messages. Return: false when something else may be to be sent, or nothing:
 * then nothing has changed.
 */
static inline bool plan_short(struct rdm_assoc *a, u64 now, struct list_head *pool,
			      struct rdm_plan *plan)
{
	struct rdm_txmsg *m = a->txq.unsent;
	u32 len = RDM_HDR_LEN, room;
	struct rdm_sent *s;
	u64 acks = 0;
	bool ack;
	u16 n;

	if (!m || m->solo || m->laid || m->nfrags > 1 || m->bound || !a->hot ||
	    a->hot->hold.until || list_empty(pool) || something_else(a, now))
		return false;
	room = a->mtu - RDM_HDR_LEN - RDM_MSG_LEN;
	ack = a->hot->rxpn.n && (a->ack_now || a->ack_pending);
	if (ack) {
		if (__rdm_assoc_window_due(a, 8))
			return false;
		room -= __rdm_assoc_ack_space(a);
	}
	rdm_pace_look(&a->hot->cong.pace, now);
	if (m->len > room || m->len > a->peer_max_msg || !rdm_txq_admits(&a->txq, m) ||
	    !rdm_cong_can_send(&a->hot->cong, RDM_HDR_LEN + RDM_MSG_LEN + m->len))
		return false;

	a->retry_at = 0;
	a->tries = 0;
	a->last_active = now;
	if (ack) {
		acks = rdm_pnset_largest(&a->hot->rxpn) + 1;
		len += __rdm_assoc_put_ack(a, plan->head + len, now);
	}
	plan->pn = a->rec.next_pn;
	rdm_wire_put_hdr(plan->head, RDM_PKT_DATA, plan->pn, a->peer_tag);
	plan->head_len = len;
	n = __rdm_assoc_bundle(a, m, &len);
	plan->kind = RDM_PLAN_BUNDLE;
	plan->last = !a->txq.unsent && !a->want_probe && !a->hot->pmtu.due &&
		     a->rec.next_pn < RDM_PN_MAX - RDM_PN_RESERVE && a->txq.next_seq != U64_MAX;
	plan->again = false;
	plan->ect = rdm_ecn_marks(&a->hot->ecn, a->rec.pto_count);
	plan->n = n;
	plan->frag = 0;
	plan->nrecs = 1;
	plan->size = max_t(u32, len, RDM_MIN_PACKET);
	plan->msg = m;

	s = list_first_entry(pool, struct rdm_sent, node);
	__rdm_assoc_describe(s, m, 0, n, plan->size);
	s->acks = acks;
	s->skip_seq = 0;
	s->nskip = 0;
	s->ect = plan->ect;
	if (plan->ect)
		rdm_ecn_sent(&a->hot->ecn, 1);
	rdm_txq_ref(s);
	__rdm_assoc_waiting(a, now);
	__rdm_recovery_sent(&a->rec, &a->hot->cong, s, now);
	list_bulk_move_tail(&a->rec.sent, &s->node, &s->node);
	return true;
}

/**
 * rdm_assoc_next() - what to send now
 * @a: the association
 * @now: ns
 * @pool: free packet records, by rdm_sent.node; at least one
 * @max_pkts: most packets in one RDM_PLAN_FRAGS, at least 1
 * @plan: filled when something is to be sent
 * @out: may tell the end of the association, behind its last packet
 *
 * Whatever a plan tells counts as sent; a caller that cannot build or send it lets it be
 * lost. Call again until it or rdm_assoc_more() returns false, then arm the timer by
 * rdm_assoc_deadline().
 * With RDM_OUT_HEAT it has something for a cold association: rdm_assoc_heat(), and call again.
 *
 * Return: true when @plan is filled.
 */
bool rdm_assoc_next(struct rdm_assoc *a, u64 now, struct list_head *pool, u16 max_pkts,
		    struct rdm_plan *plan, struct rdm_out *out)
{
	if (plan_short(a, now, pool, plan))
		return true;
	plan->last = false;
	return __rdm_assoc_next(a, now, pool, max_pkts, plan, out);
}
