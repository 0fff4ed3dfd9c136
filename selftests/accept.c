// SPDX-License-Identifier: GPL-2.0
/*
 * listen() and accept(): a new peer gets a connected socket of its own, with all that it
 * has sent, and with the listening socket's options; what becomes of it when either end
 * goes, and of children that nobody accepts. Ports are shared in port.c.
 */
#include "kselftest_harness.h"
#include "rdmtest.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define MANY	100
#define THREADS	4
#define EACH	25

#define ACCEPT_TEST(name) RDM_TEST(accept, name)

FIXTURE(accept) {
	int fd;
	struct addr at;
};

FIXTURE_VARIANT(accept) { int family; };
FIXTURE_VARIANT_ADD(accept, ipv4) { AF_INET };
FIXTURE_VARIANT_ADD(accept, ipv6) { AF_INET6 };

FIXTURE_SETUP(accept)
{
	enter_netns(1500);
	self->fd = rdm_bound(variant->family, SOCK_SEQPACKET, &self->at);
	ASSERT_OK(listen(self->fd, 200));
}

FIXTURE_TEARDOWN(accept)
{
	if (self->fd >= 0)
		close(self->fd);
}

/* A client that has sent @text; *mine tells its address if it is not NULL. */
static int client(const struct addr *to, const char *text, struct addr *mine)
{
	int fd = rdm_connected(to->sa.sa_family, SOCK_SEQPACKET, to);

	if (send(fd, text, strlen(text), 0) != (ssize_t)strlen(text))
		fatal("send");
	if (mine)
		*mine = local_addr(fd);
	return fd;
}

/* Accepts, and reads @text; -1 when it is something else. */
static int accept_with(int fd, const char *text)
{
	int child = accept(fd, NULL, NULL);
	char buf[64];
	ssize_t n;

	if (child < 0)
		return -1;
	set_timeout(child, SO_RCVTIMEO, PATIENCE);
	n = recv(child, buf, sizeof(buf), 0);
	if (n == (ssize_t)strlen(text) && !memcmp(buf, text, (size_t)n))
		return child;
	fprintf(stderr, "# \"%.*s\" instead of \"%s\"\n", (int)(n < 0 ? 0 : n), buf, text);
	close(child);
	return -1;
}

static bool all_acked(const int *fds, int n)
{
	for (int i = 0; i < n; i++)
		if (!EVENTUALLY(PATIENCE, !outq(fds[i])))
			return false;
	return true;
}

/* One message each way. */
static bool talks(int a, int b)
{
	char buf[8];

	return send(a, "ping", 4, MSG_NOSIGNAL) == 4 && recv(b, buf, sizeof(buf), 0) == 4 &&
	       send(b, "pong", 4, MSG_NOSIGNAL) == 4 && recv(a, buf, sizeof(buf), 0) == 4;
}

ACCEPT_TEST(only_seqpacket_sockets_listen)
{
	struct addr at;
	int fd = rdm_bound(variant->family, SOCK_RDM, &at);

	EXPECT_FAIL(EOPNOTSUPP, listen(fd, 5));
	EXPECT_FAIL(EOPNOTSUPP, accept(fd, NULL, NULL));
	EXPECT_EQ(0, get_int(fd, SOL_SOCKET, SO_ACCEPTCONN));
	close(fd);
}

ACCEPT_TEST(listen_and_accept_need_the_right_state)
{
	struct addr group = address(variant->family == AF_INET ? "239.0.0.1" : "ff02::77", 0);
	int fd = rdm_socket(variant->family, SOCK_SEQPACKET), tx, child;
	struct rdm_group_req req = {};
	struct addr at;

	EXPECT_FAIL(EINVAL, accept(fd, NULL, NULL));
	/* Without bind it gets a port */
	EXPECT_OK(listen(fd, 5));
	at = local_addr(fd);
	EXPECT_NE(0, port_of(&at));
	EXPECT_EQ(1, get_int(fd, SOL_SOCKET, SO_ACCEPTCONN));
	/* Again for another backlog */
	EXPECT_OK(listen(fd, 7));
	EXPECT_FAIL(EISCONN, connect(fd, &self->at.sa, self->at.len));
	EXPECT_FAIL(EOPNOTSUPP, connect(fd, &(struct sockaddr){ .sa_family = AF_UNSPEC },
					sizeof(struct sockaddr)));
	close(fd);

	tx = client(&self->at, "1", NULL);
	EXPECT_FAIL(EINVAL, listen(tx, 5));
	child = accept_with(self->fd, "1");
	ASSERT_LE(0, child);
	EXPECT_FAIL(EINVAL, listen(child, 5));
	EXPECT_FAIL(EINVAL, accept(child, NULL, NULL));
	EXPECT_FAIL(EISCONN, connect(child, &self->at.sa, self->at.len));
	EXPECT_FAIL(EOPNOTSUPP, connect(child, &(struct sockaddr){ .sa_family = AF_UNSPEC },
					sizeof(struct sockaddr)));
	memcpy(&req.group, &group.ss, sizeof(req.group));
	EXPECT_FAIL(EOPNOTSUPP, setsockopt(child, SOL_RDM, RDM_GROUP_JOIN, &req, sizeof(req)));
	close(child);
	close(tx);
}

/* Its memory may be used by others by then; the debug kernel sees who looks at it. */
ACCEPT_TEST(a_child_does_not_remember_the_peers_of_its_listener)
{
	struct addr at, old_at;
	int old = rdm_bound(variant->family, SOCK_RDM, &old_at);
	int fd = rdm_bound(variant->family, SOCK_SEQPACKET, &at), tx, child;
	char c;

	/* Some in a row: then the listener has it at hand */
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(1, send_to(fd, "x", 1, 0, &old_at));
		ASSERT_EQ(1, recv(old, &c, 1, 0));
	}
	ASSERT_OK(listen(fd, 5));
	tx = client(&at, "new", NULL);
	child = accept_with(fd, "new");
	ASSERT_LE(0, child);
	close(old);
	ASSERT_TRUE(EVENTUALLY(PATIENCE, counter("AssocClosed") + counter("AssocFailed") >= 2));
	/* Until it is freed */
	poll(NULL, 0, 200);
	EXPECT_TRUE(talks(child, tx));
	close(tx);
	close(child);
	close(fd);
}

ACCEPT_TEST(a_listening_socket_has_no_messages)
{
	char c;

	EXPECT_FAIL(ENOTCONN, send(self->fd, "x", 1, 0));
	EXPECT_FAIL(ENOTCONN, send_to(self->fd, "x", 1, 0, &self->at));
	EXPECT_FAIL(ENOTCONN, recv(self->fd, &c, 1, 0));
	EXPECT_EQ(0, wait_for(self->fd, POLLIN | POLLOUT, 0));
}

ACCEPT_TEST(a_child_has_one_peer_and_all_that_it_sent)
{
	struct addr mine, from = { .len = sizeof(from.ss) }, name = { .len = sizeof(name.ss) };
	struct addr local;
	char buf[16];
	int tx, child;

	tx = client(&self->at, "one", &mine);
	ASSERT_EQ(3, send(tx, "two", 3, 0));
	ASSERT_EQ(POLLIN, wait_for(self->fd, POLLIN, PATIENCE));
	ASSERT_TRUE(EVENTUALLY(PATIENCE, !outq(tx)));
	/* Both are acked, and nobody has called accept yet */
	child = accept(self->fd, &from.sa, &from.len);
	ASSERT_LE(0, child);
	EXPECT_TRUE(same_addr(&from, &mine));
	ASSERT_OK(getpeername(child, &name.sa, &name.len));
	EXPECT_TRUE(same_addr(&name, &mine));
	local = local_addr(child);
	EXPECT_TRUE(same_addr(&local, &self->at));
	EXPECT_EQ(0, get_int(child, SOL_SOCKET, SO_ACCEPTCONN));
	EXPECT_TRUE(POLLIN & wait_for(child, POLLIN, 0));
	EXPECT_EQ(3, recv(child, buf, sizeof(buf), 0));
	EXPECT_EQ(0, memcmp(buf, "one", 3));
	EXPECT_EQ(3, recv(child, buf, sizeof(buf), 0));
	EXPECT_EQ(0, memcmp(buf, "two", 3));
	EXPECT_TRUE(talks(tx, child));
	/* To its peer it may say the address as well, and to nobody else */
	EXPECT_EQ(1, send_to(child, "x", 1, 0, &mine));
	EXPECT_FAIL(EISCONN, send_to(child, "x", 1, 0, &self->at));
	EXPECT_EQ(0, wait_for(self->fd, POLLIN, 0));
	close(child);
	close(tx);
}

ACCEPT_TEST(a_child_inherits_the_options)
{
	struct timeval tv;
	socklen_t len = sizeof(tv);
	int tx, child;

	set_int(self->fd, SOL_RDM, RDM_USER_TIMEOUT, 12345);
	set_int(self->fd, SOL_RDM, RDM_MODE, RDM_AT_LEAST_ONCE);
	set_int(self->fd, SOL_RDM, RDM_DEADLINE, 54321);
	set_int(self->fd, SOL_RDM, RDM_NOTIFY, RDM_NOTIFY_WRITABLE);
	set_int(self->fd, SOL_SOCKET, SO_RCVBUF, 100000);
	set_int(self->fd, SOL_SOCKET, SO_SNDBUF, 90000);
	set_int(self->fd, SOL_SOCKET, SO_MARK, 7);
	set_int(self->fd, SOL_SOCKET, SO_TIMESTAMP, 1);
	if (variant->family == AF_INET)
		set_int(self->fd, SOL_IP, IP_TOS, 0x20);
	else
		set_int(self->fd, SOL_IPV6, IPV6_TCLASS, 0x20);
	/* IP_TOS sets it, too */
	set_int(self->fd, SOL_SOCKET, SO_PRIORITY, 3);
	set_timeout(self->fd, SO_RCVTIMEO, 9000);
	tx = client(&self->at, "1", NULL);
	child = accept(self->fd, NULL, NULL);
	ASSERT_LE(0, child);
	EXPECT_EQ(12345, get_int(child, SOL_RDM, RDM_USER_TIMEOUT));
	EXPECT_EQ(RDM_AT_LEAST_ONCE, get_int(child, SOL_RDM, RDM_MODE));
	EXPECT_EQ(54321, get_int(child, SOL_RDM, RDM_DEADLINE));
	EXPECT_EQ(RDM_NOTIFY_WRITABLE, get_int(child, SOL_RDM, RDM_NOTIFY));
	EXPECT_EQ(200000, get_int(child, SOL_SOCKET, SO_RCVBUF));
	EXPECT_EQ(180000, get_int(child, SOL_SOCKET, SO_SNDBUF));
	EXPECT_EQ(3, get_int(child, SOL_SOCKET, SO_PRIORITY));
	EXPECT_EQ(7, get_int(child, SOL_SOCKET, SO_MARK));
	EXPECT_EQ(1, get_int(child, SOL_SOCKET, SO_TIMESTAMP));
	EXPECT_EQ(SOCK_SEQPACKET, get_int(child, SOL_SOCKET, SO_TYPE));
	EXPECT_EQ(IPPROTO_RDM, get_int(child, SOL_SOCKET, SO_PROTOCOL));
	EXPECT_EQ(0x20, variant->family == AF_INET ? get_int(child, SOL_IP, IP_TOS) :
						     get_int(child, SOL_IPV6, IPV6_TCLASS));
	ASSERT_OK(getsockopt(child, SOL_SOCKET, SO_RCVTIMEO, &tv, &len));
	EXPECT_EQ(9, tv.tv_sec);
	close(child);
	close(tx);
}

static void ignore(int sig)
{
	(void)sig;
}

ACCEPT_TEST(accept_waits_as_it_is_told)
{
	struct sigaction act = { .sa_handler = ignore };
	struct itimerval soon = { .it_value.tv_usec = 100000 };
	int tx, child;

	set_timeout(self->fd, SO_RCVTIMEO, 100);
	EXPECT_FAIL(EAGAIN, accept(self->fd, NULL, NULL));
	set_timeout(self->fd, SO_RCVTIMEO, 0);
	ASSERT_OK(sigaction(SIGALRM, &act, NULL));
	ASSERT_OK(setitimer(ITIMER_REAL, &soon, NULL));
	EXPECT_FAIL(EINTR, accept(self->fd, NULL, NULL));
	ASSERT_OK(fcntl(self->fd, F_SETFL, O_NONBLOCK));
	EXPECT_FAIL(EAGAIN, accept(self->fd, NULL, NULL));
	EXPECT_EQ(0, wait_for(self->fd, POLLIN, 0));

	tx = client(&self->at, "1", NULL);
	ASSERT_EQ(POLLIN, wait_for(self->fd, POLLIN, PATIENCE));
	child = accept4(self->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	ASSERT_LE(0, child);
	EXPECT_EQ(O_NONBLOCK, fcntl(child, F_GETFL) & O_NONBLOCK);
	EXPECT_EQ(FD_CLOEXEC, fcntl(child, F_GETFD));
	EXPECT_EQ(0, wait_for(self->fd, POLLIN, 0));
	close(child);
	close(tx);
}

ACCEPT_TEST(peers_from_before_listen_stay_with_the_socket)
{
	int fd, old, new, child;
	struct addr at, old_at;
	char c;

	fd = rdm_bound(variant->family, SOCK_SEQPACKET, &at);
	old = client(&at, "a", &old_at);
	ASSERT_EQ(1, recv(fd, &c, 1, 0));
	ASSERT_OK(listen(fd, 5));
	ASSERT_EQ(1, send(old, "b", 1, 0));
	ASSERT_TRUE(EVENTUALLY(PATIENCE, !outq(old)));
	/* What comes from them is not lost */
	EXPECT_EQ(POLLIN, wait_for(fd, POLLIN, PATIENCE));
	set_timeout(fd, SO_RCVTIMEO, 100);
	EXPECT_FAIL(EAGAIN, accept(fd, NULL, NULL));
	set_timeout(fd, SO_RCVTIMEO, PATIENCE);
	EXPECT_EQ(1, recv(fd, &c, 1, 0));
	EXPECT_EQ('b', c);
	EXPECT_FAIL(ENOTCONN, recv(fd, &c, 1, 0));
	EXPECT_FAIL(ENOTCONN, send_to(fd, "x", 1, 0, &old_at));
	new = client(&at, "new", NULL);
	child = accept_with(fd, "new");
	EXPECT_LE(0, child);
	close(child);
	close(new);
	close(old);
	close(fd);
}

ACCEPT_TEST(what_the_backlog_does_not_take_comes_later)
{
	int tx[4], child;
	char text[2] = "0";

	ASSERT_OK(listen(self->fd, 1));
	/* As for TCP, one more than that may wait */
	for (int i = 0; i < 4; i++) {
		text[0] = (char)('0' + i);
		tx[i] = client(&self->at, text, NULL);
		ASSERT_TRUE(i >= 2 || all_acked(&tx[i], 1));
	}
	ASSERT_TRUE(EVENTUALLY(PATIENCE, counter("DropPeers") >= 2));
	EXPECT_EQ(1, outq(tx[2]));
	EXPECT_EQ(1, outq(tx[3]));
	for (int i = 0; i < 4; i++) {
		text[0] = (char)('0' + i);
		/* Which of the other two is repeated first, nobody knows */
		child = i < 2 ? accept_with(self->fd, text) : accept(self->fd, NULL, NULL);
		EXPECT_LE(0, child);
		close(child);
	}
	EXPECT_TRUE(all_acked(tx, 4));
	for (int i = 0; i < 4; i++)
		close(tx[i]);
}

ACCEPT_TEST(a_hundred_children_talk)
{
	int tx[MANY], child[MANY], n = (int)scaled(MANY * 2);
	struct addr mine[MANY];

	if (n > MANY)
		n = MANY;
	for (int i = 0; i < n; i++)
		tx[i] = client(&self->at, "hello", &mine[i]);
	for (int i = 0; i < n; i++) {
		struct addr from = { .len = sizeof(from.ss) };
		int fd, which;

		fd = accept(self->fd, &from.sa, &from.len);
		ASSERT_LE(0, fd);
		for (which = 0; which < n && !same_addr(&from, &mine[which]);)
			which++;
		ASSERT_GT(n, which);
		child[which] = fd;
	}
	EXPECT_FAIL(EAGAIN, (fcntl(self->fd, F_SETFL, O_NONBLOCK),
			     accept(self->fd, NULL, NULL)));
	for (int i = 0; i < n; i++) {
		char buf[8];

		ASSERT_EQ(5, recv(child[i], buf, sizeof(buf), 0));
		ASSERT_TRUE(talks(tx[i], child[i])) TH_LOG("pair %d", i);
	}
	for (int i = 0; i < n; i++) {
		close(child[i]);
		close(tx[i]);
	}
	EXPECT_TRUE(EVENTUALLY(PATIENCE, !proc_has("rdm", " local=")));
}

struct worker {
	pthread_t thread;
	int fd;
	int served;
};

static void *serve(void *arg)
{
	struct worker *w = arg;
	char buf[8];
	int child;

	while ((child = accept(w->fd, NULL, NULL)) >= 0) {
		if (recv(child, buf, sizeof(buf), 0) == 5 && send(child, buf, 5, 0) == 5)
			w->served++;
		/* Acked before it is closed, or the client never gets it */
		for (int i = 0; i < PATIENCE && outq(child); i++)
			poll(NULL, 0, 1);
		close(child);
	}
	return (void *)(intptr_t)errno;
}

static void *ask(void *arg)
{
	struct worker *w = arg;
	char buf[8];

	for (int i = 0; i < EACH; i++) {
		struct addr to = local_addr(w->fd);
		int fd = client(&to, "hello", NULL);

		if (recv(fd, buf, sizeof(buf), 0) == 5)
			w->served++;
		close(fd);
	}
	return NULL;
}

ACCEPT_TEST(threads_accept_at_once)
{
	struct worker server[THREADS], asker[THREADS];
	int served = 0, asked = 0;

	set_timeout(self->fd, SO_RCVTIMEO, 0);
	for (int i = 0; i < THREADS; i++) {
		server[i] = (struct worker){ .fd = self->fd };
		asker[i] = (struct worker){ .fd = self->fd };
		ASSERT_EQ(0, pthread_create(&server[i].thread, NULL, serve, &server[i]));
		ASSERT_EQ(0, pthread_create(&asker[i].thread, NULL, ask, &asker[i]));
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(asker[i].thread, NULL);
		asked += asker[i].served;
	}
	/* They wait for more now, and shutdown ends that */
	ASSERT_OK(shutdown(self->fd, SHUT_RDWR));
	for (int i = 0; i < THREADS; i++) {
		void *why;

		pthread_join(server[i].thread, &why);
		EXPECT_EQ(EINVAL, (int)(intptr_t)why);
		served += server[i].served;
	}
	EXPECT_EQ(THREADS * EACH, asked);
	EXPECT_EQ(THREADS * EACH, served);
}

ACCEPT_TEST(shutdown_ends_listening_and_listen_begins_it_anew)
{
	int tx, child;

	tx = client(&self->at, "1", NULL);
	ASSERT_EQ(POLLIN, wait_for(self->fd, POLLIN, PATIENCE));
	EXPECT_OK(shutdown(self->fd, SHUT_WR));
	EXPECT_EQ(POLLIN, wait_for(self->fd, POLLIN, 0));
	EXPECT_OK(shutdown(self->fd, SHUT_RD));
	EXPECT_FAIL(EINVAL, accept(self->fd, NULL, NULL));
	EXPECT_EQ(0, get_int(self->fd, SOL_SOCKET, SO_ACCEPTCONN));
	close(tx);
	ASSERT_OK(listen(self->fd, 5));
	tx = client(&self->at, "2", NULL);
	child = accept_with(self->fd, "2");
	EXPECT_LE(0, child);
	close(child);
	close(tx);
}

ACCEPT_TEST(closing_the_listener_closes_who_waits_and_nobody_else)
{
	int tx[3], child, fd;

	tx[0] = client(&self->at, "0", NULL);
	child = accept_with(self->fd, "0");
	ASSERT_LE(0, child);
	tx[1] = client(&self->at, "1", NULL);
	ASSERT_EQ(POLLIN, wait_for(self->fd, POLLIN, PATIENCE));
	ASSERT_TRUE(EVENTUALLY(PATIENCE, !outq(tx[1])));
	close(self->fd);
	self->fd = -1;
	/* It is told, so what it sends next opens another association, which nobody takes */
	EXPECT_TRUE(EVENTUALLY(PATIENCE, counter("InReset") == 1));
	EXPECT_EQ(1, send(tx[1], "x", 1, 0));
	EXPECT_TRUE(EVENTUALLY(PATIENCE, !outq(tx[1])));
	EXPECT_EQ(ECONNREFUSED, so_error(tx[1]));
	tx[2] = client(&self->at, "2", NULL);
	EXPECT_TRUE(EVENTUALLY(PATIENCE, !outq(tx[2])));
	EXPECT_EQ(ECONNREFUSED, so_error(tx[2]));
	/* Who was accepted lives, and keeps the port */
	EXPECT_TRUE(talks(tx[0], child));
	fd = rdm_socket(variant->family, SOCK_SEQPACKET);
	EXPECT_FAIL(EADDRINUSE, bind(fd, &self->at.sa, self->at.len));
	close(child);
	EXPECT_TRUE(EVENTUALLY(PATIENCE, !bind(fd, &self->at.sa, self->at.len)));
	close(fd);
	for (int i = 0; i < 3; i++)
		close(tx[i]);
}

ACCEPT_TEST(a_server_restarts_while_a_child_of_the_old_one_lives)
{
	int tx[2], old, new, child;

	/* The flag of the old one is what counts for its children too */
	close(self->fd);
	self->fd = rdm_socket(variant->family, SOCK_SEQPACKET);
	set_int(self->fd, SOL_SOCKET, SO_REUSEADDR, 1);
	ASSERT_OK(bind(self->fd, &self->at.sa, self->at.len));
	ASSERT_OK(listen(self->fd, 5));
	tx[0] = client(&self->at, "0", NULL);
	old = accept_with(self->fd, "0");
	ASSERT_LE(0, old);
	close(self->fd);

	self->fd = rdm_socket(variant->family, SOCK_SEQPACKET);
	set_int(self->fd, SOL_SOCKET, SO_REUSEADDR, 1);
	ASSERT_OK(bind(self->fd, &self->at.sa, self->at.len));
	ASSERT_OK(listen(self->fd, 5));
	tx[1] = client(&self->at, "1", NULL);
	new = accept_with(self->fd, "1");
	ASSERT_LE(0, new);
	EXPECT_TRUE(talks(tx[0], old));
	EXPECT_TRUE(talks(tx[1], new));
	EXPECT_TRUE(talks(old, tx[0]));

	/* When it goes, its peer is the new server's like anyone else */
	close(old);
	ASSERT_TRUE(EVENTUALLY(PATIENCE, counter("InReset") == 1));
	ASSERT_EQ(5, send(tx[0], "again", 5, 0));
	child = accept_with(self->fd, "again");
	EXPECT_LE(0, child);
	close(child);
	close(new);
	close(tx[0]);
	close(tx[1]);
}

ACCEPT_TEST(the_peer_of_a_closed_child_may_come_again)
{
	int tx, child;

	tx = client(&self->at, "0", NULL);
	for (int i = 0; i < 5; i++) {
		char text[2] = { (char)('0' + i) };
		uint64_t told = counter("InReset");

		child = accept_with(self->fd, text);
		ASSERT_LE(0, child);
		close(child);
		ASSERT_TRUE(EVENTUALLY(PATIENCE, counter("InReset") > told));
		EXPECT_EQ(0, so_error(tx));
		text[0]++;
		ASSERT_EQ(1, send(tx, text, 1, 0));
	}
	close(tx);
}

/* What a child whose peer is gone says to its user. */
static void expect_over(struct __test_metadata *_metadata, int child, int err)
{
	char c;

	EXPECT_TRUE(wait_for(child, POLLIN, PATIENCE) & POLLHUP);
	EXPECT_FAIL(err, recv(child, &c, 1, 0));
	EXPECT_EQ(0, recv(child, &c, 1, 0));
	EXPECT_EQ(0, recv(child, &c, 1, 0));
	EXPECT_FAIL(EPIPE, send(child, "x", 1, MSG_NOSIGNAL));
	EXPECT_EQ(0, so_error(child));
	EXPECT_TRUE(wait_for(child, POLLIN, 0) & POLLHUP);
}

ACCEPT_TEST(a_peer_that_closes_ends_its_child)
{
	int tx, child;
	char c;

	tx = client(&self->at, "0", NULL);
	child = accept_with(self->fd, "0");
	ASSERT_LE(0, child);
	ASSERT_EQ(1, send(tx, "l", 1, 0));
	close(tx);
	/* What it had sent comes first */
	ASSERT_TRUE(wait_for(child, POLLHUP, PATIENCE) & POLLHUP);
	EXPECT_EQ(1, recv(child, &c, 1, 0));
	EXPECT_EQ('l', c);
	expect_over(_metadata, child, ECONNRESET);
	close(child);
}

ACCEPT_TEST(a_child_that_is_over_before_accept_can_be_read)
{
	struct addr mine, from = { .len = sizeof(from.ss) };
	int tx, child;
	char c;

	tx = client(&self->at, "0", &mine);
	close(tx);
	ASSERT_TRUE(EVENTUALLY(PATIENCE, counter("InReset") == 1));
	child = accept(self->fd, &from.sa, &from.len);
	ASSERT_LE(0, child);
	EXPECT_TRUE(same_addr(&from, &mine));
	EXPECT_EQ(1, recv(child, &c, 1, 0));
	EXPECT_EQ('0', c);
	expect_over(_metadata, child, ECONNRESET);
	close(child);
}

ACCEPT_TEST(a_peer_that_restarts_gets_a_new_child)
{
	int tx, old, new;
	struct addr mine;

	tc("qdisc add dev lo clsact");
	tx = client(&self->at, "0", &mine);
	old = accept_with(self->fd, "0");
	ASSERT_LE(0, old);
	/* Nobody hears of its end */
	cut_all();
	close(tx);
	uncut();
	tx = rdm_socket(variant->family, SOCK_SEQPACKET);
	ASSERT_OK(bind(tx, &mine.sa, mine.len));
	ASSERT_OK(connect(tx, &self->at.sa, self->at.len));
	ASSERT_EQ(3, send(tx, "new", 3, 0));
	new = accept_with(self->fd, "new");
	ASSERT_LE(0, new);
	expect_over(_metadata, old, ECONNRESET);
	EXPECT_TRUE(talks(tx, new));
	close(old);
	EXPECT_TRUE(talks(tx, new));
	close(new);
	close(tx);
}

/* A child whose association is closed for being idle; *@tx is its peer, at *@mine. */
static int idle_child(int listener, const struct addr *at, int *tx, struct addr *mine)
{
	int child;

	sysctl_set("idle_timeout_ms", 1000);
	*tx = client(at, "0", mine);
	child = accept_with(listener, "0");
	if (child < 0 || !EVENTUALLY(PATIENCE, counter("AssocClosed") >= 2))
		fatal("no child, or no idle close");
	return child;
}

/* Another life at the same address. */
static int restart(int fd, const struct addr *at)
{
	close(fd);
	fd = rdm_socket(at->sa.sa_family, SOCK_SEQPACKET);
	if (bind(fd, &at->sa, at->len))
		fatal("bind: %s", strerror(errno));
	return fd;
}

ACCEPT_TEST(a_peer_that_restarts_after_an_idle_close_gets_a_new_child)
{
	int tx, old, new;
	struct addr mine;

	old = idle_child(self->fd, &self->at, &tx, &mine);
	tx = restart(tx, &mine);
	ASSERT_OK(connect(tx, &self->at.sa, self->at.len));
	ASSERT_EQ(3, send(tx, "new", 3, 0));
	new = accept_with(self->fd, "new");
	ASSERT_LE(0, new);
	expect_over(_metadata, old, ECONNRESET);
	EXPECT_TRUE(talks(tx, new));
	close(old);
	close(new);
	close(tx);
}

ACCEPT_TEST(a_child_does_not_begin_with_another_life_of_its_peer)
{
	int tx, child;
	struct addr mine;

	child = idle_child(self->fd, &self->at, &tx, &mine);
	tx = restart(tx, &mine);
	ASSERT_EQ(1, send(child, "x", 1, 0));
	expect_over(_metadata, child, ECONNRESET);
	EXPECT_EQ(0, wait_for(tx, POLLIN, 100));
	close(child);
	close(tx);
}

ACCEPT_TEST(an_idle_close_is_not_the_end_of_a_child)
{
	int tx, child;
	struct addr mine;
	char c;

	child = idle_child(self->fd, &self->at, &tx, &mine);
	/* It opens one again, */
	ASSERT_EQ(1, send(child, "1", 1, 0));
	ASSERT_EQ(1, recv(tx, &c, 1, 0));
	EXPECT_EQ('1', c);
	ASSERT_TRUE(EVENTUALLY(PATIENCE, counter("AssocClosed") == 4));
	/* and so may its peer */
	ASSERT_EQ(1, send(tx, "2", 1, 0));
	ASSERT_EQ(1, recv(child, &c, 1, 0));
	EXPECT_EQ('2', c);
	EXPECT_EQ(0, wait_for(self->fd, POLLIN, 0));
	EXPECT_EQ(0, so_error(child));
	close(child);
	close(tx);
}

ACCEPT_TEST(silence_ends_a_child_after_the_user_timeout)
{
	int tx, child;

	tc("qdisc add dev lo clsact");
	set_int(self->fd, SOL_RDM, RDM_USER_TIMEOUT, 1000);
	tx = client(&self->at, "0", NULL);
	child = accept_with(self->fd, "0");
	ASSERT_LE(0, child);
	cut_all();
	ASSERT_EQ(1, send(child, "x", 1, 0));
	expect_over(_metadata, child, ETIMEDOUT);
	uncut();
	close(child);
	close(tx);
}

ACCEPT_TEST(a_killed_server_tells_who_it_had_and_who_waited)
{
	int tx[6], status;
	pid_t pid;

	pid = fork();
	if (!pid) {
		/* Two are accepted, the others wait */
		for (int i = 0; i < 2; i++)
			if (accept(self->fd, NULL, NULL) < 0)
				_exit(1);
		for (;;)
			pause();
	}
	close(self->fd);
	self->fd = -1;
	for (int i = 0; i < 6; i++)
		tx[i] = client(&self->at, "0", NULL);
	ASSERT_TRUE(all_acked(tx, 6));
	ASSERT_OK(kill(pid, SIGKILL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(EVENTUALLY(PATIENCE, counter("InReset") == 6));
	EXPECT_TRUE(EVENTUALLY(PATIENCE, !proc_has("rdm", " local=")));
	for (int i = 0; i < 6; i++)
		close(tx[i]);
}

ACCEPT_TEST(a_namespace_goes_with_children_that_wait)
{
	int tx[4], status;
	pid_t pid = fork();

	/* The leak check after the tests looks at what is left of it */
	if (!pid) {
		struct addr at;
		int fd;

		enter_netns(1500);
		fd = rdm_bound(variant->family, SOCK_SEQPACKET, &at);
		if (listen(fd, 10))
			_exit(1);
		for (int i = 0; i < 4; i++)
			tx[i] = client(&at, "0", NULL);
		if (!all_acked(tx, 4))
			_exit(2);
		_exit(accept(fd, NULL, NULL) < 0 ? 3 : 0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

ACCEPT_TEST(listening_sockets_may_share_a_port)
{
	int fds[2], tx[32], got[2] = { 0 };

	close(self->fd);
	self->fd = -1;
	for (int i = 0; i < 2; i++) {
		fds[i] = rdm_socket(variant->family, SOCK_SEQPACKET);
		set_int(fds[i], SOL_SOCKET, SO_REUSEPORT, 1);
		ASSERT_OK(bind(fds[i], &self->at.sa, self->at.len));
		ASSERT_OK(listen(fds[i], 64));
		ASSERT_OK(fcntl(fds[i], F_SETFL, O_NONBLOCK));
	}
	for (int i = 0; i < 32; i++)
		tx[i] = client(&self->at, "0", NULL);
	ASSERT_TRUE(all_acked(tx, 32));
	for (int i = 0; i < 2; i++) {
		int child;

		while ((child = accept(fds[i], NULL, NULL)) >= 0) {
			got[i]++;
			close(child);
		}
	}
	EXPECT_LT(0, got[0]);
	EXPECT_LT(0, got[1]);
	EXPECT_EQ(32, got[0] + got[1]);
	for (int i = 0; i < 32; i++)
		close(tx[i]);
	for (int i = 0; i < 2; i++)
		close(fds[i]);
}

ACCEPT_TEST(proc_shows_who_listens_and_who_waits)
{
	int tx, child;

	EXPECT_TRUE(proc_has("rdm", " listen:0/200"));
	tx = client(&self->at, "0", NULL);
	ASSERT_TRUE(EVENTUALLY(PATIENCE, proc_has("rdm", " listen:1/200")));
	child = accept_with(self->fd, "0");
	ASSERT_LE(0, child);
	EXPECT_TRUE(proc_has("rdm", " listen:0/200"));
	EXPECT_TRUE(proc_has("rdm", " child\n"));
	close(tx);
	EXPECT_TRUE(EVENTUALLY(PATIENCE, proc_has("rdm", " over\n")));
	close(child);
}

TEST_HARNESS_MAIN
