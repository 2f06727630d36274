// SPDX-License-Identifier: GPL-2.0
/*
 * One call for several transfers: a read, and the write that it waits for.
 *
 * usage: lio_listio [DEVICE]
 *
 * After the book's listing 9.14. LIO_WAIT sleeps until all are done, and fails
 * with EIO if any of them did. The list may have holes.
 */
#include <aio.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	const char *device = getenv("DEVICE") ?: "/dev/globalfifo";
	char hello[] = "hello";
	char bytes[4096];
	struct aiocb take = {
		.aio_lio_opcode = LIO_READ,
		.aio_buf = bytes,
		.aio_nbytes = sizeof(bytes),
	};
	struct aiocb give = {
		.aio_lio_opcode = LIO_WRITE,
		.aio_buf = hello,
		.aio_nbytes = sizeof(hello) - 1,
	};
	struct aiocb *list[3] = { &take, NULL, &give };
	ssize_t n;

	if (argc > 1)
		device = argv[1];
	/*
	 * glibc serves one request of a descriptor at a time: on the same one
	 * the write would wait for the read, and the read for the write.
	 */
	take.aio_fildes = open(device, O_RDONLY);
	give.aio_fildes = open(device, O_WRONLY);
	if (take.aio_fildes < 0 || give.aio_fildes < 0)
		err(1, "%s", device);

	if (lio_listio(LIO_WAIT, list, 3, NULL))
		err(1, "lio_listio");
	n = aio_return(&take);
	printf("lio_listio: the write returned %zd\n", aio_return(&give));
	printf("lio_listio: the read returned %zd: %.*s\n", n, (int)n, bytes);
	return 0;
}
