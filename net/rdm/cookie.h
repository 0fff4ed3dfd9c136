/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rdm cookie: the stateless half of the handshake. What a responder must
 * remember between INIT and the first data is given to the initiator, sealed
 * with a keyed hash over it and over both addresses (RFC 9260, section 5.1.3).
 * Pure.
 */
#ifndef _RDM_COOKIE_H
#define _RDM_COOKIE_H

#include <linux/siphash.h>
#include <linux/time64.h>
#include <linux/types.h>

#include "wire.h"

/* A cookie older than this is refused. */
#define RDM_COOKIE_LIFE		(10ULL * NSEC_PER_SEC)
/* Packets of an association that ended are recognised for longer than its cookie lives. */
#define RDM_TOMBSTONE_LIFE	(40ULL * NSEC_PER_SEC)

/**
 * struct rdm_cookie - what a cookie says, once it is proven to be ours
 * @peer: the initiator's parameters
 * @tag: our tag for it
 * @time: when it was made, ns
 */
struct rdm_cookie {
	struct rdm_params peer;
	u64 tag;
	u64 time;
};

/**
 * struct rdm_tuple - the addresses of an association, for hashing only
 * @w: both addresses, both ports, namespace and family, all of it significant
 */
struct rdm_tuple {
	u64 w[6];
} __aligned(SIPHASH_ALIGNMENT);

/**
 * struct rdm_cookie_key - secrets of one namespace
 * @mac: seals cookies
 * @tag: derives connection tags
 */
struct rdm_cookie_key {
	siphash_key_t mac;
	siphash_key_t tag;
};

u64 rdm_cookie_tag(const struct rdm_cookie_key *key, const struct rdm_tuple *t,
		   u64 peer_incarnation, u64 peer_tag);
void rdm_cookie_seal(u8 *p, const struct rdm_cookie_key *key, const struct rdm_tuple *t,
		     u64 incarnation, const struct rdm_cookie *ck);
u64 rdm_cookie_incarnation(const u8 *p);
int rdm_cookie_open(struct rdm_cookie *ck, const u8 *p, const struct rdm_cookie_key *key,
		    const struct rdm_tuple *t, u64 incarnation, u64 now);

#endif /* _RDM_COOKIE_H */
