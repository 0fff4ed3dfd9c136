// SPDX-License-Identifier: GPL-2.0
/*
 * What the stand-in headers in include/ cannot hold inline: the red-black
 * tree, SipHash-2-4, and the end of a program that would have warned in the
 * kernel. Linked into the unit tests, the fuzzers and the simulator; written
 * for clarity, since none of it ever runs in a kernel.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/bug.h>
#include <linux/rbtree.h>
#include <linux/siphash.h>
#include <linux/unaligned.h>

void shim_bug(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: the kernel would warn here: %s\n", file, line, what);
	abort();
}

/* Red-black tree; colours and rotations as in Cormen et al., chapter 13. */

static bool is_red(const struct rb_node *node)
{
	return node && node->rb_red;
}

/* Put node, which may be NULL, where old hangs. */
static void rb_transplant(struct rb_root *root, struct rb_node *old, struct rb_node *node)
{
	if (!old->rb_up)
		root->rb_node = node;
	else if (old == old->rb_up->rb_left)
		old->rb_up->rb_left = node;
	else
		old->rb_up->rb_right = node;
	if (node)
		node->rb_up = old->rb_up;
}

static void rb_rotate(struct rb_root *root, struct rb_node *node, bool left)
{
	struct rb_node *child = left ? node->rb_right : node->rb_left;
	struct rb_node *inner = left ? child->rb_left : child->rb_right;

	rb_transplant(root, node, child);
	if (left) {
		node->rb_right = inner;
		child->rb_left = node;
	} else {
		node->rb_left = inner;
		child->rb_right = node;
	}
	if (inner)
		inner->rb_up = node;
	node->rb_up = child;
}

void rb_insert_color(struct rb_node *node, struct rb_root *root)
{
	while (is_red(node->rb_up)) {
		struct rb_node *parent = node->rb_up;
		struct rb_node *grand = parent->rb_up;
		bool left = parent == grand->rb_left;
		struct rb_node *uncle = left ? grand->rb_right : grand->rb_left;

		if (is_red(uncle)) {
			parent->rb_red = false;
			uncle->rb_red = false;
			grand->rb_red = true;
			node = grand;
			continue;
		}
		if (node == (left ? parent->rb_right : parent->rb_left)) {
			rb_rotate(root, parent, left);
			parent = node;
		}
		parent->rb_red = false;
		grand->rb_red = true;
		rb_rotate(root, grand, !left);
		break;
	}
	root->rb_node->rb_red = false;
}

/* The paths through node, a child of up, lack one black node: mend that. */
static void rb_erase_fix(struct rb_root *root, struct rb_node *node, struct rb_node *up)
{
	while (up && !is_red(node)) {
		bool left = node == up->rb_left;
		struct rb_node *sibling = left ? up->rb_right : up->rb_left;
		struct rb_node *near, *far;

		if (is_red(sibling)) {
			sibling->rb_red = false;
			up->rb_red = true;
			rb_rotate(root, up, left);
			sibling = left ? up->rb_right : up->rb_left;
		}
		near = left ? sibling->rb_left : sibling->rb_right;
		far = left ? sibling->rb_right : sibling->rb_left;
		if (!is_red(near) && !is_red(far)) {
			sibling->rb_red = true;
			node = up;
			up = node->rb_up;
			continue;
		}
		if (!is_red(far)) {
			near->rb_red = false;
			sibling->rb_red = true;
			rb_rotate(root, sibling, !left);
			far = sibling;
			sibling = near;
		}
		sibling->rb_red = up->rb_red;
		up->rb_red = false;
		far->rb_red = false;
		rb_rotate(root, up, left);
		return;
	}
	if (node)
		node->rb_red = false;
}

void rb_erase(struct rb_node *node, struct rb_root *root)
{
	struct rb_node *child, *up = node->rb_up;
	bool red = node->rb_red;

	if (!node->rb_left || !node->rb_right) {
		child = node->rb_left ? node->rb_left : node->rb_right;
		rb_transplant(root, node, child);
	} else {
		struct rb_node *next = rb_next(node);

		red = next->rb_red;
		child = next->rb_right;
		up = next;
		if (next != node->rb_right) {
			up = next->rb_up;
			rb_transplant(root, next, child);
			next->rb_right = node->rb_right;
			next->rb_right->rb_up = next;
		}
		rb_transplant(root, node, next);
		next->rb_left = node->rb_left;
		next->rb_left->rb_up = next;
		next->rb_red = node->rb_red;
	}
	if (!red)
		rb_erase_fix(root, child, up);
}

void rb_replace_node(struct rb_node *victim, struct rb_node *node, struct rb_root *root)
{
	*node = *victim;
	rb_transplant(root, victim, node);
	if (node->rb_left)
		node->rb_left->rb_up = node;
	if (node->rb_right)
		node->rb_right->rb_up = node;
}

struct rb_node *rb_first(const struct rb_root *root)
{
	struct rb_node *node = root->rb_node;

	while (node && node->rb_left)
		node = node->rb_left;
	return node;
}

struct rb_node *rb_last(const struct rb_root *root)
{
	struct rb_node *node = root->rb_node;

	while (node && node->rb_right)
		node = node->rb_right;
	return node;
}

struct rb_node *rb_next(const struct rb_node *node)
{
	if (node->rb_right) {
		node = node->rb_right;
		while (node->rb_left)
			node = node->rb_left;
		return (struct rb_node *)node;
	}
	while (node->rb_up && node == node->rb_up->rb_right)
		node = node->rb_up;
	return node->rb_up;
}

struct rb_node *rb_prev(const struct rb_node *node)
{
	if (node->rb_left) {
		node = node->rb_left;
		while (node->rb_right)
			node = node->rb_right;
		return (struct rb_node *)node;
	}
	while (node->rb_up && node == node->rb_up->rb_left)
		node = node->rb_up;
	return node->rb_up;
}

static struct rb_node *rb_deepest(struct rb_node *node)
{
	while (node && (node->rb_left || node->rb_right))
		node = node->rb_left ? node->rb_left : node->rb_right;
	return node;
}

struct rb_node *rb_first_postorder(const struct rb_root *root)
{
	return rb_deepest(root->rb_node);
}

struct rb_node *rb_next_postorder(const struct rb_node *node)
{
	struct rb_node *up = node->rb_up;

	if (up && node == up->rb_left && up->rb_right)
		return rb_deepest(up->rb_right);
	return up;
}

/* SipHash-2-4 of Aumasson and Bernstein, "SipHash: a fast short-input PRF". */

static u64 rotl(u64 v, unsigned int bits)
{
	return v << bits | v >> (64 - bits);
}

static void sip_rounds(u64 v[4], unsigned int n)
{
	while (n--) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotl(v[1], 13) ^ v[0];
		v[3] = rotl(v[3], 16) ^ v[2];
		v[0] = rotl(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = rotl(v[1], 17) ^ v[2];
		v[3] = rotl(v[3], 21) ^ v[0];
		v[2] = rotl(v[2], 32);
	}
}

static void sip_word(u64 v[4], u64 m)
{
	v[3] ^= m;
	sip_rounds(v, 2);
	v[0] ^= m;
}

u64 siphash(const void *data, size_t len, const siphash_key_t *key)
{
	u64 v[4] = {
		key->key[0] ^ 0x736f6d6570736575ULL, key->key[1] ^ 0x646f72616e646f6dULL,
		key->key[0] ^ 0x6c7967656e657261ULL, key->key[1] ^ 0x7465646279746573ULL,
	};
	const u8 *p = data;
	u8 last[8] = {};
	size_t left;

	for (left = len; left >= 8; left -= 8, p += 8)
		sip_word(v, get_unaligned_le64(p));
	if (left)
		memcpy(last, p, left);
	last[7] = len;
	sip_word(v, get_unaligned_le64(last));
	v[2] ^= 0xff;
	sip_rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static u64 sip_u64s(const u64 *in, unsigned int n, const siphash_key_t *key)
{
	u8 buf[32];

	for (unsigned int i = 0; i < n; i++)
		put_unaligned_le64(in[i], buf + 8 * i);
	return siphash(buf, 8 * n, key);
}

u64 siphash_1u64(u64 a, const siphash_key_t *key)
{
	return sip_u64s((u64[]){ a }, 1, key);
}

u64 siphash_2u64(u64 a, u64 b, const siphash_key_t *key)
{
	return sip_u64s((u64[]){ a, b }, 2, key);
}

u64 siphash_3u64(u64 a, u64 b, u64 c, const siphash_key_t *key)
{
	return sip_u64s((u64[]){ a, b, c }, 3, key);
}

u64 siphash_4u64(u64 a, u64 b, u64 c, u64 d, const siphash_key_t *key)
{
	return sip_u64s((u64[]){ a, b, c, d }, 4, key);
}

static u64 sip_u32s(const u32 *in, unsigned int n, const siphash_key_t *key)
{
	u8 buf[16];

	for (unsigned int i = 0; i < n; i++)
		put_unaligned_le32(in[i], buf + 4 * i);
	return siphash(buf, 4 * n, key);
}

u64 siphash_1u32(u32 a, const siphash_key_t *key)
{
	return sip_u32s((u32[]){ a }, 1, key);
}

u64 siphash_2u32(u32 a, u32 b, const siphash_key_t *key)
{
	return sip_u32s((u32[]){ a, b }, 2, key);
}

u64 siphash_3u32(u32 a, u32 b, u32 c, const siphash_key_t *key)
{
	return sip_u32s((u32[]){ a, b, c }, 3, key);
}

u64 siphash_4u32(u32 a, u32 b, u32 c, u32 d, const siphash_key_t *key)
{
	return sip_u32s((u32[]){ a, b, c, d }, 4, key);
}
