"""Matrix products of small matrices, in compiled loops.

All inner loops run along rows that are contiguous, take four rows of one factor at a time, and where they can four rows
of the result: so a processor does many numbers at once, reads each number for several, and no sum changes its order; it
is the same one whichever rows a row is computed with. `a_first`, `d_first`: the column at which what is meant begins in
wider rows.
"""

# Numba gives an intrinsic its first argument by itself.
# pyright: reportCallIssue=false

import numpy as np
from numba import njit

from playground.kernels.elementary import COMPILED
from playground.kernels.memory import add_to, constant, fill

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
            low = (a0 * constant(w0, j) + a1 * constant(w1, j)) + (
                a2 * constant(w2, j) + a3 * constant(w3, j)
            )
            high = (a4 * constant(w4, j) + a5 * constant(w5, j)) + (
                a6 * constant(w6, j) + a7 * constant(w7, j)
            )
            add_to(z, j, low)
            add_to(z, j, high)
        k += 8
    _add_rest(z, a, a_first, w, k)


@njit(**COMPILED)
def _add_rest(z, a, a_first, w, k):
    """The same from row k of w on, of which there are fewer than eight."""
    n, m = w.shape
    if k + 4 <= n:
        i = a_first + k
        a0, a1, a2, a3 = a[i], a[i + 1], a[i + 2], a[i + 3]
        w0, w1, w2, w3 = w[k], w[k + 1], w[k + 2], w[k + 3]
        for j in range(m):
            low = (a0 * constant(w0, j) + a1 * constant(w1, j)) + (
                a2 * constant(w2, j) + a3 * constant(w3, j)
            )
            add_to(z, j, low)
        k += 4
    while k < n:
        a0, w0 = a[a_first + k], w[k]
        for j in range(m):
            add_to(z, j, a0 * constant(w0, j))
        k += 1


@njit(inline="always")
def _add_to_four(z, first, z_step, a, b, c, d, w, p):
    """Four rows of z, as far as w goes, += four numbers, a to d for a row each, times four rows of w, p."""
    z0, z1, z2, z3 = z[first], z[first + z_step], z[first + 2 * z_step], z[first + 3 * z_step]
    w0, w1, w2, w3 = w[p[0]], w[p[1]], w[p[2]], w[p[3]]
    a0, a1, a2, a3 = a
    b0, b1, b2, b3 = b
    c0, c1, c2, c3 = c
    d0, d1, d2, d3 = d
    for j in range(len(w0)):
        v0, v1, v2, v3 = constant(w0, j), constant(w1, j), constant(w2, j), constant(w3, j)
        add_to(z0, j, (a0 * v0 + a1 * v1) + (a2 * v2 + a3 * v3))
        add_to(z1, j, (b0 * v0 + b1 * v1) + (b2 * v2 + b3 * v3))
        add_to(z2, j, (c0 * v0 + c1 * v1) + (c2 * v2 + c3 * v3))
        add_to(z3, j, (d0 * v0 + d1 * v1) + (d2 * v2 + d3 * v3))


@njit(inline="always")
def _along(a, row, i):
    """Four numbers of a row."""
    return a[row, i], a[row, i + 1], a[row, i + 2], a[row, i + 3]


@njit(inline="always")
def _down(a, p, i):
    """Four numbers of a column, in rows of these numbers."""
    return a[p[0], i], a[p[1], i], a[p[2], i], a[p[3], i]


@njit(inline="always")
def _four(rows, s):
    """Four numbers of rows."""
    return rows[s], rows[s + 1], rows[s + 2], rows[s + 3]


@njit(**COMPILED)
def add_product(z, z_row, a, a_row, a_first, step, rows, w):
    """z, as far as w goes, += a w for `rows` rows, `step` apart."""
    n = len(w)
    whole = n - n % 4
    r = 0
    while r + 4 <= rows:
        p, q = z_row + r * step, a_row + r * step
        for k in range(0, whole, 4):
            i = a_first + k
            b, c = _along(a, q, i), _along(a, q + step, i)
            d, e = _along(a, q + 2 * step, i), _along(a, q + 3 * step, i)
            _add_to_four(z, p, step, b, c, d, e, w, (k, k + 1, k + 2, k + 3))
        for s in range(4):
            _add_rest(z[p + s * step], a[q + s * step], a_first, w, whole)
        r += 4
    while r < rows:
        add_row_product(z[z_row + r * step], a[a_row + r * step], a_first, w)
        r += 1


@njit(**COMPILED)
def add_outer(g, d, d_first, x, rows):
    """g += dᵀ x over the rows of these numbers, a block of them at a time; g: (m, n)."""
    m, n = g.shape
    for start in range(0, len(rows), BLOCK):
        end = min(start + BLOCK, len(rows))
        whole = end - (end - start) % 4
        j = 0
        while j + 4 <= m:
            i = d_first + j
            for s in range(start, whole, 4):
                p = _four(rows, s)
                b, c = _down(d, p, i), _down(d, p, i + 1)
                e, f = _down(d, p, i + 2), _down(d, p, i + 3)
                _add_to_four(g, j, 1, b, c, e, f, x, p)
            j += 4
        while j < m:
            out, i = g[j], d_first + j
            for s in range(start, whole, 4):
                p = _four(rows, s)
                d0, d1, d2, d3 = _down(d, p, i)
                x0, x1, x2, x3 = x[p[0]], x[p[1]], x[p[2]], x[p[3]]
                for k in range(n):
                    low = d0 * constant(x0, k) + d1 * constant(x1, k)
                    add_to(out, k, low + (d2 * constant(x2, k) + d3 * constant(x3, k)))
            j += 1
        for s in range(whole, end):
            of_row, x0 = d[rows[s]], x[rows[s]]
            for j in range(m):
                out, d0 = g[j], of_row[d_first + j]
                for k in range(n):
                    add_to(out, k, d0 * constant(x0, k))


@njit(**COMPILED)
def add_rows(z, a, rows, part):
    """z += the rows of these numbers of a, as far as z goes; part: room for the sum of a block of them.

    One by one, thousands of rows of 32 bits would be off by more than anything else in a gradient.
    """
    m = len(z)
    for start in range(0, len(rows), 2 * BLOCK):
        end = min(start + 2 * BLOCK, len(rows))
        fill(part, 0)
        s = start
        while s + 8 <= end:
            a0, a1, a2, a3 = a[rows[s]], a[rows[s + 1]], a[rows[s + 2]], a[rows[s + 3]]
            a4, a5, a6, a7 = a[rows[s + 4]], a[rows[s + 5]], a[rows[s + 6]], a[rows[s + 7]]
            for j in range(m):
                part[j] += ((a0[j] + a1[j]) + (a2[j] + a3[j])) + ((a4[j] + a5[j]) + (a6[j] + a7[j]))
            s += 8
        while s < end:
            last = a[rows[s]]
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
