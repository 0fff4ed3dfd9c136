// SPDX-License-Identifier: GPL-2.0
/*
 * Runs the KUnit suites of net/rdm in user space: each case in a process of
 * its own, so that a sanitizer report, a warning or a hang fails that case
 * and no other. Prints a line for each case and the sum at the end. The
 * stand-in for <kunit/test.h> says what a case may use.
 */
#include <fnmatch.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <kunit/test.h>

/* No case takes a second; a case that takes this long hangs. */
#define CASE_TIMEOUT_SECONDS	120

struct kunit_alloc {
	struct kunit_alloc *next;
	void *p;
};

static struct kunit_suite *suites[256];
static unsigned int nr_suites;

void shim_suite_add(struct kunit_suite *suite)
{
	if (nr_suites == ARRAY_SIZE(suites)) {
		fprintf(stderr, "unit: more than %zu suites: enlarge suites[] in runner.c\n",
			ARRAY_SIZE(suites));
		exit(2);
	}
	suites[nr_suites++] = suite;
}

static void *alloc_add(struct kunit *test, void *p)
{
	struct kunit_alloc *a = malloc(sizeof(*a));

	if (!p || !a) {
		fprintf(stderr, "unit: out of memory\n");
		exit(2);
	}
	a->p = p;
	a->next = test->allocs;
	test->allocs = a;
	return p;
}

void *kunit_kmalloc(struct kunit *test, size_t size, gfp_t gfp)
{
	return alloc_add(test, kmalloc(size, gfp));
}

void *kunit_kzalloc(struct kunit *test, size_t size, gfp_t gfp)
{
	return alloc_add(test, kzalloc(size, gfp));
}

void *kunit_kcalloc(struct kunit *test, size_t n, size_t size, gfp_t gfp)
{
	return alloc_add(test, kcalloc(n, size, gfp));
}

void kunit_kfree(struct kunit *test, const void *p)
{
	for (struct kunit_alloc **a = &test->allocs; *a; a = &(*a)->next) {
		struct kunit_alloc *gone = *a;

		if (gone->p != p)
			continue;
		*a = gone->next;
		free(gone->p);
		free(gone);
		return;
	}
	KUNIT_FAIL(test, "freed what this case had not allocated");
}

void shim_fail(struct kunit *test, bool fatal, const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	printf("# %s: %s:%d: ", test->name, file, line);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	test->failed = true;
	if (fatal)
		longjmp(test->abort, 1);
}

static bool run_case(struct kunit_suite *suite, const struct kunit_case *c)
{
	struct kunit test = { .name = c->name };

	if (!setjmp(test.abort)) {
		if (suite->init && suite->init(&test))
			KUNIT_FAIL(&test, "init failed");
		else
			c->run_case(&test);
	}
	if (suite->exit && !setjmp(test.abort))
		suite->exit(&test);
	while (test.allocs)
		kunit_kfree(&test, test.allocs->p);
	return !test.failed;
}

static bool run_child(struct kunit_suite *suite, const struct kunit_case *c)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0) {
		perror("unit: fork");
		exit(2);
	}
	if (!pid) {
		bool ok;

		alarm(CASE_TIMEOUT_SECONDS);
		ok = !(suite->suite_init && suite->suite_init(suite)) && run_case(suite, c);
		if (suite->suite_exit)
			suite->suite_exit(suite);
		/* Not _exit(): the leak check runs at exit. */
		exit(ok ? 0 : 1);
	}
	if (waitpid(pid, &status, 0) != pid) {
		perror("unit: waitpid");
		exit(2);
	}
	if (WIFSIGNALED(status))
		printf("# %s: killed by signal %d%s\n", c->name, WTERMSIG(status),
		       WTERMSIG(status) == SIGALRM ? ", it took too long" : "");
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

static int suite_order(const void *a, const void *b)
{
	const struct kunit_suite *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static void usage(FILE *out)
{
	fprintf(out,
		"usage: unit [--list] [PATTERN...]\n"
		"Run the unit test cases of rdm in user space.\n"
		"  PATTERN     run only cases whose suite.case matches, as 'rdm_rtt.*'\n"
		"  -l, --list  print the names of the cases and run none\n"
		"  -h, --help  print this\n"
		"Exit status: 0 all passed, 1 some failed, 2 could not run.\n");
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "list", no_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	unsigned int passed = 0, failed = 0;
	bool list = false;
	int opt;

	while ((opt = getopt_long(argc, argv, "lh", options, NULL)) != -1) {
		switch (opt) {
		case 'l':
			list = true;
			break;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return 2;
		}
	}

	qsort(suites, nr_suites, sizeof(suites[0]), suite_order);
	for (unsigned int i = 0; i < nr_suites; i++) {
		for (struct kunit_case *c = suites[i]->test_cases; c->run_case; c++) {
			bool wanted = optind == argc;
			char name[512];

			snprintf(name, sizeof(name), "%s.%s", suites[i]->name, c->name);
			for (int arg = optind; arg < argc; arg++)
				wanted |= !fnmatch(argv[arg], name, 0);
			if (!wanted)
				continue;
			if (list) {
				puts(name);
				passed++;
			} else if (run_child(suites[i], c)) {
				printf("ok - %s\n", name);
				passed++;
			} else {
				printf("not ok - %s\n", name);
				failed++;
			}
		}
	}
	if (!passed && !failed) {
		fprintf(stderr, "unit: no case matches; see unit --list\n");
		return 2;
	}
	if (!list)
		printf("lane unit: %u passed, %u failed\n", passed, failed);
	return failed ? 1 : 0;
}
