#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# needs: coreutils
# dd at both ends, with blocks of other sizes, and O_DIRECT to read with.
# shellcheck source=userspace/clients/common.sh
. "${0%/*}/common.sh"

dd if="$DEVICE" of="$out" bs=4k iflag=fullblock,count_bytes,direct \
	count="$size" status=none &
dd if="$in" of="$DEVICE" bs=700 status=none
arrived
