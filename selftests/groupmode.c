// SPDX-License-Identifier: GPL-2.0
/*
 * How a group broadcasts: by best effort, by eager relay; and what senders learn of
 * broadcasts that failed.
 */
#include "kselftest_harness.h"
#include "grouptest.h"

#include <errno.h>
#include <unistd.h>

/* Members with such broadcasts. */
static bool open_mode(struct grouplab *g, int family, int type, unsigned int n, int mode)
{
	lab_open(g, family, type, n);
	/* what happens before anybody is suspected is what is looked at here */
	g->suspect_ms *= 3;
	for (unsigned int i = 0; i < n; i++) {
		lab_socket(g, i);
		set_int(g->fd[i], SOL_RDM, RDM_GROUP_MODE, mode);
		set_int(g->fd[i], SOL_RDM, RDM_GROUP_WINDOW, 65536);
	}
	return lab_all_join(g);
}

GROUP_TEST(best_effort_brings_one_copy_to_each_also_where_packets_are_lost)
{
	struct grouplab *g = &self->lab;
	unsigned int each = scaled(100);

	ASSERT_TRUE(open_mode(g, variant->family, variant->type, 3, RDM_GROUP_BEST_EFFORT));
	for (unsigned int i = 0; i < 3; i++) {
		lab_netem(g, i, "delay 2ms 2ms loss 5% duplicate 20% reorder 20%");
		self->seen[i].unordered = true;
	}
	for (uint32_t k = 0; k < each; k++) {
		ASSERT_LT(0, lab_send(g, 0, k, 8 + k * 37 % 3000, 0));
		for (unsigned int i = 0; i < 3; i++)
			while (lab_read(g, i, &self->seen[i]))
				;
	}
	for (unsigned int i = 0; i < 3; i++) {
		EXPECT_TRUE(lab_read_until(g, i, &self->seen[i], each, PATIENCE));
		EXPECT_EQ(0, self->seen[i].wrong);
	}
	EXPECT_TRUE(EVENTUALLY(PATIENCE, !outq(g->fd[0])));
	EXPECT_EQ(each, lab_counter(g, 0, "GroupArrived"));
	EXPECT_EQ(2 * each, lab_counters(g, "GroupCopies"));
	EXPECT_EQ(0, lab_counters(g, "GroupRelayed") + lab_counters(g, "GroupRepaired"));
	EXPECT_EQ(0, lab_counters(g, "GroupDropped"));
}

GROUP_TEST(best_effort_says_which_members_do_not_have_it)
{
	struct grouplab *g = &self->lab;
	struct rdm_outcome o;
	unsigned int lack;

	ASSERT_TRUE(open_mode(g, variant->family, variant->type, 3, RDM_GROUP_BEST_EFFORT));
	ASSERT_EQ(3000, lab_ask(g, 0, 1, 3000));
	ASSERT_TRUE(lab_outcome(g, 0, PATIENCE, &o, &lack));
	EXPECT_EQ(0, o.error);
	EXPECT_EQ(1, o.cookie);
	EXPECT_EQ(0, lack);
	lab_cut_to(g, 0, 2);
	lab_cut_to(g, 2, 0);
	lab_cut_to(g, 1, 2);
	ASSERT_EQ(3000, lab_ask(g, 0, 2, 3000));
	EXPECT_TRUE(wait_for(g->fd[1], POLLIN, PATIENCE) & POLLIN);
	EXPECT_FALSE(lab_outcome(g, 0, 100, &o, &lack));
	EXPECT_EQ(3000, outq(g->fd[0]));
	/* known when the member is not in the view any more */
	ASSERT_TRUE(lab_outcome(g, 0, 3 * PATIENCE, &o, &lack));
	EXPECT_EQ(ECOMM, o.error);
	EXPECT_EQ(2, o.cookie);
	EXPECT_EQ(3000, o.bytes);
	EXPECT_EQ(1 << 2, lack);
	EXPECT_EQ(0, outq(g->fd[0]));
}

GROUP_TEST(best_effort_waits_for_nobody_who_does_not_read)
{
	struct grouplab *g = &self->lab;

	ASSERT_TRUE(open_mode(g, variant->family, variant->type, 3, RDM_GROUP_BEST_EFFORT));
	for (unsigned int i = 0; i < 3; i++)
		self->seen[i].unordered = true;
	for (uint32_t k = 0; k < 200; k++) {
		ASSERT_LT(0, lab_send(g, 0, k, 1000, 0));
		for (unsigned int i = 0; i < 2; i++)
			while (lab_read(g, i, &self->seen[i]))
				;
	}
	EXPECT_TRUE(lab_read_until(g, 1, &self->seen[1], 200, PATIENCE));
	EXPECT_EQ(0, self->seen[1].wrong);
	EXPECT_TRUE(EVENTUALLY(PATIENCE, !outq(g->fd[0])));
	/* the window is full, the rest is dropped, and that is counted */
	EXPECT_EQ(200 - 65536 / (1000 + 256), lab_counter(g, 2, "GroupDropped"));
	while (lab_read(g, 2, &self->seen[2]))
		;
	EXPECT_EQ(65536 / (1000 + 256), self->seen[2].count);
	EXPECT_EQ(0, self->seen[2].wrong);
	/* it has room again */
	ASSERT_LT(0, lab_send(g, 0, 200, 1000, 0));
	EXPECT_TRUE(lab_read_until(g, 2, &self->seen[2], 65536 / (1000 + 256) + 1, PATIENCE));
	EXPECT_TRUE(lab_sees(g, 7, 3));
}

GROUP_TEST(best_effort_at_most_once_has_one_outcome_each)
{
	unsigned int n = scaled(100), acked = 0, failed = 0, lack;
	struct grouplab *g = &self->lab;
	struct rdm_outcome o;

	ASSERT_TRUE(open_mode(g, variant->family, variant->type, 2, RDM_GROUP_BEST_EFFORT));
	set_int(g->fd[0], SOL_RDM, RDM_MODE, RDM_AT_MOST_ONCE);
	lab_netem(g, 0, "loss 25%");
	for (unsigned int k = 0; k < n; k++)
		ASSERT_EQ(1000, lab_ask(g, 0, k, 1000));
	while (acked + failed < n && lab_outcome(g, 0, PATIENCE, &o, &lack)) {
		acked += !o.error;
		failed += o.error == ECOMM && lack == 1 << 1;
	}
	EXPECT_EQ(n, acked + failed);
	EXPECT_LT(0, acked);
	EXPECT_LT(0, failed);
	EXPECT_EQ(acked, lab_counter(g, 0, "GroupArrived"));
	EXPECT_FALSE(lab_outcome(g, 0, 50, &o, &lack));
	/* a deadline in time does no harm */
	set_int(g->fd[0], SOL_RDM, RDM_MODE, RDM_EXACTLY_ONCE);
	set_int(g->fd[0], SOL_RDM, RDM_DEADLINE, 60000);
	ASSERT_EQ(1000, lab_ask(g, 0, n, 1000));
	ASSERT_TRUE(lab_outcome(g, 0, PATIENCE, &o, &lack));
	EXPECT_EQ(0, o.error);
}

GROUP_TEST(best_effort_is_sent_before_a_socket_that_was_closed_is_gone)
{
	struct grouplab *g = &self->lab;

	ASSERT_TRUE(open_mode(g, variant->family, variant->type, 2, RDM_GROUP_BEST_EFFORT));
	self->seen[1].unordered = true;
	lab_netem(g, 0, "delay 20ms");
	for (uint32_t k = 0; k < 10; k++)
		ASSERT_LT(0, lab_send(g, 0, k, 2500, 0));
	close(g->fd[0]);
	g->fd[0] = -1;
	EXPECT_TRUE(lab_read_until(g, 1, &self->seen[1], 10, PATIENCE));
	EXPECT_EQ(0, self->seen[1].wrong);
	EXPECT_TRUE(EVENTUALLY(2 * PATIENCE, lab_sees(g, 2, 1)));
}

GROUP_TEST(g2_eager_members_pass_on_what_they_get)
{
	struct grouplab *g = &self->lab;
	uint64_t copies, relayed;

	ASSERT_TRUE(open_mode(g, variant->family, variant->type, 4, RDM_GROUP_EAGER));
	copies = lab_counters(g, "GroupCopies");
	relayed = lab_counters(g, "GroupRelayed");
	for (uint32_t k = 0; k < 10; k++) {
		ASSERT_LT(0, lab_send(g, 0, k, 1000, 0));
		for (unsigned int i = 0; i < 4; i++)
			EXPECT_TRUE(lab_read_until(g, i, &self->seen[i], k + 1, PATIENCE));
	}
	EXPECT_TRUE(EVENTUALLY(PATIENCE, !outq(g->fd[0])));
	/* one to each, and from each to each other but the origin, unless that had it already */
	EXPECT_GE(10 * 3, lab_counters(g, "GroupCopies") - copies);
	EXPECT_GE(10 * 3 * 2, lab_counters(g, "GroupRelayed") - relayed);
	EXPECT_LE(10, lab_counters(g, "GroupRelayed") - relayed);
	/* who asks for what another sends at that moment may get it from both */
	EXPECT_GE(5, lab_counters(g, "GroupRepaired"));
	/* the origin reaches one member, and dies */
	lab_cut_to(g, 0, 2);
	lab_cut_to(g, 0, 3);
	for (uint32_t k = 10; k < 15; k++)
		ASSERT_LT(0, lab_send(g, 0, k, 1000, 0));
	ASSERT_TRUE(lab_read_until(g, 1, &self->seen[1], 15, PATIENCE));
	lab_cut(g, 0);
	for (unsigned int i = 2; i < 4; i++) {
		EXPECT_TRUE(lab_read_until(g, i, &self->seen[i], 15, PATIENCE));
		EXPECT_EQ(0, self->seen[i].wrong);
	}
	EXPECT_TRUE(EVENTUALLY(2 * PATIENCE, lab_sees(g, 0xe, 3)));
}

GROUP_TEST(g7_who_lacks_a_broadcast_that_failed_is_told)
{
	struct grouplab *g = &self->lab;
	struct rdm_outcome o;
	unsigned int lack;

	ASSERT_TRUE(open_mode(g, variant->family, variant->type, 3, RDM_GROUP_LAZY));
	lab_cut(g, 0);
	ASSERT_EQ(500, lab_ask(g, 0, 9, 500));
	EXPECT_TRUE(EVENTUALLY(2 * PATIENCE, lab_sees(g, 6, 2)));
	lab_heal(g, 0);
	ASSERT_TRUE(lab_outcome(g, 0, 4 * PATIENCE, &o, &lack));
	EXPECT_EQ(ENOTCONN, o.error);
	EXPECT_EQ(9, o.cookie);
	EXPECT_EQ(6, lack);
}

TEST_HARNESS_MAIN
