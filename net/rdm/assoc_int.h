/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rdm assoc: what assoc.c (life), assoc_tx.c (sending), assoc_rx.c (receiving)
 * and assoc_pmtu.c (length of packets) share with each other and with nobody
 * else. What others call is in assoc.h. Pure.
 */
#ifndef _RDM_ASSOC_INT_H
#define _RDM_ASSOC_INT_H

#include "assoc.h"

void __rdm_assoc_event(struct rdm_assoc *a, enum rdm_assoc_ev ev);
void __rdm_assoc_over(struct rdm_assoc *a, int error, struct rdm_out *out);
void __rdm_assoc_recs(struct rdm_assoc *a, struct list_head *recs, struct rdm_out *out);
void __rdm_assoc_close(struct rdm_assoc *a, u64 now);
void __rdm_assoc_waiting(struct rdm_assoc *a, u64 now);
u64 __rdm_assoc_backoff(const struct rdm_assoc *a, u64 base);
void __rdm_assoc_resize(struct rdm_assoc *a, u32 mtu);
bool __rdm_assoc_window_due(const struct rdm_assoc *a, u32 share);
void __rdm_assoc_hold_over(struct rdm_assoc *a);

/* Is there something that only the peer can bring to an end? */
static inline bool __rdm_assoc_waits(const struct rdm_assoc *a)
{
	return a->txq.n || a->txq.nskip || a->rec.nflight ||
	       a->state == RDM_ASSOC_INIT_SENT || a->state == RDM_ASSOC_CLOSING;
}

/**
 * __rdm_assoc_may_send() - can there be something to send?
 * @a: the association
 *
 * Return: false when rdm_assoc_next() would find nothing, but for a delayed ack and what a
 * deadline or an expired hold brings.
 */
static inline bool __rdm_assoc_may_send(const struct rdm_assoc *a)
{
	/* mostly there is nothing: that takes fewer steps with one branch for them all */
	return a->txq.unsent || !list_empty(&a->rec.lost) ||
	       a->need | a->ack_now | a->drain | a->probes | a->want_probe | a->txq.ndue |
	       a->rec.new_lost | (a->state ^ RDM_ASSOC_ESTABLISHED) || a->close_pn ||
	       unlikely(a->hot->pmtu.due || a->txq.next_seq == U64_MAX ||
			a->rec.next_pn > RDM_PN_MAX - RDM_PN_RESERVE);
}

/* What a packet holds that is about to be sent. */
static inline void __rdm_assoc_describe(struct rdm_sent *s, struct rdm_txmsg *m, u16 frag,
					u16 nmsgs, u32 size)
{
	s->acks = 0;
	s->msg = m;
	s->size = size;
	s->gen = m ? m->gen : 0;
	s->frag = frag;
	s->nmsgs = nmsgs;
	s->ctl = 0;
	s->probe = RDM_PROBE_NONE;
	s->copy = false;
	s->once = m && rdm_txmsg_once(m);
	s->ect = false;
}

/* assoc_tx.c, for assoc_short.c */
u32 __rdm_assoc_ack_space(const struct rdm_assoc *a);
u32 __rdm_assoc_put_ack(struct rdm_assoc *a, u8 *p, u64 now);
u16 __rdm_assoc_bundle(struct rdm_assoc *a, struct rdm_txmsg *m, u32 *len);
bool __rdm_assoc_next(struct rdm_assoc *a, u64 now, struct list_head *pool, u16 max_pkts,
		      struct rdm_plan *plan, struct rdm_out *out);

/* assoc_pmtu.c */
void __rdm_assoc_pmtu_lost(struct rdm_assoc *a, u64 now, const struct rdm_sent *s);
void __rdm_assoc_pmtu_stalled(struct rdm_assoc *a);
void __rdm_assoc_pmtu_data_acked(struct rdm_assoc *a, u64 now, struct list_head *recs);
void __rdm_assoc_pmtu_acked(struct rdm_assoc *a, u64 now, const struct rdm_sent *s,
			    struct rdm_out *out);
void __rdm_assoc_pmtu_timer(struct rdm_assoc *a, u64 now, struct rdm_out *out);
bool __rdm_assoc_pmtu_plan(struct rdm_assoc *a, u64 now, struct list_head *pool,
			   struct rdm_plan *plan, struct rdm_out *out);

#endif /* _RDM_ASSOC_INT_H */
