"""What a run's report holds, and what it never holds."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from furrow.config.fields import Fields
from furrow.config.models import FieldSpec
from furrow.engine.record import Record, Rejection, Rung, Work
from furrow.errors import StoreDamaged
from furrow.evaluation.distribution import MOST_ITEMS
from furrow.evaluation.drift import psi
from furrow.evaluation.run_report import RunReport
from furrow.evaluation.sample import Sample, place_of
from tests.listings import RESULT, trace

FIELDS = Fields(
    {
        "brand": FieldSpec(type="string", nullable=True),
        "condition": FieldSpec(type="enum", values=["new", "used", "broken"]),
        "boxed": FieldSpec(type="boolean"),
        "price_krw": FieldSpec(type="integer", nullable=True),
        "weight_kg": FieldSpec(type="number", nullable=True),
        "tags": FieldSpec(type="list", items="string"),
        "bought_on": FieldSpec(type="date", nullable=True),
    },
    "result",
)
NINE = datetime(2026, 11, 24, 9, tzinfo=UTC)


def work(number: int, /, **changed: object) -> Work:
    """An accepted record with RESULT's values, changed."""
    result = {**RESULT, **changed}
    return Work(Record(f"kafka:goods/0/{number}", f"a{number}", NINE, {}), result=result)


def works_with(field: str, values: Iterable[object]) -> list[Work]:
    return [work(number, **{field: value}) for number, value in enumerate(values)]


def collected(field: str, values: Iterable[object]) -> RunReport:
    return RunReport.collect(works_with(field, values), FIELDS)


def _mixed() -> list[Work]:
    rejected = Work(Record("kafka:goods/0/900", "", NINE, {}))
    rejected.rejection = Rejection("record_unreadable", "fetch", "not JSON", raw="주민번호 900101")
    broken = work(901)
    broken.result, broken.rejection = None, Rejection("rule_broken", "validate", "the rule does not hold")
    failed = Work(Record("kafka:goods/0/902", "a902", NINE, {}))
    failed.failure = Rejection("rate_limited", "extract", "429")
    return [work(0), work(1, brand=None), rejected, broken, failed, Work(Record("x:903", "a903", NINE, {}))]


def test_every_work_is_counted_once_by_outcome_and_reason() -> None:
    report = RunReport.collect(_mixed(), FIELDS)
    assert report.records == 6
    assert report.outcomes == {"accepted": 2, "rejected": 2, "failed": 1, "unfinished": 1}
    assert report.rejections == {"record_unreadable": 1, "rule_broken": 1}
    assert report.failures == {"rate_limited": 1}
    assert (report.fields["brand"].n, report.fields["brand"].null_rate) == (2, 0.5)


def test_each_step_is_counted_with_its_models_rungs_and_cost() -> None:
    works = [work(number) for number in range(10)]
    for number, each in enumerate(works):
        each.traces = {
            "digest": trace(cost_usd=0.0001),
            "extract": trace(model="large", seconds=float(number)),
        }
    works[9].traces["extract"] = trace(model="huge", rung=Rung.ESCALATED, calls=3, bought=0, cost_usd=0.1)
    report = RunReport.collect(works, FIELDS)
    assert list(report.steps) == ["digest", "extract"]
    extract = report.steps["extract"]
    assert extract.models == {"huge": 1, "large": 9}
    assert (extract.calls, extract.bought, extract.records) == (12, 9, 10)
    assert (extract.input_tokens, extract.output_tokens) == (1000, 200)
    assert extract.rungs == {"strict": 9, "repaired": 0, "reasked": 0, "escalated": 1}
    assert (extract.cost_usd, report.cost_usd) == (pytest.approx(0.109), pytest.approx(0.11))
    assert (extract.seconds.p50, extract.seconds.p95) == (3.0, 8.0)
    assert report.rungs["strict"] == 19


def test_a_run_without_a_record_has_a_report() -> None:
    report = RunReport.collect([], FIELDS)
    assert report.records == 0
    assert {found.null_rate for found in report.fields.values()} == {None}
    assert RunReport.from_json(json.loads(json.dumps(report.to_json()))) == report


@pytest.mark.parametrize(
    ("field", "values", "measure", "counts"),
    [
        pytest.param(
            "condition", ["used", "used", "new"], "value", {"new": 1, "used": 2, "broken": 0}, id="enum"
        ),
        pytest.param("boxed", [True, True, False], "value", {"false": 1, "true": 2}, id="boolean"),
        pytest.param("tags", [[], ["a"], ["a", "b"], ["c"]], "items", {"0": 1, "1": 2, "2": 1}, id="list"),
        pytest.param(
            "tags", [["a"] * 9, ["a"] * 10_000], "items", {"9": 1, f"{MOST_ITEMS}": 1}, id="long list"
        ),
    ],
)
def test_values_of_few_kinds_are_counted(
    field: str, values: Sequence[object], measure: str, counts: dict[str, int]
) -> None:
    found = collected(field, values).fields[field]
    assert (found.measure, found.counts, found.percentiles) == (measure, counts, None)


@pytest.mark.parametrize(
    ("field", "values", "measure", "quantiles"),
    [
        pytest.param("price_krw", range(1, 1001), "value", [1, 500, 1000], id="integer"),
        pytest.param("weight_kg", [0.5, 1.5, 2.5], "value", [0.5, 1.5, 2.5], id="number"),
        pytest.param(
            "brand", ["애플", "LG전자", "a" * 50], "characters", [2, 4, 50], id="text by its length"
        ),
        pytest.param(
            "bought_on",
            ["2024-02-29", "2025-01-01", "2026-11-24"],
            "value",
            ["2024-02-29", "2025-01-01", "2026-11-24"],
            id="date",
        ),
        pytest.param("price_krw", [10**30], "value", [10**18, 10**18, 10**18], id="absurdly large"),
    ],
)
def test_values_of_many_kinds_are_kept_as_quantiles(
    field: str, values: Iterable[object], measure: str, quantiles: list[object]
) -> None:
    found = collected(field, values).fields[field]
    assert found.percentiles is not None
    assert (found.measure, found.counts, len(found.percentiles)) == (measure, None, 101)
    assert [found.percentiles[place] for place in (0, 50, 100)] == quantiles


def test_no_text_of_a_record_or_an_answer_gets_into_the_report() -> None:
    secret = "010-1234-5678"
    nosy = work(0, brand=secret, tags=[secret], condition=secret)
    nosy.record.data["body"] = secret
    nosy.outputs["extract"] = {"brand": secret}
    bad = Work(Record("kafka:goods/0/1", secret, NINE, {}))
    bad.rejection = Rejection("answer_invalid", "extract", secret, raw=secret)
    report = RunReport.collect([nosy, bad], FIELDS)
    assert secret not in json.dumps(report.to_json())
    assert report.fields["condition"].counts == {"new": 0, "used": 0, "broken": 0, "(other)": 1}


def test_a_report_survives_json_and_further_keys() -> None:
    report = RunReport.collect(_mixed(), FIELDS, started=NINE, finished=NINE + timedelta(minutes=3))
    stored = json.loads(json.dumps({**report.to_json(), "release": "v1@3f2a9c1d", "drift": {}}))
    assert RunReport.from_json(stored) == report


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param({"records": "many"}, "`records`", id="wrong type"),
        pytest.param({"format": 2}, "`format`", id="another format"),
        pytest.param({"fields": {"brand": {}}}, "`fields.brand.type`", id="missing parts"),
    ],
)
def test_a_damaged_report_is_named(change: dict[str, Any], said: str) -> None:
    with pytest.raises(StoreDamaged, match=said):
        RunReport.from_json({**collected("boxed", [True]).to_json(), **change})


outcomes = st.lists(
    st.tuples(
        st.sampled_from(["new", "used", "broken"]),
        st.none() | st.integers(-(10**20), 10**20),
        st.none() | st.floats(allow_nan=False, allow_infinity=False),
        st.floats(0, 10),
    ),
    max_size=30,
)


@given(outcomes, st.randoms(use_true_random=False))
def test_the_order_of_the_works_changes_nothing(rows: list[Any], random: Any) -> None:
    works = []
    for number, (condition, price, weight, cost) in enumerate(rows):
        works.append(work(number, condition=condition, price_krw=price, weight_kg=weight))
        works[-1].traces["extract"] = trace(cost_usd=cost, seconds=cost)
    report = RunReport.collect(works, FIELDS)
    random.shuffle(works)
    assert json.dumps(RunReport.collect(works, FIELDS).to_json()) == json.dumps(report.to_json())


# --- the sample ------------------------------------------------------------------------------------


def test_a_sample_never_grows_beyond_its_size_and_stays_close() -> None:
    sample = Sample(1000)
    for number in range(50_000):
        sample.add(place_of(f"r{number}"), float(number))
    assert len(sample) == 1000
    p5, p50, p95 = sample.quantiles([0.05, 0.5, 0.95])
    assert (p5, p50, p95) == (
        pytest.approx(2_500, abs=1500),
        pytest.approx(25_000, abs=2500),
        pytest.approx(47_500, abs=1500),
    )


@given(st.lists(st.integers(0, 10**6), unique=True, max_size=60), st.randoms(use_true_random=False))
def test_a_full_sample_keeps_the_same_values_in_any_order(numbers: list[int], random: Any) -> None:
    def quantiles() -> list[Any]:
        sample = Sample(10)
        for number in numbers:
            sample.add(place_of(f"r{number}"), number)
        return sample.quantiles([0, 0.25, 0.5, 0.75, 1])

    before = quantiles()
    random.shuffle(numbers)
    assert quantiles() == before


def test_works_are_taken_one_by_one() -> None:
    alive: list[int] = []

    class Seen(Work):
        def __del__(self) -> None:
            alive.remove(0)

    def stream() -> Iterator[Work]:
        for number in range(50):
            alive.append(0)
            assert len(alive) <= 3
            plain = work(number)
            yield Seen(plain.record, result=plain.result)

    assert RunReport.collect(stream(), FIELDS).records == 50


# --- the population stability index ----------------------------------------------------------------

histogram = st.lists(st.integers(0, 50), min_size=4, max_size=4).filter(any)


@given(histogram, histogram)
def test_psi_is_never_negative_and_the_same_both_ways(before: list[int], now: list[int]) -> None:
    least = 0.5 / min(sum(before), sum(now))
    assert psi(before, now, least) >= 0
    assert psi(before, now, least) == pytest.approx(psi(now, before, least))


@given(histogram, st.integers(1, 1000))
def test_psi_is_zero_for_equal_shares(before: list[int], times: int) -> None:
    assert psi(before, [times * count for count in before], 0.5 / sum(before)) == 0.0


def test_psi_is_the_textbook_sum() -> None:
    assert psi([50, 30, 20], [40, 30, 30]) == pytest.approx(0.1 * 0.2231436 + 0.1 * 0.4054651)


def test_psi_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        psi([0, 0], [1, 2])
