// SPDX-License-Identifier: GPL-2.0
/* What sysfs shows of a FIFO. kernel/sysfs-class-globalfifo describes it. */

#include <linux/atomic.h>
#include <linux/device.h>
#include <linux/sysfs.h>

#include "fifo.h"
#include "sysfs.h"

static ssize_t size_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	return sysfs_emit(buf, "%zu\n", gf_fifo_size(dev_get_drvdata(dev)));
}
static DEVICE_ATTR_RO(size);

static ssize_t fill_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	return sysfs_emit(buf, "%zu\n", gf_fifo_fill(dev_get_drvdata(dev)));
}
static DEVICE_ATTR_RO(fill);

static ssize_t readers_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	struct gf_fifo *fifo = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%d\n", atomic_read(&fifo->open_readers));
}
static DEVICE_ATTR_RO(readers);

static ssize_t writers_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	struct gf_fifo *fifo = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%d\n", atomic_read(&fifo->open_writers));
}
static DEVICE_ATTR_RO(writers);

static ssize_t pending_aio_show(struct device *dev,
				struct device_attribute *attr, char *buf)
{
	struct gf_fifo *fifo = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%u\n", gf_aio_pending(&fifo->aio));
}
static DEVICE_ATTR_RO(pending_aio);

static struct attribute *gf_state_attrs[] = {
	&dev_attr_size.attr,
	&dev_attr_fill.attr,
	&dev_attr_readers.attr,
	&dev_attr_writers.attr,
	&dev_attr_pending_aio.attr,
	NULL
};

static const struct attribute_group gf_state_group = {
	.attrs = gf_state_attrs,
};

#define GF_STAT(name)							\
static ssize_t name##_show(struct device *dev,				\
			   struct device_attribute *attr, char *buf)	\
{									\
	struct gf_fifo_stats stats = gf_fifo_stats(dev_get_drvdata(dev)); \
									\
	return sysfs_emit(buf, "%llu\n", stats.name);			\
}									\
static DEVICE_ATTR_RO(name)

GF_STAT(bytes_in);
GF_STAT(bytes_out);
GF_STAT(reads);
GF_STAT(writes);
GF_STAT(sleeps);
GF_STAT(wakes);
GF_STAT(signals);
GF_STAT(aio_queued);
GF_STAT(aio_completed);
GF_STAT(aio_cancelled);

static struct attribute *gf_stats_attrs[] = {
	&dev_attr_bytes_in.attr,
	&dev_attr_bytes_out.attr,
	&dev_attr_reads.attr,
	&dev_attr_writes.attr,
	&dev_attr_sleeps.attr,
	&dev_attr_wakes.attr,
	&dev_attr_signals.attr,
	&dev_attr_aio_queued.attr,
	&dev_attr_aio_completed.attr,
	&dev_attr_aio_cancelled.attr,
	NULL
};

static const struct attribute_group gf_stats_group = {
	.name = "stats",
	.attrs = gf_stats_attrs,
};

const struct attribute_group *gf_sysfs_groups[] = {
	&gf_state_group,
	&gf_stats_group,
	NULL
};
