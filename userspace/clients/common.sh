# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # which are used by those
# What the clients share; sourced. In the guest, in a directory of its own:
# $in is a file of $size bytes to be sent, $out where they are to arrive.

set -euo pipefail
: "${DEVICE:?}"
cd "$(mktemp -d)"
in=in
out=out
seq 1 30000 >"$in"
size=$(stat -c %s "$in")

# What a background reader or writer and then the other end leave.
arrived() {
	wait -n
	cmp "$in" "$out"
}
