"""The fast twin of `lstm.LSTM`: the same equations over a whole sequence, 7 calls a timestep forward, 4 back.

Forward, the four pre-activations of a timestep are one row a = [i, f, g, o] of 4H numbers. It already holds
W_ih x + both biases. Per timestep:

    a += W_hh h′
    [i, f, ·, o] = σ(a),  g = tanh(a_g)      σ of the whole row, then tanh over its third block
    c = f ∘ c′,  c += i ∘ g
    tanh_c = tanh(c),  h = o ∘ tanh_c

Backward, the chain rule of `LSTM.step_backward` is a product of ∂L/∂c or ∂L/∂h with factors that the forward
pass alone decides. Those are computed for all timesteps at once:

    through_h = o ∘ (1 − tanh_c²)
    factors   = [f,  g ∘ i(1−i),  c′ ∘ f(1−f),  i ∘ (1−g²),  tanh_c ∘ o(1−o)]

and the loop back through time is

    ∂L/∂c = carry + ∂L/∂h ∘ through_h
    [carry, ∂L/∂a_i, ∂L/∂a_f, ∂L/∂a_g] = ∂L/∂c ∘ factors[:4]      carry is ∂L/∂c′, for the step before
    ∂L/∂a_o = ∂L/∂h ∘ factors[4]
    ∂L/∂h′ += W_hhᵀ ∂L/∂a
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from playground.cells.fast import FastLayer, Product

_sigmoid_backward = torch.ops.aten.sigmoid_backward.grad_input  # (d, s) ↦ d ∘ s(1−s)
_tanh_backward = torch.ops.aten.tanh_backward.grad_input  # (d, s) ↦ d ∘ (1−s²)


class FastLSTM(FastLayer):
    """An LSTM layer. Forward by name: h, c, i, f, g, o, pre.*. Backward: h, c, pre.*, i, f, g, o."""

    blocks = 4

    def _build(self) -> None:
        o, size, block = self.over_time, self.size, self.block
        self.pre = o.zeros(4 * size)
        self.gates = o.zeros(4 * size)
        self.i, self.f, self.g, self.o = (block(self.gates, k) for k in range(4))
        self.c, self.c_before = self.state()
        self.tanh_c = o.zeros(size)

        self.grad_c = o.zeros(size)
        self.carry_and_grad_pre = o.zeros(5 * size)  # [carry, i, f, g, o]
        self.grad_pre = block(self.carry_and_grad_pre, 1, 4)

        bias = torch.zeros_like(self.bias_ih)
        self.before = (o.add(self.bias_ih, self.bias_hh, bias),)
        self.project = self.input_product(bias, self.pre)
        self.descend = self.input_gradient(self.grad_pre)
        self.collect = (
            *self.weight_gradients(self.grad_pre, self.grad_pre),
            o.total(self.grad_pre, self._gradients.biases),
        )

    def loops(self) -> tuple[Product, Product]:
        o, size, block = self.over_time, self.size, self.block
        self.weight_hh = o.matrix(self.weights.weight_hh)
        self.weight_hh_t = self.weight_hh.mT
        self.through_h = o.scratch("through_h", size)
        factors = o.scratch("factors", 5 * size)
        self.factors = tuple(block(factors, k) for k in range(5))

        pre = o.steps(self.pre)
        self.forward_steps = list(
            zip(
                self.starts(),
                map(o.adding, pre),
                o.steps(self.h_before),
                pre,
                o.steps(self.gates),
                o.steps(block(self.pre, 2)),
                *map(o.steps, (self.g, self.f, self.c_before, self.c, self.i, self.tanh_c, self.o, self.h)),
                strict=True,
            )
        )

        def four(buffer: Tensor) -> list[Tensor]:  # the first four blocks as rows: one product meets them all
            return [step.unflatten(-1, (4, size)) for step in o.steps(block(buffer, 0, 4))]

        grad_h, grad_c = o.steps(self.grad_h), o.steps(self.grad_c)
        carry = o.steps(block(self.carry_and_grad_pre, 0))
        self.backward_steps = list(
            zip(
                grad_h,
                [*carry[1:], *o.steps(self.grad_end_c[None])],
                o.steps(self.through_h),
                grad_c,
                four(factors),
                [each.unsqueeze(-2) for each in grad_c],
                four(self.carry_and_grad_pre),
                o.steps(self.factors[4]),
                o.steps(block(self.carry_and_grad_pre, 4)),
                self.adding_before(),
                o.steps(self.grad_pre),
                strict=True,
            )
        )[::-1]
        return self._read, self._go_back

    def _read(self) -> None:
        weight, sigmoid, tanh, mul = self.weight_hh_t, torch.sigmoid, torch.tanh, torch.mul
        for start, add, h_before, a, gates, a_g, g, f, c_before, c, i, tanh_c, o, h in self.forward_steps:
            if start is not None:
                start()
            add(h_before, weight)
            sigmoid(a, out=gates)
            tanh(a_g, out=g)
            mul(f, c_before, out=c)
            c.addcmul_(i, g)
            tanh(c, out=tanh_c)
            mul(o, tanh_c, out=h)

    def _go_back(self) -> None:
        carry, factor_i, factor_f, factor_g, factor_o = self.factors
        carry.copy_(self.f)
        self.cut(carry)
        _sigmoid_backward(self.g, self.i, grad_input=factor_i)
        _sigmoid_backward(self.c_before, self.f, grad_input=factor_f)
        _tanh_backward(self.i, self.g, grad_input=factor_g)
        _sigmoid_backward(self.tanh_c, self.o, grad_input=factor_o)
        _tanh_backward(self.o, self.tanh_c, grad_input=self.through_h)

        weight, mul, addcmul = self.weight_hh, torch.mul, torch.addcmul
        for (
            grad_h,
            carry,
            through_h,
            grad_c,
            factors,
            grad_c_row,
            carry_and_grad_a,
            factor_o,
            grad_a_o,
            add_before,
            grad_a,
        ) in self.backward_steps:
            addcmul(carry, grad_h, through_h, out=grad_c)
            mul(factors, grad_c_row, out=carry_and_grad_a)
            mul(grad_h, factor_o, out=grad_a_o)
            if add_before is not None:
                add_before(grad_a, weight)

    def tensors(self) -> Mapping[str, Tensor]:
        pre = {f"pre.{name}": self.block(self.pre, k) for k, name in enumerate("ifgo")}
        return {"h": self.h, "c": self.c, "i": self.i, "f": self.f, "g": self.g, "o": self.o, **pre}

    def gradients(self) -> Mapping[str, Tensor]:
        pre = {f"pre.{name}": self.block(self.grad_pre, k) for k, name in enumerate("ifgo")}
        return {"h": self.grad_h, "c": self.grad_c, **pre}

    def derived_gradients(self) -> Mapping[str, Callable[[], Tensor]]:
        return {
            "i": lambda: self.grad_c * self.g,
            "f": lambda: self.grad_c * self.c_before,
            "g": lambda: self.grad_c * self.i,
            "o": lambda: self.grad_h * self.tanh_c,
        }

    def initial_gradients(self) -> tuple[Tensor, ...]:
        grad_h = self.through_weights(self.grad_pre, self.weights.weight_hh)
        return grad_h, self.block(self.carry_and_grad_pre, 0)[0]

    def buffers(self) -> list[Tensor]:
        forward = [*self.states(), self.pre, self.gates, self.tanh_c]
        return [*forward, self.grad_h, self.grad_c, self.carry_and_grad_pre]
