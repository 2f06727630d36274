// SPDX-License-Identifier: GPL-2.0
/* One read or write: between a ring and a user's memory. See transfer.h. */

#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/minmax.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "transfer.h"

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
const struct gf_user_ops gf_user = {
	.to_iter		= gf_to_iter,
	.from_iter		= gf_from_iter,
	.fault_in_writeable	= gf_fault_in_writeable,
	.fault_in_readable	= fault_in_iov_iter_readable,
	.set_cancel		= kiocb_set_cancel_fn,
};

/* Copy one span; returns how many bytes made it. */
static size_t gf_transfer_span(const struct gf_transfer *transfer,
			       struct gf_span span)
{
	const struct gf_user_ops *ops = transfer->ops;

	return transfer->rw == READ ?
		ops->to_iter(span.base, span.len, transfer->iter) :
		ops->from_iter(span.base, span.len, transfer->iter);
}

/* Copy @len bytes, which the ring has; returns how many made it. */
static size_t gf_transfer_copy(const struct gf_transfer *transfer,
			       const struct gf_ring *ring, size_t len)
{
	struct gf_span span;
	size_t done = 0;
	size_t copied;

	pagefault_disable();
	do {
		span = transfer->rw == READ ? gf_ring_used_span(ring, done) :
					      gf_ring_room_span(ring, done);
		span.len = min(span.len, len - done);
		copied = gf_transfer_span(transfer, span);
		done += copied;
	} while (copied == span.len && done < len);
	pagefault_enable();
	return done;
}

/**
 * gf_transfer_try - copy what can be copied without a page fault
 * @transfer: the transfer
 * @ring: from or to where; has at least @transfer->need. It stays as it is:
 *	the caller takes, or puts, what was copied.
 *
 * Context: under what guards @ring; does not sleep.
 * Return: how many bytes were copied, after which the transfer is at its end;
 * or 0 if pages are missing: the iov_iter is as before, and
 * gf_transfer_fault() comes next, without the lock.
 */
size_t gf_transfer_try(struct gf_transfer *transfer, const struct gf_ring *ring)
{
	size_t done;

	transfer->tried = min(transfer->limit,
			      gf_transfer_avail(ring, transfer->rw));
	done = gf_transfer_copy(transfer, ring, transfer->tried);
	if (done == transfer->tried)
		return done;
	/* A retry that gets further is not fruitless. */
	if (done > transfer->most) {
		transfer->most = done;
		transfer->retries = GF_FAULT_RETRIES;
	}
	if (!transfer->retries && done >= transfer->need)
		return done;

	iov_iter_revert(transfer->iter, done);
	return 0;
}

/**
 * gf_transfer_fault - bring in the pages that the last try missed
 * @transfer: the transfer
 *
 * Context: process, in the user's address space; may sleep, for as long as
 * whoever serves the fault likes.
 * Return: 0 if another try is worth it; -EFAULT if fewer bytes are good than
 * the transfer needs, or after too many tries in vain.
 */
int gf_transfer_fault(struct gf_transfer *transfer)
{
	const struct gf_user_ops *ops = transfer->ops;
	size_t bad;

	bad = transfer->rw == READ ?
		ops->fault_in_writeable(transfer->iter, transfer->tried) :
		ops->fault_in_readable(transfer->iter, transfer->tried);
	if (bad)
		transfer->limit = transfer->tried - bad;
	if (transfer->limit < transfer->need || !transfer->retries--)
		return -EFAULT;
	return 0;
}
