// SPDX-License-Identifier: GPL-2.0
/*
 * ioctl(2). Buggy results would be a writer who sleeps on in a FIFO that was
 * cleared, a byte lost by a new size, a size beyond one's rights, or a command
 * through a descriptor that is open for reading only.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <sys/ioctl.h>
#include "kselftest_harness.h"
#include "common.h"
#include "../../kernel/globalfifo.h"

FIXTURE(command) {
	int fd;
	__u32 size;
};

FIXTURE_SETUP(command)
{
	device_drain();
	self->fd = device_open(O_RDWR | O_NONBLOCK);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, ioctl(self->fd, GLOBALFIFO_GET_SIZE, &self->size));
}

FIXTURE_TEARDOWN(command)
{
	device_drain();
	EXPECT_EQ(0, ioctl(self->fd, GLOBALFIFO_SET_SIZE, &self->size));
	close(self->fd);
}

/* The size, once it has been set to @size, or errno negated. */
static long set_size(int fd, __u32 size)
{
	if (ioctl(fd, GLOBALFIFO_SET_SIZE, &size) ||
	    ioctl(fd, GLOBALFIFO_GET_SIZE, &size))
		return -errno;
	return size;
}

/* Test that FIONREAD says how many bytes a read would return (I1). */
TEST_F(command, fionread)
{
	EXPECT_EQ(0, held(self->fd));
	ASSERT_EQ(5, write(self->fd, "hello", 5));
	EXPECT_EQ(5, held(self->fd));
}

FIXTURE(clear) {
	int fd;
};

FIXTURE_VARIANT(clear) {
	unsigned long command;
};

FIXTURE_VARIANT_ADD(clear, by_name) {
	.command = GLOBALFIFO_CLEAR,
};

FIXTURE_VARIANT_ADD(clear, as_the_book) {
	.command = 0x1,
};

FIXTURE_SETUP(clear)
{
	device_drain();
	self->fd = device_open(O_RDWR | O_NONBLOCK);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(clear)
{
	close(self->fd);
}

/* Test that CLEAR empties the FIFO (I1). */
TEST_F(clear, empties)
{
	ASSERT_EQ(5, write(self->fd, "hello", 5));
	EXPECT_EQ(0, ioctl(self->fd, variant->command));
	EXPECT_EQ(0, held(self->fd));
	EXPECT_EQ(0, ioctl(self->fd, variant->command));
}

/* Test that CLEAR lets in a writer who waits for room (I1). */
TEST_F(clear, wakes_writer)
{
	char bytes[512] = "";
	pid_t child;
	int status, fd;

	while (write(self->fd, bytes, sizeof(bytes)) > 0)
		;
	child = fork();
	if (!child) {
		fd = device_open(O_WRONLY);
		_exit(write(fd, "x", 1) != 1);
	}
	ASSERT_EQ(0, wait_asleep(child));
	EXPECT_EQ(0, ioctl(self->fd, variant->command));
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(1, held(self->fd));
}

/*
 * Test that it takes a descriptor that is open for writing: not for reading,
 * and not for ioctls alone, as the access mode 3 has it (I1).
 */
TEST_F(clear, needs_writer)
{
	int reader = device_open(O_RDONLY);
	int neither = device_open(O_ACCMODE);

	ASSERT_LE(0, neither);
	ASSERT_EQ(5, write(self->fd, "hello", 5));
	EXPECT_EQ(-1, ioctl(reader, variant->command));
	EXPECT_EQ(EBADF, errno);
	EXPECT_EQ(-1, ioctl(neither, variant->command));
	EXPECT_EQ(EBADF, errno);
	EXPECT_EQ(5, held(neither));
	close(reader);
	close(neither);
}

/* Test which sizes there are: powers of two, within limits (I1). */
TEST_F(command, sizes)
{
	EXPECT_EQ(1024, set_size(self->fd, 1024));
	EXPECT_EQ(2048, set_size(self->fd, 1025));
	EXPECT_EQ(-EINVAL, set_size(self->fd, 1023));
	EXPECT_EQ(-EINVAL, set_size(self->fd, 0));
	EXPECT_EQ(-EINVAL, set_size(self->fd, (16 << 20) + 1));
	EXPECT_EQ(-EINVAL, set_size(self->fd, -1));
	EXPECT_EQ(2048, set_size(self->fd, 2048));
}

/* Test that a new size keeps the bytes, and one too small is EBUSY (I1). */
TEST_F(command, keeps_bytes)
{
	char out[3000], in[3000];
	unsigned int i;

	for (i = 0; i < sizeof(out); i++)
		out[i] = i % 251;
	ASSERT_EQ(4096, set_size(self->fd, 4096));
	ASSERT_EQ(2000, write(self->fd, out, 2000));
	ASSERT_EQ(2000, read(self->fd, in, 2000));
	/* Around the end of the buffer. */
	ASSERT_EQ(3000, write(self->fd, out, 3000));
	EXPECT_EQ(-EBUSY, set_size(self->fd, 2048));
	EXPECT_EQ(16384, set_size(self->fd, 16384));
	EXPECT_EQ(4096, set_size(self->fd, 4096));
	EXPECT_EQ(3000, read(self->fd, in, 3000));
	EXPECT_EQ(0, memcmp(in, out, 3000));
}

/* Test that growth lets in a writer, and is an event for poll (I1, K3). */
TEST_F(command, growth)
{
	struct pollfd poller = { .fd = self->fd, .events = POLLOUT };
	char bytes[512] = "";
	int status, fd;
	pid_t child;

	while (write(self->fd, bytes, sizeof(bytes)) > 0)
		;
	EXPECT_EQ(0, poll(&poller, 1, 0));
	child = fork();
	if (!child) {
		fd = device_open(O_WRONLY);
		_exit(write(fd, "x", 1) != 1);
	}
	ASSERT_EQ(0, wait_asleep(child));
	EXPECT_EQ(2 * self->size, set_size(self->fd, 2 * self->size));
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(1, poll(&poller, 1, 0));
	EXPECT_EQ(POLLOUT, poller.revents);
}

/* Test that who is not root may not go beyond the first size (I1). */
TEST_F(command, privilege)
{
	pid_t child;
	int status;

	child = fork();
	if (!child) {
		if (setuid(65534))
			_exit(1);
		if (set_size(self->fd, 2 * self->size) != -EPERM)
			_exit(2);
		if (set_size(self->fd, 1024) != 1024)
			_exit(3);
		_exit(set_size(self->fd, self->size) != self->size);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
}

/* Test that a bad address, and a command there is not, are errors (I1). */
TEST_F(command, errors)
{
	/* Nothing is there, and nothing of a program's can be. */
	static const unsigned long bad[] = { 0, ~4095UL };
	int reader = device_open(O_RDONLY);
	int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-1, ioctl(self->fd, GLOBALFIFO_GET_SIZE, bad[i]));
		EXPECT_EQ(EFAULT, errno);
		EXPECT_EQ(-1, ioctl(self->fd, GLOBALFIFO_SET_SIZE, bad[i]));
		EXPECT_EQ(EFAULT, errno);
		EXPECT_EQ(-1, ioctl(self->fd, FIONREAD, bad[i]));
		EXPECT_EQ(EFAULT, errno);
	}
	EXPECT_EQ(-EBADF, set_size(reader, self->size));
	EXPECT_EQ(-1, ioctl(self->fd, _IO(0xfc, 0xff)));
	EXPECT_EQ(ENOTTY, errno);
	close(reader);
}

TEST_HARNESS_MAIN
