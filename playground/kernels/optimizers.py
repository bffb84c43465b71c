"""The rules of `playground.optimizers`, in compiled loops. Replicas that have exploded stay as they are.

Averages below 1e-30 are set to zero: a processor computes with numbers that small a hundred times slower, and nothing
is left of them in an update. What is not a number stays so.
"""

import math

import numpy as np
from numba import njit

from playground.kernels.elementary import COMPILED
from playground.kernels.memory import matrix
from playground.kernels.order import Order, numbers

_WIDE, _NARROW, _FLAG, _TINY = np.float64(0), np.float32(0), np.uint8(0), 1e-30


@njit(**COMPILED)
def _kept(x):
    return x * 0 if abs(x) < _TINY else x


@Order
def sgd(instruction, like):
    """p ← p − α g"""
    order = numbers(instruction)
    rows, size = order[1:3]
    parameters, gradients = matrix(order[3], rows, size, like), matrix(order[4], rows, size, like)
    rates, stays = matrix(order[5], 1, rows, _WIDE)[0], matrix(order[6], 1, rows, _FLAG)[0]
    for r in range(rows):
        if stays[r]:
            continue
        p, g, rate = parameters[r], gradients[r], parameters.dtype.type(rates[r])
        for k in range(size):
            p[k] -= rate * g[k]


@Order
def momentum(instruction, like):
    """v ← 0.9 v + g;   p ← p − α v"""
    order = numbers(instruction)
    rows, size = order[1:3]
    parameters, gradients = matrix(order[3], rows, size, like), matrix(order[4], rows, size, like)
    velocity = matrix(order[5], rows, size, like)
    rates, stays = matrix(order[6], 1, rows, _WIDE)[0], matrix(order[7], 1, rows, _FLAG)[0]
    keep = parameters.dtype.type(0.9)
    for r in range(rows):
        if stays[r]:
            continue
        p, g, v, rate = parameters[r], gradients[r], velocity[r], parameters.dtype.type(rates[r])
        for k in range(size):
            v[k] = _kept(keep * v[k] + g[k])
            p[k] -= rate * v[k]


@Order
def rmsprop(instruction, like):
    """s ← 0.99 s + 0.01 g²;   p ← p − α g / (√s + 1e−8)"""
    order = numbers(instruction)
    rows, size = order[1:3]
    parameters, gradients = matrix(order[3], rows, size, like), matrix(order[4], rows, size, like)
    squares = matrix(order[5], rows, size, like)
    rates, stays = matrix(order[6], 1, rows, _WIDE)[0], matrix(order[7], 1, rows, _FLAG)[0]
    number = parameters.dtype.type
    keep, add, least = number(0.99), number(0.01), number(1e-8)
    for r in range(rows):
        if stays[r]:
            continue
        p, g, s, rate = parameters[r], gradients[r], squares[r], number(rates[r])
        for k in range(size):
            s[k] = _kept(keep * s[k] + add * (g[k] * g[k]))
            p[k] -= rate * (g[k] / (math.sqrt(s[k]) + least))


@Order
def adagrad(instruction, like):
    """s ← s + g²;   p ← p − α g / (√s + 1e−10)"""
    order = numbers(instruction)
    rows, size = order[1:3]
    parameters, gradients = matrix(order[3], rows, size, like), matrix(order[4], rows, size, like)
    squares = matrix(order[5], rows, size, like)
    rates, stays = matrix(order[6], 1, rows, _WIDE)[0], matrix(order[7], 1, rows, _FLAG)[0]
    least = parameters.dtype.type(1e-10)
    for r in range(rows):
        if stays[r]:
            continue
        p, g, s, rate = parameters[r], gradients[r], squares[r], parameters.dtype.type(rates[r])
        for k in range(size):
            s[k] = _kept(s[k] + g[k] * g[k])
            p[k] -= rate * (g[k] / (math.sqrt(s[k]) + least))


@Order
def adam(instruction, like):
    """m ← 0.9 m + 0.1 g;   v ← 0.999 v + 0.001 g²;   p ← p − α m̂ / (√v̂ + 1e−8), at the update after `updates`,
    which is of 32 bits whatever the others are"""
    order = numbers(instruction)
    rows, size = order[1:3]
    parameters, gradients = matrix(order[3], rows, size, like), matrix(order[4], rows, size, like)
    updates = matrix(order[5], 1, 1, _NARROW)[0]
    averages, squares = matrix(order[6], rows, size, like), matrix(order[7], rows, size, like)
    rates, stays = matrix(order[8], 1, rows, _WIDE)[0], matrix(order[9], 1, rows, _FLAG)[0]
    number = parameters.dtype.type
    updates[0] += 1
    n = np.float64(updates[0])
    unbiased, unbiased_root = 1 - 0.9**n, number(1 / math.sqrt(1 - 0.999**n))
    keep, add, keep_square, add_square = number(0.9), number(0.1), number(0.999), number(0.001)
    least = number(1e-8)
    for r in range(rows):
        if stays[r]:
            continue
        p, g, m, v, rate = parameters[r], gradients[r], averages[r], squares[r], number(rates[r] / unbiased)
        for k in range(size):
            mean = _kept(keep * m[k] + add * g[k])
            square = _kept(keep_square * v[k] + add_square * (g[k] * g[k]))
            m[k] = mean
            v[k] = square
            p[k] -= rate * (mean / (math.sqrt(square) * unbiased_root + least))
