// SPDX-License-Identifier: GPL-2.0
/*
 * Opening the device, and what an open file is good for. Buggy results would
 * be a position that pread() moves, bytes lost with a close, end of file, an
 * open that waits for the other side, a read through a descriptor that is open
 * for writing only, or a device that knows what was written to another.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include "kselftest_harness.h"
#include "common.h"
#include "../../kernel/globalfifo.h"

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

/*
 * Test that there is a node of devtmpfs, whatever name the test was given, and
 * that it is a character device for root alone (D1).
 */
TEST_F(device, node)
{
	char path[PATH_MAX], name[64] = "", line[80];
	struct stat opened, st;
	FILE *uevent;

	ASSERT_EQ(0, fstat(self->fd, &opened));
	ASSERT_EQ(0, device_sysfs(self->fd, path, sizeof(path)));
	strcat(path, "/uevent");
	uevent = fopen(path, "re");
	ASSERT_NE(NULL, uevent);
	while (fgets(line, sizeof(line), uevent))
		sscanf(line, "DEVNAME=%63s", name);
	fclose(uevent);
	EXPECT_EQ(0, strncmp(name, "globalfifo", 10));
	snprintf(path, sizeof(path), "/dev/%s", name);
	ASSERT_EQ(0, stat(path, &st));
	EXPECT_TRUE(S_ISCHR(st.st_mode));
	EXPECT_EQ(opened.st_rdev, st.st_rdev);
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

/* Flags of open() that mean something for files. */
FIXTURE(flags) {
	char sysfs[64];
	int fd;
};

FIXTURE_VARIANT(flags) {
	int flags;
};

FIXTURE_VARIANT_ADD(flags, none) {
};

FIXTURE_VARIANT_ADD(flags, direct) {
	.flags = O_DIRECT,
};

FIXTURE_VARIANT_ADD(flags, truncate) {
	.flags = O_TRUNC,
};

FIXTURE_VARIANT_ADD(flags, append) {
	.flags = O_APPEND,
};

FIXTURE_VARIANT_ADD(flags, create) {
	.flags = O_CREAT,
};

FIXTURE_VARIANT_ADD(flags, sync) {
	.flags = O_SYNC,
};

FIXTURE_VARIANT_ADD(flags, all) {
	.flags = O_DIRECT | O_TRUNC | O_APPEND | O_CREAT | O_SYNC,
};

FIXTURE_SETUP(flags)
{
	device_drain();
	self->fd = device_open(O_RDWR | O_NONBLOCK);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, device_sysfs(self->fd, self->sysfs, sizeof(self->sysfs)));
}

FIXTURE_TEARDOWN(flags)
{
	close(self->fd);
}

/*
 * Test that opening again resets nothing, and that bytes come out in order of
 * any address and count, with whatever flags (D3).
 */
TEST_F(flags, change_nothing)
{
	long long size = show(self->sysfs, "size");
	char bytes[16] = "";
	int fd;

	ASSERT_EQ(5, write(self->fd, "hello", 5));
	fd = open(device_path(), O_RDWR | O_CLOEXEC | variant->flags, 0600);
	ASSERT_LE(0, fd);
	EXPECT_EQ(5, show(self->sysfs, "fill"));
	EXPECT_EQ(size, show(self->sysfs, "size"));
	EXPECT_EQ(3, or_errno(write(fd, "odd", 3)));
	EXPECT_EQ(2, or_errno(read(fd, bytes + 1, 2)));
	EXPECT_EQ(-ESPIPE, or_errno(lseek(fd, 0, SEEK_SET)));
	EXPECT_EQ(-ESPIPE, or_errno(pread(fd, bytes, 1, 0)));
	EXPECT_EQ(-ESPIPE, or_errno(pwrite(fd, bytes, 1, 0)));
	close(fd);
	EXPECT_EQ(6, or_errno(read(self->fd, bytes + 3, 8)));
	EXPECT_STREQ("helloodd", bytes + 1);
}

/* What a file is open for. */
FIXTURE(mode) {
	char sysfs[64];
	int fd;
};

FIXTURE_VARIANT(mode) {
	int mode;
	bool reads;
	bool writes;
};

FIXTURE_VARIANT_ADD(mode, read) {
	.mode = O_RDONLY, .reads = true,
};

FIXTURE_VARIANT_ADD(mode, write) {
	.mode = O_WRONLY, .writes = true,
};

FIXTURE_VARIANT_ADD(mode, both) {
	.mode = O_RDWR, .reads = true, .writes = true,
};

/* For ioctls alone. */
FIXTURE_VARIANT_ADD(mode, neither) {
	.mode = O_ACCMODE,
};

FIXTURE_SETUP(mode)
{
	device_drain();
	self->fd = device_open(O_RDWR | O_NONBLOCK);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, device_sysfs(self->fd, self->sysfs, sizeof(self->sysfs)));
}

FIXTURE_TEARDOWN(mode)
{
	close(self->fd);
}

/* Test that the access mode holds, for calls and for poll (D4, K3). */
TEST_F(mode, holds)
{
	int fd = device_open(variant->mode | O_NONBLOCK);
	struct pollfd poller = { .fd = fd, .events = POLLIN | POLLOUT };
	short events = (variant->reads ? POLLIN : 0) |
		       (variant->writes ? POLLOUT : 0);
	char byte = 'x';
	__u32 size;

	ASSERT_LE(0, fd);
	ASSERT_EQ(1, write(self->fd, "y", 1));
	EXPECT_EQ(!!events, poll(&poller, 1, 0));
	EXPECT_EQ(events, poller.revents);
	EXPECT_EQ(variant->writes ? 1 : -EBADF, or_errno(write(fd, &byte, 1)));
	EXPECT_EQ(variant->reads ? 1 : -EBADF, or_errno(read(fd, &byte, 1)));
	EXPECT_EQ(1 + variant->writes - variant->reads,
		  show(self->sysfs, "fill"));
	EXPECT_EQ(0, ioctl(fd, GLOBALFIFO_GET_SIZE, &size));
	close(fd);
}

#define MANY	1000

/*
 * Test that a thousand files can be open, that each counts as what it is open
 * for, once however often it is duplicated, and that none stays (D3, T2).
 */
TEST_F(mode, many)
{
	long long readers = show(self->sysfs, "readers");
	long long writers = show(self->sysfs, "writers");
	struct rlimit limit = { 2 * MANY, 2 * MANY };
	int fds[MANY], i, copy;

	ASSERT_LE(1, readers);
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	for (i = 0; i < MANY; i++) {
		fds[i] = device_open(variant->mode);
		ASSERT_LE(0, fds[i]);
	}
	copy = dup(fds[0]);
	EXPECT_EQ(readers + MANY * variant->reads, show(self->sysfs, "readers"));
	EXPECT_EQ(writers + MANY * variant->writes, show(self->sysfs, "writers"));
	for (i = 0; i < MANY; i++)
		close(fds[i]);
	EXPECT_EQ(readers + variant->reads, show(self->sysfs, "readers"));
	EXPECT_EQ(writers + variant->writes, show(self->sysfs, "writers"));
	close(copy);
	EXPECT_EQ(readers, show(self->sysfs, "readers"));
	EXPECT_EQ(writers, show(self->sysfs, "writers"));
}

/*
 * Test that open does not wait for the other side, as that of a named pipe
 * does, nor for whoever sleeps in a read; and that it is no error (D3).
 */
TEST_F(mode, open_never_blocks)
{
	pid_t child;
	char byte;

	close(self->fd);
	if (show(self->sysfs, "readers") || show(self->sysfs, "writers"))
		SKIP(return, "somebody else has the device open");
	self->fd = device_open(variant->mode);
	EXPECT_LE(0, self->fd);
	close(self->fd);
	self->fd = device_open(variant->mode | O_NONBLOCK);
	EXPECT_LE(0, self->fd);
	child = spawn();
	if (!child)
		_exit(read(device_open(O_RDONLY), &byte, 1) != 1);
	ASSERT_EQ(0, wait_asleep(child));
	close(self->fd);
	self->fd = device_open(variant->mode);
	EXPECT_LE(0, self->fd);
	ASSERT_EQ(1, write(device_open(O_WRONLY), "x", 1));
	EXPECT_EQ(0, reap(child));
}

FIXTURE(two) {
	int one;
	int two;
	char sysfs_one[64];
	char sysfs_two[64];
};

FIXTURE_SETUP(two)
{
	char bytes[4096];

	self->two = open(second_device_path(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (self->two < 0 && errno == ENOENT)
		SKIP(return, "no %s", second_device_path());
	ASSERT_LE(0, self->two);
	device_drain();
	self->one = device_open(O_RDWR | O_NONBLOCK);
	ASSERT_LE(0, self->one);
	ASSERT_EQ(0, device_sysfs(self->one, self->sysfs_one, 64));
	ASSERT_EQ(0, device_sysfs(self->two, self->sysfs_two, 64));
	while (read(self->two, bytes, sizeof(bytes)) > 0)
		;
}

FIXTURE_TEARDOWN(two)
{
	close(self->one);
	close(self->two);
}

/* Test that two devices are of one driver, but not the same (D1). */
TEST_F(two, numbers)
{
	struct stat one, two;

	ASSERT_EQ(0, fstat(self->one, &one));
	ASSERT_EQ(0, fstat(self->two, &two));
	EXPECT_TRUE(S_ISCHR(two.st_mode));
	EXPECT_EQ(major(one.st_rdev), major(two.st_rdev));
	EXPECT_NE(minor(one.st_rdev), minor(two.st_rdev));
}

/* Test that what is done to one device is not done to the other (D1). */
TEST_F(two, independent)
{
	long long size = show(self->sysfs_two, "size");
	long long readers = show(self->sysfs_two, "readers");
	__u32 old, smaller = GLOBALFIFO_SIZE_MIN;
	char bytes[8] = "";
	int more;

	ASSERT_EQ(0, ioctl(self->one, GLOBALFIFO_GET_SIZE, &old));
	ASSERT_EQ(3, write(self->one, "one", 3));
	EXPECT_EQ(0, show(self->sysfs_two, "fill"));
	EXPECT_EQ(-EAGAIN, or_errno(read(self->two, bytes, 8)));
	ASSERT_EQ(2, write(self->two, "II", 2));
	EXPECT_EQ(3, show(self->sysfs_one, "fill"));
	more = device_open(O_RDONLY);
	EXPECT_EQ(readers, show(self->sysfs_two, "readers"));
	close(more);
	EXPECT_EQ(0, ioctl(self->one, GLOBALFIFO_CLEAR));
	EXPECT_EQ(0, ioctl(self->one, GLOBALFIFO_SET_SIZE, &smaller));
	EXPECT_EQ(size, show(self->sysfs_two, "size"));
	EXPECT_EQ(0, ioctl(self->one, GLOBALFIFO_SET_SIZE, &old));
	EXPECT_EQ(2, or_errno(read(self->two, bytes, 8)));
	EXPECT_STREQ("II", bytes);
}

/* Test that a write to one device wakes nobody who reads the other (D1). */
TEST_F(two, sleepers)
{
	pid_t child = spawn();
	char stats[80], byte;
	long long wakes;

	snprintf(stats, sizeof(stats), "%s/stats", self->sysfs_two);
	wakes = show(stats, "wakes");
	if (!child) {
		fcntl(self->two, F_SETFL, 0);
		_exit(read(self->two, &byte, 1) != 1 || byte != '2');
	}
	ASSERT_EQ(0, wait_asleep(child));
	ASSERT_EQ(1, write(self->one, "1", 1));
	EXPECT_EQ(wakes, show(stats, "wakes"));
	ASSERT_EQ(0, wait_asleep(child));
	ASSERT_EQ(1, write(self->two, "2", 1));
	EXPECT_EQ(0, reap(child));
	EXPECT_EQ(wakes + 1, show(stats, "wakes"));
}

TEST_HARNESS_MAIN
