// SPDX-License-Identifier: GPL-2.0
/* What programs see of the driver. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include "kselftest_harness.h"

#ifdef TIMEOUT
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	TIMEOUT
#endif

/* Test that it can be opened and closed (D1). */
TEST(opens)
{
	int fd = open(getenv("DEVICE") ?: "/dev/mailbox", O_RDONLY | O_CLOEXEC);

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, close(fd));
}

TEST_HARNESS_MAIN
