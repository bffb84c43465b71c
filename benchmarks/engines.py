"""The same measured by one engine or by both, in one command: `--engine torch`, `auto` or `both`."""

import argparse
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from benchmarks.table import Table, Target, ratio
from playground.kernels.engine import ENGINES, SETTING, using

BOTH = "both"


def add_option(parser: argparse.ArgumentParser) -> None:
    """Let a benchmark be told which engine computes."""
    text = f"which engine computes; both: one after the other, then compared; else as {SETTING} says"
    parser.add_argument("--engine", choices=(*ENGINES, BOTH), help=text)


def by_engines(
    engine: str | None, measure: Callable[[], Sequence[Table]], targets: Mapping[str, Target]
) -> list[Table]:
    """What is measured with an engine; of both, what each has measured, and what one is beside the other.

    engine: as `add_option` reads it. targets: by names of rows, what "auto" is to be beside "torch".
    """
    if engine is None:
        return [*measure()]
    if engine != BOTH:
        return _measured(engine, measure)
    auto = _measured("auto", measure)  # first: it is settled once whether this process has compiled loops
    torch_alone = _measured("torch", measure)
    pairs = zip(auto, torch_alone, strict=True)
    return [*auto, *torch_alone, *(_compared(*pair, targets) for pair in pairs)]


def _measured(engine: str, measure: Callable[[], Sequence[Table]]) -> list[Table]:
    with _computing(engine):
        return [Table(f"{table.title} (engine {engine})", table.rows) for table in measure()]


@contextmanager
def _computing(engine: str) -> Iterator[None]:
    """Servers that are started meanwhile, and this process, compute with an engine."""
    before = os.environ.get(SETTING)
    os.environ[SETTING] = engine
    try:
        with using(loops=engine != "torch"):
            yield
    finally:
        if before is None:
            del os.environ[SETTING]
        else:
            os.environ[SETTING] = before


def _compared(auto: Table, torch_alone: Table, targets: Mapping[str, Target]) -> Table:
    """Every number of a table beside that of another, row by row."""
    table = Table(f"{auto.title} / the same (engine torch)")
    for one, other in zip(auto.rows, torch_alone.rows, strict=True):
        value = None if one.value is None or other.value is None else ratio(one.value, other.value)
        table.add(one.name, value, "", targets.get(one.name))
    return table
