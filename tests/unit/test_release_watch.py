"""A new release in production: what takes it back, what widens it, and what leaves it alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from furrow.batch.watching import WHO
from furrow.config.quality import Guards
from furrow.engine.ports import ModelRequest
from furrow.evaluation.guards import Performance, tripped
from furrow.store.promotion import Promotions, as_served
from furrow.store.releases import Action, Entry
from furrow.testing import ScriptedModel
from tests.folders import FolderOfPrompts, record
from tests.world import World

RECORDS = 60
RULE = "result.price_krw is none or result.price_krw > -1"
FINE = Performance(1000, 980, 20, 0.5, 1.0)


@pytest.fixture
def world(prompts: FolderOfPrompts, tmp_path: Path) -> World:
    prompts.change("goods/v1/steps.yaml", "result.price_krw > 0", "result.price_krw > -1")
    prompts.version("v2", "Digest of version 2.")
    return World(prompts, tmp_path, [record(number) for number in range(RECORDS)])


def setup(world: World, text: str) -> None:
    world.prompts.change("goods/pipeline.yaml", "live: v1\n", f"live: v1\nrelease: {text}\n")


def spoil(world: World, version: str) -> None:
    """From now on this version rejects everything; its folder is as it was released."""
    world.prompts.change(f"goods/{version}/steps.yaml", RULE, "false")


def promotions(world: World) -> Promotions:
    return Promotions(world.releases, as_served(world.prompts.load(), world.releases.standing("goods")))


def last(world: World) -> Entry:
    return world.releases.history("goods")[-1]


def test_a_canary_that_rejects_more_than_the_live_one_is_taken_back_and_the_log_says_why(
    world: World,
) -> None:
    setup(world, "{guards: {min_records: 10, rejected_rise: 0.1}}")
    spoil(world, "v2")
    promotions(world).promote("v2", "minji", "better", share=0.5)
    world.through()
    entry = last(world)
    assert (entry.action, entry.version, entry.who) == (Action.ROLLBACK, "v1", WHO)
    assert "it rejected 1.000 of" in entry.why and entry.why.startswith("v2@")
    assert promotions(world).use_case.live == "v1"


def test_a_release_that_all_keys_have_is_taken_back_too_while_it_is_young(world: World) -> None:
    setup(world, "{guards: {min_records: 10, valid_rate: 0.9, hours: 1}}")
    spoil(world, "v2")
    promotions(world).promote("v2", "minji", "better")
    world.through()
    assert (last(world).action, promotions(world).use_case.live) == (Action.ROLLBACK, "v1")


def test_an_old_release_is_left_alone(world: World) -> None:
    setup(world, "{guards: {min_records: 10, valid_rate: 0.9, hours: 1}}")
    promotions(world).promote("v2", "minji", "better")
    assert world.watch().look(now=datetime.now(UTC) + timedelta(hours=2)) is None


def test_too_few_records_conclude_nothing(world: World) -> None:
    setup(world, "{guards: {min_records: 1000, valid_rate: 0.9}}")
    spoil(world, "v2")
    promotions(world).promote("v2", "minji", "better", share=0.5)
    world.through()
    assert last(world).action is Action.CANARY


def test_a_canary_without_trouble_widens_when_its_hours_are_over(world: World) -> None:
    setup(world, "{canary: {share: 0.2, widen: [0.6], hours: 3}, guards: {min_records: 10}}")
    promotions(world).promote("v2", "minji", "better", share=0.2)
    world.through()
    assert last(world).share == 0.2
    world.watch().look(now=datetime.now(UTC) + timedelta(hours=3, minutes=1))
    assert (last(world).action, last(world).share) == (Action.CANARY, 0.6)
    assert "3 hours at 0.2" in last(world).why


def answering(world: World, version: str, brand: str | None) -> None:
    """From now on the model answers with another brand where the digest is that version's."""

    def script(request: ModelRequest) -> object:
        if "digest" in (request.schema or {})["properties"]:
            said = [message.text for message in request.messages if message.role == "system"]
            return {"digest": version if said == [f"Digest of version {version[1:]}."] else "other"}
        mine = request.messages[-1].text.startswith(f"{version}\n")
        return {"brand": brand if mine else "애플", "price_text": None}

    world.model = ScriptedModel(script)


@pytest.mark.parametrize(
    ("guard", "action"),
    [
        pytest.param("drift: 0.25", Action.ROLLBACK, id="asked to answer alike"),
        pytest.param("drift: null", Action.CANARY, id="a version may answer differently"),
    ],
)
def test_a_canary_that_answers_differently_is_taken_back_only_where_that_is_asked_for(
    world: World, guard: str, action: Action
) -> None:
    setup(world, f"{{guards: {{min_records: 10, {guard}}}}}")
    answering(world, "v2", None)
    promotions(world).promote("v2", "minji", "cheaper", share=0.5)
    world.through()
    assert last(world).action is action
    assert ("brand: null differs from the other release" in last(world).why) == (action is Action.ROLLBACK)


def test_what_was_taken_back_is_looked_at_no_more(world: World) -> None:
    setup(world, "{guards: {min_records: 10}}")
    spoil(world, "v2")
    promotions(world).promote("v2", "minji", "better", share=0.5)
    world.through()
    before = world.releases.history("goods")
    assert world.watch().look() is None
    assert world.releases.history("goods") == before


@pytest.mark.parametrize(
    ("guards", "release", "said"),
    [
        ({"valid_rate": 0.95}, Performance(1000, 900, 100, 0.5, 1.0), "valid rate 0.900"),
        ({"rejected_rise": 0.05}, Performance(1000, 900, 100, 0.5, 1.0), "it rejected 0.100"),
        ({"max_cost_usd_per_1k": 1}, Performance(1000, 980, 20, 1.2, 1.0), "1.2 US dollars"),
        ({"max_seconds_p95": 2}, Performance(1000, 980, 20, 0.5, 3.0), "3 seconds p95"),
    ],
    ids=["valid rate", "rejected more", "cost", "slow"],
)
def test_each_guard_says_what_it_saw(guards: dict[str, float], release: Performance, said: str) -> None:
    (reason,) = tripped(Guards(**{"rejected_rise": None, **guards}), release, FINE)
    assert said in reason


def test_a_price_that_nobody_knows_and_a_release_without_models_trip_nothing() -> None:
    guards = Guards(max_cost_usd_per_1k=1, max_seconds_p95=1)
    assert tripped(guards, Performance(1000, 980, 20, None, None), FINE) == []


@given(st.integers(100, 5000), st.floats(0, 1))
def test_a_release_that_does_what_the_other_does_trips_nothing(records: int, rate: float) -> None:
    accepted = round(records * rate)
    same = Performance(records, accepted, records - accepted, 1.0, 1.0)
    assert tripped(Guards(), same, same) == []


def test_nothing_is_compared_with_a_release_that_did_nothing() -> None:
    assert tripped(Guards(), Performance(200, 0, 200, 0.0, 1.0), Performance.of([])) == []
