"""Every tensor of one pass through a network, by name."""

from collections.abc import Callable, Iterator, Mapping

from torch import Tensor


class Trace(Mapping[str, Tensor]):
    """The tensors of one pass (forward, or forward and backward): a mapping from name to tensor.

    T time, R replicas, B batch, E input size, V vocabulary, O output size, H hidden size; ℓ is the layer from 0, and
    ℓ_reverse the layer beside it that reads backwards, if there is one: its tensors are in the order of time too.

    | name | shape | what |
    |---|---|---|
    | inputs, targets, mask | (T, R, B) | symbols read, symbols to predict, what to predict at all |
    | inputs, targets | (T, R, B, E or O) | the same where vectors are read, or numbers are asked for |
    | l{ℓ}.x | (T, R, B, E) | input of the layer: one-hot, embedding, a vector, or the h of the layer below |
    | l{ℓ}.dropout | (T, R, B, E) | what that h was multiplied by: 0 or 1 / (1 − p) in training, else 1 |
    | l{ℓ}.h, l{ℓ}.c | (T, R, B, H) | states after each timestep (c: LSTM only) |
    | l{ℓ}.<gate> | (T, R, B, H) | i, f, g, o (LSTM) or r, z, n (GRU) |
    | l{ℓ}.pre.<gate> | (T, R, B, H) | the same before σ or tanh; pre.h for the vanilla RNN |
    | l{ℓ}.slope | (T, R, B, H) | vanilla RNN: φ′(a): 1 lets the gradient pass, 0 stops it |
    | logits, probabilities | (T, R, B, O) | of the next symbol, or of the classes |
    | outputs | (T, R, B, O) | instead of both, where numbers are asked for |
    | loss | (T, R, B) | −log p of the target in nats, or the squared error; 0 where masked |
    | nll | (R,) | mean loss per prediction; nan if there is none |
    | total | (R,) | the loss that is differentiated: nll, or the sum of all losses |
    | grad.l{ℓ}.h, grad.l{ℓ}.c | (T, R, B, H) | ∂total/∂h_t, ∂total/∂c_t, also through time |
    | grad.l{ℓ}.<gate> | (T, R, B, H) | ∂total/∂ the gate's activation |
    | grad.l{ℓ}.pre.<gate> | (T, R, B, H) | ∂total/∂ its pre-activation |
    | grad.logits, grad.outputs | (T, R, B, O) | ∂total/∂ them |

    The tensors are views of the network's own buffers, so they hold until the next pass of the same length
    and batch; after that, reading the trace raises RuntimeError. `copy()` gives one that stays as it is. What
    training does not need (probabilities, gradients of the gates) is computed when it is first read.
    """

    def __init__(
        self,
        tensors: Mapping[str, Tensor],
        derived: Mapping[str, Callable[[], Tensor]],
        current: Callable[[], bool] = lambda: True,
    ) -> None:
        """`current` says whether the buffers still hold this pass."""
        self._tensors, self._derived, self.is_current = tensors, derived, current
        self._computed: dict[str, Tensor] = {}

    def __getitem__(self, name: str) -> Tensor:
        if not self.is_current():
            raise RuntimeError("this trace was overwritten by a later pass; keep one with trace.copy()")
        if name in self._tensors:
            return self._tensors[name]
        if name not in self._computed:
            if name not in self._derived:
                raise KeyError(f"trace has no {name!r}; it has {', '.join(self)}")
            self._computed[name] = self._derived[name]()
        return self._computed[name]

    def __iter__(self) -> Iterator[str]:
        yield from self._tensors
        yield from self._derived

    def __len__(self) -> int:
        return len(self._tensors) + len(self._derived)

    def __contains__(self, name: object) -> bool:
        return name in self._tensors or name in self._derived

    def copy(self) -> "Trace":
        """All tensors, computed and independent of the network."""
        return Trace({name: self[name].clone() for name in self}, {})

    @property
    def nbytes(self) -> int:
        """Bytes of the tensors that exist already; views of shared buffers count like any other."""
        return sum(tensor.nbytes for tensor in (*self._tensors.values(), *self._computed.values()))
