// SPDX-License-Identifier: GPL-2.0
/*
 * A part of U13, between hosts: link-local addresses with their scope, a socket that is
 * bound to a device. (api.c has v4-mapped addresses, V6ONLY and namespaces; icmp.c what
 * changes under way.)
 */
#include "kselftest_harness.h"
#include "netlab.h"

#include <net/if.h>
#include <unistd.h>

/* b --- net 1 --- a --- net 2 --- c */
FIXTURE(addr) {
	int a, b, c;
};

RDM_VARIANTS(addr);

FIXTURE_SETUP(addr)
{
	(void)variant;
	self->a = ns_new();
	self->b = ns_new();
	self->c = ns_new();
	ns_link(self->a, "a", self->b, "b", 1);
	ns_link(self->a, "a", self->c, "c", 2);
	ns_enter(self->a);
}

FIXTURE_TEARDOWN(addr)
{
	close(self->a);
	close(self->b);
	close(self->c);
}

/* One message there, and one back to where it came from. */
static bool both_ways(int from, const struct addr *to, int at, struct addr *name)
{
	char c = 0;

	*name = (struct addr){ .len = sizeof(name->ss) };
	return send_to(from, "t", 1, 0, to) == 1 &&
	       recvfrom(at, &c, 1, 0, &name->sa, &name->len) == 1 && c == 't' &&
	       send_to(at, "b", 1, 0, name) == 1 && recv(from, &c, 1, 0) == 1 && c == 'b';
}

RDM_TEST(addr, u13_a_socket_bound_to_a_device_hears_that_device_only)
{
	struct addr any = address(variant->family == AF_INET ? "0.0.0.0" : "::", 7000);
	struct addr to_b_side = lab_addr(variant->family, 1, 1, 7000);
	struct addr to_c_side = lab_addr(variant->family, 2, 1, 7000);
	int rx = rdm_socket(variant->family, variant->type), from_b, from_c;
	struct rdm_outcome o;
	struct addr name, to;

	ASSERT_OK(setsockopt(rx, SOL_SOCKET, SO_BINDTODEVICE, "to_b", 5));
	ASSERT_OK(bind(rx, &any.sa, any.len));
	ns_enter(self->b);
	from_b = rdm_socket(variant->family, variant->type);
	ns_enter(self->c);
	from_c = rdm_socket(variant->family, variant->type);
	EXPECT_TRUE(both_ways(from_b, &to_b_side, rx, &name));
	ASSERT_EQ(1, send_to(from_c, "x", 1, 0, &to_c_side));
	ASSERT_TRUE(take_outcome(from_c, PATIENCE, &o, &to));
	EXPECT_EQ(ECONNREFUSED, o.error);
	EXPECT_EQ(0, wait_for(rx, POLLIN, 0));
	/* What it sends leaves there as well: net 2 is not reachable by that link */
	to = lab_addr(variant->family, 2, 2, 7000);
	set_int(rx, SOL_RDM, RDM_USER_TIMEOUT, 1000);
	if (send_to(rx, "x", 1, 0, &to) == 1) {
		ASSERT_TRUE(take_outcome(rx, PATIENCE, &o, &to));
		EXPECT_TRUE(o.error == EHOSTUNREACH || o.error == ENETUNREACH ||
			    o.error == ETIMEDOUT)
			TH_LOG("%s", strerror((int)o.error));
	} else {
		EXPECT_TRUE(errno == ENETUNREACH || errno == EHOSTUNREACH);
	}
	close(rx);
	close(from_b);
	close(from_c);
}

FIXTURE(scope) {
	int a, b, c;
	int tx, b_rx, c_rx;
	unsigned int to_b, to_c;	/* devices */
};

FIXTURE_VARIANT(scope) { int type; };
FIXTURE_VARIANT_ADD(scope, ipv6_rdm) { SOCK_RDM };
FIXTURE_VARIANT_ADD(scope, ipv6_seqpacket) { SOCK_SEQPACKET };

static int bound_here(int type)
{
	struct addr any = address("::", 7000);
	int fd = rdm_socket(AF_INET6, type);

	run_ip("addr add fe80::99/64 dev to_a nodad\n");
	if (bind(fd, &any.sa, any.len))
		fatal("bind");
	return fd;
}

FIXTURE_SETUP(scope)
{
	self->a = ns_new();
	self->b = ns_new();
	self->c = ns_new();
	ns_link(self->a, "a", self->b, "b", 1);
	ns_link(self->a, "a", self->c, "c", 2);
	/* Both have one address: only the scope tells them apart */
	ns_enter(self->b);
	self->b_rx = bound_here(variant->type);
	ns_enter(self->c);
	self->c_rx = bound_here(variant->type);
	ns_enter(self->a);
	self->to_b = if_nametoindex("to_b");
	self->to_c = if_nametoindex("to_c");
	self->tx = rdm_socket(AF_INET6, variant->type);
}

FIXTURE_TEARDOWN(scope)
{
	close(self->tx);
	close(self->b_rx);
	close(self->c_rx);
	close(self->a);
	close(self->b);
	close(self->c);
}

RDM_TEST(scope, u13_link_local_addresses_need_and_tell_their_scope)
{
	struct addr to = address("fe80::99", 7000), at, name;
	char c;

	EXPECT_FAIL(EINVAL, send_to(self->tx, "x", 1, 0, &to));
	EXPECT_FAIL(EINVAL, connect(self->tx, &to.sa, to.len));
	to.in6.sin6_scope_id = self->to_b;
	EXPECT_TRUE(both_ways(self->tx, &to, self->b_rx, &name));
	EXPECT_NE(0, name.in6.sin6_scope_id);
	EXPECT_TRUE(IN6_IS_ADDR_LINKLOCAL(&name.in6.sin6_addr));
	/* The same address behind the other device is another peer */
	to.in6.sin6_scope_id = self->to_c;
	EXPECT_TRUE(both_ways(self->tx, &to, self->c_rx, &name));
	EXPECT_EQ(2, counter("AssocOpened"));
	EXPECT_EQ(0, wait_for(self->b_rx, POLLIN, 100));
	/* What comes from there says by which device it came */
	at = local_addr(self->tx);
	for (int k = 0; k < 2; k++) {
		struct addr from = { .len = sizeof(from.ss) };

		to.in6.sin6_scope_id = k ? self->to_c : self->to_b;
		ASSERT_EQ(1, send_to(self->tx, "q", 1, 0, &to));
		ASSERT_EQ(1, recvfrom(k ? self->c_rx : self->b_rx, &c, 1, 0, &name.sa, &name.len));
		ASSERT_EQ(1, send_to(k ? self->c_rx : self->b_rx, "r", 1, 0, &name));
		ASSERT_EQ(1, recvfrom(self->tx, &c, 1, 0, &from.sa, &from.len));
		EXPECT_EQ(to.in6.sin6_scope_id, from.in6.sin6_scope_id);
		EXPECT_TRUE(same_addr(&to, &from));
	}
	EXPECT_EQ(port_of(&at), port_of(&name));
	/* A scope that does not exist */
	to.in6.sin6_scope_id = 9999;
	EXPECT_TRUE(send_to(self->tx, "x", 1, 0, &to) < 0);
}

TEST_HARNESS_MAIN
