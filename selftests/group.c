// SPDX-License-Identifier: GPL-2.0
/*
 * Groups, G1 to G13 of the conformance list, with members in namespaces on a bridge. That
 * they agree whoever crashes is shown first and for every interleaving by the simulator;
 * here the same core runs in the module, and the faults are real.
 */
#include "kselftest_harness.h"
#include "grouptest.h"

#include <net/if.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

GROUP_TEST(g1_a_group_of_one_delivers_to_itself)
{
	struct grouplab *g = &self->lab;

	lab_open(g, variant->family, variant->type, 1);
	ASSERT_TRUE(lab_all_join(g));
	for (uint32_t k = 0; k < 10; k++)
		EXPECT_LT(0, lab_send(g, 0, k, 1000, 0));
	EXPECT_TRUE(lab_read_until(g, 0, &self->seen[0], 10, PATIENCE));
	EXPECT_EQ(0, self->seen[0].wrong);
	EXPECT_EQ(1, self->seen[0].events[RDM_GROUP_VIEW]);
}

GROUP_TEST(g1_all_members_deliver_what_each_sends_in_order)
{
	struct grouplab *g = &self->lab;
	unsigned int each = scaled(100);

	lab_open(g, variant->family, variant->type, 3);
	ASSERT_TRUE(lab_all_join(g));
	for (uint32_t k = 0; k < each; k++)
		for (unsigned int i = 0; i < 3; i++)
			ASSERT_LT(0, lab_send(g, i, k, 8 + k * 37 % 5000, 0));
	for (unsigned int i = 0; i < 3; i++) {
		EXPECT_TRUE(lab_read_until(g, i, &self->seen[i], 3 * each, PATIENCE));
		EXPECT_EQ(3 * each, self->seen[i].count);
		EXPECT_EQ(0, self->seen[i].wrong);
	}
	for (unsigned int i = 0; i < 3; i++)
		EXPECT_TRUE(EVENTUALLY(PATIENCE, !outq(g->fd[i])));
}


GROUP_TEST(g1_members_that_were_listed_find_each_other_without_multicast)
{
	struct grouplab *g = &self->lab;

	lab_open(g, variant->family, variant->type, 3);
	for (unsigned int i = 0; i < 3; i++) {
		lab_socket(g, i);
		lab_join_list(g, i);
	}
	ASSERT_TRUE(EVENTUALLY(4 * PATIENCE, lab_sees(g, 7, 3)));
	EXPECT_EQ(0, lab_counters(g, "GroupAnnounced"));
	for (uint32_t k = 0; k < 10; k++)
		ASSERT_LT(0, lab_send(g, 1, k, 3000, 0));
	for (unsigned int i = 0; i < 3; i++) {
		EXPECT_TRUE(lab_read_until(g, i, &self->seen[i], 10, PATIENCE));
		EXPECT_EQ(0, self->seen[i].wrong);
	}
}

GROUP_TEST(g1_sixteen_members)
{
	/* In the slow kernel, where sixteen take minutes, only some */
	unsigned int n = slowness() > 1 ? 6 : 16;
	struct grouplab *g = &self->lab;

	lab_open(g, variant->family, variant->type, n);
	g->suspect_ms *= 2;
	ASSERT_TRUE(lab_all_join(g));
	for (unsigned int i = 0; i < n; i++)
		for (uint32_t k = 0; k < 5; k++)
			ASSERT_LT(0, lab_send(g, i, k, 2000, 0));
	for (unsigned int i = 0; i < n; i++) {
		EXPECT_TRUE(lab_read_until(g, i, &self->seen[i], 5 * n, PATIENCE));
		EXPECT_EQ(0, self->seen[i].wrong);
	}
}

GROUP_TEST(g2_survivors_agree_when_the_origin_had_reached_one_member_only)
{
	struct grouplab *g = &self->lab;
	uint64_t relayed;

	lab_open(g, variant->family, variant->type, 4);
	ASSERT_TRUE(lab_all_join(g));
	lab_cut_to(g, 0, 2);
	lab_cut_to(g, 0, 3);
	relayed = lab_counters(g, "GroupRelayed");
	for (uint32_t k = 0; k < 5; k++)
		ASSERT_LT(0, lab_send(g, 0, k, 4000, 0));
	ASSERT_TRUE(lab_read_until(g, 1, &self->seen[1], 5, PATIENCE));
	lab_cut(g, 0);
	for (unsigned int i = 1; i < 4; i++) {
		EXPECT_TRUE(lab_read_until(g, i, &self->seen[i], 5, PATIENCE));
		EXPECT_EQ(5, self->seen[i].count);
		EXPECT_EQ(0, self->seen[i].wrong);
	}
	EXPECT_LE(10, lab_counters(g, "GroupRelayed") - relayed);
	EXPECT_TRUE(EVENTUALLY(PATIENCE, lab_sees(g, 0xe, 3)));
}

GROUP_TEST(g3_lost_acks_bring_nothing_twice)
{
	struct grouplab *g = &self->lab;

	lab_open(g, variant->family, variant->type, 3);
	g->suspect_ms = 5000;
	ASSERT_TRUE(lab_all_join(g));
	lab_cut_out(g, 1);
	/* no ack comes: all of them, and the digests meanwhile, have room in the first window */
	for (uint32_t k = 0; k < 20; k++)
		ASSERT_LT(0, lab_send(g, 0, k, 200, 0));
	ASSERT_TRUE(lab_read_until(g, 1, &self->seen[1], 20, PATIENCE));
	EXPECT_LT(0, outq(g->fd[0]));
	lab_heal(g, 1);
	EXPECT_TRUE(EVENTUALLY(PATIENCE, !outq(g->fd[0])));
	EXPECT_FALSE(lab_read_until(g, 1, &self->seen[1], 21, 200));
	EXPECT_EQ(0, self->seen[1].wrong);
	EXPECT_EQ(0, lab_counters(g, "GroupExpelled"));
}

GROUP_TEST(g4_a_member_that_the_origin_never_reaches_delivers_too)
{
	struct grouplab *g = &self->lab;

	lab_open(g, variant->family, variant->type, 3);
	g->suspect_ms = 10000;
	ASSERT_TRUE(lab_all_join(g));
	lab_cut_to(g, 0, 2);
	for (uint32_t k = 0; k < 10; k++)
		ASSERT_LT(0, lab_send(g, 0, k, 2000, 0));
	for (unsigned int i = 0; i < 3; i++) {
		EXPECT_TRUE(lab_read_until(g, i, &self->seen[i], 10, PATIENCE));
		EXPECT_EQ(0, self->seen[i].wrong);
	}
	EXPECT_LE(10, lab_counter(g, 1, "GroupRelayed"));
	EXPECT_TRUE(EVENTUALLY(PATIENCE, !outq(g->fd[0])));
	EXPECT_TRUE(lab_sees(g, 7, 3));
}

GROUP_TEST(g5_g6_loss_copies_and_disorder_change_neither_number_nor_order)
{
	struct grouplab *g = &self->lab;
	unsigned int each = scaled(100);

	lab_open(g, variant->family, variant->type, 4);
	g->suspect_ms = 5000;
	ASSERT_TRUE(lab_all_join(g));
	for (unsigned int i = 0; i < 4; i++)
		lab_netem(g, i, "delay 2ms 2ms loss 10% duplicate 20% reorder 20%");
	for (uint32_t k = 0; k < each; k++)
		for (unsigned int i = 0; i < 4; i++)
			ASSERT_LT(0, lab_send(g, i, k, 8 + k * 53 % 3000, 0));
	for (unsigned int i = 0; i < 4; i++) {
		EXPECT_TRUE(lab_read_until(g, i, &self->seen[i], 4 * each, PATIENCE));
		EXPECT_EQ(4 * each, self->seen[i].count);
		EXPECT_EQ(0, self->seen[i].wrong);
	}
	EXPECT_LT(0, lab_counters(g, "OutRetrans"));
	EXPECT_LT(0, lab_counters(g, "DropDup"));
}

GROUP_TEST(g7_a_member_cut_off_for_long_is_expelled_told_and_comes_back)
{
	struct grouplab *g = &self->lab;
	struct rdm_group_info before, after;

	lab_open(g, variant->family, variant->type, 3);
	ASSERT_TRUE(lab_all_join(g));
	ASSERT_EQ(0, lab_info(g, 2, &before, NULL, 0));
	lab_cut(g, 2);
	EXPECT_TRUE(EVENTUALLY(2 * PATIENCE, lab_sees(g, 3, 2)));
	ASSERT_LT(0, lab_send(g, 0, 0, 100, 0));
	EXPECT_TRUE(lab_read_until(g, 1, &self->seen[1], 1, PATIENCE));
	EXPECT_EQ(1, self->seen[1].events[RDM_GROUP_EXPELLED]);
	lab_heal(g, 2);
	EXPECT_TRUE(EVENTUALLY(4 * PATIENCE, lab_sees(g, 7, 3)));
	ASSERT_EQ(0, lab_info(g, 2, &after, NULL, 0));
	EXPECT_NE(before.incarnation, after.incarnation);
	while (lab_read(g, 2, &self->seen[2]))
		;
	EXPECT_EQ(0, self->seen[2].count);
	EXPECT_EQ(1, self->seen[2].events[RDM_GROUP_EXPELLED]);
}

GROUP_TEST(g7_a_short_silence_expels_nobody)
{
	struct grouplab *g = &self->lab;
	struct rdm_group_info before, after;

	lab_open(g, variant->family, variant->type, 3);
	g->suspect_ms = 10000;
	ASSERT_TRUE(lab_all_join(g));
	ASSERT_EQ(0, lab_info(g, 0, &before, NULL, 0));
	lab_cut(g, 2);
	ASSERT_LT(0, lab_send(g, 0, 0, 100, 0));
	ASSERT_TRUE(lab_read_until(g, 1, &self->seen[1], 1, PATIENCE));
	EXPECT_FALSE(lab_read_until(g, 2, &self->seen[2], 1, 1000));
	lab_heal(g, 2);
	EXPECT_TRUE(lab_read_until(g, 2, &self->seen[2], 1, PATIENCE));
	EXPECT_TRUE(EVENTUALLY(PATIENCE, !outq(g->fd[0])));
	ASSERT_EQ(0, lab_info(g, 0, &after, NULL, 0));
	EXPECT_EQ(before.view, after.view);
}

GROUP_TEST(g8_the_side_without_quorum_freezes_and_comes_back)
{
	struct grouplab *g = &self->lab;
	struct rdm_group_info info;

	lab_open(g, variant->family, variant->type, 3);
	ASSERT_TRUE(lab_all_join(g));
	lab_cut(g, 1);
	EXPECT_TRUE(EVENTUALLY(2 * PATIENCE, !lab_info(g, 1, &info, NULL, 0) &&
			       info.flags & RDM_GROUP_BLOCKED));
	EXPECT_TRUE(EVENTUALLY(2 * PATIENCE, lab_sees(g, 5, 2)));
	/* what the minority sends now is delivered by nobody, or by all when it is back */
	for (uint32_t k = 0; k < 3; k++)
		EXPECT_LT(0, lab_send(g, 0, k, 1000, 0));
	EXPECT_TRUE(lab_read_until(g, 2, &self->seen[2], 3, PATIENCE));
	while (lab_read(g, 1, &self->seen[1]))
		;
	EXPECT_EQ(0, self->seen[1].count);
	lab_heal(g, 1);
	EXPECT_TRUE(EVENTUALLY(4 * PATIENCE, lab_sees(g, 7, 3)));
}

GROUP_TEST(g9_joining_under_load_begins_with_an_event_and_misses_nothing_after_it)
{
	struct grouplab *g = &self->lab;
	struct seen *s = &self->seen[2];
	uint32_t sent = 0;

	lab_open(g, variant->family, variant->type, 3);
	for (unsigned int i = 0; i < 2; i++) {
		lab_socket(g, i);
		lab_join(g, i);
	}
	ASSERT_TRUE(EVENTUALLY(4 * PATIENCE, lab_sees(g, 3, 2)));
	lab_socket(g, 2);
	lab_join(g, 2);
	for (double end = now() + PATIENCE / 1e3; now() < end && !lab_sees(g, 7, 3); sent++) {
		ASSERT_LT(0, lab_send(g, 0, sent, 200, 0));
		while (lab_read(g, 0, &self->seen[0]))
			;
		while (lab_read(g, 1, &self->seen[1]))
			;
	}
	ASSERT_TRUE(lab_sees(g, 7, 3));
	for (unsigned int k = 0; k < 20; k++, sent++)
		ASSERT_LT(0, lab_send(g, 0, sent, 200, 0));
	EXPECT_TRUE(lab_read_until(g, 1, &self->seen[1], sent, PATIENCE));
	EXPECT_EQ(0, self->seen[1].wrong);
	/* the first one says where the newcomer begins */
	while (!s->count && wait_for(g->fd[2], POLLIN, PATIENCE))
		if (lab_read(g, 2, s) && !s->events[RDM_GROUP_VIEW])
			EXPECT_EQ(0, s->count);
	s->wrong = 0;
	EXPECT_TRUE(lab_read_until(g, 2, s, 1 + sent - s->next[0], PATIENCE));
	EXPECT_EQ(sent, s->next[0]);
	EXPECT_EQ(0, s->wrong);
}

GROUP_TEST(g9_who_leaves_is_missed_after_its_last_broadcast)
{
	struct grouplab *g = &self->lab;

	lab_open(g, variant->family, variant->type, 3);
	ASSERT_TRUE(lab_all_join(g));
	for (uint32_t k = 0; k < 20; k++)
		ASSERT_LT(0, lab_send(g, 2, k, 1000, 0));
	ASSERT_EQ(0, close(g->fd[2]));
	g->fd[2] = -1;
	EXPECT_TRUE(EVENTUALLY(2 * PATIENCE, lab_sees(g, 3, 2)));
	for (unsigned int i = 0; i < 2; i++) {
		struct seen *s = &self->seen[i];

		while (!s->events[RDM_GROUP_LEFT] && wait_for(g->fd[i], POLLIN, PATIENCE))
			lab_read(g, i, s);
		EXPECT_EQ(1, s->events[RDM_GROUP_LEFT]);
		EXPECT_EQ(20, s->count);
		EXPECT_EQ(0, s->wrong);
		EXPECT_EQ(0, s->events[RDM_GROUP_EXPELLED]);
	}
	/* and may come again at the same address */
	lab_socket(g, 2);
	lab_join(g, 2);
	EXPECT_TRUE(EVENTUALLY(4 * PATIENCE, lab_sees(g, 7, 3)));
}

GROUP_TEST(g10_a_member_that_does_not_read_blocks_the_sender_until_it_reads)
{
	struct grouplab *g = &self->lab;
	uint32_t sent = 0;

	lab_open(g, variant->family, variant->type, 3);
	for (unsigned int i = 0; i < 3; i++) {
		lab_socket(g, i);
		set_int(g->fd[i], SOL_RDM, RDM_GROUP_WINDOW, 65536);
	}
	ASSERT_TRUE(lab_all_join(g));
	for (double end = now() + PATIENCE / 1e3; now() < end; ) {
		if (lab_send(g, 0, sent, 1000, MSG_DONTWAIT) > 0)
			sent++;
		else if (!wait_for(g->fd[0], POLLOUT, 500))
			break;
		while (lab_read(g, 0, &self->seen[0]))
			;
		while (lab_read(g, 1, &self->seen[1]))
			;
	}
	/* half of the window is unread, half is on its way */
	EXPECT_LE(20, sent);
	EXPECT_GE(80, sent);
	EXPECT_EQ(0, wait_for(g->fd[0], POLLOUT, 0) & POLLOUT);
	EXPECT_TRUE(lab_read_until(g, 2, &self->seen[2], sent, PATIENCE));
	EXPECT_TRUE(wait_for(g->fd[0], POLLOUT, PATIENCE) & POLLOUT);
	EXPECT_LT(0, lab_send(g, 0, sent, 1000, 0));
	EXPECT_TRUE(lab_sees(g, 7, 3));
	EXPECT_EQ(0, self->seen[2].wrong);
}

GROUP_TEST(g10_a_member_that_lags_is_expelled_where_that_was_asked_for)
{
	struct grouplab *g = &self->lab;
	uint32_t sent = 0;

	lab_open(g, variant->family, variant->type, 3);
	for (unsigned int i = 0; i < 3; i++) {
		lab_socket(g, i);
		set_int(g->fd[i], SOL_RDM, RDM_GROUP_WINDOW, 65536);
		set_int(g->fd[i], SOL_RDM, RDM_GROUP_SLOW, 500);
	}
	ASSERT_TRUE(lab_all_join(g));
	for (double end = now() + 2 * PATIENCE / 1e3; now() < end && sent < 200; ) {
		if (lab_send(g, 0, sent, 1000, MSG_DONTWAIT) > 0)
			sent++;
		else
			wait_for(g->fd[0], POLLOUT, 100);
		while (lab_read(g, 0, &self->seen[0]))
			;
		while (lab_read(g, 1, &self->seen[1]))
			;
	}
	EXPECT_EQ(200, sent);
	EXPECT_LE(1, self->seen[1].events[RDM_GROUP_EXPELLED]);
	EXPECT_TRUE(lab_read_until(g, 1, &self->seen[1], sent, PATIENCE));
	EXPECT_EQ(0, self->seen[1].wrong);
}

GROUP_TEST(g11_a_broadcast_of_a_process_that_is_killed_still_completes)
{
	struct grouplab *g = &self->lab;
	int status;
	pid_t pid;

	lab_open(g, variant->family, variant->type, 3);
	ASSERT_TRUE(lab_all_join(g));
	for (unsigned int i = 0; i < 3; i++)
		lab_netem(g, i, "delay 20ms");
	pid = fork();
	if (!pid) {
		close(g->fd[0]);
		close(g->fd[1]);
		for (uint32_t k = 0; k < 20; k++)
			if (lab_send(g, 2, k, 4000, 0) < 0)
				_exit(1);
		kill(getpid(), SIGKILL);
	}
	close(g->fd[2]);
	g->fd[2] = -1;
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	for (unsigned int i = 0; i < 2; i++) {
		EXPECT_TRUE(lab_read_until(g, i, &self->seen[i], 20, PATIENCE));
		EXPECT_EQ(0, self->seen[i].wrong);
	}
	EXPECT_TRUE(EVENTUALLY(2 * PATIENCE, lab_sees(g, 3, 2)));
}

GROUP_TEST(g12_g13_each_member_gets_one_copy_and_then_there_is_silence)
{
	struct grouplab *g = &self->lab;
	uint64_t copies, again;

	lab_open(g, variant->family, variant->type, 4);
	ASSERT_TRUE(lab_all_join(g));
	for (uint32_t k = 0; k < 50; k++) {
		ASSERT_LT(0, lab_send(g, 0, k, 1000, 0));
		for (unsigned int i = 0; i < 4; i++)
			ASSERT_TRUE(lab_read_until(g, i, &self->seen[i], k + 1, PATIENCE));
	}
	EXPECT_TRUE(EVENTUALLY(PATIENCE, !outq(g->fd[0])));
	EXPECT_EQ(50, lab_counter(g, 0, "GroupStable"));
	copies = lab_counters(g, "GroupCopies");
	again = lab_counters(g, "GroupRelayed") + lab_counters(g, "GroupRepaired");
	EXPECT_EQ(50 * 3, copies);
	EXPECT_EQ(0, again);
	EXPECT_FALSE(lab_read_until(g, 1, &self->seen[1], 51, 1000));
	EXPECT_EQ(copies, lab_counters(g, "GroupCopies"));
	EXPECT_EQ(again, lab_counters(g, "GroupRelayed") + lab_counters(g, "GroupRepaired"));
}

GROUP_TEST(g12_the_outcome_of_a_broadcast_is_stable)
{
	struct grouplab *g = &self->lab;
	struct rdm_outcome o;
	struct addr to;

	lab_open(g, variant->family, variant->type, 3);
	ASSERT_TRUE(lab_all_join(g));
	ASSERT_EQ(3000, lab_ask(g, 0, 77, 3000));
	ASSERT_TRUE(take_outcome(g->fd[0], PATIENCE, &o, &to));
	EXPECT_EQ(0, o.error);
	EXPECT_EQ(77, o.cookie);
	EXPECT_EQ(3000, o.bytes);
	EXPECT_TRUE(same_addr(&to, &g->group));
	EXPECT_EQ(0, outq(g->fd[0]));
}

GROUP_TEST(g7_an_expelled_origin_learns_that_nobody_delivers_what_it_sent)
{
	struct grouplab *g = &self->lab;
	struct rdm_outcome o;
	struct addr to;

	lab_open(g, variant->family, variant->type, 3);
	ASSERT_TRUE(lab_all_join(g));
	lab_cut(g, 0);
	ASSERT_EQ(3000, lab_ask(g, 0, 5, 3000));
	/* or else it is in time again, and its broadcast may be stable */
	ASSERT_TRUE(EVENTUALLY(4 * PATIENCE, lab_sees(g, 6, 2)));
	lab_heal(g, 0);
	ASSERT_TRUE(take_outcome(g->fd[0], 4 * PATIENCE, &o, &to));
	EXPECT_EQ(ENOTCONN, o.error);
	EXPECT_EQ(RDM_FATE_NEVER_SENT, o.fate);
	EXPECT_EQ(5, o.cookie);
	/* its own broadcast: it comes back when it has read what its former life left */
	while (lab_read(g, 0, &self->seen[0]))
		;
	EXPECT_TRUE(EVENTUALLY(4 * PATIENCE, lab_sees(g, 7, 3)));
	while (lab_read(g, 1, &self->seen[1]))
		;
	EXPECT_EQ(0, self->seen[1].count);
}

GROUP_TEST(g6_a_message_to_a_member_waits_for_earlier_broadcasts)
{
	struct grouplab *g = &self->lab;
	uint32_t sent = 0;
	uint8_t buf[16];

	lab_open(g, variant->family, variant->type, 3);
	for (unsigned int i = 0; i < 3; i++) {
		lab_socket(g, i);
		set_int(g->fd[i], SOL_RDM, RDM_GROUP_WINDOW, 65536);
	}
	ASSERT_TRUE(lab_all_join(g));
	/* member 1 does not read */
	while (sent < 500) {
		if (lab_send(g, 0, sent, 1000, MSG_DONTWAIT) > 0)
			sent++;
		else if (!wait_for(g->fd[0], POLLOUT, 300))
			break;
		while (lab_read(g, 0, &self->seen[0]))
			;
		while (lab_read(g, 2, &self->seen[2]))
			;
	}
	EXPECT_FAIL(EAGAIN, send_to(g->fd[0], "x", 1, MSG_DONTWAIT, &g->at[1]));
	while (lab_read(g, 1, &self->seen[1]))
		;
	EXPECT_TRUE(EVENTUALLY(PATIENCE, send_to(g->fd[0], "x", 1, MSG_DONTWAIT,
						 &g->at[1]) == 1));
	while (recv(g->fd[1], buf, sizeof(buf), 0) != 1)
		self->seen[1].count++;
	EXPECT_EQ('x', buf[0]);
	EXPECT_EQ(self->seen[0].count, self->seen[1].count);
	EXPECT_EQ(0, self->seen[1].wrong);
}

GROUP_TEST(g1_own_broadcasts_are_not_read_without_multicast_loop)
{
	bool v4 = variant->family == AF_INET;
	struct grouplab *g = &self->lab;

	lab_open(g, variant->family, variant->type, 2);
	ASSERT_TRUE(lab_all_join(g));
	set_int(g->fd[0], v4 ? IPPROTO_IP : IPPROTO_IPV6,
		v4 ? IP_MULTICAST_LOOP : IPV6_MULTICAST_LOOP, 0);
	for (uint32_t k = 0; k < 5; k++)
		ASSERT_LT(0, lab_send(g, 0, k, 100, 0));
	EXPECT_TRUE(lab_read_until(g, 1, &self->seen[1], 5, PATIENCE));
	EXPECT_TRUE(EVENTUALLY(PATIENCE, !outq(g->fd[0])));
	while (lab_read(g, 0, &self->seen[0]))
		;
	EXPECT_EQ(0, self->seen[0].count);
}

GROUP_TEST(g1_what_a_group_cannot_do_is_refused)
{
	struct grouplab *g = &self->lab;
	struct rdm_group_info info;
	struct rdm_group_req req = {};

	lab_open(g, variant->family, variant->type, 2);
	lab_socket(g, 0);
	lab_socket(g, 1);
	/* not joined */
	EXPECT_FAIL(EOPNOTSUPP, lab_send(g, 0, 0, 100, 0));
	EXPECT_FAIL(ENOENT, lab_info(g, 0, &info, NULL, 0));
	memcpy(&req.group, &g->group.ss, sizeof(req.group));
	ns_enter(g->ns[0]);
	req.ifindex = if_nametoindex("eth0");
	EXPECT_FAIL(EADDRNOTAVAIL, setsockopt(g->fd[0], SOL_RDM, RDM_GROUP_LEAVE, &req,
					      sizeof(req)));
	ASSERT_TRUE(lab_all_join(g));
	EXPECT_FAIL(EADDRINUSE, setsockopt(g->fd[0], SOL_RDM, RDM_GROUP_JOIN, &req, sizeof(req)));
	EXPECT_FAIL(EINVAL, setsockopt(g->fd[0], SOL_RDM, RDM_GROUP_JOIN, &req, 8));
	req.n = 65;
	EXPECT_FAIL(EINVAL, setsockopt(g->fd[0], SOL_RDM, RDM_GROUP_JOIN, &req, sizeof(req)));
	EXPECT_FAIL(EMSGSIZE, lab_send(g, 0, 0, (1 << 19) - 255, 0));
	set_int(g->fd[0], SOL_RDM, RDM_DEADLINE, 1000);
	EXPECT_FAIL(EOPNOTSUPP, lab_send(g, 0, 0, 100, 0));
	set_int(g->fd[0], SOL_RDM, RDM_DEADLINE, 0);
	set_int(g->fd[0], SOL_RDM, RDM_MODE, RDM_AT_MOST_ONCE);
	EXPECT_FAIL(EOPNOTSUPP, lab_send(g, 0, 0, 100, 0));
	for (int name = RDM_GROUP_MODE; name <= RDM_RX_GROUP; name++) {
		int bad = -1;

		if (name == RDM_GROUP_JOIN || name == RDM_GROUP_LEAVE || name == RDM_GROUP_INFO)
			continue;
		EXPECT_FAIL(EINVAL, setsockopt(g->fd[0], SOL_RDM, name, &bad, sizeof(bad)));
	}
	EXPECT_EQ(1 << 20, get_int(g->fd[0], SOL_RDM, RDM_GROUP_WINDOW));
}

GROUP_TEST(g1_a_broadcast_address_is_a_group_too)
{
	struct grouplab *g = &self->lab;
	struct rdm_group_req req = {};

	/* IPv6 has none */
	if (variant->family == AF_INET6)
		return;
	lab_open(g, variant->family, variant->type, 3);
	g->group = address("10.75.0.255", GROUP_PORT);
	memcpy(&req.group, &g->group.ss, sizeof(req.group));
	for (unsigned int i = 0; i < 3; i++) {
		lab_socket(g, i);
		EXPECT_FAIL(EACCES, setsockopt(g->fd[i], SOL_RDM, RDM_GROUP_JOIN, &req,
					       sizeof(req)));
		set_int(g->fd[i], SOL_SOCKET, SO_BROADCAST, 1);
		ASSERT_OK(setsockopt(g->fd[i], SOL_RDM, RDM_GROUP_JOIN, &req, sizeof(req)));
	}
	ASSERT_TRUE(EVENTUALLY(4 * PATIENCE, lab_sees(g, 7, 3)));
	for (uint32_t k = 0; k < 5; k++)
		ASSERT_LT(0, lab_send(g, 2, k, 1500, 0));
	for (unsigned int i = 0; i < 3; i++) {
		EXPECT_TRUE(lab_read_until(g, i, &self->seen[i], 5, PATIENCE));
		EXPECT_EQ(0, self->seen[i].wrong);
	}
}

TEST_HARNESS_MAIN
