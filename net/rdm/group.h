/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rdm group: reliable broadcast in the kernel: which groups a socket has joined, and
 * what passes between their core (groupcore.h), the user, and the associations of
 * their members. Locks are explained in rdm.h.
 */
#ifndef _RDM_GROUP_H
#define _RDM_GROUP_H

#include <linux/seq_file.h>

#include "groupbody.h"
#include "groupcore.h"
#include "msg.h"
#include "peer.h"
#include "rdm.h"

/* What one member may have on its way to another at least, as charges (see txqueue.h). */
#define RDM_GROUP_RX_WINDOW	(512 << 10)
/* The longest frame: a broadcast as long as net.rdm.max_msg can be. */
#define RDM_GROUP_FRAME_MAX	((16 << 20) + RDM_GF_DATA_LEN)

/**
 * struct rdm_group - a local member of a group
 * @node: in rdm_groups.list
 * @id: names the group on the wire
 * @refs: references
 * @rcu: frees it
 * @sk: the socket, held
 * @rn: the namespace
 * @name: the group's address, with the port; scope: the device, as far as it matters
 * @ifindex: device of announcements, or 0
 * @self: our address, by which the others know us
 * @list: members to look for, when that was told; else announcements are sent
 * @nlist: how many
 * @gc: the core [lock]
 * @plan: to be filled in by the core [lock]
 * @timer: for the core's deadline
 * @armed: when it is to fire, ns; U64_MAX when it has
 * @sent_at: when the last copy of the last broadcast was given to its association, ns
 * @burst: the one that is being sent comes soon after it
 * @work: ends it
 * @told: broadcasts of which channels have said what became of copies, by rdm_gbody.node
 * @tell: passes that on to the core
 * @closed: nobody reads: the user has left or closed the socket [lock]
 * @over: its end is under way [lock]
 * @cast: its own broadcasts are best effort
 * @window: RDM_GROUP_WINDOW when it joined
 * @mtu: of the association by which the first copy of a long broadcast went; 0: none did yet
 * @spare: for the next thing to be read; so what is ready always finds a place [lock]
 * @kicks: changes when a sender that waits shall look again [lock; read racily]
 * @norder: messages to members that wait for broadcasts [lock]
 * @ask: such a one was refused: poll() shall ask again when anything comes [lock]
 * @open: may broadcast, as of the last call of the core [lock]
 * @stable: own broadcasts that are stable, likewise [lock]
 * @known: which life of a socket sent which incarnation last [lock]
 * @nknown: how many
 */
struct rdm_group {
	struct list_head node;
	u64 id;
	refcount_t refs;
	struct rcu_head rcu;
	struct sock *sk;
	struct rdm_net *rn;
	struct rdm_addr name;
	int ifindex;
	struct rdm_addr self;
	struct rdm_gaddr *list;
	u8 nlist;
	struct rdm_gc *gc;
	struct rdm_gplan plan;
	struct timer_list timer;
	u64 armed;
	u64 sent_at;
	bool burst;
	struct work_struct work;
	struct llist_head told;
	struct work_struct tell;
	bool closed;
	bool over;
	bool cast;
	u32 window;
	u32 mtu;
	struct rdm_rec *spare;
	u32 kicks;
	u32 norder;
	bool ask;
	bool open;
	u64 stable;
	struct {
		struct rdm_gmember who;
		u64 socket;
	} known[RDM_GROUP_MAX];
	u8 nknown;
};

/**
 * struct rdm_groups - the groups of a socket, and options for them
 * @lock: the groups and their cores; see rdm.h
 * @list: struct rdm_group by node; RCU [lock]
 * @n: how many that have not ended [hash_lock]
 * @unstable: own broadcasts without an outcome [queue lock]
 * @full: a send found no room; until something has changed
 * @rx: RDM_RX_GROUP
 * @mode: RDM_GROUP_MODE
 * @min: RDM_GROUP_MIN
 * @slow_ms: RDM_GROUP_SLOW
 * @suspect_ms: RDM_GROUP_SUSPECT_MS
 * @window: RDM_GROUP_WINDOW
 * @rx_window: the longest frame that any of @list takes, as charge [hash_lock; read racily]
 *
 * Made when the socket first asks for anything of groups, and gone with it.
 */
struct rdm_groups {
	spinlock_t lock;	/* the groups of one socket and their cores */
	struct list_head list;
	u32 n;
	u32 unstable;
	bool full;
	u8 rx;
	u8 mode;
	u8 min;
	u32 slow_ms;
	u32 suspect_ms;
	u32 window;
	u32 rx_window;
};

static inline struct rdm_groups *rdm_groups(const struct sock *sk)
{
	/* pairs with rdm_groups_make() */
	return smp_load_acquire(&rdm_sk(sk)->groups);
}

/* Does the socket belong to groups, also when it was closed? */
static inline bool rdm_is_member(const struct sock *sk)
{
	const struct rdm_groups *gs = rdm_groups(sk);

	return gs && READ_ONCE(gs->n);
}

/* The longest broadcast that a group takes: the other half of its window is for the next one. */
static inline u32 rdm_group_max_len(const struct rdm_group *g)
{
	return g->window / 2 - RDM_MSG_OVERHEAD;
}

/* What a member may have on its way to a socket, see struct rdm_groups. */
static inline u32 rdm_group_rx_window(const struct sock *sk)
{
	const struct rdm_groups *gs = rdm_groups(sk);

	return max_t(u32, gs ? READ_ONCE(gs->rx_window) : 0, RDM_GROUP_RX_WINDOW);
}

/**
 * struct rdm_gread - an event that a group gives to the user, in rdm_rec.data
 * @group: held
 * @name: of whom it speaks
 * @lineage: for RDM_GROUP_MSG, as the rest
 * @view: see struct rdm_group_msg
 * @incarnation: likewise
 * @seq: likewise
 * @event: likewise
 * @members: likewise
 */
struct rdm_gread {
	struct rdm_group *group;
	struct rdm_addr name;
	u64 lineage;
	u64 view;
	u64 incarnation;
	u64 seq;
	u8 event;
	u8 members;
};

/* Of a record from a group that is not one of a broadcast, see rdm_grec_body(). */
static inline struct rdm_gread *rdm_gread(const struct rdm_rec *rec)
{
	return (struct rdm_gread *)rec->data;
}

static inline void rdm_gaddr_from(struct rdm_gaddr *to, const struct rdm_addr *from)
{
	*to = (struct rdm_gaddr){ .port = from->port, .scope = from->scope };
	memcpy(to->ip, &from->ip, sizeof(to->ip));
}

static inline void rdm_gaddr_to(struct rdm_addr *to, const struct rdm_gaddr *from)
{
	*to = (struct rdm_addr){ .port = from->port, .scope = from->scope };
	memcpy(&to->ip, from->ip, sizeof(to->ip));
}

/* groupout.c */
void rdm_group_outcomes(struct rdm_group *g);
void rdm_group_told(struct rdm_gbody *b, u8 rank, bool failed);
void rdm_group_hear(struct rdm_group *g);

/* group.c */
struct rdm_groups *rdm_groups_make(struct sock *sk);
bool rdm_group_enter(struct rdm_group *g) __acquires(&rdm_groups(g->sk)->lock);
void rdm_group_done(struct rdm_group *g, u64 now) __releases(&rdm_groups(g->sk)->lock);
void rdm_group_skip(struct rdm_group *g) __releases(&rdm_groups(g->sk)->lock);
u64 rdm_group_id(const struct rdm_addr *name);
struct rdm_group *rdm_group_by_id(struct sock *sk, u64 id);
struct rdm_group *rdm_group_nth(struct sock *sk, u32 n);
int rdm_group_join(struct rdm_group *g);
int rdm_group_leave(struct sock *sk, const struct rdm_addr *name);
struct rdm_group *rdm_group_alloc(struct sock *sk, const struct rdm_addr *name, int ifindex,
				  u8 nlist);
void rdm_group_put(struct rdm_group *g);
struct rdm_group *rdm_group_get(struct sock *sk, const struct rdm_addr *name);
int rdm_group_send(struct rdm_group *g, struct rdm_gbody *b, long timeo);
int rdm_group_order(struct sock *sk, const struct rdm_addr *to, long timeo);
void rdm_group_read(struct rdm_rec *rec);
void rdm_group_close(struct sock *sk, bool abort);
void rdm_groups_free(struct sock *sk);
void rdm_group_show(struct seq_file *m, struct sock *sk);

/* groupio.c */
struct rdm_rec *rdm_grec_new(void);
bool rdm_grec_free(struct rdm_rec *rec);
int rdm_rec_bytes(const struct rdm_rec *rec, u32 at, void *to, u32 len);
void rdm_gmsg_over(struct rdm_msg *m);
struct rdm_msg *rdm_gmsg_make(const struct rdm_gplan *plan, struct rdm_gbody *b);
void rdm_gmsg_push(struct rdm_group *g, struct rdm_msg *m, u32 wait, u64 now);
void rdm_group_announce(struct rdm_group *g, const u8 *p, u32 len);
int rdm_group_source(struct rdm_group *g);
int rdm_group_listen(struct rdm_group *g, bool on);

/* groupframe.c */
void rdm_group_input(struct sock *sk, struct list_head *recs);
void rdm_group_datagram(struct rdm_tunnel *t, const struct rdm_addr *from,
			const struct rdm_addr *to, struct sk_buff *skb);
void rdm_group_gone(struct rdm_peer *peer);
void rdm_group_peer_failed(struct rdm_peer *peer);

/* groupopt.c */
int rdm_group_setsockopt(struct sock *sk, int name, sockptr_t val, unsigned int len);
int rdm_group_getsockopt(struct sock *sk, int name, char __user *val, int __user *lenp);
int rdm_group_membership(struct sock *sk, int level, int name, sockptr_t val, unsigned int len);
int rdm_group_sendmsg(struct sock *sk, struct msghdr *msg, size_t len,
		      const struct rdm_addr *to, const struct rdm_sendopts *opts);
void rdm_group_cmsg(struct sock *sk, struct msghdr *msg, const struct rdm_rec *rec);

#endif /* _RDM_GROUP_H */
