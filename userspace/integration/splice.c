// SPDX-License-Identifier: GPL-2.0
/*
 * splice, sendfile, fsync. Buggy results would be bytes that come out in
 * another order than they went in, or a call that the device does not know.
 */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <sys/sendfile.h>
#include "kselftest_harness.h"
#include "common.h"

#define LEN	3000

FIXTURE(splice) {
	int fd;
	int pipe[2];
	int file;
	char out[LEN];
	char in[LEN];
};

FIXTURE_SETUP(splice)
{
	int i;

	device_drain();
	self->fd = device_open(O_RDWR | O_NONBLOCK);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, pipe(self->pipe));
	self->file = memfd_create("file", 0);
	ASSERT_LE(0, self->file);
	for (i = 0; i < LEN; i++)
		self->out[i] = i % 251;
}

FIXTURE_TEARDOWN(splice)
{
	close(self->file);
	close(self->pipe[0]);
	close(self->pipe[1]);
	close(self->fd);
}

/* Test that bytes go from the FIFO to a pipe and back, in order (S1, R3). */
TEST_F(splice, both_ways)
{
	ASSERT_EQ(LEN, write(self->fd, self->out, LEN));
	EXPECT_EQ(LEN, splice(self->fd, NULL, self->pipe[1], NULL, 2 * LEN, 0));
	EXPECT_EQ(-1, read(self->fd, self->in, 1));
	EXPECT_EQ(LEN, splice(self->pipe[0], NULL, self->fd, NULL, LEN, 0));
	EXPECT_EQ(LEN, read(self->fd, self->in, LEN));
	EXPECT_EQ(0, memcmp(self->in, self->out, LEN));
}

/* Test that an empty FIFO has nothing to splice, and a full one no room (S1). */
TEST_F(splice, nowait)
{
	EXPECT_EQ(-1, splice(self->fd, NULL, self->pipe[1], NULL, LEN, 0));
	EXPECT_EQ(EAGAIN, errno);
	while (write(self->fd, self->out, 512) > 0)
		;
	ASSERT_EQ(1, write(self->pipe[1], "x", 1));
	EXPECT_EQ(-1, splice(self->pipe[0], NULL, self->fd, NULL, 1, 0));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(1, read(self->pipe[0], self->in, 1));
}

/* Test that sendfile sends a file to the FIFO (S1). */
TEST_F(splice, sendfile_to)
{
	ASSERT_EQ(LEN, pwrite(self->file, self->out, LEN, 0));
	EXPECT_EQ(LEN, sendfile(self->fd, self->file, NULL, LEN));
	EXPECT_EQ(LEN, read(self->fd, self->in, LEN));
	EXPECT_EQ(0, memcmp(self->in, self->out, LEN));
}

/* Test that sendfile sends what the FIFO holds to a pipe (S1). */
TEST_F(splice, sendfile_to_pipe)
{
	ASSERT_EQ(LEN, write(self->fd, self->out, LEN));
	EXPECT_EQ(LEN, sendfile(self->pipe[1], self->fd, NULL, LEN));
	EXPECT_EQ(LEN, read(self->pipe[0], self->in, LEN));
	EXPECT_EQ(0, memcmp(self->in, self->out, LEN));
}

/* Test that sendfile to anything else is refused, and takes no byte (S1). */
TEST_F(splice, sendfile_to_file)
{
	ASSERT_EQ(LEN, write(self->fd, self->out, LEN));
	EXPECT_EQ(-1, sendfile(self->file, self->fd, NULL, LEN));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(LEN, read(self->fd, self->in, LEN));
}

/* Test that there is nothing to flush: fsync and fdatasync return 0 (S1). */
TEST_F(splice, fsync)
{
	ASSERT_EQ(1, write(self->fd, "x", 1));
	EXPECT_EQ(0, fsync(self->fd));
	EXPECT_EQ(0, fdatasync(self->fd));
}

TEST_HARNESS_MAIN
