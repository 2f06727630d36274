/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One read or write: bytes that go between a ring and a user's memory.
 *
 * No page fault is taken under the caller's lock (R4). gf_transfer_try() copies
 * with page faults disabled, and undoes a copy that comes out short; then
 * gf_transfer_fault() brings the pages in, without the lock, for the next try.
 * generic_perform_write() does it so.
 */
#ifndef _GLOBALFIFO_TRANSFER_H
#define _GLOBALFIFO_TRANSFER_H

#include <linux/aio.h>
#include <linux/fs.h>
#include <linux/minmax.h>
#include <linux/types.h>
#include <linux/uio.h>

#include "globalfifo.h"
#include "ring.h"

/* How often a copy may get no further although its pages were just brought in. */
#define GF_FAULT_RETRIES	16

/**
 * struct gf_user_ops - the border to whoever reads and writes
 * @to_iter: copy_to_iter(); page faults are disabled
 * @from_iter: copy_from_iter(); page faults are disabled
 * @fault_in_writeable: bring pages in; returns how many bytes are bad, as
 *	fault_in_iov_iter_writeable() does
 * @fault_in_readable: likewise, as fault_in_iov_iter_readable()
 * @set_cancel: kiocb_set_cancel_fn()
 *
 * The driver has one such table, &gf_user. Tests bring others, to have a fault
 * wherever they want one, and to cancel as fs/aio.c does.
 */
struct gf_user_ops {
	size_t (*to_iter)(const void *from, size_t len, struct iov_iter *to);
	size_t (*from_iter)(void *to, size_t len, struct iov_iter *from);
	size_t (*fault_in_writeable)(const struct iov_iter *to, size_t len);
	size_t (*fault_in_readable)(const struct iov_iter *from, size_t len);
	void (*set_cancel)(struct kiocb *iocb, kiocb_cancel_fn *cancel);
};

extern const struct gf_user_ops gf_user;

/**
 * struct gf_transfer - one read or write
 * @ops: how bytes cross the border
 * @iter: the user's memory; must outlive this
 * @rw: READ or WRITE
 * @retries: how many more tries may come no further than @most
 * @need: the least that may be transferred, at least 1
 * @limit: the most; shrinks to the bytes before a bad address
 * @tried: what the last try was for
 * @most: the furthest that any try came
 */
struct gf_transfer {
	const struct gf_user_ops *ops;
	struct iov_iter *iter;
	int rw;
	unsigned int retries;
	size_t need;
	size_t limit;
	size_t tried;
	size_t most;
};

/**
 * gf_transfer_avail - what a ring has for one side
 * @ring: the ring
 * @rw: READ or WRITE
 *
 * Context: any.
 * Return: bytes to read, or room to write to.
 */
static inline size_t gf_transfer_avail(const struct gf_ring *ring, int rw)
{
	return rw == READ ? gf_ring_used(ring) : gf_ring_room(ring);
}

/**
 * gf_transfer - begin one read or write
 * @ops: how bytes cross the border; &gf_user outside tests
 * @rw: READ or WRITE
 * @iter: the user's memory, not empty; advanced by what is transferred
 *
 * A read needs one byte (R1), a write GLOBALFIFO_ATOMIC or all it has (W1).
 *
 * Context: any.
 * Return: the transfer, of which nothing is done yet.
 */
static inline struct gf_transfer
gf_transfer(const struct gf_user_ops *ops, int rw, struct iov_iter *iter)
{
	size_t count = iov_iter_count(iter);

	return (struct gf_transfer){
		.ops = ops,
		.iter = iter,
		.rw = rw,
		.need = rw == READ ? 1 : min_t(size_t, count, GLOBALFIFO_ATOMIC),
		.limit = count,
		.retries = GF_FAULT_RETRIES,
	};
}

size_t gf_transfer_try(struct gf_transfer *transfer, const struct gf_ring *ring);
int gf_transfer_fault(struct gf_transfer *transfer);

#endif /* _GLOBALFIFO_TRANSFER_H */
