// SPDX-License-Identifier: GPL-2.0
/* Who sleeps on one side of a FIFO, and who is woken. See waiters.h. */

#include <linux/container_of.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/spinlock.h>

#include "waiters.h"

/**
 * gf_waiters_init - nobody sleeps here
 * @side: what to initialise
 * @lock: what guards what is waited for
 */
void gf_waiters_init(struct gf_waiters *side, const struct mutex *lock)
{
	init_waitqueue_head(&side->queue);
	side->lock = lock;
	side->promised = 0;
	side->finished = 0;
}

/* One wakeup: what there is, and whom it woke. */
struct gf_wakeup {
	struct gf_supply supply;
	unsigned int woken;
};

/* The wake function of an entry; @key points to the wakeup. */
static int gf_waiter_wake(struct wait_queue_entry *entry, unsigned int mode,
			  int flags, void *key)
{
	struct gf_waiter *waiter = container_of(entry, struct gf_waiter, entry);
	struct gf_waiters *side = waiter->side;
	struct gf_wakeup *wakeup = key;
	size_t avail = wakeup->supply.avail;

	lockdep_assert_held(&side->queue.lock);
	/*
	 * End the walk if nothing is left, or if the supply is out of date:
	 * somebody has finished since, and may have taken what he was promised.
	 * He calls with a newer one. 6.1 lets go of the lock during a long walk.
	 */
	if (avail <= side->promised ||
	    wakeup->supply.finished != side->finished)
		return -1;
	avail -= side->promised;
	if (avail < waiter->need)
		return 0;
	/* He may be awake by a signal, or not asleep yet: then he looks himself. */
	if (!autoremove_wake_function(entry, mode, flags, NULL))
		return 0;
	waiter->grant = min(avail, waiter->want);
	side->promised += waiter->grant;
	wakeup->woken++;
	return 1;
}

/**
 * gf_waiters_supply - note what there is, for gf_waiters_wake()
 * @side: where they sleep
 * @avail: how much there is for this side
 *
 * Context: any, under @side->lock.
 * Return: the note.
 */
struct gf_supply gf_waiters_supply(const struct gf_waiters *side, size_t avail)
{
	lockdep_assert_held(side->lock);
	return (struct gf_supply){ .avail = avail, .finished = side->finished };
}

/**
 * gf_waiters_wake - wake those who can go on
 * @side: where they sleep
 * @supply: from gf_waiters_supply()
 *
 * Wakes every sleeper whose need is met by what is left of the supply once all
 * earlier promises are kept.
 *
 * Call it after the lock is released. Calls may come in another order than
 * their supplies were noted: an outdated one wakes nobody, or, if a rival who
 * did not sleep was faster, somebody too many; the newest never too few.
 *
 * Context: any. A sleeper who starts under the caller's lock either came
 * before the caller last held it, and is seen here, or comes after, and sees
 * the change: hence no barrier before waitqueue_active().
 * Return: how many were woken.
 */
unsigned int gf_waiters_wake(struct gf_waiters *side, struct gf_supply supply)
{
	struct gf_wakeup wakeup = { .supply = supply };

	/*
	 * Normal tasks, not only interruptible ones: who was signalled may wait
	 * for the lock by now, and still takes what is there when he has it.
	 * No barrier is needed: see above.
	 */
	if (supply.avail && waitqueue_active(&side->queue))
		__wake_up(&side->queue, TASK_NORMAL, 0, &wakeup);
	return wakeup.woken;
}

/**
 * gf_waiter_start - go to sleep, but for calling schedule()
 * @waiter: uninitialised, to be given to gf_waiter_finish()
 * @side: where to wait
 * @need: how much must be there before it is worth waking, at least 1
 * @want: how much would be taken, at least @need
 *
 * Context: process, under @side->lock, having seen that @need is not there.
 * Leaves the task in TASK_INTERRUPTIBLE: unlock, wake others if need be,
 * schedule().
 */
void gf_waiter_start(struct gf_waiter *waiter, struct gf_waiters *side,
		     size_t need, size_t want)
{
	lockdep_assert_held(side->lock);
	init_wait(&waiter->entry);
	waiter->entry.func = gf_waiter_wake;
	waiter->side = side;
	waiter->need = need;
	waiter->want = want;
	waiter->grant = 0;
	add_wait_queue_exclusive(&side->queue, &waiter->entry);
	set_current_state(TASK_INTERRUPTIBLE);
}

/**
 * gf_waiter_finish - awake again, for whatever reason
 * @waiter: what gf_waiter_start() prepared
 *
 * Leaves the queue and gives back what was promised.
 *
 * Context: process, in TASK_RUNNING, under @side->lock, so that nobody is
 * promised what the caller is about to take.
 */
void gf_waiter_finish(struct gf_waiter *waiter)
{
	struct gf_waiters *side = waiter->side;
	unsigned long flags;

	lockdep_assert_held(side->lock);
	spin_lock_irqsave(&side->queue.lock, flags);
	list_del_init(&waiter->entry.entry);
	side->promised -= waiter->grant;
	side->finished++;
	spin_unlock_irqrestore(&side->queue.lock, flags);
}
