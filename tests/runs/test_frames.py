"""Frames, read back by their description: their numbers against autograd, their bytes however they were taken."""

import math
import threading
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from benchmarks.equations import EQUATIONS
from benchmarks.reference import TorchModel
from playground.cells import CELLS
from playground.config import ExperimentConfig, NetworkConfig, TextConfig, TrainingConfig
from playground.corpus import Corpus
from playground.pairs import pairs
from playground.runs import album as album_module
from playground.runs.darkroom import Exposure, darkroom
from playground.runs.kept import is_kept, last_kept
from playground.runs.layout import PLANE_BYTES
from playground.runs.run import Run
from playground.runs.viewer import Viewer
from playground.runs.wire import Track, encode
from tests.kinds import KINDS
from tests.runs.reachable import watched_by_collector
from tests.runs.reader import read_frame, read_message
from tests.runs.straight import alone, calm_registry, straight

SOME_KINDS = [("lstm", "tanh", 2), ("gru", "tanh", 1), ("rnn", "relu", 3), ("rnn", "sigmoid", 1)]


def experiment(
    cell: str = "lstm",
    nonlinearity: str = "tanh",
    layers: int = 1,
    *,
    hidden_size: int = 9,
    reduction: str = "mean",
    text: str = "hello world",
    **others: Any,
) -> ExperimentConfig:
    return ExperimentConfig(
        TextConfig(text, **others),
        NetworkConfig(cell, hidden_size, layers, nonlinearity=nonlinearity),
        TrainingConfig(learning_rate=0.002, reduction=reduction),  # so small that no loss becomes rounding
        seed=5,
    )


def read(run: Run, step: int) -> dict[str, Any]:
    return read_frame(run.frame(step).payload, run.layout.fields)


# The numbers, against autograd


def reading(config: ExperimentConfig, state: dict[str, Tensor], inputs: Tensor) -> dict[str, list[Tensor]]:
    """Every state and gate by name as T tensors (H,) on an autograd tape, in 64 bits, and the logits.

    The equations of torch.nn's documentation, one timestep at a time.
    """
    network = config.network
    weights = {name: tensor.double() for name, tensor in state.items()}
    found: dict[str, list[Tensor]] = {"logits": []}
    below = [torch.eye(weights["readout.weight"].shape[0]).double()[symbol] for symbol in inputs]
    for layer in range(network.layers):
        w_ih, w_hh = weights[f"rnn.weight_ih_l{layer}"], weights[f"rnn.weight_hh_l{layer}"]
        b_ih, b_hh = weights[f"rnn.bias_ih_l{layer}"], weights[f"rnn.bias_hh_l{layer}"]
        spec = CELLS[network.cell]
        states = tuple(torch.zeros(network.hidden_size, dtype=torch.float64) for _ in spec.states)
        phi = network.nonlinearity if spec.has_nonlinearity else "tanh"
        above = []
        for x in below:
            before = states
            values = EQUATIONS[network.cell, phi](x, before, w_ih, w_hh, b_ih, b_hh)
            states = tuple(values[name] for name in spec.states)
            h = values["h"] = states[0].requires_grad_()
            if spec.has_nonlinearity:
                values["phi"] = slope(phi, w_ih @ x + b_ih + w_hh @ before[0] + b_hh)
            for name, value in values.items():
                found.setdefault(f"l{layer}.{name}", []).append(value)
            above.append(h)
        below = above
    found["logits"] = [weights["readout.weight"] @ h + weights["readout.bias"] for h in below]
    return found


def slope(phi: str, a: Tensor) -> Tensor:
    """φ′(a), (H,), by autograd."""
    a = a.detach().requires_grad_()
    functions = {"tanh": torch.tanh, "relu": torch.relu, "sigmoid": torch.sigmoid, "linear": torch.clone}
    return torch.autograd.grad(functions[phi](a).sum(), a)[0]


def autograd(run: Run, step: int) -> tuple[dict[str, list[Tensor]], Tensor]:
    """`reading` of the watched sequence with the weights of `step`, and its losses (T,)."""
    state = {
        name: tensor.requires_grad_() for name, tensor in run.network_at(step).state_dict().items()
    }  # so that everything is on the tape
    found = reading(run.config, state, run.watched.inputs[:, 0, 0])
    losses = cross_entropy(torch.stack(found["logits"]), run.watched.targets[:, 0, 0], reduction="none")
    return found, losses


def norms(loss: Tensor, states: list[Tensor]) -> list[float]:
    """‖∂loss/∂s_t‖₂ of every timestep; 0 where the loss does not see the state."""
    gradients = torch.autograd.grad(loss, states, retain_graph=True, allow_unused=True)
    return [0.0 if gradient is None else gradient.norm().item() for gradient in gradients]


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_the_equations_above_are_those_of_torch_nn(cell: str) -> None:
    """The authority of this file, held to the authority of all."""
    run = Run(experiment(cell, layers=2))
    run.advance(5)
    model = TorchModel(run.config.network, run.corpus.signature, torch.float64)
    model.load_state_dict(run.network_at(5).state_dict(), strict=True)
    logits = model(model.encode(run.watched.inputs[:, 0]))[:, 0]
    found, losses = autograd(run, 5)
    torch.testing.assert_close(torch.stack(found["logits"]), logits, rtol=0, atol=1e-12)
    expected = cross_entropy(logits, run.watched.targets[:, 0, 0], reduction="none")
    torch.testing.assert_close(losses, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize(("cell", "nonlinearity"), KINDS)
def test_losses_and_gradients_are_autograds(
    cell: str, nonlinearity: str, layers: int, reduction: str
) -> None:
    run = Run(experiment(cell, nonlinearity, layers, reduction=reduction))
    run.advance(69)
    for step in (0, 20, 69):
        frame = read(run, step)
        found, losses = autograd(run, step)
        assert frame["losses"] == pytest.approx(losses.tolist(), rel=1e-4, abs=1e-5)
        total = losses.mean() if reduction == "mean" else losses.sum()
        for layer in range(layers):
            for state in run.layout.states:
                states = found[f"l{layer}.{state}"]
                for which, loss in (("sum", total), ("one", losses[run.layout.loss_at])):
                    expected = norms(loss, states)
                    shown = frame[f"l{layer}.{which}.{state}"]
                    assert shown == pytest.approx(expected, rel=2e-3, abs=1e-5 * max(expected)), which


@pytest.mark.parametrize(("cell", "nonlinearity", "layers"), SOME_KINDS)
def test_of_one_loss_alone_nothing_reaches_what_is_read_later(
    cell: str, nonlinearity: str, layers: int
) -> None:
    """Where the last prediction needs no memory, the loss looked at is an earlier one, and later ones do not count."""
    run = Run(experiment(cell, nonlinearity, layers, text="hellow"))
    run.advance(20)
    assert run.layout.loss_at == 3 and run.layout.length == 5
    frame = read(run, 20)
    found, losses = autograd(run, 20)
    for layer in range(layers):
        for state in run.layout.states:
            shown = frame[f"l{layer}.one.{state}"]
            expected = norms(losses[3], found[f"l{layer}.{state}"])
            assert shown == pytest.approx(expected, rel=2e-3, abs=1e-5 * max(expected))
            assert shown[4] == 0 < min(shown[:4])


@pytest.mark.parametrize(("cell", "nonlinearity", "layers"), SOME_KINDS)
def test_the_distance_of_a_pair_is_that_of_its_hidden_states(
    cell: str, nonlinearity: str, layers: int
) -> None:
    run = Run(experiment(cell, nonlinearity, layers))
    run.advance(30)
    assert run.layout.pairs == pairs(run.corpus) == ((2, 3), (4, 7), (3, 9))
    for step in (0, 30):
        frame, (found, _) = read(run, step), autograd(run, step)
        for layer in range(layers):
            h = found[f"l{layer}.h"]
            expected = [(h[b] - h[a]).norm().item() for a, b in run.layout.pairs]
            assert frame[f"l{layer}.apart"] == pytest.approx(expected, rel=1e-3), (step, layer)
    assert read(Run(experiment(text="abc")), 0)["l0.apart"] == []


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize(("cell", "nonlinearity"), KINDS)
def test_states_gates_and_odds_are_within_half_a_step_of_their_bytes(
    cell: str, nonlinearity: str, layers: int
) -> None:
    run = Run(experiment(cell, nonlinearity, layers))
    run.advance(69)
    layout = run.layout
    for step in (0, 69):
        frame = read(run, step)
        found, _ = autograd(run, step)
        for layer in range(layers):
            for state in layout.states:
                values = torch.stack(found[f"l{layer}.{state}"]).detach().T.numpy()  # (H, T)
                scale = frame[f"l{layer}.scale.{state}"]
                assert scale == pytest.approx(max(1.0, np.abs(values).max()), rel=1e-4)
                plane = np.array(frame[f"l{layer}.{state}"])
                np.testing.assert_allclose(plane / 127 * scale, values, atol=scale * (0.5 / 127 + 1e-4))
            for gate in layout.gates:
                values = torch.stack(found[f"l{layer}.{gate.name}"]).detach().T.numpy()
                plane, size = np.array(frame[f"l{layer}.{gate.name}"]), gate.high - gate.low
                shown = gate.low + plane / 254 * size
                np.testing.assert_allclose(shown, values, atol=size * (0.5 / 254 + 1e-4))
        probabilities = torch.stack(found["logits"]).softmax(1)
        for t, (odds, likeliest) in enumerate(zip(frame["odds"], frame["likeliest"], strict=True)):
            expected = probabilities[t].topk(layout.likeliest).values.tolist()
            assert [each / 65535 for each in odds] == pytest.approx(expected, abs=0.5 / 65535 + 1e-5)
            assert probabilities[t][likeliest].tolist() == pytest.approx(expected, abs=2e-5)
            assert len(set(likeliest)) == layout.likeliest


def distances(points: np.ndarray) -> np.ndarray:
    return np.linalg.norm(points[:, None] - points[None], axis=2)


@pytest.mark.parametrize(("cell", "nonlinearity", "layers"), SOME_KINDS)
def test_2_6_the_share_is_that_of_the_plane_that_is_shown(cell: str, nonlinearity: str, layers: int) -> None:
    """2.6: shares were those of single axes after turning (41/49 % where the true ones are 54/36 %).

    The plane is the principal one of the last kept step, by an SVD of our own; lengths within it are true.
    """
    run = Run(experiment(cell, nonlinearity, layers))
    run.advance(77)
    first = run.tapes[0].album.first
    assert not is_kept(77, first) and is_kept(20, first), "else this test shows nothing of one of the two"
    for step in (0, 20, 77):
        frame, of_plane = read(run, step), last_kept(step, first)
        for layer in range(layers):
            path = torch.stack(autograd(run, of_plane)[0][f"l{layer}.h"]).detach().numpy()
            plane = np.linalg.svd(path - path.mean(0))[2][:2].T  # (H, 2)
            here = torch.stack(autograd(run, step)[0][f"l{layer}.h"]).detach().numpy()
            centred = here - here.mean(0)
            seen = centred @ plane
            points = np.array(frame[f"l{layer}.xy"])
            np.testing.assert_allclose(distances(points), distances(seen), atol=2e-3 * np.abs(seen).max())
            share = (seen**2).sum() / (centred**2).sum()
            assert frame[f"l{layer}.share"] == pytest.approx(share, abs=2e-3)


@pytest.mark.parametrize(
    ("config", "threshold"),
    [(experiment(), 0.18), (experiment(text="one\nthree\nseven", batch_size=2), 0.4)],
    ids=["one window", "mini-batches"],
)
def test_what_the_update_measured_is_told_exactly(config: ExperimentConfig, threshold: float) -> None:
    """The same numbers as the curve's, of the batch of that very step, in 64 bits."""
    config = replace(config, training=TrainingConfig("sgd", 0.5, "norm", threshold, rates=((7, 2.0),)))
    run = Run(config)
    run.advance(30)
    clipped = 0
    for step in range(31):
        frame, update = read(run, step), straight(config).update(step)
        assert frame["step"] == step and frame["loss"] == update.nll[0]
        assert frame["gradient_norm"] == update.gradient_norm[0]
        assert frame["clipped_norm"] == update.clipped_norm[0]
        assert frame["learning_rate"] == (0.5 if step < 7 else 2.0) and frame["clipped"] == update.clipped[0]
        clipped += frame["clipped"]
    assert 0 < clipped < 31, "else this test shows nothing of clipping"


def test_a_single_layer_path_of_one_timestep_has_no_movement_and_no_share() -> None:
    frame = read(Run(experiment(text="ab")), 0)
    assert frame["l0.xy"] == [[0.0, 0.0]] and frame["l0.share"] == 0.0


# What is not finite


@pytest.mark.parametrize("bad", [math.inf, -math.inf, math.nan])
def test_3_5_what_is_not_finite_travels_as_what_it_is(bad: float) -> None:
    """3.5: ∞ was stored as 3.4e38, and one such frame blanked the heat maps of every step."""
    run = Run(experiment("rnn", "linear", hidden_size=6))
    run.advance(1)
    weights = run.snapshot_at(1).parameters[0].clone()
    network = run.network_at(1)
    network.parameters[0].copy_(weights)
    network.named_parameters()["rnn.bias_ih_l0"][0, 2] = bad
    update = straight(run.config).update(1)._replace(nll=(bad,), gradient_norm=(bad,))
    developed = darkroom(run.layout, run.config.network).develop(
        [Exposure(network.parameters[0].clone(), update), Exposure(weights, update._replace(nll=(1.0,)))],
        run.watched,
        "mean",
    )
    ill, well = (read_frame(record.tobytes(), run.layout.fields) for record in developed.records)
    with torch.inference_mode():
        h = network.trace(run.watched)["l0.h"][:, 0, 0].T  # (H, T)
    finite = h.isfinite().numpy()
    assert not finite[2].any() and finite.any() and not finite.all()
    np.testing.assert_array_equal(np.array(ill["l0.h"]) == -128, ~finite)
    largest = max(1.0, h[torch.from_numpy(finite)].abs().max().item())
    assert ill["l0.scale.h"] == pytest.approx(largest, rel=1e-6), "from finite numbers only"
    assert ill["loss"] == bad or (math.isnan(bad) and math.isnan(ill["loss"]))
    assert ill["gradient_norm"] == bad or (math.isnan(bad) and math.isnan(ill["gradient_norm"]))
    assert not np.isfinite(ill["losses"]).any()
    assert -128 not in np.array(well["l0.h"]) and np.isfinite(well["losses"]).all(), "beside it, nothing"
    assert well["loss"] == 1.0
    again = darkroom(run.layout, run.config.network).develop(
        [Exposure(weights, update._replace(nll=(1.0,)))], run.watched, "mean"
    )
    assert again.records[0].tobytes() == developed.records[1].tobytes(), "and nothing after it"


def test_3_5_an_exploded_frame_is_one_of_many() -> None:
    """The frames before it keep their scale, and its own path has no points instead of wrong ones."""
    config = ExperimentConfig(
        network=NetworkConfig("rnn", 8, nonlinearity="linear"), training=TrainingConfig("sgd", 10.0, "off")
    )
    run = Run(config)
    run.advance(500)
    end = run.step
    frame, before = read(run, end), read(run, end - 1)
    loss = straight(config).update(end).nll[0]
    assert frame["loss"] == loss or (math.isnan(loss) and math.isnan(frame["loss"]))
    assert np.isfinite(before["loss"]) and read(run, 0)["l0.scale.h"] < 100
    h = run.trace_at(end)["l0.h"][:, 0, 0]
    np.testing.assert_array_equal(np.array(frame["l0.h"]) == -128, ~h.isfinite().T.numpy())
    spread = (h.double() - h.double().mean(0)).square().sum().item()
    assert np.isnan(frame["l0.xy"]).all() == (not math.isfinite(spread)) == math.isnan(frame["l0.share"])


def test_gates_that_are_not_finite_have_a_byte_of_their_own() -> None:
    run = Run(experiment("lstm", hidden_size=6))
    network = run.network_at(0)
    network.named_parameters()["rnn.bias_ih_l0"][0, 6 + 1] = math.nan  # of f, unit 1
    update = straight(run.config).update(0)
    records = (
        darkroom(run.layout, run.config.network)
        .develop([Exposure(network.parameters[0].clone(), update)], run.watched, "mean")
        .records
    )
    frame = read_frame(records[0].tobytes(), run.layout.fields)
    f = np.array(frame["l0.f"])
    assert (f[1] == 255).all() and (f[0, 0] != 255) and max(map(max, read(run, 0)["l0.f"])) <= 254


# The bytes, however they were taken

SHAPES = [
    experiment("lstm", hidden_size=16, text="hello"),
    experiment("gru", layers=2, hidden_size=31),
    experiment("rnn", "relu", 3, hidden_size=7),
    experiment("lstm", hidden_size=17, text="ybigta ybigta", reduction="sum"),
]
named = pytest.mark.parametrize("config", SHAPES, ids=lambda c: f"{c.network.cell} {c.network.hidden_size}")


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Albums that keep little, so that most frames have to be taken on demand."""
    monkeypatch.setattr(album_module, "FIRST", (8,))
    monkeypatch.setattr(album_module, "RECENT", 4)
    alone.cache_clear()


@pytest.fixture(autouse=True)
def forget_short_albums():
    yield
    alone.cache_clear()


def assert_equals_alone(run: Run, steps: range | list[int]) -> None:
    for step in steps:
        assert run.frame(step).payload == alone(run.config).payload(step), step


@named
@pytest.mark.parametrize("count", [3, 8, 11])
def test_frames_developed_together_are_those_developed_alone(config: ExperimentConfig, count: int) -> None:
    run = Run(config)
    for start in range(0, 33, count):
        run.advance(count)
        frames = run.frames(start, run.step)
        assert len(frames) == count + 1
        for frame in reversed(frames):
            assert frame.payload == alone(config).payload(frame.step)


@named
def test_frames_are_the_same_by_run_by_walk_and_on_demand(config: ExperimentConfig, short: None) -> None:
    run = Run(config)
    run.advance(20)
    run.advance(30)
    assert len(run.frames(0, 50)) < 25, "else this test shows nothing"
    assert_equals_alone(run, [50, 37, 0, 8, 9, 49, 23, 50])
    walk = run.replay()
    for step in (3, 19, 20, 41):
        trainer = walk.go_to(step)
        assert trainer is not None
        assert run.expose(trainer).payload == alone(config).payload(step)


@named
def test_frames_are_the_same_after_a_fork(config: ExperimentConfig, short: None) -> None:
    """F1: the frame of the very step of the change once told the rate before."""
    run = Run(config)
    run.advance(40)
    for step in (12, 40, 33):
        changed = replace(config, training=config.training.changed(step, 0.05))
        forked = run.fork(changed, step)
        forked.advance(step + 6 - forked.step)
        assert_equals_alone(forked, range(step - 5, step + 7))
        assert read(forked, step)["learning_rate"] == 0.05
        assert read(run, step)["learning_rate"] == config.training.learning_rate


def test_frames_are_the_same_after_memory_was_short() -> None:
    run = Run(SHAPES[1])
    run.advance(40)
    while run.thin_tape():
        pass
    assert run.thin_checkpoints() and run.park()
    assert len(run.frames(0, 40)) < 20, "else this test shows nothing"
    assert_equals_alone(run, range(0, 41, 3))
    run.advance(10)
    assert_equals_alone(run, [50, 43, 22])


def test_frames_are_the_same_after_the_run_was_dropped() -> None:
    registry = calm_registry()
    viewer = Viewer(registry, SHAPES[0])
    viewer.go_to(90)
    viewer.settle()
    registry._drop(viewer.run_id)
    assert not viewer.is_settled and viewer.settle()
    assert [frame.payload for frame in viewer.frames_to_send()[-1:]] == [alone(SHAPES[0]).payload(90)]


def test_two_viewers_of_one_run_see_the_same_bytes(short: None) -> None:
    registry = calm_registry()
    ahead, behind = Viewer(registry, SHAPES[2]), Viewer(registry, SHAPES[2])
    ahead.go_to(60)
    for step in (5, 13, 27, 59, 60):
        behind.go_to(step)
        assert behind.settle()
        assert behind.frames_to_send()[-1].payload == alone(SHAPES[2]).payload(step)


def test_experiments_that_share_a_darkroom_see_their_own() -> None:
    """Texts of equal sizes, and both reductions, each in turn."""
    configs = [experiment(text=text, reduction=by) for text in ("abcabd", "bacbad") for by in ("mean", "sum")]
    runs = [Run(config) for config in configs]
    assert len({darkroom(run.layout, run.config.network) for run in runs}) == 1, (
        "else this test shows nothing"
    )
    for step in (3, 7):
        for run in runs:
            run.advance(step - run.step)
            assert run.frame(step).payload == alone(run.config).payload(step)
            found, losses = autograd(run, step)
            assert read(run, step)["losses"] == pytest.approx(losses.tolist(), rel=1e-4, abs=1e-5)
            total = losses.mean() if run.config.training.reduction == "mean" else losses.sum()
            assert read(run, step)["l0.sum.h"] == pytest.approx(norms(total, found["l0.h"]), rel=2e-3)


def test_frames_can_be_looked_at_while_others_are_taken() -> None:
    run = Run(SHAPES[1])
    seen: dict[int, set[bytes]] = {}
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            for frame in run.frames(0, 10_000):
                seen.setdefault(frame.step, set()).add(frame.payload)

    threads = [threading.Thread(target=look) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(15):
        run.advance(4)
    done.set()
    for thread in threads:
        thread.join(30)
    assert seen
    for step, payloads in seen.items():
        assert payloads == {alone(SHAPES[1]).payload(step)}


@named
def test_a_path_does_not_flip_from_step_to_step(config: ExperimentConfig) -> None:
    run = Run(config)
    run.advance(90)
    paths = np.array([read(run, step)["l0.xy"] for step in range(91)]).reshape(91, -1)
    movement = np.linalg.norm(np.diff(paths, axis=0), axis=1)
    flipped = np.linalg.norm(paths[1:] + paths[:-1], axis=1)
    assert (movement < flipped).all()


def test_a_payload_stays_the_same_object() -> None:
    run = Run(SHAPES[0])
    run.advance(30)
    before = {frame.step: frame.payload for frame in run.frames(0, 30)}
    run.advance(300)
    assert all(frame.payload is before[frame.step] for frame in run.frames(0, 30))


def test_what_waits_to_be_developed_is_bounded_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(experiment(hidden_size=64, layers=2))
    weights = run.snapshot_at(0).parameters.nbytes
    monkeypatch.setattr(album_module, "EXPOSED_BYTES", 5 * weights)
    held = []
    for _ in range(12):
        run.advance(1)
        exposed = [frame.exposure for frame in run.frames(0, 99)]
        held.append(sum(each is not None for each in exposed))
        assert held[-1] * weights <= run.tapes[0].album.nbytes <= run.nbytes
    assert 3 <= max(held) <= 5 and min(held) == 0


def test_what_a_step_measured_is_the_same_once_its_frame_is_developed() -> None:
    run = Run(replace(SHAPES[1], training=TrainingConfig("sgd", 0.01, "norm", 3.25, reduction="sum")))
    run.advance(20)
    taken = [frame.update for frame in run.frames(0, 19)]
    assert run.frames(0, 19)[-1].payload and all(frame.exposure is None for frame in run.frames(0, 19))
    assert [frame.update for frame in run.frames(0, 19)] == taken
    assert {each.clipped for each in taken} == {(True,), (False,)} and len({each.loss for each in taken}) > 1


@pytest.mark.parametrize("value", [math.inf, -math.inf])
def test_what_is_not_finite_is_the_same_once_developed(value: float) -> None:
    run = Run(SHAPES[0])
    given = run.tapes[0].newest._replace(step=7, loss=(value,), gradient_norm=(value,), finite=False)
    frame = run.tapes[0].album.expose(run.snapshot_at(0).parameters[0], given)
    assert frame.payload and frame.exposure is None and frame.update == given


def test_the_garbage_collector_looks_at_one_object_a_frame_and_at_none_of_a_checkpoint() -> None:
    """Two objects a frame, and eight a checkpoint, once made it stop a class of a hundred for 0.2 s every ten."""
    run = Run(SHAPES[0])

    def recorded(steps: int) -> tuple[int, int]:
        run.advance(steps, shots=steps)
        assert all(frame.payload for frame in run.frames(0, run.step))
        return watched_by_collector(vars(run)), len(run.frames(0, run.step))

    recorded(20)  # what is there once
    (before, frames), (after, more) = recorded(0), recorded(40)
    assert more - frames == 40 and after - before <= 1.5 * 40, "and two of each sample"


# Sizes and messages


def test_a_frame_of_the_reference_size_is_small() -> None:
    config = experiment(hidden_size=32, text="the quick brown fox jumps over", sequence_length=25)
    run = Run(config)
    assert run.layout.length == 25 and run.layout.units == 32 and run.layout.nbytes <= 6000


def test_a_wide_network_shows_its_first_units() -> None:
    run = Run(experiment(layers=3, hidden_size=128, text="the quick brown fox jumps over the dog"))
    units = run.layout.units
    planes = sum(math.prod(shape) for _, kind, shape in run.layout.fields if kind in ("i1", "u1"))
    assert 4 <= units < 128 and planes <= PLANE_BYTES + 1000
    h = run.trace_at(0)["l2.h"][:, 0, 0, :units].T.numpy()
    np.testing.assert_allclose(np.array(read(run, 0)["l2.h"]) / 127, h, atol=0.5 / 127 + 1e-4)


@pytest.mark.parametrize("steps", [0, 1, 5, 30])
def test_a_message_is_what_its_header_says(steps: int) -> None:
    config = replace(SHAPES[1], training=TrainingConfig("sgd", 0.5, "norm", 0.6))
    run = Run(config)
    run.advance(steps)
    points = run.curve_points(steps).thinned(7)
    scene = {"inputs": ["안", "</script>"], "frame": run.layout.fields}
    message = read_message(encode({"run": "r1"}, [Track({"scene": scene}, points, run.frames(0, steps))]))
    assert message.header["version"] == 4 and message.header["scene"]["inputs"] == ["안", "</script>"]
    assert message.frames == [alone(config).payload(step) for step in range(steps + 1)]
    fields = message.header["scene"]["frame"]
    assert [read_frame(each, fields)["step"] for each in message.frames] == list(range(steps + 1))
    curve = message.curve
    assert list(curve) == ["step", "loss", "gradient_norm", "clipped_norm", "clipped", "share"]
    before = -1
    for row, step in enumerate(curve["step"]):
        update = straight(config).update(int(step))
        assert curve["loss"][row] == np.float32(update.nll[0])
        assert curve["gradient_norm"][row] == update.gradient_norm[0]
        assert curve["clipped_norm"][row] == update.clipped_norm[0]
        assert curve["clipped"][row] == update.clipped[0]
        since = [straight(config).update(s).clipped[0] for s in range(before + 1, int(step) + 1)]
        assert curve["share"][row] == -(-sum(since) * 255 // len(since)), "rounded up: any that was counts"
        before = int(step)
    assert (curve["step"][0], curve["step"][-1]) == (0, steps)


def test_numbers_that_are_not_finite_travel_in_a_message() -> None:
    corpus = Corpus(TextConfig("hello"))
    config = ExperimentConfig(
        network=NetworkConfig("rnn", 8, nonlinearity="linear"), training=TrainingConfig("sgd", 10.0, "off")
    )
    run = Run(config, corpus)
    run.advance(500)
    message = read_message(encode({}, [Track({}, run.curve_points(run.step), run.frames(0, run.step))]))
    update = straight(config).update(run.step)
    assert not math.isfinite(message.curve["loss"][-1]) or not math.isfinite(update.gradient_norm[0])
    assert np.isfinite(message.curve["loss"][:-2]).all()
    with pytest.raises(ValueError):
        encode({}, [Track({"perplexity": math.nan}, run.curve_points(0), [])])


def test_no_frames_and_no_points_are_a_message_too() -> None:
    run = Run(SHAPES[0])
    message = read_message(encode({}, [Track({}, run.curve_points(-1), [])]))
    assert message.frames == [] and message.header["frames"] == {"count": 0, "size": 0}
    assert all(column == [] for column in message.curve.values())
