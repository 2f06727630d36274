#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# needs: trinity
# trinity: system calls with random arguments, by a user of the device's group,
# while others write and read, so that he is not asleep most of the time.
# shellcheck source=userspace/clients/common.sh
. "${0%/*}/common.sh"

chgrp nogroup "$DEVICE"
chmod 0660 "$DEVICE"
chown nobody .
cat /dev/zero >"$DEVICE" &
cat "$DEVICE" >/dev/null &
quiet=(-q -l off)
for kind in sockets perf drm pipes epoll eventfd timerfd inotify; do
	quiet+=("--disable-fds=$kind")
done
calls=()
for call in read write readv writev ioctl fcntl poll splice fsync lseek; do
	calls+=(-c "$call")
done
timeout 60 setpriv --reuid=nobody --regid=nogroup --clear-groups \
	trinity -a 64 -s 1 -C 2 -N 1000 "${quiet[@]}" "${calls[@]}" -V "$DEVICE" \
	>log 2>&1 || { tail -n 3 log; exit 1; }
grep -q 'Ran 1[0-9]* syscalls' log
