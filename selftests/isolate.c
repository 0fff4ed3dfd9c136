// SPDX-License-Identifier: GPL-2.0
/*
 * U8: one socket sends to eight peers, as fast as their links take it. One of them is
 * stopped (SIGSTOP) or cut off; the other seven keep at least nine tenths of the rate
 * that they had a moment before.
 *
 * Each peer is a process in a namespace of its own, behind a link that is much slower
 * than the machine, so what is measured is the sender's fairness, not the machine.
 * Rates are compared within one run; a machine that stumbles gets another round.
 */
#include "kselftest_harness.h"
#include "netlab.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PEERS 8
#define VICTIM (PEERS - 1)
#define LEN 4000
#define ROUNDS 5

FIXTURE(isolate) {
	int ns, peer_ns[PEERS];
	int tx;
	struct addr at[PEERS];
	pid_t peer[PEERS], sender;
	_Atomic uint32_t *got;		/* messages that each peer has read */
};

LAB_VARIANTS(isolate);

static void be_peer(FIXTURE_DATA(isolate) * self, int i, int type)
{
	static uint8_t buf[LEN];
	int fd;

	ns_enter(self->peer_ns[i]);
	fd = rdm_socket(self->at[i].sa.sa_family, type);
	set_int(fd, SOL_SOCKET, SO_RCVBUF, 100000);
	set_timeout(fd, SO_RCVTIMEO, 0);
	if (bind(fd, &self->at[i].sa, self->at[i].len))
		fatal("bind");
	/* The first is to tell that it is ready */
	self->got[i] = 1;
	while (recv(fd, buf, sizeof(buf), 0) == LEN)
		self->got[i]++;
	_exit(1);
}

FIXTURE_SETUP(isolate)
{
	unsigned int kbit = (unsigned int)(1200 / slowness());
	char lines[2048] = "";

	self->got = mmap(NULL, PEERS * sizeof(*self->got), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->got);
	self->ns = ns_new();
	for (int i = 0; i < PEERS; i++) {
		char name[16];

		self->peer_ns[i] = ns_new();
		snprintf(name, sizeof(name), "p%d", i);
		ns_link(self->ns, "s", self->peer_ns[i], name, 10 + (unsigned int)i);
		self->at[i] = lab_addr(variant->family, 10 + (unsigned int)i, 2, 7000);
		snprintf(lines + strlen(lines), sizeof(lines) - strlen(lines),
			 "qdisc add dev to_%s root netem rate %ukbit delay 2ms limit 1000\n",
			 name, kbit);
	}
	ns_enter(self->ns);
	sysctl_set("gso", 0);
	run_tc("%s", lines);
	ns_enter(self->peer_ns[VICTIM]);
	run("tc qdisc add dev to_s clsact");
	ns_enter(self->ns);
	for (int i = 0; i < PEERS; i++) {
		self->peer[i] = fork();
		if (!self->peer[i])
			be_peer(self, i, variant->type);
	}
	for (int i = 0; i < PEERS; i++)
		ASSERT_TRUE(EVENTUALLY(2 * PATIENCE, self->got[i]));
	self->sender = 0;
	self->tx = rdm_socket(variant->family, variant->type);
	set_int(self->tx, SOL_SOCKET, SO_SNDBUF, 150000);
	set_timeout(self->tx, SO_SNDTIMEO, 0);
}

static void stop(pid_t pid)
{
	if (pid > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
}

FIXTURE_TEARDOWN(isolate)
{
	struct linger at_once = { .l_onoff = 1 };

	stop(self->sender);
	for (int i = 0; i < PEERS; i++) {
		stop(self->peer[i]);
		close(self->peer_ns[i]);
	}
	setsockopt(self->tx, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(self->tx);
	close(self->ns);
}

static struct { int fd; struct addr to; } thread_arg[PEERS];

static void *send_blocking(void *arg)
{
	static uint8_t buf[LEN];
	long i = (long)arg;

	while (send_to(thread_arg[i].fd, buf, LEN, 0, &thread_arg[i].to) == LEN)
		;
	fprintf(stderr, "# send to peer %ld: %s\n", i, strerror(errno));
	return NULL;
}

/* A thread for each peer. */
static void with_threads(FIXTURE_DATA(isolate) * self)
{
	pthread_t thread[PEERS];

	for (long i = 0; i < PEERS; i++) {
		thread_arg[i].fd = self->tx;
		thread_arg[i].to = self->at[i];
		if (pthread_create(&thread[i], NULL, send_blocking, (void *)i))
			fatal("pthread_create");
	}
	for (int i = 0; i < PEERS; i++)
		pthread_join(thread[i], NULL);
}

/* The peer that has room again, of those that had none; -1: none, within @ms. */
static int has_room(FIXTURE_DATA(isolate) * self, int ms)
{
	struct rdm_outcome o;
	struct addr to;

	if (!(wait_for(self->tx, 0, ms) & POLLERR) || !take_outcome(self->tx, 0, &o, &to))
		return -1;
	if (!(o.flags & RDM_OUTCOME_WRITABLE))
		fatal("a message failed: %s", strerror((int)o.error));
	for (int i = 0; i < PEERS; i++) {
		if (same_addr(&to, &self->at[i]))
			return i;
	}
	fatal("a note of nobody");
}

/* One thread, which never waits for one peer: after EAGAIN it is told who has room. */
static void with_poll(FIXTURE_DATA(isolate) * self)
{
	static uint8_t buf[LEN];
	bool full[PEERS] = { false };

	set_int(self->tx, SOL_RDM, RDM_NOTIFY, RDM_NOTIFY_FAILED | RDM_NOTIFY_WRITABLE);
	for (;;) {
		bool any = false;
		int i;

		for (i = 0; i < PEERS; i++) {
			if (full[i])
				continue;
			if (send_to(self->tx, buf, LEN, MSG_DONTWAIT, &self->at[i]) == LEN)
				any = true;
			else if (errno == EAGAIN)
				full[i] = true;
			else
				fatal("send to peer %d", i);
		}
		while ((i = has_room(self, any ? 0 : -1)) >= 0) {
			full[i] = false;
			any = true;
		}
	}
}

/* Messages that the seven read in @ms, also of each; false: one of them got none. */
static uint32_t rate(FIXTURE_DATA(isolate) * self, int ms, uint32_t each[PEERS])
{
	uint32_t before[PEERS], sum = 0;

	for (int i = 0; i < PEERS; i++)
		before[i] = self->got[i];
	poll(NULL, 0, ms);
	for (int i = 0; i < PEERS; i++) {
		each[i] = self->got[i] - before[i];
		if (i != VICTIM)
			sum += each[i];
	}
	return sum;
}

static void fault(FIXTURE_DATA(isolate) * self, bool dead, bool on)
{
	if (dead) {
		ns_enter(self->peer_ns[VICTIM]);
		run(on ? "tc filter add dev to_s ingress matchall action drop" :
			 "tc filter del dev to_s ingress");
		ns_enter(self->ns);
	} else {
		kill(self->peer[VICTIM], on ? SIGSTOP : SIGCONT);
	}
}

static void isolated(struct __test_metadata *_metadata, FIXTURE_DATA(isolate) * self, bool dead,
		     void (*sender)(FIXTURE_DATA(isolate) *))
{
	uint32_t before[PEERS], with[PEERS], sum_before, sum_with, worst;
	int ms = slowness() > 1 ? 2000 : 800;
	bool good = false;

	self->sender = fork();
	if (!self->sender) {
		sender(self);
		_exit(1);
	}
	for (int i = 0; i < PEERS; i++) {
		uint32_t had = self->got[i];

		ASSERT_TRUE(EVENTUALLY(2 * PATIENCE, self->got[i] > had + 5));
	}
	for (int round = 0; round < ROUNDS && !good; round++) {
		sum_before = rate(self, ms, before);
		fault(self, dead, true);
		/* Until the victim has taken of the send buffer what it can */
		poll(NULL, 0, ms / 2);
		sum_with = rate(self, ms, with);
		fault(self, dead, false);
		ASSERT_EQ(0, with[VICTIM])
			TH_LOG("the fault did not happen");
		worst = 100;
		for (int i = 0; i < VICTIM; i++) {
			if (before[i] && with[i] * 100 / before[i] < worst)
				worst = with[i] * 100 / before[i];
		}
		TH_LOG("%u messages, with the fault %u; the worst of seven has %u %%",
		       sum_before, sum_with, worst);
		ASSERT_LT(0, sum_before);
		good = sum_with * 10 >= sum_before * 9 && worst >= 60;
		/* The victim comes back to life */
		sum_before = self->got[VICTIM];
		ASSERT_TRUE(EVENTUALLY(2 * PATIENCE, self->got[VICTIM] > sum_before + 5));
	}
	EXPECT_TRUE(good);
	stop(self->sender);
	self->sender = 0;
}

TEST_F_TIMEOUT(isolate, u8_a_stopped_or_dead_peer_of_8_leaves_the_others_their_rate, 480)
{
	isolated(_metadata, self, false, with_threads);
	isolated(_metadata, self, false, with_poll);
	isolated(_metadata, self, true, with_threads);
	isolated(_metadata, self, true, with_poll);
}

TEST_HARNESS_MAIN
