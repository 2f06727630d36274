// SPDX-License-Identifier: GPL-2.0
/*
 * Wait for messages, and show them.
 *
 * usage: wait DEVICE MESSAGES	ends after that many messages, or with 1 if one
 *				does not come within 10 s
 */
#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct pollfd waiting = { .events = POLLIN };
	char bytes[4096];
	ssize_t n;
	int left;

	if (argc != 3)
		errx(1, "usage: wait DEVICE MESSAGES");
	setvbuf(stdout, NULL, _IOLBF, 0);
	waiting.fd = open(argv[1], O_RDONLY | O_NONBLOCK);
	if (waiting.fd < 0)
		err(1, "%s", argv[1]);
	printf("wait: process %d waits for %s\n", getpid(), argv[1]);
	for (left = atoi(argv[2]); left > 0; left--) {
		if (poll(&waiting, 1, 10000) != 1)
			errx(1, "no message");
		n = read(waiting.fd, bytes, sizeof(bytes));
		if (n < 0)
			err(1, "read");
		printf("wait: a message of %zd bytes: %.*s\n", n, (int)n, bytes);
	}
	return 0;
}
