// SPDX-License-Identifier: GPL-2.0
/* KUnit tests of the core: read, write, poll, and what they tell whom. */

#include <kunit/test.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/prandom.h>
#include <linux/string.h>
#include <linux/uio.h>

#include "../kernel/fifo.h"
#include "../kernel/globalfifo.h"
#include "../kernel/trace.h"
#include "compat.h"
#include "testkit.h"

#define SIZE	1024UL
#define MAX_AIO	4
#define ATOMIC	((size_t)GLOBALFIFO_ATOMIC)

#define IN	((__force unsigned int)(EPOLLIN | EPOLLRDNORM))
#define OUT	((__force unsigned int)(EPOLLOUT | EPOLLWRNORM))

/* The core as it ships, but for the border to user memory. */
static const struct gf_user_ops hole_ops = {
	.to_iter		= tk_to_iter,
	.from_iter		= tk_from_iter,
	.fault_in_writeable	= tk_fault_in,
	.fault_in_readable	= tk_fault_in,
};

/*
 * A FIFO, and the stream that went through it: byte number n of the stream
 * has the value n modulo 251, so that a lost, doubled or moved byte shows.
 */
struct fifo_test {
	struct gf_fifo fifo;
	size_t written;
	size_t read;
	u8 in[2 * SIZE];
	u8 out[2 * SIZE];
};

static u8 stream_byte(size_t n)
{
	return n % 251;
}

static struct kvec write_vec(struct fifo_test *ctx, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		ctx->in[i] = stream_byte(ctx->written + i);
	return (struct kvec){ ctx->in, len };
}

/* Write the next @len bytes of the stream. */
static ssize_t put(struct fifo_test *ctx, size_t len)
{
	struct kvec vec = write_vec(ctx, len);
	struct iov_iter iter;
	ssize_t ret;

	iov_iter_kvec(&iter, ITER_SOURCE, &vec, 1, len);
	ret = gf_fifo_write(&ctx->fifo, &iter, true);
	if (ret > 0)
		ctx->written += ret;
	return ret;
}

/* Do the @len bytes of ctx->out continue the stream? */
static bool is_next(struct fifo_test *ctx, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (ctx->out[i] != stream_byte(ctx->read + i))
			return false;
	ctx->read += len;
	return true;
}

/* Read @len bytes and check them against the stream; -EIO if they are wrong. */
static ssize_t get(struct fifo_test *ctx, size_t len)
{
	struct kvec vec = { ctx->out, len };
	struct iov_iter iter;
	ssize_t ret;

	iov_iter_kvec(&iter, ITER_DEST, &vec, 1, len);
	ret = gf_fifo_read(&ctx->fifo, &iter, true);
	if (ret > 0 && !is_next(ctx, ret))
		return -EIO;
	return ret;
}

static size_t held(struct fifo_test *ctx)
{
	return gf_ring_used(&ctx->fifo.ring);
}

/* A FIFO that holds @len bytes and has @start bytes of history. */
static struct fifo_test *fifo_with(struct kunit *test, size_t start, size_t len)
{
	struct fifo_test *ctx = test->priv;
	size_t n;

	for (; start; start -= n) {
		n = min(start, SIZE);
		KUNIT_ASSERT_EQ(test, put(ctx, n), n);
		KUNIT_ASSERT_EQ(test, get(ctx, n), n);
	}
	for (; len; len -= n) {
		n = min(len, ATOMIC);
		KUNIT_ASSERT_EQ(test, put(ctx, n), n);
	}
	return ctx;
}

/*
 * Empty.
 */

/* Test that an empty FIFO has nothing to read: EAGAIN, and not 0 (R1, R2). */
static void fifo_empty_read(struct kunit *test)
{
	struct fifo_test *ctx = fifo_with(test, 0, 0);

	KUNIT_EXPECT_EQ(test, get(ctx, 1), -EAGAIN);
	KUNIT_EXPECT_EQ(test, held(ctx), 0);
}

/*
 * Test that count 0 returns 0 at once, on an empty FIFO and on a full one, and
 * neither wakes nor signals anybody (R1).
 */
static void fifo_zero(struct kunit *test)
{
	struct fifo_test *ctx = fifo_with(test, 0, 0);
	struct tk_counter *polls = tk_count_wakes(test, &ctx->fifo.poll);
	struct kvec vec = {};
	struct iov_iter iter;

	iov_iter_kvec(&iter, ITER_DEST, &vec, 1, 0);
	KUNIT_EXPECT_EQ(test, gf_fifo_read(&ctx->fifo, &iter, false), 0);
	iov_iter_kvec(&iter, ITER_SOURCE, &vec, 1, 0);
	KUNIT_EXPECT_EQ(test, gf_fifo_write(&ctx->fifo, &iter, false), 0);
	KUNIT_EXPECT_EQ(test, polls->wakes, 0);

	fifo_with(test, 0, SIZE);
	polls->wakes = 0;
	KUNIT_EXPECT_EQ(test, gf_fifo_write(&ctx->fifo, &iter, false), 0);
	iov_iter_kvec(&iter, ITER_DEST, &vec, 1, 0);
	KUNIT_EXPECT_EQ(test, gf_fifo_read(&ctx->fifo, &iter, false), 0);
	KUNIT_EXPECT_EQ(test, polls->wakes, 0);
}

/*
 * Part full.
 */

/* Test that a read returns what there is, or less if less is asked (R1). */
static void fifo_read_short(struct kunit *test)
{
	struct fifo_test *ctx = fifo_with(test, 0, 10);

	KUNIT_EXPECT_EQ(test, get(ctx, 3), 3);
	KUNIT_EXPECT_EQ(test, get(ctx, 100), 7);
	KUNIT_EXPECT_EQ(test, get(ctx, 100), -EAGAIN);
}

/*
 * Test that what ends a read leaves its iterator where it was: io_uring goes
 * on with it after EAGAIN.
 */
static void fifo_eagain_iter(struct kunit *test)
{
	struct fifo_test *ctx = fifo_with(test, 0, 0);
	struct kvec vec = { ctx->out, 8 };
	struct iov_iter iter;

	iov_iter_kvec(&iter, ITER_DEST, &vec, 1, 8);
	KUNIT_EXPECT_EQ(test, gf_fifo_read(&ctx->fifo, &iter, true), -EAGAIN);
	KUNIT_EXPECT_EQ(test, iov_iter_count(&iter), 8);
	KUNIT_ASSERT_EQ(test, put(ctx, 3), 3);
	KUNIT_EXPECT_EQ(test, gf_fifo_read(&ctx->fifo, &iter, true), 3);
	KUNIT_EXPECT_EQ(test, iov_iter_count(&iter), 5);
	KUNIT_EXPECT_TRUE(test, is_next(ctx, 3));
}

/*
 * Full, or nearly so.
 */

/* Test that a full FIFO takes nothing: EAGAIN, and not 0 (R1, W1). */
static void fifo_full_write(struct kunit *test)
{
	struct fifo_test *ctx = fifo_with(test, 0, SIZE);

	KUNIT_EXPECT_EQ(test, put(ctx, 1), -EAGAIN);
	KUNIT_EXPECT_EQ(test, held(ctx), SIZE);
	KUNIT_EXPECT_EQ(test, get(ctx, SIZE), SIZE);
}

/* Test that up to ATOMIC bytes go in whole or not at all (W1). */
static void fifo_atomic(struct kunit *test)
{
	struct fifo_test *ctx = fifo_with(test, 0, SIZE - 10);

	KUNIT_EXPECT_EQ(test, put(ctx, 11), -EAGAIN);
	KUNIT_EXPECT_EQ(test, put(ctx, ATOMIC), -EAGAIN);
	KUNIT_EXPECT_EQ(test, held(ctx), SIZE - 10);
	KUNIT_EXPECT_EQ(test, put(ctx, 10), 10);
	KUNIT_EXPECT_EQ(test, held(ctx), SIZE);
}

/* Test that a long write waits for ATOMIC bytes of room, and takes all (W1). */
static void fifo_long_write(struct kunit *test)
{
	struct fifo_test *ctx = fifo_with(test, 0, SIZE - ATOMIC + 1);

	KUNIT_EXPECT_EQ(test, put(ctx, SIZE), -EAGAIN);
	KUNIT_EXPECT_EQ(test, get(ctx, 1), 1);
	KUNIT_EXPECT_EQ(test, put(ctx, SIZE), ATOMIC);
	KUNIT_EXPECT_EQ(test, get(ctx, SIZE), SIZE);
}

/* Test that more than the FIFO holds goes in as far as it fits (W1). */
static void fifo_huge_write(struct kunit *test)
{
	struct fifo_test *ctx = fifo_with(test, 0, 0);

	KUNIT_EXPECT_EQ(test, put(ctx, 2 * SIZE), SIZE);
	KUNIT_EXPECT_EQ(test, get(ctx, 2 * SIZE), SIZE);
}

/*
 * Wrapped.
 */

/*
 * Test that bytes keep their order wherever the buffer wraps in them: at every
 * offset of it (R3).
 */
static void fifo_wrap(struct kunit *test)
{
	struct fifo_test *ctx = fifo_with(test, 0, ATOMIC);
	size_t start;

	for (start = 0; start <= SIZE; start++) {
		KUNIT_ASSERT_EQ(test, put(ctx, ATOMIC), ATOMIC);
		KUNIT_ASSERT_EQ(test, get(ctx, SIZE), 2 * ATOMIC);
		KUNIT_ASSERT_EQ(test, put(ctx, ATOMIC + 1), ATOMIC + 1);
		KUNIT_ASSERT_EQ(test, get(ctx, 1), 1);
	}
}

/* Test that segments are filled one after the other, wherever they end (R3). */
static void fifo_segments(struct kunit *test)
{
	struct fifo_test *ctx = fifo_with(test, SIZE - 5, 12);
	struct kvec vec[] = {
		{ ctx->out, 1 },
		{ ctx->out + 1, 0 },
		{ ctx->out + 1, 6 },
		{ ctx->out + 7, 100 },
	};
	struct iov_iter iter;

	iov_iter_kvec(&iter, ITER_DEST, vec, ARRAY_SIZE(vec), 107);
	KUNIT_EXPECT_EQ(test, gf_fifo_read(&ctx->fifo, &iter, true), 12);
	KUNIT_EXPECT_TRUE(test, is_next(ctx, 12));
}

/*
 * Faults.
 */

static ssize_t get_with_hole(struct kunit *test, struct tk_hole *hole,
			     size_t len)
{
	struct fifo_test *ctx = test->priv;
	struct kvec vec = { ctx->out, len };
	struct iov_iter iter;
	ssize_t ret;

	iov_iter_kvec(&iter, ITER_DEST, &vec, 1, len);
	tk_hole_dig(test, hole, &iter);
	ret = gf_fifo_read(&ctx->fifo, &iter, true);
	tk_hole_fill(hole);
	KUNIT_EXPECT_EQ(test, iov_iter_count(&iter), len - max_t(ssize_t, ret, 0));
	if (ret > 0 && !is_next(ctx, ret))
		return -EIO;
	return ret;
}

static ssize_t put_with_hole(struct kunit *test, struct tk_hole *hole,
			     size_t len)
{
	struct fifo_test *ctx = test->priv;
	struct kvec vec = write_vec(ctx, len);
	struct iov_iter iter;
	ssize_t ret;

	iov_iter_kvec(&iter, ITER_SOURCE, &vec, 1, len);
	tk_hole_dig(test, hole, &iter);
	ret = gf_fifo_write(&ctx->fifo, &iter, true);
	tk_hole_fill(hole);
	KUNIT_EXPECT_EQ(test, iov_iter_count(&iter), len - max_t(ssize_t, ret, 0));
	if (ret > 0)
		ctx->written += ret;
	return ret;
}

/*
 * Test that a read stops before a bad byte, wherever it is, and what was not
 * copied stays; the first byte bad is EFAULT (W2).
 */
static void fifo_read_fault(struct kunit *test)
{
	struct fifo_test *ctx = fifo_with(test, SIZE - 20, 40);
	size_t at;

	for (at = 0; at < 40; at++) {
		struct tk_hole hole = { .at = at };

		KUNIT_ASSERT_EQ(test, get_with_hole(test, &hole, 40),
				at ?: -EFAULT);
		KUNIT_ASSERT_EQ(test, held(ctx), 40 - at);
		KUNIT_ASSERT_EQ(test, at ? put(ctx, at) : 0, at);
	}
}

/*
 * Test that a write of which fewer than min(count, ATOMIC) bytes can be copied
 * puts nothing in, wherever the bad byte is, and that a longer one puts in the
 * bytes before it (W2).
 */
static void fifo_write_fault(struct kunit *test)
{
	struct fifo_test *ctx = fifo_with(test, SIZE - 20, 0);
	size_t at;

	for (at = 0; at < ATOMIC; at++) {
		struct tk_hole hole = { .at = at };

		KUNIT_ASSERT_EQ(test, put_with_hole(test, &hole, ATOMIC),
				-EFAULT);
		KUNIT_ASSERT_EQ(test, put_with_hole(test, &hole, SIZE),
				-EFAULT);
		KUNIT_ASSERT_EQ(test, held(ctx), 0);
	}
	for (; at <= ATOMIC + 40; at++) {
		struct tk_hole hole = { .at = at };

		KUNIT_ASSERT_EQ(test, put_with_hole(test, &hole, SIZE), at);
		KUNIT_ASSERT_EQ(test, held(ctx), at);
		KUNIT_ASSERT_EQ(test, get(ctx, SIZE), at);
	}
}

/*
 * Test that a page that comes in makes the copy whole: no short transfer on
 * account of a fault (R4).
 */
static void fifo_fault_heals(struct kunit *test)
{
	struct fifo_test *ctx = fifo_with(test, SIZE - 20, 0);
	struct tk_hole hole = { .at = 30, .heals = 1 };

	KUNIT_EXPECT_EQ(test, put_with_hole(test, &hole, 40), 40);
	KUNIT_EXPECT_EQ(test, hole.faults, 1);
	KUNIT_EXPECT_EQ(test, held(ctx), 40);
	hole = (struct tk_hole){ .at = 30, .heals = 1 };
	KUNIT_EXPECT_EQ(test, get_with_hole(test, &hole, 40), 40);
	KUNIT_EXPECT_EQ(test, hole.faults, 1);
}

/*
 * Test that a page that comes and goes is not waited for without end, and then
 * counts as bad (R4, W2).
 */
static void fifo_fault_lies(struct kunit *test)
{
	struct fifo_test *ctx = fifo_with(test, 0, 40);
	struct tk_hole hole = { .at = 0, .lies = true };

	KUNIT_EXPECT_EQ(test, get_with_hole(test, &hole, 40), -EFAULT);
	KUNIT_EXPECT_GT(test, hole.attempts, 1);
	KUNIT_EXPECT_LT(test, hole.attempts, 100);
	KUNIT_EXPECT_EQ(test, held(ctx), 40);
	hole.at = 39;
	KUNIT_EXPECT_EQ(test, put_with_hole(test, &hole, 40), -EFAULT);
	KUNIT_EXPECT_EQ(test, held(ctx), 40);
	hole.at = 30;
	KUNIT_EXPECT_EQ(test, get_with_hole(test, &hole, 40), 30);
	KUNIT_EXPECT_EQ(test, get(ctx, SIZE), 10);
	hole.at = ATOMIC + 1;
	KUNIT_EXPECT_EQ(test, put_with_hole(test, &hole, SIZE), ATOMIC + 1);
	KUNIT_EXPECT_EQ(test, get(ctx, SIZE), ATOMIC + 1);
}

/* The next attempt gets a byte further. */
static void hole_moves(void *arg)
{
	struct tk_hole *hole = arg;

	hole->at++;
}

/* Test that a copy that gets further at each try is not given up (R4). */
static void fifo_fault_progress(struct kunit *test)
{
	struct fifo_test *ctx = fifo_with(test, 0, 0);
	struct tk_hole hole = {
		.lies = true, .on_attempt = hole_moves, .arg = &hole,
	};

	KUNIT_EXPECT_EQ(test, put_with_hole(test, &hole, 200), 200);
	hole.at = 0;
	KUNIT_EXPECT_EQ(test, get_with_hole(test, &hole, 200), 200);
	KUNIT_EXPECT_EQ(test, held(ctx), 0);
}

/* Test that a page that takes some tries is worth them (R4). */
static void fifo_fault_tries(struct kunit *test)
{
	struct tk_hole hole = { .at = 0, .heals = 3, .lies = true };

	fifo_with(test, 0, 40);
	KUNIT_EXPECT_EQ(test, get_with_hole(test, &hole, 40), 40);
	KUNIT_EXPECT_EQ(test, hole.attempts, 3);
}

/* While the reader's fault is served: another takes 35 bytes. */
static void rival_gets(void *arg)
{
	struct fifo_test *ctx = arg;

	if (!mutex_is_locked(&ctx->fifo.lock))
		get(ctx, 35);
}

/*
 * Test that the lock is free while a fault is served, and that nothing that a
 * rival took meanwhile is read again (R3, R4).
 */
static void fifo_fault_unlocked(struct kunit *test)
{
	struct fifo_test *ctx = fifo_with(test, SIZE - 20, 40);
	struct tk_hole hole = {
		.at = 30, .heals = 1, .on_attempt = rival_gets, .arg = ctx,
	};

	KUNIT_EXPECT_EQ(test, get_with_hole(test, &hole, 40), 5);
	KUNIT_EXPECT_EQ(test, hole.attempts, 1);
	KUNIT_EXPECT_EQ(test, held(ctx), 0);
}

/*
 * Blocked.
 */

/* One blocking call in a thread of its own. */
struct call {
	struct gf_fifo *fifo;
	size_t len;
	bool nowait;
	u8 buf[2 * SIZE];
	struct tk_thread *thread;
};

static long call_read(void *arg)
{
	struct call *call = arg;
	struct kvec vec = { call->buf, call->len };
	struct iov_iter iter;

	iov_iter_kvec(&iter, ITER_DEST, &vec, 1, call->len);
	return gf_fifo_read(call->fifo, &iter, call->nowait);
}

static long call_write(void *arg)
{
	struct call *call = arg;
	struct kvec vec = { call->buf, call->len };
	struct iov_iter iter;

	iov_iter_kvec(&iter, ITER_SOURCE, &vec, 1, call->len);
	return gf_fifo_write(call->fifo, &iter, call->nowait);
}

static struct call *call_start(struct kunit *test, long (*fn)(void *),
			       size_t len)
{
	struct fifo_test *ctx = test->priv;
	struct call *call = kunit_kzalloc(test, sizeof(*call), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, call);
	call->fifo = &ctx->fifo;
	call->len = len;
	call->thread = tk_start(test, fn, call);
	tk_wait_asleep(test, call->thread, fn == call_read ?
		       &ctx->fifo.readers.queue : &ctx->fifo.writers.queue);
	return call;
}

/* Test that a read of an empty FIFO sleeps until there are bytes (R2). */
static void fifo_blocked_reader(struct kunit *test)
{
	struct fifo_test *ctx = fifo_with(test, 0, 0);
	struct call *reader = call_start(test, call_read, 10);

	KUNIT_EXPECT_EQ(test, put(ctx, 3), 3);
	KUNIT_EXPECT_EQ(test, tk_join(test, reader->thread), 3);
	KUNIT_EXPECT_EQ(test, reader->buf[2], stream_byte(2));
	KUNIT_EXPECT_EQ(test, held(ctx), 0);
}

/* Test that a write sleeps until its bytes fit, not just any (W1, K2). */
static void fifo_blocked_writer(struct kunit *test)
{
	struct fifo_test *ctx = fifo_with(test, 0, SIZE);
	struct call *writer = call_start(test, call_write, 10);

	KUNIT_EXPECT_EQ(test, get(ctx, 9), 9);
	tk_wait_asleep(test, writer->thread, &ctx->fifo.writers.queue);
	KUNIT_EXPECT_EQ(test, get(ctx, 1), 1);
	KUNIT_EXPECT_EQ(test, tk_join(test, writer->thread), 10);
	KUNIT_EXPECT_EQ(test, held(ctx), SIZE);
}

/* Test that a signal ends a blocked read, and costs no byte (W3). */
static void fifo_interrupted_reader(struct kunit *test)
{
	struct fifo_test *ctx = fifo_with(test, 0, 0);
	struct call *reader = call_start(test, call_read, 10);

	tk_interrupt(reader->thread);
	KUNIT_EXPECT_EQ(test, tk_join(test, reader->thread), -ERESTARTSYS);
	KUNIT_EXPECT_EQ(test, put(ctx, 3), 3);
	KUNIT_EXPECT_EQ(test, get(ctx, 10), 3);
}

/* Test that a signal ends a blocked write, and adds no byte (W3). */
static void fifo_interrupted_writer(struct kunit *test)
{
	struct fifo_test *ctx = fifo_with(test, 0, SIZE);
	struct call *writer = call_start(test, call_write, 10);

	tk_interrupt(writer->thread);
	KUNIT_EXPECT_EQ(test, tk_join(test, writer->thread), -ERESTARTSYS);
	KUNIT_EXPECT_EQ(test, get(ctx, SIZE), SIZE);
	KUNIT_EXPECT_EQ(test, held(ctx), 0);
}

/* Test that n readers and one write of n bytes all return (K1). */
static void fifo_many_readers(struct kunit *test)
{
	struct fifo_test *ctx = fifo_with(test, 0, 0);
	struct call *readers[4];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(readers); i++)
		readers[i] = call_start(test, call_read, 1);
	KUNIT_EXPECT_EQ(test, put(ctx, 4), 4);
	for (i = 0; i < ARRAY_SIZE(readers); i++)
		KUNIT_EXPECT_EQ(test, tk_join(test, readers[i]->thread), 1);
}

/* Test that one byte wakes one reader and leaves the others asleep (K2). */
static void fifo_one_byte(struct kunit *test)
{
	struct fifo_test *ctx = fifo_with(test, 0, 0);
	struct call *first = call_start(test, call_read, 10);
	struct call *second = call_start(test, call_read, 10);

	KUNIT_EXPECT_EQ(test, put(ctx, 1), 1);
	KUNIT_EXPECT_EQ(test, tk_join(test, first->thread), 1);
	tk_wait_asleep(test, second->thread, &ctx->fifo.readers.queue);
	KUNIT_EXPECT_EQ(test, put(ctx, 1), 1);
	KUNIT_EXPECT_EQ(test, tk_join(test, second->thread), 1);
}

/* Test that a writer who needs little overtakes one who needs much (K1). */
static void fifo_overtake(struct kunit *test)
{
	struct fifo_test *ctx = fifo_with(test, 0, SIZE);
	struct call *big = call_start(test, call_write, ATOMIC);
	struct call *small = call_start(test, call_write, 1);

	KUNIT_EXPECT_EQ(test, get(ctx, 1), 1);
	KUNIT_EXPECT_EQ(test, tk_join(test, small->thread), 1);
	tk_wait_asleep(test, big->thread, &ctx->fifo.writers.queue);
}

/* Test that a write that makes a sleeping writer's room does not wake him (K2). */
static void fifo_wakes_the_right_side(struct kunit *test)
{
	struct fifo_test *ctx = fifo_with(test, 0, SIZE - 5);
	struct call *writer = call_start(test, call_write, 10);
	struct tk_counter *writers = tk_count_wakes(test,
						    &ctx->fifo.writers.queue);

	KUNIT_EXPECT_EQ(test, get(ctx, 1), 1);
	KUNIT_EXPECT_EQ(test, put(ctx, 1), 1);
	tk_wait_asleep(test, writer->thread, &ctx->fifo.writers.queue);
	KUNIT_EXPECT_EQ(test, get(ctx, 5), 5);
	KUNIT_EXPECT_EQ(test, tk_join(test, writer->thread), 10);
	KUNIT_EXPECT_GT(test, writers->wakes, 0);
}

/*
 * The rivals' work, by hand: wake the first writer of a full FIFO, and rob him of
 * a part of what woke him. That he cannot run meanwhile, the caller has the lock.
 */
static void rob_writer(struct gf_fifo *fifo)
{
	gf_ring_take(&fifo->ring, ATOMIC);
	gf_waiters_wake(&fifo->writers,
			gf_waiters_supply(&fifo->writers, ATOMIC));
	gf_ring_put(&fifo->ring, 200);
}

/*
 * Test that a writer who is woken, robbed of a part of what woke him, and then
 * interrupted, hands on what is left (K1).
 */
static void fifo_hand_on(struct kunit *test)
{
	struct fifo_test *ctx = fifo_with(test, 0, SIZE);
	struct call *big = call_start(test, call_write, ATOMIC);
	struct call *small = call_start(test, call_write, 100);
	struct gf_fifo *fifo = &ctx->fifo;

	mutex_lock(&fifo->lock);
	rob_writer(fifo);
	tk_interrupt(big->thread);
	mutex_unlock(&fifo->lock);
	KUNIT_EXPECT_EQ(test, tk_join(test, big->thread), -ERESTARTSYS);
	KUNIT_EXPECT_EQ(test, tk_join(test, small->thread), 100);
}

/* Test that one who goes back to sleep after that hands on, too (K1). */
static void fifo_hand_on_asleep(struct kunit *test)
{
	struct fifo_test *ctx = fifo_with(test, 0, SIZE);
	struct call *big = call_start(test, call_write, ATOMIC);
	struct call *small = call_start(test, call_write, 100);
	struct gf_fifo *fifo = &ctx->fifo;

	mutex_lock(&fifo->lock);
	rob_writer(fifo);
	mutex_unlock(&fifo->lock);
	KUNIT_EXPECT_EQ(test, tk_join(test, small->thread), 100);
	gf_fifo_clear(fifo);
	KUNIT_EXPECT_EQ(test, tk_join(test, big->thread), ATOMIC);
}

/* Test that a reader who is woken but has a bad buffer hands on (K1, R4). */
static void fifo_fault_hands_on(struct kunit *test)
{
	struct fifo_test *ctx = fifo_with(test, 0, 0);
	struct call *bad = call_start(test, call_read, 10);
	struct call *good = call_start(test, call_read, 10);
	struct kvec vec = { bad->buf, 10 };
	struct tk_hole hole = {};
	struct iov_iter iter;

	iov_iter_kvec(&iter, ITER_DEST, &vec, 1, 10);
	tk_hole_dig(test, &hole, &iter);
	KUNIT_EXPECT_EQ(test, put(ctx, 1), 1);
	KUNIT_EXPECT_EQ(test, tk_join(test, bad->thread), -EFAULT);
	KUNIT_EXPECT_EQ(test, tk_join(test, good->thread), 1);
	tk_hole_fill(&hole);
}

/*
 * Cleared.
 */

/* Test that CLEAR takes all, tells whoever waits for room, and only once (I1). */
static void fifo_clear(struct kunit *test)
{
	struct fifo_test *ctx = fifo_with(test, SIZE - 20, 40);
	struct tk_counter *polls = tk_count_wakes(test, &ctx->fifo.poll);

	gf_fifo_clear(&ctx->fifo);
	KUNIT_EXPECT_EQ(test, held(ctx), 0);
	KUNIT_EXPECT_EQ(test, polls->wakes, 1);
	KUNIT_EXPECT_EQ(test, (__force unsigned int)
			key_to_poll(polls->key), OUT);
	gf_fifo_clear(&ctx->fifo);
	KUNIT_EXPECT_EQ(test, polls->wakes, 1);
	KUNIT_EXPECT_EQ(test, get(ctx, 1), -EAGAIN);
	ctx->read = ctx->written;
	KUNIT_EXPECT_EQ(test, put(ctx, SIZE), SIZE);
	KUNIT_EXPECT_EQ(test, get(ctx, SIZE), SIZE);
}

/* Test that CLEAR wakes as many writers as then fit, and no more (I1, K1, K2). */
static void fifo_clear_wakes(struct kunit *test)
{
	struct fifo_test *ctx = fifo_with(test, 0, SIZE);
	struct call *writers[3];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(writers); i++)
		writers[i] = call_start(test, call_write, ATOMIC);
	gf_fifo_clear(&ctx->fifo);
	KUNIT_EXPECT_EQ(test, tk_join(test, writers[0]->thread), ATOMIC);
	KUNIT_EXPECT_EQ(test, tk_join(test, writers[1]->thread), ATOMIC);
	tk_wait_asleep(test, writers[2]->thread, &ctx->fifo.writers.queue);
	KUNIT_EXPECT_EQ(test, gf_fifo_stats(&ctx->fifo).wakes, 2);
	KUNIT_EXPECT_EQ(test, held(ctx), SIZE);
}

/*
 * Resized.
 */

/* Test that bytes survive growth and shrinking, wrapped or not (I1, R3). */
static void fifo_resize(struct kunit *test)
{
	struct fifo_test *ctx = fifo_with(test, SIZE - 20, ATOMIC);

	KUNIT_EXPECT_EQ(test, gf_fifo_resize(&ctx->fifo, 2 * SIZE), 0);
	KUNIT_EXPECT_EQ(test, gf_fifo_size(&ctx->fifo), 2 * SIZE);
	KUNIT_EXPECT_EQ(test, put(ctx, 2 * SIZE), 2 * SIZE - ATOMIC);
	KUNIT_EXPECT_EQ(test, get(ctx, SIZE), SIZE);
	KUNIT_EXPECT_EQ(test, gf_fifo_resize(&ctx->fifo, SIZE), 0);
	KUNIT_EXPECT_EQ(test, gf_fifo_size(&ctx->fifo), SIZE);
	KUNIT_EXPECT_EQ(test, gf_fifo_fill(&ctx->fifo), SIZE);
	KUNIT_EXPECT_EQ(test, put(ctx, 1), -EAGAIN);
	KUNIT_EXPECT_EQ(test, get(ctx, 2 * SIZE), SIZE);
}

struct resize_param {
	unsigned int size;
	int err;
	size_t got;
};

/* With SIZE + 1 bytes in it, and a size of 2 * SIZE. */
static const struct resize_param resize_params[] = {
	{ 0, -EINVAL },
	{ GLOBALFIFO_SIZE_MIN - 1, -EINVAL },
	{ GLOBALFIFO_SIZE_MIN, -EBUSY },
	{ GLOBALFIFO_SIZE_MIN + 1, 0, 2 * GLOBALFIFO_SIZE_MIN },
	{ 2 * SIZE + 1, 0, 4 * SIZE },
	{ GLOBALFIFO_SIZE_MAX, 0, GLOBALFIFO_SIZE_MAX },
	{ GLOBALFIFO_SIZE_MAX + 1, -EINVAL },
	{ UINT_MAX, -EINVAL },
};

static void resize_desc(const struct resize_param *param, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u", param->size);
}

KUNIT_ARRAY_PARAM(resize, resize_params, resize_desc);

/* Test which sizes can be had, and that a refusal changes nothing (I1). */
static void fifo_resize_limits(struct kunit *test)
{
	const struct resize_param *param = test->param_value;
	struct fifo_test *ctx = test->priv;

	KUNIT_ASSERT_EQ(test, gf_fifo_resize(&ctx->fifo, 2 * SIZE), 0);
	KUNIT_ASSERT_EQ(test, put(ctx, SIZE + 1), SIZE + 1);
	KUNIT_EXPECT_EQ(test, gf_fifo_resize(&ctx->fifo, param->size),
			param->err);
	KUNIT_EXPECT_EQ(test, gf_fifo_size(&ctx->fifo),
			param->err ? 2 * SIZE : param->got);
	KUNIT_EXPECT_EQ(test, get(ctx, 2 * SIZE), SIZE + 1);
}

/* Test that to go beyond the first size takes CAP_SYS_RESOURCE (I1). */
static void fifo_resize_privilege(struct kunit *test)
{
	struct fifo_test *ctx = fifo_with(test, 0, 0);

	KUNIT_EXPECT_EQ(test, gf_fifo_resize(&ctx->fifo, 4 * SIZE), 0);
	tk_drop_capability(test, CAP_SYS_RESOURCE);
	KUNIT_EXPECT_EQ(test, gf_fifo_resize(&ctx->fifo, 2 * SIZE), -EPERM);
	KUNIT_EXPECT_EQ(test, gf_fifo_size(&ctx->fifo), 4 * SIZE);
	KUNIT_EXPECT_EQ(test, gf_fifo_resize(&ctx->fifo, SIZE), 0);
	KUNIT_EXPECT_EQ(test, gf_fifo_resize(&ctx->fifo, SIZE + 1), -EPERM);
	KUNIT_EXPECT_EQ(test, gf_fifo_resize(&ctx->fifo, UINT_MAX), -EINVAL);
}

/* Test that to make do with less takes none, and neither does the way back (I1). */
static void fifo_resize_below(struct kunit *test)
{
	struct gf_fifo fifo;

	KUNIT_ASSERT_EQ(test, gf_fifo_init(&fifo, 2 * SIZE, MAX_AIO, &hole_ops, 0),
			0);
	tk_drop_capability(test, CAP_SYS_RESOURCE);
	KUNIT_EXPECT_EQ(test, gf_fifo_resize(&fifo, SIZE), 0);
	KUNIT_EXPECT_EQ(test, gf_fifo_resize(&fifo, 2 * SIZE), 0);
	gf_fifo_destroy(&fifo);
}

/* Test that a FIFO leaves nothing behind, whatever its buffers were (D2, I1). */
static void fifo_frees(struct kunit *test)
{
	struct gf_fifo fifo;

	tk_memory_record(test);
	KUNIT_ASSERT_EQ(test, gf_fifo_init(&fifo, SIZE, MAX_AIO, &hole_ops, 0), 0);
	KUNIT_EXPECT_EQ(test, gf_fifo_resize(&fifo, 4 * SIZE), 0);
	KUNIT_EXPECT_EQ(test, gf_fifo_resize(&fifo, SIZE), 0);
	gf_fifo_destroy(&fifo);
	tk_memory_pause();
	/* At least the three buffers. */
	KUNIT_EXPECT_LE(test, 3, tk_memory().recorded);
	KUNIT_EXPECT_EQ(test, tk_memory().kept, 0);
}

/*
 * Test that growth lets in whom it has room for, and tells pollers, and that
 * no growth tells nobody (I1, K1, K2).
 */
static void fifo_resize_wakes(struct kunit *test)
{
	struct fifo_test *ctx = fifo_with(test, 0, SIZE);
	struct tk_counter *polls = tk_count_wakes(test, &ctx->fifo.poll);
	struct call *writers[3];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(writers); i++)
		writers[i] = call_start(test, call_write, ATOMIC);
	KUNIT_EXPECT_EQ(test, gf_fifo_resize(&ctx->fifo, SIZE), 0);
	KUNIT_EXPECT_EQ(test, polls->wakes, 0);
	KUNIT_EXPECT_EQ(test, gf_fifo_resize(&ctx->fifo, 2 * SIZE), 0);
	KUNIT_EXPECT_EQ(test, tk_join(test, writers[0]->thread), ATOMIC);
	KUNIT_EXPECT_EQ(test, tk_join(test, writers[1]->thread), ATOMIC);
	tk_wait_asleep(test, writers[2]->thread, &ctx->fifo.writers.queue);
	/* One for the growth, two for the writes. */
	KUNIT_EXPECT_EQ(test, polls->wakes, 3);
	KUNIT_EXPECT_EQ(test, gf_fifo_stats(&ctx->fifo).wakes, 2);
}

/*
 * Locked.
 */

static long call_clear(void *arg)
{
	struct call *call = arg;

	gf_fifo_clear(call->fifo);
	return 0;
}

static long call_resize(void *arg)
{
	struct call *call = arg;

	return gf_fifo_resize(call->fifo, 2 * SIZE);
}

static long call_stats(void *arg)
{
	struct call *call = arg;

	return gf_fifo_stats(call->fifo).writes;
}

struct locked_param {
	const char *name;
	long (*fn)(void *arg);
	long ret;
	bool nowait;
};

static const struct locked_param locked_params[] = {
	{ "read", call_read, 10 },
	{ "write", call_write, 10 },
	{ "read, nowait", call_read, 10, true },
	{ "write, nowait", call_write, 10, true },
	{ "clear", call_clear, 0 },
	{ "resize", call_resize, 0 },
	{ "stats", call_stats, 1 },
};

static void locked_desc(const struct locked_param *param, char *desc)
{
	strscpy(desc, param->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(locked, locked_params, locked_desc);

/*
 * Test that whatever touches the bytes waits for the lock: that somebody else is
 * busy is no EAGAIN. And that a look at the state does not wait: else this would
 * hang (R2, R3).
 */
static void fifo_locked(struct kunit *test)
{
	const struct locked_param *param = test->param_value;
	struct fifo_test *ctx = fifo_with(test, 0, 10);
	struct call *call = kunit_kzalloc(test, sizeof(*call), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, call);
	call->fifo = &ctx->fifo;
	call->len = 10;
	call->nowait = param->nowait;
	mutex_lock(&ctx->fifo.lock);
	call->thread = tk_start(test, param->fn, call);
	tk_wait_locked_out(test, call->thread);
	KUNIT_EXPECT_EQ(test, gf_fifo_fill(&ctx->fifo), 10);
	KUNIT_EXPECT_EQ(test, gf_fifo_size(&ctx->fifo), SIZE);
	mutex_unlock(&ctx->fifo.lock);
	KUNIT_EXPECT_EQ(test, tk_join(test, call->thread), param->ret);
}

/*
 * Poll and signals.
 */

static __poll_t fifo_fops_poll(struct file *file, poll_table *table)
{
	struct fifo_test *ctx = file->private_data;

	return gf_fifo_poll(&ctx->fifo, file, table);
}

static int fifo_fops_fasync(int fd, struct file *file, int on)
{
	struct fifo_test *ctx = file->private_data;

	return gf_notify_fasync(&ctx->fifo.notify, fd, file, on);
}

static const struct file_operations fifo_fops = {
	.poll	= fifo_fops_poll,
	.fasync	= fifo_fops_fasync,
};

static __poll_t poll_mask(struct kunit *test, int flags)
{
	struct tk_file *holder = tk_open(test, &fifo_fops, test->priv, flags);
	struct tk_poll poll;
	__poll_t mask = vfs_poll(holder->file, tk_poll_init(&poll));
	struct fifo_test *ctx = test->priv;

	KUNIT_EXPECT_EQ(test, poll.queues, 1);
	KUNIT_EXPECT_PTR_EQ(test, poll.queue, &ctx->fifo.poll);
	tk_close(holder);
	return mask;
}

struct poll_param {
	size_t len;
	unsigned int mask;
};

static const struct poll_param poll_params[] = {
	{ 0, OUT },
	{ 1, IN | OUT },
	{ SIZE - ATOMIC, IN | OUT },
	{ SIZE - ATOMIC + 1, IN },
	{ SIZE, IN },
};

static void poll_desc(const struct poll_param *param, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%zu bytes", param->len);
}

KUNIT_ARRAY_PARAM(poll, poll_params, poll_desc);

/*
 * Test that poll reports just what would not block, just for the directions
 * that the file is open for, on the one queue where nobody sleeps, and never
 * waits for the lock: else this would hang (K3).
 */
static void fifo_poll(struct kunit *test)
{
	const struct poll_param *param = test->param_value;
	struct fifo_test *ctx = fifo_with(test, 0, param->len);

	mutex_lock(&ctx->fifo.lock);
	KUNIT_EXPECT_EQ(test, (__force unsigned int)poll_mask(test, O_RDWR),
			param->mask);
	KUNIT_EXPECT_EQ(test, (__force unsigned int)poll_mask(test, O_RDONLY),
			param->mask & IN);
	KUNIT_EXPECT_EQ(test, (__force unsigned int)poll_mask(test, O_WRONLY),
			param->mask & OUT);
	mutex_unlock(&ctx->fifo.lock);
}

/* Test that every transfer wakes pollers, with its direction as key (K3). */
static void fifo_poll_wakes(struct kunit *test)
{
	struct fifo_test *ctx = fifo_with(test, 0, 0);
	struct tk_counter *polls = tk_count_wakes(test, &ctx->fifo.poll);
	unsigned int i;

	for (i = 1; i <= 3; i++) {
		KUNIT_EXPECT_EQ(test, put(ctx, 1), 1);
		KUNIT_EXPECT_EQ(test, polls->wakes, i);
		KUNIT_EXPECT_EQ(test, (__force unsigned int)
				key_to_poll(polls->key), IN);
	}
	for (; i <= 6; i++) {
		KUNIT_EXPECT_EQ(test, get(ctx, 1), 1);
		KUNIT_EXPECT_EQ(test, polls->wakes, i);
		KUNIT_EXPECT_EQ(test, (__force unsigned int)
				key_to_poll(polls->key), OUT);
	}
	KUNIT_EXPECT_EQ(test, get(ctx, 1), -EAGAIN);
	KUNIT_EXPECT_EQ(test, polls->wakes, 6);
}

/*
 * Test that room for less than ATOMIC bytes wakes pollers without a key: they
 * look for themselves, and none takes it for POLLOUT (K3).
 */
static void fifo_poll_little_room(struct kunit *test)
{
	struct fifo_test *ctx = fifo_with(test, 0, SIZE);
	struct tk_counter *polls = tk_count_wakes(test, &ctx->fifo.poll);

	KUNIT_EXPECT_EQ(test, get(ctx, ATOMIC - 1), ATOMIC - 1);
	KUNIT_EXPECT_EQ(test, polls->wakes, 1);
	KUNIT_EXPECT_NULL(test, polls->key);
	KUNIT_EXPECT_EQ(test, get(ctx, 1), 1);
	KUNIT_EXPECT_EQ(test, polls->wakes, 2);
	KUNIT_EXPECT_EQ(test, (__force unsigned int)key_to_poll(polls->key),
			OUT);
}

/*
 * Test that after every successful write readers are signalled, after every
 * successful read, CLEAR that freed something and growth writers, and after a
 * failed call or one that moved nothing nobody (N1, I1).
 */
static void fifo_signals(struct kunit *test)
{
	struct fifo_test *ctx = fifo_with(test, 0, 0);
	struct tk_file *reader = tk_open(test, &fifo_fops, ctx, O_RDONLY);
	struct tk_file *writer = tk_open(test, &fifo_fops, ctx, O_WRONLY);

	tk_own(test, reader->file, SIGUSR1);
	tk_own(test, writer->file, SIGUSR2);

	KUNIT_ASSERT_GT(test, fifo_fops_fasync(3, reader->file, 1), 0);
	KUNIT_ASSERT_GT(test, fifo_fops_fasync(4, writer->file, 1), 0);

	KUNIT_EXPECT_EQ(test, put(ctx, 2), 2);
	KUNIT_EXPECT_EQ(test, tk_signals(), sigmask(SIGUSR1));
	KUNIT_EXPECT_EQ(test, put(ctx, 2), 2);
	KUNIT_EXPECT_EQ(test, tk_signals(), sigmask(SIGUSR1));
	KUNIT_EXPECT_EQ(test, get(ctx, 1), 1);
	KUNIT_EXPECT_EQ(test, tk_signals(), sigmask(SIGUSR2));
	KUNIT_EXPECT_EQ(test, get(ctx, 9), 3);
	KUNIT_EXPECT_EQ(test, tk_signals(), sigmask(SIGUSR2));
	KUNIT_EXPECT_EQ(test, get(ctx, 1), -EAGAIN);
	KUNIT_EXPECT_EQ(test, put(ctx, 2 * SIZE), SIZE);
	KUNIT_EXPECT_EQ(test, tk_signals(), sigmask(SIGUSR1));
	KUNIT_EXPECT_EQ(test, put(ctx, 1), -EAGAIN);
	KUNIT_EXPECT_EQ(test, tk_signals(), 0);
	KUNIT_EXPECT_EQ(test, gf_fifo_stats(&ctx->fifo).signals, 5);

	gf_fifo_clear(&ctx->fifo);
	KUNIT_EXPECT_EQ(test, tk_signals(), sigmask(SIGUSR2));
	gf_fifo_clear(&ctx->fifo);
	KUNIT_EXPECT_EQ(test, tk_signals(), 0);
	KUNIT_EXPECT_EQ(test, gf_fifo_resize(&ctx->fifo, 2 * SIZE), 0);
	KUNIT_EXPECT_EQ(test, tk_signals(), sigmask(SIGUSR2));
	KUNIT_EXPECT_EQ(test, gf_fifo_resize(&ctx->fifo, SIZE), 0);
	KUNIT_EXPECT_EQ(test, tk_signals(), 0);
	KUNIT_EXPECT_EQ(test, gf_fifo_stats(&ctx->fifo).signals, 7);
}

/*
 * Watched.
 */

/* Test that files are counted by the directions they are open for (T2). */
static void fifo_open_files(struct kunit *test)
{
	struct fifo_test *ctx = test->priv;

	gf_fifo_open(&ctx->fifo, FMODE_READ | FMODE_WRITE);
	gf_fifo_open(&ctx->fifo, FMODE_READ);
	KUNIT_EXPECT_EQ(test, atomic_read(&ctx->fifo.open_readers), 2);
	KUNIT_EXPECT_EQ(test, atomic_read(&ctx->fifo.open_writers), 1);
	gf_fifo_close(&ctx->fifo, FMODE_READ | FMODE_WRITE);
	KUNIT_EXPECT_EQ(test, atomic_read(&ctx->fifo.open_readers), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&ctx->fifo.open_writers), 0);
	gf_fifo_open(&ctx->fifo, FMODE_WRITE);
	gf_fifo_close(&ctx->fifo, FMODE_READ);
	KUNIT_EXPECT_EQ(test, atomic_read(&ctx->fifo.open_readers), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&ctx->fifo.open_writers), 1);
	gf_fifo_close(&ctx->fifo, FMODE_WRITE);
	KUNIT_EXPECT_EQ(test, atomic_read(&ctx->fifo.open_readers), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&ctx->fifo.open_writers), 0);
}

/* Test that calls that moved bytes are counted, and no others (T2). */
static void fifo_stats(struct kunit *test)
{
	struct fifo_test *ctx = fifo_with(test, 0, 0);
	struct gf_fifo_stats stats;

	get(ctx, 1);
	put(ctx, 300);
	put(ctx, SIZE);
	put(ctx, ATOMIC);
	get(ctx, 7);
	gf_fifo_clear(&ctx->fifo);
	stats = gf_fifo_stats(&ctx->fifo);
	KUNIT_EXPECT_EQ(test, stats.writes, 2);
	KUNIT_EXPECT_EQ(test, stats.bytes_in, SIZE);
	KUNIT_EXPECT_EQ(test, stats.reads, 1);
	KUNIT_EXPECT_EQ(test, stats.bytes_out, 7);
	KUNIT_EXPECT_EQ(test, stats.sleeps, 0);
	KUNIT_EXPECT_EQ(test, stats.wakes, 0);
	KUNIT_EXPECT_EQ(test, stats.signals, 0);
}

/* Test that sleeps, and the wakeups that ended them, are counted (T2). */
static void fifo_stats_sleeps(struct kunit *test)
{
	struct fifo_test *ctx = fifo_with(test, 0, 0);
	struct call *woken = call_start(test, call_read, 1);
	struct call *interrupted = call_start(test, call_read, 1);

	KUNIT_EXPECT_EQ(test, gf_fifo_stats(&ctx->fifo).sleeps, 2);
	put(ctx, 1);
	KUNIT_EXPECT_EQ(test, tk_join(test, woken->thread), 1);
	tk_interrupt(interrupted->thread);
	KUNIT_EXPECT_EQ(test, tk_join(test, interrupted->thread), -ERESTARTSYS);
	KUNIT_EXPECT_EQ(test, gf_fifo_stats(&ctx->fifo).sleeps, 2);
	KUNIT_EXPECT_EQ(test, gf_fifo_stats(&ctx->fifo).wakes, 1);
}

/* What the tracepoints said, one after the other. */
struct trace_log {
	unsigned int n;
	struct trace_seen {
		char what;
		const struct gf_fifo *fifo;
		int rw;
		size_t bytes;
		size_t fill;
		unsigned int sleepers;
	} seen[16];
};

static void trace_note(struct trace_log *log, struct trace_seen seen)
{
	if (log->n < ARRAY_SIZE(log->seen))
		log->seen[log->n] = seen;
	log->n++;
}

#define TRANSFER_PROBE(name, letter)					\
static void probe_##name(void *data, const struct gf_fifo *fifo,	\
			 size_t bytes, size_t fill)			\
{									\
	trace_note(data, (struct trace_seen){				\
		.what = letter, .fifo = fifo, .bytes = bytes, .fill = fill, \
	});								\
}

#define SIDE_PROBE(name, letter)					\
static void probe_##name(void *data, const struct gf_fifo *fifo, int rw, \
			 size_t bytes, size_t fill)			\
{									\
	trace_note(data, (struct trace_seen){				\
		.what = letter, .fifo = fifo, .rw = rw, .bytes = bytes,	\
		.fill = fill,						\
	});								\
}

TRANSFER_PROBE(read, 'r')
TRANSFER_PROBE(write, 'w')
TRANSFER_PROBE(clear, 'c')
SIDE_PROBE(sleep, 's')
SIDE_PROBE(signal, '!')

static void probe_wake(void *data, const struct gf_fifo *fifo, int rw,
		       size_t bytes, size_t fill, unsigned int sleepers)
{
	trace_note(data, (struct trace_seen){
		.what = 'k', .fifo = fifo, .rw = rw, .bytes = bytes,
		.fill = fill, .sleepers = sleepers,
	});
}

static void trace_stop(void *log)
{
	unregister_trace_globalfifo_read(probe_read, log);
	unregister_trace_globalfifo_write(probe_write, log);
	unregister_trace_globalfifo_clear(probe_clear, log);
	unregister_trace_globalfifo_sleep(probe_sleep, log);
	unregister_trace_globalfifo_signal(probe_signal, log);
	unregister_trace_globalfifo_wake(probe_wake, log);
	tracepoint_synchronize_unregister();
}

/* Skips the test in a kernel that has no tracepoints. */
static struct trace_log *trace_start(struct kunit *test)
{
	struct trace_log *log = kunit_kzalloc(test, sizeof(*log), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, log);
	if (!IS_ENABLED(CONFIG_TRACEPOINTS))
		kunit_skip(test, "CONFIG_TRACEPOINTS is not set");
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, trace_stop,
							   log));
	KUNIT_ASSERT_EQ(test, 0,
			register_trace_globalfifo_read(probe_read, log) ?:
			register_trace_globalfifo_write(probe_write, log) ?:
			register_trace_globalfifo_clear(probe_clear, log) ?:
			register_trace_globalfifo_sleep(probe_sleep, log) ?:
			register_trace_globalfifo_signal(probe_signal, log) ?:
			register_trace_globalfifo_wake(probe_wake, log));
	return log;
}

/* How often @want was seen. */
static unsigned int trace_count(const struct trace_log *log,
				const struct trace_seen *want)
{
	unsigned int n = 0;
	const struct trace_seen *seen;

	for (seen = log->seen; seen < log->seen + log->n; seen++)
		n += seen->what == want->what && seen->fifo == want->fifo &&
		     seen->rw == want->rw && seen->bytes == want->bytes &&
		     seen->fill == want->fill &&
		     seen->sleepers == want->sleepers;
	return n;
}

/*
 * Test that tracepoints say what happened, each with the device, the bytes that
 * it is about, and what the FIFO then holds (T1).
 */
static void fifo_trace(struct kunit *test)
{
	struct fifo_test *ctx = fifo_with(test, 0, 0);
	struct tk_file *file = tk_open(test, &fifo_fops, ctx, O_RDWR);
	struct trace_log *log = trace_start(test);
	const struct gf_fifo *fifo = &ctx->fifo;
	const struct trace_seen want[] = {
		{ 's', fifo, READ, 1, 0 },
		{ 'w', fifo, 0, 300, 300 },
		{ 'k', fifo, READ, 300, 300, 1 },
		{ 'r', fifo, 0, 100, 200 },
		{ 'w', fifo, 0, 5, 205 },
		{ '!', fifo, READ, 5, 205 },
		{ 'w', fifo, 0, SIZE - 205, SIZE },
		{ '!', fifo, READ, SIZE - 205, SIZE },
		{ 's', fifo, WRITE, 10, SIZE },
		{ 'c', fifo, 0, SIZE, 0 },
		{ 'k', fifo, WRITE, SIZE, 0, 1 },
		{ '!', fifo, WRITE, SIZE, 0 },
		{ 'w', fifo, 0, 10, 10 },
		{ '!', fifo, READ, 10, 10 },
		{ '!', fifo, WRITE, SIZE, 10 },
	};
	struct call *reader = call_start(test, call_read, 100);
	struct call *writer;
	unsigned int i;

	put(ctx, 300);
	KUNIT_ASSERT_EQ(test, tk_join(test, reader->thread), 100);
	KUNIT_ASSERT_GT(test, fifo_fops_fasync(3, file->file, 1), 0);
	put(ctx, 5);
	put(ctx, SIZE);
	writer = call_start(test, call_write, 10);
	gf_fifo_clear(&ctx->fifo);
	KUNIT_ASSERT_EQ(test, tk_join(test, writer->thread), 10);
	KUNIT_ASSERT_EQ(test, gf_fifo_resize(&ctx->fifo, 2 * SIZE), 0);

	KUNIT_ASSERT_EQ(test, log->n, ARRAY_SIZE(want));
	for (i = 0; i < ARRAY_SIZE(want); i++)
		KUNIT_EXPECT_EQ_MSG(test, trace_count(log, &want[i]), 1,
				    "event %u, '%c'", i, want[i].what);
	KUNIT_EXPECT_EQ(test, fifo->devt, MKDEV(0, 7));
}

/*
 * Random.
 */

/*
 * Test thousands of random reads and writes, some with a hole, against the
 * stream and against what R1, W1 and W2 say of their results. To repeat a
 * failure, boot with the seed that it printed.
 */
static void fifo_random(struct kunit *test)
{
	struct fifo_test *ctx = fifo_with(test, 0, 0);
	ssize_t ret, want;
	size_t len, used, need;
	struct rnd_state rnd;
	unsigned int ops;

	prandom_seed_state(&rnd, tk_seed(test));
	for (ops = 0; ops < 5000; ops++) {
		struct tk_hole hole = { .at = 2 * SIZE };

		len = 1 + prandom_u32_state(&rnd) % (2 * SIZE);
		if (prandom_u32_state(&rnd) % 4 == 0)
			hole.at = prandom_u32_state(&rnd) % len;
		used = ctx->written - ctx->read;
		if (prandom_u32_state(&rnd) & 1) {
			need = min(len, ATOMIC);
			want = min3(len, SIZE - used, hole.at);
			if (SIZE - used < need)
				want = -EAGAIN;
			else if (hole.at < need)
				want = -EFAULT;
			ret = put_with_hole(test, &hole, len);
		} else {
			want = min3(len, used, hole.at);
			if (!used)
				want = -EAGAIN;
			else if (!hole.at)
				want = -EFAULT;
			ret = get_with_hole(test, &hole, len);
		}
		KUNIT_ASSERT_EQ(test, ret, want);
		KUNIT_ASSERT_EQ(test, held(ctx), ctx->written - ctx->read);
	}
}

/* Test that the real border copies: the table that the driver ships with. */
static void fifo_uaccess(struct kunit *test)
{
	struct fifo_test *ctx = test->priv;

	ctx->fifo.ops = &gf_user;
	KUNIT_EXPECT_EQ(test, put(ctx, 10), 10);
	KUNIT_EXPECT_EQ(test, get(ctx, 10), 10);
}

/* Test that it finds nothing wrong with memory of the kernel's (W2). */
static void fifo_uaccess_fault_in(struct kunit *test)
{
	char bytes[8];
	struct kvec vec = { bytes, sizeof(bytes) };
	struct iov_iter iter;

	iov_iter_kvec(&iter, ITER_DEST, &vec, 1, vec.iov_len);
	KUNIT_EXPECT_EQ(test, gf_user.fault_in_writeable(&iter, 8), 0);
	iov_iter_kvec(&iter, ITER_SOURCE, &vec, 1, vec.iov_len);
	KUNIT_EXPECT_EQ(test, gf_user.fault_in_readable(&iter, 8), 0);
}

/*
 * No memory.
 */

/* Test that a FIFO that cannot be had is an error, whatever fails (D2). */
static void fifo_no_memory(struct kunit *test)
{
	unsigned int nth = 0, failures = 0;
	struct gf_fifo fifo;
	bool failed;
	int err;

	do {
		tk_memory_record(test);
		tk_fail_nth(test, ++nth);
		err = gf_fifo_init(&fifo, SIZE, MAX_AIO, &hole_ops, 0);
		failed = tk_fail_none();
		tk_memory_pause();
		failures += err == -ENOMEM;
		KUNIT_EXPECT_TRUE(test, !err || err == -ENOMEM);
		if (!err)
			gf_fifo_destroy(&fifo);
	} while (failed);
	KUNIT_EXPECT_EQ(test, tk_memory().kept, 0);
	/* Its bytes, and the workers of its requests. */
	KUNIT_EXPECT_LE(test, 2, failures);
}

/* Test that a size that cannot be had changes nothing, wherever it fails (I1). */
static void fifo_resize_no_memory(struct kunit *test)
{
	struct fifo_test *ctx = fifo_with(test, SIZE - 20, ATOMIC);
	unsigned int nth = 0, failures = 0;
	bool failed;
	int err;

	do {
		tk_fail_nth(test, ++nth);
		err = gf_fifo_resize(&ctx->fifo, 2 * SIZE);
		failed = tk_fail_none();
		failures += err == -ENOMEM;
		KUNIT_EXPECT_TRUE(test, !err || err == -ENOMEM);
		KUNIT_EXPECT_EQ(test, gf_fifo_size(&ctx->fifo),
				err ? SIZE : 2 * SIZE);
		KUNIT_EXPECT_EQ(test, get(ctx, SIZE), ATOMIC);
		KUNIT_EXPECT_EQ(test, put(ctx, ATOMIC), ATOMIC);
		KUNIT_ASSERT_EQ(test, gf_fifo_resize(&ctx->fifo, SIZE), 0);
	} while (failed);
	KUNIT_EXPECT_GE(test, failures, 1);
	kunit_info(test, "%u points of failure, %u of them failed the call",
		   nth - 1, failures);
}

static void fifo_test_end(void *data)
{
	gf_fifo_destroy(data);
}

/* Not in .exit: that is before the threads of the case are stopped. */
static int fifo_test_init(struct kunit *test)
{
	struct fifo_test *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);

	if (!ctx || gf_fifo_init(&ctx->fifo, SIZE, MAX_AIO, &hole_ops, MKDEV(0, 7)))
		return -ENOMEM;
	test->priv = ctx;
	return kunit_add_action_or_reset(test, fifo_test_end, &ctx->fifo);
}

static struct kunit_case fifo_cases[] = {
	KUNIT_CASE(fifo_empty_read),
	KUNIT_CASE(fifo_zero),
	KUNIT_CASE(fifo_read_short),
	KUNIT_CASE(fifo_eagain_iter),
	KUNIT_CASE(fifo_full_write),
	KUNIT_CASE(fifo_atomic),
	KUNIT_CASE(fifo_long_write),
	KUNIT_CASE(fifo_huge_write),
	KUNIT_CASE(fifo_wrap),
	KUNIT_CASE(fifo_segments),
	KUNIT_CASE(fifo_read_fault),
	KUNIT_CASE(fifo_write_fault),
	KUNIT_CASE(fifo_fault_heals),
	KUNIT_CASE(fifo_fault_lies),
	KUNIT_CASE(fifo_fault_progress),
	KUNIT_CASE(fifo_fault_tries),
	KUNIT_CASE(fifo_fault_unlocked),
	KUNIT_CASE(fifo_blocked_reader),
	KUNIT_CASE(fifo_blocked_writer),
	KUNIT_CASE(fifo_interrupted_reader),
	KUNIT_CASE(fifo_interrupted_writer),
	KUNIT_CASE(fifo_many_readers),
	KUNIT_CASE(fifo_one_byte),
	KUNIT_CASE(fifo_overtake),
	KUNIT_CASE(fifo_wakes_the_right_side),
	KUNIT_CASE(fifo_hand_on),
	KUNIT_CASE(fifo_hand_on_asleep),
	KUNIT_CASE(fifo_fault_hands_on),
	KUNIT_CASE(fifo_clear),
	KUNIT_CASE(fifo_clear_wakes),
	KUNIT_CASE(fifo_resize),
	KUNIT_CASE_PARAM(fifo_resize_limits, resize_gen_params),
	KUNIT_CASE(fifo_resize_privilege),
	KUNIT_CASE(fifo_resize_below),
	KUNIT_CASE(fifo_frees),
	KUNIT_CASE(fifo_resize_wakes),
	KUNIT_CASE_PARAM(fifo_locked, locked_gen_params),
	KUNIT_CASE_PARAM(fifo_poll, poll_gen_params),
	KUNIT_CASE(fifo_poll_wakes),
	KUNIT_CASE(fifo_poll_little_room),
	KUNIT_CASE(fifo_signals),
	KUNIT_CASE(fifo_open_files),
	KUNIT_CASE(fifo_stats),
	KUNIT_CASE(fifo_stats_sleeps),
	KUNIT_CASE(fifo_trace),
	KUNIT_CASE(fifo_random),
	KUNIT_CASE(fifo_uaccess),
	KUNIT_CASE(fifo_uaccess_fault_in),
	KUNIT_CASE(fifo_no_memory),
	KUNIT_CASE(fifo_resize_no_memory),
	{}
};

static struct kunit_suite fifo_suite = {
	.name = "fifo",
	.init = fifo_test_init,
	.test_cases = fifo_cases,
};

kunit_test_suite(fifo_suite);

MODULE_DESCRIPTION("KUnit tests of globalfifo's core");
MODULE_LICENSE("GPL");
