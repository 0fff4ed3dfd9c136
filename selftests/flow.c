// SPDX-License-Identifier: GPL-2.0
/*
 * U9, a receiver that does not read: its window closes, the sender blocks or gets EAGAIN,
 * memory stays under the caps, nothing that was accepted is lost, and it goes on as soon
 * as the receiver reads. A part of U8: the other peers of a sender are not held up.
 */
#include "kselftest_harness.h"
#include "rdmtest.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>

#define MIB (1 << 20)
#define BUFFER (256 * 1024)
/* It resumes at once: not only with the next window probe, which may be 5 s away. */
#define AT_ONCE 1.0

FIXTURE(flow) {
	int tx, rx;
	struct addr rx_at;
	uint8_t *buf;
};

RDM_VARIANTS(flow);

FIXTURE_SETUP(flow)
{
	enter_netns(1500);
	self->rx = rdm_bound(variant->family, variant->type, &self->rx_at);
	/* The kernel doubles what it is told */
	set_int(self->rx, SOL_SOCKET, SO_RCVBUF, BUFFER / 2);
	self->tx = rdm_connected(variant->family, variant->type, &self->rx_at);
	set_int(self->tx, SOL_SOCKET, SO_SNDBUF, BUFFER / 2);
	self->buf = malloc(MIB);
	ASSERT_TRUE(self->buf);
}

FIXTURE_TEARDOWN(flow)
{
	close(self->tx);
	close(self->rx);
	free(self->buf);
}

/* Sends number @seq in @len bytes. */
static ssize_t send_seq(FIXTURE_DATA(flow) * self, uint32_t seq, size_t len, int flags)
{
	fill(self->buf, len, seq);
	memcpy(self->buf, &seq, sizeof(seq));
	return send(self->tx, self->buf, len, flags);
}

/* Reads one message of @len bytes; its number, or -1. */
static long recv_seq(FIXTURE_DATA(flow) * self, size_t len)
{
	uint8_t *want;
	uint32_t seq;
	bool same;

	if (recv(self->rx, self->buf, MIB, 0) != (ssize_t)len)
		return -1;
	memcpy(&seq, self->buf, sizeof(seq));
	want = malloc(len);
	fill(want, len, seq);
	memcpy(want, &seq, sizeof(seq));
	same = !memcmp(want, self->buf, len);
	free(want);
	return same ? (long)seq : -1;
}

/* Sends until nothing more is accepted, for 300 ms; how many it were. */
static uint32_t fill_up(FIXTURE_DATA(flow) * self, size_t len)
{
	uint32_t n = 0;

	for (;;) {
		if (send_seq(self, n, len, MSG_DONTWAIT) == (ssize_t)len) {
			n++;
		} else if (errno != EAGAIN) {
			fatal("send");
		} else if (EVENTUALLY(300, (send_seq(self, n, len, MSG_DONTWAIT) > 0))) {
			/* The receiver still took some */
			n++;
		} else {
			return n;
		}
		if (n > 100000)
			fatal("there is no limit");
	}
}

/* All of 0..n-1 come once each, in order where there is one. */
static bool drains(FIXTURE_DATA(flow) * self, int type, uint32_t n, size_t len)
{
	uint8_t *seen = calloc(n, 1);
	bool good = true;

	for (uint32_t i = 0; good && i < n; i++) {
		long seq = recv_seq(self, len);

		good = seq >= 0 && seq < n && !seen[seq] &&
		       (type != SOCK_SEQPACKET || seq == i);
		if (good)
			seen[seq] = 1;
		else
			fprintf(stderr, "# message %u of %u: got %ld (%s)\n", i, n, seq,
				strerror(errno));
	}
	free(seen);
	return good && recv(self->rx, self->buf, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

static bool u9_round(FIXTURE_DATA(flow) * self, int type, size_t len)
{
	uint32_t n = fill_up(self, len);
	uint64_t held = (uint64_t)n * len;
	int out = outq(self->tx);

	fprintf(stderr, "# %u messages of %zu bytes fit, %d bytes wait here\n", n, len, out);
	/*
	 * What is held, of payload alone, is no more than both buffers and one message
	 * that each may go over; and it is not next to nothing either.
	 */
	if (held > 2 * BUFFER + 2 * len || n < 2 || out <= 0) {
		fprintf(stderr, "# %llu bytes are held\n", (unsigned long long)held);
		return false;
	}
	/* Not read: stays so, but for single messages that probe the window */
	if (EVENTUALLY(300, outq(self->tx) < out / 2))
		return false;
	return drains(self, type, n, len) && EVENTUALLY(PATIENCE, outq(self->tx) == 0);
}

RDM_TEST(flow, u9_full_receiver_stops_the_sender_and_nothing_is_lost)
{
	EXPECT_TRUE(u9_round(self, variant->type, 1200));
}

RDM_TEST(flow, u9_the_same_with_large_messages)
{
	EXPECT_TRUE(u9_round(self, variant->type, 30000));
}

RDM_TEST(flow, u9_the_same_with_small_messages)
{
	/* Each costs more than its bytes, so thousands of them do not fit into a buffer */
	EXPECT_TRUE(u9_round(self, variant->type, 16));
}

RDM_TEST(flow, u9_a_message_larger_than_the_buffers_passes)
{
	/* Else a 1 MiB message would wait for ever before a small buffer */
	for (uint32_t i = 0; i < 3; i++) {
		ASSERT_EQ(MIB, send_seq(self, i, MIB, 0));
		ASSERT_EQ(i, recv_seq(self, MIB));
	}
}

RDM_TEST(flow, u9_large_and_small_ones_behind_a_full_buffer)
{
	uint32_t n = fill_up(self, 1200);

	set_timeout(self->tx, SO_SNDTIMEO, 100);
	EXPECT_FAIL(EAGAIN, send(self->tx, self->buf, MIB, 0));
	ASSERT_TRUE(drains(self, variant->type, n, 1200));
	ASSERT_TRUE(EVENTUALLY(PATIENCE, outq(self->tx) == 0));
	ASSERT_EQ(MIB, send_seq(self, 0, MIB, MSG_DONTWAIT));
	EXPECT_TRUE(drains(self, variant->type, 1, MIB));
}

RDM_TEST(flow, u9_a_blocked_sender_gives_up_in_time)
{
	double start;

	fill_up(self, 1200);
	set_timeout(self->tx, SO_SNDTIMEO, 200);
	/* A probe of the window may make room for one more, not for many */
	for (int i = 0; i < 10; i++) {
		start = now();
		if (send(self->tx, self->buf, 1200, 0) < 0)
			break;
	}
	EXPECT_EQ(EAGAIN, errno);
	/* not at once; a machine that stood still has ticks to make up for */
	EXPECT_LE(start + 0.05, now());
	ASSERT_OK(fcntl(self->tx, F_SETFL, O_NONBLOCK));
	fill_up(self, 1200);
	start = now();
	EXPECT_FAIL(EAGAIN, send(self->tx, self->buf, 1200, 0));
	EXPECT_GT(start + 1 * slowness(), now());
}

RDM_TEST(flow, u9_poll_says_what_send_does)
{
	uint32_t n = fill_up(self, 1200);
	int wrong = 0;

	/* A program that waits for POLLOUT to send to its peer must not spin */
	for (int i = 0; i < 50; i++) {
		int writable = wait_for(self->tx, POLLOUT, 10);

		if (send_seq(self, n, 1200, MSG_DONTWAIT) == 1200)
			n++;
		else if (writable)
			wrong++;
	}
	/* A window probe may come between the two calls; who spins is wrong each time */
	EXPECT_GE(10, wrong);
	EXPECT_TRUE(drains(self, variant->type, n, 1200));
}

RDM_TEST(flow, u9_a_larger_send_buffer_is_room_at_once)
{
	set_int(self->tx, SOL_RDM, RDM_NOTIFY, 0);
	fill_up(self, 1000);
	EXPECT_EQ(0, wait_for(self->tx, POLLOUT, 0));
	set_int(self->tx, SOL_SOCKET, SO_SNDBUF, 2 * BUFFER);
	EXPECT_EQ(POLLOUT, wait_for(self->tx, POLLOUT, 0));
	EXPECT_EQ(1000, send_seq(self, 0, 1000, MSG_DONTWAIT));
}

RDM_TEST(flow, u9_poll_and_epoll_resume_at_once)
{
	struct epoll_event ev = { .events = EPOLLOUT | EPOLLET };
	int edge = epoll_create1(0);
	uint32_t n = fill_up(self, 1200);
	double start;

	ASSERT_OK(epoll_ctl(edge, EPOLL_CTL_ADD, self->tx, &ev));
	/* Window probes back off meanwhile; those that get through are edges as well */
	for (start = now(); now() < start + 1.5;) {
		if (epoll_wait(edge, &ev, 1, 100) > 0 &&
		    send_seq(self, n, 1200, MSG_DONTWAIT) == 1200)
			n++;
	}
	start = now();
	ASSERT_TRUE(drains(self, variant->type, n, 1200));
	EXPECT_EQ(POLLOUT, wait_for(self->tx, POLLOUT, PATIENCE));
	EXPECT_EQ(1, epoll_wait(edge, &ev, 1, PATIENCE));
	EXPECT_GT(start + AT_ONCE * slowness(), now());
	EXPECT_EQ(1200, send_seq(self, 0, 1200, MSG_DONTWAIT));
	close(edge);
}

static void *blocked_sender(void *arg)
{
	FIXTURE_DATA(flow) * self = arg;
	static double done;

	if (send(self->tx, "last", 4, 0) != 4)
		return NULL;
	done = now();
	return &done;
}

RDM_TEST(flow, u9_a_blocked_sender_resumes_at_once)
{
	uint32_t n = fill_up(self, 1200);
	pthread_t thread;
	double start;
	void *done;
	char last[5] = "";

	ASSERT_EQ(0, pthread_create(&thread, NULL, blocked_sender, self));
	/* Long enough for window probes to back off */
	poll(NULL, 0, 2500);
	start = now();
	for (uint32_t i = 0; i < n; i++)
		ASSERT_LE(0, recv_seq(self, 1200));
	ASSERT_EQ(0, pthread_join(thread, &done));
	ASSERT_NE(NULL, done);
	EXPECT_GT(start + AT_ONCE * slowness(), *(double *)done);
	EXPECT_EQ(4, recv(self->rx, last, 4, 0));
	EXPECT_STREQ("last", last);
}

RDM_TEST(flow, u9_many_senders_share_one_full_receiver)
{
	enum { N = 6 };
	uint32_t n[N], total = 0, next[N] = { 0 };
	int tx[N];

	for (int i = 0; i < N; i++) {
		int save = self->tx;

		tx[i] = rdm_connected(variant->family, variant->type, &self->rx_at);
		set_int(tx[i], SOL_SOCKET, SO_SNDBUF, BUFFER / 8);
		self->tx = tx[i];
		n[i] = fill_up(self, 2000);
		self->tx = save;
		total += n[i];
	}
	/* One receive buffer, however many send to it */
	EXPECT_GE(BUFFER + N * BUFFER / 4 + N * 4000, total * 2000);
	for (uint32_t k = 0; k < total; k++) {
		struct addr from = { .len = sizeof(from.ss) };
		uint32_t seq;
		int who = -1;

		ASSERT_EQ(2000, recvfrom(self->rx, self->buf, MIB, 0, &from.sa, &from.len))
			TH_LOG("after %u of %u: %s", k, total, strerror(errno));
		for (int i = 0; i < N; i++) {
			struct addr at = local_addr(tx[i]);

			if (same_addr(&at, &from))
				who = i;
		}
		ASSERT_LE(0, who);
		memcpy(&seq, self->buf, sizeof(seq));
		if (variant->type == SOCK_SEQPACKET)
			EXPECT_EQ(next[who], seq);
		next[who]++;
	}
	for (int i = 0; i < N; i++) {
		EXPECT_EQ(n[i], next[i]);
		close(tx[i]);
	}
}

static struct rdm_peer_info info_of(int fd)
{
	struct rdm_peer_info info = {};
	socklen_t len = sizeof(info);

	if (getsockopt(fd, SOL_RDM, RDM_PEER_INFO, &info, &len))
		fatal("RDM_PEER_INFO");
	return info;
}

/* The first messages to a peer wait for a handshake, and nothing is known of the path. */
RDM_TEST(flow, u9_no_more_than_128_kib_wait_for_the_first_outcome)
{
	uint32_t sent = 0, got = 0;
	uint8_t buf[1200];

	close(self->tx);
	close(self->rx);
	self->rx = rdm_bound(variant->family, variant->type, &self->rx_at);
	tc("qdisc add dev lo root netem delay 500ms");
	self->tx = rdm_connected(variant->family, variant->type, &self->rx_at);
	while (send_seq(self, sent, 1200, MSG_DONTWAIT) == 1200)
		ASSERT_GT(4000, ++sent);
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_LT(65536 / 2, outq(self->tx));
	EXPECT_GT(2 * 65536, outq(self->tx));
	tc("qdisc del dev lo root");
	for (; got < sent; got++)
		ASSERT_EQ(1200, recv(self->rx, buf, sizeof(buf), 0));
	EXPECT_TRUE(EVENTUALLY(PATIENCE, !outq(self->tx)));
}

/* More than the window only grows old in the queue; who wants that sets SO_SNDBUF. */
RDM_TEST(flow, u9_the_send_buffer_follows_the_window_where_packets_are_lost)
{
	struct rdm_peer_info info;
	uint32_t sent = 0, got = 0;
	uint8_t buf[1200];

	close(self->tx);
	close(self->rx);
	self->rx = rdm_bound(variant->family, variant->type, &self->rx_at);
	self->tx = rdm_connected(variant->family, variant->type, &self->rx_at);
	tc("qdisc add dev lo root netem delay 10ms loss 10%% limit 10000");
	/* until the window is what the path takes */
	do {
		ASSERT_GT(20000, sent);
		ASSERT_EQ(1200, send_seq(self, sent++, 1200, 0));
		while (recv(self->rx, buf, sizeof(buf), MSG_DONTWAIT) == 1200)
			got++;
		info = info_of(self->tx);
	} while (info.ssthresh == ~0ULL || info.lost_pkts < 100);
	while (send_seq(self, sent, 1200, MSG_DONTWAIT) == 1200)
		sent++;
	EXPECT_EQ(EAGAIN, errno);
	/* two windows, and half of one in 10 ms; what is sent meanwhile changes the window */
	EXPECT_LE(1200, outq(self->tx));
	EXPECT_GT(32768 + 4 * (int)info_of(self->tx).cwnd, outq(self->tx));
	/* SO_SNDBUF is the user's word */
	set_int(self->tx, SOL_SOCKET, SO_SNDBUFFORCE, MIB);
	while (send_seq(self, sent, 1200, MSG_DONTWAIT) == 1200)
		sent++;
	EXPECT_LT(400000, outq(self->tx));
	tc("qdisc del dev lo root");
	for (; got < sent; got++)
		ASSERT_EQ(1200, recv(self->rx, buf, sizeof(buf), 0));
	EXPECT_TRUE(EVENTUALLY(PATIENCE, !outq(self->tx)));
	EXPECT_EQ(-1, recv(self->rx, buf, sizeof(buf), MSG_DONTWAIT));
}

RDM_TEST(flow, u8_a_stuck_peer_does_not_block_the_others)
{
	struct addr other_at;
	int other = rdm_bound(variant->family, variant->type, &other_at);
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	uint32_t n = fill_up(self, 1200);

	ASSERT_OK(connect(self->tx, &none, sizeof(none)));
	for (uint32_t i = 0; i < 50; i++) {
		ASSERT_EQ(1200, send_to(self->tx, self->buf, 1200, MSG_DONTWAIT, &other_at))
			TH_LOG("message %u: %s", i, strerror(errno));
		ASSERT_EQ(1200, recv(other, self->buf, MIB, 0)) {
			TH_LOG("message %u: %s", i, strerror(errno));
			show_state();
		}
	}
	/* And the stuck one has lost nothing */
	EXPECT_TRUE(drains(self, variant->type, n, 1200));
	close(other);
}

TEST_HARNESS_MAIN
