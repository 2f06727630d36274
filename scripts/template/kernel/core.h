/* SPDX-License-Identifier: GPL-2.0 */
/* The core: a box for one message. It knows neither files nor user memory. */
#ifndef _BOX_CORE_H
#define _BOX_CORE_H

#include <linux/poll.h>
#include <linux/types.h>
#include <linux/wait.h>

/* The longest message, in bytes. */
#define BOX_MAX		4096

struct box_message {
	size_t len;
	char bytes[];
};

/* The message changes hands by xchg(), so that there is no lock. */
struct box {
	struct box_message *message;	/* NULL if there is none */
	struct wait_queue_head queue;	/* readers, and who polls */
};

void box_init(struct box *box);
void box_destroy(struct box *box);

/* An empty message, or NULL if there is no memory. Whoever has it owns it. */
struct box_message *box_message(size_t len);

/* Give a message away: it replaces the one that nobody took. */
void box_put(struct box *box, struct box_message *message);

/* Take the message; if there is none, wait, or -EAGAIN. */
struct box_message *box_take(struct box *box, bool wait);

/* Give back what was taken; it is dropped if there is a newer one. */
void box_put_back(struct box *box, struct box_message *message);

/* What poll says. */
__poll_t box_level(struct box *box);

#endif /* _BOX_CORE_H */
