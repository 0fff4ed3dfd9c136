// SPDX-License-Identifier: GPL-2.0
/*
 * rdmperf's options and report; perf.h says how the program is laid out.
 */
#include "perf.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_SECONDS 5.0
#define DEFAULT_WARMUP 200

static const char usage_text[] =
"usage: rdmperf -s [-p PORT]              serve\n"
"       rdmperf -c HOST [-p PORT] [options] rr|stream\n"
"\n"
"rr times round trips, one at a time; stream times messages one way, at the receiver,\n"
"from the end of the warm-up to the last message.\n"
"\n"
"  -s, --server           serve, one client at a time\n"
"  -c, --client HOST      run a test with the server at HOST\n"
"  -p, --port PORT        the server's control port (TCP; default " DEFAULT_PORT ")\n"
"  -1, --once             (server) exit after one client\n"
"  -4, -6                 IPv4, IPv6\n"
"  -P, --proto PROTO      rdm-seqpacket (default), rdm-rdm, udp, tcp, sctp,\n"
"                         rds, tipc, tipc-rdm\n"
"  -l, --size N           bytes of a message (K, M; default 64 for rr, 1200 for stream)\n"
"  -n, --count N          messages or round trips to measure\n"
"  -t, --duration SECONDS without --count: run for so long (default 5)\n"
"  -w, --warmup N         messages or round trips before (default 200)\n"
"  -b, --batch N          stream: N messages a system call (sendmmsg, recvmmsg)\n"
"  -B, --buffer N         socket buffers, bytes (K, M)\n"
"  -r, --rate N           stream: N messages a second, whatever becomes of them\n"
"  -U, --cpu              stream: tell how long the processors worked for a message, for\n"
"                         both ends when both are here (resolution: 10 ms in all)\n"
"  -L, --latency          stream: time each message; both ends need the same clock\n"
"  -N, --peers N          one socket here, N at the server (udp, rdm), one after the other\n"
"  -u, --burst N          with --peers: N messages to one before the next (default 1)\n"
"  -H, --hold SECONDS     let the sockets stay for so long when all is over\n"
"  -C, --check            check content, order, loss and duplicates; size at least 16\n"
"  -T, --timeout SECONDS  fail when nothing moves for so long (default 30)\n"
"  -j, --json             one line of JSON\n"
"  -h, --help\n"
"\n"
"Exit status: 0 the test ran, and the protocol kept its promise (a reliable one lost and\n"
"doubled nothing, an ordered one kept the order, and nothing was corrupted); 1 it did\n"
"not, or the test failed; 2 wrong usage.\n";

static void print_times_json(const char *name, const struct times *t)
{
	printf("\"%s\":{\"min\":%.3f,\"mean\":%.3f,\"p50\":%.3f,\"p90\":%.3f,\"p99\":%.3f,"
	       "\"p999\":%.3f,\"max\":%.3f},", name, (double)t->min / 1e3,
	       (double)t->mean / 1e3, (double)t->p50 / 1e3, (double)t->p90 / 1e3,
	       (double)t->p99 / 1e3, (double)t->p999 / 1e3, (double)t->max / 1e3);
}

static void print_times(const char *name, const struct times *t)
{
	printf("  %s: min %.1f  p50 %.1f  p90 %.1f  p99 %.1f  p99.9 %.1f  max %.1f  mean %.1f\n",
	       name, (double)t->min / 1e3, (double)t->p50 / 1e3, (double)t->p90 / 1e3,
	       (double)t->p99 / 1e3, (double)t->p999 / 1e3, (double)t->max / 1e3,
	       (double)t->mean / 1e3);
}

static int report_rr(const struct client *cl, struct rr_result *r, bool json)
{
	const struct test *t = &cl->test;
	double seconds = (double)r->total_ns / 1e9, rate;
	unsigned long long count = r->rtt.count;
	bool ok = !r->corrupted;
	struct times rtt;

	if (t->proto->flags & PROTO_RELIABLE && (r->lost || r->duplicated))
		ok = false;
	samples_sum_up(&r->rtt, &rtt);
	rate = (double)count / seconds;
	if (json) {
		printf("{\"test\":\"rr\",\"proto\":\"%s\",\"size\":%zu,\"count\":%llu,"
		       "\"seconds\":%.6f,\"per_second\":%.1f,", t->proto->name, t->size, count,
		       seconds, rate);
		print_times_json("us", &rtt);
		printf("\"check\":%s,\"lost\":%llu,\"duplicated\":%llu,\"corrupted\":%llu,"
		       "\"ok\":%s}\n", t->check ? "true" : "false",
		       (unsigned long long)r->lost, (unsigned long long)r->duplicated,
		       (unsigned long long)r->corrupted, ok ? "true" : "false");
	} else {
		printf("%s rr: %zu B, %llu round trips in %.3f s, %.0f a second\n",
		       t->proto->name, t->size, count, seconds, rate);
		print_times("us", &rtt);
		if (t->check || r->lost || !ok)
			printf("  %s: lost %llu, duplicated %llu, corrupted %llu\n",
			       t->check ? "check" : "seen", (unsigned long long)r->lost,
			       (unsigned long long)r->duplicated,
			       (unsigned long long)r->corrupted);
	}
	return ok ? EXIT_OK : EXIT_FAILED;
}

static int report_stream(const struct client *cl, const struct stream_result *r, uint64_t sent,
			 uint64_t busy_ns, bool json)
{
	const struct test *t = &cl->test;
	uint64_t arrived = t->check ? r->track.delivered : r->received;
	uint64_t lost = sent > arrived ? sent - arrived : 0;
	bool ok = !r->track.corrupted && r->ns;
	double seconds = (double)r->ns / 1e9, rate = 0, mb = 0, cpu_us = 0;

	if (t->proto->flags & PROTO_RELIABLE &&
	    (lost || r->track.duplicated || r->received != sent))
		ok = false;
	if (t->proto->flags & PROTO_ORDERED && r->track.reordered)
		ok = false;
	if (r->ns) {
		rate = (double)r->measured / seconds;
		mb = rate * (double)t->size / 1e6;
		cpu_us = (double)busy_ns / 1e3 / (double)r->measured;
	}
	if (json) {
		printf("{\"test\":\"stream\",\"proto\":\"%s\",\"size\":%zu,\"batch\":%u,"
		       "\"sent\":%llu,\"received\":%llu,\"measured\":%llu,\"seconds\":%.6f,"
		       "\"per_second\":%.1f,\"mb_per_second\":%.3f,",
		       t->proto->name, t->size, t->batch, (unsigned long long)sent,
		       (unsigned long long)r->received, (unsigned long long)r->measured,
		       seconds, rate, mb);
		if (t->latency)
			print_times_json("latency_us", &r->latency);
		if (cl->cpu)
			printf("\"cpu_us\":%.3f,", cpu_us);
		printf("\"check\":%s,\"lost\":%llu,\"duplicated\":%llu,\"reordered\":%llu,"
		       "\"corrupted\":%llu,\"ok\":%s}\n",
		       t->check ? "true" : "false", (unsigned long long)lost,
		       (unsigned long long)r->track.duplicated,
		       (unsigned long long)r->track.reordered,
		       (unsigned long long)r->track.corrupted, ok ? "true" : "false");
	} else {
		printf("%s stream: %zu B, %llu messages in %.3f s, %.0f a second, %.3f MB/s\n",
		       t->proto->name, t->size, (unsigned long long)r->measured, seconds, rate,
		       mb);
		if (t->latency)
			print_times("latency, us", &r->latency);
		if (cl->cpu)
			printf("  processors: %.3f us for a message\n", cpu_us);
		if (t->check)
			printf("  check: sent %llu, delivered %llu, lost %llu, duplicated %llu, "
			       "reordered %llu, corrupted %llu\n", (unsigned long long)sent,
			       (unsigned long long)arrived, (unsigned long long)lost,
			       (unsigned long long)r->track.duplicated,
			       (unsigned long long)r->track.reordered,
			       (unsigned long long)r->track.corrupted);
		else if (lost || !ok)
			printf("  sent %llu, received %llu, lost %llu (%.1f %%)\n",
			       (unsigned long long)sent, (unsigned long long)r->received,
			       (unsigned long long)lost,
			       sent ? 100.0 * (double)lost / (double)sent : 0);
	}
	return ok ? EXIT_OK : EXIT_FAILED;
}

struct arguments {
	struct client client;
	bool server, once, json;
	int family;
	const char *port;
};

static void check_test(struct arguments *args, int argc, char **argv)
{
	struct test *t = &args->client.test;

	if (optind + 1 != argc)
		die(EXIT_USAGE, "name one test, rr or stream");
	if (!strcmp(argv[optind], "rr"))
		t->kind = TEST_RR;
	else if (!strcmp(argv[optind], "stream"))
		t->kind = TEST_STREAM;
	else
		die(EXIT_USAGE, "\"%s\" is not a test; there are rr and stream", argv[optind]);
	if (!t->size)
		t->size = t->kind == TEST_RR ? 64 : 1200;
	if (t->check && t->size < MSGCHECK_HEADER)
		die(EXIT_USAGE, "--check needs messages of at least %d bytes", MSGCHECK_HEADER);
	if (t->batch > 1 && t->kind == TEST_RR)
		die(EXIT_USAGE, "--batch goes with stream");
	if (t->batch > 1 && t->check)
		die(EXIT_USAGE, "--batch sends copies of one message, so it excludes --check");
	if (t->check && t->count > MSGCHECK_MAX_SEQ - t->warmup)
		die(EXIT_USAGE, "--check goes up to %u messages", MSGCHECK_MAX_SEQ);
	if (t->peers && (t->batch > 1 || t->proto->flags & PROTO_CONN || t->proto->family))
		die(EXIT_USAGE, "--peers goes with udp and rdm, one message a call");
	if (args->client.burst > 1 && (!t->peers || t->kind == TEST_RR))
		die(EXIT_USAGE, "--burst goes with --peers and stream");
	if ((t->latency || args->client.rate) && (t->kind != TEST_STREAM || t->batch > 1))
		die(EXIT_USAGE, "--latency and --rate go with stream, one message a call");
	if (args->client.cpu && (t->kind != TEST_STREAM || t->batch > 1))
		die(EXIT_USAGE, "--cpu goes with stream, one message a call");
	if (t->latency && (t->check || t->size < LATENCY_MIN_SIZE))
		die(EXIT_USAGE, "--latency needs messages of at least %d bytes, and no --check",
		    LATENCY_MIN_SIZE);
}

static void parse_options(int argc, char **argv, struct arguments *args)
{
	static const struct option longs[] = {
		{ "server", no_argument, NULL, 's' },
		{ "client", required_argument, NULL, 'c' },
		{ "port", required_argument, NULL, 'p' },
		{ "once", no_argument, NULL, '1' },
		{ "proto", required_argument, NULL, 'P' },
		{ "size", required_argument, NULL, 'l' },
		{ "count", required_argument, NULL, 'n' },
		{ "duration", required_argument, NULL, 't' },
		{ "warmup", required_argument, NULL, 'w' },
		{ "batch", required_argument, NULL, 'b' },
		{ "buffer", required_argument, NULL, 'B' },
		{ "check", no_argument, NULL, 'C' },
		{ "rate", required_argument, NULL, 'r' },
		{ "cpu", no_argument, NULL, 'U' },
		{ "latency", no_argument, NULL, 'L' },
		{ "peers", required_argument, NULL, 'N' },
		{ "burst", required_argument, NULL, 'u' },
		{ "hold", required_argument, NULL, 'H' },
		{ "timeout", required_argument, NULL, 'T' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct client *cl = &args->client;
	struct test *t = &cl->test;
	int c;

	*args = (struct arguments){
		.port = DEFAULT_PORT,
		.client = {
			.seconds = DEFAULT_SECONDS,
			.burst = 1,
			.timeout_ns = 30 * NS_PER_SEC,
			.test = {
				.proto = proto_find("rdm-seqpacket"),
				.batch = 1,
				.warmup = DEFAULT_WARMUP,
			},
		},
	};
	while ((c = getopt_long(argc, argv, "sc:p:146P:l:n:t:w:b:B:r:ULN:u:H:CT:jh", longs,
				NULL)) != -1) {
		switch (c) {
		case 's':
			args->server = true;
			break;
		case 'c':
			cl->host = optarg;
			break;
		case 'p':
			args->port = parse_port(optarg);
			break;
		case '1':
			args->once = true;
			break;
		case '4':
			args->family = AF_INET;
			break;
		case '6':
			args->family = AF_INET6;
			break;
		case 'P':
			t->proto = proto_find(optarg);
			if (!t->proto)
				die(EXIT_USAGE, "\"%s\" is not a protocol; there are "
				    "rdm-seqpacket, rdm-rdm, udp, tcp, sctp, rds, tipc, tipc-rdm",
				    optarg);
			break;
		case 'l':
			t->size = parse_number("--size", optarg, 1, MAX_SIZE);
			break;
		case 'n':
			t->count = parse_number("--count", optarg, 1, 1ull << 40);
			break;
		case 't':
			cl->seconds = parse_seconds("--duration", optarg);
			break;
		case 'w':
			t->warmup = parse_number("--warmup", optarg, 0, 1u << 31);
			break;
		case 'b':
			t->batch = (unsigned int)parse_number("--batch", optarg, 1, MAX_BATCH);
			break;
		case 'B':
			t->buffer = parse_number("--buffer", optarg, 4096, 1u << 30);
			break;
		case 'r':
			cl->rate = parse_number("--rate", optarg, 1, NS_PER_SEC);
			break;
		case 'U':
			cl->cpu = true;
			break;
		case 'L':
			t->latency = true;
			break;
		case 'N':
			t->peers = (unsigned int)parse_number("--peers", optarg, 1,
							      MAX_PEERS);
			break;
		case 'u':
			cl->burst = (unsigned int)parse_number("--burst", optarg, 1,
							       MAX_BATCH);
			break;
		case 'H':
			cl->hold = parse_seconds("--hold", optarg);
			break;
		case 'C':
			t->check = true;
			break;
		case 'T':
			cl->timeout_ns = (uint64_t)(parse_seconds("--timeout", optarg) * 1e9);
			break;
		case 'j':
			args->json = true;
			break;
		case 'h':
			fputs(usage_text, stdout);
			exit(EXIT_OK);
		default:
			fputs("Try \"rdmperf --help\".\n", stderr);
			exit(EXIT_USAGE);
		}
	}
	if (args->server == !!cl->host) {
		fputs(usage_text, stderr);
		exit(EXIT_USAGE);
	}
	cl->port = args->port;
	cl->family = args->family;
	if (!args->server)
		check_test(args, argc, argv);
	else if (optind != argc)
		die(EXIT_USAGE, "the client names the test, not the server");
}

int main(int argc, char **argv)
{
	struct stream_result stream = { 0 };
	struct rr_result rr = { 0 };
	struct arguments args;
	uint64_t sent = 0, busy_ns = 0;
	int status;

	parse_options(argc, argv, &args);
	signal(SIGPIPE, SIG_IGN);
	if (args.server)
		run_server(args.port, args.family, args.once);
	args.client.test.seed = mix64((uint64_t)time(NULL) << 20 ^ (uint64_t)getpid());
	if (args.client.test.kind == TEST_RR) {
		client_rr(&args.client, &rr);
		status = report_rr(&args.client, &rr, args.json);
		free(rr.rtt.ns);
	} else {
		client_stream(&args.client, &stream, &sent, &busy_ns);
		status = report_stream(&args.client, &stream, sent, busy_ns, args.json);
	}
	return status;
}
