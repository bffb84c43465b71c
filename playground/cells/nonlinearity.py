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


def _tanh_slope_into(h: Tensor, out: Tensor) -> Tensor:
    return torch.mul(h, h, out=out).neg_().add_(1)


def _sigmoid_slope_into(h: Tensor, out: Tensor) -> Tensor:
    return torch.addcmul(h, h, h, value=-1, out=out)


NONLINEARITIES: Mapping[str, Nonlinearity] = MappingProxyType(
    {
        "tanh": Nonlinearity(
            torch.tanh, lambda h: 1 - h * h, lambda a, h: torch.tanh(a, out=h), _tanh_slope_into
        ),
        "relu": Nonlinearity(
            torch.relu,
            lambda h: (h > 0).to(h.dtype),
            lambda a, h: torch.clamp_min(a, 0, out=h),
            lambda h, out: torch.sign(h, out=out),  # h is never negative
        ),
        "sigmoid": Nonlinearity(
            torch.sigmoid, lambda h: h * (1 - h), lambda a, h: torch.sigmoid(a, out=h), _sigmoid_slope_into
        ),
        "linear": Nonlinearity(
            torch.clone, torch.ones_like, lambda a, h: h.copy_(a), lambda h, out: out.fill_(1)
        ),
    }
)
