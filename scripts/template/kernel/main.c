// SPDX-License-Identifier: GPL-2.0
/* The shim: file operations, user memory, loading and unloading. */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include "core.h"
#include "main.h"

static struct box box;

static ssize_t box_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	bool wait = !(iocb->ki_filp->f_flags & O_NONBLOCK);
	struct box_message *message;
	size_t len;

	if (!iov_iter_count(to))
		return 0;
	message = box_take(&box, wait);
	if (IS_ERR(message))
		return PTR_ERR(message);
	len = min(message->len, iov_iter_count(to));
	if (copy_to_iter(message->bytes, len, to) != len) {
		box_put_back(&box, message);
		return -EFAULT;
	}
	kfree(message);
	return len;
}

static ssize_t box_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	size_t len = iov_iter_count(from);
	struct box_message *message;

	if (!len)
		return 0;
	if (len > BOX_MAX)
		return -EMSGSIZE;
	message = box_message(len);
	if (!message)
		return -ENOMEM;
	if (!copy_from_iter_full(message->bytes, len, from)) {
		kfree(message);
		return -EFAULT;
	}
	box_put(&box, message);
	return len;
}

static __poll_t box_poll(struct file *file, poll_table *wait)
{
	poll_wait(file, &box.queue, wait);
	return box_level(&box);
}

/* No position: it would mean nothing. */
static int box_open(struct inode *inode, struct file *file)
{
	return stream_open(inode, file);
}

static const struct file_operations box_fops = {
	.owner		= THIS_MODULE,
	.open		= box_open,
	.read_iter	= box_read_iter,
	.write_iter	= box_write_iter,
	.poll		= box_poll,
};

struct miscdevice box_device = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= KBUILD_MODNAME,
	.fops	= &box_fops,
	.mode	= 0600,
};

/* Neither is __init or __exit, so that the suite can do it again. */
void box_unload(void)
{
	misc_deregister(&box_device);
	box_destroy(&box);
}
module_exit(box_unload);

int box_load(void)
{
	box_init(&box);
	return misc_register(&box_device);
}
module_init(box_load);

MODULE_AUTHOR("the mailbox developers");
MODULE_DESCRIPTION("A device that holds one message");
MODULE_VERSION("0.1");
MODULE_LICENSE("GPL");
