"""How far a partition has come: only the resolved prefix is committed, never beyond a floor."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from furrow.engine.events import Event
from furrow.streaming.progress import Progress


def event(offset: int) -> Event:
    return Event("t", 0, offset, None, b"{}", float(offset))


@given(st.data())
def test_any_order_of_resolving_commits_the_contiguous_prefix_and_nothing_beyond(data: st.DataObject) -> None:
    gaps = data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=30))
    offsets = [sum(gaps[: n + 1]) for n in range(len(gaps))]  # transactions leave their markers between
    progress: Progress[str] = Progress(start=0)
    places = [progress.take(event(offset)) for offset in offsets]
    done: list[int] = []
    for index in data.draw(st.permutations(range(len(offsets)))):
        places[index].end = "done"
        prefix = progress.resolved(data.draw(st.integers(1, 40)))
        assert all(place.end for place in prefix)
        progress.done(len(prefix))
        done += [place.event.offset for place in prefix]
        open_ = [place.event.offset for place in places if place.end is None]
        assert done == offsets[: len(done)]
        assert all(offset > (done[-1] if done else 0) for offset in open_)
        assert progress.committed == (done[-1] + 1 if done else 0)
    while prefix := progress.resolved(7):
        progress.done(len(prefix))
        done += [place.event.offset for place in prefix]
    assert (done, len(progress), progress.committed) == (offsets, 0, offsets[-1] + 1)


@given(st.integers(0, 10), st.integers(0, 9))
def test_nothing_is_resolved_behind_an_event_that_is_not(resolved_before: int, floor: int) -> None:
    progress: Progress[str] = Progress(start=100)
    places = [progress.take(event(100 + number)) for number in range(10)]
    for number, place in enumerate(places):
        place.end = None if number == floor else "done"
    assert len(progress.resolved(20)) == floor
    assert len(progress.resolved(resolved_before)) == min(resolved_before, floor)


def test_an_offset_that_was_delivered_before_is_refused() -> None:
    progress: Progress[str] = Progress(start=5)
    with pytest.raises(ValueError, match="t/0/4 was delivered after offset 4"):
        progress.take(event(4))
    progress.take(event(5))
    with pytest.raises(ValueError, match="t/0/5 was delivered after offset 5"):
        progress.take(event(5))


def test_the_oldest_is_the_first_that_is_not_committed() -> None:
    progress: Progress[str] = Progress(start=0)
    assert progress.oldest is None
    for offset in (0, 1):
        progress.take(event(offset)).end = "done"
    assert progress.oldest == 0.0
    progress.done(1)
    assert (progress.oldest, len(progress)) == (1.0, 1)
