"""The compiled form of `playground.cells.lstm.LSTM`, and its way back.

[i, f, g, o] = [σ, σ, tanh, σ](W_ih x + W_hh h′ + biases)
c = f ∘ c′ + i ∘ g,   h = o ∘ tanh(c)
"""

from numba import njit

from playground.kernels.elementary import COMPILED, sigmoid_row, tanh, tanh_row
from playground.kernels.memory import fill, matrix
from playground.kernels.order import Order, numbers
from playground.kernels.products import FIRST, NEXT, add_product, transpose
from playground.kernels.states import flags, give_back, take_over


@njit(**COMPILED)
def _step(size, a, gates, c_before, c, tanh_c, h):
    """One timestep of one sequence, from the sums on."""
    sigmoid_row(a[: 2 * size], gates)
    tanh_row(a[2 * size : 3 * size], gates[2 * size : 3 * size])
    sigmoid_row(a[3 * size :], gates[3 * size :])
    i, f, g, o = gates[:size], gates[size : 2 * size], gates[2 * size : 3 * size], gates[3 * size :]
    for k in range(size):
        c[k] = f[k] * c_before[k] + i[k] * g[k]
        tanh_c[k] = tanh(c[k])
        h[k] = o[k] * tanh_c[k]


@njit(**COMPILED)
def _step_back(size, gates, c_before, tanh_c, grad_h, from_later, grad_c, out):
    """out = [∂L/∂c′, ∂L/∂a]; from_later: the ∂L/∂c that the timestep after gives back."""
    i, f, g, o = gates[:size], gates[size : 2 * size], gates[2 * size : 3 * size], gates[3 * size :]
    carry, a_i, a_f = out[:size], out[size : 2 * size], out[2 * size : 3 * size]
    a_g, a_o = out[3 * size : 4 * size], out[4 * size :]
    for k in range(size):
        of_c = from_later[k] + grad_h[k] * (o[k] * (1 - tanh_c[k] * tanh_c[k]))
        grad_c[k] = of_c
        carry[k] = of_c * f[k]
        a_i[k] = of_c * (g[k] * (i[k] * (1 - i[k])))
        a_f[k] = of_c * (c_before[k] * (f[k] * (1 - f[k])))
        a_g[k] = of_c * (i[k] * (1 - g[k] * g[k]))
        a_o[k] = grad_h[k] * (tanh_c[k] * (o[k] * (1 - o[k])))


@Order
def forward(instruction, like):
    """pre holds W_ih x and both biases."""
    order = numbers(instruction)
    time, replicas, batch, size, stride = order[1:6]
    weight, turned, after, before, after_c, before_c, reset, pre, gates, tanh_c = order[6:16]
    level = replicas * batch
    rows = time * level
    ahead, behind = matrix(after, rows + level, size, like), matrix(before, rows, size, like)
    ahead_c, behind_c = matrix(after_c, rows + level, size, like), matrix(before_c, rows, size, like)
    sums, active = matrix(pre, rows, 4 * size, like), matrix(gates, rows, 4 * size, like)
    squashed, columns = matrix(tanh_c, rows, size, like), matrix(turned, size, 4 * size, like)
    is_reset = flags(reset, rows)
    for r in range(replicas):
        transpose(matrix(weight + r * stride, 4 * size, size, like), columns)
        for t in range(time):
            row = (t * replicas + r) * batch
            if reset:
                take_over(ahead, behind, is_reset, row, batch)
                take_over(ahead_c, behind_c, is_reset, row, batch)
            add_product(sums, row, behind, row, FIRST, NEXT, batch, columns)
            for b in range(row, row + batch):
                later = b + level
                _step(size, sums[b], active[b], behind_c[b], ahead_c[later], squashed[b], ahead[later])


@Order
def backward(instruction, like):
    """grad_h holds what comes from above; grad_end: ∂L/∂c after the last timestep by whoever reads on."""
    order = numbers(instruction)
    time, replicas, batch, size, stride = order[1:6]
    weight, before_c, reset, gates, tanh_c, grad_h, grad_c, grad_end, carry_and_grad = order[6:15]
    level = replicas * batch
    rows = time * level
    behind_c, active = matrix(before_c, rows, size, like), matrix(gates, rows, 4 * size, like)
    squashed, above = matrix(tanh_c, rows, size, like), matrix(grad_h, rows, size, like)
    of_c, end = matrix(grad_c, rows, size, like), matrix(grad_end, level, size, like)
    out, is_reset = matrix(carry_and_grad, rows, 5 * size, like), flags(reset, rows)
    for r in range(replicas):
        factor = matrix(weight + r * stride, 4 * size, size, like)
        for t in range(time - 1, -1, -1):
            row = (t * replicas + r) * batch
            for b in range(row, row + batch):
                later = out[b + level] if t + 1 < time else end[b - row + r * batch]
                _step_back(size, active[b], behind_c[b], squashed[b], above[b], later, of_c[b], out[b])
                if reset and is_reset[b]:
                    fill(out[b][:size], 0)
            if t:
                give_back(above, level, out, size, is_reset, row, batch, factor)
