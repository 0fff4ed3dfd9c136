// SPDX-License-Identifier: GPL-2.0
/*
 * The stand-ins for kernel code that other tests stand on: red-black tree,
 * SipHash, bitmaps, lists. Only for the user-space build; the kernel has its
 * own tests of its own code.
 */
#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/siphash.h>
#include <linux/unaligned.h>

#include "test_rand.h"

struct item {
	struct rb_node node;
	bool in;
	unsigned int key;
};

#define ITEMS 200

static struct item *item_of(struct rb_node *node)
{
	return rb_entry(node, struct item, node);
}

static bool item_less(struct rb_node *a, const struct rb_node *b)
{
	return item_of(a)->key < container_of(b, const struct item, node)->key;
}

/* Black nodes on every path below node, checking the rules of the tree. */
static int black_height(struct kunit *test, struct rb_node *node)
{
	int left, right;

	if (!node)
		return 1;
	KUNIT_ASSERT_FALSE(test, node->rb_red && node->rb_left && node->rb_left->rb_red);
	KUNIT_ASSERT_FALSE(test, node->rb_red && node->rb_right && node->rb_right->rb_red);
	KUNIT_ASSERT_TRUE(test, !node->rb_left || node->rb_left->rb_up == node);
	KUNIT_ASSERT_TRUE(test, !node->rb_right || node->rb_right->rb_up == node);
	left = black_height(test, node->rb_left);
	right = black_height(test, node->rb_right);
	KUNIT_ASSERT_EQ(test, left, right);
	return left + !node->rb_red;
}

static void shim_rbtree_is_a_balanced_sorted_set(struct kunit *test)
{
	struct item *items = kunit_kcalloc(test, ITEMS, sizeof(*items), GFP_KERNEL);
	struct rb_root root = RB_ROOT;
	u64 rng = 1;
	int step;

	for (unsigned int i = 0; i < ITEMS; i++)
		items[i].key = i;
	for (step = 0; step < 5000; step++) {
		struct item *it = &items[rdm_test_below(&rng, ITEMS)];
		struct rb_node *node, *back;
		unsigned int i, n = 0;

		if (it->in)
			rb_erase(&it->node, &root);
		else
			rb_add(&it->node, &root, item_less);
		it->in = !it->in;

		KUNIT_ASSERT_FALSE(test, root.rb_node && root.rb_node->rb_red);
		black_height(test, root.rb_node);
		node = rb_first(&root);
		for (i = 0; i < ITEMS; i++) {
			if (!items[i].in)
				continue;
			KUNIT_ASSERT_PTR_EQ(test, node, &items[i].node);
			node = rb_next(node);
			n++;
		}
		KUNIT_ASSERT_NULL(test, node);
		for (back = rb_last(&root); back; back = rb_prev(back))
			n--;
		KUNIT_ASSERT_EQ(test, n, 0);
	}
}

static void shim_siphash_gives_the_published_values(struct kunit *test)
{
	siphash_key_t key;
	u8 bytes[32];

	for (unsigned int i = 0; i < sizeof(bytes); i++)
		bytes[i] = i;
	key.key[0] = get_unaligned_le64(bytes);
	key.key[1] = get_unaligned_le64(bytes + 8);

	/* The vectors of the reference implementation, lengths 0, 8 and 15. */
	KUNIT_EXPECT_EQ(test, siphash(bytes, 0, &key), 0x726fdb47dd0e0e31ULL);
	KUNIT_EXPECT_EQ(test, siphash(bytes, 8, &key), 0x93f5f5799a932462ULL);
	KUNIT_EXPECT_EQ(test, siphash(bytes, 15, &key), 0xa129ca6149be45e5ULL);
	KUNIT_EXPECT_EQ(test, siphash_4u64(get_unaligned_le64(bytes), get_unaligned_le64(bytes + 8),
					   get_unaligned_le64(bytes + 16),
					   get_unaligned_le64(bytes + 24), &key),
			siphash(bytes, 32, &key));
	KUNIT_EXPECT_EQ(test, siphash_3u32(get_unaligned_le32(bytes), get_unaligned_le32(bytes + 4),
					   get_unaligned_le32(bytes + 8), &key),
			siphash(bytes, 12, &key));
}

static void shim_bitmap_matches_a_byte_map(struct kunit *test)
{
	enum { BITS = 300 };
	DECLARE_BITMAP(map, BITS);
	DECLARE_BITMAP(shifted, BITS);
	bool model[BITS] = {};
	u64 rng = 2;
	int step;

	bitmap_zero(map, BITS);
	for (step = 0; step < 3000; step++) {
		unsigned int start = rdm_test_below(&rng, BITS);
		unsigned int n = rdm_test_below(&rng, BITS - start + 1);
		unsigned int shift = rdm_test_below(&rng, BITS);
		bool set = rdm_test_below(&rng, 2);
		unsigned int i, next[2] = { BITS, BITS };

		if (set)
			bitmap_set(map, start, n);
		else
			bitmap_clear(map, start, n);
		for (i = start; i < start + n; i++)
			model[i] = set;
		for (i = BITS; i-- > start; )
			next[model[i]] = i;
		for (i = 0; i < BITS; i++)
			KUNIT_ASSERT_EQ(test, test_bit(i, map), model[i]);
		KUNIT_ASSERT_EQ(test, find_next_bit(map, BITS, start), next[1]);
		KUNIT_ASSERT_EQ(test, find_next_zero_bit(map, BITS, start), next[0]);
		bitmap_shift_right(shifted, map, shift, BITS);
		for (i = 0; i < BITS; i++)
			KUNIT_ASSERT_EQ(test, test_bit(i, shifted),
					i + shift < BITS && model[i + shift]);
		bitmap_shift_left(shifted, map, shift, BITS);
		for (i = 0; i < BITS; i++)
			KUNIT_ASSERT_EQ(test, test_bit(i, shifted),
					i >= shift && model[i - shift]);
	}
}

static void shim_unaligned_bytes_are_in_order(struct kunit *test)
{
	u8 b[9] = {};

	put_unaligned_be64(0x0102030405060708ULL, b + 1);
	for (unsigned int i = 0; i < sizeof(b); i++)
		KUNIT_EXPECT_EQ(test, b[i], i);
	KUNIT_EXPECT_EQ(test, get_unaligned_be16(b + 1), 0x0102);
	KUNIT_EXPECT_EQ(test, get_unaligned_be32(b + 1), 0x01020304);
	KUNIT_EXPECT_EQ(test, get_unaligned_be64(b + 1), 0x0102030405060708ULL);
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(b + 1), 0x04030201);
}

struct link {
	struct list_head node;
	int v;
};

static void shim_list_splices_in_order(struct kunit *test)
{
	struct link links[6] = {};
	struct link *l, *n;
	LIST_HEAD(a);
	LIST_HEAD(b);
	int want = 0;

	for (int i = 0; i < 6; i++) {
		links[i].v = i;
		list_add_tail(&links[i].node, i < 3 ? &a : &b);
	}
	list_splice_tail_init(&b, &a);
	KUNIT_EXPECT_TRUE(test, list_empty(&b));
	list_splice_tail_init(&b, &a);
	list_for_each_entry_safe(l, n, &a, node) {
		KUNIT_EXPECT_EQ(test, l->v, want++);
		list_del(&l->node);
	}
	KUNIT_EXPECT_EQ(test, want, 6);
	KUNIT_EXPECT_TRUE(test, list_empty(&a));
}

static struct kunit_case shim_cases[] = {
	KUNIT_CASE(shim_rbtree_is_a_balanced_sorted_set),
	KUNIT_CASE(shim_siphash_gives_the_published_values),
	KUNIT_CASE(shim_bitmap_matches_a_byte_map),
	KUNIT_CASE(shim_unaligned_bytes_are_in_order),
	KUNIT_CASE(shim_list_splices_in_order),
	{}
};

static struct kunit_suite shim_suite = {
	.name = "shim",
	.test_cases = shim_cases,
};

kunit_test_suite(shim_suite);
