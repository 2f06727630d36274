// SPDX-License-Identifier: GPL-2.0
/*
 * Be told by one signal of two devices, and know which of them it was.
 *
 * usage: two_devices [DEVICE [DEVICE2]]	ends with SIGINT or SIGTERM
 *
 * What LDD3 6.4 misses: SIGIO alone does not tell which file has input. With
 * F_SETSIG and a real-time signal each event is queued, and its siginfo has the
 * descriptor.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int open_and_ask(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK);

	if (fd < 0 || fcntl(fd, F_SETOWN, getpid()) ||
	    fcntl(fd, F_SETSIG, SIGRTMIN) ||
	    fcntl(fd, F_SETFL, O_NONBLOCK | O_ASYNC))
		err(1, "%s", path);
	printf("two_devices: descriptor %d is %s\n", fd, path);
	return fd;
}

/* Nothing to read is no error: an earlier signal's read may have had it. */
static void print_bytes(int signo, int fd)
{
	char bytes[4096];
	ssize_t n = read(fd, bytes, sizeof(bytes));

	if (n > 0)
		printf("two_devices: signal %d, descriptor %d, %zd bytes: %.*s\n",
		       signo, fd, n, (int)n, bytes);
}

int main(int argc, char **argv)
{
	const char *device = getenv("DEVICE") ?: "/dev/globalfifo";
	int fd, fd2, signo = 0;
	siginfo_t info;
	sigset_t set;
	char *device2;

	setlinebuf(stdout);
	if (argc > 1)
		device = argv[1];
	if (asprintf(&device2, "%s1", device) < 0)
		err(1, "asprintf");

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigaddset(&set, SIGIO);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = open_and_ask(device);
	fd2 = open_and_ask(argc > 2 ? argv[2] : device2);

	while (signo != SIGINT && signo != SIGTERM) {
		signo = sigwaitinfo(&set, &info);
		if (signo == SIGRTMIN) {
			print_bytes(signo, info.si_fd);
		} else if (signo == SIGIO) {
			/* The queue is full, so it may be either. */
			print_bytes(signo, fd);
			print_bytes(signo, fd2);
		}
	}
	return 0;
}
