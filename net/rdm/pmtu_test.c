// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of pmtu: the states of RFC 8899, section 5.2, against paths whose MTU the test
 * knows; what is suspected, what is not, and what a suspicion leads to. Also built in user
 * space, see tools/unit.
 */
#include <kunit/test.h>
#include <linux/limits.h>

#include "pmtu.h"

#define ROUTE	1472
#define MS	((u64)NSEC_PER_MSEC)
#define SEC	((u64)NSEC_PER_SEC)
#define PTO	(100 * MS)
#define START	(1000 * SEC)

/* A path, with data that flows beside the probes, or not. */
struct path {
	struct rdm_pmtu p;
	u64 now;
	u16 mtu;
	bool flows;
	u16 probed[100];
	u32 nprobes, lost;
	u32 black_holes;
};

static struct path path(u16 mtu)
{
	struct path w = { .now = START, .mtu = mtu, .flows = true };

	rdm_pmtu_init(&w.p, true, ROUTE, ROUTE, 0);
	return w;
}

/* Send what is due, and let the path answer it, or the timer. */
static void step(struct path *w)
{
	u64 acked = 0;

	while (w->p.due) {
		u16 size = w->p.due == RDM_PMTU_DUE_PROBE ? w->p.probe : RDM_MIN_PACKET;

		if (w->p.due == RDM_PMTU_DUE_PROBE && w->nprobes < ARRAY_SIZE(w->probed))
			w->probed[w->nprobes++] = size;
		rdm_pmtu_sent(&w->p, w->now, PTO);
		if (size <= w->mtu)
			rdm_pmtu_acked(&w->p, w->now, w->now, size);
	}
	if (w->p.out) {
		if (w->flows)
			acked = w->p.sent_at + MS;
		w->now = rdm_pmtu_deadline(&w->p);
		switch (rdm_pmtu_timer(&w->p, w->now, acked)) {
		case RDM_PMTU_BLACK_HOLE:
			w->black_holes++;
			fallthrough;
		case RDM_PMTU_PROBE_LOST:
			w->lost++;
			break;
		default:
			break;
		}
	}
}

static void settle(struct kunit *test, struct path *w)
{
	u32 n = 0;

	while (w->p.due || w->p.out) {
		KUNIT_ASSERT_LT(test, n++, 1000);
		step(w);
	}
}

/* A packet of this size is lost, a round trip after the one before. */
static void lose(struct path *w, u32 size)
{
	u64 sent = w->now;

	w->now += 10 * MS;
	rdm_pmtu_data_lost(&w->p, w->now, sent, size);
}

static void suspect(struct path *w)
{
	u32 i;

	for (i = 0; i < RDM_PMTU_LOSSES; i++)
		lose(w, w->p.size);
}

static void pmtu_begins_with_the_route(struct kunit *test)
{
	struct path w = path(ROUTE);

	KUNIT_EXPECT_EQ(test, w.p.state, RDM_PMTU_COMPLETE);
	KUNIT_EXPECT_EQ(test, w.p.size, ROUTE);
	KUNIT_EXPECT_EQ(test, w.p.due, RDM_PMTU_DUE_NONE);
	KUNIT_EXPECT_TRUE(test, rdm_pmtu_deadline(&w.p) == U64_MAX);
}

/* The trace of a search: what is probed, and in which order. */
static void pmtu_search_of_a_path_of_1400(struct kunit *test)
{
	static const u16 sizes[] = {
		ROUTE, ROUTE, ROUTE,		/* is it one? it is */
		1200,
		ROUTE, ROUTE, ROUTE,		/* the route's, for it is right most of the time */
		1336,				/* 1200 .. 1472 */
		1404, 1404, 1404,		/* 1336 .. 1472 */
		1370,				/* 1336 .. 1404 */
		1387,				/* 1370 .. 1404 */
		1395,				/* 1387 .. 1404 */
		1399,				/* 1395 .. 1404 */
	};
	struct path w = path(1400);
	u32 i;

	suspect(&w);
	KUNIT_EXPECT_EQ(test, w.p.size, ROUTE);
	settle(test, &w);
	KUNIT_EXPECT_EQ(test, w.black_holes, 1);
	KUNIT_EXPECT_EQ(test, w.nprobes, ARRAY_SIZE(sizes));
	for (i = 0; i < min_t(u32, w.nprobes, ARRAY_SIZE(sizes)); i++)
		KUNIT_EXPECT_EQ_MSG(test, w.probed[i], sizes[i], "probe %u", i);
	KUNIT_EXPECT_EQ(test, w.lost, 9);
	KUNIT_EXPECT_EQ(test, w.p.state, RDM_PMTU_COMPLETE);
	KUNIT_EXPECT_EQ(test, w.p.size, 1399);
	KUNIT_EXPECT_TRUE(test, rdm_pmtu_deadline(&w.p) == w.now + RDM_PMTU_RAISE);
}

static void pmtu_finds_every_path(struct kunit *test)
{
	u16 mtu;

	for (mtu = RDM_PMTU_BASE; mtu < ROUTE; mtu++) {
		struct path w = path(mtu);

		w.flows = mtu % 2;
		suspect(&w);
		settle(test, &w);
		KUNIT_ASSERT_EQ(test, w.p.state, RDM_PMTU_COMPLETE);
		KUNIT_ASSERT_LE(test, w.p.size, mtu);
		KUNIT_ASSERT_GE(test, w.p.size + RDM_PMTU_STEP, mtu);
	}
}

static void pmtu_raises_after_ten_minutes(struct kunit *test)
{
	struct path w = path(1300);

	suspect(&w);
	settle(test, &w);
	w.mtu = ROUTE;
	rdm_pmtu_timer(&w.p, w.now + RDM_PMTU_RAISE - 1, w.now);
	KUNIT_EXPECT_EQ(test, w.p.state, RDM_PMTU_COMPLETE);
	w.now += RDM_PMTU_RAISE;
	rdm_pmtu_timer(&w.p, w.now, w.now);
	KUNIT_EXPECT_EQ(test, w.p.state, RDM_PMTU_SEARCHING);
	settle(test, &w);
	KUNIT_EXPECT_EQ(test, w.p.size, ROUTE);
	KUNIT_EXPECT_EQ(test, w.p.state, RDM_PMTU_COMPLETE);
	KUNIT_EXPECT_TRUE(test, rdm_pmtu_deadline(&w.p) == U64_MAX);
}

static void pmtu_suspects_what_only_long_packets_suffer(struct kunit *test)
{
	struct path w = path(ROUTE);
	u32 i;

	/* a burst is one loss, however many packets it takes */
	w.now += SEC;
	for (i = 0; i < 64; i++)
		rdm_pmtu_data_lost(&w.p, w.now, w.now - 10 * MS, ROUTE);
	KUNIT_EXPECT_EQ(test, w.p.losses, 1);
	/* a packet as long as those that were lost arrives */
	lose(&w, ROUTE);
	rdm_pmtu_data_acked(&w.p, w.now, ROUTE);
	KUNIT_EXPECT_EQ(test, w.p.losses, 0);
	/* short ones say nothing, lost or not */
	for (i = 0; i < 10; i++)
		lose(&w, RDM_PMTU_BASE);
	KUNIT_EXPECT_EQ(test, w.p.losses, 0);
	lose(&w, 1400);
	lose(&w, ROUTE);
	rdm_pmtu_data_acked(&w.p, w.now, 1399);
	KUNIT_EXPECT_EQ(test, w.p.losses, 2);
	KUNIT_EXPECT_EQ(test, w.p.due, RDM_PMTU_DUE_NONE);
	lose(&w, ROUTE);
	KUNIT_EXPECT_EQ(test, w.p.due, RDM_PMTU_DUE_PROBE);
	KUNIT_EXPECT_EQ(test, w.p.probe, ROUTE);
	/* and data that arrives ends a suspicion, too */
	rdm_pmtu_data_acked(&w.p, w.now, 1400);
	KUNIT_EXPECT_EQ(test, w.p.due, RDM_PMTU_DUE_NONE);
}

static void pmtu_false_suspicion_changes_nothing(struct kunit *test)
{
	struct path w = path(ROUTE);

	rdm_pmtu_stalled(&w.p, RDM_PMTU_BASE);
	KUNIT_EXPECT_EQ(test, w.p.due, RDM_PMTU_DUE_NONE);
	rdm_pmtu_stalled(&w.p, ROUTE);
	KUNIT_EXPECT_EQ(test, w.p.due, RDM_PMTU_DUE_PROBE);
	settle(test, &w);
	KUNIT_EXPECT_EQ(test, w.nprobes, 1);
	KUNIT_EXPECT_EQ(test, w.black_holes, 0);
	KUNIT_EXPECT_EQ(test, w.p.size, ROUTE);
	KUNIT_EXPECT_EQ(test, w.p.losses, 0);
}

static void pmtu_silence_is_no_black_hole(struct kunit *test)
{
	struct path w = path(0);
	u64 at;

	w.flows = false;
	rdm_pmtu_stalled(&w.p, ROUTE);
	step(&w);
	KUNIT_EXPECT_TRUE(test, w.p.pair);
	at = w.now;
	step(&w);
	KUNIT_EXPECT_TRUE(test, w.now - at == 2 * PTO);
	settle(test, &w);
	KUNIT_EXPECT_LT(test, w.nprobes, 10);
	KUNIT_EXPECT_EQ(test, w.lost, 0);
	KUNIT_EXPECT_EQ(test, w.black_holes, 0);
	KUNIT_EXPECT_EQ(test, w.p.size, ROUTE);
	/* the path is back, but for long packets */
	w.mtu = 1300;
	rdm_pmtu_stalled(&w.p, ROUTE);
	settle(test, &w);
	KUNIT_EXPECT_EQ(test, w.black_holes, 1);
	KUNIT_EXPECT_LE(test, w.p.size, 1300);
	KUNIT_EXPECT_GE(test, w.p.size, 1300 - RDM_PMTU_STEP);
}

static void pmtu_route_is_believed(struct kunit *test)
{
	struct path w = path(1300);

	rdm_pmtu_route(&w.p, w.now, 1400);
	KUNIT_EXPECT_EQ(test, w.p.size, 1400);
	rdm_pmtu_route(&w.p, w.now, 8972);
	KUNIT_EXPECT_EQ(test, w.p.size, 8972);
	KUNIT_EXPECT_EQ(test, w.p.due, RDM_PMTU_DUE_NONE);
	/* not more than what was found out, until it is probed */
	suspect(&w);
	settle(test, &w);
	KUNIT_EXPECT_EQ(test, w.black_holes, 1);
	KUNIT_EXPECT_LE(test, w.p.size, 1300);
	rdm_pmtu_route(&w.p, w.now, 1472);
	KUNIT_EXPECT_LE(test, w.p.size, 1300);
	KUNIT_EXPECT_EQ(test, w.p.due, RDM_PMTU_DUE_NONE);
	w.nprobes = 0;
	w.mtu = 1500;
	rdm_pmtu_route(&w.p, w.now, 1500);
	KUNIT_EXPECT_EQ(test, w.p.state, RDM_PMTU_SEARCHING);
	settle(test, &w);
	KUNIT_EXPECT_EQ(test, w.nprobes, 1);
	KUNIT_EXPECT_EQ(test, w.p.size, 1500);
	/* less ends a search */
	w.mtu = 1300;
	suspect(&w);
	while (w.p.state != RDM_PMTU_SEARCHING)
		step(&w);
	rdm_pmtu_route(&w.p, w.now, 1150);
	KUNIT_EXPECT_EQ(test, w.p.state, RDM_PMTU_COMPLETE);
	KUNIT_EXPECT_EQ(test, w.p.size, 1150);
	KUNIT_EXPECT_EQ(test, w.p.due, RDM_PMTU_DUE_NONE);
}

static void pmtu_base_that_is_lost_is_tried_again(struct kunit *test)
{
	struct path w = path(1100);

	suspect(&w);
	settle(test, &w);
	KUNIT_EXPECT_EQ(test, w.p.state, RDM_PMTU_ERROR);
	KUNIT_EXPECT_EQ(test, w.p.size, RDM_PMTU_MIN);
	KUNIT_EXPECT_TRUE(test, rdm_pmtu_deadline(&w.p) == w.now + RDM_PMTU_RETRY);
	w.now += RDM_PMTU_RETRY;
	rdm_pmtu_timer(&w.p, w.now, w.now);
	settle(test, &w);
	KUNIT_EXPECT_EQ(test, w.p.state, RDM_PMTU_ERROR);
	w.mtu = ROUTE;
	w.now += RDM_PMTU_RETRY;
	rdm_pmtu_timer(&w.p, w.now, w.now);
	settle(test, &w);
	KUNIT_EXPECT_EQ(test, w.p.state, RDM_PMTU_COMPLETE);
	KUNIT_EXPECT_EQ(test, w.p.size, ROUTE);
}

static void pmtu_disabled_leaves_it_to_the_route(struct kunit *test)
{
	struct path w = path(1300);

	suspect(&w);
	settle(test, &w);
	rdm_pmtu_enable(&w.p, false);
	KUNIT_EXPECT_EQ(test, w.p.state, RDM_PMTU_DISABLED);
	KUNIT_EXPECT_EQ(test, w.p.size, ROUTE);
	suspect(&w);
	rdm_pmtu_stalled(&w.p, ROUTE);
	KUNIT_EXPECT_EQ(test, w.p.due, RDM_PMTU_DUE_NONE);
	KUNIT_EXPECT_TRUE(test, rdm_pmtu_deadline(&w.p) == U64_MAX);
	rdm_pmtu_route(&w.p, w.now, 1400);
	KUNIT_EXPECT_EQ(test, w.p.size, 1400);
	rdm_pmtu_enable(&w.p, true);
	KUNIT_EXPECT_EQ(test, w.p.state, RDM_PMTU_COMPLETE);
	KUNIT_EXPECT_EQ(test, w.p.size, 1400);
}

static void pmtu_goes_on_after_a_pause(struct kunit *test)
{
	struct path w = path(ROUTE);

	rdm_pmtu_init(&w.p, true, ROUTE, 1300, START + SEC);
	KUNIT_EXPECT_EQ(test, w.p.size, 1300);
	KUNIT_EXPECT_EQ(test, w.p.due, RDM_PMTU_DUE_NONE);
	KUNIT_EXPECT_TRUE(test, rdm_pmtu_deadline(&w.p) == START + SEC);
	w.now = START + SEC;
	rdm_pmtu_timer(&w.p, w.now, 0);
	settle(test, &w);
	KUNIT_EXPECT_EQ(test, w.p.size, ROUTE);
}

static struct kunit_case pmtu_cases[] = {
	KUNIT_CASE(pmtu_begins_with_the_route),
	KUNIT_CASE(pmtu_search_of_a_path_of_1400),
	KUNIT_CASE(pmtu_finds_every_path),
	KUNIT_CASE(pmtu_raises_after_ten_minutes),
	KUNIT_CASE(pmtu_suspects_what_only_long_packets_suffer),
	KUNIT_CASE(pmtu_false_suspicion_changes_nothing),
	KUNIT_CASE(pmtu_silence_is_no_black_hole),
	KUNIT_CASE(pmtu_route_is_believed),
	KUNIT_CASE(pmtu_base_that_is_lost_is_tried_again),
	KUNIT_CASE(pmtu_disabled_leaves_it_to_the_route),
	KUNIT_CASE(pmtu_goes_on_after_a_pause),
	{}
};

static struct kunit_suite pmtu_suite = {
	.name = "rdm_pmtu",
	.test_cases = pmtu_cases,
};

kunit_test_suite(pmtu_suite);
