/* SPDX-License-Identifier: GPL-2.0 */
/* What the suite has to know of the devices: where they are. */
#ifndef _GLOBALFIFO_CHARDEV_H
#define _GLOBALFIFO_CHARDEV_H

#include <linux/types.h>

/* The number of the first one; the others follow. */
extern dev_t gf_first;

#endif /* _GLOBALFIFO_CHARDEV_H */
