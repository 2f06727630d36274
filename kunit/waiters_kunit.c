// SPDX-License-Identifier: GPL-2.0
/* KUnit tests of the waiters: who sleeps on one side, and who is woken. */

#include <kunit/test.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/string.h>

#include "testkit.h"
#include "../kernel/waiters.h"

#define SLEEPERS	5

/* A heap of things, the lock that guards it, and those who wait for some. */
struct heap {
	struct mutex lock;	/* guards @avail */
	struct gf_waiters side;
	size_t avail;
};

/* One who waits for @need, takes @want at most, and tells what he got. */
struct taker {
	struct heap *heap;
	size_t need;
	size_t want;
	unsigned int sleeps;
	struct tk_thread *thread;
};

static void heap_unlock(struct heap *heap)
{
	struct gf_supply supply = gf_waiters_supply(&heap->side, heap->avail);

	mutex_unlock(&heap->lock);
	gf_waiters_wake(&heap->side, supply);
}

static void heap_add(struct heap *heap, size_t n)
{
	mutex_lock(&heap->lock);
	heap->avail += n;
	heap_unlock(heap);
}

/* The loop that waiters.h describes, as short as it gets. */
static long take(void *arg)
{
	struct taker *taker = arg;
	struct heap *heap = taker->heap;
	struct gf_waiter waiter;
	size_t taken = 0;

	/* What gf_waiter_start() gets need not be clean. */
	memset(&waiter, 0x5a, sizeof(waiter));
	mutex_lock(&heap->lock);
	while (heap->avail < taker->need && !signal_pending(current)) {
		taker->sleeps++;
		gf_waiter_start(&waiter, &heap->side, taker->need, taker->want);
		heap_unlock(heap);
		schedule();
		mutex_lock(&heap->lock);
		gf_waiter_finish(&waiter);
	}
	if (heap->avail >= taker->need)
		taken = min(heap->avail, taker->want);
	heap->avail -= taken;
	heap_unlock(heap);
	return taken ? taken : -ERESTARTSYS;
}

/* Not on the stack: a thread may outlive the function that tests it. */
static struct taker *taker_sleep(struct kunit *test, size_t need, size_t want)
{
	struct taker *taker = kunit_kzalloc(test, sizeof(*taker), GFP_KERNEL);
	struct heap *heap = test->priv;

	KUNIT_ASSERT_NOT_NULL(test, taker);
	*taker = (struct taker){ .heap = heap, .need = need, .want = want };
	taker->thread = tk_start(test, take, taker);
	tk_wait_asleep(test, taker->thread, &heap->side.queue);
	return taker;
}

/* How many are on the queue: those who have not been woken. */
static unsigned int asleep(struct heap *heap)
{
	unsigned int n;

	spin_lock_irq(&heap->side.queue.lock);
	n = list_count_nodes(&heap->side.queue.head);
	spin_unlock_irq(&heap->side.queue.lock);
	return n;
}

/*
 * A wakeup without letting go of the lock: who is woken cannot go on yet.
 * Returns how many those are.
 */
static unsigned int wake_locked(struct heap *heap, size_t avail)
{
	lockdep_assert_held(&heap->lock);
	return gf_waiters_wake(&heap->side,
			       gf_waiters_supply(&heap->side, avail));
}

/* Test that a wakeup where nobody sleeps does nothing. */
static void waiters_nobody(struct kunit *test)
{
	struct heap *heap = test->priv;

	KUNIT_EXPECT_EQ(test, heap->side.finished, 0);
	heap_add(heap, 1);
	KUNIT_EXPECT_EQ(test, heap->side.promised, 0);
}

/* Test that one thing wakes exactly one of many, the first who came (K2). */
static void waiters_one(struct kunit *test)
{
	struct heap *heap = test->priv;
	struct taker *takers[SLEEPERS];
	unsigned int i;

	for (i = 0; i < SLEEPERS; i++)
		takers[i] = taker_sleep(test, 1, 1);
	heap_add(heap, 1);
	KUNIT_EXPECT_EQ(test, tk_join(test, takers[0]->thread), 1);
	KUNIT_EXPECT_EQ(test, asleep(heap), SLEEPERS - 1);
	for (i = 1; i < SLEEPERS; i++) {
		KUNIT_EXPECT_FALSE(test, tk_is_done(takers[i]->thread));
		KUNIT_EXPECT_EQ(test, takers[i]->sleeps, 1);
	}
}

/* Test that as many are woken by one call as can go on, and no more (K1, K2). */
static void waiters_as_many_as_fit(struct kunit *test)
{
	struct heap *heap = test->priv;
	struct taker *takers[SLEEPERS];
	unsigned int i;

	for (i = 0; i < SLEEPERS; i++)
		takers[i] = taker_sleep(test, 1, 1);
	heap_add(heap, 3);
	KUNIT_EXPECT_EQ(test, asleep(heap), SLEEPERS - 3);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, tk_join(test, takers[i]->thread), 1);
	KUNIT_EXPECT_FALSE(test, tk_is_done(takers[3]->thread));
	KUNIT_EXPECT_EQ(test, takers[3]->sleeps, 1);
	KUNIT_EXPECT_EQ(test, heap->side.promised, 0);
}

/* Test that too little wakes nobody, and enough does at the exact amount (K2). */
static void waiters_need(struct kunit *test)
{
	struct heap *heap = test->priv;
	struct taker *taker;

	taker = taker_sleep(test, 5, 9);
	heap_add(heap, 4);
	KUNIT_EXPECT_EQ(test, asleep(heap), 1);
	heap_add(heap, 1);
	KUNIT_EXPECT_EQ(test, asleep(heap), 0);
	KUNIT_EXPECT_EQ(test, tk_join(test, taker->thread), 5);
	KUNIT_EXPECT_EQ(test, taker->sleeps, 1);
}

/* Test that one who needs much does not hide things from one who needs less (K1). */
static void waiters_overtake(struct kunit *test)
{
	struct heap *heap = test->priv;
	struct taker *big, *small;

	big = taker_sleep(test, 10, 10);
	small = taker_sleep(test, 2, 2);
	heap_add(heap, 3);
	KUNIT_EXPECT_EQ(test, tk_join(test, small->thread), 2);
	KUNIT_EXPECT_FALSE(test, tk_is_done(big->thread));
	KUNIT_EXPECT_EQ(test, big->sleeps, 1);
	heap_add(heap, 9);
	KUNIT_EXPECT_EQ(test, tk_join(test, big->thread), 10);
}

/*
 * Test that what was promised to one who has not run yet wakes nobody else:
 * two things come one by one, the first sleeper wants both (K2).
 */
static void waiters_promise(struct kunit *test)
{
	struct heap *heap = test->priv;
	struct taker *takers[2];

	takers[0] = taker_sleep(test, 2, 2);
	takers[1] = taker_sleep(test, 1, 1);
	mutex_lock(&heap->lock);
	heap->avail = 2;
	KUNIT_EXPECT_EQ(test, wake_locked(heap, 2), 1);
	KUNIT_EXPECT_EQ(test, heap->side.promised, 2);
	KUNIT_EXPECT_EQ(test, wake_locked(heap, 2), 0);
	/* Nor is there more for him if a rival takes some of it. */
	KUNIT_EXPECT_EQ(test, wake_locked(heap, 1), 0);
	KUNIT_EXPECT_EQ(test, asleep(heap), 1);
	mutex_unlock(&heap->lock);
	KUNIT_EXPECT_EQ(test, tk_join(test, takers[0]->thread), 2);
	KUNIT_EXPECT_EQ(test, takers[1]->sleeps, 1);
	KUNIT_EXPECT_EQ(test, heap->side.promised, 0);
}

/* Test that one who wants little is promised no more than that (K1). */
static void waiters_promise_want(struct kunit *test)
{
	struct heap *heap = test->priv;
	struct taker *takers[2];

	takers[0] = taker_sleep(test, 1, 3);
	takers[1] = taker_sleep(test, 1, 1);
	mutex_lock(&heap->lock);
	heap->avail = 4;
	KUNIT_EXPECT_EQ(test, wake_locked(heap, 4), 2);
	KUNIT_EXPECT_EQ(test, heap->side.promised, 4);
	KUNIT_EXPECT_EQ(test, asleep(heap), 0);
	mutex_unlock(&heap->lock);
	KUNIT_EXPECT_EQ(test, tk_join(test, takers[0]->thread), 3);
	KUNIT_EXPECT_EQ(test, tk_join(test, takers[1]->thread), 1);
}

/* How many have finished before: none yet, or so many that the next makes it 0. */
static const unsigned int finished_params[] = { 0, UINT_MAX };

static void finished_desc(const unsigned int *finished, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u", *finished);
}

KUNIT_ARRAY_PARAM(finished, finished_params, finished_desc);

/*
 * Test that a supply noted before somebody finished wakes nobody: it may be
 * what he took, and his own call comes (K2).
 */
static void waiters_outdated(struct kunit *test)
{
	const unsigned int *finished = test->param_value;
	struct heap *heap = test->priv;
	struct taker *takers[2];
	struct gf_supply supply;

	heap->side.finished = *finished;
	takers[0] = taker_sleep(test, 1, 1);
	takers[1] = taker_sleep(test, 1, 1);
	mutex_lock(&heap->lock);
	supply = gf_waiters_supply(&heap->side, 1);
	mutex_unlock(&heap->lock);
	heap_add(heap, 1);
	KUNIT_EXPECT_EQ(test, tk_join(test, takers[0]->thread), 1);
	gf_waiters_wake(&heap->side, supply);
	KUNIT_EXPECT_EQ(test, asleep(heap), 1);
	KUNIT_EXPECT_EQ(test, heap->side.promised, 0);
}

/*
 * Test that one who was woken and robbed of it before he ran goes back to
 * sleep, and that what is left goes to another whom it suffices (K1).
 */
static void waiters_robbed(struct kunit *test)
{
	struct heap *heap = test->priv;
	struct taker *big, *small;

	big = taker_sleep(test, 5, 5);
	small = taker_sleep(test, 2, 2);
	mutex_lock(&heap->lock);
	heap->avail = 5;
	wake_locked(heap, 5);
	heap->avail = 3;
	mutex_unlock(&heap->lock);
	KUNIT_EXPECT_EQ(test, tk_join(test, small->thread), 2);
	tk_wait_asleep(test, big->thread, &heap->side.queue);
	KUNIT_EXPECT_EQ(test, big->sleeps, 2);
	KUNIT_EXPECT_EQ(test, heap->side.promised, 0);
}

/* An entry behind all sleepers, that only counts who comes so far. */
struct passer_by {
	struct wait_queue_entry entry;
	unsigned int passed;
};

static int passer_by_wake(struct wait_queue_entry *entry, unsigned int mode,
			  int flags, void *key)
{
	container_of(entry, struct passer_by, entry)->passed++;
	return 0;
}

/*
 * Test that a wakeup goes no further along the queue than to whom the last of
 * the supply was promised, nor anywhere if it is outdated (K2).
 */
static void waiters_walk_ends(struct kunit *test)
{
	struct passer_by last = {};
	struct heap *heap = test->priv;
	struct gf_supply supply;
	struct taker *takers[3];
	unsigned int i;

	for (i = 0; i < 3; i++)
		takers[i] = taker_sleep(test, 1, 2);
	init_waitqueue_func_entry(&last.entry, passer_by_wake);
	add_wait_queue_exclusive(&heap->side.queue, &last.entry);
	mutex_lock(&heap->lock);
	supply = gf_waiters_supply(&heap->side, 2);
	supply.finished--;
	KUNIT_EXPECT_EQ(test, gf_waiters_wake(&heap->side, supply), 0);
	heap->avail = 6;
	KUNIT_EXPECT_EQ(test, wake_locked(heap, 2), 1);
	KUNIT_EXPECT_EQ(test, wake_locked(heap, 4), 1);
	KUNIT_EXPECT_EQ(test, last.passed, 0);
	KUNIT_EXPECT_EQ(test, wake_locked(heap, 6), 1);
	KUNIT_EXPECT_EQ(test, last.passed, 1);
	mutex_unlock(&heap->lock);
	remove_wait_queue(&heap->side.queue, &last.entry);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, tk_join(test, takers[i]->thread), 2);
}

/*
 * Test that a signalled sleeper who waits for the lock by now is still promised
 * what there is, for he takes it when he has the lock, and no other is woken in
 * vain (K2).
 */
static void waiters_interrupted_locked_out(struct kunit *test)
{
	struct heap *heap = test->priv;
	struct taker *first, *second;

	first = taker_sleep(test, 1, 1);
	second = taker_sleep(test, 1, 1);
	mutex_lock(&heap->lock);
	tk_interrupt(first->thread);
	tk_wait_locked_out(test, first->thread);
	heap->avail = 1;
	KUNIT_EXPECT_EQ(test, wake_locked(heap, 1), 1);
	KUNIT_EXPECT_EQ(test, asleep(heap), 1);
	tk_wait_asleep(test, second->thread, &heap->side.queue);
	mutex_unlock(&heap->lock);
	KUNIT_EXPECT_EQ(test, tk_join(test, first->thread), 1);
	KUNIT_EXPECT_EQ(test, second->sleeps, 1);
}

/* Test that a sleeper who is interrupted leaves the queue and goes (W3). */
static void waiters_interrupt(struct kunit *test)
{
	struct heap *heap = test->priv;
	struct taker *taker;

	taker = taker_sleep(test, 1, 1);
	tk_interrupt(taker->thread);
	KUNIT_EXPECT_EQ(test, tk_join(test, taker->thread), -ERESTARTSYS);
	KUNIT_EXPECT_TRUE(test, list_empty(&heap->side.queue.head));
}

/*
 * Test that a wakeup passes over one whom a signal has woken already: it is
 * the next one's (K1).
 */
static void waiters_interrupted_first(struct kunit *test)
{
	struct heap *heap = test->priv;
	struct taker *takers[2];

	takers[0] = taker_sleep(test, 1, 1);
	takers[1] = taker_sleep(test, 1, 1);
	/* He is awake, but cannot go on before we let go of the lock. */
	mutex_lock(&heap->lock);
	tk_interrupt(takers[0]->thread);
	KUNIT_EXPECT_EQ(test, wake_locked(heap, 1), 1);
	/* He who was interrupted is on the queue still, the other is woken. */
	KUNIT_EXPECT_EQ(test, asleep(heap), 1);
	mutex_unlock(&heap->lock);
	KUNIT_EXPECT_EQ(test, tk_join(test, takers[0]->thread), -ERESTARTSYS);
	heap_add(heap, 1);
	KUNIT_EXPECT_EQ(test, tk_join(test, takers[1]->thread), 1);
	KUNIT_EXPECT_EQ(test, heap->side.promised, 0);
}

/*
 * Test that one who is woken and then interrupted, with what woke him gone to
 * a rival in part, hands on what is left (K1).
 */
static void waiters_hand_on(struct kunit *test)
{
	struct heap *heap = test->priv;
	struct taker *big, *small;

	big = taker_sleep(test, 5, 5);
	small = taker_sleep(test, 1, 1);
	mutex_lock(&heap->lock);
	heap->avail = 5;
	wake_locked(heap, 5);
	tk_interrupt(big->thread);
	heap->avail = 1;
	mutex_unlock(&heap->lock);
	KUNIT_EXPECT_EQ(test, tk_join(test, big->thread), -ERESTARTSYS);
	KUNIT_EXPECT_EQ(test, tk_join(test, small->thread), 1);
	KUNIT_EXPECT_EQ(test, heap->side.promised, 0);
}

static int waiters_test_init(struct kunit *test)
{
	struct heap *heap = kunit_kmalloc(test, sizeof(*heap), GFP_KERNEL);

	if (!heap)
		return -ENOMEM;
	memset(&heap->side, 0x55, sizeof(heap->side));
	heap->avail = 0;
	mutex_init(&heap->lock);
	gf_waiters_init(&heap->side, &heap->lock);
	test->priv = heap;
	return 0;
}

static struct kunit_case waiters_cases[] = {
	KUNIT_CASE(waiters_nobody),
	KUNIT_CASE(waiters_one),
	KUNIT_CASE(waiters_as_many_as_fit),
	KUNIT_CASE(waiters_need),
	KUNIT_CASE(waiters_overtake),
	KUNIT_CASE(waiters_promise),
	KUNIT_CASE(waiters_promise_want),
	KUNIT_CASE_PARAM(waiters_outdated, finished_gen_params),
	KUNIT_CASE(waiters_walk_ends),
	KUNIT_CASE(waiters_robbed),
	KUNIT_CASE(waiters_interrupt),
	KUNIT_CASE(waiters_interrupted_first),
	KUNIT_CASE(waiters_interrupted_locked_out),
	KUNIT_CASE(waiters_hand_on),
	{}
};

static struct kunit_suite waiters_suite = {
	.name = "waiters",
	.init = waiters_test_init,
	.test_cases = waiters_cases,
};

kunit_test_suite(waiters_suite);

MODULE_DESCRIPTION("KUnit tests of globalfifo's waiters");
MODULE_LICENSE("GPL");
