// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/globalfifo: file operations, and loading and unloading. Every operation
 * unpacks its arguments and calls one function of the core, which decides.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/kdev_t.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/splice.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include <asm/ioctls.h>

#include "chardev.h"
#include "compat.h"
#include "fifo.h"
#include "globalfifo.h"
#include "notify.h"
#include "sysfs.h"

#define GF_DEVICES_MAX	256
#define GF_AIO_MAX	65536

struct gf_params gf_params = {
	.ndevices = 1,
	.size = GLOBALFIFO_SIZE,
	.max_aio = 1024,
};

module_param_named(ndevices, gf_params.ndevices, uint, 0444);
MODULE_PARM_DESC(ndevices, "How many FIFOs, 1 to 256 (default 1)");

module_param_named(size, gf_params.size, uint, 0444);
MODULE_PARM_DESC(size, "Bytes in each FIFO, a power of two from 1024 to 16777216 (default 4096)");

module_param_named(major, gf_params.major, uint, 0444);
MODULE_PARM_DESC(major, "Major device number, 0 for any that is free (default 0)");

module_param_named(max_aio, gf_params.max_aio, uint, 0444);
MODULE_PARM_DESC(max_aio, "How many asynchronous requests may wait for each FIFO, 1 to 65536 (default 1024)");

/* One device; freed with the last reference to @dev, which @cdev holds one of. */
struct gf_device {
	struct device dev;
	struct cdev cdev;
	struct gf_fifo fifo;
};

static struct class gf_class = {
	.name = "globalfifo",
	.dev_groups = gf_sysfs_groups,
};

/* Those that there are, and NULL after the last. */
static struct gf_device *gf_devices[GF_DEVICES_MAX + 1];
dev_t gf_first;

static bool gf_nowait(const struct kiocb *iocb)
{
	return (iocb->ki_flags & IOCB_NOWAIT) ||
	       (iocb->ki_filp->f_flags & O_NONBLOCK);
}

/*
 * May the request wait in the driver? From libaio only: io_uring cannot cancel
 * what it did not queue itself, and its exit would wait for ever (A7).
 */
static bool gf_queueable(const struct kiocb *iocb)
{
	return (iocb->ki_flags & IOCB_AIO_RW) && !gf_nowait(iocb);
}

static ssize_t gf_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct gf_fifo *fifo = iocb->ki_filp->private_data;

	if (gf_queueable(iocb))
		return gf_fifo_submit(fifo, READ, iocb, to);
	return gf_fifo_read(fifo, to, gf_nowait(iocb));
}

static ssize_t gf_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct gf_fifo *fifo = iocb->ki_filp->private_data;

	if (gf_queueable(iocb))
		return gf_fifo_submit(fifo, WRITE, iocb, from);
	return gf_fifo_write(fifo, from, gf_nowait(iocb));
}

static __poll_t gf_poll(struct file *file, poll_table *wait)
{
	return gf_fifo_poll(file->private_data, file, wait);
}

static int gf_fasync(int fd, struct file *file, int on)
{
	struct gf_fifo *fifo = file->private_data;

	return gf_notify_fasync(&fifo->notify, fd, file, on);
}

static long gf_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct gf_fifo *fifo = file->private_data;
	void __user *argp = (void __user *)arg;
	u32 size;

	switch (cmd) {
	case GLOBALFIFO_CLEAR:
	case GLOBALFIFO_BOOK_CLEAR:
		if (!(file->f_mode & FMODE_WRITE))
			return -EBADF;
		gf_fifo_clear(fifo);
		return 0;
	case GLOBALFIFO_GET_SIZE:
		return put_user((u32)gf_fifo_size(fifo), (u32 __user *)argp);
	case GLOBALFIFO_SET_SIZE:
		if (!(file->f_mode & FMODE_WRITE))
			return -EBADF;
		if (get_user(size, (u32 __user *)argp))
			return -EFAULT;
		return gf_fifo_resize(fifo, size);
	case FIONREAD:
		return put_user((int)gf_fifo_fill(fifo), (int __user *)argp);
	default:
		return -ENOTTY;
	}
}

static int gf_open(struct inode *inode, struct file *file)
{
	struct gf_device *gdev = container_of(inode->i_cdev, struct gf_device,
					      cdev);

	file->private_data = &gdev->fifo;
	file->f_mode |= FMODE_NOWAIT | FMODE_CAN_ODIRECT;
	gf_fifo_open(&gdev->fifo, file->f_mode);
	return stream_open(inode, file);
}

static int gf_release(struct inode *inode, struct file *file)
{
	gf_fifo_close(file->private_data, file->f_mode);
	return 0;
}

static const struct file_operations gf_fops = {
	.owner		= THIS_MODULE,
	.open		= gf_open,
	.release	= gf_release,
	.read_iter	= gf_read_iter,
	.write_iter	= gf_write_iter,
	.splice_read	= copy_splice_read,
	.splice_write	= iter_file_splice_write,
	.poll		= gf_poll,
	.unlocked_ioctl	= gf_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
	.fsync		= noop_fsync,
	.fasync		= gf_fasync,
};

static void gf_device_release(struct device *dev)
{
	struct gf_device *gdev = container_of(dev, struct gf_device, dev);

	gf_fifo_destroy(&gdev->fifo);
	kfree(gdev);
}

static struct gf_device *gf_device_alloc(dev_t devt)
{
	struct gf_device *gdev = kzalloc(sizeof(*gdev), GFP_KERNEL);

	if (!gdev)
		return NULL;
	if (gf_fifo_init(&gdev->fifo, gf_params.size, gf_params.max_aio,
			 &gf_user, devt)) {
		kfree(gdev);
		return NULL;
	}
	device_initialize(&gdev->dev);
	gdev->dev.devt = devt;
	gdev->dev.class = &gf_class;
	gdev->dev.release = gf_device_release;
	dev_set_drvdata(&gdev->dev, &gdev->fifo);
	cdev_init(&gdev->cdev, &gf_fops);
	gdev->cdev.owner = THIS_MODULE;
	return gdev;
}

/* The first node has no number in its name. */
static int gf_device_create(unsigned int index)
{
	dev_t devt = MKDEV(MAJOR(gf_first), MINOR(gf_first) + index);
	struct gf_device *gdev = gf_device_alloc(devt);

	if (!gdev)
		return -ENOMEM;
	gf_devices[index] = gdev;
	return index ? dev_set_name(&gdev->dev, "globalfifo%u", index) :
		       dev_set_name(&gdev->dev, "globalfifo");
}

static void gf_devices_remove(void)
{
	struct gf_device *gdev;
	unsigned int i;

	for (i = 0; gf_devices[i]; i++) {
		gdev = gf_devices[i];
		if (device_is_registered(&gdev->dev))
			cdev_device_del(&gdev->cdev, &gdev->dev);
		put_device(&gdev->dev);
		gf_devices[i] = NULL;
	}
}

/*
 * All are made before the first can be opened: a module whose load fails is
 * freed even if somebody has its device open.
 */
static int gf_devices_add(void)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < gf_params.ndevices && !err; i++)
		err = gf_device_create(i);
	for (i = 0; gf_devices[i] && !err; i++)
		err = cdev_device_add(&gf_devices[i]->cdev,
				      &gf_devices[i]->dev);
	return err;
}

static int gf_check_params(void)
{
	const struct gf_params p = gf_params;

	if (p.ndevices < 1 || p.ndevices > GF_DEVICES_MAX)
		pr_err("ndevices=%u: must be from 1 to %u\n", p.ndevices,
		       GF_DEVICES_MAX);
	else if (p.size < GLOBALFIFO_SIZE_MIN || p.size > GLOBALFIFO_SIZE_MAX ||
		 !is_power_of_2(p.size))
		pr_err("size=%u: must be a power of two from %u to %u\n",
		       p.size, GLOBALFIFO_SIZE_MIN, GLOBALFIFO_SIZE_MAX);
	else if (p.major >= CHRDEV_MAJOR_MAX)
		pr_err("major=%u: must be below %u\n", p.major,
		       CHRDEV_MAJOR_MAX);
	else if (p.max_aio < 1 || p.max_aio > GF_AIO_MAX)
		pr_err("max_aio=%u: must be from 1 to %u\n", p.max_aio,
		       GF_AIO_MAX);
	else
		return 0;
	return -EINVAL;
}

static int gf_register_numbers(void)
{
	int err;

	if (!gf_params.major)
		return alloc_chrdev_region(&gf_first, 0, gf_params.ndevices,
					   KBUILD_MODNAME);

	gf_first = MKDEV(gf_params.major, 0);
	err = register_chrdev_region(gf_first, gf_params.ndevices,
				     KBUILD_MODNAME);
	if (err)
		pr_err("major=%u: cannot be had, error %d\n", gf_params.major,
		       err);
	return err;
}

/* Neither is __init or __exit, so that the suite can do it again. */
void gf_unload(void)
{
	gf_devices_remove();
	class_unregister(&gf_class);
	unregister_chrdev_region(gf_first, gf_params.ndevices);
}
module_exit(gf_unload);

int gf_load(void)
{
	int err;

	err = gf_check_params();
	if (err)
		return err;
	err = gf_register_numbers();
	if (err)
		return err;
	err = class_register(&gf_class);
	if (err) {
		unregister_chrdev_region(gf_first, gf_params.ndevices);
		return err;
	}
	err = gf_devices_add();
	if (err)
		gf_unload();
	return err;
}
module_init(gf_load);

MODULE_AUTHOR("the globalfifo developers");
MODULE_DESCRIPTION("A FIFO character device with asynchronous I/O and notification");
MODULE_VERSION("1.0");
MODULE_LICENSE("GPL");
