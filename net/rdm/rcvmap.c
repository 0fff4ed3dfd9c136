// SPDX-License-Identifier: GPL-2.0
/*
 * What has been received: ranges of packet numbers and the ring bitmap of
 * finished sequence numbers. Packets mostly come in order, so both have a
 * short way for that. When an ACK is sent, and what a duplicate means, is
 * decided elsewhere.
 */
#include <linux/bitmap.h>
#include <linux/bits.h>
#include <linux/bug.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "rcvmap.h"

void rdm_pnset_init(struct rdm_pnset *s)
{
	s->floor = 0;
	s->n = 0;
}

bool rdm_pnset_test(const struct rdm_pnset *s, u64 pn)
{
	unsigned int i;

	if (pn < s->floor)
		return true;
	for (i = 0; i < s->n && pn <= s->r[i].last; i++)
		if (pn >= s->r[i].first)
			return true;
	return false;
}

static void pnset_close_gap(struct rdm_pnset *s, unsigned int i)
{
	s->r[i - 1].first = s->r[i].first;
	s->n--;
	memmove(&s->r[i], &s->r[i + 1], (s->n - i) * sizeof(s->r[0]));
}

static bool pnset_insert(struct rdm_pnset *s, unsigned int i, u64 pn)
{
	if (s->n == RDM_PNSET_RANGES) {
		if (i == s->n)
			return false;
		s->n--;
		s->floor = s->r[s->n].last + 1;
	}
	memmove(&s->r[i + 1], &s->r[i], (s->n - i) * sizeof(s->r[0]));
	s->r[i].first = pn;
	s->r[i].last = pn;
	s->n++;
	return true;
}

bool rdm_pnset_add(struct rdm_pnset *s, u64 pn)
{
	struct rdm_pnrange *r = s->r;
	unsigned int i;

	if (likely(s->n && pn > r[0].last && pn - r[0].last == 1)) {
		r[0].last = pn;
		return true;
	}
	if (pn < s->floor)
		return false;

	for (i = 0; i < s->n && pn <= r[i].last; i++)
		if (pn >= r[i].first)
			return false;

	/* r[i - 1] lies above pn and r[i] below it, where they exist. */
	if (i && r[i - 1].first - pn == 1) {
		r[i - 1].first = pn;
		if (i < s->n && pn - r[i].last == 1)
			pnset_close_gap(s, i);
		return true;
	}
	if (i < s->n && pn - r[i].last == 1) {
		r[i].last = pn;
		return true;
	}
	return pnset_insert(s, i, pn);
}

void rdm_pnset_extend(struct rdm_pnset *s, u32 n)
{
	s->r[0].last += n;
}

u64 rdm_pnset_largest(const struct rdm_pnset *s)
{
	/* Without ranges, the floor lies just above the one trimmed last. */
	if (s->n)
		return s->r[0].last;
	return s->floor ? s->floor - 1 : 0;
}

void rdm_pnset_trim(struct rdm_pnset *s, u64 pn)
{
	while (s->n && s->r[s->n - 1].last < pn) {
		s->n--;
		s->floor = s->r[s->n].last + 1;
	}
}

static unsigned int seq_bit(u64 seq)
{
	return seq & (RDM_SEQ_SPAN - 1);
}

void rdm_seqmap_init(struct rdm_seqmap *m, u64 first)
{
	BUILD_BUG_ON(RDM_SEQ_SPAN & (RDM_SEQ_SPAN - 1));

	m->floor = first;
	m->top = first;
	m->bits = NULL;
}

void rdm_seqmap_give(struct rdm_seqmap *m, unsigned long *bits)
{
	bitmap_zero(bits, RDM_SEQ_SPAN);
	m->bits = bits;
}

void rdm_seqmap_take(struct rdm_seqmap *m)
{
	if (!WARN_ON_ONCE(m->floor != m->top))
		m->bits = NULL;
}

bool rdm_seqmap_test(const struct rdm_seqmap *m, u64 seq)
{
	if (seq < m->floor)
		return true;
	return seq < m->top && test_bit(seq_bit(seq), m->bits);
}

bool rdm_seqmap_in_span(const struct rdm_seqmap *m, u64 seq)
{
	return seq >= m->floor && seq - m->floor < RDM_SEQ_SPAN && seq != U64_MAX;
}

/* Move the floor over the finished numbers that stand at it, clearing their bits. */
static void seqmap_advance(struct rdm_seqmap *m)
{
	while (m->floor < m->top) {
		unsigned int start = seq_bit(m->floor);
		unsigned int end = min_t(u64, RDM_SEQ_SPAN, start + (m->top - m->floor));
		unsigned int zero = find_next_zero_bit(m->bits, end, start);

		bitmap_clear(m->bits, start, zero - start);
		m->floor += zero - start;
		if (zero < end)
			return;
	}
}

bool rdm_seqmap_set(struct rdm_seqmap *m, u64 seq)
{
	if (likely(seq == m->floor && seq == m->top && seq != U64_MAX)) {
		m->floor++;
		m->top++;
		return true;
	}
	if (!rdm_seqmap_in_span(m, seq) || __test_and_set_bit(seq_bit(seq), m->bits))
		return false;

	m->top = max(m->top, seq + 1);
	if (seq == m->floor)
		seqmap_advance(m);
	return true;
}

void rdm_seqmap_set_range(struct rdm_seqmap *m, u64 first, u64 last)
{
	unsigned int start, n, run;

	first = max(first, m->floor);
	if (!rdm_seqmap_in_span(m, first) || last < first)
		return;
	if (!rdm_seqmap_in_span(m, last))
		last = m->floor + min_t(u64, RDM_SEQ_SPAN - 1, U64_MAX - 1 - m->floor);

	/* At most two runs of bits: up to the end of the ring, and from its start. */
	start = seq_bit(first);
	n = last - first + 1;
	run = min_t(unsigned int, n, RDM_SEQ_SPAN - start);
	bitmap_set(m->bits, start, run);
	bitmap_set(m->bits, 0, n - run);

	m->top = max(m->top, last + 1);
	if (first == m->floor)
		seqmap_advance(m);
}
