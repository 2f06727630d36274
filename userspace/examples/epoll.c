// SPDX-License-Identifier: GPL-2.0
/*
 * A loop that sleeps in epoll for a device and for signals, which are both
 * files to it.
 *
 * usage: epoll [DEVICE]	ends with SIGINT or SIGTERM
 *
 * Not in the book, but its section 9.1 has poll(): this is how a program with
 * many files sleeps today.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

static void add(int loop, int fd, const char *name)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	if (fd < 0 || epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event))
		err(1, "%s", name);
}

/* Nothing to read is no error: another reader may have been faster. */
static void print_bytes(int fd)
{
	char bytes[4096];
	ssize_t n = read(fd, bytes, sizeof(bytes));

	if (n < 0 && errno != EAGAIN)
		err(1, "read");
	if (n > 0)
		printf("epoll: EPOLLIN, %zd bytes: %.*s\n", n, (int)n, bytes);
}

int main(int argc, char **argv)
{
	const char *device = getenv("DEVICE") ?: "/dev/globalfifo";
	int loop = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event;
	int fd, signals, n;
	sigset_t set;

	setlinebuf(stdout);
	if (argc > 1)
		device = argv[1];
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signals = signalfd(-1, &set, SFD_CLOEXEC);
	fd = open(device, O_RDONLY | O_NONBLOCK);
	add(loop, signals, "signalfd");
	add(loop, fd, device);
	printf("epoll: process %d waits for %s\n", getpid(), device);

	do {
		n = epoll_wait(loop, &event, 1, -1);
		if (n < 0 && errno != EINTR)
			err(1, "epoll_wait");
		if (n > 0 && event.data.fd == fd)
			print_bytes(fd);
	} while (n < 0 || event.data.fd != signals);
	printf("epoll: told to end\n");
	return 0;
}
