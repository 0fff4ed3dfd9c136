// SPDX-License-Identifier: GPL-2.0
/*
 * rdm recvmsg: the receive buffer of a socket, and how the user reads it. What
 * is in the buffer was acked: it is dropped only with the socket. Everything
 * here that is charged is charged under the queue lock. The error queue is in
 * outcome.c.
 */
#include <linux/slab.h>
#include <linux/uio.h>

#include "group.h"
#include "msg.h"
#include "option.h"
#include "peer.h"
#include "rdm.h"
#include "spare.h"

#define RECV_FLAGS	(MSG_DONTWAIT | MSG_PEEK | MSG_TRUNC | MSG_ERRQUEUE | MSG_WAITALL | \
			 MSG_NOSIGNAL | MSG_CMSG_CLOEXEC | MSG_CMSG_COMPAT)
/* After so long without progress the token passes on. */
#define TOKEN_LIFE	(3ULL * NSEC_PER_SEC)
/* Charges that are read before the core hears of it, at most. */
#define READ_STEP_MAX	65536
/* Peers told at one go that there is room again. */
#define REOPEN_BATCH	16

static bool charge(struct sock *sk, u32 size)
{
	if (size > sk->sk_forward_alloc && !__sk_mem_schedule(sk, size - sk->sk_forward_alloc,
							      SK_MEM_RECV))
		return false;
	sk_mem_charge(sk, size);
	atomic_add(size, &sk->sk_rmem_alloc);
	return true;
}

/*
 * What cannot be refused any more. When the limits refuse it all the same, the allocation
 * of the socket is in debt, which the next charge or uncharge makes up for.
 */
static void charge_forced(struct sock *sk, u32 size)
{
	if (charge(sk, size))
		return;
	sk_mem_charge(sk, size);
	atomic_add(size, &sk->sk_rmem_alloc);
}

static void uncharge(struct sock *sk, struct rdm_rec *rec)
{
	struct rdm_sock *rsk = rdm_sk(sk);

	lockdep_assert_held(&sk->sk_receive_queue.lock);
	atomic_sub(rec->truesize, &sk->sk_rmem_alloc);
	rdm_mem_uncharge(sk, rec->truesize);
	if (rsk->token == rec)
		rsk->token = NULL;
}

static bool reserve(struct sock *sk, struct rdm_rec *rec, bool fifo, bool next, u64 now)
{
	struct rdm_sock *rsk = rdm_sk(sk);
	bool ok, room;

	lockdep_assert_held(&sk->sk_receive_queue.lock);
	if (unlikely(sock_flag(sk, SOCK_DEAD)))
		return false;
	room = (u64)atomic_read(&sk->sk_rmem_alloc) + rec->truesize <= READ_ONCE(sk->sk_rcvbuf);
	if (unlikely(!room) && (fifo ? next : !atomic_read(&sk->sk_rmem_alloc)) &&
	    (!rsk->token || now - rsk->token_at > TOKEN_LIFE)) {
		rsk->token = rec;
		rsk->token_at = now;
		room = true;
	}
	ok = room && charge(sk, rec->truesize);
	if (unlikely(!ok)) {
		if (rsk->token == rec)
			rsk->token = NULL;
		rsk->refused = true;
	}
	return ok;
}

/**
 * rdm_rcv_at_once() - rdm_rcv_reserve() and rdm_rcv_queue() in one
 * @sk: the socket
 * @rec: a whole message that is to be delivered now, with charge and truesize
 * @fifo: its association delivers in order
 * @now: ns
 *
 * The caller wakes the user, once for all messages of a packet: sk->sk_data_ready().
 *
 * Context: softirq, peer locked.
 * Return: false when there is no room, or the socket is closed.
 */
bool rdm_rcv_at_once(struct sock *sk, struct rdm_rec *rec, bool fifo, u64 now)
{
	bool ok;

	spin_lock(&sk->sk_receive_queue.lock);
	ok = reserve(sk, rec, fifo, true, now);
	if (likely(ok))
		list_add_tail(&rec->node, &rdm_sk(sk)->rxq);
	spin_unlock(&sk->sk_receive_queue.lock);
	return ok;
}

/**
 * rdm_rcv_reserve() - find room for a whole message before its first byte is taken
 * @sk: the socket
 * @rec: the message, with charge and truesize
 * @fifo: its association delivers in order
 * @next: it is the one that such an association waits for
 * @now: ns
 *
 * When the buffer is full, one message at a time may exceed it: the next one in FIFO
 * order, or any one of an unordered association on an empty socket. So a message larger
 * than the buffer, or a gap before a full one, is no deadlock. A message that must wait for
 * others never gets this: it would keep those out.
 *
 * Context: softirq, peer locked.
 * Return: false when there is no room, or the socket is closed.
 */
bool rdm_rcv_reserve(struct sock *sk, struct rdm_rec *rec, bool fifo, bool next, u64 now)
{
	bool ok;

	spin_lock(&sk->sk_receive_queue.lock);
	ok = reserve(sk, rec, fifo, next, now);
	spin_unlock(&sk->sk_receive_queue.lock);
	return ok;
}

/**
 * rdm_rcv_put() - charge a message from a group and give it to the user
 * @sk: the socket
 * @rec: the message
 *
 * Context: BH off.
 * Return: false when the socket is closed.
 */
bool rdm_rcv_put(struct sock *sk, struct rdm_rec *rec)
{
	bool ok;

	spin_lock(&sk->sk_receive_queue.lock);
	ok = !sock_flag(sk, SOCK_DEAD);
	if (ok) {
		if (unlikely(rdm_rx_wants_stamp(sk)))
			rec->stamp = ktime_get_real();
		charge_forced(sk, rec->truesize);
		list_add_tail(&rec->node, &rdm_sk(sk)->rxq);
	}
	spin_unlock(&sk->sk_receive_queue.lock);
	if (ok)
		sk->sk_data_ready(sk);
	return ok;
}

/**
 * rdm_rcv_take() - charge a message that is not for the user, whatever is in the buffer
 * @sk: the socket
 * @rec: the message, with charge and truesize; rdm_rcv_unreserve() gives it back
 *
 * Context: softirq, peer locked.
 */
void rdm_rcv_take(struct sock *sk, struct rdm_rec *rec)
{
	spin_lock(&sk->sk_receive_queue.lock);
	charge_forced(sk, rec->truesize);
	spin_unlock(&sk->sk_receive_queue.lock);
}

/**
 * rdm_rcv_recharge() - a message takes more memory than was reserved
 * @sk: the socket
 * @rec: the message
 * @extra: bytes of truesize; negative when it takes less again
 *
 * It cannot be refused any more, so it is charged even past the limit.
 *
 * Context: softirq, peer locked.
 */
void rdm_rcv_recharge(struct sock *sk, struct rdm_rec *rec, s32 extra)
{
	spin_lock(&sk->sk_receive_queue.lock);
	if (likely(extra > 0)) {
		charge_forced(sk, extra);
	} else {
		atomic_sub(-extra, &sk->sk_rmem_alloc);
		rdm_mem_uncharge(sk, -extra);
	}
	rec->truesize += extra;
	spin_unlock(&sk->sk_receive_queue.lock);
}

/**
 * rdm_rcv_unreserve() - a message that was never whole goes
 * @sk: the socket
 * @rec: the message
 *
 * Context: BH off.
 */
void rdm_rcv_unreserve(struct sock *sk, struct rdm_rec *rec)
{
	spin_lock(&sk->sk_receive_queue.lock);
	uncharge(sk, rec);
	spin_unlock(&sk->sk_receive_queue.lock);
}

/**
 * rdm_rcv_unreserve_all() - the same for messages that no user gets
 * @sk: the socket
 * @recs: messages by rdm_rec.node
 *
 * Context: any but hard interrupt, no queue's lock held.
 */
void rdm_rcv_unreserve_all(struct sock *sk, struct list_head *recs)
{
	struct rdm_rec *rec;

	spin_lock_bh(&sk->sk_receive_queue.lock);
	list_for_each_entry(rec, recs, node)
		uncharge(sk, rec);
	spin_unlock_bh(&sk->sk_receive_queue.lock);
}

/**
 * rdm_rcv_queue() - give whole messages to the user
 * @sk: the socket
 * @recs: messages by rdm_rec.node, in order; emptied on success
 *
 * Context: softirq, peer locked.
 * Return: false when the socket is closed: they must not be acked.
 */
bool rdm_rcv_queue(struct sock *sk, struct list_head *recs)
{
	bool ok;

	spin_lock(&sk->sk_receive_queue.lock);
	ok = !sock_flag(sk, SOCK_DEAD);
	if (ok)
		list_splice_tail_init(recs, &rdm_sk(sk)->rxq);
	spin_unlock(&sk->sk_receive_queue.lock);
	if (ok)
		sk->sk_data_ready(sk);
	return ok;
}

/**
 * rdm_rec_free() - drop a reference to a message and, with the last, its memory
 * @rec: the message, not charged any more
 */
void rdm_rec_free(struct rdm_rec *rec)
{
	struct rdm_rxfrag *f, *tmp;

	if (!refcount_dec_and_test(&rec->refs))
		return;
	list_for_each_entry_safe(f, tmp, &rec->m.frags, node) {
		struct rdm_part *part = container_of(f, struct rdm_part, f);

		consume_skb(part->skb);
		if (part != &rec->one)
			kmem_cache_free(rdm_part_cache, part);
	}
	if (likely(rec->peer))
		rdm_peer_put(rec->peer);
	else if (rdm_grec_free(rec))
		return;
	if (likely(rec->home == RDM_REC_CACHE))
		rdm_spare_free(rdm_rec_cache, RDM_SPARE_REC, rec);
	else if (rec->home == RDM_REC_STOCK)
		rdm_stock_free(rec);
	else
		kfree(rec);
}

/**
 * rdm_rcv_purge() - the socket closes: what nobody will read goes
 * @sk: the socket, SOCK_DEAD
 */
void rdm_rcv_purge(struct sock *sk)
{
	struct rdm_rec *rec, *tmp;
	LIST_HEAD(recs);

	spin_lock_bh(&sk->sk_receive_queue.lock);
	list_splice_init(&rdm_sk(sk)->rxq, &recs);
	list_for_each_entry(rec, &recs, node)
		uncharge(sk, rec);
	spin_unlock_bh(&sk->sk_receive_queue.lock);
	list_for_each_entry_safe(rec, tmp, &recs, node) {
		if (!rec->peer)
			rdm_group_read(rec);
		rdm_rec_free(rec);
	}
}

/* There is room again: tell the peers that were refused. */
static noinline void reopen(struct sock *sk)
{
	struct rdm_net *rn = rdm_net_of(sock_net(sk));
	struct rdm_peer *some[REOPEN_BATCH], *peer;
	struct rdm_xmitq xmitq;
	struct rdm_out out;
	u32 n = 0, i;

	WRITE_ONCE(rdm_sk(sk)->refused, false);
	spin_lock_bh(&rn->hash_lock);
	list_for_each_entry(peer, &rdm_sk(sk)->peers, node) {
		if (!READ_ONCE(peer->a.refused))
			continue;
		if (n == REOPEN_BATCH) {
			WRITE_ONCE(rdm_sk(sk)->refused, true);
			break;
		}
		if (refcount_inc_not_zero(&peer->refs))
			some[n++] = peer;
	}
	spin_unlock_bh(&rn->hash_lock);

	rdm_xmitq_init(&xmitq);
	for (i = 0; i < n; i++) {
		peer = some[i];
		rdm_out_init(&out);
		spin_lock_bh(&peer->lock);
		rdm_assoc_rx_reopened(&peer->a, &out);
		rdm_output(peer, rdm_now(), &xmitq, &out);
		rdm_peer_unlock(peer, &out, &xmitq);
		rdm_peer_put(peer);
	}
}

/* The core learns what was read, and may have to tell the sender. */
static noinline void tell_read(struct rdm_peer *peer)
{
	struct rdm_xmitq xmitq;
	struct rdm_out out;

	rdm_xmitq_init(&xmitq);
	rdm_out_init(&out);
	spin_lock_bh(&peer->lock);
	rdm_assoc_rx_consumed(&peer->a, atomic_xchg(&peer->rx_read, 0), &out);
	if (out.acts & RDM_OUT_SEND) {
		rdm_output(peer, rdm_now(), &xmitq, &out);
		rdm_peer_unlock(peer, &out, &xmitq);
	} else {
		spin_unlock_bh(&peer->lock);
	}
}

/**
 * rdm_rcv_read() - messages have left our buffer: their room is the sender's again
 * @peer: the sender
 * @charge: what they cost in its window
 *
 * Nothing is to be told before a good part of the window is new, unless little of the window
 * is left.
 *
 * Context: any but hard interrupt, no lock held.
 */
void rdm_rcv_read(struct rdm_peer *peer, u32 charge)
{
	u32 step = min_t(u64, peer->a.cfg.rx_window / RDM_WINDOW_KEPT, READ_STEP_MAX);

	if (atomic_add_return(charge, &peer->rx_read) >= step || READ_ONCE(peer->rx_tight))
		tell_read(peer);
}

/*
 * One packet may bring several messages, and the socket is woken once: of many readers that is
 * one. So who has slept and leaves messages behind wakes the next.
 */
static void wake_next(struct sock *sk)
{
	if (!list_empty_careful(&rdm_sk(sk)->rxq))
		sk->sk_data_ready(sk);
}

/* The user has read a message. */
static void consumed(struct sock *sk, struct rdm_rec *rec)
{
	if (likely(rec->peer))
		rdm_rcv_read(rec->peer, rec->charge);
	else
		rdm_group_read(rec);
	if (unlikely(READ_ONCE(rdm_sk(sk)->refused)) &&
	    atomic_read(&sk->sk_rmem_alloc) <= READ_ONCE(sk->sk_rcvbuf) / 4 * 3)
		reopen(sk);
}

/* A way through the frags of a packet: each frag is looked for from the one before on. */
struct walk {
	const struct sk_buff *skb;
	const struct sk_buff *part;	/* @skb, or a packet of its list */
	u32 end;	/* where in @skb that ends; 0: not looked at yet */
	u32 from;	/* where in @skb frag @i of it begins */
	u8 i;
};

/* On to the packet of the list that has the byte at @at, which is not in those before. */
static void walk_list(struct walk *w, u32 at)
{
	const struct sk_buff *next;

	if (!w->end)
		w->end = skb_pagelen(w->skb);
	while (at >= w->end) {
		next = w->part == w->skb ? skb_shinfo(w->skb)->frag_list : w->part->next;
		if (!next)
			return;
		w->part = next;
		w->from = w->end + skb_headlen(next);
		w->end += next->len;
		w->i = 0;
	}
}

static int copy_piece(struct walk *w, u32 at, u32 len, struct iov_iter *to)
{
	const struct skb_shared_info *si;
	const skb_frag_t *frag;
	u32 size;

	if (unlikely(skb_has_frag_list(w->skb)))
		walk_list(w, at);
	si = skb_shinfo(w->part);
	for (; w->i < si->nr_frags && at >= w->from; w->i++, w->from += size) {
		frag = &si->frags[w->i];
		size = skb_frag_size(frag);
		if (at >= w->from + size)
			continue;
		if (at + len > w->from + size || PageHighMem(skb_frag_page(frag)))
			break;
		/* hardened usercopy knows of pages what we know: where the frag ends */
		if (_copy_to_iter(skb_frag_address(frag) + at - w->from, len, to) != len)
			return -EFAULT;
		return 0;
	}
	return skb_copy_datagram_iter(w->skb, at, to, len);
}

/* @len bytes from @from on. */
static int copy_part(const struct rdm_part *part, u32 from, u32 len, struct iov_iter *to)
{
	struct walk w = { .skb = part->skb, .part = part->skb, .from = skb_headlen(part->skb) };
	u32 size = part->step ? part->step - RDM_GAP : U32_MAX;
	u32 at = part->at + (part->f.trim + from) / size * part->step;
	u32 skip = (part->f.trim + from) % size, n;
	int err;

	for (; len; len -= n, at += part->step, skip = 0) {
		n = min(len, size - skip);
		err = copy_piece(&w, at + skip, n, to);
		if (err)
			return err;
	}
	return 0;
}

static noinline int parts_to_user(const struct rdm_rec *rec, u32 from, u32 len,
				  struct iov_iter *to)
{
	const struct rdm_rxfrag *f;
	int err;

	list_for_each_entry(f, &rec->m.frags, node) {
		const struct rdm_part *part = container_of(f, struct rdm_part, f);
		u32 n;

		if (unlikely(from >= f->len)) {
			from -= f->len;
			continue;
		}
		n = min(f->len - from, len);
		if (!n)
			break;
		err = copy_part(part, from, n, to);
		if (err)
			return err;
		from = 0;
		len -= n;
	}
	return 0;
}

/**
 * rdm_rec_to_user() - copy bytes of a received message to who reads it
 * @rec: the message, whole, from an association
 * @from: from here on
 * @len: how many bytes; the message has them
 * @to: where to
 *
 * Return: 0 or -EFAULT.
 */
int rdm_rec_to_user(const struct rdm_rec *rec, u32 from, u32 len, struct iov_iter *to)
{
	if (likely(rec->copied))
		return copy_to_iter(rec->data + from, len, to) == len ? 0 : -EFAULT;
	return parts_to_user(rec, from, len, to);
}

static int copy_out(const struct rdm_rec *rec, struct msghdr *msg, u32 len)
{
	if (likely(rec->peer))
		return rdm_rec_to_user(rec, 0, len, &msg->msg_iter);
	return len ? rdm_gbody_to_user(rdm_grec_body(rec), &msg->msg_iter, len) : 0;
}

static struct rdm_rec *take(struct sock *sk, int flags)
{
	struct rdm_sock *rsk = rdm_sk(sk);
	struct rdm_rec *rec;

	/* who sleeps then looks once more before */
	if (list_empty(&rsk->rxq))
		return NULL;
	spin_lock_bh(&sk->sk_receive_queue.lock);
	rec = list_first_entry_or_null(&rsk->rxq, struct rdm_rec, node);
	if (rec) {
		if (flags & MSG_PEEK) {
			refcount_inc(&rec->refs);
		} else {
			list_del(&rec->node);
			uncharge(sk, rec);
		}
	}
	spin_unlock_bh(&sk->sk_receive_queue.lock);
	return rec;
}

/* The user's buffer was no good: a message that was acked is not lost for that. */
static void put_back(struct sock *sk, struct rdm_rec *rec)
{
	spin_lock_bh(&sk->sk_receive_queue.lock);
	charge_forced(sk, rec->truesize);
	list_add(&rec->node, &rdm_sk(sk)->rxq);
	spin_unlock_bh(&sk->sk_receive_queue.lock);
	sk->sk_data_ready(sk);
}

static bool readable(const struct sock *sk)
{
	return !list_empty_careful(&rdm_sk(sk)->rxq) || READ_ONCE(sk->sk_err) ||
	       READ_ONCE(sk->sk_shutdown) & RCV_SHUTDOWN;
}

/**
 * rdm_rcv_wait() - sleep until there is something to take
 * @sk: the socket
 * @timeo: how long, jiffies; what is left of it
 * @ready: tells that it is worth to look
 *
 * Of many who wait, one is woken for each thing that comes.
 *
 * Context: process; may sleep.
 * Return: 0 to look again; -EAGAIN when the time is up; or what a signal asks for.
 */
int rdm_rcv_wait(struct sock *sk, long *timeo, bool (*ready)(const struct sock *sk))
{
	DEFINE_WAIT(wait);

	if (!*timeo)
		return -EAGAIN;
	if (signal_pending(current))
		return sock_intr_errno(*timeo);
	prepare_to_wait_exclusive(sk_sleep(sk), &wait, TASK_INTERRUPTIBLE);
	if (!ready(sk))
		*timeo = schedule_timeout(*timeo);
	finish_wait(sk_sleep(sk), &wait);
	return 0;
}

/**
 * rdm_recvmsg() - the system call
 * @sock: the socket
 * @msg: where to
 * @len: room for bytes
 * @flags: MSG_DONTWAIT, MSG_PEEK, MSG_TRUNC, MSG_ERRQUEUE; MSG_WAITALL (a message is
 *	always whole) and those that ask for nothing here
 *
 * Context: process; may sleep.
 * Return: bytes copied, or the message's length with MSG_TRUNC, or a negative errno.
 */
int rdm_recvmsg(struct socket *sock, struct msghdr *msg, size_t len, int flags)
{
	struct sock *sk = sock->sk;
	bool slept = false;
	struct rdm_rec *rec;
	u32 total, n;
	long timeo;
	int err;

	if (flags & ~RECV_FLAGS)
		return -EOPNOTSUPP;
	if (unlikely(flags & MSG_ERRQUEUE))
		return rdm_recv_outcome(sk, msg);

	timeo = sock_rcvtimeo(sk, flags & MSG_DONTWAIT);
	while (!(rec = take(sk, flags))) {
		if (READ_ONCE(sk->sk_state) == TCP_LISTEN)
			return -ENOTCONN;
		if (sk->sk_err)
			return sock_error(sk);
		if (sk->sk_shutdown & RCV_SHUTDOWN)
			return 0;
		err = rdm_rcv_wait(sk, &timeo, readable);
		if (err)
			return err;
		slept = true;
	}
	if (slept)
		wake_next(sk);

	total = rec->m.total;
	n = min_t(size_t, total, len);
	if (n < total)
		msg->msg_flags |= MSG_TRUNC;
	if (sk->sk_type == SOCK_SEQPACKET)
		msg->msg_flags |= MSG_EOR;
	err = copy_out(rec, msg, n);
	if (unlikely(err)) {
		if (flags & MSG_PEEK)
			rdm_rec_free(rec);
		else
			put_back(sk, rec);
		return err;
	}
	if (unlikely(!rec->peer)) {
		if (msg->msg_name || READ_ONCE(rdm_groups(sk)->rx))
			rdm_group_cmsg(sk, msg, rec);
	} else if (msg->msg_name) {
		msg->msg_namelen = rdm_addr_to_user(sk, &rec->peer->remote, msg->msg_name);
	}
	if (unlikely(READ_ONCE(rdm_sk(sk)->rx_cmsgs) || rdm_rx_wants_stamp(sk)))
		rdm_cmsg_recv(sk, msg, rec);
	if (!(flags & MSG_PEEK))
		consumed(sk, rec);
	rdm_rec_free(rec);
	return flags & MSG_TRUNC ? total : n;
}
