// SPDX-License-Identifier: GPL-2.0
/*
 * What the device costs, and what a pipe does, and other drivers: the same work on
 * each. scripts/bench runs it in a guest, and makes tables of what it prints.
 *
 * usage: bench [-l MODULE]... TOPIC...
 *        bench [-l MODULE]... profile KIND SIZE|WAY
 *
 * Each line is "topic kind x value", separated by tabs, one for each round; or
 * "# word value", which says where that was; the last is "# end". Of the topics that
 * count instructions, the guest's clock must count them: QEMU's -icount, by which a
 * tick of the TSC is an instruction. The others take time.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <libaio.h>
#include <liburing.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>
#include "../../kernel/globalfifo.h"

#define KIB		1024
#define MIB		(1024 * KIB)
#define DEFAULT_SIZE	(64 * KIB)	/* a pipe's */

#define ELEMENTS(a)	(sizeof(a) / sizeof(*(a)))

static char *buffer;	/* a MiB, in memory */

/* The two ends of a FIFO. */
struct ends {
	int out;	/* to read from */
	int in;		/* to write to */
};

/* What FIFOs there are. */
struct kind {
	const char *name;
	const char *nodes[2];	/* NULL: a pipe has none */
	size_t size;		/* bytes it holds, 0: as many as one likes */
	bool fifo;		/* who reads waits for who writes */
	bool aio;		/* libaio's requests wait */
	bool iter;		/* it has read_iter, which io_uring takes */
};

static const struct kind kinds[] = {
	{ "globalfifo", { "/dev/globalfifo", "/dev/globalfifo1" },
	  .fifo = true, .aio = true, .iter = true },
	{ "pipe", .fifo = true, .iter = true },
	{ "book", { "/dev/book", "/dev/book2" }, .size = 4096, .fifo = true },
	{ "copy", { "/dev/copy" } },
};

static int check(long n, const char *what)
{
	if (n < 0)
		err(1, "%s", what);
	return n;
}

/* For calls that return a negative errno. */
static int check_neg(int n, const char *what)
{
	if (n < 0) {
		errno = -n;
		err(1, "%s", what);
	}
	return n;
}

/* Open the first or the second FIFO of a kind, with room for @size bytes. */
static struct ends open_ends(const struct kind *kind, int which, __u32 size)
{
	struct ends ends;
	int fd[2];

	if (!kind->nodes[0]) {
		check(pipe(fd), "pipe");
		check(fcntl(fd[0], F_SETPIPE_SZ, size), "F_SETPIPE_SZ");
		return (struct ends){ .out = fd[0], .in = fd[1] };
	}
	ends.out = check(open(kind->nodes[which], O_RDONLY), kind->nodes[which]);
	ends.in = check(open(kind->nodes[which], O_WRONLY), kind->nodes[which]);
	if (kind->fifo && !kind->size)
		check(ioctl(ends.in, GLOBALFIFO_SET_SIZE, &size), "SET_SIZE");
	return ends;
}

static void close_ends(struct ends ends)
{
	close(ends.out);
	close(ends.in);
}

static void put(int fd, size_t len)
{
	if (write(fd, buffer, len) != len)
		err(1, "write of %zu bytes", len);
}

static void get(int fd, size_t len)
{
	if (read(fd, buffer, len) != len)
		err(1, "read of %zu bytes", len);
}

static void print(const char *topic, const struct kind *kind, const char *x,
		  double value)
{
	printf("%s\t%s\t%s\t%.3f\n", topic, kind->name, x, value);
}

static void print_n(const char *topic, const struct kind *kind, long x,
		    double value)
{
	char text[24];

	snprintf(text, sizeof(text), "%ld", x);
	print(topic, kind, text, value);
}

/* Instructions so far, on a machine that counts them. */
static unsigned long long count(void)
{
	return __rdtsc();
}

#define LOOPS	1000000

/* Ticks that a loop of two instructions takes, if nobody interrupts it. */
static unsigned long long count_loop(void)
{
	unsigned long long start, took, least = -1;
	unsigned long n;
	int i;

	for (i = 0; i < 10; i++) {
		n = LOOPS;
		start = count();
		asm volatile("1: dec %0\n\tjnz 1b" : "+r" (n));
		took = count() - start;
		if (took < least)
			least = took;
	}
	return least;
}

/* Does it? */
static void check_count(void)
{
	unsigned long long took = count_loop();

	if (took < 2 * LOOPS || took > 2 * LOOPS + LOOPS / 10)
		errx(1, "%d instructions are %llu ticks: needs QEMU's -icount shift=0",
		     2 * LOOPS, took);
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

/* Write a line to a file of the kernel's. */
static void tell(const char *path, const char *value)
{
	FILE *file = fopen(path, "w");

	if (!file || fputs(value, file) < 0 || fclose(file))
		err(1, "%s", path);
}

/*
 * Whether somebody who is woken runs at once, or when we sleep, is up to the
 * scheduler, and to how long each has run: aio-complete took 13600 or 17000
 * instructions. So that it is the same each time, be among those whom all others,
 * such as the kernel's workers, interrupt, and who do not interrupt each other.
 * With automatic groups, only groups are compared.
 */
static void be_idle(void)
{
	struct sched_param none = {};

	tell("/proc/sys/kernel/sched_autogroup_enabled", "0");
	check(sched_setscheduler(0, SCHED_IDLE, &none), "SCHED_IDLE");
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	check(sched_setaffinity(0, sizeof(set), &set), "a second processor");
}

/* A child, which has its memory, and ends with us. */
static pid_t spawn(void)
{
	pid_t pid;

	fflush(stdout);
	pid = check(fork(), "fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		buffer[0] = 0;
	}
	return pid;
}

static void stop(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* A write and the read of the same bytes, one process, nobody waits. */
static void bench_pair(void)
{
	static const size_t sizes[] = { 1, 64, 512, 4 * KIB, 64 * KIB, MIB };
	unsigned long long start, took;
	const struct kind *kind;
	struct ends ends;
	int i, k, n, round;
	size_t size;

	for (i = 0; i < ELEMENTS(sizes); i++) {
		size = sizes[i];
		n = size <= 4 * KIB ? 64 : 1;
		for (kind = kinds; kind < kinds + ELEMENTS(kinds); kind++) {
			if (kind->size && kind->size < size)
				continue;
			ends = open_ends(kind, 0, size > DEFAULT_SIZE ?
					 size : DEFAULT_SIZE);
			for (round = 0; round < 20; round++) {
				start = count();
				for (k = 0; k < n; k++) {
					put(ends.in, size);
					get(ends.out, size);
				}
				took = count() - start;
				print_n("pair", kind, size, (double)took / n);
			}
			close_ends(ends);
		}
	}
}

/* How somebody waits for one byte, and has it. */
struct way {
	const char *name;
	void (*prepare)(int fd);
	void (*await)(int fd);
	bool aio;	/* needs kind->aio */
	bool iter;	/* needs kind->iter */
};

static int epoll_fd;
static sigset_t sigio;
static io_context_t aio;
static struct io_uring uring;

static void prepare_blocking(int fd)
{
}

static void await_blocking(int fd)
{
	get(fd, 1);
}

static void await_poll(int fd)
{
	struct pollfd poller = { .fd = fd, .events = POLLIN };

	check(poll(&poller, 1, -1), "poll");
	get(fd, 1);
}

static void prepare_epoll(int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	epoll_fd = check(epoll_create1(0), "epoll_create1");
	check(epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

static void await_epoll(int fd)
{
	struct epoll_event event;

	check(epoll_wait(epoll_fd, &event, 1, -1), "epoll_wait");
	get(fd, 1);
}

static void prepare_sigio(int fd)
{
	check(fcntl(fd, F_SETOWN, getpid()), "F_SETOWN");
	check(fcntl(fd, F_SETFL, O_ASYNC), "O_ASYNC");
}

static void await_sigio(int fd)
{
	check(sigwaitinfo(&sigio, NULL), "sigwaitinfo");
	get(fd, 1);
}

static void prepare_aio(int fd)
{
	aio = NULL;
	check_neg(io_setup(1, &aio), "io_setup");
}

static void await_aio(int fd)
{
	struct iocb iocb, *iocbs = &iocb;
	struct io_event event;

	io_prep_pread(&iocb, fd, buffer, 1, 0);
	check_neg(io_submit(aio, 1, &iocbs), "io_submit");
	check_neg(io_getevents(aio, 1, 1, &event, NULL), "io_getevents");
	check_neg(event.res, "a request");
}

static void prepare_uring(int fd)
{
	check_neg(io_uring_queue_init(1, &uring, 0), "io_uring_queue_init");
}

static void await_uring(int fd)
{
	struct io_uring_cqe *answer;

	io_uring_prep_read(io_uring_get_sqe(&uring), fd, buffer, 1, -1);
	check_neg(io_uring_submit_and_wait(&uring, 1), "io_uring_enter");
	check_neg(io_uring_peek_cqe(&uring, &answer), "an answer");
	check_neg(answer->res, "a request");
	io_uring_cqe_seen(&uring, answer);
}

static const struct way ways[] = {
	{ "blocking", prepare_blocking, await_blocking },
	{ "poll", prepare_blocking, await_poll },
	{ "epoll", prepare_epoll, await_epoll },
	{ "SIGIO", prepare_sigio, await_sigio },
	{ "libaio", prepare_aio, await_aio, .aio = true },
	{ "io_uring", prepare_uring, await_uring, .iter = true },
};

/* A ping-pong's two processes; this one serves. */
struct table {
	struct ends there, back;
	pid_t other;
};

static struct table lay(const struct kind *kind, const struct way *way, int cpu)
{
	struct table table = {
		.there = open_ends(kind, 0, DEFAULT_SIZE),
		.back = open_ends(kind, 1, DEFAULT_SIZE),
	};

	table.other = spawn();
	if (!table.other) {
		pin(cpu);
		way->prepare(table.there.out);
		put(table.back.in, 1);
		for (;;) {
			way->await(table.there.out);
			put(table.back.in, 1);
		}
	}
	get(table.back.out, 1);
	way->prepare(table.back.out);
	return table;
}

static void trip(const struct way *way, const struct table *table)
{
	put(table->there.in, 1);
	way->await(table->back.out);
}

static void clear_away(struct table *table)
{
	stop(table->other);
	close_ends(table->there);
	close_ends(table->back);
	if (epoll_fd)
		close(epoll_fd);
	if (aio)
		io_destroy(aio);
	if (uring.ring_fd)
		io_uring_queue_exit(&uring);
	epoll_fd = 0;
	aio = NULL;
	memset(&uring, 0, sizeof(uring));
}

static bool can(const struct kind *kind, const struct way *way)
{
	return kind->fifo && (kind->aio || !way->aio) &&
	       (kind->iter || !way->iter);
}

/* A byte there and a byte back, both processes on one processor. */
static void bench_trip(void)
{
	const struct kind *kind;
	const struct way *way;
	unsigned long long start;
	struct table table;
	int i, round;

	for (way = ways; way < ways + ELEMENTS(ways); way++) {
		for (kind = kinds; kind < kinds + ELEMENTS(kinds); kind++) {
			if (!can(kind, way))
				continue;
			table = lay(kind, way, 0);
			for (round = 0; round < 100; round++) {
				start = count();
				for (i = 0; i < 5; i++)
					trip(way, &table);
				print("trip", kind, way->name,
				      (count() - start) / 5.0);
			}
			clear_away(&table);
		}
	}
}

/* In each round another begins: what the one before leaves behind hits all alike. */
static const struct kind *in_turn(int i, int round)
{
	return &kinds[(i + round) % ELEMENTS(kinds)];
}

/* The same on two processors, in microseconds. */
static void bench_trip_time(void)
{
	const struct kind *kind;
	const struct way *way;
	struct table table;
	double start;
	int i, k, round;

	for (round = 0; round < 16; round++) {
		for (way = ways; way < ways + ELEMENTS(ways); way++) {
			for (k = 0; k < ELEMENTS(kinds); k++) {
				kind = in_turn(k, round);
				if (!can(kind, way))
					continue;
				table = lay(kind, way, 1);
				start = seconds();
				for (i = 0; i < 300; i++)
					trip(way, &table);
				print("trip-time", kind, way->name,
				      (seconds() - start) / 300 * 1e6);
				clear_away(&table);
			}
		}
	}
}

/* One process writes, another reads, on two processors: MB/s. */
static double stream(const struct kind *kind, size_t size)
{
	struct ends ends = open_ends(kind, 0, size > DEFAULT_SIZE ? size :
				     DEFAULT_SIZE);
	pid_t writer = spawn();
	double start, now;
	size_t bytes = 0;

	if (!writer) {
		pin(1);
		for (;;)
			check(write(ends.in, buffer, size), "write");
	}
	/* It takes a moment until both are at work. */
	for (start = seconds(); seconds() < start + 0.02;)
		check(read(ends.out, buffer, size), "read");
	start = seconds();
	do {
		bytes += check(read(ends.out, buffer, size), "read");
		now = seconds();
	} while (now < start + 0.2);
	stop(writer);
	/* Nobody else empties it. */
	fcntl(ends.out, F_SETFL, O_NONBLOCK);
	while (read(ends.out, buffer, MIB) > 0)
		;
	close_ends(ends);
	return bytes / (now - start) / 1e6;
}

static void bench_stream(void)
{
	static const size_t sizes[] = { 64, 512, 4 * KIB, 64 * KIB, MIB };
	const struct kind *kind;
	int i, k, round;

	for (round = 0; round < 16; round++) {
		for (i = 0; i < ELEMENTS(sizes); i++) {
			for (k = 0; k < ELEMENTS(kinds); k++) {
				kind = in_turn(k, round);
				if (kind->fifo)
					print_n("stream", kind, sizes[i],
						stream(kind, sizes[i]));
			}
		}
	}
}

/* The number after @key in a file of /proc; fails if there is none. */
static double number_of(pid_t pid, const char *name, const char *key)
{
	char path[64], line[256], *colon;
	double value = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	file = fopen(path, "r");
	if (!file)
		err(1, "%s", path);
	while (value < 0 && fgets(line, sizeof(line), file)) {
		colon = strchr(line, ':');
		if (colon && !strncmp(line, key, strlen(key)))
			value = atof(colon + 1);
	}
	fclose(file);
	if (value < 0)
		errx(1, "%s: has no %s", path, key);
	return value;
}

/* Is it asleep in a system call that reads? */
static bool asleep(pid_t pid)
{
	char path[64], line[64] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	file = fopen(path, "r");
	if (!file || !fgets(line, sizeof(line), file))
		err(1, "%s", path);
	fclose(file);
	return atoi(line) == SYS_read && line[0] == '0';
}

static void wait_asleep(const pid_t *pids, int n)
{
	int i;

	for (i = 0; i < n; i++)
		while (!asleep(pids[i]))
			usleep(1000);
}

/* So many sleep, a byte comes, and one has it: who was woken, how often? */
static void wakeups(const struct kind *kind, int readers)
{
	struct ends ends = open_ends(kind, 0, DEFAULT_SIZE);
	int *taken = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	double woken = 0, slept = 0;
	pid_t pids[64] = {};
	int i, n = 100;

	for (i = 0; i < readers; i++) {
		pids[i] = spawn();
		if (pids[i])
			continue;
		pin(1);
		for (;;) {
			get(ends.out, 1);
			__atomic_add_fetch(taken, 1, __ATOMIC_SEQ_CST);
		}
	}
	wait_asleep(pids, readers);
	for (i = 0; i < readers; i++) {
		woken -= number_of(pids[i], "sched", "nr_wakeups ");
		slept -= number_of(pids[i], "status", "voluntary_ctxt_switches");
	}
	for (i = 0; i < n; i++) {
		put(ends.in, 1);
		while (__atomic_load_n(taken, __ATOMIC_SEQ_CST) <= i)
			sched_yield();
		wait_asleep(pids, readers);
	}
	for (i = 0; i < readers; i++) {
		woken += number_of(pids[i], "sched", "nr_wakeups ");
		slept += number_of(pids[i], "status", "voluntary_ctxt_switches");
		stop(pids[i]);
	}
	print_n("wakeups", kind, readers, woken / n);
	print_n("switches", kind, readers, slept / n);
	close_ends(ends);
	munmap(taken, 4096);
}

static void bench_wakeups(void)
{
	static const int readers[] = { 1, 8, 64 };
	const struct kind *kind;
	int i;

	tell("/proc/sys/kernel/sched_schedstats", "1");
	for (i = 0; i < ELEMENTS(readers); i++) {
		for (kind = kinds; kind < kinds + ELEMENTS(kinds); kind++)
			if (kind->fifo)
				wakeups(kind, readers[i]);
	}
}

#define PENDING_MAX	1000

static struct iocb iocbs[PENDING_MAX];

static void submit(io_context_t ctx, int fd, struct iocb *iocb)
{
	io_prep_pread(iocb, fd, buffer, 1, 0);
	check_neg(io_submit(ctx, 1, &iocb), "io_submit");
}

static void await_end(io_context_t ctx, const struct iocb *iocb, long result)
{
	struct io_event event;

	check_neg(io_getevents(ctx, 1, 1, &event, NULL), "io_getevents");
	if (event.obj != iocb || (long)event.res != result)
		errx(1, "another request, or another end: %ld", (long)event.res);
}

/* Requests of libaio: one more of @n, the oldest of @n served or cancelled. */
static void pending(const struct kind *kind, int n)
{
	struct ends ends = open_ends(kind, 0, DEFAULT_SIZE);
	struct io_event unused;
	unsigned long long start;
	io_context_t ctx = NULL;
	int i, oldest = 0, round;

	check_neg(io_setup(n, &ctx), "io_setup");
	for (i = 0; i < n; i++)
		submit(ctx, ends.out, &iocbs[i]);
	for (round = 0; round < 30; round++) {
		start = count();
		if (round % 2) {
			put(ends.in, 1);
			await_end(ctx, &iocbs[oldest], 1);
			print_n("aio-complete", kind, n, count() - start);
		} else {
			i = io_cancel(ctx, &iocbs[oldest], &unused);
			if (i != -EINPROGRESS)
				check_neg(i, "io_cancel");
			await_end(ctx, &iocbs[oldest], -ECANCELED);
			print_n("aio-cancel", kind, n, count() - start);
		}
		start = count();
		submit(ctx, ends.out, &iocbs[oldest]);
		print_n("aio-submit", kind, n, count() - start);
		oldest = (oldest + 1) % n;
	}
	io_destroy(ctx);
	close_ends(ends);
}

static void bench_pending(void)
{
	static const int pendings[] = { 1, 100, PENDING_MAX };
	const struct kind *kind;
	int i;

	for (kind = kinds; kind < kinds + ELEMENTS(kinds); kind++) {
		for (i = 0; kind->aio && i < ELEMENTS(pendings); i++)
			pending(kind, pendings[i]);
	}
}

#define LISTENERS_MAX	100

/* One more file that reads, whose owner is told by a signal that queues. */
static int listen_to(const struct ends *ends)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", ends->out);
	fd = check(open(path, O_RDONLY), path);
	check(fcntl(fd, F_SETSIG, SIGRTMIN), "F_SETSIG");
	prepare_sigio(fd);
	return fd;
}

/* A write, and @n files are told of it. */
static void listeners(const struct kind *kind, int n)
{
	struct ends ends = open_ends(kind, 0, DEFAULT_SIZE);
	struct timespec now = {};
	unsigned long long start;
	int fds[LISTENERS_MAX];
	int i, told, round;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	for (i = 0; i < n; i++)
		fds[i] = listen_to(&ends);
	for (round = 0; round < 30; round++) {
		start = count();
		put(ends.in, 1);
		print_n("listeners", kind, n, count() - start);
		get(ends.out, 1);
		for (told = 0; sigtimedwait(&set, NULL, &now) > 0; told++)
			;
		if (told != n)
			errx(1, "%s: %d of %d files were told", kind->name,
			     told, n);
	}
	while (n--)
		close(fds[n]);
	close_ends(ends);
}

static void bench_listeners(void)
{
	static const int numbers[] = { 0, 1, 10, LISTENERS_MAX };
	const struct kind *kind;
	int i;

	for (kind = kinds; kind < kinds + ELEMENTS(kinds); kind++) {
		for (i = 0; kind->fifo && i < ELEMENTS(numbers); i++)
			listeners(kind, numbers[i]);
	}
}

/* What is counted? This is not for the tables, but for who tries --icount. */
static void bench_count(void)
{
	printf("count\tloop\t%d\t%llu\n", 2 * LOOPS, count_loop());
}

static const struct topic {
	const char *name;
	void (*run)(void);
	bool counts;
} topics[] = {
	{ "pair", bench_pair, true },
	{ "trip", bench_trip, true },
	{ "pending", bench_pending, true },
	{ "listeners", bench_listeners, true },
	{ "stream", bench_stream },
	{ "trip-time", bench_trip_time },
	{ "wakeups", bench_wakeups },
	{ "count", bench_count, true },
};

/* Between these two, scripts/bench-profile looks at each instruction. */
static void __attribute_noinline__ profile_begin(void)
{
	asm volatile("# begin");
}

static void __attribute_noinline__ profile_end(void)
{
	asm volatile("# end");
}

#define PROFILED	20	/* rounds, after as many that warm up */

static void profile_pair(const struct kind *kind, size_t size)
{
	struct ends ends = open_ends(kind, 0, size > DEFAULT_SIZE ? size :
				     DEFAULT_SIZE);
	int i;

	for (i = 0; i < 2 * PROFILED; i++) {
		if (i == PROFILED)
			profile_begin();
		put(ends.in, size);
		get(ends.out, size);
	}
	profile_end();
}

static void profile_trip(const struct kind *kind, const struct way *way)
{
	struct table table = lay(kind, way, 0);
	int i;

	for (i = 0; i < 2 * PROFILED; i++) {
		if (i == PROFILED)
			profile_begin();
		trip(way, &table);
	}
	profile_end();
	clear_away(&table);
}

/*
 * Say where the kernel's functions are, and when told to, do one pair of so many
 * bytes, or one round trip, by a way of waiting.
 */
static void profile(const char *name, const char *what)
{
	const struct kind *kind = kinds;
	const struct way *way;
	FILE *symbols;
	size_t n;

	while (strcmp(kind->name, name))
		if (++kind == kinds + ELEMENTS(kinds))
			errx(1, "%s: no such kind", name);
	symbols = fopen("/proc/kallsyms", "r");
	if (!symbols)
		err(1, "/proc/kallsyms");
	while ((n = fread(buffer, 1, MIB, symbols)))
		fwrite(buffer, 1, n, stdout);
	printf("ready for %d\n", PROFILED);
	fflush(stdout);
	getchar();
	if (atol(what) > 0) {
		profile_pair(kind, atol(what));
		return;
	}
	for (way = ways; way < ways + ELEMENTS(ways); way++) {
		if (!strcmp(what, way->name) && can(kind, way)) {
			profile_trip(kind, way);
			return;
		}
	}
	errx(1, "%s: neither bytes nor a way of waiting for %s", what, name);
}

static void load(const char *path)
{
	int fd = check(open(path, O_RDONLY | O_CLOEXEC), path);

	check(syscall(SYS_finit_module, fd, "", 0), path);
	close(fd);
}

static void run(const char *name)
{
	int i;

	for (i = 0; i < ELEMENTS(topics); i++) {
		if (strcmp(name, topics[i].name))
			continue;
		fprintf(stderr, "bench: %s\n", name);
		if (topics[i].counts) {
			be_idle();
			check_count();
		}
		topics[i].run();
		return;
	}
	errx(1, "%s: no such topic", name);
}

/* Where this is. */
static void print_head(void)
{
	FILE *file = fopen("/proc/cpuinfo", "r");
	struct utsname system;
	char line[256], *value = NULL;

	check(uname(&system), "uname");
	while (file && !value && fgets(line, sizeof(line), file))
		if (!strncmp(line, "model name", 10))
			value = strchr(line, ':');
	if (!value)
		errx(1, "/proc/cpuinfo: has no model name");
	fclose(file);
	printf("# kernel %s\n# cpu %s", system.release, value + 2);
}

int main(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "l:")) != -1) {
		if (option != 'l')
			return 1;
		load(optarg);
	}
	sigemptyset(&sigio);
	sigaddset(&sigio, SIGIO);
	sigaddset(&sigio, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &sigio, NULL);
	sigdelset(&sigio, SIGRTMIN);
	buffer = mmap(NULL, MIB, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (buffer == MAP_FAILED || mlockall(MCL_CURRENT | MCL_FUTURE))
		err(1, "memory");
	pin(0);
	if (optind + 3 == argc && !strcmp(argv[optind], "profile")) {
		profile(argv[optind + 1], argv[optind + 2]);
		return 0;
	}
	print_head();
	for (; optind < argc; optind++)
		run(argv[optind]);
	puts("# end");
	return 0;
}
