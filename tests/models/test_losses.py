"""What a loss that nobody asked for does to the others: nothing, however large it is."""

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, mse_loss

from playground.models.form import over_time
from playground.models.losses import Criterion, criterion_for

pytestmark = pytest.mark.usefixtures("each_engine")

MASK = torch.tensor([True, False, True]).view(3, 1, 1)


def passed(loss: str, outputs: Tensor, targets: Tensor) -> Criterion:
    """A criterion after one pass over outputs (3, 1, 1, O), of which the second is not asked for."""
    criterion = criterion_for(loss, over_time("rnn", 3, 1, 1, torch.float32), outputs.shape[-1])
    criterion.read(targets, MASK, torch.tensor(2).view(1, 1, 1))
    criterion.outputs.copy_(outputs)
    for call in criterion.calls():
        call()
    return criterion


@pytest.mark.parametrize("loss", ["cross_entropy", "squared_error"])
def test_a_masked_loss_that_overflows_adds_nothing(loss: str) -> None:
    huge = 3e38 if loss == "cross_entropy" else 1e30
    outputs = torch.tensor([[0.5, -1.0], [huge, -huge], [2.0, 0.0]]).view(3, 1, 1, 2).requires_grad_()
    if loss == "cross_entropy":
        targets = torch.tensor([0, 1, 1]).view(3, 1, 1)
        alone = cross_entropy(outputs[:, 0, 0], targets[:, 0, 0], reduction="none")
        assert alone[1].isinf()
    else:
        targets = torch.tensor([[0.0, 1.0], [0.0, 1.0], [1.0, 1.0]]).view(3, 1, 1, 2)
        alone = mse_loss(outputs, targets, reduction="none").sum(-1)[:, 0, 0]
        assert alone[1].isinf()
    alone[[0, 2]].mean().backward()
    criterion = passed(loss, outputs.detach(), targets)
    torch.testing.assert_close(criterion.loss.flatten(), torch.where(MASK.flatten(), alone.detach(), 0))
    torch.testing.assert_close(criterion.grad_outputs, outputs.grad)
