"""What every sink promises: publishing again changes nothing, and an older event never hides a newer one."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from furrow.adapters.feature_store import FeatureStore
from furrow.adapters.publication_lock import publication_lock
from furrow.engine.ports import Row
from furrow.errors import SinkUnavailable
from tests.bigquery_server import BigQueryHome
from tests.databases import new_database
from tests.features import FIELDS, VALUES, Home, row

KEYS = ["a1", "a2", "a3"]
ONLY_FEATURES = pytest.mark.parametrize("home", ["features"], indirect=True)


@pytest.fixture(params=["features", "bigquery"])
def home(home: Home, request: pytest.FixtureRequest) -> Home | BigQueryHome:
    """The feature store of a home, or a table of BigQuery that the same use case publishes to."""
    if request.param == "features":
        return home
    return BigQueryHome(home.settings, home.use_case, request.getfixturevalue("bigquery_server"))


def values(home: Home, key: str = "a1") -> dict[str, Any]:
    return {name: value for name, value in home.store().read([key])[key].items() if name in FIELDS}


def test_a_published_row_is_read_back_as_it_was(home: Home) -> None:
    assert home.store().publish([row()]) == 1
    read = home.store().read(["a1"])
    assert {name: read["a1"][name] for name in FIELDS} == VALUES
    assert read["a1"]["release"] == "v1@00000001"
    assert read["a1"]["run_id"] == "r1"
    assert read["a1"]["record_id"] == "kafka:t/0/a1"
    assert read["a1"]["event_time"] == row().event_time.isoformat(timespec="microseconds")


def test_publishing_the_same_rows_again_changes_nothing(home: Home) -> None:
    rows = [row(key) for key in KEYS]
    home.store().publish(rows)
    online, history = home.store().read(KEYS), home.history()
    assert home.store().publish(rows) == 3
    assert home.store().publish(rows[1:]) == 2
    assert home.store().read(KEYS) == online
    assert home.history() == history


def test_the_same_result_of_another_run_changes_nothing(home: Home) -> None:
    home.store().publish([row(run="r1")])
    home.store().publish([row(run="r2")])
    assert home.store().read(["a1"])["a1"]["run_id"] == "r1"
    assert len(home.history()) == 1


def test_a_newer_event_replaces_an_older_one(home: Home) -> None:
    home.store().publish([row(brand="old")])
    assert home.store().publish([row(hours=1, brand="new")]) == 1
    assert values(home)["brand"] == "new"
    assert [past["brand"] for past in home.history()] == ["old", "new"]


def test_a_late_older_event_changes_only_the_history(home: Home) -> None:
    home.store().publish([row(hours=1, brand="new")])
    assert home.store().publish([row(brand="late")]) == 0
    assert values(home)["brand"] == "new"
    assert [past["brand"] for past in home.history()] == ["new", "late"]


def test_an_event_older_by_a_microsecond_is_older(home: Home) -> None:
    tick = timedelta(microseconds=1) / timedelta(hours=1)
    home.store().publish([row(hours=tick, brand="new")])
    assert home.store().publish([row(brand="late")]) == 0
    assert values(home)["brand"] == "new"
    assert home.store().publish([row(hours=2 * tick, brand="newest")]) == 1
    assert values(home)["brand"] == "newest"


def test_at_an_equal_event_time_the_later_publication_wins_also_on_the_way_back(home: Home) -> None:
    home.store().publish([row(release="v1@00000001", brand="one")])
    home.store().publish([row(release="v2@00000002", brand="two")])
    assert values(home)["brand"] == "two"
    home.store().publish([row(release="v1@00000001", brand="one")])
    assert values(home)["brand"] == "one"
    assert [(past["brand"], past["release"]) for past in home.history()] == [("one", "v1@00000001")]


def test_a_changed_result_at_the_same_event_time_replaces_the_first(home: Home) -> None:
    home.store().publish([row(brand="first")])
    home.store().publish([row(brand="edited")])
    assert values(home)["brand"] == "edited"
    assert [past["brand"] for past in home.history()] == ["edited"]


def test_of_several_rows_of_one_key_in_one_publication_the_latest_event_counts(home: Home) -> None:
    rows = [
        row(hours=2, brand="latest"),
        row(hours=0, brand="first"),
        row("a2"),
        row(hours=1, brand="second"),
    ]
    assert home.store().publish(rows) == 2
    assert values(home)["brand"] == "latest"
    assert len(home.history(["a1"])) == 3


def test_of_several_rows_of_one_key_and_event_time_the_last_counts(home: Home) -> None:
    assert home.store().publish([row(brand="one"), row(brand="two")]) == 1
    assert values(home)["brand"] == "two"
    assert [past["brand"] for past in home.history()] == ["two"]


def test_a_new_release_takes_the_place_of_its_own_rows_and_of_no_others(home: Home) -> None:
    home.store().publish([row(key, brand="one") for key in KEYS])
    home.store().publish([row("a1", hours=1, brand="later")])
    assert home.store().publish([row("a2", release="v2@2", brand="two")]) == 1
    assert sorted((past["article_id"], past["brand"]) for past in home.history()) == [
        ("a1", "later"),
        ("a1", "one"),
        ("a2", "two"),
        ("a3", "one"),
    ]


def test_a_publication_of_nothing_is_nothing(home: Home) -> None:
    assert home.store().publish([]) == 0
    assert home.history() == []


def test_keys_that_were_never_published_are_left_out(home: Home) -> None:
    home.store().publish([row("a1")])
    assert list(home.store().read(["no", "a1", "a1", "없음"])) == ["a1"]
    assert home.store().read([]) == {}


def test_more_rows_than_one_statement_holds_are_published_and_read(home: Home) -> None:
    rows = [row(f"k{number}", price_krw=number) for number in range(2500)]
    assert home.store().publish(rows) == 2500
    read = home.store().read([one.key for one in rows])
    assert [read[one.key]["price_krw"] for one in rows] == list(range(2500))
    assert home.store().publish(rows) == 2500
    assert len(home.history()) == 2500


@ONLY_FEATURES
def test_a_publication_between_comparing_and_writing_of_another_waits(home: Home) -> None:
    compared, go = threading.Event(), threading.Event()

    class Slow(FeatureStore):
        def _proto_rows(self, rows: Sequence[Row]) -> Any:
            compared.set()
            assert go.wait(60)
            return super()._proto_rows(rows)

    slow, fast = Slow(home.settings, home.use_case), home.store()
    fast.read(["warm"])
    with ThreadPoolExecutor(2) as threads:
        older = threads.submit(slow.publish, [row(brand="older")])
        assert compared.wait(60)
        newer = threads.submit(fast.publish, [row(hours=1, brand="newer")])
        wait([newer], timeout=2)
        go.set()
        assert (older.result(60), newer.result(60)) == (1, 1)
    assert values(home)["brand"] == "newer"
    assert [past["brand"] for past in home.history()] == ["older", "newer"]


@ONLY_FEATURES
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_one_publishes_a_view_at_a_time_and_another_view_does_not_wait(
    home: Home, request: pytest.FixtureRequest, kind: str
) -> None:
    database = home.settings.database if kind == "sqlite" else new_database(request.getfixturevalue("server"))
    settings = replace(home.settings, database=database)
    with publication_lock(settings, "goods"):
        with publication_lock(settings, "jobs", patience=5):
            pass
        late = pytest.raises(SinkUnavailable, match="another process has been publishing goods")
        with late, publication_lock(settings, "goods", patience=0.2):
            raise AssertionError("two publish at once")
    with publication_lock(settings, "goods", patience=5):
        pass


def _publish_from_a_process(folder: Path, number: int, base: Row, barrier: Any) -> None:
    home = Home(folder)
    store = home.store()
    store.read(["warm"])
    barrier.wait()
    for turn in range(6):
        price = turn * 2 + number
        result = {**base.values, "price_krw": price}
        moment = base.event_time + timedelta(seconds=price)
        store.publish([replace(base, key=key, event_time=moment, values=result) for key in KEYS])


@ONLY_FEATURES
@pytest.mark.timeout(300)
def test_processes_that_publish_at_once_leave_the_newest_event_and_lose_no_row(home: Home) -> None:
    start = multiprocessing.get_context("spawn")
    barrier = start.Barrier(2)
    folder = home.settings.home
    workers = [
        start.Process(target=_publish_from_a_process, args=(folder, number, row(), barrier))
        for number in range(2)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0]
    read = home.store().read(KEYS)
    assert [read[key]["price_krw"] for key in KEYS] == [11, 11, 11]
    assert sorted(past["price_krw"] for past in home.history(["a1"])) == list(range(12))
