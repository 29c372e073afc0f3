#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Computes what docs/claims.md claims again, from the tables of that page, and compares.
# usage: claims.sh BUILD-FOLDER
set -u
build=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0 studies=0 tests=0

trim() {
	sed 's/^[[:space:]]*//; s/[[:space:]]*$//' <<<"$1"
}

mean_at() { # study, metric, filter
	"$build/mcvsim" query "$work/$1.db" --metric "$2" --filter "$3" --json >"$work/answer" 2>"$work/err" || {
		cat "$work/err" >&2
		return 1
	}
	[ "$(grep -c '"point":' "$work/answer")" -eq 1 ] || { echo "'$3' is not one point" >&2; return 1; }
	sed -n 's/^.*"mean":[[:space:]]*\([^,]*\),*$/\1/p' "$work/answer" | head -n 1
}

check_study() { # claim study metric point over wanted tolerance
	local point over
	[ -e "$work/$2.db" ] || "$build/mcvsim" run "scenarios/$2.json" -o "$work/$2.db" >/dev/null 2>"$work/err" || {
		cat "$work/err"
		failed=1
		return
	}
	point=$(mean_at "$2" "$3" "$4") && over=$(mean_at "$2" "$3" "$5") || { failed=1; return; }
	studies=$((studies + 1))
	awk -v a="$point" -v b="$over" -v w="$6" -v t="$7" -v claim="$1" 'BEGIN {
		more = 100 * (a / b - 1); off = more - w; if (off < 0) off = -off
		printf "%-55s %8.2f %%, claimed %s +- %s\n", claim, more, w, t
		exit !(b > 0 && off <= t) }' || { echo "DIFFERS: $1"; failed=1; }
}

check_test() { # claim program cases
	tests=$((tests + 1))
	# shellcheck disable=SC2086
	MCVSIM_BIN=$build "$build/tests/$2" $3 >"$work/out" 2>&1 || { cat "$work/out"; echo "FAILS: $1"; failed=1; }
}

while IFS='|' read -r _ claim a b c d e f _; do
	claim=$(trim "$claim") a=$(trim "$a") b=$(trim "$b") c=$(trim "$c")
	case $claim in claim | ---* | "") continue ;; esac
	case $a in
	test_*) check_test "$claim" "$a" "$b" ;;
	*) check_study "$claim" "$a" "$b" "$c" "$(trim "$d")" "$(trim "$e")" "$(trim "$f")" ;;
	esac
done < <(grep '^|' docs/claims.md)
echo "$studies claims from studies and $tests from tests computed again"
[ "$studies" -ge 5 ] && [ "$tests" -ge 1 ] || { echo "few claims were found"; failed=1; }
exit $failed
