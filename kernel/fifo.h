/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The core: one FIFO, its lock and its rules. It knows nothing of devices,
 * only of the files and buffers that it is handed.
 *
 * Lock order, outermost first:
 *
 *	gf_fifo.lock			a mutex: the ring, who waits for what, counts
 *	  gf_waiters.queue.lock		of either side
 *	  gf_aio.lock			asynchronous requests; also in ctx_lock of fs/aio.c
 *
 *	gf_notify.lock			a mutex, on its own: who is told by SIGIO
 *
 * Nothing is woken, signalled or completed under gf_fifo.lock, and no page fault
 * is taken under it (R4; see transfer.h). So whoever holds the lock gives it back
 * soon, and the time to take it does not count as blocking, for O_NONBLOCK and
 * its like (R2).
 *
 * Asynchronous requests that wait come first (A2): while any is in line, what
 * there is for its direction is not offered to anybody else. gf_fifo_unlock()
 * starts the server when the first of them can go on; it serves one after the
 * other, as if each had called then.
 */
#ifndef _GLOBALFIFO_FIFO_H
#define _GLOBALFIFO_FIFO_H

#include <linux/atomic.h>
#include <linux/fs.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "aio.h"
#include "notify.h"
#include "ring.h"
#include "transfer.h"
#include "waiters.h"

struct iov_iter;

/**
 * struct gf_fifo_stats - what has happened since the FIFO was made
 * @bytes_in: bytes written
 * @bytes_out: bytes read; those that CLEAR threw away are not among them
 * @reads: reads that moved bytes
 * @writes: writes that moved bytes
 * @sleeps: how often a call went to sleep
 * @wakes: how often a sleeper was woken because he could go on
 * @signals: how often there was a file to be told by SIGIO
 * @aio_queued: asynchronous requests that had to wait
 * @aio_completed: of those, how many were served, or failed
 * @aio_cancelled: and how many were cancelled
 */
struct gf_fifo_stats {
	u64 bytes_in;
	u64 bytes_out;
	u64 reads;
	u64 writes;
	u64 sleeps;
	u64 wakes;
	u64 signals;
	u64 aio_queued;
	u64 aio_completed;
	u64 aio_cancelled;
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
 * @aio: asynchronous requests that wait
 * @ops: how bytes cross the border
 * @devt: what tracepoints call it
 * @load_size: its first size, beyond which SET_SIZE is privileged
 * @stats: for gf_fifo_stats(), but for the next two members
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
	struct gf_aio aio;
	const struct gf_user_ops *ops;
	dev_t devt;
	unsigned int load_size;
	struct gf_fifo_stats stats;
	atomic64_t wakes;
	atomic64_t signals;
	atomic_t open_readers;
	atomic_t open_writers;
};

int gf_fifo_init(struct gf_fifo *fifo, unsigned int size, unsigned int max_aio,
		 const struct gf_user_ops *ops, dev_t devt);
void gf_fifo_destroy(struct gf_fifo *fifo);
void gf_fifo_open(struct gf_fifo *fifo, fmode_t mode);
void gf_fifo_close(struct gf_fifo *fifo, fmode_t mode);
ssize_t gf_fifo_read(struct gf_fifo *fifo, struct iov_iter *to, bool nowait);
ssize_t gf_fifo_write(struct gf_fifo *fifo, struct iov_iter *from, bool nowait);
ssize_t gf_fifo_submit(struct gf_fifo *fifo, int rw, struct kiocb *iocb,
		       struct iov_iter *iter);
void gf_fifo_clear(struct gf_fifo *fifo);
int gf_fifo_resize(struct gf_fifo *fifo, unsigned int size);
size_t gf_fifo_size(const struct gf_fifo *fifo);
size_t gf_fifo_fill(const struct gf_fifo *fifo);
struct gf_fifo_stats gf_fifo_stats(struct gf_fifo *fifo);
__poll_t gf_fifo_poll(struct gf_fifo *fifo, struct file *file,
		      poll_table *wait);

#endif /* _GLOBALFIFO_FIFO_H */
