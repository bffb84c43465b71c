"""The fast twin of `gru.GRU`: the same equations over a whole sequence, 5 calls a timestep forward, 3 back.

z = 1 keeps the old state, and the reset gate acts after the hidden product (PyTorch's conventions).

Forward, a row of 3H numbers holds [a_r, a_z, past], where past = W_hn h′ + b_hn. Before the loop it holds
b_hh, and in its first two blocks also W_ih x + b_ih; x_n is the third block of W_ih x + b_ih. Per timestep:

    [a_r, a_z, past] += W_hh h′
    [r, z] = σ([a_r, a_z])
    a_n = x_n + r ∘ past,  n = tanh(a_n)
    h = n + z ∘ (h′ − n)

Backward, everything is a product of ∂L/∂h with factors that the forward pass alone decides. They are computed
for all timesteps at once:

    factor_n = (1−z) ∘ (1−n²)
    factors  = [z,  factor_n ∘ past ∘ r(1−r),  (h′−n) ∘ z(1−z),  factor_n ∘ r]

and the loop back through time is

    [carry, ∂L/∂a_r, ∂L/∂a_z, ∂L/∂past] = ∂L/∂h ∘ factors
    ∂L/∂h′ += carry
    ∂L/∂h′ += W_hhᵀ [∂L/∂a_r, ∂L/∂a_z, ∂L/∂past]
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from playground.cells.fast import FastLayer, Product

_sigmoid_backward = torch.ops.aten.sigmoid_backward.grad_input  # (d, s) ↦ d ∘ s(1−s)
_tanh_backward = torch.ops.aten.tanh_backward.grad_input  # (d, s) ↦ d ∘ (1−s²)


class FastGRU(FastLayer):
    """A GRU layer. Forward by name: h, r, z, n, pre.*. Backward: h, pre.*, r, z, n."""

    blocks = 3

    def _build(self) -> None:
        o, size, block = self.over_time, self.size, self.block
        self.x_side = o.scratch("x_side", 3 * size)  # W_ih x + b_ih
        self.h_side = o.zeros(3 * size)  # [a_r, a_z, past]
        self.a_rz, self.past = block(self.h_side, 0, 2), block(self.h_side, 2)
        self.a_n = o.zeros(size)
        self.gates = o.zeros(3 * size)
        self.r, self.z, self.n = (block(self.gates, k) for k in range(3))

        self.carry_and_grad_h_side = o.zeros(4 * size)  # [carry, a_r, a_z, past]
        grad_h_side = block(self.carry_and_grad_h_side, 1, 3)
        self.grad_pre = o.zeros(3 * size)  # [a_r, a_z, a_n]
        self.grad_a_rz, self.grad_a_n = block(self.grad_pre, 0, 2), block(self.grad_pre, 2)

        grad_biases = self._gradients.biases
        self.project = self.input_product(self.bias_ih, self.x_side)
        self.descend = self.input_gradient(self.grad_pre)
        self.collect = (
            *self.weight_gradients(self.grad_pre, grad_h_side),
            o.total(self.grad_pre, grad_biases[:, :1]),
            o.total(grad_h_side, grad_biases[:, 1:]),
        )

    def loops(self) -> tuple[Product, Product]:
        o, size, block = self.over_time, self.size, self.block
        self.weight_hh = o.matrix(self.weights.weight_hh)
        self.weight_hh_t = self.weight_hh.mT
        self.x_rz, x_n = block(self.x_side, 0, 2), block(self.x_side, 2)
        self.bias_hh_row = self.bias_hh[:, None]  # (R, 1, 3H)
        grad_h_side = block(self.carry_and_grad_h_side, 1, 3)
        self.grad_h_side_rz = block(grad_h_side, 0, 2)
        factors = o.scratch("factors", 4 * size)
        self.factors = tuple(block(factors, k) for k in range(4))
        self.factor_n = o.scratch("factor_n", size)

        self.forward_steps = list(
            zip(
                self.starts(),
                map(o.adding, o.steps(self.h_side)),
                o.steps(self.h_before),
                o.steps(self.a_rz),
                o.steps(block(self.gates, 0, 2)),
                *map(o.steps, (x_n, self.r, self.past, self.a_n, self.n, self.z, self.h)),
                strict=True,
            )
        )

        def four(buffer: Tensor) -> list[Tensor]:  # the four blocks as rows: one product meets them all
            return [step.unflatten(-1, (4, size)) for step in o.steps(buffer)]

        grad_h = o.steps(self.grad_h)
        self.backward_steps = list(
            zip(
                four(factors),
                [each.unsqueeze(-2) for each in grad_h],
                four(self.carry_and_grad_h_side),
                [None, *grad_h[:-1]],  # nothing comes before the first step
                o.steps(block(self.carry_and_grad_h_side, 0)),
                self.adding_before(),
                o.steps(grad_h_side),
                strict=True,
            )
        )[::-1]
        return self._read, self._go_back

    def _read(self) -> None:
        self.h_side.copy_(self.bias_hh_row)
        self.a_rz.add_(self.x_rz)

        weight = self.weight_hh_t
        sigmoid, addcmul, tanh, lerp = torch.sigmoid, torch.addcmul, torch.tanh, torch.lerp
        for start, add, h_before, a_rz, rz, x_n, r, past, a_n, n, z, h in self.forward_steps:
            if start is not None:
                start()
            add(h_before, weight)
            sigmoid(a_rz, out=rz)
            addcmul(x_n, r, past, out=a_n)
            tanh(a_n, out=n)
            lerp(n, h_before, z, out=h)

    def _go_back(self) -> None:
        factor_n, (carry, factor_r, factor_z, factor_past) = self.factor_n, self.factors
        torch.neg(self.z, out=factor_n).add_(1)
        _tanh_backward(factor_n, self.n, grad_input=factor_n)
        carry.copy_(self.z)
        self.cut(carry)
        torch.mul(factor_n, self.past, out=factor_r)
        _sigmoid_backward(factor_r, self.r, grad_input=factor_r)
        torch.sub(self.h_before, self.n, out=factor_z)
        _sigmoid_backward(factor_z, self.z, grad_input=factor_z)
        torch.mul(factor_n, self.r, out=factor_past)

        weight, mul = self.weight_hh, torch.mul
        for (
            factors,
            grad_h_row,
            carry_and_grad,
            grad_h_before,
            carry,
            add_before,
            grad,
        ) in self.backward_steps:
            mul(factors, grad_h_row, out=carry_and_grad)
            if grad_h_before is not None:
                grad_h_before.add_(carry)
                add_before(grad, weight)

        self.grad_a_rz.copy_(self.grad_h_side_rz)
        torch.mul(self.grad_h, factor_n, out=self.grad_a_n)

    def tensors(self) -> Mapping[str, Tensor]:
        return {
            "h": self.h,
            "r": self.r,
            "z": self.z,
            "n": self.n,
            "pre.r": self.block(self.h_side, 0),
            "pre.z": self.block(self.h_side, 1),
            "pre.n": self.a_n,
        }

    def gradients(self) -> Mapping[str, Tensor]:
        pre = {f"pre.{name}": self.block(self.grad_pre, k) for k, name in enumerate("rzn")}
        return {"h": self.grad_h, **pre}

    def derived_gradients(self) -> Mapping[str, Callable[[], Tensor]]:
        return {
            "r": lambda: self.grad_a_n * self.past,
            "z": lambda: self.grad_h * (self.h_before - self.n),
            "n": lambda: self.grad_h * (1 - self.z),
        }

    def initial_gradients(self) -> tuple[Tensor, ...]:
        grad_h_side, carry = (
            self.block(self.carry_and_grad_h_side, 1, 3),
            self.block(self.carry_and_grad_h_side, 0),
        )
        return (self.through_weights(grad_h_side, self.weights.weight_hh) + carry[0],)

    def buffers(self) -> list[Tensor]:
        forward = [*self.states(), self.h_side, self.a_n, self.gates]
        return [*forward, self.grad_h, self.carry_and_grad_h_side, self.grad_pre]
