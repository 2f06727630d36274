// SPDX-License-Identifier: GPL-2.0
/*
 * What programs see of the device: real processes, signals and addresses. Buggy
 * results would be a message that two readers get or none, a reader who sleeps on
 * although there is one, or one that no signal ends.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#include "kselftest_harness.h"

#ifdef TIMEOUT
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	TIMEOUT
#endif

static int device_open(int flags)
{
	return open(getenv("DEVICE") ?: "/dev/mailbox", flags | O_CLOEXEC);
}

/*
 * Wait until a process sleeps in a call that a signal can end; -1 if it has ended
 * instead.
 */
static int wait_asleep(pid_t pid)
{
	const struct timespec tick = { .tv_nsec = 1000000 };
	char path[64], state = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	while (state != 'S' && state != 'Z') {
		nanosleep(&tick, NULL);
		file = fopen(path, "re");
		if (!file)
			return -1;
		if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
			state = 'Z';
		fclose(file);
	}
	return state == 'S' ? 0 : -1;
}

static void nothing(int sig)
{
}

FIXTURE(box) {
	int fd;
	char bytes[8192];
};

FIXTURE_SETUP(box)
{
	self->fd = device_open(O_RDWR | O_NONBLOCK);
	ASSERT_LE(0, self->fd);
	while (read(self->fd, self->bytes, 1) > 0)
		;
}

FIXTURE_TEARDOWN(box)
{
	close(self->fd);
}

/* Test the node's rights, that there is no position, and what outlives it (D1). */
TEST_F(box, node)
{
	struct stat st;

	ASSERT_EQ(0, fstat(self->fd, &st));
	EXPECT_TRUE(S_ISCHR(st.st_mode));
	EXPECT_EQ(0600, st.st_mode & 07777);
	EXPECT_EQ(-1, lseek(self->fd, 0, SEEK_CUR));
	EXPECT_EQ(ESPIPE, errno);
	EXPECT_EQ(-1, pread(self->fd, self->bytes, 1, 0));
	EXPECT_EQ(ESPIPE, errno);
	ASSERT_EQ(5, write(self->fd, "hello", 5));
	close(self->fd);
	self->fd = device_open(O_RDONLY | O_NONBLOCK);
	EXPECT_EQ(5, read(self->fd, self->bytes, 8));
}

/* Test that the last message is read, once, however it is laid out (W1, R1). */
TEST_F(box, one_message)
{
	struct iovec parts[] = { { self->bytes, 2 }, { self->bytes + 4, 4 } };

	ASSERT_EQ(3, write(self->fd, "old", 3));
	ASSERT_EQ(5, write(self->fd, "hello", 5));
	EXPECT_EQ(5, readv(self->fd, parts, 2));
	EXPECT_EQ(0, memcmp(self->bytes, "he", 2));
	EXPECT_EQ(0, memcmp(self->bytes + 4, "llo", 3));
	EXPECT_EQ(-1, read(self->fd, self->bytes, 8));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(-1, write(self->fd, self->bytes, 4097));
	EXPECT_EQ(EMSGSIZE, errno);
}

/* Test that what does not fit into the buffer is lost (R1). */
TEST_F(box, cut)
{
	ASSERT_EQ(5, write(self->fd, "hello", 5));
	EXPECT_EQ(0, read(self->fd, self->bytes, 0));
	EXPECT_EQ(2, read(self->fd, self->bytes, 2));
	EXPECT_EQ(0, memcmp(self->bytes, "he", 2));
	EXPECT_EQ(-1, read(self->fd, self->bytes, 8));
	EXPECT_EQ(EAGAIN, errno);
}

/* Test that a reader sleeps until somebody writes (R2). */
TEST_F(box, sleeps)
{
	pid_t reader = fork();
	int status = -1;

	if (!reader) {
		int fd = device_open(O_RDONLY);

		_exit(read(fd, self->bytes, 8) == 5 ? 0 : 1);
	}
	ASSERT_EQ(0, wait_asleep(reader));
	ASSERT_EQ(5, write(self->fd, "hello", 5));
	ASSERT_EQ(reader, waitpid(reader, &status, 0));
	EXPECT_EQ(0, status);
}

/* Test that a signal ends the wait (R2). */
TEST_F(box, interrupted)
{
	const struct sigaction action = { .sa_handler = nothing };
	int status = -1;
	pid_t reader;

	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	reader = fork();
	if (!reader) {
		int fd = device_open(O_RDONLY);

		_exit(read(fd, self->bytes, 8) == -1 && errno == EINTR ? 0 : 1);
	}
	ASSERT_EQ(0, wait_asleep(reader));
	ASSERT_EQ(0, kill(reader, SIGUSR1));
	ASSERT_EQ(reader, waitpid(reader, &status, 0));
	EXPECT_EQ(0, status);
}

/* Test that a bad address is EFAULT, and that the message is still there (E1). */
TEST_F(box, bad_address)
{
	void *bad = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_EQ(5, write(self->fd, "hello", 5));
	EXPECT_EQ(-1, write(self->fd, bad, 5));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, read(self->fd, bad, 5));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(5, read(self->fd, self->bytes, 8));
}

/* Test what poll says before a message and after (P1). */
TEST_F(box, poll)
{
	struct pollfd waiting = { .fd = self->fd, .events = POLLIN | POLLOUT };

	EXPECT_EQ(1, poll(&waiting, 1, 0));
	EXPECT_EQ(POLLOUT, waiting.revents);
	ASSERT_EQ(5, write(self->fd, "hello", 5));
	EXPECT_EQ(1, poll(&waiting, 1, 0));
	EXPECT_EQ(POLLIN | POLLOUT, waiting.revents);
	EXPECT_EQ(5, read(self->fd, self->bytes, 8));
}

TEST_HARNESS_MAIN
