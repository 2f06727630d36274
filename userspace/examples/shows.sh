# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What each example has to have said; scripts/test-examples sources this, and has
# shows().

test_monitor() {
	shows monitor 'monitor: signal 29 * POLLIN POLLRDNORM, * 5 bytes: hello' \
		'monitor: signal 29 * POLLIN POLLRDNORM, * 5 bytes: world'
}

test_signals() {
	shows signals 'signals: caught signal 2 (Interrupt)' \
		'signals: caught signal 15 (Terminated)'
}

test_stdin() {
	shows stdin 'stdin: signal 29' 'stdin: input available: hello' \
		'stdin: signal 29' 'stdin: input available: world' \
		'stdin: signal 29' 'stdin: end of input'
}

test_asynctest() {
	shows asynctest 'asynctest: process * copies when SIGIO comes' hello world
}

test_two_devices() {
	shows two_devices "two_devices: descriptor 3 is $DEVICE" \
		"two_devices: descriptor 4 is ${DEVICE}1" \
		'two_devices: signal 34, descriptor 4, 5 bytes: hello' \
		'two_devices: signal 34, descriptor 3, 5 bytes: world'
}

test_aio_read() {
	shows aio_read 'aio_read: asked for * bytes: Operation now in progress' 'writer:*' \
		'aio_read: signal 10, the read returned 5: hello'
}

test_aio_suspend() {
	shows aio_suspend 'aio_suspend: 2 reads in progress' 'writer:*' \
		'aio_suspend: a read returned 5, 1 in progress: hello' 'writer:*' \
		'aio_suspend: a read returned 5, 0 in progress: world'
}

test_lio_listio() {
	shows lio_listio 'lio_listio: the write returned 5' \
		'lio_listio: the read returned 5: hello'
}

test_aior() {
	shows aior 'aior: io_submit took 1 request' 'writer:*' \
		'aior: its event says 5: hello'
}

test_async_read() {
	shows async_read 'async_read: asked for a read*' 'writer:*' \
		'async_read: the read returned 5: hello' 'writer:*' \
		'async_read: the eventfd says that 1 has ended' \
		'async_read: the read returned 5: world' \
		'async_read: the read failed: Operation canceled'
}

test_epoll() {
	shows epoll 'epoll: EPOLLIN, 5 bytes: hello' 'epoll: EPOLLIN, 5 bytes: world' \
		'epoll: told to end'
}

test_uring() {
	shows uring 'uring: the read returned 5: hello' \
		'uring: the read returned 5: world' 'uring: signal 15'
}
