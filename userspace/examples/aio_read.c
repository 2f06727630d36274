// SPDX-License-Identifier: GPL-2.0
/*
 * Ask for a read, go on, and be told by a signal when it is done.
 *
 * usage: aio_read [DEVICE]
 *
 * After the book's listing 9.12, which asks aio_error() over and over. The
 * request can name a signal instead, for which to sleep. It is glibc that does
 * this: a thread of its own waits in read().
 */
#include <aio.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
	const char *device = getenv("DEVICE") ?: "/dev/globalfifo";
	char bytes[4096];
	struct aiocb request = {
		.aio_buf = bytes,
		.aio_nbytes = sizeof(bytes),
		.aio_sigevent = {
			.sigev_notify = SIGEV_SIGNAL,
			.sigev_signo = SIGUSR1,
		},
	};
	sigset_t set;
	ssize_t n;

	setlinebuf(stdout);
	if (argc > 1)
		device = argv[1];
	request.aio_fildes = open(device, O_RDONLY);
	if (request.aio_fildes < 0)
		err(1, "%s", device);

	/* Blocked, a signal that comes before we wait for it is kept. */
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);

	if (aio_read(&request))
		err(1, "aio_read");
	printf("aio_read: asked for %zu bytes: %s\n", request.aio_nbytes,
	       strerror(aio_error(&request)));

	/* Here the program is free to do other work. */
	while (sigwaitinfo(&set, NULL) != SIGUSR1 ||
	       aio_error(&request) == EINPROGRESS)
		;

	errno = aio_error(&request);
	n = aio_return(&request);
	if (n < 0)
		err(1, "the read");
	printf("aio_read: signal %d, the read returned %zd: %.*s\n", SIGUSR1, n,
	       (int)n, bytes);
	return 0;
}
