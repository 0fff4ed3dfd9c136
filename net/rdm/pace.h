/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pacing (RFC 9002 section 7.7): when the next packet may leave, so that a window
 * is spread over a round trip and does not fill a queue all at once. Packets leave
 * in bursts that the network takes anyway: of a millisecond, or of few packets.
 * How fast is the congestion control's business.
 *
 * Pure: times are u64 nanoseconds of one monotonic clock.
 */
#ifndef _RDM_PACE_H
#define _RDM_PACE_H

#include <linux/time64.h>
#include <linux/types.h>

/* A burst takes so long at the rate, but has at least two packets and at most 64. */
#define RDM_PACE_BURST		((u64)NSEC_PER_MSEC)
#define RDM_PACE_MIN_PACKETS	2
#define RDM_PACE_MAX_PACKETS	64
/* No timer could follow where 64 packets take less, ns. */
#define RDM_PACE_FASTEST	(50 * (u64)NSEC_PER_USEC)

/**
 * struct rdm_pace - the pacer
 * @next: ns, when all that was sent is paid for
 * @per_byte: ns for a byte, times 2^20; 0: nothing is paced
 * @burst: ns, how far @next may be ahead before packets wait for it
 * @wait: the burst is used up: nothing leaves before @next
 */
struct rdm_pace {
	u64 next;
	u64 per_byte;
	u32 burst;
	bool wait;
};

/**
 * rdm_pace_set() - set the rate
 * @p: the pacer
 * @bytes: so many
 * @ns: in so long, at most 2^43; 0: as fast as the window allows
 * @mss: bytes of a full packet
 */
void rdm_pace_set(struct rdm_pace *p, u64 bytes, u64 ns, u32 mss);

/**
 * rdm_pace_sent() - a packet has left
 * @p: the pacer
 * @now: ns
 * @bytes: its size
 */
void rdm_pace_sent(struct rdm_pace *p, u64 now, u32 bytes);

/**
 * rdm_pace_look() - see whether the wait is over
 * @p: the pacer
 * @now: ns
 */
static inline void rdm_pace_look(struct rdm_pace *p, u64 now)
{
	if (p->wait && now >= p->next)
		p->wait = false;
}

#endif /* _RDM_PACE_H */
