#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# scene.sh MONITOR DEVICE: the scene of the book's section 9.3.2. A monitor asks
# for SIGIO on the device; another process writes; the monitor is told.

set -euo pipefail
monitor=$1
device=$2

"$monitor" "$device" 2 | {
	# The monitor's first line says that it is ready.
	read -r line
	echo "$line"
	for word in hello world; do
		echo "writer:  process $BASHPID writes \"$word\""
		printf '%s' "$word" >"$device"
		read -r line
		echo "$line"
	done
}
