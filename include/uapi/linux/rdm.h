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

#include <linux/types.h>

/* socket(AF_INET or AF_INET6, SOCK_RDM or SOCK_SEQPACKET, IPPROTO_RDM) */
#define IPPROTO_RDM		259
/* level of the socket options and of the control messages below */
#define SOL_RDM			300

/*
 * Socket options.
 *
 * RDM_USER_TIMEOUT: __u32, milliseconds, 1000 to 3600000: how long a peer may
 *	be silent while something waits for it before its messages fail with
 *	ETIMEDOUT.
 * RDM_MAX_MSG: __u32, bytes, read only: the largest message that sendmsg()
 *	takes now.
 * RDM_INCARNATION: __u64, read only: the value that names this life of this
 *	socket to its peers.
 */
#define RDM_USER_TIMEOUT	1
#define RDM_MAX_MSG		2
#define RDM_INCARNATION		3

/*
 * Control messages of level SOL_RDM.
 *
 * RDM_OUTCOME: struct rdm_outcome, from recvmsg(MSG_ERRQUEUE); msg_name is the
 *	destination that the outcome speaks of.
 */
#define RDM_OUTCOME		1

/* What is known of a message that failed (rdm_outcome.fate). */
enum {
	RDM_FATE_NEVER_SENT = 0,	/* no packet of it left: it was not delivered */
	RDM_FATE_UNKNOWN = 1,		/* it may have been delivered, or not */
	RDM_FATE_QUEUED = 2,		/* it is in the receiver's buffer */
};

/**
 * struct rdm_outcome - what became of messages that this socket accepted
 * @error: errno: ECONNREFUSED (nobody bound there), ECONNRESET (the peer
 *	restarted or closed its socket), ETIMEDOUT (the peer is silent),
 *	EHOSTUNREACH or ENETUNREACH (no way there), EMSGSIZE (longer than the peer takes)
 * @fate: RDM_FATE_*
 * @count: how many messages to this destination share this outcome
 * @pad: zero
 * @bytes: length of these messages together, bytes
 */
struct rdm_outcome {
	__u32 error;
	__u32 fate;
	__u32 count;
	__u32 pad;
	__u64 bytes;
};

#endif /* _UAPI_LINUX_RDM_H */
