#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The report page in a real browser without a network: Chromium, at the widths of a phone and a
# laptop, light and dark, and printed. tests/page/check.js says what is held of it. With npm the rules
# of axe-core (accessibility) are checked as well.
# usage: page.sh BUILD-FOLDER
set -eu
mcvsim=$1/mcvsim
axe=axe-core@4.10.3

skip() {
	echo "SKIP: $*"
	exit 77
}
command -v chromium >/dev/null 2>&1 || skip "no browser (Debian: chromium)"
command -v gnuplot >/dev/null 2>&1 || skip "no gnuplot, so no pictures (Debian: gnuplot-nox)"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$mcvsim" run scenarios/first.json --set /repeat=2 --set '/duration="2 min"' --set '/warmup="10 s"' \
	-o "$work/results.db" >/dev/null 2>&1
"$mcvsim" report "$work/results.db" -o "$work/page" --html --format svg >/dev/null

if command -v npm >/dev/null 2>&1 && (cd "$work" && timeout 60 npm pack --silent "$axe" >npm.log 2>&1 &&
	tar xzf axe-core-*.tgz package/axe.min.js 2>>npm.log); then
	axe_script=$work/package/axe.min.js
else
	axe_script=/dev/null
	echo "skipped: accessibility ($axe cannot be had from npm here)"
fi

# The page with the checks behind it; errors are collected from its first line on.
{
	sed '/^<title>/i <script>var checkErrors = [];\
addEventListener("error", e => checkErrors.push(e.message || "load"), true);\
addEventListener("securitypolicyviolation", e => checkErrors.push(e.blockedURI));</script>' "$work/page/index.html" |
		sed '/<\/body>/,$d'
	echo "<script>"
	cat "$axe_script"
	echo "</script><script>"
	cat tests/page/check.js
	echo "</script></body></html>"
} >"$work/checked.html"

# A window is at least 500 pixels wide; a frame may be as narrow as a phone.
{
	echo '<!DOCTYPE html><body><script>addEventListener("message", e => {
		const out = document.createElement("pre"); out.id = "checks"; out.textContent = e.data;
		document.body.append(out); });</script><iframe width="390" height="900" style="border:0" srcdoc="'
	sed 's/&/\&amp;/g; s/"/\&quot;/g' "$work/checked.html"
	echo '"></iframe></body>'
} >"$work/phone.html"

browser() { # arguments...
	timeout 120 chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
		--disable-background-networking --disable-component-update --disable-sync \
		--hide-scrollbars --host-resolver-rules="MAP * ~NOTFOUND" --user-data-dir="$work/profile" "$@" 2>"$work/browser.log"
}

failed=0
look() { # name width light|dark file
	name=$1 width=$2 colours=$3 file=$4 scheme=1
	[ "$colours" = light ] || scheme=0
	browser --virtual-time-budget=30000 --dump-dom --window-size="$width,900" \
		--blink-settings=preferredColorScheme=$scheme "file://$work/$file.html" >"$work/$name.dom" || true
	sed -n '/<pre id="checks">/,/^checks end/p' "$work/$name.dom" | sed 's/<pre id="checks">//' >"$work/$name.txt"
	if ! grep -q '^checks end' "$work/$name.txt"; then
		echo "$name: the checks did not come to their end"
		tail -n 5 "$work/browser.log"
		failed=1
	fi
	echo "$name: $(grep -c '^ok:' "$work/$name.txt") right, $(grep -c '^FAIL:' "$work/$name.txt") wrong"
	grep '^FAIL:' "$work/$name.txt" && failed=1
	grep -q "^ok: .*$width pixels, $colours," "$work/$name.txt" || {
		echo "$name: not seen at $width pixels, $colours: $(grep "cut off" "$work/$name.txt")"
		failed=1
	}
	[ "$axe_script" = /dev/null ] || grep -q '^ok: accessibility' "$work/$name.txt" || failed=1
}
look phone 390 light phone
look laptop 1366 light checked
look dark 1366 dark checked

browser --no-pdf-header-footer --print-to-pdf="$work/page.pdf" "file://$work/page/index.html" >/dev/null || true
if head -c 5 "$work/page.pdf" 2>/dev/null | grep -q '%PDF-'; then
	echo "printed: $(wc -c <"$work/page.pdf") bytes"
else
	echo "it cannot be printed"
	failed=1
fi
exit $failed
