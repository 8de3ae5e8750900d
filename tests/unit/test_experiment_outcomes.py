"""Outcomes as they are written by others: what counts, what cannot be read and is named, and from where."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from furrow.adapters.outcome_source import OutcomeFiles
from furrow.batch import outcomes as reading
from furrow.batch.outcomes import outcome_of, read_outcomes
from furrow.config.quality import Outcomes as Fields
from furrow.engine.ports import Arrival
from furrow.errors import SourceUnavailable, StoreUnavailable
from furrow.store.database import Database, open_database
from furrow.store.outcomes import OutcomeRow, Outcomes

FIELDS = Fields(files="clicks/*.jsonl", unit="user", value="clicked", time="at")
AT = "2026-11-25T21:00:00+09:00"


def line(**changed: Any) -> bytes:
    return json.dumps({"user": "minji", "clicked": True, "at": AT, **changed}).encode()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_database(f"sqlite:///{tmp_path / 'furrow.db'}")
    yield database
    database.close()


@pytest.fixture
def clicks(tmp_path: Path) -> Path:
    folder = tmp_path / "clicks"
    folder.mkdir()
    return folder


def source(folder: Path) -> OutcomeFiles:
    return OutcomeFiles("clicks/*.jsonl*", folder.parent)


@pytest.mark.parametrize(
    ("written", "worth"),
    [(True, 1.0), (False, 0.0), (3, 3.0), (-2, -2.0), (0.25, 0.25), (12900, 12900.0)],
)
def test_a_value_is_true_false_or_a_number(written: object, worth: float) -> None:
    row = outcome_of(Arrival("p", line(clicked=written)), FIELDS)
    assert row == OutcomeRow("p", "minji", worth, datetime(2026, 11, 25, 12, tzinfo=UTC))


@pytest.mark.parametrize(("written", "unit"), [("민지", "민지"), (17, "17"), ("a b", "a b")])
def test_a_unit_is_named_as_the_arms_name_it(written: object, unit: str) -> None:
    assert outcome_of(Arrival("p", line(user=written)), FIELDS).unit == unit


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[1]", "not a JSON object"),
        (b'{"user": "a", "clicked": NaN, "at": "2026-11-25T21:00:00+09:00"}', "not JSON"),
        (line(user=None), "`user`"),
        (line(user=""), "`user`"),
        (line(user=True), "`user`"),
        (line(user="a\0b"), "`user`"),
        (line(user=["a"]), "`user`"),
        (line(clicked="yes"), "`clicked`"),
        (line(clicked=None), "`clicked`"),
        (b'{"user": "a", "clicked": 1e999, "at": "2026-11-25T21:00:00+09:00"}', "not JSON"),
        (line(at="yesterday"), "`at`"),
        (line(at=None), "`at`"),
        (line(at=5), "`at`"),
        (line(at="2026-11-25T21:00:00"), "no offset"),
        (line(at="0001-01-01T00:00:00+09:00"), "`at`"),
        (b'{"user": "a", "clicked": 1}', "`at`"),
    ],
)
def test_what_cannot_be_read_says_which_field_and_why(value: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        outcome_of(Arrival("p", value), FIELDS)


@given(st.binary(max_size=60))
def test_no_bytes_are_fatal(value: bytes) -> None:
    try:
        outcome_of(Arrival("p", value), FIELDS)
    except ValueError as error:
        assert str(error)


@given(st.dictionaries(st.sampled_from(["user", "clicked", "at"]), st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just(AT),
    lambda inner: st.lists(inner, max_size=2),
)))  # fmt: skip
def test_no_json_is_fatal(content: dict[str, Any]) -> None:
    try:
        row = outcome_of(Arrival("p", json.dumps(content).encode()), FIELDS)
    except ValueError as error:
        assert str(error)
    else:
        assert row.unit and row.at.tzinfo is UTC and abs(row.value) < float("inf")


def test_each_line_counts_once_though_files_are_read_again_and_grow(clicks: Path, database: Database) -> None:
    table, file = Outcomes(database), clicks / "1.jsonl"
    file.write_bytes(line() + b"\n" + line() + b"\n")
    first = read_outcomes(source(clicks), FIELDS, table, "goods")
    with file.open("ab") as more:
        more.write(line() + b"\n")
    (clicks / "2.jsonl").write_bytes(line() + b"\n")
    second = read_outcomes(source(clicks), FIELDS, table, "goods")
    assert (first.read, first.new) == (2, 2)
    assert (second.read, second.new) == (4, 2)


def test_a_line_that_cannot_be_read_is_counted_and_named_and_the_others_count(
    clicks: Path, database: Database
) -> None:
    (clicks / "1.jsonl").write_bytes(
        b"\n".join([b"\xef\xbb\xbf" + line(), b"", b"{oops", line(user=None), line()])
    )
    found = read_outcomes(source(clicks), FIELDS, Outcomes(database), "goods")
    assert (found.read, found.new, found.unread) == (2, 2, 2)
    places = [place for place, _ in found.named]
    assert places == [f"{clicks}/1.jsonl#3", f"{clicks}/1.jsonl#4"]
    assert found.to_json()["unread_places"][1]["why"].startswith("`user`")


def test_names_of_bad_lines_do_not_grow_without_end_but_all_are_counted(
    clicks: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_NAMED", 3)
    (clicks / "1.jsonl").write_bytes(b"{\n" * 10)
    found = read_outcomes(source(clicks), FIELDS, Outcomes(database), "goods")
    assert (found.unread, len(found.named)) == (10, 3)


def test_every_line_is_told_to_the_progress_bar(clicks: Path, database: Database) -> None:
    (clicks / "1.jsonl").write_bytes(line() + b"\n{\n" + line())
    seen: list[int] = []
    read_outcomes(source(clicks), FIELDS, Outcomes(database), "goods", lambda: seen.append(1))
    assert len(seen) == 3


def test_compressed_files_are_read_too(clicks: Path) -> None:
    (clicks / "1.jsonl.gz").write_bytes(gzip.compress(line() + b"\n" + line()))
    assert [arrival.id for arrival in source(clicks).read()] == [f"{clicks}/1.jsonl.gz#{n}" for n in (1, 2)]
    assert [arrival.value for arrival in source(clicks).read(1)] == [line()]


def test_files_that_are_not_there_are_an_error_that_names_the_setting(clicks: Path) -> None:
    with pytest.raises(SourceUnavailable, match=r"experiment\.outcomes\.files"):
        list(source(clicks).read())


class Topic:
    """A source that remembers what was committed."""

    def __init__(self, values: list[bytes]):
        self.values, self.committed = values, list[Any]()

    def read(self, limit: int | None = None) -> Iterator[Arrival]:
        for number, value in enumerate(self.values):
            yield Arrival(f"kafka:clicks/0/{number}", value)

    def position(self) -> dict[str, Any]:
        return {"offset": len(self.values)}

    def commit(self, position: dict[str, Any]) -> None:
        self.committed.append(position)

    def close(self) -> None:
        """Nothing is open."""


class FullDisk(Outcomes):
    """The state database takes nothing."""

    def note(self, use_case: str, rows: Any) -> int:
        list(rows)
        raise StoreUnavailable("disk full")


def test_the_position_moves_only_once_everything_is_noted(database: Database) -> None:
    topic = Topic([line(), b"{", line()])
    with pytest.raises(StoreUnavailable):
        read_outcomes(topic, FIELDS, FullDisk(database), "goods")
    assert topic.committed == []
    assert read_outcomes(topic, FIELDS, Outcomes(database), "goods").new == 2
    assert topic.committed == [{"offset": 3}]
    assert read_outcomes(topic, FIELDS, Outcomes(database), "goods").new == 0
