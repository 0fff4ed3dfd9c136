// SPDX-License-Identifier: GPL-2.0
/*
 * The server: for each client it opens the data socket that is asked for, answers round
 * trips or counts a stream, and tells the result over the control connection.
 *
 * One client at a time: a second would disturb the measurement of the first.
 */
#include "perf.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How often a server that receives nothing looks at the control connection. */
#define LOOK_NS (200 * NS_PER_MS)
/* Reliable, all sent, and yet nothing comes any more: after so long, it is lost. */
#define STALLED_NS (5 * NS_PER_SEC)

static bool would_block(int err)
{
	return err == EAGAIN || err == EWOULDBLOCK || err == EINTR;
}

static void serve_rr(struct chan *ch, int control)
{
	for (;;) {
		char *msg;
		ssize_t n = chan_recv(ch, &msg);

		if (n < 0) {
			if (would_block(errno)) {
				if (control_pending(control))
					return;
				continue;
			}
			/* A lost reply to an earlier client may be told here; go on for UDP. */
			if (ch->proto->flags & PROTO_CONN || control_pending(control))
				return;
			continue;
		}
		if ((size_t)n != ch->size)
			return;
		memcpy(ch->out, msg, (size_t)n);
		if (chan_send(ch, (size_t)n) && ch->proto->flags & PROTO_CONN)
			return;
	}
}

struct counting {
	const struct test *t;
	struct stream_result *r;
	uint64_t start_at;	/* the message that starts the clock */
	uint64_t all;		/* the last message; 0: not known */
	uint64_t start_ns, last_ns;
	bool end_seen;
	struct samples latency;
};

static void note_latency(struct counting *c, const char *msg)
{
	uint64_t now = now_ns(), sent;

	memcpy(&sent, msg + STAMP_OFFSET, sizeof(sent));
	/* Clocks that differ have no latency to tell. */
	if (c->r->received > c->start_at && now >= sent)
		samples_add(&c->latency, now - sent);
}

static void count_message(struct counting *c, const char *msg, size_t len)
{
	struct stream_result *r = c->r;

	if (len == end_mark_size(c->t->size)) {
		if (!c->end_seen && r->received != c->all)
			c->last_ns = now_ns();
		c->end_seen = true;
		return;
	}
	r->received++;
	if (c->t->check)
		seqtrack_add(&r->track, msg, len, c->t->seed, MSGCHECK_MAX_SEQ);
	else if (len != c->t->size)
		r->track.corrupted++;
	else if (c->t->latency)
		note_latency(c, msg);
	/* Without latency the clock is read for the first and the last message only. */
	if (r->received == c->start_at)
		c->start_ns = now_ns();
	if (r->received == c->all || c->end_seen)
		c->last_ns = now_ns();
}

/* Returns false on an error, true with or without messages. */
static bool count_some(struct chan *ch, struct counting *c)
{
	char *msg;
	ssize_t n;

	if (ch->batch == 1 || ch->proto->flags & PROTO_BYTES) {
		n = chan_recv(ch, &msg);
		if (n >= 0)
			count_message(c, msg, (size_t)n);
		return n >= 0;
	}
	n = chan_recv_batch(ch);
	for (unsigned int i = 0; n > 0 && i < (unsigned int)n; i++) {
		/* After the last message of a connection comes its end, as often as asked. */
		if (c->end_seen && ch->proto->flags & PROTO_CONN)
			break;
		count_message(c, chan_batch_msg(ch, i), ch->msgs[i].msg_len);
	}
	return n >= 0;
}

/*
 * A reliable stream is over at its end mark. One over UDP is over when the client says so
 * and nothing has come for a while; its end mark only tells the time.
 */
static void serve_stream(struct chan *ch, const struct test *t, int control,
			 struct stream_result *r)
{
	bool reliable = t->proto->flags & PROTO_RELIABLE;
	struct counting c = {
		.t = t,
		.r = r,
		.start_at = t->warmup ? t->warmup : 1,
		.all = t->count ? t->warmup + t->count : 0,
	};
	uint64_t heard = now_ns(), looked = 0;

	while (!reliable || !c.end_seen) {
		uint64_t now;

		if (count_some(ch, &c))
			continue;
		if (!would_block(errno))
			break;
		now = now_ns();
		if (r->received != looked) {
			looked = r->received;
			heard = now;
			if (!c.end_seen && r->received != c.all)
				c.last_ns = now - LOOK_NS;
		} else if (control_pending(control) &&
			   (!reliable || now - heard > STALLED_NS)) {
			break;
		}
	}
	if (r->received > c.start_at && c.last_ns > c.start_ns) {
		r->measured = r->received - c.start_at;
		r->ns = c.last_ns - c.start_ns;
	}
	samples_sum_up(&c.latency, &r->latency);
	free(c.latency.ns);
}

static void serve_client(int control)
{
	struct stream_result r = { 0 };
	struct endpoint local = { .len = sizeof(local.ss) };
	unsigned int port;
	struct test test;
	struct chan ch;
	char line[256];
	const char *error;

	if (!control_read(control, line, sizeof(line)))
		return;
	if (!control_parse(line, &test)) {
		control_write(control, "error the server does not know this test");
		return;
	}
	if (getsockname(control, (struct sockaddr *)&local.ss, &local.len))
		return;
	endpoint_unmap(&local);
	error = chan_listen(&ch, &test, &local, &port);
	if (error) {
		control_write(control, "error %s", error);
		return;
	}
	chan_set_timeout(&ch, LOOK_NS);
	if (!control_write(control, "ok %u", port))
		goto out;
	while (chan_accept(&ch))
		if (!would_block(errno) || control_pending(control))
			goto out;
	chan_set_timeout(&ch, LOOK_NS);
	if (test.kind == TEST_RR)
		serve_rr(&ch, control);
	else
		serve_stream(&ch, &test, control, &r);
	if (control_read(control, line, sizeof(line)))
		control_write_result(control, &r);
out:
	seqtrack_free(&r.track);
	chan_close(&ch);
}

void run_server(const char *port, int family, bool once)
{
	int one = 1, zero = 0, fd;
	struct endpoint at;

	/* Without a choice: both families on one socket, where IPv6 is there. */
	resolve(NULL, port, family ? family : AF_INET6, &at);
	fd = socket(at.ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 && !family) {
		resolve(NULL, port, AF_INET, &at);
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	}
	if (fd < 0)
		die(EXIT_FAILED, "cannot open a socket: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (at.ss.ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, family ? &one : &zero, sizeof(one));
	if (bind(fd, (struct sockaddr *)&at.ss, at.len) || listen(fd, 16))
		die(EXIT_FAILED, "cannot listen at TCP port %s: %s", port, strerror(errno));
	fprintf(stderr, "rdmperf: serving at port %s\n", port);
	do {
		int control = accept(fd, NULL, NULL);

		if (control < 0) {
			if (errno == EINTR || errno == ECONNABORTED)
				continue;
			die(EXIT_FAILED, "accept: %s", strerror(errno));
		}
		serve_client(control);
		close(control);
	} while (!once);
	exit(EXIT_OK);
}
