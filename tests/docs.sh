#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs the commands that the documentation shows: every indented line, and every line of a block marked
# `sh`, that calls mcvsim, document by document, in the order in which they stand, each document in a
# folder of its own.
#
# What is cut short, and nothing else: `run` is given /repeat=1, two minutes of simulated time and a warm-up
# of 10 s; of commands that measure the machine (calibrate, validate) and of lines that start others
# (sbatch, mpirun, parallel, a job's script, what names files of the reader's own: study.json, my-) only
# the options are held against --help.
# usage: docs.sh BUILD-FOLDER
set -u
export LC_ALL=C
build=$(cd "$1" && pwd)
source=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0 ran=0 checked=0

# Lines that call mcvsim, continuation lines joined, comments at the end left out.
commands_of() {
	awk '
		/^```/ { fence = !fence; shell = fence && /^```(sh|bash)$/; next }
		fence && !shell { next }
		fence || /^    / {
			line = $0
			sub(/^    +/, "", line)
			if (joined != "") { sub(/^[ \t]+/, "", line); line = joined line; joined = "" }
			if (line ~ /\\$/) { sub(/\\$/, "", line); joined = line; next }
			sub(/[ \t]+#.*$/, "", line)
			if (line !~ /^#/ && line ~ /(^|[ (\/])mcvsim /) print line
		}' "$1"
}

only_parsed() {
	case $1 in
	*sbatch* | mpirun* | parallel* | *SLURM* | *study.json* | *my-* | *"hvcore "* | *"part-*"*) return 0 ;;
	esac
	case $1 in
	*"mcvsim calibrate"* | *"mcvsim validate"*) return 0 ;;
	esac
	return 1
}

check_options() { # line
	local command
	command=$(printf '%s\n' "$1" | sed 's/.*mcvsim \([a-z]*\).*/\1/')
	"$build/mcvsim" "$command" --help >"$work/help" 2>&1 || { echo "no such command: $1"; return 1; }
	for option in $(printf '%s\n' "$1" | sed "s/.*mcvsim $command//" | grep -oE -- '(^| )--[a-z-]+' | tr -d ' '); do
		grep -q -- "$option" "$work/help" || { echo "$command has no $option: $1"; return 1; }
	done
}

# Stands for mcvsim in the documents' folders.
mkdir "$work/bin"
cat >"$work/bin/mcvsim" <<WRAPPER
#!/bin/sh
if [ "\$1" = run ]; then
	exec "$build/mcvsim" "\$@" --set /repeat=1 --set '/warmup=10 s' --set '/duration=2 min'
fi
exec "$build/mcvsim" "\$@"
WRAPPER
chmod +x "$work/bin/mcvsim"

run_document() { # FILE
	local folder=$work/${1//\//-}
	mkdir -p "$folder/build"
	ln -s "$source/scenarios" "$folder/scenarios"
	mkdir "$folder/tests"
	cp -r "$source/tests/golden" "$folder/tests/golden" # a command writes there
	ln -s "$source"/scenarios/first.json "$folder/first.json"
	ln -s "$work/bin/mcvsim" "$folder/build/mcvsim"
	cp "$source/scenarios/profiles/nested-epyc.json" "$folder/profile.json" # as calibrate would have left it
	while IFS= read -r line; do
		check_options "$line" || { failed=1; continue; }
		if only_parsed "$line"; then
			checked=$((checked + 1))
			continue
		fi
		ran=$((ran + 1))
		(cd "$folder" && PATH="$work/bin:$PATH" timeout 60 sh -c "$line" >"$work/out" 2>"$work/err" </dev/null)
		code=$?
		[ "$code" -eq 0 ] && continue
		failed=1
		echo "$1: exit status $code: $line"
		tail -n 3 "$work/err"
	done < <(commands_of "$1")
}

for document in README.md */README.md */*/README.md scenarios/[a-z]*.md docs/*.md; do
	[ -e "$document" ] && run_document "$document"
done
# The examples of --help, those of `run` first, whose results the others take.
for command in run $("$build/mcvsim" --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' | grep -vx run); do
	"$build/mcvsim" "$command" --help | sed -n '/^examples:/,$s/^  /    /p' >"$work/examples"
	grep -q mcvsim "$work/examples" || echo "    mcvsim $command --no-example" >"$work/examples"
	cat "$work/examples"
done >"$work/help.md"
run_document "$work/help.md"
# The figure in README.md is what its study draws today, apart from hashes and version below it.
figure() { grep -v 'Study \|profile\|mcvsim' "$1"; }
(cd "$work" && "$build/mcvsim" run "$source/scenarios/first.json" -o first.db && "$build/mcvsim" report first.db -o first --format svg) >/dev/null 2>&1
if ! gnuplot --version 2>/dev/null | grep -q '5\.4 patchlevel 4'; then
	echo "SKIP: docs/first-figure.svg was drawn by gnuplot 5.4.4"
elif ! cmp -s <(figure docs/first-figure.svg) <(figure "$work/first/response.svg"); then
	failed=1
	echo "docs/first-figure.svg is not what scenarios/first.json gives: mcvsim run, report --format svg, copy response.svg"
fi
echo "$ran commands ran, $checked had their options checked"
[ "$ran" -ge 30 ] || { echo "few commands were found"; failed=1; }
exit $failed
