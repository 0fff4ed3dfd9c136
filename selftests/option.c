// SPDX-License-Identifier: GPL-2.0
/*
 * Socket options, sysctls and the files in /proc/net of rdm.
 */
#include "kselftest_harness.h"
#include "rdmtest.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>

#define BAD_POINTER ((void *)8)
#define MIB (1 << 20)

FIXTURE(option) {
	int fd;
};

RDM_VARIANTS(option);

FIXTURE_SETUP(option)
{
	enter_netns(1500);
	self->fd = rdm_socket(variant->family, variant->type);
}

FIXTURE_TEARDOWN(option)
{
	close(self->fd);
}

RDM_TEST(option, unknown_ones_are_refused)
{
	socklen_t len = sizeof(int);
	int value = 1;

	EXPECT_FAIL(ENOPROTOOPT, setsockopt(self->fd, SOL_RDM, 9999, &value, len));
	EXPECT_FAIL(ENOPROTOOPT, getsockopt(self->fd, SOL_RDM, 9999, &value, &len));
	EXPECT_FAIL(ENOPROTOOPT, setsockopt(self->fd, SOL_RDM, 0, &value, len));
	EXPECT_FAIL(ENOPROTOOPT, setsockopt(self->fd, SOL_RDM, -1, &value, len));
	EXPECT_FAIL(ENOPROTOOPT, getsockopt(self->fd, SOL_RDM, -1, &value, &len));
	/* Those that can only be read */
	EXPECT_FAIL(ENOPROTOOPT, setsockopt(self->fd, SOL_RDM, RDM_MAX_MSG, &value, len));
	EXPECT_FAIL(ENOPROTOOPT, setsockopt(self->fd, SOL_RDM, RDM_INCARNATION, &value, len));
	EXPECT_FAIL(ENOPROTOOPT, setsockopt(self->fd, 12345, 1, &value, len));
	EXPECT_FAIL(ENOPROTOOPT, setsockopt(self->fd, SOL_SOCKET, 12345, &value, len));
}

RDM_TEST(option, lengths_and_pointers_are_checked)
{
	socklen_t len = (socklen_t)-1;
	int value = 5000;

	EXPECT_FAIL(EINVAL, setsockopt(self->fd, SOL_RDM, RDM_USER_TIMEOUT, &value, 0));
	EXPECT_FAIL(EINVAL, setsockopt(self->fd, SOL_RDM, RDM_USER_TIMEOUT, &value, 3));
	EXPECT_FAIL(EINVAL, setsockopt(self->fd, SOL_RDM, RDM_USER_TIMEOUT, &value, (socklen_t)-1));
	EXPECT_FAIL(EFAULT, setsockopt(self->fd, SOL_RDM, RDM_USER_TIMEOUT, BAD_POINTER, 4));
	EXPECT_FAIL(EINVAL, getsockopt(self->fd, SOL_RDM, RDM_USER_TIMEOUT, &value, &len));
	len = 4;
	EXPECT_FAIL(EFAULT, getsockopt(self->fd, SOL_RDM, RDM_USER_TIMEOUT, BAD_POINTER, &len));
	EXPECT_FAIL(EFAULT, getsockopt(self->fd, SOL_RDM, RDM_USER_TIMEOUT, &value, BAD_POINTER));
}

RDM_TEST(option, user_timeout_has_its_range)
{
	int good[] = { 1000, 1001, 30000, 3600000 }, bad[] = { 0, 1, 999, 3600001, -1 };
	int before = get_int(self->fd, SOL_RDM, RDM_USER_TIMEOUT);

	EXPECT_EQ(sysctl_get("user_timeout_ms"), before);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_FAIL(EINVAL, setsockopt(self->fd, SOL_RDM, RDM_USER_TIMEOUT, &bad[i], 4));
	EXPECT_EQ(before, get_int(self->fd, SOL_RDM, RDM_USER_TIMEOUT));
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		set_int(self->fd, SOL_RDM, RDM_USER_TIMEOUT, good[i]);
		EXPECT_EQ(good[i], get_int(self->fd, SOL_RDM, RDM_USER_TIMEOUT));
	}
}

RDM_TEST(option, every_socket_has_its_own_incarnation)
{
	socklen_t len = sizeof(uint64_t);
	uint64_t a = 0, b = 0;
	int other = rdm_socket(variant->family, variant->type);
	struct addr at;

	ASSERT_OK(getsockopt(self->fd, SOL_RDM, RDM_INCARNATION, &a, &len));
	EXPECT_EQ(sizeof(a), len);
	ASSERT_OK(getsockopt(other, SOL_RDM, RDM_INCARNATION, &b, &len));
	EXPECT_NE(0, a);
	EXPECT_NE(0, b);
	EXPECT_NE(a, b);
	close(other);
	/* And keeps it */
	at = loopback(variant->family, 0);
	ASSERT_OK(bind(self->fd, &at.sa, at.len));
	ASSERT_OK(getsockopt(self->fd, SOL_RDM, RDM_INCARNATION, &b, &len));
	EXPECT_EQ(a, b);
}

RDM_TEST(option, u5_max_msg_is_1_mib_until_the_sysctl_says_other)
{
	static char buf[MIB + 1];
	struct addr at;
	int receiver;

	EXPECT_EQ(MIB, get_int(self->fd, SOL_RDM, RDM_MAX_MSG));
	receiver = rdm_bound(variant->family, variant->type, &at);
	EXPECT_FAIL(EMSGSIZE, send_to(self->fd, buf, MIB + 1, 0, &at));
	sysctl_set("max_msg", 4096);
	EXPECT_EQ(4096, get_int(self->fd, SOL_RDM, RDM_MAX_MSG));
	EXPECT_FAIL(EMSGSIZE, send_to(self->fd, buf, 4097, 0, &at));
	EXPECT_EQ(4096, send_to(self->fd, buf, 4096, 0, &at));
	EXPECT_EQ(4096, recv(receiver, buf, sizeof(buf), 0));
	/* Every namespace has its own */
	enter_netns(1500);
	EXPECT_EQ(MIB, sysctl_get("max_msg"));
	close(receiver);
}

RDM_TEST(option, sysctls_refuse_what_makes_no_sense)
{
	static const char *const names[] = {
		"max_msg", "rmem", "wmem", "user_timeout_ms", "idle_timeout_ms", "max_peers",
	};
	char path[64], text[16];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		static const char *const bad[] = { "-1", "0", "x", "99999999999999" };
		long before = sysctl_get(names[i]);

		snprintf(path, sizeof(path), "/proc/sys/net/rdm/%s", names[i]);
		for (size_t k = 0; k < ARRAY_SIZE(bad); k++) {
			int fd = open(path, O_WRONLY);

			snprintf(text, sizeof(text), "%s\n", bad[k]);
			EXPECT_FAIL(EINVAL, write(fd, text, strlen(text)));
			EXPECT_EQ(before, sysctl_get(names[i]))
				TH_LOG("%s = %s", names[i], bad[k]);
			close(fd);
		}
		sysctl_set(names[i], before);
	}
}

RDM_TEST(option, buffers_are_set_as_on_other_sockets)
{
	EXPECT_EQ(sysctl_get("rmem"), get_int(self->fd, SOL_SOCKET, SO_RCVBUF));
	EXPECT_EQ(sysctl_get("wmem"), get_int(self->fd, SOL_SOCKET, SO_SNDBUF));
	set_int(self->fd, SOL_SOCKET, SO_RCVBUF, 50000);
	set_int(self->fd, SOL_SOCKET, SO_SNDBUF, 60000);
	EXPECT_EQ(100000, get_int(self->fd, SOL_SOCKET, SO_RCVBUF));
	EXPECT_EQ(120000, get_int(self->fd, SOL_SOCKET, SO_SNDBUF));
	set_int(self->fd, SOL_SOCKET, SO_RCVBUFFORCE, 8 * MIB);
	set_int(self->fd, SOL_SOCKET, SO_SNDBUFFORCE, 8 * MIB);
	EXPECT_EQ(16 * MIB, get_int(self->fd, SOL_SOCKET, SO_RCVBUF));
	EXPECT_EQ(16 * MIB, get_int(self->fd, SOL_SOCKET, SO_SNDBUF));
}

RDM_TEST(option, proc_lists_sockets_and_associations)
{
	char text[16], remote[16];
	struct addr at, from;
	uint64_t before;
	int receiver;
	char c;

	receiver = rdm_bound(variant->family, variant->type, &at);
	snprintf(text, sizeof(text), ":%u ", port_of(&at));
	EXPECT_TRUE(proc_has("rdm", text))
		TH_LOG("/proc/net/rdm does not have %s", text);
	before = counter("OutMsgs");
	ASSERT_EQ(1, send_to(self->fd, "x", 1, 0, &at));
	ASSERT_EQ(1, recv(receiver, &c, 1, 0));
	from = local_addr(self->fd);
	snprintf(remote, sizeof(remote), ":%u", port_of(&from));
	EXPECT_TRUE(proc_has("rdm", remote));
	EXPECT_EQ(before + 1, counter("OutMsgs"));
	EXPECT_EQ(1, counter("InMsgs"));
	EXPECT_TRUE(EVENTUALLY(PATIENCE, counter("OutAcked") == 1));
	close(receiver);
	EXPECT_TRUE(EVENTUALLY(PATIENCE, !proc_has("rdm", text)));
	/* Another namespace has a list and counters of its own */
	enter_netns(1500);
	EXPECT_EQ(0, counter("OutMsgs"));
	EXPECT_FALSE(proc_has("rdm", remote));
}

RDM_TEST(option, timestamps_come_on_request)
{
	char control[256], c;
	struct iovec iov = { &c, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cmsg;
	bool found = false;
	struct addr at;
	int receiver = rdm_bound(variant->family, variant->type, &at);

	set_int(receiver, SOL_SOCKET, SO_TIMESTAMP, 1);
	ASSERT_EQ(1, send_to(self->fd, "x", 1, 0, &at));
	msg.msg_control = control;
	msg.msg_controllen = sizeof(control);
	ASSERT_EQ(1, recvmsg(receiver, &msg, 0));
	for (cmsg = CMSG_FIRSTHDR(&msg); cmsg; cmsg = CMSG_NXTHDR(&msg, cmsg))
		found |= cmsg->cmsg_level == SOL_SOCKET && cmsg->cmsg_type == SO_TIMESTAMP;
	EXPECT_TRUE(found);
	close(receiver);
}

/* net.rdm.congestion: write what, if any; tell what it is then. */
static int congestion_sysctl(const char *name, char *is, size_t size)
{
	int fd = open("/proc/sys/net/rdm/congestion", O_RDWR), err = 0;
	ssize_t n;

	if (fd < 0)
		return errno;
	if (name && write(fd, name, strlen(name)) < 0)
		err = errno;
	n = pread(fd, is, size - 1, 0);
	is[n > 0 ? n : 0] = 0;
	is[strcspn(is, "\n")] = 0;
	close(fd);
	return err;
}

RDM_TEST(option, congestion_control_is_chosen_by_name)
{
	char name[RDM_CONGESTION_MAX], is[64];
	socklen_t len = sizeof(name);
	struct addr at, new_at;
	int receiver, fd;
	char c;

	ASSERT_EQ(0, congestion_sysctl(NULL, is, sizeof(is)));
	ASSERT_EQ(0, getsockopt(self->fd, SOL_RDM, RDM_CONGESTION, name, &len));
	EXPECT_EQ(sizeof(name), len);
	EXPECT_STREQ(is, name);
	EXPECT_FAIL(ENOENT, setsockopt(self->fd, SOL_RDM, RDM_CONGESTION, "cubi", 4));
	EXPECT_FAIL(ENOENT, setsockopt(self->fd, SOL_RDM, RDM_CONGESTION, "", 1));
	EXPECT_FAIL(EINVAL, setsockopt(self->fd, SOL_RDM, RDM_CONGESTION, "cubic", 0));
	EXPECT_FAIL(EFAULT, setsockopt(self->fd, SOL_RDM, RDM_CONGESTION, BAD_POINTER, 5));
	EXPECT_EQ(ENOENT, congestion_sysctl("vegas", name, sizeof(name)));
	EXPECT_STREQ(is, name);

	/* a socket's own; with a 0 at its end or without */
	ASSERT_EQ(0, setsockopt(self->fd, SOL_RDM, RDM_CONGESTION, "newreno", 8));
	ASSERT_EQ(0, setsockopt(self->fd, SOL_RDM, RDM_CONGESTION, "cubic", 5));
	len = sizeof(name);
	ASSERT_EQ(0, getsockopt(self->fd, SOL_RDM, RDM_CONGESTION, name, &len));
	EXPECT_STREQ("cubic", name);
	receiver = rdm_bound(variant->family, variant->type, &at);
	ASSERT_EQ(1, send_to(self->fd, "x", 1, 0, &at));
	ASSERT_EQ(1, recv(receiver, &c, 1, 0));

	/* the default of those to come, and of no others */
	ASSERT_EQ(0, setsockopt(self->fd, SOL_RDM, RDM_CONGESTION, "newreno", 7));
	EXPECT_EQ(0, congestion_sysctl("cubic\n", name, sizeof(name)));
	EXPECT_STREQ("cubic", name);
	fd = rdm_bound(variant->family, variant->type, &new_at);
	len = sizeof(name);
	ASSERT_EQ(0, getsockopt(fd, SOL_RDM, RDM_CONGESTION, name, &len));
	EXPECT_STREQ("cubic", name);
	len = sizeof(name);
	ASSERT_EQ(0, getsockopt(self->fd, SOL_RDM, RDM_CONGESTION, name, &len));
	EXPECT_STREQ("newreno", name);
	EXPECT_EQ(0, congestion_sysctl("newreno", name, sizeof(name)));
	close(fd);
	close(receiver);
}

RDM_TEST(option, nodelay_holds_for_associations_that_there_are)
{
	unsigned int v = 7;
	socklen_t len = sizeof(v);
	struct addr at;
	int receiver;
	char c;

	ASSERT_EQ(0, getsockopt(self->fd, SOL_RDM, RDM_NODELAY, &v, &len));
	EXPECT_EQ(0, v);
	receiver = rdm_bound(variant->family, variant->type, &at);
	ASSERT_EQ(1, send_to(self->fd, "a", 1, 0, &at));
	v = 2;
	ASSERT_EQ(0, setsockopt(self->fd, SOL_RDM, RDM_NODELAY, &v, sizeof(v)));
	ASSERT_EQ(0, getsockopt(self->fd, SOL_RDM, RDM_NODELAY, &v, &len));
	EXPECT_EQ(1, v);
	EXPECT_FAIL(EINVAL, setsockopt(self->fd, SOL_RDM, RDM_NODELAY, &v, 3));
	ASSERT_EQ(1, send_to(self->fd, "b", 1, MSG_MORE, &at));
	ASSERT_EQ(1, send_to(self->fd, "c", 1, 0, &at));
	for (int i = 0; i < 3; i++)
		ASSERT_EQ(1, recv(receiver, &c, 1, 0));
	close(receiver);
}

TEST_HARNESS_MAIN
