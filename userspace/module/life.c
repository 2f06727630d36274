// SPDX-License-Identifier: GPL-2.0
/*
 * The module comes and goes: with every parameter, good and bad, while it is in
 * use, and while its work is still being done. The driver must not be loaded when
 * this starts, and is not when it ends.
 */
#include <libaio.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include "kselftest_harness.h"
#include "../integration/common.h"
#include "../integration/userfault.h"

#define NAME	"globalfifo"
#define ROUNDS	100

/* Load it from where it was installed; 0 or a negated errno. */
static int load(const char *params)
{
	struct utsname uts;
	char path[PATH_MAX];
	int fd, ret;

	uname(&uts);
	snprintf(path, sizeof(path), "/lib/modules/%s/extra/%s.ko", uts.release,
		 NAME);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = or_errno(syscall(__NR_finit_module, fd, params, 0));
	close(fd);
	return ret;
}

/* As rmmod does; 0 or a negated errno. */
static int unload(void)
{
	return or_errno(syscall(__NR_delete_module, NAME, O_NONBLOCK));
}

/* Unload it as soon as nobody uses it. */
static int unload_soon(void)
{
	time_t until = 0;
	int ret;

	do
		ret = unload();
	while (ret == -EWOULDBLOCK && wait_a_moment(&until));
	return ret;
}

/* Does a file have a line that contains this? */
static bool mentions(const char *path, const char *word)
{
	FILE *file = fopen(path, "re");
	char line[1024];
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file))
		found = strstr(line, word);
	if (file)
		fclose(file);
	return found;
}

static bool exists(const char *path)
{
	return !access(path, F_OK);
}

/* Does nothing in the system show that it was ever loaded? */
static bool nothing_left(void)
{
	return !exists("/dev/" NAME) && !exists("/dev/" NAME "1") &&
	       !exists("/sys/class/" NAME) && !exists("/sys/module/" NAME) &&
	       !mentions("/proc/devices", NAME) &&
	       !mentions("/proc/modules", NAME);
}

/* What a parameter is, as sysfs shows it. */
static long long parameter(const char *name)
{
	return show("/sys/module/" NAME "/parameters", name);
}

FIXTURE(good) {
};

FIXTURE_VARIANT(good) {
	const char *params;
	long long ndevices, size, major, max_aio;
};

FIXTURE_VARIANT_ADD(good, none) {
	.params = "", .ndevices = 1, .size = 4096, .max_aio = 1024,
};

FIXTURE_VARIANT_ADD(good, two) {
	.params = "ndevices=2", .ndevices = 2, .size = 4096, .max_aio = 1024,
};

FIXTURE_VARIANT_ADD(good, many) {
	.params = "ndevices=256", .ndevices = 256, .size = 4096, .max_aio = 1024,
};

FIXTURE_VARIANT_ADD(good, small) {
	.params = "size=1024", .ndevices = 1, .size = 1024, .max_aio = 1024,
};

FIXTURE_VARIANT_ADD(good, large) {
	.params = "size=16777216", .ndevices = 1, .size = 16777216,
	.max_aio = 1024,
};

FIXTURE_VARIANT_ADD(good, major) {
	.params = "major=511", .ndevices = 1, .size = 4096, .major = 511,
	.max_aio = 1024,
};

FIXTURE_VARIANT_ADD(good, one_request) {
	.params = "max_aio=1", .ndevices = 1, .size = 4096, .max_aio = 1,
};

FIXTURE_VARIANT_ADD(good, most_requests) {
	.params = "max_aio=65536", .ndevices = 1, .size = 4096,
	.max_aio = 65536,
};

FIXTURE_VARIANT_ADD(good, all) {
	.params = "ndevices=3 size=8192 major=510 max_aio=7", .ndevices = 3,
	.size = 8192, .major = 510, .max_aio = 7,
};

FIXTURE_SETUP(good)
{
	ASSERT_TRUE(nothing_left());
}

FIXTURE_TEARDOWN(good)
{
	unload();
}

/*
 * Test that each parameter takes effect, and that unloading undoes it
 * (D1, D2, D5).
 */
TEST_F(good, takes_effect)
{
	char last[64] = "/dev/" NAME, beyond[64];
	struct stat st;

	ASSERT_EQ(0, load(variant->params));
	if (variant->ndevices > 1)
		snprintf(last, sizeof(last), "/dev/" NAME "%lld",
			 variant->ndevices - 1);
	snprintf(beyond, sizeof(beyond), "/dev/" NAME "%lld", variant->ndevices);
	ASSERT_EQ(0, stat(last, &st));
	EXPECT_TRUE(S_ISCHR(st.st_mode));
	EXPECT_EQ(variant->ndevices - 1, minor(st.st_rdev));
	if (variant->major)
		EXPECT_EQ(variant->major, major(st.st_rdev));
	EXPECT_FALSE(exists(beyond));
	EXPECT_EQ(variant->ndevices, parameter("ndevices"));
	EXPECT_EQ(variant->size, parameter("size"));
	EXPECT_EQ(variant->major, parameter("major"));
	EXPECT_EQ(variant->max_aio, parameter("max_aio"));
	EXPECT_EQ(variant->size, device_size());
	EXPECT_EQ(0, unload());
	EXPECT_TRUE(nothing_left());
}

FIXTURE(bad) {
};

FIXTURE_VARIANT(bad) {
	const char *params;
	int err;
};

FIXTURE_VARIANT_ADD(bad, no_device) {
	.params = "ndevices=0", .err = -EINVAL,
};

FIXTURE_VARIANT_ADD(bad, too_many_devices) {
	.params = "ndevices=257", .err = -EINVAL,
};

FIXTURE_VARIANT_ADD(bad, negative_devices) {
	.params = "ndevices=-1", .err = -EINVAL,
};

FIXTURE_VARIANT_ADD(bad, not_a_number) {
	.params = "ndevices=two", .err = -EINVAL,
};

FIXTURE_VARIANT_ADD(bad, too_small) {
	.params = "size=512", .err = -EINVAL,
};

FIXTURE_VARIANT_ADD(bad, too_large) {
	.params = "size=33554432", .err = -EINVAL,
};

FIXTURE_VARIANT_ADD(bad, not_a_power) {
	.params = "size=5000", .err = -EINVAL,
};

FIXTURE_VARIANT_ADD(bad, no_major) {
	.params = "major=512", .err = -EINVAL,
};

FIXTURE_VARIANT_ADD(bad, major_taken) {
	.params = "major=1", .err = -EBUSY,
};

FIXTURE_VARIANT_ADD(bad, no_request) {
	.params = "max_aio=0", .err = -EINVAL,
};

FIXTURE_VARIANT_ADD(bad, too_many_requests) {
	.params = "max_aio=65537", .err = -EINVAL,
};

FIXTURE_VARIANT_ADD(bad, one_of_many) {
	.params = "ndevices=2 size=8192 max_aio=0", .err = -EINVAL,
};

FIXTURE_SETUP(bad)
{
	ASSERT_TRUE(nothing_left());
}

FIXTURE_TEARDOWN(bad)
{
	unload();
}

/* Test that a bad parameter is refused, and leaves nothing behind (D2). */
TEST_F(bad, leaves_nothing)
{
	EXPECT_EQ(variant->err, load(variant->params));
	EXPECT_TRUE(nothing_left());
	EXPECT_EQ(0, load(""));
	EXPECT_EQ(0, unload());
}

FIXTURE(module) {
	io_context_t ctx;
	struct iocb iocb, *iocbs[1];
	char *buf;
	int fd;
};

FIXTURE_SETUP(module)
{
	ASSERT_TRUE(nothing_left());
	ASSERT_EQ(0, load(""));
	self->ctx = NULL;
	ASSERT_EQ(0, io_setup(4, &self->ctx));
	self->iocbs[0] = &self->iocb;
	self->buf = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->buf);
	self->fd = device_open(O_RDWR);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(module)
{
	io_destroy(self->ctx);
	close(self->fd);
	EXPECT_EQ(0, unload_soon());
	EXPECT_TRUE(nothing_left());
}

/* Test that it is loaded once, and unloaded once (D5). */
TEST_F(module, once)
{
	EXPECT_EQ(-EEXIST, load(""));
	close(self->fd);
	self->fd = -1;
	EXPECT_EQ(0, unload());
	EXPECT_EQ(-ENOENT, unload());
	EXPECT_TRUE(nothing_left());
	EXPECT_EQ(0, load(""));
}

/* Test that it stays while it is open, and works on (D5). */
TEST_F(module, stays_while_open)
{
	char bytes[2];

	EXPECT_EQ(-EWOULDBLOCK, unload());
	EXPECT_EQ(2, write(self->fd, "ab", 2));
	EXPECT_EQ(-EWOULDBLOCK, unload());
	EXPECT_EQ(2, read(self->fd, bytes, 2));
	close(self->fd);
	self->fd = -1;
	EXPECT_EQ(0, unload_soon());
	EXPECT_EQ(0, load(""));
}

/* Test that it stays while a request waits, of a file that nobody has (A3, D5). */
TEST_F(module, stays_while_pending)
{
	struct io_event event;

	io_prep_pread(&self->iocb, self->fd, self->buf, 1, 0);
	ASSERT_EQ(1, io_submit(self->ctx, 1, self->iocbs));
	close(self->fd);
	self->fd = -1;
	EXPECT_EQ(-EWOULDBLOCK, unload());
	EXPECT_EQ(1, device_show("pending_aio"));
	EXPECT_EQ(-EINPROGRESS, io_cancel(self->ctx, &self->iocb, &event));
	ASSERT_EQ(1, io_getevents(self->ctx, 1, 1, &event, NULL));
	EXPECT_EQ(-ECANCELED, (int)event.res);
	EXPECT_EQ(0, unload_soon());
	EXPECT_EQ(0, load(""));
}

/* Test that a file of sysfs which is still open is only that. */
TEST_F(module, sysfs_open)
{
	int fd = open("/sys/class/" NAME "/" NAME "/size", O_RDONLY | O_CLOEXEC);
	char text[16];

	ASSERT_LE(0, fd);
	close(self->fd);
	self->fd = -1;
	EXPECT_EQ(0, unload_soon());
	EXPECT_EQ(-ENODEV, or_errno(read(fd, text, sizeof(text))));
	close(fd);
	EXPECT_EQ(0, load(""));
}

/*
 * Test that unloading waits for a worker of the driver who is in the memory of a
 * request that is over, and who would find his code gone (D5).
 */
TEST_F(module, waits_for_faults)
{
	struct timespec while_ = { .tv_nsec = 200000000 };
	struct io_event event;
	int uffd = watch_faults(self->buf, PAGE);
	pid_t child;
	char *page;

	if (uffd < 0)
		SKIP(return, "this kernel has no userfaultfd");
	io_prep_pread(&self->iocb, self->fd, self->buf, 1, 0);
	ASSERT_EQ(1, io_submit(self->ctx, 1, self->iocbs));
	ASSERT_EQ(1, write(self->fd, "x", 1));
	page = next_stuck(uffd);
	ASSERT_NE(NULL, page);
	EXPECT_EQ(-EINPROGRESS, io_cancel(self->ctx, &self->iocb, &event));
	ASSERT_EQ(1, io_getevents(self->ctx, 1, 1, &event, NULL));
	close(self->fd);
	self->fd = -1;
	child = spawn();
	if (!child)
		_exit(unload_soon() != 0);
	nanosleep(&while_, NULL);
	EXPECT_EQ(0, waitpid(child, NULL, WNOHANG));
	EXPECT_EQ(0, serve(uffd, page, NULL));
	EXPECT_EQ(0, reap_soon(child));
	EXPECT_TRUE(nothing_left());
	close(uffd);
	EXPECT_EQ(0, load(""));
}

/* Test that it can go at the moment when its last request is served (D5). */
TEST_F(module, goes_when_served)
{
	struct io_event event;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		io_prep_pread(&self->iocb, self->fd, self->buf, 1, 0);
		ASSERT_EQ(1, io_submit(self->ctx, 1, self->iocbs));
		ASSERT_EQ(1, write(self->fd, "x", 1));
		close(self->fd);
		ASSERT_EQ(0, unload_soon());
		ASSERT_EQ(1, io_getevents(self->ctx, 1, 1, &event, NULL));
		ASSERT_EQ(1, (int)event.res);
		ASSERT_EQ(0, load(""));
		self->fd = device_open(O_RDWR);
	}
}

/* Test that it can go at the moment when its last request is cancelled (D5). */
TEST_F(module, goes_when_cancelled)
{
	int i;

	for (i = 0; i < ROUNDS; i++) {
		io_prep_pread(&self->iocb, self->fd, self->buf, 1, 0);
		ASSERT_EQ(1, io_submit(self->ctx, 1, self->iocbs));
		close(self->fd);
		ASSERT_EQ(0, io_destroy(self->ctx));
		ASSERT_EQ(0, unload_soon());
		ASSERT_EQ(0, load(""));
		self->fd = device_open(O_RDWR);
		self->ctx = NULL;
		ASSERT_EQ(0, io_setup(4, &self->ctx));
	}
}

static bool stop;

/* Somebody who opens it whenever he can, and has it signal and poll. */
static void *user(void *unused)
{
	struct pollfd poller = { .events = POLLIN };
	char byte = 'x';

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		poller.fd = device_open(O_RDWR | O_NONBLOCK);
		if (poller.fd < 0)
			continue;
		fcntl(poller.fd, F_SETFL, O_NONBLOCK | O_ASYNC);
		write(poller.fd, &byte, 1);
		poll(&poller, 1, 0);
		read(poller.fd, &byte, 1);
		close(poller.fd);
		usleep(1000);
	}
	return NULL;
}

/* Test that those who open it while it comes and goes get it whole or not (D5). */
TEST_F(module, openers)
{
	pthread_t threads[2];
	int i, ret;

	close(self->fd);
	self->fd = -1;
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, user, NULL));
	for (i = 0; i < ROUNDS; i++) {
		/* They seldom have it both closed. */
		ret = unload_soon();
		if (ret)
			break;
		ret = load("ndevices=4");
		if (ret)
			break;
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(0, ret);
}

/* Test that modprobe and rmmod do the same, with a parameter each time. */
TEST_F(module, modprobe)
{
	int i;

	close(self->fd);
	self->fd = -1;
	ASSERT_EQ(0, system("rmmod " NAME));
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, system("modprobe " NAME " ndevices=2 size=2048"));
		EXPECT_EQ(2048, parameter("size"));
		ASSERT_EQ(0, system("rmmod " NAME));
		EXPECT_TRUE(nothing_left());
		EXPECT_NE(0, system("modprobe -q " NAME " size=3"));
		EXPECT_TRUE(nothing_left());
	}
	EXPECT_NE(0, system("rmmod " NAME " 2>/dev/null"));
	EXPECT_EQ(0, load(""));
	self->fd = device_open(O_RDWR);
	EXPECT_NE(0, system("rmmod " NAME " 2>/dev/null"));
}

TEST_HARNESS_MAIN
