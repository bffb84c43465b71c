"""The stage's questions beside runs of the whole page, on a real server: neither costs the other what it shows."""

import asyncio

import pytest

from benchmarks.session import Answer, Session, component_trigger
from tests.serving import serve

pytestmark = pytest.mark.slow


def test_a_question_that_comes_just_after_a_click_costs_the_page_no_stage() -> None:
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

    with serve() as server:
        answers = asyncio.run(visit(server.url))
    with_a_stage = [answer.shown < answer.finished for answer in answers]
    assert len(answers) == 12 and all(with_a_stage), with_a_stage
