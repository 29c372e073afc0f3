#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The two commands of the README, on a Debian 12 machine that has nothing installed:
#   ./quickstart.sh demo   install what is missing, build, calibrate this machine, run the demo study
#                          and draw its figures
#   ./quickstart.sh test   install what is missing, build, run every test (CI runs this)
# and, for a build alone, ./quickstart.sh build
set -eu
cd "$(dirname "$0")"

# Why each package is there: README.md, "What it stands on".
build_packages="gcc libc6-dev make cmake pkg-config libgsl-dev libsqlite3-dev libcjson-dev libxxhash-dev
 librandom123-dev libseccomp-dev libunicorn-dev libexpat1-dev
 libcunit1-dev gnuplot-nox fonts-liberation"
test_packages="clang libclang-rt-14-dev sqlite3 git libopenmpi-dev openmpi-bin dpkg-dev groff-base
 python3-jsonschema zsh chromium poppler-utils"
# For the tests on emulated hardware (tests/emulated): x86-64 only.
emulated_packages="qemu-system-x86 busybox-static cpio xz-utils"

started=$(date +%s)

say() {
	printf '\n== %s (at %d:%02d)\n' "$*" $((($(date +%s) - started) / 60)) $((($(date +%s) - started) % 60))
}

missing_packages() {
	for package in "$@"; do
		dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
			printf ' %s' "$package"
	done
}

install_packages() {
	if ! command -v dpkg-query >/dev/null 2>&1; then
		say "This is not Debian: please install the equivalents of: $*"
		return 0
	fi
	missing=$(missing_packages "$@")
	[ -n "$missing" ] || return 0
	as_root=""
	if [ "$(id -u)" -ne 0 ]; then
		if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
			as_root="sudo -n"
		else
			say "Some Debian packages are missing, and installing them needs root. Run this, then try again:"
			echo "    sudo apt-get install -y --no-install-recommends$missing"
			exit 1
		fi
	fi
	say "Installing:$missing"
	# An index that is there may be enough; one that is missing or too old is fetched.
	# shellcheck disable=SC2086 # the lists are words
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null 2>&1 || {
		$as_root apt-get update -qq
		$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
	}
}

jobs=$(nproc 2>/dev/null || echo 2)

build() { # preset
	cmake --preset "$1" >/dev/null
	cmake --build --preset "$1" -j "$jobs" >"build-$1.log" 2>&1 || {
		cat "build-$1.log"
		echo "quickstart: the build failed (preset $1)" >&2
		exit 1
	}
	rm -f "build-$1.log"
}

demo() {
	# shellcheck disable=SC2086
	install_packages $build_packages
	say "Building"
	build release
	# Each demo has a folder of its own: results are never overwritten.
	out=demo/$(date +%Y-%m-%dT%H-%M-%S)
	mkdir -p "$out"
	say "Calibrating: what does virtualization cost on this machine?"
	code=0
	build/mcvsim calibrate -o "$out/profile.json" || code=$?
	# 3: measured, with some probes failed; the study falls back to shipped figures for those and says so.
	[ "$code" -eq 0 ] || [ "$code" -eq 3 ] || exit "$code"
	say "Simulating: scenarios/demo.json"
	build/mcvsim run scenarios/demo.json --set "/profile=$PWD/$out/profile.json" -o "$out/results.db" -j "$jobs"
	say "Drawing"
	build/mcvsim report "$out/results.db" -o "$out/figures"
	say "Done. Look at"
	for figure in "$out"/figures/*.png; do
		echo "    $figure   (also .pdf, .svg; data in .tsv, script in .gp)"
	done
	echo "    $out/profile.json   what was measured here"
	echo "    $out/results.db     every number (SQLite; views: result, summary, parameter)"
}

# Sums the cases that the test programs of one ctest run counted, and lists why some were skipped.
count_cases() { # preset's build folder
	awk -v folder="$1" '
		/^cases: / { passed += $2; failed += $4; skipped += $6 }
		/SKIP: / { sub(/^.*SKIP: /, "skipped: "); sub(/ *(passed)? *$/, ""); if (!seen[$0]++) print }
		END { printf "%s: %d cases passed, %d failed, %d skipped\n", folder, passed, failed, skipped
		      print passed + 0, failed + 0, skipped + 0 >> "build-cases.txt" }
	' "$1/Testing/Temporary/LastTest.log"
}

# Debian's cloud kernel, which the emulated machine boots: downloaded, not installed. Without it those
# tests are skipped, and say so.
fetch_kernel() {
	[ "$(dpkg --print-architecture 2>/dev/null)" = amd64 ] || return 0
	# shellcheck disable=SC2086
	install_packages $emulated_packages
	mkdir -p build/emulated
	ls build/emulated/linux-image-*.deb >/dev/null 2>&1 && return 0
	package=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null | sed -n 's/.*Depends: \(linux-image-[^ ]*\)/\1/p' | head -n 1)
	[ -n "$package" ] && (cd build/emulated && apt-get download -qq "$package" 2>/dev/null) ||
		echo "no kernel package can be had here: the tests on emulated hardware will be skipped"
}

run_tests() { # preset ctest-arguments...
	preset=$1
	shift
	say "Tests: $preset"
	code=0
	ctest --preset "$preset" -j "$jobs" --output-on-failure "$@" || code=1
	count_cases "$(preset_folder "$preset")"
	[ "$code" -eq 0 ] || failed_presets="$failed_presets $preset"
}

preset_folder() {
	if [ "$1" = release ]; then echo build; else echo "build-$1"; fi
}

test_all() {
	# shellcheck disable=SC2086
	install_packages $build_packages $test_packages
	fetch_kernel
	failed_presets=""
	rm -f build-cases.txt
	for preset in release clang asan tsan fuzz; do
		say "Building: $preset"
		build "$preset"
	done
	run_tests release
	run_tests clang -L 'base|engine|experiment'
	run_tests asan
	run_tests tsan
	run_tests fuzz
	say "Summary"
	awk '{ p += $1; f += $2; s += $3 } END { printf "%d passed, %d failed, %d skipped\n", p, f, s }' build-cases.txt
	rm -f build-cases.txt
	if [ -n "$failed_presets" ]; then
		echo "quickstart: tests failed under:$failed_presets" >&2
		exit 1
	fi
}

case "${1:-}" in
demo) demo ;;
test) test_all ;;
build)
	# shellcheck disable=SC2086
	install_packages $build_packages
	build release
	echo "built: build/mcvsim, build/hvcore"
	;;
*)
	sed -n '3,8s/^# \{0,1\}//p' "$0"
	exit 2
	;;
esac
