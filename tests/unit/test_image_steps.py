"""Steps that look at images: what a folder may say, what is sent, and what a bad image does to its record."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from furrow.config.check import check_record_fields
from furrow.engine.calls import Calls, Stamp
from furrow.engine.pipeline import Pipeline
from furrow.engine.ports import Arrival, ModelRequest
from furrow.engine.reading import read_work
from furrow.engine.record import Outcome, Rung, Work
from furrow.errors import ConfigError, ImageUnavailable
from furrow.testing import MemoryLedger, ScriptedModel
from tests.folders import MODELS, FolderOfPrompts, record
from tests.pictures import BLUE, GREEN, RED, Album, drawn, pixels

STEPS = """\
steps:
  - name: look
    kind: llm
    model: {default: small, escalate: large}
    images: {of: data.photos, folder: photos, max_count: 3, max_edge: 32}
result: {seen: look.seen}
"""
SEEING = MODELS.replace(
    "    connection: models\n", "    connection: models\n    capabilities: {vision: true}\n"
)
FILES = {"red.png": drawn(RED), "green.png": drawn(GREEN), "blue.png": drawn(BLUE), "bad.png": b"no image"}


@pytest.fixture
def seeing(prompts: FolderOfPrompts) -> FolderOfPrompts:
    """The small use case with one step that looks at photos, and models that can."""
    prompts.put("models.yaml", SEEING)
    prompts.put("goods/v1/steps.yaml", STEPS)
    prompts.change("goods/pipeline.yaml", ", field_accuracy: {brand: 0.5}", "")
    for name in ("digest", "extract", "price"):
        for file in sorted((prompts.path / "goods/v1" / name).iterdir()):
            file.unlink()
        (prompts.path / "goods/v1" / name).rmdir()
    prompts.put("goods/v1/look/user.md", "무엇이 보이나?\n")
    prompts.put("goods/v1/look/output.yaml", "seen: {type: string, max_length: 20}\n")
    return prompts


class Bench:
    """The use case with a scripted model and an album; the ledger stays from run to run."""

    def __init__(self, prompts: FolderOfPrompts, script: Any = None, **files: bytes | Exception):
        self.use_case, self.album = prompts.load(), Album({**FILES, **files})
        self.model = ScriptedModel(script or (lambda _: {"seen": "방"}))
        self.ledger = MemoryLedger()

    def run(self, photos: Any, **more: Any) -> Work:
        value = json.dumps(record(1, photos=photos, **more)).encode()
        work = read_work(Arrival("memory:0", value), self.use_case.pipeline.record)

        async def all_steps() -> Work:
            version = self.use_case.version()
            calls = Calls(lambda _: self.model, version.catalogue, self.ledger, Stamp("goods", "r", "run"))
            (done,) = [done async for done in Pipeline(version, calls, self.album).run([work])]
            return done

        return asyncio.run(all_steps())


def colours(request: ModelRequest) -> list[str]:
    """What is on the images of the last turn."""
    means = [pixels(image.content).resize((1, 1)).getpixel((0, 0)) for image in request.messages[-1].images]
    return ["rgb"[mean.index(max(mean))] for mean in means]


# --- what a folder may say -----------------------------------------------------------------------------


def problems(prompts: FolderOfPrompts) -> str:
    with pytest.raises(ConfigError) as raised:
        prompts.load()
    return str(raised.value)


def test_images_for_a_model_without_vision_are_an_error_with_the_line(seeing: FolderOfPrompts) -> None:
    seeing.put("models.yaml", MODELS)
    told = problems(seeing)
    assert "goods/v1/steps.yaml:4: the step sends images, and `small` takes none (openai-chat:small)" in told
    assert "vision: true" in told


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        pytest.param("goods/v1/steps.yaml", "escalate: large", "escalate: blind", id="escalation"),
        pytest.param(
            "goods/v1/steps.yaml", "escalate: large", "choose: [{when: 'true', use: blind}]", id="choice"
        ),
        pytest.param("models.yaml", "    price", "    fallback: [blind]\n    price", id="fallback"),
    ],
)
def test_every_model_that_may_answer_has_to_take_images(
    seeing: FolderOfPrompts, name: str, old: str, new: str
) -> None:
    blind = "  blind:\n    model: openai-chat:blind\n    connection: models\n"
    seeing.put("models.yaml", SEEING + blind)
    seeing.load()
    seeing.change(name, old, new)
    told = problems(seeing)
    assert "`blind` takes none" in told
    assert "use small or large" in told


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("of: data.photos, folder: photos", "of: data.photos", "`folder`, `hosts`, or both"),
        ("of: data.photos", "of: 'data.photos |'", "not Jinja"),
        ("of: data.photos", "of: dta.photos", "unknown variable `dta`"),
        ("max_count: 3", "max_count: 0", "greater than 0"),
        ("max_edge: 32", "max_edge: 100000", "max_edge"),
        ("max_count: 3", "hosts: ['https://a.example/x']", "hosts"),
        ("max_count: 3", "max_cont: 3", "did you mean `max_count`?"),
    ],
)
def test_what_is_wrong_about_images_is_told_with_the_line(
    seeing: FolderOfPrompts, old: str, new: str, told: str
) -> None:
    seeing.change("goods/v1/steps.yaml", old, new)
    found = problems(seeing)
    assert told in found
    assert "goods/v1/steps.yaml:5: " in found


def test_a_field_that_no_record_has_is_found_by_check(seeing: FolderOfPrompts) -> None:
    assert any(
        "`data` has no field `photos`" in str(problem) for problem in check_record_fields(seeing.load())
    )


# --- what is sent --------------------------------------------------------------------------------------


def test_the_images_go_with_the_records_turn_in_their_order_and_resized(seeing: FolderOfPrompts) -> None:
    bench = Bench(seeing)
    work = bench.run(["blue.png", "red.png", "green.png"])
    assert work.result == {"seen": "방"}
    (request,) = bench.model.requests
    assert colours(request) == ["b", "r", "g"]
    assert all(not message.images for message in request.messages[:-1])
    assert all(max(pixels(image.content).size) == 32 for image in request.messages[-1].images)


@pytest.mark.parametrize(("photos", "seen"), [("red.png", ["r"]), ([], []), (None, [])])
def test_one_name_is_a_list_of_one_and_none_is_no_image(
    seeing: FolderOfPrompts, photos: Any, seen: list[str]
) -> None:
    bench = Bench(seeing)
    assert bench.run(photos).outcome is Outcome.ACCEPTED
    assert colours(bench.model.requests[0]) == seen


def test_a_re_ask_and_the_larger_model_see_the_images_too(seeing: FolderOfPrompts) -> None:
    bench = Bench(seeing, ["no JSON", "still none", {"seen": "방"}])
    work = bench.run(["red.png"])
    assert work.traces["look"].rung is Rung.ESCALATED
    images = [
        [message.images for message in asked.messages if message.images] for asked in bench.model.requests
    ]
    assert images[0] == images[1] == images[2] and len(images[0]) == 1


def test_with_each_every_item_has_its_own_image(seeing: FolderOfPrompts) -> None:
    seeing.change("goods/v1/steps.yaml", "of: data.photos", "of: item")
    seeing.change("goods/v1/steps.yaml", "images:", "each: data.photos\n    images:")
    seeing.change("goods/v1/steps.yaml", "result: {seen: look.seen}", "result: {all: all.all}")
    seeing.change(
        "goods/v1/steps.yaml",
        "result:",
        "  - {name: all, kind: map, set: {all: \"look.answers | map(attribute='seen') | list\"}}\nresult:",
    )
    seeing.put("goods/v1/all/output.yaml", "all: {type: list, items: string}\n")
    bench = Bench(seeing, lambda request: {"seen": "".join(colours(request))})
    assert bench.run(["blue.png", "green.png"]).result == {"all": ["b", "g"]}


def test_the_same_image_is_paid_for_once_and_another_under_the_same_name_is_not_it(
    seeing: FolderOfPrompts,
) -> None:
    bench = Bench(seeing)
    for _ in range(2):
        bench.run(["red.png"])
    assert bench.model.calls == 1
    bench.album.files["red.png"] = drawn((200, 40, 40))
    bench.run(["red.png"])
    assert bench.model.calls == 2


# --- what a bad image does -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "photos",
    [
        pytest.param(["red.png", "bad.png"], id="no image"),
        pytest.param(["no-such.png"], id="not there"),
        pytest.param(["red.png"] * 4, id="too many"),
        pytest.param([1], id="no name"),
        pytest.param({"a": "red.png"}, id="no list"),
    ],
)
def test_a_bad_image_rejects_its_record_before_anything_is_bought(
    seeing: FolderOfPrompts, photos: Any
) -> None:
    bench = Bench(seeing)
    work = bench.run(photos)
    assert work.outcome is Outcome.REJECTED
    assert work.rejection is not None and work.rejection.reason == "image_invalid"
    assert bench.model.calls == 0


def test_an_image_that_cannot_be_fetched_now_holds_its_record(seeing: FolderOfPrompts) -> None:
    work = Bench(seeing, **{"slow.png": ImageUnavailable("down")}).run(["slow.png"])
    assert work.outcome is Outcome.FAILED
    assert work.failure is not None and work.failure.reason == "image_unavailable"


# --- photo_quality ---------------------------------------------------------------------------------------

QUALITY = """\
steps:
  - name: quality
    kind: photo_quality
    images: {of: data.photos, folder: photos, max_count: 3}
    min_edge: 60
result: {order: quality.order, scores: quality.scores, copies: quality.duplicates, why: quality.reasons}
"""


def test_photo_quality_needs_no_folder_and_no_model(seeing: FolderOfPrompts) -> None:
    seeing.put("goods/v1/steps.yaml", QUALITY)
    for file in ("user.md", "output.yaml"):
        (seeing.path / "goods/v1/look" / file).unlink()
    (seeing.path / "goods/v1/look").rmdir()
    bench = Bench(seeing)
    assert bench.run([]).result == {"order": [], "scores": [], "copies": [], "why": []}
    work = bench.run(["red.png", "blue.png", "red.png"])
    assert work.result is not None
    assert sorted(work.result["order"]) == ["blue.png", "red.png"]
    assert all("small" in reason for reason in work.result["why"])
    assert bench.run(["bad.png"]).outcome is Outcome.REJECTED
    assert bench.model.calls == 0
