#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Holds the code to the table of layers in README.md: which folder may include which, who may use
# SQLite, GSL and KVM's headers, and that only the programs print, exit, read the environment and
# start processes. Prints every breach; exits 1 when there is one.
# usage: layering.sh [ROOT]
cd "${1:-$(dirname "$0")/..}" || exit 2
breaches=$(mktemp) || exit 2
trap 'rm -f "$breaches"' EXIT

# layer: folders it may include from (besides itself) | system headers that are its own privilege
may_include() {
	case $1 in
	sim/base) echo "" ;;
	sim/engine) echo "sim/base" ;;
	sim/experiment) echo "sim/base sim/engine" ;;
	hvcore) echo "sim/base" ;;
	models) echo "sim/base sim/engine" ;;
	reports) echo "sim/base sim/experiment" ;;
	sim/cli) echo "sim/base sim/engine sim/experiment models reports" ;;
	esac
}

may_use_system() { # layer header
	case $2 in
	sqlite3.h) [ "$1" = reports ] ;;
	gsl/*) [ "$1" = sim/engine ] || [ "$1" = models ] || [ "$1" = sim/cli ] ;;
	expat.h) [ "$1" = models ] ;;
	Random123/*) [ "$1" = sim/engine ] ;;
	mpi.h) [ "$1" = sim/experiment ] || [ "$1" = sim/cli ] ;;
	linux/kvm.h | seccomp.h | unicorn/*) [ "$1" = hvcore ] ;;
	cjson/*) [ "$1" != sim/engine ] ;;
	*) true ;;
	esac
}

for layer in sim/base sim/engine sim/experiment hvcore models reports sim/cli; do
	allowed=" $layer $(may_include $layer) "
	files=$(find "$layer" -name '*.[chS]')
	for file in $files; do
		sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*"\([^"]*\)".*/\1/p' "$file" |
		while read -r included; do
			case $allowed in
			*" $(dirname "$included") "* | *" $(dirname "$(dirname "$included")") "*) ;;
			*) echo "$file: includes $included, which $layer may not" ;;
			esac
		done
		sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*<\([^>]*\)>.*/\1/p' "$file" |
		while read -r header; do
			may_use_system "$layer" "$header" ||
				echo "$file: includes <$header>, which $layer may not"
		done
	done >>"$breaches"
done

# The folders of a layer build on each other in this order; what lies in the layer's own folder is for all.
in_order() { # layer folder...
	layer=$1 below=
	shift
	for folder in "$@"; do
		for name in $folder; do
			grep -rnE "#include \"$layer/[^\"]+/" "$layer/$name" --include='*.[ch]' |
				grep -vE "\"$layer/($below$name)/" | sed 's/$/   <- from a folder that is not below/'
		done
		for name in $folder; do below="$below$name|"; done
	done
}
in_order reports db data "figure table" page >>"$breaches"
in_order sim/cli shell study measure command >>"$breaches"

# The libraries neither print nor exit, nor read the environment, nor start programs. hvcore's program
# and its guests are programs; a backend may fork (a guest is a process), but not exec another program.
libraries=$(find sim/base sim/engine sim/experiment models reports hvcore -name '*.c' \
	! -path 'hvcore/program/*' ! -path 'hvcore/guest/*')
grep -nE '(^|[^_[:alnum:]>.])(printf|puts|putchar|perror|getenv|secure_getenv|system|popen|execvp|execv|execlp|exit)[[:space:]]*\(' \
	$libraries /dev/null | grep -vE ':[[:space:]]*(/?\*|//)' |
	sed 's/$/   <- only the programs may do that/' >>"$breaches"
grep -nE '\b(stdout|stderr)\b' $libraries /dev/null | grep -vE ':[[:space:]]*(/?\*|//)' |
	sed 's/$/   <- libraries write to a FILE they are given/' >>"$breaches"

# Every source names its licence.
for file in $(git ls-files '*.c' '*.h' '*.S' '*.sh' '*.cmake' '*CMakeLists.txt' 2>/dev/null); do
	head -n 3 "$file" | grep -q 'SPDX-License-Identifier: GPL-2.0-or-later' ||
		echo "$file: no SPDX line" >>"$breaches"
done

# A header compiles alone.
for header in $(find sim models reports -name '*.h') $(find hvcore -maxdepth 2 -name '*.h'); do
	${CC:-cc} -std=gnu17 -D_GNU_SOURCE -I. -I"${MCVSIM_BIN:-build}" -fsyntax-only -x c "$header" 2>/dev/null ||
		echo "$header: does not compile alone" >>"$breaches"
done

cat "$breaches"
[ ! -s "$breaches" ] && echo "layers hold"
