/* SPDX-License-Identifier: GPL-2.0 */
/* What tests lack in older kernels, by version, and in modules. */
#ifndef _KUNIT_COMPAT_H
#define _KUNIT_COMPAT_H

#include <kunit/resource.h>
#include <kunit/test.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/timer.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
/* 6.5 brought deferred actions. */
typedef void (kunit_action_t)(void *);

struct kunit_compat_action {
	kunit_action_t *func;
	void *ctx;
};

static inline int kunit_compat_action_init(struct kunit_resource *res,
					   void *context)
{
	res->data = kmemdup(context, sizeof(struct kunit_compat_action),
			    GFP_KERNEL);
	return res->data ? 0 : -ENOMEM;
}

static inline void kunit_compat_action_free(struct kunit_resource *res)
{
	struct kunit_compat_action *action = res->data;

	action->func(action->ctx);
	kfree(action);
}

static inline int kunit_add_action_or_reset(struct kunit *test,
					    kunit_action_t *func, void *ctx)
{
	struct kunit_compat_action action = { func, ctx };

	if (kunit_alloc_resource(test, kunit_compat_action_init,
				 kunit_compat_action_free, GFP_KERNEL, &action))
		return 0;
	func(ctx);
	return -ENOMEM;
}
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
/* Before 6.6, yield() may come back at once until a tick has passed. */
#define compat_run_on_yield(task)	sched_set_fifo_low(task)
#else
#define compat_run_on_yield(task)	do { } while (0)
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
/* 6.12 moved a file's owner out of it. */
#define compat_f_owner(file)	(&(file)->f_owner)
#else
#define compat_f_owner(file)	file_f_owner(file)
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 16, 0)
/* 6.16 renamed what concerns timers. */
#define timer_destroy_on_stack	destroy_timer_on_stack
#endif

/* A task in this state: does it run no more, until somebody wakes it? */
static inline bool compat_is_inactive(struct task_struct *task,
				      unsigned int state)
{
#ifndef MODULE
	return wait_task_inactive(task, state);
#else
	/* That is not exported. It says so when the scheduler has let go of it. */
	if (READ_ONCE(task->on_rq))
		return false;
#ifdef CONFIG_SMP
	if (smp_load_acquire(&task->on_cpu))
		return false;
#endif
	return READ_ONCE(task->__state) & state;
#endif
}

#ifdef MODULE
/* From 6.12 on, mm_alloc() is exported for this; before, to no module. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
#else
MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");
#endif
#endif

#endif /* _KUNIT_COMPAT_H */
