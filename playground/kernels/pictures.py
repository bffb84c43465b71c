"""What a pass has computed as the bytes of pictures (`playground.runs.layout`), in compiled loops.

A picture is a record of `width` bytes, one for each replica, from the address `pictures` on; a field begins `place`
bytes after it. Values are read from buffers (T, R, B, ·), of which timesteps lie `far` bytes apart,
replicas `near` and columns `beside`.
"""

import math

import numpy as np
from numba import njit

from playground.kernels.elementary import COMPILED
from playground.kernels.memory import matrix
from playground.kernels.order import Order, numbers

_BYTE, _SHORT, _NUMBER = np.uint8(0), np.uint16(0), np.float32(0)
_SYMBOL, _WIDE = np.int64(0), np.float64(0)
_MOST_ODDS = 65535
_NOISE = 1e-12  # as `playground.projection.NOISE`


@njit(inline="always", **COMPILED)
def _row(address, size, like):
    return matrix(address, 1, size, like)[0]


@Order
def plane(instruction, like):
    """Bytes (units, T) of values v: (v / scale − low) · steps, of which the largest |v|, at least 1, is the scale"""
    order = numbers(instruction)
    time, replicas, units, far, near, width, place, scale_place, not_finite = order[1:10]
    values, span, pictures = order[10:13]
    spanned = _row(span, 2, like)
    low, steps, least = spanned[0], spanned[1], spanned.dtype.type(1)
    for r in range(replicas):
        picture = matrix(pictures + r * width + place, units, time, _BYTE)
        largest = least
        for t in range(time):
            for value in _row(values + t * far + r * near, units, like):
                largest = abs(value) if abs(value) > largest and abs(value) < math.inf else largest
        for t in range(time):
            row = _row(values + t * far + r * near, units, like)
            for unit in range(units):
                if math.isfinite(row[unit]):
                    picture[unit, t] = np.int64(np.rint((row[unit] / largest - low) * steps))
                else:
                    picture[unit, t] = not_finite
        if scale_place >= 0:
            _row(pictures + r * width + scale_place, 1, _NUMBER)[0] = largest


@Order
def lengths(instruction, like):
    """The L2 norms (2, T), in 64 bits, of a state's gradient; the first ones by `divisor`"""
    order = numbers(instruction)
    time, replicas, size, far, near, beside, width, place, divisor = order[1:10]
    gradient, pictures = order[10:12]
    for r in range(replicas):
        norms = matrix(pictures + r * width + place, 2, time, _NUMBER)
        for t in range(time):
            for which in range(2):
                total = 0.0
                for value in _row(gradient + t * far + r * near + which * beside, size, like):
                    total += np.float64(value) * np.float64(value)
                norms[which, t] = math.sqrt(total) / (divisor if which == 0 else 1)


@Order
def answers(instruction, like):
    """Losses (T,), the probabilities (T, K) of the likeliest symbols in 1/65535, and which symbols (T, K)"""
    order = numbers(instruction)
    time, replicas, batch, symbols, likeliest, width, place, odds_place, likeliest_place = order[1:10]
    loss, log_probabilities, pictures = order[10:13]
    rows = time * replicas * batch
    given, log_odds = _row(loss, rows, like), matrix(log_probabilities, rows, symbols, like)
    for r in range(replicas):
        picture = pictures + r * width
        losses = _row(picture + place, time, _NUMBER)
        odds = matrix(picture + odds_place, time, likeliest, _SHORT)
        which = matrix(picture + likeliest_place, time, likeliest, _BYTE)
        for t in range(time):
            row = log_odds[(t * replicas + r) * batch]
            losses[t] = given[(t * replicas + r) * batch]
            _choose_likeliest(row, which[t])
            for k in range(likeliest):
                log_p = row[which[t, k]]
                odds[t, k] = np.int64(np.rint(math.exp(log_p) * _MOST_ODDS)) if log_p == log_p else 0


@njit(inline="always", **COMPILED)
def _choose_likeliest(row, chosen):
    """Where the largest numbers of a row stand, in descending order; of equal ones the first comes first."""
    most = len(chosen)
    for v in range(len(row)):
        k = min(v, most)  # numbers before it that are chosen so far
        while k > 0 and row[v] > row[chosen[k - 1]]:
            k -= 1
            if k + 1 < most:
                chosen[k + 1] = chosen[k]
        if k < most:
            chosen[k] = v


@Order
def apart(instruction, like):
    """The distances (P,) between the rows of pairs of timesteps, in 64 bits"""
    order = numbers(instruction)
    count, replicas, size, far, near, width, place = order[1:8]
    values, pairs, pictures = order[8:11]
    couples = matrix(pairs, count, 2, _SYMBOL)
    for r in range(replicas):
        distances = _row(pictures + r * width + place, count, _NUMBER)
        for number in range(count):
            a = _row(values + couples[number, 0] * far + r * near, size, like)
            b = _row(values + couples[number, 1] * far + r * near, size, like)
            total = 0.0
            for unit in range(size):
                difference = np.float64(b[unit]) - np.float64(a[unit])
                total += difference * difference
            distances[number] = math.sqrt(total)


@Order
def seen(instruction, like):
    """Points (T, 2) of paths (T, size), each from its mean, along axes (size, 2), and the share that they show

    As `playground.projection.seen_along`: paths of 32 bits, everything else of 64.
    """
    order = numbers(instruction)
    count, time, size = order[1:4]
    paths, axes, means, points, shares = order[4:9]
    mean, share = _row(means, size, _WIDE), _row(shares, count, _WIDE)
    for n in range(count):
        path = matrix(paths + n * time * size * 4, time, size, _NUMBER)
        along = matrix(axes + n * size * 16, size, 2, _WIDE)
        point = matrix(points + n * time * 16, time, 2, _WIDE)
        of_mean = total = shown = 0.0
        for unit in range(size):
            mean[unit] = 0
            for t in range(time):
                mean[unit] += path[t, unit]
            mean[unit] /= time
            of_mean += mean[unit] * mean[unit]
        for t in range(time):
            x = y = 0.0
            for unit in range(size):
                away = path[t, unit] - mean[unit]
                total += away * away
                x += away * along[unit, 0]
                y += away * along[unit, 1]
            point[t, 0], point[t, 1] = x, y
            shown += x * x + y * y
        if not math.isfinite(total):
            share[n] = math.nan
            for t in range(time):
                point[t, 0] = point[t, 1] = math.nan
        elif total > _NOISE * _NOISE * time * of_mean:
            share[n] = min(shown / total, 1.0)
        else:
            share[n] = 0
            for t in range(time):
                point[t, 0] = point[t, 1] = 0
