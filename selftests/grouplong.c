// SPDX-License-Identifier: GPL-2.0
/*
 * Long broadcasts: as long as half of the window and net.rdm.max_msg allow, also where
 * packets are lost, the origin dies, or the socket has joined groups with other windows.
 */
#include "kselftest_harness.h"
#include "grouptest.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#define MIB (1 << 20)
/* Beside its bytes a broadcast takes that much of a window. */
#define OVERHEAD 256

static bool open_window(struct grouplab *g, int family, int type, unsigned int n, int window)
{
	lab_open(g, family, type, n);
	for (unsigned int i = 0; i < n; i++) {
		lab_socket(g, i);
		set_int(g->fd[i], SOL_RDM, RDM_GROUP_WINDOW, window);
	}
	return lab_all_join(g);
}

GROUP_TEST(g1_a_broadcast_is_as_long_as_half_of_the_window_and_max_msg_allow)
{
	struct grouplab *g = &self->lab;
	struct rdm_group_info info;

	/* the window that nobody asked for */
	lab_open(g, variant->family, variant->type, 2);
	ASSERT_TRUE(lab_all_join(g));
	ASSERT_EQ(0, lab_info(g, 0, &info, NULL, 0));
	EXPECT_EQ(MIB / 2 - OVERHEAD, info.max_msg);
	EXPECT_FAIL(EMSGSIZE, lab_send(g, 0, 0, info.max_msg + 1, 0));
	ASSERT_LT(0, lab_send(g, 0, 0, info.max_msg, 0));
	EXPECT_TRUE(lab_read_until(g, 1, &self->seen[1], 1, PATIENCE));
	EXPECT_EQ(0, self->seen[1].wrong);
	lab_close(g);

	ASSERT_TRUE(open_window(g, variant->family, variant->type, 2, 4 * MIB));
	ASSERT_EQ(0, lab_info(g, 0, &info, NULL, 0));
	EXPECT_EQ(MIB, info.max_msg);
	EXPECT_FAIL(EMSGSIZE, lab_send(g, 0, 0, MIB + 1, 0));
	ns_enter(g->ns[0]);
	sysctl_set("max_msg", 16 * MIB);
	ASSERT_EQ(0, lab_info(g, 0, &info, NULL, 0));
	EXPECT_EQ(2 * MIB - OVERHEAD, info.max_msg);
	/* what others send is not bounded by our own net.rdm.max_msg */
	memset(&self->seen[1], 0, sizeof(self->seen[1]));
	ASSERT_LT(0, lab_send(g, 0, 0, info.max_msg, 0));
	EXPECT_TRUE(lab_read_until(g, 1, &self->seen[1], 1, PATIENCE));
	EXPECT_EQ(0, self->seen[1].wrong);
	EXPECT_EQ(0, lab_counters(g, "GroupDropped"));
}

GROUP_TEST(g1_the_longest_broadcast_arrives)
{
	struct grouplab *g = &self->lab;

	ASSERT_TRUE(open_window(g, variant->family, variant->type, 2, 64 * MIB));
	ns_enter(g->ns[0]);
	sysctl_set("max_msg", 16 * MIB);
	ASSERT_EQ(16 * MIB, lab_send(g, 0, 0, 16 * MIB, 0));
	for (unsigned int i = 0; i < 2; i++) {
		EXPECT_TRUE(lab_read_until(g, i, &self->seen[i], 1, 4 * PATIENCE));
		EXPECT_EQ(0, self->seen[i].wrong);
	}
	EXPECT_TRUE(EVENTUALLY(PATIENCE, !outq(g->fd[0])));
}

/* Packets leave member @i's device in one piece of memory each. */
static void linear_packets(struct grouplab *g, unsigned int i)
{
	struct ethtool_value off = { .cmd = ETHTOOL_SSG };
	struct ifreq req = { .ifr_name = "eth0", .ifr_data = (void *)&off };

	ns_enter(g->ns[i]);
	if (ioctl(g->fd[i], SIOCETHTOOL, &req))
		fatal("ETHTOOL_SSG: %s", strerror(errno));
}

/* The kernel does in software what member @i's device is no more said to do. */
static void feature_off(struct grouplab *g, unsigned int i, const char *name)
{
	struct {
		struct ethtool_gstrings head;
		char names[256][ETH_GSTRING_LEN];
	} all = { .head = { .cmd = ETHTOOL_GSTRINGS, .string_set = ETH_SS_FEATURES } };
	struct {
		struct ethtool_sset_info head;
		uint32_t n;
	} count = { .head = { .cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ULL << ETH_SS_FEATURES } };
	struct {
		struct ethtool_sfeatures head;
		struct ethtool_set_features_block block[8];
	} set = { .head = { .cmd = ETHTOOL_SFEATURES } };
	struct ifreq req = { .ifr_name = "eth0", .ifr_data = (void *)&count };
	uint32_t k = 0;

	ns_enter(g->ns[i]);
	if (ioctl(g->fd[i], SIOCETHTOOL, &req) || count.n > 256)
		fatal("ETHTOOL_GSSET_INFO: %s", strerror(errno));
	all.head.len = count.n;
	req.ifr_data = (void *)&all;
	if (ioctl(g->fd[i], SIOCETHTOOL, &req))
		fatal("ETHTOOL_GSTRINGS: %s", strerror(errno));
	while (k < count.n && strncmp(all.names[k], name, ETH_GSTRING_LEN))
		k++;
	if (k == count.n)
		fatal("no feature %s", name);
	set.head.size = (count.n + 31) / 32;
	set.block[k / 32].valid = 1u << k % 32;
	req.ifr_data = (void *)&set;
	/* 0: it is as it was asked for */
	if (ioctl(g->fd[i], SIOCETHTOOL, &req))
		fatal("%s: %s", name, strerror(errno));
}

/* 7.3, and some before it, must not be given lists of packets for UDP (net/rdm/gso.c). */
static bool kernel_cuts_lists(void)
{
	struct utsname name;

	return !uname(&name) && atoi(name.release) < 7;
}

/* Of a stream of them, of which several fit into a packet of the kernel, or none, or one. */
GROUP_TEST(g1_long_broadcasts_share_super_packets_whatever_the_device_takes)
{
	static const size_t sizes[] = { 1200, 3000, 16000, 60000 };
	enum { N = 60 };
	struct grouplab *g = &self->lab;
	uint32_t k = 0;

	ASSERT_TRUE(open_window(g, variant->family, variant->type, 3, 4 * MIB));
	for (int how = 0; how < 3; how++) {
		uint64_t supers = 0;

		if (how == 1)
			feature_off(g, 0, "tx-scatter-gather-fraglist");
		if (how == 2)
			feature_off(g, 0, "tx-udp-segmentation");
		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
			supers = lab_counter(g, 0, "OutGso");
			for (uint32_t n = 0; n < N; n++)
				ASSERT_LT(0, lab_send(g, 0, k++, sizes[i], 0));
			for (unsigned int j = 0; j < 3; j++)
				EXPECT_TRUE(lab_read_until(g, j, &self->seen[j], k, PATIENCE));
			supers = lab_counter(g, 0, "OutGso") - supers;
		}
		/*
		 * 42 segments each, for two others, where packets may be in a list; of eight each
		 * there are six times as many. Some more are for what the window cut in two.
		 */
		EXPECT_LT(0, supers);
		EXPECT_GT((kernel_cuts_lists() ? 5 : 9) * 2 * N, supers)
			TH_LOG("%llu super-packets", (unsigned long long)supers);
	}
	EXPECT_TRUE(EVENTUALLY(PATIENCE, !outq(g->fd[0])));
	for (unsigned int j = 0; j < 3; j++) {
		EXPECT_EQ(k, self->seen[j].count);
		EXPECT_EQ(0, self->seen[j].wrong);
	}
	EXPECT_EQ(k, lab_counter(g, 0, "GroupStable"));
	/* what a device cuts is not lost, neither whole nor at a receiver's, and comes once */
	EXPECT_EQ(0, lab_counters(g, "GroupRelayed") + lab_counters(g, "GroupRepaired"));
	for (unsigned int j = 0; j < 3; j++) {
		ns_enter(g->ns[j]);
		EXPECT_EQ(0, snmp(variant->family, "Udp", "InErrors"));
	}
}

/* Their bytes cannot be left where the packets have them, and are copied. */
GROUP_TEST(g1_long_broadcasts_arrive_in_packets_that_have_their_bytes_elsewhere)
{
	static const size_t sizes[] = { 5000, 100000, MIB };
	struct grouplab *g = &self->lab;
	uint32_t k = 0;

	ASSERT_TRUE(open_window(g, variant->family, variant->type, 2, 4 * MIB));
	for (int how = 0; how < 3; how++) {
		if (how == 1)
			linear_packets(g, 0);
		/* each put together from two by IP; IPv6 has no paths that are so narrow */
		if (how == 2 && variant->family == AF_INET)
			run_ip("link set eth0 mtu 800\n");
		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
			ASSERT_LT(0, lab_send(g, 0, k++, sizes[i], 0));
		for (unsigned int i = 0; i < 2; i++)
			EXPECT_TRUE(lab_read_until(g, i, &self->seen[i], k, PATIENCE));
	}
	EXPECT_EQ(0, self->seen[1].wrong);
}

/* There is room for the headers of one copy where it would be cut if it were cut as the former. */
GROUP_TEST(g1_long_broadcasts_arrive_when_they_are_cut_otherwise_than_the_former)
{
	static const unsigned int mtus[] = { 1500, 1300, 1400, 1280, 1500 };
	static const size_t sizes[] = { 1300, 3000, 60000, 500 };
	struct grouplab *g = &self->lab;
	uint32_t k = 0;

	ASSERT_TRUE(open_window(g, variant->family, variant->type, 3, 4 * MIB));
	for (size_t m = 0; m < ARRAY_SIZE(mtus); m++) {
		ns_enter(g->ns[0]);
		run_ip("link set eth0 mtu %u\n", mtus[m]);
		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
			for (int n = 0; n < 5; n++)
				ASSERT_LT(0, lab_send(g, 0, k++, sizes[i], 0));
		for (unsigned int i = 0; i < 3; i++)
			EXPECT_TRUE(lab_read_until(g, i, &self->seen[i], k, PATIENCE));
	}
	for (unsigned int i = 0; i < 3; i++) {
		EXPECT_EQ(k, self->seen[i].count);
		EXPECT_EQ(0, self->seen[i].wrong);
	}
	EXPECT_TRUE(EVENTUALLY(PATIENCE, !outq(g->fd[0])));
}

GROUP_TEST(g5_g6_long_broadcasts_arrive_once_whole_and_in_order_where_packets_are_lost)
{
	static const size_t sizes[] = { 61441, 100000, MIB / 2, MIB, 9, MIB - 1 };
	struct grouplab *g = &self->lab;

	ASSERT_TRUE(open_window(g, variant->family, variant->type, 3, 4 * MIB));
	for (unsigned int i = 0; i < 3; i++)
		lab_netem(g, i, "delay 1ms loss 2% duplicate 5% reorder 10%");
	for (uint32_t k = 0; k < ARRAY_SIZE(sizes); k++)
		for (unsigned int i = 0; i < 3; i++) {
			ASSERT_LT(0, lab_send(g, i, k, sizes[k], 0));
			for (unsigned int j = 0; j < 3; j++)
				while (lab_read(g, j, &self->seen[j]))
					;
		}
	for (unsigned int i = 0; i < 3; i++) {
		EXPECT_TRUE(lab_read_until(g, i, &self->seen[i], 3 * ARRAY_SIZE(sizes), PATIENCE));
		EXPECT_EQ(0, self->seen[i].wrong);
		EXPECT_EQ(0, self->seen[i].events[RDM_GROUP_EXPELLED]);
	}
	EXPECT_LT(0, lab_counters(g, "OutRetrans"));
}

GROUP_TEST(best_effort_takes_long_ones_too)
{
	struct grouplab *g = &self->lab;

	lab_open(g, variant->family, variant->type, 2);
	for (unsigned int i = 0; i < 2; i++) {
		lab_socket(g, i);
		set_int(g->fd[i], SOL_RDM, RDM_GROUP_MODE, RDM_GROUP_BEST_EFFORT);
		set_int(g->fd[i], SOL_RDM, RDM_GROUP_WINDOW, 4 * MIB);
		self->seen[i].unordered = true;
	}
	ASSERT_TRUE(lab_all_join(g));
	lab_netem(g, 0, "delay 1ms loss 2%");
	for (uint32_t k = 0; k < 4; k++) {
		ASSERT_LT(0, lab_send(g, 0, k, MIB, 0));
		for (unsigned int i = 0; i < 2; i++)
			EXPECT_TRUE(lab_read_until(g, i, &self->seen[i], k + 1, PATIENCE));
	}
	EXPECT_EQ(0, self->seen[1].wrong);
	EXPECT_TRUE(EVENTUALLY(PATIENCE, !outq(g->fd[0])));
	EXPECT_EQ(4, lab_counter(g, 0, "GroupArrived"));
}

GROUP_TEST(g2_survivors_pass_on_long_broadcasts_of_an_origin_that_died)
{
	struct grouplab *g = &self->lab;
	uint64_t relayed;

	ASSERT_TRUE(open_window(g, variant->family, variant->type, 4, 4 * MIB));
	for (unsigned int i = 1; i < 4; i++)
		lab_netem(g, i, "delay 1ms loss 1%");
	lab_cut_to(g, 0, 2);
	lab_cut_to(g, 0, 3);
	relayed = lab_counters(g, "GroupRelayed");
	ASSERT_LT(0, lab_send(g, 0, 0, 100000, 0));
	ASSERT_LT(0, lab_send(g, 0, 1, MIB, 0));
	ASSERT_TRUE(lab_read_until(g, 1, &self->seen[1], 2, PATIENCE));
	lab_cut(g, 0);
	for (unsigned int i = 1; i < 4; i++) {
		EXPECT_TRUE(lab_read_until(g, i, &self->seen[i], 2, 2 * PATIENCE));
		EXPECT_EQ(2, self->seen[i].count);
		EXPECT_EQ(0, self->seen[i].wrong);
	}
	EXPECT_LE(4, lab_counters(g, "GroupRelayed") - relayed);
	EXPECT_TRUE(EVENTUALLY(PATIENCE, lab_sees(g, 0xe, 3)));
}

GROUP_TEST(g4_a_member_that_the_origin_never_reaches_gets_long_broadcasts_too)
{
	struct grouplab *g = &self->lab;

	ASSERT_TRUE(open_window(g, variant->family, variant->type, 3, 4 * MIB));
	lab_cut_to(g, 0, 2);
	/* more than fits in the window */
	for (uint32_t k = 0; k < 4; k++) {
		ASSERT_LT(0, lab_send(g, 0, k, MIB, 0));
		for (unsigned int i = 0; i < 3; i++)
			EXPECT_TRUE(lab_read_until(g, i, &self->seen[i], k + 1, PATIENCE));
	}
	for (unsigned int i = 0; i < 3; i++)
		EXPECT_EQ(0, self->seen[i].wrong);
	EXPECT_LE(4, lab_counter(g, 1, "GroupRelayed"));
	EXPECT_TRUE(EVENTUALLY(PATIENCE, !outq(g->fd[0])));
	EXPECT_TRUE(lab_sees(g, 7, 3));
}

GROUP_TEST(g10_a_long_broadcast_waits_until_the_former_is_read)
{
	struct grouplab *g = &self->lab;
	uint32_t sent = 0;

	ASSERT_TRUE(open_window(g, variant->family, variant->type, 2, 2 * (MIB + OVERHEAD)));
	while (sent < 10) {
		if (lab_send(g, 0, sent, MIB, MSG_DONTWAIT) > 0)
			sent++;
		else if (!wait_for(g->fd[0], POLLOUT, 300))
			break;
		while (lab_read(g, 0, &self->seen[0]))
			;
	}
	/* one is unread, and one held back by that */
	EXPECT_EQ(2, sent);
	EXPECT_TRUE(lab_read_until(g, 1, &self->seen[1], 2, PATIENCE));
	EXPECT_LT(0, lab_send(g, 0, 2, MIB, 0));
	EXPECT_TRUE(lab_read_until(g, 1, &self->seen[1], 3, PATIENCE));
	EXPECT_EQ(0, self->seen[1].wrong);
}

GROUP_TEST(joining_fails_when_memory_does_not_allow_the_windows_of_all_members)
{
	struct grouplab *g = &self->lab;
	struct {
		struct rdm_group_req req;
		struct sockaddr_storage members[LAB_MAX];
	} r = { .req.n = LAB_MAX };

	lab_open(g, variant->family, variant->type, 1);
	lab_socket(g, 0);
	memcpy(&r.req.group, &g->group.ss, sizeof(r.req.group));
	memcpy(&r.members[0], &g->at[0].ss, sizeof(r.members[0]));
	for (unsigned int i = 1; i < LAB_MAX; i++) {
		struct addr a = lab_addr(variant->family, 76, i, GROUP_PORT);

		memcpy(&r.members[i], &a.ss, sizeof(r.members[i]));
	}
	/* 1 GiB */
	set_int(g->fd[0], SOL_RDM, RDM_GROUP_WINDOW, 64 * MIB);
	EXPECT_FAIL(ENOBUFS, setsockopt(g->fd[0], SOL_RDM, RDM_GROUP_JOIN, &r, sizeof(r)));
	/* nothing is left of that */
	set_int(g->fd[0], SOL_RDM, RDM_GROUP_WINDOW, 65536);
	EXPECT_OK(setsockopt(g->fd[0], SOL_RDM, RDM_GROUP_JOIN, &r, sizeof(r)));
}

/* Associations are there already, with the window of the first group. */
GROUP_TEST(a_group_with_a_larger_window_may_be_joined_later)
{
	struct grouplab *g = &self->lab;

	ASSERT_TRUE(open_window(g, variant->family, variant->type, 2, 65536));
	ASSERT_LT(0, lab_send(g, 0, 0, 32768 - OVERHEAD, 0));
	EXPECT_TRUE(lab_read_until(g, 1, &self->seen[1], 1, PATIENCE));
	g->group = address(variant->family == AF_INET ? "239.7.5.2" : "ff05::752", GROUP_PORT);
	for (unsigned int i = 0; i < 2; i++) {
		set_int(g->fd[i], SOL_RDM, RDM_GROUP_WINDOW, 4 * MIB);
		lab_join(g, i);
	}
	ASSERT_TRUE(EVENTUALLY(4 * PATIENCE, lab_sees(g, 3, 2)));
	for (uint32_t k = 1; k < 3; k++)
		ASSERT_LT(0, lab_send(g, 0, k, MIB, 0));
	EXPECT_TRUE(lab_read_until(g, 1, &self->seen[1], 3, PATIENCE));
	EXPECT_EQ(0, self->seen[1].wrong);
}

TEST_HARNESS_MAIN
