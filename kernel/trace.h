/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints globalfifo:*. In all of them, dev is the device, bytes what the
 * event is about, and fill what the FIFO holds right after it.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM globalfifo

#if !defined(_GLOBALFIFO_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _GLOBALFIFO_TRACE_H

#include <linux/kdev_t.h>
#include <linux/tracepoint.h>

#include "fifo.h"

/* Bytes moved. */
DECLARE_EVENT_CLASS(globalfifo_transfer,
	TP_PROTO(const struct gf_fifo *fifo, size_t bytes, size_t fill),
	TP_ARGS(fifo, bytes, fill),
	TP_STRUCT__entry(
		__field(dev_t, dev)
		__field(size_t, bytes)
		__field(size_t, fill)
	),
	TP_fast_assign(
		__entry->dev = fifo->devt;
		__entry->bytes = bytes;
		__entry->fill = fill;
	),
	TP_printk("dev=%u:%u bytes=%zu fill=%zu", MAJOR(__entry->dev),
		  MINOR(__entry->dev), __entry->bytes, __entry->fill)
);

/* bytes came out. */
DEFINE_EVENT(globalfifo_transfer, globalfifo_read,
	TP_PROTO(const struct gf_fifo *fifo, size_t bytes, size_t fill),
	TP_ARGS(fifo, bytes, fill)
);

/* bytes went in. */
DEFINE_EVENT(globalfifo_transfer, globalfifo_write,
	TP_PROTO(const struct gf_fifo *fifo, size_t bytes, size_t fill),
	TP_ARGS(fifo, bytes, fill)
);

/* bytes were thrown away. */
DEFINE_EVENT(globalfifo_transfer, globalfifo_clear,
	TP_PROTO(const struct gf_fifo *fifo, size_t bytes, size_t fill),
	TP_ARGS(fifo, bytes, fill)
);

/* Somebody on one side: rw is READ or WRITE, what he does or is told he can. */
DECLARE_EVENT_CLASS(globalfifo_side,
	TP_PROTO(const struct gf_fifo *fifo, int rw, size_t bytes, size_t fill),
	TP_ARGS(fifo, rw, bytes, fill),
	TP_STRUCT__entry(
		__field(dev_t, dev)
		__field(int, rw)
		__field(size_t, bytes)
		__field(size_t, fill)
	),
	TP_fast_assign(
		__entry->dev = fifo->devt;
		__entry->rw = rw;
		__entry->bytes = bytes;
		__entry->fill = fill;
	),
	TP_printk("dev=%u:%u %s bytes=%zu fill=%zu", MAJOR(__entry->dev),
		  MINOR(__entry->dev),
		  __print_symbolic(__entry->rw, { 0, "read" }, { 1, "write" }),
		  __entry->bytes, __entry->fill)
);

/* A call goes to sleep until bytes are there to read, or room to write to. */
DEFINE_EVENT(globalfifo_side, globalfifo_sleep,
	TP_PROTO(const struct gf_fifo *fifo, int rw, size_t bytes, size_t fill),
	TP_ARGS(fifo, rw, bytes, fill)
);

/* SIGIO says that something can be read or written, after bytes moved. */
DEFINE_EVENT(globalfifo_side, globalfifo_signal,
	TP_PROTO(const struct gf_fifo *fifo, int rw, size_t bytes, size_t fill),
	TP_ARGS(fifo, rw, bytes, fill)
);

/* An asynchronous request for bytes has to wait. */
DEFINE_EVENT(globalfifo_side, globalfifo_aio_queue,
	TP_PROTO(const struct gf_fifo *fifo, int rw, size_t bytes, size_t fill),
	TP_ARGS(fifo, rw, bytes, fill)
);

/* One that waited has moved bytes: none if it failed. */
DEFINE_EVENT(globalfifo_side, globalfifo_aio_complete,
	TP_PROTO(const struct gf_fifo *fifo, int rw, size_t bytes, size_t fill),
	TP_ARGS(fifo, rw, bytes, fill)
);

/* One that waited for bytes was cancelled. */
DEFINE_EVENT(globalfifo_side, globalfifo_aio_cancel,
	TP_PROTO(const struct gf_fifo *fifo, int rw, size_t bytes, size_t fill),
	TP_ARGS(fifo, rw, bytes, fill)
);

/* sleepers of them were woken for bytes, to be read or of room. */
TRACE_EVENT(globalfifo_wake,
	TP_PROTO(const struct gf_fifo *fifo, int rw, size_t bytes, size_t fill,
		 unsigned int sleepers),
	TP_ARGS(fifo, rw, bytes, fill, sleepers),
	TP_STRUCT__entry(
		__field(dev_t, dev)
		__field(int, rw)
		__field(size_t, bytes)
		__field(size_t, fill)
		__field(unsigned int, sleepers)
	),
	TP_fast_assign(
		__entry->dev = fifo->devt;
		__entry->rw = rw;
		__entry->bytes = bytes;
		__entry->fill = fill;
		__entry->sleepers = sleepers;
	),
	TP_printk("dev=%u:%u %s bytes=%zu fill=%zu sleepers=%u",
		  MAJOR(__entry->dev), MINOR(__entry->dev),
		  __print_symbolic(__entry->rw, { 0, "read" }, { 1, "write" }),
		  __entry->bytes, __entry->fill, __entry->sleepers)
);

#endif /* _GLOBALFIFO_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
