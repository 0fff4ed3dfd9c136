// SPDX-License-Identifier: GPL-2.0
/*
 * One end of a test over a network: sends messages that prove themselves
 * (tools/common/msgcheck.h), or receives and judges them. The scripts beside it make the
 * network bad and run one end in each of two namespaces.
 *
 * The receiver knows how many messages there are and of what seed, so nothing but the
 * network under test connects the two ends. When all are there it listens for another
 * moment, because what must not come has no other sign; and it keeps its socket until the
 * sender is done (--until), because a closed one acks nothing any more.
 */
#include "msgcheck.h"
#include "netutil.h"

#include <errno.h>
#include <getopt.h>
#include <linux/rdm.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAX_MESSAGE (1 << 20)
#define MISSING_NS (10 * NS_PER_SEC)

struct options {
	const struct proto *proto;
	bool receive;
	const char *host, *port;
	uint32_t count;
	size_t sizes[16];
	unsigned int nsizes;	/* 0: from min to max */
	size_t min, max;
	uint64_t seed;
	uint64_t timeout_ns, quiet_ns, delay_ns;
	const char *ready, *until;
	bool no_wait;
};

static const char usage_text[] =
"usage: msgtest send|recv [options] HOST PORT\n"
"\n"
"recv binds to HOST PORT; send sends to it. Both must be told the same --type, --count\n"
"and --seed. The last line of recv is\n"
"msgtest: delivered=N lost=N duplicated=N reordered=N corrupted=N\n"
"\n"
"  --type rdm|seqpacket|udp\n"
"  --count N          messages (default: 100)\n"
"  --size N,N...      bytes of each (K, M), in turn\n"
"  --size MIN-MAX     or from MIN to MAX, most of them small (default: 16-20000)\n"
"  --seed N           other sizes and content\n"
"  --timeout SECONDS  give up after so long (default: 60)\n"
"  --quiet SECONDS    recv: go on for so long after the last (default: 0.5)\n"
"  --delay SECONDS    recv: read nothing for so long\n"
"  --ready FILE       recv: create FILE when the socket is bound\n"
"  --until FILE       recv: do not end before FILE exists\n"
"  --no-wait          send: end when all is accepted, not when all is acked\n"
"\n"
"Exit status: 0 the promise of the type was kept (udp promises nothing), 1 it was not,\n"
"2 wrong usage.\n";

/* Most are small: the exponent of the length is what is spread evenly. */
static size_t message_size(const struct options *opt, uint32_t seq)
{
	uint64_t r = mix64(mix64(opt->seed) + seq), span = opt->max - opt->min + 1;
	unsigned int bits = 0;

	if (opt->nsizes)
		return opt->sizes[seq % opt->nsizes];
	while (bits < 24 && span >> bits > 1)
		bits++;
	span >>= r % (bits + 1);
	return opt->min + mix64(r) % (span ? span : 1);
}

static void pause_ns(uint64_t ns)
{
	struct timespec ts = {
		.tv_sec = (time_t)(ns / NS_PER_SEC),
		.tv_nsec = (long)(ns % NS_PER_SEC),
	};

	nanosleep(&ts, NULL);
}

static int failed(int fd, const char *what)
{
	char text[FAILURE_TEXT];
	struct failure f = { 0 };
	int err = errno;

	if (!sock_take_error(fd, &f))
		f.error = err;
	fprintf(stderr, "msgtest: %s: %s\n", what, failure_text(&f, text, sizeof(text)));
	return EXIT_FAILED;
}

static int send_all(const struct options *opt, const struct endpoint *to, int fd)
{
	uint64_t end = now_ns() + opt->timeout_ns;
	uint8_t *msg = malloc(MAX_MESSAGE);
	uint32_t seq;

	if (!msg)
		die(EXIT_FAILED, "out of memory");
	if (connect(fd, (const struct sockaddr *)&to->ss, to->len))
		return failed(fd, "connect");
	sock_set_timeout(fd, SO_SNDTIMEO, opt->timeout_ns);
	for (seq = 0; seq < opt->count; seq++) {
		size_t len = message_size(opt, seq);

		msgcheck_build(msg, len, opt->seed, seq);
		if (send(fd, msg, len, 0) != (ssize_t)len)
			return failed(fd, "send");
	}
	free(msg);
	while (opt->proto->flags & PROTO_RDM && !opt->no_wait) {
		/* In this order: a message that failed is not unacked any more */
		bool acked = !sock_unacked(fd);
		struct failure f = { 0 };
		char text[FAILURE_TEXT];

		if (sock_take_error(fd, &f)) {
			fprintf(stderr, "msgtest: a message failed: %s\n",
				failure_text(&f, text, sizeof(text)));
			return EXIT_FAILED;
		}
		if (acked)
			break;
		if (now_ns() > end) {
			errno = ETIMEDOUT;
			return failed(fd, "waiting for acks");
		}
		pause_ns(5 * NS_PER_MS);
	}
	printf("msgtest: sent=%u\n", seq);
	return EXIT_OK;
}

static int recv_all(const struct options *opt, const struct endpoint *at, int fd)
{
	uint64_t end = now_ns() + opt->timeout_ns, heard = now_ns();
	uint8_t *buf = malloc(MAX_MESSAGE);
	struct seqtrack t = { 0 };
	uint64_t lost;

	if (!buf)
		die(EXIT_FAILED, "out of memory");
	if (bind(fd, (const struct sockaddr *)&at->ss, at->len))
		return failed(fd, "bind");
	if (opt->ready) {
		FILE *f = fopen(opt->ready, "w");

		if (!f || fclose(f))
			die(EXIT_FAILED, "cannot create %s", opt->ready);
	}
	if (opt->delay_ns)
		pause_ns(opt->delay_ns);
	for (;;) {
		struct pollfd pfd = { .fd = fd, .events = POLLIN };
		ssize_t n;

		if (poll(&pfd, 1, 50) > 0) {
			n = recv(fd, buf, MAX_MESSAGE, MSG_DONTWAIT);
			if (n >= 0) {
				seqtrack_add(&t, buf, (size_t)n, opt->seed, opt->count);
				heard = now_ns();
				continue;
			}
			if (errno != EAGAIN)
				return failed(fd, "recv");
		}
		if (now_ns() > end)
			break;
		if (opt->until && access(opt->until, F_OK)) {
			heard = now_ns();
			continue;
		}
		/* What the sender left to its kernel may still take a while to come */
		if (now_ns() - heard > (t.delivered < opt->count ? MISSING_NS : opt->quiet_ns))
			break;
	}
	lost = opt->count - t.delivered;
	printf("msgtest: delivered=%llu lost=%llu duplicated=%llu reordered=%llu corrupted=%llu\n",
	       (unsigned long long)t.delivered, (unsigned long long)lost,
	       (unsigned long long)t.duplicated, (unsigned long long)t.reordered,
	       (unsigned long long)t.corrupted);
	free(buf);
	if (!(opt->proto->flags & PROTO_RELIABLE))
		return EXIT_OK;
	if (lost || t.duplicated || t.corrupted)
		return EXIT_FAILED;
	return opt->proto->flags & PROTO_ORDERED && t.reordered ? EXIT_FAILED : EXIT_OK;
}

static void parse_size(struct options *opt, char *text)
{
	char *dash = strchr(text, '-');

	opt->nsizes = 0;
	if (dash) {
		*dash = 0;
		opt->min = parse_number("--size", text, MSGCHECK_HEADER, MAX_MESSAGE);
		opt->max = parse_number("--size", dash + 1, opt->min, MAX_MESSAGE);
		return;
	}
	for (char *one = strtok(text, ","); one; one = strtok(NULL, ",")) {
		if (opt->nsizes == sizeof(opt->sizes) / sizeof(opt->sizes[0]))
			die(EXIT_USAGE, "--size: at most 16 sizes");
		opt->sizes[opt->nsizes++] = parse_number("--size", one, MSGCHECK_HEADER,
							 MAX_MESSAGE);
	}
}

static void parse_options(int argc, char **argv, struct options *opt)
{
	enum { TYPE = 1, COUNT, SIZE, SEED, TIMEOUT, QUIET, DELAY, READY, UNTIL, NO_WAIT };
	static const struct option longs[] = {
		{ "type", required_argument, NULL, TYPE },
		{ "count", required_argument, NULL, COUNT },
		{ "size", required_argument, NULL, SIZE },
		{ "seed", required_argument, NULL, SEED },
		{ "timeout", required_argument, NULL, TIMEOUT },
		{ "quiet", required_argument, NULL, QUIET },
		{ "delay", required_argument, NULL, DELAY },
		{ "ready", required_argument, NULL, READY },
		{ "until", required_argument, NULL, UNTIL },
		{ "no-wait", no_argument, NULL, NO_WAIT },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	char name[32];
	int c;

	*opt = (struct options){
		.count = 100, .min = 16, .max = 20000, .seed = 1,
		.timeout_ns = 60 * NS_PER_SEC, .quiet_ns = NS_PER_SEC / 2,
	};
	while ((c = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		switch (c) {
		case TYPE:
			snprintf(name, sizeof(name), "%s%s", strcmp(optarg, "udp") ? "rdm-" : "",
				 optarg);
			opt->proto = proto_find(name);
			break;
		case COUNT:
			opt->count = (uint32_t)parse_number("--count", optarg, 1, 10000000);
			break;
		case SIZE:
			parse_size(opt, optarg);
			break;
		case SEED:
			opt->seed = parse_number("--seed", optarg, 0, UINT32_MAX);
			break;
		case TIMEOUT:
			opt->timeout_ns = (uint64_t)(parse_seconds("--timeout", optarg) * 1e9);
			break;
		case QUIET:
			opt->quiet_ns = (uint64_t)(parse_seconds("--quiet", optarg) * 1e9);
			break;
		case DELAY:
			opt->delay_ns = (uint64_t)(parse_seconds("--delay", optarg) * 1e9);
			break;
		case READY:
			opt->ready = optarg;
			break;
		case UNTIL:
			opt->until = optarg;
			break;
		case NO_WAIT:
			opt->no_wait = true;
			break;
		case 'h':
			fputs(usage_text, stdout);
			exit(EXIT_OK);
		default:
			exit(EXIT_USAGE);
		}
	}
	if (argc - optind != 3 || !opt->proto ||
	    (strcmp(argv[optind], "send") && strcmp(argv[optind], "recv"))) {
		fputs(usage_text, stderr);
		exit(EXIT_USAGE);
	}
	opt->receive = !strcmp(argv[optind], "recv");
	opt->host = argv[optind + 1];
	opt->port = parse_port(argv[optind + 2]);
}

int main(int argc, char **argv)
{
	struct options opt;
	struct endpoint ep;
	int fd;

	parse_options(argc, argv, &opt);
	resolve(opt.host, opt.port, AF_UNSPEC, &ep);
	fd = sock_open(opt.proto, ep.ss.ss_family);
	if (fd < 0)
		die(EXIT_FAILED, "no socket: %s%s", strerror(errno), sock_hint(opt.proto, errno));
	return opt.receive ? recv_all(&opt, &ep, fd) : send_all(&opt, &ep, fd);
}
