"""The loops of the cells as instructions for compiled loops; all else is as in the form in torch.

The equations stand in `playground.kernels`, a file for each cell.
"""

from collections.abc import Mapping
from types import MappingProxyType

from torch import Tensor

from playground.cells.fast import FastLayer, Product
from playground.cells.gru_fast import FastGRU
from playground.cells.lstm_fast import FastLSTM
from playground.cells.mgu_fast import FastMGU
from playground.cells.rnn_fast import FastRNN
from playground.kernels.nonlinearity import NUMBERS
from playground.kernels.program import Instruction
from playground.models.compiled import Compiled


def _sizes(layer: FastLayer) -> tuple[int, ...]:
    """T, R, B, H, and the bytes from one replica's weights to the next."""
    o, weight = layer.over_time, layer.weights.weight_hh
    return o.time, o.replicas, o.batch, layer.size, weight.stride(0) * weight.element_size()


def _weights(layer: FastLayer) -> tuple[Tensor, Tensor]:
    """W_hh, and where its columns are put."""
    assert isinstance(layer.over_time, Compiled)
    weight = layer.weights.weight_hh
    return weight, layer.over_time.turned_weights(weight)


class CompiledRNN(FastRNN):
    def loops(self) -> tuple[Product, Product]:
        weight, turned = _weights(self)
        sizes = *_sizes(self), NUMBERS[self.nonlinearity]
        after, reset = self.states()[0], self.reset
        read = (weight, turned, after, self.h_before, reset, self.pre)
        back = (weight, self.h, reset, self.grad_h, self.grad_pre)
        return Instruction("rnn", sizes, read), Instruction("rnn_back", sizes, back)


class CompiledLSTM(FastLSTM):
    def loops(self) -> tuple[Product, Product]:
        weight, turned = _weights(self)
        (after, after_c), reset = self.states()[:2], self.reset
        states = after, self.h_before, after_c, self.c_before
        read = (weight, turned, *states, reset, self.pre, self.gates, self.tanh_c)
        of_pass = weight, self.c_before, reset, self.gates, self.tanh_c
        back = (*of_pass, self.grad_h, self.grad_c, self.grad_end_c, self.carry_and_grad_pre)
        return Instruction("lstm", _sizes(self), read), Instruction("lstm_back", _sizes(self), back)


class CompiledGRU(FastGRU):
    def loops(self) -> tuple[Product, Product]:
        weight, turned = _weights(self)
        after, reset = self.states()[0], self.reset
        bias = self.bias_hh.stride(0) * self.bias_hh.element_size()
        states = after, self.h_before, reset
        read = (weight, self.bias_hh, turned, *states, self.x_side, self.h_side, self.a_n, self.gates)
        of_pass = weight, self.h_before, reset, self.h_side, self.gates
        back = (*of_pass, self.grad_h, self.carry_and_grad_h_side, self.grad_pre)
        return (
            Instruction("gru", (*_sizes(self), bias), read),
            Instruction("gru_back", _sizes(self), back),
        )


class CompiledMGU(FastMGU):
    def loops(self) -> tuple[Product, Product]:
        weight, turned = _weights(self)
        after, reset = self.states()[0], self.reset
        read = (weight, turned, after, self.h_before, reset, self.pre, self.gates, self.seen)
        of_pass = weight, self.h_before, reset, self.gates
        back = (*of_pass, self.grad_h, self.grad_seen, self.carry_and_grad_pre)
        return Instruction("mgu", _sizes(self), read), Instruction("mgu_back", _sizes(self), back)


# Of the form of a cell in torch, the other one.
COMPILED: Mapping[type[FastLayer], type[FastLayer]] = MappingProxyType(
    {FastRNN: CompiledRNN, FastLSTM: CompiledLSTM, FastGRU: CompiledGRU, FastMGU: CompiledMGU}
)
