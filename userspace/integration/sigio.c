// SPDX-License-Identifier: GPL-2.0
/*
 * Asynchronous notification. Buggy results would be a signal that does not
 * come, comes to a file not open for that direction, or does not say which.
 */
#define _GNU_SOURCE
#include <poll.h>
#include "kselftest_harness.h"
#include "common.h"

FIXTURE(sigio) {
	sigset_t set;
	int reader;
	int writer;
	int plain;
};

FIXTURE_SETUP(sigio)
{
	device_drain();
	sigemptyset(&self->set);
	sigaddset(&self->set, SIGIO);
	sigaddset(&self->set, SIGRTMIN);
	ASSERT_EQ(0, sigprocmask(SIG_BLOCK, &self->set, NULL));
	self->reader = device_open(O_RDONLY | O_NONBLOCK);
	self->writer = device_open(O_WRONLY | O_NONBLOCK);
	self->plain = device_open(O_RDWR | O_NONBLOCK);
	ASSERT_LE(0, self->plain);
}

FIXTURE_TEARDOWN(sigio)
{
	close(self->reader);
	close(self->writer);
	close(self->plain);
}

/* Ask for @sig, 0 for a SIGIO without siginfo, for @fd. */
static int ask(int fd, int sig)
{
	return fcntl(fd, F_SETOWN, getpid()) || fcntl(fd, F_SETSIG, sig) ||
	       fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_ASYNC);
}

/* The next signal that is there, 0 if none is. */
static int next_signal(const sigset_t *set, siginfo_t *info)
{
	static const struct timespec now;
	int sig = sigtimedwait(set, info, &now);

	return sig < 0 ? 0 : sig;
}

/* Test that a write signals readers, and a read does not (N1). */
TEST_F(sigio, reader)
{
	siginfo_t info;
	char byte;

	ASSERT_EQ(0, ask(self->reader, 0));
	ASSERT_EQ(1, write(self->plain, "x", 1));
	EXPECT_EQ(SIGIO, next_signal(&self->set, &info));
	ASSERT_EQ(1, read(self->plain, &byte, 1));
	EXPECT_EQ(0, next_signal(&self->set, &info));
}

/* Test that a read signals writers, and a write does not (N1). */
TEST_F(sigio, writer)
{
	siginfo_t info;
	char byte;

	ASSERT_EQ(0, ask(self->writer, 0));
	ASSERT_EQ(1, write(self->plain, "x", 1));
	EXPECT_EQ(0, next_signal(&self->set, &info));
	ASSERT_EQ(1, read(self->plain, &byte, 1));
	EXPECT_EQ(SIGIO, next_signal(&self->set, &info));
}

/* Test that calls that move no byte signal nobody (N1, R1). */
TEST_F(sigio, nothing_moved)
{
	siginfo_t info;
	char byte;

	ASSERT_EQ(0, ask(self->reader, 0));
	ASSERT_EQ(0, ask(self->writer, 0));
	EXPECT_EQ(-1, read(self->plain, &byte, 1));
	EXPECT_EQ(0, read(self->plain, &byte, 0));
	EXPECT_EQ(0, write(self->plain, &byte, 0));
	EXPECT_EQ(0, next_signal(&self->set, &info));
}

/*
 * Test that a real-time signal is queued for each write, and says descriptor,
 * band and code (N2).
 */
TEST_F(sigio, readable_siginfo)
{
	siginfo_t info;
	int i;

	ASSERT_EQ(0, ask(self->reader, SIGRTMIN));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(1, write(self->plain, "x", 1));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(SIGRTMIN, next_signal(&self->set, &info));
		EXPECT_EQ(POLL_IN, info.si_code);
		EXPECT_EQ(self->reader, info.si_fd);
		EXPECT_EQ(POLLIN | POLLRDNORM, info.si_band);
	}
	EXPECT_EQ(0, next_signal(&self->set, &info));
}

/* Test the same for each read, with the writers' band and code (N2). */
TEST_F(sigio, writable_siginfo)
{
	siginfo_t info;
	char byte;
	int i;

	ASSERT_EQ(3, write(self->plain, "xyz", 3));
	ASSERT_EQ(0, ask(self->writer, SIGRTMIN));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(1, read(self->plain, &byte, 1));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(SIGRTMIN, next_signal(&self->set, &info));
		EXPECT_EQ(POLL_OUT, info.si_code);
		EXPECT_EQ(self->writer, info.si_fd);
		EXPECT_EQ(POLLOUT | POLLWRNORM | POLLWRBAND, info.si_band);
	}
	EXPECT_EQ(0, next_signal(&self->set, &info));
}

/* Test that the signal comes after the bytes: they can be read (N1). */
TEST_F(sigio, data_first)
{
	siginfo_t info;
	char bytes[4] = "";
	pid_t child;

	ASSERT_EQ(0, ask(self->reader, 0));
	child = fork();
	if (!child)
		_exit(write(self->plain, "abc", 3) != 3);
	ASSERT_EQ(SIGIO, sigwaitinfo(&self->set, &info));
	EXPECT_EQ(3, read(self->reader, bytes, 3));
	EXPECT_STREQ("abc", bytes);
	waitpid(child, NULL, 0);
}

/* Test that clearing O_ASYNC, and the last close, end it (N3). */
TEST_F(sigio, off)
{
	siginfo_t info;
	int copy = dup(self->reader);

	ASSERT_EQ(0, ask(self->reader, 0));
	ASSERT_EQ(0, fcntl(self->reader, F_SETFL, O_NONBLOCK));
	ASSERT_EQ(1, write(self->plain, "x", 1));
	EXPECT_EQ(0, next_signal(&self->set, &info));

	ASSERT_EQ(0, ask(self->reader, 0));
	close(self->reader);
	ASSERT_EQ(1, write(self->plain, "x", 1));
	EXPECT_EQ(SIGIO, next_signal(&self->set, &info));
	close(copy);
	ASSERT_EQ(1, write(self->plain, "x", 1));
	EXPECT_EQ(0, next_signal(&self->set, &info));
}

TEST_HARNESS_MAIN
