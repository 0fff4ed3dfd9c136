// SPDX-License-Identifier: GPL-2.0
/*
 * A model-based congestion control in the manner of BBR (Cardwell and others,
 * draft-ietf-ccwg-bbr; the names are from there): what the path carries and how long it
 * is are measured, and sending follows from both, not from single losses. For long paths
 * that lose packets without being full.
 *
 * Bandwidth is the highest rate at which packets were delivered lately
 * (draft-cheng-iccrg-delivery-rate-estimation), the round trip the lowest. Loss counts as
 * congestion where a round trip loses more than a path without a queue should, and the
 * round trips of the same time show a queue, or ECN does, or where very much is lost.
 */
#include <linux/build_bug.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/time64.h>

#include "cong.h"

/* Times on record are in units of 2^10 ns, as u32: differences are what matters. */
#define T_SHIFT		10

/* Gains in 1/256. Startup: 4 ln 2 lets the rate double in a round trip. */
#define ONE		256
#define STARTUP_PACING	710
#define DRAIN_PACING	90	/* 0.35 */
#define WINDOW_GAIN	512
#define PACING_MARGIN	253	/* 1 % less than the path carries, so that no queue stays */

/* Startup ends when three round trips have not brought a quarter more. */
#define FULL_BW_GROWTH	320
#define FULL_BW_ROUNDS	3

/* A round trip is measured anew after so long without one as short: */
#define MIN_RTT_WINDOW	(10 * (u64)NSEC_PER_SEC)
#define PROBE_RTT_TIME	(200 * (u64)NSEC_PER_MSEC)
#define MIN_PACKETS	4

/* Losses of a round trip, in 1/256: too much beside a queue (2 %), too much anyway (20 %). */
#define LOSS_QUEUE	5
#define LOSS_ALWAYS	51
/*
 * The latter only of so many losses: of few packets one is very much, and a super-packet that
 * is lost as a whole can be most of a round trip.
 */
#define LOSSES_ALWAYS	6
/* What is left of the window then: beta of the draft. */
#define BETA		179

enum bbr_mode {
	BBR_STARTUP,	/* look for the bandwidth, doubling */
	BBR_DRAIN,	/* let go of the queue that this has made */
	BBR_PROBE_BW,	/* go round the phases below */
	BBR_PROBE_RTT,	/* keep less in flight than the path holds, to see how long it is */
};

/* Phases of BBR_PROBE_BW, a round trip each: ask for more, make up for it, cruise. */
static const u16 cycle_gain[] = { 320, 192, ONE, ONE, ONE, ONE, ONE, ONE };

/**
 * struct bbr - what is BBR's own
 * @delivered: bytes acked in all
 * @delivered_at: when the last of them were, ns
 * @first_sent: when the first packet of the present rate sample was sent, ns
 * @limited_until: @delivered up to which samples are limited by the application; 0: none
 * @bw: the highest rates of the last cycle and of this one, bytes a second
 * @full_bw: the highest rate when startup last saw it grow
 * @cycle_at: when the phase or the mode began, ns
 * @min_rtt_at: when @min_rtt was measured, ns
 * @hi: bytes in flight that congestion has shown to be the most; U64_MAX
 * @next_round: @delivered at which the round trip ends
 * @min_rtt: ns; U32_MAX before the first
 * @round_rtt: lowest of this round trip, ns
 * @round_from: @delivered when it began
 * @lost: bytes lost in it
 * @acked: bytes acked by the present frame
 * @lost_sent: when what was lost last had been sent, in units of 2^10 ns
 * @mode: enum bbr_mode
 * @phase: of cycle_gain
 * @full_rounds: round trips of startup without growth
 * @losses: in this round trip; packets sent at the same time count as one
 * @marked: ECN-CE in this round trip
 */
struct bbr {
	u64 delivered;
	u64 delivered_at;
	u64 first_sent;
	u64 limited_until;
	u64 bw[2];
	u64 full_bw;
	u64 cycle_at;
	u64 min_rtt_at;
	u64 hi;
	u32 next_round;
	u32 min_rtt;
	u32 round_rtt;
	u32 round_from;
	u32 lost;
	u32 acked;
	u16 lost_sent;
	u8 mode;
	u8 phase;
	u8 full_rounds;
	u8 losses;
	bool marked;
};

static struct bbr *bbr(struct rdm_cong *c)
{
	BUILD_BUG_ON(sizeof(struct bbr) > sizeof(c->priv));
	return (struct bbr *)c->priv;
}

static u64 max_bw(const struct bbr *b)
{
	return max(b->bw[0], b->bw[1]);
}

static u32 floor_window(const struct rdm_cong *c)
{
	return MIN_PACKETS * c->mss;
}

/* Bytes that fill the path, times @gain. */
static u64 bdp(const struct bbr *b, u32 gain)
{
	return mul_u64_u64_shr(max_bw(b) * gain, div_u64((u64)b->min_rtt << 20, NSEC_PER_SEC),
			       20 + 8);
}

static void enter(struct bbr *b, u8 mode, u64 now)
{
	b->mode = mode;
	b->cycle_at = now;
}

static void enter_probe_bw(struct bbr *b, u64 now)
{
	enter(b, BBR_PROBE_BW, now);
	/* not all flows of a path at the same phase, and not by asking for more at once */
	b->phase = 2 + (u8)(now >> 16) % 6;
}

static void bbr_init(struct rdm_cong *c)
{
	struct bbr *b = bbr(c);

	b->min_rtt = U32_MAX;
	b->round_rtt = U32_MAX;
	b->hi = U64_MAX;
}

static void bbr_sent(struct rdm_cong *c, struct rdm_cong_snap *snap, u64 now)
{
	struct bbr *b = bbr(c);

	if (!c->in_flight) {
		b->first_sent = now;
		b->delivered_at = now;
	}
	snap->delivered = b->delivered;
	snap->delivered_at = b->delivered_at >> T_SHIFT;
	snap->first_sent = b->first_sent >> T_SHIFT;
	snap->limited = b->limited_until;
}

static void bbr_acked(struct rdm_cong *c, u64 now, u64 sent_time, u32 bytes, bool app_limited)
{
	struct bbr *b = bbr(c);

	b->delivered += bytes;
	b->delivered_at = now;
	b->acked += bytes;
}

static void bbr_lost(struct rdm_cong *c, u64 sent_time, u32 bytes)
{
	struct bbr *b = bbr(c);
	u16 sent = sent_time >> T_SHIFT;

	if (!b->losses || (sent != b->lost_sent && b->losses < LOSSES_ALWAYS))
		b->losses++;
	b->lost_sent = sent;
	b->lost += bytes;
}

static void bbr_marked(struct rdm_cong *c)
{
	bbr(c)->marked = true;
}

static void bbr_starved(struct rdm_cong *c)
{
	struct bbr *b = bbr(c);

	b->limited_until = max(b->delivered + c->in_flight, 1ULL);
}

/* A loss by itself is not news: see end_round(). */
static void bbr_congested(struct rdm_cong *c, u64 now, u64 sent_time)
{
}

/* The rate sample of the newest packet that a frame acked: bytes a second, or 0. */
static u64 sample(const struct bbr *b, const struct rdm_cong_ack *ack)
{
	const struct rdm_cong_snap *snap = ack->snap;
	u32 sending = (u32)(ack->sent_time >> T_SHIFT) - snap->first_sent;
	u32 acking = (u32)(b->delivered_at >> T_SHIFT) - snap->delivered_at;
	u64 ns = (u64)max(sending, acking) << T_SHIFT;

	/* what is acked faster than the path is long was not all sent for this sample */
	if (!ns || ns + (1 << T_SHIFT) < b->min_rtt)
		return 0;
	return div64_u64((u64)((u32)b->delivered - snap->delivered) * NSEC_PER_SEC, ns);
}

static void learn_rtt(struct rdm_cong *c, struct bbr *b, const struct rdm_cong_ack *ack)
{
	u32 rtt = min_t(u64, ack->rtt, U32_MAX - 1);
	bool old = b->min_rtt != U32_MAX && ack->now > b->min_rtt_at + MIN_RTT_WINDOW;

	if (!rtt)
		return;
	b->round_rtt = min(b->round_rtt, rtt);
	if (rtt <= b->min_rtt || old) {
		b->min_rtt = rtt;
		b->min_rtt_at = ack->now;
	}
	if (old && b->mode != BBR_PROBE_RTT)
		enter(b, BBR_PROBE_RTT, ack->now);
}

static bool congested(const struct bbr *b)
{
	u64 lost = (u64)b->lost * ONE, all = (u64)b->lost + ((u32)b->delivered - b->round_from);
	u64 queue = (u64)b->min_rtt + b->min_rtt / 4 + NSEC_PER_MSEC;

	if (b->marked || (lost > all * LOSS_ALWAYS && b->losses >= LOSSES_ALWAYS))
		return true;
	return lost > all * LOSS_QUEUE && b->round_rtt != U32_MAX && b->round_rtt > queue;
}

/* A round trip is over: what did it tell? */
static void end_round(struct rdm_cong *c, struct bbr *b, const struct rdm_cong_ack *ack)
{
	if (congested(b)) {
		/* the path held less than this, however much it carries */
		b->hi = max_t(u64, min(b->hi, c->cwnd) * BETA / ONE, floor_window(c));
		if (b->mode == BBR_STARTUP)
			enter(b, BBR_DRAIN, ack->now);
		else if (b->mode == BBR_PROBE_BW && !b->phase)
			b->phase = 1;
	} else if (b->hi != U64_MAX && b->mode == BBR_PROBE_BW &&
		   (c->in_flight + b->acked) * 8 > b->hi * 7) {
		/* it was in use and did no harm */
		b->hi += max_t(u64, b->hi / 16, c->mss);
	}

	if (b->mode == BBR_STARTUP && !ack->snap->limited) {
		if (max_bw(b) * ONE >= b->full_bw * FULL_BW_GROWTH) {
			b->full_bw = max_bw(b);
			b->full_rounds = 0;
		} else if (++b->full_rounds >= FULL_BW_ROUNDS) {
			enter(b, BBR_DRAIN, ack->now);
		}
	}

	b->next_round = b->delivered;
	b->round_from = b->delivered;
	b->round_rtt = U32_MAX;
	b->lost = 0;
	b->losses = 0;
	b->marked = false;
}

static void next_phase(struct bbr *b, u64 now)
{
	b->phase = (b->phase + 1) % ARRAY_SIZE(cycle_gain);
	b->cycle_at = now;
	/* the filter looks back over a cycle, but not over one without a sample */
	if (!b->phase && b->bw[1]) {
		b->bw[0] = b->bw[1];
		b->bw[1] = 0;
	}
}

static void advance(struct rdm_cong *c, struct bbr *b, u64 now)
{
	bool long_enough = now - b->cycle_at > b->min_rtt;
	u32 gain;

	switch (b->mode) {
	case BBR_DRAIN:
		if (c->in_flight <= bdp(b, ONE))
			enter_probe_bw(b, now);
		break;
	case BBR_PROBE_BW:
		gain = cycle_gain[b->phase];
		/* more is asked for until it has really been in flight, or was too much */
		if (gain > ONE)
			long_enough = long_enough &&
				      (b->lost || b->marked || c->in_flight >= bdp(b, gain));
		if (long_enough || (gain < ONE && c->in_flight <= bdp(b, ONE)))
			next_phase(b, now);
		break;
	case BBR_PROBE_RTT:
		if (now - b->cycle_at > max_t(u64, PROBE_RTT_TIME, b->min_rtt)) {
			b->min_rtt_at = now;
			if (b->full_rounds >= FULL_BW_ROUNDS || b->hi != U64_MAX)
				enter_probe_bw(b, now);
			else
				enter(b, BBR_STARTUP, now);
		}
		break;
	}
}

static void set_pace(struct rdm_cong *c, struct bbr *b, const struct rdm_cong_ack *ack)
{
	struct rdm_pace before = c->pace;
	u64 least, rate;
	u32 gain = ONE;

	if (b->mode == BBR_STARTUP)
		gain = STARTUP_PACING;
	else if (b->mode == BBR_DRAIN)
		gain = DRAIN_PACING;
	else if (b->mode == BBR_PROBE_BW)
		gain = cycle_gain[b->phase];

	if (!max_bw(b)) {
		if (ack->srtt)
			rdm_pace_set(&c->pace, c->cwnd * gain >> 8, ack->srtt, c->mss);
		return;
	}
	/* a peer that refused all for a while must not make the pacer wait for longer */
	least = div64_u64(floor_window(c) * (u64)NSEC_PER_SEC, ack->srtt ?: NSEC_PER_SEC);
	rate = max(mul_u64_u64_shr(max_bw(b), gain * PACING_MARGIN, 16), least);
	rdm_pace_set(&c->pace, rate, NSEC_PER_SEC, c->mss);
	/* a bandwidth that is not known yet cannot have fallen */
	if (b->mode == BBR_STARTUP && before.per_byte && c->pace.per_byte > before.per_byte)
		c->pace = before;
}

static void set_window(struct rdm_cong *c, struct bbr *b)
{
	/* and what rare acks and bursts hold back: two bursts */
	u64 burst = clamp_t(u64, div_u64(max_bw(b), MSEC_PER_SEC), RDM_PACE_MIN_PACKETS * c->mss,
			    RDM_PACE_MAX_PACKETS * c->mss);
	u64 target = max_t(u64, bdp(b, WINDOW_GAIN) + 2 * burst, floor_window(c));

	if (b->mode == BBR_STARTUP) {
		/* what little is known must not keep it from learning more */
		if (c->cwnd < target || !max_bw(b))
			c->cwnd += b->acked;
	} else {
		c->cwnd = min(c->cwnd + b->acked, target);
	}
	if (b->mode != BBR_STARTUP)
		c->cwnd = min(c->cwnd, b->hi);
	if (b->mode == BBR_PROBE_RTT)
		c->cwnd = min(c->cwnd, bdp(b, ONE / 2));
	c->cwnd = max_t(u64, c->cwnd, floor_window(c));
}

static void bbr_ack_end(struct rdm_cong *c, const struct rdm_cong_ack *ack)
{
	const struct rdm_cong_snap *snap = ack->snap;
	struct bbr *b = bbr(c);
	u64 bw;

	if (!snap)
		return;
	if (b->limited_until && b->delivered > b->limited_until)
		b->limited_until = 0;
	learn_rtt(c, b, ack);
	bw = sample(b, ack);
	if (bw >= max_bw(b) || (bw && !snap->limited))
		b->bw[1] = max(b->bw[1], bw);
	b->first_sent = ack->sent_time;
	if ((s32)(snap->delivered - b->next_round) >= 0)
		end_round(c, b, ack);
	advance(c, b, ack->now);
	set_pace(c, b, ack);
	set_window(c, b);
	b->acked = 0;
}

const struct rdm_cong_ops rdm_cong_bbr = {
	.name = "bbr",
	.paced = true,
	.init = bbr_init,
	.sent = bbr_sent,
	.acked = bbr_acked,
	.lost = bbr_lost,
	.marked = bbr_marked,
	.starved = bbr_starved,
	.ack_end = bbr_ack_end,
	.congested = bbr_congested,
};
