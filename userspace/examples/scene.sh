#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# scene.sh PROGRAM DEVICE: play an example's scene, the function of its name
# below: start the program, do what it waits for, show what it says. Fails if
# that is not what should have happened, or does not come within 10 s. A second
# device has to be there, DEVICE1.

# shellcheck disable=SC2317 # scenes are found by their names
set -euo pipefail
program=$1
device=$2
name=${program##*/}

fail() {
	echo "scene.sh: $name $*" >&2
	exit 1
}

# start [ARG...]: the program, with $input as standard input. says reads its lines.
input=/dev/null
start() {
	exec {lines}< <(exec "$program" "$@" <"$input" 2>&1)
	pid=$!
}

# says PATTERN: show the program's next line, which must be like that.
says() {
	local line

	read -r -t 10 -u "$lines" line || fail "does not say: $1"
	echo "$line"
	# shellcheck disable=SC2053 # a pattern
	[[ $line == $1 ]] || fail "should say: $1"
}

# The program is done with what it had to do: what comes now wakes it.
sleeps() {
	local state='' deadline=$((SECONDS + 10))

	until [ "$state" = S ]; do
		[ "$SECONDS" -lt "$deadline" ] || fail "does not sleep"
		read -r _ _ state _ <"/proc/$pid/stat"
	done
}

# writes BYTES [DEVICE]
writes() {
	echo "writer:  process $BASHPID writes \"${1%$'\n'}\"${2:+ to $2}"
	printf '%s' "$1" >"${2:-$device}"
}

# sends SIGNAL: to the program.
sends() {
	echo "sender:  process $BASHPID sends SIG$1 to process $pid"
	kill -s "$1" "$pid"
}

# The program has nothing more to say, and ends with 0.
ends() {
	local line rc=0

	read -r -t 10 -u "$lines" line || rc=$?
	[ "$rc" != 0 ] || fail "says more: $line"
	[ "$rc" = 1 ] || fail "does not end"
	wait "$pid" || fail "ends with status $?"
}

# Section 9.3.2 and listing 9.11: asks for SIGIO; another process writes.
scene_monitor() {
	start "$device" 2
	says "monitor: process $pid asks for SIGIO on $device, descriptor *"
	(
		writes hello
		says 'monitor: signal 29 * POLLIN POLLRDNORM, * 5 bytes: hello'
		writes world
		says 'monitor: signal 29 * POLLIN POLLRDNORM, * 5 bytes: world'
	)
	ends
}

# Listing 9.1, once with each signal.
scene_signals() {
	start
	says "signals: process $pid waits for SIGINT or SIGTERM"
	sends INT
	says 'signals: caught signal 2 (Interrupt)'
	ends
	start
	says "signals: process $pid waits for SIGINT or SIGTERM"
	sends TERM
	says 'signals: caught signal 15 (Terminated)'
	ends
}

# Listing 9.2. A pipe stands in for the terminal.
scene_stdin() {
	local terminal word

	input=/tmp/terminal
	mkfifo "$input"
	start
	exec {terminal}>"$input"
	says "stdin: process $pid asks for SIGIO on its input"
	for word in hello world; do
		sleeps
		echo "writer:  process $BASHPID types \"$word\""
		echo "$word" >&"$terminal"
		says 'stdin: signal 29'
		says "stdin: input available: $word"
	done
	sleeps
	exec {terminal}>&-
	says 'stdin: signal 29'
	says 'stdin: end of input'
	ends
}

# LDD3 6.4.2: the device is the standard input.
scene_asynctest() {
	input=$device
	start
	says "asynctest: process $pid copies when SIGIO comes"
	sleeps
	writes $'hello\n'
	says hello
	sleeps
	writes $'world\n'
	says world
	sends TERM
	ends
}

scene_two_devices() {
	start "$device"
	says "two_devices: descriptor 3 is $device"
	says "two_devices: descriptor 4 is ${device}1"
	writes hello "${device}1"
	says 'two_devices: signal 34, descriptor 4, 5 bytes: hello'
	writes world "$device"
	says 'two_devices: signal 34, descriptor 3, 5 bytes: world'
	sends TERM
	ends
}

# Listing 9.12: the read is asked for, and only then written for.
scene_aio_read() {
	start "$device"
	says 'aio_read: asked for 4096 bytes: Operation now in progress'
	writes hello
	says 'aio_read: signal 10, the read returned 5: hello'
	ends
}

# Listing 9.13: which of the two reads gets which word is open.
scene_aio_suspend() {
	start "$device"
	says 'aio_suspend: 2 reads in progress'
	writes hello
	says 'aio_suspend: a read returned 5, 1 in progress: hello'
	writes world
	says 'aio_suspend: a read returned 5, 0 in progress: world'
	ends
}

# Listing 9.14: it writes itself.
scene_lio_listio() {
	start "$device"
	says 'lio_listio: the write returned 5'
	says 'lio_listio: the read returned 5: hello'
	ends
}

# Listing 9.15: io_submit does not wait for the bytes (A1).
scene_aior() {
	start "$device"
	says 'aior: io_submit took 1 request'
	writes hello
	says 'aior: its event says 5: hello'
	ends
}

scene_async_read() {
	start "$device"
	says 'async_read: asked for a read, and goes on'
	writes hello
	says 'async_read: the read returned 5: hello'
	says 'async_read: asked for a read, and goes on'
	writes world
	says 'async_read: the eventfd says that 1 has ended'
	says 'async_read: the read returned 5: world'
	says 'async_read: asked for a read, and goes on'
	says 'async_read: the read failed: Operation canceled'
	ends
}

scene_epoll() {
	start "$device"
	says "epoll: process $pid waits for $device"
	writes hello
	says 'epoll: EPOLLIN, 5 bytes: hello'
	writes world
	says 'epoll: EPOLLIN, 5 bytes: world'
	sends TERM
	says 'epoll: told to end'
	ends
}

scene_uring() {
	start "$device"
	says "uring: process $pid waits for the device"
	writes hello
	says 'uring: the read returned 5: hello'
	writes world
	says 'uring: the read returned 5: world'
	sends TERM
	says 'uring: signal 15'
	ends
}

"scene_$name"
