// SPDX-License-Identifier: GPL-2.0
/*
 * Faults placed exactly: filters on the loopback device drop the packets that a test
 * names, for as long as it wants. What random loss can only make likely is certain here:
 * that a message was read before its copy comes, that a large message is missing when a
 * small one arrives, that a peer is cut off for less, or for more, than RDM_USER_TIMEOUT.
 */
#include "kselftest_harness.h"
#include "rdmtest.h"

FIXTURE(fault) {
	int tx, rx;
	struct addr tx_at, rx_at;
};

RDM_VARIANTS(fault);

FIXTURE_SETUP(fault)
{
	char c;

	enter_netns(1500);
	tc("qdisc add dev lo clsact");
	self->rx = rdm_bound(variant->family, variant->type, &self->rx_at);
	self->tx = rdm_bound(variant->family, variant->type, &self->tx_at);
	ASSERT_OK(connect(self->tx, &self->rx_at.sa, self->rx_at.len));
	/* They know each other before anything goes wrong */
	ASSERT_EQ(1, send(self->tx, "w", 1, 0));
	ASSERT_EQ(1, recv(self->rx, &c, 1, 0));
	ASSERT_TRUE(EVENTUALLY(PATIENCE, outq(self->tx) == 0));
}

FIXTURE_TEARDOWN(fault)
{
	close(self->tx);
	close(self->rx);
}

/* Drops what is 1 KiB or longer, super-packets of several packets as well. */
static void cut_large(int family)
{
	for (int bit = 0x400; bit <= 0x8000; bit <<= 1)
		tc("filter add dev lo egress protocol %s u32 match u16 0x%x 0x%x at %d action drop",
		   family == AF_INET ? "ip" : "ipv6", bit, bit, family == AF_INET ? 2 : 4);
}

RDM_TEST(fault, u3_a_small_message_behind_a_large_one_that_is_lost)
{
	static uint8_t large[5000], buf[6000];
	double start;

	fill(large, sizeof(large), 1);
	cut_large(variant->family);
	start = now();
	ASSERT_EQ(sizeof(large), send(self->tx, large, sizeof(large), 0));
	ASSERT_EQ(1, send(self->tx, "s", 1, 0));
	if (variant->type == SOCK_RDM) {
		/* It does not wait for the large one */
		ASSERT_EQ(1, recv(self->rx, buf, sizeof(buf), 0));
		EXPECT_EQ('s', buf[0]);
		EXPECT_GT(start + 1 * slowness(), now());
		EXPECT_EQ(0, wait_for(self->rx, POLLIN, 300));
	} else {
		/* It does: order is the promise */
		EXPECT_EQ(0, wait_for(self->rx, POLLIN, 700));
	}
	EXPECT_LT(0, counter("OutRetrans"));
	uncut();
	ASSERT_EQ(sizeof(large), recv(self->rx, buf, sizeof(buf), 0));
	EXPECT_TRUE(intact(buf, sizeof(large), 1));
	if (variant->type == SOCK_SEQPACKET) {
		ASSERT_EQ(1, recv(self->rx, buf, sizeof(buf), 0));
		EXPECT_EQ('s', buf[0]);
	}
	EXPECT_TRUE(EVENTUALLY(PATIENCE, outq(self->tx) == 0));
	EXPECT_FAIL(EAGAIN, recv(self->rx, buf, 1, MSG_DONTWAIT));
}

RDM_TEST(fault, u3_what_was_acked_behind_a_gap_comes_though_the_sender_is_gone)
{
	struct linger at_once = { .l_onoff = 1 };
	static uint8_t large[5000], buf[6000];

	fill(large, sizeof(large), 1);
	cut_large(variant->family);
	ASSERT_EQ(sizeof(large), send(self->tx, large, sizeof(large), 0));
	ASSERT_EQ(1, send(self->tx, "s", 1, 0));
	ASSERT_TRUE(EVENTUALLY(PATIENCE, outq(self->tx) == sizeof(large)));
	ASSERT_OK(setsockopt(self->tx, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)));
	close(self->tx);
	self->tx = -1;
	ASSERT_EQ(1, recv(self->rx, buf, sizeof(buf), 0));
	EXPECT_EQ('s', buf[0]);
	EXPECT_EQ(0, wait_for(self->rx, POLLIN, 100));
}

RDM_TEST(fault, u2_copies_of_messages_that_were_read_are_dropped)
{
	enum { N = 10 };
	static uint8_t buf[4000];
	uint64_t copies = counter("InDupMsgs"), sent = counter("OutRetrans");
	uint64_t seen = 0;

	/* No ack comes back: all of it goes in the first window, and again after it was read */
	cut_to(&self->tx_at);
	for (uint8_t i = 0; i < N; i++) {
		buf[0] = i;
		ASSERT_EQ(1 + i * 200, send(self->tx, buf, 1 + i * 200u, 0));
	}
	for (int i = 0; i < N; i++) {
		ssize_t len = recv(self->rx, buf, sizeof(buf), 0);

		ASSERT_LT(0, len)
			TH_LOG("message %d: %s", i, strerror(errno));
		EXPECT_EQ(1 + buf[0] * 200, len);
		seen |= 1u << buf[0];
	}
	EXPECT_EQ((1u << N) - 1, seen);
	EXPECT_TRUE(EVENTUALLY(PATIENCE, counter("OutRetrans") >= sent + 3));
	EXPECT_TRUE(EVENTUALLY(PATIENCE, counter("InDupMsgs") >= copies + 3));
	EXPECT_LT(0, outq(self->tx));
	uncut();
	EXPECT_TRUE(EVENTUALLY(PATIENCE, outq(self->tx) == 0));
	EXPECT_FAIL(EAGAIN, recv(self->rx, buf, 1, MSG_DONTWAIT));
	EXPECT_EQ(N + 1, counter("InMsgs"));
}

RDM_TEST(fault, u1_the_last_packet_is_lost)
{
	char c;

	for (int i = 0; i < 3; i++) {
		cut_all();
		ASSERT_EQ(1, send(self->tx, "x", 1, 0));
		EXPECT_EQ(0, wait_for(self->rx, POLLIN, 100));
		uncut();
		ASSERT_EQ(1, recv(self->rx, &c, 1, 0));
	}
	EXPECT_TRUE(EVENTUALLY(PATIENCE, outq(self->tx) == 0));
	EXPECT_LE(3, counter("OutRetrans"));
	EXPECT_FAIL(EAGAIN, recv(self->rx, &c, 1, MSG_DONTWAIT));
}

RDM_TEST(fault, u1_an_outage_shorter_than_the_user_timeout_costs_nothing)
{
	static uint8_t buf[3000];
	int n;

	set_int(self->tx, SOL_RDM, RDM_USER_TIMEOUT, 20000);
	cut_all();
	for (n = 0; n < 50; n++) {
		buf[0] = (uint8_t)n;
		ASSERT_EQ(sizeof(buf), send(self->tx, buf, sizeof(buf), 0));
	}
	EXPECT_EQ(0, wait_for(self->rx, POLLIN, 1200));
	uncut();
	for (int i = 0; i < n; i++) {
		ASSERT_EQ(sizeof(buf), recv(self->rx, buf, sizeof(buf), 0))
			TH_LOG("message %d: %s", i, strerror(errno));
		if (variant->type == SOCK_SEQPACKET)
			EXPECT_EQ(i, buf[0]);
	}
	EXPECT_TRUE(EVENTUALLY(PATIENCE, outq(self->tx) == 0));
	EXPECT_FAIL(EAGAIN, recv(self->rx, buf, 1, MSG_DONTWAIT));
}

RDM_TEST(fault, u7_an_outage_longer_than_the_user_timeout_is_etimedout)
{
	struct rdm_outcome o;
	struct addr to;
	double start;
	char buf[10];
	int fd;

	/* A new one, so that its association begins with the shorter time */
	fd = rdm_socket(variant->family, variant->type);
	set_int(fd, SOL_RDM, RDM_USER_TIMEOUT, 1500);
	ASSERT_EQ(1, send_to(fd, "1", 1, 0, &self->rx_at));
	ASSERT_EQ(1, recv(self->rx, buf, sizeof(buf), 0));
	ASSERT_TRUE(EVENTUALLY(PATIENCE, outq(fd) == 0));
	cut_all();
	start = now();
	ASSERT_EQ(4, send_to(fd, "lost", 4, 0, &self->rx_at));
	ASSERT_TRUE(take_outcome(fd, PATIENCE, &o, &to));
	EXPECT_LE(start + 1.4, now());
	EXPECT_GT(start + 8 * slowness(), now());
	EXPECT_EQ(ETIMEDOUT, o.error);
	/* A packet of it left, and nobody knows what became of that */
	EXPECT_EQ(RDM_FATE_UNKNOWN, o.fate);
	EXPECT_EQ(1, o.count);
	EXPECT_EQ(4, o.bytes);
	EXPECT_TRUE(same_addr(&to, &self->rx_at));
	uncut();
	/* What failed does not come later; what is sent now does */
	ASSERT_EQ(3, send_to(fd, "new", 3, 0, &self->rx_at));
	ASSERT_EQ(3, recv(self->rx, buf, sizeof(buf), 0));
	EXPECT_EQ(0, memcmp(buf, "new", 3));
	EXPECT_EQ(0, wait_for(self->rx, POLLIN, 200));
	close(fd);
}

RDM_TEST(fault, u6_what_was_in_flight_never_reaches_a_new_socket)
{
	struct rdm_outcome o;
	struct addr to;
	char buf[10];

	cut_all();
	ASSERT_EQ(3, send(self->tx, "old", 3, 0));
	ASSERT_TRUE(EVENTUALLY(PATIENCE, counter("OutRetrans") > 0));
	/* The peer restarts, unheard */
	close(self->rx);
	self->rx = rdm_socket(variant->family, variant->type);
	ASSERT_TRUE(EVENTUALLY(PATIENCE, !bind(self->rx, &self->rx_at.sa, self->rx_at.len)));
	uncut();
	ASSERT_TRUE(take_outcome(self->tx, PATIENCE, &o, &to));
	EXPECT_EQ(ECONNRESET, o.error);
	EXPECT_EQ(RDM_FATE_UNKNOWN, o.fate);
	EXPECT_EQ(1, o.count);
	EXPECT_EQ(3, o.bytes);
	EXPECT_EQ(ECONNRESET, so_error(self->tx));
	ASSERT_EQ(4, send(self->tx, "new!", 4, 0));
	ASSERT_EQ(4, recv(self->rx, buf, sizeof(buf), 0));
	EXPECT_EQ(0, wait_for(self->rx, POLLIN, 300));
}

/* Drops INIT, by its length: headers of UDP (8) and, for IPv4, IP (20) around 144 bytes. */
static void cut_init(int family)
{
	tc("filter add dev lo egress protocol %s u32 match u16 %d 0xffff at %d action drop",
	   family == AF_INET ? "ip" : "ipv6", family == AF_INET ? 172 : 152,
	   family == AF_INET ? 2 : 4);
}

RDM_TEST(fault, u6_what_was_never_sent_waits_for_the_new_socket)
{
	static uint8_t buf[2000], seen[256];
	struct rdm_outcome o;
	unsigned int n = 0, got = 0, failed = 0;
	struct addr to;

	/* More than the congestion window lets go: what is taken opens it, the rest is refused */
	set_int(self->rx, SOL_SOCKET, SO_RCVBUF, 20000);
	set_int(self->tx, SOL_SOCKET, SO_SNDBUF, 400000);
	memset(seen, 0, sizeof(seen));
	for (buf[0] = 0; buf[0] < 255; buf[0]++, n++) {
		if (send(self->tx, buf, sizeof(buf), MSG_DONTWAIT) < 0)
			break;
	}
	ASSERT_EQ(EAGAIN, errno);
	/* The peer restarts; a new handshake with it is lost for longer than one try */
	cut_init(variant->family);
	close(self->rx);
	self->rx = rdm_socket(variant->family, variant->type);
	ASSERT_TRUE(EVENTUALLY(PATIENCE, !bind(self->rx, &self->rx_at.sa, self->rx_at.len)));
	EXPECT_EQ(0, wait_for(self->rx, POLLIN, 2500));
	uncut();
	for (double end = now() + PATIENCE / 1e3; now() < end;) {
		if (!wait_for(self->rx, POLLIN, 300)) {
			if (!outq(self->tx))
				break;
			continue;
		}
		ASSERT_EQ(sizeof(buf), recv(self->rx, buf, sizeof(buf), 0))
			TH_LOG("after %u: %s", got, strerror(errno));
		EXPECT_EQ(0, seen[buf[0]]++);
		got++;
	}
	EXPECT_EQ(0, outq(self->tx));
	/* Each is delivered here, or has failed, or was taken by the old socket */
	while (take_outcome(self->tx, 10, &o, &to)) {
		EXPECT_EQ(ECONNRESET, o.error)
			TH_LOG("%s, fate %u, %u messages", strerror((int)o.error), o.fate, o.count);
		failed += o.count;
	}
	EXPECT_LT(0, got);
	EXPECT_GE(n, got + failed);
	EXPECT_EQ(n + 1, counter("OutAcked") + counter("OutFailed"));
}

RDM_TEST(fault, u11_data_of_a_closed_socket_outlives_an_outage)
{
	char buf[10];

	cut_all();
	ASSERT_EQ(4, send(self->tx, "last", 4, 0));
	close(self->tx);
	self->tx = -1;
	EXPECT_EQ(0, wait_for(self->rx, POLLIN, 500));
	uncut();
	ASSERT_EQ(4, recv(self->rx, buf, sizeof(buf), 0));
	EXPECT_FAIL(EAGAIN, recv(self->rx, buf, sizeof(buf), MSG_DONTWAIT));
}

RDM_TEST(fault, u9_a_lost_window_announcement_is_made_up_for)
{
	static uint8_t buf[2000];
	int n = 0;

	set_int(self->rx, SOL_SOCKET, SO_RCVBUF, 20000);
	set_int(self->tx, SOL_SOCKET, SO_SNDBUF, 40000);
	do {
		while (send(self->tx, buf, sizeof(buf), MSG_DONTWAIT) > 0)
			n++;
		ASSERT_EQ(EAGAIN, errno);
	} while (EVENTUALLY(300, (send(self->tx, buf, sizeof(buf), MSG_DONTWAIT) > 0)) && ++n);
	/* The receiver reads all and says so, but that is lost */
	cut_to(&self->tx_at);
	for (int i = 0; i < n && recv(self->rx, buf, sizeof(buf), MSG_DONTWAIT) > 0;)
		n--;
	EXPECT_FALSE(EVENTUALLY(300, outq(self->tx) == 0));
	uncut();
	for (; n; n--)
		ASSERT_EQ(sizeof(buf), recv(self->rx, buf, sizeof(buf), 0));
	EXPECT_TRUE(EVENTUALLY(PATIENCE, outq(self->tx) == 0));
}

TEST_HARNESS_MAIN
