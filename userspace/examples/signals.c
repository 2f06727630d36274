// SPDX-License-Identifier: GPL-2.0
/*
 * Catch SIGINT, which Ctrl-C sends, or SIGTERM, which kill sends; say which.
 *
 * usage: signals
 *
 * After the book's listing 9.1. Its handler calls printf() and exit(), neither
 * of them safe if the signal came in the middle of another printf(), and its
 * main() spins. Here the handler only leaves a note; main() sleeps until there
 * is one, then does the rest where everything is safe.
 */
#include <err.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static atomic_int caught;

static void leave_note(int signo)
{
	caught = signo;
}

int main(void)
{
	struct sigaction action = { .sa_handler = leave_note };
	sigset_t before;

	setlinebuf(stdout);

	/*
	 * Both wait while a handler runs, and until main() asks for them: or one
	 * could come after main() looked for a note and before it sleeps.
	 */
	sigemptyset(&action.sa_mask);
	sigaddset(&action.sa_mask, SIGINT);
	sigaddset(&action.sa_mask, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &action.sa_mask, &before) ||
	    sigaction(SIGINT, &action, NULL) ||
	    sigaction(SIGTERM, &action, NULL))
		err(1, "cannot catch signals");
	printf("signals: process %d waits for SIGINT or SIGTERM\n", getpid());

	/* Lets them in and sleeps, in one step. */
	while (!caught)
		sigsuspend(&before);
	printf("signals: caught signal %d (%s)\n", caught, strsignal(caught));
	return 0;
}
