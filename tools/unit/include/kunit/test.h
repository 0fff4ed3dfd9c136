/* SPDX-License-Identifier: GPL-2.0 */
/*
 * User-space stand-in for <kunit/test.h>: the same test files compile as a
 * KUnit module and into the unit lane. Only what both have in 6.1 is here, so
 * that a test which builds for one builds for the other.
 *
 * A failed expectation is printed and the case goes on; a failed assertion
 * ends the case. runner.c runs each case in a process of its own.
 */
#ifndef _SHIM_KUNIT_TEST_H
#define _SHIM_KUNIT_TEST_H

#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/slab.h>

struct kunit_alloc;

/**
 * struct kunit - a test case that runs
 * @priv: for the test
 * @name: of the case
 * @failed: an expectation or assertion failed
 * @allocs: what kunit_kzalloc() and the like gave
 * @abort: where a failed assertion goes
 */
struct kunit {
	void *priv;
	const char *name;
	bool failed;
	struct kunit_alloc *allocs;
	jmp_buf abort;
};

struct kunit_case {
	void (*run_case)(struct kunit *test);
	const char *name;
};

struct kunit_suite {
	const char name[256];
	int (*suite_init)(struct kunit_suite *suite);
	void (*suite_exit)(struct kunit_suite *suite);
	int (*init)(struct kunit *test);
	void (*exit)(struct kunit *test);
	struct kunit_case *test_cases;
};

#define KUNIT_CASE(fn)		{ .run_case = fn, .name = #fn }
#define KUNIT_CASE_SLOW(fn)	KUNIT_CASE(fn)

/* Called before main() for each suite. */
void shim_suite_add(struct kunit_suite *suite);

#define kunit_test_suites(list...)						\
	__shim_suites(__UNIQUE_ID(shim_list), __UNIQUE_ID(shim_add), list)
#define __shim_suites(array, add, list...)					\
	static struct kunit_suite *array[] = { list };				\
	static void __attribute__((__constructor__)) add(void)			\
	{									\
		for (size_t i = 0; i < ARRAY_SIZE(array); i++)			\
			shim_suite_add(array[i]);				\
	}									\
	_Static_assert(1, "")
#define kunit_test_suite(suite)	kunit_test_suites(&suite)

/* Memory that is freed when the case ends. NULL is never returned. */
void *kunit_kmalloc(struct kunit *test, size_t size, gfp_t gfp);
void *kunit_kzalloc(struct kunit *test, size_t size, gfp_t gfp);
void *kunit_kcalloc(struct kunit *test, size_t n, size_t size, gfp_t gfp);
#define kunit_kmalloc_array(test, n, size, gfp)	kunit_kcalloc(test, n, size, gfp)
void kunit_kfree(struct kunit *test, const void *p);

/* One failure: where, what was expected, and what was found. */
void shim_fail(struct kunit *test, bool fatal, const char *file, int line, const char *fmt, ...)
	__printf(5, 6);

#define kunit_info(test, fmt, ...)	printf("# %s: " fmt "\n", (test)->name, ##__VA_ARGS__)
#define kunit_warn(test, fmt, ...)	kunit_info(test, fmt, ##__VA_ARGS__)
#define kunit_err(test, fmt, ...)	kunit_info(test, fmt, ##__VA_ARGS__)

#define __shim_check(test, fatal, cond, ...) do {				\
	if (unlikely(!(cond)))							\
		shim_fail(test, fatal, __FILE__, __LINE__, __VA_ARGS__);	\
} while (0)
#define __shim_bool(test, fatal, cond, want, fmt, ...)				\
	__shim_check(test, fatal, (bool)(cond) == (want), "%s is not %s. " fmt,	\
		     #cond, (want) ? "true" : "false", ##__VA_ARGS__)
#define __shim_int(test, fatal, left, op, right, fmt, ...) do {			\
	__typeof__(left) __left = (left);					\
	__typeof__(right) __right = (right);					\
										\
	__shim_check(test, fatal, __left op __right,				\
		     "%s %s %s, but they are %lld and %lld. " fmt, #left, #op,	\
		     #right, (long long)__left, (long long)__right,		\
		     ##__VA_ARGS__);						\
} while (0)
#define __shim_ptr(test, fatal, left, op, right, fmt, ...) do {			\
	const void *__left = (left);						\
	const void *__right = (right);						\
										\
	__shim_check(test, fatal, __left op __right,				\
		     "%s %s %s, but they are %p and %p. " fmt, #left, #op,	\
		     #right, __left, __right, ##__VA_ARGS__);			\
} while (0)
#define __shim_str(test, fatal, left, op, right, fmt, ...) do {			\
	const char *__left = (left);						\
	const char *__right = (right);						\
										\
	__shim_check(test, fatal, strcmp(__left, __right) op 0,			\
		     "%s %s %s, but they are \"%s\" and \"%s\". " fmt, #left,	\
		     #op, #right, __left, __right, ##__VA_ARGS__);		\
} while (0)

#define KUNIT_FAIL(t, fmt, ...)	shim_fail(t, false, __FILE__, __LINE__, fmt, ##__VA_ARGS__)
#define KUNIT_SUCCEED(t)	((void)(t))

#define KUNIT_EXPECT_TRUE(t, c)			__shim_bool(t, false, c, true, "")
#define KUNIT_EXPECT_TRUE_MSG(t, c, ...)	__shim_bool(t, false, c, true, __VA_ARGS__)
#define KUNIT_EXPECT_FALSE(t, c)		__shim_bool(t, false, c, false, "")
#define KUNIT_EXPECT_FALSE_MSG(t, c, ...)	__shim_bool(t, false, c, false, __VA_ARGS__)
#define KUNIT_EXPECT_EQ(t, l, r)		__shim_int(t, false, l, ==, r, "")
#define KUNIT_EXPECT_EQ_MSG(t, l, r, ...)	__shim_int(t, false, l, ==, r, __VA_ARGS__)
#define KUNIT_EXPECT_NE(t, l, r)		__shim_int(t, false, l, !=, r, "")
#define KUNIT_EXPECT_NE_MSG(t, l, r, ...)	__shim_int(t, false, l, !=, r, __VA_ARGS__)
#define KUNIT_EXPECT_LT(t, l, r)		__shim_int(t, false, l, <, r, "")
#define KUNIT_EXPECT_LT_MSG(t, l, r, ...)	__shim_int(t, false, l, <, r, __VA_ARGS__)
#define KUNIT_EXPECT_LE(t, l, r)		__shim_int(t, false, l, <=, r, "")
#define KUNIT_EXPECT_LE_MSG(t, l, r, ...)	__shim_int(t, false, l, <=, r, __VA_ARGS__)
#define KUNIT_EXPECT_GT(t, l, r)		__shim_int(t, false, l, >, r, "")
#define KUNIT_EXPECT_GT_MSG(t, l, r, ...)	__shim_int(t, false, l, >, r, __VA_ARGS__)
#define KUNIT_EXPECT_GE(t, l, r)		__shim_int(t, false, l, >=, r, "")
#define KUNIT_EXPECT_GE_MSG(t, l, r, ...)	__shim_int(t, false, l, >=, r, __VA_ARGS__)
#define KUNIT_EXPECT_PTR_EQ(t, l, r)		__shim_ptr(t, false, l, ==, r, "")
#define KUNIT_EXPECT_PTR_EQ_MSG(t, l, r, ...)	__shim_ptr(t, false, l, ==, r, __VA_ARGS__)
#define KUNIT_EXPECT_PTR_NE(t, l, r)		__shim_ptr(t, false, l, !=, r, "")
#define KUNIT_EXPECT_PTR_NE_MSG(t, l, r, ...)	__shim_ptr(t, false, l, !=, r, __VA_ARGS__)
#define KUNIT_EXPECT_NULL(t, p)			__shim_ptr(t, false, p, ==, NULL, "")
#define KUNIT_EXPECT_NULL_MSG(t, p, ...)	__shim_ptr(t, false, p, ==, NULL, __VA_ARGS__)
#define KUNIT_EXPECT_NOT_NULL(t, p)		__shim_ptr(t, false, p, !=, NULL, "")
#define KUNIT_EXPECT_NOT_NULL_MSG(t, p, ...)	__shim_ptr(t, false, p, !=, NULL, __VA_ARGS__)
#define KUNIT_EXPECT_NOT_ERR_OR_NULL(t, p)	__shim_bool(t, false, IS_ERR_OR_NULL(p), false, "")
#define KUNIT_EXPECT_STREQ(t, l, r)		__shim_str(t, false, l, ==, r, "")
#define KUNIT_EXPECT_STREQ_MSG(t, l, r, ...)	__shim_str(t, false, l, ==, r, __VA_ARGS__)
#define KUNIT_EXPECT_STRNEQ(t, l, r)		__shim_str(t, false, l, !=, r, "")

#define KUNIT_ASSERT_TRUE(t, c)			__shim_bool(t, true, c, true, "")
#define KUNIT_ASSERT_TRUE_MSG(t, c, ...)	__shim_bool(t, true, c, true, __VA_ARGS__)
#define KUNIT_ASSERT_FALSE(t, c)		__shim_bool(t, true, c, false, "")
#define KUNIT_ASSERT_FALSE_MSG(t, c, ...)	__shim_bool(t, true, c, false, __VA_ARGS__)
#define KUNIT_ASSERT_EQ(t, l, r)		__shim_int(t, true, l, ==, r, "")
#define KUNIT_ASSERT_EQ_MSG(t, l, r, ...)	__shim_int(t, true, l, ==, r, __VA_ARGS__)
#define KUNIT_ASSERT_NE(t, l, r)		__shim_int(t, true, l, !=, r, "")
#define KUNIT_ASSERT_NE_MSG(t, l, r, ...)	__shim_int(t, true, l, !=, r, __VA_ARGS__)
#define KUNIT_ASSERT_LT(t, l, r)		__shim_int(t, true, l, <, r, "")
#define KUNIT_ASSERT_LT_MSG(t, l, r, ...)	__shim_int(t, true, l, <, r, __VA_ARGS__)
#define KUNIT_ASSERT_LE(t, l, r)		__shim_int(t, true, l, <=, r, "")
#define KUNIT_ASSERT_LE_MSG(t, l, r, ...)	__shim_int(t, true, l, <=, r, __VA_ARGS__)
#define KUNIT_ASSERT_GT(t, l, r)		__shim_int(t, true, l, >, r, "")
#define KUNIT_ASSERT_GT_MSG(t, l, r, ...)	__shim_int(t, true, l, >, r, __VA_ARGS__)
#define KUNIT_ASSERT_GE(t, l, r)		__shim_int(t, true, l, >=, r, "")
#define KUNIT_ASSERT_GE_MSG(t, l, r, ...)	__shim_int(t, true, l, >=, r, __VA_ARGS__)
#define KUNIT_ASSERT_PTR_EQ(t, l, r)		__shim_ptr(t, true, l, ==, r, "")
#define KUNIT_ASSERT_PTR_EQ_MSG(t, l, r, ...)	__shim_ptr(t, true, l, ==, r, __VA_ARGS__)
#define KUNIT_ASSERT_PTR_NE(t, l, r)		__shim_ptr(t, true, l, !=, r, "")
#define KUNIT_ASSERT_NULL(t, p)			__shim_ptr(t, true, p, ==, NULL, "")
#define KUNIT_ASSERT_NULL_MSG(t, p, ...)	__shim_ptr(t, true, p, ==, NULL, __VA_ARGS__)
#define KUNIT_ASSERT_NOT_NULL(t, p)		__shim_ptr(t, true, p, !=, NULL, "")
#define KUNIT_ASSERT_NOT_NULL_MSG(t, p, ...)	__shim_ptr(t, true, p, !=, NULL, __VA_ARGS__)
#define KUNIT_ASSERT_NOT_ERR_OR_NULL(t, p)	__shim_bool(t, true, IS_ERR_OR_NULL(p), false, "")
#define KUNIT_ASSERT_STREQ(t, l, r)		__shim_str(t, true, l, ==, r, "")
#define KUNIT_ASSERT_STREQ_MSG(t, l, r, ...)	__shim_str(t, true, l, ==, r, __VA_ARGS__)
#define KUNIT_ASSERT_STRNEQ(t, l, r)		__shim_str(t, true, l, !=, r, "")

#endif /* _SHIM_KUNIT_TEST_H */
