// SPDX-License-Identifier: GPL-2.0
/*
 * A read by the kernel's own asynchronous I/O, with libaio and O_DIRECT.
 *
 * usage: aior [DEVICE]		or any file: the first 4096 bytes of it
 *
 * After the book's listing 9.15. libaio's functions return the error and leave
 * errno alone; so does an event, in res, which that listing does not look at.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <libaio.h>
#include <stdio.h>
#include <stdlib.h>

#define SIZE	4096

static long check(long ret, const char *what)
{
	if (ret < 0) {
		errno = -ret;
		err(1, "%s", what);
	}
	return ret;
}

int main(int argc, char **argv)
{
	const char *path = getenv("DEVICE") ?: "/dev/globalfifo";
	io_context_t context = NULL;
	struct io_event event;
	struct iocb request;
	struct iocb *list[] = { &request };
	void *bytes;
	long n;
	int fd;

	setlinebuf(stdout);
	if (argc > 1)
		path = argv[1];
	fd = open(path, O_RDONLY | O_DIRECT);
	if (fd < 0)
		err(1, "%s", path);
	/* For a file on a disk, O_DIRECT wants memory like this. */
	bytes = aligned_alloc(SIZE, SIZE);
	if (!bytes)
		err(1, "aligned_alloc");

	check(io_setup(1, &context), "io_setup");
	io_prep_pread(&request, fd, bytes, SIZE, 0);
	printf("aior: io_submit took %ld request\n",
	       check(io_submit(context, 1, list), "io_submit"));

	/* Here the program is free to do other work. */
	do {
		n = io_getevents(context, 1, 1, &event, NULL);
	} while (n == -EINTR);
	check(n, "io_getevents");
	n = check((long)event.res, "the read");
	printf("aior: its event says %ld: %.*s\n", n, (int)n, (char *)bytes);

	check(io_destroy(context), "io_destroy");
	free(bytes);
	return 0;
}
