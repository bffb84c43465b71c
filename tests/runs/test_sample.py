"""Text that the network of a step wrote, in two parts: as far as it was trained to read, and beyond."""

import pytest

from playground.config import ExperimentConfig, TextConfig
from playground.corpus import Corpus
from playground.runs.run import Run
from playground.runs.sample import Sample


@pytest.mark.parametrize(
    ("config", "prompt", "written", "within", "beyond"),
    [
        (TextConfig(text="hello"), "h", "elloooo", "ello", "ooo"),
        (TextConfig(text="hello"), "h", "ell", "ell", ""),
        (TextConfig(text="hello"), "h", "", "", ""),
        (TextConfig(text="hello", bos=True, eos=True), "", "hellohel", "helloh", "el"),  # 7 symbols with both
        (TextConfig(text="abcdefgh", sequence_length=3), "a", "bcdefgh", "bcd", "efgh"),
        (TextConfig(text="the cat sat", tokens="word"), "the", " cat sat sat cat", " cat sat", " sat cat"),
        (TextConfig(text="한글", tokens="jamo"), "", "한글한", "한글", "한"),
        (
            TextConfig(text="한하나", tokens="jamo"),
            "",
            "하나하한하",
            "하나하",
            "한하",
        ),  # the 7th of 7 is in 한
    ],
)
def test_a_sample_is_parted_where_no_window_has_reached(
    config: TextConfig, prompt: str, written: str, within: str, beyond: str
) -> None:
    corpus = Corpus(config)
    ids = corpus.encode(prompt + written, "text")
    given = len(corpus.windows[0][:1]) if config.bos or not prompt else len(corpus.encode(prompt, "text"))
    assert Sample.of(7, corpus, ids[:given], ids[given:]) == (7, prompt, within, beyond)


def test_every_symbol_that_was_read_counts_also_one_that_leaves_no_trace_in_the_text() -> None:
    """A network may write BOS again: it has then read one symbol more than the text shows."""
    corpus = Corpus(TextConfig(text="hello", bos=True))
    given, *written = corpus.encode("hellohel", "text")
    assert given == corpus.bos_id
    assert Sample.of(0, corpus, [given], written)[2:] == ("hello", "hel")
    assert Sample.of(0, corpus, [given], [given, *written])[2:] == ("hell", "ohel")


def test_samples_of_a_run_are_parted_and_whole() -> None:
    config = ExperimentConfig(text=TextConfig(text="the cat sat on the mat\nthe dog sat", tokens="word"))
    run = Run(config)
    run.advance(64)
    samples = run.samples(64)
    assert samples
    for sample in samples:
        assert len((sample.prompt + sample.text).split(" ")) == 6 and sample.beyond.startswith(" ")
