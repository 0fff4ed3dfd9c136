// SPDX-License-Identifier: GPL-2.0
/*
 * U7: messages that cannot be delivered. Whoever sent them hears of each, once, by the
 * error queue; the owner of a connected socket also by the next call or SO_ERROR.
 */
#include "kselftest_harness.h"
#include "rdmtest.h"

#include <pthread.h>
#include <sys/epoll.h>

FIXTURE(fail) {
	int fd;
	struct addr nobody;	/* a port where nothing listens */
};

RDM_VARIANTS(fail);

FIXTURE_SETUP(fail)
{
	int udp;

	enter_netns(1500);
	self->fd = rdm_socket(variant->family, variant->type);
	udp = udp_bound(variant->family, &self->nobody);
	close(udp);
}

FIXTURE_TEARDOWN(fail)
{
	close(self->fd);
}

RDM_TEST(fail, u7_nobody_at_the_port_is_econnrefused)
{
	struct rdm_outcome o = { 0 };
	struct addr to;

	ASSERT_EQ(5, send_to(self->fd, "hello", 5, 0, &self->nobody));
	ASSERT_TRUE(EVENTUALLY(PATIENCE, wait_for(self->fd, POLLIN, 10) & POLLERR));
	ASSERT_TRUE(take_outcome(self->fd, PATIENCE, &o, &to));
	EXPECT_EQ(ECONNREFUSED, o.error);
	EXPECT_EQ(RDM_FATE_NEVER_SENT, o.fate);
	EXPECT_EQ(1, o.count);
	EXPECT_EQ(5, o.bytes);
	EXPECT_EQ(0, o.flags);
	EXPECT_TRUE(same_addr(&to, &self->nobody));
	/* Told once, and no other trace of it */
	EXPECT_FALSE(take_outcome(self->fd, 200, &o, &to));
	EXPECT_FALSE(wait_for(self->fd, POLLIN, 0) & POLLERR);
	EXPECT_EQ(0, outq(self->fd));
	/* Not connected: one bad destination does not spoil the next call */
	EXPECT_EQ(0, so_error(self->fd));
}

RDM_TEST(fail, u7_a_connected_socket_hears_it_by_the_next_call)
{
	char c;

	ASSERT_OK(connect(self->fd, &self->nobody.sa, self->nobody.len));
	ASSERT_EQ(5, send(self->fd, "hello", 5, 0));
	EXPECT_FAIL(ECONNREFUSED, recv(self->fd, &c, 1, 0));
	/* Once */
	EXPECT_FAIL(EAGAIN, recv(self->fd, &c, 1, MSG_DONTWAIT));
	EXPECT_EQ(0, so_error(self->fd));
	ASSERT_EQ(5, send(self->fd, "hello", 5, 0));
	EXPECT_TRUE(EVENTUALLY(PATIENCE, so_error(self->fd) == ECONNREFUSED));
	EXPECT_EQ(0, so_error(self->fd));
}

RDM_TEST(fail, u7_a_blocked_reader_of_a_connected_socket_is_woken)
{
	double start = now();
	char c;

	ASSERT_OK(connect(self->fd, &self->nobody.sa, self->nobody.len));
	ASSERT_EQ(1, send(self->fd, "x", 1, 0));
	EXPECT_FAIL(ECONNREFUSED, recv(self->fd, &c, 1, 0));
	EXPECT_GT(start + PATIENCE / 2e3, now());
}

RDM_TEST(fail, u7_every_message_has_one_outcome)
{
	enum { N = 50 };
	struct epoll_event ev = { .events = EPOLLERR };
	struct rdm_outcome o;
	uint32_t count = 0;
	uint64_t bytes = 0;
	uint64_t accepted = 0;
	struct addr to;
	int ep = epoll_create1(0);

	ASSERT_OK(epoll_ctl(ep, EPOLL_CTL_ADD, self->fd, &ev));
	for (int i = 0; i < N; i++)
		accepted += send_to(self->fd, "0123456789", (size_t)(i % 10), 0,
				    &self->nobody) == i % 10;
	ASSERT_EQ(N, accepted);
	EXPECT_EQ(1, epoll_wait(ep, &ev, 1, PATIENCE));
	while (count < N && take_outcome(self->fd, 2000, &o, &to)) {
		EXPECT_EQ(ECONNREFUSED, o.error);
		EXPECT_LT(0, o.count);
		count += o.count;
		bytes += o.bytes;
	}
	EXPECT_EQ(N, count);
	EXPECT_EQ(N / 10 * 45, bytes);
	EXPECT_FALSE(take_outcome(self->fd, 200, &o, &to));
	EXPECT_EQ(N, counter("OutFailed"));
	close(ep);
}

RDM_TEST(fail, u7_good_and_bad_destinations_mix)
{
	struct rdm_outcome o;
	struct addr good, to;
	int rx = rdm_bound(variant->family, variant->type, &good);
	char c;

	for (char i = 0; i < 20; i++) {
		ASSERT_EQ(1, send_to(self->fd, &i, 1, 0, i % 4 ? &good : &self->nobody));
		if (i % 4)
			ASSERT_EQ(1, recv(rx, &c, 1, 0));
	}
	for (uint32_t told = 0; told < 5; told += o.count) {
		ASSERT_TRUE(take_outcome(self->fd, PATIENCE, &o, &to));
		EXPECT_TRUE(same_addr(&to, &self->nobody));
		EXPECT_EQ(ECONNREFUSED, o.error);
	}
	EXPECT_FALSE(take_outcome(self->fd, 200, &o, &to));
	close(rx);
}

RDM_TEST(fail, u7_a_closed_peer_is_econnreset_or_econnrefused)
{
	struct rdm_outcome o;
	struct addr at, to;
	int rx = rdm_bound(variant->family, variant->type, &at);
	char buf[2000] = { 0 };
	uint32_t told = 0, n = 0;

	ASSERT_EQ(1, send_to(self->fd, "x", 1, 0, &at));
	ASSERT_EQ(1, recv(rx, buf, 1, 0));
	ASSERT_TRUE(EVENTUALLY(PATIENCE, outq(self->fd) == 0));
	/* In flight when it closes: whatever was not acked is in doubt */
	set_int(rx, SOL_SOCKET, SO_RCVBUF, 4096);
	while (send_to(self->fd, buf, sizeof(buf), MSG_DONTWAIT, &at) > 0)
		n++;
	EXPECT_EQ(EAGAIN, errno);
	ASSERT_LT(2, n);
	close(rx);
	ASSERT_TRUE(take_outcome(self->fd, PATIENCE, &o, &to));
	do {
		EXPECT_TRUE(o.error == ECONNRESET || o.error == ECONNREFUSED)
			TH_LOG("%s, fate %u, %u messages", strerror((int)o.error), o.fate, o.count);
		EXPECT_TRUE(same_addr(&to, &at));
		told += o.count;
	} while (take_outcome(self->fd, 300, &o, &to));
	/* What was acked has no outcome here; nothing has two */
	EXPECT_LT(0, told);
	EXPECT_GE(n, told);
	EXPECT_EQ(0, outq(self->fd));
	EXPECT_EQ(n + 1, counter("OutAcked") + counter("OutFailed"));
	/* Later ones find nobody */
	ASSERT_EQ(1, send_to(self->fd, "y", 1, 0, &at));
	ASSERT_TRUE(take_outcome(self->fd, PATIENCE, &o, &to));
	EXPECT_EQ(ECONNREFUSED, o.error);
	EXPECT_EQ(1, o.count);
}

RDM_TEST(fail, u7_a_silent_peer_is_etimedout_within_the_set_time)
{
	struct rdm_outcome o;
	struct addr at, to;
	int udp = udp_bound(variant->family, &at);
	double start = now();

	/* A UDP socket takes what comes and never answers */
	set_int(self->fd, SOL_RDM, RDM_USER_TIMEOUT, 1500);
	ASSERT_EQ(3, send_to(self->fd, "abc", 3, 0, &at));
	ASSERT_EQ(3, outq(self->fd));
	ASSERT_TRUE(take_outcome(self->fd, PATIENCE, &o, &to));
	EXPECT_LE(start + 1.4, now());
	EXPECT_GT(start + 6 * slowness(), now());
	EXPECT_EQ(ETIMEDOUT, o.error);
	EXPECT_EQ(RDM_FATE_NEVER_SENT, o.fate);
	EXPECT_EQ(1, o.count);
	EXPECT_TRUE(same_addr(&to, &at));
	EXPECT_EQ(0, outq(self->fd));
	close(udp);
}

RDM_TEST(fail, u7_no_route_is_told_at_once)
{
	struct addr far = address(variant->family == AF_INET ? "192.0.2.1" : "2001:db8::1", 9);

	EXPECT_FAIL(ENETUNREACH, send_to(self->fd, "x", 1, 0, &far));
	EXPECT_FAIL(ENETUNREACH, connect(self->fd, &far.sa, far.len));
	EXPECT_EQ(0, outq(self->fd));
}

RDM_TEST(fail, outcomes_wait_in_bounded_memory)
{
	uint64_t told = 0, count = 0;
	struct rdm_outcome o;
	struct addr to;
	unsigned int n = scaled(400);

	/* Nobody reads them: they are merged or counted as lost, never without limit */
	set_int(self->fd, SOL_SOCKET, SO_RCVBUF, 2304);
	for (unsigned int i = 0; i < n; i++) {
		struct addr at = loopback(variant->family, 20000 + i);

		ASSERT_EQ(1, send_to(self->fd, "x", 1, 0, &at));
	}
	ASSERT_TRUE(EVENTUALLY(PATIENCE, counter("OutFailed") == n));
	while (take_outcome(self->fd, 10, &o, &to)) {
		told++;
		count += o.count;
	}
	EXPECT_LT(0, told);
	EXPECT_GT(n, told);
	EXPECT_EQ(n, count + counter("ErrLost"));
}

TEST_HARNESS_MAIN
