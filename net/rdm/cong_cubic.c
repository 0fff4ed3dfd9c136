// SPDX-License-Identifier: GPL-2.0
/*
 * CUBIC (RFC 9438): after a reduction the window follows a cubic function of the
 * time since, back to where it was when the loss came (concave), and then on to
 * look for more (convex); where Reno would be faster, it does as Reno does. The
 * first slow start is that of HyStart++ (hystart). Episodes, and what is undone,
 * are cong's.
 *
 * Windows are bytes, where the RFC counts segments; times are ns, or K_UNIT for
 * the argument of the cubic function. All integers: each division keeps its
 * remainder for the next ack, so that a large window grows by as much as the real
 * numbers say.
 */
#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/minmax.h>

#include "cong.h"
#include "hystart.h"

/*
 * C = 0.4 packets a second cubed (RFC 9438 section 5.1), for time in units of
 * 2^10 ns, as a fraction: 0.4 * (2^10 / 10^9)^3 * 2^92, rounded.
 */
#define CUBIC_C			2126764793ULL
#define CUBIC_C_SHIFT		92
#define K_UNIT_SHIFT		10
/* About 1100 s: by then the window has no bound but the next. */
#define CUBIC_TIME_MAX		BIT_ULL(30)

/* No path and no buffer takes more; it lets windows be u32, and no product overflow. */
#define CUBIC_WINDOW_MAX	BIT_ULL(31)

/* beta_cubic = 0.7 (section 4.6), and (1 + beta_cubic) / 2 (section 4.7). */
#define BETA_TENTHS		7
#define FAST_TWENTIETHS		17
/* alpha_cubic = 3 * (1 - beta_cubic) / (1 + beta_cubic) = 9/17 (section 4.3). */
#define ALPHA_NUM		9
#define ALPHA_DEN		17

/* cubic_stage.k: the stage begins with the next ack that may open the window. */
#define K_UNSET			U32_MAX

/**
 * struct cubic_stage - one stage of congestion avoidance, named as in section 4.1.2
 * @epoch: t_epoch, moved by the time in which the window was not in use
 * @w_max: bytes; 0: the window at the begin of the stage
 * @k: K, K_UNIT; K_UNSET
 * @w_est: bytes
 * @cwnd_prior: bytes
 */
struct cubic_stage {
	u64 epoch;
	u32 w_max;
	u32 k;
	u32 w_est;
	u32 cwnd_prior;
};

/**
 * struct cubic - what is CUBIC's own
 * @bytes: acked by the present frame, and may open the window
 * @rest: remainder of the window's growth, in bytes times window
 * @hs: while ssthresh is U64_MAX; else:
 * @now: the stage
 * @undo: the one before the last reduction
 * @last: when something was last acked that no recovery episode covers, ns
 * @est_rest: remainder of the growth of w_est, in bytes times window times ALPHA_DEN
 */
struct cubic {
	u32 bytes;
	u32 rest;
	union {
		struct rdm_hystart hs;
		struct {
			struct cubic_stage now;
			struct cubic_stage undo;
			u64 last;
			u64 est_rest;
		};
	};
};

static struct cubic *cubic(struct rdm_cong *c)
{
	BUILD_BUG_ON(sizeof(struct cubic) > sizeof(c->priv));
	return (struct cubic *)c->priv;
}

/* In its first slow start an association has no ssthresh (RFC 9406 section 4.3). */
static bool first_slow_start(const struct rdm_cong *c)
{
	return c->ssthresh == U64_MAX;
}

/* C * t^3 for |t|, K_UNIT, in bytes. */
static u64 cubic_of(const struct rdm_cong *c, u64 t)
{
	u64 cube;

	t = min(t, CUBIC_TIME_MAX);
	cube = mul_u64_u64_shr(t * t, t, 30);
	return mul_u64_u64_shr(cube, c->mss * CUBIC_C, CUBIC_C_SHIFT - 30);
}

/*
 * K = cbrt((W_max - cwnd_epoch) / C), RFC 9438 section 4.2: the least time at which
 * cubic_of() makes the difference good. Found bit by bit, once in a stage.
 */
static u32 cubic_root(const struct rdm_cong *c, u64 bytes)
{
	u64 k = 0, bit;

	if (!bytes)
		return 0;
	for (bit = CUBIC_TIME_MAX / 2; bit; bit >>= 1)
		if (cubic_of(c, k + bit) < bytes)
			k += bit;
	return k + 1;
}

/* W_cubic(t), section 4.2; t in ns. */
static u64 w_cubic(const struct rdm_cong *c, const struct cubic_stage *st, u64 t)
{
	u64 drop;

	t >>= K_UNIT_SHIFT;
	if (t >= st->k)
		return st->w_max + cubic_of(c, t - st->k);
	drop = cubic_of(c, st->k - t);
	return drop < st->w_max ? st->w_max - drop : 0;
}

static void begin_stage(struct rdm_cong *c, struct cubic *cu, u64 now)
{
	struct cubic_stage *st = &cu->now;

	st->epoch = now;
	st->w_est = c->cwnd;
	cu->est_rest = 0;
	/* No loss gave W_max: after HyStart++ (section 4.10), or a timeout (section 4.8). */
	if (!st->w_max || c->cwnd >= st->w_max) {
		st->w_max = c->cwnd;
		st->k = 0;
	} else {
		st->k = cubic_root(c, st->w_max - c->cwnd);
	}
}

static void avoid_congestion(struct rdm_cong *c, struct cubic *cu, const struct rdm_cong_ack *ack)
{
	struct cubic_stage *st = &cu->now;
	u64 per_byte, step, target, t;

	if (st->k == K_UNSET)
		begin_stage(c, cu, ack->now);
	t = ack->now - st->epoch;

	/* What Reno would have, section 4.3; alpha is 1 from cwnd_prior on. */
	per_byte = (u64)(st->w_est < st->cwnd_prior ? ALPHA_NUM : ALPHA_DEN) * c->mss;
	cu->est_rest += per_byte * cu->bytes;
	step = div64_u64(cu->est_rest, ALPHA_DEN * c->cwnd);
	cu->est_rest -= step * ALPHA_DEN * c->cwnd;
	st->w_est = min(st->w_est + step, CUBIC_WINDOW_MAX);

	if (w_cubic(c, st, t) < st->w_est) {
		/* It may be above already, by the target of a round trip ahead. */
		c->cwnd = max_t(u64, c->cwnd, st->w_est);
		return;
	}

	/* Concave or convex, sections 4.4 and 4.5, within the bounds of section 4.2. */
	target = clamp(w_cubic(c, st, t + ack->srtt), c->cwnd, c->cwnd + c->cwnd / 2);
	step = div64_u64(cu->rest + (target - c->cwnd) * cu->bytes, c->cwnd);
	cu->rest += (target - c->cwnd) * cu->bytes - step * c->cwnd;
	c->cwnd = min(c->cwnd + step, CUBIC_WINDOW_MAX);
}

static void slow_start(struct rdm_cong *c, struct cubic *cu, const struct rdm_cong_ack *ack)
{
	u32 grow;
	bool over;

	if (!first_slow_start(c)) {
		/* RFC 9002 section 7.3.1: up to what is known to be too much. */
		c->cwnd = min(c->cwnd + cu->bytes, c->ssthresh);
		return;
	}
	over = rdm_hystart_ack(&cu->hs, ack, cu->bytes, &grow);
	c->cwnd = min(c->cwnd + grow, CUBIC_WINDOW_MAX);
	if (!over)
		return;
	/* RFC 9406 section 4.2, RFC 9438 section 4.10. */
	c->ssthresh = c->cwnd;
	cu->now = (struct cubic_stage){ .k = K_UNSET, .cwnd_prior = c->cwnd };
	cu->undo = cu->now;
	cu->last = ack->now;
}

static void cubic_init(struct rdm_cong *c)
{
	rdm_hystart_init(&cubic(c)->hs);
}

static void cubic_acked(struct rdm_cong *c, u64 now, u64 sent_time, u32 bytes, bool app_limited)
{
	struct cubic *cu = cubic(c);

	if (rdm_cong_in_recovery(c, sent_time))
		return;
	if (!app_limited)
		cu->bytes += bytes;
	if (first_slow_start(c))
		return;
	/*
	 * Time in which the window was not in use is not part of t (RFC 9438 section
	 * 5.8): all of it since the ack before if the application was the limit, else
	 * what passed with nothing in flight, after which this packet was sent.
	 */
	if (app_limited)
		sent_time = now;
	if (sent_time > cu->last)
		cu->now.epoch += sent_time - cu->last;
	cu->last = now;
}

static void cubic_ack_end(struct rdm_cong *c, const struct rdm_cong_ack *ack)
{
	struct cubic *cu = cubic(c);

	if (!cu->bytes)
		return;
	if (c->cwnd < c->ssthresh)
		slow_start(c, cu, ack);
	else
		avoid_congestion(c, cu, ack);
	cu->bytes = 0;
}

static void cubic_congested(struct rdm_cong *c, u64 now, u64 sent_time)
{
	struct cubic *cu = cubic(c);
	u64 cwnd = c->cwnd;

	if (first_slow_start(c)) {
		cu->now = (struct cubic_stage){};
		cu->last = now;
	}
	cu->undo = cu->now;
	cu->rest = 0;
	/* Fast convergence, section 4.7: leave room to a flow that has just come. */
	cu->now.w_max = cwnd < cu->now.w_max ? div_u64(cwnd * FAST_TWENTIETHS, 20) : cwnd;
	cu->now.cwnd_prior = cwnd;
	cu->now.k = K_UNSET;
	/* Section 4.6: of the window, which does not grow while it is not in use. */
	c->ssthresh = div_u64(cwnd * BETA_TENTHS, 10);
	c->cwnd = c->ssthresh;
}

/* Section 4.8: the stage after the slow start that follows begins at its W_max. */
static void cubic_persistent(struct rdm_cong *c)
{
	struct cubic *cu = cubic(c);

	cu->rest = 0;
	if (first_slow_start(c)) {
		rdm_hystart_init(&cu->hs);
		return;
	}
	cu->now.w_max = 0;
	cu->now.k = K_UNSET;
}

/* Section 4.9.2: W_max, K, t_epoch and W_est are what they were. */
static void cubic_undo(struct rdm_cong *c)
{
	struct cubic *cu = cubic(c);

	if (first_slow_start(c))
		rdm_hystart_init(&cu->hs);
	else
		cu->now = cu->undo;
}

/* K was reckoned with the old packet size: a stage begins, towards the same W_max. */
static void cubic_resized(struct rdm_cong *c)
{
	struct cubic *cu = cubic(c);

	if (first_slow_start(c))
		return;
	cu->now.k = K_UNSET;
	cu->undo.k = K_UNSET;
}

const struct rdm_cong_ops rdm_cong_cubic = {
	.name = "cubic",
	.init = cubic_init,
	.acked = cubic_acked,
	.ack_end = cubic_ack_end,
	.congested = cubic_congested,
	.persistent = cubic_persistent,
	.undo = cubic_undo,
	.resized = cubic_resized,
};
