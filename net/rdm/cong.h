/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Congestion control of one association: how many bytes may be in flight.
 *
 * The common part counts bytes in flight and keeps what every algorithm needs;
 * what the window does is behind struct rdm_cong_ops. Which packet is lost is
 * decided by recovery, not here.
 *
 * Pure: times are u64 nanoseconds of one monotonic clock.
 */
#ifndef _RDM_CONG_H
#define _RDM_CONG_H

#include <linux/types.h>

#include "cong_ops.h"
#include "pace.h"

/* Paths with a shorter round trip, ns, are not paced: their window is not more than a burst. */
#define RDM_CONG_PACED		(2 * (u64)NSEC_PER_MSEC)

/* rdm_cong_backlog() beside twice the window: what leaves in this time, ns, and at most, bytes */
#define RDM_CONG_BACKLOG_TIME	(10 * (u64)NSEC_PER_MSEC)
#define RDM_CONG_BACKLOG	(64 << 10)

/* Of rdm_cong.priv: what the largest algorithm needs. */
#define RDM_CONG_PRIV	14

/**
 * struct rdm_cong - congestion state
 * @ops: the algorithm
 * @cwnd: congestion window, bytes
 * @ssthresh: slow start below it, bytes; U64_MAX until the first congestion
 * @in_flight: bytes sent and neither acked, lost nor discarded
 * @recovery_start: when the last recovery episode began; packets sent at or
 *	before it belong to it or to an earlier one. Valid if @recovery
 * @prior_cwnd: @cwnd before the last episode; 0: nothing can be undone
 * @prior_ssthresh: @ssthresh before the last episode
 * @prior_start: @recovery_start before the last episode, valid if
 *	@prior_recovery
 * @prr_fs: bytes in flight when the last episode began, RecoverFS of RFC 9937; 0: no
 *	more is in flight than the window allows
 * @prr_room: bytes that may leave all the same, in proportion to what was acked
 * @pace: when packets may leave
 * @mss: bytes of a full packet
 * @recovery: an episode has happened since the start or since the last
 *	persistent congestion
 * @prior_recovery: @recovery before the last episode
 * @priv: the algorithm's own
 */
struct rdm_cong {
	const struct rdm_cong_ops *ops;
	u64 cwnd;
	u64 ssthresh;
	u64 in_flight;
	u64 recovery_start;
	u64 prior_cwnd;
	u64 prior_ssthresh;
	u64 prior_start;
	u64 prr_fs;
	u64 prr_room;
	struct rdm_pace pace;
	u32 mss;
	bool recovery;
	bool prior_recovery;
	u64 priv[RDM_CONG_PRIV];
};

/* RFC 9002 section 7: cong_newreno.c */
extern const struct rdm_cong_ops rdm_cong_newreno;
/* RFC 9438 with the slow start of RFC 9406: cong_cubic.c */
extern const struct rdm_cong_ops rdm_cong_cubic;
/* In the manner of BBR: cong_bbr.c */
extern const struct rdm_cong_ops rdm_cong_bbr;

/**
 * rdm_cong_find() - an algorithm by its name
 * @name: "newreno", "cubic", "bbr"
 *
 * Return: it, or NULL.
 */
const struct rdm_cong_ops *rdm_cong_find(const char *name);

/**
 * rdm_cong_init() - start with the initial window and nothing in flight
 * @c: the state
 * @ops: the algorithm
 * @mss: bytes of a full packet, not 0
 *
 * The initial window is 10 packets, at most max(14720, 2 packets) bytes
 * (RFC 9002 section 7.2).
 */
void rdm_cong_init(struct rdm_cong *c, const struct rdm_cong_ops *ops, u32 mss);

/**
 * rdm_cong_restart() - go on after a pause in which nothing was sent
 * @c: from rdm_cong_init()
 * @cwnd: the window when something was sent last, bytes
 * @ssthresh: likewise; U64_MAX if there was no congestion
 *
 * The window is at most the initial one, and slow start leads to where it was (RFC 5681
 * section 4.1, RFC 7661 section 4.3).
 */
void rdm_cong_restart(struct rdm_cong *c, u64 cwnd, u64 ssthresh);

/**
 * rdm_cong_set_mss() - the size of a full packet has changed
 * @c: the state
 * @mss: bytes, not 0
 *
 * Recomputes the initial window if the window has not moved from it, and
 * keeps the window at or above the minimum of 2 packets.
 */
void rdm_cong_set_mss(struct rdm_cong *c, u32 mss);

/**
 * rdm_cong_sent() - a packet that counts has been sent
 * @c: the state
 * @bytes: its size
 *
 * The pacer, @c->pace, is told apart: it asks for the time.
 */
void rdm_cong_sent(struct rdm_cong *c, u32 bytes);

/**
 * rdm_cong_starved() - nothing is there to send
 * @c: the state
 *
 * Bandwidth that is measured until what is in flight is acked may be less than there is.
 */
void rdm_cong_starved(struct rdm_cong *c);

/**
 * rdm_cong_acked() - a packet in flight has been acked
 * @c: the state
 * @now: ns
 * @sent_time: ns, when it was sent
 * @bytes: its size
 * @app_limited: the window was not in use when the ack came (section 7.8)
 */
void rdm_cong_acked(struct rdm_cong *c, u64 now, u64 sent_time, u32 bytes, bool app_limited);

/**
 * rdm_cong_ack_end() - all packets that an ACK frame newly acked have been told of
 * @c: the state
 * @ack: what it told of them together
 *
 * After rdm_cong_acked() of each, before rdm_cong_lost() of those that it shows
 * to be lost.
 */
void rdm_cong_ack_end(struct rdm_cong *c, const struct rdm_cong_ack *ack);

/**
 * rdm_cong_lost() - a packet in flight has been declared lost
 * @c: the state
 * @now: ns
 * @sent_time: ns, when it was sent
 * @bytes: its size
 */
void rdm_cong_lost(struct rdm_cong *c, u64 now, u64 sent_time, u32 bytes);

/**
 * rdm_cong_backlog() - how much to accept from the user before it is acked
 * @c: the state
 * @srtt: smoothed round trip, ns; 0: not known
 *
 * What is accepted beyond the window only grows old in the queue. So it is twice the
 * window, as with TCP, and somewhat more, so that whoever sends may do something else
 * meanwhile.
 *
 * Return: bytes.
 */
u64 rdm_cong_backlog(const struct rdm_cong *c, u64 srtt);

/**
 * rdm_cong_ce() - the peer reports that ECN-CE marks have increased
 * @c: the state
 * @now: ns
 * @sent_time: ns, when the largest newly acked packet was sent (RFC 9002
 *	section 7.1)
 *
 * A mark is never spurious: the episode it starts or falls into cannot be
 * undone.
 */
void rdm_cong_ce(struct rdm_cong *c, u64 now, u64 sent_time);

/**
 * rdm_cong_discard() - forget a packet in flight that is neither acked nor lost
 * @c: the state
 * @bytes: its size
 */
void rdm_cong_discard(struct rdm_cong *c, u32 bytes);

/**
 * rdm_cong_persistent() - persistent congestion has been established
 * @c: the state
 *
 * After rdm_cong_lost() of the packets that established it. The window falls
 * to its minimum, and the last episode can no longer be undone.
 */
void rdm_cong_persistent(struct rdm_cong *c);

/**
 * rdm_cong_spurious() - every loss of the last episode proved spurious
 * @c: the state
 * @sent_time: ns, when one of those packets was sent
 *
 * Takes the episode's reduction back. Nothing happens if @sent_time belongs to
 * an earlier episode, or if the last one cannot be undone.
 */
void rdm_cong_spurious(struct rdm_cong *c, u64 sent_time);

/**
 * rdm_cong_in_recovery() - does a packet belong to a recovery episode?
 * @c: the state
 * @sent_time: ns, when it was sent
 *
 * Its loss is no news, and its ack must not open the window (RFC 9002
 * section 7.3.2).
 *
 * Return: whether it was sent before the last episode began.
 */
bool rdm_cong_in_recovery(const struct rdm_cong *c, u64 sent_time);

/**
 * rdm_cong_can_send() - may a packet leave?
 * @c: the state
 * @bytes: its size
 *
 * The pacer must have looked at the clock (rdm_pace_look()).
 *
 * Return: whether the pacer lets it go and it fits the window, or what PRR allows beyond
 * it. With nothing in flight a packet of any size fits, or a window below one packet would
 * never open again.
 */
bool rdm_cong_can_send(const struct rdm_cong *c, u32 bytes);

/**
 * rdm_cong_room() - bytes of the window that are not in use
 * @c: the state
 *
 * Return: bytes, 0 if in_flight exceeds the window.
 */
u64 rdm_cong_room(const struct rdm_cong *c);

#endif /* _RDM_CONG_H */
