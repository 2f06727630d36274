// SPDX-License-Identifier: GPL-2.0
/*
 * A loop on an io_uring that has a read of a device and a read of signals.
 *
 * usage: uring [DEVICE]	ends with SIGINT or SIGTERM
 *
 * Not in the book: what came after the asynchronous I/O of its section 9.4. It
 * takes any file, and one system call both asks and waits.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

static struct io_uring ring;

/* The answer will have the descriptor with it. There is no position: -1. */
static void ask_for_read(int fd, void *bytes, size_t size)
{
	struct io_uring_sqe *request = io_uring_get_sqe(&ring);

	io_uring_prep_read(request, fd, bytes, size, -1);
	io_uring_sqe_set_data64(request, fd);
}

static int check(int ret, const char *what)
{
	if (ret < 0) {
		errno = -ret;
		err(1, "%s", what);
	}
	return ret;
}

int main(int argc, char **argv)
{
	const char *device = getenv("DEVICE") ?: "/dev/globalfifo";
	static struct signalfd_siginfo info;
	struct io_uring_cqe *answer;
	static char bytes[4096];
	sigset_t set;
	int fd, n;

	setlinebuf(stdout);
	fd = open(argc > 1 ? argv[1] : device, O_RDONLY);
	if (fd < 0)
		err(1, "cannot open the device");
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);

	check(io_uring_queue_init(2, &ring, 0), "io_uring_queue_init");
	ask_for_read(signalfd(-1, &set, SFD_CLOEXEC), &info, sizeof(info));
	ask_for_read(fd, bytes, sizeof(bytes));
	printf("uring: process %d waits for the device\n", getpid());

	for (;;) {
		/* Submits what was asked for, and sleeps. */
		n = io_uring_submit_and_wait(&ring, 1);
		if (n != -EINTR)
			check(n, "io_uring_enter");
		if (io_uring_peek_cqe(&ring, &answer))
			continue;
		n = check(answer->res, "a read");
		if (answer->user_data != fd)
			break;
		printf("uring: the read returned %d: %.*s\n", n, n, bytes);
		io_uring_cqe_seen(&ring, answer);
		ask_for_read(fd, bytes, sizeof(bytes));
	}
	printf("uring: signal %u\n", info.ssi_signo);
	io_uring_queue_exit(&ring);
	return 0;
}
