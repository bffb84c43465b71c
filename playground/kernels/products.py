"""Matrix products of small matrices, in compiled loops.

All inner loops run along rows that are contiguous, eight rows of one factor at a time: so a processor does many numbers
at once, and no sum changes its order. `a_first`, `d_first`: the column at which what is meant begins in wider rows.
"""

import numpy as np
from numba import njit

from playground.kernels.elementary import COMPILED
from playground.kernels.memory import fill

FIRST, NEXT = (
    np.int64(0),
    np.int64(1),
)  # no literals: of a function, one form is compiled for each literal given
BLOCK = 32  # rows of a long product whose numbers stay in the first cache


@njit(**COMPILED)
def add_row_product(z, a, a_first, w):
    """z += a w, for one row a of as many numbers as w has rows."""
    n, m = w.shape
    k = 0
    while k + 8 <= n:
        i = a_first + k
        a0, a1, a2, a3 = a[i], a[i + 1], a[i + 2], a[i + 3]
        a4, a5, a6, a7 = a[i + 4], a[i + 5], a[i + 6], a[i + 7]
        w0, w1, w2, w3 = w[k], w[k + 1], w[k + 2], w[k + 3]
        w4, w5, w6, w7 = w[k + 4], w[k + 5], w[k + 6], w[k + 7]
        for j in range(m):
            low = (a0 * w0[j] + a1 * w1[j]) + (a2 * w2[j] + a3 * w3[j])
            z[j] += low + ((a4 * w4[j] + a5 * w5[j]) + (a6 * w6[j] + a7 * w7[j]))
        k += 8
    if k + 4 <= n:
        i = a_first + k
        a0, a1, a2, a3 = a[i], a[i + 1], a[i + 2], a[i + 3]
        w0, w1, w2, w3 = w[k], w[k + 1], w[k + 2], w[k + 3]
        for j in range(m):
            z[j] += (a0 * w0[j] + a1 * w1[j]) + (a2 * w2[j] + a3 * w3[j])
        k += 4
    while k < n:
        a0, w0 = a[a_first + k], w[k]
        for j in range(m):
            z[j] += a0 * w0[j]
        k += 1


@njit(**COMPILED)
def add_product(z, z_row, a, a_row, a_first, step, rows, w):
    """z += a w for `rows` rows, `step` apart; two at a time: each row of w is read once for both."""
    n, m = w.shape
    r = 0
    while r + 2 <= rows:
        p, q = r * step, (r + 1) * step
        y, x = z[z_row + p], z[z_row + q]
        b, c = a[a_row + p], a[a_row + q]
        k = 0
        while k + 8 <= n:
            i = a_first + k
            b0, b1, b2, b3 = b[i], b[i + 1], b[i + 2], b[i + 3]
            b4, b5, b6, b7 = b[i + 4], b[i + 5], b[i + 6], b[i + 7]
            c0, c1, c2, c3 = c[i], c[i + 1], c[i + 2], c[i + 3]
            c4, c5, c6, c7 = c[i + 4], c[i + 5], c[i + 6], c[i + 7]
            w0, w1, w2, w3 = w[k], w[k + 1], w[k + 2], w[k + 3]
            w4, w5, w6, w7 = w[k + 4], w[k + 5], w[k + 6], w[k + 7]
            for j in range(m):
                low = (b0 * w0[j] + b1 * w1[j]) + (b2 * w2[j] + b3 * w3[j])
                y[j] += low + ((b4 * w4[j] + b5 * w5[j]) + (b6 * w6[j] + b7 * w7[j]))
                low = (c0 * w0[j] + c1 * w1[j]) + (c2 * w2[j] + c3 * w3[j])
                x[j] += low + ((c4 * w4[j] + c5 * w5[j]) + (c6 * w6[j] + c7 * w7[j]))
            k += 8
        if k + 4 <= n:
            i = a_first + k
            b0, b1, b2, b3 = b[i], b[i + 1], b[i + 2], b[i + 3]
            c0, c1, c2, c3 = c[i], c[i + 1], c[i + 2], c[i + 3]
            w0, w1, w2, w3 = w[k], w[k + 1], w[k + 2], w[k + 3]
            for j in range(m):
                y[j] += (b0 * w0[j] + b1 * w1[j]) + (b2 * w2[j] + b3 * w3[j])
                x[j] += (c0 * w0[j] + c1 * w1[j]) + (c2 * w2[j] + c3 * w3[j])
            k += 4
        while k < n:
            b0, c0, w0 = b[a_first + k], c[a_first + k], w[k]
            for j in range(m):
                y[j] += b0 * w0[j]
                x[j] += c0 * w0[j]
            k += 1
        r += 2
    if r < rows:
        p = r * step
        add_row_product(z[z_row + p], a[a_row + p], a_first, w)


@njit(**COMPILED)
def add_outer(g, d, d_first, x, row, step, rows):
    """g += dᵀ x over `rows` rows, `step` apart, from `row` on: a block of them at a time; g: (m, n)."""
    m, n = g.shape
    for start in range(0, rows, BLOCK):
        end = min(start + BLOCK, rows)
        for j in range(m):
            out, i = g[j], d_first + j
            s = start
            while s + 8 <= end:
                p = row + s * step
                d0, d1, d2, d3 = d[p, i], d[p + step, i], d[p + 2 * step, i], d[p + 3 * step, i]
                x0, x1, x2, x3 = x[p], x[p + step], x[p + 2 * step], x[p + 3 * step]
                p += 4 * step
                d4, d5, d6, d7 = d[p, i], d[p + step, i], d[p + 2 * step, i], d[p + 3 * step, i]
                x4, x5, x6, x7 = x[p], x[p + step], x[p + 2 * step], x[p + 3 * step]
                for k in range(n):
                    low = (d0 * x0[k] + d1 * x1[k]) + (d2 * x2[k] + d3 * x3[k])
                    out[k] += low + ((d4 * x4[k] + d5 * x5[k]) + (d6 * x6[k] + d7 * x7[k]))
                s += 8
            while s + 2 <= end:
                p = row + s * step
                d0, d1, x0, x1 = d[p, i], d[p + step, i], x[p], x[p + step]
                for k in range(n):
                    out[k] += d0 * x0[k] + d1 * x1[k]
                s += 2
            if s < end:
                p = row + s * step
                d0, x0 = d[p, i], x[p]
                for k in range(n):
                    out[k] += d0 * x0[k]


@njit(**COMPILED)
def add_rows(z, a, row, step, rows, part):
    """z += `rows` rows of a, `step` apart, from `row` on, as far as z goes; part: room for the sum of a block of them.

    One by one, thousands of rows of 32 bits would be off by more than anything else in a gradient.
    """
    m = len(z)
    for start in range(0, rows, 2 * BLOCK):
        end = min(start + 2 * BLOCK, rows)
        fill(part, 0)
        s = start
        while s + 8 <= end:
            p = row + s * step
            a0, a1, a2, a3 = a[p], a[p + step], a[p + 2 * step], a[p + 3 * step]
            p += 4 * step
            a4, a5, a6, a7 = a[p], a[p + step], a[p + 2 * step], a[p + 3 * step]
            for j in range(m):
                part[j] += ((a0[j] + a1[j]) + (a2[j] + a3[j])) + ((a4[j] + a5[j]) + (a6[j] + a7[j]))
            s += 8
        while s < end:
            last = a[row + s * step]
            for j in range(m):
                part[j] += last[j]
            s += 1
        for j in range(m):
            z[j] += part[j]


@njit(**COMPILED)
def transpose(w, out):
    """out = wᵀ, sixteen rows of w at a time: a full line of `out` is written at once."""
    n, m = w.shape
    i = 0
    while i + 16 <= n:
        for j in range(m):
            row = out[j]
            for q in range(16):
                row[i + q] = w[i + q, j]
        i += 16
    while i < n:
        for j in range(m):
            out[j, i] = w[i, j]
        i += 1
