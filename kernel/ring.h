/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bytes in a power-of-two buffer, oldest first.
 *
 * The ring never locks, sleeps, allocates or fails: every function is defined
 * for every argument, and asks for too much are cut to what there is. The
 * caller serialises all calls but gf_ring_peek().
 *
 * Copying is left to the caller. To put bytes in, copy them to the spans that
 * gf_ring_room_span() names, then gf_ring_put() makes them part of the ring;
 * to take bytes out, copy from gf_ring_used_span(), then gf_ring_take(). Until
 * then nothing has happened, so a copy that fails half-way costs nothing.
 *
 * The indices run free and are masked on access, as in lib/kfifo.c. So a byte's
 * index says where it lies in a buffer of any size, and a move to another
 * buffer leaves the indices as they are.
 */
#ifndef _GLOBALFIFO_RING_H
#define _GLOBALFIFO_RING_H

#include <linux/compiler.h>
#include <linux/minmax.h>
#include <linux/types.h>

/**
 * struct gf_ring - bytes in a power-of-two buffer
 * @data: the buffer, @size bytes
 * @size: a power of two, at most 2^31
 * @in: bytes ever put in, modulo 2^32
 * @out: bytes ever taken out, modulo 2^32
 */
struct gf_ring {
	u8 *data;
	unsigned int size;
	unsigned int in;
	unsigned int out;
};

/**
 * struct gf_span - a run of bytes that lie side by side in the buffer
 * @base: where it starts
 * @len: its bytes; 0 if there are none
 */
struct gf_span {
	u8 *base;
	size_t len;
};

/**
 * gf_ring_used - bytes held
 * @ring: the ring
 *
 * Return: how many bytes gf_ring_take() could take, in 0..size.
 */
static inline size_t gf_ring_used(const struct gf_ring *ring)
{
	return ring->in - ring->out;
}

/**
 * gf_ring_room - bytes free
 * @ring: the ring
 *
 * Return: how many bytes gf_ring_put() could put in, in 0..size.
 */
static inline size_t gf_ring_room(const struct gf_ring *ring)
{
	return ring->size - gf_ring_used(ring);
}

/* The run of bytes that starts at free-running @index, @len at most. */
static inline struct gf_span gf_ring_span(const struct gf_ring *ring,
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
static inline struct gf_span gf_ring_used_span(const struct gf_ring *ring, size_t offset)
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
static inline struct gf_span gf_ring_room_span(const struct gf_ring *ring, size_t offset)
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
static inline size_t gf_ring_put(struct gf_ring *ring, size_t len)
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
static inline size_t gf_ring_take(struct gf_ring *ring, size_t len)
{
	len = min(len, gf_ring_used(ring));
	WRITE_ONCE(ring->out, ring->out + len);
	return len;
}

void gf_ring_init(struct gf_ring *ring, void *data, unsigned int size);
struct gf_ring gf_ring_peek(const struct gf_ring *ring);
void *gf_ring_move(struct gf_ring *ring, void *data, unsigned int size);

#endif /* _GLOBALFIFO_RING_H */
