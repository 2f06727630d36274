// SPDX-License-Identifier: GPL-2.0
/* What KUnit lacks for testing drivers. See testkit.h. */

#include <linux/anon_inodes.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#include "compat.h"
#include "testkit.h"

static int tk_thread_main(void *data)
{
	struct tk_thread *thread = data;

	allow_signal(SIGINT);
	thread->ret = thread->fn(thread->arg);
	complete_all(&thread->done);
	return 0;
}

/* The end of a case: a thread that is still at it is interrupted. */
static void tk_thread_end(void *data)
{
	struct tk_thread *thread = data;

	tk_interrupt(thread);
	kthread_stop(thread->task);
	put_task_struct(thread->task);
}

struct tk_thread *tk_start(struct kunit *test, long (*fn)(void *arg), void *arg)
{
	struct tk_thread *thread = kunit_kzalloc(test, sizeof(*thread),
						 GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, thread);
	thread->fn = fn;
	thread->arg = arg;
	init_completion(&thread->done);
	thread->task = kthread_create(tk_thread_main, thread, "testkit");
	KUNIT_ASSERT_FALSE(test, IS_ERR(thread->task));
	/* kthread_stop() wants it to be there, even if it is done. */
	get_task_struct(thread->task);
	compat_run_on_yield(thread->task);
	wake_up_process(thread->task);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, tk_thread_end,
							   thread));
	return thread;
}

static bool tk_is_queued(struct task_struct *task,
			 struct wait_queue_head *queue)
{
	struct wait_queue_entry *entry;
	bool queued = false;
	unsigned long flags;

	spin_lock_irqsave(&queue->lock, flags);
	list_for_each_entry(entry, &queue->head, entry)
		queued |= entry->private == task;
	spin_unlock_irqrestore(&queue->lock, flags);
	return queued;
}

/* Before it looks again, who waits lets the others run; but not for ever. */
static void tk_be_patient(struct kunit *test, unsigned long deadline,
			  const char *complaint)
{
	KUNIT_ASSERT_TRUE_MSG(test, time_before(jiffies, deadline), "%s",
			      complaint);
	yield();
}

/* Off the processor, in this sleep. 6.1 looks at neither without SMP. */
static bool tk_is_inactive(struct task_struct *task, unsigned int state)
{
	return (READ_ONCE(task->__state) & state) &&
	       wait_task_inactive(task, state);
}

bool tk_settle(struct kunit *test, struct tk_thread *thread,
	       struct wait_queue_head *queue)
{
	unsigned long deadline = jiffies + TK_PATIENCE;

	while (!tk_is_done(thread)) {
		if (tk_is_queued(thread->task, queue) &&
		    tk_is_inactive(thread->task, TASK_INTERRUPTIBLE))
			return false;
		tk_be_patient(test, deadline, "does not go to sleep");
	}
	return true;
}

void tk_wait_asleep(struct kunit *test, struct tk_thread *thread,
		    struct wait_queue_head *queue)
{
	KUNIT_ASSERT_FALSE_MSG(test, tk_settle(test, thread, queue),
			       "returned %ld, should sleep", thread->ret);
}

void tk_wait_locked_out(struct kunit *test, struct tk_thread *thread)
{
	unsigned long deadline = jiffies + TK_PATIENCE;

	while (!tk_is_inactive(thread->task, TASK_UNINTERRUPTIBLE)) {
		KUNIT_ASSERT_FALSE_MSG(test, tk_is_done(thread),
				       "returned %ld, should wait for the lock",
				       thread->ret);
		tk_be_patient(test, deadline, "does not wait for the lock");
	}
}

bool tk_is_done(struct tk_thread *thread)
{
	return completion_done(&thread->done);
}

void tk_interrupt(struct tk_thread *thread)
{
	send_sig(SIGINT, thread->task, 1);
}

long tk_join(struct kunit *test, struct tk_thread *thread)
{
	KUNIT_ASSERT_NE_MSG(test, 0UL,
			    wait_for_completion_timeout(&thread->done,
							TK_PATIENCE),
			    "is still asleep");
	return thread->ret;
}

static int tk_counter_wake(struct wait_queue_entry *entry, unsigned int mode,
			   int flags, void *key)
{
	struct tk_counter *counter = container_of(entry, struct tk_counter,
						  entry);

	counter->wakes++;
	counter->key = key;
	return 0;
}

static void tk_counter_end(void *data)
{
	struct tk_counter *counter = data;

	remove_wait_queue(counter->queue, &counter->entry);
}

struct tk_counter *tk_count_wakes(struct kunit *test,
				  struct wait_queue_head *queue)
{
	struct tk_counter *counter = kunit_kzalloc(test, sizeof(*counter),
						   GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, counter);
	counter->queue = queue;
	init_waitqueue_func_entry(&counter->entry, tk_counter_wake);
	add_wait_queue(queue, &counter->entry);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, tk_counter_end,
							   counter));
	return counter;
}

static void tk_file_end(void *data)
{
	tk_close(data);
}

/* A holder of nothing yet, which is closed when the case ends. */
static struct tk_file *tk_file_new(struct kunit *test)
{
	struct tk_file *holder = kunit_kzalloc(test, sizeof(*holder),
					       GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, holder);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, tk_file_end,
							   holder));
	return holder;
}

struct tk_file *tk_open(struct kunit *test, const struct file_operations *fops,
			void *private_data, int flags)
{
	struct tk_file *holder = tk_file_new(test);
	struct file *file;

	file = anon_inode_getfile("[testkit]", fops, private_data, flags);
	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	holder->file = file;
	return holder;
}

/* Make a character device's node in a file system of its own. */
static int tk_mknod(struct vfsmount *mnt, dev_t devt, struct path *path)
{
	struct inode *dir = d_inode(mnt->mnt_root);
	struct dentry *dentry;
	int err;

	inode_lock(dir);
	dentry = lookup_one_len("device", mnt->mnt_root, strlen("device"));
	if (IS_ERR(dentry)) {
		inode_unlock(dir);
		return PTR_ERR(dentry);
	}
	err = vfs_mknod(compat_nop_mnt_idmap, dir, dentry, S_IFCHR | 0600,
			devt);
	inode_unlock(dir);
	*path = (struct path){ .mnt = mnt, .dentry = dentry };
	return err;
}

struct tk_file *tk_open_device(struct kunit *test, dev_t devt, int flags)
{
	struct tk_file *holder = tk_file_new(test);
	struct file_system_type *type = get_fs_type("ramfs");
	struct file *file;
	struct path path;

	KUNIT_ASSERT_NOT_NULL(test, type);
	holder->mnt = kern_mount(type);
	put_filesystem(type);
	KUNIT_ASSERT_FALSE(test, IS_ERR(holder->mnt));
	KUNIT_ASSERT_EQ(test, 0, tk_mknod(holder->mnt, devt, &path));
	file = dentry_open(&path, flags, current_cred());
	dput(path.dentry);
	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(file), "cannot open %u:%u: %ld",
			       MAJOR(devt), MINOR(devt), PTR_ERR(file));
	holder->file = file;
	return holder;
}

void tk_close(struct tk_file *holder)
{
	if (holder->file)
		__fput_sync(holder->file);
	if (!IS_ERR_OR_NULL(holder->mnt))
		kern_unmount(holder->mnt);
	*holder = (struct tk_file){};
}

void tk_iocb_sync(struct tk_iocb *iocb, struct file *file, int flags)
{
	*iocb = (struct tk_iocb){};
	init_sync_kiocb(&iocb->kiocb, file);
	iocb->kiocb.ki_flags |= flags;
}

static void tk_iocb_complete(struct kiocb *kiocb, long ret)
{
	struct tk_iocb *iocb = container_of(kiocb, struct tk_iocb, kiocb);

	iocb->ret = ret;
	atomic_inc(&iocb->completions);
}

void tk_iocb_async(struct tk_iocb *iocb, struct file *file, int flags)
{
	tk_iocb_sync(iocb, file, flags);
	iocb->kiocb.ki_complete = tk_iocb_complete;
}

void tk_own(struct kunit *test, struct file *file, int sig)
{
	KUNIT_ASSERT_EQ(test, 0, f_setown(file, task_pid_nr(current), 1));
	compat_f_owner(file)->signum = sig;
	allow_signal(sig ? sig : SIGIO);
}

unsigned long tk_signals(void)
{
	unsigned long mask = 0;
	int sig;

	while ((sig = kernel_dequeue_signal()))
		mask |= sigmask(sig);
	return mask;
}

void tk_drop_capability(struct kunit *test, int cap)
{
	struct cred *cred = prepare_creds();

	KUNIT_ASSERT_NOT_NULL(test, cred);
	cap_lower(cred->cap_effective, cap);
	commit_creds(cred);
}

static void tk_poll_wait(struct file *file, struct wait_queue_head *queue,
			 poll_table *table)
{
	struct tk_poll *poll = container_of(table, struct tk_poll, table);

	poll->queues++;
	poll->queue = queue;
}

poll_table *tk_poll_init(struct tk_poll *poll)
{
	*poll = (struct tk_poll){};
	init_poll_funcptr(&poll->table, tk_poll_wait);
	return &poll->table;
}

/* Copies have no argument to spare; one case runs at a time. */
static struct tk_hole *tk_hole;

void tk_hole_fill(void)
{
	tk_hole = NULL;
}

static void tk_hole_end(void *data)
{
	tk_hole_fill();
}

void tk_hole_dig(struct kunit *test, struct tk_hole *hole,
		 const struct iov_iter *iter)
{
	hole->base = iter->kvec->iov_base;
	hole->count = iov_iter_count(iter);
	tk_hole = hole;
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, tk_hole_end,
							   NULL));
}

/* Is @iter, however far it has got, the buffer with the hole? */
static bool tk_has_hole(const struct iov_iter *iter)
{
	return tk_hole && iov_iter_is_kvec(iter) && iov_iter_count(iter) &&
	       iter->kvec->iov_base == tk_hole->base;
}

/* How many of the next @len bytes of @iter lie before the hole. */
static size_t tk_before_hole(const struct iov_iter *iter, size_t len)
{
	size_t pos;

	if (!tk_has_hole(iter))
		return len;
	pos = tk_hole->count - iov_iter_count(iter);
	return min(len, tk_hole->at - min(tk_hole->at, pos));
}

static size_t tk_copied(size_t copied, size_t len)
{
	if (copied < len)
		tk_hole->faults++;
	return copied;
}

size_t tk_to_iter(const void *from, size_t len, struct iov_iter *to)
{
	return tk_copied(copy_to_iter(from, tk_before_hole(to, len), to), len);
}

size_t tk_from_iter(void *to, size_t len, struct iov_iter *from)
{
	return tk_copied(copy_from_iter(to, tk_before_hole(from, len), from),
			 len);
}

size_t tk_fault_in(const struct iov_iter *iter, size_t len)
{
	struct tk_hole *hole = tk_hole;

	if (!tk_has_hole(iter))
		return 0;
	if (++hole->attempts == hole->heals)
		tk_hole_fill();
	if (hole->on_attempt)
		hole->on_attempt(hole->arg);
	if (hole->lies || !tk_hole)
		return 0;
	return len - tk_before_hole(iter, len);
}
