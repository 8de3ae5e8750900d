"""What every source promises: nothing is lost that was not committed, and a position never goes back."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from furrow.adapters.bigquery_client import open_client
from furrow.adapters.bigquery_source import BigQuerySource
from furrow.adapters.files import FilesSource
from furrow.adapters.kafka import KafkaSource
from furrow.config import models
from furrow.engine.ports import Connection, Interval, Moved, Source
from furrow.errors import RequestRejected, SourceUnavailable
from furrow.local import broker
from furrow.store.database import open_database
from furrow.store.intervals import ReadIntervals
from tests.bigquery_server import BigQueryServer


@dataclass
class Place:
    """Somewhere that records can be put and a source can read them from."""

    put: Callable[[list[int]], None]
    open: Callable[[], Source]
    open_missing: Callable[[], Source]


def in_a_file(request: pytest.FixtureRequest) -> Place:
    folder: Path = request.getfixturevalue("tmp_path")

    def put(numbers: list[int]) -> None:
        with (folder / "in.jsonl").open("a") as file:
            file.writelines(json.dumps({"n": number}) + "\n" for number in numbers)

    def open_source(path: str = "in.jsonl") -> Source:
        return FilesSource(models.FilesSource(path=path), folder)

    return Place(put, open_source, lambda: open_source("missing.jsonl"))


def in_kafka(request: pytest.FixtureRequest, partitions: int) -> Place:
    running = request.getfixturevalue("kafka_broker")
    address, topic = running.address, request.getfixturevalue("topic_name")
    running.topic(topic, partitions)
    connection = Connection("kafka_default", "kafka", extra={"bootstrap.servers": address})

    def put(numbers: list[int]) -> None:
        broker.produce(address, topic, [broker.Message(str(number), {"n": number}) for number in numbers])

    def open_source(name: str = topic) -> Source:
        source = KafkaSource(models.KafkaSource(topic=name), connection, "used_goods")
        request.addfinalizer(source.close)
        return source

    return Place(put, open_source, lambda: open_source(f"{topic}-missing"))


def in_bigquery(request: pytest.FixtureRequest) -> Place:
    server: BigQueryServer = request.getfixturevalue("bigquery_server")
    folder: Path = request.getfixturevalue("tmp_path")
    intervals = ReadIntervals(open_database(f"sqlite:///{folder / 'furrow.db'}"))
    dataset, start = server.dataset(), datetime.now(UTC) - timedelta(days=1)
    server.rows(f"CREATE TABLE {dataset}.records (n INT64)")

    def put(numbers: list[int]) -> None:
        server.rows(f"INSERT {dataset}.records SELECT n FROM UNNEST({numbers}) n")

    def open_source(table: str = "records") -> Source:
        config = models.BigQuerySource(query=f"SELECT n FROM {dataset}.{table}", page_rows=30)
        interval = Interval(start, datetime.now(UTC))
        client = open_client(server.connection)
        source = BigQuerySource(config, client, "used_goods", intervals, interval)
        request.addfinalizer(source.close)
        return source

    return Place(put, open_source, lambda: open_source("missing"))


GIVES_ALL_AGAIN = {"file": in_a_file, "bigquery": in_bigquery}
KEEPS_A_POSITION = {
    "kafka, one partition": lambda request: in_kafka(request, 1),
    "kafka, four partitions": lambda request: in_kafka(request, 4),
}


def params(places: dict[str, Callable[[pytest.FixtureRequest], Place]]) -> list[Any]:
    marks = {name: [pytest.mark.broker] if "kafka" in name else [] for name in places}
    return [pytest.param(make, id=name, marks=marks[name]) for name, make in places.items()]


@pytest.fixture(params=params(GIVES_ALL_AGAIN | KEEPS_A_POSITION))
def place(request: pytest.FixtureRequest) -> Place:
    return request.param(request)


@pytest.fixture(params=params(KEEPS_A_POSITION))
def remembering(request: pytest.FixtureRequest) -> Place:
    return request.param(request)


def numbers(source: Source, limit: int | None = None) -> list[int]:
    return [json.loads(arrival.value)["n"] for arrival in source.read(limit)]


def test_every_record_comes_once(place: Place) -> None:
    place.put(list(range(200)))
    assert sorted(numbers(place.open())) == list(range(200))


def test_ids_are_unique_and_the_same_at_each_read(place: Place) -> None:
    place.put(list(range(50)))
    first = {arrival.id: arrival.value for arrival in place.open().read()}
    second = {arrival.id: arrival.value for arrival in place.open().read()}
    assert len(first) == 50
    assert first == second


def test_what_was_not_committed_comes_again(place: Place) -> None:
    place.put(list(range(20)))
    numbers(place.open())
    assert sorted(numbers(place.open())) == list(range(20))


def test_the_same_source_can_read_again(place: Place) -> None:
    place.put(list(range(20)))
    source = place.open()
    assert sorted(numbers(source)) == sorted(numbers(source)) == list(range(20))


def test_a_limit_ends_the_read(place: Place) -> None:
    place.put(list(range(20)))
    assert len(numbers(place.open(), limit=7)) == 7
    assert numbers(place.open(), limit=0) == []


def test_a_position_is_plain_json(place: Place) -> None:
    place.put(list(range(20)))
    source = place.open()
    numbers(source, limit=5)
    assert json.loads(json.dumps(source.position())) == source.position()


def test_a_committed_position_can_be_committed_again_by_another_process(place: Place) -> None:
    place.put(list(range(5)))
    source = place.open()
    numbers(source)
    position = json.loads(json.dumps(source.position()))
    place.open().commit(position)
    place.open().commit(position)


def test_nobody_moved_the_position_of_a_read_that_was_not_committed(place: Place) -> None:
    place.put(list(range(20)))
    source = place.open()
    numbers(source, limit=7)
    assert source.moved(source.position()) is Moved.NOT


def test_a_source_that_is_not_there_is_an_error_and_never_an_empty_read(place: Place) -> None:
    with pytest.raises((SourceUnavailable, RequestRejected), match=r"missing.*source\.|source\..*missing"):
        list(place.open_missing().read())


def test_after_a_commit_only_what_came_later_is_read(remembering: Place) -> None:
    remembering.put(list(range(20)))
    source = remembering.open()
    numbers(source)
    source.commit(source.position())
    assert numbers(remembering.open()) == []
    remembering.put([20, 21])
    assert sorted(numbers(remembering.open())) == [20, 21]


def test_a_commit_after_a_part_leaves_exactly_the_rest(remembering: Place) -> None:
    remembering.put(list(range(100)))
    got: list[int] = []
    for _ in range(20):
        source = remembering.open()
        part = numbers(source, limit=7)
        source.commit(source.position())
        source.close()
        got += part
    assert sorted(got) == list(range(100))


def test_a_read_that_is_broken_off_has_the_position_behind_its_last_record(remembering: Place) -> None:
    remembering.put(list(range(50)))
    source = remembering.open()
    reading = source.read()
    taken = [json.loads(next(reading).value)["n"] for _ in range(13)]
    source.commit(source.position())
    assert sorted(taken + numbers(remembering.open())) == list(range(50))


def test_a_commit_never_goes_back(remembering: Place) -> None:
    remembering.put(list(range(20)))
    early = remembering.open()
    numbers(early, limit=5)
    late = remembering.open()
    numbers(late)
    late.commit(late.position())
    early.commit(early.position())
    assert numbers(remembering.open()) == []


def test_a_read_sees_that_somebody_else_moved_the_position(remembering: Place) -> None:
    remembering.put(list(range(20)))
    source, other = remembering.open(), remembering.open()
    numbers(source)
    numbers(other, limit=7)
    assert source.moved(source.position()) is Moved.NOT
    other.commit(other.position())
    assert source.moved(source.position()) is not Moved.NOT


def test_another_process_sees_that_the_position_of_a_read_is_stored(remembering: Place) -> None:
    remembering.put(list(range(20)))
    source = remembering.open()
    numbers(source)
    position = json.loads(json.dumps(source.position()))
    source.commit(position)
    assert remembering.open().moved(position) is Moved.PAST


def test_a_position_before_any_read_commits_nothing(remembering: Place) -> None:
    remembering.put(list(range(3)))
    source = remembering.open()
    source.commit(source.position())
    assert sorted(numbers(remembering.open())) == [0, 1, 2]


def test_a_closed_source_opens_again(remembering: Place) -> None:
    remembering.put([1])
    source = remembering.open()
    assert numbers(source) == [1]
    source.close()
    assert numbers(source) == [1]
