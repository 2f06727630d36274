#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# needs: coreutils
# tee sends to two devices at once.
# shellcheck source=userspace/clients/common.sh
. "${0%/*}/common.sh"

head -c "$size" "$DEVICE" >"$out" &
head -c "$size" "${DEVICE}1" >second &
tee "$DEVICE" <"$in" >"${DEVICE}1"
wait -n
arrived
cmp "$in" second
