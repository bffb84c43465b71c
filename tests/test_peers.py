"""Those whom the benchmark of an update compares with: they do the same work, and what is printed was measured."""

import math
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmarks import peers, training
from benchmarks.peers import C_LOOP, Peer, libraries_in, peers_of
from benchmarks.training import IN_TORCH, OURS, TORCH_NN, Result, Task, table
from benchmarks.turns import SLICE, Several, medians

needs_cc = pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")

# Takes 2 ms for each update; its loss is how many it has made.
WORKER = """
import sys
made = 0
for line in sys.stdin:
    made += int(line)
    print(0.002 * int(line), made, flush=True)
"""
BRAIN = """
class Net {
  constructor(options) { this.options = options; }
  initialize() {}
  trainPattern(text, asked) {
    const { inputSize, inputRange, outputSize, hiddenLayers } = this.options;
    if (!asked || [inputSize, inputRange, outputSize].some((size) => size !== 4)) throw new Error("sizes");
    if (String(hiddenLayers) !== "16" || text.length !== 5 || Math.min(...text) < 0) throw new Error("text");
    return 2 ** ((6 * Math.log2(5)) / (text.length - 1)) / 100; // six timesteps of 1 / 5 each
  }
}
exports.recurrent = { RNN: Net, LSTM: Net, GRU: Net };
"""
RECURRENT = """
var R = {
  RandMat: function (rows, columns) { this.rows = rows; this.columns = columns; },
  Solver: function () { this.step = (model, rate) => { if (rate !== 0.01) throw new Error("rate"); }; },
  Graph: function () { this.rowPluck = (table, row) => row; this.backward = () => {}; },
  initRNN: (input, hidden, output) => ({ input, hidden, output }),
  forwardRNN: (graph, model, hidden, x, before) => ({ o: { w: new Array(model.output).fill(0.2) } }),
  softmax: (m) => ({ w: m.w.slice() }),
};
"""


def hello(cell: str) -> Task:
    return Task(cell, 5, 16, 6, 1, 1, 60)


def measured(**microseconds: float) -> Result:
    task = Task("gru", 5, 16, 6, 1, 1, 60, peer=5, c_loop=1.3)
    named = {"ours": OURS, "in_torch": IN_TORCH, "nn": TORCH_NN, "brain": "brain.js", "c": C_LOOP}
    return Result(task, {named.get(name, name): value for name, value in microseconds.items()}, loops=True)


@pytest.fixture(autouse=True)
def short_warm_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "WARM_UP", 0.001)


def test_a_side_with_a_clock_of_its_own_is_asked_and_several_by_one_call_are_counted(
    monkeypatch: pytest.MonkeyPatch,
):
    clock = SimpleNamespace(now=0.0, process_time=lambda: clock.now, perf_counter=lambda: clock.now)
    monkeypatch.setattr("benchmarks.turns.time", clock)
    asked: list[float] = []

    class Own:
        def turn(self, seconds: float) -> float:
            asked.append(seconds)
            return 3.0

    def ten_updates() -> None:
        clock.now += SLICE / 4

    assert medians([Own(), Several(ten_updates, 10)], SLICE) == (3.0, pytest.approx(SLICE / 40))
    assert asked == [SLICE]


def test_a_peer_fills_its_turn_and_says_what_one_update_takes():
    peer = Peer([sys.executable, "-c", WORKER])
    assert peer.updates(3) == (pytest.approx(0.006), 3)
    assert peer.turn(0.05) == pytest.approx(0.002)
    assert peer.updates(1)[1] == 3 + 25 + 1
    peer.close()


def test_a_peer_that_ends_says_why():
    peer = Peer([sys.executable, "-c", "raise SystemExit('no such cell')"])
    with pytest.raises(RuntimeError, match="a peer has ended: no such cell"):
        peer.updates(1)


@needs_cc
@pytest.mark.parametrize("cell", training.CELLS)
def test_plain_c_loops_do_the_same_training(cell: str):
    config = training.config_for(hello(cell))
    faster = replace(config, training=replace(config.training, learning_rate=0.003))
    with peers_of(config, None) as found:  # it checks them
        again = Peer(found[C_LOOP].command)
        with pytest.raises(RuntimeError, match="the loss of update 1 must be"):
            peers.check(again, faster)
        again.close()


def test_several_sequences_have_no_peers():
    with peers_of(training.config_for(Task("rnn", 5, 16, 6, 2, 1, 1)), None) as found:
        assert found == {}


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node")
def test_libraries_for_the_browser_get_the_same_timesteps_symbols_and_units(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(peers, "COMPILE", ("no-compiler",))
    assert libraries_in(tmp_path) == []
    for place, source in (
        ("node_modules/brain.js/index.js", BRAIN),
        ("recurrentjs/src/recurrent.js", RECURRENT),
    ):
        (tmp_path / place).parent.mkdir(parents=True)
        (tmp_path / place).write_text(source)
    assert libraries_in(tmp_path) == ["brain.js", "recurrentjs"]
    with peers_of(training.config_for(hello("rnn")), tmp_path) as found:
        losses = {name: peer.updates(1)[1] for name, peer in found.items()}
    assert losses == {name: pytest.approx(math.log(5)) for name in ("brain.js", "recurrentjs")}
    with peers_of(training.config_for(hello("gru")), tmp_path) as found:
        assert list(found) == ["brain.js"]


def test_ratios_are_those_of_the_measured_times():
    result = measured(ours=10, in_torch=50, nn=700, brain=60, recurrentjs=80, c=8)
    assert (result.ratio, result.of_peers, result.of_c_loop) == (70, 6, 1.25)
    assert result.reached and not result.is_slower
    assert replace(result, task=replace(result.task, replicas=16)).ratio == 16 * 70


@pytest.mark.parametrize(
    "worse",
    [{"nn": 590}, {"recurrentjs": 49}, {"c": 7.6}, {"in_torch": 9}],
    ids=lambda worse: next(iter(worse)),
)
def test_nothing_is_reached_with_one_ratio_missed(worse: dict[str, float]):
    times = {"ours": 10, "in_torch": 50, "nn": 700, "brain": 60, "recurrentjs": 80, "c": 8}
    assert not measured(**(times | worse)).reached


def test_what_was_not_measured_is_a_stroke_and_misses_nothing():
    alone = measured(ours=10, in_torch=50, nn=700)
    assert (alone.of_peers, alone.of_c_loop, alone.reached) == (None, None, True)
    lines = table([alone, measured(ours=10, in_torch=9, nn=590, brain=45)]).splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert len({len(row) for row in cells}) == 1
    assert cells[2][3:] == ["10.0", "50.0", "700.0", "-", "-", "-", "70.00× (≥ 60×)", "-", "-"]
    assert cells[3][3:] == [
        "10.0 SLOWER than in torch", "9.0", "590.0", "45.0", "-", "-",
        "59.00× (≥ 60× MISSED)", "4.50× (≥ 5× MISSED)", "-",
    ]  # fmt: skip
