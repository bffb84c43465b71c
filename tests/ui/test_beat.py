"""The stage's questions beside runs of the whole page, on a real server: neither costs the other what it shows."""

import asyncio
from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest

from benchmarks.session import Answer, Frames, Session, component_trigger
from tests.serving import Server, serve

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serve() as running:
        yield running


def test_a_question_that_comes_just_after_a_click_costs_the_page_no_stage(server: Server) -> None:
    async def visit(url: str) -> list[Answer]:
        session = await Session.open(url, "seed=202")
        await session.click("play")
        answers = []
        for number in range(12):
            before = len(session.answers)
            widget, part = session._stage_at
            await session._ask()
            await asyncio.sleep(0.005 * (1 + number % 4))
            await session._ask(part, component_trigger(widget, "tick", -1))

            def runs(before: int = before) -> list[Answer]:
                return [answer for answer in session.answers[before:] if not answer.is_tick]

            await session.until(runs, 60)
            answers += runs()
        await session.close()
        return answers

    answers = asyncio.run(visit(server.url))
    with_a_stage = [answer.shown < answer.finished for answer in answers]
    assert len(answers) == 12 and all(with_a_stage), with_a_stage


def test_while_playing_another_learning_rate_runs_its_own_part_of_the_page_alone(server: Server) -> None:
    async def visit(url: str) -> tuple[Session, list[bool], list[int]]:
        session = await Session.open(url, "seed=204")
        await session.click("play")
        await session.until(lambda: session.stage is not None and session.stage.playhead > 3, 60)
        pages, forks = [], []
        for rate in ("0.02", "0.05"):
            before = len(session.answers)
            await session.choose("learning_rate", rate)
            await session.until(lambda rate=rate: rate in _caption(session), 60)
            pages += [answer.is_page for answer in session.answers[before:]]
            assert session.stage is not None
            forks = session.stage.header["forks"]
        await session.close()
        return session, pages, forks

    session, pages, forks = asyncio.run(visit(server.url))
    assert not any(pages) and not session.exceptions
    assert session.stage is not None and session.stage.playing
    (first, second) = forks
    assert parse_qs(session.address)["rates"] == [f"{first}:0.02,{second}:0.05"]


def test_another_learning_rate_runs_the_page_where_more_of_it_has_to_change(server: Server) -> None:
    """Paused, the picture is drawn anew; what was typed meanwhile, or is shown beside, hangs on the experiment."""

    async def visit(url: str, query: str, *, plays: bool) -> list[bool]:
        session = await Session.open(url, query)
        await session.click("step")
        if plays:
            await session.click("play")
        before = len(session.answers)
        await session.choose("learning_rate", "0.02")
        assert "0.02" in session.address, session.address
        await session.close()
        return [answer.is_page for answer in session.answers[before:] if not answer.is_tick]

    assert asyncio.run(visit(server.url, "seed=205", plays=False)) == [True]
    assert asyncio.run(visit(server.url, "train.tour=2", plays=True)) == [True]


def _caption(session: Session) -> str:
    """What a stage's last message calls the experiment; "" where it calls it what the one before did."""
    return "" if session.stage is None else session.stage.header.get("scene", {"caption": ""})["caption"]


def test_a_token_is_of_no_use_when_the_page_is_closed(server: Server) -> None:
    async def visit(url: str) -> list[int]:
        session = await Session.open(url, "seed=203")
        await session.click("play")
        session._clock.stop()
        assert session.stage is not None
        token, frames = session.stage.header["feed"], Frames(url)
        statuses = [(await frames.ask(token, 0, ""))[0]]
        await session.close()
        async with asyncio.timeout(60):
            while statuses[-1] != 410:
                statuses.append((await frames.ask(token, 0, ""))[0])
        await frames.close()
        return statuses

    assert asyncio.run(visit(server.url))[0] == 200
