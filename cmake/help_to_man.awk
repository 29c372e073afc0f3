# SPDX-License-Identifier: GPL-2.0-or-later
# A manual page from a program's --help: its lines "usage: ..." become the synopsis, "word  text" and
# "  --option X  text" paragraphs with a tag, lines further in go on with the text.
# usage: PROGRAM --help | awk -v name=PROGRAM -v version=V -v about=TEXT -f help_to_man.awk
function escaped(text) {
	gsub(/\\/, "\\e", text)
	gsub(/-/, "\\-", text)
	return text ~ /^[.']/ ? "\\&" text : text
}
BEGIN {
	printf ".TH \"%s\" 1 \"\" \"mcvsim %s\" \"mcvsim\"\n", toupper(name), version
	printf ".SH NAME\n%s \\- %s\n.SH SYNOPSIS\n.nf\n", name, escaped(about)
	part = "usage"
}
part == "usage" && !/^$/ { sub(/^usage: /, ""); sub(/^ +/, ""); print escaped($0); next }
/^$/ {
	if (part == "usage") { print ".fi\n.SH COMMANDS"; part = "commands" }
	else if (part == "commands") { print ".SH OPTIONS"; part = "options" }
	next
}
{
	line = $0
	sub(/^ +/, "", line)
	indent = length($0) - length(line)
	if (match(line, /  +/) && indent < 4) {
		printf ".TP\n.B %s\n", escaped(substr(line, 1, RSTART - 1))
		line = substr(line, RSTART + RLENGTH)
	}
	print escaped(line)
}
END {
	print ".SH EXIT STATUS\n.TP\n0\ndone\n.TP\n1\nfailed while running\n.TP\n2\nwrong usage"
	print ".SH SEE ALSO\n.BR mcvsim (1)"
}
