# SPDX-License-Identifier: GPL-2.0-or-later
# Validates JSON files by our schemas with the independent validator python3-jsonschema. Prints for
# each file "ok FILE" or "refused FILE: where: why". Called by schemas.sh.
# usage: schemas.py SCHEMA.json FILE...
import json
import sys

from jsonschema import Draft202012Validator

with open(sys.argv[1], encoding="utf-8") as f:
    schema = json.load(f)
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)
for path in sys.argv[2:]:
    with open(path, encoding="utf-8") as f:
        errors = list(validator.iter_errors(json.load(f)))
    if errors:
        print(f"refused {path}: {errors[0].json_path}: {errors[0].message[:120]}")
    else:
        print(f"ok {path}")
