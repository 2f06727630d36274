// SPDX-License-Identifier: GPL-2.0
/* Bytes in a power-of-two buffer. See ring.h. */

#include <linux/compiler.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <asm/barrier.h>

#include "ring.h"

/**
 * gf_ring_init - make an empty ring
 * @ring: the ring
 * @data: its buffer, which stays the caller's
 * @size: bytes in @data, a power of two, at most 2^31
 */
void gf_ring_init(struct gf_ring *ring, void *data, unsigned int size)
{
	*ring = (struct gf_ring){ .data = data, .size = size };
}

/**
 * gf_ring_peek - what the ring looks like, read without the caller's lock
 * @ring: the ring
 *
 * Return: a copy, as the ring was at some moment during the call, without the
 * buffer: good for gf_ring_used(), gf_ring_room() and its size.
 */
struct gf_ring gf_ring_peek(const struct gf_ring *ring)
{
	struct gf_ring peek = {};

	/*
	 * If nothing was put in meanwhile, what is held can only have become
	 * less since @size was read, and so fits in it.
	 */
	do {
		peek.in = READ_ONCE(ring->in);
		smp_rmb(); /* pairs with the release of the caller's lock */
		peek.size = READ_ONCE(ring->size);
		smp_rmb(); /* likewise */
		peek.out = READ_ONCE(ring->out);
		smp_rmb(); /* likewise */
	} while (peek.in != READ_ONCE(ring->in));
	return peek;
}

/**
 * gf_ring_move - go on in another buffer
 * @ring: the ring
 * @data: the buffer, which stays the caller's
 * @size: bytes in @data, a power of two, at most 2^31
 *
 * What is held comes along; the newest bytes, if it is more than @size, do not.
 *
 * Return: the old buffer.
 */
void *gf_ring_move(struct gf_ring *ring, void *data, unsigned int size)
{
	struct gf_ring moved = { .data = data, .size = size };
	struct gf_span from, to;
	size_t len;
	void *old = ring->data;

	moved.in = ring->out;
	moved.out = ring->out;
	do {
		from = gf_ring_used_span(ring, gf_ring_used(&moved));
		to = gf_ring_room_span(&moved, 0);
		len = min(from.len, to.len);
		memcpy(to.base, from.base, len);
		gf_ring_put(&moved, len);
	} while (len);

	ring->data = moved.data;
	WRITE_ONCE(ring->size, moved.size);
	WRITE_ONCE(ring->in, moved.in);
	return old;
}
