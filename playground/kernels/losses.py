"""The losses of `playground.models.losses`, in compiled loops."""

import math

import numpy as np
from numba import njit

from playground.kernels.elementary import COMPILED, exp
from playground.kernels.memory import matrix
from playground.kernels.order import Order, numbers

_SYMBOL, _FLAG = np.int64(0), np.uint8(0)


@njit(**COMPILED)
def _entry(row, index):
    """What stands there; NaN where that would be beyond the row, as nothing else looks."""
    return row[index] if 0 <= index < len(row) else row.dtype.type(math.nan)


@njit(**COMPILED)
def _larger(a, b):
    return a if a > b else b


@njit(**COMPILED)
def _largest(row):
    """The largest number of a row: of four parts of it, which a processor goes through at once, and then of those."""
    m0 = m1 = m2 = m3 = row[0]
    v, size = 0, len(row)
    while v + 4 <= size:
        m0, m1 = _larger(row[v], m0), _larger(row[v + 1], m1)
        m2, m3 = _larger(row[v + 2], m2), _larger(row[v + 3], m3)
        v += 4
    while v < size:
        m0 = _larger(row[v], m0)
        v += 1
    return _larger(_larger(m0, m1), _larger(m2, m3))


@njit(**COMPILED)
def _total(row):
    """The sum of a row, in four parts."""
    s0 = s1 = s2 = s3 = row[0] * 0
    v, size = 0, len(row)
    while v + 4 <= size:
        s0, s1, s2, s3 = s0 + row[v], s1 + row[v + 1], s2 + row[v + 2], s3 + row[v + 3]
        v += 4
    while v < size:
        s0 += row[v]
        v += 1
    return (s0 + s1) + (s2 + s3)


@Order
def cross_entropy(instruction, like):
    """log p = y − log Σ eʸ;   loss = −log p of the target, 0 where nothing is asked"""
    order = numbers(instruction)
    rows, size = order[1:3]
    outputs, log_probabilities, targets, is_silent, loss = order[3:8]
    logits, logs = matrix(outputs, rows, size, like), matrix(log_probabilities, rows, size, like)
    target, silent = matrix(targets, 1, rows, _SYMBOL)[0], matrix(is_silent, 1, rows, _FLAG)[0]
    losses = matrix(loss, 1, rows, like)[0]
    for s in range(rows):
        y, log_p = logits[s], logs[s]
        largest = _largest(y)
        for v in range(size):
            log_p[v] = exp(y[v] - largest)
        rest = log_p.dtype.type(math.log(_total(log_p)))
        for v in range(size):
            log_p[v] = (y[v] - largest) - rest  # largest + rest would be rounded as a large number is
        losses[s] = 0 if silent[s] else -_entry(log_p, target[s])


@Order
def cross_entropy_back(instruction, like):
    """∂total/∂y = weight (p − one_hot(target)); minus_target: −weight at the target, 0 elsewhere"""
    order = numbers(instruction)
    rows, size = order[1:3]
    minus_target, log_probabilities, targets, grad_outputs = order[3:7]
    minus, logs = matrix(minus_target, rows, size, like), matrix(log_probabilities, rows, size, like)
    target, grads = matrix(targets, 1, rows, _SYMBOL)[0], matrix(grad_outputs, rows, size, like)
    for s in range(rows):
        of_target, log_p, grad = minus[s], logs[s], grads[s]
        weight = _entry(of_target, target[s])
        for v in range(size):
            grad[v] = of_target[v] - exp(log_p[v]) * weight


@Order
def squared_error(instruction, like):
    """error = y − target;   loss = ‖error‖², 0 where nothing is asked"""
    order = numbers(instruction)
    rows, size = order[1:3]
    outputs, targets, errors, is_silent, loss = order[3:8]
    answered, asked = matrix(outputs, rows, size, like), matrix(targets, rows, size, like)
    wrong, silent = matrix(errors, rows, size, like), matrix(is_silent, 1, rows, _FLAG)[0]
    losses = matrix(loss, 1, rows, like)[0]
    for s in range(rows):
        y, target, error = answered[s], asked[s], wrong[s]
        total = y[0] * 0
        for v in range(size):
            error[v] = y[v] - target[v]
            total += error[v] * error[v]
        losses[s] = 0 if silent[s] else total


@Order
def squared_error_back(instruction, like):
    """∂total/∂y = slope · error"""
    order = numbers(instruction)
    rows, size = order[1:3]
    errors, slope, grad_outputs = order[3:6]
    wrong, slopes = matrix(errors, rows, size, like), matrix(slope, 1, rows, like)[0]
    grads = matrix(grad_outputs, rows, size, like)
    for s in range(rows):
        error, grad, factor = wrong[s], grads[s], slopes[s]
        for v in range(size):
            grad[v] = error[v] * factor


@Order
def sum_of_losses(instruction, like):
    """total = the losses of each replica, summed"""
    order = numbers(instruction)
    time, replicas, batch = order[1:4]
    loss, total = order[4:6]
    losses, totals = matrix(loss, 1, time * replicas * batch, like)[0], matrix(total, 1, replicas, like)[0]
    for r in range(replicas):
        total_of_all = 0.0
        for t in range(time):
            for b in range(batch):
                total_of_all += losses[(t * replicas + r) * batch + b]
        totals[r] = total_of_all
