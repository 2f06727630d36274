#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# pipe.sh PROGRAM [ARG...]: run it on a pipe(2) instead of the driver. The
# contract is silent where both do the same. A pipe lives as long as somebody has
# it open, and open() waits for the other side: so somebody has it open. It is as
# large as the driver's FIFO.

DEVICE=/tmp/fifo
DEVICE2=/tmp/fifo2
export DEVICE DEVICE2
mkfifo "$DEVICE" "$DEVICE2" || exit
exec 8<>"$DEVICE" 9<>"$DEVICE2"
perl -e 'fcntl STDIN, 1031, 4096 or die "F_SETPIPE_SZ: $!\n"' <&8 || exit
exec "$@"
