// SPDX-License-Identifier: GPL-2.0
/*
 * Pacing, see pace.h. The pacer keeps one time, that at which all packets so far
 * would have left at the rate. A burst may run ahead of it; then nothing leaves until
 * the clock has caught up, so each wake-up is worth a burst.
 */
#include <linux/math64.h>
#include <linux/minmax.h>

#include "pace.h"

#define PER_BYTE_SHIFT	20

void rdm_pace_set(struct rdm_pace *p, u64 bytes, u64 ns, u32 mss)
{
	u64 most;

	p->per_byte = bytes ? div64_u64(ns << PER_BYTE_SHIFT, bytes) : 0;
	most = p->per_byte * RDM_PACE_MAX_PACKETS * mss >> PER_BYTE_SHIFT;
	if (most < RDM_PACE_FASTEST) {
		p->per_byte = 0;
		p->wait = false;
		return;
	}
	p->burst = clamp(RDM_PACE_BURST, most * RDM_PACE_MIN_PACKETS / RDM_PACE_MAX_PACKETS, most);
}

void rdm_pace_sent(struct rdm_pace *p, u64 now, u32 bytes)
{
	if (!p->per_byte)
		return;
	/* a timer that fires late costs no rate, and an idle time gives no more than that */
	p->next = max(p->next, now - min_t(u64, now, p->burst / 2));
	p->next += p->per_byte * bytes >> PER_BYTE_SHIFT;
	if (p->next >= now + p->burst)
		p->wait = true;
}
