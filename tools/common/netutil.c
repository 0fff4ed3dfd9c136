// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets, addresses and errors for the tools; see netutil.h.
 *
 * Numeric addresses are tried first, so that a statically linked tool in an initramfs
 * never reaches for the name service.
 */
#include "netutil.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <linux/rdm.h>
#include <linux/sockios.h>
#include <linux/tipc.h>
#include <netdb.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <time.h>

/* The largest payload of a UDP datagram over IPv4. */
#define UDP_MAX_MESSAGE 65507

static const struct proto protos[] = {
	{ "udp", 0, SOCK_DGRAM, IPPROTO_UDP, 0 },
	{ "tcp", 0, SOCK_STREAM, IPPROTO_TCP,
	  PROTO_CONN | PROTO_BYTES | PROTO_RELIABLE | PROTO_ORDERED },
	{ "sctp", 0, SOCK_STREAM, IPPROTO_SCTP,
	  PROTO_CONN | PROTO_RELIABLE | PROTO_ORDERED },
	{ "rdm-rdm", 0, SOCK_RDM, IPPROTO_RDM, PROTO_RELIABLE | PROTO_RDM },
	{ "rdm-seqpacket", 0, SOCK_SEQPACKET, IPPROTO_RDM,
	  PROTO_RELIABLE | PROTO_ORDERED | PROTO_RDM },
	{ "rds", AF_RDS, SOCK_SEQPACKET, 0, PROTO_RELIABLE | PROTO_ORDERED },
	{ "tipc", AF_TIPC, SOCK_SEQPACKET, 0,
	  PROTO_CONN | PROTO_RELIABLE | PROTO_ORDERED },
	/* Drops what a full receiver cannot take. */
	{ "tipc-rdm", AF_TIPC, SOCK_RDM, 0, 0 },
};

const struct proto *proto_find(const char *name)
{
	for (size_t i = 0; i < sizeof(protos) / sizeof(protos[0]); i++)
		if (!strcmp(protos[i].name, name))
			return &protos[i];
	return NULL;
}

void die(int status, const char *fmt, ...)
{
	va_list args;

	fflush(stdout);
	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(status);
}

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_SEC + (uint64_t)ts.tv_nsec;
}

uint64_t parse_number(const char *what, const char *text, uint64_t min, uint64_t max)
{
	unsigned long long value;
	unsigned int shift = 0;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (end == text || text[0] == '-' || errno)
		die(EXIT_USAGE, "%s: \"%s\" is not a number", what, text);
	switch (*end) {
	case 'k':
	case 'K':
		shift = 10;
		end++;
		break;
	case 'm':
	case 'M':
		shift = 20;
		end++;
		break;
	}
	if (*end)
		die(EXIT_USAGE, "%s: \"%s\": only K (1024) or M (1048576) may follow a number",
		    what, text);
	if (value > UINT64_MAX >> shift || value << shift < min || value << shift > max)
		die(EXIT_USAGE, "%s: %s is not between %llu and %llu", what, text,
		    (unsigned long long)min, (unsigned long long)max);
	return value << shift;
}

double parse_seconds(const char *what, const char *text)
{
	double value;
	char *end;

	value = strtod(text, &end);
	if (end == text || *end || !(value > 0) || value > 1e6)
		die(EXIT_USAGE, "%s: \"%s\" is not a time in seconds above 0", what, text);
	return value;
}

const char *parse_port(const char *text)
{
	parse_number("port", text, 1, 65535);
	return text;
}

void resolve(const char *host, const char *port, int family, struct endpoint *ep)
{
	struct addrinfo hints = {
		.ai_family = family,
		.ai_socktype = SOCK_DGRAM,
		.ai_flags = AI_NUMERICSERV | AI_NUMERICHOST | (host ? 0 : AI_PASSIVE),
	};
	struct addrinfo *info = NULL;
	int err;

	err = getaddrinfo(host, port, &hints, &info);
	if (err && host) {
		hints.ai_flags &= ~AI_NUMERICHOST;
		err = getaddrinfo(host, port, &hints, &info);
	}
	if (err || !info)
		die(EXIT_FAILED, "no address for \"%s\": %s", host ? host : "*",
		    err == EAI_SYSTEM ? strerror(errno) : gai_strerror(err));
	memset(ep, 0, sizeof(*ep));
	memcpy(&ep->ss, info->ai_addr, info->ai_addrlen);
	ep->len = info->ai_addrlen;
	freeaddrinfo(info);
}

bool endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
	const struct sockaddr_in6 *a6 = (const void *)&a->ss, *b6 = (const void *)&b->ss;
	const struct sockaddr_in *a4 = (const void *)&a->ss, *b4 = (const void *)&b->ss;

	if (a->ss.ss_family != b->ss.ss_family)
		return false;
	if (a->ss.ss_family == AF_INET6)
		return a6->sin6_port == b6->sin6_port &&
		       a6->sin6_scope_id == b6->sin6_scope_id &&
		       !memcmp(&a6->sin6_addr, &b6->sin6_addr, sizeof(a6->sin6_addr));
	return a4->sin_port == b4->sin_port && a4->sin_addr.s_addr == b4->sin_addr.s_addr;
}

unsigned int endpoint_port(const struct endpoint *ep)
{
	/* sin_port and sin6_port stand at the same place. */
	return ntohs(((const struct sockaddr_in *)&ep->ss)->sin_port);
}

void endpoint_set_port(struct endpoint *ep, unsigned int port)
{
	((struct sockaddr_in *)&ep->ss)->sin_port = htons((uint16_t)port);
}

void endpoint_unmap(struct endpoint *ep)
{
	const struct sockaddr_in6 *in6 = (const void *)&ep->ss;
	struct sockaddr_in in4 = { .sin_family = AF_INET };

	if (ep->ss.ss_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
		return;
	in4.sin_port = in6->sin6_port;
	memcpy(&in4.sin_addr, &in6->sin6_addr.s6_addr[12], sizeof(in4.sin_addr));
	memset(&ep->ss, 0, sizeof(ep->ss));
	memcpy(&ep->ss, &in4, sizeof(in4));
	ep->len = sizeof(in4);
}

const char *endpoint_text(const struct endpoint *ep, char *buf, size_t len)
{
	char host[NI_MAXHOST];

	if (!ep->len || getnameinfo((const struct sockaddr *)&ep->ss, ep->len, host,
				    sizeof(host), NULL, 0, NI_NUMERICHOST))
		snprintf(buf, len, "(unknown)");
	else
		snprintf(buf, len, "%.*s port %u", (int)len - 16, host, endpoint_port(ep));
	return buf;
}

int sock_open(const struct proto *proto, int family)
{
	int fd = socket(proto->family ? proto->family : family, proto->type | SOCK_CLOEXEC,
			proto->protocol);
	int one = 1;

	/* The error queue names the peer that failed; plain UDP has it on request only. */
	if (fd >= 0 && proto->protocol == IPPROTO_UDP) {
		if (family == AF_INET6)
			setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &one, sizeof(one));
		else
			setsockopt(fd, IPPROTO_IP, IP_RECVERR, &one, sizeof(one));
	}
	return fd;
}

const char *sock_hint(const struct proto *proto, int err)
{
	if (err != EPROTONOSUPPORT && err != ESOCKTNOSUPPORT && err != EAFNOSUPPORT)
		return "";
	if (proto->flags & PROTO_RDM)
		return " (is the module loaded? \"modprobe rdm\", or \"insmod rdm.ko\")";
	if (proto->protocol == IPPROTO_SCTP)
		return " (\"modprobe sctp\")";
	if (proto->family == AF_RDS)
		return " (\"modprobe rds_tcp\")";
	if (proto->family == AF_TIPC)
		return " (\"modprobe tipc\")";
	return "";
}

void sock_set_buffers(int fd, size_t bytes)
{
	int value = bytes > INT32_MAX / 2 ? INT32_MAX / 2 : (int)bytes;

	/* The forced form passes net.core.rmem_max, for who may. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &value, sizeof(value)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &value, sizeof(value));
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &value, sizeof(value)))
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &value, sizeof(value));
}

void sock_set_timeout(int fd, int optname, uint64_t ns)
{
	struct timeval tv = {
		.tv_sec = (time_t)(ns / NS_PER_SEC),
		.tv_usec = (suseconds_t)(ns % NS_PER_SEC / 1000),
	};

	if (setsockopt(fd, SOL_SOCKET, optname, &tv, sizeof(tv)))
		die(EXIT_FAILED, "cannot set the time limit of a socket: %s", strerror(errno));
}

long sock_unacked(int fd)
{
	int value = 0;

	if (ioctl(fd, SIOCOUTQ, &value))
		return -1;
	return value;
}

size_t sock_max_message(const struct proto *proto, int fd)
{
	socklen_t len = sizeof(uint32_t);
	uint32_t value;

	if (proto->protocol == IPPROTO_UDP)
		return UDP_MAX_MESSAGE;
	if (proto->family == AF_TIPC)
		return TIPC_MAX_USER_MSG_SIZE;
	if (!(proto->flags & PROTO_RDM))
		return SIZE_MAX;
	if (getsockopt(fd, SOL_RDM, RDM_MAX_MSG, &value, &len) || !value)
		die(EXIT_FAILED, "cannot ask for the largest message (RDM_MAX_MSG): %s",
		    strerror(errno));
	return value;
}

static void add_queued_error(struct msghdr *msg, struct failure *f)
{
	int error = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level == SOL_RDM && c->cmsg_type == RDM_OUTCOME) {
			struct rdm_outcome outcome;

			memcpy(&outcome, CMSG_DATA(c), sizeof(outcome));
			error = (int)outcome.error;
			if (!error)
				continue;
			f->messages += outcome.count;
			if (outcome.fate == RDM_FATE_UNKNOWN)
				f->maybe_delivered = true;
		} else if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
			   (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR)) {
			struct sock_extended_err ee;

			memcpy(&ee, CMSG_DATA(c), sizeof(ee));
			if (!error)
				error = (int)ee.ee_errno;
		}
	}
	if (error && !f->error) {
		f->error = error;
		f->peer.len = msg->msg_namelen;
		memcpy(&f->peer.ss, msg->msg_name, sizeof(f->peer.ss));
	}
}

int sock_take_error(int fd, struct failure *f)
{
	socklen_t len = sizeof(int);
	int err = 0;

	for (;;) {
		struct sockaddr_storage name = { 0 };
		char control[512], data[64];
		struct iovec iov = { data, sizeof(data) };
		struct msghdr msg = {
			.msg_name = &name,
			.msg_namelen = sizeof(name),
			.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof(control),
		};

		if (recvmsg(fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
			break;
		add_queued_error(&msg, f);
	}
	if (!getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) && err && !f->error)
		f->error = err;
	return f->error;
}

const char *error_text(int err)
{
	switch (err) {
	case ECONNREFUSED:
		return "refused: nobody listens at that address and port";
	case ECONNRESET:
		return "reset: the peer closed its socket or restarted";
	case ETIMEDOUT:
		return "timed out: no answer from the peer";
	case EMSGSIZE:
		return "the message is too large for this protocol; send smaller ones (--size)";
	case ENOBUFS:
	case ENOMEM:
		return "out of buffer memory";
	default:
		return strerror(err);
	}
}

const char *failure_text(const struct failure *f, char *buf, size_t len)
{
	char peer[ENDPOINT_TEXT + 2] = "", count[96] = "";

	if (f->peer.len) {
		endpoint_text(&f->peer, peer, ENDPOINT_TEXT);
		strcat(peer, ": ");
	}
	if (f->messages)
		snprintf(count, sizeof(count), " (%llu message%s not acknowledged%s)",
			 (unsigned long long)f->messages, f->messages == 1 ? "" : "s",
			 f->maybe_delivered ? "; they may have arrived, or not" :
					      " and not delivered");
	snprintf(buf, len, "%s%s%s", peer, error_text(f->error), count);
	return buf;
}
