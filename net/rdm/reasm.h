/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fragments to messages: the messages of one association of which some
 * fragments have come, by sequence number, and the fragments of each, by
 * offset. Copes with fragments that come in any order, twice, or cut anew at
 * other offsets, as a change of the path MTU makes a sender do.
 *
 * Pure: records are embedded in the glue's own and never allocated or freed
 * here. Whether a message is admitted, what it is charged, and what happens
 * when it is whole is decided by assoc and the glue. Adding is linear in the
 * fragments held in the worst case. How many that are the shortest bounds that
 * may come: one that lies within a later one goes, so three neighbours together
 * are never shorter.
 */
#ifndef _RDM_REASM_H
#define _RDM_REASM_H

#include <linux/types.h>
#include <linux/list.h>
#include <linux/rbtree.h>

/**
 * struct rdm_rxfrag - a fragment held
 * @node: in &struct rdm_rxmsg.frags
 * @off: offset in the message of the first byte that counts
 * @len: bytes that count
 * @trim: bytes cut from the front of what arrived; the glue sets it to 0, or
 *	to what it cut itself
 * @cost: of the glue alone: what it has charged for holding it
 */
struct rdm_rxfrag {
	struct list_head node;
	u32 off;
	u32 len;
	u32 trim;
	u32 cost;
};

/**
 * struct rdm_rxmsg - a message of which some fragments are held
 * @node: in &struct rdm_reasm.root
 * @frags: its fragments: sorted by offset, disjoint
 * @seq: its sequence number
 * @total: its length in bytes
 * @have: bytes held, the sum over @frags
 * @complete: all bytes are held
 */
struct rdm_rxmsg {
	struct rb_node node;
	struct list_head frags;
	u64 seq;
	u32 total;
	u32 have;
	bool complete;
};

/**
 * struct rdm_reasm - messages held, by sequence number
 * @root: the messages
 * @n: how many
 * @last: the message looked up last, or NULL; the next fragment is mostly of it
 */
struct rdm_reasm {
	struct rb_root root;
	u32 n;
	struct rdm_rxmsg *last;
};

/**
 * enum rdm_reasm_verdict - what became of a fragment
 * @RDM_REASM_ADDED: it is held, the message is not whole
 * @RDM_REASM_COMPLETE: it is held, and with it the message is whole
 * @RDM_REASM_DUP: it brings nothing new; the caller keeps it
 * @RDM_REASM_BAD: it does not fit the message; the caller keeps it
 */
enum rdm_reasm_verdict {
	RDM_REASM_ADDED,
	RDM_REASM_COMPLETE,
	RDM_REASM_DUP,
	RDM_REASM_BAD,
};

/**
 * rdm_reasm_init() - no messages
 * @r: the table
 */
void rdm_reasm_init(struct rdm_reasm *r);

/**
 * rdm_reasm_find() - look a message up
 * @r: the table
 * @seq: sequence number
 *
 * Return: the message, or NULL.
 */
struct rdm_rxmsg *rdm_reasm_find(struct rdm_reasm *r, u64 seq);

/**
 * rdm_reasm_ceil() - the message at or above a sequence number
 * @r: the table
 * @seq: sequence number
 *
 * Return: the message with the lowest number that is not below @seq, or NULL.
 */
struct rdm_rxmsg *rdm_reasm_ceil(const struct rdm_reasm *r, u64 seq);

/**
 * rdm_reasm_first() - the message with the lowest sequence number
 * @r: the table
 *
 * Return: the message, or NULL.
 */
struct rdm_rxmsg *rdm_reasm_first(const struct rdm_reasm *r);

/**
 * rdm_reasm_insert() - hold a message
 * @r: the table
 * @msg: from rdm_rxmsg_init(); its number is not in the table
 */
void rdm_reasm_insert(struct rdm_reasm *r, struct rdm_rxmsg *msg);

/**
 * rdm_reasm_remove() - hold a message no longer
 * @r: the table
 * @msg: in the table; its fragments stay with it
 */
void rdm_reasm_remove(struct rdm_reasm *r, struct rdm_rxmsg *msg);

/**
 * rdm_rxmsg_init() - a message with no fragments
 * @msg: the message
 * @seq: its sequence number
 * @total: its length in bytes
 */
void rdm_rxmsg_init(struct rdm_rxmsg *msg, u64 seq, u32 total);

/**
 * rdm_rxmsg_add() - add a fragment to its message
 * @m: the message
 * @f: the fragment, with off, len and trim set and straight from the wire
 * @freed: held fragments that @f makes superfluous are moved to its tail
 *
 * What the fragment has in common with a neighbour is cut from it; fragments
 * that lie entirely within it are moved to @freed, unless @f is a duplicate.
 *
 * Return: RDM_REASM_COMPLETE exactly once for a message, when it has become
 * whole; a message of length 0 by its one fragment of length 0.
 */
enum rdm_reasm_verdict rdm_rxmsg_add(struct rdm_rxmsg *m, struct rdm_rxfrag *f,
				     struct list_head *freed);

/**
 * rdm_rxmsg_grow() - a fragment that is held goes on
 * @m: a message that is not whole
 * @f: the last of its fragments, by offset
 * @len: bytes that follow it, within the message
 *
 * Return: RDM_REASM_COMPLETE when the message has become whole, else RDM_REASM_ADDED.
 */
enum rdm_reasm_verdict rdm_rxmsg_grow(struct rdm_rxmsg *m, struct rdm_rxfrag *f, u32 len);

#endif /* _RDM_REASM_H */
