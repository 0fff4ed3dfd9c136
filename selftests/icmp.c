// SPDX-License-Identifier: GPL-2.0
/*
 * A part of U7 and U13: what routers say. Between the sender and its peers stands a
 * router in a namespace of its own, with routes that refuse and links that take smaller
 * packets. Its ICMP errors are hints (RFC 5927): they explain a silence, they make
 * fragments smaller, and they concern only the destination that they name.
 */
#include "kselftest_harness.h"
#include "netlab.h"

#include <stdlib.h>

/* Longer than a busy machine stands still */
#define USER_TIMEOUT (slowness() > 1 ? 4000 : 1500)
/* A third address, of the same host as the second: a destination of its own */
#define GOOD 2
#define FAR 3

static char zeros[20000];

/* a --- net 1 --- r --- net 2 --- b */
FIXTURE(icmp) {
	int a, r, b;		/* namespaces; the test is in a */
	int tx, good, far;	/* good and far are in b */
	struct addr good_at, far_at;
	uint32_t sent, got;
};

LAB_VARIANTS(icmp);

/* A message to good, which must come. */
static bool good_works(FIXTURE_DATA(icmp) * self, size_t len)
{
	static uint8_t buf[70000];
	uint32_t seq = ++self->sent;

	fill(buf, len, seq);
	return send_to(self->tx, buf, len, 0, &self->good_at) == (ssize_t)len &&
	       recv(self->good, buf, sizeof(buf), 0) == (ssize_t)len && intact(buf, len, seq);
}

static bool far_works(FIXTURE_DATA(icmp) * self, size_t len)
{
	static uint8_t buf[70000];
	uint32_t seq = ++self->sent;

	fill(buf, len, seq);
	return send_to(self->tx, buf, len, 0, &self->far_at) == (ssize_t)len &&
	       recv(self->far, buf, sizeof(buf), 0) == (ssize_t)len && intact(buf, len, seq) &&
	       EVENTUALLY(PATIENCE, outq(self->tx) == 0);
}

FIXTURE_SETUP(icmp)
{
	ns_behind_router(&self->a, &self->r, &self->b);
	ns_enter(self->b);
	run_ip("addr add 10.2.0.%d/24 dev to_r\naddr add fd00:2::%d/64 dev to_r nodad\n", FAR, FAR);
	self->good_at = lab_addr(variant->family, 2, GOOD, 7000);
	self->far_at = lab_addr(variant->family, 2, FAR, 7000);
	self->good = rdm_socket(variant->family, variant->type);
	self->far = rdm_socket(variant->family, variant->type);
	ASSERT_OK(bind(self->good, &self->good_at.sa, self->good_at.len));
	ASSERT_OK(bind(self->far, &self->far_at.sa, self->far_at.len));
	ns_enter(self->r);
	/* Each error is told: what the router keeps to itself is not under test */
	set_net("ipv4/icmp_ratelimit", 0);
	set_net("ipv6/icmp/ratelimit", 0);
	ns_enter(self->a);
	self->tx = rdm_socket(variant->family, variant->type);
	set_int(self->tx, SOL_RDM, RDM_USER_TIMEOUT, USER_TIMEOUT);
}

FIXTURE_TEARDOWN(icmp)
{
	close(self->tx);
	close(self->good);
	close(self->far);
	close(self->a);
	close(self->b);
	close(self->r);
}

/* What the router does with packets to far from now on; NULL: it forwards them. */
static void far_route(FIXTURE_DATA(icmp) * self, int family, const char *what)
{
	const char *dest = family == AF_INET ? "10.2.0.3/32" : "fd00:2::3/128";

	ns_enter(self->r);
	if (what)
		run_ip("route add %s %s metric 1\n", what, dest);
	else
		run_ip("route del %s metric 1\n", dest);
	ns_enter(self->a);
}

/*
 * Messages to far fail, with one of these, when the user timeout has passed; until then
 * and after, messages to good arrive.
 */
static void fails_alone(struct __test_metadata *_metadata, FIXTURE_DATA(icmp) * self,
			int err, int err2, uint32_t fate)
{
	/* No more than the smallest window takes, or nearly: all of them are sent */
	uint32_t told = 0, n = 2;
	double start = now();
	struct rdm_outcome o;
	struct addr to;

	for (uint32_t i = 0; i < n; i++)
		ASSERT_EQ(3000, send_to(self->tx, zeros, 3000, 0, &self->far_at));
	while (told < n && now() < start + USER_TIMEOUT / 1e3 + PATIENCE / 1e3) {
		ASSERT_TRUE(good_works(self, 2000));
		if (!take_outcome(self->tx, 50, &o, &to))
			continue;
		EXPECT_LE(start + USER_TIMEOUT / 1e3 - 0.1, now());
		EXPECT_GE(start + USER_TIMEOUT / 1e3 + 3 * slowness(), now());
		EXPECT_TRUE(same_addr(&to, &self->far_at));
		EXPECT_TRUE((int)o.error == err || (int)o.error == err2)
			TH_LOG("%s", strerror((int)o.error));
		EXPECT_EQ(fate, o.fate);
		told += o.count;
	}
	EXPECT_EQ(n, told);
	EXPECT_TRUE(good_works(self, 2000));
	EXPECT_FALSE(take_outcome(self->tx, 100, &o, &to));
	EXPECT_EQ(0, wait_for(self->far, POLLIN, 0));
}

RDM_TEST(icmp, u7_a_router_refuses_one_destination)
{
	uint64_t heard;

	ASSERT_TRUE(good_works(self, 2000));
	ASSERT_TRUE(far_works(self, 2000));
	far_route(self, variant->family, "unreachable");
	heard = counter("InIcmp");
	fails_alone(_metadata, self, EHOSTUNREACH, ENETUNREACH, RDM_FATE_UNKNOWN);
	EXPECT_LT(heard, counter("InIcmp"));
	/* The way is open again */
	far_route(self, variant->family, NULL);
	EXPECT_TRUE(far_works(self, 2000));
}

RDM_TEST(icmp, u7_a_router_refuses_the_first_packet)
{
	far_route(self, variant->family, "prohibit");
	fails_alone(_metadata, self, EHOSTUNREACH, EACCES, RDM_FATE_NEVER_SENT);
	EXPECT_LT(0, counter("InIcmp"));
	far_route(self, variant->family, NULL);
	EXPECT_TRUE(far_works(self, 2000));
}

RDM_TEST(icmp, u7_a_router_loses_all_for_one_destination)
{
	ASSERT_TRUE(far_works(self, 2000));
	far_route(self, variant->family, "blackhole");
	fails_alone(_metadata, self, ETIMEDOUT, ETIMEDOUT, RDM_FATE_UNKNOWN);
	EXPECT_EQ(0, counter("InIcmp"));
	far_route(self, variant->family, NULL);
	EXPECT_TRUE(far_works(self, 2000));
}

RDM_TEST(icmp, u7_a_refusal_that_ends_in_time_costs_nothing)
{
	static const char *const what[] = { "unreachable", "prohibit" };
	static uint8_t buf[3000];
	struct rdm_outcome o;
	struct addr to;

	set_int(self->tx, SOL_RDM, RDM_USER_TIMEOUT, 20000);
	for (unsigned int i = 0; i < ARRAY_SIZE(what); i++) {
		uint64_t heard = counter("InIcmp");

		/* In the handshake first, then on the association */
		far_route(self, variant->family, what[i]);
		fill(buf, sizeof(buf), i);
		ASSERT_EQ(sizeof(buf), send_to(self->tx, buf, sizeof(buf), 0, &self->far_at));
		ASSERT_TRUE(EVENTUALLY(PATIENCE, counter("InIcmp") > heard));
		EXPECT_EQ(0, wait_for(self->far, POLLIN, 300));
		far_route(self, variant->family, NULL);
		ASSERT_EQ(sizeof(buf), recv(self->far, buf, sizeof(buf), 0));
		EXPECT_TRUE(intact(buf, sizeof(buf), i));
		ASSERT_TRUE(EVENTUALLY(PATIENCE, outq(self->tx) == 0));
	}
	EXPECT_FALSE(take_outcome(self->tx, 100, &o, &to));
	EXPECT_EQ(0, counter("AssocFailed"));
}

/* The longest UDP payload to this address among those recorded since @first. */
static size_t longest(const struct tap *t, size_t first, const struct addr *to)
{
	size_t len = 0;

	for (size_t i = first; i < t->n; i++) {
		if (same_addr(&t->packets[i]->to, to) && t->packets[i]->len > len)
			len = t->packets[i]->len;
	}
	return len;
}

RDM_TEST(icmp, u13_a_link_behind_the_router_shrinks_and_grows_in_mid_flow)
{
	bool ip4 = variant->family == AF_INET;
	size_t headers = ip4 ? 28 : 48, full = 0;
	struct tap tap;
	size_t first;

	set_int(self->tx, SOL_RDM, RDM_USER_TIMEOUT, 20000);
	/* Packets that are recorded one by one */
	sysctl_set("gso", 0);
	tap_open(&tap, "to_r");
	for (unsigned int round = 0; round < 3; round++) {
		ns_enter(self->r);
		run_ip("link set to_b mtu 1500\n");
		ns_enter(self->b);
		run_ip("link set to_r mtu 1500\n");
		ns_enter(self->a);
		ASSERT_TRUE(good_works(self, 60000));
		tap_read(&tap);
		if (!round) {
			full = longest(&tap, 0, &self->good_at);
			EXPECT_LT(1500 - headers - 100, full);
			EXPECT_GE(1500 - headers, full);
		}
		/* Messages are on their way when it shrinks, and the next follow */
		for (int i = 0; i < 3; i++)
			ASSERT_EQ(20000, send_to(self->tx, zeros, 20000, 0,
						 &self->good_at));
		ns_enter(self->r);
		run_ip("link set to_b mtu 1300\n");
		ns_enter(self->b);
		run_ip("link set to_r mtu 1300\n");
		ns_enter(self->a);
		for (int i = 0; i < 3; i++)
			ASSERT_EQ(20000, recv(self->good, zeros, 20000, 0));
		ASSERT_TRUE(good_works(self, 60000));
	}
	tap_read(&tap);
	first = tap.n;
	ASSERT_TRUE(good_works(self, 60000));
	tap_read(&tap);
	ns_enter(self->r);
	/* It refused, cut nothing, and was understood: what was sent last fits */
	EXPECT_LT(0, snmp(variant->family, ip4 ? "Ip" : "Icmp",
			  ip4 ? "FragFails" : "OutPktTooBigs"));
	EXPECT_EQ(0, snmp(variant->family, "Ip", "FragCreates"));
	EXPECT_GE(1300 - headers, longest(&tap, first, &self->good_at));
	EXPECT_LT(1300 - headers - 100, longest(&tap, first, &self->good_at));
	ns_enter(self->a);
	EXPECT_EQ(0, counter("AssocFailed"));
	tap_free(&tap);
}

RDM_TEST(icmp, u13_too_big_makes_the_packets_to_one_destination_smaller)
{
	bool ip4 = variant->family == AF_INET;
	size_t headers = ip4 ? 28 : 48, first;
	struct addr tx_at, router;
	struct packet *p = NULL;
	uint64_t received;
	struct forge forge;
	struct tap tap;

	set_int(self->tx, SOL_RDM, RDM_USER_TIMEOUT, 20000);
	sysctl_set("gso", 0);
	tap_open(&tap, "to_r");
	ASSERT_TRUE(far_works(self, 20000));
	ASSERT_TRUE(good_works(self, 20000));
	tap_read(&tap);
	for (size_t i = 0; i < tap.n; i++) {
		if (same_addr(&tap.packets[i]->to, &self->far_at) && tap.packets[i]->len > 1200)
			p = tap.packets[i];
	}
	ASSERT_NE(NULL, p);
	tx_at = p->from;
	router = lab_addr(variant->family, 1, 2, 0);
	ns_enter(self->r);
	forge_open(&forge);
	ns_enter(self->a);
	received = snmp(variant->family, "Icmp", "InMsgs");
	forge_icmp(&forge, &router, &tx_at, &self->far_at, ip4 ? 3 : 2, ip4 ? 4 : 0, 1300,
		   p->data, 64);
	ASSERT_TRUE(EVENTUALLY(PATIENCE, snmp(variant->family, "Icmp", "InMsgs") > received));
	tap_read(&tap);
	first = tap.n;
	ASSERT_TRUE(far_works(self, 20000));
	ASSERT_TRUE(good_works(self, 20000));
	tap_read(&tap);
	EXPECT_GE(1300 - headers, longest(&tap, first, &self->far_at));
	EXPECT_LT(1300 - headers - 100, longest(&tap, first, &self->far_at));
	/* The other is not concerned */
	EXPECT_LT(1500 - headers - 100, longest(&tap, first, &self->good_at));
	EXPECT_EQ(0, counter("AssocFailed"));
	forge_close(&forge);
	tap_free(&tap);
}

RDM_TEST(icmp, u13_an_address_is_removed_in_mid_flow)
{
	const char *dest = variant->family == AF_INET ? "10.2.0.3/24" : "fd00:2::3/64";
	struct rdm_outcome o;
	struct addr to;

	/* For less than the user timeout: nothing is lost */
	set_int(self->tx, SOL_RDM, RDM_USER_TIMEOUT, 20000);
	ASSERT_TRUE(far_works(self, 20000));
	ns_enter(self->b);
	run_ip("addr del %s dev to_r\n", dest);
	ns_enter(self->a);
	for (int i = 0; i < 3; i++)
		ASSERT_EQ(5000, send_to(self->tx, zeros, 5000, 0, &self->far_at));
	for (int i = 0; i < 5; i++)
		ASSERT_TRUE(good_works(self, 5000));
	EXPECT_EQ(0, wait_for(self->far, POLLIN, 300));
	ns_enter(self->b);
	run_ip("addr add %s dev to_r %s\n", dest, variant->family == AF_INET ? "" : "nodad");
	ns_enter(self->a);
	for (int i = 0; i < 3; i++)
		ASSERT_EQ(5000, recv(self->far, zeros, 5000, 0));
	ASSERT_TRUE(EVENTUALLY(PATIENCE, outq(self->tx) == 0));

	/* Our own, for ever: what was sent from it fails in time, and another address works */
	set_int(self->tx, SOL_RDM, RDM_USER_TIMEOUT, USER_TIMEOUT);
	dest = variant->family == AF_INET ? "10.1.0.1/24" : "fd00:1::1/64";
	run_ip("addr del %s dev to_r\n", dest);
	run_ip(variant->family == AF_INET ?
	       "addr add 10.1.0.7/24 dev to_r\nroute replace 10.2.0.0/24 via 10.1.0.2\n" :
	       "addr add fd00:1::7/64 dev to_r nodad\nroute replace fd00:2::/64 via fd00:1::2\n");
	ASSERT_EQ(1, send_to(self->tx, "x", 1, 0, &self->far_at));
	/* The answers to the old one have nowhere to go */
	if (take_outcome(self->tx, PATIENCE, &o, &to)) {
		EXPECT_TRUE(same_addr(&to, &self->far_at));
		EXPECT_EQ(1, o.count);
	}
	EXPECT_TRUE(EVENTUALLY(PATIENCE, outq(self->tx) == 0));
	while (recv(self->far, zeros, sizeof(zeros), MSG_DONTWAIT) >= 0)
		;
	EXPECT_TRUE(far_works(self, 5000));
}

TEST_HARNESS_MAIN
