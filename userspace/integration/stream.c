// SPDX-License-Identifier: GPL-2.0
/*
 * Reading and writing. Buggy results would be a call that blocks although it
 * was told not to, or does not although it should, a signal that costs a byte,
 * a torn record, or segments in the wrong order.
 */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <sys/uio.h>
#include "kselftest_harness.h"
#include "common.h"

#define SIZE	4096
#define ATOMIC	512

FIXTURE(stream) {
	int fd;
};

FIXTURE_SETUP(stream)
{
	device_drain();
	self->fd = device_open(O_RDWR);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(stream)
{
	close(self->fd);
}

static void on_signal(int sig)
{
}

static void catch_signal(int flags)
{
	struct sigaction action = {
		.sa_handler = on_signal, .sa_flags = flags,
	};

	sigaction(SIGUSR1, &action, NULL);
}

/* Test that count 0 returns 0 at once, though a byte would block (R1). */
TEST_F(stream, zero)
{
	char bytes[SIZE] = "";

	EXPECT_EQ(0, read(self->fd, bytes, 0));
	ASSERT_EQ(SIZE, write(self->fd, bytes, SIZE));
	EXPECT_EQ(0, write(self->fd, bytes, 0));
}

/* Test that O_NONBLOCK and RWF_NOWAIT make EAGAIN of empty and full (R2). */
TEST_F(stream, nowait)
{
	char bytes[SIZE] = "";
	struct iovec iov = { bytes, 1 };
	int fd = device_open(O_RDWR | O_NONBLOCK);

	EXPECT_EQ(-1, read(fd, bytes, 1));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(-1, preadv2(self->fd, &iov, 1, -1, RWF_NOWAIT));
	EXPECT_EQ(EAGAIN, errno);
	ASSERT_EQ(SIZE, write(fd, bytes, SIZE));
	EXPECT_EQ(-1, write(fd, bytes, 1));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(-1, pwritev2(self->fd, &iov, 1, -1, RWF_NOWAIT));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(1, preadv2(self->fd, &iov, 1, -1, RWF_NOWAIT));
	close(fd);
}

/* Test that an O_NONBLOCK that comes by fcntl() counts, too (R2). */
TEST_F(stream, nonblock_later)
{
	char byte;

	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-1, read(self->fd, &byte, 1));
	EXPECT_EQ(EAGAIN, errno);
}

/* Test that a read blocks until another process writes (R2). */
TEST_F(stream, blocks)
{
	pid_t parent = getpid();
	char bytes[8] = "";
	pid_t child = fork();

	if (!child) {
		wait_asleep(parent);
		_exit(write(self->fd, "late", 4) != 4);
	}
	EXPECT_EQ(4, read(self->fd, bytes, sizeof(bytes)));
	EXPECT_STREQ("late", bytes);
	waitpid(child, NULL, 0);
}

/* Test that a signal ends a blocked read with EINTR (W3). */
TEST_F(stream, interrupted)
{
	pid_t parent = getpid();
	pid_t child;
	char byte;

	catch_signal(0);
	child = fork();
	if (!child) {
		wait_asleep(parent);
		_exit(kill(parent, SIGUSR1));
	}
	EXPECT_EQ(-1, read(self->fd, &byte, 1));
	EXPECT_EQ(EINTR, errno);
	waitpid(child, NULL, 0);
}

/* Test that under SA_RESTART the read goes on, and loses nothing (W3). */
TEST_F(stream, restarted)
{
	pid_t parent = getpid();
	char bytes[8] = "";
	pid_t child;

	catch_signal(SA_RESTART);
	child = fork();
	if (!child) {
		wait_asleep(parent);
		kill(parent, SIGUSR1);
		wait_asleep(parent);
		_exit(write(self->fd, "more", 4) != 4);
	}
	EXPECT_EQ(4, read(self->fd, bytes, sizeof(bytes)));
	EXPECT_STREQ("more", bytes);
	waitpid(child, NULL, 0);
}

/* Test that a blocked write dies by SIGKILL, and leaves no byte (W3). */
TEST_F(stream, killed)
{
	char bytes[SIZE] = "";
	pid_t child;
	int status;

	ASSERT_EQ(SIZE, write(self->fd, bytes, SIZE));
	child = fork();
	if (!child) {
		write(self->fd, "never", 5);
		_exit(0);
	}
	ASSERT_EQ(0, wait_asleep(child));
	kill(child, SIGKILL);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(SIZE, read(self->fd, bytes, SIZE));
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-1, read(self->fd, bytes, 1));
}

/* Test that vectors keep the order of their segments, across the wrap (R3). */
TEST_F(stream, vectors)
{
	char filler[SIZE - 3] = "";
	char a[2], b[4], c[9] = "";
	struct iovec out[] = {
		{ (void *)"ab", 2 }, { (void *)"cdef", 4 }, { (void *)"gh", 2 },
	};
	struct iovec in[] = { { a, 2 }, { NULL, 0 }, { b, 4 }, { c, 8 } };

	ASSERT_EQ(sizeof(filler), write(self->fd, filler, sizeof(filler)));
	ASSERT_EQ(sizeof(filler), read(self->fd, filler, sizeof(filler)));
	EXPECT_EQ(8, writev(self->fd, out, 3));
	EXPECT_EQ(8, readv(self->fd, in, 4));
	EXPECT_EQ(0, memcmp(a, "ab", 2));
	EXPECT_EQ(0, memcmp(b, "cdef", 4));
	EXPECT_STREQ("gh", c);
}

/* Test that real memory that ends stops a read before it, byte by byte (W2). */
TEST_F(stream, bad_address)
{
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *end = page + 4096;
	int i;

	ASSERT_NE(MAP_FAILED, page);
	ASSERT_EQ(0, munmap(end, 4096));
	ASSERT_EQ(4, write(self->fd, "abcd", 4));
	EXPECT_EQ(-1, read(self->fd, end, 4));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(3, read(self->fd, end - 3, 4));
	EXPECT_EQ(0, memcmp(end - 3, "abc", 3));
	EXPECT_EQ(-1, write(self->fd, end - 3, 4));
	EXPECT_EQ(EFAULT, errno);
	for (i = 0; i < ATOMIC; i += 73) {
		EXPECT_EQ(-1, write(self->fd, end - i, 1000));
		EXPECT_EQ(EFAULT, errno);
	}
	EXPECT_EQ(ATOMIC + 1, write(self->fd, end - ATOMIC - 1, 1000));
	EXPECT_EQ(ATOMIC + 2, read(self->fd, page, 4096));
	EXPECT_EQ('d', *page);
}

TEST_HARNESS_MAIN
