/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For the tests of assoc: how the two ends of assoc_pair.h talk: packets from
 * one to the other, timers, a handshake. A test that wants a packet lost does
 * not carry it. Not for the module.
 */
#ifndef _RDM_ASSOC_TALK_H
#define _RDM_ASSOC_TALK_H

#include "assoc_pair.h"

/* Deliver the plan of @from to @to: control frames, then messages, which are short here. */
static inline bool carry(struct pair *p, struct end *from, struct end *to)
{
	struct rdm_plan *plan = &from->plan;
	struct rdm_txmsg *m = plan->msg;
	bool eliciting = false, refused = false;
	struct rdm_rxmsg *held;
	struct rdm_frame f;
	u32 at = RDM_HDR_LEN;
	u16 i;

	if (!rdm_assoc_rx_begin(&to->a, p->now, plan->pn))
		return false;
	while (at < plan->head_len) {
		at += rdm_wire_frame(&f, plan->head + at, plan->head_len - at, at, plan->head_len);
		if (f.type != RDM_FRAME_ACK)
			eliciting = true;
		if (f.type == RDM_FRAME_SKIP)
			rdm_assoc_rx_skip(&to->a, &f, &held, &to->out);
		else if (f.type != RDM_FRAME_COOKIE)
			rdm_assoc_rx_ctl(&to->a, p->now, plan->pn, &f, &to->out);
	}
	for (i = 0; plan->kind == RDM_PLAN_BUNDLE && i < plan->n;
	     i++, m = list_next_entry(m, node)) {
		if (m->finished)
			continue;
		f = (struct rdm_frame){
			.type = RDM_FRAME_MSG, .seq = m->seq, .len = m->len, .total = m->len,
		};
		eliciting = true;
		switch (rdm_assoc_rx_check(&to->a, &f, &held)) {
		case RDM_RX_NEW:
			if (to->full) {
				refused = true;
				break;
			}
			to->a.rx_charge += rdm_msg_charge(f.total);
			to->charge += rdm_msg_charge(f.total);
			to->got += rdm_assoc_rx_whole(&to->a, f.seq);
			break;
		case RDM_RX_DUP:
			break;
		default:
			refused = true;
		}
	}
	rdm_assoc_rx_end(&to->a, p->now, plan->pn, plan->ect ? p->ecn : RDM_ECN_NONE, eliciting,
			 refused, &to->out);
	settle(to);
	return true;
}

/* Let both talk until neither has anything to say. */
static inline void talk(struct pair *p)
{
	bool more = true;

	while (more) {
		more = false;
		p->now += 5 * MS;
		while (next(p, &p->a)) {
			more = true;
			carry(p, &p->a, &p->b);
		}
		p->now += 5 * MS;
		while (next(p, &p->b)) {
			more = true;
			carry(p, &p->b, &p->a);
		}
	}
}

static inline void pass(struct pair *p, struct end *e, u64 at)
{
	p->now = at;
	rdm_assoc_timer(&e->a, at, &e->out);
	settle(e);
}

/* Talk, and let the delayed acks go. */
static inline void rest(struct pair *p)
{
	talk(p);
	if (p->a.a.ack_at)
		pass(p, &p->a, p->a.a.ack_at);
	if (p->b.a.ack_at)
		pass(p, &p->b, p->b.a.ack_at);
	talk(p);
}

/* a asks, b answers; b has no state before the cookie. */
static inline void init_ack(struct pair *p)
{
	struct rdm_params pa;

	rdm_assoc_params(&p->a.a, &p->ck.peer);
	p->ck.tag = p->b.a.local_tag;
	p->ck.time = p->now;
	rdm_assoc_params(&p->b.a, &pa);
	rdm_assoc_rx_init_ack(&p->a.a, p->now, &pa, p->cookie, &p->a.out);
}

static inline void establish(struct kunit *test, struct pair *p)
{
	struct rdm_hdr h;

	rdm_assoc_open(&p->a.a, p->now, &p->a.out);
	KUNIT_ASSERT_TRUE(test, next(p, &p->a));
	KUNIT_ASSERT_EQ(test, rdm_wire_hdr(&h, p->a.plan.head, p->a.plan.size), 0);
	KUNIT_ASSERT_EQ(test, h.type, RDM_PKT_INIT);
	KUNIT_ASSERT_FALSE(test, next(p, &p->a));
	p->now += 10 * MS;
	init_ack(p);
	KUNIT_ASSERT_EQ(test, p->a.a.state, RDM_ASSOC_COOKIE_SENT);
	KUNIT_ASSERT_TRUE(test, rdm_assoc_rx_cookie(&p->b.a, p->now, &p->ck, &p->b.out));
	KUNIT_ASSERT_EQ(test, p->b.a.state, RDM_ASSOC_ESTABLISHED);
	push(p, &p->a, 1);
	rest(p);
	KUNIT_ASSERT_EQ(test, p->a.a.state, RDM_ASSOC_ESTABLISHED);
	KUNIT_ASSERT_EQ(test, p->a.done, 1);
	KUNIT_ASSERT_EQ(test, p->a.failed, 0);
	KUNIT_ASSERT_EQ(test, p->b.got, 1);
}

/* Run @e's timers, with nobody answering, until the association is over. */
static inline u64 alone(struct kunit *test, struct pair *p, struct end *e)
{
	u64 start = p->now;
	u32 n = 0;

	while (e->a.state != RDM_ASSOC_CLOSED) {
		KUNIT_ASSERT_LT(test, n++, 1000);
		while (next(p, e))
			;
		if (e->a.state == RDM_ASSOC_CLOSED)
			break;
		KUNIT_ASSERT_TRUE(test, rdm_assoc_deadline(&e->a) != U64_MAX);
		KUNIT_ASSERT_GE(test, rdm_assoc_deadline(&e->a), p->now);
		pass(p, e, rdm_assoc_deadline(&e->a));
	}
	return p->now - start;
}

#endif /* _RDM_ASSOC_TALK_H */
