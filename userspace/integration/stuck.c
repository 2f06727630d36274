// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that is not there yet. Buggy results would be a process that hangs
 * because another one's buffer is slow, one stuck in its buffer that cannot be
 * killed, bytes that it loses or doubles, or a transfer that is short, or
 * refused, only because its pages had to be brought in.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include "kselftest_harness.h"
#include "common.h"
#include "requests.h"
#include "userfault.h"
#include "../../kernel/globalfifo.h"

#define SIZE	4096
#define ATOMIC	512
#define PAGES	24

/* A process with our memory, which makes one call. */
struct task {
	ssize_t (*call)(int fd, void *buf, size_t len);
	int flags;
	char *buf;
	size_t len;
	ssize_t result;		/* of the call; errno negated if it failed */
	pid_t pid;
	char stack[16384];
};

/* So that both directions have one type. */
static ssize_t write_call(int fd, void *buf, size_t len)
{
	return write(fd, buf, len);
}

static int run(void *arg)
{
	struct task *task = arg;
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fd = device_open(task->flags);
	task->result = task->call(fd, task->buf, task->len);
	if (task->result < 0)
		task->result = -errno;
	return 0;
}

/* The parent's userfaultfd is not for a fork's memory: hence CLONE_VM. */
static int start(struct task *task)
{
	task->result = -1;
	task->pid = clone(run, task->stack + sizeof(task->stack),
			  CLONE_VM | SIGCHLD, task);
	return task->pid < 0 ? -1 : 0;
}

/* Wait until it has ended, and by itself; what its call returned. */
static ssize_t result(struct task *task)
{
	int status;

	if (waitpid(task->pid, &status, 0) < 0 || !WIFEXITED(status))
		return -1;
	return task->result;
}

/* Kill it, and wait until it is gone; true if that is what it died of. */
static bool killed(struct task *task)
{
	int status;

	kill(task->pid, SIGKILL);
	return waitpid(task->pid, &status, 0) == task->pid &&
	       WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

static int set_size(int fd, __u32 size)
{
	return ioctl(fd, GLOBALFIFO_SET_SIZE, &size);
}

static void make_pattern(char *bytes, int len)
{
	int i;

	for (i = 0; i < len; i++)
		bytes[i] = i % 251;
}

FIXTURE(stuck) {
	char *hole;
	__u32 size;
	int uffd;
	int fd;
};

FIXTURE_SETUP(stuck)
{
	device_drain();
	self->fd = device_open(O_RDWR | O_NONBLOCK);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, ioctl(self->fd, GLOBALFIFO_GET_SIZE, &self->size));
	ASSERT_EQ(0, set_size(self->fd, SIZE));
	self->hole = map_area(PAGES * PAGE, MAP_PRIVATE);
	ASSERT_NE(MAP_FAILED, self->hole);
	self->uffd = watch_faults(self->hole, PAGES * PAGE);
	ASSERT_LE(0, self->uffd);
}

FIXTURE_TEARDOWN(stuck)
{
	device_drain();
	set_size(self->fd, self->size);
	close(self->uffd);
	close(self->fd);
}

/* Everything that others may want to do, with "abcd" in the FIFO. */
static void use_device(struct __test_metadata *_metadata, int fd)
{
	struct pollfd poller = { .fd = fd, .events = POLLIN | POLLOUT };
	int blocking = device_open(O_RDWR);
	char bytes[SIZE] = "";

	EXPECT_EQ(4, held(fd));
	EXPECT_EQ(1, poll(&poller, 1, 0));
	EXPECT_EQ(POLLIN | POLLOUT, poller.revents);
	EXPECT_EQ(4, write(fd, "efgh", 4));
	EXPECT_EQ(4, write(blocking, "ijkl", 4));
	EXPECT_EQ(6, read(fd, bytes, 6));
	EXPECT_EQ(6, read(blocking, bytes + 6, SIZE - 6));
	EXPECT_STREQ("abcdefghijkl", bytes);
	EXPECT_EQ(-1, read(fd, bytes, 1));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(1, poll(&poller, 1, 0));
	EXPECT_EQ(POLLOUT, poller.revents);
	EXPECT_EQ(0, set_size(fd, 2 * SIZE));
	EXPECT_EQ(SIZE, write(blocking, bytes, SIZE));
	EXPECT_EQ(SIZE, write(fd, bytes, SIZE));
	EXPECT_EQ(-1, write(fd, bytes, 1));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(0, ioctl(fd, GLOBALFIFO_CLEAR));
	EXPECT_EQ(0, set_size(fd, SIZE));
	EXPECT_EQ(0, held(fd));
	close(blocking);
}

/*
 * Test that a reader and a writer who are stuck half-way in their buffers hold
 * up nobody else, put in and take out nothing meanwhile, and die by SIGKILL
 * (R4, R2, W3).
 */
TEST_F(stuck, others_go_on)
{
	static struct task reader = {
		.call = read, .flags = O_RDONLY, .len = 4,
	};
	static struct task writer = {
		.call = write_call, .flags = O_WRONLY, .len = 4,
	};

	static char page[PAGE];
	char *first = self->hole + PAGE;
	char *second = self->hole + 3 * PAGE;

	reader.buf = first - 2;
	writer.buf = second - 2;
	ASSERT_EQ(0, serve(self->uffd, first - PAGE, page));
	ASSERT_EQ(0, serve(self->uffd, second - PAGE, page));
	ASSERT_EQ(4, write(self->fd, "abcd", 4));
	ASSERT_EQ(0, start(&reader));
	ASSERT_EQ(first, next_stuck(self->uffd));
	ASSERT_EQ(0, start(&writer));
	ASSERT_EQ(second, next_stuck(self->uffd));
	use_device(_metadata, self->fd);
	EXPECT_TRUE(killed(&writer));
	EXPECT_EQ(0, held(self->fd));
	ASSERT_EQ(4, write(self->fd, "abcd", 4));
	EXPECT_TRUE(killed(&reader));
	EXPECT_EQ(4, held(self->fd));
}

/* Test that others sleep and are woken next to one who is stuck (R4, K1). */
TEST_F(stuck, others_sleep)
{
	static struct task stuck = {
		.call = read, .flags = O_RDONLY, .len = 4,
	};
	static struct task sleeper = {
		.call = read, .flags = O_RDONLY, .len = 4,
	};
	char bytes[4];

	stuck.buf = self->hole;
	sleeper.buf = bytes;
	ASSERT_EQ(0, start(&stuck));
	ASSERT_EQ(0, wait_asleep(stuck.pid));
	ASSERT_EQ(0, start(&sleeper));
	ASSERT_EQ(0, wait_asleep(sleeper.pid));
	/* Whoever is woken first, it is for the sleeper. */
	EXPECT_EQ(4, write(self->fd, "abcd", 4));
	EXPECT_EQ(4, result(&sleeper));
	EXPECT_EQ(0, memcmp(bytes, "abcd", 4));
	/* The other may be stuck by now, or be woken and be stuck by this. */
	EXPECT_EQ(4, write(self->fd, "efgh", 4));
	ASSERT_EQ(stuck.buf, next_stuck(self->uffd));
	EXPECT_EQ(0, serve(self->uffd, stuck.buf, NULL));
	EXPECT_EQ(4, result(&stuck));
	EXPECT_EQ(0, memcmp(stuck.buf, "efgh", 4));
}

/*
 * Test that a read whose pages come late, one by one, is whole, and changes no
 * byte beside its buffer (R4, R3).
 */
TEST_F(stuck, late_reader)
{
	static char bytes[SIZE], page[PAGE];
	static struct task reader = {
		.call = read, .flags = O_RDONLY, .len = SIZE,
	};
	char *first = self->hole;
	char *second = self->hole + PAGE;

	make_pattern(bytes, SIZE);
	memset(page, 'x', PAGE);
	reader.buf = first + 100;
	ASSERT_EQ(SIZE, write(self->fd, bytes, SIZE));
	ASSERT_EQ(0, start(&reader));
	ASSERT_EQ(first, next_stuck(self->uffd));
	EXPECT_EQ(SIZE, held(self->fd));
	ASSERT_EQ(0, serve(self->uffd, first, page));
	ASSERT_EQ(second, next_stuck(self->uffd));
	EXPECT_EQ(SIZE, held(self->fd));
	ASSERT_EQ(0, serve(self->uffd, second, NULL));
	EXPECT_EQ(SIZE, result(&reader));
	EXPECT_EQ(0, memcmp(reader.buf, bytes, SIZE));
	EXPECT_EQ(0, memcmp(first, page, 100));
	EXPECT_EQ('\0', second[100]);
	EXPECT_EQ(0, held(self->fd));
}

/* Test that a write whose pages come late puts in what they then have (R4, R3). */
TEST_F(stuck, late_writer)
{
	static char bytes[SIZE], page[PAGE], zeroes[PAGE];
	static struct task writer = {
		.call = write_call, .flags = O_WRONLY, .len = SIZE,
	};
	char *first = self->hole;
	char *second = self->hole + PAGE;

	make_pattern(page, PAGE);
	writer.buf = first + 100;
	ASSERT_EQ(0, start(&writer));
	ASSERT_EQ(first, next_stuck(self->uffd));
	EXPECT_EQ(0, held(self->fd));
	ASSERT_EQ(0, serve(self->uffd, first, page));
	ASSERT_EQ(second, next_stuck(self->uffd));
	EXPECT_EQ(0, held(self->fd));
	ASSERT_EQ(0, serve(self->uffd, second, NULL));
	EXPECT_EQ(SIZE, result(&writer));
	EXPECT_EQ(SIZE, read(self->fd, bytes, SIZE));
	EXPECT_EQ(0, memcmp(bytes, page + 100, PAGE - 100));
	EXPECT_EQ(0, memcmp(bytes + PAGE - 100, zeroes, 100));
}

/*
 * Test that a reader whose bytes are gone when his page comes waits for others,
 * or gets EAGAIN with O_NONBLOCK (R4, R1, R2).
 */
TEST_F(stuck, robbed_reader)
{
	static struct task waits = {
		.call = read, .flags = O_RDONLY, .len = 4,
	};
	static struct task fails = {
		.call = read, .flags = O_RDONLY | O_NONBLOCK, .len = 4,
	};
	char bytes[4];

	waits.buf = self->hole;
	fails.buf = self->hole + PAGE;
	ASSERT_EQ(4, write(self->fd, "abcd", 4));
	ASSERT_EQ(0, start(&waits));
	ASSERT_EQ(waits.buf, next_stuck(self->uffd));
	ASSERT_EQ(0, start(&fails));
	ASSERT_EQ(fails.buf, next_stuck(self->uffd));
	EXPECT_EQ(4, read(self->fd, bytes, 4));
	ASSERT_EQ(0, serve(self->uffd, waits.buf, NULL));
	ASSERT_EQ(0, serve(self->uffd, fails.buf, NULL));
	EXPECT_EQ(-EAGAIN, result(&fails));
	EXPECT_EQ(0, wait_asleep(waits.pid));
	EXPECT_EQ(2, write(self->fd, "ef", 2));
	EXPECT_EQ(2, result(&waits));
	EXPECT_EQ(0, memcmp(waits.buf, "ef", 2));
}

/* Test the same of a writer and his room (R4, W1, R2). */
TEST_F(stuck, robbed_writer)
{
	static char bytes[SIZE], page[PAGE];
	static struct task waits = {
		.call = write_call, .flags = O_WRONLY, .len = 4,
	};
	static struct task fails = {
		.call = write_call, .flags = O_WRONLY | O_NONBLOCK, .len = 4,
	};

	waits.buf = self->hole;
	fails.buf = self->hole + PAGE;
	memcpy(page, "abcd", 4);
	ASSERT_EQ(0, start(&waits));
	ASSERT_EQ(waits.buf, next_stuck(self->uffd));
	ASSERT_EQ(0, start(&fails));
	ASSERT_EQ(fails.buf, next_stuck(self->uffd));
	EXPECT_EQ(SIZE - 3, write(self->fd, bytes, SIZE - 3));
	ASSERT_EQ(0, serve(self->uffd, waits.buf, page));
	ASSERT_EQ(0, serve(self->uffd, fails.buf, page));
	EXPECT_EQ(-EAGAIN, result(&fails));
	EXPECT_EQ(0, wait_asleep(waits.pid));
	EXPECT_EQ(SIZE - 3, held(self->fd));
	EXPECT_EQ(SIZE - 3, read(self->fd, bytes, SIZE - 3));
	EXPECT_EQ(4, result(&waits));
	EXPECT_EQ(4, read(self->fd, bytes, SIZE));
	EXPECT_EQ(0, memcmp(bytes, "abcd", 4));
}

/*
 * Test that a reader for whom more bytes come while his page does, so that he
 * needs one more each time, takes them all (R4, R1).
 */
TEST_F(stuck, more_each_time)
{
	static char bytes[PAGES * PAGE];
	static struct task reader = {
		.call = read, .flags = O_RDONLY, .len = sizeof(bytes),
	};
	int i, n = 1;

	make_pattern(bytes, sizeof(bytes));
	reader.buf = self->hole;
	ASSERT_EQ(0, set_size(self->fd, sizeof(bytes)));
	ASSERT_EQ(1, write(self->fd, bytes, 1));
	ASSERT_EQ(0, start(&reader));
	for (i = 0; i < PAGES; i++) {
		ASSERT_EQ(reader.buf + i * PAGE, next_stuck(self->uffd));
		if (i < PAGES - 1) {
			ASSERT_EQ(PAGE, write(self->fd, bytes + n, PAGE));
			n += PAGE;
		}
		ASSERT_EQ(0, serve(self->uffd, reader.buf + i * PAGE, NULL));
	}
	EXPECT_EQ(n, result(&reader));
	EXPECT_EQ(0, memcmp(reader.buf, bytes, n));
	EXPECT_EQ(0, held(self->fd));
}

/* Test that who is stuck while the size changes goes on with the new (R4, I1). */
TEST_F(stuck, resized)
{
	static char bytes[SIZE], page[PAGE];
	static struct task reader = {
		.call = read, .flags = O_RDONLY, .len = 1000,
	};
	static struct task writer = {
		.call = write_call, .flags = O_WRONLY, .len = 1000,
	};

	make_pattern(bytes, SIZE);
	make_pattern(page, PAGE);
	reader.buf = self->hole;
	writer.buf = self->hole + PAGE;
	/* Across the end of the buffer. */
	ASSERT_EQ(SIZE, write(self->fd, bytes, SIZE));
	ASSERT_EQ(SIZE - 500, read(self->fd, bytes, SIZE - 500));
	ASSERT_EQ(500, write(self->fd, page, 500));
	ASSERT_EQ(0, start(&reader));
	ASSERT_EQ(reader.buf, next_stuck(self->uffd));
	ASSERT_EQ(0, start(&writer));
	ASSERT_EQ(writer.buf, next_stuck(self->uffd));
	EXPECT_EQ(0, set_size(self->fd, 1024));
	EXPECT_EQ(0, set_size(self->fd, 4 * SIZE));
	ASSERT_EQ(0, serve(self->uffd, reader.buf, NULL));
	EXPECT_EQ(1000, result(&reader));
	make_pattern(bytes, SIZE);
	EXPECT_EQ(0, memcmp(reader.buf, bytes + SIZE - 500, 500));
	EXPECT_EQ(0, memcmp(reader.buf + 500, page, 500));
	ASSERT_EQ(0, serve(self->uffd, writer.buf, page));
	EXPECT_EQ(1000, result(&writer));
	EXPECT_EQ(1000, read(self->fd, bytes, SIZE));
	EXPECT_EQ(0, memcmp(bytes, page, 1000));
}

/*
 * Test that a request that was passed, and finds too little room when its page
 * is there, is back in its place: before those who come later (A2).
 */
TEST_F(stuck, place_is_given_back)
{
	static char bytes[SIZE], page[PAGE];
	struct iocb slow, small;
	io_context_t ctx = NULL;
	time_t until = 0;
	char byte;

	ASSERT_EQ(0, io_setup(2, &ctx));
	memset(page, 'w', PAGE);
	prep(&small, device_open(O_WRONLY), true, (void *)"s", 1);
	prep(&slow, small.aio_fildes, true, self->hole, ATOMIC);
	ASSERT_EQ(1, submit(ctx, &slow));
	ASSERT_EQ(self->hole, next_stuck(self->uffd));
	ASSERT_EQ(1, submit(ctx, &small));
	EXPECT_EQ(1, ended(ctx, &small));
	ASSERT_EQ(SIZE - 100, write(self->fd, bytes, SIZE - 100));
	ASSERT_EQ(0, serve(self->uffd, self->hole, page));
	/* As soon as it is back in line, the room is no longer ours. */
	while (write(self->fd, "x", 1) == 1 && wait_a_moment(&until))
		ASSERT_EQ(1, read(self->fd, &byte, 1));
	ASSERT_EQ(1, submit(ctx, &small));
	EXPECT_EQ(2, device_show("pending_aio"));
	ASSERT_EQ(SIZE - 99, read(self->fd, bytes, SIZE));
	EXPECT_EQ(ATOMIC, ended(ctx, &slow));
	EXPECT_EQ(1, ended(ctx, &small));
	EXPECT_EQ(ATOMIC + 1, read(self->fd, bytes, SIZE));
	EXPECT_EQ(0, memcmp(bytes, page, ATOMIC));
	EXPECT_EQ('s', bytes[ATOMIC]);
	close(small.aio_fildes);
	io_destroy(ctx);
}

/* libaio's requests in memory that is not there. */
FIXTURE(slow) {
	struct counts before;
	io_context_t ctx;
	struct iocb iocb;	/* of the one that is stuck */
	struct iocb next;	/* of one that is not */
	char byte;
	char *hole;
	int uffd;
	int fd;
	int other;
};

FIXTURE_VARIANT(slow) {
	bool write;
	short events;	/* what poll says if requests can be served */
	int held;	/* bytes, to begin with */
	int served;	/* what each request that is served adds to them */
};

FIXTURE_VARIANT_ADD(slow, read) {
	.events = EPOLLIN, .held = 4, .served = -1,
};

FIXTURE_VARIANT_ADD(slow, write) {
	.write = true, .events = EPOLLOUT, .held = 0, .served = 1,
};

FIXTURE_SETUP(slow)
{
	self->before = begin_settled(_metadata);
	ASSERT_EQ(0, io_setup(8, &self->ctx));
	self->fd = device_open(O_RDWR);
	self->other = device_open(O_RDWR | O_NONBLOCK);
	ASSERT_LE(0, self->fd);
	ASSERT_LE(0, self->other);
	self->hole = map_area(PAGES * PAGE, MAP_PRIVATE);
	ASSERT_NE(MAP_FAILED, self->hole);
	self->uffd = watch_faults(self->hole, PAGES * PAGE);
	ASSERT_LE(0, self->uffd);
	ASSERT_EQ(variant->held, or_errno(write(self->other, "abcd",
						variant->held)));
	prep(&self->iocb, self->fd, variant->write, self->hole, 1);
	prep(&self->next, self->fd, variant->write, &self->byte, 1);
}

FIXTURE_TEARDOWN(slow)
{
	close(self->uffd);
	close(self->fd);
	close(self->other);
	io_destroy(self->ctx);
	expect_settled(_metadata, &self->before);
}

/*
 * Test that a request whose memory is not there waits, and not io_submit(); that
 * another one passes it, and that it then is served, when its page is there, in
 * its turn (A1, A2, A3, A4).
 */
TEST_F(slow, passed)
{
	char page[PAGE] = "s";

	self->byte = 'n';
	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	ASSERT_EQ(self->hole, next_stuck(self->uffd));
	ASSERT_EQ(1, submit(self->ctx, &self->next));
	EXPECT_EQ(1, ended(self->ctx, &self->next));
	EXPECT_EQ(variant->write ? 'n' : 'a', self->byte);
	EXPECT_EQ(1, device_show("pending_aio"));
	EXPECT_EQ(variant->held + variant->served, held(self->other));
	ASSERT_EQ(0, serve(self->uffd, self->hole, page));
	EXPECT_EQ(1, ended(self->ctx, &self->iocb));
	EXPECT_EQ(variant->write ? 's' : 'b', *self->hole);
	EXPECT_EQ(variant->held + 2 * variant->served, held(self->other));
	if (variant->write) {
		ASSERT_EQ(2, read(self->other, page, 2));
		EXPECT_EQ(0, memcmp(page, "ns", 2));
	}
	EXPECT_EQ(0, events_left(self->ctx));
}

/*
 * Test that a request whose page is brought in can be cancelled meanwhile, soon
 * or late, and that this waits for nothing: one event, no byte (A3).
 */
TEST_F(slow, cancelled)
{
	int i;

	for (i = 0; i < 2; i++) {
		self->iocb.u.c.buf = self->hole + i * PAGE;
		ASSERT_EQ(1, submit(self->ctx, &self->iocb));
		ASSERT_EQ(self->iocb.u.c.buf, next_stuck(self->uffd));
		if (i) {
			ASSERT_EQ(1, submit(self->ctx, &self->next));
			EXPECT_EQ(1, ended(self->ctx, &self->next));
		}
		EXPECT_EQ(-EINPROGRESS, cancel(self->ctx, &self->iocb));
		EXPECT_EQ(-ECANCELED, ended(self->ctx, &self->iocb));
		EXPECT_EQ(-EINVAL, cancel(self->ctx, &self->iocb));
		EXPECT_EQ(0, device_show("pending_aio"));
		EXPECT_EQ(variant->held + i * variant->served,
			  held(self->other));
		ASSERT_EQ(0, serve(self->uffd, self->iocb.u.c.buf, NULL));
		EXPECT_EQ(0, *(char *)self->iocb.u.c.buf);
	}
	ASSERT_EQ(1, submit(self->ctx, &self->next));
	EXPECT_EQ(1, ended(self->ctx, &self->next));
	EXPECT_EQ(variant->held + 2 * variant->served, held(self->other));
	EXPECT_EQ(0, events_left(self->ctx));
}

/* How many milliseconds have passed. */
static long since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - start->tv_sec) * 1000 +
	       (now.tv_nsec - start->tv_nsec) / 1000000;
}

/*
 * Test that for the first 100 ms the bytes, or the room, are the stuck request's:
 * neither a call nor another request with O_NONBLOCK gets any, nor does poll say
 * that there are some (A2, A1, R2, K3). What is seen later tells nothing: then
 * once more, with another page.
 */
TEST_F(slow, place_is_kept)
{
	struct pollfd poller = { .fd = self->other, .events = variant->events };
	struct timespec start;
	int i, polled;
	char byte = 'x';
	long call, res;

	prep(&self->next, self->other, variant->write, &self->byte, 1);
	for (i = 0; i < PAGES; i++) {
		self->iocb.u.c.buf = self->hole + i * PAGE;
		clock_gettime(CLOCK_MONOTONIC, &start);
		ASSERT_EQ(1, submit(self->ctx, &self->iocb));
		polled = poll(&poller, 1, 0);
		call = or_errno(variant->write ? write(self->other, &byte, 1) :
						 read(self->other, &byte, 1));
		ASSERT_EQ(1, submit(self->ctx, &self->next));
		res = ended(self->ctx, &self->next);
		if (since(&start) < 50) {
			EXPECT_EQ(0, polled);
			EXPECT_EQ(-EAGAIN, call);
			EXPECT_EQ(-EAGAIN, res);
			return;
		}
		ASSERT_EQ(-EINPROGRESS, cancel(self->ctx, &self->iocb));
		ASSERT_EQ(-ECANCELED, ended(self->ctx, &self->iocb));
		ASSERT_EQ(variant->held, write(self->other, "abcd",
					       variant->held));
	}
	TH_LOG("too slow a machine to tell");
}

/*
 * Test that those who poll are told when bytes, or room, are no longer a stuck
 * request's: because it stepped aside, and because it was cancelled (A2, K3).
 */
TEST_F(slow, pollers_are_told)
{
	struct epoll_event event;
	io_context_t polls = NULL;
	int i, epoll;

	ASSERT_EQ(0, io_setup(1, &polls));
	for (i = 0; i < 2; i++) {
		epoll = epoll_create1(EPOLL_CLOEXEC);
		event.events = variant->events | EPOLLET;
		self->iocb.u.c.buf = self->hole + i * PAGE;
		ASSERT_EQ(1, submit(self->ctx, &self->iocb));
		ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, self->other,
				       &event));
		io_prep_poll(&self->next, self->other, variant->events);
		ASSERT_EQ(1, submit(polls, &self->next));
		if (i)
			EXPECT_EQ(-EINPROGRESS, cancel(self->ctx, &self->iocb));
		EXPECT_EQ(1, epoll_wait(epoll, &event, 1, 10000));
		EXPECT_EQ(variant->events, event.events);
		EXPECT_EQ(variant->events,
			  ended(polls, &self->next) & variant->events);
		if (!i)
			EXPECT_EQ(-EINPROGRESS, cancel(self->ctx, &self->iocb));
		EXPECT_EQ(-ECANCELED, ended(self->ctx, &self->iocb));
		close(epoll);
	}
	io_destroy(polls);
}

/*
 * Test that poll never misses that bytes, or room, are free again: a process
 * does nothing but poll, while requests step aside, come back and are served.
 * Whatever it sees, it must not sleep for good (A2, K3).
 */
TEST_F(slow, poll_misses_nothing)
{
	struct pollfd poller = { .fd = self->other, .events = variant->events };
	long *polls = (long *)map_area(PAGE, MAP_SHARED);
	pid_t child = spawn();
	time_t until;
	long seen;
	int i;

	while (!child)
		__atomic_fetch_add(polls, poll(&poller, 1, -1), __ATOMIC_SEQ_CST);
	for (i = 0; i < 8; i++) {
		self->iocb.u.c.buf = self->hole + i * PAGE;
		ASSERT_EQ(1, submit(self->ctx, &self->iocb));
		ASSERT_EQ(self->iocb.u.c.buf, next_stuck(self->uffd));
		ASSERT_EQ(1, poll(&poller, 1, 10000));
		ASSERT_EQ(0, serve(self->uffd, self->iocb.u.c.buf, NULL));
		ASSERT_EQ(1, ended(self->ctx, &self->iocb));
		seen = __atomic_load_n(polls, __ATOMIC_SEQ_CST);
		until = 0;
		while (seen == __atomic_load_n(polls, __ATOMIC_SEQ_CST) &&
		       wait_a_moment(&until))
			;
		EXPECT_NE(seen, __atomic_load_n(polls, __ATOMIC_SEQ_CST));
		if (!variant->write)
			ASSERT_EQ(1, write(self->other, "x", 1));
	}
	kill(child, SIGKILL);
	EXPECT_EQ(SIGKILL, reap_soon(child));
}

/* Test that a call that sleeps goes on when a stuck request steps aside (A2, K1). */
TEST_F(slow, sleeper_goes_on)
{
	char byte = 'x';
	pid_t child;

	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	child = spawn();
	if (!child)
		_exit((variant->write ? write(self->fd, &byte, 1) :
					read(self->fd, &byte, 1)) != 1);
	EXPECT_EQ(0, reap_soon(child));
	EXPECT_EQ(1, device_show("pending_aio"));
	EXPECT_EQ(variant->held + variant->served, held(self->other));
	EXPECT_EQ(-EINPROGRESS, cancel(self->ctx, &self->iocb));
	EXPECT_EQ(-ECANCELED, ended(self->ctx, &self->iocb));
}

/*
 * Test that whoever comes back to the line, ahead of another one who is stuck,
 * does not make that one's 100 ms last for ever (A2).
 */
TEST_F(slow, back_before_another)
{
	struct iocb second, third;

	prep(&second, self->fd, variant->write, self->hole + PAGE, 1);
	prep(&third, self->fd, variant->write, self->hole + 2 * PAGE, 1);
	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	ASSERT_EQ(1, submit(self->ctx, &second));
	ASSERT_EQ(1, submit(self->ctx, &third));
	ASSERT_EQ(self->hole, next_stuck(self->uffd));
	/* The first is aside now, and the second in its 100 ms. */
	ASSERT_EQ(self->hole + PAGE, next_stuck(self->uffd));
	ASSERT_EQ(0, serve(self->uffd, self->hole, NULL));
	EXPECT_EQ(1, ended(self->ctx, &self->iocb));
	/* So is the third, which has to come although nothing else happens. */
	ASSERT_EQ(self->hole + 2 * PAGE, next_stuck(self->uffd));
	ASSERT_EQ(0, serve(self->uffd, self->hole + 2 * PAGE, NULL));
	EXPECT_EQ(1, ended(self->ctx, &third));
	ASSERT_EQ(0, serve(self->uffd, self->hole + PAGE, NULL));
	EXPECT_EQ(1, ended(self->ctx, &second));
	EXPECT_EQ(variant->held + 3 * variant->served, held(self->other));
}

/* Test that CLEAR and SET_SIZE do not mind one whose page is brought in (A3, I1). */
TEST_F(slow, cleared)
{
	char bytes[4] = "";
	__u32 size;

	ASSERT_EQ(0, ioctl(self->fd, GLOBALFIFO_GET_SIZE, &size));
	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	ASSERT_EQ(self->hole, next_stuck(self->uffd));
	EXPECT_EQ(0, ioctl(self->fd, GLOBALFIFO_CLEAR));
	EXPECT_EQ(0, set_size(self->fd, GLOBALFIFO_SIZE_MIN));
	EXPECT_EQ(0, held(self->other));
	EXPECT_EQ(1, device_show("pending_aio"));
	ASSERT_EQ(0, serve(self->uffd, self->hole, NULL));
	if (variant->write) {
		EXPECT_EQ(1, ended(self->ctx, &self->iocb));
		EXPECT_EQ(1, read(self->other, bytes, 4));
	} else {
		EXPECT_EQ(1, write(self->other, "z", 1));
		EXPECT_EQ(1, ended(self->ctx, &self->iocb));
		EXPECT_EQ('z', *self->hole);
	}
	EXPECT_EQ(0, held(self->other));
	EXPECT_EQ(0, set_size(self->fd, size));
}

/*
 * Test that memory that is unmapped while it is brought in is a bad address: no
 * byte moves (A4, R4).
 */
TEST_F(slow, unmapped)
{
	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	ASSERT_EQ(self->hole, next_stuck(self->uffd));
	ASSERT_EQ(0, munmap(self->hole, PAGE));
	close(self->uffd);
	EXPECT_EQ(-EFAULT, ended(self->ctx, &self->iocb));
	EXPECT_EQ(variant->held, held(self->other));
	self->uffd = -1;
}

/*
 * Test that io_destroy() does not wait for a page, and that the file, closed
 * before, is let go (A3, T2).
 */
TEST_F(slow, destroyed)
{
	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	ASSERT_EQ(self->hole, next_stuck(self->uffd));
	close(self->fd);
	EXPECT_EQ(self->before.readers + 2, device_show("readers"));
	EXPECT_EQ(0, io_destroy(self->ctx));
	EXPECT_EQ(0, device_show("pending_aio"));
	EXPECT_EQ(0, wait_for_value("readers", self->before.readers + 1));
	EXPECT_EQ(variant->held, held(self->other));
	self->ctx = NULL;
	self->fd = -1;
}

/*
 * Test that a request that was cancelled counts against max_aio until nobody
 * brings in its memory any more (A1).
 */
TEST_F(slow, limit)
{
	int i, max = show("/sys/module/globalfifo/parameters", "max_aio");
	static char bytes[SIZE];
	io_context_t ctx = NULL;
	time_t until = 0;
	bool refused;

	ASSERT_EQ(0, io_setup(max, &ctx));
	ASSERT_EQ(1, submit(self->ctx, &self->iocb));
	ASSERT_EQ(self->hole, next_stuck(self->uffd));
	ASSERT_EQ(-EINPROGRESS, cancel(self->ctx, &self->iocb));
	ASSERT_EQ(-ECANCELED, ended(self->ctx, &self->iocb));
	device_drain();
	if (variant->write)
		ASSERT_EQ(SIZE, write(self->other, bytes, SIZE));
	for (i = 0; i < max - 1; i++)
		ASSERT_EQ(1, submit(ctx, &self->next));
	EXPECT_EQ(max - 1, device_show("pending_aio"));
	ASSERT_EQ(1, submit(self->ctx, &self->next));
	EXPECT_EQ(-EAGAIN, ended(self->ctx, &self->next));
	ASSERT_EQ(0, serve(self->uffd, self->hole, NULL));
	do {
		ASSERT_EQ(1, submit(self->ctx, &self->next));
		refused = device_show("pending_aio") < max;
		if (refused)
			ASSERT_EQ(-EAGAIN, ended(self->ctx, &self->next));
	} while (refused && wait_a_moment(&until));
	EXPECT_FALSE(refused);
	io_destroy(ctx);
}

/* Ways for a process to leave while its request's page is brought in. */
FIXTURE(leaver) {
	struct counts before;
	int parked[2];	/* a pipe: a byte comes from a child who is stuck */
	int other;
};

FIXTURE_VARIANT(leaver) {
	int sig;	/* that kills it */
	bool exec;	/* or becomes another program */
	bool held;	/* somebody else has its userfaultfd, too */
};

FIXTURE_VARIANT_ADD(leaver, exit) {
};

FIXTURE_VARIANT_ADD(leaver, killed) {
	.sig = SIGKILL,
};

FIXTURE_VARIANT_ADD(leaver, exec) {
	.exec = true,
};

FIXTURE_VARIANT_ADD(leaver, exit_held) {
	.held = true,
};

FIXTURE_VARIANT_ADD(leaver, killed_held) {
	.sig = SIGKILL, .held = true,
};

FIXTURE_VARIANT_ADD(leaver, exec_held) {
	.exec = true, .held = true,
};

FIXTURE_SETUP(leaver)
{
	self->before = begin_settled(_metadata);
	self->other = device_open(O_RDWR | O_NONBLOCK);
	ASSERT_LE(0, self->other);
	ASSERT_EQ(4, write(self->other, "abcd", 4));
	ASSERT_EQ(0, pipe2(self->parked, O_CLOEXEC));
}

FIXTURE_TEARDOWN(leaver)
{
	close(self->parked[0]);
	close(self->parked[1]);
	device_drain();
	close(self->other);
	expect_settled(_metadata, &self->before);
}

/* In a child: have a request be stuck. */
static int get_stuck(int *uffd)
{
	static struct iocb iocb;
	char *hole = map_area(PAGE, MAP_PRIVATE);
	io_context_t ctx = NULL;

	*uffd = watch_faults(hole, PAGE);
	prep(&iocb, device_open(O_RDWR), false, hole, 1);
	if (*uffd < 0 || io_setup(2, &ctx) || submit(ctx, &iocb) != 1)
		return -1;
	return next_stuck(*uffd) == hole ? 0 : -1;
}

/* In a child: the same, and leave. */
static void leave_stuck(int out, bool keeps_uffd, bool exec, int sig)
{
	pid_t holder = 0;
	int uffd;

	if (get_stuck(&uffd))
		_exit(1);
	if (keeps_uffd)
		holder = fork();
	if (keeps_uffd && !holder) {
		for (;;)
			pause();
	}
	if (write(out, &holder, sizeof(holder)) != sizeof(holder))
		_exit(2);
	if (exec)
		execl("/bin/true", "true", NULL);
	if (sig)
		kill(getpid(), sig);
	_exit(exec ? 3 : 0);
}

/*
 * Test that a process whose request is stuck goes, however it does, that it
 * takes no byte with it, and that its files are let go, at the latest when its
 * page is no longer waited for; others pass meanwhile (A3, R4, W3).
 */
TEST_F(leaver, goes)
{
	pid_t holder, child = spawn();
	int fd = device_open(O_RDONLY);
	io_context_t ctx = NULL;
	struct iocb next;
	char byte;

	if (!child)
		leave_stuck(self->parked[1], variant->held, variant->exec,
			    variant->sig);
	ASSERT_EQ(sizeof(holder), read(self->parked[0], &holder,
				       sizeof(holder)));
	ASSERT_EQ(variant->sig, reap_soon(child));
	ASSERT_EQ(0, io_setup(1, &ctx));
	prep(&next, fd, false, &byte, 1);
	ASSERT_EQ(1, submit(ctx, &next));
	EXPECT_EQ(1, ended(ctx, &next));
	EXPECT_EQ('a', byte);
	close(fd);
	if (holder)
		kill(holder, SIGKILL);
	EXPECT_EQ(0, wait_for_value("pending_aio", 0));
	EXPECT_EQ(3, held(self->other));
	io_destroy(ctx);
}

#define MANY	64
#define BIG	(MANY * PAGE)

FIXTURE(fresh) {
	char *area;
	char *bytes;
	__u32 size;
	int fd;
};

FIXTURE_VARIANT(fresh) {
	int flags;
	void (*prepare)(char *area, size_t len);
};

/* Pages that are there to be read, but not to be written to. */
static void look_at(char *area, size_t len)
{
	if (memchr(area, 'x', len))
		abort();
}

/* Pages that were there once. */
static void drop(char *area, size_t len)
{
	memset(area, 'x', len);
	madvise(area, len, MADV_DONTNEED);
}

/* Every other page. */
static void touch_some(char *area, size_t len)
{
	size_t i;

	for (i = 0; i < len; i += 2 * PAGE)
		memset(area + i, 'x', PAGE);
}

/* Pages that we share with a child until one of us writes to them. */
static void share(char *area, size_t len)
{
	pid_t parent = getpid();

	memset(area, 'x', len);
	if (!fork()) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* The test may be over before we asked for that. */
		while (getppid() == parent)
			pause();
		_exit(0);
	}
}

FIXTURE_VARIANT_ADD(fresh, untouched) {
	.flags = MAP_PRIVATE,
};

FIXTURE_VARIANT_ADD(fresh, shared) {
	.flags = MAP_SHARED,
};

FIXTURE_VARIANT_ADD(fresh, in_turn) {
	.flags = MAP_PRIVATE, .prepare = touch_some,
};

FIXTURE_VARIANT_ADD(fresh, looked_at) {
	.flags = MAP_PRIVATE, .prepare = look_at,
};

FIXTURE_VARIANT_ADD(fresh, dropped) {
	.flags = MAP_PRIVATE, .prepare = drop,
};

FIXTURE_VARIANT_ADD(fresh, forked) {
	.flags = MAP_PRIVATE, .prepare = share,
};

FIXTURE_SETUP(fresh)
{
	device_drain();
	self->fd = device_open(O_RDWR | O_NONBLOCK);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, ioctl(self->fd, GLOBALFIFO_GET_SIZE, &self->size));
	ASSERT_EQ(0, set_size(self->fd, BIG));
	self->area = map_area(BIG + PAGE, variant->flags);
	ASSERT_NE(MAP_FAILED, self->area);
	self->bytes = malloc(BIG);
	ASSERT_NE(NULL, self->bytes);
	make_pattern(self->bytes, BIG);
	if (variant->prepare)
		variant->prepare(self->area, BIG + PAGE);
}

FIXTURE_TEARDOWN(fresh)
{
	device_drain();
	set_size(self->fd, self->size);
	close(self->fd);
}

/* Test that a read into many pages that are not there is whole (R4). */
TEST_F(fresh, read)
{
	char *buf = self->area + 100;

	ASSERT_EQ(BIG, write(self->fd, self->bytes, BIG));
	EXPECT_EQ(BIG, read(self->fd, buf, BIG));
	EXPECT_EQ(0, memcmp(buf, self->bytes, BIG));
}

/* Test that a write from many pages that are not there is whole (R4). */
TEST_F(fresh, write)
{
	char *buf = self->area + 100;

	EXPECT_EQ(BIG, write(self->fd, buf, BIG));
	EXPECT_EQ(BIG, read(self->fd, self->bytes, BIG));
	EXPECT_EQ(0, memcmp(buf, self->bytes, BIG));
}

/* A vector of a few bytes from each page. */
static void make_vector(struct iovec iov[MANY], char *area, size_t len)
{
	int i;

	for (i = 0; i < MANY; i++)
		iov[i] = (struct iovec){ area + i * PAGE + 1000, len };
}

/* Test that a vector of segments, each in a page of its own, is whole (R4). */
TEST_F(fresh, vector)
{
	struct iovec iov[MANY];
	int i;

	ASSERT_EQ(MANY * 100, write(self->fd, self->bytes, MANY * 100));
	make_vector(iov, self->area, 100);
	EXPECT_EQ(MANY * 100, readv(self->fd, iov, MANY));
	for (i = 0; i < MANY; i++)
		EXPECT_EQ(0, memcmp(iov[i].iov_base, self->bytes + i * 100,
				    100));
}

/* Test the same of a vector to be written (R4). */
TEST_F(fresh, vector_written)
{
	struct iovec iov[MANY];
	char bytes[100];
	int i;

	make_vector(iov, self->area, sizeof(bytes));
	EXPECT_EQ(MANY * sizeof(bytes), writev(self->fd, iov, MANY));
	for (i = 0; i < MANY; i++) {
		EXPECT_EQ(sizeof(bytes),
			  read(self->fd, bytes, sizeof(bytes)));
		EXPECT_EQ(0, memcmp(iov[i].iov_base, bytes, sizeof(bytes)));
	}
}

FIXTURE(stack) {
	char *below;
	int fds[2];
	int fd;
};

/* Where the stack ends by now, or NULL. */
static char *stack_end(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512];
	char *end = NULL;

	while (maps && fgets(line, sizeof(line), maps)) {
		if (strstr(line, "[stack]"))
			end = (char *)strtoul(line, NULL, 16);
	}
	if (maps)
		fclose(maps);
	return end;
}

FIXTURE_SETUP(stack)
{
	device_drain();
	self->fd = device_open(O_RDWR | O_NONBLOCK);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, pipe(self->fds));
	self->below = stack_end();
	ASSERT_NE(NULL, self->below);
	self->below -= 1 << 20;
}

FIXTURE_TEARDOWN(stack)
{
	close(self->fds[0]);
	close(self->fds[1]);
	close(self->fd);
}

/* In a child: read the pattern below the stack; 0 if that went well. */
static int read_below(int from, int to, char *below)
{
	char bytes[SIZE];
	int status;

	make_pattern(bytes, SIZE);
	if (write(to, bytes, SIZE) != SIZE)
		return -1;
	if (!fork()) {
		if (read(from, below + 100, SIZE) != SIZE)
			_exit(1);
		_exit(memcmp(below + 100, bytes, SIZE) ? 2 : 0);
	}
	wait(&status);
	return status;
}

/* In a child: write what is below the stack; 0 if that went well. */
static int write_below(int from, int to, char *below)
{
	char bytes[SIZE], zeroes[SIZE] = "";
	int status;

	if (!fork())
		_exit(write(to, below + 100, SIZE) != SIZE);
	wait(&status);
	if (status || read(from, bytes, SIZE) != SIZE)
		return -1;
	return memcmp(bytes, zeroes, SIZE);
}

/* Test that a stack grows for a read, if it does for one from a pipe (R4). */
TEST_F(stack, read)
{
	if (read_below(self->fds[0], self->fds[1], self->below))
		SKIP(return, "the stack does not grow for a pipe");
	EXPECT_EQ(0, read_below(self->fd, self->fd, self->below));
}

/* Test that a stack grows for a write, if it does for one to a pipe (R4). */
TEST_F(stack, write)
{
	if (write_below(self->fds[0], self->fds[1], self->below))
		SKIP(return, "the stack does not grow for a pipe");
	EXPECT_EQ(0, write_below(self->fd, self->fd, self->below));
}

TEST_HARNESS_MAIN
