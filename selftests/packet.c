// SPDX-License-Identifier: GPL-2.0
/*
 * Parts of U10 and M4: packets that no rdm socket sent. A plain UDP socket sends them to
 * the port of an rdm socket, which must neither crash, nor answer with more than it got,
 * nor let a living association come to harm; and it counts what it drops.
 */
#include "kselftest_harness.h"
#include "rdmtest.h"

#include <stdlib.h>

#define INIT_LEN 144
#define RESET 4
#define INIT 1

FIXTURE(packet) {
	int tx, rx;		/* a living association between them */
	int udp;		/* the stranger */
	struct addr rx_at, udp_at;
};

RDM_VARIANTS(packet);

static bool alive(FIXTURE_DATA(packet) * self)
{
	char c = 0;

	return send(self->tx, "a", 1, 0) == 1 && recv(self->rx, &c, 1, 0) == 1 && c == 'a';
}

FIXTURE_SETUP(packet)
{
	enter_netns(1500);
	self->rx = rdm_bound(variant->family, variant->type, &self->rx_at);
	self->tx = rdm_connected(variant->family, variant->type, &self->rx_at);
	self->udp = udp_bound(variant->family, &self->udp_at);
	ASSERT_TRUE(alive(self));
	/* The stranger hears what comes back */
	ASSERT_OK(connect(self->udp, &self->rx_at.sa, self->rx_at.len));
}

FIXTURE_TEARDOWN(packet)
{
	close(self->tx);
	close(self->rx);
	close(self->udp);
}

static uint64_t drops(void)
{
	static const char *const names[] = {
		"DropMalformed", "DropVersion", "DropDup", "DropTag", "DropAddress",
		"DropCookie", "DropStale", "DropReset", "DropState", "DropPeers",
		"DropTombstones", "DropNoSocket",
	};
	uint64_t sum = 0;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		sum += counter(names[i]);
	return sum;
}

/* Bytes that came back, all answers to what was sent together. */
static uint64_t answers(int udp)
{
	uint64_t bytes = 0;
	char buf[4096];
	ssize_t n;

	while ((n = recv(udp, buf, sizeof(buf), MSG_DONTWAIT)) >= 0)
		bytes += (uint64_t)n;
	return bytes;
}

RDM_TEST(packet, m4_noise_is_dropped_and_counted)
{
	uint64_t before = drops(), sent = 0;
	unsigned int n = scaled(2000);
	uint8_t buf[1472];

	for (unsigned int i = 0; i < n; i++) {
		size_t len = i % 10 ? i * 7919u % 100 : i * 104729u % sizeof(buf);

		fill(buf, len, i);
		/* Most of them look like ours at first sight: the version, a type */
		if (len > 2 && i % 3) {
			buf[0] = 1;
			buf[1] = (uint8_t)(i % 7);
		}
		/* What a connected UDP socket hears of errors is no error of the send */
		if (send(self->udp, buf, len, 0) == (ssize_t)len)
			sent += len;
		ASSERT_GE(sent, answers(self->udp));
		if (i % 100 == 0)
			ASSERT_TRUE(alive(self));
	}
	EXPECT_TRUE(alive(self));
	EXPECT_TRUE(EVENTUALLY(PATIENCE, drops() >= before + n / 2));
	EXPECT_FAIL(EAGAIN, recv(self->rx, buf, 1, MSG_DONTWAIT));
}

RDM_TEST(packet, m4_truncated_packets_are_dropped)
{
	/* Every prefix of an INIT that is otherwise well formed in its head */
	uint64_t before = drops();
	uint8_t buf[INIT_LEN] = { 1, INIT };

	for (size_t len = 0; len < INIT_LEN; len++)
		ASSERT_EQ(len, send(self->udp, buf, len, 0));
	EXPECT_TRUE(EVENTUALLY(PATIENCE, drops() >= before + INIT_LEN));
	EXPECT_EQ(0, answers(self->udp));
	EXPECT_TRUE(alive(self));
}

RDM_TEST(packet, u10_an_unknown_tag_gets_no_more_than_it_sent_and_changes_nothing)
{
	uint64_t sent = 0;
	uint8_t buf[64];

	for (unsigned int i = 0; i < 300; i++) {
		fill(buf, sizeof(buf), i);
		buf[0] = 1;
		buf[1] = 3;
		/* As long as the smallest packet, and longer */
		sent += (uint64_t)send(self->udp, buf, 32 + i % 32, 0);
		ASSERT_GE(sent, answers(self->udp));
	}
	/* Some look like more than that: the random bytes begin with a cookie */
	EXPECT_TRUE(EVENTUALLY(PATIENCE, counter("DropTag") >= 280));
	EXPECT_TRUE(alive(self));
	EXPECT_EQ(0, counter("AssocFailed"));
}

RDM_TEST(packet, u10_a_guessed_reset_ends_nothing)
{
	uint8_t buf[32];

	for (unsigned int i = 0; i < 300; i++) {
		fill(buf, sizeof(buf), i);
		buf[0] = 1;
		buf[1] = RESET;
		ASSERT_EQ(32, send(self->udp, buf, 32, 0));
	}
	EXPECT_TRUE(alive(self));
	EXPECT_EQ(0, counter("InReset"));
	EXPECT_EQ(0, counter("AssocFailed"));
	/* No answer at all: two ends could answer each other for ever */
	EXPECT_EQ(0, answers(self->udp));
}

TEST_HARNESS_MAIN
