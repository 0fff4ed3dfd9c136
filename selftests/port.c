// SPDX-License-Identifier: GPL-2.0
/*
 * Several sockets on one port: who may take a port that another one has (SO_REUSEADDR,
 * SO_REUSEPORT), which of them gets a new association, and that one that lives stays where
 * it is. What listen() does is in accept.c.
 */
#include "kselftest_harness.h"
#include "rdmtest.h"

#include <stdlib.h>
#include <unistd.h>

/* Flags of try_socket(). */
#define ADDR	1
#define PORT	2

#define GROUP	4
#define CLIENTS	64

FIXTURE(port) {
	struct addr at;
};

RDM_VARIANTS(port);

FIXTURE_SETUP(port)
{
	enter_netns(1500);
	self->at = loopback(variant->family, 7000);
}

FIXTURE_TEARDOWN(port)
{
}

/* A socket with these options at this address; -1 with errno when it may not be there. */
static int try_socket(int family, int type, int flags, const struct addr *at)
{
	int fd = rdm_socket(family, type), err;

	set_int(fd, SOL_SOCKET, SO_REUSEADDR, !!(flags & ADDR));
	set_int(fd, SOL_SOCKET, SO_REUSEPORT, !!(flags & PORT));
	if (!bind(fd, &at->sa, at->len))
		return fd;
	err = errno;
	close(fd);
	errno = err;
	return -1;
}

/* The same; ends the test when it may not be there. */
static int socket_at(int family, int type, int flags, const struct addr *at)
{
	int fd = try_socket(family, type, flags, at);

	if (fd < 0)
		fatal("bind to port %u", port_of(at));
	return fd;
}

/* One byte sent to *to, which the port takes for one of its sockets. */
static void say(int fd, char c, const struct addr *to)
{
	if (send_to(fd, &c, 1, 0, to) != 1)
		fatal("send '%c'", c);
}

/* Which of @n sockets has a message first; it is read into *c, its sender into *from. */
static int heard(const int *fds, int n, char *c, struct addr *from)
{
	struct pollfd pfd[GROUP + 1];
	struct addr none;

	if (!from)
		from = &none;
	from->len = sizeof(from->ss);
	for (int i = 0; i < n; i++)
		pfd[i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
	if (poll(pfd, (nfds_t)n, PATIENCE) <= 0)
		return -1;
	for (int i = 0; i < n; i++)
		if (pfd[i].revents & POLLIN)
			return recvfrom(fds[i], c, 1, 0, &from->sa, &from->len) == 1 ? i : -1;
	return -1;
}

RDM_TEST(port, two_sockets_share_a_port_if_both_say_so)
{
	for (int first = 0; first < 4; first++) {
		for (int second = 0; second < 4; second++) {
			int a = socket_at(variant->family, variant->type, first, &self->at);
			int b = try_socket(variant->family, variant->type, second, &self->at);

			if (first & second) {
				EXPECT_LE(0, b) TH_LOG("%d then %d: %s", first, second,
						       strerror(errno));
			} else {
				EXPECT_EQ(-1, b) TH_LOG("%d then %d", first, second);
				EXPECT_EQ(EADDRINUSE, errno);
			}
			if (b >= 0)
				close(b);
			close(a);
			/* Without an association nothing is left of them */
			b = try_socket(variant->family, variant->type, 0, &self->at);
			ASSERT_LE(0, b);
			close(b);
		}
	}
}

RDM_TEST(port, a_third_socket_must_suit_all_who_are_there)
{
	int a = socket_at(variant->family, variant->type, ADDR | PORT, &self->at);
	int b = socket_at(variant->family, variant->type, PORT, &self->at);

	EXPECT_EQ(-1, try_socket(variant->family, variant->type, ADDR, &self->at));
	EXPECT_EQ(EADDRINUSE, errno);
	close(b);
	b = try_socket(variant->family, variant->type, ADDR, &self->at);
	EXPECT_LE(0, b);
	close(b);
	close(a);
}

RDM_TEST(port, reuseport_is_for_one_user)
{
	int a = socket_at(variant->family, variant->type, PORT, &self->at), b, err;

	ASSERT_OK(seteuid(1000));
	b = try_socket(variant->family, variant->type, PORT, &self->at);
	err = errno;
	ASSERT_OK(seteuid(0));
	EXPECT_EQ(-1, b);
	EXPECT_EQ(EADDRINUSE, err);
	close(a);
}

RDM_TEST(port, a_low_port_that_is_shared_needs_the_privilege_too)
{
	struct addr low = loopback(variant->family, 700);
	int a = socket_at(variant->family, variant->type, ADDR, &low), b, err;

	ASSERT_OK(seteuid(1000));
	b = try_socket(variant->family, variant->type, ADDR, &low);
	err = errno;
	ASSERT_OK(seteuid(0));
	EXPECT_EQ(-1, b);
	EXPECT_EQ(EACCES, err);
	close(a);
}

RDM_TEST(port, the_same_port_of_udp_is_never_shared)
{
	int udp = socket(variant->family, SOCK_DGRAM, 0), fd;

	set_int(udp, SOL_SOCKET, SO_REUSEADDR, 1);
	set_int(udp, SOL_SOCKET, SO_REUSEPORT, 1);
	ASSERT_OK(bind(udp, &self->at.sa, self->at.len));
	EXPECT_EQ(-1, try_socket(variant->family, variant->type, ADDR | PORT, &self->at));
	EXPECT_EQ(EADDRINUSE, errno);
	close(udp);

	fd = socket_at(variant->family, variant->type, ADDR | PORT, &self->at);
	udp = socket(variant->family, SOCK_DGRAM, 0);
	set_int(udp, SOL_SOCKET, SO_REUSEADDR, 1);
	set_int(udp, SOL_SOCKET, SO_REUSEPORT, 1);
	EXPECT_FAIL(EADDRINUSE, bind(udp, &self->at.sa, self->at.len));
	close(udp);
	close(fd);
}

RDM_TEST(port, one_address_and_all_addresses_are_not_shared)
{
	struct addr all = address(variant->family == AF_INET ? "0.0.0.0" : "::", 7000);
	int fd = socket_at(variant->family, variant->type, ADDR | PORT, &self->at);

	EXPECT_EQ(-1, try_socket(variant->family, variant->type, ADDR | PORT, &all));
	EXPECT_EQ(EADDRINUSE, errno);
	close(fd);
}

RDM_TEST(port, the_last_to_bind_with_reuseaddr_gets_new_associations)
{
	int fds[2], a, b, c;
	char got;

	fds[0] = socket_at(variant->family, variant->type, ADDR, &self->at);
	a = rdm_connected(variant->family, variant->type, &self->at);
	b = rdm_connected(variant->family, variant->type, &self->at);
	c = rdm_connected(variant->family, variant->type, &self->at);
	say(a, '1', &self->at);
	ASSERT_EQ(0, heard(fds, 1, &got, NULL));

	fds[1] = socket_at(variant->family, variant->type, ADDR, &self->at);
	say(b, '2', &self->at);
	EXPECT_EQ(1, heard(fds, 2, &got, NULL));
	EXPECT_EQ('2', got);
	/* An association that lives stays where it is */
	say(a, '3', &self->at);
	EXPECT_EQ(0, heard(fds, 2, &got, NULL));
	EXPECT_EQ('3', got);

	close(fds[1]);
	say(c, '4', &self->at);
	EXPECT_EQ(0, heard(fds, 1, &got, NULL));
	EXPECT_EQ('4', got);
	close(fds[0]);
	close(a);
	close(b);
	close(c);
}

RDM_TEST(port, reuseport_spreads_peers_and_each_stays_with_its_socket)
{
	int fds[GROUP + 1], client[CLIENTS], count[GROUP] = { 0 }, home[CLIENTS];
	struct addr from;

	for (int i = 0; i < GROUP; i++)
		fds[i] = socket_at(variant->family, variant->type, PORT, &self->at);
	for (int i = 0; i < CLIENTS; i++) {
		struct addr mine;
		char got;

		client[i] = rdm_bound(variant->family, variant->type, &mine);
		say(client[i], (char)i, &self->at);
		home[i] = heard(fds, GROUP, &got, &from);
		ASSERT_LE(0, home[i]);
		EXPECT_EQ((char)i, got);
		EXPECT_TRUE(same_addr(&from, &mine));
		count[home[i]]++;
	}
	EXPECT_TRUE(count[0] && count[1] && count[2] && count[3])
		TH_LOG("%d, %d, %d and %d peers", count[0], count[1], count[2], count[3]);

	/* Another one joins, and one leaves: those who are there stay */
	fds[GROUP] = socket_at(variant->family, variant->type, PORT, &self->at);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < CLIENTS; i++) {
			char got;

			if (round && home[i] == 0)
				continue;
			say(client[i], (char)i, &self->at);
			EXPECT_EQ(home[i], heard(fds + round, GROUP + 1 - round, &got, &from) +
					   round);
			EXPECT_EQ((char)i, got);
			/* And it can answer */
			say(fds[home[i]], 'a', &from);
			ASSERT_EQ(1, recv(client[i], &got, 1, 0));
		}
		if (!round)
			close(fds[0]);
	}
	for (int i = 1; i <= GROUP; i++)
		close(fds[i]);
	for (int i = 0; i < CLIENTS; i++)
		close(client[i]);
}

RDM_TEST(port, a_peer_of_another_socket_is_in_use)
{
	struct addr peer_at;
	int peer = rdm_bound(variant->family, variant->type, &peer_at);
	int a = socket_at(variant->family, variant->type, PORT, &self->at);
	int b = socket_at(variant->family, variant->type, PORT, &self->at);
	char c;

	say(a, '1', &peer_at);
	ASSERT_EQ(1, recv(peer, &c, 1, 0));
	EXPECT_FAIL(EADDRINUSE, send_to(b, "2", 1, 0, &peer_at));
	EXPECT_FAIL(EADDRINUSE, connect(b, &peer_at.sa, peer_at.len));
	EXPECT_EQ(0, outq(b));
	close(a);
	/* All was acked, so it goes with its socket */
	EXPECT_TRUE(EVENTUALLY(PATIENCE, send_to(b, "3", 1, 0, &peer_at) == 1));
	EXPECT_EQ(1, recv(peer, &c, 1, 0));
	EXPECT_EQ('3', c);
	close(b);
	close(peer);
}

RDM_TEST(port, a_connected_socket_comes_first)
{
	int fds[2], peer, other;
	struct addr peer_at;
	char c;

	peer = rdm_bound(variant->family, variant->type, &peer_at);
	other = rdm_connected(variant->family, variant->type, &self->at);
	fds[0] = socket_at(variant->family, variant->type, ADDR, &self->at);
	ASSERT_OK(connect(fds[0], &peer_at.sa, peer_at.len));
	fds[1] = socket_at(variant->family, variant->type, ADDR, &self->at);
	say(peer, '1', &self->at);
	EXPECT_EQ(0, heard(fds, 2, &c, NULL));
	say(other, '2', &self->at);
	EXPECT_EQ(1, heard(fds, 2, &c, NULL));
	/* Nobody else is there for a stranger */
	close(fds[1]);
	EXPECT_EQ(1, send_to(other, "3", 1, 0, &self->at));
	EXPECT_TRUE(wait_for(other, POLLERR, PATIENCE) & POLLERR);
	EXPECT_EQ(0, wait_for(fds[0], POLLIN, 100));
	close(fds[0]);
	close(peer);
	close(other);
}

RDM_TEST(port, two_sockets_are_not_connected_to_one_peer)
{
	struct addr peer_at;
	int peer, a, b;

	sysctl_set("idle_timeout_ms", 1000);
	peer = rdm_bound(variant->family, variant->type, &peer_at);
	a = socket_at(variant->family, variant->type, ADDR, &self->at);
	b = socket_at(variant->family, variant->type, ADDR, &self->at);
	ASSERT_OK(connect(a, &peer_at.sa, peer_at.len));
	say(a, '1', &peer_at);
	/* Also when there is no association at this moment */
	ASSERT_TRUE(EVENTUALLY(PATIENCE, counter("AssocClosed") >= 2));
	EXPECT_FAIL(EADDRINUSE, connect(b, &peer_at.sa, peer_at.len));
	close(a);
	EXPECT_OK(connect(b, &peer_at.sa, peer_at.len));
	close(b);
	close(peer);
}

/* Types of packets. */
enum { DATA = 3, RESET = 4 };

/* Drops the packets of this type that go to this port. */
static void cut_type_to(int type, const struct addr *a)
{
	bool ip4 = a->sa.sa_family == AF_INET;

	tc("filter add dev lo egress protocol %s u32 match u16 %u 0xffff at %d "
	   "match u8 %d 0xff at %d action drop", ip4 ? "ip" : "ipv6", port_of(a),
	   ip4 ? 22 : 42, type, ip4 ? 29 : 49);
}

RDM_TEST(port, handshakes_that_cross_meet_in_the_socket_that_began)
{
	int fds[2], peer, i;
	struct addr peer_at;
	char c;

	tc("qdisc add dev lo clsact");
	for (i = 0; i < 2; i++)
		fds[i] = socket_at(variant->family, variant->type, PORT, &self->at);
	/* Whichever of the two the peer's address falls to */
	for (i = 0; i < 2; i++) {
		peer = rdm_bound(variant->family, variant->type, &peer_at);
		cut_all();
		say(fds[i], 'a', &peer_at);
		say(peer, 'b', &self->at);
		uncut();
		EXPECT_EQ(i, heard(fds, 2, &c, NULL));
		EXPECT_EQ('b', c);
		EXPECT_EQ(1, recv(peer, &c, 1, 0));
		EXPECT_EQ('a', c);
		close(peer);
	}
	close(fds[0]);
	close(fds[1]);
}

/* A socket at *@at gives *@peer a cookie for message '1', which does not come back yet. */
static int gives_a_cookie(int family, int type, struct addr *at, int *peer)
{
	int fd;

	tc("qdisc add dev lo clsact");
	fd = socket_at(family, type, ADDR, at);
	*peer = rdm_connected(family, type, at);
	cut_type_to(DATA, at);
	say(*peer, '1', at);
	if (!EVENTUALLY(PATIENCE, proc_has("rdm", "state=cookie-sent")))
		fatal("no cookie was given");
	return fd;
}

RDM_TEST(port, a_cookie_leads_to_the_socket_that_gave_it)
{
	int fds[2], peer;
	char c;

	fds[0] = gives_a_cookie(variant->family, variant->type, &self->at, &peer);
	fds[1] = socket_at(variant->family, variant->type, ADDR, &self->at);
	uncut();
	EXPECT_EQ(0, heard(fds, 2, &c, NULL));
	EXPECT_EQ('1', c);
	EXPECT_EQ(0, counter("DropCookie"));
	close(fds[0]);
	close(fds[1]);
	close(peer);
}

RDM_TEST(port, a_cookie_of_a_socket_that_is_gone_is_for_nobody_else)
{
	int fds[2], peer;
	char c;

	fds[0] = gives_a_cookie(variant->family, variant->type, &self->at, &peer);
	fds[1] = socket_at(variant->family, variant->type, ADDR, &self->at);
	close(fds[0]);
	uncut();
	ASSERT_TRUE(EVENTUALLY(PATIENCE, !outq(peer)));
	EXPECT_EQ(ECONNRESET, so_error(peer));
	EXPECT_LT(0, counter("DropCookie"));
	say(peer, '2', &self->at);
	EXPECT_EQ(0, heard(fds + 1, 1, &c, NULL));
	EXPECT_EQ('2', c);
	close(fds[1]);
	close(peer);
}

/* Sends messages of 10000 bytes until there is no room; how many. */
static int fill_up(int fd, const struct addr *to)
{
	char buf[10000] = { 0 };
	int n = 0;

	while (n < 250 && send_to(fd, buf, sizeof(buf), MSG_DONTWAIT, to) == sizeof(buf))
		n++;
	return n;
}

RDM_TEST(port, a_restarted_server_takes_its_port_while_the_old_one_drains)
{
	struct addr slow_at, quick_at;
	char buf[10000], c;
	int slow, quick, old, new, n, i;

	slow = rdm_bound(variant->family, variant->type, &slow_at);
	set_int(slow, SOL_SOCKET, SO_RCVBUF, 50000);
	quick = rdm_bound(variant->family, variant->type, &quick_at);
	old = socket_at(variant->family, variant->type, 0, &self->at);
	set_int(old, SOL_SOCKET, SO_SNDBUF, 200000);
	say(quick, '1', &self->at);
	ASSERT_EQ(1, recv(old, &c, 1, 0));
	n = fill_up(old, &slow_at);
	ASSERT_LT(10, n);
	close(old);

	ASSERT_TRUE(proc_has("rdm", ",orphan"));
	EXPECT_EQ(-1, try_socket(variant->family, variant->type, 0, &self->at));
	EXPECT_EQ(EADDRINUSE, errno);
	EXPECT_EQ(-1, try_socket(variant->family, variant->type, PORT, &self->at));
	EXPECT_EQ(EADDRINUSE, errno);
	new = try_socket(variant->family, variant->type, ADDR, &self->at);
	ASSERT_LE(0, new) TH_LOG("%s", strerror(errno));

	/* Who has done with the old one gets the new one */
	ASSERT_TRUE(EVENTUALLY(PATIENCE, counter("InReset") == 1));
	say(quick, '2', &self->at);
	ASSERT_EQ(1, recv(new, &c, 1, 0));
	EXPECT_EQ('2', c);
	say(new, '3', &quick_at);
	ASSERT_EQ(1, recv(quick, &c, 1, 0));
	/* Who has not is still the old one's */
	EXPECT_FAIL(EADDRINUSE, send_to(new, "x", 1, 0, &slow_at));
	for (i = 0; i < n; i++)
		ASSERT_EQ(10000, recv(slow, buf, sizeof(buf), 0)) TH_LOG("message %d", i);
	ASSERT_TRUE(EVENTUALLY(PATIENCE, !proc_has("rdm", ",orphan")));
	ASSERT_TRUE(EVENTUALLY(PATIENCE, send_to(new, "4", 1, 0, &slow_at) == 1));
	ASSERT_EQ(1, recv(slow, buf, sizeof(buf), 0));
	EXPECT_EQ('4', buf[0]);
	close(new);
	close(slow);
	close(quick);
}

RDM_TEST(port, a_restarted_peer_ends_what_a_closed_socket_still_sends_it)
{
	struct addr peer_at;
	int peer, old, new;
	char c;

	peer = rdm_bound(variant->family, variant->type, &peer_at);
	set_int(peer, SOL_SOCKET, SO_RCVBUF, 50000);
	old = socket_at(variant->family, variant->type, ADDR, &self->at);
	set_int(old, SOL_SOCKET, SO_SNDBUF, 200000);
	ASSERT_LT(10, fill_up(old, &peer_at));
	close(old);
	new = socket_at(variant->family, variant->type, ADDR, &self->at);
	ASSERT_TRUE(proc_has("rdm", ",orphan"));

	/* It goes without a word, and comes again, before the old one asks for it */
	tc("qdisc add dev lo clsact");
	cut_type_to(DATA, &peer_at);
	cut_type_to(RESET, &self->at);
	close(peer);
	peer = rdm_socket(variant->family, variant->type);
	ASSERT_TRUE(EVENTUALLY(PATIENCE, !bind(peer, &peer_at.sa, peer_at.len)));
	say(peer, 'n', &self->at);
	ASSERT_EQ(0, heard(&new, 1, &c, NULL));
	EXPECT_EQ('n', c);
	EXPECT_FALSE(proc_has("rdm", ",orphan"));
	/* The old one's messages never come to it */
	uncut();
	say(new, 'a', &peer_at);
	EXPECT_EQ(1, recv(peer, &c, 1, 0));
	EXPECT_EQ('a', c);
	EXPECT_EQ(0, wait_for(peer, POLLIN, 200));
	close(new);
	close(peer);
}

TEST_HARNESS_MAIN
