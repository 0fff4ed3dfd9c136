// SPDX-License-Identifier: GPL-2.0
/*
 * rdm pmtu: see pmtu.h. RFC 8899, section 5, with two choices of our own. It begins
 * with what the route says, as if a search had found it, for on nearly all paths that is
 * right; the search comes when it is not. And a suspicion is not believed before probes
 * of that very size have confirmed it: a receiver may refuse data for want of room, and a
 * path lose it for other reasons. What to do about data that was cut too long is
 * assoc_pmtu.c's business.
 */
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "pmtu.h"

/* Doublings of the time that a probe is waited for, while nothing is heard. */
#define SILENT_MAX	4

const char *const rdm_pmtu_states[RDM_PMTU__NR] = {
	[RDM_PMTU_DISABLED]	= "disabled",
	[RDM_PMTU_COMPLETE]	= "complete",
	[RDM_PMTU_SEARCHING]	= "searching",
	[RDM_PMTU_ON_BASE]	= "base",
	[RDM_PMTU_ERROR]	= "error",
};

/* The only place that writes ->state; a pair that is not listed changes nothing. */
static void event(struct rdm_pmtu *p, enum rdm_pmtu_ev ev)
{
#define TO(s)	(RDM_PMTU_##s + 1)
	static const u8 next[RDM_PMTU__NR][RDM_PMTU_EV__NR] = {
		[RDM_PMTU_DISABLED] = {
			[RDM_PMTU_EV_ENABLE] = TO(COMPLETE),
		},
		[RDM_PMTU_COMPLETE] = {
			[RDM_PMTU_EV_DISABLE] = TO(DISABLED),
			[RDM_PMTU_EV_RAISE] = TO(SEARCHING),
			[RDM_PMTU_EV_BLACK_HOLE] = TO(ON_BASE),
		},
		[RDM_PMTU_SEARCHING] = {
			[RDM_PMTU_EV_DISABLE] = TO(DISABLED),
			[RDM_PMTU_EV_ROUTE] = TO(COMPLETE),
			[RDM_PMTU_EV_FOUND] = TO(COMPLETE),
			[RDM_PMTU_EV_BLACK_HOLE] = TO(ON_BASE),
		},
		[RDM_PMTU_ON_BASE] = {
			[RDM_PMTU_EV_DISABLE] = TO(DISABLED),
			[RDM_PMTU_EV_ROUTE] = TO(COMPLETE),
			[RDM_PMTU_EV_BASE_OK] = TO(SEARCHING),
			[RDM_PMTU_EV_BASE_LOST] = TO(ERROR),
		},
		[RDM_PMTU_ERROR] = {
			[RDM_PMTU_EV_DISABLE] = TO(DISABLED),
			[RDM_PMTU_EV_ROUTE] = TO(COMPLETE),
			[RDM_PMTU_EV_BASE_OK] = TO(SEARCHING),
		},
	};
#undef TO
	if (next[p->state][ev])
		p->state = next[p->state][ev] - 1;
}

static u16 base(const struct rdm_pmtu *p)
{
	return min_t(u16, RDM_PMTU_BASE, p->max);
}

static void probe(struct rdm_pmtu *p, u16 size)
{
	p->probe = size;
	p->tries = 0;
	p->silent = 0;
	p->due = size ? RDM_PMTU_DUE_PROBE : RDM_PMTU_DUE_NONE;
	p->out = false;
}

/* Sizes between which the end is: the route's first, for it is right most of the time. */
static u16 next_size(const struct rdm_pmtu *p)
{
	if (p->failed > p->max && p->size < p->max)
		return p->max;
	if (p->failed - p->size <= RDM_PMTU_STEP)
		return 0;
	return p->size + (p->failed - p->size) / 2;
}

static void search(struct rdm_pmtu *p, u64 now)
{
	probe(p, next_size(p));
	if (p->probe)
		return;
	event(p, RDM_PMTU_EV_FOUND);
	p->again_at = p->size < p->max ? now + RDM_PMTU_RAISE : 0;
}

static void search_anew(struct rdm_pmtu *p, u64 now)
{
	p->again_at = 0;
	p->failed = p->max + 1;
	search(p, now);
}

/* Is @size itself being probed? */
static bool confirming(const struct rdm_pmtu *p)
{
	return p->probe == p->size &&
	       (p->state == RDM_PMTU_COMPLETE || p->state == RDM_PMTU_SEARCHING);
}

static void confirm(struct rdm_pmtu *p)
{
	if (!confirming(p))
		probe(p, p->size);
}

/* What a packet of @size does tells something about black holes. */
static bool tells(const struct rdm_pmtu *p, u32 size)
{
	return size > base(p) && size <= p->size &&
	       (p->state == RDM_PMTU_COMPLETE || p->state == RDM_PMTU_SEARCHING);
}

/**
 * rdm_pmtu_init() - begin, or go on after a pause
 * @p: the state
 * @on: false: only the route says how long packets may be
 * @max: what it says now
 * @size: @max, or less that was found out
 * @again_at: for that: when to search again, ns
 */
void rdm_pmtu_init(struct rdm_pmtu *p, bool on, u16 max, u16 size, u64 again_at)
{
	memset(p, 0, sizeof(*p));
	p->max = max;
	p->size = on ? min(size, max) : max;
	p->failed = p->size + 1;
	if (on)
		event(p, RDM_PMTU_EV_ENABLE);
	if (p->size < max)
		p->again_at = again_at;
}

/**
 * rdm_pmtu_enable() - may it probe, from now on?
 * @p: the state; look at @p->size afterwards
 * @on: true when it may
 */
void rdm_pmtu_enable(struct rdm_pmtu *p, bool on)
{
	bool was = p->state != RDM_PMTU_DISABLED;

	if (on == was)
		return;
	event(p, on ? RDM_PMTU_EV_ENABLE : RDM_PMTU_EV_DISABLE);
	probe(p, 0);
	p->losses = 0;
	p->again_at = 0;
	p->size = p->max;
	p->failed = p->max + 1;
}

/**
 * rdm_pmtu_route() - the route says something else than before (RFC 8899, section 4.6)
 * @p: the state; look at @p->size afterwards
 * @now: ns
 * @max: what it says
 *
 * Less than what is in use is believed. More is, too, as long as nothing was found out that
 * the route did not know; else it is searched for.
 */
void rdm_pmtu_route(struct rdm_pmtu *p, u64 now, u16 max)
{
	bool trusted = p->size == p->max || p->state == RDM_PMTU_DISABLED;
	bool more = max > p->max;

	p->max = max;
	if (trusted || max <= p->size) {
		event(p, RDM_PMTU_EV_ROUTE);
		probe(p, 0);
		p->losses = 0;
		p->again_at = 0;
		p->size = max;
		p->failed = max + 1;
		return;
	}
	p->failed = more ? max + 1 : min_t(u16, p->failed, max + 1);
	if (more)
		event(p, RDM_PMTU_EV_RAISE);
	if (p->state == RDM_PMTU_SEARCHING && !confirming(p)) {
		p->again_at = 0;
		search(p, now);
	}
}

/**
 * rdm_pmtu_data_lost() - a packet with data was declared lost: others that were sent later arrived
 * @p: the state; look at @p->due afterwards
 * @now: ns
 * @sent: when it was sent, ns
 * @size: its size
 */
void rdm_pmtu_data_lost(struct rdm_pmtu *p, u64 now, u64 sent, u32 size)
{
	/* a burst that is lost as a whole is one loss, and says little */
	if (!tells(p, size) || sent < p->seen)
		return;
	p->lost_size = p->losses ? min_t(u32, p->lost_size, size) : size;
	p->seen = now;
	if (++p->losses < RDM_PMTU_LOSSES)
		return;
	p->losses = RDM_PMTU_LOSSES;
	confirm(p);
}

/**
 * rdm_pmtu_stalled() - RDM_PMTU_TIMEOUTS probe timeouts in a row
 * @p: the state; look at @p->due afterwards
 * @size: of the longest packet in flight
 */
void rdm_pmtu_stalled(struct rdm_pmtu *p, u32 size)
{
	if (!tells(p, size))
		return;
	p->lost_size = size;
	p->losses = RDM_PMTU_LOSSES;
	confirm(p);
}

/**
 * rdm_pmtu_data_acked() - a packet with data arrived
 * @p: the state; need not be told while @p->losses is 0
 * @now: ns
 * @size: its size
 */
void rdm_pmtu_data_acked(struct rdm_pmtu *p, u64 now, u32 size)
{
	if (!p->losses || size < p->lost_size)
		return;
	p->losses = 0;
	if (!confirming(p))
		return;
	probe(p, 0);
	if (p->state == RDM_PMTU_SEARCHING)
		search(p, now);
}

/**
 * rdm_pmtu_sent() - what was due was sent
 * @p: the state; look at @p->due afterwards
 * @now: ns
 * @timeout: the probe timeout of data, ns: this one has as long
 */
void rdm_pmtu_sent(struct rdm_pmtu *p, u64 now, u64 timeout)
{
	if (p->due == RDM_PMTU_DUE_SHORT) {
		p->due = RDM_PMTU_DUE_NONE;
		return;
	}
	p->due = p->pair ? RDM_PMTU_DUE_SHORT : RDM_PMTU_DUE_NONE;
	p->out = true;
	p->sent_at = now;
	p->at = now + (timeout << p->silent);
}

/**
 * rdm_pmtu_acked() - a probe arrived, or a short one that went with it
 * @p: the state; look at @p->size and @p->due afterwards
 * @now: ns
 * @sent: when it was sent, ns
 * @size: its size
 */
void rdm_pmtu_acked(struct rdm_pmtu *p, u64 now, u64 sent, u32 size)
{
	p->heard = max(p->heard, sent);
	if (!p->out || size != p->probe)
		return;
	probe(p, 0);
	p->losses = 0;
	switch (p->state) {
	case RDM_PMTU_ON_BASE:
	case RDM_PMTU_ERROR:
		event(p, RDM_PMTU_EV_BASE_OK);
		p->size = size;
		search_anew(p, now);
		break;
	case RDM_PMTU_SEARCHING:
		p->size = size;
		search(p, now);
		break;
	default:
		/* it was a false suspicion */
		break;
	}
}

/**
 * rdm_pmtu_deadline() - when does rdm_pmtu_timer() have something to do?
 * @p: the state
 *
 * Return: ns, or U64_MAX.
 */
u64 rdm_pmtu_deadline(const struct rdm_pmtu *p)
{
	if (p->out)
		return p->at;
	return p->again_at && !p->due ? p->again_at : U64_MAX;
}

static enum rdm_pmtu_verdict all_lost(struct rdm_pmtu *p, u64 now)
{
	switch (p->state) {
	case RDM_PMTU_ON_BASE:
		event(p, RDM_PMTU_EV_BASE_LOST);
		p->size = min_t(u16, RDM_PMTU_MIN, p->max);
		fallthrough;
	case RDM_PMTU_ERROR:
		probe(p, 0);
		p->again_at = now + RDM_PMTU_RETRY;
		return RDM_PMTU_PROBE_LOST;
	default:
		break;
	}
	if (confirming(p)) {
		event(p, RDM_PMTU_EV_BLACK_HOLE);
		p->size = base(p);
		p->losses = 0;
		p->again_at = 0;
		probe(p, p->size);
		return RDM_PMTU_BLACK_HOLE;
	}
	p->failed = p->probe;
	search(p, now);
	return RDM_PMTU_PROBE_LOST;
}

/**
 * rdm_pmtu_timer() - time has passed
 * @p: the state; look at @p->size and @p->due afterwards
 * @now: ns; being early is harmless
 * @acked: when the newest packet that is known to have arrived was sent, ns
 *
 * A probe is lost if something arrived that was sent when it was, or later. If nothing did, the
 * path may be down: the probe is sent again, with a short one behind it, for some time.
 *
 * Return: enum rdm_pmtu_verdict.
 */
enum rdm_pmtu_verdict rdm_pmtu_timer(struct rdm_pmtu *p, u64 now, u64 acked)
{
	if (now < rdm_pmtu_deadline(p))
		return RDM_PMTU_NOTHING;
	if (!p->out) {
		p->again_at = 0;
		if (p->state == RDM_PMTU_ON_BASE || p->state == RDM_PMTU_ERROR) {
			probe(p, base(p));
			return RDM_PMTU_NOTHING;
		}
		event(p, RDM_PMTU_EV_RAISE);
		search_anew(p, now);
		return RDM_PMTU_NOTHING;
	}
	p->out = false;
	p->due = RDM_PMTU_DUE_PROBE;
	if (max(acked, p->heard) < p->sent_at) {
		p->pair = true;
		if (++p->silent <= SILENT_MAX)
			return RDM_PMTU_SILENCE;
		/* when there is data again it says so itself if it suspects something */
		p->losses = 0;
		if (!confirming(p) || p->state == RDM_PMTU_SEARCHING)
			p->again_at = now + RDM_PMTU_RETRY;
		probe(p, 0);
		return RDM_PMTU_SILENCE;
	}
	p->silent = 0;
	if (++p->tries < RDM_PMTU_PROBES)
		return RDM_PMTU_PROBE_LOST;
	return all_lost(p, now);
}
