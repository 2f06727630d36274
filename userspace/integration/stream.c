// SPDX-License-Identifier: GPL-2.0
/*
 * Reading and writing. Buggy results would be a call that blocks although it
 * was told not to, or does not although it should; an amount that is not what
 * was there; a byte lost, doubled or out of order, by a signal, a bad address,
 * the end of the buffer or a rival; a torn record.
 */
#define _GNU_SOURCE
#include <semaphore.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/param.h>
#include <sys/uio.h>
#include "kselftest_harness.h"
#include "common.h"
#include "../../kernel/globalfifo.h"

#define ATOMIC		GLOBALFIFO_ATOMIC
#define SEGMENTS	1024	/* UIO_MAXIOV */
#define SIGNALS		5	/* for one blocked call */

FIXTURE(stream) {
	char sysfs[64];
	__u32 size;	/* of the FIFO */
	int fd;		/* blocks */
	int nonblock;
	char *out;	/* a pattern of more than @size bytes */
	char *in;	/* as much */
};

FIXTURE_SETUP(stream)
{
	size_t i, len;

	device_drain();
	self->fd = device_open(O_RDWR);
	ASSERT_LE(0, self->fd);
	self->nonblock = device_open(O_RDWR | O_NONBLOCK);
	ASSERT_LE(0, self->nonblock);
	ASSERT_EQ(0, device_sysfs(self->fd, self->sysfs, sizeof(self->sysfs)));
	self->size = device_size();
	ASSERT_LT(0, self->size);
	len = self->size + 1024;
	self->out = malloc(len);
	self->in = malloc(len);
	ASSERT_TRUE(self->out && self->in);
	for (i = 0; i < len; i++)
		self->out[i] = (i ^ i >> 8) % 251;
}

FIXTURE_TEARDOWN(stream)
{
	close(self->fd);
	close(self->nonblock);
	free(self->out);
	free(self->in);
}

/* Have the FIFO hold @bytes, and no others. */
static int hold(int fd, const char *bytes, size_t len)
{
	device_drain();
	return write(fd, bytes, len) == len ? 0 : -1;
}

/* Does the FIFO hold @bytes, and no others? They are taken out. */
static bool holds(int fd, const char *bytes, size_t len)
{
	char *held = malloc(len + 1);
	ssize_t n = read(fd, held, len + 1);
	bool same = n == (len ?: -1) && (!len || !memcmp(held, bytes, len));

	free(held);
	return same;
}

/* Test that count 0 returns 0 at once, though a byte would block (R1). */
TEST_F(stream, zero)
{
	struct iovec none[] = { { self->in, 0 }, { NULL, 0 } };
	char stats[128];
	long long writes;

	snprintf(stats, sizeof(stats), "%s/stats", self->sysfs);
	EXPECT_EQ(0, or_errno(read(self->nonblock, self->in, 0)));
	EXPECT_EQ(0, or_errno(read(self->fd, self->in, 0)));
	EXPECT_EQ(0, or_errno(readv(self->fd, none, 2)));
	ASSERT_EQ(0, hold(self->nonblock, self->out, self->size));
	writes = show(stats, "writes");
	EXPECT_EQ(0, or_errno(write(self->nonblock, self->out, 0)));
	EXPECT_EQ(0, or_errno(write(self->fd, self->out, 0)));
	EXPECT_EQ(0, or_errno(writev(self->fd, none, 2)));
	EXPECT_EQ(writes, show(stats, "writes"));
}

#define EDGES	7

/* Amounts around which something changes. */
static void find_edges(__u32 size, __u32 *edges)
{
	const __u32 all[EDGES] = {
		1, ATOMIC - 1, ATOMIC, ATOMIC + 1, size - 1, size, size + 1,
	};

	memcpy(edges, all, sizeof(all));
}

/* Test that read takes what is held, up to the count, and leaves the rest (R1). */
TEST_F(stream, read_amounts)
{
	__u32 edges[EDGES], held, count, n;
	int i, k;

	find_edges(self->size, edges);
	for (i = 0; i < EDGES - 1; i++) {
		for (k = 0; k < EDGES; k++) {
			held = edges[i];
			count = edges[k];
			n = MIN(held, count);
			ASSERT_EQ(0, hold(self->nonblock, self->out, held));
			EXPECT_EQ(n, or_errno(read(self->fd, self->in, count))) {
				TH_LOG("%u bytes of %u", count, held);
			}
			EXPECT_EQ(0, memcmp(self->in, self->out, n));
			EXPECT_TRUE(holds(self->nonblock, self->out + n,
					  held - n));
		}
	}
}

/*
 * Test that write takes what fits, but nothing if fewer than ATOMIC bytes and
 * than the count fit: then EAGAIN (W1, R2).
 */
TEST_F(stream, write_amounts)
{
	__u32 edges[EDGES], room, count;
	long n, got;
	int i, k;

	find_edges(self->size, edges);
	for (i = 0; i < EDGES - 1; i++) {
		for (k = 0; k < EDGES; k++) {
			room = edges[i];
			count = edges[k];
			n = MIN(room, count);
			if (n < MIN(count, ATOMIC))
				n = -EAGAIN;
			device_drain();
			if (room < self->size)
				ASSERT_EQ(0, hold(self->nonblock, self->out, self->size - room));
			got = or_errno(write(self->nonblock, self->out, count));
			EXPECT_EQ(n, got) {
				TH_LOG("%u bytes into %u", count, room);
			}
			EXPECT_EQ(self->size - room + MAX(n, 0),
				  show(self->sysfs, "fill"));
		}
	}
}

/*
 * Test that a long write waits for ATOMIC bytes of room and then takes just
 * what fits, while shorter ones that fit go in before it (W1, K1).
 */
TEST_F(stream, long_write_waits)
{
	pid_t child;

	ASSERT_EQ(0, hold(self->nonblock, self->out, self->size - ATOMIC + 2));
	child = spawn();
	if (!child)
		_exit(write(self->fd, self->out, 2 * ATOMIC) != ATOMIC);
	ASSERT_EQ(0, wait_asleep(child));
	EXPECT_EQ(1, write(self->nonblock, "x", 1));
	ASSERT_EQ(2, read(self->fd, self->in, 2));
	ASSERT_EQ(0, wait_asleep(child));
	EXPECT_EQ(self->size - ATOMIC + 1, show(self->sysfs, "fill"));
	ASSERT_EQ(1, read(self->fd, self->in, 1));
	EXPECT_EQ(0, reap(child));
	EXPECT_EQ(self->size, show(self->sysfs, "fill"));
}

/* Cut @len bytes into segments of 0 to 10 units, and one of what is left. */
static int cut(struct iovec *iov, char *bytes, size_t len, size_t unit)
{
	int n = 0;

	while (len && n < SEGMENTS) {
		iov[n].iov_base = bytes;
		iov[n].iov_len = n < SEGMENTS - 1 ? n * 7 % 11 * unit : len;
		iov[n].iov_len = MIN(iov[n].iov_len, len);
		bytes += iov[n].iov_len;
		len -= iov[n].iov_len;
		n++;
	}
	return n;
}

/*
 * Test that vectors keep the order of their segments, however small and many:
 * as much as the FIFO holds, so that the end of the buffer comes in each time,
 * and each time in another segment (R3).
 */
TEST_F(stream, vectors)
{
	struct iovec out[SEGMENTS], in[SEGMENTS];
	size_t unit = self->size / 4096 + 1;
	int i, n_out, n_in;

	for (i = 0; i < 20; i++) {
		n_out = cut(out, self->out, self->size, unit);
		n_in = cut(in, self->in, self->size, 2 * unit);
		memset(self->in, 0xff, self->size);
		ASSERT_EQ(self->size, writev(self->fd, out, n_out));
		ASSERT_EQ(self->size, readv(self->fd, in, n_in));
		ASSERT_EQ(0, memcmp(self->in, self->out, self->size));
		/* The buffer's end is elsewhere the next time. */
		ASSERT_EQ(37, write(self->fd, self->out, 37));
		ASSERT_EQ(37, read(self->fd, self->in, 37));
	}
}

/* Test that pages which were never touched make no transfer short (R4). */
TEST_F(stream, fresh_pages)
{
	size_t start = getpagesize() - ATOMIC;
	size_t len = start + self->size;
	char *out = mmap(NULL, len, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *in = mmap(NULL, len, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, out);
	ASSERT_NE(MAP_FAILED, in);
	/* The first page is there, the next are not. */
	out[start] = 'x';
	in[start] = 'y';
	EXPECT_EQ(self->size, write(self->fd, out + start, self->size));
	EXPECT_EQ(self->size, read(self->fd, in + start, self->size));
	EXPECT_EQ(0, memcmp(in, out, len));
}

/* How a call is told not to wait. */
FIXTURE(nowait) {
	int fd;
	__u32 size;
	char *bytes;
};

FIXTURE_VARIANT(nowait) {
	int open_flags;
	int later_flags;
	int call_flags;
};

FIXTURE_VARIANT_ADD(nowait, open) {
	.open_flags = O_NONBLOCK,
};

FIXTURE_VARIANT_ADD(nowait, fcntl) {
	.later_flags = O_NONBLOCK,
};

FIXTURE_VARIANT_ADD(nowait, call) {
	.call_flags = RWF_NOWAIT,
};

FIXTURE_SETUP(nowait)
{
	device_drain();
	self->fd = device_open(O_RDWR | variant->open_flags);
	ASSERT_LE(0, self->fd);
	if (variant->later_flags)
		ASSERT_EQ(0, fcntl(self->fd, F_SETFL, variant->later_flags));
	self->size = device_size();
	ASSERT_LT(0, self->size);
	self->bytes = calloc(1, self->size);
	ASSERT_NE(NULL, self->bytes);
}

FIXTURE_TEARDOWN(nowait)
{
	close(self->fd);
	free(self->bytes);
}

/*
 * Test that O_NONBLOCK, then or later, and RWF_NOWAIT make EAGAIN of empty, full
 * and too little room, and change nothing else (R2, W1).
 */
TEST_F(nowait, both_ways)
{
	struct iovec one = { self->bytes, 1 };
	struct iovec atomic = { self->bytes, ATOMIC };
	struct iovec all = { self->bytes, self->size };
	int flags = variant->call_flags;
	int fd = self->fd;

	EXPECT_EQ(-EAGAIN, or_errno(preadv2(fd, &one, 1, -1, flags)));
	EXPECT_EQ(self->size, or_errno(pwritev2(fd, &all, 1, -1, flags)));
	EXPECT_EQ(-EAGAIN, or_errno(pwritev2(fd, &one, 1, -1, flags)));
	EXPECT_EQ(1, or_errno(preadv2(fd, &one, 1, -1, flags)));
	EXPECT_EQ(-EAGAIN, or_errno(pwritev2(fd, &atomic, 1, -1, flags)));
	EXPECT_EQ(-EAGAIN, or_errno(pwritev2(fd, &all, 1, -1, flags)));
	EXPECT_EQ(1, or_errno(pwritev2(fd, &one, 1, -1, flags)));
	EXPECT_EQ(self->size, or_errno(preadv2(fd, &all, 1, -1, flags)));
	EXPECT_EQ(-EAGAIN, or_errno(preadv2(fd, &all, 1, -1, flags)));
}

/* Memory that ends: buffers of which some bytes are good, and the next bad. */
FIXTURE(hole) {
	int fd;
	char *page;
	char *end;
	char other[1024];
	char out[2048];
	char in[2048];
};

FIXTURE_VARIANT(hole) {
	bool vector;	/* with half of the good bytes in another segment */
};

FIXTURE_VARIANT_ADD(hole, plain) {
};

FIXTURE_VARIANT_ADD(hole, vector) {
	.vector = true,
};

FIXTURE_SETUP(hole)
{
	size_t page = getpagesize();
	int i;

	device_drain();
	self->fd = device_open(O_RDWR | O_NONBLOCK);
	ASSERT_LE(0, self->fd);
	self->page = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->page);
	self->end = self->page + page;
	ASSERT_EQ(0, munmap(self->end, page));
	for (i = 0; i < sizeof(self->out); i++)
		self->out[i] = i % 251;
}

FIXTURE_TEARDOWN(hole)
{
	munmap(self->page, getpagesize());
	close(self->fd);
}

/*
 * A buffer of @count bytes, the last of the @good ones of which are before @end.
 * If it is a vector, half of those are where the first segment is.
 */
static void make_hole(struct iovec *iov, char *end, size_t good, size_t count,
		      bool vector)
{
	size_t first = vector ? good / 2 : 0;

	iov[0].iov_len = first;
	iov[1].iov_base = end - (good - first);
	iov[1].iov_len = count - first;
}

/*
 * Test that a read stops at a bad address, wherever it is, and leaves the rest
 * in the FIFO; EFAULT if not one byte is good (W2).
 */
TEST_F(hole, read)
{
	struct iovec iov[2] = { { self->other, 0 }, { NULL, 0 } };
	size_t good, first;

	for (good = 0; good < 600; good++) {
		make_hole(iov, self->end, good, good + 5, variant->vector);
		first = iov[0].iov_len;
		ASSERT_EQ(good + 3, write(self->fd, self->out, good + 3));
		ASSERT_EQ(good ?: -EFAULT, or_errno(readv(self->fd, iov, 2)));
		EXPECT_EQ(0, memcmp(self->other, self->out, first));
		EXPECT_EQ(0, memcmp(iov[1].iov_base, self->out + first,
				    good - first));
		ASSERT_EQ(3, read(self->fd, self->in, good + 3));
		ASSERT_EQ(0, memcmp(self->in, self->out + good, 3));
	}
}

/*
 * Test that a write of which fewer than ATOMIC bytes and than the count are
 * good puts nothing in; a longer one puts in the bytes before the bad (W2).
 */
TEST_F(hole, write)
{
	static const size_t bad[] = { 1, 100, ATOMIC };
	struct iovec iov[2] = { { self->other, 0 }, { NULL, 0 } };
	size_t good;
	ssize_t n;
	int i;

	memcpy(self->other, self->out, sizeof(self->other));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		for (good = 0; good < 600; good++) {
			make_hole(iov, self->end, good, good + bad[i],
				  variant->vector);
			memcpy(iov[1].iov_base, self->out + iov[0].iov_len,
			       good - iov[0].iov_len);
			n = good < MIN(good + bad[i], ATOMIC) ? -EFAULT : good;
			ASSERT_EQ(n, or_errno(writev(self->fd, iov, 2))) {
				TH_LOG("%zu good, %zu bad", good, bad[i]);
			}
			ASSERT_EQ(n > 0 ? n : -EAGAIN,
				  or_errno(read(self->fd, self->in, 2048)));
			ASSERT_EQ(0, memcmp(self->in, self->out, MAX(n, 0)));
		}
	}
}

/* A call that blocks, in a child, until unblock(). */
FIXTURE(blocked) {
	char sysfs[64];
	int fd;
	int nonblock;
	__u32 held;	/* bytes, when it blocks: none, or all that fit */
	char *bytes;	/* these, and "abc" */
};

FIXTURE_VARIANT(blocked) {
	bool write;
};

FIXTURE_VARIANT_ADD(blocked, read) {
};

FIXTURE_VARIANT_ADD(blocked, write) {
	.write = true,
};

FIXTURE_SETUP(blocked)
{
	int i;

	device_drain();
	self->fd = device_open(O_RDWR);
	ASSERT_LE(0, self->fd);
	self->nonblock = device_open(O_RDWR | O_NONBLOCK);
	ASSERT_LE(0, self->nonblock);
	ASSERT_EQ(0, device_sysfs(self->fd, self->sysfs, sizeof(self->sysfs)));
	if (variant->write)
		self->held = device_size();
	self->bytes = malloc(self->held + 3);
	ASSERT_NE(NULL, self->bytes);
	for (i = 0; i < self->held; i++)
		self->bytes[i] = i % 251;
	memcpy(self->bytes + self->held, "abc", 3);
	if (variant->write)
		ASSERT_EQ(0, hold(self->nonblock, self->bytes, self->held));
}

FIXTURE_TEARDOWN(blocked)
{
	free(self->bytes);
	close(self->nonblock);
	close(self->fd);
}

/* In the child: 0 if "abc" was written or read, else an error. */
static int block(int fd, bool write_it)
{
	char bytes[8] = "";
	ssize_t n;

	n = write_it ? write(fd, "abc", 3) : read(fd, bytes, sizeof(bytes));
	if (n < 0)
		return errno;
	return n == 3 && (write_it || !memcmp(bytes, "abc", 3)) ? 0 : -1;
}

/* Do what the child waits for: room for "abc", or "abc" itself. */
static int unblock(int fd, bool write_it)
{
	char bytes[3];

	return (write_it ? read(fd, bytes, 3) : write(fd, "abc", 3)) == 3 ?
	       0 : -1;
}

static int signals;

static void on_signal(int sig)
{
	__atomic_fetch_add(&signals, 1, __ATOMIC_SEQ_CST);
}

static void catch_signal(int flags)
{
	struct sigaction action = {
		.sa_handler = on_signal, .sa_flags = flags,
	};

	sigaction(SIGUSR1, &action, NULL);
}

/* Test that read and write block until the other is done (R2, W1). */
TEST_F(blocked, waits)
{
	pid_t child = spawn();

	if (!child)
		_exit(block(self->fd, variant->write));
	ASSERT_EQ(0, wait_asleep(child));
	ASSERT_EQ(0, unblock(self->nonblock, variant->write));
	EXPECT_EQ(0, reap(child));
	EXPECT_TRUE(holds(self->nonblock, self->bytes + 3, self->held));
}

/* Test that each signal ends a blocked call with EINTR, at no byte's cost (W3). */
TEST_F(blocked, interrupted)
{
	pid_t child = spawn();
	int i;

	if (!child) {
		catch_signal(0);
		for (i = 0; i < SIGNALS; i++) {
			if (block(self->fd, variant->write) != EINTR)
				_exit(1);
		}
		_exit(block(self->fd, variant->write) || signals != SIGNALS);
	}
	for (i = 0; i < SIGNALS; i++) {
		ASSERT_EQ(0, wait_asleep(child));
		ASSERT_EQ(0, kill(child, SIGUSR1));
	}
	ASSERT_EQ(0, wait_asleep(child));
	ASSERT_EQ(0, unblock(self->nonblock, variant->write));
	EXPECT_EQ(0, reap(child));
	EXPECT_TRUE(holds(self->nonblock, self->bytes + 3, self->held));
}

/* Test that under SA_RESTART a call outlives signals, at no byte's cost (W3). */
TEST_F(blocked, restarted)
{
	pid_t child = spawn();
	int i;

	if (!child) {
		catch_signal(SA_RESTART);
		_exit(block(self->fd, variant->write) || signals != SIGNALS);
	}
	for (i = 0; i < SIGNALS; i++) {
		ASSERT_EQ(0, wait_asleep(child));
		ASSERT_EQ(0, kill(child, SIGUSR1));
	}
	ASSERT_EQ(0, wait_asleep(child));
	ASSERT_EQ(0, unblock(self->nonblock, variant->write));
	EXPECT_EQ(0, reap(child));
	EXPECT_TRUE(holds(self->nonblock, self->bytes + 3, self->held));
}

/*
 * Test that SIGKILL ends a blocked call, and that nothing is left of it: no
 * byte, and no open file (W3).
 */
TEST_F(blocked, killed)
{
	long long readers = show(self->sysfs, "readers");
	pid_t child = spawn();
	int status;

	if (!child)
		_exit(block(device_open(O_RDWR), variant->write));
	ASSERT_EQ(0, wait_asleep(child));
	EXPECT_EQ(readers + 1, show(self->sysfs, "readers"));
	ASSERT_EQ(0, kill(child, SIGKILL));
	status = reap(child);
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	EXPECT_EQ(readers, show(self->sysfs, "readers"));
	EXPECT_TRUE(holds(self->nonblock, self->bytes, self->held));
}

/* One writer and one reader, who signal each other. */
FIXTURE(torrent) {
	int fd;
	__u32 size;
};

FIXTURE_VARIANT(torrent) {
	int sa_flags;
};

FIXTURE_VARIANT_ADD(torrent, interrupted) {
};

FIXTURE_VARIANT_ADD(torrent, restarted) {
	.sa_flags = SA_RESTART,
};

FIXTURE_SETUP(torrent)
{
	device_drain();
	self->fd = device_open(O_RDWR);
	ASSERT_LE(0, self->fd);
	self->size = device_size();
	ASSERT_LT(0, self->size);
	catch_signal(variant->sa_flags);
}

FIXTURE_TEARDOWN(torrent)
{
	close(self->fd);
}

/* The byte of the torrent that comes after @at others. */
static char byte_at(size_t at)
{
	return at ^ at >> 8 ^ at >> 16;
}

/*
 * Write or read the next @len bytes, in one piece or in several: how many were
 * done, or an error.
 */
static long flow(int fd, bool write_it, char *bytes, size_t len)
{
	struct iovec iov[SEGMENTS];
	int n;

	if (len % 2)
		return or_errno(write_it ? write(fd, bytes, len) :
					 read(fd, bytes, len));
	n = cut(iov, bytes, len, 3);
	return or_errno(write_it ? writev(fd, iov, n) : readv(fd, iov, n));
}

/* Write or read the whole of it, and signal @rival all the time: 0 if well. */
static int run_torrent(int fd, bool write_it, size_t total, pid_t rival,
		       bool restart)
{
	unsigned int seed = write_it;
	char bytes[2000];
	size_t at = 0, len, i;
	long n;

	while (at < total) {
		len = MIN(1 + rand_r(&seed) % sizeof(bytes), total - at);
		for (i = 0; write_it && i < len; i++)
			bytes[i] = byte_at(at + i);
		n = flow(fd, write_it, bytes, len);
		kill(rival, SIGUSR1);
		if (n == -EINTR && !restart)
			continue;
		if (n <= 0)
			return 1;
		for (i = 0; !write_it && i < n; i++) {
			if (bytes[i] != byte_at(at + i))
				return 2;
		}
		at += n;
	}
	return 0;
}

/*
 * Test that the bytes come out as they went in, whatever the lengths, segments
 * and wraps of the buffer, and whenever signals come (R3, W3).
 */
TEST_F(torrent, in_order)
{
	size_t total = 2 * self->size + 200000;
	bool restart = variant->sa_flags & SA_RESTART;
	pid_t parent = getpid();
	pid_t child = spawn();

	if (!child)
		_exit(run_torrent(self->fd, true, total, parent, restart));
	ASSERT_EQ(0, run_torrent(self->fd, false, total, child, restart));
	EXPECT_EQ(0, reap(child));
}

/* Write all of it with as few calls as can be: 0 if well. */
static int write_flood(int fd, size_t total, bool restart)
{
	char *bytes = malloc(total);
	size_t at;
	long n;

	if (!bytes)
		return 1;
	for (at = 0; at < total; at++)
		bytes[at] = byte_at(at);
	at = 0;
	while (at < total) {
		n = or_errno(write(fd, bytes + at, total - at));
		if (n == -EINTR && !restart)
			continue;
		if (n <= 0)
			break;
		at += n;
	}
	free(bytes);
	return at != total;
}

/*
 * Test that of a write longer than what fits, the bytes that went in before a
 * signal are not written again after it (W3).
 */
TEST_F(torrent, more_than_fits)
{
	bool restart = variant->sa_flags & SA_RESTART;
	size_t total = self->size + 3;
	pid_t child = spawn();

	if (!child)
		_exit(write_flood(self->fd, total, restart));
	ASSERT_EQ(0, wait_asleep(child));
	ASSERT_EQ(0, kill(child, SIGUSR1));
	ASSERT_EQ(0, wait_asleep(child));
	EXPECT_EQ(0, run_torrent(self->fd, false, total, child, restart));
	EXPECT_EQ(0, reap_soon(child));
	EXPECT_EQ(0, device_show("fill"));
}

#define WRITERS	4
#define READERS	3
#define RECORDS	300	/* of each writer */

struct head {
	__u16 writer;
	__u16 len;	/* of all of it */
	__u32 number;
};

/* What the readers share. */
struct count {
	sem_t lock;
	int left;	/* records to come */
	int next[WRITERS];
};

FIXTURE(records) {
	struct count *count;
	pid_t writers[WRITERS];
	pid_t readers[READERS];
};

FIXTURE_SETUP(records)
{
	device_drain();
	self->count = mmap(NULL, sizeof(*self->count), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->count);
	self->count->left = WRITERS * RECORDS;
	ASSERT_EQ(0, sem_init(&self->count->lock, 1, 1));
}

FIXTURE_TEARDOWN(records)
{
	munmap(self->count, sizeof(*self->count));
}

/* Byte @i of a record. */
static char record_byte(const struct head *head, int i)
{
	return head->writer * 67 + head->number * 13 + i;
}

/* Write records of all lengths up to ATOMIC, every other in two segments. */
static int write_records(int writer)
{
	struct head head = { .writer = writer };
	char bytes[ATOMIC];
	struct iovec iov[] = { { &head, sizeof(head) }, { bytes, 0 } };
	int fd = device_open(O_WRONLY);
	unsigned int seed = writer;
	int i, len;

	for (head.number = 0; head.number < RECORDS; head.number++) {
		len = rand_r(&seed) % (ATOMIC - sizeof(head) + 1);
		head.len = sizeof(head) + len;
		iov[1].iov_len = len;
		for (i = 0; i < len; i++)
			bytes[i] = record_byte(&head, i);
		if (writev(fd, iov, 2) != head.len)
			return 1;
	}
	return 0;
}

/* Read one record, which is all there if its first byte is: 0 if well. */
static int read_record(int fd, struct count *count)
{
	char bytes[ATOMIC];
	struct head head;
	int i, len;

	if (read(fd, &head, sizeof(head)) != sizeof(head) ||
	    head.writer >= WRITERS || head.len < sizeof(head) ||
	    head.len > ATOMIC)
		return 1;
	len = head.len - sizeof(head);
	if (read(fd, bytes, len) != len)
		return 2;
	for (i = 0; i < len; i++) {
		if (bytes[i] != record_byte(&head, i))
			return 3;
	}
	return head.number == count->next[head.writer]++ ? 0 : 4;
}

static int read_records(struct count *count)
{
	int fd = device_open(O_RDONLY);
	int bad = 0;

	for (;;) {
		sem_wait(&count->lock);
		if (count->left <= 0)
			break;
		bad = read_record(fd, count);
		count->left = bad ? 0 : count->left - 1;
		sem_post(&count->lock);
	}
	sem_post(&count->lock);
	return bad;
}

/*
 * Test that records of up to ATOMIC bytes arrive whole, once, and in the order
 * of their writer, however many write and read (W1, R3).
 */
TEST_F(records, whole)
{
	int i, status;

	for (i = 0; i < WRITERS; i++) {
		self->writers[i] = spawn();
		if (!self->writers[i])
			_exit(write_records(i));
	}
	for (i = 0; i < READERS; i++) {
		self->readers[i] = spawn();
		if (!self->readers[i])
			_exit(read_records(self->count));
	}
	for (i = 0; i < READERS; i++) {
		status = reap(self->readers[i]);
		ASSERT_EQ(0, status);
	}
	for (i = 0; i < WRITERS; i++) {
		EXPECT_EQ(0, reap(self->writers[i]));
		EXPECT_EQ(RECORDS, self->count->next[i]);
	}
}

TEST_HARNESS_MAIN
