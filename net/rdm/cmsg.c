// SPDX-License-Identifier: GPL-2.0
/*
 * rdm cmsg: control messages (ancillary data): what sendmsg() reads of them.
 * Their meaning is in <linux/rdm.h>; what they ask for is done elsewhere. What
 * cannot be done is refused, never ignored.
 */
#include <linux/socket.h>

#include "msg.h"
#include "rdm.h"

static int read_u32(const struct cmsghdr *c, u32 *v)
{
	if (c->cmsg_len != CMSG_LEN(sizeof(*v)))
		return -EINVAL;
	memcpy(v, CMSG_DATA(c), sizeof(*v));
	return 0;
}

static int send_rdm(const struct cmsghdr *c, struct rdm_sendopts *opts)
{
	u32 v;

	switch (c->cmsg_type) {
	case RDM_MODE:
		if (read_u32(c, &v) || v > RDM_AT_MOST_ONCE)
			return -EINVAL;
		opts->mode = v;
		return 0;
	case RDM_DEADLINE:
		if (read_u32(c, &v) || v > RDM_DEADLINE_MAX)
			return -EINVAL;
		opts->deadline_ms = v;
		return 0;
	case RDM_COOKIE:
		if (c->cmsg_len != CMSG_LEN(sizeof(opts->cookie)))
			return -EINVAL;
		memcpy(&opts->cookie, CMSG_DATA(c), sizeof(opts->cookie));
		opts->ask = true;
		return 0;
	}
	return -EINVAL;
}

/**
 * rdm_cmsg_send() - read the control messages of a sendmsg()
 * @sk: the socket
 * @msg: with them, in kernel memory
 * @opts: the socket's defaults; what is said otherwise is changed
 *
 * Return: 0; -EINVAL when one is malformed, unknown or out of range; -EOPNOTSUPP when it
 * asks for what rdm does not do.
 */
int rdm_cmsg_send(struct sock *sk, struct msghdr *msg, struct rdm_sendopts *opts)
{
	struct cmsghdr *c;
	int err;

	for_each_cmsghdr(c, msg) {
		if (!CMSG_OK(msg, c))
			return -EINVAL;
		switch (c->cmsg_level) {
		case SOL_RDM:
			err = send_rdm(c, opts);
			if (err)
				return err;
			break;
		case SOL_SOCKET:
			return -EINVAL;
		case SOL_IP:
		case SOL_IPV6:
			/* they would ask for what is not done: better say so */
			return -EOPNOTSUPP;
		}
	}
	return 0;
}
