// SPDX-License-Identifier: GPL-2.0
/*
 * What no FIFO can go below: a write copies the bytes from the user and a read
 * copies them back, and nothing else happens. Nobody keeps two users apart.
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/uio.h>

#define COPY_SIZE	(1024 * 1024)

static void *copy_bytes;

static ssize_t copy_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	size_t count = min_t(size_t, iov_iter_count(to), COPY_SIZE);

	return copy_to_iter(copy_bytes, count, to);
}

static ssize_t copy_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	size_t count = min_t(size_t, iov_iter_count(from), COPY_SIZE);

	return copy_from_iter(copy_bytes, count, from);
}

static int copy_open(struct inode *inode, struct file *file)
{
	return stream_open(inode, file);
}

static const struct file_operations copy_fops = {
	.owner		= THIS_MODULE,
	.open		= copy_open,
	.read_iter	= copy_read_iter,
	.write_iter	= copy_write_iter,
};

static struct miscdevice copy_misc = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= KBUILD_MODNAME,
	.fops	= &copy_fops,
};

static int __init copy_init(void)
{
	int err;

	copy_bytes = kvmalloc(COPY_SIZE, GFP_KERNEL);
	if (!copy_bytes)
		return -ENOMEM;
	err = misc_register(&copy_misc);
	if (err)
		kvfree(copy_bytes);
	return err;
}
module_init(copy_init);

static void __exit copy_exit(void)
{
	misc_deregister(&copy_misc);
	kvfree(copy_bytes);
}
module_exit(copy_exit);

MODULE_DESCRIPTION("Two copies, to compare a FIFO with");
MODULE_LICENSE("GPL");
