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
#include <linux/aio.h>
#include <linux/completion.h>
#include <linux/fs.h>
#include <linux/list.h>
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

/**
 * tk_start - run a function in a thread of its own
 * @test: the test
 * @fn: the function; it must return when it is interrupted
 * @arg: its argument
 *
 * Return: the thread; it never fails, but ends the test.
 */
struct tk_thread *tk_start(struct kunit *test, long (*fn)(void *arg),
			   void *arg);

/**
 * tk_start_on - run a function in a thread that keeps to one processor
 * @test: the test
 * @nth: which one, from 0 on; they are counted round and round
 * @fn: the function; it must return when it is interrupted
 * @arg: its argument
 *
 * Return: the thread; it never fails, but ends the test.
 */
struct tk_thread *tk_start_on(struct kunit *test, unsigned int nth,
			      long (*fn)(void *arg), void *arg);

/**
 * tk_wait_asleep - wait until a thread sleeps on a queue
 * @test: the test
 * @thread: the thread
 * @queue: the queue
 *
 * As tk_settle(), but ends the test if it is done instead.
 */
void tk_wait_asleep(struct kunit *test, struct tk_thread *thread,
		    struct wait_queue_head *queue);

/**
 * tk_settle - wait until a thread is done, or sleeps on a queue
 * @test: the test
 * @thread: the thread
 * @queue: the queue
 *
 * In the second case it is off the processor, in an interruptible sleep, and
 * has an entry in @queue. Ends the test if neither comes to pass.
 *
 * Return: whether it is done.
 */
bool tk_settle(struct kunit *test, struct tk_thread *thread,
	       struct wait_queue_head *queue);

/**
 * tk_wait_locked_out - wait until a thread is stopped by a mutex
 * @test: the test
 * @thread: the thread
 *
 * On return it is in an uninterruptible sleep: the way to show that a function
 * takes a mutex is to hold it and see this. Ends the test if the thread is
 * done instead.
 */
void tk_wait_locked_out(struct kunit *test, struct tk_thread *thread);

/**
 * tk_is_done - has the function returned?
 * @thread: the thread
 *
 * Return: whether it has. False says nothing about the next moment, unless
 * the thread is known to be asleep.
 */
bool tk_is_done(struct tk_thread *thread);

/**
 * tk_interrupt - send a signal to a thread
 * @thread: the thread
 *
 * As if the user had typed ^C: interruptible waits end with -ERESTARTSYS.
 */
void tk_interrupt(struct tk_thread *thread);

/**
 * tk_join - wait until the function has returned
 * @test: the test
 * @thread: the thread
 *
 * Return: what it returned. Ends the test if it does not.
 */
long tk_join(struct kunit *test, struct tk_thread *thread);

/**
 * tk_be_patient - let others run before looking again, but not for ever
 * @test: the test
 * @deadline: until when, usually jiffies + TK_PATIENCE at the beginning
 * @complaint: what to say when it has passed
 *
 * For what no queue, mutex or completion tells: call it in a loop.
 */
void tk_be_patient(struct kunit *test, unsigned long deadline,
		   const char *complaint);

/*
 * Races: two things at the same time, on two processors, again and again.
 *
 *	race = tk_race(test, close_it, ctx);
 *	for (i = 0; i < ROUNDS; i++) {
 *		... make ready ...
 *		tk_race_go(test, race);
 *		... what is to happen while close_it() runs ...
 *		tk_race_over(test, race);
 *		... what must be true, whoever was faster ...
 *	}
 *
 * From round to round one of the two starts a little later than the other, so
 * that each gets to meet the other at each of its steps. With one processor they
 * take turns: what they show there is less, but not wrong.
 */

/**
 * struct tk_race - a function that runs at the same time as the test
 * @fn: the function
 * @arg: its argument
 * @queue: where they wait for each other
 * @go: the last round that the test has begun
 * @ready: the last one that the function is about to begin
 * @done: the last one that it has come to the end of
 * @round: the test's own count
 */
struct tk_race {
	void (*fn)(void *arg);
	void *arg;
	struct wait_queue_head queue;
	atomic_t go;
	atomic_t ready;
	atomic_t done;
	int round;
};

/**
 * tk_race - get ready for races
 * @test: the test, which from now on keeps to one processor
 * @fn: called in each round, by a thread that keeps to another; it must return
 *	when it is interrupted
 * @arg: its argument
 *
 * Return: the race; it never fails, but ends the test.
 */
struct tk_race *tk_race(struct kunit *test, void (*fn)(void *arg), void *arg);

/**
 * tk_race_go - begin a round
 * @test: the test
 * @race: from tk_race()
 */
void tk_race_go(struct kunit *test, struct tk_race *race);

/**
 * tk_race_over - wait for the end of a round
 * @test: the test
 * @race: from tk_race()
 *
 * On return the function has returned, and all that it did can be seen. Ends the
 * test if it does not return.
 */
void tk_race_over(struct kunit *test, struct tk_race *race);

/**
 * tk_give_way - call a function that gives way to everybody
 * @test: the test
 * @fn: the function
 * @arg: its argument
 *
 * In a fully preemptible kernel any thread of the kernel that it wakes on its
 * processor, a worker as well, runs at once, and as long as it can: in the midst
 * of the call that woke it, as soon as that lets go of its spinlocks. What the
 * call touches afterwards the other is done with, and perhaps has freed, which
 * KASAN reports.
 *
 * Return: what it returned.
 */
long tk_give_way(struct kunit *test, long (*fn)(void *arg), void *arg);

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

/**
 * tk_count_wakes - count the wakeups of a queue from now on
 * @test: the test
 * @queue: the queue
 *
 * The entry is not exclusive and takes nobody's wakeup.
 *
 * Return: the counter.
 */
struct tk_counter *tk_count_wakes(struct kunit *test,
				  struct wait_queue_head *queue);

/*
 * Files: tk_open() makes one of file operations, with no inode of the driver's,
 * no descriptor, and no call of ->open. tk_open_path() opens what is in /dev,
 * /proc or /sys, as open(2) does, so that all of the VFS stands before the
 * driver. None of these is mounted yet when built-in suites run, nor need it be.
 */

/**
 * struct tk_file - a file, until it is closed
 * @file: the file, or NULL
 * @mnt: the file system it is in; NULL for tk_open()
 */
struct tk_file {
	struct file *file;
	struct vfsmount *mnt;
};

/**
 * tk_open - make a file
 * @test: the test
 * @fops: its operations; ->open is not called
 * @private_data: for them
 * @flags: O_RDONLY, O_WRONLY or O_RDWR, O_NONBLOCK
 *
 * Return: the file, closed when the case ends if not before.
 */
struct tk_file *tk_open(struct kunit *test, const struct file_operations *fops,
			void *private_data, int flags);

/**
 * tk_open_path - open a file of a driver's by its name
 * @test: the test
 * @name: all of it, as "/dev/zero"; in /dev, /proc, /sys or /sys/kernel/debug
 * @flags: as for open(2)
 *
 * Return: the file, closed when the case ends if not before. Ends the test if
 * it cannot be opened.
 */
struct tk_file *tk_open_path(struct kunit *test, const char *name, int flags);

/**
 * tk_read - read(2) of a file, into the kernel's memory
 * @file: the file
 * @buf: where the bytes go
 * @len: how many at most
 *
 * At the file's position. Of ->read and ->read_iter, takes what read(2) would; the
 * former finds user memory, in an address space of the thread's own if it has
 * none. May be called by a helper.
 *
 * Return: what it returned; -EBADF and -EINVAL as read(2).
 */
ssize_t tk_read(struct file *file, void *buf, size_t len);

/**
 * tk_write - write(2) to a file, from the kernel's memory
 * @file: the file
 * @buf: the bytes
 * @len: how many
 *
 * As tk_read().
 *
 * Return: what ->write or ->write_iter returned; -EBADF and -EINVAL as write(2).
 */
ssize_t tk_write(struct file *file, const void *buf, size_t len);

/**
 * tk_ioctl - ioctl(2) of a file, with an argument in the kernel's memory
 * @file: the file
 * @cmd: the command
 * @arg: what it is about; what the driver makes of it is there afterwards
 * @len: its bytes; 0 if @arg is itself the argument, a number or a user's address
 *
 * May be called by a helper.
 *
 * Return: what ->unlocked_ioctl returned; -ENOTTY if there is none.
 */
long tk_ioctl(struct file *file, unsigned int cmd, void *arg, size_t len);

/**
 * tk_close - the last close of a file
 * @holder: the file; may be closed already
 *
 * The file is gone on return, its ->fasync and ->release have run.
 */
void tk_close(struct tk_file *holder);

/*
 * I/O control blocks, for ->read_iter and ->write_iter: synchronous ones wait,
 * asynchronous ones record how they were completed.
 *
 * tk_set_cancel() and tk_cancel() do to them what fs/aio.c does: a lock that
 * cancelling holds, with interrupts off, and that completion takes. To complete
 * a request from within its cancelling would be a deadlock; here it is a result.
 *
 *	tk_iocb_async(&iocb, file, 0);
 *	... the driver calls tk_set_cancel(), and waits ...
 *	KUNIT_EXPECT_EQ(test, tk_cancel(&iocb), 0);
 *	KUNIT_EXPECT_EQ(test, tk_wait_completed(test, &iocb), -ECANCELED);
 */

/**
 * struct tk_iocb - a kiocb, and what became of it
 * @kiocb: to be handed to the operation
 * @cancel: how it can be cancelled; NULL if it cannot be, or no longer
 * @done: completed when it is
 * @completions: how often it was completed; only ever 0 or 1 if all is well
 * @order: how many of all there are were completed until then, itself included
 * @locked: it was completed with interrupts off, so under somebody's lock
 * @ret: with what, the last time
 * @on_complete: called right before it is completed, when it can still be
 *	cancelled; or NULL
 */
struct tk_iocb {
	struct kiocb kiocb;
	kiocb_cancel_fn *cancel;
	struct completion done;
	atomic_t completions;
	unsigned int order;
	bool locked;
	long ret;
	void (*on_complete)(struct tk_iocb *iocb);
};

/**
 * tk_iocb_sync - a kiocb as read(2) and write(2) have it
 * @iocb: what to initialise
 * @file: the file; NULL if the operation does without
 * @flags: IOCB_NOWAIT and the like
 */
void tk_iocb_sync(struct tk_iocb *iocb, struct file *file, int flags);

/**
 * tk_iocb_async - a kiocb whose operation may be finished later
 * @iocb: what to initialise; must stay until it is completed
 * @file: the file; NULL if the operation does without
 * @flags: IOCB_NOWAIT and the like, but not IOCB_AIO_RW if the kernel's own
 *	kiocb_set_cancel_fn() may be called: it takes such a one for part of a
 *	struct that is not there
 */
void tk_iocb_async(struct tk_iocb *iocb, struct file *file, int flags);

/**
 * tk_set_cancel - kiocb_set_cancel_fn() of a struct tk_iocb
 * @kiocb: part of one
 * @cancel: called by tk_cancel()
 */
void tk_set_cancel(struct kiocb *kiocb, kiocb_cancel_fn *cancel);

/**
 * tk_cancel - cancel a request, as io_cancel(2) does
 * @iocb: its kiocb
 *
 * Once only, whatever comes of it.
 *
 * Return: what its cancel function returned; -EINVAL if it has none, because it
 * is completed or was cancelled before; -EDEADLK if the function completed a
 * request, made one cancellable, or slept.
 */
int tk_cancel(struct tk_iocb *iocb);

/**
 * tk_wait_completed - wait until a request is completed
 * @test: the test
 * @iocb: its kiocb
 *
 * Return: with what it was. Ends the test if it is not.
 */
long tk_wait_completed(struct kunit *test, struct tk_iocb *iocb);

/*
 * Signals: make the test's thread the owner of a file, then ask which signals
 * came. Signals to kernel threads carry no siginfo.
 *
 *	tk_own(test, holder->file, SIGUSR1);
 *	...
 *	KUNIT_EXPECT_EQ(test, tk_signals(), sigmask(SIGUSR1));
 */

/**
 * tk_own - have a file's signals sent to this thread
 * @test: the test
 * @file: the file, which need not have O_ASYNC yet
 * @sig: which one, as by F_SETSIG; 0 for SIGIO
 */
void tk_own(struct kunit *test, struct file *file, int sig);

/**
 * tk_signals - which signals were sent to this thread?
 *
 * Return: a mask of sigmask() of each that was since the last call. Several of
 * one kind make one, as ever.
 */
unsigned long tk_signals(void);

/*
 * Rights: a kernel thread has them all, the test's too, unless it gives one
 * up. It does not get it back; the next case has a thread of its own.
 */

/**
 * tk_drop_capability - give up one of this thread's rights
 * @test: the test
 * @cap: CAP_SYS_RESOURCE and the like
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

/**
 * tk_poll_init - get ready to call a ->poll
 * @poll: where to write down what it does
 *
 * Return: the table to hand to it.
 */
poll_table *tk_poll_init(struct tk_poll *poll);

/*
 * User memory: an address space for the test's thread, for what only real user
 * memory shows. Helpers of the driver's get into it by kthread_use_mm().
 */

/**
 * tk_map - map pages that nobody has touched
 * @test: the test
 * @len: bytes, a multiple of PAGE_SIZE
 *
 * Makes the thread an address space if it has none. Give it up before the case
 * ends.
 *
 * Return: where they are.
 */
void __user *tk_map(struct kunit *test, size_t len);

/**
 * tk_leave_mm - give up the thread's address space, as exit does
 *
 * What is mapped there is gone, unless somebody else uses it.
 */
void tk_leave_mm(void);

/*
 * User memory with holes: copies that go through tk_to_iter() and
 * tk_from_iter() stop at a byte of the buffer, as at an unmapped page. Other
 * buffers have no hole.
 */

/**
 * struct tk_hole - where copies fault
 * @at: the first byte of the buffer that faults
 * @heals: after how many attempts to fault it in it is there; 0 for never
 * @lies: the attempts succeed, but the copies fault all the same
 * @faults: how many copies fell short
 * @attempts: how many attempts there were to fault it in
 * @on_attempt: called in each, after it has healed if it does; or NULL. May
 *	sleep, as faults do
 * @arg: its argument
 * @base: where the buffer begins, filled in by tk_hole_dig()
 * @count: its bytes, likewise
 * @link: among all holes, likewise
 */
struct tk_hole {
	size_t at;
	unsigned int heals;
	bool lies;
	unsigned int faults;
	unsigned int attempts;
	void (*on_attempt)(void *arg);
	void *arg;
	void *base;
	size_t count;
	struct list_head link;
};

/**
 * tk_hole_dig - make a byte of a buffer fault
 * @test: the test
 * @hole: where, and how
 * @iter: the buffer, an ITER_KVEC of one segment, not advanced yet
 *
 * One in each buffer, until tk_hole_fill() or the end of the case.
 */
void tk_hole_dig(struct kunit *test, struct tk_hole *hole,
		 const struct iov_iter *iter);

/**
 * tk_hole_fill - the byte does not fault any more
 * @hole: from tk_hole_dig(); may be filled already
 */
void tk_hole_fill(struct tk_hole *hole);

/**
 * tk_to_iter - copy_to_iter() that stops at the hole
 * @from: the bytes
 * @len: how many
 * @to: the buffer
 *
 * Return: how many were copied.
 */
size_t tk_to_iter(const void *from, size_t len, struct iov_iter *to);

/**
 * tk_from_iter - copy_from_iter() that stops at the hole
 * @to: where the bytes go
 * @len: how many
 * @from: the buffer
 *
 * Return: how many were copied.
 */
size_t tk_from_iter(void *to, size_t len, struct iov_iter *from);

/**
 * tk_fault_in - fault_in_iov_iter_readable() or _writeable() at the hole
 * @iter: the buffer
 * @len: how many bytes of it are wanted
 *
 * Return: how many of them are bad.
 */
size_t tk_fault_in(const struct iov_iter *iter, size_t len);

/*
 * No memory: the n-th allocation of this thread fails, by the kernel's fault
 * injection. To find out what becomes of a call wherever it runs out of it:
 *
 *	do {
 *		tk_fail_nth(test, ++nth);
 *		ret = call();
 *		failed = tk_fail_none();
 *		...
 *	} while (failed);
 */

/**
 * tk_fail_nth - have an allocation of this thread fail
 * @test: the test; skipped in a kernel that cannot do this
 * @nth: which one, from 1 on
 *
 * kmalloc() and its like fail, with all flags but __GFP_NOFAIL, until
 * tk_fail_none(). Ends the test at an @nth that no call gets to.
 */
void tk_fail_nth(struct kunit *test, unsigned int nth);

/**
 * tk_fail_none - have allocations succeed again
 *
 * Return: whether one has failed since tk_fail_nth().
 */
bool tk_fail_none(void);

/*
 * Leaks: what this thread allocates, and what of it nobody has freed yet.
 *
 *	tk_memory_record(test);
 *	call();
 *	tk_memory_pause();
 *	... whatever should free it; what KUnit allocates here does not count ...
 *	KUNIT_EXPECT_EQ(test, tk_memory().kept, 0);
 */

/**
 * struct tk_memory - what kmalloc() and its like gave
 * @recorded: how many pieces there were in all
 * @kept: how many of them are not freed
 * @unaccounted: how many were not charged to who asked: no __GFP_ACCOUNT
 */
struct tk_memory {
	unsigned int recorded;
	unsigned int kept;
	unsigned int unaccounted;
};

/**
 * tk_memory_record - record from now on what this thread allocates
 * @test: the test; skipped in a kernel that has no tracepoints
 *
 * What is recorded adds up, until the case ends. Neither vmalloc() nor caches of their own
 * are seen, nor what is freed by kfree_rcu().
 */
void tk_memory_record(struct kunit *test);

/**
 * tk_memory_pause - record no more
 *
 * That something is freed is still seen, whoever does it.
 */
void tk_memory_pause(void);

/**
 * tk_memory - what was recorded
 *
 * If something is kept, sleeps until RCU callbacks and workers have run that may
 * have to free it; if it then still is, prints who allocated it.
 *
 * Return: the counts.
 */
struct tk_memory tk_memory(void);

/**
 * tk_seed - where a random test starts
 * @test: the test
 *
 * Says what to put on the kernel's command line to have the same again.
 *
 * Return: the parameter seed, or a new one each time without it.
 */
u32 tk_seed(struct kunit *test);

#endif /* _TESTKIT_H */
