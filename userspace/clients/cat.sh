#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# needs: coreutils
# cat sends a file, head takes it: bytes arrive as they were sent.
# shellcheck source=userspace/clients/common.sh
. "${0%/*}/common.sh"

head -c "$size" "$DEVICE" >"$out" &
cat "$in" >"$DEVICE"
arrived
