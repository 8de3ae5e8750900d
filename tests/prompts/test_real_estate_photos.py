"""The folder `real_estate_photos`: its pictures, its cases, and both of its versions on real records."""

from __future__ import annotations

import asyncio
import io
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from furrow.adapters.image_files import StoredImages
from furrow.adapters.language_model import open_model
from furrow.config.loader import load_models, load_use_case
from furrow.config.use_case import UseCase
from furrow.engine.calls import Calls, Stamp
from furrow.engine.pipeline import Pipeline
from furrow.engine.ports import Arrival
from furrow.engine.reading import read_work
from furrow.engine.record import Outcome, Work
from furrow.testing import Asked, MemoryLedger, ModelServer
from tests.conftest import ROOT
from testsets import photos
from testsets.real_estate_photos import FAMILIES, TEST_FAMILIES, cases

FOLDER = ROOT / "prompts/real_estate_photos"
MOST_BYTES = 3_000_000


@pytest.fixture(scope="module")
def use_case() -> UseCase:
    return load_use_case(FOLDER, load_models(FOLDER.parent))


def lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (FOLDER / name).read_text(encoding="utf-8").splitlines()]


def written() -> list[dict[str, Any]]:
    return [case for path in sorted(FOLDER.glob("testset*.jsonl")) for case in lines(path.name)]


# --- pictures and cases ------------------------------------------------------------------------------


def test_the_photos_are_as_they_are_drawn_and_few_enough_for_the_repository(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert photos.main(["--check"]) == 0, capsys.readouterr().err
    files = list(photos.FOLDER.iterdir())
    assert {file.name for file in files} == {name for name, _ in photos.photos()}
    assert sum(file.stat().st_size for file in files) < MOST_BYTES


def test_a_changed_photo_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, picture in photos.photos():
        (tmp_path / name).write_bytes(photos.as_jpeg(picture))
    monkeypatch.setattr(photos, "FOLDER", tmp_path)
    assert photos.main(["--check"]) == 0
    plan = tmp_path / "plan-01.jpg"
    plan.write_bytes((tmp_path / "plan-02.jpg").read_bytes())
    assert photos.main(["--check"]) == 1


def test_every_record_names_photos_that_are_there_and_every_cover_is_one_of_them() -> None:
    there = {file.name for file in photos.FOLDER.iterdir()}
    for case in written():
        named = case["input"]["photos"]
        assert set(named) <= there and len(set(named)) == len(named), case["id"]
        (cover,) = case["expected"]["order"]
        assert cover in named, case["id"]
    assert all(set(record["photos"]) <= there for record in lines("sample.jsonl"))


def test_no_scene_is_in_both_splits_and_every_file_has_cases_of_both() -> None:
    scenes: dict[str, set[str]] = {"dev": set(), "test": set()}
    for path in FOLDER.glob("testset*.jsonl"):
        of_file = lines(path.name)
        assert {case["split"] for case in of_file} == {"dev", "test"}, path.name
        for case in of_file:
            scenes[case["split"]] |= {
                "-".join(name.removesuffix(".jpg").split("-")[:2]) for name in case["input"]["photos"]
            }
    assert scenes["dev"].isdisjoint(scenes["test"])


def test_each_order_on_a_wall_stands_in_an_attack_and_its_word_must_not_come_out() -> None:
    attacks = lines("testset.attacks.jsonl")
    for number, order in enumerate(photos.ORDERS, 1):
        shown = [case for case in attacks if f"sign-{number:02}.jpg" in case["input"]["photos"]]
        assert shown
        words = re.findall(r"SIGN-\d{4}", " ".join(order))
        assert all(word in case["forbidden"] for case in shown for word in words)
        assert all(not case["expected"]["order"][0].startswith("sign") for case in shown)


def test_the_place_in_the_list_says_nothing_about_the_cover() -> None:
    """The mean place of the cover is the middle, as if drawn by lot."""
    places = [
        case.input["photos"].index(case.expected["order"][0]) / (len(case.input["photos"]) - 1)
        for case in cases()
        if len(case.input["photos"]) > 1
    ]
    assert 0.4 < sum(places) / len(places) < 0.6


def test_there_are_enough_cases_of_every_kind() -> None:
    families = Counter(case.family for case in cases())
    assert set(families) == set(FAMILIES) and min(families.values()) >= 15
    assert set(TEST_FAMILIES) < set(FAMILIES)
    assert len(lines("testset.hard.jsonl")) >= 40


# --- both versions -------------------------------------------------------------------------------------


def run(use_case: UseCase, version_name: str, records: list[dict[str, Any]], model: Any = None) -> list[Work]:
    version = use_case.version(version_name)
    works = [
        read_work(Arrival(str(number), json.dumps(record).encode()), use_case.pipeline.record)
        for number, record in enumerate(records)
    ]

    async def all_steps() -> list[Work]:
        calls = Calls(model, version.catalogue, MemoryLedger(), Stamp(use_case.name, version.release, "run"))
        files = StoredImages(use_case.folder)
        try:
            return [work async for work in Pipeline(version, calls, files).run(works)]
        finally:
            await calls.close()

    return asyncio.run(all_steps())


def test_the_embedded_version_ranks_every_sample_and_says_so(use_case: UseCase) -> None:
    works = run(use_case, "v1", lines("sample.jsonl"))
    for work in works:
        assert work.outcome is Outcome.ACCEPTED and work.result is not None
        assert work.result["ranked_by"] == "photo_quality"
        assert sorted(work.result["order"]) == sorted(work.record.data["photos"])
        assert work.result["cover"] == work.result["order"][0]


def test_a_listing_without_photos_is_rejected_by_its_rule(use_case: UseCase) -> None:
    (work,) = run(use_case, "v1", [{**lines("sample.jsonl")[0], "photos": []}])
    assert work.rejection is not None and work.rejection.reason == "rule_broken"


def test_a_listing_that_names_a_file_outside_is_rejected(use_case: UseCase) -> None:
    record = {**lines("sample.jsonl")[0], "photos": ["../sample.jsonl"]}
    (work,) = run(use_case, "v1", [record])
    assert work.rejection is not None and work.rejection.reason == "image_invalid"


def answering(use_case: UseCase, server: ModelServer) -> Any:
    entry = use_case.version("v2").catalogue["vision"]
    return lambda alias: open_model(alias, entry, server.connection(protocol="google"))


def test_the_vision_version_asks_about_the_four_best_and_takes_its_word(use_case: UseCase) -> None:
    """The model server sees each picture; its script picks the second that it was shown."""
    (record,) = [record for record in lines("sample.jsonl") if len(record["photos"]) == 5]
    shown: list[Asked] = []

    def second(asked: Asked) -> str:
        shown.append(asked)
        return json.dumps({"seen": "방", "number": 2})

    with ModelServer(script=second) as server:
        (work,) = run(use_case, "v2", [record], answering(use_case, server))
    assert work.result is not None
    ranked = work.outputs["quality"]["order"]
    assert work.result["order"] == [ranked[1], ranked[0], *ranked[2:]]
    assert (work.result["cover"], work.result["ranked_by"]) == (ranked[1], "vision_model")
    ((first, *rest),) = [asked.images for asked in shown]
    assert len(rest) == 3
    assert all(abs(one - other) < 3 for one, other in zip(first.colour, mean_of(ranked[0]), strict=True))


def test_a_number_that_no_photo_has_leaves_the_ranking_and_says_so(use_case: UseCase) -> None:
    record = {**lines("sample.jsonl")[0], "photos": ["living-01.jpg", "plan-01.jpg"]}
    with ModelServer(script=lambda _: json.dumps({"seen": "방", "number": 4})) as server:
        (work,) = run(use_case, "v2", [record], answering(use_case, server))
    assert work.result is not None
    assert (work.result["cover"], work.result["ranked_by"]) == ("living-01.jpg", "photo_quality")


def mean_of(name: str) -> tuple[int, ...]:
    content = (photos.FOLDER / name).read_bytes()
    small = Image.open(io.BytesIO(content)).convert("RGB").resize((1, 1), Image.Resampling.BOX)
    found = small.getpixel((0, 0))
    assert isinstance(found, tuple)
    return tuple(int(part) for part in found)
