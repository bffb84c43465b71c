"""The fast twin of `rnn.RNN`: the same equations over a whole sequence, two calls per timestep each way.

Forward, per timestep:   a += W_hh h′            a already holds W_ih x + both biases, for all timesteps
                         h = φ(a)
Backward, per timestep:  ∂L/∂a = ∂L/∂h ∘ φ′(a)   the slope φ′(a) is there for all timesteps
                         ∂L/∂h′ += W_hhᵀ ∂L/∂a
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from playground.cells.fast import FastLayer, Product
from playground.cells.nonlinearity import NONLINEARITIES


class FastRNN(FastLayer):
    """A vanilla RNN layer. Forward by name: h, pre.h, slope (φ′(a)). Backward: h, pre.h."""

    blocks = 1

    def _build(self) -> None:
        o = self.over_time
        self.phi = NONLINEARITIES[self.nonlinearity]
        self.pre = o.zeros(self.size)
        self.grad_pre = o.zeros(self.size)
        bias = torch.zeros_like(self.bias_ih)
        self.before = (o.add(self.bias_ih, self.bias_hh, bias),)
        self.project = self.input_product(bias, self.pre)
        self.descend = self.input_gradient(self.grad_pre)
        self.collect = (
            *self.weight_gradients(self.grad_pre, self.grad_pre),
            o.total(self.grad_pre, self._gradients.biases),
        )

    def loops(self) -> tuple[Product, Product]:
        o = self.over_time
        self.weight_hh = o.matrix(self.weights.weight_hh)
        self.weight_hh_t = self.weight_hh.mT
        self.slope = o.scratch("slope", self.size)
        pre, grad_h = o.steps(self.pre), o.steps(self.grad_h)
        self.forward_steps = list(
            zip(self.starts(), map(o.adding, pre), o.steps(self.h_before), pre, o.steps(self.h), strict=True)
        )
        self.backward_steps = list(
            zip(
                grad_h,
                o.steps(self.slope),
                o.steps(self.grad_pre),
                self.adding_before(),
                strict=True,
            )
        )[::-1]
        return self._read, self._go_back

    def _read(self) -> None:
        weight, phi = self.weight_hh_t, self.phi.value_into
        for start, add, h_before, a, h in self.forward_steps:
            if start is not None:
                start()
            add(h_before, weight)
            phi(a, h)

    def _go_back(self) -> None:
        self.phi.slope_into(self.h, self.slope)

        weight, mul = self.weight_hh, torch.mul
        for grad_h, slope, grad_a, add_before in self.backward_steps:
            mul(grad_h, slope, out=grad_a)
            if add_before is not None:
                add_before(grad_a, weight)

    def tensors(self) -> Mapping[str, Tensor]:
        return {"h": self.h, "pre.h": self.pre}

    def derived(self) -> Mapping[str, Callable[[], Tensor]]:
        return {"slope": lambda: self.phi.slope(self.h)}

    def gradients(self) -> Mapping[str, Tensor]:
        return {"h": self.grad_h, "pre.h": self.grad_pre}

    def initial_gradients(self) -> tuple[Tensor, ...]:
        return (self.through_weights(self.grad_pre, self.weights.weight_hh),)

    def buffers(self) -> list[Tensor]:
        return [*self.states(), self.pre, self.grad_h, self.grad_pre]
