"""What holds for every task: same seed, same batch; nothing held out is trained on; judged as counted by hand."""

import math
from collections import Counter
from dataclasses import FrozenInstanceError, fields, replace

import pytest
import torch
from torch import Tensor

from playground.batch import NOTHING, Batch
from playground.config import Range
from playground.refusal import Refusal
from playground.tasks import TASKS, Task, is_solved
from playground.tasks.drawing import HELD_OUT, SHARE, Drawn, _block, by_hash
from playground.tasks.fields import TASK_FIELD_LABELS, TASK_FIELDS
from playground.tasks.own import OWN
from playground.tasks.task import NOT_A_NUMBER, Success, judge
from tests.tasks.all_tasks import EVERY


@pytest.fixture(params=EVERY, name="task")
def each_task(request: pytest.FixtureRequest) -> Task:
    return EVERY[request.param]


def columns_of(tensor: Tensor) -> list[bytes]:
    """Each column of (T, 1, B) or (T, 1, B, E) as bytes that can be compared."""
    return [column.contiguous().numpy().tobytes() for column in tensor.transpose(0, 2)]


def parts(batch: Batch) -> list[Tensor]:
    return [part for each in fields(batch) if isinstance(part := getattr(batch, each.name), torch.Tensor)]


def assert_same(one: Batch, other: Batch) -> None:
    for mine, theirs in zip(parts(one), parts(other), strict=True):
        assert torch.equal(mine, theirs)


def test_the_language_model_comes_first() -> None:
    assert list(TASKS)[:5] == ["language", "one-to-one", "one-to-many", "many-to-one", "names"]


def test_a_batch_is_what_its_signature_says(task: Task) -> None:
    signature = task.signature
    for batch in (task.batch(0, 0), task.batch(5, 1000), task.held_out()):
        time, one, columns = batch.mask.shape
        assert one == 1 and batch.mask.dtype == torch.bool
        if task.name != "language":  # which fills up the last batch of an epoch
            assert batch.mask.any(0).all(), "of every sequence something is asked"
        if signature.reads == "symbols":
            assert batch.inputs.shape == (time, 1, columns) and batch.inputs.dtype == torch.int64
            assert ((batch.inputs >= NOTHING) & (batch.inputs < signature.input_size)).all()
        else:
            assert batch.inputs.shape == (time, 1, columns, signature.input_size)
        if signature.loss == "cross_entropy":
            assert batch.targets.shape == (time, 1, columns) and batch.targets.dtype == torch.int64
            assert ((batch.targets >= 0) & (batch.targets < signature.output_size)).all()
            assert not batch.targets[~batch.mask].any()
        else:
            assert batch.targets.shape == (time, 1, columns, signature.output_size)
        if batch.reset is not None:
            assert batch.reset.shape == batch.mask.shape and batch.reset.dtype == torch.bool


def test_all_batches_of_a_task_go_into_one_network(task: Task) -> None:
    shapes = {(len(parts(batch)), *batch.inputs.shape) for batch in (task.batch(s, 7 * s) for s in range(9))}
    assert len(shapes) == 1


def test_same_seed_and_step_same_batch(task: Task) -> None:
    asked = [(0, 0), (0, 1), (0, 70), (1, 0), (2**31 - 1, 10_000_000)]
    first = [task.batch(*each) for each in asked]
    _block.cache_clear()
    again = replace(task)
    assert again == task and hash(again) == hash(task)
    for batch, each in zip(reversed(first), reversed(asked), strict=True):
        assert_same(again.batch(*each), batch)
    assert_same(again.held_out(), task.held_out())


def test_seeds_and_steps_differ_unless_a_batch_holds_everything(task: Task) -> None:
    batches = [task.batch(0, 0), task.batch(0, 1), task.batch(1, 0)]
    if all(batch is batches[0] for batch in batches):
        return
    inputs = {batch.inputs.contiguous().numpy().tobytes() for batch in batches}
    assert len(inputs) > 1


def test_nothing_held_out_is_trained_on(task: Task) -> None:
    held_out = columns_of(task.held_out().inputs)
    trained = {column for step in range(150) for column in columns_of(task.batch(step % 3, step).inputs)}
    assert trained.isdisjoint(held_out) == task.disjoint
    assert len(set(held_out)) == len(held_out) <= HELD_OUT


def test_what_cannot_be_held_out_is_judged_as_it_was_learned(task: Task) -> None:
    def asked(batch: Batch) -> set[bytes]:
        columns = columns_of(batch.inputs.where(batch.mask, NOTHING))
        return {column for column, is_any in zip(columns, batch.mask[:, 0].any(0), strict=True) if is_any}

    if not task.disjoint:
        trained = {column for step in range(20) for column in asked(task.batch(0, step))}
        assert trained == asked(task.held_out())


@pytest.mark.parametrize("name", [name for name, task in EVERY.items() if task.name != "language"])
def test_autograd_can_read_a_batch_that_a_trainer_drew(name: str) -> None:
    task = EVERY[name]
    _block.cache_clear()
    with torch.inference_mode():
        batch = replace(task).batch(3, 3)
    assert not any(part.is_inference() for part in parts(batch))


def test_whoever_answers_right_is_right(task: Task) -> None:
    held_out = task.held_out()
    success = task.success(right_answers(task, held_out, replicas=3), held_out)
    assert success.measure == task.measure
    assert success.values == (0.0 if task.measure == "error" else 1.0,) * 3
    assert is_solved(task, success) == (True,) * 3


def test_whoever_answers_wrong_is_wrong(task: Task) -> None:
    held_out = task.held_out()
    outputs = right_answers(task, held_out, replicas=2).roll(1, -1) + (task.measure == "error")
    success = task.success(outputs, held_out)
    assert success.values == pytest.approx([1.0, 1.0] if task.measure == "error" else [0.0, 0.0], abs=1e-5)
    assert is_solved(task, success) == (False, False)


def right_answers(task: Task, batch: Batch, replicas: int) -> Tensor:
    """Outputs (T, R, B, O) of a network that knows."""
    if task.signature.loss == "squared_error":
        outputs = batch.targets
    else:
        outputs = torch.nn.functional.one_hot(batch.targets, task.signature.output_size).float()
    return outputs.expand(-1, replicas, -1, -1)


def best_constant(task: Task, batch: Batch) -> Tensor:
    """Outputs (T, 1, B, O) that do not depend on what is read: the best of all that are the same for every sequence."""
    if task.measure == "error":
        return batch.targets[batch.mask].mean(0).expand(*batch.mask.shape, -1)
    size = task.signature.output_size
    if task.measure == "exact":
        (best, _), *_ = Counter(tuple(column.tolist()) for column in batch.targets[:, 0].T).most_common()
        return torch.nn.functional.one_hot(torch.tensor(best), size)[:, None, None].expand(
            *batch.mask.shape, -1
        )
    constants = torch.eye(size).expand(*batch.mask.shape, -1, -1).unbind(-2)
    return max(constants, key=lambda outputs: task.success(outputs, batch).values)


def deviation(task: Task, n: int) -> float:
    """The standard deviation of the success of guessing on `n` sequences or answers."""
    if task.measure == "error":  # of (x − 1)², x the sum of two numbers from U(0, 1): E[(x − 1)⁴] = 1/15
        return math.sqrt((1 / 15 - 1 / 36) / n)
    return math.sqrt(task.chance * (1 - task.chance) / n)


def test_no_constant_answer_solves_what_is_held_out(task: Task) -> None:
    held_out = task.held_out()
    assert is_solved(task, task.success(best_constant(task, held_out), held_out)) == (False,)


def test_the_best_constant_answer_on_what_is_held_out_is_chance(task: Task) -> None:
    held_out = task.held_out()
    success = task.success(best_constant(task, held_out), held_out)
    once = 3 / success.n if task.measure == "exact" else 0  # some day may be there in three formats
    assert success.values[0] == pytest.approx(task.chance, abs=max(3 * deviation(task, success.n), once))


@pytest.mark.parametrize("name", [name for name, task in EVERY.items() if isinstance(task, Drawn)])
def test_the_best_constant_answer_in_training_is_chance(name: str) -> None:
    task = EVERY[name]
    assert isinstance(task, Drawn)
    training = task.training(torch.Generator().manual_seed(0), 4000)
    success = task.success(best_constant(task, training), training)
    once = 6 / success.n if task.measure == "exact" else 0
    assert success.values[0] == pytest.approx(task.chance, abs=max(4 * deviation(task, success.n), once))


@pytest.mark.parametrize("symbols", [2, 4, 8])
@pytest.mark.parametrize("time", [3, 8])
def test_neither_a_symbol_nor_two_of_them_tell_what_is_held_out(symbols: int, time: int) -> None:
    """Of all sequences, or of many: each symbol at each place, and each two at two places, is there as often."""
    drawn = torch.randint(symbols, (time, 1, 20_000), generator=torch.Generator().manual_seed(0))
    sequences = torch.tensor(list({tuple(column) for column in drawn[:, 0].T.tolist()})).T
    is_held_out = by_hash(sequences[:, None])
    for one in range(time):
        for other in range(time):
            pairs = sequences[one] * symbols + sequences[other]
            count = torch.bincount(pairs, minlength=symbols**2).double()
            held_out = torch.bincount(pairs[is_held_out], minlength=symbols**2)
            away = (held_out - count / SHARE).abs() / (count * (1 / SHARE) * (1 - 1 / SHARE)).sqrt().clamp(1)
            assert away.max() < 6


def test_the_same_numbers_are_on_the_same_side() -> None:
    vectors = torch.randn(3, 1, 500, 2, generator=torch.Generator().manual_seed(0))
    which = by_hash(vectors)
    order = torch.randperm(500, generator=torch.Generator().manual_seed(1))
    assert torch.equal(by_hash(vectors[:, :, order]), which[order])
    assert 30 < which.sum() < 100  # 62.5 ± 7.4


@pytest.mark.parametrize("distractors", [2, 3])
def test_all_cues_of_few_sequences_are_as_often_held_out(distractors: int) -> None:
    task = TASKS["recall"](distractors=distractors)
    assert isinstance(task, Drawn)
    digits = torch.arange(4 ** (distractors + 1)) // 4 ** torch.arange(distractors + 1)[:, None] % 4
    inputs = (digits + torch.tensor([0, *[4] * distractors])[:, None])[:, None]
    everything = Batch(inputs, inputs, torch.ones_like(inputs, dtype=torch.bool))
    (counts,) = torch.bincount(inputs[0, 0, task.is_held_out(everything)], minlength=4).unique()
    assert counts > 0


def test_of_few_lines_each_label_is_held_out() -> None:
    lines = [f"{'x' * n}{label} → {label}" for label in "ab" for n in range(7)]
    for count in (10, 12, 14):
        some = [*lines[: count // 2], *lines[7 : 7 + count // 2]]
        task = OWN["many-to-one"](lines="\n".join(some))
        held_out = task.held_out()
        assert held_out.targets[held_out.mask].bincount().tolist() == [1, 1]


def test_guessing_reaches_chance(task: Task) -> None:
    """The best constant answer, found by trying, on 2,000 sequences as they come."""
    draws = [task.batch(9, step) for step in range(120)]
    if task.measure == "error":
        targets = torch.cat([batch.targets[batch.mask] for batch in draws])
        assert targets.mean().item() == pytest.approx(1, abs=0.03)
        assert (targets - 1).square().mean().item() == pytest.approx(task.chance, abs=0.02)
    elif task.measure == "accuracy":
        of_each = torch.zeros(task.signature.output_size)
        for batch in draws:
            for answer in range(task.signature.output_size):
                outputs = torch.zeros(*batch.mask.shape, task.signature.output_size)
                outputs[..., answer] = 1
                of_each[answer] += task.success(outputs, batch).values[0] / len(draws)
        allowed = 0.12 if task.name.startswith("own") else 0.06  # of few sequences, some are held out
        assert of_each.max().item() == pytest.approx(task.chance, abs=allowed)


@pytest.mark.parametrize("name", [name for name, task in EVERY.items() if task.measure == "exact"])
def test_always_the_same_sequence_reaches_chance(name: str) -> None:
    task = EVERY[name]
    seen = {
        column
        for step in range(200)
        for batch in (task.batch(0, step), task.held_out())
        for column in columns_of(batch.targets)
    }
    if task.name != "dates":
        assert 1 / len(seen) == pytest.approx(task.chance)


def test_a_person_reads_what_the_numbers_say(task: Task) -> None:
    batch = task.batch(0, 0)
    outputs = right_answers(task, batch, replicas=2)
    mask = batch.mask[:, 0, 0].tolist()
    shown = task.show(batch, 0)
    assert len(shown.read) == len(shown.asked) == len(shown.answered) == len(mask)
    assert [bool(word) for word in shown.asked] == mask
    assert not any(shown.answered) and any(shown.read)
    assert task.show(batch, 0, outputs).answered == shown.asked
    if task.signature.reads == "symbols":
        read = batch.inputs[:, 0, 0] != NOTHING
        assert [bool(word) for word in shown.read] == read.tolist()


@pytest.mark.parametrize("kind", [*TASKS.values(), *OWN.values()], ids=lambda kind: kind.name)
def test_a_task_says_what_it_is(kind: type[Task]) -> None:
    assert kind.title and kind.tests.endswith(".")
    assert kind.shape in ("one-to-one", "one-to-many", "many-to-one", "delayed", "each step")


def test_a_task_does_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        TASKS["recall"]().batch_size = 3  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize(
    ("name", "values", "sentence"),
    [
        ("recall", {"distractors": 1}, "distractors must be a whole number from 2 to 200; got 1."),
        ("recall", {"distractors": 10**6}, "distractors must be a whole number from 2 to 200; got 1000000."),
        ("temporal order", {"length": 9}, "length must be a whole number from 10 to 200; got 9."),
        ("adding", {"length": 50.0}, "length must be a whole number from 10 to 200; got 50.0."),
        ("copy", {"symbols": 11}, "symbols must be a whole number from 3 to 10; got 11."),
        ("copy", {"blanks": 0}, "blanks must be a whole number from 1 to 100; got 0."),
        ("many-to-one", {"language": "fr"}, "language must be one of 'en', 'ko'; got 'fr'."),
        ("many-to-one", {"readout": "sum"}, "readout must be one of 'each', 'mean'; got 'sum'."),
        ("delayed", {"feed": "own"}, "feed must be one of 'target', 'nothing'; got 'own'."),
        ("dates", {"formats": 4}, "formats must be a whole number from 1 to 3; got 4."),
        ("one-to-one", {"noise": -1}, "noise must be a number from 0 to 8; got -1."),
        ("one-to-one", {"noise": float("nan")}, "noise must be a number from 0 to 8; got nan."),
        ("copy", {"batch_size": 65}, "batch_size must be a whole number from 1 to 64; got 65."),
    ],
)
def test_what_is_not_allowed_is_refused(name: str, values: dict[str, object], sentence: str) -> None:
    with pytest.raises(Refusal) as refused:
        TASKS[name](**values)
    assert str(refused.value) == sentence


def test_every_task_is_in_the_list_that_is_tested() -> None:
    assert {type(task) for task in EVERY.values()} == {*TASKS.values(), *OWN.values()}


def test_every_choice_is_in_the_table() -> None:
    ours = {each.name for kind in (*TASKS.values(), *OWN.values()) for each in fields(kind)} - {"text"}
    assert ours == TASK_FIELDS.keys()
    assert ours - TASK_FIELD_LABELS.keys() == {"batch_size", "tokens"}, "which the Train page has named"


@pytest.mark.parametrize("shortest", [True, False])
@pytest.mark.parametrize(
    ("name", "field"),
    [("recall", "distractors"), ("temporal order", "length"), ("adding", "length"), ("copy", "blanks")],
)
def test_the_shortest_and_the_longest_hold_out_something(name: str, field: str, shortest: bool) -> None:
    allowed = TASK_FIELDS[field]
    assert isinstance(allowed, Range)
    task = TASKS[name](**{field: allowed.low if shortest else allowed.high})
    assert task.held_out().mask.shape[2] >= 8
    assert task.batch(0, 0).mask.shape[2] == 16


def test_accuracy_exact_match_and_error_by_hand() -> None:
    # Two sequences of three timesteps; of the second one only the last two are asked for.
    targets = torch.tensor([[[0, 0]], [[1, 2]], [[2, 1]]])
    mask = torch.tensor([[[True, False]], [[True, True]], [[True, True]]])
    batch = Batch(targets, targets, mask)
    answers = torch.tensor(
        [
            [[0, 1], [0, 0]],  # what is not asked for does not count
            [[1, 2], [1, 2]],
            [[0, 1], [2, 1]],
        ]
    )
    outputs = torch.nn.functional.one_hot(answers, 3).float()
    assert judge("accuracy", outputs, batch) == Success("accuracy", (4 / 5, 1.0), 5)
    assert judge("exact", outputs, batch) == Success("exact", (1 / 2, 1.0), 2)
    numbers = Batch(targets[..., None].float(), targets[..., None].float(), mask)
    assert judge("error", answers[..., None].float(), numbers) == Success("error", (4 / 5, 0.0), 5)
    with pytest.raises(ValueError, match="nothing to judge"):
        judge("accuracy", outputs, replace(batch, mask=torch.zeros_like(mask)))


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_an_output_that_is_no_number_is_no_answer(task: Task, value: float) -> None:
    """One of three replicas goes wrong where something is asked, another where nothing is, if there is such a place."""
    held_out = task.held_out()
    outputs = right_answers(task, held_out, replicas=3).clone()
    t, _, column = held_out.mask.nonzero()[-1].tolist()
    outputs[t, 1, column, 0] = value
    outputs[:, 2, :, 0] = outputs[:, 2, :, 0].where(held_out.mask[:, 0], value)
    success = task.success(outputs, held_out)
    right = 0.0 if task.measure == "error" else 1.0
    assert math.isnan(success.values[1]) and (success.values[0], success.values[2]) == (right, right)
    assert is_solved(task, success) == (True, False, True)
    shown, said = task.show(held_out, column, outputs[:, 1:2]), task.show(held_out, column, outputs)
    assert shown.answered[t] == NOT_A_NUMBER and said.answered == said.asked
    assert (*shown.answered[:t], *shown.answered[t + 1 :]) == (*said.asked[:t], *said.asked[t + 1 :])
