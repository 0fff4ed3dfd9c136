// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of txqueue: what the window admits, what a packet's ack finishes,
 * who may go when, and that no message has two outcomes.
 */
#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/rdm.h>

#include "recovery.h"
#include "txqueue.h"

#define STRIDE	1400

struct bench {
	struct rdm_txq q;
	struct rdm_txout out;
	struct rdm_txmsg msg[8];
	unsigned long acked[8][4];
	struct rdm_sent sent[16];
	u32 nmsgs, nsent;
};

static struct bench *bench(struct kunit *test, u64 first_seq)
{
	struct bench *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, b);
	rdm_txq_init(&b->q, first_seq);
	rdm_txout_init(&b->out);
	b->q.win_charge = 1 << 20;
	b->q.win_seq = first_seq + 100;
	return b;
}

static struct rdm_txmsg *push(struct bench *b, u32 len)
{
	struct rdm_txmsg *m = &b->msg[b->nmsgs];

	rdm_txmsg_init(m, len, STRIDE, b->acked[b->nmsgs++]);
	rdm_txq_push(&b->q, m);
	return m;
}

/* A packet with @n whole messages from @m on, or with fragment @frag of @m. */
static struct rdm_sent *pack(struct bench *b, struct rdm_txmsg *m, u16 frag, u16 n)
{
	struct rdm_sent *s = &b->sent[b->nsent++];

	s->msg = m;
	s->frag = frag;
	s->nmsgs = n;
	s->gen = m->gen;
	rdm_txq_ref(s);
	return s;
}

static void first_time(struct bench *b, struct rdm_txmsg *m, u16 nfrags)
{
	if (!m->bound)
		rdm_txq_bind(&b->q, m);
	rdm_txq_sent(&b->q, m, nfrags);
}

static u32 count(struct list_head *l)
{
	struct list_head *p;
	u32 n = 0;

	list_for_each(p, l)
		n++;
	return n;
}

static void txqueue_fragments_cover_the_message(struct kunit *test)
{
	static const u32 lens[] = {
		0, 1, STRIDE - 1, STRIDE, STRIDE + 1, 2 * STRIDE, 2 * STRIDE + 1, 1 << 20,
	};
	struct rdm_txmsg m;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		u32 sum = 0;
		u16 f;

		rdm_txmsg_init(&m, lens[i], STRIDE, NULL);
		KUNIT_EXPECT_GE(test, m.nfrags, 1);
		for (f = 0; f < m.nfrags; f++) {
			u32 n = rdm_txmsg_frag_len(&m, f);

			KUNIT_EXPECT_LE(test, n, STRIDE);
			KUNIT_EXPECT_TRUE(test, n || !lens[i]);
			sum += n;
		}
		KUNIT_EXPECT_EQ(test, sum, lens[i]);
	}
}

static void txqueue_window_admits_in_order(struct kunit *test)
{
	struct bench *b = bench(test, 0);
	struct rdm_txmsg *m0 = push(b, 1000), *m1 = push(b, 0);

	b->q.win_charge = 1000 + RDM_MSG_OVERHEAD - 1;
	KUNIT_EXPECT_FALSE(test, rdm_txq_admits(&b->q, m0));
	b->q.win_charge++;
	KUNIT_EXPECT_TRUE(test, rdm_txq_admits(&b->q, m0));
	first_time(b, m0, 1);
	/* what is bound has its room; a message of no bytes costs as well */
	KUNIT_EXPECT_TRUE(test, rdm_txq_admits(&b->q, m0));
	KUNIT_EXPECT_FALSE(test, rdm_txq_admits(&b->q, m1));
	b->q.win_charge += RDM_MSG_OVERHEAD;
	KUNIT_EXPECT_TRUE(test, rdm_txq_admits(&b->q, m1));
	b->q.win_seq = 1;
	KUNIT_EXPECT_FALSE(test, rdm_txq_admits(&b->q, m1));
}

static void txqueue_probe_waits_for_the_window(struct kunit *test)
{
	struct bench *b = bench(test, 0);
	struct rdm_txmsg *m = push(b, 5000);

	b->q.win_charge = 0;
	rdm_txq_bind(&b->q, m);
	b->q.probing = m;
	KUNIT_EXPECT_FALSE(test, rdm_txq_admits(&b->q, m));
	b->q.win_charge = 5000 + RDM_MSG_OVERHEAD;
	KUNIT_EXPECT_TRUE(test, rdm_txq_admits(&b->q, m));
	b->q.win_seq = 0;
	KUNIT_EXPECT_FALSE(test, rdm_txq_admits(&b->q, m));
}

static void txqueue_sequence_ends_below_the_last(struct kunit *test)
{
	struct bench *b = bench(test, U64_MAX - 2);
	struct rdm_txmsg *m[3] = { push(b, 1), push(b, 1), push(b, 1) };

	b->q.win_seq = U64_MAX;
	first_time(b, m[0], 1);
	first_time(b, m[1], 1);
	KUNIT_EXPECT_TRUE(test, m[1]->seq == U64_MAX - 1);
	KUNIT_EXPECT_FALSE(test, rdm_txq_admits(&b->q, m[2]));
}

static void txqueue_ack_of_a_bundle_finishes_each(struct kunit *test)
{
	struct bench *b = bench(test, 10);
	struct rdm_txmsg *m, *first = push(b, 10);
	struct rdm_sent *s;
	u64 seq = 10;

	push(b, 20);
	push(b, 0);
	for (m = first; m; m = b->q.unsent)
		first_time(b, m, 1);
	s = pack(b, first, 0, 3);
	KUNIT_EXPECT_TRUE(test, rdm_txq_needed(s));
	KUNIT_EXPECT_EQ(test, b->q.bytes, 30);
	rdm_txq_credit(&b->q, s, &b->out);
	KUNIT_EXPECT_FALSE(test, rdm_txq_needed(s));
	KUNIT_EXPECT_EQ(test, count(&b->out.done), 3);
	list_for_each_entry(m, &b->out.done, done) {
		KUNIT_EXPECT_EQ(test, m->seq, seq++);
		KUNIT_EXPECT_EQ(test, m->error, 0);
		KUNIT_EXPECT_EQ(test, m->fate, RDM_FATE_QUEUED);
	}
	/* the packet's record still points at them */
	KUNIT_EXPECT_EQ(test, count(&b->out.dead), 0);
	rdm_txq_unref(s, &b->out);
	KUNIT_EXPECT_EQ(test, count(&b->out.dead), 3);
	KUNIT_EXPECT_EQ(test, b->q.n, 0);
	KUNIT_EXPECT_EQ(test, b->q.nbound, 0);
	KUNIT_EXPECT_EQ(test, b->q.bytes, 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&b->q.msgs));
}

static void txqueue_message_dies_when_its_last_packet_goes(struct kunit *test)
{
	struct bench *b = bench(test, 0);
	struct rdm_txmsg *m0 = push(b, 1), *m1 = push(b, 1);
	struct rdm_sent *both, *again;

	first_time(b, m0, 1);
	first_time(b, m1, 1);
	both = pack(b, m0, 0, 2);
	again = pack(b, m0, 0, 2);
	rdm_txq_credit(&b->q, again, &b->out);
	rdm_txq_unref(again, &b->out);
	KUNIT_EXPECT_EQ(test, count(&b->out.done), 2);
	KUNIT_EXPECT_EQ(test, count(&b->out.dead), 0);
	/* a second ack is no second outcome */
	rdm_txq_credit(&b->q, both, &b->out);
	KUNIT_EXPECT_EQ(test, count(&b->out.done), 2);
	rdm_txq_unref(both, &b->out);
	KUNIT_EXPECT_EQ(test, count(&b->out.dead), 2);
}

static void txqueue_fragments_count_once(struct kunit *test)
{
	struct bench *b = bench(test, 0);
	struct rdm_txmsg *m = push(b, 2 * STRIDE + 1);
	struct rdm_sent *s[3];
	u16 i;

	KUNIT_ASSERT_EQ(test, m->nfrags, 3);
	for (i = 0; i < 3; i++) {
		first_time(b, m, 1);
		s[i] = pack(b, m, i, 1);
	}
	KUNIT_EXPECT_NULL(test, b->q.unsent);
	rdm_txq_credit(&b->q, s[0], &b->out);
	rdm_txq_credit(&b->q, s[0], &b->out);
	rdm_txq_credit(&b->q, s[2], &b->out);
	KUNIT_EXPECT_EQ(test, m->nacked, 2);
	KUNIT_EXPECT_FALSE(test, rdm_txq_needed(s[0]));
	KUNIT_EXPECT_TRUE(test, rdm_txq_needed(s[1]));
	KUNIT_EXPECT_FALSE(test, m->finished);
	rdm_txq_credit(&b->q, s[1], &b->out);
	KUNIT_EXPECT_TRUE(test, m->finished);
}

static void txqueue_recut_sends_all_again(struct kunit *test)
{
	struct bench *b = bench(test, 0);
	struct rdm_txmsg *m = push(b, 3 * STRIDE), *later = push(b, 5);
	struct rdm_sent *old;

	first_time(b, m, 3);
	first_time(b, later, 1);
	old = pack(b, m, 0, 1);
	rdm_txq_credit(&b->q, old, &b->out);
	KUNIT_EXPECT_EQ(test, m->nacked, 1);
	rdm_txq_recut(&b->q, m, RDM_MIN_STRIDE);
	KUNIT_EXPECT_EQ(test, m->nfrags, 5);
	KUNIT_EXPECT_EQ(test, m->nacked, 0);
	KUNIT_EXPECT_PTR_EQ(test, b->q.unsent, m);
	KUNIT_EXPECT_TRUE(test, bitmap_empty(m->acked, m->nfrags));
	/* what was cut otherwise counts for nothing, and is not worth repeating */
	KUNIT_EXPECT_FALSE(test, rdm_txq_needed(old));
	rdm_txq_credit(&b->q, old, &b->out);
	KUNIT_EXPECT_EQ(test, m->nacked, 0);
	/* it keeps its place */
	KUNIT_EXPECT_EQ(test, m->seq, 0);
	first_time(b, m, 5);
	KUNIT_EXPECT_NULL(test, b->q.unsent);
}

static void txqueue_failure_is_one_outcome(struct kunit *test)
{
	struct bench *b = bench(test, 0);
	struct rdm_txmsg *m0 = push(b, 1), *m1 = push(b, 1);
	struct rdm_sent *s;

	first_time(b, m0, 1);
	s = pack(b, m0, 0, 1);
	rdm_txq_finish(&b->q, m0, ETIMEDOUT, &b->out);
	rdm_txq_finish(&b->q, m0, ECONNRESET, &b->out);
	rdm_txq_credit(&b->q, s, &b->out);
	KUNIT_EXPECT_EQ(test, count(&b->out.done), 1);
	KUNIT_EXPECT_EQ(test, m0->error, ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, m0->fate, RDM_FATE_UNKNOWN);
	KUNIT_EXPECT_PTR_EQ(test, b->q.unsent, m1);
	rdm_txq_finish(&b->q, m1, ETIMEDOUT, &b->out);
	KUNIT_EXPECT_NULL(test, b->q.unsent);
	/* nothing points at the second: it goes at once */
	KUNIT_EXPECT_EQ(test, count(&b->out.dead), 1);
	KUNIT_EXPECT_EQ(test, b->q.n, 0);
}

static void txqueue_unbind_takes_all_sending_back(struct kunit *test)
{
	struct bench *b = bench(test, 0);
	struct rdm_txmsg *m0 = push(b, 2 * STRIDE), *m1 = push(b, 1);

	first_time(b, m0, 2);
	first_time(b, m1, 1);
	KUNIT_EXPECT_NULL(test, b->q.unsent);
	rdm_txq_unbind(&b->q, false);
	KUNIT_EXPECT_PTR_EQ(test, b->q.unsent, m0);
	KUNIT_EXPECT_FALSE(test, m0->bound || m1->bound);
	KUNIT_EXPECT_EQ(test, m0->next, 0);
	KUNIT_EXPECT_EQ(test, b->q.nbound, 0);
	KUNIT_EXPECT_EQ(test, b->q.n, 2);
}

static void txqueue_unbind_remembers_the_doubt(struct kunit *test)
{
	struct bench *b = bench(test, 0);
	struct rdm_txmsg *m0 = push(b, 1), *m1 = push(b, 1);

	first_time(b, m0, 1);
	rdm_txq_unbind(&b->q, true);
	rdm_txq_finish(&b->q, m0, ETIMEDOUT, &b->out);
	rdm_txq_finish(&b->q, m1, ETIMEDOUT, &b->out);
	KUNIT_EXPECT_EQ(test, m0->fate, RDM_FATE_UNKNOWN);
	KUNIT_EXPECT_EQ(test, m1->fate, RDM_FATE_NEVER_SENT);
}

static void txqueue_given_up_stays_until_skip_is_known(struct kunit *test)
{
	struct bench *b = bench(test, 5);
	struct rdm_txmsg *m0 = push(b, 1), *m1 = push(b, 1), *first = NULL;

	first_time(b, m0, 1);
	rdm_txq_give_up(&b->q, m0, ETIME, &b->out);
	rdm_txq_give_up(&b->q, m1, ETIME, &b->out);
	rdm_txq_give_up(&b->q, m0, ECOMM, &b->out);
	KUNIT_EXPECT_EQ(test, count(&b->out.done), 2);
	KUNIT_EXPECT_EQ(test, m0->error, ETIME);
	KUNIT_EXPECT_EQ(test, m1->fate, RDM_FATE_NEVER_SENT);
	/* the second was never sent: there is nothing to tell of it */
	KUNIT_EXPECT_EQ(test, count(&b->out.dead), 1);
	KUNIT_EXPECT_EQ(test, rdm_txq_skip_run(&b->q, &first), 1);
	KUNIT_EXPECT_PTR_EQ(test, first, m0);
	rdm_txq_skip(&b->q, 5, 1, RDM_SKIP_TOLD, &b->out);
	KUNIT_EXPECT_EQ(test, rdm_txq_skip_run(&b->q, &first), 0);
	rdm_txq_skip(&b->q, 5, 1, RDM_SKIP_DUE, &b->out);
	KUNIT_EXPECT_EQ(test, rdm_txq_skip_run(&b->q, &first), 1);
	KUNIT_EXPECT_EQ(test, count(&b->out.dead), 1);
	rdm_txq_skip(&b->q, 5, 1, RDM_SKIP_NONE, &b->out);
	KUNIT_EXPECT_EQ(test, count(&b->out.dead), 2);
	KUNIT_EXPECT_EQ(test, b->q.nskip, 0);
	KUNIT_EXPECT_EQ(test, b->q.ndue, 0);
	/* a second ack of it, or its loss, is no news */
	rdm_txq_skip(&b->q, 5, 1, RDM_SKIP_DUE, &b->out);
	KUNIT_EXPECT_EQ(test, b->q.ndue, 0);
}

static void txqueue_skip_runs_have_no_gaps(struct kunit *test)
{
	struct bench *b = bench(test, 0);
	struct rdm_txmsg *m[6], *first = NULL;
	u16 i;

	for (i = 0; i < 6; i++) {
		m[i] = push(b, 1);
		first_time(b, m[i], 1);
	}
	/* 0 is open, 3 was acked and is gone, 1 2 4 5 are given up */
	rdm_txq_finish(&b->q, m[3], 0, &b->out);
	for (i = 1; i < 6; i++)
		rdm_txq_give_up(&b->q, m[i], ETIME, &b->out);
	KUNIT_EXPECT_EQ(test, rdm_txq_skip_run(&b->q, &first), 2);
	KUNIT_EXPECT_PTR_EQ(test, first, m[1]);
	rdm_txq_skip(&b->q, 1, 2, RDM_SKIP_TOLD, &b->out);
	KUNIT_EXPECT_EQ(test, rdm_txq_skip_run(&b->q, &first), 2);
	KUNIT_EXPECT_PTR_EQ(test, first, m[4]);
	/* the end of the association tells nobody */
	rdm_txq_skip_none(&b->q, &b->out);
	KUNIT_EXPECT_EQ(test, b->q.nskip, 0);
	KUNIT_EXPECT_EQ(test, rdm_txq_skip_run(&b->q, &first), 0);
	KUNIT_EXPECT_EQ(test, count(&b->out.dead), 5);
}

static void txqueue_expires_what_is_due_only(struct kunit *test)
{
	struct bench *b = bench(test, 0);
	struct rdm_txmsg *m[4];
	u16 i;

	for (i = 0; i < 4; i++) {
		m[i] = &b->msg[b->nmsgs++];
		rdm_txmsg_init(m[i], 1, STRIDE, NULL);
		m[i]->deadline = i ? 100 * i : 0;
		rdm_txq_push(&b->q, m[i]);
	}
	KUNIT_EXPECT_EQ(test, b->q.deadline, 100);
	rdm_txq_expire(&b->q, 99, &b->out);
	KUNIT_EXPECT_EQ(test, count(&b->out.done), 0);
	rdm_txq_expire(&b->q, 200, &b->out);
	KUNIT_EXPECT_EQ(test, count(&b->out.done), 2);
	KUNIT_EXPECT_TRUE(test, m[1]->error == ETIME && m[2]->error == ETIME);
	KUNIT_EXPECT_EQ(test, b->q.deadline, 300);
	rdm_txq_finish(&b->q, m[3], 0, &b->out);
	rdm_txq_expire(&b->q, 300, &b->out);
	KUNIT_EXPECT_EQ(test, m[3]->error, 0);
	KUNIT_EXPECT_TRUE(test, b->q.deadline == U64_MAX);
	KUNIT_EXPECT_PTR_EQ(test, b->q.unsent, m[0]);
}

static void txqueue_once_is_no_window_probe(struct kunit *test)
{
	struct bench *b = bench(test, 0);
	struct rdm_txmsg *once = push(b, 7000), *other = push(b, 7000);

	once->mode = RDM_AT_MOST_ONCE;
	b->q.win_size = 6400;
	b->q.win_charge = 6400 - 6400 / RDM_WINDOW_KEPT - 1;
	KUNIT_EXPECT_FALSE(test, rdm_txq_admits(&b->q, once));
	/* longer than the window ever is: all of it will do, but for what is not worth telling */
	b->q.win_charge++;
	KUNIT_EXPECT_TRUE(test, rdm_txq_admits(&b->q, once));
	KUNIT_EXPECT_FALSE(test, rdm_txq_admits(&b->q, other));
	first_time(b, once, 1);
	b->q.win_charge = 6400;
	other->mode = RDM_AT_MOST_ONCE;
	KUNIT_EXPECT_FALSE(test, rdm_txq_admits(&b->q, other));
}

static struct kunit_case txqueue_cases[] = {
	KUNIT_CASE(txqueue_fragments_cover_the_message),
	KUNIT_CASE(txqueue_window_admits_in_order),
	KUNIT_CASE(txqueue_probe_waits_for_the_window),
	KUNIT_CASE(txqueue_sequence_ends_below_the_last),
	KUNIT_CASE(txqueue_ack_of_a_bundle_finishes_each),
	KUNIT_CASE(txqueue_message_dies_when_its_last_packet_goes),
	KUNIT_CASE(txqueue_fragments_count_once),
	KUNIT_CASE(txqueue_recut_sends_all_again),
	KUNIT_CASE(txqueue_failure_is_one_outcome),
	KUNIT_CASE(txqueue_unbind_takes_all_sending_back),
	KUNIT_CASE(txqueue_unbind_remembers_the_doubt),
	KUNIT_CASE(txqueue_given_up_stays_until_skip_is_known),
	KUNIT_CASE(txqueue_skip_runs_have_no_gaps),
	KUNIT_CASE(txqueue_expires_what_is_due_only),
	KUNIT_CASE(txqueue_once_is_no_window_probe),
	{}
};

static struct kunit_suite txqueue_suite = {
	.name = "rdm_txqueue",
	.test_cases = txqueue_cases,
};

kunit_test_suite(txqueue_suite);
