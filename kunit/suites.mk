# SPDX-License-Identifier: GPL-2.0
# For Kbuild, here and in ../kernel: the KUnit suites, and what they share.
suites := testkit.o testkit_kunit.o
suites += ring_kunit.o waiters_kunit.o notify_kunit.o transfer_kunit.o
suites += aio_kunit.o fifo_kunit.o fifo_model_kunit.o fifo_aio_kunit.o
suites += aio_model_kunit.o chardev_kunit.o sysfs_kunit.o load_kunit.o smp_kunit.o
