// SPDX-License-Identifier: GPL-2.0
/*
 * Who is woken. Buggy results would be a process that sleeps next to what it
 * waits for, one that is woken for nothing, a poller who is told late, never,
 * or of a direction that its file does not have, or an epoll instance that
 * takes the wakeup of a reader. Those who sleep for ever end by the timeout.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include "kselftest_harness.h"
#include "common.h"

#define SIZE	4096
#define ATOMIC	512
#define IN	(POLLIN | POLLRDNORM)
#define OUT	(POLLOUT | POLLWRNORM)

/* How a process of start() ended. */
enum outcome { DONE, INTERRUPTED, WRONG };

/* Have another process call @body with @arg; it dies with the test. */
static pid_t start(enum outcome (*body)(const void *arg), const void *arg)
{
	pid_t parent = getpid();
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(WRONG);
	_exit(body(arg));
}

/* Wait until @pid, or any if it is -1, has ended; says how. */
static int outcome(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) < 0 || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

/* Is it a child of ours that has not ended yet? */
static bool is_running(pid_t pid)
{
	siginfo_t info = {};

	return !waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT) &&
	       !info.si_pid;
}

/* Wait until all of @pids that have not ended sleep; says how many. */
static int count_asleep(const pid_t *pids, int n)
{
	int i, count = 0;

	for (i = 0; i < n; i++) {
		if (is_running(pids[i]) && !wait_asleep(pids[i]))
			count++;
	}
	return count;
}

/* Kill one who sleeps, so that the next test is alone with the device. */
static void end(pid_t pid)
{
	if (!is_running(pid))
		return;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/*
 * Let nobody else run until we sleep, so that what we do in a row meets the
 * others all at once. Where this cannot be had, tests are less sharp, not
 * wrong.
 */
static void run_first(void)
{
	struct sched_param param = { .sched_priority = 1 };
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(sched_getcpu(), &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param);
}

static void on_signal(int sig)
{
}

static void catch_signal(int sig, int flags)
{
	struct sigaction action = {
		.sa_handler = on_signal, .sa_flags = flags,
	};

	sigaction(sig, &action, NULL);
}

/* The bodies: one call each. */
static enum outcome read_call(const void *count)
{
	ssize_t want = *(const int *)count;
	char bytes[SIZE];
	ssize_t n = read(device_open(O_RDONLY), bytes, want);

	if (n < 0 && errno == EINTR)
		return INTERRUPTED;
	return n == want ? DONE : WRONG;
}

static enum outcome write_call(const void *count)
{
	ssize_t want = *(const int *)count;
	char bytes[SIZE] = "";
	ssize_t n = write(device_open(O_WRONLY), bytes, want);

	if (n < 0 && errno == EINTR)
		return INTERRUPTED;
	return n == want ? DONE : WRONG;
}

static pid_t start_reader(const int *count)
{
	return start(read_call, count);
}

static pid_t start_writer(const int *count)
{
	return start(write_call, count);
}

static const int one = 1;
static const int atomic = ATOMIC;

/* Make the device hold @n bytes; true if it does. */
static bool hold(int n)
{
	int fd = device_open(O_WRONLY | O_NONBLOCK);
	char bytes[SIZE] = "";
	bool ok;

	device_drain();
	ok = write(fd, bytes, n) == n;
	close(fd);
	return ok;
}

FIXTURE(wake) {
	char stats[64];
	int fd;
};

FIXTURE_SETUP(wake)
{
	device_drain();
	self->fd = device_open(O_RDWR | O_NONBLOCK);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, device_sysfs(self->fd, self->stats, sizeof(self->stats)));
	strcat(self->stats, "/stats");
	run_first();
}

FIXTURE_TEARDOWN(wake)
{
	close(self->fd);
}

/*
 * Test that n readers and one write of all they want all return, each with
 * what it wants, and that nobody had to go back to sleep (K1, K2).
 */
TEST_F(wake, all_readers)
{
	static const int counts[] = { 1, 1, 5, 1, 30, 1, 2, 1 };
	pid_t pids[ARRAY_SIZE(counts)];
	long long sleeps, wakes;
	int i, sum = 0;
	char bytes[64] = "";

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		pids[i] = start_reader(&counts[i]);
		ASSERT_EQ(0, wait_asleep(pids[i]));
		sum += counts[i];
	}
	sleeps = show(self->stats, "sleeps");
	wakes = show(self->stats, "wakes");
	EXPECT_EQ(sum, write(self->fd, bytes, sum));
	for (i = 0; i < ARRAY_SIZE(counts); i++)
		EXPECT_EQ(DONE, outcome(pids[i]));
	EXPECT_EQ(sleeps, show(self->stats, "sleeps"));
	EXPECT_EQ(wakes + ARRAY_SIZE(counts), show(self->stats, "wakes"));
}

/*
 * Test that writers of different needs and one read that makes room for all
 * of them all return, and that nobody had to go back to sleep (K1, K2).
 */
TEST_F(wake, all_writers)
{
	static const int counts[] = { 512, 1, 1000, 100, 1, 600, 511 };
	pid_t pids[ARRAY_SIZE(counts)];
	long long sleeps, wakes;
	char bytes[SIZE];
	int i;

	ASSERT_TRUE(hold(SIZE));
	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		pids[i] = start_writer(&counts[i]);
		ASSERT_EQ(0, wait_asleep(pids[i]));
	}
	sleeps = show(self->stats, "sleeps");
	wakes = show(self->stats, "wakes");
	EXPECT_EQ(SIZE, read(self->fd, bytes, SIZE));
	for (i = 0; i < ARRAY_SIZE(counts); i++)
		EXPECT_EQ(DONE, outcome(pids[i]));
	EXPECT_EQ(sleeps, show(self->stats, "sleeps"));
	EXPECT_EQ(wakes + ARRAY_SIZE(counts), show(self->stats, "wakes"));
}

/* Test that one byte wakes exactly one of n readers, each time (K2). */
TEST_F(wake, one_byte)
{
	pid_t pids[5];
	long long sleeps, wakes;
	int i, left;

	for (i = 0; i < ARRAY_SIZE(pids); i++) {
		pids[i] = start_reader(&one);
		ASSERT_EQ(0, wait_asleep(pids[i]));
	}
	sleeps = show(self->stats, "sleeps");
	wakes = show(self->stats, "wakes");
	for (left = ARRAY_SIZE(pids); left; left--) {
		EXPECT_EQ(1, write(self->fd, "x", 1));
		EXPECT_EQ(DONE, outcome(-1));
		EXPECT_EQ(left - 1, count_asleep(pids, ARRAY_SIZE(pids)));
		EXPECT_EQ(++wakes, show(self->stats, "wakes"));
	}
	/* Who is woken for nothing goes to sleep once more. */
	EXPECT_EQ(sleeps, show(self->stats, "sleeps"));
}

/*
 * Test that a writer of 512 bytes does not hide room from one of 1 byte, who
 * overtakes him, and that he is not woken by less than he needs (K1, K2).
 */
TEST_F(wake, small_overtakes_big)
{
	char bytes[ATOMIC];
	long long sleeps;
	pid_t big, small;

	ASSERT_TRUE(hold(SIZE));
	big = start_writer(&atomic);
	ASSERT_EQ(0, wait_asleep(big));
	small = start_writer(&one);
	ASSERT_EQ(0, wait_asleep(small));
	sleeps = show(self->stats, "sleeps");
	EXPECT_EQ(1, read(self->fd, bytes, 1));
	EXPECT_EQ(DONE, outcome(small));
	EXPECT_EQ(ATOMIC - 1, read(self->fd, bytes, ATOMIC - 1));
	EXPECT_EQ(1, count_asleep(&big, 1));
	EXPECT_EQ(sleeps, show(self->stats, "sleeps"));
	EXPECT_EQ(1, read(self->fd, bytes, 1));
	EXPECT_EQ(DONE, outcome(big));
	EXPECT_EQ(SIZE, held(self->fd));
}

/*
 * Test that transfers which let no writer go on wake none: reads that make too
 * little room, and writes that take of it (K2).
 */
TEST_F(wake, too_little)
{
	long long sleeps, wakes;
	char bytes[ATOMIC];
	pid_t pids[3];
	int i;

	ASSERT_TRUE(hold(SIZE));
	for (i = 0; i < ARRAY_SIZE(pids); i++) {
		pids[i] = start_writer(&atomic);
		ASSERT_EQ(0, wait_asleep(pids[i]));
	}
	sleeps = show(self->stats, "sleeps");
	wakes = show(self->stats, "wakes");
	EXPECT_EQ(ATOMIC - 1, read(self->fd, bytes, ATOMIC - 1));
	EXPECT_EQ(100, write(self->fd, bytes, 100));
	EXPECT_EQ(100, read(self->fd, bytes, 100));
	EXPECT_EQ(3, count_asleep(pids, ARRAY_SIZE(pids)));
	EXPECT_EQ(wakes, show(self->stats, "wakes"));
	/* Enough for one. */
	EXPECT_EQ(1, read(self->fd, bytes, 1));
	EXPECT_EQ(DONE, outcome(-1));
	EXPECT_EQ(2, count_asleep(pids, ARRAY_SIZE(pids)));
	EXPECT_EQ(wakes + 1, show(self->stats, "wakes"));
	EXPECT_EQ(sleeps, show(self->stats, "sleeps"));
	for (i = 0; i < ARRAY_SIZE(pids); i++)
		end(pids[i]);
}

/*
 * Test that a write of more than fits tells a reader who sleeps of what went in:
 * they do not wait for each other (K1, W1).
 */
TEST_F(wake, more_than_fits)
{
	int fd = device_open(O_WRONLY);
	char bytes[2 * SIZE] = "";
	pid_t pid = start_reader(&one);

	ASSERT_EQ(0, wait_asleep(pid));
	EXPECT_EQ(SIZE, write(fd, bytes, sizeof(bytes)));
	EXPECT_EQ(DONE, outcome(pid));
	EXPECT_EQ(SIZE - 1, held(self->fd));
	close(fd);
}

/*
 * Test that a reader who is signalled and woken at once, in either order, takes
 * the byte or hands it on (K1, W3): if it is not gone, the next one returns.
 */
TEST_F(wake, signalled_reader)
{
	pid_t first, second;
	int i, ends;

	catch_signal(SIGUSR1, 0);
	for (i = 0; i < 20; i++) {
		first = start_reader(&one);
		ASSERT_EQ(0, wait_asleep(first));
		second = start_reader(&one);
		ASSERT_EQ(0, wait_asleep(second));
		if (i % 2)
			kill(first, SIGUSR1);
		EXPECT_EQ(1, write(self->fd, "x", 1));
		if (!(i % 2))
			kill(first, SIGUSR1);
		ends = outcome(first);
		EXPECT_NE(WRONG, ends);
		if (ends == DONE) {
			EXPECT_EQ(1, count_asleep(&second, 1));
			ASSERT_EQ(1, write(self->fd, "x", 1));
		}
		EXPECT_EQ(DONE, outcome(second));
		EXPECT_EQ(0, held(self->fd));
	}
}

/*
 * Test the same of a writer who is woken, robbed of a byte of his room, and
 * then signalled: the rest is for the next one (K1, W3).
 */
TEST_F(wake, signalled_writer)
{
	pid_t first, second;
	char bytes[ATOMIC];
	ssize_t robbed;
	int i, ends;

	catch_signal(SIGUSR1, 0);
	for (i = 0; i < 20; i++) {
		ASSERT_TRUE(hold(SIZE));
		first = start_writer(&atomic);
		ASSERT_EQ(0, wait_asleep(first));
		second = start_writer(&one);
		ASSERT_EQ(0, wait_asleep(second));
		EXPECT_EQ(ATOMIC, read(self->fd, bytes, ATOMIC));
		robbed = write(self->fd, "x", 1);
		kill(first, SIGUSR1);
		ends = outcome(first);
		EXPECT_NE(WRONG, ends);
		/* He may have been faster than the robber, or than his rival. */
		if (ends == DONE && robbed == -1)
			ASSERT_EQ(1, read(self->fd, bytes, 1));
		EXPECT_EQ(DONE, outcome(second));
	}
}

/* Test that who is killed in his sleep is no longer woken: others are (K1). */
TEST_F(wake, killed_reader)
{
	pid_t pids[3];
	int i;

	for (i = 0; i < ARRAY_SIZE(pids); i++) {
		pids[i] = start_reader(&one);
		ASSERT_EQ(0, wait_asleep(pids[i]));
	}
	end(pids[0]);
	end(pids[1]);
	EXPECT_EQ(1, write(self->fd, "x", 1));
	EXPECT_EQ(DONE, outcome(pids[2]));
}

#define SHARE	40000

/* Move SHARE bytes, some in each call. */
static enum outcome move_share(int rw, unsigned int seed)
{
	int fd = device_open(rw);
	char bytes[1000] = "";
	int left = SHARE;
	ssize_t n;

	srand(seed);
	while (left) {
		n = 1 + rand() % sizeof(bytes);
		if (n > left)
			n = left;
		n = rw == O_WRONLY ? write(fd, bytes, n) : read(fd, bytes, n);
		if (n <= 0)
			return WRONG;
		left -= n;
	}
	return DONE;
}

static enum outcome read_share(const void *seed)
{
	return move_share(O_RDONLY, *(const int *)seed);
}

static enum outcome write_share(const void *seed)
{
	return move_share(O_WRONLY, *(const int *)seed);
}

/*
 * Test that many readers and writers all come to their end: none is forgotten
 * in his sleep, although all but two are signalled all the time (K1, W3).
 */
TEST_F(wake, crowd)
{
	struct timespec tick = { .tv_nsec = 1000000 };
	pid_t pids[8];
	int i, status, left = ARRAY_SIZE(pids);

	catch_signal(SIGUSR1, SA_RESTART);
	for (i = 0; i < ARRAY_SIZE(pids); i++)
		pids[i] = start(i % 2 ? read_share : write_share, &i);
	for (i = 0; left; i = (i + 1) % ARRAY_SIZE(pids)) {
		if (!pids[i])
			continue;
		nanosleep(&tick, NULL);
		/* A signal wakes: these two depend on the others. */
		if (i > 1)
			kill(pids[i], SIGUSR1);
		if (waitpid(pids[i], &status, WNOHANG) == pids[i]) {
			EXPECT_EQ(0, status);
			pids[i] = 0;
			left--;
		}
	}
	EXPECT_EQ(0, held(self->fd));
}

/*
 * Test the same where no signal comes to help: whoever looks, finds nothing and
 * goes to sleep is woken by what came meanwhile (K1).
 */
TEST_F(wake, crowd_in_peace)
{
	pid_t pids[8];
	int i;

	for (i = 0; i < ARRAY_SIZE(pids); i++)
		pids[i] = start(i % 2 ? read_share : write_share, &i);
	for (i = 0; i < ARRAY_SIZE(pids); i++)
		EXPECT_EQ(DONE, outcome(pids[i]));
	EXPECT_EQ(0, held(self->fd));
}

/*
 * Test that who is woken and finds that a rival was faster sleeps on: 0 would be
 * the end of a file that has none (R1, K1).
 */
TEST_F(wake, robbed_reader)
{
	pid_t pid = start_reader(&one);
	char byte;

	ASSERT_EQ(0, wait_asleep(pid));
	EXPECT_EQ(1, write(self->fd, "x", 1));
	/* He may have been faster than we. */
	if (read(self->fd, &byte, 1) == 1) {
		EXPECT_EQ(1, count_asleep(&pid, 1));
		EXPECT_EQ(1, write(self->fd, "x", 1));
	}
	EXPECT_EQ(DONE, outcome(pid));
	EXPECT_EQ(0, held(self->fd));
}

static enum outcome bad_read_call(const void *arg)
{
	struct iovec bad = { (void *)8, 1 };
	ssize_t n = readv(device_open(O_RDONLY), &bad, 1);

	return n < 0 && errno == EFAULT ? DONE : WRONG;
}

/* Test that a woken reader with a bad buffer hands the byte on (K1, W2). */
TEST_F(wake, bad_address)
{
	pid_t bad, good;

	bad = start(bad_read_call, NULL);
	ASSERT_EQ(0, wait_asleep(bad));
	good = start_reader(&one);
	ASSERT_EQ(0, wait_asleep(good));
	EXPECT_EQ(1, write(self->fd, "x", 1));
	EXPECT_EQ(DONE, outcome(good));
	/* He was not needed if the other was woken. */
	EXPECT_EQ(1, write(self->fd, "x", 1));
	EXPECT_EQ(DONE, outcome(bad));
	EXPECT_EQ(1, held(self->fd));
}

/*
 * The ways to wait for a file. Each says which of the @events there are, and
 * all others that it is told of; 0 if time is up, -1 for an error.
 */
static int by_poll(int fd, int events, int ms)
{
	struct pollfd poller = { .fd = fd, .events = events };

	return poll(&poller, 1, ms) < 0 ? -1 : poller.revents;
}

static int by_ppoll(int fd, int events, int ms)
{
	struct timespec ts = { .tv_nsec = ms * 1000000L };
	struct pollfd poller = { .fd = fd, .events = events };

	if (ppoll(&poller, 1, ms < 0 ? NULL : &ts, NULL) < 0)
		return -1;
	return poller.revents;
}

static int by_pselect(int fd, int events, int ms)
{
	struct timespec ts = { .tv_nsec = ms * 1000000L };
	fd_set in, out, other;

	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_ZERO(&other);
	if (events & POLLIN)
		FD_SET(fd, &in);
	if (events & POLLOUT)
		FD_SET(fd, &out);
	FD_SET(fd, &other);
	if (pselect(fd + 1, &in, &out, &other, ms < 0 ? NULL : &ts, NULL) < 0)
		return -1;
	return (FD_ISSET(fd, &in) ? POLLIN : 0) |
	       (FD_ISSET(fd, &out) ? POLLOUT : 0) |
	       (FD_ISSET(fd, &other) ? POLLPRI : 0);
}

/* An epoll instance that has only @fd. */
static int make_epoll(int fd, __u32 events)
{
	struct epoll_event event = { .events = events };
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) ? -1 : epoll;
}

/* What it reports. */
static int reported(int epoll, int ms)
{
	struct epoll_event event = {};

	return epoll_wait(epoll, &event, 1, ms) < 0 ? -1 : (int)event.events;
}

static int by_epoll(int fd, int events, int ms)
{
	int epoll = make_epoll(fd, events);
	int seen = reported(epoll, ms);

	close(epoll);
	return seen;
}

static int by_exclusive(int fd, int events, int ms)
{
	int both = events & (EPOLLIN | EPOLLOUT);
	int epoll = make_epoll(fd, both | EPOLLEXCLUSIVE);
	int seen = reported(epoll, ms);

	close(epoll);
	return seen;
}

/* A process that waits for @events, and nothing else, in one of these ways. */
struct ask {
	int (*wait)(int fd, int events, int ms);
	int flags;
	int events;
};

static enum outcome ask_call(const void *arg)
{
	const struct ask *ask = arg;
	int seen = ask->wait(device_open(ask->flags), ask->events, -1);

	return seen == ask->events ? DONE : WRONG;
}

FIXTURE(ready) {
	int fd;
};

FIXTURE_VARIANT(ready) {
	int (*wait)(int fd, int events, int ms);
	int sees;
};

FIXTURE_VARIANT_ADD(ready, poll) {
	.wait = by_poll, .sees = IN | OUT,
};

FIXTURE_VARIANT_ADD(ready, ppoll) {
	.wait = by_ppoll, .sees = IN | OUT,
};

FIXTURE_VARIANT_ADD(ready, select) {
	.wait = by_pselect, .sees = POLLIN | POLLOUT,
};

FIXTURE_VARIANT_ADD(ready, epoll) {
	.wait = by_epoll, .sees = IN | OUT,
};

FIXTURE_VARIANT_ADD(ready, exclusive) {
	.wait = by_exclusive, .sees = POLLIN | POLLOUT,
};

FIXTURE_SETUP(ready)
{
	device_drain();
	self->fd = device_open(O_RDWR | O_NONBLOCK);
	ASSERT_LE(0, self->fd);
	run_first();
}

FIXTURE_TEARDOWN(ready)
{
	close(self->fd);
}

/*
 * Test what is reported at each fill to each kind of file: IN with at least a
 * byte, OUT with room for 512, only what the file is open for, and never
 * anything else, such as a hang-up (K3, D3).
 */
TEST_F(ready, levels)
{
	static const struct {
		int fill, level;
	} at[] = {
		{ 0, OUT },
		{ 1, IN | OUT },
		{ SIZE - ATOMIC, IN | OUT },
		{ SIZE - ATOMIC + 1, IN },
		{ SIZE, IN },
	};
	int reader = device_open(O_RDONLY);
	int writer = device_open(O_WRONLY);
	int i, level;

	for (i = 0; i < ARRAY_SIZE(at); i++) {
		ASSERT_TRUE(hold(at[i].fill));
		level = at[i].level & variant->sees;
		EXPECT_EQ(level, variant->wait(self->fd, IN | OUT, 0));
		EXPECT_EQ(level & IN, variant->wait(reader, IN | OUT, 0));
		EXPECT_EQ(level & OUT, variant->wait(writer, IN | OUT, 0));
	}
	close(reader);
	close(writer);
}

/* Test that each event of IN alone, if that is asked for, wakes (K3). */
TEST_F(ready, woken_by_write)
{
	static const int events[] = { POLLIN, POLLRDNORM, IN };
	struct ask ask = { .wait = variant->wait, .flags = O_RDONLY };
	pid_t pid;
	int i;

	for (i = 0; i < ARRAY_SIZE(events); i++) {
		ask.events = events[i] & variant->sees;
		if (!ask.events)
			continue;
		device_drain();
		pid = start(ask_call, &ask);
		ASSERT_EQ(0, wait_asleep(pid));
		EXPECT_EQ(1, write(self->fd, "x", 1));
		EXPECT_EQ(DONE, outcome(pid));
	}
}

/*
 * Test that each event of OUT alone, if that is asked for, wakes as soon as 512
 * bytes fit, and not before (K3).
 */
TEST_F(ready, woken_by_read)
{
	static const int events[] = { POLLOUT, POLLWRNORM, OUT };
	struct ask ask = { .wait = variant->wait, .flags = O_RDWR };
	char bytes[ATOMIC];
	pid_t pid;
	int i;

	for (i = 0; i < ARRAY_SIZE(events); i++) {
		ask.events = events[i] & variant->sees;
		if (!ask.events)
			continue;
		ASSERT_TRUE(hold(SIZE));
		pid = start(ask_call, &ask);
		ASSERT_EQ(0, wait_asleep(pid));
		EXPECT_EQ(ATOMIC - 1, read(self->fd, bytes, ATOMIC - 1));
		EXPECT_EQ(1, count_asleep(&pid, 1));
		EXPECT_EQ(1, read(self->fd, bytes, 1));
		EXPECT_EQ(DONE, outcome(pid));
	}
}

static const struct ask wait_in[] = {
	{ by_exclusive, O_RDWR, POLLIN },
	{ by_poll, O_RDONLY, POLLIN },
	{ by_pselect, O_RDONLY, POLLIN },
	{ by_exclusive, O_RDONLY, POLLIN },
	{ by_epoll, O_RDWR, POLLIN },
};

static const struct ask wait_out[] = {
	{ by_exclusive, O_RDWR, POLLOUT },
	{ by_poll, O_WRONLY, POLLOUT },
	{ by_pselect, O_WRONLY, POLLOUT },
	{ by_exclusive, O_WRONLY, POLLOUT },
	{ by_epoll, O_RDWR, POLLOUT },
};

/*
 * Test that one write tells all who wait in read, poll, select and epoll at the
 * same time, and of the exclusive ones at least one (K1, K3).
 */
TEST_F(wake, readers_and_pollers)
{
	pid_t pids[ARRAY_SIZE(wait_in)], readers[2];
	int i;

	for (i = 0; i < ARRAY_SIZE(wait_in); i++) {
		pids[i] = start(ask_call, &wait_in[i]);
		ASSERT_EQ(0, wait_asleep(pids[i]));
	}
	for (i = 0; i < 2; i++) {
		readers[i] = start_reader(&one);
		ASSERT_EQ(0, wait_asleep(readers[i]));
	}
	EXPECT_EQ(3, write(self->fd, "xyz", 3));
	for (i = 0; i < 2; i++)
		EXPECT_EQ(DONE, outcome(readers[i]));
	EXPECT_EQ(1, held(self->fd));
	for (i = 0; i < ARRAY_SIZE(wait_in); i++) {
		if (wait_in[i].wait != by_exclusive)
			EXPECT_EQ(DONE, outcome(pids[i]));
	}
	/* And the next write the other one. */
	EXPECT_EQ(1, write(self->fd, "x", 1));
	for (i = 0; i < 2; i++)
		EXPECT_EQ(DONE, outcome(-1));
}

/* Test the same of writers and who waits for room (K1, K3). */
TEST_F(wake, writers_and_pollers)
{
	pid_t pids[ARRAY_SIZE(wait_out)], writers[2];
	char bytes[ATOMIC + 3];
	int i;

	ASSERT_TRUE(hold(SIZE));
	for (i = 0; i < ARRAY_SIZE(wait_out); i++) {
		pids[i] = start(ask_call, &wait_out[i]);
		ASSERT_EQ(0, wait_asleep(pids[i]));
	}
	for (i = 0; i < 2; i++) {
		writers[i] = start_writer(&one);
		ASSERT_EQ(0, wait_asleep(writers[i]));
	}
	EXPECT_EQ(sizeof(bytes), read(self->fd, bytes, sizeof(bytes)));
	for (i = 0; i < 2; i++)
		EXPECT_EQ(DONE, outcome(writers[i]));
	EXPECT_EQ(SIZE - ATOMIC - 1, held(self->fd));
	for (i = 0; i < ARRAY_SIZE(wait_out); i++) {
		if (wait_out[i].wait != by_exclusive)
			EXPECT_EQ(DONE, outcome(pids[i]));
	}
	EXPECT_EQ(1, read(self->fd, bytes, 1));
	for (i = 0; i < 2; i++)
		EXPECT_EQ(DONE, outcome(-1));
}

/*
 * Test that exclusive epoll instances that came before a reader do not take his
 * wakeup, and that each write then tells at least one of them (K1, K3).
 */
TEST_F(wake, exclusive)
{
	pid_t reader;
	int i;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, wait_asleep(start(ask_call, &wait_in[0])));
	reader = start_reader(&one);
	ASSERT_EQ(0, wait_asleep(reader));
	EXPECT_EQ(1, write(self->fd, "x", 1));
	EXPECT_EQ(DONE, outcome(reader));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(1, write(self->fd, "x", 1));
		EXPECT_EQ(DONE, outcome(-1));
	}
}

/* Waits for a write although there are bytes already. */
static enum outcome next_write_call(const void *arg)
{
	int epoll = make_epoll(device_open(O_RDONLY),
			       EPOLLIN | EPOLLET | EPOLLEXCLUSIVE);

	if (reported(epoll, 0) != EPOLLIN)
		return WRONG;
	return reported(epoll, -1) == EPOLLIN ? DONE : WRONG;
}

/*
 * Test that an exclusive instance that waits for room does not take the wakeup
 * of one that waits for bytes: each wakeup says of what it is (K3).
 */
TEST_F(wake, exclusive_other_side)
{
	pid_t out, in;

	ASSERT_TRUE(hold(SIZE - ATOMIC + 1));
	out = start(ask_call, &wait_out[0]);
	ASSERT_EQ(0, wait_asleep(out));
	in = start(next_write_call, NULL);
	ASSERT_EQ(0, wait_asleep(in));
	EXPECT_EQ(1, write(self->fd, "x", 1));
	EXPECT_EQ(DONE, outcome(in));
	EXPECT_EQ(1, count_asleep(&out, 1));
	end(out);
}

/*
 * Test that edge-triggered epoll reports each write, whatever was there before,
 * if its bytes are still there, and no read (K3).
 */
TEST_F(wake, edge_in)
{
	int epoll = make_epoll(self->fd, EPOLLIN | EPOLLET);
	char bytes[8];
	int i;

	ASSERT_LE(0, epoll);
	EXPECT_EQ(0, reported(epoll, 0));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(2, write(self->fd, "xy", 2));
		EXPECT_EQ(EPOLLIN, reported(epoll, 0));
		EXPECT_EQ(0, reported(epoll, 0));
	}
	ASSERT_EQ(2, read(self->fd, bytes, 2));
	EXPECT_EQ(0, reported(epoll, 0));
	ASSERT_EQ(1, write(self->fd, "x", 1));
	ASSERT_EQ(5, read(self->fd, bytes, 8));
	EXPECT_EQ(0, reported(epoll, 0));
	close(epoll);
}

/*
 * Test that it reports each read after which 512 bytes fit, and no write (K3).
 */
TEST_F(wake, edge_out)
{
	char bytes[ATOMIC];
	int i, epoll;

	ASSERT_TRUE(hold(SIZE));
	epoll = make_epoll(self->fd, EPOLLOUT | EPOLLET);
	ASSERT_LE(0, epoll);
	EXPECT_EQ(0, reported(epoll, 0));
	ASSERT_EQ(ATOMIC - 1, read(self->fd, bytes, ATOMIC - 1));
	EXPECT_EQ(0, reported(epoll, 0));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(2, read(self->fd, bytes, 2));
		EXPECT_EQ(EPOLLOUT, reported(epoll, 0));
		EXPECT_EQ(0, reported(epoll, 0));
	}
	ASSERT_EQ(1, write(self->fd, "x", 1));
	EXPECT_EQ(0, reported(epoll, 0));
	close(epoll);
}

/* Test that a one-shot event comes once, and again when asked for (K3). */
TEST_F(wake, one_shot)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLONESHOT };
	int epoll = make_epoll(self->fd, event.events);
	char bytes[2];

	ASSERT_LE(0, epoll);
	EXPECT_EQ(0, reported(epoll, 0));
	ASSERT_EQ(1, write(self->fd, "x", 1));
	EXPECT_EQ(EPOLLIN, reported(epoll, 0));
	ASSERT_EQ(1, write(self->fd, "x", 1));
	EXPECT_EQ(0, reported(epoll, 0));
	ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_MOD, self->fd, &event));
	EXPECT_EQ(EPOLLIN, reported(epoll, 0));
	ASSERT_EQ(2, read(self->fd, bytes, 2));
	ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_MOD, self->fd, &event));
	EXPECT_EQ(0, reported(epoll, 0));
	ASSERT_EQ(1, write(self->fd, "x", 1));
	EXPECT_EQ(EPOLLIN, reported(epoll, 0));
	close(epoll);
}

TEST_HARNESS_MAIN
