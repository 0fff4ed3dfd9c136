// SPDX-License-Identifier: GPL-2.0
/*
 * rdm group: the groups that sockets have joined: their lives, and the one way in
 * which every call of a core ends. The core (groupcore.h) decides, groupio.c
 * carries bytes, groupframe.c takes what comes, groupopt.c speaks with the user.
 */
#include <linux/random.h>
#include <linux/sched/signal.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <net/proto_memory.h>

#include "group.h"
#include "option.h"

/* A leaving member waits so long at most for the others to have its broadcasts. */
#define LINGER		(30ULL * NSEC_PER_SEC)
/* A broadcast that comes so soon after the one before is of a burst; its copies wait so long. */
#define BURST_GAP	(2 * RDM_HOLD)
#define WAIT_MIN	(4 * RDM_HOLD)

/* What a call of a core leaves to be done without the lock. */
struct todo {
	struct list_head msgs;	/* struct rdm_msg, by t.node */
	u32 copies;		/* broadcasts among them that go for the first time */
	u32 wait;		/* these may wait so long for others, ns */
	u8 announce[RDM_GF_ANNOUNCE_LEN];
	u32 announce_len;
	bool over;
};

/**
 * rdm_groups_make() - a socket asks for something of groups
 * @sk: the socket, locked
 *
 * Return: what it has from now on, or NULL.
 */
struct rdm_groups *rdm_groups_make(struct sock *sk)
{
	struct rdm_groups *gs = rdm_groups(sk);

	if (gs)
		return gs;
	gs = kzalloc(sizeof(*gs), GFP_KERNEL_ACCOUNT);
	if (!gs)
		return NULL;
	spin_lock_init(&gs->lock);
	INIT_LIST_HEAD(&gs->list);
	gs->min = 1;
	gs->suspect_ms = 1000;
	gs->window = 1 << 20;
	/* who finds it finds it made: see rdm_groups() */
	smp_store_release(&rdm_sk(sk)->groups, gs);
	return gs;
}

/**
 * rdm_groups_free() - a socket goes
 * @sk: the socket; nobody uses it any more
 */
void rdm_groups_free(struct sock *sk)
{
	WARN_ON_ONCE(rdm_is_member(sk));
	kfree(rdm_sk(sk)->groups);
}

/**
 * rdm_group_id() - the same number everywhere for the same address and port
 * @name: address and port
 *
 * Return: it.
 */
u64 rdm_group_id(const struct rdm_addr *name)
{
	static const siphash_key_t key = { { 0x72646d2d67726f75ULL, 0x70732d69642d3031ULL } };
	struct {
		struct in6_addr ip;
		__be16 port;
		u8 zero[6];
	} __aligned(SIPHASH_ALIGNMENT) in = { .ip = name->ip, .port = name->port };

	return siphash(&in, sizeof(in), &key);
}

static void free_rcu_group(struct rcu_head *head)
{
	struct rdm_group *g = container_of(head, struct rdm_group, rcu);

	kvfree(g->gc);
	kfree(g->list);
	kfree(g);
}

/**
 * rdm_group_put() - drop a reference
 * @g: the group
 */
void rdm_group_put(struct rdm_group *g)
{
	if (!refcount_dec_and_test(&g->refs))
		return;
	if (g->spare)
		kmem_cache_free(rdm_rec_cache, g->spare);
	sock_put(g->sk);
	call_rcu(&g->rcu, free_rcu_group);
}

static bool wants_events(const struct rdm_group *g)
{
	return READ_ONCE(rdm_groups(g->sk)->rx) & RDM_RX_GROUP_EVENTS;
}

static bool loops_back(const struct sock *sk)
{
	return sk->sk_family == AF_INET6 ? inet6_test_bit(MC6_LOOP, sk) :
					   inet_test_bit(MC_LOOP, sk);
}

static void read_event(struct rdm_group *g, const struct rdm_gevent *ev)
{
	static const u8 events[RDM_GI__NR] = {
		[RDM_GI_LEFT] = RDM_GROUP_LEFT,
		[RDM_GI_EXPELLED] = RDM_GROUP_EXPELLED,
		[RDM_GI_JOINED] = RDM_GROUP_JOINED,
		[RDM_GI_VIEW] = RDM_GROUP_VIEW,
		[RDM_GI_SUSPECTED] = RDM_GROUP_SUSPECT,
		[RDM_GI_TRUSTED] = RDM_GROUP_TRUST,
		[RDM_GI_BLOCKED] = RDM_GROUP_BLOCK,
		[RDM_GI_UNBLOCKED] = RDM_GROUP_UNBLOCK,
		[RDM_GI_OVER] = RDM_GROUP_OVER,
	};
	struct rdm_gread *r = rdm_gread(g->spare);

	r->group = g;
	refcount_inc(&g->refs);
	rdm_gaddr_to(&r->name, &ev->who.at);
	r->lineage = ev->lineage;
	r->view = ev->view;
	r->incarnation = ev->who.inc;
	r->seq = ev->cut;
	r->event = events[ev->item.type];
	r->members = ev->n;
}

/* Broadcasts go into the user's queue together. */
static void deliver_data(struct rdm_group *g, u64 now, struct list_head *recs)
{
	struct rdm_rec *rec, *tmp;

	if (list_empty(recs) || rdm_rcv_queue(g->sk, recs))
		return;
	/* closed at this moment */
	list_for_each_entry_safe(rec, tmp, recs, node) {
		list_del(&rec->node);
		rdm_gc_consumed(g->gc, now, &rdm_grec_body(rec)->m);
		rdm_rec_free(rec);
	}
}

/*
 * Give the user what is ready. Under the lock: two CPUs must not change its order. Without
 * memory for an event it waits in the core, until something happens next.
 */
static void deliver_ready(struct rdm_group *g, u64 now)
{
	struct rdm_gitem *item;
	struct rdm_rec *rec;
	struct rdm_gmsg *m;
	LIST_HEAD(recs);

	for (;;) {
		if (!g->spare)
			g->spare = rdm_grec_new();
		item = g->spare ? rdm_gc_ready(g->gc) : NULL;
		if (!item)
			break;
		m = item->type == RDM_GI_DATA ? container_of(item, struct rdm_gmsg, item) : NULL;
		if (m) {
			rdm_inc(g->rn, GROUP_DELIVERED);
			if (g->closed || (m->own && !loops_back(g->sk))) {
				rdm_gc_consumed(g->gc, now, m);
				continue;
			}
			refcount_inc(&rdm_gbody_of(m)->refs);
			rec = rdm_gbody_rec(rdm_gbody_of(m));
			if (unlikely(rdm_rx_wants_stamp(g->sk)))
				rec->stamp = ktime_get_real();
			list_add_tail(&rec->node, &recs);
			continue;
		} else {
			struct rdm_gevent *ev = container_of(item, struct rdm_gevent, item);

			if (item->type == RDM_GI_VIEW)
				rdm_inc(g->rn, GROUP_VIEWS);
			if (item->type == RDM_GI_EXPELLED)
				rdm_inc(g->rn, GROUP_EXPELLED);
			if (!wants_events(g) || (g->closed && item->type != RDM_GI_OVER))
				continue;
			read_event(g, ev);
		}
		deliver_data(g, now, &recs);
		/* false: closed at this moment */
		if (!rdm_rcv_put(g->sk, g->spare))
			rdm_rec_free(g->spare);
		g->spare = NULL;
	}
	deliver_data(g, now, &recs);
}

static void collect(struct rdm_group *g, u64 now, struct todo *todo)
{
	struct rdm_gplan *plan = &g->plan;
	struct rdm_gbody *b;
	struct rdm_msg *msg;

	while (rdm_gc_next(g->gc, now, plan)) {
		if (plan->kind == RDM_GP_ANNOUNCE) {
			todo->announce_len = min_t(u32, plan->len, sizeof(todo->announce));
			memcpy(todo->announce, plan->head, todo->announce_len);
			continue;
		}
		b = plan->kind == RDM_GP_DATA ? rdm_gbody_of(plan->msg) : NULL;
		msg = !b || rdm_gbody_gather(b) ? rdm_gmsg_make(plan, b) : NULL;
		if (!msg) {
			rdm_inc(g->rn, GROUP_LOST);
			if (b && b->m.cast)
				rdm_gc_carried(g->gc, &b->m, 0, BIT_ULL(plan->rank));
			continue;
		}
		list_add_tail(&msg->t.node, &todo->msgs);
		if (!b)
			continue;
		todo->copies += !plan->again;
		if (!plan->again)
			rdm_inc(g->rn, GROUP_COPIES);
		else if (b->m.own)
			rdm_inc(g->rn, GROUP_REPAIRED);
		else
			rdm_inc(g->rn, GROUP_RELAYED);
	}
	/*
	 * In a burst each member gets its next copy only after all others got theirs: its
	 * association sees no burst, and copies wait longer until as many are there.
	 */
	if (g->burst)
		todo->wait = clamp_t(u64, RDM_HOLD * todo->copies, WAIT_MIN, RDM_HOLD_MORE);
}

static void arm(struct rdm_group *g, u64 now)
{
	u64 at = rdm_gc_deadline(g->gc);

	if (!g->spare)
		at = min(at, now + NSEC_PER_SEC / 20);
	if (at == g->armed || at == U64_MAX || g->over)
		return;
	g->armed = at;
	at = at > now ? at - now : 0;
	if (!mod_timer(&g->timer, jiffies + nsecs_to_jiffies(at) + 1))
		refcount_inc(&g->refs);
}

/**
 * rdm_group_enter() - begin to call a core
 * @g: the group
 *
 * Return: false when it has ended: then call rdm_group_skip() only.
 */
bool rdm_group_enter(struct rdm_group *g)
	__acquires(&rdm_groups(g->sk)->lock)
{
	spin_lock_bh(&rdm_groups(g->sk)->lock);
	return !g->over;
}

static void tell_work(struct work_struct *work)
{
	struct rdm_group *g = container_of(work, struct rdm_group, tell);

	if (rdm_group_enter(g)) {
		rdm_group_hear(g);
		rdm_group_done(g, rdm_now());
	} else {
		rdm_group_hear(g);
		rdm_group_skip(g);
	}
	rdm_group_put(g);
}

static bool is_idle(const struct rdm_group *g)
{
	struct rdm_gc_info info;

	rdm_gc_info(g->gc, &info);
	return info.state == RDM_GC_IDLE;
}

/**
 * rdm_group_done() - how every call of a core ends
 * @g: the group, entered
 * @now: ns
 *
 * What the core has ready is taken, in the order that it asks for, and what it wants to send
 * leaves after the lock is dropped.
 *
 * Context: any but hard interrupt, no other lock held.
 */
void rdm_group_done(struct rdm_group *g, u64 now)
	__releases(&rdm_groups(g->sk)->lock)
{
	struct rdm_groups *gs = rdm_groups(g->sk);
	struct todo todo __uninitialized;
	struct rdm_msg *msg, *tmp;
	struct rdm_gmsg *m;
	bool full, changed, open;
	u32 freed = 0;
	u64 stable;

	lockdep_assert_held(&gs->lock);
	INIT_LIST_HEAD(&todo.msgs);
	todo.copies = 0;
	todo.wait = 0;
	todo.announce_len = 0;
	if (rdm_gc_gives(g->gc) || unlikely(!g->spare)) {
		deliver_ready(g, now);
		rdm_group_outcomes(g);
		while ((m = rdm_gc_freed(g->gc)))
			freed += rdm_gbody_unref(rdm_gbody_of(m));
		if (freed)
			rdm_gbody_uncharge(g->sk, freed);
	}
	if (rdm_gc_sends(g->gc))
		collect(g, now, &todo);
	g->burst = false;
	todo.over = !g->over && g->closed && is_idle(g);
	if (todo.over)
		g->over = true;
	arm(g, now);
	open = rdm_gc_open(g->gc);
	stable = rdm_gc_stable(g->gc);
	changed = open != g->open || stable != g->stable || g->norder || g->ask;
	g->open = open;
	g->ask = false;
	g->stable = stable;
	if (changed || todo.over)
		g->kicks++;
	full = gs->full && changed;
	if (full)
		gs->full = false;
	spin_unlock_bh(&gs->lock);

	list_for_each_entry_safe(msg, tmp, &todo.msgs, t.node) {
		bool last = list_is_last(&msg->t.node, &todo.msgs);

		__list_del_clearprev(&msg->t.node);
		rdm_gmsg_push(g, msg, todo.wait, now);
		if (!last)
			now = rdm_now();
	}
	if (todo.copies)
		WRITE_ONCE(g->sent_at, now);
	if (todo.announce_len)
		rdm_group_announce(g, todo.announce, todo.announce_len);
	if (full || changed || todo.over)
		rdm_write_space(g->sk);
	if (todo.over)
		queue_work(rdm_wq, &g->work);
}

/**
 * rdm_group_skip() - the core was not called after all
 * @g: the group
 */
void rdm_group_skip(struct rdm_group *g)
	__releases(&rdm_groups(g->sk)->lock)
{
	spin_unlock_bh(&rdm_groups(g->sk)->lock);
}

static void fired(struct timer_list *t)
{
	struct rdm_group *g = container_of(t, struct rdm_group, timer);
	u64 now = rdm_now();

	if (rdm_group_enter(g)) {
		g->armed = U64_MAX;
		rdm_gc_timer(g->gc, now);
		rdm_group_done(g, now);
	} else {
		rdm_group_skip(g);
	}
	rdm_group_put(g);
}

/* The last of a group: the socket is not a member of it any more. */
static void end_work(struct work_struct *work)
{
	struct rdm_group *g = container_of(work, struct rdm_group, work);
	struct rdm_groups *gs = rdm_groups(g->sk);
	struct rdm_net *rn = g->rn;
	struct sock *sk = g->sk;
	bool last;

	if (timer_delete_sync(&g->timer))
		rdm_group_put(g);
	rdm_group_listen(g, false);
	spin_lock_bh(&gs->lock);
	list_del_rcu(&g->node);
	spin_unlock_bh(&gs->lock);
	spin_lock_bh(&rn->hash_lock);
	last = !--gs->n && rdm_sk(sk)->closed;
	spin_unlock_bh(&rn->hash_lock);
	if (last) {
		/* what is on its way still is of no use any more */
		rdm_peer_orphan_all(sk, true);
		rdm_sock_peer_gone(sk);
	}
	rdm_group_put(g);
}

/**
 * rdm_group_alloc() - a group that a socket is about to join
 * @sk: the socket, bound and locked, with rdm_groups_make()
 * @name: its address and port
 * @ifindex: device, or 0
 * @nlist: room for so many members to look for
 *
 * Return: with one reference, or NULL.
 */
struct rdm_group *rdm_group_alloc(struct sock *sk, const struct rdm_addr *name, int ifindex,
				  u8 nlist)
{
	struct rdm_group *g = kzalloc(sizeof(*g), GFP_KERNEL_ACCOUNT);

	if (!g)
		return NULL;
	g->gc = kvzalloc(rdm_gc_size(RDM_GROUP_MAX), GFP_KERNEL_ACCOUNT);
	g->list = nlist ? kcalloc(nlist, sizeof(*g->list), GFP_KERNEL_ACCOUNT) : NULL;
	if (!g->gc || (nlist && !g->list)) {
		kvfree(g->gc);
		kfree(g->list);
		kfree(g);
		return NULL;
	}
	refcount_set(&g->refs, 1);
	g->armed = U64_MAX;
	g->sk = sk;
	sock_hold(sk);
	g->rn = rdm_net_of(sock_net(sk));
	g->name = *name;
	g->id = rdm_group_id(name);
	g->ifindex = ifindex;
	timer_setup(&g->timer, fired, 0);
	INIT_WORK(&g->work, end_work);
	INIT_WORK(&g->tell, tell_work);
	init_llist_head(&g->told);
	return g;
}

static struct rdm_group *find(struct rdm_groups *gs, u64 id)
{
	struct rdm_group *g;

	lockdep_assert_held(&gs->lock);
	list_for_each_entry(g, &gs->list, node)
		if (g->id == id)
			return g;
	return NULL;
}

/**
 * rdm_group_by_id() - a group that a socket has joined, by what the wire calls it
 * @sk: the socket
 * @id: rdm_group_id()
 *
 * Return: the group, held, perhaps one that is being left; or NULL.
 */
struct rdm_group *rdm_group_by_id(struct sock *sk, u64 id)
{
	struct rdm_groups *gs = rdm_groups(sk);
	struct rdm_group *g, *found = NULL;

	if (!gs)
		return NULL;
	rcu_read_lock();
	list_for_each_entry_rcu(g, &gs->list, node) {
		if (g->id == id && refcount_inc_not_zero(&g->refs)) {
			found = g;
			break;
		}
	}
	rcu_read_unlock();
	return found;
}

/**
 * rdm_group_nth() - each of a socket's groups in turn
 * @sk: the socket
 * @n: which
 *
 * Return: the group, held, or NULL.
 */
struct rdm_group *rdm_group_nth(struct sock *sk, u32 n)
{
	struct rdm_groups *gs = rdm_groups(sk);
	struct rdm_group *g, *found = NULL;

	if (!gs || !READ_ONCE(gs->n))
		return NULL;
	spin_lock_bh(&gs->lock);
	list_for_each_entry(g, &gs->list, node) {
		if (!n--) {
			refcount_inc(&g->refs);
			found = g;
			break;
		}
	}
	spin_unlock_bh(&gs->lock);
	return found;
}

/**
 * rdm_group_get() - a group that a socket has joined
 * @sk: the socket
 * @name: address and port
 *
 * Return: the group, held, or NULL.
 */
struct rdm_group *rdm_group_get(struct sock *sk, const struct rdm_addr *name)
{
	struct rdm_groups *gs = rdm_groups(sk);
	struct rdm_group *g, *found = NULL;

	if (!gs)
		return NULL;
	rcu_read_lock();
	list_for_each_entry_rcu(g, &gs->list, node) {
		if (g->name.port == name->port && ipv6_addr_equal(&g->name.ip, &name->ip) &&
		    !READ_ONCE(g->closed) && refcount_inc_not_zero(&g->refs)) {
			found = g;
			break;
		}
	}
	rcu_read_unlock();
	return found;
}

/*
 * A member is charged for what it keeps, not for what it may keep. But it does not begin where
 * the limit of the protocol leaves no room for the windows of all who are known to join.
 */
static bool affords(const struct rdm_group *g)
{
	u64 pages = DIV_ROUND_UP_ULL((u64)g->window * (g->nlist + 1), PAGE_SIZE);

	return sk_memory_allocated(g->sk) + pages <= sk_prot_mem_limits(g->sk, 2);
}

/**
 * rdm_group_join() - become a member
 * @g: the group, with all that it needs but the core's own; the reference is consumed
 *
 * Context: process, socket locked; may sleep.
 * Return: 0; -EADDRINUSE when the socket has joined it, or another one of the port has
 * joined any; -ENOBUFS when memory for sockets does not allow the windows.
 */
int rdm_group_join(struct rdm_group *g)
{
	struct rdm_groups *gs = rdm_groups(g->sk);
	u64 suspect = READ_ONCE(gs->suspect_ms) * (u64)NSEC_PER_MSEC;
	struct rdm_gc_cfg cfg = {
		.group = g->id,
		.seed = get_random_u64(),
		.suspect = suspect,
		.announce = clamp(suspect / 4, 50ULL * NSEC_PER_MSEC, 1ULL * NSEC_PER_SEC),
		.lag = READ_ONCE(gs->slow_ms) * (u64)NSEC_PER_MSEC,
		.linger = LINGER,
		.window = READ_ONCE(gs->window),
		.window_msgs = 4096,
		.list = g->list,
		.nlist = g->nlist,
		.max = RDM_GROUP_MAX,
		.form_min = max_t(u8, READ_ONCE(gs->min), (g->nlist + 1) / 2 + !!g->nlist),
		.keep_min = g->nlist ? (g->nlist + 1) / 2 + 1 : 1,
		.eager = READ_ONCE(gs->mode) == RDM_GROUP_EAGER,
		.rejoin = true,
		.cast = READ_ONCE(gs->mode) == RDM_GROUP_BEST_EFFORT,
	};
	struct sock *other;
	int err;
	u64 now;

	rdm_gaddr_from(&cfg.self, &g->self);
	rdm_gc_init(g->gc, &cfg);
	g->cast = cfg.cast;
	g->window = cfg.window;
	err = -ENOBUFS;
	if (!affords(g))
		goto err_put;
	err = 0;

	spin_lock_bh(&g->rn->hash_lock);
	other = rdm_port_member(rdm_sk(g->sk)->tunnel);
	if (other && other != g->sk)
		err = -EADDRINUSE;
	else
		WRITE_ONCE(gs->n, gs->n + 1);
	if (!err && g->window / 2 + RDM_GF_DATA_LEN > gs->rx_window)
		WRITE_ONCE(gs->rx_window, g->window / 2 + RDM_GF_DATA_LEN);
	spin_unlock_bh(&g->rn->hash_lock);
	if (err)
		goto err_put;

	err = rdm_group_listen(g, true);
	if (err)
		goto err_listen;
	spin_lock_bh(&gs->lock);
	if (find(gs, g->id)) {
		spin_unlock_bh(&gs->lock);
		err = -EADDRINUSE;
		goto err_found;
	}
	list_add_tail_rcu(&g->node, &gs->list);
	now = rdm_now();
	rdm_gc_join(g->gc, now);
	rdm_group_done(g, now);
	return 0;

err_found:
	rdm_group_listen(g, false);
err_listen:
	spin_lock_bh(&g->rn->hash_lock);
	WRITE_ONCE(gs->n, gs->n - 1);
	spin_unlock_bh(&g->rn->hash_lock);
err_put:
	rdm_group_put(g);
	return err;
}

static void depart(struct rdm_group *g, bool abort)
{
	u64 now = rdm_now();

	if (rdm_group_enter(g)) {
		WRITE_ONCE(g->closed, true);
		if (abort)
			rdm_gc_abandon(g->gc, now);
		else
			rdm_gc_leave(g->gc, now);
		rdm_group_done(g, now);
	} else {
		rdm_group_skip(g);
	}
}

/**
 * rdm_group_leave() - stop being a member
 * @sk: the socket
 * @name: of the group
 *
 * The others are told, and have what was sent, when it is over; nothing more is received.
 *
 * Return: 0, or -EADDRNOTAVAIL when it was not joined.
 */
int rdm_group_leave(struct sock *sk, const struct rdm_addr *name)
{
	struct rdm_group *g = rdm_group_get(sk, name);

	if (!g)
		return -EADDRNOTAVAIL;
	depart(g, false);
	rdm_group_put(g);
	return 0;
}

/**
 * rdm_group_close() - the socket was closed: it leaves all groups
 * @sk: the socket, SOCK_DEAD
 * @abort: at once: what was sent may not be complete anywhere
 */
void rdm_group_close(struct sock *sk, bool abort)
{
	struct rdm_group *g;
	u32 i;

	for (i = 0; (g = rdm_group_nth(sk, i)); i++) {
		depart(g, abort);
		rdm_group_put(g);
	}
}

static int wait(struct rdm_group *g, u32 seen, long *timeo)
{
	struct sock *sk = g->sk;
	DEFINE_WAIT(w);

	if (!*timeo) {
		spin_lock_bh(&rdm_groups(sk)->lock);
		if (g->kicks == seen)
			rdm_groups(sk)->full = true;
		spin_unlock_bh(&rdm_groups(sk)->lock);
		return -EAGAIN;
	}
	if (signal_pending(current))
		return sock_intr_errno(*timeo);
	sk_set_bit(SOCKWQ_ASYNC_NOSPACE, sk);
	prepare_to_wait(sk_sleep(sk), &w, TASK_INTERRUPTIBLE);
	if (READ_ONCE(g->kicks) == seen && !sk->sk_err && !(sk->sk_shutdown & SEND_SHUTDOWN))
		*timeo = schedule_timeout(*timeo);
	finish_wait(sk_sleep(sk), &w);
	if (sk->sk_err)
		return sock_error(sk);
	return sk->sk_shutdown & SEND_SHUTDOWN ? -EPIPE : 0;
}

/**
 * rdm_group_send() - broadcast
 * @g: the group
 * @b: what; when it was accepted, the reference is the core's
 * @timeo: how long to wait for room, jiffies
 *
 * Context: process; may sleep.
 * Return: 0 when it was accepted: it has an outcome from now on; or a negative errno.
 */
int rdm_group_send(struct rdm_group *g, struct rdm_gbody *b, long timeo)
{
	struct sock *sk = g->sk;
	int err;
	u64 now;
	u32 seen;

	for (;;) {
		if (!rdm_group_enter(g) || g->closed) {
			rdm_group_skip(g);
			return -ENOTCONN;
		}
		now = rdm_now();
		b->m.silent = !g->cast && !loops_back(sk);
		g->burst = now - READ_ONCE(g->sent_at) < BURST_GAP;
		err = rdm_gc_send(g->gc, now, &b->m);
		if (!err) {
			if (b->m.silent)
				rdm_inc(g->rn, GROUP_DELIVERED);
			spin_lock(&sk->sk_receive_queue.lock);
			__rdm_gbody_charge_own(b);
			rdm_sk(sk)->tx_bytes += b->len;
			rdm_groups(sk)->unstable++;
			spin_unlock(&sk->sk_receive_queue.lock);
			rdm_inc(g->rn, GROUP_SENT);
		}
		seen = ++g->kicks;
		rdm_group_done(g, now);
		/* it looks for the group still, or again */
		if (err != -EAGAIN && err != -ENOTCONN)
			return err;
		err = wait(g, seen, &timeo);
		if (err)
			return err;
	}
}

/* Has the member at an address all that we have broadcast so far, up to *top? */
static bool has_all(struct rdm_group *g, const struct rdm_addr *to, u64 *top)
{
	struct rdm_gc_info info;
	struct rdm_gc_peer p;
	struct rdm_addr at;
	bool all = true;
	u8 rank;

	if (!*top)
		*top = rdm_gc_top(g->gc);
	rdm_gc_info(g->gc, &info);
	for (rank = 0; *top && rank < info.n; rank++) {
		if (!rdm_gc_peer(g->gc, rank, &p))
			continue;
		rdm_gaddr_to(&at, &p.who.at);
		if (rank != info.rank && rdm_addr_eq(&at, to) && p.acked < *top)
			all = false;
	}
	return all;
}

/**
 * rdm_group_order() - a message to a member waits for earlier broadcasts
 * @sk: the socket
 * @to: where the message goes
 * @timeo: how long to wait, jiffies
 *
 * Context: process; may sleep.
 * Return: 0, -EAGAIN, or what a signal asks for.
 */
noinline int rdm_group_order(struct sock *sk, const struct rdm_addr *to, long timeo)
{
	struct rdm_group *g;
	int err = 0;
	bool all, waits;
	u32 i, seen;
	u64 top;

	for (i = 0; !err && (g = rdm_group_nth(sk, i)); i++) {
		top = 0;
		do {
			all = !rdm_group_enter(g) || has_all(g, to, &top);
			seen = g->kicks;
			g->norder += !all && timeo;
			g->ask |= !all && !timeo;
			rdm_group_skip(g);
			if (all)
				break;
			waits = timeo;
			err = wait(g, seen, &timeo);
			rdm_group_enter(g);
			g->norder -= waits;
			rdm_group_skip(g);
		} while (!err);
		rdm_group_put(g);
	}
	return err;
}

/**
 * rdm_group_read() - the user has read something of a group, or never will
 * @rec: it
 *
 * Context: process.
 */
noinline void rdm_group_read(struct rdm_rec *rec)
{
	struct rdm_gbody *b = rdm_grec_body(rec);
	struct rdm_group *g;

	if (!b)
		return;
	g = b->group;
	if (rdm_group_enter(g) && !rdm_gc_just_consumed(g->gc, &b->m)) {
		u64 now = rdm_now();

		rdm_gc_consumed(g->gc, now, &b->m);
		rdm_group_done(g, now);
	} else {
		rdm_group_skip(g);
	}
}

static void show_member(struct seq_file *m, struct rdm_group *g, const struct rdm_gc_info *info,
			u8 rank, u64 now)
{
	struct rdm_gc_peer p;

	if (!rdm_gc_peer(g->gc, rank, &p))
		return;
	if (rdm_addr_is4(&g->name))
		seq_printf(m, "  %pI4:%u", p.who.at.ip + 12, ntohs(p.who.at.port));
	else
		seq_printf(m, "  [%pI6c]:%u", p.who.at.ip, ntohs(p.who.at.port));
	seq_printf(m, " rank=%u incarnation=%016llx acked=%llu held=%llu", rank, p.who.inc,
		   p.acked, p.held);
	if (rank != info->rank)
		seq_printf(m, " heard_ms=%llu%s%s", div_u64(now - min(now, p.heard), NSEC_PER_MSEC),
			   p.suspected ? " suspected" : "", p.leaving ? " leaving" : "");
	seq_putc(m, '\n');
}

/**
 * rdm_group_show() - the groups of a socket, for /proc/net/rdm_group
 * @m: where to
 * @sk: the socket
 *
 * Context: BH off.
 */
void rdm_group_show(struct seq_file *m, struct sock *sk)
{
	struct rdm_groups *gs = rdm_groups(sk);
	u64 now = rdm_now();
	struct rdm_gc_info i;
	struct rdm_group *g;
	u8 rank;

	if (!gs)
		return;
	spin_lock(&gs->lock);
	list_for_each_entry(g, &gs->list, node) {
		rdm_gc_info(g->gc, &i);
		if (rdm_addr_is4(&g->name))
			seq_printf(m, "%pI4:%u", &g->name.ip.s6_addr32[3], ntohs(g->name.port));
		else
			seq_printf(m, "[%pI6c]:%u", &g->name.ip, ntohs(g->name.port));
		seq_printf(m, " lineage=%016llx view=%llu members=%u rank=%u top=%llu stable=%llu",
			   i.lineage, i.view, i.n, i.rank, i.top, i.stable);
		seq_printf(m, "%s%s%s%s%s\n", i.state == RDM_GC_SEEKING ? " seeking" : "",
			   i.formed ? " formed" : "", i.frozen ? " frozen" : "",
			   i.blocked ? " blocked" : "", g->closed ? " leaving" : "");
		for (rank = 0; rank < i.n; rank++)
			show_member(m, g, &i, rank, now);
	}
	spin_unlock(&gs->lock);
}
