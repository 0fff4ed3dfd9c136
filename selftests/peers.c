// SPDX-License-Identifier: GPL-2.0
/*
 * Many peers on one socket: what an idle association costs, and that thousands of them
 * work side by side.
 *
 * One receiver on any address; each association has a local address of its own at either
 * end, so one socket has as many of them as there are addresses. Sockets are made before
 * anything is measured. "peers measure N" prints what a message costs with 1 peer and with
 * N, for a machine that counts instructions (Documentation/performance.md).
 */
#include "kselftest_harness.h"
#include "rdmtest.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Addresses of IPv6 must be configured one by one; IPv4 has 127.0.0.0/8. */
#define V6_ADDRS 64
#define MAX_SENDERS 64

FIXTURE(peers) {
	int rx, tx[MAX_SENDERS];
	unsigned int n, per_sender, senders;
	struct addr at;
};

RDM_VARIANTS(peers);

static void address_of(struct addr *a, unsigned int i)
{
	if (a->sa.sa_family == AF_INET)
		a->in.sin_addr.s_addr = htonl(0x7f010000 + i + 1);
	else
		a->in6.sin6_addr.s6_addr[15] = (uint8_t)(i + 1);
}

static void add_addresses(void)
{
	FILE *batch = popen("ip -batch -", "w");

	if (!batch)
		fatal("ip");
	for (int i = 0; i < V6_ADDRS; i++)
		fprintf(batch, "addr add fd00:7::%x/128 dev lo nodad\n", i + 1);
	if (pclose(batch))
		fatal("addresses");
}

static void set_up(FIXTURE_DATA(peers) * self, int family, int type, unsigned int n)
{
	enter_netns(1500);
	self->n = n;
	self->per_sender = n;
	self->at = address(family == AF_INET ? "0.0.0.0" : "::", 0);
	if (family == AF_INET6) {
		add_addresses();
		self->per_sender = V6_ADDRS;
	}
	self->senders = (n + self->per_sender - 1) / self->per_sender;
	self->rx = rdm_socket(family, type);
	if (bind(self->rx, &self->at.sa, self->at.len))
		fatal("bind");
	self->at = local_addr(self->rx);
	if (family == AF_INET6) {
		struct addr net = address("fd00:7::", port_of(&self->at));

		self->at = net;
	}
	for (unsigned int i = 0; i < self->senders; i++)
		self->tx[i] = rdm_socket(family, type);
}

FIXTURE_SETUP(peers)
{
	set_up(self, variant->family, variant->type, scaled(2000));
}

FIXTURE_TEARDOWN(peers)
{
	for (unsigned int i = 0; i < self->senders; i++)
		close(self->tx[i]);
	close(self->rx);
}

/* To association @i, from the address that is its own. */
static ssize_t send_one(FIXTURE_DATA(peers) * self, unsigned int i, const void *buf, size_t len)
{
	char ctl[CMSG_SPACE(sizeof(struct in6_pktinfo))] = "";
	struct iovec iov = { (void *)buf, len };
	struct addr to = self->at;
	struct msghdr m = {
		.msg_name = &to.sa, .msg_namelen = to.len, .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = ctl,
	};
	struct cmsghdr *c = (struct cmsghdr *)ctl;

	address_of(&to, i % self->per_sender);
	if (to.sa.sa_family == AF_INET) {
		struct in_pktinfo info = { .ipi_spec_dst = to.in.sin_addr };

		*c = (struct cmsghdr){ CMSG_LEN(sizeof(info)), SOL_IP, IP_PKTINFO };
		memcpy(CMSG_DATA(c), &info, sizeof(info));
		m.msg_controllen = CMSG_SPACE(sizeof(info));
	} else {
		struct in6_pktinfo info = { .ipi6_addr = to.in6.sin6_addr };

		*c = (struct cmsghdr){ CMSG_LEN(sizeof(info)), SOL_IPV6, IPV6_PKTINFO };
		memcpy(CMSG_DATA(c), &info, sizeof(info));
		m.msg_controllen = CMSG_SPACE(sizeof(info));
	}
	return sendmsg(self->tx[i / self->per_sender], &m, 0);
}

/* One message to each of the associations from @first to before @end, read and acked. */
static bool touch(FIXTURE_DATA(peers) * self, unsigned int first, unsigned int end)
{
	uint32_t got;

	for (unsigned int i = first; i < end; i++) {
		if (send_one(self, i, &i, sizeof(i)) != sizeof(i))
			return false;
		/* they are not too many at once for the receive buffer */
		if (i % 16 != 15 && i + 1 != end)
			continue;
		for (unsigned int k = i - i % 16 > first ? i - i % 16 : first; k <= i; k++)
			if (recv(self->rx, &got, sizeof(got), 0) != sizeof(got))
				return false;
	}
	for (unsigned int s = 0; s < self->senders; s++)
		if (!EVENTUALLY(PATIENCE, outq(self->tx[s]) == 0))
			return false;
	return true;
}

/* A number at the begin of /sys/kernel/slab/@cache/@name. */
static long slab_number(const char *cache, const char *name)
{
	char path[128];
	long n = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/kernel/slab/%s/%s", cache, name);
	f = fopen(path, "r");
	if (!f || fscanf(f, "%ld", &n) != 1)
		fatal("%s", path);
	fclose(f);
	return n;
}

/* Pages in which associations and what belongs to them live, in bytes. */
static long slabs(void)
{
	static const char *const caches[] = { "rdm_peer", "rdm_assoc_hot", "rdm_sent", "rdm_part" };
	long sum = 0;

	for (size_t i = 0; i < sizeof(caches) / sizeof(caches[0]); i++) {
		char path[128];
		FILE *f;

		snprintf(path, sizeof(path), "/sys/kernel/slab/%s/shrink", caches[i]);
		f = fopen(path, "w");
		if (!f || fputs("1", f) < 0 || fclose(f))
			fatal("%s", path);
		sum += slab_number(caches[i], "slabs") * (4096L << slab_number(caches[i], "order"));
	}
	return sum;
}

/* All small objects of the kernel, in bytes. Whatever else happens moves it a little. */
static long all_slabs(void)
{
	char line[128];
	long kb = -1;
	FILE *f = fopen("/proc/meminfo", "r");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Slab: %ld kB", &kb) == 1)
			break;
	if (!f || kb < 0)
		fatal("/proc/meminfo");
	fclose(f);
	return kb * 1024;
}

/*
 * A kernel that checks everything keeps its notes beside each object, and what was freed for
 * a while: there only the number of objects shows. What the whole kernel uses is told and not
 * judged, for other tests run meanwhile.
 */
RDM_TEST(peers, an_idle_association_costs_at_most_1_KiB)
{
	unsigned int warm = self->n / 10, n = self->n - warm;
	long most = slowness() > 1 ? 3500 : 1024, before, all_before, grown = 0, all, busy;

	ASSERT_TRUE(touch(self, 0, warm));
	poll(NULL, 0, 6000);
	before = slabs();
	all_before = all_slabs();
	ASSERT_TRUE(touch(self, warm, self->n));
	busy = (slabs() - before) / (2 * n);
	/* both ends are here, and each has an association */
	EXPECT_TRUE(EVENTUALLY(PATIENCE, ({
		poll(NULL, 0, 500);
		grown = (slabs() - before) / (2 * n);
		grown <= most;
	})));
	all = (all_slabs() - all_before) / (2 * n);
	TH_LOG("%u associations: %ld bytes each, %ld just after their message; all slabs: %ld",
	       2 * n, grown, busy, all);
	EXPECT_LE(grown, most);
	if (slowness() <= 1)
		EXPECT_LT(grown + 1000, busy);
	/* they are all there, and go on */
	EXPECT_EQ(self->n, counter("AssocAccepted"));
	EXPECT_TRUE(touch(self, 0, self->n));
	EXPECT_EQ(self->n, counter("AssocAccepted"));
}

static unsigned int lines_of(const char *file, const char *text)
{
	unsigned int n = 0;
	char line[512];
	FILE *f = fopen(file, "r");

	while (f && fgets(line, sizeof(line), f))
		n += !!strstr(line, text);
	if (f)
		fclose(f);
	return n;
}

RDM_TEST(peers, thousands_of_associations_take_turns)
{
	for (int round = 0; round < 3; round++)
		ASSERT_TRUE(touch(self, 0, self->n));
	EXPECT_EQ(self->n, counter("AssocOpened"));
	EXPECT_EQ(self->n, counter("AssocAccepted"));
	EXPECT_EQ(3 * self->n, counter("InMsgs"));
	EXPECT_EQ(2 * self->n, lines_of("/proc/net/rdm", "state=established"));
}

/* Seconds for a message: @n peers in turn, @run messages each time. */
static double cost(FIXTURE_DATA(peers) * self, unsigned int n, unsigned int run,
		   unsigned int messages)
{
	char buf[64] = "";
	double start = now();

	for (unsigned int i = 0; i < messages; i++)
		if (send_one(self, i / run % n, buf, sizeof(buf)) != sizeof(buf) ||
		    recv(self->rx, buf, sizeof(buf), 0) != sizeof(buf))
			fatal("a message is lost");
	return (now() - start) / messages;
}

static int measure(unsigned int n)
{
	FIXTURE_DATA(peers) self = {};
	double one, many;

	set_up(&self, AF_INET, SOCK_RDM, n);
	if (!touch(&self, 0, n))
		fatal("associations");
	for (unsigned int run = 1; run <= 16; run *= 4) {
		cost(&self, n, run, n);
		poll(NULL, 0, 100);
		one = cost(&self, 1, run, 20000);
		many = cost(&self, n, run, 20000);
		printf("%u peers, %u messages each in turn: %.0f ns each; 1 peer: %.0f: %.3f\n",
		       n, run, many * 1e9, one * 1e9, many / one);
	}
	return 0;
}

/* The harness has main() */
static void __attribute__((constructor)) maybe_measure(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "measure"))
		exit(measure((unsigned int)atoi(argv[2])));
}

TEST_HARNESS_MAIN
