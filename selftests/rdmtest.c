// SPDX-License-Identifier: GPL-2.0
/*
 * Namespaces, sockets and messages for the selftests; see rdmtest.h.
 */
#include "rdmtest.h"

#include <arpa/inet.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

void fatal(const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "# ");
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, " (%s)\n", strerror(errno));
	abort();
}

double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

double slowness(void)
{
	const char *text = getenv("RDM_TEST_SCALE");
	double scale = text ? atof(text) : 1;

	return scale < 1 ? 1 : scale;
}

unsigned int scaled(unsigned int count)
{
	unsigned int n = (unsigned int)(count / slowness());

	return n < 2 ? 2 : n;
}

void enter_netns(unsigned int mtu)
{
	struct ifreq ifr = { .ifr_name = "lo" };
	int fd;

	if (unshare(CLONE_NEWNET))
		fatal("no network namespace; are you root?");
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	ifr.ifr_mtu = (int)mtu;
	if (fd < 0 || ioctl(fd, SIOCSIFMTU, &ifr))
		fatal("cannot set the MTU of lo");
	ifr.ifr_flags = IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &ifr))
		fatal("cannot set lo up");
	close(fd);
}

static FILE *open_sysctl(const char *name, const char *mode)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/sys/net/rdm/%s", name);
	f = fopen(path, mode);
	if (!f)
		fatal("%s", path);
	return f;
}

void sysctl_set(const char *name, long value)
{
	FILE *f = open_sysctl(name, "w");

	if (fprintf(f, "%ld\n", value) < 0 || fclose(f))
		fatal("net.rdm.%s = %ld", name, value);
}

long sysctl_get(const char *name)
{
	FILE *f = open_sysctl(name, "r");
	long value;

	if (fscanf(f, "%ld", &value) != 1)
		fatal("net.rdm.%s is no number", name);
	fclose(f);
	return value;
}

uint64_t counter(const char *name)
{
	FILE *f = fopen("/proc/net/rdm_stat", "r");
	unsigned long long value;
	char found[64];

	if (!f)
		fatal("/proc/net/rdm_stat");
	while (fscanf(f, "%63s %llu", found, &value) == 2) {
		if (!strcmp(found, name)) {
			fclose(f);
			return value;
		}
	}
	fclose(f);
	errno = 0;
	fatal("/proc/net/rdm_stat has no %s", name);
}

bool proc_has(const char *file, const char *text)
{
	bool found = false;
	char line[512];
	FILE *f;

	snprintf(line, sizeof(line), "/proc/net/%s", file);
	f = fopen(line, "r");
	if (!f)
		fatal("%s", line);
	while (!found && fgets(line, sizeof(line), f))
		found = strstr(line, text);
	fclose(f);
	return found;
}

void show_state(void)
{
	char line[512];
	FILE *f = fopen("/proc/net/rdm", "r");

	while (f && fgets(line, sizeof(line), f))
		fprintf(stderr, "# %s", line);
	if (f)
		fclose(f);
	f = fopen("/proc/net/rdm_stat", "r");
	while (f && fgets(line, sizeof(line), f)) {
		if (!strstr(line, " 0\n"))
			fprintf(stderr, "#   %s", line);
	}
	if (f)
		fclose(f);
}

struct addr address(const char *text, unsigned int port)
{
	struct addr a = { .len = sizeof(a.in) };

	if (inet_pton(AF_INET, text, &a.in.sin_addr) == 1) {
		a.in.sin_family = AF_INET;
		a.in.sin_port = htons((uint16_t)port);
	} else if (inet_pton(AF_INET6, text, &a.in6.sin6_addr) == 1) {
		a.in6.sin6_family = AF_INET6;
		a.in6.sin6_port = htons((uint16_t)port);
		a.len = sizeof(a.in6);
	} else {
		fatal("\"%s\" is no address", text);
	}
	return a;
}

struct addr loopback(int family, unsigned int port)
{
	return address(family == AF_INET ? "127.0.0.1" : "::1", port);
}

unsigned int port_of(const struct addr *a)
{
	return ntohs(a->sa.sa_family == AF_INET ? a->in.sin_port : a->in6.sin6_port);
}

bool same_addr(const struct addr *a, const struct addr *b)
{
	if (a->sa.sa_family != b->sa.sa_family || port_of(a) != port_of(b))
		return false;
	if (a->sa.sa_family == AF_INET)
		return a->in.sin_addr.s_addr == b->in.sin_addr.s_addr;
	return !memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr, sizeof(a->in6.sin6_addr));
}

int rdm_socket(int family, int type)
{
	int fd = socket(family, type, IPPROTO_RDM);

	if (fd < 0)
		fatal("no rdm socket; is the module loaded?");
	set_timeout(fd, SO_RCVTIMEO, PATIENCE);
	set_timeout(fd, SO_SNDTIMEO, PATIENCE);
	return fd;
}

static int bound(int fd, int family, struct addr *at)
{
	*at = loopback(family, 0);
	if (bind(fd, &at->sa, at->len))
		fatal("bind");
	*at = local_addr(fd);
	return fd;
}

int rdm_bound(int family, int type, struct addr *at)
{
	return bound(rdm_socket(family, type), family, at);
}

int udp_bound(int family, struct addr *at)
{
	return bound(socket(family, SOCK_DGRAM, 0), family, at);
}

int rdm_connected(int family, int type, const struct addr *peer)
{
	int fd = rdm_socket(family, type);

	if (connect(fd, &peer->sa, peer->len))
		fatal("connect");
	return fd;
}

struct addr local_addr(int fd)
{
	struct addr a = { .len = sizeof(a.ss) };

	if (getsockname(fd, &a.sa, &a.len))
		fatal("getsockname");
	return a;
}

void set_int(int fd, int level, int name, int value)
{
	if (setsockopt(fd, level, name, &value, sizeof(value)))
		fatal("setsockopt(%d, %d, %d)", level, name, value);
}

int get_int(int fd, int level, int name)
{
	socklen_t len = sizeof(int);
	int value = 0;

	if (getsockopt(fd, level, name, &value, &len))
		fatal("getsockopt(%d, %d)", level, name);
	return value;
}

void set_timeout(int fd, int name, unsigned int ms)
{
	struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	if (setsockopt(fd, SOL_SOCKET, name, &tv, sizeof(tv)))
		fatal("setsockopt of a timeout");
}

int outq(int fd)
{
	int value;

	if (ioctl(fd, SIOCOUTQ, &value))
		fatal("SIOCOUTQ");
	return value;
}

int inq(int fd)
{
	int value;

	if (ioctl(fd, SIOCINQ, &value))
		fatal("SIOCINQ");
	return value;
}

int wait_for(int fd, int events, int ms)
{
	struct pollfd pfd = { .fd = fd, .events = (short)events };

	if (poll(&pfd, 1, ms) < 0)
		fatal("poll");
	return pfd.revents;
}

void fill(void *buf, size_t len, uint32_t seed)
{
	uint32_t x = seed * 2654435761u + 1;
	uint8_t *p = buf;

	for (size_t i = 0; i < len; i++) {
		x = x * 1664525 + 1013904223;
		p[i] = (uint8_t)(x >> 24);
	}
}

bool intact(const void *buf, size_t len, uint32_t seed)
{
	uint32_t x = seed * 2654435761u + 1;
	const uint8_t *p = buf;

	for (size_t i = 0; i < len; i++) {
		x = x * 1664525 + 1013904223;
		if (p[i] != (uint8_t)(x >> 24))
			return false;
	}
	return true;
}

ssize_t send_to(int fd, const void *buf, size_t len, int flags, const struct addr *to)
{
	return sendto(fd, buf, len, flags, &to->sa, to->len);
}

bool take_outcome(int fd, int ms, struct rdm_outcome *outcome, struct addr *to)
{
	char control[256];
	struct msghdr msg = {
		.msg_name = &to->ss,
		.msg_namelen = sizeof(to->ss),
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *c;

	if (!EVENTUALLY(ms, recvmsg(fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT) >= 0))
		return false;
	to->len = msg.msg_namelen;
	if (!(msg.msg_flags & MSG_ERRQUEUE))
		fatal("MSG_ERRQUEUE is not set in msg_flags");
	for (c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
		if (c->cmsg_level != SOL_RDM || c->cmsg_type != RDM_OUTCOME)
			continue;
		if (c->cmsg_len != CMSG_LEN(sizeof(*outcome)))
			fatal("RDM_OUTCOME has length %zu", c->cmsg_len);
		memcpy(outcome, CMSG_DATA(c), sizeof(*outcome));
		return true;
	}
	fatal("no RDM_OUTCOME on the error queue");
}

int so_error(int fd)
{
	return get_int(fd, SOL_SOCKET, SO_ERROR);
}

void tc(const char *fmt, ...)
{
	char command[256] = "tc ";
	va_list args;

	va_start(args, fmt);
	vsnprintf(command + 3, sizeof(command) - 3, fmt, args);
	va_end(args);
	if (system(command))
		fatal("%s", command);
}

void cut_to(const struct addr *a)
{
	bool ip4 = a->sa.sa_family == AF_INET;

	tc("filter add dev lo egress protocol %s u32 match u16 %u 0xffff at %d action drop",
	   ip4 ? "ip" : "ipv6", port_of(a), ip4 ? 22 : 42);
}

void cut_all(void)
{
	tc("filter add dev lo egress matchall action drop");
}

void uncut(void)
{
	tc("filter del dev lo egress");
}
