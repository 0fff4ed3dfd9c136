// SPDX-License-Identifier: GPL-2.0
/*
 * rdm assoc, length of packets: what pmtu.c learns of the packets of an association, the probes
 * that it asks for, and what becomes of messages when the answer changes. Pure.
 */
#include <linux/bug.h>
#include <linux/kernel.h>
#include <linux/minmax.h>

#include "assoc_int.h"

/* The state machine may have another opinion now. */
static void follow(struct rdm_assoc *a)
{
	if (a->hot->pmtu.size != a->mtu)
		__rdm_assoc_resize(a, a->hot->pmtu.size);
}

/**
 * rdm_assoc_set_mtu() - the route takes packets of another size
 * @a: the association
 * @now: ns
 * @mtu: longest UDP payload, at least RDM_PMTU_MIN
 *
 * Messages that were cut too long are cut anew and sent again. Where probes have found less
 * than the route had said, more is searched for and not just used.
 */
void rdm_assoc_set_mtu(struct rdm_assoc *a, u64 now, u32 mtu)
{
	u16 size = a->mtu;

	if (size > mtu || size == a->route_mtu)
		size = mtu;
	a->route_mtu = mtu;
	if (!a->hot) {
		a->mtu_again = 0;
		if (size != a->mtu)
			__rdm_assoc_resize(a, size);
		return;
	}
	rdm_pmtu_route(&a->hot->pmtu, now, mtu);
	follow(a);
}

/**
 * rdm_assoc_set_pmtud() - may probes find out how long packets may be, from now on?
 * @a: the association
 * @on: true when they may
 */
void rdm_assoc_set_pmtud(struct rdm_assoc *a, bool on)
{
	if (a->cfg.pmtud == on)
		return;
	a->cfg.pmtud = on;
	if (a->hot) {
		rdm_pmtu_enable(&a->hot->pmtu, on);
		follow(a);
	} else if (!on && a->mtu != a->route_mtu) {
		__rdm_assoc_resize(a, a->route_mtu);
	}
}

/**
 * __rdm_assoc_pmtu_lost() - a packet counts as lost
 * @a: the association, hot
 * @now: ns
 * @s: its record
 */
void __rdm_assoc_pmtu_lost(struct rdm_assoc *a, u64 now, const struct rdm_sent *s)
{
	if (!s->waived)
		rdm_pmtu_data_lost(&a->hot->pmtu, now, s->time, s->size);
}

/**
 * __rdm_assoc_pmtu_stalled() - probe timeouts in a row
 * @a: the association, hot
 */
void __rdm_assoc_pmtu_stalled(struct rdm_assoc *a)
{
	const struct rdm_sent *s;
	u32 longest = 0;

	list_for_each_entry(s, &a->rec.sent, node)
		if (!s->probe)
			longest = max(longest, s->size);
	rdm_pmtu_stalled(&a->hot->pmtu, longest);
}

/**
 * __rdm_assoc_pmtu_data_acked() - packets arrived, while some seem to fall into a black hole
 * @a: the association, hot
 * @now: ns
 * @recs: their records, and perhaps others
 */
void __rdm_assoc_pmtu_data_acked(struct rdm_assoc *a, u64 now, struct list_head *recs)
{
	const struct rdm_sent *s;

	list_for_each_entry(s, recs, node)
		if (s->state == RDM_SENT_ACKED && !s->probe)
			rdm_pmtu_data_acked(&a->hot->pmtu, now, s->size);
}

/* Records of probes that are not waited for any more. */
static void drop_probes(struct rdm_assoc *a, struct rdm_out *out)
{
	struct rdm_sent *s, *tmp;
	LIST_HEAD(recs);

	list_for_each_entry_safe(s, tmp, &a->rec.sent, node) {
		if (s->probe == RDM_PROBE_PMTU) {
			s->state = RDM_SENT_GONE;
			list_move_tail(&s->node, &recs);
		}
	}
	__rdm_assoc_recs(a, &recs, out);
}

/**
 * __rdm_assoc_pmtu_acked() - a probe arrived
 * @a: the association, hot
 * @now: ns
 * @s: its record
 * @out: receives those of others, when they are not waited for any more
 */
void __rdm_assoc_pmtu_acked(struct rdm_assoc *a, u64 now, const struct rdm_sent *s,
			    struct rdm_out *out)
{
	rdm_pmtu_acked(&a->hot->pmtu, now, s->time, s->size);
	if (!a->hot->pmtu.out)
		drop_probes(a, out);
	follow(a);
}

/**
 * __rdm_assoc_pmtu_timer() - time has passed
 * @a: the association, hot
 * @now: ns
 * @out: asks to send, and says what was found out
 */
void __rdm_assoc_pmtu_timer(struct rdm_assoc *a, u64 now, struct rdm_out *out)
{
	if (now < rdm_pmtu_deadline(&a->hot->pmtu))
		return;
	switch (rdm_pmtu_timer(&a->hot->pmtu, now, a->rec.last_acked_time)) {
	case RDM_PMTU_BLACK_HOLE:
		out->acts |= RDM_OUT_MTU_BLACK_HOLE;
		fallthrough;
	case RDM_PMTU_PROBE_LOST:
		out->acts |= RDM_OUT_MTU_PROBE_LOST;
		break;
	default:
		break;
	}
	drop_probes(a, out);
	follow(a);
	out->acts |= RDM_OUT_SEND;
}

/**
 * __rdm_assoc_pmtu_plan() - a probe is due, and there is nothing else to send
 * @a: an association in RDM_ASSOC_ESTABLISHED, hot
 * @now: ns
 * @pool: at least one record
 * @plan: filled
 * @out: receives the record of an older probe
 *
 * Return: true.
 */
bool __rdm_assoc_pmtu_plan(struct rdm_assoc *a, u64 now, struct list_head *pool,
			   struct rdm_plan *plan, struct rdm_out *out)
{
	struct rdm_pmtu *p = &a->hot->pmtu;
	struct rdm_sent *s;
	u32 len;

	plan->kind = RDM_PLAN_PROBE;
	plan->again = false;
	plan->ect = false;
	plan->n = 0;
	plan->frag = 0;
	plan->nrecs = 1;
	plan->msg = NULL;
	plan->pn = a->rec.next_pn;
	plan->size = RDM_MIN_PACKET;
	if (p->due == RDM_PMTU_DUE_PROBE) {
		drop_probes(a, out);
		plan->size = p->probe;
	}
	len = rdm_wire_put_hdr(plan->head, RDM_PKT_DATA, plan->pn, a->peer_tag);
	plan->head[len++] = RDM_FRAME_PING;
	plan->head_len = len;

	s = list_first_entry(pool, struct rdm_sent, node);
	list_del(&s->node);
	s->acks = 0;
	s->msg = NULL;
	s->size = plan->size;
	s->gen = 0;
	s->frag = 0;
	s->nmsgs = 0;
	s->nskip = 0;
	s->ctl = 0;
	s->probe = RDM_PROBE_PMTU;
	s->copy = false;
	s->once = false;
	s->ect = false;
	rdm_recovery_sent(&a->rec, &a->hot->cong, s, now);
	rdm_pmtu_sent(p, now, rdm_recovery_pto(&a->rtt));
	return true;
}
