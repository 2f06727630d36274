/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who sleeps on one side of a FIFO, and who is woken.
 *
 * Each sleeper says what he needs (with less, waking him is useless) and what
 * he would take. A wakeup is told how much there is; it goes through the
 * sleepers in the order they came, wakes each whose need is met by what is
 * left, and promises him his part. So
 *
 *  - as many are woken as can go on, by one call, and no others (K2),
 *  - one who needs much does not hide what is there from one who needs less,
 *  - what is on its way to somebody woken is not promised a second time.
 *
 * A woken sleeper takes the lock of what he waits for, gives his promise back
 * with gf_waiter_finish(), and looks for himself. Whatever he leaves there,
 * because he took less, was robbed of a part by somebody who came between, or
 * was ended by a signal, the next gf_waiters_wake() gives to others (K1): call
 * it after every change, and after every finished wait.
 *
 * This is an exclusive wait with needs; compare wake_up_nr() and the wake
 * chain of fs/pipe.c.
 */
#ifndef _GLOBALFIFO_WAITERS_H
#define _GLOBALFIFO_WAITERS_H

#include <linux/types.h>
#include <linux/wait.h>

struct mutex;

/**
 * struct gf_waiters - the sleepers of one side
 * @queue: the sleepers, in the order they came
 * @lock: the caller's, which guards what is waited for; only asserted here
 * @promised: sum of what those who were woken and have not finished yet may
 *	take; protected by @queue.lock
 * @finished: how many waits have come to an end; changed under both @queue.lock
 *	and @lock
 */
struct gf_waiters {
	wait_queue_head_t queue;
	const struct mutex *lock;
	size_t promised;
	unsigned int finished;
};

/**
 * struct gf_supply - what there is for one side, at one moment
 * @avail: how much
 * @finished: the side's count at that moment
 */
struct gf_supply {
	size_t avail;
	unsigned int finished;
};

/**
 * struct gf_waiter - one sleeper; lives on his stack
 * @entry: his place in the queue
 * @side: where he waits
 * @need: how much must be there before it is worth waking him, at least 1
 * @want: how much he would take, at least @need
 * @grant: how much he was promised; protected by the queue's lock
 */
struct gf_waiter {
	struct wait_queue_entry entry;
	struct gf_waiters *side;
	size_t need;
	size_t want;
	size_t grant;
};

void gf_waiters_init(struct gf_waiters *side, const struct mutex *lock);
struct gf_supply gf_waiters_supply(const struct gf_waiters *side, size_t avail);
unsigned int gf_waiters_wake(struct gf_waiters *side, struct gf_supply supply);
void gf_waiter_start(struct gf_waiter *waiter, struct gf_waiters *side,
		     size_t need, size_t want);
void gf_waiter_finish(struct gf_waiter *waiter);

#endif /* _GLOBALFIFO_WAITERS_H */
