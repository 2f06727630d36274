// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of asynchronous requests by themselves: their life, their line,
 * and who completes them. There is no FIFO: the test is the server, and serves
 * from a ring. Only faults have workers.
 */

#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/uio.h>

#include "../kernel/aio.h"
#include "../kernel/compat.h"
#include "../kernel/globalfifo.h"
#include "compat.h"
#include "testkit.h"

#define SIZE	1024UL
#define MAX_AIO	4
#define PATIENCE	msecs_to_jiffies(GF_AIO_PATIENCE_MS)
#define MANY_FAULTS	(WQ_DFL_ACTIVE + 1)
#define MANY_REQUESTS	100

static const struct gf_user_ops aio_ops = {
	.to_iter		= tk_to_iter,
	.from_iter		= tk_from_iter,
	.fault_in_writeable	= tk_fault_in,
	.fault_in_readable	= tk_fault_in,
	.set_cancel		= tk_set_cancel,
};

struct aio_test {
	struct gf_aio aio;
	atomic_t runs;
	struct gf_ring ring;
	u8 data[SIZE];
};

/* One request, and the memory that it is about. */
struct request {
	struct tk_iocb iocb;
	u8 buf[16];
	struct gf_aio_req *req;
	/* How many requests counted when it was about to be completed. */
	unsigned int live;
	/* A fault that takes until somebody says so. */
	struct tk_hole hole;
	struct completion faults;
	struct completion served;
};

static void server_ran(struct work_struct *work)
{
	struct aio_test *ctx = container_of(to_delayed_work(work),
					    struct aio_test, aio.server);

	atomic_inc(&ctx->runs);
}

/* How often was the server started since the last look? */
static int server_runs(struct aio_test *ctx)
{
	flush_delayed_work(&ctx->aio.server);
	return atomic_xchg(&ctx->runs, 0);
}

static int cancel_request(struct kiocb *kiocb)
{
	return gf_aio_cancel(kiocb->private);
}

static struct request *request_new(struct kunit *test)
{
	struct request *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, r);
	tk_iocb_async(&r->iocb, NULL, 0);
	init_completion(&r->faults);
	init_completion(&r->served);
	return r;
}

static struct gf_aio_req *make(struct kunit *test, struct request *r, int rw,
			       struct iov_iter *iter)
{
	struct gf_transfer transfer = gf_transfer(&aio_ops, rw, iter);
	struct aio_test *ctx = test->priv;

	return gf_aio_submit(&ctx->aio, &r->iocb.kiocb, &transfer);
}

static void request_iter(struct request *r, int rw, struct kvec *vec,
			 struct iov_iter *iter)
{
	*vec = (struct kvec){ r->buf, sizeof(r->buf) };
	iov_iter_kvec(iter, rw == READ ? ITER_DEST : ITER_SOURCE, vec, 1,
		      vec->iov_len);
}

/* A request that was submitted, and can be cancelled. */
static struct request *submit(struct kunit *test, int rw)
{
	struct request *r = request_new(test);
	struct iov_iter iter;
	struct kvec vec;

	request_iter(r, rw, &vec, &iter);
	r->req = make(test, r, rw, &iter);
	KUNIT_ASSERT_FALSE(test, IS_ERR(r->req));
	r->iocb.kiocb.private = r->req;
	tk_set_cancel(&r->iocb.kiocb, cancel_request);
	return r;
}

/* A request in line. */
static struct request *enqueue(struct kunit *test, int rw)
{
	struct request *r = submit(test, rw);

	KUNIT_ASSERT_TRUE(test, gf_aio_enqueue(r->req));
	return r;
}

static struct gf_aio_req *hold(struct kunit *test, int rw)
{
	struct aio_test *ctx = test->priv;

	return gf_aio_hold(&ctx->aio, rw, SIZE);
}

/* In the fault: tell, and wait for an answer, for which TK_PATIENCE is enough. */
static void fault_waits(void *arg)
{
	struct request *r = arg;

	complete(&r->faults);
	wait_for_completion_timeout(&r->served, TK_PATIENCE);
}

/* Let @r's memory be missing. Its fault takes until fault_ends(). */
static void dig(struct kunit *test, struct request *r)
{
	struct iov_iter iter;
	struct kvec vec;

	r->hole.on_attempt = fault_waits;
	r->hole.arg = r;
	request_iter(r, READ, &vec, &iter);
	tk_hole_dig(test, &r->hole, &iter);
}

/* Have the first in line faulting; it is to be @r. */
static void fault(struct kunit *test, struct request *r)
{
	struct aio_test *ctx = test->priv;

	dig(test, r);
	KUNIT_ASSERT_PTR_EQ(test, hold(test, r->req->transfer.rw), r->req);
	KUNIT_ASSERT_EQ(test, gf_aio_try(r->req, &ctx->ring), 0);
	KUNIT_ASSERT_TRUE(test, gf_aio_fault(r->req));
	KUNIT_ASSERT_NE(test, 0UL,
			wait_for_completion_timeout(&r->faults, TK_PATIENCE));
}

/* The memory is there, and the worker done. */
static void fault_ends(struct request *r)
{
	tk_hole_fill(&r->hole);
	complete(&r->served);
	flush_work(&r->req->fault);
}

/* The memory turns out to be bad. */
static void fault_fails(struct request *r)
{
	complete(&r->served);
	flush_work(&r->req->fault);
}

/* As fault(), and it has taken as long as others wait. */
static void fault_long(struct kunit *test, struct request *r)
{
	fault(test, r);
	r->req->until = jiffies;
}

/* Serve @r, which is to be the first in line. */
static void serve(struct kunit *test, struct request *r)
{
	struct aio_test *ctx = test->priv;

	KUNIT_ASSERT_PTR_EQ(test, hold(test, r->req->transfer.rw), r->req);
	KUNIT_ASSERT_EQ(test, gf_aio_try(r->req, &ctx->ring), sizeof(r->buf));
	KUNIT_ASSERT_TRUE(test, gf_aio_take(r->req));
	gf_aio_complete(r->req, sizeof(r->buf));
	KUNIT_EXPECT_EQ(test, r->iocb.ret, sizeof(r->buf));
	KUNIT_EXPECT_EQ(test, atomic_read(&r->iocb.completions), 1);
	KUNIT_EXPECT_FALSE(test, r->iocb.locked);
}

/* What the server does with those that were cancelled; to be @r. */
static void finish_cancelled(struct kunit *test, struct request *r)
{
	struct aio_test *ctx = test->priv;

	KUNIT_ASSERT_PTR_EQ(test, gf_aio_next_cancelled(&ctx->aio), r->req);
	gf_aio_complete(r->req, -ECANCELED);
	KUNIT_EXPECT_EQ(test, r->iocb.ret, -ECANCELED);
	KUNIT_EXPECT_EQ(test, atomic_read(&r->iocb.completions), 1);
	KUNIT_EXPECT_FALSE(test, r->iocb.locked);
}

/*
 * States.
 */

struct move_param {
	const char *name;
	enum gf_aio_state from;
	/* A letter for each state, in the order of the enum; '-' is illegal. */
	const char *to;
};

/* Submitted, Queued, Held, Faulting, Aside, Taken, Cancelled, cOmpleted. */
static const struct move_param move_params[] = {
	{ "submitted",	GF_AIO_SUBMITTED,	"-Q----C-" },
	{ "queued",	GF_AIO_QUEUED,		"--H---C-" },
	{ "held",	GF_AIO_HELD,		"---F-TC-" },
	{ "faulting",	GF_AIO_FAULTING,	"-Q--A-C-" },
	{ "aside",	GF_AIO_ASIDE,		"-Q----C-" },
	{ "taken",	GF_AIO_TAKEN,		"-------O" },
	{ "cancelled",	GF_AIO_CANCELLED,	"-------O" },
	{ "completed",	GF_AIO_COMPLETED,	"--------" },
};

static void move_desc(const struct move_param *param, char *desc)
{
	strscpy(desc, param->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(move, move_params, move_desc);

/* Test each transition, and that one that is not allowed changes nothing (A3). */
static void aio_move(struct kunit *test)
{
	const struct move_param *param = test->param_value;
	enum gf_aio_state to;

	BUILD_BUG_ON(ARRAY_SIZE(move_params) != GF_AIO_STATES);
	KUNIT_ASSERT_EQ(test, strlen(param->to), GF_AIO_STATES);
	for (to = 0; to < GF_AIO_STATES; to++) {
		struct gf_aio_req req = { .state = param->from };
		bool may = param->to[to] != '-';

		KUNIT_EXPECT_EQ_MSG(test, gf_aio_move(&req, to), may,
				    "to state %d", to);
		KUNIT_EXPECT_EQ(test, req.state, may ? to : param->from);
	}
}

/* Either direction. */
static const int rw_params[] = { READ, WRITE };

static void rw_desc(const int *rw, char *desc)
{
	strscpy(desc, *rw == READ ? "read" : "write", KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(rw, rw_params, rw_desc);

/*
 * The line.
 */

/* Test that nobody waits at first, and that there is nothing to do. */
static void aio_empty(struct kunit *test)
{
	struct aio_test *ctx = test->priv;

	KUNIT_EXPECT_FALSE(test, gf_aio_waiting(&ctx->aio, READ));
	KUNIT_EXPECT_FALSE(test, gf_aio_waiting(&ctx->aio, WRITE));
	KUNIT_EXPECT_EQ(test, gf_aio_pending(&ctx->aio), 0);
	KUNIT_EXPECT_FALSE(test, gf_aio_ready(&ctx->aio, READ, SIZE));
	KUNIT_EXPECT_NULL(test, hold(test, READ));
	KUNIT_EXPECT_NULL(test, hold(test, WRITE));
	KUNIT_EXPECT_NULL(test, gf_aio_next_cancelled(&ctx->aio));
	KUNIT_EXPECT_EQ(test, server_runs(ctx), 0);
}

/*
 * Test that it is told once that the last in line has gone, however short he
 * stood there (A2, K3).
 */
static void aio_left(struct kunit *test)
{
	struct aio_test *ctx = test->priv;
	struct request *first = enqueue(test, READ);
	struct request *second = enqueue(test, READ);

	KUNIT_EXPECT_FALSE(test, gf_aio_left(&ctx->aio, READ));
	KUNIT_EXPECT_EQ(test, tk_cancel(&first->iocb), 0);
	KUNIT_EXPECT_FALSE(test, gf_aio_left(&ctx->aio, READ));
	fault_long(test, second);
	KUNIT_EXPECT_NULL(test, hold(test, READ));
	KUNIT_EXPECT_TRUE(test, gf_aio_left(&ctx->aio, READ));
	KUNIT_EXPECT_FALSE(test, gf_aio_left(&ctx->aio, READ));
	fault_ends(second);
	KUNIT_EXPECT_FALSE(test, gf_aio_left(&ctx->aio, READ));
	KUNIT_EXPECT_EQ(test, tk_cancel(&second->iocb), 0);
	KUNIT_EXPECT_FALSE(test, gf_aio_left(&ctx->aio, WRITE));
	KUNIT_EXPECT_TRUE(test, gf_aio_left(&ctx->aio, READ));
	finish_cancelled(test, first);
	finish_cancelled(test, second);
}

/* Test that a request that is only submitted does not wait yet (A2). */
static void aio_submitted(struct kunit *test)
{
	struct aio_test *ctx = test->priv;
	struct request *r = submit(test, READ);

	KUNIT_EXPECT_FALSE(test, gf_aio_waiting(&ctx->aio, READ));
	KUNIT_EXPECT_EQ(test, gf_aio_pending(&ctx->aio), 0);
	KUNIT_EXPECT_NULL(test, hold(test, READ));
	KUNIT_EXPECT_TRUE(test, gf_aio_enqueue(r->req));
	KUNIT_EXPECT_TRUE(test, gf_aio_waiting(&ctx->aio, READ));
	KUNIT_EXPECT_FALSE(test, gf_aio_waiting(&ctx->aio, WRITE));
	KUNIT_EXPECT_EQ(test, gf_aio_pending(&ctx->aio), 1);
	serve(test, r);
	KUNIT_EXPECT_FALSE(test, gf_aio_waiting(&ctx->aio, READ));
	KUNIT_EXPECT_EQ(test, gf_aio_pending(&ctx->aio), 0);
}

/* Test that requests are served in the order they came (A2). */
static void aio_order(struct kunit *test)
{
	struct request *first = enqueue(test, READ);
	struct request *second = enqueue(test, READ);
	struct request *third = enqueue(test, READ);

	serve(test, first);
	serve(test, second);
	serve(test, third);
	KUNIT_EXPECT_LT(test, first->iocb.order, second->iocb.order);
	KUNIT_EXPECT_LT(test, second->iocb.order, third->iocb.order);
}

/* Test that each direction has a line of its own, counted together (A2, T2). */
static void aio_directions(struct kunit *test)
{
	struct aio_test *ctx = test->priv;
	struct request *reader = enqueue(test, READ);
	struct request *writer = enqueue(test, WRITE);

	KUNIT_EXPECT_EQ(test, gf_aio_pending(&ctx->aio), 2);
	KUNIT_EXPECT_PTR_EQ(test, hold(test, WRITE), writer->req);
	KUNIT_EXPECT_EQ(test, gf_aio_try(writer->req, &ctx->ring), 16);
	KUNIT_EXPECT_TRUE(test, gf_aio_take(writer->req));
	gf_aio_complete(writer->req, 16);
	KUNIT_EXPECT_EQ(test, gf_aio_pending(&ctx->aio), 1);
	serve(test, reader);
}

/*
 * Test that the first is served when what it needs is there and not before,
 * and is held by one server at a time (W1, A2).
 */
static void aio_need(struct kunit *test)
{
	struct aio_test *ctx = test->priv;
	struct request *first = enqueue(test, WRITE);
	struct request *second = enqueue(test, WRITE);

	second->req->transfer.need = 1;
	KUNIT_EXPECT_FALSE(test, gf_aio_ready(&ctx->aio, WRITE, 15));
	KUNIT_EXPECT_NULL(test, gf_aio_hold(&ctx->aio, WRITE, 15));
	KUNIT_EXPECT_TRUE(test, gf_aio_ready(&ctx->aio, WRITE, 16));
	KUNIT_EXPECT_FALSE(test, gf_aio_ready(&ctx->aio, READ, 16));
	KUNIT_EXPECT_PTR_EQ(test, gf_aio_hold(&ctx->aio, WRITE, 16),
			    first->req);
	KUNIT_EXPECT_FALSE(test, gf_aio_ready(&ctx->aio, WRITE, SIZE));
	KUNIT_EXPECT_NULL(test, gf_aio_hold(&ctx->aio, WRITE, SIZE));
	KUNIT_EXPECT_TRUE(test, gf_aio_take(first->req));
	gf_aio_complete(first->req, 16);
	KUNIT_EXPECT_PTR_EQ(test, gf_aio_hold(&ctx->aio, WRITE, 1),
			    second->req);
	KUNIT_EXPECT_TRUE(test, gf_aio_take(second->req));
	gf_aio_complete(second->req, 16);
}

/*
 * The limit.
 */

/* Test that so many may wait and no more, in any state but completed (A1). */
static void aio_limit(struct kunit *test)
{
	struct request *rs[MAX_AIO], *late = request_new(test);
	struct iov_iter iter;
	struct kvec vec;
	unsigned int i;

	for (i = 0; i < MAX_AIO; i++)
		rs[i] = i ? enqueue(test, READ) : submit(test, READ);
	request_iter(late, READ, &vec, &iter);
	KUNIT_EXPECT_EQ(test, PTR_ERR(make(test, late, READ, &iter)), -EAGAIN);
	KUNIT_EXPECT_EQ(test, PTR_ERR(make(test, late, READ, &iter)), -EAGAIN);
	KUNIT_EXPECT_EQ(test, tk_cancel(&rs[1]->iocb), 0);
	KUNIT_EXPECT_EQ(test, PTR_ERR(make(test, late, READ, &iter)), -EAGAIN);
	finish_cancelled(test, rs[1]);
	late = enqueue(test, READ);
	serve(test, rs[2]);
	serve(test, rs[3]);
	serve(test, late);
	KUNIT_EXPECT_TRUE(test, gf_aio_enqueue(rs[0]->req));
	serve(test, rs[0]);
}

static void note_live(struct tk_iocb *iocb)
{
	struct request *r = container_of(iocb, struct request, iocb);

	r->live = r->req->aio->live;
}

/*
 * Test that a request for which there is no memory is none, whether it is its own
 * that fails or that of its segments, and does not count (A1).
 */
static void aio_no_memory(struct kunit *test)
{
	struct aio_test *ctx = test->priv;
	struct request *r = request_new(test);
	unsigned int nth = 0, failures = 0;
	struct iov_iter iter;
	struct kvec vec;
	bool failed;

	request_iter(r, READ, &vec, &iter);
	do {
		tk_memory_record(test);
		tk_fail_nth(test, ++nth);
		r->req = make(test, r, READ, &iter);
		failed = tk_fail_none();
		tk_memory_pause();
		if (IS_ERR(r->req)) {
			failures++;
			KUNIT_EXPECT_EQ(test, PTR_ERR(r->req), -ENOMEM);
		} else {
			KUNIT_EXPECT_EQ(test, gf_aio_cancel(r->req), 0);
			gf_aio_complete(r->req, -ECANCELED);
		}
		KUNIT_EXPECT_EQ(test, ctx->aio.live, 0);
	} while (failed);
	KUNIT_EXPECT_EQ(test, tk_memory().kept, 0);
	KUNIT_EXPECT_LE(test, 2, failures);
}

/*
 * Test that a request counts until its result comes out and no longer, so that
 * whoever sees it can submit the next (A1).
 */
static void aio_limit_at_completion(struct kunit *test)
{
	struct aio_test *ctx = test->priv;
	struct request *r = enqueue(test, READ);

	KUNIT_ASSERT_PTR_EQ(test, hold(test, READ), r->req);
	KUNIT_ASSERT_TRUE(test, gf_aio_take(r->req));
	KUNIT_EXPECT_EQ(test, ctx->aio.live, 1);
	r->live = 1;
	r->iocb.on_complete = note_live;
	gf_aio_complete(r->req, 0);
	KUNIT_EXPECT_EQ(test, r->live, 0);
}

/*
 * Test that a request whose fault goes on after it was cancelled counts until
 * that is over, for it costs a worker (A1).
 */
static void aio_limit_fault(struct kunit *test)
{
	struct aio_test *ctx = test->priv;
	struct request *r = enqueue(test, READ);

	fault(test, r);
	KUNIT_EXPECT_EQ(test, tk_cancel(&r->iocb), 0);
	finish_cancelled(test, r);
	KUNIT_EXPECT_EQ(test, gf_aio_pending(&ctx->aio), 0);
	KUNIT_EXPECT_EQ(test, ctx->aio.live, 1);
	complete(&r->served);
	flush_workqueue(ctx->aio.faults);
	KUNIT_EXPECT_EQ(test, ctx->aio.live, 0);
}

/*
 * Test that one whose fault ends before its cancelling is told counts until
 * then, and once (A1).
 */
static void aio_limit_fault_first(struct kunit *test)
{
	struct aio_test *ctx = test->priv;
	struct request *r = enqueue(test, READ);

	fault(test, r);
	KUNIT_EXPECT_EQ(test, tk_cancel(&r->iocb), 0);
	fault_ends(r);
	KUNIT_EXPECT_EQ(test, ctx->aio.live, 1);
	finish_cancelled(test, r);
	KUNIT_EXPECT_EQ(test, ctx->aio.live, 0);
}

/*
 * Cancelled, at each point of a request's life.
 */

/* Test that who cancels before the submitter is done leaves it to him (A3). */
static void aio_cancel_submitted(struct kunit *test)
{
	struct aio_test *ctx = test->priv;
	struct request *r = submit(test, READ);

	KUNIT_EXPECT_EQ(test, tk_cancel(&r->iocb), 0);
	KUNIT_EXPECT_EQ(test, gf_aio_pending(&ctx->aio), 0);
	KUNIT_EXPECT_FALSE(test, gf_aio_enqueue(r->req));
	KUNIT_EXPECT_FALSE(test, gf_aio_waiting(&ctx->aio, READ));
	KUNIT_EXPECT_EQ(test, gf_aio_pending(&ctx->aio), 0);
	KUNIT_EXPECT_NULL(test, gf_aio_next_cancelled(&ctx->aio));
	KUNIT_EXPECT_EQ(test, atomic_read(&r->iocb.completions), 0);
	gf_aio_complete(r->req, -ECANCELED);
	KUNIT_EXPECT_EQ(test, atomic_read(&r->iocb.completions), 1);
}

/* Test that one in line leaves it at once, and the server is started (A3). */
static void aio_cancel_queued(struct kunit *test)
{
	struct aio_test *ctx = test->priv;
	struct request *first = enqueue(test, READ);
	struct request *second = enqueue(test, READ);

	KUNIT_EXPECT_EQ(test, server_runs(ctx), 0);
	KUNIT_EXPECT_EQ(test, tk_cancel(&first->iocb), 0);
	KUNIT_EXPECT_EQ(test, gf_aio_pending(&ctx->aio), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&first->iocb.completions), 0);
	KUNIT_EXPECT_EQ(test, server_runs(ctx), 1);
	serve(test, second);
	finish_cancelled(test, first);
	KUNIT_EXPECT_NULL(test, gf_aio_next_cancelled(&ctx->aio));
}

/* Test that several are completed in the order in which they were cancelled. */
static void aio_cancel_several(struct kunit *test)
{
	struct aio_test *ctx = test->priv;
	struct request *reader = enqueue(test, READ);
	struct request *writer = enqueue(test, WRITE);
	struct request *last = enqueue(test, READ);

	KUNIT_EXPECT_EQ(test, tk_cancel(&last->iocb), 0);
	KUNIT_EXPECT_EQ(test, tk_cancel(&writer->iocb), 0);
	KUNIT_EXPECT_EQ(test, gf_aio_pending(&ctx->aio), 1);
	finish_cancelled(test, last);
	finish_cancelled(test, writer);
	serve(test, reader);
}

/*
 * Test that one that the server has in hand, its bytes already copied, is not
 * taken, but completed by the server, who has it (A3).
 */
static void aio_cancel_held(struct kunit *test)
{
	struct aio_test *ctx = test->priv;
	struct request *r = enqueue(test, READ);

	KUNIT_ASSERT_PTR_EQ(test, hold(test, READ), r->req);
	KUNIT_EXPECT_EQ(test, gf_aio_try(r->req, &ctx->ring), 16);
	KUNIT_EXPECT_EQ(test, tk_cancel(&r->iocb), 0);
	KUNIT_EXPECT_EQ(test, gf_aio_pending(&ctx->aio), 0);
	KUNIT_EXPECT_NULL(test, gf_aio_next_cancelled(&ctx->aio));
	KUNIT_EXPECT_FALSE(test, gf_aio_take(r->req));
	KUNIT_EXPECT_EQ(test, gf_aio_pending(&ctx->aio), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&r->iocb.completions), 0);
	gf_aio_complete(r->req, -ECANCELED);
	KUNIT_EXPECT_EQ(test, atomic_read(&r->iocb.completions), 1);
}

/* Test that one whose pages are missing is not faulted in any more (A3). */
static void aio_cancel_before_fault(struct kunit *test)
{
	struct aio_test *ctx = test->priv;
	struct request *r = enqueue(test, READ);

	dig(test, r);
	KUNIT_ASSERT_PTR_EQ(test, hold(test, READ), r->req);
	KUNIT_EXPECT_EQ(test, gf_aio_try(r->req, &ctx->ring), 0);
	KUNIT_EXPECT_EQ(test, tk_cancel(&r->iocb), 0);
	KUNIT_EXPECT_FALSE(test, gf_aio_fault(r->req));
	KUNIT_EXPECT_FALSE(test, gf_aio_take(r->req));
	gf_aio_complete(r->req, -ECANCELED);
	flush_workqueue(ctx->aio.faults);
	KUNIT_EXPECT_EQ(test, r->hole.attempts, 0);
	KUNIT_EXPECT_EQ(test, ctx->aio.live, 0);
}

/*
 * Test that one whose memory is being brought in is cancelled at once, that
 * those behind it go on, and that the end of the fault changes nothing (A3).
 */
static void aio_cancel_faulting(struct kunit *test)
{
	struct aio_test *ctx = test->priv;
	struct request *r = enqueue(test, READ);
	struct request *next = enqueue(test, READ);

	fault(test, r);
	server_runs(ctx);
	KUNIT_EXPECT_EQ(test, tk_cancel(&r->iocb), 0);
	KUNIT_EXPECT_EQ(test, server_runs(ctx), 1);
	finish_cancelled(test, r);
	serve(test, next);
	complete(&r->served);
	flush_workqueue(ctx->aio.faults);
	KUNIT_EXPECT_EQ(test, atomic_read(&r->iocb.completions), 1);
	KUNIT_EXPECT_FALSE(test, gf_aio_waiting(&ctx->aio, READ));
	KUNIT_EXPECT_EQ(test, gf_aio_pending(&ctx->aio), 0);
	KUNIT_EXPECT_NULL(test, gf_aio_next_cancelled(&ctx->aio));
}

/* Test that one that stepped aside can be cancelled, and is not back (A3). */
static void aio_cancel_aside(struct kunit *test)
{
	struct aio_test *ctx = test->priv;
	struct request *r = enqueue(test, READ);

	fault_long(test, r);
	KUNIT_EXPECT_NULL(test, hold(test, READ));
	KUNIT_EXPECT_EQ(test, gf_aio_pending(&ctx->aio), 1);
	KUNIT_EXPECT_EQ(test, tk_cancel(&r->iocb), 0);
	KUNIT_EXPECT_EQ(test, gf_aio_pending(&ctx->aio), 0);
	fault_ends(r);
	KUNIT_EXPECT_FALSE(test, gf_aio_waiting(&ctx->aio, READ));
	finish_cancelled(test, r);
	KUNIT_EXPECT_EQ(test, ctx->aio.live, 0);
}

/* Test that one whose bytes count is too late to cancel (A3). */
static void aio_cancel_taken(struct kunit *test)
{
	struct aio_test *ctx = test->priv;
	struct request *r = enqueue(test, READ);

	KUNIT_ASSERT_PTR_EQ(test, hold(test, READ), r->req);
	KUNIT_ASSERT_TRUE(test, gf_aio_take(r->req));
	KUNIT_EXPECT_EQ(test, r->req->state, GF_AIO_TAKEN);
	KUNIT_EXPECT_EQ(test, tk_cancel(&r->iocb), -EAGAIN);
	KUNIT_EXPECT_EQ(test, server_runs(ctx), 0);
	KUNIT_EXPECT_NULL(test, gf_aio_next_cancelled(&ctx->aio));
	gf_aio_complete(r->req, 16);
	KUNIT_EXPECT_EQ(test, r->iocb.ret, 16);
}

static void cancel_late(struct tk_iocb *iocb)
{
	struct request *r = container_of(iocb, struct request, iocb);

	r->live = -tk_cancel(iocb);
}

/* Test that one whose result is on its way out is still there to refuse (A3). */
static void aio_cancel_completed(struct kunit *test)
{
	struct aio_test *ctx = test->priv;
	struct request *r = enqueue(test, READ);

	r->iocb.on_complete = cancel_late;
	serve(test, r);
	KUNIT_EXPECT_EQ(test, r->live, EAGAIN);
	KUNIT_EXPECT_NULL(test, gf_aio_next_cancelled(&ctx->aio));
	KUNIT_EXPECT_EQ(test, gf_aio_pending(&ctx->aio), 0);
}

/* Test that to cancel twice cancels once (A3). */
static void aio_cancel_twice(struct kunit *test)
{
	struct aio_test *ctx = test->priv;
	struct request *r = enqueue(test, READ);

	KUNIT_EXPECT_EQ(test, gf_aio_cancel(r->req), 0);
	KUNIT_EXPECT_EQ(test, gf_aio_cancel(r->req), -EAGAIN);
	KUNIT_EXPECT_EQ(test, gf_aio_pending(&ctx->aio), 0);
	finish_cancelled(test, r);
	KUNIT_EXPECT_NULL(test, gf_aio_next_cancelled(&ctx->aio));
}

/*
 * Faulting.
 */

/* Test that who has his memory brought in keeps his place meanwhile (A2). */
static void aio_fault_keeps_place(struct kunit *test)
{
	struct aio_test *ctx = test->priv;
	struct request *first = enqueue(test, READ);
	struct request *second = enqueue(test, READ);

	fault(test, first);
	KUNIT_EXPECT_FALSE(test, gf_aio_ready(&ctx->aio, READ, SIZE));
	KUNIT_EXPECT_NULL(test, hold(test, READ));
	KUNIT_EXPECT_TRUE(test, gf_aio_waiting(&ctx->aio, READ));
	KUNIT_EXPECT_EQ(test, gf_aio_pending(&ctx->aio), 2);
	server_runs(ctx);
	fault_ends(first);
	KUNIT_EXPECT_GT(test, server_runs(ctx), 0);
	KUNIT_EXPECT_TRUE(test, gf_aio_ready(&ctx->aio, READ, SIZE));
	serve(test, first);
	serve(test, second);
}

/* Test that bad memory is the result, even if there is nothing to read (W2). */
static void aio_fault_fails(struct kunit *test)
{
	struct aio_test *ctx = test->priv;
	struct request *r = enqueue(test, READ);

	fault(test, r);
	fault_fails(r);
	KUNIT_EXPECT_TRUE(test, gf_aio_ready(&ctx->aio, READ, 0));
	KUNIT_EXPECT_PTR_EQ(test, gf_aio_hold(&ctx->aio, READ, 0), r->req);
	KUNIT_EXPECT_EQ(test, gf_aio_try(r->req, &ctx->ring), -EFAULT);
	KUNIT_EXPECT_TRUE(test, gf_aio_take(r->req));
	gf_aio_complete(r->req, -EFAULT);
}

/* Test that a try that misses more pages has them brought in as well (R4). */
static void aio_fault_again(struct kunit *test)
{
	struct aio_test *ctx = test->priv;
	struct request *r = enqueue(test, READ);

	fault(test, r);
	fault_ends(r);
	reinit_completion(&r->faults);
	reinit_completion(&r->served);
	fault(test, r);
	KUNIT_EXPECT_EQ(test, gf_aio_pending(&ctx->aio), 1);
	fault_ends(r);
	KUNIT_EXPECT_EQ(test, r->hole.attempts, 2);
	serve(test, r);
	KUNIT_EXPECT_EQ(test, ctx->aio.live, 0);
}

/* Test that the server is started when others need wait no longer (A2). */
static void aio_patience(struct kunit *test)
{
	struct aio_test *ctx = test->priv;
	struct request *r = enqueue(test, READ);

	gf_aio_be_patient(&ctx->aio);
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(&ctx->aio.server));
	fault(test, r);
	gf_aio_be_patient(&ctx->aio);
	KUNIT_EXPECT_TRUE(test, delayed_work_pending(&ctx->aio.server));
	KUNIT_EXPECT_FALSE(test, time_after(r->req->until, jiffies + PATIENCE));
	KUNIT_EXPECT_FALSE(test, time_after(ctx->aio.server.timer.expires,
					    r->req->until + 1));
	KUNIT_EXPECT_EQ(test, server_runs(ctx), 1);
	fault_ends(r);
	server_runs(ctx);
	gf_aio_be_patient(&ctx->aio);
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(&ctx->aio.server));
	serve(test, r);
}

/*
 * Test that the server is started for the first of two whom others wait for,
 * one in each direction, whichever began to fault last (A2).
 */
static void aio_patience_both(struct kunit *test)
{
	const int *first = test->param_value;
	struct aio_test *ctx = test->priv;
	struct request *rs[2];

	rs[READ] = enqueue(test, READ);
	rs[WRITE] = enqueue(test, WRITE);
	fault(test, rs[READ]);
	fault(test, rs[WRITE]);
	rs[!*first]->req->until = jiffies + 100 * PATIENCE;
	gf_aio_be_patient(&ctx->aio);
	KUNIT_EXPECT_FALSE(test, time_after(ctx->aio.server.timer.expires,
					    rs[*first]->req->until + 1));
	fault_ends(rs[READ]);
	fault_ends(rs[WRITE]);
	serve(test, rs[READ]);
	serve(test, rs[WRITE]);
}

/*
 * Test that the others' patience is for all faults of a request together, not
 * for each: memory that comes in bit by bit may be slow in all (A2).
 */
static void aio_patience_once(struct kunit *test)
{
	struct aio_test *ctx = test->priv;
	struct request *r = enqueue(test, READ);
	struct request *next = enqueue(test, READ);

	fault(test, r);
	r->req->until = jiffies;
	fault_ends(r);
	reinit_completion(&r->faults);
	reinit_completion(&r->served);
	fault(test, r);
	serve(test, next);
	fault_ends(r);
	serve(test, r);
	KUNIT_EXPECT_EQ(test, gf_aio_pending(&ctx->aio), 0);
}

/* Test that who is served too slowly steps aside, and is passed (A2). */
static void aio_step_aside(struct kunit *test)
{
	struct aio_test *ctx = test->priv;
	struct request *slow = enqueue(test, READ);
	struct request *next = enqueue(test, READ);

	fault(test, slow);
	KUNIT_EXPECT_NULL(test, hold(test, READ));
	slow->req->until = jiffies;
	serve(test, next);
	KUNIT_EXPECT_FALSE(test, gf_aio_waiting(&ctx->aio, READ));
	KUNIT_EXPECT_FALSE(test, gf_aio_ready(&ctx->aio, READ, SIZE));
	KUNIT_EXPECT_EQ(test, gf_aio_pending(&ctx->aio), 1);
	server_runs(ctx);
	fault_ends(slow);
	KUNIT_EXPECT_GT(test, server_runs(ctx), 0);
	KUNIT_EXPECT_TRUE(test, gf_aio_waiting(&ctx->aio, READ));
	serve(test, slow);
}

/* Test that who comes back is before those who came later (A2). */
static void aio_rejoin(struct kunit *test)
{
	struct request *slow = enqueue(test, READ);
	struct request *second = enqueue(test, READ);
	struct request *third = enqueue(test, READ);

	fault_long(test, slow);
	serve(test, second);
	fault_ends(slow);
	serve(test, slow);
	serve(test, third);
}

/* Test that who comes back while the next is being served is next (A2). */
static void aio_rejoin_held(struct kunit *test)
{
	struct request *slow = enqueue(test, READ);
	struct request *second = enqueue(test, READ);
	struct request *third = enqueue(test, READ);

	fault_long(test, slow);
	KUNIT_EXPECT_PTR_EQ(test, hold(test, READ), second->req);
	fault_ends(slow);
	KUNIT_EXPECT_TRUE(test, gf_aio_take(second->req));
	gf_aio_complete(second->req, 16);
	serve(test, slow);
	serve(test, third);
}

/* In which order three who stepped aside come back. */
static const unsigned int rejoin_params[][3] = {
	{ 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
	{ 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 },
};

static void rejoin_desc(const unsigned int (*param)[3], char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u, %u, %u", (*param)[0],
		 (*param)[1], (*param)[2]);
}

KUNIT_ARRAY_PARAM(rejoin, rejoin_params, rejoin_desc);

/* Test that several who come back are in the order they were submitted (A2). */
static void aio_rejoin_order(struct kunit *test)
{
	const unsigned int *order = test->param_value;
	struct aio_test *ctx = test->priv;
	struct request *rs[3], *last;
	unsigned int i;

	for (i = 0; i < 3; i++)
		rs[i] = enqueue(test, READ);
	last = enqueue(test, READ);
	for (i = 0; i < 3; i++)
		fault_long(test, rs[i]);
	KUNIT_ASSERT_PTR_EQ(test, hold(test, READ), last->req);
	KUNIT_EXPECT_EQ(test, gf_aio_pending(&ctx->aio), 4);
	for (i = 0; i < 3; i++)
		fault_ends(rs[order[i]]);
	KUNIT_ASSERT_TRUE(test, gf_aio_take(last->req));
	gf_aio_complete(last->req, 16);
	for (i = 0; i < 3; i++)
		serve(test, rs[i]);
	KUNIT_EXPECT_EQ(test, gf_aio_pending(&ctx->aio), 0);
}

/* Test that who stands behind one who is back can be faulting, too (A2). */
static void aio_rejoin_faulting(struct kunit *test)
{
	struct request *slow = enqueue(test, READ);
	struct request *second = enqueue(test, READ);
	struct request *third = enqueue(test, READ);

	fault_long(test, slow);
	fault(test, second);
	fault_ends(slow);
	serve(test, slow);
	KUNIT_EXPECT_NULL(test, hold(test, READ));
	fault_ends(second);
	serve(test, second);
	serve(test, third);
}

/*
 * Test that as many faults can go on at once as a device may have, and not just
 * as a workqueue has unless asked: one that lasts keeps no other from its turn
 * (A3, R4).
 */
static void aio_fault_many(struct kunit *test)
{
	struct aio_test *ctx = test->priv;
	struct request **rs = kunit_kcalloc(test, MANY_FAULTS, sizeof(*rs),
					    GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, rs);
	ctx->aio.max = MANY_FAULTS;
	for (i = 0; i < MANY_FAULTS; i++) {
		rs[i] = enqueue(test, READ);
		fault_long(test, rs[i]);
	}
	KUNIT_EXPECT_EQ(test, gf_aio_pending(&ctx->aio), MANY_FAULTS);
	for (i = 0; i < MANY_FAULTS; i++) {
		fault_ends(rs[i]);
		serve(test, rs[i]);
	}
}

static long destroy(void *arg)
{
	gf_aio_destroy(arg);
	return 0;
}

/*
 * Test that the end waits for a fault whose request is long cancelled, and for
 * the server that the fault's worker starts.
 */
static void aio_destroy(struct kunit *test)
{
	struct aio_test *ctx = test->priv;
	struct request *r = enqueue(test, READ);
	struct tk_thread *thread;

	fault(test, r);
	KUNIT_ASSERT_EQ(test, tk_cancel(&r->iocb), 0);
	finish_cancelled(test, r);
	server_runs(ctx);
	thread = tk_start(test, destroy, &ctx->aio);
	tk_wait_locked_out(test, thread);
	complete(&r->served);
	KUNIT_EXPECT_EQ(test, tk_join(test, thread), 0);
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(&ctx->aio.server));
	KUNIT_ASSERT_EQ(test, gf_aio_init(&ctx->aio, MAX_AIO, server_ran), 0);
}

/* Test that the end does not leave the server to run when all is gone. */
static void aio_destroy_impatient(struct kunit *test)
{
	struct aio_test *ctx = test->priv;

	queue_delayed_work(system_dfl_wq, &ctx->aio.server, TK_PATIENCE);
	gf_aio_destroy(&ctx->aio);
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(&ctx->aio.server));
	cancel_delayed_work_sync(&ctx->aio.server);
	KUNIT_ASSERT_EQ(test, gf_aio_init(&ctx->aio, MAX_AIO, server_ran), 0);
}

/*
 * Memory.
 */

/*
 * Test that segments are kept, not referred to, and filled one after the other:
 * io_submit(2) has them on its stack (A4, A5).
 */
static void aio_segments(struct kunit *test)
{
	struct aio_test *ctx = test->priv;
	struct request *r = request_new(test);
	struct kvec vecs[] = {
		{ r->buf, 1 }, { r->buf + 1, 0 }, { r->buf + 8, 3 },
	};
	struct iov_iter iter;

	iov_iter_kvec(&iter, ITER_DEST, vecs, ARRAY_SIZE(vecs), 4);
	r->req = make(test, r, READ, &iter);
	KUNIT_ASSERT_FALSE(test, IS_ERR(r->req));
	KUNIT_EXPECT_EQ(test, r->req->count, 4);
	memset(vecs, 0x55, sizeof(vecs));
	memset(&iter, 0x55, sizeof(iter));
	KUNIT_ASSERT_TRUE(test, gf_aio_enqueue(r->req));
	memcpy(ctx->data, "abcd", 4);
	KUNIT_ASSERT_PTR_EQ(test, hold(test, READ), r->req);
	KUNIT_EXPECT_EQ(test, gf_aio_try(r->req, &ctx->ring), 4);
	KUNIT_EXPECT_TRUE(test, gf_aio_take(r->req));
	gf_aio_complete(r->req, 4);
	KUNIT_EXPECT_EQ(test, r->buf[0], 'a');
	KUNIT_EXPECT_EQ(test, memcmp(r->buf + 8, "bcd", 3), 0);
}

/*
 * Test that nothing is left of a request that was completed, was refused, or had
 * a fault, and that its memory is charged to who asked (A1, A3).
 */
static void aio_frees(struct kunit *test)
{
	struct aio_test *ctx = test->priv;
	struct request *rs[MAX_AIO + 1];
	struct iov_iter iter;
	struct kvec vec;
	unsigned int i;

	for (i = 0; i <= MAX_AIO; i++)
		rs[i] = request_new(test);
	tk_memory_record(test);
	for (i = 0; i <= MAX_AIO; i++) {
		request_iter(rs[i], READ, &vec, &iter);
		rs[i]->req = make(test, rs[i], READ, &iter);
	}
	tk_memory_pause();
	KUNIT_ASSERT_EQ(test, PTR_ERR(rs[MAX_AIO]->req), -EAGAIN);
	for (i = 0; i < MAX_AIO; i++)
		KUNIT_ASSERT_TRUE(test, gf_aio_enqueue(rs[i]->req));
	KUNIT_EXPECT_EQ(test, gf_aio_cancel(rs[0]->req), 0);
	finish_cancelled(test, rs[0]);
	fault(test, rs[1]);
	fault_ends(rs[1]);
	for (i = 1; i < MAX_AIO; i++)
		serve(test, rs[i]);
	flush_workqueue(ctx->aio.faults);
	/* The request, and its segments. */
	KUNIT_EXPECT_EQ(test, tk_memory().recorded, 2 * (MAX_AIO + 1));
	KUNIT_EXPECT_EQ(test, tk_memory().unaccounted, 0);
	KUNIT_EXPECT_EQ(test, tk_memory().kept, 0);
}

/* The server, in a thread that has no memory of its own: try once. */
struct server {
	struct aio_test *ctx;
	struct gf_aio_req *req;
};

static long server_try(void *arg)
{
	struct server *server = arg;

	return gf_aio_try(server->req, &server->ctx->ring);
}

static ssize_t try_elsewhere(struct kunit *test, struct request *r)
{
	struct server server = { .ctx = test->priv, .req = r->req };

	return tk_join(test, tk_start(test, server_try, &server));
}

/* A request in line, about @len bytes of user memory. */
static struct request *enqueue_user(struct kunit *test, int rw,
				    void __user *buf, size_t len)
{
	struct request *r = request_new(test);
	struct gf_transfer transfer;
	struct aio_test *ctx = test->priv;
	struct iov_iter iter;

	iov_iter_ubuf(&iter, rw == READ ? ITER_DEST : ITER_SOURCE, buf, len);
	transfer = gf_transfer(&gf_user, rw, &iter);
	r->req = gf_aio_submit(&ctx->aio, &r->iocb.kiocb, &transfer);
	KUNIT_ASSERT_FALSE(test, IS_ERR(r->req));
	KUNIT_ASSERT_TRUE(test, gf_aio_enqueue(r->req));
	return r;
}

/*
 * Test that the server copies to the submitter's memory, once a worker has
 * brought that in (A4, R4).
 */
static void aio_user_memory(struct kunit *test)
{
	struct aio_test *ctx = test->priv;
	u8 __user *buf = tk_map(test, PAGE_SIZE);
	struct request *r = enqueue_user(test, READ, buf, 3);
	u8 got[3] = {};

	memcpy(ctx->data, "xyz", 3);
	KUNIT_ASSERT_PTR_EQ(test, hold(test, READ), r->req);
	KUNIT_EXPECT_EQ(test, try_elsewhere(test, r), 0);
	KUNIT_EXPECT_TRUE(test, gf_aio_fault(r->req));
	flush_workqueue(ctx->aio.faults);
	KUNIT_ASSERT_PTR_EQ(test, hold(test, READ), r->req);
	KUNIT_EXPECT_EQ(test, try_elsewhere(test, r), 3);
	KUNIT_EXPECT_TRUE(test, gf_aio_take(r->req));
	gf_aio_complete(r->req, 3);
	KUNIT_EXPECT_EQ(test, copy_from_user(got, buf, 3), 0);
	KUNIT_EXPECT_EQ(test, memcmp(got, "xyz", 3), 0);
	tk_leave_mm();
}

/*
 * Test that a request that is completed does not hold what described its
 * submitter's memory. Others may, for a moment, but not so many times (A4).
 */
static void aio_memory_released(struct kunit *test)
{
	struct aio_test *ctx = test->priv;
	void __user *buf = tk_map(test, PAGE_SIZE);
	int i, before = atomic_read(&current->mm->mm_count);
	struct request *r;

	for (i = 0; i < MANY_REQUESTS; i++) {
		r = enqueue_user(test, READ, buf, 3);
		KUNIT_ASSERT_EQ(test, gf_aio_cancel(r->req), 0);
		KUNIT_ASSERT_PTR_EQ(test, gf_aio_next_cancelled(&ctx->aio),
				    r->req);
		gf_aio_complete(r->req, -ECANCELED);
	}
	KUNIT_EXPECT_LT(test, atomic_read(&current->mm->mm_count),
			before + MANY_REQUESTS);
	tk_leave_mm();
}

/* Test that a request does not keep its submitter's memory from going (A4). */
static void aio_memory_gone(struct kunit *test)
{
	struct request *r = enqueue_user(test, READ, tk_map(test, PAGE_SIZE),
					 3);

	tk_leave_mm();
	KUNIT_ASSERT_PTR_EQ(test, hold(test, READ), r->req);
	KUNIT_EXPECT_EQ(test, try_elsewhere(test, r), -EFAULT);
	KUNIT_EXPECT_TRUE(test, gf_aio_take(r->req));
	gf_aio_complete(r->req, -EFAULT);
}

/* Test that memory that goes before its fault is served is an error (A4). */
static void aio_memory_gone_faulting(struct kunit *test)
{
	struct aio_test *ctx = test->priv;
	struct request *r = enqueue_user(test, WRITE, tk_map(test, PAGE_SIZE),
					 3);

	KUNIT_ASSERT_PTR_EQ(test, hold(test, WRITE), r->req);
	KUNIT_EXPECT_EQ(test, try_elsewhere(test, r), 0);
	tk_leave_mm();
	KUNIT_EXPECT_TRUE(test, gf_aio_fault(r->req));
	flush_workqueue(ctx->aio.faults);
	KUNIT_EXPECT_TRUE(test, gf_aio_ready(&ctx->aio, WRITE, 0));
	KUNIT_ASSERT_PTR_EQ(test, hold(test, WRITE), r->req);
	KUNIT_EXPECT_EQ(test, try_elsewhere(test, r), -EFAULT);
	KUNIT_EXPECT_TRUE(test, gf_aio_take(r->req));
	gf_aio_complete(r->req, -EFAULT);
}

/* Whatever a case has left is completed, or the end would wait for ever. */
static void aio_test_end(void *data)
{
	gf_aio_destroy(data);
}

static int aio_test_init(struct kunit *test)
{
	struct aio_test *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);

	if (!ctx || gf_aio_init(&ctx->aio, MAX_AIO, server_ran))
		return -ENOMEM;
	test->priv = ctx;
	gf_ring_init(&ctx->ring, ctx->data, SIZE);
	gf_ring_put(&ctx->ring, SIZE / 2);
	return kunit_add_action_or_reset(test, aio_test_end, &ctx->aio);
}

static struct kunit_case aio_cases[] = {
	KUNIT_CASE_PARAM(aio_move, move_gen_params),
	KUNIT_CASE(aio_empty),
	KUNIT_CASE(aio_left),
	KUNIT_CASE(aio_submitted),
	KUNIT_CASE(aio_order),
	KUNIT_CASE(aio_directions),
	KUNIT_CASE(aio_need),
	KUNIT_CASE(aio_limit),
	KUNIT_CASE(aio_no_memory),
	KUNIT_CASE(aio_limit_at_completion),
	KUNIT_CASE(aio_limit_fault),
	KUNIT_CASE(aio_limit_fault_first),
	KUNIT_CASE(aio_cancel_submitted),
	KUNIT_CASE(aio_cancel_queued),
	KUNIT_CASE(aio_cancel_several),
	KUNIT_CASE(aio_cancel_held),
	KUNIT_CASE(aio_cancel_before_fault),
	KUNIT_CASE(aio_cancel_faulting),
	KUNIT_CASE(aio_cancel_aside),
	KUNIT_CASE(aio_cancel_taken),
	KUNIT_CASE(aio_cancel_completed),
	KUNIT_CASE(aio_cancel_twice),
	KUNIT_CASE(aio_fault_keeps_place),
	KUNIT_CASE(aio_fault_fails),
	KUNIT_CASE(aio_fault_again),
	KUNIT_CASE(aio_patience),
	KUNIT_CASE_PARAM(aio_patience_both, rw_gen_params),
	KUNIT_CASE(aio_patience_once),
	KUNIT_CASE(aio_step_aside),
	KUNIT_CASE(aio_rejoin),
	KUNIT_CASE(aio_rejoin_held),
	KUNIT_CASE_PARAM(aio_rejoin_order, rejoin_gen_params),
	KUNIT_CASE(aio_rejoin_faulting),
	KUNIT_CASE(aio_fault_many),
	KUNIT_CASE(aio_destroy),
	KUNIT_CASE(aio_destroy_impatient),
	KUNIT_CASE(aio_segments),
	KUNIT_CASE(aio_frees),
	KUNIT_CASE(aio_user_memory),
	KUNIT_CASE(aio_memory_released),
	KUNIT_CASE(aio_memory_gone),
	KUNIT_CASE(aio_memory_gone_faulting),
	{}
};

static struct kunit_suite aio_suite = {
	.name = "aio",
	.init = aio_test_init,
	.test_cases = aio_cases,
};

kunit_test_suite(aio_suite);

MODULE_DESCRIPTION("KUnit tests of asynchronous requests by themselves");
MODULE_LICENSE("GPL");
