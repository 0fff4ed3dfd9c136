// SPDX-License-Identifier: GPL-2.0
/*
 * RDM_PEER_INFO: what a program can learn of one association, and how it asks.
 */
#include "kselftest_harness.h"
#include "rdmtest.h"

#define BAD_POINTER ((void *)16)

/* The buffer as the caller fills it in, and as it comes back. */
union query {
	struct addr at;
	struct sockaddr sa;
	struct rdm_peer_info info;
};

FIXTURE(info) {
	int tx, rx;
	struct addr at;
	char buf[100000];
};

RDM_VARIANTS(info);

FIXTURE_SETUP(info)
{
	enter_netns(1500);
	self->tx = rdm_socket(variant->family, variant->type);
	self->rx = rdm_bound(variant->family, variant->type, &self->at);
}

FIXTURE_TEARDOWN(info)
{
	close(self->tx);
	close(self->rx);
}

static int ask(int fd, const struct addr *peer, struct rdm_peer_info *info)
{
	socklen_t len = sizeof(*info);
	union query q;

	memset(&q, 0, sizeof(q));
	if (peer)
		memcpy(&q.sa, &peer->sa, peer->len);
	if (getsockopt(fd, SOL_RDM, RDM_PEER_INFO, &q, &len))
		return -1;
	if (len != sizeof(*info))
		fatal("RDM_PEER_INFO gave %u bytes", len);
	*info = q.info;
	return 0;
}

static struct rdm_peer_info known(int fd, const struct addr *peer)
{
	struct rdm_peer_info info;

	if (ask(fd, peer, &info))
		fatal("RDM_PEER_INFO");
	return info;
}

static uint64_t incarnation(int fd)
{
	socklen_t len = sizeof(uint64_t);
	uint64_t v = 0;

	getsockopt(fd, SOL_RDM, RDM_INCARNATION, &v, &len);
	return v;
}

RDM_TEST(info, it_is_the_same_for_32_and_64_bit)
{
	EXPECT_EQ(440, sizeof(struct rdm_peer_info));
	EXPECT_EQ(256, offsetof(struct rdm_peer_info, state));
	EXPECT_EQ(264, offsetof(struct rdm_peer_info, incarnation));
	EXPECT_EQ(304, offsetof(struct rdm_peer_info, cwnd));
	EXPECT_EQ(416, offsetof(struct rdm_peer_info, since_rx_ms));
}

RDM_TEST(info, it_tells_what_went_to_a_peer_and_came)
{
	struct rdm_peer_info tx, rx;
	struct addr from = { .len = sizeof(from.ss) };
	int n = 10;

	for (int i = 0; i < n; i++) {
		ASSERT_EQ(5000, send_to(self->tx, self->buf, 5000, 0, &self->at));
		ASSERT_EQ(5000, recvfrom(self->rx, self->buf, 5000, 0, &from.sa, &from.len));
	}
	ASSERT_TRUE(EVENTUALLY(PATIENCE, known(self->tx, &self->at).acked_msgs == 10));
	tx = known(self->tx, &self->at);
	rx = known(self->rx, &from);

	EXPECT_EQ(0, memcmp(&tx.peer, &self->at.ss, self->at.len));
	EXPECT_EQ(0, memcmp(&rx.peer, &from.ss, from.len));
	EXPECT_EQ(0, memcmp(&tx.local, &from.ss, from.len));
	EXPECT_EQ(0, memcmp(&rx.local, &self->at.ss, self->at.len));
	EXPECT_EQ(RDM_PEER_ESTABLISHED, tx.state);
	EXPECT_EQ(RDM_PEER_ESTABLISHED, rx.state);
	EXPECT_EQ(RDM_PEER_OUTBOUND, tx.flags & RDM_PEER_OUTBOUND);
	EXPECT_EQ(0, rx.flags & RDM_PEER_OUTBOUND);
	EXPECT_EQ(variant->type == SOCK_SEQPACKET, !!(rx.flags & RDM_PEER_FIFO));
	EXPECT_EQ(incarnation(self->tx), tx.incarnation);
	EXPECT_EQ(incarnation(self->rx), tx.peer_incarnation);
	EXPECT_EQ(incarnation(self->tx), rx.peer_incarnation);

	EXPECT_LT(0, tx.srtt_us);
	EXPECT_GE(PATIENCE * 1000U, tx.srtt_us);
	EXPECT_LT(0, tx.min_rtt_us);
	EXPECT_LT(tx.srtt_us, tx.pto_us);
	EXPECT_LT(2400, tx.cwnd);
	EXPECT_EQ(0, tx.in_flight);
	/* Of the device: 1500 */
	EXPECT_LT(1400, tx.mtu);
	EXPECT_GT(1500, tx.mtu);
	EXPECT_EQ(0, tx.unacked_msgs);
	EXPECT_EQ(0, tx.unacked_bytes);
	EXPECT_EQ(0, tx.failed_msgs);
	EXPECT_EQ(0, tx.received_msgs);
	EXPECT_EQ(10, rx.received_msgs);
	/* Each one fills four packets */
	EXPECT_LE(40, tx.sent_pkts);
	EXPECT_GE(tx.sent_pkts, tx.retrans_pkts);
	EXPECT_GE(tx.lost_pkts, tx.spurious_pkts);
	EXPECT_LT(100000, tx.window);
	EXPECT_EQ(get_int(self->rx, SOL_RDM, RDM_MAX_MSG), tx.peer_max_msg);
	EXPECT_GE(PATIENCE, tx.since_rx_ms);
	EXPECT_EQ(RDM_PEER_ECN_ON, tx.ecn);
	EXPECT_EQ(tx.mtu, tx.route_mtu);
}

RDM_TEST(info, it_tells_what_waits_for_a_peer_that_does_not_read)
{
	struct rdm_peer_info info;
	unsigned int n = 0;

	set_int(self->rx, SOL_SOCKET, SO_RCVBUF, 50000);
	while (send_to(self->tx, self->buf, 10000, MSG_DONTWAIT, &self->at) == 10000)
		n++;
	ASSERT_LT(10, n);
	ASSERT_TRUE(EVENTUALLY(PATIENCE, known(self->tx, &self->at).acked_msgs));
	/* Between two looks a message may be acked; not for ever */
	EXPECT_TRUE(EVENTUALLY(PATIENCE, (info = known(self->tx, &self->at),
					  outq(self->tx) == (int)info.unacked_bytes)));
	EXPECT_LT(0, info.unacked_msgs);
	EXPECT_EQ(n, info.unacked_msgs + info.acked_msgs);
	EXPECT_EQ(info.unacked_msgs * 10000ULL, info.unacked_bytes);
	EXPECT_GE(info.unacked_msgs, info.sent_msgs);
	EXPECT_GT(20000, info.window);
}

RDM_TEST(info, it_counts_what_failed_and_was_sent_again)
{
	struct addr at;
	int udp = udp_bound(variant->family, &at);
	struct rdm_peer_info info;

	/* Nobody answers there */
	ASSERT_EQ(1, send_to(self->tx, "x", 1, 0, &at));
	info = known(self->tx, &at);
	EXPECT_EQ(RDM_PEER_OPENING, info.state);
	EXPECT_EQ(1, info.unacked_msgs);
	EXPECT_EQ(0, info.sent_msgs);
	EXPECT_EQ(0, info.peer_incarnation);
	EXPECT_EQ(0, info.srtt_us);
	EXPECT_EQ(UINT32_MAX, info.since_rx_ms);
	close(udp);
	/* Now ICMP does, to the next packet: it is over */
	EXPECT_TRUE(EVENTUALLY(PATIENCE, ask(self->tx, &at, &info) && errno == ENOENT));
}

RDM_TEST(info, the_connected_peer_needs_no_name)
{
	struct rdm_peer_info info;

	EXPECT_FAIL(ENOTCONN, ask(self->tx, NULL, &info));
	ASSERT_OK(connect(self->tx, &self->at.sa, self->at.len));
	ASSERT_OK(ask(self->tx, NULL, &info));
	EXPECT_EQ(0, memcmp(&info.peer, &self->at.ss, self->at.len));
	EXPECT_EQ(RDM_PEER_IDLE, info.state);
}

RDM_TEST(info, arguments_are_checked)
{
	struct addr other = local_addr(self->rx), mixed;
	struct rdm_peer_info info;
	socklen_t len = sizeof(info);
	union query q;

	memset(&q, 0, sizeof(q));
	EXPECT_FAIL(ENOENT, ask(self->tx, &self->at, &info));
	ASSERT_EQ(1, send_to(self->tx, "x", 1, 0, &self->at));
	EXPECT_OK(ask(self->tx, &self->at, &info));
	other.in.sin_port ^= 1;
	EXPECT_FAIL(ENOENT, ask(self->tx, &other, &info));
	EXPECT_FAIL(ENOPROTOOPT, setsockopt(self->tx, SOL_RDM, RDM_PEER_INFO, &info, sizeof(info)));

	mixed = loopback(variant->family == AF_INET ? AF_INET6 : AF_INET, 1);
	if (variant->family == AF_INET)
		EXPECT_FAIL(EAFNOSUPPORT, ask(self->tx, &mixed, &info));
	else
		EXPECT_FAIL(ENOENT, ask(self->tx, &mixed, &info));
	EXPECT_FAIL(EFAULT, getsockopt(self->tx, SOL_RDM, RDM_PEER_INFO, BAD_POINTER, &len));
	EXPECT_FAIL(EFAULT, getsockopt(self->tx, SOL_RDM, RDM_PEER_INFO, &q, BAD_POINTER));
	len = 1;
	EXPECT_FAIL(EINVAL, getsockopt(self->tx, SOL_RDM, RDM_PEER_INFO, &q, &len));
	len = (socklen_t)-1;
	EXPECT_FAIL(EINVAL, getsockopt(self->tx, SOL_RDM, RDM_PEER_INFO, &q, &len));
	/* A name that is cut off */
	memcpy(&q, &self->at.sa, self->at.len);
	len = 8;
	EXPECT_FAIL(EINVAL, getsockopt(self->tx, SOL_RDM, RDM_PEER_INFO, &q, &len));
	/* A program that was built when the structure was shorter, or will be longer */
	memset(&q, 0xee, sizeof(q));
	memcpy(&q, &self->at.sa, self->at.len);
	len = offsetof(struct rdm_peer_info, cwnd);
	ASSERT_OK(getsockopt(self->tx, SOL_RDM, RDM_PEER_INFO, &q, &len));
	EXPECT_EQ(offsetof(struct rdm_peer_info, cwnd), len);
	EXPECT_EQ(0xeeeeeeeeeeeeeeeeULL, q.info.cwnd);
	EXPECT_LT(1000, q.info.mtu);
	memcpy(self->buf, &self->at.sa, self->at.len);
	len = 1000;
	ASSERT_OK(getsockopt(self->tx, SOL_RDM, RDM_PEER_INFO, self->buf, &len));
	EXPECT_EQ(sizeof(info), len);
}

TEST_HARNESS_MAIN
