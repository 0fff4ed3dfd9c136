// SPDX-License-Identifier: GPL-2.0
/*
 * M3: memory runs out. Each allocation that a call makes fails once, one after the other
 * (fail-nth of the kernel's fault injection); the call fails with ENOMEM or ENOBUFS
 * (ENFILE where it makes a socket), or does without, and can then be repeated with
 * success. What allocates in interrupts fails at random; nothing that was accepted may be
 * lost or come twice for it. Crashes and leaks are seen by the lane. Needs CONFIG_FAILSLAB,
 * so it runs in the debug kernel, and alone, because others would suffer.
 */
#include "kselftest_harness.h"
#include "memfail.h"
#include "netlab.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MIB (1 << 20)
/* More allocations than any call makes: then it is no limit but a mistake. */
#define MOST 3000

FIXTURE(failslab) {
	int tx, rx;
	struct addr tx_at, rx_at;
};

LAB_VARIANTS(failslab);

FIXTURE_SETUP(failslab)
{
	enter_netns(1500);
	memfail_open();
	self->rx = rdm_bound(variant->family, variant->type, &self->rx_at);
	self->tx = rdm_bound(variant->family, variant->type, &self->tx_at);
}

FIXTURE_TEARDOWN(failslab)
{
	close(self->tx);
	close(self->rx);
	memfail_close();
}

/* What a call works on; made anew for each try. */
struct try {
	int family, type;
	int fd, other;			/* other is bound */
	struct addr at;			/* of other */
	size_t len;
};

static uint8_t out[MIB], in[MIB];

static void prepare(struct try *t)
{
	t->fd = rdm_socket(t->family, t->type);
	t->other = rdm_bound(t->family, t->type, &t->at);
}

static void finish(struct try *t)
{
	if (t->fd >= 0)
		close(t->fd);
	close(t->other);
}

static long call_close(struct try *t);

/*
 * Calls @call again and again, each time with another allocation that fails, until it
 * needs no more. Return: how many there were, or -1 when an error was not clean.
 */
static int each_nth(struct try *t, void (*before)(struct try *t), long (*call)(struct try *t),
		    const char *name)
{
	/* All of the first, and a part of the many like them in a large message */
	for (int n = 1; n < MOST; n += 1 + n / 8) {
		int err, left;
		long ret;

		/* without memory for a tombstone it takes no association for 40 s */
		if (call == call_close)
			enter_netns(1500);
		prepare(t);
		if (before)
			before(t);
		nth_begin(n);
		ret = call(t);
		err = errno;
		left = nth_end();
		/* ENFILE is what the kernel calls it when it has no memory for a socket */
		if (!left && ret < 0 && err != ENOMEM && err != ENOBUFS && err != ENFILE) {
			fprintf(stderr, "# %s, allocation %d: %s\n", name, n, strerror(err));
			return -1;
		}
		/* What failed can be done again; what did not is done */
		if (!left && ret < 0 && call(t) < 0) {
			fprintf(stderr, "# %s, after allocation %d: %s\n", name, n,
				strerror(errno));
			return -1;
		}
		finish(t);
		if (left) {
			if (ret < 0) {
				fprintf(stderr, "# %s: %s\n", name, strerror(err));
				return -1;
			}
			return n - 1;
		}
	}
	return -1;
}

static long call_socket(struct try *t)
{
	int fd = socket(t->family, t->type, IPPROTO_RDM);

	if (fd >= 0)
		close(fd);
	return fd;
}

static long call_bind(struct try *t)
{
	struct addr a = loopback(t->family, 0);

	return bind(t->fd, &a.sa, a.len);
}

static long call_connect(struct try *t)
{
	return connect(t->fd, &t->at.sa, t->at.len);
}

static long call_send(struct try *t)
{
	return send_to(t->fd, out, t->len, 0, &t->at);
}

static void know_each_other(struct try *t)
{
	if (send_to(t->fd, "k", 1, 0, &t->at) != 1 || recv(t->other, in, 1, 0) != 1 ||
	    !EVENTUALLY(PATIENCE, !outq(t->fd)))
		fatal("no first message");
}

static void one_waits(struct try *t)
{
	know_each_other(t);
	if (send_to(t->fd, out, t->len, 0, &t->at) != (ssize_t)t->len ||
	    !(wait_for(t->other, POLLIN, PATIENCE) & POLLIN))
		fatal("no message to read");
}

static long call_recv(struct try *t)
{
	return recv(t->other, in, sizeof(in), MSG_DONTWAIT);
}

static void one_failed(struct try *t)
{
	struct addr nobody;
	int udp = udp_bound(t->family, &nobody);

	close(udp);
	if (send_to(t->fd, "x", 1, 0, &nobody) != 1 ||
	    !EVENTUALLY(PATIENCE, wait_for(t->fd, POLLIN, 10) & POLLERR))
		fatal("no failure to read");
}

static long call_errqueue(struct try *t)
{
	char control[256];
	struct msghdr msg = { .msg_control = control, .msg_controllen = sizeof(control) };

	return recvmsg(t->fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT);
}

static long call_option(struct try *t)
{
	int value = 5000;

	return setsockopt(t->fd, SOL_RDM, RDM_USER_TIMEOUT, &value, sizeof(value));
}

static long call_close(struct try *t)
{
	long ret = t->fd >= 0 ? close(t->fd) : 0;

	t->fd = -1;
	return ret;
}

TEST_F_TIMEOUT(failslab, m3_every_call_survives_every_failed_allocation, 300)
{
	static const struct {
		const char *name;
		void (*before)(struct try *t);
		long (*call)(struct try *t);
		size_t len;
		int least;		/* allocations that it must have made */
	} calls[] = {
		{ "socket", NULL, call_socket, 0, 2 },
		{ "bind", NULL, call_bind, 0, 2 },
		{ "connect", NULL, call_connect, 0, 1 },
		{ "first send", NULL, call_send, 10, 4 },
		{ "send of 10 bytes", know_each_other, call_send, 10, 1 },
		{ "send of 100000 bytes", know_each_other, call_send, 100000, 1 },
		{ "send of 1 MiB", know_each_other, call_send, MIB, 1 },
		{ "recv of 10 bytes", one_waits, call_recv, 10, 0 },
		{ "recv from the error queue", one_failed, call_errqueue, 0, 0 },
		{ "setsockopt", NULL, call_option, 0, 0 },
		{ "close with data unread and unsent", one_waits, call_close, 10, 0 },
	};
	struct try t = { .family = variant->family, .type = variant->type };

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		int n;

		t.len = calls[i].len;
		n = each_nth(&t, calls[i].before, calls[i].call, calls[i].name);
		EXPECT_LE(calls[i].least, n)
			TH_LOG("%s made %d allocations", calls[i].name, n);
		if (n < 0)
			show_state();
	}
}

TEST_F_TIMEOUT(failslab, m3_messages_survive_memory_that_fails_at_random, 300)
{
	enum { N = 300 };
	uint8_t seen[N] = { 0 };
	uint32_t sent = 0, got = 0, seq;
	struct rdm_outcome o;
	struct addr to;
	double end;

	ASSERT_EQ(1, send_to(self->tx, "k", 1, 0, &self->rx_at));
	ASSERT_EQ(1, recv(self->rx, in, 1, 0));
	memfail_at_random(10);
	for (end = now() + 4 * PATIENCE / 1e3; got < N && now() < end;) {
		size_t len = 4 + sent % 7 * 1500;
		ssize_t n;

		if (sent < N) {
			fill(out, len, sent);
			memcpy(out, &sent, 4);
			n = send_to(self->tx, out, len, MSG_DONTWAIT, &self->rx_at);
			if (n == (ssize_t)len)
				sent++;
			else if (n >= 0 || (errno != ENOMEM && errno != ENOBUFS && errno != EAGAIN))
				break;
		} else {
			/* What was lost in the dark comes again */
			memfail_at_random(2);
			poll(NULL, 0, 2);
		}
		while ((n = recv(self->rx, in, MIB, MSG_DONTWAIT)) >= 4) {
			memcpy(&seq, in, 4);
			if (seq >= N || seen[seq]++)
				break;
			fill(out, (size_t)n, seq);
			memcpy(out, &seq, 4);
			if (memcmp(in, out, (size_t)n) || n != 4 + seq % 7 * 1500)
				break;
			got++;
		}
	}
	memfail_at_random(0);
	EXPECT_EQ(N, sent)
		TH_LOG("%s", strerror(errno));
	while (got < N && recv(self->rx, in, MIB, 0) >= 4) {
		memcpy(&seq, in, 4);
		ASSERT_GT(N, seq);
		EXPECT_EQ(0, seen[seq]++);
		got++;
	}
	EXPECT_EQ(N, got);
	EXPECT_TRUE(EVENTUALLY(PATIENCE, outq(self->tx) == 0));
	EXPECT_FALSE(take_outcome(self->tx, 0, &o, &to));
	EXPECT_FAIL(EAGAIN, recv(self->rx, in, 1, MSG_DONTWAIT));
	/* It did happen */
	EXPECT_LT(0, counter("OutNoMem") + counter("DropNoMem"));
}

TEST_HARNESS_MAIN
