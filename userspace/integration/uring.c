// SPDX-License-Identifier: GPL-2.0
/*
 * io_uring, which has to get by with NOWAIT and poll. Buggy results would be a
 * worker thread that sleeps in the driver in our place, a call of io_uring's
 * that itself sleeps there, a request that nothing ends, not even SIGKILL, or
 * bytes that a cancelled one took.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <liburing.h>
#include "kselftest_harness.h"
#include "common.h"
#include "requests.h"
#include "userfault.h"

#define SIZE	PAGE
#define ATOMIC	512
#define IN	(POLLIN | POLLRDNORM)
#define OUT	(POLLOUT | POLLWRNORM)
#define IDS	8

/* What requests are called, where that is not just a number. */
enum { GET, PUT, CANCEL, TIMER };

/* Of Linux 6.7, and newer than the headers of Debian 12. */
#define OP_READ_MULTISHOT	49

/* The next completion: its result, its flags if wanted. It has to be @id's. */
static int result(struct io_uring *ring, unsigned int id, unsigned int *flags)
{
	struct io_uring_cqe *cqe;
	int res = INT_MIN;

	if (io_uring_wait_cqe(ring, &cqe))
		return INT_MIN;
	if (cqe->user_data == id)
		res = cqe->res;
	if (flags)
		*flags = cqe->flags;
	io_uring_cqe_seen(ring, cqe);
	return res;
}

/* The results of the next @n completions, in whatever order, by their ids. */
static int results(struct io_uring *ring, int n, int res[IDS])
{
	struct io_uring_cqe *cqe;
	int i;

	for (i = 0; i < IDS; i++)
		res[i] = INT_MIN;
	while (n--) {
		if (io_uring_wait_cqe(ring, &cqe) || cqe->user_data >= IDS)
			return -1;
		res[cqe->user_data] = cqe->res;
		io_uring_cqe_seen(ring, cqe);
	}
	return 0;
}

/*
 * How many threads we are: one, as long as io_uring makes no worker. A new
 * worker has our name at first, and only later iou-wrk-N: so all count.
 */
static int threads(void)
{
	DIR *dir = opendir("/proc/self/task");
	struct dirent *entry;
	int n = 0;

	if (!dir)
		return -1;
	while ((entry = readdir(dir)))
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n;
}

/* Prepare and submit a read of one byte that is called @id. */
static int submit_read(struct io_uring *ring, int fd, char *byte, int id)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	io_uring_prep_read(sqe, fd, byte, 1, -1);
	sqe->user_data = id;
	return io_uring_submit(ring);
}

/* Whatever was tested: no request of io_uring's ever waited in the driver (A7). */
static void expect_none_queued(struct __test_metadata *_metadata,
			       const struct counts *before)
{
	expect_settled(_metadata, before);
	EXPECT_EQ(before->queued, device_show("stats/aio_queued"));
}

/* The kinds of requests that move bytes. */
enum kind { PLAIN, VECTORED, FIXED };

FIXTURE(transfer) {
	struct counts before;
	struct io_uring ring;
	struct iovec iov[2];	/* what is moved next, in two parts */
	char *memory;		/* three pages, registered for FIXED */
	int fd;			/* of requests */
	int other;		/* of plain calls, which are not to block */
};

FIXTURE_VARIANT(transfer) {
	enum kind kind;
};

FIXTURE_VARIANT_ADD(transfer, plain) {
	.kind = PLAIN,
};

FIXTURE_VARIANT_ADD(transfer, vectored) {
	.kind = VECTORED,
};

FIXTURE_VARIANT_ADD(transfer, fixed) {
	.kind = FIXED,
};

FIXTURE_SETUP(transfer)
{
	struct iovec all = { .iov_len = 3 * SIZE };

	self->before = begin_settled(_metadata);
	ASSERT_EQ(0, io_uring_queue_init(IDS, &self->ring, 0));
	self->fd = device_open(O_RDWR);
	self->other = device_open(O_RDWR | O_NONBLOCK);
	ASSERT_LE(0, self->fd);
	ASSERT_LE(0, self->other);
	self->memory = mmap(NULL, all.iov_len, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->memory);
	all.iov_base = self->memory;
	if (variant->kind == FIXED)
		ASSERT_EQ(0, io_uring_register_buffers(&self->ring, &all, 1));
}

FIXTURE_TEARDOWN(transfer)
{
	close(self->fd);
	close(self->other);
	io_uring_queue_exit(&self->ring);
	expect_none_queued(_metadata, &self->before);
}

static void prep_read(struct io_uring_sqe *sqe, enum kind kind, int fd,
		      const struct iovec iov[2], char *bytes, size_t len)
{
	if (kind == VECTORED)
		io_uring_prep_readv(sqe, fd, iov, 2, -1);
	else if (kind == FIXED)
		io_uring_prep_read_fixed(sqe, fd, bytes, len, -1, 0);
	else
		io_uring_prep_read(sqe, fd, bytes, len, -1);
}

static void prep_write(struct io_uring_sqe *sqe, enum kind kind, int fd,
		       const struct iovec iov[2], char *bytes, size_t len)
{
	if (kind == VECTORED)
		io_uring_prep_writev(sqe, fd, iov, 2, -1);
	else if (kind == FIXED)
		io_uring_prep_write_fixed(sqe, fd, bytes, len, -1, 0);
	else
		io_uring_prep_write(sqe, fd, bytes, len, -1);
}

/* Submit a request, called GET or PUT, for @len bytes @at a place in memory. */
static int start(struct _test_data_transfer *self, enum kind kind, int id,
		 size_t at, size_t len)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&self->ring);
	char *bytes = self->memory + at;

	self->iov[0] = (struct iovec){ bytes, 3 };
	self->iov[1] = (struct iovec){ bytes + 3, len - 3 };
	if (id == GET)
		prep_read(sqe, kind, self->fd, self->iov, bytes, len);
	else
		prep_write(sqe, kind, self->fd, self->iov, bytes, len);
	sqe->user_data = id;
	return io_uring_submit(&self->ring);
}

/*
 * Test that each kind of request moves bytes at once if it can, across the wrap
 * of the FIFO and from one page to the next, and is short if it has to be
 * (A7, R3, R1, W1).
 */
TEST_F(transfer, at_once)
{
	char bytes[SIZE] = "";
	int i;

	for (i = 0; i < SIZE; i++)
		self->memory[1 + i] = i % 251;
	ASSERT_EQ(100, write(self->other, bytes, 100));
	ASSERT_EQ(1, start(self, variant->kind, PUT, 1, SIZE));
	EXPECT_EQ(SIZE - 100, result(&self->ring, PUT, NULL));
	ASSERT_EQ(100, read(self->other, bytes, 100));
	ASSERT_EQ(1, start(self, variant->kind, PUT, SIZE - 99, 100));
	EXPECT_EQ(100, result(&self->ring, PUT, NULL));
	ASSERT_EQ(1, start(self, variant->kind, GET, SIZE + 7, SIZE + 10));
	EXPECT_EQ(SIZE, result(&self->ring, GET, NULL));
	EXPECT_EQ(0, memcmp(self->memory + 1, self->memory + SIZE + 7, SIZE));
	EXPECT_EQ(1, threads());
}

/*
 * Test that a read of an empty FIFO waits without a worker thread, and gets
 * what is then written to where it belongs (A7).
 */
TEST_F(transfer, read_waits)
{
	ASSERT_EQ(1, start(self, variant->kind, GET, SIZE - 2, 600));
	EXPECT_EQ(0, io_uring_cq_ready(&self->ring));
	EXPECT_EQ(1, threads());
	ASSERT_EQ(5, write(self->other, "hello", 5));
	EXPECT_EQ(5, result(&self->ring, GET, NULL));
	EXPECT_EQ(0, memcmp(self->memory + SIZE - 3, "\0hello", 7));
	EXPECT_EQ(1, threads());
}

/*
 * Test that a write to a full FIFO waits without a worker thread, and puts in
 * what then fits (A7, W1).
 */
TEST_F(transfer, write_waits)
{
	char bytes[SIZE] = "";

	memset(self->memory, 'x', ATOMIC + 100);
	ASSERT_EQ(SIZE, write(self->other, bytes, SIZE));
	ASSERT_EQ(1, start(self, variant->kind, PUT, 0, ATOMIC + 100));
	EXPECT_EQ(0, io_uring_cq_ready(&self->ring));
	EXPECT_EQ(1, threads());
	ASSERT_EQ(ATOMIC, read(self->other, bytes, ATOMIC));
	EXPECT_EQ(ATOMIC, result(&self->ring, PUT, NULL));
	EXPECT_EQ(1, threads());
	ASSERT_EQ(SIZE, read(self->other, bytes, SIZE));
	EXPECT_EQ(0, bytes[SIZE - ATOMIC - 1]);
	EXPECT_EQ(0, memcmp(bytes + SIZE - ATOMIC, self->memory, ATOMIC));
}

FIXTURE(uring) {
	struct counts before;
	struct io_uring ring;
	int fd;		/* of requests */
	int other;	/* of plain calls, which are not to block; both may read */
};

FIXTURE_SETUP(uring)
{
	self->before = begin_settled(_metadata);
	ASSERT_EQ(0, io_uring_queue_init(IDS, &self->ring, 0));
	self->fd = device_open(O_RDWR);
	self->other = device_open(O_RDWR | O_NONBLOCK);
	ASSERT_LE(0, self->fd);
	ASSERT_LE(0, self->other);
}

FIXTURE_TEARDOWN(uring)
{
	close(self->fd);
	close(self->other);
	io_uring_queue_exit(&self->ring);
	expect_none_queued(_metadata, &self->before);
}

/*
 * Test that RWF_NOWAIT makes EAGAIN of empty and full, and nothing of what can
 * be done (A7, R2).
 */
TEST_F(uring, nowait)
{
	char bytes[SIZE] = "";
	struct iovec iov = { bytes, 1 };
	struct io_uring_sqe *sqe;

	sqe = io_uring_get_sqe(&self->ring);
	io_uring_prep_readv2(sqe, self->fd, &iov, 1, -1, RWF_NOWAIT);
	sqe->user_data = GET;
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	EXPECT_EQ(-EAGAIN, result(&self->ring, GET, NULL));
	ASSERT_EQ(SIZE, write(self->other, bytes, SIZE));
	sqe = io_uring_get_sqe(&self->ring);
	io_uring_prep_writev2(sqe, self->fd, &iov, 1, -1, RWF_NOWAIT);
	sqe->user_data = PUT;
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	EXPECT_EQ(-EAGAIN, result(&self->ring, PUT, NULL));
	sqe = io_uring_get_sqe(&self->ring);
	io_uring_prep_readv2(sqe, self->fd, &iov, 1, -1, RWF_NOWAIT);
	sqe->user_data = GET;
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	EXPECT_EQ(1, result(&self->ring, GET, NULL));
}

/* Test that errors are completions, and that none costs a byte (D4, W2). */
TEST_F(uring, errors)
{
	char *page = mmap(NULL, SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
	int writer = device_open(O_WRONLY);
	char byte;

	ASSERT_NE(MAP_FAILED, page);
	ASSERT_LE(0, writer);
	ASSERT_EQ(1, write(self->other, "x", 1));
	ASSERT_EQ(1, submit_read(&self->ring, self->fd, page, GET));
	EXPECT_EQ(-EFAULT, result(&self->ring, GET, NULL));
	ASSERT_EQ(1, submit_read(&self->ring, writer, &byte, GET));
	EXPECT_EQ(-EBADF, result(&self->ring, GET, NULL));
	EXPECT_EQ(1, device_show("fill"));
	close(writer);
}

/*
 * Test that reads that wait are done as bytes come, each byte once, and that
 * the one that comes off badly waits on, without a worker thread (A7, R3).
 */
TEST_F(uring, many)
{
	char bytes[3] = "";
	int i, res[IDS];

	for (i = 0; i < 3; i++)
		ASSERT_EQ(1, submit_read(&self->ring, self->fd, &bytes[i], i));
	ASSERT_EQ(2, write(self->other, "ab", 2));
	ASSERT_EQ(0, results(&self->ring, 2, res));
	EXPECT_EQ(0, io_uring_cq_ready(&self->ring));
	EXPECT_EQ(1, threads());
	ASSERT_EQ(1, write(self->other, "c", 1));
	for (i = 0; i < 3; i++)
		if (res[i] != 1)
			EXPECT_EQ(1, result(&self->ring, i, NULL));
	EXPECT_EQ('a' ^ 'b' ^ 'c', bytes[0] ^ bytes[1] ^ bytes[2]);
	EXPECT_EQ(0, device_show("fill"));
}

/*
 * Test that a write that waits for less than ATOMIC bytes is done as soon as it
 * fits, although poll does not say then that there is room (A7).
 */
TEST_F(uring, small_write)
{
	char bytes[SIZE] = "";
	struct io_uring_sqe *sqe;

	ASSERT_EQ(SIZE, write(self->other, bytes, SIZE));
	sqe = io_uring_get_sqe(&self->ring);
	io_uring_prep_write(sqe, self->fd, bytes, 100, -1);
	sqe->user_data = PUT;
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	ASSERT_EQ(99, read(self->other, bytes, 99));
	EXPECT_EQ(0, io_uring_cq_ready(&self->ring));
	ASSERT_EQ(1, read(self->other, bytes, 1));
	EXPECT_EQ(100, result(&self->ring, PUT, NULL));
}

/*
 * Test that a read that was told of a byte which somebody else then took waits
 * on, and does not sleep in io_uring_enter() nor in a worker thread (A7, R2).
 */
TEST_F(uring, stolen)
{
	struct io_uring ring;
	char byte = 0;
	int err;

	/* With these, it tries again when we say so, and not before. */
	err = io_uring_queue_init(IDS, &ring, IORING_SETUP_SINGLE_ISSUER |
				  IORING_SETUP_DEFER_TASKRUN);
	if (err == -EINVAL)
		SKIP(return, "the kernel has no IORING_SETUP_DEFER_TASKRUN");
	ASSERT_EQ(0, err);
	ASSERT_EQ(1, submit_read(&ring, self->fd, &byte, GET));
	ASSERT_EQ(1, write(self->other, "x", 1));
	ASSERT_EQ(1, read(self->other, &byte, 1));
	ASSERT_LE(0, io_uring_get_events(&ring));
	EXPECT_EQ(0, io_uring_cq_ready(&ring));
	EXPECT_EQ(1, threads());
	ASSERT_EQ(1, write(self->other, "y", 1));
	EXPECT_EQ(1, result(&ring, GET, NULL));
	EXPECT_EQ('y', byte);
	io_uring_queue_exit(&ring);
}

/* Submit a poll request. */
static int submit_poll(struct io_uring *ring, int fd, int events, bool multi)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	if (multi)
		io_uring_prep_poll_multishot(sqe, fd, events);
	else
		io_uring_prep_poll_add(sqe, fd, events);
	sqe->user_data = GET;
	return io_uring_submit(ring);
}

/*
 * Test that a poll request is done at once if it can, else when there is what
 * it waits for, not for the other direction nor for too little room (A7, K3).
 */
TEST_F(uring, poll)
{
	char bytes[SIZE] = "";

	ASSERT_EQ(1, submit_poll(&self->ring, self->fd, IN | OUT, false));
	EXPECT_EQ(OUT, result(&self->ring, GET, NULL));
	ASSERT_EQ(1, submit_poll(&self->ring, self->fd, IN, false));
	EXPECT_EQ(0, io_uring_cq_ready(&self->ring));
	ASSERT_EQ(SIZE - 1, write(self->other, bytes, SIZE - 1));
	EXPECT_EQ(IN, result(&self->ring, GET, NULL));
	ASSERT_EQ(1, submit_poll(&self->ring, self->fd, OUT, false));
	ASSERT_EQ(1, write(self->other, bytes, 1));
	ASSERT_EQ(1, read(self->other, bytes, 1));
	EXPECT_EQ(0, io_uring_cq_ready(&self->ring));
	ASSERT_EQ(ATOMIC, read(self->other, bytes, ATOMIC));
	EXPECT_EQ(OUT, result(&self->ring, GET, NULL));
	EXPECT_EQ(1, threads());
}

static int submit_cancel(struct io_uring *ring, int id)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	io_uring_prep_cancel64(sqe, id, 0);
	sqe->user_data = CANCEL;
	return io_uring_submit(ring);
}

/*
 * Test that a multishot poll request tells of each write, of no read, and goes
 * on until it is cancelled (A7, K3).
 */
TEST_F(uring, poll_multishot)
{
	unsigned int flags;
	int i, res[IDS];
	char byte;

	ASSERT_EQ(1, submit_poll(&self->ring, self->fd, IN, true));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(2, write(self->other, "ab", 2));
		EXPECT_EQ(IN, result(&self->ring, GET, &flags));
		EXPECT_EQ(IORING_CQE_F_MORE, flags);
		ASSERT_EQ(1, read(self->other, &byte, 1));
		EXPECT_EQ(0, io_uring_cq_ready(&self->ring));
	}
	ASSERT_EQ(1, submit_cancel(&self->ring, GET));
	ASSERT_EQ(0, results(&self->ring, 2, res));
	EXPECT_EQ(0, res[CANCEL]);
	EXPECT_EQ(-ECANCELED, res[GET]);
}

/* Test that a read that waits can be cancelled, and takes no byte then (A7). */
TEST_F(uring, cancel)
{
	int res[IDS];
	char byte = 0;

	ASSERT_EQ(1, submit_read(&self->ring, self->fd, &byte, GET));
	ASSERT_EQ(1, submit_cancel(&self->ring, GET));
	ASSERT_EQ(0, results(&self->ring, 2, res));
	EXPECT_EQ(0, res[CANCEL]);
	EXPECT_EQ(-ECANCELED, res[GET]);
	ASSERT_EQ(1, write(self->other, "x", 1));
	EXPECT_EQ(1, device_show("fill"));
	EXPECT_EQ(0, io_uring_cq_ready(&self->ring));
	EXPECT_EQ(0, byte);
}

/* Submit a read, and linked to it a limit to how long it may wait. */
static int submit_limited(struct io_uring *ring, int fd, char *byte,
			  struct __kernel_timespec *limit)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	io_uring_prep_read(sqe, fd, byte, 1, -1);
	sqe->user_data = GET;
	sqe->flags |= IOSQE_IO_LINK;
	sqe = io_uring_get_sqe(ring);
	io_uring_prep_link_timeout(sqe, limit, 0);
	sqe->user_data = TIMER;
	return io_uring_submit(ring);
}

/* Test that a linked timeout ends a read that waits, which takes no byte (A7). */
TEST_F(uring, link_timeout)
{
	struct __kernel_timespec limit = { .tv_nsec = 1000000 };
	int res[IDS];
	char byte;

	ASSERT_EQ(2, submit_limited(&self->ring, self->fd, &byte, &limit));
	ASSERT_EQ(0, results(&self->ring, 2, res));
	EXPECT_EQ(-ECANCELED, res[GET]);
	EXPECT_EQ(-ETIME, res[TIMER]);
	ASSERT_EQ(1, write(self->other, "x", 1));
	EXPECT_EQ(1, device_show("fill"));
}

/* Test that a linked timeout is called off by a byte that comes before (A7). */
TEST_F(uring, link_in_time)
{
	struct __kernel_timespec limit = { .tv_sec = 3600 };
	int res[IDS];
	char byte;

	ASSERT_EQ(2, submit_limited(&self->ring, self->fd, &byte, &limit));
	EXPECT_EQ(0, io_uring_cq_ready(&self->ring));
	ASSERT_EQ(1, write(self->other, "x", 1));
	ASSERT_EQ(0, results(&self->ring, 2, res));
	EXPECT_EQ(1, res[GET]);
	EXPECT_EQ(-ECANCELED, res[TIMER]);
	EXPECT_EQ('x', byte);
}

/* Have a read wait on a file and a ring that live as long as this process. */
static int park(void)
{
	static struct io_uring ring;
	static char byte;

	if (io_uring_queue_init(IDS, &ring, 0))
		return -1;
	return submit_read(&ring, device_open(O_RDONLY), &byte, GET) == 1 ? 0 : -1;
}

/*
 * Test that exit ends a read that waits: it takes no byte, and its file is let
 * go (A7, W3).
 */
TEST_F(uring, exit)
{
	long long readers = device_show("readers");
	pid_t child = fork();
	int status;

	if (!child)
		_exit(park());
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	ASSERT_EQ(1, write(self->other, "x", 1));
	EXPECT_EQ(0, wait_for_value("readers", readers));
	EXPECT_EQ(1, device_show("fill"));
}

/* Test that SIGKILL does, too (A7, W3). */
TEST_F(uring, killed)
{
	long long readers = device_show("readers");
	int status, parked[2];
	pid_t child;
	char byte;

	ASSERT_EQ(0, pipe2(parked, O_CLOEXEC));
	child = fork();
	if (!child) {
		if (park() || write(parked[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(parked[1]);
	ASSERT_EQ(1, read(parked[0], &byte, 1));
	ASSERT_EQ(0, wait_for_value("readers", readers + 1));
	kill(child, SIGKILL);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	ASSERT_EQ(1, write(self->other, "x", 1));
	EXPECT_EQ(0, wait_for_value("readers", readers));
	EXPECT_EQ(1, device_show("fill"));
}

/* Whether the kernel knows a kind of request. */
static bool supported(struct io_uring *ring, int op)
{
	struct io_uring_probe *probe = io_uring_get_probe_ring(ring);
	bool yes = probe && io_uring_opcode_supported(probe, op);

	io_uring_free_probe(probe);
	return yes;
}

/*
 * Test that a multishot read brings each write in a buffer of its own, without
 * a worker thread, until it is cancelled (A7).
 */
TEST_F(uring, read_multishot)
{
	static char buffers[4][16];
	struct io_uring_sqe *sqe;
	unsigned int flags;
	int i, res[IDS];

	if (!supported(&self->ring, OP_READ_MULTISHOT))
		SKIP(return, "the kernel has no IORING_OP_READ_MULTISHOT");
	sqe = io_uring_get_sqe(&self->ring);
	io_uring_prep_provide_buffers(sqe, buffers, 16, 4, 0, 0);
	sqe->user_data = PUT;
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	ASSERT_LE(0, result(&self->ring, PUT, NULL));
	sqe = io_uring_get_sqe(&self->ring);
	io_uring_prep_rw(OP_READ_MULTISHOT, sqe, self->fd, NULL, 0, -1);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->user_data = GET;
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	EXPECT_EQ(0, io_uring_cq_ready(&self->ring));
	for (i = 1; i <= 3; i++) {
		ASSERT_EQ(i, write(self->other, "abc", i));
		EXPECT_EQ(i, result(&self->ring, GET, &flags));
		ASSERT_EQ(IORING_CQE_F_MORE | IORING_CQE_F_BUFFER,
			  flags & 0xffff);
		EXPECT_EQ(0, memcmp(buffers[flags >> IORING_CQE_BUFFER_SHIFT],
				    "abc", i));
	}
	EXPECT_EQ(1, threads());
	ASSERT_EQ(1, submit_cancel(&self->ring, GET));
	ASSERT_EQ(0, results(&self->ring, 2, res));
	EXPECT_EQ(-ECANCELED, res[GET]);
}

/* io_uring next to libaio, whose requests come first. */
FIXTURE(both) {
	struct counts before;
	struct io_uring ring;
	io_context_t ctx;
	struct iocb iocb;
	int fd;
	int other;
};

FIXTURE_SETUP(both)
{
	self->before = begin_settled(_metadata);
	ASSERT_EQ(0, io_uring_queue_init(IDS, &self->ring, 0));
	ASSERT_EQ(0, io_setup(1, &self->ctx));
	self->fd = device_open(O_RDWR);
	self->other = device_open(O_RDWR | O_NONBLOCK);
	ASSERT_LE(0, self->fd);
	ASSERT_LE(0, self->other);
}

FIXTURE_TEARDOWN(both)
{
	close(self->fd);
	close(self->other);
	io_destroy(self->ctx);
	io_uring_queue_exit(&self->ring);
	expect_settled(_metadata, &self->before);
}

/*
 * Test that a read of io_uring's that waited first waits on while libaio's is
 * served, without a worker thread, and gets the next byte (A2, A7).
 */
TEST_F(both, libaio_first)
{
	char bytes[2] = "";

	ASSERT_EQ(1, submit_read(&self->ring, self->fd, &bytes[1], GET));
	io_prep_pread(&self->iocb, self->fd, &bytes[0], 1, 0);
	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	EXPECT_EQ(1, device_show("stats/aio_queued") - self->before.queued);
	ASSERT_EQ(1, write(self->other, "a", 1));
	EXPECT_EQ(1, ended(self->ctx, &self->iocb));
	EXPECT_EQ(0, io_uring_cq_ready(&self->ring));
	EXPECT_EQ(1, threads());
	ASSERT_EQ(1, write(self->other, "b", 1));
	EXPECT_EQ(1, result(&self->ring, GET, NULL));
	EXPECT_EQ(0, memcmp(bytes, "ab", 2));
}

/*
 * Test that io_uring's read and poll go on, when a request of libaio's whose
 * memory is not there steps aside, or is cancelled, although nothing else
 * happens (A2, A7, K3).
 */
TEST_F(both, libaio_aside)
{
	char *hole = map_area(2 * PAGE, MAP_PRIVATE);
	int i, res[IDS], uffd = watch_faults(hole, 2 * PAGE);
	struct io_uring_sqe *sqe;
	char byte;

	ASSERT_LE(0, uffd);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(2, write(self->other, "ab", 2));
		io_prep_pread(&self->iocb, self->fd, hole + i * PAGE, 1, 0);
		ASSERT_EQ(1, submit(self->ctx, &self->iocb));
		sqe = io_uring_get_sqe(&self->ring);
		io_uring_prep_poll_add(sqe, self->fd, IN);
		sqe->user_data = PUT;
		ASSERT_EQ(2, submit_read(&self->ring, self->fd, &byte, GET));
		if (i)
			EXPECT_EQ(-EINPROGRESS, cancel(self->ctx, &self->iocb));
		ASSERT_EQ(0, results(&self->ring, 2, res));
		EXPECT_EQ(1, res[GET]);
		EXPECT_EQ(IN, res[PUT]);
		EXPECT_EQ('a', byte);
		EXPECT_EQ(1, threads());
		if (!i)
			EXPECT_EQ(-EINPROGRESS, cancel(self->ctx, &self->iocb));
		EXPECT_EQ(-ECANCELED, ended(self->ctx, &self->iocb));
		ASSERT_EQ(1, read(self->other, &byte, 1));
	}
	close(uffd);
}

TEST_HARNESS_MAIN
