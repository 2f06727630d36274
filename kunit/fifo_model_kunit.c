// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit test of the whole core against a plain reference: threads that read and
 * write, sleep and are woken or interrupted, while the FIFO is cleared and
 * resized. The test makes one step at a time and waits until nothing moves any
 * more. Then there must be an order in which the calls that have returned,
 * done one after the other on the reference, give what they gave: the core is
 * linearizable, as its callers believe. And whoever still sleeps must have
 * nothing to do (K1), and every wakeup and signal must be accounted for.
 */

#include <kunit/test.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/string.h>
#include <linux/uio.h>

#include "../kernel/fifo.h"
#include "../kernel/globalfifo.h"
#include "compat.h"
#include "testkit.h"

#define STEPS		3000
#define CALLS		6
#define MIN_SIZE	GLOBALFIFO_SIZE_MIN
#define MAX_SIZE	(4 * MIN_SIZE)
#define MAX_LEN		(3 * GLOBALFIFO_ATOMIC)

/* The reference: bytes side by side, oldest first. */
struct model {
	size_t size;
	size_t len;
	u8 bytes[MAX_SIZE];
};

/* One read or write, in a thread of its own. */
struct call {
	struct gf_fifo *fifo;
	int rw;
	size_t len;
	u8 buf[MAX_LEN];
	struct tk_thread *thread;
	bool slept;
};

struct fifo_model_test {
	struct gf_fifo fifo;
	struct rnd_state rnd;
	struct model model;
	/* Scratch for each call that is being put in order. */
	struct model tried[CALLS];
	struct call *calls[CALLS];
	struct tk_counter *polls;
	/* What there must have been in all. */
	struct gf_fifo_stats stats;
	unsigned int announced;
	unsigned int robbed;
};

static int model_fasync(int fd, struct file *file, int on)
{
	struct gf_fifo *fifo = file->private_data;

	return gf_notify_fasync(&fifo->notify, fd, file, on);
}

static const struct file_operations model_fops = {
	.fasync = model_fasync,
};

static size_t random_below(struct fifo_model_test *ctx, size_t limit)
{
	return prandom_u32_state(&ctx->rnd) % limit;
}

static size_t call_need(const struct call *call)
{
	return call->rw == READ ? 1 :
	       min_t(size_t, call->len, GLOBALFIFO_ATOMIC);
}

static size_t model_avail(const struct model *model, int rw)
{
	return rw == READ ? model->len : model->size - model->len;
}

static bool model_blocks(const struct model *model, const struct call *call)
{
	return model_avail(model, call->rw) < call_need(call);
}

static void model_take(struct model *model, size_t len)
{
	memmove(model->bytes, model->bytes + len, model->len - len);
	model->len -= len;
}

/* Do on the reference what @call did. Returns whether that is what it gave. */
static bool model_do(struct model *model, const struct call *call)
{
	size_t n = min(call->len, model_avail(model, call->rw));

	if (model_blocks(model, call) || call->thread->ret != n)
		return false;
	if (call->rw == WRITE) {
		memcpy(model->bytes + model->len, call->buf, n);
		model->len += n;
		return true;
	}
	if (memcmp(model->bytes, call->buf, n))
		return false;
	model_take(model, n);
	return true;
}

/* Does the FIFO hold the same bytes as the reference? */
static bool model_is_fifo(const struct model *model, const struct gf_fifo *fifo)
{
	struct gf_span span;
	size_t done;

	for (done = 0; done < model->len; done += span.len) {
		span = gf_ring_used_span(&fifo->ring, done);
		if (!span.len ||
		    memcmp(model->bytes + done, span.base,
			   min(span.len, model->len - done)))
			return false;
	}
	return done == gf_ring_used(&fifo->ring);
}

/*
 * Find an order for the calls in @rest, a mask, that explains what they gave
 * and what the FIFO holds. On success the reference is as they leave it.
 */
static bool model_explain(struct fifo_model_test *ctx, unsigned long rest)
{
	unsigned int depth = hweight_long(rest);
	unsigned int i;

	if (!rest)
		return model_is_fifo(&ctx->model, &ctx->fifo);
	ctx->tried[depth - 1] = ctx->model;
	for_each_set_bit(i, &rest, CALLS) {
		if (model_do(&ctx->model, ctx->calls[i]) &&
		    model_explain(ctx, rest & ~BIT(i)))
			return true;
		ctx->model = ctx->tried[depth - 1];
	}
	return false;
}

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

static unsigned int waits_ended(const struct gf_fifo *fifo)
{
	return READ_ONCE(fifo->readers.finished) +
	       READ_ONCE(fifo->writers.finished);
}

/* Wait until every call has returned or sleeps. Returns a mask of the former. */
static unsigned long model_settle(struct kunit *test)
{
	struct fifo_model_test *ctx = test->priv;
	unsigned long done = 0, was;
	unsigned int ended, i;

	do {
		was = done;
		ended = waits_ended(&ctx->fifo);
		for (i = 0; i < CALLS; i++)
			if (ctx->calls[i] &&
			    tk_settle(test, ctx->calls[i]->thread,
				      ctx->calls[i]->rw == READ ?
				      &ctx->fifo.readers.queue :
				      &ctx->fifo.writers.queue))
				done |= BIT(i);
	} while (done != was || ended != waits_ended(&ctx->fifo));
	return done;
}

/*
 * The calls in @done have returned: forget them, and count what they must have
 * done. Returns how many had slept, in @woken those that were then woken.
 */
static void model_retire(struct fifo_model_test *ctx, unsigned long done)
{
	struct call *call;
	unsigned int i;

	for_each_set_bit(i, &done, CALLS) {
		call = ctx->calls[i];
		ctx->calls[i] = NULL;
		ctx->stats.wakes += call->slept;
		ctx->announced++;
		if (call->rw == READ) {
			ctx->stats.reads++;
			ctx->stats.bytes_out += call->thread->ret;
		} else {
			ctx->stats.writes++;
			ctx->stats.bytes_in += call->thread->ret;
		}
	}
}

/*
 * Compare with what there must have been. One who is woken may find that a
 * rival who was woken beside him took more than his share; he then sleeps
 * again. If @exact nobody can want more than his share.
 */
static void model_check(struct kunit *test, bool exact)
{
	struct fifo_model_test *ctx = test->priv;
	struct gf_fifo_stats stats = gf_fifo_stats(&ctx->fifo);
	unsigned int i;

	KUNIT_ASSERT_EQ(test, gf_fifo_fill(&ctx->fifo), ctx->model.len);
	KUNIT_ASSERT_EQ(test, gf_fifo_size(&ctx->fifo), ctx->model.size);
	for (i = 0; i < CALLS; i++)
		KUNIT_ASSERT_FALSE(test, ctx->calls[i] &&
				   !model_blocks(&ctx->model, ctx->calls[i]));
	KUNIT_ASSERT_EQ(test, ctx->fifo.readers.promised, 0);
	KUNIT_ASSERT_EQ(test, ctx->fifo.writers.promised, 0);

	ctx->robbed = stats.wakes - ctx->stats.wakes;
	if (exact)
		KUNIT_ASSERT_EQ(test, ctx->robbed, 0);
	KUNIT_ASSERT_EQ(test, stats.sleeps, ctx->stats.sleeps + ctx->robbed);
	KUNIT_ASSERT_EQ(test, stats.reads, ctx->stats.reads);
	KUNIT_ASSERT_EQ(test, stats.writes, ctx->stats.writes);
	KUNIT_ASSERT_EQ(test, stats.bytes_in, ctx->stats.bytes_in);
	KUNIT_ASSERT_EQ(test, stats.bytes_out, ctx->stats.bytes_out);
	KUNIT_ASSERT_EQ(test, stats.signals, ctx->announced);
	KUNIT_ASSERT_EQ(test, ctx->polls->wakes, ctx->announced);
}

/* Start a call in slot @i, which is free. */
static void step_call(struct kunit *test, unsigned int i, bool exact)
{
	struct fifo_model_test *ctx = test->priv;
	struct call *call = kunit_kzalloc(test, sizeof(*call), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, call);
	call->fifo = &ctx->fifo;
	call->rw = random_below(ctx, 2) ? READ : WRITE;
	call->len = 1 + random_below(ctx, exact ? GLOBALFIFO_ATOMIC : MAX_LEN);
	if (exact && call->rw == READ)
		call->len = 1;
	if (call->rw == WRITE)
		prandom_bytes_state(&ctx->rnd, call->buf, call->len);
	call->slept = model_blocks(&ctx->model, call);
	ctx->stats.sleeps += call->slept;
	ctx->calls[i] = call;
	call->thread = tk_start(test, call_run, call);
}

/* Interrupt the call in slot @i, which sleeps. */
static void step_interrupt(struct kunit *test, unsigned int i)
{
	struct fifo_model_test *ctx = test->priv;
	struct call *call = ctx->calls[i];

	ctx->calls[i] = NULL;
	tk_interrupt(call->thread);
	KUNIT_ASSERT_EQ(test, tk_join(test, call->thread), -ERESTARTSYS);
}

static void step_clear(struct kunit *test)
{
	struct fifo_model_test *ctx = test->priv;

	gf_fifo_clear(&ctx->fifo);
	ctx->announced += ctx->model.len > 0;
	ctx->model.len = 0;
}

static void step_resize(struct kunit *test)
{
	struct fifo_model_test *ctx = test->priv;
	size_t size = MIN_SIZE << random_below(ctx, 3);
	bool fits = ctx->model.len <= size;

	KUNIT_ASSERT_EQ(test, gf_fifo_resize(&ctx->fifo, size),
			fits ? 0 : -EBUSY);
	if (!fits)
		return;
	ctx->announced += size > ctx->model.size;
	ctx->model.size = size;
}

/* A busy slot is interrupted now and then, a free one mostly used. */
static void model_step(struct kunit *test, bool exact)
{
	struct fifo_model_test *ctx = test->priv;
	unsigned int i = random_below(ctx, CALLS);
	unsigned int dice = random_below(ctx, 20);
	unsigned long done;

	if (dice == 0)
		step_clear(test);
	else if (dice == 1)
		step_resize(test);
	else if (!ctx->calls[i])
		step_call(test, i, exact);
	else if (dice < 6)
		step_interrupt(test, i);

	done = model_settle(test);
	KUNIT_ASSERT_TRUE(test, model_explain(ctx, done));
	model_retire(ctx, done);
	model_check(test, exact);
}

static const bool model_exact[] = { true, false };

static void model_desc(const bool *exact, char *desc)
{
	strscpy(desc, *exact ? "exact" : "greedy", KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(model, model_exact, model_desc);

/*
 * Test thousands of random calls by several threads against the reference:
 * bytes and results (R1, R2, R3, W1, W3, I1), who may go on does (K1), nobody
 * is woken for nothing (K2), pollers are woken for each transfer (K3) and
 * files signalled (N1), and all is counted (T2). To repeat a failure, boot
 * with the seed that it printed.
 */
static void fifo_model(struct kunit *test)
{
	bool exact = *(const bool *)test->param_value;
	struct fifo_model_test *ctx = test->priv;
	unsigned int step;

	prandom_seed_state(&ctx->rnd, tk_seed(test));
	for (step = 0; step < STEPS; step++)
		model_step(test, exact);
	kunit_info(test, "%llu reads, %llu writes, %llu sleeps, %u robbed",
		   ctx->stats.reads, ctx->stats.writes, ctx->stats.sleeps,
		   ctx->robbed);
}

static void fifo_model_end(void *data)
{
	gf_fifo_destroy(data);
}

/* One file on either list, so that there is always somebody to tell. */
static int fifo_model_init(struct kunit *test)
{
	struct fifo_model_test *ctx = kunit_kzalloc(test, sizeof(*ctx),
						    GFP_KERNEL);
	struct tk_file *file;
	int err;

	if (!ctx || gf_fifo_init(&ctx->fifo, MIN_SIZE, 1, &gf_user, 0))
		return -ENOMEM;
	test->priv = ctx;
	ctx->model.size = MIN_SIZE;
	err = kunit_add_action_or_reset(test, fifo_model_end, &ctx->fifo);
	if (err)
		return err;
	ctx->polls = tk_count_wakes(test, &ctx->fifo.poll);
	file = tk_open(test, &model_fops, &ctx->fifo, O_RDWR);
	err = model_fasync(3, file->file, 1);
	return err < 0 ? err : 0;
}

static struct kunit_case fifo_model_cases[] = {
	KUNIT_CASE_PARAM(fifo_model, model_gen_params),
	{}
};

static struct kunit_suite fifo_model_suite = {
	.name = "fifo_model",
	.init = fifo_model_init,
	.test_cases = fifo_model_cases,
};

kunit_test_suite(fifo_model_suite);

MODULE_DESCRIPTION("KUnit test of globalfifo's core against a reference");
MODULE_LICENSE("GPL");
