"""What a text claims, and whether facts bear it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from furrow.engine.calls import Calls, Stamp
from furrow.engine.claims import Facts, claims_of
from furrow.engine.pipeline import Pipeline
from furrow.engine.ports import Arrival
from furrow.engine.reading import read_work
from furrow.engine.record import Work
from furrow.errors import ConfigError
from furrow.testing import MemoryLedger, ScriptedModel
from tests.folders import FolderOfPrompts

FACTS = Facts.of(
    {
        "브랜드": "LG",
        "모델": "그램 17Z90R",
        "가격": 350000,
        "특징": ["배터리 80%", "256 GB", "무료 배송"],
        "방수": False,
        "무선": True,
    }
)
NEED_PROOF = ["삼성", "LG", "방수", "무선", "무료배송"]
FORBIDDEN = ["최저가", "100%"]


def claims(text: str) -> list[str]:
    return claims_of(text, FACTS, NEED_PROOF, FORBIDDEN)


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        pytest.param("엘지 그램", [], id="the other name"),
        pytest.param("L G 그램", [], id="the name of the facts, spaced"),
        pytest.param("애플 워치", ["애플"], id="another brand"),
        pytest.param(
            "Apple Watch와 엘지 그램", ["Apple", "apple", "watch"], id="another brand in Latin letters"
        ),
        pytest.param("New Balance 운동화", ["New Balance", "new", "balance"], id="two words without proof"),
    ],
)
def test_of_the_names_of_one_thing_one_in_the_facts_proves_the_others(text: str, claim: list[str]) -> None:
    assert claims_of(text, FACTS, ["LG|엘지", "애플|Apple", "뉴발란스|New Balance"]) == claim


def test_a_name_of_two_words_in_latin_letters_is_proved_by_its_other_name_and_no_word_of_it_alone() -> None:
    facts, names = Facts.of("뉴발란스"), ["뉴발란스|New Balance"]
    assert claims_of("New Balance 운동화", facts, names) == []
    assert claims_of("newbalance 운동화", facts, names) == []
    assert claims_of("NEW 뉴발란스 운동화", facts, names) == ["new"]


def test_a_quality_is_proved_inside_of_a_longer_word() -> None:
    assert claims_of("방수 무선", Facts.of("생활방수 초경량무선청소기"), ["방수", "무선"]) == []


@pytest.mark.parametrize("fact", ["파인애플 주스", "그레고리 배낭", "유니콘 인형"])
def test_a_name_inside_of_another_word_proves_nothing(fact: str) -> None:
    names = ["애플|Apple", "레고|LEGO", "니콘|Nikon"]
    assert claims_of("Apple", Facts.of(fact), names) == ["Apple", "apple"]
    assert claims_of("LEGO", Facts.of(fact), names) == ["LEGO", "lego"]
    assert claims_of("Nikon", Facts.of(fact), names) == ["Nikon", "nikon"]


@pytest.mark.parametrize(
    "text",
    [
        "LG 그램 17Z90R, 35만원",
        "３５만원 그램",
        "350,000원에 만나요",
        "256GB 넉넉한 그램",
        "배터리 80% 남은 노트북",
        "무 료 배 송 됩니다",
        "ｌｇ 그램",
        "무선 그램",
        "가볍고 조용한 노트북",
    ],
)
def test_what_the_facts_say_may_be_said(text: str) -> None:
    assert claims(text) == []


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        ("그램 34만원", "340000"),
        ("배터리 90%", "90%"),
        ("배터리 80년", "80"),
        ("35만 5천원", "355000"),
        ("512GB 그램", "512gb"),
        ("Samsung 그램", "samsung"),
        ("삼성 그램", "삼성"),
        ("방수 노트북", "방수"),
        ("최 저 가 그램", "최저가"),
        ("최\u200b저가", "최저가"),
        ("１００％ 만족", "100%"),
        ("그램 17Z90", "17z90"),
    ],
)
def test_what_they_do_not_say_is_a_claim(text: str, claim: str) -> None:
    assert claims(text) == [claim]


def test_a_share_is_not_the_number_alone() -> None:
    facts = Facts.of(["50"])
    assert claims_of("50% 싸요", facts) == ["50%"]


def test_a_forbidden_word_is_one_even_when_the_facts_have_it() -> None:
    assert claims_of("최저가", Facts.of(["최저가"]), [], ["최저가"]) == ["최저가"]


def test_a_short_latin_word_is_not_found_inside_of_another() -> None:
    assert claims_of("php 책", Facts.of(["php"]), ["HP"]) == []


def test_the_name_of_a_fact_that_is_false_proves_nothing() -> None:
    assert claims_of("방수", Facts.of({"방수": False}), ["방수"]) == ["방수"]
    assert claims_of("방수", Facts.of({"방수": True}), ["방수"]) == []


@given(st.text(max_size=80), st.lists(st.text(max_size=30), max_size=4))
def test_no_text_and_no_facts_raise(text: str, facts: list[str]) -> None:
    assert isinstance(claims_of(text, Facts.of(facts), ["삼성"], ["최저가"]), list)


@given(st.integers(min_value=0, max_value=99_999_999))
def test_a_price_is_the_same_however_it_is_written(won: int) -> None:
    man, rest = divmod(won, 10_000)
    written = [f"{won}원", f"{won:,}원", f"{man}만 {rest}원" if man else f"{rest}원"]
    assert [claims_of(text, Facts.of([won])) for text in written] == [[], [], []]


@given(st.integers(min_value=1, max_value=10**9), st.integers(min_value=1, max_value=10**9))
def test_another_number_is_always_a_claim(said: int, known: int) -> None:
    assert bool(claims_of(f"{said}원", Facts.of([known]))) == (said != known)


# --- the step ----------------------------------------------------------------------------------------

FILES = {
    "ads/pipeline.yaml": "description: texts\nowner: tests\nsource:\n  files: {path: sample.jsonl}\n"
    "record: {key: id, time: at}\nlive: v1\n",
    "ads/v1/steps.yaml": """\
steps:
  - name: check
    kind: claims
    each: data.texts
    facts: "[data.brand, data.price]"
    max_chars: 20
    forbidden: [최저가]
result: {kept: check.kept, rejected: check.rejected, claims: check.claims}
""",
}


@pytest.fixture
def ads(prompts: FolderOfPrompts) -> FolderOfPrompts:
    """A use case that only checks texts."""
    for name, text in FILES.items():
        prompts.put(name, text)
    return prompts


def run(folder: FolderOfPrompts, **data: Any) -> Work:
    use_case = folder.load("ads")
    version = use_case.version()
    record = {"id": "a1", "at": "2026-11-24T09:00:00+09:00", "brand": "LG", "price": 9000, **data}
    work = read_work(Arrival("memory:0", json.dumps(record).encode()), use_case.pipeline.record)

    async def all_steps() -> Work:
        stamp = Stamp("ads", version.release, "run")
        calls = Calls(lambda _: ScriptedModel(), version.catalogue, MemoryLedger(), stamp)
        return await anext(Pipeline(version, calls).run([work]))

    return asyncio.run(all_steps())


def test_the_step_keeps_the_texts_that_claim_nothing_else(ads: FolderOfPrompts) -> None:
    long = "아주 긴 문구는 스무 글자를 넘어서 안 됩니다"
    work = run(ads, texts=["LG 의자", "9천원 의자", "8천원 의자", "최저가 의자", long])
    assert work.result == {
        "kept": ["LG 의자", "9천원 의자"],
        "rejected": ["8천원 의자", "최저가 의자", long],
        "claims": ["8000", "최저가", "more than 20 characters"],
    }


def test_one_text_counts_as_a_list_of_it_and_null_as_none(ads: FolderOfPrompts) -> None:
    assert run(ads, texts="LG 의자").outputs["check"]["kept"] == ["LG 의자"]
    assert run(ads, texts=None).outputs["check"] == {"kept": [], "rejected": [], "claims": []}


def test_what_is_no_text_rejects_the_record(ads: FolderOfPrompts) -> None:
    work = run(ads, texts=[{"a": 1}])
    assert work.rejection is not None and work.rejection.reason == "answer_invalid"


def test_facts_that_name_no_step_are_a_problem_with_their_line(ads: FolderOfPrompts) -> None:
    ads.change("ads/v1/steps.yaml", "[data.brand, data.price]", "[dta.brand]")
    with pytest.raises(ConfigError, match=r"ads/v1/steps.yaml:5: unknown variable `dta`"):
        ads.load("ads")
