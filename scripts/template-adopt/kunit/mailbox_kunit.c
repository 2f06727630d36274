// SPDX-License-Identifier: GPL-2.0
/* KUnit tests of the driver, by way of the real file. */

#include <kunit/test.h>
#include <linux/fs.h>
#include <linux/module.h>

#include "testkit.h"

/* Test that it can be opened and closed (D1). */
static void mailbox_open(struct kunit *test)
{
	struct tk_file *holder = tk_open_path(test, "/dev/mailbox", O_RDONLY);

	KUNIT_EXPECT_NOT_NULL(test, holder->file->f_op);
	tk_close(holder);
}

static struct kunit_case mailbox_cases[] = {
	KUNIT_CASE(mailbox_open),
	{}
};

static struct kunit_suite mailbox_suite = {
	.name = "mailbox",
	.test_cases = mailbox_cases,
};

kunit_test_suite(mailbox_suite);

MODULE_DESCRIPTION("KUnit tests of mailbox");
MODULE_LICENSE("GPL");
