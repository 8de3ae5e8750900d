"""The `judge` step: candidates scored by a model, the best kept, and `when` on an llm step."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from furrow.engine.calls import Calls, Stamp
from furrow.engine.pipeline import Pipeline
from furrow.engine.ports import Arrival, ModelRequest
from furrow.engine.reading import read_work
from furrow.engine.record import Outcome, Rung, Work
from furrow.errors import ConfigError
from furrow.testing import MemoryLedger, ScriptedModel
from tests.folders import FolderOfPrompts

Json = dict[str, Any]
STEPS = """\
steps:
  - name: write
    kind: llm
    model: large
    when: data.wanted
  - name: judge
    kind: judge
    model: small
    each: write.texts
    min_score: 4
result: {text: judge.best, score: judge.best_score, texts: judge.accepted, worse: judge.rejected}
"""
PIPELINE = """\
description: attributes to an ad text
owner: tests
source:
  files: {path: sample.jsonl}
record: {key: id, time: at}
live: v1
"""
FILES = {
    "ads/pipeline.yaml": PIPELINE,
    "ads/v1/steps.yaml": STEPS,
    "ads/v1/write/user.md": "{{ data.item }}\n",
    "ads/v1/write/output.yaml": "texts: {type: list, items: string, max_items: 3}\n",
    "ads/v1/judge/system.md": "Is it true?\n",
    "ads/v1/judge/user.md": "{{ data.item }}\n{{ item }}\n",
    "ads/v1/judge/examples.jsonl": json.dumps(
        {
            "input": {"data": {"item": "책"}, "item": "좋은 책"},
            "output": {"reason": "맞다", "score": 8, "passes": True},
        }
    )
    + "\n",
}
RECORD = {"id": "a1", "at": "2026-11-24T09:00:00+09:00", "item": "의자", "wanted": True}
Verdict = tuple[int, bool]


@pytest.fixture
def ads(prompts: FolderOfPrompts) -> FolderOfPrompts:
    """A use case that writes texts and keeps the best."""
    for name, text in FILES.items():
        prompts.put(name, text)
    return prompts


def judged(verdicts: dict[str, Verdict]) -> Callable[[ModelRequest], Any]:
    """A model that writes these texts, and says this of each."""

    def script(request: ModelRequest) -> Any:
        if request.schema_name == "write":
            return {"texts": list(verdicts)}
        score, passes = verdicts[request.messages[-1].text.splitlines()[-1]]
        return {"reason": f"{score}점", "score": score, "passes": passes}

    return script


def run(folder: FolderOfPrompts, model: ScriptedModel, **changed: Any) -> Work:
    use_case = folder.load("ads")
    version = use_case.version()
    work = read_work(
        Arrival("memory:0", json.dumps({**RECORD, **changed}).encode()), use_case.pipeline.record
    )
    stamp = Stamp("ads", version.release, "run")

    async def all_steps() -> Work:
        calls = Calls(lambda _: model, version.catalogue, MemoryLedger(), stamp)
        return await anext(Pipeline(version, calls).run([work]))

    return asyncio.run(all_steps())


def problems(folder: FolderOfPrompts) -> str:
    with pytest.raises(ConfigError) as caught:
        folder.load("ads")
    return str(caught.value)


def test_the_candidate_with_the_highest_score_is_the_best(ads: FolderOfPrompts) -> None:
    work = run(ads, ScriptedModel(judged({"보통": (5, True), "좋음": (9, True), "그럭저럭": (6, True)})))
    assert work.result == {"text": "좋음", "score": 9, "texts": ["좋음", "그럭저럭", "보통"], "worse": []}
    assert work.outputs["judge"]["scores"] == [5, 9, 6]


def test_of_equal_scores_the_earlier_candidate_is_the_best(ads: FolderOfPrompts) -> None:
    work = run(ads, ScriptedModel(judged({"첫째": (7, True), "둘째": (7, True)})))
    assert work.result is not None and work.result["texts"] == ["첫째", "둘째"]


def test_a_high_score_that_does_not_pass_is_not_the_best(ads: FolderOfPrompts) -> None:
    work = run(ads, ScriptedModel(judged({"거짓": (10, False), "참": (5, True)})))
    assert work.result == {"text": "참", "score": 5, "texts": ["참"], "worse": ["거짓"]}


def test_a_score_below_the_least_does_not_pass_whatever_the_model_says(ads: FolderOfPrompts) -> None:
    work = run(ads, ScriptedModel(judged({"약함": (3, True), "됨": (4, True)})))
    assert work.result is not None and work.result["worse"] == ["약함"]


def test_a_record_of_which_nothing_passes_is_rejected_with_what_was_judged(ads: FolderOfPrompts) -> None:
    work = run(ads, ScriptedModel(judged({"나쁨": (2, False), "더 나쁨": (1, False)})))
    assert work.outcome is Outcome.REJECTED and work.rejection is not None
    assert (work.rejection.reason, work.rejection.step) == ("nothing_good_enough", "judge")
    assert "highest score is 2" in work.rejection.message
    assert work.rejection.raw is not None and "2 나쁨: 2점" in work.rejection.raw


def test_a_judge_that_is_not_required_gives_null_when_nothing_passes(ads: FolderOfPrompts) -> None:
    ads.change("ads/v1/steps.yaml", "min_score: 4", "min_score: 4\n    required: false")
    work = run(ads, ScriptedModel(judged({"나쁨": (2, False)})))
    assert work.result == {"text": None, "score": None, "texts": [], "worse": ["나쁨"]}


def test_without_a_candidate_nobody_is_asked_and_the_record_is_rejected(ads: FolderOfPrompts) -> None:
    model = ScriptedModel(judged({}))
    work = run(ads, model)
    assert work.rejection is not None and work.rejection.reason == "nothing_good_enough"
    assert [request.schema_name for request in model.requests] == ["write"]


def test_each_candidate_is_asked_about_once_with_the_judges_model_and_schema(ads: FolderOfPrompts) -> None:
    model = ScriptedModel(judged({"가": (5, True), "나": (6, True)}))
    run(ads, model)
    asked = [request for request in model.requests if request.schema_name == "judge"]
    assert sorted(request.messages[-1].text for request in asked) == ["의자\n가", "의자\n나"]
    assert {request.alias for request in asked} == {"small"}
    assert list(asked[0].schema["properties"]) == ["reason", "score", "passes"]  # type: ignore[index]


def test_a_score_out_of_range_is_asked_again(ads: FolderOfPrompts) -> None:
    said: list[int] = []

    def script(request: ModelRequest) -> Any:
        if request.schema_name == "write":
            return {"texts": ["글"]}
        said.append(11 if not said else 8)
        return {"reason": "", "score": said[-1], "passes": True}

    work = run(ads, ScriptedModel(script))
    assert work.result is not None and work.result["score"] == 8
    assert work.traces["judge"].rung is Rung.REASKED


def test_candidates_that_are_no_texts_reject_the_record(ads: FolderOfPrompts) -> None:
    ads.change("ads/v1/steps.yaml", "each: write.texts", "each: data.given")
    work = run(ads, ScriptedModel(judged({})), given=[1, 2])
    assert work.rejection is not None and work.rejection.reason == "answer_invalid"


# --- when --------------------------------------------------------------------------------------------


def test_where_when_does_not_hold_no_model_is_asked_and_lists_are_empty(ads: FolderOfPrompts) -> None:
    model = ScriptedModel(judged({"글": (9, True)}))
    work = run(ads, model, wanted=False)
    assert work.outputs["write"] == {"texts": []} and model.requests == []


def test_when_wants_fields_that_may_be_null(ads: FolderOfPrompts) -> None:
    ads.put("ads/v1/write/output.yaml", "texts: {type: list, items: string}\nmood: {type: string}\n")
    assert "ads/v1/steps.yaml:5: with `when`, a field may be null: `mood`" in problems(ads)


# --- what an author gets wrong -----------------------------------------------------------------------


def test_a_judge_of_a_misspelt_field_is_a_problem_with_its_line(ads: FolderOfPrompts) -> None:
    ads.change("ads/v1/steps.yaml", "each: write.texts", "each: write.text")
    assert "ads/v1/steps.yaml:9: `write` has no field `text`; did you mean `texts`?" in problems(ads)


def test_a_judge_without_a_rubric_is_a_problem(ads: FolderOfPrompts) -> None:
    (ads.path / "ads/v1/judge/user.md").unlink()
    assert "ads/v1/judge/user.md: the file is missing" in problems(ads)


def test_an_example_of_a_judge_has_to_be_a_verdict(ads: FolderOfPrompts) -> None:
    ads.change("ads/v1/judge/examples.jsonl", '"score": 8', '"score": 80')
    assert "ads/v1/judge/examples.jsonl:1: `score`" in problems(ads)


def test_a_result_cannot_take_the_verdicts(ads: FolderOfPrompts) -> None:
    ads.change("ads/v1/steps.yaml", "text: judge.best,", "text: judge.verdicts,")
    assert "has no type that a result could have" in problems(ads)
