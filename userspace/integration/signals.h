/* SPDX-License-Identifier: GPL-2.0 */
/* What the tests of asynchronous notification share. */
#ifndef _INTEGRATION_SIGNALS_H
#define _INTEGRATION_SIGNALS_H

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <unistd.h>

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

#endif /* _INTEGRATION_SIGNALS_H */
