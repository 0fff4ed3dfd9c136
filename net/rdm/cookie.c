// SPDX-License-Identifier: GPL-2.0
/*
 * rdm cookie: see cookie.h. A cookie is the initiator's 48 bytes of parameters
 * as they came, our tag, the time, our incarnation, and the seal. It is opaque to
 * the initiator, so its layout may change with every version of the module.
 */
#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "cookie.h"

#define CK_TAG		48
#define CK_TIME		56
#define CK_OWN		64
#define CK_MAC		72

/**
 * rdm_cookie_tag() - the tag that an INIT gets, however often it comes
 * @key: the namespace's secrets
 * @t: the addresses
 * @peer_incarnation: from the INIT
 * @peer_tag: from the INIT
 *
 * Return: the tag, never 0.
 */
u64 rdm_cookie_tag(const struct rdm_cookie_key *key, const struct rdm_tuple *t,
		   u64 peer_incarnation, u64 peer_tag)
{
	struct {
		struct rdm_tuple t;
		u64 a, b;
	} __aligned(SIPHASH_ALIGNMENT) in = { *t, peer_incarnation, peer_tag };

	return siphash(&in, sizeof(in), &key->tag) ?: 1;
}

static u64 seal(const u8 *p, const struct rdm_cookie_key *key, const struct rdm_tuple *t,
		u64 incarnation)
{
	struct {
		struct rdm_tuple t;
		u64 incarnation;
		u8 body[CK_MAC];
	} __aligned(SIPHASH_ALIGNMENT) in = { .t = *t, .incarnation = incarnation };

	BUILD_BUG_ON(CK_MAC + 8 != RDM_COOKIE_LEN);
	memcpy(in.body, p, CK_MAC);
	return siphash(&in, sizeof(in), &key->mac);
}

/**
 * rdm_cookie_seal() - make a cookie
 * @p: RDM_COOKIE_LEN bytes
 * @key: the namespace's secrets
 * @t: the addresses
 * @incarnation: of the socket that answers
 * @ck: what it shall say
 */
void rdm_cookie_seal(u8 *p, const struct rdm_cookie_key *key, const struct rdm_tuple *t,
		     u64 incarnation, const struct rdm_cookie *ck)
{
	rdm_wire_put_params(p, &ck->peer);
	put_unaligned_be64(ck->tag, p + CK_TAG);
	put_unaligned_be64(ck->time, p + CK_TIME);
	put_unaligned_be64(incarnation, p + CK_OWN);
	put_unaligned_be64(seal(p, key, t, incarnation), p + CK_MAC);
}

/**
 * rdm_cookie_incarnation() - for which socket is a cookie?
 * @p: RDM_COOKIE_LEN bytes, not checked yet
 *
 * Return: the incarnation that rdm_cookie_open() is to be asked with.
 */
u64 rdm_cookie_incarnation(const u8 *p)
{
	return get_unaligned_be64(p + CK_OWN);
}

/**
 * rdm_cookie_open() - check a cookie
 * @ck: what it says
 * @p: RDM_COOKIE_LEN bytes
 * @key: the namespace's secrets
 * @t: the addresses of the packet that brought it
 * @incarnation: of the socket that it is for
 * @now: ns
 *
 * Return: 0, -EBADMSG when it is not ours or for other addresses, -ESTALE when it is too
 * old.
 */
int rdm_cookie_open(struct rdm_cookie *ck, const u8 *p, const struct rdm_cookie_key *key,
		    const struct rdm_tuple *t, u64 incarnation, u64 now)
{
	if (get_unaligned_be64(p + CK_MAC) != seal(p, key, t, incarnation))
		return -EBADMSG;
	if (rdm_wire_params(&ck->peer, p, CK_TAG))
		return -EBADMSG;
	ck->tag = get_unaligned_be64(p + CK_TAG);
	ck->time = get_unaligned_be64(p + CK_TIME);
	if (now - ck->time > RDM_COOKIE_LIFE)
		return -ESTALE;
	return 0;
}
