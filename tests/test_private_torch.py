"""What the engine relies on in torch without a promise: held to torch's public functions."""

import pytest
import torch

from playground.private_torch import adam_update, log_softmax_backward


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_way_back_through_a_logarithm_of_softmax_is_autograds(dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(1)
    logits = torch.randn(3, 2, 4, 5, generator=generator, dtype=dtype, requires_grad=True)
    grad = torch.randn(3, 2, 4, 5, generator=generator, dtype=dtype)
    log_probabilities = torch.log_softmax(logits, 3)
    (expected,) = torch.autograd.grad(log_probabilities, logits, grad)
    out = torch.full_like(grad, torch.nan)
    place = out.data_ptr()
    log_softmax_backward(grad, log_probabilities.detach(), out=out)
    assert out.data_ptr() == place, "no buffer is made anew"
    torch.testing.assert_close(out, expected)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_updates_are_adams(dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(2)
    start = torch.randn(7, generator=generator, dtype=dtype)
    expected = start.clone().requires_grad_()
    optimizer = torch.optim.Adam([expected], lr=0.03)
    ours, average, square_average, updates = start.clone(), *torch.zeros(2, 7, dtype=dtype), torch.zeros(())
    for rate in (0.03, 0.03, 0.5, 0.001):
        expected.grad = torch.randn(7, generator=generator, dtype=dtype)
        optimizer.param_groups[0]["lr"] = rate
        optimizer.step()
        updates.add_(1)
        adam_update([ours], [expected.grad], [average], [square_average], [updates], learning_rate=rate)
        torch.testing.assert_close(ours, expected.detach())
    state = optimizer.state[expected]
    torch.testing.assert_close(average, state["exp_avg"])
    torch.testing.assert_close(square_average, state["exp_avg_sq"])
