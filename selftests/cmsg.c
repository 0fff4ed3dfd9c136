// SPDX-License-Identifier: GPL-2.0
/*
 * Control messages of IP, IPv6 and the socket level, in both directions, and the options
 * that ask for them; what packets on the wire look like; and what is refused because it
 * could have no effect.
 */
#include "kselftest_harness.h"
#include "rdmtest.h"

#include <arpa/inet.h>
#include <linux/errqueue.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/net_tstamp.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <sys/time.h>
#include <time.h>

/* Both may be missing from libc's headers */
#ifndef IPV6_DONTFRAG
#define IPV6_DONTFRAG 62
#endif
#define DEV_LO 1

FIXTURE(cmsg) {
	int tx, rx;
	struct addr at;
	bool v4;
};

RDM_VARIANTS(cmsg);

FIXTURE_SETUP(cmsg)
{
	enter_netns(1500);
	self->v4 = variant->family == AF_INET;
	self->tx = rdm_socket(variant->family, variant->type);
	self->rx = rdm_bound(variant->family, variant->type, &self->at);
}

FIXTURE_TEARDOWN(cmsg)
{
	close(self->tx);
	close(self->rx);
}

/* What recvmsg() brought. */
struct got {
	char control[512];
	struct msghdr msg;
	struct iovec iov;
	char data[16];
};

static ssize_t receive(int fd, struct got *g, int flags)
{
	memset(g, 0, sizeof(*g));
	g->iov.iov_base = g->data;
	g->iov.iov_len = sizeof(g->data);
	g->msg.msg_iov = &g->iov;
	g->msg.msg_iovlen = 1;
	g->msg.msg_control = g->control;
	g->msg.msg_controllen = sizeof(g->control);
	return recvmsg(fd, &g->msg, flags);
}

/* The control message's data when it has this length, else NULL. */
static void *find(struct got *g, int level, int type, size_t len)
{
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(&g->msg); c; c = CMSG_NXTHDR(&g->msg, c))
		if (c->cmsg_level == level && c->cmsg_type == type && c->cmsg_len == CMSG_LEN(len))
			return CMSG_DATA(c);
	return NULL;
}

static int find_int(struct got *g, int level, int type)
{
	int v = -2, *p = find(g, level, type, sizeof(v));

	if (p)
		memcpy(&v, p, sizeof(v));
	return v;
}

/* sendmsg with one control message, of two bytes of data. */
static ssize_t send_with(int fd, const struct addr *to, int level, int type, const void *data,
			 size_t len)
{
	union {
		char room[CMSG_SPACE(64)];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec iov = { "ab", 2 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = CMSG_SPACE(len),
	};

	if (to) {
		msg.msg_name = (void *)&to->sa;
		msg.msg_namelen = to->len;
	}
	control.align.cmsg_level = level;
	control.align.cmsg_type = type;
	control.align.cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(&control.align), data, len);
	return sendmsg(fd, &msg, 0);
}

static ssize_t send_int(int fd, const struct addr *to, int level, int type, int v)
{
	return send_with(fd, to, level, type, &v, sizeof(v));
}

/* Sends from this address (text; NULL: none) and device. */
static ssize_t send_from(int fd, const struct addr *to, const char *text, unsigned int dev)
{
	struct in_pktinfo info4 = { .ipi_ifindex = (int)dev };
	struct in6_pktinfo info6 = { .ipi6_ifindex = dev };

	if (to->sa.sa_family == AF_INET) {
		if (text)
			inet_pton(AF_INET, text, &info4.ipi_spec_dst);
		return send_with(fd, to, SOL_IP, IP_PKTINFO, &info4, sizeof(info4));
	}
	if (text)
		inet_pton(AF_INET6, text, &info6.ipi6_addr);
	return send_with(fd, to, SOL_IPV6, IPV6_PKTINFO, &info6, sizeof(info6));
}

/* A second and third address of this host, and one that it has not. */
static const char *own(bool v4, int i)
{
	static const char *const four[] = { "127.0.0.2", "127.0.0.3" };
	static const char *const six[] = { "fd77::2", "fd77::3" };

	return v4 ? four[i] : six[i];
}

static void add_addresses(void)
{
	if (system("ip -6 addr add fd77::2 dev lo nodad && ip -6 addr add fd77::3 dev lo nodad"))
		fatal("ip addr");
}

RDM_TEST(cmsg, nothing_comes_that_was_not_asked_for)
{
	struct got g;

	ASSERT_EQ(2, send_to(self->tx, "ab", 2, 0, &self->at));
	ASSERT_EQ(2, receive(self->rx, &g, 0));
	EXPECT_EQ(0, g.msg.msg_controllen);
}

RDM_TEST(cmsg, pktinfo_tells_where_a_message_was_sent_to)
{
	struct addr any = address(self->v4 ? "0.0.0.0" : "::", 0), to;
	int rx = rdm_socket(variant->family, variant->type), i;
	struct in6_pktinfo *info6;
	struct in_pktinfo *info4;
	struct got g;

	add_addresses();
	ASSERT_OK(bind(rx, &any.sa, any.len));
	if (self->v4)
		set_int(rx, SOL_IP, IP_PKTINFO, 1);
	else
		set_int(rx, SOL_IPV6, IPV6_RECVPKTINFO, 1);
	any = local_addr(rx);
	for (i = 0; i < 2; i++) {
		to = address(own(self->v4, i), port_of(&any));
		ASSERT_EQ(2, send_to(self->tx, "ab", 2, 0, &to));
		/* MSG_PEEK shows the same */
		ASSERT_EQ(2, receive(rx, &g, MSG_PEEK));
		EXPECT_NE(0, g.msg.msg_controllen);
		ASSERT_EQ(2, receive(rx, &g, 0));
		if (self->v4) {
			info4 = find(&g, SOL_IP, IP_PKTINFO, sizeof(*info4));
			ASSERT_NE(NULL, info4);
			EXPECT_EQ(to.in.sin_addr.s_addr, info4->ipi_addr.s_addr);
			EXPECT_EQ(to.in.sin_addr.s_addr, info4->ipi_spec_dst.s_addr);
			EXPECT_EQ(DEV_LO, info4->ipi_ifindex);
			continue;
		}
		info6 = find(&g, SOL_IPV6, IPV6_PKTINFO, sizeof(*info6));
		ASSERT_NE(NULL, info6);
		EXPECT_EQ(0, memcmp(&to.in6.sin6_addr, &info6->ipi6_addr, 16));
		EXPECT_EQ(DEV_LO, info6->ipi6_ifindex);
	}
	close(rx);
}

RDM_TEST(cmsg, v4_mapped_peers_have_pktinfo_too)
{
	struct addr any = address("::", 0), to;
	int rx = rdm_socket(AF_INET6, variant->type);
	struct in6_pktinfo *info6;
	struct got g;

	set_int(rx, SOL_IPV6, IPV6_RECVPKTINFO, 1);
	set_int(rx, SOL_IP, IP_PKTINFO, 1);
	set_int(rx, SOL_IP, IP_RECVTTL, 1);
	set_int(rx, SOL_IPV6, IPV6_RECVHOPLIMIT, 1);
	ASSERT_OK(bind(rx, &any.sa, any.len));
	any = local_addr(rx);
	to = self->v4 ? address("127.0.0.1", port_of(&any)) :
	     address("::ffff:127.0.0.1", port_of(&any));
	ASSERT_EQ(2, send_to(self->tx, "ab", 2, 0, &to));
	ASSERT_EQ(2, receive(rx, &g, 0));
	info6 = find(&g, SOL_IPV6, IPV6_PKTINFO, sizeof(*info6));
	ASSERT_NE(NULL, info6);
	EXPECT_TRUE(IN6_IS_ADDR_V4MAPPED(&info6->ipi6_addr));
	EXPECT_NE(NULL, find(&g, SOL_IP, IP_PKTINFO, sizeof(struct in_pktinfo)));
	EXPECT_EQ(64, find_int(&g, SOL_IP, IP_TTL));
	EXPECT_EQ(-2, find_int(&g, SOL_IPV6, IPV6_HOPLIMIT));
	close(rx);
}

RDM_TEST(cmsg, an_ipv6_only_socket_talks_to_no_ipv4_peer)
{
	int fd = rdm_socket(AF_INET6, variant->type);
	struct addr mapped, any = address("::", 0), four = address("127.0.0.1", 0);

	EXPECT_EQ(0, get_int(fd, SOL_IPV6, IPV6_V6ONLY));
	set_int(fd, SOL_IPV6, IPV6_V6ONLY, 1);
	ASSERT_OK(bind(fd, &any.sa, any.len));
	any = local_addr(fd);
	mapped = address("::ffff:127.0.0.1", port_of(&any));
	EXPECT_FAIL(ENETUNREACH, send_to(fd, "ab", 2, 0, &mapped));
	EXPECT_FAIL(EINVAL, setsockopt(fd, SOL_IPV6, IPV6_V6ONLY, &(int){ 0 }, sizeof(int)));
	/* The port is free for IPv4 */
	close(self->tx);
	self->tx = rdm_socket(AF_INET, variant->type);
	four.in.sin_port = any.in6.sin6_port;
	EXPECT_OK(bind(self->tx, &four.sa, four.len));
	close(fd);
}

RDM_TEST(cmsg, ttl_and_tos_come_and_are_those_of_the_sender)
{
	int level = self->v4 ? SOL_IP : SOL_IPV6;
	struct got g;
	uint8_t *tos;

	set_int(self->rx, level, self->v4 ? IP_RECVTTL : IPV6_RECVHOPLIMIT, 1);
	set_int(self->rx, level, self->v4 ? IP_RECVTOS : IPV6_RECVTCLASS, 1);
	EXPECT_EQ(1, get_int(self->rx, level, self->v4 ? IP_RECVTTL : IPV6_RECVHOPLIMIT));
	for (int round = 0; round < 3; round++) {
		int ttl = round == 1 ? 7 : 64, dscp = round == 1 ? 0xb8 : 0;

		/* On a live association; then back to the default */
		if (round) {
			set_int(self->tx, level, self->v4 ? IP_TTL : IPV6_UNICAST_HOPS,
				round == 1 ? 7 : -1);
			set_int(self->tx, level, self->v4 ? IP_TOS : IPV6_TCLASS, dscp | 3);
			/* ECN's bits are not the user's */
			EXPECT_EQ(dscp, get_int(self->tx, level, self->v4 ? IP_TOS : IPV6_TCLASS));
		}
		ASSERT_EQ(2, send_to(self->tx, "ab", 2, 0, &self->at));
		ASSERT_EQ(2, receive(self->rx, &g, 0));
		EXPECT_EQ(ttl, find_int(&g, level, self->v4 ? IP_TTL : IPV6_HOPLIMIT));
		if (self->v4) {
			tos = find(&g, SOL_IP, IP_TOS, 1);
			ASSERT_NE(NULL, tos);
			EXPECT_EQ(dscp, *tos & ~3);
		} else {
			EXPECT_EQ(dscp, find_int(&g, SOL_IPV6, IPV6_TCLASS) & ~3);
		}
	}
}

RDM_TEST(cmsg, the_original_destination_comes_on_request)
{
	struct sockaddr_in6 *sin6;
	struct sockaddr_in *sin;
	struct got g;

	if (self->v4)
		set_int(self->rx, SOL_IP, IP_RECVORIGDSTADDR, 1);
	else
		set_int(self->rx, SOL_IPV6, IPV6_RECVORIGDSTADDR, 1);
	ASSERT_EQ(2, send_to(self->tx, "ab", 2, 0, &self->at));
	ASSERT_EQ(2, receive(self->rx, &g, 0));
	if (self->v4) {
		sin = find(&g, SOL_IP, IP_ORIGDSTADDR, sizeof(*sin));
		ASSERT_NE(NULL, sin);
		EXPECT_EQ(self->at.in.sin_port, sin->sin_port);
		EXPECT_EQ(self->at.in.sin_addr.s_addr, sin->sin_addr.s_addr);
	} else {
		sin6 = find(&g, SOL_IPV6, IPV6_ORIGDSTADDR, sizeof(*sin6));
		ASSERT_NE(NULL, sin6);
		EXPECT_EQ(self->at.in6.sin6_port, sin6->sin6_port);
	}
}

/* Near enough to now to be a time. */
static bool is_now(long long sec)
{
	long long d = (long long)time(NULL) - sec;

	return d >= -1 && d < PATIENCE / 1000;
}

RDM_TEST(cmsg, timestamps_come_in_every_form)
{
	static const struct {
		int name, value, type;
		size_t len;
		bool wide;
	} forms[] = {
		{ SO_TIMESTAMP_OLD, 1, SO_TIMESTAMP_OLD, 2 * sizeof(long), false },
		{ SO_TIMESTAMP_NEW, 1, SO_TIMESTAMP_NEW, 16, true },
		{ SO_TIMESTAMPNS_OLD, 1, SO_TIMESTAMPNS_OLD, 2 * sizeof(long), false },
		{ SO_TIMESTAMPNS_NEW, 1, SO_TIMESTAMPNS_NEW, 16, true },
		{ SO_TIMESTAMPING_OLD, SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE,
		  SO_TIMESTAMPING_OLD, 6 * sizeof(long), false },
		{ SO_TIMESTAMPING_NEW, SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE,
		  SO_TIMESTAMPING_NEW, 48, true },
	};
	struct got g;

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		long long wide;
		long narrow;
		void *data;

		set_int(self->rx, SOL_SOCKET, forms[i].name, forms[i].value);
		ASSERT_EQ(2, send_to(self->tx, "ab", 2, 0, &self->at));
		ASSERT_EQ(2, receive(self->rx, &g, 0));
		data = find(&g, SOL_SOCKET, forms[i].type, forms[i].len);
		ASSERT_NE(NULL, data)
			TH_LOG("form %zu", i);
		memcpy(&wide, data, sizeof(wide));
		memcpy(&narrow, data, sizeof(narrow));
		EXPECT_TRUE(is_now(forms[i].wide ? wide : narrow))
			TH_LOG("form %zu: %lld %ld", i, wide, narrow);
		set_int(self->rx, SOL_SOCKET, forms[i].name, 0);
		ASSERT_EQ(2, send_to(self->tx, "ab", 2, 0, &self->at));
		ASSERT_EQ(2, receive(self->rx, &g, 0));
		EXPECT_EQ(0, g.msg.msg_controllen);
	}
}

RDM_TEST(cmsg, pktinfo_of_zeroes_asks_for_nothing)
{
	ASSERT_EQ(2, send_from(self->tx, &self->at, NULL, 0));
	ASSERT_EQ(2, send_from(self->tx, &self->at, NULL, 0));
	/* Nor does the device that it takes anyway */
	ASSERT_EQ(2, send_from(self->tx, &self->at, NULL, DEV_LO));
}

RDM_TEST(cmsg, pktinfo_chooses_the_address_of_a_new_association_and_pins_it)
{
	struct addr from = { .len = sizeof(from.ss) }, one, any, mine;
	int rx, tx = rdm_socket(variant->family, variant->type);
	char c[2];

	add_addresses();
	any = address(self->v4 ? "0.0.0.0" : "::", 0);
	rx = rdm_socket(variant->family, variant->type);
	ASSERT_OK(bind(rx, &any.sa, any.len));
	any = local_addr(rx);
	one = loopback(variant->family, port_of(&any));

	ASSERT_EQ(2, send_from(tx, &one, own(self->v4, 0), 0));
	ASSERT_EQ(2, recvfrom(rx, c, 2, 0, &from.sa, &from.len));
	any = local_addr(tx);
	mine = address(own(self->v4, 0), port_of(&any));
	EXPECT_TRUE(same_addr(&mine, &from));
	/* Again: the same is fine, nothing is fine, another one cannot be */
	EXPECT_EQ(2, send_from(tx, &one, own(self->v4, 0), DEV_LO));
	EXPECT_EQ(2, send_to(tx, "ab", 2, 0, &one));
	EXPECT_FAIL(EADDRNOTAVAIL, send_from(tx, &one, own(self->v4, 1), 0));
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(2, recvfrom(rx, c, 2, 0, &from.sa, &from.len));
		EXPECT_EQ(port_of(&any), port_of(&from));
	}
	/* The answer goes there, and says so of itself */
	EXPECT_EQ(2, send_from(rx, &from, self->v4 ? "127.0.0.1" : "::1", DEV_LO));
	EXPECT_EQ(2, recv(tx, c, 2, 0));
	close(rx);
	close(tx);
}

RDM_TEST(cmsg, pktinfo_that_cannot_be_is_refused)
{
	struct addr at = local_addr(self->rx);
	struct in_pktinfo info4 = { 0 };

	/* Not ours */
	EXPECT_FAIL(EINVAL, send_from(self->tx, &at, self->v4 ? "10.11.12.13" : "fd99::1", 0));
	EXPECT_FAIL(ENODEV, send_from(self->tx, &at, NULL, 4711));
	/* Bound to another address: answers would not come */
	add_addresses();
	EXPECT_FAIL(EADDRNOTAVAIL, send_from(self->rx, &at, own(self->v4, 0), 0));
	/* Malformed, or of the other family */
	if (self->v4) {
		EXPECT_FAIL(EINVAL, send_with(self->tx, &at, SOL_IP, IP_PKTINFO, &info4, 4));
		EXPECT_FAIL(EINVAL, send_with(self->tx, &at, SOL_IPV6, IPV6_PKTINFO,
					      &(struct in6_pktinfo){ 0 },
					      sizeof(struct in6_pktinfo)));
	} else {
		EXPECT_FAIL(EINVAL, send_with(self->tx, &at, SOL_IPV6, IPV6_PKTINFO, &info4, 4));
		info4.ipi_spec_dst.s_addr = htonl(INADDR_LOOPBACK);
		EXPECT_FAIL(EINVAL, send_with(self->tx, &at, SOL_IP, IP_PKTINFO, &info4,
					      sizeof(info4)));
	}
	/* Nothing of all that was accepted */
	EXPECT_EQ(0, outq(self->tx));
	EXPECT_EQ(0, counter("OutMsgs"));
}

RDM_TEST(cmsg, what_holds_for_packets_is_set_for_the_socket)
{
	int level = self->v4 ? SOL_IP : SOL_IPV6;
	int ttl = self->v4 ? IP_TTL : IPV6_HOPLIMIT, tos = self->v4 ? IP_TOS : IPV6_TCLASS;

	EXPECT_FAIL(EOPNOTSUPP, send_int(self->tx, &self->at, level, ttl, 9));
	EXPECT_FAIL(EOPNOTSUPP, send_int(self->tx, &self->at, level, tos, 0x20));
	set_int(self->tx, level, self->v4 ? IP_TTL : IPV6_UNICAST_HOPS, 9);
	set_int(self->tx, level, tos, 0x20);
	EXPECT_EQ(2, send_int(self->tx, &self->at, level, ttl, 9));
	EXPECT_EQ(2, send_int(self->tx, &self->at, level, tos, 0x20));
	EXPECT_FAIL(EINVAL, send_int(self->tx, &self->at, level, ttl, 256));
	EXPECT_FAIL(EINVAL, send_int(self->tx, &self->at, level, tos, 256));
	EXPECT_FAIL(EINVAL, send_int(self->tx, &self->at, level, 200, 0));

	EXPECT_FAIL(EOPNOTSUPP, send_int(self->tx, &self->at, SOL_SOCKET, SO_MARK, 1));
	EXPECT_FAIL(EOPNOTSUPP, send_with(self->tx, &self->at, SOL_SOCKET, SO_TXTIME,
					  &(uint64_t){ 0 }, 8));
	EXPECT_FAIL(EOPNOTSUPP, send_int(self->tx, &self->at, SOL_SOCKET, SO_TIMESTAMPING_OLD,
					 SOF_TIMESTAMPING_TX_SOFTWARE));
	EXPECT_EQ(2, send_int(self->tx, &self->at, SOL_SOCKET, SO_TIMESTAMPING_OLD, 0));
	/* UDP_SEGMENT */
	EXPECT_FAIL(EOPNOTSUPP, send_with(self->tx, &self->at, SOL_UDP, 103, "\1", 2));
	if (self->v4)
		EXPECT_FAIL(EOPNOTSUPP, send_int(self->tx, &self->at, SOL_IP, IP_RETOPTS, 0));
}

RDM_TEST(cmsg, flags_do_what_they_say_or_are_refused)
{
	static const int no[] = { MSG_DONTROUTE, MSG_OOB, MSG_FASTOPEN, MSG_ZEROCOPY,
				  MSG_PROXY, MSG_TRUNC, MSG_PEEK, MSG_ERRQUEUE, MSG_SYN };
	static const int yes[] = { 0, MSG_EOR, MSG_CONFIRM, MSG_NOSIGNAL, MSG_DONTWAIT,
				   MSG_MORE };
	char c[4];

	for (size_t i = 0; i < ARRAY_SIZE(no); i++)
		EXPECT_FAIL(EOPNOTSUPP, send_to(self->tx, "ab", 2, no[i], &self->at));
	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		EXPECT_EQ(2, send_to(self->tx, "ab", 2, yes[i], &self->at));
		EXPECT_EQ(2, recv(self->rx, c, sizeof(c), MSG_WAITALL | MSG_NOSIGNAL));
	}
	EXPECT_FAIL(EOPNOTSUPP, recv(self->rx, c, sizeof(c), MSG_OOB | MSG_DONTWAIT));
	EXPECT_FAIL(EOPNOTSUPP, recv(self->rx, c, sizeof(c), MSG_FASTOPEN | MSG_DONTWAIT));
	EXPECT_FAIL(EOPNOTSUPP, recv(self->rx, c, sizeof(c), MSG_MORE | MSG_DONTWAIT));
	EXPECT_FAIL(EAGAIN, recv(self->rx, c, sizeof(c), MSG_DONTWAIT));
}

/* A socket that sees what goes through lo. */
static int sniffer(bool v4)
{
	uint16_t proto = htons(v4 ? ETH_P_IP : ETH_P_IPV6);
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_ifindex = DEV_LO,
				  .sll_protocol = proto };
	int fd = socket(AF_PACKET, SOCK_DGRAM, proto);

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)))
		fatal("no packet socket");
	return fd;
}

/* How many packets went to @port since the last call, and how many of them with DF. */
static int sniffed(int fd, bool v4, unsigned int port, int *df)
{
	size_t head = v4 ? sizeof(struct iphdr) : sizeof(struct ip6_hdr);
	char p[2048];
	int n = 0;

	*df = 0;
	while (recv(fd, p, sizeof(p), MSG_DONTWAIT) > (ssize_t)(head + sizeof(struct udphdr))) {
		if (ntohs(((struct udphdr *)(p + head))->dest) != port)
			continue;
		n++;
		if (v4 && (ntohs(((struct iphdr *)p)->frag_off) & IP_DF))
			++*df;
	}
	return n;
}

RDM_TEST(cmsg, mtu_discovery_sets_dont_fragment)
{
	int level = self->v4 ? SOL_IP : SOL_IPV6;
	int name = self->v4 ? IP_MTU_DISCOVER : IPV6_MTU_DISCOVER;
	int fd = sniffer(self->v4), df, n, values[] = { IP_PMTUDISC_DONT, IP_PMTUDISC_WANT,
							IP_PMTUDISC_DO };
	char c[2];

	if (self->v4)
		EXPECT_EQ(IP_PMTUDISC_WANT, get_int(self->tx, level, name));
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		set_int(self->tx, level, name, values[i]);
		EXPECT_EQ(values[i], get_int(self->tx, level, name));
		EXPECT_EQ(2, send_to(self->tx, "ab", 2, 0, &self->at));
		EXPECT_EQ(2, recv(self->rx, c, 2, 0));
		n = sniffed(fd, self->v4, port_of(&self->at), &df);
		EXPECT_LT(0, n);
		EXPECT_EQ(self->v4 && i ? n : 0, df);
	}
	/* Those that ignore what the path can carry */
	for (int v = IP_PMTUDISC_PROBE; v <= IP_PMTUDISC_OMIT; v++)
		EXPECT_FAIL(EOPNOTSUPP, setsockopt(self->tx, level, name, &v, sizeof(v)));
	EXPECT_FAIL(EINVAL, setsockopt(self->tx, level, name, &(int){ 77 }, sizeof(int)));
	close(fd);
}

RDM_TEST(cmsg, the_mtu_of_the_path_can_be_read_when_connected)
{
	int level = self->v4 ? SOL_IP : SOL_IPV6, name = self->v4 ? IP_MTU : IPV6_MTU, v;
	socklen_t len = sizeof(v);

	EXPECT_FAIL(ENOTCONN, getsockopt(self->tx, level, name, &v, &len));
	ASSERT_OK(connect(self->tx, &self->at.sa, self->at.len));
	EXPECT_EQ(1500, get_int(self->tx, level, name));
	if (!self->v4)
		EXPECT_FAIL(EOPNOTSUPP, setsockopt(self->tx, level, name, &(int){ 1300 }, 4));
}

RDM_TEST(cmsg, options_that_would_have_no_effect_are_refused)
{
	/* The ones that are off anyway can be set off */
	static const int off4[] = { IP_TRANSPARENT, IP_FREEBIND, IP_RECVOPTS, IP_RETOPTS,
				    IP_PASSSEC, IP_MINTTL, IP_CHECKSUM,
				    IP_BIND_ADDRESS_NO_PORT };
	static const int off6[] = { IPV6_TRANSPARENT, IPV6_FREEBIND, IPV6_RECVRTHDR,
				    IPV6_RECVHOPOPTS, IPV6_RECVDSTOPTS, IPV6_RECVPATHMTU,
				    IPV6_MINHOPCOUNT, IPV6_2292PKTINFO };
	static const int no4[] = { IP_MULTICAST_ALL, MCAST_JOIN_SOURCE_GROUP, IP_BLOCK_SOURCE,
				   IP_OPTIONS, IP_ROUTER_ALERT, IP_XFRM_POLICY };
	static const int no6[] = { IPV6_MULTICAST_ALL, MCAST_JOIN_SOURCE_GROUP,
				   IPV6_JOIN_ANYCAST, IPV6_RTHDR, IPV6_PKTINFO, IPV6_ADDRFORM };
	const int *off = self->v4 ? off4 : off6, *no = self->v4 ? no4 : no6;
	int level = self->v4 ? SOL_IP : SOL_IPV6, one = 1, zero = 0;
	char big[256] = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(off4); i++) {
		EXPECT_FAIL(EOPNOTSUPP, setsockopt(self->tx, level, off[i], &one, sizeof(one)));
		EXPECT_OK(setsockopt(self->tx, level, off[i], &zero, sizeof(zero)));
	}
	for (size_t i = 0; i < ARRAY_SIZE(no4); i++)
		EXPECT_FAIL(EOPNOTSUPP, setsockopt(self->tx, level, no[i], big, sizeof(big)));
	EXPECT_FAIL(ENOPROTOOPT, setsockopt(self->tx, level, 9999, &one, sizeof(one)));
	EXPECT_FAIL(ENOPROTOOPT, setsockopt(self->tx, SOL_UDP, 100, &one, sizeof(one)));
	if (self->v4)
		EXPECT_FAIL(ENOPROTOOPT, setsockopt(self->tx, SOL_IPV6, IPV6_TCLASS, &one, 4));

	EXPECT_FAIL(EOPNOTSUPP, setsockopt(self->tx, SOL_SOCKET, SO_RCVLOWAT, &(int){ 2 }, 4));
	EXPECT_OK(setsockopt(self->tx, SOL_SOCKET, SO_RCVLOWAT, &one, 4));
	EXPECT_EQ(1, get_int(self->tx, SOL_SOCKET, SO_RCVLOWAT));
	EXPECT_FAIL(ENOPROTOOPT, setsockopt(self->tx, SOL_SOCKET, SO_SNDLOWAT, &one, 4));
	EXPECT_FAIL(EOPNOTSUPP, setsockopt(self->tx, SOL_SOCKET, SO_PEEK_OFF, &one, 4));
	EXPECT_FAIL(EOPNOTSUPP, setsockopt(self->tx, SOL_SOCKET, SO_ZEROCOPY, &one, 4));
}

RDM_TEST(cmsg, no_filter_can_be_attached)
{
	struct sock_filter { uint16_t code; uint8_t jt, jf; uint32_t k; } all = { 6, 0, 0, ~0U };
	struct { unsigned short len; struct sock_filter *filter; } prog = { 1, &all };

	EXPECT_FAIL(EPERM, setsockopt(self->rx, SOL_SOCKET, SO_ATTACH_FILTER, &prog,
				      sizeof(prog)));
}

TEST_HARNESS_MAIN
