"""What-ifs: their text, what does not fit, and what they do, against equations worked by hand, in float64."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from playground.batch import Batch, Signature
from playground.cells import CELLS
from playground.config import NetworkConfig
from playground.models.network import Network
from playground.passes.edits import EDITS, MAX_EDITS, MAX_LENGTH, Cut, Edit, Hold, Span, Symbol, fits
from playground.passes.replica import Replica, copy_of
from playground.passes.unroll import Unrolled, unroll
from playground.refusal import Refusal
from tests.kinds import EQUATIONS, KINDS

V, H, T, B = 5, 4, 6, 2
LANGUAGE = Signature.language(V)
EXACT = {"rtol": 0, "atol": 1e-9}

spans = st.builds(
    lambda first, more: Span(first, None if more is None else first + more),
    st.integers(0, 99_999),
    st.none() | st.integers(0, 9),
)
numbers = st.floats(-1e5, 1e5)
edits = st.lists(
    st.builds(Cut, spans)
    | st.builds(Symbol, st.integers(0, 99_999), st.integers(0, 255))
    | st.builds(
        Hold,
        st.sampled_from(["l0", "l2", "l1_reverse"]),
        st.sampled_from(["h", "c", "f", "n"]),
        spans,
        st.lists(numbers, min_size=1, max_size=3).map(tuple),
    )
    | st.builds(
        Hold, st.just("l0"), st.just("z"), spans, st.tuples(numbers), st.integers(0, 127)
    ),
    max_size=6,
).map(tuple)  # fmt: skip


@given(edits)
def test_text_and_edits_say_the_same(made: tuple[Edit, ...]) -> None:
    text = EDITS.show(made)
    assert EDITS.parse("edits", text) == made == EDITS.check("edits", list(made))
    assert EDITS.show(EDITS.parse("edits", text)) == text


def test_the_texts_of_the_table() -> None:
    read = {
        "l0.f@2-=1": Hold("l0", "f", Span(2), (1.0,)),
        "l0.f.3@2-5=1": Hold("l0", "f", Span(2, 5), (1.0,), unit=3),
        "l1.h@3=0": Hold("l1", "h", Span(3, 3), (0.0,)),
        "l0.h@3=0.5:-1:0.25": Hold("l0", "h", Span(3, 3), (0.5, -1.0, 0.25)),
        "x@1=4": Symbol(1, 4),
        "cut@3": Cut(Span(3, 3)),
        "cut@0-": Cut(Span(0)),
    }
    for text, edit in read.items():
        assert EDITS.parse("edits", text) == (edit,)
        assert EDITS.show((edit,)) == str(edit) == text
    assert EDITS.parse("edits", ",".join(read)) == tuple(read.values())
    assert EDITS.parse("edits", "") == () and EDITS.show(()) == ""


BAD = [
    ",", "cut", "cut@", "cut@-1", "cut@3-2", "cut@03", "cut@1.5", "cut@3=1", "CUT@3", " cut@3", "cut@3,", "cut@٣",
    "x@1", "x@1-2=3", "x@1=-1", "x@1=e", "y@1=2",
    "l0@1=2", "l.f@1=2", "l0.f@1", "l0.f@1=", "l0.f=1", "l0.f@=1", "l0.f@5-2=1", "l0.F@1=1", "l00.f@1=1", "l10.f@1=1",
    "l0.f.@1=1", "l0.f.-1@1=1", "l0.f.1@1=1:2", "l0.f@1=1=2", "l0.pre.f@1=1",
    "cut@9999999", "x" * MAX_LENGTH, "cut@1," * MAX_LENGTH,
]  # fmt: skip


@pytest.mark.parametrize("text", BAD, ids=range(len(BAD)))
def test_what_is_no_edit_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(Refusal, match=r"^edits must be edits such as l0.f@2-5=1,x@1=4,cut@3; got .*\.$"):
        EDITS.parse("edits", text)


@pytest.mark.parametrize(
    "value", ["inf", "nan", "1e6", "-100000.5", "1e999", "0x1", "1_0", "١", "٣", "1" * 41]
)
def test_what_is_no_number_is_refused(value: str) -> None:
    for text in (f"l0.h@1={value}", f"l0.h@1=0:{value}"):
        with pytest.raises(Refusal, match=r"^edits must be a number from -100000 to 100000; got"):
            EDITS.parse("edits", text)


@pytest.mark.parametrize("value", [None, 3, "cut@3", [1], [Cut(Span(1)), "cut@3"], {"cut": 3}])
def test_what_is_no_list_of_edits_is_refused(value: object) -> None:
    with pytest.raises(Refusal, match=r"^edits must be edits such as"):
        EDITS.check("edits", value)


def test_there_is_a_most() -> None:
    most = (Cut(Span(1)),) * MAX_EDITS
    assert EDITS.parse("edits", EDITS.show(most)) == most
    with pytest.raises(Refusal, match=f"^edits must be at most {MAX_EDITS}; got {MAX_EDITS + 1}.$"):
        EDITS.parse("edits", EDITS.show((*most, Cut(Span(1)))))
    widest = Hold(
        "l0", "h", Span(9, 9), tuple((torch.randn(128) - 0.5).tolist())
    )  # float32, with every digit
    assert EDITS.parse("edits", EDITS.show((widest,))) == (widest,)


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


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("l2.h@0=1", "Edits: the layer of l2.h@0 must be one of l0, l1."),
        ("l0_reverse.h@0=1", "Edits: the layer of l0_reverse.h@0 must be one of l0, l1."),
        ("l0.f@0=1", "Edits: what l0.f@0 holds must be one of h, r, z, n."),
        ("l0.z.4@0=1", "Edits: the unit of l0.z.4@0 must be from 0 to 3."),
        ("l0.h@0=1:2:3", "Edits: l0.h@0 must have one number, or one for each of the 4 units; got 3."),
        ("l0.z@0=1.5", "Edits: l0.z@0 must be from 0 to 1, as this gate is; got 1.5."),
        ("l1.n@0=0:0:-2:0", "Edits: l1.n@0 must be from -1 to 1, as this gate is; got -2.0."),
        ("x@0=5", "Edits: the symbol of x@0 must be from 0 to 4; got 5."),
        ("x@6=1", "Edits: the timesteps of x@6 must be from 0 to 5."),
        ("cut@6", "Edits: the timesteps of cut@6 must be from 0 to 5."),
        ("cut@6-", "Edits: the timesteps of cut@6- must be from 0 to 5."),
        ("l0.h@2-6=1", "Edits: the timesteps of l0.h@2-6 must be from 0 to 5."),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(text: str, sentence: str) -> None:
    config, good = NetworkConfig("gru", H, 2), "cut@0-5,x@5=4,l1.h.3@0-=9,l0.z@5=1,l0.n@0=0:0:-1:0"
    fits("edits", EDITS.parse("edits", good), config, LANGUAGE, T)
    with pytest.raises(Refusal) as refused:
        fits("edits", EDITS.parse("edits", f"{good},{text}"), config, LANGUAGE, T)
    assert refused.value.template.format(**refused.value.values | {"field": "Edits"}) == sentence
    assert refused.value.field == "edits"


def test_vectors_have_no_symbols_and_bidirectional_networks_have_more_layers() -> None:
    config = NetworkConfig("gru", H, bidirectional=True)
    fits("edits", EDITS.parse("edits", "l0_reverse.h@1=0"), config, LANGUAGE, T)
    with pytest.raises(Refusal, match=r"x@1 needs a network that reads symbols\.$"):
        fits("edits", EDITS.parse("edits", "x@1=0"), config, Signature("vectors", 3, 2), T)


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
    found = edited(model, "x@1=4,x@3=0")
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
