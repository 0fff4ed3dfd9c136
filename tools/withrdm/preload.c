// SPDX-License-Identifier: GPL-2.0
/*
 * libwithrdm.so: stands between a program and the C library, and opens rdm sockets where
 * the program asks for UDP sockets. The launcher withrdm puts it there.
 *
 * It steps in at two calls only. socket() opens another socket; getsockopt() goes on
 * calling it a UDP socket, for programs that look. Everything else is the kernel's word:
 * addresses, messages and most options are the same for both, and what rdm does not have
 * (options of level UDP such as UDP_SEGMENT and UDP_GRO, groups) fails there with its own
 * errno. There is no table of descriptors here: whether one is an rdm socket is asked of
 * the kernel, so it holds through dup(), fork(), exec() and passing it on.
 *
 * The C library's own sockets, such as the resolver's, do not come by here, and so DNS
 * stays UDP; nor do those of programs that make system calls themselves.
 */
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/rdm.h>

#include "withrdm.h"

#define TYPE_FLAGS (SOCK_NONBLOCK | SOCK_CLOEXEC)

static int (*real_socket)(int domain, int type, int protocol);
static int (*real_getsockopt)(int fd, int level, int name, void *value, socklen_t *len);
static int rdm_type;
static bool verbose;

__attribute__((constructor)) static void prepare(void)
{
	const char *type = getenv(ENV_TYPE);

	/* A constructor of another library may have opened a socket before */
	if (rdm_type)
		return;
	*(void **)&real_socket = dlsym(RTLD_NEXT, "socket");
	*(void **)&real_getsockopt = dlsym(RTLD_NEXT, "getsockopt");
	verbose = getenv(ENV_VERBOSE);
	rdm_type = type && !strcmp(type, "seqpacket") ? SOCK_SEQPACKET : SOCK_RDM;
}

static void tell(int domain, int fd)
{
	const char *family = domain == AF_INET ? "AF_INET" : "AF_INET6";
	const char *type = rdm_type == SOCK_RDM ? "SOCK_RDM" : "SOCK_SEQPACKET";
	int saved = errno;

	/* Who was promised rdm should not have to guess why there is no socket */
	if (fd < 0 && (verbose || saved == EPROTONOSUPPORT || saved == ESOCKTNOSUPPORT))
		dprintf(STDERR_FILENO, "withrdm: cannot open an rdm socket: %s\n", strerror(saved));
	else if (verbose)
		dprintf(STDERR_FILENO, "withrdm: socket %d of %s (%d) is %s, %s\n", fd,
			program_invocation_short_name, getpid(), family, type);
	errno = saved;
}

/*
 * A UDP program does not read the error queue. An outcome that waits there would make
 * poll() call the socket ready for ever. A connected socket hears of errors all the same,
 * by its next call, as with UDP.
 */
static void no_outcomes(int fd)
{
	__u32 none = 0;

	setsockopt(fd, SOL_RDM, RDM_NOTIFY, &none, sizeof(none));
}

int socket(int domain, int type, int protocol)
{
	int fd;

	prepare();
	if ((domain != AF_INET && domain != AF_INET6) || (type & ~TYPE_FLAGS) != SOCK_DGRAM ||
	    (protocol && protocol != IPPROTO_UDP))
		return real_socket(domain, type, protocol);

	fd = real_socket(domain, rdm_type | (type & TYPE_FLAGS), IPPROTO_RDM);
	if (fd >= 0)
		no_outcomes(fd);
	tell(domain, fd);
	return fd;
}

static bool is_rdm(int fd)
{
	socklen_t len = sizeof(int);
	int protocol;

	return !real_getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) &&
	       protocol == IPPROTO_RDM;
}

int getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	int ret;

	prepare();
	ret = real_getsockopt(fd, level, name, value, len);
	if (!ret && level == SOL_SOCKET && (name == SO_TYPE || name == SO_PROTOCOL) && is_rdm(fd)) {
		int answer = name == SO_TYPE ? SOCK_DGRAM : IPPROTO_UDP;

		memcpy(value, &answer, *len < sizeof(answer) ? *len : sizeof(answer));
	}
	return ret;
}
