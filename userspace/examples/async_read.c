// SPDX-License-Identifier: GPL-2.0
/*
 * Reads of an empty FIFO that wait in the driver while the program does other
 * work: one ends in a callback, one is announced by an eventfd, one is cancelled.
 *
 * usage: async_read [DEVICE]
 *
 * What the book's section 9.4 leads up to. Of a file on a disk such a request
 * waits for the disk, of most character devices for nothing at all: there
 * io_submit() sleeps until the bytes are there.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <libaio.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static io_context_t context;
static char bytes[4096];
static bool done;

static long check(long ret, const char *what)
{
	if (ret < 0) {
		errno = -ret;
		err(1, "%s", what);
	}
	return ret;
}

/* What io_queue_run() calls for a request that has ended. */
static void on_end(io_context_t ctx, struct iocb *request, long n, long unused)
{
	if (n < 0)
		printf("async_read: the read failed: %s\n", strerror(-n));
	else
		printf("async_read: the read returned %ld: %.*s\n", n, (int)n,
		       bytes);
	done = true;
}

/* Ask for a read; @event, if there is one, counts when it has ended. */
static void submit(struct iocb *request, int fd, int event)
{
	io_prep_pread(request, fd, bytes, sizeof(bytes), 0);
	io_set_callback(request, on_end);
	if (event >= 0)
		io_set_eventfd(request, event);
	done = false;
	check(io_submit(context, 1, &request), "io_submit");
	printf("async_read: asked for a read, and goes on\n");
}

int main(int argc, char **argv)
{
	const char *path = argc > 1 ? argv[1] : "/dev/globalfifo";
	int fd = open(path, O_RDONLY);
	int event = eventfd(0, 0);
	struct io_event unused;
	struct iocb request;
	eventfd_t count;

	setlinebuf(stdout);
	if (fd < 0 || event < 0)
		err(1, "%s", path);
	check(io_setup(1, &context), "io_setup");

	submit(&request, fd, -1);
	while (!done) {
		usleep(1000);	/* other work, and now and then a look */
		check(io_queue_run(context), "io_queue_run");
	}

	/* The eventfd can stand in any poll, next to other files. */
	submit(&request, fd, event);
	if (eventfd_read(event, &count))
		err(1, "eventfd");
	printf("async_read: the eventfd says that %d has ended\n", (int)count);
	check(io_queue_run(context), "io_queue_run");

	/* EINPROGRESS is success: that it was cancelled comes as its result. */
	submit(&request, fd, -1);
	if (io_cancel(context, &request, &unused) != -EINPROGRESS)
		errx(1, "too late to cancel it");
	while (!done)
		check(io_queue_run(context), "io_queue_run");
	return 0;
}
