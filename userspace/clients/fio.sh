#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# needs: fio
# variants: sync libaio posixaio io_uring
# fio, a writer and a reader who verifies each block, by each of its engines
# that need no position.
# shellcheck source=userspace/clients/common.sh
. "${0%/*}/common.sh"

timeout 30 fio --minimal --filename="$DEVICE" --ioengine="$1" --bs=512 --size=256k \
	--name=writer --rw=write --verify=pattern --verify_pattern=0x600df00d%o \
	--do_verify=0 --name=reader --rw=read --verify=pattern \
	--verify_pattern=0x600df00d%o >log 2>&1 || { cat log; exit 1; }
# The reader's KiB, then the writer's.
grep -q '^3;fio[^;]*;writer;' log && grep -q '^3;fio[^;]*;reader;0;0;256;' log
