// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of assoc_short: whatever the state of an association, the short way plans
 * what the long way plans, and leaves behind the same.
 */
#include "assoc_int.h"
#include "assoc_talk.h"

#define STATE(nm)	{ #nm, nm }

static void nothing_else(struct pair *p)
{
}

static void ack_may_wait(struct pair *p)
{
	push(p, &p->b, 10);
	next(p, &p->b);
	carry(p, &p->b, &p->a);
}

static void ack_is_due(struct pair *p)
{
	ack_may_wait(p);
	p->a.a.ack_now = true;
}

static void ack_of_nothing_new(struct pair *p)
{
	ack_is_due(p);
	p->a.a.ack_pending = 0;
}

static void ping_is_due(struct pair *p)
{
	p->a.a.need = RDM_CTL_PING;
}

static void ack_of_many_ranges(struct pair *p)
{
	u32 i;

	for (i = 0; i < 12; i++) {
		push(p, &p->b, 10);
		next(p, &p->b);
		if (i % 2)
			carry(p, &p->b, &p->a);
	}
}

static void ack_does_not_fit(struct pair *p)
{
	ack_of_many_ranges(p);
	push(p, &p->a, 1400);
}

static void window_must_be_told(struct pair *p)
{
	ack_may_wait(p);
	rdm_assoc_rx_consumed(&p->a.a, WINDOW, &p->a.out);
}

static void window_may_be_told(struct pair *p)
{
	ack_may_wait(p);
	p->a.a.rx_consumed += WINDOW / 8;
}

static void something_is_lost(struct pair *p)
{
	push(p, &p->a, 100);
	next(p, &p->a);
	p->a.a.rec.largest = p->a.a.rec.next_pn + 10;
	rdm_recovery_detect(&p->a.a.rec, &p->a.a.rtt, &p->a.hot.cong, p->now, U64_MAX,
			    &p->a.out.recs);
}

static void something_was_lost(struct pair *p)
{
	something_is_lost(p);
	p->a.a.rec.new_lost = 0;
}

static void probe_is_due(struct pair *p)
{
	push(p, &p->a, 100);
	next(p, &p->a);
	pass(p, &p->a, rdm_assoc_deadline(&p->a.a));
	pass(p, &p->a, rdm_assoc_deadline(&p->a.a));
}

static void skip_is_due(struct pair *p)
{
	push_mode(p, &p->a, 100, RDM_EXACTLY_ONCE, p->now + SEC);
	next(p, &p->a);
	p->now += SEC;
}

static void skip_is_due_again(struct pair *p)
{
	skip_is_due(p);
	rdm_txq_expire(&p->a.a.txq, p->now, &p->a.out.tx);
	settle(&p->a);
}

static void deadline_has_passed(struct pair *p)
{
	push_mode(p, &p->a, 100, RDM_EXACTLY_ONCE, p->now + 1);
	p->now++;
}

static void messages_wait(struct pair *p)
{
	p->a.hot.hold.until = p->now + RDM_HOLD;
	push(p, &p->a, 100);
	next(p, &p->a);
	p->a.hot.hold.until = p->now + RDM_HOLD;
	p->a.hot.hold.more = true;
}

static void peer_takes_less(struct pair *p)
{
	p->a.a.peer_max_msg = 60;
}

static void peer_has_no_room(struct pair *p)
{
	p->a.a.txq.win_charge = p->a.a.txq.charge;
}

static void path_has_no_room(struct pair *p)
{
	push(p, &p->a, 1000);
	next(p, &p->a);
	p->a.hot.cong.cwnd = 1000;
}

static void pacer_waits(struct pair *p)
{
	p->a.hot.cong.pace.wait = true;
	p->a.hot.cong.pace.next = p->now + 1;
}

static void pacer_has_waited(struct pair *p)
{
	pacer_waits(p);
	p->now++;
}

static void peer_drains(struct pair *p)
{
	p->a.a.drain = true;
}

static void close_is_open(struct pair *p)
{
	p->a.a.close_pn = p->a.a.rec.next_pn + 1;
}

static void end_is_agreed(struct pair *p)
{
	p->a.a.closed_out = true;
	p->a.a.need = RDM_CTL_CLOSE_ACK;
}

static void end_was_told(struct pair *p)
{
	p->a.a.closed_out = true;
}

static void numbers_run_out(struct pair *p)
{
	p->a.a.rec.next_pn = RDM_PN_MAX - RDM_PN_RESERVE + 1;
}

static void once_and_again(struct pair *p)
{
	push_mode(p, &p->a, 30, RDM_AT_MOST_ONCE, 0);
}

static void none_for_a_packet(struct pair *p)
{
	INIT_LIST_HEAD(&p->a.pool);
}

static const struct {
	const char *name;
	void (*make)(struct pair *p);
} states[] = {
	STATE(nothing_else), STATE(ack_may_wait), STATE(ack_is_due), STATE(ack_of_nothing_new),
	STATE(ack_of_many_ranges), STATE(ack_does_not_fit), STATE(ping_is_due),
	STATE(window_must_be_told), STATE(window_may_be_told), STATE(something_is_lost),
	STATE(something_was_lost), STATE(probe_is_due), STATE(skip_is_due),
	STATE(skip_is_due_again), STATE(deadline_has_passed), STATE(messages_wait),
	STATE(peer_takes_less), STATE(peer_has_no_room), STATE(path_has_no_room),
	STATE(pacer_waits), STATE(pacer_has_waited), STATE(peer_drains), STATE(close_is_open),
	STATE(end_is_agreed), STATE(end_was_told), STATE(numbers_run_out), STATE(once_and_again),
	STATE(none_for_a_packet),
};

/* Both ends say and remember the same. */
static bool alike(const struct end *e, const struct end *f)
{
	const struct rdm_plan *p = &e->plan, *q = &f->plan;
	const struct rdm_assoc *a = &e->a, *b = &f->a;
	const struct rdm_sent *s, *t;

	if (p->kind != q->kind || p->again != q->again || p->ect != q->ect || p->n != q->n ||
	    p->nrecs != q->nrecs || p->head_len != q->head_len || p->size != q->size ||
	    p->pn != q->pn || memcmp(p->head, q->head, p->head_len) ||
	    !p->msg != !q->msg || (p->msg && p->msg->seq != q->msg->seq))
		return false;
	if (a->state != b->state || a->need != b->need || a->ack_now != b->ack_now ||
	    a->ack_pending != b->ack_pending || a->ack_at != b->ack_at ||
	    a->probes != b->probes || a->last_active != b->last_active ||
	    a->wait_since != b->wait_since || a->retry_at != b->retry_at ||
	    a->tries != b->tries || a->rx_adv_charge != b->rx_adv_charge)
		return false;
	if (a->txq.charge != b->txq.charge || a->txq.next_seq != b->txq.next_seq ||
	    a->txq.n != b->txq.n || a->txq.nbound != b->txq.nbound ||
	    !a->txq.unsent != !b->txq.unsent || a->rec.next_pn != b->rec.next_pn ||
	    a->rec.nflight != b->rec.nflight || a->rec.last_sent != b->rec.last_sent ||
	    a->rec.limited_pn != b->rec.limited_pn ||
	    e->hot.cong.in_flight != f->hot.cong.in_flight || e->hot.ecn.out != f->hot.ecn.out ||
	    e->failed != f->failed || list_empty(&a->rec.sent) != list_empty(&b->rec.sent))
		return false;
	if (list_empty(&a->rec.sent))
		return true;
	s = list_last_entry(&a->rec.sent, struct rdm_sent, node);
	t = list_last_entry(&b->rec.sent, struct rdm_sent, node);
	return s->pn == t->pn && s->time == t->time && s->size == t->size &&
	       s->acks == t->acks && s->nmsgs == t->nmsgs && s->frag == t->frag &&
	       s->ctl == t->ctl && s->probe == t->probe && s->copy == t->copy &&
	       s->once == t->once && s->ect == t->ect && s->nskip == t->nskip &&
	       s->skip_seq == t->skip_seq && s->state == t->state;
}

static void assoc_short_plans_what_the_long_way_plans(struct kunit *test)
{
	u32 i, k;

	for (i = 0; i < ARRAY_SIZE(states); i++) {
		struct pair *p = pair(test), *q = pair(test);
		bool more = true;

		establish(test, p);
		establish(test, q);
		states[i].make(p);
		states[i].make(q);
		push(p, &p->a, 64);
		push(q, &q->a, 64);
		push(p, &p->a, 50);
		push(q, &q->a, 50);
		for (k = 0; more && k < 20; k++) {
			more = next(p, &p->a);
			KUNIT_ASSERT_EQ_MSG(test, more,
					    __rdm_assoc_next(&q->a.a, q->now, &q->a.pool, 8,
							     &q->a.plan, &q->a.out),
					    "%s, packet %u", states[i].name, k);
			settle(&q->a);
			KUNIT_ASSERT_TRUE_MSG(test, alike(&p->a, &q->a), "%s, packet %u",
					      states[i].name, k);
		}
		KUNIT_EXPECT_FALSE(test, more);
	}
}

static struct kunit_case assoc_short_cases[] = {
	KUNIT_CASE(assoc_short_plans_what_the_long_way_plans),
	{}
};

static struct kunit_suite assoc_short_suite = {
	.name = "rdm_assoc_short",
	.test_cases = assoc_short_cases,
};

kunit_test_suite(assoc_short_suite);
