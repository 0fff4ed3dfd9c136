/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rdm groupbody: a broadcast in memory: its bytes, once for all who send, hold or read
 * them.
 */
#ifndef _RDM_GROUPBODY_H
#define _RDM_GROUPBODY_H

#include <linux/atomic.h>
#include <linux/bvec.h>
#include <linux/llist.h>
#include <linux/refcount.h>

#include "grouprec.h"
#include "msg.h"

struct iov_iter;
struct rdm_group;
struct sk_buff;

/**
 * struct rdm_gchunk - some of a broadcast's bytes
 * @next: the chunk with those that follow, or NULL
 * @len: bytes here
 * @n: how many of @pieces
 * @pieces: of pages that others fill too
 */
struct rdm_gchunk {
	struct rdm_gchunk *next;
	u32 len;
	u16 n;
	struct bio_vec pieces[];
};

/**
 * struct rdm_gbody - a broadcast with its bytes, shared by all who need them
 * @m: what the core knows of it
 * @refs: the core, the user's queue, each association on which it is on its way
 * @from: the message that brought it and has its bytes, held, or NULL. Such a one has pieces
 *	only from when it is sent on
 * @at: where in @from they begin
 * @group: held
 * @note: the place for its outcome, when that was asked for
 * @node: in rdm_group.told
 * @told: it is there
 * @ok: of best effort: ranks that have it, as channels said since the core was told
 * @failed: likewise, ranks that do not
 * @deadline: of best effort: when copies are given up, ns; 0 for never
 * @mode: of best effort: RDM_EXACTLY_ONCE, or RDM_AT_MOST_ONCE
 * @len: bytes
 * @truesize: charged to the socket
 * @uncharged: of one of ours: what is to be charged
 * @gap: of one that is laid: bytes before those of each fragment
 * @stride: likewise, bytes of each fragment but the last, with the head of the frame
 * @nblocks: likewise, how many @blocks
 * @taken: the gaps are those of a copy that was sent, [groups' lock]
 * @blocks: where the bytes of a long one of ours are, laid as those of a struct rdm_msg that is
 *	its frame; or NULL: they are in pieces, or in @from
 * @some: @blocks, when there are few
 * @last: the part that is being filled, @first of a short one
 * @first: where its bytes are
 *
 * It stands in the data of a struct rdm_rec, which is its place in the user's queue; when it is
 * there, it holds the broadcast.
 */
struct rdm_gbody {
	struct rdm_gmsg m;
	refcount_t refs;
	u32 at;
	struct rdm_rec *from;
	struct rdm_group *group;
	struct sk_buff *note;
	struct llist_node node;
	unsigned long told;
	atomic64_t ok;
	atomic64_t failed;
	u64 deadline;
	u8 mode;
	bool taken;
	u16 gap;
	u32 len;
	u32 truesize;
	u32 uncharged;
	u32 stride;
	u16 nblocks;
	struct rdm_block *blocks;
	struct rdm_block some[2];
	struct rdm_gchunk *last;
	struct rdm_gchunk first;
};

/* A short one stands in its record, behind the head of @first; else so many pieces have room. */
#define RDM_GBODY_INLINE	256
#define RDM_GBODY_PIECES	(RDM_GBODY_INLINE / sizeof(struct bio_vec))
/* None but the last is shorter where bytes were copied. */
#define RDM_GBODY_PIECE		4096
/*
 * None but the first and the last is shorter where there are more of them than have room there. So
 * a packet, which has less than 16 KiB of a message, takes no more references than it has room for.
 */
#define RDM_GBODY_REFERRED	1100

/* An object of rdm_gbody_cache, and where in it the bytes of a short one are. */
#define RDM_GBODY_BYTES	(offsetof(struct rdm_rec, data) + offsetof(struct rdm_gbody, first.pieces))
#define RDM_GBODY_SIZE	(RDM_GBODY_BYTES + RDM_GBODY_INLINE)
/* Bytes of a short frame that have room there, without a broadcast. */
#define RDM_GREC_ROOM	(RDM_GBODY_SIZE - offsetof(struct rdm_rec, data))

static inline bool rdm_gbody_short(const struct rdm_gbody *b)
{
	return b->len <= RDM_GBODY_INLINE;
}

static inline struct rdm_rec *rdm_gbody_rec(struct rdm_gbody *b)
{
	return container_of((u8 (*)[])b, struct rdm_rec, data);
}

/* The broadcast that a record in the user's queue is a place for, or NULL: it is an event. */
static inline struct rdm_gbody *rdm_grec_body(const struct rdm_rec *rec)
{
	return rec->home == RDM_REC_BODY ? (struct rdm_gbody *)rec->data : NULL;
}

static inline struct rdm_gbody *rdm_gbody_of(struct rdm_gmsg *m)
{
	return m ? container_of(m, struct rdm_gbody, m) : NULL;
}

struct rdm_gbody *rdm_gbody_from_user(struct rdm_group *g, struct iov_iter *from, u32 len);
void rdm_gbody_put(struct rdm_gbody *b);
struct rdm_gbody *rdm_gbody_from_rec(struct rdm_group *g, struct rdm_rec *rec, u32 at);
void __rdm_gbody_charge_own(struct rdm_gbody *b);
void rdm_gbody_charge(struct rdm_group *g, struct rdm_gbody **b, u8 n);
u32 rdm_gbody_unref(struct rdm_gbody *b);
void rdm_gbody_uncharge(struct sock *sk, u32 truesize);
bool rdm_gbody_gather(struct rdm_gbody *b);
int rdm_gbody_to_user(const struct rdm_gbody *b, struct iov_iter *to, u32 len);
u32 rdm_gbody_refs(const struct rdm_gbody *b, u32 off, u32 len);
bool rdm_gbody_add(struct sk_buff *skb, const struct rdm_gbody *b, u32 off, u32 len);

#endif /* _RDM_GROUPBODY_H */
