/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rdm mib: counters of one network namespace, shown in /proc/net/rdm_stat.
 * Every packet that is dropped is counted here under its reason.
 */
#ifndef _RDM_MIB_H
#define _RDM_MIB_H

#include <linux/types.h>

/*
 * X(name, what it counts): the name is what user space sees. Counters that begin with
 * Drop count packets that were thrown away, one reason each.
 */
#define RDM_MIB_LIST(X)							\
	X(InPkts, "packets received")					\
	X(InMsgs, "messages delivered to sockets")			\
	X(InDupMsgs, "messages or parts received again")		\
	X(InRefused, "messages refused for want of memory")		\
	X(OutPkts, "packets sent, INIT and RESET too")			\
	X(OutMsgs, "messages accepted from users")			\
	X(OutAcked, "messages acked by their receivers")		\
	X(OutFailed, "messages that failed")				\
	X(OutRetrans, "packets that repeat what was sent before")	\
	X(OutGso, "super-packets: several packets in one pass")		\
	X(OutNoMem, "packets lost for want of memory or a route")	\
	X(Pto, "probe timeouts")					\
	X(InInit, "INIT packets")					\
	X(InitAckSent, "INIT-ACK packets sent")				\
	X(ResetSent, "RESET packets sent")				\
	X(InReset, "RESET packets accepted")				\
	X(InIcmp, "ICMP errors about our packets")			\
	X(AssocOpened, "associations opened from here")			\
	X(AssocAccepted, "associations opened by peers")		\
	X(AssocClosed, "associations that ended by consent")		\
	X(AssocFailed, "associations that failed")			\
	X(DropCsum, "wrong UDP checksum")				\
	X(DropMalformed, "no valid packet or frame")			\
	X(DropVersion, "another version of the protocol")		\
	X(DropDup, "packet number seen before")				\
	X(DropTag, "unknown connection tag")				\
	X(DropAddress, "known tag from a wrong address")		\
	X(DropCookie, "cookie not ours")				\
	X(DropStale, "cookie too old or used before")			\
	X(DropReset, "RESET that echoes nothing of ours")		\
	X(DropState, "not expected in this state")			\
	X(DropPeers, "no room for another association")			\
	X(DropTombstones, "too many associations ended lately")		\
	X(DropNoSocket, "no socket wants it")				\
	X(DropNoMem, "no memory")					\
	X(DropQueue, "lost in the UDP socket's queue")			\
	X(ErrLost, "outcomes that found no room in the error queue")

enum rdm_mib {
#define X(name, text) RDM_MIB_##name,
	RDM_MIB_LIST(X)
#undef X
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

#endif /* _RDM_MIB_H */
