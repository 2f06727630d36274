// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the core: asynchronous requests, what serves them, and who
 * else gets bytes and room while they wait.
 */

#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "../kernel/fifo.h"
#include "../kernel/globalfifo.h"
#include "../kernel/trace.h"
#include "compat.h"
#include "testkit.h"

#define SIZE	1024UL
#define MAX_AIO	4
#define ATOMIC	((size_t)GLOBALFIFO_ATOMIC)
#define QUEUED	((ssize_t)-EIOCBQUEUED)

#define IN	((__force unsigned int)(EPOLLIN | EPOLLRDNORM))
#define OUT	((__force unsigned int)(EPOLLOUT | EPOLLWRNORM))

/*
 * A FIFO, and the stream that went through it: byte number n of the stream
 * has the value n modulo 251, so that a lost, doubled or moved byte shows.
 */
struct fifo_aio_test {
	struct gf_fifo fifo;
	size_t written;
	size_t read;
	u8 buf[2 * SIZE];
};

/* An asynchronous request. */
struct request {
	struct tk_iocb iocb;
	u8 buf[2 * SIZE];
	size_t len;
	int rw;
	/* A fault that takes until fault_ends(). */
	struct tk_hole hole;
	struct completion faults;
	struct completion served;
	/* How many were in line when it became cancellable. */
	unsigned int before;
	/* Somebody had the FIFO's lock when it was completed. */
	bool locked;
	/* Who had its fault served last. */
	struct task_struct *faulter;
	int cancelled;
};

/* Whom to cancel in the midst of the next copy, or in the next set_cancel(). */
static struct request *cancel_in_copy;
static bool cancel_at_once;

static void copy_hook(const struct iov_iter *iter)
{
	struct request *r = cancel_in_copy;

	if (!r || iter->kvec->iov_base != r->buf)
		return;
	cancel_in_copy = NULL;
	r->cancelled = tk_cancel(&r->iocb);
}

static size_t hook_to_iter(const void *from, size_t len, struct iov_iter *to)
{
	copy_hook(to);
	return tk_to_iter(from, len, to);
}

static size_t hook_from_iter(void *to, size_t len, struct iov_iter *from)
{
	copy_hook(from);
	return tk_from_iter(to, len, from);
}

static void hook_set_cancel(struct kiocb *kiocb, kiocb_cancel_fn *cancel)
{
	struct request *r = container_of(kiocb, struct request, iocb.kiocb);
	struct gf_aio_req *req = kiocb->private;

	r->before = gf_aio_pending(req->aio);
	tk_set_cancel(kiocb, cancel);
	if (cancel_at_once)
		r->cancelled = tk_cancel(&r->iocb);
}

static const struct gf_user_ops hook_ops = {
	.to_iter		= hook_to_iter,
	.from_iter		= hook_from_iter,
	.fault_in_writeable	= tk_fault_in,
	.fault_in_readable	= tk_fault_in,
	.set_cancel		= hook_set_cancel,
};

static u8 stream_byte(size_t n)
{
	return n % 251;
}

/* Fill @buf with the next @len bytes of the stream. */
static void stream_fill(struct fifo_aio_test *ctx, u8 *buf, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		buf[i] = stream_byte(ctx->written + i);
}

/* Do the @len bytes of @buf continue the stream? */
static bool stream_goes_on(struct fifo_aio_test *ctx, const u8 *buf, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (buf[i] != stream_byte(ctx->read + i))
			return false;
	ctx->read += len;
	return true;
}

/* Write the next @len bytes of the stream, as with O_NONBLOCK. */
static ssize_t put(struct fifo_aio_test *ctx, size_t len)
{
	struct kvec vec = { ctx->buf, len };
	struct iov_iter iter;
	ssize_t ret;

	stream_fill(ctx, ctx->buf, len);
	iov_iter_kvec(&iter, ITER_SOURCE, &vec, 1, len);
	ret = gf_fifo_write(&ctx->fifo, &iter, true);
	if (ret > 0)
		ctx->written += ret;
	return ret;
}

/* Read @len bytes and check them against the stream; -EIO if they are wrong. */
static ssize_t get(struct fifo_aio_test *ctx, size_t len)
{
	struct kvec vec = { ctx->buf, len };
	struct iov_iter iter;
	ssize_t ret;

	iov_iter_kvec(&iter, ITER_DEST, &vec, 1, len);
	ret = gf_fifo_read(&ctx->fifo, &iter, true);
	if (ret > 0 && !stream_goes_on(ctx, ctx->buf, ret))
		return -EIO;
	return ret;
}

/* A FIFO that holds @len bytes. */
static struct fifo_aio_test *fifo_with(struct kunit *test, size_t len)
{
	struct fifo_aio_test *ctx = test->priv;
	size_t n;

	for (; len; len -= n) {
		n = min(len, ATOMIC);
		KUNIT_ASSERT_EQ(test, put(ctx, n), n);
	}
	return ctx;
}

/* Wait until the server has nothing to do but to be patient. */
static void settle(struct kunit *test)
{
	struct fifo_aio_test *ctx = test->priv;
	struct delayed_work *server = &ctx->fifo.aio.server;
	unsigned long deadline = jiffies + TK_PATIENCE;

	do {
		tk_be_patient(test, deadline, "the server has no end");
		flush_delayed_work(server);
	} while (delayed_work_pending(server) && !timer_pending(&server->timer));
}

static void request_iter(struct request *r, struct kvec *vec,
			 struct iov_iter *iter)
{
	*vec = (struct kvec){ r->buf, r->len };
	iov_iter_kvec(iter, r->rw == READ ? ITER_DEST : ITER_SOURCE, vec, 1,
		      r->len);
}

static struct request *request_new(struct kunit *test, int rw, size_t len)
{
	struct request *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, r);
	tk_iocb_async(&r->iocb, NULL, 0);
	init_completion(&r->faults);
	init_completion(&r->served);
	r->rw = rw;
	r->len = len;
	r->cancelled = 1;
	return r;
}

/*
 * Submit it; a write of the next bytes of the stream, which count as written
 * when it is known that they are.
 */
static ssize_t submit(struct kunit *test, struct request *r)
{
	struct fifo_aio_test *ctx = test->priv;
	struct iov_iter iter;
	struct kvec vec;

	if (r->rw == WRITE)
		stream_fill(ctx, r->buf, r->len);
	request_iter(r, &vec, &iter);
	return gf_fifo_submit(&ctx->fifo, r->rw, &r->iocb.kiocb, &iter);
}

/* A request that has to wait. */
static struct request *queue(struct kunit *test, int rw, size_t len)
{
	struct request *r = request_new(test, rw, len);

	KUNIT_ASSERT_EQ(test, submit(test, r), QUEUED);
	return r;
}

/* Is it still waiting? */
static bool waits(struct kunit *test, struct request *r)
{
	settle(test);
	return !atomic_read(&r->iocb.completions);
}

/* Wait until it is completed, and see that it is once, with the right bytes. */
static long result(struct kunit *test, struct request *r)
{
	struct fifo_aio_test *ctx = test->priv;
	long ret = tk_wait_completed(test, &r->iocb);

	settle(test);
	KUNIT_EXPECT_EQ(test, atomic_read(&r->iocb.completions), 1);
	KUNIT_EXPECT_FALSE(test, r->iocb.locked);
	if (ret > 0 && r->rw == WRITE)
		ctx->written += ret;
	if (ret > 0 && r->rw == READ)
		KUNIT_EXPECT_TRUE(test, stream_goes_on(ctx, r->buf, ret));
	return ret;
}

/* Cancel it, which is to succeed, and have it completed. */
static void cancel(struct kunit *test, struct request *r)
{
	KUNIT_EXPECT_EQ(test, tk_cancel(&r->iocb), 0);
	KUNIT_EXPECT_EQ(test, result(test, r), -ECANCELED);
}

static unsigned int pending(struct kunit *test)
{
	struct fifo_aio_test *ctx = test->priv;

	return gf_aio_pending(&ctx->fifo.aio);
}

static size_t held(struct kunit *test)
{
	struct fifo_aio_test *ctx = test->priv;

	return gf_fifo_fill(&ctx->fifo);
}

/*
 * Faults.
 */

static void dig(struct kunit *test, struct request *r)
{
	struct iov_iter iter;
	struct kvec vec;

	request_iter(r, &vec, &iter);
	tk_hole_dig(test, &r->hole, &iter);
}

/* In the fault: tell, and wait for an answer. */
static void fault_waits(void *arg)
{
	struct request *r = arg;

	complete(&r->faults);
	wait_for_completion_timeout(&r->served, TK_PATIENCE);
}

/* A request whose first byte is missing, and whose fault has begun to take. */
static struct request *queue_stuck(struct kunit *test, int rw, size_t len)
{
	struct request *r = request_new(test, rw, len);

	r->hole.on_attempt = fault_waits;
	r->hole.arg = r;
	dig(test, r);
	KUNIT_ASSERT_EQ(test, submit(test, r), QUEUED);
	KUNIT_ASSERT_NE(test, 0UL,
			wait_for_completion_timeout(&r->faults, TK_PATIENCE));
	return r;
}

/* The memory is there at last. */
static void fault_ends(struct kunit *test, struct request *r)
{
	struct fifo_aio_test *ctx = test->priv;

	tk_hole_fill(&r->hole);
	complete(&r->served);
	flush_workqueue(ctx->fifo.aio.faults);
	settle(test);
}

/* Have the stuck request step aside now: its patience is over. */
static void step_aside(struct kunit *test, struct request *r)
{
	struct gf_aio_req *req = r->iocb.kiocb.private;

	req->until = jiffies;
	settle(test);
}

/*
 * Done at once.
 */

/* Test that what can be done at once is, without a trace of waiting (A1). */
static void fifo_aio_now(struct kunit *test)
{
	struct fifo_aio_test *ctx = test->priv;
	struct request *writer = request_new(test, WRITE, 10);
	struct request *reader = request_new(test, READ, 20);

	KUNIT_EXPECT_EQ(test, submit(test, writer), 10);
	KUNIT_EXPECT_EQ(test, held(test), 10);
	KUNIT_EXPECT_EQ(test, submit(test, reader), 10);
	KUNIT_EXPECT_TRUE(test, stream_goes_on(ctx, reader->buf, 10));
	settle(test);
	KUNIT_EXPECT_NULL(test, writer->iocb.cancel);
	KUNIT_EXPECT_NULL(test, reader->iocb.cancel);
	KUNIT_EXPECT_EQ(test, atomic_read(&writer->iocb.completions), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&reader->iocb.completions), 0);
	KUNIT_EXPECT_EQ(test, gf_fifo_stats(&ctx->fifo).aio_queued, 0);
	KUNIT_EXPECT_EQ(test, gf_fifo_stats(&ctx->fifo).reads, 1);
	KUNIT_EXPECT_EQ(test, gf_fifo_stats(&ctx->fifo).writes, 1);
}

/* Test that a long write is done as far as there is room, if that is ATOMIC (W1). */
static void fifo_aio_now_short(struct kunit *test)
{
	struct request *writer = request_new(test, WRITE, 2 * SIZE);

	fifo_with(test, SIZE - ATOMIC);
	KUNIT_EXPECT_EQ(test, submit(test, writer), ATOMIC);
	KUNIT_EXPECT_EQ(test, held(test), SIZE);
}

/* Test that count 0 is done at once, and does not wait (R1). */
static void fifo_aio_zero(struct kunit *test)
{
	struct request *reader = request_new(test, READ, 0);
	struct request *writer = request_new(test, WRITE, 0);

	KUNIT_EXPECT_EQ(test, submit(test, reader), 0);
	fifo_with(test, SIZE);
	KUNIT_EXPECT_EQ(test, submit(test, writer), 0);
	KUNIT_EXPECT_EQ(test, pending(test), 0);
}

/*
 * Served.
 */

/* Test that a read that has to wait gets what is written (A1). */
static void fifo_aio_read(struct kunit *test)
{
	struct fifo_aio_test *ctx = fifo_with(test, 0);
	struct request *r = queue(test, READ, 20);

	KUNIT_EXPECT_TRUE(test, waits(test, r));
	KUNIT_EXPECT_NOT_NULL(test, r->iocb.cancel);
	KUNIT_EXPECT_EQ(test, pending(test), 1);
	KUNIT_EXPECT_EQ(test, put(ctx, 5), 5);
	KUNIT_EXPECT_EQ(test, result(test, r), 5);
	KUNIT_EXPECT_EQ(test, held(test), 0);
	KUNIT_EXPECT_EQ(test, pending(test), 0);
}

static void room_by_read(struct fifo_aio_test *ctx)
{
	get(ctx, ATOMIC);
}

static void room_by_clear(struct fifo_aio_test *ctx)
{
	gf_fifo_clear(&ctx->fifo);
	ctx->read = ctx->written;
}

static void room_by_resize(struct fifo_aio_test *ctx)
{
	gf_fifo_resize(&ctx->fifo, 2 * SIZE);
}

struct room_param {
	const char *name;
	void (*fn)(struct fifo_aio_test *ctx);
	long ret;
	size_t held;
};

static const struct room_param room_params[] = {
	{ "read", room_by_read, ATOMIC, SIZE },
	{ "CLEAR", room_by_clear, ATOMIC + 10, ATOMIC + 10 },
	{ "SET_SIZE", room_by_resize, ATOMIC + 10, SIZE + ATOMIC + 10 },
};

static void room_desc(const struct room_param *param, char *desc)
{
	strscpy(desc, param->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(room, room_params, room_desc);

/* Test that a write that has to wait goes in when there is room (A1, I1). */
static void fifo_aio_write(struct kunit *test)
{
	const struct room_param *param = test->param_value;
	struct fifo_aio_test *ctx = fifo_with(test, SIZE);
	struct request *r = queue(test, WRITE, ATOMIC + 10);

	KUNIT_EXPECT_TRUE(test, waits(test, r));
	param->fn(ctx);
	KUNIT_EXPECT_EQ(test, result(test, r), param->ret);
	KUNIT_EXPECT_EQ(test, held(test), param->held);
	KUNIT_EXPECT_EQ(test, get(ctx, 2 * SIZE), param->held);
}

/* Test that one write serves several, in the order they were submitted (A2). */
static void fifo_aio_order(struct kunit *test)
{
	struct fifo_aio_test *ctx = fifo_with(test, 0);
	struct request *first = queue(test, READ, 3);
	struct request *second = queue(test, READ, 4);
	struct request *third = queue(test, READ, 5);

	KUNIT_EXPECT_EQ(test, put(ctx, 9), 9);
	KUNIT_EXPECT_EQ(test, result(test, first), 3);
	KUNIT_EXPECT_EQ(test, result(test, second), 4);
	KUNIT_EXPECT_EQ(test, result(test, third), 2);
	KUNIT_EXPECT_LT(test, first->iocb.order, second->iocb.order);
	KUNIT_EXPECT_LT(test, second->iocb.order, third->iocb.order);
}

/* Test that a request that a write leaves without a byte waits on (A2, R1). */
static void fifo_aio_not_enough(struct kunit *test)
{
	struct fifo_aio_test *ctx = fifo_with(test, 0);
	struct request *first = queue(test, READ, 3);
	struct request *second = queue(test, READ, 4);

	KUNIT_EXPECT_EQ(test, put(ctx, 3), 3);
	KUNIT_EXPECT_EQ(test, result(test, first), 3);
	KUNIT_EXPECT_TRUE(test, waits(test, second));
	KUNIT_EXPECT_EQ(test, put(ctx, 1), 1);
	KUNIT_EXPECT_EQ(test, result(test, second), 1);
}

/*
 * Test that a write waits for ATOMIC bytes of room or all it needs, and the
 * one behind it as well, though it would fit (A2, W1).
 */
static void fifo_aio_write_need(struct kunit *test)
{
	struct fifo_aio_test *ctx = fifo_with(test, SIZE);
	struct request *big = queue(test, WRITE, SIZE);
	struct request *small = request_new(test, WRITE, 1);

	KUNIT_ASSERT_EQ(test, submit(test, small), QUEUED);
	KUNIT_EXPECT_EQ(test, get(ctx, ATOMIC - 1), ATOMIC - 1);
	KUNIT_EXPECT_TRUE(test, waits(test, big));
	KUNIT_EXPECT_TRUE(test, waits(test, small));
	KUNIT_EXPECT_EQ(test, held(test), SIZE - ATOMIC + 1);
	KUNIT_EXPECT_EQ(test, get(ctx, 1), 1);
	KUNIT_EXPECT_EQ(test, result(test, big), ATOMIC);
	KUNIT_EXPECT_TRUE(test, waits(test, small));
	small->buf[0] = stream_byte(ctx->written);
	KUNIT_EXPECT_EQ(test, get(ctx, 1), 1);
	KUNIT_EXPECT_EQ(test, result(test, small), 1);
	KUNIT_EXPECT_EQ(test, get(ctx, SIZE), SIZE);
}

/* Test that no copy of the bytes is kept: they are taken when served (A4). */
static void fifo_aio_late_bytes(struct kunit *test)
{
	struct fifo_aio_test *ctx = fifo_with(test, SIZE);
	struct request *r = queue(test, WRITE, 3);

	memset(r->buf, 0xee, 3);
	room_by_clear(ctx);
	KUNIT_EXPECT_EQ(test, result(test, r), 3);
	KUNIT_EXPECT_EQ(test, get(ctx, 3), -EIO);
	KUNIT_EXPECT_EQ(test, ctx->buf[2], 0xee);
}

/* Test that requests of both directions serve each other (A2). */
static void fifo_aio_both(struct kunit *test)
{
	struct fifo_aio_test *ctx = fifo_with(test, SIZE);
	struct request *writer = queue(test, WRITE, ATOMIC);
	struct request *reader = request_new(test, READ, SIZE);

	KUNIT_EXPECT_EQ(test, submit(test, reader), SIZE);
	KUNIT_EXPECT_TRUE(test, stream_goes_on(ctx, reader->buf, SIZE));
	KUNIT_EXPECT_EQ(test, result(test, writer), ATOMIC);
	KUNIT_EXPECT_EQ(test, get(ctx, SIZE), ATOMIC);
	reader = queue(test, READ, 10);
	writer = request_new(test, WRITE, 10);
	KUNIT_EXPECT_EQ(test, submit(test, writer), 10);
	ctx->written += 10;
	KUNIT_EXPECT_EQ(test, result(test, reader), 10);
}

/* Test that CLEAR of an empty FIFO, and a size, leave a read waiting (I1). */
static void fifo_aio_read_waits_on(struct kunit *test)
{
	struct fifo_aio_test *ctx = fifo_with(test, 0);
	struct request *r = queue(test, READ, 10);

	gf_fifo_clear(&ctx->fifo);
	KUNIT_EXPECT_EQ(test, gf_fifo_resize(&ctx->fifo, 2 * SIZE), 0);
	KUNIT_EXPECT_EQ(test, gf_fifo_resize(&ctx->fifo, SIZE), 0);
	KUNIT_EXPECT_TRUE(test, waits(test, r));
	KUNIT_EXPECT_EQ(test, put(ctx, 1), 1);
	KUNIT_EXPECT_EQ(test, result(test, r), 1);
}

/* Test that more than may wait get EAGAIN, and what need not wait does not (A1). */
static void fifo_aio_limit(struct kunit *test)
{
	struct fifo_aio_test *ctx = fifo_with(test, SIZE);
	struct request *rs[MAX_AIO], *late = request_new(test, WRITE, 1);
	struct request *reader = request_new(test, READ, SIZE);
	unsigned int i;

	for (i = 0; i < MAX_AIO; i++)
		rs[i] = queue(test, WRITE, 1);
	KUNIT_EXPECT_EQ(test, submit(test, late), -EAGAIN);
	KUNIT_EXPECT_NULL(test, late->iocb.cancel);
	KUNIT_EXPECT_EQ(test, gf_fifo_stats(&ctx->fifo).aio_queued, MAX_AIO);
	cancel(test, rs[1]);
	KUNIT_EXPECT_EQ(test, submit(test, late), QUEUED);
	KUNIT_EXPECT_EQ(test, submit(test, reader), SIZE);
	for (i = 0; i < MAX_AIO; i++)
		tk_wait_completed(test, &rs[i]->iocb);
	KUNIT_EXPECT_EQ(test, tk_wait_completed(test, &late->iocb), 1);
	KUNIT_EXPECT_EQ(test, held(test), MAX_AIO);
}

/*
 * Others, while requests wait.
 */

/* One blocking call in a thread of its own. */
struct call {
	struct gf_fifo *fifo;
	int rw;
	size_t len;
	u8 buf[ATOMIC];
	struct tk_thread *thread;
};

static long call_run(void *arg)
{
	struct call *call = arg;
	struct kvec vec = { call->buf, call->len };
	struct iov_iter iter;

	if (call->rw == READ) {
		iov_iter_kvec(&iter, ITER_DEST, &vec, 1, call->len);
		return gf_fifo_read(call->fifo, &iter, false);
	}
	iov_iter_kvec(&iter, ITER_SOURCE, &vec, 1, call->len);
	return gf_fifo_write(call->fifo, &iter, false);
}

static struct wait_queue_head *call_queue(struct call *call)
{
	return call->rw == READ ? &call->fifo->readers.queue :
				  &call->fifo->writers.queue;
}

static struct call *call_start(struct kunit *test, int rw, size_t len)
{
	struct fifo_aio_test *ctx = test->priv;
	struct call *call = kunit_kzalloc(test, sizeof(*call), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, call);
	call->fifo = &ctx->fifo;
	call->rw = rw;
	call->len = len;
	call->thread = tk_start(test, call_run, call);
	tk_wait_asleep(test, call->thread, call_queue(call));
	return call;
}

/* Does it sleep, and has it never been woken? */
static bool call_undisturbed(struct kunit *test, struct call *call)
{
	settle(test);
	return !tk_settle(test, call->thread, call_queue(call)) &&
	       !gf_fifo_stats(call->fifo).wakes;
}

/*
 * Test that a request goes before a reader who slept already, who is not even
 * woken, and that what it leaves goes to him (A2, K1, K2).
 */
static void fifo_aio_before_reader(struct kunit *test)
{
	struct fifo_aio_test *ctx = fifo_with(test, 0);
	struct call *reader = call_start(test, READ, 10);
	struct request *r = queue(test, READ, 3);

	KUNIT_EXPECT_EQ(test, put(ctx, 3), 3);
	KUNIT_EXPECT_EQ(test, result(test, r), 3);
	KUNIT_EXPECT_TRUE(test, call_undisturbed(test, reader));
	r = queue(test, READ, 3);
	KUNIT_EXPECT_EQ(test, put(ctx, 5), 5);
	KUNIT_EXPECT_EQ(test, result(test, r), 3);
	KUNIT_EXPECT_EQ(test, tk_join(test, reader->thread), 2);
	KUNIT_EXPECT_TRUE(test, stream_goes_on(ctx, reader->buf, 2));
	KUNIT_EXPECT_EQ(test, gf_fifo_stats(&ctx->fifo).wakes, 1);
}

/*
 * Test that room that is too little for a request goes to no writer either,
 * asleep or not, and to him as soon as the request is cancelled (A2, K1, K2).
 */
static void fifo_aio_before_writer(struct kunit *test)
{
	struct fifo_aio_test *ctx = fifo_with(test, SIZE);
	struct call *writer = call_start(test, WRITE, 10);
	struct request *r = queue(test, WRITE, ATOMIC);

	KUNIT_EXPECT_EQ(test, get(ctx, 100), 100);
	KUNIT_EXPECT_TRUE(test, call_undisturbed(test, writer));
	KUNIT_EXPECT_TRUE(test, waits(test, r));
	KUNIT_EXPECT_EQ(test, put(ctx, 1), -EAGAIN);
	cancel(test, r);
	KUNIT_EXPECT_EQ(test, tk_join(test, writer->thread), 10);
	KUNIT_EXPECT_EQ(test, put(ctx, 1), 1);
}

/* Test that room beyond what the last request takes goes to a writer (K1). */
static void fifo_aio_leaves_room(struct kunit *test)
{
	struct fifo_aio_test *ctx = fifo_with(test, SIZE);
	struct call *writer = call_start(test, WRITE, 10);
	struct request *r = queue(test, WRITE, 20);

	KUNIT_EXPECT_EQ(test, get(ctx, 25), 25);
	KUNIT_EXPECT_EQ(test, result(test, r), 20);
	KUNIT_EXPECT_TRUE(test, call_undisturbed(test, writer));
	KUNIT_EXPECT_EQ(test, get(ctx, 5), 5);
	KUNIT_EXPECT_EQ(test, tk_join(test, writer->thread), 10);
}

/*
 * Test that a reader who comes while a request is in line waits, or gets
 * EAGAIN, though there are bytes, and so does another request (A2, R2).
 */
static void fifo_aio_before_new(struct kunit *test)
{
	struct fifo_aio_test *ctx = fifo_with(test, 10);
	struct request *stuck = queue_stuck(test, READ, 4);
	struct request *second = queue(test, READ, 4);
	struct call *reader = call_start(test, READ, 2);

	KUNIT_EXPECT_EQ(test, get(ctx, 1), -EAGAIN);
	KUNIT_EXPECT_TRUE(test, waits(test, second));
	KUNIT_EXPECT_TRUE(test, call_undisturbed(test, reader));
	fault_ends(test, stuck);
	KUNIT_EXPECT_EQ(test, result(test, stuck), 4);
	KUNIT_EXPECT_EQ(test, result(test, second), 4);
	KUNIT_EXPECT_EQ(test, tk_join(test, reader->thread), 2);
	KUNIT_EXPECT_TRUE(test, stream_goes_on(ctx, reader->buf, 2));
}

/*
 * Poll.
 */

static __poll_t fops_poll(struct file *file, poll_table *table)
{
	struct fifo_aio_test *ctx = file->private_data;

	return gf_fifo_poll(&ctx->fifo, file, table);
}

static int fops_fasync(int fd, struct file *file, int on)
{
	struct fifo_aio_test *ctx = file->private_data;

	return gf_notify_fasync(&ctx->fifo.notify, fd, file, on);
}

static const struct file_operations fops = {
	.poll	= fops_poll,
	.fasync	= fops_fasync,
};

static unsigned int poll_mask(struct kunit *test)
{
	struct tk_file *holder = tk_open(test, &fops, test->priv, O_RDWR);
	struct tk_poll poll;
	__poll_t mask = vfs_poll(holder->file, tk_poll_init(&poll));

	tk_close(holder);
	return (__force unsigned int)mask;
}

static unsigned int key_of(const struct tk_counter *counter)
{
	return (__force unsigned int)key_to_poll(counter->key);
}

/* Test that POLLIN is off while reads are in line, and POLLOUT is not (A2, K3). */
static void fifo_aio_poll_in(struct kunit *test)
{
	struct fifo_aio_test *ctx = fifo_with(test, 10);
	struct request *stuck = queue_stuck(test, READ, 4);
	struct tk_counter *polls = tk_count_wakes(test, &ctx->fifo.poll);

	KUNIT_EXPECT_EQ(test, poll_mask(test), OUT);
	cancel(test, stuck);
	KUNIT_EXPECT_EQ(test, polls->wakes, 1);
	KUNIT_EXPECT_EQ(test, key_of(polls), IN);
	KUNIT_EXPECT_EQ(test, poll_mask(test), IN | OUT);
	fault_ends(test, stuck);
	KUNIT_EXPECT_EQ(test, polls->wakes, 1);
}

/* Test that POLLOUT is off while writes are in line, and POLLIN is not (A2, K3). */
static void fifo_aio_poll_out(struct kunit *test)
{
	struct fifo_aio_test *ctx = fifo_with(test, 10);
	struct request *stuck = queue_stuck(test, WRITE, 4);
	struct tk_counter *polls = tk_count_wakes(test, &ctx->fifo.poll);

	KUNIT_EXPECT_EQ(test, poll_mask(test), IN);
	cancel(test, stuck);
	KUNIT_EXPECT_EQ(test, polls->wakes, 1);
	KUNIT_EXPECT_EQ(test, key_of(polls), OUT);
	KUNIT_EXPECT_EQ(test, poll_mask(test), IN | OUT);
	fault_ends(test, stuck);
}

/* Test that a request that leaves nothing behind wakes no poller for it (K3). */
static void fifo_aio_poll_nothing(struct kunit *test)
{
	struct fifo_aio_test *ctx = fifo_with(test, 0);
	struct request *r = queue(test, READ, 4);
	struct tk_counter *polls = tk_count_wakes(test, &ctx->fifo.poll);

	cancel(test, r);
	KUNIT_EXPECT_EQ(test, polls->wakes, 0);
}

/*
 * Test that a write while a read is in line wakes pollers without a key, so that
 * none takes it for POLLIN, and the read, once served, with POLLOUT (K3).
 */
static void fifo_aio_poll_keys(struct kunit *test)
{
	struct fifo_aio_test *ctx = fifo_with(test, 3);
	struct request *stuck = queue_stuck(test, READ, 4);
	struct tk_counter *polls = tk_count_wakes(test, &ctx->fifo.poll);

	KUNIT_EXPECT_EQ(test, put(ctx, 1), 1);
	KUNIT_EXPECT_EQ(test, polls->wakes, 1);
	KUNIT_EXPECT_NULL(test, polls->key);
	fault_ends(test, stuck);
	KUNIT_EXPECT_EQ(test, result(test, stuck), 4);
	KUNIT_EXPECT_EQ(test, polls->wakes, 2);
	KUNIT_EXPECT_EQ(test, key_of(polls), OUT);
}

/* Test that bytes that the last request leaves are told of (A2, K3). */
static void fifo_aio_poll_leaves(struct kunit *test)
{
	struct fifo_aio_test *ctx = fifo_with(test, 0);
	struct request *r = queue(test, READ, 4);
	struct tk_counter *polls = tk_count_wakes(test, &ctx->fifo.poll);

	KUNIT_EXPECT_EQ(test, put(ctx, 6), 6);
	KUNIT_EXPECT_EQ(test, result(test, r), 4);
	/* For the write, for the bytes that are left, for the room. */
	KUNIT_EXPECT_EQ(test, polls->wakes, 3);
	KUNIT_EXPECT_EQ(test, poll_mask(test), IN | OUT);
}

/*
 * Test that room that a request leaves behind is told of without a key, if it
 * is too little for POLLOUT: who would write less looks for himself (K3, A7).
 */
static void fifo_aio_poll_little_room(struct kunit *test)
{
	struct fifo_aio_test *ctx = fifo_with(test, SIZE - ATOMIC + 1);
	struct request *r = queue(test, WRITE, ATOMIC);
	struct tk_counter *polls = tk_count_wakes(test, &ctx->fifo.poll);

	cancel(test, r);
	KUNIT_EXPECT_EQ(test, polls->wakes, 1);
	KUNIT_EXPECT_NULL(test, polls->key);
	KUNIT_EXPECT_EQ(test, put(ctx, 1), 1);
}

/*
 * Test that who polled while a request was in line is told when it is gone,
 * even if nobody had the lock in between: the request came back to the line and
 * was cancelled (A2, K3).
 */
static void fifo_aio_poll_back_and_gone(struct kunit *test)
{
	struct fifo_aio_test *ctx = fifo_with(test, 10);
	struct request *stuck = queue_stuck(test, READ, 4);
	struct tk_counter *polls = tk_count_wakes(test, &ctx->fifo.poll);

	step_aside(test, stuck);
	KUNIT_EXPECT_EQ(test, poll_mask(test), IN | OUT);
	polls->wakes = 0;
	mutex_lock(&ctx->fifo.lock);
	tk_hole_fill(&stuck->hole);
	complete(&stuck->served);
	flush_workqueue(ctx->fifo.aio.faults);
	KUNIT_EXPECT_EQ(test, poll_mask(test), OUT);
	KUNIT_EXPECT_EQ(test, tk_cancel(&stuck->iocb), 0);
	mutex_unlock(&ctx->fifo.lock);
	KUNIT_EXPECT_EQ(test, result(test, stuck), -ECANCELED);
	KUNIT_EXPECT_EQ(test, poll_mask(test), IN | OUT);
	KUNIT_EXPECT_GT(test, polls->wakes, 0);
	KUNIT_EXPECT_EQ(test, key_of(polls), IN);
}

/*
 * Told and watched.
 */

/* Test that a request that was served is told of as a call would be (N1). */
static void fifo_aio_signals(struct kunit *test)
{
	struct fifo_aio_test *ctx = fifo_with(test, 0);
	struct tk_file *reader = tk_open(test, &fops, ctx, O_RDONLY);
	struct tk_file *writer = tk_open(test, &fops, ctx, O_WRONLY);
	struct request *r = queue(test, READ, 4);

	tk_own(test, reader->file, SIGUSR1);
	tk_own(test, writer->file, SIGUSR2);
	KUNIT_ASSERT_GT(test, fops_fasync(3, reader->file, 1), 0);
	KUNIT_ASSERT_GT(test, fops_fasync(4, writer->file, 1), 0);
	KUNIT_EXPECT_EQ(test, put(ctx, 4), 4);
	KUNIT_EXPECT_EQ(test, result(test, r), 4);
	KUNIT_EXPECT_EQ(test, tk_signals(), sigmask(SIGUSR1) | sigmask(SIGUSR2));
	cancel(test, queue(test, READ, 4));
	KUNIT_EXPECT_EQ(test, tk_signals(), 0);
	KUNIT_EXPECT_EQ(test, gf_fifo_stats(&ctx->fifo).signals, 2);
}

/* Test that requests that waited are counted, by how they ended (T2). */
static void fifo_aio_stats(struct kunit *test)
{
	struct fifo_aio_test *ctx = fifo_with(test, 0);
	struct request *first = queue(test, READ, 4);
	struct request *second = queue(test, READ, 4);
	struct request *bad = request_new(test, READ, 4);
	struct gf_fifo_stats stats;

	dig(test, bad);
	KUNIT_ASSERT_EQ(test, submit(test, bad), QUEUED);
	cancel(test, second);
	KUNIT_EXPECT_EQ(test, put(ctx, 5), 5);
	KUNIT_EXPECT_EQ(test, result(test, first), 4);
	KUNIT_EXPECT_EQ(test, result(test, bad), -EFAULT);
	stats = gf_fifo_stats(&ctx->fifo);
	KUNIT_EXPECT_EQ(test, stats.aio_queued, 3);
	KUNIT_EXPECT_EQ(test, stats.aio_completed, 2);
	KUNIT_EXPECT_EQ(test, stats.aio_cancelled, 1);
	KUNIT_EXPECT_EQ(test, stats.reads, 1);
	KUNIT_EXPECT_EQ(test, stats.bytes_out, 4);
	KUNIT_EXPECT_EQ(test, stats.sleeps, 0);
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
	} seen[8];
};

#define AIO_PROBE(name, letter)						\
static void probe_##name(void *data, const struct gf_fifo *fifo, int rw, \
			 size_t bytes, size_t fill)			\
{									\
	struct trace_log *log = data;					\
									\
	if (log->n < ARRAY_SIZE(log->seen))				\
		log->seen[log->n] = (struct trace_seen){		\
			letter, fifo, rw, bytes, fill,			\
		};							\
	log->n++;							\
}

AIO_PROBE(aio_queue, 'q')
AIO_PROBE(aio_complete, 'c')
AIO_PROBE(aio_cancel, 'x')

static void trace_stop(void *log)
{
	unregister_trace_globalfifo_aio_queue(probe_aio_queue, log);
	unregister_trace_globalfifo_aio_complete(probe_aio_complete, log);
	unregister_trace_globalfifo_aio_cancel(probe_aio_cancel, log);
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
			register_trace_globalfifo_aio_queue(probe_aio_queue,
							    log) ?:
			register_trace_globalfifo_aio_complete(probe_aio_complete,
							       log) ?:
			register_trace_globalfifo_aio_cancel(probe_aio_cancel,
							     log));
	return log;
}

/*
 * Test that tracepoints say what becomes of requests that wait, for how many
 * bytes, and what the FIFO then holds (T1).
 */
static void fifo_aio_trace(struct kunit *test)
{
	struct fifo_aio_test *ctx = fifo_with(test, 0);
	struct trace_log *log = trace_start(test);
	const struct gf_fifo *fifo = &ctx->fifo;
	const struct trace_seen want[] = {
		{ 'q', fifo, READ, 40, 0 },
		{ 'c', fifo, READ, 30, 0 },
		{ 'q', fifo, WRITE, 2 * SIZE, SIZE },
		{ 'q', fifo, WRITE, 50, SIZE },
		{ 'x', fifo, WRITE, 50, SIZE },
		{ 'c', fifo, WRITE, SIZE, SIZE },
	};
	struct request *r = queue(test, READ, 40);
	unsigned int i;

	put(ctx, 30);
	KUNIT_EXPECT_EQ(test, result(test, r), 30);
	put(ctx, SIZE);
	r = queue(test, WRITE, 2 * SIZE);
	cancel(test, queue(test, WRITE, 50));
	gf_fifo_clear(&ctx->fifo);
	KUNIT_EXPECT_EQ(test, result(test, r), SIZE);
	KUNIT_ASSERT_EQ(test, log->n, ARRAY_SIZE(want));
	for (i = 0; i < ARRAY_SIZE(want); i++)
		KUNIT_EXPECT_EQ_MSG(test, 0, memcmp(&log->seen[i], &want[i],
						    sizeof(want[i])),
				    "event %u, '%c'", i, want[i].what);
}

/*
 * Cancelled.
 */

/* Test that one who cancels before the request is in line wins (A3). */
static void fifo_aio_cancel_at_once(struct kunit *test)
{
	struct fifo_aio_test *ctx = fifo_with(test, 0);
	struct request *r = request_new(test, READ, 4);

	cancel_at_once = true;
	KUNIT_EXPECT_EQ(test, submit(test, r), QUEUED);
	cancel_at_once = false;
	KUNIT_EXPECT_EQ(test, r->cancelled, 0);
	KUNIT_EXPECT_EQ(test, result(test, r), -ECANCELED);
	KUNIT_EXPECT_EQ(test, pending(test), 0);
	KUNIT_EXPECT_EQ(test, gf_fifo_stats(&ctx->fifo).aio_queued, 1);
	KUNIT_EXPECT_EQ(test, gf_fifo_stats(&ctx->fifo).aio_cancelled, 1);
	KUNIT_EXPECT_EQ(test, put(ctx, 4), 4);
	KUNIT_EXPECT_EQ(test, get(ctx, 4), 4);
}

/*
 * Test that a request can be cancelled before it is in line, and so before it
 * can be completed, and gone (A3).
 */
static void fifo_aio_cancellable_first(struct kunit *test)
{
	struct request *first = queue(test, READ, 4);
	struct request *second = queue(test, READ, 4);

	KUNIT_EXPECT_EQ(test, first->before, 0);
	KUNIT_EXPECT_EQ(test, second->before, 1);
	cancel(test, first);
	cancel(test, second);
}

static void note_lock(struct tk_iocb *iocb)
{
	struct request *r = container_of(iocb, struct request, iocb);
	struct gf_aio_req *req = iocb->kiocb.private;
	struct gf_fifo *fifo = container_of(req->aio, struct gf_fifo, aio);

	r->locked = mutex_is_locked(&fifo->lock);
}

/*
 * Test that a request is completed without the FIFO's lock, whatever its end:
 * that may be the last of the file, and of much else (R4).
 */
static void fifo_aio_complete_unlocked(struct kunit *test)
{
	struct fifo_aio_test *ctx = fifo_with(test, 0);
	struct request *served = queue(test, READ, 4);
	struct request *cancelled = queue(test, READ, 4);
	struct request *early = request_new(test, READ, 4);

	served->iocb.on_complete = note_lock;
	cancelled->iocb.on_complete = note_lock;
	early->iocb.on_complete = note_lock;
	cancel(test, cancelled);
	KUNIT_EXPECT_EQ(test, put(ctx, 4), 4);
	KUNIT_EXPECT_EQ(test, result(test, served), 4);
	cancel_at_once = true;
	KUNIT_EXPECT_EQ(test, submit(test, early), QUEUED);
	cancel_at_once = false;
	KUNIT_EXPECT_EQ(test, result(test, early), -ECANCELED);
	KUNIT_EXPECT_FALSE(test, served->locked);
	KUNIT_EXPECT_FALSE(test, cancelled->locked);
	KUNIT_EXPECT_FALSE(test, early->locked);
}

/* Test that a cancelled request gets no byte, and the next one does (A3). */
static void fifo_aio_cancel_waiting(struct kunit *test)
{
	struct fifo_aio_test *ctx = fifo_with(test, 0);
	struct request *first = queue(test, READ, 4);
	struct request *second = queue(test, READ, 4);

	cancel(test, first);
	KUNIT_EXPECT_EQ(test, pending(test), 1);
	KUNIT_EXPECT_EQ(test, put(ctx, 4), 4);
	KUNIT_EXPECT_EQ(test, result(test, second), 4);
	KUNIT_EXPECT_EQ(test, first->buf[1], 0);
}

static long cancel_directly(void *arg)
{
	struct request *r = arg;

	r->cancelled = gf_aio_cancel(r->iocb.kiocb.private);
	return atomic_read(&r->iocb.completions);
}

/*
 * Test that who cancels a request is done with it when the server gets it, who
 * frees it before gf_aio_cancel() returns. It takes KASAN to see that (A3).
 */
static void fifo_aio_cancel_frees(struct kunit *test)
{
	struct request *r = queue(test, READ, 4);
	long completions = tk_give_way(test, cancel_directly, r);

	if (preempt_model_full() && num_online_cpus() == 1)
		KUNIT_EXPECT_EQ(test, completions, 1);
	KUNIT_EXPECT_EQ(test, r->cancelled, 0);
	KUNIT_EXPECT_EQ(test, result(test, r), -ECANCELED);
}

/* Test that a read cancelled while its bytes are copied takes none (A3, R3). */
static void fifo_aio_cancel_read_copied(struct kunit *test)
{
	struct fifo_aio_test *ctx = fifo_with(test, 0);
	struct request *r = queue(test, READ, 4);

	cancel_in_copy = r;
	KUNIT_EXPECT_EQ(test, put(ctx, 3), 3);
	KUNIT_EXPECT_EQ(test, result(test, r), -ECANCELED);
	KUNIT_EXPECT_EQ(test, r->cancelled, 0);
	KUNIT_EXPECT_EQ(test, held(test), 3);
	KUNIT_EXPECT_EQ(test, get(ctx, 4), 3);
	KUNIT_EXPECT_EQ(test, gf_fifo_stats(&ctx->fifo).aio_cancelled, 1);
	KUNIT_EXPECT_EQ(test, gf_fifo_stats(&ctx->fifo).aio_completed, 0);
}

/*
 * Test that a write cancelled while its bytes are copied adds none, and that
 * the one behind it, which it held up, goes in (A3, R3).
 */
static void fifo_aio_cancel_write_copied(struct kunit *test)
{
	struct fifo_aio_test *ctx = fifo_with(test, SIZE);
	struct request *r = queue(test, WRITE, ATOMIC);
	struct request *next = queue(test, WRITE, 1);

	cancel_in_copy = r;
	KUNIT_EXPECT_EQ(test, get(ctx, SIZE), SIZE);
	KUNIT_EXPECT_EQ(test, result(test, r), -ECANCELED);
	KUNIT_EXPECT_EQ(test, result(test, next), 1);
	KUNIT_EXPECT_EQ(test, held(test), 1);
	KUNIT_EXPECT_EQ(test, get(ctx, SIZE), 1);
}

/* Test that one cancelled when its pages turn out to be missing just ends (A3). */
static void fifo_aio_cancel_before_fault(struct kunit *test)
{
	struct fifo_aio_test *ctx = fifo_with(test, 0);
	struct request *r = request_new(test, READ, 4);

	dig(test, r);
	KUNIT_ASSERT_EQ(test, submit(test, r), QUEUED);
	cancel_in_copy = r;
	KUNIT_EXPECT_EQ(test, put(ctx, 3), 3);
	KUNIT_EXPECT_EQ(test, result(test, r), -ECANCELED);
	KUNIT_EXPECT_EQ(test, r->hole.attempts, 0);
	KUNIT_EXPECT_EQ(test, get(ctx, 4), 3);
}

static void cancel_late(struct tk_iocb *iocb)
{
	struct request *r = container_of(iocb, struct request, iocb);

	r->cancelled = tk_cancel(iocb);
}

/* Test that it is too late to cancel when the bytes have moved (A3). */
static void fifo_aio_cancel_late(struct kunit *test)
{
	struct fifo_aio_test *ctx = fifo_with(test, 0);
	struct request *r = queue(test, READ, 4);

	r->iocb.on_complete = cancel_late;
	KUNIT_EXPECT_EQ(test, put(ctx, 4), 4);
	KUNIT_EXPECT_EQ(test, result(test, r), 4);
	KUNIT_EXPECT_EQ(test, r->cancelled, -EAGAIN);
	KUNIT_EXPECT_EQ(test, gf_fifo_stats(&ctx->fifo).aio_cancelled, 0);
}

/*
 * Test that all that are cancelled before the server has run are completed, as
 * when a process exits (A3).
 */
static void fifo_aio_cancel_many(struct kunit *test)
{
	struct fifo_aio_test *ctx = fifo_with(test, 0);
	struct request *rs[MAX_AIO];
	unsigned int i;

	for (i = 0; i < MAX_AIO; i++)
		rs[i] = queue(test, READ, 4);
	mutex_lock(&ctx->fifo.lock);
	for (i = 0; i < MAX_AIO; i++)
		KUNIT_EXPECT_EQ(test, tk_cancel(&rs[i]->iocb), 0);
	mutex_unlock(&ctx->fifo.lock);
	for (i = 0; i < MAX_AIO; i++)
		KUNIT_EXPECT_EQ(test, result(test, rs[i]), -ECANCELED);
}

/* Test that a cancelled write makes way for those behind it (A2, A3). */
static void fifo_aio_cancel_head(struct kunit *test)
{
	struct fifo_aio_test *ctx = fifo_with(test, SIZE);
	struct request *big = queue(test, WRITE, ATOMIC);
	struct request *small = queue(test, WRITE, 1);

	KUNIT_EXPECT_EQ(test, get(ctx, 2), 2);
	KUNIT_EXPECT_TRUE(test, waits(test, small));
	cancel(test, big);
	KUNIT_EXPECT_EQ(test, result(test, small), 1);
}

/*
 * Faults.
 */

/* Test that memory is brought in when it is needed, and no earlier (A1, R4). */
static void fifo_aio_fault_heals(struct kunit *test)
{
	struct fifo_aio_test *ctx = fifo_with(test, 0);
	struct request *r = request_new(test, READ, 40);

	r->hole = (struct tk_hole){ .at = 30, .heals = 1 };
	dig(test, r);
	KUNIT_ASSERT_EQ(test, submit(test, r), QUEUED);
	KUNIT_EXPECT_TRUE(test, waits(test, r));
	KUNIT_EXPECT_EQ(test, r->hole.attempts, 0);
	KUNIT_EXPECT_EQ(test, put(ctx, 40), 40);
	KUNIT_EXPECT_EQ(test, result(test, r), 40);
	KUNIT_EXPECT_EQ(test, r->hole.attempts, 1);
}

static void note_faulter(void *arg)
{
	struct request *r = arg;

	r->faulter = current;
}

/* Test that to submit serves no fault itself, though there are bytes (A1). */
static void fifo_aio_fault_submit(struct kunit *test)
{
	struct fifo_aio_test *ctx = fifo_with(test, 40);
	struct request *r = request_new(test, READ, 40);

	r->hole = (struct tk_hole){
		.at = 30, .heals = 1, .on_attempt = note_faulter, .arg = r,
	};
	dig(test, r);
	KUNIT_EXPECT_EQ(test, submit(test, r), QUEUED);
	KUNIT_EXPECT_EQ(test, result(test, r), 40);
	KUNIT_EXPECT_NOT_NULL(test, r->faulter);
	KUNIT_EXPECT_PTR_NE(test, r->faulter, current);
	KUNIT_EXPECT_EQ(test, gf_fifo_stats(&ctx->fifo).aio_completed, 1);
}

/* Test that a pending read at a bad address leaves what was not copied (W2, A2). */
static void fifo_aio_read_fault(struct kunit *test)
{
	struct fifo_aio_test *ctx = fifo_with(test, 0);
	struct request *bad = request_new(test, READ, 10);
	struct request *part = request_new(test, READ, 10);
	struct request *good;

	dig(test, bad);
	KUNIT_ASSERT_EQ(test, submit(test, bad), QUEUED);
	part->hole.at = 4;
	dig(test, part);
	KUNIT_ASSERT_EQ(test, submit(test, part), QUEUED);
	good = queue(test, READ, 10);
	KUNIT_EXPECT_EQ(test, put(ctx, 6), 6);
	KUNIT_EXPECT_EQ(test, result(test, bad), -EFAULT);
	KUNIT_EXPECT_EQ(test, result(test, part), 4);
	KUNIT_EXPECT_EQ(test, result(test, good), 2);
	KUNIT_EXPECT_EQ(test, held(test), 0);
}

/*
 * Test that a pending write of which too little can be copied puts nothing in,
 * and of a longer one what is good counts (W2, A2).
 */
static void fifo_aio_write_fault(struct kunit *test)
{
	struct fifo_aio_test *ctx = fifo_with(test, SIZE);
	struct request *bad = request_new(test, WRITE, SIZE);
	struct request *part = request_new(test, WRITE, SIZE);

	bad->hole.at = ATOMIC - 1;
	dig(test, bad);
	KUNIT_ASSERT_EQ(test, submit(test, bad), QUEUED);
	part->hole.at = ATOMIC + 1;
	dig(test, part);
	KUNIT_ASSERT_EQ(test, submit(test, part), QUEUED);
	KUNIT_EXPECT_EQ(test, get(ctx, SIZE), SIZE);
	KUNIT_EXPECT_EQ(test, result(test, bad), -EFAULT);
	KUNIT_EXPECT_EQ(test, result(test, part), ATOMIC + 1);
	KUNIT_EXPECT_EQ(test, held(test), ATOMIC + 1);
	KUNIT_EXPECT_EQ(test, get(ctx, SIZE), ATOMIC + 1);
}

/* Test that memory that never stays is given up (R4, W2). */
static void fifo_aio_fault_lies(struct kunit *test)
{
	struct fifo_aio_test *ctx = fifo_with(test, 40);
	struct request *r = request_new(test, READ, 40);

	r->hole = (struct tk_hole){ .at = 0, .lies = true };
	dig(test, r);
	KUNIT_ASSERT_EQ(test, submit(test, r), QUEUED);
	KUNIT_EXPECT_EQ(test, result(test, r), -EFAULT);
	KUNIT_EXPECT_LT(test, r->hole.attempts, 100);
	KUNIT_EXPECT_EQ(test, get(ctx, 40), 40);
}

/* Test that bytes that are gone when the memory is there are waited for (R3). */
static void fifo_aio_fault_bytes_gone(struct kunit *test)
{
	struct fifo_aio_test *ctx = fifo_with(test, 40);
	struct request *r = queue_stuck(test, READ, 4);

	room_by_clear(ctx);
	fault_ends(test, r);
	KUNIT_EXPECT_TRUE(test, waits(test, r));
	KUNIT_EXPECT_EQ(test, pending(test), 1);
	KUNIT_EXPECT_EQ(test, put(ctx, 2), 2);
	KUNIT_EXPECT_EQ(test, result(test, r), 2);
}

/*
 * Test that others pass a request whose memory takes longer than they have
 * patience, and not earlier, by themselves, and that it has its turn when its
 * memory is there (A2, A3). The only test that takes real time.
 */
static void fifo_aio_patience(struct kunit *test)
{
	struct fifo_aio_test *ctx = fifo_with(test, 10);
	unsigned long start = jiffies;
	struct request *stuck = queue_stuck(test, READ, 4);
	struct request *next = queue(test, READ, 4);
	struct call *reader = call_start(test, READ, 2);

	KUNIT_EXPECT_EQ(test, tk_wait_completed(test, &next->iocb), 4);
	KUNIT_EXPECT_FALSE(test, time_before(jiffies, start +
				 msecs_to_jiffies(GF_AIO_PATIENCE_MS)));
	KUNIT_EXPECT_EQ(test, result(test, next), 4);
	KUNIT_EXPECT_EQ(test, tk_join(test, reader->thread), 2);
	KUNIT_EXPECT_TRUE(test, stream_goes_on(ctx, reader->buf, 2));
	KUNIT_EXPECT_EQ(test, get(ctx, 2), 2);
	KUNIT_EXPECT_EQ(test, put(ctx, 2), 2);
	KUNIT_EXPECT_EQ(test, poll_mask(test), IN | OUT);
	KUNIT_EXPECT_EQ(test, pending(test), 1);
	fault_ends(test, stuck);
	KUNIT_EXPECT_EQ(test, result(test, stuck), 4);
}

/* Test that who steps aside leaves bytes to sleepers and pollers (A2, K1, K3). */
static void fifo_aio_aside_leaves(struct kunit *test)
{
	struct fifo_aio_test *ctx = fifo_with(test, 10);
	struct request *stuck = queue_stuck(test, READ, 4);
	struct call *reader = call_start(test, READ, 2);
	struct tk_counter *polls = tk_count_wakes(test, &ctx->fifo.poll);

	KUNIT_EXPECT_EQ(test, polls->wakes, 0);
	step_aside(test, stuck);
	KUNIT_EXPECT_EQ(test, tk_join(test, reader->thread), 2);
	KUNIT_EXPECT_TRUE(test, stream_goes_on(ctx, reader->buf, 2));
	/* For the bytes that are left to all, and for the reader's room. */
	KUNIT_EXPECT_EQ(test, polls->wakes, 2);
	KUNIT_EXPECT_EQ(test, poll_mask(test), IN | OUT);
	cancel(test, stuck);
	fault_ends(test, stuck);
	KUNIT_EXPECT_EQ(test, get(ctx, 10), 8);
}

/* Test that one that is cancelled while it is stuck ends at once, and once (A3). */
static void fifo_aio_cancel_stuck(struct kunit *test)
{
	struct fifo_aio_test *ctx = fifo_with(test, 10);
	struct request *stuck = queue_stuck(test, READ, 4);
	struct request *next = queue(test, READ, 4);

	cancel(test, stuck);
	KUNIT_EXPECT_EQ(test, result(test, next), 4);
	fault_ends(test, stuck);
	KUNIT_EXPECT_EQ(test, atomic_read(&stuck->iocb.completions), 1);
	KUNIT_EXPECT_EQ(test, get(ctx, 10), 6);
	KUNIT_EXPECT_EQ(test, gf_fifo_stats(&ctx->fifo).aio_completed, 1);
	KUNIT_EXPECT_EQ(test, gf_fifo_stats(&ctx->fifo).aio_cancelled, 1);
}

static long destroy(void *arg)
{
	gf_fifo_destroy(arg);
	return 0;
}

/* Test that the end of a FIFO waits for a fault whose request has long ended. */
static void fifo_aio_destroy(struct kunit *test)
{
	struct fifo_aio_test *ctx = fifo_with(test, 10);
	struct request *stuck = queue_stuck(test, READ, 4);
	struct tk_thread *thread;

	cancel(test, stuck);
	thread = tk_start(test, destroy, &ctx->fifo);
	tk_wait_locked_out(test, thread);
	complete(&stuck->served);
	KUNIT_EXPECT_EQ(test, tk_join(test, thread), 0);
	KUNIT_ASSERT_EQ(test, gf_fifo_init(&ctx->fifo, SIZE, MAX_AIO,
					   &hook_ops, 0), 0);
}

/*
 * User memory.
 */

static ssize_t submit_user(struct kunit *test, struct request *r,
			   void __user *buf)
{
	struct fifo_aio_test *ctx = test->priv;
	struct iov_iter iter;

	ctx->fifo.ops = &gf_user;
	iov_iter_ubuf(&iter, r->rw == READ ? ITER_DEST : ITER_SOURCE, buf,
		      r->len);
	return gf_fifo_submit(&ctx->fifo, r->rw, &r->iocb.kiocb, &iter);
}

/* Test that user memory is read and written when the request is served (A4). */
static void fifo_aio_user(struct kunit *test)
{
	struct fifo_aio_test *ctx = fifo_with(test, 10);
	struct request *reader = request_new(test, READ, 10);
	struct request *writer = request_new(test, WRITE, 6);
	u8 __user *buf = tk_map(test, PAGE_SIZE);

	KUNIT_EXPECT_EQ(test, submit_user(test, reader, buf), QUEUED);
	KUNIT_EXPECT_EQ(test, tk_wait_completed(test, &reader->iocb), 10);
	KUNIT_EXPECT_EQ(test, copy_from_user(reader->buf, buf, 10), 0);
	KUNIT_EXPECT_EQ(test, result(test, reader), 10);
	fifo_with(test, SIZE);
	KUNIT_EXPECT_EQ(test, submit_user(test, writer, buf), QUEUED);
	stream_fill(ctx, writer->buf, 6);
	KUNIT_EXPECT_EQ(test, copy_to_user(buf, writer->buf, 6), 0);
	KUNIT_EXPECT_EQ(test, get(ctx, 6), 6);
	KUNIT_EXPECT_EQ(test, result(test, writer), 6);
	KUNIT_EXPECT_EQ(test, get(ctx, SIZE), SIZE);
	tk_leave_mm();
}

/* Test that if the memory is gone, bytes stay and none go in (A4). */
static void fifo_aio_user_gone(struct kunit *test)
{
	struct fifo_aio_test *ctx = fifo_with(test, 0);
	struct request *reader = request_new(test, READ, 10);
	struct request *writer = request_new(test, WRITE, 6);
	u8 __user *buf = tk_map(test, PAGE_SIZE);

	KUNIT_EXPECT_EQ(test, submit_user(test, reader, buf), QUEUED);
	tk_leave_mm();
	KUNIT_EXPECT_EQ(test, put(ctx, 10), 10);
	KUNIT_EXPECT_EQ(test, result(test, reader), -EFAULT);
	KUNIT_EXPECT_EQ(test, held(test), 10);
	fifo_with(test, SIZE - 10);
	KUNIT_EXPECT_EQ(test, submit_user(test, writer, tk_map(test, PAGE_SIZE)),
			QUEUED);
	tk_leave_mm();
	KUNIT_EXPECT_EQ(test, get(ctx, 10), 10);
	KUNIT_EXPECT_EQ(test, result(test, writer), -EFAULT);
	KUNIT_EXPECT_EQ(test, get(ctx, SIZE), SIZE - 10);
	KUNIT_EXPECT_EQ(test, gf_fifo_stats(&ctx->fifo).aio_completed, 2);
}

static void fifo_aio_test_end(void *data)
{
	gf_fifo_destroy(data);
}

/* Not in .exit: that is before the threads of the case are stopped. */
static int fifo_aio_test_init(struct kunit *test)
{
	struct fifo_aio_test *ctx = kunit_kzalloc(test, sizeof(*ctx),
						  GFP_KERNEL);

	if (!ctx || gf_fifo_init(&ctx->fifo, SIZE, MAX_AIO, &hook_ops,
				 MKDEV(0, 7)))
		return -ENOMEM;
	test->priv = ctx;
	cancel_in_copy = NULL;
	cancel_at_once = false;
	return kunit_add_action_or_reset(test, fifo_aio_test_end, &ctx->fifo);
}

static struct kunit_case fifo_aio_cases[] = {
	KUNIT_CASE(fifo_aio_now),
	KUNIT_CASE(fifo_aio_now_short),
	KUNIT_CASE(fifo_aio_zero),
	KUNIT_CASE(fifo_aio_read),
	KUNIT_CASE_PARAM(fifo_aio_write, room_gen_params),
	KUNIT_CASE(fifo_aio_order),
	KUNIT_CASE(fifo_aio_not_enough),
	KUNIT_CASE(fifo_aio_write_need),
	KUNIT_CASE(fifo_aio_late_bytes),
	KUNIT_CASE(fifo_aio_both),
	KUNIT_CASE(fifo_aio_read_waits_on),
	KUNIT_CASE(fifo_aio_limit),
	KUNIT_CASE(fifo_aio_before_reader),
	KUNIT_CASE(fifo_aio_before_writer),
	KUNIT_CASE(fifo_aio_leaves_room),
	KUNIT_CASE(fifo_aio_before_new),
	KUNIT_CASE(fifo_aio_poll_in),
	KUNIT_CASE(fifo_aio_poll_out),
	KUNIT_CASE(fifo_aio_poll_nothing),
	KUNIT_CASE(fifo_aio_poll_keys),
	KUNIT_CASE(fifo_aio_poll_leaves),
	KUNIT_CASE(fifo_aio_poll_little_room),
	KUNIT_CASE(fifo_aio_poll_back_and_gone),
	KUNIT_CASE(fifo_aio_signals),
	KUNIT_CASE(fifo_aio_stats),
	KUNIT_CASE(fifo_aio_trace),
	KUNIT_CASE(fifo_aio_cancel_at_once),
	KUNIT_CASE(fifo_aio_cancellable_first),
	KUNIT_CASE(fifo_aio_complete_unlocked),
	KUNIT_CASE(fifo_aio_cancel_waiting),
	KUNIT_CASE(fifo_aio_cancel_frees),
	KUNIT_CASE(fifo_aio_cancel_read_copied),
	KUNIT_CASE(fifo_aio_cancel_write_copied),
	KUNIT_CASE(fifo_aio_cancel_before_fault),
	KUNIT_CASE(fifo_aio_cancel_late),
	KUNIT_CASE(fifo_aio_cancel_many),
	KUNIT_CASE(fifo_aio_cancel_head),
	KUNIT_CASE(fifo_aio_fault_heals),
	KUNIT_CASE(fifo_aio_fault_submit),
	KUNIT_CASE(fifo_aio_read_fault),
	KUNIT_CASE(fifo_aio_write_fault),
	KUNIT_CASE(fifo_aio_fault_lies),
	KUNIT_CASE(fifo_aio_fault_bytes_gone),
	KUNIT_CASE(fifo_aio_patience),
	KUNIT_CASE(fifo_aio_aside_leaves),
	KUNIT_CASE(fifo_aio_cancel_stuck),
	KUNIT_CASE(fifo_aio_destroy),
	KUNIT_CASE(fifo_aio_user),
	KUNIT_CASE(fifo_aio_user_gone),
	{}
};

static struct kunit_suite fifo_aio_suite = {
	.name = "fifo_aio",
	.init = fifo_aio_test_init,
	.test_cases = fifo_aio_cases,
};

kunit_test_suite(fifo_aio_suite);

MODULE_DESCRIPTION("KUnit tests of globalfifo's asynchronous requests");
MODULE_LICENSE("GPL");
