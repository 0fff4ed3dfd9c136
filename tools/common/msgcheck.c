// SPDX-License-Identifier: GPL-2.0
/*
 * Building and checking messages that prove themselves; see msgcheck.h.
 *
 * The hash takes eight bytes a step in the manner of FNV-1a (xor, then multiply), with
 * the high half folded down, since a check of every byte sits in the hot path of a
 * throughput test.
 */
#include "msgcheck.h"
#include "netutil.h"

#include <stdlib.h>
#include <string.h>

#define FNV_OFFSET 0xcbf29ce484222325ull
#define FNV_PRIME 0x00000100000001b3ull

uint64_t mix64(uint64_t x)
{
	x += 0x9e3779b97f4a7c15ull;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
	return x ^ (x >> 31);
}

static uint64_t hash_word(uint64_t h, uint64_t word)
{
	h = (h ^ word) * FNV_PRIME;
	return h ^ (h >> 32);
}

static uint64_t hash_message(const uint8_t *msg, size_t len, uint64_t seed)
{
	uint64_t h = hash_word(FNV_OFFSET, seed);
	size_t at = sizeof(uint64_t);
	uint64_t word;

	for (; at + sizeof(word) <= len; at += sizeof(word)) {
		memcpy(&word, msg + at, sizeof(word));
		h = hash_word(h, word);
	}
	word = 0;
	memcpy(&word, msg + at, len - at);
	return mix64(hash_word(h, word));
}

void msgcheck_build(void *buf, size_t len, uint64_t seed, uint32_t seq)
{
	uint64_t x = mix64(seed ^ seq), word;
	uint32_t len32 = (uint32_t)len;
	uint8_t *msg = buf;
	size_t at;

	memcpy(msg + 8, &seq, sizeof(seq));
	memcpy(msg + 12, &len32, sizeof(len32));
	for (at = MSGCHECK_HEADER; at < len; at += sizeof(word)) {
		size_t n = len - at < sizeof(word) ? len - at : sizeof(word);

		x = x * 6364136223846793005ull + 1442695040888963407ull;
		word = x ^ (x >> 32);
		memcpy(msg + at, &word, n);
	}
	word = hash_message(msg, len, seed);
	memcpy(msg, &word, sizeof(word));
}

bool msgcheck_verify(const void *buf, size_t len, uint64_t seed, uint32_t *seq)
{
	const uint8_t *msg = buf;
	uint32_t len32;
	uint64_t hash;

	if (len < MSGCHECK_HEADER)
		return false;
	memcpy(&hash, msg, sizeof(hash));
	memcpy(&len32, msg + 12, sizeof(len32));
	if (len32 != len || hash != hash_message(msg, len, seed))
		return false;
	memcpy(seq, msg + 8, sizeof(*seq));
	return true;
}

void seqtrack_add(struct seqtrack *t, const void *buf, size_t len, uint64_t seed,
		  uint64_t limit)
{
	uint64_t bit;
	uint32_t seq;
	size_t word;

	if (!msgcheck_verify(buf, len, seed, &seq) || seq >= limit) {
		t->corrupted++;
		return;
	}
	word = seq / 64;
	bit = 1ull << (seq % 64);
	if (word >= t->words) {
		size_t words = word + word / 2 + 64;

		t->seen = realloc(t->seen, words * sizeof(*t->seen));
		if (!t->seen)
			die(EXIT_FAILED, "out of memory");
		memset(t->seen + t->words, 0, (words - t->words) * sizeof(*t->seen));
		t->words = words;
	}
	if (t->seen[word] & bit) {
		t->duplicated++;
		return;
	}
	t->seen[word] |= bit;
	t->delivered++;
	if (seq < t->next)
		t->reordered++;
	else
		t->next = (uint64_t)seq + 1;
}

void seqtrack_free(struct seqtrack *t)
{
	free(t->seen);
	memset(t, 0, sizeof(*t));
}
