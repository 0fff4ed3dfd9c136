/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rdm groupwire: the bytes of group frames, each of which travels as one
 * message of a channel (announcements also as datagrams to the group's
 * address). Documentation/broadcast.md has the pictures. Pure: it says whether
 * bytes are well formed, never whether they are welcome.
 */
#ifndef _RDM_GROUPWIRE_H
#define _RDM_GROUPWIRE_H

#include <linux/types.h>
#include <linux/bits.h>

#define RDM_GROUP_MAX		64	/* members of a view: sets of ranks are a u64 */
#define RDM_GROUP_JOIN_MAX	(RDM_GROUP_MAX / 2)	/* joiners of one view */
#define RDM_GROUP_NONE		0xff	/* no rank */

/**
 * struct rdm_gaddr - where a member's socket is; as struct rdm_addr, compared as bytes
 * @ip: IPv6 address, IPv4 as v4-mapped
 * @port: as on the wire
 * @pad: 0
 * @scope: interface of a link-local address, else 0; does not travel
 */
struct rdm_gaddr {
	u8 ip[16];
	__be16 port;
	u16 pad;
	s32 scope;
};

/**
 * struct rdm_gmember - one life of a member
 * @at: its socket
 * @inc: drawn at each start or rejoin, not 0
 */
struct rdm_gmember {
	struct rdm_gaddr at;
	u64 inc;
};

enum rdm_gframe_type {
	RDM_GF_DATA = 1,	/* a broadcast; its payload follows */
	RDM_GF_STATE = 2,	/* life, acks, floor; the whole digest with RDM_GS_FULL */
	RDM_GF_PULL = 3,	/* asks for broadcasts */
	RDM_GF_PREPARE = 4,
	RDM_GF_PROMISE = 5,
	RDM_GF_ACCEPT = 6,
	RDM_GF_ACCEPTED = 7,
	RDM_GF_DECIDE = 8,
	RDM_GF_JOIN = 9,	/* asks to be taken into the next view */
	RDM_GF_ANNOUNCE = 10,	/* here is one of the group */
	RDM_GF__NR
};

/* rdm_gframe.flags, by type */
#define RDM_GD_CAST		BIT(0)	/* DATA: best effort, from its origin itself */
#define RDM_GD_MORE		BIT(1)	/* DATA: more was asked for than came: ask again */
#define RDM_GS_FULL		BIT(0)	/* STATE: rows follow */
#define RDM_GS_LEAVING		BIT(1)	/* STATE: wants to be left out of the next view */
#define RDM_GS_ASK		BIT(2)	/* STATE: wants a full one in return */
#define RDM_GB_REFUSED		BIT(0)	/* PROMISE: none: a higher ballot, @ballot, has it */
#define RDM_GJ_FORWARDED	BIT(0)	/* JOIN: by a member, for the one that it names */
#define RDM_GA_MEMBER		BIT(0)	/* ANNOUNCE: has a view; else seeks one */
#define RDM_GA_ASK		BIT(1)	/* ANNOUNCE: wants one in return */

/* Lengths, bytes. */
#define RDM_GH_LEN		40	/* head of every frame */
#define RDM_GF_DATA_LEN		(RDM_GH_LEN + 40)
#define RDM_GF_STATE_LEN	(RDM_GH_LEN + 40)
#define RDM_GF_STATE_ROW	16
#define RDM_GF_PULL_LEN		(RDM_GH_LEN + 32)
#define RDM_GF_BALLOT_LEN	(RDM_GH_LEN + 8)
#define RDM_GF_PROMISE_LEN	(RDM_GH_LEN + 16)
#define RDM_GF_JOIN_LEN		(RDM_GH_LEN + 40)
#define RDM_GF_ANNOUNCE_LEN	(RDM_GH_LEN + 8)
#define RDM_GV_LEN		32
#define RDM_GV_MEMBER		26
#define RDM_GV_MAX		(RDM_GV_LEN + 8 * RDM_GROUP_MAX + \
				 RDM_GROUP_JOIN_MAX * RDM_GV_MEMBER)
#define RDM_GF_MAX		(RDM_GH_LEN + 8 + RDM_GV_MAX + RDM_GROUP_MAX * RDM_GV_MEMBER)

/**
 * struct rdm_gvalue - what a ballot is about: the next view
 * @ballot: under which it was proposed
 * @stay: ranks that go on, in this order; never empty
 * @left: ranks that leave of their own will; they are not in @stay
 * @cut: for each rank, the last of its broadcasts that belongs to the old view
 * @n: ranks of the old view
 * @njoin: members that come behind those who stay
 * @join: who they are
 */
struct rdm_gvalue {
	u64 ballot;
	u64 stay;
	u64 left;
	u64 cut[RDM_GROUP_MAX];
	u8 n;
	u8 njoin;
	struct rdm_gmember join[RDM_GROUP_JOIN_MAX];
};

/**
 * struct rdm_gframe - one frame, decoded; what belongs to other types is 0
 * @type: enum rdm_gframe_type
 * @flags: known ones only
 * @from: rank of the sender in @view, or RDM_GROUP_NONE
 * @to: rank of the receiver in @view, or RDM_GROUP_NONE
 * @n: members of @view
 * @group: which group
 * @lineage: which birth of the group, 0 for none
 * @view: number of the sender's view, 0 for none
 * @inc: incarnation of the sender
 * @origin: DATA, PULL: rank of the origin
 * @oinc: DATA: its incarnation
 * @seq: DATA: sequence; PULL: first one wanted
 * @last: PULL: last one wanted
 * @bits: PULL: bit i: @seq + 1 + i is held
 * @cum: DATA: charges of all broadcasts of the origin, this one included
 * @floor: DATA, STATE: up to here the origin's (the sender's) broadcasts are stable
 * @top: STATE: last broadcast of the sender
 * @ack: STATE: up to here the receiver's broadcasts are at the sender
 * @suspects: STATE: ranks
 * @there: STATE: ranks that are known to have installed the view
 * @ballot: view change
 * @accepted: PROMISE: ballot of the value that follows, 0: none follows
 * @rows: STATE: for each rank, big-endian: up to where the sender has its
 *	broadcasts, and up to where it has the receiver's; PROMISE: up to where the
 *	sender holds its broadcasts
 * @value: PROMISE, ACCEPT, DECIDE: for rdm_gw_value()
 * @ids: DECIDE: the members of @view, for rdm_gw_member()
 * @ticket: ANNOUNCE: to be shown by a JOIN, 0: none; JOIN: what it shows
 * @who: JOIN: who wants to join
 * @payload: DATA: where the payload begins
 */
struct rdm_gframe {
	u8 type;
	u8 flags;
	u8 from;
	u8 to;
	u8 n;
	u8 origin;
	u64 group;
	u64 lineage;
	u64 view;
	u64 inc;
	u64 oinc;
	u64 seq;
	u64 last;
	u64 bits;
	u64 cum;
	u64 floor;
	u64 top;
	u64 ack;
	u64 suspects;
	u64 there;
	u64 ballot;
	u64 accepted;
	const u8 *rows;
	const u8 *value;
	const u8 *ids;
	u64 ticket;
	struct rdm_gmember who;
	u32 payload;
};

int rdm_gw_frame(struct rdm_gframe *f, const u8 *p, u32 len);
u64 rdm_gw_u64(const u8 *p, u32 i);
void rdm_gw_value(struct rdm_gvalue *v, const struct rdm_gframe *f, s32 scope);
void rdm_gw_member(struct rdm_gmember *m, const u8 *p, u32 i, s32 scope);

/* Each returns the bytes written; the head is put by all but put_value(). */
u32 rdm_gw_put_head(u8 *p, const struct rdm_gframe *f);
u32 rdm_gw_put_frame(u8 *p, const struct rdm_gframe *f);
void rdm_gw_put_u64(u8 *p, u32 i, u64 v);
u32 rdm_gw_put_value(u8 *p, const struct rdm_gvalue *v);
u32 rdm_gw_put_member(u8 *p, const struct rdm_gmember *m);

#endif /* _RDM_GROUPWIRE_H */
