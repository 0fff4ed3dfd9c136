// SPDX-License-Identifier: GPL-2.0
/*
 * What a sender learns of a message, and what it may ask for: cookies and their outcomes,
 * modes, deadlines, and notes that a peer takes messages again. Packets are dropped by
 * filters on loopback, so each fault is certain.
 */
#include "kselftest_harness.h"
#include "rdmtest.h"

FIXTURE(outcome) {
	int tx, rx;
	struct addr tx_at, rx_at;
	struct addr nobody;
};

RDM_VARIANTS(outcome);

FIXTURE_SETUP(outcome)
{
	char c;
	int udp;

	enter_netns(1500);
	tc("qdisc add dev lo clsact");
	self->rx = rdm_bound(variant->family, variant->type, &self->rx_at);
	/* a small window, which lost credit would soon close */
	set_int(self->rx, SOL_SOCKET, SO_RCVBUF, 262144);
	self->tx = rdm_bound(variant->family, variant->type, &self->tx_at);
	udp = udp_bound(variant->family, &self->nobody);
	close(udp);
	ASSERT_EQ(1, send_to(self->tx, "w", 1, 0, &self->rx_at));
	ASSERT_EQ(1, recv(self->rx, &c, 1, 0));
	ASSERT_TRUE(EVENTUALLY(PATIENCE, outq(self->tx) == 0));
}

FIXTURE_TEARDOWN(outcome)
{
	close(self->tx);
	close(self->rx);
}

/* What a message asks for; -1 and 0 for what it does not say. */
struct ask {
	uint64_t cookie;
	int mode;
	int deadline_ms;
};

static void put(struct msghdr *msg, int type, const void *value, size_t len)
{
	struct cmsghdr *c = msg->msg_control + msg->msg_controllen;

	c->cmsg_level = SOL_RDM;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(c), value, len);
	msg->msg_controllen += CMSG_SPACE(len);
}

static ssize_t send_asking(int fd, const void *buf, size_t len, int flags, const struct addr *to,
			   const struct ask *ask)
{
	union { char room[256]; struct cmsghdr align; } control = { 0 };
	struct iovec iov = { (void *)buf, len };
	struct addr dst = *to;
	struct msghdr msg = {
		.msg_name = &dst.ss, .msg_namelen = dst.len, .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control,
	};

	if (ask->cookie)
		put(&msg, RDM_COOKIE, &ask->cookie, sizeof(ask->cookie));
	if (ask->mode >= 0)
		put(&msg, RDM_MODE, &ask->mode, sizeof(ask->mode));
	if (ask->deadline_ms)
		put(&msg, RDM_DEADLINE, &ask->deadline_ms, sizeof(ask->deadline_ms));
	return sendmsg(fd, &msg, flags);
}

static void set_timeout_rdm(int fd, int ms)
{
	set_int(fd, SOL_RDM, RDM_USER_TIMEOUT, ms);
}

static uint64_t lost_outcomes(int fd)
{
	uint64_t n = ~0ULL;
	socklen_t len = sizeof(n);

	if (getsockopt(fd, SOL_RDM, RDM_LOST_OUTCOMES, &n, &len) || len != sizeof(n))
		fatal("RDM_LOST_OUTCOMES: %s", strerror(errno));
	return n;
}

RDM_TEST(outcome, u7_a_cookie_comes_back_when_the_message_is_acked)
{
	struct ask ask = { .cookie = 0x1122334455667788, .mode = -1 };
	struct rdm_outcome o;
	struct addr to;
	char buf[8];

	ASSERT_EQ(5, send_asking(self->tx, "hello", 5, 0, &self->rx_at, &ask));
	ASSERT_TRUE(EVENTUALLY(PATIENCE, wait_for(self->tx, POLLIN, 10) & POLLERR));
	ASSERT_TRUE(take_outcome(self->tx, PATIENCE, &o, &to));
	EXPECT_EQ(0, o.error);
	EXPECT_EQ(RDM_FATE_QUEUED, o.fate);
	EXPECT_EQ(1, o.count);
	EXPECT_EQ(5, o.bytes);
	EXPECT_EQ(RDM_OUTCOME_COOKIE, o.flags);
	EXPECT_EQ(ask.cookie, o.cookie);
	EXPECT_TRUE(same_addr(&to, &self->rx_at));
	/* Queued means that it can be read at this moment */
	EXPECT_EQ(5, recv(self->rx, buf, sizeof(buf), MSG_DONTWAIT));
	EXPECT_FALSE(take_outcome(self->tx, 100, &o, &to));
	EXPECT_EQ(0, wait_for(self->tx, POLLIN, 0));
}

/* The debug kernel sees who looks at what was freed. */
RDM_TEST(outcome, u7_outcomes_that_nobody_reads_go_with_the_socket)
{
	struct ask ask = { .cookie = 1, .mode = -1 };

	/* it has to do with groups as well */
	EXPECT_EQ(RDM_GROUP_LAZY, get_int(self->tx, SOL_RDM, RDM_GROUP_MODE));
	ASSERT_EQ(5, send_asking(self->tx, "hello", 5, 0, &self->rx_at, &ask));
	ASSERT_TRUE(EVENTUALLY(PATIENCE, wait_for(self->tx, POLLIN, 10) & POLLERR));
	ASSERT_OK(close(self->tx));
	EXPECT_TRUE(EVENTUALLY(PATIENCE, !proc_has("rdm", " local=")));
	self->tx = -1;
}

RDM_TEST(outcome, u7_each_cookie_comes_back_once_with_good_and_bad_destinations)
{
	enum { N = 60 };
	struct ask ask = { .mode = -1 };
	uint8_t seen[N] = { 0 };
	struct rdm_outcome o;
	struct addr to;
	int n;

	for (n = 0; n < N; n++) {
		ask.cookie = 1000 + n;
		ASSERT_EQ(3, send_asking(self->tx, "abc", 3, 0,
					 n % 3 ? &self->rx_at : &self->nobody, &ask));
	}
	for (n = 0; n < N && take_outcome(self->tx, PATIENCE, &o, &to); n++) {
		ASSERT_TRUE(o.cookie >= 1000 && o.cookie < 1000 + N);
		EXPECT_EQ(1, ++seen[o.cookie - 1000]);
		EXPECT_EQ((o.cookie - 1000) % 3 ? 0 : ECONNREFUSED, o.error);
		EXPECT_TRUE(same_addr(&to, o.error ? &self->nobody : &self->rx_at));
	}
	EXPECT_EQ(N, n);
	EXPECT_FALSE(take_outcome(self->tx, 100, &o, &to));
	EXPECT_EQ(0, lost_outcomes(self->tx));
}

RDM_TEST(outcome, normal_calls_neither_swallow_nor_repeat_outcomes)
{
	struct ask ask = { .cookie = 7, .mode = -1 };
	struct rdm_outcome o;
	struct addr to;
	char buf[8];

	ASSERT_OK(connect(self->tx, &self->nobody.sa, self->nobody.len));
	ASSERT_EQ(1, send_asking(self->tx, "x", 1, 0, &self->nobody, &ask));
	ASSERT_TRUE(EVENTUALLY(PATIENCE, wait_for(self->tx, POLLIN, 10) & POLLERR));
	/* who asks hears it there, and there only */
	EXPECT_FAIL(EAGAIN, recv(self->tx, buf, sizeof(buf), MSG_DONTWAIT));
	EXPECT_EQ(0, so_error(self->tx));
	ASSERT_TRUE(take_outcome(self->tx, PATIENCE, &o, &to));
	EXPECT_EQ(ECONNREFUSED, o.error);
	EXPECT_EQ(7, o.cookie);
	EXPECT_FALSE(take_outcome(self->tx, 100, &o, &to));
}

RDM_TEST(outcome, unread_outcomes_use_the_send_buffer_and_none_is_lost)
{
	struct ask ask = { .mode = -1 };
	static uint8_t told[1000];
	struct rdm_outcome o;
	uint64_t sent = 0, n = 0;
	struct addr to;
	char c;

	set_int(self->tx, SOL_SOCKET, SO_SNDBUF, 32768);
	while (sent < sizeof(told)) {
		ask.cookie = sent + 1;
		if (send_asking(self->tx, "x", 1, MSG_DONTWAIT, &self->rx_at, &ask) < 0) {
			ASSERT_EQ(EAGAIN, errno);
			/* The messages are gone, their outcomes are not */
			if (EVENTUALLY(PATIENCE, outq(self->tx) == 0) &&
			    send_asking(self->tx, "x", 1, MSG_DONTWAIT, &self->rx_at, &ask) < 0)
				break;
		}
		sent++;
		while (recv(self->rx, &c, 1, MSG_DONTWAIT) == 1)
			;
	}
	EXPECT_LT(10, sent);
	EXPECT_GT(sizeof(told), sent);
	EXPECT_FALSE(wait_for(self->tx, POLLOUT, 0) & POLLOUT);
	for (; n < sent && take_outcome(self->tx, PATIENCE, &o, &to); n++) {
		ASSERT_TRUE(o.cookie >= 1 && o.cookie <= sent);
		EXPECT_EQ(1, ++told[o.cookie - 1]);
		EXPECT_EQ(0, o.error);
	}
	EXPECT_EQ(sent, n);
	EXPECT_FALSE(take_outcome(self->tx, 100, &o, &to));
	EXPECT_TRUE(wait_for(self->tx, POLLOUT, PATIENCE) & POLLOUT);
	EXPECT_EQ(0, lost_outcomes(self->tx));
}

RDM_TEST(outcome, failures_that_are_not_told_are_counted)
{
	struct rdm_outcome o;
	uint64_t told = 0, sent = 0;
	struct addr to, many;

	/* each destination is an entry of its own, and nobody reads */
	set_int(self->tx, SOL_SOCKET, SO_RCVBUF, 4096);
	for (unsigned int i = 0; i < 30 + scaled(270); i++) {
		many = loopback(variant->family, 20000 + i);
		ASSERT_EQ(1, send_to(self->tx, "x", 1, 0, &many));
		sent++;
	}
	ASSERT_TRUE(EVENTUALLY(PATIENCE, counter("OutFailed") == sent));
	EXPECT_LT(0, lost_outcomes(self->tx));
	EXPECT_EQ(lost_outcomes(self->tx), counter("ErrLost"));
	while (take_outcome(self->tx, 100, &o, &to))
		told += o.count;
	EXPECT_LT(0, told);
	EXPECT_EQ(sent, told + lost_outcomes(self->tx));
}

RDM_TEST(outcome, a_full_error_queue_adds_up_failures_of_one_peer)
{
	struct rdm_outcome o;
	uint64_t told = 0;
	struct addr to;

	set_int(self->tx, SOL_SOCKET, SO_RCVBUF, 4096);
	for (int i = 0; i < 100; i++) {
		ASSERT_EQ(1, send_to(self->tx, "x", 1, 0, &self->nobody));
		ASSERT_TRUE(EVENTUALLY(PATIENCE, outq(self->tx) == 0));
	}
	while (take_outcome(self->tx, 100, &o, &to))
		told += o.count;
	EXPECT_EQ(100, told);
	EXPECT_EQ(0, lost_outcomes(self->tx));
}

RDM_TEST(outcome, failures_are_not_told_to_who_does_not_want_them)
{
	struct ask ask = { .cookie = 9, .mode = -1 };
	struct rdm_outcome o;
	struct addr to;

	set_int(self->tx, SOL_RDM, RDM_NOTIFY, 0);
	ASSERT_EQ(1, send_to(self->tx, "x", 1, 0, &self->nobody));
	ASSERT_TRUE(EVENTUALLY(PATIENCE, counter("OutFailed") == 1));
	EXPECT_EQ(0, wait_for(self->tx, POLLIN, 100));
	/* a cookie asks all the same */
	ASSERT_EQ(1, send_asking(self->tx, "x", 1, 0, &self->nobody, &ask));
	ASSERT_TRUE(take_outcome(self->tx, PATIENCE, &o, &to));
	EXPECT_EQ(9, o.cookie);
	EXPECT_EQ(0, lost_outcomes(self->tx));
}

RDM_TEST(outcome, u7_a_deadline_that_passes_is_etime)
{
	struct ask ask = { .cookie = 5, .mode = -1, .deadline_ms = 300 };
	struct rdm_outcome o;
	double start = now();
	struct addr to;
	char buf[8];

	cut_all();
	ASSERT_EQ(4, send_asking(self->tx, "late", 4, 0, &self->rx_at, &ask));
	ASSERT_TRUE(take_outcome(self->tx, PATIENCE, &o, &to));
	EXPECT_EQ(ETIME, o.error);
	EXPECT_EQ(RDM_FATE_UNKNOWN, o.fate);
	EXPECT_EQ(5, o.cookie);
	EXPECT_LE(start + 0.299, now());
	EXPECT_GT(start + 3 * slowness(), now());
	EXPECT_EQ(0, outq(self->tx));
	/* Nothing of it is sent any more, and what comes later is not held up */
	uncut();
	ASSERT_EQ(2, send_to(self->tx, "ok", 2, 0, &self->rx_at));
	ASSERT_EQ(2, recv(self->rx, buf, sizeof(buf), 0));
	EXPECT_EQ(0, memcmp(buf, "ok", 2));
	EXPECT_EQ(0, wait_for(self->rx, POLLIN, 200));
	EXPECT_LT(0, counter("InSkip"));
	EXPECT_FALSE(take_outcome(self->tx, 100, &o, &to));
}

RDM_TEST(outcome, u7_a_deadline_in_time_changes_nothing)
{
	struct ask ask = { .cookie = 6, .mode = -1, .deadline_ms = 60000 };
	struct rdm_outcome o;
	struct addr to;
	char buf[8];

	ASSERT_EQ(4, send_asking(self->tx, "soon", 4, 0, &self->rx_at, &ask));
	ASSERT_TRUE(take_outcome(self->tx, PATIENCE, &o, &to));
	EXPECT_EQ(0, o.error);
	ASSERT_EQ(4, recv(self->rx, buf, sizeof(buf), 0));
}

RDM_TEST(outcome, u7_a_deadline_before_the_handshake_is_never_sent)
{
	struct ask ask = { .cookie = 8, .mode = -1, .deadline_ms = 200 };
	struct rdm_outcome o;
	struct addr to;
	int fd = rdm_socket(variant->family, variant->type);

	cut_all();
	ASSERT_EQ(1, send_asking(fd, "x", 1, 0, &self->rx_at, &ask));
	ASSERT_TRUE(take_outcome(fd, PATIENCE, &o, &to));
	EXPECT_EQ(ETIME, o.error);
	EXPECT_EQ(RDM_FATE_NEVER_SENT, o.fate);
	close(fd);
}

RDM_TEST(outcome, u7_a_deadline_for_all_messages_of_a_socket)
{
	static uint8_t large[30000], buf[30000];
	struct rdm_outcome o;
	struct addr to;

	fill(large, sizeof(large), 3);
	set_int(self->tx, SOL_RDM, RDM_DEADLINE, 300);
	EXPECT_EQ(300, get_int(self->tx, SOL_RDM, RDM_DEADLINE));
	cut_all();
	ASSERT_EQ(sizeof(large), send_to(self->tx, large, sizeof(large), 0, &self->rx_at));
	ASSERT_TRUE(take_outcome(self->tx, PATIENCE, &o, &to));
	EXPECT_EQ(ETIME, o.error);
	EXPECT_EQ(1, o.count);
	EXPECT_EQ(sizeof(large), o.bytes);
	uncut();
	set_int(self->tx, SOL_RDM, RDM_DEADLINE, 0);
	/* its room at the receiver is free again, however often that happens */
	for (int i = 0; i < 20; i++) {
		ASSERT_EQ(sizeof(large), send_to(self->tx, large, sizeof(large), 0, &self->rx_at));
		ASSERT_EQ(sizeof(large), recv(self->rx, buf, sizeof(buf), 0));
	}
	EXPECT_TRUE(intact(buf, sizeof(large), 3));
}

RDM_TEST(outcome, a_blocked_send_does_not_outlast_its_deadline)
{
	static uint8_t large[60000];
	struct ask ask = { .mode = -1, .deadline_ms = 400 };
	double start;

	/* what stays behind is not to outlast the test for long */
	set_timeout_rdm(self->tx, 2000);
	cut_all();
	set_int(self->tx, SOL_SOCKET, SO_SNDBUF, 100000);
	while (send_to(self->tx, large, sizeof(large), MSG_DONTWAIT, &self->rx_at) > 0)
		;
	ASSERT_EQ(EAGAIN, errno);
	start = now();
	EXPECT_FAIL(ETIME, send_asking(self->tx, large, sizeof(large), 0, &self->rx_at, &ask));
	EXPECT_LE(start + 0.399, now());
	EXPECT_GT(start + 5 * slowness(), now());
}

RDM_TEST(outcome, at_most_once_is_never_sent_again)
{
	struct ask ask = { .cookie = 11, .mode = RDM_AT_MOST_ONCE };
	/* what opened the association may have gone twice, where the machine was slow */
	uint64_t again = counter("OutRetrans");
	struct rdm_outcome o;
	struct addr to;
	char buf[8];

	cut_all();
	ASSERT_EQ(4, send_asking(self->tx, "once", 4, 0, &self->rx_at, &ask));
	poll(NULL, 0, 100);
	uncut();
	/* a probe shows that it is lost, and brings nothing of it */
	ASSERT_TRUE(take_outcome(self->tx, PATIENCE, &o, &to));
	EXPECT_EQ(ECOMM, o.error);
	EXPECT_EQ(RDM_FATE_UNKNOWN, o.fate);
	EXPECT_EQ(11, o.cookie);
	EXPECT_EQ(again, counter("OutRetrans"));
	EXPECT_EQ(0, wait_for(self->rx, POLLIN, 200));
	/* and later ones, in whatever mode, are not held up */
	ASSERT_EQ(2, send_asking(self->tx, "m1", 2, 0, &self->rx_at, &ask));
	ASSERT_EQ(2, send_to(self->tx, "e1", 2, 0, &self->rx_at));
	ASSERT_EQ(2, recv(self->rx, buf, sizeof(buf), 0));
	EXPECT_EQ(0, memcmp(buf, "m1", 2));
	ASSERT_EQ(2, recv(self->rx, buf, sizeof(buf), 0));
	EXPECT_EQ(0, memcmp(buf, "e1", 2));
	ASSERT_TRUE(take_outcome(self->tx, PATIENCE, &o, &to));
	EXPECT_EQ(0, o.error);
}

RDM_TEST(outcome, at_least_once_reaches_the_new_incarnation)
{
	struct ask at_least = { .cookie = 1, .mode = RDM_AT_LEAST_ONCE };
	struct ask exactly = { .cookie = 2, .mode = RDM_EXACTLY_ONCE };
	struct ask at_most = { .cookie = 3, .mode = RDM_AT_MOST_ONCE };
	struct rdm_outcome o;
	struct addr to, at;
	uint32_t told = 0;
	char buf[8];

	/* sent, and lost with the peer */
	cut_to(&self->rx_at);
	ASSERT_EQ(3, send_asking(self->tx, "ALO", 3, 0, &self->rx_at, &at_least));
	ASSERT_EQ(3, send_asking(self->tx, "EO1", 3, 0, &self->rx_at, &exactly));
	ASSERT_EQ(3, send_asking(self->tx, "AMO", 3, 0, &self->rx_at, &at_most));
	poll(NULL, 0, 50);
	close(self->rx);
	self->rx = rdm_socket(variant->family, variant->type);
	at = self->rx_at;
	ASSERT_TRUE(EVENTUALLY(PATIENCE, !bind(self->rx, &at.sa, at.len)));
	uncut();
	for (int i = 0; i < 3; i++) {
		ASSERT_TRUE(take_outcome(self->tx, PATIENCE, &o, &to));
		ASSERT_TRUE(o.cookie >= 1 && o.cookie <= 3);
		EXPECT_FALSE(told & 1u << o.cookie);
		told |= 1u << o.cookie;
		EXPECT_EQ(o.cookie == 1 ? 0 : ECONNRESET, o.error)
			TH_LOG("cookie %llu: %s", (unsigned long long)o.cookie, strerror(o.error));
		EXPECT_EQ(o.cookie == 1 ? RDM_FATE_QUEUED : RDM_FATE_UNKNOWN, o.fate);
	}
	ASSERT_EQ(3, recv(self->rx, buf, sizeof(buf), 0));
	EXPECT_EQ(0, memcmp(buf, "ALO", 3));
	EXPECT_EQ(0, wait_for(self->rx, POLLIN, 300));
	EXPECT_FALSE(take_outcome(self->tx, 100, &o, &to));
}

RDM_TEST(outcome, at_least_once_waits_for_somebody_at_the_port)
{
	struct ask ask = { .cookie = 1, .mode = RDM_AT_LEAST_ONCE };
	struct rdm_outcome o;
	struct addr to, at = self->nobody;
	char buf[8];
	int fd;

	ASSERT_EQ(4, send_asking(self->tx, "wait", 4, 0, &self->nobody, &ask));
	ask = (struct ask){ .cookie = 2, .mode = RDM_EXACTLY_ONCE };
	ASSERT_EQ(4, send_asking(self->tx, "fail", 4, 0, &self->nobody, &ask));
	ASSERT_TRUE(take_outcome(self->tx, PATIENCE, &o, &to));
	EXPECT_EQ(2, o.cookie);
	EXPECT_EQ(ECONNREFUSED, o.error);
	EXPECT_EQ(4, outq(self->tx));
	fd = rdm_socket(variant->family, variant->type);
	ASSERT_OK(bind(fd, &at.sa, at.len));
	ASSERT_EQ(4, recv(fd, buf, sizeof(buf), 0));
	ASSERT_TRUE(take_outcome(self->tx, PATIENCE, &o, &to));
	EXPECT_EQ(1, o.cookie);
	EXPECT_EQ(0, o.error);
	close(fd);
}

RDM_TEST(outcome, at_least_once_gives_up_in_time)
{
	struct ask ask = { .cookie = 1, .mode = RDM_AT_LEAST_ONCE };
	struct rdm_outcome o;
	double start = now();
	struct addr to;

	set_timeout_rdm(self->tx, 2000);
	ASSERT_EQ(4, send_asking(self->tx, "wait", 4, 0, &self->nobody, &ask));
	ASSERT_TRUE(take_outcome(self->tx, PATIENCE, &o, &to));
	EXPECT_EQ(ECONNREFUSED, o.error);
	EXPECT_LE(start + 1.9, now());
	EXPECT_GT(start + 5 * slowness(), now());
}

RDM_TEST(outcome, u8_a_peer_that_had_no_room_tells_when_it_has)
{
	static uint8_t buf[20000];
	int other = rdm_bound(variant->family, variant->type, &self->tx_at);
	struct addr other_at = self->tx_at, to;
	struct rdm_outcome o;

	set_int(self->tx, SOL_SOCKET, SO_SNDBUF, 200000);
	set_int(self->tx, SOL_RDM, RDM_NOTIFY, RDM_NOTIFY_FAILED | RDM_NOTIFY_WRITABLE);
	cut_to(&self->rx_at);
	while (send_to(self->tx, buf, sizeof(buf), MSG_DONTWAIT, &self->rx_at) > 0)
		;
	ASSERT_EQ(EAGAIN, errno);
	/* poll speaks of the buffer, which has room, and others take messages */
	EXPECT_TRUE(wait_for(self->tx, POLLOUT, 0) & POLLOUT);
	for (int i = 0; i < 20; i++) {
		ASSERT_EQ(100, send_to(self->tx, buf, 100, 0, &other_at));
		ASSERT_EQ(100, recv(other, buf, sizeof(buf), 0));
	}
	EXPECT_FALSE(take_outcome(self->tx, 100, &o, &to));
	uncut();
	ASSERT_EQ(sizeof(buf), recv(self->rx, buf, sizeof(buf), 0));
	ASSERT_TRUE(take_outcome(self->tx, PATIENCE, &o, &to));
	EXPECT_EQ(RDM_OUTCOME_WRITABLE, o.flags);
	EXPECT_EQ(0, o.count);
	EXPECT_TRUE(same_addr(&to, &self->rx_at));
	EXPECT_EQ(sizeof(buf), send_to(self->tx, buf, sizeof(buf), MSG_DONTWAIT, &self->rx_at));
	close(other);
}

RDM_TEST(outcome, u8_that_a_peer_has_room_is_told_once_until_read)
{
	static uint8_t buf[20000];
	struct rdm_outcome o;
	struct addr to;

	set_int(self->tx, SOL_SOCKET, SO_SNDBUF, 200000);
	set_int(self->tx, SOL_RDM, RDM_NOTIFY, RDM_NOTIFY_WRITABLE);
	for (int round = 0; round < 4; round++) {
		cut_to(&self->rx_at);
		while (send_to(self->tx, buf, sizeof(buf), MSG_DONTWAIT, &self->rx_at) > 0)
			;
		ASSERT_EQ(EAGAIN, errno);
		uncut();
		ASSERT_TRUE(EVENTUALLY(PATIENCE, recv(self->rx, buf, sizeof(buf),
						      MSG_DONTWAIT) < 0 && !outq(self->tx)));
		if (round % 2)
			continue;
		/* every second time nobody reads */
		ASSERT_TRUE(take_outcome(self->tx, PATIENCE, &o, &to));
		EXPECT_EQ(RDM_OUTCOME_WRITABLE, o.flags);
		EXPECT_FALSE(take_outcome(self->tx, 50, &o, &to));
	}
	ASSERT_TRUE(take_outcome(self->tx, PATIENCE, &o, &to));
	EXPECT_FALSE(take_outcome(self->tx, 50, &o, &to));
}

RDM_TEST(outcome, options_and_control_messages_are_checked)
{
	struct ask ask = { .cookie = 1, .mode = 3 };
	uint32_t v;

	for (v = 0; v <= RDM_AT_MOST_ONCE; v++) {
		set_int(self->tx, SOL_RDM, RDM_MODE, v);
		EXPECT_EQ(v, get_int(self->tx, SOL_RDM, RDM_MODE));
	}
	EXPECT_FAIL(EINVAL, setsockopt(self->tx, SOL_RDM, RDM_MODE, &v, sizeof(v)));
	EXPECT_FAIL(EINVAL, setsockopt(self->tx, SOL_RDM, RDM_MODE, &v, 3));
	v = 86400001;
	EXPECT_FAIL(EINVAL, setsockopt(self->tx, SOL_RDM, RDM_DEADLINE, &v, sizeof(v)));
	v = 4;
	EXPECT_FAIL(EINVAL, setsockopt(self->tx, SOL_RDM, RDM_NOTIFY, &v, sizeof(v)));
	EXPECT_FAIL(ENOPROTOOPT, setsockopt(self->tx, SOL_RDM, RDM_LOST_OUTCOMES, &v, sizeof(v)));
	EXPECT_EQ(RDM_NOTIFY_FAILED, get_int(self->tx, SOL_RDM, RDM_NOTIFY));
	EXPECT_FAIL(EINVAL, send_asking(self->tx, "x", 1, 0, &self->rx_at, &ask));
	ask = (struct ask){ .mode = -1, .deadline_ms = 86400001 };
	EXPECT_FAIL(EINVAL, send_asking(self->tx, "x", 1, 0, &self->rx_at, &ask));
	EXPECT_EQ(0, wait_for(self->rx, POLLIN, 100));
}

TEST_HARNESS_MAIN
