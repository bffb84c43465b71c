"""The nonlinearities of the vanilla RNN, each with its slope."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import torch
from torch import Tensor


class Nonlinearity(NamedTuple):
    """φ and φ′. The slope is written in terms of h = φ(a), because that is what the forward pass keeps."""

    value: Callable[[Tensor], Tensor]  # h = φ(a)
    slope: Callable[[Tensor], Tensor]  # φ′(a), given h
    value_into: Callable[[Tensor, Tensor], Tensor]  # (a, h): the same, written into h
    slope_into: Callable[[Tensor, Tensor], Tensor]  # (h, slope): the same, written into slope


def _tanh_slope(h: Tensor) -> Tensor:
    return 1 - h * h


def _tanh_into(a: Tensor, h: Tensor) -> Tensor:
    return torch.tanh(a, out=h)


def _tanh_slope_into(h: Tensor, slope: Tensor) -> Tensor:
    return torch.mul(h, h, out=slope).neg_().add_(1)


def _relu_slope(h: Tensor) -> Tensor:
    return (h > 0).to(h.dtype)


def _relu_into(a: Tensor, h: Tensor) -> Tensor:
    return torch.clamp_min(a, 0, out=h)


def _relu_slope_into(h: Tensor, slope: Tensor) -> Tensor:
    return torch.sign(h, out=slope)  # h is never negative


def _sigmoid_slope(h: Tensor) -> Tensor:
    return h * (1 - h)


def _sigmoid_into(a: Tensor, h: Tensor) -> Tensor:
    return torch.sigmoid(a, out=h)


def _sigmoid_slope_into(h: Tensor, slope: Tensor) -> Tensor:
    return torch.addcmul(h, h, h, value=-1, out=slope)


def _linear_into(a: Tensor, h: Tensor) -> Tensor:
    return h.copy_(a)


def _linear_slope_into(h: Tensor, slope: Tensor) -> Tensor:
    return slope.fill_(1)


NONLINEARITIES: Mapping[str, Nonlinearity] = MappingProxyType(
    {
        "tanh": Nonlinearity(torch.tanh, _tanh_slope, _tanh_into, _tanh_slope_into),
        "relu": Nonlinearity(torch.relu, _relu_slope, _relu_into, _relu_slope_into),
        "sigmoid": Nonlinearity(torch.sigmoid, _sigmoid_slope, _sigmoid_into, _sigmoid_slope_into),
        "linear": Nonlinearity(torch.clone, torch.ones_like, _linear_into, _linear_slope_into),
    }
)
