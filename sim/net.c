// SPDX-License-Identifier: GPL-2.0
/*
 * rdmsim: the network. It loses, delays, reorders and repeats packets as the
 * scenario says, and counts what it did. It does not corrupt: UDP's checksum
 * turns that into loss.
 */
#include <stdlib.h>
#include <string.h>

#include "sim.h"

static struct pkt *pkt_copy(const struct pkt *p)
{
	struct pkt *c = malloc(sizeof(*c) + p->len);

	memcpy(c, p, sizeof(*c) + p->len);
	return c;
}

/* Old packets for net_replay(): every packet has the same chance. */
static void keep(struct sim *s, const struct pkt *p)
{
	u64 i = s->count[C_SENT];

	if (s->nkept < s->keep) {
		s->kept[s->nkept++] = pkt_copy(p);
	} else {
		i = rnd(s) % i;
		if (i < s->nkept) {
			free(s->kept[i]);
			s->kept[i] = pkt_copy(p);
		}
	}
}

/* What a network does that knows nothing of ECN, or too much. */
static void remark(struct sim *s, struct link *l, struct pkt *p)
{
	u8 was = p->ecn;

	if (l->bleach)
		p->ecn = RDM_ECN_NONE;
	if (chance(s, l->remark))
		p->ecn = below(s, RDM_ECN__NR);
	s->count[C_REMARKED] += p->ecn != was;
}

static bool lost(struct sim *s, struct link *l, const struct pkt *p)
{
	u32 len = p->len;

	if (l->down) {
		s->count[C_BLACKOUT]++;
		return true;
	}
	if (l->drop_ect && p->ecn != RDM_ECN_NONE) {
		s->count[C_ECT_DROP]++;
		return true;
	}
	if (len > l->mtu) {
		s->count[C_TOO_BIG]++;
		return true;
	}
	if (s->now >= l->burst_until && chance(s, l->burst))
		l->burst_until = s->now + rnd(s) % l->burst_len;
	if (s->now < l->burst_until) {
		s->count[C_BURST]++;
		return true;
	}
	if (chance(s, l->drop)) {
		s->count[C_DROP]++;
		return true;
	}
	return false;
}

static void carry(struct sim *s, struct pkt *p)
{
	struct link *l = &s->links[p->src][p->dst];
	u64 at = s->now;

	if (lost(s, l, p)) {
		free(p);
		return;
	}
	remark(s, l, p);
	if (l->rate) {
		u64 start = max(at, l->busy_until);

		if (start - at > l->queue_max) {
			s->count[C_QUEUE_FULL]++;
			free(p);
			return;
		}
		if (l->mark_above && start - at > l->mark_above && p->ecn != RDM_ECN_NONE) {
			p->ecn = RDM_ECN_CE;
			s->count[C_CE]++;
		}
		l->busy_until = start + (p->len + 28) * SIM_SEC / l->rate;
		at = l->busy_until;
	}
	at += l->delay;
	if (l->jitter)
		at += rnd(s) % l->jitter;
	if (chance(s, l->reorder)) {
		at += rnd(s) % (l->reorder_delay + 1);
		s->count[C_REORDER]++;
	}
	while (chance(s, l->dup)) {
		sim_packet(s, at + rnd(s) % (l->delay + l->reorder_delay + 1), pkt_copy(p));
		s->count[C_DUP]++;
	}
	sim_packet(s, at, p);
}

void net_send(struct sim *s, u16 src, u16 dst, const u8 *bytes, u32 len, u32 uid, u8 ecn)
{
	struct pkt *p = malloc(sizeof(*p) + len);

	p->src = src;
	p->dst = dst;
	p->len = len;
	p->uid = uid;
	p->ecn = ecn;
	p->icmp = false;
	memcpy(p->bytes, bytes, len);
	s->count[C_SENT]++;
	if (len < RDM_MIN_PACKET)
		fail(s, "a packet of %u bytes is sent", len);
	if (s->keep)
		keep(s, p);
	carry(s, p);
}

/* Port unreachable, quoting the packet. */
void net_icmp(struct sim *s, const struct pkt *quoted)
{
	struct pkt *p;

	if (quoted->icmp)
		return;
	p = pkt_copy(quoted);
	p->src = quoted->dst;
	p->dst = quoted->src;
	p->icmp = true;
	s->count[C_ICMP]++;
	carry(s, p);
}

/* Something that was sent long ago arrives again, or for the first time. */
void net_replay(struct sim *s, u64 arg)
{
	u32 n = below(s, 20) + 1;

	while (s->nkept && n--) {
		struct pkt *p = pkt_copy(s->kept[below(s, s->nkept)]);

		s->count[C_REPLAY]++;
		sim_packet(s, s->now + rnd(s) % (10 * SIM_MS), p);
	}
}

/* All that was kept, in the order in which it was sent or not. */
void net_replay_all(struct sim *s, u64 arg)
{
	u64 spread = chance(s, 5000) ? 0 : 50 * SIM_MS;

	trace(s, "all that was kept comes again");
	for (u32 i = 0; i < s->nkept; i++) {
		s->count[C_REPLAY]++;
		sim_packet(s, s->now + (spread ? rnd(s) % spread : 0), pkt_copy(s->kept[i]));
	}
}

/* A packet that no correct peer has sent, with a tag that is a guess. */
void net_garbage(struct sim *s, u64 arg)
{
	u32 len = below(s, 300) + 1, i;
	struct pkt *p = malloc(sizeof(*p) + len);

	p->src = below(s, s->nnodes);
	p->dst = (p->src + 1) % s->nnodes;
	p->len = len;
	p->uid = 0;
	p->ecn = below(s, RDM_ECN__NR);
	p->icmp = false;
	for (i = 0; i < len; i++)
		p->bytes[i] = rnd(s);
	if (len >= RDM_HDR_LEN && chance(s, 9000))
		rdm_wire_put_hdr(p->bytes, below(s, 6), chance(s, 5000) ? 0 : below(s, 99),
				 chance(s, 3000) ? 0 : rnd(s));
	s->count[C_GARBAGE]++;
	sim_packet(s, s->now, p);
}
