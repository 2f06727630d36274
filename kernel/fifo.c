// SPDX-License-Identifier: GPL-2.0
/* The core: one FIFO, its lock and its rules. See fifo.h. */

#include <linux/bitops.h>
#include <linux/capability.h>
#include <linux/container_of.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "fifo.h"
#include "globalfifo.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

static void gf_fifo_serve(struct work_struct *work);

/**
 * gf_fifo_init - make an empty FIFO
 * @fifo: what to initialise
 * @size: its bytes, a power of two
 * @max_aio: how many asynchronous requests may wait
 * @ops: how bytes cross the border; &gf_user outside tests
 * @devt: what tracepoints call it
 *
 * Context: process; may sleep.
 * Return: 0, or -ENOMEM.
 */
int gf_fifo_init(struct gf_fifo *fifo, unsigned int size, unsigned int max_aio,
		 const struct gf_user_ops *ops, dev_t devt)
{
	void *data = kvmalloc(size, GFP_KERNEL);
	int err;

	if (!data)
		return -ENOMEM;

	*fifo = (struct gf_fifo){
		.ops = ops, .devt = devt, .load_size = size,
	};
	err = gf_aio_init(&fifo->aio, max_aio, gf_fifo_serve);
	if (err) {
		kvfree(data);
		return err;
	}
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
	gf_aio_destroy(&fifo->aio);
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
	return gf_transfer_avail(&fifo->ring, rw);
}

/* Of that, what a call may take: nothing, while requests are in line (A2). */
static size_t gf_fifo_offer(const struct gf_fifo *fifo, int rw)
{
	return gf_aio_waiting(&fifo->aio, rw) ? 0 : gf_fifo_avail(fifo, rw);
}

/* What poll would say of one direction, if the ring were @ring (K3). */
static __poll_t gf_fifo_level(const struct gf_fifo *fifo, int rw,
			      const struct gf_ring *ring)
{
	size_t enough = rw == READ ? 1 : GLOBALFIFO_ATOMIC;

	if (gf_aio_waiting(&fifo->aio, rw) ||
	    gf_transfer_avail(ring, rw) < enough)
		return 0;
	return rw == READ ? EPOLLIN | EPOLLRDNORM : EPOLLOUT | EPOLLWRNORM;
}

/* What pollers are to be told of one direction, if anything. */
struct gf_fifo_news {
	bool any;
	__poll_t level;
};

/* Nobody is in line any more: what he left is for all, however little it is. */
static struct gf_fifo_news gf_fifo_left(struct gf_fifo *fifo, int rw)
{
	struct gf_fifo_news news = {};

	if (gf_aio_left(&fifo->aio, rw) && gf_fifo_avail(fifo, rw)) {
		news.any = true;
		news.level = gf_fifo_level(fifo, rw, &fifo->ring);
	}
	return news;
}

/* Is there a request to be served? */
static bool gf_fifo_servable(struct gf_fifo *fifo)
{
	return gf_aio_ready(&fifo->aio, READ, gf_fifo_avail(fifo, READ)) ||
	       gf_aio_ready(&fifo->aio, WRITE, gf_fifo_avail(fifo, WRITE));
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

static void gf_fifo_tell(struct gf_fifo *fifo, struct gf_fifo_news news)
{
	if (news.any)
		wake_up_poll(&fifo->poll, news.level);
}

/* Does nobody sleep, and no request wait? Usually so; this is a few loads. */
static bool gf_fifo_quiet(struct gf_fifo *fifo)
{
	lockdep_assert_held(&fifo->lock);
	/* No barrier: whoever goes to sleep holds the lock as he begins to. */
	if (waitqueue_active(&fifo->readers.queue))
		return false;
	/* Likewise. */
	if (waitqueue_active(&fifo->writers.queue))
		return false;
	return gf_aio_quiet(&fifo->aio);
}

/* Unlock, and have those go on who can. */
static noinline void gf_fifo_unlock_wake(struct gf_fifo *fifo)
{
	struct gf_fifo_news bytes_left = {}, room_left = {};
	size_t fill = gf_fifo_avail(fifo, READ);
	struct gf_supply bytes, room;

	bytes = gf_waiters_supply(&fifo->readers, gf_fifo_offer(fifo, READ));
	room = gf_waiters_supply(&fifo->writers, gf_fifo_offer(fifo, WRITE));
	if (!gf_aio_quiet(&fifo->aio)) {
		bytes_left = gf_fifo_left(fifo, READ);
		room_left = gf_fifo_left(fifo, WRITE);
		if (gf_fifo_servable(fifo))
			gf_aio_kick(&fifo->aio);
	}
	mutex_unlock(&fifo->lock);
	gf_fifo_wake(fifo, READ, bytes, fill);
	gf_fifo_wake(fifo, WRITE, room, fill);
	gf_fifo_tell(fifo, bytes_left);
	gf_fifo_tell(fifo, room_left);
}

/*
 * Every way out of the lock: whatever was done or left undone under it, those
 * who can go on now are woken.
 */
static void gf_fifo_unlock(struct gf_fifo *fifo)
{
	if (gf_fifo_quiet(fifo))
		mutex_unlock(&fifo->lock);
	else
		gf_fifo_unlock_wake(fifo);
}

/*
 * Sleep until there may be @need for @rw, or until a signal comes. With the lock
 * before and after, but not meanwhile. Not inlined: many kernels clear the waiter's
 * memory, which need not be done for a call that finds what it wants.
 */
static noinline void gf_fifo_sleep(struct gf_fifo *fifo, int rw, size_t need,
				   size_t want)
{
	bool quiet = gf_fifo_quiet(fifo);
	struct gf_waiter waiter;

	fifo->stats.sleeps++;
	trace_globalfifo_sleep(fifo, rw, need, gf_fifo_avail(fifo, READ));
	gf_waiter_start(&waiter, gf_fifo_side(fifo, rw), need, want);
	/* As gf_fifo_unlock(), but for ourselves. */
	if (quiet)
		mutex_unlock(&fifo->lock);
	else
		gf_fifo_unlock_wake(fifo);
	schedule();
	mutex_lock(&fifo->lock);
	gf_waiter_finish(&waiter);
}

/*
 * Take the lock with at least @need there for @rw. If @need is there and a
 * signal is pending as well, the transfer wins.
 *
 * Returns 0 with the lock held, else an error without it.
 */
static __always_inline int gf_fifo_lock_when(struct gf_fifo *fifo, int rw,
					     size_t need, size_t want,
					     bool nowait)
{
	mutex_lock(&fifo->lock);
	while (gf_fifo_offer(fifo, rw) < need) {
		if (nowait || signal_pending(current)) {
			gf_fifo_unlock(fifo);
			return nowait ? -EAGAIN : -ERESTARTSYS;
		}
		gf_fifo_sleep(fifo, rw, need, want);
	}
	return 0;
}

/*
 * Unlock, and tell those who do not sleep in a call that @rw can be done now.
 *
 * IOCB_CMD_POLL and io_uring's one-shot poll take the key for the result, so
 * it is said only if it is true. Without a key everybody looks for himself:
 * io_uring does so for a write of less than GLOBALFIFO_ATOMIC bytes, too.
 */
static noinline void gf_fifo_unlock_tell(struct gf_fifo *fifo, int rw,
					 size_t bytes)
{
	__poll_t level = gf_fifo_level(fifo, rw, &fifo->ring);
	size_t fill = gf_fifo_avail(fifo, READ);
	bool told;

	gf_fifo_unlock(fifo);
	wake_up_poll(&fifo->poll, level);
	told = rw == READ ? gf_notify_readable(&fifo->notify) :
			    gf_notify_writable(&fifo->notify);
	if (!told)
		return;
	atomic64_inc(&fifo->signals);
	trace_globalfifo_signal(fifo, rw, bytes, fill);
}

/*
 * The way out of the lock after @rw became possible: @bytes came in, or room came.
 * Whoever comes to poll after the look at the queue sees that: see gf_fifo_poll().
 */
static void gf_fifo_announce(struct gf_fifo *fifo, int rw, size_t bytes)
{
	if (gf_fifo_quiet(fifo) && !wq_has_sleeper(&fifo->poll) &&
	    !gf_notify_wanted(&fifo->notify, rw))
		mutex_unlock(&fifo->lock);
	else
		gf_fifo_unlock_tell(fifo, rw, bytes);
}

/* @done bytes were copied to the user's buffer: take them. */
static void gf_fifo_count_read(struct gf_fifo *fifo, size_t done)
{
	gf_ring_take(&fifo->ring, done);
	fifo->stats.reads++;
	fifo->stats.bytes_out += done;
	trace_globalfifo_read(fifo, done, gf_fifo_avail(fifo, READ));
}

/* @done bytes were copied to the room: make them bytes held. */
static void gf_fifo_count_write(struct gf_fifo *fifo, size_t done)
{
	gf_ring_put(&fifo->ring, done);
	fifo->stats.writes++;
	fifo->stats.bytes_in += done;
	trace_globalfifo_write(fifo, done, gf_fifo_avail(fifo, READ));
}

/* @done bytes were copied: they count from now on. */
static void gf_fifo_count(struct gf_fifo *fifo, int rw, size_t done)
{
	if (rw == READ)
		gf_fifo_count_read(fifo, done);
	else
		gf_fifo_count_write(fifo, done);
}

/* Unlock, and tell of what @done bytes read or written made possible. */
static void gf_fifo_finish(struct gf_fifo *fifo, int rw, size_t done)
{
	gf_fifo_announce(fifo, rw == READ ? WRITE : READ, done);
}

/*
 * One read or write by a call, which waits if it must and may. Inlined into both,
 * with what it calls: that makes a constant of @rw.
 */
static __always_inline ssize_t gf_fifo_transfer(struct gf_fifo *fifo, int rw,
						struct iov_iter *iter,
						bool nowait)
{
	struct gf_transfer transfer = gf_transfer(fifo->ops, rw, iter);
	size_t done;
	int err;

	if (!transfer.limit)
		return 0;
	for (;;) {
		err = gf_fifo_lock_when(fifo, rw, transfer.need,
					transfer.limit, nowait);
		if (err)
			return err;
		done = gf_transfer_try(&transfer, &fifo->ring);
		if (done)
			break;

		/* Once more, with the pages: or as far as they are good. */
		gf_fifo_unlock(fifo);
		err = gf_transfer_fault(&transfer);
		if (err)
			return err;
	}

	gf_fifo_count(fifo, rw, done);
	gf_fifo_finish(fifo, rw, done);
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
	return gf_fifo_transfer(fifo, READ, to, nowait);
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
	return gf_fifo_transfer(fifo, WRITE, from, nowait);
}

/*
 * Under the lock, which it releases: a request is at its end, and all but its
 * bytes' way into or out of the ring has been done.
 */
static void gf_fifo_settle(struct gf_fifo *fifo, struct gf_aio_req *req,
			   ssize_t result)
{
	int rw = req->transfer.rw;
	size_t done = max_t(ssize_t, result, 0);

	if (done)
		gf_fifo_count(fifo, rw, done);
	if (result == -ECANCELED) {
		fifo->stats.aio_cancelled++;
		trace_globalfifo_aio_cancel(fifo, rw, req->count,
					    gf_fifo_avail(fifo, READ));
	} else {
		fifo->stats.aio_completed++;
		trace_globalfifo_aio_complete(fifo, rw, done,
					      gf_fifo_avail(fifo, READ));
	}
	if (done)
		gf_fifo_finish(fifo, rw, done);
	else
		gf_fifo_unlock(fifo);
	gf_aio_complete(req, result);
}

/* Serve a request of one direction, if there is one that can be served. */
static void gf_fifo_serve_one(struct gf_fifo *fifo, int rw)
{
	struct gf_aio_req *req;
	ssize_t result;

	mutex_lock(&fifo->lock);
	req = gf_aio_hold(&fifo->aio, rw, gf_fifo_avail(fifo, rw));
	if (!req) {
		gf_fifo_unlock(fifo);
		return;
	}
	result = gf_aio_try(req, &fifo->ring);
	if (!result && gf_aio_fault(req)) {
		gf_fifo_unlock(fifo);
		return;
	}
	if (!gf_aio_take(req))
		result = -ECANCELED;
	gf_fifo_settle(fifo, req, result);
}

/*
 * The server of asynchronous requests. If more can be served than one of each
 * direction, gf_fifo_unlock() has started it again.
 */
static void gf_fifo_serve(struct work_struct *work)
{
	struct gf_fifo *fifo = container_of(to_delayed_work(work),
					    struct gf_fifo, aio.server);
	struct gf_aio_req *req;

	while ((req = gf_aio_next_cancelled(&fifo->aio))) {
		mutex_lock(&fifo->lock);
		gf_fifo_settle(fifo, req, -ECANCELED);
	}
	gf_fifo_serve_one(fifo, READ);
	gf_fifo_serve_one(fifo, WRITE);
	gf_aio_be_patient(&fifo->aio);
}

static int gf_fifo_cancel(struct kiocb *iocb)
{
	return gf_aio_cancel(iocb->private);
}

/* Do at once what can be done without waiting, for memory or anything else. */
static size_t gf_fifo_transfer_now(struct gf_fifo *fifo,
				   struct gf_transfer *transfer)
{
	int rw = transfer->rw;
	size_t done = 0;

	mutex_lock(&fifo->lock);
	if (gf_fifo_offer(fifo, rw) >= transfer->need)
		done = gf_transfer_try(transfer, &fifo->ring);
	if (!done) {
		gf_fifo_unlock(fifo);
		return 0;
	}
	gf_fifo_count(fifo, rw, done);
	gf_fifo_finish(fifo, rw, done);
	return done;
}

/* Let a request wait. It may be at its end when this returns. */
static void gf_fifo_enqueue(struct gf_fifo *fifo, struct gf_aio_req *req)
{
	mutex_lock(&fifo->lock);
	fifo->stats.aio_queued++;
	trace_globalfifo_aio_queue(fifo, req->transfer.rw, req->count,
				   gf_fifo_avail(fifo, READ));
	if (gf_aio_enqueue(req))
		gf_fifo_unlock(fifo);
	else
		gf_fifo_settle(fifo, req, -ECANCELED);
}

/**
 * gf_fifo_submit - read or write, but do not wait
 * @fifo: the FIFO
 * @rw: READ or WRITE
 * @iocb: from libaio: to be completed, or cancelled, if the request has to wait
 * @iter: the bytes' place in the current process; may go when this returns
 *
 * What can be done at once is done. Else the request is queued, and served in
 * its turn when there are bytes, or room (A1, A2). It keeps a copy of @iter,
 * but none of the bytes (A4).
 *
 * Context: process; may sleep, but neither for bytes or room nor for @iter's
 * memory.
 * Return: as gf_fifo_read() and gf_fifo_write(); or -EIOCBQUEUED, and
 * ki_complete() is called, perhaps already; -EAGAIN if too many wait; -ENOMEM.
 */
ssize_t gf_fifo_submit(struct gf_fifo *fifo, int rw, struct kiocb *iocb,
		       struct iov_iter *iter)
{
	struct gf_transfer transfer = gf_transfer(fifo->ops, rw, iter);
	struct gf_aio_req *req;
	size_t done;

	if (!transfer.limit)
		return 0;
	done = gf_fifo_transfer_now(fifo, &transfer);
	if (done)
		return done;
	req = gf_aio_submit(&fifo->aio, iocb, &transfer);
	if (IS_ERR(req))
		return PTR_ERR(req);
	iocb->private = req;
	fifo->ops->set_cancel(iocb, gf_fifo_cancel);
	gf_fifo_enqueue(fifo, req);
	return -EIOCBQUEUED;
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
	size = 1U << fls_long(size - 1);
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
 * The state is read without the lock, but after poll_wait() and a barrier: a
 * transfer that did not find the new entry had changed the state before it
 * looked, so its bytes are seen here.
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
	/* Pairs with wq_has_sleeper(). Before 6.14 poll_wait() may have none. */
	smp_mb();
	ring = gf_ring_peek(&fifo->ring);
	if (file->f_mode & FMODE_READ)
		mask |= gf_fifo_level(fifo, READ, &ring);
	if (file->f_mode & FMODE_WRITE)
		mask |= gf_fifo_level(fifo, WRITE, &ring);
	return mask;
}
