"""Over a thousand spoiled answers whose truth is known: a repair gives the truth, or nothing."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from furrow.config.fields import Fields
from furrow.config.models import FieldSpec
from furrow.engine.repair import read_answer, repair
from furrow.testing.malformed import MALFORMATIONS

Json = dict[str, Any]

CONDITIONS = ["new", "like_new", "used", "broken"]
FIELDS = Fields(
    {
        "title": FieldSpec(type="string"),
        "brand": FieldSpec(type="string", nullable=True),
        "price_krw": FieldSpec(type="integer", min=0),
        "year": FieldSpec(type="integer", nullable=True),
        "score": FieldSpec(type="number"),
        "sold": FieldSpec(type="boolean"),
        "condition": FieldSpec(type="enum", values=CONDITIONS),
        "tags": FieldSpec(type="list"),
        "sizes": FieldSpec(type="list", items="integer"),
        "day": FieldSpec(type="date", nullable=True),
    }
)
PIECES = [
    "갤럭시 S24",
    "아이폰 15 Pro",
    "'새것 같은'",
    '"미개봉"',
    '27" 모니터',
    "it's the seller's",
    "[교신]",
    "{부품용}",
    "}, {",
    '", "brand": "',
    '"price_krw": 1000',
    "'price_krw': 1000,",
    '{"title": "가짜", "price_krw": 1}',
    "3만5천원",
    "35,000원",
    "010-1234-5678",
    "가격: 30,000 // 네고 가능",
    "# 급처",
    "/* 직거래 */",
    "http://a.kr/b?c=1&d=2#e",
    "C:\\사진\\새 폴더",
    "\\",
    "줄\n바꿈",
    "\t들여쓰기",
    "🙏🏻",
    "😀é",
    "null 값",
    "True, False, None",
    "NaN",
    "```json",
    "“따옴표”",
    "‘작은’",
    "１２３",
    "：，｛｝",
    "50% 할인",
    "a: b",
    "1.0",
    "007",
    ",",
    ":",
    "끝,",
    "\u3000",
    "\u00a0",
    "\x00",
]
PRICES = [0, 1, 500, 1000, 12_345, 35_000, 30_005, 100_000, 1_250_000, 120_000_000, 123_456_789, 100_005_000]


def text(dice: random.Random) -> str:
    return dice.choice(["", "중고 "]) + " ".join(dice.choices(PIECES, k=dice.randint(1, 4)))


def answer(dice: random.Random) -> Json:
    """A valid answer over the fields."""
    return {
        "title": text(dice),
        "brand": dice.choice([None, "삼성", "L'Oréal", 'Sony "α"', text(dice)]),
        "price_krw": dice.choice([*PRICES, dice.randrange(10**6)]),
        "year": dice.choice([None, 2019, -1]),
        "score": dice.choice([0.5, 1.0, -3.25, 1e-7, 1234.5, 1e21]),
        "sold": dice.random() < 0.5,
        "condition": dice.choice(CONDITIONS),
        "tags": [text(dice) for _ in range(dice.randint(0, 3))],
        "sizes": [dice.choice([90, 95, 100, 1200]) for _ in range(dice.randint(0, 3))],
        "day": dice.choice([None, "2026-11-24"]),
    }


def is_strict(spoiled: str) -> bool:
    try:
        read_answer(spoiled, FIELDS)
    except ValueError:
        return False
    return True


def corpus(each: int = 40, seed: int = 20261124) -> Iterator[tuple[str, str, Json]]:
    """(class, malformed answer, truth): those that are not valid as they are."""
    dice = random.Random(seed)
    for name, malformation in MALFORMATIONS.items():
        for _ in range(each):
            truth = answer(dice)
            spoiled = malformation.spoil(truth, dice)
            if not is_strict(spoiled):
                yield name, spoiled, truth


def test_a_repair_never_changes_a_value_and_mends_most_answers_of_which_only_the_form_is_wrong() -> None:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    wrong = []
    for name, spoiled, truth in corpus():
        repaired = repair(spoiled, FIELDS)
        verdict = "refused" if repaired is None else "right" if repaired == truth else "WRONG"
        counts[name][verdict] += 1
        if verdict == "WRONG":
            wrong.append((name, spoiled, repaired, truth))
    print_table(counts)
    assert wrong == []
    assert sum(sum(count.values()) for count in counts.values()) >= 300
    mendable = sum((counts[name] for name, m in MALFORMATIONS.items() if m.repairable), Counter())
    assert mendable["right"] / mendable.total() >= 0.85


def print_table(counts: dict[str, Counter[str]]) -> None:
    for name, count in counts.items():
        kind = "form" if MALFORMATIONS[name].repairable else "value"
        print(f"{name:24} {kind:6} " + "  ".join(f"{verdict} {count[verdict]:3}" for verdict in VERDICTS))


VERDICTS = ("right", "refused", "WRONG")


@pytest.mark.parametrize("name", [name for name, m in MALFORMATIONS.items() if not m.repairable])
def test_an_answer_that_lost_something_is_never_repaired(name: str) -> None:
    dice = random.Random(name)
    for _ in range(200):
        spoiled = MALFORMATIONS[name].spoil(answer(dice), dice)
        assert repair(spoiled, FIELDS) is None, spoiled


@pytest.mark.parametrize("name", MALFORMATIONS)
def test_a_malformation_is_the_same_for_the_same_dice_and_takes_any_flat_object(name: str) -> None:
    odd: list[Json] = [
        {},
        {"a": None},
        {"a": []},
        {"a": [1, "x", None]},
        {"a": True},
        {"a": -0.0},
        {"a": 10**30},
    ]
    for values in [*odd, answer(random.Random(name))]:
        twice = [MALFORMATIONS[name].spoil(values, random.Random(7)) for _ in range(2)]
        assert twice[0] == twice[1]


WORDS = st.text(st.characters(exclude_categories=["Cs"])).map(lambda words: f"글{words}")
ANSWERS = st.fixed_dictionaries(
    {
        "title": WORDS,
        "brand": st.none() | WORDS,
        "price_krw": st.integers(0, 2**63 - 1),
        "year": st.none() | st.integers(-(2**63), 2**63 - 1),
        "score": st.floats(allow_nan=False, allow_infinity=False),
        "sold": st.booleans(),
        "condition": st.sampled_from(CONDITIONS),
        "tags": st.lists(WORDS, max_size=3),
        "sizes": st.lists(st.integers(-1000, 10**6), max_size=3),
        "day": st.none() | st.dates().map(str),
    }
)


@given(ANSWERS, st.sampled_from(sorted(MALFORMATIONS)), st.randoms(use_true_random=False))
def test_whatever_the_answer_and_the_malformation_a_repair_gives_the_truth_or_nothing(
    truth: Json, name: str, dice: random.Random
) -> None:
    assert repair(MALFORMATIONS[name].spoil(truth, dice), FIELDS) in (truth, None)


@given(
    ANSWERS,
    st.lists(
        st.sampled_from([name for name, m in MALFORMATIONS.items() if m.repairable]), min_size=2, max_size=2
    ),
    st.randoms(use_true_random=False),
)
def test_two_answers_in_one_text_are_never_taken_for_one(
    truth: Json, names: list[str], dice: random.Random
) -> None:
    other = {**truth, "price_krw": truth["price_krw"] // 2 + 1, "title": "다른 글"}
    first, second = (MALFORMATIONS[n].spoil(v, dice) for n, v in zip(names, (truth, other), strict=True))
    assert repair(f"{first}\n{second}", FIELDS) is None
