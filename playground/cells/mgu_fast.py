"""The fast twin of `mgu.MGU`: the same equations over a whole sequence, 6 calls a timestep forward, 5 back.

f = 1 takes the new state, and the gate acts before the hidden product (the paper's conventions).

Forward, a row of 2H numbers holds [a_f, a_n]. Before the loop it holds W_ih x + both biases. Per timestep:

    a_f += W_hf h′,  f = σ(a_f)
    seen = f ∘ h′
    a_n += W_hn seen,  n = tanh(a_n)
    h = h′ + f ∘ (n − h′)

Backward, everything is a product of ∂L/∂h or ∂L/∂seen with factors that the forward pass alone decides. They are
computed for all timesteps at once:

    factors = [1−f,  (n−h′) ∘ f(1−f),  f ∘ (1−n²)]
    through = [f,  h′ ∘ f(1−f)]

and the loop back through time is

    [carry, ∂L/∂a_f, ∂L/∂a_n] = ∂L/∂h ∘ factors
    ∂L/∂seen = W_hnᵀ ∂L/∂a_n
    [carry, ∂L/∂a_f] += ∂L/∂seen ∘ through
    ∂L/∂h′ += carry
    ∂L/∂h′ += W_hfᵀ ∂L/∂a_f
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from playground.cells.fast import FastLayer, Product

_sigmoid_backward = torch.ops.aten.sigmoid_backward.grad_input  # (d, s) ↦ d ∘ s(1−s)
_tanh_backward = torch.ops.aten.tanh_backward.grad_input  # (d, s) ↦ d ∘ (1−s²)


class FastMGU(FastLayer):
    """An MGU layer. Forward by name: h, f, n, pre.*. Backward: h, pre.*, f, n."""

    blocks = 2

    def _build(self) -> None:
        o, size, block = self.over_time, self.size, self.block
        self.pre = o.zeros(2 * size)
        self.a_f, self.a_n = block(self.pre, 0), block(self.pre, 1)
        self.gates = o.zeros(2 * size)
        self.f, self.n = block(self.gates, 0), block(self.gates, 1)
        self.seen = o.zeros(size)

        self.grad_seen = o.zeros(size)
        self.carry_and_grad_pre = o.zeros(3 * size)  # [carry, a_f, a_n]
        self.grad_pre = block(self.carry_and_grad_pre, 1, 2)
        grad_a_f, grad_a_n = block(self.grad_pre, 0), block(self.grad_pre, 1)

        bias, gradient = torch.zeros_like(self.bias_ih), self._gradients.weight_hh
        self.before = (o.add(self.bias_ih, self.bias_hh, bias),)
        self.project = self.input_product(bias, self.pre)
        self.descend = self.input_gradient(self.grad_pre)
        self.collect = (
            self.input_weight_gradient(self.grad_pre),
            o.outer(grad_a_f, self.h_before, gradient[:, :size]),
            o.outer(grad_a_n, self.seen, gradient[:, size:]),
            o.total(self.grad_pre, self._gradients.biases),
        )

    def loops(self) -> tuple[Product, Product]:
        o, size, block = self.over_time, self.size, self.block
        weight = self.weights.weight_hh
        self.weight_f, self.weight_n = o.matrix(weight[:, :size]), o.matrix(weight[:, size:])
        grad_a_f, grad_a_n = block(self.grad_pre, 0), block(self.grad_pre, 1)
        factors, through = o.scratch("factors", 3 * size), o.scratch("through", 2 * size)
        self.factors = tuple(block(factors, k) for k in range(3))
        self.through = tuple(block(through, k) for k in range(2))

        self.forward_steps = list(
            zip(
                self.starts(),
                map(o.adding, o.steps(self.a_f)),
                o.steps(self.h_before),
                *map(o.steps, (self.a_f, self.f, self.seen)),
                map(o.adding, o.steps(self.a_n)),
                *map(o.steps, (self.a_n, self.n, self.h)),
                strict=True,
            )
        )

        def rows(buffer: Tensor, count: int) -> list[Tensor]:  # blocks as rows: one product meets them all
            return [step.unflatten(-1, (count, size)) for step in o.steps(block(buffer, 0, count))]

        grad_h, grad_seen = o.steps(self.grad_h), o.steps(self.grad_seen)
        self.backward_steps = list(
            zip(
                rows(factors, 3),
                [each.unsqueeze(-2) for each in grad_h],
                rows(self.carry_and_grad_pre, 3),
                map(o.adding, grad_seen),
                o.steps(grad_a_n),
                rows(through, 2),
                [each.unsqueeze(-2) for each in grad_seen],
                rows(self.carry_and_grad_pre, 2),
                [None, *grad_h[:-1]],  # nothing comes before the first step
                o.steps(block(self.carry_and_grad_pre, 0)),
                self.adding_before(),
                o.steps(grad_a_f),
                strict=True,
            )
        )[::-1]
        return self._read, self._go_back

    def _read(self) -> None:
        weight_f, weight_n = self.weight_f.mT, self.weight_n.mT
        sigmoid, mul, tanh, lerp = torch.sigmoid, torch.mul, torch.tanh, torch.lerp
        for start, add_f, h_before, a_f, f, seen, add_n, a_n, n, h in self.forward_steps:
            if start is not None:
                start()
            add_f(h_before, weight_f)
            sigmoid(a_f, out=f)
            mul(f, h_before, out=seen)
            add_n(seen, weight_n)
            tanh(a_n, out=n)
            lerp(h_before, n, f, out=h)

    def _go_back(self) -> None:
        (keep, factor_f, factor_n), (through_f, through_slope) = self.factors, self.through
        torch.neg(self.f, out=keep).add_(1)
        torch.sub(self.n, self.h_before, out=factor_f)
        _sigmoid_backward(factor_f, self.f, grad_input=factor_f)
        _tanh_backward(self.f, self.n, grad_input=factor_n)
        through_f.copy_(self.f)
        _sigmoid_backward(self.h_before, self.f, grad_input=through_slope)
        self.cut(keep)
        self.cut(through_f)
        self.grad_seen.zero_()

        weight_f, weight_n, mul = self.weight_f, self.weight_n, torch.mul
        for (
            factors,
            grad_h_row,
            carry_and_grad_a,
            add_seen,
            grad_a_n,
            through,
            grad_seen_row,
            carry_and_grad_a_f,
            grad_h_before,
            carry,
            add_before,
            grad_a_f,
        ) in self.backward_steps:
            mul(factors, grad_h_row, out=carry_and_grad_a)
            add_seen(grad_a_n, weight_n)
            carry_and_grad_a_f.addcmul_(through, grad_seen_row)
            if grad_h_before is not None:
                grad_h_before.add_(carry)
                add_before(grad_a_f, weight_f)

    def tensors(self) -> Mapping[str, Tensor]:
        return {"h": self.h, "f": self.f, "n": self.n, "pre.f": self.a_f, "pre.n": self.a_n}

    def gradients(self) -> Mapping[str, Tensor]:
        pre = {f"pre.{name}": self.block(self.grad_pre, k) for k, name in enumerate("fn")}
        return {"h": self.grad_h, **pre}

    def derived_gradients(self) -> Mapping[str, Callable[[], Tensor]]:
        return {
            "f": lambda: self.grad_h * (self.n - self.h_before) + self.grad_seen * self.h_before,
            "n": lambda: self.grad_h * self.f,
        }

    def initial_gradients(self) -> tuple[Tensor, ...]:
        grad_a_f, carry = self.block(self.grad_pre, 0), self.block(self.carry_and_grad_pre, 0)
        return (self.through_weights(grad_a_f, self.weights.weight_hh[:, : self.size]) + carry[0],)

    def buffers(self) -> list[Tensor]:
        forward = [*self.states(), self.pre, self.gates, self.seen]
        return [*forward, self.grad_h, self.grad_seen, self.carry_and_grad_pre]
