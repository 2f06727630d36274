// SPDX-License-Identifier: GPL-2.0
/*
 * Copy standard input to standard output when SIGIO tells that there is some.
 *
 * usage: asynctest <DEVICE		ends with SIGINT or SIGTERM
 *
 * After LDD3's asynctest, section 6.4.2. That one sleeps for a day and counts
 * on a signal to end it, which may come right before; it reads once a signal,
 * at most 4096 bytes, and leaves what is more. This one keeps signals until it
 * asks for them, and reads until nothing is left.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static void copy_input(void)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	char bytes[4096];
	ssize_t n;

	while (poll(&input, 1, 0) > 0) {
		n = read(STDIN_FILENO, bytes, sizeof(bytes));
		if (n < 0)
			err(1, "read");
		if (n == 0)
			return;
		if (fwrite(bytes, 1, n, stdout) != n || fflush(stdout))
			err(1, "write");
	}
}

int main(void)
{
	int flags = fcntl(STDIN_FILENO, F_GETFL);
	int signo = 0;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGIO);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &set, NULL) ||
	    fcntl(STDIN_FILENO, F_SETOWN, getpid()) ||
	    fcntl(STDIN_FILENO, F_SETFL, flags | O_ASYNC))
		err(1, "cannot ask for SIGIO");
	fprintf(stderr, "asynctest: process %d copies when SIGIO comes\n",
		getpid());

	/* What was there before we asked sends no signal. */
	while (signo != SIGINT && signo != SIGTERM) {
		copy_input();
		signo = sigwaitinfo(&set, NULL);
	}

	fcntl(STDIN_FILENO, F_SETFL, flags);
	return 0;
}
