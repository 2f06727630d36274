// SPDX-License-Identifier: GPL-2.0
/*
 * What a failed allocation does, by the kernel's fault injection. Buggy results
 * would be a file that is half registered for SIGIO, or not although it was
 * told so, a size that changed although that failed, an opener who is counted for
 * ever, or a request that is lost.
 */
#define _GNU_SOURCE
#include <glob.h>
#include <sys/ioctl.h>
#include "kselftest_harness.h"
#include "common.h"
#include "requests.h"
#include "signals.h"
#include "../../kernel/globalfifo.h"

#define DEBUGFS		"/sys/kernel/debug/"
#define NO_INJECTOR	"this kernel has no failslab and fail-nth"

/* More than any call here allocates. */
#define MOST		1000

/*
 * Let allocations that may sleep fail, too, and nothing be printed. Returns the
 * file that says which is to fail, or -1 in a kernel that cannot do this.
 */
static int injector(void)
{
	glob_t logs;
	int i, err;

	if (put_text(DEBUGFS "failslab/ignore-gfp-wait", "N") ||
	    put_text(DEBUGFS "failslab/cache-filter", "N") ||
	    glob(DEBUGFS "fail*/verbose", 0, NULL, &logs))
		return -1;
	for (i = 0, err = 0; i < logs.gl_pathc; i++)
		err |= put_text(logs.gl_pathv[i], "0");
	globfree(&logs);
	return err ? -1 : open("/proc/self/fail-nth", O_RDWR | O_CLOEXEC);
}

/* Let the @nth allocation from here on fail. */
static int arm(int injector, int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", nth);

	return pwrite(injector, text, len, 0) == len ? 0 : -1;
}

/*
 * Returns whether one has failed; none does from here on. Copying to and from
 * this program counts as well, so that the first call can be what fails: then
 * it does not return what is left, and none is.
 */
static bool disarm(int injector)
{
	char left[16] = "";
	bool failed = pread(injector, left, sizeof(left) - 1, 0) > 0 &&
		      atoi(left) == 0;

	pwrite(injector, "0", 1, 0);
	return failed;
}

FIXTURE(registration) {
	sigset_t set;
	struct listener listener;
	int injector;
	int fd;
	int plain;
};

FIXTURE_VARIANT(registration) {
	int flags;
	bool in;
	bool out;
};

FIXTURE_VARIANT_ADD(registration, read_only) {
	.flags = O_RDONLY, .in = true,
};

FIXTURE_VARIANT_ADD(registration, write_only) {
	.flags = O_WRONLY, .out = true,
};

FIXTURE_VARIANT_ADD(registration, both_ways) {
	.flags = O_RDWR, .in = true, .out = true,
};

FIXTURE_SETUP(registration)
{
	self->injector = injector();
	device_drain();
	ASSERT_EQ(0, block_signals(&self->set));
	self->plain = device_open(O_RDWR | O_NONBLOCK);
	self->fd = device_open(variant->flags);
	ASSERT_LE(0, self->fd);
	self->listener = (struct listener){
		self->fd, SIGRTMIN, variant->in, variant->out,
	};
	ASSERT_EQ(0, fcntl(self->fd, F_SETOWN, getpid()));
	ASSERT_EQ(0, fcntl(self->fd, F_SETSIG, SIGRTMIN));
}

FIXTURE_TEARDOWN(registration)
{
	close(self->fd);
	close(self->plain);
	close(self->injector);
}

/* Nobody is told of anything, nor does the driver try to. */
static void expect_silence(struct __test_metadata *_metadata,
			   const sigset_t *set, int fd)
{
	long long before = device_show("stats/signals");
	struct listener nobody = {};

	expect_exchange(_metadata, set, nobody, fd);
	EXPECT_LE(0, before);
	EXPECT_EQ(before, device_show("stats/signals"));
}

/*
 * Test that F_SETFL registers a file for all that it is open for or, if there
 * is no memory, for nothing, and says so (N3).
 */
TEST_F(registration, all_or_nothing)
{
	int nth, ret, err, failures = 0;
	bool injected = true;

	if (self->injector < 0)
		SKIP(return, NO_INJECTOR);
	for (nth = 1; injected && nth < MOST; nth++) {
		ASSERT_EQ(0, arm(self->injector, nth));
		ret = fcntl(self->fd, F_SETFL, O_ASYNC);
		err = errno;
		injected = disarm(self->injector);
		if (ret) {
			failures++;
			EXPECT_EQ(ENOMEM, err);
			EXPECT_EQ(0, fcntl(self->fd, F_GETFL) & O_ASYNC);
			expect_silence(_metadata, &self->set, self->plain);
			ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_ASYNC));
		}
		EXPECT_EQ(O_ASYNC, fcntl(self->fd, F_GETFL) & O_ASYNC);
		expect_exchange(_metadata, &self->set, self->listener,
				self->plain);
		ASSERT_EQ(0, fcntl(self->fd, F_SETFL, 0));
		expect_silence(_metadata, &self->set, self->plain);
	}
	EXPECT_FALSE(injected);
	/* At least the entry for each direction. */
	EXPECT_LE(variant->in + variant->out, failures);
}

FIXTURE(size) {
	int injector;
	int fd;
	__u32 size;
};

/* A size, and whether it is known to need memory of a kind that can fail. */
FIXTURE_VARIANT(size) {
	__u32 size;
	bool fails;
};

FIXTURE_VARIANT_ADD(size, smallest) {
	.size = GLOBALFIFO_SIZE_MIN, .fails = true,
};

FIXTURE_VARIANT_ADD(size, page) {
	.size = 4096, .fails = true,
};

/* For which there is other memory if this one fails. */
FIXTURE_VARIANT_ADD(size, pages) {
	.size = 8192,
};

/* For which there is only that other memory. */
FIXTURE_VARIANT_ADD(size, many_pages) {
	.size = 8 << 20, .fails = true,
};

FIXTURE_SETUP(size)
{
	self->injector = injector();
	device_drain();
	self->fd = device_open(O_RDWR | O_NONBLOCK);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, ioctl(self->fd, GLOBALFIFO_GET_SIZE, &self->size));
}

FIXTURE_TEARDOWN(size)
{
	device_drain();
	EXPECT_EQ(0, ioctl(self->fd, GLOBALFIFO_SET_SIZE, &self->size));
	close(self->fd);
	close(self->injector);
}

static __u32 get_size(int fd)
{
	__u32 size;

	return ioctl(fd, GLOBALFIFO_GET_SIZE, &size) ? 0 : size;
}

/*
 * Test that SET_SIZE without memory is ENOMEM, and leaves size and bytes; the
 * next one succeeds (I1).
 */
TEST_F(size, keeps_all)
{
	int nth, ret, err, failures = 0;
	__u32 old = 2 * GLOBALFIFO_SIZE_MIN, size = variant->size;
	bool injected = true;
	char bytes[8] = "";

	if (self->injector < 0)
		SKIP(return, NO_INJECTOR);
	ASSERT_EQ(5, write(self->fd, "hello", 5));
	for (nth = 1; injected && nth < MOST; nth++) {
		ASSERT_EQ(0, ioctl(self->fd, GLOBALFIFO_SET_SIZE, &old));
		ASSERT_EQ(0, arm(self->injector, nth));
		ret = ioctl(self->fd, GLOBALFIFO_SET_SIZE, &size);
		err = errno;
		injected = disarm(self->injector);
		if (ret) {
			failures++;
			EXPECT_EQ(ENOMEM, err);
			EXPECT_EQ(old, get_size(self->fd));
			ASSERT_EQ(0, ioctl(self->fd, GLOBALFIFO_SET_SIZE,
					   &size));
		}
		EXPECT_EQ(size, get_size(self->fd));
		EXPECT_EQ(5, read(self->fd, bytes, sizeof(bytes)));
		EXPECT_STREQ("hello", bytes);
		ASSERT_EQ(5, write(self->fd, "hello", 5));
	}
	EXPECT_FALSE(injected);
	EXPECT_LE(variant->fails, failures);
}

FIXTURE(opener) {
	int injector;
	int fd;
};

FIXTURE_SETUP(opener)
{
	self->injector = injector();
	self->fd = device_open(O_RDWR);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(opener)
{
	close(self->fd);
	close(self->injector);
}

/*
 * Test that an open(2) without memory fails as such, and that whether it did or
 * not nobody stays counted (T2). EFAULT is for the name, which is copied.
 */
TEST_F(opener, counted)
{
	long long readers = device_show("readers");
	long long writers = device_show("writers");
	int nth, fd, err, failures = 0;
	bool injected = true;

	if (self->injector < 0)
		SKIP(return, NO_INJECTOR);
	EXPECT_LT(0, readers);
	EXPECT_LT(0, writers);
	for (nth = 1; injected && nth < MOST; nth++) {
		ASSERT_EQ(0, arm(self->injector, nth));
		fd = device_open(O_RDWR);
		err = errno;
		injected = disarm(self->injector);
		if (fd < 0) {
			failures++;
			EXPECT_TRUE(err == ENOMEM || err == EFAULT) {
				TH_LOG("%s", strerror(err));
			}
		} else {
			EXPECT_EQ(readers + 1, device_show("readers"));
			close(fd);
		}
		EXPECT_EQ(readers, device_show("readers"));
		EXPECT_EQ(writers, device_show("writers"));
	}
	EXPECT_FALSE(injected);
	EXPECT_LT(0, failures);
}

FIXTURE(request) {
	struct counts before;
	io_context_t ctx;
	struct iocb iocb;
	struct iovec iov[2];
	char bytes[8];
	int injector;
	int fd;
	int other;
};

FIXTURE_VARIANT(request) {
	bool vectored;
};

FIXTURE_VARIANT_ADD(request, plain) {
};

FIXTURE_VARIANT_ADD(request, vectored) {
	.vectored = true,
};

FIXTURE_SETUP(request)
{
	self->injector = injector();
	self->before = begin_settled(_metadata);
	ASSERT_EQ(0, io_setup(8, &self->ctx));
	self->fd = device_open(O_RDWR);
	self->other = device_open(O_RDWR | O_NONBLOCK);
	ASSERT_LE(0, self->fd);
	ASSERT_LE(0, self->other);
	self->iov[0] = (struct iovec){ self->bytes, 2 };
	self->iov[1] = (struct iovec){ self->bytes + 2, 6 };
	if (variant->vectored)
		io_prep_preadv(&self->iocb, self->fd, self->iov, 2, 0);
	else
		io_prep_pread(&self->iocb, self->fd, self->bytes, 8, 0);
}

FIXTURE_TEARDOWN(request)
{
	close(self->fd);
	close(self->other);
	io_destroy(self->ctx);
	close(self->injector);
	expect_settled(_metadata, &self->before);
}

/* Whether that is how io_submit() may say that there is no memory. */
static bool no_memory(long res)
{
	return res == -ENOMEM || res == -EAGAIN || res == -EFAULT;
}

/*
 * Test that a request that has to wait, without memory, is refused by
 * io_submit() or its event, and else waits and is served; nothing of it is left
 * (A1, A3). EFAULT is for the request, which is copied.
 */
TEST_F(request, waits_or_fails)
{
	int nth, ret, failures = 0;
	bool injected = true;
	long res;

	if (self->injector < 0)
		SKIP(return, NO_INJECTOR);
	for (nth = 1; injected && nth < MOST; nth++) {
		ASSERT_EQ(0, arm(self->injector, nth));
		ret = submit(self->ctx, &self->iocb);
		injected = disarm(self->injector);
		if (device_show("pending_aio") == 1) {
			EXPECT_EQ(1, ret);
			ASSERT_EQ(5, write(self->other, "hello", 5));
			EXPECT_EQ(5, ended(self->ctx, &self->iocb));
			EXPECT_EQ(0, memcmp(self->bytes, "hello", 5));
		} else {
			res = ret == 1 ? ended(self->ctx, &self->iocb) : ret;
			EXPECT_TRUE(no_memory(res)) {
				TH_LOG("io_submit %d, then %ld", ret, res);
			}
			failures += ret == 1;
		}
		EXPECT_EQ(0, events_left(self->ctx));
		EXPECT_EQ(0, device_show("fill"));
	}
	EXPECT_FALSE(injected);
	/* The request's own memory, and that of its segments. */
	EXPECT_LE(1 + variant->vectored, failures);
}

/*
 * Test that requests can be cancelled without memory (A3), and that it is not
 * needed for their events.
 */
TEST_F(request, cancelled)
{
	int nth, ret;
	bool injected = true;

	if (self->injector < 0)
		SKIP(return, NO_INJECTOR);
	for (nth = 1; injected && nth < MOST; nth++) {
		ASSERT_EQ(1, submit(self->ctx, &self->iocb));
		ASSERT_EQ(0, arm(self->injector, nth));
		ret = cancel(self->ctx, &self->iocb);
		injected = disarm(self->injector);
		if (ret == -EFAULT) {
			EXPECT_EQ(1, device_show("pending_aio"));
			ret = cancel(self->ctx, &self->iocb);
		}
		EXPECT_EQ(-EINPROGRESS, ret);
		EXPECT_EQ(-ECANCELED, ended(self->ctx, &self->iocb));
	}
	EXPECT_FALSE(injected);
}

TEST_HARNESS_MAIN
