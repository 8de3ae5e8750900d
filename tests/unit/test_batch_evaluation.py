"""An evaluation in shards, and what follows from it: declined, promoted, or put before a person."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from furrow.batch.evaluation_plan import CASES, MOST_SHARDS, Asked, Shard, shards_of
from furrow.engine.ports import ModelRequest
from furrow.errors import OptionUnknown, ProviderUnavailable, StoreDamaged
from furrow.store.releases import Action
from furrow.testing import ScriptedModel
from tests.folders import FolderOfPrompts, record
from tests.world import World

COUNT = 120
GATE = "evaluate:\n  gate: {valid_rate: 0.5, field_accuracy: {brand: 0.5}}\n"
COMPARED = "evaluate:\n  gate: {valid_rate: 0.5, not_worse: {brand: 0.02}}\n"


def brand(body: str) -> str:
    """What is right: the words are made up, so that a model's answer can be right by rule."""
    return "삼성" if int(body.split("호")[0].split()[-1]) % 2 else "애플"


def case(number: int) -> str:
    value = record(number)
    slices = ["odd"] if number % 2 else ["even"]
    line = {"id": f"c{number}", "input": value, "expected": {"brand": brand(str(value["body"]))}}
    return json.dumps({**line, "slices": slices}, ensure_ascii=False)


def answers(wrong: Callable[[str, int], bool]) -> Callable[[ModelRequest], object]:
    """The digest names the version that asked, the brand is right unless `wrong(version, number)`."""

    def answer(request: ModelRequest) -> object:
        text = request.messages[-1].text
        if "digest" in (request.schema or {})["properties"]:
            version = next((m.text[-2:] for m in request.messages if m.text.startswith("Version ")), "v1")
            return {"digest": version}
        version, body = text.split("\n", 1)
        number = int(body.split("호")[0].split()[-1])
        found = "엘지" if wrong(version.strip(), number) else brand(body)
        return {"brand": found, "price_text": "3만5천원"}

    return answer


@pytest.fixture
def world(prompts: FolderOfPrompts, tmp_path: Path) -> World:
    """v1 is wrong in a fifth of the cases, v2 in half of them, v3 in none."""
    prompts.put("goods/testset.jsonl", "\n".join(map(case, range(COUNT))) + "\n")
    prompts.change("goods/pipeline.yaml", GATE, COMPARED)
    for name in ("v2", "v3"):
        prompts.version(name, f"Version {name}")
    world = World(prompts, tmp_path, [])
    every = {"v1": 5, "v2": 2, "v3": 1}
    world.model = ScriptedModel(answers(lambda version, number: number % every[version] == 1))
    return world


def decisions(report: dict) -> dict[str, str]:
    return {found["version"]: found["decision"] for found in report["versions"]}


def test_live_and_every_undecided_version_are_judged_and_the_newest_that_passed_is_proposed(
    world: World,
) -> None:
    report = world.evaluate()
    assert decisions(report) == {"v1": "pass", "v2": "fail", "v3": "pass"}
    assert [found["accuracy"]["brand"] for found in report["versions"]] == [0.8, 0.5, 1.0]
    concluded = world.conclude()
    assert concluded["proposed"] == "v3" and concluded["promoted"] is None
    [*_, declined] = world.releases.history("goods")
    assert (declined.action, declined.version, declined.who) == (Action.DECLINED, "v2", "furrow (gate)")
    assert "points against live" in declined.why and declined.evaluation == "eval-1"


def test_a_second_evaluation_of_what_is_decided_asks_for_live_alone_and_buys_nothing(world: World) -> None:
    world.evaluate()
    world.conclude()
    bought = world.model.calls
    report = world.evaluate("eval-2")
    assert decisions(report) == {"v1": "pass"}
    assert world.model.calls == bought


def test_a_changed_version_is_undecided_again(world: World) -> None:
    world.evaluate()
    world.conclude()
    world.prompts.put("goods/v2/digest/system.md", "Version v3\n")
    assert set(decisions(world.evaluate("eval-2"))) == {"v1", "v2"}


def test_a_version_that_a_person_declined_stays_decided(world: World) -> None:
    world.promotions().decline("v2", "minji (Airflow)", "we wait")
    assert set(decisions(world.evaluate())) == {"v1", "v3"}


def test_what_was_not_worse_than_the_old_live_one_is_judged_anew_against_the_new(world: World) -> None:
    world.evaluate(asked=Asked(versions=("v2",)))
    world.promotions().promote("v2", "minji", "all the same")
    assert set(decisions(world.evaluate("eval-2"))) == {"v2", "v3"}
    assert decisions(world.evaluate("eval-2"))["v2"] == "pass", "live is not compared with itself"


def test_versions_before_the_live_one_are_not_candidates(world: World) -> None:
    world.promotions().promote("v3", "minji", "better")
    assert set(decisions(world.evaluate())) == {"v3"}


def test_with_the_policy_auto_the_gate_promotes_by_itself_and_once(world: World) -> None:
    world.prompts.change("goods/pipeline.yaml", "live: v1\n", "live: v1\nrelease: {policy: auto}\n")
    world.evaluate()
    assert world.conclude() == world.conclude()
    actions = [(entry.action, entry.version) for entry in world.releases.history("goods")]
    assert actions == [(Action.INITIAL, "v1"), (Action.DECLINED, "v2"), (Action.PROMOTE, "v3")]
    assert world.use_case().live == "v3"


def test_with_a_canary_the_gate_begins_with_its_share(world: World) -> None:
    written = "live: v1\nrelease: {policy: auto, canary: {share: 0.1}}\n"
    world.prompts.change("goods/pipeline.yaml", "live: v1\n", written)
    world.evaluate()
    world.conclude()
    entry = world.releases.history("goods")[-1]
    assert (entry.action, entry.version, entry.share) == (Action.CANARY, "v3", 0.1)


def test_repeats_have_samples_of_their_own_and_say_how_steady_the_answers_are(world: World) -> None:
    seen: dict[str, int] = {}

    def moody(version: str, number: int) -> bool:
        again = seen[f"{version}{number}"] = seen.get(f"{version}{number}", 0) + 1
        return number == 7 and again == 2

    world.model = ScriptedModel(answers(moody))
    report = world.evaluate(asked=Asked(versions=("v1",), repeats=3))
    [live] = report["versions"]
    assert live["consistency"] == pytest.approx((COUNT - 1) / COUNT)
    assert live["accuracy"]["brand"] == 1.0, "the first repeat is what runs would get"
    bought = world.model.calls
    world.evaluate("eval-2", Asked(versions=("v1",), repeats=3))
    assert world.model.calls == bought


def test_an_evaluation_of_some_slices_releases_nothing(world: World) -> None:
    report = world.evaluate(asked=Asked(slices=("odd",)))
    assert {found["cases"] for found in report["versions"]} == {COUNT // 2}
    assert decisions(report)["v3"] == "not_enough_evidence"
    assert world.conclude()["proposed"] is None


def test_a_task_that_runs_again_changes_nothing(world: World) -> None:
    shards = world.evaluation().plan()
    assert world.evaluation().plan(Asked(versions=("v2",))) == shards
    for shard in [*shards, *shards]:
        world.evaluation().run_shard(shard)
    assert world.evaluation().report() == world.evaluation().report()
    assert len(world.evaluations.of_evaluation("goods", "eval-1")) == 3


def test_a_shard_whose_model_is_down_fails_and_goes_on_later_with_what_was_paid(world: World) -> None:
    right = answers(lambda version, number: False)
    world.model = ScriptedModel(
        lambda request: ProviderUnavailable("down") if "33호" in request.messages[-1].text else right(request)
    )
    [shard, *_] = world.evaluation().plan(Asked(versions=("v1",)))
    with pytest.raises(ProviderUnavailable, match="of 50 records failed in this shard: down"):
        world.evaluation().run_shard(shard)
    with pytest.raises(StoreDamaged):
        world.evaluation().report()
    world.model = ScriptedModel(right)
    assert world.evaluation().run_shard(shard)["cases"] == CASES
    assert world.model.calls == 2, "the record that failed, its two steps"


@pytest.mark.parametrize(
    ("file", "text"),
    [
        pytest.param("goods/testset.jsonl", case(999), id="the cases"),
        pytest.param("goods/v2/digest/system.md", "Version v9", id="a version"),
    ],
)
def test_what_changes_in_the_middle_of_an_evaluation_is_not_mixed_in(
    world: World, file: str, text: str
) -> None:
    shards = world.evaluation().plan()
    world.prompts.put(file, f"{text}\n")
    with pytest.raises(OptionUnknown, match="start a new one"):
        for shard in shards:
            world.evaluation().run_shard(shard)


def test_a_version_that_is_not_there_is_refused(world: World) -> None:
    with pytest.raises(OptionUnknown, match="v9"):
        world.evaluation().plan(Asked(versions=("v9",)))


def test_the_label_of_a_field_that_only_another_version_has_is_left_out(world: World) -> None:
    world.prompts.change("goods/v3/steps.yaml", "result: {brand", "result: {words: digest.digest, brand")
    lines = (
        (world.prompts.path / "goods/testset.jsonl").read_text().replace('"brand"', '"words": "v3", "brand"')
    )
    world.prompts.put("goods/testset.jsonl", lines)
    found = {each["version"]: each["accuracy"] for each in world.evaluate()["versions"]}
    assert "words" not in found["v1"] and found["v3"]["words"] == 1.0


def test_every_case_is_in_one_shard_of_each_version_and_repeat_and_there_are_never_too_many() -> None:
    shards = shards_of(["v1", "v2"], 20, {"v1": 10_007, "v2": 9_000})
    assert len(shards) <= MOST_SHARDS
    covered: dict[tuple[str, int], list[int]] = {}
    for shard in shards:
        covered.setdefault((shard.version, shard.repeat), []).extend(range(shard.first, shard.last))
        assert Shard.from_json(shard.to_json()) == shard
    assert covered[("v1", 19)] == list(range(10_007)) and len(covered) == 40


def test_its_pages_are_kept_with_the_run(world: World) -> None:
    world.evaluate()
    page = world.evaluation().page("v3")
    assert "against live" in page or "better" in page
    assert page.startswith("<!doctype html>")
