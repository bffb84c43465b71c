"""What-ifs and what they do, against equations worked by hand, in float64."""

import math

import pytest
import torch
from torch import Tensor

from playground.batch import Batch, Signature
from playground.cells import CELLS
from playground.config import NetworkConfig
from playground.models.dropout import Draw, Place, fill
from playground.models.network import Network
from playground.passes.edit_list import EDITS
from playground.passes.edits import Hold, Span
from playground.passes.recurrent import RecurrentModel
from playground.passes.replica import Replica, copy_of
from playground.passes.unroll import Unrolled, unroll
from playground.refusal import Refusal
from tests.kinds import EQUATIONS, KINDS

V, H, T, B = 5, 4, 6, 2
LANGUAGE = Signature.language(V)
EXACT = {"rtol": 0, "atol": 1e-9}


def test_edits_that_mean_nothing_are_not_made() -> None:
    with pytest.raises(ValueError, match="a span must run"):
        Span(3, 2)
    with pytest.raises(ValueError, match="a span must run"):
        Span(-1)
    for values, unit in (((), None), ((1.0, 2.0), 1)):
        with pytest.raises(ValueError, match="one number, or one for every unit"):
            Hold("l0", "h", Span(0), values, unit)
    with pytest.raises(ValueError, match="must be finite"):
        Hold("l0", "h", Span(0), (math.nan,))


def model_of(cell: str = "lstm", nonlinearity: str = "tanh", layers: int = 2) -> Replica:
    config = NetworkConfig(cell, H, layers, nonlinearity=nonlinearity)
    return copy_of(Network(config, LANGUAGE, seeds=[2], dtype=torch.float64))


def batch_of(*symbols: int) -> Batch:
    """Two sequences: the given one, and one beside it."""
    inputs = torch.tensor([symbols or (3, 1, 4, 1, 0, 2), (0, 0, 2, 4, 4, 1)]).T[:, None]
    return Batch(inputs, inputs.roll(-1, 0), torch.ones_like(inputs, dtype=torch.bool))


def edited(model: Replica, text: str, batch: Batch | None = None) -> Unrolled:
    return unroll(model, batch or batch_of(), edits=EDITS.parse("edits", text))


def by_hand(
    model: Replica, batch: Batch, held: dict[tuple[int, str, int], Tensor | float]
) -> list[dict[str, Tensor]]:
    """Every gate and state of one timestep after the other, as `layer.name`, by equations in plain torch.

    held: layer, name and t of what takes another value, with which the equations go on.
    """
    cell, found = model.config.cell, []
    states = {
        (layer, s): torch.zeros(B, H).double()
        for layer in range(model.config.layers)
        for s in CELLS[cell].states
    }
    for t, symbols in enumerate(batch.inputs[:, 0]):
        x, here = torch.eye(V).double()[symbols], {}
        for layer in range(model.config.layers):
            before = tuple(states[layer, s] for s in CELLS[cell].states)
            weights = model.cells[layer].weights
            there = {
                name: value for (of_layer, name, at), value in held.items() if (of_layer, at) == (layer, t)
            }

            def hold(name: str, value: Tensor, there=there) -> Tensor:
                return torch.zeros_like(value) + there.get(name, value)

            now = EQUATIONS[cell, model.config.nonlinearity](x, before, *weights, hold)
            here |= {f"l{layer}.{name}": value for name, value in now.items()}
            states |= {(layer, s): now[s] for s in CELLS[cell].states}
            x = now["h"]
        found.append(here)
    return found


@pytest.mark.parametrize("layer", [0, 1])
@pytest.mark.parametrize(("cell", "nonlinearity"), KINDS)
def test_what_is_held_is_used_by_all_that_comes_after_it(cell: str, nonlinearity: str, layer: int) -> None:
    model, batch = model_of(cell, nonlinearity), batch_of()
    for name in (*CELLS[cell].gates, *CELLS[cell].states):
        for value in (0.0, 0.75):
            found = edited(model, f"l{layer}.{name}@2-3={value}")
            expected = by_hand(model, batch, {(layer, name, t): value for t in (2, 3)})
            for t, here in enumerate(expected):
                for each, at_t in here.items():
                    torch.testing.assert_close(found[each][t], at_t, msg=f"{name}: {each} at {t}", **EXACT)
            logits = found["l1.h"] @ model.readout[0].T + model.readout[1]
            torch.testing.assert_close(found.outputs, logits, **EXACT)
            assert (found[f"l{layer}.{name}"][2:4] == value).all()


@pytest.mark.parametrize("cell", CELLS)
def test_one_unit_or_a_whole_vector_is_held(cell: str) -> None:
    model, batch = model_of(cell), batch_of()
    plain, vector = unroll(model, batch), torch.tensor([0.5, -1.0, 0.25, 0.0], dtype=torch.float64)
    for layer, name in ((0, "h"), (1, "h")):
        transplanted = edited(model, f"l{layer}.h@3=0.5:-1:0.25:0")
        expected = by_hand(model, batch, {(layer, name, 3): vector})
        only = plain[f"l{layer}.h"][3].clone()
        only[:, 2] = 0.5
        one_unit = by_hand(model, batch, {(layer, name, 3): only})
        found = edited(model, f"l{layer}.h.2@3=0.5")
        for t in range(T):
            torch.testing.assert_close(transplanted["l1.h"][t], expected[t]["l1.h"], **EXACT)
            torch.testing.assert_close(found["l1.h"][t], one_unit[t]["l1.h"], **EXACT)


@pytest.mark.parametrize("cell", CELLS)
def test_a_transplanted_state_goes_on_as_it_would_have_elsewhere(cell: str) -> None:
    """The states of another text, given here at t = 2, predict here what they predicted there."""
    model, other = model_of(cell, layers=1), batch_of(2, 0, 1, 1, 0, 2)
    there = unroll(model, other)
    text = ",".join(
        f"l0.{state}@2={':'.join(map(repr, there[f'l0.{state}'][2, 0].tolist()))}"
        for state in CELLS[cell].states
    )
    here = edited(model, text, batch_of(3, 4, 4, 1, 0, 2))
    assert not torch.allclose(here.outputs[:2, 0], there.outputs[:2, 0])
    torch.testing.assert_close(here.outputs[2:, 0], there.outputs[2:, 0], **EXACT)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize(("source", "t"), [(1, 3), (4, 2), (0, T - 1)])
def test_all_states_are_transplanted_within_a_reading(cell: str, source: int, t: int) -> None:
    """The same as holding every state of every layer at the numbers that it had at the source, sequence by sequence."""
    model, batch = model_of(cell), batch_of()
    plain, found = unroll(model, batch), edited(model, f"h@{source}>{t}")
    states = [f"l{layer}.{state}" for layer in range(2) for state in CELLS[cell].states]
    for column in range(B):
        text = ",".join(
            f"{state}@{t}={':'.join(map(repr, plain[state][source, column].tolist()))}" for state in states
        )
        expected = edited(model, text)
        for name in found.names:
            torch.testing.assert_close(found[name][:, column], expected[name][:, column], **EXACT)
    assert torch.equal(found.outputs[t], plain.outputs[source]), "what was answered there is answered here"
    assert torch.equal(found.outputs[:t], plain.outputs[:t])
    assert found.is_held and not plain.is_held


def test_what_is_transplanted_is_of_the_reading_without_edits() -> None:
    model = model_of()
    plain = unroll(model, batch_of())
    found = edited(model, "x@0=4,l0.f@0-=0,h@2>4,h@4>2")
    for name in ("l0.h", "l0.c", "l1.h", "l1.c"):
        assert torch.equal(found[name][4], plain[name][2]) and torch.equal(found[name][2], plain[name][4])
    later = edited(model, "h@2>4,l1.h@4=0")
    assert not later["l1.h"][4].any() and torch.equal(later["l1.c"][4], plain["l1.c"][2])
    assert torch.equal(edited(model, "l1.h@4=0,h@2>4")["l1.h"][4], plain["l1.h"][2])


def test_a_transplant_needs_all_of_a_text() -> None:
    model, batch = model_of(), batch_of()
    made = EDITS.parse("edits", "h@2>4")
    with pytest.raises(ValueError, match="read from its beginning"):
        unroll(model, batch, unroll(model, batch).final, made)
    with pytest.raises(ValueError, match="read as a whole"):
        RecurrentModel(model, made).reader()
    beyond = edited(model, "h@9>2,h@2>9")  # of timesteps that are not read
    assert torch.equal(beyond.outputs, unroll(model, batch).outputs)


def test_dropout_leaves_out_of_a_reading_what_a_training_step_leaves_out() -> None:
    config, draw = NetworkConfig("lstm", H, 3, dropout=0.5), Draw(2, 7, Place(T, 5, 3))
    network, one = Network(config, LANGUAGE, seeds=[2], dtype=torch.float64), slice(0, 1)
    batch = Batch(*(each[:, :, one] for each in (batch_of().inputs, batch_of().targets, batch_of().mask)))
    factors = [torch.empty(T, 1, H, dtype=torch.float64) for _ in range(2)]
    fill(factors, 0.5, draw)
    trace = network.trace(batch, step=[draw])
    found = unroll(copy_of(network), batch, factors=factors)
    torch.testing.assert_close(found.outputs, trace["logits"][:, 0], **EXACT)
    assert not torch.allclose(found.outputs, unroll(copy_of(network), batch).outputs)


@pytest.mark.parametrize("cell", CELLS)
def test_a_cut_is_a_new_beginning(cell: str) -> None:
    model, batch = model_of(cell), batch_of()
    plain, found = unroll(model, batch), edited(model, "cut@2")
    rest = unroll(model, Batch(batch.inputs[2:], batch.targets[2:], batch.mask[2:]))
    for name in found.names:
        assert torch.equal(found[name], torch.cat([plain[name][:2], rest[name]]))
    assert found.cut.tolist() == [[t == 2] * B for t in range(T)]
    always = edited(model, "cut@0-")
    for t in range(T):
        alone = unroll(model, Batch(batch.inputs[t : t + 1], batch.targets[t : t + 1], batch.mask[t : t + 1]))
        torch.testing.assert_close(always.outputs[t], alone.outputs[0], **EXACT)
    as_reset = Batch(batch.inputs, batch.targets, batch.mask, found.cut[:, None])
    assert torch.equal(unroll(model, as_reset).outputs, found.outputs)


def test_a_cut_parts_what_is_read_backwards_too() -> None:
    config = NetworkConfig("gru", H, bidirectional=True)
    model, batch = copy_of(Network(config, LANGUAGE, seeds=[2], dtype=torch.float64)), batch_of()
    found = edited(model, "cut@2")
    parts = [
        unroll(model, Batch(*(x[of] for x in (batch.inputs, batch.targets, batch.mask))))
        for of in (slice(2), slice(2, T))
    ]
    torch.testing.assert_close(found.outputs, torch.cat([part.outputs for part in parts]), **EXACT)
    held = edited(model, "l0_reverse.h@4=0")
    assert not held["l0_reverse.h"][4].any()
    assert torch.equal(held["l0_reverse.h"][5], unroll(model, batch)["l0_reverse.h"][5])
    assert not torch.equal(held["l0_reverse.h"][:4], unroll(model, batch)["l0_reverse.h"][:4])
    assert torch.equal(held["l0.h"], unroll(model, batch)["l0.h"])


def test_another_symbol_is_read_and_the_targets_stay() -> None:
    model, batch = model_of(), batch_of()
    found = edited(model, "x@1=4,x@3=0", batch)
    inputs = batch.inputs.clone()
    inputs[1], inputs[3] = 4, 0
    expected = unroll(model, Batch(inputs, batch.targets, batch.mask))
    for name in found.names:
        assert torch.equal(found[name], expected[name])
    assert torch.equal(batch.inputs, batch_of().inputs)  # the batch that was given stays


@pytest.mark.parametrize(("cell", "nonlinearity"), KINDS)
def test_no_edits_change_no_bit_and_none_anything_before_it(cell: str, nonlinearity: str) -> None:
    model, batch = model_of(cell, nonlinearity), batch_of()
    plain = unroll(model, batch)
    own = plain["l1.h"][3, 0].tolist()
    units = [f"l1.h.{unit}@3={value!r}" for unit, value in enumerate(own)]  # of the first sequence
    for text in ("", ",".join(units), "x@3=1,cut@3", *(f"l0.{name}@3-=0.5" for name in CELLS[cell].states)):
        found = edited(model, text, batch)
        until = 3 if text else T
        for name in plain.names:
            assert torch.equal(found[name][:until], plain[name][:until]), (text, name)
        if text:
            assert not torch.equal(found.outputs, plain.outputs)
            if text.startswith("l1"):
                assert torch.equal(found.outputs[:, 0], plain.outputs[:, 0])  # held at what it is anyway


def test_the_later_of_two_edits_holds() -> None:
    model = model_of("gru")
    both, later = (
        edited(model, "l0.z@2=1,l0.z.1@2-3=0.5,x@2=1,x@2=3"),
        edited(model, "l0.z.1@2-3=0.5,x@2=3,l0.z@9=1"),
    )
    assert both["l0.z"][2].tolist() == [[1, 0.5, 1, 1]] * B
    assert (both["l0.z"][3, :, 1] == 0.5).all() and not (both["l0.z"][3] == 1).any()
    assert torch.equal(both["inputs"], later["inputs"])


def test_edits_count_on_where_a_reading_goes_on() -> None:
    model, batch = model_of(), batch_of()
    made = EDITS.parse("edits", "l0.f@2-=1,cut@4,x@5=0,l1.h@3=0")
    whole = unroll(model, batch, edits=made)

    def part(of: slice) -> Batch:
        return Batch(batch.inputs[of], batch.targets[of], batch.mask[of])

    first = unroll(model, part(slice(3)), edits=made)
    second = unroll(model, part(slice(3, T)), first.final, made)
    for name in whole.names:
        assert torch.equal(torch.cat([first[name], second[name]]), whole[name])


def test_unroll_refuses_what_would_silently_do_nothing() -> None:
    with pytest.raises(Refusal, match=r"what l0\.z@1 holds must be one of h, c, i, f, g, o"):
        edited(model_of("lstm"), "l0.z@1=1")


def test_autograd_follows_edits() -> None:
    """Nothing flows through what is held: the loss before it is the only one that the weights of an RNN feel."""
    model, batch = model_of("rnn", layers=1), batch_of()
    weight = model.parameters["rnn.weight_hh_l0"].requires_grad_()
    held = edited(model, "l0.h@1-=0.5", batch)
    assert not torch.autograd.grad(held.losses.sum(), weight)[0].any()
    one_unit = edited(model, "l0.h.1@1-=0.5", batch)
    grad = torch.autograd.grad(one_unit.losses.sum(), weight)[0]
    assert not grad[1].any() and grad[0].any()


def test_what_is_held_has_a_gradient_of_its_own() -> None:
    """∂L/∂ the number that is used, by finite differences."""
    model, batch, epsilon = model_of("gru", layers=1), batch_of(), 1e-5
    for parameter in model.parameters.values():
        parameter.requires_grad_()
    held = edited(model, "l0.h@2=0.5", batch)
    (grad,) = torch.autograd.grad(held.losses.sum(), held.steps[0][2].h)
    more, less = (
        edited(model, f"l0.h@2=0.5,l0.h.1@2={0.5 + by}", batch).losses.sum(0) for by in (epsilon, -epsilon)
    )
    torch.testing.assert_close(grad[:, 1], (more - less) / (2 * epsilon), rtol=1e-6, atol=1e-8)
