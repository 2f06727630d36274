#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# needs: strace
# strace of a reader who waits: being traced neither ends nor repeats his call.
# shellcheck source=userspace/clients/common.sh
. "${0%/*}/common.sh"

strace -o log -e trace=read -P "$DEVICE" head -c 5 "$DEVICE" >"$out" &
reader=$!
until grep -q '^read(.*' log 2>/dev/null; do
	kill -0 "$reader"
	sleep 0.01
done
# Ends what strace waits in, not what it traces.
kill -STOP "$reader"
kill -CONT "$reader"
printf hello >"$DEVICE"
wait "$reader"
[ "$(cat "$out")" = hello ]
grep -q '^read(.*"hello".* = 5$' log
