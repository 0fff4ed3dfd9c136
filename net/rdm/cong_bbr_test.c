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

/* Packets a second at which the pacer lets them go. */
static u64 pace(struct path *p)
{
	return p->c.pace.per_byte ? div64_u64(SEC << 20, p->c.pace.per_byte * MSS) : U64_MAX;
}

static void bbr_loss_bounds_the_window_when_round_trips_grow(struct kunit *test)
{
	struct path *p = path(test, 5000, 20 * MS, 2000, 15);
	u64 cwnd;

	run(p, 2 * SEC);
	cwnd = p->c.cwnd;
	KUNIT_EXPECT_GE(test, cwnd, 120 * MSS);
	/* as behind a queue that others have filled */
	p->rtt = 30 * MS;
	run(p, SEC);
	KUNIT_EXPECT_LE(test, p->c.cwnd, cwnd / 2);
	/* and no loss, no bound */
	p = path(test, 5000, 20 * MS, 2000, 0);
	run(p, 2 * SEC);
	cwnd = p->c.cwnd;
	p->rtt = 30 * MS;
	run(p, SEC);
	KUNIT_EXPECT_GE(test, p->c.cwnd, cwnd * 9 / 10);
}

static void bbr_very_much_loss_bounds_the_window(struct kunit *test)
{
	struct path *p = path(test, 5000, 20 * MS, 2000, 3);

	run(p, 2 * SEC);
	KUNIT_EXPECT_LE(test, p->c.cwnd, 20 * MSS);
}

/* The path carries 1000 packets a second from now on, 20 of which it holds. */
static void slows_down(struct kunit *test, struct path *p)
{
	p->rate = 1000;
	run(p, 3 * SEC);
	KUNIT_EXPECT_GE(test, used(p, 2 * SEC), 90);
	KUNIT_EXPECT_LE(test, p->head - p->tail, 100);
}

static void bbr_follows_a_path_that_changes(struct kunit *test)
{
	struct path *p = path(test, 2000, 20 * MS, 2000, 0);

	run(p, 2 * SEC);
	p->rate = 8000;
	run(p, 3 * SEC);
	KUNIT_EXPECT_GE(test, used(p, 2 * SEC), 85);
	slows_down(test, p);
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

static void bbr_follows_a_path_after_a_slow_application(struct kunit *test)
{
	struct path *p = path(test, 8000, 20 * MS, 2000, 0);

	p->app = 500;
	p->app_from = p->now;
	run(p, SEC);
	p->app = 0;
	run(p, 2 * SEC);
	slows_down(test, p);
}

/* Nor does a look for a shorter round trip meanwhile. */
static void bbr_startup_goes_on_after_a_look_at_the_round_trip(struct kunit *test)
{
	struct path *p = path(test, 5000, 20 * MS, 2000, 0);

	p->app = 500;
	p->app_from = p->now;
	run(p, SEC);
	p->rtt = 21 * MS;
	run(p, 11 * SEC);
	p->app = 0;
	run(p, 100 * MS);
	KUNIT_EXPECT_GE(test, used(p, 100 * MS), 80);
}

static void bbr_slow_application_opens_no_window(struct kunit *test)
{
	struct path *p = path(test, 5000, 20 * MS, 2000, 0);
	u64 first = p->c.cwnd;

	p->app = 100;
	p->app_from = p->now;
	run(p, 50 * MS);
	KUNIT_EXPECT_GE(test, p->c.cwnd, first);
	/* two packets are in flight */
	run(p, 2 * SEC);
	KUNIT_EXPECT_LE(test, p->c.cwnd, 20 * MSS);
	KUNIT_EXPECT_GE(test, p->c.cwnd, first);
}

/* Losses end the phase that asks for more, so that the filter looks away from what was. */
static void bbr_idle_application_hides_no_bandwidth_where_packets_are_lost(struct kunit *test)
{
	struct path *p = path(test, 5000, 20 * MS, 2000, 100);

	run(p, SEC);
	p->app = 500;
	p->app_from = p->now;
	p->offered = 0;
	run(p, 20 * SEC);
	KUNIT_EXPECT_GE(test, pace(p), 3500);
	KUNIT_EXPECT_LE(test, pace(p), 6500);
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

static void bbr_lets_go_of_the_queue_of_startup(struct kunit *test)
{
	struct path *p = path(test, 5000, 20 * MS, 2000, 0);
	u64 queued, in_flight;

	while (p->now < 2 * SEC && p->free < p->now + 15 * MS)
		run(p, MS);
	KUNIT_EXPECT_LT(test, p->now, 2 * SEC);
	fewest(p, 200 * MS, &queued, &in_flight);
	KUNIT_EXPECT_LE(test, queued, 3);
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

static void bbr_look_at_the_round_trip_is_short(struct kunit *test)
{
	struct path *p = path(test, 5000, 20 * MS, 2000, 0);
	unsigned int i, empty = 0;
	u64 fastest = 0;

	run(p, 2 * SEC);
	p->rtt = 21 * MS;
	for (i = 0; i < 12000; i++) {
		run(p, MS);
		empty += p->head - p->tail < 60;
		fastest = max(fastest, pace(p));
	}
	KUNIT_EXPECT_GE(test, empty, 150);
	KUNIT_EXPECT_LE(test, empty, 300);
	/* neither before nor after it is a rate asked for that is more than a quarter above */
	KUNIT_EXPECT_LE(test, fastest, 5000 * 128 / 100);
	/* where the shortest round trip comes again no look is needed */
	p = path(test, 5000, 20 * MS, 2000, 0);
	run(p, 2 * SEC);
	empty = 0;
	for (i = 0; i < 12000; i++) {
		run(p, MS);
		empty += p->head - p->tail < 60;
	}
	KUNIT_EXPECT_EQ(test, empty, 0);
}

/* By hand: a packet leaves at this time. */
static void leaves(struct path *p, u64 at)
{
	struct packet *k = &p->ring[p->head++ % RING];

	p->now = at;
	k->sent = at;
	k->lost = false;
	p->c.ops->sent(&p->c, &k->snap, at);
	rdm_cong_sent(&p->c, MSS);
}

/* And the oldest is acked. */
static void is_acked(struct path *p, u64 at)
{
	p->now = at;
	answer(p);
}

/* A round trip of 20 ms, with @n packets at once that are acked within 10 ms. */
static void round_trip(struct path *p, u32 n)
{
	u64 from = p->now + MS;
	u32 i;

	for (i = 0; i < n; i++)
		leaves(p, from);
	for (i = 0; i < n; i++)
		is_acked(p, from + 20 * MS + i * 10 * MS / n);
}

static void bbr_startup_ends_after_three_round_trips_without_growth(struct kunit *test)
{
	struct path *p = path(test, 1, 1, 1, 0);
	unsigned int i, n = 100;
	u64 before;

	/* by 30 per cent each: it goes on, and asks for nearly thrice of what it saw */
	for (i = 0; i < 6; i++) {
		before = pace(p);
		round_trip(p, n);
		if (i)
			KUNIT_EXPECT_GT(test, pace(p), before);
		n = n * 13 / 10;
	}
	before = pace(p);
	/* three more by 5 per cent each: what one brought is seen in the next */
	n = n * 10 / 13;
	for (i = 0; i < 3; i++) {
		n = n * 105 / 100;
		round_trip(p, n);
		KUNIT_EXPECT_GE_MSG(test, pace(p), before, "round trip %u", i);
	}
	round_trip(p, n);
	KUNIT_EXPECT_LT(test, pace(p), before / 2);
}

static void bbr_flows_do_not_ask_for_more_at_the_same_time(struct kunit *test)
{
	unsigned int first = 0, other = 0, i, k;

	for (i = 0; i < 12; i++) {
		struct path *p = path(test, 1, 1, 1, 0);
		u64 cruise;

		p->now += i * (1 << 16);
		for (k = 0; k < 5; k++)
			round_trip(p, 100);
		cruise = pace(p);
		for (k = 0; k < 10; k++) {
			round_trip(p, 100);
			if (pace(p) > cruise * 12 / 10)
				break;
		}
		/* it begins by making no queue, and comes to ask for more in some round trips */
		KUNIT_EXPECT_LT(test, k, 10);
		if (!i)
			first = k;
		other += k != first;
	}
	KUNIT_EXPECT_GE(test, other, 6);
}

static void bbr_pace_does_not_fall_in_startup(struct kunit *test)
{
	struct path *p = path(test, 1, 1, 1, 0);
	u64 before;

	/* one packet in a round trip tells little: the smallest window all the same */
	leaves(p, p->now);
	is_acked(p, p->now + 20 * MS);
	before = pace(p);
	KUNIT_EXPECT_GE(test, before, 195);
	leaves(p, p->now);
	is_acked(p, p->now + 200 * MS);
	KUNIT_EXPECT_GE(test, pace(p), before);
}

static void bbr_acks_that_come_together_show_no_bandwidth(struct kunit *test)
{
	struct path *p = path(test, 1, 1, 1, 0);
	u64 t = p->now, before;
	unsigned int i;

	/* 500 packets a second, 20 ms */
	for (i = 0; i < 100; i++) {
		leaves(p, t + 2 * i * MS);
		if (i >= 10)
			is_acked(p, t + 2 * i * MS);
	}
	before = pace(p);
	/* acks are held up for 10 ms, then come at once; the next again as they should */
	for (; i < 105; i++)
		leaves(p, t + 2 * i * MS);
	for (; p->tail < 95;)
		is_acked(p, t + 210 * MS);
	for (; i < 120; i++) {
		leaves(p, t + 2 * i * MS + MS / 2);
		is_acked(p, t + 2 * i * MS + MS / 2);
	}
	KUNIT_EXPECT_LE(test, pace(p), before * 11 / 10);
}

/* An ack without a round trip, of a packet that left later than the others. */
static void bbr_samples_shorter_than_the_path_do_not_count(struct kunit *test)
{
	struct path *p = path(test, 1, 1, 1, 0);
	struct rdm_cong_ack told = { 0 };
	struct packet *k;
	u64 before;

	round_trip(p, 10);
	round_trip(p, 10);
	before = pace(p);
	leaves(p, p->now + MS);
	leaves(p, p->now);
	k = &p->ring[p->tail % RING];
	told.now = p->now + MS;
	told.sent_time = k->sent;
	told.snap = &k->snap;
	told.srtt = p->srtt;
	rdm_cong_acked(&p->c, told.now, k->sent, MSS, false);
	rdm_cong_ack_end(&p->c, &told);
	KUNIT_EXPECT_LE(test, pace(p), before);
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
	KUNIT_CASE(bbr_loss_bounds_the_window_when_round_trips_grow),
	KUNIT_CASE(bbr_very_much_loss_bounds_the_window),
	KUNIT_CASE(bbr_follows_a_path_that_changes),
	KUNIT_CASE(bbr_measures_a_longer_path_anew),
	KUNIT_CASE(bbr_idle_application_hides_no_bandwidth),
	KUNIT_CASE(bbr_slow_application_does_not_end_startup),
	KUNIT_CASE(bbr_follows_a_path_after_a_slow_application),
	KUNIT_CASE(bbr_startup_goes_on_after_a_look_at_the_round_trip),
	KUNIT_CASE(bbr_slow_application_opens_no_window),
	KUNIT_CASE(bbr_idle_application_hides_no_bandwidth_where_packets_are_lost),
	KUNIT_CASE(bbr_lets_go_of_the_queue_of_startup),
	KUNIT_CASE(bbr_cycle_empties_the_queue_that_it_made),
	KUNIT_CASE(bbr_lets_the_path_run_empty_to_see_its_length),
	KUNIT_CASE(bbr_look_at_the_round_trip_is_short),
	KUNIT_CASE(bbr_startup_ends_after_three_round_trips_without_growth),
	KUNIT_CASE(bbr_flows_do_not_ask_for_more_at_the_same_time),
	KUNIT_CASE(bbr_pace_does_not_fall_in_startup),
	KUNIT_CASE(bbr_acks_that_come_together_show_no_bandwidth),
	KUNIT_CASE(bbr_samples_shorter_than_the_path_do_not_count),
	KUNIT_CASE(bbr_marks_shrink_the_window),
	KUNIT_CASE(bbr_persistent_congestion_is_survived),
	{}
};

static struct kunit_suite bbr_suite = {
	.name = "rdm_cong_bbr",
	.test_cases = bbr_cases,
};

kunit_test_suite(bbr_suite);
