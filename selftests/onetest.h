/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A test program with the name of one of its tests as argument runs that one only, so that
 * run.sh can run again what failed beside others. The kernel's harness of 6.1 has no such
 * option. Included by rdmtest.h where the harness was included.
 */
#ifndef RDM_SELFTESTS_ONETEST_H
#define RDM_SELFTESTS_ONETEST_H

/* Leaves of all tests the one that the harness calls @name: fixture.variant.test. */
static inline void keep_one_test(const char *name)
{
	for (struct __fixture_metadata *f = __fixture_list; f; f = f->next) {
		struct __fixture_variant_metadata none = { .name = "" }, *v;
		struct __test_metadata *t, *found = NULL;
		char full[256];

		for (v = f->variant ? f->variant : &none; v; v = v->next) {
			for (t = f->tests; t; t = t->next) {
				snprintf(full, sizeof(full), "%s%s%s.%s", f->name,
					 v->name[0] ? "." : "", v->name, t->name);
				if (!strcmp(full, name))
					break;
			}
			found = t;
			if (found)
				break;
		}
		f->tests = found;
		if (!found)
			continue;
		found->next = NULL;
		found->prev = found;
		if (f->variant) {
			f->variant = v;
			v->next = NULL;
			v->prev = v;
		}
	}
}

#undef TEST_HARNESS_MAIN
#define TEST_HARNESS_MAIN					\
	static void __attribute__((constructor))		\
	__constructor_order_last(void)				\
	{							\
		if (!__constructor_order)			\
			__constructor_order = _CONSTRUCTOR_ORDER_BACKWARD; \
	}							\
	int main(int argc, char **argv)				\
	{							\
		if (argc > 1)					\
			keep_one_test(argv[1]);			\
		return test_harness_run(argc, argv);		\
	}

#endif
