/* SPDX-License-Identifier: GPL-2.0 */
/* What /sys/class/globalfifo/<device>/ shows. */
#ifndef _GLOBALFIFO_SYSFS_H
#define _GLOBALFIFO_SYSFS_H

struct attribute_group;

/* For devices whose drvdata is their struct gf_fifo. */
extern const struct attribute_group *gf_sysfs_groups[];

#endif /* _GLOBALFIFO_SYSFS_H */
