// SPDX-License-Identifier: GPL-2.0
/*
 * Congestion control, the part that all algorithms share: the count of bytes in
 * flight, recovery episodes and their undoing (RFC 9002 section 7), and the list
 * of algorithms. Each of them is a file of its own with a struct rdm_cong_ops.
 * Loss detection is not here (recovery), nor is the pacer (pace); how fast algorithms
 * that only know a window send is.
 */
#include <linux/bug.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "cong.h"

/* RFC 9002 section 7.2. */
#define CONG_INITIAL_PACKETS	10
#define CONG_INITIAL_BYTES	14720
#define CONG_MIN_PACKETS	2

static const struct rdm_cong_ops *const algorithms[] = {
	&rdm_cong_newreno,
	&rdm_cong_cubic,
	&rdm_cong_bbr,
};

const struct rdm_cong_ops *rdm_cong_find(const char *name)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(algorithms); i++)
		if (!strcmp(algorithms[i]->name, name))
			return algorithms[i];
	return NULL;
}

static u64 cong_min_window(const struct rdm_cong *c)
{
	return (u64)CONG_MIN_PACKETS * c->mss;
}

static u64 cong_initial_window(const struct rdm_cong *c)
{
	return min_t(u64, (u64)CONG_INITIAL_PACKETS * c->mss,
		     max_t(u64, CONG_INITIAL_BYTES, cong_min_window(c)));
}

void rdm_cong_init(struct rdm_cong *c, const struct rdm_cong_ops *ops, u32 mss)
{
	*c = (struct rdm_cong){
		.ops = ops,
		.ssthresh = U64_MAX,
		.mss = mss,
	};
	c->cwnd = cong_initial_window(c);
	if (ops->init)
		ops->init(c);
}

void rdm_cong_restart(struct rdm_cong *c, u64 cwnd, u64 ssthresh)
{
	c->cwnd = max(min(c->cwnd, cwnd), cong_min_window(c));
	if (ssthresh == U64_MAX)
		return;
	c->ssthresh = max(ssthresh, cwnd - cwnd / 4);
	memset(c->priv, 0, sizeof(c->priv));
	if (c->ops->persistent)
		c->ops->persistent(c);
}

void rdm_cong_set_mss(struct rdm_cong *c, u32 mss)
{
	bool initial = c->ssthresh == U64_MAX && c->cwnd == cong_initial_window(c);

	c->mss = mss;
	if (initial)
		c->cwnd = cong_initial_window(c);
	else
		c->cwnd = max(c->cwnd, cong_min_window(c));
	if (c->ops->resized)
		c->ops->resized(c);
}

void rdm_cong_sent(struct rdm_cong *c, u32 bytes)
{
	c->in_flight += bytes;
	if (unlikely(c->prr_fs))
		c->prr_room -= min_t(u64, c->prr_room, bytes);
}

void rdm_cong_discard(struct rdm_cong *c, u32 bytes)
{
	/* A wrapped count would stop the association for good. */
	if (WARN_ON_ONCE(bytes > c->in_flight))
		bytes = c->in_flight;
	c->in_flight -= bytes;
}

bool rdm_cong_in_recovery(const struct rdm_cong *c, u64 sent_time)
{
	return c->recovery && sent_time <= c->recovery_start;
}

void rdm_cong_starved(struct rdm_cong *c)
{
	if (c->ops->starved && rdm_cong_can_send(c, c->mss))
		c->ops->starved(c);
}

/*
 * RFC 9937: while more is in flight than the new window allows, the window is approached
 * by sending in proportion to what is delivered, so that the reduction takes the round trip
 * that it is meant for and no silence comes before it. Below the window the pacer bounds
 * bursts.
 */
static void prr_acked(struct rdm_cong *c, u32 bytes)
{
	if (c->in_flight <= c->cwnd)
		c->prr_fs = 0;
	else
		c->prr_room += div64_u64(bytes * c->cwnd, c->prr_fs);
}

void rdm_cong_acked(struct rdm_cong *c, u64 now, u64 sent_time, u32 bytes, bool app_limited)
{
	rdm_cong_discard(c, bytes);
	if (unlikely(c->prr_fs))
		prr_acked(c, bytes);
	c->ops->acked(c, now, sent_time, bytes, app_limited);
}

/*
 * The window and somewhat more in a round trip, or it would never fill: RFC 9002 section
 * 7.7 has 5/4; twice as much in slow start, in which the window doubles.
 */
static void pace_window(struct rdm_cong *c, u64 srtt)
{
	u64 cwnd = min_t(u64, c->cwnd, U32_MAX);

	if (srtt < RDM_CONG_PACED)
		rdm_pace_set(&c->pace, 0, 0, c->mss);
	else if (c->cwnd < c->ssthresh)
		rdm_pace_set(&c->pace, 2 * cwnd, srtt, c->mss);
	else
		rdm_pace_set(&c->pace, cwnd + cwnd / 4, srtt, c->mss);
}

void rdm_cong_ack_end(struct rdm_cong *c, const struct rdm_cong_ack *ack)
{
	if (c->ops->ack_end)
		c->ops->ack_end(c, ack);
	if (!c->ops->paced)
		pace_window(c, ack->srtt);
}

static void cong_event(struct rdm_cong *c, u64 now, u64 sent_time, u32 lost)
{
	if (rdm_cong_in_recovery(c, sent_time))
		return;

	c->prior_cwnd = c->cwnd;
	c->prior_ssthresh = c->ssthresh;
	c->prior_start = c->recovery_start;
	c->prior_recovery = c->recovery;
	c->recovery_start = now;
	c->recovery = true;

	c->ops->congested(c, now, sent_time);
	c->ssthresh = max(c->ssthresh, cong_min_window(c));
	c->cwnd = max(c->cwnd, cong_min_window(c));

	/* one packet goes at once: what was lost (RFC 9937 section 6.1) */
	c->prr_fs = c->in_flight > c->cwnd ? c->in_flight + lost : 0;
	c->prr_room = c->mss;
}

void rdm_cong_lost(struct rdm_cong *c, u64 now, u64 sent_time, u32 bytes)
{
	rdm_cong_discard(c, bytes);
	if (c->ops->lost)
		c->ops->lost(c, sent_time, bytes);
	cong_event(c, now, sent_time, bytes);
}

u64 rdm_cong_backlog(const struct rdm_cong *c, u64 srtt)
{
	u64 cwnd = min_t(u64, c->cwnd, 1 << 30), soon = RDM_CONG_BACKLOG;

	if (cwnd * RDM_CONG_BACKLOG_TIME < soon * srtt)
		soon = div64_u64(cwnd * RDM_CONG_BACKLOG_TIME, srtt);
	return 2 * cwnd + soon;
}

void rdm_cong_ce(struct rdm_cong *c, u64 now, u64 sent_time)
{
	if (c->ops->marked)
		c->ops->marked(c);
	else
		cong_event(c, now, sent_time, 0);
	c->prior_cwnd = 0;
}

void rdm_cong_persistent(struct rdm_cong *c)
{
	c->cwnd = cong_min_window(c);
	c->recovery = false;
	c->prior_cwnd = 0;
	c->prr_fs = 0;
	if (c->ops->persistent)
		c->ops->persistent(c);
}

void rdm_cong_spurious(struct rdm_cong *c, u64 sent_time)
{
	if (!c->prior_cwnd || !rdm_cong_in_recovery(c, sent_time))
		return;
	if (c->prior_recovery && sent_time <= c->prior_start)
		return;

	/* The window may have grown past it since. */
	c->cwnd = max(c->cwnd, c->prior_cwnd);
	c->ssthresh = max(c->ssthresh, c->prior_ssthresh);
	c->recovery_start = c->prior_start;
	c->recovery = c->prior_recovery;
	c->prior_cwnd = 0;
	if (c->ops->undo)
		c->ops->undo(c);
}

bool rdm_cong_can_send(const struct rdm_cong *c, u32 bytes)
{
	if (c->pace.wait)
		return false;
	return c->in_flight + bytes <= c->cwnd || !c->in_flight ||
	       (c->prr_fs && c->prr_room >= bytes);
}

u64 rdm_cong_room(const struct rdm_cong *c)
{
	return c->cwnd > c->in_flight ? c->cwnd - c->in_flight : 0;
}
