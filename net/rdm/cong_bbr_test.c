// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of cong_bbr over a path of known rate, length, buffer and loss: what it
 * finds out of it, and what it does to it. Also built in user space, see tools/unit.
 */
#include <kunit/test.h>
#include <linux/limits.h>
#include <linux/math64.h>

#include "cong.h"

#define MSS	1000
#define MS	((u64)NSEC_PER_MSEC)
#define SEC	((u64)NSEC_PER_SEC)
#define RING	16384

struct packet {
	u64 sent;
	u64 back;	/* when its ack comes, or would come */
	struct rdm_cong_snap snap;
	bool lost;
};

/*
 * A path with one bottleneck: @rate packets a second, @rtt without a queue, room for
 * @buffer packets, of which one in @loss is lost besides (0: none). The application sends
 * @app packets a second (0: as many as may leave). One in @whole of the bursts, which are what
 * is sent at the same time, is lost (0: none), as a super-packet would be, the first one first.
 */
struct path {
	struct rdm_cong c;
	struct packet ring[RING];
	u64 head, tail;
	u64 now;
	u64 rate, rtt, buffer, loss, app, whole;
	u64 bursts;
	u64 free;	/* when the bottleneck has sent all that it holds */
	u64 srtt;
	u64 delivered, overflowed;
	u64 offered;	/* by the application, since @app_from */
	u64 app_from;
	u64 worst;	/* most packets in flight since it was last set to 0 */
};

static struct path *path(struct kunit *test, u64 rate, u64 rtt, u64 buffer, u64 loss)
{
	struct path *p = kunit_kzalloc(test, sizeof(*p), GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, p);
	rdm_cong_init(&p->c, &rdm_cong_bbr, MSS);
	p->rate = rate;
	p->rtt = rtt;
	p->buffer = buffer;
	p->loss = loss;
	p->now = SEC;
	return p;
}

static bool offers(struct path *p)
{
	if (!p->app || p->offered < div_u64((p->now - p->app_from) * p->app, SEC))
		return true;
	rdm_cong_starved(&p->c);
	return false;
}

static void send(struct path *p)
{
	u64 one = div64_u64(SEC, p->rate), from = p->head;

	rdm_pace_look(&p->c.pace, p->now);
	while (p->head - p->tail < RING && rdm_cong_can_send(&p->c, MSS) && offers(p)) {
		struct packet *k = &p->ring[p->head++ % RING];

		p->offered++;
		k->sent = p->now;
		p->c.ops->sent(&p->c, &k->snap, p->now);
		rdm_cong_sent(&p->c, MSS);
		rdm_pace_sent(&p->c.pace, p->now, MSS);
		p->free = max(p->free, p->now);
		k->lost = p->free - p->now > p->buffer * one;
		if (k->lost)
			p->overflowed++;
		else
			p->free += one;
		k->lost = k->lost || (p->loss && !(p->head % p->loss)) ||
			  (p->whole && !(p->bursts % p->whole));
		k->back = p->free + p->rtt;
		p->worst = max(p->worst, p->head - p->tail);
	}
	p->bursts += p->head > from;
}

/* The oldest packet is acked, or its loss is noticed. */
static void answer(struct path *p)
{
	struct packet *k = &p->ring[p->tail % RING];
	struct rdm_cong_ack told = {
		.now = p->now,
		.rtt = p->now - k->sent,
		.largest = p->tail,
		.next_pn = p->head,
		.sent_time = k->sent,
		.snap = &k->snap,
	};

	p->tail++;
	if (k->lost) {
		rdm_cong_lost(&p->c, p->now, k->sent, MSS);
		return;
	}
	p->srtt = p->srtt ? (7 * p->srtt + told.rtt) / 8 : told.rtt;
	told.srtt = p->srtt;
	p->delivered++;
	rdm_cong_acked(&p->c, p->now, k->sent, MSS, false);
	rdm_cong_ack_end(&p->c, &told);
}

static void run(struct path *p, u64 time)
{
	u64 end = p->now + time;

	for (;;) {
		u64 at = end;

		send(p);
		if (p->tail < p->head)
			at = min(at, p->ring[p->tail % RING].back);
		if (p->c.pace.wait)
			at = min(at, p->c.pace.next);
		if (p->app)
			at = min(at, p->now + div64_u64(SEC, p->app));
		if (at >= end) {
			p->now = end;
			return;
		}
		p->now = max(at, p->now);
		while (p->tail < p->head && p->ring[p->tail % RING].back <= p->now)
			answer(p);
	}
}

/* Per cent of the path that was used in @time. */
static u64 used(struct path *p, u64 time)
{
	u64 from = p->delivered;

	run(p, time);
	return div64_u64((p->delivered - from) * 100 * SEC, p->rate * time);
}

static void bbr_fills_the_path_and_not_its_buffer(struct kunit *test)
{
	static const struct { u64 rate, rtt; } paths[] = {
		{ 1000, 20 * MS }, { 10000, 20 * MS }, { 2000, 200 * MS }, { 50000, 5 * MS },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(paths); i++) {
		u64 bdp = div_u64(paths[i].rate * paths[i].rtt, SEC);
		struct path *p = path(test, paths[i].rate, paths[i].rtt, 100 * bdp, 0);

		run(p, 30 * paths[i].rtt);
		p->worst = 0;
		KUNIT_EXPECT_GE_MSG(test, used(p, 5 * SEC), 93, "path %u", i);
		/* twice what the path holds, and the bursts */
		KUNIT_EXPECT_LE_MSG(test, p->worst, 2 * bdp + div_u64(paths[i].rate, 300) + 20,
				    "path %u", i);
		KUNIT_EXPECT_EQ(test, p->overflowed, 0);
	}
}

static void bbr_random_loss_costs_what_is_lost(struct kunit *test)
{
	struct path *p = path(test, 5000, 20 * MS, 1000, 100);

	run(p, SEC);
	KUNIT_EXPECT_GE(test, used(p, 5 * SEC), 90);
	p = path(test, 5000, 20 * MS, 1000, 20);
	run(p, SEC);
	KUNIT_EXPECT_GE(test, used(p, 5 * SEC), 85);
}

/* The first flight is the first burst, and all of the first round trip. */
static void bbr_losing_bursts_is_not_losing_the_path(struct kunit *test)
{
	struct path *p = path(test, 30000, 20 * MS, 3000, 0);

	p->whole = 20;
	run(p, 2 * SEC);
	KUNIT_EXPECT_GE(test, used(p, 5 * SEC), 80);
}

/* With four packets in flight each loss is a quarter. */
static void bbr_grows_from_its_smallest_window(struct kunit *test)
{
	struct path *p = path(test, 200, 20 * MS, 2, 0);

	run(p, 2 * SEC);
	KUNIT_EXPECT_LE(test, p->c.cwnd, 10 * MSS);
	p->rate = 5000;
	p->buffer = 1000;
	p->loss = 8;
	run(p, 5 * SEC);
	KUNIT_EXPECT_GE(test, used(p, 3 * SEC), 70);
}

static void bbr_counts_losses_of_a_round_trip_alone(struct kunit *test)
{
	struct path *p = path(test, 1000, 20 * MS, 1000, 20);
	u64 cwnd;

	run(p, 2 * SEC);
	cwnd = p->c.cwnd;
	/* few bursts, much of a round trip, after many single packets in others */
	p->whole = 1;
	run(p, 8 * MS);
	p->whole = 0;
	run(p, 60 * MS);
	KUNIT_EXPECT_GE(test, p->c.cwnd, cwnd * 9 / 10);
}

static void bbr_loss_beside_a_queue_bounds_the_window(struct kunit *test)
{
	/* the path holds 100 packets, its buffer half as many: startup overflows it */
	struct path *p = path(test, 5000, 20 * MS, 50, 0);
	u64 before;

	run(p, 2 * SEC);
	KUNIT_EXPECT_GT(test, p->overflowed, 0);
	before = p->overflowed;
	KUNIT_EXPECT_GE(test, used(p, 5 * SEC), 85);
	/* less than one in a hundred */
	KUNIT_EXPECT_LT(test, (p->overflowed - before) * 100, 5 * 5000);
}

static void bbr_follows_a_path_that_changes(struct kunit *test)
{
	struct path *p = path(test, 2000, 20 * MS, 2000, 0);

	run(p, 2 * SEC);
	p->rate = 8000;
	run(p, 3 * SEC);
	KUNIT_EXPECT_GE(test, used(p, 2 * SEC), 85);
	p->rate = 1000;
	run(p, 3 * SEC);
	KUNIT_EXPECT_GE(test, used(p, 2 * SEC), 90);
	KUNIT_EXPECT_LE(test, p->head - p->tail, 100);
}

static void bbr_measures_a_longer_path_anew(struct kunit *test)
{
	struct path *p = path(test, 5000, 20 * MS, 2000, 0);

	run(p, 2 * SEC);
	p->rtt = 60 * MS;
	run(p, 15 * SEC);
	KUNIT_EXPECT_GE(test, used(p, 5 * SEC), 90);
}

static void bbr_idle_application_hides_no_bandwidth(struct kunit *test)
{
	struct path *p = path(test, 5000, 20 * MS, 2000, 0);

	run(p, SEC);
	/* a tenth of the path for long, then all of it at once */
	p->app = 500;
	p->app_from = p->now;
	p->offered = 0;
	run(p, 5 * SEC);
	p->app = 0;
	KUNIT_EXPECT_GE(test, used(p, 100 * MS), 70);
}

static void bbr_slow_application_does_not_end_startup(struct kunit *test)
{
	struct path *p = path(test, 5000, 20 * MS, 2000, 0);

	p->app = 500;
	p->app_from = p->now;
	run(p, 2 * SEC);
	p->app = 0;
	run(p, 100 * MS);
	KUNIT_EXPECT_GE(test, used(p, 100 * MS), 80);
}

/* Packets in the buffer and in flight, the fewest of @time. */
static void fewest(struct path *p, u64 time, u64 *queued, u64 *in_flight)
{
	u64 end = p->now + time;

	*queued = U64_MAX;
	*in_flight = U64_MAX;
	while (p->now < end) {
		u64 queue = p->free > p->now ? p->free - p->now : 0;

		run(p, MS);
		*queued = min(*queued, div_u64(queue * p->rate, SEC));
		*in_flight = min(*in_flight, p->head - p->tail);
	}
}

static void bbr_cycle_empties_the_queue_that_it_made(struct kunit *test)
{
	struct path *p = path(test, 5000, 20 * MS, 2000, 0);
	u64 queued, in_flight;
	unsigned int i;

	run(p, 2 * SEC);
	/* eight round trips of 20 ms, the first of them a quarter longer */
	for (i = 0; i < 5; i++) {
		fewest(p, 180 * MS, &queued, &in_flight);
		KUNIT_EXPECT_LE(test, queued, 3);
	}
}

static void bbr_lets_the_path_run_empty_to_see_its_length(struct kunit *test)
{
	/* it holds 100 packets */
	struct path *p = path(test, 5000, 20 * MS, 2000, 0);
	u64 queued, in_flight;

	run(p, 2 * SEC);
	/* no round trip is as short as the shortest any more */
	p->rtt = 21 * MS;
	fewest(p, 7 * SEC, &queued, &in_flight);
	KUNIT_EXPECT_GE(test, in_flight, 70);
	fewest(p, 4 * SEC, &queued, &in_flight);
	KUNIT_EXPECT_LE(test, in_flight, 55);
	/* and then it goes on as before: there is no second startup */
	run(p, SEC);
	p->worst = 0;
	KUNIT_EXPECT_GE(test, used(p, SEC), 93);
	KUNIT_EXPECT_LE(test, p->worst, 140);
}

static void bbr_marks_shrink_the_window(struct kunit *test)
{
	struct path *p = path(test, 5000, 20 * MS, 2000, 0);
	u64 cwnd;

	run(p, 2 * SEC);
	cwnd = p->c.cwnd;
	rdm_cong_ce(&p->c, p->now, p->now);
	run(p, 45 * MS);
	KUNIT_EXPECT_LE(test, p->c.cwnd, cwnd * 3 / 4);
	KUNIT_EXPECT_GE(test, p->c.cwnd, cwnd / 2);
}

static void bbr_persistent_congestion_is_survived(struct kunit *test)
{
	struct path *p = path(test, 5000, 20 * MS, 2000, 0);

	run(p, 2 * SEC);
	rdm_cong_persistent(&p->c);
	KUNIT_EXPECT_EQ(test, p->c.cwnd, 2 * MSS);
	run(p, SEC);
	KUNIT_EXPECT_GE(test, used(p, SEC), 90);
}

static struct kunit_case bbr_cases[] = {
	KUNIT_CASE(bbr_fills_the_path_and_not_its_buffer),
	KUNIT_CASE(bbr_random_loss_costs_what_is_lost),
	KUNIT_CASE(bbr_losing_bursts_is_not_losing_the_path),
	KUNIT_CASE(bbr_grows_from_its_smallest_window),
	KUNIT_CASE(bbr_counts_losses_of_a_round_trip_alone),
	KUNIT_CASE(bbr_loss_beside_a_queue_bounds_the_window),
	KUNIT_CASE(bbr_follows_a_path_that_changes),
	KUNIT_CASE(bbr_measures_a_longer_path_anew),
	KUNIT_CASE(bbr_idle_application_hides_no_bandwidth),
	KUNIT_CASE(bbr_slow_application_does_not_end_startup),
	KUNIT_CASE(bbr_cycle_empties_the_queue_that_it_made),
	KUNIT_CASE(bbr_lets_the_path_run_empty_to_see_its_length),
	KUNIT_CASE(bbr_marks_shrink_the_window),
	KUNIT_CASE(bbr_persistent_congestion_is_survived),
	{}
};

static struct kunit_suite bbr_suite = {
	.name = "rdm_cong_bbr",
	.test_cases = bbr_cases,
};

kunit_test_suite(bbr_suite);
