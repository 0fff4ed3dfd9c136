// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of assoc_rx: what SKIP does at the receiver: room, parts, order; and
 * runs of packets. How a sender comes to send SKIP is in assoc_tx_test.c.
 */
#include "assoc_int.h"
#include "assoc_talk.h"

#define LEN	3000

struct rx_bench {
	struct end e;
	struct rdm_rxmsg m[4];
	struct rdm_rxfrag f[4];
	u32 n;
};

static struct rx_bench *rx_bench(struct kunit *test, bool fifo)
{
	struct rx_bench *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, b);
	end_init(&b->e, 1, 0, 0);
	b->e.a.fifo = fifo;
	b->e.a.state = RDM_ASSOC_ESTABLISHED;
	return b;
}

/* The first of three parts, or a whole message that must wait. */
static struct rdm_rxmsg *take(struct rx_bench *b, u64 seq, bool whole)
{
	struct rdm_rxmsg *m = &b->m[b->n];
	struct rdm_rxfrag *f = &b->f[b->n++];
	LIST_HEAD(freed);

	rdm_rxmsg_init(m, seq, LEN);
	m->complete = whole;
	b->e.a.rx_charge += rdm_msg_charge(LEN);
	rdm_assoc_rx_hold(&b->e.a, m);
	f->off = 0;
	f->len = 1024;
	if (!whole)
		rdm_assoc_rx_frag(&b->e.a, m, f, &freed);
	return m;
}

static int skip(struct rx_bench *b, u64 seq, u16 n, u32 len, struct rdm_rxmsg **part)
{
	struct rdm_frame f = { .type = RDM_FRAME_SKIP, .seq = seq, .nlens = n };
	u16 i;

	for (i = 0; i < n; i++)
		f.lens[i] = len;
	return rdm_assoc_rx_skip(&b->e.a, &f, part, &b->e.out);
}

/* The part of a message that packet @pn brings. */
static enum rdm_reasm_verdict part(struct rx_bench *b, struct rdm_rxmsg *m, u64 pn, u32 off,
				   u32 len)
{
	struct rdm_rxfrag *f = &b->f[b->n++];
	enum rdm_reasm_verdict v;
	LIST_HEAD(freed);

	f->off = off;
	f->len = len;
	if (!rdm_assoc_rx_begin(&b->e.a, SEC, pn))
		return RDM_REASM_BAD;
	v = rdm_assoc_rx_frag(&b->e.a, m, f, &freed);
	rdm_assoc_rx_end(&b->e.a, SEC, pn, pn ? RDM_ECN_CE : RDM_ECN_ECT0, true, false, &b->e.out);
	return v;
}

static enum rdm_rx_verdict check(struct rx_bench *b, u64 seq)
{
	struct rdm_frame f = { .type = RDM_FRAME_MSG, .seq = seq, .len = LEN, .total = LEN };
	struct rdm_rxmsg *held;

	return rdm_assoc_rx_check(&b->e.a, &f, &held);
}

static void assoc_rx_skip_gives_the_room_of_the_unseen_back(struct kunit *test)
{
	struct rx_bench *b = rx_bench(test, false);
	struct rdm_rxmsg *part;

	KUNIT_EXPECT_EQ(test, skip(b, 0, 3, LEN, &part), 0);
	KUNIT_EXPECT_NULL(test, part);
	KUNIT_EXPECT_EQ(test, b->e.a.seqs.floor, 3);
	/* the sender counts them as sent, so both books must */
	KUNIT_EXPECT_EQ(test, b->e.a.rx_charge, 3 * rdm_msg_charge(LEN));
	KUNIT_EXPECT_EQ(test, b->e.a.rx_consumed, 3 * rdm_msg_charge(LEN));
	KUNIT_EXPECT_TRUE(test, b->e.a.need & RDM_CTL_WINDOW);
	/* what comes of them later is a duplicate */
	KUNIT_EXPECT_EQ(test, check(b, 1), RDM_RX_DUP);
	KUNIT_EXPECT_EQ(test, check(b, 3), RDM_RX_NEW);
}

static void assoc_rx_skip_again_changes_nothing(struct kunit *test)
{
	struct rx_bench *b = rx_bench(test, false);
	struct rdm_rxmsg *part;

	skip(b, 1, 2, LEN, &part);
	KUNIT_EXPECT_EQ(test, skip(b, 1, 2, LEN, &part), 0);
	KUNIT_EXPECT_EQ(test, b->e.a.seqs.floor, 0);
	KUNIT_EXPECT_EQ(test, b->e.a.rx_charge, 2 * rdm_msg_charge(LEN));
	KUNIT_EXPECT_EQ(test, b->e.a.rx_consumed, 2 * rdm_msg_charge(LEN));
	/* nor when its messages are below the floor by now */
	skip(b, 0, 1, LEN, &part);
	KUNIT_EXPECT_EQ(test, b->e.a.seqs.floor, 3);
	KUNIT_EXPECT_EQ(test, skip(b, 0, 3, LEN, &part), 0);
	KUNIT_EXPECT_EQ(test, b->e.a.rx_charge, 3 * rdm_msg_charge(LEN));
}

static void assoc_rx_skip_drops_parts_one_by_one(struct kunit *test)
{
	struct rx_bench *b = rx_bench(test, false);
	struct rdm_rxmsg *m0 = take(b, 0, false), *m2 = take(b, 2, false), *part;

	KUNIT_EXPECT_EQ(test, skip(b, 0, 3, LEN, &part), 0);
	KUNIT_EXPECT_PTR_EQ(test, part, m0);
	KUNIT_EXPECT_EQ(test, skip(b, 0, 3, LEN, &part), 0);
	KUNIT_EXPECT_PTR_EQ(test, part, m2);
	KUNIT_EXPECT_EQ(test, skip(b, 0, 3, LEN, &part), 0);
	KUNIT_EXPECT_NULL(test, part);
	KUNIT_EXPECT_EQ(test, b->e.a.reasm.n, 0);
	KUNIT_EXPECT_EQ(test, b->e.a.seqs.floor, 3);
	/* the parts were charged when they came */
	KUNIT_EXPECT_EQ(test, b->e.a.rx_charge, 3 * rdm_msg_charge(LEN));
	KUNIT_EXPECT_EQ(test, b->e.a.rx_consumed, 3 * rdm_msg_charge(LEN));
}

static void assoc_rx_skip_leaves_what_is_whole(struct kunit *test)
{
	struct rx_bench *b = rx_bench(test, true);
	struct rdm_rxmsg *m1 = take(b, 1, true), *part;

	KUNIT_EXPECT_EQ(test, skip(b, 1, 1, LEN, &part), 0);
	KUNIT_EXPECT_NULL(test, part);
	KUNIT_EXPECT_EQ(test, b->e.a.rx_consumed, 0);
	KUNIT_EXPECT_NULL(test, rdm_assoc_rx_next(&b->e.a));
	/* the gap before it closes: it is delivered */
	KUNIT_EXPECT_EQ(test, skip(b, 0, 1, LEN, &part), 0);
	KUNIT_EXPECT_PTR_EQ(test, rdm_assoc_rx_next(&b->e.a), m1);
	KUNIT_EXPECT_EQ(test, b->e.a.seqs.floor, 2);
	KUNIT_EXPECT_EQ(test, b->e.a.rx_charge, 2 * rdm_msg_charge(LEN));
	KUNIT_EXPECT_EQ(test, b->e.a.rx_consumed, rdm_msg_charge(LEN));
}

static void assoc_rx_skip_that_lies_is_refused(struct kunit *test)
{
	struct rx_bench *b = rx_bench(test, false);
	struct rdm_rxmsg *part;

	take(b, 0, false);
	/* past the limit, another length than was said, longer than we take */
	KUNIT_EXPECT_EQ(test, skip(b, b->e.a.rx_adv_seq - 1, 2, LEN, &part), -EPROTO);
	KUNIT_EXPECT_EQ(test, skip(b, 0, 1, LEN + 1, &part), -EPROTO);
	KUNIT_EXPECT_EQ(test, skip(b, 1, 1, b->e.a.cfg.max_msg + 1, &part), -EPROTO);
	KUNIT_EXPECT_EQ(test, b->e.a.rx_consumed, 0);
	KUNIT_EXPECT_EQ(test, b->e.a.reasm.n, 1);
	KUNIT_EXPECT_EQ(test, skip(b, b->e.a.rx_adv_seq - 2, 2, LEN, &part), 0);
}

static void assoc_rx_skip_makes_a_closing_end_busy(struct kunit *test)
{
	struct rx_bench *b = rx_bench(test, false);
	struct rdm_rxmsg *part;

	skip(b, 0, 1, LEN, &part);
	__rdm_assoc_close(&b->e.a, SEC);
	/* an old one does not */
	skip(b, 0, 1, LEN, &part);
	KUNIT_EXPECT_EQ(test, b->e.a.state, RDM_ASSOC_CLOSING);
	skip(b, 1, 1, LEN, &part);
	KUNIT_EXPECT_EQ(test, b->e.a.state, RDM_ASSOC_ESTABLISHED);
}

static void assoc_rx_run_is_packets_one_by_one(struct kunit *test)
{
	struct rx_bench *one = rx_bench(test, true), *run = rx_bench(test, true);
	struct rdm_rxmsg *m1 = &one->m[0], *m2 = &run->m[0];

	rdm_rxmsg_init(m1, 0, LEN);
	rdm_assoc_rx_hold(&one->e.a, m1);
	rdm_rxmsg_init(m2, 0, LEN);
	rdm_assoc_rx_hold(&run->e.a, m2);
	KUNIT_EXPECT_EQ(test, part(one, m1, 0, 0, 1024), RDM_REASM_ADDED);
	KUNIT_EXPECT_EQ(test, part(run, m2, 0, 0, 1024), RDM_REASM_ADDED);
	KUNIT_EXPECT_FALSE(test, run->e.a.ack_now);

	KUNIT_EXPECT_EQ(test, part(one, m1, 1, 1024, 1024), RDM_REASM_ADDED);
	KUNIT_EXPECT_EQ(test, part(one, m1, 2, 2048, LEN - 2048), RDM_REASM_COMPLETE);
	KUNIT_EXPECT_EQ(test, rdm_assoc_rx_run(&run->e.a, SEC, m2, &run->f[0], LEN - 1024, 2,
					       RDM_ECN_CE, &run->e.out), RDM_REASM_COMPLETE);

	KUNIT_EXPECT_EQ(test, run->f[0].len, LEN);
	KUNIT_EXPECT_EQ(test, run->e.a.reasm.n, 0);
	KUNIT_EXPECT_EQ(test, run->e.a.seqs.floor, one->e.a.seqs.floor);
	KUNIT_EXPECT_EQ(test, rdm_pnset_largest(&run->e.a.hot->rxpn), 2);
	KUNIT_EXPECT_EQ(test, run->e.a.hot->rxpn.n, 1);
	KUNIT_EXPECT_EQ(test, run->e.a.largest_at, one->e.a.largest_at);
	KUNIT_EXPECT_EQ(test, run->e.a.hot->ecn.in.n[RDM_ECN_ECT0], 1);
	KUNIT_EXPECT_EQ(test, run->e.a.hot->ecn.in.n[RDM_ECN_CE], 2);
	KUNIT_EXPECT_EQ(test, one->e.a.hot->ecn.in.n[RDM_ECN_CE], 2);
	KUNIT_EXPECT_EQ(test, run->e.a.ecn_seen, one->e.a.ecn_seen);
	KUNIT_EXPECT_EQ(test, run->e.a.ack_now, one->e.a.ack_now);
	KUNIT_EXPECT_EQ(test, run->e.a.ack_pending, one->e.a.ack_pending);
	KUNIT_EXPECT_EQ(test, run->e.out.acts, one->e.out.acts);
	/* a copy of a packet of it is a duplicate */
	KUNIT_EXPECT_FALSE(test, rdm_assoc_rx_begin(&run->e.a, SEC, 1));
}

/* A packet that asks for an ack; the ack goes at once if it is due. */
static bool acked_at_once(struct rx_bench *b, u64 pn)
{
	bool now;

	if (!rdm_assoc_rx_begin(&b->e.a, SEC, pn))
		return false;
	rdm_assoc_rx_end(&b->e.a, SEC, pn, RDM_ECN_NONE, true, false, &b->e.out);
	now = b->e.a.ack_now;
	if (now) {
		b->e.a.ack_now = false;
		b->e.a.ack_pending = 0;
		b->e.a.ack_at = 0;
	}
	return now;
}

static u32 acks_of(struct rx_bench *b, u64 *pn, u32 packets)
{
	u32 n = 0;

	while (packets--)
		n += acked_at_once(b, (*pn)++);
	return n;
}

static void assoc_rx_acks_seldom_in_full_flow_only(struct kunit *test)
{
	struct rx_bench *b = rx_bench(test, false);
	u64 pn = 0;

	KUNIT_EXPECT_EQ(test, acks_of(b, &pn, RDM_ACK_CAREFUL),
			RDM_ACK_CAREFUL / RDM_ACK_EVERY_CAREFUL);
	KUNIT_EXPECT_EQ(test, acks_of(b, &pn, 10 * RDM_ACK_EVERY), 10);
	/* what is never acked at once is acked in time */
	KUNIT_EXPECT_FALSE(test, acked_at_once(b, pn++));
	KUNIT_EXPECT_GT(test, b->e.a.ack_at, SEC);
	KUNIT_EXPECT_LE(test, b->e.a.ack_at, SEC + RDM_MAX_ACK_DELAY);
	/* and then the sender seems to have too little in flight */
	rdm_assoc_timer(&b->e.a, b->e.a.ack_at, &b->e.out);
	KUNIT_EXPECT_TRUE(test, b->e.a.ack_now);
	b->e.a.ack_now = false;
	b->e.a.ack_pending = 0;
	KUNIT_EXPECT_EQ(test, acks_of(b, &pn, RDM_ACK_CAREFUL),
			RDM_ACK_CAREFUL / RDM_ACK_EVERY_CAREFUL);
	KUNIT_EXPECT_EQ(test, acks_of(b, &pn, 2 * RDM_ACK_EVERY), 2);
	/* a gap is told at once, and what follows it closely */
	pn++;
	KUNIT_EXPECT_TRUE(test, acked_at_once(b, pn++));
	KUNIT_EXPECT_GE(test, acks_of(b, &pn, 4), 2);
}

static void end(struct rx_bench *b, u64 pn, u8 ecn, bool eliciting, bool refused)
{
	if (rdm_assoc_rx_begin(&b->e.a, SEC, pn))
		rdm_assoc_rx_end(&b->e.a, SEC, pn, ecn, eliciting, refused, &b->e.out);
}

static void assoc_rx_counts_marks_of_new_packets(struct kunit *test)
{
	struct rx_bench *b = rx_bench(test, false);
	const u32 *n = b->e.hot.ecn.in.n;

	end(b, 0, RDM_ECN_NONE, true, false);
	KUNIT_EXPECT_EQ(test, b->e.a.ecn_seen, 0);
	end(b, 1, RDM_ECN_ECT0, true, false);
	KUNIT_EXPECT_FALSE(test, b->e.a.ack_now && b->e.a.ack_pending < RDM_ACK_EVERY_CAREFUL);
	b->e.a.ack_now = false;
	b->e.a.ack_pending = 0;
	end(b, 2, RDM_ECN_CE, true, false);
	/* the sender hears of it at once */
	KUNIT_EXPECT_TRUE(test, b->e.a.ack_now);
	KUNIT_EXPECT_EQ(test, b->e.a.ecn_seen, RDM_ECN_CE);
	end(b, 3, RDM_ECN_ECT1, true, false);
	/* not again, and not what is not acked */
	end(b, 2, RDM_ECN_CE, true, false);
	end(b, 1, RDM_ECN_ECT0, true, false);
	end(b, 4, RDM_ECN_CE, true, true);
	KUNIT_EXPECT_EQ(test, n[RDM_ECN_ECT0], 1);
	KUNIT_EXPECT_EQ(test, n[RDM_ECN_ECT1], 1);
	KUNIT_EXPECT_EQ(test, n[RDM_ECN_CE], 1);
	/* when it comes again it counts */
	end(b, 4, RDM_ECN_CE, true, false);
	KUNIT_EXPECT_EQ(test, n[RDM_ECN_CE], 2);
	/* a mark on a mere ack is no reason for another one */
	b->e.a.ack_now = false;
	b->e.a.ack_pending = 0;
	end(b, 5, RDM_ECN_CE, false, false);
	KUNIT_EXPECT_EQ(test, n[RDM_ECN_CE], 3);
	KUNIT_EXPECT_FALSE(test, b->e.a.ack_now);
}

static void assoc_rx_tells_counts_to_who_marks(struct kunit *test)
{
	struct rx_bench *b = rx_bench(test, false);
	struct rdm_frame f;

	b->e.a.peer_tag = 7;
	end(b, 0, RDM_ECN_NONE, true, false);
	end(b, 1, RDM_ECN_NONE, true, false);
	KUNIT_ASSERT_TRUE(test, rdm_assoc_next(&b->e.a, SEC, &b->e.pool, 1, &b->e.plan, &b->e.out));
	KUNIT_ASSERT_TRUE(test, has(&b->e, RDM_FRAME_ACK, &f));
	KUNIT_EXPECT_EQ(test, f.flags, 0);
	end(b, 2, RDM_ECN_CE, true, false);
	KUNIT_ASSERT_TRUE(test, rdm_assoc_next(&b->e.a, SEC, &b->e.pool, 1, &b->e.plan, &b->e.out));
	KUNIT_ASSERT_TRUE(test, has(&b->e, RDM_FRAME_ACK, &f));
	KUNIT_EXPECT_EQ(test, f.flags, RDM_ACK_ECN);
	KUNIT_EXPECT_EQ(test, f.ecn.n[RDM_ECN_CE], 1);
	KUNIT_EXPECT_EQ(test, f.ecn.n[RDM_ECN_ECT0], 0);
	KUNIT_EXPECT_TRUE(test, f.ecn.from == 0);
	/* from then on always */
	end(b, 3, RDM_ECN_NONE, true, false);
	end(b, 4, RDM_ECN_NONE, true, false);
	KUNIT_ASSERT_TRUE(test, rdm_assoc_next(&b->e.a, SEC, &b->e.pool, 1, &b->e.plan, &b->e.out));
	KUNIT_ASSERT_TRUE(test, has(&b->e, RDM_FRAME_ACK, &f));
	KUNIT_EXPECT_EQ(test, f.flags, RDM_ACK_ECN);
	KUNIT_EXPECT_EQ(test, f.ecn.n[RDM_ECN_CE], 1);
}

static struct kunit_case assoc_rx_cases[] = {
	KUNIT_CASE(assoc_rx_run_is_packets_one_by_one),
	KUNIT_CASE(assoc_rx_acks_seldom_in_full_flow_only),
	KUNIT_CASE(assoc_rx_counts_marks_of_new_packets),
	KUNIT_CASE(assoc_rx_tells_counts_to_who_marks),
	KUNIT_CASE(assoc_rx_skip_gives_the_room_of_the_unseen_back),
	KUNIT_CASE(assoc_rx_skip_again_changes_nothing),
	KUNIT_CASE(assoc_rx_skip_drops_parts_one_by_one),
	KUNIT_CASE(assoc_rx_skip_leaves_what_is_whole),
	KUNIT_CASE(assoc_rx_skip_that_lies_is_refused),
	KUNIT_CASE(assoc_rx_skip_makes_a_closing_end_busy),
	{}
};

static struct kunit_suite assoc_rx_suite = {
	.name = "rdm_assoc_rx",
	.test_cases = assoc_rx_cases,
};

kunit_test_suite(assoc_rx_suite);
