// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of testkit itself, on what every kernel has. Each is an example
 * of how to use a part of it, too.
 */

#include <kunit/test.h>
#include <linux/atomic.h>
#include <linux/capability.h>
#include <linux/cpumask.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/irqflags.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include <linux/wait.h>

#include "testkit.h"

/* Something to wait for. */
struct gate {
	struct wait_queue_head queue;
	struct mutex lock;	/* not held while waiting for @open */
	struct fasync_struct *listeners;
	bool open;
};

static long gate_pass(void *arg)
{
	struct gate *gate = arg;

	return wait_event_interruptible(gate->queue, READ_ONCE(gate->open));
}

static long gate_lock(void *arg)
{
	struct gate *gate = arg;

	mutex_lock(&gate->lock);
	mutex_unlock(&gate->lock);
	return 1;
}

static void gate_open(struct gate *gate)
{
	WRITE_ONCE(gate->open, true);
	wake_up(&gate->queue);
}

/* Test that a thread sleeps until it is woken, and is then done. */
static void testkit_sleep(struct kunit *test)
{
	struct gate *gate = test->priv;
	struct tk_thread *thread = tk_start(test, gate_pass, gate);

	tk_wait_asleep(test, thread, &gate->queue);
	KUNIT_EXPECT_FALSE(test, tk_settle(test, thread, &gate->queue));
	KUNIT_EXPECT_FALSE(test, tk_is_done(thread));
	gate_open(gate);
	KUNIT_EXPECT_EQ(test, tk_join(test, thread), 0);
	KUNIT_EXPECT_TRUE(test, tk_is_done(thread));
	KUNIT_EXPECT_TRUE(test, tk_settle(test, thread, &gate->queue));
}

/* Test that a thread that does not sleep is seen to be done. */
static void testkit_settle_done(struct kunit *test)
{
	struct gate *gate = test->priv;

	gate_open(gate);
	KUNIT_EXPECT_TRUE(test, tk_settle(test, tk_start(test, gate_pass, gate),
					  &gate->queue));
}

/* Test that a thread can be interrupted. */
static void testkit_interrupt(struct kunit *test)
{
	struct gate *gate = test->priv;
	struct tk_thread *thread = tk_start(test, gate_pass, gate);

	tk_wait_asleep(test, thread, &gate->queue);
	tk_interrupt(thread);
	KUNIT_EXPECT_EQ(test, tk_join(test, thread), -ERESTARTSYS);
}

/* Test that a case may end while its thread sleeps. */
static void testkit_left_asleep(struct kunit *test)
{
	struct gate *gate = test->priv;

	tk_wait_asleep(test, tk_start(test, gate_pass, gate), &gate->queue);
}

/* Test that a thread that waits for a mutex is seen to do so. */
static void testkit_locked_out(struct kunit *test)
{
	struct gate *gate = test->priv;
	struct tk_thread *thread;

	mutex_lock(&gate->lock);
	thread = tk_start(test, gate_lock, gate);
	tk_wait_locked_out(test, thread);
	KUNIT_EXPECT_FALSE(test, tk_is_done(thread));
	mutex_unlock(&gate->lock);
	KUNIT_EXPECT_EQ(test, tk_join(test, thread), 1);
}

/* The processor that it runs on, if it has to stay there. */
static long my_processor(void *arg)
{
	return current->nr_cpus_allowed == 1 ? raw_smp_processor_id() : -1;
}

/* Test that threads are kept to one processor each, round and round. */
static void testkit_start_on(struct kunit *test)
{
	unsigned int nth, online = num_online_cpus();
	long cpu, first = -1, last = -1;

	for (nth = 0; nth < online; nth++) {
		cpu = tk_join(test, tk_start_on(test, nth, my_processor, NULL));
		KUNIT_EXPECT_GT(test, cpu, last);
		first = nth ? first : cpu;
		last = cpu;
	}
	cpu = tk_join(test, tk_start_on(test, online, my_processor, NULL));
	KUNIT_EXPECT_EQ(test, cpu, first);
}

/* Somebody who gives way, to whom, and who does not mind. */
struct giver {
	struct gate *gate;
	struct tk_thread *thread, *other;
	unsigned int priority;
};

/* Two who arrive at the same time, and who of them was first. */
struct meeting {
	atomic_t arrived;
	unsigned int rounds;
	unsigned int first;
	unsigned int cpu;
};

static void race_arrive(void *arg)
{
	struct meeting *meeting = arg;

	meeting->first += atomic_inc_return(&meeting->arrived) & 1;
	meeting->cpu = raw_smp_processor_id();
	meeting->rounds++;
}

/*
 * Test that the other has run once when a round is over, on another processor if
 * there is one, and that he is faster in some rounds and not in others.
 */
static void testkit_race(struct kunit *test)
{
	struct meeting *other = kunit_kzalloc(test, sizeof(*other), GFP_KERNEL);
	struct tk_race *race = tk_race(test, race_arrive, other);
	unsigned long deadline = jiffies + TK_PATIENCE;
	unsigned int i, first = 0;

	KUNIT_ASSERT_NOT_NULL(test, other);
	for (i = 1; !first || !other->first; i++) {
		tk_be_patient(test, deadline, "it is always the same who is first");
		tk_race_go(test, race);
		first += atomic_inc_return(&other->arrived) & 1;
		tk_race_over(test, race);
		KUNIT_EXPECT_EQ(test, other->rounds, i);
		KUNIT_EXPECT_EQ(test, first + other->first, i);
		if (num_online_cpus() > 1)
			KUNIT_EXPECT_NE(test, other->cpu, raw_smp_processor_id());
	}
}

/* Open the gate: has who waits there gone through when that returns? */
static long gave_way(void *arg)
{
	struct giver *giver = arg;

	giver->priority = giver->other->task->rt_priority;
	gate_open(giver->gate);
	return tk_is_done(giver->thread);
}

/*
 * Test that whoever is woken by one who gives way is done first, where the
 * kernel can be preempted; and that nobody is above others afterwards.
 */
static void testkit_give_way(struct kunit *test)
{
	struct gate *gate = test->priv;
	struct giver giver = { .gate = gate };
	unsigned int priority;
	long first;

	KUNIT_ASSERT_EQ(test, 0,
			set_cpus_allowed_ptr(current,
					     cpumask_of(cpumask_first(cpu_online_mask))));
	mutex_lock(&gate->lock);
	giver.other = tk_start(test, gate_lock, gate);
	giver.thread = tk_start_on(test, 0, gate_pass, gate);
	tk_wait_asleep(test, giver.thread, &gate->queue);
	priority = giver.other->task->rt_priority;
	first = tk_give_way(test, gave_way, &giver);
	KUNIT_EXPECT_EQ(test, giver.other->task->rt_priority, priority);
	mutex_unlock(&gate->lock);
	KUNIT_EXPECT_GT(test, giver.priority, 0);
	if (preempt_model_full() || preempt_model_rt())
		KUNIT_EXPECT_EQ(test, first, 1);
	KUNIT_EXPECT_EQ(test, tk_join(test, giver.other), 1);
	KUNIT_EXPECT_EQ(test, tk_join(test, giver.thread), 0);
}

/* Test that wakeups are counted, with their key, and taken from nobody. */
static void testkit_count_wakes(struct kunit *test)
{
	struct gate *gate = test->priv;
	struct tk_counter *counter = tk_count_wakes(test, &gate->queue);
	struct tk_thread *thread = tk_start(test, gate_pass, gate);

	tk_wait_asleep(test, thread, &gate->queue);
	KUNIT_EXPECT_EQ(test, counter->wakes, 0);
	gate_open(gate);
	KUNIT_EXPECT_EQ(test, counter->wakes, 1);
	KUNIT_EXPECT_EQ(test, tk_join(test, thread), 0);
	wake_up_poll(&gate->queue, EPOLLIN);
	KUNIT_EXPECT_EQ(test, counter->wakes, 2);
	KUNIT_EXPECT_TRUE(test, key_to_poll(counter->key) == EPOLLIN);
}

/* Test that a device can be opened by its name, used, and closed. */
static void testkit_device(struct kunit *test)
{
	struct tk_file *zero = tk_open_path(test, "/dev/zero", O_RDONLY);
	char byte = 'x';

	KUNIT_EXPECT_EQ(test, tk_read(zero->file, &byte, 1), 1);
	KUNIT_EXPECT_EQ(test, byte, 0);
	tk_close(zero);
	KUNIT_EXPECT_NULL(test, zero->file);
	tk_close(zero);
}

/* Test that so can what is in /proc, /sys and debugfs. */
static void testkit_paths(struct kunit *test)
{
	static const char * const names[] = {
		"/proc/filesystems",
		"/sys/kernel/uevent_seqnum",
#ifdef CONFIG_FAULT_INJECTION_DEBUG_FS
		"/sys/kernel/debug/failslab/times",
#endif
	};
	struct tk_file *holder;
	char byte;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		holder = tk_open_path(test, names[i], O_RDONLY);
		KUNIT_EXPECT_EQ(test, tk_read(holder->file, &byte, 1), 1);
		tk_close(holder);
	}
}

/* What read(2) and write(2) of the next test should get to. */
static ssize_t user_read(struct file *file, char __user *buf, size_t len,
			 loff_t *pos)
{
	if (copy_to_user(buf, "user", 4))
		return -EFAULT;
	*pos += 4;
	return 4;
}

static ssize_t user_write(struct file *file, const char __user *buf, size_t len,
			  loff_t *pos)
{
	char byte;

	return copy_from_user(&byte, buf + len - 1, 1) ? -EFAULT : byte;
}

static ssize_t iter_read(struct kiocb *iocb, struct iov_iter *to)
{
	iocb->ki_pos += 4;
	return copy_to_iter("iter", 4, to);
}

static ssize_t iter_write(struct kiocb *iocb, struct iov_iter *from)
{
	char byte;

	iov_iter_advance(from, iov_iter_count(from) - 1);
	return copy_from_iter(&byte, 1, from) == 1 ? byte : -EFAULT;
}

/* Test that a file is read and written by the operations that it has. */
static void testkit_read_write(struct kunit *test)
{
	static const struct file_operations user = {
		.read = user_read,
		.write = user_write,
	}, iter = {
		.read_iter = iter_read,
		.write_iter = iter_write,
	}, both = {
		.read = user_read,
		.read_iter = iter_read,
		.write = user_write,
	}, none;
	const struct file_operations *all[] = { &user, &iter, &both };
	struct file *file;
	char buf[8] = "";
	size_t i;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		file = tk_open(test, all[i], NULL, O_RDWR)->file;
		KUNIT_EXPECT_EQ(test, tk_read(file, buf, 8), 4);
		KUNIT_EXPECT_STREQ(test, buf, i == 1 ? "iter" : "user");
		KUNIT_EXPECT_EQ(test, file->f_pos, 4);
		KUNIT_EXPECT_EQ(test, tk_write(file, "xyz", 3), 'z');
		KUNIT_EXPECT_NULL(test, current->mm);
	}
	/* An address space that is there already is taken, and kept. */
	tk_map(test, PAGE_SIZE);
	file = tk_open(test, &user, NULL, O_RDWR)->file;
	KUNIT_EXPECT_EQ(test, tk_read(file, buf, 4), 4);
	KUNIT_EXPECT_NOT_NULL(test, current->mm);
	tk_leave_mm();

	KUNIT_EXPECT_EQ(test, tk_read(tk_open(test, &none, NULL, O_RDWR)->file,
				      buf, 8), -EINVAL);
	KUNIT_EXPECT_EQ(test, tk_write(tk_open(test, &user, NULL, O_RDONLY)->file,
				       "", 1), -EBADF);
}

/* Command 1 doubles a number, the others give the argument back. */
static long double_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	int __user *at = (int __user *)arg;
	int value;

	if (cmd != 1)
		return arg;
	return get_user(value, at) || put_user(2 * value, at) ? -EFAULT : 0;
}

/* Test that an ioctl gets its argument, and may change it. */
static void testkit_ioctl(struct kunit *test)
{
	static const struct file_operations doubles = {
		.unlocked_ioctl = double_ioctl,
	}, none;
	struct file *file = tk_open(test, &doubles, NULL, O_RDWR)->file;
	int value = 21;

	KUNIT_EXPECT_EQ(test, tk_ioctl(file, 1, &value, sizeof(value)), 0);
	KUNIT_EXPECT_EQ(test, value, 42);
	KUNIT_EXPECT_NULL(test, current->mm);
	KUNIT_EXPECT_EQ(test, tk_ioctl(file, 1, NULL, 0), -EFAULT);
	KUNIT_EXPECT_EQ(test, tk_ioctl(file, 2, (void *)7, 0), 7);
	KUNIT_EXPECT_EQ(test, tk_ioctl(tk_open(test, &none, NULL, O_RDWR)->file,
				       1, NULL, 0), -ENOTTY);
}

/* Test that an asynchronous kiocb records its completion, and a call's end. */
static void testkit_iocb(struct kunit *test)
{
	struct tk_file *zero = tk_open_path(test, "/dev/zero", O_RDONLY);
	struct tk_iocb iocb;

	tk_iocb_sync(&iocb, zero->file, IOCB_NOWAIT);
	KUNIT_EXPECT_TRUE(test, is_sync_kiocb(&iocb.kiocb));
	KUNIT_EXPECT_TRUE(test, iocb.kiocb.ki_flags & IOCB_NOWAIT);
	tk_iocb_async(&iocb, zero->file, 0);
	KUNIT_EXPECT_FALSE(test, is_sync_kiocb(&iocb.kiocb));
	KUNIT_EXPECT_FALSE(test, iocb.kiocb.ki_flags & IOCB_NOWAIT);
	KUNIT_EXPECT_EQ(test, atomic_read(&iocb.completions), 0);
	iocb.kiocb.ki_complete(&iocb.kiocb, -EIO);
	KUNIT_EXPECT_EQ(test, atomic_read(&iocb.completions), 1);
	KUNIT_EXPECT_EQ(test, iocb.ret, -EIO);
}

/* Complete a request, as a driver does when the bytes come. */
static long complete_it(void *arg)
{
	struct tk_iocb *iocb = arg;

	iocb->kiocb.ki_complete(&iocb->kiocb, 5);
	return 0;
}

/* Test that the completion of a request is waited for. */
static void testkit_completed(struct kunit *test)
{
	struct tk_iocb *iocb = kunit_kzalloc(test, sizeof(*iocb), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, iocb);
	tk_iocb_async(iocb, NULL, 0);
	tk_start(test, complete_it, iocb);
	KUNIT_EXPECT_EQ(test, tk_wait_completed(test, iocb), 5);
	KUNIT_EXPECT_EQ(test, atomic_read(&iocb->completions), 1);
}

static int gate_fasync(int fd, struct file *file, int on)
{
	struct gate *gate = file->private_data;

	return fasync_helper(fd, file, on, &gate->listeners);
}

static __poll_t gate_poll(struct file *file, poll_table *table)
{
	struct gate *gate = file->private_data;

	poll_wait(file, &gate->queue, table);
	return READ_ONCE(gate->open) ? EPOLLIN : 0;
}

static const struct file_operations gate_fops = {
	.fasync = gate_fasync,
	.poll = gate_poll,
};

/* Test that each file's own signal arrives, and is forgotten once told. */
static void testkit_signals(struct kunit *test)
{
	struct gate *gate = test->priv;
	struct tk_file *one = tk_open(test, &gate_fops, gate, O_RDONLY);
	struct tk_file *two = tk_open(test, &gate_fops, gate, O_RDONLY);

	tk_own(test, one->file, 0);
	tk_own(test, two->file, SIGUSR1);
	KUNIT_EXPECT_EQ(test, gate_fasync(3, one->file, 1), 1);
	kill_fasync(&gate->listeners, SIGIO, POLL_IN);
	KUNIT_EXPECT_EQ(test, tk_signals(), sigmask(SIGIO));
	KUNIT_EXPECT_EQ(test, gate_fasync(4, two->file, 1), 1);
	kill_fasync(&gate->listeners, SIGIO, POLL_IN);
	KUNIT_EXPECT_EQ(test, tk_signals(), sigmask(SIGIO) | sigmask(SIGUSR1));
	KUNIT_EXPECT_EQ(test, tk_signals(), 0);
	tk_close(one);
	tk_close(two);
	KUNIT_EXPECT_NULL(test, gate->listeners);
}

/* Test that it is written down which queue a poll asks to wait on. */
static void testkit_poll(struct kunit *test)
{
	struct gate *gate = test->priv;
	struct tk_file *holder = tk_open(test, &gate_fops, gate, O_RDONLY);
	struct tk_poll poll;

	KUNIT_EXPECT_TRUE(test, vfs_poll(holder->file, tk_poll_init(&poll)) == 0);
	KUNIT_EXPECT_EQ(test, poll.queues, 1);
	KUNIT_EXPECT_PTR_EQ(test, poll.queue, &gate->queue);
	gate_open(gate);
	KUNIT_EXPECT_TRUE(test, vfs_poll(holder->file, tk_poll_init(&poll)) ==
			  EPOLLIN);
	KUNIT_EXPECT_EQ(test, poll.queues, 1);
}

/* Test that a right that was given up is gone, and no other. */
static void testkit_drop_capability(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, capable(CAP_SYS_RESOURCE));
	tk_drop_capability(test, CAP_SYS_RESOURCE);
	KUNIT_EXPECT_FALSE(test, capable(CAP_SYS_RESOURCE));
	KUNIT_EXPECT_TRUE(test, capable(CAP_SYS_ADMIN));
}

/* Test that copies stop at the hole, and not in any other buffer. */
static void testkit_hole(struct kunit *test)
{
	struct tk_hole hole = { .at = 3, .heals = 2 };
	char from[8] = "abcdefg", to[8] = "", other[8] = "";
	struct kvec vec = { to, 8 }, other_vec = { other, 8 };
	struct iov_iter iter, other_iter;

	iov_iter_kvec(&iter, ITER_DEST, &vec, 1, 8);
	tk_hole_dig(test, &hole, &iter);
	KUNIT_EXPECT_EQ(test, tk_to_iter(from, 2, &iter), 2);
	KUNIT_EXPECT_EQ(test, hole.faults, 0);
	KUNIT_EXPECT_EQ(test, tk_to_iter(from + 2, 6, &iter), 1);
	KUNIT_EXPECT_EQ(test, hole.faults, 1);
	KUNIT_EXPECT_STREQ(test, to, "abc");
	iov_iter_kvec(&other_iter, ITER_DEST, &other_vec, 1, 8);
	KUNIT_EXPECT_EQ(test, tk_fault_in(&other_iter, 8), 0);
	KUNIT_EXPECT_EQ(test, tk_to_iter(from, 8, &other_iter), 8);
	KUNIT_EXPECT_STREQ(test, other, from);
	KUNIT_EXPECT_EQ(test, tk_fault_in(&iter, 5), 5);
	KUNIT_EXPECT_EQ(test, tk_fault_in(&iter, 5), 0);
	KUNIT_EXPECT_EQ(test, tk_to_iter(from + 3, 5, &iter), 5);
	KUNIT_EXPECT_STREQ(test, to, "abcdefg");
}

static int cancel_busy(struct kiocb *kiocb)
{
	return -EAGAIN;
}

static int cancel_completes(struct kiocb *kiocb)
{
	kiocb->ki_complete(kiocb, -ECANCELED);
	return 0;
}

static int cancel_again(struct kiocb *kiocb)
{
	tk_set_cancel(kiocb, cancel_busy);
	return 0;
}

static int cancel_sleeps(struct kiocb *kiocb)
{
	local_irq_enable();
	return 0;
}

/* Test that a request can be cancelled once, and not after its completion. */
static void testkit_cancel(struct kunit *test)
{
	struct tk_iocb iocb, other;

	tk_iocb_async(&iocb, NULL, 0);
	KUNIT_EXPECT_EQ(test, tk_cancel(&iocb), -EINVAL);
	tk_set_cancel(&iocb.kiocb, cancel_busy);
	KUNIT_EXPECT_EQ(test, tk_cancel(&iocb), -EAGAIN);
	KUNIT_EXPECT_EQ(test, tk_cancel(&iocb), -EINVAL);
	tk_set_cancel(&iocb.kiocb, cancel_busy);
	iocb.kiocb.ki_complete(&iocb.kiocb, 3);
	KUNIT_EXPECT_EQ(test, tk_cancel(&iocb), -EINVAL);
	KUNIT_EXPECT_EQ(test, tk_wait_completed(test, &iocb), 3);
	tk_iocb_async(&other, NULL, 0);
	other.kiocb.ki_complete(&other.kiocb, 4);
	KUNIT_EXPECT_EQ(test, other.order, iocb.order + 1);
}

/*
 * Test that what would be a deadlock or a sleep under ctx_lock of fs/aio.c is
 * seen as that.
 */
static void testkit_cancel_deadlock(struct kunit *test)
{
	struct tk_iocb iocb;

	tk_iocb_async(&iocb, NULL, 0);
	tk_set_cancel(&iocb.kiocb, cancel_completes);
	KUNIT_EXPECT_EQ(test, tk_cancel(&iocb), -EDEADLK);
	KUNIT_EXPECT_EQ(test, atomic_read(&iocb.completions), 0);
	tk_set_cancel(&iocb.kiocb, cancel_again);
	KUNIT_EXPECT_EQ(test, tk_cancel(&iocb), -EDEADLK);
	tk_set_cancel(&iocb.kiocb, cancel_sleeps);
	KUNIT_EXPECT_EQ(test, tk_cancel(&iocb), -EDEADLK);
	tk_set_cancel(&iocb.kiocb, cancel_busy);
	KUNIT_EXPECT_EQ(test, tk_cancel(&iocb), -EAGAIN);
}

static void cancel_refused(struct tk_iocb *iocb)
{
	iocb->ret = tk_cancel(iocb);
}

/* Test that a request can be cancelled at the last moment, and who locks then. */
static void testkit_on_complete(struct kunit *test)
{
	struct tk_iocb iocb;

	tk_iocb_async(&iocb, NULL, 0);
	iocb.on_complete = cancel_refused;
	tk_set_cancel(&iocb.kiocb, cancel_busy);
	iocb.kiocb.ki_complete(&iocb.kiocb, iocb.ret);
	KUNIT_EXPECT_EQ(test, tk_cancel(&iocb), -EINVAL);
	KUNIT_EXPECT_EQ(test, atomic_read(&iocb.completions), 1);
	KUNIT_EXPECT_FALSE(test, iocb.locked);
	iocb.on_complete = NULL;
	local_irq_disable();
	iocb.kiocb.ki_complete(&iocb.kiocb, 0);
	local_irq_enable();
	KUNIT_EXPECT_TRUE(test, iocb.locked);
	KUNIT_EXPECT_EQ(test, atomic_read(&iocb.completions), 2);
}

/* Test that memory that was mapped can be used, when it has been faulted in. */
static void testkit_map(struct kunit *test)
{
	char __user *page = tk_map(test, PAGE_SIZE);
	unsigned long missing;
	char byte = 'x';

	pagefault_disable();
	missing = copy_to_user(page, &byte, 1);
	pagefault_enable();
	KUNIT_EXPECT_EQ(test, missing, 1);
	KUNIT_EXPECT_EQ(test, copy_to_user(page, &byte, 1), 0);
	byte = 0;
	KUNIT_EXPECT_EQ(test, copy_from_user(&byte, page, 1), 0);
	KUNIT_EXPECT_EQ(test, byte, 'x');
	tk_leave_mm();
	KUNIT_EXPECT_NULL(test, current->mm);
}

/* Test that two buffers have a hole each, and that one is filled on its own. */
static void testkit_holes(struct kunit *test)
{
	struct tk_hole holes[2] = { { .at = 1 }, { .at = 2 } };
	char from[4] = "abc", to[2][4] = {};
	struct kvec vecs[2] = { { to[0], 4 }, { to[1], 4 } };
	struct iov_iter iters[2];
	unsigned int i;

	for (i = 0; i < 2; i++) {
		iov_iter_kvec(&iters[i], ITER_DEST, &vecs[i], 1, 4);
		tk_hole_dig(test, &holes[i], &iters[i]);
	}
	KUNIT_EXPECT_EQ(test, tk_fault_in(&iters[0], 4), 3);
	KUNIT_EXPECT_EQ(test, tk_fault_in(&iters[1], 4), 2);
	tk_hole_fill(&holes[0]);
	tk_hole_fill(&holes[0]);
	KUNIT_EXPECT_EQ(test, tk_to_iter(from, 4, &iters[0]), 4);
	KUNIT_EXPECT_EQ(test, tk_to_iter(from, 4, &iters[1]), 2);
}

static void count_attempt(void *arg)
{
	unsigned int *attempts = arg;

	++*attempts;
}

/* Test that copies from a buffer stop at its hole, even if it seems to be filled. */
static void testkit_hole_lies(struct kunit *test)
{
	unsigned int attempts = 0;
	struct tk_hole hole = {
		.at = 2, .lies = true,
		.on_attempt = count_attempt, .arg = &attempts,
	};
	char from[4] = "abc", to[4] = "";
	struct kvec vec = { from, 4 };
	struct iov_iter iter;

	iov_iter_kvec(&iter, ITER_SOURCE, &vec, 1, 4);
	tk_hole_dig(test, &hole, &iter);
	KUNIT_EXPECT_EQ(test, tk_from_iter(to, 4, &iter), 2);
	KUNIT_EXPECT_STREQ(test, to, "ab");
	KUNIT_EXPECT_EQ(test, tk_fault_in(&iter, 2), 0);
	KUNIT_EXPECT_EQ(test, attempts, 1);
	KUNIT_EXPECT_EQ(test, tk_from_iter(to + 2, 2, &iter), 0);
	KUNIT_EXPECT_EQ(test, hole.faults, 2);
	tk_hole_fill(&hole);
	KUNIT_EXPECT_EQ(test, tk_from_iter(to + 2, 2, &iter), 2);
	KUNIT_EXPECT_STREQ(test, to, "abc");
}

/*
 * Test that each allocation fails once, alone, and then none does. A kernel that
 * watches them makes more of its own, which may fail, too.
 */
static void testkit_fail(struct kunit *test)
{
	unsigned int nth = 0, first_failed = 0, second_failed = 0;
	void *first, *second;
	bool failed;

	do {
		tk_fail_nth(test, ++nth);
		first = kmalloc(8, GFP_KERNEL);
		second = kmalloc(8, GFP_KERNEL);
		failed = tk_fail_none();
		KUNIT_EXPECT_TRUE(test, first || second);
		KUNIT_EXPECT_TRUE(test, failed || (first && second));
		first_failed += !first;
		second_failed += !second;
		kfree(first);
		kfree(second);
	} while (failed);
	KUNIT_EXPECT_EQ(test, first_failed, 1);
	KUNIT_EXPECT_EQ(test, second_failed, 1);
}

static long free_it(void *arg)
{
	kfree(arg);
	return 0;
}

/* Test that what is allocated meanwhile counts, whoever frees it, and when. */
static void testkit_memory(struct kunit *test)
{
	void *before, *mine, *other, *after;
	struct tk_memory memory;

	before = kmalloc(8, GFP_KERNEL);
	tk_memory_record(test);
	mine = kmalloc(8, GFP_KERNEL);
	other = kmalloc(8, GFP_KERNEL_ACCOUNT);
	kfree(kmalloc(2 * PAGE_SIZE, GFP_KERNEL_ACCOUNT));
	kfree(before);
	tk_memory_pause();
	after = kmalloc(8, GFP_KERNEL);
	memory = tk_memory();
	KUNIT_EXPECT_EQ(test, memory.recorded, 3);
	KUNIT_EXPECT_EQ(test, memory.kept, 2);
	KUNIT_EXPECT_EQ(test, memory.unaccounted, 1);
	tk_join(test, tk_start(test, free_it, other));
	KUNIT_EXPECT_EQ(test, tk_memory().kept, 1);
	kfree(mine);
	kfree(after);
}

/* Test that the seed is the one of the command line, or else a new one. */
static void testkit_seed(struct kunit *test)
{
#ifdef MODULE
	kunit_skip(test, "modules have no command line");
#else
	const char *arg = strstr(saved_command_line, "testkit.seed=");
	u32 given = 0, first = tk_seed(test), second = tk_seed(test);

	if (arg && sscanf(arg, "testkit.seed=%i", &given) == 1 && given) {
		KUNIT_EXPECT_EQ(test, first, given);
		KUNIT_EXPECT_EQ(test, second, given);
	} else {
		KUNIT_EXPECT_NE(test, first, second);
	}
#endif
}

static int testkit_test_init(struct kunit *test)
{
	struct gate *gate = kunit_kzalloc(test, sizeof(*gate), GFP_KERNEL);

	if (!gate)
		return -ENOMEM;
	init_waitqueue_head(&gate->queue);
	mutex_init(&gate->lock);
	test->priv = gate;
	return 0;
}

static struct kunit_case testkit_cases[] = {
	KUNIT_CASE(testkit_sleep),
	KUNIT_CASE(testkit_settle_done),
	KUNIT_CASE(testkit_interrupt),
	KUNIT_CASE(testkit_left_asleep),
	KUNIT_CASE(testkit_locked_out),
	KUNIT_CASE(testkit_start_on),
	KUNIT_CASE(testkit_race),
	KUNIT_CASE(testkit_give_way),
	KUNIT_CASE(testkit_count_wakes),
	KUNIT_CASE(testkit_device),
	KUNIT_CASE(testkit_paths),
	KUNIT_CASE(testkit_read_write),
	KUNIT_CASE(testkit_ioctl),
	KUNIT_CASE(testkit_iocb),
	KUNIT_CASE(testkit_completed),
	KUNIT_CASE(testkit_cancel),
	KUNIT_CASE(testkit_cancel_deadlock),
	KUNIT_CASE(testkit_on_complete),
	KUNIT_CASE(testkit_signals),
	KUNIT_CASE(testkit_poll),
	KUNIT_CASE(testkit_drop_capability),
	KUNIT_CASE(testkit_map),
	KUNIT_CASE(testkit_hole),
	KUNIT_CASE(testkit_holes),
	KUNIT_CASE(testkit_hole_lies),
	KUNIT_CASE(testkit_fail),
	KUNIT_CASE(testkit_memory),
	KUNIT_CASE(testkit_seed),
	{}
};

static struct kunit_suite testkit_suite = {
	.name = "testkit",
	.init = testkit_test_init,
	.test_cases = testkit_cases,
};

kunit_test_suite(testkit_suite);

MODULE_DESCRIPTION("KUnit tests of testkit");
MODULE_LICENSE("GPL");
