/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/* What a program that uses /dev/globalfifo may rely on. */
#ifndef _GLOBALFIFO_H
#define _GLOBALFIFO_H

#include <linux/ioctl.h>
#include <linux/types.h>

/*
 * A write of up to this many bytes goes in whole or not at all: _POSIX_PIPE_BUF.
 * poll(2) reports POLLOUT when that much fits.
 */
#define GLOBALFIFO_ATOMIC	512

/* Bytes in a FIFO: unless the module parameter "size" says otherwise. */
#define GLOBALFIFO_SIZE		4096
#define GLOBALFIFO_SIZE_MIN	1024
#define GLOBALFIFO_SIZE_MAX	(16 * 1024 * 1024)

/* Throw away what the FIFO holds. The file must be open for writing. */
#define GLOBALFIFO_CLEAR	_IO(0xfc, 1)
/* How many bytes the FIFO can hold. */
#define GLOBALFIFO_GET_SIZE	_IOR(0xfc, 2, __u32)
/*
 * Have it hold so many, rounded up to a power of two, and keep what it holds.
 * The file must be open for writing. EINVAL below GLOBALFIFO_SIZE_MIN and
 * above GLOBALFIFO_SIZE_MAX; EBUSY if more is held than fits; EPERM above the
 * size that it was loaded with, without CAP_SYS_RESOURCE.
 */
#define GLOBALFIFO_SET_SIZE	_IOW(0xfc, 3, __u32)
/* How many bytes it holds is FIONREAD, as for a pipe. */

/* GLOBALFIFO_CLEAR as the book has it: a bare number. */
#define GLOBALFIFO_BOOK_CLEAR	0x1

#endif /* _GLOBALFIFO_H */
