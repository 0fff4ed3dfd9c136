// SPDX-License-Identifier: GPL-2.0
/*
 * A plugin for qemu: counts the instructions that the virtual machine executes, by
 * address. mark.c in the guest cuts the counts into sections; each one ends up in the file that
 * out= names, as a line "section", then lines "ADDRESS INSTRUCTIONS SIZE..." of translated blocks,
 * with the size of each instruction in bytes.
 * report.py puts names to the addresses. For one CPU.
 *
 * callers=START:END, in hexadecimal, also tells from where the function with these addresses
 * is called: lines "caller ADDRESS INSTRUCTIONS", the address a block that led to START, the
 * instructions those of the function alone.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * What we use of qemu's interface for plugins, version 1 (qemu 4.2 and later), which
 * Debian has no header for.
 */
#define PLUGIN_VERSION 1

struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info;
enum qemu_plugin_op { PLUGIN_ADD_U64 };
enum qemu_plugin_regs { PLUGIN_NO_REGS };

void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id,
					   void (*cb)(uint64_t id, struct qemu_plugin_tb *tb));
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb,
					      enum qemu_plugin_op op, void *ptr, uint64_t imm);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
					    void (*cb)(unsigned int vcpu, void *data),
					    enum qemu_plugin_regs regs, void *data);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb,
					  void (*cb)(unsigned int vcpu, void *data),
					  enum qemu_plugin_regs regs, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);

/* What qemu calls. */
extern int qemu_plugin_version;
int qemu_plugin_install(uint64_t id, const struct qemu_info *info, int argc, char **argv);

int qemu_plugin_version = PLUGIN_VERSION;

/* mark.c's: mov $0x4d445200,%ecx, of no effect and in no other program. */
static const unsigned char mark_insn[] = { 0xb9, 0x00, 'R', 'D', 'M' };

/* A block may be translated anew at any time, so it is known by what it is. */
struct block {
	struct block *next;
	uint64_t addr;
	uint64_t insns;
	uint64_t count;
	unsigned char *sizes;	/* bytes of each instruction */
	uint64_t called;	/* instructions of the function of callers= that it led to */
};

#define BUCKETS (1 << 16)

static struct block *blocks[BUCKETS];
static FILE *out;
static uint64_t callers_start, callers_end;
static struct block *before_last, *last, *caller;

static struct block *block_of(const struct qemu_plugin_tb *tb)
{
	uint64_t addr = qemu_plugin_tb_vaddr(tb), insns = qemu_plugin_tb_n_insns(tb);
	struct block **link = &blocks[(addr ^ addr >> 16) % BUCKETS], *b;

	for (b = *link; b; b = b->next)
		if (b->addr == addr && b->insns == insns)
			return b;
	b = calloc(1, sizeof(*b) + insns);
	if (!b)
		abort();
	b->sizes = (unsigned char *)(b + 1);
	for (size_t i = 0; i < insns; i++)
		b->sizes[i] = qemu_plugin_insn_size(qemu_plugin_tb_get_insn(tb, i));
	b->addr = addr;
	b->insns = insns;
	b->next = *link;
	*link = b;
	return b;
}

static void on_mark(unsigned int vcpu, void *data)
{
	(void)vcpu;
	(void)data;
	fputs("section\n", out);
	for (size_t i = 0; i < BUCKETS; i++) {
		for (struct block *b = blocks[i]; b; b = b->next) {
			if (b->count) {
				fprintf(out, "%" PRIx64 " %" PRIu64, b->addr, b->count);
				for (size_t k = 0; k < b->insns; k++)
					fprintf(out, " %d", b->sizes[k]);
				putc('\n', out);
			}
			if (b->called)
				fprintf(out, "caller %" PRIx64 " %" PRIu64 "\n", b->addr,
					b->called);
			b->count = 0;
			b->called = 0;
		}
	}
	fflush(out);
}

static void on_exec(unsigned int vcpu, void *data)
{
	struct block *b = data;

	(void)vcpu;
	/* a block so short is a jump on the way, as from __memset to the one for this CPU */
	if (b->addr == callers_start && last && last != b)
		caller = last->insns <= 2 ? before_last : last;
	if (b->addr >= callers_start && b->addr < callers_end && caller)
		caller->called += b->insns;
	before_last = last;
	last = b;
}

static void on_block(uint64_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb);
	struct block *b = block_of(tb);

	(void)id;
	qemu_plugin_register_vcpu_tb_exec_inline(tb, PLUGIN_ADD_U64, &b->count, n);
	if (callers_end)
		qemu_plugin_register_vcpu_tb_exec_cb(tb, on_exec, PLUGIN_NO_REGS, b);
	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		if (qemu_plugin_insn_size(insn) == sizeof(mark_insn) &&
		    !memcmp(qemu_plugin_insn_data(insn), mark_insn, sizeof(mark_insn)))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_mark, PLUGIN_NO_REGS,
							       NULL);
	}
}

int qemu_plugin_install(uint64_t id, const struct qemu_info *info, int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "out=", 4))
			out = fopen(argv[i] + 4, "w");
		else if (sscanf(argv[i], "callers=%" SCNx64 ":%" SCNx64, &callers_start,
				&callers_end) != 2)
			return -1;
	}
	if (!out) {
		fputs("count: give out=FILE, a file that can be written\n", stderr);
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_block);
	return 0;
}
