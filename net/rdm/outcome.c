// SPDX-License-Identifier: GPL-2.0
/*
 * rdm outcome: the error queue of a socket, where users learn what became of
 * their messages. Who asks for the outcome of a message (RDM_COOKIE) has its
 * place reserved when the message is accepted, charged to the send buffer until
 * the outcome is read: so it is never lost, and who does not read cannot go on
 * asking. Failures of other messages share what room there is; when it is full
 * they are added up, and what fits nowhere is counted.
 */
#include <linux/errqueue.h>
#include <linux/sched/signal.h>
#include <linux/skbuff.h>
#include <linux/slab.h>

#include "msg.h"
#include "option.h"
#include "peer.h"
#include "rdm.h"

/* Failures that nobody asked for take as much as this part of SO_RCVBUF, as a divisor. */
#define ERR_SHARE	8
#define ERR_LEAST	16384	/* bytes: or this, if it is more */
/* Entries that are looked through for one to add to, when there is no room. */
#define MERGE_LOOK	64

/* What waits in the error queue. */
struct rdm_err {
	struct rdm_outcome o;
	struct rdm_addr to;
	bool asked;		/* charged to the send buffer */
	u8 nlack;		/* of a broadcast: members that may lack it */
	struct rdm_addr *lack;
};

static struct rdm_err *err_of(const struct sk_buff *skb)
{
	return (struct rdm_err *)skb->data;
}

/* An entry was read, or is not needed: its room is free. */
static void err_destruct(struct sk_buff *skb)
{
	struct sock *sk = skb->sk;
	bool asked = err_of(skb)->asked;

	spin_lock_bh(&sk->sk_receive_queue.lock);
	if (asked) {
		rdm_sk(sk)->note_used -= skb->truesize;
		rdm_snd_uncharge(sk, skb->truesize);
	} else {
		rdm_sk(sk)->err_used -= skb->truesize;
		rdm_mem_uncharge(sk, skb->truesize);
	}
	spin_unlock_bh(&sk->sk_receive_queue.lock);
	kfree(err_of(skb)->lack);
	if (asked)
		rdm_write_space(sk);
}

static struct sk_buff *err_alloc(const struct rdm_addr *to, gfp_t gfp)
{
	struct sk_buff *skb = alloc_skb(sizeof(struct rdm_err), gfp | __GFP_NOWARN);

	if (skb) {
		skb_put_zero(skb, sizeof(struct rdm_err));
		err_of(skb)->to = *to;
		memset(SKB_EXT_ERR(skb), 0, sizeof(struct sock_exterr_skb));
		SKB_EXT_ERR(skb)->ee.ee_origin = SO_EE_ORIGIN_LOCAL;
	}
	return skb;
}

/**
 * rdm_note_new() - the place for a message's outcome
 * @to: where the message goes
 * @cookie: the sender's
 *
 * Context: process.
 * Return: not charged yet, its truesize tells how much it will be; or NULL.
 */
struct sk_buff *rdm_note_new(const struct rdm_addr *to, u64 cookie)
{
	struct sk_buff *skb = err_alloc(to, GFP_KERNEL);

	if (skb) {
		err_of(skb)->asked = true;
		err_of(skb)->o.cookie = cookie;
		err_of(skb)->o.flags = RDM_OUTCOME_COOKIE;
	}
	return skb;
}

/**
 * rdm_note_charged() - from now on the place for an outcome is the socket's
 * @sk: the socket
 * @note: charged to sk_wmem_queued
 *
 * Context: sk_receive_queue.lock held.
 */
void rdm_note_charged(struct sock *sk, struct sk_buff *note)
{
	lockdep_assert_held(&sk->sk_receive_queue.lock);
	rdm_sk(sk)->note_used += note->truesize;
	note->sk = sk;
	note->destructor = err_destruct;
}

static bool notes_fit(const struct sock *sk)
{
	return READ_ONCE(rdm_sk(sk)->note_used) < READ_ONCE(sk->sk_sndbuf);
}

static bool note_take(struct sock *sk, struct sk_buff *note)
{
	bool ok;

	spin_lock_bh(&sk->sk_receive_queue.lock);
	ok = notes_fit(sk);
	if (ok) {
		/* if the limits refuse it, the allocation is in debt until the next one */
		sk_wmem_schedule(sk, note->truesize);
		sk_mem_charge(sk, note->truesize);
		sk->sk_wmem_queued += note->truesize;
		rdm_note_charged(sk, note);
	}
	spin_unlock_bh(&sk->sk_receive_queue.lock);
	return ok;
}

/**
 * rdm_note_take() - charge the place for a broadcast's outcome
 * @sk: the socket
 * @note: from rdm_note_new()
 * @timeo: how long to wait, jiffies; what is left of it
 *
 * What else is in the send buffer does not matter, for a broadcast has its room elsewhere; but
 * outcomes that nobody reads must not fill more than it.
 *
 * Context: process; may sleep.
 * Return: 0; -EAGAIN, or what a signal asks for, or an error of the socket.
 */
int rdm_note_take(struct sock *sk, struct sk_buff *note, long *timeo)
{
	DEFINE_WAIT(wait);

	while (!note_take(sk, note)) {
		if (!*timeo)
			return -EAGAIN;
		if (signal_pending(current))
			return sock_intr_errno(*timeo);
		sk_set_bit(SOCKWQ_ASYNC_NOSPACE, sk);
		prepare_to_wait(sk_sleep(sk), &wait, TASK_INTERRUPTIBLE);
		if (!notes_fit(sk) && !sk->sk_err && !(sk->sk_shutdown & SEND_SHUTDOWN))
			*timeo = schedule_timeout(*timeo);
		finish_wait(sk_sleep(sk), &wait);
		if (sk->sk_err)
			return sock_error(sk);
		if (sk->sk_shutdown & SEND_SHUTDOWN)
			return -EPIPE;
	}
	return 0;
}

/**
 * rdm_note_lack() - say which members lack a broadcast that failed
 * @note: the place for its outcome, charged
 * @lack: their addresses, from kmalloc(); consumed
 * @n: how many
 */
void rdm_note_lack(struct sk_buff *note, struct rdm_addr *lack, u8 n)
{
	err_of(note)->lack = lack;
	err_of(note)->nlack = n;
}

static void tell_lack(struct sock *sk, struct msghdr *msg, const struct rdm_err *e)
{
	struct __kernel_sockaddr_storage *ss;
	u8 i;

	ss = e->nlack ? kcalloc(e->nlack, sizeof(*ss), GFP_KERNEL) : NULL;
	if (!ss)
		return;
	for (i = 0; i < e->nlack; i++)
		rdm_addr_to_user(sk, &e->lack[i], &ss[i]);
	put_cmsg(msg, SOL_RDM, RDM_GROUP_LACK, e->nlack * sizeof(*ss), ss);
	kfree(ss);
}

static void queue(struct sock *sk, struct sk_buff *skb)
{
	SKB_EXT_ERR(skb)->ee.ee_errno = err_of(skb)->o.error;
	skb_queue_tail(&sk->sk_error_queue, skb);
}

/**
 * rdm_note_tell() - a message with a cookie has its outcome
 * @sk: the socket
 * @note: its place; consumed
 * @error: errno, 0 when it was acked
 * @fate: RDM_FATE_*
 * @len: of the message
 *
 * The caller wakes the user: sk_error_report().
 *
 * Context: any but hard interrupt, no socket's lock held.
 */
void rdm_note_tell(struct sock *sk, struct sk_buff *note, int error, u8 fate, u32 len)
{
	struct rdm_outcome *o = &err_of(note)->o;

	o->error = error;
	o->fate = fate;
	o->count = 1;
	o->bytes = len;
	if (sock_flag(sk, SOCK_DEAD))
		kfree_skb(note);
	else
		queue(sk, note);
}

static bool err_charge(struct sock *sk, struct sk_buff *skb, bool limit)
{
	struct rdm_sock *rsk = rdm_sk(sk);
	bool ok;

	spin_lock_bh(&sk->sk_receive_queue.lock);
	ok = (!limit || rsk->err_used + skb->truesize <= max(READ_ONCE(sk->sk_rcvbuf) / ERR_SHARE,
							     ERR_LEAST)) &&
	     !sock_flag(sk, SOCK_DEAD) && sk_wmem_schedule(sk, skb->truesize);
	if (ok) {
		sk_mem_charge(sk, skb->truesize);
		rsk->err_used += skb->truesize;
		skb->sk = sk;
		skb->destructor = err_destruct;
	}
	spin_unlock_bh(&sk->sk_receive_queue.lock);
	return ok;
}

/* No room: add it to what waits already and says the same. */
static bool merge(struct sock *sk, const struct rdm_addr *to, const struct rdm_outcome *o)
{
	struct sk_buff_head *q = &sk->sk_error_queue;
	int left = MERGE_LOOK;
	struct sk_buff *skb;
	unsigned long flags;
	bool found = false;

	spin_lock_irqsave(&q->lock, flags);
	skb_queue_reverse_walk(q, skb) {
		struct rdm_err *e = err_of(skb);

		if (!left--)
			break;
		if (!e->o.flags && e->o.error == o->error && e->o.fate == o->fate &&
		    rdm_addr_eq(&e->to, to)) {
			e->o.count += o->count;
			e->o.bytes += o->bytes;
			found = true;
			break;
		}
	}
	spin_unlock_irqrestore(&q->lock, flags);
	return found;
}

static bool tell(struct sock *sk, const struct rdm_addr *to, const struct rdm_outcome *o)
{
	struct sk_buff *skb = err_alloc(to, GFP_ATOMIC);

	if (!skb)
		return false;
	err_of(skb)->o = *o;
	/* there is one note of this kind for each peer at most */
	if (!err_charge(sk, skb, !(o->flags & RDM_OUTCOME_WRITABLE))) {
		kfree_skb(skb);
		return false;
	}
	queue(sk, skb);
	return true;
}

/**
 * rdm_report() - tell the user what became of messages without a cookie
 * @sk: the socket
 * @to: their destination
 * @o: what became of them; not that they were acked
 *
 * Context: any but hard interrupt, no socket's lock held.
 */
void rdm_report(struct sock *sk, const struct rdm_addr *to, const struct rdm_outcome *o)
{
	bool report = false;

	if (READ_ONCE(rdm_sk(sk)->notify) & RDM_NOTIFY_FAILED) {
		report = tell(sk, to, o);
		if (!report && !merge(sk, to, o)) {
			rdm_add(rdm_net_of(sock_net(sk)), ERR_LOST, o->count);
			atomic64_add(o->count, &rdm_sk(sk)->lost_outcomes);
		}
	}
	/* a connected socket speaks of one peer only: its calls tell too, as UDP's do */
	if (READ_ONCE(sk->sk_state) == TCP_ESTABLISHED && !rdm_sk(sk)->seat.over &&
	    rdm_addr_eq(&rdm_sk(sk)->remote, to)) {
		sk->sk_err = o->error;
		report = true;
	}
	if (report)
		sk_error_report(sk);
}

/**
 * rdm_report_writable() - a peer that had no room takes messages again
 * @peer: the peer, held
 *
 * Told once, until the user has read it.
 *
 * Context: any but hard interrupt, no socket's lock held.
 */
void rdm_report_writable(struct rdm_peer *peer)
{
	struct rdm_outcome o = { .flags = RDM_OUTCOME_WRITABLE };
	struct sock *sk = peer->sk;
	bool told;

	if (!(READ_ONCE(rdm_sk(sk)->notify) & RDM_NOTIFY_WRITABLE))
		return;
	spin_lock_bh(&sk->sk_receive_queue.lock);
	told = peer->told;
	peer->told = true;
	spin_unlock_bh(&sk->sk_receive_queue.lock);
	if (told)
		return;
	if (tell(sk, &peer->remote, &o))
		sk_error_report(sk);
	else
		atomic64_inc(&rdm_sk(sk)->lost_outcomes);
}

/* The user knows now: from here on it may be told again. */
static void writable_read(struct sock *sk, const struct rdm_addr *to)
{
	struct rdm_peer *peer;

	rcu_read_lock();
	peer = rdm_peer_find(sk, to);
	if (peer) {
		spin_lock_bh(&sk->sk_receive_queue.lock);
		peer->told = false;
		spin_unlock_bh(&sk->sk_receive_queue.lock);
	}
	rcu_read_unlock();
}

/**
 * rdm_recv_outcome() - recvmsg(MSG_ERRQUEUE)
 * @sk: the socket
 * @msg: receives the destination and a control message RDM_OUTCOME
 *
 * Context: process.
 * Return: 0, or -EAGAIN when there is nothing to tell.
 */
noinline int rdm_recv_outcome(struct sock *sk, struct msghdr *msg)
{
	struct sk_buff *skb = sock_dequeue_err_skb(sk);
	struct rdm_err *e;

	if (!skb)
		return -EAGAIN;
	e = err_of(skb);
	if (msg->msg_name)
		msg->msg_namelen = rdm_addr_to_user(sk, &e->to, msg->msg_name);
	if (e->o.flags & RDM_OUTCOME_WRITABLE)
		writable_read(sk, &e->to);
	put_cmsg(msg, SOL_RDM, RDM_OUTCOME, sizeof(e->o), &e->o);
	tell_lack(sk, msg, e);
	if (e->o.error && rdm_rx_wants(sk, RDM_RX_ERR | RDM_RX_ERR6))
		rdm_cmsg_error(sk, msg, &e->to, e->o.error);
	msg->msg_flags |= MSG_ERRQUEUE;
	kfree_skb(skb);
	return 0;
}
