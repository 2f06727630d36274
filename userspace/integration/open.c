// SPDX-License-Identifier: GPL-2.0
/*
 * Opening the device, and what an open file is good for. Buggy results would
 * be a position that pread() moves, bytes lost with a close, end of file, or a
 * read through a descriptor that is open for writing only.
 */
#define _GNU_SOURCE
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include "kselftest_harness.h"
#include "common.h"

FIXTURE(device) {
	int fd;
};

FIXTURE_SETUP(device)
{
	device_drain();
	self->fd = device_open(O_RDWR | O_NONBLOCK);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(device)
{
	close(self->fd);
}

/* Test that the node is a character device for root alone (D1). */
TEST_F(device, node)
{
	struct stat st;

	ASSERT_EQ(0, stat(device_path(), &st));
	EXPECT_TRUE(S_ISCHR(st.st_mode));
	EXPECT_EQ(0600, st.st_mode & 07777);
	EXPECT_EQ(0, st.st_uid);
}

/* Test that there is no position: ESPIPE (D3). */
TEST_F(device, no_position)
{
	char byte = 'x';

	EXPECT_EQ(-1, lseek(self->fd, 0, SEEK_CUR));
	EXPECT_EQ(ESPIPE, errno);
	EXPECT_EQ(-1, pread(self->fd, &byte, 1, 0));
	EXPECT_EQ(ESPIPE, errno);
	EXPECT_EQ(-1, pwrite(self->fd, &byte, 1, 0));
	EXPECT_EQ(ESPIPE, errno);
}

/* Test that bytes outlive the files they were written through (D3). */
TEST_F(device, close_loses_nothing)
{
	char bytes[8] = "";

	ASSERT_EQ(5, write(self->fd, "hello", 5));
	close(self->fd);
	self->fd = device_open(O_RDWR | O_NONBLOCK);
	EXPECT_EQ(5, read(self->fd, bytes, sizeof(bytes)));
	EXPECT_STREQ("hello", bytes);
}

/* Test that opening again, even with O_TRUNC, resets nothing (D3). */
TEST_F(device, open_resets_nothing)
{
	char bytes[8] = "";
	int fd;

	ASSERT_EQ(5, write(self->fd, "hello", 5));
	fd = device_open(O_WRONLY | O_TRUNC | O_CREAT);
	ASSERT_LE(0, fd);
	close(fd);
	EXPECT_EQ(5, read(self->fd, bytes, sizeof(bytes)));
}

/* Test that without a writer there is no end of file, but EAGAIN (D3, R2). */
TEST_F(device, no_end_of_file)
{
	char byte;

	close(self->fd);
	self->fd = device_open(O_RDONLY | O_NONBLOCK);
	EXPECT_EQ(-1, read(self->fd, &byte, 1));
	EXPECT_EQ(EAGAIN, errno);
}

/* Test that without a reader there is no SIGPIPE and no EPIPE (D3). */
TEST_F(device, no_broken_pipe)
{
	close(self->fd);
	self->fd = device_open(O_WRONLY);
	EXPECT_EQ(1, write(self->fd, "x", 1));
}

/* Test that the book's O_DIRECT opens, and changes nothing (D3). */
TEST_F(device, direct)
{
	char bytes[8] = "";
	int fd = device_open(O_RDWR | O_DIRECT);

	ASSERT_LE(0, fd);
	EXPECT_EQ(3, write(fd, "odd", 3));
	EXPECT_EQ(3, read(fd, bytes + 1, 7));
	EXPECT_STREQ("odd", bytes + 1);
	close(fd);
}

/* Test that the access mode holds, both ways (D4). */
TEST_F(device, access_mode)
{
	int reader = device_open(O_RDONLY);
	int writer = device_open(O_WRONLY);
	char byte = 'x';

	EXPECT_EQ(-1, write(reader, &byte, 1));
	EXPECT_EQ(EBADF, errno);
	EXPECT_EQ(-1, read(writer, &byte, 1));
	EXPECT_EQ(EBADF, errno);
	close(reader);
	close(writer);
}

TEST_HARNESS_MAIN
