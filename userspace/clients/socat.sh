#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# needs: socat
# socat at both ends: select(2), and reads that do not wait.
# shellcheck source=userspace/clients/common.sh
. "${0%/*}/common.sh"

socat -u OPEN:"$DEVICE",readbytes="$size" CREATE:"$out" &
socat -u OPEN:"$in" OPEN:"$DEVICE"
arrived
