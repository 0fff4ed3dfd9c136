// SPDX-License-Identifier: GPL-2.0
/*
 * rdm mib: sums the counters of a namespace and shows them. Who counts what is
 * said in mib.h; nothing is counted here. The sums are not a snapshot: while
 * packets flow, one counter may already know what another does not.
 */
#include <linux/percpu.h>
#include <linux/seq_file.h>
#include <linux/seq_file_net.h>

#include "rdm.h"

static const char *const names[] = {
	[RDM_MIB_IN_PKTS]		= "InPkts",
	[RDM_MIB_IN_GSO]		= "InGso",
	[RDM_MIB_IN_MSGS]		= "InMsgs",
	[RDM_MIB_IN_DUP_MSGS]		= "InDupMsgs",
	[RDM_MIB_IN_REFUSED]		= "InRefused",
	[RDM_MIB_IN_SKIP]		= "InSkip",
	[RDM_MIB_IN_CE]			= "InCe",
	[RDM_MIB_OUT_PKTS]		= "OutPkts",
	[RDM_MIB_OUT_MSGS]		= "OutMsgs",
	[RDM_MIB_OUT_ACKED]		= "OutAcked",
	[RDM_MIB_OUT_FAILED]		= "OutFailed",
	[RDM_MIB_OUT_RETRANS]		= "OutRetrans",
	[RDM_MIB_OUT_GSO]		= "OutGso",
	[RDM_MIB_OUT_GSO_FALLBACK]	= "OutGsoFallback",
	[RDM_MIB_OUT_ECT]		= "OutEct",
	[RDM_MIB_OUT_CE]		= "OutCe",
	[RDM_MIB_ECN_FAILED]		= "EcnFailed",
	[RDM_MIB_OUT_MTU_PROBES]	= "OutMtuProbes",
	[RDM_MIB_MTU_PROBES_LOST]	= "MtuProbesLost",
	[RDM_MIB_MTU_BLACK_HOLES]	= "MtuBlackHoles",
	[RDM_MIB_OUT_NO_MEM]		= "OutNoMem",
	[RDM_MIB_PTO]			= "Pto",
	[RDM_MIB_IN_INIT]		= "InInit",
	[RDM_MIB_INIT_ACK_SENT]		= "InitAckSent",
	[RDM_MIB_RESET_SENT]		= "ResetSent",
	[RDM_MIB_IN_RESET]		= "InReset",
	[RDM_MIB_IN_ICMP]		= "InIcmp",
	[RDM_MIB_ASSOC_OPENED]		= "AssocOpened",
	[RDM_MIB_ASSOC_ACCEPTED]	= "AssocAccepted",
	[RDM_MIB_ASSOC_CLOSED]		= "AssocClosed",
	[RDM_MIB_ASSOC_FAILED]		= "AssocFailed",
	[RDM_MIB_DROP_CSUM]		= "DropCsum",
	[RDM_MIB_DROP_MALFORMED]	= "DropMalformed",
	[RDM_MIB_DROP_VERSION]		= "DropVersion",
	[RDM_MIB_DROP_DUP]		= "DropDup",
	[RDM_MIB_DROP_TAG]		= "DropTag",
	[RDM_MIB_DROP_ADDRESS]		= "DropAddress",
	[RDM_MIB_DROP_COOKIE]		= "DropCookie",
	[RDM_MIB_DROP_STALE]		= "DropStale",
	[RDM_MIB_DROP_RESET]		= "DropReset",
	[RDM_MIB_DROP_STATE]		= "DropState",
	[RDM_MIB_DROP_PEERS]		= "DropPeers",
	[RDM_MIB_DROP_TOMBSTONES]	= "DropTombstones",
	[RDM_MIB_DROP_NO_SOCKET]	= "DropNoSocket",
	[RDM_MIB_DROP_NO_MEM]		= "DropNoMem",
	[RDM_MIB_DROP_QUEUE]		= "DropQueue",
	[RDM_MIB_GROUP_SENT]		= "GroupSent",
	[RDM_MIB_GROUP_COPIES]		= "GroupCopies",
	[RDM_MIB_GROUP_RELAYED]		= "GroupRelayed",
	[RDM_MIB_GROUP_REPAIRED]	= "GroupRepaired",
	[RDM_MIB_GROUP_DUPS]		= "GroupDups",
	[RDM_MIB_GROUP_DELIVERED]	= "GroupDelivered",
	[RDM_MIB_GROUP_STABLE]		= "GroupStable",
	[RDM_MIB_GROUP_ARRIVED]		= "GroupArrived",
	[RDM_MIB_GROUP_DROPPED]		= "GroupDropped",
	[RDM_MIB_GROUP_FAILED]		= "GroupFailed",
	[RDM_MIB_GROUP_VIEWS]		= "GroupViews",
	[RDM_MIB_GROUP_EXPELLED]	= "GroupExpelled",
	[RDM_MIB_GROUP_ANNOUNCED]	= "GroupAnnounced",
	[RDM_MIB_GROUP_LOST]		= "GroupLost",
	[RDM_MIB_ERR_LOST]		= "ErrLost",
};

static_assert(ARRAY_SIZE(names) == RDM_MIB__NR);

/**
 * rdm_mib_sum() - a counter of a namespace
 * @rn: the namespace
 * @which: the counter
 *
 * Return: its value on all CPUs together, also those that are offline.
 */
u64 rdm_mib_sum(const struct rdm_net *rn, enum rdm_mib which)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(rn->mib, cpu)->n[which]);
	return sum;
}

/**
 * rdm_mib_show() - content of /proc/net/rdm_stat: a name and a value on each line
 * @m: the file, from proc_create_net_single()
 * @v: not used
 *
 * Return: 0.
 */
int rdm_mib_show(struct seq_file *m, void *v)
{
	const struct rdm_net *rn = rdm_net_of(seq_file_single_net(m));
	int i;

	for (i = 0; i < RDM_MIB__NR; i++)
		seq_printf(m, "%s %llu\n", names[i], rdm_mib_sum(rn, i));
	return 0;
}
