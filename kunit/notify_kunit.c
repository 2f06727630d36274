// SPDX-License-Identifier: GPL-2.0
/* KUnit tests of notification: who is told of what by SIGIO. */

#include <kunit/test.h>
#include <linux/fs.h>
#include <linux/module.h>

#include "../kernel/notify.h"
#include "testkit.h"

static int notify_fasync(int fd, struct file *file, int on)
{
	return gf_notify_fasync(file->private_data, fd, file, on);
}

static const struct file_operations notify_fops = {
	.fasync = notify_fasync,
};

/* A file that has this thread told, on descriptor 77. */
static struct tk_file *notify_file(struct kunit *test, int flags)
{
	struct tk_file *holder = tk_open(test, &notify_fops, test->priv, flags);

	tk_own(test, holder->file, 0);
	KUNIT_ASSERT_GT(test, notify_fasync(77, holder->file, 1), 0);
	return holder;
}

/* Test that with nobody on the lists nothing happens. */
static void notify_nobody(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, gf_notify_wanted(test->priv, READ));
	KUNIT_EXPECT_FALSE(test, gf_notify_wanted(test->priv, WRITE));
	KUNIT_EXPECT_FALSE(test, gf_notify_readable(test->priv));
	KUNIT_EXPECT_FALSE(test, gf_notify_writable(test->priv));
	KUNIT_EXPECT_EQ(test, tk_signals(), 0);
}

/* Test that a file open for reading is told of bytes, not of room (N1). */
static void notify_reader(struct kunit *test)
{
	notify_file(test, O_RDONLY);
	KUNIT_EXPECT_TRUE(test, gf_notify_wanted(test->priv, READ));
	KUNIT_EXPECT_FALSE(test, gf_notify_wanted(test->priv, WRITE));
	KUNIT_EXPECT_FALSE(test, gf_notify_writable(test->priv));
	KUNIT_EXPECT_EQ(test, tk_signals(), 0);
	KUNIT_EXPECT_TRUE(test, gf_notify_readable(test->priv));
	KUNIT_EXPECT_EQ(test, tk_signals(), sigmask(SIGIO));
}

/* Test that a file open for writing is told of room, not of bytes (N1). */
static void notify_writer(struct kunit *test)
{
	notify_file(test, O_WRONLY);
	KUNIT_EXPECT_FALSE(test, gf_notify_wanted(test->priv, READ));
	KUNIT_EXPECT_TRUE(test, gf_notify_wanted(test->priv, WRITE));
	KUNIT_EXPECT_FALSE(test, gf_notify_readable(test->priv));
	KUNIT_EXPECT_EQ(test, tk_signals(), 0);
	KUNIT_EXPECT_TRUE(test, gf_notify_writable(test->priv));
	KUNIT_EXPECT_EQ(test, tk_signals(), sigmask(SIGIO));
}

/* Test that a file open for both is told of both (N1). */
static void notify_both(struct kunit *test)
{
	notify_file(test, O_RDWR);
	gf_notify_readable(test->priv);
	KUNIT_EXPECT_EQ(test, tk_signals(), sigmask(SIGIO));
	gf_notify_writable(test->priv);
	KUNIT_EXPECT_EQ(test, tk_signals(), sigmask(SIGIO));
}

/*
 * Test the bands: with F_SETSIG the kernel makes siginfo of them, and for any
 * but POLL_IN and POLL_OUT something wrong, or a BUG (N2). What arrives is for
 * a real process to see; here, that each list has the file, with its descriptor.
 */
static void notify_descriptor(struct kunit *test)
{
	struct gf_notify *notify = test->priv;
	struct tk_file *holder = notify_file(test, O_RDWR);

	KUNIT_ASSERT_NOT_NULL(test, notify->readers);
	KUNIT_ASSERT_NOT_NULL(test, notify->writers);
	KUNIT_EXPECT_EQ(test, notify->readers->fa_fd, 77);
	KUNIT_EXPECT_EQ(test, notify->writers->fa_fd, 77);
	KUNIT_EXPECT_PTR_EQ(test, notify->readers->fa_file, holder->file);
	KUNIT_EXPECT_PTR_EQ(test, notify->writers->fa_file, holder->file);
}

/* Test that a file that registers twice is on the lists once (N1). */
static void notify_twice(struct kunit *test)
{
	struct gf_notify *notify = test->priv;
	struct tk_file *holder = notify_file(test, O_RDWR);

	KUNIT_EXPECT_EQ(test, notify_fasync(78, holder->file, 1), 0);
	KUNIT_EXPECT_EQ(test, notify->readers->fa_fd, 78);
	KUNIT_EXPECT_EQ(test, notify->writers->fa_fd, 78);
	KUNIT_EXPECT_NULL(test, notify->readers->fa_next);
	KUNIT_EXPECT_NULL(test, notify->writers->fa_next);
}

/* Test that clearing O_ASYNC ends it, for both directions (N3). */
static void notify_off(struct kunit *test)
{
	struct gf_notify *notify = test->priv;
	struct tk_file *holder = notify_file(test, O_RDWR);

	KUNIT_EXPECT_GT(test, notify_fasync(77, holder->file, 0), 0);
	KUNIT_EXPECT_NULL(test, notify->readers);
	KUNIT_EXPECT_NULL(test, notify->writers);
	gf_notify_readable(notify);
	gf_notify_writable(notify);
	KUNIT_EXPECT_EQ(test, tk_signals(), 0);
}

/* Test that the last close ends it, and leaves others alone (N3). */
static void notify_close(struct kunit *test)
{
	struct gf_notify *notify = test->priv;
	struct tk_file *first = notify_file(test, O_RDWR);
	struct tk_file *second = notify_file(test, O_RDONLY);

	tk_close(first);
	KUNIT_EXPECT_NULL(test, notify->writers);
	gf_notify_readable(notify);
	KUNIT_EXPECT_EQ(test, tk_signals(), sigmask(SIGIO));
	tk_close(second);
	KUNIT_EXPECT_NULL(test, notify->readers);
	gf_notify_readable(notify);
	KUNIT_EXPECT_EQ(test, tk_signals(), 0);
}

/* A file in whose name another thread calls. */
struct fasync_call {
	struct file *file;
	int on;
};

static long fasync_call(void *arg)
{
	struct fasync_call *call = arg;

	return notify_fasync(77, call->file, call->on);
}

/*
 * Test that two calls for one file do not cross: each comes all before or all
 * after the other, so that the file is on both lists or on none (N3).
 */
static void notify_serialised(struct kunit *test)
{
	struct gf_notify *notify = test->priv;
	struct tk_file *holder = tk_open(test, &notify_fops, notify, O_RDWR);
	struct fasync_call *call = kunit_kzalloc(test, sizeof(*call),
						 GFP_KERNEL);
	struct tk_thread *thread;

	KUNIT_ASSERT_NOT_NULL(test, call);
	*call = (struct fasync_call){ .file = holder->file, .on = 1 };
	mutex_lock(&notify->lock);
	thread = tk_start(test, fasync_call, call);
	tk_wait_locked_out(test, thread);
	KUNIT_EXPECT_NULL(test, notify->readers);
	KUNIT_EXPECT_NULL(test, notify->writers);
	mutex_unlock(&notify->lock);
	KUNIT_EXPECT_GT(test, tk_join(test, thread), 0);
	KUNIT_EXPECT_NOT_NULL(test, notify->readers);
	KUNIT_EXPECT_NOT_NULL(test, notify->writers);
}

/* Test that nobody who tells waits for one who comes or goes (N3). */
static void notify_tells_unlocked(struct kunit *test)
{
	struct gf_notify *notify = test->priv;

	notify_file(test, O_RDWR);
	mutex_lock(&notify->lock);
	KUNIT_EXPECT_TRUE(test, gf_notify_readable(notify));
	KUNIT_EXPECT_TRUE(test, gf_notify_writable(notify));
	mutex_unlock(&notify->lock);
}

/* Test that a file open for neither direction is on no list (N1). */
static void notify_neither(struct kunit *test)
{
	struct gf_notify *notify = test->priv;
	struct tk_file *holder = tk_open(test, &notify_fops, notify, O_RDONLY);

	holder->file->f_mode &= ~FMODE_READ;
	KUNIT_EXPECT_EQ(test, notify_fasync(77, holder->file, 1), 0);
	KUNIT_EXPECT_NULL(test, notify->readers);
	KUNIT_EXPECT_NULL(test, notify->writers);
	holder->file->f_mode |= FMODE_READ;
}

/*
 * Test that a file is on all lists that it is open for or, wherever memory runs
 * out, on none (N3).
 */
static void notify_no_memory(struct kunit *test)
{
	struct gf_notify *notify = test->priv;
	struct tk_file *holder = tk_open(test, &notify_fops, notify, O_RDWR);
	unsigned int nth = 0, failures = 0;
	bool failed;
	int ret;

	do {
		tk_fail_nth(test, ++nth);
		ret = notify_fasync(77, holder->file, 1);
		failed = tk_fail_none();
		if (ret < 0) {
			failures++;
			KUNIT_EXPECT_EQ(test, ret, -ENOMEM);
		}
		KUNIT_EXPECT_EQ(test, ret > 0, !!notify->readers);
		KUNIT_EXPECT_EQ(test, ret > 0, !!notify->writers);
		notify_fasync(77, holder->file, 0);
	} while (failed);
	/* At least the entry for each direction. */
	KUNIT_EXPECT_GE(test, failures, 2);
	kunit_info(test, "%u points of failure, %u of them failed the call",
		   nth - 1, failures);
}

static int notify_test_init(struct kunit *test)
{
	test->priv = kunit_kmalloc(test, sizeof(struct gf_notify), GFP_KERNEL);
	if (!test->priv)
		return -ENOMEM;
	memset(test->priv, 0x55, sizeof(struct gf_notify));
	gf_notify_init(test->priv);
	return 0;
}

static struct kunit_case notify_cases[] = {
	KUNIT_CASE(notify_nobody),
	KUNIT_CASE(notify_reader),
	KUNIT_CASE(notify_writer),
	KUNIT_CASE(notify_both),
	KUNIT_CASE(notify_descriptor),
	KUNIT_CASE(notify_twice),
	KUNIT_CASE(notify_off),
	KUNIT_CASE(notify_close),
	KUNIT_CASE(notify_serialised),
	KUNIT_CASE(notify_tells_unlocked),
	KUNIT_CASE(notify_neither),
	KUNIT_CASE(notify_no_memory),
	{}
};

static struct kunit_suite notify_suite = {
	.name = "notify",
	.init = notify_test_init,
	.test_cases = notify_cases,
};

kunit_test_suite(notify_suite);

MODULE_DESCRIPTION("KUnit tests of globalfifo's notification");
MODULE_LICENSE("GPL");
