/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rdm groupcore: one local member of one group: who is in it, which broadcasts
 * are held, delivered and stable, what to send to whom, what to repair, when a
 * view changes. Pure: time is an argument, nothing is allocated, no address is
 * understood. Documentation/broadcast.md has the protocol.
 *
 * How to glue it. The caller serialises all calls for one struct rdm_gc, gives
 * it rdm_gc_size() zeroed bytes, and owns all message records. Between two
 * member sockets there is a channel: an association of its own kind that
 * carries each group frame as one message, whole, at most once, in any order.
 * A channel may fail and be opened anew at any time: the core repeats all that
 * must arrive. The glue opens one to any address that a plan names.
 *
 *  - Frames from a channel: rdm_gc_rx() for control frames, rdm_gc_rx_data() for
 *    broadcasts (first byte RDM_GF_DATA; the payload follows RDM_GF_DATA_LEN
 *    bytes). Datagrams to the group's address: rdm_gc_rx() with @proven false.
 *  - rdm_gc_heard() when any valid packet comes from a member's address,
 *    rdm_gc_gone() when a socket is proven dead (RESET closed with its tag, or
 *    another incarnation by handshake). A channel that times out says nothing.
 *  - After each call, in this order, until each gives nothing more:
 *    rdm_gc_ready() (to the application, in this order), rdm_gc_done() (outcomes
 *    of own broadcasts), rdm_gc_freed() (records to drop), rdm_gc_next() (what to
 *    send). Then arm a timer for rdm_gc_deadline(); when it fires: rdm_gc_timer().
 *  - A record may be in the application's queue and in the core at once: on
 *    rdm_gc_ready() the glue takes a reference of its own, rdm_gc_freed() gives
 *    the core's back. Each received record comes from rdm_gc_freed() once; own ones
 *    come from rdm_gc_done() once, and from rdm_gc_freed() once, later or at once.
 *    Events are the core's: copy them and forget them.
 *  - When the application has read a broadcast (or the glue dropped it because
 *    nobody reads: IP_MULTICAST_LOOP off, a closed socket): rdm_gc_consumed(), in
 *    order for each origin, once for each that rdm_gc_ready() gave, those of former
 *    lives too. Each member holds at most cfg.window for each origin, unread
 *    broadcasts included; one that was expelled joins again when all is read.
 *  - If memory lacks for an item, the glue may stop calling rdm_gc_ready() and go
 *    on later.
 *  - Copies of a best-effort broadcast (rdm_gmsg.cast): rdm_gc_carried() when the channel
 *    has brought one there, or will not. They may be late, or missing when the view changes.
 *  - Unicast to a member after own broadcasts: wait until rdm_gc_acked() of its
 *    rank reaches rdm_gc_top(), or it has left.
 */
#ifndef _RDM_GROUPCORE_H
#define _RDM_GROUPCORE_H

#include <linux/list.h>
#include <linux/types.h>

#include "grouprec.h"

struct rdm_gc;

/**
 * struct rdm_gc_cfg - what a member is made with
 * @self: address by which the others reach this socket
 * @group: names the group: the same number for the same address and port everywhere
 * @seed: 64 random bits; incarnations and lineages are drawn from it
 * @suspect: ns without a sign of life until a member is suspected
 * @announce: ns between announcements
 * @lag: ns for which one member may hold a sender up until it is expelled; 0: for ever
 * @linger: ns that a leaving member waits for its own broadcasts
 * @window: charges for each origin
 * @window_msgs: broadcasts for each origin, at most 4096
 * @list: members to look for, or NULL: announcements go to the group's address; read
 *	whenever the core looks for others
 * @nlist: how many
 * @max: most members, at most RDM_GROUP_MAX
 * @form_min: nothing is broadcast before a view has this many
 * @keep_min: no view shrinks below this once one had as many
 * @eager: relay each broadcast when it comes first
 * @rejoin: join again when expelled
 * @cast: own broadcasts are best effort
 */
struct rdm_gc_cfg {
	struct rdm_gaddr self;
	u64 group;
	u64 seed;
	u64 suspect;
	u64 announce;
	u64 lag;
	u64 linger;
	u64 window;
	u32 window_msgs;
	const struct rdm_gaddr *list;
	u8 nlist;
	u8 max;
	u8 form_min;
	u8 keep_min;
	bool eager;
	bool rejoin;
	bool cast;
};

enum rdm_gplan_kind {
	RDM_GP_CTRL,		/* @head is a whole frame, for the channel to @to */
	RDM_GP_DATA,		/* @head, then @msg's payload, for the channel to @to */
	RDM_GP_ANNOUNCE,	/* @head is a datagram for the group's address */
};

/**
 * struct rdm_gplan - a frame to send; too large for a kernel stack
 * @kind: enum rdm_gplan_kind
 * @rank: of the receiver in the view, or RDM_GROUP_NONE
 * @again: DATA: a relay or a repair
 * @len: bytes of @head
 * @to: receiver; @to.inc is 0 when it is not known
 * @msg: DATA: the broadcast
 * @head: encoded
 */
struct rdm_gplan {
	u8 kind;
	u8 rank;
	bool again;
	u16 len;
	struct rdm_gmember to;
	struct rdm_gmsg *msg;
	u8 head[RDM_GF_MAX];
};

enum rdm_gc_state {
	RDM_GC_IDLE,		/* made, or left for good */
	RDM_GC_SEEKING,		/* looks for others, joins, or gives birth */
	RDM_GC_MEMBER,		/* of a view */
	RDM_GC__NR
};

/* What becomes of a broadcast that came. */
enum rdm_grx {
	RDM_GRX_TAKEN,		/* the record is the core's now */
	RDM_GRX_DUP,		/* had it; this and the rest: the record stays the caller's */
	RDM_GRX_VIEW,		/* of another view, lineage, group or life: of no use */
	RDM_GRX_WINDOW,		/* beyond what its origin may send */
	RDM_GRX_BAD,		/* malformed, or not from a member */
};

/**
 * struct rdm_gc_info - how it stands
 * @state: enum rdm_gc_state
 * @n: members
 * @rank: ours
 * @frozen: a view change is under way
 * @blocked: as the last event said
 * @leaving: rdm_gc_leave() was called, or it merges into another lineage
 * @formed: may broadcast
 * @lineage: which birth
 * @view: number
 * @self: this life
 * @top: last own broadcast
 * @stable: up to here own broadcasts are stable
 */
struct rdm_gc_info {
	u8 state;
	u8 n;
	u8 rank;
	bool frozen;
	bool blocked;
	bool leaving;
	bool formed;
	u64 lineage;
	u64 view;
	struct rdm_gmember self;
	u64 top;
	u64 stable;
};

/**
 * struct rdm_gc_peer - how it stands with one member
 * @who: it
 * @suspected: nothing was heard of it for cfg.suspect
 * @leaving: it says so
 * @acked: last own broadcast known to be there
 * @held: up to here we hold its broadcasts
 * @heard: when it gave a sign of life, ns
 */
struct rdm_gc_peer {
	struct rdm_gmember who;
	bool suspected;
	bool leaving;
	u64 acked;
	u64 held;
	u64 heard;
};

/* What happened so far (rdm_gc_count()). */
enum rdm_gc_stat {
	RDM_GCS_SENT,		/* broadcasts sent first, one for each receiver */
	RDM_GCS_RELAYED,	/* sent for another origin */
	RDM_GCS_REPAIRED,	/* own ones sent again */
	RDM_GCS_PULLED,		/* requests for repair */
	RDM_GCS_DUP,		/* broadcasts that came again */
	RDM_GCS_DELIVERED,
	RDM_GCS_DISCARDED,	/* held above a cut */
	RDM_GCS_BALLOT,		/* begun by us */
	RDM_GCS_VIEW,		/* installed */
	RDM_GCS_SUSPECTED,
	RDM_GCS_EXPELLED,	/* we were */
	RDM_GCS_BIRTH,
	RDM_GCS_MERGE,		/* we gave our lineage up */
	RDM_GCS__NR
};

size_t rdm_gc_size(u8 max);
void rdm_gc_init(struct rdm_gc *g, const struct rdm_gc_cfg *cfg);
void rdm_gc_join(struct rdm_gc *g, u64 now);
void rdm_gc_leave(struct rdm_gc *g, u64 now);
void rdm_gc_abandon(struct rdm_gc *g, u64 now);
int rdm_gc_send(struct rdm_gc *g, u64 now, struct rdm_gmsg *m);
void rdm_gc_carried(struct rdm_gc *g, struct rdm_gmsg *m, u64 ok, u64 failed);
void rdm_gc_consumed(struct rdm_gc *g, u64 now, const struct rdm_gmsg *m);
bool rdm_gc_just_consumed(struct rdm_gc *g, const struct rdm_gmsg *m);
enum rdm_grx rdm_gc_rx_data(struct rdm_gc *g, u64 now, const struct rdm_gaddr *from,
			    const struct rdm_gframe *f, struct rdm_gmsg *m);
int rdm_gc_rx(struct rdm_gc *g, u64 now, const struct rdm_gaddr *from, bool proven,
	      const u8 *p, u32 len);
void rdm_gc_heard(struct rdm_gc *g, u64 now, const struct rdm_gaddr *from);
void rdm_gc_gone(struct rdm_gc *g, u64 now, const struct rdm_gmember *who);
void rdm_gc_channel(struct rdm_gc *g, u64 now, const struct rdm_gaddr *to, bool up);
void rdm_gc_backlog(struct rdm_gc *g, const struct rdm_gaddr *to, u32 bytes);
void rdm_gc_timer(struct rdm_gc *g, u64 now);
u64 rdm_gc_deadline(const struct rdm_gc *g);
bool rdm_gc_next(struct rdm_gc *g, u64 now, struct rdm_gplan *plan);
bool rdm_gc_sends(const struct rdm_gc *g);
bool rdm_gc_gives(const struct rdm_gc *g);
struct rdm_gitem *rdm_gc_ready(struct rdm_gc *g);
struct rdm_gmsg *rdm_gc_done(struct rdm_gc *g);
struct rdm_gmsg *rdm_gc_freed(struct rdm_gc *g);
bool rdm_gc_open(const struct rdm_gc *g);
u64 rdm_gc_stable(const struct rdm_gc *g);
void rdm_gc_info(const struct rdm_gc *g, struct rdm_gc_info *info);
bool rdm_gc_peer(const struct rdm_gc *g, u8 rank, struct rdm_gc_peer *peer);
bool rdm_gc_member(const struct rdm_gc *g, u64 lineage, u64 view, u8 rank,
		   struct rdm_gmember *who);
u64 rdm_gc_acked(const struct rdm_gc *g, u8 rank);
u64 rdm_gc_top(const struct rdm_gc *g);
u64 rdm_gc_count(const struct rdm_gc *g, enum rdm_gc_stat what);

#endif /* _RDM_GROUPCORE_H */
