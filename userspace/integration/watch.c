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
#include "requests.h"
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
	"aio_queued", "aio_completed", "aio_cancelled",
};

/* One request that is done at once, one that waits, and one that is cancelled. */
static int use_requests(int fd)
{
	io_context_t ctx = NULL;
	int blocking = device_open(O_RDWR);
	struct iocb get, put;
	char bytes[8];
	int wrong;

	prep(&get, blocking, false, bytes, sizeof(bytes));
	prep(&put, blocking, true, bytes, 1);
	if (io_setup(2, &ctx))
		return -1;
	wrong = submit(ctx, &put) != 1 || ended(ctx, &put) != 1;
	wrong += read(fd, bytes, 1) != 1;
	wrong += submit(ctx, &get) != 1 || write(fd, "hello", 5) != 5 ||
		 ended(ctx, &get) != 5;
	wrong += submit(ctx, &get) != 1 || cancel(ctx, &get) != -EINPROGRESS ||
		 ended(ctx, &get) != -ECANCELED;
	io_destroy(ctx);
	close(blocking);
	return wrong ? -1 : 0;
}

/*
 * Test that each count moves by what has happened (T2): two writes, a read that
 * slept, one signal; then a write and a read by a request each, one of which
 * waited, a call of each kind for them, and a request that was cancelled.
 */
TEST_F(watch, stats)
{
	static const int want[] = { 10, 7, 3, 4, 1, 1, 1, 2, 1, 1 };
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
	ASSERT_EQ(0, use_requests(self->fd));
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
	EXPECT_LE(1, show(dir, "max_aio"));
	EXPECT_GE(65536, show(dir, "max_aio"));
}

/* Test that whatever sysfs shows can be read by all and written by none (T2). */
TEST_F(watch, read_only)
{
	static const char * const files[] = {
		"size", "fill", "readers", "writers", "pending_aio",
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

/* In what is traced, each event is there, in this order, with our device. */
static void expect_traced(struct __test_metadata *_metadata, dev_t devt,
			  const char * const want[], int n)
{
	char event[128], trace[8192], *from = trace;
	FILE *file = fopen(INSTANCE "/trace", "re");
	size_t len;
	int i;

	ASSERT_NE(NULL, file);
	len = fread(trace, 1, sizeof(trace) - 1, file);
	fclose(file);
	trace[len] = '\0';
	for (i = 0; i < n; i++) {
		snprintf(event, sizeof(event), want[i], major(devt),
			 minor(devt));
		from = strstr(from, event);
		ASSERT_NE(NULL, from) {
			TH_LOG("no %sin:\n%s", event, trace);
		}
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
	char bytes[2];

	ASSERT_EQ(0, mkdir(INSTANCE, 0700));
	ASSERT_EQ(0, put_text(INSTANCE "/events/globalfifo/enable", "1"));
	ASSERT_EQ(5, write(self->fd, "hello", 5));
	ASSERT_EQ(2, read(self->fd, bytes, 2));
	ASSERT_EQ(0, ioctl(self->fd, GLOBALFIFO_CLEAR));
	expect_traced(_metadata, self->devt, want, ARRAY_SIZE(want));
	EXPECT_EQ(0, put_text(INSTANCE "/events/globalfifo/enable", "0"));
}

/*
 * Test that what becomes of requests is traced: with what was asked for when
 * they begin to wait and are cancelled, with what moved when they are done (T1).
 */
TEST_F(watch, trace_requests)
{
	static const char * const want[] = {
		"globalfifo_aio_queue: dev=%u:%u read bytes=8 fill=0\n",
		"globalfifo_aio_complete: dev=%u:%u read bytes=5 fill=0\n",
		"globalfifo_aio_queue: dev=%u:%u read bytes=8 fill=0\n",
		"globalfifo_aio_cancel: dev=%u:%u read bytes=8 fill=0\n",
		"globalfifo_aio_queue: dev=%u:%u write bytes=4 fill=4096\n",
		"globalfifo_aio_complete: dev=%u:%u write bytes=4 fill=4\n",
		"globalfifo_aio_queue: dev=%u:%u read bytes=1 fill=0\n",
		"globalfifo_aio_complete: dev=%u:%u read bytes=0 fill=1\n",
	};
	int blocking = device_open(O_RDWR);
	static char bytes[4096];
	io_context_t ctx = NULL;
	struct iocb iocb;

	ASSERT_EQ(0, mkdir(INSTANCE, 0700));
	ASSERT_EQ(0, io_setup(1, &ctx));
	ASSERT_EQ(0, put_text(INSTANCE "/events/globalfifo/enable", "1"));
	ASSERT_EQ(0, use_requests(self->fd));
	ASSERT_EQ(4096, write(self->fd, bytes, 4096));
	prep(&iocb, blocking, true, bytes, 4);
	ASSERT_EQ(1, submit(ctx, &iocb));
	ASSERT_EQ(4096, read(self->fd, bytes, 4096));
	ASSERT_EQ(4, ended(ctx, &iocb));
	ASSERT_EQ(4, read(self->fd, bytes, 4));
	prep(&iocb, blocking, false, (void *)8, 1);
	ASSERT_EQ(1, submit(ctx, &iocb));
	ASSERT_EQ(1, write(self->fd, "x", 1));
	ASSERT_EQ(-EFAULT, ended(ctx, &iocb));
	expect_traced(_metadata, self->devt, want, ARRAY_SIZE(want));
	EXPECT_EQ(0, put_text(INSTANCE "/events/globalfifo/enable", "0"));
	io_destroy(ctx);
	close(blocking);
}

/* Everything that a program can do wrong, and some that it can do right. */
static void misbehave(int fd)
{
	int reader = device_open(O_RDONLY | O_NONBLOCK);
	struct iovec bad = { (void *)8, 100 };
	io_context_t ctx = NULL;
	struct iocb iocb;
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
	prep(&iocb, device_open(O_RDWR), false, (void *)8, 1);
	io_setup(2, &ctx);
	submit(ctx, &iocb);
	submit(ctx, &iocb);
	write(fd, &byte, 1);
	cancel(ctx, &iocb);
	close(iocb.aio_fildes);
	io_destroy(ctx);
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
