// SPDX-License-Identifier: GPL-2.0
/*
 * U11 and a part of U6: the end of a socket. What was accepted before close(), exit or
 * SIGKILL still arrives; SO_LINGER waits or drops as it says; the peer is told; the module
 * stays while it is needed.
 */
#include "kselftest_harness.h"
#include "rdmtest.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define MIB (1 << 20)

FIXTURE(close) {
	int tx, rx;
	struct addr tx_at, rx_at;
	uint8_t *buf;
};

RDM_VARIANTS(close);

FIXTURE_SETUP(close)
{
	enter_netns(1500);
	self->rx = rdm_bound(variant->family, variant->type, &self->rx_at);
	self->tx = rdm_bound(variant->family, variant->type, &self->tx_at);
	ASSERT_OK(connect(self->tx, &self->rx_at.sa, self->rx_at.len));
	/* all that a test sends, not what the window makes of it */
	set_int(self->tx, SOL_SOCKET, SO_SNDBUFFORCE, 2 * MIB);
	self->buf = malloc(MIB);
	ASSERT_TRUE(self->buf);
}

FIXTURE_TEARDOWN(close)
{
	if (self->tx >= 0)
		close(self->tx);
	if (self->rx >= 0)
		close(self->rx);
	free(self->buf);
}

/* Sends @n messages of @len bytes, or as many as are accepted at once; how many. */
static int send_some(int fd, uint8_t *buf, int n, size_t len)
{
	for (int i = 0; i < n; i++) {
		fill(buf, len, (uint32_t)i);
		buf[0] = (uint8_t)i;
		if (send(fd, buf, len, MSG_DONTWAIT) < 0) {
			if (errno != EAGAIN)
				fatal("send");
			return i;
		}
	}
	return n;
}

/* Reads @n different messages of send_some; how many came, and nothing more. */
static int recv_some(int fd, uint8_t *buf, int n, size_t len)
{
	uint8_t *want = malloc(len);
	bool seen[256] = { 0 };
	int i;

	for (i = 0; i < n; i++) {
		ssize_t got = recv(fd, buf, MIB, 0);

		if (got != (ssize_t)len) {
			fprintf(stderr, "# message %d: %zd bytes (%s)\n", i, got, strerror(errno));
			break;
		}
		fill(want, len, buf[0]);
		want[0] = buf[0];
		if (seen[buf[0]] || memcmp(want, buf, len)) {
			fprintf(stderr, "# message %d came twice or damaged\n", buf[0]);
			break;
		}
		seen[buf[0]] = true;
	}
	free(want);
	if (i == n && recv(fd, buf, 1, MSG_DONTWAIT) >= 0) {
		fprintf(stderr, "# more came than was sent\n");
		return n + 1;
	}
	return i;
}

static void set_linger(int fd, bool on, int seconds)
{
	struct linger linger = { .l_onoff = on, .l_linger = seconds };

	if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)))
		fatal("SO_LINGER");
}

RDM_TEST(close, u11_what_was_sent_before_close_arrives)
{
	int n = send_some(self->tx, self->buf, 200, 10000);
	double start = now();

	ASSERT_LT(10, n);
	close(self->tx);
	self->tx = -1;
	/* Without SO_LINGER close does not wait for the reader */
	EXPECT_GT(start + 5 * slowness(), now());
	EXPECT_EQ(n, recv_some(self->rx, self->buf, n, 10000));
}

RDM_TEST(close, u11_a_message_sent_before_the_handshake_arrives_after_close)
{
	int other = rdm_socket(variant->family, variant->type);
	char c;

	ASSERT_EQ(1, send_to(other, "x", 1, 0, &self->rx_at));
	close(other);
	ASSERT_EQ(1, recv(self->rx, &c, 1, 0));
	EXPECT_EQ('x', c);
}

static int in_child(FIXTURE_DATA(close) * self, int n, bool kill_it)
{
	int status, fds[2], sent = -1;
	pid_t pid;

	if (pipe(fds))
		fatal("pipe");
	pid = fork();
	if (!pid) {
		int fd = rdm_connected(self->rx_at.sa.sa_family,
				       get_int(self->rx, SOL_SOCKET, SO_TYPE), &self->rx_at);

		close(self->tx);
		close(self->rx);
		set_int(fd, SOL_SOCKET, SO_SNDBUFFORCE, 2 * MIB);
		sent = send_some(fd, self->buf, n, 10000);
		if (write(fds[1], &sent, sizeof(sent)) != sizeof(sent))
			_exit(1);
		if (kill_it)
			raise(SIGKILL);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || read(fds[0], &sent, sizeof(sent)) != sizeof(sent))
		fatal("the child");
	close(fds[0]);
	close(fds[1]);
	return kill_it == !!WIFSIGNALED(status) ? sent : -1;
}

RDM_TEST(close, u11_sigkill_after_send_loses_nothing)
{
	int n = in_child(self, 200, true);

	ASSERT_LT(10, n);
	EXPECT_EQ(n, recv_some(self->rx, self->buf, n, 10000));
}

RDM_TEST(close, u11_exit_after_send_loses_nothing)
{
	int n = in_child(self, 1, false);

	ASSERT_EQ(1, n);
	EXPECT_EQ(n, recv_some(self->rx, self->buf, n, 10000));
}

static void *late_reader(void *arg)
{
	FIXTURE_DATA(close) * self = arg;

	/* As long as the closing one must wait */
	poll(NULL, 0, 500);
	return (void *)(long)recv_some(self->rx, self->buf, 60, 10000);
}

RDM_TEST(close, u11_linger_waits_until_all_is_acked)
{
	uint8_t *buf = malloc(MIB);
	pthread_t thread;
	void *got;
	int n;

	/* Less room than what is sent: only the reader brings the last ack */
	set_int(self->rx, SOL_SOCKET, SO_RCVBUF, 50000);
	n = send_some(self->tx, buf, 60, 10000);
	ASSERT_EQ(60, n);
	set_linger(self->tx, true, 30);
	ASSERT_EQ(0, pthread_create(&thread, NULL, late_reader, self));
	{
		double start = now();

		EXPECT_OK(close(self->tx));
		self->tx = -1;
		EXPECT_LE(start + 0.3, now());
		EXPECT_GT(start + 25 * slowness(), now());
	}
	ASSERT_EQ(0, pthread_join(thread, &got));
	EXPECT_EQ(60, (long)got);
	free(buf);
}

RDM_TEST(close, u11_linger_ends_when_its_time_is_up)
{
	double start;

	set_int(self->rx, SOL_SOCKET, SO_RCVBUF, 50000);
	ASSERT_EQ(60, send_some(self->tx, self->buf, 60, 10000));
	set_linger(self->tx, true, 1);
	start = now();
	EXPECT_OK(close(self->tx));
	self->tx = -1;
	EXPECT_LE(start + 0.5, now());
	EXPECT_GT(start + 10 * slowness(), now());
}

RDM_TEST(close, u11_linger_returns_at_once_when_all_is_acked)
{
	double start;

	ASSERT_EQ(3, send_some(self->tx, self->buf, 3, 100));
	ASSERT_TRUE(EVENTUALLY(PATIENCE, outq(self->tx) == 0));
	set_linger(self->tx, true, 30);
	start = now();
	EXPECT_OK(close(self->tx));
	self->tx = -1;
	EXPECT_GT(start + 5 * slowness(), now());
	EXPECT_EQ(3, recv_some(self->rx, self->buf, 3, 100));
}

RDM_TEST(close, u11_linger_0_drops_what_is_unsent_and_tells_the_peer)
{
	char text[16];
	int n = 0;

	/* The far end knows it: it has an association with it */
	ASSERT_EQ(1, send_some(self->tx, self->buf, 1, 10));
	ASSERT_EQ(1, recv_some(self->rx, self->buf, 1, 10));
	set_int(self->rx, SOL_SOCKET, SO_RCVBUF, 50000);
	ASSERT_EQ(60, send_some(self->tx, self->buf, 60, 10000));
	snprintf(text, sizeof(text), ":%u", port_of(&self->tx_at));
	set_linger(self->tx, true, 0);
	ASSERT_TRUE(proc_has("rdm", text));
	EXPECT_OK(close(self->tx));
	self->tx = -1;
	EXPECT_TRUE(EVENTUALLY(PATIENCE, counter("InReset") > 0));
	EXPECT_TRUE(EVENTUALLY(PATIENCE, !proc_has("rdm", text)));
	/* What was queued before can be read, each once; the rest never comes */
	while (n < 60 && recv(self->rx, self->buf, MIB, MSG_DONTWAIT) == 10000)
		n++;
	EXPECT_GT(60, n);
	EXPECT_EQ(0, wait_for(self->rx, POLLIN, 200));
}

RDM_TEST(close, u6_a_new_socket_never_gets_what_the_old_one_was_sent)
{
	uint32_t told = 0, had, later = 0;
	bool heard = false;
	struct rdm_outcome o;
	struct addr to;
	int n, err;

	set_int(self->rx, SOL_SOCKET, SO_RCVBUF, 50000);
	n = send_some(self->tx, self->buf, 40, 10000);
	ASSERT_LT(10, n);
	/* It has what it takes, and one more was sent to it */
	ASSERT_TRUE(EVENTUALLY(PATIENCE, counter("InRefused") > 0));
	had = (uint32_t)counter("InMsgs");
	EXPECT_LT(0, had);
	close(self->rx);
	/* Restarted at the same address */
	self->rx = rdm_socket(variant->family, variant->type);
	ASSERT_TRUE(EVENTUALLY(PATIENCE, !bind(self->rx, &self->rx_at.sa, self->rx_at.len)));
	ASSERT_TRUE(take_outcome(self->tx, PATIENCE, &o, &to));
	do {
		/* In doubt is what was in flight, not what was never sent */
		EXPECT_TRUE(o.error == ECONNRESET ||
			    (o.error == ECONNREFUSED && o.fate == RDM_FATE_NEVER_SENT))
			TH_LOG("%s, fate %u, %u messages", strerror((int)o.error), o.fate, o.count);
		EXPECT_TRUE(same_addr(&to, &self->rx_at));
		told += o.count;
	} while (take_outcome(self->tx, 300, &o, &to));
	EXPECT_LT(0, told);
	EXPECT_GE(n, told);
	/* The user hears it once, by the next call, then speaks with the new one */
	err = so_error(self->tx);
	EXPECT_TRUE(err == ECONNRESET || err == ECONNREFUSED);
	EXPECT_EQ(0, so_error(self->tx));
	ASSERT_TRUE(EVENTUALLY(PATIENCE, (send(self->tx, "new", 3, MSG_NOSIGNAL) == 3)));
	/* Where the port was free for no time, those that were never sent wait for this socket */
	while (!heard || wait_for(self->rx, POLLIN, 200)) {
		ssize_t len = recv(self->rx, self->buf, MIB, 0);

		if (len == 3) {
			EXPECT_EQ(0, memcmp(self->buf, "new", 3));
			ASSERT_FALSE(heard);
			heard = true;
			continue;
		}
		ASSERT_EQ(10000, len);
		EXPECT_LT(had, self->buf[0]);
		later++;
	}
	EXPECT_GE(n, had + later);
	EXPECT_LE(n, had + told + later);
	EXPECT_TRUE(EVENTUALLY(PATIENCE, outq(self->tx) == 0));
}

static int unload(void)
{
	return (int)syscall(SYS_delete_module, "rdm", O_NONBLOCK);
}

RDM_TEST(close, u11_rmmod_is_refused_while_a_socket_is_open)
{
	EXPECT_FAIL(EAGAIN, unload());
	ASSERT_EQ(1, send_some(self->tx, self->buf, 1, 100));
	EXPECT_FAIL(EAGAIN, unload());
	EXPECT_EQ(1, recv_some(self->rx, self->buf, 1, 100));
}

RDM_TEST(close, u11_rmmod_is_refused_while_unsent_data_waits)
{
	struct addr at;
	int udp = udp_bound(variant->family, &at);

	/* A UDP socket never answers: the message of the closed socket waits */
	close(self->rx);
	self->rx = -1;
	ASSERT_EQ(1, send_to(self->tx, "x", 1, 0, &at));
	close(self->tx);
	self->tx = -1;
	EXPECT_FAIL(EAGAIN, unload());
	close(udp);
}

RDM_TEST(close, u12_a_duplicate_keeps_the_socket_open)
{
	int copy = dup(self->tx);
	char c;

	close(self->tx);
	self->tx = copy;
	ASSERT_EQ(1, send(copy, "d", 1, 0));
	ASSERT_EQ(1, recv(self->rx, &c, 1, 0));
	EXPECT_EQ('d', c);
}

RDM_TEST(close, u12_a_fork_shares_the_socket)
{
	struct addr from = { .len = sizeof(from.ss) };
	int status;
	pid_t pid;
	char c;

	pid = fork();
	if (!pid)
		_exit(send(self->tx, "c", 1, 0) == 1 ? 0 : 1);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	/* The child's end did not close it */
	ASSERT_EQ(1, send(self->tx, "p", 1, 0));
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(1, recvfrom(self->rx, &c, 1, 0, &from.sa, &from.len));
		EXPECT_TRUE(same_addr(&from, &self->tx_at));
		if (variant->type == SOCK_SEQPACKET)
			EXPECT_EQ("cp"[i], c);
		from.len = sizeof(from.ss);
	}
}

RDM_TEST(close, closed_sockets_leave_no_association)
{
	char text[16];

	for (int i = 0; i < 20; i++) {
		struct addr at;
		int fd = rdm_bound(variant->family, variant->type, &at);
		char c;

		ASSERT_EQ(1, send_to(fd, "x", 1, 0, &self->rx_at));
		ASSERT_EQ(1, recv(self->rx, &c, 1, 0));
		snprintf(text, sizeof(text), ":%u", port_of(&at));
		close(fd);
		/* All was acked, so nothing is in doubt; both ends agree on the end */
		ASSERT_TRUE(EVENTUALLY(PATIENCE, !proc_has("rdm", text)))
			TH_LOG("round %d: %s is still listed", i, text);
	}
}

TEST_HARNESS_MAIN
