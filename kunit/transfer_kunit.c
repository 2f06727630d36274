// SPDX-License-Identifier: GPL-2.0
/* KUnit tests of one read or write between a ring and a user's memory. */

#include <kunit/test.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "../kernel/globalfifo.h"
#include "../kernel/transfer.h"
#include "compat.h"
#include "testkit.h"

#define SIZE	1024UL
#define ATOMIC	((size_t)GLOBALFIFO_ATOMIC)
/* The driver's own number is its business; this is far beyond it. */
#define MANY	1000

static const struct gf_user_ops hole_ops = {
	.to_iter		= tk_to_iter,
	.from_iter		= tk_from_iter,
	.fault_in_writeable	= tk_fault_in,
	.fault_in_readable	= tk_fault_in,
};

/* A transfer between a ring of @data and @buf. */
struct transfer_test {
	struct gf_ring ring;
	u8 data[SIZE];
	u8 buf[2 * SIZE];
	struct kvec vec;
	struct iov_iter iter;
	struct gf_transfer transfer;
	struct tk_hole hole;
};

/* One of @len bytes, of which the ring has @used, the last of them wrapped. */
static struct transfer_test *begin(struct kunit *test, int rw, size_t len,
				   size_t used)
{
	struct transfer_test *ctx = test->priv;

	gf_ring_put(&ctx->ring, SIZE - 10);
	gf_ring_take(&ctx->ring, SIZE - 10);
	gf_ring_put(&ctx->ring, used);
	ctx->vec = (struct kvec){ ctx->buf, len };
	iov_iter_kvec(&ctx->iter, rw == READ ? ITER_DEST : ITER_SOURCE,
		      &ctx->vec, 1, len);
	ctx->transfer = gf_transfer(&hole_ops, rw, &ctx->iter);
	return ctx;
}

static void dig(struct kunit *test, struct tk_hole hole)
{
	struct transfer_test *ctx = test->priv;

	ctx->hole = hole;
	tk_hole_dig(test, &ctx->hole, &ctx->iter);
}

static size_t try_once(struct transfer_test *ctx)
{
	return gf_transfer_try(&ctx->transfer, &ctx->ring);
}

/* Try until there is a result; -ELOOP if there is none in sight. */
static ssize_t try_all(struct transfer_test *ctx)
{
	unsigned int tries;
	size_t done;
	int err;

	for (tries = 0; tries < 2 * MANY; tries++) {
		done = try_once(ctx);
		if (done)
			return done;
		err = gf_transfer_fault(&ctx->transfer);
		if (err)
			return err;
	}
	return -ELOOP;
}

struct need_param {
	int rw;
	size_t len;
	size_t need;
};

static const struct need_param need_params[] = {
	{ READ, 1, 1 },
	{ READ, SIZE, 1 },
	{ WRITE, 1, 1 },
	{ WRITE, ATOMIC - 1, ATOMIC - 1 },
	{ WRITE, ATOMIC, ATOMIC },
	{ WRITE, ATOMIC + 1, ATOMIC },
};

static void need_desc(const struct need_param *param, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s of %zu",
		 param->rw == READ ? "read" : "write", param->len);
}

KUNIT_ARRAY_PARAM(need, need_params, need_desc);

/* Test the least that must be there for a transfer, and the most (R1, W1). */
static void transfer_need(struct kunit *test)
{
	const struct need_param *param = test->param_value;
	struct transfer_test *ctx = begin(test, param->rw, param->len, 0);

	KUNIT_EXPECT_EQ(test, ctx->transfer.need, param->need);
	KUNIT_EXPECT_EQ(test, ctx->transfer.limit, param->len);
}

/* Test that bytes are there to read, and room to write to. */
static void transfer_avail(struct kunit *test)
{
	struct transfer_test *ctx = begin(test, READ, 1, 100);

	KUNIT_EXPECT_EQ(test, gf_transfer_avail(&ctx->ring, READ), 100);
	KUNIT_EXPECT_EQ(test, gf_transfer_avail(&ctx->ring, WRITE), SIZE - 100);
}

/*
 * Test that what is there is copied in order, around the end of the buffer, and
 * that the ring stays as it is: the caller moves the bytes (R1, R3).
 */
static void transfer_read(struct kunit *test)
{
	struct transfer_test *ctx = begin(test, READ, 30, 20);

	memcpy(ctx->data + SIZE - 10, "0123456789", 10);
	memcpy(ctx->data, "abcdefghij", 10);
	KUNIT_EXPECT_EQ(test, try_once(ctx), 20);
	KUNIT_EXPECT_EQ(test, memcmp(ctx->buf, "0123456789abcdefghij", 20), 0);
	KUNIT_EXPECT_EQ(test, iov_iter_count(&ctx->iter), 10);
	KUNIT_EXPECT_EQ(test, gf_ring_used(&ctx->ring), 20);
}

/* Test that the same goes for a write, to the room (W1, R3). */
static void transfer_write(struct kunit *test)
{
	struct transfer_test *ctx = begin(test, WRITE, 20, 0);

	memcpy(ctx->buf, "0123456789abcdefghij", 20);
	KUNIT_EXPECT_EQ(test, try_once(ctx), 20);
	KUNIT_EXPECT_EQ(test, memcmp(ctx->data + SIZE - 10, ctx->buf, 10), 0);
	KUNIT_EXPECT_EQ(test, memcmp(ctx->data, ctx->buf + 10, 10), 0);
	KUNIT_EXPECT_EQ(test, gf_ring_used(&ctx->ring), 0);
}

/* Test that no more than is wanted is copied, of all that is there (R1). */
static void transfer_limit(struct kunit *test)
{
	struct transfer_test *ctx = begin(test, READ, 5, 20);

	memset(ctx->buf, 0xee, 20);
	KUNIT_EXPECT_EQ(test, try_once(ctx), 5);
	KUNIT_EXPECT_EQ(test, ctx->buf[5], 0xee);
}

/*
 * Test that a try that misses pages leaves the iterator where it was, and that
 * the next one, with them, does it all (R4).
 */
static void transfer_fault(struct kunit *test)
{
	struct transfer_test *ctx = begin(test, READ, 20, 20);

	dig(test, (struct tk_hole){ .at = 15, .heals = 1 });
	KUNIT_EXPECT_EQ(test, try_once(ctx), 0);
	KUNIT_EXPECT_EQ(test, iov_iter_count(&ctx->iter), 20);
	KUNIT_EXPECT_EQ(test, gf_transfer_fault(&ctx->transfer), 0);
	KUNIT_EXPECT_EQ(test, try_once(ctx), 20);
	KUNIT_EXPECT_EQ(test, ctx->hole.attempts, 1);
}

static size_t atomic_to_iter(const void *from, size_t len, struct iov_iter *to)
{
	return pagefault_disabled() ? tk_to_iter(from, len, to) : 0;
}

static size_t sleeping_fault_in(const struct iov_iter *iter, size_t len)
{
	return pagefault_disabled() ? len : tk_fault_in(iter, len);
}

/* Test that no fault is taken in a try, and that pages are brought in outside (R4). */
static void transfer_atomic(struct kunit *test)
{
	static const struct gf_user_ops ops = {
		.to_iter		= atomic_to_iter,
		.fault_in_writeable	= sleeping_fault_in,
	};
	struct transfer_test *ctx = begin(test, READ, 20, 20);

	ctx->transfer.ops = &ops;
	dig(test, (struct tk_hole){ .at = 15, .heals = 1 });
	KUNIT_EXPECT_EQ(test, try_all(ctx), 20);
	KUNIT_EXPECT_FALSE(test, pagefault_disabled());
}

/* Test that the bytes before a bad one are the most there can be (W2). */
static void transfer_bad(struct kunit *test)
{
	struct transfer_test *ctx = begin(test, READ, 20, 18);

	dig(test, (struct tk_hole){ .at = 15 });
	KUNIT_EXPECT_EQ(test, try_once(ctx), 0);
	KUNIT_EXPECT_EQ(test, gf_transfer_fault(&ctx->transfer), 0);
	KUNIT_EXPECT_EQ(test, ctx->transfer.limit, 15);
	KUNIT_EXPECT_EQ(test, try_once(ctx), 15);
	KUNIT_EXPECT_EQ(test, ctx->hole.attempts, 1);
}

struct bad_param {
	int rw;
	size_t len;
	size_t at;
	ssize_t ret;
};

static const struct bad_param bad_params[] = {
	{ READ, 20, 0, -EFAULT },
	{ READ, 20, 1, 1 },
	{ WRITE, 20, 19, -EFAULT },
	{ WRITE, ATOMIC, ATOMIC - 1, -EFAULT },
	{ WRITE, ATOMIC + 1, ATOMIC - 1, -EFAULT },
	{ WRITE, ATOMIC + 1, ATOMIC, ATOMIC },
};

static void bad_desc(const struct bad_param *param, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s of %zu, %zu good",
		 param->rw == READ ? "read" : "write", param->len, param->at);
}

KUNIT_ARRAY_PARAM(bad, bad_params, bad_desc);

/*
 * Test that fewer good bytes than the transfer needs are an error, whether the
 * others are bad, or never stay (W2, R4).
 */
static void transfer_too_few(struct kunit *test)
{
	const struct bad_param *param = test->param_value;
	struct transfer_test *ctx = begin(test, param->rw, param->len,
					  param->rw == READ ? 20 : 0);

	dig(test, (struct tk_hole){ .at = param->at });
	KUNIT_EXPECT_EQ(test, try_all(ctx), param->ret);
	tk_hole_fill(&ctx->hole);

	begin(test, param->rw, param->len, 0);
	dig(test, (struct tk_hole){ .at = param->at, .lies = true });
	KUNIT_EXPECT_EQ(test, try_all(ctx), param->ret);
	KUNIT_EXPECT_GT(test, ctx->hole.attempts, 1);
	KUNIT_EXPECT_LT(test, ctx->hole.attempts, MANY);
}

static void hole_moves(void *arg)
{
	struct tk_hole *hole = arg;

	hole->at++;
}

/* Test that a copy that gets further at each try is not given up (R4). */
static void transfer_progress(struct kunit *test)
{
	struct transfer_test *ctx = begin(test, READ, MANY, MANY);

	dig(test, (struct tk_hole){
		.lies = true, .on_attempt = hole_moves, .arg = &ctx->hole,
	});
	KUNIT_EXPECT_EQ(test, try_all(ctx), MANY);
	KUNIT_EXPECT_EQ(test, ctx->hole.attempts, MANY);
}

static void hole_wavers(void *arg)
{
	struct tk_hole *hole = arg;

	hole->at = hole->at == 5 ? 10 : 5;
}

/* Test that one that only gets as far as before is, whatever came between (R4). */
static void transfer_wavers(struct kunit *test)
{
	struct transfer_test *ctx = begin(test, READ, 20, 20);

	dig(test, (struct tk_hole){
		.at = 5, .lies = true, .on_attempt = hole_wavers,
		.arg = &ctx->hole,
	});
	KUNIT_EXPECT_GE(test, try_all(ctx), 5);
	KUNIT_EXPECT_LT(test, ctx->hole.attempts, MANY);
}

/*
 * Test that what was found bad stays out, though it be good by the next try: all
 * is copied that was good, and no more (W2).
 */
static void transfer_heals_late(struct kunit *test)
{
	struct transfer_test *ctx = begin(test, READ, 20, 20);

	dig(test, (struct tk_hole){ .at = 15 });
	KUNIT_EXPECT_EQ(test, try_once(ctx), 0);
	KUNIT_EXPECT_EQ(test, gf_transfer_fault(&ctx->transfer), 0);
	tk_hole_fill(&ctx->hole);
	KUNIT_EXPECT_EQ(test, try_once(ctx), 15);
	KUNIT_EXPECT_EQ(test, iov_iter_count(&ctx->iter), 5);
}

static size_t fault_in_wrong(const struct iov_iter *iter, size_t len)
{
	return len;
}

/* Test that memory that is read from need not be writable, nor the reverse (W2). */
static void transfer_fault_side(struct kunit *test)
{
	static const struct gf_user_ops ops[] = {
		[READ] = {
			.to_iter		= tk_to_iter,
			.fault_in_writeable	= tk_fault_in,
			.fault_in_readable	= fault_in_wrong,
		},
		[WRITE] = {
			.from_iter		= tk_from_iter,
			.fault_in_writeable	= fault_in_wrong,
			.fault_in_readable	= tk_fault_in,
		},
	};
	struct transfer_test *ctx;
	int rw;

	for (rw = READ; rw <= WRITE; rw++) {
		ctx = begin(test, rw, 20, 20);
		ctx->transfer.ops = &ops[rw];
		dig(test, (struct tk_hole){ .at = 15, .heals = 1 });
		KUNIT_EXPECT_EQ(test, try_all(ctx), 20);
	}
}

/* Test that bytes that are gone by the next try are not copied (R3). */
static void transfer_rival(struct kunit *test)
{
	struct transfer_test *ctx = begin(test, READ, 20, 20);

	dig(test, (struct tk_hole){ .at = 15, .heals = 1 });
	KUNIT_EXPECT_EQ(test, try_once(ctx), 0);
	KUNIT_EXPECT_EQ(test, gf_transfer_fault(&ctx->transfer), 0);
	gf_ring_take(&ctx->ring, 13);
	KUNIT_EXPECT_EQ(test, try_once(ctx), 7);
	KUNIT_EXPECT_EQ(test, iov_iter_count(&ctx->iter), 13);
}

/* Test that the driver's own border faults user memory in, for both sides (R4). */
static void transfer_user(struct kunit *test)
{
	struct transfer_test *ctx = begin(test, READ, 20, 20);
	u8 __user *buf = tk_map(test, 2 * PAGE_SIZE);

	iov_iter_ubuf(&ctx->iter, ITER_DEST, buf + PAGE_SIZE - 5, 20);
	ctx->transfer = gf_transfer(&gf_user, READ, &ctx->iter);
	KUNIT_EXPECT_EQ(test, try_once(ctx), 0);
	KUNIT_EXPECT_EQ(test, gf_transfer_fault(&ctx->transfer), 0);
	KUNIT_EXPECT_EQ(test, try_once(ctx), 20);
	iov_iter_ubuf(&ctx->iter, ITER_SOURCE, buf + PAGE_SIZE - 5, 20);
	ctx->transfer = gf_transfer(&gf_user, WRITE, &ctx->iter);
	KUNIT_EXPECT_EQ(test, try_once(ctx), 20);
	tk_leave_mm();
}

static int transfer_test_init(struct kunit *test)
{
	struct transfer_test *ctx = kunit_kzalloc(test, sizeof(*ctx),
						  GFP_KERNEL);

	if (!ctx)
		return -ENOMEM;
	test->priv = ctx;
	gf_ring_init(&ctx->ring, ctx->data, SIZE);
	return 0;
}

static struct kunit_case transfer_cases[] = {
	KUNIT_CASE_PARAM(transfer_need, need_gen_params),
	KUNIT_CASE(transfer_avail),
	KUNIT_CASE(transfer_read),
	KUNIT_CASE(transfer_write),
	KUNIT_CASE(transfer_limit),
	KUNIT_CASE(transfer_fault),
	KUNIT_CASE(transfer_atomic),
	KUNIT_CASE(transfer_bad),
	KUNIT_CASE_PARAM(transfer_too_few, bad_gen_params),
	KUNIT_CASE(transfer_progress),
	KUNIT_CASE(transfer_wavers),
	KUNIT_CASE(transfer_heals_late),
	KUNIT_CASE(transfer_fault_side),
	KUNIT_CASE(transfer_rival),
	KUNIT_CASE(transfer_user),
	{}
};

static struct kunit_suite transfer_suite = {
	.name = "transfer",
	.init = transfer_test_init,
	.test_cases = transfer_cases,
};

kunit_test_suite(transfer_suite);

MODULE_DESCRIPTION("KUnit tests of globalfifo's transfers");
MODULE_LICENSE("GPL");
