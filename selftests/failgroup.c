// SPDX-License-Identifier: GPL-2.0
/*
 * M3 for groups: memory runs out. Each allocation that joining, broadcasting, receiving or
 * leaving makes fails once, one after the other: the call fails with a clear error and can be
 * repeated, or does without; what was accepted comes to every member, once and in order. Then
 * allocations in interrupts fail at random, at all members. Crashes and leaks are seen by the
 * lane. Needs CONFIG_FAILSLAB, so it runs in the debug kernel, and alone.
 */
#include "kselftest_harness.h"
#include "grouplab.h"
#include "memfail.h"

#include <net/if.h>
#include <stdio.h>
#include <unistd.h>

/* More allocations than any call makes: then it is no limit but a mistake. */
#define MOST 300

FIXTURE(failgroup) {
	struct grouplab lab;
	struct seen seen[3];
};

LAB_VARIANTS(failgroup);

#define FAIL_TEST(name) TEST_F_TIMEOUT(failgroup, name, 300)

FIXTURE_SETUP(failgroup)
{
	memset(self->seen, 0, sizeof(self->seen));
	enter_netns(65536);
	memfail_open();
	lab_open(&self->lab, variant->family, variant->type, 3);
}

FIXTURE_TEARDOWN(failgroup)
{
	memfail_close();
	lab_close(&self->lab);
}

static int member_by(struct grouplab *g, int option4, int option6)
{
	struct ip_mreqn mreq = {
		.imr_multiaddr = g->group.in.sin_addr,
		.imr_ifindex = (int)if_nametoindex("eth0"),
	};
	struct ipv6_mreq mreq6 = {
		.ipv6mr_multiaddr = g->group.in6.sin6_addr,
		.ipv6mr_interface = if_nametoindex("eth0"),
	};

	if (g->family == AF_INET)
		return setsockopt(g->fd[0], IPPROTO_IP, option4, &mreq, sizeof(mreq));
	return setsockopt(g->fd[0], IPPROTO_IPV6, option6, &mreq6, sizeof(mreq6));
}

static long call_join(struct grouplab *g)
{
	return member_by(g, IP_ADD_MEMBERSHIP, IPV6_JOIN_GROUP);
}

static long call_leave(struct grouplab *g)
{
	return member_by(g, IP_DROP_MEMBERSHIP, IPV6_LEAVE_GROUP);
}

static long call_join_list(struct grouplab *g)
{
	struct {
		struct rdm_group_req req;
		struct sockaddr_storage members[3];
	} r = { .req.n = 3 };

	memcpy(&r.req.group, &g->group.ss, sizeof(r.req.group));
	for (unsigned int k = 0; k < 3; k++)
		memcpy(&r.members[k], &g->at[k].ss, sizeof(r.members[k]));
	return setsockopt(g->fd[0], SOL_RDM, RDM_GROUP_JOIN, &r, sizeof(r));
}

static void leave_at_once(struct grouplab *g)
{
	struct linger at_once = { .l_onoff = 1 };

	setsockopt(g->fd[0], SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(g->fd[0]);
	g->fd[0] = -1;
}

/*
 * A new member makes @call again and again, each time with another allocation that fails, until
 * it needs no more. With @joins it is one when it has succeeded. Return: how many there were, or
 * -1 when an error was not clean.
 */
static int each_nth(struct grouplab *g, long (*call)(struct grouplab *g), bool joins,
		    const char *name)
{
	for (int n = 1; n < MOST; n++) {
		int err, left;
		long ret;

		lab_socket(g, 0);
		if (!joins && call_join(g))
			return -1;
		nth_begin(n);
		ret = call(g);
		err = errno;
		left = nth_end();
		if (ret && (left || (err != ENOMEM && err != ENOBUFS))) {
			fprintf(stderr, "# %s, allocation %d: %s\n", name, n, strerror(err));
			return -1;
		}
		if (ret && call(g)) {
			fprintf(stderr, "# %s, after allocation %d: %s\n", name, n,
				strerror(errno));
			return -1;
		}
		leave_at_once(g);
		if (left)
			return n - 1;
	}
	return -1;
}

FAIL_TEST(m3_joining_and_leaving_survive_every_failed_allocation)
{
	struct grouplab *g = &self->lab;

	EXPECT_LE(3, each_nth(g, call_join, true, "join"));
	EXPECT_LE(3, each_nth(g, call_join_list, true, "RDM_GROUP_JOIN"));
	EXPECT_LE(0, each_nth(g, call_leave, false, "leave"));
	/* nothing of all that is in the way of a group */
	ASSERT_TRUE(lab_all_join(g));
	EXPECT_LT(0, lab_send(g, 0, 0, 100, 0));
	EXPECT_TRUE(lab_read_until(g, 2, &self->seen[2], 1, PATIENCE));
}

/* With a window for the longest broadcasts. */
static int mode = RDM_GROUP_LAZY;

static bool join_all(struct grouplab *g)
{
	for (unsigned int i = 0; i < 3; i++) {
		lab_socket(g, i);
		set_int(g->fd[i], SOL_RDM, RDM_GROUP_WINDOW, 4 << 20);
		set_int(g->fd[i], SOL_RDM, RDM_GROUP_MODE, mode);
	}
	return lab_all_join(g);
}

FAIL_TEST(m3_broadcasts_survive_every_failed_allocation)
{
	static const struct { size_t len; int least; } sizes[] = {
		{ 8, 3 }, { 3000, 3 }, { 50000, 3 }, { 1 << 20, 4 },
	};
	struct grouplab *g = &self->lab;
	uint32_t sent = 0, refused = 0;

	ASSERT_TRUE(join_all(g));
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		int n, left = 0;

		for (n = 1; n < MOST && !left; n++) {
			ssize_t ret;
			int err;

			nth_begin(n);
			ret = lab_send(g, 0, sent, sizes[i].len, 0);
			err = errno;
			left = nth_end();
			if (ret < 0) {
				ASSERT_EQ(0, left);
				ASSERT_TRUE(err == ENOMEM || err == ENOBUFS)
					TH_LOG("%zu bytes, allocation %d: %s", sizes[i].len, n,
					       strerror(err));
				refused++;
			} else {
				sent++;
			}
			/* and one that fails while a member reads */
			for (unsigned int k = 0; k < 3; k++) {
				bool more = true;

				while (more) {
					nth_begin(1 + n % 3);
					more = lab_read(g, k, &self->seen[k]);
					nth_end();
				}
			}
		}
		EXPECT_LE(sizes[i].least, n - 2)
			TH_LOG("%zu bytes took %d allocations", sizes[i].len, n - 2);
	}
	EXPECT_LT(0, refused);
	EXPECT_LT(0, lab_counter(g, 0, "GroupLost"));
	for (unsigned int k = 0; k < 3; k++) {
		EXPECT_TRUE(lab_read_until(g, k, &self->seen[k], sent, 2 * PATIENCE));
		EXPECT_EQ(sent, self->seen[k].count);
		EXPECT_EQ(0, self->seen[k].wrong);
		EXPECT_EQ(0, self->seen[k].events[RDM_GROUP_EXPELLED]);
	}
	EXPECT_TRUE(EVENTUALLY(2 * PATIENCE, !outq(g->fd[0])));
	EXPECT_EQ(sent, lab_counter(g, 0, "GroupStable"));
}

/*
 * A broadcast that is sent on, in more pieces than its record has room for, asks twice for room
 * for the rest: to refer to its bytes, and then to copy them. What it took before must go again
 * when neither is there.
 */
FAIL_TEST(m3_long_broadcasts_survive_without_room_for_their_pieces)
{
	enum { N = 4 };
	struct grouplab *g = &self->lab;
	uint32_t sent = 0;

	mode = RDM_GROUP_EAGER;
	ASSERT_TRUE(join_all(g));
	/* what the kernel needs to know of each other, they know */
	for (unsigned int k = 0; k < 3; k++)
		ASSERT_LT(0, lab_send(g, k, 0, 100, 0));
	for (unsigned int k = 0; k < 3; k++)
		ASSERT_TRUE(lab_read_until(g, k, &self->seen[k], 3, PATIENCE));
	memfail_1k(100);
	ASSERT_LT(0, lab_send(g, 0, ++sent, 1 << 20, 0));
	for (unsigned int k = 1; k < 3; k++)
		EXPECT_TRUE(EVENTUALLY(PATIENCE, lab_counter(g, k, "GroupLost") >= 1));
	/* one of both, or both */
	memfail_1k(50);
	while (sent < N) {
		ASSERT_LT(0, lab_send(g, 0, ++sent, 1 << 20, 0));
		for (unsigned int k = 0; k < 3; k++)
			while (lab_read(g, k, &self->seen[k]))
				;
	}
	memfail_1k(0);
	for (unsigned int k = 0; k < 3; k++) {
		EXPECT_TRUE(lab_read_until(g, k, &self->seen[k], 3 + N, 2 * PATIENCE));
		EXPECT_EQ(3 + N, self->seen[k].count);
		EXPECT_EQ(0, self->seen[k].wrong);
		EXPECT_EQ(0, self->seen[k].events[RDM_GROUP_EXPELLED]);
	}
	EXPECT_TRUE(EVENTUALLY(2 * PATIENCE, !outq(g->fd[0])));
	EXPECT_EQ(1 + N, lab_counter(g, 0, "GroupStable"));
}

FAIL_TEST(m3_groups_survive_memory_that_fails_at_random)
{
	enum { N = 100 };
	struct grouplab *g = &self->lab;
	uint32_t sent[3] = { 0 };
	double end;

	/* slower than memory comes back */
	g->suspect_ms = 10000;
	ASSERT_TRUE(join_all(g));
	memfail_at_random(10);
	for (end = now() + 4 * PATIENCE / 1e3; now() < end;) {
		unsigned int done = 0;

		for (unsigned int k = 0; k < 3; k++) {
			/* some have more pieces than their record has room for */
			size_t len = sent[k] % 25 == 12 ? 1 << 20 : 8 + sent[k] % 5 * 1500;

			if (sent[k] < N && lab_send(g, k, sent[k], len, MSG_DONTWAIT) > 0)
				sent[k]++;
			else if (sent[k] < N && errno != ENOMEM && errno != ENOBUFS &&
				 errno != EAGAIN)
				fatal("broadcast: %s", strerror(errno));
			while (lab_read(g, k, &self->seen[k]))
				;
			done += sent[k] == N && self->seen[k].count >= 3 * N;
		}
		if (done == 3)
			break;
		poll(NULL, 0, 1);
	}
	memfail_at_random(0);
	for (unsigned int k = 0; k < 3; k++) {
		EXPECT_EQ(N, sent[k]);
		EXPECT_TRUE(lab_read_until(g, k, &self->seen[k], sent[0] + sent[1] + sent[2],
					   2 * PATIENCE));
		EXPECT_EQ(sent[0] + sent[1] + sent[2], self->seen[k].count);
		EXPECT_EQ(0, self->seen[k].wrong);
		EXPECT_EQ(0, self->seen[k].events[RDM_GROUP_EXPELLED]);
		EXPECT_TRUE(EVENTUALLY(2 * PATIENCE, !outq(g->fd[k])));
	}
	EXPECT_EQ(sent[0] + sent[1] + sent[2], lab_counters(g, "GroupStable"));
	/* It did happen */
	EXPECT_LT(0, lab_counters(g, "GroupLost"));
}

TEST_HARNESS_MAIN
