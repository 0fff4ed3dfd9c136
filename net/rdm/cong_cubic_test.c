// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of cong_cubic: windows after known acks and losses, which
 * tools/unit/cubic_oracle.py reckons from RFC 9438 in decimal numbers, and the rules
 * that such a trace does not show. Also built in user space, see tools/unit.
 */
#include <kunit/test.h>
#include <linux/bits.h>
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/time64.h>

#include "cong.h"
#include "cong_cubic_trace.h"

#define MSEC	((u64)NSEC_PER_MSEC)
#define SEC	((u64)NSEC_PER_SEC)

/* A path without faults: all of a window is acked in each round trip, packet by packet. */
struct path {
	struct rdm_cong c;
	u64 now;
	u64 rtt;
	u64 pn;
};

static void path_init(struct path *p, u32 mss, u64 rtt, u64 packets)
{
	*p = (struct path){ .now = SEC, .rtt = rtt };
	rdm_cong_init(&p->c, &rdm_cong_cubic, mss);
	p->c.cwnd = packets * mss;
}

/* One ACK frame for @n packets that were sent a round trip ago. */
static void ack(struct path *p, unsigned int n, u64 sent_time, bool app_limited)
{
	struct rdm_cong_ack told = {
		.now = p->now,
		.rtt = p->now - sent_time,
		.srtt = p->rtt,
		.next_pn = p->pn + 100000,
	};

	while (n--) {
		rdm_cong_sent(&p->c, p->c.mss);
		rdm_cong_acked(&p->c, p->now, sent_time, p->c.mss, app_limited);
		told.largest = p->pn++;
	}
	rdm_cong_ack_end(&p->c, &told);
}

static void rounds(struct path *p, unsigned int n)
{
	for (; n; n--) {
		u64 packets = div_u64(p->c.cwnd, p->c.mss), from = p->now, i;

		for (i = 1; i <= packets; i++) {
			p->now = from + div64_u64(p->rtt * i, packets);
			ack(p, 1, p->now - p->rtt, false);
		}
	}
}

static void lose(struct path *p)
{
	rdm_cong_sent(&p->c, p->c.mss);
	rdm_cong_lost(&p->c, p->now, p->now, p->c.mss);
	p->now += p->rtt;
}

/* As near as integers come to the real numbers, and to rounding how many packets fit. */
static void expect_near(struct kunit *test, u64 got, u64 want, int step)
{
	KUNIT_EXPECT_GE_MSG(test, got + div_u64(want, 2000), want, "step %d", step);
	KUNIT_EXPECT_LE_MSG(test, got, want + div_u64(want, 2000), "step %d", step);
}

static void follow(struct kunit *test, struct path *p, const struct cubic_step *steps, int n)
{
	int i;

	for (i = 0; i < n; i++) {
		if (steps[i].rounds)
			rounds(p, steps[i].rounds);
		else
			lose(p);
		expect_near(test, p->c.cwnd, steps[i].cwnd, i);
	}
}

static void cubic_window_is_concave_then_convex(struct kunit *test)
{
	struct path p;

	path_init(&p, CUBIC_FAR_MSS, CUBIC_FAR_RTT_MS * MSEC, CUBIC_FAR_PACKETS);
	follow(test, &p, cubic_far, ARRAY_SIZE(cubic_far));
}

static void cubic_is_never_slower_than_reno(struct kunit *test)
{
	struct path p;

	path_init(&p, CUBIC_NEAR_MSS, CUBIC_NEAR_RTT_MS * MSEC, CUBIC_NEAR_PACKETS);
	follow(test, &p, cubic_near, ARRAY_SIZE(cubic_near));
}

static void cubic_changes_from_reno_to_the_function(struct kunit *test)
{
	struct path p;

	path_init(&p, CUBIC_BETWEEN_MSS, CUBIC_BETWEEN_RTT_MS * MSEC, CUBIC_BETWEEN_PACKETS);
	follow(test, &p, cubic_between, ARRAY_SIZE(cubic_between));
}

static void cubic_loss_leaves_seven_tenths(struct kunit *test)
{
	struct path p;
	int i;

	path_init(&p, 1200, 100 * MSEC, 100);
	lose(&p);
	KUNIT_EXPECT_EQ(test, p.c.cwnd, 84000);
	KUNIT_EXPECT_EQ(test, p.c.ssthresh, 84000);
	/* a mark counts as a loss (section 4.6) */
	rdm_cong_ce(&p.c, p.now, p.now);
	KUNIT_EXPECT_EQ(test, p.c.cwnd, 58800);
	for (i = 0; i < 30; i++) {
		p.now += p.rtt;
		lose(&p);
	}
	KUNIT_EXPECT_EQ(test, p.c.cwnd, 2400);
	KUNIT_EXPECT_EQ(test, p.c.ssthresh, 2400);
}

static void cubic_acks_of_an_episode_do_not_count(struct kunit *test)
{
	struct path p;
	u64 before;

	path_init(&p, 1200, 100 * MSEC, 100);
	before = p.now;
	lose(&p);
	ack(&p, 50, before, false);
	KUNIT_EXPECT_EQ(test, p.c.cwnd, 84000);
}

/* Of one large ack; no more than half a window in a round trip (section 4.2). */
static void cubic_target_is_bounded(struct kunit *test)
{
	struct path p;

	/* in a round trip of 30 s the function gets far */
	path_init(&p, 1200, 30 * SEC, 100);
	lose(&p);
	ack(&p, 1, p.now, false);
	p.now += 2 * SEC;
	p.c.cwnd = 84000;
	ack(&p, 70, p.now - 2 * SEC, false);
	KUNIT_EXPECT_EQ(test, p.c.cwnd, 126000);
}

/* For one packet the window grows by less than a byte: it adds up all the same. */
static void cubic_remainders_are_kept(struct kunit *test)
{
	struct path p, q;
	u64 was;
	int i;

	path_init(&p, 1200, 50 * MSEC, 1000000);
	lose(&p);
	ack(&p, 1, p.now, false);
	p.now += MSEC;
	was = p.c.cwnd;
	q = p;
	ack(&q, 3000, q.now - q.rtt, false);
	for (i = 0; i < 3000; i++)
		ack(&p, 1, p.now - p.rtt, false);
	KUNIT_EXPECT_GT(test, q.c.cwnd, was + 2000);
	KUNIT_EXPECT_LT(test, q.c.cwnd, was + 3000);
	KUNIT_EXPECT_GE(test, p.c.cwnd, q.c.cwnd - 10);
}

static void cubic_stops_at_its_largest_window(struct kunit *test)
{
	struct path p;
	int i;

	path_init(&p, 65000, 10 * SEC, 30000);
	lose(&p);
	for (i = 0; i < 60; i++) {
		ack(&p, 20000, p.now - p.rtt + 1, false);
		p.now += p.rtt;
		KUNIT_ASSERT_LE(test, p.c.cwnd, BIT_ULL(31));
	}
	KUNIT_EXPECT_EQ(test, p.c.cwnd, BIT_ULL(31));
}

/* Two paths alike: the window of one was not in use for 50 s. */
static void cubic_idle_time_is_not_counted(struct kunit *test)
{
	struct path p, q;

	path_init(&p, 1200, 100 * MSEC, 600);
	lose(&p);
	rounds(&p, 50);
	q = p;
	q.now += 50 * SEC;
	rounds(&p, 50);
	rounds(&q, 50);
	/* but for the round trip until the first ack */
	KUNIT_EXPECT_GE(test, q.c.cwnd, p.c.cwnd);
	rounds(&p, 1);
	KUNIT_EXPECT_LE(test, q.c.cwnd, p.c.cwnd);
}

static void cubic_time_of_unused_window_is_not_counted(struct kunit *test)
{
	struct path p, q;
	u64 until;

	path_init(&p, 1200, 100 * MSEC, 600);
	lose(&p);
	rounds(&p, 50);
	q = p;
	for (until = q.now + 50 * SEC; q.now < until; q.now += 10 * MSEC)
		ack(&q, 1, q.now - q.rtt, true);
	KUNIT_EXPECT_EQ(test, q.c.cwnd, p.c.cwnd);
	rounds(&p, 50);
	rounds(&q, 50);
	expect_near(test, q.c.cwnd, p.c.cwnd, 0);
}

/* A window that nobody uses does not grow, not even when acks of both kinds come. */
static void cubic_unused_window_does_not_grow(struct kunit *test)
{
	struct path p;

	rdm_cong_init(&p.c, &rdm_cong_cubic, 1200);
	p.now = SEC;
	p.rtt = 100 * MSEC;
	p.pn = 0;
	ack(&p, 5, p.now - p.rtt, true);
	KUNIT_EXPECT_EQ(test, p.c.cwnd, 12000);
	ack(&p, 2, p.now - p.rtt, false);
	KUNIT_EXPECT_EQ(test, p.c.cwnd, 14400);
	ack(&p, 5, p.now - p.rtt, true);
	KUNIT_EXPECT_EQ(test, p.c.cwnd, 14400);
}

/* Two paths alike: a loss of one proves spurious. */
static void cubic_undone_loss_changes_nothing(struct kunit *test)
{
	struct path p, q;

	path_init(&p, 1200, 100 * MSEC, 600);
	lose(&p);
	rounds(&p, 50);
	q = p;
	rdm_cong_sent(&q.c, 1200);
	rdm_cong_lost(&q.c, q.now, q.now - 1, 1200);
	/* fast convergence has moved W_max, and the stage is over */
	ack(&q, 3, q.now + 1, false);
	rdm_cong_spurious(&q.c, q.now - 1);
	KUNIT_EXPECT_EQ(test, q.c.cwnd, p.c.cwnd);
	KUNIT_EXPECT_EQ(test, q.c.ssthresh, p.c.ssthresh);
	rounds(&p, 60);
	rounds(&q, 60);
	expect_near(test, q.c.cwnd, p.c.cwnd, 0);
	/* the next loss finds the W_max of the first one */
	lose(&p);
	lose(&q);
	rounds(&p, 60);
	rounds(&q, 60);
	expect_near(test, q.c.cwnd, p.c.cwnd, 1);
}

static void cubic_undo_of_the_first_loss_is_slow_start_again(struct kunit *test)
{
	struct path p;

	path_init(&p, 1200, 100 * MSEC, 50);
	rdm_cong_sent(&p.c, 1200);
	rdm_cong_lost(&p.c, p.now, p.now - 1, 1200);
	KUNIT_EXPECT_EQ(test, p.c.cwnd, 42000);
	p.now += MSEC;
	ack(&p, 2, p.now, false);
	rdm_cong_spurious(&p.c, SEC - 1);
	KUNIT_EXPECT_EQ(test, p.c.cwnd, 60000);
	ack(&p, 5, p.now, false);
	KUNIT_EXPECT_EQ(test, p.c.cwnd, 66000);
}

/* Section 4.8: slow start up to 0.7 of the window, and from there as if it were W_max. */
static void cubic_starts_anew_after_persistent_congestion(struct kunit *test)
{
	struct path p;
	u64 start;

	path_init(&p, 1200, 100 * MSEC, 600);
	lose(&p);
	rdm_cong_persistent(&p.c);
	KUNIT_EXPECT_EQ(test, p.c.cwnd, 2400);
	KUNIT_EXPECT_EQ(test, p.c.ssthresh, 504000);
	ack(&p, 10, p.now - p.rtt, false);
	KUNIT_EXPECT_EQ(test, p.c.cwnd, 14400);
	ack(&p, 500, p.now - p.rtt, false);
	KUNIT_EXPECT_EQ(test, p.c.cwnd, 504000);
	start = p.c.cwnd;
	/* Reno's share: 9/17 of a packet in each of 20 round trips */
	rounds(&p, 20);
	expect_near(test, p.c.cwnd, start + 20 * 1200 * 9 / 17, 0);
	/* 0.4 * 10^3 packets in 10 s, a round trip ahead: 0.4 * 10.1^3 */
	rounds(&p, 80);
	KUNIT_EXPECT_GE(test, p.c.cwnd, start + 400 * 1200);
	KUNIT_EXPECT_LE(test, p.c.cwnd, start + 412 * 1200);
}

/* Packets grow in mid-stage: the way to the same W_max begins anew, without a jump. */
static void cubic_new_packet_size_keeps_the_window(struct kunit *test)
{
	struct path p;
	u64 was;

	path_init(&p, 1200, 100 * MSEC, 600);
	lose(&p);
	rounds(&p, 10);
	was = p.c.cwnd;
	rdm_cong_set_mss(&p.c, 8000);
	rounds(&p, 1);
	KUNIT_EXPECT_GT(test, p.c.cwnd, was);
	KUNIT_EXPECT_LE(test, p.c.cwnd, 720000);
	/* K is now cbrt(144 KB / (0.4 * 8000)), 3.3 s or less */
	rounds(&p, 30);
	expect_near(test, p.c.cwnd, 720000, 0);
}

/* Rounds of slow start with round trips that rise: no loss is needed to end it. */
static void cubic_leaves_slow_start_when_the_round_trip_rises(struct kunit *test)
{
	struct path p;
	u64 exit, i;

	path_init(&p, 1200, 20 * MSEC, 10);
	for (i = 0; i < 14 && p.c.ssthresh == U64_MAX; i++) {
		u64 n = div_u64(p.c.cwnd, 1200), k, end = p.pn + n;

		for (k = 0; k < n; k++) {
			struct rdm_cong_ack told = {
				.now = p.now,
				.rtt = p.rtt + (i > 3 ? 5 * i * MSEC : 0),
				.srtt = p.rtt,
				.largest = p.pn,
				.next_pn = k == n - 1 ? end + 2 * n : end,
			};

			rdm_cong_sent(&p.c, 1200);
			rdm_cong_acked(&p.c, p.now, p.now - p.rtt, 1200, false);
			p.pn++;
			rdm_cong_ack_end(&p.c, &told);
		}
		p.pn = end;
		p.now += p.rtt;
	}
	/* rounds 0 to 3 double it; 4 notices at its 8th ack, and is the first of 5 */
	KUNIT_EXPECT_EQ(test, i, 9);
	exit = p.c.cwnd;
	KUNIT_EXPECT_EQ(test, p.c.ssthresh, exit);
	KUNIT_EXPECT_GT(test, exit, 160 * 1200);
	KUNIT_EXPECT_LT(test, exit, 10 * 1200 << 6);
	/* K is 0 (section 4.10): at first as Reno, whose alpha is 1 from cwnd_prior on */
	rounds(&p, 1);
	KUNIT_EXPECT_GE(test, p.c.cwnd, exit + 1190);
	KUNIT_EXPECT_LE(test, p.c.cwnd, exit + 1200);
	/* and then 0.4 * t^3 */
	rounds(&p, 499);
	KUNIT_EXPECT_GE(test, p.c.cwnd, exit + 400 * 1200);
	/* the first loss after it gives W_max */
	lose(&p);
	rounds(&p, 1);
	KUNIT_EXPECT_GT(test, p.c.cwnd, p.c.ssthresh);
}

static void cubic_is_found_by_name(struct kunit *test)
{
	KUNIT_EXPECT_PTR_EQ(test, rdm_cong_find("cubic"), &rdm_cong_cubic);
	KUNIT_EXPECT_PTR_EQ(test, rdm_cong_find("newreno"), &rdm_cong_newreno);
	KUNIT_EXPECT_PTR_EQ(test, rdm_cong_find("cubi"), NULL);
	KUNIT_EXPECT_PTR_EQ(test, rdm_cong_find(""), NULL);
}

static struct kunit_case cubic_cases[] = {
	KUNIT_CASE(cubic_window_is_concave_then_convex),
	KUNIT_CASE(cubic_is_never_slower_than_reno),
	KUNIT_CASE(cubic_changes_from_reno_to_the_function),
	KUNIT_CASE(cubic_loss_leaves_seven_tenths),
	KUNIT_CASE(cubic_acks_of_an_episode_do_not_count),
	KUNIT_CASE(cubic_target_is_bounded),
	KUNIT_CASE(cubic_remainders_are_kept),
	KUNIT_CASE(cubic_stops_at_its_largest_window),
	KUNIT_CASE(cubic_idle_time_is_not_counted),
	KUNIT_CASE(cubic_time_of_unused_window_is_not_counted),
	KUNIT_CASE(cubic_unused_window_does_not_grow),
	KUNIT_CASE(cubic_undone_loss_changes_nothing),
	KUNIT_CASE(cubic_undo_of_the_first_loss_is_slow_start_again),
	KUNIT_CASE(cubic_starts_anew_after_persistent_congestion),
	KUNIT_CASE(cubic_new_packet_size_keeps_the_window),
	KUNIT_CASE(cubic_leaves_slow_start_when_the_round_trip_rises),
	KUNIT_CASE(cubic_is_found_by_name),
	{}
};

static struct kunit_suite cubic_suite = {
	.name = "rdm_cong_cubic",
	.test_cases = cubic_cases,
};

kunit_test_suite(cubic_suite);
