"""Jobs are shared by what they compute, held by those who look, bounded, and end in one of a few ways."""

import threading

import pytest

from playground.jobs import registry as registry_module
from playground.jobs.registry import LOOKED_AT_SECONDS, UNWATCHED_SHARE
from playground.limits import Limits
from playground.refusal import Refusal
from tests.jobs.work import MEGABYTE, Counting, Server
from tests.waiting import wait_until

LIMITS = Limits(memory_mb=500, lease_seconds=60)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    return Server(monkeypatch, LIMITS)


# Shared and found again


def test_equal_descriptions_are_one_job_and_go_on_from_where_it_is(server: Server) -> None:
    ann = server.open("ann")
    assert (ann.state, ann.progress) == ("waiting", 0)
    ann.advance(0.0)
    bob = server.open("bob")
    assert bob.work is ann.work and bob.state == "running" and bob.work.counted == [0]
    assert not bob.advance(0.0) and ann.work.counted == [0, 1]
    assert ann.advance(60.0) and bob.state == ann.state == "done"
    assert bob.work.result == "counted to 4" and ann.progress == 1
    assert len(server.made) == 1 and server.open("cat").work.result == "counted to 4"


@pytest.mark.parametrize(("description", "kind"), [("b", "count"), ("a", "other")])
def test_another_description_or_kind_is_another_job(server: Server, description: str, kind: str) -> None:
    assert server.open("ann").work is not server.open("bob", description, kind).work


def test_who_comes_back_finds_the_job_where_it_was_left(server: Server) -> None:
    server.open("ann").advance(0.0)
    server.now += LIMITS.lease_seconds - 1  # on another page; after a reload it is another viewer
    assert server.open("reloaded").work.counted == [0] and len(server.made) == 1


def test_a_job_whose_owner_left_is_dropped_after_a_while_and_computed_anew(server: Server) -> None:
    left = server.open("ann")
    left.advance(0.0)
    server.now += LIMITS.lease_seconds + 1
    server.open("bob", "b")
    assert len(server.jobs) == 1 and server.jobs.nbytes == 10 * MEGABYTE
    assert server.open("ann").work.counted == [] and len(server.made) == 3


def test_nobody_looks_and_nothing_is_computed(server: Server) -> None:
    ann = server.open("ann")
    ann.advance(0.0)
    for number in range(5):
        server.now += 1
        server.open("bob", number)
    assert ann.work.counted == [0]


def test_with_other_settings_the_job_of_before_is_let_go_of(server: Server) -> None:
    before = server.open("ann", "a")
    before.advance(0.0)
    server.open("ann", "b").advance(60.0)
    entry = server.jobs._entries["count", "a"]
    assert not entry.watches and before.work.counted == [0]
    assert server.open("ann", "a").work.counted == [0], "it is still there for a while"
    server.open("ann", "a", kind="other")
    assert entry.watches.keys() == {"ann"}, "of another kind she may hold another"


def test_asked_for_twice_at_once_it_is_made_once(server: Server) -> None:
    """The second asks while the first still makes it, and waits for that one."""
    made, is_made, go_on, watches = [], threading.Event(), threading.Event(), []

    def make() -> Counting:
        made.append(Counting())
        is_made.set()
        assert go_on.wait(60)
        return made[-1]

    def ask(viewer: str) -> None:
        watches.append(server.jobs.open(viewer, "count", "a", make))

    threads = [threading.Thread(target=ask, args=(viewer,)) for viewer in "ab"]
    for thread in threads:
        thread.start()
    assert is_made.wait(60)
    wait_until(lambda: server.jobs._making.wanted_by(("count", "a")) == 2 or len(made) == 2)
    go_on.set()
    for thread in threads:
        thread.join(60)
    assert len(made) == 1 and watches[0].work is watches[1].work and len(server.jobs) == 1
    assert server.jobs.nbytes == 10 * MEGABYTE


def test_several_who_compute_at_once_do_every_piece_once(server: Server) -> None:
    watches = [server.open(viewer, pieces=200) for viewer in "abcd"]

    def help_out(number: int) -> None:
        while not watches[number].advance(0.0):
            pass

    threads = [threading.Thread(target=help_out, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert watches[0].work.counted == list(range(200))
    assert {watch.state for watch in watches} == {"done"}


# Pause, stop, go on


def test_what_is_paused_is_not_computed_and_goes_on_from_there(server: Server) -> None:
    ann = server.open("ann")
    ann.advance(0.0)
    ann.pause()
    assert ann.state == "paused" and ann.advance(60.0) and ann.work.counted == [0]
    assert server.open("ann").state == "paused", "at the next run of the page too"
    ann.go_on()
    assert ann.state == "running" and ann.advance(60.0) and ann.work.result == "counted to 4"


def test_after_a_reload_it_is_paused_as_it_was(server: Server) -> None:
    server.open("ann").pause()
    assert server.open("reloaded").state == "paused"
    server.open("bob").go_on()
    assert server.open("cat").state == "waiting", "somebody goes on with it"


def test_what_is_stopped_keeps_what_it_has_and_lets_go_of_the_rest(server: Server) -> None:
    ann = server.open("ann")
    ann.advance(0.0)
    held = ann.work.held
    assert held is not None and held() is not None
    ann.stop()
    assert ann.state == "stopped" and ann.work.counted == [0] and 0 < ann.progress < 1
    assert held() is None and server.jobs.nbytes < MEGABYTE
    assert ann.advance(60.0) and ann.work.counted == [0]
    reloaded = server.open("reloaded")
    assert reloaded.state == "stopped" and reloaded.work.counted == [0], "found as it was left"
    reloaded.go_on()
    again = server.open("reloaded")
    assert again.state == "waiting" and again.work.counted == [] and len(server.made) == 2
    assert again.advance(60.0) and again.work.result == "counted to 4"


def test_one_tab_that_stops_or_pauses_leaves_the_other_alone(server: Server) -> None:
    for end in ("stop", "pause"):
        one, other = server.open("one", end), server.open("other", end)
        one.advance(0.0)
        getattr(one, end)()
        assert one.state == ("stopped" if end == "stop" else "paused") and one.advance(60.0)
        assert other.state == "running" and other.work.counted == [0]
        assert not other.advance(0.0) and server.open("one", end).state == one.state
        assert other.advance(60.0) and one.state == "done", "and then it is done for both"


def test_who_has_left_keeps_nobody_from_stopping_it(server: Server) -> None:
    server.open("gone").advance(0.0)
    server.now += LOOKED_AT_SECONDS + 1
    server.open("ann").stop()
    assert server.jobs.nbytes < MEGABYTE and server.open("bob").state == "stopped"


def test_what_is_done_stays_done(server: Server) -> None:
    ann = server.open("ann")
    ann.advance(60.0)
    for press in (ann.stop, ann.pause, ann.go_on):
        press()
        assert server.open("ann").state == "done" and len(server.made) == 1
    assert server.jobs.nbytes < MEGABYTE, "what it needed on the way is gone"


# Failure


def broken(number: int) -> None:
    if number == 2:
        raise KeyError("no such thing")


def test_a_mistake_in_a_piece_is_written_down_once_and_said_in_a_sentence(server: Server) -> None:
    watches = [server.open(viewer, breaks=broken) for viewer in ("ann", "bob")]
    assert all(watch.advance(60.0) for watch in watches for _ in range(3))
    assert [type(error) for error in server.mistakes] == [KeyError]
    for watch in watches:
        assert watch.state == "failed" and str(watch.failure) == "It broke."
        assert watch.work.counted == [0, 1], "what there was before stays"
    assert server.open("cat").state == "failed" and len(server.made) == 1, "nobody runs into it again unasked"
    server.open("cat").go_on()
    assert server.open("cat").state == "waiting" and len(server.made) == 2


def test_a_mistake_is_forgotten_with_all_it_held(server: Server) -> None:
    ann = server.open("ann", breaks=broken)
    ann.advance(60.0)
    server.mistakes.clear()
    assert ann.work.held is not None and ann.work.held() is None


def test_a_refusal_in_a_piece_is_said_as_it_is(server: Server) -> None:
    def refuses(number: int) -> None:
        raise Refusal("text", "{field} cannot be used.")

    ann = server.open("ann", breaks=refuses)
    assert ann.advance(60.0) and ann.state == "failed" and server.mistakes == []
    assert str(ann.failure) == "text cannot be used."


def test_what_cannot_even_be_made_is_no_job(server: Server) -> None:
    def make() -> Counting:
        raise Refusal("text", "{field} cannot be used.")

    with pytest.raises(Refusal):
        server.jobs.open("ann", "count", "a", make)
    assert len(server.jobs) == 0 and server.jobs.nbytes == 0
    assert server.open("ann").state == "waiting"


# Bounds


def test_what_does_not_fit_is_refused_in_one_sentence(server: Server) -> None:
    server.open("ann", needs=90 * MEGABYTE).advance(0.0)
    with pytest.raises(Refusal, match=r"^This needs 20 MB of memory, and this server has 10 left") as info:
        server.open("bob", "b", needs=20 * MEGABYTE)
    assert info.value.field == "job" and str(info.value).count(".") == 1
    assert server.jobs.nbytes == 90 * MEGABYTE and len(server.jobs) == 1
    server.open("bob", "c", needs=10 * MEGABYTE)
    assert server.open("ann").work.counted == [0]
    assert not any(server.asked_with_the_lock), "who answers may want to make room here"


def test_what_nobody_holds_may_take_a_share_of_memory(server: Server) -> None:
    """The newest stay: of 6 MB each, three fit into 20."""
    assert UNWATCHED_SHARE * LIMITS.memory_mb == 20
    for number in range(6):
        server.now += 1
        server.open("ann", number, needs=6 * MEGABYTE)
    assert [description for _, description in server.jobs._entries] == [2, 3, 4, 5]


def test_there_are_only_so_many(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry_module, "MOST_JOBS", 5)
    for number in range(5):
        server.open(f"viewer {number}", number, needs=0)
    server.now += LOOKED_AT_SECONDS + 1
    server.open("viewer 0", 0, needs=0)
    for number in range(5, 8):
        server.open(f"viewer {number}", number, needs=0)
    kept = [description for _, description in server.jobs._entries]
    assert kept == [0, 4, 5, 6, 7], "those asked for longest ago have gone"


def test_what_is_dropped_is_forgotten_whole(server: Server) -> None:
    for number in range(20):
        server.open(f"viewer {number}", number).advance(60.0)
        server.now += LIMITS.lease_seconds + 1
    assert len(server.jobs) == 1 and len(server.jobs._held) == 1
