/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rdm group_int: what the files of the group's core share: groupcore.c (life,
 * sending, delivery, stability), groupcast.c (best effort), groupview.c (views by
 * ballot), groupinst.c (how a view begins and ends), grouprepair.c (digests,
 * pulls), groupfd.c (who is alive), groupjoin.c (birth, joining, merging),
 * groupnext.c (what to send).
 * Pure; for the rest groupcore.h has it all.
 */
#ifndef _RDM_GROUP_INT_H
#define _RDM_GROUP_INT_H

#include <linux/bitops.h>
#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/time64.h>

#include "group_mem.h"

/* Planted mistakes of the simulator; there are none here. */
#ifdef RDM_MUTATE
#include "groupmut.h"
#else
#define rdm_gmut(name)	false
#endif

static inline u64 *rdm_gknown(struct rdm_gc *g, u8 k, u8 o)
{
	return &g->known[k * g->cfg.max + o];
}

static inline u64 rdm_gall(u8 n)
{
	return n == 64 ? U64_MAX : BIT_ULL(n) - 1;
}

/* @ranks are a quorum of the members that @of names, in order of seniority. */
static inline bool rdm_gquorum(u64 ranks, u64 of)
{
	u32 have = 2 * hweight64(ranks & of), all = hweight64(of);

	if (rdm_gmut(HALF_GOES_ON))
		return have >= all || have >= 2;
	return have > all || (have == all && ranks & of & -of);
}

static inline void rdm_gwake(struct rdm_gc *g, u64 at)
{
	g->timer_at = min(g->timer_at, at);
}

static inline void rdm_gwant(struct rdm_gc *g, u8 k, u32 what)
{
	if (k == g->rank)
		return;
	g->mem[k].want |= what;
	g->want |= BIT_ULL(k);
}

static inline bool rdm_gat_eq(const struct rdm_gaddr *a, const struct rdm_gaddr *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static inline bool rdm_gmember_eq(const struct rdm_gmember *a, const struct rdm_gmember *b)
{
	return a->inc == b->inc && rdm_gat_eq(&a->at, &b->at);
}

/* Derived times; each has a floor. */
static inline u64 rdm_gbeat(const struct rdm_gc *g)
{
	return max(g->cfg.suspect / 4, 10ULL * NSEC_PER_MSEC);
}

static inline u64 rdm_gretry(const struct rdm_gc *g)
{
	return clamp(g->cfg.suspect / 8, 10ULL * NSEC_PER_MSEC, 200ULL * NSEC_PER_MSEC);
}

static inline u64 rdm_gstep(const struct rdm_gc *g)
{
	return clamp(g->cfg.suspect / 4, 10ULL * NSEC_PER_MSEC, 500ULL * NSEC_PER_MSEC);
}

#define RDM_GACK_DELAY	(5ULL * NSEC_PER_MSEC)

/* groupcore.c */
u64 rdm_grand(struct rdm_gc *g);
u8 rdm_grank(const struct rdm_gc *g, const struct rdm_gmember *who, u8 hint);
u8 rdm_grank_at(const struct rdm_gc *g, const struct rdm_gaddr *at);
struct rdm_gevent *rdm_gevent(struct rdm_gc *g, u8 type, const struct rdm_gmember *who);
void rdm_gdrop(struct rdm_gc *g, struct rdm_gmsg *m);
void rdm_gfinish(struct rdm_gc *g, struct rdm_gmsg *m, u8 fate);
void rdm_gdeliver(struct rdm_gc *g, u64 now, u8 o, u64 to);
void rdm_gack(struct rdm_gc *g, u64 now, u8 o);
void rdm_grelease(struct rdm_gc *g, u8 o);
void rdm_gstable(struct rdm_gc *g);
void rdm_greset(struct rdm_gc *g, bool told, u64 cut);
void rdm_gmem_init(struct rdm_gc *g, u64 now, u8 k, const struct rdm_gmember *who);

/* groupcast.c */
bool rdm_gcast_open(const struct rdm_gc *g);
int rdm_gcast_send(struct rdm_gc *g, struct rdm_gmsg *m);
void rdm_gcast_view(struct rdm_gc *g, u64 stay);
enum rdm_grx rdm_gcast_rx(struct rdm_gc *g, u64 now, const struct rdm_gframe *f, u8 k,
			  struct rdm_gmsg *m);

/* groupview.c */
void rdm_gview_frame(struct rdm_gc *g, u64 now, const struct rdm_gframe *f, u8 k);
void rdm_gview_decide(struct rdm_gc *g, u64 now, const struct rdm_gframe *f);
void rdm_gview_held(struct rdm_gc *g, u64 now);
void rdm_gview_timer(struct rdm_gc *g, u64 now);

/* groupinst.c */
void rdm_gview_install(struct rdm_gc *g, u64 now);
void rdm_gview_enter(struct rdm_gc *g, u64 now, const struct rdm_gframe *f,
		     const struct rdm_gvalue *v);
void rdm_gview_birth(struct rdm_gc *g, u64 now);
void rdm_gview_left_out(struct rdm_gc *g, u64 now, u64 view, bool told, u64 cut);
void rdm_gview_there(struct rdm_gc *g, u8 k);

/* grouprepair.c */
void rdm_gstate_rx(struct rdm_gc *g, u64 now, const struct rdm_gframe *f, u8 from);
void rdm_gpull_rx(struct rdm_gc *g, u64 now, const struct rdm_gframe *f, u8 to, bool old);
void rdm_gpull_want(struct rdm_gc *g, u64 now, u8 o, bool urgent);
void rdm_gpull_more(struct rdm_gc *g, u8 o, u64 seq);
void rdm_gpull_held(struct rdm_gc *g, u64 now, u8 o);
void rdm_grepair_timer(struct rdm_gc *g, u64 now);

/* groupfd.c */
void rdm_gheard(struct rdm_gc *g, u64 now, u8 k);
void rdm_gfd_timer(struct rdm_gc *g, u64 now);
u64 rdm_gtrusted(const struct rdm_gc *g);
u64 rdm_gsuspects(const struct rdm_gc *g);
bool rdm_gcut_off(const struct rdm_gc *g);
u64 rdm_gcondemned(const struct rdm_gc *g, u64 now);
void rdm_gdead(struct rdm_gc *g, u64 now, u8 k);

/* groupjoin.c */
struct rdm_gguest *rdm_gguest(struct rdm_gc *g, u64 now, const struct rdm_gmember *who);
void rdm_gjoin_rx(struct rdm_gc *g, u64 now, const struct rdm_gframe *f,
		  const struct rdm_gaddr *from);
void rdm_gannounce_rx(struct rdm_gc *g, u64 now, const struct rdm_gframe *f,
		      const struct rdm_gaddr *from, bool proven);
void rdm_gjoin_timer(struct rdm_gc *g, u64 now);
void rdm_gseek(struct rdm_gc *g, u64 now, u32 listen);

#endif /* _RDM_GROUP_INT_H */
