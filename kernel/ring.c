// SPDX-License-Identifier: GPL-2.0
/* Bytes in a power-of-two buffer. See ring.h. */

#include <linux/compiler.h>
#include <linux/minmax.h>
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
 * gf_ring_used - bytes held
 * @ring: the ring
 *
 * Return: how many bytes gf_ring_take() could take, in 0..size.
 */
size_t gf_ring_used(const struct gf_ring *ring)
{
	return ring->in - ring->out;
}

/**
 * gf_ring_room - bytes free
 * @ring: the ring
 *
 * Return: how many bytes gf_ring_put() could put in, in 0..size.
 */
size_t gf_ring_room(const struct gf_ring *ring)
{
	return ring->size - gf_ring_used(ring);
}

/**
 * gf_ring_peek_used - bytes held, read without the caller's lock
 * @ring: the ring
 *
 * Return: how many bytes were held at some moment during the call, in 0..size.
 */
size_t gf_ring_peek_used(const struct gf_ring *ring)
{
	unsigned int in, out;

	/* @out belongs to @in if nothing was put in while it was read. */
	do {
		in = READ_ONCE(ring->in);
		smp_rmb(); /* pairs with the release of the caller's lock */
		out = READ_ONCE(ring->out);
		smp_rmb(); /* likewise */
	} while (in != READ_ONCE(ring->in));
	return in - out;
}

/* The run of bytes that starts at free-running @index, @len at most. */
static struct gf_span gf_ring_span(const struct gf_ring *ring,
				   unsigned int index, size_t len)
{
	unsigned int start = index & (ring->size - 1);

	return (struct gf_span){
		.base = ring->data + start,
		.len = min_t(size_t, len, ring->size - start),
	};
}

/**
 * gf_ring_used_span - where held bytes lie
 * @ring: the ring
 * @offset: how many of the oldest bytes to pass over
 *
 * Return: the longest run of held bytes from there on. Two calls, the second
 * with @offset moved on by the first one's length, name all that is held.
 */
struct gf_span gf_ring_used_span(const struct gf_ring *ring, size_t offset)
{
	size_t used = gf_ring_used(ring);

	offset = min(offset, used);
	return gf_ring_span(ring, ring->out + offset, used - offset);
}

/**
 * gf_ring_room_span - where the next bytes go
 * @ring: the ring
 * @offset: how many bytes of the room to pass over
 *
 * Return: the longest run of room from there on; see gf_ring_used_span().
 */
struct gf_span gf_ring_room_span(const struct gf_ring *ring, size_t offset)
{
	size_t room = gf_ring_room(ring);

	offset = min(offset, room);
	return gf_ring_span(ring, ring->in + offset, room - offset);
}

/**
 * gf_ring_put - make bytes in the room part of what is held
 * @ring: the ring
 * @len: how many
 *
 * Return: how many were added: @len, or all the room if that is less.
 */
size_t gf_ring_put(struct gf_ring *ring, size_t len)
{
	len = min(len, gf_ring_room(ring));
	WRITE_ONCE(ring->in, ring->in + len);
	return len;
}

/**
 * gf_ring_take - drop the oldest bytes
 * @ring: the ring
 * @len: how many
 *
 * Return: how many were dropped: @len, or all that is held if that is less.
 */
size_t gf_ring_take(struct gf_ring *ring, size_t len)
{
	len = min(len, gf_ring_used(ring));
	WRITE_ONCE(ring->out, ring->out + len);
	return len;
}
