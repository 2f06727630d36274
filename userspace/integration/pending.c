// SPDX-License-Identifier: GPL-2.0
/*
 * libaio's requests that wait in the driver. Buggy results would be a process
 * that cannot exit, a request that nothing ends or that ends twice, bytes that
 * overtake each other, that go to the wrong process, or that a request took
 * although it failed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include "kselftest_harness.h"
#include "common.h"
#include "requests.h"
#include "../../kernel/globalfifo.h"

#define SIZE	4096
#define ATOMIC	512
#define PAGE	4096
#define MANY	1000

/* Bring about that requests have to wait. */
static int block(int other, bool write_side)
{
	static const char bytes[SIZE];

	return !write_side || write(other, bytes, SIZE) == SIZE ? 0 : -1;
}

/* Bring about that one byte can be moved. */
static int allow_one(int other, bool write_side)
{
	char byte = 'x';

	return (write_side ? read(other, &byte, 1) :
			     write(other, &byte, 1)) == 1 ? 0 : -1;
}

/* Ways to leave, each of which has to end the requests that wait. */
static void leave_by_exit(void)
{
	_exit(0);
}

static void leave_by_kill(void)
{
	kill(getpid(), SIGKILL);
}

/* Which then goes on until its standard input ends. */
static void leave_by_exec(void)
{
	execl("/bin/cat", "cat", NULL);
}

static void *exec_thread(void *unused)
{
	leave_by_exec();
	return NULL;
}

static void leave_by_exec_of_thread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, exec_thread, NULL);
	for (;;)
		pause();
}

FIXTURE(process) {
	struct counts before;
	int input[2];	/* a pipe: what the child has for standard input */
	int go[2];	/* a pipe: a byte lets the child leave */
	int other;
};

FIXTURE_VARIANT(process) {
	void (*leave)(void);
	bool write;
	int status;	/* with which it ends */
	bool stays;	/* another program goes on in its place */
};

/*
 * This comes first: a kernel that does not cancel shows here, by a child that
 * does not end, and the tests that follow then fail rather than hang.
 */
FIXTURE_VARIANT_ADD(process, killed_reader) {
	.leave = leave_by_kill, .status = SIGKILL,
};

FIXTURE_VARIANT_ADD(process, killed_writer) {
	.leave = leave_by_kill, .write = true, .status = SIGKILL,
};

FIXTURE_VARIANT_ADD(process, exit_reader) {
	.leave = leave_by_exit,
};

FIXTURE_VARIANT_ADD(process, exit_writer) {
	.leave = leave_by_exit, .write = true,
};

FIXTURE_VARIANT_ADD(process, exec_reader) {
	.leave = leave_by_exec, .stays = true,
};

FIXTURE_VARIANT_ADD(process, exec_writer) {
	.leave = leave_by_exec, .write = true, .stays = true,
};

FIXTURE_VARIANT_ADD(process, thread_exec_reader) {
	.leave = leave_by_exec_of_thread, .stays = true,
};

FIXTURE_VARIANT_ADD(process, thread_exec_writer) {
	.leave = leave_by_exec_of_thread, .write = true, .stays = true,
};

FIXTURE_SETUP(process)
{
	self->before = begin_settled(_metadata);
	self->other = device_open(O_RDWR | O_NONBLOCK);
	ASSERT_LE(0, self->other);
	ASSERT_EQ(0, block(self->other, variant->write));
	ASSERT_EQ(0, pipe2(self->input, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(self->go, O_CLOEXEC));
}

FIXTURE_TEARDOWN(process)
{
	close(self->input[0]);
	close(self->input[1]);
	close(self->go[0]);
	close(self->go[1]);
	close(self->other);
	expect_settled(_metadata, &self->before);
}

/*
 * In a child: have three requests wait, on a file that is then closed, on its
 * duplicate, and on another that exec keeps.
 */
static int park(bool write_side)
{
	static struct iocb iocbs[3];
	static char bytes[3];
	io_context_t ctx = NULL;
	int fds[3], i;

	fds[0] = device_open(O_RDWR);
	fds[1] = dup(fds[0]);
	fds[2] = open(device_path(), O_RDWR);
	if (io_setup(3, &ctx))
		return -1;
	for (i = 0; i < 3; i++) {
		prep(&iocbs[i], fds[i], write_side, &bytes[i], 1);
		if (submit(ctx, &iocbs[i]) != 1)
			return -1;
	}
	close(fds[0]);
	return 0;
}

/*
 * Test that however a process goes, with requests that wait on files that are
 * open, closed and duplicated: it does not hang, its requests are cancelled by
 * then, no byte moves, and its files are let go (A3, W3, T2).
 */
TEST_F(process, leaves)
{
	pid_t child = spawn();
	char byte;

	if (!child) {
		dup2(self->input[0], STDIN_FILENO);
		close(self->input[1]);
		if (park(variant->write) || read(self->go[0], &byte, 1) != 1)
			_exit(1);
		variant->leave();
		_exit(2);
	}
	ASSERT_EQ(0, wait_for_value("pending_aio", 3));
	ASSERT_EQ(1, write(self->go[1], "", 1));
	if (variant->stays) {
		EXPECT_EQ(0, wait_for_value("pending_aio", 0));
		close(self->input[1]);
	}
	ASSERT_EQ(variant->status, reap_soon(child)) {
		TH_LOG("the process does not end, not even by SIGKILL");
	}
	EXPECT_EQ(0, device_show("pending_aio"));
	EXPECT_EQ(3, device_show("stats/aio_cancelled") -
		     self->before.cancelled);
	EXPECT_EQ(variant->write ? SIZE : 0, held(self->other));
	ASSERT_EQ(0, allow_one(self->other, variant->write));
	EXPECT_EQ(variant->write ? SIZE - 1 : 1, held(self->other));
}

/* One request of either direction. */
FIXTURE(request) {
	struct counts before;
	io_context_t ctx;
	struct iocb iocb;
	char byte;
	int fd;		/* of requests */
	int other;	/* of plain calls, which are not to block */
};

FIXTURE_VARIANT(request) {
	bool write;
	int full;	/* what the FIFO holds while requests have to wait */
	int moved;	/* what it holds after one byte came or went */
};

FIXTURE_VARIANT_ADD(request, read) {
	.full = 0, .moved = 1,
};

FIXTURE_VARIANT_ADD(request, write) {
	.write = true, .full = SIZE, .moved = SIZE - 1,
};

FIXTURE_SETUP(request)
{
	self->before = begin_settled(_metadata);
	ASSERT_EQ(0, io_setup(8, &self->ctx));
	self->fd = device_open(O_RDWR);
	self->other = device_open(O_RDWR | O_NONBLOCK);
	ASSERT_LE(0, self->fd);
	ASSERT_LE(0, self->other);
	ASSERT_EQ(0, block(self->other, variant->write));
	self->byte = 'r';
	prep(&self->iocb, self->fd, variant->write, &self->byte, 1);
}

FIXTURE_TEARDOWN(request)
{
	close(self->fd);
	close(self->other);
	io_destroy(self->ctx);
	expect_settled(_metadata, &self->before);
}

/*
 * Test that io_submit() returns at once, nothing ends for some time, and then
 * it does with the byte, once (A1, A2, A3, T2).
 */
TEST_F(request, waits)
{
	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	EXPECT_EQ(1, device_show("pending_aio"));
	EXPECT_EQ(1, device_show("stats/aio_queued") - self->before.queued);
	EXPECT_TRUE(none_ends(self->ctx));
	EXPECT_EQ(variant->full, held(self->other));
	ASSERT_EQ(0, allow_one(self->other, variant->write));
	EXPECT_EQ(1, ended(self->ctx, &self->iocb));
	EXPECT_EQ(variant->write ? 'r' : 'x', self->byte);
	EXPECT_EQ(variant->full, held(self->other));
	EXPECT_EQ(0, device_show("pending_aio"));
	EXPECT_EQ(1, device_show("stats/aio_completed") -
		     self->before.completed);
	EXPECT_EQ(0, events_left(self->ctx));
}

/*
 * Test that the request's memory is used when it is served, not before: a write
 * takes what is there by then, and a reader's is left alone (A4).
 */
TEST_F(request, late_bytes)
{
	char bytes[SIZE];

	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	EXPECT_EQ('r', self->byte);
	self->byte = 'l';
	ASSERT_EQ(0, allow_one(self->other, variant->write));
	EXPECT_EQ(1, ended(self->ctx, &self->iocb));
	if (!variant->write) {
		EXPECT_EQ('x', self->byte);
		return;
	}
	ASSERT_EQ(SIZE, read(self->other, bytes, SIZE));
	EXPECT_EQ('l', bytes[SIZE - 1]);
}

/* Test that a cancelled request gives one event, and moves no byte (A3, T2). */
TEST_F(request, cancel)
{
	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	EXPECT_EQ(-EINPROGRESS, cancel(self->ctx, &self->iocb));
	EXPECT_EQ(-ECANCELED, ended(self->ctx, &self->iocb));
	EXPECT_EQ(0, device_show("pending_aio"));
	EXPECT_EQ(1, device_show("stats/aio_cancelled") -
		     self->before.cancelled);
	EXPECT_EQ(0, device_show("stats/aio_completed") -
		     self->before.completed);
	ASSERT_EQ(0, allow_one(self->other, variant->write));
	EXPECT_EQ(variant->moved, held(self->other));
	EXPECT_EQ('r', self->byte);
	EXPECT_EQ(0, events_left(self->ctx));
}

/*
 * Test that io_cancel() of a request that is cancelled already, that is done,
 * or that there never was, changes nothing (A3).
 */
TEST_F(request, cancel_in_vain)
{
	struct iocb unknown;

	prep(&unknown, self->fd, variant->write, &self->byte, 1);
	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	EXPECT_EQ(-EINVAL, cancel(self->ctx, &unknown));
	EXPECT_EQ(-EINPROGRESS, cancel(self->ctx, &self->iocb));
	EXPECT_EQ(-EINVAL, cancel(self->ctx, &self->iocb));
	EXPECT_EQ(-ECANCELED, ended(self->ctx, &self->iocb));
	EXPECT_EQ(-EINVAL, cancel(self->ctx, &self->iocb));
	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	ASSERT_EQ(0, allow_one(self->other, variant->write));
	ASSERT_EQ(0, wait_for_value("stats/aio_completed",
				    self->before.completed + 1));
	EXPECT_EQ(1, ended(self->ctx, &self->iocb));
	EXPECT_EQ(-EINVAL, cancel(self->ctx, &self->iocb));
	EXPECT_EQ(0, events_left(self->ctx));
}

/* Test that of three the one in the middle can be cancelled (A2, A3). */
TEST_F(request, cancel_middle)
{
	struct iocb iocbs[3];
	char bytes[3] = "abc";
	int i;

	for (i = 0; i < 3; i++) {
		prep(&iocbs[i], self->fd, variant->write, &bytes[i], 1);
		ASSERT_EQ(1, submit(self->ctx, &iocbs[i]));
	}
	EXPECT_EQ(-EINPROGRESS, cancel(self->ctx, &iocbs[1]));
	EXPECT_EQ(-ECANCELED, ended(self->ctx, &iocbs[1]));
	EXPECT_EQ(2, device_show("pending_aio"));
	for (i = 0; i < 3; i += 2) {
		ASSERT_EQ(0, allow_one(self->other, variant->write));
		EXPECT_EQ(1, ended(self->ctx, &iocbs[i]));
	}
	EXPECT_EQ('b', bytes[1]);
	EXPECT_EQ(variant->full, held(self->other));
}

/*
 * Test that close() ends no request, neither of the last descriptor nor of a
 * duplicate; the file is let go when they are done (A3, T2).
 */
TEST_F(request, closed)
{
	const char *side = variant->write ? "writers" : "readers";
	long long open_files = device_show(side);
	struct iocb second;
	int copy = dup(self->fd);
	char byte;

	prep(&second, copy, variant->write, &byte, 1);
	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	ASSERT_EQ(1, submit(self->ctx, &second));
	close(copy);
	close(self->fd);
	EXPECT_EQ(2, device_show("pending_aio"));
	EXPECT_EQ(open_files, device_show(side));
	ASSERT_EQ(0, allow_one(self->other, variant->write));
	EXPECT_EQ(1, ended(self->ctx, &self->iocb));
	EXPECT_EQ(open_files, device_show(side));
	EXPECT_EQ(-EINPROGRESS, cancel(self->ctx, &second));
	EXPECT_EQ(-ECANCELED, ended(self->ctx, &second));
	EXPECT_EQ(0, wait_for_value(side, open_files - 1));
}

/*
 * Test that io_destroy() cancels what waits, and that its file, closed before,
 * is let go; other contexts' requests wait on (A3).
 */
TEST_F(request, destroyed)
{
	const char *side = variant->write ? "writers" : "readers";
	long long open_files = device_show(side);
	int fd = device_open(O_RDWR);
	io_context_t ctx = NULL;
	struct iocb iocbs[2];
	char bytes[2];
	int i;

	ASSERT_EQ(0, io_setup(2, &ctx));
	for (i = 0; i < 2; i++) {
		prep(&iocbs[i], fd, variant->write, &bytes[i], 1);
		ASSERT_EQ(1, submit(ctx, &iocbs[i]));
	}
	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	close(fd);
	EXPECT_EQ(open_files + 1, device_show(side));
	EXPECT_EQ(0, io_destroy(ctx));
	EXPECT_EQ(1, device_show("pending_aio"));
	EXPECT_EQ(0, wait_for_value(side, open_files));
	EXPECT_EQ(variant->full, held(self->other));
	ASSERT_EQ(0, allow_one(self->other, variant->write));
	EXPECT_EQ(1, ended(self->ctx, &self->iocb));
}

/* Test that an eventfd is told when a request that waited is done (A5). */
TEST_F(request, eventfd)
{
	int count = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct pollfd poller = { .fd = count, .events = POLLIN };
	eventfd_t value;

	ASSERT_LE(0, count);
	io_set_eventfd(&self->iocb, count);
	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	EXPECT_EQ(-1, eventfd_read(count, &value));
	ASSERT_EQ(0, allow_one(self->other, variant->write));
	EXPECT_EQ(1, poll(&poller, 1, 10000));
	ASSERT_EQ(0, eventfd_read(count, &value));
	EXPECT_EQ(1, value);
	EXPECT_EQ(1, ended(self->ctx, &self->iocb));
	close(count);
}

/*
 * Test that with O_NONBLOCK and RWF_NOWAIT nothing waits, not even while others
 * do, and that O_NONBLOCK set later is for later requests (A1, R2).
 */
TEST_F(request, nonblock)
{
	struct iovec iov = { &self->byte, 1 };
	struct iocb second;
	char byte;

	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	if (variant->write)
		io_prep_pwritev2(&second, self->fd, &iov, 1, 0, RWF_NOWAIT);
	else
		io_prep_preadv2(&second, self->fd, &iov, 1, 0, RWF_NOWAIT);
	ASSERT_EQ(1, submit(self->ctx, &second));
	EXPECT_EQ(-EAGAIN, ended(self->ctx, &second));
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_NONBLOCK));
	prep(&second, self->fd, variant->write, &byte, 1);
	ASSERT_EQ(1, submit(self->ctx, &second));
	EXPECT_EQ(-EAGAIN, ended(self->ctx, &second));
	EXPECT_EQ(1, device_show("pending_aio"));
	EXPECT_EQ(1, device_show("stats/aio_queued") - self->before.queued);
	ASSERT_EQ(0, allow_one(self->other, variant->write));
	EXPECT_EQ(1, ended(self->ctx, &self->iocb));
}

/*
 * Test that a request goes before a call that slept already, which then waits
 * on, and is not counted as woken (A2, K2).
 */
TEST_F(request, before_sleeper)
{
	long long wakes = device_show("stats/wakes");
	pid_t child = spawn();
	char byte = 's';

	if (!child)
		_exit((variant->write ? write(self->fd, &byte, 1) :
					read(self->fd, &byte, 1)) != 1);
	ASSERT_EQ(0, wait_asleep(child));
	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	ASSERT_EQ(0, allow_one(self->other, variant->write));
	EXPECT_EQ(1, ended(self->ctx, &self->iocb));
	EXPECT_EQ(0, wait_asleep(child));
	EXPECT_EQ(wakes, device_show("stats/wakes"));
	EXPECT_EQ(variant->full, held(self->other));
	ASSERT_EQ(0, allow_one(self->other, variant->write));
	EXPECT_EQ(0, reap_soon(child));
	EXPECT_EQ(variant->full, held(self->other));
}

/*
 * Test that a request that is served is a transfer like any other: those who
 * wait for the other direction are told by SIGIO and by poll (N1, K3).
 */
TEST_F(request, tells_others)
{
	short back = variant->write ? EPOLLIN : EPOLLOUT;
	struct epoll_event event = { .events = back | EPOLLET };
	long long signals = device_show("stats/signals");
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	signal(SIGIO, SIG_IGN);
	ASSERT_EQ(0, fcntl(self->other, F_SETOWN, getpid()));
	ASSERT_EQ(0, fcntl(self->other, F_SETFL, O_NONBLOCK | O_ASYNC));
	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	ASSERT_EQ(0, allow_one(self->other, variant->write));
	EXPECT_EQ(1, ended(self->ctx, &self->iocb));
	EXPECT_EQ(0, wait_for_value("stats/signals", signals + 2));
	ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, self->fd, &event));
	ASSERT_EQ(1, epoll_wait(epoll, &event, 1, 0));
	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	EXPECT_EQ(0, epoll_wait(epoll, &event, 1, 0));
	ASSERT_EQ(0, allow_one(self->other, variant->write));
	EXPECT_EQ(1, ended(self->ctx, &self->iocb));
	EXPECT_EQ(1, epoll_wait(epoll, &event, 1, 10000));
	EXPECT_EQ(back, event.events);
	close(epoll);
}

static void *submit_thread(void *arg)
{
	struct _test_data_request *self = arg;

	return submit(self->ctx, &self->iocb) == 1 ? NULL : self;
}

/* Test that a request outlives the thread that made it (A3). */
TEST_F(request, thread_gone)
{
	pthread_t thread;
	void *failed;

	ASSERT_EQ(0, pthread_create(&thread, NULL, submit_thread, self));
	ASSERT_EQ(0, pthread_join(thread, &failed));
	ASSERT_EQ(NULL, failed);
	EXPECT_EQ(1, device_show("pending_aio"));
	ASSERT_EQ(0, allow_one(self->other, variant->write));
	EXPECT_EQ(1, ended(self->ctx, &self->iocb));
	EXPECT_EQ(variant->write ? 'r' : 'x', self->byte);
}

/*
 * Test that a child of fork() has none of our requests, neither their events
 * nor their memory, and that its exit ends none (A3, A4).
 */
TEST_F(request, forked)
{
	char bytes[SIZE];
	int done[2];
	pid_t child;

	ASSERT_EQ(0, pipe2(done, O_CLOEXEC));
	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	child = spawn();
	if (!child) {
		if (io_destroy(self->ctx) != -EINVAL)
			_exit(1);
		self->byte = 'c';
		if (read(done[0], bytes, 1) != 1)
			_exit(2);
		_exit(self->byte != 'c');
	}
	/* By now each has a page of its own. */
	ASSERT_EQ(0, wait_asleep(child));
	ASSERT_EQ(0, allow_one(self->other, variant->write));
	EXPECT_EQ(1, ended(self->ctx, &self->iocb));
	EXPECT_EQ(variant->write ? 'r' : 'x', self->byte);
	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	ASSERT_EQ(1, write(done[1], "", 1));
	EXPECT_EQ(0, reap_soon(child));
	EXPECT_EQ(1, device_show("pending_aio"));
	ASSERT_EQ(0, allow_one(self->other, variant->write));
	EXPECT_EQ(1, ended(self->ctx, &self->iocb));
	ASSERT_EQ(variant->write ? SIZE : -1, read(self->other, bytes, SIZE));
	if (variant->write)
		EXPECT_EQ(0, memcmp(bytes + SIZE - 2, "rr", 2));
}

/* A process with our memory, but with files of its own. */
static int submit_process(void *arg)
{
	struct _test_data_request *self = arg;

	self->iocb.aio_fildes = device_open(O_RDWR);
	return submit(self->ctx, &self->iocb) != 1;
}

/*
 * Test that a request outlives the process that made it, with its file, as long
 * as another has the same memory; and then does not (A3, T2).
 */
TEST_F(request, memory_kept)
{
	const char *side = variant->write ? "writers" : "readers";
	long long open_files = device_show(side);
	static char stack[16384];
	int i, flags = CLONE_VM | SIGCHLD;
	pid_t child;

	for (i = 0; i < 2; i++) {
		child = clone(submit_process, stack + sizeof(stack), flags, self);
		ASSERT_LT(0, child);
		EXPECT_EQ(0, reap_soon(child));
		EXPECT_EQ(1, device_show("pending_aio"));
		EXPECT_EQ(open_files + 1, device_show(side));
		ASSERT_EQ(0, allow_one(self->other, variant->write));
		EXPECT_EQ(1, ended(self->ctx, &self->iocb));
		EXPECT_EQ(0, wait_for_value(side, open_files));
		flags = CLONE_VM | CLONE_VFORK | SIGCHLD;
	}
}

/* How memory changes while a request waits: it is gone. */
static void unmap(char *page)
{
	munmap(page, PAGE);
}

/* It can be written from, but not read into. */
static void forbid(char *page)
{
	mprotect(page, PAGE, PROT_READ);
}

static void map_hole(char *page)
{
	int fd = memfd_create("empty", MFD_CLOEXEC);

	mmap(page, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
	close(fd);
}

/* It does not go bad: it is just no longer the same. */
static void forget(char *page)
{
	madvise(page, PAGE, MADV_DONTNEED);
}

static void map_anew(char *page)
{
	mmap(page, PAGE, PROT_READ | PROT_WRITE,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

FIXTURE(memory) {
	struct counts before;
	io_context_t ctx;
	char *page;
	int fd;
	int other;
};

FIXTURE_VARIANT(memory) {
	void (*change)(char *page);
	bool readable;	/* to be written from */
	bool writable;	/* to be read into */
	char holds;	/* what is there, if it is readable */
};

FIXTURE_VARIANT_ADD(memory, unmapped) {
	.change = unmap,
};

FIXTURE_VARIANT_ADD(memory, forbidden) {
	.change = forbid, .readable = true, .holds = 'p',
};

/* As if its file had been truncated. */
FIXTURE_VARIANT_ADD(memory, truncated) {
	.change = map_hole,
};

FIXTURE_VARIANT_ADD(memory, forgotten) {
	.change = forget, .readable = true, .writable = true,
};

FIXTURE_VARIANT_ADD(memory, mapped_anew) {
	.change = map_anew, .readable = true, .writable = true,
};

FIXTURE_SETUP(memory)
{
	self->before = begin_settled(_metadata);
	ASSERT_EQ(0, io_setup(8, &self->ctx));
	self->fd = device_open(O_RDWR);
	self->other = device_open(O_RDWR | O_NONBLOCK);
	ASSERT_LE(0, self->fd);
	ASSERT_LE(0, self->other);
	self->page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->page);
	memset(self->page, 'p', PAGE);
}

FIXTURE_TEARDOWN(memory)
{
	close(self->fd);
	close(self->other);
	io_destroy(self->ctx);
	expect_settled(_metadata, &self->before);
}

/*
 * Test that a read whose memory is gone ends with -EFAULT, and that its bytes
 * stay for the next; if it is there again, nothing is wrong (A4, R3).
 */
TEST_F(memory, read)
{
	struct iocb bad, next;
	char bytes[8] = "";

	prep(&bad, self->fd, false, self->page, 4);
	prep(&next, self->fd, false, bytes, sizeof(bytes));
	ASSERT_EQ(1, submit(self->ctx, &bad));
	ASSERT_EQ(1, submit(self->ctx, &next));
	variant->change(self->page);
	ASSERT_EQ(6, write(self->other, "abcdef", 6));
	EXPECT_EQ(variant->writable ? 4 : -EFAULT, ended(self->ctx, &bad));
	EXPECT_EQ(variant->writable ? 2 : 6, ended(self->ctx, &next));
	EXPECT_STREQ(variant->writable ? "ef" : "abcdef", bytes);
	if (variant->writable)
		EXPECT_EQ(0, memcmp(self->page, "abcd", 5));
	EXPECT_EQ(0, held(self->other));
}

/*
 * Test that a write whose memory is gone ends with -EFAULT and puts nothing in,
 * and that the next one does; if it is there again, its bytes count (A4, W2).
 */
TEST_F(memory, write)
{
	struct iocb bad, next;
	char bytes[SIZE] = "";

	ASSERT_EQ(0, block(self->other, true));
	prep(&bad, self->fd, true, self->page, 4);
	prep(&next, self->fd, true, (void *)"next", 4);
	ASSERT_EQ(1, submit(self->ctx, &bad));
	ASSERT_EQ(1, submit(self->ctx, &next));
	variant->change(self->page);
	ASSERT_EQ(SIZE, read(self->other, bytes, SIZE));
	EXPECT_EQ(variant->readable ? 4 : -EFAULT, ended(self->ctx, &bad));
	EXPECT_EQ(4, ended(self->ctx, &next));
	if (variant->readable) {
		ASSERT_EQ(4, read(self->other, bytes, 4));
		EXPECT_EQ(variant->holds, bytes[0]);
		EXPECT_EQ(variant->holds, bytes[3]);
	}
	EXPECT_EQ(4, read(self->other, bytes, SIZE));
	EXPECT_EQ(0, memcmp(bytes, "next", 4));
}

/* More than one request. */
FIXTURE(pending) {
	struct counts before;
	io_context_t ctx;
	struct iocb iocb;
	__u32 size;
	int fd;		/* of requests */
	int other;	/* of plain calls, which are not to block */
};

FIXTURE_SETUP(pending)
{
	self->before = begin_settled(_metadata);
	ASSERT_EQ(0, io_setup(MANY, &self->ctx));
	self->fd = device_open(O_RDWR);
	self->other = device_open(O_RDWR | O_NONBLOCK);
	ASSERT_LE(0, self->fd);
	ASSERT_LE(0, self->other);
	ASSERT_EQ(0, ioctl(self->other, GLOBALFIFO_GET_SIZE, &self->size));
}

FIXTURE_TEARDOWN(pending)
{
	device_drain();
	EXPECT_EQ(0, ioctl(self->other, GLOBALFIFO_SET_SIZE, &self->size));
	close(self->fd);
	close(self->other);
	io_destroy(self->ctx);
	expect_settled(_metadata, &self->before);
}

/* Hand in many requests of one byte, each @step from the last one's memory. */
static int submit_many(struct _test_data_pending *self, struct iocb *iocbs,
		       bool write_side, char *bytes, size_t step)
{
	static struct iocb *list[MANY];
	int i;

	for (i = 0; i < MANY; i++) {
		prep(&iocbs[i], self->fd, write_side, bytes + i * step, 1);
		list[i] = &iocbs[i];
	}
	return io_submit(self->ctx, MANY, list);
}

/* Wait for the events of all; whether they came in this order, each with 1. */
static bool ended_in_order(io_context_t ctx, struct iocb *iocbs)
{
	struct timespec limit = { .tv_sec = 10 };
	static struct io_event events[MANY];
	int i;

	if (io_getevents(ctx, MANY, MANY, events, &limit) != MANY)
		return false;
	for (i = 0; i < MANY; i++) {
		if (events[i].obj != &iocbs[i] || events[i].res != 1)
			return false;
	}
	return true;
}

/*
 * Test that a thousand reads into memory that is there are served in their
 * order, some by each write (A2, R3).
 */
TEST_F(pending, many_reads)
{
	static struct iocb iocbs[MANY];
	static char from[MANY], to[MANY];
	int i, n;

	for (i = 0; i < MANY; i++)
		from[i] = i % 251;
	memset(to, 'x', MANY);
	ASSERT_EQ(MANY, submit_many(self, iocbs, false, to, 1));
	EXPECT_EQ(MANY, device_show("pending_aio"));
	for (i = 0; i < MANY; i += n) {
		n = i < 7 ? 1 : MANY - i;
		ASSERT_EQ(n, write(self->other, from + i, n));
	}
	EXPECT_TRUE(ended_in_order(self->ctx, iocbs));
	EXPECT_EQ(0, memcmp(from, to, MANY));
	EXPECT_EQ(0, held(self->other));
	EXPECT_EQ(0, events_left(self->ctx));
}

/*
 * Test that a thousand reads, each into a page that nobody has touched, and that
 * has to be brought in, are served in their order (A2, R3).
 */
TEST_F(pending, many_fresh)
{
	static struct iocb iocbs[MANY];
	static char from[MANY];
	char *area;
	int i;

	area = mmap(NULL, MANY * PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, area);
	madvise(area, MANY * PAGE, MADV_NOHUGEPAGE);
	for (i = 0; i < MANY; i++)
		from[i] = 1 + i % 251;
	ASSERT_EQ(MANY, submit_many(self, iocbs, false, area, PAGE));
	ASSERT_EQ(MANY, write(self->other, from, MANY));
	EXPECT_TRUE(ended_in_order(self->ctx, iocbs));
	for (i = 0; i < MANY && area[i * PAGE] == from[i]; i++)
		;
	EXPECT_EQ(MANY, i);
	EXPECT_EQ(0, held(self->other));
	munmap(area, MANY * PAGE);
}

/* Test that a thousand writes are served in their order, as room comes (A2, R3). */
TEST_F(pending, many_writes)
{
	static struct iocb iocbs[MANY];
	static char from[MANY], bytes[SIZE];
	int i;

	for (i = 0; i < MANY; i++)
		from[i] = i % 251;
	ASSERT_EQ(0, block(self->other, true));
	ASSERT_EQ(MANY, submit_many(self, iocbs, true, from, 1));
	EXPECT_EQ(MANY, device_show("pending_aio"));
	for (i = 0; i < 7; i++)
		ASSERT_EQ(1, read(self->other, bytes, 1));
	ASSERT_EQ(SIZE - 7, read(self->other, bytes, SIZE - 7));
	EXPECT_TRUE(ended_in_order(self->ctx, iocbs));
	EXPECT_EQ(MANY, read(self->other, bytes, SIZE));
	EXPECT_EQ(0, memcmp(from, bytes, MANY));
}

/*
 * Test that requests of several contexts and files have one order, and that a
 * request that finds bytes but others in line goes behind them (A2).
 */
TEST_F(pending, one_line)
{
	io_context_t contexts[2] = { self->ctx, NULL };
	int i, fds[2] = { self->fd, device_open(O_RDONLY) };
	struct iocb iocbs[6];
	char bytes[6];

	ASSERT_EQ(0, io_setup(8, &contexts[1]));
	for (i = 0; i < 6; i++) {
		prep(&iocbs[i], fds[i / 2 % 2], false, &bytes[i], 1);
		ASSERT_EQ(1, submit(contexts[i % 2], &iocbs[i]));
	}
	ASSERT_EQ(6, write(self->other, "abcdef", 6));
	for (i = 0; i < 6; i++)
		EXPECT_EQ(1, ended(contexts[i % 2], &iocbs[i]));
	EXPECT_EQ(0, memcmp(bytes, "abcdef", 6));
	close(fds[1]);
	io_destroy(contexts[1]);
}

/*
 * Test that a vectored request waits with all of its segments, although the
 * array that describes them is gone (A5, A4).
 */
TEST_F(pending, vectors)
{
	char to[100], from[SIZE];
	struct iovec iov[] = {
		{ to, 3 }, { NULL, 0 }, { to + 3, 1 }, { to + 4, 96 },
	};

	io_prep_preadv(&self->iocb, self->fd, iov, 4, 0);
	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	memset(iov, 0, sizeof(iov));
	ASSERT_EQ(6, write(self->other, "abcdef", 6));
	EXPECT_EQ(6, ended(self->ctx, &self->iocb));
	EXPECT_EQ(0, memcmp(to, "abcdef", 6));
	ASSERT_EQ(0, block(self->other, true));
	iov[0] = (struct iovec){ to, 3 };
	iov[1] = (struct iovec){ to + 3, 3 };
	io_prep_pwritev(&self->iocb, self->fd, iov, 2, 0);
	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	memset(iov, 0, sizeof(iov));
	ASSERT_EQ(5, read(self->other, from, 5));
	EXPECT_TRUE(none_ends(self->ctx));
	ASSERT_EQ(1, read(self->other, from, 1));
	EXPECT_EQ(6, ended(self->ctx, &self->iocb));
	ASSERT_EQ(SIZE, read(self->other, from, SIZE));
	EXPECT_EQ(0, memcmp(from + SIZE - 6, "abcdef", 6));
}

/*
 * Test that what a write that waits needs, and what it is then, obeys W1: 512
 * bytes of room, and not one less (A2, W1).
 */
TEST_F(pending, write_is_atomic)
{
	char bytes[SIZE], from[600];
	struct iocb small;

	memset(from, 'w', sizeof(from));
	ASSERT_EQ(0, block(self->other, true));
	prep(&self->iocb, self->fd, true, from, sizeof(from));
	prep(&small, self->fd, true, (void *)"s", 1);
	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	ASSERT_EQ(1, submit(self->ctx, &small));
	ASSERT_EQ(ATOMIC - 1, read(self->other, bytes, ATOMIC - 1));
	EXPECT_TRUE(none_ends(self->ctx));
	EXPECT_EQ(SIZE - ATOMIC + 1, held(self->other));
	EXPECT_EQ(2, device_show("pending_aio"));
	ASSERT_EQ(1, read(self->other, bytes, 1));
	EXPECT_EQ(ATOMIC, ended(self->ctx, &self->iocb));
	EXPECT_TRUE(none_ends(self->ctx));
	ASSERT_EQ(1, read(self->other, bytes, 1));
	EXPECT_EQ(1, ended(self->ctx, &small));
	ASSERT_EQ(SIZE, read(self->other, bytes, SIZE));
	EXPECT_EQ(0, memcmp(bytes + SIZE - ATOMIC - 1, from, ATOMIC));
	EXPECT_EQ('s', bytes[SIZE - 1]);
}

/*
 * Test that a request of which a part is bad counts as far as it is good, as a
 * call would (A2, W2).
 */
TEST_F(pending, bad_end)
{
	char *end = page_before_hole() + 4096;
	char bytes[SIZE] = "";

	prep(&self->iocb, self->fd, false, end - 3, 10);
	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	ASSERT_EQ(4, write(self->other, "abcd", 4));
	EXPECT_EQ(3, ended(self->ctx, &self->iocb));
	EXPECT_EQ(0, memcmp(end - 3, "abc", 3));
	EXPECT_EQ(1, held(self->other));
	ASSERT_EQ(SIZE - 1, write(self->other, bytes, SIZE));
	prep(&self->iocb, self->fd, true, end - 511, 600);
	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	ASSERT_EQ(ATOMIC, read(self->other, bytes, ATOMIC));
	EXPECT_EQ(-EFAULT, ended(self->ctx, &self->iocb));
	EXPECT_EQ(SIZE - ATOMIC, held(self->other));
	ASSERT_EQ(ATOMIC, write(self->other, bytes, SIZE));
	prep(&self->iocb, self->fd, true, end - 550, 600);
	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	ASSERT_EQ(SIZE, read(self->other, bytes, SIZE));
	EXPECT_EQ(550, ended(self->ctx, &self->iocb));
	EXPECT_EQ(550, held(self->other));
}

/*
 * Test that as many wait as max_aio says, that one more is refused by its event,
 * and that each one that ends, either way, makes room for one (A1, D2).
 */
TEST_F(pending, limit)
{
	int max = show("/sys/module/globalfifo/parameters", "max_aio");
	struct iocb *iocbs = calloc(max + 1, sizeof(*iocbs));
	struct iocb more, *last = iocbs;
	io_context_t ctx = NULL;
	char byte, *bytes = calloc(max + 1, 1);
	int i;

	ASSERT_LT(1, max);
	ASSERT_EQ(0, io_setup(max + 1, &ctx));
	for (i = 0; i < max; i++, last++) {
		prep(last, self->fd, false, &bytes[i], 1);
		ASSERT_EQ(1, submit(ctx, last));
	}
	EXPECT_EQ(0, events_left(ctx));
	prep(&more, self->fd, false, &byte, 1);
	ASSERT_EQ(1, submit(self->ctx, &more));
	EXPECT_EQ(-EAGAIN, ended(self->ctx, &more));
	EXPECT_EQ(max, device_show("pending_aio"));
	ASSERT_EQ(1, write(self->other, "x", 1));
	EXPECT_EQ(1, ended(ctx, iocbs));
	prep(last, self->fd, false, &bytes[max], 1);
	ASSERT_EQ(1, submit(ctx, last));
	EXPECT_EQ(-EINPROGRESS, cancel(ctx, &iocbs[1]));
	EXPECT_EQ(-ECANCELED, ended(ctx, &iocbs[1]));
	ASSERT_EQ(1, submit(self->ctx, &more));
	EXPECT_EQ(max, device_show("pending_aio"));
	EXPECT_EQ(0, events_left(self->ctx));
	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	EXPECT_EQ(0, io_destroy(ctx));
	free(iocbs);
	free(bytes);
}

/* Test that CLEAR lets writes go on, and concerns no read (A3, I1). */
TEST_F(pending, clear)
{
	struct iocb get;
	char bytes[SIZE];

	ASSERT_EQ(0, block(self->other, true));
	prep(&self->iocb, self->fd, true, (void *)"hello", 5);
	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	ASSERT_EQ(0, ioctl(self->other, GLOBALFIFO_CLEAR));
	EXPECT_EQ(5, ended(self->ctx, &self->iocb));
	EXPECT_EQ(5, read(self->other, bytes, SIZE));
	EXPECT_EQ(0, memcmp(bytes, "hello", 5));
	prep(&get, self->fd, false, bytes, 1);
	ASSERT_EQ(1, submit(self->ctx, &get));
	ASSERT_EQ(0, ioctl(self->other, GLOBALFIFO_CLEAR));
	EXPECT_TRUE(none_ends(self->ctx));
	EXPECT_EQ(1, device_show("pending_aio"));
	ASSERT_EQ(1, write(self->other, "x", 1));
	EXPECT_EQ(1, ended(self->ctx, &get));
}

/* Test that growth lets writes go on, as many as then fit (A3, I1). */
TEST_F(pending, resized)
{
	static char bytes[4 * SIZE];
	struct iocb iocbs[3];
	__u32 size = 2 * SIZE;
	int i;

	ASSERT_EQ(0, block(self->other, true));
	for (i = 0; i < 3; i++) {
		prep(&iocbs[i], self->fd, true, bytes, SIZE);
		ASSERT_EQ(1, submit(self->ctx, &iocbs[i]));
	}
	ASSERT_EQ(0, ioctl(self->other, GLOBALFIFO_SET_SIZE, &size));
	EXPECT_EQ(SIZE, ended(self->ctx, &iocbs[0]));
	EXPECT_TRUE(none_ends(self->ctx));
	EXPECT_EQ(2 * SIZE, held(self->other));
	EXPECT_EQ(2, device_show("pending_aio"));
	size = 4 * SIZE;
	ASSERT_EQ(0, ioctl(self->other, GLOBALFIFO_SET_SIZE, &size));
	EXPECT_EQ(SIZE, ended(self->ctx, &iocbs[1]));
	EXPECT_EQ(SIZE, ended(self->ctx, &iocbs[2]));
	EXPECT_EQ(4 * SIZE, read(self->other, bytes, 4 * SIZE));
	prep(&iocbs[0], self->fd, false, bytes, 1);
	ASSERT_EQ(1, submit(self->ctx, &iocbs[0]));
	size = SIZE;
	ASSERT_EQ(0, ioctl(self->other, GLOBALFIFO_SET_SIZE, &size));
	EXPECT_TRUE(none_ends(self->ctx));
	ASSERT_EQ(1, write(self->other, "x", 1));
	EXPECT_EQ(1, ended(self->ctx, &iocbs[0]));
}

/*
 * Test that room which is too little for the write in line is nobody else's: a
 * call waits, sleeping or with EAGAIN, until that write is cancelled (A2, R2,
 * K1).
 */
TEST_F(pending, room_is_taken)
{
	struct iocb small;
	char bytes[SIZE] = "";
	pid_t child;

	ASSERT_EQ(0, block(self->other, true));
	child = spawn();
	if (!child)
		_exit(write(self->fd, "c", 1) != 1);
	ASSERT_EQ(0, wait_asleep(child));
	prep(&self->iocb, self->fd, true, bytes, ATOMIC);
	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	ASSERT_EQ(100, read(self->other, bytes, 100));
	EXPECT_EQ(-EAGAIN, or_errno(write(self->other, "x", 1)));
	prep(&small, self->other, true, bytes, 1);
	ASSERT_EQ(1, submit(self->ctx, &small));
	EXPECT_EQ(-EAGAIN, ended(self->ctx, &small));
	EXPECT_TRUE(none_ends(self->ctx));
	EXPECT_EQ(0, wait_asleep(child));
	EXPECT_EQ(SIZE - 100, held(self->other));
	EXPECT_EQ(-EINPROGRESS, cancel(self->ctx, &self->iocb));
	EXPECT_EQ(-ECANCELED, ended(self->ctx, &self->iocb));
	EXPECT_EQ(0, reap_soon(child));
	EXPECT_EQ(SIZE - 99, held(self->other));
	EXPECT_EQ(1, or_errno(write(self->other, "x", 1)));
}

/* Test that a write that waited wakes a call that reads, and the reverse (K1). */
TEST_F(pending, wakes_call)
{
	char bytes[SIZE];
	pid_t child;

	ASSERT_EQ(0, block(self->other, true));
	prep(&self->iocb, self->fd, true, (void *)"hello", 5);
	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	child = spawn();
	if (!child)
		_exit(read(self->fd, bytes, SIZE) != SIZE ||
		      read(self->fd, bytes, SIZE) != 5);
	EXPECT_EQ(0, reap_soon(child));
	EXPECT_EQ(5, ended(self->ctx, &self->iocb));
	prep(&self->iocb, self->fd, false, bytes, SIZE);
	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	child = spawn();
	if (!child)
		_exit(write(self->fd, bytes, SIZE) != SIZE ||
		      write(self->fd, bytes, SIZE) != SIZE);
	EXPECT_EQ(0, reap_soon(child));
	EXPECT_EQ(SIZE, ended(self->ctx, &self->iocb));
	EXPECT_EQ(SIZE, held(self->other));
}

/*
 * Test that a request for nothing ends at once, and that one at a bad address
 * waits its turn like any other (A1, R1, W2).
 */
TEST_F(pending, odd_requests)
{
	struct iocb next;
	char byte;

	prep(&self->iocb, self->fd, false, (void *)8, 0);
	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	EXPECT_EQ(0, ended(self->ctx, &self->iocb));
	prep(&self->iocb, self->fd, false, (void *)8, 1);
	prep(&next, self->fd, false, &byte, 1);
	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	ASSERT_EQ(1, submit(self->ctx, &next));
	EXPECT_EQ(0, events_left(self->ctx));
	ASSERT_EQ(1, write(self->other, "x", 1));
	EXPECT_EQ(-EFAULT, ended(self->ctx, &self->iocb));
	EXPECT_EQ(1, ended(self->ctx, &next));
	EXPECT_EQ('x', byte);
}

TEST_HARNESS_MAIN
