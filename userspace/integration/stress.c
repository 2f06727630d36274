// SPDX-License-Identifier: GPL-2.0
/*
 * Everything at once, at random: readers and writers of all kinds, poll, splice,
 * CLEAR, SET_SIZE, O_ASYNC, opens and closes, libaio's requests and their ends, and
 * signals that interrupt. Buggy results would be a byte lost, doubled or changed,
 * somebody who sleeps although there is what he waits for, a file that counts as
 * open after it was closed, or a request that ends twice or never.
 *
 * The seed is printed; SEED=N in the environment runs the same again, as far as
 * the scheduler allows.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include "kselftest_harness.h"
#include "common.h"
#include "requests.h"
#include "../../kernel/globalfifo.h"

#define WRITES		700	/* of each writer, and signals */
#define ROUNDS		200	/* of who does something else */
#define LEN		1500	/* bytes at most in one call */
#define COPIES		2	/* of each worker */
#define TICKS		2000	/* at most, for readers to take what is left */

/* One who does one kind of thing; in memory that all share. */
struct worker {
	const struct role *role;
	struct stress *stress;
	unsigned int seed;
	int fd;
	int pipe[2];
	int epoll;
	io_context_t ctx;
	pid_t child;		/* if it is a process */
	pthread_t thread;	/* if not */
	int error;		/* errno of the call that failed */
	__u64 bytes[256];	/* how many of each value it moved */
};

/* What a worker does in each round; -1 if a call failed that may not. */
struct role {
	const char *name;
	int (*round)(struct worker *me);
	int flags;		/* of its descriptor */
	int rounds;		/* how many; 0: a reader, until all are done */
};

#define ROLES	15

struct stress {
	struct worker workers[COPIES * ROLES];
	pthread_barrier_t start;
	int done[2];		/* a pipe: a byte from each who is done */
	bool stop;		/* readers, too, are to end */
	bool clear;		/* whether there is CLEAR */
};

static bool is_reader(const struct worker *worker)
{
	return !worker->role->rounds;
}

static int chance(struct worker *me, int n)
{
	return rand_r(&me->seed) % n;
}

static void account(struct worker *me, const unsigned char *bytes, ssize_t n)
{
	ssize_t i;

	for (i = 0; i < n; i++)
		me->bytes[bytes[i]]++;
}

/* A round that moved bytes, or did not: for want of them, or by a signal. */
static int moved(struct worker *me, const unsigned char *bytes, ssize_t n)
{
	account(me, bytes, n);
	if (n > 0)
		return 0;
	return n < 0 && (errno == EINTR || errno == EAGAIN) ? 0 : -1;
}

/* Bytes to write, and how many. */
static size_t make_bytes(struct worker *me, unsigned char *bytes)
{
	size_t len = 1 + chance(me, LEN), i;

	for (i = 0; i < len; i++)
		bytes[i] = chance(me, 256);
	return len;
}

/* Three segments for @len bytes, one of which may be empty. */
static void cut(struct worker *me, struct iovec *iov, unsigned char *bytes,
		size_t len)
{
	size_t first = chance(me, len + 1);

	iov[0] = (struct iovec){ bytes, first / 2 };
	iov[1] = (struct iovec){ bytes + first / 2, first - first / 2 };
	iov[2] = (struct iovec){ bytes + first, len - first };
}

static int do_write(struct worker *me)
{
	unsigned char bytes[LEN];
	size_t len = make_bytes(me, bytes);

	return moved(me, bytes, write(me->fd, bytes, len));
}

static int do_writev(struct worker *me)
{
	unsigned char bytes[LEN];
	size_t len = make_bytes(me, bytes);
	struct iovec iov[3];
	int flags = chance(me, 2) ? RWF_NOWAIT : 0;

	cut(me, iov, bytes, len);
	return moved(me, bytes, pwritev2(me->fd, iov, 3, -1, flags));
}

static int do_poll_write(struct worker *me)
{
	struct pollfd poller = { .fd = me->fd, .events = POLLOUT };

	if (poll(&poller, 1, -1) < 0)
		return errno == EINTR ? 0 : -1;
	return do_write(me);
}

/* Write to the pipe, and send all of it on. */
static int do_splice_write(struct worker *me)
{
	unsigned char bytes[LEN];
	size_t len = make_bytes(me, bytes);
	ssize_t n;

	if (write(me->pipe[1], bytes, len) != len)
		return -1;
	account(me, bytes, len);
	while (len > 0) {
		n = splice(me->pipe[0], NULL, me->fd, NULL, len, 0);
		if (n < 0 && errno != EINTR)
			return -1;
		len -= n > 0 ? n : 0;
	}
	return 0;
}

static int do_read(struct worker *me)
{
	unsigned char bytes[LEN];

	return moved(me, bytes, read(me->fd, bytes, 1 + chance(me, LEN)));
}

static int do_readv(struct worker *me)
{
	unsigned char bytes[LEN];
	struct iovec iov[3];
	ssize_t n;

	cut(me, iov, bytes, 1 + chance(me, LEN));
	n = readv(me->fd, iov, 3);
	return moved(me, bytes, n);
}

static int do_epoll_read(struct worker *me)
{
	struct epoll_event event;

	if (epoll_wait(me->epoll, &event, 1, -1) < 0)
		return errno == EINTR ? 0 : -1;
	return do_read(me);
}

/* Splice to the pipe, and read all that is in it. */
static int do_splice_read(struct worker *me)
{
	unsigned char bytes[LEN];
	ssize_t n;

	n = splice(me->fd, NULL, me->pipe[1], NULL, 1 + chance(me, LEN), 0);
	if (n < 0)
		return errno == EINTR ? 0 : -1;
	if (n == 0 || read(me->pipe[0], bytes, n) != n)
		return -1;
	account(me, bytes, n);
	return 0;
}

/*
 * Submit a request on a file that may be closed then, perhaps cancel it, and
 * wait for its one event.
 */
static int do_request(struct worker *me, bool write_side, unsigned char *bytes,
		      size_t len)
{
	struct iocb iocb;
	struct io_event event;
	int fd = dup(me->fd);
	long n, err = 0;

	prep(&iocb, fd, write_side, bytes, len);
	n = submit(me->ctx, &iocb);
	close(fd);
	if (n != 1)
		return -1;
	if (chance(me, 2)) {
		err = cancel(me->ctx, &iocb);
		if (err != -EINPROGRESS && err != -EINVAL && err != -EAGAIN)
			return -1;
	}
	do {
		n = io_getevents(me->ctx, 1, 1, &event, NULL);
	} while (n == -EINTR);
	if (n != 1 || event.obj != &iocb || events_left(me->ctx))
		return -1;
	n = event.res;
	if (n <= 0)
		return n == -ECANCELED && err == -EINPROGRESS ? 0 : -1;
	account(me, bytes, n);
	return err == -EINPROGRESS ? -1 : 0;
}

static int do_aio_write(struct worker *me)
{
	unsigned char bytes[LEN];
	size_t len = make_bytes(me, bytes);

	return do_request(me, true, bytes, len);
}

/* Into memory that has to be brought in, every other time. */
static int do_aio_read(struct worker *me)
{
	unsigned char bytes[LEN], *fresh;
	int err;

	if (chance(me, 2))
		return do_request(me, false, bytes, 1 + chance(me, LEN));
	fresh = mmap(NULL, LEN, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (fresh == MAP_FAILED)
		return -1;
	err = do_request(me, false, fresh, 1 + chance(me, LEN));
	munmap(fresh, LEN);
	return err;
}

static int do_clear(struct worker *me)
{
	if (!me->stress->clear)
		return 0;
	sched_yield();
	return ioctl(me->fd, GLOBALFIFO_CLEAR);
}

/*
 * Grow and shrink. It may be too full, or growth not allowed. No sizes of many
 * pages: UML maps each of them on its own, and the host allows only so many.
 */
static int do_resize(struct worker *me)
{
	__u32 size = GLOBALFIFO_SIZE_MIN + chance(me, 9000);

	sched_yield();
	if (!ioctl(me->fd, GLOBALFIFO_SET_SIZE, &size))
		return 0;
	return errno == EBUSY || errno == EPERM ? 0 : -1;
}

static int do_async(struct worker *me)
{
	if (fcntl(me->fd, F_SETOWN, getpid()) ||
	    fcntl(me->fd, F_SETSIG, chance(me, 2) ? SIGRTMIN : 0))
		return -1;
	sched_yield();
	return fcntl(me->fd, F_SETFL, chance(me, 2) ? O_ASYNC : 0);
}

/* Come, look at it, perhaps with O_ASYNC, and go. */
static int do_open(struct worker *me)
{
	int fd = device_open(chance(me, 4) | O_NONBLOCK);
	__u32 size;
	int err;

	if (fd < 0)
		return -1;
	err = ioctl(fd, GLOBALFIFO_GET_SIZE, &size);
	if (chance(me, 2) && fcntl(fd, F_SETFL, O_ASYNC))
		err = -1;
	close(fd);
	return err;
}

/* Interrupt a process. It may be done, but is not reaped yet. */
static int do_signal(struct worker *me)
{
	sched_yield();
	return kill(me->stress->workers[chance(me, ROLES)].child, SIGUSR1);
}

static const struct role roles[ROLES] = {
	{ "read", do_read, O_RDONLY, 0 },
	{ "readv", do_readv, O_RDWR, 0 },
	{ "epoll and read", do_epoll_read, O_RDONLY | O_NONBLOCK, 0 },
	{ "splice from", do_splice_read, O_RDONLY, 0 },
	{ "aio read", do_aio_read, O_RDONLY, 0 },
	{ "write", do_write, O_WRONLY, WRITES },
	{ "writev", do_writev, O_RDWR, WRITES },
	{ "poll and write", do_poll_write, O_WRONLY | O_NONBLOCK, WRITES },
	{ "splice to", do_splice_write, O_WRONLY, WRITES },
	{ "aio write", do_aio_write, O_WRONLY, WRITES },
	{ "clear", do_clear, O_WRONLY, ROUNDS },
	{ "resize", do_resize, O_WRONLY, ROUNDS },
	{ "async", do_async, O_RDWR, ROUNDS },
	{ "open", do_open, O_RDONLY, ROUNDS },
	{ "signal", do_signal, O_RDONLY, WRITES },
};

/* Open what the worker needs. */
static int begin(struct worker *me)
{
	struct epoll_event event = { .events = EPOLLIN };

	me->fd = device_open(me->role->flags);
	me->epoll = epoll_create1(EPOLL_CLOEXEC);
	me->ctx = NULL;
	if (me->fd < 0 || me->epoll < 0 || pipe(me->pipe) ||
	    io_setup(1, &me->ctx))
		return -1;
	return is_reader(me) ?
	       epoll_ctl(me->epoll, EPOLL_CTL_ADD, me->fd, &event) : 0;
}

static void end(struct worker *me)
{
	close(me->epoll);
	close(me->pipe[0]);
	close(me->pipe[1]);
	close(me->fd);
	io_destroy(me->ctx);
}

static bool goes_on(const struct worker *me, int round)
{
	if (is_reader(me))
		return !__atomic_load_n(&me->stress->stop, __ATOMIC_SEQ_CST);
	return round < me->role->rounds;
}

/* All that a worker does. */
static void *work(void *arg)
{
	struct worker *me = arg;
	int i, err = begin(me);

	pthread_barrier_wait(&me->stress->start);
	for (i = 0; !err && goes_on(me, i); i++)
		err = me->role->round(me);
	me->error = err ? errno : 0;
	end(me);
	return write(me->stress->done[1], "", 1) == 1 ? NULL : me;
}

static void on_signal(int sig)
{
}

/* Signals that interrupt whatever they find. */
static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGIO, &action, NULL);
	sigaction(SIGRTMIN, &action, NULL);
}

static void block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGIO);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

FIXTURE(stress) {
	struct counts before;
	char sysfs[64];
	char stats[80];
	int fd;
	__u32 size;
	struct stress *stress;
};

FIXTURE_VARIANT(stress) {
	bool clear;
};

/* Every byte that went in comes out. */
FIXTURE_VARIANT_ADD(stress, kept) {
};

/* Some are thrown away. */
FIXTURE_VARIANT_ADD(stress, cleared) {
	.clear = true,
};

static unsigned int choose_seed(void)
{
	const char *seed = getenv("SEED");
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return seed ? strtoul(seed, NULL, 0) : now.tv_sec ^ now.tv_nsec;
}

static int prepare(struct stress *stress, unsigned int seed)
{
	pthread_barrierattr_t shared;
	int i;

	for (i = 0; i < COPIES * ROLES; i++) {
		stress->workers[i].stress = stress;
		stress->workers[i].role = &roles[i % ROLES];
		stress->workers[i].seed = seed + i;
	}
	if (pipe(stress->done))
		return -1;
	pthread_barrierattr_init(&shared);
	pthread_barrierattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
	return pthread_barrier_init(&stress->start, &shared,
				    COPIES * ROLES + 1);
}

FIXTURE_SETUP(stress)
{
	unsigned int seed = choose_seed();

	TH_LOG("SEED=%u", seed);
	self->before = begin_settled(_metadata);
	self->fd = device_open(O_RDWR | O_NONBLOCK);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, device_sysfs(self->fd, self->sysfs, sizeof(self->sysfs)));
	snprintf(self->stats, sizeof(self->stats), "%s/stats", self->sysfs);
	self->stress = mmap(NULL, sizeof(*self->stress), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->stress);
	self->stress->clear = variant->clear;
	ASSERT_EQ(0, ioctl(self->fd, GLOBALFIFO_GET_SIZE, &self->size));
	ASSERT_EQ(0, prepare(self->stress, seed));
	catch_signals();
}

FIXTURE_TEARDOWN(stress)
{
	device_drain();
	EXPECT_EQ(0, ioctl(self->fd, GLOBALFIFO_SET_SIZE, &self->size));
	close(self->fd);
	munmap(self->stress, sizeof(*self->stress));
	expect_settled(_metadata, &self->before);
}

/*
 * The first of each kind are processes, which signals interrupt; the others are
 * threads, which they do not: they find out if somebody is not woken.
 */
static int start_workers(struct stress *stress)
{
	struct worker *workers = stress->workers;
	pid_t child;
	int i;

	for (i = 0; i < ROLES; i++) {
		child = spawn();
		if (!child)
			_exit(work(&workers[i]) ? 1 : 0);
		if (child < 0)
			return -1;
		workers[i].child = child;
	}
	block_signals();
	for (; i < COPIES * ROLES; i++) {
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]))
			return -1;
	}
	return 0;
}

static int join_worker(struct worker *worker)
{
	void *failed;

	if (worker->child)
		return reap(worker->child);
	return pthread_join(worker->thread, &failed) || failed;
}

/* Wait until one more worker is done. */
static int wait_done(struct stress *stress)
{
	char byte;

	return read(stress->done[0], &byte, 1) == 1 ? 0 : -1;
}

/* Wait until the readers took all: none may sleep while there is something. */
static int wait_empty(const char *sysfs)
{
	struct timespec tick = { .tv_nsec = 1000000 };
	int i;

	for (i = 0; i < TICKS && show(sysfs, "fill"); i++)
		nanosleep(&tick, NULL);
	return i < TICKS ? 0 : -1;
}

/*
 * Have the readers end. A byte is enough for one of them, and who takes it ends;
 * if there is no room for it, there are others. How many bytes it took, or -1.
 */
static int stop_readers(int fd, struct stress *stress, int readers)
{
	int i, bytes = 0;

	__atomic_store_n(&stress->stop, true, __ATOMIC_SEQ_CST);
	for (i = 0; i < readers; i++) {
		if (write(fd, "", 1) == 1)
			bytes++;
		else if (errno != EAGAIN)
			return -1;
		if (wait_done(stress))
			return -1;
	}
	return bytes;
}

/* How many bytes of value @v all writers put in, or all readers took out. */
static __u64 sum(const struct stress *stress, bool reads, int v)
{
	__u64 n = 0;
	int i;

	for (i = 0; i < COPIES * ROLES; i++) {
		if (is_reader(&stress->workers[i]) == reads)
			n += stress->workers[i].bytes[v];
	}
	return n;
}

/* Let them all work, and end; what was left goes to @rest. */
static int run(int fd, const char *sysfs, struct stress *stress, __u64 *rest)
{
	unsigned char bytes[LEN];
	int i, readers = 0, sent;
	ssize_t n;

	if (start_workers(stress))
		return -1;
	for (i = 0; i < COPIES * ROLES; i++)
		readers += is_reader(&stress->workers[i]);
	pthread_barrier_wait(&stress->start);
	for (i = 0; i < COPIES * ROLES - readers; i++) {
		if (wait_done(stress))
			return -1;
	}
	if (wait_empty(sysfs))
		return -1;
	sent = stop_readers(fd, stress, readers);
	while ((n = read(fd, bytes, sizeof(bytes))) > 0) {
		for (i = 0; i < n; i++)
			rest[bytes[i]]++;
	}
	return sent;
}

/*
 * Test that under all of this nobody sleeps next to what he could take, that
 * each byte written is read just once, but for those that CLEAR took, that the
 * counts agree, that no file stays open, and that each request gives one event,
 * which says whether it moved bytes (R3, K1, N3, I1, T2, A3).
 */
TEST_F(stress, all_at_once)
{
	long long readers = show(self->sysfs, "readers");
	long long writers = show(self->sysfs, "writers");
	__u64 total_in = show(self->stats, "bytes_in");
	__u64 total_out = show(self->stats, "bytes_out");
	__u64 in, out, rest[256] = {};
	int i, sent;

	sent = run(self->fd, self->sysfs, self->stress, rest);
	ASSERT_LE(0, sent);
	for (i = 0; i < COPIES * ROLES; i++) {
		EXPECT_EQ(0, join_worker(&self->stress->workers[i]));
		EXPECT_EQ(0, self->stress->workers[i].error) {
			TH_LOG("%s", roles[i % ROLES].name);
		}
	}
	for (i = 0; i < 256; i++) {
		in = sum(self->stress, false, i) + (i ? 0 : sent);
		out = sum(self->stress, true, i) + rest[i];
		EXPECT_LE(out, in);
		if (!variant->clear)
			EXPECT_EQ(in, out);
		total_in += in;
		total_out += out;
	}
	EXPECT_EQ(total_in, show(self->stats, "bytes_in"));
	EXPECT_EQ(total_out, show(self->stats, "bytes_out"));
	EXPECT_EQ(readers, show(self->sysfs, "readers"));
	EXPECT_EQ(writers, show(self->sysfs, "writers"));
}

#define SLOTS		16	/* requests of a round */
#define RACES		60	/* rounds */

/* What several threads do to the same requests. */
struct race {
	io_context_t ctx;
	struct iocb iocbs[SLOTS];
	char *bytes;		/* a page for each */
	bool write;
	bool destroy;		/* who cancels does so by io_destroy() */
	unsigned int seed;
	pthread_barrier_t start;
	pthread_barrier_t done;
	int submitted;
	int wrong;		/* calls that failed and may not */
};

static unsigned int draw(struct race *race, unsigned int n)
{
	return __atomic_add_fetch(&race->seed, 2654435761u, __ATOMIC_SEQ_CST) /
	       7919 % n;
}

/* Submit all, each on a file that is closed at once. */
static void race_submit(struct race *race)
{
	int i, fd;
	long n;

	for (i = 0; i < SLOTS; i++) {
		fd = device_open(O_RDWR);
		prep(&race->iocbs[i], fd, race->write, race->bytes + i * 4096,
		     1 + draw(race, 600));
		n = submit(race->ctx, &race->iocbs[i]);
		close(fd);
		race->submitted += n == 1;
		/* The context may be gone. */
		if (n != 1 && !race->destroy)
			race->wrong++;
	}
}

/* Cancel some, or all in one go. */
static void race_cancel(struct race *race)
{
	int i, err;

	if (race->destroy) {
		sched_yield();
		io_destroy(race->ctx);
		return;
	}
	for (i = 0; i < 2 * SLOTS; i++) {
		err = cancel(race->ctx, &race->iocbs[draw(race, SLOTS)]);
		if (err != -EINPROGRESS && err != -EINVAL && err != -EAGAIN)
			race->wrong++;
		if (draw(race, 4) == 0)
			sched_yield();
	}
}

/* Let some be served. */
static void race_serve(struct race *race)
{
	int i, fd = device_open(O_RDWR | O_NONBLOCK);
	char bytes[600] = "";

	for (i = 0; i < SLOTS; i++) {
		if (race->write)
			read(fd, bytes, 1 + draw(race, 600));
		else
			write(fd, bytes, 1 + draw(race, 600));
		if (draw(race, 8) == 0)
			ioctl(fd, GLOBALFIFO_CLEAR);
	}
	close(fd);
}

static void *race_thread(void *arg, void (*act)(struct race *race))
{
	struct race *race = arg;
	int i;

	for (i = 0; i < RACES; i++) {
		pthread_barrier_wait(&race->start);
		act(race);
		pthread_barrier_wait(&race->done);
	}
	return NULL;
}

static void *submitter(void *arg)
{
	return race_thread(arg, race_submit);
}

static void *canceller(void *arg)
{
	return race_thread(arg, race_cancel);
}

static void *server(void *arg)
{
	return race_thread(arg, race_serve);
}

/* The rest are cancelled; whether each that was submitted gave one event. */
static bool race_settled(struct race *race)
{
	struct timespec limit = { .tv_sec = 10 };
	struct io_event events[SLOTS];
	bool seen[SLOTS] = {};
	int i, slot;

	if (race->destroy)
		return true;
	for (i = 0; i < SLOTS; i++)
		cancel(race->ctx, &race->iocbs[i]);
	if (io_getevents(race->ctx, race->submitted, SLOTS, events, &limit) !=
	    race->submitted || events_left(race->ctx))
		return false;
	for (i = 0; i < race->submitted; i++) {
		slot = events[i].obj - race->iocbs;
		if (seen[slot] || (events[i].res != -ECANCELED &&
				   (long)events[i].res <= 0))
			return false;
		seen[slot] = true;
	}
	return true;
}

FIXTURE(race) {
	struct counts before;
	struct race race;
	int fd;
};

FIXTURE_VARIANT(race) {
	bool write;
};

FIXTURE_VARIANT_ADD(race, read) {
};

FIXTURE_VARIANT_ADD(race, write) {
	.write = true,
};

FIXTURE_SETUP(race)
{
	struct race *race = &self->race;

	self->before = begin_settled(_metadata);
	race->seed = choose_seed();
	TH_LOG("SEED=%u", race->seed);
	race->write = variant->write;
	race->bytes = mmap(NULL, SLOTS * 4096, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, race->bytes);
	pthread_barrier_init(&race->start, NULL, 4);
	pthread_barrier_init(&race->done, NULL, 4);
	self->fd = device_open(O_RDWR | O_NONBLOCK);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(race)
{
	close(self->fd);
	device_drain();
	expect_settled(_metadata, &self->before);
}

/*
 * Test that requests that are submitted, cancelled, served and closed all at
 * once, or whose context is destroyed meanwhile, with memory that comes and goes,
 * give one event each, or none if their context is gone (A3, A4).
 */
TEST_F(race, submit_cancel_serve_close)
{
	static void *(*const threads[])(void *) = { submitter, canceller, server };
	struct race *race = &self->race;
	static char filler[4096];
	pthread_t ids[3];
	int i;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, pthread_create(&ids[i], NULL, threads[i], race));
	for (i = 0; i < RACES; i++) {
		device_drain();
		if (variant->write)
			ASSERT_EQ(4096, write(self->fd, filler, 4096));
		race->destroy = i % 3 == 2;
		race->submitted = 0;
		race->ctx = NULL;
		ASSERT_EQ(0, io_setup(SLOTS, &race->ctx));
		if (draw(race, 2))
			madvise(race->bytes, SLOTS * 4096, MADV_DONTNEED);
		pthread_barrier_wait(&race->start);
		pthread_barrier_wait(&race->done);
		ASSERT_TRUE(race_settled(race));
		ASSERT_EQ(0, device_show("pending_aio"));
		if (!race->destroy)
			ASSERT_EQ(0, io_destroy(race->ctx));
	}
	for (i = 0; i < 3; i++)
		pthread_join(ids[i], NULL);
	EXPECT_EQ(0, race->wrong);
}

/* In a child: have requests wait, and be killed at any time. */
static void be_killed(bool write_side)
{
	static struct iocb iocbs[SLOTS];
	static char bytes[SLOTS];
	io_context_t ctx = NULL;
	int i, fd = device_open(O_RDWR);

	if (io_setup(SLOTS, &ctx))
		_exit(1);
	for (i = 0; i < SLOTS; i++) {
		prep(&iocbs[i], fd, write_side, &bytes[i], 1);
		submit(ctx, &iocbs[i]);
	}
	for (i = 0; i < SLOTS; i += 2)
		cancel(ctx, &iocbs[i]);
	io_destroy(ctx);
	for (;;)
		pause();
}

/*
 * Test that SIGKILL at any time, be it in io_submit(), io_cancel() or
 * io_destroy(), ends the process and its requests, while others are served (A3,
 * W3).
 */
TEST_F(race, killed)
{
	static char filler[4096];
	struct timespec nap = {};
	pid_t child;
	int i;

	for (i = 0; i < 20; i++) {
		device_drain();
		if (variant->write)
			ASSERT_EQ(4096, write(self->fd, filler, 4096));
		child = spawn();
		if (!child)
			be_killed(variant->write);
		nap.tv_nsec = draw(&self->race, 4) * 3000000;
		nanosleep(&nap, NULL);
		race_serve(&self->race);
		kill(child, SIGKILL);
		ASSERT_EQ(SIGKILL, reap_soon(child));
		ASSERT_EQ(0, wait_for_value("pending_aio", 0));
	}
}

TEST_HARNESS_MAIN
