"""What is told to OpenTelemetry about a run, and what never is."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode

from furrow.adapters.environment_connections import EnvironmentConnections
from furrow.adapters.model_price import CataloguePrices
from furrow.assembly import Deployment
from furrow.config.settings import Settings
from furrow.engine.calls import Calls, Stamp
from furrow.engine.instruments import INSTRUMENTS
from furrow.engine.ports import Answer, Finish, Message, ModelRequest
from furrow.engine.record import Work
from furrow.engine.telemetry import CAPTURE, stands
from furrow.errors import BudgetSpent, ProviderUnavailable
from furrow.store.budgets import Budgets
from furrow.streaming.standing import Standing
from furrow.testing import MemoryLedger, ModelServer, ScriptedModel
from tests.folders import FolderOfPrompts, record
from tests.stream.world import value, world_of
from tests.telemetry import Told, telling, total
from tests.world import World

PHONE = "010-1234-5678"


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[Told]:
    monkeypatch.delenv(CAPTURE, raising=False)
    with telling() as told:
        yield told


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server


class Office:
    """A deployment whose models are the scripted server."""

    def __init__(self, prompts: FolderOfPrompts, folder: Path, server: ModelServer):
        connection = json.dumps({"conn_type": "pydanticai", "host": server.url, "password": "sk-secret-key"})
        settings = Settings.from_environment(
            {"FURROW_HOME": str(folder), "FURROW_PROMPTS": str(prompts.path)}
        )
        self.deployment = Deployment(settings, EnvironmentConnections({"AIRFLOW_CONN_MODELS": connection}))
        self.prompts = prompts

    def through(self) -> list[Work]:
        """All records of the folder's file, all steps."""
        use_case, works = self.deployment.use_case("goods"), list[Work]()
        records = self.deployment.file_works(use_case, self.prompts.path / "goods" / "sample.jsonl")
        asyncio.run(self.deployment.run_in_process(use_case, use_case.version(), records, works.append))
        self.deployment.database.close()
        return works


@pytest.fixture
def office(prompts: FolderOfPrompts, tmp_path: Path, server: ModelServer) -> Office:
    return Office(prompts, tmp_path, server)


def attributes(span: Any) -> dict[str, Any]:
    return dict(span.attributes or {})


# --- a call ------------------------------------------------------------------------------------------


def test_a_call_of_a_real_pipeline_is_a_span_in_the_words_of_the_conventions(
    told: Told, office: Office
) -> None:
    office.through()
    assert len(told.spans) == 6  # three records, two steps that ask
    span = next(span for span in told.spans if attributes(span)["furrow.step"] == "extract")
    assert (span.name, span.kind) == ("chat small", SpanKind.CLIENT)
    assert span.status.status_code is StatusCode.UNSET
    found = attributes(span)
    assert found["gen_ai.operation.name"] == "chat"
    assert found["gen_ai.provider.name"] == "openai"
    assert found["gen_ai.request.model"] == "small"
    assert found["gen_ai.response.model"]
    assert found["gen_ai.response.finish_reasons"] == ("stop",)
    assert found["gen_ai.output.type"] == "json"
    assert found["gen_ai.usage.input_tokens"] > 0 < found["gen_ai.usage.output_tokens"]
    assert found["furrow.use_case"] == "goods"
    assert found["furrow.release"].startswith("v1@")
    assert found["furrow.model"] == "small"
    assert found["furrow.rung"] == "strict"
    assert found["furrow.run_id"] == "in-process"
    assert found["furrow.cost_usd"] > 0


def test_calls_tokens_cost_and_latency_are_counted(told: Told, office: Office, server: ModelServer) -> None:
    works = office.through()
    points = told.points()
    assert total(points["furrow.calls"], use_case="goods", step="extract", rung="strict") == 3
    assert total(points["furrow.calls"]) == server.stats.answered == 6
    spent = sum(trace.spent_usd or 0.0 for work in works for trace in work.traces.values())
    assert total(points["furrow.cost_usd"]) == pytest.approx(spent)
    tokens = {
        kind: sum(v for at, v in points["gen_ai.client.token.usage"] if at["gen_ai.token.type"] == kind)
        for kind in ("input", "output")
    }
    traces = [trace for work in works for trace in work.traces.values()]
    assert tokens["input"] == sum(trace.input_tokens for trace in traces)
    assert tokens["output"] == sum(trace.output_tokens for trace in traces)
    assert total(points["gen_ai.client.operation.duration"]) > 0


def test_an_answer_that_the_ledger_has_is_a_hit_and_no_span(told: Told, office: Office) -> None:
    office.through()
    office.through()
    points = told.points()
    assert len(told.spans) == total(points["furrow.calls"]) == 6
    assert total(points["furrow.ledger.hits"], use_case="goods", model="small") == 6


def test_a_failed_call_is_counted_by_the_class_of_its_error_and_without_its_words(
    told: Told, world: World
) -> None:
    world.model = ScriptedModel(lambda _: ProviderUnavailable("it choked on 갤럭시"))
    (partition, *_) = world.run().fetch()
    with pytest.raises(ProviderUnavailable):
        world.run().run_step("digest", partition)
    span = told.spans[0]
    assert span.status.status_code is StatusCode.ERROR
    assert span.status.description is None
    assert attributes(span)["error.type"] == "ProviderUnavailable"
    assert not span.events
    failed = [value for at, value in told.points()["furrow.calls"] if at.get("error.type")]
    assert sum(failed) == len(told.spans)
    assert total(told.points()["furrow.records"], outcome="failed") == 3
    assert "갤럭시" not in told.everything()


def test_a_call_names_the_rung_on_which_it_was_asked(told: Told, world: World) -> None:
    plain, spoiled = ScriptedModel(), set[str]()

    def script(request: ModelRequest) -> Any:
        if request.schema_name == "extract" and len(request.messages) < 5 and not spoiled:
            spoiled.add("once")
            return "no JSON at all"
        return plain._fitting(request)

    world.model = ScriptedModel(script)
    world.through()
    rungs = [attributes(span)["furrow.rung"] for span in told.spans]
    assert sorted(rungs) == ["reasked"] + ["strict"] * 6
    points = told.points()["furrow.rungs"]
    assert total(points, step="extract", rung="reasked") == 1
    assert total(points, step="extract", rung="strict") == 2


def test_a_call_belongs_to_the_span_around_it_as_that_of_an_airflow_task(told: Told, office: Office) -> None:
    with trace.get_tracer("airflow").start_as_current_span("worker.extract") as task:
        office.through()
    calls = [span for span in told.spans if span.name == "chat small"]
    assert {span.parent and span.parent.span_id for span in calls} == {task.get_span_context().span_id}


# --- text --------------------------------------------------------------------------------------------


def test_no_text_of_a_record_a_prompt_or_an_answer_leaves_by_default(told: Told, office: Office) -> None:
    office.prompts.records([record(1, id="seller-kim-77")])
    (work,) = office.through()
    everything = told.everything()
    answers = (work.outputs["digest"]["digest"], work.outputs["extract"]["price_text"])
    for text in ("갤럭시", "3만5천원", "short digest", "sk-secret-key", "seller-kim-77", *answers):
        assert len(text) > 1 and text not in everything
        assert json.dumps(text).strip('"') not in everything


@pytest.mark.parametrize("switched", ["true", "SPAN_ONLY", "span_and_event"])
def test_text_is_on_spans_once_it_is_switched_on(
    told: Told, office: Office, switched: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CAPTURE, switched)
    office.through()
    found = attributes(next(span for span in told.spans if attributes(span)["furrow.step"] == "digest"))
    assert json.loads(found["gen_ai.system_instructions"])[0]["type"] == "text"
    assert "Write a short digest" in found["gen_ai.system_instructions"]
    (turn,) = json.loads(found["gen_ai.input.messages"])
    assert turn["role"] == "user" and "갤럭시" in turn["parts"][0]["content"]
    (answer,) = json.loads(found["gen_ai.output.messages"])
    assert answer["role"] == "assistant" and answer["finish_reason"] == "stop"
    assert "digest" in answer["parts"][0]["content"]
    assert "갤럭시" not in json.dumps([list(map(str, told.points().values()))], ensure_ascii=False)


@pytest.mark.parametrize("switched", ["", "false", "no_content", "event_only"])
def test_any_other_value_leaves_text_where_it_is(
    told: Told, office: Office, switched: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CAPTURE, switched)
    office.through()
    assert all("gen_ai.input.messages" not in attributes(span) for span in told.spans)


def test_what_is_masked_from_the_model_is_masked_on_the_span_too(
    told: Told, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CAPTURE, "true")
    office.prompts.change("goods/v1/steps.yaml", "steps:\n", "mask: {kinds: [phone]}\nsteps:\n")
    office.prompts.records([record(1, body=f"갤럭시 {PHONE} 3만5천원")])
    office.through()
    everything = told.everything()
    assert "갤럭시" in everything or json.dumps("갤럭시").strip('"') in everything
    assert "1234" not in everything


# --- records, runs, budgets, streams -------------------------------------------------------------------


@pytest.fixture
def world(prompts: FolderOfPrompts, tmp_path: Path) -> World:
    return World(prompts, tmp_path, [record(number) for number in range(3)])


def test_the_outcomes_of_a_run_and_its_end_are_counted(
    told: Told, prompts: FolderOfPrompts, tmp_path: Path
) -> None:
    World(prompts, tmp_path, [*map(record, range(3)), b"not json"]).through()
    points = told.points()
    assert total(points["furrow.records"], use_case="goods", outcome="accepted") == 3
    assert total(points["furrow.records"], use_case="goods", outcome="rejected") == 1
    assert total(points["furrow.runs"], use_case="goods", state="success") == 1
    assert total(points["furrow.run.finished_at"], use_case="goods", state="success") > 1.7e9


async def test_what_is_left_of_a_budget_is_shown(told: Told, prompts: FolderOfPrompts) -> None:
    catalogue = prompts.load().version().catalogue
    answer = Answer("좋아요", Finish.STOP, "small", 3, 1, 0.4, 0.1)
    stamp = Stamp("goods", "v1@12345678", "run", cap_usd=1.0)
    ledger, prices = MemoryLedger(), CataloguePrices(catalogue)
    ledger.raise_budget("goods", 0.25)
    calls = Calls(lambda _: ScriptedModel(lambda _: answer), catalogue, ledger, stamp, prices)
    asked = [
        ModelRequest("small", "openai-chat:small", (Message("user", f"글 {n}"),), params={"max_tokens": 9})
        for n in range(5)
    ]
    with pytest.raises(BudgetSpent):
        for one in asked:
            await calls.answer("extract", one)
    await calls.close()
    points = told.points()
    assert total(points["furrow.budget.limit_usd"], use_case="goods") == 1.25
    assert total(points["furrow.budget.left_usd"], use_case="goods") == pytest.approx(1.25 - 4 * 0.4)


def test_the_budget_in_the_state_database_is_the_one_that_is_shown(told: Told, office: Office) -> None:
    budget = "budget: {usd_per_day: 5}\npartition_records: 10"
    office.prompts.change("goods/pipeline.yaml", "partition_records: 10", budget)
    steps = "model: small\n    params: {max_tokens: 50}\n"
    office.prompts.change("goods/v1/steps.yaml", "model: small\n", steps)
    office.prompts.change(
        "goods/v1/steps.yaml", "use: large}]}", "use: large}]}\n    params: {max_tokens: 50}"
    )
    office.through()
    left = total(told.points()["furrow.budget.left_usd"], use_case="goods")
    assert 5 - Budgets(office.deployment.database).today("goods").spent <= left <= 5


async def test_each_event_of_a_stream_is_a_trace_of_its_own(
    told: Told, prompts: FolderOfPrompts, tmp_path: Path
) -> None:
    with (
        world_of(prompts, tmp_path) as world,
        trace.get_tracer("airflow").start_as_current_span("worker.replica") as task,
    ):
        for number in range(3):
            world.feed.append(value(number))
        world.feed.append(b"not json")
        await world.until(lambda: world.feed.all_committed)
    events = [span for span in told.spans if span.name == "furrow.event"]
    assert len({span.context and span.context.trace_id for span in events}) == len(events) == 4
    assert all(span.parent is None for span in events)
    assert {span.links[0].context.span_id for span in events} == {task.get_span_context().span_id}
    calls = [span for span in told.spans if span.name.startswith("chat ")]
    known = {span.context.span_id for span in events if span.context}
    assert len(calls) == 6 and all(span.parent and span.parent.span_id in known for span in calls)
    points = told.points()["furrow.records"]
    assert (total(points, outcome="accepted"), total(points, outcome="rejected")) == (3, 1)


def test_how_a_stream_stands_outside_airflow_is_told_by_the_gauges_of_the_table(told: Told) -> None:
    stands("goods", "0", Standing(accepted=3, lag_seconds=61).gauges(max_lag_seconds=60))
    points = told.points()
    assert set(points) == {name for name in INSTRUMENTS if name.startswith("furrow.stream.")}
    assert points["furrow.stream.late"] == [({"use_case": "goods", "replica": "0"}, 1)]
    assert points["furrow.stream.events"] == [({"use_case": "goods", "replica": "0"}, 3)]


# --- nobody listens ------------------------------------------------------------------------------------


def test_without_a_provider_a_run_is_as_it_was(world: World) -> None:
    assert world.through()["counts"]["accepted"] == 3


def test_without_the_package_a_call_is_as_it_was() -> None:
    script = """
import asyncio, sys
sys.modules["opentelemetry"] = None
from furrow.engine.ports import Answer, Finish, Message, ModelRequest
from furrow.engine.telemetry import CallTelemetry, event
answer = Answer("x", Finish.STOP, "m", 1, 1, None, 0.1)
async def ask(): return answer
async def main():
    with event("goods"):
        telemetry = CallTelemetry("goods", "v1@12345678", "run")
        telemetry.hit("extract", "small")
        request = ModelRequest("small", "a:b", (Message("user", "x"),))
        assert await telemetry.told("extract", request, ask) is answer
asyncio.run(main())
assert not [name for name in sys.modules if name.startswith("opentelemetry.")]
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_the_command_line_starts_without_opentelemetry() -> None:
    script = "import sys, furrow.cli; assert 'opentelemetry' not in sys.modules"
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_every_metric_is_told_under_a_name_of_the_table(told: Told, world: World) -> None:
    world.through()
    assert set(told.points()) <= set(INSTRUMENTS)
