// SPDX-License-Identifier: GPL-2.0
/*
 * What the KUnit module as a whole must state. The suites stand in the
 * *_test.c files, each beside the code it tests; every one registers itself.
 */
#include <linux/module.h>

MODULE_DESCRIPTION("KUnit tests of rdm's pure files");
MODULE_LICENSE("GPL");
