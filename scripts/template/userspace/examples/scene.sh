#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# scene.sh PROGRAM DEVICE: play an example's scene, the function of its name
# below: start the program, do what it waits for, show what it says. Fails if
# that is not what should have happened, or does not come within 10 s. The first
# scene is what make demo shows.

# shellcheck disable=SC2317 # scenes are found by their names
set -euo pipefail
program=$1
device=$2
name=${program##*/}

fail() {
	echo "scene.sh: $name $*" >&2
	exit 1
}

# start [ARG...]: the program; says reads its lines.
start() {
	exec {lines}< <(exec "$program" "$@" </dev/null 2>&1)
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

# writes BYTES
writes() {
	echo "writer: process $BASHPID writes \"$1\""
	printf '%s' "$1" >"$device"
}

# The program has nothing more to say, and ends with 0.
ends() {
	local line rc=0

	read -r -t 10 -u "$lines" line || rc=$?
	[ "$rc" != 0 ] || fail "says more: $line"
	[ "$rc" = 1 ] || fail "does not end"
	wait "$pid" || fail "ends with status $?"
}

scene_wait() {
	start "$device" 2
	says "wait: process $pid waits for $device"
	writes hello
	says 'wait: a message of 5 bytes: hello'
	writes 'to the world'
	says 'wait: a message of 12 bytes: to the world'
	ends
}

"scene_$name"
