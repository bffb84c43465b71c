"""What is asked of the outputs of a network, and the gradient with which the way back begins.

A loss stands where the mask is True. With weight 1 (the sum over all of them) or 1 / how many there are (their mean):

    cross entropy    loss_t = −log softmax(y_t)[target_t]    ∂total/∂y_t = weight · (softmax(y_t) − one_hot(target_t))
    squared error    loss_t = ‖y_t − target_t‖²              ∂total/∂y_t = weight · 2 (y_t − target_t)
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch
from torch import Tensor

from playground.cells.fast import OverTime
from playground.private_torch import log_softmax_backward


class Criterion:
    """One loss over the outputs (T, R, B, O) of a pass, in buffers that are made once.

    Attributes:
        name: of the outputs, in a trace.
        outputs, grad_outputs: (T, R, B, O), what is judged, and ∂total/∂ it.
        targets: what is asked, as it came: (T, R, B) classes or (T, R, B, O) numbers.
        loss: (T, R, B, 1), 0 where masked.
    """

    name: str
    targets: Tensor

    def __init__(self, over_time: OverTime, size: int) -> None:
        self.outputs, self.grad_outputs = over_time.zeros(size), over_time.zeros(size)
        self.loss = over_time.zeros(1)

    def read(self, targets: Tensor, mask: Tensor, count: Tensor | None) -> None:
        """Take over what is asked. mask: (T, R, B). count: (R, 1, 1), what each loss is divided by, if by anything."""
        raise NotImplementedError

    def forward(self) -> None:
        """Fill `loss` from `outputs`."""
        raise NotImplementedError

    def backward(self) -> None:
        """Fill `grad_outputs`."""
        raise NotImplementedError

    def derived(self) -> Mapping[str, Callable[[], Tensor]]:
        """What else a trace shows, computed when somebody looks."""
        return {}

    def buffers_by_name(self) -> dict[str, Tensor]:
        """The buffers (T, R, B, ·) that every pass fills and a picture is made from."""
        return {"loss": self.loss}

    def buffers(self) -> list[Tensor]:
        """All buffers, for counting bytes."""
        raise NotImplementedError


class CrossEntropy(Criterion):
    """Of classes. The outputs are logits."""

    name = "logits"

    def __init__(self, over_time: OverTime, size: int) -> None:
        super().__init__(over_time, size)
        self.log_probabilities = over_time.zeros(size)
        self._index = torch.zeros(*self.loss.shape, dtype=torch.int64)
        self.targets = self._index[..., 0]
        self._minus_mask, self._is_silent = over_time.zeros(1), over_time.zeros(1).bool()
        self._minus_target = over_time.zeros(size)  # −(weight of the loss) at the target, 0 elsewhere

    def read(self, targets: Tensor, mask: Tensor, count: Tensor | None) -> None:
        self.targets.copy_(targets)
        self._minus_mask[..., 0].copy_(mask).neg_()
        torch.logical_not(mask, out=self._is_silent[..., 0])
        weight = self._minus_mask if count is None else self._minus_mask / count
        self._minus_target.zero_().scatter_(3, self._index, weight)

    def forward(self) -> None:
        torch.log_softmax(self.outputs, 3, out=self.log_probabilities)
        torch.gather(self.log_probabilities, 3, self._index, out=self.loss)
        self.loss.neg_().masked_fill_(self._is_silent, 0)  # no product: ∞ · 0 would be NaN

    def backward(self) -> None:
        # softmax(logits) − one_hot(target), times the weight of each prediction in the loss, in one call.
        log_softmax_backward(self._minus_target, self.log_probabilities, out=self.grad_outputs)

    def derived(self) -> Mapping[str, Callable[[], Tensor]]:
        return {"probabilities": self.log_probabilities.exp}

    def buffers_by_name(self) -> dict[str, Tensor]:
        return {**super().buffers_by_name(), "log_probabilities": self.log_probabilities}

    def buffers(self) -> list[Tensor]:
        own = [self.log_probabilities, self._index, self._minus_mask, self._is_silent, self._minus_target]
        return [self.outputs, self.grad_outputs, self.loss, *own]


class SquaredError(Criterion):
    """Of numbers."""

    name = "outputs"

    def __init__(self, over_time: OverTime, size: int) -> None:
        super().__init__(over_time, size)
        self.targets = over_time.zeros(size)
        self._error = over_time.zeros(size)
        self._is_silent, self._slope = over_time.zeros(1).bool(), over_time.zeros(1)

    def read(self, targets: Tensor, mask: Tensor, count: Tensor | None) -> None:
        self.targets.copy_(targets)
        torch.logical_not(mask, out=self._is_silent[..., 0])
        self._slope[..., 0].copy_(mask)
        if count is not None:
            self._slope.div_(count)
        self._slope.mul_(2)

    def forward(self) -> None:
        torch.sub(self.outputs, self.targets, out=self._error)
        torch.sum(self._error * self._error, 3, keepdim=True, out=self.loss)
        self.loss.masked_fill_(self._is_silent, 0)

    def backward(self) -> None:
        torch.mul(self._error, self._slope, out=self.grad_outputs)

    def buffers(self) -> list[Tensor]:
        own = [self.targets, self._error, self._is_silent, self._slope]
        return [self.outputs, self.grad_outputs, self.loss, *own]


CRITERIA: Mapping[str, Callable[[OverTime, int], Criterion]] = MappingProxyType(
    {"cross_entropy": CrossEntropy, "squared_error": SquaredError}
)
