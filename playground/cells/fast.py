"""What the fast twins share: a layer over a whole sequence, in buffers that are made once.

For a small model the arithmetic is nothing and the calls into torch are everything, so the fast form regroups
the equations of the readable cells, without changing them:

- what does not depend on the step before (the products with W_ih, all weight gradients) is one matrix product
  over all T timesteps instead of T small ones;
- in the backward pass every factor that the forward pass alone decides (such as o ∘ (1 − tanh²(c))) is
  computed for all timesteps at once; the loop back through time keeps only what really is recurrent;
- all results go into preallocated tensors (T, R, B, ·), the views of one timestep are made once, and so are
  the products: an `OverTime` method returns a call without arguments that is made again and again.

R replicas (models that train side by side) cost one batched matrix product instead of a plain one. With R = 1
the plain one is cheaper, hence the two classes `OneReplica` and `ManyReplicas`: they do the same thing.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import ClassVar

import torch
from torch import Tensor

from playground.cells.weights import ReplicatedWeights

Product = Callable[[], object]  # reads buffers, writes a buffer


class OverTime:
    """The shape (T, R, B) of a pass, and prepared matrix products over all of its timesteps at once.

    Buffers are (T, R, B, X), matrices (R, m, n). Rows are symbols (T, R, B) of 0 … V−1, V for none of them.
    """

    is_compiled: ClassVar[bool] = False  # whether the products are instructions for compiled loops

    # One-hot vectors times a matrix select its rows. From this many multiplications on, selecting is cheaper.
    selects_from: ClassVar[int] = 50_000

    def __init__(self, time: int, replicas: int, batch: int, dtype: torch.dtype) -> None:
        self.time, self.replicas, self.batch, self.dtype = time, replicas, batch, dtype
        self._scratch: dict[str, Tensor] = {}

    def zeros(self, width: int, *, before: int = 0) -> Tensor:
        """A buffer (before + T, R, B, width); the rows in front hold the state before the first step."""
        return torch.zeros(before + self.time, self.replicas, self.batch, width, dtype=self.dtype)

    def scratch(self, name: str, width: int) -> Tensor:
        """A buffer (T, R, B, width) that all layers share: each is done with it before the next begins."""
        key = f"{name} {width}"
        if key not in self._scratch:
            self._scratch[key] = self.zeros(width)
        return self._scratch[key]

    @property
    def nbytes(self) -> int:
        """Bytes held by the buffers that layers share."""
        return sum(buffer.nbytes for buffer in self._scratch.values())

    def add(self, a: Tensor, b: Tensor, out: Tensor) -> Product:
        """out = a + b, a row of numbers for each replica: (R, n)."""
        return partial(torch.add, a, b, out=out)

    def multiply(self, a: Tensor, b: Tensor, out: Tensor) -> Product:
        """out = a ∘ b, buffers of one shape."""
        return partial(torch.mul, a, b, out=out)

    def total_loss(self, loss: Tensor, out: Tensor) -> Product:
        """out (R,) = the losses (T, R, B, 1) summed."""
        return partial(torch.sum, loss, (0, 2, 3), out=out)

    def matrix(self, tensor: Tensor) -> Tensor:
        """A matrix (R, m, n) in the form that `adding` wants."""
        raise NotImplementedError

    def steps(self, buffer: Tensor) -> list[Tensor]:
        """A buffer as T views, one a timestep, in the form that `adding` wants."""
        raise NotImplementedError

    def adding(self, step: Tensor) -> Callable[[Tensor, Tensor], Tensor]:
        """f(x, w) that adds the product x w to one timestep's view."""
        raise NotImplementedError

    def affine(self, x: Tensor, weight: Tensor, bias: Tensor, out: Tensor) -> Product:
        """out = x weightᵀ + bias; bias: (R, m)."""
        raise NotImplementedError

    def product(self, x: Tensor, weight: Tensor, out: Tensor) -> Product:
        """out = x weight: the way back through `affine`."""
        raise NotImplementedError

    def outer(self, grad: Tensor, x: Tensor, out: Tensor) -> Product:
        """out = gradᵀ x, summed over timesteps and batch: the gradient of a weight (R, m, n)."""
        raise NotImplementedError

    def total(self, grad: Tensor, out: Tensor) -> Product:
        """Each row of out (R, rows, n) = grad summed over timesteps and batch: the gradient of biases."""
        raise NotImplementedError

    def select(self, rows: Tensor, matrix: Tensor, bias: Tensor | None, out: Tensor) -> Product:
        """out = matrix[rows] + bias; matrix: (R, V, n), bias: (R, n). No symbol gives the bias alone, or zeros."""
        replicas, symbols, width = matrix.shape
        name = f"table {len(self._scratch)}"
        table = self._scratch[name] = torch.zeros(replicas, symbols + 1, width, dtype=self.dtype)
        of_symbols, of_none = table[:, :-1], table[:, -1:]
        fetch = self._fetch(rows, table, out)
        if bias is None:
            return partial(_all, (partial(of_symbols.copy_, matrix), fetch))
        row = bias[:, None]
        fill = partial(torch.add, matrix, row, out=of_symbols)
        return partial(_all, (fill, partial(of_none.copy_, row), fetch))

    def _fetch(self, rows: Tensor, table: Tensor, out: Tensor) -> Product:
        """out = table[rows]; table: (R, V + 1, n)."""
        raise NotImplementedError

    def gather(self, grad: Tensor, rows: Tensor, out: Tensor) -> Product:
        """out[v] = sum of grad where the symbol is v, (R, V, n): the way back through `select`."""
        raise NotImplementedError


class OneReplica(OverTime):
    """R = 1: plain matrices; a buffer is one matrix (T·B, X) without a copy."""

    def _rows(self, buffer: Tensor) -> Tensor:
        return buffer.view(self.time * self.batch, buffer.shape[-1])

    def matrix(self, tensor: Tensor) -> Tensor:
        return tensor[0]

    def steps(self, buffer: Tensor) -> list[Tensor]:
        return list(buffer[:, 0].unbind(0))

    def adding(self, step: Tensor) -> Callable[[Tensor, Tensor], Tensor]:
        return step.addmm_

    def affine(self, x: Tensor, weight: Tensor, bias: Tensor, out: Tensor) -> Product:
        return partial(torch.addmm, bias[0], self._rows(x), weight[0].t(), out=self._rows(out))

    def product(self, x: Tensor, weight: Tensor, out: Tensor) -> Product:
        return partial(torch.mm, self._rows(x), weight[0], out=self._rows(out))

    def outer(self, grad: Tensor, x: Tensor, out: Tensor) -> Product:
        return partial(torch.mm, self._rows(grad).t(), self._rows(x), out=out[0])

    def total(self, grad: Tensor, out: Tensor) -> Product:
        # A product with ones is a sum, and one call fills all rows.
        ones = torch.ones(out.shape[1], self.time * self.batch, dtype=self.dtype)
        return partial(torch.mm, ones, self._rows(grad), out=out[0])

    def _fetch(self, rows: Tensor, table: Tensor, out: Tensor) -> Product:
        return partial(torch.index_select, table[0], 0, rows.view(-1), out=self._rows(out))

    def gather(self, grad: Tensor, rows: Tensor, out: Tensor) -> Product:
        back, grad, flat = torch.ops.aten.embedding_dense_backward, self._rows(grad), rows.view(-1)
        none = out.shape[1]
        return lambda: out[0].copy_(back(grad, flat, none, none, False))


class ManyReplicas(OverTime):
    """R > 1: a buffer is one matrix (T·B, X) per replica, by a copy where B > 1."""

    def _rows(self, buffer: Tensor) -> Tensor:
        return buffer.transpose(0, 1).reshape(self.replicas, self.time * self.batch, buffer.shape[-1])

    def _write(self, result: Tensor, out: Tensor) -> None:
        result = result.view(self.replicas, self.time, self.batch, result.shape[-1])
        out.copy_(result.transpose(0, 1))

    def matrix(self, tensor: Tensor) -> Tensor:
        return tensor

    def steps(self, buffer: Tensor) -> list[Tensor]:
        return list(buffer.unbind(0))

    def adding(self, step: Tensor) -> Callable[[Tensor, Tensor], Tensor]:
        return step.baddbmm_

    def affine(self, x: Tensor, weight: Tensor, bias: Tensor, out: Tensor) -> Product:
        return lambda: self._write(torch.baddbmm(bias[:, None], self._rows(x), weight.mT), out)

    def product(self, x: Tensor, weight: Tensor, out: Tensor) -> Product:
        return lambda: self._write(torch.bmm(self._rows(x), weight), out)

    def outer(self, grad: Tensor, x: Tensor, out: Tensor) -> Product:
        return lambda: out.copy_(torch.bmm(self._rows(grad).mT, self._rows(x)))

    def total(self, grad: Tensor, out: Tensor) -> Product:
        return lambda: out.copy_(grad.sum((0, 2))[:, None])

    def _fetch(self, rows: Tensor, table: Tensor, out: Tensor) -> Product:
        replica = torch.arange(self.replicas)[:, None]
        return lambda: out.copy_(table[replica, rows])

    def gather(self, grad: Tensor, rows: Tensor, out: Tensor) -> Product:
        back, (replicas, vocabulary, width) = torch.ops.aten.embedding_dense_backward, out.shape
        first = torch.arange(replicas)[:, None] * (vocabulary + 1)  # where a replica's rows begin

        def run() -> None:
            sums = back(grad, rows + first, replicas * (vocabulary + 1), -1, False)
            out.copy_(sums.view(replicas, vocabulary + 1, width)[:, :-1])

        return run


class FastLayer:
    """One layer over a whole sequence. Each subclass is the fast twin of one readable cell.

    weights, gradients: views into the network's flat buffers.
    x: (T, R, B, E), the buffer from which the layer reads its input: one-hot symbols, rows of an embedding,
    or the states of the layer below.
    grad_x: (T, R, B, E), where ∂L/∂x goes, or None where nobody asks.
    rows: (T, R, B), the symbols, given if x is their one-hot form.
    reset: (T, R, B, 1) bool, where the states before a timestep are zero whatever came before it, if anywhere.

    The caller makes the calls of `forward`, then writes the ∂L/∂h that comes from above (the read-out or the next
    layer) into `grad_h`, then makes those of `backward`, which add the part that comes back through time. The products
    in `collect` then fill the gradients of the weights, for whoever wants them.
    """

    blocks: ClassVar[int]  # K: how many blocks of H rows the weights have
    before: tuple[Product, ...] = ()  # what comes before everything else
    project: Product  # W_ih x, for all timesteps at once
    descend: tuple[Product, ...]  # ∂L/∂x
    collect: tuple[Product, ...]  # they read buffers that no other layer writes

    def __init__(
        self,
        weights: ReplicatedWeights,
        gradients: ReplicatedWeights,
        x: Tensor,
        grad_x: Tensor | None,
        over_time: OverTime,
        nonlinearity: str,
        rows: Tensor | None = None,
        reset: Tensor | None = None,
    ) -> None:
        size = weights.weight_hh.shape[-1]
        self.over_time, self.size, self.nonlinearity = over_time, size, nonlinearity
        self.weights, self.x, self.grad_x = weights, x, grad_x
        self.bias_ih, self.bias_hh = weights.biases.unbind(1)  # (R, K·H) each

        cost = x.shape[:-1].numel() * weights.weight_ih[0].numel()
        self._rows = rows if cost >= over_time.selects_from else None
        self._gradients = gradients

        self.reset = reset
        self._after: list[Tensor] = []  # each state after every timestep, and in front before the first
        self._before: list[Tensor] = []  # before every timestep, where that is not the same memory
        self._grad_end: list[
            Tensor
        ] = []  # of each state, ∂L/∂ it after the last timestep by whoever reads on
        self.h, self.h_before = self.state()
        self.grad_h = over_time.zeros(size)
        self._build()

    def _build(self) -> None:
        """Make the buffers and the products."""
        raise NotImplementedError

    def calls(self) -> tuple[list[Product], list[Product]]:
        """The calls of a pass, in order: those that read `x` and fill every buffer of the forward pass; those that read
        `grad_h` from above, complete it and fill every other gradient buffer and grad_x."""
        read, go_back = self.loops()
        return [*self.before, self.project, read], [go_back, *self.descend]

    def loops(self) -> tuple[Product, Product]:
        """Prepare what is recurrent: the loop over the timesteps, and the loop back."""
        raise NotImplementedError

    def tensors(self) -> Mapping[str, Tensor]:
        """The buffers of the forward pass by name: views (T, R, B, H), valid until the next pass."""
        raise NotImplementedError

    def gradients(self) -> Mapping[str, Tensor]:
        """The gradient buffers by name: views (T, R, B, H), valid until the next backward pass."""
        raise NotImplementedError

    def derived(self) -> Mapping[str, Callable[[], Tensor]]:
        """What follows from the buffers of the forward pass and is computed only when somebody looks."""
        return {}

    def derived_gradients(self) -> Mapping[str, Callable[[], Tensor]]:
        """What follows from the gradient buffers and is computed only when somebody looks."""
        return {}

    def buffers(self) -> list[Tensor]:
        """What this layer alone holds, for counting bytes."""
        raise NotImplementedError

    def states(self) -> list[Tensor]:
        """All buffers of states."""
        return [*self._after, *self._before]

    def state(self) -> tuple[Tensor, Tensor]:
        """A state after each timestep and before it, (T, R, B, H) each: made one by one, h first.

        Without resets the two overlap: what is before a timestep is what was after the one before, and costs nothing.
        """
        states = self.over_time.zeros(self.size, before=1)  # the first row is that before the first timestep
        self._after.append(states)
        self._grad_end.append(torch.zeros_like(states[0]))
        if self.reset is None:
            return states[1:], states[:-1]
        before = self.over_time.zeros(self.size)
        self._before.append(before)
        return states[1:], before

    def starts(self) -> Sequence[Product | None]:
        """What each timestep must do first, if anything: take over the states before it, zeros where they are reset."""
        o, reset = self.over_time, self.reset
        if reset is None:
            return [None] * o.time
        zero = torch.zeros((), dtype=o.dtype)
        cuts = o.steps(reset)
        of_states = [
            [
                partial(torch.where, cut, zero, old, out=new)
                for cut, old, new in zip(cuts, o.steps(after[:-1]), o.steps(before), strict=True)
            ]
            for after, before in zip(self._after, self._before, strict=True)
        ]
        return [partial(_all, calls) for calls in zip(*of_states, strict=True)]

    def begin(self, states: Sequence[Tensor] | None) -> None:
        """Set the states before the first timestep, (R or 1, B, H) each, h first; None: zeros."""
        for number, own in enumerate(self._after):
            if states is None:
                own[0].zero_()
            else:
                own[0].copy_(states[number])

    def block(self, buffer: Tensor, index: int, count: int = 1) -> Tensor:
        """`count` neighbouring blocks of H columns of a buffer (…, K·H)."""
        return buffer[..., index * self.size : (index + count) * self.size]

    def adding_before(self) -> list[Callable[[Tensor, Tensor], Tensor] | None]:
        """For each timestep f(x, w), which adds the product x w to ∂L/∂h of the timestep before unless h is reset."""
        o, reset = self.over_time, self.reset
        before = o.steps(self.grad_h)[:-1]
        if reset is None:
            return [None, *map(o.adding, before)]  # nothing comes before the first step
        zero = torch.zeros((), dtype=o.dtype)
        cuts = o.steps(reset)[1:]
        return [None, *(partial(_add_where, cut, zero, out) for cut, out in zip(cuts, before, strict=True))]

    def cut(self, factor: Tensor) -> None:
        """Set a factor (T, R, B, H) by which a gradient goes to the timestep before to zero where states are reset."""
        if self.reset is not None:
            factor.masked_fill_(self.reset, 0)

    def final_states(self) -> tuple[Tensor, ...]:
        """The states after the last timestep, (R, B, H) each, h first: views."""
        return tuple(after[-1] for after in self._after)

    def end(self, gradients: Sequence[Tensor]) -> None:
        """Set ∂L/∂ the states after the last timestep, (R, B, H) each, h first, that comes from whoever reads on."""
        for own, given in zip(self._grad_end, gradients, strict=True):
            own.copy_(given)

    @property
    def grad_end_c(self) -> Tensor:
        """∂L/∂c after the last timestep, (R, B, H), that `end` has set."""
        return self._grad_end[1]

    def add_end(self) -> None:
        """Add the ∂L/∂h that `end` has set to `grad_h`, between what comes from above and `backward`."""
        self.grad_h[-1].add_(self._grad_end[0])

    def initial_gradients(self) -> tuple[Tensor, ...]:
        """∂L/∂ the states before the first timestep, (R, B, H) each, h first, after `backward`."""
        raise NotImplementedError

    def through_weights(self, grad_hidden: Tensor, weight: Tensor) -> Tensor:
        """What goes back to h before the first timestep, (R, B, H), from the gradient of weight h′."""
        grad = grad_hidden[0] @ weight
        return grad if self.reset is None else grad.masked_fill_(self.reset[0], 0)

    def input_product(self, bias: Tensor, out: Tensor) -> Product:
        """out = W_ih x + bias."""
        o, weight = self.over_time, self.weights.weight_ih
        if self._rows is None:
            return o.affine(self.x, weight, bias, out)
        return o.select(self._rows, weight.mT, bias, out)

    def input_gradient(self, grad_pre: Tensor) -> tuple[Product, ...]:
        """∂L/∂x, from the gradient of W_ih x; nothing where nobody asks."""
        if self.grad_x is None:
            return ()
        return (self.over_time.product(grad_pre, self.weights.weight_ih, self.grad_x),)

    def weight_gradients(self, grad_pre: Tensor, grad_hidden: Tensor) -> tuple[Product, ...]:
        """The gradients of W_ih and W_hh, from those of W_ih x (grad_pre) and of W_hh h′ (grad_hidden)."""
        of_weight_hh = self.over_time.outer(grad_hidden, self.h_before, self._gradients.weight_hh)
        return self.input_weight_gradient(grad_pre), of_weight_hh

    def input_weight_gradient(self, grad_pre: Tensor) -> Product:
        """The gradient of W_ih, from that of W_ih x."""
        o, gradient = self.over_time, self._gradients.weight_ih
        if self._rows is None:
            return o.outer(grad_pre, self.x, gradient)
        return o.gather(grad_pre, self._rows, gradient.mT)


def _all(calls: Sequence[Product]) -> None:
    """Make several calls as one."""
    for call in calls:
        call()


def _add_where(cut: Tensor, zero: Tensor, out: Tensor, grad: Tensor, weight: Tensor) -> Tensor:
    """out += grad weight, but for what is cut."""
    return out.add_(torch.where(cut, zero, grad @ weight))
