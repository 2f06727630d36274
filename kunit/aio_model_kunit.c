// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit test of asynchronous requests against a plain reference: requests that
 * are submitted, cancelled, and have memory that is bad, or slow, among calls
 * that do not wait, CLEAR and SET_SIZE. The test makes one step at a time, and
 * waits until each request that can go on has. Then there must be an order in
 * which those that were completed, done one after the other on the reference,
 * give what they gave. And whoever still waits must have nothing to do.
 */

#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/prandom.h>
#include <linux/string.h>
#include <linux/uio.h>

#include "../kernel/fifo.h"
#include "../kernel/globalfifo.h"
#include "compat.h"
#include "testkit.h"

#define STEPS		10000
#define SLOTS		8
#define MAX_AIO		6
#define MIN_SIZE	GLOBALFIFO_SIZE_MIN
#define MAX_SIZE	(4 * MIN_SIZE)
#define MAX_LEN		(3 * GLOBALFIFO_ATOMIC)
#define NO_HOLE		MAX_LEN
#define NEVER		(1000 * HZ)

/* The reference: bytes side by side, oldest first. */
struct model {
	size_t size;
	size_t len;
	u8 bytes[MAX_SIZE];
};

/*
 * What a request's memory is like: all there; a byte comes in when it is wanted,
 * or never; or that takes until the test says which of the two.
 */
enum memory { THERE, COMES, BAD, SLOW, MEMORIES };

/* One request: it waits, then it is completed, but its fault may go on. */
struct request {
	struct tk_iocb iocb;
	int rw;
	size_t len;
	u8 buf[MAX_LEN];
	enum memory memory;
	struct tk_hole hole;
	struct completion served;
	u64 seq;
	bool waits;
	bool aside;
	bool stuck;
	bool failed;
};

struct aio_model_test {
	struct gf_fifo fifo;
	struct rnd_state rnd;
	struct model model;
	/* Scratch for each request that is being put in order. */
	struct model tried[SLOTS];
	struct request requests[SLOTS];
	struct request call;
	u64 seq;
	struct tk_file *file;
	struct tk_counter *polls;
	unsigned int mask;
	/* What there must have been in all. */
	struct gf_fifo_stats stats;
	unsigned int refused;
	unsigned int stepped_aside;
};

static size_t random_below(struct aio_model_test *ctx, size_t limit)
{
	return prandom_u32_state(&ctx->rnd) % limit;
}

/* Patience ends when the test says so, not by the clock. */
static void model_set_cancel(struct kiocb *kiocb, kiocb_cancel_fn *cancel)
{
	struct gf_aio_req *req = kiocb->private;

	req->patience = NEVER;
	tk_set_cancel(kiocb, cancel);
}

static const struct gf_user_ops model_ops = {
	.to_iter		= tk_to_iter,
	.from_iter		= tk_from_iter,
	.fault_in_writeable	= tk_fault_in,
	.fault_in_readable	= tk_fault_in,
	.set_cancel		= model_set_cancel,
};

/* In the fault of slow memory. */
static void be_stuck(void *arg)
{
	struct request *r = arg;

	WRITE_ONCE(r->stuck, true);
	wait_for_completion_timeout(&r->served, TK_PATIENCE);
}

/*
 * The reference.
 */

static size_t need_of(int rw, size_t len)
{
	return rw == READ ? 1 : min_t(size_t, len, GLOBALFIFO_ATOMIC);
}

static size_t model_avail(const struct model *model, int rw)
{
	return rw == READ ? model->len : model->size - model->len;
}

/* Move @n bytes. Returns whether those that were read are right. */
static bool model_move(struct model *model, int rw, const u8 *buf, size_t n)
{
	bool right = true;

	if (rw == WRITE) {
		memcpy(model->bytes + model->len, buf, n);
		model->len += n;
	} else {
		right = !memcmp(model->bytes, buf, n);
		memmove(model->bytes, model->bytes + n, model->len - n);
		model->len -= n;
	}
	return right;
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

/* The first in line, but for those in @gone, a mask; or NULL. */
static struct request *model_first(struct aio_model_test *ctx, int rw,
				   unsigned long gone)
{
	struct request *r, *first = NULL;
	unsigned int i;

	for (i = 0; i < SLOTS; i++) {
		r = &ctx->requests[i];
		if (r->waits && !r->aside && r->rw == rw && !(gone & BIT(i)) &&
		    (!first || r->seq < first->seq))
			first = r;
	}
	return first;
}

/* How many bytes would a request move now, if its memory came in if it can? */
static ssize_t model_result(const struct model *model, const struct request *r)
{
	size_t n = min(r->len, model_avail(model, r->rw));

	if (r->failed)
		return -EFAULT;
	if (n < need_of(r->rw, r->len))
		return -EAGAIN;
	if (r->memory != BAD || r->hole.at >= n)
		return n;
	return r->hole.at < need_of(r->rw, r->len) ? -EFAULT : r->hole.at;
}

/* Is there something that a request has to do? */
static bool model_can_go_on(const struct model *model, const struct request *r)
{
	return r && !READ_ONCE(r->stuck) && model_result(model, r) != -EAGAIN;
}

/* Do on the reference what @r did. Returns whether that is what it gave. */
static bool model_do(struct model *model, const struct request *r)
{
	ssize_t n = model_result(model, r);

	if (r->stuck || n != r->iocb.ret)
		return false;
	return n < 0 || model_move(model, r->rw, r->buf, n);
}

/* Is this how the FIFO can be, for good, if the requests in @gone are done? */
static bool model_is_settled(struct aio_model_test *ctx, unsigned long gone)
{
	return model_is_fifo(&ctx->model, &ctx->fifo) &&
	       !model_can_go_on(&ctx->model, model_first(ctx, READ, gone)) &&
	       !model_can_go_on(&ctx->model, model_first(ctx, WRITE, gone));
}

/*
 * Find an order for the requests in @rest, a mask, that explains what they gave
 * and what the FIFO holds. On success the reference is as they leave it.
 */
static bool model_explain(struct aio_model_test *ctx, unsigned long rest,
			  unsigned long gone)
{
	unsigned int depth = hweight_long(rest);
	struct request *r;
	unsigned int i;
	int rw;

	if (!rest)
		return model_is_settled(ctx, gone);
	ctx->tried[depth - 1] = ctx->model;
	for (rw = READ; rw <= WRITE; rw++) {
		r = model_first(ctx, rw, gone);
		i = r ? r - ctx->requests : SLOTS;
		if (r && (rest & BIT(i)) && model_do(&ctx->model, r) &&
		    model_explain(ctx, rest & ~BIT(i), gone | BIT(i)))
			return true;
		ctx->model = ctx->tried[depth - 1];
	}
	return false;
}

/*
 * Settling.
 */

/* How many requests count: they wait, or their fault goes on. */
static unsigned int model_live(struct aio_model_test *ctx)
{
	unsigned int i, live = 0;

	for (i = 0; i < SLOTS; i++)
		live += ctx->requests[i].waits || ctx->requests[i].stuck;
	return live;
}

static unsigned int model_pending(struct aio_model_test *ctx)
{
	unsigned int i, pending = 0;

	for (i = 0; i < SLOTS; i++)
		pending += ctx->requests[i].waits;
	return pending;
}

/*
 * Those that were completed since the last step, as a mask; whoever completed
 * them is done with their iocbs.
 */
static unsigned long model_completed(struct aio_model_test *ctx)
{
	unsigned long done = 0;
	unsigned int i;

	for (i = 0; i < SLOTS; i++)
		if (ctx->requests[i].waits &&
		    completion_done(&ctx->requests[i].iocb.done))
			done |= BIT(i);
	return done;
}

static void model_count(struct aio_model_test *ctx, int rw, ssize_t n)
{
	if (n <= 0)
		return;
	if (rw == READ) {
		ctx->stats.reads++;
		ctx->stats.bytes_out += n;
	} else {
		ctx->stats.writes++;
		ctx->stats.bytes_in += n;
	}
}

static void model_retire(struct aio_model_test *ctx, unsigned long done)
{
	struct request *r;
	unsigned int i;

	for_each_set_bit(i, &done, SLOTS) {
		r = &ctx->requests[i];
		r->waits = false;
		tk_hole_fill(&r->hole);
		ctx->stats.aio_completed++;
		model_count(ctx, r->rw, r->iocb.ret);
	}
}

/* Wait until all that can be done is done, and explained. */
static void model_settle(struct kunit *test)
{
	struct aio_model_test *ctx = test->priv;
	unsigned long deadline = jiffies + TK_PATIENCE;
	bool explained;
	unsigned long done;

	for (;;) {
		flush_delayed_work(&ctx->fifo.aio.server);
		/* The server may be at it again, on another processor. */
		mutex_lock(&ctx->fifo.lock);
		done = model_completed(ctx);
		explained = model_explain(ctx, done, 0);
		mutex_unlock(&ctx->fifo.lock);
		if (explained)
			break;
		tk_be_patient(test, deadline, "cannot be explained");
	}
	model_retire(ctx, done);
	while (READ_ONCE(ctx->fifo.aio.live) != model_live(ctx))
		tk_be_patient(test, deadline, "too many or too few count");
}

static unsigned int model_mask(struct aio_model_test *ctx)
{
	__poll_t mask = 0;

	if (!model_first(ctx, READ, 0) && ctx->model.len)
		mask |= EPOLLIN | EPOLLRDNORM;
	if (!model_first(ctx, WRITE, 0) &&
	    model_avail(&ctx->model, WRITE) >= GLOBALFIFO_ATOMIC)
		mask |= EPOLLOUT | EPOLLWRNORM;
	return (__force unsigned int)mask;
}

/* Poll says what it must, and whoever waited for what is new was told. */
static void check_poll(struct kunit *test)
{
	struct aio_model_test *ctx = test->priv;
	struct tk_poll poll;
	unsigned int mask;

	mask = (__force unsigned int)vfs_poll(ctx->file->file,
					      tk_poll_init(&poll));
	KUNIT_ASSERT_EQ(test, mask, model_mask(ctx));
	if (mask & ~ctx->mask)
		KUNIT_ASSERT_GT(test, ctx->polls->wakes, 0);
	ctx->polls->wakes = 0;
	ctx->mask = mask;
}

static void model_check(struct kunit *test)
{
	struct aio_model_test *ctx = test->priv;
	struct gf_fifo_stats stats = gf_fifo_stats(&ctx->fifo);
	unsigned int i;

	KUNIT_ASSERT_EQ(test, gf_fifo_size(&ctx->fifo), ctx->model.size);
	KUNIT_ASSERT_EQ(test, gf_aio_pending(&ctx->fifo.aio),
			model_pending(ctx));
	for (i = 0; i < SLOTS; i++) {
		KUNIT_ASSERT_LE(test, atomic_read(&ctx->requests[i].iocb.completions),
				1);
		KUNIT_ASSERT_FALSE(test, ctx->requests[i].iocb.locked);
	}
	check_poll(test);
	KUNIT_ASSERT_EQ(test, stats.reads, ctx->stats.reads);
	KUNIT_ASSERT_EQ(test, stats.writes, ctx->stats.writes);
	KUNIT_ASSERT_EQ(test, stats.bytes_in, ctx->stats.bytes_in);
	KUNIT_ASSERT_EQ(test, stats.bytes_out, ctx->stats.bytes_out);
	KUNIT_ASSERT_EQ(test, stats.aio_queued, ctx->stats.aio_queued);
	KUNIT_ASSERT_EQ(test, stats.aio_completed, ctx->stats.aio_completed);
	KUNIT_ASSERT_EQ(test, stats.aio_cancelled, ctx->stats.aio_cancelled);
}

/*
 * Steps.
 */

static void request_iter(struct request *r, struct kvec *vec,
			 struct iov_iter *iter)
{
	*vec = (struct kvec){ r->buf, r->len };
	iov_iter_kvec(iter, r->rw == READ ? ITER_DEST : ITER_SOURCE, vec, 1,
		      r->len);
}

/* A new request, with memory that has a hole or not. */
static void request_make(struct kunit *test, struct request *r)
{
	struct aio_model_test *ctx = test->priv;
	struct iov_iter iter;
	struct kvec vec;

	memset(r, 0, sizeof(*r));
	r->rw = random_below(ctx, 2) ? READ : WRITE;
	r->len = 1 + random_below(ctx, MAX_LEN);
	r->memory = random_below(ctx, 2) ? THERE : random_below(ctx, MEMORIES);
	tk_iocb_async(&r->iocb, NULL, 0);
	init_completion(&r->served);
	INIT_LIST_HEAD(&r->hole.link);
	r->hole.at = NO_HOLE;
	if (r->rw == WRITE)
		prandom_bytes_state(&ctx->rnd, r->buf, r->len);
	if (r->memory == THERE)
		return;
	r->hole.at = random_below(ctx, r->len);
	r->hole.heals = r->memory == COMES;
	r->hole.on_attempt = r->memory == SLOW ? be_stuck : NULL;
	r->hole.arg = r;
	request_iter(r, &vec, &iter);
	tk_hole_dig(test, &r->hole, &iter);
}

/* What must come of it when it is submitted. */
static ssize_t model_submit(struct aio_model_test *ctx, struct request *r)
{
	size_t n = min(r->len, model_avail(&ctx->model, r->rw));

	if (!model_first(ctx, r->rw, 0) && n >= need_of(r->rw, r->len) &&
	    n <= r->hole.at)
		return n;
	return model_live(ctx) < MAX_AIO ? -EIOCBQUEUED : -EAGAIN;
}

/* Slot @i is free: submit a request. */
static void step_submit(struct kunit *test, unsigned int i)
{
	struct aio_model_test *ctx = test->priv;
	struct request *r = &ctx->requests[i];
	struct iov_iter iter;
	struct kvec vec;
	ssize_t want;

	request_make(test, r);
	want = model_submit(ctx, r);
	request_iter(r, &vec, &iter);
	KUNIT_ASSERT_EQ(test, gf_fifo_submit(&ctx->fifo, r->rw, &r->iocb.kiocb,
					     &iter), want);
	if (want == -EIOCBQUEUED) {
		r->waits = true;
		r->seq = ctx->seq++;
		ctx->stats.aio_queued++;
		return;
	}
	tk_hole_fill(&r->hole);
	ctx->refused += want == -EAGAIN;
	if (want > 0)
		KUNIT_ASSERT_TRUE(test, model_move(&ctx->model, r->rw, r->buf,
						   want));
	model_count(ctx, r->rw, want);
}

static void step_cancel(struct kunit *test, struct request *r)
{
	struct aio_model_test *ctx = test->priv;

	KUNIT_ASSERT_EQ(test, tk_cancel(&r->iocb), 0);
	KUNIT_ASSERT_EQ(test, tk_wait_completed(test, &r->iocb), -ECANCELED);
	r->waits = false;
	if (!r->stuck)
		tk_hole_fill(&r->hole);
	ctx->stats.aio_cancelled++;
}

/*
 * Have its worker end. Nothing of the model says when it has, so wait for it:
 * with the lock, without which a request that waits is not completed.
 */
static void end_fault(struct aio_model_test *ctx, struct request *r)
{
	struct gf_aio_req *req = r->iocb.kiocb.private;

	mutex_lock(&ctx->fifo.lock);
	complete(&r->served);
	if (r->waits)
		flush_work(&req->fault);
	mutex_unlock(&ctx->fifo.lock);
}

/* The fault of slow memory ends, well or not. */
static void step_unstick(struct kunit *test, struct request *r)
{
	struct aio_model_test *ctx = test->priv;

	r->memory = random_below(ctx, 2) ? THERE : BAD;
	if (r->memory == THERE || !r->waits)
		tk_hole_fill(&r->hole);
	else
		r->failed = r->hole.at < need_of(r->rw, r->len);
	r->hole.on_attempt = NULL;
	r->aside = false;
	r->stuck = false;
	end_fault(ctx, r);
}

/* The others have no patience any more with @r, which may be the first or not. */
static void step_aside(struct kunit *test, struct request *r)
{
	struct aio_model_test *ctx = test->priv;
	struct gf_aio_req *req = r->iocb.kiocb.private;

	if (model_first(ctx, r->rw, 0) != r)
		return;
	req->until = jiffies;
	gf_aio_kick(&ctx->fifo.aio);
	flush_delayed_work(&ctx->fifo.aio.server);
	r->aside = true;
	ctx->stepped_aside++;
}

/* A call that does not wait. */
static void step_call(struct kunit *test)
{
	struct aio_model_test *ctx = test->priv;
	struct request *r = &ctx->call;
	struct iov_iter iter;
	struct kvec vec;
	ssize_t want;

	r->rw = random_below(ctx, 2) ? READ : WRITE;
	r->len = 1 + random_below(ctx, MAX_LEN);
	r->hole.at = NO_HOLE;
	prandom_bytes_state(&ctx->rnd, r->buf, r->len);
	want = model_first(ctx, r->rw, 0) ? -EAGAIN :
					    model_result(&ctx->model, r);
	request_iter(r, &vec, &iter);
	KUNIT_ASSERT_EQ(test, r->rw == READ ?
			gf_fifo_read(&ctx->fifo, &iter, true) :
			gf_fifo_write(&ctx->fifo, &iter, true), want);
	if (want > 0)
		KUNIT_ASSERT_TRUE(test, model_move(&ctx->model, r->rw, r->buf,
						   want));
	model_count(ctx, r->rw, want);
}

static void step_clear(struct kunit *test)
{
	struct aio_model_test *ctx = test->priv;

	gf_fifo_clear(&ctx->fifo);
	ctx->model.len = 0;
}

static void step_resize(struct kunit *test)
{
	struct aio_model_test *ctx = test->priv;
	size_t size = MIN_SIZE << random_below(ctx, 3);
	bool fits = ctx->model.len <= size;

	KUNIT_ASSERT_EQ(test, gf_fifo_resize(&ctx->fifo, size),
			fits ? 0 : -EBUSY);
	if (fits)
		ctx->model.size = size;
}

/* Something with the request in slot @i, if there is one. */
static void step_request(struct kunit *test, unsigned int i)
{
	struct aio_model_test *ctx = test->priv;
	struct request *r = &ctx->requests[i];
	unsigned int dice = random_below(ctx, 4);

	if (!r->waits && !r->stuck)
		step_submit(test, i);
	else if (r->stuck && dice == 0)
		step_unstick(test, r);
	else if (r->stuck && r->waits && !r->aside && dice == 1)
		step_aside(test, r);
	else if (r->waits && dice == 2)
		step_cancel(test, r);
}

static void model_step(struct kunit *test)
{
	struct aio_model_test *ctx = test->priv;
	unsigned int dice = random_below(ctx, 40);

	if (dice == 0)
		step_clear(test);
	else if (dice == 1)
		step_resize(test);
	else if (dice < 12)
		step_call(test);
	else
		step_request(test, random_below(ctx, SLOTS));
	model_settle(test);
	model_check(test);
}

/* End what is left, as exit does. */
static void model_finish(struct kunit *test)
{
	struct aio_model_test *ctx = test->priv;
	unsigned int i;

	for (i = 0; i < SLOTS; i++) {
		if (ctx->requests[i].waits)
			step_cancel(test, &ctx->requests[i]);
		if (ctx->requests[i].stuck)
			step_unstick(test, &ctx->requests[i]);
		model_settle(test);
		model_check(test);
	}
	KUNIT_ASSERT_EQ(test, ctx->stats.aio_queued,
			ctx->stats.aio_completed + ctx->stats.aio_cancelled);
}

/*
 * Test thousands of random steps against the reference: who is to be completed
 * is, with what he is due and in his turn (A1, A2), cancelled or not (A3), and
 * whatever his memory is like (A4, W2); every byte is where it belongs (R3, W1);
 * those who do not wait get what is left to them (R2, A2), pollers are told of
 * it (K3), and all is counted (T2). To repeat a failure, boot with the seed that
 * it printed.
 */
static void aio_model_steps(struct kunit *test)
{
	struct aio_model_test *ctx = test->priv;
	unsigned int step;

	prandom_seed_state(&ctx->rnd, tk_seed(test));
	for (step = 0; step < STEPS; step++)
		model_step(test);
	model_finish(test);
	kunit_info(test, "%llu waited, %llu cancelled, %u aside, %u refused",
		   ctx->stats.aio_queued, ctx->stats.aio_cancelled,
		   ctx->stepped_aside, ctx->refused);
}

static __poll_t model_poll(struct file *file, poll_table *table)
{
	return gf_fifo_poll(file->private_data, file, table);
}

static const struct file_operations model_fops = {
	.poll = model_poll,
};

static void aio_model_end(void *data)
{
	gf_fifo_destroy(data);
}

static int aio_model_init(struct kunit *test)
{
	struct aio_model_test *ctx = kunit_kzalloc(test, sizeof(*ctx),
						   GFP_KERNEL);
	int err;

	if (!ctx || gf_fifo_init(&ctx->fifo, MIN_SIZE, MAX_AIO, &model_ops, 0))
		return -ENOMEM;
	test->priv = ctx;
	ctx->model.size = MIN_SIZE;
	ctx->mask = model_mask(ctx);
	err = kunit_add_action_or_reset(test, aio_model_end, &ctx->fifo);
	if (err)
		return err;
	ctx->polls = tk_count_wakes(test, &ctx->fifo.poll);
	ctx->file = tk_open(test, &model_fops, &ctx->fifo, O_RDWR);
	return 0;
}

static struct kunit_case aio_model_cases[] = {
	KUNIT_CASE(aio_model_steps),
	{}
};

static struct kunit_suite aio_model_suite = {
	.name = "aio_model",
	.init = aio_model_init,
	.test_cases = aio_model_cases,
};

kunit_test_suite(aio_model_suite);

MODULE_DESCRIPTION("KUnit test of globalfifo's asynchronous requests against a reference");
MODULE_LICENSE("GPL");
