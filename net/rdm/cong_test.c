// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of cong: the windows that RFC 9002 section 7 gives for known
 * sequences of acks and losses, and a random run against the pseudocode of its
 * appendix B. Also built in user space, see tools/unit.
 */
#include <kunit/test.h>
#include <linux/limits.h>

#include "cong.h"
#include "test_rand.h"

#define MSS 1200

/* Send n packets of MSS at one time. */
static void send_packets(struct rdm_cong *c, unsigned int n)
{
	while (n--)
		rdm_cong_sent(c, MSS);
}

/* n packets sent at sent_time are acked; the window was in use. */
static void ack_packets(struct rdm_cong *c, unsigned int n, u64 sent_time)
{
	while (n--)
		rdm_cong_acked(c, sent_time + 10, sent_time, MSS, false);
}

/* From the start to congestion avoidance at 12000 bytes, with nothing in flight. */
static void to_avoidance(struct rdm_cong *c)
{
	rdm_cong_init(c, &rdm_cong_newreno, MSS);
	send_packets(c, 11);
	ack_packets(c, 10, 1);
	rdm_cong_lost(c, 20, 2, MSS);
}

static void cong_initial_window_is_that_of_the_rfc(struct kunit *test)
{
	static const struct {
		u32 mss;
		u64 window;
	} cases[] = {
		{ 500, 5000 }, { 1200, 12000 }, { 1472, 14720 }, { 1500, 14720 },
		{ 7360, 14720 }, { 9000, 18000 }, { 65000, 130000 },
	};
	struct rdm_cong c;
	int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		rdm_cong_init(&c, &rdm_cong_newreno, cases[i].mss);
		KUNIT_EXPECT_EQ(test, c.cwnd, cases[i].window);
		KUNIT_EXPECT_EQ(test, c.in_flight, 0);
		KUNIT_EXPECT_EQ(test, rdm_cong_room(&c), cases[i].window);
	}
	KUNIT_EXPECT_STREQ(test, c.ops->name, "newreno");
}

static void cong_window_follows_the_trace_of_the_rfc(struct kunit *test)
{
	struct rdm_cong c;

	rdm_cong_init(&c, &rdm_cong_newreno, MSS);
	send_packets(&c, 10);
	KUNIT_EXPECT_EQ(test, c.in_flight, 12000);

	/* Slow start doubles the window in a round trip. */
	ack_packets(&c, 10, 1);
	KUNIT_EXPECT_EQ(test, c.cwnd, 24000);
	KUNIT_EXPECT_EQ(test, c.in_flight, 0);

	/* The first loss halves it; the others of that round do not. */
	send_packets(&c, 20);
	rdm_cong_lost(&c, 20, 11, MSS);
	KUNIT_EXPECT_EQ(test, c.cwnd, 12000);
	KUNIT_EXPECT_EQ(test, c.ssthresh, 12000);
	rdm_cong_lost(&c, 22, 15, MSS);
	rdm_cong_lost(&c, 23, 20, MSS);
	KUNIT_EXPECT_EQ(test, c.cwnd, 12000);
	/* Nor does an ack of what was sent before it open the window. */
	ack_packets(&c, 17, 20);
	KUNIT_EXPECT_EQ(test, c.cwnd, 12000);
	KUNIT_EXPECT_EQ(test, c.in_flight, 0);

	/* Congestion avoidance: one packet for each window acked. */
	send_packets(&c, 21);
	ack_packets(&c, 9, 21);
	KUNIT_EXPECT_EQ(test, c.cwnd, 12000);
	ack_packets(&c, 1, 21);
	KUNIT_EXPECT_EQ(test, c.cwnd, 13200);
	ack_packets(&c, 10, 40);
	KUNIT_EXPECT_EQ(test, c.cwnd, 13200);
	ack_packets(&c, 1, 40);
	KUNIT_EXPECT_EQ(test, c.cwnd, 14400);

	/* The next loss starts another episode. */
	send_packets(&c, 2);
	rdm_cong_lost(&c, 60, 50, MSS);
	KUNIT_EXPECT_EQ(test, c.cwnd, 7200);
	KUNIT_EXPECT_EQ(test, c.ssthresh, 7200);

	/* Persistent congestion: 2 packets, then slow start up to ssthresh. */
	rdm_cong_lost(&c, 61, 51, MSS);
	rdm_cong_persistent(&c);
	KUNIT_EXPECT_EQ(test, c.cwnd, 2400);
	send_packets(&c, 10);
	ack_packets(&c, 4, 70);
	KUNIT_EXPECT_EQ(test, c.cwnd, 7200);
	ack_packets(&c, 5, 70);
	KUNIT_EXPECT_EQ(test, c.cwnd, 7200);
	ack_packets(&c, 1, 70);
	KUNIT_EXPECT_EQ(test, c.cwnd, 8400);
	KUNIT_EXPECT_EQ(test, c.in_flight, 0);
}

static void cong_backlog_follows_the_window(struct kunit *test)
{
	const u64 ms = NSEC_PER_MSEC;
	struct rdm_cong c;

	rdm_cong_init(&c, &rdm_cong_newreno, MSS);
	KUNIT_ASSERT_EQ(test, c.cwnd, 12000);
	/* not known yet, short, and long: 10 ms are half of a round trip */
	KUNIT_EXPECT_EQ(test, rdm_cong_backlog(&c, 0), 24000 + 65536);
	KUNIT_EXPECT_EQ(test, rdm_cong_backlog(&c, ms), 24000 + 65536);
	KUNIT_EXPECT_EQ(test, rdm_cong_backlog(&c, 20 * ms), 24000 + 6000);
	send_packets(&c, 10);
	ack_packets(&c, 10, 10);
	KUNIT_EXPECT_EQ(test, rdm_cong_backlog(&c, 20 * ms), 48000 + 12000);
	send_packets(&c, 10);
	rdm_cong_lost(&c, 20, 11, MSS);
	KUNIT_EXPECT_EQ(test, rdm_cong_backlog(&c, 20 * ms), 24000 + 6000);
	/* no window makes it overflow */
	c.cwnd = U64_MAX;
	KUNIT_EXPECT_EQ(test, rdm_cong_backlog(&c, ms), (2ULL << 30) + 65536);
}

static void cong_window_never_falls_below_two_packets(struct kunit *test)
{
	struct rdm_cong c;
	u64 t;

	rdm_cong_init(&c, &rdm_cong_newreno, MSS);
	for (t = 1; t < 20; t++) {
		send_packets(&c, 1);
		rdm_cong_lost(&c, t + 1, t + 1, MSS);
		KUNIT_EXPECT_GE(test, c.cwnd, 2 * MSS);
		KUNIT_EXPECT_GE(test, c.ssthresh, 2 * MSS);
	}
	KUNIT_EXPECT_EQ(test, c.cwnd, 2 * MSS);
}

static void cong_unused_window_does_not_grow(struct kunit *test)
{
	struct rdm_cong c;

	rdm_cong_init(&c, &rdm_cong_newreno, MSS);
	send_packets(&c, 2);
	rdm_cong_acked(&c, 5, 1, MSS, true);
	KUNIT_EXPECT_EQ(test, c.cwnd, 12000);
	KUNIT_EXPECT_EQ(test, c.in_flight, MSS);
	rdm_cong_acked(&c, 5, 1, MSS, false);
	KUNIT_EXPECT_EQ(test, c.cwnd, 13200);
}

static void cong_packet_sent_at_time_zero_counts(struct kunit *test)
{
	struct rdm_cong c;

	rdm_cong_init(&c, &rdm_cong_newreno, MSS);
	KUNIT_EXPECT_FALSE(test, rdm_cong_in_recovery(&c, 0));
	send_packets(&c, 1);
	rdm_cong_lost(&c, 0, 0, MSS);
	KUNIT_EXPECT_EQ(test, c.cwnd, 6000);
	KUNIT_EXPECT_TRUE(test, rdm_cong_in_recovery(&c, 0));
	KUNIT_EXPECT_FALSE(test, rdm_cong_in_recovery(&c, 1));
}

static void cong_sending_stops_at_the_window(struct kunit *test)
{
	struct rdm_cong c;

	rdm_cong_init(&c, &rdm_cong_newreno, MSS);
	/* With nothing in flight even a packet above the window may leave. */
	KUNIT_EXPECT_TRUE(test, rdm_cong_can_send(&c, 12001));
	send_packets(&c, 9);
	KUNIT_EXPECT_EQ(test, rdm_cong_room(&c), MSS);
	KUNIT_EXPECT_TRUE(test, rdm_cong_can_send(&c, MSS));
	KUNIT_EXPECT_FALSE(test, rdm_cong_can_send(&c, MSS + 1));
	send_packets(&c, 1);
	KUNIT_EXPECT_EQ(test, rdm_cong_room(&c), 0);
	KUNIT_EXPECT_FALSE(test, rdm_cong_can_send(&c, 1));
	/* A probe may go beyond it; room is then none, not a huge number. */
	rdm_cong_sent(&c, MSS);
	KUNIT_EXPECT_EQ(test, rdm_cong_room(&c), 0);
	KUNIT_EXPECT_FALSE(test, rdm_cong_can_send(&c, 0));
	rdm_cong_discard(&c, 11 * MSS);
	KUNIT_EXPECT_EQ(test, c.in_flight, 0);
	KUNIT_EXPECT_EQ(test, c.cwnd, 12000);
}

static void cong_spurious_losses_are_undone(struct kunit *test)
{
	struct rdm_cong c;

	rdm_cong_init(&c, &rdm_cong_newreno, MSS);
	send_packets(&c, 4);
	rdm_cong_lost(&c, 20, 10, MSS);
	rdm_cong_lost(&c, 20, 11, MSS);
	KUNIT_EXPECT_EQ(test, c.cwnd, 6000);
	rdm_cong_spurious(&c, 11);
	KUNIT_EXPECT_EQ(test, c.cwnd, 12000);
	KUNIT_EXPECT_EQ(test, c.ssthresh, U64_MAX);
	KUNIT_EXPECT_FALSE(test, rdm_cong_in_recovery(&c, 11));
	KUNIT_EXPECT_FALSE(test, rdm_cong_in_recovery(&c, 0));
	KUNIT_EXPECT_EQ(test, c.prior_cwnd, 0);
	/* Undone, not redone by being told again. */
	c.cwnd = 5000;
	rdm_cong_spurious(&c, 11);
	KUNIT_EXPECT_EQ(test, c.cwnd, 5000);
	/* A loss after it is news again. */
	rdm_cong_lost(&c, 21, 10, MSS);
	KUNIT_EXPECT_EQ(test, c.cwnd, 2500);
}

static void cong_undo_keeps_what_the_window_gained(struct kunit *test)
{
	struct rdm_cong c;

	to_avoidance(&c);
	KUNIT_EXPECT_EQ(test, c.cwnd, 12000);
	c.cwnd = 90000;
	rdm_cong_spurious(&c, 2);
	KUNIT_EXPECT_EQ(test, c.cwnd, 90000);
	KUNIT_EXPECT_EQ(test, c.ssthresh, U64_MAX);
}

static void cong_only_the_last_episode_is_undone(struct kunit *test)
{
	struct rdm_cong c;

	to_avoidance(&c);
	send_packets(&c, 3);
	rdm_cong_lost(&c, 40, 30, MSS);
	KUNIT_EXPECT_EQ(test, c.cwnd, 6000);
	/* Sent before the first episode began, or after the second did. */
	rdm_cong_spurious(&c, 20);
	rdm_cong_spurious(&c, 41);
	KUNIT_EXPECT_EQ(test, c.cwnd, 6000);
	rdm_cong_spurious(&c, 30);
	KUNIT_EXPECT_EQ(test, c.cwnd, 12000);
	KUNIT_EXPECT_EQ(test, c.ssthresh, 12000);
	/* The first episode is in force again. */
	KUNIT_EXPECT_TRUE(test, rdm_cong_in_recovery(&c, 20));
	KUNIT_EXPECT_FALSE(test, rdm_cong_in_recovery(&c, 30));
	/* And it cannot be undone any more. */
	rdm_cong_spurious(&c, 2);
	KUNIT_EXPECT_EQ(test, c.cwnd, 12000);
	KUNIT_EXPECT_EQ(test, c.ssthresh, 12000);
}

static void cong_marks_are_never_undone(struct kunit *test)
{
	struct rdm_cong c;

	/* A mark starts the episode. */
	rdm_cong_init(&c, &rdm_cong_newreno, MSS);
	send_packets(&c, 2);
	rdm_cong_ce(&c, 20, 10);
	KUNIT_EXPECT_EQ(test, c.cwnd, 6000);
	KUNIT_EXPECT_EQ(test, c.in_flight, 2 * MSS);
	rdm_cong_ce(&c, 21, 11);
	rdm_cong_lost(&c, 21, 11, MSS);
	KUNIT_EXPECT_EQ(test, c.cwnd, 6000);
	rdm_cong_spurious(&c, 11);
	KUNIT_EXPECT_EQ(test, c.cwnd, 6000);

	/* A mark falls into an episode that a loss started. */
	to_avoidance(&c);
	rdm_cong_ce(&c, 21, 3);
	KUNIT_EXPECT_EQ(test, c.cwnd, 12000);
	rdm_cong_spurious(&c, 2);
	KUNIT_EXPECT_EQ(test, c.cwnd, 12000);
}

static void cong_persistent_congestion_is_not_undone(struct kunit *test)
{
	struct rdm_cong c;

	to_avoidance(&c);
	rdm_cong_persistent(&c);
	KUNIT_EXPECT_EQ(test, c.prior_cwnd, 0);
	rdm_cong_spurious(&c, 2);
	KUNIT_EXPECT_EQ(test, c.cwnd, 2 * MSS);
	KUNIT_EXPECT_EQ(test, c.ssthresh, 12000);
}

static void cong_new_packet_size_moves_the_windows(struct kunit *test)
{
	struct rdm_cong c;

	rdm_cong_init(&c, &rdm_cong_newreno, MSS);
	rdm_cong_set_mss(&c, 1400);
	KUNIT_EXPECT_EQ(test, c.cwnd, 14000);
	/* A window that has moved keeps its bytes, but never below 2 packets. */
	to_avoidance(&c);
	rdm_cong_set_mss(&c, 1400);
	KUNIT_EXPECT_EQ(test, c.cwnd, 12000);
	rdm_cong_set_mss(&c, 9000);
	KUNIT_EXPECT_EQ(test, c.cwnd, 18000);
}

struct call_count {
	unsigned int acked, congested, persistent, undo;
};

static struct call_count calls;

static void count_acked(struct rdm_cong *c, u64 now, u64 sent_time, u32 bytes, bool app_limited)
{
	calls.acked++;
}

static void count_congested(struct rdm_cong *c, u64 now, u64 sent_time)
{
	calls.congested++;
	c->cwnd = 0;
	c->ssthresh = 0;
}

static void count_persistent(struct rdm_cong *c)
{
	calls.persistent++;
}

static void count_undo(struct rdm_cong *c)
{
	calls.undo++;
}

static void cong_algorithm_is_called_once_per_episode(struct kunit *test)
{
	static const struct rdm_cong_ops ops = {
		.name = "count",
		.acked = count_acked,
		.congested = count_congested,
		.persistent = count_persistent,
		.undo = count_undo,
	};
	struct rdm_cong c;

	calls = (struct call_count){};
	rdm_cong_init(&c, &ops, MSS);
	send_packets(&c, 10);
	ack_packets(&c, 3, 1);
	rdm_cong_lost(&c, 20, 10, MSS);
	rdm_cong_lost(&c, 20, 12, MSS);
	rdm_cong_ce(&c, 20, 12);
	KUNIT_EXPECT_EQ(test, calls.acked, 3);
	KUNIT_EXPECT_EQ(test, calls.congested, 1);
	/* Whatever the algorithm asks for, 2 packets remain. */
	KUNIT_EXPECT_EQ(test, c.cwnd, 2 * MSS);
	KUNIT_EXPECT_EQ(test, c.ssthresh, 2 * MSS);
	rdm_cong_lost(&c, 40, 21, MSS);
	KUNIT_EXPECT_EQ(test, calls.congested, 2);
	KUNIT_EXPECT_EQ(test, calls.undo, 0);
	rdm_cong_spurious(&c, 21);
	rdm_cong_spurious(&c, 21);
	KUNIT_EXPECT_EQ(test, calls.undo, 1);
	rdm_cong_persistent(&c);
	KUNIT_EXPECT_EQ(test, calls.persistent, 1);
}

/* Appendix B of RFC 9002 as it stands, with congestion avoidance in exact steps. */
struct model {
	u64 cwnd, ssthresh, start, acked;
	bool started;
};

/* A packet in flight. */
struct model_packet {
	u64 sent_time;
	u32 bytes;
};

#define MODEL_PACKETS 64

static void model_event(struct model *m, u64 now, u64 sent_time)
{
	if (m->started && sent_time <= m->start)
		return;
	m->started = true;
	m->start = now;
	m->acked = 0;
	m->ssthresh = max_t(u64, m->cwnd / 2, 2 * MSS);
	m->cwnd = m->ssthresh;
}

static void model_acked(struct model *m, u64 sent_time, u32 bytes, bool app_limited)
{
	if (app_limited || (m->started && sent_time <= m->start))
		return;
	if (m->cwnd < m->ssthresh) {
		m->cwnd += bytes;
		return;
	}
	for (m->acked += bytes; m->acked >= m->cwnd; m->cwnd += MSS)
		m->acked -= m->cwnd;
}

static void cong_newreno_matches_the_pseudocode(struct kunit *test)
{
	struct model_packet *flight;
	struct model m = { .cwnd = 10 * MSS, .ssthresh = U64_MAX };
	unsigned int n = 0, i;
	struct rdm_cong c;
	u64 rng = 3, now = 0, in_flight = 0;
	int step;

	flight = kunit_kcalloc(test, MODEL_PACKETS, sizeof(*flight), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, flight);
	rdm_cong_init(&c, &rdm_cong_newreno, MSS);
	for (step = 0; step < 50000; step++) {
		unsigned int what = rdm_test_below(&rng, 1000);

		now += rdm_test_below(&rng, 3);
		if (!n || (n < MODEL_PACKETS && what < 500)) {
			flight[n].sent_time = now;
			flight[n].bytes = 1 + rdm_test_below(&rng, MSS);
			rdm_cong_sent(&c, flight[n].bytes);
			in_flight += flight[n].bytes;
			n++;
			continue;
		}
		i = rdm_test_below(&rng, n);
		if (what < 990) {
			bool app_limited = rdm_test_below(&rng, 8) == 0;

			rdm_cong_acked(&c, now, flight[i].sent_time, flight[i].bytes, app_limited);
			model_acked(&m, flight[i].sent_time, flight[i].bytes, app_limited);
		} else if (what < 995) {
			rdm_cong_lost(&c, now, flight[i].sent_time, flight[i].bytes);
			model_event(&m, now, flight[i].sent_time);
		} else if (what < 997) {
			rdm_cong_ce(&c, now, flight[i].sent_time);
			model_event(&m, now, flight[i].sent_time);
			continue;
		} else if (what < 998) {
			rdm_cong_persistent(&c);
			m.cwnd = 2 * MSS;
			m.started = false;
			m.acked = 0;
			continue;
		} else {
			rdm_cong_discard(&c, flight[i].bytes);
		}
		in_flight -= flight[i].bytes;
		flight[i] = flight[--n];

		KUNIT_ASSERT_EQ(test, c.in_flight, in_flight);
		KUNIT_ASSERT_EQ(test, c.cwnd, m.cwnd);
		KUNIT_ASSERT_EQ(test, c.ssthresh, m.ssthresh);
	}
}

/* RFC 9937: one packet at once, then one for about every second ack, down to the new window. */
static void cong_reduction_takes_a_round_trip(struct kunit *test)
{
	static const char trace[] = "0101010101010101001";
	struct rdm_cong c;
	unsigned int i;

	to_avoidance(&c);
	c.cwnd = 20 * MSS;
	send_packets(&c, 20);
	rdm_cong_lost(&c, 100, 50, MSS);
	KUNIT_EXPECT_EQ(test, c.cwnd, 10 * MSS);
	KUNIT_EXPECT_TRUE(test, rdm_cong_can_send(&c, MSS));
	rdm_cong_sent(&c, MSS);
	KUNIT_EXPECT_FALSE(test, rdm_cong_can_send(&c, MSS));
	for (i = 0; trace[i]; i++) {
		bool sends;

		rdm_cong_acked(&c, 110, 50, MSS, false);
		sends = rdm_cong_can_send(&c, MSS);
		KUNIT_EXPECT_EQ_MSG(test, sends, trace[i] == '1', "ack %u", i);
		if (sends)
			rdm_cong_sent(&c, MSS);
	}
	KUNIT_EXPECT_EQ(test, c.in_flight, 10 * MSS);
	KUNIT_EXPECT_FALSE(test, rdm_cong_can_send(&c, MSS));
}

static void cong_pacer_holds_the_window_back(struct kunit *test)
{
	struct rdm_cong_ack told = { .now = 100, .srtt = 50 * NSEC_PER_MSEC };
	struct rdm_cong c;

	rdm_cong_init(&c, &rdm_cong_newreno, MSS);
	/* slow start: twice the window in a round trip */
	rdm_cong_ack_end(&c, &told);
	rdm_pace_sent(&c.pace, NSEC_PER_SEC, 10 * MSS);
	KUNIT_EXPECT_FALSE(test, rdm_cong_can_send(&c, MSS));
	rdm_pace_look(&c.pace, c.pace.next - 1);
	KUNIT_EXPECT_FALSE(test, rdm_cong_can_send(&c, MSS));
	rdm_pace_look(&c.pace, c.pace.next);
	KUNIT_EXPECT_TRUE(test, rdm_cong_can_send(&c, MSS));
	KUNIT_EXPECT_GE(test, c.pace.next + c.pace.burst, NSEC_PER_SEC + 25 * NSEC_PER_MSEC);
	KUNIT_EXPECT_LE(test, c.pace.next, NSEC_PER_SEC + 25 * NSEC_PER_MSEC);

	/* where a window is no more than a burst nothing waits */
	told.srtt = RDM_CONG_PACED - 1;
	rdm_cong_ack_end(&c, &told);
	rdm_pace_sent(&c.pace, 2 * NSEC_PER_SEC, 10 * MSS);
	KUNIT_EXPECT_TRUE(test, rdm_cong_can_send(&c, MSS));
}

static struct kunit_case cong_cases[] = {
	KUNIT_CASE(cong_reduction_takes_a_round_trip),
	KUNIT_CASE(cong_pacer_holds_the_window_back),
	KUNIT_CASE(cong_initial_window_is_that_of_the_rfc),
	KUNIT_CASE(cong_window_follows_the_trace_of_the_rfc),
	KUNIT_CASE(cong_window_never_falls_below_two_packets),
	KUNIT_CASE(cong_unused_window_does_not_grow),
	KUNIT_CASE(cong_packet_sent_at_time_zero_counts),
	KUNIT_CASE(cong_sending_stops_at_the_window),
	KUNIT_CASE(cong_spurious_losses_are_undone),
	KUNIT_CASE(cong_undo_keeps_what_the_window_gained),
	KUNIT_CASE(cong_only_the_last_episode_is_undone),
	KUNIT_CASE(cong_marks_are_never_undone),
	KUNIT_CASE(cong_persistent_congestion_is_not_undone),
	KUNIT_CASE(cong_new_packet_size_moves_the_windows),
	KUNIT_CASE(cong_backlog_follows_the_window),
	KUNIT_CASE(cong_algorithm_is_called_once_per_episode),
	KUNIT_CASE(cong_newreno_matches_the_pseudocode),
	{}
};

static struct kunit_suite cong_suite = {
	.name = "rdm_cong",
	.test_cases = cong_cases,
};

kunit_test_suite(cong_suite);
