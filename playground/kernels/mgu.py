"""The compiled form of `playground.cells.mgu.MGU`, and its way back.

f = σ(W_if x + W_hf h′ + biases),   seen = f ∘ h′
n = tanh(W_in x + W_hn seen + biases),   h = h′ + f ∘ (n − h′)
"""

from numba import njit

from playground.kernels.elementary import COMPILED, sigmoid_row, tanh_row
from playground.kernels.memory import clear, fill, matrix
from playground.kernels.order import Order, numbers
from playground.kernels.products import FIRST, NEXT, add_product, transpose
from playground.kernels.states import flags, give_back, take_over


@njit(**COMPILED)
def _forget(size, a, h_before, gates, seen):
    """f and f ∘ h′, from the sums on."""
    sigmoid_row(a[:size], gates)
    for k in range(size):
        seen[k] = gates[k] * h_before[k]


@njit(**COMPILED)
def _step(size, a, h_before, gates, h):
    """n and h, from the sums on."""
    tanh_row(a[size:], gates[size:])
    f, n = gates[:size], gates[size:]
    for k in range(size):
        h[k] = h_before[k] + f[k] * (n[k] - h_before[k])


@njit(**COMPILED)
def _through_n(size, gates, grad_h, out):
    """∂L/∂a_n"""
    f, n, a_n = gates[:size], gates[size:], out[2 * size :]
    for k in range(size):
        a_n[k] = grad_h[k] * (f[k] * (1 - n[k] * n[k]))


@njit(**COMPILED)
def _through_f(size, gates, h_before, grad_h, grad_seen, out):
    """carry and ∂L/∂a_f"""
    f, n, carry, a_f = gates[:size], gates[size:], out[:size], out[size : 2 * size]
    for k in range(size):
        slope = f[k] * (1 - f[k])
        a_f[k] = grad_h[k] * ((n[k] - h_before[k]) * slope) + grad_seen[k] * (h_before[k] * slope)
        carry[k] = grad_h[k] * (1 - f[k]) + grad_seen[k] * f[k]


@Order
def forward(instruction, like):
    """pre holds W_ih x and both biases."""
    order = numbers(instruction)
    time, replicas, batch, size, stride = order[1:6]
    weight, turned, after, before, reset, pre, gates, seen = order[6:14]
    level = replicas * batch
    rows = time * level
    ahead, behind = matrix(after, rows + level, size, like), matrix(before, rows, size, like)
    sums, active = matrix(pre, rows, 2 * size, like), matrix(gates, rows, 2 * size, like)
    sums_of_n = matrix(pre + size * sums.itemsize, rows, 2 * size, like)  # each row from its second half on
    let_through, is_reset = matrix(seen, rows, size, like), flags(reset, rows)
    columns = matrix(turned, 2 * size, size, like)
    of_f, of_n = columns[:size], columns[size:]
    for r in range(replicas):
        factor = matrix(weight + r * stride, 2 * size, size, like)
        transpose(factor[:size], of_f)
        transpose(factor[size:], of_n)
        for t in range(time):
            row = (t * replicas + r) * batch
            if reset:
                take_over(ahead, behind, is_reset, row, batch)
            add_product(sums, row, behind, row, FIRST, NEXT, batch, of_f)
            for b in range(row, row + batch):
                _forget(size, sums[b], behind[b], active[b], let_through[b])
            add_product(sums_of_n, row, let_through, row, FIRST, NEXT, batch, of_n)
            for b in range(row, row + batch):
                _step(size, sums[b], behind[b], active[b], ahead[b + level])


@Order
def backward(instruction, like):
    """carry_and_grad = [carry, ∂L/∂a_f, ∂L/∂a_n]; grad_h holds what comes from above."""
    order = numbers(instruction)
    time, replicas, batch, size, stride = order[1:6]
    weight, before, reset, gates, grad_h, grad_seen, carry_and_grad = order[6:13]
    level = replicas * batch
    rows = time * level
    behind, active = matrix(before, rows, size, like), matrix(gates, rows, 2 * size, like)
    above, of_seen = matrix(grad_h, rows, size, like), matrix(grad_seen, rows, size, like)
    out, is_reset = matrix(carry_and_grad, rows, 3 * size, like), flags(reset, rows)
    clear(of_seen)
    for r in range(replicas):
        factor = matrix(weight + r * stride, 2 * size, size, like)
        of_f, of_n = factor[:size], factor[size:]
        for t in range(time - 1, -1, -1):
            row = (t * replicas + r) * batch
            for b in range(row, row + batch):
                _through_n(size, active[b], above[b], out[b])
            add_product(of_seen, row, out, row, 2 * size, NEXT, batch, of_n)
            for b in range(row, row + batch):
                _through_f(size, active[b], behind[b], above[b], of_seen[b], out[b])
                carry = out[b]
                if reset and is_reset[b]:
                    fill(carry[:size], 0)
                if t:
                    earlier = above[b - level]
                    for k in range(size):
                        earlier[k] += carry[k]
            if t:
                give_back(above, level, out, size, is_reset, row, batch, of_f)
