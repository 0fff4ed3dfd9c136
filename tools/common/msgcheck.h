/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Messages that prove themselves. Each holds its sequence number, its length and a
 * 64-bit hash over both, its content and the seed of the run; the content is made from
 * seed and sequence number. So a receiver can tell for every message whether it is
 * intact, and for a run what was lost, doubled or out of order.
 *
 * The hash finds accidents (network damage, mixed-up fragments), not an attacker.
 */
#ifndef RDM_TOOLS_MSGCHECK_H
#define RDM_TOOLS_MSGCHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The smallest message that can be checked: hash, sequence number, length. */
#define MSGCHECK_HEADER 16
#define MSGCHECK_MAX_SEQ (UINT32_MAX - 1)

struct seqtrack {
	uint64_t delivered;	/* intact and new */
	uint64_t duplicated;	/* intact, but had before */
	uint64_t reordered;	/* new, but after a later one */
	uint64_t corrupted;	/* hash, length or sequence number wrong */
	uint64_t next;		/* one above the highest sequence number had */
	uint64_t *seen;		/* a bit for each sequence number */
	size_t words;
};

/* xorshift-multiply finaliser (splitmix64): a good random number from a counter. */
uint64_t mix64(uint64_t x);

/* Fills @buf with message @seq of @len bytes, @len >= MSGCHECK_HEADER. */
void msgcheck_build(void *buf, size_t len, uint64_t seed, uint32_t seq);
/* Is this message intact? Then @seq is set. */
bool msgcheck_verify(const void *buf, size_t len, uint64_t seed, uint32_t *seq);

/* Counts one received message; @limit: sequence numbers are below it. */
void seqtrack_add(struct seqtrack *t, const void *buf, size_t len, uint64_t seed,
		  uint64_t limit);
void seqtrack_free(struct seqtrack *t);

#endif
