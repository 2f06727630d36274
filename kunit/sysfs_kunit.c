// SPDX-License-Identifier: GPL-2.0
/* KUnit tests of what sysfs shows, on a FIFO of the test's own. */

#include <kunit/test.h>
#include <linux/device.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "../kernel/fifo.h"
#include "../kernel/globalfifo.h"
#include "../kernel/sysfs.h"
#include "compat.h"

/* As much of a device as an attribute looks at. */
struct sysfs_test {
	struct device dev;
	struct gf_fifo fifo;
	char *page;
};

/* The attribute of this name, in the group of this name. */
static struct device_attribute *find_attr(const char *group, const char *name)
{
	const struct attribute_group **g;
	struct attribute **a;

	for (g = gf_sysfs_groups; *g; g++)
		for (a = (*g)->attrs; *a; a++)
			if (!strcmp((*g)->name ?: "", group) &&
			    !strcmp((*a)->name, name))
				return container_of(*a, struct device_attribute,
						    attr);
	return NULL;
}

/* What the file says. */
static const char *show(struct kunit *test, const char *group, const char *name)
{
	struct device_attribute *attr = find_attr(group, name);
	struct sysfs_test *ctx = test->priv;
	ssize_t len;

	KUNIT_ASSERT_NOT_NULL_MSG(test, attr, "no %s/%s", group, name);
	KUNIT_EXPECT_EQ(test, attr->attr.mode, 0444);
	len = attr->show(&ctx->dev, attr, ctx->page);
	KUNIT_EXPECT_EQ(test, len, (ssize_t)strlen(ctx->page));
	return ctx->page;
}

/* Test that each file of the state shows what it is named after (T2). */
static void sysfs_state(struct kunit *test)
{
	struct sysfs_test *ctx = test->priv;

	KUNIT_ASSERT_EQ(test, 0, gf_fifo_resize(&ctx->fifo,
						2 * GLOBALFIFO_SIZE_MIN));
	gf_ring_put(&ctx->fifo.ring, 5);
	gf_fifo_open(&ctx->fifo, FMODE_READ);
	gf_fifo_open(&ctx->fifo, FMODE_READ);
	gf_fifo_open(&ctx->fifo, FMODE_WRITE);
	KUNIT_EXPECT_STREQ(test, show(test, "", "size"), "2048\n");
	KUNIT_EXPECT_STREQ(test, show(test, "", "fill"), "5\n");
	KUNIT_EXPECT_STREQ(test, show(test, "", "readers"), "2\n");
	KUNIT_EXPECT_STREQ(test, show(test, "", "writers"), "1\n");
	ctx->fifo.aio.line[READ].pending = 2;
	ctx->fifo.aio.line[WRITE].pending = 4;
	KUNIT_EXPECT_STREQ(test, show(test, "", "pending_aio"), "6\n");
}

/* Test that each count is shown whole, beyond 32 bits, too (T2). */
static void sysfs_stats(struct kunit *test)
{
	struct sysfs_test *ctx = test->priv;

	ctx->fifo.stats = (struct gf_fifo_stats){
		.bytes_in = 0x100000001, .bytes_out = 0x100000002,
		.reads = 0x100000003, .writes = 0x100000004,
		.sleeps = 0x100000005, .aio_queued = 0x100000008,
		.aio_completed = 0x100000009, .aio_cancelled = 0x10000000a,
	};
	atomic64_set(&ctx->fifo.wakes, 0x100000006);
	atomic64_set(&ctx->fifo.signals, 0x100000007);
	KUNIT_EXPECT_STREQ(test, show(test, "stats", "bytes_in"),
			   "4294967297\n");
	KUNIT_EXPECT_STREQ(test, show(test, "stats", "bytes_out"),
			   "4294967298\n");
	KUNIT_EXPECT_STREQ(test, show(test, "stats", "reads"), "4294967299\n");
	KUNIT_EXPECT_STREQ(test, show(test, "stats", "writes"), "4294967300\n");
	KUNIT_EXPECT_STREQ(test, show(test, "stats", "sleeps"), "4294967301\n");
	KUNIT_EXPECT_STREQ(test, show(test, "stats", "wakes"), "4294967302\n");
	KUNIT_EXPECT_STREQ(test, show(test, "stats", "signals"),
			   "4294967303\n");
	KUNIT_EXPECT_STREQ(test, show(test, "stats", "aio_queued"),
			   "4294967304\n");
	KUNIT_EXPECT_STREQ(test, show(test, "stats", "aio_completed"),
			   "4294967305\n");
	KUNIT_EXPECT_STREQ(test, show(test, "stats", "aio_cancelled"),
			   "4294967306\n");
}

static void sysfs_test_end(void *data)
{
	struct sysfs_test *ctx = data;

	gf_fifo_destroy(&ctx->fifo);
	free_page((unsigned long)ctx->page);
}

static int sysfs_test_init(struct kunit *test)
{
	struct sysfs_test *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);

	if (!ctx)
		return -ENOMEM;
	/* sysfs_emit() wants a page of its own. */
	ctx->page = (char *)__get_free_page(GFP_KERNEL);
	if (!ctx->page)
		return -ENOMEM;
	if (gf_fifo_init(&ctx->fifo, GLOBALFIFO_SIZE_MIN, 1, &gf_user, 0)) {
		free_page((unsigned long)ctx->page);
		return -ENOMEM;
	}
	dev_set_drvdata(&ctx->dev, &ctx->fifo);
	test->priv = ctx;
	return kunit_add_action_or_reset(test, sysfs_test_end, ctx);
}

static struct kunit_case sysfs_cases[] = {
	KUNIT_CASE(sysfs_state),
	KUNIT_CASE(sysfs_stats),
	{}
};

static struct kunit_suite sysfs_suite = {
	.name = "sysfs",
	.init = sysfs_test_init,
	.test_cases = sysfs_cases,
};

kunit_test_suite(sysfs_suite);

MODULE_DESCRIPTION("KUnit tests of what sysfs shows of globalfifo");
MODULE_LICENSE("GPL");
