#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes the Debian package and installs it with dpkg into a root that has nothing but what the package
# depends on; runs mcvsim on a shipped study there, and removes it again.
# usage: package.sh BUILD-FOLDER
set -eu
build=$(cd "$1" && pwd)

skip() {
	echo "SKIP: $*"
	exit 77
}

fail() {
	echo "package.sh: $*" >&2
	exit 1
}

for program in dpkg dpkg-deb dpkg-query dpkg-shlibdeps cpack tar chroot; do
	command -v "$program" >/dev/null 2>&1 || skip "$program is missing (Debian: dpkg-dev, cmake)"
done
[ "$(id -u)" -eq 0 ] || skip "only root may make a root of its own (chroot)"
work=$(mktemp -d)
trap 'umount "$work/root/proc" 2>/dev/null; rm -rf --one-file-system "$work"' EXIT
root=$work/root

(cd "$build" && cpack -G DEB -B "$work/out" >"$work/cpack.log" 2>&1) || {
	cat "$work/cpack.log"
	fail "cpack failed"
}
deb=$(ls "$work"/out/*.deb)
depends=$(dpkg-deb -f "$deb" Depends)
echo "$(basename "$deb") depends on: $depends"
maintainer=$(dpkg-deb -f "$deb" Maintainer)
printf '%s\n' "$maintainer" | grep -q '@' || fail "no packager is named: '$maintainer'"
case $depends in
*libc6*libgsl*) ;;
*) fail "the dependencies were not computed" ;;
esac

# Who built it here is nobody's address.
if command -v lintian >/dev/null 2>&1; then
	complaints=$(lintian --tag-display-limit 0 "$deb" 2>/dev/null | grep '^[EW]:' | grep -v 'bogus-mail-host\|root-in-contact' || true)
	[ -z "$complaints" ] || fail "lintian: $complaints"
else
	echo "skipped: Debian's rules for packages (lintian is not installed)"
fi

# The names in a line of dependencies; of alternatives the first that is installed here.
names() {
	printf '%s\n' "$1" | tr ',' '\n' | while read -r group; do
		for name in $(printf '%s\n' "$group" | sed 's/([^)]*)//g; s/:any//g' | tr '|' ' '); do
			if dpkg-query -W -f '${db:Status-Status}\n' "$name" 2>/dev/null | grep -qx installed; then
				echo "$name"
				break
			fi
		done
	done
}

# All that the package needs, directly or not.
todo=$(names "$depends")
closure=" "
while [ -n "$todo" ]; do
	next=""
	for name in $todo; do
		case $closure in *" $name "*) continue ;; esac
		closure="$closure$name "
		next="$next $(names "$(dpkg-query -W -f '${Pre-Depends}, ${Depends}\n' "$name" | head -n 1)")"
	done
	todo=$(echo $next)
done

# A root with their files, and a list of installed packages that has them and no other.
mkdir -p "$root/var/lib/dpkg/info" "$root/var/lib/dpkg/updates" "$root/tmp" "$root/usr/lib" "$root/usr/lib64" \
	"$root/usr/bin" "$root/usr/sbin" "$root/etc" "$root/proc" "$root/dev"
for folder in lib lib64 bin sbin; do
	ln -s "usr/$folder" "$root/$folder"
done
# shellcheck disable=SC2086
dpkg-query -L $closure | sed 's|^/||' | grep -v '^\.*$' | sort -u | while read -r file; do
	if [ ! -d "/$file" ] && { [ -e "/$file" ] || [ -L "/$file" ]; }; then echo "$file"; fi
done >"$work/files"
tar -C / -c --no-recursion -T "$work/files" 2>/dev/null | tar -C "$root" -x --keep-directory-symlink
# shellcheck disable=SC2086
dpkg-query -s $closure | sed 's/^---$//' >"$root/var/lib/dpkg/status"
: >"$root/var/lib/dpkg/available"

# Programs find their own folder through /proc, as on any Linux.
mount --bind /proc "$root/proc" 2>/dev/null || skip "/proc cannot be had in the new root (mount)"

dpkg --root="$root" --force-not-root --log=/dev/null -i "$deb" >"$work/dpkg.log" 2>&1 || {
	cat "$work/dpkg.log"
	fail "dpkg cannot install it"
}
for file in usr/bin/mcvsim usr/bin/hvcore usr/share/mcvsim/first.json usr/share/mcvsim/schema/study.json \
	usr/share/man/man1/mcvsim-run.1.gz usr/share/man/man1/hvcore.1.gz usr/share/bash-completion/completions/mcvsim \
	usr/share/doc/mcvsim/README.md usr/share/doc/mcvsim/copyright usr/share/doc/mcvsim/changelog.gz; do
	[ -s "$root/$file" ] || fail "$file is missing"
done

inside() {
	chroot "$root" /usr/bin/env -i PATH=/usr/bin HOME=/tmp "$@" 2>>"$work/errors" ||
		{ cat "$work/errors" >&2; fail "inside, '$*' failed"; }
}
[ -x "$root/usr/bin/env" ] || { mkdir -p "$root/usr/bin"; cp /usr/bin/env "$root/usr/bin/env"; }
inside mcvsim --version | grep "^mcvsim [0-9]" >/dev/null || fail "mcvsim does not say its version"
inside mcvsim check /usr/share/mcvsim/first.json >/dev/null
inside mcvsim run /usr/share/mcvsim/first.json -o /tmp/first.db --set /repeat=1 --set '/duration=2 min' |
	grep native >/dev/null || fail "run printed no summary"
inside mcvsim platforms | grep kvm-virtio >/dev/null || fail "the library is not found"
inside hvcore list >/dev/null

dpkg --root="$root" --force-not-root --log=/dev/null -r mcvsim >"$work/dpkg.log" 2>&1 || {
	cat "$work/dpkg.log"
	fail "dpkg cannot remove it"
}
left=$(find "$root/usr" "$root/etc" -iname '*mcvsim*' -o -iname 'hvcore*')
[ -z "$left" ] || fail "left behind: $left"
echo "installed, ran and removed among $(echo $closure | wc -w) packages"
