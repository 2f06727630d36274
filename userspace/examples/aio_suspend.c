// SPDX-License-Identifier: GPL-2.0
/*
 * Ask for two reads, and sleep until one or the other is done.
 *
 * usage: aio_suspend [DEVICE]
 *
 * After the book's listing 9.13. What aio_suspend() does not say is which one
 * is done: aio_error() does. Its list may have holes, so a request that is done
 * is taken out of it.
 */
#include <aio.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#define READS	2

static struct aiocb request[READS];
static char bytes[READS][4096];

static void ask(int i, const char *device)
{
	/* glibc serves one request of a descriptor at a time: take two. */
	request[i].aio_fildes = open(device, O_RDONLY);
	request[i].aio_buf = bytes[i];
	request[i].aio_nbytes = sizeof(bytes[i]);
	if (request[i].aio_fildes < 0)
		err(1, "%s", device);
	if (aio_read(&request[i]))
		err(1, "aio_read");
}

static void print_result(int i, int left)
{
	ssize_t n;

	errno = aio_error(&request[i]);
	n = aio_return(&request[i]);
	if (n < 0)
		err(1, "read %d", i);
	printf("aio_suspend: a read returned %zd, %d in progress: %.*s\n", n,
	       left, (int)n, bytes[i]);
}

int main(int argc, char **argv)
{
	const char *device = getenv("DEVICE") ?: "/dev/globalfifo";
	const struct aiocb *list[READS];
	int left = READS;
	int i;

	setlinebuf(stdout);
	for (i = 0; i < READS; i++) {
		ask(i, argc > 1 ? argv[1] : device);
		list[i] = &request[i];
	}
	printf("aio_suspend: %d reads in progress\n", left);

	while (left > 0) {
		if (aio_suspend(list, READS, NULL) && errno != EINTR)
			err(1, "aio_suspend");
		for (i = 0; i < READS; i++) {
			if (!list[i] || aio_error(list[i]) == EINPROGRESS)
				continue;
			list[i] = NULL;
			print_result(i, --left);
		}
	}
	return 0;
}
