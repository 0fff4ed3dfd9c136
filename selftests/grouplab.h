/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For selftests of groups: members in namespaces of their own, on one bridge.
 */
#ifndef RDM_SELFTESTS_GROUPLAB_H
#define RDM_SELFTESTS_GROUPLAB_H

#include "netlab.h"

#define GROUP_PORT 7500
#define LAB_MAX 16
/* Bytes of a message. */
#define LAB_LONGEST ((16 << 20) + 1)

/* A group's members: [0, n) */
struct grouplab {
	int family, type;
	int hub, ns[LAB_MAX];
	int fd[LAB_MAX];
	unsigned int n;
	unsigned int suspect_ms;
	struct addr group;
	struct addr at[LAB_MAX];
};

/* Namespaces with a device "eth0" on a bridge; no sockets yet. */
void lab_open(struct grouplab *g, int family, int type, unsigned int n);
void lab_close(struct grouplab *g);
/* A socket of member @i, bound, with the options that tests like; not joined. */
int lab_socket(struct grouplab *g, unsigned int i);
/* It joins by the standard call; or by a list of all members. */
void lab_join(struct grouplab *g, unsigned int i);
void lab_join_list(struct grouplab *g, unsigned int i);
/* All of them join, and all see a view of n members. */
bool lab_all_join(struct grouplab *g);
/* Does each of the sockets in @who (bits) see a view with @n members? */
bool lab_sees(struct grouplab *g, unsigned int who, unsigned int n);
int lab_info(struct grouplab *g, unsigned int i, struct rdm_group_info *info,
	     struct rdm_group_member *members, unsigned int room);
/* What member @i sends, and what it receives, is lost from now on; or what it sends only. */
void lab_cut(struct grouplab *g, unsigned int i);
void lab_cut_out(struct grouplab *g, unsigned int i);
/* Its device loses, doubles and reorders as netem is told. */
void lab_netem(struct grouplab *g, unsigned int i, const char *how);
void lab_heal(struct grouplab *g, unsigned int i);
/* What member @i sends to member @j is lost. */
void lab_cut_to(struct grouplab *g, unsigned int i, unsigned int j);
/* A counter of member @i; of all members together. */
uint64_t lab_counter(struct grouplab *g, unsigned int i, const char *name);
uint64_t lab_counters(struct grouplab *g, const char *name);

/* Broadcasts @len bytes that only (member, @seq) gives. */
ssize_t lab_send(struct grouplab *g, unsigned int i, uint32_t seq, size_t len, int flags);
/* The same with a cookie, and bytes that do not matter. */
ssize_t lab_ask(struct grouplab *g, unsigned int i, uint64_t cookie, size_t len);
/*
 * The next outcome at member @i, and which members are said to lack the broadcast (bits);
 * false when none comes for @ms.
 */
bool lab_outcome(struct grouplab *g, unsigned int i, int ms, struct rdm_outcome *o,
		 unsigned int *lack);

/* What a member has read. */
struct seen {
	bool unordered;			/* of each origin 256 broadcasts at most, in any order */
	bool had[LAB_MAX][256];
	uint32_t next[LAB_MAX];		/* of each origin: the one expected */
	unsigned int count, wrong;	/* broadcasts; duplicates, disorder or damage */
	unsigned int events[16];	/* of each kind */
	struct rdm_group_msg last;	/* event */
	struct addr last_name;
};

/* Reads one message; false when there is none. */
bool lab_read(struct grouplab *g, unsigned int i, struct seen *s);
/* Reads until @count broadcasts were read in all, or nothing comes for @ms. */
bool lab_read_until(struct grouplab *g, unsigned int i, struct seen *s, unsigned int count,
		    int ms);

#endif
