// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of assoc: single rules of an association's life, two ends wired
 * to each other packet by packet. Whole lives over bad networks are the
 * simulator's business (sim/).
 */
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/rdm.h>

#include "assoc_talk.h"

static void assoc_data_travels_with_the_cookie(struct kunit *test)
{
	struct pair *p = pair(test);
	struct rdm_frame f;

	rdm_assoc_open(&p->a.a, p->now, &p->a.out);
	push(p, &p->a, 100);
	KUNIT_EXPECT_TRUE(test, next(p, &p->a));
	KUNIT_EXPECT_FALSE(test, p->a.msg[0].bound);
	init_ack(p);
	KUNIT_EXPECT_TRUE(test, next(p, &p->a));
	KUNIT_EXPECT_TRUE(test, has(&p->a, RDM_FRAME_COOKIE, &f));
	KUNIT_EXPECT_EQ(test, p->a.plan.kind, RDM_PLAN_BUNDLE);
	KUNIT_EXPECT_EQ(test, p->a.plan.n, 1);
	KUNIT_EXPECT_TRUE(test, p->a.msg[0].bound);
	KUNIT_EXPECT_LE(test, p->a.plan.size, p->a.a.mtu);
}

static void assoc_init_is_repeated_until_given_up(struct kunit *test)
{
	struct pair *p = pair(test);
	u64 last = 0, gap = 0;
	u32 n = 0;

	rdm_assoc_open(&p->a.a, p->now, &p->a.out);
	push(p, &p->a, 1);
	while (p->a.a.state == RDM_ASSOC_INIT_SENT) {
		if (next(p, &p->a)) {
			gap = p->now - last;
			last = p->now;
			n++;
		}
		pass(p, &p->a, rdm_assoc_deadline(&p->a.a));
	}
	/* often enough that some get through, and none so late that it decides alone */
	KUNIT_EXPECT_GE(test, n, 10);
	KUNIT_EXPECT_LE(test, gap, 5 * SEC);
	KUNIT_EXPECT_EQ(test, p->now, 1030 * SEC);
	KUNIT_EXPECT_EQ(test, p->a.error, ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, p->a.fate, RDM_FATE_NEVER_SENT);
	KUNIT_EXPECT_EQ(test, p->a.done, 1);
}

static void assoc_crossing_handshakes_make_one(struct kunit *test)
{
	struct pair *p = pair(test);
	struct rdm_params pa, pb;
	struct rdm_cookie of_a = {}, of_b = {};

	rdm_assoc_open(&p->a.a, p->now, &p->a.out);
	rdm_assoc_open(&p->b.a, p->now, &p->b.out);
	while (next(p, &p->a) || next(p, &p->b))
		;
	/* each INIT is answered with the tag of the own attempt */
	rdm_assoc_params(&p->a.a, &pa);
	rdm_assoc_params(&p->b.a, &pb);
	of_a = (struct rdm_cookie){ .peer = pb, .tag = pa.tag, .time = p->now };
	of_b = (struct rdm_cookie){ .peer = pa, .tag = pb.tag, .time = p->now };
	rdm_assoc_rx_init_ack(&p->a.a, p->now, &pb, p->cookie, &p->a.out);
	rdm_assoc_rx_init_ack(&p->b.a, p->now, &pa, p->cookie, &p->b.out);
	KUNIT_EXPECT_TRUE(test, rdm_assoc_rx_cookie(&p->a.a, p->now, &of_a, &p->a.out));
	KUNIT_EXPECT_TRUE(test, rdm_assoc_rx_cookie(&p->b.a, p->now, &of_b, &p->b.out));
	KUNIT_EXPECT_EQ(test, p->a.a.state, RDM_ASSOC_ESTABLISHED);
	KUNIT_EXPECT_EQ(test, p->b.a.state, RDM_ASSOC_ESTABLISHED);
	KUNIT_EXPECT_EQ(test, p->a.a.peer_tag, p->b.a.local_tag);
	KUNIT_EXPECT_EQ(test, p->b.a.peer_tag, p->a.a.local_tag);
	KUNIT_EXPECT_EQ(test, p->a.a.alias_tag, 0);
	push(p, &p->a, 5);
	push(p, &p->b, 5);
	talk(p);
	KUNIT_EXPECT_EQ(test, p->a.got, 1);
	KUNIT_EXPECT_EQ(test, p->b.got, 1);
}

/* b answered before it opened: a knows it by another tag than b has. */
static void assoc_late_cookie_brings_the_tag_that_counts(struct kunit *test)
{
	struct pair *p = pair(test);
	struct rdm_params pa, pb;
	struct rdm_cookie ck = {};

	rdm_assoc_open(&p->a.a, p->now, &p->a.out);
	next(p, &p->a);
	rdm_assoc_params(&p->b.a, &pb);
	pb.tag = 77;
	rdm_assoc_rx_init_ack(&p->a.a, p->now, &pb, p->cookie, &p->a.out);
	/* data of b's own handshake arrives before its cookie */
	rdm_assoc_rx_begin(&p->a.a, p->now, 1);
	KUNIT_EXPECT_EQ(test, p->a.a.state, RDM_ASSOC_ESTABLISHED);
	KUNIT_EXPECT_EQ(test, p->a.a.peer_tag, 77);
	rdm_assoc_params(&p->a.a, &pa);
	rdm_assoc_params(&p->b.a, &pb);
	ck = (struct rdm_cookie){ .peer = pb, .tag = pa.tag, .time = p->now };
	KUNIT_EXPECT_TRUE(test, rdm_assoc_rx_cookie(&p->a.a, p->now, &ck, &p->a.out));
	KUNIT_EXPECT_EQ(test, p->a.a.peer_tag, pb.tag);
}

static void assoc_cookie_again_changes_nothing(struct kunit *test)
{
	struct pair *p = pair(test);
	u64 tag;

	establish(test, p);
	tag = p->b.a.peer_tag;
	KUNIT_EXPECT_TRUE(test, rdm_assoc_rx_cookie(&p->b.a, p->now, &p->ck, &p->b.out));
	KUNIT_EXPECT_EQ(test, p->b.a.state, RDM_ASSOC_ESTABLISHED);
	KUNIT_EXPECT_EQ(test, p->b.a.peer_tag, tag);
	KUNIT_EXPECT_EQ(test, p->b.a.alias_tag, 0);
	/* one of another life of the peer is another matter, for the caller to decide */
	p->ck.peer.incarnation++;
	KUNIT_EXPECT_FALSE(test, rdm_assoc_rx_cookie(&p->b.a, p->now, &p->ck, &p->b.out));
	KUNIT_EXPECT_EQ(test, p->b.a.state, RDM_ASSOC_ESTABLISHED);
	/* after the end it makes nothing live again */
	rdm_assoc_fail(&p->b.a, ECONNRESET, true, &p->b.out);
	p->ck.peer.incarnation--;
	KUNIT_EXPECT_FALSE(test, rdm_assoc_rx_cookie(&p->b.a, p->now, &p->ck, &p->b.out));
	KUNIT_EXPECT_EQ(test, p->b.a.state, RDM_ASSOC_CLOSED);
}

static void assoc_reset_needs_our_tag(struct kunit *test)
{
	static const u8 reasons[] = {
		RDM_RESET_NO_ASSOC, RDM_RESET_CLOSED, RDM_RESET_STALE, RDM_RESET_BUSY,
	};
	struct pair *p = pair(test);
	unsigned int i;

	establish(test, p);
	for (i = 0; i < ARRAY_SIZE(reasons); i++)
		rdm_assoc_rx_reset(&p->a.a, p->a.a.peer_tag + 1, reasons[i], &p->a.out);
	KUNIT_EXPECT_EQ(test, p->a.a.state, RDM_ASSOC_ESTABLISHED);
	KUNIT_EXPECT_FALSE(test, p->a.a.disowned);
	rdm_assoc_rx_reset(&p->a.a, p->a.a.peer_tag, RDM_RESET_CLOSED, &p->a.out);
	KUNIT_EXPECT_EQ(test, p->a.a.state, RDM_ASSOC_CLOSED);
	KUNIT_EXPECT_EQ(test, p->a.a.error, ECONNRESET);
}

static void assoc_reset_of_the_overtaken_is_asked_about(struct kunit *test)
{
	struct pair *p = pair(test);
	struct rdm_frame f;

	establish(test, p);
	rdm_assoc_rx_reset(&p->a.a, p->a.a.peer_tag, RDM_RESET_NO_ASSOC, &p->a.out);
	rdm_assoc_rx_reset(&p->a.a, p->a.a.peer_tag, RDM_RESET_NO_ASSOC, &p->a.out);
	KUNIT_EXPECT_EQ(test, p->a.a.state, RDM_ASSOC_ESTABLISHED);
	KUNIT_ASSERT_TRUE(test, next(p, &p->a));
	KUNIT_EXPECT_TRUE(test, has(&p->a, RDM_FRAME_PING, &f));
	/* a word of the peer, and all is well */
	carry(p, &p->a, &p->b);
	rest(p);
	KUNIT_EXPECT_FALSE(test, p->a.a.disowned);
	/* none: believed when it is said again after a probe timeout */
	rdm_assoc_rx_reset(&p->a.a, p->a.a.peer_tag, RDM_RESET_NO_ASSOC, &p->a.out);
	while (next(p, &p->a))
		;
	pass(p, &p->a, rdm_assoc_deadline(&p->a.a));
	KUNIT_EXPECT_EQ(test, p->a.a.state, RDM_ASSOC_ESTABLISHED);
	rdm_assoc_rx_reset(&p->a.a, p->a.a.peer_tag, RDM_RESET_NO_ASSOC, &p->a.out);
	KUNIT_EXPECT_EQ(test, p->a.a.state, RDM_ASSOC_CLOSED);
}

static void assoc_reset_tells_sent_from_unsent(struct kunit *test)
{
	struct pair *p = pair(test);
	struct end *next_a;

	establish(test, p);
	push(p, &p->a, 10);
	KUNIT_ASSERT_TRUE(test, next(p, &p->a));
	push(p, &p->a, 20);
	rdm_assoc_rx_reset(&p->a.a, p->a.a.peer_tag, RDM_RESET_CLOSED, &p->a.out);
	settle(&p->a);
	/* the first may have arrived; the second goes to a successor */
	KUNIT_EXPECT_EQ(test, p->a.done, 2);
	KUNIT_EXPECT_EQ(test, p->a.error, ECONNRESET);
	KUNIT_EXPECT_EQ(test, p->a.fate, RDM_FATE_UNKNOWN);
	KUNIT_EXPECT_EQ(test, p->a.a.txq.n, 1);
	KUNIT_EXPECT_EQ(test, p->a.a.hot->cong.in_flight, 0);

	next_a = kunit_kzalloc(test, sizeof(*next_a), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, next_a);
	end_init(next_a, 3, 0, 0);
	rdm_assoc_splice(&next_a->a, &p->a.a);
	KUNIT_EXPECT_EQ(test, p->a.a.txq.n, 0);
	KUNIT_EXPECT_EQ(test, next_a->a.txq.n, 1);
	KUNIT_EXPECT_EQ(test, next_a->a.txq.bytes, 20);

	/* the successor has all its time, whenever it begins */
	p->now += 1000 * NSEC_PER_SEC;
	rdm_assoc_open(&next_a->a, p->now, &next_a->out);
	KUNIT_EXPECT_GT(test, rdm_assoc_deadline(&next_a->a), p->now);
	rdm_assoc_timer(&next_a->a, p->now + NSEC_PER_MSEC, &next_a->out);
	KUNIT_EXPECT_EQ(test, next_a->a.state, RDM_ASSOC_INIT_SENT);
	KUNIT_EXPECT_EQ(test, next_a->a.txq.n, 1);
}

static void assoc_stale_cookie_means_never_arrived(struct kunit *test)
{
	struct pair *p = pair(test);

	rdm_assoc_open(&p->a.a, p->now, &p->a.out);
	next(p, &p->a);
	init_ack(p);
	push(p, &p->a, 10);
	while (next(p, &p->a))
		;
	KUNIT_ASSERT_TRUE(test, p->a.msg[0].bound);
	rdm_assoc_rx_reset(&p->a.a, p->a.a.peer_tag, RDM_RESET_STALE, &p->a.out);
	settle(&p->a);
	KUNIT_EXPECT_EQ(test, p->a.a.state, RDM_ASSOC_CLOSED);
	KUNIT_EXPECT_EQ(test, p->a.done, 0);
	KUNIT_EXPECT_EQ(test, p->a.a.txq.n, 1);
	KUNIT_EXPECT_FALSE(test, p->a.msg[0].bound);
}

static void assoc_port_unreachable_ends_the_handshake(struct kunit *test)
{
	struct pair *p = pair(test);

	rdm_assoc_open(&p->a.a, p->now, &p->a.out);
	push(p, &p->a, 1);
	next(p, &p->a);
	/* without our tag in the quote it is a hint only */
	rdm_assoc_rx_icmp(&p->a.a, p->now, ECONNREFUSED, true, false, &p->a.out);
	rdm_assoc_rx_icmp(&p->a.a, p->now, EHOSTUNREACH, false, true, &p->a.out);
	KUNIT_EXPECT_EQ(test, p->a.a.state, RDM_ASSOC_INIT_SENT);
	rdm_assoc_rx_icmp(&p->a.a, p->now, ECONNREFUSED, true, true, &p->a.out);
	settle(&p->a);
	KUNIT_EXPECT_EQ(test, p->a.a.state, RDM_ASSOC_CLOSED);
	KUNIT_EXPECT_EQ(test, p->a.error, ECONNREFUSED);
	KUNIT_EXPECT_EQ(test, p->a.fate, RDM_FATE_NEVER_SENT);
}

static void assoc_soft_icmp_explains_the_timeout(struct kunit *test)
{
	struct pair *p = pair(test);

	rdm_assoc_open(&p->a.a, p->now, &p->a.out);
	push(p, &p->a, 1);
	rdm_assoc_rx_icmp(&p->a.a, p->now, EHOSTUNREACH, false, false, &p->a.out);
	KUNIT_EXPECT_EQ(test, alone(test, p, &p->a), 30 * SEC);
	KUNIT_EXPECT_EQ(test, p->a.error, EHOSTUNREACH);
}

/* RFC 5927: somebody who saw one packet must not be able to end what lives. */
static void assoc_icmp_ends_no_live_association(struct kunit *test)
{
	struct pair *p = pair(test);
	u64 pto;

	establish(test, p);
	rdm_assoc_rx_icmp(&p->a.a, p->now, ECONNREFUSED, true, true, &p->a.out);
	KUNIT_EXPECT_EQ(test, p->a.a.state, RDM_ASSOC_ESTABLISHED);
	pto = rdm_rtt_pto(&p->a.a.rtt, RDM_MAX_ACK_DELAY);
	rdm_assoc_rx_icmp(&p->a.a, p->a.a.last_rx + 3 * pto, ECONNREFUSED, true, true, &p->a.out);
	KUNIT_EXPECT_EQ(test, p->a.a.state, RDM_ASSOC_ESTABLISHED);
	rdm_assoc_rx_icmp(&p->a.a, p->a.a.last_rx + 3 * pto + 1, ECONNREFUSED, true, false,
			  &p->a.out);
	KUNIT_EXPECT_EQ(test, p->a.a.state, RDM_ASSOC_ESTABLISHED);
	rdm_assoc_rx_icmp(&p->a.a, p->a.a.last_rx + 3 * pto + 1, ECONNREFUSED, true, true,
			  &p->a.out);
	KUNIT_EXPECT_EQ(test, p->a.a.state, RDM_ASSOC_CLOSED);
}

static void assoc_silent_peer_is_given_up_in_time(struct kunit *test)
{
	struct pair *p = pair(test);

	establish(test, p);
	push(p, &p->a, 1);
	KUNIT_EXPECT_EQ(test, alone(test, p, &p->a), 30 * SEC);
	KUNIT_EXPECT_EQ(test, p->a.error, ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, p->a.fate, RDM_FATE_UNKNOWN);
	KUNIT_EXPECT_EQ(test, p->a.a.hot->cong.in_flight, 0);
}

/* Not only messages wait: a window that the peer should hear of does too. */
static void assoc_unheard_window_ends_it_too(struct kunit *test)
{
	struct pair *p = pair(test);

	establish(test, p);
	p->b.a.need |= RDM_CTL_WINDOW;
	KUNIT_EXPECT_EQ(test, alone(test, p, &p->b), 30 * SEC);
}

static void assoc_window_stops_and_probes(struct kunit *test)
{
	struct pair *p = pair(test);
	u32 i, probes = 0;

	establish(test, p);
	/* 10,000 bytes of window: the sixth does not fit */
	for (i = 0; i < 6; i++)
		push(p, &p->a, 1400);
	rest(p);
	KUNIT_EXPECT_EQ(test, p->b.got, 1 + 5);
	KUNIT_EXPECT_EQ(test, p->a.done, 1 + 5);
	/* a receiver that refuses for minutes is asked, answers, and is not given up */
	p->b.full = true;
	for (i = 0; i < 60; i++) {
		pass(p, &p->a, min(rdm_assoc_deadline(&p->a.a), rdm_assoc_deadline(&p->b.a)));
		rdm_assoc_timer(&p->b.a, p->now, &p->b.out);
		while (next(p, &p->a)) {
			probes += p->a.plan.kind == RDM_PLAN_BUNDLE;
			carry(p, &p->a, &p->b);
		}
		talk(p);
	}
	KUNIT_EXPECT_GT(test, p->now, 1060 * SEC);
	KUNIT_EXPECT_GE(test, probes, 20);
	KUNIT_EXPECT_EQ(test, p->a.a.state, RDM_ASSOC_ESTABLISHED);
	KUNIT_EXPECT_EQ(test, p->b.got, 6);
	KUNIT_EXPECT_EQ(test, p->a.a.hot->cong.in_flight, 0);
	/* the application reads: the window opens at once */
	p->b.full = false;
	rdm_assoc_rx_consumed(&p->b.a, p->b.charge, &p->b.out);
	rest(p);
	KUNIT_EXPECT_EQ(test, p->b.got, 7);
	KUNIT_EXPECT_EQ(test, p->a.done, 7);
}

static void assoc_idle_ends_by_agreement(struct kunit *test)
{
	struct pair *p = pair(test);
	struct rdm_frame f;

	establish(test, p);
	/* cold long before */
	KUNIT_EXPECT_EQ(test, rdm_assoc_deadline(&p->a.a), rdm_assoc_cool_at(&p->a.a));
	pass(p, &p->a, rdm_assoc_deadline(&p->a.a));
	KUNIT_EXPECT_PTR_EQ(test, rdm_assoc_cool(&p->a.a, p->now), &p->a.hot);
	KUNIT_EXPECT_EQ(test, rdm_assoc_deadline(&p->a.a), p->a.a.last_active + 300 * SEC);
	pass(p, &p->a, rdm_assoc_deadline(&p->a.a));
	KUNIT_EXPECT_EQ(test, p->a.a.state, RDM_ASSOC_CLOSING);
	KUNIT_EXPECT_FALSE(test, next(p, &p->a));
	KUNIT_EXPECT_TRUE(test, p->a.out.acts & RDM_OUT_HEAT);
	rdm_assoc_heat(&p->a.a, &p->a.hot);
	KUNIT_ASSERT_TRUE(test, next(p, &p->a));
	KUNIT_EXPECT_TRUE(test, has(&p->a, RDM_FRAME_CLOSE, &f));
	/* what is sent meanwhile waits for the successor */
	push(p, &p->a, 1);
	carry(p, &p->a, &p->b);
	KUNIT_ASSERT_TRUE(test, next(p, &p->b));
	KUNIT_EXPECT_TRUE(test, has(&p->b, RDM_FRAME_CLOSE_ACK, &f));
	KUNIT_EXPECT_EQ(test, p->b.a.state, RDM_ASSOC_CLOSED);
	carry(p, &p->b, &p->a);
	KUNIT_EXPECT_EQ(test, p->a.a.state, RDM_ASSOC_CLOSED);
	KUNIT_EXPECT_TRUE(test, p->a.a.agreed && p->b.a.agreed);
	KUNIT_EXPECT_EQ(test, p->a.a.txq.n, 1);
	KUNIT_EXPECT_FALSE(test, p->a.msg[1].bound);
}

static void assoc_close_waits_for_what_is_in_doubt(struct kunit *test)
{
	struct pair *p = pair(test);
	struct rdm_frame f;

	establish(test, p);
	/* b has something on its way when a's offer comes */
	push(p, &p->b, 1);
	KUNIT_ASSERT_TRUE(test, next(p, &p->b));
	pass(p, &p->a, p->a.a.last_active + 300 * SEC);
	KUNIT_ASSERT_TRUE(test, next(p, &p->a));
	carry(p, &p->a, &p->b);
	while (next(p, &p->b))
		KUNIT_EXPECT_FALSE(test, has(&p->b, RDM_FRAME_CLOSE_ACK, &f));
	KUNIT_EXPECT_EQ(test, p->b.a.state, RDM_ASSOC_ESTABLISHED);
	KUNIT_EXPECT_TRUE(test, p->b.a.drain);
}

static bool reheat(struct end *e)
{
	if (e->a.hot || !(e->out.acts & RDM_OUT_HEAT))
		return false;
	e->out.acts &= ~RDM_OUT_HEAT;
	rdm_assoc_heat(&e->a, &e->hot);
	return true;
}

/* Until @end all is lost that either of them sends. */
static void outage(struct pair *p, u64 end)
{
	for (;;) {
		u64 a = rdm_assoc_deadline(&p->a.a), b = rdm_assoc_deadline(&p->b.a);
		struct end *e = a <= b ? &p->a : &p->b;

		if (min(a, b) > end)
			break;
		pass(p, e, max(p->now, min(a, b)));
		rdm_assoc_cool(&e->a, p->now);
		while (next(p, e) || reheat(e))
			;
	}
	p->now = end;
}

static void assoc_who_offers_the_end_waits_as_long_as_the_peer(struct kunit *test)
{
	struct pair *p = pair(test);
	u64 begin;
	u32 i;

	rdm_assoc_set_user_timeout(&p->a.a, 120 * SEC);
	p->b.a.cfg.idle_timeout = 20 * SEC;
	establish(test, p);
	begin = p->now;
	outage(p, begin + 10 * SEC);
	if (!p->a.a.hot)
		rdm_assoc_heat(&p->a.a, &p->a.hot);
	push(p, &p->a, 1);
	while (next(p, &p->a))
		;
	outage(p, begin + 110 * SEC);
	/* b has offered the end long ago, and its own patience is over */
	KUNIT_EXPECT_EQ(test, p->b.a.state, RDM_ASSOC_CLOSING);
	if (!p->b.a.hot)
		rdm_assoc_heat(&p->b.a, &p->b.hot);
	for (i = 0; i < 20 && p->a.done < 2; i++) {
		pass(p, &p->a, max(p->now, rdm_assoc_deadline(&p->a.a)));
		talk(p);
	}
	KUNIT_EXPECT_EQ(test, p->b.got, 2);
	KUNIT_EXPECT_EQ(test, p->a.done, 2);
	KUNIT_EXPECT_EQ(test, p->a.failed, 0);
}

static void assoc_what_a_dead_peer_began_goes_when_it_must_have_given_up(struct kunit *test)
{
	struct pair *p = pair(test);
	struct rdm_rxmsg begun;

	establish(test, p);
	rdm_rxmsg_init(&begun, 1, 5000);
	rdm_assoc_rx_hold(&p->b.a, &begun);
	outage(p, p->now + 30 * SEC);
	KUNIT_EXPECT_EQ(test, p->b.a.state, RDM_ASSOC_ESTABLISHED);
	outage(p, p->now + 60 * SEC);
	KUNIT_EXPECT_EQ(test, p->b.a.state, RDM_ASSOC_CLOSED);
	KUNIT_EXPECT_EQ(test, p->b.a.error, ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, p->a.a.state, RDM_ASSOC_ESTABLISHED);
}

static void assoc_lost_close_ack_is_made_up_by_reset(struct kunit *test)
{
	struct pair *p = pair(test);

	establish(test, p);
	pass(p, &p->a, p->a.a.last_active + 300 * SEC);
	next(p, &p->a);
	rdm_assoc_rx_reset(&p->a.a, p->a.a.peer_tag, RDM_RESET_CLOSED, &p->a.out);
	KUNIT_EXPECT_EQ(test, p->a.a.state, RDM_ASSOC_CLOSED);
	KUNIT_EXPECT_TRUE(test, p->a.a.agreed);
}

static void assoc_sequence_limit_closes_by_agreement(struct kunit *test)
{
	struct pair *p = pair_at(test, 0, U64_MAX - 2);

	establish(test, p);
	push(p, &p->a, 1);
	push(p, &p->a, 1);
	rest(p);
	/* two sequences there were; the third message is left, unsent */
	KUNIT_EXPECT_EQ(test, p->b.got, 2);
	KUNIT_EXPECT_EQ(test, p->a.done, 2);
	KUNIT_EXPECT_EQ(test, p->a.failed, 0);
	KUNIT_EXPECT_EQ(test, p->a.a.state, RDM_ASSOC_CLOSED);
	KUNIT_EXPECT_EQ(test, p->b.a.state, RDM_ASSOC_CLOSED);
	KUNIT_EXPECT_TRUE(test, p->a.a.agreed);
	KUNIT_EXPECT_EQ(test, p->a.a.txq.n, 1);
	KUNIT_EXPECT_FALSE(test, p->a.msg[2].bound);
}

static void assoc_packet_number_limit_closes_by_agreement(struct kunit *test)
{
	struct pair *p = pair_at(test, RDM_PN_MAX - RDM_PN_RESERVE - 1, 0);

	establish(test, p);
	while (p->a.a.state == RDM_ASSOC_ESTABLISHED && p->a.nmsgs < MSGS) {
		push(p, &p->a, 1);
		rest(p);
	}
	KUNIT_EXPECT_EQ(test, p->a.a.state, RDM_ASSOC_CLOSED);
	KUNIT_EXPECT_TRUE(test, p->a.a.agreed);
	KUNIT_EXPECT_EQ(test, p->a.failed, 0);
	KUNIT_EXPECT_EQ(test, p->a.done, p->b.got);
	KUNIT_EXPECT_EQ(test, p->a.done + p->a.a.txq.n, p->a.nmsgs);
}

static void assoc_last_packet_number_is_never_passed(struct kunit *test)
{
	struct pair *p = pair(test);

	establish(test, p);
	push(p, &p->a, 1);
	KUNIT_ASSERT_TRUE(test, next(p, &p->a));
	push(p, &p->a, 1);
	p->a.a.rec.next_pn = RDM_PN_MAX - 1;
	KUNIT_EXPECT_FALSE(test, next(p, &p->a));
	KUNIT_EXPECT_EQ(test, p->a.a.state, RDM_ASSOC_CLOSED);
	KUNIT_EXPECT_EQ(test, p->a.error, ECONNRESET);
	KUNIT_EXPECT_EQ(test, p->a.a.txq.n, 1);
}

static void assoc_too_long_message_fails_alone(struct kunit *test)
{
	struct pair *p = pair(test);

	establish(test, p);
	p->a.a.peer_max_msg = 100;
	push(p, &p->a, 100);
	push(p, &p->a, 101);
	push(p, &p->a, 99);
	rest(p);
	KUNIT_EXPECT_EQ(test, p->a.done, 4);
	KUNIT_EXPECT_EQ(test, p->a.failed, 1);
	KUNIT_EXPECT_EQ(test, p->a.msg[2].error, EMSGSIZE);
	KUNIT_EXPECT_EQ(test, p->a.msg[2].fate, RDM_FATE_NEVER_SENT);
	KUNIT_EXPECT_EQ(test, p->b.got, 3);
}

static void assoc_bundle_shrinks_with_the_path(struct kunit *test)
{
	struct pair *p = pair(test);

	establish(test, p);
	push(p, &p->a, 600);
	push(p, &p->a, 600);
	KUNIT_ASSERT_TRUE(test, next(p, &p->a));
	/* the first goes alone at once, so one more makes a bundle with the second */
	push(p, &p->a, 600);
	push(p, &p->a, 600);
	while (next(p, &p->a))
		;
	/* the packets were too big for the path, and then we learn it */
	rdm_assoc_set_mtu(&p->a.a, p->now, 1100);
	p->now += 10 * MS;
	while (next(p, &p->a)) {
		KUNIT_EXPECT_LE(test, p->a.plan.size, 1100);
		carry(p, &p->a, &p->b);
	}
	KUNIT_EXPECT_EQ(test, p->b.got, 5);
}

static void assoc_flush_leaves_nothing(struct kunit *test)
{
	struct pair *p = pair(test);

	establish(test, p);
	push(p, &p->a, 1);
	next(p, &p->a);
	push(p, &p->a, 1);
	rdm_assoc_flush(&p->a.a, &p->a.out);
	settle(&p->a);
	KUNIT_EXPECT_EQ(test, p->a.failed, 2);
	KUNIT_EXPECT_EQ(test, p->a.a.txq.n, 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&p->a.a.rec.sent));
	KUNIT_EXPECT_TRUE(test, rdm_assoc_deadline(&p->a.a) == U64_MAX);
	KUNIT_EXPECT_FALSE(test, next(p, &p->a));
}

static struct kunit_case assoc_cases[] = {
	KUNIT_CASE(assoc_data_travels_with_the_cookie),
	KUNIT_CASE(assoc_init_is_repeated_until_given_up),
	KUNIT_CASE(assoc_crossing_handshakes_make_one),
	KUNIT_CASE(assoc_late_cookie_brings_the_tag_that_counts),
	KUNIT_CASE(assoc_cookie_again_changes_nothing),
	KUNIT_CASE(assoc_reset_needs_our_tag),
	KUNIT_CASE(assoc_reset_of_the_overtaken_is_asked_about),
	KUNIT_CASE(assoc_reset_tells_sent_from_unsent),
	KUNIT_CASE(assoc_stale_cookie_means_never_arrived),
	KUNIT_CASE(assoc_port_unreachable_ends_the_handshake),
	KUNIT_CASE(assoc_soft_icmp_explains_the_timeout),
	KUNIT_CASE(assoc_icmp_ends_no_live_association),
	KUNIT_CASE(assoc_silent_peer_is_given_up_in_time),
	KUNIT_CASE(assoc_unheard_window_ends_it_too),
	KUNIT_CASE(assoc_window_stops_and_probes),
	KUNIT_CASE(assoc_idle_ends_by_agreement),
	KUNIT_CASE(assoc_close_waits_for_what_is_in_doubt),
	KUNIT_CASE(assoc_who_offers_the_end_waits_as_long_as_the_peer),
	KUNIT_CASE(assoc_what_a_dead_peer_began_goes_when_it_must_have_given_up),
	KUNIT_CASE(assoc_lost_close_ack_is_made_up_by_reset),
	KUNIT_CASE(assoc_sequence_limit_closes_by_agreement),
	KUNIT_CASE(assoc_packet_number_limit_closes_by_agreement),
	KUNIT_CASE(assoc_last_packet_number_is_never_passed),
	KUNIT_CASE(assoc_too_long_message_fails_alone),
	KUNIT_CASE(assoc_bundle_shrinks_with_the_path),
	KUNIT_CASE(assoc_flush_leaves_nothing),
	{}
};

static struct kunit_suite assoc_suite = {
	.name = "rdm_assoc",
	.test_cases = assoc_cases,
};

kunit_test_suite(assoc_suite);
