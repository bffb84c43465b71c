import pytest

from playground.analysis.floors import memory_floors
from playground.config import ExperimentConfig, TextConfig
from playground.corpus import Corpus
from playground.presets import PRESETS


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_makes_a_corpus(name: str):
    values = PRESETS[name].values()
    config = ExperimentConfig.from_values(values)
    assert config.values() | values == config.values()
    corpus = Corpus(config.text)
    assert len(corpus.windows) == len(corpus.sequences), "a line is one window"
    assert len(corpus.windows) <= TextConfig().batch_size, "every update sees all lines"


def test_the_words_are_their_own_names():
    for name in ("hello", "ybigta", "hello world", "abcabd", "mississippi", "안녕하세요"):
        assert PRESETS[name].text == name


def test_the_pangram_has_every_letter():
    assert set("abcdefghijklmnopqrstuvwxyz") <= set(PRESETS["pangram"].text)


def test_jamo_need_memory_where_syllables_do_not():
    def memoryless(name: str) -> float:
        return memory_floors(Corpus(TextConfig(**PRESETS[name].values())))[1]

    assert memoryless("안녕하세요") == 1
    assert memoryless("안녕하세요 (jamo)") > 1


@pytest.mark.parametrize("timesteps", [20, 30, 50])
def test_in_a_gap_text_the_first_symbol_decides_the_last(timesteps: int):
    corpus = Corpus(TextConfig(**PRESETS[f"gap-{timesteps}"].values()))
    first, second = corpus.windows
    assert len(first) - 1 == len(second) - 1 == timesteps
    assert first[0] != second[0] and first[-1] != second[-1]
    assert first[1:-1] == second[1:-1]
    assert memory_floors(corpus)[4] > 1
