/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Asynchronous notification: which files asked for SIGIO, one list for each
 * direction, so that nobody hears of what his file is not open for.
 */
#ifndef _GLOBALFIFO_NOTIFY_H
#define _GLOBALFIFO_NOTIFY_H

struct fasync_struct;
struct file;

/**
 * struct gf_notify - the files that asked for SIGIO
 * @readers: those open for reading
 * @writers: those open for writing
 *
 * Both lists are maintained by fasync_helper() and read under RCU by
 * kill_fasync(); they need no lock of ours. All zeros is a valid beginning.
 */
struct gf_notify {
	struct fasync_struct *readers;
	struct fasync_struct *writers;
};

int gf_notify_fasync(struct gf_notify *notify, int fd, struct file *file,
		     int on);
void gf_notify_readable(struct gf_notify *notify);
void gf_notify_writable(struct gf_notify *notify);

#endif /* _GLOBALFIFO_NOTIFY_H */
