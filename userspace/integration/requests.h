/* SPDX-License-Identifier: GPL-2.0 */
/* What the tests of libaio share. */
#ifndef _INTEGRATION_REQUESTS_H
#define _INTEGRATION_REQUESTS_H

#include <libaio.h>
#include <limits.h>
#include <stdbool.h>
#include <sys/mman.h>
#include "common.h"

/* Hand in one request; 1, or a negative error of io_submit() itself. */
static inline int submit(io_context_t ctx, struct iocb *iocb)
{
	return io_submit(ctx, 1, &iocb);
}

/* How the next request ended, which has to be @iocb. */
static inline long ended(io_context_t ctx, struct iocb *iocb)
{
	struct timespec limit = { .tv_sec = 10 };
	struct io_event event;

	if (io_getevents(ctx, 1, 1, &event, &limit) != 1 || event.obj != iocb)
		return LONG_MIN;
	return event.res;
}

/*
 * How many events are there now, of requests that nobody asked about yet. The
 * call does not wait, and yet says that a signal interrupted it, if there is none.
 */
static inline int events_left(io_context_t ctx)
{
	struct io_event events[8];
	struct timespec now = { 0 };
	int n;

	do {
		n = io_getevents(ctx, 0, 8, events, &now);
	} while (n == -EINTR);
	return n;
}

/* Whether nothing ends, although there is some time for it. */
static inline bool none_ends(io_context_t ctx)
{
	struct timespec brief = { .tv_nsec = 20000000 };
	struct io_event event;

	return io_getevents(ctx, 1, 1, &event, &brief) == 0;
}

/* Cancel a request; the event comes by way of the context. */
static inline int cancel(io_context_t ctx, struct iocb *iocb)
{
	struct io_event unused;

	return io_cancel(ctx, iocb, &unused);
}

/* A request that moves bytes. */
static inline void prep(struct iocb *iocb, int fd, bool write, void *bytes,
			size_t len)
{
	if (write)
		io_prep_pwrite(iocb, fd, bytes, len, 0);
	else
		io_prep_pread(iocb, fd, bytes, len, 0);
}

/* A page, and after it nothing that is mapped. */
static inline char *page_before_hole(void)
{
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED || munmap(page + 4096, 4096))
		return NULL;
	return page;
}

/* What is counted of requests and openers. */
struct counts {
	long long queued;
	long long completed;
	long long cancelled;
	long long readers;
	long long writers;
};

static inline struct counts count_all(void)
{
	return (struct counts){
		.queued = device_show("stats/aio_queued"),
		.completed = device_show("stats/aio_completed"),
		.cancelled = device_show("stats/aio_cancelled"),
		.readers = device_show("readers"),
		.writers = device_show("writers"),
	};
}

/*
 * No request waits, each that did has ended in one way, and no file is open any
 * more that was not @before. A file may be let go a moment after the event.
 */
static inline void expect_settled(struct __test_metadata *_metadata,
				  const struct counts *before)
{
	struct counts now;

	EXPECT_EQ(0, wait_for_value("pending_aio", 0));
	EXPECT_EQ(0, wait_for_value("readers", before->readers));
	EXPECT_EQ(0, wait_for_value("writers", before->writers));
	now = count_all();
	EXPECT_EQ(now.queued - before->queued,
		  now.completed - before->completed +
		  now.cancelled - before->cancelled);
}

/*
 * Begin with a device that has neither bytes nor requests. If an earlier test's
 * never ended, nothing can be told from this one.
 */
static inline struct counts begin_settled(struct __test_metadata *_metadata)
{
	struct counts now;

	device_drain();
	now = count_all();
	ASSERT_EQ(now.queued, now.completed + now.cancelled) {
		TH_LOG("requests of an earlier test never ended");
	}
	return now;
}

#endif /* _INTEGRATION_REQUESTS_H */
