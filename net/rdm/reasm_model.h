/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A plain model of one message under reassembly, for tests and the fuzzer:
 * which bytes are held, as a byte map, and every rule of reasm.h spelt out
 * over it. Never part of the module's working code.
 */
#ifndef _RDM_REASM_MODEL_H
#define _RDM_REASM_MODEL_H

#include <linux/limits.h>
#include <linux/list.h>
#include <linux/string.h>
#include <linux/types.h>

#include "reasm.h"

#define REASM_MODEL_BYTES	512
#define REASM_MODEL_FRAGS	64

/* A fragment, and what arrived as it. */
struct reasm_model_frag {
	struct rdm_rxfrag f;
	u32 off;
	u32 len;
	bool held;
};

/* The message ends with @bytes that the map covers; the @base bytes before
 * them, if any, come as one fragment first.
 */
struct reasm_model {
	struct rdm_rxmsg msg;
	u32 base;
	u32 bytes;
	u8 have[REASM_MODEL_BYTES];
	u8 seen[REASM_MODEL_BYTES];
	struct reasm_model_frag frags[REASM_MODEL_FRAGS];
};

static inline void reasm_model_init(struct reasm_model *m, u32 base, u32 bytes)
{
	struct rdm_rxfrag *head = &m->frags[0].f;
	LIST_HEAD(freed);

	memset(m, 0, sizeof(*m));
	m->base = base;
	m->bytes = bytes;
	rdm_rxmsg_init(&m->msg, 0, base + bytes);
	if (base) {
		head->len = base;
		m->frags[0].len = base;
		m->frags[0].held = true;
		rdm_rxmsg_add(&m->msg, head, &freed);
	}
}

/* What is held must be sorted, disjoint, cut rightly, and all that came. */
static inline const char *reasm_model_check(struct reasm_model *m)
{
	struct reasm_model_frag *mf;
	unsigned int listed = 0, held = 0, i;
	u64 end = 0, sum = 0;
	struct rdm_rxfrag *f;

	memset(m->seen, 0, sizeof(m->seen));
	list_for_each_entry(f, &m->msg.frags, node) {
		mf = container_of(f, struct reasm_model_frag, f);
		if (!mf->held)
			return "a fragment is listed that is not held";
		if (f->off < end)
			return "fragments overlap or are out of order";
		if (!f->len && m->msg.total)
			return "a fragment is empty";
		if (f->off != mf->off + f->trim || f->trim > mf->len || f->len > mf->len - f->trim)
			return "a fragment is cut wrongly";
		end = (u64)f->off + f->len;
		sum += f->len;
		if (f->off >= m->base && f->len)
			memset(m->seen + (f->off - m->base), 1, f->len);
		listed++;
	}
	for (i = 0; i < REASM_MODEL_FRAGS; i++)
		held += m->frags[i].held;
	if (listed != held)
		return "a fragment was lost";
	if (sum != m->msg.have)
		return "have is not the sum of the fragments";
	if (memcmp(m->seen, m->have, sizeof(m->seen)))
		return "not the bytes that came are held";
	return NULL;
}

/* Add a fragment at @off from base, if there is such an offset. Returns what is
 * wrong, or NULL.
 */
static inline const char *reasm_model_add(struct reasm_model *m, u32 off, u32 len)
{
	struct reasm_model_frag *mf = NULL;
	enum rdm_reasm_verdict want, got;
	struct rdm_rxfrag *f, *next;
	unsigned int i, held = 0;
	LIST_HEAD(freed);
	bool whole;

	for (i = 0; i < REASM_MODEL_FRAGS && !mf; i++)
		if (!m->frags[i].held)
			mf = &m->frags[i];
	if (!mf || off > U32_MAX - m->base)
		return NULL;

	if ((u64)off + len > m->bytes || (!len && m->msg.total)) {
		want = RDM_REASM_BAD;
	} else {
		want = m->msg.total || m->msg.complete ? RDM_REASM_DUP : RDM_REASM_COMPLETE;
		for (i = off; i < off + len; i++) {
			if (!m->have[i])
				want = RDM_REASM_ADDED;
			m->have[i] = 1;
		}
		for (i = 0; i < m->bytes; i++)
			held += m->have[i];
		if (want == RDM_REASM_ADDED && held == m->bytes)
			want = RDM_REASM_COMPLETE;
	}

	mf->off = m->base + off;
	mf->len = len;
	mf->f = (struct rdm_rxfrag){ .off = mf->off, .len = len };
	got = rdm_rxmsg_add(&m->msg, &mf->f, &freed);
	if (got != want)
		return "wrong verdict";
	whole = m->msg.have == m->msg.total;
	if (m->msg.total && m->msg.complete != whole)
		return "complete is wrong";
	if (got == RDM_REASM_BAD || got == RDM_REASM_DUP) {
		if (!list_empty(&freed))
			return "fragments freed for one that is not held";
		if (mf->f.off != mf->off || mf->f.len != len || mf->f.trim)
			return "a refused fragment was changed";
		return reasm_model_check(m);
	}
	mf->held = true;
	list_for_each_entry_safe(f, next, &freed, node) {
		struct reasm_model_frag *gone = container_of(f, struct reasm_model_frag, f);

		if (!gone->held || gone == mf)
			return "a fragment freed that was not held";
		if (f->off < mf->off || f->off + f->len > mf->off + len)
			return "a fragment freed that brings more";
		gone->held = false;
	}
	return reasm_model_check(m);
}

#endif /* _RDM_REASM_MODEL_H */
