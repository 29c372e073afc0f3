#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# version.sh BUILD: what cmake/version.cmake makes of a clone, of one with changes, of a release, of
# git's archives and of trees without a history of their own; and that it writes nothing when nothing is
# new.
set -eu
command -v git >/dev/null || { echo "SKIP: no git"; exit 77; }
script=$PWD/cmake/version.cmake
build=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null HOME=$work
git() { command git -c user.name=t -c user.email=t@example.org -C "$work/tree" "$@"; }
expect() {
	cmake -DVERSION=1.2.3 -DSOURCE="${2:-$work/tree}" -DOUT="$work/version.h" -P "$script"
	grep -qx "#define MCVSIM_VERSION \"$1\"" "$work/version.h" || {
		echo "expected $1, got:"
		cat "$work/version.h"
		exit 1
	}
}

mkdir -p "$work/tree/inner"
echo one >"$work/tree/file"
expect 1.2.3 # no history
git init -q
expect 1.2.3 # no commit
git add file
git commit -qm first
commit=$(git rev-parse --short=7 HEAD)
expect "1.2.3+g$commit"
touch -d @0 "$work/version.h"
expect "1.2.3+g$commit"
[ "$(stat -c %Y "$work/version.h")" = 0 ] || { echo "the same version was written again"; exit 1; }
expect 1.2.3 "$work/tree/inner" # a tarball within a clone of something else
echo two >"$work/tree/file"
expect "1.2.3+g$commit-dirty"
git tag v1.2.3
expect "1.2.3+g$commit-dirty" # is not the release
git checkout -q file
expect 1.2.3 # the release
# An archive of a commit, and of a release.
mkdir -p "$work/tree/cmake" "$work/archive"
cp cmake/archive-commit "$work/tree/cmake/"
cp .gitattributes "$work/tree/"
expect 1.2.3 # a clone says what git says, whatever stands in the file
git add cmake .gitattributes
git commit -qm second
commit=$(git rev-parse --short=7 HEAD)
git archive HEAD | tar -x -C "$work/archive"
expect "1.2.3+g$commit" "$work/archive"
git tag v1.2.30
git archive HEAD | tar -x -C "$work/archive"
expect "1.2.3+g$commit" "$work/archive"
git tag -f v1.2.3 >/dev/null 2>&1
git archive HEAD | tar -x -C "$work/archive"
expect 1.2.3 "$work/archive"
told=$("$build/mcvsim" --version)
grep -qF "\"${told#mcvsim }\"" "$build/sim/cli/version.h" || { echo "the program says $told"; exit 1; }
echo "versions are as they should be"
