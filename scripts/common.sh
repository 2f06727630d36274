# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the scripts share; sourced. Sets $top, the repository, $build and $cache.
# shellcheck disable=SC2034 # which are used there

set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
build=$top/build
# Another device may stand in for the driver's.
device=${DEVICE:-}
# shellcheck source=scripts/driver.conf
. "$top/scripts/driver.conf"
DEVICE=${device:-$DEVICE}
# For uml-run and qemu-run: the driver's parameters where programs use it.
params=()
for param in $PARAMS; do
	params+=(--kernel-arg "$DRIVER.$param")
done
read -ra user_packages <<<"$PACKAGES"

# What is the same for every driver, as git names files; the rest is the driver's.
machinery=(scripts ':!scripts/driver.conf' ':!scripts/VERSION' .ci Kbuild Makefile
	kunit/Kbuild kunit/compat.h kunit/gcov.c 'kunit/testkit*')

# Of this repository's git or the user's, nothing must reach the kernel's.
unset "${!GIT_@}"

KERNEL=${KERNEL:-6.12}
KERNEL_TREE=${KERNEL_TREE:-}
if [ -n "$KERNEL_TREE" ]; then
	KERNEL_TREE=$(realpath -m "$KERNEL_TREE")
fi
export KERNEL KERNEL_TREE
cache=${XDG_CACHE_HOME:-${HOME:?is not set}/.cache}/uml-kunit

say() {
	echo "${0##*/}: $*" >&2
}

die() {
	say "$@"
	exit 1
}

# is_there LEG: does this driver have what this part of the tests needs?
is_there() {
	case $1 in
	examples | clients | module | integration) [ -d "$top/userspace/$1" ] ;;
	compat) [ -d "$top/userspace/integration" ] ;;
	esac
}

# lock FILE WHAT: hold FILE's lock until unlock, or until the script ends; waits,
# and says so. What is started meanwhile must not keep $lock_fd.
lock() {
	mkdir -p "$(dirname "$1")" && exec {lock_fd}>"$1" || return
	flock -n "$lock_fd" && return
	say "waiting for another run that $2"
	flock "$lock_fd"
}

unlock() {
	exec {lock_fd}>&-
}

# has_room DIR MIB WHAT: fail unless DIR has that much space left.
has_room() {
	local free

	mkdir -p "$1" || die "cannot create $1"
	free=$(df -Pm "$1" | awk 'NR == 2 { print $4 }')
	[ "$free" -ge "$2" ] ||
		die "$3 needs $2 MiB in $1, which has $free MiB left: make room there"
}

# build_modules KDIR OUT LOG [MAKE-ARG...]: those whose sources are in OUT, for the
# kernel of KDIR; if they do not build, says why, and fails. Holds a lock.
build_modules() {
	local kdir=$1 out=$2 log=$3 rc=0

	shift 3
	make -C "$kdir" "M=$out" "-j$(nproc)" --no-print-directory modules "$@" \
		>"$log" 2>&1 </dev/null {lock_fd}>&- || rc=$?
	# What make only warns of may not load, or not work.
	if [ "$rc" != 0 ] || grep -qE '^(WARNING|ERROR)|: warning: ' "$log"; then
		grep -E 'WARNING|ERROR|error|warning: |not found|No such' "$log" |
			sed -n 1,12p >&2 || true
		return 1
	fi
}

# What a kernel says when there is something wrong with it.
splats='Kernel panic|WARNING: |BUG: |UBSAN: |Oops|Call Trace:|self-detected stall|non-static key|suspected memory leak|unreferenced object|blocked for more than|^(libgcov )?profiling( error)?:'
