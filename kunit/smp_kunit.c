// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the core on two processors: what is to be true whoever is
 * faster. With one processor they run, too, but meet fewer of the ways in which
 * two calls can fall together. Most of what they would find shows elsewhere: as
 * a report of KCSAN, KASAN or lockdep.
 */

#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/string.h>
#include <linux/uio.h>

#include "../kernel/fifo.h"
#include "../kernel/globalfifo.h"
#include "compat.h"
#include "testkit.h"

#define SIZE	1024U
#define MAX_AIO	4
#define QUEUED	((ssize_t)-EIOCBQUEUED)
#define ROUNDS	256
#define MANY_ROUNDS	(8 * ROUNDS)

static const struct gf_user_ops race_ops = {
	.to_iter		= tk_to_iter,
	.from_iter		= tk_from_iter,
	.fault_in_writeable	= tk_fault_in,
	.fault_in_readable	= tk_fault_in,
	.set_cancel		= tk_set_cancel,
};

/* A FIFO, and what the other side of a race does with it. */
struct smp_test {
	struct gf_fifo fifo;
	struct tk_iocb iocb;
	struct tk_thread *reader;
	struct file *file;
	long ret;
	bool off;
	/* By how many microseconds one of the two is late. */
	unsigned int late;
};

#define LATEST	1000U
/* So many are enough for the other to be done. */
#define LONG	50

/*
 * Have one of the two be later if he was faster, and sooner if not: after some
 * rounds it is a close race, on every host.
 */
static void aim(struct smp_test *ctx, bool faster)
{
	unsigned int step = 1 + ctx->late / 8;

	if (faster)
		ctx->late = min(ctx->late + step, LATEST);
	else
		ctx->late -= min(ctx->late, step);
}

static ssize_t transfer(struct gf_fifo *fifo, int rw, void *buf, size_t len,
			bool nowait)
{
	struct kvec vec = { buf, len };
	struct iov_iter iter;

	iov_iter_kvec(&iter, rw == READ ? ITER_DEST : ITER_SOURCE, &vec, 1,
		      len);
	return rw == READ ? gf_fifo_read(fifo, &iter, nowait) :
			    gf_fifo_write(fifo, &iter, nowait);
}

/* One byte, without waiting. */
static ssize_t put_byte(struct gf_fifo *fifo, u8 byte)
{
	return transfer(fifo, WRITE, &byte, 1, true);
}

/* The byte, or an error. */
static ssize_t get_byte(struct gf_fifo *fifo)
{
	u8 byte;
	ssize_t ret = transfer(fifo, READ, &byte, 1, true);

	return ret == 1 ? byte : ret;
}

/*
 * Streams: several writers and readers at once. A record is so many bytes that
 * all sizes of the ring have room for a whole number of them, so that none is
 * torn (W1) and each read gets one.
 */

#define WRITERS		2
#define READERS		2
#define RECORDS		512U

struct record {
	u32 writer;
	u32 seq;
	u8 fill[56];
};

struct stream {
	struct gf_fifo *fifo;
	u32 id;
	/* Of a reader: how many records of each writer, and was all well? */
	u32 got[WRITERS];
	bool torn;
	bool back;
};

static long stream_write(void *arg)
{
	struct stream *stream = arg;
	struct record record = { .writer = stream->id };
	ssize_t ret;

	for (record.seq = 1; record.seq <= RECORDS; record.seq++) {
		memset(record.fill, record.writer + record.seq,
		       sizeof(record.fill));
		ret = transfer(stream->fifo, WRITE, &record, sizeof(record),
			       false);
		if (ret != sizeof(record))
			return ret;
	}
	return 0;
}

static void stream_check(struct stream *stream, const struct record *record,
			 u32 *last)
{
	u8 fill = record->writer + record->seq;

	if (record->writer >= WRITERS ||
	    memchr_inv(record->fill, fill, sizeof(record->fill))) {
		stream->torn = true;
		return;
	}
	stream->back |= record->seq <= last[record->writer];
	last[record->writer] = record->seq;
	stream->got[record->writer]++;
}

static long stream_read(void *arg)
{
	struct stream *stream = arg;
	u32 last[WRITERS] = {};
	struct record record;
	ssize_t ret;
	u32 n;

	for (n = 0; n < RECORDS * WRITERS / READERS; n++) {
		ret = transfer(stream->fifo, READ, &record, sizeof(record),
			       false);
		if (ret != sizeof(record))
			return ret;
		stream_check(stream, &record, last);
	}
	return 0;
}

/* The sizes that a ring has one after the other, while others use it. */
static long resize_again(void *arg)
{
	struct gf_fifo *fifo = arg;
	unsigned int n;
	long bad = 0;

	for (n = 0; !signal_pending(current); n++) {
		/* Shrinking may be refused: too much is held. */
		gf_fifo_resize(fifo, SIZE << n % 3);
		bad += gf_fifo_fill(fifo) > SIZE << 2;
		/* The others may be of lower priority. */
		usleep_range(10, 20);
	}
	return bad;
}

static void run_streams(struct kunit *test)
{
	struct smp_test *ctx = test->priv;
	struct stream *stream = kunit_kcalloc(test, WRITERS + READERS,
					      sizeof(*stream), GFP_KERNEL);
	struct tk_thread *thread[WRITERS + READERS];
	u32 got[WRITERS] = {};
	unsigned int i, w;

	KUNIT_ASSERT_NOT_NULL(test, stream);
	for (i = 0; i < WRITERS + READERS; i++) {
		stream[i].fifo = &ctx->fifo;
		stream[i].id = i;
		/* A writer and a reader on each processor. */
		thread[i] = tk_start_on(test, i, i < WRITERS ? stream_write :
							       stream_read,
					&stream[i]);
	}
	for (i = 0; i < WRITERS + READERS; i++)
		KUNIT_EXPECT_EQ(test, tk_join(test, thread[i]), 0);
	for (i = WRITERS; i < WRITERS + READERS; i++) {
		KUNIT_EXPECT_FALSE(test, stream[i].torn);
		KUNIT_EXPECT_FALSE(test, stream[i].back);
		for (w = 0; w < WRITERS; w++)
			got[w] += stream[i].got[w];
	}
	for (w = 0; w < WRITERS; w++)
		KUNIT_EXPECT_EQ(test, got[w], RECORDS);
	KUNIT_EXPECT_EQ(test, gf_fifo_fill(&ctx->fifo), 0);
}

/*
 * Test that several readers and writers at once lose nothing, double nothing,
 * keep each writer's order, and never all sleep (R1, W1, K1).
 */
static void smp_streams(struct kunit *test)
{
	run_streams(test);
}

/* Test that they do not mind a ring that grows and shrinks meanwhile (I1). */
static void smp_streams_resize(struct kunit *test)
{
	struct smp_test *ctx = test->priv;
	struct tk_thread *resizer = tk_start_on(test, 1, resize_again,
						&ctx->fifo);

	run_streams(test);
	tk_interrupt(resizer);
	KUNIT_EXPECT_EQ(test, tk_join(test, resizer), 0);
}

/*
 * Sleeping against waking.
 */

static long read_byte(void *arg)
{
	struct gf_fifo *fifo = arg;
	u8 byte;
	ssize_t ret = transfer(fifo, READ, &byte, 1, false);

	return ret == 1 ? byte : ret;
}

static void race_read(void *arg)
{
	struct smp_test *ctx = arg;

	ctx->ret = read_byte(&ctx->fifo);
}

/* Test that a reader who goes to sleep sees the byte that comes then (K1). */
static void smp_sleep_write(struct kunit *test)
{
	struct smp_test *ctx = test->priv;
	struct tk_race *race = tk_race(test, race_read, ctx);
	u64 slept = 0;
	int i;

	for (i = 0; i < MANY_ROUNDS; i++) {
		tk_race_go(test, race);
		udelay(ctx->late);
		KUNIT_ASSERT_EQ(test, put_byte(&ctx->fifo, 42), 1);
		tk_race_over(test, race);
		KUNIT_EXPECT_EQ(test, ctx->ret, 42);
		aim(ctx, ctx->fifo.stats.sleeps == slept);
		slept = ctx->fifo.stats.sleeps;
	}
	kunit_info(test, "slept %llu times of %d", slept, i);
}

static void race_interrupt(void *arg)
{
	struct smp_test *ctx = arg;

	udelay(ctx->late);
	tk_interrupt(ctx->reader);
}

/*
 * Test that a byte that comes together with a signal goes to the one who was
 * signalled or to the next, but not to nobody (K1, W3).
 */
static void smp_signal_write(struct kunit *test)
{
	struct smp_test *ctx = test->priv;
	struct tk_race *race = tk_race(test, race_interrupt, ctx);
	struct tk_thread *second;
	long ret;
	int i;

	for (i = 0; i < ROUNDS / 8; i++) {
		ctx->reader = tk_start_on(test, 1, read_byte, &ctx->fifo);
		tk_wait_asleep(test, ctx->reader, &ctx->fifo.readers.queue);
		second = tk_start_on(test, 0, read_byte, &ctx->fifo);
		tk_wait_asleep(test, second, &ctx->fifo.readers.queue);
		tk_race_go(test, race);
		KUNIT_ASSERT_EQ(test, put_byte(&ctx->fifo, i), 1);
		tk_race_over(test, race);
		ret = tk_join(test, ctx->reader);
		aim(ctx, ret == -ERESTARTSYS);
		if (ret != -ERESTARTSYS) {
			KUNIT_EXPECT_EQ(test, ret, (u8)i);
			KUNIT_ASSERT_EQ(test, put_byte(&ctx->fifo, i), 1);
		}
		KUNIT_EXPECT_EQ(test, tk_join(test, second), (u8)i);
	}
	KUNIT_EXPECT_EQ(test, ctx->fifo.readers.promised, 0);
}

/*
 * Polling against writing.
 */

struct poller {
	poll_table table;
	struct wait_queue_entry entry;
	struct wait_queue_head *queue;
	bool woken;
};

static int poller_wake(struct wait_queue_entry *entry, unsigned int mode,
		       int flags, void *key)
{
	struct poller *poller = container_of(entry, struct poller, entry);

	poller->woken = true;
	return 0;
}

static void poller_wait(struct file *file, struct wait_queue_head *queue,
			poll_table *table)
{
	struct poller *poller = container_of(table, struct poller, table);

	poller->queue = queue;
	/* Whoever looked before this has time to miss something. */
	udelay(LONG);
	init_waitqueue_func_entry(&poller->entry, poller_wake);
	add_wait_queue(queue, &poller->entry);
}

static const struct file_operations no_fops;

static void race_put(void *arg)
{
	struct smp_test *ctx = arg;

	udelay(ctx->late);
	ctx->ret = put_byte(&ctx->fifo, 42);
}

/* Test that poll sees the byte that comes meanwhile, or is woken by it (K3). */
static void smp_poll_write(struct kunit *test)
{
	struct smp_test *ctx = test->priv;
	struct tk_file *holder = tk_open(test, &no_fops, NULL, O_RDONLY);
	struct tk_race *race = tk_race(test, race_put, ctx);
	struct poller poller;
	__poll_t mask;
	int i;

	for (i = 0; i < MANY_ROUNDS; i++) {
		poller = (struct poller){};
		init_poll_funcptr(&poller.table, poller_wait);
		tk_race_go(test, race);
		mask = gf_fifo_poll(&ctx->fifo, holder->file, &poller.table);
		tk_race_over(test, race);
		remove_wait_queue(poller.queue, &poller.entry);
		KUNIT_EXPECT_TRUE(test, poller.woken || (mask & EPOLLIN));
		KUNIT_ASSERT_EQ(test, get_byte(&ctx->fifo), 42);
		aim(ctx, mask & EPOLLIN);
	}
}

/*
 * Asynchronous requests against what ends them.
 */

/* A request that reads into @buf, and has to wait. */
static void queue_read(struct kunit *test, struct smp_test *ctx, u8 *buf,
		       size_t len)
{
	struct kvec vec = { buf, len };
	struct iov_iter iter;

	tk_iocb_async(&ctx->iocb, NULL, 0);
	iov_iter_kvec(&iter, ITER_DEST, &vec, 1, len);
	KUNIT_ASSERT_EQ(test, QUEUED,
			gf_fifo_submit(&ctx->fifo, READ, &ctx->iocb.kiocb,
				       &iter));
}

static void race_cancel(void *arg)
{
	struct smp_test *ctx = arg;

	udelay(ctx->late);
	ctx->ret = tk_cancel(&ctx->iocb);
}

/*
 * Test that a request that is cancelled while its byte comes is completed once,
 * with the byte or without, and that the byte is not lost (A3).
 */
static void smp_cancel_write(struct kunit *test)
{
	struct smp_test *ctx = test->priv;
	struct tk_race *race = tk_race(test, race_cancel, ctx);
	int i, cancelled = 0;
	long ret;
	u8 buf;

	for (i = 0; i < ROUNDS; i++) {
		queue_read(test, ctx, &buf, 1);
		tk_race_go(test, race);
		KUNIT_EXPECT_EQ(test, put_byte(&ctx->fifo, i), 1);
		tk_race_over(test, race);
		ret = tk_wait_completed(test, &ctx->iocb);
		aim(ctx, !ctx->ret);
		if (ctx->ret) {
			/* Too late: it is taken, or completed. */
			KUNIT_EXPECT_TRUE(test, ctx->ret == -EAGAIN ||
					  ctx->ret == -EINVAL);
			KUNIT_ASSERT_EQ(test, ret, 1);
			KUNIT_EXPECT_EQ(test, buf, (u8)i);
			continue;
		}
		cancelled++;
		KUNIT_EXPECT_EQ(test, ret, -ECANCELED);
		KUNIT_ASSERT_EQ(test, get_byte(&ctx->fifo), (u8)i);
	}
	kunit_info(test, "%d of %d cancelled", cancelled, ROUNDS);
	KUNIT_EXPECT_EQ(test, atomic_read(&ctx->iocb.completions), 1);
	KUNIT_EXPECT_EQ(test, gf_aio_pending(&ctx->fifo.aio), 0);
}

/* As soon as it can be cancelled, and until it can. */
static void race_cancel_early(void *arg)
{
	struct smp_test *ctx = arg;

	do {
		ctx->ret = tk_cancel(&ctx->iocb);
		cond_resched();
	} while (ctx->ret == -EINVAL && num_online_cpus() > 1 &&
		 !READ_ONCE(ctx->off));
}

/* Test that a request can be cancelled at any moment of its submission (A3). */
static void smp_cancel_submit(struct kunit *test)
{
	struct smp_test *ctx = test->priv;
	struct tk_race *race = tk_race(test, race_cancel_early, ctx);
	struct iov_iter iter;
	struct kvec vec;
	int i;
	u8 buf;

	for (i = 0; i < ROUNDS; i++) {
		tk_iocb_async(&ctx->iocb, NULL, 0);
		vec = (struct kvec){ &buf, 1 };
		iov_iter_kvec(&iter, ITER_DEST, &vec, 1, 1);
		WRITE_ONCE(ctx->off, false);
		tk_race_go(test, race);
		KUNIT_EXPECT_EQ(test, QUEUED,
				gf_fifo_submit(&ctx->fifo, READ,
					       &ctx->iocb.kiocb, &iter));
		/* With one processor, the other may have been too early. */
		if (num_online_cpus() == 1)
			tk_cancel(&ctx->iocb);
		KUNIT_ASSERT_EQ(test, tk_wait_completed(test, &ctx->iocb),
				-ECANCELED);
		WRITE_ONCE(ctx->off, true);
		tk_race_over(test, race);
		KUNIT_EXPECT_EQ(test, atomic_read(&ctx->iocb.completions), 1);
	}
	KUNIT_EXPECT_EQ(test, gf_aio_pending(&ctx->fifo.aio), 0);
	KUNIT_EXPECT_EQ(test, ctx->fifo.aio.live, 0);
}

/*
 * Test that a FIFO can go as soon as its last request is completed, with the
 * server still at work, and a fault on its way (A3).
 */
static void smp_cancel_destroy(struct kunit *test)
{
	struct smp_test *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);
	struct tk_hole hole;
	struct tk_race *race;
	struct iov_iter iter;
	struct kvec vec;
	int i;
	u8 buf;

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	race = tk_race(test, race_cancel, ctx);
	for (i = 0; i < ROUNDS; i++) {
		KUNIT_ASSERT_EQ(test, 0, gf_fifo_init(&ctx->fifo, SIZE, MAX_AIO,
						      &race_ops, 0));
		hole = (struct tk_hole){ .heals = 1 + i % 2 };
		vec = (struct kvec){ &buf, 1 };
		iov_iter_kvec(&iter, ITER_DEST, &vec, 1, 1);
		tk_hole_dig(test, &hole, &iter);
		queue_read(test, ctx, &buf, 1);
		tk_race_go(test, race);
		put_byte(&ctx->fifo, i);
		tk_race_over(test, race);
		tk_wait_completed(test, &ctx->iocb);
		aim(ctx, !ctx->ret);
		gf_fifo_destroy(&ctx->fifo);
		KUNIT_EXPECT_EQ(test, atomic_read(&ctx->iocb.completions), 1);
		/* Whoever is still in it has something to trip over. */
		memset(&ctx->fifo, POISON_FREE, sizeof(ctx->fifo));
		tk_hole_fill(&hole);
	}
}

/*
 * Asynchronous notification against its end.
 */

static int smp_fasync(int fd, struct file *file, int on)
{
	struct smp_test *ctx = file->private_data;

	return gf_notify_fasync(&ctx->fifo.notify, fd, file, on);
}

static const struct file_operations fasync_fops = { .fasync = smp_fasync };

static void race_read_write(void *arg)
{
	struct smp_test *ctx = arg;

	ctx->ret = 0;
	ctx->ret += put_byte(&ctx->fifo, 1);
	ctx->ret += get_byte(&ctx->fifo);
	ctx->ret += put_byte(&ctx->fifo, 1);
	ctx->ret += get_byte(&ctx->fifo);
}

/*
 * Test that a file can be closed while it is told of bytes and room, and hears
 * nothing after that (N3).
 */
static void smp_close_signal(struct kunit *test)
{
	struct smp_test *ctx = test->priv;
	struct tk_race *race = tk_race(test, race_read_write, ctx);
	struct tk_file *holder;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		holder = tk_open(test, &fasync_fops, ctx, O_RDWR);
		tk_own(test, holder->file, SIGIO);
		KUNIT_ASSERT_EQ(test, smp_fasync(3, holder->file, 1), 1);
		tk_race_go(test, race);
		tk_close(holder);
		tk_signals();
		KUNIT_EXPECT_NULL(test, READ_ONCE(ctx->fifo.notify.readers));
		KUNIT_EXPECT_NULL(test, READ_ONCE(ctx->fifo.notify.writers));
		tk_race_over(test, race);
		KUNIT_EXPECT_EQ(test, ctx->ret, 4);
		KUNIT_EXPECT_EQ(test, tk_signals(), 0);
	}
}

static void race_fasync(void *arg)
{
	struct smp_test *ctx = arg;

	ctx->ret = smp_fasync(4, ctx->file, ctx->off);
}

/* Test that a file is on both lists or on none, whoever sets O_ASYNC (N3). */
static void smp_fasync_fasync(struct kunit *test)
{
	struct smp_test *ctx = test->priv;
	struct tk_file *holder = tk_open(test, &fasync_fops, ctx, O_RDWR);
	struct tk_race *race = tk_race(test, race_fasync, ctx);
	struct gf_notify *notify = &ctx->fifo.notify;
	int i;

	ctx->file = holder->file;
	for (i = 0; i < MANY_ROUNDS; i++) {
		ctx->off = i & 2;
		tk_race_go(test, race);
		KUNIT_EXPECT_GE(test, smp_fasync(3, holder->file, i & 1), 0);
		tk_race_over(test, race);
		KUNIT_EXPECT_GE(test, ctx->ret, 0);
		KUNIT_EXPECT_EQ(test, !notify->readers, !notify->writers);
		KUNIT_EXPECT_EQ(test, !notify->readers,
				!(holder->file->f_flags & FASYNC));
	}
}

/*
 * Reading what changes: none of these takes the lock.
 */

static void race_transfers(void *arg)
{
	struct smp_test *ctx = arg;
	u8 buf[SIZE / 2];
	int i;

	memset(buf, 0, sizeof(buf));
	for (i = 0; i < 8; i++) {
		transfer(&ctx->fifo, WRITE, buf, sizeof(buf), true);
		gf_fifo_resize(&ctx->fifo, SIZE << (i & 1));
		transfer(&ctx->fifo, READ, buf, sizeof(buf), true);
	}
	WRITE_ONCE(ctx->off, true);
}

static void look(struct kunit *test, struct file *file,
		 struct gf_fifo_stats *before)
{
	struct smp_test *ctx = test->priv;
	size_t size = gf_fifo_size(&ctx->fifo);
	size_t fill = gf_fifo_fill(&ctx->fifo);
	struct gf_fifo_stats stats = gf_fifo_stats(&ctx->fifo);

	KUNIT_EXPECT_TRUE(test, size == SIZE || size == 2 * SIZE);
	KUNIT_EXPECT_TRUE(test, !fill || fill == SIZE / 2);
	KUNIT_EXPECT_GE(test, stats.bytes_in, stats.bytes_out);
	KUNIT_EXPECT_GE(test, stats.writes, before->writes);
	gf_fifo_poll(&ctx->fifo, file, NULL);
	*before = stats;
}

/* Test that what can be seen from outside was true at some moment (K3, T2). */
static void smp_look(struct kunit *test)
{
	struct smp_test *ctx = test->priv;
	struct tk_file *holder = tk_open(test, &no_fops, NULL, O_RDWR);
	struct tk_race *race = tk_race(test, race_transfers, ctx);
	struct gf_fifo_stats before = {};
	int i;

	for (i = 0; i < ROUNDS; i++) {
		WRITE_ONCE(ctx->off, false);
		tk_race_go(test, race);
		do {
			look(test, holder->file, &before);
		} while (num_online_cpus() > 1 && !READ_ONCE(ctx->off));
		tk_race_over(test, race);
	}
}

/* After the end of all threads. */
static void smp_fifo_end(void *data)
{
	gf_fifo_destroy(data);
}

static int smp_test_init(struct kunit *test)
{
	struct smp_test *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);
	int err;

	if (!ctx)
		return -ENOMEM;
	err = gf_fifo_init(&ctx->fifo, SIZE, MAX_AIO, &race_ops, 0);
	if (err)
		return err;
	test->priv = ctx;
	return kunit_add_action_or_reset(test, smp_fifo_end, &ctx->fifo);
}

static struct kunit_case smp_cases[] = {
	KUNIT_CASE(smp_streams),
	KUNIT_CASE(smp_streams_resize),
	KUNIT_CASE(smp_sleep_write),
	KUNIT_CASE(smp_signal_write),
	KUNIT_CASE(smp_poll_write),
	KUNIT_CASE(smp_cancel_write),
	KUNIT_CASE(smp_cancel_submit),
	KUNIT_CASE(smp_cancel_destroy),
	KUNIT_CASE(smp_close_signal),
	KUNIT_CASE(smp_fasync_fasync),
	KUNIT_CASE(smp_look),
	{}
};

static struct kunit_suite smp_suite = {
	.name = "smp",
	.init = smp_test_init,
	.test_cases = smp_cases,
};

kunit_test_suite(smp_suite);

MODULE_DESCRIPTION("KUnit tests of globalfifo on two processors");
MODULE_LICENSE("GPL");
