#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# needs: pv
# pv at both ends: splice(2) where it can.
# shellcheck source=userspace/clients/common.sh
. "${0%/*}/common.sh"

pv -q -S -s "$size" "$DEVICE" | cat >"$out" &
pv -q "$in" >"$DEVICE"
arrived
