"""The compiled form of `playground.cells.mgu.MGU`, and its way back.

f = σ(W_if x + W_hf h′ + biases),   seen = f ∘ h′
n = tanh(W_in x + W_hn seen + biases),   h = h′ + f ∘ (n − h′)
"""

from playground.kernels.elementary import sigmoid, tanh
from playground.kernels.memory import clear, matrix
from playground.kernels.order import Order, numbers
from playground.kernels.products import add_row_product, transpose
from playground.kernels.states import flags, take_over


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
            for b in range(row, row + batch):
                h_before, h, seen_h = behind[b], ahead[b + level], let_through[b]
                a, gates_now = sums[b], active[b]
                a_f, a_n, f, n = a[:size], a[size:], gates_now[:size], gates_now[size:]
                add_row_product(a_f, h_before, 0, of_f)
                for k in range(size):
                    f[k] = sigmoid(a_f[k])
                    seen_h[k] = f[k] * h_before[k]
                add_row_product(a_n, seen_h, 0, of_n)
                for k in range(size):
                    n[k] = tanh(a_n[k])
                    h[k] = h_before[k] + f[k] * (n[k] - h_before[k])


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
                h_before, grad, grad_of_seen = behind[b], above[b], of_seen[b]
                gates_now, now = active[b], out[b]
                f, n = gates_now[:size], gates_now[size:]
                carry, a_f, a_n = now[:size], now[size : 2 * size], now[2 * size :]
                for k in range(size):
                    a_n[k] = grad[k] * (f[k] * (1 - n[k] * n[k]))
                add_row_product(grad_of_seen, a_n, 0, of_n)
                is_cut = reset and is_reset[b]
                for k in range(size):
                    slope = f[k] * (1 - f[k])
                    a_f[k] = grad[k] * ((n[k] - h_before[k]) * slope) + grad_of_seen[k] * (
                        h_before[k] * slope
                    )
                    carry[k] = 0 if is_cut else grad[k] * (1 - f[k]) + grad_of_seen[k] * f[k]
                if t and not is_cut:
                    earlier = above[b - level]
                    for k in range(size):
                        earlier[k] += carry[k]
                    add_row_product(earlier, a_f, 0, of_f)
