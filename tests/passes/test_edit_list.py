"""The text of edits: it comes back as it was, and what is none, or does not fit, is refused in one sentence."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from playground.batch import Signature
from playground.config import NetworkConfig
from playground.passes.edit_list import EDITS, MAX_EDITS, MAX_LENGTH, fits
from playground.passes.edits import Cut, Edit, Hold, Span, Symbol, Transplant
from playground.refusal import Refusal

H, T = 4, 6
LANGUAGE = Signature.language(5)

spans = st.builds(
    lambda first, more: Span(first, None if more is None else first + more),
    st.integers(0, 99_999),
    st.none() | st.integers(0, 9),
)
numbers = st.floats(-1e5, 1e5)
edits = st.lists(
    st.builds(Cut, spans)
    | st.builds(Symbol, st.integers(0, 99_999), st.integers(0, 255))
    | st.builds(Transplant, st.integers(0, 99_999), st.integers(0, 99_999))
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
        "h@2>3": Transplant(2, 3),
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
    "h@2", "h@2>", "h@>3", "h@2>-3", "h@2>3=1", "c@2>3", "l0.h@2>3", "h@2-4>5",
    "x@1", "x@1-2=3", "x@1=-1", "x@1=e", "y@1=2",
    "l0@1=2", "l.f@1=2", "l0.f@1", "l0.f@1=", "l0.f=1", "l0.f@=1", "l0.f@5-2=1", "l0.F@1=1", "l00.f@1=1", "l10.f@1=1",
    "l0.f.@1=1", "l0.f.-1@1=1", "l0.f.1@1=1:2", "l0.f@1=1=2", "l0.pre.f@1=1",
    "cut@9999999", "x" * MAX_LENGTH, "cut@1," * MAX_LENGTH,
]  # fmt: skip


@pytest.mark.parametrize("text", BAD, ids=range(len(BAD)))
def test_what_is_no_edit_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(
        Refusal, match=r"^edits must be edits such as l0.f@2-5=1,x@1=4,h@2>3,cut@3; got .*\.$"
    ):
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


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (
            Hold("l0", "h", Span(0, 0), (2e5,)),
            r"edits must be a number from -100000 to 100000; got 200000\.0\.",
        ),
        (Cut(Span(1_234_567)), r"edits must be edits such as .*; got 'cut@1234567-'\."),
        (Cut(Span(0, 1_000_000)), r"edits must be edits such as .*; got 'cut@0-1000000'\."),
        (Symbol(-1, 0), r"edits must be edits such as .*; got .*"),
        (Symbol(0, -1), r"edits must be edits such as .*; got 'x@0=-1'\."),
        (Hold("l10", "h", Span(0, 0), (1.0,)), r"edits must be edits such as .*; got 'l10.h@0=1'\."),
        (Hold("l0", "pre.f", Span(0, 0), (1.0,)), r"edits must be edits such as .*; got 'l0.pre.f@0=1'\."),
        (Hold("l0", "h", Span(0, 0), (1.0,), -1), r"edits must be edits such as .*; got 'l0.h.-1@0=1'\."),
    ],
)
def test_what_no_text_can_say_is_refused(edit: Edit, sentence: str) -> None:
    with pytest.raises(Refusal, match=f"^{sentence}$"):
        EDITS.check("edits", (edit,))


def test_what_is_longer_than_a_link_is_refused() -> None:
    vector = tuple((torch.randn(128, generator=torch.Generator().manual_seed(0)) - 0.5).tolist())
    some = tuple(Hold("l0", "h", Span(t, t), vector) for t in range(3))
    assert EDITS.parse("edits", EDITS.show(some[:1])) == EDITS.check("edits", some[:1])
    length = f"{len(EDITS.show(some)):,}"
    with pytest.raises(Refusal, match=f"^edits must have at most 4,096 characters; got {length}.$"):
        EDITS.check("edits", some)


def test_there_is_a_most() -> None:
    most = (Cut(Span(1)),) * MAX_EDITS
    assert EDITS.parse("edits", EDITS.show(most)) == most
    with pytest.raises(Refusal, match=f"^edits must be at most {MAX_EDITS}; got {MAX_EDITS + 1}.$"):
        EDITS.parse("edits", EDITS.show((*most, Cut(Span(1)))))
    widest = Hold(
        "l0", "h", Span(9, 9), tuple((torch.randn(128) - 0.5).tolist())
    )  # float32, with every digit
    assert EDITS.parse("edits", EDITS.show((widest,))) == (widest,)


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
        ("h@2>6", "Edits: the timesteps of h@2>6 must be from 0 to 5."),
        ("h@6>2", "Edits: the timesteps of h@6>2 must be from 0 to 5."),
        ("h@2>2", "Edits: h@2>2 puts a state where it is already, which changes nothing."),
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
