// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of hystart: slow start ends when the round trip rises, and only
 * then (RFC 9406 section 4.2). Also built in user space, see tools/unit.
 */
#include <kunit/test.h>
#include <linux/time64.h>

#include "cong.h"
#include "hystart.h"

#define MSS	1000
#define MSEC	((u64)NSEC_PER_MSEC)

struct start {
	struct rdm_hystart h;
	u64 pn;
	unsigned int next;	/* packets of the round that follows; 0: as many */
	u64 grown;	/* by the last round */
	bool over;
};

static void start_init(struct start *s)
{
	*s = (struct start){ .pn = 7 };
	rdm_hystart_init(&s->h);
}

/* A round of @n packets, each acked alone; the next one is sent when the last is acked. */
static void round_of(struct start *s, unsigned int n, u64 rtt)
{
	u64 end = s->pn + n;
	unsigned int i;

	s->grown = 0;
	for (i = 0; i < n; i++) {
		struct rdm_cong_ack told = {
			.now = 1,
			.rtt = rtt,
			.srtt = rtt,
			.largest = s->pn++,
			.next_pn = i == n - 1 ? end + (s->next ? s->next : n) : end,
		};
		u32 grow;

		s->over = rdm_hystart_ack(&s->h, &told, MSS, &grow);
		s->grown += grow;
	}
	s->next = 0;
}

static void hystart_doubles_while_the_round_trip_stays(struct kunit *test)
{
	struct start s;
	unsigned int n;

	start_init(&s);
	for (n = 10; n < 2000; n *= 2) {
		s.next = 2 * n;
		round_of(&s, n, 20 * MSEC);
		KUNIT_EXPECT_EQ(test, s.grown, n * MSS);
		KUNIT_EXPECT_FALSE(test, s.over);
	}
}

/* Who paces has no L; acks may be as rare as the receiver likes. */
static void hystart_one_ack_of_many_packets_grows_it_by_all(struct kunit *test)
{
	struct rdm_cong_ack told = { .rtt = MSEC, .largest = 9, .next_pn = 100 };
	struct rdm_hystart h;
	u32 grow;

	rdm_hystart_init(&h);
	rdm_hystart_ack(&h, &told, 64 * MSS, &grow);
	KUNIT_EXPECT_EQ(test, grow, 64 * MSS);
}

/* An eighth of the round before, not less than 4 ms, not more than 16 ms. */
static void hystart_rise_counts_from_the_threshold_on(struct kunit *test)
{
	static const struct {
		unsigned int rtt, rise;	/* us */
	} cases[] = {
		{ 200, 4000 }, { 20000, 4000 }, { 32000, 4000 }, { 80000, 10000 },
		{ 128000, 16000 }, { 400000, 16000 },
	};
	struct start s;
	int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		u64 rtt = cases[i].rtt * (u64)NSEC_PER_USEC;
		u64 rise = cases[i].rise * (u64)NSEC_PER_USEC;

		start_init(&s);
		s.next = 20;
		round_of(&s, 10, rtt);
		round_of(&s, 20, rtt + rise - 1);
		KUNIT_EXPECT_FALSE_MSG(test, s.h.css, "case %d", i);

		start_init(&s);
		s.next = 20;
		round_of(&s, 10, rtt);
		round_of(&s, 20, rtt + rise);
		KUNIT_EXPECT_TRUE_MSG(test, s.h.css, "case %d", i);
		/* it showed at the 8th sample */
		KUNIT_EXPECT_EQ_MSG(test, s.grown, 8 * MSS + 12 * MSS / 4, "case %d", i);
	}
}

static void hystart_ends_slow_start_after_five_rounds(struct kunit *test)
{
	struct start s;
	int i;

	start_init(&s);
	round_of(&s, 40, 20 * MSEC);
	round_of(&s, 40, 30 * MSEC);
	KUNIT_EXPECT_FALSE(test, s.over);
	/* the one in which CSS began counts */
	for (i = 0; i < 3; i++) {
		round_of(&s, 40, (30 + i) * MSEC);
		KUNIT_EXPECT_EQ(test, s.grown, 40 * MSS / 4);
		KUNIT_EXPECT_FALSE(test, s.over);
	}
	round_of(&s, 40, 40 * MSEC);
	KUNIT_EXPECT_TRUE(test, s.over);
}

static void hystart_goes_back_when_it_was_jitter(struct kunit *test)
{
	struct start s;

	start_init(&s);
	round_of(&s, 40, 20 * MSEC);
	round_of(&s, 40, 30 * MSEC);
	KUNIT_EXPECT_TRUE(test, s.h.css);
	/* as high as it was is no reason */
	round_of(&s, 40, 30 * MSEC);
	KUNIT_EXPECT_TRUE(test, s.h.css);
	round_of(&s, 40, 30 * MSEC - 1);
	KUNIT_EXPECT_FALSE(test, s.h.css);
	KUNIT_EXPECT_EQ(test, s.grown, 8 * MSS / 4 + 32 * MSS);
	round_of(&s, 40, 21 * MSEC);
	KUNIT_EXPECT_EQ(test, s.grown, 40 * MSS);
	/* and looks again: the rounds of the first time do not count */
	round_of(&s, 40, 30 * MSEC);
	KUNIT_EXPECT_TRUE(test, s.h.css);
	round_of(&s, 40, 30 * MSEC);
	round_of(&s, 40, 30 * MSEC);
	round_of(&s, 40, 30 * MSEC);
	KUNIT_EXPECT_FALSE(test, s.over);
	round_of(&s, 40, 30 * MSEC);
	KUNIT_EXPECT_TRUE(test, s.over);
}

/* One packet of a round that was not late is enough to tell jitter from a queue. */
static void hystart_takes_the_least_of_a_round(struct kunit *test)
{
	struct start s;
	u64 end;
	int i;

	start_init(&s);
	round_of(&s, 40, 20 * MSEC);
	end = s.pn + 40;
	for (i = 0; i < 40; i++) {
		struct rdm_cong_ack told = {
			.rtt = (i == 5 ? 21 : 50) * MSEC,
			.largest = s.pn++,
			.next_pn = end,
		};
		u32 grow;

		rdm_hystart_ack(&s.h, &told, MSS, &grow);
		KUNIT_ASSERT_EQ(test, grow, MSS);
	}
	KUNIT_EXPECT_FALSE(test, s.h.css);
}

static void hystart_wants_eight_samples(struct kunit *test)
{
	struct start s;
	int i;

	start_init(&s);
	s.next = 7;
	round_of(&s, 40, 20 * MSEC);
	/* 7 of them in a round say nothing, nor do acks without one */
	for (i = 0; i < 10; i++) {
		s.next = i == 9 ? 40 : 7;
		round_of(&s, 7, (30 + 10 * i) * MSEC);
		KUNIT_EXPECT_FALSE(test, s.h.css);
	}
	round_of(&s, 40, 0);
	KUNIT_EXPECT_FALSE(test, s.h.css);
	/* and a round without any leaves nothing to compare with */
	s.next = 8;
	round_of(&s, 40, 400 * MSEC);
	KUNIT_EXPECT_FALSE(test, s.h.css);
	round_of(&s, 8, 420 * MSEC);
	KUNIT_EXPECT_TRUE(test, s.h.css);
}

static struct kunit_case hystart_cases[] = {
	KUNIT_CASE(hystart_doubles_while_the_round_trip_stays),
	KUNIT_CASE(hystart_one_ack_of_many_packets_grows_it_by_all),
	KUNIT_CASE(hystart_rise_counts_from_the_threshold_on),
	KUNIT_CASE(hystart_ends_slow_start_after_five_rounds),
	KUNIT_CASE(hystart_goes_back_when_it_was_jitter),
	KUNIT_CASE(hystart_takes_the_least_of_a_round),
	KUNIT_CASE(hystart_wants_eight_samples),
	{}
};

static struct kunit_suite hystart_suite = {
	.name = "rdm_hystart",
	.test_cases = hystart_cases,
};

kunit_test_suite(hystart_suite);
