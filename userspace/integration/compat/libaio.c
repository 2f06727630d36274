// SPDX-License-Identifier: GPL-2.0
/*
 * libaio's calls, for programs of a kind that it is not installed for: they are
 * the system calls of the same names, and return a negated errno.
 */
#include <errno.h>
#include <libaio.h>
#include <sys/syscall.h>
#include <unistd.h>

static int result(long n)
{
	return n < 0 ? -errno : n;
}

int io_setup(int maxevents, io_context_t *ctxp)
{
	return result(syscall(__NR_io_setup, maxevents, ctxp));
}

int io_destroy(io_context_t ctx)
{
	return result(syscall(__NR_io_destroy, ctx));
}

int io_submit(io_context_t ctx, long nr, struct iocb *ios[])
{
	return result(syscall(__NR_io_submit, ctx, nr, ios));
}

int io_cancel(io_context_t ctx, struct iocb *iocb, struct io_event *event)
{
	return result(syscall(__NR_io_cancel, ctx, iocb, event));
}

int io_getevents(io_context_t ctx, long min_nr, long nr,
		 struct io_event *events, struct timespec *timeout)
{
	return result(syscall(__NR_io_getevents, ctx, min_nr, nr, events,
			      timeout));
}
