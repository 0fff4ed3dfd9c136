// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of cookie: a cookie says what it was told, to nobody but the
 * addresses and the socket that it was made for, and not for long.
 */
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/string.h>

#include "cookie.h"

static const struct rdm_cookie_key key = {
	.mac = { { 0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL } },
	.tag = { { 1, 2 } },
};

static const struct rdm_tuple tuple = { .w = { 1, 2, 3, 4, 5, 6 } };

#define INCARNATION	0x1234567890abcdefULL
#define MADE		(1000 * (u64)NSEC_PER_SEC)

static const struct rdm_cookie made = {
	.peer = {
		.tag = 11, .incarnation = 12, .win_charge = 13, .win_seq = 14, .user_timeout = 15,
		.max_msg = 16, .flags = RDM_PARAM_FIFO,
	},
	.tag = 17,
	.time = MADE,
};

static void seal(u8 *p)
{
	rdm_cookie_seal(p, &key, &tuple, INCARNATION, &made);
}

static void cookie_says_what_it_was_told(struct kunit *test)
{
	u8 p[RDM_COOKIE_LEN];
	struct rdm_cookie ck;

	seal(p);
	KUNIT_EXPECT_EQ(test, rdm_cookie_incarnation(p), INCARNATION);
	KUNIT_ASSERT_EQ(test, rdm_cookie_open(&ck, p, &key, &tuple, INCARNATION, MADE), 0);
	KUNIT_EXPECT_EQ(test, ck.tag, made.tag);
	KUNIT_EXPECT_EQ(test, ck.time, made.time);
	KUNIT_EXPECT_EQ(test, ck.peer.tag, made.peer.tag);
	KUNIT_EXPECT_EQ(test, ck.peer.incarnation, made.peer.incarnation);
	KUNIT_EXPECT_EQ(test, ck.peer.win_charge, made.peer.win_charge);
	KUNIT_EXPECT_EQ(test, ck.peer.win_seq, made.peer.win_seq);
	KUNIT_EXPECT_EQ(test, ck.peer.user_timeout, made.peer.user_timeout);
	KUNIT_EXPECT_EQ(test, ck.peer.max_msg, made.peer.max_msg);
	KUNIT_EXPECT_EQ(test, ck.peer.flags, made.peer.flags);
}

static void cookie_with_any_bit_changed_is_refused(struct kunit *test)
{
	struct rdm_cookie ck;
	unsigned int i;
	u8 p[RDM_COOKIE_LEN];

	for (i = 0; i < 8 * RDM_COOKIE_LEN; i++) {
		seal(p);
		p[i / 8] ^= 1 << i % 8;
		KUNIT_EXPECT_EQ_MSG(test, rdm_cookie_open(&ck, p, &key, &tuple, INCARNATION, MADE),
				    -EBADMSG, "bit %u", i);
	}
}

static void cookie_is_for_one_pair_of_addresses(struct kunit *test)
{
	struct rdm_cookie ck;
	struct rdm_tuple other;
	unsigned int i;
	u8 p[RDM_COOKIE_LEN];

	seal(p);
	for (i = 0; i < ARRAY_SIZE(other.w); i++) {
		other = tuple;
		other.w[i]++;
		KUNIT_EXPECT_EQ(test, rdm_cookie_open(&ck, p, &key, &other, INCARNATION, MADE),
				-EBADMSG);
	}
}

static void cookie_is_for_one_socket_and_one_secret(struct kunit *test)
{
	struct rdm_cookie_key other = key;
	struct rdm_cookie ck;
	u8 p[RDM_COOKIE_LEN];

	seal(p);
	KUNIT_EXPECT_EQ(test, rdm_cookie_open(&ck, p, &key, &tuple, INCARNATION + 1, MADE),
			-EBADMSG);
	other.mac.key[1]++;
	KUNIT_EXPECT_EQ(test, rdm_cookie_open(&ck, p, &other, &tuple, INCARNATION, MADE), -EBADMSG);
}

static void cookie_ages(struct kunit *test)
{
	struct rdm_cookie ck;
	u8 p[RDM_COOKIE_LEN];

	seal(p);
	KUNIT_EXPECT_EQ(test, rdm_cookie_open(&ck, p, &key, &tuple, INCARNATION,
					      MADE + RDM_COOKIE_LIFE), 0);
	KUNIT_EXPECT_EQ(test, rdm_cookie_open(&ck, p, &key, &tuple, INCARNATION,
					      MADE + RDM_COOKIE_LIFE + 1), -ESTALE);
	/* one from the future is no better */
	KUNIT_EXPECT_EQ(test, rdm_cookie_open(&ck, p, &key, &tuple, INCARNATION, MADE - 1),
			-ESTALE);
	/* whoever keeps the delivered set after an end keeps it for longer than that */
	KUNIT_EXPECT_GT(test, RDM_TOMBSTONE_LIFE, RDM_COOKIE_LIFE);
}

static void cookie_tag_depends_on_all_it_is_made_of(struct kunit *test)
{
	struct rdm_cookie_key other_key = key;
	struct rdm_tuple other = tuple;
	u64 tag = rdm_cookie_tag(&key, &tuple, 1, 2);

	KUNIT_EXPECT_NE(test, tag, 0);
	KUNIT_EXPECT_TRUE(test, tag == rdm_cookie_tag(&key, &tuple, 1, 2));
	KUNIT_EXPECT_FALSE(test, tag == rdm_cookie_tag(&key, &tuple, 1, 3));
	KUNIT_EXPECT_FALSE(test, tag == rdm_cookie_tag(&key, &tuple, 2, 2));
	other.w[5]++;
	KUNIT_EXPECT_FALSE(test, tag == rdm_cookie_tag(&key, &other, 1, 2));
	other_key.tag.key[0]++;
	KUNIT_EXPECT_FALSE(test, tag == rdm_cookie_tag(&other_key, &tuple, 1, 2));
}

static struct kunit_case cookie_cases[] = {
	KUNIT_CASE(cookie_says_what_it_was_told),
	KUNIT_CASE(cookie_with_any_bit_changed_is_refused),
	KUNIT_CASE(cookie_is_for_one_pair_of_addresses),
	KUNIT_CASE(cookie_is_for_one_socket_and_one_secret),
	KUNIT_CASE(cookie_ages),
	KUNIT_CASE(cookie_tag_depends_on_all_it_is_made_of),
	{}
};

static struct kunit_suite cookie_suite = {
	.name = "rdm_cookie",
	.test_cases = cookie_cases,
};

kunit_test_suite(cookie_suite);
