// SPDX-License-Identifier: GPL-2.0
/*
 * Joining and leaving by each of the calls that there are, also as a 32-bit program: some of
 * their structures have another layout there.
 */
#include "kselftest_harness.h"
#include "grouplab.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <time.h>
#include <unistd.h>

FIXTURE(groupjoin) {
	struct grouplab lab;
	struct seen seen[2];
	int level;
};

LAB_VARIANTS(groupjoin);

FIXTURE_SETUP(groupjoin)
{
	struct grouplab *g = &self->lab;

	memset(self->seen, 0, sizeof(self->seen));
	enter_netns(65536);
	self->level = variant->family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6;
	lab_open(g, variant->family, variant->type, 2);
	lab_socket(g, 0);
	lab_socket(g, 1);
}

FIXTURE_TEARDOWN(groupjoin)
{
	lab_close(&self->lab);
}

#define JOIN_TEST(name) TEST_F_TIMEOUT(groupjoin, name, 600)

static int mcast_req(struct grouplab *g, unsigned int i, int level, int option)
{
	struct group_req req = {};

	ns_enter(g->ns[i]);
	req.gr_interface = if_nametoindex("eth0");
	memcpy(&req.gr_group, &g->group.ss, sizeof(req.gr_group));
	return setsockopt(g->fd[i], level, option, &req, sizeof(req));
}

JOIN_TEST(mcast_join_group_and_mcast_leave_group)
{
	struct grouplab *g = &self->lab;

	for (unsigned int i = 0; i < 2; i++)
		ASSERT_OK(mcast_req(g, i, self->level, MCAST_JOIN_GROUP));
	EXPECT_FAIL(EADDRINUSE, mcast_req(g, 0, self->level, MCAST_JOIN_GROUP));
	/* or it could neither send nor receive any more */
	EXPECT_FAIL(variant->type == SOCK_SEQPACKET ? EINVAL : EOPNOTSUPP, listen(g->fd[0], 1));
	ASSERT_TRUE(EVENTUALLY(4 * PATIENCE, lab_sees(g, 3, 2)));
	ASSERT_LT(0, lab_send(g, 0, 0, 2000, 0));
	EXPECT_TRUE(lab_read_until(g, 1, &self->seen[1], 1, PATIENCE));
	EXPECT_EQ(0, self->seen[1].wrong);
	ASSERT_OK(mcast_req(g, 1, self->level, MCAST_LEAVE_GROUP));
	EXPECT_FAIL(EADDRNOTAVAIL, mcast_req(g, 1, self->level, MCAST_LEAVE_GROUP));
	EXPECT_TRUE(EVENTUALLY(2 * PATIENCE, lab_sees(g, 1, 1)));
	while (!self->seen[0].events[RDM_GROUP_LEFT] && wait_for(g->fd[0], POLLIN, PATIENCE))
		lab_read(g, 0, &self->seen[0]);
	EXPECT_EQ(1, self->seen[0].events[RDM_GROUP_LEFT]);
	EXPECT_TRUE(same_addr(&g->at[1], &self->seen[0].last_name));
	EXPECT_FAIL(EOPNOTSUPP, lab_send(g, 1, 0, 100, 0));
	/* the same socket may come back */
	EXPECT_TRUE(EVENTUALLY(PATIENCE, !mcast_req(g, 1, self->level, MCAST_JOIN_GROUP)));
	EXPECT_TRUE(EVENTUALLY(4 * PATIENCE, lab_sees(g, 3, 2)));
}

JOIN_TEST(the_option_of_the_family_joins_and_leaves)
{
	struct grouplab *g = &self->lab;
	struct ip_mreq mreq = { .imr_multiaddr = g->group.in.sin_addr };
	struct ipv6_mreq mreq6 = { .ipv6mr_multiaddr = g->group.in6.sin6_addr };
	bool v4 = variant->family == AF_INET;
	int leave = v4 ? IP_DROP_MEMBERSHIP : IPV6_LEAVE_GROUP;
	const void *val = v4 ? (void *)&mreq : (void *)&mreq6;
	socklen_t len = v4 ? sizeof(mreq) : sizeof(mreq6);

	lab_join(g, 0);
	/* the shortest form: the device named by an address of its own */
	ns_enter(g->ns[1]);
	mreq.imr_interface = g->at[1].in.sin_addr;
	mreq6.ipv6mr_interface = if_nametoindex("eth0");
	ASSERT_OK(setsockopt(g->fd[1], self->level, v4 ? IP_ADD_MEMBERSHIP : IPV6_JOIN_GROUP, val,
			     len));
	ASSERT_TRUE(EVENTUALLY(4 * PATIENCE, lab_sees(g, 3, 2)));
	ASSERT_LT(0, lab_send(g, 1, 0, 100, 0));
	EXPECT_TRUE(lab_read_until(g, 0, &self->seen[0], 1, PATIENCE));
	EXPECT_FAIL(EINVAL, setsockopt(g->fd[1], self->level, leave, val, len - 1));
	ASSERT_OK(setsockopt(g->fd[1], self->level, leave, val, len));
	EXPECT_FAIL(EADDRNOTAVAIL, setsockopt(g->fd[1], self->level, leave, val, len));
	EXPECT_TRUE(EVENTUALLY(2 * PATIENCE, lab_sees(g, 1, 1)));
}

JOIN_TEST(a_list_joins_and_information_has_every_member)
{
	struct grouplab *g = &self->lab;
	struct rdm_group_member m[LAB_MAX];
	struct rdm_group_info info;
	struct rdm_group_req req = {};

	lab_join_list(g, 0);
	lab_join_list(g, 1);
	ASSERT_TRUE(EVENTUALLY(4 * PATIENCE, lab_sees(g, 3, 2)));
	ASSERT_EQ(0, lab_info(g, 0, &info, m, 2));
	EXPECT_EQ(2, info.n);
	EXPECT_NE(0, info.lineage);
	EXPECT_EQ(m[info.self].incarnation, info.incarnation);
	for (unsigned int k = 0; k < 2; k++) {
		struct addr a = { .len = g->at[0].len };

		memcpy(&a.ss, &m[k].addr, sizeof(a.ss));
		EXPECT_TRUE(same_addr(&a, &g->at[k == info.self ? 0 : 1]));
	}
	memcpy(&req.group, &g->group.ss, sizeof(req.group));
	ASSERT_OK(setsockopt(g->fd[1], SOL_RDM, RDM_GROUP_LEAVE, &req, sizeof(req)));
	EXPECT_TRUE(EVENTUALLY(2 * PATIENCE, lab_info(g, 1, &info, NULL, 0) && errno == ENOENT));
}

JOIN_TEST(outcomes_that_nobody_reads_fill_the_send_buffer)
{
	struct grouplab *g = &self->lab;
	struct rdm_outcome o;
	unsigned int n = 0, lack;

	lab_join(g, 0);
	ASSERT_TRUE(EVENTUALLY(4 * PATIENCE, lab_sees(g, 1, 1)));
	set_int(g->fd[0], SOL_SOCKET, SO_SNDBUF, 32768);
	ASSERT_OK(fcntl(g->fd[0], F_SETFL, O_NONBLOCK));
	while (n < 1000 && lab_ask(g, 0, n, 10) == 10) {
		n++;
		while (wait_for(g->fd[0], POLLIN, 0) & POLLIN)
			lab_read(g, 0, &self->seen[0]);
	}
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_GT(1000, n);
	EXPECT_LT(10, n);
	EXPECT_EQ(0, wait_for(g->fd[0], POLLOUT, 0) & POLLOUT);
	/* others need no place for theirs */
	EXPECT_EQ(10, lab_send(g, 0, 0, 10, 0));
	for (unsigned int i = 0; i < n; i++) {
		ASSERT_TRUE(lab_outcome(g, 0, PATIENCE, &o, &lack));
		EXPECT_EQ(i, o.cookie);
		EXPECT_EQ(0, o.error);
	}
	EXPECT_EQ(POLLOUT, wait_for(g->fd[0], POLLOUT, PATIENCE));
	EXPECT_EQ(10, lab_ask(g, 0, n, 10));
}

JOIN_TEST(a_time_stamp_tells_when_a_broadcast_was_complete)
{
	struct grouplab *g = &self->lab;
	union {
		struct cmsghdr c;
		uint8_t room[256];
	} control;
	uint8_t buf[100];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	struct timespec stamp = {}, then;

	lab_join(g, 0);
	ASSERT_TRUE(EVENTUALLY(4 * PATIENCE, lab_sees(g, 1, 1)));
	set_int(g->fd[0], SOL_RDM, RDM_RX_GROUP, 0);
	while (wait_for(g->fd[0], POLLIN, 0) & POLLIN)
		ASSERT_OK(recv(g->fd[0], buf, sizeof(buf), 0));
	set_int(g->fd[0], SOL_SOCKET, SO_TIMESTAMPNS, 1);
	ASSERT_EQ(10, lab_send(g, 0, 0, 10, 0));
	ASSERT_EQ(POLLIN, wait_for(g->fd[0], POLLIN, PATIENCE));
	ASSERT_EQ(0, clock_gettime(CLOCK_REALTIME, &then));
	/* Reading it later changes nothing */
	poll(NULL, 0, 50);
	ASSERT_EQ(10, recvmsg(g->fd[0], &msg, 0));
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_TIMESTAMPNS)
			memcpy(&stamp, CMSG_DATA(c), sizeof(stamp));
	ASSERT_NE(0, stamp.tv_sec);
	EXPECT_TRUE(stamp.tv_sec < then.tv_sec ||
		    (stamp.tv_sec == then.tv_sec && stamp.tv_nsec <= then.tv_nsec));
}

TEST_HARNESS_MAIN
