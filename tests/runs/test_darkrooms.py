"""Darkrooms in bounded memory: the oldest go first, the newest stays, and pressure takes what nobody uses."""

import threading
from dataclasses import dataclass, replace

import pytest

from playground.config import ExperimentConfig, NetworkConfig
from playground.corpus import Corpus
from playground.refusal import Refusal
from playground.runs import album as album_module
from playground.runs import darkrooms as darkrooms_module
from playground.runs import registry as registry_module
from playground.runs.darkroom import Darkroom
from playground.runs.darkrooms import Darkrooms
from playground.runs.registry import AT_WORK_SECONDS
from playground.runs.run import Run
from playground.runs.size import Cost
from tests.runs.server import LARGE, PLENTY, Server, seed
from tests.runs.straight import Clock, alone
from tests.waiting import wait_until


@dataclass
class Dark:
    """Something with a weight that may change."""

    name: str
    nbytes: int = 10


@pytest.fixture
def rooms() -> Darkrooms[Dark]:
    return Darkrooms(Dark, most_bytes=35)


def test_each_is_made_once_and_those_used_longest_ago_go_first(rooms: Darkrooms[Dark]) -> None:
    a, b, c = rooms("a"), rooms("b"), rooms("c")
    assert rooms("a") is a and rooms("b") is b and rooms.nbytes == 30
    rooms("d")  # c was used longest ago
    assert rooms("a") is a and rooms("b") is b and rooms.nbytes == 30
    assert rooms("c") is not c


def test_two_who_want_one_at_once_have_it_built_once() -> None:
    """The second comes while the first builds."""
    built: list[Dark] = []
    is_wanted_twice = threading.Event()

    def build(name: str) -> Dark:
        assert is_wanted_twice.wait(60)
        built.append(Dark(name))
        return built[-1]

    rooms, found = Darkrooms(build), list[Dark]()
    threads = [threading.Thread(target=lambda: found.append(rooms("a"))) for _ in range(2)]
    for thread in threads:
        thread.start()
    wait_until(lambda: rooms._making.wanted_by(("a",)) == 2)
    is_wanted_twice.set()
    for thread in threads:
        thread.join(60)
    assert len(built) == 1 and found == built * 2


def test_the_newest_stays_however_large_it_is(rooms: Darkrooms[Dark]) -> None:
    for name in "ab":
        rooms(name)
    huge = rooms("huge", 1000)
    assert rooms("huge", 1000) is huge and rooms.nbytes == 1000
    assert rooms("c").nbytes == rooms.nbytes == 10


def test_one_that_grows_at_its_first_use_is_weighed_again(rooms: Darkrooms[Dark]) -> None:
    a, b = rooms("a"), rooms("b")
    b.nbytes = 30
    assert rooms.nbytes == 30 and rooms("b") is b and rooms("a") is not a


@pytest.mark.parametrize(("sizes", "most"), [((), 0), ((10, 20), 30), ((30, 30), 35), ((50, 30), 50)])
def test_how_much_they_take_at_most_is_known_by_their_sizes(
    rooms: Darkrooms[Dark], sizes: tuple[int, ...], most: int
) -> None:
    assert rooms.most_of(sizes) == most
    for number, size in enumerate(sorted(sizes)):
        rooms(str(number), size)
        assert rooms.nbytes <= most


@pytest.fixture
def darkroom(monkeypatch: pytest.MonkeyPatch) -> Darkrooms[Darkroom]:
    """Those of the process, of which there are none yet."""
    empty = Darkrooms(Darkroom)
    for module in (album_module, registry_module):
        monkeypatch.setattr(module, "darkroom", empty)
    return empty


def test_a_darkroom_weighs_what_it_keeps(darkroom: Darkrooms[Darkroom]) -> None:
    run = Run(ExperimentConfig(network=NetworkConfig(hidden_size=32)))
    assert run.frame(0).payload and len(run.frames(0, 0)) == 1
    (room, _), *others = darkroom._rooms.values()
    assert not others and darkroom.nbytes == room.nbytes >= room._network.nbytes > 100_000


def test_unused_ones_go_and_are_made_again_to_the_same_frames(
    darkroom: Darkrooms[Darkroom], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock().replace_in(monkeypatch.setattr, registry_module, darkrooms_module)
    server = Server(clock, darkrooms=darkroom)
    config = ExperimentConfig(network=NetworkConfig(hidden_size=24))
    run = server.open("a", config)
    run.advance(3)
    assert run.frame(1).payload == alone(config).payload(1)
    server.sweep()
    assert darkroom.nbytes > 0
    clock.now += AT_WORK_SECONDS + 1
    server.sweep()
    assert darkroom.nbytes == 0
    assert run.advance(2) == 2
    assert [run.frame(step).payload for step in (4, 5)] == [alone(config).payload(step) for step in (4, 5)]


HUGE = replace(LARGE, network=NetworkConfig(hidden_size=128, layers=3))


def cost(config: ExperimentConfig) -> Cost:
    return Cost.of(config, Corpus(config.text))


def test_the_darkroom_of_a_run_is_reserved_before_it_is_made(
    darkroom: Darkrooms[Darkroom], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a new run, and of one that has not been looked at yet; equal ones need it once."""
    server = Server(Clock().replace_in(monkeypatch.setattr, registry_module), darkrooms=darkroom)
    small, huge = cost(LARGE), cost(HUGE)
    assert min(huge.developing, small.developing) > 2_000_000
    server.set_room(small.at_work + huge.at_work + small.developing + huge.developing - 1_000_000)
    server.open("a", LARGE)
    with pytest.raises(Refusal, match="MB of memory"):
        server.open("b", HUGE)
    server.set_room(small.at_work + huge.at_work + small.developing + huge.developing + 1_000)
    server.open("b", HUGE)
    with pytest.raises(Refusal):
        server.open("c", seed(LARGE, 1))
    server.set_room(2 * small.at_work + huge.at_work + small.developing + huge.developing + 2_000)
    server.open("c", seed(LARGE, 1))
    assert len(server.registry) == 3


def test_a_darkroom_that_is_there_is_not_reserved_once_more(
    darkroom: Darkrooms[Darkroom], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server(Clock().replace_in(monkeypatch.setattr, registry_module), darkrooms=darkroom)
    run = server.open("a", LARGE)
    free = server.registry.make_free()
    assert run.frame(0).payload
    assert server.registry.make_free() == pytest.approx(free, abs=0.03 * darkroom.nbytes)


def test_who_comes_back_to_a_run_at_rest_needs_its_darkroom_as_well(
    darkroom: Darkrooms[Darkroom], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server(Clock().replace_in(monkeypatch.setattr, registry_module), darkrooms=darkroom)
    run = server.open("a", LARGE)
    server.clock.now += AT_WORK_SECONDS + 1
    server.set_room(0)
    server.sweep()
    assert run.is_parked
    server.set_room(cost(LARGE).at_rest + run._trainer_bytes + cost(LARGE).developing - 10_000)
    server.open("a", LARGE)
    with pytest.raises(Refusal):
        run.advance(1)
    server.set_room(cost(LARGE).at_rest + run._trainer_bytes + cost(LARGE).developing + 10_000)
    assert run.advance(1) == 1


def test_darkrooms_are_taken_off_the_room_of_runs_at_once(
    darkroom: Darkrooms[Darkroom], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They come and go within the minute over which everything else is measured."""
    server = Server(Clock().replace_in(monkeypatch.setattr, registry_module), darkrooms=darkroom)
    assert server.registry._room() == PLENTY
    run = Run(ExperimentConfig(network=NetworkConfig(hidden_size=64)))
    assert run.frame(0).payload
    assert server.registry._room() == PLENTY - darkroom.nbytes < PLENTY
    darkroom.let_go(float("inf"))
    assert server.registry._room() == PLENTY
