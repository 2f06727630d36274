// SPDX-License-Identifier: GPL-2.0
/* Asynchronous requests that wait: their life and their line. See aio.h. */

#include <linux/bits.h>
#include <linux/container_of.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "aio.h"
#include "compat.h"

/* Where a request may go from each state. */
static const unsigned int gf_aio_next[GF_AIO_STATES] = {
	[GF_AIO_SUBMITTED] = BIT(GF_AIO_QUEUED) | BIT(GF_AIO_CANCELLED),
	[GF_AIO_QUEUED] = BIT(GF_AIO_HELD) | BIT(GF_AIO_CANCELLED),
	[GF_AIO_HELD] = BIT(GF_AIO_TAKEN) | BIT(GF_AIO_FAULTING) |
			BIT(GF_AIO_CANCELLED),
	[GF_AIO_FAULTING] = BIT(GF_AIO_QUEUED) | BIT(GF_AIO_ASIDE) |
			    BIT(GF_AIO_CANCELLED),
	[GF_AIO_ASIDE] = BIT(GF_AIO_QUEUED) | BIT(GF_AIO_CANCELLED),
	[GF_AIO_TAKEN] = BIT(GF_AIO_COMPLETED),
	[GF_AIO_CANCELLED] = BIT(GF_AIO_COMPLETED),
};

/**
 * gf_aio_init - nobody waits
 * @aio: what to initialise
 * @max: how many requests there may be
 * @server: run when there may be something to do, by one worker at a time
 *
 * Context: process; may sleep.
 * Return: 0, or -ENOMEM.
 */
int gf_aio_init(struct gf_aio *aio, unsigned int max, work_func_t server)
{
	int rw;

	*aio = (struct gf_aio){ .max = max };
	/* A fault may last for ever, and must not keep another from its turn. */
	aio->faults = alloc_workqueue("%s_faults", WQ_UNBOUND,
				      WQ_UNBOUND_MAX_ACTIVE, KBUILD_MODNAME);
	if (!aio->faults)
		return -ENOMEM;

	spin_lock_init(&aio->lock);
	INIT_LIST_HEAD(&aio->cancelled);
	INIT_DELAYED_WORK(&aio->server, server);
	for (rw = READ; rw <= WRITE; rw++)
		INIT_LIST_HEAD(&aio->line[rw].reqs);
	return 0;
}

/**
 * gf_aio_destroy - wait for the last workers
 * @aio: has no request left that is not completed
 *
 * Context: process; sleeps until every fault has been served.
 */
void gf_aio_destroy(struct gf_aio *aio)
{
	/* In this order: a fault's worker starts the server. */
	destroy_workqueue(aio->faults);
	cancel_delayed_work_sync(&aio->server);
}

/**
 * gf_aio_left - has the last in line gone?
 * @aio: where
 * @rw: READ or WRITE
 *
 * Whoever found somebody in line by gf_aio_waiting(), under any lock or none,
 * can rely on it that this is told once afterwards.
 *
 * Context: under the caller's lock, so that nobody else asks. A run of the
 * server does, after each change that matters.
 * Return: whether the line is empty, and was not when this was last true.
 */
bool gf_aio_left(struct gf_aio *aio, int rw)
{
	struct gf_aio_line *line = &aio->line[rw];
	unsigned long flags;
	bool left;

	if (!READ_ONCE(line->stood))
		return false;
	spin_lock_irqsave(&aio->lock, flags);
	left = list_empty(&line->reqs);
	if (left)
		WRITE_ONCE(line->stood, false);
	spin_unlock_irqrestore(&aio->lock, flags);
	return left;
}

/**
 * gf_aio_pending - how many wait
 * @aio: where
 *
 * Context: any.
 * Return: how many there were at some moment, in both directions.
 */
unsigned int gf_aio_pending(const struct gf_aio *aio)
{
	return READ_ONCE(aio->line[READ].pending) +
	       READ_ONCE(aio->line[WRITE].pending);
}

/* The first in line. */
static struct gf_aio_req *gf_aio_first(struct gf_aio *aio, int rw)
{
	lockdep_assert_held(&aio->lock);
	return list_first_entry_or_null(&aio->line[rw].reqs, struct gf_aio_req,
					link);
}

/* How much longer the others wait for the fault of @req, in jiffies. */
static unsigned long gf_aio_time_left(const struct gf_aio_req *req)
{
	long left = req->until - jiffies;

	return max(left, 0L);
}

/* Is there @req, and can it be served? */
static bool gf_aio_servable(const struct gf_aio_req *req, size_t avail)
{
	return req && req->state == GF_AIO_QUEUED &&
	       (req->err || req->transfer.need <= avail);
}

/**
 * gf_aio_ready - can the first in line be served?
 * @aio: where
 * @rw: READ or WRITE
 * @avail: how much there is for this direction
 *
 * Context: any.
 * Return: whether gf_aio_hold() would find something to do.
 */
bool gf_aio_ready(struct gf_aio *aio, int rw, size_t avail)
{
	unsigned long flags;
	bool ready;

	if (!gf_aio_waiting(aio, rw))
		return false;
	spin_lock_irqsave(&aio->lock, flags);
	ready = gf_aio_servable(gf_aio_first(aio, rw), avail);
	spin_unlock_irqrestore(&aio->lock, flags);
	return ready;
}

/**
 * gf_aio_kick - run the server
 * @aio: whose
 *
 * Context: any.
 */
void gf_aio_kick(struct gf_aio *aio)
{
	mod_delayed_work(system_dfl_wq, &aio->server, 0);
}

/**
 * gf_aio_move - change a request's state
 * @req: the request
 * @to: its new state
 *
 * Context: under gf_aio.lock.
 * Return: whether it may go there; if not, it stays where it is.
 */
bool gf_aio_move(struct gf_aio_req *req, enum gf_aio_state to)
{
	if (!(gf_aio_next[req->state] & BIT(to)))
		return false;
	req->state = to;
	return true;
}

static void gf_aio_put(struct gf_aio_req *req)
{
	if (!refcount_dec_and_test(&req->refs))
		return;
	if (req->mm)
		mmdrop(req->mm);
	kfree(req->segments);
	kfree(req);
}

/* Be where the request's memory is; false if that is gone. */
static bool gf_aio_enter(struct gf_aio_req *req)
{
	if (!req->mm)
		return true;
	if (!mmget_not_zero(req->mm))
		return false;
	kthread_use_mm(req->mm);
	return true;
}

/* The last to leave tears it down, and that waits for its requests: not here. */
static void gf_aio_leave(struct gf_aio_req *req)
{
	if (!req->mm)
		return;
	kthread_unuse_mm(req->mm);
	mmput_async(req->mm);
}

/* Back to its place, behind those who were queued earlier and are back too. */
static void gf_aio_rejoin(struct gf_aio_req *req)
{
	struct gf_aio_line *line = &req->aio->line[req->transfer.rw];
	struct list_head *place;

	list_for_each(place, &line->reqs)
		if (list_entry(place, struct gf_aio_req, link)->seq > req->seq)
			break;
	list_add_tail(&req->link, place);
	WRITE_ONCE(line->stood, true);
}

/* The fault is over: the request waits for its turn, unless it was cancelled. */
static void gf_aio_faulted(struct gf_aio_req *req, int err)
{
	struct gf_aio *aio = req->aio;
	unsigned long flags;
	bool aside;

	spin_lock_irqsave(&aio->lock, flags);
	req->faulting = false;
	req->patience = gf_aio_time_left(req);
	req->err = err;
	aside = req->state == GF_AIO_ASIDE;
	gf_aio_move(req, GF_AIO_QUEUED);
	if (aside)
		gf_aio_rejoin(req);
	else if (req->state == GF_AIO_COMPLETED)
		aio->live--;
	spin_unlock_irqrestore(&aio->lock, flags);
}

static void gf_aio_fault_work(struct work_struct *work)
{
	struct gf_aio_req *req = container_of(work, struct gf_aio_req, fault);
	struct gf_aio *aio = req->aio;
	int err = -EFAULT;

	if (gf_aio_enter(req)) {
		err = gf_transfer_fault(&req->transfer);
		gf_aio_leave(req);
	}
	gf_aio_faulted(req, err);
	gf_aio_put(req);
	gf_aio_kick(aio);
}

/* Count one more request, if there may be one. */
static bool gf_aio_admit(struct gf_aio *aio)
{
	unsigned long flags;
	bool admitted;

	spin_lock_irqsave(&aio->lock, flags);
	admitted = aio->live < aio->max;
	aio->live += admitted;
	spin_unlock_irqrestore(&aio->lock, flags);
	return admitted;
}

/* Keep what io_submit() has only on its stack. */
static bool gf_aio_keep(struct gf_aio_req *req, struct iov_iter *iter)
{
	req->segments = dup_iter(&req->iter, iter, GFP_KERNEL_ACCOUNT);
	req->transfer.iter = &req->iter;
	/* One buffer needs no segments, from 6.4 on. */
	if (!req->segments && !iter_is_ubuf(iter))
		return false;
	if (user_backed_iter(iter)) {
		req->mm = current->mm;
		mmgrab(req->mm);
	}
	return true;
}

/**
 * gf_aio_submit - make a request
 * @aio: where it will wait
 * @iocb: what to complete
 * @transfer: what is wanted, in the memory of the current process
 *
 * Next, let gf_aio_cancel() be called for it, then gf_aio_enqueue() it.
 *
 * Context: process; may sleep.
 * Return: the request; or an ERR_PTR, -EAGAIN if there are too many, -ENOMEM.
 */
struct gf_aio_req *gf_aio_submit(struct gf_aio *aio, struct kiocb *iocb,
				 const struct gf_transfer *transfer)
{
	struct gf_aio_req *req = kzalloc(sizeof(*req), GFP_KERNEL_ACCOUNT);

	if (!req)
		return ERR_PTR(-ENOMEM);
	refcount_set(&req->refs, 1);
	INIT_WORK(&req->fault, gf_aio_fault_work);
	req->aio = aio;
	req->iocb = iocb;
	req->transfer = *transfer;
	req->count = iov_iter_count(transfer->iter);
	req->patience = msecs_to_jiffies(GF_AIO_PATIENCE_MS);
	if (!gf_aio_keep(req, transfer->iter)) {
		gf_aio_put(req);
		return ERR_PTR(-ENOMEM);
	}
	if (!gf_aio_admit(aio)) {
		gf_aio_put(req);
		return ERR_PTR(-EAGAIN);
	}
	return req;
}

/**
 * gf_aio_enqueue - stand in line
 * @req: from gf_aio_submit()
 *
 * Context: any, under the caller's lock, if he has one, that keeps others from
 * what the request waits for. If true is returned, the request may be gone
 * already.
 * Return: false if it was cancelled: gf_aio_complete() it.
 */
bool gf_aio_enqueue(struct gf_aio_req *req)
{
	struct gf_aio *aio = req->aio;
	struct gf_aio_line *line = &aio->line[req->transfer.rw];
	unsigned long flags;
	bool queued;

	spin_lock_irqsave(&aio->lock, flags);
	queued = gf_aio_move(req, GF_AIO_QUEUED);
	if (queued) {
		req->seq = aio->seq++;
		list_add_tail(&req->link, &line->reqs);
		WRITE_ONCE(line->pending, line->pending + 1);
		WRITE_ONCE(line->stood, true);
	}
	spin_unlock_irqrestore(&aio->lock, flags);
	return queued;
}

/* No longer among those who wait. */
static void gf_aio_unlink(struct gf_aio_req *req)
{
	struct gf_aio_line *line = &req->aio->line[req->transfer.rw];

	lockdep_assert_held(&req->aio->lock);
	list_del_init(&req->link);
	WRITE_ONCE(line->pending, line->pending - 1);
}

/**
 * gf_aio_cancel - forget a request
 * @req: from gf_aio_submit(), and not completed
 *
 * Context: any: fs/aio.c has interrupts off and a lock that completion takes.
 * Return: 0 if it will be completed with -ECANCELED, -EAGAIN if it is too late.
 */
int gf_aio_cancel(struct gf_aio_req *req)
{
	struct gf_aio *aio = req->aio;
	enum gf_aio_state from;
	unsigned long flags;
	bool moved;

	spin_lock_irqsave(&aio->lock, flags);
	from = req->state;
	moved = gf_aio_move(req, GF_AIO_CANCELLED);
	if (moved && from != GF_AIO_SUBMITTED) {
		gf_aio_unlink(req);
		if (from != GF_AIO_HELD)
			list_add_tail(&req->link, &aio->cancelled);
		gf_aio_kick(aio);
	}
	spin_unlock_irqrestore(&aio->lock, flags);
	return moved ? 0 : -EAGAIN;
}

/* Whoever has his memory brought in for too long steps aside. */
static void gf_aio_step_aside(struct gf_aio *aio, int rw)
{
	struct gf_aio_req *req;

	while ((req = gf_aio_first(aio, rw)) &&
	       req->state == GF_AIO_FAULTING && !gf_aio_time_left(req)) {
		gf_aio_move(req, GF_AIO_ASIDE);
		list_del_init(&req->link);
	}
}

/**
 * gf_aio_hold - the next to serve
 * @aio: where
 * @rw: READ or WRITE
 * @avail: how much there is for this direction
 *
 * Context: the server.
 * Return: the request, to be given to gf_aio_try(), or NULL.
 */
struct gf_aio_req *gf_aio_hold(struct gf_aio *aio, int rw, size_t avail)
{
	struct gf_aio_req *req;
	unsigned long flags;

	spin_lock_irqsave(&aio->lock, flags);
	gf_aio_step_aside(aio, rw);
	req = gf_aio_first(aio, rw);
	if (gf_aio_servable(req, avail))
		gf_aio_move(req, GF_AIO_HELD);
	else
		req = NULL;
	spin_unlock_irqrestore(&aio->lock, flags);
	return req;
}

/**
 * gf_aio_try - copy the bytes of a request
 * @req: from gf_aio_hold()
 * @ring: from or to where, as for gf_transfer_try()
 *
 * Context: the server, under what guards @ring; does not sleep.
 * Return: how many bytes: gf_aio_take() comes next; 0 if pages are missing:
 * gf_aio_fault(); or why it fails, to be its result after gf_aio_take().
 */
ssize_t gf_aio_try(struct gf_aio_req *req, const struct gf_ring *ring)
{
	size_t done;

	if (req->err)
		return req->err;
	if (!gf_aio_enter(req))
		return -EFAULT;
	done = gf_transfer_try(&req->transfer, ring);
	gf_aio_leave(req);
	return done;
}

/**
 * gf_aio_fault - bring in the memory of a request
 * @req: of which gf_aio_try() made nothing
 *
 * It keeps its place in line meanwhile, for what is left of the others' patience:
 * all its faults together have GF_AIO_PATIENCE_MS.
 *
 * Context: the server; does not sleep.
 * Return: false if it was cancelled: gf_aio_complete() it.
 */
bool gf_aio_fault(struct gf_aio_req *req)
{
	struct gf_aio *aio = req->aio;
	unsigned long flags;
	bool moved;

	spin_lock_irqsave(&aio->lock, flags);
	moved = gf_aio_move(req, GF_AIO_FAULTING);
	if (moved) {
		req->faulting = true;
		req->until = jiffies + req->patience;
		refcount_inc(&req->refs);
		queue_work(aio->faults, &req->fault);
	}
	spin_unlock_irqrestore(&aio->lock, flags);
	return moved;
}

/**
 * gf_aio_take - the bytes are copied, and count from now on
 * @req: from gf_aio_hold()
 *
 * Context: the server; does not sleep, nor may he until he has called
 * gf_aio_complete().
 * Return: false if it was cancelled before; its bytes do not count.
 */
bool gf_aio_take(struct gf_aio_req *req)
{
	struct gf_aio *aio = req->aio;
	unsigned long flags;
	bool taken;

	spin_lock_irqsave(&aio->lock, flags);
	taken = gf_aio_move(req, GF_AIO_TAKEN);
	if (taken)
		gf_aio_unlink(req);
	spin_unlock_irqrestore(&aio->lock, flags);
	return taken;
}

/**
 * gf_aio_next_cancelled - one that was cancelled while it waited
 * @aio: where
 *
 * Context: the server.
 * Return: the request, to be given to gf_aio_complete(), or NULL.
 */
struct gf_aio_req *gf_aio_next_cancelled(struct gf_aio *aio)
{
	struct gf_aio_req *req;
	unsigned long flags;

	spin_lock_irqsave(&aio->lock, flags);
	req = list_first_entry_or_null(&aio->cancelled, struct gf_aio_req,
				       link);
	if (req)
		list_del_init(&req->link);
	spin_unlock_irqrestore(&aio->lock, flags);
	return req;
}

/* How long until the first in line steps aside, in jiffies. */
static unsigned long gf_aio_delay(struct gf_aio *aio, int rw)
{
	struct gf_aio_req *req = gf_aio_first(aio, rw);

	return req && req->state == GF_AIO_FAULTING ? gf_aio_time_left(req) :
						      MAX_JIFFY_OFFSET;
}

/**
 * gf_aio_be_patient - have the server run again when others need wait no longer
 * @aio: where
 *
 * Context: the server, when it has done what it can. If it is started already,
 * it will be back here.
 */
void gf_aio_be_patient(struct gf_aio *aio)
{
	unsigned long flags, delay;

	spin_lock_irqsave(&aio->lock, flags);
	delay = min(gf_aio_delay(aio, READ), gf_aio_delay(aio, WRITE));
	spin_unlock_irqrestore(&aio->lock, flags);
	if (delay != MAX_JIFFY_OFFSET)
		queue_delayed_work(system_dfl_wq, &aio->server, delay);
}

/**
 * gf_aio_complete - give the result
 * @req: taken or cancelled
 * @result: bytes, or a negative errno
 *
 * As soon as the result is out, the next request may come: it counts no longer,
 * unless its fault goes on, for that costs a worker.
 *
 * Context: process or softirq, without any lock that gf_aio_cancel() is called
 * under. May give up the last reference to the file, and with it the module's.
 */
void gf_aio_complete(struct gf_aio_req *req, long result)
{
	struct gf_aio *aio = req->aio;
	struct kiocb *iocb = req->iocb;
	unsigned long flags;

	spin_lock_irqsave(&aio->lock, flags);
	gf_aio_move(req, GF_AIO_COMPLETED);
	if (!req->faulting)
		aio->live--;
	spin_unlock_irqrestore(&aio->lock, flags);
	/* A late gf_aio_cancel() still finds the request, until this is done. */
	iocb->ki_complete(iocb, result);
	gf_aio_put(req);
}
