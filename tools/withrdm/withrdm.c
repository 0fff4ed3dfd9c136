// SPDX-License-Identifier: GPL-2.0
/*
 * withrdm: runs a program that knows UDP only, with rdm sockets in place of its UDP
 * sockets. It puts libwithrdm.so (preload.c) into LD_PRELOAD and becomes the program.
 *
 * The dynamic linker passes over a library that it cannot load, and the program would use
 * UDP without a word. So everything that can be known beforehand is checked here: that
 * the kernel has rdm, that the library is there, and that the program is one that loads
 * libraries. What the library does stands in its own file.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <linux/rdm.h>

#include "withrdm.h"

/* As env(1), nohup(1) and timeout(1) do, so that they differ from the program's own. */
enum {
	EXIT_OWN = 125,		/* withrdm itself failed */
	EXIT_NOEXEC = 126,	/* the program is there, but cannot be run with rdm */
	EXIT_NOTFOUND = 127,
};

/* A script's interpreter may be a script, as often as the kernel allows. */
#define MAX_SCRIPTS 5

static __attribute__((noreturn, format(printf, 2, 3))) void die(int status, const char *fmt, ...)
{
	va_list args;

	fputs("withrdm: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(status);
}

static void usage(FILE *to)
{
	fputs("usage: withrdm [-v] [-t rdm|seqpacket] [--] PROGRAM [ARG]...\n"
	      "Runs PROGRAM with rdm sockets in place of UDP sockets.\n"
	      "\n"
	      "  -t, --type TYPE  rdm: messages in any order, as with UDP (default);\n"
	      "                   seqpacket: in order, for each sender\n"
	      "  -v, --verbose    tell on standard error of each socket that is changed\n"
	      "  -h, --help       print this and exit\n"
	      "\n"
	      "Use it at both ends: rdm and UDP do not talk to each other.\n"
	      "Exit status: PROGRAM's; 125 if withrdm fails, 126 if PROGRAM cannot be run so,\n"
	      "127 if it is not found.\n", to);
}

/* Also loads the module, where the kernel does that. */
static void check_kernel(int type)
{
	int fd = socket(AF_INET, type, IPPROTO_RDM);

	if (fd < 0 && (errno == EPROTONOSUPPORT || errno == ESOCKTNOSUPPORT))
		die(EXIT_OWN, "this kernel has no rdm: load the module (modprobe rdm)");
	if (fd < 0)
		die(EXIT_OWN, "cannot open an rdm socket: %s", strerror(errno));
	close(fd);
}

/* Beside this program, or where "make install" puts it. */
static void find_library(char *path, size_t size)
{
	static const char * const places[] = { "", "../lib/rdm/", "../lib/" };
	char dir[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", dir, sizeof(dir) - 1);

	if (len < 0)
		die(EXIT_OWN, "cannot read /proc/self/exe: %s", strerror(errno));
	dir[len] = '\0';
	strrchr(dir, '/')[1] = '\0';

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		char raw[2 * PATH_MAX], real[PATH_MAX];

		snprintf(raw, sizeof(raw), "%s%s%s", dir, places[i], LIBRARY_NAME);
		if (access(raw, R_OK) || !realpath(raw, real))
			continue;
		if (strpbrk(real, " \t\n:"))
			die(EXIT_OWN, "%s: the linker takes no path with a space or a colon", real);
		snprintf(path, size, "%s", real);
		return;
	}
	die(EXIT_OWN, "no %s in %s or %s../lib/rdm: install it there (make install)",
	    LIBRARY_NAME, dir, dir);
}

/* As execvp() would find it. */
static void find_program(const char *name, char *path, size_t size)
{
	const char *dirs = getenv("PATH");
	int error = ENOENT;

	if (strchr(name, '/')) {
		if (access(name, X_OK))
			die(errno == ENOENT ? EXIT_NOTFOUND : EXIT_NOEXEC, "%s: %s", name,
			    strerror(errno));
		snprintf(path, size, "%s", name);
		return;
	}
	if (!dirs)
		dirs = "/bin:/usr/bin";
	for (;;) {
		int len = strcspn(dirs, ":");
		struct stat st;

		snprintf(path, size, "%.*s/%s", len ? len : 1, len ? dirs : ".", name);
		if (!stat(path, &st) && S_ISREG(st.st_mode)) {
			if (!access(path, X_OK))
				return;
			error = EACCES;
		}
		if (!dirs[len])
			break;
		dirs += len + 1;
	}
	die(error == ENOENT ? EXIT_NOTFOUND : EXIT_NOEXEC, "%s: %s", name, strerror(error));
}

/* Without the second bit, set-group-ID once meant mandatory locking. */
#define SETGID_PROGRAM 02010

/* The dynamic linker loads no foreign library into a program with more rights. */
static void check_rights(const char *path, int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		die(EXIT_NOEXEC, "%s: %s", path, strerror(errno));
	if (((st.st_mode & S_ISUID) && st.st_uid != getuid()) ||
	    ((st.st_mode & SETGID_PROGRAM) == SETGID_PROGRAM && st.st_gid != getgid()) ||
	    (getuid() && fgetxattr(fd, "security.capability", NULL, 0) > 0))
		die(EXIT_NOEXEC, "%s gains rights when it is run (setuid, setgid or capabilities), "
		    "so it cannot be changed; run it as the user that it becomes", path);
}

/* Has the ELF file on @fd a dynamic linker, and one of our own machine? */
static void check_elf(const char *path, int fd)
{
	Elf64_Ehdr head, own;
	Elf64_Phdr ph;
	int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	if (self < 0 || pread(self, &own, sizeof(own), 0) != sizeof(own))
		die(EXIT_OWN, "cannot read /proc/self/exe");
	close(self);
	if (pread(fd, &head, sizeof(head), 0) != sizeof(head) ||
	    head.e_ident[EI_CLASS] != own.e_ident[EI_CLASS] || head.e_machine != own.e_machine)
		die(EXIT_NOEXEC, "%s is for another machine or word size than " LIBRARY_NAME, path);

	for (unsigned int i = 0; i < head.e_phnum; i++) {
		off_t at = head.e_phoff + (off_t)i * head.e_phentsize;

		if (pread(fd, &ph, sizeof(ph), at) == sizeof(ph) && ph.p_type == PT_INTERP)
			return;
	}
	die(EXIT_NOEXEC, "%s is linked statically, so it loads no library and cannot be changed",
	    path);
}

/* The program, or the interpreter of a script. */
static void check_program(const char *name)
{
	char path[PATH_MAX], line[PATH_MAX], *word;

	find_program(name, path, sizeof(path));
	for (int scripts = 0; scripts <= MAX_SCRIPTS; scripts++) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t len;

		if (fd < 0) {
			/* It may be executable all the same: then nothing can be told */
			if (errno == EACCES && !access(path, X_OK))
				return;
			die(EXIT_NOEXEC, "%s: %s", path, strerror(errno));
		}
		len = read(fd, line, sizeof(line) - 1);
		if (len < 0)
			die(EXIT_NOEXEC, "%s: %s", path, strerror(errno));
		line[len] = '\0';
		if (len >= SELFMAG && !memcmp(line, ELFMAG, SELFMAG)) {
			check_rights(path, fd);
			check_elf(path, fd);
			close(fd);
			return;
		}
		close(fd);
		if (strncmp(line, "#!", 2)) {
			/* execvp() gives what the kernel does not know to the shell */
			snprintf(path, sizeof(path), "/bin/sh");
			continue;
		}
		line[strcspn(line, "\n")] = '\0';
		word = line + 2 + strspn(line + 2, " \t");
		word[strcspn(word, " \t")] = '\0';
		snprintf(path, sizeof(path), "%s", word);
	}
}

static void add_library(const char *library)
{
	const char *others = getenv("LD_PRELOAD");
	char *all;

	if (asprintf(&all, "%s%s%s", library, others && *others ? ":" : "",
		     others ? others : "") < 0 || setenv("LD_PRELOAD", all, 1))
		die(EXIT_OWN, "%s", strerror(ENOMEM));
	free(all);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "type", required_argument, NULL, 't' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	const char *type = "rdm";
	char library[PATH_MAX];
	bool verbose = false;
	int c;

	while ((c = getopt_long(argc, argv, "+t:vh", options, NULL)) != -1) {
		switch (c) {
		case 't':
			type = optarg;
			if (strcmp(type, "rdm") && strcmp(type, "seqpacket"))
				die(EXIT_OWN, "type %s: it is rdm or seqpacket", type);
			break;
		case 'v':
			verbose = true;
			break;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return EXIT_OWN;
		}
	}
	if (optind == argc) {
		fputs("withrdm: no program to run\n", stderr);
		usage(stderr);
		return EXIT_OWN;
	}
	argv += optind;

	check_program(*argv);
	find_library(library, sizeof(library));
	check_kernel(strcmp(type, "rdm") ? SOCK_SEQPACKET : SOCK_RDM);
	add_library(library);
	if (setenv(ENV_TYPE, type, 1) ||
	    (verbose ? setenv(ENV_VERBOSE, "1", 1) : unsetenv(ENV_VERBOSE)))
		die(EXIT_OWN, "%s", strerror(errno));
	execvp(*argv, argv);
	die(errno == ENOENT ? EXIT_NOTFOUND : EXIT_NOEXEC, "%s: %s", *argv, strerror(errno));
}
