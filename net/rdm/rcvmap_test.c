// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of rcvmap: known cases, and random runs against plain arrays, at
 * the start of the number space and at its end. Also built in user space, see
 * tools/unit.
 */
#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/limits.h>

#include "rcvmap.h"
#include "test_rand.h"

static struct rdm_pnset *new_pnset(struct kunit *test)
{
	struct rdm_pnset *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, s);
	/* What init leaves alone must not matter. */
	memset(s, 0xa5, sizeof(*s));
	rdm_pnset_init(s);
	return s;
}

static struct rdm_seqmap *new_seqmap(struct kunit *test, u64 first)
{
	struct rdm_seqmap *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	unsigned long *bits = kunit_kzalloc(test, RDM_SEQ_SPAN / 8, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, m);
	KUNIT_ASSERT_NOT_NULL(test, bits);
	memset(m, 0xa5, sizeof(*m));
	memset(bits, 0xa5, RDM_SEQ_SPAN / 8);
	rdm_seqmap_init(m, first);
	rdm_seqmap_give(m, bits);
	return m;
}

static void begin_anew(struct rdm_seqmap *m, u64 first)
{
	unsigned long *bits = m->bits;

	rdm_seqmap_init(m, first);
	rdm_seqmap_give(m, bits);
}

static void pnset_in_order_is_one_range(struct kunit *test)
{
	struct rdm_pnset *s = new_pnset(test);
	u64 pn;

	KUNIT_EXPECT_EQ(test, rdm_pnset_largest(s), 0);
	for (pn = 0; pn < 1000; pn++) {
		KUNIT_EXPECT_FALSE(test, rdm_pnset_test(s, pn));
		KUNIT_EXPECT_TRUE(test, rdm_pnset_add(s, pn));
		KUNIT_EXPECT_FALSE(test, rdm_pnset_add(s, pn));
		KUNIT_EXPECT_TRUE(test, rdm_pnset_test(s, pn));
	}
	KUNIT_EXPECT_EQ(test, s->n, 1);
	KUNIT_EXPECT_EQ(test, s->r[0].first, 0);
	KUNIT_EXPECT_EQ(test, s->r[0].last, 999);
	KUNIT_EXPECT_EQ(test, rdm_pnset_largest(s), 999);
}

static void pnset_extend_takes_what_follows_the_largest(struct kunit *test)
{
	struct rdm_pnset s;

	rdm_pnset_init(&s);
	rdm_pnset_add(&s, 3);
	rdm_pnset_add(&s, 7);
	rdm_pnset_extend(&s, 4);
	KUNIT_EXPECT_EQ(test, rdm_pnset_largest(&s), 11);
	KUNIT_EXPECT_EQ(test, s.n, 2);
	KUNIT_EXPECT_FALSE(test, rdm_pnset_test(&s, 6));
	KUNIT_EXPECT_TRUE(test, rdm_pnset_test(&s, 8));
	KUNIT_EXPECT_TRUE(test, rdm_pnset_test(&s, 11));
	KUNIT_EXPECT_FALSE(test, rdm_pnset_test(&s, 12));
}

static void pnset_closing_a_gap_joins_ranges(struct kunit *test)
{
	struct rdm_pnset *s = new_pnset(test);

	rdm_pnset_add(s, 10);
	rdm_pnset_add(s, 12);
	rdm_pnset_add(s, 20);
	KUNIT_EXPECT_EQ(test, s->n, 3);
	KUNIT_EXPECT_TRUE(test, rdm_pnset_add(s, 11));
	KUNIT_ASSERT_EQ(test, s->n, 2);
	KUNIT_EXPECT_EQ(test, s->r[0].first, 20);
	KUNIT_EXPECT_EQ(test, s->r[1].first, 10);
	KUNIT_EXPECT_EQ(test, s->r[1].last, 12);
}

static void pnset_overflow_forgets_the_lowest_range(struct kunit *test)
{
	struct rdm_pnset *s = new_pnset(test);
	unsigned int i;

	for (i = 1; i <= RDM_PNSET_RANGES; i++)
		KUNIT_EXPECT_TRUE(test, rdm_pnset_add(s, 10 * i));
	/* Lower than all that are held: refused, and nothing changes. */
	KUNIT_EXPECT_FALSE(test, rdm_pnset_add(s, 5));
	KUNIT_EXPECT_EQ(test, s->floor, 0);
	KUNIT_EXPECT_FALSE(test, rdm_pnset_test(s, 5));
	/* Beside the lowest it needs no range of its own. */
	KUNIT_EXPECT_TRUE(test, rdm_pnset_add(s, 11));
	KUNIT_EXPECT_EQ(test, s->n, RDM_PNSET_RANGES);

	KUNIT_EXPECT_TRUE(test, rdm_pnset_add(s, 15));
	KUNIT_EXPECT_EQ(test, s->n, RDM_PNSET_RANGES);
	KUNIT_EXPECT_EQ(test, s->floor, 12);
	KUNIT_EXPECT_EQ(test, s->r[RDM_PNSET_RANGES - 1].first, 15);
	KUNIT_EXPECT_TRUE(test, rdm_pnset_test(s, 5));
	KUNIT_EXPECT_TRUE(test, rdm_pnset_test(s, 11));
	KUNIT_EXPECT_FALSE(test, rdm_pnset_test(s, 12));
	KUNIT_EXPECT_FALSE(test, rdm_pnset_add(s, 5));
}

static void pnset_trim_keeps_a_range_that_reaches_above(struct kunit *test)
{
	struct rdm_pnset *s = new_pnset(test);
	u64 pn;

	rdm_pnset_add(s, 3);
	for (pn = 10; pn < 20; pn++)
		rdm_pnset_add(s, pn);
	rdm_pnset_trim(s, 15);
	KUNIT_EXPECT_EQ(test, s->n, 1);
	KUNIT_EXPECT_EQ(test, s->floor, 4);
	KUNIT_EXPECT_EQ(test, s->r[0].first, 10);
	KUNIT_EXPECT_TRUE(test, rdm_pnset_test(s, 2));
	/* One that was late is welcome still. */
	KUNIT_EXPECT_TRUE(test, rdm_pnset_add(s, 7));
	rdm_pnset_trim(s, U64_MAX);
	KUNIT_EXPECT_EQ(test, s->n, 0);
	KUNIT_EXPECT_EQ(test, s->floor, 20);
	KUNIT_EXPECT_EQ(test, rdm_pnset_largest(s), 19);
	KUNIT_EXPECT_FALSE(test, rdm_pnset_add(s, 19));
	KUNIT_EXPECT_TRUE(test, rdm_pnset_add(s, 20));
}

static void pnset_does_not_wrap(struct kunit *test)
{
	struct rdm_pnset *s = new_pnset(test);

	KUNIT_EXPECT_TRUE(test, rdm_pnset_add(s, U64_MAX));
	KUNIT_EXPECT_TRUE(test, rdm_pnset_add(s, 0));
	KUNIT_ASSERT_EQ(test, s->n, 2);
	KUNIT_EXPECT_EQ(test, s->r[0].first, U64_MAX);
	KUNIT_EXPECT_EQ(test, s->r[0].last, U64_MAX);
	KUNIT_EXPECT_EQ(test, s->r[1].last, 0);
	KUNIT_EXPECT_TRUE(test, rdm_pnset_add(s, U64_MAX - 1));
	KUNIT_EXPECT_EQ(test, s->r[0].first, U64_MAX - 1);
	rdm_pnset_trim(s, U64_MAX);
	KUNIT_EXPECT_EQ(test, s->n, 1);
	KUNIT_EXPECT_EQ(test, rdm_pnset_largest(s), U64_MAX);
}

#define WINDOW 400

/* Numbers [base, base + WINDOW) as an array; the rules of the set spelt out. */
struct pn_model {
	u64 base;
	unsigned int floor;
	bool seen[WINDOW];
};

static unsigned int model_ranges(const struct pn_model *m)
{
	unsigned int i, n = 0;

	for (i = m->floor; i < WINDOW; i++)
		n += m->seen[i] && (i == m->floor || !m->seen[i - 1]);
	return n;
}

/* Forget the lowest range. */
static void model_forget(struct pn_model *m)
{
	while (!m->seen[m->floor])
		m->floor++;
	while (m->floor < WINDOW && m->seen[m->floor])
		m->floor++;
}

static bool model_add(struct pn_model *m, unsigned int i)
{
	unsigned int low;

	if (i < m->floor || m->seen[i])
		return false;
	m->seen[i] = true;
	if (model_ranges(m) <= RDM_PNSET_RANGES)
		return true;
	for (low = m->floor; !m->seen[low]; low++)
		;
	if (low == i) {
		m->seen[i] = false;
		return false;
	}
	model_forget(m);
	return true;
}

/* The lowest range ends below i. */
static bool model_lowest_below(const struct pn_model *m, unsigned int i)
{
	unsigned int low;

	for (low = m->floor; low < WINDOW && !m->seen[low]; low++)
		;
	while (low < WINDOW && m->seen[low])
		low++;
	return low <= i && model_ranges(m);
}

static void check_pnset(struct kunit *test, const struct rdm_pnset *s, const struct pn_model *m)
{
	unsigned int i = WINDOW, n = 0;

	KUNIT_ASSERT_EQ(test, s->n, model_ranges(m));
	KUNIT_ASSERT_EQ(test, s->floor, m->floor ? m->base + m->floor : 0);
	while (i > m->floor) {
		unsigned int last;

		if (!m->seen[--i])
			continue;
		last = i;
		while (i > m->floor && m->seen[i - 1])
			i--;
		KUNIT_ASSERT_EQ(test, s->r[n].first, m->base + i);
		KUNIT_ASSERT_EQ(test, s->r[n].last, m->base + last);
		n++;
	}
}

static void pnset_matches_an_array(struct kunit *test)
{
	/* The last one ends at U64_MAX. */
	static const u64 bases[] = { 0, 1, 1ULL << 32, U64_MAX - WINDOW + 1 };
	struct pn_model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	struct rdm_pnset *s = new_pnset(test);
	int run, step;
	u64 rng = 4;

	KUNIT_ASSERT_NOT_NULL(test, m);
	for (run = 0; run < 120; run++) {
		/* Some runs climb with a little disorder, some jump about. */
		unsigned int spread = run % 3 ? 1 + rdm_test_below(&rng, 100) : WINDOW;

		memset(m, 0, sizeof(*m));
		m->base = bases[run % ARRAY_SIZE(bases)];
		rdm_pnset_init(s);
		for (step = 0; step < 2 * WINDOW; step++) {
			unsigned int i = step / 2 + rdm_test_below(&rng, spread);
			bool seen;

			i %= WINDOW;
			if (rdm_test_below(&rng, 100) == 0) {
				while (model_lowest_below(m, i))
					model_forget(m);
				rdm_pnset_trim(s, m->base + i);
			} else {
				seen = i < m->floor || m->seen[i];
				KUNIT_ASSERT_EQ(test, rdm_pnset_test(s, m->base + i), seen);
				KUNIT_ASSERT_EQ(test, rdm_pnset_add(s, m->base + i),
						model_add(m, i));
			}
			check_pnset(test, s, m);
		}
	}
}

static void seqmap_in_order_touches_no_bits(struct kunit *test)
{
	struct rdm_seqmap *m = new_seqmap(test, 7);
	u64 seq;

	for (seq = 7; seq < 3 * RDM_SEQ_SPAN; seq++) {
		KUNIT_ASSERT_FALSE(test, rdm_seqmap_test(m, seq));
		KUNIT_ASSERT_TRUE(test, rdm_seqmap_set(m, seq));
		KUNIT_ASSERT_FALSE(test, rdm_seqmap_set(m, seq));
		KUNIT_ASSERT_TRUE(test, rdm_seqmap_test(m, seq));
		KUNIT_ASSERT_EQ(test, m->floor, seq + 1);
	}
	KUNIT_EXPECT_TRUE(test, bitmap_empty(m->bits, RDM_SEQ_SPAN));
	KUNIT_EXPECT_FALSE(test, rdm_seqmap_set(m, 3));
	KUNIT_EXPECT_TRUE(test, rdm_seqmap_test(m, 3));
}

static void seqmap_floor_rises_over_a_closed_gap(struct kunit *test)
{
	struct rdm_seqmap *m = new_seqmap(test, 100);
	u64 seq;

	/* All of a span but its first, so that the run goes round the ring. */
	for (seq = 101; seq < 100 + RDM_SEQ_SPAN; seq++)
		KUNIT_ASSERT_TRUE(test, rdm_seqmap_set(m, seq));
	KUNIT_EXPECT_EQ(test, m->floor, 100);
	KUNIT_EXPECT_FALSE(test, rdm_seqmap_in_span(m, seq));
	KUNIT_EXPECT_FALSE(test, rdm_seqmap_set(m, seq));
	KUNIT_EXPECT_TRUE(test, rdm_seqmap_set(m, 100));
	KUNIT_EXPECT_EQ(test, m->floor, 100 + RDM_SEQ_SPAN);
	KUNIT_EXPECT_EQ(test, m->top, 100 + RDM_SEQ_SPAN);
	KUNIT_EXPECT_TRUE(test, bitmap_empty(m->bits, RDM_SEQ_SPAN));
	KUNIT_EXPECT_TRUE(test, rdm_seqmap_in_span(m, seq));
}

static void seqmap_range_is_cut_to_the_span(struct kunit *test)
{
	struct rdm_seqmap *m = new_seqmap(test, 1000);

	/* Below the floor, upside down, beyond the span: nothing happens. */
	rdm_seqmap_set_range(m, 0, 999);
	rdm_seqmap_set_range(m, 1010, 1009);
	rdm_seqmap_set_range(m, 1000 + RDM_SEQ_SPAN, U64_MAX);
	KUNIT_EXPECT_EQ(test, m->floor, 1000);
	KUNIT_EXPECT_EQ(test, m->top, 1000);
	KUNIT_EXPECT_TRUE(test, bitmap_empty(m->bits, RDM_SEQ_SPAN));

	rdm_seqmap_set_range(m, 1002, U64_MAX);
	KUNIT_EXPECT_EQ(test, m->floor, 1000);
	KUNIT_EXPECT_EQ(test, m->top, 1000 + RDM_SEQ_SPAN);
	KUNIT_EXPECT_FALSE(test, rdm_seqmap_test(m, 1001));
	rdm_seqmap_set_range(m, 0, 1000);
	KUNIT_EXPECT_EQ(test, m->floor, 1001);
	rdm_seqmap_set_range(m, 1001, 1001);
	KUNIT_EXPECT_EQ(test, m->floor, 1000 + RDM_SEQ_SPAN);
	KUNIT_EXPECT_TRUE(test, bitmap_empty(m->bits, RDM_SEQ_SPAN));
}

static void seqmap_does_not_wrap(struct kunit *test)
{
	struct rdm_seqmap *m = new_seqmap(test, U64_MAX - 3);

	KUNIT_EXPECT_FALSE(test, rdm_seqmap_in_span(m, U64_MAX));
	KUNIT_EXPECT_FALSE(test, rdm_seqmap_in_span(m, 0));
	KUNIT_EXPECT_FALSE(test, rdm_seqmap_in_span(m, 10));
	KUNIT_EXPECT_TRUE(test, rdm_seqmap_test(m, 10));
	KUNIT_EXPECT_FALSE(test, rdm_seqmap_set(m, U64_MAX));
	KUNIT_EXPECT_FALSE(test, rdm_seqmap_set(m, 0));
	KUNIT_EXPECT_TRUE(test, rdm_seqmap_set(m, U64_MAX - 1));
	rdm_seqmap_set_range(m, U64_MAX - 2, U64_MAX);
	KUNIT_EXPECT_EQ(test, m->floor, U64_MAX - 3);
	KUNIT_EXPECT_TRUE(test, rdm_seqmap_set(m, U64_MAX - 3));
	KUNIT_EXPECT_EQ(test, m->floor, U64_MAX);
	KUNIT_EXPECT_EQ(test, m->top, U64_MAX);
	KUNIT_EXPECT_FALSE(test, rdm_seqmap_set(m, U64_MAX));
	KUNIT_EXPECT_EQ(test, m->floor, U64_MAX);
	KUNIT_EXPECT_TRUE(test, bitmap_empty(m->bits, RDM_SEQ_SPAN));

	begin_anew(m, U64_MAX - 3);
	rdm_seqmap_set_range(m, U64_MAX - 2, U64_MAX);
	KUNIT_EXPECT_EQ(test, m->top, U64_MAX);
}

#define SEQS (5 * RDM_SEQ_SPAN)

static void seqmap_matches_an_array(struct kunit *test)
{
	/* The last one ends at U64_MAX - 1. */
	static const u64 bases[] = { 0, 1, 4095, (1ULL << 32) - 77, U64_MAX - SEQS };
	struct rdm_seqmap *m = new_seqmap(test, 0);
	unsigned long *done = kunit_kcalloc(test, BITS_TO_LONGS(SEQS), sizeof(long), GFP_KERNEL);
	u64 rng = 5;
	int run;

	KUNIT_ASSERT_NOT_NULL(test, done);
	for (run = 0; run < 20; run++) {
		unsigned int reach = run % 2 ? 40 : RDM_SEQ_SPAN + 50;
		u64 base = bases[run % ARRAY_SIZE(bases)];
		unsigned int floor = 0, top = 0;
		int step;

		bitmap_zero(done, SEQS);
		begin_anew(m, base);
		for (step = 0; step < 20000 && floor < SEQS; step++) {
			unsigned int i = floor + rdm_test_below(&rng, reach);
			unsigned int n = 1 + rdm_test_below(&rng, 30);
			bool inside;

			if (rdm_test_below(&rng, 4) == 0)
				i = floor;
			else if (rdm_test_below(&rng, 8) == 0)
				i = floor - min(floor, 5u);
			if (i >= SEQS)
				i = SEQS - 1;
			inside = i >= floor && i - floor < RDM_SEQ_SPAN;

			KUNIT_ASSERT_EQ(test, rdm_seqmap_in_span(m, base + i), inside);
			KUNIT_ASSERT_EQ(test, rdm_seqmap_test(m, base + i), test_bit(i, done));
			if (rdm_test_below(&rng, 20) == 0) {
				unsigned int end = min3(i + n, floor + RDM_SEQ_SPAN, (u32)SEQS);

				n = min_t(u32, n, SEQS - i);
				rdm_seqmap_set_range(m, base + i, base + i + n - 1);
				if (i < end) {
					bitmap_set(done, i, end - i);
					top = max(top, end);
				}
			} else {
				bool news = inside && !test_bit(i, done);

				KUNIT_ASSERT_EQ(test, rdm_seqmap_set(m, base + i), news);
				if (news) {
					__set_bit(i, done);
					top = max(top, i + 1);
				}
			}
			floor = find_next_zero_bit(done, SEQS, floor);
			top = max(top, floor);
			KUNIT_ASSERT_EQ(test, m->floor, base + floor);
			KUNIT_ASSERT_EQ(test, m->top, base + top);
			/* A bit that were left behind would finish a later number. */
			if (step % 16 == 0)
				KUNIT_ASSERT_EQ(test, bitmap_weight(m->bits, RDM_SEQ_SPAN),
						bitmap_weight(done, SEQS) - floor);
		}
	}
}

static struct kunit_case rcvmap_cases[] = {
	KUNIT_CASE(pnset_in_order_is_one_range),
	KUNIT_CASE(pnset_extend_takes_what_follows_the_largest),
	KUNIT_CASE(pnset_closing_a_gap_joins_ranges),
	KUNIT_CASE(pnset_overflow_forgets_the_lowest_range),
	KUNIT_CASE(pnset_trim_keeps_a_range_that_reaches_above),
	KUNIT_CASE(pnset_does_not_wrap),
	KUNIT_CASE(pnset_matches_an_array),
	KUNIT_CASE(seqmap_in_order_touches_no_bits),
	KUNIT_CASE(seqmap_floor_rises_over_a_closed_gap),
	KUNIT_CASE(seqmap_range_is_cut_to_the_span),
	KUNIT_CASE(seqmap_does_not_wrap),
	KUNIT_CASE(seqmap_matches_an_array),
	{}
};

static struct kunit_suite rcvmap_suite = {
	.name = "rdm_rcvmap",
	.test_cases = rcvmap_cases,
};

kunit_test_suite(rcvmap_suite);
