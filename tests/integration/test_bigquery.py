"""BigQuery as a source and a sink, against bqemulator; what it cannot show is in docs/bigquery.md."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from furrow.adapters.bigquery_client import open_client
from furrow.adapters.bigquery_schema import TableName
from furrow.adapters.bigquery_sink import BigQuerySink
from furrow.adapters.bigquery_source import BEGINNING, BigQuerySource
from furrow.adapters.environment_connections import EnvironmentConnections
from furrow.assembly import Deployment, open_run
from furrow.config import models
from furrow.config.models import Stream
from furrow.config.settings import Settings
from furrow.engine.ports import Interval, Row
from furrow.errors import ConfigError, OptionUnknown, RequestRejected, SinkUnavailable
from furrow.store.database import open_database
from furrow.store.intervals import ReadIntervals
from furrow.store.replicas import Seat
from furrow.stream_assembly import Sinks
from furrow.streaming.follower import Follower
from furrow.streaming.messages import result_message
from furrow.testing import MemoryFeed
from tests.bigquery_server import BigQueryHome, BigQueryServer
from tests.features import NOW, OUTPUT, VALUES, Home, row, write_version
from tests.folders import FolderOfPrompts
from tests.stream.processes import until

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
HOSTILE = [
    "'; DROP TABLE goods; --",
    '"} {"key": "other"}',
    "`a1` OR TRUE",
    "@keys \\' \\\" \x01 \n \u2028 {{ 7 * 7 }}",
    "🐘" * 50,
]


@pytest.fixture
def goods(tmp_path: Path, bigquery_server: BigQueryServer) -> BigQueryHome:
    """A use case with a result field of every type, and a dataset for its table."""
    settings = Settings.from_environment({"FURROW_HOME": str(tmp_path / "home")})
    FolderOfPrompts.write(settings.prompts)
    write_version(Home(settings.home).prompts)
    return BigQueryHome(settings, Home(settings.home).use_case, bigquery_server)


# --- the table ---------------------------------------------------------------------------------------


def test_the_table_is_made_from_the_fields_partitioned_by_day_and_clustered_by_key(
    goods: BigQueryHome,
) -> None:
    goods.store().publish([row()])
    table = goods.server.client().get_table(goods.config.table)
    assert (table.time_partitioning.type_, table.time_partitioning.field) == ("DAY", "event_time")
    assert table.clustering_fields == ["key"]
    # The emulator gives names back as they came; BigQuery says INTEGER, FLOAT and BOOLEAN.
    columns = {column.name: (column.field_type, column.mode) for column in table.schema}
    assert columns == {
        "key": ("STRING", "REQUIRED"),
        "event_time": ("TIMESTAMP", "REQUIRED"),
        "release": ("STRING", "REQUIRED"),
        "run_id": ("STRING", "REQUIRED"),
        "record_id": ("STRING", "REQUIRED"),
        "published_at": ("TIMESTAMP", "REQUIRED"),
        "brand": ("STRING", "NULLABLE"),
        "price_krw": ("INT64", "NULLABLE"),
        "weight": ("FLOAT64", "NULLABLE"),
        "sold": ("BOOL", "NULLABLE"),
        "condition": ("STRING", "NULLABLE"),
        "made": ("DATE", "NULLABLE"),
        "tags": ("STRING", "REPEATED"),
        "sizes": ("INT64", "REPEATED"),
        "ratios": ("FLOAT64", "REPEATED"),
    }


def test_nothing_is_null_but_what_was_null_and_a_null_list_is_empty(goods: BigQueryHome) -> None:
    nothing = {name: None for name in VALUES if name != "condition"}
    goods.store().publish([row(**nothing, condition="new")])
    read = goods.store().read(["a1"])["a1"]
    stamps = {"release", "run_id", "record_id", "event_time"}
    assert {name for name in read.keys() - stamps if read[name] is not None} == {
        "condition",
        "tags",
        "sizes",
        "ratios",
    }
    assert read["tags"] == read["sizes"] == read["ratios"] == []


def test_a_new_version_adds_its_columns_and_the_old_rows_have_none(goods: BigQueryHome) -> None:
    goods.store().publish([row("a1")])
    prompts = Home(goods.settings.home).prompts
    write_version(prompts, "v2", OUTPUT + "colour: {type: string, nullable: true}\n")
    later = goods.store(prompts.load())
    assert later.publish([row("a2", release="v2@2", colour="red")]) == 1
    read = later.read(["a1", "a2"])
    assert (read["a1"]["colour"], read["a2"]["colour"]) == (None, "red")
    shown = goods.server.rows(f"SELECT key, colour FROM {goods.table[:-1]}_newest` ORDER BY key")
    assert shown == [{"key": "a1", "colour": None}, {"key": "a2", "colour": "red"}]


def test_an_old_version_still_writes_to_a_table_that_has_more_columns(goods: BigQueryHome) -> None:
    prompts = Home(goods.settings.home).prompts
    write_version(prompts, "v2", OUTPUT + "colour: {type: string, nullable: true}\n")
    goods.store(prompts.load()).publish([row("a1", colour="red")])
    assert goods.store().publish([row("a2"), row("a3")]) == 2
    assert {past["key"]: past["colour"] for past in goods.history()} == {"a1": "red", "a2": None, "a3": None}


def test_a_column_of_another_type_stops_the_run_and_says_what_to_do(goods: BigQueryHome) -> None:
    goods.store().publish([row("a1")])
    prompts = Home(goods.settings.home).prompts
    write_version(prompts, output=OUTPUT.replace("{type: integer", "{type: string"))
    changed = pytest.raises(
        RequestRejected, match=r"`price_krw` is INT64, the result field is STRING; .*name"
    )
    with changed:
        goods.store(prompts.load()).publish([row("a2", price_krw="nine")])
    assert [past["key"] for past in goods.history()] == ["a1"]


def test_two_versions_that_give_a_name_two_types_are_a_config_error(goods: BigQueryHome) -> None:
    prompts = Home(goods.settings.home).prompts
    write_version(prompts, "v2", OUTPUT.replace("{type: list, items: integer", "{type: list, items: string"))
    with pytest.raises(ConfigError, match=r"goods/v2/steps.yaml: result field `sizes`"):
        goods.store(prompts.load())


def test_without_create_nothing_is_made(goods: BigQueryHome) -> None:
    theirs = BigQueryHome(goods.settings, goods.use_case, goods.server, create=False)
    with pytest.raises(RequestRejected, match="it is not there"):
        theirs.store().publish([row()])
    theirs.server.rows(f"CREATE TABLE {theirs.table} (key STRING)")
    with pytest.raises(RequestRejected, match=r"it lacks the columns event_time, release"):
        theirs.store().publish([row()])
    assert theirs.tables() == {"goods"}


def test_a_table_that_stands_where_the_view_should_is_left_alone(goods: BigQueryHome) -> None:
    goods.server.rows(f"CREATE TABLE {goods.table[:-1]}_newest` (n INT64)")
    with pytest.raises(RequestRejected, match=r"goods_newest is no view"):
        goods.store().publish([row()])


def test_the_view_has_the_newest_row_of_each_key(goods: BigQueryHome) -> None:
    goods.store().publish([row("a1", hours=1, brand="new"), row("a2", brand="two")])
    goods.store().publish([row("a1", brand="late"), row("a2", release="v2@2", brand="again")])
    shown = goods.server.rows(f"SELECT key, brand, release FROM {goods.table[:-1]}_newest` ORDER BY key")
    assert [tuple(one.values()) for one in shown] == [
        ("a1", "new", "v1@00000001"),
        ("a2", "again", "v2@2"),
    ]


# --- publishing --------------------------------------------------------------------------------------


def test_what_looks_like_sql_or_json_stays_data(goods: BigQueryHome) -> None:
    rows = [
        replace(row(f"{number} {text}", brand=text, tags=[text]), record_id=f"{number} {text}", run_id=text)
        for number, text in enumerate(HOSTILE)
    ]
    store = goods.store()
    assert store.publish(rows) == len(rows)
    assert store.publish(rows) == len(rows)
    read = store.read([one.key for one in rows])
    assert [read[one.key]["brand"] for one in rows] == HOSTILE
    assert [read[one.key]["tags"] for one in rows] == [[text] for text in HOSTILE]
    assert len(goods.history()) == len(rows)


def test_a_text_that_is_not_unicode_is_a_rejected_request(goods: BigQueryHome) -> None:
    with pytest.raises(RequestRejected, match="the result of 'a1' is not JSON"):
        goods.store().publish([row(brand="\ud800")])


def test_a_field_of_no_version_is_an_unknown_option(goods: BigQueryHome) -> None:
    with pytest.raises(OptionUnknown, match="no version has the field size_of_box"):
        goods.store().publish([row(size_of_box=3)])


def test_two_records_of_one_key_and_moment_are_two_rows_and_the_later_is_in_effect(
    goods: BigQueryHome,
) -> None:
    twins = [
        replace(row(brand=name), record_id=f"file:{place}") for place, name in ((9, "first"), (1, "second"))
    ]
    assert goods.store().publish(twins) == 1
    assert goods.store().read(["a1"])["a1"]["brand"] == "second"
    assert [past["brand"] for past in goods.history()] == ["first", "second"]


def test_an_equal_result_of_another_release_says_the_new_release(goods: BigQueryHome) -> None:
    goods.store().publish([row(release="v1@1")])
    goods.store().publish([row(release="v2@2")])
    assert [past["release"] for past in goods.history()] == ["v2@2"]


def test_what_is_null_is_left_out_of_what_is_loaded(goods: BigQueryHome) -> None:
    loaded: list[bytes] = []

    class Keeps(BigQuerySink):
        def _load(self, staging: TableName, content: bytes, job_id: str) -> None:
            loaded.append(content)
            super()._load(staging, content, job_id)

    opened(Keeps, goods).publish([row(brand=None, sizes=None)])
    (line,) = (json.loads(content) for content in loaded)
    assert set(VALUES) - line.keys() == {"brand", "sizes"}


def test_an_offset_is_no_other_moment(goods: BigQueryHome) -> None:
    seoul = row().event_time.astimezone(datetime.fromisoformat("2026-01-01T00:00:00+09:00").tzinfo)
    goods.store().publish([row()])
    goods.store().publish([replace(row(), event_time=seoul)])
    assert [past["event_time"] for past in goods.history()] == [NOW]


def test_nothing_but_the_table_and_its_view_is_left(goods: BigQueryHome) -> None:
    for turn in range(3):
        goods.store().publish([row("a1"), row("a2", hours=turn)])
    assert goods.tables() == {"goods", "goods_newest"}


def test_rows_whose_job_id_was_used_long_ago_are_loaded_again(goods: BigQueryHome) -> None:
    rows = [row("a1"), row("a2")]
    goods.store().publish(rows)
    goods.server.rows(f"DROP TABLE {goods.table}")
    assert goods.store().publish(rows) == 2
    assert len(goods.history()) == 2


def test_a_staging_table_that_nothing_was_loaded_into_is_used_by_the_next(goods: BigQueryHome) -> None:
    rows = [row("a1"), row("a2")]

    class Stops(BigQuerySink):
        def _load(self, staging: TableName, content: bytes, job_id: str) -> None:
            raise SinkUnavailable("gone")

    with pytest.raises(SinkUnavailable, match="gone"):
        opened(Stops, goods).publish(rows)
    assert len(goods.tables()) == 3
    assert goods.store().publish(rows) == 2
    assert sorted(past["key"] for past in goods.history()) == ["a1", "a2"]
    assert goods.tables() == {"goods", "goods_newest"}


def test_rows_whose_staging_table_another_publisher_drops_may_be_published_again(goods: BigQueryHome) -> None:
    class Loses(BigQuerySink):
        def _merge(self, staging: TableName, least: datetime, most: datetime) -> None:
            goods.server.client().delete_table(str(staging))
            super()._merge(staging, least, most)

    with pytest.raises(SinkUnavailable, match="dropped by another publisher"):
        opened(Loses, goods).publish([row("a1")])
    assert goods.store().publish([row("a1")]) == 1


def opened(kind: type[BigQuerySink], home: BigQueryHome) -> BigQuerySink:
    return kind(home.settings, home.config, open_client(home.server.connection), home.use_case)


def _publish_and_die(home: BigQueryHome, rows: list[Row], after: str) -> None:
    class Dies(BigQuerySink):
        def _merge(self, staging: TableName, least: datetime, most: datetime) -> None:
            if after == "load":
                os.kill(os.getpid(), signal.SIGKILL)
            super()._merge(staging, least, most)
            os.kill(os.getpid(), signal.SIGKILL)

    opened(Dies, home).publish(rows)


@pytest.mark.parametrize("after", ["load", "merge"])
def test_a_publisher_that_is_killed_is_made_good_by_the_next(goods: BigQueryHome, after: str) -> None:
    goods.store().publish([row("a1", hours=-1, brand="before")])
    rows = [row(f"a{number}") for number in range(50)]
    context = multiprocessing.get_context("fork")
    dying = context.Process(target=_publish_and_die, args=(goods, rows, after))
    dying.start()
    dying.join()
    assert dying.exitcode == -signal.SIGKILL
    assert len(goods.tables()) == 3
    assert goods.store().publish(rows) == 50
    assert len(goods.history()) == 51
    assert goods.tables() == {"goods", "goods_newest"}


def test_what_a_killed_publisher_loaded_is_not_loaded_again(goods: BigQueryHome) -> None:
    rows = [row("a1")]

    class Stops(BigQuerySink):
        def _merge(self, staging: TableName, least: datetime, most: datetime) -> None:
            raise SinkUnavailable("gone")

    class LoadsNothing(BigQuerySink):
        def _load(self, staging: TableName, content: bytes, job_id: str) -> None:
            raise AssertionError("loaded again")

    with pytest.raises(SinkUnavailable, match="gone"):
        opened(Stops, goods).publish(rows)
    assert opened(LoadsNothing, goods).publish(rows) == 1


def _publish_turns(home: BigQueryHome, number: int) -> None:
    store = home.store(patience=60)
    for turn in range(4):
        price = turn * 2 + number
        moment = NOW + timedelta(seconds=price)
        rows = [replace(row(key, price_krw=price), event_time=moment) for key in ("a1", "a2")]
        _publish_with_retries(store, rows)
        _publish_with_retries(store, [row("same", brand="same")])


def _publish_with_retries(store: BigQuerySink, rows: list[Row]) -> None:
    """As an Airflow task: what may pass later is tried again."""
    for _ in range(10):
        try:
            store.publish(rows)
            return
        except SinkUnavailable:
            continue
    raise AssertionError("ten attempts were not enough")


@pytest.mark.parametrize("hosts", [1, 2])
def test_publishers_at_once_lose_no_row_and_double_none(
    goods: BigQueryHome, tmp_path: Path, hosts: int
) -> None:
    """With two hosts the lock of each is its own: only the statements keep them apart."""
    goods.store().publish([row("a0")])
    context = multiprocessing.get_context("fork")
    homes = []
    for number in range(2):
        home = BigQueryHome(goods.settings, goods.use_case, goods.server)
        home.config = goods.config
        if hosts == 2:
            home.settings = Settings.from_environment({"FURROW_HOME": str(tmp_path / f"host{number}")})
        homes.append(home)
    workers = [context.Process(target=_publish_turns, args=(home, n)) for n, home in enumerate(homes)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0]
    read = goods.store().read(["a1", "a2"])
    assert [read[key]["price_krw"] for key in ("a1", "a2")] == [7, 7]
    assert sorted(past["price_krw"] for past in goods.history(["a1"])) == list(range(8))
    assert len(goods.history(["same"])) == 1


# --- the source --------------------------------------------------------------------------------------


@pytest.fixture
def intervals(tmp_path: Path) -> ReadIntervals:
    return ReadIntervals(open_database(f"sqlite:///{tmp_path / 'intervals.db'}"))


@pytest.fixture
def source(
    bigquery_server: BigQueryServer, intervals: ReadIntervals
) -> Iterator[Callable[..., BigQuerySource]]:
    made: list[BigQuerySource] = []

    def make(query: str, interval: Interval | None = None, **options: Any) -> BigQuerySource:
        pages = options.pop("page_rows", 1000)
        config = models.BigQuerySource(query=query, page_rows=pages)
        client = open_client(bigquery_server.connection)
        made.append(BigQuerySource(config, client, "goods", intervals, interval, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


def records(source: BigQuerySource, limit: int | None = None) -> list[dict[str, Any]]:
    return [json.loads(arrival.value) for arrival in source.read(limit)]


SPAN = "SELECT @interval_start AS since, @interval_end AS until"
TIMES = "SELECT made FROM {} WHERE made >= @interval_start AND made < @interval_end ORDER BY made"


def test_every_type_becomes_json(source: Callable[..., BigQuerySource]) -> None:
    query = """
        SELECT 1 AS whole, 1.5 AS part, TRUE AS yes, '한글 "따옴표"' AS text, FROM_BASE64('/wA=') AS raw,
          TIMESTAMP '2026-11-24 09:00:00.000001+09:00' AS moment, DATE '2026-11-24' AS day,
          DATETIME '2026-11-24 09:00:00' AS local, NUMERIC '12345678901234567.25' AS exact,
          [1, 2] AS many, STRUCT('x' AS a, [STRUCT(1 AS b)] AS c) AS nested, JSON '{"k": [1]}' AS json,
          CAST(NULL AS STRING) AS nothing, CAST('nan' AS FLOAT64) AS nan"""
    (read,) = records(source(query))
    exact = read.pop("exact")
    assert isinstance(exact, str)
    assert exact.rstrip("0") == "12345678901234567.25"
    assert read == {
        "whole": 1,
        "part": 1.5,
        "yes": True,
        "text": '한글 "따옴표"',
        "raw": "_wA=",
        "moment": "2026-11-24T00:00:00.000001Z",
        "day": "2026-11-24",
        "local": "2026-11-24T09:00:00",
        "many": [1, 2],
        "nested": {"a": "x", "c": [{"b": 1}]},
        "json": {"k": [1]},
        "nothing": None,
        "nan": None,
    }


def test_a_result_of_many_pages_is_read_page_by_page(source: Callable[..., BigQuerySource]) -> None:
    numbers = source("SELECT n FROM UNNEST(GENERATE_ARRAY(1, 2500)) n", page_rows=400)
    assert sorted(one["n"] for one in records(numbers)) == list(range(1, 2501))


def test_a_run_reads_its_own_interval(source: Callable[..., BigQuerySource]) -> None:
    (read,) = records(source(SPAN, Interval(NOON, NOON + HOUR)))
    assert read == {"since": "2026-11-24T12:00:00Z", "until": "2026-11-24T13:00:00Z"}


def test_after_a_pause_a_run_reads_from_where_the_last_one_ended(
    source: Callable[..., BigQuerySource],
) -> None:
    first = source(SPAN, Interval(NOON, NOON + HOUR))
    records(first)
    first.commit(first.position())
    (read,) = records(source(SPAN, Interval(NOON + 9 * HOUR, NOON + 10 * HOUR)))
    assert read == {"since": "2026-11-24T13:00:00Z", "until": "2026-11-24T22:00:00Z"}


def test_an_older_interval_is_read_as_it_is_and_leaves_the_position(
    source: Callable[..., BigQuerySource], intervals: ReadIntervals
) -> None:
    intervals.advance("goods", NOON)
    backfill = source(SPAN, Interval(NOON - 5 * HOUR, NOON - 4 * HOUR))
    assert records(backfill) == [{"since": "2026-11-24T07:00:00Z", "until": "2026-11-24T08:00:00Z"}]
    backfill.commit(backfill.position())
    assert intervals.read_until("goods") == NOON


def test_without_an_interval_a_run_goes_on_where_the_last_one_ended(
    source: Callable[..., BigQuerySource], intervals: ReadIntervals
) -> None:
    before = datetime.now(UTC)
    first = source(SPAN)
    (read,) = records(first)
    assert datetime.fromisoformat(read["since"]) == BEGINNING
    first.commit(json.loads(json.dumps(first.position())))
    until = intervals.read_until("goods")
    assert until is not None
    assert before <= until <= datetime.now(UTC)
    (later,) = records(source(SPAN, Interval(until + HOUR, until + HOUR)))
    assert later == {"since": read["until"], "until": (until + HOUR).isoformat().replace("+00:00", "Z")}


def test_an_empty_interval_before_the_first_read_is_no_beginning(
    source: Callable[..., BigQuerySource],
) -> None:
    (read,) = records(source(SPAN, Interval(NOON, NOON)))
    assert read == {"since": "1970-01-01T00:00:00Z", "until": "2026-11-24T12:00:00Z"}


@pytest.mark.parametrize("cut", ["limit", "broken off"])
def test_a_read_that_was_cut_short_is_read_again(
    source: Callable[..., BigQuerySource], intervals: ReadIntervals, cut: str
) -> None:
    interval = Interval(NOON, NOON + HOUR)
    first = source("SELECT n FROM UNNEST([1, 2, 3]) n", interval)
    if cut == "limit":
        assert len(records(first, limit=2)) == 2
    else:
        next(first.read())
    first.commit(first.position())
    assert intervals.read_until("goods") is None
    whole = source("SELECT n FROM UNNEST([1, 2, 3]) n", interval)
    assert len(records(whole, limit=3)) == 3
    whole.commit(whole.position())
    assert intervals.read_until("goods") == NOON + HOUR


def test_each_run_of_a_growing_table_reads_what_came_since(
    source: Callable[..., BigQuerySource], bigquery_server: BigQueryServer
) -> None:
    table = f"{bigquery_server.dataset()}.events"
    bigquery_server.rows(f"CREATE TABLE {table} (made TIMESTAMP)")
    seen: list[str] = []
    for turn in range(4):
        moments = [NOON + turn * HOUR, NOON + turn * HOUR + HOUR / 2]
        inserted = ", ".join(f"(TIMESTAMP '{moment.isoformat()}')" for moment in moments)
        bigquery_server.rows(f"INSERT {table} VALUES {inserted}")
        if turn == 1:
            continue  # a run that never was
        one = source(TIMES.format(table), Interval(NOON + turn * HOUR, NOON + (turn + 1) * HOUR))
        seen += [record["made"] for record in records(one)]
        one.commit(one.position())
    assert seen == sorted(set(seen))
    assert len(seen) == 8


def test_more_rows_than_a_run_takes_stop_it_before_any_is_read(
    source: Callable[..., BigQuerySource],
) -> None:
    large = source("SELECT n FROM UNNEST(GENERATE_ARRAY(1, 11)) n", most_rows=10)
    with pytest.raises(RequestRejected, match=r"gives 11 rows, a run takes 10: .*partition_records"):
        records(large, limit=10)
    assert len(records(large, limit=9)) == 9


@pytest.mark.parametrize(
    "query", ["SELEC 1", "SELECT 1 FROM nowhere.nothing", "SELECT @unknown", "SELECT no_such_column"]
)
def test_a_query_that_cannot_run_is_a_rejected_request(
    source: Callable[..., BigQuerySource], query: str
) -> None:
    with pytest.raises(RequestRejected, match=r"source\.bigquery of goods in project furrow-tests"):
        records(source(query))


def test_fetch_copies_the_rows_of_the_interval_and_a_retry_gives_the_same_partitions(
    prompts: FolderOfPrompts, tmp_path: Path, bigquery_server: BigQueryServer
) -> None:
    table = f"{bigquery_server.dataset()}.listings"
    bigquery_server.rows(
        f"CREATE TABLE {table} AS SELECT CONCAT('a', n) AS id, 'text' AS body, FORMAT_TIMESTAMP("
        "'%FT%TZ', TIMESTAMP_ADD(TIMESTAMP '2026-11-24 12:00:00Z', INTERVAL n MINUTE)) AS `at`"
        " FROM UNNEST(GENERATE_ARRAY(0, 119)) n"
    )
    moment = "TIMESTAMP(`at`)"
    query = f"SELECT * FROM {table} WHERE {moment} >= @interval_start AND {moment} < @interval_end"
    prompts.change("goods/pipeline.yaml", "files: {path: sample.jsonl}", f'bigquery: {{query: "{query}"}}')
    connections = EnvironmentConnections(
        {
            "AIRFLOW_CONN_MODELS": "pydanticai://localhost",
            "AIRFLOW_CONN_GOOGLE_CLOUD_DEFAULT": bigquery_server.variable,
        }
    )
    settings = Settings.from_environment({"FURROW_HOME": str(tmp_path), "FURROW_PROMPTS": str(prompts.path)})
    interval = Interval(NOON, NOON + HOUR)
    with open_run("goods", "r1", connections, settings, interval=interval) as run:
        first = run.fetch()
    with open_run("goods", "r1", connections, settings, interval=interval) as run:
        assert run.fetch() == first
    assert sum(partition["records"] for partition in first) == 60
    deployment = Deployment(settings, connections)
    assert ReadIntervals(deployment.database).read_until("goods") == NOON + HOUR
    with open_run("goods", "r2", connections, settings, interval=Interval(NOON, NOON + 2 * HOUR)) as run:
        assert sum(partition["records"] for partition in run.fetch()) == 120


def test_the_pipeline_file_says_where_results_go(goods: BigQueryHome) -> None:
    pipeline = "  features: {entity: article, ttl_days: 3650}\n"
    written = f"{pipeline}  bigquery: {{table: {goods.config.table}}}\n"
    FolderOfPrompts(goods.settings.prompts).change("goods/pipeline.yaml", pipeline, written)
    connections = EnvironmentConnections({"AIRFLOW_CONN_GOOGLE_CLOUD_DEFAULT": goods.server.variable})
    deployment = Deployment(goods.settings, connections)
    use_case = FolderOfPrompts(goods.settings.prompts).load()
    assert use_case.pipeline.publish.sinks == ["features", "bigquery"]
    sink = deployment.sink("bigquery", use_case, use_case.version())
    assert sink.publish([row("a1")]) == 1
    assert deployment.bigquery(use_case).read(["a1"])["a1"]["brand"] == VALUES["brand"]
    with pytest.raises(OptionUnknown, match="does not publish to `bigquery`"):
        deployment.sink("bigquery", goods.use_case, goods.use_case.version())


def test_a_stream_publishes_a_field_that_came_with_a_version_while_it_runs(goods: BigQueryHome) -> None:
    prompts = Home(goods.settings.home).prompts
    prompts.change(
        "goods/pipeline.yaml", "publish:\n", f"publish:\n  bigquery: {{table: {goods.config.table}}}\n"
    )
    connections = EnvironmentConnections({"AIRFLOW_CONN_GOOGLE_CLOUD_DEFAULT": goods.server.variable})
    deployment, feed = Deployment(goods.settings, connections), MemoryFeed(topic="results")
    seat = Seat(deployment.database, "goods", "bigquery")
    sinks = Sinks(deployment, prompts.load(), "bigquery")
    follower = Follower(Stream(publish_seconds=0.0), seat, feed, sinks)
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(follower.run)
        try:
            publish_through(feed, running, row("a1", release=prompts.load().version().release))
            write_version(prompts, "v2", OUTPUT + "colour: {type: string, nullable: true}\n")
            newer = prompts.load().version("v2").release
            publish_through(feed, running, row("a2", release=newer, colour="red"))
            publish_through(feed, running, row("a3", release=prompts.load().version().release))
        finally:
            follower.stop()
    assert {past["key"]: past["colour"] for past in goods.history()} == {"a1": None, "a2": "red", "a3": None}
    shown = goods.server.rows(f"SELECT key, colour FROM {goods.table[:-1]}_newest` ORDER BY key")
    assert [each["colour"] for each in shown] == [None, "red", None]


def publish_through(feed: MemoryFeed, running: Future[Any], published: Row) -> None:
    message = result_message("results", published)
    feed.append(message.value, 0, message.key, message.headers)
    until(lambda: feed.all_committed or running.done(), "it is published")
    if running.done():
        running.result()


def test_threads_that_publish_different_tables_do_not_wait_for_each_other(goods: BigQueryHome) -> None:
    other = BigQueryHome(goods.settings, goods.use_case, goods.server)
    with ThreadPoolExecutor(2) as threads:
        done = list(threads.map(lambda home: home.store().publish([row("a1")]), [goods, other]))
    assert done == [1, 1]
    assert isinstance(goods.history()[0]["made"], date)
