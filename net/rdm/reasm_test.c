// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of reasm: known overlaps by hand, random fragments against the
 * byte map of reasm_model.h, and the table against an array. Also built in
 * user space, see tools/unit, where a fuzzer drives the same model.
 */
#include <kunit/test.h>
#include <linux/limits.h>

#include "reasm.h"
#include "reasm_model.h"
#include "test_rand.h"

static void expect_frag(struct kunit *test, const struct rdm_rxfrag *f, u32 off, u32 len, u32 trim)
{
	KUNIT_EXPECT_EQ(test, f->off, off);
	KUNIT_EXPECT_EQ(test, f->len, len);
	KUNIT_EXPECT_EQ(test, f->trim, trim);
}

static void rxmsg_in_order_completes_with_the_last(struct kunit *test)
{
	struct rdm_rxfrag f[10] = {};
	struct rdm_rxmsg m;
	LIST_HEAD(freed);
	unsigned int i;

	rdm_rxmsg_init(&m, 5, 1000);
	KUNIT_EXPECT_EQ(test, m.seq, 5);
	for (i = 0; i < 10; i++) {
		f[i].off = 100 * i;
		f[i].len = 100;
		KUNIT_EXPECT_FALSE(test, m.complete);
		KUNIT_EXPECT_EQ(test, rdm_rxmsg_add(&m, &f[i], &freed),
				i < 9 ? RDM_REASM_ADDED : RDM_REASM_COMPLETE);
		KUNIT_EXPECT_EQ(test, m.have, 100 * (i + 1));
		expect_frag(test, &f[i], 100 * i, 100, 0);
	}
	KUNIT_EXPECT_TRUE(test, m.complete);
	KUNIT_EXPECT_TRUE(test, list_empty(&freed));
}

static void rxmsg_grows_at_its_end_until_it_is_whole(struct kunit *test)
{
	struct rdm_rxfrag f = { .off = 0, .len = 100 }, late = { .off = 250, .len = 100 };
	struct rdm_rxmsg m;
	LIST_HEAD(freed);

	rdm_rxmsg_init(&m, 5, 1000);
	rdm_rxmsg_add(&m, &f, &freed);
	KUNIT_EXPECT_EQ(test, rdm_rxmsg_grow(&m, &f, 200), RDM_REASM_ADDED);
	expect_frag(test, &f, 0, 300, 0);
	KUNIT_EXPECT_EQ(test, m.have, 300);
	/* what it has grown by counts as held */
	KUNIT_EXPECT_EQ(test, rdm_rxmsg_add(&m, &late, &freed), RDM_REASM_ADDED);
	expect_frag(test, &late, 300, 50, 50);
	KUNIT_EXPECT_EQ(test, rdm_rxmsg_grow(&m, &late, 650), RDM_REASM_COMPLETE);
	KUNIT_EXPECT_TRUE(test, m.complete);
	KUNIT_EXPECT_TRUE(test, list_empty(&freed));
}

static void rxmsg_overlap_is_cut_from_the_newcomer(struct kunit *test)
{
	struct rdm_rxfrag left = { .off = 0, .len = 50 };
	struct rdm_rxfrag right = { .off = 80, .len = 20 };
	struct rdm_rxfrag mid = { .off = 30, .len = 60 };
	struct rdm_rxmsg m;
	LIST_HEAD(freed);

	rdm_rxmsg_init(&m, 0, 100);
	rdm_rxmsg_add(&m, &left, &freed);
	rdm_rxmsg_add(&m, &right, &freed);
	KUNIT_EXPECT_EQ(test, rdm_rxmsg_add(&m, &mid, &freed), RDM_REASM_COMPLETE);
	expect_frag(test, &left, 0, 50, 0);
	expect_frag(test, &mid, 50, 30, 20);
	expect_frag(test, &right, 80, 20, 0);
	KUNIT_EXPECT_PTR_EQ(test, m.frags.next, &left.node);
	KUNIT_EXPECT_PTR_EQ(test, left.node.next, &mid.node);
	KUNIT_EXPECT_PTR_EQ(test, mid.node.next, &right.node);
	KUNIT_EXPECT_TRUE(test, list_empty(&freed));
}

static void rxmsg_what_the_newcomer_covers_is_freed(struct kunit *test)
{
	struct rdm_rxfrag left = { .off = 0, .len = 20 };
	struct rdm_rxfrag in[2] = { { .off = 30, .len = 10 }, { .off = 60, .len = 10 } };
	struct rdm_rxfrag right = { .off = 90, .len = 20 };
	struct rdm_rxfrag big = { .off = 10, .len = 85 };
	struct rdm_rxmsg m;
	LIST_HEAD(freed);

	rdm_rxmsg_init(&m, 0, 120);
	rdm_rxmsg_add(&m, &left, &freed);
	rdm_rxmsg_add(&m, &right, &freed);
	rdm_rxmsg_add(&m, &in[1], &freed);
	rdm_rxmsg_add(&m, &in[0], &freed);
	KUNIT_EXPECT_EQ(test, m.have, 60);
	KUNIT_EXPECT_TRUE(test, list_empty(&freed));
	KUNIT_EXPECT_EQ(test, rdm_rxmsg_add(&m, &big, &freed), RDM_REASM_ADDED);
	expect_frag(test, &big, 20, 70, 10);
	KUNIT_EXPECT_EQ(test, m.have, 110);
	KUNIT_EXPECT_PTR_EQ(test, freed.next, &in[0].node);
	KUNIT_EXPECT_PTR_EQ(test, freed.prev, &in[1].node);
	KUNIT_EXPECT_PTR_EQ(test, left.node.next, &big.node);
	KUNIT_EXPECT_PTR_EQ(test, big.node.next, &right.node);
}

static void rxmsg_duplicate_changes_nothing(struct kunit *test)
{
	struct rdm_rxfrag held[3] = { { .off = 0, .len = 10 }, { .off = 10, .len = 10 },
				      { .off = 20, .len = 10 } };
	struct rdm_rxfrag dup[4] = { { .off = 0, .len = 10 }, { .off = 12, .len = 3 },
				     { .off = 5, .len = 20 }, { .off = 0, .len = 30 } };
	struct rdm_rxmsg m;
	LIST_HEAD(freed);
	unsigned int i;

	rdm_rxmsg_init(&m, 0, 40);
	for (i = 0; i < ARRAY_SIZE(held); i++)
		rdm_rxmsg_add(&m, &held[i], &freed);
	for (i = 0; i < ARRAY_SIZE(dup); i++) {
		struct rdm_rxfrag was = dup[i];

		KUNIT_EXPECT_EQ(test, rdm_rxmsg_add(&m, &dup[i], &freed), RDM_REASM_DUP);
		expect_frag(test, &dup[i], was.off, was.len, was.trim);
	}
	KUNIT_EXPECT_EQ(test, m.have, 30);
	KUNIT_EXPECT_TRUE(test, list_empty(&freed));
	KUNIT_EXPECT_PTR_EQ(test, m.frags.next, &held[0].node);
	KUNIT_EXPECT_PTR_EQ(test, m.frags.prev, &held[2].node);
}

static void rxmsg_bad_lengths_are_refused(struct kunit *test)
{
	static const struct {
		u32 total, off, len;
	} bad[] = {
		{ 100, 0, 101 }, { 100, 100, 1 }, { 100, 101, 0 }, { 100, 50, 0 }, { 100, 0, 0 },
		{ 100, 1, U32_MAX }, { 100, U32_MAX, 1 }, { 100, U32_MAX, U32_MAX },
		{ U32_MAX, U32_MAX, 1 }, { U32_MAX, 1, U32_MAX }, { 0, 0, 1 }, { 0, 1, 0 },
	};
	struct rdm_rxmsg m;
	LIST_HEAD(freed);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		struct rdm_rxfrag f = { .off = bad[i].off, .len = bad[i].len };

		rdm_rxmsg_init(&m, 0, bad[i].total);
		KUNIT_EXPECT_EQ_MSG(test, rdm_rxmsg_add(&m, &f, &freed), RDM_REASM_BAD,
				    "case %u", i);
		KUNIT_EXPECT_TRUE(test, list_empty(&m.frags));
		KUNIT_EXPECT_EQ(test, m.have, 0);
	}
}

static void rxmsg_of_no_bytes_completes_once(struct kunit *test)
{
	struct rdm_rxfrag f = {}, again = {};
	struct rdm_rxmsg m;
	LIST_HEAD(freed);

	rdm_rxmsg_init(&m, 0, 0);
	KUNIT_EXPECT_FALSE(test, m.complete);
	KUNIT_EXPECT_EQ(test, rdm_rxmsg_add(&m, &f, &freed), RDM_REASM_COMPLETE);
	KUNIT_EXPECT_TRUE(test, m.complete);
	KUNIT_EXPECT_PTR_EQ(test, m.frags.next, &f.node);
	KUNIT_EXPECT_EQ(test, rdm_rxmsg_add(&m, &again, &freed), RDM_REASM_DUP);
}

static void rxmsg_of_the_largest_size_completes(struct kunit *test)
{
	struct rdm_rxfrag f[3] = { { .off = U32_MAX - 10, .len = 10 }, { .off = 0, .len = 7 },
				   { .off = 3, .len = U32_MAX - 3 } };
	struct rdm_rxmsg m;
	LIST_HEAD(freed);

	rdm_rxmsg_init(&m, 0, U32_MAX);
	KUNIT_EXPECT_EQ(test, rdm_rxmsg_add(&m, &f[0], &freed), RDM_REASM_ADDED);
	KUNIT_EXPECT_EQ(test, rdm_rxmsg_add(&m, &f[1], &freed), RDM_REASM_ADDED);
	KUNIT_EXPECT_EQ(test, rdm_rxmsg_add(&m, &f[2], &freed), RDM_REASM_COMPLETE);
	expect_frag(test, &f[2], 7, U32_MAX - 7, 4);
	KUNIT_EXPECT_PTR_EQ(test, freed.next, &f[0].node);
}

static void rxmsg_keeps_what_the_glue_cut(struct kunit *test)
{
	struct rdm_rxfrag a = { .off = 0, .len = 10 };
	struct rdm_rxfrag b = { .off = 5, .len = 15, .trim = 100 };
	struct rdm_rxmsg m;
	LIST_HEAD(freed);

	rdm_rxmsg_init(&m, 0, 20);
	rdm_rxmsg_add(&m, &a, &freed);
	KUNIT_EXPECT_EQ(test, rdm_rxmsg_add(&m, &b, &freed), RDM_REASM_COMPLETE);
	expect_frag(test, &b, 10, 10, 105);
}

static void rxmsg_matches_a_byte_map(struct kunit *test)
{
	struct reasm_model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	u64 rng = 6;
	int run;

	KUNIT_ASSERT_NOT_NULL(test, m);
	for (run = 0; run < 3000; run++) {
		/* Some messages end at the largest offset there is. */
		u32 bytes = rdm_test_below(&rng, run % 2 ? 40 : REASM_MODEL_BYTES + 1);
		u32 base = run % 3 ? 0 : U32_MAX - bytes;
		u32 most = 1 + rdm_test_below(&rng, bytes + 1);
		int step;

		reasm_model_init(m, base, bytes);
		for (step = 0; step < 150; step++) {
			u32 off = rdm_test_below(&rng, bytes + 1);
			u32 len = rdm_test_below(&rng, most + 1);
			const char *wrong;

			if (off + len > bytes && rdm_test_below(&rng, 8))
				len = bytes - off;
			wrong = reasm_model_add(m, off, len);
			KUNIT_ASSERT_NULL_MSG(test, wrong, "run %d step %d: %s", run, step,
					      wrong ?: "");
		}
	}
}

#define SEQS 64

static void reasm_table_matches_an_array(struct kunit *test)
{
	struct rdm_rxmsg *msgs = kunit_kcalloc(test, SEQS, sizeof(*msgs), GFP_KERNEL);
	struct rdm_reasm r;
	u64 rng = 7;
	int run;

	KUNIT_ASSERT_NOT_NULL(test, msgs);
	for (run = 0; run < 8; run++) {
		/* Half of the runs end at U64_MAX. */
		u64 base = run % 2 ? U64_MAX - SEQS + 1 : rdm_test_below(&rng, 1000);
		struct rdm_rxmsg *held[SEQS] = {};
		unsigned int n = 0;
		int step;

		rdm_reasm_init(&r);
		KUNIT_EXPECT_NULL(test, rdm_reasm_first(&r));
		KUNIT_EXPECT_NULL(test, rdm_reasm_ceil(&r, 0));
		for (step = 0; step < 2000; step++) {
			unsigned int i = rdm_test_below(&rng, SEQS);
			unsigned int ceil, first;

			if (!held[i]) {
				held[i] = &msgs[i];
				rdm_rxmsg_init(held[i], base + i, 1);
				rdm_reasm_insert(&r, held[i]);
				n++;
			} else if (rdm_test_below(&rng, 2)) {
				rdm_reasm_remove(&r, held[i]);
				held[i] = NULL;
				n--;
			}
			KUNIT_ASSERT_EQ(test, r.n, n);
			KUNIT_ASSERT_PTR_EQ(test, rdm_reasm_find(&r, base + i), held[i]);
			i = rdm_test_below(&rng, SEQS);
			KUNIT_ASSERT_PTR_EQ(test, rdm_reasm_find(&r, base + i), held[i]);
			for (ceil = i; ceil < SEQS - 1 && !held[ceil]; ceil++)
				;
			KUNIT_ASSERT_PTR_EQ(test, rdm_reasm_ceil(&r, base + i), held[ceil]);
			for (first = 0; first < SEQS - 1 && !held[first]; first++)
				;
			KUNIT_ASSERT_PTR_EQ(test, rdm_reasm_first(&r), held[first]);
		}
	}
}

static struct kunit_case reasm_cases[] = {
	KUNIT_CASE(rxmsg_in_order_completes_with_the_last),
	KUNIT_CASE(rxmsg_grows_at_its_end_until_it_is_whole),
	KUNIT_CASE(rxmsg_overlap_is_cut_from_the_newcomer),
	KUNIT_CASE(rxmsg_what_the_newcomer_covers_is_freed),
	KUNIT_CASE(rxmsg_duplicate_changes_nothing),
	KUNIT_CASE(rxmsg_bad_lengths_are_refused),
	KUNIT_CASE(rxmsg_of_no_bytes_completes_once),
	KUNIT_CASE(rxmsg_of_the_largest_size_completes),
	KUNIT_CASE(rxmsg_keeps_what_the_glue_cut),
	KUNIT_CASE(rxmsg_matches_a_byte_map),
	KUNIT_CASE(reasm_table_matches_an_array),
	{}
};

static struct kunit_suite reasm_suite = {
	.name = "rdm_reasm",
	.test_cases = reasm_cases,
};

kunit_test_suite(reasm_suite);
