// SPDX-License-Identifier: GPL-2.0
/*
 * Memory of groups: what members hold and retain is charged to their sockets, and so to
 * their memory cgroup, stays within the windows, and is given back. Needs cgroups (version
 * 2) with the memory controller, which the debug kernel has not.
 */
#include "kselftest_harness.h"
#include "grouptest.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB (1 << 20)
#define MOUNT "/tmp/rdm-cgroup"

static char group_dir[64];

static void put(const char *dir, const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	if (!f || fputs(text, f) < 0 || fclose(f))
		fatal("%s: %s", path, strerror(errno));
}

/* From now on this process is in a cgroup of its own; its sockets, too. */
static void enter_cgroup(void)
{
	char pid[16];

	mkdir(MOUNT, 0700);
	if (access(MOUNT "/cgroup.procs", F_OK) && mount("cgroup2", MOUNT, "cgroup2", 0, NULL))
		fatal("cgroup2: %s", strerror(errno));
	put(MOUNT, "cgroup.subtree_control", "+memory");
	snprintf(group_dir, sizeof(group_dir), MOUNT "/rdm-%d", getpid());
	if (mkdir(group_dir, 0700))
		fatal("%s: %s", group_dir, strerror(errno));
	snprintf(pid, sizeof(pid), "%d", getpid());
	put(group_dir, "cgroup.procs", pid);
}

static void leave_cgroup(void)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", getpid());
	put(MOUNT, "cgroup.procs", pid);
	rmdir(group_dir);
}

/* Bytes that sockets of the cgroup are charged for. */
static long charged(void)
{
	char path[128], line[128];
	long bytes = -1;
	FILE *f;

	snprintf(path, sizeof(path), "%s/memory.stat", group_dir);
	f = fopen(path, "r");
	while (f && bytes < 0 && fgets(line, sizeof(line), f))
		sscanf(line, "sock %ld", &bytes);
	if (!f || bytes < 0)
		fatal("%s", path);
	fclose(f);
	return bytes;
}

GROUP_TEST(g10_what_members_keep_is_charged_and_stays_within_the_windows)
{
	enum { N = 3, LEN = 8000, LEAST = LEN + 256 };
	struct grouplab *g = &self->lab;
	unsigned int sent[N] = {}, total = 0;
	bool more = true;
	long most;

	enter_cgroup();
	lab_open(g, variant->family, variant->type, N);
	for (unsigned int i = 0; i < N; i++) {
		lab_socket(g, i);
		set_int(g->fd[i], SOL_RDM, RDM_GROUP_WINDOW, MIB);
	}
	ASSERT_TRUE(lab_all_join(g));
	/* nobody reads, and each sends until it must wait */
	while (more) {
		more = false;
		for (unsigned int i = 0; i < N; i++)
			while (sent[i] < 1000 && wait_for(g->fd[i], POLLOUT, 500) & POLLOUT &&
			       lab_send(g, i, sent[i], LEN, MSG_DONTWAIT) > 0) {
				sent[i]++;
				more = true;
			}
	}
	for (unsigned int i = 0; i < N; i++) {
		EXPECT_GE(MIB / LEAST, sent[i]);
		EXPECT_LE(MIB / LEAST * 9 / 10, sent[i]);
		total += sent[i];
	}
	/* all of it is at all members: a window of each origin's, and the records of it */
	most = charged();
	EXPECT_LE(N * (long)total * LEN, most);
	EXPECT_GE(N * N * (long)MIB * 3 / 2, most);
	for (unsigned int i = 0; i < N; i++) {
		EXPECT_TRUE(lab_read_until(g, i, &self->seen[i], total, PATIENCE));
		EXPECT_EQ(0, self->seen[i].wrong);
	}
	for (unsigned int i = 0; i < N; i++)
		EXPECT_TRUE(EVENTUALLY(PATIENCE, !outq(g->fd[i])));
	EXPECT_TRUE(EVENTUALLY(PATIENCE, charged() <= N * 128 * 1024));
	leave_cgroup();
}

TEST_HARNESS_MAIN
