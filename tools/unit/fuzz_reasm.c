// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzzer of reasm: fragments from the input go into one message, and after
 * each the byte map of reasm_model.h says whether all rules hold.
 *
 * Input: 1 byte of flags, 2 bytes of message length, then 4 bytes for each
 * fragment (offset, length), or 8 if flag 2 asks for the full range of both.
 */
#include <stdio.h>
#include <stdlib.h>
#include <linux/limits.h>
#include <linux/unaligned.h>

#include "reasm_model.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static struct reasm_model m;
	size_t step, pos = 3;
	u32 bytes;

	if (size < pos)
		return 0;
	bytes = get_unaligned_be16(data + 1) % (REASM_MODEL_BYTES + 1);
	step = data[0] & 2 ? 8 : 4;
	reasm_model_init(&m, data[0] & 1 ? U32_MAX - bytes : 0, bytes);

	for (; size - pos >= step; pos += step) {
		const u8 *p = data + pos;
		const char *wrong;

		if (step == 8)
			wrong = reasm_model_add(&m, get_unaligned_be32(p),
						get_unaligned_be32(p + 4));
		else
			wrong = reasm_model_add(&m, get_unaligned_be16(p) % (bytes + 1),
						get_unaligned_be16(p + 2) % (bytes + 2));
		if (wrong) {
			fprintf(stderr, "fragment at input byte %zu: %s\n", pos, wrong);
			abort();
		}
	}
	return 0;
}
