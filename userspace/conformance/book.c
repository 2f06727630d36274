// SPDX-License-Identifier: GPL-2.0
/*
 * The driver that the book ends with: bytes moved to the front by memmove(), one
 * list for SIGIO, POLL_IN only, a message for each call. Its own bugs are left as
 * they are, but for what no longer compiles; the node comes from misc_register(),
 * as in its later chapters.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/init.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#define BOOK_SIZE	0x1000
#define BOOK_CLEAR	0x1

struct book_dev {
	unsigned int current_len;
	unsigned char mem[BOOK_SIZE];
	struct mutex mutex;	/* guards @current_len and @mem */
	wait_queue_head_t r_wait;
	wait_queue_head_t w_wait;
	struct fasync_struct *async_queue;
};

static struct book_dev book;

static int book_fasync(int fd, struct file *file, int mode)
{
	struct book_dev *dev = file->private_data;

	return fasync_helper(fd, file, mode, &dev->async_queue);
}

static int book_open(struct inode *inode, struct file *file)
{
	file->private_data = &book;
	return 0;
}

static int book_release(struct inode *inode, struct file *file)
{
	return book_fasync(-1, file, 0);
}

static long book_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct book_dev *dev = file->private_data;

	switch (cmd) {
	case BOOK_CLEAR:
		mutex_lock(&dev->mutex);
		dev->current_len = 0;
		memset(dev->mem, 0, BOOK_SIZE);
		mutex_unlock(&dev->mutex);
		pr_info("set to zero\n");
		return 0;
	default:
		return -EINVAL;
	}
}

static __poll_t book_poll(struct file *file, poll_table *wait)
{
	struct book_dev *dev = file->private_data;
	__poll_t mask = 0;

	mutex_lock(&dev->mutex);
	poll_wait(file, &dev->r_wait, wait);
	poll_wait(file, &dev->w_wait, wait);
	if (dev->current_len != 0)
		mask |= EPOLLIN | EPOLLRDNORM;
	if (dev->current_len != BOOK_SIZE)
		mask |= EPOLLOUT | EPOLLWRNORM;
	mutex_unlock(&dev->mutex);
	return mask;
}

static ssize_t book_read(struct file *file, char __user *buf, size_t count,
			 loff_t *ppos)
{
	struct book_dev *dev = file->private_data;
	DECLARE_WAITQUEUE(wait, current);
	int ret;

	mutex_lock(&dev->mutex);
	add_wait_queue(&dev->r_wait, &wait);

	while (dev->current_len == 0) {
		if (file->f_flags & O_NONBLOCK) {
			ret = -EAGAIN;
			goto out;
		}
		__set_current_state(TASK_INTERRUPTIBLE);
		mutex_unlock(&dev->mutex);
		schedule();
		if (signal_pending(current)) {
			ret = -ERESTARTSYS;
			goto out2;
		}
		mutex_lock(&dev->mutex);
	}

	if (count > dev->current_len)
		count = dev->current_len;
	if (copy_to_user(buf, dev->mem, count)) {
		ret = -EFAULT;
		goto out;
	}
	memmove(dev->mem, dev->mem + count, dev->current_len - count);
	dev->current_len -= count;
	pr_info("read %zu bytes, current_len: %u\n", count, dev->current_len);
	wake_up_interruptible(&dev->w_wait);
	ret = count;
out:
	mutex_unlock(&dev->mutex);
out2:
	remove_wait_queue(&dev->r_wait, &wait);
	set_current_state(TASK_RUNNING);
	return ret;
}

static ssize_t book_write(struct file *file, const char __user *buf,
			  size_t count, loff_t *ppos)
{
	struct book_dev *dev = file->private_data;
	DECLARE_WAITQUEUE(wait, current);
	int ret;

	mutex_lock(&dev->mutex);
	add_wait_queue(&dev->w_wait, &wait);

	while (dev->current_len == BOOK_SIZE) {
		if (file->f_flags & O_NONBLOCK) {
			ret = -EAGAIN;
			goto out;
		}
		__set_current_state(TASK_INTERRUPTIBLE);
		mutex_unlock(&dev->mutex);
		schedule();
		if (signal_pending(current)) {
			ret = -ERESTARTSYS;
			goto out2;
		}
		mutex_lock(&dev->mutex);
	}

	if (count > BOOK_SIZE - dev->current_len)
		count = BOOK_SIZE - dev->current_len;
	if (copy_from_user(dev->mem + dev->current_len, buf, count)) {
		ret = -EFAULT;
		goto out;
	}
	dev->current_len += count;
	pr_info("written %zu bytes, current_len: %u\n", count,
		dev->current_len);
	wake_up_interruptible(&dev->r_wait);
	if (dev->async_queue)
		kill_fasync(&dev->async_queue, SIGIO, POLL_IN);
	ret = count;
out:
	mutex_unlock(&dev->mutex);
out2:
	remove_wait_queue(&dev->w_wait, &wait);
	set_current_state(TASK_RUNNING);
	return ret;
}

static const struct file_operations book_fops = {
	.owner		= THIS_MODULE,
	.open		= book_open,
	.release	= book_release,
	.read		= book_read,
	.write		= book_write,
	.poll		= book_poll,
	.unlocked_ioctl	= book_ioctl,
	.fasync		= book_fasync,
};

static struct miscdevice book_misc = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= KBUILD_MODNAME,
	.fops	= &book_fops,
};

static int __init book_init(void)
{
	mutex_init(&book.mutex);
	init_waitqueue_head(&book.r_wait);
	init_waitqueue_head(&book.w_wait);
	return misc_register(&book_misc);
}
module_init(book_init);

static void __exit book_exit(void)
{
	misc_deregister(&book_misc);
}
module_exit(book_exit);

MODULE_DESCRIPTION("The book's FIFO");
MODULE_LICENSE("GPL");
