/* SPDX-License-Identifier: GPL-2.0 */
/* What the integration tests share. */
#ifndef _INTEGRATION_COMMON_H
#define _INTEGRATION_COMMON_H

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef TIMEOUT
/* Of kselftest_harness.h, which comes before this. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	TIMEOUT
#endif

/* The device under test. */
static inline const char *device_path(void)
{
	const char *path = getenv("DEVICE");

	return path && *path ? path : "/dev/globalfifo";
}

static inline int device_open(int flags)
{
	return open(device_path(), flags | O_CLOEXEC);
}

/*
 * A second one of its kind, for tests that tell them apart; they are skipped
 * where it is not there.
 */
static inline const char *second_device_path(void)
{
	const char *path = getenv("DEVICE2");

	return path && *path ? path : "/dev/globalfifo1";
}

/* Take out whatever an earlier test left. */
static inline void device_drain(void)
{
	int fd = device_open(O_RDONLY | O_NONBLOCK);
	char bytes[4096];

	while (read(fd, bytes, sizeof(bytes)) > 0)
		;
	close(fd);
}

/*
 * How many bytes it can hold, found out by filling it: others than ours have no
 * GLOBALFIFO_GET_SIZE.
 */
static inline unsigned int device_size(void)
{
	int fd = device_open(O_RDWR | O_NONBLOCK);
	char bytes[512] = "";
	unsigned int size = 0;
	ssize_t n;

	device_drain();
	while ((n = write(fd, bytes, sizeof(bytes))) > 0)
		size += n;
	device_drain();
	close(fd);
	return size;
}

/* How many bytes the device holds, or -1. */
static inline int held(int fd)
{
	int n = -1;

	return ioctl(fd, FIONREAD, &n) ? -1 : n;
}

/* Where sysfs shows a device. */
static inline void sysfs_dir(dev_t devt, char *dir, size_t len)
{
	snprintf(dir, len, "/sys/dev/char/%u:%u", major(devt), minor(devt));
}

/* Where it shows the device that @fd is open on. */
static inline int device_sysfs(int fd, char *dir, size_t len)
{
	struct stat st;

	if (fstat(fd, &st))
		return -1;
	sysfs_dir(st.st_rdev, dir, len);
	return 0;
}

/* The number in one file of sysfs, or -1. */
static inline long long show(const char *dir, const char *name)
{
	char path[PATH_MAX];
	long long value = -1;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "re");
	if (!file || fscanf(file, "%lld", &value) != 1)
		value = -1;
	if (file)
		fclose(file);
	return value;
}

/* The same, of the device. */
static inline long long device_show(const char *name)
{
	struct stat st;
	char dir[64];

	if (stat(device_path(), &st))
		return -1;
	sysfs_dir(st.st_rdev, dir, sizeof(dir));
	return show(dir, name);
}

/* Sleep a moment; false once 10 seconds have passed since the first call. */
static inline bool wait_a_moment(time_t *until)
{
	struct timespec tick = { .tv_nsec = 1000000 }, now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!*until)
		*until = now.tv_sec + 10;
	nanosleep(&tick, NULL);
	return now.tv_sec < *until;
}

/* Wait until that number is @value; -1 if it never is. */
static inline int wait_for_value(const char *name, long long value)
{
	time_t until = 0;

	while (device_show(name) != value) {
		if (!wait_a_moment(&until))
			return -1;
	}
	return 0;
}

/*
 * Wait until a process or thread sleeps in a system call that a signal can end;
 * -1 if it has ended instead.
 */
static inline int wait_asleep(pid_t pid)
{
	struct timespec tick = { .tv_nsec = 1000000 };
	char path[64], text[512], *state;
	int fd, tries;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	for (tries = 0; tries < 10000; tries++) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		n = read(fd, text, sizeof(text) - 1);
		close(fd);
		text[n > 0 ? n : 0] = '\0';
		state = strrchr(text, ')');
		if (!state || state[2] == 'Z')
			return -1;
		if (state[2] == 'S')
			return 0;
		nanosleep(&tick, NULL);
	}
	return -1;
}

/* What a call returned, or its errno, negated. */
static inline long or_errno(long n)
{
	return n < 0 ? -errno : n;
}

/* fork(), but a test that fails leaves no child behind. */
static inline pid_t spawn(void)
{
	pid_t child = fork();

	if (!child)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return child;
}

/* How a child ended: 0 if well. */
static inline int reap(pid_t child)
{
	int status = -1;

	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR)
			return -1;
	}
	return status;
}

/* How a child ended, 0 if well; -1 if it does not end. */
static inline int reap_soon(pid_t child)
{
	time_t until = 0;
	int status;

	while (waitpid(child, &status, WNOHANG) != child) {
		if (!wait_a_moment(&until))
			return -1;
	}
	return status;
}

static inline int put_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = write(fd, text, strlen(text));

	close(fd);
	return n == strlen(text) ? 0 : -1;
}

/* How a child ended: its status if it exited, else -1. */
static inline int exit_status(pid_t child)
{
	int status;

	if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

#endif /* _INTEGRATION_COMMON_H */
