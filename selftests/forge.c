// SPDX-License-Identifier: GPL-2.0
/*
 * U10 and M4 by someone who can send any packet, and has seen some: INIT from thousands
 * of sources that do not exist, cookies replayed and moved elsewhere, ICMP errors that no
 * router sent, and the packets of a live association, changed. There must be no state
 * for strangers, no answer longer than the question, and no harm to the association; and
 * what was thrown away is counted. (packet.c has what needs no raw socket.)
 */
#include "kselftest_harness.h"
#include "netlab.h"

#include <stdio.h>
#include <stdlib.h>

#define INIT 1
#define INIT_ACK 2
#define DATA 3
#define HDR_LEN 16
#define COOKIE_FRAME 7
#define COOKIE_LEN 84
#define INIT_LEN 144

FIXTURE(forge) {
	int tx, rx;		/* a living association between them */
	struct addr tx_at, rx_at;
	struct tap tap;		/* all that both have sent */
	struct forge forge;
	uint32_t seq;
};

RDM_VARIANTS(forge);

/* Messages of some sizes go there and one comes back, all intact. */
static bool alive(FIXTURE_DATA(forge) * self)
{
	static uint8_t buf[8000];
	static const size_t sizes[] = { 0, 1, 200, 1400, 4000 };
	struct addr from;
	unsigned int seen = 0;

	self->seq++;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		fill(buf, sizes[i], self->seq);
		if (send_to(self->tx, buf, sizes[i], 0, &self->rx_at) != (ssize_t)sizes[i])
			return false;
	}
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		ssize_t n;

		from.len = sizeof(from.ss);
		n = recvfrom(self->rx, buf, sizeof(buf), 0, &from.sa, &from.len);
		for (size_t k = 0; k < ARRAY_SIZE(sizes); k++) {
			if (n == (ssize_t)sizes[k] && intact(buf, sizes[k], self->seq))
				seen |= 1u << k;
		}
		if (!same_addr(&from, &self->tx_at))
			return false;
	}
	if (seen != (1u << ARRAY_SIZE(sizes)) - 1)
		return false;
	return send_to(self->rx, "back", 4, 0, &self->tx_at) == 4 &&
	       recv(self->tx, buf, sizeof(buf), 0) == 4 && !memcmp(buf, "back", 4) &&
	       EVENTUALLY(PATIENCE, !outq(self->tx) && !outq(self->rx));
}

/* One association, the one of the beginning, and nobody was told of a failure. */
static bool unharmed(FIXTURE_DATA(forge) * self)
{
	struct rdm_outcome o;
	struct addr to;
	char c;

	if (alive(self) && !counter("AssocFailed") && !counter("InReset") &&
	    counter("AssocOpened") == 1 && counter("AssocAccepted") == 1 &&
	    !take_outcome(self->tx, 0, &o, &to) && !take_outcome(self->rx, 0, &o, &to) &&
	    recv(self->rx, &c, 1, MSG_DONTWAIT) < 0 && recv(self->tx, &c, 1, MSG_DONTWAIT) < 0)
		return true;
	show_state();
	return false;
}

FIXTURE_SETUP(forge)
{
	enter_netns(1500);
	/* Packets are recorded one by one */
	sysctl_set("gso", 0);
	/* Whoever the sources are: answers to them leave, and can be seen */
	run("ip route add local 10.0.0.0/8 dev lo && ip -6 route add local fd00::/8 dev lo");
	forge_open(&self->forge);
	tap_open(&self->tap, "lo");
	self->rx = rdm_bound(variant->family, variant->type, &self->rx_at);
	self->tx = rdm_bound(variant->family, variant->type, &self->tx_at);
	ASSERT_TRUE(alive(self));
	tap_read(&self->tap);
}

FIXTURE_TEARDOWN(forge)
{
	close(self->tx);
	close(self->rx);
	tap_free(&self->tap);
	forge_close(&self->forge);
}

static uint64_t drops(void)
{
	static const char *const names[] = {
		"DropCsum", "DropMalformed", "DropVersion", "DropDup", "DropTag", "DropAddress",
		"DropCookie", "DropStale", "DropReset", "DropState", "DropPeers",
		"DropTombstones", "DropNoSocket", "InDupMsgs",
	};
	uint64_t sum = 0;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		sum += counter(names[i]);
	return sum;
}

/* A packet of the association: the first of @type from @from; DATA with a cookie if so. */
static struct packet *recorded(FIXTURE_DATA(forge) * self, const struct addr *from, int type,
			       bool cookie)
{
	for (size_t i = 0; i < self->tap.n; i++) {
		struct packet *p = self->tap.packets[i];

		bool has = p->data[HDR_LEN] == COOKIE_FRAME;

		if (same_addr(&p->from, from) && p->data[1] == type &&
		    (type != DATA || has == cookie))
			return p;
	}
	errno = 0;
	fatal("no packet of type %d was recorded", type);
}

static uint32_t random_state = 1;

static uint32_t rnd(void)
{
	random_state = random_state * 1664525 + 1013904223;
	return random_state >> 8;
}

/* Somebody in 10/8 or fd00::/8, other than us. */
static struct addr stranger(int family)
{
	struct addr a = lab_addr(family, 1 + rnd() % 250, 1 + rnd() % 250, 1024 + rnd() % 60000);

	if (family == AF_INET6)
		a.in6.sin6_addr.s6_addr[9] = (uint8_t)rnd();
	return a;
}

static unsigned int associations(void)
{
	FILE *f = fopen("/proc/net/rdm", "r");
	unsigned int n = 0;
	char line[512];

	if (!f)
		fatal("/proc/net/rdm");
	while (fgets(line, sizeof(line), f))
		n += !!strstr(line, " local=");
	fclose(f);
	return n;
}

RDM_TEST(forge, u10_a_flood_of_spoofed_inits_makes_no_state_and_is_not_amplified)
{
	unsigned int n = scaled(2000);
	uint64_t in = 0, out = 0, acks;
	uint8_t init[INIT_LEN];
	size_t i, before;

	memcpy(init, recorded(self, &self->tx_at, INIT, false)->data, sizeof(init));
	ASSERT_EQ(2, associations());
	acks = counter("InitAckSent");
	before = self->tap.n;
	for (i = 0; i < n; i++) {
		struct addr from = stranger(variant->family);

		/* Another tag and incarnation each time; every eighth is known: the same again */
		for (int b = HDR_LEN; i % 8 && b < HDR_LEN + 16; b++)
			init[b] = (uint8_t)(1 + rnd() % 255);
		forge_udp(&self->forge, &from, &self->rx_at, init, sizeof(init), false);
		if (i % 256 == 255) {
			/* No more at once than the queue of a slow CPU takes */
			EXPECT_TRUE(EVENTUALLY(PATIENCE, counter("InInit") >= i + 2));
			tap_read(&self->tap);
		}
	}
	EXPECT_TRUE(EVENTUALLY(PATIENCE, counter("InInit") >= n + 1));
	EXPECT_TRUE(EVENTUALLY(PATIENCE, counter("InitAckSent") >= acks + n));
	tap_read(&self->tap);
	for (i = before; i < self->tap.n; i++) {
		struct packet *p = self->tap.packets[i];

		if (same_addr(&p->from, &self->rx_at) && !same_addr(&p->to, &self->tx_at)) {
			EXPECT_GE(INIT_LEN, p->len);
			out += p->len;
		} else if (same_addr(&p->to, &self->rx_at) && !same_addr(&p->from, &self->tx_at)) {
			in += p->len;
		}
	}
	EXPECT_EQ(n * INIT_LEN, in);
	EXPECT_LT(0, out);
	EXPECT_GE(in, out);
	EXPECT_EQ(2, associations());
	EXPECT_TRUE(unharmed(self));
}

RDM_TEST(forge, u10_a_cookie_moved_elsewhere_or_changed_opens_nothing)
{
	struct packet *p = recorded(self, &self->tx_at, DATA, true);
	uint64_t cookie = counter("DropCookie"), address = counter("DropAddress");
	uint64_t taken = counter("InMsgs");
	uint8_t buf[2000];
	unsigned int n = 0;

	ASSERT_GE(sizeof(buf), p->len);
	/* From another port or host: with its own tag, which is somebody else's, and another */
	for (int i = 0; i < 50; i++) {
		struct addr from = i % 2 ? stranger(variant->family) : self->tx_at;

		if (i % 2 == 0)
			from.in.sin_port = htons((uint16_t)(20000 + i));
		forge_udp(&self->forge, &from, &self->rx_at, p->data, p->len, false);
		memcpy(buf, p->data, p->len);
		buf[8 + i % 8] ^= 0x10;
		forge_udp(&self->forge, &from, &self->rx_at, buf, p->len, false);
		n++;
	}
	EXPECT_TRUE(EVENTUALLY(PATIENCE, counter("DropAddress") == address + n));
	EXPECT_TRUE(EVENTUALLY(PATIENCE, counter("DropCookie") == cookie + n));
	/* From where it came from, each byte of the seal's input and of the seal wrong once */
	n = 0;
	cookie = counter("DropCookie");
	for (int at = HDR_LEN + 4; at < HDR_LEN + COOKIE_LEN; at++) {
		memcpy(buf, p->data, p->len);
		buf[at] ^= 1;
		/* As another packet of another association: a known tag needs no cookie */
		buf[8] ^= 0x80;
		forge_udp(&self->forge, &self->tx_at, &self->rx_at, buf, p->len, false);
		n++;
	}
	EXPECT_TRUE(EVENTUALLY(PATIENCE, counter("DropCookie") == cookie + n))
		TH_LOG("%u of %u", (unsigned int)(counter("DropCookie") - cookie), n);
	EXPECT_EQ(taken, counter("InMsgs"));
	EXPECT_EQ(2, associations());
	EXPECT_TRUE(unharmed(self));
}

RDM_TEST(forge, u10_a_replayed_handshake_opens_nothing_and_delivers_nothing)
{
	struct linger now_gone = { .l_onoff = 1 };
	uint64_t taken = counter("InMsgs"), dups = drops(), stale;
	size_t n = self->tap.n;
	char c;

	/* While it lives */
	for (size_t i = 0; i < n; i++) {
		struct packet *p = self->tap.packets[i];

		forge_udp(&self->forge, &p->from, &p->to, p->data, p->len, false);
	}
	EXPECT_TRUE(EVENTUALLY(PATIENCE, drops() >= dups + n - 2));
	EXPECT_EQ(taken, counter("InMsgs"));
	EXPECT_EQ(1, counter("AssocAccepted"));
	EXPECT_TRUE(unharmed(self));

	/* After its end at both ends: the cookie is fresh, but it was used */
	ASSERT_OK(setsockopt(self->tx, SOL_SOCKET, SO_LINGER, &now_gone, sizeof(now_gone)));
	close(self->tx);
	self->tx = -1;
	ASSERT_TRUE(EVENTUALLY(PATIENCE, associations() == 0));
	taken = counter("InMsgs");
	stale = counter("DropStale");
	for (size_t i = 0; i < n; i++) {
		struct packet *p = self->tap.packets[i];

		if (same_addr(&p->to, &self->rx_at))
			forge_udp(&self->forge, &p->from, &p->to, p->data, p->len, false);
	}
	EXPECT_TRUE(EVENTUALLY(PATIENCE, counter("DropStale") > stale));
	EXPECT_EQ(0, wait_for(self->rx, POLLIN, 100));
	EXPECT_FAIL(EAGAIN, recv(self->rx, &c, 1, MSG_DONTWAIT));
	EXPECT_EQ(taken, counter("InMsgs"));
	EXPECT_EQ(0, associations());
}

/* Nobody was told that its message arrived; behind one that was sent later it must not. */
RDM_TEST(forge, u10_a_message_with_an_overtaken_cookie_is_not_delivered)
{
	struct linger now_gone = { .l_onoff = 1 };
	uint8_t init[INIT_LEN], data[128] = { 1, DATA };
	struct packet *answer = NULL;
	uint64_t acks = counter("InitAckSent"), stale;
	char buf[16];
	size_t i;

	/* An attempt that was answered and never went on */
	memcpy(init, recorded(self, &self->tx_at, INIT, false)->data, sizeof(init));
	for (i = HDR_LEN; i < HDR_LEN + 16; i++)
		init[i] ^= 0x55;
	i = self->tap.n;
	forge_udp(&self->forge, &self->tx_at, &self->rx_at, init, sizeof(init), false);
	ASSERT_TRUE(EVENTUALLY(PATIENCE, counter("InitAckSent") == acks + 1));
	tap_read(&self->tap);
	for (; i < self->tap.n; i++)
		if (self->tap.packets[i]->data[1] == INIT_ACK)
			answer = self->tap.packets[i];
	ASSERT_TRUE(answer);
	/* The next one: its message arrives, and it ends */
	ASSERT_OK(setsockopt(self->tx, SOL_SOCKET, SO_LINGER, &now_gone, sizeof(now_gone)));
	close(self->tx);
	ASSERT_TRUE(EVENTUALLY(PATIENCE, associations() == 0));
	self->tx = rdm_socket(variant->family, variant->type);
	ASSERT_OK(bind(self->tx, &self->tx_at.sa, self->tx_at.len));
	ASSERT_EQ(5, send_to(self->tx, "later", 5, 0, &self->rx_at));
	ASSERT_EQ(5, recv(self->rx, buf, sizeof(buf), 0));
	ASSERT_TRUE(EVENTUALLY(PATIENCE, !outq(self->tx)));
	ASSERT_OK(setsockopt(self->tx, SOL_SOCKET, SO_LINGER, &now_gone, sizeof(now_gone)));
	close(self->tx);
	self->tx = -1;
	ASSERT_TRUE(EVENTUALLY(PATIENCE, associations() == 0));
	/* Now the first one's cookie comes, with its message */
	memcpy(data + 8, answer->data + HDR_LEN, 8);
	data[HDR_LEN] = COOKIE_FRAME;
	data[HDR_LEN + 3] = COOKIE_LEN - 4;
	memcpy(data + HDR_LEN + 4, answer->data + HDR_LEN + 48, COOKIE_LEN - 4);
	data[HDR_LEN + COOKIE_LEN] = 8;
	data[HDR_LEN + COOKIE_LEN + 3] = 5;
	memcpy(data + HDR_LEN + COOKIE_LEN + 12, "first", 5);
	stale = counter("DropStale");
	forge_udp(&self->forge, &self->tx_at, &self->rx_at, data, HDR_LEN + COOKIE_LEN + 12 + 5,
		  false);
	EXPECT_TRUE(EVENTUALLY(PATIENCE, counter("DropStale") == stale + 1));
	EXPECT_FAIL(EAGAIN, recv(self->rx, buf, sizeof(buf), MSG_DONTWAIT));
	EXPECT_EQ(0, associations());
}

RDM_TEST(forge, u10_forged_icmp_resets_nothing)
{
	static const struct { int type, code; uint32_t info; } errors4[] = {
		{ 3, 0, 0 }, { 3, 1, 0 }, { 3, 2, 0 }, { 3, 3, 0 }, { 3, 13, 0 },
		{ 3, 4, 68 }, { 3, 4, 576 }, { 3, 4, 1400 }, { 11, 0, 0 }, { 12, 0, 0 },
	}, errors6[] = {
		{ 1, 0, 0 }, { 1, 1, 0 }, { 1, 3, 0 }, { 1, 4, 0 }, { 1, 5, 0 },
		{ 2, 0, 68 }, { 2, 0, 1280 }, { 2, 0, 1400 }, { 3, 0, 0 }, { 4, 1, 0 },
	};
	bool ip4 = variant->family == AF_INET;
	uint64_t heard = counter("InIcmp"), received;
	unsigned int n = 0;
	uint8_t quote[64];

	/* A round trip of 0.1 s, so that 3 probe timeouts are long, also in a slow machine */
	run("tc qdisc add dev lo root netem delay 50ms");
	ASSERT_TRUE(alive(self));
	received = snmp(variant->family, "Icmp", "InMsgs");
	for (size_t i = 0; i < ARRAY_SIZE(errors4); i++) {
		ASSERT_TRUE(alive(self))
			TH_LOG("before error %zu", i);
		memcpy(quote, recorded(self, &self->tx_at, DATA, false)->data, sizeof(quote));
		/*
		 * Nothing quoted but the UDP header, a wrong tag, and the right one, as from
		 * someone who sees the packets: while the association is heard of, it is wrong
		 */
		for (int k = 0; k < 3; k++) {
			if (k == 1)
				quote[12] ^= 1;
			forge_icmp(&self->forge, &self->rx_at, &self->tx_at, &self->rx_at,
				   ip4 ? errors4[i].type : errors6[i].type,
				   ip4 ? errors4[i].code : errors6[i].code,
				   ip4 ? errors4[i].info : errors6[i].info,
				   quote, k ? sizeof(quote) : 0);
			if (k == 1)
				quote[12] ^= 1;
			n++;
		}
	}
	EXPECT_TRUE(EVENTUALLY(PATIENCE, snmp(variant->family, "Icmp", "InMsgs") >= received + n));
	/* All but too big are told to the association */
	EXPECT_TRUE(EVENTUALLY(PATIENCE, counter("InIcmp") >= heard + n - 9))
		TH_LOG("%u of %u were heard", (unsigned int)(counter("InIcmp") - heard), n);
	EXPECT_TRUE(unharmed(self));

	/* When it is silent for long, a wrong tag or none is still not believed */
	EXPECT_EQ(0, wait_for(self->tx, POLLIN, 1500));
	quote[12] ^= 1;
	for (int k = 0; k < 2; k++)
		forge_icmp(&self->forge, &self->rx_at, &self->tx_at, &self->rx_at, ip4 ? 3 : 1,
			   ip4 ? 3 : 4, 0, quote, k ? sizeof(quote) : 0);
	EXPECT_TRUE(EVENTUALLY(PATIENCE, counter("InIcmp") >= heard + n - 9 + 2));
	EXPECT_TRUE(unharmed(self));
}

/* UDP itself looks into all of them, as long as they come one by one. */
static uint64_t csum_errors(int family)
{
	return snmp(family, "Udp", "InCsumErrors");
}

RDM_TEST(forge, m4_damaged_copies_of_real_packets_fail_their_checksum)
{
	uint64_t before = csum_errors(variant->family);
	unsigned int n = scaled(1000);
	size_t recorded_n = self->tap.n;

	for (unsigned int i = 0; i < n; i++) {
		struct packet *p = self->tap.packets[rnd() % recorded_n];

		forge_udp(&self->forge, &p->from, &p->to, p->data, p->len, true);
		if (i % 100 == 0)
			ASSERT_TRUE(alive(self));
	}
	EXPECT_TRUE(EVENTUALLY(PATIENCE, csum_errors(variant->family) == before + n));
	EXPECT_LT(0, counter("DropCsum"));
	EXPECT_TRUE(unharmed(self));
}

RDM_TEST(forge, m4_cut_extended_and_relabelled_copies_of_real_packets_do_no_harm)
{
	uint64_t before = drops(), pkts = counter("InPkts");
	unsigned int n = scaled(2000), sent = 0;
	size_t recorded_n = self->tap.n;
	uint8_t buf[1472];

	for (unsigned int i = 0; i < n; i++) {
		struct packet *p = self->tap.packets[rnd() % recorded_n];
		size_t len = p->len;

		/* The checksum is right each time: what is wrong must be seen by us */
		memcpy(buf, p->data, len);
		switch (i % 5) {
		case 0:		/* cut off anywhere, even in the header */
			len = rnd() % (len + 1);
			break;
		case 1:		/* something that is no frame behind it */
			for (size_t extra = 1 + rnd() % 100; extra && len < 1452; extra--)
				buf[len++] = (uint8_t)(64 + rnd() % 192);
			break;
		case 2:		/* another tag */
			buf[8 + rnd() % 8] ^= (uint8_t)(1u << rnd() % 8);
			break;
		case 3:		/* another type or version */
			buf[rnd() % 2] = (uint8_t)rnd();
			break;
		default:	/* cut, and with a packet number that is not there yet */
			if (p->data[1] == DATA)
				buf[3] ^= 1;
			len = rnd() % (len + 1);
			/* At the end of a frame it would be a packet as good as any */
			if (len > HDR_LEN)
				buf[HDR_LEN] = (uint8_t)(64 + rnd() % 192);
			break;
		}
		forge_udp(&self->forge, &p->from, &p->to, buf, len, false);
		sent++;
		if (i % 200 == 0)
			ASSERT_TRUE(alive(self));
	}
	EXPECT_TRUE(EVENTUALLY(PATIENCE, counter("InPkts") >= pkts + sent * 9 / 10));
	/* The others are answered without state: INIT that was only extended */
	EXPECT_TRUE(EVENTUALLY(PATIENCE, drops() >= before + sent * 8 / 10))
		TH_LOG("%u dropped of %u", (unsigned int)(drops() - before), sent);
	EXPECT_TRUE(unharmed(self));
}

RDM_TEST(forge, m4_whatever_the_packets_say_others_are_not_harmed)
{
	/*
	 * Whoever sees the packets can forge them, so this association may come to any end;
	 * but its end is clean, and others on the same sockets do not notice.
	 */
	struct addr victim_at, from = { .len = sizeof(from.ss) };
	int victim = rdm_bound(variant->family, variant->type, &victim_at);
	unsigned int n = scaled(2000);
	uint64_t pkts = counter("InPkts");
	static uint8_t buf[8000];
	struct tap tap;

	tap_open(&tap, "lo");
	for (size_t len = 1; len < 5000; len += 700) {
		ASSERT_EQ(len, send_to(victim, buf, len, 0, &self->rx_at));
		ASSERT_EQ(len, recvfrom(self->rx, buf, sizeof(buf), 0, &from.sa, &from.len));
		ASSERT_EQ(1, send_to(self->rx, "b", 1, 0, &from));
		ASSERT_EQ(1, recv(victim, buf, sizeof(buf), 0));
	}
	tap_stop(&tap);
	for (unsigned int i = 0; i < n; i++) {
		struct packet *p = tap.packets[rnd() % tap.n];
		size_t len = p->len;

		memcpy(buf, p->data, len);
		/* Past the duplicate check, then anything */
		if (buf[1] == DATA)
			buf[2 + rnd() % 6] ^= (uint8_t)(1u << rnd() % 8);
		for (unsigned int k = rnd() % 4; k && len; k--)
			buf[rnd() % len] = (uint8_t)(rnd() % 3 ? rnd() % 12 : rnd());
		if (i % 4 == 0)
			len = rnd() % (len + 1);
		forge_udp(&self->forge, &p->from, &p->to, buf, len, false);
		if (i % 200 == 0) {
			/* What a forger made of it may be there to read */
			while (recv(self->rx, buf, sizeof(buf), MSG_DONTWAIT) >= 0)
				;
			while (recv(victim, buf, sizeof(buf), MSG_DONTWAIT) >= 0)
				;
		}
	}
	EXPECT_TRUE(EVENTUALLY(PATIENCE, counter("InPkts") >= pkts + n * 9 / 10));
	close(victim);
	EXPECT_TRUE(EVENTUALLY(1000, recv(self->rx, buf, sizeof(buf), MSG_DONTWAIT) < 0));
	while (recv(self->rx, buf, sizeof(buf), MSG_DONTWAIT) >= 0)
		;
	EXPECT_TRUE(alive(self));
	tap_free(&tap);
}

TEST_HARNESS_MAIN
