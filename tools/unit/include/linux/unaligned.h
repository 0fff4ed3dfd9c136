/* SPDX-License-Identifier: GPL-2.0 */
/* User-space stand-in for <linux/unaligned.h>. */
#ifndef _SHIM_LINUX_UNALIGNED_H
#define _SHIM_LINUX_UNALIGNED_H

#include <linux/types.h>
#include <asm/byteorder.h>

#define __shim_get(type, conv, p) ({				\
	type __v;						\
								\
	__builtin_memcpy(&__v, (p), sizeof(__v));		\
	conv(__v);						\
})
#define __shim_put(type, conv, v, p) do {			\
	type __v = conv(v);					\
								\
	__builtin_memcpy((p), &__v, sizeof(__v));		\
} while (0)

static inline u16 get_unaligned_be16(const void *p)
{
	return __shim_get(__be16, be16_to_cpu, p);
}

static inline u32 get_unaligned_be24(const void *p)
{
	const u8 *b = p;

	return (u32)b[0] << 16 | (u32)b[1] << 8 | b[2];
}

static inline u32 get_unaligned_be32(const void *p)
{
	return __shim_get(__be32, be32_to_cpu, p);
}

static inline u64 get_unaligned_be64(const void *p)
{
	return __shim_get(__be64, be64_to_cpu, p);
}

static inline u16 get_unaligned_le16(const void *p)
{
	return __shim_get(__le16, le16_to_cpu, p);
}

static inline u32 get_unaligned_le32(const void *p)
{
	return __shim_get(__le32, le32_to_cpu, p);
}

static inline u64 get_unaligned_le64(const void *p)
{
	return __shim_get(__le64, le64_to_cpu, p);
}

static inline void put_unaligned_be16(u16 v, void *p)
{
	__shim_put(__be16, cpu_to_be16, v, p);
}

static inline void put_unaligned_be24(u32 v, void *p)
{
	u8 *b = p;

	b[0] = v >> 16;
	b[1] = v >> 8;
	b[2] = v;
}

static inline void put_unaligned_be32(u32 v, void *p)
{
	__shim_put(__be32, cpu_to_be32, v, p);
}

static inline void put_unaligned_be64(u64 v, void *p)
{
	__shim_put(__be64, cpu_to_be64, v, p);
}

static inline void put_unaligned_le16(u16 v, void *p)
{
	__shim_put(__le16, cpu_to_le16, v, p);
}

static inline void put_unaligned_le32(u32 v, void *p)
{
	__shim_put(__le32, cpu_to_le32, v, p);
}

static inline void put_unaligned_le64(u64 v, void *p)
{
	__shim_put(__le64, cpu_to_le64, v, p);
}

#define get_unaligned(p)	__shim_get(__typeof__(*(p)), , p)
#define put_unaligned(v, p)	__shim_put(__typeof__(*(p)), , v, p)

#endif /* _SHIM_LINUX_UNALIGNED_H */
