// SPDX-License-Identifier: GPL-2.0
/*
 * Be told by SIGIO when a device has something to read, and read it.
 *
 * usage: monitor [DEVICE [SIGNALS]]	ends after that many signals, or with 1
 *					if one does not come within 10 s
 *
 * After the book's listing 9.11. Its handler prints from within the signal,
 * which is not safe, and learns no more than the signal's number; this one
 * waits for the signal with sigtimedwait() and asks for the siginfo.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void ask_for_sigio(int fd)
{
	/* 1. Who is told. 2. With which signal, and a siginfo. 3. From now on. */
	if (fcntl(fd, F_SETOWN, getpid()) ||
	    fcntl(fd, F_SETSIG, SIGIO) ||
	    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_ASYNC))
		err(1, "fcntl");
}

static void print_event(const siginfo_t *info)
{
	char bytes[4096];
	ssize_t n = read(info->si_fd, bytes, sizeof(bytes));

	if (n < 0)
		err(1, "read");
	printf("monitor: signal %d (%s), band %#lx%s%s, descriptor %d, %zd bytes: %.*s\n",
	       info->si_signo, strsignal(info->si_signo), info->si_band,
	       info->si_band & POLLIN ? " POLLIN" : "",
	       info->si_band & POLLRDNORM ? " POLLRDNORM" : "",
	       info->si_fd, n, (int)n, bytes);
}

int main(int argc, char **argv)
{
	const char *device = getenv("DEVICE") ?: "/dev/globalfifo";
	int left = argc > 2 ? atoi(argv[2]) : -1;
	struct timespec limit = { .tv_sec = 10 };
	siginfo_t info;
	sigset_t set;
	int fd;

	if (argc > 1)
		device = argv[1];
	setvbuf(stdout, NULL, _IOLBF, 0);

	/* Blocked, a signal that comes before we wait for it is kept. */
	sigemptyset(&set);
	sigaddset(&set, SIGIO);
	sigprocmask(SIG_BLOCK, &set, NULL);

	fd = open(device, O_RDONLY | O_NONBLOCK);
	if (fd < 0)
		err(1, "%s", device);
	ask_for_sigio(fd);
	printf("monitor: process %d asks for SIGIO on %s, descriptor %d\n",
	       getpid(), device, fd);

	for (; left != 0; left--) {
		if (sigtimedwait(&set, &info, left < 0 ? NULL : &limit) < 0)
			err(1, "no signal");
		print_event(&info);
	}
	return 0;
}
