// SPDX-License-Identifier: GPL-2.0
/* KUnit tests of the ring: bytes in a power-of-two buffer. */

#include <kunit/test.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/timer.h>

#include "../kernel/ring.h"
#include "compat.h"
#include "testkit.h"

#define SIZE	16UL

struct ring_test {
	struct gf_ring ring;
	u8 data[SIZE];
};

/* An empty ring that has seen @start bytes come and go. */
static struct gf_ring *ring_at(struct kunit *test, unsigned int start)
{
	struct ring_test *ctx = test->priv;

	gf_ring_init(&ctx->ring, ctx->data, SIZE);
	ctx->ring.in = start;
	ctx->ring.out = start;
	return &ctx->ring;
}

/* Copy @len bytes in by way of spans. Returns how many fitted. */
static size_t ring_write(struct gf_ring *ring, const u8 *bytes, size_t len)
{
	struct gf_span span;
	size_t done = 0;

	while (done < len) {
		span = gf_ring_room_span(ring, done);
		span.len = min(span.len, len - done);
		if (!span.len)
			break;
		memcpy(span.base, bytes + done, span.len);
		done += span.len;
	}
	return gf_ring_put(ring, done);
}

/* Copy @len bytes out by way of spans. Returns how many there were. */
static size_t ring_read(struct gf_ring *ring, u8 *bytes, size_t len)
{
	struct gf_span span;
	size_t done = 0;

	while (done < len) {
		span = gf_ring_used_span(ring, done);
		span.len = min(span.len, len - done);
		if (!span.len)
			break;
		memcpy(bytes + done, span.base, span.len);
		done += span.len;
	}
	return gf_ring_take(ring, done);
}

/* Test that a new ring is empty, over the buffer that it was given. */
static void ring_init(struct kunit *test)
{
	u8 data[SIZE];
	struct gf_ring ring = { .in = 7, .out = 3 };

	gf_ring_init(&ring, data, SIZE);
	KUNIT_EXPECT_EQ(test, gf_ring_used(&ring), 0);
	KUNIT_EXPECT_EQ(test, gf_ring_room(&ring), SIZE);
	KUNIT_EXPECT_PTR_EQ(test, gf_ring_room_span(&ring, 0).base, &data[0]);
	KUNIT_EXPECT_EQ(test, gf_ring_room_span(&ring, 0).len, SIZE);
	KUNIT_EXPECT_EQ(test, gf_ring_used_span(&ring, 0).len, 0);
}

/* Test that put and take move bytes from room to used and back. */
static void ring_put_take(struct kunit *test)
{
	struct gf_ring *ring = ring_at(test, 0);

	KUNIT_EXPECT_EQ(test, gf_ring_put(ring, 5), 5);
	KUNIT_EXPECT_EQ(test, gf_ring_used(ring), 5);
	KUNIT_EXPECT_EQ(test, gf_ring_room(ring), SIZE - 5);
	KUNIT_EXPECT_EQ(test, gf_ring_take(ring, 2), 2);
	KUNIT_EXPECT_EQ(test, gf_ring_used(ring), 3);
	KUNIT_EXPECT_EQ(test, gf_ring_room(ring), SIZE - 3);
	KUNIT_EXPECT_EQ(test, gf_ring_take(ring, 0), 0);
	KUNIT_EXPECT_EQ(test, gf_ring_put(ring, 0), 0);
	KUNIT_EXPECT_EQ(test, gf_ring_used(ring), 3);
}

/* Test that a full ring uses every byte of its buffer. */
static void ring_full(struct kunit *test)
{
	struct gf_ring *ring = ring_at(test, 3);

	KUNIT_EXPECT_EQ(test, gf_ring_put(ring, SIZE), SIZE);
	KUNIT_EXPECT_EQ(test, gf_ring_used(ring), SIZE);
	KUNIT_EXPECT_EQ(test, gf_ring_room(ring), 0);
	KUNIT_EXPECT_EQ(test, gf_ring_room_span(ring, 0).len, 0);
	KUNIT_EXPECT_EQ(test, gf_ring_put(ring, 1), 0);
}

/* Test that asking for more than there is gives what there is. */
static void ring_too_much(struct kunit *test)
{
	struct gf_ring *ring = ring_at(test, 0);

	KUNIT_EXPECT_EQ(test, gf_ring_take(ring, 1), 0);
	KUNIT_EXPECT_EQ(test, gf_ring_put(ring, SIZE + 1), SIZE);
	KUNIT_EXPECT_EQ(test, gf_ring_take(ring, 6), 6);
	KUNIT_EXPECT_EQ(test, gf_ring_put(ring, SIZE_MAX), 6);
	KUNIT_EXPECT_EQ(test, gf_ring_take(ring, SIZE_MAX), SIZE);
	KUNIT_EXPECT_EQ(test, gf_ring_used(ring), 0);
}

/* Test that a span that starts past the end of what there is has no length. */
static void ring_span_beyond(struct kunit *test)
{
	struct gf_ring *ring = ring_at(test, 0);

	gf_ring_put(ring, 4);
	KUNIT_EXPECT_EQ(test, gf_ring_used_span(ring, 3).len, 1);
	KUNIT_EXPECT_EQ(test, gf_ring_used_span(ring, 4).len, 0);
	KUNIT_EXPECT_EQ(test, gf_ring_used_span(ring, SIZE_MAX).len, 0);
	KUNIT_EXPECT_EQ(test, gf_ring_room_span(ring, SIZE - 5).len, 1);
	KUNIT_EXPECT_EQ(test, gf_ring_room_span(ring, SIZE - 4).len, 0);
	KUNIT_EXPECT_EQ(test, gf_ring_room_span(ring, SIZE_MAX).len, 0);
}

static size_t peek_used(const struct gf_ring *ring)
{
	struct gf_ring peek = gf_ring_peek(ring);

	return gf_ring_used(&peek);
}

/* Test that a look without the lock sees what is held, and the size. */
static void ring_peek(struct kunit *test)
{
	struct gf_ring *ring = ring_at(test, UINT_MAX - 1);

	KUNIT_EXPECT_EQ(test, peek_used(ring), 0);
	gf_ring_put(ring, 3);
	KUNIT_EXPECT_EQ(test, peek_used(ring), 3);
	gf_ring_put(ring, SIZE);
	KUNIT_EXPECT_EQ(test, peek_used(ring), SIZE);
	KUNIT_EXPECT_EQ(test, gf_ring_peek(ring).size, SIZE);
	KUNIT_EXPECT_NULL(test, gf_ring_peek(ring).data);
}

/* What an interrupt does to a ring: bytes come, and all of them go. */
struct ring_churn {
	struct timer_list timer;
	struct gf_ring *ring;
	unsigned int rounds;
};

static void ring_churn(struct timer_list *timer)
{
	struct ring_churn *churn = container_of(timer, struct ring_churn,
						timer);

	gf_ring_put(churn->ring, SIZE);
	gf_ring_take(churn->ring, SIZE);
	churn->rounds--;
	if (churn->rounds)
		mod_timer(timer, jiffies + 1);
}

/*
 * Test that a look that is interrupted half-way sees a state that was: here the
 * ring is always empty between two of them. Loads side by side are interrupted
 * together, so it takes a kernel with KASAN for this to fail.
 */
static void ring_peek_interrupted(struct kunit *test)
{
	struct ring_churn churn = { .ring = ring_at(test, 0), .rounds = 50 };
	unsigned int wrong = 0;

	/* Interrupted it is only on the processor that has the timer. */
	KUNIT_ASSERT_EQ(test, set_cpus_allowed_ptr(current,
						   cpumask_of(raw_smp_processor_id())),
			0);
	timer_setup_on_stack(&churn.timer, ring_churn, TIMER_PINNED);
	mod_timer(&churn.timer, jiffies + 1);
	while (READ_ONCE(churn.rounds))
		wrong += peek_used(churn.ring) != 0;
	KUNIT_EXPECT_EQ(test, wrong, 0);
	timer_delete_sync(&churn.timer);
	timer_destroy_on_stack(&churn.timer);
}

/* Every place in the buffer, and the places around which the indices wrap. */
static const unsigned int ring_starts[] = {
	0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
	INT_MAX, UINT_MAX - 16, UINT_MAX - 1, UINT_MAX,
};

static void ring_start_desc(const unsigned int *start, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "start %u", *start);
}

KUNIT_ARRAY_PARAM(ring_start, ring_starts, ring_start_desc);

/*
 * Test that bytes of every length, put in and taken out wherever they lie in
 * the buffer, come out as they went in (R3), and that two spans name them.
 */
static void ring_wrap(struct kunit *test)
{
	static const u8 bytes[SIZE] = "abcdefghijklmnop";
	unsigned int start = *(const unsigned int *)test->param_value;
	struct gf_ring *ring;
	u8 out[SIZE];
	size_t len, first, second;

	for (len = 1; len <= SIZE; len++) {
		ring = ring_at(test, start);
		KUNIT_ASSERT_EQ(test, ring_write(ring, bytes, len), len);
		KUNIT_EXPECT_EQ(test, gf_ring_used(ring), len);
		KUNIT_EXPECT_EQ(test, gf_ring_room(ring), SIZE - len);

		first = gf_ring_used_span(ring, 0).len;
		second = gf_ring_used_span(ring, first).len;
		KUNIT_EXPECT_EQ(test, first, min(len, SIZE - start % SIZE));
		KUNIT_EXPECT_EQ(test, first + second, len);

		memset(out, 0, SIZE);
		KUNIT_EXPECT_EQ(test, ring_read(ring, out, SIZE), len);
		KUNIT_EXPECT_EQ(test, memcmp(out, bytes, len), 0);
		KUNIT_EXPECT_EQ(test, gf_ring_used(ring), 0);
	}
}

/*
 * Test that bytes keep their order when they move to another buffer, larger,
 * smaller or as large, wherever they lie in the old one (I1, R3), and that the
 * old buffer is handed back.
 */
static void ring_move(struct kunit *test)
{
	static const u8 bytes[2 * SIZE] = "abcdefghijklmnopqrstuvwxyzABCDEF";
	unsigned int start = *(const unsigned int *)test->param_value;
	struct ring_test *ctx = test->priv;
	u8 data[2 * SIZE], out[2 * SIZE];
	struct gf_ring *ring;
	size_t size, len;

	for (size = SIZE / 2; size <= 2 * SIZE; size *= 2) {
		for (len = 0; len <= min(SIZE, size); len++) {
			ring = ring_at(test, start);
			ring_write(ring, bytes, len);
			KUNIT_EXPECT_PTR_EQ(test, gf_ring_move(ring, data, size),
					    (void *)ctx->data);
			KUNIT_EXPECT_EQ(test, gf_ring_used(ring), len);
			KUNIT_EXPECT_EQ(test, gf_ring_room(ring), size - len);
			/* The old buffer is not looked at any more. */
			memset(ctx->data, 0, SIZE);
			KUNIT_EXPECT_EQ(test, size - len,
					ring_write(ring, bytes + len, 2 * SIZE));
			KUNIT_EXPECT_EQ(test, ring_read(ring, out, 2 * SIZE),
					size);
			KUNIT_EXPECT_EQ(test, memcmp(out, bytes, size), 0);
		}
	}
}

/* Test that what does not fit in a new buffer is the newest, and is gone. */
static void ring_move_too_much(struct kunit *test)
{
	struct gf_ring *ring = ring_at(test, 5);
	u8 data[SIZE / 2], out[SIZE];

	ring_write(ring, "abcdefghijklmnop", SIZE);
	gf_ring_move(ring, data, SIZE / 2);
	KUNIT_EXPECT_EQ(test, ring_read(ring, out, SIZE), SIZE / 2);
	KUNIT_EXPECT_EQ(test, memcmp(out, "abcdefgh", SIZE / 2), 0);
}

/*
 * Test that thousands of random writes and reads move the bytes that a counter
 * predicts (R3). To repeat a failure, boot with the seed that it printed.
 */
static void ring_random(struct kunit *test)
{
	unsigned int ops, written = 0, read = 0;
	struct gf_ring *ring = ring_at(test, UINT_MAX - 1000);
	struct rnd_state rnd;
	u8 bytes[2 * SIZE];
	size_t i, len, done;

	prandom_seed_state(&rnd, tk_seed(test));
	for (ops = 0; ops < 10000; ops++) {
		len = prandom_u32_state(&rnd) % ARRAY_SIZE(bytes);
		if (prandom_u32_state(&rnd) & 1) {
			for (i = 0; i < len; i++)
				bytes[i] = written + i;
			done = ring_write(ring, bytes, len);
			KUNIT_ASSERT_EQ(test, done,
					min(len, SIZE - (written - read)));
			written += done;
		} else {
			done = ring_read(ring, bytes, len);
			KUNIT_ASSERT_EQ(test, done,
					min(len, (size_t)(written - read)));
			for (i = 0; i < done; i++)
				KUNIT_ASSERT_EQ(test, bytes[i], (u8)(read + i));
			read += done;
		}
		KUNIT_ASSERT_EQ(test, gf_ring_used(ring), written - read);
		KUNIT_ASSERT_EQ(test, gf_ring_room(ring), SIZE - (written - read));
	}
}

static int ring_test_init(struct kunit *test)
{
	test->priv = kunit_kzalloc(test, sizeof(struct ring_test), GFP_KERNEL);
	return test->priv ? 0 : -ENOMEM;
}

static struct kunit_case ring_cases[] = {
	KUNIT_CASE(ring_init),
	KUNIT_CASE(ring_put_take),
	KUNIT_CASE(ring_full),
	KUNIT_CASE(ring_too_much),
	KUNIT_CASE(ring_span_beyond),
	KUNIT_CASE(ring_peek),
	KUNIT_CASE(ring_peek_interrupted),
	KUNIT_CASE_PARAM(ring_wrap, ring_start_gen_params),
	KUNIT_CASE_PARAM(ring_move, ring_start_gen_params),
	KUNIT_CASE(ring_move_too_much),
	KUNIT_CASE(ring_random),
	{}
};

static struct kunit_suite ring_suite = {
	.name = "ring",
	.init = ring_test_init,
	.test_cases = ring_cases,
};

kunit_test_suite(ring_suite);

MODULE_DESCRIPTION("KUnit tests of globalfifo's ring");
MODULE_LICENSE("GPL");
