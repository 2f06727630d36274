/* SPDX-License-Identifier: GPL-2.0 */
/* What the integration tests share. */
#ifndef _INTEGRATION_COMMON_H
#define _INTEGRATION_COMMON_H

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

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

/* The same, of the device that @fd has open. */
static inline long long device_show(int fd, const char *name)
{
	struct stat st;
	char dir[64];

	if (fstat(fd, &st))
		return -1;
	snprintf(dir, sizeof(dir), "/sys/dev/char/%u:%u", major(st.st_rdev),
		 minor(st.st_rdev));
	return show(dir, name);
}

static inline int put_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = write(fd, text, strlen(text));

	close(fd);
	return n == strlen(text) ? 0 : -1;
}

/* Keep SIGIO and the first real-time signal until next_signal() takes them. */
static inline int block_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGIO);
	sigaddset(set, SIGRTMIN);
	return sigprocmask(SIG_BLOCK, set, NULL);
}

/* The next signal that is there, 0 if none is. */
static inline int next_signal(const sigset_t *set, siginfo_t *info)
{
	static const struct timespec now;
	int sig = sigtimedwait(set, info, &now);

	return sig < 0 ? 0 : sig;
}

/* Ask for @sig, 0 for a SIGIO without siginfo, for @fd. */
static inline int ask(int fd, int sig)
{
	return fcntl(fd, F_SETOWN, getpid()) || fcntl(fd, F_SETSIG, sig) ||
	       fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_ASYNC);
}

/* Who is told of what: nobody, if neither @in nor @out. */
struct listener {
	int fd;		/* si_fd, if it has siginfo */
	int sig;
	bool in;
	bool out;
};

/* Exactly one signal says @code if @who wants it, and no other does. */
static inline void expect_told(struct __test_metadata *_metadata,
			       const sigset_t *set, struct listener who,
			       int code)
{
	long in = POLLIN | POLLRDNORM;
	long out = POLLOUT | POLLWRNORM | POLLWRBAND;
	siginfo_t info = {};

	if (code == POLL_IN ? who.in : who.out) {
		EXPECT_EQ(who.sig, next_signal(set, &info));
		EXPECT_EQ(who.fd, info.si_fd);
		EXPECT_EQ(code, info.si_code);
		EXPECT_EQ(code == POLL_IN ? in : out, info.si_band);
	}
	EXPECT_EQ(0, next_signal(set, &info));
}

/* The same for a byte that goes in and out again, by way of @fd. */
static inline void expect_exchange(struct __test_metadata *_metadata,
				   const sigset_t *set, struct listener who,
				   int fd)
{
	char byte = 'x';

	ASSERT_EQ(1, write(fd, &byte, 1));
	expect_told(_metadata, set, who, POLL_IN);
	ASSERT_EQ(1, read(fd, &byte, 1));
	expect_told(_metadata, set, who, POLL_OUT);
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
