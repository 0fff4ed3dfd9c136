// SPDX-License-Identifier: GPL-2.0
/*
 * Many sockets at ports that follow each other, so that one socket at the other end can
 * talk to as many peers. Whichever has a message is next; a message is taken at a time.
 */
#include "perf.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

/* Below what the system gives to sockets without a port of their own. */
#define POOL_PORT_MIN 12000
#define POOL_PORT_MAX 32000
#define POOL_EVENTS 64

struct pool {
	int epoll;
	int *fds;
	unsigned int count;
	struct epoll_event events[POOL_EVENTS];
	int next, ready;
	int timeout_ms;
};

void pool_close(struct pool *p)
{
	if (!p)
		return;
	for (unsigned int i = 0; i < p->count; i++)
		close(p->fds[i]);
	if (p->epoll >= 0)
		close(p->epoll);
	free(p->fds);
	free(p);
}

static void allow_files(unsigned int n)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= n)
		return;
	limit.rlim_cur = n;
	if (limit.rlim_max < n)
		limit.rlim_max = n;
	/* When it is refused, the socket that is too many says so. */
	setrlimit(RLIMIT_NOFILE, &limit);
}

static int add_socket(struct pool *p, const struct test *t, struct endpoint *at)
{
	struct epoll_event event = { .events = EPOLLIN };
	int fd = sock_open(t->proto, at->ss.ss_family);

	if (fd < 0)
		return -1;
	if (t->buffer)
		sock_set_buffers(fd, t->buffer);
	event.data.fd = fd;
	if (bind(fd, (struct sockaddr *)&at->ss, at->len) ||
	    epoll_ctl(p->epoll, EPOLL_CTL_ADD, fd, &event)) {
		int err = errno;

		close(fd);
		errno = err;
		return -1;
	}
	p->fds[p->count++] = fd;
	return 0;
}

struct pool *pool_open(const struct test *t, const struct endpoint *at, unsigned int *port)
{
	struct pool *p = calloc(1, sizeof(*p));
	struct endpoint local = *at;
	unsigned int first = POOL_PORT_MIN, n = t->peers;

	if (!p)
		return NULL;
	allow_files(n + 64);
	p->timeout_ms = -1;
	p->fds = calloc(n, sizeof(*p->fds));
	p->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!p->fds || p->epoll < 0)
		goto err_pool;
	while (p->count < n) {
		if (first + n > POOL_PORT_MAX) {
			errno = EADDRINUSE;
			goto err_pool;
		}
		endpoint_set_port(&local, first + p->count);
		if (!add_socket(p, t, &local))
			continue;
		if (errno != EADDRINUSE)
			goto err_pool;
		/* Somebody is in the way: begin again behind him. */
		first += p->count + 1;
		while (p->count)
			close(p->fds[--p->count]);
	}
	*port = first;
	return p;

err_pool:
	pool_close(p);
	return NULL;
}

void pool_set_timeout(struct pool *p, uint64_t ns)
{
	p->timeout_ms = (int)(ns / NS_PER_MS);
}

int pool_next(struct pool *p)
{
	if (p->next == p->ready) {
		p->next = 0;
		p->ready = epoll_wait(p->epoll, p->events, POOL_EVENTS, p->timeout_ms);
		if (p->ready <= 0) {
			if (!p->ready)
				errno = EAGAIN;
			p->ready = 0;
			return -1;
		}
	}
	return p->events[p->next++].data.fd;
}
