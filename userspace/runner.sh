# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Tests of what runs the tests that know this driver; scripts/test-runner sources
# this, and has what they use.

# shellcheck disable=SC2154 # run() sets them
# shellcheck disable=SC2034 # what it uses
of_qemu=(qemu_refused qemu_icount user ndevices)

test_qemu_refused() { # Test that a module that is not to be had is told, and why (D2)
	run "$uml_run" --kernel-arg "$DRIVER.ndevices=0" -- true
	want status "$rc" 125
	want stderr "$err" "*modprobe $DRIVER*ndevices=0: must be*"
	run "$uml_run" --kernel "$tmp/none" -- true
	want status "$rc" 125
	want stderr "$err" '*no such kernel*'
}

test_user() { # Test that --user is a user without rights to the device (D1)
	run "$uml_run" --user nobody -- sh -c "id -un; cat $DEVICE"
	want status "$rc" 1
	want stdout "$out" nobody
	want stderr "$err" '*Permission denied*'
}

test_ndevices() { # Test that parameters reach the driver: several devices (D1)
	run "$uml_run" --kernel-arg "$DRIVER.ndevices=3" -- sh -c "
		ls $DEVICE*; echo a >${DEVICE}1; echo b >${DEVICE}2; head -c 2 ${DEVICE}2"
	want status "$rc" 0
	want stdout "$out" "$DEVICE"$'\n'"${DEVICE}1"$'\n'"${DEVICE}2"$'\n'b
}

test_sysfs_described() { # Test that sysfs has what is described, no more (T2)
	local described

	described=$(sed -n "s|^What:.*/<device>/||p" "$top/kernel/sysfs-class-$DRIVER" | sort)
	run "$uml_run" -- sh -c "cd -P /sys/class/$DRIVER/$DRIVER &&
		find . -type f ! -path '*/power/*' | sed 's|^./||' |
		grep -vx -e uevent -e dev | sort"
	want status "$rc" 0
	want stdout "$out" "$described"
}

test_parameters() { # Test that each parameter does what it says, at its limits (D2)
	run "$uml_run" --kernel-arg "$DRIVER.size=1024" -- cat "/sys/class/$DRIVER/$DRIVER/size"
	want stdout "$out" 1024
	run "$uml_run" --kernel-arg "$DRIVER.size=16777216" -- \
		cat "/sys/class/$DRIVER/$DRIVER/size"
	want stdout "$out" 16777216
	run "$uml_run" --kernel-arg "$DRIVER.major=231" -- cat "/sys/class/$DRIVER/$DRIVER/dev"
	want stdout "$out" 231:0
	run "$uml_run" --kernel-arg "$DRIVER.ndevices=256" -- sh -c "
		ls $DEVICE* | wc -l; cat /sys/class/$DRIVER/${DRIVER}255/size"
	want stdout "$out" "256"$'\n'"4096"
}

test_bad_parameter() { # Test that a bad parameter is one message, no device (D2)
	local value

	for value in ndevices=0 ndevices=257 size=512 size=1000 size=33554432 major=512; do
		run "$uml_run" --console --kernel-arg "$DRIVER.$value" -- ls "$DEVICE"
		want status "$rc" 2
		want stderr "$err" "*$DRIVER: $value: must be *"
		want messages "$(grep -c "$DRIVER: " "$tmp/err")" 1
	done
	# Taken by /dev/mem and its like.
	run "$uml_run" --console --kernel-arg "$DRIVER.major=1" -- ls "$DEVICE"
	want status "$rc" 2
	want stderr "$err" "*$DRIVER: major=1: cannot be had, error -16*"
}

test_integration_one() { # Test that one test by its full name is what is run
	run env FAST=1 T=clear.by_name.empties "$top/scripts/test-integration"
	want status "$rc" 0
	if [[ $err == *"harness cannot pick tests: all of ioctl"* ]]; then
		want stdout "$out" '*ok * clear.by_name.empties*ok 1 ioctl'
	else
		want stdout "$out" '*1..1*ok 1 clear.by_name.empties*ok 1 ioctl'
	fi
}

test_integration_on_host() { # Test that the tests run where the device already is
	run "$uml_run" --write "$build" --write "$cache" \
		--kernel-arg "$DRIVER.ndevices=2" -- \
		env ON=host T=open RESULTS="$tmp" "$top/scripts/test-integration"
	want status "$rc" 0
	want stdout "$out" '*ok * device.node*ok 1 open'
}

test_integration_expect() { # Test that rules a device does not keep are told apart
	echo 'S1 not needed here' >"$tmp/expect"
	run env FAST=1 T=splice EXPECT="$tmp/expect" "$top/scripts/test-integration"
	want stdout "$out" '*# passes, but S1 is expected not to be kept*not ok * splice.fsync*not ok 1 splice'
	# What is no FIFO fails, and is expected to.
	echo 'I1' >"$tmp/expect"
	run env FAST=1 T=command.fionread DEVICE=/dev/null EXPECT="$tmp/expect" \
		"$top/scripts/test-integration"
	want stdout "$out" '*ok 1 command.fionread # SKIP I1 is not kept, as expected*ok 1 ioctl'
}

test_demo() { # Test the demo: the signal, its band and descriptor (N1, N2)
	run "$top/scripts/demo"
	want status "$rc" 0
	want stdout "$out" '*signal 29 *band 0x41 POLLIN POLLRDNORM, descriptor 3, 5 bytes: hello*'
}

test_qemu_icount() { # Test that with --icount the clock counts instructions
	local first

	"$top/scripts/packages" libaio-dev liburing-dev
	run make -s -C "$top/userspace" "OUT=$tmp" bench
	want status "$rc" 0
	# It fails by itself if a loop of two million is not some two million ticks.
	run "$uml_run" --icount -- "$tmp/bench" count
	want status "$rc" 0
	want stdout "$out" $'*\ncount\tloop\t2000000\t20?????\n# end'
	first=$out
	run "$uml_run" --icount -- "$tmp/bench" count
	want "the second time" "$out" "$first"
	run "$uml_run" --icount -- nproc
	want processors "$out" 1
}
