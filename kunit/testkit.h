/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What KUnit lacks for testing drivers. Nothing here knows which driver.
 *
 * Everything that takes a struct kunit cleans up by itself when the case ends,
 * however it ends, and is called from the test's own thread, never from a
 * helper: a failed assertion would end the wrong one.
 *
 * No wait here is a bare sleep, and each is bounded by TK_PATIENCE, which is
 * long enough for any host and is used up only by a test that fails.
 */
#ifndef _TESTKIT_H
#define _TESTKIT_H

#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/fs.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/uio.h>
#include <linux/wait.h>

#define TK_PATIENCE	(10 * HZ)

/*
 * Threads: run the blocking call in one, wait until it is asleep, do what
 * should wake it, join.
 *
 *	reader = tk_start(test, read_one, fifo);
 *	tk_wait_asleep(test, reader, &fifo->queue);
 *	...
 *	KUNIT_EXPECT_EQ(test, tk_join(test, reader), 1);
 *
 * Where the test cannot know whether the call sleeps or returns, tk_settle()
 * waits for either. tk_wait_locked_out() waits for a thread to be stopped by a
 * mutex that the test holds.
 */

/**
 * struct tk_thread - a function running in a thread of its own
 * @task: the thread
 * @fn: the function
 * @arg: its argument
 * @ret: what it returned, once @done
 * @done: completed when it has returned
 */
struct tk_thread {
	struct task_struct *task;
	long (*fn)(void *arg);
	void *arg;
	long ret;
	struct completion done;
};

struct tk_thread *tk_start(struct kunit *test, long (*fn)(void *arg),
			   void *arg);
void tk_wait_asleep(struct kunit *test, struct tk_thread *thread,
		    struct wait_queue_head *queue);
bool tk_settle(struct kunit *test, struct tk_thread *thread,
	       struct wait_queue_head *queue);
void tk_wait_locked_out(struct kunit *test, struct tk_thread *thread);
bool tk_is_done(struct tk_thread *thread);
void tk_interrupt(struct tk_thread *thread);
long tk_join(struct kunit *test, struct tk_thread *thread);

/*
 * Wakeups: an entry on a queue that counts.
 */

/**
 * struct tk_counter - counts the wakeups of a queue
 * @entry: its place on the queue
 * @queue: the queue
 * @wakes: how many wakeups reached it
 * @key: the key of the last one, for example key_to_poll()
 */
struct tk_counter {
	struct wait_queue_entry entry;
	struct wait_queue_head *queue;
	unsigned int wakes;
	void *key;
};

struct tk_counter *tk_count_wakes(struct kunit *test,
				  struct wait_queue_head *queue);

/*
 * Files: tk_open() makes one of file operations, with no inode of the driver's,
 * no descriptor, and no call of ->open. tk_open_device() opens a character
 * device by its number, as open(2) would by its node, so that all of the VFS
 * stands before the driver; it needs no /dev, which is not there yet when
 * built-in suites run.
 */

/**
 * struct tk_file - a file, until it is closed
 * @file: the file, or NULL
 * @mnt: where the device's node is; NULL for tk_open()
 */
struct tk_file {
	struct file *file;
	struct vfsmount *mnt;
};

struct tk_file *tk_open(struct kunit *test, const struct file_operations *fops,
			void *private_data, int flags);
struct tk_file *tk_open_device(struct kunit *test, dev_t devt, int flags);
void tk_close(struct tk_file *holder);

/*
 * I/O control blocks, for ->read_iter and ->write_iter: synchronous ones wait,
 * asynchronous ones record how they were completed.
 */

/**
 * struct tk_iocb - a kiocb, and what became of it
 * @kiocb: to be handed to the operation
 * @completions: how often it was completed; only ever 0 or 1 if all is well
 * @ret: with what, the last time
 */
struct tk_iocb {
	struct kiocb kiocb;
	atomic_t completions;
	long ret;
};

void tk_iocb_sync(struct tk_iocb *iocb, struct file *file, int flags);
void tk_iocb_async(struct tk_iocb *iocb, struct file *file, int flags);

/*
 * Signals: make the test's thread the owner of a file, then ask which signals
 * came. Signals to kernel threads carry no siginfo.
 *
 *	tk_own(test, holder->file, SIGUSR1);
 *	...
 *	KUNIT_EXPECT_EQ(test, tk_signals(), sigmask(SIGUSR1));
 */

void tk_own(struct kunit *test, struct file *file, int sig);
unsigned long tk_signals(void);

/*
 * Rights: a kernel thread has them all, the test's too, unless it gives one
 * up. It does not get it back; the next case has a thread of its own.
 */

void tk_drop_capability(struct kunit *test, int cap);

/*
 * Poll.
 */

/**
 * struct tk_poll - what a ->poll did
 * @table: handed to it
 * @queues: how many queues it asked to wait on
 * @queue: the last of them
 */
struct tk_poll {
	poll_table table;
	unsigned int queues;
	struct wait_queue_head *queue;
};

poll_table *tk_poll_init(struct tk_poll *poll);

/*
 * User memory with a hole: copies that go through tk_to_iter() and
 * tk_from_iter() stop at a byte of the buffer, as at an unmapped page.
 */

/**
 * struct tk_hole - where copies fault
 * @at: the first byte of the buffer that faults
 * @heals: after how many attempts to fault it in it is there; 0 for never
 * @lies: the attempts succeed, but the copies fault all the same
 * @faults: how many copies fell short
 * @attempts: how many attempts there were to fault it in
 * @on_attempt: called in each, after it has healed if it does; or NULL
 * @arg: its argument
 * @count: bytes of the buffer, filled in by tk_hole_dig()
 */
struct tk_hole {
	size_t at;
	unsigned int heals;
	bool lies;
	unsigned int faults;
	unsigned int attempts;
	void (*on_attempt)(void *arg);
	void *arg;
	size_t count;
};

void tk_hole_dig(struct kunit *test, struct tk_hole *hole,
		 const struct iov_iter *iter);
void tk_hole_fill(void);
size_t tk_to_iter(const void *from, size_t len, struct iov_iter *to);
size_t tk_from_iter(void *to, size_t len, struct iov_iter *from);
size_t tk_fault_in(const struct iov_iter *iter, size_t len);

#endif /* _TESTKIT_H */
