// SPDX-License-Identifier: GPL-2.0
/*
 * Allocations that fail, for selftests; see memfail.h.
 */
#include "memfail.h"
#include "rdmtest.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

static int nth_fd = -1;

static void set_failslab(const char *name, const char *value)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/sys/kernel/debug/failslab/%s", name);
	fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, value, strlen(value)) != (ssize_t)strlen(value))
		fatal("%s", path);
	close(fd);
}

void memfail_open(void)
{
	if (access("/sys/kernel/debug/failslab", F_OK) &&
	    mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL))
		fatal("debugfs");
	/* No dump of each */
	set_failslab("verbose", "0");
	memfail_at_random(0);
	nth_fd = open("/proc/thread-self/fail-nth", O_RDWR);
	if (nth_fd < 0)
		fatal("fail-nth");
}

void memfail_close(void)
{
	memfail_at_random(0);
	close(nth_fd);
}

void nth_begin(int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", n);

	if (pwrite(nth_fd, text, (size_t)len, 0) != len)
		fatal("fail-nth");
}

int nth_end(void)
{
	char text[16] = "";

	if (pread(nth_fd, text, sizeof(text) - 1, 0) <= 0 || pwrite(nth_fd, "0", 1, 0) != 1)
		fatal("fail-nth");
	return atoi(text);
}

static void at_random(unsigned int percent, bool filter)
{
	char text[16];

	/* first of all, or what changes the rest fails */
	set_failslab("probability", "0");
	snprintf(text, sizeof(text), "%u", percent);
	/* fail-nth is for those that may wait as well */
	set_failslab("ignore-gfp-wait", percent ? "Y" : "N");
	set_failslab("cache-filter", filter ? "Y" : "N");
	set_failslab("task-filter", "N");
	set_failslab("times", "-1");
	set_failslab("interval", "1");
	set_failslab("space", "0");
	set_failslab("probability", text);
}

void memfail_at_random(unsigned int percent)
{
	at_random(percent, false);
}

void memfail_1k(unsigned int percent)
{
	char text[2] = "";
	int fd = open("/sys/kernel/slab/kmalloc-1k/failslab", O_RDONLY);

	if (fd < 0 || read(fd, text, 1) != 1 || text[0] != '1')
		fatal("the kernel was not started with slub_debug=A,kmalloc-1k");
	close(fd);
	at_random(percent, true);
}
