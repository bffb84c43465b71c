"""What is asked of the outputs of a network, and the gradient with which the way back begins.

A loss stands where the mask is True. With weight 1 (the sum over all of them) or 1 / how many there are (their mean):

    cross entropy    loss_t = −log softmax(y_t)[target_t]    ∂total/∂y_t = weight · (softmax(y_t) − one_hot(target_t))
    squared error    loss_t = ‖y_t − target_t‖²              ∂total/∂y_t = weight · 2 (y_t − target_t)
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch
from torch import Tensor

from playground.cells.fast import OverTime, Product
from playground.kernels.program import Instruction
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

    def calls(self) -> tuple[Product, Product]:
        """The calls of a pass: the one that fills `loss` from `outputs`, and the one that fills `grad_outputs`."""
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
        self.index = torch.zeros(*self.loss.shape, dtype=torch.int64)
        self.targets = self.index[..., 0]
        self.minus_mask, self.is_silent = over_time.zeros(1), over_time.zeros(1).bool()
        self.minus_target = over_time.zeros(size)  # −(weight of the loss) at the target, 0 elsewhere

    def read(self, targets: Tensor, mask: Tensor, count: Tensor | None) -> None:
        self.targets.copy_(targets)
        self.minus_mask[..., 0].copy_(mask).neg_()
        torch.logical_not(mask, out=self.is_silent[..., 0])
        weight = self.minus_mask if count is None else self.minus_mask / count
        self.minus_target.zero_().scatter_(3, self.index, weight)

    def calls(self) -> tuple[Product, Product]:
        return self._judge, self._go_back

    def _judge(self) -> None:
        torch.log_softmax(self.outputs, 3, out=self.log_probabilities)
        torch.gather(self.log_probabilities, 3, self.index, out=self.loss)
        self.loss.neg_().masked_fill_(self.is_silent, 0)  # no product: ∞ · 0 would be NaN

    def _go_back(self) -> None:
        # softmax(logits) − one_hot(target), times the weight of each prediction in the loss, in one call.
        log_softmax_backward(self.minus_target, self.log_probabilities, out=self.grad_outputs)

    def derived(self) -> Mapping[str, Callable[[], Tensor]]:
        return {"probabilities": self.log_probabilities.exp}

    def buffers_by_name(self) -> dict[str, Tensor]:
        return {**super().buffers_by_name(), "log_probabilities": self.log_probabilities}

    def buffers(self) -> list[Tensor]:
        own = [self.log_probabilities, self.index, self.minus_mask, self.is_silent, self.minus_target]
        return [self.outputs, self.grad_outputs, self.loss, *own]


class SquaredError(Criterion):
    """Of numbers."""

    name = "outputs"

    def __init__(self, over_time: OverTime, size: int) -> None:
        super().__init__(over_time, size)
        self.targets = over_time.zeros(size)
        self.error = over_time.zeros(size)
        self.is_silent, self.slope = over_time.zeros(1).bool(), over_time.zeros(1)

    def read(self, targets: Tensor, mask: Tensor, count: Tensor | None) -> None:
        self.targets.copy_(targets)
        torch.logical_not(mask, out=self.is_silent[..., 0])
        self.slope[..., 0].copy_(mask)
        if count is not None:
            self.slope.div_(count)
        self.slope.mul_(2)

    def calls(self) -> tuple[Product, Product]:
        return self._judge, self._go_back

    def _judge(self) -> None:
        torch.sub(self.outputs, self.targets, out=self.error)
        torch.sum(self.error * self.error, 3, keepdim=True, out=self.loss)
        self.loss.masked_fill_(self.is_silent, 0)

    def _go_back(self) -> None:
        torch.mul(self.error, self.slope, out=self.grad_outputs)

    def buffers(self) -> list[Tensor]:
        own = [self.targets, self.error, self.is_silent, self.slope]
        return [self.outputs, self.grad_outputs, self.loss, *own]


class CompiledCrossEntropy(CrossEntropy):
    """The same as instructions for compiled loops."""

    def calls(self) -> tuple[Product, Product]:
        sizes = self.loss.numel(), self.outputs.shape[-1]
        log_p, index = self.log_probabilities, self.index
        judged = (self.outputs, log_p, index, self.is_silent, self.loss)
        back = (self.minus_target, log_p, index, self.grad_outputs)
        return Instruction("cross_entropy", sizes, judged), Instruction("cross_entropy_back", sizes, back)


class CompiledSquaredError(SquaredError):
    """The same as instructions for compiled loops."""

    def calls(self) -> tuple[Product, Product]:
        sizes = self.loss.numel(), self.outputs.shape[-1]
        judged = (self.outputs, self.targets, self.error, self.is_silent, self.loss)
        back = (self.error, self.slope, self.grad_outputs)
        return Instruction("squared_error", sizes, judged), Instruction("squared_error_back", sizes, back)


_CRITERIA: Mapping[str, tuple[type[Criterion], type[Criterion]]] = MappingProxyType(
    {
        "cross_entropy": (CrossEntropy, CompiledCrossEntropy),
        "squared_error": (SquaredError, CompiledSquaredError),
    }
)


def criterion_for(loss: str, over_time: OverTime, size: int) -> Criterion:
    """The criterion of this name for outputs of this size, in the form that goes with the other parts."""
    return _CRITERIA[loss][over_time.is_compiled](over_time, size)
