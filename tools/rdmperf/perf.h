/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rdmperf: measures round trips and streams of messages over rdm, UDP, TCP, SCTP, RDS and
 * TIPC.
 *
 *   rdmperf.c  options, and the report
 *   client.c   asks the server for a test, and sends
 *   server.c   answers round trips, or counts a stream
 *   chan.c     one message in, one message out, for every protocol
 *   pool.c     many sockets, for one that talks to many peers
 *   samples.c  percentiles of what was measured
 *
 * A test is agreed over a TCP connection, the control connection, which is idle while
 * messages flow. Over it also come the sender's count and the receiver's result, so that
 * neither hangs on the protocol that is measured.
 */
#ifndef RDM_TOOLS_PERF_H
#define RDM_TOOLS_PERF_H

#include "msgcheck.h"
#include "netutil.h"

#define DEFAULT_PORT "7470"
#define MAX_SIZE (16u << 20)
#define MAX_BATCH 1024
#define MAX_PEERS 16384

enum test_kind {
	TEST_RR,
	TEST_STREAM,
};

/* What client and server agree on. */
struct test {
	const struct proto *proto;
	enum test_kind kind;
	size_t size;		/* bytes of each message */
	unsigned int batch;	/* messages a system call */
	bool check;
	uint64_t seed;
	uint64_t warmup;	/* messages or round trips before the measurement */
	uint64_t count;		/* to measure; 0: until the time is over */
	uint64_t buffer;	/* socket buffers, bytes; 0: the system's default */
	bool latency;		/* stream: each message says when it was sent */
	unsigned int peers;	/* so many sockets of the server, at ports that follow each
				 * other, and one of the client; 0: one and one
				 */
};

/* A latency message: the time of sending, by the monotonic clock, stands here. */
#define STAMP_OFFSET 8
#define LATENCY_MIN_SIZE 16

struct samples {
	uint64_t *ns;
	uint64_t count, cap;
};

/* Nanoseconds. */
struct times {
	uint64_t min, mean, p50, p90, p99, p999, max;
};

void samples_add(struct samples *s, uint64_t ns);
/* Sorts them; of none everything is 0. */
void samples_sum_up(struct samples *s, struct times *t);

/* What the receiver of a stream counted. */
struct stream_result {
	uint64_t received;	/* messages, the warm-up included */
	uint64_t measured;	/* messages after the warm-up */
	uint64_t ns;		/* from the last of the warm-up to the last of all */
	struct seqtrack track;	/* counts only, and only with check */
	struct times latency;	/* only with latency */
};

struct rr_result {
	struct samples rtt;
	uint64_t total_ns;
	uint64_t lost;		/* no answer in time */
	uint64_t duplicated, corrupted;
};

/* One data socket. */
struct chan {
	const struct proto *proto;
	int fd;			/* -1: accept first */
	int listen_fd;
	struct pool *pool;	/* server with many peers: fd is the one that has a message */
	size_t size;
	struct endpoint peer;	/* the last sender, where there is no connection */
	bool use_peer;		/* send to @peer, and note there who sent */
	char *out;		/* message to send; room for a frame header before it */
	char *in;		/* received bytes */
	size_t in_cap, in_start, in_end;
	unsigned int batch;
	struct mmsghdr *msgs;
	struct iovec *iovs;
};

/* A shorter or longer message than agreed ends a test. */
static inline size_t end_mark_size(size_t size)
{
	return size == 1 ? 2 : 1;
}

/* Both return NULL or an error text. */
const char *chan_listen(struct chan *ch, const struct test *t, const struct endpoint *at,
			unsigned int *port);
const char *chan_connect(struct chan *ch, const struct test *t, const struct endpoint *server,
			 unsigned int port);
/* For connection protocols; -1 with errno. */
int chan_accept(struct chan *ch);
void chan_set_timeout(struct chan *ch, uint64_t ns);
void chan_close(struct chan *ch);

struct pool;
/* NULL with errno. @port: of the first socket. */
struct pool *pool_open(const struct test *t, const struct endpoint *at, unsigned int *port);
void pool_set_timeout(struct pool *p, uint64_t ns);
/* A socket that has a message, or -1 with errno; EAGAIN: none has, in the set time. */
int pool_next(struct pool *p);
void pool_close(struct pool *p);

/* Sends the first @len bytes of ch->out. 0, or -1 with errno. */
int chan_send(struct chan *ch, size_t len);
/* Sends @n copies of ch->out by sendmmsg(). The number sent, or -1. */
int chan_send_batch(struct chan *ch, unsigned int n);
/* The next message, its length, or -1 with errno; ECONNRESET: the stream ended. */
ssize_t chan_recv(struct chan *ch, char **msg);
/* Up to ch->batch messages by recvmmsg(), message i at chan_batch_msg(i). */
int chan_recv_batch(struct chan *ch);
char *chan_batch_msg(struct chan *ch, unsigned int i);

/* Control lines. Both return false when the connection has gone. */
bool control_write(int fd, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool control_read(int fd, char *line, size_t len);
/* Has the other side said something, or gone? */
bool control_pending(int fd);
void control_describe(const struct test *t, char *line, size_t len);
bool control_parse(const char *line, struct test *t);
bool control_write_result(int fd, const struct stream_result *r);
bool control_read_result(int fd, struct stream_result *r);

void run_server(const char *port, int family, bool once) __attribute__((noreturn));

struct client {
	const char *host;
	const char *port;
	int family;
	double seconds;		/* how long to measure, without a count */
	unsigned int burst;	/* with many peers: messages to one before the next */
	double hold;		/* seconds to stay when all is over */
	uint64_t rate;		/* stream: messages a second; 0: as fast as they are taken */
	bool cpu;		/* stream: how long do the processors work? */
	uint64_t timeout_ns;
	struct test test;
};

void client_rr(const struct client *cl, struct rr_result *r);
/* @busy_ns: with cpu, how long the processors worked from the end of the warm-up on */
void client_stream(const struct client *cl, struct stream_result *r, uint64_t *sent,
		   uint64_t *busy_ns);

#endif
