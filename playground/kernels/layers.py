"""What a layer computes for all of its timesteps at once: input products, and the gradients of weights.

Rows of a buffer (T, R, B, ·) are numbered (t·R + r)·B + b. What sums over the rows of a replica is given their numbers:
it takes them in the same order whoever is beside them, and so each replica has the bits that it has alone.
Instructions are rows of whole numbers
(`playground.kernels.program`); each function here reads one.
"""

import numpy as np
from numba import njit

from playground.kernels.elementary import COMPILED
from playground.kernels.memory import clear, copy, fill, matrix
from playground.kernels.order import Order, numbers
from playground.kernels.products import FIRST, add_outer, add_product, add_rows, transpose

_SYMBOL = _ROW = np.int64(0)


@njit(**COMPILED)
def chunks(time, replicas, batch):
    """The rows of one replica as few pieces: how many, rows in each, and how far apart those are."""
    if replicas == 1:
        return 1, time * batch, 1
    if batch == 1:
        return 1, time, replicas
    return time, batch, 1


@Order
def affine(instruction, like):
    """out = x weightᵀ + bias"""
    order = numbers(instruction)
    time, replicas, batch, width, size, stride, bias_stride = order[1:8]
    x, weight, bias, out, turned = order[8:13]
    rows = time * replicas * batch
    source, result = matrix(x, rows, width, like), matrix(out, rows, size, like)
    columns = matrix(turned, width, size, like)
    count, each, step = chunks(time, replicas, batch)
    for r in range(replicas):
        transpose(matrix(weight + r * stride, size, width, like), columns)
        first = matrix(bias + r * bias_stride, 1, size, like)[0]
        for chunk in range(count):
            start = (chunk * replicas + r) * batch
            for s in range(each):
                copy(first, result[start + s * step])
            add_product(result, start, source, start, FIRST, step, each, columns)


@Order
def product(instruction, like):
    """out = x weight, where x is a block of wider rows"""
    order = numbers(instruction)
    time, replicas, batch, width, size, stride, wide = order[1:8]
    x, weight, out = order[8:11]
    rows = time * replicas * batch
    source, result = matrix(x, rows, wide, like), matrix(out, rows, size, like)
    count, each, step = chunks(time, replicas, batch)
    clear(result)
    for r in range(replicas):
        factor = matrix(weight + r * stride, width, size, like)
        for chunk in range(count):
            start = (chunk * replicas + r) * batch
            add_product(result, start, source, start, FIRST, step, each, factor)


@Order
def outer(instruction, like):
    """out = gradᵀ x, summed over timesteps and batch; grad is a block of wider rows"""
    order = numbers(instruction)
    time, replicas, batch, size, width, stride, wide = order[1:8]
    grad, x, out, own = order[8:12]
    rows = time * replicas * batch
    above, source = matrix(grad, rows, wide, like), matrix(x, rows, width, like)
    of_replica = matrix(own, replicas, time * batch, _ROW)
    for r in range(replicas):
        result = matrix(out + r * stride, size, width, like)
        clear(result)
        add_outer(result, above, FIRST, source, of_replica[r])


@Order
def total(instruction, like):
    """Each row of out = grad summed over timesteps and batch; grad is a block of wider rows"""
    order = numbers(instruction)
    time, replicas, batch, size, copies, stride, wide = order[1:8]
    grad, out, of_block, own = order[8:12]
    above = matrix(grad, time * replicas * batch, wide, like)
    part = matrix(of_block, 1, size, like)[0]
    of_replica = matrix(own, replicas, time * batch, _ROW)
    for r in range(replicas):
        result = matrix(out + r * stride, copies, size, like)
        first = result[0]
        fill(first, 0)
        add_rows(first, above, of_replica[r], part)
        for number in range(1, copies):
            copy(first, result[number])


@Order
def add(instruction, like):
    """out = a + b, one row for each replica"""
    order = numbers(instruction)
    replicas, size, stride_a, stride_b, stride_out = order[1:6]
    a, b, out = order[6:9]
    for r in range(replicas):
        x = matrix(a + r * stride_a, 1, size, like)[0]
        y = matrix(b + r * stride_b, 1, size, like)[0]
        z = matrix(out + r * stride_out, 1, size, like)[0]
        for j in range(size):
            z[j] = x[j] + y[j]


@Order
def multiply(instruction, like):
    """out = a ∘ b"""
    order = numbers(instruction)
    size = order[1]
    a, b, out = (
        matrix(order[2], 1, size, like)[0],
        matrix(order[3], 1, size, like)[0],
        matrix(order[4], 1, size, like)[0],
    )
    for j in range(size):
        out[j] = a[j] * b[j]


@Order
def select(instruction, like):
    """out = the row of a symbol in a table whose rows are the columns of weight, or its rows; plus bias, if any"""
    order = numbers(instruction)
    time, replicas, batch, symbols, size, stride, is_turned, bias_stride = order[1:9]
    rows, weight, out, turned, bias = order[9:14]
    count, each, step = chunks(time, replicas, batch)
    wanted = matrix(rows, 1, time * replicas * batch, _SYMBOL)[0]
    result = matrix(out, time * replicas * batch, size, like)
    table = matrix(turned if is_turned else weight, symbols, size, like)
    for r in range(replicas):
        if is_turned:
            transpose(matrix(weight + r * stride, size, symbols, like), table)
        else:
            table = matrix(weight + r * stride, symbols, size, like)
        for chunk in range(count):
            for s in range(each):
                number = (chunk * replicas + r) * batch + s * step
                row, symbol = result[number], wanted[number]
                if bias:
                    first = matrix(bias + r * bias_stride, 1, size, like)[0]
                    copy(first, row)
                else:
                    fill(row, 0)
                if symbol < symbols:
                    chosen = table[symbol]
                    for j in range(size):
                        row[j] += chosen[j]


@Order
def gather(instruction, like):
    """The row of a symbol = grad summed over where it stands: the way back through `select`"""
    order = numbers(instruction)
    time, replicas, batch, symbols, size, stride, is_turned, wide = order[1:9]
    grad, rows, out, turned = order[9:13]
    count, each, step = chunks(time, replicas, batch)
    wanted = matrix(rows, 1, time * replicas * batch, _SYMBOL)[0]
    above = matrix(grad, time * replicas * batch, wide, like)
    table = matrix(turned if is_turned else out, symbols, size, like)
    for r in range(replicas):
        if not is_turned:
            table = matrix(out + r * stride, symbols, size, like)
        clear(table)
        for chunk in range(count):
            for s in range(each):
                number = (chunk * replicas + r) * batch + s * step
                symbol = wanted[number]
                if symbol < symbols:
                    row, chosen = above[number], table[symbol]
                    for j in range(size):
                        chosen[j] += row[j]
        if is_turned:
            transpose(table, matrix(out + r * stride, size, symbols, like))
