// SPDX-License-Identifier: GPL-2.0
/* Who sleeps on one side of a FIFO, and who is woken. See waiters.h. */

#include <linux/container_of.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/spinlock.h>

#include "waiters.h"

/**
 * gf_waiters_init - nobody sleeps here
 * @side: what to initialise
 */
void gf_waiters_init(struct gf_waiters *side)
{
	init_waitqueue_head(&side->queue);
	side->promised = 0;
}

/* The wake function of an entry; @key points to what there is. */
static int gf_waiter_wake(struct wait_queue_entry *entry, unsigned int mode,
			  int flags, void *key)
{
	struct gf_waiter *waiter = container_of(entry, struct gf_waiter, entry);
	struct gf_waiters *side = waiter->side;
	size_t avail = *(size_t *)key;

	lockdep_assert_held(&side->queue.lock);
	if (avail <= side->promised)
		return -1; /* nothing is left: end the walk */
	avail -= side->promised;
	if (avail < waiter->need)
		return 0;
	if (!autoremove_wake_function(entry, mode, flags, NULL))
		return 0; /* a signal was faster; he will look for himself */
	waiter->grant = min(avail, waiter->want);
	side->promised += waiter->grant;
	return 1;
}

/**
 * gf_waiters_wake - wake those who can go on
 * @side: where they sleep
 * @avail: how much there is for this side
 *
 * Wakes every sleeper whose need is met by what is left of @avail once all
 * earlier promises are kept.
 *
 * Call it after the lock that @avail was read under is released, in the order
 * that suits: a call with an @avail that is no longer true wakes too many at
 * worst, and the call for the last change never too few.
 *
 * Context: any. A sleeper who starts under the caller's lock either came
 * before the caller last held it, and is seen here, or comes after, and sees
 * the change: hence no barrier before waitqueue_active().
 */
void gf_waiters_wake(struct gf_waiters *side, size_t avail)
{
	/* No barrier is needed: see above. */
	if (avail && waitqueue_active(&side->queue))
		__wake_up(&side->queue, TASK_NORMAL, 0, &avail);
}

/**
 * gf_waiter_start - go to sleep, but for calling schedule()
 * @waiter: uninitialised, to be given to gf_waiter_finish()
 * @side: where to wait
 * @need: how much must be there before it is worth waking, at least 1
 * @want: how much would be taken, at least @need
 *
 * Context: process, under the lock that guards what is waited for, having seen
 * that @need is not there. Leaves the task in TASK_INTERRUPTIBLE: unlock, wake
 * others if need be, schedule().
 */
void gf_waiter_start(struct gf_waiter *waiter, struct gf_waiters *side,
		     size_t need, size_t want)
{
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
 * Context: process, in TASK_RUNNING, under the lock that guards what is waited
 * for, so that nobody is promised what the caller is about to take.
 */
void gf_waiter_finish(struct gf_waiter *waiter)
{
	struct gf_waiters *side = waiter->side;
	unsigned long flags;

	spin_lock_irqsave(&side->queue.lock, flags);
	list_del_init(&waiter->entry.entry);
	side->promised -= waiter->grant;
	spin_unlock_irqrestore(&side->queue.lock, flags);
}
