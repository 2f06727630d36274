# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What uml-run and qemu-run share; sourced. They start the guest; this gives it
# its lines, and tells from what the guest said and its kernel logged what there
# is to believe.
# shellcheck disable=SC2034 # what they use

# shellcheck source=scripts/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# Whatever goes wrong here is not the program's status.
die() {
	say "$@"
	exit 125
}
trap 'exit 125' ERR

timeout=120
user=
tty=0
leaks=0
kernel_args=()
mem=256M
console=0
log=

# A host that does not answer this long after the guest should have is hung.
patience=20
# What /proc/sys/kernel/tainted may be made of.
taint_allowed=0

trouble() {
	say "$@"
	status=125
}

# common_option ARG...: take the first, with its value if it has one; $taken says
# how many that were.
common_option() {
	taken=1
	case $1 in
	--timeout | --user | --kernel-arg | --mem | --log)
		[ $# -gt 1 ] || die "$1 needs a value"
		taken=2
		;;
	esac
	case $1 in
	--timeout) timeout=$2 ;;
	--user) user=$2 ;;
	--kernel-arg) kernel_args+=("$2") ;;
	--mem) mem=$2 ;;
	--tty) tty=1 ;;
	--console) console=1 ;;
	--log) log=$2 ;;
	--help | -h) usage && exit 0 ;;
	*) usage >&2 && exit 125 ;;
	esac
	case $timeout in
	'' | *[!0-9]*) die "--timeout $timeout: must be a number of seconds" ;;
	esac
}

# compile NAME FLAG...: scripts/NAME.c to build/NAME, unless that is newer.
compile() {
	local name=$1

	shift
	[ ! "$build/$name" -nt "$top/scripts/$name.c" ] || return 0
	gcc -O2 -Wall -Wextra "$@" -o "$build/$name.$$" "$top/scripts/$name.c" ||
		die "cannot compile scripts/$name.c"
	mv "$build/$name.$$" "$build/$name"
}

guest=
feeder=
status=125

stop_guest() {
	local pid

	for pid in $feeder $guest; do
		kill -9 "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
}

# What this run leaves for the guest, and the ends of its lines.
make_run_dir() {
	local old

	mkdir -p "$build/run"
	for old in "$build"/run/*; do
		[ -e "/proc/${old##*/}" ] || rm -rf "$old"
	done
	run=$build/run/$$
	rm -rf "$run"
	mkdir "$run"
	trap 'rm -rf "$run"' EXIT
	trap 'stop_guest; trap - INT; kill -INT $$' INT
	trap 'stop_guest; exit 143' TERM HUP
}

# write_wishes DIR OPTION... -- PROGRAM ARG...: what guest-init.c is to do.
write_wishes() {
	local dir=$1 uid=0 gid=0

	shift
	if [ -n "$user" ]; then
		uid=$(id -u "$user") || die "--user $user: no such user"
		gid=$(id -g "$user")
	fi
	printf '%s\0' "timeout=$timeout" "uid=$uid" "gid=$gid" "tty=$tty" \
		"leaks=$leaks" "cwd=$(pwd -P)" "$@" >"$dir/args"
	env -0 -u TMPDIR -u TMP -u TEMP -u KERNEL_OUT -u KERNEL_ARGS >"$dir/env"
}

# open_lines [FD]: read what comes out of the guest: its output, its errors, its
# kernel log; the last is copied to FD.
open_lines() {
	mkfifo "$run"/{out,err,verdict,console}
	forwarders=()
	cat "$run/out" &
	forwarders+=($!)
	cat "$run/err" >&2 &
	forwarders+=($!)
	if [ $# -gt 0 ]; then
		tee "$run/log" <"$run/console" >&"$1" &
	else
		cat "$run/console" >"$run/log" &
	fi
	forwarders+=($!)
}

# Lines of the guest's: "ready" once it listens, then the verdict. The end of
# file, after both or before, is the end of the guest.
verdict=
verdict_line=
line=
read_rc=0
hear() {
	[ "$read_rc" = 0 ] || return 0
	if [ "$1" = 0 ]; then
		read -r -u "$verdict_line" line || read_rc=$?
	else
		read -r -t "$1" -u "$verdict_line" line || read_rc=$?
	fi
	verdict=${line:-$verdict}
}

# Wait until guest and log are at their end: $guest_rc and $log_rc.
end_guest() {
	[ "$read_rc" -le 128 ] || kill -9 "$guest" 2>/dev/null || true
	guest_rc=0
	wait "$guest" 2>/dev/null || guest_rc=$?
	guest=
	log_rc=0
	wait "${forwarders[0]}" && wait "${forwarders[1]}" &&
		wait "${forwarders[2]}" || log_rc=$?
	touch "$run/early"
}

# Where a kernel was built whose data races are judged by scripts/kcsan.
kcsan_out=

# All that the kernel said, but for what is nobody's fault here.
kernel_log() {
	cat "$run/early" "$run/log" | if [ -n "$kcsan_out" ]; then
		"$top/scripts/kcsan" "$kcsan_out" || echo "BUG: scripts/kcsan failed"
	else
		cat
	fi
}

# judge PROGRAM: what to believe, as $status. A verdict counts only if the guest
# then came to its end, and the kernel log is looked at whatever the verdict says.
judge() {
	local splat signal taint=0

	[[ $verdict != *" taint "* ]] || taint=$((${verdict##* } & ~taint_allowed))
	splat=$(kernel_log | grep -m 1 -aE "$splats") || true
	case $verdict in
	"exit "*" taint "*)
		status=${verdict#exit } && status=${status%% *}
		;;
	"signal "*" taint "*)
		signal=${verdict#signal } && signal=${signal%% *}
		status=$((128 + signal))
		[ "$signal" = 2 ] ||
			say "$1: killed by signal $signal ($(kill -l "$signal"))"
		;;
	timeout*)
		status=124
		say "$1: still running after $timeout s, killed"
		;;
	stuck*) trouble "$1: left a process that SIGKILL does not end" ;;
	error*)
		trouble "the guest could not be set up: ${verdict#error }"
		grep -a "\] $DRIVER: " "$run/log" >&2 || true
		;;
	*)
		if [ "$read_rc" -gt 128 ]; then
			trouble "the guest did not answer in time, killed"
		elif [ -z "$splat" ]; then
			no_verdict
		fi
		;;
	esac
	if [ -n "$splat" ]; then
		trouble "the kernel complained:"
		kernel_log 2>/dev/null | grep -m 1 -a -A 12 -E "$splats" >&2 || true
	elif [ "$taint" != 0 ]; then
		trouble "the kernel is tainted: $taint"
	elif [ "$status" != 125 ] && { [ "$read_rc" -gt 128 ] || [ "$guest_rc" != 0 ]; }; then
		trouble "the guest did not end well after that, status $guest_rc"
	elif [ "$log_rc" != 0 ] && [ "$status" = 0 ]; then
		trouble "its output or its kernel log could not be written"
	fi
}

# Say where the kernel log is, and end.
finish() {
	if [ "$status" = 124 ] || [ "$status" = 125 ]; then
		log=${log:-$build/log/${0##*/}.log}
		say "the kernel log is in $log"
	fi
	if [ -n "$log" ]; then
		mkdir -p "$(dirname "$log")"
		cat "$run/early" "$run/log" >"$log" || true
	fi
	exit "$status"
}
