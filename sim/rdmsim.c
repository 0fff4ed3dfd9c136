// SPDX-License-Identifier: GPL-2.0
/*
 * rdmsim: the command. Runs scenarios over many seeds, or one seed with a
 * trace of everything that happens; a run depends on its seed alone.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gmain.h"
#include "sim.h"
#include "simopt.h"

static struct sim sim;

#ifdef RDM_MUTATE
#define PROGRAM	"rdmsim-mutants"
enum mutation mutation;
#else
#define PROGRAM	"rdmsim"
#endif

const char *const mutation_names[MUT__NR] = {
	[MUT_NONE] = "none",
	[MUT_NO_DUP_CHECK] = "no-dup-check",
	[MUT_ACK_REFUSED] = "ack-refused",
	[MUT_OTHER_INCARNATION] = "other-incarnation",
	[MUT_FINISH_EARLY] = "finish-early",
	[MUT_NO_TOMBSTONE] = "no-tombstone",
	[MUT_NO_FIFO] = "no-fifo",
	[MUT_LOSE_RETRANSMIT] = "lose-retransmit",
	[MUT_NO_WINDOW] = "no-window",
	[MUT_SHORT_FRAG] = "short-frag",
	[MUT_TRUST_RESET] = "trust-reset",
	[MUT_ANY_RESET] = "any-reset",
	[MUT_NO_OUTCOME] = "no-outcome",
	[MUT_KEEP_RECORDS] = "keep-records",
	[MUT_NO_SKIP] = "no-skip",
	[MUT_SKIP_NO_CREDIT] = "skip-no-credit",
	[MUT_ONCE_AGAIN] = "once-again",
	[MUT_ONCE_MOVED] = "once-moved",
	[MUT_NO_DEADLINE] = "no-deadline",
	[MUT_SEND_FINISHED] = "send-finished",
	[MUT_LEAST_STAYS] = "least-stays",
	[MUT_NO_DOUBT] = "no-doubt",
	[MUT_NO_PMTUD] = "no-pmtud",
};

static void how_to_replay(void)
{
	printf("# replay: %s --scenario %s --seed %llu --trace\n", program_invocation_name,
	       sim.name, sim.seed);
	fflush(stdout);
}

/* Real time, seconds; no run takes one. */
#define RUN_TIMEOUT	60

/* A warning of the kernel's code or a sanitizer's report ends the program: say where. */
static void died(int sig)
{
	how_to_replay();
	signal(sig, SIG_DFL);
	raise(sig);
}

void __sanitizer_set_death_callback(void (*call)(void)) __attribute__((__weak__));

static bool run(const struct scenario *sc, u64 seed, u64 *count)
{
	bool ok;

	alarm(RUN_TIMEOUT);
	sim.name = sc->name;
	sim_init(&sim, seed, sc->nodes);
	sc->setup(&sim);
	sim_run(&sim);
	ok = !sim.failed;
	sim_free(&sim);
	if (ok && sim.failed)
		ok = false;
	if (!ok) {
		printf("# seed %llu: %s\n", seed, sim.why);
		how_to_replay();
	}
	for (u32 i = 0; i < C__NR; i++)
		count[i] += sim.count[i];
	return ok;
}

/* One line of the lane: a scenario over many seeds. */
static bool run_seeds(const struct scenario *sc, u64 first, u32 n)
{
	u64 count[C__NR] = {};
	bool ok = true;

	for (u32 i = 0; i < n && ok; i++)
		ok = run(sc, first + i, count);
	simopt_print_counts(count, count_names, C__NR);
	for (u32 i = 0; n > 1 && ok && i < ARRAY_SIZE(sc->must) && sc->must[i]; i++) {
		if (count[sc->must[i]])
			continue;
		printf("# it never happened: %s\n", count_names[sc->must[i]]);
		ok = false;
	}
	printf("%s - %s (sim)\n", ok ? "ok" : "not ok", sc->says);
	fflush(stdout);
	return ok;
}

static void usage(FILE *out)
{
	fprintf(out,
		"usage: " PROGRAM " [--scenario NAME] [--seeds N] [--seed S [--trace]]\n"
		"Run associations against each other over a simulated bad network.\n"
		"  --scenario NAME  only this one; see --list\n"
		"  --seeds N        seeds for each scenario, 200 unless given\n"
		"  --first S        the first of them, 1 unless given\n"
		"  --seed S         one run, with this seed\n"
		"  --trace          print everything that happens in it\n"
#ifdef RDM_MUTATE
		"  --mutate NAME    plant this mistake; see --list\n"
#endif
		"  --list           print the names of the scenarios\n"
		"  --help           print this\n"
		"  --group ...      members of groups instead; see --group --help\n"
		"Exit status: 0 all held, 1 some did not, 2 could not run.\n");
}

int main(int argc, char **argv)
{
	struct simopts o = { .seeds = 200, .first = 1 };
	u32 passed = 0, failed = 0;
	int opt;

	if (argc > 1 && !strcmp(argv[1], "--group"))
		return gmain(argc - 1, argv + 1);
	while ((opt = getopt_long(argc, argv, "", simopt_table, NULL)) != -1) {
		if (simopt_take(&o, opt))
			continue;
		switch (opt) {
#ifdef RDM_MUTATE
		case 'm':
			mutation = simopt_mutation(PROGRAM, mutation_names, MUT__NR);
			if (mutation == MUT__NR)
				return 2;
			break;
#endif
		case 'l':
			for (u32 i = 0; i < nscenarios; i++)
				printf("%-16s %s\n", scenarios[i].name, scenarios[i].says);
#ifdef RDM_MUTATE
			for (u32 i = 1; i < MUT__NR; i++)
				printf("--mutate %s\n", mutation_names[i]);
#endif
			return 0;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return 2;
		}
	}
	if (o.single)
		o.seeds = 1;
	sim.trace = o.trace;
	if (optind < argc || !o.seeds) {
		usage(stderr);
		return 2;
	}
	signal(SIGABRT, died);
	signal(SIGALRM, died);
	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(how_to_replay);

	for (u32 i = 0; i < nscenarios; i++) {
		const struct scenario *sc = &scenarios[i];
		u32 n = o.seeds == 1 ? 1 : max(o.seeds * sc->weight / 100, 1U);

		if (o.only && strcmp(o.only, sc->name))
			continue;
		if (run_seeds(sc, o.first, n))
			passed++;
		else
			failed++;
	}
	if (!passed && !failed) {
		fprintf(stderr, PROGRAM ": no scenario '%s'; see --list\n", o.only);
		return 2;
	}
	return failed ? 1 : 0;
}
