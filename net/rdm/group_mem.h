/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rdm group_mem: what the group's core keeps: struct rdm_gc, and a struct
 * rdm_gmem for each member. Only the core's files include it. Pure.
 */
#ifndef _RDM_GROUP_MEM_H
#define _RDM_GROUP_MEM_H

#include <linux/bits.h>
#include <linux/limits.h>

#include "groupcore.h"

#define RDM_GNEVER	U64_MAX
/* Best-effort broadcasts of an origin, of which it is known whether they came. */
#define RDM_GCAST_BITS	1024

/* Frames that a member is to get (rdm_gmem.want). */
#define RDM_GWANT_DECIDE	BIT(0)
#define RDM_GWANT_PREPARE	BIT(1)
#define RDM_GWANT_PROMISE	BIT(2)
#define RDM_GWANT_REFUSE	BIT(3)
#define RDM_GWANT_ACCEPT	BIT(4)
#define RDM_GWANT_ACCEPTED	BIT(5)
#define RDM_GWANT_FULL		BIT(6)
#define RDM_GWANT_STATE		BIT(7)
#define RDM_GWANT_ASK		BIT(8)	/* with FULL: wants one in return */
/* Those that strangers get (rdm_gguest.want) */
#define RDM_GWANT_ANNOUNCE	BIT(10)
#define RDM_GWANT_GREET		BIT(11)	/* an announcement that wants one in return */
#define RDM_GWANT_TICKET	BIT(13)	/* an announcement with the guest's ticket */
#define RDM_GWANT_HELLO		BIT(12)	/* our state in the view that we have */

/**
 * struct rdm_gmem - a member of the view, ourselves included
 * @who: it
 * @msgs: its broadcasts that are held, by sequence
 * @cur: the last one delivered, if it is still held
 * @unacked: the first one delivered and not acked, or NULL
 * @held: up to here all are held
 * @delivered: up to here all were delivered; @held unless frozen
 * @acked: up to here we say that we have them: delivered, and few enough unread
 * @acked_cum: charges up to there
 * @floor: up to here every member has them
 * @floor_cum: own row: charges up to there
 * @top: some member has this one
 * @read: up to here the application has read
 * @read_cum: charges up to there
 * @base: its last one that belongs to former views, all of it delivered
 * @base_cum: charges up to there
 * @pull_at: when to ask for what is missing
 * @pulled: up to here it was asked for
 * @pull_to: whom to ask next
 * @pull_try: how often that was in vain
 * @heard: last sign of life
 * @said: when it last got a STATE
 * @ack_at: when it must be told what was acked
 * @told: what it was told last
 * @told_cum: charges up to there
 * @frame: when a frame of it came
 * @lag_at: since when it alone holds our broadcasts up; 0: it does not
 * @lag_seq: until it has this one
 * @suspects: ranks that it suspects
 * @want: RDM_GWANT_*
 * @backlog: bytes in its channel, as last told
 * @suspected: silent
 * @gone: proven dead
 * @leaving: it says so
 * @fresh: @base_cum is not known yet
 * @cast_top: its last best-effort broadcast that came
 * @cast_bits: which of them up to there came
 * @cast_unread: charges of those that were delivered and not read
 * @cast_cum: up to here, as charges, its channel has carried our own
 */
struct rdm_gmem {
	struct rdm_gmember who;
	struct list_head msgs;
	struct rdm_gmsg *cur;
	struct rdm_gmsg *unacked;
	u64 held;
	u64 delivered;
	u64 acked;
	u64 acked_cum;
	u64 floor;
	u64 floor_cum;
	u64 top;
	u64 read;
	u64 read_cum;
	u64 base;
	u64 base_cum;
	u64 pull_at;
	u64 pulled;
	u8 pull_to;
	u8 pull_try;
	u64 heard;
	u64 said;
	u64 ack_at;
	u64 told;
	u64 told_cum;
	u64 frame;
	u64 lag_at;
	u64 lag_seq;
	u64 suspects;
	u32 want;
	u32 backlog;
	bool suspected;
	bool gone;
	bool leaving;
	bool fresh;
	u32 cast_unread;
	u64 cast_top;
	u64 cast_cum;
	u64 cast_bits[RDM_GCAST_BITS / 64];
};

/* Somebody outside the view who joins, seeks, or gets an answer. */
struct rdm_gguest {
	struct rdm_gmember who;	/* inc 0: not known */
	u64 until;		/* forgotten then; 0: free */
	u64 answered;		/* when it last got an answer */
	u64 ticket;		/* that a JOIN must show; 0: none given */
	u32 want;
	u8 calls;		/* announcements that nobody seemed to answer */
	bool joins;
	bool seeks;
	bool forward;		/* its JOIN goes to the senior member */
};

#define RDM_GGUESTS	RDM_GROUP_MAX
/* Those of one view, and some of suspicion. */
#define RDM_GEVENTS	(2 * RDM_GROUP_MAX + 16)

enum rdm_gphase { RDM_GPH_NONE, RDM_GPH_PREPARE, RDM_GPH_ACCEPT };

/* A ballot of our own. */
struct rdm_gproposal {
	u8 phase;
	u64 ballot;
	u64 yes;		/* ranks that answered in this phase */
	u64 expel;		/* ranks to leave out whatever they say */
	u64 best;		/* highest accepted ballot told */
	u64 end_at;		/* no longer wait for more than a quorum */
	u64 retry_at;
	struct rdm_gvalue value;
};

struct rdm_gc {
	struct rdm_gc_cfg cfg;
	u64 rng;
	u8 state;
	u8 n;
	u8 rank;
	bool formed;
	bool kept;		/* a view had cfg.keep_min members */
	bool leaving;
	bool merging;
	bool starved;		/* does not begin before @unread is 0 */
	bool full;		/* a window was full when something was to be sent */
	bool leaves;		/* asks to be left out of the next view */
	bool ending;		/* left out by a decision of our own: over when it is told */
	struct rdm_gmember self;
	u64 lineage;
	u64 view;
	u64 timer_at;
	u64 want;		/* ranks with rdm_gmem.want */
	u64 pulls;		/* origins whose pull is to be sent */
	bool announce;		/* to the group's address */
	u8 greet;		/* next of cfg.list to be greeted */
	u64 linger_at;

	/* own broadcasts */
	u64 seq;
	u64 cum;
	u64 cast_seq;		/* the same of best-effort ones */
	u64 cast_cum;
	u32 cast_refused;	/* charge of one that was refused, 0: none was */
	struct list_head casts;	/* those without an outcome */

	/* the ballot, as a voter */
	bool frozen;
	bool blocked;
	bool decided;		/* @last is what follows this view, and not installed yet */
	u64 round;		/* highest seen */
	u64 promised;
	u64 frozen_at;
	u64 change_at;		/* when to begin a ballot; RDM_GNEVER: no reason to */
	bool alone;		/* no quorum is heard */
	bool holding;		/* @next waits until its cut is held */
	struct rdm_gvalue next;
	struct rdm_gvalue accepted;	/* ballot 0: none */
	struct rdm_gvalue tmp;
	struct rdm_gproposal p;

	/* the decision that made this view, and those it left behind */
	struct rdm_gvalue last;
	u64 last_view;		/* the view that it ended; 0: none */
	u8 last_n;
	u64 there;		/* ranks known to have installed this view */
	u64 stayed;		/* ranks that must, before @old can go */
	struct list_head old;	/* broadcasts of @last_view that are kept for them */

	/* looking for others */
	u64 seek_at;		/* next announcement */
	u64 seek_end;		/* then we give birth */
	u64 join_at;		/* next JOIN */
	u64 join_end;
	bool join_due;
	bool answers;		/* a guest wants something */
	bool contact_set;
	struct rdm_gaddr contact;
	u64 contact_lineage;
	u64 ticket;		/* from the contact; 0: none yet */
	u8 seek_rounds;
	struct list_head ready;
	struct list_head freed;
	struct list_head done;
	struct list_head txq;
	struct list_head spare;	/* events */
	struct rdm_gevent *lent;
	struct rdm_gevent events[RDM_GEVENTS];
	u32 nspare;
	struct rdm_gguest guests[RDM_GGUESTS];
	u64 count[RDM_GCS__NR];
	u64 unread;		/* broadcasts delivered and not read, of any life */
	struct rdm_gmember last_who[RDM_GROUP_MAX];

	/* up to where rank k has the broadcasts of rank o: known[k * max + o] */
	u64 *known;
	struct rdm_gmem mem[];
};

#endif /* _RDM_GROUP_MEM_H */
