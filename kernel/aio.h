/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Asynchronous requests that wait: the life of each, and the line they stand
 * in. What they wait for is the caller's affair.
 *
 *	SUBMITTED ---> QUEUED ---> HELD ---> TAKEN ---> COMPLETED
 *	                 ^          |                      ^
 *	                 |          v                      |
 *	                 +------ FAULTING                  |
 *	                 |          |                      |
 *	                 |          v                      |
 *	                 +-------- ASIDE                   |
 *	                                                   |
 *	    any of these but TAKEN ---> CANCELLED ---------+
 *
 * A server holds the first in line and copies its bytes, with page faults
 * disabled. If pages are missing, a worker brings them in while the request
 * keeps its place (FAULTING). Patience has an end: then the request steps aside
 * and others pass, until its memory is there and it is back in its place. So
 * the slow fault of one delays nobody else for long (A3, R4), while a usual one
 * does not change the order (A2).
 *
 * Until it is taken a request can be cancelled, and whoever finds that it was
 * completes it: the submitter or the server who has it in his hands, else the
 * next run of the server, which cancelling starts. Taken means copied: nothing
 * stands between that and completion that could block.
 *
 * fs/aio.c calls gf_aio_cancel() under its ctx_lock with interrupts off, and
 * ki_complete() takes ctx_lock. Hence gf_aio.lock is irqsave, and neither
 * ki_complete() nor kiocb_set_cancel_fn() is called under it.
 *
 * A request holds the submitter's mm_struct, not what is in it: exit must be
 * able to tear that down, for that is what cancels the request.
 */
#ifndef _GLOBALFIFO_AIO_H
#define _GLOBALFIFO_AIO_H

#include <linux/fs.h>
#include <linux/list.h>
#include <linux/mm_types.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/uio.h>
#include <linux/workqueue.h>

#include "transfer.h"

/* How long others wait in all behind a request whose memory is brought in. */
#define GF_AIO_PATIENCE_MS	100

/**
 * enum gf_aio_state - where a request is in its life
 * @GF_AIO_SUBMITTED: made; the submitter has it
 * @GF_AIO_QUEUED: in line
 * @GF_AIO_HELD: in line, while the server tries to copy
 * @GF_AIO_FAULTING: in line, while its memory is brought in
 * @GF_AIO_ASIDE: out of line, while its memory is still brought in
 * @GF_AIO_TAKEN: its bytes are copied, and it can no longer be cancelled
 * @GF_AIO_CANCELLED: nothing will be copied any more
 * @GF_AIO_COMPLETED: the result is out, or about to be
 * @GF_AIO_STATES: how many there are
 */
enum gf_aio_state {
	GF_AIO_SUBMITTED,
	GF_AIO_QUEUED,
	GF_AIO_HELD,
	GF_AIO_FAULTING,
	GF_AIO_ASIDE,
	GF_AIO_TAKEN,
	GF_AIO_CANCELLED,
	GF_AIO_COMPLETED,
	GF_AIO_STATES
};

/**
 * struct gf_aio_line - the requests of one direction that wait
 * @reqs: in line, in the order they were submitted
 * @pending: how many wait: these, and those who stepped aside
 * @stood: somebody was in line since gf_aio_left() last told that nobody is
 */
struct gf_aio_line {
	struct list_head reqs;
	unsigned int pending;
	bool stood;
};

/**
 * struct gf_aio - the requests that wait for one device
 * @lock: guards all below, and the requests' states; nests in whatever lock the
 *	caller has, and in ctx_lock of fs/aio.c
 * @line: for READ and for WRITE
 * @cancelled: those that the server has to complete
 * @seq: how many were ever queued
 * @live: how many there are, in any state
 * @max: how many there may be
 * @server: the caller's, run when there may be something to do
 * @faults: where memory is brought in, each request by a worker of its own
 */
struct gf_aio {
	spinlock_t lock;	/* irqsave: see above */
	struct gf_aio_line line[2];
	struct list_head cancelled;
	u64 seq;
	unsigned int live;
	unsigned int max;
	struct delayed_work server;
	struct workqueue_struct *faults;
};

/**
 * struct gf_aio_req - one request
 * @refs: the way to its completion holds one, and @fault another
 * @link: its place in a list of @aio, or nowhere: taken, or aside
 * @aio: where it waits
 * @iocb: whose ki_complete() is called, once
 * @state: changes by gf_aio_move() only
 * @seq: its place among all that were queued
 * @transfer: what is wanted; belongs to the server, or to the fault's worker
 * @count: how many bytes were asked for
 * @iter: the submitter's memory
 * @segments: what @iter describes it by, to be freed
 * @mm: where that is, NULL for the kernel's own memory
 * @err: why it failed, to be its result
 * @fault: brings its memory in
 * @faulting: @fault is on its way, whatever has become of the request since
 * @patience: how much longer others would wait for its memory, in jiffies
 * @until: until when they wait for @fault
 */
struct gf_aio_req {
	refcount_t refs;
	struct list_head link;
	struct gf_aio *aio;
	struct kiocb *iocb;
	enum gf_aio_state state;
	u64 seq;
	struct gf_transfer transfer;
	size_t count;
	struct iov_iter iter;
	const void *segments;
	struct mm_struct *mm;
	int err;
	struct work_struct fault;
	bool faulting;
	unsigned long patience;
	unsigned long until;
};

/**
 * gf_aio_waiting - is anybody in line?
 * @aio: where
 * @rw: READ or WRITE
 *
 * Those who stepped aside do not count: others may pass them.
 *
 * Context: any. Somebody may be cancelled, or be back in his place, at any time;
 * after that the server runs.
 * Return: whether there is.
 */
static inline bool gf_aio_waiting(const struct gf_aio *aio, int rw)
{
	return !list_empty(&aio->line[rw].reqs);
}

/**
 * gf_aio_quiet - is there nothing to serve, and nothing to tell?
 * @aio: where
 *
 * Context: any. After somebody is back in line, the server runs.
 * Return: whether gf_aio_ready() and gf_aio_left() would be false for both
 * directions.
 */
static inline bool gf_aio_quiet(const struct gf_aio *aio)
{
	return !READ_ONCE(aio->line[READ].stood) &&
	       !READ_ONCE(aio->line[WRITE].stood);
}

int gf_aio_init(struct gf_aio *aio, unsigned int max, work_func_t server);
void gf_aio_destroy(struct gf_aio *aio);
bool gf_aio_left(struct gf_aio *aio, int rw);
unsigned int gf_aio_pending(const struct gf_aio *aio);
bool gf_aio_ready(struct gf_aio *aio, int rw, size_t avail);
void gf_aio_kick(struct gf_aio *aio);

bool gf_aio_move(struct gf_aio_req *req, enum gf_aio_state to);
struct gf_aio_req *gf_aio_submit(struct gf_aio *aio, struct kiocb *iocb,
				 const struct gf_transfer *transfer);
bool gf_aio_enqueue(struct gf_aio_req *req);
int gf_aio_cancel(struct gf_aio_req *req);
struct gf_aio_req *gf_aio_hold(struct gf_aio *aio, int rw, size_t avail);
ssize_t gf_aio_try(struct gf_aio_req *req, const struct gf_ring *ring);
bool gf_aio_fault(struct gf_aio_req *req);
bool gf_aio_take(struct gf_aio_req *req);
struct gf_aio_req *gf_aio_next_cancelled(struct gf_aio *aio);
void gf_aio_be_patient(struct gf_aio *aio);
void gf_aio_complete(struct gf_aio_req *req, long result);

#endif /* _GLOBALFIFO_AIO_H */
