// SPDX-License-Identifier: GPL-2.0
/*
 * A part of U2, U6 and U10: no packet, however old, makes a message delivered twice, nor
 * delivers it to another incarnation than it was sent to. Every packet of an association
 * is recorded; the association ends, by consent, by failure, by the end of a process, at
 * one end only; then every packet comes again: in order, reversed, and each one alone. At
 * once, when the cookies are too old, and when the tombstones are gone.
 *
 * What was delivered is told by its content, not by what the module counts.
 */
#include "kselftest_harness.h"
#include "netlab.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* Both of protocol.md, section 12, and a little more. */
#define COOKIE_GONE 11.0
#define TOMBSTONE_GONE 42.0

#define MESSAGES 12

enum ending {
	IDLE_CLOSE,		/* by consent; the sockets stay */
	FAILURE,		/* both give up; the sockets stay */
	BOTH_EXIT,		/* both sockets are closed and made again */
	RECEIVER_EXIT,		/* one is, and says so */
	SENDER_VANISHES,	/* the sender is closed and made again, unheard */
	RECEIVER_VANISHES,
};

struct session {
	int family, type;
	int fd[2];			/* 0 sends more, 1 receives more */
	struct addr at[2];
	bool reborn[2];			/* it is another incarnation than the packets know */
	uint8_t got[2][2 * MESSAGES];	/* how often each message came, by receiver */
	struct tap tap;
	struct forge forge;
	bool bad;
};

#define complain(s, ...) do {			\
	fprintf(stderr, "# " __VA_ARGS__);	\
	fprintf(stderr, "\n");			\
	(s)->bad = true;			\
} while (0)

static size_t size_of(uint32_t id)
{
	static const size_t sizes[] = { 4, 100, 256, 257, 1400, 3000, 9000 };

	return sizes[id % ARRAY_SIZE(sizes)];
}

/* Message @id from socket @from to the other. */
static void say(struct session *s, int from, uint32_t id)
{
	uint8_t buf[9000];

	fill(buf, size_of(id), id);
	memcpy(buf, &id, 4);
	if (send_to(s->fd[from], buf, size_of(id), 0, &s->at[!from]) < 0)
		complain(s, "message %u from %d: %s", id, from, strerror(errno));
}

/* Reads all that is there. A new incarnation must not have anything of the old one. */
static void hear(struct session *s, int who)
{
	uint8_t buf[10000], want[10000];
	uint32_t id;
	ssize_t n;

	while ((n = recv(s->fd[who], buf, sizeof(buf), MSG_DONTWAIT)) >= 0) {
		memcpy(&id, buf, 4);
		if (n < 4 || id >= 2 * MESSAGES || size_of(id) != (size_t)n) {
			complain(s, "%d got a message of %zd bytes that nobody sent", who, n);
			return;
		}
		fill(want, (size_t)n, id);
		memcpy(want, &id, 4);
		if (memcmp(buf, want, (size_t)n))
			complain(s, "%d got message %u damaged", who, id);
		if (s->got[who][id]++)
			complain(s, "%d got message %u again", who, id);
		if (s->reborn[who])
			complain(s, "%d got message %u of its predecessor", who, id);
	}
	if (errno != EAGAIN && errno != ECONNRESET && errno != ECONNREFUSED)
		complain(s, "recv: %s", strerror(errno));
}

static bool heard(struct session *s, int who, uint32_t first, uint32_t n)
{
	hear(s, who);
	for (uint32_t id = first; id < first + n; id++) {
		if (!s->got[who][id])
			return false;
	}
	return true;
}

static void cut_in(void)
{
	/* On the way in, so that what was sent is recorded */
	run("tc filter add dev lo ingress matchall action drop");
}

static void uncut_in(void)
{
	run("tc filter del dev lo ingress");
}

static void open_socket(struct session *s, int who)
{
	s->fd[who] = rdm_socket(s->family, s->type);
	if (!EVENTUALLY(PATIENCE, !bind(s->fd[who], &s->at[who].sa, s->at[who].len)))
		fatal("bind");
}

/* Another process on the same port, in effect; the peer is told if it can be. */
static void reopen(struct session *s, int who)
{
	struct linger at_once = { .l_onoff = 1 };

	if (setsockopt(s->fd[who], SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)))
		fatal("SO_LINGER");
	close(s->fd[who]);
	open_socket(s, who);
	s->reborn[who] = true;
}

static bool no_association(void)
{
	return !proc_has("rdm", " local=");
}

static void begin(struct session *s, enum ending how)
{
	enter_netns(1500);
	sysctl_set("gso", 0);
	if (how == IDLE_CLOSE)
		sysctl_set("idle_timeout_ms", 1000);
	if (how == FAILURE)
		sysctl_set("user_timeout_ms", slowness() > 1 ? 5000 : 1000);
	run("tc qdisc add dev lo clsact");
	forge_open(&s->forge);
	tap_open(&s->tap, "lo");
	for (int who = 0; who < 2; who++) {
		s->at[who] = loopback(s->family, 7000 + (unsigned int)who);
		open_socket(s, who);
	}
	for (uint32_t id = 0; id < MESSAGES / 2; id++)
		say(s, 0, id);
	for (uint32_t id = MESSAGES; id < MESSAGES + MESSAGES / 4; id++)
		say(s, 1, id);
	for (uint32_t id = MESSAGES / 2; id < MESSAGES - 2; id++)
		say(s, 0, id);
	if (!EVENTUALLY(PATIENCE, heard(s, 1, 0, MESSAGES - 2)) ||
	    !EVENTUALLY(PATIENCE, heard(s, 0, MESSAGES, MESSAGES / 4)) ||
	    !EVENTUALLY(PATIENCE, !outq(s->fd[0]) && !outq(s->fd[1])))
		complain(s, "not all came the first time");
}

static void end(struct session *s, enum ending how)
{
	struct rdm_outcome o;
	struct addr to;

	switch (how) {
	case IDLE_CLOSE:
		if (!EVENTUALLY(2 * PATIENCE, no_association()) || !counter("AssocClosed"))
			complain(s, "no agreement on the end");
		break;
	case FAILURE:
		cut_in();
		/* These may come later, once: it is not known what became of them */
		say(s, 0, MESSAGES - 2);
		say(s, 0, MESSAGES - 1);
		say(s, 1, 2 * MESSAGES - 1);
		for (int who = 0; who < 2; who++) {
			if (!take_outcome(s->fd[who], PATIENCE, &o, &to) || o.error != ETIMEDOUT)
				complain(s, "no ETIMEDOUT for %d", who);
		}
		if (!EVENTUALLY(PATIENCE, no_association()))
			complain(s, "an association is left");
		uncut_in();
		break;
	case BOTH_EXIT:
		reopen(s, 0);
		reopen(s, 1);
		break;
	case RECEIVER_EXIT:
		reopen(s, 1);
		break;
	case SENDER_VANISHES:
		cut_in();
		reopen(s, 0);
		uncut_in();
		break;
	case RECEIVER_VANISHES:
		cut_in();
		reopen(s, 1);
		uncut_in();
		break;
	}
	tap_stop(&s->tap);
	if (s->tap.n < 20)
		complain(s, "only %zu packets were recorded", s->tap.n);
}

static void hear_all(struct session *s)
{
	struct rdm_outcome o;
	struct addr to;

	for (int who = 0; who < 2; who++) {
		hear(s, who);
		while (take_outcome(s->fd[who], 0, &o, &to))
			;
	}
}

static void replay_one(struct session *s, size_t i)
{
	const struct packet *p = s->tap.packets[i];

	forge_udp(&s->forge, &p->from, &p->to, p->data, p->len, false);
}

/* All packets, in three ways. What comes of it comes at once: the device is loopback. */
static void replay(struct session *s)
{
	uint64_t before = counter("InPkts");
	size_t n = s->tap.n;

	for (size_t i = 0; i < n; i++)
		replay_one(s, i);
	poll(NULL, 0, 20);
	hear_all(s);
	for (size_t i = n; i--;)
		replay_one(s, i);
	poll(NULL, 0, 20);
	hear_all(s);
	for (size_t i = 0; i < n; i++) {
		replay_one(s, i);
		poll(NULL, 0, 1);
		hear_all(s);
		replay_one(s, i);
	}
	if (!EVENTUALLY(PATIENCE, counter("InPkts") >= before + 4 * n))
		complain(s, "of %zu packets only %llu arrived", 4 * n,
			 (unsigned long long)(counter("InPkts") - before));
	hear_all(s);
}

/* New messages still pass, as if nothing had been. */
static void still_works(struct session *s)
{
	bool passed = false;

	memset(s->got, 0, sizeof(s->got));
	memset(s->reborn, 0, sizeof(s->reborn));
	/*
	 * What is left of the old association may cost the first messages: it says so. One that
	 * is only slow comes later, so each has its own number.
	 */
	for (uint32_t id = 0; id < MESSAGES && !passed; id++) {
		say(s, 0, id);
		passed = EVENTUALLY(1000 * slowness(), heard(s, 1, id, 1));
		hear_all(s);
	}
	if (!passed)
		complain(s, "no message passes any more");
	say(s, 1, MESSAGES + 1);
	if (!EVENTUALLY(PATIENCE, heard(s, 0, MESSAGES + 1, 1)))
		complain(s, "no answer passes any more");
}

/* @waits: when to replay, seconds after the end; ends with a negative number. */
static bool survives(int family, int type, enum ending how, const double *waits)
{
	struct session s = { .family = family, .type = type };
	double ended;

	begin(&s, how);
	end(&s, how);
	ended = now();
	for (; *waits >= 0; waits++) {
		while (now() < ended + *waits)
			poll(NULL, 0, 100);
		replay(&s);
	}
	still_works(&s);
	if (s.bad)
		fprintf(stderr, "# family %d, type %d, ending %d\n", family, type, how);
	close(s.fd[0]);
	close(s.fd[1]);
	tap_free(&s.tap);
	forge_close(&s.forge);
	return !s.bad;
}

FIXTURE(replay) {
	int none;
};

RDM_VARIANTS(replay);

FIXTURE_SETUP(replay)
{
	(void)variant;
	self->none = 0;
}

FIXTURE_TEARDOWN(replay)
{
	self->none = 0;
}

static const double at_once[] = { 0, -1 };

RDM_TEST(replay, u2_after_an_idle_close_nothing_comes_again)
{
	EXPECT_TRUE(survives(variant->family, variant->type, IDLE_CLOSE, at_once));
}

RDM_TEST(replay, u2_after_both_gave_up_nothing_comes_again)
{
	EXPECT_TRUE(survives(variant->family, variant->type, FAILURE, at_once));
}

RDM_TEST(replay, u6_after_both_restarted_nothing_of_the_former_life_comes)
{
	EXPECT_TRUE(survives(variant->family, variant->type, BOTH_EXIT, at_once));
}

RDM_TEST(replay, u6_after_the_receiver_restarted_nothing_of_the_former_life_comes)
{
	EXPECT_TRUE(survives(variant->family, variant->type, RECEIVER_EXIT, at_once));
}

RDM_TEST(replay, u6_after_the_sender_vanished_and_the_receiver_did_not_notice)
{
	EXPECT_TRUE(survives(variant->family, variant->type, SENDER_VANISHES, at_once));
}

RDM_TEST(replay, u6_after_the_receiver_vanished_and_the_sender_did_not_notice)
{
	EXPECT_TRUE(survives(variant->family, variant->type, RECEIVER_VANISHES, at_once));
}

FIXTURE(late) {
	int none;
};

FIXTURE_VARIANT(late) { bool unused; };
/* All wait for the same time, so they wait together */
FIXTURE_VARIANT_ADD(late, ipv4_and_ipv6) { false };

FIXTURE_SETUP(late)
{
	(void)variant;
	self->none = 0;
}

FIXTURE_TEARDOWN(late)
{
	self->none = 0;
}

TEST_F_TIMEOUT(late, u2_when_cookies_and_tombstones_are_gone_nothing_comes_again, 480)
{
	static const double waits[] = { 0, COOKIE_GONE, TOMBSTONE_GONE, -1 };
	static const int families[] = { AF_INET, AF_INET6 };
	static const int types[] = { SOCK_RDM, SOCK_SEQPACKET };
	int children = 0, status;

	for (int f = 0; f < 2; f++) {
		for (int t = 0; t < 2; t++) {
			for (enum ending how = IDLE_CLOSE; how <= RECEIVER_VANISHES; how++) {
				pid_t pid;

				/* each family and each type, where 24 at once are too many */
				if (slowness() > 1 && f != t)
					continue;
				pid = fork();
				ASSERT_LE(0, pid);
				if (!pid)
					_exit(!survives(families[f], types[t], how, waits));
				children++;
			}
		}
	}
	while (children--) {
		ASSERT_LT(0, wait(&status));
		EXPECT_EQ(0, status);
	}
}

TEST_HARNESS_MAIN
