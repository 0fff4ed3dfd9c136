// SPDX-License-Identifier: GPL-2.0
/*
 * rdmsim --group: the command for groups. Runs scenarios over seeds, and in
 * each seed, where the scenario says so, over every place where one thing can
 * go wrong; or one run with a trace of everything that happens.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "group.h"
#include "gmain.h"
#include "simopt.h"

#ifdef RDM_MUTATE
#define PROGRAM	"rdmsim-mutants"
enum rdm_gmutation rdm_gmutation;

static const char *const mutations[RDM_GMUT__NR] = {
	[RDM_GMUT_NONE] = "none", [RDM_GMUT_NO_DUP_CHECK] = "no-dup-check",
	[RDM_GMUT_NO_CAST_CHECK] = "no-cast-check",
	[RDM_GMUT_NO_RELAY] = "no-relay",
	[RDM_GMUT_EARLY_RELEASE] = "early-release",
	[RDM_GMUT_PRIVATE_DROP] = "private-drop", [RDM_GMUT_NO_BALLOTS] = "no-ballots",
	[RDM_GMUT_ALTER_ADOPTED] = "alter-adopted", [RDM_GMUT_NO_FREEZE] = "no-freeze",
	[RDM_GMUT_NON_RESPONDERS] = "non-responders", [RDM_GMUT_ACCEPT_EARLY] = "accept-early",
	[RDM_GMUT_OLD_FLOOR] = "old-floor", [RDM_GMUT_ANY_INCARNATION] = "any-incarnation",
	[RDM_GMUT_HALF_GOES_ON] = "half-goes-on", [RDM_GMUT_HASTY] = "hasty",
};
#else
#define PROGRAM	"rdmsim"
#endif

const char *const gcount_names[GC__NR] = {
	[GC_RUN] = "schedules", [GC_SENT] = "broadcasts", [GC_DELIVERED] = "deliveries",
	[GC_STABLE] = "stable", [GC_NOBODY] = "delivered by nobody",
	[GC_UNKNOWN] = "fate unknown", [GC_REFUSED] = "sends refused",
	[GC_CRASH] = "crashes", [GC_RESTART] = "restarts", [GC_LEAVE] = "leaves",
	[GC_PAUSE] = "pauses", [GC_PARTITION] = "partitions", [GC_CUT] = "frames cut off",
	[GC_CHANFAIL] = "channel failures", [GC_DROP] = "drops", [GC_DUP] = "duplicates",
	[GC_DELAYED] = "frames held back", [GC_OMIT] = "omissions", [GC_FRAMES] = "frames",
	[GC_DATA] = "data frames", [GC_RELAY] = "relays", [GC_REPAIR] = "repairs",
	[GC_PULL] = "pulls", [GC_DUPDATA] = "broadcasts that came again",
	[GC_BALLOT] = "ballots", [GC_VIEW] = "views installed", [GC_SUSPECT] = "suspicions",
	[GC_EXPELLED] = "expulsions", [GC_LAG] = "lags", [GC_BIRTH] = "births",
	[GC_MERGE] = "merges", [GC_JOIN] = "joins", [GC_BLOCKED] = "blocked",
	[GC_DISCARD] = "discarded", [GC_AGREED] = "runs that had to agree",
	[GC_ASSOC] = "associations", [GC_PACKETS] = "packets",
	[GC_CAST] = "best-effort broadcasts", [GC_ARRIVED] = "that came to all",
	[GC_PARTLY] = "that did not", [GC_LONG] = "longest broadcasts",
	[GC_SAFETY] = "runs without a living quorum",
};

static struct world w;
static u64 total[GC__NR];

/* What goes wrong in one run; the numbers are those of the options. */
struct fault {
	u32 node, step, omit, cut;
	bool back;
};

static struct fault now_running;

static void how_to_replay(void)
{
	const struct fault *f = &now_running;

	printf("# replay: %s --group --scenario %s --seed %llu", program_invocation_name, w.name,
	       w.seed);
#ifdef RDM_MUTATE
	printf(" --mutate %s", mutations[rdm_gmutation]);
#endif
	if (f->node)
		printf(" --crash %u:%u%s", f->node - 1, f->step, f->back ? " --back" : "");
	if (f->omit)
		printf(" --omit %u", f->omit);
	if (f->cut)
		printf(" --cut %u", f->cut - 1);
	printf(" --trace\n");
	fflush(stdout);
}

/* Real time, seconds; no run takes one. */
#define RUN_TIMEOUT	60

static void died(int sig)
{
	how_to_replay();
	signal(sig, SIG_DFL);
	raise(sig);
}

static void cut_event(struct world *x, u64 cut)
{
	x->links[cut / x->n][cut % x->n].down = true;
}

static bool one(const struct gscene *sc, u64 seed, const struct fault *f, u64 *count)
{
	bool ok;
	u32 i;

	alarm(RUN_TIMEOUT);
	w.name = sc->name;
	now_running = *f;
	w.seed = seed;
	sc->setup(&w, seed);
	if (f->node) {
		w.nodes[f->node - 1].crash_step = f->step;
		w.nodes[f->node - 1].back = f->back;
	}
	w.omit = f->omit;
	if (f->cut)
		gcall(&w, w.mark[0], cut_event, f->cut - 1);
	ok = grun(&w);
	gworld_free(&w);
	if (ok && sc->verdict) {
		sc->verdict(&w);
		ok = !w.failed;
	}
	for (i = 0; i < GC__NR; i++)
		count[i] += w.count[i];
	if (!ok) {
		printf("# seed %llu: %s\n", seed, w.why);
		how_to_replay();
	}
	return ok;
}

/* One seed, and in it every place where something can go wrong. */
static bool places(const struct gscene *sc, u64 seed, u64 *count)
{
	u32 from[GNODES], to[GNODES], pkts[2], cut, k, s;
	struct fault f = {};
	u8 n;

	if (!one(sc, seed, &f, count))
		return false;
	if (sc->kind == GK_SEEDS)
		return true;
	n = w.n;
	pkts[0] = w.mark_pkts[0];
	pkts[1] = w.mark_pkts[1];
	for (k = 0; k < n; k++) {
		from[k] = w.nodes[k].mark_steps[0];
		to[k] = w.nodes[k].mark_steps[1];
	}
	if (sc->kind == GK_OMIT) {
		for (f.omit = pkts[0] + 1; f.omit <= pkts[1]; f.omit++)
			if (!one(sc, seed, &f, count))
				return false;
		return true;
	}
	f.back = sc->kind == GK_BACK;
	for (cut = 0; cut < (sc->kind == GK_CRASH_CUT ? n * n : 1); cut++) {
		if (sc->kind == GK_CRASH_CUT && cut / n == cut % n)
			continue;
		f.cut = sc->kind == GK_CRASH_CUT ? cut + 1 : 0;
		for (k = 0; k < n; k++) {
			if (!(sc->crash & BIT(k)))
				continue;
			for (s = from[k] + 1; s <= to[k]; s++) {
				f.node = k + 1;
				f.step = s;
				if (sc->kind == GK_CRASH_OMIT)
					f.omit = pkts[0] + 1 + (s * 7919 + seed * 31 + k) %
						 (pkts[1] - pkts[0]);
				if (!one(sc, seed, &f, count))
					return false;
			}
		}
	}
	return true;
}

static bool run_scene(const struct gscene *sc, u64 first, u32 seeds)
{
	u64 count[GC__NR] = {};
	u32 n = max(1U, seeds * sc->share / 1000), i;
	bool ok = true;

	for (i = 0; i < n && ok; i++)
		ok = places(sc, first + i, count);
	simopt_print_counts(count, gcount_names, GC__NR);
	for (i = 0; seeds > 1 && ok && i < ARRAY_SIZE(sc->must) && sc->must[i]; i++) {
		if (count[sc->must[i]])
			continue;
		printf("# it never happened: %s\n", gcount_names[sc->must[i]]);
		ok = false;
	}
	for (i = 0; i < GC__NR; i++)
		total[i] += count[i];
	printf("%s - %s (sim, group)\n", ok ? "ok" : "not ok", sc->says);
	fflush(stdout);
	return ok;
}

static void usage(FILE *out)
{
	fprintf(out,
		"usage: " PROGRAM " --group [--scenario NAME] [--seeds N] [--first S]\n"
		"       " PROGRAM " --group --scenario NAME --seed S [--crash NODE:STEP [--back]]\n"
		"              [--omit FRAME] [--cut WAY] [--trace]\n"
		"Run the members of a group over simulated channels that fail.\n"
		"  --scenario NAME  only this one; see --list\n"
		"  --seeds N        schedules of scenario random, 1000 unless given; the others have\n"
		"                   their share\n"
		"  --first S        the first seed, 1 unless given\n"
		"  --seed S         one run, with this seed and these faults\n"
		"  --trace          print everything that happens in it\n"
#ifdef RDM_MUTATE
		"  --mutate NAME    plant this mistake; see --list\n"
#endif
		"  --list           print the names of the scenarios\n"
		"  --help           print this\n"
		"Exit status: 0 all held, 1 some did not, 2 could not run.\n");
}

int gmain(int argc, char **argv)
{
	struct simopts o = { .seeds = 1000, .first = 1 };
	u32 passed = 0, failed = 0, i;
	struct fault f = {};
	int opt;

	while ((opt = getopt_long(argc, argv, "", simopt_table, NULL)) != -1) {
		if (simopt_take(&o, opt))
			continue;
		switch (opt) {
		case 'c':
			if (sscanf(optarg, "%u:%u", &f.node, &f.step) != 2 || f.node >= GNODES) {
				usage(stderr);
				return 2;
			}
			f.node++;
			break;
		case 'b':
			f.back = true;
			break;
		case 'o':
			f.omit = strtoul(optarg, NULL, 0);
			break;
		case 'u':
			f.cut = strtoul(optarg, NULL, 0) + 1;
			break;
#ifdef RDM_MUTATE
		case 'm':
			rdm_gmutation = simopt_mutation(PROGRAM, mutations, RDM_GMUT__NR);
			if (rdm_gmutation == RDM_GMUT__NR)
				return 2;
			break;
#endif
		case 'l':
			for (i = 0; i < ngscenes; i++)
				printf("%-14s %s\n", gscenes[i].name, gscenes[i].says);
#ifdef RDM_MUTATE
			for (i = 1; i < RDM_GMUT__NR; i++)
				printf("--mutate %s\n", mutations[i]);
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
	w.trace = o.trace;
	if (optind < argc || !o.seeds) {
		usage(stderr);
		return 2;
	}
	signal(SIGABRT, died);
	signal(SIGALRM, died);
	for (i = 0; i < ngscenes; i++) {
		const struct gscene *sc = &gscenes[i];

		if (strcmp(o.only ? o.only : o.single ? "random" : sc->name, sc->name))
			continue;
		if (o.single ? one(sc, o.first, &f, total) : run_scene(sc, o.first, o.seeds))
			passed++;
		else
			failed++;
	}
	if (!passed && !failed) {
		fprintf(stderr, PROGRAM ": no scenario '%s'; see --list\n", o.only);
		return 2;
	}
	if (!o.only) {
		printf("# all scenarios together:\n");
		simopt_print_counts(total, gcount_names, GC__NR);
	}
	return failed ? 1 : 0;
}
