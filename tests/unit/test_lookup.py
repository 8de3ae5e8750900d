"""Names of people's texts and the rows that they are linked to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from furrow.config.models import LookupStep
from furrow.engine.korean_names import branch_of, folded, letters, sounds, without_particle
from furrow.engine.lookup import Index, Link, Unlinked, scope_of

MAPO, SUYEONG = "서울 마포구", "부산 수영구"
ROWS = [
    {"id": "p1", "name": "달빛제과 망원점", "aliases": "달빛빵집", "region": MAPO},
    {"id": "p2", "name": "달빛제과 합정점", "aliases": "", "region": MAPO},
    {"id": "p3", "name": "꽃피는 서점", "aliases": "", "region": MAPO},
    {"id": "p4", "name": "초록식당", "aliases": "초록집|Green Table", "region": SUYEONG},
    {"id": "p5", "name": "초록식당 본점", "aliases": "Green Table", "region": MAPO},
    {"id": "p6", "name": "별무리카페", "aliases": "", "region": MAPO},
    {"id": "p7", "name": "별무리카페", "aliases": "", "region": SUYEONG},
]


def step(**match: Any) -> LookupStep:
    settings = {"field": "name", "aliases": "aliases", "within": {"region": "data.region"}, **match}
    table = {"kind": "lookup", "name": "place", "table": "places.csv", "each": "mentions.names"}
    return LookupStep.model_validate({**table, "match": settings})


def find(mention: str, region: str = MAPO, rows: Sequence[dict[str, Any]] = ROWS, **match: Any) -> Link:
    return Index(rows, step(**match)).find(mention, scope_of([region]))


def found(mention: str, region: str = MAPO, **match: Any) -> str | Unlinked | None:
    """The id of the row, or why there is none."""
    link = find(mention, region, **match)
    return link.row["id"] if link.row else link.reason


@pytest.mark.parametrize(
    ("mention", "id"),
    [
        pytest.param("꽃피는 서점", "p3", id="as it is written"),
        pytest.param("꽃피는서점", "p3", id="without the space"),
        pytest.param("달빛 제과망원점", "p1", id="the space in the wrong place"),
        pytest.param("꽃피는써점", "p3", id="a doubled consonant"),
        pytest.param("별무리까페", "p6", id="sounds the same"),
        pytest.param("별머리카페", "p6", id="one wrong vowel"),
        pytest.param("별무리카페에서는", "p6", id="with a particle"),
        pytest.param("별무ㄹㅣ카페", "p6", id="letters typed apart"),
        pytest.param("「별무리·카페」😀", "p6", id="with signs"),
        pytest.param("달빛제과 망원지점", "p1", id="another word for a branch"),
        pytest.param("달빛재과망원점", "p1", id="a typo before a branch without a space"),
        pytest.param("달빛재과 합정점에서", "p2", id="a typo, a branch and a particle"),
        pytest.param("초록식당", "p5", id="the only shop of its name here, said without its branch"),
        pytest.param("ｇｒｅｅｎ ｔａｂｌｅ", "p5", id="an alias, in wide letters"),
        pytest.param("달빛빵집", "p1", id="an alias of a branch"),
    ],
)
def test_a_name_is_found_however_it_is_written(mention: str, id: str) -> None:
    assert found(mention) == id


@pytest.mark.parametrize(
    ("mention", "said"),
    [
        pytest.param("꽃피는서점", "꽃피는서점", id="as it is spelled"),
        pytest.param("꽃피는 서점까지", "꽃피는 서점", id="without a particle"),
        pytest.param("「별무리·카페」에서는", "별무리·카페」", id="but not from between"),
        pytest.param("★꽃피는 서점!!", "꽃피는 서점", id="without signs around"),
        pytest.param("달빛제과망원점이", "달빛제과망원점", id="with its branch"),
        pytest.param("별머리카페", "별머리카페", id="with its typo"),
        pytest.param("없는곳에서", "", id="nothing of what is linked to nothing"),
    ],
)
def test_the_words_of_the_name_are_told_from_what_stands_around_them(mention: str, said: str) -> None:
    assert find(mention).said == said


@pytest.mark.parametrize(
    ("mention", "reason"),
    [
        pytest.param("달빛제과", Unlinked.AMBIGUOUS, id="two branches and none named"),
        pytest.param("달빛제과 연남점", Unlinked.NOT_FOUND, id="a branch that is not in the table"),
        pytest.param("초록식당 홍대점", Unlinked.NOT_FOUND, id="a branch where only the main shop is"),
        pytest.param("은하수분식", Unlinked.NOT_FOUND, id="a name that is not in the table"),
        pytest.param("초록집", Unlinked.NOT_FOUND, id="an alias that is known in another region"),
        pytest.param("서점", Unlinked.NOT_FOUND, id="only the kind of shop"),
        pytest.param("별무리", Unlinked.NOT_FOUND, id="half a name"),
        pytest.param("!!", Unlinked.NOT_FOUND, id="no letters"),
    ],
)
def test_a_name_that_fits_no_row_is_unlinked_with_its_reason(mention: str, reason: Unlinked) -> None:
    assert found(mention) is reason


def test_the_same_name_is_another_place_in_another_region() -> None:
    assert (found("별무리카페", MAPO), found("별무리카페", SUYEONG)) == ("p6", "p7")


def test_a_region_may_be_spaced_in_another_way() -> None:
    assert found("별무리카페", "부산수영구") == "p7"


def test_a_region_without_rows_links_nothing() -> None:
    assert found("별무리카페", "제주 서귀포시") is Unlinked.NO_ROWS


def test_two_rows_that_fit_equally_are_ambiguous() -> None:
    twins = [
        {"id": id, "name": name, "aliases": "", "region": MAPO}
        for id, name in (("a", "솔솔"), ("b", "솔 솔"))
    ]
    assert find("솔솔", rows=twins).reason is Unlinked.AMBIGUOUS


def test_an_exact_name_wins_over_one_that_only_sounds_alike() -> None:
    rows = [
        {"id": id, "name": name, "aliases": "", "region": MAPO}
        for id, name in (("a", "제비집"), ("b", "재비집"))
    ]
    assert find("재비집", rows=rows).row == rows[1]


def test_a_higher_least_score_takes_fewer_spellings() -> None:
    assert found("별머리카페", min_score=85.0) == "p6"
    assert found("별머리카페", min_score=97.0) is Unlinked.NOT_FOUND


def test_a_wider_margin_makes_more_names_ambiguous() -> None:
    rows = [
        {"id": id, "name": name, "aliases": "", "region": MAPO}
        for id, name in (("a", "바람카페"), ("b", "보람카페"))
    ]
    assert find("바람까페", rows=rows).row == rows[0]
    assert find("바람까페", rows=rows, margin=20.0).reason is Unlinked.AMBIGUOUS


def test_aliases_may_be_a_list() -> None:
    rows = [{"id": "a", "name": "바람카페", "aliases": ["Baram", "바람이네"], "region": MAPO}]
    assert find("바람이네", rows=rows).row == rows[0]


# --- what must hold whatever is written --------------------------------------------------------------

SYLLABLES = st.text(alphabet="가각나다라마바사아자차카파하제재과점본서망원 ", min_size=1, max_size=8)
NAMES = SYLLABLES.filter(lambda text: bool(folded(text)))
REGIONS = st.sampled_from([MAPO, SUYEONG, "대구 중구"])
TABLES = st.lists(st.tuples(NAMES, st.lists(NAMES, max_size=2), REGIONS), min_size=1, max_size=12).map(
    lambda rows: [
        {"id": f"p{number}", "name": name, "aliases": "|".join(aliases), "region": region}
        for number, (name, aliases, region) in enumerate(rows)
    ]
)
ANY_MENTION = st.one_of(NAMES, st.text(max_size=20))


@given(TABLES, ANY_MENTION, REGIONS)
def test_nothing_outside_the_region_is_ever_linked(
    rows: list[dict[str, Any]], mention: str, region: str
) -> None:
    link = find(mention, region, rows, min_score=50.0)
    assert link.row is None or link.row["region"] == region


@given(TABLES, ANY_MENTION, REGIONS)
def test_no_id_is_invented_and_each_name_is_linked_or_has_a_reason(
    rows: list[dict[str, Any]], mention: str, region: str
) -> None:
    link = find(mention, region, rows, min_score=50.0)
    assert link.row in rows if link.reason is None else link.row is None
    assert link.mention == mention


@given(TABLES, st.data())
def test_a_name_as_it_stands_in_the_table_never_goes_to_a_row_without_that_name(
    rows: list[dict[str, Any]], data: st.DataObject
) -> None:
    row = data.draw(st.sampled_from(rows))
    link = find(row["name"], row["region"], rows)
    if link.row is None:
        assert link.reason is Unlinked.AMBIGUOUS
    else:
        assert folded(row["name"]) in {
            folded(name) for name in (link.row["name"], *link.row["aliases"].split("|"))
        }


@given(TABLES, NAMES, REGIONS)
def test_the_order_of_the_rows_does_not_matter(rows: list[dict[str, Any]], mention: str, region: str) -> None:
    assert find(mention, region, rows) == find(mention, region, rows[::-1])


@given(TABLES, NAMES, REGIONS, st.sampled_from(["{} ", " {}", "{}!", "«{}»"]))
def test_signs_around_a_name_do_not_matter(
    rows: list[dict[str, Any]], mention: str, region: str, written: str
) -> None:
    decorated = find(written.format(mention), region, rows)
    plain = find(mention, region, rows)
    assert (decorated.row, decorated.score) == (plain.row, plain.score)


# --- the parts of a name -------------------------------------------------------------------------


def test_a_wrong_vowel_is_one_letter() -> None:
    right, wrong = letters(folded("달빛제과")), letters(folded("달빛제가"))
    assert len(right) == len(wrong)
    assert sum(one != other for one, other in zip(right, wrong, strict=True)) == 1


def test_a_consonant_that_slips_into_the_next_syllable_is_the_same_letter() -> None:
    assert letters("갈비") == letters("가")[:2] + letters("ᄅ") + letters("비")


def test_letters_that_sound_alike_are_one_sound() -> None:
    assert sounds(letters("제과")) == sounds(letters("재꽈"))
    assert sounds(letters("제과")) != sounds(letters("자과"))


@pytest.mark.parametrize(
    ("name", "stem", "branch"),
    [
        ("달빛제과 망원점", "달빛제과", "망원"),
        ("달빛제과 망원지점", "달빛제과", "망원"),
        ("달빛제과 본점", "달빛제과", ""),
        ("별빛 서점", "별빛서점", None),
        ("한빛 안경점", "한빛안경점", None),
        ("홍가 반점", "홍가반점", None),
        ("달빛제과", "달빛제과", None),
    ],
)
def test_a_branch_is_told_from_a_kind_of_shop(name: str, stem: str, branch: str | None) -> None:
    assert branch_of(name) == (stem, branch)


def test_a_particle_is_taken_off_but_never_the_whole_name() -> None:
    assert "달빛제과" in list(without_particle("달빛제과에서는"))
    assert list(without_particle("가은")) == []
