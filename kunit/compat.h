/* SPDX-License-Identifier: GPL-2.0 */
/* What KUnit lacks in kernels before 6.12, by version. */
#ifndef _KUNIT_COMPAT_H
#define _KUNIT_COMPAT_H

#include <kunit/resource.h>
#include <kunit/test.h>
#include <linux/fs.h>
#include <linux/sched.h>
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

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
/* 6.3 brought struct mnt_idmap. */
#define compat_nop_mnt_idmap	(&init_user_ns)
#else
#define compat_nop_mnt_idmap	(&nop_mnt_idmap)
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

#endif /* _KUNIT_COMPAT_H */
