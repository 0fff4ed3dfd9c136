/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What rdmcat, rdmperf and rdmdemo share about sockets: the table of protocols they
 * can be told to use, addresses, the error queue, and errors a user can act on.
 *
 * It is not a library for programs: those need nothing but socket(2) and
 * <linux/rdm.h>.
 */
#ifndef RDM_TOOLS_NETUTIL_H
#define RDM_TOOLS_NETUTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
};

/* What a protocol does for its user. */
enum {
	PROTO_CONN = 1 << 0,	/* listen() and accept(), one socket for each peer */
	PROTO_BYTES = 1 << 1,	/* a byte stream: message boundaries are ours to keep */
	PROTO_RELIABLE = 1 << 2,	/* nothing lost, nothing twice */
	PROTO_ORDERED = 1 << 3,	/* in the order sent */
	PROTO_RDM = 1 << 4,	/* SIOCOUTQ 0: every message was acknowledged */
};

struct proto {
	const char *name;
	int family;		/* 0: that of the IP address */
	int type;
	int protocol;
	unsigned int flags;
};

struct endpoint {
	struct sockaddr_storage ss;
	socklen_t len;
};

#define NS_PER_SEC 1000000000ull
#define NS_PER_MS 1000000ull

const struct proto *proto_find(const char *name);

void die(int status, const char *fmt, ...)
	__attribute__((noreturn, format(printf, 2, 3)));

uint64_t now_ns(void);
uint64_t parse_number(const char *what, const char *text, uint64_t min, uint64_t max);
double parse_seconds(const char *what, const char *text);
const char *parse_port(const char *text);

/* @host NULL: the wildcard address to bind. Exits with a message when it cannot. */
void resolve(const char *host, const char *port, int family, struct endpoint *ep);
bool endpoint_equal(const struct endpoint *a, const struct endpoint *b);
unsigned int endpoint_port(const struct endpoint *ep);
void endpoint_set_port(struct endpoint *ep, unsigned int port);
/* ::ffff:1.2.3.4 becomes the IPv4 address that it stands for. */
void endpoint_unmap(struct endpoint *ep);
const char *endpoint_text(const struct endpoint *ep, char *buf, size_t len);
#define ENDPOINT_TEXT 80

/* Returns the socket, or -1 with errno; sock_hint() says what may help. */
int sock_open(const struct proto *proto, int family);
const char *sock_hint(const struct proto *proto, int err);
void sock_set_buffers(int fd, size_t bytes);
void sock_set_timeout(int fd, int optname, uint64_t ns);

/* Bytes (or messages) still unacknowledged, or -1. */
long sock_unacked(int fd);

/* The largest message that this socket takes now, bytes; SIZE_MAX: no limit. */
size_t sock_max_message(const struct proto *proto, int fd);

struct failure {
	int error;		/* errno, the first that was found; 0: none */
	struct endpoint peer;	/* whom it was about; len 0: not told */
	uint64_t messages;	/* how many messages failed; 0: not told */
	bool maybe_delivered;	/* of some of them nobody knows whether they arrived */
};

/*
 * Reads the error queue and SO_ERROR empty, and adds what it finds to @f, which begins
 * as zero. Returns the first errno found, 0 when there was none.
 */
int sock_take_error(int fd, struct failure *f);

/* strerror() in the words of this trade. */
const char *error_text(int err);
/* One sentence for the user about @f. */
const char *failure_text(const struct failure *f, char *buf, size_t len);
#define FAILURE_TEXT 256

#endif
