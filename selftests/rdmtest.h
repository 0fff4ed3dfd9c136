/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the selftests of rdm share: a network namespace for each test, sockets on its
 * loopback device, messages that can be checked, and ways to wait for something without
 * sleeping. The tests themselves stand in the other files, under the kernel's
 * kselftest_harness.h.
 *
 * Functions here do not judge the module: where one cannot do its work it says why and
 * ends the test (fatal).
 */
#ifndef RDM_SELFTESTS_RDMTEST_H
#define RDM_SELFTESTS_RDMTEST_H

#include <errno.h>
#include <linux/rdm.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#ifdef TEST_HARNESS_MAIN
#include "onetest.h"
#endif

/* What a call may take before it counts as hanging, ms; also in a slow machine. */
#define PATIENCE 30000

/* Each test of a fixture runs once for each of these. */
#define RDM_VARIANTS(name)							\
	FIXTURE_VARIANT(name) { int family; int type; };			\
	FIXTURE_VARIANT_ADD(name, ipv4_rdm) { AF_INET, SOCK_RDM };		\
	FIXTURE_VARIANT_ADD(name, ipv4_seqpacket) { AF_INET, SOCK_SEQPACKET };	\
	FIXTURE_VARIANT_ADD(name, ipv6_rdm) { AF_INET6, SOCK_RDM };		\
	FIXTURE_VARIANT_ADD(name, ipv6_seqpacket) { AF_INET6, SOCK_SEQPACKET }

/* TEST_F with time enough for a kernel that checks everything, on a machine that does more. */
#define RDM_TEST(fixture, name) TEST_F_TIMEOUT(fixture, name, 300)

/* @call fails with @err, and says so by -1. */
#define EXPECT_FAIL(err, call) do {			\
	long ret_, errno_;				\
							\
	errno = 0;					\
	ret_ = (long)(call);				\
	errno_ = errno;					\
	EXPECT_EQ(-1, ret_)				\
		TH_LOG("%s did not fail", #call);	\
	EXPECT_EQ(err, errno_)				\
		TH_LOG("%s: %s", #call, strerror(errno_));	\
} while (0)

/* @call succeeds: 0 or more. Errno is shown when it does not. */
#define EXPECT_OK(call) do {				\
	long ret_, errno_;				\
							\
	errno = 0;					\
	ret_ = (long)(call);				\
	errno_ = errno;					\
	EXPECT_LE(0, ret_)				\
		TH_LOG("%s: %s", #call, strerror(errno_));	\
} while (0)

#define ASSERT_OK(call) do {				\
	long ret_, errno_;				\
							\
	errno = 0;					\
	ret_ = (long)(call);				\
	errno_ = errno;					\
	ASSERT_LE(0, ret_)				\
		TH_LOG("%s: %s", #call, strerror(errno_));	\
} while (0)

/* True as soon as @cond is, false when it was not within @ms. */
#define EVENTUALLY(ms, cond) ({				\
	double end_ = now() + (ms) / 1e3;		\
	bool ok_;					\
							\
	while (!(ok_ = (cond)) && now() < end_)		\
		poll(NULL, 0, 5);			\
	ok_;						\
})

void fatal(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
/* Seconds, monotonic. */
double now(void);
/* @count, or less of it where the machine is slow (RDM_TEST_SCALE). */
unsigned int scaled(unsigned int count);
/* How much slower the machine is, 1 at least. */
double slowness(void);

/* A network namespace of its own, with loopback up and this MTU. */
void enter_netns(unsigned int mtu);
/* net.rdm.@name of this namespace. */
void sysctl_set(const char *name, long value);
long sysctl_get(const char *name);
/* A counter of /proc/net/rdm_stat; ends the test when there is none of that name. */
uint64_t counter(const char *name);
/* Does a line of /proc/net/@file have @text? */
bool proc_has(const char *file, const char *text);

/* Shows the associations and the counters that are not 0. */
void show_state(void);

/* The tool of this name, with these arguments. */
void tc(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

struct addr {
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_storage ss;
	};
	socklen_t len;
};

/* Loopback; ::1 or 127.0.0.1. */
struct addr loopback(int family, unsigned int port);
/* An address in text, of either family. */
struct addr address(const char *text, unsigned int port);
unsigned int port_of(const struct addr *a);
bool same_addr(const struct addr *a, const struct addr *b);

/* An rdm socket whose calls give up after PATIENCE. */
int rdm_socket(int family, int type);
/* The same, bound to loopback; *at tells where. */
int rdm_bound(int family, int type, struct addr *at);
/* Bound to *at if its port is not 0, and connected. */
int rdm_connected(int family, int type, const struct addr *peer);
/* A plain UDP socket on loopback, which nobody answers from. */
int udp_bound(int family, struct addr *at);
struct addr local_addr(int fd);

void set_int(int fd, int level, int name, int value);
int get_int(int fd, int level, int name);
void set_timeout(int fd, int name, unsigned int ms);
/* Bytes accepted and not acked; length of the next message. */
int outq(int fd);
int inq(int fd);
/* The events that came, of @events and errors; 0: none within @ms. */
int wait_for(int fd, int events, int ms);

/* @len bytes that only @seed gives. */
void fill(void *buf, size_t len, uint32_t seed);
bool intact(const void *buf, size_t len, uint32_t seed);
/* sendto, one call with one iovec. */
ssize_t send_to(int fd, const void *buf, size_t len, int flags, const struct addr *to);

/*
 * Filters on loopback, which needs "qdisc add dev lo clsact" first: drop what goes to this
 * port; drop everything; drop nothing any more.
 */
void cut_to(const struct addr *a);
void cut_all(void);
void uncut(void);

/* Takes one outcome from the error queue; false when there is none within @ms. */
bool take_outcome(int fd, int ms, struct rdm_outcome *outcome, struct addr *to);
/* SO_ERROR, which clears it. */
int so_error(int fd);

#endif
