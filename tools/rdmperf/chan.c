// SPDX-License-Identifier: GPL-2.0
/*
 * One message in, one message out: the hot path of rdmperf, one system call a message.
 * TCP has no messages, so each gets a four-byte length before it. SCTP is used through
 * plain one-to-one sockets, which keep message boundaries by MSG_EOR. No MSG_NOSIGNAL,
 * which RDS refuses: main() has SIGPIPE ignored.
 */
#include "perf.h"

#include <errno.h>
#include <linux/tipc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <unistd.h>

#define FRAME_HEADER 4
/* From linux/sctp.h, which not every system has. */
#define SOL_SCTP_LEVEL 132
#define SCTP_NODELAY_OPT 3
/* No service of anybody else. */
#define TIPC_SERVICE_TYPE 74700

static const char *failed(struct chan *ch, const char *what)
{
	static char text[160];

	snprintf(text, sizeof(text), "%s: %s: %s%s", ch->proto->name, what, strerror(errno),
		 sock_hint(ch->proto, errno));
	chan_close(ch);
	return text;
}

static const char *chan_init(struct chan *ch, const struct test *t, int family)
{
	size_t bytes;
	int fd;

	*ch = (struct chan){
		.proto = t->proto,
		.fd = -1,
		.listen_fd = -1,
		.size = t->size,
		.batch = t->batch,
	};
	fd = sock_open(t->proto, family);
	if (fd < 0)
		return failed(ch, "cannot open a socket");
	ch->fd = fd;
	if (t->buffer)
		sock_set_buffers(fd, t->buffer);
	if (t->size > sock_max_message(t->proto, fd)) {
		errno = EMSGSIZE;
		return failed(ch, "messages of this --size");
	}
	/* One byte more than agreed, so that a longer message shows. */
	ch->in_cap = t->size + 1;
	if (t->proto->flags & PROTO_BYTES)
		ch->in_cap = 2 * (t->size + FRAME_HEADER) + (128 << 10);
	bytes = ch->in_cap * (t->proto->flags & PROTO_BYTES ? 1 : t->batch);
	ch->in = malloc(bytes);
	ch->out = calloc(1, FRAME_HEADER + t->size + 2);
	ch->msgs = calloc(t->batch, sizeof(*ch->msgs));
	ch->iovs = calloc(t->batch, sizeof(*ch->iovs));
	if (!ch->in || !ch->out || !ch->msgs || !ch->iovs)
		return failed(ch, "buffers");
	ch->out += FRAME_HEADER;
	for (size_t i = 0; i < t->size; i++)
		ch->out[i] = (char)mix64(i);
	return NULL;
}

/* Small messages must not wait for company in a round trip; in a stream they may. */
static void set_nodelay(const struct chan *ch, const struct test *t)
{
	int one = 1;

	if (t->kind != TEST_RR)
		return;
	if (t->proto->protocol == IPPROTO_TCP)
		setsockopt(ch->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	else if (t->proto->protocol == IPPROTO_SCTP)
		setsockopt(ch->fd, SOL_SCTP_LEVEL, SCTP_NODELAY_OPT, &one, sizeof(one));
}

/*
 * The two that are no IP protocols. RDS takes IP addresses, but knows no "any". TIPC has
 * services instead of ports, which all nodes of a cluster see.
 */
static void use_service(struct endpoint *ep, unsigned int instance)
{
	struct sockaddr_tipc tipc = {
		.family = AF_TIPC,
		.addrtype = TIPC_SERVICE_ADDR,
		.scope = TIPC_CLUSTER_SCOPE,
		.addr.name.name = { .type = TIPC_SERVICE_TYPE, .instance = instance },
	};

	memset(&ep->ss, 0, sizeof(ep->ss));
	memcpy(&ep->ss, &tipc, sizeof(tipc));
	ep->len = sizeof(tipc);
}

/* Binds to the address from which @to is reached. */
static int bind_towards(const struct chan *ch, const struct endpoint *to)
{
	struct endpoint local = { .len = sizeof(local.ss) };
	int fd = socket(to->ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int ret = -1;

	if (fd < 0)
		return -1;
	if (!connect(fd, (const struct sockaddr *)&to->ss, to->len) &&
	    !getsockname(fd, (struct sockaddr *)&local.ss, &local.len)) {
		endpoint_set_port(&local, 0);
		ret = bind(ch->fd, (struct sockaddr *)&local.ss, local.len);
	}
	close(fd);
	return ret;
}

const char *chan_listen(struct chan *ch, const struct test *t, const struct endpoint *at,
			unsigned int *port)
{
	struct endpoint local = *at;
	const char *error;

	error = chan_init(ch, t, at->ss.ss_family);
	if (error)
		return error;
	ch->use_peer = (t->kind == TEST_RR || t->peers) && !(t->proto->flags & PROTO_CONN);
	if (t->peers) {
		close(ch->fd);
		ch->fd = -1;
		ch->pool = pool_open(t, at, port);
		return ch->pool ? NULL : failed(ch, "cannot open so many sockets");
	}
	endpoint_set_port(&local, 0);
	if (t->proto->family == AF_TIPC) {
		*port = (unsigned int)mix64(now_ns()) >> 1;
		use_service(&local, *port);
	}
	if (bind(ch->fd, (struct sockaddr *)&local.ss, local.len))
		return failed(ch, "cannot bind");
	if (t->proto->family != AF_TIPC) {
		if (getsockname(ch->fd, (struct sockaddr *)&local.ss, &local.len))
			return failed(ch, "cannot ask for the port");
		*port = endpoint_port(&local);
	}
	if (t->proto->flags & PROTO_CONN) {
		if (listen(ch->fd, 1))
			return failed(ch, "cannot listen");
		set_nodelay(ch, t);
		ch->listen_fd = ch->fd;
		ch->fd = -1;
	}
	return NULL;
}

int chan_accept(struct chan *ch)
{
	if (!(ch->proto->flags & PROTO_CONN))
		return 0;
	ch->fd = accept(ch->listen_fd, NULL, NULL);
	if (ch->fd < 0)
		return -1;
	return 0;
}

const char *chan_connect(struct chan *ch, const struct test *t, const struct endpoint *server,
			 unsigned int port)
{
	const char *error = chan_init(ch, t, server->ss.ss_family);
	struct endpoint to = *server;

	if (error)
		return error;
	set_nodelay(ch, t);
	endpoint_set_port(&to, port);
	if (t->peers) {
		ch->use_peer = true;
		ch->peer = to;
		return NULL;
	}
	if (t->proto->family == AF_TIPC)
		use_service(&to, port);
	if (t->proto->family == AF_RDS && bind_towards(ch, &to))
		return failed(ch, "cannot bind");
	if (connect(ch->fd, (const struct sockaddr *)&to.ss, to.len))
		return failed(ch, "cannot connect");
	return NULL;
}

void chan_set_timeout(struct chan *ch, uint64_t ns)
{
	if (ch->pool)
		pool_set_timeout(ch->pool, ns);
	else if (ch->fd >= 0)
		sock_set_timeout(ch->fd, SO_RCVTIMEO, ns);
	if (ch->listen_fd >= 0)
		sock_set_timeout(ch->listen_fd, SO_RCVTIMEO, ns);
}

void chan_close(struct chan *ch)
{
	if (ch->pool)
		pool_close(ch->pool);
	else if (ch->fd >= 0)
		close(ch->fd);
	if (ch->listen_fd >= 0)
		close(ch->listen_fd);
	if (ch->out)
		free(ch->out - FRAME_HEADER);
	free(ch->in);
	free(ch->msgs);
	free(ch->iovs);
	ch->fd = -1;
	ch->listen_fd = -1;
	ch->pool = NULL;
	ch->out = NULL;
	ch->in = NULL;
	ch->msgs = NULL;
	ch->iovs = NULL;
}

static int send_all(struct chan *ch, const char *data, size_t len)
{
	while (len) {
		ssize_t n = send(ch->fd, data, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static void put_frame_header(struct chan *ch, size_t len)
{
	uint32_t frame = htonl((uint32_t)len);

	memcpy(ch->out - FRAME_HEADER, &frame, FRAME_HEADER);
}

int chan_send(struct chan *ch, size_t len)
{
	if (ch->proto->flags & PROTO_BYTES) {
		put_frame_header(ch, len);
		return send_all(ch, ch->out - FRAME_HEADER, FRAME_HEADER + len);
	}
	if (ch->use_peer)
		return sendto(ch->fd, ch->out, len, 0, (struct sockaddr *)&ch->peer.ss,
			      ch->peer.len) < 0 ? -1 : 0;
	return send(ch->fd, ch->out, len, 0) < 0 ? -1 : 0;
}

int chan_send_batch(struct chan *ch, unsigned int n)
{
	char *data = ch->out;
	size_t len = ch->size;
	int sent;

	if (ch->proto->flags & PROTO_BYTES) {
		put_frame_header(ch, len);
		data -= FRAME_HEADER;
		len += FRAME_HEADER;
	}
	for (unsigned int i = 0; i < n; i++) {
		ch->iovs[i].iov_base = data;
		ch->iovs[i].iov_len = len;
		ch->msgs[i].msg_hdr = (struct msghdr){
			.msg_iov = &ch->iovs[i],
			.msg_iovlen = 1,
		};
	}
	sent = sendmmsg(ch->fd, ch->msgs, n, 0);
	/* Of bytes a part may have been taken. */
	if (sent > 0 && ch->proto->flags & PROTO_BYTES) {
		size_t part = ch->msgs[sent - 1].msg_len;

		if (part < len && send_all(ch, data + part, len - part))
			return -1;
	}
	return sent;
}

static ssize_t recv_frame(struct chan *ch, char **msg)
{
	for (;;) {
		size_t have = ch->in_end - ch->in_start;
		uint32_t len;
		ssize_t n;

		if (have >= FRAME_HEADER) {
			memcpy(&len, ch->in + ch->in_start, FRAME_HEADER);
			len = ntohl(len);
			if (len > ch->size + 1) {
				errno = EPROTO;
				return -1;
			}
			if (have >= FRAME_HEADER + len) {
				*msg = ch->in + ch->in_start + FRAME_HEADER;
				ch->in_start += FRAME_HEADER + len;
				return len;
			}
		}
		memmove(ch->in, ch->in + ch->in_start, have);
		ch->in_start = 0;
		ch->in_end = have;
		n = recv(ch->fd, ch->in + have, ch->in_cap - have, 0);
		if (n == 0) {
			errno = ECONNRESET;
			return -1;
		}
		if (n < 0)
			return -1;
		ch->in_end += (size_t)n;
	}
}

/* SCTP may hand a message over in parts. */
static ssize_t recv_record(struct chan *ch, char **msg)
{
	struct iovec iov;
	struct msghdr hdr = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	*msg = ch->in;
	for (;;) {
		size_t got;

		iov.iov_base = ch->in + ch->in_end;
		iov.iov_len = ch->in_cap - ch->in_end;
		n = recvmsg(ch->fd, &hdr, 0);
		if (n == 0) {
			errno = ECONNRESET;
			return -1;
		}
		if (n < 0)
			return -1;
		ch->in_end += (size_t)n;
		if (!(hdr.msg_flags & MSG_EOR) && ch->in_end < ch->in_cap)
			continue;
		got = ch->in_end;
		ch->in_end = 0;
		return (ssize_t)got;
	}
}

ssize_t chan_recv(struct chan *ch, char **msg)
{
	if (ch->proto->flags & PROTO_BYTES)
		return recv_frame(ch, msg);
	if (ch->proto->protocol == IPPROTO_SCTP)
		return recv_record(ch, msg);
	*msg = ch->in;
	if (ch->pool) {
		ch->fd = pool_next(ch->pool);
		if (ch->fd < 0)
			return -1;
	}
	if (ch->use_peer) {
		ch->peer.len = sizeof(ch->peer.ss);
		return recvfrom(ch->fd, ch->in, ch->in_cap, 0, (struct sockaddr *)&ch->peer.ss,
				&ch->peer.len);
	}
	return recv(ch->fd, ch->in, ch->in_cap, 0);
}

int chan_recv_batch(struct chan *ch)
{
	for (unsigned int i = 0; i < ch->batch; i++) {
		ch->iovs[i].iov_base = chan_batch_msg(ch, i);
		ch->iovs[i].iov_len = ch->in_cap;
		ch->msgs[i].msg_hdr = (struct msghdr){
			.msg_iov = &ch->iovs[i],
			.msg_iovlen = 1,
		};
	}
	return recvmmsg(ch->fd, ch->msgs, ch->batch, MSG_WAITFORONE, NULL);
}

char *chan_batch_msg(struct chan *ch, unsigned int i)
{
	return ch->in + i * ch->in_cap;
}
