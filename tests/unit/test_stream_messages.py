"""Results and dead letters as messages, and results read back."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from furrow.engine.events import Event, Outgoing
from furrow.engine.ports import Row
from furrow.engine.record import Rejection
from furrow.errors import StoreDamaged
from furrow.streaming.messages import header, letter_message, result_message, result_row

TIME = datetime(2026, 11, 24, 9, tzinfo=timezone(timedelta(hours=9)))
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.dictionaries(
    TEXT, st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT | st.lists(TEXT)
)
BROKER_TAKES = 1024 * 1024


def event(value: bytes | None = b"{}", **more: object) -> Event:
    return Event(
        **{"topic": "t", "partition": 2, "offset": 7, "key": b"k", "value": value, "time": 0.0, **more}
    )


def arrived(out: Outgoing) -> Event:
    return Event(out.topic, 0, 0, out.key, out.value, 0.0, out.headers)


def size(out: Outgoing) -> int:
    headers = sum(len(name.encode()) + len(value) for name, value in out.headers)
    return len(out.value or b"") + len(out.key or b"") + headers


@given(TEXT.filter(bool), VALUES, TEXT, TEXT)
def test_a_result_comes_back_as_it_was(key: str, values: dict[str, object], release: str, run: str) -> None:
    row = Row(key, TIME, values, release, run, "kafka:t/2/7")
    out = result_message("results", row)
    assert result_row(arrived(out)) == row
    assert (out.topic, out.key) == ("results", key.encode())
    assert header(out.headers, "record_id") == "kafka:t/2/7"
    assert header(out.headers, "release") == release


@pytest.mark.parametrize("value", [None, b"", b"not json", b"[]", b'{"key": "a"}', b'"text"'])
def test_what_furrow_did_not_write_is_no_result(value: bytes | None) -> None:
    with pytest.raises(StoreDamaged, match="t/2/7 is no result"):
        result_row(event(value))


def test_a_letter_says_why_and_keeps_the_event_with_its_headers() -> None:
    came = event(b"\xff", headers=(("trace", b"1"), ("trace", b"2"), ("release", b"someone's")))
    out = letter_message("letters", came, Rejection("record_unreadable", "fetch", "not UTF-8 \ud800"), "v1@1")
    assert (out.key, out.value) == (b"k", b"\xff")
    assert [value for name, value in out.headers if name == "trace"] == [b"1", b"2"]
    assert [value for name, value in out.headers if name == "release"] == [b"v1@1"]
    told = {name: header(out.headers, name) for name, _ in out.headers}
    assert told["record_id"] == "kafka:t/2/7"
    assert (told["furrow_reason"], told["furrow_step"]) == ("record_unreadable", "fetch")
    assert (told["furrow_message"] or "").startswith("not UTF-8")


@pytest.mark.parametrize("length", [900_001, 10_000_000])
def test_a_letter_of_a_large_event_leaves_it_where_it_is(length: int) -> None:
    out = letter_message("letters", event(b"x" * length), Rejection("record_too_large", "fetch", "…"), "v1@1")
    assert out.value is None
    assert header(out.headers, "record_id") == "kafka:t/2/7"


@given(st.integers(0, 1_200_000), st.integers(0, 1_200_000), st.integers(0, 1_200_000))
def test_a_letter_is_never_larger_than_a_broker_takes(value: int, headers: int, key: int) -> None:
    came = event(b"v" * value, key=b"k" * key, headers=(("trace", b"h" * headers),))
    out = letter_message("letters", came, Rejection("reason", "step", "글" * 5000), "v1@1")
    assert size(out) < BROKER_TAKES
    assert header(out.headers, "record_id") == "kafka:t/2/7"
