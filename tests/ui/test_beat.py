"""The stage's questions beside runs of the whole page, on a real server: neither costs the other what it shows."""

import asyncio
from collections.abc import Iterator

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
