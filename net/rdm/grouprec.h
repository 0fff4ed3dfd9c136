/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rdm grouprec: what passes between a group's core and its glue: broadcasts,
 * embedded in the caller's records, and membership events, which are the
 * core's. groupcore.h says how they go. Pure.
 */
#ifndef _RDM_GROUPREC_H
#define _RDM_GROUPREC_H

#include <linux/list.h>
#include <linux/types.h>

#include "groupwire.h"

/* What the application gets (rdm_gitem.type). */
enum rdm_gitem_type {
	RDM_GI_DATA,		/* a broadcast: struct rdm_gmsg */
	/*
	 * The rest: struct rdm_gevent. Those of a view stand between the last data of
	 * the view before and its own first data.
	 */
	RDM_GI_LEFT,		/* @who left of its own will */
	RDM_GI_EXPELLED,	/* @who was expelled; with its own name: we were */
	RDM_GI_JOINED,		/* @who is new */
	RDM_GI_VIEW,		/* the view begins */
	RDM_GI_SUSPECTED,	/* nothing was heard of @who */
	RDM_GI_TRUSTED,		/* it is heard again */
	RDM_GI_BLOCKED,		/* no quorum is heard, or a view change takes long */
	RDM_GI_UNBLOCKED,
	RDM_GI_OVER,		/* we have left, or merged into another lineage and rejoin */
	RDM_GI__NR
};

/**
 * struct rdm_gitem - what rdm_gc_ready() gives
 * @node: for the core's list, free for the glue afterwards
 * @type: enum rdm_gitem_type
 */
struct rdm_gitem {
	struct list_head node;
	u8 type;
};

/**
 * struct rdm_gevent - a membership event
 * @item: as a whole
 * @n: members of the view
 * @lineage: which birth of the group
 * @view: its number
 * @cut: EXPELLED, LEFT: last broadcast of @who that belongs to the group
 * @who: see enum rdm_gitem_type
 */
struct rdm_gevent {
	struct rdm_gitem item;
	u8 n;
	u64 lineage;
	u64 view;
	u64 cut;
	struct rdm_gmember who;
};

/* What became of an own broadcast (rdm_gmsg.fate). */
enum rdm_gfate {
	RDM_GFATE_OPEN,		/* no outcome yet */
	RDM_GFATE_STABLE,	/* every member of the view has it */
	RDM_GFATE_NOBODY,	/* failed: no member of the view after @view delivers it */
	RDM_GFATE_UNKNOWN,	/* failed: the others may deliver it or not */
	RDM_GFATE_ARRIVED,	/* best effort: it came to every member */
	RDM_GFATE_PARTLY,	/* best effort: not to all, or that is not known */
};

/**
 * struct rdm_gmsg - a broadcast; embedded in the caller's record
 * @item: for rdm_gc_ready()
 * @node: the core's; what rdm_gc_freed() gives
 * @tx: the core's
 * @done: what rdm_gc_done() gives
 * @origin: who sent it
 * @lineage: stamped at first transmission
 * @view: likewise
 * @seq: of this origin, from 1 on
 * @cum: charges of all its broadcasts up to this one
 * @todo: ranks to which it is still to be sent
 * @again: those of them that get it for a relay or a repair
 * @more: those that lack more, which they are to ask for when they have this one
 * @wait: best effort: ranks in @view whose channel has not said what became of it
 * @lack: with an outcome that is a failure: ranks not known to have it, in @view;
 *	for rdm_gc_member()
 * @charge: bytes that it costs in windows; set by the glue, the same at all members:
 *	rdm_msg_charge() of the payload
 * @rank: of its origin in @view
 * @own: sent by us
 * @silent: own one that our application does not want; set by the glue, not for @cast. It
 *	counts as read when it is delivered, and is not given to rdm_gc_ready()
 * @cast: best effort: @seq and @cum are counted apart
 * @dropped: the core has no more use for it once it was given to rdm_gc_ready()
 * @delivered: was given to rdm_gc_ready()
 * @fate: enum rdm_gfate
 */
struct rdm_gmsg {
	struct rdm_gitem item;
	struct list_head node;
	struct list_head tx;
	struct list_head done;
	struct rdm_gmember origin;
	u64 lineage;
	u64 view;
	u64 seq;
	u64 cum;
	u64 todo;
	u64 again;
	u64 more;
	u64 wait;
	u64 lack;
	u32 charge;
	u8 rank;
	bool own;
	bool silent;
	bool cast;
	bool dropped;
	bool delivered;
	u8 fate;
};

#endif /* _RDM_GROUPREC_H */
