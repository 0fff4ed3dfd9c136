// SPDX-License-Identifier: GPL-2.0
/*
 * Parts of U10 and M4: packets that no rdm socket sent. A plain UDP socket sends them to
 * the port of an rdm socket, which must neither crash, nor answer with more than it got,
 * nor let a living association come to harm; and it counts what it drops.
 */
#include "kselftest_harness.h"
#include "rdmtest.h"

#include <stdio.h>
#include <stdlib.h>

#define INIT_LEN 144
#define INIT 1
#define INIT_ACK 2
#define DATA 3
#define RESET 4

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

static void put64(uint8_t *p, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		p[i] = (uint8_t)(v >> (56 - 8 * i));
}

static void put32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* What /proc/net/rdm says of the receive memory of the socket with this port. */
static long rx_bytes(const struct addr *at)
{
	FILE *f = fopen("/proc/net/rdm", "r");
	char line[512], local[128], port[16];
	long bytes = -1, rx;

	snprintf(port, sizeof(port), ":%u", port_of(at));
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%*s %127s %*s %ld", local, &rx) == 2 && strstr(local, port))
			bytes = rx;
	if (f)
		fclose(f);
	return bytes;
}

/* A peer that speaks the protocol as it likes: its tag and cookie, from an INIT-ACK. */
struct rogue {
	uint8_t head[16], cookie[84];
	uint64_t pn;
};

static bool rogue_opens(struct rogue *r, int udp)
{
	uint8_t init[INIT_LEN] = { 1, INIT }, ack[INIT_LEN];

	memset(r, 0, sizeof(*r));
	put64(init + 16, 1);		/* tag */
	put64(init + 24, 2);		/* incarnation */
	put64(init + 32, 1 << 20);	/* window */
	put64(init + 40, 4096);
	put32(init + 48, 30000);	/* user timeout */
	put32(init + 52, 1 << 20);	/* longest message */
	if (send(udp, init, sizeof(init), 0) != sizeof(init) ||
	    recv(udp, ack, sizeof(ack), 0) != sizeof(ack) || ack[1] != INIT_ACK)
		return false;
	r->head[0] = 1;
	r->head[1] = DATA;
	memcpy(r->head + 8, ack + 16, 8);
	r->cookie[0] = 7;
	r->cookie[3] = 80;
	memcpy(r->cookie + 4, ack + 64, 80);
	return true;
}

/* @len bytes from @off on of message @seq, which has @total; with the cookie at first. */
static bool rogue_sends(struct rogue *r, int udp, uint64_t seq, uint32_t total, uint32_t off,
			uint16_t len)
{
	static uint8_t buf[2000];
	size_t at = sizeof(r->head);

	put32(r->head + 4, (uint32_t)r->pn);
	memcpy(buf, r->head, at);
	if (!r->pn++) {
		memcpy(buf + at, r->cookie, sizeof(r->cookie));
		at += sizeof(r->cookie);
	}
	memset(buf + at, 0, 20);
	buf[at] = 9;
	buf[at + 2] = (uint8_t)(len >> 8);
	buf[at + 3] = (uint8_t)len;
	put32(buf + at + 4, total);
	put64(buf + at + 8, seq);
	put32(buf + at + 16, off);
	at += 20 + len;
	return send(udp, buf, at, 0) == (ssize_t)at;
}

RDM_TEST(packet, u10_fragments_that_overlap_take_no_more_than_the_receive_buffer)
{
	uint32_t n = scaled(10000), total = 1 << 20;
	struct rogue r;

	set_timeout(self->udp, SO_RCVTIMEO, PATIENCE);
	ASSERT_TRUE(rogue_opens(&r, self->udp));
	/* Each brings one byte that the others have not, behind those or before them */
	for (uint32_t i = 0; i < n; i++) {
		ASSERT_TRUE(rogue_sends(&r, self->udp, 0, total, i, 1024));
		ASSERT_TRUE(rogue_sends(&r, self->udp, 0, total, total - 2000 - i, 1024));
		answers(self->udp);
	}
	ASSERT_LE(total, rx_bytes(&self->rx_at));
	EXPECT_GE(get_int(self->rx, SOL_SOCKET, SO_RCVBUF), rx_bytes(&self->rx_at));
	EXPECT_TRUE(alive(self));
}

/* Long messages, one by one. Return: super-packets that did not arrive whole, or -1. */
static int supers_cut(FIXTURE_DATA(packet) * self, int n)
{
	uint64_t in = counter("InGso"), out = counter("OutGso");
	static uint8_t buf[20000];

	for (int i = 0; i < n; i++) {
		fill(buf, sizeof(buf), (uint32_t)i);
		if (send(self->tx, buf, sizeof(buf), 0) != sizeof(buf) ||
		    recv(self->rx, buf, sizeof(buf), 0) != sizeof(buf) ||
		    !intact(buf, sizeof(buf), (uint32_t)i))
			return -1;
	}
	in = counter("InGso") - in;
	out = counter("OutGso") - out;
	return out >= (uint64_t)n && in <= out ? (int)(out - in) : -1;
}

/* Single packets come by a way on which UDP cuts super-packets: Documentation/receive.md */
RDM_TEST(packet, super_packets_arrive_whole_but_for_the_first_after_many_single_ones)
{
	for (int k = 0; k < 3; k++) {
		int cut;

		for (int i = 0; i < 300; i++)
			ASSERT_TRUE(alive(self));
		/* The message that follows may be on its way by then */
		cut = supers_cut(self, 20);
		EXPECT_LE(1, cut);
		EXPECT_GE(4, cut);
	}
	/* A few do not change the way */
	for (int i = 0; i < 20; i++)
		ASSERT_TRUE(alive(self));
	EXPECT_EQ(0, supers_cut(self, 20));
}

TEST_HARNESS_MAIN
