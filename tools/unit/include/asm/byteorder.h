/* SPDX-License-Identifier: GPL-2.0 */
/* User-space stand-in for <asm/byteorder.h>: conversions as in the kernel. */
#ifndef _SHIM_ASM_BYTEORDER_H
#define _SHIM_ASM_BYTEORDER_H

#include_next <asm/byteorder.h>
#include <linux/types.h>

#define cpu_to_be16		__cpu_to_be16
#define cpu_to_be32		__cpu_to_be32
#define cpu_to_be64		__cpu_to_be64
#define be16_to_cpu		__be16_to_cpu
#define be32_to_cpu		__be32_to_cpu
#define be64_to_cpu		__be64_to_cpu
#define cpu_to_le16		__cpu_to_le16
#define cpu_to_le32		__cpu_to_le32
#define cpu_to_le64		__cpu_to_le64
#define le16_to_cpu		__le16_to_cpu
#define le32_to_cpu		__le32_to_cpu
#define le64_to_cpu		__le64_to_cpu
#define swab16			__builtin_bswap16
#define swab32			__builtin_bswap32
#define swab64			__builtin_bswap64

#undef htons
#undef htonl
#undef ntohs
#undef ntohl
#define htons			__cpu_to_be16
#define htonl			__cpu_to_be32
#define ntohs			__be16_to_cpu
#define ntohl			__be32_to_cpu

#endif /* _SHIM_ASM_BYTEORDER_H */
