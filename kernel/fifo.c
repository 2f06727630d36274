// SPDX-License-Identifier: GPL-2.0
/* The core: one FIFO, its lock and its rules. See fifo.h. */

#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/lockdep.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "fifo.h"
#include "globalfifo.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/* How often a copy may get no further although its pages were just brought in. */
#define GF_FAULT_RETRIES	16

static size_t gf_to_iter(const void *from, size_t len, struct iov_iter *to)
{
	return copy_to_iter(from, len, to);
}

static size_t gf_from_iter(void *to, size_t len, struct iov_iter *from)
{
	return copy_from_iter(to, len, from);
}

/*
 * A stack may have to grow to hold the buffer. Only a real fault makes it do
 * so, as under read(2) from a pipe; fault_in_iov_iter_writeable() walks the
 * page tables instead, and leaves the bytes of the buffer alone.
 */
static size_t gf_fault_in_writeable(const struct iov_iter *to, size_t len)
{
	fault_in_iov_iter_readable(to, len);
	return fault_in_iov_iter_writeable(to, len);
}

/* The real border: whatever memory the iov_iter describes. */
const struct gf_fifo_ops gf_fifo_uaccess = {
	.to_iter		= gf_to_iter,
	.from_iter		= gf_from_iter,
	.fault_in_writeable	= gf_fault_in_writeable,
	.fault_in_readable	= fault_in_iov_iter_readable,
};

/**
 * gf_fifo_init - make an empty FIFO
 * @fifo: what to initialise
 * @size: its bytes, a power of two
 * @ops: how bytes cross the border; &gf_fifo_uaccess outside tests
 * @devt: what tracepoints call it
 *
 * Context: process; may sleep.
 * Return: 0, or -ENOMEM.
 */
int gf_fifo_init(struct gf_fifo *fifo, unsigned int size,
		 const struct gf_fifo_ops *ops, dev_t devt)
{
	void *data = kvmalloc(size, GFP_KERNEL);

	if (!data)
		return -ENOMEM;

	*fifo = (struct gf_fifo){
		.ops = ops, .devt = devt, .load_size = size,
	};
	mutex_init(&fifo->lock);
	gf_ring_init(&fifo->ring, data, size);
	gf_waiters_init(&fifo->readers, &fifo->lock);
	gf_waiters_init(&fifo->writers, &fifo->lock);
	init_waitqueue_head(&fifo->poll);
	gf_notify_init(&fifo->notify);
	return 0;
}

/**
 * gf_fifo_destroy - free what gf_fifo_init() allocated
 * @fifo: a FIFO that nobody uses any more
 *
 * Context: process; may sleep.
 */
void gf_fifo_destroy(struct gf_fifo *fifo)
{
	mutex_destroy(&fifo->notify.lock);
	mutex_destroy(&fifo->lock);
	kvfree(fifo->ring.data);
}

/**
 * gf_fifo_open - a file comes
 * @fifo: the FIFO
 * @mode: its f_mode
 *
 * Context: any.
 */
void gf_fifo_open(struct gf_fifo *fifo, fmode_t mode)
{
	if (mode & FMODE_READ)
		atomic_inc(&fifo->open_readers);
	if (mode & FMODE_WRITE)
		atomic_inc(&fifo->open_writers);
}

/**
 * gf_fifo_close - a file goes
 * @fifo: the FIFO
 * @mode: what gf_fifo_open() was given
 *
 * Context: any.
 */
void gf_fifo_close(struct gf_fifo *fifo, fmode_t mode)
{
	if (mode & FMODE_READ)
		atomic_dec(&fifo->open_readers);
	if (mode & FMODE_WRITE)
		atomic_dec(&fifo->open_writers);
}

static struct gf_waiters *gf_fifo_side(struct gf_fifo *fifo, int rw)
{
	return rw == READ ? &fifo->readers : &fifo->writers;
}

/* What there is for @rw: bytes to read, or room to write to. */
static size_t gf_fifo_avail(const struct gf_fifo *fifo, int rw)
{
	lockdep_assert_held(&fifo->lock);
	return rw == READ ? gf_ring_used(&fifo->ring) :
			    gf_ring_room(&fifo->ring);
}

static void gf_fifo_wake(struct gf_fifo *fifo, int rw, struct gf_supply supply,
			 size_t fill)
{
	unsigned int woken = gf_waiters_wake(gf_fifo_side(fifo, rw), supply);

	if (!woken)
		return;
	atomic64_add(woken, &fifo->wakes);
	trace_globalfifo_wake(fifo, rw, supply.avail, fill, woken);
}

/*
 * Every way out of the lock: whatever was done or left undone under it, those
 * who can go on now are woken. Usually nobody sleeps, and this is two loads.
 */
static void gf_fifo_unlock(struct gf_fifo *fifo)
{
	size_t fill = gf_fifo_avail(fifo, READ);
	struct gf_supply bytes, room;

	bytes = gf_waiters_supply(&fifo->readers, fill);
	room = gf_waiters_supply(&fifo->writers, gf_fifo_avail(fifo, WRITE));
	mutex_unlock(&fifo->lock);
	gf_fifo_wake(fifo, READ, bytes, fill);
	gf_fifo_wake(fifo, WRITE, room, fill);
}

/*
 * Take the lock with at least @need there for @rw. If @need is there and a
 * signal is pending as well, the transfer wins.
 *
 * Returns 0 with the lock held, else an error without it.
 */
static int gf_fifo_lock_when(struct gf_fifo *fifo, int rw, size_t need,
			     size_t want, bool nowait)
{
	struct gf_waiter waiter;

	mutex_lock(&fifo->lock);
	while (gf_fifo_avail(fifo, rw) < need) {
		if (nowait || signal_pending(current)) {
			gf_fifo_unlock(fifo);
			return nowait ? -EAGAIN : -ERESTARTSYS;
		}
		fifo->stats.sleeps++;
		trace_globalfifo_sleep(fifo, rw, need,
				       gf_fifo_avail(fifo, READ));
		gf_waiter_start(&waiter, gf_fifo_side(fifo, rw), need, want);
		gf_fifo_unlock(fifo);
		schedule();
		mutex_lock(&fifo->lock);
		gf_waiter_finish(&waiter);
	}
	return 0;
}

/* Copy one span; returns how many bytes made it. */
static size_t gf_fifo_copy_span(struct gf_fifo *fifo, int rw,
				struct gf_span span, struct iov_iter *iter)
{
	return rw == READ ? fifo->ops->to_iter(span.base, span.len, iter) :
			    fifo->ops->from_iter(span.base, span.len, iter);
}

/*
 * Copy @len bytes between the ring and @iter. Returns how many made it, by
 * which @iter has advanced; the ring is as it was.
 */
static size_t gf_fifo_copy(struct gf_fifo *fifo, int rw, struct iov_iter *iter,
			   size_t len)
{
	struct gf_span span;
	size_t done = 0;
	size_t copied;

	lockdep_assert_held(&fifo->lock);
	pagefault_disable();
	do {
		span = rw == READ ? gf_ring_used_span(&fifo->ring, done) :
				    gf_ring_room_span(&fifo->ring, done);
		span.len = min(span.len, len - done);
		copied = gf_fifo_copy_span(fifo, rw, span, iter);
		done += copied;
	} while (copied == span.len && done < len);
	pagefault_enable();
	return done;
}

/* Bring in @len bytes' worth of pages; returns how many bytes are bad. */
static size_t gf_fifo_fault_in(struct gf_fifo *fifo, int rw,
			       const struct iov_iter *iter, size_t len)
{
	lockdep_assert_not_held(&fifo->lock);
	return rw == READ ? fifo->ops->fault_in_writeable(iter, len) :
			    fifo->ops->fault_in_readable(iter, len);
}

/*
 * Unlock, and tell those who do not sleep in a call that @rw can be done now:
 * @bytes came in, or room came.
 *
 * IOCB_CMD_POLL and io_uring's one-shot poll take the key for the result, so
 * POLLOUT is said only if it is true. Without a key everybody looks for himself:
 * io_uring does so for a write of less than GLOBALFIFO_ATOMIC bytes, too.
 */
static void gf_fifo_announce(struct gf_fifo *fifo, int rw, size_t bytes)
{
	bool pollout = gf_fifo_avail(fifo, WRITE) >= GLOBALFIFO_ATOMIC;
	size_t fill = gf_fifo_avail(fifo, READ);
	bool told;

	gf_fifo_unlock(fifo);
	if (rw == READ) {
		wake_up_poll(&fifo->poll, EPOLLIN | EPOLLRDNORM);
		told = gf_notify_readable(&fifo->notify);
	} else {
		wake_up_poll(&fifo->poll, pollout ? EPOLLOUT | EPOLLWRNORM : 0);
		told = gf_notify_writable(&fifo->notify);
	}
	if (!told)
		return;
	atomic64_inc(&fifo->signals);
	trace_globalfifo_signal(fifo, rw, bytes, fill);
}

/* @done bytes were copied to the user's buffer: take them, and let go. */
static void gf_fifo_finish_read(struct gf_fifo *fifo, size_t done)
{
	gf_ring_take(&fifo->ring, done);
	fifo->stats.reads++;
	fifo->stats.bytes_out += done;
	trace_globalfifo_read(fifo, done, gf_fifo_avail(fifo, READ));
	gf_fifo_announce(fifo, WRITE, done);
}

/* @done bytes were copied to the room: make them bytes held, and let go. */
static void gf_fifo_finish_write(struct gf_fifo *fifo, size_t done)
{
	gf_ring_put(&fifo->ring, done);
	fifo->stats.writes++;
	fifo->stats.bytes_in += done;
	trace_globalfifo_write(fifo, done, gf_fifo_avail(fifo, READ));
	gf_fifo_announce(fifo, READ, done);
}

/*
 * One read or write. @need is the least that may be transferred; @limit the
 * most, which shrinks to the bytes before a bad address.
 */
static ssize_t gf_fifo_transfer(struct gf_fifo *fifo, int rw,
				struct iov_iter *iter, size_t need, bool nowait)
{
	size_t limit = iov_iter_count(iter);
	unsigned int retries = GF_FAULT_RETRIES;
	size_t len, done, bad, most = 0;
	int err;

	for (;;) {
		err = gf_fifo_lock_when(fifo, rw, need, limit, nowait);
		if (err)
			return err;

		len = min(limit, gf_fifo_avail(fifo, rw));
		done = gf_fifo_copy(fifo, rw, iter, len);
		/* A retry that gets further is not fruitless. */
		if (done > most)
			retries = GF_FAULT_RETRIES;
		most = max(most, done);
		if (done == len || (!retries && done >= need))
			break;

		/* Once more, with the pages: or as far as they are good. */
		iov_iter_revert(iter, done);
		gf_fifo_unlock(fifo);
		bad = gf_fifo_fault_in(fifo, rw, iter, len);
		if (bad)
			limit = len - bad;
		if (limit < need || !retries--)
			return -EFAULT;
	}

	if (rw == READ)
		gf_fifo_finish_read(fifo, done);
	else
		gf_fifo_finish_write(fifo, done);
	return done;
}

/**
 * gf_fifo_read - take bytes out
 * @fifo: the FIFO
 * @to: where they go; advanced by what is returned
 * @nowait: fail rather than sleep on an empty FIFO
 *
 * Takes what is there, up to the room in @to, and sleeps only when there is
 * nothing (R1, R2).
 *
 * Context: process; may sleep, for faults even if @nowait.
 * Return: how many bytes, 0 only if @to has no room; -EAGAIN if empty and
 * @nowait; -ERESTARTSYS if a signal ended the wait; -EFAULT if not even the
 * first byte of @to can be written.
 */
ssize_t gf_fifo_read(struct gf_fifo *fifo, struct iov_iter *to, bool nowait)
{
	if (!iov_iter_count(to))
		return 0;
	return gf_fifo_transfer(fifo, READ, to, 1, nowait);
}

/**
 * gf_fifo_write - put bytes in
 * @fifo: the FIFO
 * @from: where they come from; advanced by what is returned
 * @nowait: fail rather than sleep for want of room
 *
 * Sleeps until GLOBALFIFO_ATOMIC bytes fit, or all of @from if that is less,
 * then puts in what fits, side by side (W1).
 *
 * Context: process; may sleep, for faults even if @nowait.
 * Return: how many bytes, 0 only if @from has none; -EAGAIN if they do not fit
 * and @nowait; -ERESTARTSYS if a signal ended the wait; -EFAULT if fewer bytes
 * than have to go in together can be read.
 */
ssize_t gf_fifo_write(struct gf_fifo *fifo, struct iov_iter *from, bool nowait)
{
	size_t need = min_t(size_t, iov_iter_count(from), GLOBALFIFO_ATOMIC);

	if (!need)
		return 0;
	return gf_fifo_transfer(fifo, WRITE, from, need, nowait);
}

/**
 * gf_fifo_clear - throw away what is held
 * @fifo: the FIFO
 *
 * Wakes as many writers as then fit, and tells of the room if any came (I1).
 *
 * Context: process; may sleep.
 */
void gf_fifo_clear(struct gf_fifo *fifo)
{
	size_t dropped;

	mutex_lock(&fifo->lock);
	dropped = gf_ring_take(&fifo->ring, SIZE_MAX);
	if (!dropped) {
		gf_fifo_unlock(fifo);
		return;
	}
	trace_globalfifo_clear(fifo, dropped, gf_fifo_avail(fifo, READ));
	gf_fifo_announce(fifo, WRITE, dropped);
}

/**
 * gf_fifo_resize - hold more, or less
 * @fifo: the FIFO
 * @size: bytes, rounded up to a power of two
 *
 * Keeps every byte. Wakes those whom growth lets in, and tells of the room.
 * As F_SETPIPE_SZ of pipe(2), but for what it rounds to and who may grow.
 *
 * Context: process; may sleep.
 * Return: 0; -EINVAL outside GLOBALFIFO_SIZE_MIN..GLOBALFIFO_SIZE_MAX; -EPERM
 * beyond the first size without CAP_SYS_RESOURCE; -ENOMEM; -EBUSY if more is
 * held than fits.
 */
int gf_fifo_resize(struct gf_fifo *fifo, unsigned int size)
{
	unsigned int old;
	void *data;
	int err = 0;

	if (size < GLOBALFIFO_SIZE_MIN || size > GLOBALFIFO_SIZE_MAX)
		return -EINVAL;
	size = roundup_pow_of_two(size);
	if (size > fifo->load_size && !capable(CAP_SYS_RESOURCE))
		return -EPERM;
	/* A program that asks for too much is told so, and nobody else (T3). */
	data = kvmalloc(size, GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!data)
		return -ENOMEM;

	mutex_lock(&fifo->lock);
	old = fifo->ring.size;
	if (gf_fifo_avail(fifo, READ) > size)
		err = -EBUSY;
	else
		data = gf_ring_move(&fifo->ring, data, size);
	if (!err && size > old)
		gf_fifo_announce(fifo, WRITE, size - old);
	else
		gf_fifo_unlock(fifo);
	/* The old buffer, or the new one that could not be used. */
	kvfree(data);
	return err;
}

/**
 * gf_fifo_size - how many bytes there can be
 * @fifo: the FIFO
 *
 * Context: any.
 * Return: the size at some moment during the call.
 */
size_t gf_fifo_size(const struct gf_fifo *fifo)
{
	return gf_ring_peek(&fifo->ring).size;
}

/**
 * gf_fifo_fill - how many bytes are held
 * @fifo: the FIFO
 *
 * Context: any.
 * Return: how many there were at some moment during the call.
 */
size_t gf_fifo_fill(const struct gf_fifo *fifo)
{
	struct gf_ring ring = gf_ring_peek(&fifo->ring);

	return gf_ring_used(&ring);
}

/**
 * gf_fifo_stats - what has happened
 * @fifo: the FIFO
 *
 * Context: process; may sleep.
 * Return: the counts. Wakeups and signals follow a transfer, and may be a
 * moment behind it.
 */
struct gf_fifo_stats gf_fifo_stats(struct gf_fifo *fifo)
{
	struct gf_fifo_stats stats;

	mutex_lock(&fifo->lock);
	stats = fifo->stats;
	mutex_unlock(&fifo->lock);
	stats.wakes = atomic64_read(&fifo->wakes);
	stats.signals = atomic64_read(&fifo->signals);
	return stats;
}

/**
 * gf_fifo_poll - what would not block
 * @fifo: the FIFO
 * @file: the file, which says the directions to look at
 * @wait: how to be told of changes
 *
 * The state is read without the lock, but after poll_wait(): a transfer whose
 * wakeup missed the new entry released the queue's lock before poll_wait()
 * took it, so its bytes are seen here. For that, a transfer must always take
 * the queue's lock, without a look at waitqueue_active() first.
 *
 * Context: process.
 * Return: EPOLLIN and EPOLLRDNORM if a read would not block, EPOLLOUT and
 * EPOLLWRNORM if a write of GLOBALFIFO_ATOMIC bytes would not (K3).
 */
__poll_t gf_fifo_poll(struct gf_fifo *fifo, struct file *file, poll_table *wait)
{
	struct gf_ring ring;
	__poll_t mask = 0;

	poll_wait(file, &fifo->poll, wait);
	ring = gf_ring_peek(&fifo->ring);
	if ((file->f_mode & FMODE_READ) && gf_ring_used(&ring) > 0)
		mask |= EPOLLIN | EPOLLRDNORM;
	if ((file->f_mode & FMODE_WRITE) &&
	    gf_ring_room(&ring) >= GLOBALFIFO_ATOMIC)
		mask |= EPOLLOUT | EPOLLWRNORM;
	return mask;
}
