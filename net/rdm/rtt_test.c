// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of rtt: numbers computed by hand from the formulas of RFC 9002,
 * and what must hold after any samples. Also built in user space, see
 * tools/unit.
 */
#include <kunit/test.h>
#include <linux/limits.h>

#include "rtt.h"
#include "test_rand.h"

#define MS	((u64)NSEC_PER_MSEC)
#define US	((u64)NSEC_PER_USEC)

static void rtt_before_a_sample_assumes_the_initial(struct kunit *test)
{
	struct rdm_rtt r;

	rdm_rtt_init(&r);
	/* 100 + 4 * 50 + 25 */
	KUNIT_EXPECT_EQ(test, rdm_rtt_pto(&r, 25 * MS), 325 * MS);
	KUNIT_EXPECT_EQ(test, rdm_rtt_pto(&r, 0), 300 * MS);
	/* 9/8 * 100 */
	KUNIT_EXPECT_EQ(test, rdm_rtt_loss_delay(&r, RDM_RTT_LOSS_EIGHTHS), 112500 * US);
}

static void rtt_follows_the_trace_of_the_rfc(struct kunit *test)
{
	struct rdm_rtt r;

	rdm_rtt_init(&r);
	/* The first sample is not corrected for ack delay. */
	rdm_rtt_sample(&r, 100 * MS, 20 * MS, 25 * MS);
	KUNIT_EXPECT_EQ(test, r.latest, 100 * MS);
	KUNIT_EXPECT_EQ(test, r.min, 100 * MS);
	KUNIT_EXPECT_EQ(test, r.srtt, 100 * MS);
	KUNIT_EXPECT_EQ(test, r.rttvar, 50 * MS);

	/* 120 - 10 = 110: rttvar 3/4 * 50 + 1/4 * 10, srtt 7/8 * 100 + 1/8 * 110 */
	rdm_rtt_sample(&r, 120 * MS, 10 * MS, 25 * MS);
	KUNIT_EXPECT_EQ(test, r.latest, 120 * MS);
	KUNIT_EXPECT_EQ(test, r.min, 100 * MS);
	KUNIT_EXPECT_EQ(test, r.srtt, 101250 * US);
	KUNIT_EXPECT_EQ(test, r.rttvar, 40 * MS);
	/* 101.25 + 160 + 25; 9/8 * 120 */
	KUNIT_EXPECT_EQ(test, rdm_rtt_pto(&r, 25 * MS), 286250 * US);
	KUNIT_EXPECT_EQ(test, rdm_rtt_loss_delay(&r, RDM_RTT_LOSS_EIGHTHS), 135 * MS);

	/* 105 - 10 would be below the minimum of 100, so 105 counts. */
	rdm_rtt_sample(&r, 105 * MS, 10 * MS, 25 * MS);
	KUNIT_EXPECT_EQ(test, r.srtt, 101718750);
	KUNIT_EXPECT_EQ(test, r.rttvar, 30937500);

	/* A new minimum: no correction can apply. Fractions of a ns are dropped. */
	rdm_rtt_sample(&r, 80 * MS, 30 * MS, 25 * MS);
	KUNIT_EXPECT_EQ(test, r.min, 80 * MS);
	KUNIT_EXPECT_EQ(test, r.srtt, 99003906);
	KUNIT_EXPECT_EQ(test, r.rttvar, 28632812);
	/* srtt is above latest now: 9/8 * 99.003906 */
	KUNIT_EXPECT_EQ(test, rdm_rtt_loss_delay(&r, RDM_RTT_LOSS_EIGHTHS), 111379394);
}

static void rtt_ack_delay_is_believed_up_to_the_promise(struct kunit *test)
{
	struct rdm_rtt r;

	rdm_rtt_init(&r);
	rdm_rtt_sample(&r, 100 * MS, 0, 25 * MS);
	/* 200 - 25 = 175: (3 * 50 + 75) / 4 and (7 * 100 + 175) / 8 */
	rdm_rtt_sample(&r, 200 * MS, U64_MAX, 25 * MS);
	KUNIT_EXPECT_EQ(test, r.rttvar, 56250 * US);
	KUNIT_EXPECT_EQ(test, r.srtt, 109375 * US);

	/* Exactly down to the minimum is allowed: 125 - 25 = 100. */
	rdm_rtt_init(&r);
	rdm_rtt_sample(&r, 100 * MS, 0, 25 * MS);
	rdm_rtt_sample(&r, 125 * MS, 25 * MS, 25 * MS);
	KUNIT_EXPECT_EQ(test, r.srtt, 100 * MS);
	KUNIT_EXPECT_EQ(test, r.rttvar, 37500 * US);
}

static void rtt_delays_have_the_timer_granularity_as_floor(struct kunit *test)
{
	struct rdm_rtt r;
	int i;

	rdm_rtt_init(&r);
	for (i = 0; i < 100; i++)
		rdm_rtt_sample(&r, 50 * US, 0, 0);
	KUNIT_EXPECT_EQ(test, r.srtt, 50 * US);
	KUNIT_EXPECT_EQ(test, rdm_rtt_pto(&r, 0), 50 * US + MS);
	KUNIT_EXPECT_EQ(test, rdm_rtt_loss_delay(&r, RDM_RTT_LOSS_EIGHTHS), MS);
	/* A wider reordering window applies above the floor: 400 / 8 * 50 us. */
	KUNIT_EXPECT_EQ(test, rdm_rtt_loss_delay(&r, 400), 2500 * US);
}

static void rtt_sample_of_zero_is_a_sample(struct kunit *test)
{
	struct rdm_rtt r;
	int i;

	rdm_rtt_init(&r);
	for (i = 0; i < 100; i++) {
		rdm_rtt_sample(&r, 0, 0, 0);
		KUNIT_EXPECT_EQ(test, r.srtt, 1);
	}
	KUNIT_EXPECT_EQ(test, rdm_rtt_pto(&r, 0), MS + 1);
}

static void rtt_minimum_starts_afresh_on_demand(struct kunit *test)
{
	struct rdm_rtt r;

	rdm_rtt_init(&r);
	rdm_rtt_sample(&r, 10 * MS, 0, 0);
	rdm_rtt_sample(&r, 90 * MS, 0, 0);
	KUNIT_EXPECT_EQ(test, r.min, 10 * MS);
	rdm_rtt_restart_min(&r);
	rdm_rtt_sample(&r, 90 * MS, 5 * MS, 5 * MS);
	KUNIT_EXPECT_EQ(test, r.min, 90 * MS);
	/* The estimate itself goes on: 20 ms, then 7/8 * 20 + 1/8 * 90. */
	KUNIT_EXPECT_EQ(test, r.srtt, 28750 * US);
}

static void rtt_stays_within_its_samples(struct kunit *test)
{
	u64 rng = 1;
	int run, i;

	for (run = 0; run < 200; run++) {
		u64 lowest = U64_MAX, highest = 0;
		struct rdm_rtt r;

		rdm_rtt_init(&r);
		for (i = 0; i < 200; i++) {
			u64 sample = rdm_test_rand(&rng) >> rdm_test_below(&rng, 64);
			u64 delay = rdm_test_rand(&rng) >> rdm_test_below(&rng, 64);
			u64 most = rdm_test_rand(&rng) >> (24 + rdm_test_below(&rng, 40));
			u64 counts = clamp_t(u64, sample, 1, RDM_RTT_SAMPLE_MAX);

			rdm_rtt_sample(&r, sample, delay, most);
			lowest = min(lowest, counts);
			highest = max(highest, counts);

			KUNIT_ASSERT_EQ(test, r.latest, counts);
			KUNIT_ASSERT_EQ(test, r.min, lowest);
			/* Each step of the average may drop a fraction of a ns. */
			KUNIT_ASSERT_GE(test, r.srtt + 8, lowest);
			KUNIT_ASSERT_GE(test, r.srtt, 1);
			KUNIT_ASSERT_LE(test, r.srtt, highest);
			KUNIT_ASSERT_LE(test, r.rttvar, highest);
			KUNIT_ASSERT_GE(test, rdm_rtt_pto(&r, most), r.srtt + MS + most);
			KUNIT_ASSERT_GE(test, rdm_rtt_loss_delay(&r, RDM_RTT_LOSS_EIGHTHS),
					max(r.srtt, r.latest));
		}
	}
}

static void rtt_converges_on_a_steady_path(struct kunit *test)
{
	struct rdm_rtt r;
	int i;

	rdm_rtt_init(&r);
	rdm_rtt_sample(&r, 500 * MS, 0, 0);
	for (i = 0; i < 100; i++)
		rdm_rtt_sample(&r, 40 * MS, 0, 0);
	KUNIT_EXPECT_GE(test, r.srtt, 40 * MS);
	KUNIT_EXPECT_LT(test, r.srtt, 40 * MS + 10 * US);
	KUNIT_EXPECT_LT(test, r.rttvar, 10 * US);
}

static void rtt_peer_acks_within_a_quarter_and_its_bounds(struct kunit *test)
{
	struct rdm_rtt r;

	rdm_rtt_init(&r);
	KUNIT_EXPECT_EQ(test, rdm_rtt_ack_delay(&r, 4 * MS, 25 * MS), 25 * MS);
	rdm_rtt_sample(&r, 40 * MS, 0, 0);
	KUNIT_EXPECT_EQ(test, rdm_rtt_ack_delay(&r, 4 * MS, 25 * MS), 10 * MS);
	rdm_rtt_init(&r);
	rdm_rtt_sample(&r, 30 * US, 0, 0);
	KUNIT_EXPECT_EQ(test, rdm_rtt_ack_delay(&r, 4 * MS, 25 * MS), 4 * MS);
	rdm_rtt_init(&r);
	rdm_rtt_sample(&r, 400 * MS, 0, 0);
	KUNIT_EXPECT_EQ(test, rdm_rtt_ack_delay(&r, 4 * MS, 25 * MS), 25 * MS);
}

static struct kunit_case rtt_cases[] = {
	KUNIT_CASE(rtt_peer_acks_within_a_quarter_and_its_bounds),
	KUNIT_CASE(rtt_before_a_sample_assumes_the_initial),
	KUNIT_CASE(rtt_follows_the_trace_of_the_rfc),
	KUNIT_CASE(rtt_ack_delay_is_believed_up_to_the_promise),
	KUNIT_CASE(rtt_delays_have_the_timer_granularity_as_floor),
	KUNIT_CASE(rtt_sample_of_zero_is_a_sample),
	KUNIT_CASE(rtt_minimum_starts_afresh_on_demand),
	KUNIT_CASE(rtt_stays_within_its_samples),
	KUNIT_CASE(rtt_converges_on_a_steady_path),
	{}
};

static struct kunit_suite rtt_suite = {
	.name = "rdm_rtt",
	.test_cases = rtt_cases,
};

kunit_test_suite(rtt_suite);
