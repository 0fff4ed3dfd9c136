// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of assoc_hot: what an association remembers while it is cold.
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

static struct kunit_case assoc_hot_cases[] = {
	KUNIT_CASE(assoc_hot_is_given_back_when_nothing_moves),
	KUNIT_CASE(assoc_hot_stays_while_something_waits),
	KUNIT_CASE(assoc_hot_again_it_goes_on),
	KUNIT_CASE(assoc_hot_numbers_missing_long_ago_count_as_seen),
	KUNIT_CASE(assoc_hot_window_begins_anew),
	{}
};

static struct kunit_suite assoc_hot_suite = {
	.name = "rdm_assoc_hot",
	.test_cases = assoc_hot_cases,
};

kunit_test_suite(assoc_hot_suite);
