/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The core: one FIFO, its lock and its rules. It knows nothing of devices,
 * only of the files and buffers that it is handed.
 *
 * Lock order, outermost first:
 *
 *	gf_fifo.lock			a mutex: the ring, who waits for what, counts
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

#include <linux/atomic.h>
#include <linux/fs.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "notify.h"
#include "ring.h"
#include "waiters.h"

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
 * struct gf_fifo_stats - what has happened since the FIFO was made
 * @bytes_in: bytes written
 * @bytes_out: bytes read; those that CLEAR threw away are not among them
 * @reads: reads that moved bytes
 * @writes: writes that moved bytes
 * @sleeps: how often a call went to sleep
 * @wakes: how often a sleeper was woken because he could go on
 * @signals: how often there was a file to be told by SIGIO
 */
struct gf_fifo_stats {
	u64 bytes_in;
	u64 bytes_out;
	u64 reads;
	u64 writes;
	u64 sleeps;
	u64 wakes;
	u64 signals;
};

/**
 * struct gf_fifo - one FIFO
 * @lock: guards @ring and @stats
 * @ring: the bytes
 * @readers: tasks asleep in read(2)
 * @writers: tasks asleep in write(2)
 * @poll: who polls, for either direction; no reader or writer sleeps here
 *	(K3), and IOCB_CMD_POLL can wait on no more than one queue
 * @notify: files that asked for SIGIO
 * @ops: how bytes cross the border
 * @devt: what tracepoints call it
 * @load_size: its first size, beyond which SET_SIZE is privileged
 * @stats: for gf_fifo_stats(), but for the next two
 * @wakes: is counted without the lock
 * @signals: likewise
 * @open_readers: files open for reading
 * @open_writers: files open for writing
 */
struct gf_fifo {
	struct mutex lock;	/* guards @ring and @stats */
	struct gf_ring ring;
	struct gf_waiters readers;
	struct gf_waiters writers;
	wait_queue_head_t poll;
	struct gf_notify notify;
	const struct gf_fifo_ops *ops;
	dev_t devt;
	unsigned int load_size;
	struct gf_fifo_stats stats;
	atomic64_t wakes;
	atomic64_t signals;
	atomic_t open_readers;
	atomic_t open_writers;
};

int gf_fifo_init(struct gf_fifo *fifo, unsigned int size,
		 const struct gf_fifo_ops *ops, dev_t devt);
void gf_fifo_destroy(struct gf_fifo *fifo);
void gf_fifo_open(struct gf_fifo *fifo, fmode_t mode);
void gf_fifo_close(struct gf_fifo *fifo, fmode_t mode);
ssize_t gf_fifo_read(struct gf_fifo *fifo, struct iov_iter *to, bool nowait);
ssize_t gf_fifo_write(struct gf_fifo *fifo, struct iov_iter *from, bool nowait);
void gf_fifo_clear(struct gf_fifo *fifo);
int gf_fifo_resize(struct gf_fifo *fifo, unsigned int size);
size_t gf_fifo_size(const struct gf_fifo *fifo);
size_t gf_fifo_fill(const struct gf_fifo *fifo);
struct gf_fifo_stats gf_fifo_stats(struct gf_fifo *fifo);
__poll_t gf_fifo_poll(struct gf_fifo *fifo, struct file *file,
		      poll_table *wait);

#endif /* _GLOBALFIFO_FIFO_H */
