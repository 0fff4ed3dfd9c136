// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of assoc_tx: modes and deadlines: what is never sent again, what
 * is given up and told so (SKIP), what goes to a successor. What SKIP does at
 * the receiver is in assoc_rx_test.c.
 */
#include "assoc_talk.h"

#define ONCE	RDM_AT_MOST_ONCE
#define LEAST	RDM_AT_LEAST_ONCE
#define EXACTLY	RDM_EXACTLY_ONCE

/* Send all there is and lose it. Returns in how many packets @m was, and SKIP. */
static u32 lose(struct pair *p, struct rdm_txmsg *m, u32 *skips)
{
	struct rdm_txmsg *t;
	struct rdm_frame f;
	u32 n = 0;
	u16 i;

	while (next(p, &p->a)) {
		t = p->a.plan.msg;
		for (i = 0; p->a.plan.kind != RDM_PLAN_RAW && i < p->a.plan.n;
		     i++, t = list_next_entry(t, node))
			n += t == m && !t->finished;
		if (skips)
			*skips += has(&p->a, RDM_FRAME_SKIP, &f);
	}
	return n;
}

/* Both ends agree on everything that was sent. */
static void expect_even(struct kunit *test, struct pair *p)
{
	struct end *a = &p->a, *b = &p->b;

	KUNIT_EXPECT_EQ(test, a->a.txq.nskip, 0);
	KUNIT_EXPECT_EQ(test, a->a.txq.ndue, 0);
	KUNIT_EXPECT_EQ(test, a->a.txq.nbound, 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&a->a.txq.msgs));
	KUNIT_EXPECT_EQ(test, b->a.seqs.floor, a->a.txq.next_seq);
	KUNIT_EXPECT_EQ(test, b->a.rx_charge, a->a.txq.charge);
}

/* Timers of both ends, until nothing waits. */
static void finish_all(struct kunit *test, struct pair *p)
{
	u32 n = 0;

	rest(p);
	while (p->a.a.txq.n || p->a.a.txq.nskip) {
		KUNIT_ASSERT_LT(test, n++, 50);
		pass(p, &p->a, rdm_assoc_deadline(&p->a.a));
		rest(p);
	}
}

static void assoc_tx_once_is_never_sent_again(struct kunit *test)
{
	struct pair *p = pair(test);
	struct rdm_txmsg *m;
	u32 i;

	establish(test, p);
	m = push_mode(p, &p->a, 100, ONCE, 0);
	KUNIT_EXPECT_EQ(test, lose(p, m, NULL), 1);
	/* silence is no proof of loss */
	for (i = 0; i < 6; i++) {
		pass(p, &p->a, rdm_assoc_deadline(&p->a.a));
		KUNIT_EXPECT_EQ(test, lose(p, m, NULL), 0);
	}
	KUNIT_EXPECT_FALSE(test, m->finished);
	finish_all(test, p);
	KUNIT_EXPECT_EQ(test, m->error, ECOMM);
	KUNIT_EXPECT_EQ(test, m->fate, RDM_FATE_UNKNOWN);
	KUNIT_EXPECT_EQ(test, p->b.got, 1);
	expect_even(test, p);
}

static void assoc_tx_once_shares_packets_with_its_like(struct kunit *test)
{
	struct pair *p = pair(test);

	establish(test, p);
	push_mode(p, &p->a, 1, ONCE, 0);
	push_mode(p, &p->a, 1, ONCE, 0);
	push_mode(p, &p->a, 1, EXACTLY, 0);
	push_mode(p, &p->a, 1, LEAST, 0);
	KUNIT_ASSERT_TRUE(test, next(p, &p->a));
	KUNIT_EXPECT_EQ(test, p->a.plan.n, 2);
	KUNIT_ASSERT_TRUE(test, next(p, &p->a));
	KUNIT_EXPECT_EQ(test, p->a.plan.n, 2);
}

static void assoc_tx_once_waits_for_the_window(struct kunit *test)
{
	struct pair *p = pair(test);
	struct rdm_txmsg *m;
	struct rdm_frame f;
	u32 i, pings = 0;

	establish(test, p);
	for (i = 0; i < 5; i++)
		push(p, &p->a, 1400);
	m = push_mode(p, &p->a, 1400, ONCE, 0);
	rest(p);
	KUNIT_EXPECT_EQ(test, p->b.got, 1 + 5);
	for (i = 0; i < 20; i++) {
		pass(p, &p->a, rdm_assoc_deadline(&p->a.a));
		while (next(p, &p->a)) {
			pings += has(&p->a, RDM_FRAME_PING, &f);
			carry(p, &p->a, &p->b);
		}
		rest(p);
		KUNIT_ASSERT_FALSE(test, m->bound);
	}
	KUNIT_EXPECT_GE(test, pings, 5);
	rdm_assoc_rx_consumed(&p->b.a, p->b.charge, &p->b.out);
	rest(p);
	KUNIT_EXPECT_EQ(test, p->b.got, 7);
	KUNIT_EXPECT_TRUE(test, m->finished && !m->error);
	expect_even(test, p);
}

static void assoc_tx_once_longer_than_the_window_goes_when_all_is_read(struct kunit *test)
{
	struct pair *p = pair(test);
	struct rdm_txmsg *m;

	establish(test, p);
	rdm_assoc_set_mtu(&p->a.a, p->now, 30000);
	p->a.a.peer_max_msg = 20000;
	p->b.a.cfg.max_msg = 20000;
	push(p, &p->a, 1000);
	m = push_mode(p, &p->a, WINDOW + 1, ONCE, 0);
	rest(p);
	KUNIT_EXPECT_EQ(test, p->b.got, 2);
	KUNIT_EXPECT_FALSE(test, m->bound);
	rdm_assoc_rx_consumed(&p->b.a, p->b.charge, &p->b.out);
	rest(p);
	KUNIT_EXPECT_EQ(test, p->b.got, 3);
	KUNIT_EXPECT_TRUE(test, m->finished && !m->error);
}

static void assoc_tx_reopened_window_does_not_end_once(struct kunit *test)
{
	struct rdm_frame w = { .type = RDM_FRAME_WINDOW, .flags = RDM_WINDOW_REOPENED }, f;
	struct rdm_txmsg *once, *other;
	struct pair *p = pair(test);

	establish(test, p);
	once = push_mode(p, &p->a, 1400, ONCE, 0);
	KUNIT_ASSERT_TRUE(test, next(p, &p->a));
	carry(p, &p->a, &p->b);
	other = push_mode(p, &p->a, 1400, EXACTLY, 0);
	lose(p, other, NULL);
	/* the ack of the first is still on its way */
	rdm_assoc_rx_ctl(&p->a.a, p->now, 1000, &w, &p->a.out);
	KUNIT_ASSERT_TRUE(test, next(p, &p->a));
	KUNIT_EXPECT_PTR_EQ(test, p->a.plan.msg, other);
	KUNIT_EXPECT_TRUE(test, has(&p->a, RDM_FRAME_PING, &f));
	KUNIT_EXPECT_FALSE(test, once->finished);
	carry(p, &p->a, &p->b);
	rest(p);
	KUNIT_EXPECT_TRUE(test, once->finished && !once->error);
}

/* Where the refusing receiver waits for the very packet that is lost, only a word tells. */
static void assoc_tx_probes_ask_alone_when_a_loss_must_show(struct kunit *test)
{
	struct pair *p = pair(test);
	struct rdm_txmsg *once;
	u32 i;

	establish(test, p);
	p->b.full = true;
	once = push_mode(p, &p->a, 1400, ONCE, 0);
	lose(p, once, NULL);
	push(p, &p->a, 1400);
	for (i = 0; i < 4 && !once->finished; i++) {
		rest(p);
		pass(p, &p->a, rdm_assoc_deadline(&p->a.a));
	}
	rest(p);
	KUNIT_EXPECT_EQ(test, once->error, ECOMM);
}

static void assoc_tx_path_shrinks_under_once(struct kunit *test)
{
	struct rdm_txmsg *m = NULL, *longer;
	struct pair *p = pair(test);
	unsigned long acked = 0, acked_longer = 0;

	establish(test, p);
	m = &p->a.msg[p->a.nmsgs++];
	rdm_txmsg_init(m, 2800, 1400, &acked);
	m->mode = ONCE;
	p->now += 5 * MS;
	/* the first half goes, and there is no window for more packets */
	p->a.a.hot->cong.cwnd = 1;
	rdm_assoc_push(&p->a.a, p->now, m, &p->a.out);
	KUNIT_ASSERT_TRUE(test, next(p, &p->a));
	KUNIT_ASSERT_EQ(test, m->next, 1);
	p->a.a.hot->cong.cwnd = 100000;
	longer = push_mode(p, &p->a, p->a.a.peer_max_msg + 1, EXACTLY, 0);
	longer->acked = &acked_longer;
	rdm_assoc_set_mtu(&p->a.a, p->now, 1100);
	while (next(p, &p->a))
		KUNIT_EXPECT_LE(test, p->a.plan.size, 1100);
	/* it cannot be cut anew; and the next one is looked at as ever */
	KUNIT_EXPECT_EQ(test, m->error, ECOMM);
	KUNIT_EXPECT_EQ(test, longer->error, EMSGSIZE);
	KUNIT_EXPECT_FALSE(test, longer->bound);
}

static void assoc_tx_deadline_before_it_is_sent(struct kunit *test)
{
	struct pair *p = pair(test);
	struct rdm_txmsg *m;

	rdm_assoc_open(&p->a.a, p->now, &p->a.out);
	m = push_mode(p, &p->a, 100, EXACTLY, p->now + 50 * MS);
	while (next(p, &p->a))
		;
	KUNIT_EXPECT_EQ(test, rdm_assoc_deadline(&p->a.a), m->deadline);
	pass(p, &p->a, m->deadline - 1);
	KUNIT_EXPECT_FALSE(test, m->finished);
	pass(p, &p->a, m->deadline);
	KUNIT_EXPECT_EQ(test, m->error, ETIME);
	KUNIT_EXPECT_EQ(test, m->fate, RDM_FATE_NEVER_SENT);
	/* no sequence was used, so there is nothing to tell */
	KUNIT_EXPECT_EQ(test, p->a.a.txq.nskip, 0);
	KUNIT_EXPECT_EQ(test, p->a.done, 1);
	init_ack(p);
	while (next(p, &p->a))
		KUNIT_EXPECT_PTR_EQ(test, p->a.plan.msg, NULL);
}

static void assoc_tx_deadline_of_what_was_sent(struct kunit *test)
{
	struct pair *p = pair(test);
	struct rdm_txmsg *m;
	u32 skips = 0;

	establish(test, p);
	m = push_mode(p, &p->a, 100, EXACTLY, p->now + SEC);
	KUNIT_EXPECT_EQ(test, lose(p, m, NULL), 1);
	p->now = m->deadline;
	/* no timer has run: a packet that is made now has nothing of it all the same */
	KUNIT_EXPECT_EQ(test, lose(p, m, &skips), 0);
	KUNIT_EXPECT_EQ(test, m->error, ETIME);
	KUNIT_EXPECT_EQ(test, m->fate, RDM_FATE_UNKNOWN);
	KUNIT_EXPECT_EQ(test, skips, 1);
	/* SKIP was lost, too: it is told until it is known */
	KUNIT_EXPECT_TRUE(test, rdm_assoc_deadline(&p->a.a) != U64_MAX);
	finish_all(test, p);
	KUNIT_EXPECT_EQ(test, p->b.got, 1);
	expect_even(test, p);
}

static void assoc_tx_skip_does_not_wait_for_older_messages(struct kunit *test)
{
	struct rdm_txmsg *m0, *m1;
	struct pair *p = pair(test);
	u32 skips = 0;

	establish(test, p);
	m0 = push_mode(p, &p->a, 1400, EXACTLY, 0);
	m1 = push_mode(p, &p->a, 1400, EXACTLY, p->now + 10 * MS);
	lose(p, m0, NULL);
	p->now = m1->deadline;
	/* parts of it may take the very room that m0 needs */
	lose(p, m0, &skips);
	KUNIT_EXPECT_EQ(test, skips, 1);
	KUNIT_EXPECT_FALSE(test, m0->finished);
}

/* A probe replaces a packet of which nobody will say that it is lost: SKIP goes with it. */
static void assoc_tx_replaced_packet_repeats_its_skip(struct kunit *test)
{
	struct rdm_txmsg *m0, *m1;
	struct pair *p = pair(test);
	u32 i, skips = 0;

	establish(test, p);
	push(p, &p->a, 100);
	lose(p, NULL, NULL);
	m0 = push_mode(p, &p->a, 100, EXACTLY, p->now + 10 * MS);
	lose(p, m0, NULL);
	p->now = m0->deadline;
	m1 = push_mode(p, &p->a, 100, EXACTLY, 0);
	KUNIT_EXPECT_EQ(test, lose(p, m1, &skips), 1);
	KUNIT_ASSERT_EQ(test, skips, 1);
	for (i = 0; i < 8; i++) {
		pass(p, &p->a, rdm_assoc_deadline(&p->a.a));
		lose(p, m1, &skips);
	}
	KUNIT_EXPECT_GE(test, skips, 2);
	finish_all(test, p);
	expect_even(test, p);
}

static void assoc_tx_idle_close_waits_for_skip(struct kunit *test)
{
	struct pair *p = pair(test);
	struct rdm_txmsg *m;
	u64 skipped;

	establish(test, p);
	m = push_mode(p, &p->a, 100, EXACTLY, p->now + 10 * MS);
	lose(p, m, NULL);
	pass(p, &p->a, m->deadline);
	skipped = p->now;
	while (p->now < skipped + 29 * SEC) {
		lose(p, m, NULL);
		KUNIT_ASSERT_EQ(test, p->a.a.state, RDM_ASSOC_ESTABLISHED);
		pass(p, &p->a, rdm_assoc_deadline(&p->a.a));
	}
	/* a peer that never acks it is given up like any other */
	alone(test, p, &p->a);
	KUNIT_EXPECT_EQ(test, p->a.a.error, ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, p->a.done, 2);
	KUNIT_EXPECT_TRUE(test, list_empty(&p->a.a.txq.msgs));
}

static void assoc_tx_least_goes_to_the_successor(struct kunit *test)
{
	struct rdm_txmsg *least, *exactly, *once, *fresh;
	struct pair *p = pair(test);
	struct end *succ = kunit_kzalloc(test, sizeof(*succ), GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, succ);
	establish(test, p);
	least = push_mode(p, &p->a, 1400, LEAST, 0);
	exactly = push_mode(p, &p->a, 1400, EXACTLY, 0);
	once = push_mode(p, &p->a, 1400, ONCE, 0);
	lose(p, least, NULL);
	fresh = push_mode(p, &p->a, 1400, EXACTLY, 0);
	rdm_assoc_rx_reset(&p->a.a, p->a.a.peer_tag, RDM_RESET_CLOSED, &p->a.out);
	settle(&p->a);
	KUNIT_EXPECT_TRUE(test, exactly->error == ECONNRESET && once->error == ECONNRESET);
	KUNIT_EXPECT_FALSE(test, least->finished || least->bound || fresh->finished);
	end_init(succ, 3, 0, 0);
	rdm_assoc_splice(&succ->a, &p->a.a);
	KUNIT_EXPECT_EQ(test, succ->a.txq.n, 2);
	KUNIT_EXPECT_PTR_EQ(test, succ->a.txq.unsent, least);
	/* nobody there: it goes on to ask, for this one, and says at last why */
	rdm_assoc_open(&succ->a, p->now, &succ->out);
	rdm_assoc_rx_reset(&succ->a, succ->a.local_tag, RDM_RESET_CLOSED, &succ->out);
	settle(succ);
	KUNIT_EXPECT_EQ(test, fresh->error, ECONNREFUSED);
	KUNIT_EXPECT_EQ(test, fresh->fate, RDM_FATE_NEVER_SENT);
	KUNIT_EXPECT_EQ(test, succ->a.state, RDM_ASSOC_INIT_SENT);
	KUNIT_EXPECT_EQ(test, alone(test, p, succ), 30 * SEC);
	KUNIT_EXPECT_EQ(test, least->error, ECONNREFUSED);
	/* the first association may have delivered it */
	KUNIT_EXPECT_EQ(test, least->fate, RDM_FATE_UNKNOWN);
}

static void assoc_tx_stale_cookie_ends_once_only(struct kunit *test)
{
	struct rdm_txmsg *least, *exactly, *once;
	struct pair *p = pair(test);

	rdm_assoc_open(&p->a.a, p->now, &p->a.out);
	next(p, &p->a);
	init_ack(p);
	least = push_mode(p, &p->a, 1400, LEAST, 0);
	exactly = push_mode(p, &p->a, 1400, EXACTLY, 0);
	once = push_mode(p, &p->a, 1400, ONCE, 0);
	lose(p, once, NULL);
	rdm_assoc_rx_reset(&p->a.a, p->a.a.peer_tag, RDM_RESET_STALE, &p->a.out);
	settle(&p->a);
	KUNIT_EXPECT_EQ(test, once->error, ECOMM);
	KUNIT_EXPECT_EQ(test, p->a.a.txq.n, 2);
	/* nothing of them has arrived */
	KUNIT_EXPECT_FALSE(test, least->doubt || exactly->doubt);
}

static void assoc_tx_nothing_new_while_close_is_out(struct kunit *test)
{
	struct pair *p = pair(test);
	struct rdm_txmsg *m;
	struct rdm_frame f;
	u32 i;

	establish(test, p);
	pass(p, &p->a, p->a.a.last_active + 300 * SEC);
	/* this CLOSE may be delayed for as long as it likes */
	KUNIT_ASSERT_TRUE(test, next(p, &p->a));
	KUNIT_ASSERT_TRUE(test, has(&p->a, RDM_FRAME_CLOSE, &f));
	push(p, &p->b, 1);
	KUNIT_ASSERT_TRUE(test, next(p, &p->b));
	carry(p, &p->b, &p->a);
	KUNIT_ASSERT_EQ(test, p->a.a.state, RDM_ASSOC_ESTABLISHED);
	m = push_mode(p, &p->a, 1, EXACTLY, 0);
	for (i = 0; i < 6; i++) {
		KUNIT_EXPECT_EQ(test, lose(p, m, NULL), 0);
		pass(p, &p->a, rdm_assoc_deadline(&p->a.a));
	}
	/* one word about a later packet, and the CLOSE is void */
	rest(p);
	KUNIT_EXPECT_TRUE(test, m->finished && !m->error);
}

static void assoc_tx_late_reset_does_not_end_closing(struct kunit *test)
{
	struct pair *p = pair(test);

	establish(test, p);
	pass(p, &p->a, p->a.a.last_active + 300 * SEC);
	next(p, &p->a);
	rdm_assoc_rx_reset(&p->a.a, p->a.a.peer_tag, RDM_RESET_NO_ASSOC, &p->a.out);
	KUNIT_EXPECT_EQ(test, p->a.a.state, RDM_ASSOC_CLOSING);
	lose(p, NULL, NULL);
	pass(p, &p->a, rdm_assoc_deadline(&p->a.a));
	while (!p->a.a.doubt) {
		lose(p, NULL, NULL);
		pass(p, &p->a, rdm_assoc_deadline(&p->a.a));
	}
	rdm_assoc_rx_reset(&p->a.a, p->a.a.peer_tag, RDM_RESET_NO_ASSOC, &p->a.out);
	KUNIT_EXPECT_EQ(test, p->a.a.state, RDM_ASSOC_CLOSED);
}

/* Packets do not say from which attempt of the peer they are: its tag must tell. */
static void assoc_tx_one_attempt_is_told_our_tag(struct kunit *test)
{
	struct pair *p = pair(test);
	struct rdm_params first, second;

	rdm_assoc_params(&p->b.a, &first);
	second = first;
	second.tag++;
	KUNIT_EXPECT_EQ(test, rdm_assoc_meet(&p->a.a, p->now, &first), 0);
	rdm_assoc_open(&p->a.a, p->now, &p->a.out);
	KUNIT_EXPECT_EQ(test, rdm_assoc_meet(&p->a.a, p->now, &first), p->a.a.local_tag);
	KUNIT_EXPECT_EQ(test, rdm_assoc_meet(&p->a.a, p->now, &second), 0);
	KUNIT_EXPECT_EQ(test, rdm_assoc_meet(&p->a.a, p->now, &first), p->a.a.local_tag);
	next(p, &p->a);
	init_ack(p);
	KUNIT_EXPECT_EQ(test, rdm_assoc_meet(&p->a.a, p->now + RDM_COOKIE_LIFE, &first),
			p->a.a.local_tag);
	KUNIT_EXPECT_EQ(test, rdm_assoc_meet(&p->a.a, p->now + RDM_COOKIE_LIFE + 1, &first), 0);
	first.incarnation++;
	KUNIT_EXPECT_EQ(test, rdm_assoc_meet(&p->a.a, p->now, &first), 0);
}

/* Packets to a tag that was told to one life of the peer must not count as another's. */
static void assoc_tx_tag_told_to_another_life_is_given_up(struct kunit *test)
{
	struct pair *p = pair(test);
	struct rdm_params told, late;
	struct rdm_cookie ck = { .tag = 99 };
	u32 i;

	push(p, &p->a, 100);
	rdm_assoc_open(&p->a.a, p->now, &p->a.out);
	next(p, &p->a);
	rdm_assoc_params(&p->b.a, &late);
	told = late;
	told.tag++;
	told.incarnation++;
	KUNIT_EXPECT_EQ(test, rdm_assoc_meet(&p->a.a, p->now, &told), p->a.a.local_tag);
	ck.peer = late;
	KUNIT_EXPECT_FALSE(test, rdm_assoc_rx_cookie(&p->a.a, p->now, &ck, &p->a.out));
	for (i = 0; i < 2; i++) {
		rdm_assoc_rx_init_ack(&p->a.a, p->now, &late, p->cookie, &p->a.out);
		KUNIT_EXPECT_EQ(test, p->a.a.state, RDM_ASSOC_INIT_SENT);
		pass(p, &p->a, rdm_assoc_deadline(&p->a.a));
		next(p, &p->a);
	}
	/* it is no straggler: on with it, by another tag */
	rdm_assoc_rx_init_ack(&p->a.a, p->now, &late, p->cookie, &p->a.out);
	settle(&p->a);
	KUNIT_EXPECT_EQ(test, p->a.a.state, RDM_ASSOC_CLOSED);
	KUNIT_EXPECT_EQ(test, p->a.failed, 0);
	KUNIT_EXPECT_EQ(test, p->a.a.txq.n, 1);
}

/* A peer that answers and takes nothing must not be sent more and more copies. */
static void assoc_tx_lost_copies_are_not_repeated(struct kunit *test)
{
	struct pair *p = pair(test);
	u32 i, k, n;

	establish(test, p);
	p->b.full = true;
	for (i = 0; i < 3; i++)
		push_mode(p, &p->a, 1, EXACTLY, 0)->solo = true;
	for (i = 0; i < 20; i++) {
		n = 0;
		while (next(p, &p->a)) {
			n++;
			carry(p, &p->a, &p->b);
		}
		KUNIT_EXPECT_LE(test, n, 5);
		/* what asks for nothing but an ack gets it, and shows that the rest is lost */
		k = p->a.a.rec.nflight;
		KUNIT_EXPECT_LE(test, k, 8);
		p->a.a.need |= RDM_CTL_PING;
		rest(p);
		pass(p, &p->a, rdm_assoc_deadline(&p->a.a));
	}
	p->b.full = false;
	finish_all(test, p);
}

static void assoc_tx_backoff_follows_the_user_timeout(struct kunit *test)
{
	struct pair *p = pair(test);
	u64 last;

	establish(test, p);
	rdm_assoc_set_user_timeout(&p->a.a, 4 * SEC);
	push(p, &p->a, 1);
	do {
		lose(p, NULL, NULL);
		last = p->now;
		pass(p, &p->a, rdm_assoc_deadline(&p->a.a));
		KUNIT_EXPECT_LE(test, p->now - last, 325 * MS);
	} while (p->a.a.state != RDM_ASSOC_CLOSED);
	KUNIT_EXPECT_EQ(test, p->a.error, ETIMEDOUT);
}

static void assoc_tx_run_of_whole_messages_has_packets_of_one_size(struct kunit *test)
{
	static const u32 len[] = { 900, 900, 700, 900 };
	struct pair *p = pair(test);
	u32 i;

	establish(test, p);
	for (i = 0; i < ARRAY_SIZE(len); i++) {
		push(p, &p->a, len[i]);
		p->a.msg[p->a.nmsgs - 1].solo = true;
		p->a.msg[p->a.nmsgs - 1].laid = true;
	}
	KUNIT_ASSERT_TRUE(test, next(p, &p->a));
	KUNIT_EXPECT_EQ(test, p->a.plan.kind, RDM_PLAN_WHOLES);
	/* the shorter one ends it */
	KUNIT_EXPECT_EQ(test, p->a.plan.n, 3);
	KUNIT_EXPECT_EQ(test, p->a.plan.nrecs, 3);
	KUNIT_EXPECT_EQ(test, p->a.plan.size, RDM_HDR_LEN + RDM_MSG_LEN + 900);
	KUNIT_EXPECT_EQ(test, p->a.a.rec.nflight, 3);
	KUNIT_ASSERT_TRUE(test, next(p, &p->a));
	KUNIT_EXPECT_EQ(test, p->a.plan.n, 1);
	KUNIT_EXPECT_FALSE(test, next(p, &p->a));
}

static void assoc_tx_run_of_fragments_goes_on_with_the_next_message(struct kunit *test)
{
	static const u32 len[] = { 2700, 2800, 2000, 2700 };
	u32 size = RDM_HDR_LEN + RDM_FRAG_LEN + 1400, i, n = 0;
	struct rdm_txmsg *m[ARRAY_SIZE(len)];
	unsigned long bits[ARRAY_SIZE(len)] = {};
	struct pair *p = pair(test);
	struct rdm_sent *s;

	establish(test, p);
	p->a.a.txq.win_charge += 100000;
	p->a.hot.cong.pace.per_byte = 0;
	for (i = 0; i < ARRAY_SIZE(len); i++)
		m[i] = push_cut(p, len[i], &bits[i]);
	/* headers cannot stand in its pages any more */
	m[3]->gen++;
	KUNIT_ASSERT_TRUE(test, next(p, &p->a));
	KUNIT_EXPECT_EQ(test, p->a.plan.kind, RDM_PLAN_FRAGS);
	KUNIT_EXPECT_PTR_EQ(test, p->a.plan.msg, m[0]);
	KUNIT_EXPECT_EQ(test, p->a.plan.n, 6);
	KUNIT_EXPECT_EQ(test, p->a.plan.nrecs, 6);
	KUNIT_EXPECT_EQ(test, p->a.plan.size, size);
	list_for_each_entry(s, &p->a.a.rec.sent, node) {
		KUNIT_EXPECT_PTR_EQ(test, s->msg, m[n / 2]);
		KUNIT_EXPECT_EQ(test, s->frag, n % 2);
		/* what is filled up counts as it is sent, and the last is not filled up */
		KUNIT_EXPECT_EQ(test, s->size, n < 5 ? size : size - 800);
		n++;
	}
	KUNIT_EXPECT_EQ(test, n, 6);
	KUNIT_EXPECT_EQ(test, p->a.a.txq.nbound, 3);
	KUNIT_ASSERT_TRUE(test, next(p, &p->a));
	KUNIT_EXPECT_PTR_EQ(test, p->a.plan.msg, m[3]);
	KUNIT_EXPECT_EQ(test, p->a.plan.n, 2);
	KUNIT_EXPECT_FALSE(test, next(p, &p->a));
}

static void assoc_tx_run_of_fragments_ends_where_the_window_does(struct kunit *test)
{
	unsigned long bits[3] = {};
	struct pair *p = pair(test);
	struct rdm_txmsg *m;
	u32 i;

	establish(test, p);
	for (i = 0; i < ARRAY_SIZE(bits); i++)
		m = push_cut(p, 2700, &bits[i]);
	/* of the peer: for two of them */
	p->a.a.txq.win_charge = p->a.a.txq.charge + 2 * rdm_msg_charge(2700);
	/* of the network: for three packets */
	p->a.hot.cong.cwnd = 3 * (RDM_HDR_LEN + RDM_FRAG_LEN + 1400);
	KUNIT_ASSERT_TRUE(test, next(p, &p->a));
	KUNIT_EXPECT_EQ(test, p->a.plan.n, 3);
	KUNIT_EXPECT_FALSE(test, next(p, &p->a));
	p->a.hot.cong.cwnd = 100000;
	KUNIT_ASSERT_TRUE(test, next(p, &p->a));
	KUNIT_EXPECT_EQ(test, p->a.plan.frag, 1);
	KUNIT_EXPECT_EQ(test, p->a.plan.n, 1);
	/* nothing follows it, so it is as long as it is */
	KUNIT_EXPECT_EQ(test, p->a.plan.size, RDM_HDR_LEN + RDM_FRAG_LEN + 1300);
	KUNIT_EXPECT_FALSE(test, next(p, &p->a));
	KUNIT_EXPECT_FALSE(test, m->bound);
}

/* Two packets of one flight, whose marks are told by an ack each. */
static void two_marks(struct kunit *test, struct pair *p)
{
	struct rdm_plan first;

	push(p, &p->a, 1000);
	KUNIT_ASSERT_TRUE(test, next(p, &p->a));
	KUNIT_EXPECT_TRUE(test, p->a.plan.ect);
	first = p->a.plan;
	push(p, &p->a, 1000);
	KUNIT_ASSERT_TRUE(test, next(p, &p->a));
	p->now += 5 * MS;
	carry(p, &p->a, &p->b);
	KUNIT_ASSERT_TRUE(test, next(p, &p->b));
	p->now += 5 * MS;
	carry(p, &p->b, &p->a);
	KUNIT_EXPECT_TRUE(test, p->a.out.acts & RDM_OUT_CE);
	p->a.out.acts = 0;
	/* overtaken, but on its way before the window was cut */
	p->a.plan = first;
	carry(p, &p->a, &p->b);
	while (next(p, &p->b))
		carry(p, &p->b, &p->a);
}

static void assoc_tx_marks_cut_the_window_once_a_round_trip(struct kunit *test)
{
	static const struct rdm_cong_ops *const ops[] = { &rdm_cong_newreno, &rdm_cong_cubic };
	static const u32 share[] = { 50, 70 };
	struct pair *p;
	u64 cwnd;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		p = pair(test);
		p->a.a.cfg.cong = ops[i];
		rdm_cong_init(&p->a.hot.cong, ops[i], 1472);
		establish(test, p);
		KUNIT_EXPECT_EQ(test, p->a.hot.ecn.state, RDM_ECN_CAPABLE);
		KUNIT_EXPECT_FALSE(test, p->a.out.acts & RDM_OUT_CE);
		cwnd = p->a.hot.cong.cwnd;
		p->ecn = RDM_ECN_CE;
		two_marks(test, p);
		KUNIT_EXPECT_EQ(test, p->a.hot.cong.cwnd, cwnd * share[i] / 100);
		KUNIT_EXPECT_EQ(test, p->a.a.rec.all_lost, 0);
		/* the next flight is another round trip */
		cwnd = p->a.hot.cong.cwnd;
		p->now += 100 * MS;
		two_marks(test, p);
		KUNIT_EXPECT_EQ(test, p->a.hot.cong.cwnd, cwnd * share[i] / 100);
		/* and a round trip without marks cuts nothing */
		cwnd = p->a.hot.cong.cwnd;
		p->ecn = RDM_ECN_ECT0;
		p->now += 100 * MS;
		p->a.out.acts = 0;
		push(p, &p->a, 1000);
		rest(p);
		KUNIT_EXPECT_GE(test, p->a.hot.cong.cwnd, cwnd);
		KUNIT_EXPECT_FALSE(test, p->a.out.acts & RDM_OUT_CE);
		KUNIT_EXPECT_EQ(test, p->a.hot.ecn.state, RDM_ECN_CAPABLE);
	}
}

static void assoc_tx_marks_end_where_they_are_removed(struct kunit *test)
{
	struct pair *p = pair(test);
	u64 cwnd;

	establish(test, p);
	cwnd = p->a.hot.cong.cwnd;
	p->ecn = RDM_ECN_NONE;
	push(p, &p->a, 1000);
	rest(p);
	KUNIT_EXPECT_EQ(test, p->a.done, 2);
	KUNIT_EXPECT_TRUE(test, p->a.out.acts & RDM_OUT_NO_ECN);
	KUNIT_EXPECT_EQ(test, p->a.hot.ecn.state, RDM_ECN_FAILED);
	KUNIT_EXPECT_GE(test, p->a.hot.cong.cwnd, cwnd);
	push(p, &p->a, 1000);
	KUNIT_ASSERT_TRUE(test, next(p, &p->a));
	KUNIT_EXPECT_FALSE(test, p->a.plan.ect);
	/* on another way they may arrive */
	rdm_assoc_new_path(&p->a.a);
	push(p, &p->a, 1000);
	KUNIT_ASSERT_TRUE(test, next(p, &p->a));
	KUNIT_EXPECT_TRUE(test, p->a.plan.ect);
}

static void assoc_tx_what_asks_again_has_no_mark_before_one_arrived(struct kunit *test)
{
	struct pair *p = pair(test);
	u32 i;

	establish(test, p);
	rdm_ecn_new_path(&p->a.hot.ecn);
	for (i = 0; i < RDM_ECN_TEST_LOST; i++) {
		KUNIT_EXPECT_NE(test, p->a.hot.ecn.state, RDM_ECN_FAILED);
		push(p, &p->a, 1000);
		KUNIT_ASSERT_TRUE(test, next(p, &p->a));
		KUNIT_EXPECT_TRUE(test, p->a.plan.ect);
		/* the network drops it, and lets through what has no mark */
		pass(p, &p->a, rdm_assoc_deadline(&p->a.a));
		while (next(p, &p->a)) {
			KUNIT_EXPECT_FALSE(test, p->a.plan.ect);
			carry(p, &p->a, &p->b);
		}
		rest(p);
		pass(p, &p->a, p->now + SEC);
		rest(p);
		KUNIT_EXPECT_EQ(test, p->a.done, i + 2);
	}
	KUNIT_EXPECT_EQ(test, p->a.hot.ecn.state, RDM_ECN_FAILED);
	KUNIT_EXPECT_TRUE(test, p->a.out.acts & RDM_OUT_NO_ECN);
}

/* Two that leave as one cost less, and window for one is soon window for two. */
static void assoc_tx_room_for_one_waits_for_two(struct kunit *test)
{
	struct pair *p = pair(test);
	u64 size = RDM_HDR_LEN + RDM_MSG_LEN + 900;
	u32 i;

	establish(test, p);
	for (i = 0; i < 6; i++) {
		push(p, &p->a, 900);
		p->a.msg[p->a.nmsgs - 1].solo = true;
		p->a.msg[p->a.nmsgs - 1].laid = true;
	}
	p->a.a.hot->cong.cwnd = 3 * size;
	KUNIT_ASSERT_TRUE(test, next(p, &p->a));
	KUNIT_EXPECT_EQ(test, p->a.plan.n, 3);
	p->a.a.hot->cong.cwnd = 4 * size;
	KUNIT_EXPECT_FALSE(test, next(p, &p->a));
	/* a device that takes one at a time gains nothing by it */
	KUNIT_ASSERT_TRUE(test, rdm_assoc_next(&p->a.a, p->now, &p->a.pool, 1, &p->a.plan,
					       &p->a.out));
	p->a.a.hot->cong.cwnd = 6 * size;
	p->now += 10 * MS;
	KUNIT_ASSERT_TRUE(test, next(p, &p->a));
	KUNIT_EXPECT_EQ(test, p->a.plan.n, 2);
}

static struct kunit_case assoc_tx_cases[] = {
	KUNIT_CASE(assoc_tx_marks_cut_the_window_once_a_round_trip),
	KUNIT_CASE(assoc_tx_marks_end_where_they_are_removed),
	KUNIT_CASE(assoc_tx_what_asks_again_has_no_mark_before_one_arrived),
	KUNIT_CASE(assoc_tx_once_is_never_sent_again),
	KUNIT_CASE(assoc_tx_once_shares_packets_with_its_like),
	KUNIT_CASE(assoc_tx_once_waits_for_the_window),
	KUNIT_CASE(assoc_tx_once_longer_than_the_window_goes_when_all_is_read),
	KUNIT_CASE(assoc_tx_reopened_window_does_not_end_once),
	KUNIT_CASE(assoc_tx_probes_ask_alone_when_a_loss_must_show),
	KUNIT_CASE(assoc_tx_path_shrinks_under_once),
	KUNIT_CASE(assoc_tx_deadline_before_it_is_sent),
	KUNIT_CASE(assoc_tx_deadline_of_what_was_sent),
	KUNIT_CASE(assoc_tx_skip_does_not_wait_for_older_messages),
	KUNIT_CASE(assoc_tx_replaced_packet_repeats_its_skip),
	KUNIT_CASE(assoc_tx_idle_close_waits_for_skip),
	KUNIT_CASE(assoc_tx_least_goes_to_the_successor),
	KUNIT_CASE(assoc_tx_stale_cookie_ends_once_only),
	KUNIT_CASE(assoc_tx_nothing_new_while_close_is_out),
	KUNIT_CASE(assoc_tx_late_reset_does_not_end_closing),
	KUNIT_CASE(assoc_tx_one_attempt_is_told_our_tag),
	KUNIT_CASE(assoc_tx_tag_told_to_another_life_is_given_up),
	KUNIT_CASE(assoc_tx_lost_copies_are_not_repeated),
	KUNIT_CASE(assoc_tx_backoff_follows_the_user_timeout),
	KUNIT_CASE(assoc_tx_run_of_whole_messages_has_packets_of_one_size),
	KUNIT_CASE(assoc_tx_run_of_fragments_goes_on_with_the_next_message),
	KUNIT_CASE(assoc_tx_run_of_fragments_ends_where_the_window_does),
	KUNIT_CASE(assoc_tx_room_for_one_waits_for_two),
	{}
};

static struct kunit_suite assoc_tx_suite = {
	.name = "rdm_assoc_tx",
	.test_cases = assoc_tx_cases,
};

kunit_test_suite(assoc_tx_suite);
