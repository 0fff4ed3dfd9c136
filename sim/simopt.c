// SPDX-License-Identifier: GPL-2.0
/*
 * rdmsim: options and output that both of its commands have.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/kernel.h>

#include "simopt.h"

const struct option simopt_table[] = {
	{ "scenario", required_argument, NULL, 's' },
	{ "seeds", required_argument, NULL, 'n' },
	{ "first", required_argument, NULL, 'f' },
	{ "seed", required_argument, NULL, 'x' },
	{ "crash", required_argument, NULL, 'c' },
	{ "back", no_argument, NULL, 'b' },
	{ "omit", required_argument, NULL, 'o' },
	{ "cut", required_argument, NULL, 'u' },
	{ "mutate", required_argument, NULL, 'm' },
	{ "trace", no_argument, NULL, 't' },
	{ "list", no_argument, NULL, 'l' },
	{ "help", no_argument, NULL, 'h' },
	{}
};

bool simopt_take(struct simopts *o, int opt)
{
	switch (opt) {
	case 's':
		o->only = optarg;
		return true;
	case 'n':
		o->seeds = strtoul(optarg, NULL, 0);
		return true;
	case 'f':
		o->first = strtoull(optarg, NULL, 0);
		return true;
	case 'x':
		o->first = strtoull(optarg, NULL, 0);
		o->single = true;
		return true;
	case 't':
		o->trace = true;
		return true;
	}
	return false;
}

u32 simopt_mutation(const char *program, const char *const *names, u32 n)
{
	u32 i;

	for (i = 1; i < n; i++)
		if (!strcmp(names[i], optarg))
			return i;
	fprintf(stderr, "%s: no mutation '%s'; see --list\n", program, optarg);
	return n;
}

void simopt_print_counts(const u64 *count, const char *const *names, u32 n)
{
	u32 width = 0, i;

	for (i = 0; i < n; i++) {
		if (!count[i])
			continue;
		width += printf("%s%llu %s", width ? ", " : "#   ", count[i], names[i]);
		if (width > 80) {
			putchar('\n');
			width = 0;
		}
	}
	if (width)
		putchar('\n');
}
