// SPDX-License-Identifier: GPL-2.0
/*
 * rdmchat: a chat of all who join a group. A line of standard input is a broadcast;
 * what any member says is shown by all, in one order for each of them, whoever crashes;
 * who joins, leaves or is expelled is shown where it happened. It is there to show the
 * calls, so it uses them as they are.
 */
#include "netutil.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <linux/rdm.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
	"usage: rdmchat [-i DEVICE] [-n MEMBERS] [-s MILLISECONDS] GROUP PORT\n"
	"  GROUP              a multicast address, the same for all, as is PORT\n"
	"  -i, --interface    the device by which the others are\n"
	"  -n, --members      say nothing before the group has so many\n"
	"  -s, --suspect      silence after which a member is suspected (default 1000)\n"
	"  -h, --help         this text\n";

static void set_option(int fd, int name, uint64_t value)
{
	uint32_t v = (uint32_t)value;

	if (setsockopt(fd, SOL_RDM, name, &v, sizeof(v)))
		die(EXIT_FAILED, "option %d of level SOL_RDM: %s", name, strerror(errno));
}

/* The calls of any multicast program. */
static void join_group(int fd, const struct endpoint *group, unsigned int device)
{
	const struct sockaddr_in *in = (const void *)&group->ss;
	const struct sockaddr_in6 *in6 = (const void *)&group->ss;
	struct ip_mreqn mreq = { .imr_ifindex = (int)device };
	struct ipv6_mreq mreq6 = { .ipv6mr_interface = device };
	int err;

	if (group->ss.ss_family == AF_INET) {
		mreq.imr_multiaddr = in->sin_addr;
		err = setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mreq, sizeof(mreq));
	} else {
		mreq6.ipv6mr_multiaddr = in6->sin6_addr;
		err = setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &mreq6, sizeof(mreq6));
	}
	if (err)
		die(EXIT_FAILED, "cannot join: %s%s", strerror(errno),
		    device ? "" : " (name a device with -i)");
}

static int open_socket(const struct endpoint *group)
{
	struct endpoint any = { .len = group->len };
	int fd = socket(group->ss.ss_family, SOCK_RDM, IPPROTO_RDM);

	if (fd < 0)
		die(EXIT_FAILED, "no rdm socket: %s (is the module loaded?)", strerror(errno));
	any.ss.ss_family = group->ss.ss_family;
	/* sin_port and sin6_port are at the same place */
	((struct sockaddr_in *)&any.ss)->sin_port =
		((const struct sockaddr_in *)&group->ss)->sin_port;
	if (bind(fd, (struct sockaddr *)&any.ss, any.len))
		die(EXIT_FAILED, "cannot bind: %s", strerror(errno));
	return fd;
}

static const char *name_of(const struct sockaddr_storage *ss)
{
	const struct sockaddr_in6 *in6 = (const void *)ss;
	const struct sockaddr_in *in = (const void *)ss;
	static char text[INET6_ADDRSTRLEN];

	if (ss->ss_family == AF_INET)
		inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text));
	else
		inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof(text));
	return text;
}

static void show_event(const struct rdm_group_msg *m, const struct sockaddr_storage *who)
{
	static const char *const text[] = {
		[RDM_GROUP_JOINED] = "joined", [RDM_GROUP_LEFT] = "left",
		[RDM_GROUP_EXPELLED] = "was expelled", [RDM_GROUP_SUSPECT] = "is silent",
		[RDM_GROUP_TRUST] = "is heard again", [RDM_GROUP_OVER] = "is out of the group",
	};

	if (m->event == RDM_GROUP_VIEW)
		printf("* %u here\n", m->members);
	else if (m->event == RDM_GROUP_BLOCK)
		printf("* too few are heard, all wait\n");
	else if (m->event == RDM_GROUP_UNBLOCK)
		printf("* going on\n");
	else if (m->event < sizeof(text) / sizeof(*text) && text[m->event])
		printf("* %s %s\n", name_of(who), text[m->event]);
}

static void hear(int fd)
{
	static char text[65536];
	char control[CMSG_SPACE(sizeof(struct rdm_group_msg)) + 64];
	struct sockaddr_storage who;
	struct iovec iov = { text, sizeof(text) };
	struct msghdr msg = {
		.msg_name = &who, .msg_namelen = sizeof(who), .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct rdm_group_msg m = { .event = RDM_GROUP_DATA };
	ssize_t n = recvmsg(fd, &msg, MSG_DONTWAIT);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n < 0)
		die(EXIT_FAILED, "recvmsg: %s", strerror(errno));
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c))
		if (c->cmsg_level == SOL_RDM && c->cmsg_type == RDM_GROUP_MSG)
			memcpy(&m, CMSG_DATA(c), sizeof(m));
	if (m.event == RDM_GROUP_DATA)
		printf("%s: %.*s\n", name_of(&who), (int)n, text);
	else
		show_event(&m, &who);
	fflush(stdout);
}

/* Says one line; false at the end of input. Blocks while the group cannot take it. */
static bool say(int fd, const struct endpoint *group)
{
	static char line[32768];

	if (!fgets(line, sizeof(line), stdin))
		return false;
	line[strcspn(line, "\n")] = 0;
	if (sendto(fd, line, strlen(line), 0, (const struct sockaddr *)&group->ss, group->len) < 0)
		die(EXIT_FAILED, "cannot broadcast: %s", strerror(errno));
	return true;
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "interface", required_argument, NULL, 'i' },
		{ "members", required_argument, NULL, 'n' },
		{ "suspect", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	uint64_t members = 1, suspect = 1000;
	struct linger until_stable = { 1, 10 };
	unsigned int device = 0;
	struct pollfd p[2];
	struct endpoint group;
	int c, fd;

	while ((c = getopt_long(argc, argv, "i:n:s:h", longs, NULL)) != -1) {
		if (c == 'i') {
			device = if_nametoindex(optarg);
			if (!device)
				die(EXIT_USAGE, "there is no device \"%s\"", optarg);
		} else if (c == 'n') {
			members = parse_number("members", optarg, 1, RDM_GROUP_MEMBERS);
		} else if (c == 's') {
			suspect = parse_number("milliseconds", optarg, 50, 30000);
		} else {
			fputs(usage, c == 'h' ? stdout : stderr);
			return c == 'h' ? EXIT_OK : EXIT_USAGE;
		}
	}
	if (argc - optind != 2) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	resolve(argv[optind], parse_port(argv[optind + 1]), AF_UNSPEC, &group);
	fd = open_socket(&group);
	set_option(fd, RDM_GROUP_MIN, members);
	set_option(fd, RDM_GROUP_SUSPECT_MS, suspect);
	set_option(fd, RDM_RX_GROUP, RDM_RX_GROUP_INFO | RDM_RX_GROUP_EVENTS);
	/* close() waits until what was said is stable */
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &until_stable, sizeof(until_stable));
	join_group(fd, &group, device);

	/* a line is a read(): nothing is left in a buffer that poll() does not see */
	setvbuf(stdin, NULL, _IONBF, 0);
	p[0] = (struct pollfd){ .fd = fd, .events = POLLIN };
	p[1] = (struct pollfd){ .fd = STDIN_FILENO, .events = POLLIN };
	for (;;) {
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			die(EXIT_FAILED, "poll: %s", strerror(errno));
		if (p[0].revents)
			hear(fd);
		else if (p[1].revents && !say(fd, &group))
			break;
	}
	close(fd);
	return EXIT_OK;
}
