// SPDX-License-Identifier: GPL-2.0
/* Asynchronous notification (SIGIO). See notify.h. */

#include <linux/fs.h>
#include <linux/lockdep.h>
#include <linux/signal.h>

#include "notify.h"

/**
 * gf_notify_init - nobody has asked yet
 * @notify: what to initialise
 */
void gf_notify_init(struct gf_notify *notify)
{
	*notify = (struct gf_notify){};
	mutex_init(&notify->lock);
}

/* One file, which is on both lists or on none; see pipe_fasync(). */
static int gf_notify_both(struct gf_notify *notify, int fd, struct file *file,
			  int on)
{
	int readers, writers;

	lockdep_assert_held(&notify->lock);
	readers = fasync_helper(fd, file, on, &notify->readers);
	if (readers < 0)
		return readers;
	writers = fasync_helper(fd, file, on, &notify->writers);
	/* Only a file that is new to both needs memory, and may not get it. */
	if (writers < 0)
		fasync_helper(-1, file, 0, &notify->readers);
	return writers;
}

/**
 * gf_notify_fasync - a file sets or clears O_ASYNC
 * @notify: the lists
 * @fd: the descriptor, which becomes si_fd
 * @file: the file
 * @on: whether it wants to be told
 *
 * For ->fasync. Of the three steps of asynchronous notification this is the
 * second; F_SETOWN, the first, is the kernel's, and the last close comes here
 * by itself.
 *
 * Context: process; may sleep.
 * Return: 0 if nothing changed, positive if something did, or -ENOMEM.
 */
int gf_notify_fasync(struct gf_notify *notify, int fd, struct file *file,
		     int on)
{
	int ret = 0;

	mutex_lock(&notify->lock);
	switch (file->f_mode & (FMODE_READ | FMODE_WRITE)) {
	case FMODE_READ | FMODE_WRITE:
		ret = gf_notify_both(notify, fd, file, on);
		break;
	case FMODE_READ:
		ret = fasync_helper(fd, file, on, &notify->readers);
		break;
	case FMODE_WRITE:
		ret = fasync_helper(fd, file, on, &notify->writers);
		break;
	}
	mutex_unlock(&notify->lock);
	return ret;
}

/* As kill_fasync(), which is silent about whether anybody is on the list. */
static bool gf_notify(struct fasync_struct **list, int band)
{
	/* fasync_helper() writes it plainly: see gf_notify_wanted(). */
	if (!data_race(READ_ONCE(*list)))
		return false;
	kill_fasync(list, SIGIO, band);
	return true;
}

/**
 * gf_notify_readable - tell the readers that bytes came
 * @notify: the lists
 *
 * Context: any, with the bytes visible already and no lock held that a fault,
 * a wakeup or a completion needs.
 * Return: whether there was a file to tell.
 */
bool gf_notify_readable(struct gf_notify *notify)
{
	return gf_notify(&notify->readers, POLL_IN);
}

/**
 * gf_notify_writable - tell the writers that room came
 * @notify: the lists
 *
 * Context: as gf_notify_readable().
 * Return: whether there was a file to tell.
 */
bool gf_notify_writable(struct gf_notify *notify)
{
	return gf_notify(&notify->writers, POLL_OUT);
}
