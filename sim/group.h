/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rdmsim: members of one group against each other, in virtual time and by seed.
 * One struct world is one run. gnode.c is the glue that the kernel's side of the
 * module is elsewhere and the channels between members, gcheck.c the judge,
 * gscene.c has the runs, gmain.c the command.
 */
#ifndef _RDM_SIM_GROUP_H
#define _RDM_SIM_GROUP_H

#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/time64.h>
#include <linux/types.h>

#include "assoc.h"
#include "group_int.h"
#include "test_rand.h"

#define GNODES		16
#define GUS		((u64)NSEC_PER_USEC)
#define GMS		((u64)NSEC_PER_MSEC)
#define GSEC		((u64)NSEC_PER_SEC)

/* What really happened. */
enum gcount {
	GC_RUN, GC_SENT, GC_DELIVERED, GC_STABLE, GC_NOBODY, GC_UNKNOWN, GC_REFUSED,
	GC_CRASH, GC_RESTART, GC_LEAVE, GC_PAUSE, GC_PARTITION, GC_CUT, GC_CHANFAIL,
	GC_DROP, GC_DUP, GC_DELAYED, GC_OMIT, GC_FRAMES, GC_DATA, GC_RELAY, GC_REPAIR,
	GC_PULL, GC_DUPDATA, GC_BALLOT, GC_VIEW, GC_SUSPECT, GC_EXPELLED, GC_LAG, GC_BIRTH,
	GC_MERGE, GC_JOIN, GC_BLOCKED, GC_DISCARD, GC_AGREED, GC_SAFETY, GC_ASSOC,
	GC_PACKETS, GC_CAST, GC_ARRIVED, GC_PARTLY, GC_LONG, GC__NR
};

extern const char *const gcount_names[GC__NR];

struct world;
struct gchan;

/* A broadcast, as the judge knows it. */
struct gtruth {
	u8 node;
	u64 inc, lineage, view, seq;
	u32 charge;
	u8 fate;
	bool cast;
	/* best effort: ranks to get it, ranks where it came, lives that delivered it */
	u64 others, arrived, got[GNODES];
};

/* A node's record of a broadcast. */
struct grec {
	struct rdm_gmsg m;
	struct list_head all;
	struct list_head app;
	u32 id;
	u8 refs;
	bool in_core, unread;
};

/* What a node delivered of one origin in this life. */
struct gseen {
	u64 inc, first, last;
};

struct gnode {
	struct world *w;
	u8 id;
	bool up, crashed, leaving, started;
	bool back;			/* restarts after its crash */
	u32 life;
	struct rdm_gc *g;
	struct list_head recs;		/* all records */
	struct list_head app;		/* delivered, not read */
	bool reading;
	u64 paused_until;
	u32 steps, crash_step, mark_steps[2];
	u32 unread;
	struct gseen seen[64];
	u32 nseen;
	u64 lineage, view, entered;	/* as the events said */
	u32 entries;			/* how often it entered a lineage */
	u64 last_data;			/* when it last sent a broadcast's bytes */
	u64 stat[RDM_GCS__NR];
	u64 expelled_inc;
};

struct gpkt {
	u8 src, dst;
	u32 dst_life, epoch;
	u64 dst_inc;
	u32 id;				/* DATA: of the broadcast + 1 */
	u32 charge;
	u8 rank;			/* of the receiver */
	u32 num;
	u64 born;
	u16 len;
	bool cast;			/* a datagram to the group's address */
	u8 bytes[];
};

enum gev_type { GEV_PKT, GEV_CALL };

struct gevt {
	u64 at, order;
	enum gev_type type;
	struct gpkt *pkt;
	void (*call)(struct world *w, u64 arg);
	u64 arg;
};

struct glink {
	u32 life, epoch;	/* of the channel */
	bool down;
};

/* What a view is, as the first one to install it said. */
struct gview {
	u64 lineage, view;
	u8 n;
	struct rdm_gmember who[GNODES];
	bool decided_only;
	u8 ncut;
	u64 cut_inc[GNODES], cut[GNODES];	/* of the view before */
	bool cut_set;
};

struct world {
	u64 now, seed, rng, order;
	u64 events;
	bool trace, failed;
	char why[400];
	const char *name;
	u8 n;
	struct gnode nodes[GNODES];
	struct glink links[GNODES][GNODES];
	struct gevt *heap;
	u32 nheap, heap_size;
	struct gtruth *msgs;
	u32 nmsgs, msgs_size;
	struct gview views[512];
	u32 nviews;

	struct rdm_gc_cfg cfg;
	struct rdm_gaddr list[GNODES];
	bool reliable;
	bool assoc;			/* channels are associations */
	u32 casts;			/* nodes whose broadcasts are best effort */
	struct gchan *chans[GNODES][GNODES];
	u32 nchans;
	struct list_head apkts;
	u64 delay, jitter;
	u32 longest;			/* some broadcasts have so many charges; 0: none */
	u64 slow;			/* ns that each charge takes on its way */
	u32 drop, dup;			/* per 10,000 */
	u32 omit;			/* this packet is lost, whatever it is; 0: none */
	u32 npkts;
	bool quiet;			/* no more faults, no more broadcasts */
	bool cut_for_ever;		/* one link never works */
	u64 calm;			/* when faults end */
	u64 deadline;
	u64 mark[2];			/* between these times something fails at each step */
	u32 mark_pkts[2];
	u64 mark_view;
	u64 count[GC__NR];
};

/* gnode.c */
u64 grnd(struct world *w);
u32 gbelow(struct world *w, u32 n);
bool gchance(struct world *w, u32 per_10000);
void gtrace(struct world *w, const char *fmt, ...) __printf(2, 3);
void gfail(struct world *w, const char *fmt, ...) __printf(2, 3);
void gcall(struct world *w, u64 at, void (*call)(struct world *w, u64 arg), u64 arg);
void gstart(struct gnode *n);
void gcrash(struct gnode *n);
bool gsend(struct gnode *n, u32 charge);
void gread(struct gnode *n, u32 max);
void gpump(struct gnode *n);
void gchanfail(struct world *w, u8 a, u8 b);
void gworld_init(struct world *w, u64 seed, u8 n);
bool gworld_step(struct world *w);
void gworld_free(struct world *w);

void garrive(struct world *w, struct gpkt *p);

/* gassoc.c */
void gassoc_send(struct world *w, struct gpkt *p);
u64 gassoc_deadline(struct world *w, u8 *node, u8 *peer);
void gassoc_timer(struct world *w, u8 node, u8 peer);
void gassoc_free(struct world *w);

/* gcheck.c */
void gcheck_deliver(struct gnode *n, struct grec *r);
void gcheck_event(struct gnode *n, const struct rdm_gevent *e);
void gcheck_freed(struct gnode *n, struct grec *r);
void gcheck_done(struct gnode *n, struct grec *r);
void gcheck_step(struct gnode *n);
bool gcheck_settled(struct world *w, bool say);
void gcheck_silent(struct world *w, u64 since);
void gcheck_end(struct world *w);
bool gcheck_can(struct world *w);

/* gscene.c */
bool grun(struct world *w);

/* What goes wrong in one run of a scenario after the other. */
enum gkind {
	GK_SEEDS,	/* whatever the seed says */
	GK_CRASH,	/* a node crashes, at each of its steps */
	GK_BACK,	/* the same, and it comes back */
	GK_OMIT,	/* one frame is lost, each in turn */
	GK_CRASH_CUT,	/* a crash at each step, while one way never works, each in turn */
	GK_CRASH_OMIT,	/* a crash at each step, and some frame is lost */
};

struct gscene {
	const char *name, *says;
	void (*setup)(struct world *w, u64 seed);
	u8 kind;
	u16 crash;		/* nodes that crash in turn: a bit for each */
	u32 share;		/* seeds, of 1,000 */
	u8 must[6];		/* counters that must not stay 0 */
	void (*verdict)(struct world *w);
};

extern const struct gscene gscenes[];
extern const u32 ngscenes;

#endif /* _RDM_SIM_GROUP_H */
