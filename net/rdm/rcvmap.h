/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What has been received: packet numbers as a short list of ranges, from which
 * ACK frames are made, and message sequence numbers as a bounded bitmap, which
 * is the delivered set that keeps a message from being delivered twice.
 *
 * Both have a floor below which everything counts as seen, so neither grows.
 * What to do with a duplicate, and when to ack, is decided by assoc.
 *
 * Pure: a caller provides the struct; nothing here allocates.
 */
#ifndef _RDM_RCVMAP_H
#define _RDM_RCVMAP_H

#include <linux/types.h>
#include <linux/bitmap.h>

/* Ranges kept: as many gaps as one ACK frame tells of. */
#define RDM_PNSET_RANGES	32

/**
 * struct rdm_pnrange - packet numbers from @first to @last, both included
 * @first: lowest
 * @last: highest
 */
struct rdm_pnrange {
	u64 first;
	u64 last;
};

/**
 * struct rdm_pnset - packet numbers received
 * @floor: every packet number below is treated as seen
 * @n: ranges in use
 * @r: ranges, all at or above @floor, descending, disjoint and not adjacent
 */
struct rdm_pnset {
	u64 floor;
	u16 n;
	struct rdm_pnrange r[RDM_PNSET_RANGES];
};

/**
 * rdm_pnset_init() - nothing seen, floor 0
 * @s: the set
 */
void rdm_pnset_init(struct rdm_pnset *s);

/**
 * rdm_pnset_test() - was this packet number seen?
 * @s: the set
 * @pn: packet number
 *
 * Return: true if it was, or if it is below the floor.
 */
bool rdm_pnset_test(const struct rdm_pnset *s, u64 pn);

/**
 * rdm_pnset_add() - take a packet number in
 * @s: the set
 * @pn: packet number
 *
 * When all ranges are in use, the lowest is forgotten and the floor raised
 * above it; a number that would itself be the lowest range is refused. So a
 * number that this function refused is never acked, and the packet must be
 * dropped: its sender repeats the data in a new packet.
 *
 * Return: false if the number was seen, is below the floor, or was refused.
 */
bool rdm_pnset_add(struct rdm_pnset *s, u64 pn);

/**
 * rdm_pnset_extend() - take in the numbers that follow the largest
 * @s: the set, with a range
 * @n: how many
 */
void rdm_pnset_extend(struct rdm_pnset *s, u32 n);

/**
 * rdm_pnset_largest() - the largest number ever added
 * @s: the set
 *
 * Return: that number, also when its range has been trimmed; 0 for a new set.
 */
u64 rdm_pnset_largest(const struct rdm_pnset *s);

/**
 * rdm_pnset_trim() - forget ranges that need not be acked any more
 * @s: the set
 * @pn: packet number
 *
 * Ranges that lie entirely below @pn go, and the floor rises above the highest
 * of them; a number missing between there and @pn is still welcome.
 */
void rdm_pnset_trim(struct rdm_pnset *s, u64 pn);

/* Sequence numbers that may be outstanding at once; a power of two. */
#define RDM_SEQ_SPAN		4096

/**
 * struct rdm_seqmap - message sequence numbers that are finished
 * @floor: every number below is finished
 * @top: one above the highest finished number, never below @floor
 * @bits: finished numbers in [@floor, @top), as a ring: number % RDM_SEQ_SPAN; NULL
 *	while nothing is marked but looked at
 *
 * U64_MAX is not a sequence number: it could not be counted past.
 */
struct rdm_seqmap {
	u64 floor;
	u64 top;
	unsigned long *bits;
};

/**
 * rdm_seqmap_init() - nothing finished from @first on, and no bits
 * @m: the map
 * @first: first number to expect
 */
void rdm_seqmap_init(struct rdm_seqmap *m, u64 first);

/**
 * rdm_seqmap_give() - let numbers be marked out of order
 * @m: the map, without bits
 * @bits: room for RDM_SEQ_SPAN of them
 */
void rdm_seqmap_give(struct rdm_seqmap *m, unsigned long *bits);

/**
 * rdm_seqmap_take() - take the bits back
 * @m: a map in which no number above the floor is finished
 */
void rdm_seqmap_take(struct rdm_seqmap *m);

/**
 * rdm_seqmap_test() - is this number finished?
 * @m: the map
 * @seq: number
 *
 * Return: true if it is, or if it is below the floor.
 */
bool rdm_seqmap_test(const struct rdm_seqmap *m, u64 seq);

/**
 * rdm_seqmap_in_span() - can this number be marked?
 * @m: the map
 * @seq: number
 *
 * Return: whether it is at or above the floor by less than RDM_SEQ_SPAN.
 */
bool rdm_seqmap_in_span(const struct rdm_seqmap *m, u64 seq);

/**
 * rdm_seqmap_set() - mark a number as finished
 * @m: the map
 * @seq: number
 *
 * The floor rises over the run of finished numbers that this closes.
 *
 * Return: false if it was finished already, or is beyond the span; the map is
 * unchanged then.
 */
bool rdm_seqmap_set(struct rdm_seqmap *m, u64 seq);

/**
 * rdm_seqmap_set_range() - mark a range as finished
 * @m: the map
 * @first: lowest number
 * @last: highest number; the part of the range beyond the span is ignored, and
 *	so is a range with @last below @first
 */
void rdm_seqmap_set_range(struct rdm_seqmap *m, u64 first, u64 last);

#endif /* _RDM_RCVMAP_H */
