// SPDX-License-Identifier: GPL-2.0
/*
 * The control connection: one line of text each way at a time.
 *
 *   client  rdmperf/2 PROTO rr|stream SIZE BATCH CHECK SEED WARMUP COUNT BUFFER LATENCY PEERS
 *   server  ok PORT                 or   error TEXT
 *   client  done SENT               (after the test)
 *   server  result RECEIVED MEASURED NS DELIVERED DUPLICATED REORDERED CORRUPTED
 *                  MIN MEAN P50 P90 P99 P999 MAX    (latency, ns)
 */
#include "perf.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool control_write(int fd, const char *fmt, ...)
{
	char line[512];
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(line, sizeof(line) - 1, fmt, args);
	va_end(args);
	if (len < 0 || (size_t)len >= sizeof(line) - 1)
		return false;
	line[len++] = '\n';
	return send(fd, line, (size_t)len, MSG_NOSIGNAL) == len;
}

bool control_read(int fd, char *line, size_t len)
{
	size_t at = 0;

	while (at + 1 < len) {
		ssize_t n = recv(fd, line + at, 1, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		if (line[at] == '\n') {
			line[at] = '\0';
			return true;
		}
		at++;
	}
	return false;
}

bool control_pending(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, 0) > 0;
}

void control_describe(const struct test *t, char *line, size_t len)
{
	snprintf(line, len, "rdmperf/2 %s %s %zu %u %d %llu %llu %llu %llu %d %u", t->proto->name,
		 t->kind == TEST_RR ? "rr" : "stream", t->size, t->batch, t->check,
		 (unsigned long long)t->seed, (unsigned long long)t->warmup,
		 (unsigned long long)t->count, (unsigned long long)t->buffer, t->latency,
		 t->peers);
}

bool control_parse(const char *line, struct test *t)
{
	unsigned long long seed, warmup, count, buffer;
	char proto[16], kind[8];
	int check, latency;

	if (sscanf(line, "rdmperf/2 %15s %7s %zu %u %d %llu %llu %llu %llu %d %u", proto, kind,
		   &t->size, &t->batch, &check, &seed, &warmup, &count, &buffer,
		   &latency, &t->peers) != 11)
		return false;
	t->proto = proto_find(proto);
	t->kind = strcmp(kind, "rr") ? TEST_STREAM : TEST_RR;
	t->check = check;
	t->seed = seed;
	t->warmup = warmup;
	t->count = count;
	t->buffer = buffer;
	t->latency = latency;
	if (t->latency && t->size < LATENCY_MIN_SIZE)
		return false;
	if (t->peers > MAX_PEERS || (t->peers && (t->batch > 1 || !t->proto ||
						  t->proto->flags & PROTO_CONN ||
						  t->proto->family)))
		return false;
	return t->proto && t->size >= 1 && t->size <= MAX_SIZE && t->batch >= 1 &&
	       t->batch <= MAX_BATCH && (!strcmp(kind, "rr") || !strcmp(kind, "stream"));
}

bool control_write_result(int fd, const struct stream_result *r)
{
	const struct seqtrack *k = &r->track;
	const struct times *l = &r->latency;
	const uint64_t numbers[] = {
		r->received, r->measured, r->ns,
		k->delivered, k->duplicated, k->reordered, k->corrupted,
		l->min, l->mean, l->p50, l->p90, l->p99, l->p999, l->max,
	};
	char text[400];
	int len = 0;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		len += snprintf(text + len, sizeof(text) - (size_t)len, " %llu",
				(unsigned long long)numbers[i]);
	return control_write(fd, "result%s", text);
}

bool control_read_result(int fd, struct stream_result *r)
{
	struct seqtrack *k = &r->track;
	struct times *l = &r->latency;
	uint64_t *numbers[] = {
		&r->received, &r->measured, &r->ns,
		&k->delivered, &k->duplicated, &k->reordered, &k->corrupted,
		&l->min, &l->mean, &l->p50, &l->p90, &l->p99, &l->p999, &l->max,
	};
	char line[512], *at = line + strlen("result");

	*r = (struct stream_result){ 0 };
	if (!control_read(fd, line, sizeof(line)) || strncmp(line, "result ", 7))
		return false;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		char *end;

		*numbers[i] = strtoull(at, &end, 10);
		if (end == at)
			return false;
		at = end;
	}
	return true;
}
