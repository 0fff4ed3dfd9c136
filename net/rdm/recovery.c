// SPDX-License-Identifier: GPL-2.0
/*
 * rdm recovery: see recovery.h. RFC 9002, section 6, with one packet-number
 * space and thresholds that adapt to reordering (section 6.1.2 allows it): a
 * packet declared lost stays on record for a while, and when its ack arrives
 * after all, the thresholds grow, and once every loss of an episode has proved
 * spurious the congestion window is given back.
 */
#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/kernel.h>
#include <linux/minmax.h>

#include "recovery.h"

/* RFC 9002, section 7.6.1 */
#define PERSISTENT_THRESH	3

/**
 * rdm_recovery_init() - nothing was sent yet
 * @r: the packet-number space
 * @first_pn: number of the first packet
 */
void rdm_recovery_init(struct rdm_recovery *r, u64 first_pn)
{
	INIT_LIST_HEAD(&r->sent);
	INIT_LIST_HEAD(&r->past);
	r->late = RB_ROOT;
	INIT_LIST_HEAD(&r->lost);
	r->next_pn = first_pn;
	r->largest = 0;
	r->loss_time = 0;
	r->last_sent = 0;
	r->last_acked_time = 0;
	r->limited_pn = 0;
	r->pto_max = RDM_PTO_MAX;
	r->pto_count = 0;
	r->nflight = 0;
	r->pkt_thresh = RDM_PKT_THRESH;
	r->time_thresh = RDM_TIME_THRESH;
	r->epoch_lost = 0;
	r->epoch_spurious = 0;
	r->new_lost = 0;
	r->all_lost = 0;
	r->all_spurious = 0;
}

/**
 * __rdm_recovery_sent() - one of a run of ack-eliciting packets leaves
 * @r: the packet-number space
 * @c: its congestion control
 * @s: the record, with content and size; number and time are set here
 * @now: ns
 *
 * The caller appends the records of the run to @r->sent, in their order.
 */
void __rdm_recovery_sent(struct rdm_recovery *r, struct rdm_cong *c, struct rdm_sent *s, u64 now)
{
	s->pn = r->next_pn++;
	s->time = now;
	s->state = RDM_SENT_INFLIGHT;
	s->waived = false;
	INIT_LIST_HEAD(&s->lost);
	if (s->probe)
		return;
	r->last_sent = now;
	r->nflight++;
	if (c->ops->sent)
		c->ops->sent(c, &s->snap, now);
	rdm_cong_sent(c, s->size);
	rdm_pace_sent(&c->pace, now, s->size);
}

/**
 * rdm_recovery_sent() - an ack-eliciting packet leaves
 * @r: the packet-number space
 * @c: its congestion control
 * @s: the record, with content and size; number and time are set here
 * @now: ns
 */
void rdm_recovery_sent(struct rdm_recovery *r, struct rdm_cong *c, struct rdm_sent *s, u64 now)
{
	__rdm_recovery_sent(r, c, s, now);
	list_add_tail(&s->node, &r->sent);
}

/* A packet in flight is given up: its record stays for a while. */
static void give_up(struct rdm_recovery *r, struct rdm_sent *s)
{
	struct rb_node **link = &r->late.rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = s->pn < rb_entry(parent, struct rdm_sent, late)->pn ? &parent->rb_left :
									     &parent->rb_right;
	}
	rb_link_node(&s->late, parent, link);
	rb_insert_color(&s->late, &r->late);
	list_move_tail(&s->node, &r->past);
	s->state = RDM_SENT_LOST;
	r->nflight--;
}

static void forget(struct rdm_recovery *r, struct rdm_sent *s, u8 state, struct list_head *out)
{
	if (s->state == RDM_SENT_LOST)
		rb_erase(&s->late, &r->late);
	s->state = state;
	list_move_tail(&s->node, out);
}

static void queue_lost(struct rdm_recovery *r, struct rdm_sent *s)
{
	list_add_tail(&s->lost, &r->lost);
	r->new_lost++;
}

/* The record of the first packet from @pn on that was given up. */
static struct rdm_sent *late_from(const struct rdm_recovery *r, u64 pn)
{
	struct rb_node *n = r->late.rb_node;
	struct rdm_sent *best = NULL;

	while (n) {
		struct rdm_sent *s = rb_entry(n, struct rdm_sent, late);

		if (s->pn < pn) {
			n = n->rb_right;
		} else {
			best = s;
			n = n->rb_left;
		}
	}
	return best;
}

/* A packet was declared lost, and now its ack is here (RFC 9002, section 6.1.2). */
static void spurious(struct rdm_recovery *r, struct rdm_rtt *rtt, struct rdm_cong *c,
		     struct rdm_sent *s, u64 largest, u64 now)
{
	u64 late = rdm_rtt_loss_delay(rtt, 8);

	list_del_init(&s->lost);
	if (s->waived)
		return;
	r->all_spurious++;
	r->pkt_thresh = clamp_t(u64, largest - s->pn + 1, r->pkt_thresh, RDM_PKT_THRESH_MAX);
	if (now - s->time > late && r->time_thresh < RDM_TIME_THRESH_MAX)
		r->time_thresh++;
	if (!rdm_cong_in_recovery(c, s->time))
		return;
	r->epoch_spurious++;
	if (r->epoch_spurious >= r->epoch_lost) {
		rdm_cong_spurious(c, s->time);
		r->epoch_lost = 0;
		r->epoch_spurious = 0;
	}
}

/* Acks of packets that were given up. */
static int ack_late(struct rdm_recovery *r, struct rdm_rtt *rtt, struct rdm_cong *c,
		    const struct rdm_frame *ack, u64 now, u64 *clean, struct list_head *out)
{
	struct rdm_sent *s;
	u16 i;
	int n = 0;

	for (i = 0; i < ack->nranges && !RB_EMPTY_ROOT(&r->late); i++) {
		while ((s = late_from(r, ack->ranges[i].first)) && s->pn <= ack->ranges[i].last) {
			*clean = min(*clean, s->pn);
			spurious(r, rtt, c, s, ack->seq, now);
			forget(r, s, RDM_SENT_ACKED, out);
			n++;
		}
	}
	return n;
}

/*
 * Records that are acked by one frame, and lie one behind the other: those of a super-packet were
 * sent at one time, too. They move, and congestion control hears of them, in one step.
 */
struct run {
	struct rdm_sent *first;	/* NULL: there are none */
	struct rdm_sent *last;
	u64 time;		/* when those that @bytes counts were sent */
	u32 bytes;
	bool limited;
};

static void run_told(struct rdm_cong *c, struct run *run, u64 now)
{
	if (run->bytes)
		rdm_cong_acked(c, now, run->time, run->bytes, run->limited);
	run->bytes = 0;
}

static void run_ends(struct run *run, struct list_head *out)
{
	if (run->first)
		list_bulk_move_tail(out, &run->first->node, &run->last->node);
	run->first = NULL;
}

/**
 * rdm_recovery_ack() - an ACK frame arrived
 * @r: the packet-number space
 * @rtt: takes a sample when the largest packet is newly acked
 * @c: congestion control
 * @ack: the frame, decoded
 * @now: ns
 * @out: receives records by @node: RDM_SENT_ACKED ones, then those that loss
 *	detection gave up (RDM_SENT_GONE)
 *
 * Packets that are lost by this ack wait in @r->lost afterwards.
 *
 * Return: how many records are newly acked, or -EPROTO when the frame acks a packet that
 * was never sent.
 */
int rdm_recovery_ack(struct rdm_recovery *r, struct rdm_rtt *rtt, struct rdm_cong *c,
		     const struct rdm_frame *ack, u64 now, struct list_head *out)
{
	u64 largest = ack->seq, clean = U64_MAX;
	struct rdm_cong_ack told = { .now = now, .largest = largest, .next_pn = r->next_pn };
	struct rdm_sent *s, *newest = NULL;
	int i = ack->nranges - 1, n = 0;
	struct run run = {};

	if (unlikely(largest >= r->next_pn))
		return -EPROTO;

	list_for_each_entry(s, &r->sent, node) {
		bool limited = s->pn >= r->limited_pn;

		if (s->pn > largest)
			break;
		while (i > 0 && ack->ranges[i].last < s->pn)
			i--;
		if (s->pn < ack->ranges[i].first) {
			run_ends(&run, out);
			continue;
		}
		if (s->pn < clean)
			clean = s->pn;
		if (!s->probe) {
			r->nflight--;
			newest = s;
			if (s->time != run.time || limited != run.limited) {
				run_told(c, &run, now);
				run.time = s->time;
				run.limited = limited;
			}
			run.bytes += s->size;
		}
		s->state = RDM_SENT_ACKED;
		if (!run.first)
			run.first = s;
		run.last = s;
		/* a peer that refuses all data acks these: they do not reset the backoff */
		n += s->probe != RDM_PROBE_PMTU;
	}
	run_ends(&run, out);
	run_told(c, &run, now);
	n += ack_late(r, rtt, c, ack, now, &clean, out);
	if (largest >= r->largest)
		r->largest = largest + 1;
	if (newest && newest->pn == largest) {
		rdm_rtt_sample(rtt, now - newest->time, ack->delay, RDM_MAX_ACK_DELAY);
		told.rtt = rtt->latest;
	}
	if (newest) {
		told.sent_time = newest->time;
		told.snap = &newest->snap;
	}
	told.srtt = rtt->srtt;
	if (n)
		rdm_cong_ack_end(c, &told);
	rdm_recovery_detect(r, rtt, c, now, clean, out);
	if (newest && newest->time > r->last_acked_time)
		r->last_acked_time = newest->time;
	/* RFC 9002, section 6.2.1: an ack that moves something resets the backoff */
	if (n)
		r->pto_count = 0;
	return n;
}

/* How long a lost packet stays on record: its ack may still show that it was not. */
static u64 keep_lost(const struct rdm_rtt *rtt)
{
	return PERSISTENT_THRESH * rdm_rtt_pto(rtt, RDM_MAX_ACK_DELAY);
}

static void declare_lost(struct rdm_recovery *r, struct rdm_cong *c, struct rdm_sent *s, u64 now)
{
	if (!rdm_cong_in_recovery(c, s->time)) {
		r->epoch_lost = 0;
		r->epoch_spurious = 0;
	}
	give_up(r, s);
	queue_lost(r, s);
	r->epoch_lost++;
	r->all_lost++;
	rdm_cong_lost(c, now, s->time, s->size);
}

/**
 * rdm_recovery_detect() - declare lost what must be (RFC 9002, section 6.1)
 * @r: the packet-number space
 * @rtt: for the time threshold
 * @c: learns of the losses, and of persistent congestion (section 7.6)
 * @now: ns
 * @clean_pn: no packet below was acked by the ack that leads here; U64_MAX without
 *	an ack
 * @out: receives lost records that are too old to be acked any more
 *
 * Sets @r->loss_time for the packets that only time can tell about.
 *
 * Return: how many packets were declared lost.
 */
u32 rdm_recovery_detect(struct rdm_recovery *r, struct rdm_rtt *rtt, struct rdm_cong *c,
			u64 now, u64 clean_pn, struct list_head *out)
{
	u64 delay = rdm_rtt_loss_delay(rtt, r->time_thresh);
	u64 keep = keep_lost(rtt);
	u64 first = 0, last = 0;
	struct rdm_sent *s, *tmp;
	u32 n = 0;

	r->loss_time = 0;
	list_for_each_entry_safe(s, tmp, &r->sent, node) {
		if (s->pn >= r->largest)
			break;
		if (unlikely(s->probe)) {
			if (s->probe == RDM_PROBE_PMTU)
				continue;
			/* the peer refused it, or it is lost: the next probe repeats it */
			forget(r, s, RDM_SENT_GONE, out);
			continue;
		}
		if (s->time + delay > now && r->largest - 1 - s->pn < r->pkt_thresh) {
			/* nor is any that was sent later */
			r->loss_time = s->time + delay;
			break;
		}
		declare_lost(r, c, s, now);
		n++;
		if (s->pn < clean_pn && s->time > r->last_acked_time && r->last_acked_time) {
			if (!first)
				first = s->time;
			last = s->time;
		}
	}
	if (last - first > keep && rtt->srtt) {
		rdm_cong_persistent(c);
		/* RFC 9002, section 5.2: the path may be another one */
		rdm_rtt_restart_min(rtt);
	}

	list_for_each_entry_safe(s, tmp, &r->past, node) {
		if (now < s->time + keep)
			break;
		if (list_empty(&s->lost))
			forget(r, s, RDM_SENT_GONE, out);
	}
	return n;
}

/**
 * rdm_recovery_pto() - the probe timeout before it is doubled
 * @rtt: the round trip
 *
 * RFC 9002, section 6.2.1, with the delay by which our peers ack, for they are all alike.
 *
 * Return: ns.
 */
u64 rdm_recovery_pto(const struct rdm_rtt *rtt)
{
	return rdm_rtt_pto(rtt, rdm_rtt_ack_delay(rtt, RDM_ACK_DELAY_ASSUMED, RDM_MAX_ACK_DELAY));
}

/**
 * rdm_recovery_deadline() - when must rdm_assoc's timer look here?
 * @r: the packet-number space
 * @rtt: for the probe timeout
 *
 * With nothing in flight, lost packets are still to be forgotten.
 *
 * Return: ns, or U64_MAX when there is no record that time could change.
 */
u64 rdm_recovery_deadline(const struct rdm_recovery *r, const struct rdm_rtt *rtt)
{
	struct rdm_sent *s;
	u64 pto;

	if (r->loss_time)
		return r->loss_time;
	if (!r->nflight) {
		if (list_empty(&r->past))
			return U64_MAX;
		s = list_first_entry(&r->past, struct rdm_sent, node);
		return list_empty(&s->lost) ? s->time + keep_lost(rtt) : U64_MAX;
	}
	pto = rdm_recovery_pto(rtt);
	return r->last_sent + clamp(pto << min(r->pto_count, 16U), pto, max(pto, r->pto_max));
}

/**
 * rdm_recovery_waive() - do not count on the ack of a packet any more, without blame
 * @r: the packet-number space
 * @c: its congestion control, which sees no loss
 * @s: a record in flight, no window probe; what it carried goes in another packet
 */
void rdm_recovery_waive(struct rdm_recovery *r, struct rdm_cong *c, struct rdm_sent *s)
{
	give_up(r, s);
	s->waived = true;
	rdm_cong_discard(c, s->size);
}

/**
 * rdm_recovery_requeue() - send again all that is in flight, without blame
 * @r: the packet-number space
 * @c: its congestion control, which sees no loss
 *
 * For a receiver that refused packets because it was full, and is not any more. What is
 * never sent again stays in flight: most of it may have been taken.
 */
void rdm_recovery_requeue(struct rdm_recovery *r, struct rdm_cong *c)
{
	struct rdm_sent *s, *tmp;

	list_for_each_entry_safe(s, tmp, &r->sent, node) {
		if (s->probe || s->once)
			continue;
		rdm_recovery_waive(r, c, s);
		queue_lost(r, s);
	}
	r->loss_time = 0;
	r->pto_count = 0;
}

/**
 * rdm_recovery_clear() - forget every packet
 * @r: the packet-number space
 * @c: its congestion control; may be NULL with nothing in flight
 * @out: receives all records, as RDM_SENT_GONE
 */
void rdm_recovery_clear(struct rdm_recovery *r, struct rdm_cong *c, struct list_head *out)
{
	struct rdm_sent *s, *tmp;

	list_for_each_entry_safe(s, tmp, &r->sent, node) {
		if (!s->probe) {
			r->nflight--;
			rdm_cong_discard(c, s->size);
		}
		forget(r, s, RDM_SENT_GONE, out);
	}
	list_for_each_entry_safe(s, tmp, &r->past, node) {
		list_del_init(&s->lost);
		forget(r, s, RDM_SENT_GONE, out);
	}
	r->loss_time = 0;
	r->pto_count = 0;
}
