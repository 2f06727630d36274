# SPDX-License-Identifier: GPL-2.0
# For Kbuild, here and in ../kernel: the KUnit suites, and what they share.
suites := testkit.o testkit_kunit.o
suites += mailbox_kunit.o
