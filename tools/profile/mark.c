// SPDX-License-Identifier: GPL-2.0
/* Run in the guest, it begins a new section of what count.c counts. */

int main(void)
{
	/* mark_insn of count.c: mov $0x4d445200,%ecx */
	__asm__ volatile(".byte 0xb9, 0x00, 'R', 'D', 'M'" ::: "ecx");
	return 0;
}
