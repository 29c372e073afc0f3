#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes ziggurat.c: ./ziggurat.py > ziggurat.c. Only needed to change the tables.

Layers i = 1..255 are rectangles of area v from x[i] down to 0, stacked upwards from the base strip
(layer 0: r wide at height f(r), plus the tail). The equal areas give x[i+1] from x[i].
"""
import math
from decimal import Decimal, getcontext

getcontext().prec = 40
LAYERS = 256


def exponential():
    r = Decimal("7.69711747013104972")
    v = (r + 1) * (-r).exp()
    return r, v, lambda x: (-x).exp(), lambda y: -y.ln()


def normal():
    r = Decimal("3.65415288536100880")
    tail = Decimal(math.sqrt(math.pi / 2) * math.erfc(float(r) / math.sqrt(2)))
    f = lambda x: (-x * x / 2).exp()
    return r, r * f(r) + tail, f, lambda y: (-2 * y.ln()).sqrt()


def edges(r, v, f, inverse):
    x = [v / f(r), r]
    y = [Decimal(0), f(r)]
    while len(x) < LAYERS:
        y.append(y[-1] + v / x[-1])
        x.append(inverse(y[-1]))
    assert abs(y[-1] + v / x[-1] - 1) < Decimal("1e-13"), "r and v do not close the stack"
    return x + [Decimal(0)], y + [Decimal(1)]


def write(name, curve, bits):
    x, y = edges(*curve)
    print(f"const struct ziggurat_layer ziggurat_{name}[{LAYERS}] = {{")
    for i in range(LAYERS):
        inside = int(x[i + 1] / x[i] * 2**bits)
        print(f"\t{{ {inside:#x}, {(float(x[i] / 2**bits)).hex()} }},")
    print("};\n")
    print(f"const double ziggurat_{name}_y[{LAYERS + 1}] = {{")
    for value in y:
        print(f"\t{float(value).hex()},")
    print("};")


print("/* SPDX-License-Identifier: GPL-2.0-or-later */")
print("/* Written by ziggurat.py; do not edit. */")
print('#include "sim/engine/ziggurat.h"\n')
write("exponential", exponential(), 53)
print()
write("normal", normal(), 52)
