// SPDX-License-Identifier: GPL-2.0
/*
 * The socket calls of rdm with good and bad arguments: what a user of UDP knows must
 * hold, with the same errno. Where UDP has the same call, the expectation is checked
 * against a UDP socket as well, so that the table here cannot be wrong about it.
 *
 * Options are in option.c; what happens to messages is in msg.c.
 */
#include "kselftest_harness.h"
#include "netlab.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#define BAD_POINTER ((void *)8)

FIXTURE(api) {
	int fd;			/* not bound */
	int udp;		/* a UDP socket, to compare */
};

RDM_VARIANTS(api);

FIXTURE_SETUP(api)
{
	enter_netns(1500);
	self->fd = rdm_socket(variant->family, variant->type);
	self->udp = socket(variant->family, SOCK_DGRAM, 0);
	ASSERT_LE(0, self->udp);
}

FIXTURE_TEARDOWN(api)
{
	close(self->fd);
	close(self->udp);
}

/* @call, with sock as the socket, fails with @err on rdm and on UDP. */
#define EXPECT_AS_UDP(err, call) do {				\
	int sock;						\
								\
	sock = self->fd;					\
	EXPECT_FAIL(err, call);					\
	sock = self->udp;					\
	EXPECT_FAIL(err, call);					\
} while (0)

RDM_TEST(api, socket_types_and_protocols)
{
	int pair[2];
	int fd, other = variant->type == SOCK_RDM ? SOCK_SEQPACKET : SOCK_RDM;

	EXPECT_EQ(variant->type, get_int(self->fd, SOL_SOCKET, SO_TYPE));
	EXPECT_EQ(IPPROTO_RDM, get_int(self->fd, SOL_SOCKET, SO_PROTOCOL));
	EXPECT_EQ(variant->family, get_int(self->fd, SOL_SOCKET, SO_DOMAIN));
	fd = socket(variant->family, other, IPPROTO_RDM);
	EXPECT_LE(0, fd);
	close(fd);
	fd = socket(variant->family, SOCK_RDM, 0);
	EXPECT_LE(0, fd);
	EXPECT_EQ(IPPROTO_RDM, get_int(fd, SOL_SOCKET, SO_PROTOCOL));
	close(fd);
	fd = socket(variant->family, variant->type | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_RDM);
	EXPECT_LE(0, fd);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_TRUE(fcntl(fd, F_GETFL) & O_NONBLOCK);
	close(fd);

	/* Types that no protocol has, and types that other protocols have */
	EXPECT_FAIL(ESOCKTNOSUPPORT, socket(variant->family, SOCK_DCCP, IPPROTO_RDM));
	EXPECT_FAIL(EPROTONOSUPPORT, socket(variant->family, SOCK_STREAM, IPPROTO_RDM));
	EXPECT_FAIL(EPROTONOSUPPORT, socket(variant->family, SOCK_DGRAM, IPPROTO_RDM));
	EXPECT_FAIL(EPROTONOSUPPORT, socket(variant->family, variant->type, IPPROTO_UDP));
	EXPECT_FAIL(EOPNOTSUPP, socketpair(variant->family, variant->type, IPPROTO_RDM, pair));
}

RDM_TEST(api, bind_refuses_bad_addresses)
{
	struct addr a = loopback(variant->family, 0);
	struct addr foreign = address(variant->family == AF_INET ? "192.0.2.1" : "2001:db8::1", 0);
	struct addr unixy = a;

	unixy.sa.sa_family = AF_UNIX;
	EXPECT_AS_UDP(EINVAL, bind(sock, &a.sa, 1));
	EXPECT_AS_UDP(EINVAL, bind(sock, &a.sa, 8));
	EXPECT_AS_UDP(EINVAL, bind(sock, &a.sa, (socklen_t)-1));
	EXPECT_AS_UDP(EFAULT, bind(sock, BAD_POINTER, a.len));
	EXPECT_AS_UDP(EAFNOSUPPORT, bind(sock, &unixy.sa, unixy.len));
	EXPECT_AS_UDP(EADDRNOTAVAIL, bind(sock, &foreign.sa, foreign.len));
	if (variant->family == AF_INET6) {
		struct addr linklocal = address("fe80::1", 0);

		/* Without a scope it names no interface */
		EXPECT_AS_UDP(EINVAL, bind(sock, &linklocal.sa, linklocal.len));
	}
	/* Nothing of this bound it */
	a = local_addr(self->fd);
	EXPECT_EQ(0, port_of(&a));
}

RDM_TEST(api, bind_takes_a_port_once)
{
	struct addr a = loopback(variant->family, 0), wild, got;
	int other;

	ASSERT_OK(bind(self->fd, &a.sa, a.len));
	got = local_addr(self->fd);
	EXPECT_NE(0, port_of(&got));
	/* A second bind of one socket, another socket, and UDP at the same port */
	EXPECT_FAIL(EINVAL, bind(self->fd, &a.sa, a.len));
	EXPECT_FAIL(EADDRINUSE, bind(self->udp, &got.sa, got.len));
	other = rdm_socket(variant->family, variant->type);
	EXPECT_FAIL(EADDRINUSE, bind(other, &got.sa, got.len));
	wild = address(variant->family == AF_INET ? "0.0.0.0" : "::", port_of(&got));
	EXPECT_FAIL(EADDRINUSE, bind(other, &wild.sa, wild.len));
	/* The port is free again when the socket is closed */
	close(self->fd);
	self->fd = -1;
	EXPECT_TRUE(EVENTUALLY(PATIENCE, !bind(other, &got.sa, got.len)));
	close(other);
}

RDM_TEST(api, bind_to_a_taken_udp_port_fails)
{
	struct addr a;
	int udp = udp_bound(variant->family, &a);

	EXPECT_FAIL(EADDRINUSE, bind(self->fd, &a.sa, a.len));
	close(udp);
	EXPECT_OK(bind(self->fd, &a.sa, a.len));
}

RDM_TEST(api, bind_to_a_low_port_needs_the_capability)
{
	struct addr a = loopback(variant->family, 1023);

	ASSERT_OK(seteuid(65534));
	EXPECT_AS_UDP(EACCES, bind(sock, &a.sa, a.len));
	ASSERT_OK(seteuid(0));
	EXPECT_OK(bind(self->fd, &a.sa, a.len));
}

RDM_TEST(api, first_send_or_connect_binds)
{
	struct addr peer, a;
	int receiver = rdm_bound(variant->family, variant->type, &peer);
	int other = rdm_socket(variant->family, variant->type);

	a = local_addr(self->fd);
	EXPECT_EQ(0, port_of(&a));
	EXPECT_EQ(1, send_to(self->fd, "x", 1, 0, &peer));
	a = local_addr(self->fd);
	EXPECT_NE(0, port_of(&a));

	EXPECT_OK(connect(other, &peer.sa, peer.len));
	a = local_addr(other);
	EXPECT_NE(0, port_of(&a));
	peer = loopback(variant->family, port_of(&a));
	EXPECT_TRUE(same_addr(&peer, &a));
	close(other);
	close(receiver);
}

RDM_TEST(api, connect_refuses_bad_addresses)
{
	struct addr a = loopback(variant->family, 9), unixy = a;
	struct addr nowhere = address(variant->family == AF_INET ? "192.0.2.1" : "2001:db8::1", 9);

	unixy.sa.sa_family = AF_UNIX;
	EXPECT_AS_UDP(EINVAL, connect(sock, &a.sa, 1));
	EXPECT_AS_UDP(EINVAL, connect(sock, &a.sa, 8));
	EXPECT_AS_UDP(EFAULT, connect(sock, BAD_POINTER, a.len));
	EXPECT_AS_UDP(EAFNOSUPPORT, connect(sock, &unixy.sa, unixy.len));
	EXPECT_AS_UDP(ENETUNREACH, connect(sock, &nowhere.sa, nowhere.len));
	EXPECT_FAIL(ENOTCONN, getpeername(self->fd, &a.sa, &a.len));
}

RDM_TEST(api, connect_names_the_peer_and_af_unspec_dissolves_it)
{
	struct addr at, got = { .len = sizeof(got.ss) };
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	int receiver = rdm_bound(variant->family, variant->type, &at);

	ASSERT_OK(connect(self->fd, &at.sa, at.len));
	ASSERT_OK(getpeername(self->fd, &got.sa, &got.len));
	EXPECT_TRUE(same_addr(&at, &got));
	EXPECT_EQ(1, send(self->fd, "x", 1, 0));
	ASSERT_OK(connect(self->fd, &none, sizeof(none)));
	EXPECT_FAIL(ENOTCONN, getpeername(self->fd, &got.sa, &got.len));
	EXPECT_FAIL(EDESTADDRREQ, send(self->fd, "x", 1, MSG_NOSIGNAL));
	/* And again, to the same or another */
	ASSERT_OK(connect(self->fd, &at.sa, at.len));
	EXPECT_EQ(1, send(self->fd, "x", 1, 0));
	close(receiver);
}

RDM_TEST(api, connect_takes_messages_from_the_peer_only)
{
	struct addr at, peer_at;
	int fd = rdm_bound(variant->family, variant->type, &at);
	int peer = rdm_bound(variant->family, variant->type, &peer_at);
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	char c;

	ASSERT_OK(connect(fd, &peer_at.sa, peer_at.len));
	ASSERT_EQ(1, send_to(self->fd, "b", 1, 0, &at));
	ASSERT_EQ(1, send_to(peer, "a", 1, 0, &at));
	ASSERT_EQ(1, recv(fd, &c, 1, 0));
	EXPECT_EQ('a', c);
	/* The stranger's message must not come, not even later */
	EXPECT_EQ(0, wait_for(fd, POLLIN, 300));
	ASSERT_OK(connect(fd, &none, sizeof(none)));
	ASSERT_EQ(1, send_to(peer, "c", 1, 0, &at));
	ASSERT_TRUE(wait_for(fd, POLLIN, PATIENCE));
	close(peer);
	close(fd);
}

RDM_TEST(api, a_connected_socket_can_send_elsewhere)
{
	struct addr at, peer_at, from = { .len = sizeof(from.ss) }, to;
	int peer = rdm_bound(variant->family, variant->type, &peer_at);
	int other = rdm_bound(variant->family, variant->type, &at);
	struct rdm_outcome o;
	char c;

	ASSERT_OK(connect(self->fd, &peer_at.sa, peer_at.len));
	for (char i = 0; i < 10; i++) {
		ASSERT_EQ(1, send_to(self->fd, &i, 1, 0, &at));
		ASSERT_EQ(1, recvfrom(other, &c, 1, 0, &from.sa, &from.len));
		EXPECT_EQ(i, c);
		ASSERT_EQ(1, send(self->fd, &i, 1, 0));
		ASSERT_EQ(1, recv(peer, &c, 1, 0));
	}
	EXPECT_TRUE(EVENTUALLY(PATIENCE, outq(self->fd) == 0));
	EXPECT_FALSE(take_outcome(self->fd, 100, &o, &to));
	close(other);
	close(peer);
}

RDM_TEST(api, send_needs_a_good_destination)
{
	struct addr zero = loopback(variant->family, 0);
	struct addr a = loopback(variant->family, 9), unixy = a;
	struct addr nowhere = address(variant->family == AF_INET ? "192.0.2.1" : "2001:db8::1", 9);

	unixy.sa.sa_family = AF_UNIX;
	EXPECT_AS_UDP(EDESTADDRREQ, send(sock, "x", 1, 0));
	EXPECT_AS_UDP(EINVAL, sendto(sock, "x", 1, 0, &a.sa, 1));
	EXPECT_AS_UDP(EINVAL, sendto(sock, "x", 1, 0, &zero.sa, zero.len));
	EXPECT_AS_UDP(variant->family == AF_INET ? EAFNOSUPPORT : EINVAL,
		      sendto(sock, "x", 1, 0, &unixy.sa, unixy.len));
	EXPECT_AS_UDP(ENETUNREACH, sendto(sock, "x", 1, 0, &nowhere.sa, nowhere.len));
	EXPECT_AS_UDP(EFAULT, sendto(sock, "x", 1, 0, BAD_POINTER, a.len));
	EXPECT_EQ(0, outq(self->fd));
}

RDM_TEST(api, send_refuses_unknown_flags)
{
	struct addr at;
	int receiver = rdm_bound(variant->family, variant->type, &at);
	char c;

	EXPECT_FAIL(EOPNOTSUPP, send_to(self->fd, "x", 1, MSG_OOB, &at));
	EXPECT_FAIL(EOPNOTSUPP, send_to(self->fd, "x", 1, MSG_FASTOPEN, &at));
	EXPECT_FAIL(EOPNOTSUPP, send_to(self->fd, "x", 1, MSG_PROXY, &at));
	EXPECT_EQ(0, outq(self->fd));
	/* The ones that every program uses, and MSG_EOR, which says what is true anyway */
	EXPECT_EQ(1, send_to(self->fd, "y", 1, MSG_NOSIGNAL | MSG_DONTWAIT | MSG_EOR, &at));
	ASSERT_EQ(1, recv(receiver, &c, 1, 0));
	EXPECT_EQ('y', c);
	close(receiver);
}

RDM_TEST(api, bad_pointers_fail_and_lose_nothing)
{
	struct iovec half[2] = { { "good", 4 }, { BAD_POINTER, 40000 } };
	struct msghdr msg = { .msg_iov = half, .msg_iovlen = 2 };
	struct addr at;
	int receiver = rdm_bound(variant->family, variant->type, &at);
	char buf[8] = "";

	msg.msg_name = &at.ss;
	msg.msg_namelen = at.len;
	EXPECT_FAIL(EFAULT, send_to(self->fd, BAD_POINTER, 1, 0, &at));
	EXPECT_FAIL(EFAULT, send_to(self->fd, BAD_POINTER, 100000, 0, &at));
	EXPECT_FAIL(EFAULT, sendmsg(self->fd, &msg, 0));
	EXPECT_FAIL(EFAULT, sendmsg(self->fd, BAD_POINTER, 0));
	msg.msg_iov = BAD_POINTER;
	EXPECT_FAIL(EFAULT, sendmsg(self->fd, &msg, 0));
	msg.msg_iov = half;
	msg.msg_iovlen = 1;
	msg.msg_control = BAD_POINTER;
	msg.msg_controllen = 64;
	EXPECT_FAIL(EFAULT, sendmsg(self->fd, &msg, 0));
	/* Nothing was accepted: neither here nor there is a byte of it */
	EXPECT_EQ(0, outq(self->fd));
	ASSERT_EQ(6, send_to(self->fd, "after!", 6, 0, &at));
	ASSERT_TRUE(wait_for(receiver, POLLIN, PATIENCE));
	/* A reader's bad pointer does not cost it the message */
	EXPECT_FAIL(EFAULT, recv(receiver, BAD_POINTER, 8, 0));
	EXPECT_EQ(6, recv(receiver, buf, sizeof(buf), MSG_DONTWAIT));
	EXPECT_STREQ("after!", buf);
	EXPECT_FAIL(EAGAIN, recv(receiver, buf, sizeof(buf), MSG_DONTWAIT));
	close(receiver);
}

static ssize_t send_cmsg(int fd, const struct addr *to, int level, int type, size_t cmsg_len,
			 size_t control_len)
{
	union {
		char buf[CMSG_SPACE(64)];
		struct cmsghdr align;
	} control = { 0 };
	struct addr name = *to;
	struct iovec iov = { "x", 1 };
	struct msghdr msg = {
		.msg_name = &name.ss,
		.msg_namelen = name.len,
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = control_len,
	};

	control.align.cmsg_level = level;
	control.align.cmsg_type = type;
	control.align.cmsg_len = cmsg_len;
	return sendmsg(fd, &msg, 0);
}

RDM_TEST(api, control_messages_are_checked)
{
	size_t len = CMSG_LEN(4), space = CMSG_SPACE(4);
	struct addr at;
	int receiver = rdm_bound(variant->family, variant->type, &at);
	char c;

	EXPECT_FAIL(EINVAL, send_cmsg(self->fd, &at, SOL_RDM, 9999, len, space));
	/* An outcome is told by the kernel, not to it */
	EXPECT_FAIL(EINVAL, send_cmsg(self->fd, &at, SOL_RDM, RDM_OUTCOME, len, space));
	EXPECT_FAIL(EINVAL, send_cmsg(self->fd, &at, SOL_SOCKET, 9999, len, space));
	/* Lengths that lie: shorter than the head, longer than the buffer */
	EXPECT_FAIL(EINVAL, send_cmsg(self->fd, &at, SOL_RDM, 9999, 3, space));
	EXPECT_FAIL(EINVAL, send_cmsg(self->fd, &at, SOL_RDM, 9999, 5000, space));
	EXPECT_EQ(0, outq(self->fd));
	/* Levels of others are for others, as with UDP */
	EXPECT_EQ(1, send_cmsg(self->fd, &at, 12345, 1, len, space));
	EXPECT_EQ(1, send_cmsg(self->udp, &at, 12345, 1, len, space));
	ASSERT_EQ(1, recv(receiver, &c, 1, 0));
	close(receiver);
}

RDM_TEST(api, multicast_and_broadcast_wait_for_groups)
{
	struct addr group = address(variant->family == AF_INET ? "239.1.2.3" : "ff05::123", 700);
	struct addr all = address("255.255.255.255", 700);

	EXPECT_FAIL(EOPNOTSUPP, send_to(self->fd, "x", 1, 0, &group));
	if (variant->family == AF_INET) {
		EXPECT_FAIL(EACCES, send_to(self->fd, "x", 1, 0, &all));
		set_int(self->fd, SOL_SOCKET, SO_BROADCAST, 1);
		EXPECT_FAIL(EOPNOTSUPP, send_to(self->fd, "x", 1, 0, &all));
	}
	EXPECT_EQ(0, outq(self->fd));
}

RDM_TEST(api, shutdown_closes_one_way)
{
	struct addr at, peer_at;
	int fd = rdm_bound(variant->family, variant->type, &at);
	int peer = rdm_bound(variant->family, variant->type, &peer_at);
	char c;

	EXPECT_AS_UDP(ENOTCONN, shutdown(sock, SHUT_RD));
	EXPECT_AS_UDP(ENOTCONN, shutdown(sock, SHUT_WR));
	EXPECT_AS_UDP(ENOTCONN, shutdown(sock, SHUT_RDWR));
	EXPECT_AS_UDP(EINVAL, shutdown(sock, 3));
	ASSERT_OK(connect(fd, &peer_at.sa, peer_at.len));
	ASSERT_OK(connect(peer, &at.sa, at.len));
	ASSERT_EQ(1, send(fd, "1", 1, 0));
	ASSERT_OK(shutdown(fd, SHUT_WR));
	EXPECT_FAIL(EPIPE, send(fd, "x", 1, MSG_NOSIGNAL));
	/* What was accepted before still comes, and the other way is open */
	EXPECT_EQ(1, recv(peer, &c, 1, 0));
	EXPECT_EQ(1, send(peer, "2", 1, 0));
	EXPECT_EQ(1, recv(fd, &c, 1, 0));
	EXPECT_EQ('2', c);
	ASSERT_OK(shutdown(fd, SHUT_RD));
	EXPECT_EQ(0, recv(fd, &c, 1, 0));
	close(peer);
	close(fd);
}

RDM_TEST(api, shutdown_wakes_a_blocked_reader)
{
	struct addr at, peer_at;
	int fd = rdm_bound(variant->family, variant->type, &at);
	int peer = rdm_bound(variant->family, variant->type, &peer_at);
	int status;
	pid_t pid;
	char c;

	ASSERT_OK(connect(fd, &peer_at.sa, peer_at.len));
	pid = fork();
	if (!pid)
		_exit(recv(fd, &c, 1, 0) == 0 ? 0 : 1);
	/* Let it block; if it has not yet, the test is only weaker */
	EXPECT_EQ(0, wait_for(fd, POLLIN, 100));
	ASSERT_OK(shutdown(fd, SHUT_RD));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	close(peer);
	close(fd);
}

RDM_TEST(api, send_after_shutdown_raises_sigpipe)
{
	struct addr at;
	int receiver = rdm_bound(variant->family, variant->type, &at);
	int status;
	pid_t pid;

	ASSERT_OK(connect(self->fd, &at.sa, at.len));
	ASSERT_OK(shutdown(self->fd, SHUT_WR));
	pid = fork();
	if (!pid) {
		signal(SIGPIPE, SIG_DFL);
		send(self->fd, "x", 1, 0);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE);
	close(receiver);
}

RDM_TEST(api, reading_from_an_unbound_socket_finds_nothing)
{
	char c;

	EXPECT_AS_UDP(EAGAIN, recv(sock, &c, 1, MSG_DONTWAIT));
	EXPECT_AS_UDP(EAGAIN, recv(sock, &c, 1, MSG_ERRQUEUE | MSG_DONTWAIT));
	set_timeout(self->fd, SO_RCVTIMEO, 20);
	set_timeout(self->udp, SO_RCVTIMEO, 20);
	EXPECT_AS_UDP(EAGAIN, recv(sock, &c, 1, 0));
	EXPECT_EQ(0, inq(self->fd));
	EXPECT_EQ(0, outq(self->fd));
	EXPECT_AS_UDP(ENOTTY, ioctl(sock, 0x5499, &c));
	EXPECT_FAIL(EFAULT, ioctl(self->fd, SIOCOUTQ, BAD_POINTER));
	EXPECT_FAIL(EFAULT, ioctl(self->fd, SIOCINQ, BAD_POINTER));
}

RDM_TEST(api, u13_namespaces_are_apart)
{
	struct addr at, got;
	int receiver = rdm_bound(variant->family, variant->type, &at), other;
	char c;

	enter_netns(1500);
	other = rdm_socket(variant->family, variant->type);
	EXPECT_FAIL(ECONNREFUSED, ({
		send_to(other, "x", 1, 0, &at);
		connect(other, &at.sa, at.len);
		EVENTUALLY(PATIENCE, (send(other, "x", 1, MSG_NOSIGNAL) < 0)) ? -1 : 0;
	}));
	close(other);
	other = rdm_socket(variant->family, variant->type);
	EXPECT_OK(bind(other, &at.sa, at.len));
	got = local_addr(other);
	EXPECT_TRUE(same_addr(&at, &got));
	EXPECT_EQ(0, wait_for(receiver, POLLIN, 100));
	EXPECT_FAIL(EAGAIN, recv(receiver, &c, 1, MSG_DONTWAIT));
	close(other);
	close(receiver);
}

FIXTURE(mapped) {
	int v6;			/* [::], any port, dual stack */
	int v4;			/* 127.0.0.1 */
	struct addr v6_at, v4_at;
};

FIXTURE_VARIANT(mapped) { int type; };
FIXTURE_VARIANT_ADD(mapped, rdm) { SOCK_RDM };
FIXTURE_VARIANT_ADD(mapped, seqpacket) { SOCK_SEQPACKET };

FIXTURE_SETUP(mapped)
{
	struct addr any = address("::", 0);

	enter_netns(1500);
	self->v6 = rdm_socket(AF_INET6, variant->type);
	ASSERT_OK(bind(self->v6, &any.sa, any.len));
	self->v6_at = local_addr(self->v6);
	self->v4 = rdm_bound(AF_INET, variant->type, &self->v4_at);
}

FIXTURE_TEARDOWN(mapped)
{
	close(self->v4);
	close(self->v6);
}

RDM_TEST(mapped, u13_ipv6_socket_talks_ipv4)
{
	struct addr to = address("127.0.0.1", port_of(&self->v6_at));
	struct addr mapped = address("::ffff:127.0.0.1", port_of(&self->v4_at));
	struct addr from = { .len = sizeof(from.ss) };
	char c;

	ASSERT_EQ(1, send_to(self->v4, "4", 1, 0, &to));
	ASSERT_EQ(1, recvfrom(self->v6, &c, 1, 0, &from.sa, &from.len));
	EXPECT_TRUE(same_addr(&mapped, &from));
	ASSERT_EQ(1, send_to(self->v6, "6", 1, 0, &mapped));
	from.len = sizeof(from.ss);
	ASSERT_EQ(1, recvfrom(self->v4, &c, 1, 0, &from.sa, &from.len));
	EXPECT_TRUE(same_addr(&to, &from));
	/* UDP takes an IPv4 address in an IPv6 socket as well */
	ASSERT_EQ(1, send_to(self->v6, "7", 1, 0, &self->v4_at));
	ASSERT_EQ(1, recv(self->v4, &c, 1, 0));
	EXPECT_EQ('7', c);
}

/* The name that it is bound to would not be the one that others see. */
RDM_TEST(mapped, u13_a_socket_bound_in_one_family_does_not_send_in_the_other)
{
	struct addr mapped = address("::ffff:127.0.0.1", port_of(&self->v4_at));
	struct addr v4 = address("::ffff:127.0.0.1", 0), v6 = address("fd00::7f00:1", 0);
	struct addr local = address("fe80::1", port_of(&self->v6_at));
	int six = rdm_socket(AF_INET6, variant->type), four = rdm_socket(AF_INET6, variant->type);

	/* its last four bytes are an IPv4 address of this host */
	run("ip addr add fd00::7f00:1/128 dev lo nodad; ip addr add fe80::1/64 dev lo nodad");
	local.in6.sin6_scope_id = 1;
	ASSERT_OK(bind(six, &v6.sa, v6.len));
	EXPECT_FAIL(EAFNOSUPPORT, send_to(six, "x", 1, 0, &mapped));
	EXPECT_FAIL(EAFNOSUPPORT, connect(six, &mapped.sa, mapped.len));
	ASSERT_OK(bind(four, &v4.sa, v4.len));
	EXPECT_FAIL(EAFNOSUPPORT, send_to(four, "x", 1, 0, &local));
	v6.in6.sin6_port = local.in6.sin6_port;
	EXPECT_FAIL(EAFNOSUPPORT, send_to(four, "x", 1, 0, &v6));
	close(four);
	close(six);
}

RDM_TEST(mapped, u13_v6only_keeps_ipv4_out)
{
	struct addr any = address("::", 0), at, to, mapped;
	int only = rdm_socket(AF_INET6, variant->type);
	int udp = socket(AF_INET6, SOCK_DGRAM, 0);

	EXPECT_EQ(0, get_int(only, IPPROTO_IPV6, IPV6_V6ONLY));
	set_int(only, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	set_int(udp, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	ASSERT_OK(bind(only, &any.sa, any.len));
	at = local_addr(only);
	mapped = address("::ffff:127.0.0.1", port_of(&self->v4_at));
	EXPECT_FAIL(ENETUNREACH, send_to(udp, "x", 1, 0, &mapped));
	EXPECT_FAIL(ENETUNREACH, send_to(only, "x", 1, 0, &mapped));
	EXPECT_FAIL(ENETUNREACH, send_to(udp, "x", 1, 0, &self->v4_at));
	EXPECT_FAIL(ENETUNREACH, send_to(only, "x", 1, 0, &self->v4_at));
	/* Nobody is there for IPv4 */
	to = address("127.0.0.1", port_of(&at));
	ASSERT_OK(connect(self->v4, &to.sa, to.len));
	EXPECT_TRUE(EVENTUALLY(PATIENCE, (send(self->v4, "x", 1, 0) < 0 && errno == ECONNREFUSED)));
	close(udp);
	close(only);
}

TEST_HARNESS_MAIN
