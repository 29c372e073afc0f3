#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# quickstart.sh installs the packages that README.md gives reasons for, and no others.
# usage: packages.sh BUILD-FOLDER
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

awk '/^(build|test|emulated)_packages="/ { inside = 1 }
	inside { last = /"$/; sub(/^[a-z_]*=/, ""); gsub(/"/, ""); print; if (last) inside = 0 }' quickstart.sh |
	tr ' ' '\n' | sed '/^$/d' | sort >"$work/installed"
sed -n '/^| Debian package | why |/,/^$/p' README.md | sed '1,2d; /^$/d' | cut -d '|' -f 2 |
	tr ',' '\n' | tr -d ' ' | sort >"$work/explained"
[ "$(wc -l <"$work/installed")" -ge 20 ] || { echo "few packages were found in quickstart.sh"; exit 1; }
diff "$work/installed" "$work/explained" >"$work/difference" || {
	echo "quickstart.sh (<) and README.md (>) differ:"
	grep '^[<>]' "$work/difference"
	exit 1
}
echo "$(wc -l <"$work/installed") packages, each with its reason"
