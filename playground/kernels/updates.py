"""Updates in compiled loops, as many in a row as need nothing of Python: `playground.updates` says what one does."""

import math

import numpy as np
from numba import njit

from playground.kernels.elementary import COMPILED
from playground.kernels.memory import matrix
from playground.kernels.order import Order, carry_out, numbers
from playground.kernels.table import CLIPPED, CLIPPED_NORM, CLIPS, COLUMNS, FINITE, NLL, NORM, TOTAL

_WIDE, _FLAG, _COUNT = np.float64(0), np.uint8(0), np.int64(0)
_EPSILON = 1e-6  # torch.nn.utils.clip_grad_norm_ divides by norm + 1e-6
_SQUARES = 1e-150, 1e150  # norms between these have squares that 64 bits hold without loss


@njit(**COMPILED)
def _square(x):
    """In 64 bits."""
    wide = np.float64(x)
    return wide * wide


@njit(**COMPILED)
def _largest(g):
    """The largest size of an entry."""
    largest = g[0] * 0
    for k in range(len(g)):
        largest = max(largest, abs(g[k]))
    return largest


@njit(**COMPILED)
def _norm(g):
    """The L2 norm of a row, in 64 bits: eight sums, of every eighth square, and then their sum.

    It is not finite only where an entry is not.
    """
    size = len(g)
    s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = 0.0
    k = 0
    while k + 8 <= size:
        s0 += _square(g[k])
        s1 += _square(g[k + 1])
        s2 += _square(g[k + 2])
        s3 += _square(g[k + 3])
        s4 += _square(g[k + 4])
        s5 += _square(g[k + 5])
        s6 += _square(g[k + 6])
        s7 += _square(g[k + 7])
        k += 8
    while k < size:
        s0 += _square(g[k])
        k += 1
    norm = math.sqrt(((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7)))
    low, high = _SQUARES
    return norm if low < norm < high or math.isnan(norm) else _scaled_norm(g)


@njit(**COMPILED)
def _scaled_norm(g):
    """The L2 norm of numbers divided by the largest of them; of 64 bits they may have squares that are no numbers."""
    largest = np.float64(_largest(g))
    if largest == 0 or math.isinf(largest):
        return largest
    total = 0.0
    for k in range(len(g)):
        total += _square(g[k] / largest)
    return math.sqrt(total) * largest


@njit(**COMPILED)
def _clip_norm(g, norm, threshold):
    """g ← g · threshold / (‖g‖ + 1e−6) where ‖g‖ is too large; what the norm then is, and whether that was so.

    In 64 bits, which hold any scale.
    """
    scale = threshold / (norm + _EPSILON)
    if not scale < 1:
        return norm, False
    number = g.dtype.type
    for k in range(len(g)):
        g[k] = number(np.float64(g[k]) * scale)
    return norm * scale, True


@njit(**COMPILED)
def _clip_value(g, norm, threshold):
    """Each number of g is cut off at ±threshold; what the norm then is, and whether any was."""
    if not _largest(g) > threshold:
        return norm, False
    high = g.dtype.type(threshold)
    for k in range(len(g)):
        g[k] = min(max(g[k], -high), high)
    return _norm(g), True


@njit(**COMPILED)
def _measure(line, gradients, totals, counts, exploded):
    """Write down what the present weights measure."""
    for r in range(len(gradients)):
        total, norm = np.float64(totals[r]), _norm(gradients[r])
        line[r, NLL] = total / counts[r] if counts[r] else math.nan
        line[r, TOTAL], line[r, NORM] = total, norm
        line[r, FINITE] = not exploded[r] and math.isfinite(total) and math.isfinite(norm)


@njit(**COMPILED)
def _is_at_goal(line, goals):
    """Whether the mean loss of a replica is down to its goal."""
    reached = 0
    for r in range(len(goals)):
        reached += line[r, NLL] <= goals[r]
    return reached > 0


@njit(**COMPILED)
def _end_exploded(line, exploded):
    """Let those replicas stay as they are that have exploded just now; how many these are, and how many go on."""
    new = left = 0
    for r in range(len(exploded)):
        is_finite = line[r, FINITE] == 1
        if not is_finite and not exploded[r]:
            exploded[r], new = 1, new + 1
        left += is_finite
    return new, left


@njit(**COMPILED)
def _clip(line, gradients, thresholds, exploded, clips, by_value):
    """Clip the gradients of replicas that have not exploded, and write it down."""
    for r in range(len(gradients)):
        norm, is_clipped = line[r, NORM], False
        if exploded[r]:
            pass
        elif by_value:
            norm, is_clipped = _clip_value(gradients[r], norm, thresholds[r])
        else:
            norm, is_clipped = _clip_norm(gradients[r], norm, thresholds[r])
        clips[r] += is_clipped
        line[r, CLIPPED_NORM], line[r, CLIPPED], line[r, CLIPS] = norm, is_clipped, clips[r]


@Order
def updates(instruction, like):
    """At most `most` updates: a pass there and back, what it measures, clipping, and the rule of the optimiser.

    They end after the first in which a replica explodes; before the rule where all have, or where there is none; and
    before the update that would leave a goal. `made`: how many are written down, how many have moved weights, and
    whether the last pass was not followed by a move.
    """
    order = numbers(instruction)
    most, of_rule, by_value, replicas, size, of_pass = order[1:7]
    pass_, total, count, gradient, rule, threshold, goal, explosions, clip, table, made = order[7:18]
    gradients, totals = matrix(gradient, replicas, size, like), matrix(total, 1, replicas, like)[0]
    counts, clips = matrix(count, 1, replicas, _COUNT)[0], matrix(clip, 1, replicas, _COUNT)[0]
    thresholds, goals = matrix(threshold, 1, replicas, _WIDE)[0], matrix(goal, 1, replicas, _WIDE)[0]
    exploded, done = matrix(explosions, 1, replicas, _FLAG)[0], matrix(made, 1, 3, _COUNT)[0]
    written = moved = passes = 0
    while written < most:
        carry_out(pass_, of_pass, like)
        passes += 1
        line = matrix(table + written * (8 * replicas * COLUMNS), replicas, COLUMNS, _WIDE)
        _measure(line, gradients, totals, counts, exploded)
        if _is_at_goal(line, goals):
            break
        written += 1
        new, left = _end_exploded(line, exploded)
        _clip(line, gradients, thresholds, exploded, clips, by_value)
        if not (left and of_rule):
            break
        carry_out(rule, of_rule, like)
        moved += 1
        if new:
            break
    done[0], done[1], done[2] = written, moved, passes > moved
