"""Every value that a result can hold comes back as it was, and what cannot be held says so."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import timedelta, timezone
from typing import Any

import pytest

from furrow.adapters.feature_store import FeatureStore
from furrow.engine.ports import Row
from furrow.errors import OptionUnknown, RequestRejected, SinkUnavailable
from tests.features import NOW, VALUES, Home, row

HELD = {
    "null string": ("brand", None),
    "empty string": ("brand", ""),
    "Korean and emoji": ("brand", "자전거 🚲👨‍👩‍👧 ㅋㅋ"),
    "quotes, line ends and a null byte": ("brand", "'\"\\\n\r\t\x00"),
    "long text": ("brand", "가" * 100_000),
    "null integer": ("price_krw", None),
    "zero": ("price_krw", 0),
    "negative": ("price_krw", -1),
    "largest integer": ("price_krw", 2**63 - 1),
    "smallest integer": ("price_krw", -(2**63)),
    "integer beyond a float": ("price_krw", 2**53 + 1),
    "null number": ("weight", None),
    "number without a fraction": ("weight", 3),
    "zero as a number": ("weight", 0.0),
    "small number": ("weight", 1e-300),
    "null boolean": ("sold", None),
    "true": ("sold", True),
    "leap day": ("made", "2024-02-29"),
    "null date": ("made", None),
    "empty list": ("tags", []),
    "list with an empty text": ("tags", ["", "🚲"]),
    "null list": ("sizes", None),
    "empty list of integers": ("sizes", []),
    "list of large integers": ("sizes", [2**62, 0, -1]),
    "list of numbers": ("ratios", [1, 0.1]),
}


@pytest.mark.parametrize(("field", "value"), HELD.values(), ids=HELD.keys())
def test_a_value_comes_back_as_it_was_alone_and_beside_others(home: Home, field: str, value: Any) -> None:
    home.store().publish([row("a1", **{field: value}), row("a2")])
    home.store().publish([row("a3", **{field: value})])
    read = home.store().read(["a1", "a2", "a3"])
    assert read["a1"][field] == read["a3"][field] == value
    assert type(read["a1"][field]) is type(float(value) if field == "weight" and value is not None else value)
    assert read["a2"][field] == VALUES[field]
    assert [past[field] for past in home.history()] == [value, VALUES[field], value]


@pytest.mark.parametrize("key", ["123", "0007", "한글 🚲", "a/b:c", "x" * 500, " "])
def test_any_text_may_be_a_key(home: Home, key: str) -> None:
    home.store().publish([row(key)])
    assert list(home.store().read([key])) == [key]


NOT_HELD = {
    "integer too large": ("price_krw", 2**63),
    "text for an integer": ("price_krw", "싸다"),
    "half a character": ("brand", "\ud800"),
}


@pytest.mark.parametrize(("field", "value"), NOT_HELD.values(), ids=NOT_HELD.keys())
def test_a_value_that_no_view_holds_names_its_field_and_writes_nothing(
    home: Home, field: str, value: Any
) -> None:
    with pytest.raises(RequestRejected, match=f"goods.*`{field}`"):
        home.store().publish([row("a1"), row("a2", **{field: value})])
    assert home.store().read(["a1", "a2"]) == {}
    assert home.history() == []


def test_a_field_that_the_view_does_not_have_says_what_to_run(home: Home) -> None:
    with pytest.raises(OptionUnknown, match=r"goods.*colour.*furrow features apply"):
        home.store().publish([row(colour="검정")])


def test_an_event_time_of_another_zone_is_the_same_moment(home: Home) -> None:
    seoul = NOW.astimezone(timezone(timedelta(hours=9)))
    home.store().publish([row(brand="utc")])
    home.store().publish([Row("a1", seoul, {**VALUES, "brand": "utc"}, "v1@00000001", "r2", "kafka:t/0/a1")])
    assert len(home.history()) == 1
    assert home.store().publish([Row("a1", seoul - timedelta(hours=1), VALUES, "v1@1", "r3", "x")]) == 0


def test_a_value_older_than_its_time_to_live_is_not_served_and_stays_in_the_history(home: Home) -> None:
    home.store().publish([row("old", hours=-3650 * 24), row("young", hours=-3648 * 24)])
    assert list(home.store().read(["old", "young"])) == ["young"]
    assert len(home.history(["old"])) == 1


def test_a_value_beyond_its_time_to_live_still_outranks_an_older_one(home: Home) -> None:
    home.store().publish([row("old", hours=-3660 * 24)])
    assert home.store().publish([row("old", hours=-3661 * 24)]) == 0


def test_a_training_set_takes_the_value_that_held_at_each_time(home: Home) -> None:
    import pandas as pd

    from furrow.adapters.feature_repository import open_store

    home.store().publish([row(brand="first"), row(hours=4, brand="second")])
    home.store().publish([row(hours=4, brand="again", release="v2@2")])
    asked = pd.DataFrame(
        {
            "article_id": ["a1"] * 3 + ["no"],
            "event_timestamp": [NOW + timedelta(hours=h) for h in (1, 5, -1, 5)],
        }
    )
    store = open_store(home.settings.features)
    answer = store.get_historical_features(asked, ["goods:brand", "goods:tags"]).to_df()
    brands = {(one.article_id, one.event_timestamp): one.brand for one in answer.itertuples()}
    assert [brands[("a1", NOW + timedelta(hours=h))] for h in (1, 5)] == ["first", "again"]
    assert all(pd.isna(brand) for (key, time), brand in brands.items() if key == "no" or time < NOW)


def test_a_history_without_rows_can_be_asked(home: Home) -> None:
    import pandas as pd

    from furrow.adapters.feature_repository import open_store

    asked = pd.DataFrame({"article_id": ["a1"], "event_timestamp": [NOW]})
    answer = open_store(home.settings.features).get_historical_features(asked, ["goods:brand"]).to_df()
    assert pd.isna(answer["brand"][0])


def test_an_online_store_that_cannot_be_opened_is_unavailable(home: Home) -> None:
    online = home.settings.var / "features" / "online.db"
    online.unlink()
    online.mkdir()
    with pytest.raises(SinkUnavailable, match="features of goods could not be written"):
        home.store().publish([row()])
    with pytest.raises(SinkUnavailable, match="features of goods could not be read"):
        home.store().read(["a1"])


def test_after_a_crash_between_the_two_stores_a_rerun_completes_the_history(home: Home) -> None:
    class Crash(Exception):
        pass

    class Crashing(FeatureStore):
        def _keep(self, rows: Any) -> None:
            raise Crash

    with pytest.raises(SinkUnavailable) as caught:
        Crashing(home.settings, home.use_case).publish([row()])
    assert isinstance(caught.value.__cause__, Crash)
    assert home.history() == []
    assert home.store().publish([row()]) == 1
    assert [past["brand"] for past in home.history()] == ["삼성"]


def test_an_online_store_that_was_lost_is_filled_by_publishing_again(home: Home) -> None:
    home.store().publish([row()])
    for file in (home.settings.var / "features").glob("online.db*"):
        file.unlink()
    home.apply()
    assert home.store().publish([row()]) == 1
    assert home.store().read(["a1"])["a1"]["brand"] == "삼성"
    assert len(home.history()) == 1


def test_nothing_of_feast_is_imported_before_the_store_is_used() -> None:
    code = (
        "import sys; import furrow.adapters.feature_store as f;"
        "heavy = {'feast', 'pandas', 'pyarrow'} & set(sys.modules); assert not heavy, heavy"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", code], check=True, env=env, timeout=60)


def test_a_moved_project_reads_what_it_published(home: Home) -> None:
    home.store().publish([row()])
    moved = home.settings.home.with_name("moved")
    shutil.move(home.settings.home, moved)
    assert Home(moved).store().read(["a1"])["a1"]["brand"] == "삼성"
