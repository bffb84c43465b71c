"""The compiled form of `playground.cells.gru.GRU`, and its way back.

[r, z] = σ(W_ih x + b_ih + W_hh h′ + b_hh),   past = W_hn h′ + b_hn
n = tanh(W_in x + b_in + r ∘ past),   h = n + z ∘ (h′ − n)
"""

from numba import njit

from playground.kernels.elementary import COMPILED, sigmoid_row, tanh
from playground.kernels.memory import fill, matrix
from playground.kernels.order import Order, numbers
from playground.kernels.products import FIRST, NEXT, add_product, transpose
from playground.kernels.states import flags, give_back, take_over


@njit(**COMPILED)
def _step(size, x_side, h_side, h_before, a_n, gates, h):
    """One timestep of one sequence; h_side: [a_r, a_z, past]."""
    sigmoid_row(h_side[: 2 * size], gates)
    x_n, past = x_side[2 * size :], h_side[2 * size :]
    r, z, n = gates[:size], gates[size : 2 * size], gates[2 * size :]
    for k in range(size):
        a_n[k] = x_n[k] + r[k] * past[k]
        n[k] = tanh(a_n[k])
        h[k] = n[k] + z[k] * (h_before[k] - n[k])


@njit(**COMPILED)
def _step_back(size, h_side, gates, h_before, grad_h, out, grad_pre):
    """out = [carry, ∂L/∂a_r, ∂L/∂a_z, ∂L/∂past];   grad_pre = [∂L/∂a_r, ∂L/∂a_z, ∂L/∂a_n]"""
    past = h_side[2 * size :]
    r, z, n = gates[:size], gates[size : 2 * size], gates[2 * size :]
    carry, a_r, a_z, of_past = out[:size], out[size : 2 * size], out[2 * size : 3 * size], out[3 * size :]
    pre_r, pre_z, pre_n = grad_pre[:size], grad_pre[size : 2 * size], grad_pre[2 * size :]
    for k in range(size):
        factor_n = (1 - z[k]) * (1 - n[k] * n[k])
        carry[k] = grad_h[k] * z[k]
        a_r[k] = grad_h[k] * (factor_n * past[k] * (r[k] * (1 - r[k])))
        a_z[k] = grad_h[k] * ((h_before[k] - n[k]) * (z[k] * (1 - z[k])))
        of_past[k] = grad_h[k] * (factor_n * r[k])
        pre_r[k] = a_r[k]
        pre_z[k] = a_z[k]
        pre_n[k] = grad_h[k] * factor_n


@Order
def forward(instruction, like):
    """x_side holds W_ih x + b_ih."""
    order = numbers(instruction)
    time, replicas, batch, size, stride, bias_stride = order[1:7]
    weight, bias, turned, after, before, reset, x_side, h_side, a_n, gates = order[7:17]
    level = replicas * batch
    rows = time * level
    ahead, behind = matrix(after, rows + level, size, like), matrix(before, rows, size, like)
    of_x, of_h = matrix(x_side, rows, 3 * size, like), matrix(h_side, rows, 3 * size, like)
    sums, active = matrix(a_n, rows, size, like), matrix(gates, rows, 3 * size, like)
    columns, is_reset = matrix(turned, size, 3 * size, like), flags(reset, rows)
    for r in range(replicas):
        transpose(matrix(weight + r * stride, 3 * size, size, like), columns)
        of_bias = matrix(bias + r * bias_stride, 1, 3 * size, like)[0]
        for t in range(time):
            row = (t * replicas + r) * batch
            if reset:
                take_over(ahead, behind, is_reset, row, batch)
            for b in range(row, row + batch):
                side, x = of_h[b], of_x[b]
                for k in range(2 * size):
                    side[k] = of_bias[k] + x[k]
                for k in range(2 * size, 3 * size):
                    side[k] = of_bias[k]
            add_product(of_h, row, behind, row, FIRST, NEXT, batch, columns)
            for b in range(row, row + batch):
                _step(size, of_x[b], of_h[b], behind[b], sums[b], active[b], ahead[b + level])


@Order
def backward(instruction, like):
    """grad_h holds what comes from above."""
    order = numbers(instruction)
    time, replicas, batch, size, stride = order[1:6]
    weight, before, reset, h_side, gates, grad_h, carry_and_grad, grad_pre = order[6:14]
    level = replicas * batch
    rows = time * level
    behind, of_h = matrix(before, rows, size, like), matrix(h_side, rows, 3 * size, like)
    active, above = matrix(gates, rows, 3 * size, like), matrix(grad_h, rows, size, like)
    out, of_pre = matrix(carry_and_grad, rows, 4 * size, like), matrix(grad_pre, rows, 3 * size, like)
    is_reset = flags(reset, rows)
    for r in range(replicas):
        factor = matrix(weight + r * stride, 3 * size, size, like)
        for t in range(time - 1, -1, -1):
            row = (t * replicas + r) * batch
            for b in range(row, row + batch):
                _step_back(size, of_h[b], active[b], behind[b], above[b], out[b], of_pre[b])
                carry = out[b]
                if reset and is_reset[b]:
                    fill(carry[:size], 0)
                if t:
                    earlier = above[b - level]
                    for k in range(size):
                        earlier[k] += carry[k]
            if t:
                give_back(above, level, out, size, is_reset, row, batch, factor)
