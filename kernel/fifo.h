/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The core: one FIFO, its lock and its rules. It knows nothing of devices,
 * only of the files and buffers that it is handed.
 *
 * Lock order, outermost first:
 *
 *	gf_fifo.lock			a mutex: the ring, and who waits for what
 *	  gf_waiters.queue.lock		of either side
 *
 *	gf_notify.lock			a mutex, on its own: who is told by SIGIO
 *
 * Nothing is woken or signalled under gf_fifo.lock, and no page fault is taken
 * under it (R4): copies run with page faults disabled, and a copy that comes
 * out short is undone, its pages brought in without the lock, and tried again.
 * So whoever holds the lock gives it back soon, and the time to take it does
 * not count as blocking, for O_NONBLOCK and its like (R2).
 */
#ifndef _GLOBALFIFO_FIFO_H
#define _GLOBALFIFO_FIFO_H

#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "notify.h"
#include "ring.h"
#include "waiters.h"

struct file;
struct iov_iter;

/**
 * struct gf_fifo_ops - how bytes cross the border
 * @to_iter: copy_to_iter(); page faults are disabled
 * @from_iter: copy_from_iter(); page faults are disabled
 * @fault_in_writeable: bring pages in; returns how many bytes are bad, as
 *	fault_in_iov_iter_writeable() does
 * @fault_in_readable: likewise, as fault_in_iov_iter_readable()
 *
 * The driver has one such table, &gf_fifo_uaccess. Tests bring others, to
 * have a fault wherever they want one.
 */
struct gf_fifo_ops {
	size_t (*to_iter)(const void *from, size_t len, struct iov_iter *to);
	size_t (*from_iter)(void *to, size_t len, struct iov_iter *from);
	size_t (*fault_in_writeable)(const struct iov_iter *to, size_t len);
	size_t (*fault_in_readable)(const struct iov_iter *from, size_t len);
};

extern const struct gf_fifo_ops gf_fifo_uaccess;

/**
 * struct gf_fifo - one FIFO
 * @lock: guards @ring
 * @ring: the bytes
 * @readers: tasks asleep in read(2)
 * @writers: tasks asleep in write(2)
 * @poll: who polls, for either direction; no reader or writer sleeps here
 *	(K3), and IOCB_CMD_POLL can wait on no more than one queue
 * @notify: files that asked for SIGIO
 * @ops: how bytes cross the border
 */
struct gf_fifo {
	struct mutex lock;	/* guards @ring */
	struct gf_ring ring;
	struct gf_waiters readers;
	struct gf_waiters writers;
	wait_queue_head_t poll;
	struct gf_notify notify;
	const struct gf_fifo_ops *ops;
};

int gf_fifo_init(struct gf_fifo *fifo, unsigned int size,
		 const struct gf_fifo_ops *ops);
void gf_fifo_destroy(struct gf_fifo *fifo);
ssize_t gf_fifo_read(struct gf_fifo *fifo, struct iov_iter *to, bool nowait);
ssize_t gf_fifo_write(struct gf_fifo *fifo, struct iov_iter *from, bool nowait);
__poll_t gf_fifo_poll(struct gf_fifo *fifo, struct file *file,
		      poll_table *wait);

#endif /* _GLOBALFIFO_FIFO_H */
