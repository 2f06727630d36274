/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Asynchronous notification: which files asked for SIGIO, one list for each
 * direction, so that nobody hears of what his file is not open for.
 */
#ifndef _GLOBALFIFO_NOTIFY_H
#define _GLOBALFIFO_NOTIFY_H

#include <linux/compiler.h>
#include <linux/fs.h>
#include <linux/mutex.h>
#include <linux/types.h>

/**
 * struct gf_notify - the files that asked for SIGIO
 * @lock: keeps a file's place on both lists in step: nobody else serialises
 *	two calls of ->fasync for one file, and a file that were left on one
 *	list with FASYNC clear would not be taken off when it is closed
 * @readers: those open for reading
 * @writers: those open for writing
 *
 * kill_fasync() reads the lists under RCU and needs no lock.
 */
struct gf_notify {
	struct mutex lock;	/* guards both lists, together */
	struct fasync_struct *readers;
	struct fasync_struct *writers;
};

/**
 * gf_notify_wanted - is there a file to tell?
 * @notify: the lists
 * @rw: READ, that bytes came, or WRITE, that room came
 *
 * Context: any.
 * Return: whether there is; one may come or go at any time.
 */
static inline bool gf_notify_wanted(const struct gf_notify *notify, int rw)
{
	struct fasync_struct *const *list = rw == READ ? &notify->readers :
							 &notify->writers;

	/* fasync_helper() writes it plainly; kill_fasync() looks first, too. */
	return data_race(READ_ONCE(*list));
}

void gf_notify_init(struct gf_notify *notify);
int gf_notify_fasync(struct gf_notify *notify, int fd, struct file *file,
		     int on);
bool gf_notify_readable(struct gf_notify *notify);
bool gf_notify_writable(struct gf_notify *notify);

#endif /* _GLOBALFIFO_NOTIFY_H */
