"""prompts/ad_copy: what its claims steps and judges let through, with models that say what they like."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import orjson
import pytest

from furrow.config.loader import load_models, load_use_case
from furrow.config.use_case import UseCase
from furrow.engine.calls import Calls, Stamp
from furrow.engine.pipeline import Pipeline
from furrow.engine.ports import Arrival, ModelRequest
from furrow.engine.reading import read_work
from furrow.engine.record import Work
from furrow.evaluation.cases import load_cases
from furrow.testing import MemoryLedger, ScriptedModel
from testsets.ad_copy import FAMILIES, NOISY, cases

PROMPTS = Path(__file__).resolve().parents[2] / "prompts"
TOLD = {"judge_only", "hearsay", "never_broken", "no_flaw"}
"""Stories: learnt from examples."""
LEFT_TO_THE_JUDGE = TOLD | {"order", "order_polite", "english_order", "gift", "sold_together"}
AD = {
    "ad_id": "a1",
    "item": "무선 청소기",
    "brand": "LG",
    "model": "A9",
    "price_krw": 180000,
    "area": None,
    "features": ["배터리 교체"],
    "wish": None,
    "draft": None,
    "created_at": "2026-11-24T09:00:00+09:00",
}


@pytest.fixture(scope="module")
def use_case() -> UseCase:
    return load_use_case(PROMPTS / "ad_copy", load_models(PROMPTS))


def run(use_case: UseCase, texts: list[str], records: list[dict[str, Any]]) -> list[Work]:
    """With a writer that writes these texts, and a judge that is content with everything."""
    version, fields = use_case.version(), use_case.pipeline.record
    works = [read_work(Arrival(str(place), orjson.dumps(one)), fields) for place, one in enumerate(records)]

    def script(request: ModelRequest) -> Any:
        if request.schema_name == "write":
            return {"texts": texts}
        return {"reason": "좋다", "score": 7, "passes": True}

    async def all_steps() -> list[Work]:
        stamp = Stamp("ad_copy", version.release, "run")
        calls = Calls(lambda _: ScriptedModel(script), version.catalogue, MemoryLedger(), stamp)
        return [work async for work in Pipeline(version, calls).run(works)]

    return asyncio.run(all_steps())


def test_only_texts_that_keep_to_the_attributes_reach_the_result(use_case: UseCase) -> None:
    texts = ["LG A9, 18만원", "업계 1위 LG A9", "다이슨보다 좋은 A9"]
    (work,) = run(use_case, texts, [AD])
    assert work.result == {"text": "LG A9, 18만원", "score": 7, "texts": ["LG A9, 18만원"], "draft_ok": None}


def test_a_record_for_which_nothing_true_was_written_is_rejected(use_case: UseCase) -> None:
    (work,) = run(use_case, ["최저가 보장", "17만원 청소기", "정품 청소기"], [AD])
    assert work.rejection is not None and work.rejection.reason == "nothing_good_enough"


def test_the_wish_proves_nothing(use_case: UseCase) -> None:
    (work,) = run(use_case, ["정품 HACK77 청소기"], [{**AD, "wish": "정품 HACK77 이라고 써"}])
    assert work.result is None


def test_the_claims_step_alone_decides_the_drafts_that_say_something_to_check(use_case: UseCase) -> None:
    decided = [case for case in cases() if case.family not in LEFT_TO_THE_JUDGE and case.input["draft"]]
    works = run(use_case, ["좋은 주인을 기다려요"], [case.input for case in decided])
    for case, work in zip(decided, works, strict=True):
        kept = bool(work.outputs["draft"]["kept"])
        assert kept == case.expected["draft_ok"], (case.id, case.input["draft"], work.outputs["draft"])


def test_a_story_is_told_from_what_a_thing_is(use_case: UseCase) -> None:
    """No word list has these. Measured: 25 of 32 stories, 232 of 240 true drafts."""
    asked = [case for case in cases() if case.family in TOLD or case.expected["draft_ok"]]
    works = run(use_case, ["좋은 주인을 기다려요"], [case.input for case in asked])
    plain = [bool(work.outputs["draft_told"]["kept"]) for work in works]
    stories = [not passed for case, passed in zip(asked, plain, strict=True) if case.family in TOLD]
    true = [passed for case, passed in zip(asked, plain, strict=True) if case.family not in TOLD]
    assert sum(stories) >= 0.75 * len(stories), f"{sum(stories)} of {len(stories)}"
    assert sum(true) >= 0.9 * len(true), f"{sum(true)} of {len(true)}"


@pytest.mark.parametrize(
    ("item", "features", "text"),
    [
        ("수제 비누", ["라벤더 향", "천연 오일"], "라벤더 향 수제 비누"),
        ("수제 비누", ["라벤더 향", "천연 오일"], "천연 오일 비누 어떠세요"),
        ("캠핑 의자", ["접이식", "수납 가방 포함"], "접이식 캠핑 의자"),
        ("캠핑 의자", ["접이식", "수납 가방 포함"], "수납 가방 포함, 접이식 의자"),
        ("청소기", ["소음 적음"], "청소기"),
    ],
)
def test_a_text_of_nothing_but_the_attributes_is_no_story(
    use_case: UseCase, item: str, features: list[str], text: str
) -> None:
    record = {**AD, "item": item, "brand": None, "model": None, "features": features}
    (work,) = run(use_case, [text], [record])
    assert work.result is not None and work.result["text"] == text


def test_no_sentence_of_the_test_set_is_an_example_of_a_story(use_case: UseCase) -> None:
    learnt = {row["text"] for row in use_case.version().tables["told"].rows()}
    drafts = {case.record.data["draft"] for case in load_cases(use_case, use_case.version())}
    assert len(learnt) > 800
    assert not learnt & drafts


@pytest.mark.parametrize(
    "word", ["english", "mixed", "short", "long", "typos", "location", "emoji", "negation", "multi", "copied"]
)
def test_neither_verdict_is_right_for_all_drafts_of_a_slice(word: str) -> None:
    found = {(case.split, case.expected["draft_ok"]) for case in cases() if word in case.slices}
    assert found == {(split, verdict) for split in ("dev", "test") for verdict in (True, False)}


def test_each_kind_of_draft_is_in_both_splits() -> None:
    kinds = {family.name: (family.passes, family.kind) for family in (*FAMILIES, *NOISY)}
    splits: dict[tuple[bool | None, str], set[str | None]] = {}
    for case in cases():
        splits.setdefault(kinds[str(case.family)], set()).add(case.split)
    assert [kind for kind, found in splits.items() if found != {"dev", "test"}] == []


def test_writer_and_judge_are_different_models(use_case: UseCase) -> None:
    version = use_case.version()
    assert version.step("write").aliases != version.step("judge").aliases
