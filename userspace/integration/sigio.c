// SPDX-License-Identifier: GPL-2.0
/*
 * Asynchronous notification. Buggy results would be a signal that does not
 * come, comes to a file not open for that direction, does not say which, comes
 * before there is anything to do or after nobody asks any more, or reaches the
 * wrong process.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/uio.h>
#include "kselftest_harness.h"
#include "common.h"
#include "signals.h"
#include "../../kernel/globalfifo.h"

#define NOBODY	65534

FIXTURE(sigio) {
	sigset_t set;
	int reader;
	int writer;
	int plain;
};

FIXTURE_SETUP(sigio)
{
	device_drain();
	ASSERT_EQ(0, block_signals(&self->set));
	self->reader = device_open(O_RDONLY | O_NONBLOCK);
	self->writer = device_open(O_WRONLY | O_NONBLOCK);
	self->plain = device_open(O_RDWR | O_NONBLOCK);
	ASSERT_LE(0, self->plain);
}

FIXTURE_TEARDOWN(sigio)
{
	close(self->reader);
	close(self->writer);
	close(self->plain);
}

/* A signal that another process may still have to send. */
static int wait_signal(const sigset_t *set, siginfo_t *info)
{
	static const struct timespec limit = { .tv_sec = 10 };

	return sigtimedwait(set, info, &limit);
}

/* As many bytes as there is room for. */
static void fill(int fd)
{
	while (write(fd, "x", 1) == 1)
		;
}

/* Test that a write signals readers, and a read does not (N1). */
TEST_F(sigio, reader)
{
	siginfo_t info;
	char byte;

	ASSERT_EQ(0, ask(self->reader, 0));
	ASSERT_EQ(1, write(self->plain, "x", 1));
	EXPECT_EQ(SIGIO, next_signal(&self->set, &info));
	ASSERT_EQ(1, read(self->plain, &byte, 1));
	EXPECT_EQ(0, next_signal(&self->set, &info));
}

/* Test that a read signals writers, and a write does not (N1). */
TEST_F(sigio, writer)
{
	siginfo_t info;
	char byte;

	ASSERT_EQ(0, ask(self->writer, 0));
	ASSERT_EQ(1, write(self->plain, "x", 1));
	EXPECT_EQ(0, next_signal(&self->set, &info));
	ASSERT_EQ(1, read(self->plain, &byte, 1));
	EXPECT_EQ(SIGIO, next_signal(&self->set, &info));
}

/* Test that calls that move no byte signal nobody (N1, R1). */
TEST_F(sigio, nothing_moved)
{
	struct iovec bad = { (void *)8, 1 };
	siginfo_t info;
	char byte;

	ASSERT_EQ(1, write(self->plain, "x", 1));
	ASSERT_EQ(0, ask(self->reader, 0));
	ASSERT_EQ(0, ask(self->writer, 0));
	EXPECT_EQ(0, read(self->plain, &byte, 0));
	EXPECT_EQ(0, write(self->plain, &byte, 0));
	EXPECT_EQ(-1, readv(self->plain, &bad, 1));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, writev(self->plain, &bad, 1));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(0, next_signal(&self->set, &info));
}

/* Test the same of an empty FIFO and of a full one: EAGAIN (N1, R2). */
TEST_F(sigio, would_block)
{
	siginfo_t info;
	char byte;

	ASSERT_EQ(0, ask(self->reader, 0));
	ASSERT_EQ(0, ask(self->writer, 0));
	EXPECT_EQ(-1, read(self->plain, &byte, 1));
	EXPECT_EQ(0, next_signal(&self->set, &info));
	fill(self->plain);
	EXPECT_EQ(SIGIO, next_signal(&self->set, &info));
	EXPECT_EQ(-1, write(self->plain, &byte, 1));
	EXPECT_EQ(0, next_signal(&self->set, &info));
}

FIXTURE(file) {
	sigset_t set;
	struct listener listener;
	int fd;
	int plain;
	__u32 size;
};

/* Each kind of file, with either kind of signal. */
FIXTURE_VARIANT(file) {
	int flags;
	bool queued;
	bool in;
	bool out;
};

FIXTURE_VARIANT_ADD(file, read_only) {
	.flags = O_RDONLY, .in = true,
};

FIXTURE_VARIANT_ADD(file, read_only_queued) {
	.flags = O_RDONLY, .queued = true, .in = true,
};

FIXTURE_VARIANT_ADD(file, write_only) {
	.flags = O_WRONLY, .out = true,
};

FIXTURE_VARIANT_ADD(file, write_only_queued) {
	.flags = O_WRONLY, .queued = true, .out = true,
};

FIXTURE_VARIANT_ADD(file, both_ways) {
	.flags = O_RDWR, .in = true, .out = true,
};

FIXTURE_VARIANT_ADD(file, both_ways_queued) {
	.flags = O_RDWR, .queued = true, .in = true, .out = true,
};

/* The access mode 3: good for ioctls alone. */
FIXTURE_VARIANT_ADD(file, neither_way) {
	.flags = O_ACCMODE, .queued = true,
};

FIXTURE_SETUP(file)
{
	device_drain();
	ASSERT_EQ(0, block_signals(&self->set));
	self->plain = device_open(O_RDWR | O_NONBLOCK);
	self->fd = device_open(variant->flags | O_NONBLOCK);
	ASSERT_LE(0, self->fd);
	self->size = device_size();
	ASSERT_LT(0, self->size);
	self->listener = (struct listener){
		.fd = self->fd, .sig = variant->queued ? SIGRTMIN : SIGIO,
		.in = variant->in, .out = variant->out,
	};
	ASSERT_EQ(0, ask(self->fd, self->listener.sig));
}

FIXTURE_TEARDOWN(file)
{
	device_drain();
	/* Only a test that could change it has to have it back. */
	ioctl(self->plain, GLOBALFIFO_SET_SIZE, &self->size);
	close(self->fd);
	close(self->plain);
}

/*
 * Test that a write tells of bytes and a read of room, each only a file that is
 * open for that, and with descriptor, band and code (N1, N2).
 */
TEST_F(file, exchange)
{
	expect_exchange(_metadata, &self->set, self->listener, self->plain);
}

/* Test that CLEAR tells of room, unless there was nothing to free (N1, I1). */
TEST_F(file, clear)
{
	struct listener nobody = {};

	ASSERT_EQ(1, write(self->plain, "x", 1));
	expect_told(_metadata, &self->set, self->listener, POLL_IN);
	ASSERT_EQ(0, ioctl(self->plain, GLOBALFIFO_CLEAR));
	expect_told(_metadata, &self->set, self->listener, POLL_OUT);
	ASSERT_EQ(0, ioctl(self->plain, GLOBALFIFO_CLEAR));
	expect_told(_metadata, &self->set, nobody, POLL_OUT);
}

/* Test that growth tells of room; the same size, or less, does not (N1, I1). */
TEST_F(file, resize)
{
	struct listener nobody = {};
	__u32 more = 2 * self->size;

	ASSERT_EQ(0, ioctl(self->plain, GLOBALFIFO_SET_SIZE, &more));
	expect_told(_metadata, &self->set, self->listener, POLL_OUT);
	ASSERT_EQ(0, ioctl(self->plain, GLOBALFIFO_SET_SIZE, &more));
	expect_told(_metadata, &self->set, nobody, POLL_OUT);
	ASSERT_EQ(0, ioctl(self->plain, GLOBALFIFO_SET_SIZE, &self->size));
	expect_told(_metadata, &self->set, nobody, POLL_OUT);
}

/* Test that clearing O_ASYNC ends it, until it is set again (N3). */
TEST_F(file, switched_off)
{
	long long before = device_show("stats/signals");
	struct listener nobody = {};

	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_NONBLOCK));
	expect_exchange(_metadata, &self->set, nobody, self->plain);
	EXPECT_EQ(before, device_show("stats/signals"));
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_NONBLOCK | O_ASYNC));
	expect_exchange(_metadata, &self->set, self->listener, self->plain);
}

/* Test that a duplicate keeps it, under the old number, until closed (N3). */
TEST_F(file, closed)
{
	struct listener nobody = {};
	int copy = dup(self->fd);
	long long before;

	ASSERT_LE(0, copy);
	close(self->fd);
	expect_exchange(_metadata, &self->set, self->listener, self->plain);
	before = device_show("stats/signals");
	close(copy);
	expect_exchange(_metadata, &self->set, nobody, self->plain);
	EXPECT_EQ(before, device_show("stats/signals"));
}

/* Test that FIOASYNC is another way, and names its own descriptor (N2, N3). */
TEST_F(file, fioasync)
{
	struct listener nobody = {};
	int copy = dup(self->fd);
	int on = 0;

	ASSERT_LE(0, copy);
	ASSERT_EQ(0, ioctl(copy, FIOASYNC, &on));
	expect_exchange(_metadata, &self->set, nobody, self->plain);
	on = 1;
	ASSERT_EQ(0, ioctl(copy, FIOASYNC, &on));
	self->listener.fd = copy;
	expect_exchange(_metadata, &self->set, self->listener, self->plain);
	close(copy);
}

/*
 * Test that real-time signals are queued, one for each call, however many
 * segments it has (N2).
 */
TEST_F(sigio, queued)
{
	struct iovec iov[] = { { "a", 1 }, { "b", 1 }, { "c", 1 } };
	siginfo_t info = {};
	char bytes[3];
	int i;

	ASSERT_EQ(0, ask(self->reader, SIGRTMIN));
	ASSERT_EQ(0, ask(self->writer, SIGRTMIN));
	ASSERT_EQ(1, write(self->plain, "x", 1));
	ASSERT_EQ(3, writev(self->plain, iov, 3));
	ASSERT_EQ(3, read(self->plain, bytes, 3));
	ASSERT_EQ(1, write(self->plain, "x", 1));
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(SIGRTMIN, next_signal(&self->set, &info));
		EXPECT_EQ(i == 2 ? POLL_OUT : POLL_IN, info.si_code);
		EXPECT_EQ(i == 2 ? self->writer : self->reader, info.si_fd);
	}
	EXPECT_EQ(0, next_signal(&self->set, &info));
}

/* Test that a SIGIO that is pending stands for all that follow (N1). */
TEST_F(sigio, merged)
{
	siginfo_t info;
	int i;

	ASSERT_EQ(0, ask(self->reader, 0));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(1, write(self->plain, "x", 1));
		ASSERT_EQ(1, write(self->plain, "y", 1));
		EXPECT_EQ(SIGIO, next_signal(&self->set, &info));
		EXPECT_EQ(SI_KERNEL, info.si_code);
		EXPECT_EQ(0, next_signal(&self->set, &info));
	}
}

/* Test that a plain SIGIO comes for what the queue has no room for (N2). */
TEST_F(sigio, overflow)
{
	struct rlimit limit, none;
	siginfo_t info = {};

	ASSERT_EQ(0, getrlimit(RLIMIT_SIGPENDING, &limit));
	none = limit;
	none.rlim_cur = 0;
	ASSERT_EQ(0, ask(self->reader, SIGRTMIN));
	ASSERT_EQ(1, write(self->plain, "x", 1));
	ASSERT_EQ(0, setrlimit(RLIMIT_SIGPENDING, &none));
	ASSERT_EQ(1, write(self->plain, "x", 1));
	ASSERT_EQ(0, setrlimit(RLIMIT_SIGPENDING, &limit));
	EXPECT_EQ(SIGIO, next_signal(&self->set, &info));
	EXPECT_EQ(SI_KERNEL, info.si_code);
	EXPECT_EQ(SIGRTMIN, next_signal(&self->set, &info));
	EXPECT_EQ(POLL_IN, info.si_code);
	EXPECT_EQ(0, next_signal(&self->set, &info));
}

/* Test that each file that asked is told, under its own number (N1, N2). */
TEST_F(sigio, each_file)
{
	int second = device_open(O_RDONLY);
	int third = device_open(O_RDWR);
	siginfo_t info = {};
	int i, told = 0;

	ASSERT_EQ(0, ask(self->reader, SIGRTMIN));
	ASSERT_EQ(0, ask(second, SIGRTMIN));
	ASSERT_EQ(0, ask(third, SIGRTMIN));
	ASSERT_EQ(1, write(self->plain, "x", 1));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(SIGRTMIN, next_signal(&self->set, &info));
		told |= 1 << info.si_fd;
	}
	EXPECT_EQ(1 << self->reader | 1 << second | 1 << third, told);
	EXPECT_EQ(0, next_signal(&self->set, &info));
	close(second);
	close(third);
}

/* Test that two devices are told apart by the descriptor (N2, D1). */
TEST_F(sigio, two_devices)
{
	int other = open(second_device_path(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
	struct listener first = { self->reader, SIGRTMIN, .in = true };
	struct listener second = { other, SIGRTMIN, .in = true, .out = true };

	if (other < 0)
		SKIP(return, "no %s", second_device_path());
	ASSERT_EQ(0, ask(self->reader, SIGRTMIN));
	ASSERT_EQ(0, ask(other, SIGRTMIN));
	expect_exchange(_metadata, &self->set, first, self->plain);
	expect_exchange(_metadata, &self->set, second, other);
	close(other);
}

/* Test that the signal comes after the bytes: they can be read (N1). */
TEST_F(sigio, data_first)
{
	siginfo_t info;
	char bytes[4] = "";
	pid_t child;

	ASSERT_EQ(0, ask(self->reader, 0));
	child = fork();
	if (!child)
		_exit(write(self->plain, "abc", 3) != 3);
	ASSERT_EQ(SIGIO, sigwaitinfo(&self->set, &info));
	EXPECT_EQ(3, read(self->reader, bytes, 3));
	EXPECT_STREQ("abc", bytes);
	EXPECT_EQ(0, exit_status(child));
}

/* Test that a writer who still sleeps for room tells nobody of bytes (N1). */
TEST_F(sigio, sleeping_writer)
{
	int blocking = device_open(O_WRONLY);
	siginfo_t info;
	pid_t child;
	char byte;

	fill(self->plain);
	ASSERT_EQ(0, ask(self->reader, 0));
	child = fork();
	if (!child)
		_exit(write(blocking, "x", 1) != 1);
	ASSERT_EQ(0, wait_asleep(child));
	EXPECT_EQ(0, next_signal(&self->set, &info));
	ASSERT_EQ(1, read(self->plain, &byte, 1));
	EXPECT_EQ(SIGIO, wait_signal(&self->set, &info));
	EXPECT_EQ(0, exit_status(child));
	close(blocking);
}

/* Test that a reader who still sleeps for bytes tells nobody of room (N1). */
TEST_F(sigio, sleeping_reader)
{
	int blocking = device_open(O_RDONLY);
	siginfo_t info;
	pid_t child;
	char byte;

	ASSERT_EQ(0, ask(self->writer, 0));
	child = fork();
	if (!child)
		_exit(read(blocking, &byte, 1) != 1);
	ASSERT_EQ(0, wait_asleep(child));
	EXPECT_EQ(0, next_signal(&self->set, &info));
	ASSERT_EQ(1, write(self->plain, "x", 1));
	EXPECT_EQ(SIGIO, wait_signal(&self->set, &info));
	EXPECT_EQ(0, exit_status(child));
	close(blocking);
}

/* Test that signalfd(2) is a way to take the signal, with its fields (N2). */
TEST_F(sigio, signal_fd)
{
	int fd = signalfd(-1, &self->set, SFD_NONBLOCK | SFD_CLOEXEC);
	struct pollfd poller = { .fd = fd, .events = POLLIN };
	struct signalfd_siginfo info;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ask(self->reader, SIGRTMIN));
	EXPECT_EQ(0, poll(&poller, 1, 0));
	ASSERT_EQ(1, write(self->plain, "x", 1));
	EXPECT_EQ(1, poll(&poller, 1, 0));
	ASSERT_EQ(sizeof(info), read(fd, &info, sizeof(info)));
	EXPECT_EQ(SIGRTMIN, info.ssi_signo);
	EXPECT_EQ(POLL_IN, info.ssi_code);
	EXPECT_EQ(self->reader, info.ssi_fd);
	EXPECT_EQ(POLLIN | POLLRDNORM, info.ssi_band);
	EXPECT_EQ(-1, read(fd, &info, sizeof(info)));
	close(fd);
}

/* A process of the group @group, 0 for one of its own, that waits for SIGIO. */
static pid_t member_of(const sigset_t *set, pid_t group)
{
	siginfo_t info;
	pid_t child = fork();

	if (!child)
		_exit(wait_signal(set, &info) != SIGIO);
	return child > 0 && !setpgid(child, group) ? child : -1;
}

/* Test that a negative owner is a process group: all of it, only it (N3). */
TEST_F(sigio, group)
{
	pid_t first = member_of(&self->set, 0);
	pid_t second = member_of(&self->set, first);
	siginfo_t info;

	ASSERT_LT(0, first);
	ASSERT_LT(0, second);
	ASSERT_EQ(0, ask(self->reader, 0));
	ASSERT_EQ(0, fcntl(self->reader, F_SETOWN, -first));
	ASSERT_EQ(1, write(self->plain, "x", 1));
	EXPECT_EQ(0, exit_status(first));
	EXPECT_EQ(0, exit_status(second));
	EXPECT_EQ(0, next_signal(&self->set, &info));
}

/* A thread that the signal is not for. Returns NULL if it gets none. */
static void *other_thread(void *plain)
{
	siginfo_t info;
	sigset_t set;

	if (block_signals(&set) || write(*(int *)plain, "x", 1) != 1)
		return "setup";
	return next_signal(&set, &info) ? "signal" : NULL;
}

/* Test that F_OWNER_TID reaches one thread, and not the one who wrote (N3). */
TEST_F(sigio, thread)
{
	struct f_owner_ex owner = { F_OWNER_TID, gettid() };
	pthread_t thread;
	siginfo_t info;
	void *got;

	ASSERT_EQ(0, ask(self->reader, 0));
	ASSERT_EQ(0, fcntl(self->reader, F_SETOWN_EX, &owner));
	ASSERT_EQ(0, pthread_create(&thread, NULL, other_thread, &self->plain));
	ASSERT_EQ(0, pthread_join(thread, &got));
	EXPECT_EQ(NULL, got);
	EXPECT_EQ(SIGIO, next_signal(&self->set, &info));
}

/* Test that a child keeps what it inherited, and its exit ends it (N3). */
TEST_F(sigio, inherited)
{
	struct listener who = { self->reader, SIGRTMIN, .in = true };
	struct listener nobody = {};
	long long before;
	pid_t child;

	ASSERT_EQ(0, ask(self->reader, SIGRTMIN));
	child = fork();
	if (!child)
		_exit(pause());
	close(self->reader);
	expect_exchange(_metadata, &self->set, who, self->plain);
	before = device_show("stats/signals");
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	expect_exchange(_metadata, &self->set, nobody, self->plain);
	EXPECT_EQ(before, device_show("stats/signals"));
}

/* Become cat(1), with @fd its own and what it asked for. */
static void become_cat(int in, int out, int fd, const sigset_t *set)
{
	if (fd >= 0 && !ask(fd, 0) && dup2(in, 0) == 0 && dup2(out, 1) == 1 &&
	    !sigprocmask(SIG_UNBLOCK, set, NULL))
		execlp("cat", "cat", NULL);
	_exit(100);
}

/*
 * Have cat(1), which asked for SIGIO before it was executed, live through a
 * write. Returns how it ended.
 */
static int across_exec(const sigset_t *set, int plain, int flags)
{
	int in[2], out[2], status;
	char byte = 'x';
	pid_t child;

	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		return -1;
	child = fork();
	if (!child)
		become_cat(in[0], out[1], open(device_path(), flags), set);
	close(in[0]);
	close(out[1]);
	/* A byte that comes back: cat runs. */
	if (write(in[1], &byte, 1) != 1 || read(out[0], &byte, 1) != 1 ||
	    write(plain, &byte, 1) != 1)
		kill(child, SIGKILL);
	close(in[1]);
	if (waitpid(child, &status, 0) != child)
		status = -1;
	close(out[0]);
	return status;
}

/* Test that exec keeps it with the descriptor, and ends it with that (N3). */
TEST_F(sigio, exec)
{
	int status;

	status = across_exec(&self->set, self->plain, O_RDONLY);
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(SIGIO, WTERMSIG(status));
	status = across_exec(&self->set, self->plain, O_RDONLY | O_CLOEXEC);
	EXPECT_EQ(0, status);
}

/* Test that nobody is signalled for one who might not signal him (N3). */
TEST_F(sigio, permission)
{
	siginfo_t info;
	pid_t child;

	child = fork();
	if (!child) {
		if (setresuid(NOBODY, NOBODY, NOBODY))
			_exit(1);
		_exit(fcntl(self->reader, F_SETOWN, getppid()) ||
		      fcntl(self->reader, F_SETFL, O_NONBLOCK | O_ASYNC));
	}
	ASSERT_EQ(0, exit_status(child));
	ASSERT_EQ(1, write(self->plain, "x", 1));
	EXPECT_EQ(0, next_signal(&self->set, &info));
	/* The same by root. */
	ASSERT_EQ(0, fcntl(self->reader, F_SETOWN, getpid()));
	ASSERT_EQ(1, write(self->plain, "x", 1));
	EXPECT_EQ(SIGIO, next_signal(&self->set, &info));
}

#define ROUNDS		50
#define TURNS		8
#define TRANSFERS	2000

/* Run three threads. Returns what one of them says that failed, or NULL. */
static char *run_threads(void *(*function)(void *), void *arg)
{
	pthread_t threads[3];
	char *failed = NULL;
	void *result;
	int i;

	for (i = 0; i < ARRAY_SIZE(threads); i++)
		if (pthread_create(&threads[i], NULL, function, arg))
			abort();
	for (i = 0; i < ARRAY_SIZE(threads); i++) {
		pthread_join(threads[i], &result);
		failed = result ? result : failed;
	}
	return failed;
}

/* Comes and goes, with files of its own and one that all share. */
static void *registrar(void *shared)
{
	int i, fd, on;

	for (i = 0; i < TURNS; i++) {
		on = i % 2 == 0;
		fd = device_open(O_RDWR);
		if (ioctl(*(int *)shared, FIOASYNC, &on) || ask(fd, 0))
			return "registrar";
		/* Either way of ending it. */
		if (on && fcntl(fd, F_SETFL, 0))
			return "registrar";
		close(fd);
	}
	return NULL;
}

/* Never sleeps, so that it cannot be left behind. */
static void *transferrer(void *plain)
{
	int i, fd = *(int *)plain;
	char byte = 'x';

	for (i = 0; i < TRANSFERS; i++) {
		if (write(fd, &byte, 1) != 1 && errno != EAGAIN)
			return "write";
		if (read(fd, &byte, 1) != 1 && errno != EAGAIN)
			return "read";
	}
	return NULL;
}

/*
 * Test that those who come and go while others read and write do no harm, and
 * leave nobody who is told (N3).
 */
TEST_F(sigio, storm)
{
	struct listener nobody = {};
	pthread_t threads[2];
	long long before;
	siginfo_t info;
	void *failed;
	int i, shared;

	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, transferrer,
					    &self->plain));
	for (i = 0; i < ROUNDS; i++) {
		shared = device_open(O_RDWR);
		EXPECT_EQ(NULL, run_threads(registrar, &shared));
		close(shared);
	}
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, pthread_join(threads[i], &failed));
		EXPECT_EQ(NULL, failed);
	}
	next_signal(&self->set, &info);
	before = device_show("stats/signals");
	EXPECT_LE(0, before);
	expect_exchange(_metadata, &self->set, nobody, self->plain);
	EXPECT_EQ(before, device_show("stats/signals"));
}

TEST_HARNESS_MAIN
