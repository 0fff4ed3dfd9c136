// SPDX-License-Identifier: GPL-2.0
/*
 * Messages through the socket calls: sizes, boundaries, order, the flags of reading and
 * sending, several at once, poll and epoll. Both ends are sockets of one process on a
 * loopback device with an MTU of 1500, so that large messages travel in fragments.
 */
#include "kselftest_harness.h"
#include "rdmtest.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>

#define MTU 1500
#define MIB (1 << 20)

FIXTURE(msg) {
	int tx, rx;		/* tx is connected to rx */
	struct addr tx_at, rx_at;
	uint8_t *out, *in;	/* MIB + 1 bytes each */
};

RDM_VARIANTS(msg);

FIXTURE_SETUP(msg)
{
	enter_netns(MTU);
	self->rx = rdm_bound(variant->family, variant->type, &self->rx_at);
	self->tx = rdm_bound(variant->family, variant->type, &self->tx_at);
	ASSERT_OK(connect(self->tx, &self->rx_at.sa, self->rx_at.len));
	self->out = malloc(MIB + 1);
	self->in = malloc(MIB + 1);
	ASSERT_TRUE(self->out && self->in);
}

FIXTURE_TEARDOWN(msg)
{
	close(self->tx);
	close(self->rx);
	free(self->out);
	free(self->in);
}

/* One message there: its bytes, its length, and whose it is. */
static bool passes(FIXTURE_DATA(msg) * self, size_t len, uint32_t seed)
{
	struct addr from = { .len = sizeof(from.ss) };
	ssize_t n;

	fill(self->out, len, seed);
	n = send(self->tx, self->out, len, 0);
	if (n != (ssize_t)len) {
		fprintf(stderr, "# send of %zu bytes: %zd (%s)\n", len, n, strerror(errno));
		return false;
	}
	n = recvfrom(self->rx, self->in, MIB + 1, 0, &from.sa, &from.len);
	if (n != (ssize_t)len) {
		fprintf(stderr, "# recv of %zu bytes: %zd (%s)\n", len, n, strerror(errno));
		return false;
	}
	return intact(self->in, len, seed) && same_addr(&from, &self->tx_at);
}

RDM_TEST(msg, u5_sizes_0_and_1)
{
	EXPECT_TRUE(passes(self, 0, 1));
	EXPECT_TRUE(passes(self, 1, 2));
	EXPECT_TRUE(passes(self, 0, 3));
	/* An empty message is one that poll sees */
	ASSERT_EQ(0, send(self->tx, "", 0, 0));
	EXPECT_EQ(POLLIN, wait_for(self->rx, POLLIN, PATIENCE));
	EXPECT_EQ(0, recv(self->rx, self->in, 1, MSG_DONTWAIT));
	EXPECT_FAIL(EAGAIN, recv(self->rx, self->in, 1, MSG_DONTWAIT));
}

RDM_TEST(msg, u5_sizes_around_the_mtu)
{
	/*
	 * Around the MTU itself, and around every length of payload that can be left of
	 * it: headers of IP, UDP and rdm are below 160 bytes.
	 */
	for (size_t len = MTU - 160; len <= MTU + 1; len++) {
		ASSERT_TRUE(passes(self, len, (uint32_t)len))
			TH_LOG("%zu bytes", len);
	}
	for (size_t len = 2 * (MTU - 120); len <= 2 * MTU + 1; len += 7) {
		ASSERT_TRUE(passes(self, len, (uint32_t)len))
			TH_LOG("%zu bytes", len);
	}
}

RDM_TEST(msg, u5_sizes_around_64_kib)
{
	for (size_t len = 65535 - 60; len <= 65537; len += len < 65500 ? 7 : 1) {
		ASSERT_TRUE(passes(self, len, (uint32_t)len))
			TH_LOG("%zu bytes", len);
	}
}

/*
 * What waited for a reader goes at once when he reads: then a super-packet carries the end of one
 * message and the beginning of the next.
 */
RDM_TEST(msg, u5_long_messages_of_one_length_share_super_packets)
{
	uint32_t word[4000], sent = 0, got, i;
	uint64_t gso = counter("OutGso");
	uint8_t seen[2000] = {};

	/* not only what the first window makes of it */
	set_int(self->tx, SOL_SOCKET, SO_SNDBUFFORCE, 2 * MIB);
	do {
		ASSERT_LT(sent, sizeof(seen));
		for (i = 0; i < 4000; i++)
			word[i] = sent * 4000 + i;
	} while (send(self->tx, word, sizeof(word), MSG_DONTWAIT) > 0 && ++sent);
	EXPECT_EQ(EAGAIN, errno);
	for (got = 0; got < sent; got++) {
		ASSERT_EQ((ssize_t)sizeof(word), recv(self->rx, word, sizeof(word), 0));
		ASSERT_EQ(0, word[0] % 4000);
		ASSERT_LT(word[0] / 4000, sent);
		ASSERT_EQ(0, seen[word[0] / 4000]++);
		for (i = 1; i < 4000; i++)
			ASSERT_EQ(word[0] + i, word[i]);
	}
	EXPECT_TRUE(EVENTUALLY(PATIENCE, outq(self->tx) == 0));
	/* one of its own for each would be more */
	EXPECT_LT(counter("OutGso") - gso, sent);
}

RDM_TEST(msg, u5_the_maximum_and_one_above)
{
	EXPECT_TRUE(passes(self, MIB - 1, 1));
	EXPECT_TRUE(passes(self, MIB, 2));
	EXPECT_FAIL(EMSGSIZE, send(self->tx, self->out, MIB + 1, 0));
	EXPECT_TRUE(EVENTUALLY(PATIENCE, outq(self->tx) == 0));
	EXPECT_FAIL(EAGAIN, recv(self->rx, self->in, 1, MSG_DONTWAIT));
	EXPECT_TRUE(passes(self, 10, 3));
}

RDM_TEST(msg, u12_a_short_buffer_truncates_and_says_so)
{
	struct iovec iov = { self->in, 100 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	fill(self->out, 5000, 1);
	for (int i = 0; i < 3; i++)
		ASSERT_EQ(5000, send(self->tx, self->out, 5000, 0));
	ASSERT_EQ(100, recvmsg(self->rx, &msg, 0));
	EXPECT_TRUE(msg.msg_flags & MSG_TRUNC);
	EXPECT_TRUE(intact(self->in, 100, 1));
	/* With MSG_TRUNC the true length, and nothing written past the buffer */
	memset(self->in, 0, 200);
	EXPECT_EQ(5000, recv(self->rx, self->in, 100, MSG_TRUNC));
	EXPECT_EQ(0, self->in[100]);
	/* The rest of a truncated message is gone: the next one is whole */
	msg.msg_iov->iov_len = MIB;
	EXPECT_EQ(5000, recvmsg(self->rx, &msg, 0));
	EXPECT_FALSE(msg.msg_flags & MSG_TRUNC);
	EXPECT_TRUE(intact(self->in, 5000, 1));
	EXPECT_FAIL(EAGAIN, recv(self->rx, self->in, 1, MSG_DONTWAIT));
}

RDM_TEST(msg, u12_peek_leaves_the_message)
{
	fill(self->out, 3000, 7);
	ASSERT_EQ(3000, send(self->tx, self->out, 3000, 0));
	ASSERT_EQ(3000, recv(self->rx, self->in, MIB, MSG_PEEK));
	EXPECT_TRUE(intact(self->in, 3000, 7));
	EXPECT_EQ(3000, recv(self->rx, self->in, 0, MSG_PEEK | MSG_TRUNC));
	EXPECT_EQ(10, recv(self->rx, self->in, 10, MSG_PEEK));
	memset(self->in, 0, 3000);
	EXPECT_EQ(3000, recv(self->rx, self->in, MIB, MSG_DONTWAIT));
	EXPECT_TRUE(intact(self->in, 3000, 7));
	EXPECT_FAIL(EAGAIN, recv(self->rx, self->in, MIB, MSG_PEEK | MSG_DONTWAIT));
}

RDM_TEST(msg, u12_iovecs_gather_and_scatter)
{
	struct iovec out[5] = {
		{ self->out, 1 }, { self->out + 1, 0 }, { self->out + 1, 1448 },
		{ self->out + 1449, 30001 }, { self->out + 31450, 7 },
	};
	struct iovec in[4] = {
		{ self->in, 3 }, { self->in + 3, 29000 }, { self->in + 29003, 1 },
		{ self->in + 29004, MIB - 29004 },
	};
	struct msghdr from = { .msg_iov = out, .msg_iovlen = 5 };
	struct msghdr to = { .msg_iov = in, .msg_iovlen = 4 };

	fill(self->out, 31457, 3);
	ASSERT_EQ(31457, sendmsg(self->tx, &from, 0));
	ASSERT_EQ(31457, recvmsg(self->rx, &to, 0));
	EXPECT_TRUE(intact(self->in, 31457, 3));
	from.msg_iovlen = 0;
	ASSERT_EQ(0, sendmsg(self->tx, &from, 0));
	ASSERT_EQ(0, recvmsg(self->rx, &to, 0));
}

RDM_TEST(msg, u12_sendmmsg_and_recvmmsg_take_many)
{
	enum { N = 20 };
	struct mmsghdr out[N] = { 0 }, in[N] = { 0 };
	struct iovec out_iov[N], in_iov[N];
	struct addr from[N];
	uint64_t seen = 0;
	int got = 0;

	for (int i = 0; i < N; i++) {
		size_t len = 1 + (size_t)i * 300;

		out_iov[i] = (struct iovec){ self->out + i * 10000, len };
		in_iov[i] = (struct iovec){ self->in + i * 10000, 10000 };
		fill(out_iov[i].iov_base, len, (uint32_t)i);
		out[i].msg_hdr = (struct msghdr){ .msg_iov = &out_iov[i], .msg_iovlen = 1 };
		in[i].msg_hdr = (struct msghdr){ .msg_iov = &in_iov[i], .msg_iovlen = 1,
			.msg_name = &from[i].ss, .msg_namelen = sizeof(from[i].ss) };
	}
	ASSERT_EQ(N, sendmmsg(self->tx, out, N, 0));
	while (got < N) {
		int n = recvmmsg(self->rx, in + got, (unsigned int)(N - got), MSG_WAITFORONE, NULL);

		ASSERT_LT(0, n);
		got += n;
	}
	for (int i = 0; i < N; i++) {
		unsigned int which = (in[i].msg_len - 1) / 300;

		EXPECT_EQ(1 + which * 300, in[i].msg_len);
		EXPECT_TRUE(intact(in_iov[i].iov_base, in[i].msg_len, which));
		if (variant->type == SOCK_SEQPACKET)
			EXPECT_EQ(i, which);
		EXPECT_TRUE(same_addr(&from[i], &self->tx_at));
		seen |= 1ull << which;
	}
	EXPECT_EQ((1ull << N) - 1, seen);
}

RDM_TEST(msg, u12_a_bad_one_among_many_stops_sendmmsg_there)
{
	struct iovec iov[3] = { { "one", 3 }, { (void *)8, 3 }, { "two", 3 } };
	struct mmsghdr out[3] = { 0 };

	for (int i = 0; i < 3; i++)
		out[i].msg_hdr = (struct msghdr){ .msg_iov = &iov[i], .msg_iovlen = 1 };
	EXPECT_EQ(1, sendmmsg(self->tx, out, 3, 0));
	EXPECT_EQ(3, recv(self->rx, self->in, MIB, 0));
	EXPECT_TRUE(EVENTUALLY(PATIENCE, outq(self->tx) == 0));
	EXPECT_FAIL(EAGAIN, recv(self->rx, self->in, 1, MSG_DONTWAIT));
}

RDM_TEST(msg, u12_reading_gives_up_in_time)
{
	double start = now();

	EXPECT_FAIL(EAGAIN, recv(self->rx, self->in, 1, MSG_DONTWAIT));
	EXPECT_GT(start + 1 * slowness(), now());
	set_timeout(self->rx, SO_RCVTIMEO, 150);
	start = now();
	EXPECT_FAIL(EAGAIN, recv(self->rx, self->in, 1, 0));
	/* Timeouts count in ticks, of which a machine that was stopped has some to catch up */
	EXPECT_LE(start + 0.05, now());
	ASSERT_OK(fcntl(self->rx, F_SETFL, O_NONBLOCK));
	EXPECT_FAIL(EAGAIN, recv(self->rx, self->in, 1, 0));
}

RDM_TEST(msg, u12_siocinq_and_siocoutq_count)
{
	int fionread;

	EXPECT_EQ(0, inq(self->rx));
	fill(self->out, 4000, 1);
	ASSERT_EQ(4000, send(self->tx, self->out, 4000, 0));
	ASSERT_EQ(10, send(self->tx, self->out, 10, 0));
	ASSERT_EQ(POLLIN, wait_for(self->rx, POLLIN, PATIENCE));
	/* Acked is what is in the receiver's buffer, read or not */
	EXPECT_TRUE(EVENTUALLY(PATIENCE, outq(self->tx) == 0));
	EXPECT_EQ(4000, inq(self->rx));
	ASSERT_OK(ioctl(self->rx, FIONREAD, &fionread));
	EXPECT_EQ(4000, fionread);
	EXPECT_EQ(4000, recv(self->rx, self->in, MIB, 0));
	EXPECT_EQ(10, inq(self->rx));
	EXPECT_EQ(10, recv(self->rx, self->in, MIB, 0));
	EXPECT_EQ(0, inq(self->rx));
}

RDM_TEST(msg, u12_poll_tells_what_is_possible)
{
	EXPECT_EQ(POLLOUT, wait_for(self->rx, POLLIN | POLLOUT, 0));
	ASSERT_EQ(1, send(self->tx, "x", 1, 0));
	EXPECT_EQ(POLLIN, wait_for(self->rx, POLLIN, PATIENCE));
	EXPECT_EQ(POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM,
		  wait_for(self->rx, POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM, 0));
	ASSERT_EQ(1, recv(self->rx, self->in, 1, 0));
	EXPECT_EQ(0, wait_for(self->rx, POLLIN, 0));
	ASSERT_OK(shutdown(self->tx, SHUT_RD));
	EXPECT_EQ(POLLIN | POLLRDHUP, wait_for(self->tx, POLLIN | POLLRDHUP, 0));
	ASSERT_OK(shutdown(self->tx, SHUT_RDWR));
	EXPECT_TRUE(wait_for(self->tx, POLLIN, 0) & POLLHUP);
}

RDM_TEST(msg, u12_epoll_level_and_edge)
{
	struct epoll_event ev = { .events = EPOLLIN };
	int level = epoll_create1(0), edge = epoll_create1(0);

	ASSERT_OK(epoll_ctl(level, EPOLL_CTL_ADD, self->rx, &ev));
	ev.events = EPOLLIN | EPOLLET;
	ASSERT_OK(epoll_ctl(edge, EPOLL_CTL_ADD, self->rx, &ev));
	EXPECT_EQ(0, epoll_wait(level, &ev, 1, 0));
	EXPECT_EQ(0, epoll_wait(edge, &ev, 1, 0));
	ASSERT_EQ(1, send(self->tx, "1", 1, 0));
	ASSERT_EQ(1, epoll_wait(level, &ev, 1, PATIENCE));
	EXPECT_EQ(1, epoll_wait(level, &ev, 1, 0));
	EXPECT_EQ(1, epoll_wait(edge, &ev, 1, PATIENCE));
	/* Not read, nothing new: the edge is over, the level is not */
	EXPECT_EQ(0, epoll_wait(edge, &ev, 1, 0));
	ASSERT_EQ(1, send(self->tx, "2", 1, 0));
	EXPECT_EQ(1, epoll_wait(edge, &ev, 1, PATIENCE));
	EXPECT_EQ(1, recv(self->rx, self->in, 1, 0));
	EXPECT_EQ(1, recv(self->rx, self->in, 1, 0));
	EXPECT_EQ(0, epoll_wait(level, &ev, 1, 0));
	close(edge);
	close(level);
}

RDM_TEST(msg, u1_many_messages_of_all_sizes_arrive_once)
{
	unsigned int n = scaled(600);
	uint8_t *seen = calloc(n, 1);
	unsigned int sent = 0, got = 0;

	ASSERT_TRUE(seen);
	while (got < n) {
		/* Sizes from 4 bytes to 33 KB, most of them small */
		for (; sent < n; sent++) {
			size_t len = 4 + (sent * 37u % 100) +
				     (sent % 50 ? 0 : sent * 7919u % 33000);

			fill(self->out, len, sent);
			memcpy(self->out, &sent, 4);
			if (send(self->tx, self->out, len, MSG_DONTWAIT) < 0) {
				ASSERT_EQ(EAGAIN, errno);
				break;
			}
		}
		for (;;) {
			ssize_t len = recv(self->rx, self->in, MIB, sent < n ? MSG_DONTWAIT : 0);
			uint32_t which;

			if (len < 0) {
				ASSERT_EQ(EAGAIN, errno);
				ASSERT_LT(sent, n)
					TH_LOG("%u of %u came", got, n);
				break;
			}
			ASSERT_LE(4, len);
			memcpy(&which, self->in, 4);
			ASSERT_LT(which, n);
			fill(self->out, (size_t)len, which);
			memcpy(self->out, &which, 4);
			ASSERT_EQ(0, memcmp(self->in, self->out, (size_t)len));
			ASSERT_EQ(0, seen[which])
				TH_LOG("message %u came twice", which);
			if (variant->type == SOCK_SEQPACKET)
				ASSERT_EQ(got, which);
			seen[which] = 1;
			if (++got == n)
				break;
		}
	}
	EXPECT_FAIL(EAGAIN, recv(self->rx, self->in, 1, MSG_DONTWAIT));
	EXPECT_TRUE(EVENTUALLY(PATIENCE, outq(self->tx) == 0));
	free(seen);
}

RDM_TEST(msg, u1_one_socket_talks_to_many_peers)
{
	enum { N = 8, ROUNDS = 20 };
	struct addr at[N], from;
	int peer[N];
	uint8_t c[2];

	for (int i = 0; i < N; i++)
		peer[i] = rdm_bound(variant->family, variant->type, &at[i]);
	for (uint8_t r = 0; r < ROUNDS; r++) {
		for (uint8_t i = 0; i < N; i++)
			ASSERT_EQ(2, send_to(self->rx, (uint8_t[]){ i, r }, 2, 0, &at[i]));
	}
	for (int i = 0; i < N; i++) {
		for (int r = 0; r < ROUNDS; r++) {
			from.len = sizeof(from.ss);
			ASSERT_EQ(2, recvfrom(peer[i], c, 2, 0, &from.sa, &from.len));
			EXPECT_EQ(i, c[0]);
			EXPECT_TRUE(same_addr(&from, &self->rx_at));
			/* The answers mix at the one socket */
			ASSERT_EQ(2, send_to(peer[i], c, 2, 0, &from));
		}
	}
	for (int k = 0; k < N * ROUNDS; k++) {
		from.len = sizeof(from.ss);
		ASSERT_EQ(2, recvfrom(self->rx, c, 2, 0, &from.sa, &from.len));
		ASSERT_GT(N, c[0]);
		EXPECT_TRUE(same_addr(&from, &at[c[0]]));
	}
	EXPECT_FAIL(EAGAIN, recv(self->rx, c, 2, MSG_DONTWAIT));
	for (int i = 0; i < N; i++)
		close(peer[i]);
}

RDM_TEST(msg, u1_both_ends_open_at_once)
{
	char c;

	/* Two handshakes meet: it is one association, and nothing comes twice */
	ASSERT_EQ(1, send_to(self->rx, "r", 1, 0, &self->tx_at));
	ASSERT_EQ(1, send(self->tx, "t", 1, 0));
	ASSERT_EQ(1, recv(self->rx, &c, 1, 0));
	EXPECT_EQ('t', c);
	ASSERT_EQ(1, recv(self->tx, &c, 1, 0));
	EXPECT_EQ('r', c);
	EXPECT_TRUE(EVENTUALLY(PATIENCE, !outq(self->tx) && !outq(self->rx)));
	EXPECT_FAIL(EAGAIN, recv(self->rx, &c, 1, MSG_DONTWAIT));
	EXPECT_FAIL(EAGAIN, recv(self->tx, &c, 1, MSG_DONTWAIT));
}

RDM_TEST(msg, u1_a_socket_can_send_to_itself)
{
	char c;

	ASSERT_EQ(1, send_to(self->rx, "m", 1, 0, &self->rx_at));
	ASSERT_EQ(1, recv(self->rx, &c, 1, 0));
	EXPECT_EQ('m', c);
	EXPECT_TRUE(EVENTUALLY(PATIENCE, outq(self->rx) == 0));
	EXPECT_FAIL(EAGAIN, recv(self->rx, &c, 1, MSG_DONTWAIT));
}

RDM_TEST(msg, both_types_talk_to_each_other)
{
	int type = variant->type == SOCK_RDM ? SOCK_SEQPACKET : SOCK_RDM;
	struct addr at, from = { .len = sizeof(from.ss) };
	int other = rdm_bound(variant->family, type, &at);
	char c;

	ASSERT_EQ(1, send_to(other, "x", 1, 0, &self->rx_at));
	ASSERT_EQ(1, recvfrom(self->rx, &c, 1, 0, &from.sa, &from.len));
	EXPECT_TRUE(same_addr(&from, &at));
	ASSERT_EQ(1, send_to(self->rx, "y", 1, 0, &from));
	ASSERT_EQ(1, recv(other, &c, 1, 0));
	EXPECT_EQ('y', c);
	close(other);
}

TEST_HARNESS_MAIN
