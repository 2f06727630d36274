// SPDX-License-Identifier: GPL-2.0
/*
 * What a failed allocation, or a failed copy to or from a program, does, by the
 * kernel's fault injection: each that a call makes, one after the other. Buggy
 * results would be a file that is half registered for SIGIO, or not although it
 * was told so, a size that changed although that failed, an opener who is
 * counted for ever, a byte that is lost or doubled, or a request that is lost.
 */
#define _GNU_SOURCE
#include <glob.h>
#include <libaio.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
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

/* How many failures there were to survive, and how many the call told of. */
static void report(int points, int failures)
{
	printf("# %d points of failure, %d of them failed the call\n", points,
	       failures);
	fflush(stdout);
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
	report(nth - 2, failures);
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
	/* One more than there are is none: that was the last. */
	EXPECT_LE(1, nth - 2);
	EXPECT_LE(variant->fails, failures);
	report(nth - 2, failures);
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
	report(nth - 2, failures);
}

#define SIZE	4096
/* What the FIFO holds before each call; some of it is still there after it. */
#define BEFORE	5

/* What calls are made with. */
struct scene {
	int fd;
	int epoll;
	int pipe[2];
	io_context_t aio;
	struct iocb iocb;
	char bytes[2 * SIZE];	/* written to the device, in this order */
	char in[2 * SIZE];	/* read by the call */
};

/*
 * One call, what makes ready for it and what follows it, without failures; what
 * the call and what follows return, how many bytes that takes and puts in. The
 * call may also fail, with ENOMEM, EFAULT or err, and then takes and puts none.
 */
struct op {
	long (*before)(struct scene *scene);
	long (*call)(struct scene *scene);
	long (*then)(struct scene *scene);
	long ret;
	long then_ret;
	int err;
	int taken;
	int put;
	bool may_never;		/* there are kernels in which nothing fails */
};

static long call_read(struct scene *scene)
{
	return or_errno(read(scene->fd, scene->in, 3));
}

static long call_readv(struct scene *scene)
{
	const struct iovec vec[] = { { scene->in, 2 }, { scene->in + 2, 2 } };

	return or_errno(readv(scene->fd, vec, 2));
}

static long call_write(struct scene *scene)
{
	return or_errno(write(scene->fd, scene->bytes + BEFORE, 7));
}

static long call_long_write(struct scene *scene)
{
	return or_errno(write(scene->fd, scene->bytes + BEFORE, 3000));
}

static long call_writev(struct scene *scene)
{
	char *from = scene->bytes + BEFORE;
	/* More than the kernel has room for on its stack. */
	struct iovec vec[10];
	int i;

	for (i = 0; i < 10; i++)
		vec[i] = (struct iovec){ from + 100 * i, 100 };
	return or_errno(writev(scene->fd, vec, 10));
}

static long call_poll(struct scene *scene)
{
	struct pollfd pfd = { .fd = scene->fd, .events = POLLIN | POLLOUT };

	return or_errno(poll(&pfd, 1, 0));
}

static long call_epoll(struct scene *scene)
{
	struct epoll_event event = { .events = EPOLLIN };

	return or_errno(epoll_ctl(scene->epoll, EPOLL_CTL_ADD, scene->fd, &event));
}

static long then_epoll(struct scene *scene)
{
	struct epoll_event event;
	int n = epoll_wait(scene->epoll, &event, 1, 0);

	return epoll_ctl(scene->epoll, EPOLL_CTL_DEL, scene->fd, NULL) ? -1 : n;
}

static long call_splice(struct scene *scene)
{
	return or_errno(splice(scene->fd, NULL, scene->pipe[1], NULL, 3, 0));
}

static long then_splice(struct scene *scene)
{
	return read(scene->pipe[0], scene->in, sizeof(scene->in));
}

static long call_splice_in(struct scene *scene)
{
	return or_errno(splice(scene->pipe[0], NULL, scene->fd, NULL, 9, 0));
}

static long before_splice_in(struct scene *scene)
{
	int left = 0;

	/* A call that failed has left them there. */
	if (ioctl(scene->pipe[0], FIONREAD, &left))
		return -1;
	return left == 9 ? 9 : write(scene->pipe[1], scene->bytes + BEFORE, 9);
}

static long call_submit(struct scene *scene)
{
	struct iocb *iocb = &scene->iocb;

	io_prep_pread(iocb, scene->fd, scene->in, 3, 0);
	return io_submit(scene->aio, 1, &iocb);
}

static long call_submit_write(struct scene *scene)
{
	struct iocb *iocb = &scene->iocb;

	io_prep_pwrite(iocb, scene->fd, scene->bytes + BEFORE, 11, 0);
	return io_submit(scene->aio, 1, &iocb);
}

static long then_event(struct scene *scene)
{
	struct io_event event;

	if (io_getevents(scene->aio, 1, 1, &event, NULL) != 1)
		return -1;
	return event.res;
}

FIXTURE(sweep) {
	int injector;
	struct scene scene;
};

FIXTURE_VARIANT(sweep) {
	struct op op;
};

FIXTURE_VARIANT_ADD(sweep, read) {
	.op = {
		.call = call_read, .ret = 3, .taken = 3,
	},
};

FIXTURE_VARIANT_ADD(sweep, readv) {
	.op = {
		.call = call_readv, .ret = 4, .taken = 4,
	},
};

FIXTURE_VARIANT_ADD(sweep, write) {
	.op = {
		.call = call_write, .ret = 7, .put = 7,
	},
};

FIXTURE_VARIANT_ADD(sweep, long_write) {
	.op = {
		.call = call_long_write, .ret = 3000, .put = 3000,
	},
};

FIXTURE_VARIANT_ADD(sweep, writev) {
	.op = {
		.call = call_writev, .ret = 1000, .put = 1000,
	},
};

FIXTURE_VARIANT_ADD(sweep, poll) {
	.op = {
		.call = call_poll, .ret = 1,
	},
};

FIXTURE_VARIANT_ADD(sweep, epoll) {
	.op = {
		.call = call_epoll, .then = then_epoll, .then_ret = 1,
	},
};

FIXTURE_VARIANT_ADD(sweep, splice) {
	.op = {
		.call = call_splice, .ret = 3,
		.then = then_splice, .then_ret = 3, .taken = 3,
		.may_never = true,
	},
};

FIXTURE_VARIANT_ADD(sweep, splice_in) {
	.op = {
		.before = before_splice_in, .call = call_splice_in, .ret = 9, .put = 9,
	},
};

FIXTURE_VARIANT_ADD(sweep, io_submit) {
	.op = {
		.call = call_submit, .ret = 1, .err = EAGAIN,
		.then = then_event, .then_ret = 3, .taken = 3,
	},
};

FIXTURE_VARIANT_ADD(sweep, io_submit_write) {
	.op = {
		.call = call_submit_write, .ret = 1, .err = EAGAIN,
		.then = then_event, .then_ret = 11, .put = 11,
	},
};

FIXTURE_SETUP(sweep)
{
	struct scene *scene = &self->scene;
	int i;

	for (i = 0; i < sizeof(scene->bytes); i++)
		scene->bytes[i] = i % 251;
	/* No page of it is to be brought in while a call is watched. */
	memset(scene->in, 0, sizeof(scene->in));
	self->injector = injector();
	device_drain();
	scene->fd = device_open(O_RDWR | O_NONBLOCK);
	ASSERT_LE(0, scene->fd);
	scene->epoll = epoll_create1(0);
	ASSERT_LE(0, scene->epoll);
	ASSERT_EQ(0, pipe2(scene->pipe, O_NONBLOCK));
	scene->aio = NULL;
	ASSERT_EQ(0, io_setup(1, &scene->aio));
}

FIXTURE_TEARDOWN(sweep)
{
	io_destroy(self->scene.aio);
	close(self->scene.pipe[0]);
	close(self->scene.pipe[1]);
	close(self->scene.epoll);
	close(self->scene.fd);
	close(self->injector);
}

/* The call was made as a whole, and what follows it shows that. */
static void expect_whole(struct __test_metadata *_metadata,
			 struct scene *scene, const struct op *op)
{
	if (op->then)
		EXPECT_EQ(op->then_ret, op->then(scene));
	EXPECT_EQ(0, memcmp(scene->in, scene->bytes, op->taken));
	memset(scene->in, 0, sizeof(scene->in));
}

/* The call was not made, because something failed. */
static void expect_clean(struct __test_metadata *_metadata,
			 const struct op *op, long ret, bool injected)
{
	EXPECT_TRUE(injected);
	EXPECT_TRUE(ret == -ENOMEM || ret == -EFAULT ||
		    (op->err && ret == -op->err)) {
		TH_LOG("returned %ld", ret);
	}
}

/*
 * The device holds @n bytes, these, which are taken out. With more, it moves on
 * to where it was in its buffer @moved bytes before: each call finds the same.
 */
static void expect_held(struct __test_metadata *_metadata, struct scene *scene,
			const char *bytes, int n, int moved)
{
	int rest = SIZE - moved % SIZE;
	char in[2 * SIZE];

	ASSERT_EQ(n, read(scene->fd, in, sizeof(in)));
	EXPECT_EQ(0, memcmp(in, bytes, n));
	ASSERT_EQ(rest, write(scene->fd, scene->bytes, rest));
	ASSERT_EQ(rest, read(scene->fd, in, sizeof(in)));
	EXPECT_EQ(0, memcmp(in, scene->bytes, rest));
}

/*
 * Test that a call in which something fails is made as a whole or not at all:
 * no byte is lost or doubled, and the device goes on (R3, W2, T2).
 */
TEST_F(sweep, all_or_nothing)
{
	long long readers = device_show("readers");
	long long writers = device_show("writers");
	struct scene *scene = &self->scene;
	const struct op *op = &variant->op;
	int nth, done, failures = 0;
	bool injected = true;
	long ret;

	if (self->injector < 0)
		SKIP(return, NO_INJECTOR);
	for (nth = 1; injected && nth < MOST; nth++) {
		ASSERT_EQ(BEFORE, write(scene->fd, scene->bytes, BEFORE));
		if (op->before)
			ASSERT_LT(0, op->before(scene));
		ASSERT_EQ(0, arm(self->injector, nth));
		ret = op->call(scene);
		injected = disarm(self->injector);
		done = ret == op->ret;
		failures += !done;
		if (done)
			expect_whole(_metadata, scene, op);
		else
			expect_clean(_metadata, op, ret, injected);
		expect_held(_metadata, scene, scene->bytes + done * op->taken,
			    BEFORE + done * (op->put - op->taken),
			    BEFORE + done * op->put);
	}
	EXPECT_FALSE(injected);
	/* One more than there are is none: that was the last. */
	if (nth == 2 && op->may_never)
		SKIP(return, "here it allocates but pages, which do not fail");
	EXPECT_LE(1, nth - 2);
	EXPECT_EQ(readers, device_show("readers"));
	EXPECT_EQ(writers, device_show("writers"));
	report(nth - 2, failures);
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
	report(nth - 2, failures);
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
