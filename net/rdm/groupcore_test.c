// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the group's core: what one member alone does, and what two do
 * to each other, frame by frame. What many do while everything fails is the
 * simulator's business. Also built in user space, see tools/unit.
 */
#include <kunit/test.h>

#include "group_int.h"

#define MS	((u64)NSEC_PER_MSEC)
#define MEMBERS	4
#define RECS	64

/* A member, its glue, and what its application got. */
struct one {
	struct rdm_gc *g;
	struct rdm_gaddr at;
	struct rdm_gmsg rec[RECS];
	u32 nrec, delivered, stable, nobody, unknown, freed, views, expelled, data, arrived, partly;
	u64 last;
};

struct both {
	struct one a, b;
	struct rdm_gplan plan;
	u64 now;
	bool reads, cut, stuck;
};

static void one_init(struct kunit *test, struct one *o, u8 id, u32 window)
{
	struct rdm_gc_cfg cfg = {
		.group = 9, .seed = id * 77, .suspect = 100 * MS, .announce = 20 * MS,
		.linger = 300 * MS, .window = window, .window_msgs = 16, .max = MEMBERS,
		.form_min = 1,
	};

	o->at = (struct rdm_gaddr){ .ip = { [15] = id }, .port = 7 };
	cfg.self = o->at;
	o->g = kunit_kzalloc(test, rdm_gc_size(MEMBERS), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, o->g);
	rdm_gc_init(o->g, &cfg);
}

static struct both *new_both(struct kunit *test, u32 window)
{
	struct both *p = kunit_kzalloc(test, sizeof(*p), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	one_init(test, &p->a, 1, window);
	one_init(test, &p->b, 2, window);
	p->now = 1000 * MS;
	p->reads = true;
	return p;
}

static struct rdm_gmsg *record(struct kunit *test, struct one *o, u32 charge)
{
	struct rdm_gmsg *m = &o->rec[o->nrec++];

	KUNIT_ASSERT_LE(test, o->nrec, RECS);
	memset(m, 0, sizeof(*m));
	m->charge = charge;
	return m;
}

static void take(struct kunit *test, struct both *p, struct one *o)
{
	struct rdm_gitem *item;
	struct rdm_gmsg *m;

	while ((item = rdm_gc_ready(o->g))) {
		o->views += item->type == RDM_GI_VIEW;
		o->expelled += item->type == RDM_GI_EXPELLED;
		if (item->type != RDM_GI_DATA)
			continue;
		m = container_of(item, struct rdm_gmsg, item);
		o->delivered++;
		o->last = m->seq;
		if (p->reads)
			rdm_gc_consumed(o->g, p->now, m);
	}
	while ((m = rdm_gc_done(o->g))) {
		o->stable += m->fate == RDM_GFATE_STABLE;
		o->nobody += m->fate == RDM_GFATE_NOBODY;
		o->unknown += m->fate == RDM_GFATE_UNKNOWN;
		o->arrived += m->fate == RDM_GFATE_ARRIVED;
		o->partly += m->fate == RDM_GFATE_PARTLY;
	}
	while (rdm_gc_freed(o->g))
		o->freed++;
}

static void carry(struct kunit *test, struct both *p, struct one *from, struct one *to)
{
	struct rdm_gframe f;
	struct rdm_gmsg *m;

	take(test, p, from);
	while (rdm_gc_next(from->g, p->now, &p->plan)) {
		KUNIT_ASSERT_EQ(test, rdm_gw_frame(&f, p->plan.head, p->plan.len), 0);
		from->data += p->plan.kind == RDM_GP_DATA;
		if (p->plan.kind == RDM_GP_DATA && p->plan.msg->cast && !p->stuck)
			rdm_gc_carried(from->g, p->plan.msg, p->cut ? 0 : BIT_ULL(p->plan.rank),
				       p->cut ? BIT_ULL(p->plan.rank) : 0);
		if (p->cut)
			continue;
		if (p->plan.kind != RDM_GP_DATA) {
			rdm_gc_rx(to->g, p->now, &from->at, p->plan.kind != RDM_GP_ANNOUNCE,
				  p->plan.head, p->plan.len);
		} else {
			m = record(test, to, p->plan.msg->charge);
			if (rdm_gc_rx_data(to->g, p->now, &from->at, &f, m) != RDM_GRX_TAKEN)
				to->nrec--;
		}
		take(test, p, to);
	}
	take(test, p, from);
}

static void run(struct kunit *test, struct both *p, u64 span)
{
	u64 end = p->now + span;

	for (; p->now < end; p->now += MS) {
		if (rdm_gc_deadline(p->a.g) <= p->now)
			rdm_gc_timer(p->a.g, p->now);
		carry(test, p, &p->a, &p->b);
		if (rdm_gc_deadline(p->b.g) <= p->now)
			rdm_gc_timer(p->b.g, p->now);
		carry(test, p, &p->b, &p->a);
	}
}

static struct both *formed(struct kunit *test, u32 window)
{
	struct both *p = new_both(test, window);
	struct rdm_gc_info info;

	rdm_gc_join(p->a.g, p->now);
	rdm_gc_join(p->b.g, p->now);
	run(test, p, 400 * MS);
	rdm_gc_info(p->b.g, &info);
	KUNIT_ASSERT_EQ(test, info.state, RDM_GC_MEMBER);
	KUNIT_ASSERT_EQ(test, info.n, 2);
	KUNIT_ASSERT_TRUE(test, info.formed);
	return p;
}

static void g1_a_group_of_one_delivers_to_itself(struct kunit *test)
{
	struct both *p = new_both(test, 65536);

	KUNIT_EXPECT_EQ(test, rdm_gc_send(p->a.g, p->now, record(test, &p->a, 300)), -ENOTCONN);
	rdm_gc_join(p->a.g, p->now);
	p->cut = true;
	run(test, p, 200 * MS);
	KUNIT_EXPECT_EQ(test, p->a.views, 1);
	KUNIT_EXPECT_EQ(test, rdm_gc_send(p->a.g, p->now, record(test, &p->a, 300)), 0);
	run(test, p, MS);
	KUNIT_EXPECT_EQ(test, p->a.delivered, 1);
	KUNIT_EXPECT_EQ(test, p->a.stable, 1);
	KUNIT_EXPECT_EQ(test, p->a.freed, 1);
}

static void g1_g13_each_gets_one_copy(struct kunit *test)
{
	struct both *p = formed(test, 65536);
	u32 i;

	for (i = 0; i < 5; i++)
		KUNIT_ASSERT_EQ(test, rdm_gc_send(p->a.g, p->now, record(test, &p->a, 300)), 0);
	run(test, p, 100 * MS);
	KUNIT_EXPECT_EQ(test, p->a.delivered, 5);
	KUNIT_EXPECT_EQ(test, p->b.delivered, 5);
	KUNIT_EXPECT_EQ(test, p->b.last, 5);
	KUNIT_EXPECT_EQ(test, p->a.data, 5);
	KUNIT_EXPECT_EQ(test, p->a.stable, 5);
	KUNIT_EXPECT_EQ(test, p->a.freed, 5);
	KUNIT_EXPECT_EQ(test, p->b.freed, 5);
}

static void send_silently(struct kunit *test, struct both *p, u32 n, u32 charge)
{
	struct rdm_gmsg *m;

	while (n--) {
		m = record(test, &p->a, charge);
		m->silent = true;
		KUNIT_ASSERT_EQ(test, rdm_gc_send(p->a.g, p->now, m), 0);
	}
}

static void g1_who_does_not_want_its_own_is_given_none(struct kunit *test)
{
	struct both *p = formed(test, 8000);
	u32 i;

	/* more than the window: nobody has to read them */
	for (i = 0; i < 20; i++) {
		send_silently(test, p, 1, 1000);
		run(test, p, 10 * MS);
	}
	KUNIT_EXPECT_EQ(test, p->a.delivered, 0);
	KUNIT_EXPECT_EQ(test, p->b.delivered, 20);
	KUNIT_EXPECT_EQ(test, p->a.stable, 20);
	KUNIT_EXPECT_EQ(test, p->a.freed, 20);
	KUNIT_EXPECT_FALSE(test, rdm_gc_gives(p->a.g) || rdm_gc_sends(p->a.g));
}

static void g12_reading_what_is_acked_changes_nothing(struct kunit *test)
{
	struct both *p = formed(test, 8000);
	struct rdm_gmsg *m;
	u32 i;

	p->reads = false;
	send_silently(test, p, 5, 800);
	run(test, p, 20 * MS);
	KUNIT_ASSERT_EQ(test, p->b.delivered, 5);
	KUNIT_EXPECT_EQ(test, p->a.stable, 5);
	m = &p->b.rec[p->b.nrec - 5];
	KUNIT_EXPECT_TRUE(test, rdm_gc_just_consumed(p->b.g, m));
	KUNIT_EXPECT_FALSE(test, rdm_gc_gives(p->b.g) || rdm_gc_sends(p->b.g));
	/* the next one is above what may be unread: its ack waits for who reads */
	send_silently(test, p, 2, 2000);
	run(test, p, 20 * MS);
	KUNIT_ASSERT_EQ(test, p->b.delivered, 7);
	KUNIT_EXPECT_EQ(test, p->a.stable, 5);
	KUNIT_EXPECT_FALSE(test, rdm_gc_just_consumed(p->b.g, m + 1));
	for (i = 1; i < 5; i++)
		rdm_gc_consumed(p->b.g, p->now, m + i);
	run(test, p, 20 * MS);
	KUNIT_EXPECT_EQ(test, p->a.stable, 7);
}

static void g10_who_does_not_read_stops_the_sender(struct kunit *test)
{
	struct both *p = formed(test, 8000);
	u32 i, sent = 0;

	p->reads = false;
	for (i = 0; i < 100; i++) {
		struct rdm_gmsg *m = record(test, &p->a, 1000);

		if (rdm_gc_send(p->a.g, p->now, m) == 0)
			sent++;
		else
			p->a.nrec--;
		run(test, p, 5 * MS);
	}
	/* half of the window acked, half of it not */
	KUNIT_EXPECT_EQ(test, sent, 8);
	KUNIT_EXPECT_EQ(test, p->b.delivered, 8);
	KUNIT_EXPECT_EQ(test, p->a.stable, 4);
	KUNIT_EXPECT_EQ(test, rdm_gc_send(p->a.g, p->now, record(test, &p->a, 5000)), -EMSGSIZE);
}

/* Broadcasts of @a as @b would get them from who keeps to no window: how much charge is taken. */
static u32 hostile(struct kunit *test, struct both *p, u64 first, u64 cum, u32 charge)
{
	const struct rdm_gc *a = p->a.g;
	struct rdm_gframe f = {
		.type = RDM_GF_DATA, .group = a->cfg.group, .lineage = a->lineage,
		.view = a->view, .n = a->n, .from = a->rank, .origin = a->rank,
		.to = RDM_GROUP_NONE, .inc = a->self.inc, .oinc = a->self.inc, .cum = cum,
	};
	u32 taken = 0;

	for (f.seq = first; f.seq < first + 6; f.seq++)
		if (rdm_gc_rx_data(p->b.g, p->now, &p->a.at, &f, record(test, &p->b, charge)) ==
		    RDM_GRX_TAKEN)
			taken += charge;
	return taken;
}

static void g10_no_origin_makes_others_hold_more_than_its_window(struct kunit *test)
{
	struct both *p = formed(test, 8000);
	u32 taken;

	/* one that has joined knows nothing of what others have charged before */
	taken = hostile(test, p, 2, 1000000, 2500);
	KUNIT_EXPECT_GT(test, taken, 0);
	KUNIT_EXPECT_LE(test, taken, 4000);

	p = formed(test, 8000);
	KUNIT_ASSERT_EQ(test, rdm_gc_send(p->a.g, p->now, record(test, &p->a, 300)), 0);
	run(test, p, 100 * MS);
	KUNIT_ASSERT_EQ(test, p->b.delivered, 1);
	taken = hostile(test, p, 3, 4200, 2500);
	KUNIT_EXPECT_GT(test, taken, 0);
	KUNIT_EXPECT_LE(test, taken, 4000);
}

static void g7_a_senior_goes_on_alone_a_junior_does_not(struct kunit *test)
{
	struct both *p = formed(test, 65536);
	struct rdm_gc_info a, b;
	struct one *senior, *junior;

	rdm_gc_info(p->a.g, &a);
	senior = a.rank ? &p->b : &p->a;
	junior = a.rank ? &p->a : &p->b;
	p->cut = true;
	run(test, p, 30 * MS);
	KUNIT_EXPECT_EQ(test, rdm_gc_send(junior->g, p->now, record(test, junior, 300)), 0);
	run(test, p, 400 * MS);
	rdm_gc_info(senior->g, &a);
	rdm_gc_info(junior->g, &b);
	KUNIT_EXPECT_EQ(test, a.n, 1);
	KUNIT_EXPECT_EQ(test, b.n, 2);
	KUNIT_EXPECT_TRUE(test, b.blocked);
	KUNIT_EXPECT_EQ(test, junior->stable + junior->nobody + junior->unknown, 0);
	/* and when it can hear again, it is told what became of it */
	p->cut = false;
	run(test, p, 100 * MS);
	KUNIT_EXPECT_EQ(test, junior->expelled, 1);
	KUNIT_EXPECT_EQ(test, junior->nobody, 1);
	KUNIT_EXPECT_EQ(test, senior->delivered, 0);
}

static void g9_leaving_waits_for_what_was_sent(struct kunit *test)
{
	struct both *p = formed(test, 65536);
	struct rdm_gc_info info;

	KUNIT_ASSERT_EQ(test, rdm_gc_send(p->a.g, p->now, record(test, &p->a, 300)), 0);
	rdm_gc_leave(p->a.g, p->now);
	KUNIT_EXPECT_EQ(test, rdm_gc_send(p->a.g, p->now, record(test, &p->a, 300)), -EPIPE);
	run(test, p, 250 * MS);
	KUNIT_EXPECT_EQ(test, p->a.stable, 1);
	KUNIT_EXPECT_EQ(test, p->b.delivered, 1);
	rdm_gc_info(p->a.g, &info);
	KUNIT_EXPECT_EQ(test, info.state, RDM_GC_IDLE);
	rdm_gc_info(p->b.g, &info);
	KUNIT_EXPECT_EQ(test, info.n, 1);
}

static void g13_repairs_of_many_bytes_come_bit_by_bit(struct kunit *test)
{
	struct both *p = formed(test, 1 << 20);
	u32 i, before, most = 0;

	p->cut = true;
	for (i = 0; i < 8; i++)
		KUNIT_ASSERT_EQ(test, rdm_gc_send(p->a.g, p->now, record(test, &p->a, 20000)), 0);
	run(test, p, 2 * MS);
	p->cut = false;
	KUNIT_EXPECT_EQ(test, p->a.data, 8);
	/* while the channel is busy with other things there are none */
	rdm_gc_backlog(p->a.g, &p->b.at, 65536);
	run(test, p, 80 * MS);
	KUNIT_EXPECT_LT(test, 0, rdm_gc_count(p->b.g, RDM_GCS_PULLED));
	KUNIT_EXPECT_EQ(test, p->a.data, 8);
	rdm_gc_backlog(p->a.g, &p->b.at, 0);
	for (i = 0; i < 300 && p->b.delivered < 8; i++) {
		before = p->a.data;
		run(test, p, MS);
		most = max(most, p->a.data - before);
	}
	KUNIT_EXPECT_EQ(test, p->b.delivered, 8);
	/* 64 KiB at once, and each of them once */
	KUNIT_EXPECT_EQ(test, most, 3);
	KUNIT_EXPECT_EQ(test, p->a.data, 16);
	/* who lacks more asks at once, not when a retry is due */
	KUNIT_EXPECT_LT(test, i, 200);
	KUNIT_EXPECT_EQ(test, p->a.stable, 8);
}

/* Of best effort: all of them; a frame that comes again, and one that is too old. */
static void best_effort_comes_once_in_any_order(struct kunit *test)
{
	static const struct { u64 seq; bool is_new; } frames[] = {
		{ 3, true }, { 1, true }, { 3, false }, { 1, false }, { 2, true },
		{ 3000, true }, { 3, false }, { 1500, false }, { 2999, true }, { 2999, false },
		{ 3000 - RDM_GCAST_BITS + 1, true }, { 3000 - RDM_GCAST_BITS, false },
		{ 3001, true }, { 3001, false },
	};
	struct both *p = formed(test, 65536);
	struct rdm_gframe f = {
		.type = RDM_GF_DATA, .flags = RDM_GD_CAST, .n = 2, .group = 9, .cum = 300,
	};
	u32 i;

	f.lineage = p->a.g->lineage;
	f.view = p->a.g->view;
	f.from = p->a.g->rank;
	f.origin = f.from;
	f.to = RDM_GROUP_NONE;
	f.inc = p->a.g->self.inc;
	f.oinc = f.inc;
	for (i = 0; i < ARRAY_SIZE(frames); i++) {
		f.seq = frames[i].seq;
		KUNIT_EXPECT_EQ_MSG(test, rdm_gc_rx_data(p->b.g, p->now, &p->a.at, &f,
							 record(test, &p->b, 300)),
				    frames[i].is_new ? RDM_GRX_TAKEN : RDM_GRX_DUP, "frame %u", i);
		take(test, p, &p->b);
	}
	KUNIT_EXPECT_EQ(test, p->b.delivered, 7);
	KUNIT_EXPECT_EQ(test, p->b.freed, 7);
	/* a view that one of the two has not seen does not matter, a stranger does */
	f.view += 3;
	f.seq = 3002;
	KUNIT_EXPECT_EQ(test, rdm_gc_rx_data(p->b.g, p->now, &p->a.at, &f,
					     record(test, &p->b, 300)), RDM_GRX_TAKEN);
	f.inc++;
	f.seq++;
	KUNIT_EXPECT_EQ(test, rdm_gc_rx_data(p->b.g, p->now, &p->a.at, &f,
					     record(test, &p->b, 300)), RDM_GRX_VIEW);
}

static void best_effort_waits_for_channels_and_not_for_readers(struct kunit *test)
{
	struct both *p = formed(test, 8000);
	u32 i;

	p->a.g->cfg.cast = true;
	p->reads = false;
	for (i = 0; i < 12; i++) {
		KUNIT_ASSERT_EQ(test, rdm_gc_send(p->a.g, p->now, record(test, &p->a, 1000)), 0);
		run(test, p, MS);
	}
	/* what is not read fills the window, and then goes lost */
	KUNIT_EXPECT_EQ(test, p->b.delivered, 8);
	KUNIT_EXPECT_EQ(test, p->a.arrived, 12);
	KUNIT_EXPECT_EQ(test, p->a.data, 12);
	p->stuck = true;
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, rdm_gc_send(p->a.g, p->now, record(test, &p->a, 1000)), 0);
	KUNIT_EXPECT_EQ(test, rdm_gc_send(p->a.g, p->now, record(test, &p->a, 1000)), -EAGAIN);
	KUNIT_EXPECT_FALSE(test, rdm_gcast_open(p->a.g));
	run(test, p, MS);
	rdm_gc_carried(p->a.g, &p->a.rec[p->a.nrec - 2], 0, BIT_ULL(p->b.g->rank));
	take(test, p, &p->a);
	KUNIT_EXPECT_TRUE(test, rdm_gcast_open(p->a.g));
	KUNIT_EXPECT_EQ(test, p->a.partly, 1);
	/* once it has its outcome, nothing more is heard of it */
	rdm_gc_carried(p->a.g, &p->a.rec[p->a.nrec - 2], BIT_ULL(p->b.g->rank), 0);
	take(test, p, &p->a);
	KUNIT_EXPECT_EQ(test, p->a.arrived, 12);
	/* the others have one, too, when the member leaves */
	rdm_gc_abandon(p->a.g, p->now);
	take(test, p, &p->a);
	KUNIT_EXPECT_EQ(test, p->a.partly, 4);
}

static void a_quorum_is_more_than_half_or_half_with_the_senior(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, rdm_gquorum(0x1, 0x1));
	KUNIT_EXPECT_TRUE(test, rdm_gquorum(0x1, 0x3));
	KUNIT_EXPECT_FALSE(test, rdm_gquorum(0x2, 0x3));
	KUNIT_EXPECT_TRUE(test, rdm_gquorum(0x6, 0x7));
	KUNIT_EXPECT_FALSE(test, rdm_gquorum(0x1, 0x7));
	KUNIT_EXPECT_TRUE(test, rdm_gquorum(0x9, 0xf));
	KUNIT_EXPECT_FALSE(test, rdm_gquorum(0xc, 0xf));
	/* of some of the ranks, the lowest is the senior; strangers do not count */
	KUNIT_EXPECT_TRUE(test, rdm_gquorum(0x2, 0xa));
	KUNIT_EXPECT_FALSE(test, rdm_gquorum(0xd, 0xa));
	KUNIT_EXPECT_TRUE(test, rdm_gquorum(rdm_gall(64), rdm_gall(64)));
}

static struct kunit_case groupcore_cases[] = {
	KUNIT_CASE(g1_a_group_of_one_delivers_to_itself),
	KUNIT_CASE(g1_g13_each_gets_one_copy),
	KUNIT_CASE(g1_who_does_not_want_its_own_is_given_none),
	KUNIT_CASE(g12_reading_what_is_acked_changes_nothing),
	KUNIT_CASE(g10_who_does_not_read_stops_the_sender),
	KUNIT_CASE(g10_no_origin_makes_others_hold_more_than_its_window),
	KUNIT_CASE(g7_a_senior_goes_on_alone_a_junior_does_not),
	KUNIT_CASE(g9_leaving_waits_for_what_was_sent),
	KUNIT_CASE(g13_repairs_of_many_bytes_come_bit_by_bit),
	KUNIT_CASE(best_effort_comes_once_in_any_order),
	KUNIT_CASE(best_effort_waits_for_channels_and_not_for_readers),
	KUNIT_CASE(a_quorum_is_more_than_half_or_half_with_the_senior),
	{}
};

static struct kunit_suite groupcore_suite = {
	.name = "rdm_groupcore",
	.test_cases = groupcore_cases,
};

kunit_test_suite(groupcore_suite);
