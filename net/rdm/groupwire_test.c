// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of groupwire: what is written is read back, and every cut or
 * changed frame is refused or means something that a sender could have written.
 * Also built in user space, see tools/unit.
 */
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/string.h>

#include "groupwire.h"
#include "test_rand.h"

static struct rdm_gframe head(u8 type)
{
	return (struct rdm_gframe){
		.type = type, .from = 1, .to = 2, .n = 3, .group = 11, .lineage = 22,
		.view = 33, .inc = 44,
	};
}

static u32 put_decide(u8 *p, const struct rdm_gframe *f, const struct rdm_gvalue *v)
{
	struct rdm_gmember m = { .at = { .ip = { 1, 2, 3 }, .port = 7 }, .inc = 5 };
	u32 len = rdm_gw_put_frame(p, f);
	u32 i;

	len += rdm_gw_put_value(p + len, v);
	for (i = 0; i < f->n; i++) {
		m.inc++;
		len += rdm_gw_put_member(p + len, &m);
	}
	return len;
}

static void frames_come_back(struct kunit *test)
{
	u8 *p = kunit_kzalloc(test, RDM_GF_MAX, GFP_KERNEL);
	struct rdm_gframe f = head(RDM_GF_DATA), g;
	u32 len;

	KUNIT_ASSERT_NOT_NULL(test, p);
	f.origin = 2;
	f.oinc = 9;
	f.seq = 100;
	f.cum = 1000;
	f.floor = 99;
	len = rdm_gw_put_frame(p, &f);
	KUNIT_EXPECT_EQ(test, len, RDM_GF_DATA_LEN);
	KUNIT_ASSERT_EQ(test, rdm_gw_frame(&g, p, len), 0);
	KUNIT_EXPECT_EQ(test, g.origin, 2);
	KUNIT_EXPECT_EQ(test, g.oinc, 9);
	KUNIT_EXPECT_EQ(test, g.seq, 100);
	KUNIT_EXPECT_EQ(test, g.cum, 1000);
	KUNIT_EXPECT_EQ(test, g.floor, 99);
	KUNIT_EXPECT_EQ(test, g.group, 11);
	KUNIT_EXPECT_EQ(test, g.lineage, 22);
	KUNIT_EXPECT_EQ(test, g.view, 33);
	KUNIT_EXPECT_EQ(test, g.inc, 44);
	KUNIT_EXPECT_EQ(test, g.from, 1);
	KUNIT_EXPECT_EQ(test, g.to, 2);

	f = head(RDM_GF_STATE);
	f.flags = RDM_GS_FULL | RDM_GS_LEAVING;
	f.suspects = 5;
	f.floor = 3;
	f.top = 4;
	f.ack = 8;
	len = rdm_gw_put_frame(p, &f);
	rdm_gw_put_u64(p + len, 0, 77);
	rdm_gw_put_u64(p + len, 5, 78);
	len += 3 * RDM_GF_STATE_ROW;
	KUNIT_ASSERT_EQ(test, rdm_gw_frame(&g, p, len), 0);
	KUNIT_EXPECT_EQ(test, g.flags, f.flags);
	KUNIT_EXPECT_EQ(test, g.suspects, 5);
	KUNIT_EXPECT_EQ(test, g.ack, 8);
	KUNIT_EXPECT_EQ(test, rdm_gw_u64(g.rows, 0), 77);
	KUNIT_EXPECT_EQ(test, rdm_gw_u64(g.rows, 5), 78);

	f = head(RDM_GF_JOIN);
	f.from = RDM_GROUP_NONE;
	f.to = RDM_GROUP_NONE;
	f.n = 0;
	f.lineage = 0;
	f.view = 0;
	f.who.at.ip[15] = 3;
	f.who.inc = 44;
	f.ticket = 66;
	len = rdm_gw_put_frame(p, &f);
	KUNIT_EXPECT_EQ(test, len, RDM_GF_JOIN_LEN);
	KUNIT_ASSERT_EQ(test, rdm_gw_frame(&g, p, len), 0);
	KUNIT_EXPECT_EQ(test, memcmp(&g.who, &f.who, sizeof(g.who)), 0);
	KUNIT_EXPECT_EQ(test, g.ticket, 66);

	f.type = RDM_GF_ANNOUNCE;
	len = rdm_gw_put_frame(p, &f);
	KUNIT_EXPECT_EQ(test, len, RDM_GF_ANNOUNCE_LEN);
	KUNIT_ASSERT_EQ(test, rdm_gw_frame(&g, p, len), 0);
	KUNIT_EXPECT_EQ(test, g.ticket, 66);
	/* a member says of which view */
	p[1] = RDM_GA_MEMBER;
	KUNIT_EXPECT_EQ(test, rdm_gw_frame(&g, p, len), -EPROTO);
}

static struct rdm_gvalue *new_value(struct kunit *test)
{
	struct rdm_gvalue *v = kunit_kzalloc(test, sizeof(*v), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, v);
	v->ballot = 7;
	v->stay = 3;
	v->left = 4;
	v->n = 3;
	v->cut[0] = 10;
	v->cut[2] = 12;
	v->njoin = 2;
	v->join[0].inc = 1;
	v->join[0].at.ip[0] = 0xfe;
	v->join[0].at.ip[1] = 0x80;
	v->join[0].at.scope = 6;
	v->join[1].inc = 2;
	return v;
}

static void values_come_back(struct kunit *test)
{
	struct rdm_gvalue *v = new_value(test), *w = new_value(test);
	u8 *p = kunit_kzalloc(test, RDM_GF_MAX, GFP_KERNEL);
	struct rdm_gframe f = head(RDM_GF_DECIDE), g;
	struct rdm_gmember m;
	u32 len;

	KUNIT_ASSERT_NOT_NULL(test, p);
	f.ballot = 7;
	len = put_decide(p, &f, v);
	KUNIT_ASSERT_EQ(test, rdm_gw_frame(&g, p, len), 0);
	rdm_gw_value(w, &g, 6);
	KUNIT_EXPECT_EQ(test, memcmp(v, w, sizeof(*v)), 0);
	rdm_gw_member(&m, g.ids, 2, 0);
	KUNIT_EXPECT_EQ(test, m.inc, 8);

	f = head(RDM_GF_PROMISE);
	f.ballot = 9;
	f.accepted = 7;
	len = rdm_gw_put_frame(p, &f) + 3 * 8;
	rdm_gw_put_u64(p + RDM_GF_PROMISE_LEN, 1, 55);
	len += rdm_gw_put_value(p + len, v);
	KUNIT_ASSERT_EQ(test, rdm_gw_frame(&g, p, len), 0);
	KUNIT_EXPECT_EQ(test, rdm_gw_u64(g.rows, 1), 55);
	memset(w, 0xa5, sizeof(*w));
	rdm_gw_value(w, &g, 6);
	KUNIT_EXPECT_EQ(test, memcmp(v, w, sizeof(*v)), 0);
	/* Without the value it must be as long as it says */
	KUNIT_EXPECT_EQ(test, rdm_gw_frame(&g, p, len - 1), -EPROTO);
}

static void the_largest_frame_fits(struct kunit *test)
{
	struct rdm_gvalue *v = new_value(test);
	u8 *p = kunit_kzalloc(test, RDM_GF_MAX, GFP_KERNEL);
	struct rdm_gframe f = head(RDM_GF_DECIDE), g;
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, p);
	f.ballot = 1;
	f.n = RDM_GROUP_MAX;
	v->n = RDM_GROUP_MAX;
	v->stay = GENMASK_ULL(31, 0);
	v->left = 0;
	v->njoin = RDM_GROUP_JOIN_MAX;
	for (i = 0; i < v->njoin; i++)
		v->join[i].inc = i + 1;
	KUNIT_EXPECT_EQ(test, put_decide(p, &f, v), RDM_GF_MAX);
	KUNIT_EXPECT_EQ(test, rdm_gw_frame(&g, p, RDM_GF_MAX), 0);
}

static void bad_values_are_refused(struct kunit *test)
{
	struct rdm_gvalue *v = new_value(test);
	u8 *p = kunit_kzalloc(test, RDM_GF_MAX, GFP_KERNEL);
	struct rdm_gframe f = head(RDM_GF_DECIDE), g;
	u32 len, i;

	KUNIT_ASSERT_NOT_NULL(test, p);
	f.ballot = 7;
	len = put_decide(p, &f, v);
	for (i = 0; i < len; i++)
		KUNIT_EXPECT_EQ(test, rdm_gw_frame(&g, p, i), -EPROTO);
	KUNIT_EXPECT_EQ(test, rdm_gw_frame(&g, p, len + 1), -EPROTO);
	v->stay = 0;
	KUNIT_EXPECT_EQ(test, rdm_gw_frame(&g, p, put_decide(p, &f, v)), -EPROTO);
	v->stay = 8 | 3;
	KUNIT_EXPECT_EQ(test, rdm_gw_frame(&g, p, put_decide(p, &f, v)), -EPROTO);
	v->stay = 4 | 3;
	KUNIT_EXPECT_EQ(test, rdm_gw_frame(&g, p, put_decide(p, &f, v)), -EPROTO);
	/* more joiners than members that stay */
	v->stay = 1;
	KUNIT_EXPECT_EQ(test, rdm_gw_frame(&g, p, put_decide(p, &f, v)), -EPROTO);
	v->njoin = 1;
	KUNIT_EXPECT_EQ(test, rdm_gw_frame(&g, p, put_decide(p, &f, v)), 0);
	v->join[0].inc = 0;
	KUNIT_EXPECT_EQ(test, rdm_gw_frame(&g, p, put_decide(p, &f, v)), -EPROTO);
}

static void any_bytes_are_read_within_bounds(struct kunit *test)
{
	struct rdm_gvalue *v = new_value(test), *w = new_value(test);
	u8 *p = kunit_kzalloc(test, RDM_GF_MAX, GFP_KERNEL);
	struct rdm_gframe f = head(RDM_GF_DECIDE), g;
	u64 rng = 1;
	u32 i, len, taken = 0;

	KUNIT_ASSERT_NOT_NULL(test, p);
	f.ballot = 7;
	for (i = 0; i < 20000; i++) {
		len = put_decide(p, &f, v);
		p[rdm_test_below(&rng, len)] ^= 1 << rdm_test_below(&rng, 8);
		if (rdm_test_below(&rng, 2))
			p[0] = rdm_test_below(&rng, 12);
		if (rdm_gw_frame(&g, p, rdm_test_below(&rng, 2) ? len : rdm_test_below(&rng, len)))
			continue;
		taken++;
		if (g.value)
			rdm_gw_value(w, &g, 0);
		KUNIT_EXPECT_TRUE(test, g.n <= RDM_GROUP_MAX);
	}
	KUNIT_EXPECT_GT(test, taken, 1000);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(frames_come_back),
	KUNIT_CASE(values_come_back),
	KUNIT_CASE(the_largest_frame_fits),
	KUNIT_CASE(bad_values_are_refused),
	KUNIT_CASE(any_bytes_are_read_within_bounds),
	{}
};

static struct kunit_suite suite = {
	.name = "rdm_groupwire",
	.test_cases = cases,
};

kunit_test_suite(suite);
