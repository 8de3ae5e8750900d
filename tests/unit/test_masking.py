"""`mask:` of steps.yaml: what a model sees of a record, and what comes back into its result."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from furrow.config.models import FieldSpec, Mask, MaskKind
from furrow.engine.calls import Calls, Stamp
from furrow.engine.masking import Masking
from furrow.engine.personal import find_personal
from furrow.engine.pipeline import Pipeline
from furrow.engine.ports import Arrival, ModelRequest
from furrow.engine.reading import read_work
from furrow.engine.record import Outcome, Record, Work
from furrow.errors import ConfigError
from furrow.testing import MemoryLedger, ScriptedModel
from tests.folders import FolderOfPrompts, record
from tests.world import World

Json = dict[str, Any]
KINDS: list[MaskKind] = ["phone", "rrn", "account", "email", "card", "link"]
PHONE, MAIL, RRN = "010-1234-5678", "kim@naver.com", "900101-1234567"
SPECS = {
    "ask": {
        "contact": FieldSpec(type="string", nullable=True),
        "title": FieldSpec(type="string"),
        "tags": FieldSpec(type="list"),
    }
}


def masking(result: str = "drop", kinds: list[MaskKind] = KINDS) -> Masking:
    return Masking(Mask.model_validate({"kinds": kinds, "result": result}))


def work_of(data: Json, key: str = "a1", **outputs: Json) -> Work:
    return Work(Record("memory:1", key, datetime(2026, 11, 24, tzinfo=UTC), data), outputs=outputs)


def published(mask: Masking, data: Json, **ask: Any) -> Json:
    return mask.published(work_of(data, ask=ask), SPECS)["ask"]


# --- what is seen --------------------------------------------------------------------------------------


def test_the_same_words_get_the_same_placeholder_and_others_another() -> None:
    seen = masking().seen(
        work_of({"title": f"{PHONE} 팝니다", "body": f"010 9999 8888 말고 {PHONE}, {MAIL}"})
    )
    assert seen.record.data == {"title": "[전화1] 팝니다", "body": "[전화2] 말고 [전화1], [메일1]"}


def test_lists_objects_and_the_key_are_masked_and_other_values_stay() -> None:
    data = {"n": 3, "ok": True, "none": None, "deep": [{"to": [MAIL, 1.5]}]}
    seen = masking().seen(work_of(data, key=PHONE))
    assert seen.record.data == {"n": 3, "ok": True, "none": None, "deep": [{"to": ["[메일1]", 1.5]}]}
    assert seen.record.key == "[전화1]"


def test_the_record_itself_is_kept_as_it_came() -> None:
    work = work_of({"body": PHONE})
    masking().seen(work)
    assert work.record.data == {"body": PHONE}


def test_only_the_kinds_that_are_named_are_masked() -> None:
    seen = masking(kinds=["email"]).seen(work_of({"body": f"{PHONE} {MAIL}"}))
    assert seen.record.data["body"] == f"{PHONE} [메일1]"


def test_without_a_mask_the_work_is_the_same_object() -> None:
    work = work_of({"body": PHONE})
    assert Masking(None).seen(work) is work
    assert Masking(None).prompt(PHONE) == PHONE


def test_names_of_images_stay_so_that_they_can_be_read() -> None:
    data = {"photos": ["https://img.example/a.jpg?w=1", "rooms/01012345678.png"]}
    assert masking().seen(work_of(data)).record.data == data


def test_a_placeholder_that_the_record_itself_holds_is_not_taken_for_one_of_ours() -> None:
    data = {"title": "[전화1] 로 연락", "body": PHONE}
    mask = masking("restore")
    assert mask.seen(work_of(data)).record.data == {"title": "[전화1] 로 연락", "body": "[전화2]"}
    assert published(mask, data, title="[전화1]", contact="[전화2]", tags=[]) == {
        "title": "[전화1]",
        "contact": PHONE,
        "tags": [],
    }


def test_what_comes_together_in_a_prompt_is_masked_with_a_number_of_its_own() -> None:
    assert masking().prompt(f"[전화2] 또는 010\n-1234-5678, {MAIL}") == "[전화2] 또는 [전화3], [메일1]"


@given(st.text(max_size=80), st.sampled_from([PHONE, MAIL, RRN, "공일공일이삼사오육칠팔", "110-123-456789"]))
def test_nothing_personal_is_left_in_what_is_seen(text: str, value: str) -> None:
    seen = masking().seen(work_of({"body": f"{text} {value} {text}"})).record.data["body"]
    assert value not in seen
    assert find_personal(masking().prompt(seen), KINDS) == []


@given(st.text(max_size=40), st.text(max_size=40))
def test_put_back_it_is_what_the_record_said(before: str, after: str) -> None:
    mask, data = masking("restore"), {"body": f"{before} {PHONE} {after}"}
    seen = mask.seen(work_of(data)).record.data["body"]
    back = published(mask, data, title=seen, contact=None, tags=[])["title"]
    assert PHONE in back


# --- what comes out ------------------------------------------------------------------------------------

DATA = {"body": f"책상 팝니다. 연락 {PHONE} {MAIL}"}


@pytest.mark.parametrize(
    ("written", "left"),
    [
        ("[전화1]", None),
        ("전화1", None),
        ("(전화1)", None),
        ("[전화 1]", None),
        ("【전화1】", None),
        (" [전화1] / [메일1] ", None),
        ("책상 [전화1] 문의", "책상 문의"),
        (PHONE, None),
        ("원목 책상", "원목 책상"),
        ("전화1대 [새것]", "전화1대 [새것]"),
    ],
)
def test_dropped_a_text_loses_it_and_is_null_where_nothing_is_left(written: str, left: str | None) -> None:
    assert published(masking(), DATA, title="책상", contact=written, tags=[])["contact"] == left


def test_dropped_a_text_that_cannot_be_null_is_empty() -> None:
    assert published(masking(), DATA, title="[메일1]", contact=None, tags=[])["title"] == ""


def test_dropped_an_item_of_a_list_goes_whole() -> None:
    tags = ["책상", "[전화1]", f"문의_{PHONE}", "원목"]
    assert published(masking(), DATA, title="", contact=None, tags=tags)["tags"] == ["책상", "원목"]


def test_put_back_texts_and_items_stand_as_in_the_record() -> None:
    out = published(
        masking("restore"), DATA, title="문의 [전화 1]", contact="메일1", tags=["[전화1]", "책상"]
    )
    assert out == {"title": f"문의 {PHONE}", "contact": MAIL, "tags": [PHONE, "책상"]}


def test_put_back_a_placeholder_that_was_never_given_is_taken_out() -> None:
    out = published(masking("restore"), DATA, title="문의 [전화7]", contact="[계좌1]", tags=["[전화7]"])
    assert out == {"title": "문의", "contact": None, "tags": []}


def test_answers_about_each_item_of_a_list_are_cleaned_too() -> None:
    work = work_of(DATA, ask={"answers": [{"contact": "[전화1]", "item": "책상 [메일1]"}]})
    (answer,) = masking().published(work, SPECS)["ask"]["answers"]
    assert answer == {"contact": None, "item": "책상"}


# --- through a pipeline --------------------------------------------------------------------------------

MASKED = "mask: {kinds: [phone, rrn, account, email]}\n"
SAYS_ALL = "brand: {type: string, nullable: true}\nprice_text: {type: string, nullable: true}\n"


class Bench:
    """The small use case with a mask, and a model that writes back all that it saw."""

    def __init__(
        self, prompts: FolderOfPrompts, mask: str = MASKED, answer: Callable[[str], Json] | None = None
    ):
        prompts.put("goods/v1/steps.yaml", (prompts.path / "goods/v1/steps.yaml").read_text("utf-8") + mask)
        self.use_case = prompts.load()
        self.answer = answer or (lambda text: {"brand": text, "price_text": "3만원"})
        self.model, self.ledger = ScriptedModel(self._says), MemoryLedger()

    def _says(self, request: ModelRequest) -> Json:
        text = request.messages[-1].text
        return {"digest": text[:80]} if request.schema_name == "digest" else self.answer(text)

    def run(self, body: str) -> Work:
        value = json.dumps(record(1, body=body)).encode()
        work = read_work(Arrival("memory:1", value), self.use_case.pipeline.record)

        async def all_steps() -> Work:
            version = self.use_case.version()
            calls = Calls(
                lambda _: self.model, version.catalogue, self.ledger, Stamp("goods", version.release, "run")
            )
            (done,) = [done async for done in Pipeline(version, calls).run([work])]
            return done

        return asyncio.run(all_steps())

    @property
    def sent(self) -> str:
        return "\n".join(turn.text for request in self.model.requests for turn in request.messages)


def test_no_model_sees_it_and_no_result_or_stored_answer_holds_it(prompts: FolderOfPrompts) -> None:
    bench = Bench(prompts)
    work = bench.run(f"갤럭시 3만원 {PHONE} {MAIL} {RRN}")
    assert work.outcome is Outcome.ACCEPTED and work.result is not None
    for value in (PHONE, MAIL, RRN, "1234-5678"):
        assert value not in bench.sent
        assert value not in json.dumps(work.outputs, ensure_ascii=False)
        assert value not in json.dumps(work.result, ensure_ascii=False)
        assert not [purchase for purchase in bench.ledger.purchases.values() if value in purchase.answer.text]
    assert "[전화1]" in bench.sent and "[전화1]" not in work.result["brand"]
    assert work.record.data["body"].endswith(RRN)


def test_put_back_the_result_says_what_the_record_said(prompts: FolderOfPrompts) -> None:
    mask = "mask: {kinds: [phone], result: restore}\n"
    work = Bench(prompts, mask, lambda text: {"brand": "[전화1]", "price_text": None}).run(f"문의 {PHONE}")
    assert work.result == {"brand": PHONE, "price_krw": None}


def test_a_number_that_a_template_would_cut_is_masked_before(prompts: FolderOfPrompts) -> None:
    prompts.put(
        "goods/v1/extract/user.md", "{{ digest.digest }}\n{{ data.body | truncate(12, true, '', 0) }}\n"
    )
    bench = Bench(prompts)
    bench.run(f"갤럭시 {PHONE}")
    assert "010-1" not in bench.sent


def test_records_that_differ_only_in_what_is_masked_share_one_paid_answer(prompts: FolderOfPrompts) -> None:
    bench = Bench(prompts)
    bench.run("갤럭시 010-1111-2222")
    calls = bench.model.calls
    bench.run("갤럭시 010-3333-4444")
    assert bench.model.calls == calls == 2


def test_rules_see_the_record_as_it_came_and_the_result_as_it_leaves(prompts: FolderOfPrompts) -> None:
    prompts.change("goods/v1/steps.yaml", "result.price_krw is none or", "result.brand in data.body and")
    mask = "mask: {kinds: [phone], result: restore}\n"
    bench = Bench(prompts, mask, lambda text: {"brand": "[전화1]", "price_text": "3만원"})
    assert bench.run(f"문의 {PHONE}").outcome is Outcome.ACCEPTED


def test_a_result_that_no_longer_fits_with_what_was_put_back_is_rejected(prompts: FolderOfPrompts) -> None:
    prompts.put("goods/v1/extract/output.yaml", SAYS_ALL.replace("true}", "true, max_length: 8}", 1))
    mask = "mask: {kinds: [phone], result: restore}\n"
    work = Bench(prompts, mask, lambda text: {"brand": "[전화1]", "price_text": None}).run(PHONE)
    assert work.rejection is not None and work.rejection.reason == "answer_invalid"
    assert "brand" in work.rejection.message and "output.yaml" in work.rejection.message
    assert PHONE not in work.rejection.message


def test_examples_are_the_authors_own_and_stay(prompts: FolderOfPrompts) -> None:
    prompts.change("goods/v1/extract/examples.jsonl", "아이폰 30만", "아이폰 30만 010-0000-0000")
    bench = Bench(prompts)
    bench.run(f"갤럭시 {PHONE}")
    assert "010-0000-0000" in bench.sent and PHONE not in bench.sent


def test_every_task_of_a_batch_gives_the_same_placeholders(prompts: FolderOfPrompts, tmp_path: Path) -> None:
    work = work_of({"body": f"{MAIL} {PHONE} 010-9999-8888"})
    again = Work.from_json(json.loads(json.dumps(work.to_json())))
    assert masking().seen(work).record == masking().seen(again).record


def test_a_run_keeps_the_record_as_it_came_in_its_files_and_dead_letters_and_masks_the_rest(
    prompts: FolderOfPrompts, tmp_path: Path
) -> None:
    steps = (prompts.path / "goods/v1/steps.yaml").read_text("utf-8")
    prompts.put("goods/v1/steps.yaml", steps + MASKED)
    world = World(prompts, tmp_path, [record(1, body=f"갤럭시 {PHONE}"), record(2, body=f"불량 {PHONE}")])
    world.model = ScriptedModel(
        lambda request: (
            {"digest": request.messages[-1].text}
            if request.schema_name == "digest"
            else {"brand": "문의 [전화1]", "price_text": "3만원"}
            if "갤럭시" in request.messages[-1].text
            else {"brand": 7}
        )
    )
    world.through()
    done, rejected = list(world.run().results())
    assert (
        done.record.data["body"] == f"갤럭시 {PHONE}" and done.outputs["digest"]["digest"] == "갤럭시 [전화1]"
    )
    assert done.result == {"brand": "문의", "price_krw": 30000}
    assert [row.values for row in world.sink.rows.values()] == [{"brand": "문의", "price_krw": 30000}]
    assert rejected.rejection is not None and PHONE not in (rejected.rejection.raw or "")
    (letter,) = world.letters.open_letters("goods")
    assert letter.record is not None and PHONE in letter.record and PHONE not in (letter.raw or "")


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        ("mask: {kinds: [fone]}\n", "kinds"),
        ("mask: {kinds: []}\n", "kinds"),
        ("mask: {kinds: [phone], result: keep}\n", "result"),
        ("mask: {kind: [phone]}\n", "kind"),
    ],
)
def test_a_mask_with_a_mistake_is_a_config_error_with_its_line(
    prompts: FolderOfPrompts, mask: str, words: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        Bench(prompts, mask)
    lines = [problem for problem in caught.value.problems if re.search(words, problem.what)]
    assert lines and lines[0].path == "goods/v1/steps.yaml" and lines[0].line is not None
