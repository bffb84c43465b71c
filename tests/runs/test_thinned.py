from hypothesis import given
from hypothesis import strategies as st

from playground.runs.thinned import Thinned


@given(st.integers(1, 3000), st.integers(2, 40))
def test_what_is_kept_depends_on_the_newest_step_alone(newest: int, max_items: int) -> None:
    record: Thinned[int] = Thinned(max_items)
    for step in range(newest + 1):
        record.add(step, step)
    assert len(record) <= max_items
    assert list(record) == [step for step in range(newest + 1) if step % record.stride == 0]
    assert record.stride == 1 or newest // (record.stride // 2) + 1 > max_items


def test_too_many_bytes_thin_it_as_well_but_step_0_stays() -> None:
    record: Thinned[bytes] = Thinned(100, max_bytes=1000, size=len)
    for step in range(40):
        record.add(step, b"x" * 300)
    assert record.nbytes <= 1000 and record.nbytes == 300 * len(record)
    record = Thinned(100, max_bytes=10, size=len)
    record.add(0, b"x" * 300)
    assert list(record) == [0]


def test_an_unwanted_step_is_ignored() -> None:
    record: Thinned[str] = Thinned(2)
    for step, item in enumerate("abcde"):
        record.add(step, item)
    record.add(5, "f")
    assert list(record) == [0, 4]
    record.add(4, "again")
    assert record[4] == "e"


def test_latest_finds_the_item_at_or_before_a_step() -> None:
    record: Thinned[str] = Thinned(3)
    for step in range(9):
        record.add(step, str(step))
    assert record.stride == 4
    assert [record.latest(step)[0] for step in (0, 3, 4, 7, 8, 20)] == [0, 0, 4, 4, 8, 8]


def test_until_is_a_record_of_its_own() -> None:
    record: Thinned[str] = Thinned(10)
    for step in range(6):
        record.add(step, str(step))
    early = record.until(2)
    early.add(3, "other")
    assert [early[step] for step in early] == ["0", "1", "2", "other"]
    assert record[3] == "3"
    assert record.between(1, 3) == ["1", "2", "3"]
