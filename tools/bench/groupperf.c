// SPDX-License-Identifier: GPL-2.0
/*
 * groupperf: what it costs to give a message to all members of a group, for the bench.
 *
 * Member i is in the network namespace m<i> with the address 10.75.0.<i + 1>, on a bridge in
 * the namespace hub (guest.sh makes them). Member 0, the origin, is this process; each other
 * is a process of its own. All share one clock and one page of memory, so that nothing has
 * to be sent to tell who has received what.
 *
 * Ways to send to all:
 *   rdm-group   a broadcast of rdm
 *   rdm-rdm     to each member in turn, from one socket
 *   tcp         to each member in turn, each over a connection of its own
 *   tipc-group  a broadcast to a group of TIPC
 *   tipc-mcast  the same as TIPC's multicast
 *
 * Tests:
 *   stream      as fast as they are taken: what a delivered copy costs
 *   latency     one at a time, from the send call until the last member has it
 *   recovery    the origin reaches one member only and then is cut off: from the cut until
 *               the last survivor has all
 */
#include "../rdmperf/perf.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/rdm.h>
#include <linux/tipc.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_MEMBERS 16
#define PORT 7600
/* No service of anybody else. */
#define TIPC_GROUP_TYPE 74701
/* Instance of all members but the origin. */
#define TIPC_RECEIVERS 1
#define FRAME_HEADER 4
#define PATIENCE_NS (60 * NS_PER_SEC)
#define MIN_SIZE 8

enum way {
	WAY_RDM_GROUP,
	WAY_RDM_EACH,
	WAY_TCP,
	WAY_TIPC_GROUP,
	WAY_TIPC_MCAST,
	NR_WAYS
};

static const char *const way_names[NR_WAYS] = {
	[WAY_RDM_GROUP] = "rdm-group",
	[WAY_RDM_EACH] = "rdm-rdm",
	[WAY_TCP] = "tcp",
	[WAY_TIPC_GROUP] = "tipc-group",
	[WAY_TIPC_MCAST] = "tipc-mcast",
};

/* What a member tells the origin; written by the member only. */
struct seat {
	uint64_t received;
	uint64_t wrong;		/* not the next one of the origin, or of another size */
	uint64_t last_ns;	/* when the last came; with stream, when @target did */
} __attribute__((aligned(64)));

struct shared {
	uint64_t target;	/* stream: the message whose time counts */
	struct seat seats[MAX_MEMBERS];
};

struct fan {
	enum way way;
	unsigned int n;		/* members, with the origin */
	size_t size;
	uint64_t count, warmup;
	uint64_t suspect_ms;
	bool each_time;		/* members note the time of each message */
	unsigned int port;
	int fds[MAX_MEMBERS];	/* tcp: [0] is not used, else what the member reads */
	int conns[MAX_MEMBERS];	/* tcp: the origin's end */
	pid_t pids[MAX_MEMBERS];
	uint64_t sent;
	char *out;		/* room for a frame header, then the message */
	struct shared *shared;
};

static void enter(const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		die(EXIT_FAILED, "cannot enter the namespace %s: %s", name, strerror(errno));
	close(fd);
}

static void enter_member(unsigned int i)
{
	char name[8];

	snprintf(name, sizeof(name), "m%u", i);
	enter(name);
}

static void nap(uint64_t ns)
{
	struct timespec ts = { .tv_nsec = (long)ns };

	nanosleep(&ts, NULL);
}

static struct sockaddr_in member_addr(const struct fan *f, unsigned int i)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)f->port),
		.sin_addr.s_addr = htonl(0x0a4b0001u + i),
	};
}

static struct sockaddr_in group_addr(const struct fan *f)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)f->port),
		.sin_addr.s_addr = htonl(0xef070501u),
	};
}

static int must(int ret, const char *what)
{
	if (ret < 0)
		die(EXIT_FAILED, "%s: %s", what, strerror(errno));
	return ret;
}

static void set_u32(int fd, int level, int name, uint32_t value, const char *what)
{
	must(setsockopt(fd, level, name, &value, sizeof(value)), what);
}

static void open_rdm(struct fan *f, unsigned int i)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons((uint16_t)f->port) };
	struct ip_mreqn mreq = { .imr_multiaddr = group_addr(f).sin_addr };

	f->fds[i] = must(socket(AF_INET, SOCK_RDM, IPPROTO_RDM), "rdm socket");
	must(bind(f->fds[i], (struct sockaddr *)&any, sizeof(any)), "bind");
	if (f->way != WAY_RDM_GROUP)
		return;
	set_u32(f->fds[i], SOL_RDM, RDM_GROUP_SUSPECT_MS, (uint32_t)f->suspect_ms,
		"RDM_GROUP_SUSPECT_MS");
	set_u32(f->fds[i], IPPROTO_IP, IP_MULTICAST_LOOP, 0, "IP_MULTICAST_LOOP");
	mreq.imr_ifindex = (int)if_nametoindex("eth0");
	must(setsockopt(f->fds[i], IPPROTO_IP, IP_ADD_MEMBERSHIP, &mreq, sizeof(mreq)),
	     "IP_ADD_MEMBERSHIP");
}

static void open_tcp(struct fan *f, unsigned int i)
{
	struct sockaddr_in at = member_addr(f, i);
	int one = 1, listener;

	if (!i)
		return;
	listener = must(socket(AF_INET, SOCK_STREAM, 0), "tcp socket");
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	must(bind(listener, (struct sockaddr *)&at, sizeof(at)), "bind");
	must(listen(listener, 1), "listen");
	enter_member(0);
	f->conns[i] = must(socket(AF_INET, SOCK_STREAM, 0), "tcp socket");
	must(connect(f->conns[i], (struct sockaddr *)&at, sizeof(at)), "connect");
	/* As in rdmperf: in a stream small messages may wait for company */
	if (f->each_time)
		setsockopt(f->conns[i], IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	f->fds[i] = must(accept(listener, NULL, NULL), "accept");
	close(listener);
}

static void open_tipc(struct fan *f, unsigned int i)
{
	struct tipc_group_req req = {
		.type = TIPC_GROUP_TYPE + f->port,
		.instance = i ? TIPC_RECEIVERS : 0,
		.scope = TIPC_CLUSTER_SCOPE,
		.flags = i ? 0 : TIPC_GROUP_MEMBER_EVTS,
	};

	f->fds[i] = must(socket(AF_TIPC, SOCK_RDM, 0), "tipc socket");
	must(setsockopt(f->fds[i], SOL_TIPC, TIPC_GROUP_JOIN, &req, sizeof(req)),
	     "TIPC_GROUP_JOIN");
}

static bool sees_all(struct fan *f, unsigned int i)
{
	struct sockaddr_in group = group_addr(f);
	struct rdm_group_info info = { 0 };
	socklen_t len = sizeof(info);

	memcpy(&info.group, &group, sizeof(group));
	return !getsockopt(f->fds[i], SOL_RDM, RDM_GROUP_INFO, &info, &len) && info.n == f->n &&
	       info.flags & RDM_GROUP_FORMED && !(info.flags & RDM_GROUP_FROZEN);
}

static void wait_formed(struct fan *f)
{
	uint64_t limit = now_ns() + PATIENCE_NS;
	unsigned int here = 0, events = 0;

	while (here < f->n) {
		if (now_ns() > limit)
			die(EXIT_FAILED, "the group does not form");
		if (f->way == WAY_RDM_GROUP) {
			for (here = 0; here < f->n && sees_all(f, here); here++)
				;
		} else {
			char none[64];

			if (recv(f->fds[0], none, sizeof(none), MSG_DONTWAIT) >= 0)
				events++;
			here = events + 1;
		}
		if (here < f->n)
			nap(10 * NS_PER_MS);
	}
}

/* The next message, to @buf; its bytes, or what is no length of a message. */
static ssize_t receive_frame(int fd, char *buf, size_t cap, size_t frame, size_t *start,
			     size_t *end, char **msg)
{
	while (*end - *start < frame) {
		ssize_t n;

		memmove(buf, buf + *start, *end - *start);
		*end -= *start;
		*start = 0;
		n = recv(fd, buf + *end, cap - *end, 0);
		if (n <= 0)
			return -1;
		*end += (size_t)n;
	}
	*msg = buf + *start + FRAME_HEADER;
	*start += frame;
	return (ssize_t)(frame - FRAME_HEADER);
}

static void member_main(struct fan *f, unsigned int i)
{
	struct seat *seat = &f->shared->seats[i];
	size_t cap = (128 << 10) + 2 * f->size, start = 0, end = 0;
	char *buf = malloc(cap), *msg = buf;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!buf)
		die(EXIT_FAILED, "out of memory");
	for (;;) {
		uint64_t seq = 0;
		ssize_t n;

		if (f->way == WAY_TCP)
			n = receive_frame(f->fds[i], buf, cap, f->size + FRAME_HEADER, &start, &end,
					  &msg);
		else
			n = recv(f->fds[i], buf, cap, 0);
		if (n < 0)
			die(EXIT_FAILED, "member %u: %s", i, strerror(errno));
		if (n >= MIN_SIZE)
			memcpy(&seq, msg, sizeof(seq));
		if ((size_t)n != f->size || seq != seat->received)
			__atomic_fetch_add(&seat->wrong, 1, __ATOMIC_RELAXED);
		if (f->each_time ||
		    seat->received + 1 == __atomic_load_n(&f->shared->target, __ATOMIC_RELAXED))
			__atomic_store_n(&seat->last_ns, now_ns(), __ATOMIC_RELAXED);
		__atomic_store_n(&seat->received, seat->received + 1, __ATOMIC_RELEASE);
	}
}

static void open_all(struct fan *f)
{
	memset(f->shared, 0, sizeof(*f->shared));
	f->sent = 0;
	for (unsigned int i = 0; i < f->n; i++) {
		enter_member(i);
		f->fds[i] = -1;
		f->conns[i] = -1;
		switch (f->way) {
		case WAY_RDM_GROUP:
		case WAY_RDM_EACH:
			open_rdm(f, i);
			break;
		case WAY_TCP:
			open_tcp(f, i);
			break;
		default:
			open_tipc(f, i);
		}
	}
	enter_member(0);
	if (f->way == WAY_RDM_GROUP || f->way == WAY_TIPC_GROUP || f->way == WAY_TIPC_MCAST)
		wait_formed(f);
	for (unsigned int i = 1; i < f->n; i++) {
		f->pids[i] = must(fork(), "fork");
		if (!f->pids[i])
			member_main(f, i);
	}
}

static void close_all(struct fan *f)
{
	struct linger at_once = { .l_onoff = 1 };

	for (unsigned int i = 1; i < f->n; i++) {
		kill(f->pids[i], SIGKILL);
		waitpid(f->pids[i], NULL, 0);
	}
	for (unsigned int i = 0; i < f->n; i++) {
		for (int k = 0; k < 2; k++) {
			int fd = k ? f->conns[i] : f->fds[i];

			if (fd < 0)
				continue;
			setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
			close(fd);
		}
	}
}

static void send_bytes(int fd, const char *data, size_t len)
{
	while (len) {
		size_t n = (size_t)must((int)send(fd, data, len, 0), "send");

		data += n;
		len -= n;
	}
}

static void send_one(struct fan *f)
{
	struct sockaddr_tipc range = {
		.family = AF_TIPC,
		.addrtype = TIPC_SERVICE_RANGE,
		.scope = TIPC_CLUSTER_SCOPE,
		.addr.nameseq = { TIPC_GROUP_TYPE + f->port, TIPC_RECEIVERS, TIPC_RECEIVERS },
	};
	struct sockaddr_in to = group_addr(f);
	char *msg = f->out + FRAME_HEADER;

	memcpy(msg, &f->sent, sizeof(f->sent));
	switch (f->way) {
	case WAY_RDM_GROUP:
		must((int)sendto(f->fds[0], msg, f->size, 0, (struct sockaddr *)&to, sizeof(to)),
		     "broadcast");
		break;
	case WAY_RDM_EACH:
		for (unsigned int i = 1; i < f->n; i++) {
			to = member_addr(f, i);
			must((int)sendto(f->fds[0], msg, f->size, 0, (struct sockaddr *)&to,
					 sizeof(to)), "sendto");
		}
		break;
	case WAY_TCP:
		for (unsigned int i = 1; i < f->n; i++)
			send_bytes(f->conns[i], f->out, FRAME_HEADER + f->size);
		break;
	case WAY_TIPC_GROUP:
		must((int)send(f->fds[0], msg, f->size, 0), "broadcast of tipc");
		break;
	default:
		must((int)sendto(f->fds[0], msg, f->size, 0, (struct sockaddr *)&range,
				 sizeof(range)), "multicast of tipc");
	}
	f->sent++;
}

static uint64_t received(struct fan *f, unsigned int i)
{
	return __atomic_load_n(&f->shared->seats[i].received, __ATOMIC_ACQUIRE);
}

/* Until all members from @from on have @count; sleeps without disturbing them. */
static void wait_all(struct fan *f, unsigned int from, uint64_t count)
{
	uint64_t limit = now_ns() + PATIENCE_NS;

	for (unsigned int i = from; i < f->n; i++) {
		while (received(f, i) < count) {
			if (now_ns() > limit)
				die(EXIT_FAILED, "member %u has %llu messages of %llu", i,
				    (unsigned long long)received(f, i), (unsigned long long)count);
			nap(NS_PER_MS);
		}
	}
}

/* When the last of them had it. */
static uint64_t last_time(struct fan *f, unsigned int from)
{
	uint64_t last = 0;

	for (unsigned int i = from; i < f->n; i++) {
		uint64_t at = __atomic_load_n(&f->shared->seats[i].last_ns, __ATOMIC_RELAXED);

		if (at > last)
			last = at;
	}
	return last;
}

static uint64_t all_wrong(struct fan *f)
{
	uint64_t sum = 0;

	for (unsigned int i = 1; i < f->n; i++)
		sum += f->shared->seats[i].wrong + (f->shared->seats[i].received != f->sent);
	return sum;
}

/* Until every message has been acked and is stable. */
static void wait_quiet(struct fan *f)
{
	uint64_t limit = now_ns() + PATIENCE_NS;

	if (f->way != WAY_RDM_GROUP && f->way != WAY_RDM_EACH)
		return;
	while (sock_unacked(f->fds[0])) {
		if (now_ns() > limit)
			die(EXIT_FAILED, "what was sent does not become stable");
		nap(NS_PER_MS);
	}
}

/* Time the processors had nothing to do, all together. */
static uint64_t idle_ns(void)
{
	FILE *file = fopen("/proc/timer_list", "r");
	unsigned long long value, sum = 0;
	char line[256];

	if (!file)
		die(EXIT_FAILED, "/proc/timer_list: %s", strerror(errno));
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, " .idle_sleeptime : %llu", &value) == 1)
			sum += value;
	fclose(file);
	return sum;
}

/* A counter of rdm's, of one member or of all. */
static uint64_t counter(unsigned int i, const char *name)
{
	unsigned long long value = 0;
	char line[128], *space;
	bool found = false;
	FILE *file;

	enter_member(i);
	file = fopen("/proc/thread-self/net/rdm_stat", "r");
	if (!file)
		die(EXIT_FAILED, "rdm_stat: %s", strerror(errno));
	while (!found && fgets(line, sizeof(line), file)) {
		space = strchr(line, ' ');
		if (!space)
			continue;
		*space = 0;
		if (!strcmp(line, name)) {
			value = strtoull(space + 1, NULL, 10);
			found = true;
		}
	}
	fclose(file);
	enter_member(0);
	if (!found)
		die(EXIT_FAILED, "rdm_stat has no %s", name);
	return value;
}

static uint64_t counters(struct fan *f, const char *name)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < f->n; i++)
		sum += counter(i, name);
	return sum;
}

/* Data messages of the origin; messages by others, or again. */
static uint64_t copies(struct fan *f)
{
	return counter(0, f->way == WAY_RDM_GROUP ? "GroupCopies" : "OutMsgs");
}

static uint64_t relays(struct fan *f)
{
	return counters(f, "GroupRelayed") + counters(f, "GroupRepaired");
}

static void run_stream(struct fan *f)
{
	bool rdm = f->way == WAY_RDM_GROUP || f->way == WAY_RDM_EACH;
	uint64_t start, seconds_ns, idle, busy, copied = 0, relayed = 0, messages;

	open_all(f);
	__atomic_store_n(&f->shared->target, f->warmup + f->count, __ATOMIC_RELAXED);
	while (f->sent < f->warmup)
		send_one(f);
	wait_all(f, 1, f->warmup);
	wait_quiet(f);
	if (rdm) {
		copied = copies(f);
		relayed = relays(f);
	}
	idle = idle_ns();
	start = now_ns();
	while (f->sent < f->warmup + f->count)
		send_one(f);
	wait_all(f, 1, f->sent);
	wait_quiet(f);
	busy = now_ns() - start;
	idle = idle_ns() - idle;
	busy -= idle < busy ? idle : busy;
	seconds_ns = last_time(f, 1) - start;
	messages = f->count * (f->n - 1);
	printf("{\"per_second\":%f,\"mb_per_second\":%f,\"seconds\":%f,\"us_per_copy\":%f,",
	       (double)f->count * 1e9 / (double)seconds_ns,
	       (double)(messages * f->size) * 1e3 / (double)seconds_ns, (double)seconds_ns / 1e9,
	       (double)busy / 1e3 / (double)messages);
	if (rdm)
		printf("\"extra_copies\":%lld,\"relayed\":%llu,",
		       (long long)(copies(f) - copied - messages),
		       (unsigned long long)(relays(f) - relayed));
	printf("\"ok\":%s}\n", all_wrong(f) ? "false" : "true");
	close_all(f);
}

static void print_times(struct samples *s, bool ok)
{
	struct times t;

	samples_sum_up(s, &t);
	printf("\"latency_us\":{\"min\":%f,\"mean\":%f,\"p50\":%f,\"p99\":%f,\"max\":%f},"
	       "\"ok\":%s}\n", (double)t.min / 1e3, (double)t.mean / 1e3, (double)t.p50 / 1e3,
	       (double)t.p99 / 1e3, (double)t.max / 1e3, ok ? "true" : "false");
	free(s->ns);
}

static void run_latency(struct fan *f)
{
	struct samples s = { 0 };

	f->each_time = true;
	open_all(f);
	while (f->sent < f->warmup + f->count) {
		uint64_t start = now_ns();

		send_one(f);
		/* So long that the acks are over, too */
		nap(5 * NS_PER_MS);
		wait_all(f, 1, f->sent);
		if (f->sent > f->warmup)
			samples_add(&s, last_time(f, 1) - start);
	}
	printf("{");
	print_times(&s, !all_wrong(f));
	close_all(f);
}

static void shell(const char *fmt, unsigned int value)
{
	char command[256];

	snprintf(command, sizeof(command), fmt, value);
	if (system(command))
		die(EXIT_FAILED, "failed: %s", command);
}

/* The origin's place at the bridge, which loses its carrier. */
static void link_up(int fd, bool up)
{
	struct ifreq req = { .ifr_name = "p0" };

	must(ioctl(fd, SIOCGIFFLAGS, &req), "SIOCGIFFLAGS");
	req.ifr_flags = (short)(up ? req.ifr_flags | IFF_UP : req.ifr_flags & ~IFF_UP);
	must(ioctl(fd, SIOCSIFFLAGS, &req), "SIOCSIFFLAGS");
}

/* @count: how many are on their way when the origin goes; @warmup: how often. */
static void run_recovery(struct fan *f)
{
	struct samples s = { 0 };
	bool ok = true;
	int hub;

	f->each_time = true;
	enter("hub");
	hub = must(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
	for (uint64_t k = 0; k < f->warmup; k++, f->port++) {
		uint64_t all = f->count + 1, cut;

		open_all(f);
		send_one(f);
		wait_all(f, 1, 1);
		wait_quiet(f);
		for (unsigned int i = 2; i < f->n; i++)
			shell("tc filter add dev eth0 egress protocol ip u32 "
			      "match ip dst 10.75.0.%u/32 action drop", i + 1);
		while (f->sent < all)
			send_one(f);
		while (received(f, 1) < all)
			nap(NS_PER_MS / 10);
		cut = now_ns();
		link_up(hub, false);
		for (unsigned int i = 2; i < f->n; i++)
			if (received(f, i) >= all)
				die(EXIT_FAILED, "member %u had all before the cut", i);
		wait_all(f, 2, all);
		samples_add(&s, last_time(f, 2) - cut);
		if (all_wrong(f))
			ok = false;
		close_all(f);
		shell("tc filter del dev eth0 egress", 0);
		link_up(hub, true);
	}
	close(hub);
	printf("{\"unstable\":%llu,\"suspect_us\":%llu,", (unsigned long long)f->count,
	       (unsigned long long)f->suspect_ms * 1000);
	print_times(&s, ok);
}

static const char usage[] =
	"usage: groupperf [-P WAY] [-m MEMBERS] [-l BYTES] [-n COUNT] [-w COUNT] [-s MILLISECONDS]\n"
	"                 stream|latency|recovery\n"
	"  WAY: rdm-group (default), rdm-rdm, tcp, tipc-group, tipc-mcast\n"
	"  -n: messages to measure; with recovery: unstable ones when the origin goes\n"
	"  -w: messages before that; with recovery: how often to measure\n"
	"It needs the namespaces that tools/bench/guest.sh makes.\n";

static enum way find_way(const char *name)
{
	for (unsigned int i = 0; i < NR_WAYS; i++)
		if (!strcmp(way_names[i], name))
			return (enum way)i;
	die(EXIT_USAGE, "\"%s\" is no way to send to all", name);
}

static void parse(struct fan *f, int argc, char **argv)
{
	static const struct option none[] = { { 0 } };
	int c;

	while ((c = getopt_long(argc, argv, "P:m:l:n:w:s:h", none, NULL)) != -1) {
		switch (c) {
		case 'P':
			f->way = find_way(optarg);
			break;
		case 'm':
			f->n = (unsigned int)parse_number("-m", optarg, 2, MAX_MEMBERS);
			break;
		case 'l':
			f->size = parse_number("-l", optarg, MIN_SIZE, 1u << 20);
			break;
		case 'n':
			f->count = parse_number("-n", optarg, 1, 1u << 30);
			break;
		case 'w':
			f->warmup = parse_number("-w", optarg, 1, 1u << 30);
			break;
		case 's':
			f->suspect_ms = parse_number("-s", optarg, 50, 30000);
			break;
		default:
			fputs(usage, c == 'h' ? stdout : stderr);
			exit(c == 'h' ? EXIT_OK : EXIT_USAGE);
		}
	}
	if (optind + 1 != argc) {
		fputs(usage, stderr);
		exit(EXIT_USAGE);
	}
}

int main(int argc, char **argv)
{
	struct fan f = {
		.n = 4,
		.size = 1200,
		.count = 1000,
		.warmup = 100,
		.suspect_ms = 1000,
		.port = PORT,
	};
	uint32_t frame;

	parse(&f, argc, argv);
	signal(SIGPIPE, SIG_IGN);
	f.shared = mmap(NULL, sizeof(*f.shared), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	f.out = calloc(1, FRAME_HEADER + f.size);
	if (f.shared == MAP_FAILED || !f.out)
		die(EXIT_FAILED, "out of memory");
	frame = htonl((uint32_t)f.size);
	memcpy(f.out, &frame, FRAME_HEADER);
	for (size_t i = MIN_SIZE; i < f.size; i++)
		f.out[FRAME_HEADER + i] = (char)mix64(i);
	if (!strcmp(argv[optind], "stream"))
		run_stream(&f);
	else if (!strcmp(argv[optind], "latency"))
		run_latency(&f);
	else if (!strcmp(argv[optind], "recovery") && f.way == WAY_RDM_GROUP && f.n > 2)
		run_recovery(&f);
	else
		die(EXIT_USAGE, "stream, latency, or recovery (rdm-group, 3 members or more)");
	return EXIT_OK;
}
