"""A run with two versions beside each other: a canary, an experiment, a shadow."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy as sa

from furrow.store.promotion import Promotions, as_served
from furrow.store.tables import exposures, windows
from tests.folders import FolderOfPrompts, record
from tests.world import World

RECORDS = 40
RULE = "result.price_krw is none or result.price_krw > -1"


@pytest.fixture
def world(prompts: FolderOfPrompts, tmp_path: Path) -> World:
    prompts.change("goods/v1/steps.yaml", "result.price_krw > 0", "result.price_krw > -1")
    prompts.version("v2", "Digest of version 2.")
    return World(prompts, tmp_path, [record(number, user=f"u{number % 10}") for number in range(RECORDS)])


def promotions(world: World) -> Promotions:
    return Promotions(world.releases, as_served(world.prompts.load(), world.releases.standing("goods")))


def releases(world: World) -> dict[str, str]:
    return {name: version.release for name, version in world.prompts.load().versions.items()}


def experiment(world: World, text: str) -> None:
    world.prompts.change("goods/pipeline.yaml", "live: v1\n", f"live: v1\nexperiment: {text}\n")


def rows(world: World, query: sa.Select) -> list[tuple[object, ...]]:
    return world.runs._database.read(lambda connection: [tuple(row) for row in connection.execute(query)])


def test_a_canary_answers_its_share_of_the_keys_and_every_row_names_its_release(world: World) -> None:
    promotions(world).promote("v2", "minji", "better", share=0.3)
    report = world.through()
    names = releases(world)
    served = Counter(row.release for row in world.sink.rows.values())
    assert served.total() == RECORDS and set(served) == {names["v1"], names["v2"]}
    assert 3 <= served[names["v2"]] <= 22
    assert report["counts"]["accepted"] == RECORDS and report["beside"] == names["v2"]


def test_a_partition_holds_records_of_one_release(world: World) -> None:
    promotions(world).promote("v2", "minji", "better", share=0.5)
    partitions = world.run().fetch()
    assert {partition["arm"] for partition in partitions} == {"live", "candidate"}
    assert sum(partition["records"] for partition in partitions) == RECORDS
    assert world.run().fetch() == partitions
    assert all(("candidate" in each["label"]) == (each["arm"] == "candidate") for each in partitions)


def test_a_promotion_or_a_rollback_in_the_middle_of_a_run_waits_for_the_next(world: World) -> None:
    first = world.run("run-1").fetch(limit=20)
    promotions(world).promote("v2", "minji", "better")
    for partition in first:
        for step in ("digest", "extract", "price"):
            partition = world.run("run-1").run_step(step, partition)
        world.run("run-1").validate(partition)
    world.run("run-1").publish("features")
    assert {row.release for row in world.sink.rows.values()} == {releases(world)["v1"]}
    world.through("run-2")
    published = Counter(row.release for row in world.sink.rows.values())
    assert published == dict.fromkeys(releases(world).values(), 20)


def test_an_experiment_keeps_a_unit_on_its_arm_and_notes_it_once(world: World) -> None:
    experiment(world, "{candidate: v2, share: 0.5, unit: user}")
    world.through()
    found = rows(world, sa.select(exposures.c.unit, exposures.c.arm))
    assert len(found) == 10 and {arm for _, arm in found} == {"live", "candidate"}
    arms = dict(found)
    by_key = {f"a{n}": f"u{n % 10}" for n in range(RECORDS)}
    names = {"live": releases(world)["v1"], "candidate": releases(world)["v2"]}
    assert all(row.release == names[arms[by_key[row.key]]] for row in world.sink.rows.values())
    world.run().evaluate()
    assert rows(world, sa.select(exposures.c.unit, exposures.c.arm)) == found


def test_a_shadow_answers_everything_and_publishes_nothing(world: World) -> None:
    experiment(world, "{candidate: v2, share: 0.999999, shadow: true}")
    report = world.through()
    assert {row.release for row in world.sink.rows.values()} == {releases(world)["v1"]}
    assert len(world.sink.rows) == report["counts"]["accepted"] == RECORDS
    content = world.run()._folder.read_json("report.json")
    assert content["outcomes"]["accepted"] == content["beside"]["outcomes"]["accepted"] == RECORDS
    assert content["beside"]["published"] is False
    assert rows(world, sa.select(exposures.c.unit)) == []


def test_what_a_shadow_rejects_is_no_dead_letter(world: World) -> None:
    world.prompts.change("goods/v2/steps.yaml", RULE, "false")
    experiment(world, "{candidate: v2, share: 0.999999, shadow: true}")
    world.through()
    beside = world.run()._folder.read_json("report.json")["beside"]
    assert beside["outcomes"]["rejected"] == RECORDS
    assert world.letters.count_open("goods") == 0
    found = {tuple(row) for row in rows(world, sa.select(windows.c.release, windows.c.records))}
    assert found == {(name, RECORDS) for name in releases(world).values()}


def test_a_run_that_is_asked_for_a_version_has_that_alone(world: World) -> None:
    promotions(world).promote("v2", "minji", "better", share=0.5)
    assert {partition["arm"] for partition in world.run().fetch(version="v2")} == {"live"}


def test_a_replay_of_dead_letters_is_answered_by_the_live_version(world: World) -> None:
    world.prompts.change("goods/v1/steps.yaml", RULE, "false")
    promotions(world).promote("v2", "minji", "better", share=0.5)
    world.through()
    letters = world.letters.count_open("goods")
    assert 0 < letters < RECORDS
    promotions(world).promote("v2", "minji", "better still")
    assert world.replay().release == releases(world)["v2"]
    assert world.letters.count_open("goods") == 0
