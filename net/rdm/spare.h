/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rdm spare: records of messages that a CPU keeps at hand, so that a message which
 * goes or comes alone does without the slab. What they are for is in msg.h; they are
 * freed with the module in page.c.
 */
#ifndef _RDM_SPARE_H
#define _RDM_SPARE_H

#include <linux/percpu.h>
#include <linux/slab.h>

/* What a CPU keeps one object of. */
enum rdm_spare { RDM_SPARE_MSG, RDM_SPARE_REC, RDM_SPARE__NR };
DECLARE_PER_CPU(void *, rdm_spares[RDM_SPARE__NR]);

/**
 * rdm_spare_alloc() - kmem_cache_alloc(), or the object that this CPU freed last
 * @cache: of these objects, with no constructor that matters, not accounted to a memcg
 * @spare: which they are
 * @gfp: how
 *
 * A message that goes alone, and one that comes alone, need no look at the slab. Not with KASAN,
 * which would not see who uses what is free.
 *
 * Return: the object, uninitialised, or NULL.
 */
static inline void *rdm_spare_alloc(struct kmem_cache *cache, enum rdm_spare spare, gfp_t gfp)
{
	void *p = IS_ENABLED(CONFIG_KASAN) ? NULL : this_cpu_xchg(rdm_spares[spare], NULL);

	return p ?: kmem_cache_alloc(cache, gfp);
}

/**
 * rdm_spare_free() - the counterpart
 * @cache: of these objects
 * @spare: which they are
 * @p: the object
 */
static inline void rdm_spare_free(struct kmem_cache *cache, enum rdm_spare spare, void *p)
{
	if (IS_ENABLED(CONFIG_KASAN) || this_cpu_cmpxchg(rdm_spares[spare], NULL, p))
		kmem_cache_free(cache, p);
}

#endif /* _RDM_SPARE_H */
