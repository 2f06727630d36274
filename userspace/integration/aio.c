// SPDX-License-Identifier: GPL-2.0
/*
 * Asynchronous I/O, the kernel's by libaio and glibc's by threads. Buggy
 * results would be a kind of request that is refused, an error that is not the
 * event it should be, a poll request that does not end or ends for the wrong
 * direction, or a request that is done and nobody is told.
 */
#define _GNU_SOURCE
#include <aio.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/uio.h>
#include "kselftest_harness.h"
#include "common.h"
#include "requests.h"

#define SIZE	4096
#define ATOMIC	512
#define IN	(POLLIN | POLLRDNORM)
#define OUT	(POLLOUT | POLLWRNORM)

FIXTURE(libaio) {
	io_context_t ctx;
	struct iocb iocb;
	int fd;
};

FIXTURE_SETUP(libaio)
{
	device_drain();
	self->ctx = NULL;
	ASSERT_EQ(0, io_setup(8, &self->ctx));
	self->fd = device_open(O_RDWR);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(libaio)
{
	close(self->fd);
	io_destroy(self->ctx);
}

/*
 * Test that the book's aior works: an O_DIRECT file, an aligned buffer, one
 * request; the offset means nothing to a FIFO (A5, D3).
 */
TEST_F(libaio, aior)
{
	int fd = device_open(O_RDONLY | O_DIRECT);
	void *bytes;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, posix_memalign(&bytes, 512, 512));
	ASSERT_EQ(5, write(self->fd, "hello", 5));
	io_prep_pread(&self->iocb, fd, bytes, 512, 1024);
	EXPECT_EQ(1, submit(self->ctx, &self->iocb));
	EXPECT_EQ(5, ended(self->ctx, &self->iocb));
	EXPECT_EQ(0, memcmp(bytes, "hello", 5));
	EXPECT_EQ(0, events_left(self->ctx));
	free(bytes);
	close(fd);
}

/*
 * Test that vectored requests keep the order of their segments, and that one
 * io_submit() does what it is given in order (A5, R3). Of two times, one byte
 * apart, one at least has the FIFO wrap.
 */
TEST_F(libaio, vectors)
{
	char from[SIZE], to[SIZE];
	struct iovec out[] = {
		{ from, 1000 }, { from + 1000, 1 }, { from + 1001, SIZE - 1001 },
	};
	struct iovec in[] = {
		{ to, 500 }, { NULL, 0 }, { to + 500, 3 }, { to + 503, SIZE - 503 },
	};
	struct iocb put, get;
	struct iocb *both[] = { &put, &get };
	int i, times;

	for (i = 0; i < SIZE; i++)
		from[i] = i % 251;
	for (times = 0; times < 2; times++) {
		memset(to, 0, SIZE);
		io_prep_pwritev(&put, self->fd, out, 3, 0);
		io_prep_preadv(&get, self->fd, in, 4, 0);
		ASSERT_EQ(2, io_submit(self->ctx, 2, both));
		EXPECT_EQ(SIZE, ended(self->ctx, &put));
		EXPECT_EQ(SIZE, ended(self->ctx, &get));
		EXPECT_EQ(0, memcmp(from, to, SIZE));
		ASSERT_EQ(1, write(self->fd, "x", 1));
		ASSERT_EQ(1, read(self->fd, to, 1));
	}
}

/*
 * Test that a request for more than there is ends with what there is, and one
 * for nothing with 0 (A5, R1, W1).
 */
TEST_F(libaio, short_results)
{
	char bytes[SIZE] = "";
	struct iovec iov = { bytes, SIZE };

	io_prep_pread(&self->iocb, self->fd, bytes, 0, 0);
	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	EXPECT_EQ(0, ended(self->ctx, &self->iocb));
	ASSERT_EQ(SIZE - 600, write(self->fd, bytes, SIZE - 600));
	io_prep_pwritev(&self->iocb, self->fd, &iov, 1, 0);
	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	EXPECT_EQ(600, ended(self->ctx, &self->iocb));
	ASSERT_EQ(SIZE - 7, read(self->fd, bytes, SIZE - 7));
	io_prep_preadv(&self->iocb, self->fd, &iov, 1, 0);
	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	EXPECT_EQ(7, ended(self->ctx, &self->iocb));
}

/*
 * Test that a bad address is no error of io_submit() but an event, and costs
 * no byte; what lies before it counts as it does for read and write (A5, W2).
 */
TEST_F(libaio, bad_address)
{
	char *page = page_before_hole();
	char *end = page + 4096;
	struct iovec iov = { end - 3, 4 };

	ASSERT_NE(NULL, page);
	ASSERT_EQ(4, write(self->fd, "abcd", 4));
	io_prep_pread(&self->iocb, self->fd, end, 4, 0);
	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	EXPECT_EQ(-EFAULT, ended(self->ctx, &self->iocb));
	io_prep_pwritev(&self->iocb, self->fd, &iov, 1, 0);
	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	EXPECT_EQ(-EFAULT, ended(self->ctx, &self->iocb));
	io_prep_preadv(&self->iocb, self->fd, &iov, 1, 0);
	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	EXPECT_EQ(3, ended(self->ctx, &self->iocb));
	EXPECT_EQ(0, memcmp(end - 3, "abc", 3));
	EXPECT_EQ(1, device_show("fill"));
}

/* Test that on an O_NONBLOCK file EAGAIN is an event, for both sides (R2). */
TEST_F(libaio, nonblock)
{
	int fd = device_open(O_RDWR | O_NONBLOCK);
	char bytes[SIZE] = "";

	io_prep_pread(&self->iocb, fd, bytes, 1, 0);
	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	EXPECT_EQ(-EAGAIN, ended(self->ctx, &self->iocb));
	ASSERT_EQ(SIZE, write(self->fd, bytes, SIZE));
	io_prep_pwrite(&self->iocb, fd, bytes, 1, 0);
	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	EXPECT_EQ(-EAGAIN, ended(self->ctx, &self->iocb));
	io_prep_pread(&self->iocb, fd, bytes, SIZE, 0);
	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	EXPECT_EQ(SIZE, ended(self->ctx, &self->iocb));
	close(fd);
}

/* Test the same for RWF_NOWAIT on a file that may block (R2). */
TEST_F(libaio, nowait)
{
	char bytes[SIZE] = "";
	struct iovec iov = { bytes, 1 };

	io_prep_preadv2(&self->iocb, self->fd, &iov, 1, 0, RWF_NOWAIT);
	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	EXPECT_EQ(-EAGAIN, ended(self->ctx, &self->iocb));
	ASSERT_EQ(SIZE, write(self->fd, bytes, SIZE));
	io_prep_pwritev2(&self->iocb, self->fd, &iov, 1, 0, RWF_NOWAIT);
	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	EXPECT_EQ(-EAGAIN, ended(self->ctx, &self->iocb));
	io_prep_preadv2(&self->iocb, self->fd, &iov, 1, 0, RWF_NOWAIT);
	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	EXPECT_EQ(1, ended(self->ctx, &self->iocb));
}

/* Test that the wrong access mode is an error of io_submit() (D4). */
TEST_F(libaio, access_mode)
{
	int reader = device_open(O_RDONLY);
	int writer = device_open(O_WRONLY);
	char byte = 'x';

	io_prep_pread(&self->iocb, writer, &byte, 1, 0);
	EXPECT_EQ(-EBADF, submit(self->ctx, &self->iocb));
	io_prep_pwrite(&self->iocb, reader, &byte, 1, 0);
	EXPECT_EQ(-EBADF, submit(self->ctx, &self->iocb));
	EXPECT_EQ(0, events_left(self->ctx));
	EXPECT_EQ(0, device_show("fill"));
	close(reader);
	close(writer);
}

/* Test that an eventfd counts what ends: at once, or by poll, later (A5). */
TEST_F(libaio, eventfd)
{
	int count = eventfd(0, EFD_CLOEXEC);
	struct iocb request;
	eventfd_t value;

	ASSERT_LE(0, count);
	io_prep_poll(&self->iocb, self->fd, IN);
	io_set_eventfd(&self->iocb, count);
	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	io_prep_pwrite(&request, self->fd, (void *)"x", 0, 0);
	io_set_eventfd(&request, count);
	ASSERT_EQ(1, submit(self->ctx, &request));
	ASSERT_EQ(0, eventfd_read(count, &value));
	EXPECT_EQ(1, value);
	EXPECT_EQ(0, ended(self->ctx, &request));
	ASSERT_EQ(1, write(self->fd, "x", 1));
	ASSERT_EQ(0, eventfd_read(count, &value));
	EXPECT_EQ(1, value);
	EXPECT_EQ(IN, ended(self->ctx, &self->iocb));
	close(count);
}

/* Test that fsync and fdatasync requests end with 0 (A5, S1). */
TEST_F(libaio, fsync)
{
	io_prep_fsync(&self->iocb, self->fd);
	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	EXPECT_EQ(0, ended(self->ctx, &self->iocb));
	io_prep_fdsync(&self->iocb, self->fd);
	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	EXPECT_EQ(0, ended(self->ctx, &self->iocb));
}

FIXTURE(libaio_poll) {
	io_context_t ctx;
	struct iocb iocb;
	int other;
	int fd;
};

FIXTURE_VARIANT(libaio_poll) {
	int flags;	/* of the file */
	short events;	/* to wait for */
	short all;	/* that the file can have */
};

FIXTURE_VARIANT_ADD(libaio_poll, in_rdonly) {
	.flags = O_RDONLY, .events = IN, .all = IN,
};

FIXTURE_VARIANT_ADD(libaio_poll, in_rdwr) {
	.flags = O_RDWR, .events = IN, .all = IN | OUT,
};

FIXTURE_VARIANT_ADD(libaio_poll, out_wronly) {
	.flags = O_WRONLY, .events = OUT, .all = OUT,
};

FIXTURE_VARIANT_ADD(libaio_poll, out_rdwr) {
	.flags = O_RDWR, .events = OUT, .all = IN | OUT,
};

/* Bring about that there are none of the events, by another file. */
static int make_unready(int other, short events)
{
	static const char bytes[SIZE];
	ssize_t n = SIZE - ATOMIC + 1;

	return events & POLLIN || write(other, bytes, n) == n ? 0 : -1;
}

/* Do what others may wait for, and leave it so that there are none. */
static int move_too_little(int other, short events)
{
	char byte;

	return events & POLLIN || (write(other, "x", 1) == 1 &&
				   read(other, &byte, 1) == 1) ? 0 : -1;
}

/* Bring about that there are some. */
static int make_ready(int other, short events)
{
	char bytes[ATOMIC];

	if (events & POLLIN)
		return write(other, "x", 1) == 1 ? 0 : -1;
	return read(other, bytes, ATOMIC) == ATOMIC ? 0 : -1;
}

FIXTURE_SETUP(libaio_poll)
{
	device_drain();
	self->ctx = NULL;
	ASSERT_EQ(0, io_setup(8, &self->ctx));
	self->other = device_open(O_RDWR | O_NONBLOCK);
	self->fd = device_open(variant->flags);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, make_unready(self->other, variant->events));
	io_prep_poll(&self->iocb, self->fd, variant->events);
}

FIXTURE_TEARDOWN(libaio_poll)
{
	close(self->fd);
	close(self->other);
	io_destroy(self->ctx);
}

/* Test that a poll request ends when there is what it waits for (A5, K3). */
TEST_F(libaio_poll, later)
{
	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	ASSERT_EQ(0, move_too_little(self->other, variant->events));
	EXPECT_EQ(0, events_left(self->ctx));
	ASSERT_EQ(0, make_ready(self->other, variant->events));
	EXPECT_EQ(variant->events, ended(self->ctx, &self->iocb));
	ASSERT_EQ(0, make_ready(self->other, variant->events));
	EXPECT_EQ(0, events_left(self->ctx));
}

/*
 * Test that a poll request ends at once if it can, and with those directions
 * only that the file is open for (A5, K3).
 */
TEST_F(libaio_poll, at_once)
{
	char bytes[SIZE];

	while (read(self->other, bytes, SIZE) > 0)
		;
	ASSERT_EQ(1, write(self->other, "x", 1));
	io_prep_poll(&self->iocb, self->fd, IN | OUT);
	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	EXPECT_EQ(variant->all, ended(self->ctx, &self->iocb));
}

/*
 * Test that a poll request that waits can be cancelled, gives one event for
 * that, and is then told of nothing (A5).
 */
TEST_F(libaio_poll, cancel)
{
	struct io_event event;

	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	EXPECT_EQ(-EINPROGRESS, io_cancel(self->ctx, &self->iocb, &event));
	EXPECT_EQ(0, ended(self->ctx, &self->iocb));
	ASSERT_EQ(0, make_ready(self->other, variant->events));
	EXPECT_EQ(0, events_left(self->ctx));
	EXPECT_EQ(-EINVAL, io_cancel(self->ctx, &self->iocb, &event));
}

/*
 * glibc's: a thread for each descriptor does its requests, one by one. So who
 * waits for each other need different descriptors.
 */
FIXTURE(glibc) {
	long long sleeps;
	int reader;
	int writer;
};

FIXTURE_SETUP(glibc)
{
	device_drain();
	self->reader = device_open(O_RDONLY);
	self->writer = device_open(O_WRONLY);
	ASSERT_LE(0, self->reader);
	ASSERT_LE(0, self->writer);
	self->sleeps = device_show("stats/sleeps");
	ASSERT_LE(0, self->sleeps);
}

FIXTURE_TEARDOWN(glibc)
{
	close(self->reader);
	close(self->writer);
}

static struct aiocb request(int fd, const char *bytes, size_t count)
{
	return (struct aiocb){
		.aio_fildes = fd, .aio_buf = (void *)bytes,
		.aio_nbytes = count,
		.aio_sigevent.sigev_notify = SIGEV_NONE,
	};
}

/* How a request that is done ended: aio_return(), or a negative error. */
static ssize_t outcome(struct aiocb *cb)
{
	int err = aio_error(cb);
	ssize_t n;

	if (err == EINPROGRESS)
		return -EINPROGRESS;
	n = aio_return(cb);
	return n < 0 ? -err : n;
}

/* Wait until a request is done. */
static ssize_t finish(struct aiocb *cb)
{
	const struct aiocb *list[] = { cb };

	while (aio_error(cb) == EINPROGRESS)
		aio_suspend(list, 1, NULL);
	return outcome(cb);
}

/*
 * Test that aio_read() waits for an aio_write(), as aio_error() and
 * aio_suspend() see, and brings its bytes (A6).
 */
TEST_F(glibc, read)
{
	char bytes[8] = "";
	struct aiocb get = request(self->reader, bytes, sizeof(bytes));
	struct aiocb put = request(self->writer, "hello", 5);
	const struct aiocb *list[] = { NULL, &get };
	struct timespec brief = { .tv_nsec = 1000000 };

	ASSERT_EQ(0, aio_read(&get));
	ASSERT_EQ(0, wait_for_value("stats/sleeps", self->sleeps + 1));
	EXPECT_EQ(EINPROGRESS, aio_error(&get));
	EXPECT_EQ(-1, aio_suspend(list, 2, &brief));
	EXPECT_EQ(EAGAIN, errno);
	ASSERT_EQ(0, aio_write(&put));
	EXPECT_EQ(5, finish(&get));
	EXPECT_EQ(5, finish(&put));
	EXPECT_STREQ("hello", bytes);
}

/* Test that aio_write() waits for room, and may then be short (A6, W1). */
TEST_F(glibc, write)
{
	static char filler[SIZE], bytes[SIZE];
	struct aiocb put = request(self->writer, bytes, ATOMIC + 100);
	struct aiocb get = request(self->reader, filler, ATOMIC);

	memset(bytes, 'x', sizeof(bytes));
	ASSERT_EQ(SIZE, write(self->writer, filler, SIZE));
	ASSERT_EQ(0, aio_write(&put));
	ASSERT_EQ(0, wait_for_value("stats/sleeps", self->sleeps + 1));
	EXPECT_EQ(EINPROGRESS, aio_error(&put));
	ASSERT_EQ(0, aio_read(&get));
	EXPECT_EQ(ATOMIC, finish(&get));
	EXPECT_EQ(ATOMIC, finish(&put));
	ASSERT_EQ(SIZE, read(self->reader, filler, SIZE));
	EXPECT_EQ(0, filler[SIZE - ATOMIC - 1]);
	EXPECT_EQ(0, memcmp(filler + SIZE - ATOMIC, bytes, ATOMIC));
}

/* Test that aio_error() has what read and write would have (A6, D4, R2, W2). */
TEST_F(glibc, errors)
{
	char *page = page_before_hole();
	struct aiocb cb;
	char byte = 'x';

	ASSERT_NE(NULL, page);
	cb = request(self->writer, &byte, 1);
	ASSERT_EQ(0, aio_read(&cb));
	EXPECT_EQ(-EBADF, finish(&cb));
	cb = request(self->reader, &byte, 1);
	ASSERT_EQ(0, aio_write(&cb));
	EXPECT_EQ(-EBADF, finish(&cb));
	cb = request(self->writer, page + 4095, 2);
	ASSERT_EQ(0, aio_write(&cb));
	EXPECT_EQ(-EFAULT, finish(&cb));
	ASSERT_EQ(0, fcntl(self->reader, F_SETFL, O_NONBLOCK));
	cb = request(self->reader, &byte, 1);
	ASSERT_EQ(0, aio_read(&cb));
	EXPECT_EQ(-EAGAIN, finish(&cb));
}

/*
 * Test that aio_cancel() takes back what no thread has begun, and nothing else
 * (A6).
 */
TEST_F(glibc, cancel)
{
	char bytes[2] = "";
	struct aiocb first = request(self->reader, &bytes[0], 1);
	struct aiocb second = request(self->reader, &bytes[1], 1);

	ASSERT_EQ(0, aio_read(&first));
	ASSERT_EQ(0, wait_for_value("stats/sleeps", self->sleeps + 1));
	ASSERT_EQ(0, aio_read(&second));
	EXPECT_EQ(AIO_NOTCANCELED, aio_cancel(self->reader, &first));
	EXPECT_EQ(AIO_CANCELED, aio_cancel(self->reader, &second));
	EXPECT_EQ(-ECANCELED, outcome(&second));
	ASSERT_EQ(2, write(self->writer, "ab", 2));
	EXPECT_EQ(1, finish(&first));
	EXPECT_EQ(AIO_ALLDONE, aio_cancel(self->reader, NULL));
	EXPECT_EQ('a', bytes[0]);
	EXPECT_EQ(0, bytes[1]);
	EXPECT_EQ(1, device_show("fill"));
}

/* Test that aio_fsync() ends with 0, and so does fdatasync's kind (A6, S1). */
TEST_F(glibc, fsync)
{
	struct aiocb cb = request(self->writer, NULL, 0);

	ASSERT_EQ(0, aio_fsync(O_SYNC, &cb));
	EXPECT_EQ(0, finish(&cb));
	ASSERT_EQ(0, aio_fsync(O_DSYNC, &cb));
	EXPECT_EQ(0, finish(&cb));
}

/*
 * Test that lio_listio() with LIO_WAIT returns once a read and the write that
 * it waits for are done (A6).
 */
TEST_F(glibc, listio_wait)
{
	char bytes[8] = "";
	struct aiocb get = request(self->reader, bytes, sizeof(bytes));
	struct aiocb put = request(self->writer, "hello", 5);
	struct aiocb *list[] = { &get, NULL, &put };

	get.aio_lio_opcode = LIO_READ;
	put.aio_lio_opcode = LIO_WRITE;
	ASSERT_EQ(0, lio_listio(LIO_WAIT, list, 3, NULL));
	EXPECT_EQ(5, outcome(&get));
	EXPECT_EQ(5, outcome(&put));
	EXPECT_STREQ("hello", bytes);
}

/* The three ways of being told that a request is done. */
FIXTURE(told) {
	struct sigevent how;
	int reader;
	int writer;
	int told[2];	/* a pipe: SIGEV_THREAD's function writes to it */
};

FIXTURE_VARIANT(told) {
	int notify;
};

FIXTURE_VARIANT_ADD(told, none) {
	.notify = SIGEV_NONE,
};

FIXTURE_VARIANT_ADD(told, signal) {
	.notify = SIGEV_SIGNAL,
};

FIXTURE_VARIANT_ADD(told, thread) {
	.notify = SIGEV_THREAD,
};

static void on_thread(union sigval value)
{
	write(value.sival_int, "", 1);
}

FIXTURE_SETUP(told)
{
	sigset_t set;

	device_drain();
	self->reader = device_open(O_RDONLY);
	self->writer = device_open(O_WRONLY);
	ASSERT_LE(0, self->reader);
	ASSERT_LE(0, self->writer);
	ASSERT_EQ(0, pipe2(self->told, O_CLOEXEC));
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	ASSERT_EQ(0, sigprocmask(SIG_BLOCK, &set, NULL));
	self->how = (struct sigevent){
		.sigev_notify = variant->notify, .sigev_signo = SIGRTMIN,
		.sigev_value.sival_int = self->told[1],
	};
	if (variant->notify == SIGEV_THREAD)
		self->how.sigev_notify_function = on_thread;
}

FIXTURE_TEARDOWN(told)
{
	close(self->reader);
	close(self->writer);
}

/* Wait until we are told as @how wants it; with SIGEV_NONE we have to look. */
static int be_told(const struct sigevent *how, int pipe, struct aiocb *cb)
{
	const struct aiocb *list[] = { cb };
	siginfo_t info;
	sigset_t set;
	char byte;

	switch (how->sigev_notify) {
	case SIGEV_SIGNAL:
		sigemptyset(&set);
		sigaddset(&set, how->sigev_signo);
		return sigwaitinfo(&set, &info) == how->sigev_signo &&
		       info.si_code == SI_ASYNCIO &&
		       info.si_value.sival_int == how->sigev_value.sival_int &&
		       info.si_pid == getpid() ? 0 : -1;
	case SIGEV_THREAD:
		return read(pipe, &byte, 1) == 1 ? 0 : -1;
	default:
		while (aio_error(cb) == EINPROGRESS)
			aio_suspend(list, 1, NULL);
		return 0;
	}
}

/* Test that we are told of an aio_read() once it is done, and how (A6). */
TEST_F(told, read)
{
	long long sleeps = device_show("stats/sleeps");
	char bytes[8] = "";
	struct aiocb get = request(self->reader, bytes, sizeof(bytes));

	get.aio_sigevent = self->how;
	ASSERT_EQ(0, aio_read(&get));
	ASSERT_EQ(0, wait_for_value("stats/sleeps", sleeps + 1));
	ASSERT_EQ(5, write(self->writer, "hello", 5));
	EXPECT_EQ(0, be_told(&self->how, self->told[0], &get));
	EXPECT_EQ(5, outcome(&get));
	EXPECT_STREQ("hello", bytes);
}

/* Test that we are told of an aio_write() once it is done, and how (A6). */
TEST_F(told, write)
{
	long long sleeps = device_show("stats/sleeps");
	char bytes[SIZE] = "";
	struct aiocb put = request(self->writer, "hello", 5);

	ASSERT_EQ(SIZE, write(self->writer, bytes, SIZE));
	put.aio_sigevent = self->how;
	ASSERT_EQ(0, aio_write(&put));
	ASSERT_EQ(0, wait_for_value("stats/sleeps", sleeps + 1));
	ASSERT_EQ(SIZE, read(self->reader, bytes, SIZE));
	EXPECT_EQ(0, be_told(&self->how, self->told[0], &put));
	EXPECT_EQ(5, outcome(&put));
	EXPECT_EQ(5, read(self->reader, bytes, SIZE));
	EXPECT_EQ(0, memcmp(bytes, "hello", 5));
}

/*
 * Test that with LIO_NOWAIT we are told of a whole list once all of it is done
 * (A6).
 */
TEST_F(told, listio)
{
	long long sleeps = device_show("stats/sleeps");
	char bytes[3] = "";
	struct aiocb get = request(self->reader, bytes, 1);
	struct aiocb more = request(self->reader, bytes + 1, 1);
	struct aiocb *list[] = { &get, &more };

	get.aio_lio_opcode = LIO_READ;
	more.aio_lio_opcode = LIO_READ;
	ASSERT_EQ(0, lio_listio(LIO_NOWAIT, list, 2, &self->how));
	ASSERT_EQ(0, wait_for_value("stats/sleeps", sleeps + 1));
	ASSERT_EQ(2, write(self->writer, "ab", 2));
	EXPECT_EQ(0, be_told(&self->how, self->told[0], &more));
	EXPECT_EQ(1, outcome(&get));
	EXPECT_EQ(1, outcome(&more));
	EXPECT_STREQ("ab", bytes);
}

TEST_HARNESS_MAIN
