// SPDX-License-Identifier: GPL-2.0
/*
 * U6 and U7 between two hosts: the peer is a process in a namespace of its own. It is
 * killed and comes back, its host vanishes, a link goes down for ever. Each message has
 * one outcome, the right one, in time, and none reaches an incarnation that it was not
 * sent to.
 */
#include "kselftest_harness.h"
#include "netlab.h"

#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define PORT 7000
#define USER_TIMEOUT 2000
#define LONG_TIMEOUT 30000

FIXTURE(restart) {
	int a, b;		/* the namespaces; the test is in a */
	int tx;
	struct addr peer_at;
	pid_t pid;		/* the peer */
	int fd;			/* what it received: the first 4 bytes of each message */
	uint32_t failed;	/* messages of tx that have a failure */
};

LAB_VARIANTS(restart);

/* A new peer process; returns when it is bound. */
static void start_peer(FIXTURE_DATA(restart) * self, int type, bool reads)
{
	static uint8_t buf[70000];
	uint32_t ready = UINT32_MAX;
	int fds[2];

	if (pipe2(fds, O_NONBLOCK))
		fatal("pipe");
	self->pid = fork();
	if (!self->pid) {
		int fd;

		ns_enter(self->b);
		close(self->a);
		close(self->b);
		close(self->tx);
		close(fds[0]);
		fcntl(fds[1], F_SETFL, 0);
		fd = rdm_socket(self->peer_at.sa.sa_family, type);
		if (!EVENTUALLY(PATIENCE, !bind(fd, &self->peer_at.sa, self->peer_at.len)) ||
		    write(fds[1], &ready, 4) != 4)
			_exit(1);
		while (!reads)
			pause();
		set_timeout(fd, SO_RCVTIMEO, 0);
		while (recv(fd, buf, sizeof(buf), 0) >= 4) {
			if (write(fds[1], buf, 4) != 4)
				_exit(1);
		}
		_exit(1);
	}
	close(fds[1]);
	self->fd = fds[0];
	if (!EVENTUALLY(2 * PATIENCE, read(self->fd, &ready, 4) == 4))
		fatal("the peer does not start");
}

static void kill_peer(FIXTURE_DATA(restart) * self)
{
	if (self->pid <= 0)
		return;
	kill(self->pid, SIGKILL);
	waitpid(self->pid, NULL, 0);
	self->pid = 0;
}

/* Another message that the peer received, or UINT32_MAX when there is none within @ms. */
static uint32_t peer_got(FIXTURE_DATA(restart) * self, int ms)
{
	uint32_t seq = UINT32_MAX;

	return EVENTUALLY(ms, read(self->fd, &seq, 4) == 4) ? seq : UINT32_MAX;
}

static ssize_t send_seq(FIXTURE_DATA(restart) * self, uint32_t seq, size_t len, int flags)
{
	static uint8_t buf[70000];

	fill(buf, len, seq);
	memcpy(buf, &seq, 4);
	return send_to(self->tx, buf, len, flags, &self->peer_at);
}

FIXTURE_SETUP(restart)
{
	self->a = ns_new();
	self->b = ns_new();
	ns_link(self->a, "a", self->b, "b", 1);
	ns_enter(self->a);
	run("tc qdisc add dev to_b clsact");
	self->peer_at = lab_addr(variant->family, 1, 2, PORT);
	self->tx = rdm_socket(variant->family, variant->type);
	set_int(self->tx, SOL_RDM, RDM_USER_TIMEOUT, LONG_TIMEOUT);
	/* A window that is soon full */
	ns_enter(self->b);
	sysctl_set("rmem", 65536);
	ns_enter(self->a);
	start_peer(self, variant->type, true);
}

FIXTURE_TEARDOWN(restart)
{
	kill_peer(self);
	close(self->tx);
	close(self->fd);
	close(self->a);
	if (self->b >= 0)
		close(self->b);
}

/*
 * Takes outcomes until all @n messages that were sent had one, acks and failures together.
 * How many have failed.
 */
static uint32_t settle(struct __test_metadata *_metadata, FIXTURE_DATA(restart) * self,
		       uint32_t n, int ms, const int *errors)
{
	double end = now() + ms / 1e3;
	struct rdm_outcome o;
	struct addr to;

	while (now() < end && (counter("OutAcked") + self->failed < n || outq(self->tx))) {
		if (!take_outcome(self->tx, 20, &o, &to))
			continue;
		const int *e = errors;

		while (*e && *e != (int)o.error)
			e++;
		EXPECT_NE(0, *e)
			TH_LOG("%u messages: %s", o.count, strerror((int)o.error));
		EXPECT_TRUE(same_addr(&to, &self->peer_at));
		self->failed += o.count;
	}
	EXPECT_EQ(n, counter("OutAcked") + self->failed);
	EXPECT_EQ(self->failed, counter("OutFailed"));
	EXPECT_EQ(0, outq(self->tx));
	/* None had two */
	EXPECT_FALSE(take_outcome(self->tx, 100, &o, &to));
	return self->failed;
}

RDM_TEST(restart, u6_a_receiver_is_killed_and_comes_back_under_load)
{
	static const int resets[] = { ECONNRESET, ECONNREFUSED, 0 };
	enum { LIVES = 3, MOST = 100000 };
	/* 0: not seen, 1: by the first incarnation, and so on */
	static uint8_t seen[MOST];
	uint32_t n = 0, seq, last = 0;
	unsigned int life;

	memset(seen, 0, sizeof(seen));
	set_int(self->tx, SOL_SOCKET, SO_SNDBUF, 200000);
	for (life = 1; life <= LIVES; life++) {
		uint32_t each = 0, before = n;
		uint64_t refused;
		double start = now();

		/* Until this one has received some, and there is more on its way */
		while (each < 30 && n < MOST && now() < start + PATIENCE / 1e3) {
			if (send_seq(self, n, n % 5 ? 100 : 9000, MSG_DONTWAIT) > 0)
				n++;
			else
				ASSERT_EQ(EAGAIN, errno);
			while (read(self->fd, &seq, 4) == 4) {
				ASSERT_LT(seq, n);
				ASSERT_EQ(0, seen[seq])
					TH_LOG("%u of life %u had come in life %u", seq, life,
					       seen[seq]);
				seen[seq] = (uint8_t)life;
				if (variant->type == SOCK_SEQPACKET)
					ASSERT_LE(last, seq);
				last = seq;
				each++;
			}
		}
		ASSERT_LE(30, each)
			TH_LOG("life %u got %u of %u", life, each, n - before);
		if (life == LIVES)
			break;
		/* With something in flight that cannot be acked any more */
		refused = ns_counter(self->b, "InRefused");
		kill(self->pid, SIGSTOP);
		do {
			while (send_seq(self, n, 9000, MSG_DONTWAIT) > 0)
				n++;
		} while (EVENTUALLY(50, (send_seq(self, n, 9000, MSG_DONTWAIT) > 0)) && ++n);
		ASSERT_TRUE(EVENTUALLY(PATIENCE, ns_counter(self->b, "InRefused") > refused));
		kill_peer(self);
		while (read(self->fd, &seq, 4) == 4) {
			ASSERT_LT(seq, n);
			ASSERT_EQ(0, seen[seq]);
			seen[seq] = (uint8_t)life;
			last = seq;
		}
		close(self->fd);
		start_peer(self, variant->type, true);
	}
	/* Far below the user timeout */
	EXPECT_LE(LIVES - 1, settle(_metadata, self, n, LONG_TIMEOUT / 3, resets));
	EXPECT_LT(0, counter("InReset"));
	while ((seq = peer_got(self, 200)) != UINT32_MAX) {
		ASSERT_LT(seq, n);
		EXPECT_EQ(0, seen[seq]);
		seen[seq] = LIVES;
	}
}

RDM_TEST(restart, u6_a_sender_is_killed_and_comes_back_on_its_port)
{
	struct addr at = lab_addr(variant->family, 1, 1, 8000);
	uint8_t seen[200] = { 0 };
	uint32_t seq, n = 0;

	/* Here the test's own process is the one that stays: children send */
	for (uint32_t life = 0; life < 4; life++) {
		pid_t pid = fork();
		int status;

		if (!pid) {
			int fd = rdm_socket(variant->family, variant->type);

			/* What its predecessor left is sent from this port until it is acked */
			if (!EVENTUALLY(PATIENCE, !bind(fd, &at.sa, at.len)))
				_exit(1);
			close(self->tx);
			self->tx = fd;
			for (seq = 0; seq < 50; seq++) {
				if (send_seq(self, life * 50 + seq, 3000, 0) != 3000)
					_exit(2);
			}
			raise(SIGKILL);
		}
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		ASSERT_TRUE(WIFSIGNALED(status))
			TH_LOG("life %u: exit status %d", life, WEXITSTATUS(status));
	}
	/* All that was accepted arrives once, whoever is dead meanwhile */
	while (n < 200 && (seq = peer_got(self, PATIENCE)) != UINT32_MAX) {
		ASSERT_GT(200, seq);
		EXPECT_EQ(0, seen[seq]++);
		if (variant->type == SOCK_SEQPACKET)
			EXPECT_EQ(n, seq);
		n++;
	}
	EXPECT_EQ(200, n);
	EXPECT_EQ(UINT32_MAX, peer_got(self, 200));
}

/* Drops all DATA packets that leave here. */
static void cut_data(int family)
{
	run("tc filter add dev to_b egress protocol %s u32 match u8 3 0xff at %d action drop",
	    family == AF_INET ? "ip" : "ipv6", family == AF_INET ? 29 : 49);
}

RDM_TEST(restart, u6_a_receiver_restarts_between_handshake_and_first_message)
{
	static const int resets[] = { ECONNRESET, ECONNREFUSED, 0 };
	double start;

	cut_data(variant->family);
	ASSERT_EQ(100, send_seq(self, 1, 100, 0));
	ASSERT_TRUE(EVENTUALLY(PATIENCE, proc_has("rdm", "cookie-sent")));
	kill_peer(self);
	close(self->fd);
	start_peer(self, variant->type, true);
	run("tc filter del dev to_b egress");
	start = now();
	EXPECT_EQ(1, settle(_metadata, self, 1, LONG_TIMEOUT, resets));
	EXPECT_GT(start + LONG_TIMEOUT / 3e3, now());
	EXPECT_LT(0, ns_counter(self->b, "DropCookie"));
	EXPECT_EQ(UINT32_MAX, peer_got(self, 200));
	ASSERT_EQ(100, send_seq(self, 2, 100, 0));
	EXPECT_EQ(2, peer_got(self, PATIENCE));
}

/* Messages that cannot all be acked: the peer does not read. */
static uint32_t send_until_full(FIXTURE_DATA(restart) * self)
{
	uint32_t n = 0;

	set_int(self->tx, SOL_SOCKET, SO_SNDBUF, 100000);
	while (send_seq(self, n, 2000, MSG_DONTWAIT) > 0 ||
	       EVENTUALLY(100, (send_seq(self, n, 2000, MSG_DONTWAIT) > 0)))
		n++;
	return n;
}

/* A peer that does not read, and this user timeout. */
static void stubborn_peer(FIXTURE_DATA(restart) * self, int type)
{
	kill_peer(self);
	close(self->fd);
	close(self->tx);
	self->tx = rdm_socket(self->peer_at.sa.sa_family, type);
	set_int(self->tx, SOL_RDM, RDM_USER_TIMEOUT, USER_TIMEOUT);
	start_peer(self, type, false);
}

RDM_TEST(restart, u7_a_peer_is_killed_and_nobody_comes_back)
{
	static const int resets[] = { ECONNRESET, ECONNREFUSED, 0 };
	uint32_t n;

	stubborn_peer(self, variant->type);
	n = send_until_full(self);
	kill_peer(self);
	EXPECT_LT(0, settle(_metadata, self, n, USER_TIMEOUT + 3000 * (int)slowness(), resets));
	/* And then */
	ASSERT_EQ(100, send_seq(self, 1, 100, 0));
	EXPECT_LT(0, settle(_metadata, self, n + 1, USER_TIMEOUT + 3000 * (int)slowness(),
			    (int[]){ ECONNREFUSED, 0 }));
}

RDM_TEST(restart, u7_the_host_of_the_peer_vanishes)
{
	static const int gone[] = { ETIMEDOUT, EHOSTUNREACH, ENETUNREACH, 0 };
	uint32_t n;

	stubborn_peer(self, variant->type);
	n = send_until_full(self);
	/* Its last words do not come through; with its process goes its namespace */
	ns_enter(self->b);
	run("tc qdisc add dev to_a clsact && tc filter add dev to_a egress matchall action drop");
	ns_enter(self->a);
	close(self->b);
	self->b = -1;
	kill_peer(self);
	EXPECT_TRUE(EVENTUALLY(2 * PATIENCE, !if_nametoindex("to_b")));
	EXPECT_LT(0, settle(_metadata, self, n, USER_TIMEOUT + 3000 * (int)slowness(), gone));
	EXPECT_FAIL(ENETUNREACH, send_seq(self, 1, 100, 0));
}

RDM_TEST(restart, u7_the_namespace_of_the_peer_is_removed_with_its_socket)
{
	static const int gone[] = { ECONNRESET, ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH,
		ENETUNREACH, 0 };
	uint32_t n;

	stubborn_peer(self, variant->type);
	n = send_until_full(self);
	close(self->b);
	self->b = -1;
	kill_peer(self);
	EXPECT_LT(0, settle(_metadata, self, n, USER_TIMEOUT + 3000 * (int)slowness(), gone));
	EXPECT_TRUE(EVENTUALLY(2 * PATIENCE, !if_nametoindex("to_b")));
}

RDM_TEST(restart, u7_a_link_goes_down_for_ever)
{
	static const int silent[] = { ETIMEDOUT, EHOSTUNREACH, ENETUNREACH, 0 };
	double start;
	uint32_t n;

	stubborn_peer(self, variant->type);
	n = send_until_full(self);
	ns_enter(self->b);
	run_ip("link set to_a down\n");
	ns_enter(self->a);
	start = now();
	EXPECT_LT(0, settle(_metadata, self, n, USER_TIMEOUT + 3000 * (int)slowness(), silent));
	/* Not at once either: it could have come back */
	EXPECT_LE(start + USER_TIMEOUT / 1e3 - 1, now());
}

RDM_TEST(restart, u7_our_own_link_goes_down_for_ever)
{
	static const int silent[] = { ETIMEDOUT, EHOSTUNREACH, ENETUNREACH, 0 };
	uint32_t n;

	stubborn_peer(self, variant->type);
	n = send_until_full(self);
	run_ip("link set to_b down\n");
	EXPECT_LT(0, settle(_metadata, self, n, USER_TIMEOUT + 3000 * (int)slowness(), silent));
	EXPECT_FAIL(ENETUNREACH, send_seq(self, 1, 100, 0));
}

RDM_TEST(restart, u7_a_closed_socket_gives_up_a_lost_peer_in_time)
{
	stubborn_peer(self, variant->type);
	ASSERT_LT(1, send_until_full(self));
	run_ip("link set to_b down\n");
	close(self->tx);
	self->tx = -1;
	EXPECT_TRUE(proc_has("rdm", ",orphan"));
	/* Nothing is kept for ever for a peer that never answers */
	EXPECT_TRUE(EVENTUALLY(USER_TIMEOUT + 3000 * (int)slowness(), !proc_has("rdm", ",orphan")));
}

TEST_HARNESS_MAIN
