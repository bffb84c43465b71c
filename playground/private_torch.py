"""What the engine uses of torch that torch does not promise to keep.

Both functions are the kernels behind public ones, called directly because for a small model the calls are the cost:
one kernel does the work of several operations. `tests/test_private_torch.py` says what is relied on, with the public
functions as authority.
"""

# pyright: reportPrivateImportUsage=false, reportPrivateUsage=false

from torch import Tensor, _fused_adam_, _log_softmax_backward_data


def log_softmax_backward(grad: Tensor, log_probabilities: Tensor, *, out: Tensor) -> None:
    """out = grad − softmax · Σ grad over the last dimension: the way back through `torch.log_softmax`.

    grad: ∂L/∂log p. log_probabilities: log p, of the same shape (…, V). out: ∂L/∂logits.
    """
    _log_softmax_backward_data(grad, log_probabilities, grad.ndim - 1, grad.dtype, out=out)


def adam_update(
    parameters: list[Tensor],
    gradients: list[Tensor],
    averages: list[Tensor],
    square_averages: list[Tensor],
    updates: list[Tensor],
    *,
    learning_rate: float,
) -> None:
    """One update of torch.optim.Adam with its default β and ε, in place.

    updates: of each parameter, a tensor () with the number of this update, counted from 1.
    """
    _fused_adam_(
        parameters,
        gradients,
        averages,
        square_averages,
        [],
        updates,
        lr=learning_rate,
        beta1=0.9,
        beta2=0.999,
        weight_decay=0.0,
        eps=1e-8,
        amsgrad=False,
        maximize=False,
    )
