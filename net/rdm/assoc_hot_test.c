// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of assoc_hot: what an association remembers while it is cold, and which messages
 * wait for others (struct rdm_hold).
 */
#include "assoc_int.h"
#include "assoc_talk.h"

static struct rdm_assoc_hot *cool(struct pair *p, struct end *e)
{
	struct rdm_assoc_hot *h;

	pass(p, e, max(p->now, rdm_assoc_cool_at(&e->a)));
	h = rdm_assoc_cool(&e->a, p->now);
	if (h)
		memset(h, 0xa5, sizeof(*h));
	return h;
}

static void assoc_hot_is_given_back_when_nothing_moves(struct kunit *test)
{
	struct pair *p = pair(test);

	establish(test, p);
	KUNIT_EXPECT_NULL(test, rdm_assoc_cool(&p->a.a, p->now));
	KUNIT_EXPECT_EQ(test, rdm_assoc_cool_at(&p->a.a),
			max(p->a.a.last_rx, p->a.a.last_active) + RDM_COOL_AFTER);
	KUNIT_EXPECT_PTR_EQ(test, cool(p, &p->a), &p->a.hot);
	KUNIT_EXPECT_PTR_EQ(test, cool(p, &p->b), &p->b.hot);
	KUNIT_EXPECT_NULL(test, p->a.a.hot);
	KUNIT_EXPECT_EQ(test, rdm_assoc_cool_at(&p->a.a), U64_MAX);
	KUNIT_EXPECT_NULL(test, rdm_assoc_cool(&p->a.a, p->now + 100 * SEC));
	/* nothing to say, nothing asked for */
	KUNIT_EXPECT_FALSE(test, next(p, &p->a));
	KUNIT_EXPECT_FALSE(test, p->a.out.acts & RDM_OUT_HEAT);
}

static void assoc_hot_stays_while_something_waits(struct kunit *test)
{
	struct pair *p = pair(test);

	establish(test, p);
	push(p, &p->a, 1);
	KUNIT_EXPECT_EQ(test, rdm_assoc_cool_at(&p->a.a), U64_MAX);
	KUNIT_ASSERT_TRUE(test, next(p, &p->a));
	KUNIT_EXPECT_EQ(test, rdm_assoc_cool_at(&p->a.a), U64_MAX);
	carry(p, &p->a, &p->b);
	/* an ack is owed */
	KUNIT_EXPECT_EQ(test, rdm_assoc_cool_at(&p->b.a), U64_MAX);
	rest(p);
	KUNIT_EXPECT_NE(test, rdm_assoc_cool_at(&p->a.a), U64_MAX);
	KUNIT_EXPECT_NE(test, rdm_assoc_cool_at(&p->b.a), U64_MAX);
	/* a message above one that is missing */
	KUNIT_ASSERT_TRUE(test, rdm_seqmap_set(&p->b.a.seqs, p->b.a.seqs.floor + 1));
	KUNIT_EXPECT_EQ(test, rdm_assoc_cool_at(&p->b.a), U64_MAX);
}

static void assoc_hot_again_it_goes_on(struct kunit *test)
{
	struct pair *p = pair(test);
	struct rdm_plan late;
	u32 got;

	establish(test, p);
	push(p, &p->a, 1);
	KUNIT_ASSERT_TRUE(test, next(p, &p->a));
	late = p->a.plan;
	carry(p, &p->a, &p->b);
	rest(p);
	got = p->b.got;
	KUNIT_ASSERT_NOT_NULL(test, cool(p, &p->a));
	KUNIT_ASSERT_NOT_NULL(test, cool(p, &p->b));

	/* without it, nothing is taken and nothing sent */
	KUNIT_EXPECT_FALSE(test, rdm_assoc_rx_begin(&p->b.a, p->now, late.pn + 1));
	push(p, &p->a, 1);
	KUNIT_EXPECT_FALSE(test, next(p, &p->a));
	KUNIT_EXPECT_TRUE(test, p->a.out.acts & RDM_OUT_HEAT);
	rdm_assoc_heat(&p->a.a, &p->a.hot);
	rdm_assoc_heat(&p->b.a, &p->b.hot);

	/* what came before comes again: number and message are known */
	KUNIT_EXPECT_FALSE(test, rdm_assoc_rx_begin(&p->b.a, p->now, late.pn));
	KUNIT_EXPECT_TRUE(test, rdm_seqmap_test(&p->b.a.seqs, 1));
	rest(p);
	KUNIT_EXPECT_EQ(test, p->b.got, got + 1);
	KUNIT_EXPECT_EQ(test, p->a.failed, 0);
	KUNIT_EXPECT_EQ(test, p->a.a.hot->cong.in_flight, 0);
}

static void assoc_hot_numbers_missing_long_ago_count_as_seen(struct kunit *test)
{
	struct pair *p = pair(test);

	establish(test, p);
	rdm_pnset_init(&p->b.hot.rxpn);
	rdm_pnset_add(&p->b.hot.rxpn, 3);
	rdm_pnset_add(&p->b.hot.rxpn, 10);
	rdm_pnset_add(&p->b.hot.rxpn, 11);
	KUNIT_ASSERT_NOT_NULL(test, cool(p, &p->b));
	rdm_assoc_heat(&p->b.a, &p->b.hot);
	KUNIT_EXPECT_EQ(test, rdm_pnset_largest(&p->b.hot.rxpn), 11);
	KUNIT_EXPECT_EQ(test, p->b.hot.rxpn.n, 1);
	KUNIT_EXPECT_TRUE(test, rdm_pnset_test(&p->b.hot.rxpn, 3));
	KUNIT_EXPECT_TRUE(test, rdm_pnset_test(&p->b.hot.rxpn, 5));
	KUNIT_EXPECT_TRUE(test, rdm_pnset_test(&p->b.hot.rxpn, 10));
	KUNIT_EXPECT_FALSE(test, rdm_pnset_test(&p->b.hot.rxpn, 12));

	/* a set without ranges */
	rdm_pnset_trim(&p->b.hot.rxpn, 12);
	KUNIT_ASSERT_NOT_NULL(test, cool(p, &p->b));
	rdm_assoc_heat(&p->b.a, &p->b.hot);
	KUNIT_EXPECT_EQ(test, p->b.hot.rxpn.n, 0);
	KUNIT_EXPECT_EQ(test, rdm_pnset_largest(&p->b.hot.rxpn), 11);
}

/* RFC 5681, section 4.1: a restart window; slow start to where it was. */
static void assoc_hot_window_begins_anew(struct kunit *test)
{
	struct pair *p = pair(test);
	struct rdm_cong *c = &p->a.hot.cong;

	establish(test, p);
	c->cwnd = 1000000;
	KUNIT_ASSERT_NOT_NULL(test, cool(p, &p->a));
	KUNIT_EXPECT_EQ(test, p->a.a.rest.cwnd, 1000000);
	rdm_assoc_heat(&p->a.a, &p->a.hot);
	KUNIT_EXPECT_EQ(test, c->cwnd, 10 * 1472);
	KUNIT_EXPECT_EQ(test, c->ssthresh, U64_MAX);

	c->cwnd = 400000;
	c->ssthresh = 100000;
	KUNIT_ASSERT_NOT_NULL(test, cool(p, &p->a));
	rdm_assoc_heat(&p->a.a, &p->a.hot);
	KUNIT_EXPECT_EQ(test, c->cwnd, 10 * 1472);
	KUNIT_EXPECT_EQ(test, c->ssthresh, 300000);

	c->cwnd = 3000;
	KUNIT_ASSERT_NOT_NULL(test, cool(p, &p->a));
	rdm_assoc_heat(&p->a.a, &p->a.hot);
	KUNIT_EXPECT_EQ(test, c->cwnd, 3000);
	KUNIT_EXPECT_EQ(test, c->ssthresh, 300000);
}

/* An association with something in flight, sent now. */
static struct pair *busy(struct kunit *test)
{
	struct pair *p = pair(test);

	establish(test, p);
	rdm_assoc_set_hold(&p->a.a, true);
	p->now += SEC;
	push(p, &p->a, 1);
	/* nothing was in flight: it does not wait */
	KUNIT_ASSERT_TRUE(test, next(p, &p->a));
	KUNIT_ASSERT_EQ(test, p->a.a.rec.nflight, 1);
	return p;
}

static void assoc_hold_burst_shares_a_packet(struct kunit *test)
{
	struct pair *p = busy(test);
	u64 until;

	p->now += 10 * NSEC_PER_USEC;
	push(p, &p->a, 1);
	until = p->now + RDM_HOLD;
	KUNIT_EXPECT_FALSE(test, next(p, &p->a));
	KUNIT_EXPECT_EQ(test, rdm_assoc_deadline(&p->a.a), until);
	p->now += 40 * NSEC_PER_USEC;
	push(p, &p->a, 1);
	KUNIT_EXPECT_FALSE(test, next(p, &p->a));
	/* the first one decides how long */
	KUNIT_EXPECT_EQ(test, rdm_assoc_deadline(&p->a.a), until);
	pass(p, &p->a, until);
	KUNIT_EXPECT_TRUE(test, next(p, &p->a));
	KUNIT_EXPECT_EQ(test, p->a.plan.n, 2);
	KUNIT_EXPECT_GT(test, rdm_assoc_deadline(&p->a.a), until + RDM_HOLD);
}

static void assoc_hold_a_burst_that_others_see_waits_as_long_as_it_may(struct kunit *test)
{
	struct pair *p = busy(test);
	struct rdm_txmsg *m = &p->a.msg[MSGS - 1];
	u64 until;

	/* the queue shows no burst */
	p->now += 2 * RDM_HOLD;
	until = p->now + 4 * RDM_HOLD;
	rdm_txmsg_init(m, 1, 1400, NULL);
	m->wait = 4 * RDM_HOLD;
	rdm_assoc_push(&p->a.a, p->now, m, &p->a.out);
	KUNIT_EXPECT_FALSE(test, next(p, &p->a));
	KUNIT_EXPECT_EQ(test, rdm_assoc_deadline(&p->a.a), until);
	p->now += 2 * RDM_HOLD;
	push(p, &p->a, 1);
	KUNIT_EXPECT_FALSE(test, next(p, &p->a));
	pass(p, &p->a, until);
	KUNIT_EXPECT_TRUE(test, next(p, &p->a));
	KUNIT_EXPECT_EQ(test, p->a.plan.n, 2);
}

/* Nothing but the rule for holding back keeps long messages from leaving. */
static struct pair *unbounded(struct kunit *test)
{
	struct pair *p = pair(test);

	establish(test, p);
	rdm_assoc_set_hold(&p->a.a, true);
	p->a.a.txq.win_charge += 1000000;
	p->a.a.peer_max_msg = 100000;
	p->a.hot.cong.cwnd = 1000000;
	p->a.hot.cong.pace.per_byte = 0;
	p->now += SEC;
	return p;
}

static void assoc_hold_a_burst_of_cut_messages_that_others_see_is_a_stream(struct kunit *test)
{
	struct pair *p = unbounded(test);
	unsigned long bits[4] = {};
	struct rdm_txmsg *m;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(bits); i++) {
		/* whatever came meanwhile, and however long ago the last one was */
		p->a.a.rx_charge++;
		p->now += 2 * RDM_HOLD_STREAM_GAP;
		m = cut(p, 2700, &bits[i]);
		m->wait = i ? 4 * RDM_HOLD : 0;
		rdm_assoc_push(&p->a.a, p->now, m, &p->a.out);
		/* a pair is no stream, but the next one waits, with nothing in flight as well */
		rdm_recovery_clear(&p->a.a.rec, &p->a.hot.cong, &p->a.out.recs);
		if (i == 2)
			break;
		KUNIT_EXPECT_TRUE(test, next(p, &p->a));
	}
	KUNIT_EXPECT_FALSE(test, next(p, &p->a));
	KUNIT_EXPECT_EQ(test, rdm_assoc_deadline(&p->a.a), p->now + 4 * RDM_HOLD);
	pass(p, &p->a, rdm_assoc_deadline(&p->a.a));
	KUNIT_EXPECT_TRUE(test, next(p, &p->a));
	/* it waited in vain */
	m = cut(p, 2700, &bits[3]);
	m->wait = 4 * RDM_HOLD;
	rdm_assoc_push(&p->a.a, p->now, m, &p->a.out);
	KUNIT_EXPECT_TRUE(test, next(p, &p->a));
}

static void assoc_hold_seldom_messages_do_not_wait(struct kunit *test)
{
	struct pair *p = busy(test);

	p->now += RDM_HOLD;
	push(p, &p->a, 1);
	KUNIT_EXPECT_TRUE(test, next(p, &p->a));

	rdm_assoc_set_hold(&p->a.a, false);
	push(p, &p->a, 1);
	KUNIT_EXPECT_TRUE(test, next(p, &p->a));
}

static void assoc_hold_held_goes_when_nothing_is_in_flight(struct kunit *test)
{
	struct pair *p = busy(test);

	push(p, &p->a, 1);
	KUNIT_EXPECT_FALSE(test, next(p, &p->a));
	carry(p, &p->a, &p->b);
	pass(p, &p->b, p->b.a.ack_at);
	KUNIT_ASSERT_TRUE(test, next(p, &p->b));
	/* long before the time is up, had the ack come at once */
	p->a.a.hot->hold.until = p->now + 1;
	carry(p, &p->b, &p->a);
	KUNIT_ASSERT_EQ(test, p->a.a.rec.nflight, 0);
	KUNIT_EXPECT_TRUE(test, next(p, &p->a));
}

static void assoc_hold_enough_does_not_wait(struct kunit *test)
{
	struct pair *p = busy(test);
	u32 n = 0;

	do {
		KUNIT_ASSERT_LT(test, ++n, MSGS - 2);
		push(p, &p->a, 1400);
	} while (!next(p, &p->a));
	/* the congestion window has no room for more */
	KUNIT_EXPECT_GT(test, n, 1);
}

static void assoc_hold_more_waits_for_more(struct kunit *test)
{
	struct pair *p = pair(test);
	struct rdm_txmsg *m = &p->a.msg[MSGS - 1];

	establish(test, p);
	p->now += SEC;
	rdm_txmsg_init(m, 1, 1400, NULL);
	m->more = true;
	rdm_assoc_push(&p->a.a, p->now, m, &p->a.out);
	KUNIT_EXPECT_FALSE(test, next(p, &p->a));
	KUNIT_EXPECT_EQ(test, rdm_assoc_deadline(&p->a.a), p->now + RDM_HOLD_MORE);
	push(p, &p->a, 1);
	KUNIT_EXPECT_TRUE(test, next(p, &p->a));
	KUNIT_EXPECT_EQ(test, p->a.plan.n, 2);
}

static void assoc_hold_stream_of_cut_messages_shares_super_packets(struct kunit *test)
{
	struct pair *p = unbounded(test);
	unsigned long bits[MSGS] = {};
	u32 i;

	for (i = 0; i <= RDM_HOLD_STREAM; i++) {
		push_cut(p, 2700, &bits[i]);
		/* until it is a stream none waits, whatever is in flight */
		KUNIT_ASSERT_EQ(test, next(p, &p->a), i < RDM_HOLD_STREAM);
		p->now += 20 * NSEC_PER_USEC;
	}
	/* of the peer comes nothing; with nothing in flight they wait as well */
	rdm_recovery_clear(&p->a.a.rec, &p->a.hot.cong, &p->a.out.recs);
	KUNIT_EXPECT_FALSE(test, next(p, &p->a));
	push_cut(p, 2700, &bits[i++]);
	KUNIT_EXPECT_FALSE(test, next(p, &p->a));
	KUNIT_EXPECT_EQ(test, rdm_assoc_deadline(&p->a.a),
			p->now - 20 * NSEC_PER_USEC + RDM_HOLD_LONG);
	pass(p, &p->a, rdm_assoc_deadline(&p->a.a));
	KUNIT_ASSERT_TRUE(test, next(p, &p->a));
	KUNIT_EXPECT_EQ(test, p->a.plan.n, 4);
	/* enough for a super-packet */
	push_cut(p, 30000, &bits[i++]);
	KUNIT_EXPECT_FALSE(test, next(p, &p->a));
	push_cut(p, 30000, &bits[i++]);
	KUNIT_EXPECT_TRUE(test, next(p, &p->a));
	while (next(p, &p->a))
		;
	/* one that waited in vain, and a message that came meanwhile, end it */
	push_cut(p, 2700, &bits[i++]);
	KUNIT_EXPECT_FALSE(test, next(p, &p->a));
	pass(p, &p->a, rdm_assoc_deadline(&p->a.a));
	KUNIT_EXPECT_TRUE(test, next(p, &p->a));
	push_cut(p, 2700, &bits[i++]);
	KUNIT_EXPECT_TRUE(test, next(p, &p->a));
	p->a.hot.hold.stream = RDM_HOLD_STREAM;
	p->a.a.rx_charge++;
	push_cut(p, 2700, &bits[i++]);
	KUNIT_EXPECT_TRUE(test, next(p, &p->a));
}

static struct kunit_case assoc_hot_cases[] = {
	KUNIT_CASE(assoc_hot_is_given_back_when_nothing_moves),
	KUNIT_CASE(assoc_hot_stays_while_something_waits),
	KUNIT_CASE(assoc_hot_again_it_goes_on),
	KUNIT_CASE(assoc_hot_numbers_missing_long_ago_count_as_seen),
	KUNIT_CASE(assoc_hot_window_begins_anew),
	KUNIT_CASE(assoc_hold_burst_shares_a_packet),
	KUNIT_CASE(assoc_hold_a_burst_that_others_see_waits_as_long_as_it_may),
	KUNIT_CASE(assoc_hold_a_burst_of_cut_messages_that_others_see_is_a_stream),
	KUNIT_CASE(assoc_hold_seldom_messages_do_not_wait),
	KUNIT_CASE(assoc_hold_held_goes_when_nothing_is_in_flight),
	KUNIT_CASE(assoc_hold_enough_does_not_wait),
	KUNIT_CASE(assoc_hold_more_waits_for_more),
	KUNIT_CASE(assoc_hold_stream_of_cut_messages_shares_super_packets),
	{}
};

static struct kunit_suite assoc_hot_suite = {
	.name = "rdm_assoc_hot",
	.test_cases = assoc_hot_cases,
};

kunit_test_suite(assoc_hot_suite);
