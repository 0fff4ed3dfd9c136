/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * rdm: reliably delivered messages over UDP.
 *
 * Everything that user space needs to use the sockets: protocol and option
 * numbers, and the structures that cross the system call boundary. All of
 * them have the same layout for 32- and 64-bit programs; padding is explicit
 * and must be zero on the way in. This header compiles alone, in C and C++.
 */
#ifndef _UAPI_LINUX_RDM_H
#define _UAPI_LINUX_RDM_H

#include <linux/socket.h>
#include <linux/types.h>

/* socket(AF_INET or AF_INET6, SOCK_RDM or SOCK_SEQPACKET, IPPROTO_RDM) */
#define IPPROTO_RDM		259
/* level of the socket options and of the control messages below */
#define SOL_RDM			300

/*
 * What is guaranteed for a message (RDM_MODE).
 */
enum {
	RDM_EXACTLY_ONCE = 0,	/* sent again until acked; never to another incarnation */
	RDM_AT_LEAST_ONCE = 1,	/* the same, but sent to a restarted peer once more */
	RDM_AT_MOST_ONCE = 2,	/* sent once, never again */
};

/* Most bytes of RDM_CONGESTION, with a 0 at its end. */
#define RDM_CONGESTION_MAX	16

/* What else the error queue tells (RDM_NOTIFY). */
#define RDM_NOTIFY_FAILED	0x1	/* failures of messages without a cookie */
#define RDM_NOTIFY_WRITABLE	0x2	/* a peer that had no room takes messages again */

/*
 * Socket options.
 *
 * RDM_MODE: __u32, RDM_EXACTLY_ONCE (default) and so on: for messages that do not say.
 * RDM_DEADLINE: __u32, milliseconds from the send call, 0 (default) for none, at most
 *	86400000: when it passes before the ack, the message fails with ETIME and nothing of
 *	it is sent any more. For messages that do not say.
 * RDM_NOTIFY: __u32, RDM_NOTIFY_* (default RDM_NOTIFY_FAILED).
 * RDM_LOST_OUTCOMES: __u64, read only: failed messages whose outcome the error queue could
 *	not hold.
 * RDM_USER_TIMEOUT: __u32, milliseconds, 1000 to 3600000: how long a peer may
 *	be silent while something waits for it before its messages fail with
 *	ETIMEDOUT.
 * RDM_MAX_MSG: __u32, bytes, read only: the largest message that sendmsg()
 *	takes now.
 * RDM_INCARNATION: __u64, read only: the value that names this life of this
 *	socket to its peers.
 * RDM_CONGESTION: string, "cubic" (default; net.rdm.congestion), "newreno" or "bbr": what
 *	keeps associations that are made from now on from sending too much. ENOENT: there is no
 *	such one.
 * RDM_NODELAY: __u32, 0 (default) or not: send each message at once, also when it could share
 *	a packet with others that come within 50 microseconds.
 * RDM_PEER_INFO: struct rdm_peer_info, read only: what is known of one peer. The buffer
 *	names it on the way in, by a struct sockaddr_in or sockaddr_in6 at its beginning;
 *	AF_UNSPEC means the peer that the socket is connected to. ENOENT: there is no
 *	association with it (now).
 */
#define RDM_USER_TIMEOUT	1
#define RDM_MAX_MSG		2
#define RDM_INCARNATION		3
#define RDM_MODE		4
#define RDM_DEADLINE		5
#define RDM_NOTIFY		6
#define RDM_LOST_OUTCOMES	7
#define RDM_PEER_INFO		8
#define RDM_CONGESTION		9
#define RDM_NODELAY		10

/* How a broadcast is relayed (RDM_GROUP_MODE). */
enum {
	RDM_GROUP_LAZY = 0,		/* to who lacks it: n - 1 messages if nothing fails */
	RDM_GROUP_EAGER = 1,		/* by each member when it comes first */
	RDM_GROUP_BEST_EFFORT = 2,	/* never: one copy to each member that is heard */
};

/* What recvmsg() tells of groups (RDM_RX_GROUP). */
#define RDM_RX_GROUP_INFO	0x1	/* RDM_GROUP_MSG with a broadcast */
#define RDM_RX_GROUP_EVENTS	0x2	/* events too: messages of no length with it */

/*
 * Options of groups. Those from RDM_GROUP_MODE to RDM_GROUP_WINDOW hold for groups that are
 * joined from then on.
 *
 * RDM_GROUP_MODE: __u32, RDM_GROUP_LAZY (default), RDM_GROUP_EAGER or, without any agreement,
 *	RDM_GROUP_BEST_EFFORT: of the broadcasts of this member.
 * RDM_GROUP_SLOW: __u32, milliseconds, 0 or 100 to 3600000: how long a member that does not
 *	read may hold up the others until it is expelled; 0 (default): for ever.
 * RDM_GROUP_SUSPECT_MS: __u32, 50 to 30000 (default 1000): silence after which a member is
 *	suspected.
 * RDM_GROUP_MIN: __u32, 1 (default) to 64: nothing is broadcast before the group has so
 *	many members.
 * RDM_GROUP_WINDOW: __u32, bytes, 65536 to 67108864 (default 1048576): how much of one
 *	member's broadcasts others hold that have not read them or may still be asked for them.
 *	The same at all members. A broadcast may have half of it, less 256 bytes.
 * RDM_GROUP_JOIN: struct rdm_group_req, and its members behind it. Write only.
 * RDM_GROUP_LEAVE: struct rdm_group_req without members. Write only.
 * RDM_GROUP_INFO: struct rdm_group_info, and behind it as many struct rdm_group_member as
 *	there is room for; read only. The buffer names the group on the way in, by a struct
 *	sockaddr_in or sockaddr_in6 at its beginning. ENOENT: it was not joined.
 * RDM_RX_GROUP: __u32, RDM_RX_GROUP_* (default 0).
 */
#define RDM_GROUP_MODE		16
#define RDM_GROUP_SLOW		17
#define RDM_GROUP_SUSPECT_MS	18
#define RDM_GROUP_MIN		19
#define RDM_GROUP_WINDOW	20
#define RDM_GROUP_JOIN		21
#define RDM_GROUP_LEAVE		22
#define RDM_GROUP_INFO		23
#define RDM_RX_GROUP		24

/* Most members of a group. */
#define RDM_GROUP_MEMBERS	64

/**
 * struct rdm_group_req - a group to join or to leave
 * @group: its address: multicast, or a broadcast address with SO_BROADCAST; its port is 0
 *	or that of the socket
 * @ifindex: by which device, 0: as the routes say
 * @n: how many struct sockaddr_storage follow: all members, this socket's own address
 *	among them. 0: they find each other by packets to the group's address
 */
struct rdm_group_req {
	struct __kernel_sockaddr_storage group;
	__u32 ifindex;
	__u32 n;
};

/* rdm_group_info.flags */
#define RDM_GROUP_FORMED	0x1	/* it may broadcast */
#define RDM_GROUP_FROZEN	0x2	/* a view is being changed */
#define RDM_GROUP_BLOCKED	0x4	/* too few members are heard */
#define RDM_GROUP_LEAVING	0x8	/* it is on its way out */

/**
 * struct rdm_group_info - a group as one member sees it, for RDM_GROUP_INFO
 * @group: in: which; out: its address
 * @lineage: names the birth of the group, 0 before there is a view
 * @view: number of the view
 * @incarnation: of this member
 * @top: broadcasts sent
 * @stable: how many of them every member has
 * @flags: RDM_GROUP_*
 * @n: members, this one included
 * @self: which of them is this one
 * @max_msg: longest broadcast that is taken here, bytes
 */
struct rdm_group_info {
	struct __kernel_sockaddr_storage group;
	__u64 lineage;
	__u64 view;
	__u64 incarnation;
	__u64 top;
	__u64 stable;
	__u32 flags;
	__u32 n;
	__u32 self;
	__u32 max_msg;
};

/* rdm_group_member.flags */
#define RDM_MEMBER_SUSPECTED	0x1	/* nothing is heard of it */
#define RDM_MEMBER_LEAVING	0x2

/**
 * struct rdm_group_member - one member of a group
 * @addr: its address
 * @incarnation: names its stay in the group
 * @acked: last broadcast of this member that it is known to have
 * @held: last broadcast of it that this member has
 * @lag: broadcasts of this member that it is not known to have
 * @heard_ms: since it gave a sign of life, milliseconds
 * @flags: RDM_MEMBER_*
 * @pad: 0
 */
struct rdm_group_member {
	struct __kernel_sockaddr_storage addr;
	__u64 incarnation;
	__u64 acked;
	__u64 held;
	__u64 lag;
	__u32 heard_ms;
	__u32 flags;
	__u64 pad;
};

/*
 * Control messages of level SOL_RDM.
 *
 * RDM_COOKIE: __u64, to sendmsg(): asks for this message's outcome, also when it was acked;
 *	the outcome brings the value back.
 * RDM_MODE, RDM_DEADLINE: __u32, to sendmsg(): as the socket options, for this message.
 * RDM_OUTCOME: struct rdm_outcome, from recvmsg(MSG_ERRQUEUE); msg_name is the
 *	destination that the outcome speaks of.
 * RDM_GROUP_MSG: struct rdm_group_msg, from recvmsg(); msg_name is the origin of the
 *	broadcast, or the member that the event speaks of.
 * RDM_GROUP_LACK: struct sockaddr_storage, one or more, with the RDM_OUTCOME of a broadcast
 *	that failed: members that are not known to have it.
 */
#define RDM_OUTCOME		1
#define RDM_COOKIE		2
#define RDM_GROUP_MSG		3
#define RDM_GROUP_LACK		10

/* What a message from a group is (rdm_group_msg.event). */
enum {
	RDM_GROUP_DATA = 0,		/* a broadcast */
	RDM_GROUP_JOINED = 1,		/* a new member */
	RDM_GROUP_LEFT = 2,		/* a member left */
	RDM_GROUP_EXPELLED = 3,		/* a member was expelled; this one, when it is named */
	RDM_GROUP_VIEW = 4,		/* a view begins; who joined or left was told before */
	RDM_GROUP_SUSPECT = 5,		/* nothing is heard of a member */
	RDM_GROUP_TRUST = 6,		/* it is heard again */
	RDM_GROUP_BLOCK = 7,		/* too few members are heard: nothing goes on */
	RDM_GROUP_UNBLOCK = 8,
	RDM_GROUP_OVER = 9,		/* this socket is not a member any more */
};

/**
 * struct rdm_group_msg - what a message from a group is
 * @group: the group
 * @lineage: names the birth of the group
 * @view: number of the view
 * @incarnation: of the origin, or of the member that the event speaks of
 * @seq: of the broadcast among its origin's, those of best effort counted apart; LEFT,
 *	EXPELLED: of the last one that counts
 * @event: RDM_GROUP_DATA and so on
 * @members: VIEW: how many
 */
struct rdm_group_msg {
	struct __kernel_sockaddr_storage group;
	__u64 lineage;
	__u64 view;
	__u64 incarnation;
	__u64 seq;
	__u32 event;
	__u32 members;
};

/* What is known of a message that failed (rdm_outcome.fate). */
enum {
	RDM_FATE_NEVER_SENT = 0,	/* no packet of it left: it was not delivered */
	RDM_FATE_UNKNOWN = 1,		/* it may have been delivered, or not */
	RDM_FATE_QUEUED = 2,		/* it is in the receiver's buffer */
};

/* rdm_outcome.flags */
#define RDM_OUTCOME_COOKIE	0x1	/* of one message, whose cookie is in @cookie */
#define RDM_OUTCOME_WRITABLE	0x2	/* of no message: the destination takes messages again */

/**
 * struct rdm_outcome - what became of messages that this socket accepted
 * @error: 0 (acked), or errno: ECONNREFUSED (nobody bound there), ECONNRESET (the peer
 *	restarted or closed its socket), ETIMEDOUT (the peer is silent), EHOSTUNREACH or
 *	ENETUNREACH (no way there), EMSGSIZE (longer than the peer takes), ETIME (its
 *	deadline passed), ECOMM (at most once: a packet of it was lost; a best-effort
 *	broadcast: not all members are known to have it), ENOTCONN (a broadcast: this
 *	member is not in the group any more)
 * @fate: RDM_FATE_*; with @error 0 RDM_FATE_QUEUED, but of a best-effort broadcast
 *	RDM_FATE_UNKNOWN: each member has got it, one that reads too slowly may have dropped it
 * @count: how many messages to this destination share this outcome
 * @flags: RDM_OUTCOME_*
 * @bytes: length of these messages together, bytes
 * @cookie: the sender's, when RDM_OUTCOME_COOKIE is set
 */
struct rdm_outcome {
	__u32 error;
	__u32 fate;
	__u32 count;
	__u32 flags;
	__u64 bytes;
	__u64 cookie;
};

/* rdm_peer_info.state */
enum {
	RDM_PEER_IDLE = 0,		/* nothing was sent to it, nothing came */
	RDM_PEER_OPENING = 1,		/* handshake */
	RDM_PEER_ESTABLISHED = 2,	/* both ends know each other */
	RDM_PEER_CLOSING = 3,		/* idle for long: the ends agree to forget */
	RDM_PEER_CLOSED = 4,		/* over; the next message opens another one */
};

/* rdm_peer_info.flags */
#define RDM_PEER_OUTBOUND	0x1	/* opened from here */
#define RDM_PEER_FIFO		0x2	/* its messages are delivered in their order */
#define RDM_PEER_REFUSED	0x4	/* something of it was refused for want of memory */

/* rdm_peer_info.ecn: packets to the peer are marked as ones that may be marked, see net.rdm.ecn */
enum {
	RDM_PEER_ECN_OFF = 0,		/* no */
	RDM_PEER_ECN_TESTING = 1,	/* the first ones; none is acked yet */
	RDM_PEER_ECN_ON = 2,		/* yes */
	RDM_PEER_ECN_FAILED = 3,	/* not any more: path or peer do not do their part */
};

/**
 * struct rdm_peer_info - an association, for RDM_PEER_INFO
 * @peer: in: whose; out: its address
 * @local: ours, which the peer knows us by
 * @state: RDM_PEER_*
 * @flags: RDM_PEER_*
 * @incarnation: of this socket
 * @peer_incarnation: of the peer's socket, 0 until it is known
 * @srtt_us: smoothed round trip, microseconds; 0 until there is a sample
 * @rttvar_us: its mean deviation
 * @min_rtt_us: the shortest
 * @pto_us: probe timeout now, without backoff
 * @ptos: probe timeouts since the last ack
 * @mtu: longest UDP payload in use, bytes
 * @cwnd: congestion window, bytes of UDP payload
 * @ssthresh: slow start threshold, bytes; all ones until there is one
 * @in_flight: bytes sent and neither acked nor lost
 * @unacked_msgs: messages accepted for the peer that have no outcome
 * @sent_msgs: those of them of which something was sent
 * @unacked_bytes: length of @unacked_msgs
 * @acked_msgs: messages acked
 * @failed_msgs: messages that failed
 * @received_msgs: messages received
 * @window: what the peer takes yet: bytes, and some for each message
 * @rx_window: what we take of it yet
 * @sent_pkts: packets sent
 * @retrans_pkts: those of them that carried something again
 * @lost_pkts: packets given up as lost
 * @spurious_pkts: those of them that were acked after all
 * @since_rx_ms: since a valid packet came, milliseconds; all ones: none did
 * @peer_max_msg: longest message that the peer takes, 0 until it is known
 * @soft_error: errno by which ICMP or the routing table explains silence, or 0
 * @ecn: RDM_PEER_ECN_*
 * @route_mtu: longest UDP payload as the route says; @mtu is less where probes have found
 *	that less gets through
 * @pad: 0
 *
 * More members may be added at the end; a shorter buffer gets fewer of them.
 */
struct rdm_peer_info {
	struct __kernel_sockaddr_storage peer;
	struct __kernel_sockaddr_storage local;
	__u32 state;
	__u32 flags;
	__u64 incarnation;
	__u64 peer_incarnation;
	__u32 srtt_us;
	__u32 rttvar_us;
	__u32 min_rtt_us;
	__u32 pto_us;
	__u32 ptos;
	__u32 mtu;
	__u64 cwnd;
	__u64 ssthresh;
	__u64 in_flight;
	__u32 unacked_msgs;
	__u32 sent_msgs;
	__u64 unacked_bytes;
	__u64 acked_msgs;
	__u64 failed_msgs;
	__u64 received_msgs;
	__u64 window;
	__u64 rx_window;
	__u64 sent_pkts;
	__u64 retrans_pkts;
	__u64 lost_pkts;
	__u64 spurious_pkts;
	__u32 since_rx_ms;
	__u32 peer_max_msg;
	__u32 soft_error;
	__u32 ecn;
	__u32 route_mtu;
	__u32 pad;
};

#endif /* _UAPI_LINUX_RDM_H */
