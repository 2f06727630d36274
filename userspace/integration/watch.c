// SPDX-License-Identifier: GPL-2.0
/*
 * What can be seen of the device from outside: sysfs, tracepoints, the kernel
 * log. Buggy results would be counts that miss something, an event that says
 * the wrong device, or a program that can fill the log.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include "kselftest_harness.h"
#include "common.h"
#include "../../kernel/globalfifo.h"

#define INSTANCE	"/sys/kernel/tracing/instances/globalfifo-test"

FIXTURE(watch) {
	char sysfs[64];
	dev_t devt;
	int fd;
};

FIXTURE_SETUP(watch)
{
	struct stat st;

	device_drain();
	self->fd = device_open(O_RDWR | O_NONBLOCK);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, fstat(self->fd, &st));
	self->devt = st.st_rdev;
	sysfs_dir(st.st_rdev, self->sysfs, sizeof(self->sysfs));
}

FIXTURE_TEARDOWN(watch)
{
	close(self->fd);
	rmdir(INSTANCE);
}

/* Test that sysfs shows the state as it is now (T2). */
TEST_F(watch, state)
{
	long long readers = show(self->sysfs, "readers");
	long long writers = show(self->sysfs, "writers");
	__u32 size;
	int reader;

	ASSERT_LE(1, readers);
	ASSERT_LE(1, writers);
	ASSERT_EQ(0, ioctl(self->fd, GLOBALFIFO_GET_SIZE, &size));
	EXPECT_EQ(size, show(self->sysfs, "size"));
	ASSERT_EQ(5, write(self->fd, "hello", 5));
	EXPECT_EQ(5, show(self->sysfs, "fill"));
	reader = device_open(O_RDONLY);
	EXPECT_EQ(readers + 1, show(self->sysfs, "readers"));
	EXPECT_EQ(writers, show(self->sysfs, "writers"));
	close(reader);
	EXPECT_EQ(readers, show(self->sysfs, "readers"));
}

static const char * const stats[] = {
	"bytes_in", "bytes_out", "reads", "writes", "sleeps", "wakes", "signals",
};

/*
 * Test that each count moves by what has happened (T2): two writes, a read that
 * slept, and one signal.
 */
TEST_F(watch, stats)
{
	static const int want[] = { 4, 1, 1, 2, 1, 1, 1 };
	long long before[ARRAY_SIZE(want)];
	char dir[128], bytes[1];
	pid_t child;
	int i, status;

	snprintf(dir, sizeof(dir), "%s/stats", self->sysfs);
	for (i = 0; i < ARRAY_SIZE(want); i++)
		before[i] = show(dir, stats[i]);
	child = fork();
	if (!child)
		_exit(read(device_open(O_RDONLY), bytes, 1) != 1);
	ASSERT_EQ(0, wait_asleep(child));
	ASSERT_EQ(1, write(self->fd, "x", 1));
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	signal(SIGIO, SIG_IGN);
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_NONBLOCK | O_ASYNC));
	ASSERT_EQ(3, write(self->fd, "abc", 3));
	for (i = 0; i < ARRAY_SIZE(want); i++) {
		EXPECT_LE(0, before[i]);
		EXPECT_EQ(before[i] + want[i], show(dir, stats[i])) {
			TH_LOG("%s", stats[i]);
		}
	}
}

/* Test that the parameters that are in force can be seen (D2). */
TEST_F(watch, parameters)
{
	static const char dir[] = "/sys/module/globalfifo/parameters";
	long long size = show(dir, "size");

	EXPECT_LE(1, show(dir, "ndevices"));
	EXPECT_GE(256, show(dir, "ndevices"));
	EXPECT_LE(GLOBALFIFO_SIZE_MIN, size);
	EXPECT_GE(GLOBALFIFO_SIZE_MAX, size);
	EXPECT_EQ(0, size & (size - 1));
	EXPECT_LE(0, show(dir, "major"));
}

/* Test that whatever sysfs shows can be read by all and written by none (T2). */
TEST_F(watch, read_only)
{
	static const char * const files[] = {
		"size", "fill", "readers", "writers",
	};
	char path[PATH_MAX];
	struct stat st;
	int i;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", self->sysfs, files[i]);
		ASSERT_EQ(0, stat(path, &st));
		EXPECT_EQ(0444, st.st_mode & 07777);
	}
	for (i = 0; i < ARRAY_SIZE(stats); i++) {
		snprintf(path, sizeof(path), "%s/stats/%s", self->sysfs,
			 stats[i]);
		ASSERT_EQ(0, stat(path, &st));
		EXPECT_EQ(0444, st.st_mode & 07777);
	}
}

/* Test that what happens is traced, each event with device, bytes and fill (T1). */
TEST_F(watch, trace)
{
	static const char * const want[] = {
		"globalfifo_write: dev=%u:%u bytes=5 fill=5\n",
		"globalfifo_read: dev=%u:%u bytes=2 fill=3\n",
		"globalfifo_clear: dev=%u:%u bytes=3 fill=0\n",
	};
	char event[128], trace[8192], *from = trace;
	char bytes[2];
	size_t len;
	FILE *file;
	int i;

	ASSERT_EQ(0, mkdir(INSTANCE, 0700));
	ASSERT_EQ(0, put_text(INSTANCE "/events/globalfifo/enable", "1"));
	ASSERT_EQ(5, write(self->fd, "hello", 5));
	ASSERT_EQ(2, read(self->fd, bytes, 2));
	ASSERT_EQ(0, ioctl(self->fd, GLOBALFIFO_CLEAR));
	file = fopen(INSTANCE "/trace", "re");
	ASSERT_NE(NULL, file);
	len = fread(trace, 1, sizeof(trace) - 1, file);
	fclose(file);
	trace[len] = '\0';
	for (i = 0; i < ARRAY_SIZE(want); i++) {
		snprintf(event, sizeof(event), want[i], major(self->devt),
			 minor(self->devt));
		from = strstr(from, event);
		ASSERT_NE(NULL, from) {
			TH_LOG("no %sin:\n%s", event, trace);
		}
	}
	EXPECT_EQ(0, put_text(INSTANCE "/events/globalfifo/enable", "0"));
}

/* Everything that a program can do wrong, and some that it can do right. */
static void misbehave(int fd)
{
	int reader = device_open(O_RDONLY | O_NONBLOCK);
	struct iovec bad = { (void *)8, 100 };
	__u32 size = 0;
	char bytes[4096] = "", byte = 'x';
	int i;

	for (i = 0; i < 32; i++)
		ioctl(fd, _IO(0xfc, i));
	ioctl(fd, GLOBALFIFO_SET_SIZE, &size);
	ioctl(fd, GLOBALFIFO_SET_SIZE, NULL);
	ioctl(reader, GLOBALFIFO_CLEAR);
	read(fd, &byte, 1);
	write(reader, &byte, 1);
	while (write(fd, bytes, sizeof(bytes)) > 0)
		;
	readv(fd, &bad, 1);
	ioctl(fd, GLOBALFIFO_CLEAR);
	writev(fd, &bad, 1);
	lseek(fd, 1, SEEK_SET);
	fcntl(fd, F_SETFL, O_ASYNC | O_NONBLOCK);
	write(fd, &byte, 1);
	close(reader);
}

/* Test that no program can make the driver fill the kernel log (T3). */
TEST_F(watch, log_is_silent)
{
	int log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char line[8192];
	ssize_t n;

	ASSERT_LE(0, log);
	ASSERT_LE(0, lseek(log, 0, SEEK_END));
	signal(SIGIO, SIG_IGN);
	misbehave(self->fd);
	while ((n = read(log, line, sizeof(line) - 1)) > 0) {
		line[n] = '\0';
		EXPECT_EQ(NULL, strstr(line, "globalfifo")) {
			TH_LOG("%s", line);
		}
	}
	EXPECT_EQ(EAGAIN, errno);
	close(log);
}

TEST_HARNESS_MAIN
