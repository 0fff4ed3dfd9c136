// SPDX-License-Identifier: GPL-2.0
/*
 * ECN between two hosts, over a link whose queue marks packets instead of dropping them, and
 * over one that drops what may be marked.
 */
#include "kselftest_harness.h"
#include "netlab.h"

#include <netinet/ip.h>
#include <stdlib.h>
#include <unistd.h>

#define LEN 30000
#define TOS 0xb8

FIXTURE(ecn) {
	int a, b;		/* hosts; we are in a */
	int tx, rx;
	struct addr at;
	uint8_t buf[LEN];
};

LAB_VARIANTS(ecn);

FIXTURE_SETUP(ecn)
{
	self->a = ns_new();
	self->b = ns_new();
	ns_link(self->a, "a", self->b, "b", 10);
	ns_enter(self->b);
	self->at = lab_addr(variant->family, 10, 2, 7000);
	self->rx = rdm_socket(variant->family, variant->type);
	ASSERT_OK(bind(self->rx, &self->at.sa, self->at.len));
	ns_enter(self->a);
	self->tx = rdm_socket(variant->family, variant->type);
}

FIXTURE_TEARDOWN(ecn)
{
	close(self->tx);
	close(self->rx);
	close(self->a);
	close(self->b);
}

static struct rdm_peer_info known(const FIXTURE_DATA(ecn) * self)
{
	union {
		struct sockaddr sa;
		struct rdm_peer_info info;
	} q;
	socklen_t len = sizeof(q);

	memset(&q, 0, sizeof(q));
	memcpy(&q.sa, &self->at.sa, self->at.len);
	if (getsockopt(self->tx, SOL_RDM, RDM_PEER_INFO, &q, &len))
		fatal("RDM_PEER_INFO");
	return q.info;
}

/* @n messages of @len bytes go, a few at once, and arrive. */
static bool pass(FIXTURE_DATA(ecn) * self, unsigned int n, size_t len)
{
	for (unsigned int i = 0; i < n; i += 4) {
		bool seen[4] = { false };

		for (unsigned int k = 0; k < 4; k++) {
			fill(self->buf, len, k);
			if (send_to(self->tx, self->buf, len, 0, &self->at) != (ssize_t)len)
				return false;
		}
		for (unsigned int k = 0; k < 4; k++) {
			unsigned int which = 0;

			if (recv(self->rx, self->buf, LEN, 0) != (ssize_t)len)
				return false;
			/* those of SOCK_RDM come in any order */
			while (which < 4 && (seen[which] || !intact(self->buf, len, which)))
				which++;
			if (which == 4)
				return false;
			seen[which] = true;
		}
	}
	return EVENTUALLY(PATIENCE, !outq(self->tx));
}

static uint64_t in_b(const FIXTURE_DATA(ecn) * self, const char *name)
{
	return ns_counter(self->b, name);
}

RDM_TEST(ecn, u1_a_queue_that_marks_slows_the_sender_and_nothing_is_lost)
{
	static const char *const cong[] = { "newreno", "cubic", "bbr" };
	struct rdm_peer_info info;
	uint64_t marked, told;

	for (unsigned int i = 0; i < 3; i++) {
		close(self->tx);
		self->tx = rdm_socket(variant->family, variant->type);
		ASSERT_OK(setsockopt(self->tx, SOL_RDM, RDM_CONGESTION, cong[i], strlen(cong[i])));
		/* what comes before data has no mark, and would be dropped */
		ASSERT_TRUE(pass(self, 4, 10));
		EXPECT_EQ(RDM_PEER_ECN_ON, known(self).ecn);
		EXPECT_EQ(~0ULL, known(self).ssthresh);

		marked = in_b(self, "InCe");
		told = counter("OutCe");
		run("tc qdisc add dev to_b root netem delay 3ms loss 30%% ecn");
		ASSERT_TRUE(pass(self, scaled(80), LEN));
		run("tc qdisc del dev to_b root");
		info = known(self);
		EXPECT_LT(marked, in_b(self, "InCe"));
		EXPECT_LT(told, counter("OutCe"));
		/* BBR has no threshold of slow start */
		if (i < 2)
			EXPECT_GT(~0ULL, info.ssthresh);
		EXPECT_EQ(RDM_PEER_ECN_ON, info.ecn);
		/* what asks a machine that stood still has no mark: a few may be lost */
		EXPECT_GT(in_b(self, "InCe") - marked, 20 * info.lost_pkts);
	}
	EXPECT_EQ(0, counter("EcnFailed"));
	/* a machine that stood still may ask, and what it asks may be lost */
	EXPECT_GE(20 * counter("Pto"), counter("OutRetrans"));
	EXPECT_LE(in_b(self, "InCe"), counter("OutEct"));
	EXPECT_EQ(0, in_b(self, "DropMalformed"));
	EXPECT_EQ(0, counter("DropMalformed"));
	/* b sends no data */
	EXPECT_EQ(0, in_b(self, "OutEct"));
	EXPECT_EQ(0, counter("InCe"));
}

/* The type of service is the user's, the two bits below are not. */
RDM_TEST(ecn, u1_a_path_that_drops_what_may_be_marked_is_found_out)
{
	uint64_t marked;

	if (variant->family == AF_INET)
		set_int(self->tx, IPPROTO_IP, IP_TOS, TOS | 1);
	else
		set_int(self->tx, IPPROTO_IPV6, IPV6_TCLASS, TOS | 1);
	ns_enter(self->b);
	run("tc qdisc add dev to_a clsact");
	run("tc filter add dev to_a ingress protocol %s u32 match u16 %s at 0 action drop",
	    variant->family == AF_INET ? "ip" : "ipv6",
	    variant->family == AF_INET ? "0x45ba 0xffff" : "0x6ba0 0xfff0");
	ns_enter(self->a);

	/* One message after the other: each of the first few costs a probe timeout */
	for (unsigned int i = 0; i < 8; i++) {
		fill(self->buf, 1000, i);
		ASSERT_EQ(1000, send_to(self->tx, self->buf, 1000, 0, &self->at));
		ASSERT_EQ(1000, recv(self->rx, self->buf, LEN, 0));
		EXPECT_TRUE(intact(self->buf, 1000, i));
		ASSERT_TRUE(EVENTUALLY(PATIENCE, !outq(self->tx)));
	}
	EXPECT_EQ(1, counter("EcnFailed"));
	EXPECT_EQ(RDM_PEER_ECN_FAILED, known(self).ecn);
	EXPECT_EQ(0, in_b(self, "InCe"));
	EXPECT_LT(0, counter("OutRetrans"));
	/* nothing is marked any more, so nothing is dropped */
	marked = counter("OutEct");
	ASSERT_TRUE(pass(self, 20, 10000));
	EXPECT_EQ(marked, counter("OutEct"));
}

RDM_TEST(ecn, nothing_is_marked_when_it_is_off)
{
	sysctl_set("ecn", 0);
	ASSERT_TRUE(pass(self, 20, 10000));
	EXPECT_EQ(RDM_PEER_ECN_OFF, known(self).ecn);
	EXPECT_EQ(0, counter("OutEct"));
	/* one that is made later is marked again */
	sysctl_set("ecn", 1);
	close(self->tx);
	self->tx = rdm_socket(variant->family, variant->type);
	ASSERT_TRUE(pass(self, 20, 10000));
	EXPECT_EQ(RDM_PEER_ECN_ON, known(self).ecn);
	EXPECT_LT(20 * 10000 / 1500, counter("OutEct"));
}

TEST_HARNESS_MAIN
