"""The tensors of one recurrent layer, named and shaped as torch.nn's."""

from typing import NamedTuple

from torch import Tensor


class LayerWeights(NamedTuple):
    """The weights of one layer, or their gradients, for the readable twins.

    K is the number of blocks of H rows: 1 (RNN), 4 (LSTM: i, f, g, o), 3 (GRU: r, z, n) or 2 (MGU: f, n).
    """

    weight_ih: Tensor  # (K·H, E)
    weight_hh: Tensor  # (K·H, H)
    bias_ih: Tensor  # (K·H,)
    bias_hh: Tensor  # (K·H,)


class ReplicatedWeights(NamedTuple):
    """The same for the fast twins: R replicas, and the two biases, neighbours in memory, as one tensor."""

    weight_ih: Tensor  # (R, K·H, E)
    weight_hh: Tensor  # (R, K·H, H)
    biases: Tensor  # (R, 2, K·H): bias_ih, bias_hh
