// SPDX-License-Identifier: GPL-2.0
/*
 * By which device packets go: SO_BINDTODEVICE, SO_MARK, type of service and the interface
 * of a control message, each on an association that there is. Two hosts, two links between
 * them; each host has an address that both links lead to:
 *
 *   10.8.0.1 a [v0 10.1.0.1]---[10.1.0.2 w0] b 10.9.0.1
 *              [v1 10.2.0.1]---[10.2.0.2 w1]
 *
 * and the same with fd08::1 ... for IPv6. Without more ado both use the first link.
 */
#include "kselftest_harness.h"
#include "rdmtest.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdarg.h>

#define SIZE 3000

FIXTURE(way) {
	int a, b;		/* namespaces; we are in a */
	int tx, rx;
	struct addr from, to;
	bool v4;
	char buf[SIZE];
};

FIXTURE_VARIANT(way) { int family; };
FIXTURE_VARIANT_ADD(way, ipv4) { AF_INET };
FIXTURE_VARIANT_ADD(way, ipv6) { AF_INET6 };

static void run(const char *fmt, ...)
{
	char cmd[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(cmd, sizeof(cmd), fmt, args);
	va_end(args);
	if (system(cmd))
		fatal("%s", cmd);
}

static int this_ns(void)
{
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		fatal("/proc/self/ns/net");
	return fd;
}

static void go(int ns)
{
	if (setns(ns, CLONE_NEWNET))
		fatal("setns");
}

/* The address of host @host on link @net, or of the host itself. */
static const char *ip(bool v4, int net, int host)
{
	static char text[4][32];
	static int k;

	k = (k + 1) % 4;
	snprintf(text[k], sizeof(text[k]), v4 ? "10.%d.0.%d" : "fd0%d::%d", net, host);
	return text[k];
}

/*
 * The neighbours are known from the start: while one is being resolved, an IPv6 host without
 * router preferences takes the other link.
 */
static void set_up_host(bool v4, int own, int other, int host, const char *dev)
{
	const char *f = v4 ? "-4" : "-6", *bits = v4 ? "24" : "64", *nodad = v4 ? "" : "nodad";

	run("ip %s addr add %s dev lo %s", f, ip(v4, own, 1), nodad);
	for (int i = 0; i < 2; i++) {
		run("ip %s addr add %s/%s dev %s%d %s", f, ip(v4, i + 1, host), bits, dev, i,
		    nodad);
		run("ip link set %s%d up", dev, i);
		run("ip %s neigh replace %s lladdr 02:00:00:00:0%d:0%d dev %s%d nud permanent", f,
		    ip(v4, i + 1, 3 - host), i, 3 - host, dev, i);
	}
	for (int i = 0; i < 2; i++) {
		run("ip %s route add %s via %s dev %s%d metric %d", f, ip(v4, other, 1),
		    ip(v4, i + 1, 3 - host), dev, i, 100 + i);
	}
}

FIXTURE_SETUP(way)
{
	self->v4 = variant->family == AF_INET;
	enter_netns(1500);
	self->b = this_ns();
	enter_netns(1500);
	self->a = this_ns();
	for (int i = 0; i < 2; i++) {
		run("ip link add v%d address 02:00:00:00:0%d:01 type veth peer name w%d "
		    "address 02:00:00:00:0%d:02 netns /proc/%d/fd/%d", i, i, i, i, getpid(),
		    self->b);
	}
	go(self->b);
	set_up_host(self->v4, 9, 8, 2, "w");
	self->rx = rdm_socket(variant->family, SOCK_RDM);
	self->to = address(ip(self->v4, 9, 1), 7000);
	ASSERT_OK(bind(self->rx, &self->to.sa, self->to.len));
	go(self->a);
	set_up_host(self->v4, 8, 9, 1, "v");
	/* For what asks for it: by the second link only */
	run("ip %s route add %s via %s dev v1 table 100", self->v4 ? "-4" : "-6",
	    ip(self->v4, 9, 1), ip(self->v4, 2, 2));
	self->tx = rdm_socket(variant->family, SOCK_RDM);
	self->from = address(ip(self->v4, 8, 1), 0);
	ASSERT_OK(bind(self->tx, &self->from.sa, self->from.len));
}

FIXTURE_TEARDOWN(way)
{
	close(self->tx);
	close(self->rx);
}

/* Bytes that a device has sent. */
static unsigned long long sent(const char *dev)
{
	unsigned long long v[16] = { 0 };
	char line[512], name[32];
	FILE *f = fopen("/proc/net/dev", "r");

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, " %31[^:]: %llu %llu %llu %llu %llu %llu %llu %llu %llu", name,
			   v, v + 1, v + 2, v + 3, v + 4, v + 5, v + 6, v + 7, v + 8) == 10 &&
		    !strcmp(name, dev)) {
			fclose(f);
			return v[8];
		}
	}
	fatal("no device %s", dev);
}

#define SENDS_BY(link) do {							\
	unsigned long long by0 = sent("v0"), by1 = sent("v1");			\
										\
	ASSERT_EQ(SIZE, send_to(self->tx, self->buf, SIZE, 0, &self->to));	\
	ASSERT_EQ(SIZE, recv(self->rx, self->buf, SIZE, 0));			\
	ASSERT_TRUE(EVENTUALLY(PATIENCE, outq(self->tx) == 0));			\
	by0 = sent("v0") - by0;							\
	by1 = sent("v1") - by1;							\
	EXPECT_LE(SIZE, (link) ? by1 : by0);					\
	EXPECT_GT(SIZE, (link) ? by0 : by1);					\
} while (0)

/*
 * IPv6 has rules only in a kernel with CONFIG_IPV6_MULTIPLE_TABLES. Without, there is nothing
 * that a mark or a type of service could choose.
 */
static bool add_rule(bool v4, const char *what)
{
	if (!v4 && system("ip -6 rule list >/dev/null 2>&1"))
		return false;
	run("ip %s rule add %s table 100", v4 ? "-4" : "-6", what);
	return true;
}

RDM_TEST(way, a_mark_chooses_the_route_of_a_live_association)
{
	bool by_rule;

	SENDS_BY(0);
	by_rule = add_rule(self->v4, "fwmark 7");
	set_int(self->tx, SOL_SOCKET, SO_MARK, 7);
	SENDS_BY(by_rule);
	set_int(self->tx, SOL_SOCKET, SO_MARK, 0);
	SENDS_BY(0);
}

RDM_TEST(way, type_of_service_chooses_the_route_of_a_live_association)
{
	bool by_rule;

	SENDS_BY(0);
	by_rule = add_rule(self->v4, "tos 0x10");
	set_int(self->tx, self->v4 ? SOL_IP : SOL_IPV6, self->v4 ? IP_TOS : IPV6_TCLASS, 0x10);
	SENDS_BY(by_rule);
}

RDM_TEST(way, unicast_if_chooses_the_device)
{
	SENDS_BY(0);
	set_int(self->tx, self->v4 ? SOL_IP : SOL_IPV6,
		self->v4 ? IP_UNICAST_IF : IPV6_UNICAST_IF, (int)htonl(if_nametoindex("v1")));
	SENDS_BY(1);
}

RDM_TEST(way, bind_to_device_holds_in_both_directions)
{
	const char *f = self->v4 ? "-4" : "-6";

	SENDS_BY(0);
	ASSERT_OK(setsockopt(self->tx, SOL_SOCKET, SO_BINDTODEVICE, "v1", 3));
	/* It goes out by the other link, but the acks come back by the first one: not taken */
	ASSERT_EQ(SIZE, send_to(self->tx, self->buf, SIZE, 0, &self->to));
	ASSERT_EQ(SIZE, recv(self->rx, self->buf, SIZE, 0));
	poll(NULL, 0, 300);
	EXPECT_EQ(SIZE, outq(self->tx));
	/* Until they come by the device that we listen to */
	go(self->b);
	run("ip %s route del %s dev w0", f, ip(self->v4, 8, 1));
	go(self->a);
	EXPECT_TRUE(EVENTUALLY(PATIENCE, outq(self->tx) == 0));
	SENDS_BY(1);
	/* And back again: any device will do */
	ASSERT_OK(setsockopt(self->tx, SOL_SOCKET, SO_BINDTODEVICE, "", 0));
	SENDS_BY(0);
}

RDM_TEST(way, bind_to_device_before_bind)
{
	close(self->tx);
	go(self->b);
	run("ip %s route del %s dev w0", self->v4 ? "-4" : "-6", ip(self->v4, 8, 1));
	go(self->a);
	self->tx = rdm_socket(variant->family, SOCK_RDM);
	ASSERT_OK(setsockopt(self->tx, SOL_SOCKET, SO_BINDTODEVICE, "v1", 3));
	ASSERT_OK(bind(self->tx, &self->from.sa, self->from.len));
	SENDS_BY(1);
}

RDM_TEST(way, the_interface_of_pktinfo_holds_for_the_association)
{
	union {
		char room[CMSG_SPACE(sizeof(struct in6_pktinfo))];
		struct cmsghdr c;
	} u = { 0 };
	struct in6_pktinfo info6 = { .ipi6_ifindex = if_nametoindex("v1") };
	struct in_pktinfo info4 = { .ipi_ifindex = (int)info6.ipi6_ifindex };
	size_t len = self->v4 ? sizeof(info4) : sizeof(info6);
	struct iovec iov = { self->buf, SIZE };
	struct msghdr msg = {
		.msg_name = &self->to,
		.msg_namelen = self->to.len,
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &u,
		.msg_controllen = CMSG_SPACE(len),
	};

	SENDS_BY(0);
	u.c.cmsg_level = self->v4 ? SOL_IP : SOL_IPV6;
	u.c.cmsg_type = self->v4 ? IP_PKTINFO : IPV6_PKTINFO;
	u.c.cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(&u.c), self->v4 ? (void *)&info4 : &info6, len);
	ASSERT_EQ(SIZE, sendmsg(self->tx, &msg, 0));
	ASSERT_EQ(SIZE, recv(self->rx, self->buf, SIZE, 0));
	SENDS_BY(1);
}

/*
 * A route to nowhere, and a better one that comes later: in IPv6 one in another table does not
 * end the validity of the first for who has looked it up.
 */
TEST(ipv6_way_that_leads_nowhere_is_looked_up_anew)
{
	struct addr any = address("::", 7001), to = address("fd08::77", 7001);
	int tx, rx;
	char c;

	enter_netns(1500);
	tx = rdm_socket(AF_INET6, SOCK_RDM);
	rx = rdm_socket(AF_INET6, SOCK_RDM);
	ASSERT_OK(bind(rx, &any.sa, any.len));
	/* where there is one table only, the metric decides */
	run("ip -6 route add fd08::77 dev lo metric 2000");
	ASSERT_EQ(1, send_to(tx, "x", 1, 0, &to));
	poll(NULL, 0, 50);
	run("ip -6 route add local fd08::77 dev lo table local");
	ASSERT_EQ(1, recv(rx, &c, 1, 0));
	close(tx);
	close(rx);
}

TEST_HARNESS_MAIN
