#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The schemas as others see them: an independent validator accepts every file that ships, and refuses
# the files of tests/broken, each of which has one mistake that `mcvsim check` refuses, too.
# usage: schemas.sh BUILD-FOLDER
set -eu
mcvsim=$1/mcvsim
failed=0

for python in python3 /usr/bin/python3 none; do
	"$python" -c 'import jsonschema' 2>/dev/null && break
done
if [ "$python" = none ]; then
	echo "SKIP: no independent validator of JSON Schemas (Debian: python3-jsonschema)"
	exit 77
fi

expect() { # ok|refused SCHEMA FILE...
	wanted=$1 schema=$2
	shift 2
	"$python" tests/schemas.py "scenarios/schema/$schema.json" "$@" | grep -v "^$wanted " && failed=1
	echo "$wanted by $schema.json: $#"
}

expect ok study scenarios/*.json scenarios/base/*.json tests/golden/study.json
expect ok platform scenarios/platforms/*.json
expect ok app scenarios/apps/*.json
expect ok radio scenarios/radios/*.json
expect refused study tests/broken/*.json

for file in tests/broken/*.json; do
	code=0
	"$mcvsim" check "$file" >/dev/null 2>&1 || code=$?
	[ "$code" -eq 2 ] || { echo "check ends with $code on $file"; failed=1; }
done
# What is broken is broken by its one mistake alone: the study that all of them extend is valid.
"$mcvsim" check scenarios/first.json >/dev/null || failed=1
exit $failed
