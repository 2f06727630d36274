/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/* What a program that uses /dev/globalfifo may rely on. */
#ifndef _GLOBALFIFO_H
#define _GLOBALFIFO_H

/*
 * A write of up to this many bytes goes in whole or not at all: _POSIX_PIPE_BUF.
 * poll(2) reports POLLOUT when that much fits.
 */
#define GLOBALFIFO_ATOMIC	512

/* Bytes in a FIFO: unless the module parameter "size" says otherwise. */
#define GLOBALFIFO_SIZE		4096
#define GLOBALFIFO_SIZE_MIN	1024
#define GLOBALFIFO_SIZE_MAX	(16 * 1024 * 1024)

#endif /* _GLOBALFIFO_H */
