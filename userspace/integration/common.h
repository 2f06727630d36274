/* SPDX-License-Identifier: GPL-2.0 */
/* What the integration tests share. */
#ifndef _INTEGRATION_COMMON_H
#define _INTEGRATION_COMMON_H

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* The device under test. */
static inline const char *device_path(void)
{
	const char *path = getenv("DEVICE");

	return path ? path : "/dev/globalfifo";
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

	return path ? path : "/dev/globalfifo1";
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

/* Wait until a process sleeps in a system call that a signal can end. */
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
		if (state && state[2] == 'S')
			return 0;
		nanosleep(&tick, NULL);
	}
	return -1;
}

#endif /* _INTEGRATION_COMMON_H */
