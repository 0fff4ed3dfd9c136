/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rdm mib: counters of one network namespace, shown in /proc/net/rdm_stat.
 * Every packet that is dropped is counted here under its reason.
 */
#ifndef _RDM_MIB_H
#define _RDM_MIB_H

#include <linux/types.h>

/*
 * The name that user space sees, and what it counts. Those that begin with Drop count
 * packets that were thrown away, one reason each.
 */
enum rdm_mib {
	RDM_MIB_IN_PKTS,		/* InPkts: packets received */
	RDM_MIB_IN_GSO,			/* InGso: super-packets received whole */
	RDM_MIB_IN_MSGS,		/* InMsgs: messages delivered to sockets */
	RDM_MIB_IN_DUP_MSGS,		/* InDupMsgs: messages or parts received again */
	RDM_MIB_IN_REFUSED,		/* InRefused: messages refused for want of memory */
	RDM_MIB_IN_SKIP,		/* InSkip: SKIP frames received */
	RDM_MIB_IN_CE,			/* InCe: packets that came with ECN's mark of congestion */
	RDM_MIB_OUT_PKTS,		/* OutPkts: packets sent, INIT and RESET too */
	RDM_MIB_OUT_MSGS,		/* OutMsgs: messages accepted from users */
	RDM_MIB_OUT_ACKED,		/* OutAcked: messages acked by their receivers */
	RDM_MIB_OUT_FAILED,		/* OutFailed: messages that failed */
	RDM_MIB_OUT_RETRANS,		/* OutRetrans: packets that repeat what was sent before */
	RDM_MIB_OUT_GSO,		/* OutGso: super-packets: several packets in one pass */
	RDM_MIB_OUT_GSO_FALLBACK,	/* OutGsoFallback: singly, for none can go together */
	RDM_MIB_OUT_ECT,		/* OutEct: packets sent with ECN's ECT(0) */
	RDM_MIB_OUT_CE,			/* OutCe: acks that tell that more of them were marked */
	RDM_MIB_ECN_FAILED,		/* EcnFailed: associations that stopped to use ECN */
	RDM_MIB_OUT_MTU_PROBES,		/* OutMtuProbes: probes for the path's MTU */
	RDM_MIB_MTU_PROBES_LOST,	/* MtuProbesLost: those that were lost, and others not */
	RDM_MIB_MTU_BLACK_HOLES,	/* MtuBlackHoles: long packets are lost, short ones not */
	RDM_MIB_OUT_NO_MEM,		/* OutNoMem: packets lost for want of memory or a route */
	RDM_MIB_PTO,			/* Pto: probe timeouts */
	RDM_MIB_IN_INIT,		/* InInit: INIT packets */
	RDM_MIB_INIT_ACK_SENT,		/* InitAckSent: INIT-ACK packets sent */
	RDM_MIB_RESET_SENT,		/* ResetSent: RESET packets sent */
	RDM_MIB_IN_RESET,		/* InReset: RESET packets accepted */
	RDM_MIB_IN_ICMP,		/* InIcmp: ICMP errors about our packets */
	RDM_MIB_ASSOC_OPENED,		/* AssocOpened: associations opened from here */
	RDM_MIB_ASSOC_ACCEPTED,		/* AssocAccepted: associations opened by peers */
	RDM_MIB_ASSOC_CLOSED,		/* AssocClosed: associations that ended by consent */
	RDM_MIB_ASSOC_FAILED,		/* AssocFailed: associations that failed */
	RDM_MIB_DROP_CSUM,		/* DropCsum: wrong UDP checksum */
	RDM_MIB_DROP_MALFORMED,		/* DropMalformed: no valid packet or frame */
	RDM_MIB_DROP_VERSION,		/* DropVersion: another version of the protocol */
	RDM_MIB_DROP_DUP,		/* DropDup: packet number seen before */
	RDM_MIB_DROP_TAG,		/* DropTag: unknown connection tag */
	RDM_MIB_DROP_ADDRESS,		/* DropAddress: known tag from a wrong address */
	RDM_MIB_DROP_COOKIE,		/* DropCookie: cookie not ours */
	RDM_MIB_DROP_STALE,		/* DropStale: cookie too old or used before */
	RDM_MIB_DROP_RESET,		/* DropReset: RESET that echoes nothing of ours */
	RDM_MIB_DROP_STATE,		/* DropState: not expected in this state */
	RDM_MIB_DROP_PEERS,		/* DropPeers: no room for another association */
	RDM_MIB_DROP_TOMBSTONES,	/* DropTombstones: too many ended lately */
	RDM_MIB_DROP_NO_SOCKET,		/* DropNoSocket: no socket wants it */
	RDM_MIB_DROP_NO_MEM,		/* DropNoMem: no memory */
	RDM_MIB_DROP_QUEUE,		/* DropQueue: dropped by the UDP socket: no room */
	RDM_MIB_GROUP_SENT,		/* GroupSent: broadcasts accepted from users */
	RDM_MIB_GROUP_COPIES,		/* GroupCopies: messages that first carried them */
	RDM_MIB_GROUP_RELAYED,		/* GroupRelayed: messages that carried those of others */
	RDM_MIB_GROUP_REPAIRED,		/* GroupRepaired: messages that carried own ones again */
	RDM_MIB_GROUP_DUPS,		/* GroupDups: broadcasts that came again, or too late */
	RDM_MIB_GROUP_DELIVERED,	/* GroupDelivered: broadcasts delivered, own ones too */
	RDM_MIB_GROUP_STABLE,		/* GroupStable: own broadcasts that all members have */
	RDM_MIB_GROUP_ARRIVED,		/* GroupArrived: own best-effort ones that came to all */
	RDM_MIB_GROUP_DROPPED,		/* GroupDropped: best-effort ones not read in time */
	RDM_MIB_GROUP_FAILED,		/* GroupFailed: own broadcasts that failed */
	RDM_MIB_GROUP_VIEWS,		/* GroupViews: views that began */
	RDM_MIB_GROUP_EXPELLED,		/* GroupExpelled: members expelled, as seen here */
	RDM_MIB_GROUP_ANNOUNCED,	/* GroupAnnounced: packets to groups' addresses */
	RDM_MIB_GROUP_LOST,		/* GroupLost: frames lost for want of memory or a way */
	RDM_MIB_ERR_LOST,		/* ErrLost: outcomes that the error queue did not take */
	RDM_MIB__NR
};

struct rdm_mib_pcpu {
	u64 n[RDM_MIB__NR];
};

#define rdm_inc(rn, name)	this_cpu_inc((rn)->mib->n[RDM_MIB_##name])
#define rdm_add(rn, name, v)	this_cpu_add((rn)->mib->n[RDM_MIB_##name], v)

struct rdm_net;
struct seq_file;
struct sk_buff;

u64 rdm_mib_sum(const struct rdm_net *rn, enum rdm_mib which);
int rdm_mib_show(struct seq_file *m, void *v);

/* sysctl.c, proc.c */
int rdm_sysctl_init(struct rdm_net *rn);
void rdm_sysctl_exit(struct rdm_net *rn);
int rdm_proc_init(struct rdm_net *rn);
void rdm_proc_exit(struct rdm_net *rn);

#endif /* _RDM_MIB_H */
