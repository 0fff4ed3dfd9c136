// SPDX-License-Identifier: GPL-2.0
/*
 * rdm assoc, hot and cold: what an association keeps of struct rdm_assoc_hot while
 * nothing moves, and when that is. Pure.
 */
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "assoc_int.h"

/* rdm_assoc.mtu_again counts in about seconds. */
#define MTU_AGAIN_SHIFT	30

/* Since when nothing has moved; it stays so until the association is hot again. */
static u64 paused_at(const struct rdm_assoc *a)
{
	return max(a->last_rx, a->last_active);
}

/**
 * rdm_assoc_heat() - give a cold association what it needs while packets move
 * @a: the association
 * @h: anything; the caller frees it when rdm_assoc_cool() gives it back, or @a goes
 */
void rdm_assoc_heat(struct rdm_assoc *a, struct rdm_assoc_hot *h)
{
	rdm_cong_init(&h->cong, a->cfg.cong, a->mtu);
	if (a->rest.cwnd)
		rdm_cong_restart(&h->cong, a->rest.cwnd,
				 a->rest.ssthresh == U32_MAX ? U64_MAX : a->rest.ssthresh);
	memset(&h->hold, 0, sizeof(h->hold));
	/* after a pause what was found out still holds; the search for more may be due at once */
	rdm_pmtu_init(&h->pmtu, a->cfg.pmtud, a->route_mtu, a->mtu,
		      paused_at(a) + ((u64)a->mtu_again << MTU_AGAIN_SHIFT) + 1);
	rdm_pnset_init(&h->rxpn);
	h->rxpn.floor = a->rest.rx_first;
	if (a->rest.rx_end > a->rest.rx_first) {
		h->rxpn.n = 1;
		h->rxpn.r[0].first = a->rest.rx_first;
		h->rxpn.r[0].last = a->rest.rx_end - 1;
	}
	/* with a window once, the peer has counted, too */
	rdm_ecn_init(&h->ecn, a->ecn, a->rest.rx_end, a->rest.cwnd ? RDM_ECN_FORGOTTEN : 0);
	rdm_seqmap_give(&a->seqs, h->seqs);
	a->hot = h;
}

/**
 * rdm_assoc_cool_at() - when will an association be cold?
 * @a: the association
 *
 * Return: ns; U64_MAX while it is cold, or has something to do.
 */
u64 rdm_assoc_cool_at(const struct rdm_assoc *a)
{
	if (!a->hot || a->state != RDM_ASSOC_ESTABLISHED || __rdm_assoc_waits(a) ||
	    !list_empty(&a->rec.past) || a->need || a->ack_now || a->ack_pending ||
	    a->reasm.n || a->seqs.floor != a->seqs.top || a->hot->pmtu.out)
		return U64_MAX;
	return paused_at(a) + RDM_COOL_AFTER;
}

/**
 * rdm_assoc_cool() - take back what an idle association does not need
 * @a: the association
 * @now: ns
 *
 * The window is kept, but not what the algorithm had found out beside it (RFC 5681,
 * section 4.1: after such a pause the path must be probed anew). Of the packet numbers
 * received the newest range is kept, and all below counts as seen; counts of ECN marks
 * begin anew.
 *
 * Return: what rdm_assoc_heat() was given; NULL when @a needs it, or has none.
 */
struct rdm_assoc_hot *rdm_assoc_cool(struct rdm_assoc *a, u64 now)
{
	struct rdm_assoc_hot *h = a->hot;

	if (now < rdm_assoc_cool_at(a))
		return NULL;
	a->rest.cwnd = min_t(u64, h->cong.cwnd, U32_MAX);
	a->rest.ssthresh = min_t(u64, h->cong.ssthresh, U32_MAX);
	a->rest.rx_first = h->rxpn.n ? h->rxpn.r[0].first : h->rxpn.floor;
	a->rest.rx_end = h->rxpn.n ? h->rxpn.r[0].last + 1 : h->rxpn.floor;
	a->ecn = rdm_ecn_rest(&h->ecn);
	a->mtu_again = h->pmtu.again_at > paused_at(a) ?
		       (h->pmtu.again_at - paused_at(a)) >> MTU_AGAIN_SHIFT : 0;
	rdm_seqmap_take(&a->seqs);
	a->hot = NULL;
	return h;
}
