#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Manual pages and completion: every command and option of --help is in them, groff and the shells take
# them without a word, and completing offers what it should. Versions agree.
# usage: manual.sh BUILD-FOLDER
set -eu
mcvsim=$1/mcvsim
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
	echo "manual.sh: $*" >&2
	exit 1
}

"$mcvsim" manual --output "$work"
"$mcvsim" completion bash >"$work/bash"
"$mcvsim" completion zsh >"$work/zsh"
commands=$("$mcvsim" --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
[ "$(echo "$commands" | wc -w)" -ge 15 ] || fail "--help lists few commands"
[ -s "$work/mcvsim.1" ] || fail "no overview"
for command in $commands; do
	page=$work/mcvsim-$command.1
	[ -s "$page" ] || fail "no page for $command"
	grep -q "mcvsim.-$command" "$work/mcvsim.1" || fail "the overview leaves out $command"
	for option in $("$mcvsim" "$command" --help | sed -n 's/^  .*--\([a-z-]*\).*/\1/p'); do
		sed 's/\\-/-/g' "$page" | grep -q -- "--$option" || fail "$command's page lacks --$option"
		grep -q -- "--$option" "$work/bash" || fail "bash does not complete --$option"
		grep -q -- "--$option" "$work/zsh" || fail "zsh does not complete --$option"
	done
	if command -v groff >/dev/null 2>&1; then
		groff -man -Tutf8 -ww "$page" >"$work/text" 2>"$work/warnings" || fail "groff refuses $page"
		[ ! -s "$work/warnings" ] || { cat "$work/warnings"; fail "groff warns of $page"; }
	fi
done

page=$1/manual/hvcore.1
[ -s "$page" ] || fail "no page for hvcore"
for word in $("$1/hvcore" --help | sed -n 's/^  \(--[a-z-]*\).*/\1/p; s/^\([a-z]*\)  .*/\1/p'); do
	sed 's/\\-/-/g' "$page" | grep -q "^\.B $word" || fail "hvcore's page lacks $word"
done
if command -v groff >/dev/null 2>&1; then
	groff -man -Tutf8 -ww "$page" >"$work/text" 2>"$work/warnings" || fail "groff refuses $page"
	[ ! -s "$work/warnings" ] || { cat "$work/warnings"; fail "groff warns of $page"; }
fi

complete_words() { # words, the last one to be completed
	COMP_WORDS=(mcvsim "$@")
	COMP_CWORD=$#
	_mcvsim
	echo "${COMPREPLY[*]}"
}
# shellcheck disable=SC1091
. "$work/bash"
[ "$(complete_words rep)" = "report reproduce" ] || fail "rep completes to '$(complete_words rep)'"
[ "$(complete_words run --sh)" = "--shard=" ] || fail "run --sh completes to '$(complete_words run --sh)'"
cd "$work" && : >study.json
[ "$(complete_words run stu)" = "study.json" ] || fail "files are not completed"
cd "$OLDPWD"
if command -v zsh >/dev/null 2>&1; then
	zsh -n "$work/zsh" || fail "zsh refuses its script"
else
	echo "zsh is not installed: its script was not read by it"
fi

version=$("$mcvsim" --version | cut -d ' ' -f 2 | cut -d + -f 1) # without the commit
grep -qx "version: $version" CITATION.cff || fail "CITATION.cff is not of $version"
grep -q "^## $version" CHANGELOG.md || fail "CHANGELOG.md has nothing on $version"
echo "pages and completion of $(echo "$commands" | wc -w) commands"
