// SPDX-License-Identifier: GPL-2.0
/* Asynchronous notification (SIGIO). See notify.h. */

#include <linux/fs.h>
#include <linux/signal.h>

#include "notify.h"

/**
 * gf_notify_fasync - a file sets or clears O_ASYNC
 * @notify: the lists
 * @fd: the descriptor, which becomes si_fd
 * @file: the file
 * @on: whether it wants to be told
 *
 * For ->fasync; the rest of the book's three steps is done by the kernel.
 * A file open both ways is on both lists or on none, as in pipe_fasync().
 *
 * Context: process; may sleep.
 * Return: 0 if nothing changed, positive if something did, or -ENOMEM.
 */
int gf_notify_fasync(struct gf_notify *notify, int fd, struct file *file,
		     int on)
{
	int ret = 0;

	if (file->f_mode & FMODE_READ)
		ret = fasync_helper(fd, file, on, &notify->readers);
	if (ret >= 0 && (file->f_mode & FMODE_WRITE)) {
		ret = fasync_helper(fd, file, on, &notify->writers);
		if (ret < 0 && (file->f_mode & FMODE_READ))
			fasync_helper(-1, file, 0, &notify->readers);
	}
	return ret;
}

/**
 * gf_notify_readable - tell the readers that bytes came
 * @notify: the lists
 *
 * Context: any, with the bytes visible already and no lock held that a fault,
 * a wakeup or a completion needs.
 */
void gf_notify_readable(struct gf_notify *notify)
{
	kill_fasync(&notify->readers, SIGIO, POLL_IN);
}

/**
 * gf_notify_writable - tell the writers that room came
 * @notify: the lists
 *
 * Context: as gf_notify_readable().
 */
void gf_notify_writable(struct gf_notify *notify)
{
	kill_fasync(&notify->writers, SIGIO, POLL_OUT);
}
