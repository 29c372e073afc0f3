# SPDX-License-Identifier: GPL-2.0-or-later
# CHANGELOG.md as a Debian changelog, in lines of at most 79 characters. Needs -v name, packager, date.
function put(mark, text,    words, n, i, line) {
	n = split(text, words, " ")
	line = mark
	for (i = 1; i <= n; i++) {
		if (length(line " " words[i]) > 79) {
			print line
			line = "   "
		}
		line = line " " words[i]
	}
	print line
}
function end_item() {
	if (item != "")
		put("  *", item)
	item = ""
}
function end_version() {
	end_item()
	if (open)
		printf "\n -- %s  %s\n\n", packager, date
	open = 0
}
/^## [0-9]/ {
	end_version()
	version = $2
	sub(/,$/, "", version)
	printf "%s (%s) unstable; urgency=medium\n\n", name, version
	open = 1
	next
}
open && /^- / { end_item(); item = substr($0, 3); next }
open && /^  / { item = item " " $0 }
END { end_version() }
