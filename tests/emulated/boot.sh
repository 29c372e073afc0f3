#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Boots a Linux kernel with KVM on emulated hardware (QEMU's TCG, an AMD processor with SVM and nested
# paging), runs commands in it one after the other, and leaves what they printed.
#
#   boot.sh KERNEL-PACKAGE.deb WORK-FOLDER LIMIT-SECONDS PROGRAM... -- QEMU-ARGUMENT...
#
# A machine that prints nothing for LIMIT-SECONDS of the host's clock hangs and is ended.
#
# Each PROGRAM is copied to the machine's /bin, with the shared libraries it needs. In WORK-FOLDER:
#   commands   to be read: a line "EXPECTED-STATUS COMMAND" for each command; one that ends with
#              another status, or not within its limit, is run once more
#   files/     to be read, if it is there: copied to the machine's folder /files
#   output     written: for each run "@run LINE", what the command printed, "@end LINE STATUS";
#              at last "@done"
#   console    written: the kernel's messages
# Environment: STEP_LIMIT, seconds that a command may take by the machine's clock (default 10). With
# the arguments -icount shift=0,sleep=off that clock counts instructions, 1 ns each.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
package=$1 work=$2 limit=$3
shift 3

# The kernel and its modules, unpacked once.
kernel=$work/kernel
if [ ! -e "$kernel/.complete" ]; then
	rm -rf "$kernel"
	mkdir -p "$kernel"
	dpkg-deb --fsys-tarfile "$package" | tar -x -C "$kernel" --wildcards './boot/vmlinuz*' \
		'*/kvm.ko*' '*/kvm-amd.ko*' '*/irqbypass.ko*' '*/ccp.ko*' 2>"$work/tar.log" || [ -n "$(ls "$kernel/boot")" ]
	find "$kernel" -name '*.ko.xz' -exec xz -d {} +
	touch "$kernel/.complete"
fi

root=$work/root
rm -rf "$root"
mkdir -p "$root/bin" "$root/dev" "$root/proc" "$root/sys" "$root/tmp" "$root/files" "$root/modules"
cp "$here/init" "$root/init"
# The emulator's library is loaded by hvcore itself, if it is there.
emulator=$(PATH=$PATH:/sbin:/usr/sbin ldconfig -p | sed -n 's/.*libunicorn\.so\.2 .*=> //p' | head -n 1)
[ -z "$emulator" ] || set -- "$emulator" "$@"
set -- "$(command -v busybox)" "$@"
while [ "$1" != -- ]; do
	case $1 in
	*.so.*) mkdir -p "$root$(dirname "$1")" && cp -L "$1" "$root$1" ;;
	*) cp "$1" "$root/bin/" ;;
	esac
	ldd "$1" 2>/dev/null | grep -o '/[^ ]*' | while read -r library; do
		mkdir -p "$root$(dirname "$library")"
		cp -L "$library" "$root$library"
	done
	shift
done
shift
find "$kernel" -name '*.ko' -exec cp {} "$root/modules/" \;
cp "$work/commands" "$root/commands"
[ ! -d "$work/files" ] || cp -R "$work/files/." "$root/files/"
(cd "$root" && find . | cpio -o -H newc --quiet) >"$work/initrd"
rm -rf "$root" "$work/output" "$work/console"

# Until Linux knows its processor's timer it looks for 0.2 s whether time has passed, with a `pause` each
# time, of which QEMU does some 5 ms per second where instructions are counted.
kernel_arguments=
case " $* " in *" -icount "*) kernel_arguments=nolapic_timer ;; esac

# One thread: under several a halted virtual processor has lost its wake-up now and then. The time in all
# is for a script that was itself ended; what ends a machine is the loop below.
timeout -k 5 3000 qemu-system-x86_64 -accel tcg,thread=single \
	-machine q35 -cpu EPYC,+svm,+npt -m 640 -nodefaults -no-user-config -display none -no-reboot \
	-kernel "$kernel"/boot/vmlinuz* -initrd "$work/initrd" \
	-append "console=ttyS0 quiet panic=-1 mitigations=off nokaslr $kernel_arguments limit=${STEP_LIMIT:-10}" \
	-serial "file:$work/console" -serial "file:$work/output" "$@" 2>"$work/qemu.log" </dev/null &
machine=$!
trap 'kill "$machine" 2>/dev/null' EXIT
trap 'exit 1' HUP INT TERM

printed=0 since=$(date +%s)
while sleep 0.3 && kill -0 "$machine" 2>/dev/null; do
	now=$(date +%s) size=$(cat "$work/console" "$work/output" 2>/dev/null | wc -c)
	[ "$size" -eq "$printed" ] || printed=$size since=$now
	[ $((now - since)) -lt "$limit" ] || exit 1
done
wait "$machine"
