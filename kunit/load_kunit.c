// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of loading and unloading. Each case begins with the driver
 * unloaded, and ends with it loaded as it was.
 */

#include <kunit/test.h>
#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/kdev_t.h>
#include <linux/module.h>

#include "../kernel/chardev.h"
#include "../kernel/fifo.h"
#include "../kernel/globalfifo.h"
#include "testkit.h"

/* For local use, says Documentation/admin-guide/devices.txt. */
#define MAJOR_FIXED	240

struct load_test {
	struct gf_params params;
	bool loaded;
};

static int load(struct kunit *test)
{
	struct load_test *ctx = test->priv;
	int err = gf_load();

	ctx->loaded = !err;
	return err;
}

static void unload(struct kunit *test)
{
	struct load_test *ctx = test->priv;

	if (ctx->loaded)
		gf_unload();
	ctx->loaded = false;
}

static dev_t devt_of(unsigned int index)
{
	return MKDEV(MAJOR(gf_first), MINOR(gf_first) + index);
}

/* Is device number @index in the class that an open device is in? */
static bool in_class(struct tk_file *holder, unsigned int index)
{
	struct kobject *parent = file_inode(holder->file)->i_cdev->kobj.parent;
	struct device *found;

	found = class_find_device_by_devt(kobj_to_dev(parent)->class,
					  devt_of(index));
	put_device(found);
	return found;
}

/* The first has no number in its name. */
static struct tk_file *open_nth(struct kunit *test, unsigned int index)
{
	char name[32];

	snprintf(name, sizeof(name), index ? "/dev/globalfifo%u" :
		 "/dev/globalfifo", index);
	return tk_open_path(test, name, O_RDWR);
}

/*
 * A byte goes in and comes out, and the FIFO has the size that was asked; it is
 * one of as many as were asked for.
 */
static void expect_works(struct kunit *test, unsigned int index)
{
	struct tk_file *holder = open_nth(test, index);
	char byte = 0;

	KUNIT_EXPECT_TRUE(test, in_class(holder, index));
	KUNIT_EXPECT_FALSE(test, in_class(holder, gf_params.ndevices));
	KUNIT_EXPECT_EQ(test, gf_fifo_size(holder->file->private_data),
			gf_params.size);
	KUNIT_EXPECT_EQ(test, kernel_write(holder->file, "x", 1, NULL), 1);
	KUNIT_EXPECT_EQ(test, kernel_read(holder->file, &byte, 1, NULL), 1);
	KUNIT_EXPECT_EQ(test, byte, 'x');
	tk_close(holder);
}

/* Nobody has the numbers, as after a load that failed or was undone. */
static void expect_free(struct kunit *test, dev_t first, unsigned int count)
{
	int err = register_chrdev_region(first, count, "load_kunit");

	KUNIT_EXPECT_EQ(test, err, 0);
	if (!err)
		unregister_chrdev_region(first, count);
}

/*
 * Test that as many devices as can be had work, go with unload, and can be had
 * again (D1, D2).
 */
static void load_most(struct kunit *test)
{
	unsigned int round;

	gf_params = (struct gf_params){
		.ndevices = 256, .size = 2048, .major = MAJOR_FIXED,
		.max_aio = 65536,
	};
	for (round = 0; round < 2; round++) {
		KUNIT_ASSERT_EQ(test, load(test), 0);
		KUNIT_EXPECT_EQ(test, gf_first, MKDEV(MAJOR_FIXED, 0));
		expect_works(test, 0);
		expect_works(test, 255);
		unload(test);
		expect_free(test, MKDEV(MAJOR_FIXED, 0), 256);
	}
}

struct load_param {
	const char *name;
	struct gf_params params;
	int err;
};

static const struct load_param bad_params[] = {
	{ "ndevices=0", { 0, 1024, 0, 1 }, -EINVAL },
	{ "ndevices=257", { 257, 1024, 0, 1 }, -EINVAL },
	{ "size=512", { 1, 512, 0, 1 }, -EINVAL },
	{ "size=1025", { 1, 1025, 0, 1 }, -EINVAL },
	{ "size=33554432", { 1, 2 * GLOBALFIFO_SIZE_MAX, 0, 1 }, -EINVAL },
	{ "major=512", { 1, 1024, 512, 1 }, -EINVAL },
	{ "major=513", { 1, 1024, 513, 1 }, -EINVAL },
	{ "major=4097", { 1, 1024, 4097, 1 }, -EINVAL },
	{ "max_aio=0", { 1, 1024, 0, 0 }, -EINVAL },
	{ "max_aio=65537", { 1, 1024, 0, 65537 }, -EINVAL },
	{ "major=1, taken", { 1, 1024, 1, 1 }, -EBUSY },
};

static void load_desc(const struct load_param *param, char *desc)
{
	strscpy(desc, param->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(bad, bad_params, load_desc);

/* Test that a bad parameter is an error, and the next load is as if not (D2). */
static void load_bad(struct kunit *test)
{
	const struct load_param *param = test->param_value;

	gf_params = param->params;
	KUNIT_EXPECT_EQ(test, load(test), param->err);
	unload(test);
	gf_params = (struct gf_params){
		2, GLOBALFIFO_SIZE_MIN, MAJOR_FIXED, 1,
	};
	KUNIT_ASSERT_EQ(test, load(test), 0);
	expect_works(test, 0);
	expect_works(test, 1);
}

static const struct load_param good_params[] = {
	{ "least", { 1, GLOBALFIFO_SIZE_MIN, 0, 1 } },
	{ "most", { 1, GLOBALFIFO_SIZE_MAX, 511, 65536 } },
};

KUNIT_ARRAY_PARAM(good, good_params, load_desc);

/* Test that each parameter may be as small, or as large, as it says (A1, D2). */
static void load_good(struct kunit *test)
{
	const struct load_param *param = test->param_value;
	struct gf_fifo *fifo;
	struct tk_file *file;

	gf_params = param->params;
	KUNIT_ASSERT_EQ(test, load(test), 0);
	KUNIT_EXPECT_EQ(test, MINOR(gf_first), 0);
	if (gf_params.major)
		KUNIT_EXPECT_EQ(test, MAJOR(gf_first), gf_params.major);
	KUNIT_EXPECT_EQ(test, register_chrdev_region(gf_first, 1, "load_kunit"),
			-EBUSY);
	expect_works(test, 0);
	file = open_nth(test, 0);
	fifo = file->file->private_data;
	KUNIT_EXPECT_EQ(test, fifo->aio.max, gf_params.max_aio);
	tk_close(file);
}

/* Test that of what a load allocates nothing is left by unload (D2). */
static void load_frees(struct kunit *test)
{
	gf_params = (struct gf_params){ 2, GLOBALFIFO_SIZE_MIN, 0, 1 };
	tk_memory_record(test);
	KUNIT_ASSERT_EQ(test, load(test), 0);
	unload(test);
	tk_memory_pause();
	/* At least each device, and its buffer. */
	KUNIT_EXPECT_LE(test, 4, tk_memory().recorded);
	KUNIT_EXPECT_EQ(test, tk_memory().kept, 0);
}

static const struct load_param sweep_params[] = {
	{ "any major", { 2, GLOBALFIFO_SIZE_MIN, 0, 1 } },
	{ "one major", { 2, GLOBALFIFO_SIZE_MIN, MAJOR_FIXED, 1 } },
};

KUNIT_ARRAY_PARAM(sweep, sweep_params, load_desc);

/*
 * Test that wherever a load runs out of memory it says so, or does without, and
 * leaves nothing behind (D2): of the class, the numbers and the names each is
 * there once, so the next load would fail for another reason.
 */
static void load_no_memory(struct kunit *test)
{
	const struct load_param *param = test->param_value;
	unsigned int nth = 0, failures = 0;
	bool failed;
	int err;

	gf_params = param->params;
	do {
		tk_memory_record(test);
		tk_fail_nth(test, ++nth);
		err = load(test);
		failed = tk_fail_none();
		tk_memory_pause();
		if (err) {
			failures++;
			KUNIT_ASSERT_EQ(test, err, -ENOMEM);
			KUNIT_ASSERT_TRUE(test, failed);
		} else {
			expect_works(test, 0);
			expect_works(test, 1);
			unload(test);
		}
		expect_free(test, gf_first, gf_params.ndevices);
	} while (failed);
	KUNIT_EXPECT_EQ(test, tk_memory().kept, 0);
	/* At least the numbers, the class, and two of each device. */
	KUNIT_EXPECT_GE(test, failures, 6);
	kunit_info(test, "%u points of failure, %u of them failed the load",
		   nth - 1, failures);
}

static int load_test_init(struct kunit *test)
{
	struct load_test *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);

	if (!ctx)
		return -ENOMEM;
	ctx->params = gf_params;
	ctx->loaded = true;
	test->priv = ctx;
	unload(test);
	return 0;
}

static void load_test_exit(struct kunit *test)
{
	struct load_test *ctx = test->priv;

	unload(test);
	gf_params = ctx->params;
	KUNIT_EXPECT_EQ(test, gf_load(), 0);
}

static struct kunit_case load_cases[] = {
	KUNIT_CASE(load_most),
	KUNIT_CASE_PARAM(load_bad, bad_gen_params),
	KUNIT_CASE_PARAM(load_good, good_gen_params),
	KUNIT_CASE(load_frees),
	KUNIT_CASE_PARAM(load_no_memory, sweep_gen_params),
	{}
};

static struct kunit_suite load_suite = {
	.name = "load",
	.init = load_test_init,
	.exit = load_test_exit,
	.test_cases = load_cases,
};

kunit_test_suite(load_suite);

MODULE_DESCRIPTION("KUnit tests of loading and unloading globalfifo");
MODULE_LICENSE("GPL");
