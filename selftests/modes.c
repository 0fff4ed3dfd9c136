// SPDX-License-Identifier: GPL-2.0
/*
 * The table of README.md and rdm(7): what each mode promises under each fault. Every test
 * here is a cell, FAULT_x_MODE: the fault is made, a counter proves that it happened, and
 * the promise is checked message by message. In all cells: each message has exactly one
 * outcome, an acked one was delivered, nothing comes twice, damaged or from nowhere.
 */
#include "kselftest_harness.h"
#include "netlab.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define N 24
/* Cookies are not 0 */
#define COOKIE 100

/* A mode, and a deadline in ms for those that have one. */
struct mode {
	uint32_t mode;
	uint32_t deadline;
};

static const struct mode exactly_once = { RDM_EXACTLY_ONCE, 0 };
static const struct mode at_least_once = { RDM_AT_LEAST_ONCE, 0 };
static const struct mode at_most_once = { RDM_AT_MOST_ONCE, 0 };
static const struct mode deadline = { RDM_EXACTLY_ONCE, 600 };

FIXTURE(table) {
	int tx, rx;
	struct addr tx_at, rx_at;
	uint8_t old_got[N], new_got[N];	/* how often each came, before and after a restart */
	bool restarted;
	uint32_t next;			/* SOCK_SEQPACKET: the least that may come */
	bool acked[N], failed[N];
	uint32_t nfailed;
	struct tap tap;
};

LAB_VARIANTS(table);

FIXTURE_SETUP(table)
{
	char c;

	enter_netns(1500);
	sysctl_set("gso", 0);
	tc("qdisc add dev lo clsact");
	tap_open(&self->tap, "lo");
	self->rx = rdm_bound(variant->family, variant->type, &self->rx_at);
	self->tx = rdm_bound(variant->family, variant->type, &self->tx_at);
	ASSERT_EQ(1, send_to(self->tx, "w", 1, 0, &self->rx_at));
	ASSERT_EQ(1, recv(self->rx, &c, 1, 0));
	ASSERT_TRUE(EVENTUALLY(PATIENCE, outq(self->tx) == 0));
}

FIXTURE_TEARDOWN(table)
{
	if (self->tx >= 0)
		close(self->tx);
	close(self->rx);
	tap_free(&self->tap);
}

static size_t len_of(uint32_t i)
{
	static const size_t len[] = { 4, 40, 400, 1300, 3000 };

	return len[i % ARRAY_SIZE(len)];
}

static void add(struct msghdr *msg, int type, const void *value, size_t len)
{
	struct cmsghdr *c = (void *)((char *)msg->msg_control + msg->msg_controllen);

	c->cmsg_level = SOL_RDM;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(c), value, len);
	msg->msg_controllen += CMSG_SPACE(len);
}

/* Message @i in this mode. */
static bool say(int fd, const struct addr *to, uint32_t i, const struct mode *m)
{
	union { char room[256]; struct cmsghdr align; } control = { 0 };
	uint8_t buf[4000];
	struct iovec iov = { buf, len_of(i) };
	struct addr dst = *to;
	struct msghdr msg = {
		.msg_name = &dst.ss, .msg_namelen = dst.len, .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control,
	};
	uint64_t cookie = COOKIE + i;

	fill(buf, len_of(i), i);
	memcpy(buf, &i, 4);
	add(&msg, RDM_COOKIE, &cookie, sizeof(cookie));
	add(&msg, RDM_MODE, &m->mode, sizeof(m->mode));
	if (m->deadline) {
		uint32_t ms = (uint32_t)(m->deadline * slowness());

		add(&msg, RDM_DEADLINE, &ms, sizeof(ms));
	}
	return sendmsg(fd, &msg, 0) == (ssize_t)len_of(i);
}

#define say_all(m) do {							\
	for (uint32_t i_ = 0; i_ < N; i_++) {				\
		ASSERT_TRUE(say(self->tx, &self->rx_at, i_, m))		\
			TH_LOG("message %u: %s", i_, strerror(errno));	\
	}								\
} while (0)

/* Reads what is there; false when it is not as it must be. */
static bool hear(FIXTURE_DATA(table) * self, int type)
{
	uint8_t buf[4000], want[4000], *got;
	uint32_t i;
	ssize_t n;

	while ((n = recv(self->rx, buf, sizeof(buf), MSG_DONTWAIT)) >= 0) {
		memcpy(&i, buf, 4);
		if (n < 4 || i >= N || (size_t)n != len_of(i)) {
			fprintf(stderr, "# nobody sent these %zd bytes\n", n);
			return false;
		}
		fill(want, (size_t)n, i);
		memcpy(want, &i, 4);
		got = self->restarted ? self->new_got : self->old_got;
		if (memcmp(want, buf, (size_t)n) || ++got[i] > 1) {
			fprintf(stderr, "# message %u came %u times\n", i, got[i]);
			return false;
		}
		if (type == SOCK_SEQPACKET && i < self->next) {
			fprintf(stderr, "# message %u came after a later one\n", i);
			return false;
		}
		self->next = i + 1;
	}
	return true;
}

static bool acked_came(FIXTURE_DATA(table) * self)
{
	for (uint32_t i = 0; i < N; i++) {
		if (self->acked[i] && !self->old_got[i] && !self->new_got[i])
			return false;
	}
	return true;
}

/* Until every message has its outcome; @errors are those that may be. */
static bool settle(FIXTURE_DATA(table) * self, int type, const int *errors)
{
	uint32_t told = 0;
	struct rdm_outcome o;
	struct addr to;
	double end = now() + 3 * PATIENCE / 1e3;
	const int *e;

	while (told < N && now() < end) {
		if (!hear(self, type))
			return false;
		if (!take_outcome(self->tx, 5, &o, &to))
			continue;
		told++;
		if (!(o.flags & RDM_OUTCOME_COOKIE) || o.cookie - COOKIE >= N || o.count != 1 ||
		    self->acked[o.cookie - COOKIE] || self->failed[o.cookie - COOKIE] ||
		    !same_addr(&to, &self->rx_at)) {
			fprintf(stderr, "# an outcome of no message, or a second one\n");
			return false;
		}
		for (e = errors; *e && *e != (int)o.error; e++)
			;
		if (*e != (int)o.error) {
			fprintf(stderr, "# message %u: %s, fate %u\n",
				(uint32_t)(o.cookie - COOKIE), strerror((int)o.error), o.fate);
			return false;
		}
		if (o.error)
			self->failed[o.cookie - COOKIE] = true;
		else
			self->acked[o.cookie - COOKIE] = true;
		self->nfailed += !!o.error;
	}
	if (told < N || take_outcome(self->tx, 50, &o, &to) || outq(self->tx)) {
		fprintf(stderr, "# %u outcomes of %u, %d bytes wait\n", told, N, outq(self->tx));
		show_state();
		return false;
	}
	/* What was acked may wait for its turn, until the peer knows what was given up */
	if (!EVENTUALLY(PATIENCE, !hear(self, type) || acked_came(self)))
		show_state();
	if (!hear(self, type))
		return false;
	for (uint32_t i = 0; i < N; i++) {
		/* Acked is what was delivered; who failed may have been, once, if it says so */
		if (self->acked[i] && self->old_got[i] + self->new_got[i] < 1) {
			fprintf(stderr, "# message %u was acked and did not come\n", i);
			return false;
		}
		if (self->old_got[i] && self->new_got[i]) {
			fprintf(stderr, "# message %u came before and after the restart\n", i);
			return false;
		}
	}
	return true;
}

static uint32_t delivered(const uint8_t *got)
{
	uint32_t n = 0;

	for (int i = 0; i < N; i++)
		n += got[i];
	return n;
}

/*
 * Did @n messages come? In a slow machine a packet may look lost: what is sent once is given
 * up for it.
 */
static bool came(FIXTURE_DATA(table) * self, const struct mode *m, uint32_t n)
{
	uint32_t got = delivered(self->old_got);

	if (m->mode == RDM_AT_MOST_ONCE && slowness() > 1)
		return got <= n && got > 0;
	return got == n;
}

/* Reads until nothing has come for a while. */
static bool hear_out(FIXTURE_DATA(table) * self, int type)
{
	while (wait_for(self->rx, POLLIN, (int)(200 * slowness())))
		if (!hear(self, type))
			return false;
	return true;
}

/* Errors that a mode may give when packets are lost and nobody has crashed. */
static const int *errors_of_loss(const struct mode *m)
{
	static const int none[] = { 0 }, comm[] = { ECOMM, 0 }, etime[] = { ETIME, 0 };

	return m->mode == RDM_AT_MOST_ONCE ? comm : m->deadline ? etime : none;
}

static bool must_deliver(const struct mode *m)
{
	return m->mode != RDM_AT_MOST_ONCE && !m->deadline;
}

#define PARAMS struct __test_metadata *_metadata, FIXTURE_DATA(table) * self, int type, \
	const struct mode *m

static void crash_of_sender(PARAMS)
{
	struct linger at_once = { .l_onoff = 1 };
	int status;
	pid_t pid;

	/* The process: its kernel goes on for it */
	pid = fork();
	if (!pid) {
		int fd = rdm_socket(self->rx_at.sa.sa_family, type);

		for (uint32_t i = 0; i < N; i++) {
			if (!say(fd, &self->rx_at, i, m))
				_exit(1);
		}
		raise(SIGKILL);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	EXPECT_TRUE(EVENTUALLY(PATIENCE, hear(self, type) && came(self, m, N)));
	EXPECT_TRUE(hear_out(self, type));

	/* Its host: what it had not sent is lost, the rest comes once */
	memset(self->old_got, 0, sizeof(self->old_got));
	self->next = 0;
	for (uint32_t i = 0; i < N / 2; i++)
		ASSERT_TRUE(say(self->tx, &self->rx_at, i, m));
	ASSERT_TRUE(EVENTUALLY(PATIENCE, outq(self->tx) == 0));
	cut_all();
	for (uint32_t i = N / 2; i < N; i++)
		ASSERT_TRUE(say(self->tx, &self->rx_at, i, m));
	ASSERT_OK(setsockopt(self->tx, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)));
	close(self->tx);
	self->tx = -1;
	uncut();
	EXPECT_TRUE(EVENTUALLY(PATIENCE, hear(self, type) && came(self, m, N / 2)));
	EXPECT_TRUE(hear_out(self, type));
	EXPECT_TRUE(came(self, m, N / 2));
}

static void crash_of_receiver(PARAMS)
{
	static const int silent[] = { ETIMEDOUT, 0 }, most[] = { ETIMEDOUT, ECOMM, 0 };
	static const int late[] = { ETIME, 0 };
	struct linger at_once = { .l_onoff = 1 };
	double start = now();

	set_int(self->tx, SOL_RDM, RDM_USER_TIMEOUT, m->deadline ? 30000 : 1000);
	/* Its last words are not heard */
	cut_all();
	ASSERT_OK(setsockopt(self->rx, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)));
	close(self->rx);
	self->rx = rdm_socket(self->rx_at.sa.sa_family, type);
	say_all(m);
	EXPECT_TRUE(settle(self, type, m->deadline ? late :
				 m->mode == RDM_AT_MOST_ONCE ? most : silent));
	EXPECT_EQ(N, self->nfailed);
	EXPECT_GT(start + 1 + 8 * slowness(), now());
	EXPECT_LT(0, counter("Pto"));
}

static void restart_of_receiver(PARAMS)
{
	static const int none[] = { 0 }, reset[] = { ECONNRESET, 0 };
	static const int most[] = { ECONNRESET, ECOMM, 0 };
	struct mode patient = { m->mode, m->deadline ? 20000 : 0 };
	struct linger at_once = { .l_onoff = 1 };

	cut_all();
	say_all(&patient);
	/* Packets have left, and it is not known what became of them */
	ASSERT_TRUE(EVENTUALLY(PATIENCE, counter("Pto") > 0));
	ASSERT_OK(setsockopt(self->rx, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)));
	close(self->rx);
	self->rx = rdm_socket(self->rx_at.sa.sa_family, type);
	ASSERT_TRUE(EVENTUALLY(PATIENCE, !bind(self->rx, &self->rx_at.sa, self->rx_at.len)));
	self->restarted = true;
	uncut();
	EXPECT_TRUE(settle(self, type, m->mode == RDM_AT_LEAST_ONCE ? none :
				 m->mode == RDM_AT_MOST_ONCE ? most : reset));
	EXPECT_LT(0, counter("InReset"));
	EXPECT_EQ(0, delivered(self->old_got));
	if (m->mode == RDM_AT_LEAST_ONCE) {
		EXPECT_EQ(N, delivered(self->new_got));
	} else {
		EXPECT_LT(0, self->nfailed);
		/* What was never sent may go to the new one; what has failed must not */
		for (int i = 0; i < N; i++)
			EXPECT_FALSE(self->failed[i] && self->new_got[i]);
		EXPECT_EQ(0, wait_for(self->rx, POLLIN, 200));
	}
}

/* Packets that netem dropped on lo. */
static unsigned long dropped(void)
{
	FILE *f = popen("tc -s qdisc show dev lo", "r");
	unsigned long n = 0, one;
	char line[256], *at;

	while (f && fgets(line, sizeof(line), f)) {
		at = strstr(line, "(dropped ");
		if (at && sscanf(at, "(dropped %lu", &one) == 1)
			n += one;
	}
	if (!f || pclose(f))
		fatal("tc");
	return n;
}

static void omission(PARAMS)
{
	tc("qdisc add dev lo root netem delay 2ms loss 30%%");
	say_all(m);
	EXPECT_TRUE(settle(self, type, errors_of_loss(m)));
	EXPECT_LT(0, dropped());
	EXPECT_LT(0, delivered(self->old_got));
	if (must_deliver(m))
		EXPECT_EQ(N, delivered(self->old_got));
}

static void reorder(PARAMS)
{
	struct mode patient = { m->mode, m->deadline ? 20000 : 0 };
	unsigned int wrong = 0;
	uint64_t last = 0;

	tc("qdisc add dev lo root netem delay 12ms 10ms");
	say_all(&patient);
	EXPECT_TRUE(settle(self, type, errors_of_loss(m)));
	if (m->mode != RDM_AT_MOST_ONCE)
		EXPECT_EQ(N, delivered(self->old_got));
	EXPECT_LT(0, delivered(self->old_got));
	/* The packets did overtake each other */
	tap_read(&self->tap);
	for (size_t i = 0; i < self->tap.n; i++) {
		const struct packet *p = self->tap.packets[i];
		uint64_t number = 0;

		if (!same_addr(&p->to, &self->rx_at))
			continue;
		for (int b = 2; b < 8; b++)
			number = number << 8 | p->data[b];
		wrong += number < last;
		last = number;
	}
	EXPECT_LT(0, wrong);
}

static void duplication(PARAMS)
{
	struct mode patient = { m->mode, m->deadline ? 20000 : 0 };
	static const int none[] = { 0 };

	tc("qdisc add dev lo root netem delay 2ms duplicate 50%%");
	say_all(&patient);
	EXPECT_TRUE(settle(self, type, m->mode == RDM_AT_MOST_ONCE ? errors_of_loss(m) : none));
	EXPECT_TRUE(came(self, m, N));
	EXPECT_LT(0, counter("DropDup"));
}

static void corruption(PARAMS)
{
	int family = self->rx_at.sa.sa_family;

	tc("qdisc add dev lo root netem delay 2ms corrupt 30%%");
	say_all(m);
	EXPECT_TRUE(settle(self, type, errors_of_loss(m)));
	EXPECT_LT(0, counter("DropCsum") + snmp(family, "Udp", "InCsumErrors"));
	EXPECT_LT(0, delivered(self->old_got));
	if (must_deliver(m))
		EXPECT_EQ(N, delivered(self->old_got));
}

static void crash_of_network(PARAMS)
{
	double until;

	/* For longer than the deadline, and not for so long as the user timeout */
	cut_all();
	say_all(m);
	until = now() + 1.0 * slowness();
	while (now() < until)
		poll(NULL, 0, 20);
	uncut();
	EXPECT_TRUE(settle(self, type, errors_of_loss(m)));
	EXPECT_LT(0, counter("Pto"));
	if (must_deliver(m))
		EXPECT_EQ(N, delivered(self->old_got));
	if (m->deadline) {
		/* Given up, and no later packet of it is sent */
		EXPECT_EQ(N, self->nfailed);
		EXPECT_EQ(0, wait_for(self->rx, POLLIN, 300));
		EXPECT_EQ(0, delivered(self->old_got));
	}
}

#define CELL(fault, mode)							\
	RDM_TEST(table, u7_##fault##_x_##mode)					\
	{									\
		fault(_metadata, self, variant->type, &mode);			\
	}
#define ROW(fault)								\
	CELL(fault, exactly_once)						\
	CELL(fault, at_least_once)						\
	CELL(fault, at_most_once)						\
	CELL(fault, deadline)

ROW(crash_of_sender)
ROW(crash_of_receiver)
ROW(restart_of_receiver)
ROW(omission)
ROW(reorder)
ROW(duplication)
ROW(corruption)
ROW(crash_of_network)

TEST_HARNESS_MAIN
