"""Bytes of a source -> a record, or the reason why it is none."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from furrow.config.models import RecordFields
from furrow.engine.ports import Arrival
from furrow.engine.reading import read_work
from furrow.engine.record import Outcome, Work
from tests.folders import record

FIELDS = RecordFields(key="id", time="at", max_bytes=1000)


def read(value: bytes) -> Work:
    return read_work(Arrival("kafka:t/0/1", value), FIELDS)


def test_a_good_record_is_read_with_its_key_and_event_time() -> None:
    work = read(json.dumps(record(1)).encode())
    assert work.open
    assert (work.record.key, work.record.time.isoformat()) == ("a1", "2026-11-24T09:00:00+09:00")


@pytest.mark.parametrize(
    ("value", "reason", "said"),
    [
        pytest.param("가격".encode("cp949"), "record_unreadable", "not UTF-8", id="not UTF-8"),
        pytest.param(b"", "record_unreadable", "not JSON", id="empty"),
        pytest.param(b'{"id": ', "record_unreadable", "not JSON", id="cut off"),
        pytest.param(b"[1]", "record_unreadable", "JSON object", id="not an object"),
        pytest.param(b'{"id": NaN}', "record_unreadable", "not JSON", id="NaN"),
        pytest.param(b'{"at": "2026-11-24T09:00:00+09:00"}', "key_missing", "`id`", id="no key"),
        pytest.param(
            b'{"id": null, "at": "2026-11-24T09:00:00+09:00"}', "key_missing", "`id`", id="key is null"
        ),
        pytest.param(
            b'{"id": "", "at": "2026-11-24T09:00:00+09:00"}', "key_missing", "`id`", id="key is empty"
        ),
        pytest.param(b'{"id": "a"}', "key_missing", "`at`", id="no event time"),
        pytest.param(b'{"id": "a", "at": "yesterday"}', "record_unreadable", "ISO 8601", id="time in words"),
        pytest.param(b'{"id": "a", "at": 7}', "record_unreadable", "ISO 8601", id="time as number"),
        pytest.param(
            b'{"id": "a", "at": "2026-11-24T09:00:00"}', "record_unreadable", "offset", id="no offset"
        ),
        pytest.param(
            b'{"id": "' + b"x" * 5_000_000 + b'"}', "record_too_large", "5,000,010 bytes", id="5 MB"
        ),
    ],
)
def test_what_is_no_record_is_rejected_with_a_reason_and_kept(value: bytes, reason: str, said: str) -> None:
    work = read(value)
    assert work.outcome is Outcome.REJECTED and work.rejection is not None
    assert work.rejection.reason == reason and said in work.rejection.message
    assert work.rejection.raw is not None
    if not work.rejection.raw.startswith("base64:"):
        assert work.rejection.raw.encode() == value


@given(st.binary(max_size=200))
def test_no_bytes_are_ever_dropped_or_raise(value: bytes) -> None:
    work = read(value)
    assert work.open or (work.rejection is not None and work.rejection.raw is not None)


JSON_TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@given(
    st.dictionaries(
        JSON_TEXT, JSON_TEXT | st.integers(-(2**53), 2**53) | st.booleans() | st.none(), max_size=5
    )
)
def test_a_work_survives_its_way_through_a_file(extra: dict[str, object]) -> None:
    work = read(json.dumps({**extra, **record(1)}, ensure_ascii=False).encode())
    again = Work.from_json(json.loads(json.dumps(work.to_json(), ensure_ascii=False)))
    assert again == work
