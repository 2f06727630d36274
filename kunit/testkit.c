// SPDX-License-Identifier: GPL-2.0
/* What KUnit lacks for testing drivers. See testkit.h. */

#include <linux/anon_inodes.h>
#include <linux/cpumask.h>
#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/jiffies.h>
#include <linux/irqflags.h>
#include <linux/kallsyms.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/random.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include <linux/tracepoint.h>
#include <trace/events/kmem.h>
#include <uapi/linux/sched/types.h>

#include "compat.h"
#include "testkit.h"

/* Whose allocations are recorded; see tk_memory_record(). */
static struct task_struct *tk_memory_of;

/* Have @func called when the case ends. What that needs is not the test's. */
static void tk_defer(struct kunit *test, kunit_action_t *func, void *arg)
{
	struct task_struct *of = tk_memory_of;

	WRITE_ONCE(tk_memory_of, NULL);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, func, arg));
	WRITE_ONCE(tk_memory_of, of);
}

static unsigned int seed;
module_param(seed, uint, 0444);
MODULE_PARM_DESC(seed, "Seed of the random tests, 0 for a new one each time");

u32 tk_seed(struct kunit *test)
{
	u32 used = seed ? seed : get_random_u32();

	kunit_info(test, KBUILD_MODNAME ".seed=%u", used);
	return used;
}

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

/* The @nth processor that is online, round and round. */
static unsigned int tk_processor(unsigned int nth)
{
	unsigned int cpu = cpumask_first(cpu_online_mask);

	for (nth %= num_online_cpus(); nth; nth--)
		cpu = cpumask_next(cpu, cpu_online_mask);
	return cpu;
}

static struct tk_thread *tk_thread_new(struct kunit *test,
				       long (*fn)(void *arg), void *arg)
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
	return thread;
}

static struct tk_thread *tk_thread_go(struct kunit *test,
				      struct tk_thread *thread)
{
	wake_up_process(thread->task);
	tk_defer(test, tk_thread_end, thread);
	return thread;
}

struct tk_thread *tk_start(struct kunit *test, long (*fn)(void *arg), void *arg)
{
	return tk_thread_go(test, tk_thread_new(test, fn, arg));
}

struct tk_thread *tk_start_on(struct kunit *test, unsigned int nth,
			      long (*fn)(void *arg), void *arg)
{
	struct tk_thread *thread = tk_thread_new(test, fn, arg);

	kthread_bind(thread->task, tk_processor(nth));
	return tk_thread_go(test, thread);
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

void tk_be_patient(struct kunit *test, unsigned long deadline,
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
	       compat_is_inactive(task, state);
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
		/* While its owner runs, a mutex is spun for. */
		schedule_timeout_uninterruptible(1);
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

/* One of the two is late: not at all, by 1, 2, 4, ... or 512 microseconds. */
static void tk_race_delay(int round, bool there)
{
	if ((round & 1) == there)
		udelay(1U << round / 2 % 11 >> 1);
}

/* The other side of a race. */
static long tk_race_main(void *arg)
{
	struct tk_race *race = arg;
	int round = 0;

	for (;;) {
		if (wait_event_interruptible(race->queue, kthread_should_stop() ||
					     atomic_read_acquire(&race->go) != round) ||
		    kthread_should_stop())
			return 0;
		atomic_set_release(&race->ready, ++round);
		tk_race_delay(round, true);
		race->fn(race->arg);
		atomic_set_release(&race->done, round);
		wake_up(&race->queue);
	}
}

struct tk_race *tk_race(struct kunit *test, void (*fn)(void *arg), void *arg)
{
	struct tk_race *race = kunit_kzalloc(test, sizeof(*race), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, race);
	race->fn = fn;
	race->arg = arg;
	init_waitqueue_head(&race->queue);
	KUNIT_ASSERT_EQ(test, 0,
			set_cpus_allowed_ptr(current,
					     cpumask_of(tk_processor(0))));
	tk_start_on(test, 1, tk_race_main, race);
	return race;
}

void tk_race_go(struct kunit *test, struct tk_race *race)
{
	unsigned long deadline = jiffies + TK_PATIENCE;

	atomic_set_release(&race->go, ++race->round);
	wake_up(&race->queue);
	if (num_online_cpus() > 1) {
		while (atomic_read_acquire(&race->ready) != race->round)
			tk_be_patient(test, deadline, "the other does not come");
	} else if (race->round & 1) {
		yield();
	}
	tk_race_delay(race->round, false);
}

void tk_race_over(struct kunit *test, struct tk_race *race)
{
	int round = race->round;

	KUNIT_ASSERT_NE_MSG(test, 0L,
			    wait_event_timeout(race->queue,
					       atomic_read_acquire(&race->done) == round,
					       TK_PATIENCE),
			    "the other does not come to its end");
}

/* A real-time priority that no thread has of its own. */
#define TK_FIRST	7

static struct task_struct *tk_get_other(unsigned int policy)
{
	struct task_struct *task, *found = NULL;

	rcu_read_lock();
	for_each_process(task) {
		if (task == current || !(task->flags & PF_KTHREAD) ||
		    task->policy != policy ||
		    (policy == SCHED_FIFO && task->rt_priority != TK_FIRST))
			continue;
		found = get_task_struct(task);
		break;
	}
	rcu_read_unlock();
	return found;
}

/* All of the kernel's threads with one policy get the other. */
static int tk_rank_others(unsigned int from, unsigned int to)
{
	struct sched_attr attr = {
		.size = sizeof(attr), .sched_policy = to,
		.sched_priority = to == SCHED_FIFO ? TK_FIRST : 0,
	};
	struct task_struct *task;
	int err = 0;

	while (!err && (task = tk_get_other(from))) {
		attr.sched_nice = task_nice(task);
		err = sched_setattr_nocheck(task, &attr);
		put_task_struct(task);
	}
	return err;
}

static void tk_give_way_end(void *data)
{
	struct kunit *test = data;

	KUNIT_EXPECT_EQ(test, 0, tk_rank_others(SCHED_FIFO, SCHED_NORMAL));
}

/*
 * Others are raised, for to be lowered is not enough: a task with SCHED_IDLE,
 * too, is in the kernel's debt now and then, and runs on.
 */
long tk_give_way(struct kunit *test, long (*fn)(void *arg), void *arg)
{
	long ret;

	/* If an assertion ends the case, too. */
	tk_defer(test, tk_give_way_end, test);
	KUNIT_ASSERT_EQ(test, 0, tk_rank_others(SCHED_NORMAL, SCHED_FIFO));
	ret = fn(arg);
	tk_give_way_end(test);
	return ret;
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
	tk_defer(test, tk_counter_end, counter);
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
	tk_defer(test, tk_file_end, holder);
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

/* Where in the tree that everybody knows which file system is. */
static const struct {
	const char *root;
	const char *type;
} tk_roots[] = {
	{ "/dev/", "devtmpfs" },
	{ "/proc/", "proc" },
	{ "/sys/kernel/debug/", "debugfs" },
	{ "/sys/", "sysfs" },
};

struct tk_file *tk_open_path(struct kunit *test, const char *name, int flags)
{
	struct tk_file *holder = tk_file_new(test);
	struct file_system_type *type;
	struct file *file;
	struct path root;
	size_t i, len = 0;

	for (i = 0; i < ARRAY_SIZE(tk_roots); i++) {
		len = str_has_prefix(name, tk_roots[i].root);
		if (len)
			break;
	}
	KUNIT_ASSERT_GT_MSG(test, len, 0, "%s is in no file system known here",
			    name);
	type = get_fs_type(tk_roots[i].type);
	KUNIT_ASSERT_NOT_NULL_MSG(test, type, "this kernel has no %s",
				  tk_roots[i].type);
	holder->mnt = kern_mount(type);
	module_put(type->owner);
	KUNIT_ASSERT_FALSE(test, IS_ERR(holder->mnt));
	root = (struct path){ .mnt = holder->mnt, .dentry = holder->mnt->mnt_root };
	file = file_open_root(&root, name + len, flags, 0);
	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(file), "cannot open %s: %ld", name,
			       PTR_ERR(file));
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
	if (file)
		init_sync_kiocb(&iocb->kiocb, file);
	iocb->kiocb.ki_flags |= flags;
}

/* ctx_lock of fs/aio.c, and who holds it to cancel. */
static DEFINE_SPINLOCK(tk_ctx_lock);
static struct task_struct *tk_canceller;
static bool tk_deadlock;
static unsigned int tk_completed;

/* Would this wait for a lock that it holds itself? */
static bool tk_deadlocks(void)
{
	if (READ_ONCE(tk_canceller) != current)
		return false;
	tk_deadlock = true;
	return true;
}

static void tk_iocb_complete(struct kiocb *kiocb, long ret)
{
	struct tk_iocb *iocb = container_of(kiocb, struct tk_iocb, kiocb);
	unsigned long flags;

	if (tk_deadlocks())
		return;
	if (iocb->on_complete)
		iocb->on_complete(iocb);
	iocb->locked |= irqs_disabled();
	spin_lock_irqsave(&tk_ctx_lock, flags);
	iocb->cancel = NULL;
	iocb->order = ++tk_completed;
	iocb->ret = ret;
	atomic_inc(&iocb->completions);
	complete_all(&iocb->done);
	spin_unlock_irqrestore(&tk_ctx_lock, flags);
}

void tk_iocb_async(struct tk_iocb *iocb, struct file *file, int flags)
{
	tk_iocb_sync(iocb, file, flags);
	init_completion(&iocb->done);
	iocb->kiocb.ki_complete = tk_iocb_complete;
}

void tk_set_cancel(struct kiocb *kiocb, kiocb_cancel_fn *cancel)
{
	struct tk_iocb *iocb = container_of(kiocb, struct tk_iocb, kiocb);
	unsigned long flags;

	if (tk_deadlocks())
		return;
	spin_lock_irqsave(&tk_ctx_lock, flags);
	iocb->cancel = cancel;
	spin_unlock_irqrestore(&tk_ctx_lock, flags);
}

/* Under the lock. Who sleeps comes back with interrupts on. */
static int tk_do_cancel(struct tk_iocb *iocb)
{
	int ret;

	tk_deadlock = false;
	WRITE_ONCE(tk_canceller, current);
	ret = iocb->cancel(&iocb->kiocb);
	WRITE_ONCE(tk_canceller, NULL);
	iocb->cancel = NULL;
	return tk_deadlock || !irqs_disabled() ? -EDEADLK : ret;
}

int tk_cancel(struct tk_iocb *iocb)
{
	int ret = -EINVAL;
	unsigned long flags;

	spin_lock_irqsave(&tk_ctx_lock, flags);
	if (iocb->cancel)
		ret = tk_do_cancel(iocb);
	spin_unlock_irqrestore(&tk_ctx_lock, flags);
	return ret;
}

long tk_wait_completed(struct kunit *test, struct tk_iocb *iocb)
{
	KUNIT_ASSERT_NE_MSG(test, 0UL,
			    wait_for_completion_timeout(&iocb->done,
							TK_PATIENCE),
			    "is not completed");
	return iocb->ret;
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

/* As the kernel's own kunit_vm_mmap() does it, which 6.1 has not. */
static int tk_get_mm(void)
{
	struct mm_struct *mm;

	if (current->mm)
		return 0;
	mm = mm_alloc();
	if (!mm)
		return -ENOMEM;
	mm->task_size = TASK_SIZE;
	arch_pick_mmap_layout(mm, &current->signal->rlim[RLIMIT_STACK]);
	kthread_use_mm(mm);
	return 0;
}

/* An address, or an error. */
static unsigned long tk_mmap(size_t len)
{
	return tk_get_mm() ?: vm_mmap(NULL, 0, len, PROT_READ | PROT_WRITE,
				      MAP_ANONYMOUS | MAP_PRIVATE, 0);
}

void __user *tk_map(struct kunit *test, size_t len)
{
	unsigned long addr = tk_mmap(len);

	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(addr));
	return (void __user *)addr;
}

void tk_leave_mm(void)
{
	struct mm_struct *mm = current->mm;

	kthread_unuse_mm(mm);
	mmput(mm);
}

/*
 * User memory for one call, in an address space for one call if there is none:
 * without, a bad address would be no fault, but for UML the end.
 */
struct tk_user {
	void __user *at;
	size_t len;
	bool had_mm;
};

static int tk_user_get(struct tk_user *user, size_t len)
{
	unsigned long addr;

	user->had_mm = current->mm;
	addr = len ? tk_mmap(PAGE_ALIGN(len)) : tk_get_mm();
	user->at = (void __user *)addr;
	user->len = IS_ERR_VALUE(addr) ? 0 : PAGE_ALIGN(len);
	return IS_ERR_VALUE(addr) ? addr : 0;
}

static void tk_user_put(struct tk_user *user)
{
	if (user->len)
		vm_munmap((unsigned long)user->at, user->len);
	if (!user->had_mm && current->mm)
		tk_leave_mm();
}

static ssize_t tk_user_rw(struct file *file, void *buf, size_t len, int dir)
{
	struct tk_user user;
	ssize_t ret = tk_user_get(&user, len);

	if (!ret && dir == WRITE) {
		ret = copy_to_user(user.at, buf, len) ? -EFAULT :
		      file->f_op->write(file, user.at, len, &file->f_pos);
	} else if (!ret) {
		ret = file->f_op->read(file, user.at, len, &file->f_pos);
		if (ret > 0 && copy_from_user(buf, user.at, min_t(size_t, ret, len)))
			ret = -EFAULT;
	}
	tk_user_put(&user);
	return ret;
}

static ssize_t tk_iter_rw(struct file *file, void *buf, size_t len, int dir)
{
	struct kvec vec = { buf, len };
	struct iov_iter iter;
	struct kiocb kiocb;
	ssize_t ret;

	init_sync_kiocb(&kiocb, file);
	kiocb.ki_pos = file->f_pos;
	iov_iter_kvec(&iter, dir, &vec, 1, len);
	ret = dir == WRITE ? file->f_op->write_iter(&kiocb, &iter) :
			     file->f_op->read_iter(&kiocb, &iter);
	file->f_pos = kiocb.ki_pos;
	return ret;
}

ssize_t tk_read(struct file *file, void *buf, size_t len)
{
	if (!(file->f_mode & FMODE_READ))
		return -EBADF;
	if (!(file->f_mode & FMODE_CAN_READ))
		return -EINVAL;
	return file->f_op->read ? tk_user_rw(file, buf, len, READ) :
				  tk_iter_rw(file, buf, len, READ);
}

ssize_t tk_write(struct file *file, const void *buf, size_t len)
{
	if (!(file->f_mode & FMODE_WRITE))
		return -EBADF;
	if (!(file->f_mode & FMODE_CAN_WRITE))
		return -EINVAL;
	return file->f_op->write ? tk_user_rw(file, (void *)buf, len, WRITE) :
				   tk_iter_rw(file, (void *)buf, len, WRITE);
}

long tk_ioctl(struct file *file, unsigned int cmd, void *arg, size_t len)
{
	struct tk_user user;
	long ret;

	if (!file->f_op->unlocked_ioctl)
		return -ENOTTY;
	ret = tk_user_get(&user, len);
	if (!ret && !len) {
		ret = file->f_op->unlocked_ioctl(file, cmd, (unsigned long)arg);
	} else if (!ret) {
		ret = copy_to_user(user.at, arg, len) ? -EFAULT :
		      file->f_op->unlocked_ioctl(file, cmd, (unsigned long)user.at);
		if (copy_from_user(arg, user.at, len))
			ret = -EFAULT;
	}
	tk_user_put(&user);
	return ret;
}

/* Copies have no argument to spare; one case runs at a time. */
static LIST_HEAD(tk_holes);
static DEFINE_SPINLOCK(tk_holes_lock);

void tk_hole_fill(struct tk_hole *hole)
{
	spin_lock(&tk_holes_lock);
	list_del_init(&hole->link);
	spin_unlock(&tk_holes_lock);
}

/* The holes may be gone already, with the stack that they were on. */
static void tk_holes_end(void *data)
{
	INIT_LIST_HEAD(&tk_holes);
}

void tk_hole_dig(struct kunit *test, struct tk_hole *hole,
		 const struct iov_iter *iter)
{
	hole->base = iter->kvec->iov_base;
	hole->count = iov_iter_count(iter);
	spin_lock(&tk_holes_lock);
	list_add(&hole->link, &tk_holes);
	spin_unlock(&tk_holes_lock);
	tk_defer(test, tk_holes_end, NULL);
}

/* The hole in the buffer that @iter has, however far it has got; or NULL. */
static struct tk_hole *tk_hole_in(const struct iov_iter *iter)
{
	struct tk_hole *hole, *found = NULL;

	if (!iov_iter_is_kvec(iter) || !iov_iter_count(iter))
		return NULL;
	spin_lock(&tk_holes_lock);
	list_for_each_entry(hole, &tk_holes, link)
		if (iter->kvec->iov_base == hole->base)
			found = hole;
	spin_unlock(&tk_holes_lock);
	return found;
}

/* How many of the next @len bytes of @iter lie before the hole. */
static size_t tk_before_hole(const struct tk_hole *hole,
			     const struct iov_iter *iter, size_t len)
{
	size_t pos = hole->count - iov_iter_count(iter);

	return min(len, hole->at - min(hole->at, pos));
}

/* How many of the next @len bytes of @iter can be copied. */
static size_t tk_copyable(const struct iov_iter *iter, size_t len)
{
	struct tk_hole *hole = tk_hole_in(iter);
	size_t good;

	if (!hole)
		return len;
	good = tk_before_hole(hole, iter, len);
	hole->faults += good < len;
	return good;
}

size_t tk_to_iter(const void *from, size_t len, struct iov_iter *to)
{
	return copy_to_iter(from, tk_copyable(to, len), to);
}

size_t tk_from_iter(void *to, size_t len, struct iov_iter *from)
{
	return copy_from_iter(to, tk_copyable(from, len), from);
}

size_t tk_fault_in(const struct iov_iter *iter, size_t len)
{
	struct tk_hole *hole = tk_hole_in(iter);

	if (!hole)
		return 0;
	if (++hole->attempts == hole->heals)
		tk_hole_fill(hole);
	if (hole->on_attempt)
		hole->on_attempt(hole->arg);
	if (hole->lies || list_empty(&hole->link))
		return 0;
	return len - tk_before_hole(hole, iter, len);
}

#if defined(CONFIG_FAILSLAB) && defined(CONFIG_FAULT_INJECTION_DEBUG_FS)
/* More than any call allocates. */
#define TK_FAIL_MOST	1000

/* What a file of failslab's shows: debugfs is not mounted yet, but it is there. */
static void *tk_failslab(struct kunit *test, const char *name)
{
	struct dentry *dir = debugfs_lookup("failslab", NULL);
	struct dentry *file = dir ? debugfs_lookup(name, dir) : NULL;
	void *value = file ? d_inode(file)->i_private : NULL;

	dput(file);
	dput(dir);
	KUNIT_ASSERT_NOT_NULL_MSG(test, value, "no failslab/%s", name);
	return value;
}

/* Its settings, while they are not what they were. */
static struct {
	bool *spare;		/* allocations that may sleep */
	unsigned long *verbose;
	unsigned long old_verbose;
} tk_fail;

static void tk_fail_end(void *data)
{
	tk_fail_none();
	*tk_fail.spare = true;
	*tk_fail.verbose = tk_fail.old_verbose;
}

void tk_fail_nth(struct kunit *test, unsigned int nth)
{
	KUNIT_ASSERT_LT(test, nth, TK_FAIL_MOST);
	tk_fail.spare = tk_failslab(test, "ignore-gfp-wait");
	tk_fail.verbose = tk_failslab(test, "verbose");
	if (*tk_fail.spare) {
		tk_fail.old_verbose = *tk_fail.verbose;
		tk_defer(test, tk_fail_end, NULL);
		*tk_fail.spare = false;
		*tk_fail.verbose = 0;
	}
	current->fail_nth = nth;
}

bool tk_fail_none(void)
{
	bool failed = !current->fail_nth;

	current->fail_nth = 0;
	return failed;
}
#else
void tk_fail_nth(struct kunit *test, unsigned int nth)
{
	kunit_skip(test, "no CONFIG_FAILSLAB and CONFIG_FAULT_INJECTION_DEBUG_FS");
}

bool tk_fail_none(void)
{
	return false;
}
#endif

/* More than any test allocates at a time. */
#define TK_MEMORY_MOST	8192
/* So often all others run, before it is said that something is not freed. */
#define TK_MEMORY_ROUNDS	50

static DEFINE_RAW_SPINLOCK(tk_memory_lock);
static struct tk_piece {
	const void *ptr;	/* NULL for none */
	unsigned long site;
} tk_memory_kept[TK_MEMORY_MOST];
static struct tk_memory tk_memory_counts;
static bool tk_memory_probed;

static void tk_memory_add(unsigned long site, const void *ptr, gfp_t flags)
{
	unsigned int i;

	tk_memory_counts.recorded++;
	tk_memory_counts.kept++;
	tk_memory_counts.unaccounted += !(flags & __GFP_ACCOUNT);
	for (i = 0; i < TK_MEMORY_MOST; i++) {
		if (tk_memory_kept[i].ptr)
			continue;
		tk_memory_kept[i] = (struct tk_piece){ ptr, site };
		return;
	}
}

/* Is it the allocator's own? From 6.18 on it keeps free memory in sheaves. */
static bool tk_is_sheaf(unsigned long site)
{
	char name[KSYM_SYMBOL_LEN];

	sprint_symbol_no_offset(name, site);
	return strstr(name, "sheaf");
}

static void tk_probe_kmalloc(void *data, unsigned long site, const void *ptr,
			     size_t wanted, size_t got, gfp_t flags, int node)
{
	unsigned long irqs;

	if (!ptr || !in_task() || READ_ONCE(tk_memory_of) != current ||
	    tk_is_sheaf(site))
		return;
	raw_spin_lock_irqsave(&tk_memory_lock, irqs);
	tk_memory_add(site, ptr, flags);
	raw_spin_unlock_irqrestore(&tk_memory_lock, irqs);
}

static void tk_probe_kfree(void *data, unsigned long site, const void *ptr)
{
	unsigned long irqs;
	unsigned int i;

	if (ZERO_OR_NULL_PTR(ptr))
		return;
	raw_spin_lock_irqsave(&tk_memory_lock, irqs);
	for (i = 0; i < TK_MEMORY_MOST; i++) {
		if (tk_memory_kept[i].ptr != ptr)
			continue;
		tk_memory_kept[i].ptr = NULL;
		tk_memory_counts.kept--;
		break;
	}
	raw_spin_unlock_irqrestore(&tk_memory_lock, irqs);
}

static void tk_memory_end(void *data)
{
	tk_memory_pause();
	unregister_trace_kmalloc(tk_probe_kmalloc, NULL);
	unregister_trace_kfree(tk_probe_kfree, NULL);
	tracepoint_synchronize_unregister();
	tk_memory_probed = false;
}

static void tk_memory_probe(struct kunit *test)
{
	if (!IS_ENABLED(CONFIG_TRACEPOINTS))
		kunit_skip(test, "CONFIG_TRACEPOINTS is not set");
	memset(tk_memory_kept, 0, sizeof(tk_memory_kept));
	tk_memory_counts = (struct tk_memory){};
	KUNIT_ASSERT_EQ(test, 0,
			register_trace_kmalloc(tk_probe_kmalloc, NULL) ?:
			register_trace_kfree(tk_probe_kfree, NULL));
	tk_memory_probed = true;
	tk_defer(test, tk_memory_end, NULL);
}

void tk_memory_record(struct kunit *test)
{
	if (!tk_memory_probed)
		tk_memory_probe(test);
	WRITE_ONCE(tk_memory_of, current);
}

void tk_memory_pause(void)
{
	WRITE_ONCE(tk_memory_of, NULL);
}

struct tk_memory tk_memory(void)
{
	unsigned int i;

	for (i = 0; i < TK_MEMORY_ROUNDS && READ_ONCE(tk_memory_counts.kept); i++) {
		rcu_barrier();
		schedule_timeout_uninterruptible(1);
	}
	for (i = 0; i < TK_MEMORY_MOST; i++)
		if (tk_memory_kept[i].ptr)
			pr_info("not freed: allocated by %pS\n",
				(void *)tk_memory_kept[i].site);
	return tk_memory_counts;
}
