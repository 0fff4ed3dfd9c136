// SPDX-License-Identifier: GPL-2.0
/*
 * rdm sendmsg: from the user's bytes to a message in an association's queue.
 * Reserve room (may block), copy with no lock held into the layout that goes
 * on the wire, enqueue under the association's lock, where the order is decided.
 * A fault or a signal before that gives the room back: nothing was accepted.
 */
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include "group.h"
#include "msg.h"
#include "peer.h"
#include "rdm.h"
#include "spare.h"

#define SEND_FLAGS	(MSG_DONTWAIT | MSG_NOSIGNAL | MSG_EOR | MSG_CONFIRM | MSG_BATCH | \
			 MSG_MORE | MSG_CMSG_COMPAT)
/* What a message takes on the wire beside its bytes, about */
#define MSG_WIRE	16
/* Fragments longer than this would need large runs of pages. */
#define STRIDE_MAX	(16384 - RDM_GAP)

/**
 * rdm_snd_writable() - what poll() says about sending
 * @sk: the socket
 *
 * Speaks for the socket: false when its buffer is full, and from a send that found no room
 * for its peer until that peer has room again or another send succeeds; but who asked for
 * RDM_NOTIFY_WRITABLE is told of each peer, and here of the buffer only.
 *
 * Return: true when it is worth to try.
 */
bool rdm_snd_writable(const struct sock *sk)
{
	const struct rdm_groups *gs = rdm_groups(sk);

	return READ_ONCE(sk->sk_wmem_queued) < READ_ONCE(sk->sk_sndbuf) &&
	       !(gs && READ_ONCE(gs->full)) &&
	       (!READ_ONCE(rdm_sk(sk)->blocked) ||
		READ_ONCE(rdm_sk(sk)->notify) & RDM_NOTIFY_WRITABLE);
}

/**
 * rdm_snd_pending() - does a message wait for its outcome?
 * @sk: the socket
 *
 * Return: true also while a message is being copied.
 */
bool rdm_snd_pending(const struct sock *sk)
{
	const struct rdm_sock *rsk = rdm_sk(sk);
	const struct rdm_groups *gs = rdm_groups(sk);

	return READ_ONCE(sk->sk_wmem_queued) > READ_ONCE(rsk->note_used) ||
	       (gs && READ_ONCE(gs->unstable));
}

/**
 * rdm_write_space() - messages left the send buffer
 * @sk: the socket
 */
void rdm_write_space(struct sock *sk)
{
	struct socket_wq *wq;

	rcu_read_lock();
	wq = rcu_dereference(sk->sk_wq);
	/* senders wait each for its own peer's share, so all of them look */
	if (skwq_has_sleeper(wq))
		wake_up_interruptible_poll(&wq->wait, EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND);
	if (rdm_snd_writable(sk))
		sk_wake_async(sk, SOCK_WAKE_SPACE, POLL_OUT);
	rcu_read_unlock();
}

/*
 * A peer may use as much as it leaves free, so a slow one never takes it all; and one
 * that has nothing queued may always queue one message.
 */
static bool may_reserve(const struct sock *sk, const struct rdm_peer *peer, u32 truesize)
{
	u64 used = sk->sk_wmem_queued, buf = READ_ONCE(sk->sk_sndbuf);

	if (!peer->snd_used)
		return used < 2 * buf;
	if (peer->snd_used >= peer->snd_limit && !(sk->sk_userlocks & SOCK_SNDBUF_LOCK))
		return false;
	return used + peer->snd_used + truesize <= buf;
}

/* A send found no room: remember for whom, so that users learn when there is. */
static void wait_for_room(struct rdm_sock *rsk, struct rdm_peer *peer, u32 size)
{
	/* with nothing of its own queued it waits for the socket as a whole */
	if (peer->snd_used)
		WRITE_ONCE(rsk->blocked, peer);
	peer->wanted = size;
	if (list_empty(&peer->waited))
		list_add_tail(&peer->waited, &rsk->waited);
}

static void no_wait(struct rdm_sock *rsk, struct rdm_peer *peer)
{
	if (rsk->blocked == peer)
		WRITE_ONCE(rsk->blocked, NULL);
	list_del_init(&peer->waited);
}

/*
 * Room for a message, and for its outcome if that is asked for. With @last the user is told
 * that there is none, and later when there is.
 */
static int try_reserve(struct sock *sk, struct rdm_peer *peer, u32 truesize, u32 len,
		       struct sk_buff *note, bool last)
{
	u32 size = truesize + (note ? note->truesize : 0);
	struct rdm_sock *rsk = rdm_sk(sk);
	int err = -EAGAIN;

	spin_lock_bh(&sk->sk_receive_queue.lock);
	if (may_reserve(sk, peer, size)) {
		err = -ENOBUFS;
		if (sk_wmem_schedule(sk, size)) {
			sk_mem_charge(sk, size);
			sk->sk_wmem_queued += size;
			rsk->tx_bytes += len;
			peer->snd_used += truesize;
			if (unlikely(note))
				rdm_note_charged(sk, note);
			err = 0;
			WRITE_ONCE(rsk->blocked, NULL);
			if (unlikely(!list_empty(&peer->waited)))
				no_wait(rsk, peer);
		}
	} else if (last) {
		wait_for_room(rsk, peer, size);
	}
	spin_unlock_bh(&sk->sk_receive_queue.lock);
	return err;
}

/* Is there a peer that has room again, and somebody waits for it? It is held. */
static struct rdm_peer *next_ready(struct sock *sk)
{
	struct rdm_peer *peer;

	lockdep_assert_held(&sk->sk_receive_queue.lock);
	list_for_each_entry(peer, &rdm_sk(sk)->waited, waited) {
		/* it may be on its way out, and tells then: rdm_snd_gone() */
		if (may_reserve(sk, peer, peer->wanted) && refcount_inc_not_zero(&peer->refs)) {
			no_wait(rdm_sk(sk), peer);
			return peer;
		}
	}
	return NULL;
}

static noinline void __tell_ready(struct sock *sk)
{
	struct rdm_peer *ready;

	while (!list_empty(&rdm_sk(sk)->waited) && (ready = next_ready(sk))) {
		spin_unlock_bh(&sk->sk_receive_queue.lock);
		rdm_report_writable(ready);
		rdm_peer_put(ready);
		spin_lock_bh(&sk->sk_receive_queue.lock);
	}
}

/* Who waits for room is told when there is. */
static void tell_ready(struct sock *sk)
{
	if (unlikely(!list_empty(&rdm_sk(sk)->waited)))
		__tell_ready(sk);
}

/**
 * rdm_snd_uncharge() - something leaves the send buffer
 * @sk: the socket, its sk_receive_queue.lock held with BH off; dropped and taken again when
 *	there is a peer to tell of
 * @truesize: of it
 */
void rdm_snd_uncharge(struct sock *sk, u32 truesize)
{
	sk->sk_wmem_queued -= truesize;
	rdm_mem_uncharge(sk, truesize);
	tell_ready(sk);
}

static void unreserve(struct sock *sk, struct rdm_peer *peer, u32 truesize, u32 len)
{
	spin_lock_bh(&sk->sk_receive_queue.lock);
	rdm_sk(sk)->tx_bytes -= len;
	peer->snd_used -= truesize;
	rdm_snd_uncharge(sk, truesize);
	spin_unlock_bh(&sk->sk_receive_queue.lock);
	rdm_write_space(sk);
}

/**
 * rdm_snd_resized() - the send buffer has another size (SO_SNDBUF)
 * @sk: the socket
 *
 * Context: process.
 */
void rdm_snd_resized(struct sock *sk)
{
	spin_lock_bh(&sk->sk_receive_queue.lock);
	tell_ready(sk);
	spin_unlock_bh(&sk->sk_receive_queue.lock);
	rdm_write_space(sk);
}

/**
 * rdm_snd_move() - a successor takes the place of a peer for which somebody waits
 * @from: the peer
 * @to: its successor, with the messages that it takes over
 *
 * Context: sk_receive_queue.lock held.
 */
void rdm_snd_move(struct rdm_peer *from, struct rdm_peer *to)
{
	struct rdm_sock *rsk = rdm_sk(from->sk);

	to->told = from->told;
	if (list_empty(&from->waited))
		return;
	to->wanted = from->wanted;
	list_add_tail(&to->waited, &rsk->waited);
	list_del_init(&from->waited);
	if (rsk->blocked == from)
		WRITE_ONCE(rsk->blocked, to);
}

/**
 * rdm_snd_gone() - an association ended without successor
 * @peer: the peer: who waits for room may send again, to a new one
 *
 * Context: any but hard interrupt, no lock held.
 */
void rdm_snd_gone(struct rdm_peer *peer)
{
	struct sock *sk = peer->sk;
	bool waited;

	spin_lock_bh(&sk->sk_receive_queue.lock);
	waited = !list_empty(&peer->waited);
	if (waited)
		no_wait(rdm_sk(sk), peer);
	spin_unlock_bh(&sk->sk_receive_queue.lock);
	if (waited) {
		rdm_report_writable(peer);
		rdm_write_space(sk);
	}
}

static int send_error(struct sock *sk, int flags)
{
	if (sk->sk_err)
		return sock_error(sk);
	if (sk->sk_shutdown & SEND_SHUTDOWN) {
		if (!(flags & MSG_NOSIGNAL))
			send_sig(SIGPIPE, current, 0);
		return -EPIPE;
	}
	return READ_ONCE(sk->sk_state) == TCP_LISTEN ? -ENOTCONN : 0;
}

/* There was no room: wait for it, if the user wants that. */
static noinline int reserve_wait(struct sock *sk, struct rdm_peer *peer, u32 truesize, u32 len,
				 struct sk_buff *note, u32 deadline_ms, int flags)
{
	long timeo = sock_sndtimeo(sk, flags & MSG_DONTWAIT);
	u32 size = truesize + (note ? note->truesize : 0);
	DEFINE_WAIT(wait);
	bool late = false;
	int err;

	if (timeo && deadline_ms) {
		long most = msecs_to_jiffies(deadline_ms) + 1;

		late = most < timeo;
		timeo = min(timeo, most);
	}
	for (;;) {
		err = try_reserve(sk, peer, truesize, len, note, !timeo);
		if (err != -EAGAIN)
			return err;
		if (!timeo)
			return late ? -ETIME : -EAGAIN;
		if (signal_pending(current))
			return sock_intr_errno(timeo);
		sk_set_bit(SOCKWQ_ASYNC_NOSPACE, sk);
		prepare_to_wait(sk_sleep(sk), &wait, TASK_INTERRUPTIBLE);
		if (!may_reserve(sk, peer, size) && !sk->sk_err &&
		    !(sk->sk_shutdown & SEND_SHUTDOWN))
			timeo = schedule_timeout(timeo);
		finish_wait(sk_sleep(sk), &wait);
		err = send_error(sk, flags);
		if (err)
			return err;
	}
}

static void free_blocks(struct rdm_msg *m)
{
	if (m->blocks != &m->one)
		kvfree(m->blocks);
}

static void drop_pages(struct rdm_msg *m)
{
	u16 i;

	if (unlikely(m->body))
		rdm_gmsg_over(m);
	if (!m->nblocks)
		return;
	for (i = 0; i < m->nblocks; i++)
		put_page(m->blocks[i].page);
	free_blocks(m);
	m->blocks = NULL;
	m->nblocks = 0;
}

/* SIOCOUTQ counts a broadcast, not the messages that carry it. */
static u32 counted(const struct rdm_peer *peer, const struct rdm_msg *m)
{
	return likely(peer->channel == RDM_CHANNEL_USER) ? m->t.len : 0;
}

/**
 * rdm_msg_release() - a message goes that was not accepted: give back what it holds
 * @peer: its peer
 * @m: the message; the record itself stays
 */
void rdm_msg_release(struct rdm_peer *peer, struct rdm_msg *m)
{
	drop_pages(m);
	unreserve(peer->sk, peer, m->truesize, counted(peer, m));
}

/*
 * The window counts what goes over the wire, the send buffer the memory that holds it: what
 * is queued, and what had its outcome now, tell how much there is of one for the other.
 */
static void follow_window(struct rdm_peer *peer, u32 done_memory, u64 done_wire)
{
	u64 backlog = rdm_cong_backlog(&peer->a.hot->cong, peer->a.rtt.srtt);
	const struct rdm_txq *q = &peer->a.txq;
	u64 memory, wire;

	lockdep_assert_held(&peer->sk->sk_receive_queue.lock);
	memory = (u64)peer->snd_used + done_memory;
	wire = q->bytes + q->n * MSG_WIRE + done_wire;
	peer->snd_limit = min_t(u64, div64_u64(backlog * memory, wire), U32_MAX);
}

/**
 * rdm_msgs_release() - messages have their outcome: give back what they hold
 * @peer: their peer
 * @done: messages by rdm_msg.t.done, at least one; the records themselves stay
 *
 * Context: BH off, peer locked.
 */
void rdm_msgs_release(struct rdm_peer *peer, struct list_head *done)
{
	struct sock *sk = peer->sk;
	u32 truesize = 0;
	struct rdm_msg *m;
	u64 len = 0, wire = 0;

	list_for_each_entry(m, done, t.done) {
		drop_pages(m);
		truesize += m->truesize;
		len += counted(peer, m);
		wire += m->t.len + MSG_WIRE;
	}
	/* rdm_snd_uncharge() may drop it, and with it turns BH on and off */
	spin_lock_bh(&sk->sk_receive_queue.lock);
	rdm_sk(sk)->tx_bytes -= len;
	peer->snd_used -= truesize;
	if (peer->a.hot)
		follow_window(peer, truesize, wire);
	rdm_snd_uncharge(sk, truesize);
	spin_unlock_bh(&sk->sk_receive_queue.lock);
}

/**
 * rdm_msg_free() - nothing points at a message any more
 * @m: the message, released
 */
void rdm_msg_free(struct rdm_msg *m)
{
	/* never accepted, or of a socket that was closed */
	if (unlikely(m->note))
		kfree_skb(m->note);
	if (likely(m->cached))
		rdm_spare_free(rdm_msg_cache, RDM_SPARE_MSG, m);
	else
		kfree(m);
}

/**
 * rdm_msg_alloc() - a record
 * @room: bytes behind it: for a short message, or for the bits of a long one
 * @gfp: how
 *
 * Return: it, uninitialised but for @cached and @note, for rdm_msg_free(); or NULL.
 */
struct rdm_msg *rdm_msg_alloc(u32 room, gfp_t gfp)
{
	bool cached = room <= RDM_INLINE_MAX;
	struct rdm_msg *m;

	m = likely(cached) ? rdm_spare_alloc(rdm_msg_cache, RDM_SPARE_MSG, gfp) :
			     kmalloc(sizeof(*m) + room, gfp);
	if (likely(m)) {
		m->cached = cached;
		m->note = NULL;
	}
	return m;
}

/* Copy the user's bytes into pages, fragment by fragment, each behind its gap. */
static int fill_pages(struct rdm_msg *m, struct iov_iter *from)
{
	u32 stride = m->layout_stride, gap = m->gap, left = m->t.len;
	bool pads = m->t.pads;
	u16 frag = 0, i;

	m->blocks = &m->one;
	if (m->t.nfrags > 1)
		m->blocks = kvmalloc_array(m->t.nfrags, sizeof(*m->blocks), GFP_KERNEL);
	if (!m->blocks)
		return -ENOMEM;
	while (left) {
		u32 need = gap + (pads ? stride : min(left, stride)), room;
		struct page_frag own = {}, *pf;
		struct rdm_block *b;

		pf = rdm_page_room(&own, need);
		if (!pf)
			goto err_mem;
		b = &m->blocks[m->nblocks++];
		b->page = pf->page;
		b->off = pf->offset;
		b->first = frag;
		b->n = 0;
		if (pf != &own)
			get_page(pf->page);
		room = pf->size - pf->offset;
		/* hardened usercopy looks at the block, not at each fragment */
		check_object_size(page_address(pf->page) + pf->offset,
				  min(room, left + DIV_ROUND_UP(left, stride) * gap), false);
		while (left && room >= gap + (pads ? stride : min(left, stride))) {
			u32 n = min(left, stride), taken = gap + (pads ? stride : n);
			u8 *p = page_address(pf->page) + pf->offset;

			if (_copy_from_iter(p + gap, n, from) != n)
				goto err_fault;
			if (unlikely(n < taken - gap))
				memset(p + gap + n, 0, taken - gap - n);
			pf->offset += taken;
			room -= taken;
			left -= n;
			b->n++;
			frag++;
		}
	}
	return 0;

err_fault:
	for (i = 0; i < m->nblocks; i++)
		put_page(m->blocks[i].page);
	free_blocks(m);
	return -EFAULT;
err_mem:
	for (i = 0; i < m->nblocks; i++)
		put_page(m->blocks[i].page);
	free_blocks(m);
	return -ENOMEM;
}

static struct rdm_msg *msg_make(struct msghdr *msg, u32 len, u32 stride, u32 truesize)
{
	u32 nbits = len > RDM_MIN_STRIDE ? DIV_ROUND_UP(len, RDM_MIN_STRIDE) : 0;
	u32 bits = BITS_TO_LONGS(nbits) * sizeof(long);
	u32 inl = len <= RDM_INLINE_MAX ? len : 0;
	struct rdm_msg *m;
	int err;

	m = rdm_msg_alloc(bits + inl, GFP_KERNEL);
	if (!m)
		return ERR_PTR(-ENOMEM);
	m->truesize = truesize;
	m->nblocks = 0;
	m->blocks = NULL;
	m->data = NULL;
	m->body = NULL;
	if (bits)
		memset(m + 1, 0, bits);
	rdm_txmsg_init(&m->t, len, stride, bits ? (unsigned long *)(m + 1) : NULL);
	if (len <= RDM_INLINE_MAX) {
		m->layout_stride = len;
		m->data = (u8 *)(m + 1);
		err = copy_from_iter_full(m->data, len, &msg->msg_iter) ? 0 : -EFAULT;
	} else {
		m->layout_stride = min(len, stride);
		m->gap = m->t.nfrags > 1 ? RDM_GAP : RDM_HDR_LEN + RDM_MSG_LEN;
		m->t.solo = true;
		m->t.laid = true;
		m->t.pads = rdm_msg_pads(&m->t);
		err = fill_pages(m, &msg->msg_iter);
	}
	if (err) {
		rdm_msg_free(m);
		return ERR_PTR(err);
	}
	return m;
}

/**
 * rdm_snd_take() - charge a message of ours, whatever is in the send buffer
 * @peer: its peer
 * @truesize: of it
 *
 * Context: BH off, no queue's lock held.
 */
void rdm_snd_take(struct rdm_peer *peer, u32 truesize)
{
	struct sock *sk = peer->sk;

	spin_lock(&sk->sk_receive_queue.lock);
	/* if the limits refuse it, the allocation is in debt until the next one */
	sk_wmem_schedule(sk, truesize);
	sk_mem_charge(sk, truesize);
	sk->sk_wmem_queued += truesize;
	peer->snd_used += truesize;
	spin_unlock(&sk->sk_receive_queue.lock);
}

/**
 * rdm_msg_stride() - how a message is cut
 * @len: its length
 * @mtu: of its association
 *
 * A message longer than one packet is cut; a shorter one goes whole. What fits in one
 * packet with the short header must not be cut. The last fragment is hardly shorter than the
 * others, so that another message can follow it in a super-packet.
 *
 * Return: bytes of each fragment but the last.
 */
u32 rdm_msg_stride(u32 len, u32 mtu)
{
	u32 stride = min_t(u32, mtu - RDM_GAP, STRIDE_MAX);

	if (len <= mtu - RDM_HDR_LEN - RDM_MSG_LEN && len <= STRIDE_MAX)
		return max(len, 1U);
	return max_t(u32, DIV_ROUND_UP(len, DIV_ROUND_UP(len, stride)),
		     min_t(u32, stride, RDM_MIN_STRIDE));
}

/* Accept the message: from here on it has an outcome. */
static inline int enqueue(struct sock *sk, struct rdm_peer *peer, const struct rdm_addr *to,
			  struct rdm_msg *m)
{
	struct rdm_xmitq xmitq;
	struct rdm_out out;
	u64 now;

	rdm_xmitq_init(&xmitq);
	rdm_out_init(&out);
	for (;;) {
		struct rdm_peer *old = peer;

		spin_lock_bh(&peer->lock);
		if (likely(peer->a.state != RDM_ASSOC_CLOSED))
			break;
		/* it ended while we copied: the message goes to its successor */
		spin_unlock_bh(&peer->lock);
		peer = rdm_peer_get(sk, to, &old->local, GFP_KERNEL);
		if (IS_ERR(peer)) {
			rdm_msg_release(old, m);
			rdm_msg_free(m);
			rdm_peer_put(old);
			return PTR_ERR(peer);
		}
		spin_lock_bh(&sk->sk_receive_queue.lock);
		old->snd_used -= m->truesize;
		peer->snd_used += m->truesize;
		spin_unlock_bh(&sk->sk_receive_queue.lock);
		rdm_peer_put(old);
	}
	now = rdm_now();
	rdm_inc(peer->rn, OUT_MSGS);
	rdm_assoc_push(&peer->a, now, &m->t, &out);
	if (peer->a.state == RDM_ASSOC_IDLE) {
		rdm_inc(peer->rn, ASSOC_OPENED);
		rdm_assoc_open(&peer->a, now, &out);
	}
	rdm_output(peer, now, &xmitq, &out);
	__rdm_peer_unlock(peer, now, &out, &xmitq);
	local_bh_enable();
	rdm_peer_put(peer);
	return 0;
}

static int destination(struct sock *sk, struct msghdr *msg, struct rdm_addr *to)
{
	int err;

	if (!msg->msg_name) {
		if (READ_ONCE(sk->sk_state) != TCP_ESTABLISHED)
			return -EDESTADDRREQ;
		*to = rdm_sk(sk)->remote;
		return 0;
	}
	err = rdm_addr_from_user(to, sk, msg->msg_name, msg->msg_namelen);
	/* as UDP: sendto() and connect() differ here for IPv6 */
	if (err == -EAFNOSUPPORT && sk->sk_family == AF_INET6)
		return -EINVAL;
	if (err)
		return err;
	if (!to->port)
		return -EINVAL;
	if (unlikely(rdm_is_member(sk)))
		return 0;
	err = rdm_addr_unicast(sk, to);
	if (!err && rdm_sk(sk)->seat.child && !rdm_addr_eq(to, &rdm_sk(sk)->remote))
		return -EISCONN;
	return err;
}

/**
 * rdm_sendmsg() - the system call
 * @sock: the socket
 * @msg: destination, flags, bytes
 * @len: how many bytes
 *
 * Context: process; may sleep.
 * Return: @len, or a negative errno: then nothing was accepted.
 */
int rdm_sendmsg(struct socket *sock, struct msghdr *msg, size_t len)
{
	struct sock *sk = sock->sk;
	struct rdm_tunnel *t = READ_ONCE(rdm_sk(sk)->tunnel);
	int flags = msg->msg_flags, err;
	struct rdm_sendopts opts = {};
	struct sk_buff *note = NULL;
	struct rdm_peer *peer;
	struct rdm_addr to;
	struct rdm_net *rn;
	struct rdm_msg *m;
	u32 stride, truesize;
	u64 deadline = 0;

	if (flags & ~SEND_FLAGS)
		return -EOPNOTSUPP;
	err = send_error(sk, flags);
	if (err)
		return err;
	rn = likely(t) ? t->rn : rdm_net_of(sock_net(sk));
	if (len > READ_ONCE(rn->tun.max_msg))
		return -EMSGSIZE;
	opts.mode = READ_ONCE(rdm_sk(sk)->mode);
	opts.deadline_ms = READ_ONCE(rdm_sk(sk)->deadline_ms);
	if (msg->msg_controllen) {
		err = rdm_cmsg_send(sk, msg, &opts);
		if (err)
			return err;
	}
	err = destination(sk, msg, &to);
	if (err)
		return err;
	if (unlikely(rdm_is_member(sk))) {
		err = rdm_group_sendmsg(sk, msg, len, &to, &opts);
		if (err != -ENOENT)
			return err;
		err = rdm_addr_unicast(sk, &to);
		if (!err)
			err = rdm_group_order(sk, &to, sock_sndtimeo(sk, flags & MSG_DONTWAIT));
		if (err)
			return err;
	}
	if (opts.deadline_ms)
		deadline = rdm_now() + opts.deadline_ms * (u64)NSEC_PER_MSEC;
	if (unlikely(!t)) {
		err = rdm_autobind(sk);
		if (err)
			return err;
	}

	if (unlikely(opts.named)) {
		err = rdm_cmsg_source(sk, &opts.from, &to);
		if (err)
			return err;
	}
	peer = rdm_peer_get(sk, &to, opts.named ? &opts.from : NULL, GFP_KERNEL);
	if (IS_ERR(peer))
		return PTR_ERR(peer);
	if (unlikely(opts.named)) {
		err = rdm_route_by(peer, &opts.from);
		if (err)
			goto err_put;
	}
	if (unlikely(flags & MSG_CONFIRM))
		rdm_route_confirm(peer);
	err = -EMSGSIZE;
	if (READ_ONCE(peer->a.peer_max_msg) && len > READ_ONCE(peer->a.peer_max_msg))
		goto err_put;
	stride = rdm_msg_stride(len, READ_ONCE(peer->a.mtu));
	/* with what may stand behind the last fragment */
	truesize = SKB_TRUESIZE(sizeof(*m)) + len + DIV_ROUND_UP(len, stride) * (RDM_GAP + 1);
	if (unlikely(opts.ask)) {
		err = -ENOMEM;
		note = rdm_note_new(&to, opts.cookie);
		if (!note)
			goto err_put;
	}
	err = try_reserve(sk, peer, truesize, len, note, false);
	if (unlikely(err == -EAGAIN))
		err = reserve_wait(sk, peer, truesize, len, note, opts.deadline_ms, flags);
	if (err)
		goto err_note;
	m = msg_make(msg, len, stride, truesize);
	if (IS_ERR(m)) {
		err = PTR_ERR(m);
		unreserve(sk, peer, truesize, len);
		goto err_note;
	}
	m->note = note;
	m->t.mode = opts.mode;
	/* MSG_BATCH: not the last of a sendmmsg() */
	m->t.more = flags & (MSG_MORE | MSG_BATCH);
	m->t.deadline = deadline;
	err = enqueue(sk, peer, &to, m);
	return err ?: len;

err_note:
	kfree_skb(note);
err_put:
	rdm_peer_put(peer);
	return err;
}
