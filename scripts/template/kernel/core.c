// SPDX-License-Identifier: GPL-2.0
#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/overflow.h>
#include <linux/slab.h>

#include "core.h"

void box_init(struct box *box)
{
	box->message = NULL;
	init_waitqueue_head(&box->queue);
}

void box_destroy(struct box *box)
{
	kfree(box->message);
}

struct box_message *box_message(size_t len)
{
	struct box_message *message;

	message = kmalloc(struct_size(message, bytes, len), GFP_KERNEL_ACCOUNT);
	if (message)
		message->len = len;
	return message;
}

static void box_wake(struct box *box)
{
	wake_up_interruptible_poll(&box->queue, EPOLLIN | EPOLLRDNORM);
}

void box_put(struct box *box, struct box_message *message)
{
	kfree(xchg(&box->message, message));
	box_wake(box);
}

struct box_message *box_take(struct box *box, bool wait)
{
	struct box_message *message;
	int err;

	if (!wait) {
		message = xchg(&box->message, NULL);
		return message ?: ERR_PTR(-EAGAIN);
	}
	err = wait_event_interruptible(box->queue,
				       (message = xchg(&box->message, NULL)));
	return err ? ERR_PTR(err) : message;
}

void box_put_back(struct box *box, struct box_message *message)
{
	if (cmpxchg(&box->message, NULL, message))
		kfree(message);
	else
		box_wake(box);
}

__poll_t box_level(struct box *box)
{
	__poll_t level = EPOLLOUT | EPOLLWRNORM;

	if (READ_ONCE(box->message))
		level |= EPOLLIN | EPOLLRDNORM;
	return level;
}
