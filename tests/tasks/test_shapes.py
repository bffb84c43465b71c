"""The five shapes by hand: what is read when, where losses stand; and the ceilings that their data were made for."""

import math
from datetime import date

import pytest
import torch

from playground.batch import NOTHING, Batch
from playground.config import TextConfig
from playground.tasks import TASKS, is_solved
from playground.tasks.ceilings import ceiling
from playground.tasks.dates import Dates
from playground.tasks.fields import TASK_FIELDS
from playground.tasks.language import Language
from playground.tasks.many_to_one import Sentiment
from playground.tasks.names import NAMES as NAMES_BY_LANGUAGE
from playground.tasks.names import Names
from playground.tasks.one_to_many import NAMES, Naming
from playground.tasks.one_to_one import BORDERS, BloodPressure
from playground.tasks.packing import joined, packed
from playground.tasks.tagging import Tagging
from playground.tasks.translation import Translation
from playground.tokens import TOKENIZERS


def rows(batch: Batch, part: str) -> list[list[int]]:
    """One part of a batch as a list of its columns."""
    return getattr(batch, part)[:, 0].int().T.tolist()


def many(task, steps: int = 250) -> Batch:
    """Many training sequences of a task."""
    return joined([task.batch(0, step) for step in range(steps)])


def test_sequences_side_by_side() -> None:
    batch = packed([([4, 5], [None, 1]), ([6, NOTHING, 7], [2, 3, None])])
    assert rows(batch, "inputs") == [[4, 5, NOTHING], [6, NOTHING, 7]]
    assert rows(batch, "targets") == [[0, 1, 0], [2, 3, 0]]
    assert rows(batch, "mask") == [[0, 1, 0], [1, 1, 0]]
    assert rows(batch, "reset") == [[0, 0, 1], [0, 0, 0]], "cut where the filling begins"
    assert packed([([4, 5], [None, 1]), ([6, 7], [2, 3])]).reset is None


def test_the_language_model_is_the_corpus() -> None:
    task = Language(text=TextConfig("hello\nlo"))
    batch, plain = task.batch(3, 4), task.corpus.batch(3, 4)
    assert task.batch(0, 0) is batch, "it is read once"
    for part in ("inputs", "targets", "mask"):
        assert torch.equal(getattr(batch, part), getattr(plain, part))
    assert rows(batch, "reset") == [[0, 0, 0, 0], [0, 1, 0, 0]], (
        "who reads backwards begins with the sequence"
    )
    assert Language(text=TextConfig("hello")).batch(3, 4).reset is None
    assert task.show(task.held_out(), 1).read == ("l", "", "", "")
    assert task.show(task.held_out(), 1).asked == ("o", "", "", "")
    assert task.chance == 2 / 5  # e l l o, o


# One-to-one


def test_one_person_is_one_timestep() -> None:
    task = BloodPressure()
    people = many(task, 100)
    assert people.inputs.shape == (1, 1, 1600, 3) and people.mask.all()
    assert people.inputs.mean((0, 1, 2)).abs().max() < 0.15
    assert (people.inputs.std((0, 1, 2)) - 1).abs().max() < 0.2


def test_without_noise_the_class_is_the_rule() -> None:
    task = BloodPressure(noise=0.0)
    batch = task.held_out()
    for column in range(batch.mask.shape[2]):
        shown = task.show(batch, column)
        height, weight, age = (
            int(part.removesuffix(" cm").removesuffix(" kg")) for part in shown.read[0].split(", ")
        )
        assert 150 <= height <= 190 and -20 <= weight - height + 100 <= 20 and 20 <= age <= 80
        pressure = 90 + 0.6 * age + weight - (height - 100)
        if min(abs(pressure - border) for border in BORDERS) > 0.01:  # rounding decides at the border
            assert shown.asked == ("low" if pressure < 110 else "normal" if pressure < 130 else "high",)
    assert task.ceiling == 1


def test_noise_keeps_even_who_knows_the_rule_below_a_ceiling() -> None:
    task = BloodPressure()
    people = many(task, 2000)  # 32,000
    inputs, targets = people.inputs[0, 0], people.targets[0, 0]
    height, weight, age = (inputs * torch.tensor([12.0, 16.0, 18.0]) + torch.tensor([170.0, 70.0, 50.0])).T
    best = torch.bucketize(90 + 0.6 * age + weight - height + 100, torch.tensor(BORDERS), right=True)
    assert (best == targets).float().mean().item() == pytest.approx(task.ceiling, abs=0.01)
    counts = torch.bincount(targets) / len(targets)
    assert counts.tolist() == pytest.approx(task.odds.mean((0, 1)).tolist(), abs=0.01)
    assert task.chance < task.goal < task.ceiling < 0.9
    odds = task.odds[25, 30]  # 5 kg above, 50 years: 125 ± 5
    high = 0.5 * math.erfc(5 / 5 / math.sqrt(2))
    assert odds.tolist() == pytest.approx(
        [0.5 * math.erfc(3 / math.sqrt(2)), 1 - high - 0.00134990, high], abs=1e-8
    )


@pytest.mark.parametrize("noise", [0.0, 5.0, TASK_FIELDS["noise"].high])  # pyright: ignore
def test_who_knows_the_rule_reaches_the_goal_on_what_is_held_out(noise: float) -> None:
    task = BloodPressure(noise=noise)
    held_out = task.held_out()
    height, weight, age = (
        (held_out.inputs[0, 0] * torch.tensor([12.0, 16.0, 18.0]) + torch.tensor([170.0, 70.0, 50.0]))
        .round()
        .T
    )
    above = (weight - height + 100).int()
    best = torch.nn.functional.one_hot(task.odds[above + 20, age.int() - 20].argmax(-1), 3)
    assert is_solved(task, task.success(best[None, None].double(), held_out)) == (True,)


# One-to-many


@pytest.mark.parametrize("language", ["en", "ko"])
def test_one_picture_then_zeros_a_loss_at_every_letter(language: str) -> None:
    task = Naming(language=language)
    batch = task.batch(0, 0)
    assert batch.mask.shape[2] == 8
    for column, name in enumerate(NAMES[language]):
        shown = task.show(batch, column)
        assert shown.read[0] in "🐱🐯🐰🐴🐻🦆🦊🐢" and not any(shown.read[1:])
        letters = TOKENIZERS["jamo" if language == "ko" else "character"].encode(name)
        assert len(letters) == sum(map(bool, shown.asked)) - 1
        assert [bool(word) for word in shown.asked] == [t <= len(letters) for t in range(len(shown.asked))]
        assert shown.asked[len(letters)] == "EOS"
    assert "".join(task.show(batch, 5).asked) == ("ㅇㅗㄹㅣEOS" if language == "ko" else "duckEOS")
    assert len(set(map(tuple, rows(batch, "targets")))) == 8, "no two names are the same"


# Many-to-one


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_bag_of_words_is_stuck_at_chance(language: str) -> None:
    task = Sentiment(language=language)
    batch = task.held_out()
    assert (batch.mask.sum(0) == 1).all(), "one loss a sequence"
    last = batch.inputs.ne(NOTHING).sum(0) - 1
    assert torch.equal(batch.mask.int().argmax(0), last), "at the last word"
    for sentences in (batch, task.everything):
        assert ceiling(sentences, "bag") == 0.5
        assert ceiling(sentences, "nothing") == 0.5
        assert ceiling(sentences, "past") == 1
    assert ceiling(task.everything, "last") == 0.5, "the last word may have been negated"


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_half_after_but_decides_and_not_turns_it_round(language: str) -> None:
    task = Sentiment(language=language)
    but, no = {"en": ("but", "not"), "ko": ("하지만", "안")}[language]
    good = {"en": {"good", "great"}, "ko": {"좋았다", "훌륭했다"}}[language]
    for words, is_good in task.sentences():
        border = words.index(but)
        halves = [(half[-1] in good) != (no in half) for half in (words[:border], words[border + 1 :])]
        assert halves == [not is_good, bool(is_good)]
    sentences = [words for words, _ in task.sentences()]
    assert len(set(sentences)) == len(sentences) == 384


def test_sentences_as_they_are_read() -> None:
    english, korean = (dict(Sentiment(language=language).sentences()) for language in ("en", "ko"))
    assert english["food", "was", "good", "but", "service", "was", "not", "great"] == 0
    assert english["service", "was", "not", "great", "but", "food", "was", "good"] == 1
    assert korean["음식은", "안", "좋았다", "하지만", "서비스는", "안", "나빴다"] == 1


def test_the_answer_is_read_from_the_last_state_or_from_the_mean() -> None:
    assert Sentiment().signature.readout == "each"
    assert Sentiment(readout="mean").signature.readout == "mean"


def test_names_are_read_to_the_last_letter() -> None:
    task = Names()
    names = [name for of_one in NAMES_BY_LANGUAGE.values() for name in of_one.split()]
    assert len(set(names)) == len(names) == 5 * 36
    assert list(NAMES_BY_LANGUAGE) == list(task.answer(number) for number in range(5))
    shown = task.show(task.everything, names.index("kim"))
    assert shown.read[:4] == ("k", "i", "m", "") and shown.asked[:4] == ("", "", "Korean", "")
    assert ceiling(task.everything, "past") == 1 and ceiling(task.everything, "nothing") == task.chance
    assert task.held_out().mask.shape[2] == 36


# Delayed


@pytest.mark.parametrize("language", ["en", "ko"])
def test_three_words_are_read_then_two_written(language: str) -> None:
    task = Translation(language=language)
    batch = task.held_out()
    assert len(batch.mask) == 5 and task.reading == 3
    assert (batch.mask == torch.tensor([False, False, False, True, True])[:, None, None]).all()
    assert batch.reset is None
    for column in range(batch.mask.shape[2]):
        shown = task.show(batch, column)
        assert shown.read[3] == "" and shown.read[4] == shown.asked[3], "the right word before"
    everything = task.everything
    assert ceiling(everything, "past") == 1
    assert ceiling(everything, "last") < 0.75


def test_sentences_and_their_translations() -> None:
    english, korean = (Translation(language=language).sentences for language in ("en", "ko"))
    assert (("we", "did", "sing"), ("우리는", "노래했다")) in english
    assert (("they", "will", "sleep"), ("그들은", "자리라")) in english
    assert (("나는", "꿈을", "꾸었다"), ("I", "dreamed")) in korean
    for sentences in (english, korean):
        assert len(dict(sentences)) == len({written for _, written in sentences}) == len(sentences)


def test_while_writing_nothing_may_be_read() -> None:
    fed, unfed = (Translation(feed=feed).held_out() for feed in ("target", "nothing"))
    assert torch.equal(fed.inputs[:4], unfed.inputs[:4])
    assert (unfed.inputs[3:] == NOTHING).all() and (fed.inputs[4] != NOTHING).all()
    assert torch.equal(fed.targets, unfed.targets)


@pytest.mark.parametrize("formats", [1, 2, 3])
@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_date_is_what_datetime_reads(language: str, formats: int) -> None:
    task = Dates(language=language, formats=formats)
    batch = many(task, 40)
    used = set()
    for column in range(batch.mask.shape[2]):
        shown = task.show(batch, column)
        day = date.fromisoformat("".join(shown.asked))
        assert 1950 <= day.year <= 2049
        used.add(format_of(day, "".join(shown.read[: task.reading]).replace("␣", " "), language))
    assert used == set(range(formats))


def format_of(day: date, read: str, language: str) -> int:
    """In which of the three ways a day is written."""
    if language == "en":
        formats = ("%B {d}, {y}", "%A, %B {d}, {y}", "{d} %B {y}")
    else:
        weekday = "월화수목금토일"[day.weekday()]
        formats = ("{y}년 {m}월 {d}일", f"{{y}}년 {{m}}월 {{d}}일 {weekday}요일", "{y}. {m}. {d}.")
    texts = [day.strftime(each.format(d=day.day, m=day.month, y=day.year)) for each in formats]
    return texts.index(read)


def test_the_alphabet_of_dates_has_all_of_a_century() -> None:
    for language in ("en", "ko"):
        task = Dates(language=language, formats=3)
        for start in range(0, 36525, 300):
            texts = [form(date.fromordinal(711858 + start)) for form in task._formats]
            assert set("".join(texts)) <= set(task.read_symbols)
            assert max(map(len, texts)) <= task.reading


def test_a_short_date_starts_later_and_from_nothing() -> None:
    task = Dates(language="ko")
    batch = task.held_out()
    for column in range(20):
        inputs = batch.inputs[: task.reading, 0, column]
        start = int((inputs != NOTHING).int().argmax())
        assert (inputs[:start] == NOTHING).all() and (inputs[start:] != NOTHING).all()
        expected = [t == start and start > 0 for t in range(len(batch.mask))]
        assert batch.reset[:, 0, column].tolist() == expected
    assert len(batch.mask) == task.reading + 10
    assert not batch.mask[: task.reading].any() and batch.mask[task.reading :].all()


def test_a_day_that_is_held_out_is_so_in_every_format() -> None:
    task = Dates(formats=3)
    days = {tuple(column) for column in rows(task.held_out(), "targets")}
    assert days.isdisjoint(map(tuple, rows(many(task, 400), "targets")))


@pytest.mark.parametrize("task", [Dates(), Translation(), Translation(feed="nothing")], ids=repr)
def test_an_encoder_reads_and_a_decoder_writes(task) -> None:
    batch = task.batch(0, 0)
    encoder, decoder = task.halves(batch)
    assert len(encoder.mask) == task.reading and not encoder.mask.any()
    assert torch.equal(encoder.inputs, batch.inputs[: task.reading])
    assert encoder.inputs.max() < task.encoder_signature.input_size
    assert decoder.mask.all() and torch.equal(decoder.targets, batch.targets[task.reading :])
    assert (decoder.inputs[0] == NOTHING).all()
    if task.feed == "target":
        assert torch.equal(decoder.inputs[1:], decoder.targets[:-1])
    else:
        assert (decoder.inputs == NOTHING).all()
    assert decoder.inputs.max() < task.decoder_signature.input_size == task.decoder_signature.output_size


# Each step


@pytest.mark.parametrize(("language", "forward"), [("en", 9 / 10), ("ko", 7 / 8)])
def test_who_reads_forwards_stops_at_the_ceiling(language: str, forward: float) -> None:
    task = Tagging(language=language)
    assert task.forward_ceiling == forward
    for sentences in (task.held_out(), task._training, task.everything):
        assert sentences.mask.all() and sentences.reset is None
        assert ceiling(sentences, "past") == pytest.approx(forward, abs=1e-12)
        assert ceiling(sentences, "all") == 1
        assert ceiling(sentences, "last") <= forward
    assert task.chance < ceiling(task.held_out(), "bag") <= forward


def test_a_later_word_decides_the_tag() -> None:
    def tags(language: str, text: str) -> list[str]:
        tagged = [sentence for sentence, _ in Tagging(language=language).sentences]
        (found,) = [sentence for sentence in tagged if " ".join(word for word, _ in sentence) == text]
        return [tag for _, tag in found]

    assert tags("en", "the light is very bright")[:2] == ["determiner", "noun"]
    assert tags("en", "the light bulb is bright")[:2] == ["determiner", "adjective"]
    assert tags("ko", "나는 오늘 배를 먹는다") == ["person", "time", "food", "verb"]
    assert tags("ko", "나는 오늘 배를 탄다") == ["person", "time", "vehicle", "verb"]


def test_a_ceiling_by_hand() -> None:
    # a is answered 0, 0, 1 at the start; after a comes b, whose answer is that of a.
    batch = packed([([0, 1], [0, 0]), ([0, 1], [0, 0]), ([0, 1], [1, 1]), ([2, 0], [1, 1])])
    assert ceiling(batch, "nothing") == 4 / 8
    assert ceiling(batch, "last") == (2 + 2 + 1) / 8  # a: 0 0 1 1; b: 0 0 1; c: 1
    assert ceiling(batch, "past") == (2 + 2 + 1 + 1) / 8
    assert ceiling(batch, "bag") == (2 + 2 + 1 + 1) / 8
    with pytest.raises(ValueError, match="nothing to judge"):
        ceiling(packed([([0], [None])]), "past")


def test_order_is_what_a_bag_does_not_see() -> None:
    batch = packed([([0, 1], [None, 0]), ([1, 0], [None, 1])])
    assert [ceiling(batch, seen) for seen in ("bag", "past", "last")] == [0.5, 1, 1]


def test_the_registry_knows_them() -> None:
    assert [TASKS[name] for name in ("one-to-one", "one-to-many", "many-to-one", "delayed", "each step")] == [
        BloodPressure,
        Naming,
        Sentiment,
        Translation,
        Tagging,
    ]
