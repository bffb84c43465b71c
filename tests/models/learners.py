"""What holds of every model that learns predictions one by one (`playground/models/mlp.py`), beside torch's own."""

import pytest
import torch
from torch import Tensor, nn

from playground.models.mlp import Learner, PredictionTrainer
from playground.pieces import all_of

UPDATES = 40


def have_gradients_of_autograd(model: Learner, reference: nn.Module, before: Tensor, targets: Tensor) -> None:
    """Its odds are those of the reference with the same weights, and its gradients what autograd makes of these."""
    made, expected = model.forward(before), reference(before)
    torch.testing.assert_close(made.log_probabilities, expected.log_softmax(1).detach(), rtol=0, atol=1e-12)
    nn.functional.cross_entropy(expected, targets).backward()
    gradients = model.backward(before, targets, made)
    assert gradients.keys() == model.parameters.keys()
    for name, parameter in reference.named_parameters():
        torch.testing.assert_close(gradients[name], parameter.grad, rtol=0, atol=1e-12)


def begin_as_torch(model: Learner, reference: type[nn.Module], *arguments: object, seed: int) -> None:
    """Its first weights are those that the reference's class draws from the seed."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        expected = reference(*arguments).state_dict()
    assert expected.keys() == model.parameters.keys()
    for name, parameter in model.parameters.items():
        torch.testing.assert_close(parameter, expected[name])


def learn_as_torch(
    trainer: PredictionTrainer,
    reference: nn.Module,
    optimizer: torch.optim.Optimizer,
    before: Tensor,
    targets: Tensor,
) -> None:
    """Its losses are those of the reference with an optimiser of torch.optim, from the same weights."""
    expected = []
    for _ in range(UPDATES):
        optimizer.zero_grad()
        nats = nn.functional.cross_entropy(reference(before), targets)
        nats.backward()
        optimizer.step()
        expected.append(nats.item())
    all_of(trainer.updates_in_pieces(UPDATES))
    assert trainer.losses == pytest.approx(expected, abs=1e-9)
