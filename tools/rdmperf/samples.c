// SPDX-License-Identifier: GPL-2.0
/*
 * Times that were measured, and their percentiles.
 */
#include "perf.h"

#include <stdlib.h>

void samples_add(struct samples *s, uint64_t ns)
{
	if (s->count == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 1 << 16;
		s->ns = realloc(s->ns, s->cap * sizeof(*s->ns));
		if (!s->ns)
			die(EXIT_FAILED, "out of memory");
	}
	s->ns[s->count++] = ns;
}

static int compare_ns(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Nearest rank: the smallest value that is not below @per_mille of all. */
static uint64_t percentile(const struct samples *s, unsigned int per_mille)
{
	uint64_t rank = (s->count * per_mille + 999) / 1000;

	return s->ns[rank ? rank - 1 : 0];
}

void samples_sum_up(struct samples *s, struct times *t)
{
	uint64_t sum = 0;

	*t = (struct times){ 0 };
	if (!s->count)
		return;
	qsort(s->ns, s->count, sizeof(*s->ns), compare_ns);
	for (uint64_t i = 0; i < s->count; i++)
		sum += s->ns[i];
	t->min = percentile(s, 0);
	t->mean = sum / s->count;
	t->p50 = percentile(s, 500);
	t->p90 = percentile(s, 900);
	t->p99 = percentile(s, 990);
	t->p999 = percentile(s, 999);
	t->max = percentile(s, 1000);
}
