// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the driver: first of the core, by itself, then of the shim, by
 * way of the real device, which they leave empty.
 */

#include <kunit/test.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uio.h>

#include "../kernel/core.h"
#include "../kernel/main.h"
#include "compat.h"
#include "testkit.h"

static struct box_message *hello(struct kunit *test)
{
	struct box_message *message = box_message(5);

	KUNIT_ASSERT_NOT_NULL(test, message);
	memcpy(message->bytes, "hello", 5);
	return message;
}

static void box_test_end(void *box)
{
	box_destroy(box);
}

/* Each case has a box, made of memory that was something else before. */
static int box_test_init(struct kunit *test)
{
	struct box *box = kunit_kmalloc(test, sizeof(*box), GFP_KERNEL);

	if (!box)
		return -ENOMEM;
	memset(box, 0x5a, sizeof(*box));
	box_init(box);
	test->priv = box;
	return kunit_add_action_or_reset(test, box_test_end, box);
}

static long take(void *box)
{
	struct box_message *message = box_take(box, true);
	long len;

	if (IS_ERR(message))
		return PTR_ERR(message);
	len = message->len;
	kfree(message);
	return len;
}

/* Test that what is put in is taken out, once, and without waiting (R1, R2). */
static void box_put_take(struct kunit *test)
{
	struct box_message *message = hello(test);
	struct box *box = test->priv;

	KUNIT_EXPECT_EQ(test, message->len, 5);
	box_put(box, message);
	KUNIT_EXPECT_PTR_EQ(test, box_take(box, false), message);
	KUNIT_EXPECT_EQ(test, PTR_ERR(box_take(box, false)), -EAGAIN);
	box_put(box, message);
	KUNIT_EXPECT_EQ(test, take(box), 5);
}

/* Test that a message replaces another, which is freed (W1). */
static void box_replace(struct kunit *test)
{
	struct box *box = test->priv;
	struct box_message *message;

	tk_memory_record(test);
	box_put(box, hello(test));
	message = hello(test);
	tk_memory_pause();
	box_put(box, message);
	KUNIT_EXPECT_EQ(test, tk_memory().kept, 1);
	KUNIT_EXPECT_EQ(test, tk_memory().unaccounted, 0);
	KUNIT_EXPECT_PTR_EQ(test, box->message, message);
	box_destroy(box);
	KUNIT_EXPECT_EQ(test, tk_memory().kept, 0);
	box_init(box);
}

/* Test that a reader sleeps until there is a message (R2, P1). */
static void box_sleep(struct kunit *test)
{
	struct box *box = test->priv;
	struct tk_thread *reader = tk_start(test, take, box);

	tk_wait_asleep(test, reader, &box->queue);
	box_put(box, hello(test));
	KUNIT_EXPECT_EQ(test, tk_join(test, reader), 5);
}

/* Test that a signal ends the wait, and takes nothing (R2). */
static void box_interrupt(struct kunit *test)
{
	struct box *box = test->priv;
	struct tk_thread *reader = tk_start(test, take, box);

	tk_wait_asleep(test, reader, &box->queue);
	tk_interrupt(reader);
	KUNIT_EXPECT_EQ(test, tk_join(test, reader), -ERESTARTSYS);
	KUNIT_EXPECT_NULL(test, box->message);
}

/* Test that what is given back is there again, and wakes (E1, P1). */
static void box_give_back(struct kunit *test)
{
	struct box_message *message = hello(test);
	struct box *box = test->priv;
	struct tk_counter *counter = tk_count_wakes(test, &box->queue);

	box_put_back(box, message);
	KUNIT_EXPECT_EQ(test, counter->wakes, 1);
	KUNIT_EXPECT_PTR_EQ(test, box_take(box, false), message);
	kfree(message);
}

/* Test that it is dropped if there is a newer one (E1). */
static void box_give_back_late(struct kunit *test)
{
	struct box *box = test->priv;
	struct tk_counter *counter = tk_count_wakes(test, &box->queue);
	struct box_message *newer = hello(test);

	box_put(box, newer);
	tk_memory_record(test);
	box_put_back(box, hello(test));
	tk_memory_pause();
	KUNIT_EXPECT_EQ(test, tk_memory().kept, 0);
	KUNIT_EXPECT_PTR_EQ(test, box->message, newer);
	KUNIT_EXPECT_EQ(test, counter->wakes, 1);
}

/* Test what poll says, and what a wakeup does (P1). */
static void box_poll_level(struct kunit *test)
{
	const __poll_t out = EPOLLOUT | EPOLLWRNORM;
	const __poll_t in = EPOLLIN | EPOLLRDNORM;
	struct box *box = test->priv;
	struct tk_counter *counter = tk_count_wakes(test, &box->queue);

	KUNIT_EXPECT_TRUE(test, box_level(box) == out);
	box_put(box, hello(test));
	KUNIT_EXPECT_TRUE(test, box_level(box) == (in | out));
	KUNIT_EXPECT_EQ(test, counter->wakes, 1);
	KUNIT_EXPECT_TRUE(test, key_to_poll(counter->key) == in);
}

/* From here on: the device. */

static struct file *device_open(struct kunit *test)
{
	return tk_open_path(test, "/dev/mailbox", O_RDWR | O_NONBLOCK)->file;
}

/* Test that the device reads what was written, cut to the buffer (W1, R1). */
static void box_device_read(struct kunit *test)
{
	struct file *file = device_open(test);
	char bytes[8] = "";

	tk_memory_record(test);
	KUNIT_EXPECT_EQ(test, tk_write(file, "hello", 5), 5);
	KUNIT_EXPECT_EQ(test, tk_read(file, bytes, 0), 0);
	KUNIT_EXPECT_EQ(test, tk_read(file, bytes, 2), 2);
	KUNIT_EXPECT_STREQ(test, bytes, "he");
	KUNIT_EXPECT_EQ(test, tk_read(file, bytes, 8), -EAGAIN);
	KUNIT_EXPECT_EQ(test, tk_write(file, "a", 1), 1);
	KUNIT_EXPECT_EQ(test, tk_read(file, bytes, 8), 1);
	KUNIT_EXPECT_STREQ(test, bytes, "ae");
	tk_memory_pause();
	KUNIT_EXPECT_EQ(test, tk_memory().kept, 0);
}

/* Test the limits of a message's length (W1). */
static void box_device_limits(struct kunit *test)
{
	char *bytes = kunit_kzalloc(test, BOX_MAX + 1, GFP_KERNEL);
	struct file *file = device_open(test);

	KUNIT_ASSERT_NOT_NULL(test, bytes);
	KUNIT_EXPECT_EQ(test, tk_write(file, bytes, 0), 0);
	KUNIT_EXPECT_EQ(test, tk_read(file, bytes, 1), -EAGAIN);
	KUNIT_EXPECT_EQ(test, tk_write(file, bytes, BOX_MAX + 1), -EMSGSIZE);
	KUNIT_EXPECT_EQ(test, tk_read(file, bytes, 1), -EAGAIN);
	KUNIT_EXPECT_EQ(test, tk_write(file, bytes, BOX_MAX), BOX_MAX);
	KUNIT_EXPECT_EQ(test, tk_read(file, bytes, BOX_MAX + 1), BOX_MAX);
}

/* Test that a bad address changes nothing, and leaks nothing (E1). */
static void box_device_fault(struct kunit *test)
{
	struct file *file = device_open(test);
	void __user *bad = (void __user *)8;
	struct iov_iter iter;
	struct tk_iocb iocb;
	char byte;

	tk_iocb_sync(&iocb, file, 0);
	KUNIT_EXPECT_EQ(test, tk_write(file, "x", 1), 1);
	/* Without user memory of its own the thread could not try. */
	tk_map(test, PAGE_SIZE);
	tk_memory_record(test);
	iov_iter_ubuf(&iter, ITER_DEST, bad, 1);
	KUNIT_EXPECT_EQ(test, file->f_op->read_iter(&iocb.kiocb, &iter), -EFAULT);
	iov_iter_ubuf(&iter, ITER_SOURCE, bad, 1);
	KUNIT_EXPECT_EQ(test, file->f_op->write_iter(&iocb.kiocb, &iter), -EFAULT);
	tk_memory_pause();
	tk_leave_mm();
	KUNIT_EXPECT_EQ(test, tk_memory().kept, 0);
	KUNIT_EXPECT_EQ(test, tk_read(file, &byte, 1), 1);
	KUNIT_EXPECT_EQ(test, byte, 'x');
}

/* Test that a write without memory is an error, and changes nothing (E1). */
static void box_device_no_memory(struct kunit *test)
{
	struct file *file = device_open(test);
	ssize_t ret;
	char byte;

	tk_fail_nth(test, 1);
	ret = tk_write(file, "x", 1);
	KUNIT_EXPECT_TRUE(test, tk_fail_none());
	KUNIT_EXPECT_EQ(test, ret, -ENOMEM);
	KUNIT_EXPECT_EQ(test, tk_read(file, &byte, 1), -EAGAIN);
}

/* Test that the device asks to be woken, and can be polled (P1). */
static void box_device_poll(struct kunit *test)
{
	struct file *file = device_open(test);
	struct tk_poll poll;

	KUNIT_EXPECT_TRUE(test, vfs_poll(file, tk_poll_init(&poll)) ==
			  (EPOLLOUT | EPOLLWRNORM));
	KUNIT_EXPECT_EQ(test, poll.queues, 1);
}

/* Test that unloading frees the message, and loading makes it anew (D1). */
static void box_device_load(struct kunit *test)
{
	struct tk_file *holder = tk_open_path(test, "/dev/mailbox",
					      O_RDWR | O_NONBLOCK);
	char byte;

	KUNIT_EXPECT_TRUE(test, holder->file->f_mode & FMODE_STREAM);
	tk_memory_record(test);
	KUNIT_EXPECT_EQ(test, tk_write(holder->file, "x", 1), 1);
	tk_memory_pause();
	tk_close(holder);
	box_unload();
	KUNIT_EXPECT_EQ(test, tk_memory().kept, 0);
	KUNIT_ASSERT_EQ(test, box_load(), 0);
	KUNIT_EXPECT_EQ(test, tk_read(device_open(test), &byte, 1), -EAGAIN);
}

static struct kunit_case box_cases[] = {
	KUNIT_CASE(box_put_take),
	KUNIT_CASE(box_replace),
	KUNIT_CASE(box_sleep),
	KUNIT_CASE(box_interrupt),
	KUNIT_CASE(box_give_back),
	KUNIT_CASE(box_give_back_late),
	KUNIT_CASE(box_poll_level),
	KUNIT_CASE(box_device_read),
	KUNIT_CASE(box_device_limits),
	KUNIT_CASE(box_device_fault),
	KUNIT_CASE(box_device_no_memory),
	KUNIT_CASE(box_device_poll),
	KUNIT_CASE(box_device_load),
	{}
};

static struct kunit_suite box_suite = {
	.name = "box",
	.init = box_test_init,
	.test_cases = box_cases,
};

kunit_test_suite(box_suite);

MODULE_DESCRIPTION("KUnit tests of the box and its device");
MODULE_LICENSE("GPL");
