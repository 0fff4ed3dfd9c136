// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of recovery: RFC 9002's thresholds and probe timeout, what a
 * late ack of a packet declared lost changes, and that no byte stays in flight.
 */
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/limits.h>

#include "recovery.h"
#include "test_rand.h"

#define MS	((u64)NSEC_PER_MSEC)
#define SIZE	1200
#define RTT	(50 * MS)

/* One direction of a path, with records for its packets. */
struct path {
	struct rdm_recovery r;
	struct rdm_rtt rtt;
	struct rdm_cong c;
	struct rdm_sent pkt[64];
	struct rdm_frame ack;
	struct list_head out;
	u32 n;
	u64 now;
};

static struct path *path(struct kunit *test, u64 first_pn)
{
	struct path *p = kunit_kzalloc(test, sizeof(*p), GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, p);
	rdm_recovery_init(&p->r, first_pn);
	rdm_rtt_init(&p->rtt);
	rdm_rtt_sample(&p->rtt, RTT, 0, 0);
	rdm_cong_init(&p->c, &rdm_cong_newreno, SIZE);
	INIT_LIST_HEAD(&p->out);
	p->now = 1000 * MS;
	return p;
}

static struct rdm_sent *send(struct path *p, bool probe)
{
	struct rdm_sent *s = &p->pkt[p->n++];

	s->size = SIZE;
	s->probe = probe;
	rdm_recovery_sent(&p->r, &p->c, s, p->now);
	return s;
}

static void send_some(struct path *p, u32 n)
{
	while (n--)
		send(p, false);
}

static int ack_ranges(struct path *p, u16 n)
{
	p->ack.type = RDM_FRAME_ACK;
	p->ack.nranges = n;
	p->ack.seq = p->ack.ranges[0].last;
	p->ack.delay = 0;
	INIT_LIST_HEAD(&p->out);
	return rdm_recovery_ack(&p->r, &p->rtt, &p->c, &p->ack, p->now, &p->out);
}

static int ack(struct path *p, u64 first, u64 last)
{
	p->ack.ranges[0].first = first;
	p->ack.ranges[0].last = last;
	return ack_ranges(p, 1);
}

static void recovery_ack_gives_records_back(struct kunit *test)
{
	struct path *p = path(test, 5);
	struct rdm_sent *s;
	u32 n = 0;

	send_some(p, 4);
	KUNIT_EXPECT_EQ(test, p->r.next_pn, 9);
	KUNIT_EXPECT_EQ(test, p->c.in_flight, 4 * SIZE);
	p->now += RTT;
	KUNIT_EXPECT_EQ(test, ack(p, 5, 8), 4);
	list_for_each_entry(s, &p->out, node) {
		KUNIT_EXPECT_EQ(test, s->state, RDM_SENT_ACKED);
		KUNIT_EXPECT_EQ(test, s->pn, 5 + n++);
	}
	KUNIT_EXPECT_EQ(test, n, 4);
	KUNIT_EXPECT_EQ(test, p->c.in_flight, 0);
	KUNIT_EXPECT_EQ(test, p->r.nflight, 0);
	KUNIT_EXPECT_TRUE(test, rdm_recovery_deadline(&p->r, &p->rtt) == U64_MAX);
	/* again: nothing new */
	KUNIT_EXPECT_EQ(test, ack(p, 5, 8), 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&p->out));
}

static void recovery_ack_of_what_was_never_sent_is_refused(struct kunit *test)
{
	struct path *p = path(test, 0);

	send_some(p, 2);
	KUNIT_EXPECT_EQ(test, ack(p, 0, 2), -EPROTO);
	KUNIT_EXPECT_EQ(test, p->r.nflight, 2);
	KUNIT_EXPECT_EQ(test, ack(p, 0, 1), 2);
}

static void recovery_ack_takes_every_range(struct kunit *test)
{
	struct path *p = path(test, 0);
	struct rdm_sent *s;
	u32 seen = 0;

	send_some(p, 10);
	p->ack.ranges[0] = (struct rdm_pnrange){ 8, 9 };
	p->ack.ranges[1] = (struct rdm_pnrange){ 5, 5 };
	p->ack.ranges[2] = (struct rdm_pnrange){ 0, 2 };
	p->now += RTT;
	KUNIT_EXPECT_EQ(test, ack_ranges(p, 3), 6);
	list_for_each_entry(s, &p->out, node)
		seen |= 1 << s->pn;
	KUNIT_EXPECT_EQ(test, seen, 0x327);
}

/* RFC 9002, section 6.1.1 */
static void recovery_three_newer_acks_make_a_loss(struct kunit *test)
{
	struct path *p = path(test, 0);

	send_some(p, 5);
	p->now += RTT;
	ack(p, 1, 2);
	KUNIT_EXPECT_EQ(test, p->pkt[0].state, RDM_SENT_INFLIGHT);
	KUNIT_EXPECT_TRUE(test, list_empty(&p->r.lost));
	ack(p, 1, 3);
	KUNIT_EXPECT_EQ(test, p->pkt[0].state, RDM_SENT_LOST);
	KUNIT_EXPECT_PTR_EQ(test, list_first_entry(&p->r.lost, struct rdm_sent, lost), &p->pkt[0]);
	KUNIT_EXPECT_TRUE(test, p->r.new_lost);
	/* packet 4 is above the largest acked: nobody can say anything of it */
	KUNIT_EXPECT_EQ(test, p->pkt[4].state, RDM_SENT_INFLIGHT);
	KUNIT_EXPECT_EQ(test, p->c.in_flight, SIZE);
}

/* RFC 9002, section 6.1.2 */
static void recovery_time_makes_a_loss_of_what_was_overtaken(struct kunit *test)
{
	struct path *p = path(test, 0);
	LIST_HEAD(out);
	u64 at;

	send_some(p, 2);
	p->now += RTT;
	ack(p, 1, 1);
	KUNIT_EXPECT_EQ(test, p->pkt[0].state, RDM_SENT_INFLIGHT);
	at = rdm_recovery_deadline(&p->r, &p->rtt);
	KUNIT_EXPECT_EQ(test, at, p->pkt[0].time + RTT * 9 / 8);
	KUNIT_EXPECT_EQ(test, rdm_recovery_detect(&p->r, &p->rtt, &p->c, at - 1, U64_MAX, &out), 0);
	KUNIT_EXPECT_EQ(test, rdm_recovery_detect(&p->r, &p->rtt, &p->c, at, U64_MAX, &out), 1);
	KUNIT_EXPECT_EQ(test, p->pkt[0].state, RDM_SENT_LOST);
	KUNIT_EXPECT_EQ(test, p->r.loss_time, 0);
}

/* RFC 9002, section 6.2.1 */
static void recovery_pto_doubles_up_to_its_cap(struct kunit *test)
{
	struct path *p = path(test, 0);
	u64 pto, last = 0, at;
	unsigned int i;

	send_some(p, 1);
	pto = rdm_recovery_pto(&p->rtt);
	KUNIT_EXPECT_EQ(test, pto, RTT + 2 * RTT + RTT / 4);
	for (i = 0; i < 40; i++) {
		p->r.pto_count = i;
		at = rdm_recovery_deadline(&p->r, &p->rtt) - p->now;
		KUNIT_EXPECT_EQ(test, at, min_t(u64, i < 16 ? pto << i : U64_MAX, RDM_PTO_MAX));
		KUNIT_EXPECT_GE(test, at, last);
		last = at;
	}
	/* a cap below the path's own timeout would only cause spurious probes */
	p->r.pto_max = pto / 2;
	KUNIT_EXPECT_EQ(test, rdm_recovery_deadline(&p->r, &p->rtt) - p->now, pto);
	p->r.pto_count = 3;
	p->now += RTT;
	ack(p, 0, 0);
	KUNIT_EXPECT_EQ(test, p->r.pto_count, 0);
}

static void recovery_pto_counts_from_the_last_packet(struct kunit *test)
{
	struct path *p = path(test, 0);
	u64 at;

	send_some(p, 1);
	at = rdm_recovery_deadline(&p->r, &p->rtt);
	p->now += 10 * MS;
	send_some(p, 1);
	KUNIT_EXPECT_EQ(test, rdm_recovery_deadline(&p->r, &p->rtt), at + 10 * MS);
	/* window probes are outside: they have a timer of their own */
	p->now += 10 * MS;
	send(p, true);
	KUNIT_EXPECT_EQ(test, rdm_recovery_deadline(&p->r, &p->rtt), at + 10 * MS);
	KUNIT_EXPECT_EQ(test, p->r.nflight, 2);
}

static void recovery_loss_cuts_the_window_once_a_round_trip(struct kunit *test)
{
	struct path *p = path(test, 0);
	u64 cwnd = p->c.cwnd;

	send_some(p, 9);
	p->now += RTT;
	ack(p, 3, 3);
	KUNIT_EXPECT_EQ(test, p->c.cwnd, cwnd / 2);
	cwnd = p->c.cwnd;
	ack(p, 8, 8);
	KUNIT_EXPECT_EQ(test, p->pkt[5].state, RDM_SENT_LOST);
	KUNIT_EXPECT_EQ(test, p->c.cwnd, cwnd);
}

static void recovery_spurious_loss_is_undone(struct kunit *test)
{
	struct path *p = path(test, 0);
	u64 cwnd = p->c.cwnd;
	u32 n = 0;

	send_some(p, 9);
	p->now += RTT;
	ack(p, 8, 8);
	KUNIT_EXPECT_LT(test, p->c.cwnd, cwnd);
	KUNIT_EXPECT_EQ(test, p->r.pkt_thresh, RDM_PKT_THRESH);
	while (n < 6 && p->pkt[n].state == RDM_SENT_LOST)
		n++;
	KUNIT_EXPECT_EQ(test, n, 6);
	p->now += MS;
	/* all but one: it may still have been congestion */
	ack(p, 1, 8);
	KUNIT_EXPECT_LT(test, p->c.cwnd, cwnd);
	ack(p, 0, 8);
	KUNIT_EXPECT_GE(test, p->c.cwnd, cwnd);
	/* packet 0 was overtaken by 8, and the next one may be */
	KUNIT_EXPECT_EQ(test, p->r.pkt_thresh, 9);
	KUNIT_EXPECT_TRUE(test, list_empty(&p->r.lost));
	KUNIT_EXPECT_EQ(test, p->c.in_flight, 0);
}

static void recovery_threshold_is_bounded(struct kunit *test)
{
	struct path *p = path(test, 0);

	send_some(p, 1);
	p->r.next_pn = 100000;
	send_some(p, 3);
	p->now += RTT;
	ack(p, 100002, 100002);
	KUNIT_EXPECT_EQ(test, p->pkt[0].state, RDM_SENT_LOST);
	p->ack.ranges[0] = (struct rdm_pnrange){ 100002, 100002 };
	p->ack.ranges[1] = (struct rdm_pnrange){ 0, 0 };
	KUNIT_EXPECT_EQ(test, ack_ranges(p, 2), 1);
	KUNIT_EXPECT_EQ(test, p->r.pkt_thresh, RDM_PKT_THRESH_MAX);
}

static void recovery_lost_packets_are_forgotten(struct kunit *test)
{
	struct path *p = path(test, 0);
	LIST_HEAD(out);
	u64 at;

	send_some(p, 5);
	p->now += RTT;
	ack(p, 1, 4);
	KUNIT_EXPECT_EQ(test, p->pkt[0].state, RDM_SENT_LOST);
	/* not while its content waits to be sent again */
	KUNIT_EXPECT_TRUE(test, rdm_recovery_deadline(&p->r, &p->rtt) == U64_MAX);
	list_del_init(&p->pkt[0].lost);
	at = rdm_recovery_deadline(&p->r, &p->rtt);
	KUNIT_EXPECT_EQ(test, at, p->pkt[0].time + 3 * rdm_rtt_pto(&p->rtt, RDM_MAX_ACK_DELAY));
	rdm_recovery_detect(&p->r, &p->rtt, &p->c, at - 1, U64_MAX, &out);
	KUNIT_EXPECT_TRUE(test, list_empty(&out));
	rdm_recovery_detect(&p->r, &p->rtt, &p->c, at, U64_MAX, &out);
	KUNIT_EXPECT_PTR_EQ(test, list_first_entry(&out, struct rdm_sent, node), &p->pkt[0]);
	KUNIT_EXPECT_EQ(test, p->pkt[0].state, RDM_SENT_GONE);
	KUNIT_EXPECT_TRUE(test, list_empty(&p->r.sent) && list_empty(&p->r.past));
	KUNIT_EXPECT_TRUE(test, rdm_recovery_deadline(&p->r, &p->rtt) == U64_MAX);
}

/* RFC 9002, section 7.6: two packets lost, far enough apart, and none acked between */
static void recovery_long_loss_is_persistent_congestion(struct kunit *test)
{
	struct path *p = path(test, 0);
	u64 pto = rdm_rtt_pto(&p->rtt, RDM_MAX_ACK_DELAY);

	send_some(p, 1);
	p->now += RTT;
	ack(p, 0, 0);
	send_some(p, 1);
	p->now += 3 * pto + 100 * MS;
	send_some(p, 1);
	p->now += MS;
	send_some(p, 4);
	p->now += RTT;
	ack(p, 6, 6);
	KUNIT_EXPECT_EQ(test, p->pkt[1].state, RDM_SENT_LOST);
	KUNIT_EXPECT_EQ(test, p->pkt[2].state, RDM_SENT_LOST);
	KUNIT_EXPECT_EQ(test, p->c.cwnd, 2 * SIZE);
	/* the path may be another one: section 5.2 */
	send_some(p, 1);
	p->now += 7 * RTT;
	ack(p, 7, 7);
	KUNIT_EXPECT_EQ(test, p->rtt.min, 7 * RTT);
}

static void recovery_short_loss_is_not_persistent(struct kunit *test)
{
	struct path *p = path(test, 0);

	send_some(p, 1);
	p->now += RTT;
	ack(p, 0, 0);
	send_some(p, 2);
	p->now += MS;
	send_some(p, 4);
	p->now += RTT;
	ack(p, 6, 6);
	KUNIT_EXPECT_EQ(test, p->pkt[1].state, RDM_SENT_LOST);
	KUNIT_EXPECT_GT(test, p->c.cwnd, 2 * SIZE);
}

static void recovery_requeue_leaves_what_is_sent_once(struct kunit *test)
{
	struct path *p = path(test, 0);

	send_some(p, 3);
	p->pkt[1].once = true;
	rdm_recovery_requeue(&p->r, &p->c);
	KUNIT_EXPECT_EQ(test, p->r.nflight, 1);
	KUNIT_EXPECT_EQ(test, p->pkt[1].state, RDM_SENT_INFLIGHT);
	KUNIT_EXPECT_EQ(test, p->c.in_flight, SIZE);
}

static void recovery_waived_packets_carry_no_blame(struct kunit *test)
{
	struct path *p = path(test, 0);
	u64 cwnd = p->c.cwnd;

	send_some(p, 9);
	p->now += RTT;
	rdm_recovery_requeue(&p->r, &p->c);
	KUNIT_EXPECT_EQ(test, p->c.in_flight, 0);
	KUNIT_EXPECT_EQ(test, p->r.nflight, 0);
	KUNIT_EXPECT_EQ(test, p->c.cwnd, cwnd);
	KUNIT_EXPECT_PTR_EQ(test, list_first_entry(&p->r.lost, struct rdm_sent, lost), &p->pkt[0]);
	/* their acks are good, and teach nothing about reordering */
	KUNIT_EXPECT_EQ(test, ack(p, 0, 8), 9);
	KUNIT_EXPECT_EQ(test, p->r.pkt_thresh, RDM_PKT_THRESH);
	KUNIT_EXPECT_EQ(test, p->c.cwnd, cwnd);
	KUNIT_EXPECT_TRUE(test, list_empty(&p->r.lost));
}

static void recovery_refused_probes_are_no_loss(struct kunit *test)
{
	struct path *p = path(test, 0);
	u64 cwnd = p->c.cwnd;

	send(p, true);
	KUNIT_EXPECT_EQ(test, p->c.in_flight, 0);
	send_some(p, 1);
	p->now += RTT;
	ack(p, 1, 1);
	KUNIT_EXPECT_EQ(test, p->pkt[0].state, RDM_SENT_GONE);
	KUNIT_EXPECT_EQ(test, p->c.cwnd, cwnd);
	KUNIT_EXPECT_TRUE(test, list_empty(&p->r.sent));
}

static void recovery_clear_gives_everything_back(struct kunit *test)
{
	struct path *p = path(test, 0);
	LIST_HEAD(out);
	struct rdm_sent *s;
	u32 n = 0;

	send_some(p, 5);
	send(p, true);
	p->now += RTT;
	ack(p, 4, 4);
	rdm_recovery_clear(&p->r, &p->c, &out);
	list_for_each_entry(s, &out, node) {
		KUNIT_EXPECT_EQ(test, s->state, RDM_SENT_GONE);
		n++;
	}
	KUNIT_EXPECT_EQ(test, n, 5);
	KUNIT_EXPECT_EQ(test, p->c.in_flight, 0);
	KUNIT_EXPECT_EQ(test, p->r.nflight, 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&p->r.lost) && list_empty(&p->r.sent) &&
			  list_empty(&p->r.past) && RB_EMPTY_ROOT(&p->r.late));
}

/* Whatever is acked, lost, waived or timed out: the counts agree with the records. */
static void recovery_counts_match_the_records(struct kunit *test)
{
	struct path *p = path(test, 0);
	u64 rng = 7;
	int step;

	for (step = 0; step < 20000; step++) {
		u32 flying = 0, lost = 0, given_up = 0, i;
		struct rb_node *node;
		struct rdm_sent *s;
		LIST_HEAD(out);

		p->now += rdm_test_below(&rng, 20) * MS;
		switch (rdm_test_below(&rng, 6)) {
		case 0:
		case 1:
			/* any record that is not in use */
			for (i = 0; i < ARRAY_SIZE(p->pkt) && p->pkt[i].size; i++)
				;
			if (i == ARRAY_SIZE(p->pkt))
				break;
			p->n = i;
			send(p, !rdm_test_below(&rng, 10));
			break;
		case 2:
		case 3:
			if (p->r.next_pn) {
				u64 last = p->r.next_pn - 1 -
					   rdm_test_below(&rng, min_t(u64, p->r.next_pn, 20));

				ack(p, last - rdm_test_below(&rng, min_t(u64, last + 1, 4)), last);
				list_splice_tail_init(&p->out, &out);
			}
			break;
		case 4:
			rdm_recovery_detect(&p->r, &p->rtt, &p->c, p->now, U64_MAX, &out);
			break;
		default:
			if (!rdm_test_below(&rng, 20))
				rdm_recovery_requeue(&p->r, &p->c);
			while (!list_empty(&p->r.lost))
				list_del_init(p->r.lost.next);
		}
		while (!list_empty(&out)) {
			s = list_first_entry(&out, struct rdm_sent, node);
			KUNIT_ASSERT_TRUE(test, list_empty(&s->lost));
			list_del(&s->node);
			s->size = 0;
		}
		list_for_each_entry(s, &p->r.sent, node) {
			KUNIT_ASSERT_EQ(test, s->state, RDM_SENT_INFLIGHT);
			flying += !s->probe;
		}
		list_for_each_entry(s, &p->r.past, node) {
			KUNIT_ASSERT_EQ(test, s->state, RDM_SENT_LOST);
			lost += !list_empty(&s->lost);
			given_up++;
		}
		for (node = rb_first(&p->r.late); node; node = rb_next(node))
			given_up--;
		KUNIT_ASSERT_EQ(test, given_up, 0);
		list_for_each_entry(s, &p->r.lost, lost)
			lost--;
		KUNIT_ASSERT_EQ(test, p->r.nflight, flying);
		KUNIT_ASSERT_EQ(test, p->c.in_flight, flying * SIZE);
		KUNIT_ASSERT_EQ(test, lost, 0);
	}
}

static struct rdm_cong_ack told;
static u32 told_times;

static void record_acked(struct rdm_cong *c, u64 now, u64 sent_time, u32 bytes, bool app_limited)
{
}

static void record_ack_end(struct rdm_cong *c, const struct rdm_cong_ack *ack)
{
	told = *ack;
	told_times++;
}

static void recovery_tells_congestion_control_of_each_ack_once(struct kunit *test)
{
	static const struct rdm_cong_ops ops = {
		.name = "record",
		.acked = record_acked,
		.ack_end = record_ack_end,
	};
	struct path *p = path(test, 5);

	rdm_cong_init(&p->c, &ops, SIZE);
	told_times = 0;
	send_some(p, 3);
	p->now += 2 * RTT;
	send_some(p, 1);
	ack(p, 5, 7);
	KUNIT_EXPECT_EQ(test, told_times, 1);
	KUNIT_EXPECT_EQ(test, told.now, p->now);
	KUNIT_EXPECT_EQ(test, told.rtt, 2 * RTT);
	KUNIT_EXPECT_EQ(test, told.srtt, p->rtt.srtt);
	KUNIT_EXPECT_NE(test, told.srtt, RTT);
	KUNIT_EXPECT_EQ(test, told.largest, 7);
	KUNIT_EXPECT_EQ(test, told.next_pn, 9);
	/* the same once more says nothing */
	ack(p, 5, 7);
	KUNIT_EXPECT_EQ(test, told_times, 1);
	/* no sample of the round trip: the largest is known already */
	p->now += RTT;
	send_some(p, 1);
	ack(p, 9, 9);
	KUNIT_EXPECT_EQ(test, told_times, 2);
	ack(p, 8, 9);
	KUNIT_EXPECT_EQ(test, told_times, 3);
	KUNIT_EXPECT_EQ(test, told.rtt, 0);
}

static struct kunit_case recovery_cases[] = {
	KUNIT_CASE(recovery_ack_gives_records_back),
	KUNIT_CASE(recovery_ack_of_what_was_never_sent_is_refused),
	KUNIT_CASE(recovery_ack_takes_every_range),
	KUNIT_CASE(recovery_three_newer_acks_make_a_loss),
	KUNIT_CASE(recovery_time_makes_a_loss_of_what_was_overtaken),
	KUNIT_CASE(recovery_pto_doubles_up_to_its_cap),
	KUNIT_CASE(recovery_pto_counts_from_the_last_packet),
	KUNIT_CASE(recovery_loss_cuts_the_window_once_a_round_trip),
	KUNIT_CASE(recovery_spurious_loss_is_undone),
	KUNIT_CASE(recovery_threshold_is_bounded),
	KUNIT_CASE(recovery_lost_packets_are_forgotten),
	KUNIT_CASE(recovery_long_loss_is_persistent_congestion),
	KUNIT_CASE(recovery_tells_congestion_control_of_each_ack_once),
	KUNIT_CASE(recovery_short_loss_is_not_persistent),
	KUNIT_CASE(recovery_requeue_leaves_what_is_sent_once),
	KUNIT_CASE(recovery_waived_packets_carry_no_blame),
	KUNIT_CASE(recovery_refused_probes_are_no_loss),
	KUNIT_CASE(recovery_clear_gives_everything_back),
	KUNIT_CASE(recovery_counts_match_the_records),
	{}
};

static struct kunit_suite recovery_suite = {
	.name = "rdm_recovery",
	.test_cases = recovery_cases,
};

kunit_test_suite(recovery_suite);
