/* SPDX-License-Identifier: GPL-2.0 */
/* Memory that is there when the test says so. */
#ifndef _INTEGRATION_USERFAULT_H
#define _INTEGRATION_USERFAULT_H

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE	4096

/* Memory that nobody has touched. */
static inline char *map_area(size_t len, int flags)
{
	return mmap(NULL, len, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS,
		    -1, 0);
}

/* A userfaultfd for @len bytes at @area: they are there when we say so. */
static inline int watch_faults(char *area, size_t len)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = {
		.range = { (unsigned long)area, len },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	int uffd = syscall(__NR_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (uffd >= 0 && (ioctl(uffd, UFFDIO_API, &api) ||
			  ioctl(uffd, UFFDIO_REGISTER, &range))) {
		close(uffd);
		uffd = -1;
	}
	return uffd;
}

/* Wait until one more is stuck in a page; in which, or NULL. */
static inline char *next_stuck(int uffd)
{
	struct pollfd poller = { .fd = uffd, .events = POLLIN };
	struct uffd_msg msg;

	if (poll(&poller, 1, 10000) != 1 ||
	    read(uffd, &msg, sizeof(msg)) != sizeof(msg) ||
	    msg.event != UFFD_EVENT_PAGEFAULT)
		return NULL;
	return (char *)((unsigned long)msg.arg.pagefault.address & -(unsigned long)PAGE);
}

/* Make @page be there, with the bytes of @from, or zeroes without. */
static inline int serve(int uffd, char *page, const char *from)
{
	struct uffdio_copy copy = {
		.dst = (unsigned long)page, .src = (unsigned long)from,
		.len = PAGE,
	};
	struct uffdio_zeropage zero = {
		.range = { (unsigned long)page, PAGE },
	};

	return from ? ioctl(uffd, UFFDIO_COPY, &copy) :
		      ioctl(uffd, UFFDIO_ZEROPAGE, &zero);
}

#endif /* _INTEGRATION_USERFAULT_H */
