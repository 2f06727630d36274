#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# needs: stress-ng
# stress-ng's device stressor: open, poll, mmap, ioctl, and more, at random.
# shellcheck source=userspace/clients/common.sh
. "${0%/*}/common.sh"

# It takes as much memory as the processor has cache: of the first level, here.
stress-ng --cache-level 1 --dev 2 --dev-file "$DEVICE" --timeout 5s >log 2>&1 || { cat log; exit 1; }
grep -q 'dev: 1 of 1 devices opened and exercised' log
grep -q 'successful run completed' log
