/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rdm msg: messages in the kernel, on their way out (struct rdm_msg, made by
 * sendmsg.c, sent by output.c) and in (struct rdm_rec, made by input.c, read by
 * recvmsg.c), with the memory that each holds and is charged for.
 */
#ifndef _RDM_MSG_H
#define _RDM_MSG_H

#include "copy.h"
#include "rdm.h"

#define RDM_INLINE_MAX		256	/* messages up to here are copied, not referenced */
#define RDM_GAP			(RDM_HDR_LEN + RDM_FRAG_LEN)
#define RDM_DEADLINE_MAX	86400000	/* ms: a day */

struct rdm_gbody;

/* A run of equal fragments in one page: [gap | data] times n. */
struct rdm_block {
	struct page *page;
	u32 off;
	u16 first;
	u16 n;
};

/**
 * struct rdm_msg - a message to be sent, in the kernel
 * @t: what the core knows of it
 * @truesize: charged to the socket
 * @note: the place for its outcome, when that was asked for; charged apart
 * @nblocks: pages in use
 * @layout_stride: data bytes between two gaps
 * @gap: bytes before them
 * @cached: from rdm_msg_cache
 * @head: with @body, bytes of @data, which stand before those of @body
 * @data: its bytes, when it is short
 * @blocks: where its bytes lie else
 * @body: a broadcast that it carries, held, or NULL. With @nblocks it is the copy whose headers
 *	stand in the gaps, and @blocks are those of @body
 * @one: @blocks of a message that is not cut
 *
 * The layout in pages is made for one pass through the stack: a gap for the headers
 * before each fragment's bytes, so that a run of fragments is a run of segments, and so
 * are whole messages of one size that lie one behind the other. A
 * gap is written once, at the first transmission; anything sent again gets fresh
 * headers, for the first copy may still be on its way.
 */
struct rdm_msg {
	struct rdm_txmsg t;
	u32 truesize;
	struct sk_buff *note;
	u16 nblocks;
	u16 layout_stride;
	u16 gap;
	u16 head;
	bool cached;
	u8 *data;
	struct rdm_block *blocks;
	struct rdm_gbody *body;
	struct rdm_block one;
};

/* An object of rdm_msg_cache: a record, and room for a short message, or the bits of a long one. */
#define RDM_MSG_SIZE		(sizeof(struct rdm_msg) + RDM_INLINE_MAX)

/*
 * A part of a received message, in the packet or the super-packet that brought it. From a run of
 * segments it is in pieces: @step is the distance from one to the next, and a gap of RDM_GAP
 * bytes with headers lies between them.
 */
struct rdm_part {
	struct rdm_rxfrag f;
	struct sk_buff *skb;	/* held */
	u32 at;			/* where its bytes began in the packet, before any trim */
	u32 step;		/* 0: in one piece */
};

/* Where a record is from (rdm_rec.home). */
enum rdm_rec_home {
	RDM_REC_HEAP,		/* kmalloc() */
	RDM_REC_CACHE,		/* rdm_rec_cache */
	RDM_REC_STOCK,		/* rdm_stock_alloc(): one that is a group's, of a short frame */
	RDM_REC_BODY,		/* it is a place in the user's queue, before a struct rdm_gbody */
};

/**
 * struct rdm_rec - a received message
 * @m: what the core knows of it
 * @node: in rdm_sock.rxq
 * @peer: who sent it, held; NULL: it is from a group, see rdm_grec_body()
 * @refs: readers that copy from it without the queue lock
 * @charge: against the window
 * @truesize: charged to the socket
 * @iif: device by which its first packet came; 0: the members of that packet are not known
 * @stamp: when it was complete, since the epoch; 0 if nobody asks
 * @one: the only part of most messages
 * @copied: its bytes are in @data
 * @home: enum rdm_rec_home
 * @tos: of its first packet: type of service or traffic class
 * @ttl: of its first packet: time to live or hop limit
 * @headed: of a group's channel: its first RDM_REC_HEAD bytes are in @data, whatever @copied says
 * @data: short messages
 */
struct rdm_rec {
	struct rdm_rxmsg m;
	struct list_head node;
	struct rdm_peer *peer;
	refcount_t refs;
	u32 charge;
	u32 truesize;
	int iif;
	ktime_t stamp;
	struct rdm_part one;
	bool copied;
	u8 home;
	u8 tos;
	u8 ttl;
	bool headed;
	u8 data[] __aligned(8);
};

/* An object of rdm_rec_cache: a record, and room for the bytes of a short message. */
#define RDM_REC_SIZE	256
#define RDM_REC_ROOM	(RDM_REC_SIZE - offsetof(struct rdm_rec, data))
/* What a group looks at of a frame: the head of a broadcast. */
#define RDM_REC_HEAD	80

/**
 * struct rdm_sendopts - how a message is to be sent
 * @mode: RDM_EXACTLY_ONCE and so on
 * @ask: @cookie is given: its outcome is told in any case
 * @deadline_ms: from now on; 0 for none
 * @cookie: comes back with the outcome
 * @named: @from says something
 * @from: address (zeroes: any) and device (scope, 0: any) to send from
 */
struct rdm_sendopts {
	u8 mode;
	bool ask;
	u32 deadline_ms;
	u64 cookie;
	bool named;
	struct rdm_addr from;
};

/* Bytes of forward-allocated memory that a socket keeps at most while it does not use them. */
#define RDM_MEM_KEPT	16384

/**
 * rdm_mem_uncharge() - sk_mem_uncharge() that does not give back each page at once
 * @sk: the socket
 * @size: bytes
 *
 * Charge and uncharge of a message that comes and goes cost a few instructions then, and no
 * shared counter. What is kept goes with the socket.
 *
 * Context: sk_receive_queue.lock held.
 */
static inline void rdm_mem_uncharge(struct sock *sk, int size)
{
	/* there is no other call that leaves the reclaiming away in every version */
	sk_mem_charge(sk, -size);
	if (unlikely(sk->sk_forward_alloc > RDM_MEM_KEPT))
		sk_mem_reclaim(sk);
}

/* Most zeroes behind a message's last fragment, so that the next message can follow. */
#define RDM_PAD_MAX		256

/* Is a message cut so that few are needed? */
static inline bool rdm_msg_pads(const struct rdm_txmsg *t)
{
	return t->nfrags > 1 && t->nfrags * t->stride - t->len <= RDM_PAD_MAX;
}

/* cmsg.c */
int rdm_cmsg_send(struct sock *sk, struct msghdr *msg, struct rdm_sendopts *opts);
int rdm_cmsg_source(struct sock *sk, struct rdm_addr *from, const struct rdm_addr *to);

/* sendmsg.c */
int rdm_sendmsg(struct socket *sock, struct msghdr *msg, size_t len);
void rdm_msg_release(struct rdm_peer *peer, struct rdm_msg *m);
void rdm_msgs_release(struct rdm_peer *peer, struct list_head *done);
struct rdm_msg *rdm_msg_alloc(u32 room, gfp_t gfp);
void rdm_msg_free(struct rdm_msg *m);
void rdm_write_space(struct sock *sk);
void rdm_snd_resized(struct sock *sk);
bool rdm_snd_writable(const struct sock *sk);
bool rdm_snd_pending(const struct sock *sk);
void rdm_snd_uncharge(struct sock *sk, u32 truesize);
void rdm_snd_move(struct rdm_peer *from, struct rdm_peer *to);
void rdm_snd_gone(struct rdm_peer *peer);
void rdm_snd_take(struct rdm_peer *peer, u32 truesize);
u32 rdm_msg_stride(u32 len, u32 mtu);

/* page.c */
struct page_frag *rdm_page_room(struct page_frag *own, u32 len);
struct page_frag *rdm_page_room_in(struct page_frag *own, u32 len);
void rdm_page_exit(void);

/* recvmsg.c */
int rdm_recvmsg(struct socket *sock, struct msghdr *msg, size_t len, int flags);
bool rdm_rcv_at_once(struct sock *sk, struct rdm_rec *rec, bool fifo, u64 now);
bool rdm_rcv_reserve(struct sock *sk, struct rdm_rec *rec, bool fifo, bool next, u64 now);
bool rdm_rcv_put(struct sock *sk, struct rdm_rec *rec);
void rdm_rcv_take(struct sock *sk, struct rdm_rec *rec);
void rdm_rcv_recharge(struct sock *sk, struct rdm_rec *rec, s32 extra);
void rdm_rcv_unreserve(struct sock *sk, struct rdm_rec *rec);
void rdm_rcv_unreserve_all(struct sock *sk, struct list_head *recs);
int rdm_rec_to_user(const struct rdm_rec *rec, u32 from, u32 len, struct iov_iter *to);
void rdm_rcv_read(struct rdm_peer *peer, u32 charge);
bool rdm_rcv_queue(struct sock *sk, struct list_head *recs);
void rdm_rec_free(struct rdm_rec *rec);
int rdm_rcv_wait(struct sock *sk, long *timeo, bool (*ready)(const struct sock *sk));
void rdm_rcv_purge(struct sock *sk);

/* outcome.c */
struct sk_buff *rdm_note_new(const struct rdm_addr *to, u64 cookie);
int rdm_note_take(struct sock *sk, struct sk_buff *note, long *timeo);
void rdm_note_lack(struct sk_buff *note, struct rdm_addr *lack, u8 n);
void rdm_note_charged(struct sock *sk, struct sk_buff *note);
void rdm_note_tell(struct sock *sk, struct sk_buff *note, int error, u8 fate, u32 len);
void rdm_report(struct sock *sk, const struct rdm_addr *to, const struct rdm_outcome *o);
void rdm_report_writable(struct rdm_peer *peer);
int rdm_recv_outcome(struct sock *sk, struct msghdr *msg);

#endif /* _RDM_MSG_H */
