#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/models/growth.sh [BUILD]: what a task costs, and an idle handset, as worlds grow from 1,000
# handsets to 1,000,000: docs/growth.tsv by bench_world, and docs/growth.svg from that. Takes two
# minutes of one core that is otherwise idle. With --draw it draws the figure anew from the data.
set -e
cd "$(dirname "$0")/../.."
draw=false
[ "$1" = --draw ] && draw=true && shift
build=${1:-build}
data=docs/growth.tsv

# handsets, simulated minutes, cloud: long runs where they are cheap. The best of three where the
# whole takes less than ten seconds.
row() {
	local tries=1
	[ "$1" -le 10000 ] && tries=3
	for ((i = 0; i < tries; i++)); do
		"$build/tests/bench_world" --handsets "$1" --minutes "$2" --cloud "$3" --json
	done | awk -F'[:,}]' -v c="$3" -v m="$2" '$8 > most { most = $8; split($0, best) }
		END { printf "%s\t%d\t%g\t%.0f\t%.3f\t%.0f\t%.1f\n", c, best[2], m, best[4], best[6],
			best[8], best[10] }'
}

if [ "$draw" = false ]; then
	{
		echo "# tests/models/growth.sh on $(date -u +%Y-%m-%d), $(uname -m), one core of $(
			sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), $(
			sed -n 's/^CMAKE_BUILD_TYPE:[^=]*=//p' "$build/CMakeCache.txt") build by $(cc --version | head -1)"
		echo "# augmented reality, LTE, edge and cloud, kvm-virtio; tasks of the first 10 s are not counted"
		printf 'cloud\thandsets\tminutes\ttasks\tcpu_s\ttasks_per_cpu_s\tbytes_per_idle_handset\n'
		row 1000 30 zones
		row 10000 30 zones
		row 100000 10 zones
		row 1000000 3 zones
		row 1000 30 one
		row 10000 10 one
		row 100000 3 one
	} >"$data.new"
	mv "$data.new" "$data"
fi

gnuplot <<E2
set terminal svg size 760,300 font "Liberation Sans,13" background "#ffffff"
set output "docs/growth.svg"
set datafile separator tab
set datafile commentschars "#"
set multiplot layout 1,2
set logscale x
set xrange [700:1.4e6]
set xtics ("1,000" 1e3, "10,000" 1e4, "100,000" 1e5, "1,000,000" 1e6)
set xlabel "handsets"
set border 3
set tics nomirror out
set grid ytics lc rgb "#dddddd"
set key top left reverse Left samplen 2
set ylabel "CPU time per task (us)"
set logscale y 2
set yrange [1:50]
set label 1 "500,000 tasks per CPU second" at 1.3e6,2.3 right textcolor rgb "#555555"
series(c) = sprintf("< grep -P '^%s\\t' $data", c)
plot series("one") using 2:(1e6/\$6) with linespoints pt 5 lw 2 lc rgb "#0072b2" dt 2 title "one cloud for all", \\
     series("zones") using 2:(1e6/\$6) with linespoints pt 7 lw 2 lc rgb "#000000" title "a cloud zone for each edge", \\
     2 with lines lw 1 dt 3 lc rgb "#888888" notitle
unset logscale y
set label 1 "400 bytes" at 800,415 left textcolor rgb "#555555"
set ylabel "memory per idle handset (bytes)"
set yrange [0:450]
plot series("zones") using 2:7 with linespoints pt 7 lw 2 lc rgb "#000000" notitle, \\
     400 with lines lw 1 dt 3 lc rgb "#888888" notitle
E2
