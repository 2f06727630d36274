/* SPDX-License-Identifier: GPL-2.0 */
/* What the driver needs and older kernels call something else, by version. */
#ifndef _GLOBALFIFO_COMPAT_H
#define _GLOBALFIFO_COMPAT_H

#include <linux/version.h>
#include <linux/workqueue.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
/* 6.5 brought copy_splice_read() and took the other. */
#define copy_splice_read generic_file_splice_read
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 17, 0)
/* 6.17 gave it another name, and later kernels warn of the first. */
#define system_dfl_wq system_unbound_wq
#endif

#endif /* _GLOBALFIFO_COMPAT_H */
