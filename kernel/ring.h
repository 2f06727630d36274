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

void gf_ring_init(struct gf_ring *ring, void *data, unsigned int size);
size_t gf_ring_used(const struct gf_ring *ring);
size_t gf_ring_room(const struct gf_ring *ring);
struct gf_ring gf_ring_peek(const struct gf_ring *ring);
struct gf_span gf_ring_used_span(const struct gf_ring *ring, size_t offset);
struct gf_span gf_ring_room_span(const struct gf_ring *ring, size_t offset);
size_t gf_ring_put(struct gf_ring *ring, size_t len);
size_t gf_ring_take(struct gf_ring *ring, size_t len);
void *gf_ring_move(struct gf_ring *ring, void *data, unsigned int size);

#endif /* _GLOBALFIFO_RING_H */
