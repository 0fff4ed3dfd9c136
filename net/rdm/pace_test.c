// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of pace: bursts, the rate over many of them, and where nothing is
 * paced. Also built in user space, see tools/unit.
 */
#include <kunit/test.h>
#include <linux/math64.h>

#include "pace.h"

#define MSS	1000
#define MS	((u64)NSEC_PER_MSEC)
#define SEC	((u64)NSEC_PER_SEC)

/* Send until the pacer says stop. Return: packets. */
static unsigned int burst(struct rdm_pace *p, u64 now)
{
	unsigned int n = 0;

	rdm_pace_look(p, now);
	while (!p->wait && n < 1000) {
		rdm_pace_sent(p, now, MSS);
		n++;
	}
	return n;
}

static void pace_bursts_are_of_a_millisecond(struct kunit *test)
{
	/* packets in a second, packets of a burst from a fresh start, which has half of one free */
	static const struct { u64 rate; unsigned int burst; } is[] = {
		{ 10, 3 }, { 1000, 3 }, { 4000, 6 }, { 20000, 30 }, { 64000, 96 }, { 400000, 96 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(is); i++) {
		struct rdm_pace p = {};

		rdm_pace_set(&p, is[i].rate * MSS, SEC, MSS);
		KUNIT_EXPECT_GE_MSG(test, burst(&p, 5 * SEC), is[i].burst, "%llu", is[i].rate);
		p = (struct rdm_pace){};
		rdm_pace_set(&p, is[i].rate * MSS, SEC, MSS);
		KUNIT_EXPECT_LE_MSG(test, burst(&p, 5 * SEC), is[i].burst + 1, "%llu", is[i].rate);
	}
}

static void pace_keeps_the_rate(struct kunit *test)
{
	static const u64 rates[] = { 3, 100, 1234, 9999, 100000, 1000000 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rates); i++) {
		u64 sent = 0, now = SEC, want = rates[i] * 2;
		struct rdm_pace p = {};

		rdm_pace_set(&p, rates[i] * MSS, SEC, MSS);
		while (now < 3 * SEC) {
			sent += burst(&p, now);
			/* a timer that is always a little late */
			now = p.next + p.burst / 10;
		}
		KUNIT_EXPECT_GE_MSG(test, sent + sent / 50 + 1, want, "%llu", rates[i]);
		KUNIT_EXPECT_LE_MSG(test, sent, want + want / 50 + 100, "%llu", rates[i]);
	}
}

static void pace_waits_until_all_is_paid_for(struct kunit *test)
{
	struct rdm_pace p = {};

	rdm_pace_set(&p, 1000 * MSS, SEC, MSS);
	burst(&p, SEC);
	KUNIT_EXPECT_GT(test, p.next, SEC);
	KUNIT_EXPECT_EQ(test, burst(&p, p.next - 1), 0);
	KUNIT_EXPECT_GT(test, burst(&p, p.next), 0);
}

static void pace_gives_no_credit_for_an_idle_hour(struct kunit *test)
{
	struct rdm_pace p = {};
	unsigned int first;

	rdm_pace_set(&p, 4000 * MSS, SEC, MSS);
	first = burst(&p, SEC);
	KUNIT_EXPECT_EQ(test, burst(&p, 3600 * SEC), first);
}

static void pace_stops_where_no_timer_can_follow(struct kunit *test)
{
	struct rdm_pace p = {};

	rdm_pace_set(&p, 1000 * MSS, SEC, MSS);
	burst(&p, SEC);
	KUNIT_EXPECT_TRUE(test, p.wait);
	rdm_pace_set(&p, 2000000ULL * MSS, SEC, MSS);
	KUNIT_EXPECT_EQ(test, burst(&p, SEC), 1000);
	rdm_pace_set(&p, 1000 * MSS, SEC, MSS);
	burst(&p, SEC);
	rdm_pace_set(&p, 1000 * MSS, 0, MSS);
	KUNIT_EXPECT_EQ(test, burst(&p, SEC), 1000);
}

static struct kunit_case pace_cases[] = {
	KUNIT_CASE(pace_bursts_are_of_a_millisecond),
	KUNIT_CASE(pace_keeps_the_rate),
	KUNIT_CASE(pace_waits_until_all_is_paid_for),
	KUNIT_CASE(pace_gives_no_credit_for_an_idle_hour),
	KUNIT_CASE(pace_stops_where_no_timer_can_follow),
	{}
};

static struct kunit_suite pace_suite = {
	.name = "rdm_pace",
	.test_cases = pace_cases,
};

kunit_test_suite(pace_suite);
