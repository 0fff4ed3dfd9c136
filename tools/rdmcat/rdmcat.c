// SPDX-License-Identifier: GPL-2.0
/*
 * rdmcat: netcat for reliably delivered messages. What comes on standard input goes out
 * as messages, one a line or in blocks; what arrives goes to standard output as it is.
 *
 * The protocol between two rdmcats is one rule: an empty message ends a stream. The
 * client ends its stream when its input has ended. The listener ends its own (which is
 * empty without --duplex) after it has written all it was sent, so this end also tells
 * the client that everything arrived.
 *
 * One loop does it all, with a non-blocking socket, so that neither direction can hold
 * up the other.
 */
#include "netutil.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Received messages may be this large (the most that any sysctl allows). */
#define RECV_MAX (16u << 20)
/* Lines longer than this are cut, to keep the input buffer small. */
#define LINE_MAX_BYTES (1u << 20)
/* Messages moved in one direction before the other has its turn. */
#define TURN 64
/* How long the listener waits for its last word to be acknowledged. */
#define FAREWELL_NS (5 * NS_PER_SEC)
/* Plain UDP loses the end mark too: it is sent this often. */
#define UDP_END_MARKS 3
#define PROGRESS_NS (NS_PER_SEC / 5)

/* The sending half, in the order of its life. */
enum tx_state {
	TX_IDLE,	/* a listener that has no one to send to, or nothing to say yet */
	TX_SEND,	/* standard input to messages */
	TX_DRAIN,	/* all sent; waiting until all is acknowledged */
	TX_END,		/* the end mark is to be sent */
	TX_END_SENT,	/* ... and to be acknowledged */
	TX_DONE,
};

struct options {
	bool listen;
	bool keep;
	bool duplex;
	bool verbose;
	size_t size;		/* bytes of a block; 0: a line is a message */
	uint64_t idle_ns;	/* -w: give up when nothing moves for so long; 0: never */
	uint64_t quit_ns;	/* -q: wait so long for the listener's end mark */
	const struct proto *proto;
	int family;
	const char *host;
	const char *port;
	const char *local_port;
};

struct count {
	uint64_t messages;
	uint64_t bytes;
};

struct cat {
	const struct options *opt;
	int fd;
	struct endpoint peer;	/* len 0: none yet */
	enum tx_state tx;
	bool rx_ended;
	char *in;		/* standard input, read ahead */
	size_t in_cap, in_start, in_end;
	bool in_eof;
	size_t max_message;
	char *rx;
	int error;		/* of the socket, to be handled once all is received */
	bool backoff;		/* EAGAIN although writable: this peer alone is full */
	long unacked;
	uint64_t moved_ns;	/* when something last moved */
	uint64_t start_ns;	/* when the first message moved */
	uint64_t end_ns;	/* when the end mark was acknowledged or sent */
	uint64_t shown_ns;
	bool show;		/* progress on the terminal */
	struct count sent, received;
	uint64_t strangers;	/* messages of others than the peer, not written */
};

static const char usage_text[] =
"usage: rdmcat [options] HOST PORT       send standard input as messages\n"
"       rdmcat [options] -l [HOST] PORT  write what arrives to standard output\n"
"\n"
"One line is one message, newline included; with --size N, N bytes are. The sender\n"
"ends with an empty message; it exits with 0 only if everything was acknowledged.\n"
"The listener serves one sender and exits when that has ended.\n"
"\n"
"  -l, --listen         receive\n"
"  -k, --keep           (listener) take any number of senders, and never exit\n"
"  -d, --duplex         copy both ways: the listener sends its standard input to its\n"
"                       first sender; the client waits for the end of it\n"
"  -s, --size N         blocks of N bytes (K, M: 1024, 1048576) in place of lines\n"
"      --rdm            SOCK_RDM: reliable, in no order\n"
"      --udp            plain UDP: neither reliable nor ordered, for comparison\n"
"                       (without either: SOCK_SEQPACKET, reliable and in order)\n"
"  -4, -6               IPv4, IPv6\n"
"  -p, --port PORT      local port\n"
"  -w, --wait SECONDS   fail when nothing moves for so long (default: wait for ever)\n"
"  -q, --quit SECONDS   (client) how long, with all acknowledged, to wait for the\n"
"                       listener's word that it has written all (default: 2)\n"
"  -v, --verbose        say on standard error what happens\n"
"  -h, --help\n"
"\n"
"Exit status: 0 all sent was acknowledged and all received written, 1 it was not,\n"
"2 wrong usage.\n";

static void note(const struct cat *cat, const char *what, const struct endpoint *ep)
{
	char name[ENDPOINT_TEXT];

	if (cat->opt->verbose)
		fprintf(stderr, "rdmcat: %s%s\n", what,
			ep ? endpoint_text(ep, name, sizeof(name)) : "");
}

static void show_progress(struct cat *cat, bool last)
{
	uint64_t now = now_ns(), bytes = cat->sent.bytes + cat->received.bytes;
	uint64_t until = last && cat->end_ns ? cat->end_ns : now;
	double seconds = until > cat->start_ns ? (double)(until - cat->start_ns) / 1e9 : 0;
	long unacked = 0;

	if (!cat->start_ns || (!last && now - cat->shown_ns < PROGRESS_NS))
		return;
	cat->shown_ns = now;
	if (!cat->show && !(last && cat->opt->verbose))
		return;
	/* What merely stands in the send buffer is not progress. */
	if (cat->opt->proto->flags & PROTO_RDM)
		unacked = sock_unacked(cat->fd);
	if (unacked > 0)
		bytes -= (uint64_t)unacked < cat->sent.bytes ? (uint64_t)unacked :
							       cat->sent.bytes;
	fprintf(stderr, "%s%llu messages, %.3f MB, %.1f s, %.3f MB/s",
		cat->show ? "\r\033[K" : "rdmcat: ",
		(unsigned long long)(cat->sent.messages + cat->received.messages),
		(double)bytes / 1e6, seconds,
		seconds > 0 ? (double)bytes / 1e6 / seconds : 0);
	if (unacked > 0)
		fprintf(stderr, ", %.3f MB not acknowledged yet", (double)unacked / 1e6);
	if (last)
		fputc('\n', stderr);
}

static void fail(struct cat *cat, const char *what)
{
	if (cat->show && cat->start_ns)
		fputc('\n', stderr);
	die(EXIT_FAILED, "%s", what);
}

static void moved(struct cat *cat)
{
	cat->moved_ns = now_ns();
	if (!cat->start_ns)
		cat->start_ns = cat->moved_ns;
}

static bool would_block(int err)
{
	return err == EAGAIN || err == EWOULDBLOCK || err == EINTR;
}

static bool receive_one(struct cat *cat);

/* Is this error only about our end mark, or about our reply to a peer that has left? */
static bool error_after_all_is_done(const struct cat *cat)
{
	if (cat->opt->keep)
		return true;
	return cat->rx_ended && (cat->tx >= TX_END || (cat->opt->listen && !cat->opt->duplex));
}

/*
 * The kernel reports an error before messages that came earlier; but those may hold the
 * end mark which explains it. So they are received first.
 */
static void socket_error(struct cat *cat, int err)
{
	char text[FAILURE_TEXT], full[FAILURE_TEXT + 64];
	struct failure f = { 0 };

	if (!cat->error)
		cat->error = err;
	while (receive_one(cat))
		;
	sock_take_error(cat->fd, &f);
	if (!f.error)
		f.error = cat->error;
	cat->error = 0;
	if (!f.error)
		return;
	if (f.messages) {
		/* What else failed by the same event comes at once: count that too. */
		usleep(50000);
		sock_take_error(cat->fd, &f);
	}
	failure_text(&f, text, sizeof(text));
	if (error_after_all_is_done(cat)) {
		note(cat, text, NULL);
		if (!cat->opt->keep)
			cat->tx = TX_DONE;
		return;
	}
	if (cat->tx == TX_END_SENT && cat->opt->proto->flags & PROTO_RELIABLE)
		snprintf(full, sizeof(full),
			 "all was acknowledged, but not that it was written: %s", text);
	else
		snprintf(full, sizeof(full), "%s", text);
	fail(cat, full);
}

static void write_all(struct cat *cat, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(STDOUT_FILENO, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			struct pollfd pfd = { .fd = STDOUT_FILENO, .events = POLLOUT };

			poll(&pfd, 1, -1);
			continue;
		}
		if (n < 0) {
			char text[128];

			snprintf(text, sizeof(text), "cannot write to standard output: %s",
				 strerror(errno));
			fail(cat, text);
		}
		data += n;
		len -= (size_t)n;
	}
}

/* The end mark to a sender that is not the connected peer. */
static void answer_end(struct cat *cat, const struct endpoint *to)
{
	if (sendto(cat->fd, "", 0, MSG_DONTWAIT, (const struct sockaddr *)&to->ss,
		   to->len) < 0 && !would_block(errno))
		cat->error = errno;
}

/* The first message decides whom a listener without --keep serves. */
static void take_peer(struct cat *cat, const struct endpoint *from)
{
	cat->peer = *from;
	note(cat, "receiving from ", from);
	if (connect(cat->fd, (const struct sockaddr *)&from->ss, from->len)) {
		char text[128];

		snprintf(text, sizeof(text), "cannot connect to the sender: %s",
			 strerror(errno));
		fail(cat, text);
	}
	if (cat->opt->duplex)
		cat->tx = TX_SEND;
}

/* Returns false when there is nothing more to receive now. */
static bool receive_one(struct cat *cat)
{
	struct iovec iov = { cat->rx, RECV_MAX };
	struct endpoint from = { 0 };
	struct msghdr msg = {
		.msg_name = &from.ss,
		.msg_namelen = sizeof(from.ss),
		.msg_iov = &iov,
		.msg_iovlen = 1,
	};
	ssize_t n = recvmsg(cat->fd, &msg, MSG_DONTWAIT);

	if (n < 0) {
		if (would_block(errno) || cat->error)
			return false;
		cat->error = errno;
		return true;
	}
	if (msg.msg_flags & MSG_TRUNC)
		fail(cat, "a message was larger than 16 MiB, the most that rdmcat takes");
	from.len = msg.msg_namelen;
	moved(cat);
	if (!cat->opt->keep) {
		if (!cat->peer.len)
			take_peer(cat, &from);
		if (from.len && !endpoint_equal(&from, &cat->peer)) {
			if (!cat->strangers++)
				note(cat, "not written: messages of another sender, ", &from);
			return true;
		}
		if (cat->rx_ended)
			return true;
	}
	if (n) {
		write_all(cat, cat->rx, (size_t)n);
		cat->received.messages++;
		cat->received.bytes += (size_t)n;
	} else if (cat->opt->keep) {
		note(cat, "end of the messages of ", &from);
		answer_end(cat, &from);
	} else {
		note(cat, "end of the messages of ", &from);
		cat->rx_ended = true;
	}
	return true;
}

/* The next message in the input buffer, 0 when more must be read first. */
static size_t next_message(const struct cat *cat)
{
	size_t have = cat->in_end - cat->in_start, want = cat->opt->size;
	const char *at = cat->in + cat->in_start, *newline;

	if (!want) {
		newline = memchr(at, '\n', have);
		if (newline)
			return (size_t)(newline - at) + 1;
		want = cat->in_cap;
	}
	if (have >= want)
		return want;
	return cat->in_eof ? have : 0;
}

static void read_input(struct cat *cat)
{
	ssize_t n;

	memmove(cat->in, cat->in + cat->in_start, cat->in_end - cat->in_start);
	cat->in_end -= cat->in_start;
	cat->in_start = 0;
	n = read(STDIN_FILENO, cat->in + cat->in_end, cat->in_cap - cat->in_end);
	if (n < 0 && would_block(errno))
		return;
	if (n < 0) {
		char text[128];

		snprintf(text, sizeof(text), "cannot read standard input: %s", strerror(errno));
		fail(cat, text);
	}
	cat->in_eof = n == 0;
	cat->in_end += (size_t)n;
}

/* Returns whether the message left; an error is handled here. */
static bool send_message(struct cat *cat, const char *data, size_t len)
{
	if (send(cat->fd, data, len, MSG_DONTWAIT) >= 0) {
		moved(cat);
		return true;
	}
	if (would_block(errno))
		cat->backoff = true;
	else
		socket_error(cat, errno);
	return false;
}

/* Returns false when it has to wait: for input or for room. */
static bool send_one(struct cat *cat)
{
	size_t len = next_message(cat);

	if (len) {
		if (!send_message(cat, cat->in + cat->in_start, len))
			return false;
		cat->in_start += len;
		cat->sent.messages++;
		cat->sent.bytes += len;
		return true;
	}
	if (cat->in_eof)
		cat->tx = TX_DRAIN;
	return false;
}

static bool all_acked(struct cat *cat)
{
	long unacked;

	if (!(cat->opt->proto->flags & PROTO_RDM))
		return true;
	unacked = sock_unacked(cat->fd);
	if (unacked < 0)
		fail(cat, "cannot ask what is acknowledged (SIOCOUTQ)");
	if (unacked != cat->unacked)
		moved(cat);
	cat->unacked = unacked;
	return unacked == 0;
}

static void send_end(struct cat *cat)
{
	bool udp = !(cat->opt->proto->flags & PROTO_RELIABLE);

	if (!send_message(cat, "", 0))
		return;
	for (int i = 1; udp && i < UDP_END_MARKS; i++) {
		usleep(20000);
		/* It may be refused: the peer has had the first and is gone. */
		if (send(cat->fd, "", 0, MSG_DONTWAIT) < 0)
			break;
	}
	if (cat->tx == TX_END)
		cat->tx = TX_END_SENT;
}

static void step_tx(struct cat *cat)
{
	switch (cat->tx) {
	case TX_IDLE:
		if (cat->rx_ended)
			cat->tx = TX_END;
		break;
	case TX_SEND:
		for (int i = 0; i < TURN && send_one(cat); i++)
			;
		break;
	case TX_DRAIN:
		/*
		 * Only now the end mark: on an unordered socket it must not pass the data,
		 * and an error after this point is no longer about the data.
		 */
		if (all_acked(cat)) {
			socket_error(cat, 0);
			if (cat->tx != TX_DRAIN)
				break;
			note(cat, cat->opt->proto->flags & PROTO_RELIABLE ?
			     "all sent, and acknowledged" : "all sent", NULL);
			cat->end_ns = now_ns();
			cat->tx = TX_END;
		}
		break;
	case TX_END:
		send_end(cat);
		break;
	case TX_END_SENT:
		if (all_acked(cat))
			cat->tx = TX_DONE;
		break;
	case TX_DONE:
		break;
	}
}

/* Nothing left to do? */
static bool finished(struct cat *cat, uint64_t now)
{
	if (cat->opt->keep)
		return false;
	if (cat->opt->listen) {
		if (!cat->rx_ended)
			return false;
		if (cat->tx == TX_END_SENT && now - cat->moved_ns > FAREWELL_NS) {
			note(cat, "the sender left without acknowledging the end", NULL);
			return true;
		}
		return cat->tx == TX_DONE;
	}
	if (cat->rx_ended && (cat->tx == TX_DONE || (cat->tx == TX_END_SENT && !cat->opt->duplex)))
		return true;
	if (cat->tx == TX_DONE && !cat->opt->duplex && now - cat->moved_ns > cat->opt->quit_ns) {
		note(cat, cat->opt->proto->flags & PROTO_RELIABLE ?
		     "all is acknowledged; no word that it was written" :
		     "plain UDP: nothing tells whether it arrived", NULL);
		return true;
	}
	return false;
}

static void wait_for_work(struct cat *cat)
{
	bool need_input = cat->tx == TX_SEND && !cat->in_eof && !next_message(cat);
	bool can_send = cat->tx == TX_SEND && !need_input;
	struct pollfd pfd[2] = {
		{ .fd = cat->fd, .events = POLLIN },
		{ .fd = need_input ? STDIN_FILENO : -1, .events = POLLIN },
	};
	int timeout = cat->opt->idle_ns || cat->show ? 200 : -1;

	if (cat->backoff)
		timeout = 5;
	else if (can_send || (cat->tx == TX_SEND && cat->in_eof) ||
		 (cat->tx == TX_IDLE && cat->rx_ended))
		timeout = 0;
	else if (cat->tx == TX_DRAIN || cat->tx == TX_END_SENT)
		timeout = 2;	/* an ack raises no event; SIOCOUTQ tells */
	else if (cat->tx == TX_END)
		timeout = 0;
	else if (cat->tx == TX_DONE)
		timeout = 50;
	cat->backoff = false;

	if (poll(pfd, 2, timeout) < 0 && errno != EINTR)
		die(EXIT_FAILED, "poll: %s", strerror(errno));
	if (pfd[0].revents)
		for (int i = 0; i < TURN && receive_one(cat); i++)
			;
	if (pfd[0].revents & POLLERR || cat->error)
		socket_error(cat, 0);
	if (pfd[1].revents)
		read_input(cat);
}

static void copy(struct cat *cat)
{
	cat->moved_ns = now_ns();
	for (;;) {
		uint64_t now;

		step_tx(cat);
		now = now_ns();
		if (finished(cat, now))
			break;
		if (cat->opt->idle_ns && now > cat->moved_ns &&
		    now - cat->moved_ns > cat->opt->idle_ns)
			fail(cat, "timed out: nothing moved for the time of --wait");
		wait_for_work(cat);
		show_progress(cat, false);
	}
	show_progress(cat, true);
	if (cat->strangers)
		fprintf(stderr, "rdmcat: %llu messages of other senders were not written "
			"(--keep takes any)\n", (unsigned long long)cat->strangers);
}

static void open_socket(struct cat *cat)
{
	const struct options *opt = cat->opt;
	struct endpoint local = { 0 }, peer = { 0 };
	const char *bind_port = opt->listen ? opt->port : opt->local_port;
	char name[ENDPOINT_TEXT];
	int family = opt->family;

	if (opt->listen) {
		resolve(opt->host, bind_port, family ? family : opt->host ? AF_UNSPEC : AF_INET,
			&local);
		family = local.ss.ss_family;
	} else {
		resolve(opt->host, opt->port, family, &peer);
		family = peer.ss.ss_family;
		if (bind_port)
			resolve(NULL, bind_port, family, &local);
	}
	cat->fd = sock_open(opt->proto, family);
	if (cat->fd < 0)
		die(EXIT_FAILED, "cannot open a socket: %s%s", strerror(errno),
		    sock_hint(opt->proto, errno));
	if (local.len && bind(cat->fd, (struct sockaddr *)&local.ss, local.len))
		die(EXIT_FAILED, "cannot bind to %s: %s",
		    endpoint_text(&local, name, sizeof(name)), strerror(errno));
	if (peer.len && connect(cat->fd, (struct sockaddr *)&peer.ss, peer.len))
		die(EXIT_FAILED, "cannot connect to %s: %s",
		    endpoint_text(&peer, name, sizeof(name)), error_text(errno));
	cat->peer = peer;
	cat->max_message = sock_max_message(opt->proto, cat->fd);
	if (opt->size > cat->max_message)
		die(EXIT_USAGE, "--size %zu: the largest message is %zu bytes", opt->size,
		    cat->max_message);
	note(cat, opt->listen ? "listening at " : "sending to ", opt->listen ? &local : &peer);
}

static void parse_options(int argc, char **argv, struct options *opt)
{
	static const struct option longs[] = {
		{ "listen", no_argument, NULL, 'l' },
		{ "keep", no_argument, NULL, 'k' },
		{ "duplex", no_argument, NULL, 'd' },
		{ "size", required_argument, NULL, 's' },
		{ "rdm", no_argument, NULL, 'R' },
		{ "udp", no_argument, NULL, 'U' },
		{ "port", required_argument, NULL, 'p' },
		{ "wait", required_argument, NULL, 'w' },
		{ "quit", required_argument, NULL, 'q' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c, left;

	*opt = (struct options){ .quit_ns = 2 * NS_PER_SEC };
	opt->proto = proto_find("rdm-seqpacket");
	while ((c = getopt_long(argc, argv, "lkds:p:w:q:v46h", longs, NULL)) != -1) {
		switch (c) {
		case 'l':
			opt->listen = true;
			break;
		case 'k':
			opt->keep = true;
			break;
		case 'd':
			opt->duplex = true;
			break;
		case 's':
			opt->size = parse_number("--size", optarg, 1, RECV_MAX);
			break;
		case 'R':
			opt->proto = proto_find("rdm-rdm");
			break;
		case 'U':
			opt->proto = proto_find("udp");
			break;
		case 'p':
			opt->local_port = parse_port(optarg);
			break;
		case 'w':
			opt->idle_ns = (uint64_t)(parse_seconds("--wait", optarg) * 1e9);
			break;
		case 'q':
			opt->quit_ns = (uint64_t)(parse_seconds("--quit", optarg) * 1e9);
			break;
		case 'v':
			opt->verbose = true;
			break;
		case '4':
			opt->family = AF_INET;
			break;
		case '6':
			opt->family = AF_INET6;
			break;
		case 'h':
			fputs(usage_text, stdout);
			exit(EXIT_OK);
		default:
			fputs("Try \"rdmcat --help\".\n", stderr);
			exit(EXIT_USAGE);
		}
	}
	left = argc - optind;
	if (opt->keep && (!opt->listen || opt->duplex))
		die(EXIT_USAGE, "--keep goes with --listen, and not with --duplex");
	if (opt->listen && opt->local_port && left == 0) {
		opt->port = opt->local_port;
	} else if (opt->listen && !opt->local_port && (left == 1 || left == 2)) {
		opt->host = left == 2 ? argv[optind] : NULL;
		opt->port = parse_port(argv[argc - 1]);
	} else if (!opt->listen && left == 2) {
		opt->host = argv[optind];
		opt->port = parse_port(argv[optind + 1]);
	} else {
		fputs(usage_text, stderr);
		exit(EXIT_USAGE);
	}
}

/* A caller may have closed them; a socket must not take their numbers. */
static void open_standard_fds(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

int main(int argc, char **argv)
{
	struct options opt;
	struct cat cat = { .opt = &opt };
	bool sends;

	open_standard_fds();
	parse_options(argc, argv, &opt);
	open_socket(&cat);
	sends = !opt.listen || opt.duplex;
	cat.in_cap = opt.size ? opt.size : LINE_MAX_BYTES;
	if (!opt.size && cat.in_cap > cat.max_message)
		cat.in_cap = cat.max_message;
	cat.in = sends ? malloc(cat.in_cap) : NULL;
	/* Only the pages that messages touch are ever backed by memory. */
	cat.rx = malloc(RECV_MAX);
	if ((sends && !cat.in) || !cat.rx)
		die(EXIT_FAILED, "out of memory");
	cat.tx = opt.listen ? TX_IDLE : TX_SEND;
	/* Not where somebody types or reads in the same terminal. */
	cat.show = isatty(STDERR_FILENO) && !(sends && isatty(STDIN_FILENO)) &&
		   !((opt.listen || opt.duplex) && isatty(STDOUT_FILENO));
	copy(&cat);
	close(cat.fd);
	free(cat.in);
	free(cat.rx);
	return EXIT_OK;
}
