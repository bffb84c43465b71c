"""What holds for every task: same seed, same batch; nothing held out is trained on; judged as counted by hand."""

from dataclasses import FrozenInstanceError, fields, replace

import pytest
import torch
from torch import Tensor

from playground.batch import NOTHING, Batch
from playground.config import Range
from playground.refusal import Refusal
from playground.tasks import TASKS, Task, is_solved
from playground.tasks.drawing import HELD_OUT, _block
from playground.tasks.fields import TASK_FIELD_LABELS, TASK_FIELDS
from playground.tasks.own import OWN
from playground.tasks.task import Success, judge
from tests.tasks.all_tasks import EVERY


@pytest.fixture(params=EVERY, name="task")
def each_task(request: pytest.FixtureRequest) -> Task:
    return EVERY[request.param]


def columns_of(tensor: Tensor) -> list[bytes]:
    """Each column of (T, 1, B) or (T, 1, B, E) as bytes that can be compared."""
    return [column.contiguous().numpy().tobytes() for column in tensor.transpose(0, 2)]


def parts(batch: Batch) -> list[Tensor]:
    return [part for each in fields(batch) if (part := getattr(batch, each.name)) is not None]


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
        ("one-to-one", {"noise": -1}, "noise must be a number from 0 to 30; got -1."),
        ("one-to-one", {"noise": float("nan")}, "noise must be a number from 0 to 30; got nan."),
        ("copy", {"batch_size": 65}, "batch_size must be a whole number from 1 to 64; got 65."),
    ],
)
def test_what_is_not_allowed_is_refused(name: str, values: dict[str, object], sentence: str) -> None:
    with pytest.raises(Refusal) as refused:
        TASKS[name](**values)
    assert str(refused.value) == sentence


def test_every_choice_has_a_name() -> None:
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


def test_an_output_that_is_no_number_is_not_right_by_error() -> None:
    task = TASKS["adding"](length=10)
    held_out = task.held_out()
    outputs = torch.full((10, 1, held_out.mask.shape[2], 1), torch.nan)
    assert is_solved(task, task.success(outputs, held_out)) == (False,)
