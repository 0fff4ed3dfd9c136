// SPDX-License-Identifier: GPL-2.0
/*
 * rdm groupwire: encoders and validating decoders for group frames.
 *
 * A decoder returns an error for anything that a correct sender never writes:
 * ranks that the view does not have, lengths that do not add up, padding that
 * is not zero. All fields are big-endian.
 */
#include <linux/bitops.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "groupwire.h"
#include "wire.h"

/* The ranks of a view with @n members, as a set. */
static u64 ranks(u8 n)
{
	return n == 64 ? U64_MAX : BIT_ULL(n) - 1;
}

/**
 * rdm_gw_u64() - one number of a row
 * @p: the row
 * @i: which
 *
 * Return: it.
 */
u64 rdm_gw_u64(const u8 *p, u32 i)
{
	return get_unaligned_be64(p + 8 * i);
}

/**
 * rdm_gw_put_u64() - write one number of a row
 * @p: the row
 * @i: which
 * @v: the number
 */
void rdm_gw_put_u64(u8 *p, u32 i, u64 v)
{
	put_unaligned_be64(v, p + 8 * i);
}

/**
 * rdm_gw_member() - decode one of a list of members
 * @m: where to
 * @p: the list
 * @i: which
 * @scope: interface of a link-local address
 */
void rdm_gw_member(struct rdm_gmember *m, const u8 *p, u32 i, s32 scope)
{
	p += i * RDM_GV_MEMBER;
	memset(m, 0, sizeof(*m));
	memcpy(m->at.ip, p, 16);
	memcpy(&m->at.port, p + 16, 2);
	/* fe80::/10 (RFC 4291, section 2.5.6) */
	if (p[0] == 0xfe && (p[1] & 0xc0) == 0x80)
		m->at.scope = scope;
	m->inc = get_unaligned_be64(p + 18);
}

/**
 * rdm_gw_put_member() - encode a member
 * @p: where to
 * @m: the member
 *
 * Return: bytes written.
 */
u32 rdm_gw_put_member(u8 *p, const struct rdm_gmember *m)
{
	memcpy(p, m->at.ip, 16);
	memcpy(p + 16, &m->at.port, 2);
	put_unaligned_be64(m->inc, p + 18);
	return RDM_GV_MEMBER;
}

static bool members_ok(const u8 *p, u32 n)
{
	while (n--) {
		if (!get_unaligned_be64(p + 18))
			return false;
		p += RDM_GV_MEMBER;
	}
	return true;
}

/* Length of a value, or -EPROTO. */
static int check_value(const u8 *p, u32 len, u8 n)
{
	u64 all = ranks(n), stay, left;
	u32 need, njoin;

	if (len < RDM_GV_LEN || !n)
		return -EPROTO;
	stay = get_unaligned_be64(p + 8);
	left = get_unaligned_be64(p + 16);
	njoin = p[24];
	if (!get_unaligned_be64(p) || !stay || (stay | left) & ~all || stay & left ||
	    p[25] != n || njoin > hweight64(stay) || njoin > RDM_GROUP_JOIN_MAX ||
	    hweight64(stay) + njoin > RDM_GROUP_MAX || !rdm_wire_zero(p + 26, 6))
		return -EPROTO;
	need = RDM_GV_LEN + 8 * n + njoin * RDM_GV_MEMBER;
	if (len < need || !members_ok(p + RDM_GV_LEN + 8 * n, njoin))
		return -EPROTO;
	return need;
}

/**
 * rdm_gw_value() - decode the value of a PROMISE, ACCEPT or DECIDE
 * @v: where to
 * @f: the frame, which has one
 * @scope: interface of link-local addresses
 */
void rdm_gw_value(struct rdm_gvalue *v, const struct rdm_gframe *f, s32 scope)
{
	const u8 *p = f->value;
	u32 i;

	memset(v, 0, sizeof(*v));
	v->ballot = get_unaligned_be64(p);
	v->stay = get_unaligned_be64(p + 8);
	v->left = get_unaligned_be64(p + 16);
	v->njoin = p[24];
	v->n = p[25];
	p += RDM_GV_LEN;
	for (i = 0; i < v->n; i++)
		v->cut[i] = rdm_gw_u64(p, i);
	p += 8 * v->n;
	for (i = 0; i < v->njoin; i++)
		rdm_gw_member(&v->join[i], p, i, scope);
}

/**
 * rdm_gw_put_value() - encode a value
 * @p: where to, RDM_GV_MAX bytes at most
 * @v: the value
 *
 * Return: bytes written.
 */
u32 rdm_gw_put_value(u8 *p, const struct rdm_gvalue *v)
{
	u8 *at = p + RDM_GV_LEN;
	u32 i;

	memset(p, 0, RDM_GV_LEN);
	put_unaligned_be64(v->ballot, p);
	put_unaligned_be64(v->stay, p + 8);
	put_unaligned_be64(v->left, p + 16);
	p[24] = v->njoin;
	p[25] = v->n;
	for (i = 0; i < v->n; i++)
		rdm_gw_put_u64(at, i, v->cut[i]);
	at += 8 * v->n;
	for (i = 0; i < v->njoin; i++)
		at += rdm_gw_put_member(at, &v->join[i]);
	return at - p;
}

static int get_state(struct rdm_gframe *f, const u8 *p, u32 len)
{
	u32 need = RDM_GF_STATE_LEN;

	if (f->flags & RDM_GS_FULL)
		need += f->n * RDM_GF_STATE_ROW;
	if (len != need)
		return -EPROTO;
	p += RDM_GH_LEN;
	f->suspects = get_unaligned_be64(p);
	f->floor = get_unaligned_be64(p + 8);
	f->top = get_unaligned_be64(p + 16);
	f->ack = get_unaligned_be64(p + 24);
	f->there = get_unaligned_be64(p + 32);
	f->rows = f->flags & RDM_GS_FULL ? p + 40 : NULL;
	return (f->suspects | f->there) & ~ranks(f->n) || f->floor > f->top ? -EPROTO : 0;
}

static int get_data(struct rdm_gframe *f, const u8 *p, u32 len)
{
	if (len < RDM_GF_DATA_LEN)
		return -EPROTO;
	p += RDM_GH_LEN;
	f->origin = p[0];
	f->oinc = get_unaligned_be64(p + 8);
	f->seq = get_unaligned_be64(p + 16);
	f->cum = get_unaligned_be64(p + 24);
	f->floor = get_unaligned_be64(p + 32);
	f->payload = RDM_GF_DATA_LEN;
	if (f->flags & RDM_GD_CAST && (f->flags & RDM_GD_MORE || f->origin != f->from ||
				       f->oinc != f->inc || f->floor))
		return -EPROTO;
	return f->origin >= f->n || get_unaligned_be64(p) << 8 || !f->oinc || !f->seq ||
	       f->floor >= f->seq ? -EPROTO : 0;
}

static int get_pull(struct rdm_gframe *f, const u8 *p, u32 len)
{
	if (len != RDM_GF_PULL_LEN)
		return -EPROTO;
	p += RDM_GH_LEN;
	f->origin = p[0];
	f->seq = get_unaligned_be64(p + 8);
	f->last = get_unaligned_be64(p + 16);
	f->bits = get_unaligned_be64(p + 24);
	return f->origin >= f->n || get_unaligned_be64(p) << 8 || !f->seq || f->last < f->seq ||
	       f->last - f->seq > 64 ? -EPROTO : 0;
}

static int get_join(struct rdm_gframe *f, const u8 *p, u32 len)
{
	if (len != RDM_GF_JOIN_LEN)
		return -EPROTO;
	p += RDM_GH_LEN;
	memcpy(f->who.at.ip, p, 16);
	memcpy(&f->who.at.port, p + 16, 2);
	f->who.inc = get_unaligned_be64(p + 24);
	f->ticket = get_unaligned_be64(p + 32);
	return f->who.inc && rdm_wire_zero(p + 18, 6) ? 0 : -EPROTO;
}

/* The frames of a view change. */
static int get_ballot(struct rdm_gframe *f, const u8 *p, u32 len)
{
	u32 at = RDM_GF_BALLOT_LEN;
	int n;

	if (len < at)
		return -EPROTO;
	f->ballot = get_unaligned_be64(p + RDM_GH_LEN);
	if (!f->ballot)
		return -EPROTO;
	if (f->type == RDM_GF_PROMISE) {
		if (len < RDM_GF_PROMISE_LEN + 8 * f->n)
			return -EPROTO;
		f->accepted = get_unaligned_be64(p + RDM_GF_BALLOT_LEN);
		f->rows = p + RDM_GF_PROMISE_LEN;
		at = RDM_GF_PROMISE_LEN + 8 * f->n;
	}
	if (f->type == RDM_GF_ACCEPT || f->type == RDM_GF_DECIDE || f->accepted) {
		n = check_value(p + at, len - at, f->n);
		if (n < 0)
			return n;
		f->value = p + at;
		at += n;
	}
	if (f->type == RDM_GF_DECIDE) {
		f->ids = p + at;
		if (len < at + f->n * RDM_GV_MEMBER || !members_ok(f->ids, f->n))
			return -EPROTO;
		at += f->n * RDM_GV_MEMBER;
	}
	return at == len ? 0 : -EPROTO;
}

/* Flags that a type may have. */
static u8 known_flags(u8 type)
{
	switch (type) {
	case RDM_GF_DATA:
		return RDM_GD_CAST | RDM_GD_MORE;
	case RDM_GF_STATE:
		return RDM_GS_FULL | RDM_GS_LEAVING | RDM_GS_ASK;
	case RDM_GF_PROMISE:
		return RDM_GB_REFUSED;
	case RDM_GF_JOIN:
		return RDM_GJ_FORWARDED;
	case RDM_GF_ANNOUNCE:
		return RDM_GA_MEMBER | RDM_GA_ASK;
	}
	return 0;
}

/**
 * rdm_gw_frame() - decode and check a frame
 * @f: where to; it points into @p
 * @p: the frame; of a DATA frame the first RDM_GF_DATA_LEN bytes will do
 * @len: its length, bytes
 *
 * Return: 0 or -EPROTO.
 */
int rdm_gw_frame(struct rdm_gframe *f, const u8 *p, u32 len)
{
	memset(f, 0, sizeof(*f));
	if (len < RDM_GH_LEN)
		return -EPROTO;
	f->type = p[0];
	f->flags = p[1];
	f->from = p[2];
	f->to = p[3];
	f->n = p[4];
	f->group = get_unaligned_be64(p + 8);
	f->lineage = get_unaligned_be64(p + 16);
	f->view = get_unaligned_be64(p + 24);
	f->inc = get_unaligned_be64(p + 32);
	if (f->flags & ~known_flags(f->type) || (get_unaligned_be64(p) & 0xffffff) || !f->inc ||
	    f->n > RDM_GROUP_MAX || (f->from >= f->n && f->from != RDM_GROUP_NONE) ||
	    (f->to >= f->n && f->to != RDM_GROUP_NONE) ||
	    !f->lineage != !f->view || !f->lineage != !f->n)
		return -EPROTO;
	/* most are */
	if (f->type == RDM_GF_DATA)
		return f->n ? get_data(f, p, len) : -EPROTO;
	switch (f->type) {
	case RDM_GF_JOIN:
		return get_join(f, p, len);
	case RDM_GF_ANNOUNCE:
		if (len != RDM_GF_ANNOUNCE_LEN || !(f->flags & RDM_GA_MEMBER) != !f->n)
			return -EPROTO;
		f->ticket = get_unaligned_be64(p + RDM_GH_LEN);
		return 0;
	}
	if (!f->n)
		return -EPROTO;
	switch (f->type) {
	case RDM_GF_STATE:
		return get_state(f, p, len);
	case RDM_GF_PULL:
		return get_pull(f, p, len);
	case RDM_GF_PREPARE:
	case RDM_GF_PROMISE:
	case RDM_GF_ACCEPT:
	case RDM_GF_ACCEPTED:
	case RDM_GF_DECIDE:
		return get_ballot(f, p, len);
	}
	return -EPROTO;
}

/**
 * rdm_gw_put_head() - encode what all frames begin with
 * @p: where to
 * @f: the frame
 *
 * Return: bytes written.
 */
u32 rdm_gw_put_head(u8 *p, const struct rdm_gframe *f)
{
	memset(p, 0, 8);
	p[0] = f->type;
	p[1] = f->flags;
	p[2] = f->from;
	p[3] = f->to;
	p[4] = f->n;
	put_unaligned_be64(f->group, p + 8);
	put_unaligned_be64(f->lineage, p + 16);
	put_unaligned_be64(f->view, p + 24);
	put_unaligned_be64(f->inc, p + 32);
	return RDM_GH_LEN;
}

/**
 * rdm_gw_put_frame() - encode a frame but for its rows, value and members
 * @p: where to
 * @f: the frame
 *
 * Return: bytes written; what is missing goes behind them.
 */
u32 rdm_gw_put_frame(u8 *p, const struct rdm_gframe *f)
{
	u8 *b = p + rdm_gw_put_head(p, f);

	switch (f->type) {
	case RDM_GF_DATA:
		memset(b, 0, 8);
		b[0] = f->origin;
		put_unaligned_be64(f->oinc, b + 8);
		put_unaligned_be64(f->seq, b + 16);
		put_unaligned_be64(f->cum, b + 24);
		put_unaligned_be64(f->floor, b + 32);
		return RDM_GF_DATA_LEN;
	case RDM_GF_STATE:
		put_unaligned_be64(f->suspects, b);
		put_unaligned_be64(f->floor, b + 8);
		put_unaligned_be64(f->top, b + 16);
		put_unaligned_be64(f->ack, b + 24);
		put_unaligned_be64(f->there, b + 32);
		return RDM_GF_STATE_LEN;
	case RDM_GF_PULL:
		memset(b, 0, 8);
		b[0] = f->origin;
		put_unaligned_be64(f->seq, b + 8);
		put_unaligned_be64(f->last, b + 16);
		put_unaligned_be64(f->bits, b + 24);
		return RDM_GF_PULL_LEN;
	case RDM_GF_PROMISE:
		put_unaligned_be64(f->ballot, b);
		put_unaligned_be64(f->accepted, b + 8);
		return RDM_GF_PROMISE_LEN;
	case RDM_GF_PREPARE:
	case RDM_GF_ACCEPT:
	case RDM_GF_ACCEPTED:
	case RDM_GF_DECIDE:
		put_unaligned_be64(f->ballot, b);
		return RDM_GF_BALLOT_LEN;
	case RDM_GF_JOIN:
		memset(b, 0, 24);
		memcpy(b, f->who.at.ip, 16);
		memcpy(b + 16, &f->who.at.port, 2);
		put_unaligned_be64(f->who.inc, b + 24);
		put_unaligned_be64(f->ticket, b + 32);
		return RDM_GF_JOIN_LEN;
	case RDM_GF_ANNOUNCE:
		put_unaligned_be64(f->ticket, b);
		return RDM_GF_ANNOUNCE_LEN;
	}
	return RDM_GH_LEN;
}
