// SPDX-License-Identifier: GPL-2.0
/*
 * What a bad network does to messages: sends a few thousand that prove themselves
 * (tools/common/msgcheck.h) from one network namespace to another over one protocol, and
 * counts what arrives. "make demo" runs it over plain UDP and over both rdm socket types.
 *
 * Sender and receiver are two processes with nothing but the network between them, save
 * one pipe, over which the sender says in the end how many it sent; so the count of lost
 * messages does not hang on the network that is on trial.
 */
#include "msgcheck.h"
#include "netutil.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <math.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A message is a 16-byte header and 1 to 65,491 bytes: 65,507 is UDP's largest. */
#define CONTENT_MAX (65507 - MSGCHECK_HEADER)
#define CONTENT_KNEE 4096
#define LARGE_ONE_IN 50
/* After the sender is done: quiet for so long means that nothing more will come. */
#define QUIET_NS (1500 * NS_PER_MS)
#define PROGRESS_NS (3 * NS_PER_SEC)

struct options {
	const struct proto *proto;
	const char *send_ns, *recv_ns;
	const char *host;
	const char *port;
	uint32_t count;
	uint64_t seed;
	uint64_t rate;		/* bytes a second, for plain UDP only */
	uint64_t timeout_ns;
	size_t buffer;
};

struct result {
	uint64_t sent;
	uint64_t bytes;
	bool complete;		/* all was sent, and acknowledged where there are acks */
};

static const char usage_text[] =
"usage: rdmdemo [options] --proto udp|rdm-rdm|rdm-seqpacket\n"
"\n"
"Sends messages to itself, counts what arrives, and prints one line:\n"
"demo: PROTO sent=N delivered=N lost=N duplicated=N reordered=N corrupted=N\n"
"delivered: intact, each counted once; lost: sent but not delivered; duplicated: extra\n"
"copies; reordered: delivered after a later one; corrupted: content or length wrong.\n"
"\n"
"A message has a 16-byte header (sequence number, length, 64-bit hash) and 1 to 65,491\n"
"bytes of content, so that the largest is UDP's largest, 65,507. Sizes: log-uniform from\n"
"1 to 4,096 bytes; for one in 50, log-uniform from 4,096 to 65,491. (All log-uniform over\n"
"the whole range would make 5,000 messages 30 MB; so they make about 5.)\n"
"\n"
"  --send-ns NAME    network namespace (ip netns) of the sender\n"
"  --recv-ns NAME    network namespace of the receiver\n"
"  --host ADDRESS    the receiver's address (default: 127.0.0.1)\n"
"  --port PORT       the receiver's port (default: 7300)\n"
"  --count N         messages (default: 5000)\n"
"  --seed N          other sizes and content (default: 1)\n"
"  --rate N          plain UDP: bytes a second (K, M; default 1M), so that it is the\n"
"                    network which loses messages and not a full buffer\n"
"  --buffer N        socket buffers, bytes (default: 8M)\n"
"  --timeout SECONDS give up after so long (default: 240)\n"
"  -h, --help\n"
"\n"
"Exit status: 0 the protocol kept its promise (rdm-seqpacket: nothing lost, duplicated,\n"
"reordered or corrupted; rdm-rdm: the same but for the order; udp promises nothing),\n"
"1 it did not, 2 wrong usage.\n";

static size_t message_size(uint64_t seed, uint32_t seq)
{
	uint64_t r = mix64(mix64(seed) + seq);
	double u = (double)(r >> 11) / (double)(1ull << 53);
	double low = 1, high = CONTENT_KNEE;

	if (mix64(r) % LARGE_ONE_IN == 0) {
		low = CONTENT_KNEE;
		high = CONTENT_MAX;
	}
	return MSGCHECK_HEADER + (size_t)(low * exp(u * log(high / low)) + 0.5);
}

static void enter_namespace(const char *name)
{
	char path[256];
	int fd;

	if (!name)
		return;
	/* Where ip(8) keeps them depends on how it was built. */
	snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		snprintf(path, sizeof(path), "/var/run/netns/%s", name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		die(EXIT_FAILED, "cannot enter the network namespace %s: %s", name,
		    strerror(errno));
	close(fd);
}

static int open_socket(const struct options *opt, const struct endpoint *ep)
{
	int fd = sock_open(opt->proto, ep->ss.ss_family);

	if (fd < 0)
		die(EXIT_FAILED, "%s: cannot open a socket: %s%s", opt->proto->name,
		    strerror(errno), sock_hint(opt->proto, errno));
	sock_set_buffers(fd, opt->buffer);
	return fd;
}

static void sleep_until(uint64_t when)
{
	struct timespec ts = {
		.tv_sec = (time_t)(when / NS_PER_SEC),
		.tv_nsec = (long)(when % NS_PER_SEC),
	};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
		;
}

/* @f: what is known already; @err: errno, if nothing is. */
static void report_failure(const struct options *opt, int fd, struct failure *f, int err)
{
	char text[FAILURE_TEXT];

	if (!sock_take_error(fd, f))
		f->error = err;
	fprintf(stderr, "rdmdemo: %s: %s\n", opt->proto->name,
		failure_text(f, text, sizeof(text)));
}

/* The sending process, to its end. */
static void run_sender(const struct options *opt, const struct endpoint *to, int pipe_fd)
{
	bool udp = !(opt->proto->flags & PROTO_RELIABLE);
	struct result result = { 0 };
	struct failure f = { 0 };
	uint64_t start, end;
	uint8_t *msg = malloc(MSGCHECK_HEADER + CONTENT_MAX);
	int fd;

	if (!msg)
		die(EXIT_FAILED, "out of memory");
	enter_namespace(opt->send_ns);
	fd = open_socket(opt, to);
	if (connect(fd, (const struct sockaddr *)&to->ss, to->len))
		die(EXIT_FAILED, "%s: cannot connect: %s", opt->proto->name, strerror(errno));
	start = now_ns();
	end = start + opt->timeout_ns;
	sock_set_timeout(fd, SO_SNDTIMEO, opt->timeout_ns);
	while (result.sent < opt->count) {
		size_t len = message_size(opt->seed, (uint32_t)result.sent);

		msgcheck_build(msg, len, opt->seed, (uint32_t)result.sent);
		if (send(fd, msg, len, 0) < 0) {
			if (errno == EINTR)
				continue;
			report_failure(opt, fd, &f, errno);
			goto out;
		}
		result.sent++;
		result.bytes += len;
		if (udp)
			sleep_until(start + result.bytes * NS_PER_SEC / opt->rate);
	}
	while (opt->proto->flags & PROTO_RDM && sock_unacked(fd) != 0) {
		if (sock_take_error(fd, &f)) {
			report_failure(opt, fd, &f, f.error);
			goto out;
		}
		if (now_ns() > end) {
			report_failure(opt, fd, &f, ETIMEDOUT);
			goto out;
		}
		sleep_until(now_ns() + 10 * NS_PER_MS);
	}
	if (sock_take_error(fd, &f)) {
		report_failure(opt, fd, &f, f.error);
		goto out;
	}
	result.complete = true;
out:
	if (write(pipe_fd, &result, sizeof(result)) != sizeof(result))
		die(EXIT_FAILED, "the receiver is gone");
	free(msg);
	exit(result.complete ? EXIT_OK : EXIT_FAILED);
}

static void show_progress(const struct options *opt, const struct seqtrack *t, uint64_t start)
{
	fprintf(stderr, "  %-13s %4llu s: %5llu of %u delivered, %llu duplicated, "
		"%llu out of order\n", opt->proto->name,
		(unsigned long long)((now_ns() - start) / NS_PER_SEC),
		(unsigned long long)t->delivered, opt->count,
		(unsigned long long)t->duplicated, (unsigned long long)t->reordered);
}

/* Counts messages until the sender is done and it has been quiet for a while. */
static void run_receiver(const struct options *opt, int fd, int pipe_fd, struct seqtrack *t,
			 struct result *result)
{
	size_t cap = MSGCHECK_HEADER + CONTENT_MAX + 1;
	uint64_t start = now_ns(), shown = start, heard = start;
	bool sender_done = false;
	uint8_t *buf = malloc(cap);

	if (!buf)
		die(EXIT_FAILED, "out of memory");
	for (;;) {
		struct pollfd pfd[2] = {
			{ .fd = fd, .events = POLLIN },
			{ .fd = sender_done ? -1 : pipe_fd, .events = POLLIN },
		};
		uint64_t now;
		ssize_t n;

		if (poll(pfd, 2, 100) < 0 && errno != EINTR)
			die(EXIT_FAILED, "poll: %s", strerror(errno));
		while (pfd[0].revents && (n = recv(fd, buf, cap, MSG_DONTWAIT)) >= 0) {
			seqtrack_add(t, buf, (size_t)n, opt->seed, opt->count);
			heard = now_ns();
		}
		now = now_ns();
		if (pfd[1].revents) {
			/* A sender that died says nothing: then all counts are zero. */
			if (read(pipe_fd, result, sizeof(*result)) != sizeof(*result))
				memset(result, 0, sizeof(*result));
			sender_done = true;
			heard = now;
		}
		if (sender_done && now - heard > QUIET_NS)
			break;
		if (now - start > opt->timeout_ns) {
			fprintf(stderr, "rdmdemo: %s: not done after %llu s\n", opt->proto->name,
				(unsigned long long)(opt->timeout_ns / NS_PER_SEC));
			result->complete = false;
			break;
		}
		if (now - shown > PROGRESS_NS) {
			show_progress(opt, t, start);
			shown = now;
		}
	}
	free(buf);
}

static bool promise_kept(const struct options *opt, const struct seqtrack *t,
			 const struct result *result)
{
	if (!result->complete || result->sent != opt->count)
		return false;
	if (!(opt->proto->flags & PROTO_RELIABLE))
		return true;
	if (t->delivered != result->sent || t->duplicated || t->corrupted)
		return false;
	return !(opt->proto->flags & PROTO_ORDERED) || !t->reordered;
}

static void parse_options(int argc, char **argv, struct options *opt)
{
	enum { OPT_PROTO = 1, OPT_SEND_NS, OPT_RECV_NS, OPT_HOST, OPT_PORT, OPT_COUNT, OPT_SEED,
	       OPT_RATE, OPT_BUFFER, OPT_TIMEOUT };
	static const struct option longs[] = {
		{ "proto", required_argument, NULL, OPT_PROTO },
		{ "send-ns", required_argument, NULL, OPT_SEND_NS },
		{ "recv-ns", required_argument, NULL, OPT_RECV_NS },
		{ "host", required_argument, NULL, OPT_HOST },
		{ "port", required_argument, NULL, OPT_PORT },
		{ "count", required_argument, NULL, OPT_COUNT },
		{ "seed", required_argument, NULL, OPT_SEED },
		{ "rate", required_argument, NULL, OPT_RATE },
		{ "buffer", required_argument, NULL, OPT_BUFFER },
		{ "timeout", required_argument, NULL, OPT_TIMEOUT },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	*opt = (struct options){
		.host = "127.0.0.1",
		.port = "7300",
		.count = 5000,
		.seed = 1,
		.rate = 1 << 20,
		.timeout_ns = 240 * NS_PER_SEC,
		.buffer = 8 << 20,
	};
	while ((c = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		switch (c) {
		case OPT_PROTO:
			opt->proto = proto_find(optarg);
			if (!opt->proto || opt->proto->flags & PROTO_CONN || opt->proto->family)
				die(EXIT_USAGE, "--proto is udp, rdm-rdm or rdm-seqpacket");
			break;
		case OPT_SEND_NS:
			opt->send_ns = optarg;
			break;
		case OPT_RECV_NS:
			opt->recv_ns = optarg;
			break;
		case OPT_HOST:
			opt->host = optarg;
			break;
		case OPT_PORT:
			opt->port = parse_port(optarg);
			break;
		case OPT_COUNT:
			opt->count = (uint32_t)parse_number("--count", optarg, 1, 100000000);
			break;
		case OPT_SEED:
			opt->seed = parse_number("--seed", optarg, 0, UINT64_MAX);
			break;
		case OPT_RATE:
			opt->rate = parse_number("--rate", optarg, 1000, UINT32_MAX);
			break;
		case OPT_BUFFER:
			opt->buffer = parse_number("--buffer", optarg, 4096, 1 << 30);
			break;
		case OPT_TIMEOUT:
			opt->timeout_ns = (uint64_t)(parse_seconds("--timeout", optarg) * 1e9);
			break;
		case 'h':
			fputs(usage_text, stdout);
			exit(EXIT_OK);
		default:
			fputs("Try \"rdmdemo --help\".\n", stderr);
			exit(EXIT_USAGE);
		}
	}
	if (!opt->proto || optind != argc) {
		fputs(usage_text, stderr);
		exit(EXIT_USAGE);
	}
}

int main(int argc, char **argv)
{
	struct seqtrack track = { 0 };
	struct result result = { 0 };
	struct options opt;
	struct endpoint to;
	int pipe_fds[2], fd;
	bool kept;
	pid_t pid;

	parse_options(argc, argv, &opt);
	resolve(opt.host, opt.port, AF_UNSPEC, &to);
	if (pipe(pipe_fds))
		die(EXIT_FAILED, "pipe: %s", strerror(errno));
	/*
	 * The receiver is bound before the sender starts, and the child is the receiver's
	 * to end, whatever happens.
	 */
	fflush(NULL);
	enter_namespace(opt.recv_ns);
	fd = open_socket(&opt, &to);
	if (bind(fd, (struct sockaddr *)&to.ss, to.len))
		die(EXIT_FAILED, "%s: cannot bind to %s port %s: %s", opt.proto->name, opt.host,
		    opt.port, strerror(errno));
	pid = fork();
	if (pid < 0)
		die(EXIT_FAILED, "fork: %s", strerror(errno));
	if (!pid) {
		close(fd);
		close(pipe_fds[0]);
		run_sender(&opt, &to, pipe_fds[1]);
	}
	close(pipe_fds[1]);
	run_receiver(&opt, fd, pipe_fds[0], &track, &result);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);

	kept = promise_kept(&opt, &track, &result);
	fprintf(stderr, "  %-13s done: %.1f MB sent\n", opt.proto->name,
		(double)result.bytes / 1e6);
	printf("demo: %s sent=%llu delivered=%llu lost=%llu duplicated=%llu reordered=%llu "
	       "corrupted=%llu\n", opt.proto->name, (unsigned long long)result.sent,
	       (unsigned long long)track.delivered,
	       (unsigned long long)(result.sent > track.delivered ?
				    result.sent - track.delivered : 0),
	       (unsigned long long)track.duplicated, (unsigned long long)track.reordered,
	       (unsigned long long)track.corrupted);
	seqtrack_free(&track);
	close(fd);
	return kept ? EXIT_OK : EXIT_FAILED;
}
