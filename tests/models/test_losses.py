"""Losses of any size: one that nobody asked for does nothing to the others, and a small one keeps its digits."""

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


@pytest.mark.parametrize("largest", [0.0, 100.0, -1e5])
def test_a_small_loss_of_large_logits_keeps_its_digits(largest: float) -> None:
    """Only their differences count: no loss may be rounded as large logits are."""
    differences = torch.tensor([[-8.0, 0.0, -9.0], [0.0, 0.0, 0.0], [0.0, -7.0, -8.0]])
    targets = torch.tensor([1, 0, 0])
    exact = cross_entropy(differences.double(), targets, reduction="none")
    criterion = passed("cross_entropy", (largest + differences).view(3, 1, 1, 3), targets.view(3, 1, 1))
    losses = criterion.loss.flatten()[[0, 2]].double()
    assert 4e-4 < exact[0] < exact[2] < 2e-3
    torch.testing.assert_close(losses, exact[[0, 2]], rtol=3e-4, atol=0)  # a rounding error beside 1
