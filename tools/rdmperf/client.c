// SPDX-License-Identifier: GPL-2.0
/*
 * The client: agrees on a test with the server, then sends. A round trip is timed from
 * one answer to the next; a stream is timed by its receiver.
 */
#include "perf.h"

#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* Plain UDP: a round trip without an answer for so long counts as lost. */
#define UDP_RR_TIMEOUT_NS (500 * NS_PER_MS)
#define UDP_END_MARKS 5

static volatile sig_atomic_t time_over;

static void on_alarm(int sig)
{
	(void)sig;
	time_over = 1;
}

/* Without SA_RESTART: the alarm ends a blocking system call. */
static void start_timer(double seconds)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	struct itimerval it = {
		.it_value = {
			.tv_sec = (time_t)seconds,
			.tv_usec = (suseconds_t)((seconds - (double)(time_t)seconds) * 1e6),
		},
	};

	time_over = 0;
	sigaction(SIGALRM, &sa, NULL);
	if (!it.it_value.tv_sec && !it.it_value.tv_usec)
		it.it_value.tv_usec = 1;
	setitimer(ITIMER_REAL, &it, NULL);
}

static void fail_channel(const struct chan *ch, const char *what, int err)
{
	struct failure f = { 0 };
	char text[FAILURE_TEXT];

	if (!sock_take_error(ch->fd, &f))
		f.error = err == EAGAIN || err == EINTR ? ETIMEDOUT : err;
	die(EXIT_FAILED, "%s: %s: %s", ch->proto->name, what,
	    failure_text(&f, text, sizeof(text)));
}

/* Opens the control and the data connection. */
static int open_test(const struct client *cl, struct chan *ch, unsigned int *port)
{
	char line[256], name[ENDPOINT_TEXT];
	struct endpoint server;
	const char *error;
	int control;

	resolve(cl->host, cl->port, cl->family, &server);
	control = socket(server.ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (control < 0)
		die(EXIT_FAILED, "cannot open a socket: %s", strerror(errno));
	if (connect(control, (struct sockaddr *)&server.ss, server.len))
		die(EXIT_FAILED, "cannot reach the server at %s (TCP): %s",
		    endpoint_text(&server, name, sizeof(name)), error_text(errno));
	control_describe(&cl->test, line, sizeof(line));
	if (!control_write(control, "%s", line) || !control_read(control, line, sizeof(line)))
		die(EXIT_FAILED, "the server closed the control connection");
	if (!strncmp(line, "error ", 6))
		die(EXIT_FAILED, "server: %s", line + 6);
	if (sscanf(line, "ok %u", port) != 1)
		die(EXIT_FAILED, "the server answered \"%s\"; is it an rdmperf?", line);
	error = chan_connect(ch, &cl->test, &server, *port);
	if (error)
		die(EXIT_FAILED, "%s", error);
	return control;
}

/* Where a message has room for it, its number tells a late answer from the right one. */
static void stamp(const struct test *t, struct chan *ch, uint32_t seq)
{
	if (t->check)
		msgcheck_build(ch->out, t->size, t->seed, seq);
	else if (t->size >= sizeof(seq))
		memcpy(ch->out, &seq, sizeof(seq));
}

enum answer {
	ANSWER_RIGHT,
	ANSWER_LATE,
	ANSWER_WRONG,
};

static enum answer judge(const struct test *t, const char *msg, size_t len, uint32_t seq)
{
	uint32_t got = seq;

	if (len != t->size)
		return ANSWER_WRONG;
	if (t->check) {
		if (!msgcheck_verify(msg, len, t->seed, &got))
			return ANSWER_WRONG;
	} else if (t->size >= sizeof(got)) {
		memcpy(&got, msg, sizeof(got));
	}
	return got == seq ? ANSWER_RIGHT : ANSWER_LATE;
}

/* With many peers: whose turn message @seq is. */
static void aim(const struct client *cl, struct chan *ch, unsigned int port, uint64_t seq)
{
	unsigned int peers = cl->test.peers;

	if (peers)
		endpoint_set_port(&ch->peer, port + (unsigned int)(seq / cl->burst % peers));
}

/* Returns whether the right answer came. */
static bool round_trip(const struct client *cl, struct chan *ch, struct rr_result *r,
		       uint32_t seq)
{
	const struct test *t = &cl->test;
	bool reliable = t->proto->flags & PROTO_RELIABLE;
	char *msg;
	ssize_t n;

	stamp(t, ch, seq);
	while (chan_send(ch, t->size)) {
		if (errno == EINTR && !time_over)
			continue;
		if (errno == EINTR)
			return false;
		fail_channel(ch, "send", errno);
	}
	for (;;) {
		n = chan_recv(ch, &msg);
		if (n < 0 && errno == EINTR && !time_over)
			continue;
		if (n < 0 && errno == EINTR)
			return false;
		if (n < 0 && errno == EAGAIN && !reliable) {
			r->lost++;
			return false;
		}
		if (n < 0)
			fail_channel(ch, "no answer", errno);
		switch (judge(t, msg, (size_t)n, seq)) {
		case ANSWER_RIGHT:
			return true;
		case ANSWER_LATE:
			/* With one message under way at a time, only a copy can be late. */
			r->duplicated++;
			break;
		case ANSWER_WRONG:
			r->corrupted++;
			break;
		}
	}
}

/* The end of the measurement, not yet of the sockets. */
static void hold(const struct client *cl)
{
	struct timespec ts = {
		.tv_sec = (time_t)cl->hold,
		.tv_nsec = (long)((cl->hold - (double)(time_t)cl->hold) * 1e9),
	};

	if (cl->hold <= 0)
		return;
	fprintf(stderr, "rdmperf: all is done; the sockets stay for %.0f s\n", cl->hold);
	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

static void send_end_marks(const struct client *cl, struct chan *ch)
{
	bool udp = !(cl->test.proto->flags & PROTO_RELIABLE);

	for (int i = 0; i < (udp ? UDP_END_MARKS : 1); i++) {
		if (i)
			usleep(10000);
		while (chan_send(ch, end_mark_size(cl->test.size)) && errno == EINTR)
			;
	}
}

void client_rr(const struct client *cl, struct rr_result *r)
{
	const struct test *t = &cl->test;
	uint64_t start = 0, last, done = 0;
	unsigned int port;
	struct chan ch;
	uint32_t seq;
	int control;

	control = open_test(cl, &ch, &port);
	chan_set_timeout(&ch, t->proto->flags & PROTO_RELIABLE ? cl->timeout_ns :
			 UDP_RR_TIMEOUT_NS);
	/* The warm-up is part of the time: it ends the test too when it never ends. */
	if (!t->count)
		start_timer(cl->seconds);
	last = now_ns();
	for (seq = 0; !time_over && (!t->count || done < t->warmup + t->count); seq++) {
		uint64_t now;
		bool answered;

		aim(cl, &ch, port, seq);
		answered = round_trip(cl, &ch, r, seq);
		now = now_ns();
		done++;
		if (done == t->warmup)
			start = now;
		if (answered && done > t->warmup) {
			if (!start)
				start = last;
			samples_add(&r->rtt, now - last);
		}
		last = now;
	}
	r->total_ns = start ? last - start : 0;
	hold(cl);
	send_end_marks(cl, &ch);
	control_write(control, "done %u", seq);
	close(control);
	chan_close(&ch);
	if (!r->rtt.count)
		die(EXIT_FAILED, "%s: no round trip after the warm-up (%llu lost)",
		    t->proto->name, (unsigned long long)r->lost);
}

/* Waits until every message is acknowledged. */
static void drain(const struct client *cl, struct chan *ch)
{
	uint64_t moved = now_ns();
	struct failure f = { 0 };
	char text[FAILURE_TEXT];
	long before = -1, left;

	while ((left = sock_unacked(ch->fd)) > 0) {
		if (left != before)
			moved = now_ns();
		before = left;
		if (sock_take_error(ch->fd, &f))
			die(EXIT_FAILED, "%s: %s", ch->proto->name,
			    failure_text(&f, text, sizeof(text)));
		if (now_ns() - moved > cl->timeout_ns)
			fail_channel(ch, "not all was acknowledged", ETIMEDOUT);
		usleep(1000);
	}
	if (sock_take_error(ch->fd, &f))
		die(EXIT_FAILED, "%s: %s", ch->proto->name,
		    failure_text(&f, text, sizeof(text)));
}

/* Sleeps until message @seq is due; returns when that was, or is. */
static uint64_t wait_turn(const struct client *cl, uint64_t start, uint64_t seq)
{
	uint64_t due = start + seq * NS_PER_SEC / cl->rate;
	struct timespec ts = {
		.tv_sec = (time_t)(due / NS_PER_SEC),
		.tv_nsec = (long)(due % NS_PER_SEC),
	};

	while (!time_over && clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
		;
	return due;
}

/* Sends one message, or a batch. The number sent, or -1. */
static int send_some(const struct client *cl, struct chan *ch, uint64_t start, uint64_t seq,
		     uint64_t left)
{
	const struct test *t = &cl->test;
	uint64_t due;

	if (t->batch > 1)
		return chan_send_batch(ch, left < t->batch ? (unsigned int)left : t->batch);
	/* At a set rate a message that had to wait for its turn is late from then on. */
	due = cl->rate ? wait_turn(cl, start, seq) : t->latency ? now_ns() : 0;
	if (t->latency)
		memcpy(ch->out + STAMP_OFFSET, &due, sizeof(due));
	if (t->check)
		msgcheck_build(ch->out, t->size, t->seed, (uint32_t)seq);
	return chan_send(ch, t->size) ? -1 : 1;
}

/*
 * For how long all processors together worked since the machine came up, but for a constant.
 * Their idle time is in proc_stat(5), in hundredths of a second; timer_list has nanoseconds, but
 * where there are thousands of timers it takes seconds of work to read.
 */
static uint64_t worked_ns(void)
{
	unsigned long long idle, waiting;
	FILE *file = fopen("/proc/stat", "r");

	if (!file || fscanf(file, "cpu %*u %*u %*u %llu %llu", &idle, &waiting) != 2)
		die(EXIT_FAILED, "/proc/stat does not tell for how long processors were idle");
	fclose(file);
	return now_ns() * (uint64_t)sysconf(_SC_NPROCESSORS_ONLN) -
	       (idle + waiting) * NS_PER_SEC / (uint64_t)sysconf(_SC_CLK_TCK);
}

static uint64_t send_stream(const struct client *cl, struct chan *ch, unsigned int port,
			    uint64_t *worked)
{
	const struct test *t = &cl->test;
	uint64_t sent = 0, all = t->count ? t->warmup + t->count : UINT64_MAX;
	uint64_t start = now_ns();

	while (!time_over && sent < all) {
		int n;

		if (cl->cpu && sent == t->warmup)
			*worked = worked_ns();
		aim(cl, ch, port, sent);
		n = send_some(cl, ch, start, sent, all - sent);
		if (n > 0) {
			sent += (unsigned int)n;
			continue;
		}
		if (errno == EINTR)
			continue;
		/* Plain UDP: a full queue is a loss like any other. */
		if (errno == ENOBUFS && !(t->proto->flags & PROTO_RELIABLE)) {
			sent++;
			continue;
		}
		fail_channel(ch, "send", errno);
	}
	return sent;
}

void client_stream(const struct client *cl, struct stream_result *r, uint64_t *sent,
		   uint64_t *busy_ns)
{
	const struct test *t = &cl->test;
	uint64_t worked = 0;
	unsigned int port;
	struct chan ch;
	int control;

	control = open_test(cl, &ch, &port);
	sock_set_timeout(ch.fd, SO_SNDTIMEO, cl->timeout_ns);
	if (!t->count)
		start_timer(cl->seconds);
	*sent = send_stream(cl, &ch, port, &worked);
	if (t->proto->flags & PROTO_RDM)
		drain(cl, &ch);
	if (cl->cpu)
		*busy_ns = worked_ns() - worked;
	hold(cl);
	send_end_marks(cl, &ch);
	if (t->proto->flags & PROTO_CONN)
		shutdown(ch.fd, SHUT_WR);
	if (!control_write(control, "done %llu", (unsigned long long)*sent) ||
	    !control_read_result(control, r))
		die(EXIT_FAILED, "the server gave no result");
	close(control);
	chan_close(&ch);
}
