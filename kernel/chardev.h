/* SPDX-License-Identifier: GPL-2.0 */
/* What the suites have to know of the devices: where they are, and from when. */
#ifndef _GLOBALFIFO_CHARDEV_H
#define _GLOBALFIFO_CHARDEV_H

#include <linux/types.h>

/**
 * struct gf_params - the module parameters
 * @ndevices: how many devices
 * @size: bytes in each
 * @major: their major number, 0 for any that is free
 * @max_aio: asynchronous requests that may wait for each
 */
struct gf_params {
	unsigned int ndevices;
	unsigned int size;
	unsigned int major;
	unsigned int max_aio;
};

/* Not to be changed between gf_load() and gf_unload(). */
extern struct gf_params gf_params;

/* The number of the first one; the others follow. */
extern dev_t gf_first;

/**
 * gf_load - make the devices that &gf_params describes
 *
 * Return: 0, or an error; then nothing is left to be unloaded.
 */
int gf_load(void);

/**
 * gf_unload - undo gf_load()
 */
void gf_unload(void);

#endif /* _GLOBALFIFO_CHARDEV_H */
