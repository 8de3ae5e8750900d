"""What a run would buy, before anything is bought."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import aclosing

import pytest

from furrow.assembly import prices
from furrow.config.use_case import UseCase
from furrow.engine.calls import Calls, Stamp
from furrow.engine.pipeline import Pipeline
from furrow.engine.plan import Plan, Planning, Usual, plan
from furrow.engine.ports import Arrival, ModelRequest
from furrow.engine.reading import read_work
from furrow.engine.record import Work
from furrow.testing import MemoryLedger, ScriptedModel
from tests.folders import FolderOfPrompts, record

GOOD = {"digest": {"digest": "요약"}, "extract": {"brand": "삼성", "price_text": "3만5천원"}}


def works(use_case: UseCase, *records: dict[str, object] | bytes) -> list[Work]:
    values = [value if isinstance(value, bytes) else json.dumps(value).encode() for value in records]
    arrivals = [Arrival(f"memory:{number}", value) for number, value in enumerate(values)]
    return [read_work(arrival, use_case.pipeline.record) for arrival in arrivals]


def planned(
    use_case: UseCase,
    ledger: MemoryLedger,
    records: list[Work],
    usual: Mapping[tuple[str, str], Usual] | None = None,
) -> Plan:
    version = use_case.version()
    planning = Planning(version, ledger, prices(version), usual or {})

    async def all_of_it() -> Plan:
        async with aclosing(Pipeline(version, planning).run(records)) as finished:
            return await plan(version.release, planning, finished)

    return asyncio.run(all_of_it())


def buy(use_case: UseCase, ledger: MemoryLedger, records: list[Work]) -> ScriptedModel:
    version, model = use_case.version(), ScriptedModel(lambda request: GOOD[request.schema_name])

    async def all_of_it() -> None:
        calls = Calls(lambda _: model, version.catalogue, ledger, Stamp("goods", version.release, "run"))
        async for _ in Pipeline(version, calls).run(records):
            pass
        await calls.close()

    asyncio.run(all_of_it())
    return model


def test_everything_is_new_before_the_first_run(prompts: FolderOfPrompts) -> None:
    use_case = prompts.load()
    found = planned(use_case, MemoryLedger(), works(use_case, record(1), record(2), b"\xff"))
    digest, extract = found.steps["digest"], found.steps["extract"]
    assert (found.records, found.complete, found.rejected) == (3, 0, 1)
    assert (digest.known, digest.new, digest.behind, digest.models) == (0, 2, 0, {"small": 2})
    assert (extract.known, extract.new, extract.behind) == (0, 0, 2)
    assert digest.about_usd and digest.most_usd and 0 < digest.about_usd < digest.most_usd


def test_nothing_is_new_after_a_run_and_one_changed_record_costs_its_own_calls(
    prompts: FolderOfPrompts,
) -> None:
    use_case, ledger = prompts.load(), MemoryLedger()
    buy(use_case, ledger, works(use_case, record(1), record(2)))
    again = planned(use_case, ledger, works(use_case, record(1), record(2)))
    assert again.complete == 2 and again.about_usd == 0
    assert [(step.known, step.new, step.behind) for step in again.steps.values()] == [(2, 0, 0)] * 2
    changed = planned(use_case, ledger, works(use_case, record(1), record(2, body="다른 글")))
    assert [(step.known, step.new, step.behind) for step in changed.steps.values()] == [(1, 1, 0), (1, 0, 1)]


def test_the_same_record_twice_is_planned_once(prompts: FolderOfPrompts) -> None:
    use_case = prompts.load()
    found = planned(use_case, MemoryLedger(), works(use_case, record(1), record(1)))
    assert found.steps["digest"].new == 1


def test_the_plan_is_what_the_run_then_buys(prompts: FolderOfPrompts) -> None:
    use_case, ledger = prompts.load(), MemoryLedger()
    records = [record(number) for number in range(7)]
    found = planned(use_case, ledger, works(use_case, *records))
    model = buy(use_case, ledger, works(use_case, *records))
    assert model.calls == sum(step.new + step.behind for step in found.steps.values())


def test_usual_lengths_of_earlier_calls_make_the_price(prompts: FolderOfPrompts) -> None:
    use_case = prompts.load()
    usual = {("digest", "small"): Usual(1000, 100), ("extract", "small"): Usual(2000, 50)}
    found = planned(use_case, MemoryLedger(), works(use_case, record(1), record(2)), usual)
    assert found.steps["digest"].input_tokens == 2000
    assert found.steps["digest"].about_usd == pytest.approx(2 * (1000 * 1 + 100 * 2) / 1e6)
    assert found.steps["extract"].about_usd == pytest.approx(2 * (2000 * 1 + 50 * 2) / 1e6)


def test_a_price_that_nobody_knows_makes_the_whole_unknown(prompts: FolderOfPrompts) -> None:
    prompts.change("models.yaml", "    price: {input_usd_per_million: 1, output_usd_per_million: 2}\n", "")
    use_case = prompts.load()
    assert planned(use_case, MemoryLedger(), works(use_case, record(1))).about_usd is None


def test_the_most_that_a_call_can_cost_is_never_less_than_what_it_costs(prompts: FolderOfPrompts) -> None:
    use_case = prompts.load()
    found = prices(use_case.version())
    request = ModelRequest("small", "openai-chat:small", (), params={"max_tokens": 10})
    assert (found.most_usd(request) or 0) >= (found.usd("small", 0, 10) or 0)
