// SPDX-License-Identifier: GPL-2.0
/*
 * For LD_PRELOAD into a UML kernel: lets it set the floating point registers
 * of its processes on a host whose processor has more of them than it knows.
 *
 * Before 6.13 UML saves and restores the first 2696 bytes of the XSAVE area.
 * Where the area is longer, as with AMX, the host cuts what it gives but takes
 * nothing short: PTRACE_SETREGSET fails with EFAULT, and PID 1 dies before its
 * first instruction. What lies beyond belongs to registers that no process of
 * the guest has asked for, so zeros will do: the header says they are unused.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

static long (*next)(int request, pid_t pid, void *addr, void *data);

/* Longer than any; the host takes as much as it has registers for. */
static unsigned char area[64 * 1024];

/* Not at the first call: by then malloc() is the kernel's. */
__attribute__((constructor)) static void find_next(void)
{
	next = (long (*)(int, pid_t, void *, void *))dlsym(RTLD_NEXT, "ptrace");
}

static long set_whole_area(pid_t pid, const struct iovec *part)
{
	struct iovec whole = { area, sizeof(area) };
	sigset_t all, old;
	long ret;

	/* The kernel may schedule in its signal handlers; there is one area. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	memcpy(area, part->iov_base, part->iov_len);
	ret = next(PTRACE_SETREGSET, pid, (void *)NT_X86_XSTATE, &whole);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return ret;
}

long ptrace(enum __ptrace_request request, ...)
{
	const struct iovec *part;
	void *addr, *data;
	va_list args;
	pid_t pid;
	long ret;

	va_start(args, request);
	pid = va_arg(args, pid_t);
	addr = va_arg(args, void *);
	data = va_arg(args, void *);
	va_end(args);

	ret = next(request, pid, addr, data);
	part = data;
	if (ret == -1 && errno == EFAULT && request == PTRACE_SETREGSET &&
	    addr == (void *)NT_X86_XSTATE && part->iov_len < sizeof(area))
		ret = set_whole_area(pid, part);
	return ret;
}
