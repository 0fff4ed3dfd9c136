// SPDX-License-Identifier: GPL-2.0
/*
 * U12: several threads on one socket, and signals that interrupt blocking calls.
 */
#include "kselftest_harness.h"
#include "rdmtest.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>

#define SENDERS 4
#define READERS 3

FIXTURE(thread) {
	int tx, rx;
	struct addr rx_at;
};

RDM_VARIANTS(thread);

FIXTURE_SETUP(thread)
{
	enter_netns(1500);
	self->rx = rdm_bound(variant->family, variant->type, &self->rx_at);
	self->tx = rdm_connected(variant->family, variant->type, &self->rx_at);
}

FIXTURE_TEARDOWN(thread)
{
	close(self->tx);
	close(self->rx);
}

static struct {
	int tx, rx;
	unsigned int each;
	atomic_uint got, bad, wrong_order;
	_Atomic unsigned char *seen;
} work;

static void *sender(void *arg)
{
	uint32_t first = (uint32_t)(long)arg * work.each;
	uint8_t buf[6000];

	for (uint32_t seq = first; seq < first + work.each; seq++) {
		size_t len = 4 + seq % 7 * 800;

		fill(buf, len, seq);
		memcpy(buf, &seq, 4);
		if (send(work.tx, buf, len, 0) != (ssize_t)len)
			work.bad++;
	}
	return NULL;
}

static void *reader(void *arg)
{
	uint32_t last[SENDERS] = { 0 }, seq, total = work.each * SENDERS;
	uint8_t buf[6000], want[6000];
	(void)arg;

	while (work.got < total) {
		ssize_t len;

		if (!(wait_for(work.rx, POLLIN, 20) & POLLIN))
			continue;
		len = recv(work.rx, buf, sizeof(buf), MSG_DONTWAIT);
		if (len < 0 && errno == EAGAIN)
			continue;
		memcpy(&seq, buf, 4);
		if (len < 4 || seq >= total) {
			work.bad++;
			return NULL;
		}
		fill(want, (size_t)len, seq);
		memcpy(want, &seq, 4);
		if (memcmp(buf, want, (size_t)len) || work.seen[seq]++)
			work.bad++;
		/* What one reader sees of one sender's messages is in order */
		if (seq < last[seq / work.each])
			work.wrong_order++;
		last[seq / work.each] = seq;
		work.got++;
	}
	return NULL;
}

RDM_TEST(thread, u12_threads_send_and_receive_on_one_socket)
{
	pthread_t tx[SENDERS], rx[READERS];

	work.tx = self->tx;
	work.rx = self->rx;
	work.each = scaled(250);
	work.seen = calloc(SENDERS, work.each);
	ASSERT_TRUE(work.seen);
	for (long i = 0; i < READERS; i++)
		ASSERT_EQ(0, pthread_create(&rx[i], NULL, reader, NULL));
	for (long i = 0; i < SENDERS; i++)
		ASSERT_EQ(0, pthread_create(&tx[i], NULL, sender, (void *)i));
	for (int i = 0; i < SENDERS; i++)
		pthread_join(tx[i], NULL);
	EXPECT_TRUE(EVENTUALLY(PATIENCE, work.got + work.bad >= SENDERS * work.each))
		TH_LOG("%u of %u came", work.got, SENDERS * work.each);
	EXPECT_EQ(SENDERS * work.each, work.got);
	work.got = SENDERS * work.each;
	for (int i = 0; i < READERS; i++)
		pthread_join(rx[i], NULL);
	EXPECT_EQ(0, work.bad);
	if (variant->type == SOCK_SEQPACKET)
		EXPECT_EQ(0, work.wrong_order);
}

static void *opener(void *arg)
{
	struct addr *to = arg;

	for (int i = 0; i < 20; i++) {
		int fd = rdm_socket(to->sa.sa_family, work.rx);

		if (fd < 0 || send_to(fd, "x", 1, 0, to) != 1)
			work.bad++;
		close(fd);
	}
	return NULL;
}

RDM_TEST(thread, u12_sockets_come_and_go_while_others_talk)
{
	pthread_t tx[SENDERS];
	unsigned int n = 0;
	char c;

	work.rx = variant->type;
	for (int i = 0; i < SENDERS; i++)
		ASSERT_EQ(0, pthread_create(&tx[i], NULL, opener, &self->rx_at));
	while (n < SENDERS * 20 && recv(self->rx, &c, 1, 0) == 1)
		n++;
	for (int i = 0; i < SENDERS; i++)
		pthread_join(tx[i], NULL);
	EXPECT_EQ(SENDERS * 20, n);
	EXPECT_EQ(0, work.bad);
	EXPECT_EQ(0, wait_for(self->rx, POLLIN, 50));
}

RDM_TEST(thread, u12_closing_in_one_thread_while_another_waits)
{
	pthread_t thread;
	int fd = dup(self->rx);

	/* close() does not wake a reader, as with UDP; the data that comes does */
	work.tx = self->tx;
	work.rx = fd;
	work.each = 2;
	work.seen = calloc(SENDERS, work.each);
	ASSERT_EQ(0, pthread_create(&thread, NULL, reader, NULL));
	close(self->rx);
	self->rx = -1;
	for (long i = 0; i < SENDERS; i++)
		sender((void *)i);
	pthread_join(thread, NULL);
	EXPECT_EQ(0, work.bad);
	close(fd);
}

static void *one_reader(void *arg)
{
	char c;
	(void)arg;

	return (void *)(long)recv(work.rx, &c, 1, 0);
}

RDM_TEST(thread, u12_each_message_wakes_a_reader_also_when_one_packet_brings_several)
{
	pthread_t rx[READERS];
	double begin;
	void *got;
	char c;

	ASSERT_EQ(1, send(self->tx, "0", 1, 0));
	ASSERT_EQ(1, recv(self->rx, &c, 1, 0));
	ASSERT_TRUE(EVENTUALLY(PATIENCE, !outq(self->tx)));
	work.rx = self->rx;
	/* When its time is up a reader looks once more */
	set_timeout(self->rx, SO_RCVTIMEO, 8000);
	for (int i = 0; i < READERS; i++)
		ASSERT_EQ(0, pthread_create(&rx[i], NULL, one_reader, NULL));
	/* All of them wait */
	poll(NULL, 0, 100);
	begin = now();
	for (int i = 0; i < READERS; i++)
		ASSERT_EQ(1, send(self->tx, "1", 1, i + 1 < READERS ? MSG_MORE : 0));
	for (int i = 0; i < READERS; i++) {
		ASSERT_EQ(0, pthread_join(rx[i], &got));
		EXPECT_EQ(1, (long)got);
	}
	EXPECT_GT(6, now() - begin);
}

static volatile sig_atomic_t signals;

static void on_signal(int sig)
{
	(void)sig;
	signals++;
}

/* What @call of a child, which gets a signal again and again, ends with. */
static int interrupted(int fd, bool reading, int sa_flags, int ms)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = sa_flags };
	char buf[1000] = { 0 };
	ssize_t n;
	pid_t pid;
	int status;

	pid = fork();
	if (!pid) {
		sigaction(SIGUSR1, &sa, NULL);
		do
			n = reading ? recv(fd, buf, 1, 0) : send(fd, buf, sizeof(buf), 0);
		while (!reading && n > 0);
		_exit(n < 0 ? errno : 0);
	}
	for (int i = 0; i < ms / 20; i++) {
		poll(NULL, 0, 20);
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
		/* Before the handler stands, the signal would kill it */
		if (i >= 5)
			kill(pid, SIGUSR1);
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return -1;
}

RDM_TEST(thread, u12_a_signal_interrupts_a_blocked_reader)
{
	struct timeval none = { 0 };

	EXPECT_EQ(EINTR, interrupted(self->rx, true, 0, PATIENCE));
	/* With a time limit it is never restarted, like other sockets; see signal(7) */
	EXPECT_EQ(EINTR, interrupted(self->rx, true, SA_RESTART, PATIENCE));
	ASSERT_OK(setsockopt(self->rx, SOL_SOCKET, SO_RCVTIMEO, &none, sizeof(none)));
	EXPECT_EQ(EINTR, interrupted(self->rx, true, 0, PATIENCE));
	/* Without one it is restarted: only SIGKILL ends it */
	EXPECT_EQ(-1, interrupted(self->rx, true, SA_RESTART, 600));
}

RDM_TEST(thread, u12_a_signal_interrupts_a_blocked_sender)
{
	set_int(self->rx, SOL_SOCKET, SO_RCVBUF, 10000);
	set_int(self->tx, SOL_SOCKET, SO_SNDBUF, 10000);
	EXPECT_EQ(EINTR, interrupted(self->tx, false, 0, PATIENCE));
}

TEST_HARNESS_MAIN
