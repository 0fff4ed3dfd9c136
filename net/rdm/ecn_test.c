// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of ecn: a path is trusted with marks only as long as the peer's counts can be
 * true, and whatever they are, they do no harm.
 */
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/string.h>

#include "ecn.h"
#include "test_rand.h"

/* The peer counts @ect0 packets with ECT(0) and @ce with CE since @from. */
static struct rdm_ecn_counts counts(u64 from, u32 ect0, u32 ce)
{
	return (struct rdm_ecn_counts){
		.from = from, .n = { [RDM_ECN_ECT0] = ect0, [RDM_ECN_CE] = ce },
	};
}

static int ack(struct rdm_ecn *e, u32 ect0, u32 ce, u32 newly)
{
	struct rdm_ecn_counts c = counts(0, ect0, ce);

	return rdm_ecn_acked(e, &c, newly, 1);
}

static void fresh(struct rdm_ecn *e)
{
	memset(e, 0xa5, sizeof(*e));
	rdm_ecn_init(e, RDM_ECN_TESTING, 0, 0);
}

/* A path that has passed its test, with @n packets on it. */
static void capable(struct kunit *test, struct rdm_ecn *e, u32 n)
{
	fresh(e);
	rdm_ecn_sent(e, 2);
	KUNIT_ASSERT_EQ(test, ack(e, 2, 0, 2), 0);
	KUNIT_ASSERT_EQ(test, e->state, RDM_ECN_CAPABLE);
	rdm_ecn_sent(e, n);
}

static void ecn_marks_the_first_packets_and_waits(struct kunit *test)
{
	struct rdm_ecn e;
	u32 i;

	fresh(&e);
	for (i = 0; i < RDM_ECN_TEST; i++) {
		KUNIT_EXPECT_TRUE(test, rdm_ecn_marks(&e, 0));
		rdm_ecn_sent(&e, 1);
	}
	KUNIT_EXPECT_EQ(test, e.state, RDM_ECN_UNKNOWN);
	KUNIT_EXPECT_FALSE(test, rdm_ecn_marks(&e, 0));
	/* an ack of what was not marked says nothing */
	KUNIT_EXPECT_EQ(test, rdm_ecn_acked(&e, NULL, 0, 1), 0);
	KUNIT_EXPECT_EQ(test, e.state, RDM_ECN_UNKNOWN);
	KUNIT_EXPECT_EQ(test, ack(&e, 2, 0, 2), 0);
	KUNIT_EXPECT_EQ(test, e.state, RDM_ECN_CAPABLE);
	KUNIT_EXPECT_TRUE(test, rdm_ecn_marks(&e, 0));
}

static void ecn_is_off_when_it_is_not_wanted(struct kunit *test)
{
	struct rdm_ecn e;

	rdm_ecn_init(&e, RDM_ECN_OFF, 0, 0);
	KUNIT_EXPECT_FALSE(test, rdm_ecn_marks(&e, 0));
	KUNIT_EXPECT_EQ(test, ack(&e, 5, 5, 0), 0);
	rdm_ecn_new_path(&e);
	rdm_ecn_doubt(&e);
	KUNIT_EXPECT_EQ(test, e.state, RDM_ECN_OFF);
	/* it counts for the peer all the same */
	rdm_ecn_got(&e, RDM_ECN_CE, 3);
	KUNIT_EXPECT_EQ(test, e.in.n[RDM_ECN_CE], 3);
}

static void ecn_tells_of_new_marks_once(struct kunit *test)
{
	struct rdm_ecn e;

	capable(test, &e, 100);
	KUNIT_EXPECT_EQ(test, ack(&e, 12, 0, 10), 0);
	KUNIT_EXPECT_EQ(test, ack(&e, 19, 3, 10), 3);
	KUNIT_EXPECT_EQ(test, ack(&e, 29, 3, 10), 0);
	/* more have come than are acked: acks of others were lost */
	KUNIT_EXPECT_EQ(test, ack(&e, 50, 5, 1), 2);
	KUNIT_EXPECT_EQ(test, e.out, 102 - 55);
	KUNIT_EXPECT_EQ(test, e.state, RDM_ECN_CAPABLE);
}

static void ecn_fails_where_marks_are_removed(struct kunit *test)
{
	struct rdm_ecn e;

	/* all of them: the peer, which saw none, does not count */
	fresh(&e);
	rdm_ecn_sent(&e, 4);
	KUNIT_EXPECT_EQ(test, rdm_ecn_acked(&e, NULL, 1, 1), -EBADMSG);
	KUNIT_EXPECT_EQ(test, e.state, RDM_ECN_FAILED);
	KUNIT_EXPECT_FALSE(test, rdm_ecn_marks(&e, 0));

	/* of one packet, on a path that was good */
	capable(test, &e, 100);
	KUNIT_EXPECT_EQ(test, ack(&e, 11, 0, 10), -EBADMSG);
	KUNIT_EXPECT_EQ(test, e.state, RDM_ECN_FAILED);
	/* what comes later changes nothing, nor is it believed */
	KUNIT_EXPECT_EQ(test, ack(&e, 90, 9, 80), 0);
	KUNIT_EXPECT_EQ(test, e.state, RDM_ECN_FAILED);
}

static void ecn_fails_when_a_count_shrinks(struct kunit *test)
{
	static const struct {
		u32 ect0, ect1, ce, newly;
	} lies[] = {
		{ 29, 0, 10, 0 }, { 30, 0, 9, 0 }, { 0, 0, 0, 0 }, { 0, 0, 0, 10 },
		{ 40, 0, 9, 9 },	/* ... while the sum grows */
		{ 20, 0, 20, 0 },	/* ... the other way round */
		{ U32_MAX, 0, 10, 0 }, { 30, 0, U32_MAX, 0 },
	};
	struct rdm_ecn_counts c;
	struct rdm_ecn e;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(lies); i++) {
		capable(test, &e, 60);
		KUNIT_ASSERT_EQ(test, ack(&e, 30, 10, 38), 10);
		c = counts(0, lies[i].ect0, lies[i].ce);
		KUNIT_EXPECT_EQ_MSG(test, rdm_ecn_acked(&e, &c, lies[i].newly, 1), -EBADMSG,
				    "lie %u", i);
		KUNIT_EXPECT_EQ(test, e.state, RDM_ECN_FAILED);
	}
}

static void ecn_fails_when_more_is_counted_than_was_sent(struct kunit *test)
{
	struct rdm_ecn_counts c;
	struct rdm_ecn e;

	capable(test, &e, 10);
	KUNIT_EXPECT_EQ(test, ack(&e, 12, 0, 5), 0);
	rdm_ecn_sent(&e, 1);
	KUNIT_EXPECT_EQ(test, ack(&e, 12, 2, 1), -EBADMSG);
	/* ECT(1) is never sent */
	capable(test, &e, 10);
	c = counts(0, 12, 0);
	c.n[RDM_ECN_ECT1] = 1;
	KUNIT_EXPECT_EQ(test, rdm_ecn_acked(&e, &c, 5, 1), -EBADMSG);
	/* nor is anything counted before anything was sent */
	fresh(&e);
	KUNIT_EXPECT_EQ(test, ack(&e, 0, 1, 0), -EBADMSG);
}

static void ecn_acks_out_of_order_are_old(struct kunit *test)
{
	struct rdm_ecn_counts c;
	struct rdm_ecn e;

	/* the peer tells of packets 2 and 3 before it acks them */
	capable(test, &e, 10);
	KUNIT_EXPECT_EQ(test, ack(&e, 4, 2, 1), 2);
	c = counts(0, 3, 1);
	KUNIT_EXPECT_EQ(test, rdm_ecn_acked(&e, &c, 1, -1), 0);
	KUNIT_EXPECT_EQ(test, rdm_ecn_acked(&e, &c, 1, 0), 0);
	KUNIT_EXPECT_EQ(test, e.state, RDM_ECN_CAPABLE);
	/* it cannot ack without having told */
	KUNIT_EXPECT_EQ(test, ack(&e, 5, 2, 2), 0);
	KUNIT_EXPECT_EQ(test, ack(&e, 5, 2, 1), -EBADMSG);

	/* what fills a gap is told with the same largest number, and is no shrinking count */
	capable(test, &e, 10);
	KUNIT_EXPECT_EQ(test, ack(&e, 4, 0, 2), 0);
	c = counts(0, 4, 1);
	KUNIT_EXPECT_EQ(test, rdm_ecn_acked(&e, &c, 1, 0), 1);
	KUNIT_EXPECT_EQ(test, rdm_ecn_acked(&e, &c, 0, 0), 0);
	KUNIT_EXPECT_EQ(test, e.state, RDM_ECN_CAPABLE);
}

static void ecn_counts_may_wrap(struct kunit *test)
{
	struct rdm_ecn_counts c = counts(0, U32_MAX - 1, U32_MAX);
	struct rdm_ecn e;

	fresh(&e);
	e.told = c;
	rdm_ecn_sent(&e, 10);
	c = counts(0, 3, 1);
	KUNIT_EXPECT_EQ(test, rdm_ecn_acked(&e, &c, 7, 1), 2);
	KUNIT_EXPECT_EQ(test, e.state, RDM_ECN_CAPABLE);
	KUNIT_EXPECT_EQ(test, e.out, 3);
	rdm_ecn_init(&e, RDM_ECN_TESTING, 0, 0);
	e.in.n[RDM_ECN_ECT0] = U32_MAX;
	rdm_ecn_got(&e, RDM_ECN_ECT0, 2);
	KUNIT_EXPECT_EQ(test, e.in.n[RDM_ECN_ECT0], 1);
}

static void ecn_fails_when_what_is_marked_does_not_arrive(struct kunit *test)
{
	struct rdm_ecn e;
	u32 i;

	fresh(&e);
	for (i = 1; i < RDM_ECN_TEST_LOST; i++) {
		rdm_ecn_sent(&e, 1);
		KUNIT_EXPECT_FALSE(test, rdm_ecn_lost(&e));
		KUNIT_EXPECT_EQ(test, e.state, RDM_ECN_TESTING);
	}
	rdm_ecn_sent(&e, 1);
	KUNIT_EXPECT_TRUE(test, rdm_ecn_lost(&e));
	KUNIT_EXPECT_EQ(test, e.state, RDM_ECN_FAILED);
	KUNIT_EXPECT_FALSE(test, rdm_ecn_lost(&e));
	/* with one that arrived, losses are losses */
	capable(test, &e, 100);
	for (i = 0; i < 50; i++)
		KUNIT_EXPECT_FALSE(test, rdm_ecn_lost(&e));
	KUNIT_EXPECT_EQ(test, e.state, RDM_ECN_CAPABLE);
}

static void ecn_probes_go_without_a_mark_when_one_was_in_vain(struct kunit *test)
{
	struct rdm_ecn e;

	fresh(&e);
	KUNIT_EXPECT_FALSE(test, rdm_ecn_marks(&e, 1));
	capable(test, &e, 100);
	KUNIT_EXPECT_TRUE(test, rdm_ecn_marks(&e, 1));
	KUNIT_EXPECT_FALSE(test, rdm_ecn_marks(&e, 2));
	/* and then the path must show again that it takes them */
	rdm_ecn_doubt(&e);
	KUNIT_EXPECT_EQ(test, e.state, RDM_ECN_TESTING);
	KUNIT_EXPECT_EQ(test, ack(&e, 30, 2, 20), 2);
	KUNIT_EXPECT_EQ(test, e.state, RDM_ECN_CAPABLE);
}

static void ecn_tests_another_path(struct kunit *test)
{
	struct rdm_ecn e;

	/* what was counted on the one before stands */
	capable(test, &e, 100);
	rdm_ecn_new_path(&e);
	KUNIT_EXPECT_EQ(test, e.state, RDM_ECN_TESTING);
	KUNIT_EXPECT_EQ(test, ack(&e, 20, 2, 20), 2);

	/* one that failed begins with whatever comes first */
	capable(test, &e, 100);
	KUNIT_EXPECT_EQ(test, rdm_ecn_acked(&e, NULL, 3, 1), -EBADMSG);
	rdm_ecn_doubt(&e);
	KUNIT_EXPECT_EQ(test, e.state, RDM_ECN_FAILED);
	rdm_ecn_new_path(&e);
	KUNIT_EXPECT_EQ(test, e.state, RDM_ECN_TESTING);
	rdm_ecn_sent(&e, 5);
	KUNIT_EXPECT_EQ(test, ack(&e, 60, 30, 1), 0);
	KUNIT_EXPECT_EQ(test, e.state, RDM_ECN_CAPABLE);
	KUNIT_EXPECT_EQ(test, ack(&e, 63, 31, 4), 1);
}

static void ecn_goes_on_when_an_end_was_cold(struct kunit *test)
{
	struct rdm_ecn_counts c = counts(500, 3, 1);
	struct rdm_ecn e;

	/* the peer counts anew, from a later packet on */
	capable(test, &e, 100);
	KUNIT_EXPECT_EQ(test, ack(&e, 50, 2, 50), 2);
	KUNIT_EXPECT_EQ(test, rdm_ecn_acked(&e, &c, 4, 1), 1);
	KUNIT_EXPECT_EQ(test, e.state, RDM_ECN_CAPABLE);
	/* from an earlier one it cannot */
	KUNIT_EXPECT_EQ(test, ack(&e, 60, 2, 0), -EBADMSG);

	/* we do not know what it counted before */
	capable(test, &e, 0);
	KUNIT_EXPECT_EQ(test, rdm_ecn_rest(&e), RDM_ECN_CAPABLE);
	rdm_ecn_init(&e, rdm_ecn_rest(&e), 700, RDM_ECN_FORGOTTEN);
	KUNIT_EXPECT_TRUE(test, e.in.from == 700);
	rdm_ecn_sent(&e, 4);
	c = counts(500, 1000, 100);
	KUNIT_EXPECT_EQ(test, rdm_ecn_acked(&e, &c, 2, 1), 0);
	c = counts(500, 1001, 101);
	KUNIT_EXPECT_EQ(test, rdm_ecn_acked(&e, &c, 2, 1), 1);
	KUNIT_EXPECT_EQ(test, e.state, RDM_ECN_CAPABLE);
	/* a test that was not over begins again, a failure stays one */
	e.state = RDM_ECN_UNKNOWN;
	KUNIT_EXPECT_EQ(test, rdm_ecn_rest(&e), RDM_ECN_TESTING);
	e.state = RDM_ECN_FAILED;
	KUNIT_EXPECT_EQ(test, rdm_ecn_rest(&e), RDM_ECN_FAILED);
}

/* A peer that says anything at all. */
static void ecn_survives_any_counts(struct kunit *test)
{
	struct rdm_ecn_counts c;
	struct rdm_ecn e;
	u64 rng = 1;
	u32 i, was;
	int ce;

	fresh(&e);
	for (i = 0; i < 100000; i++) {
		if (e.state == RDM_ECN_FAILED)
			rdm_ecn_new_path(&e);
		rdm_ecn_sent(&e, rdm_test_below(&rng, 20));
		c = counts(rdm_test_below(&rng, 3), rdm_test_rand(&rng), rdm_test_rand(&rng));
		if (rdm_test_below(&rng, 2))
			c = counts(e.told.from, e.told.n[RDM_ECN_ECT0] + rdm_test_below(&rng, 20),
				   e.told.n[RDM_ECN_CE] + rdm_test_below(&rng, 20));
		was = e.out;
		ce = rdm_ecn_acked(&e, &c, rdm_test_below(&rng, 20), 1);
		KUNIT_ASSERT_TRUE(test, ce == -EBADMSG || (ce >= 0 && ce <= was));
		KUNIT_ASSERT_LE(test, e.out, was);
		KUNIT_ASSERT_EQ(test, ce < 0, e.state == RDM_ECN_FAILED);
	}
}

static struct kunit_case ecn_cases[] = {
	KUNIT_CASE(ecn_marks_the_first_packets_and_waits),
	KUNIT_CASE(ecn_is_off_when_it_is_not_wanted),
	KUNIT_CASE(ecn_tells_of_new_marks_once),
	KUNIT_CASE(ecn_fails_where_marks_are_removed),
	KUNIT_CASE(ecn_fails_when_a_count_shrinks),
	KUNIT_CASE(ecn_fails_when_more_is_counted_than_was_sent),
	KUNIT_CASE(ecn_acks_out_of_order_are_old),
	KUNIT_CASE(ecn_counts_may_wrap),
	KUNIT_CASE(ecn_fails_when_what_is_marked_does_not_arrive),
	KUNIT_CASE(ecn_probes_go_without_a_mark_when_one_was_in_vain),
	KUNIT_CASE(ecn_tests_another_path),
	KUNIT_CASE(ecn_goes_on_when_an_end_was_cold),
	KUNIT_CASE(ecn_survives_any_counts),
	{}
};

static struct kunit_suite ecn_suite = {
	.name = "rdm_ecn",
	.test_cases = ecn_cases,
};

kunit_test_suite(ecn_suite);
