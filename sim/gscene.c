// SPDX-License-Identifier: GPL-2.0
/*
 * rdmsim: runs of groups: random ones, in which everything goes wrong for a
 * while, and small exact ones in which one thing goes wrong, at each place in
 * turn. Both end in the same way: the network heals, and all who live must come
 * to one view with the same broadcasts, unless no quorum lives.
 */
#include <stdlib.h>
#include <string.h>

#include "group.h"

static void start_event(struct world *w, u64 arg)
{
	struct gnode *n = &w->nodes[arg];

	if (!n->up && !n->crashed)
		gstart(n);
}

static void restart_event(struct world *w, u64 arg)
{
	struct gnode *n = &w->nodes[arg];

	if (n->up || !n->crashed || n->g)
		return;
	w->count[GC_RESTART]++;
	n->crash_step = 0;
	gstart(n);
}

static void crash_event(struct world *w, u64 arg)
{
	struct gnode *n = &w->nodes[arg];

	if (n->up && !n->crash_step)
		n->crash_step = n->steps + 1 + gbelow(w, 12);
	if (gchance(w, 5000))
		gcall(w, w->now + grnd(w) % (400 * GMS), restart_event, arg);
}

static void leave_event(struct world *w, u64 arg)
{
	struct gnode *n = &w->nodes[arg];

	if (!n->up)
		return;
	gtrace(w, "node %llu leaves", arg);
	w->count[GC_LEAVE]++;
	n->leaving = true;
	n->reading = true;
	rdm_gc_leave(n->g, w->now);
	gpump(n);
	if (gchance(w, 5000))
		gcall(w, w->now + grnd(w) % (800 * GMS), restart_event, arg);
}

static void pause_event(struct world *w, u64 arg)
{
	struct gnode *n = &w->nodes[arg];

	if (!n->up)
		return;
	n->paused_until = w->now + grnd(w) % (300 * GMS);
	gtrace(w, "node %llu pauses", arg);
	w->count[GC_PAUSE]++;
}

static void chanfail_event(struct world *w, u64 arg)
{
	gchanfail(w, arg & 0xff, arg >> 8);
}

static void links(struct world *w, bool down, bool both)
{
	u64 side = grnd(w);
	u8 a, b;

	for (a = 0; a < w->n; a++)
		for (b = 0; b < w->n; b++)
			if ((side >> a & 1) != (side >> b & 1) && (both || side >> a & 1))
				w->links[a][b].down = down;
}

static void heal(struct world *w)
{
	u8 a, b;

	for (a = 0; a < w->n; a++)
		for (b = 0; b < w->n; b++)
			if (!w->cut_for_ever)
				w->links[a][b].down = false;
}

static void partition_event(struct world *w, u64 kind)
{
	u8 a, b;

	if (w->quiet)
		return;
	heal(w);
	w->count[GC_PARTITION]++;
	gtrace(w, "partition %llu", kind);
	if (kind < 2) {
		links(w, true, !kind);
		return;
	}
	for (a = 0; a < w->n; a++)
		for (b = 0; b < w->n; b++)
			if (a != b && gchance(w, 2500)) {
				w->links[a][b].down = true;
				if (gchance(w, 5000))
					w->links[b][a].down = true;
			}
}

static void heal_event(struct world *w, u64 arg)
{
	heal(w);
	gtrace(w, "healed");
}

static void send_event(struct world *w, u64 arg)
{
	struct gnode *n = &w->nodes[arg & 0xff];
	u32 burst = arg >> 8;

	while (burst-- && n->up) {
		bool longest = w->longest && gchance(w, 3000);

		if (gsend(n, longest ? w->longest : 256 + gbelow(w, 4000)) && longest)
			w->count[GC_LONG]++;
	}
}

static void read_event(struct world *w, u64 arg)
{
	struct gnode *n = &w->nodes[arg];

	if (n->up && n->started && n->paused_until <= w->now) {
		gread(n, 1 + gbelow(w, 4));
		gpump(n);
	}
	if (!w->quiet)
		gcall(w, w->now + grnd(w) % (60 * GMS), read_event, arg);
}

static void calm_event(struct world *w, u64 arg)
{
	u8 i;

	gtrace(w, "no more faults");
	w->quiet = true;
	heal(w);
	for (i = 0; i < w->n; i++) {
		struct gnode *n = &w->nodes[i];

		n->crash_step = 0;
		n->paused_until = 0;
		n->reading = true;
		if (n->up && n->started) {
			gread(n, U32_MAX);
			gpump(n);
		}
	}
}

static void anything(struct world *w, u64 seed)
{
	static const u8 sizes[] = { 3, 3, 3, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 2, 6, 7, 8, 12, 16 };
	u32 i, n, faults;
	u64 t0;

	gworld_init(w, seed, 3);
	w->n = sizes[gbelow(w, ARRAY_SIZE(sizes))];
	if (w->n > 8 && gchance(w, 7000))
		w->n = 4;
	n = w->n;
	i = n;
	gworld_init(w, seed, n);
	grnd(w);
	w->reliable = gchance(w, 6000);
	w->drop = gchance(w, 5000) ? 0 : gbelow(w, gchance(w, 3000) ? 3000 : 800);
	w->dup = gchance(w, 5000) ? 0 : gbelow(w, 2000);
	w->delay = 100 * GUS + grnd(w) % (2 * GMS);
	w->jitter = gchance(w, 3000) ? 0 : grnd(w) % (gchance(w, 2000) ? 20 * GMS : 3 * GMS);
	w->cfg.eager = gchance(w, 1500);
	if (gchance(w, 2000))
		w->cfg.lag = 150 * GMS + grnd(w) % (200 * GMS);
	if (gchance(w, 2000))
		w->cfg.form_min = 2;
	if (gchance(w, 2500)) {
		w->cfg.list = w->list;
		w->cfg.nlist = n;
		w->cfg.form_min = n / 2 + 1;
		w->cfg.keep_min = n / 2 + 1;
	}
	if (gchance(w, 3000)) {
		w->cfg.window = 16 * 1024;
		w->cfg.window_msgs = 16;
	}
	t0 = w->now;
	for (i = 0; i < n; i++) {
		u64 at = t0 + grnd(w) % (gchance(w, 7000) ? 30 * GMS : 800 * GMS);

		gcall(w, at, start_event, i);
	}
	for (i = 5 + gbelow(w, 30); i--;)
		gcall(w, t0 + 200 * GMS + grnd(w) % (1200 * GMS), send_event,
		      gbelow(w, n) | (1 + gbelow(w, gchance(w, 2000) ? 12 : 2)) << 8);
	faults = gbelow(w, 5);
	for (i = 0; i < faults; i++) {
		u64 at = t0 + 100 * GMS + grnd(w) % (1300 * GMS);

		switch (gbelow(w, 8)) {
		case 0:
		case 1:
			gcall(w, at, crash_event, gbelow(w, n));
			break;
		case 2:
			gcall(w, at, leave_event, gbelow(w, n));
			break;
		case 3:
			gcall(w, at, pause_event, gbelow(w, n));
			break;
		case 4:
			gcall(w, at, chanfail_event, gbelow(w, n) |
			      ((gbelow(w, n - 1) + 1) % n) << 8);
			break;
		case 5:
			w->nodes[gbelow(w, n)].reading = false;
			break;
		default:
			gcall(w, at, partition_event, gbelow(w, 3));
			gcall(w, at + grnd(w) % (600 * GMS), heal_event, 0);
		}
	}
	for (i = 0; i < n; i++)
		if (!w->nodes[i].reading || gchance(w, 500))
			gcall(w, t0 + 200 * GMS, read_event, i);
	gcall(w, w->calm, calm_event, 0);
}

/* The same over associations. */
static void anything_assoc(struct world *w, u64 seed)
{
	anything(w, seed);
	w->assoc = true;
	w->dup = 0;
	w->drop = min(w->drop, 1000U);
}

/* Some broadcasts are as long as half of the window, and take longer than a repair waits. */
static void anything_long(struct world *w, u64 seed)
{
	anything(w, seed);
	w->longest = w->cfg.window / 2;
	w->slow = gbelow(w, 3) * GUS;
}

/* Some broadcast with best effort. */
static void anything_cast(struct world *w, u64 seed)
{
	anything(w, seed);
	w->casts = grnd(w) | BIT(seed % w->n);
}

/* Small worlds, in which nothing is wrong but what the run is about. */

static void mark_event(struct world *w, u64 end)
{
	u8 i;

	for (i = 0; i < w->n; i++)
		w->nodes[i].mark_steps[end] = w->nodes[i].steps;
	w->mark_pkts[end] = w->npkts;
	w->mark_view = w->views[w->nviews - 1].view;
}

/* @n members that form by 300 ms; then what is to be looked at, for @span. */
static void small(struct world *w, u64 seed, u8 n, u64 span)
{
	u8 i;

	gworld_init(w, seed, n);
	w->delay = 300 * GUS;
	w->jitter = 200 * GUS;
	w->reliable = true;
	w->calm = w->now + 1200 * GMS;
	for (i = 0; i < n; i++)
		gcall(w, w->now + i * 3 * GMS, start_event, i);
	w->mark[0] = w->now + 300 * GMS;
	w->mark[1] = w->mark[0] + span;
	gcall(w, w->mark[0], mark_event, 0);
	gcall(w, w->mark[1], mark_event, 1);
	gcall(w, w->calm, calm_event, 0);
}

static void say(struct world *w, u64 after, u8 node, u8 times)
{
	gcall(w, w->mark[0] + after, send_event, node | times << 8);
}

static void three(struct world *w, u64 seed)
{
	small(w, seed, 3, 60 * GMS);
	say(w, 1, 0, 2);
	say(w, 1 * GMS, 1, 1);
	say(w, 10 * GMS, 2, 1);
	say(w, 40 * GMS, 0, 1);
	say(w, 180 * GMS, 1, 2);
}

static void three_eager(struct world *w, u64 seed)
{
	three(w, seed);
	w->cfg.eager = true;
}

static void three_lossy(struct world *w, u64 seed)
{
	three(w, seed);
	w->reliable = false;
}

static void three_long(struct world *w, u64 seed)
{
	three(w, seed);
	w->longest = w->cfg.window / 2;
	w->slow = gbelow(w, 2) * GUS;
}

static void two(struct world *w, u64 seed)
{
	small(w, seed, 2, 60 * GMS);
	say(w, 1, 0, 2);
	say(w, 1 * GMS, 1, 2);
	say(w, 40 * GMS, 1, 1);
	say(w, 180 * GMS, 0, 2);
}

static void kill_event(struct world *w, u64 arg)
{
	if (w->nodes[arg].up)
		gcrash(&w->nodes[arg]);
}

/* A member dies, and then whoever would have mended that. */
static void five(struct world *w, u64 seed)
{
	small(w, seed, 5, 240 * GMS);
	say(w, 1, 4, 3);
	say(w, 1 * GMS, 1, 1);
	say(w, 100 * GMS, 2, 1);
	say(w, 300 * GMS, 3, 1);
	gcall(w, w->mark[0] + 1 * GMS, kill_event, 4);
}

static void cut_event(struct world *w, u64 arg);

/* One member alone has a broadcast, dies as well, and not at once. */
static void only_one(struct world *w, u64 seed)
{
	u8 k;

	small(w, seed, 5, 260 * GMS);
	for (k = 0; k < 3; k++)
		gcall(w, w->mark[0], cut_event, 4 | k << 8);
	say(w, 1, 4, 2);
	gcall(w, w->mark[0] + 3 * GMS, kill_event, 4);
	say(w, 400 * GMS, 1, 2);
}

/*
 * While a view changes, because somebody joins, a broadcast reaches one member
 * alone, its origin dies, and that member, too.
 */
static void last_word(struct world *w, u64 seed)
{
	u8 k;

	small(w, seed, 6, 120 * GMS);
	w->nheap = 0;
	for (k = 0; k < 5; k++)
		gcall(w, w->now + k * 3 * GMS, start_event, k);
	gcall(w, w->mark[0], start_event, 5);
	for (k = 0; k < 3; k++)
		gcall(w, w->mark[0], cut_event, 4 | k << 8);
	say(w, 1 + grnd(w) % (60 * GMS), 4, 2);
	gcall(w, w->mark[0] + 62 * GMS, kill_event, 4);
	gcall(w, w->mark[0], mark_event, 0);
	gcall(w, w->mark[1], mark_event, 1);
	gcall(w, w->calm, calm_event, 0);
}

/* Two want to join while others broadcast. */
static void joining(struct world *w, u64 seed)
{
	small(w, seed, 4, 100 * GMS);
	w->nheap = 0;
	gcall(w, w->now, start_event, 0);
	gcall(w, w->now + 3 * GMS, start_event, 1);
	gcall(w, w->mark[0], start_event, 2);
	gcall(w, w->mark[0] + 2 * GMS, start_event, 3);
	gcall(w, w->mark[0], mark_event, 0);
	gcall(w, w->mark[1], mark_event, 1);
	gcall(w, w->calm, calm_event, 0);
	say(w, 1, 0, 2);
	say(w, 20 * GMS, 1, 2);
	say(w, 60 * GMS, 0, 1);
	say(w, 300 * GMS, 2, 2);
}

static void leaving(struct world *w, u64 seed)
{
	small(w, seed, 3, 120 * GMS);
	say(w, 1, 0, 2);
	say(w, 1, 1, 2);
	gcall(w, w->mark[0] + 2 * GMS, leave_event, grnd(w) % 3);
	say(w, 300 * GMS, 1, 2);
	say(w, 300 * GMS, 2, 2);
}

static void cut_event(struct world *w, u64 arg)
{
	w->links[arg & 0xff][arg >> 8].down = true;
}

/* G4: one way never works, or both ways of one pair; the origin lives. */
static void omission(struct world *w, u64 seed)
{
	u8 a, b;

	small(w, seed, 3 + seed % 3, 0);
	a = gbelow(w, w->n);
	b = (a + 1 + gbelow(w, w->n - 1)) % w->n;
	w->cut_for_ever = true;
	gcall(w, w->mark[0], cut_event, a | b << 8);
	if (seed & 4)
		gcall(w, w->mark[0], cut_event, b | a << 8);
	say(w, 1 * GMS, a, 3);
	say(w, 50 * GMS, b, 2);
	say(w, 300 * GMS, a, 2);
}

/* The way between the one who would change the view and a member does not work; some join. */
static void one_way(struct world *w, u64 seed)
{
	u8 i, b;

	small(w, seed, 7, 0);
	w->nheap = 0;
	for (i = 0; i < 5; i++)
		gcall(w, w->now + i * 5 * GMS, start_event, i);
	b = 1 + seed % 4;
	w->cut_for_ever = true;
	gcall(w, w->mark[0], cut_event, 0 | b << 8);
	gcall(w, w->mark[0], cut_event, b | 0 << 8);
	/* later than the suspicion, so that it matters */
	gcall(w, w->mark[0] + 200 * GMS, start_event, 5);
	gcall(w, w->mark[0] + 205 * GMS + grnd(w) % (100 * GMS), start_event, 6);
	gcall(w, w->mark[0] + 150 * GMS, mark_event, 0);
	gcall(w, w->calm, calm_event, 0);
	for (i = 0; i < 5; i++)
		say(w, 190 * GMS + grnd(w) % (100 * GMS), i, 2);
}

static void nobody_expelled(struct world *w)
{
	if (w->count[GC_EXPELLED])
		gfail(w, "a member that all but one hear was expelled");
}

static void same_view(struct world *w)
{
	if (w->views[w->nviews - 1].view > w->mark_view)
		gfail(w, "the view changed");
}

/* G13: nothing fails. */
static void perfect(struct world *w, u64 seed)
{
	u8 i;

	small(w, seed, 2 + seed % 7, 0);
	w->jitter = 100 * GUS;
	for (i = 0; i < w->n; i++)
		say(w, 400 * GMS + i * GMS, i, 1 + seed % 3);
}

static void exact_copies(struct world *w)
{
	u64 want = w->count[GC_SENT] * (w->n - 1);

	if (w->count[GC_DATA] != want)
		gfail(w, "%llu broadcasts among %u took %llu copies, not %llu",
		      w->count[GC_SENT], w->n, w->count[GC_DATA], want);
}

static void perfect_cast(struct world *w, u64 seed)
{
	perfect(w, seed);
	w->casts = U32_MAX;
}

/* One copy for each other member, and nothing else. */
static void cast_copies(struct world *w)
{
	u64 sent = w->count[GC_CAST], want = sent * (w->n - 1);

	if (!sent || w->count[GC_DATA] != want || w->count[GC_DELIVERED] != sent * w->n ||
	    w->count[GC_ARRIVED] != sent)
		gfail(w, "%llu best-effort broadcasts among %u: %llu copies, %llu deliveries",
		      sent, w->n, w->count[GC_DATA], w->count[GC_DELIVERED]);
}

/* G8: half and half, for longer than anybody's patience, or less. */
static void split_event(struct world *w, u64 arg)
{
	u8 a, b;

	w->count[GC_PARTITION]++;
	for (a = 0; a < w->n; a++)
		for (b = 0; b < w->n; b++)
			if ((arg >> a & 1) != (arg >> b & 1))
				w->links[a][b].down = true;
}

static void split(struct world *w, u64 seed)
{
	u64 side = 0;
	u8 i;

	small(w, seed, seed & 1 ? 4 : 6, 0);
	while (hweight64(side) != w->n / 2)
		side = grnd(w) & (BIT_ULL(w->n) - 1);
	gcall(w, w->mark[0], split_event, side);
	gcall(w, w->mark[0] + (seed & 2 ? 500 : 40) * GMS, heal_event, 0);
	for (i = 0; i < w->n; i++) {
		say(w, 10 * GMS, i, 1);
		say(w, 200 * GMS, i, 1);
		say(w, 700 * GMS, i, 1);
	}
}

/* G14: two births of one group meet. */
static void births(struct world *w, u64 seed)
{
	u8 i;

	small(w, seed, 3 + seed % 4, 0);
	split_event(w, 2 + seed % 5);
	gcall(w, w->mark[0] + 100 * GMS, heal_event, 0);
	for (i = 0; i < w->n; i++) {
		say(w, 0, i, 2);
		say(w, 110 * GMS, i, 2);
		say(w, 600 * GMS, i, 2);
	}
}

/* G14: all of them go, and come again. */
static void all_restart(struct world *w, u64 seed)
{
	u8 i;

	small(w, seed, 3 + seed % 3, 0);
	for (i = 0; i < w->n; i++) {
		gcall(w, w->mark[0] + grnd(w) % (100 * GMS), kill_event, i);
		gcall(w, w->mark[0] + 101 * GMS + grnd(w) % (100 * GMS), restart_event, i);
		say(w, grnd(w) % (100 * GMS), i, 2);
		say(w, 700 * GMS, i, 2);
	}
}

static void stop_event(struct world *w, u64 arg)
{
	w->nodes[arg].reading = false;
}

static void slow_event(struct world *w, u64 arg)
{
	w->nodes[arg].reading = false;
	gcall(w, w->now, read_event, arg);
}

/* G10: one does not read. */
static void slow(struct world *w, u64 seed)
{
	u8 i;

	small(w, seed, 3 + seed % 3, 0);
	w->cfg.window = 16 * 1024;
	w->cfg.window_msgs = 16;
	if (seed & 1)
		w->cfg.lag = 150 * GMS;
	gcall(w, w->mark[0] + 1, seed & 2 ? stop_event : slow_event, w->n - 1);
	for (i = 0; i < 60; i++)
		say(w, i * 10 * GMS, i % (w->n - 1), 2);
}

/* To the end: quiet, settled, and then silent. */
bool grun(struct world *w)
{
	u64 next = 0, settled = 0;

	w->count[GC_RUN]++;
	while (gworld_step(w)) {
		if (!w->quiet || w->now < next)
			continue;
		next = w->now + 30 * GMS;
		if (!gcheck_settled(w, false)) {
			settled = 0;
			if (w->now > w->calm + 8 * GSEC)
				break;
		} else if (!settled) {
			settled = w->now;
		} else if (w->now > settled + 250 * GMS) {
			break;
		}
	}
	if (w->failed)
		return false;
	if (!settled)
		gcheck_settled(w, true);
	if (settled)
		gcheck_silent(w, settled);
	gcheck_end(w);
	w->count[gcheck_can(w) ? GC_AGREED : GC_SAFETY]++;
	return !w->failed;
}

#define ALL	0xffff

const struct gscene gscenes[] = {
	{ "random", "G1-G12 G14 anything may fail, among 2 to 16 members",
	  anything, GK_SEEDS, 0, 3000,
	  .must = { GC_CRASH, GC_DROP, GC_EXPELLED, GC_RELAY, GC_MERGE, GC_PARTITION } },
	{ "assoc", "G1-G12 anything may fail, and channels are associations",
	  anything_assoc, GK_SEEDS, 0, 300,
	  .must = { GC_ASSOC, GC_CRASH, GC_DROP, GC_EXPELLED, GC_CUT, GC_CHANFAIL } },
	{ "perfect", "G1 G13 when nothing fails, n-1 copies and no relay",
	  perfect, GK_SEEDS, 0, 20,
	  .must = { GC_STABLE }, .verdict = exact_copies },
	{ "cast", "anything may fail, and some broadcast with best effort",
	  anything_cast, GK_SEEDS, 0, 300,
	  .must = { GC_CAST, GC_SENT, GC_ARRIVED, GC_PARTLY, GC_EXPELLED } },
	{ "cast-perfect", "best effort, and nothing fails: all deliver, n-1 copies",
	  perfect_cast, GK_SEEDS, 0, 20,
	  .must = { GC_ARRIVED }, .verdict = cast_copies },
	{ "crash", "G2 G3 G11 a member of three crashes, at each of its steps",
	  three, GK_CRASH, ALL, 2,
	  .must = { GC_CRASH, GC_RELAY } },
	{ "long", "G1-G12 anything may fail, and some broadcasts have half of a window",
	  anything_long, GK_SEEDS, 0, 300,
	  .must = { GC_LONG, GC_CRASH, GC_EXPELLED, GC_RELAY, GC_PULL } },
	{ "crash-long", "G2 G3 one of three crashes, and some broadcasts have half of a window",
	  three_long, GK_CRASH, ALL, 2,
	  .must = { GC_LONG, GC_CRASH, GC_RELAY } },
	{ "crash-eager", "G2 G3 the same with eager relay",
	  three_eager, GK_CRASH, ALL, 1,
	  .must = { GC_CRASH, GC_RELAY } },
	{ "crash-back", "G9 the same, and it comes back at once",
	  three, GK_BACK, ALL, 1,
	  .must = { GC_CRASH, GC_RESTART, GC_JOIN } },
	{ "omit", "G4 G5 each frame among three is lost once",
	  three_lossy, GK_OMIT, 0, 2,
	  .must = { GC_OMIT, GC_PULL } },
	{ "crash-cut", "G2 G4 a crash at each step, while one way does not work",
	  three, GK_CRASH_CUT, ALL, 1,
	  .must = { GC_CRASH, GC_CUT } },
	{ "crash-omit", "G2 G4 a crash at each step, and a frame is lost",
	  three_lossy, GK_CRASH_OMIT, ALL, 1,
	  .must = { GC_CRASH, GC_OMIT } },
	{ "omission", "G4 an origin that never reaches one member: all deliver, nobody is expelled",
	  omission, GK_SEEDS, 0, 40,
	  .must = { GC_CUT, GC_RELAY, GC_STABLE }, .verdict = same_view },
	{ "one-way", "G4 G9 one way of a member does not work while others join: it stays",
	  one_way, GK_SEEDS, 0, 40,
	  .must = { GC_CUT, GC_JOIN, GC_SUSPECT }, .verdict = nobody_expelled },
	{ "pair", "G14 each of two members crashes, at each of its steps",
	  two, GK_CRASH, ALL, 2,
	  .must = { GC_CRASH, GC_SAFETY } },
	{ "pair-back", "G14 the same, and it comes back",
	  two, GK_BACK, ALL, 1,
	  .must = { GC_CRASH, GC_RESTART } },
	{ "proposer", "G14 whoever changes the view crashes, at each of its steps",
	  five, GK_CRASH, 0x0f, 1,
	  .must = { GC_CRASH, GC_BALLOT } },
	{ "proposer-omit", "G14 the same, and a frame is lost",
	  five, GK_CRASH_OMIT, 0x0f, 1,
	  .must = { GC_CRASH, GC_OMIT } },
	{ "only-one", "G2 the only member that has a broadcast crashes, at each of its steps",
	  only_one, GK_CRASH, 0x08, 2,
	  .must = { GC_CRASH, GC_RELAY } },
	{ "last-word", "G2 G14 the same while the view changes",
	  last_word, GK_CRASH, 0x08, 10,
	  .must = { GC_CRASH, GC_RELAY } },
	{ "join", "G9 G14 members and joiners crash, at each of their steps",
	  joining, GK_CRASH, ALL, 1,
	  .must = { GC_CRASH, GC_JOIN } },
	{ "leave", "G9 somebody leaves, and each crashes, at each of its steps",
	  leaving, GK_CRASH, ALL, 1,
	  .must = { GC_CRASH, GC_LEAVE } },
	{ "split", "G7 G8 half of the group is cut off",
	  split, GK_SEEDS, 0, 40,
	  .must = { GC_PARTITION, GC_BLOCKED, GC_EXPELLED } },
	{ "births", "G14 two births of one group meet",
	  births, GK_SEEDS, 0, 40,
	  .must = { GC_MERGE } },
	{ "restart", "G14 all members restart",
	  all_restart, GK_SEEDS, 0, 40,
	  .must = { GC_RESTART } },
	{ "slow", "G10 a member that does not read: senders wait, or it is expelled",
	  slow, GK_SEEDS, 0, 40,
	  .must = { GC_REFUSED, GC_EXPELLED } },
};

const u32 ngscenes = ARRAY_SIZE(gscenes);
