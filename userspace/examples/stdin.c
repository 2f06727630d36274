// SPDX-License-Identifier: GPL-2.0
/*
 * Be told by SIGIO of what is typed, and print it; ends with the input.
 *
 * usage: stdin		at a terminal, Ctrl-D ends it
 *
 * After the book's listing 9.2. Its handler reads, which may block there, and
 * prints, which is not safe there, while main() spins. Here the handler does
 * nothing: that it was called ends main()'s sleep.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static void wake_main(int signo)
{
}

/* Print what there is; false at the end of the input. */
static int print_input(void)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	char bytes[100];
	ssize_t n;

	/* O_NONBLOCK would do, too, but stay behind for the shell. */
	while (poll(&input, 1, 0) > 0) {
		n = read(STDIN_FILENO, bytes, sizeof(bytes));
		if (n < 0)
			err(1, "read");
		if (n == 0)
			return 0;
		printf("stdin: input available: %.*s", (int)n, bytes);
	}
	return 1;
}

int main(void)
{
	struct sigaction action = { .sa_handler = wake_main };
	int flags = fcntl(STDIN_FILENO, F_GETFL);
	sigset_t sigio, before;

	setlinebuf(stdout);
	sigemptyset(&sigio);
	sigaddset(&sigio, SIGIO);
	if (sigprocmask(SIG_BLOCK, &sigio, &before) ||
	    sigaction(SIGIO, &action, NULL) ||
	    fcntl(STDIN_FILENO, F_SETOWN, getpid()) ||
	    fcntl(STDIN_FILENO, F_SETFL, flags | O_ASYNC))
		err(1, "cannot ask for SIGIO");
	printf("stdin: process %d asks for SIGIO on its input\n", getpid());

	/* What was there before we asked sends no signal. */
	while (print_input()) {
		sigsuspend(&before);
		printf("stdin: signal %d\n", SIGIO);
	}
	printf("stdin: end of input\n");
	fcntl(STDIN_FILENO, F_SETFL, flags);
	return 0;
}
