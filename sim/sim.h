/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rdmsim: associations against each other over a bad network, in virtual time
 * and by seed. One struct sim is one run. net.c carries packets, node.c is the
 * glue that the kernel's side of the module is elsewhere, check.c knows every
 * message and says what may not happen, scenario.c has the runs.
 */
#ifndef _RDM_SIM_H
#define _RDM_SIM_H

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/time64.h>
#include <linux/types.h>

#include "check.h"
#include "node.h"
#include "test_rand.h"

#define SIM_US		((u64)NSEC_PER_USEC)
#define SIM_MS		((u64)NSEC_PER_MSEC)
#define SIM_SEC		((u64)NSEC_PER_SEC)

/* What really happened; a scenario names those that must not stay 0. */
enum count {
	C_SENT,			/* packets given to the network */
	C_DROP,			/* dropped at random */
	C_BURST,		/* dropped in a burst */
	C_BLACKOUT,		/* dropped in a blackout */
	C_TOO_BIG,		/* dropped: larger than the path takes */
	C_QUEUE_FULL,		/* dropped: the bottleneck's queue is full */
	C_DUP,			/* delivered twice */
	C_REORDER,		/* overtaken on purpose */
	C_REPLAY,		/* old packets sent in again */
	C_GARBAGE,		/* packets that nobody sent */
	C_DELIVERED,		/* messages delivered */
	C_ACKED,
	C_FAILED,
	C_REFUSED,		/* messages refused for want of room */
	C_OVERCOMMIT,		/* messages accepted by the token */
	C_DUP_MSG,		/* messages that came again */
	C_FRAGMENT,		/* fragments received */
	C_JOINED,		/* runs of fragments that went on with another message */
	C_RETRANSMIT,		/* plans that sent something again */
	C_SPURIOUS,		/* losses that proved spurious */
	C_WINDOW_PROBE,
	C_PTO,
	C_ASSOC,		/* associations made */
	C_INITIATED,		/* by us */
	C_MET,			/* two handshakes met in one association */
	C_RESET_SENT,
	C_RESET_TAKEN,		/* a RESET ended an association */
	C_STALE_COOKIE,
	C_OLD_COOKIE,		/* a cookie older than the association that it meets */
	C_TOMB_HIT,		/* a packet of an association that is over */
	C_ICMP,
	C_RESTART,
	C_SOCK_CLOSE,
	C_IDLE_CLOSE,		/* ended by agreement */
	C_RENEWED,		/* ... with messages left for a successor */
	C_TIMEOUT,		/* gave the peer up */
	C_RECUT,		/* the path's MTU shrank under messages */
	C_MTU_PROBE,		/* probes for the path's MTU */
	C_MTU_PROBE_LOST,
	C_BLACK_HOLE,		/* found out that long packets are lost */
	C_NO_RECORD,		/* no memory for a packet record */
	C_NOT_HEATED,		/* no memory for what moving packets need */
	C_COOLED,		/* associations that gave it back */
	C_TOO_LONG,		/* messages that the peer does not take */
	C_SKIP,			/* SKIP frames received */
	C_EXPIRED,		/* messages whose deadline passed */
	C_ONCE_LOST,		/* messages sent at most once, and lost */
	C_MOVED,		/* messages sent, and sent anew to a successor */
	C_AGAIN,		/* deliveries of what another association had delivered */
	C_CE,			/* marked by a full queue */
	C_CE_TOLD,		/* acks that told so */
	C_REMARKED,		/* got another mark, or lost it */
	C_ECT_DROP,		/* dropped for being markable */
	C_NO_ECN,		/* associations that stopped to use ECN */
	C_BALANCED,		/* agreed ends at which both ends' books were compared */
	C__NR
};

extern const char *const count_names[C__NR];

/* A packet on its way. */
struct pkt {
	u16 src, dst;
	u16 len;
	u32 uid;		/* of the association that sent it; not in the bytes */
	u8 ecn;			/* enum rdm_ecn_bits */
	bool icmp;		/* not a packet but an ICMP error that quotes it */
	u8 bytes[];
};

enum ev_type { EV_PACKET, EV_CALL };

struct event {
	u64 at, order;
	enum ev_type type;
	struct pkt *pkt;
	void (*call)(struct sim *s, u64 arg);
	u64 arg;
};

/* The way from one node to another. */
struct link {
	u32 drop, dup, reorder;		/* per 10,000 */
	u32 burst;			/* per 10,000: a burst begins, in which all is lost */
	u64 burst_len, burst_until;
	u64 delay, jitter, reorder_delay;
	u64 rate;			/* bytes a second; 0: no bottleneck */
	u64 queue_max;			/* ns that the bottleneck's queue may hold */
	u64 mark_above;			/* ns of it above which packets are marked; 0: none */
	u64 busy_until;
	u32 remark;			/* per 10,000: a packet gets any mark */
	bool bleach;			/* all lose their marks */
	bool drop_ect;			/* what may be marked is lost */
	u32 mtu;			/* longest UDP payload */
	bool down;
};

struct traffic {
	u16 src, dst;
	u32 left;
	u32 max_len;
	u32 burst;		/* messages at once */
	u64 every;		/* about, between bursts */
	u32 outstanding;	/* most without an outcome */
	u8 modes;		/* 1 << RDM_EXACTLY_ONCE and so on; 0: that one */
	u32 deadlines;		/* per 10,000: it has a deadline */
	u64 deadline;		/* ... up to this long, ns */
};

struct sim {
	u64 now, seed;
	u64 rng;
	u64 order;
	u64 events;
	u64 max_events;
	bool trace;
	bool failed;
	const char *name;
	char why[300];

	struct event *heap;
	u32 nheap, heap_size;

	u32 nnodes;
	struct node nodes[MAX_NODES];
	struct link links[MAX_NODES][MAX_NODES];
	struct pkt *kept[1024];	/* for replay */
	u32 nkept;
	u32 keep;		/* how many */

	struct traffic traffic[12];
	u32 ntraffic;

	struct msg **msgs;
	u32 nmsgs, msgs_size;
	struct binding *by_seq[1024];
	u32 open;		/* messages without an outcome */
	u64 last_outcome;
	u32 next_uid;
	bool marks_change;	/* some link changes marks as it must not */
	u32 bad_pool;		/* per 10,000: no record when one is needed */

	u64 count[C__NR];

	/* what the scenario promises */
	bool all_acked;		/* every message is acked and delivered */
	u16 all_but;		/* ... unless this node is in it; 0: none */
	bool all_fit;		/* ... but those that the peer does not take */
	bool least_acked;	/* those to be sent at least once are */
	bool may_crash;		/* a sender may vanish with its messages */
	u64 deadline;		/* by when every message has its outcome */
	void (*verdict)(struct sim *s);	/* what else, looked at when all is done */
	u64 patience;		/* longest time from acceptance to outcome, 0: any */
};

/* sim.c */
u64 rnd(struct sim *s);
u32 below(struct sim *s, u32 n);
u64 between(struct sim *s, u64 lo, u64 hi);
bool chance(struct sim *s, u32 per_10000);
void trace(struct sim *s, const char *fmt, ...) __printf(2, 3);
void fail(struct sim *s, const char *fmt, ...) __printf(2, 3);
void sim_init(struct sim *s, u64 seed, u32 nnodes);
void sim_call(struct sim *s, u64 at, void (*call)(struct sim *s, u64 arg), u64 arg);
void sim_packet(struct sim *s, u64 at, struct pkt *p);
void sim_run(struct sim *s);
void sim_free(struct sim *s);

/* net.c */
void net_send(struct sim *s, u16 src, u16 dst, const u8 *bytes, u32 len, u32 uid, u8 ecn);
void net_replay(struct sim *s, u64 arg);
void net_replay_all(struct sim *s, u64 arg);
void net_garbage(struct sim *s, u64 arg);
void net_icmp(struct sim *s, const struct pkt *quoted);

/* scenario.c, and the files that scenario.h names */
struct scenario {
	const char *name;
	const char *says;
	void (*setup)(struct sim *s);
	u32 weight;		/* share of the seeds, per cent */
	u32 nodes;
	u8 must[8];		/* counters that some seed must raise, 0-ended */
};

extern const struct scenario scenarios[];
extern const u32 nscenarios;

/* Planted mistakes; always MUT_NONE in the program that tests the real code. */
enum mutation {
	MUT_NONE,
	MUT_NO_DUP_CHECK,	/* deliver what was delivered */
	MUT_ACK_REFUSED,	/* ack a packet although a message of it was refused */
	MUT_OTHER_INCARNATION,	/* send again to whoever answers after a reset */
	MUT_FINISH_EARLY,	/* report success when a message is sent */
	MUT_NO_TOMBSTONE,	/* forget an association when it ends */
	MUT_NO_FIFO,		/* deliver as it comes */
	MUT_LOSE_RETRANSMIT,	/* never send anything twice */
	MUT_NO_WINDOW,		/* never tell that messages were read */
	MUT_SHORT_FRAG,		/* fragments from the wrong place */
	MUT_TRUST_RESET,	/* believe the first RESET */
	MUT_ANY_RESET,		/* believe a RESET with a tag of a former life */
	MUT_NO_OUTCOME,		/* lose the outcome of a message that failed */
	MUT_KEEP_RECORDS,	/* lose a packet record */
	MUT_NO_SKIP,		/* never tell what was given up */
	MUT_SKIP_NO_CREDIT,	/* do not give the charge of what was given up back */
	MUT_ONCE_AGAIN,		/* repeat what is sent at most once after a probe timeout */
	MUT_ONCE_MOVED,		/* send it to a successor, too */
	MUT_NO_DEADLINE,	/* forget the deadline */
	MUT_SEND_FINISHED,	/* repeat messages that have their outcome */
	MUT_LEAST_STAYS,	/* at least once ends with the association */
	MUT_NO_DOUBT,		/* forget that a former association sent it */
	MUT_NO_PMTUD,		/* believe the route, whatever is lost */
	MUT__NR
};

extern const char *const mutation_names[MUT__NR];
#ifdef RDM_MUTATE
extern enum mutation mutation;
#else
#define mutation MUT_NONE
#endif

#endif /* _RDM_SIM_H */
