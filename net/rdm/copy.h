/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rdm copy: copying short runs of bytes: heads of packets and frames, and short
 * messages. What is long is memcpy()'s.
 */
#ifndef _RDM_COPY_H
#define _RDM_COPY_H

#include <linux/compiler.h>
#include <linux/string.h>
#include <linux/types.h>

/**
 * rdm_copy() - memcpy() for what is mostly short
 * @to: where to
 * @from: what
 * @len: how many bytes
 *
 * Where memcpy() is one instruction for a string, it takes some time to begin.
 */
static inline void rdm_copy(u8 *to, const u8 *from, u32 len)
{
	if (unlikely(len > 256)) {
		memcpy(to, from, len);
		return;
	}
	for (; len >= 32; to += 32, from += 32, len -= 32) {
		/* or the compiler makes a memcpy() of the loop */
		OPTIMIZER_HIDE_VAR(len);
		memcpy(to, from, 32);
	}
	if (len & 16) {
		memcpy(to, from, 16);
		to += 16;
		from += 16;
	}
	if (len & 8) {
		memcpy(to, from, 8);
		to += 8;
		from += 8;
	}
	if (len & 4) {
		memcpy(to, from, 4);
		to += 4;
		from += 4;
	}
	for (len &= 3; len; len--) {
		OPTIMIZER_HIDE_VAR(len);
		*to++ = *from++;
	}
}

#endif /* _RDM_COPY_H */
