// SPDX-License-Identifier: GPL-2.0
/*
 * A part of U13: paths that swallow long packets. Behind a router is a link that takes less
 * than the sender's, and the router's ICMP errors never reach the sender: it must find out
 * by itself (RFC 8899), and say so.
 */
#include "kselftest_harness.h"
#include "netlab.h"

#define WIDE 1500
#define NARROW 1400
#define USER_TIMEOUT 3000
/* The search ends when no more than this can be gained */
#define STEP 8
#define LEN 60000

/* a --- net 1 --- r --- net 2 --- b */
FIXTURE(mtu) {
	int a, r, b;		/* namespaces; the test is in a */
	int tx, rx;		/* rx is in b */
	struct addr at;
	uint32_t sent;
};

LAB_VARIANTS(mtu);

FIXTURE_SETUP(mtu)
{
	ns_behind_router(&self->a, &self->r, &self->b);
	ns_enter(self->b);
	self->at = lab_addr(variant->family, 2, 2, 7000);
	self->rx = rdm_socket(variant->family, variant->type);
	ASSERT_OK(bind(self->rx, &self->at.sa, self->at.len));
	ns_enter(self->a);
	run("tc qdisc add dev to_r clsact");
	self->tx = rdm_socket(variant->family, variant->type);
	ASSERT_OK(connect(self->tx, &self->at.sa, self->at.len));
}

FIXTURE_TEARDOWN(mtu)
{
	close(self->tx);
	close(self->rx);
	close(self->a);
	close(self->b);
	close(self->r);
}

/* No ICMP reaches the sender from now on. */
static void hush(void)
{
	run("tc filter add dev to_r ingress protocol ip u32 match ip protocol 1 0xff action drop; "
	    "tc filter add dev to_r ingress protocol ipv6 u32 match ip6 protocol 58 0xff action drop");
}

static void narrow(FIXTURE_DATA(mtu) * self, int mtu)
{
	ns_enter(self->r);
	run_ip("link set to_b mtu %d\n", mtu);
	ns_enter(self->a);
}

/* A message that must arrive. */
static bool works(FIXTURE_DATA(mtu) * self, size_t len)
{
	static uint8_t buf[70000];
	uint32_t seq = ++self->sent;

	fill(buf, len, seq);
	return send(self->tx, buf, len, 0) == (ssize_t)len &&
	       recv(self->rx, buf, sizeof(buf), 0) == (ssize_t)len && intact(buf, len, seq);
}

static int mtu_of(FIXTURE_DATA(mtu) * self, int family)
{
	return get_int(self->tx, family == AF_INET ? SOL_IP : SOL_IPV6,
		       family == AF_INET ? IP_MTU : IPV6_MTU);
}

static struct rdm_peer_info info(int fd)
{
	struct rdm_peer_info i = { .peer.ss_family = AF_UNSPEC };
	socklen_t len = sizeof(i);

	if (getsockopt(fd, SOL_RDM, RDM_PEER_INFO, &i, &len))
		fatal("RDM_PEER_INFO: %s", strerror(errno));
	return i;
}

/* Sends, and looks what was found; a search needs acks, and time. */
static bool finds(FIXTURE_DATA(mtu) * self, int family, int mtu)
{
	bool found;

	for (double end = now() + PATIENCE / 1e3 * slowness(); now() < end;) {
		if (!works(self, LEN))
			return false;
		found = mtu_of(self, family) <= mtu && mtu_of(self, family) >= mtu - STEP;
		if (found)
			return true;
	}
	return false;
}

RDM_TEST(mtu, u13_a_path_that_swallows_long_packets)
{
	int headers = variant->family == AF_INET ? 28 : 48;
	struct rdm_peer_info i;
	struct rdm_outcome o;
	struct addr to;
	char told[32];

	hush();
	narrow(self, NARROW);
	EXPECT_EQ(WIDE, mtu_of(self, variant->family));
	for (int n = 0; n < 5; n++)
		ASSERT_TRUE(works(self, LEN));
	EXPECT_EQ(1, counter("MtuBlackHoles"));
	EXPECT_LT(0, counter("OutMtuProbes"));
	EXPECT_LE(3, counter("MtuProbesLost"));
	ASSERT_TRUE(finds(self, variant->family, NARROW));
	i = info(self->tx);
	EXPECT_EQ(mtu_of(self, variant->family) - headers, (int)i.mtu);
	EXPECT_EQ(WIDE - headers, (int)i.route_mtu);
	snprintf(told, sizeof(told), " mtu=%u ", i.mtu);
	EXPECT_TRUE(proc_has("rdm", told));
	/* Once found out is known */
	for (int n = 0; n < 5; n++)
		ASSERT_TRUE(works(self, LEN));
	EXPECT_EQ(1, counter("MtuBlackHoles"));
	EXPECT_FALSE(take_outcome(self->tx, 0, &o, &to));
	EXPECT_EQ(0, counter("AssocFailed"));
	ns_enter(self->r);
	/* Nobody has cut anything */
	EXPECT_EQ(0, snmp(variant->family, "Ip", "FragCreates"));
}

RDM_TEST(mtu, u13_a_path_begins_to_swallow_long_packets_in_mid_flow)
{
	static uint8_t buf[LEN];

	for (int round = 0; round < 2; round++) {
		int mtu = NARROW - round * 100;

		ASSERT_TRUE(works(self, LEN));
		for (uint32_t n = 0; n < 5; n++) {
			fill(buf, LEN, n);
			ASSERT_EQ(LEN, send(self->tx, buf, LEN, 0));
		}
		if (!round)
			hush();
		narrow(self, mtu);
		for (uint32_t n = 0; n < 5; n++)
			ASSERT_EQ(LEN, recv(self->rx, buf, LEN, 0));
		ASSERT_TRUE(finds(self, variant->family, mtu));
		EXPECT_EQ(round + 1, counter("MtuBlackHoles"));
	}
	EXPECT_EQ(0, counter("AssocFailed"));
}

RDM_TEST(mtu, u13_small_messages_get_through_a_black_hole_beside_large_ones)
{
	static uint8_t buf[LEN];
	int got = 0;

	ASSERT_TRUE(works(self, LEN));
	hush();
	narrow(self, NARROW);
	ASSERT_EQ(LEN, send(self->tx, buf, LEN, 0));
	for (int n = 0; n < 50; n++) {
		ASSERT_EQ(20, send(self->tx, buf, 20, 0));
		poll(NULL, 0, 10);
	}
	while (got < 51 && recv(self->rx, buf, LEN, 0) > 0)
		got++;
	EXPECT_EQ(51, got);
	EXPECT_EQ(1, counter("MtuBlackHoles"));
}

RDM_TEST(mtu, u13_no_probe_where_nothing_is_wrong)
{
	for (int n = 0; n < 50; n++)
		ASSERT_TRUE(works(self, n % 2 ? LEN : 1300));
	/* And where ICMP says what is wrong: it is enough */
	narrow(self, NARROW);
	for (int n = 0; n < 20; n++)
		ASSERT_TRUE(works(self, LEN));
	EXPECT_EQ(NARROW, mtu_of(self, variant->family));
	EXPECT_EQ(0, counter("MtuBlackHoles"));
	EXPECT_EQ(0, counter("OutMtuProbes"));
}

RDM_TEST(mtu, u13_without_probing_a_black_hole_swallows_large_messages)
{
	static uint8_t buf[LEN];
	struct rdm_outcome o;
	struct addr to;
	int tx;

	sysctl_set("mtu_probing", 0);
	tx = rdm_socket(variant->family, variant->type);
	set_int(tx, SOL_RDM, RDM_USER_TIMEOUT, USER_TIMEOUT);
	hush();
	narrow(self, NARROW);
	ASSERT_EQ(LEN, send_to(tx, buf, LEN, 0, &self->at));
	ASSERT_TRUE(take_outcome(tx, 3 * USER_TIMEOUT, &o, &to));
	EXPECT_EQ(ETIMEDOUT, (int)o.error);
	EXPECT_EQ(0, counter("OutMtuProbes"));
	close(tx);
	if (variant->family != AF_INET)
		return;
	/* Routers may cut where the user lets them */
	tx = rdm_socket(variant->family, variant->type);
	set_int(tx, SOL_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
	ASSERT_EQ(LEN, send_to(tx, buf, LEN, 0, &self->at));
	while (recv(self->rx, buf, LEN, 0) < LEN)
		;
	ns_enter(self->r);
	EXPECT_LT(0, snmp(AF_INET, "Ip", "FragCreates"));
	close(tx);
}

TEST_HARNESS_MAIN
