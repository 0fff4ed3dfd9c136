// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of wire: what is encoded is decoded to the same, and everything
 * that a correct sender never writes is refused: lengths past the packet's
 * end, ranges that wrap, unknown types and flags, padding that is not zero.
 */
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "test_rand.h"
#include "wire.h"

/* Decode a frame that stands alone at the end of a packet of @end bytes. */
static int frame_at_end(struct rdm_frame *f, const u8 *p, u32 len, u32 end)
{
	return rdm_wire_frame(f, p, len, end - len, end);
}

static void wire_hdr_comes_back_as_it_was(struct kunit *test)
{
	u8 p[RDM_INIT_LEN] = {};
	struct rdm_hdr h;

	KUNIT_EXPECT_EQ(test, rdm_wire_put_hdr(p, RDM_PKT_DATA, RDM_PN_MAX, U64_MAX), RDM_HDR_LEN);
	KUNIT_EXPECT_EQ(test, rdm_wire_hdr(&h, p, RDM_MIN_PACKET), 0);
	KUNIT_EXPECT_EQ(test, h.type, RDM_PKT_DATA);
	KUNIT_EXPECT_TRUE(test, h.pn == RDM_PN_MAX);
	KUNIT_EXPECT_TRUE(test, h.tag == U64_MAX);

	rdm_wire_put_hdr(p, RDM_PKT_DATA, 0x010203040506ULL, 0x0102030405060708ULL);
	/* the bytes on the wire, so that no later version moves them unseen */
	KUNIT_EXPECT_EQ(test, p[0], RDM_WIRE_VERSION);
	KUNIT_EXPECT_EQ(test, p[1], 3);
	KUNIT_EXPECT_EQ(test, p[2], 1);
	KUNIT_EXPECT_EQ(test, p[7], 6);
	KUNIT_EXPECT_EQ(test, p[8], 1);
	KUNIT_EXPECT_EQ(test, p[15], 8);
}

static void wire_hdr_refuses_what_no_sender_writes(struct kunit *test)
{
	u8 p[RDM_INIT_LEN] = {};
	struct rdm_hdr h;
	unsigned int type;

	rdm_wire_put_hdr(p, RDM_PKT_DATA, 1, 1);
	KUNIT_EXPECT_EQ(test, rdm_wire_hdr(&h, p, RDM_MIN_PACKET - 1), -EPROTO);
	p[0]++;
	KUNIT_EXPECT_EQ(test, rdm_wire_hdr(&h, p, sizeof(p)), -EPROTONOSUPPORT);
	for (type = 0; type < 256; type++) {
		rdm_wire_put_hdr(p, type, 0, 1);
		if (type < RDM_PKT_INIT_ACK || type > RDM_PKT_RESET)
			KUNIT_EXPECT_EQ(test, rdm_wire_hdr(&h, p, sizeof(p)), -EPROTO);
	}
	/* every type but INIT carries a tag, INIT must not */
	for (type = RDM_PKT_INIT; type <= RDM_PKT_RESET; type++) {
		rdm_wire_put_hdr(p, type, 0, type == RDM_PKT_INIT);
		KUNIT_EXPECT_EQ(test, rdm_wire_hdr(&h, p, sizeof(p)), -EPROTO);
		rdm_wire_put_hdr(p, type, 0, type != RDM_PKT_INIT);
		KUNIT_EXPECT_EQ(test, rdm_wire_hdr(&h, p, sizeof(p)), 0);
		/* only DATA has a packet number */
		rdm_wire_put_hdr(p, type, 1, type != RDM_PKT_INIT);
		KUNIT_EXPECT_EQ(test, rdm_wire_hdr(&h, p, sizeof(p)),
				type == RDM_PKT_DATA ? 0 : -EPROTO);
	}
	rdm_wire_put_hdr(p, RDM_PKT_INIT, 0, 0);
	KUNIT_EXPECT_EQ(test, rdm_wire_hdr(&h, p, RDM_INIT_LEN - 1), -EPROTO);
	rdm_wire_put_hdr(p, RDM_PKT_INIT_ACK, 0, 1);
	KUNIT_EXPECT_EQ(test, rdm_wire_hdr(&h, p, RDM_INIT_ACK_LEN - 1), -EPROTO);
}

static void wire_no_answer_is_larger_than_its_question(struct kunit *test)
{
	struct rdm_params pa = { .tag = 1, .incarnation = 1, .user_timeout = 1, .max_msg = 1 };
	u8 p[RDM_INIT_ACK_LEN];
	struct rdm_hdr h;
	u64 incarnation;
	u32 len;
	u8 reason;

	/* INIT is answered by INIT-ACK, everything else at most by RESET */
	KUNIT_EXPECT_LE(test, RDM_INIT_ACK_LEN, RDM_INIT_LEN);
	KUNIT_EXPECT_LE(test, RDM_RESET_LEN, RDM_MIN_PACKET);
	KUNIT_EXPECT_LE(test, RDM_RESET_LEN, RDM_INIT_LEN);
	len = rdm_wire_put_hdr(p, RDM_PKT_INIT_ACK, 0, 1);
	len += rdm_wire_put_params(p + len, &pa);
	KUNIT_EXPECT_EQ(test, len + RDM_COOKIE_LEN, RDM_INIT_ACK_LEN);

	len = rdm_wire_put_reset(p, 77, RDM_RESET_STALE, 88);
	KUNIT_EXPECT_EQ(test, len, RDM_RESET_LEN);
	KUNIT_ASSERT_EQ(test, rdm_wire_hdr(&h, p, len), 0);
	KUNIT_EXPECT_EQ(test, h.type, RDM_PKT_RESET);
	KUNIT_EXPECT_EQ(test, h.tag, 77);
	KUNIT_ASSERT_EQ(test, rdm_wire_reset(&reason, &incarnation, p + RDM_HDR_LEN,
					     len - RDM_HDR_LEN), 0);
	KUNIT_EXPECT_EQ(test, reason, RDM_RESET_STALE);
	KUNIT_EXPECT_EQ(test, incarnation, 88);
	KUNIT_EXPECT_EQ(test, rdm_wire_reset(&reason, &incarnation, p + RDM_HDR_LEN,
					     len - RDM_HDR_LEN - 1), -EPROTO);
}

static void wire_reset_refuses_reasons_and_padding(struct kunit *test)
{
	u8 p[RDM_RESET_LEN], reason;
	unsigned int i;
	u64 inc;

	for (i = 0; i < 256; i++) {
		rdm_wire_put_reset(p, 1, i, 1);
		KUNIT_EXPECT_EQ(test, rdm_wire_reset(&reason, &inc, p + RDM_HDR_LEN, 16),
				i >= RDM_RESET_NO_ASSOC && i <= RDM_RESET_BUSY ? 0 : -EPROTO);
	}
	for (i = 1; i < 8; i++) {
		rdm_wire_put_reset(p, 1, RDM_RESET_CLOSED, 1);
		p[RDM_HDR_LEN + i] = 1;
		KUNIT_EXPECT_EQ(test, rdm_wire_reset(&reason, &inc, p + RDM_HDR_LEN, 16), -EPROTO);
	}
}

static void wire_params_come_back_and_zeroes_are_refused(struct kunit *test)
{
	const struct rdm_params good = {
		.tag = 1ULL << 63, .incarnation = 2, .win_charge = U64_MAX, .win_seq = U64_MAX - 1,
		.user_timeout = U32_MAX, .max_msg = 5, .flags = RDM_PARAM_FIFO,
		.channel = RDM_CHANNEL_GROUP,
	};
	struct rdm_params pa;
	unsigned int i;
	u8 p[48];

	KUNIT_ASSERT_EQ(test, rdm_wire_put_params(p, &good), 48);
	KUNIT_ASSERT_EQ(test, rdm_wire_params(&pa, p, 48), 0);
	KUNIT_EXPECT_TRUE(test, pa.tag == good.tag && pa.incarnation == good.incarnation &&
			  pa.win_charge == good.win_charge && pa.win_seq == good.win_seq &&
			  pa.user_timeout == good.user_timeout && pa.max_msg == good.max_msg &&
			  pa.flags == good.flags && pa.channel == good.channel);
	KUNIT_EXPECT_EQ(test, rdm_wire_params(&pa, p, 47), -EPROTO);
	for (i = 40; i < 48; i++) {
		rdm_wire_put_params(p, &good);
		p[i] |= 2;
		KUNIT_EXPECT_EQ(test, rdm_wire_params(&pa, p, 48), -EPROTO);
	}
	/* tag, incarnation, user timeout, longest message */
	for (i = 0; i < 40; i += i == 8 ? 24 : i == 32 ? 4 : 8) {
		rdm_wire_put_params(p, &good);
		memset(p + i, 0, i < 32 ? 8 : 4);
		KUNIT_EXPECT_EQ(test, rdm_wire_params(&pa, p, 48), -EPROTO);
	}
}

static void wire_message_lengths_must_be_true(struct kunit *test)
{
	struct rdm_frame f;
	u8 p[64] = {};
	int n;

	rdm_wire_put_msg(p, 0x1122334455667788ULL, 20);
	n = frame_at_end(&f, p, RDM_MSG_LEN + 20, 100);
	KUNIT_ASSERT_EQ(test, n, RDM_MSG_LEN + 20);
	KUNIT_EXPECT_EQ(test, f.type, RDM_FRAME_MSG);
	KUNIT_EXPECT_TRUE(test, f.seq == 0x1122334455667788ULL);
	KUNIT_EXPECT_EQ(test, f.len, 20);
	KUNIT_EXPECT_EQ(test, f.total, 20);
	KUNIT_EXPECT_EQ(test, f.off, 0);
	KUNIT_EXPECT_EQ(test, f.payload, 100 - 20);
	/* one byte more than there is, in the packet or in all of it */
	KUNIT_EXPECT_EQ(test, frame_at_end(&f, p, RDM_MSG_LEN + 19, 100), -EPROTO);
	rdm_wire_put_msg(p, 1, U16_MAX);
	KUNIT_EXPECT_EQ(test, frame_at_end(&f, p, sizeof(p), 100), -EPROTO);
	KUNIT_EXPECT_EQ(test, frame_at_end(&f, p, RDM_MSG_LEN - 1, 100), -EPROTO);
	/* no bytes at all are a message too */
	rdm_wire_put_msg(p, 1, 0);
	KUNIT_EXPECT_EQ(test, frame_at_end(&f, p, RDM_MSG_LEN, 100), RDM_MSG_LEN);
	KUNIT_EXPECT_EQ(test, f.len, 0);
	/* U64_MAX is no sequence; the flags byte is unused */
	rdm_wire_put_msg(p, U64_MAX, 0);
	KUNIT_EXPECT_EQ(test, frame_at_end(&f, p, RDM_MSG_LEN, 100), -EPROTO);
	rdm_wire_put_msg(p, U64_MAX - 1, 0);
	KUNIT_EXPECT_EQ(test, frame_at_end(&f, p, RDM_MSG_LEN, 100), RDM_MSG_LEN);
	p[1] = 1;
	KUNIT_EXPECT_EQ(test, frame_at_end(&f, p, RDM_MSG_LEN, 100), -EPROTO);
}

static int frag(struct rdm_frame *f, u64 seq, u32 total, u32 off, u16 len, u32 room)
{
	u8 p[64] = {};

	rdm_wire_put_frag(p, seq, total, off, len);
	return frame_at_end(f, p, RDM_FRAG_LEN + room, 200);
}

static void wire_fragments_lie_within_their_message(struct kunit *test)
{
	struct rdm_frame f;

	KUNIT_ASSERT_EQ(test, frag(&f, 9, 5000, 4990, 10, 10), RDM_FRAG_LEN + 10);
	KUNIT_EXPECT_EQ(test, f.seq, 9);
	KUNIT_EXPECT_EQ(test, f.total, 5000);
	KUNIT_EXPECT_EQ(test, f.off, 4990);
	KUNIT_EXPECT_EQ(test, f.len, 10);
	KUNIT_EXPECT_EQ(test, f.payload, 190);
	KUNIT_EXPECT_EQ(test, frag(&f, 9, 5000, 4991, 10, 10), -EPROTO);
	KUNIT_EXPECT_EQ(test, frag(&f, 9, 5000, 5000, 10, 10), -EPROTO);
	KUNIT_EXPECT_EQ(test, frag(&f, 9, 5000, U32_MAX, 10, 10), -EPROTO);
	KUNIT_EXPECT_EQ(test, frag(&f, 9, U32_MAX, U32_MAX - 10, 10, 10), RDM_FRAG_LEN + 10);
	KUNIT_EXPECT_EQ(test, frag(&f, 9, U32_MAX, U32_MAX - 9, 10, 10), -EPROTO);
	KUNIT_EXPECT_EQ(test, frag(&f, 9, 5000, 0, 0, 10), -EPROTO);
	KUNIT_EXPECT_EQ(test, frag(&f, 9, 0, 0, 0, 10), -EPROTO);
	KUNIT_EXPECT_EQ(test, frag(&f, 9, 5000, 0, 11, 10), -EPROTO);
	KUNIT_EXPECT_EQ(test, frag(&f, U64_MAX, 5000, 0, 10, 10), -EPROTO);
}

static void wire_ack_ranges_come_back_as_they_were(struct kunit *test)
{
	struct rdm_pnrange r[RDM_ACK_MAX_RANGES + 1];
	struct rdm_frame *f;
	u64 rng = 1;
	u8 p[RDM_FRAME_MAX_HEAD];
	int round;

	f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, f);
	for (round = 0; round < 2000; round++) {
		u16 n = rdm_test_below(&rng, RDM_ACK_MAX_RANGES + 1) + 1, i;
		u64 at = (u64)rdm_test_below(&rng, 1000) << rdm_test_below(&rng, 38);
		u32 len;

		at = min_t(u64, at + 100000, RDM_PN_MAX);
		for (i = 0; i < n; i++) {
			r[i].last = at;
			r[i].first = at - rdm_test_below(&rng, 1000);
			at = r[i].first - 2 - rdm_test_below(&rng, 1000);
		}
		len = rdm_wire_put_ack(p, 25 * 1000000, r, n);
		KUNIT_ASSERT_EQ(test, len, RDM_ACK_LEN + (n - 1) * RDM_ACK_RANGE_LEN);
		KUNIT_ASSERT_EQ(test, frame_at_end(f, p, len, 2000), len);
		KUNIT_ASSERT_EQ(test, f->nranges, n);
		KUNIT_ASSERT_TRUE(test, f->seq == r[0].last);
		for (i = 0; i < n; i++)
			KUNIT_ASSERT_TRUE(test, f->ranges[i].first == r[i].first &&
					  f->ranges[i].last == r[i].last);
		KUNIT_ASSERT_LE(test, f->delay, 25 * 1000000);
		KUNIT_ASSERT_GT(test, f->delay, 25 * 1000000 - (1 << RDM_ACK_DELAY_SHIFT));
		/* a packet that ends within the frame, and a decoder that sees only its start */
		KUNIT_ASSERT_EQ(test, frame_at_end(f, p, len - 1, 2000), -EPROTO);
		KUNIT_ASSERT_EQ(test, rdm_wire_frame(f, p, len - 1, 100, 2000), -EMSGSIZE);
	}
}

static void wire_ack_ranges_never_wrap(struct kunit *test)
{
	static const struct {
		u64 largest;
		u32 first, gap, more;
		bool good;
	} cases[] = {
		{ 100, 100, 0, 0, false },	/* the first range reaches 0, no gap fits */
		{ 100, 101, 1, 0, false },	/* the first range reaches below 0 */
		{ 100, 10, 0, 5, false },	/* ranges that touch are one */
		{ 100, 10, 88, 1, true },	/* 90..100, 0..1 */
		{ 100, 10, 88, 2, false },	/* ... -1..1 */
		{ 100, 10, 89, 0, true },	/* 90..100, 0 */
		{ 100, 10, 90, 0, false },
		{ 100, 10, U32_MAX, 0, false },
		{ 100, 10, 1, U32_MAX, false },
		{ RDM_PN_MAX, 0, U32_MAX, U32_MAX, true },
		{ RDM_PN_MAX + 1, 0, 1, 1, false },
		{ U64_MAX, 0, 1, 1, false },
	};
	struct rdm_frame f;
	unsigned int i;
	u8 p[24];
	int want;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		memset(p, 0, sizeof(p));
		p[0] = RDM_FRAME_ACK;
		p[1] = 1;
		put_unaligned_be32(cases[i].first, p + 4);
		put_unaligned_be64(cases[i].largest, p + 8);
		put_unaligned_be32(cases[i].gap, p + 16);
		put_unaligned_be32(cases[i].more, p + 20);
		want = -EPROTO;
		if (cases[i].good)
			want = 24;
		KUNIT_EXPECT_EQ_MSG(test, frame_at_end(&f, p, 24, 100), want, "case %u", i);
	}
	/* more ranges than any sender tells, whatever room there is */
	memset(p, 0, sizeof(p));
	p[0] = RDM_FRAME_ACK;
	p[1] = RDM_ACK_MAX_RANGES + 1;
	KUNIT_EXPECT_EQ(test, rdm_wire_frame(&f, p, sizeof(p), 16, 60000), -EPROTO);
	p[1] = 255;
	KUNIT_EXPECT_EQ(test, rdm_wire_frame(&f, p, sizeof(p), 16, 60000), -EPROTO);
}

static void wire_ack_drops_what_does_not_fit(struct kunit *test)
{
	struct rdm_pnrange r[3] = {
		{ 1ULL << 40, (1ULL << 40) + 5 }, { 100, 200 }, { 1, 2 },
	};
	struct rdm_frame f;
	u8 p[64];
	u32 len;

	/* the gap to the second range needs more than 32 bits */
	len = rdm_wire_put_ack(p, 0, r, 3);
	KUNIT_ASSERT_EQ(test, len, RDM_ACK_LEN);
	KUNIT_ASSERT_EQ(test, frame_at_end(&f, p, len, 100), len);
	KUNIT_EXPECT_EQ(test, f.nranges, 1);
	KUNIT_EXPECT_TRUE(test, f.ranges[0].first == r[0].first);

	/* so does the first range: it is cut at its old end, and ends the frame */
	r[0].first = 1000;
	len = rdm_wire_put_ack(p, U64_MAX, r, 2);
	KUNIT_ASSERT_EQ(test, frame_at_end(&f, p, len, 100), len);
	KUNIT_EXPECT_EQ(test, f.nranges, 1);
	KUNIT_EXPECT_TRUE(test, f.ranges[0].last == r[0].last);
	KUNIT_EXPECT_TRUE(test, f.ranges[0].first == r[0].last - U32_MAX);
	/* the longest delay that can be told */
	KUNIT_EXPECT_TRUE(test, f.delay == (u64)U16_MAX << RDM_ACK_DELAY_SHIFT);
}

static void wire_ack_brings_ecn_counts(struct kunit *test)
{
	const struct rdm_ecn_counts ecn = {
		.from = 180, .n = { 7, U32_MAX, 0x01020304, 0xfffefdfc },
	};
	struct rdm_pnrange r[2] = { { 190, 200 }, { 100, 120 } };
	u32 len, plain = RDM_ACK_LEN + RDM_ACK_RANGE_LEN;
	struct rdm_frame f;
	u8 p[64];

	len = rdm_wire_put_ack_ecn(p, 5000000, r, 2, &ecn);
	KUNIT_ASSERT_EQ(test, len, plain + RDM_ACK_ECN_LEN);
	KUNIT_EXPECT_EQ(test, p[0], 10);
	KUNIT_EXPECT_EQ(test, p[plain + 7], 180);
	KUNIT_EXPECT_EQ(test, p[plain + 8], 1);
	KUNIT_EXPECT_EQ(test, p[plain + 12], 0xff);
	KUNIT_EXPECT_EQ(test, p[plain + 19], 0xfc);
	memset(&f, 0xa5, sizeof(f));
	KUNIT_ASSERT_EQ(test, frame_at_end(&f, p, len, 100), len);
	KUNIT_EXPECT_EQ(test, f.type, RDM_FRAME_ACK);
	KUNIT_EXPECT_EQ(test, f.flags, RDM_ACK_ECN);
	KUNIT_EXPECT_EQ(test, f.nranges, 2);
	KUNIT_EXPECT_TRUE(test, f.ranges[1].first == 100 && f.ranges[1].last == 120);
	KUNIT_EXPECT_TRUE(test, f.ecn.from == 180);
	KUNIT_EXPECT_EQ(test, f.ecn.n[RDM_ECN_ECT1], U32_MAX);
	KUNIT_EXPECT_EQ(test, f.ecn.n[RDM_ECN_ECT0], 0x01020304);
	KUNIT_EXPECT_EQ(test, f.ecn.n[RDM_ECN_CE], 0xfffefdfc);
	/* a packet that ends within the counts, and a decoder that does not see them */
	KUNIT_EXPECT_EQ(test, frame_at_end(&f, p, len - 1, 100), -EPROTO);
	KUNIT_EXPECT_EQ(test, rdm_wire_frame(&f, p, len - 1, 50, 200), -EMSGSIZE);
	/* without counts it has no flag */
	rdm_wire_put_ack(p, 0, r, 2);
	KUNIT_ASSERT_EQ(test, frame_at_end(&f, p, plain, 100), plain);
	KUNIT_EXPECT_EQ(test, f.flags, 0);
}

static void wire_ecn_counts_begin_at_a_packet_that_came(struct kunit *test)
{
	struct rdm_ecn_counts ecn = { .from = 201 };
	struct rdm_pnrange r = { 190, 200 };
	struct rdm_frame f;
	u8 p[64];
	u32 len;

	len = rdm_wire_put_ack_ecn(p, 0, &r, 1, &ecn);
	KUNIT_EXPECT_EQ(test, frame_at_end(&f, p, len, 100), len);
	ecn.from = 202;
	len = rdm_wire_put_ack_ecn(p, 0, &r, 1, &ecn);
	KUNIT_EXPECT_EQ(test, frame_at_end(&f, p, len, 100), -EPROTO);
	ecn.from = U64_MAX;
	len = rdm_wire_put_ack_ecn(p, 0, &r, 1, &ecn);
	KUNIT_EXPECT_EQ(test, frame_at_end(&f, p, len, 100), -EPROTO);
}

static void wire_control_frames_come_back_as_they_were(struct kunit *test)
{
	u8 p[RDM_COOKIE_HDR_LEN + RDM_COOKIE_LEN], cookie[RDM_COOKIE_LEN];
	struct rdm_frame f;
	unsigned int i;
	u32 len;

	len = rdm_wire_put_window(p, RDM_WINDOW_REOPENED, 1ULL << 50, U64_MAX);
	KUNIT_ASSERT_EQ(test, frame_at_end(&f, p, len, 100), len);
	KUNIT_EXPECT_EQ(test, f.type, RDM_FRAME_WINDOW);
	KUNIT_EXPECT_EQ(test, f.flags, RDM_WINDOW_REOPENED);
	KUNIT_EXPECT_TRUE(test, f.charge == 1ULL << 50 && f.last == U64_MAX);

	len = rdm_wire_put_close(p, RDM_FRAME_CLOSE_ACK, U64_MAX);
	KUNIT_ASSERT_EQ(test, frame_at_end(&f, p, len, 100), len);
	KUNIT_EXPECT_TRUE(test, f.type == RDM_FRAME_CLOSE_ACK && f.seq == U64_MAX);

	for (i = 0; i < sizeof(cookie); i++)
		cookie[i] = i;
	len = rdm_wire_put_cookie(p, cookie, sizeof(cookie));
	KUNIT_ASSERT_EQ(test, frame_at_end(&f, p, len, 100), len);
	KUNIT_EXPECT_EQ(test, f.payload, 100 - RDM_COOKIE_LEN);
	KUNIT_EXPECT_EQ(test, memcmp(p + RDM_COOKIE_HDR_LEN, cookie, sizeof(cookie)), 0);
	KUNIT_EXPECT_EQ(test, frame_at_end(&f, p, len - 1, 100), -EPROTO);
	put_unaligned_be16(RDM_COOKIE_LEN - 1, p + 2);
	KUNIT_EXPECT_EQ(test, frame_at_end(&f, p, len, 100), -EPROTO);

	p[0] = RDM_FRAME_PING;
	KUNIT_EXPECT_EQ(test, frame_at_end(&f, p, 1, 100), 1);
}

static void wire_skip_comes_back_as_it_was(struct kunit *test)
{
	u8 p[RDM_SKIP_LEN + (RDM_SKIP_MAX + 1) * RDM_SKIP_ONE_LEN];
	struct rdm_frame f;
	u32 len;
	u16 i;

	len = rdm_wire_put_skip(p, 7, RDM_SKIP_MAX);
	for (i = 0; i <= RDM_SKIP_MAX; i++)
		rdm_wire_put_skip_len(p, i, 1000 * i);
	KUNIT_ASSERT_EQ(test, len, RDM_SKIP_LEN + RDM_SKIP_MAX * RDM_SKIP_ONE_LEN);
	KUNIT_ASSERT_EQ(test, rdm_wire_frame(&f, p, len, 20, 1000), len);
	KUNIT_EXPECT_TRUE(test, f.type == RDM_FRAME_SKIP && f.seq == 7);
	KUNIT_ASSERT_EQ(test, f.nlens, RDM_SKIP_MAX);
	for (i = 0; i < f.nlens; i++)
		KUNIT_EXPECT_EQ(test, f.lens[i], 1000 * i);

	/* the end may be out of sight, or missing */
	KUNIT_EXPECT_EQ(test, rdm_wire_frame(&f, p, len - 1, 20, 1000), -EMSGSIZE);
	KUNIT_EXPECT_EQ(test, rdm_wire_frame(&f, p, len - 1, 20, 20 + len - 1), -EPROTO);
	/* too many, none, and what runs over the last sequence */
	rdm_wire_put_skip(p, 7, RDM_SKIP_MAX + 1);
	KUNIT_EXPECT_EQ(test, rdm_wire_frame(&f, p, sizeof(p), 20, 1000), -EPROTO);
	rdm_wire_put_skip(p, 7, 0);
	KUNIT_EXPECT_EQ(test, rdm_wire_frame(&f, p, sizeof(p), 20, 1000), -EPROTO);
	rdm_wire_put_skip(p, U64_MAX - 3, 3);
	KUNIT_EXPECT_GT(test, rdm_wire_frame(&f, p, sizeof(p), 20, 1000), 0);
	rdm_wire_put_skip(p, U64_MAX - 3, 4);
	KUNIT_EXPECT_EQ(test, rdm_wire_frame(&f, p, sizeof(p), 20, 1000), -EPROTO);
}

/* All bytes between a control frame's first and its numbers are zero. */
static void wire_reserved_bytes_must_be_zero(struct kunit *test)
{
	static const u8 types[] = {
		RDM_FRAME_WINDOW, RDM_FRAME_SKIP, RDM_FRAME_CLOSE, RDM_FRAME_CLOSE_ACK,
	};
	bool skip;
	struct rdm_frame f;
	unsigned int i, j;
	u8 p[24];

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		skip = types[i] == RDM_FRAME_SKIP;
		for (j = skip ? 2 : 1; j < 8; j++) {
			memset(p, 0, sizeof(p));
			p[0] = types[i];
			p[1] = skip;
			KUNIT_ASSERT_GT(test, rdm_wire_frame(&f, p, 24, 76, 100), 0);
			p[j] = 0x80;
			KUNIT_EXPECT_EQ(test, rdm_wire_frame(&f, p, 24, 76, 100), -EPROTO);
		}
	}
}

static void wire_padding_is_zero_to_the_end(struct kunit *test)
{
	u8 p[40] = {};
	struct rdm_frame f;
	unsigned int i;

	KUNIT_EXPECT_EQ(test, rdm_wire_frame(&f, p, 40, 60, 100), 40);
	KUNIT_EXPECT_EQ(test, f.type, RDM_FRAME_PADDING);
	for (i = 1; i < sizeof(p); i++) {
		p[i] = 1;
		KUNIT_EXPECT_EQ(test, rdm_wire_frame(&f, p, 40, 60, 100), -EPROTO);
		p[i] = 0;
	}
}

static void wire_unknown_frames_are_refused(struct kunit *test)
{
	struct rdm_frame f;
	u8 p[64] = {};
	unsigned int i;

	for (i = RDM_FRAME__NR; i < 256; i++) {
		p[0] = i;
		KUNIT_EXPECT_EQ(test, rdm_wire_frame(&f, p, 64, 36, 100), -EPROTO);
	}
	p[0] = RDM_FRAME_PING;
	KUNIT_EXPECT_EQ(test, rdm_wire_frame(&f, p, 0, 100, 100), -EPROTO);
	KUNIT_EXPECT_EQ(test, rdm_wire_frame(&f, p, 0, 36, 100), -EMSGSIZE);
}

/* Whatever the bytes: a frame ends within its packet, and so does its payload. */
static void wire_random_bytes_never_point_outside(struct kunit *test)
{
	struct rdm_frame *f;
	u64 rng = 3;
	u8 p[96];
	int round, good = 0;

	f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, f);
	for (round = 0; round < 20000; round++) {
		u32 len = rdm_test_below(&rng, sizeof(p)) + 1, i;
		int n;

		for (i = 0; i < len; i++)
			p[i] = rdm_test_below(&rng, 3) ? 0 : rdm_test_rand(&rng);
		p[0] = rdm_test_below(&rng, RDM_FRAME__NR + 1);
		n = frame_at_end(f, p, len, 500);
		if (n < 0) {
			KUNIT_ASSERT_EQ(test, n, -EPROTO);
			continue;
		}
		good++;
		KUNIT_ASSERT_GT(test, n, 0);
		KUNIT_ASSERT_LE(test, n, len);
		if (f->type == RDM_FRAME_MSG || f->type == RDM_FRAME_FRAG ||
		    f->type == RDM_FRAME_COOKIE)
			KUNIT_ASSERT_EQ(test, f->payload + f->len, 500 - len + n);
	}
	KUNIT_EXPECT_GT(test, good, 1000);
}

static struct kunit_case wire_cases[] = {
	KUNIT_CASE(wire_hdr_comes_back_as_it_was),
	KUNIT_CASE(wire_hdr_refuses_what_no_sender_writes),
	KUNIT_CASE(wire_no_answer_is_larger_than_its_question),
	KUNIT_CASE(wire_reset_refuses_reasons_and_padding),
	KUNIT_CASE(wire_params_come_back_and_zeroes_are_refused),
	KUNIT_CASE(wire_message_lengths_must_be_true),
	KUNIT_CASE(wire_fragments_lie_within_their_message),
	KUNIT_CASE(wire_ack_ranges_come_back_as_they_were),
	KUNIT_CASE(wire_ack_ranges_never_wrap),
	KUNIT_CASE(wire_ack_drops_what_does_not_fit),
	KUNIT_CASE(wire_ack_brings_ecn_counts),
	KUNIT_CASE(wire_ecn_counts_begin_at_a_packet_that_came),
	KUNIT_CASE(wire_control_frames_come_back_as_they_were),
	KUNIT_CASE(wire_skip_comes_back_as_it_was),
	KUNIT_CASE(wire_reserved_bytes_must_be_zero),
	KUNIT_CASE(wire_padding_is_zero_to_the_end),
	KUNIT_CASE(wire_unknown_frames_are_refused),
	KUNIT_CASE(wire_random_bytes_never_point_outside),
	{}
};

static struct kunit_suite wire_suite = {
	.name = "rdm_wire",
	.test_cases = wire_cases,
};

kunit_test_suite(wire_suite);
