// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the shim: that each file operation of the device reaches the
 * core, with what the caller gave it. They use the first device that there is,
 * opened as by open(2), and leave it empty.
 */

#include <kunit/test.h>
#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include <asm/ioctls.h>

#include "../kernel/chardev.h"
#include "../kernel/fifo.h"
#include "../kernel/globalfifo.h"
#include "testkit.h"

/* The first device. */
#define NODE	"/dev/globalfifo"

static struct file *device_open(struct kunit *test, int flags)
{
	return tk_open_path(test, NODE, flags)->file;
}

static ssize_t device_read(struct tk_iocb *iocb, void *buf, size_t len)
{
	struct kvec vec = { buf, len };
	struct iov_iter iter;

	iov_iter_kvec(&iter, ITER_DEST, &vec, 1, len);
	return iocb->kiocb.ki_filp->f_op->read_iter(&iocb->kiocb, &iter);
}

static ssize_t device_write(struct tk_iocb *iocb, const char *text)
{
	struct kvec vec = { (void *)text, strlen(text) };
	struct iov_iter iter;

	iov_iter_kvec(&iter, ITER_SOURCE, &vec, 1, vec.iov_len);
	return iocb->kiocb.ki_filp->f_op->write_iter(&iocb->kiocb, &iter);
}

/* Test that the device opens as a stream, with O_DIRECT, too (D3). */
static void chardev_open(struct kunit *test)
{
	const fmode_t seeks = FMODE_LSEEK | FMODE_PREAD | FMODE_PWRITE;
	struct file *file = device_open(test, O_RDWR | O_DIRECT);

	KUNIT_EXPECT_TRUE(test, file->f_mode & FMODE_STREAM);
	KUNIT_EXPECT_FALSE(test, file->f_mode & seeks);
	KUNIT_EXPECT_TRUE(test, file->f_mode & FMODE_NOWAIT);
	KUNIT_EXPECT_EQ(test, vfs_llseek(file, 0, SEEK_SET), -ESPIPE);
}

/* Test that a file has the directions that it was opened for, and no other. */
static void chardev_directions(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, device_open(test, O_WRONLY)->f_mode &
			   FMODE_READ);
	KUNIT_EXPECT_FALSE(test, device_open(test, O_RDONLY)->f_mode &
			   FMODE_WRITE);
}

/* Test that the class has the device, and sysfs its FIFO (D1, T2). */
static void chardev_sysfs(struct kunit *test)
{
	struct file *file = device_open(test, O_RDONLY);
	struct kobject *parent = file_inode(file)->i_cdev->kobj.parent;
	struct device *dev = kobj_to_dev(parent), *found;

	KUNIT_EXPECT_PTR_EQ(test, dev_get_drvdata(dev), file->private_data);
	KUNIT_ASSERT_NOT_NULL(test, dev->class);
	found = class_find_device_by_devt(dev->class, gf_first);
	KUNIT_EXPECT_PTR_EQ(test, found, dev);
	put_device(found);
}

/* Test that open and close do not touch the bytes (D3). */
static void chardev_outlives(struct kunit *test)
{
	struct tk_file *writer = tk_open_path(test, NODE, O_WRONLY);
	struct tk_iocb iocb;
	char buf[8] = "";

	tk_iocb_sync(&iocb, writer->file, 0);
	KUNIT_EXPECT_EQ(test, device_write(&iocb, "abc"), 3);
	tk_close(writer);
	tk_iocb_sync(&iocb, device_open(test, O_RDONLY), 0);
	KUNIT_EXPECT_EQ(test, device_read(&iocb, buf, 8), 3);
	KUNIT_EXPECT_STREQ(test, buf, "abc");
}

/* Test that open and close are counted (T2). */
static void chardev_counts(struct kunit *test)
{
	struct tk_file *reader = tk_open_path(test, NODE, O_RDONLY);
	struct gf_fifo *fifo = reader->file->private_data;
	int readers = atomic_read(&fifo->open_readers);
	int writers = atomic_read(&fifo->open_writers);
	struct tk_file *both = tk_open_path(test, NODE, O_RDWR);

	KUNIT_EXPECT_EQ(test, atomic_read(&fifo->open_readers), readers + 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&fifo->open_writers), writers + 1);
	tk_close(reader);
	KUNIT_EXPECT_EQ(test, atomic_read(&fifo->open_readers), readers);
	tk_close(both);
	KUNIT_EXPECT_EQ(test, atomic_read(&fifo->open_readers), readers - 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&fifo->open_writers), writers);
}

struct nowait_param {
	const char *name;
	int open_flags;
	int iocb_flags;
	bool async;
};

static const struct nowait_param nowait_params[] = {
	{ "O_NONBLOCK", O_NONBLOCK, 0, false },
	{ "IOCB_NOWAIT", 0, IOCB_NOWAIT, false },
	{ "both", O_NONBLOCK, IOCB_NOWAIT, false },
	{ "O_NONBLOCK, asynchronous", O_NONBLOCK, 0, true },
	{ "IOCB_NOWAIT, asynchronous", 0, IOCB_NOWAIT, true },
	{ "O_NONBLOCK, libaio", O_NONBLOCK, IOCB_AIO_RW, true },
	{ "IOCB_NOWAIT, libaio", 0, IOCB_NOWAIT | IOCB_AIO_RW, true },
};

static void nowait_desc(const struct nowait_param *param, char *desc)
{
	strscpy(desc, param->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(nowait, nowait_params, nowait_desc);

/*
 * Test that each way to ask for it gives EAGAIN on an empty FIFO and on a full
 * one, as the result of the call, and that nothing waits then (R2, W1, A1).
 */
static void chardev_nowait(struct kunit *test)
{
	const struct nowait_param *param = test->param_value;
	struct file *file = device_open(test, O_RDWR | param->open_flags);
	struct gf_fifo *fifo = file->private_data;
	struct tk_iocb iocb;
	char buf[8];

	if (param->async)
		tk_iocb_async(&iocb, file, param->iocb_flags);
	else
		tk_iocb_sync(&iocb, file, param->iocb_flags);
	KUNIT_EXPECT_EQ(test, device_read(&iocb, buf, 8), -EAGAIN);
	KUNIT_EXPECT_EQ(test, device_write(&iocb, "abc"), 3);
	KUNIT_EXPECT_EQ(test, device_read(&iocb, buf, 8), 3);
	while (gf_fifo_fill(fifo) < gf_fifo_size(fifo))
		KUNIT_ASSERT_EQ(test, device_write(&iocb, "x"), 1);
	KUNIT_EXPECT_EQ(test, device_write(&iocb, "x"), -EAGAIN);
	KUNIT_EXPECT_EQ(test, atomic_read(&iocb.completions), 0);
}

/* Test that what libaio asks for and can be done at once is (A1). */
static void chardev_aio(struct kunit *test)
{
	struct file *file = device_open(test, O_RDWR);
	struct tk_iocb iocb;
	char buf[8] = "";

	tk_iocb_async(&iocb, file, IOCB_AIO_RW);
	KUNIT_EXPECT_EQ(test, device_write(&iocb, "abc"), 3);
	KUNIT_EXPECT_EQ(test, device_read(&iocb, buf, 8), 3);
	KUNIT_EXPECT_STREQ(test, buf, "abc");
	KUNIT_EXPECT_EQ(test, atomic_read(&iocb.completions), 0);
}

/* Flags that do not say that it is libaio's make no difference. */
static long read_one(void *arg)
{
	struct tk_iocb iocb;
	char byte;

	tk_iocb_sync(&iocb, arg, IOCB_HIPRI);
	return device_read(&iocb, &byte, 1) == 1 ? byte : -EIO;
}

/* Test that otherwise a read waits (R2). */
static void chardev_blocks(struct kunit *test)
{
	struct file *file = device_open(test, O_RDWR);
	struct gf_fifo *fifo = file->private_data;
	struct tk_thread *reader = tk_start(test, read_one, file);
	struct tk_iocb iocb;

	tk_wait_asleep(test, reader, &fifo->readers.queue);
	tk_iocb_sync(&iocb, file, 0);
	KUNIT_EXPECT_EQ(test, device_write(&iocb, "x"), 1);
	KUNIT_EXPECT_EQ(test, tk_join(test, reader), 'x');
}

/* Test that poll is the core's (K3). */
static void chardev_poll(struct kunit *test)
{
	struct file *file = device_open(test, O_RDWR);
	struct gf_fifo *fifo = file->private_data;
	struct tk_poll poll;

	KUNIT_EXPECT_EQ(test, (__force unsigned int)
			vfs_poll(file, tk_poll_init(&poll)),
			(__force unsigned int)(EPOLLOUT | EPOLLWRNORM));
	KUNIT_EXPECT_PTR_EQ(test, poll.queue, &fifo->poll);
}

/* Test that a file gets on the lists, and off by its last close (N1, N3). */
static void chardev_fasync(struct kunit *test)
{
	struct tk_file *holder = tk_open_path(test, NODE, O_RDWR);
	struct gf_fifo *fifo = holder->file->private_data;
	struct tk_iocb iocb;

	tk_own(test, holder->file, 0);
	KUNIT_EXPECT_GE(test, holder->file->f_op->fasync(7, holder->file, 1), 0);
	tk_iocb_sync(&iocb, holder->file, 0);
	KUNIT_EXPECT_EQ(test, device_write(&iocb, "x"), 1);
	KUNIT_EXPECT_EQ(test, tk_signals(), sigmask(SIGIO));
	tk_close(holder);
	KUNIT_EXPECT_NULL(test, fifo->notify.readers);
	KUNIT_EXPECT_NULL(test, fifo->notify.writers);
}

struct clear_param {
	const char *name;
	unsigned int cmd;
};

static const struct clear_param clear_params[] = {
	{ "GLOBALFIFO_CLEAR", GLOBALFIFO_CLEAR },
	{ "0x1", GLOBALFIFO_BOOK_CLEAR },
};

static void clear_desc(const struct clear_param *param, char *desc)
{
	strscpy(desc, param->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(clear, clear_params, clear_desc);

/* Test that both commands clear, given a file open for writing (I1). */
static void chardev_clear(struct kunit *test)
{
	const struct clear_param *param = test->param_value;
	struct file *writer = device_open(test, O_WRONLY);
	struct file *reader = device_open(test, O_RDONLY);
	struct gf_fifo *fifo = writer->private_data;
	struct tk_iocb iocb;

	tk_iocb_sync(&iocb, writer, 0);
	KUNIT_EXPECT_EQ(test, device_write(&iocb, "abc"), 3);
	KUNIT_EXPECT_EQ(test, tk_ioctl(reader, param->cmd, NULL, 0), -EBADF);
	KUNIT_EXPECT_EQ(test, gf_fifo_fill(fifo), 3);
	KUNIT_EXPECT_EQ(test, tk_ioctl(writer, param->cmd, NULL, 0), 0);
	KUNIT_EXPECT_EQ(test, gf_fifo_fill(fifo), 0);
}

/* Test that a wrong file or command is refused (I1). */
static void chardev_ioctl_errors(struct kunit *test)
{
	struct file *writer = device_open(test, O_WRONLY);
	struct file *reader = device_open(test, O_RDONLY);

	KUNIT_EXPECT_EQ(test, tk_ioctl(reader, GLOBALFIFO_SET_SIZE, NULL, 0),
			-EBADF);
	KUNIT_EXPECT_EQ(test, tk_ioctl(writer, 0, NULL, 0), -ENOTTY);
	KUNIT_EXPECT_EQ(test, tk_ioctl(writer, _IO(0xfc, 0xff), NULL, 0),
			-ENOTTY);
}

/* Test that the size and the fill are told, and the size is set (I1). */
static void chardev_size(struct kunit *test)
{
	struct file *file = device_open(test, O_RDWR);
	struct gf_fifo *fifo = file->private_data;
	u32 size = gf_fifo_size(fifo), arg = 0;
	struct tk_iocb iocb;

	KUNIT_EXPECT_EQ(test, tk_ioctl(file, GLOBALFIFO_GET_SIZE, &arg, 4), 0);
	KUNIT_EXPECT_EQ(test, arg, size);
	arg = 2 * size;
	KUNIT_EXPECT_EQ(test, tk_ioctl(file, GLOBALFIFO_SET_SIZE, &arg, 4), 0);
	KUNIT_EXPECT_EQ(test, gf_fifo_size(fifo), 2 * size);
	arg = 1;
	KUNIT_EXPECT_EQ(test, tk_ioctl(file, GLOBALFIFO_SET_SIZE, &arg, 4),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, gf_fifo_resize(fifo, size), 0);

	tk_iocb_sync(&iocb, file, 0);
	KUNIT_EXPECT_EQ(test, device_write(&iocb, "abc"), 3);
	KUNIT_EXPECT_EQ(test, tk_ioctl(file, FIONREAD, &arg, 4), 0);
	KUNIT_EXPECT_EQ(test, arg, 3);
}

/* Test that a bad address is an error for each that takes one (I1). */
static void chardev_ioctl_fault(struct kunit *test)
{
	struct file *file = device_open(test, O_RDWR);
	void *arg = (__force void *)tk_map(test, PAGE_SIZE);

	KUNIT_ASSERT_EQ(test, vm_munmap((unsigned long)arg, PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, tk_ioctl(file, GLOBALFIFO_GET_SIZE, arg, 0),
			-EFAULT);
	KUNIT_EXPECT_EQ(test, tk_ioctl(file, GLOBALFIFO_SET_SIZE, arg, 0),
			-EFAULT);
	KUNIT_EXPECT_EQ(test, tk_ioctl(file, FIONREAD, arg, 0), -EFAULT);
	tk_leave_mm();
}

/* Test that fsync finds nothing to do, with bytes in the FIFO, too (S1). */
static void chardev_fsync(struct kunit *test)
{
	struct file *file = device_open(test, O_RDWR);
	struct tk_iocb iocb;

	tk_iocb_sync(&iocb, file, 0);
	KUNIT_EXPECT_EQ(test, device_write(&iocb, "x"), 1);
	KUNIT_EXPECT_EQ(test, vfs_fsync(file, 0), 0);
	KUNIT_EXPECT_EQ(test, vfs_fsync(file, 1), 0);
}

/* The device is one for all cases. */
static int chardev_test_init(struct kunit *test)
{
	struct file *file = device_open(test, O_RDONLY);

	gf_fifo_clear(file->private_data);
	return 0;
}

static void chardev_test_exit(struct kunit *test)
{
	chardev_test_init(test);
}

static struct kunit_case chardev_cases[] = {
	KUNIT_CASE(chardev_open),
	KUNIT_CASE(chardev_directions),
	KUNIT_CASE(chardev_sysfs),
	KUNIT_CASE(chardev_outlives),
	KUNIT_CASE(chardev_counts),
	KUNIT_CASE_PARAM(chardev_nowait, nowait_gen_params),
	KUNIT_CASE(chardev_aio),
	KUNIT_CASE(chardev_blocks),
	KUNIT_CASE(chardev_poll),
	KUNIT_CASE(chardev_fasync),
	KUNIT_CASE_PARAM(chardev_clear, clear_gen_params),
	KUNIT_CASE(chardev_ioctl_errors),
	KUNIT_CASE(chardev_size),
	KUNIT_CASE(chardev_ioctl_fault),
	KUNIT_CASE(chardev_fsync),
	{}
};

static struct kunit_suite chardev_suite = {
	.name = "chardev",
	.init = chardev_test_init,
	.exit = chardev_test_exit,
	.test_cases = chardev_cases,
};

kunit_test_suite(chardev_suite);

MODULE_DESCRIPTION("KUnit tests of globalfifo's file operations");
MODULE_LICENSE("GPL");
