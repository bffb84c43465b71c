"""The compiled form of `playground.cells.rnn.RNN`: h = φ(W_ih x + W_hh h′ + biases), and its way back."""

from numba import njit

from playground.kernels.elementary import COMPILED, sigmoid, tanh
from playground.kernels.memory import matrix
from playground.kernels.nonlinearity import RELU, SIGMOID, TANH
from playground.kernels.order import Order, numbers
from playground.kernels.products import FIRST, NEXT, add_product, transpose
from playground.kernels.states import flags, give_back, take_over


@njit(**COMPILED)
def _phi(phi, a, h):
    """h = φ(a)"""
    for k in range(len(a)):
        if phi == TANH:
            h[k] = tanh(a[k])
        elif phi == SIGMOID:
            h[k] = sigmoid(a[k])
        elif phi == RELU:
            h[k] = 0 if a[k] < 0 else a[k]
        else:
            h[k] = a[k]


@njit(**COMPILED)
def _through_phi(phi, h, above, out):
    """out = above ∘ φ′, given h = φ(a)"""
    for k in range(len(h)):
        if phi == TANH:
            out[k] = above[k] * (1 - h[k] * h[k])
        elif phi == SIGMOID:
            out[k] = above[k] * (h[k] * (1 - h[k]))
        elif phi == RELU:
            out[k] = above[k] if h[k] > 0 else 0
        else:
            out[k] = above[k]


@Order
def forward(instruction, like):
    """a, which holds W_ih x and both biases, += W_hh h′;   h = φ(a)"""
    order = numbers(instruction)
    time, replicas, batch, size, stride, phi = order[1:7]
    weight, turned, after, before, reset, pre = order[7:13]
    level = replicas * batch
    rows = time * level
    ahead, behind = matrix(after, rows + level, size, like), matrix(before, rows, size, like)
    sums, columns, is_reset = (
        matrix(pre, rows, size, like),
        matrix(turned, size, size, like),
        flags(reset, rows),
    )
    for r in range(replicas):
        transpose(matrix(weight + r * stride, size, size, like), columns)
        for t in range(time):
            row = (t * replicas + r) * batch
            if reset:
                take_over(ahead, behind, is_reset, row, batch)
            add_product(sums, row, behind, row, FIRST, NEXT, batch, columns)
            for b in range(row, row + batch):
                _phi(phi, sums[b], ahead[b + level])


@Order
def backward(instruction, like):
    """∂L/∂a = ∂L/∂h ∘ φ′;   ∂L/∂h′ += W_hhᵀ ∂L/∂a"""
    order = numbers(instruction)
    time, replicas, batch, size, stride, phi = order[1:7]
    weight, states, reset, grad_h, grad_pre = order[7:12]
    level = replicas * batch
    rows = time * level
    h, above = matrix(states, rows, size, like), matrix(grad_h, rows, size, like)
    grad_a, is_reset = matrix(grad_pre, rows, size, like), flags(reset, rows)
    for r in range(replicas):
        factor = matrix(weight + r * stride, size, size, like)
        for t in range(time - 1, -1, -1):
            row = (t * replicas + r) * batch
            for b in range(row, row + batch):
                _through_phi(phi, h[b], above[b], grad_a[b])
            if t:
                give_back(above, level, grad_a, FIRST, is_reset, row, batch, factor)
