"""What one call costs: the engine, a bare HTTP client and a pydantic-ai Agent against the same model server.

The server answers after a fixed time and runs in a process of its own; every measurement is a fresh process
that makes some calls to warm up, then starts its clocks. CPU is that of the measuring process, all threads.
Rounds alternate, so that other programs on the machine weigh on all sides; the ratios are what counts.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
CONTENDERS = ("engine", "bare", "agent", "agent_aiohttp")
WARM_UP = 200
CPU = {"latency": 0.05, "concurrency": 128, "calls": 1280}
THROUGHPUT = {"latency": 0.2, "concurrency": 64, "calls": 9600}
MEMORY = (1_000, 100_000)

SYSTEM = """You read second-hand listings and answer with one JSON object.
Copy numbers as they are written. Use null for what the listing does not say.
"""
EXAMPLES = (
    ("아이폰 14 프로 128기가 팝니다. 배터리 91%, 케이스 드려요. 75만 강남역 직거래", "애플", "used", "75만"),
    ("나이키 에어포스 270 새상품 택배 가능 89,000원", "나이키", "new", "89,000원"),
    ("이케아 책상 무료나눔해요 조립은 직접 분리하셔야 합니다", "이케아", "used", None),
    ("삼성 갤럭시 버즈 한쪽 고장 부품용 1만 5천원", "삼성", "broken", "1만 5천원"),
)
OUTPUT = """\
item: {type: string, max_length: 60, description: what is sold}
brand: {type: string, nullable: true}
condition: {type: enum, values: [new, used, broken]}
price_text: {type: string, nullable: true, description: the price as written}
keywords: {type: list, items: string, max_items: 5}
"""


def main(as_json: bool = False, rounds: int = 3, memory: tuple[int, int] = MEMORY) -> int:
    """Measure and print. Takes some minutes, most of them for the memory at 100,000 records."""
    result = {
        "cpu": cpu(rounds),
        "throughput": throughput(),
        "memory": memory_growth(*memory),
        "machine": {"cores": os.cpu_count(), "load_1m": round(os.getloadavg()[0], 1)},
    }
    if as_json:
        print(json.dumps(result, indent=2))
    else:
        show(result)
    return 0


# --- the measurements -------------------------------------------------------------------------------


def cpu(rounds: int) -> dict[str, Any]:
    """CPU and wall time per call of every contender; ratios of the medians."""
    found: dict[str, list[dict[str, float]]] = {name: [] for name in CONTENDERS}
    with model_server(CPU["latency"]) as url:
        for _ in range(rounds):
            for name in CONTENDERS:
                found[name].append(measure(name, url, int(CPU["concurrency"]), int(CPU["calls"])))
    result: dict[str, Any] = {**CPU, "rounds": rounds}
    for name, measured in found.items():
        result[name] = {
            "calls_per_second": round(statistics.median(one["calls_per_second"] for one in measured), 1),
            "cpu_ms_per_call": round(statistics.median(one["cpu_ms_per_call"] for one in measured), 3),
        }
    ours = result["engine"]["cpu_ms_per_call"]
    result["engine_to"] = {
        name: round(ours / result[name]["cpu_ms_per_call"], 3) for name in CONTENDERS if name != "engine"
    }
    return result


def throughput() -> dict[str, Any]:
    """Calls a second against what the latency and the concurrency allow at best, start and end included.

    Half a minute for the engine and the bare client; the Agents are slower and make a sixth of the calls.
    """
    ideal = THROUGHPUT["concurrency"] / THROUGHPUT["latency"]
    result: dict[str, Any] = {**THROUGHPUT, "ideal_calls_per_second": ideal}
    with model_server(THROUGHPUT["latency"]) as url:
        for name in CONTENDERS:
            share = 6 if name.startswith("agent") else 1
            calls = int(THROUGHPUT["calls"]) // share
            measured = measure(name, url, int(THROUGHPUT["concurrency"]), calls)
            reached = measured["calls_per_second"]
            result[name] = {
                "calls_per_second": round(reached, 1),
                "of_ideal": round(reached / ideal, 3),
            }
    ours, bare_client = result["engine"]["calls_per_second"], result["bare"]["calls_per_second"]
    result["engine_to"] = {"bare": round(ours / bare_client, 3)}
    return result


def memory_growth(few: int, many: int) -> dict[str, Any]:
    """Peak resident memory of the engine. The model is scripted and in the process: no HTTP, no waiting."""
    small, large = (measure("memory", "", 64, records) for records in (few, many))
    return {
        "model": "scripted, in the process, no latency",
        "records": [few, many],
        "peak_mb": [round(small["peak_mb"], 1), round(large["peak_mb"], 1)],
        "growth_mb": round(large["peak_mb"] - small["peak_mb"], 1),
        "records_per_second": round(large["calls_per_second"], 1),
    }


@contextmanager
def model_server(latency: float) -> Iterator[str]:
    """A model server in its own process; its base URL."""
    command = [sys.executable, "-m", "furrow.testing", "--latency", str(latency)]
    process = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(10)


def measure(name: str, url: str, concurrency: int, calls: int) -> dict[str, float]:
    """One fresh process."""
    command = [sys.executable, str(Path(__file__).resolve())]
    command += ["--measure", name, url, str(concurrency), str(calls)]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{name} failed:\n{done.stderr[-3000:]}")
    measured: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    print(f"  {name}: {measured}", file=sys.stderr)
    return measured


def environment() -> dict[str, str]:
    """For the measured processes."""
    return {**os.environ, "PYTHONPATH": str(PROJECT / "include")}


# --- in the measured process ------------------------------------------------------------------------

Run = Callable[[int, int], Awaitable[None]]
"""Make the calls for the records from .. to, all of them ended when it returns."""


async def measured(name: str, url: str, concurrency: int, calls: int) -> dict[str, float]:
    """Warm up, then the clocks."""
    contender = {
        "engine": engine,
        "bare": bare,
        "agent": agent,
        "agent_aiohttp": agent_aiohttp,
        "memory": memory,
    }[name]
    async with contender(url, concurrency) as run:
        await run(0, WARM_UP)
        started, started_cpu = time.perf_counter(), time.process_time()
        await run(WARM_UP, WARM_UP + calls)
        seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - started_cpu
    return {
        "calls_per_second": calls / seconds,
        "cpu_ms_per_call": cpu_seconds / calls * 1000,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def listing(number: int) -> str:
    """The text of one record."""
    return f"갤럭시 S{number} 자급제 256기가, 생활기스 있어요. {number % 90 + 10}만 5천원, 네고 사절"


@asynccontextmanager
async def engine(url: str, concurrency: int) -> AsyncIterator[Run]:
    """The pipeline of a use case with one llm step, its ledger on a fresh SQLite."""
    with tempfile.TemporaryDirectory() as home:
        yield await _pipeline_run(Path(home), url, concurrency)


@asynccontextmanager
async def memory(url: str, concurrency: int) -> AsyncIterator[Run]:
    """The same with a model in this process."""
    from furrow.testing import ScriptedModel

    with tempfile.TemporaryDirectory() as home:
        yield await _pipeline_run(Path(home), url, concurrency, ScriptedModel(keep=False))


async def _pipeline_run(home: Path, url: str, concurrency: int, model: Any = None) -> Run:
    from furrow.adapters.environment_connections import EnvironmentConnections
    from furrow.assembly import Deployment
    from furrow.config.settings import Settings
    from furrow.engine.record import Outcome, Record, Work

    write_use_case(home / "prompts", concurrency)
    connection = json.dumps({"conn_type": "pydanticai", "host": url, "password": "no-key"})
    deployment = Deployment(
        Settings.from_environment({"FURROW_HOME": str(home)}),
        EnvironmentConnections({"AIRFLOW_CONN_MODELS": connection}),
    )
    if model is not None:
        deployment.model = lambda alias, version: model  # type: ignore[method-assign]
    use_case = deployment.use_case("bench")

    async def run(first: int, behind: int) -> None:
        works = (
            Work(Record(f"bench:{n}", str(n), datetime.now(UTC), {"body": listing(n)}))
            for n in range(first, behind)
        )
        summary = await deployment.run_in_process(use_case, use_case.version(), works, lambda work: None)
        if summary.outcomes[Outcome.ACCEPTED] != behind - first:
            raise SystemExit(f"not every record was accepted: {summary.to_json()}")

    return run


def write_use_case(prompts: Path, concurrency: int) -> None:
    """The folder that the engine runs."""
    outputs = [
        {"item": text[:12], "brand": brand, "condition": condition, "price_text": price, "keywords": ["중고"]}
        for text, brand, condition, price in EXAMPLES
    ]
    pairs = [
        {"input": {"data": {"body": example[0]}}, "output": output}
        for example, output in zip(EXAMPLES, outputs, strict=True)
    ]
    files = {
        "models.yaml": "models:\n  bench:\n    model: openai-chat:bench\n    connection: models\n"
        "    price: {input_usd_per_million: 1, output_usd_per_million: 2}\n"
        f"    limits: {{concurrency: {concurrency}}}\n",
        "bench/pipeline.yaml": "description: measured\nsource: {files: {path: none.jsonl}}\n"
        "record: {key: id, time: at}\n",
        "bench/v1/steps.yaml": "steps:\n  - {name: extract, kind: llm, model: bench}\n"
        "result: {brand: extract.brand, condition: extract.condition, price: extract.price_text}\n",
        "bench/v1/extract/system.md": SYSTEM,
        "bench/v1/extract/user.md": "Listing:\n{{ data.body }}\n",
        "bench/v1/extract/output.yaml": OUTPUT,
        "bench/v1/extract/examples.jsonl": "".join(
            json.dumps(pair, ensure_ascii=False) + "\n" for pair in pairs
        ),
    }
    for name, text in files.items():
        (prompts / name).parent.mkdir(parents=True, exist_ok=True)
        (prompts / name).write_text(text, encoding="utf-8")


@asynccontextmanager
async def bare(url: str, concurrency: int) -> AsyncIterator[Run]:
    """aiohttp alone: the same turns and schema, posted as JSON; the answer parsed as JSON."""
    import aiohttp

    shared, schema = _turns_and_schema(concurrency)
    wanted = {"name": "extract", "strict": True, "schema": schema}

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=concurrency)) as session:

        async def call(number: int) -> None:
            body = {
                "model": "bench",
                "messages": [*shared, {"role": "user", "content": f"Listing:\n{listing(number)}"}],
                "response_format": {"type": "json_schema", "json_schema": wanted},
                "temperature": 0.0,
                "max_completion_tokens": 1024,
            }
            headers = {"Authorization": "Bearer no-key", "Content-Type": "application/json"}
            async with session.post(
                f"{url}/chat/completions", data=json.dumps(body).encode(), headers=headers
            ) as response:
                answer = json.loads(await response.read())
            json.loads(answer["choices"][0]["message"]["content"])

        yield _concurrently(call, concurrency)


def _turns_and_schema(concurrency: int) -> tuple[list[dict[str, str]], dict[str, Any]]:
    """The turns that all records share, and the answer's schema, as the engine has them."""
    from furrow.config.loader import load_models, load_use_case

    with tempfile.TemporaryDirectory() as home:
        write_use_case(Path(home), concurrency)
        version = load_use_case(Path(home) / "bench", load_models(Path(home))).version()
    turns = [{"role": "system", "content": SYSTEM}]
    for example in version.prompts["extract"].examples:
        turns += [
            {"role": "user", "content": example.user},
            {"role": "assistant", "content": example.answer},
        ]
    return turns, version.outputs["extract"].json_schema


@asynccontextmanager
async def agent(url: str, concurrency: int) -> AsyncIterator[Run]:
    """A pydantic-ai Agent run for each record, over the HTTP client that it brings."""
    yield _agent_run(url, concurrency, None)


@asynccontextmanager
async def agent_aiohttp(url: str, concurrency: int) -> AsyncIterator[Run]:
    """The same over aiohttp, as the engine has it."""
    import httpx
    from httpx_aiohttp import HttpxAiohttpClient

    async with HttpxAiohttpClient(limits=httpx.Limits(max_connections=concurrency)) as client:
        yield _agent_run(url, concurrency, client)


def _agent_run(url: str, concurrency: int, http_client: Any) -> Run:
    from pydantic_ai import Agent, ModelRequest, ModelResponse, NativeOutput, TextPart
    from pydantic_ai.messages import ModelMessage, SystemPromptPart, UserPromptPart
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    shared, _ = _turns_and_schema(concurrency)
    history: list[ModelMessage] = [ModelRequest(parts=[SystemPromptPart(SYSTEM)])]
    for turn in shared[1:]:
        if turn["role"] == "user":
            history.append(ModelRequest(parts=[UserPromptPart(turn["content"])]))
        else:
            history.append(ModelResponse(parts=[TextPart(turn["content"])]))
    provider = OpenAIProvider(base_url=url, api_key="no-key", http_client=http_client)
    reader: Agent[None, Any] = Agent(
        OpenAIChatModel("bench", provider=provider),
        output_type=NativeOutput(_answer_model(), strict=True),
        model_settings={"temperature": 0.0, "max_tokens": 1024},
    )

    async def call(number: int) -> None:
        await reader.run(f"Listing:\n{listing(number)}", message_history=history)

    return _concurrently(call, concurrency)


def _answer_model() -> Any:
    """The output as somebody who uses the Agent writes it."""
    from typing import Annotated, Literal

    from pydantic import BaseModel, Field

    class Extract(BaseModel):
        item: Annotated[str, Field(max_length=60, description="what is sold")]
        brand: str | None
        condition: Literal["new", "used", "broken"]
        price_text: Annotated[str | None, Field(description="the price as written")]
        keywords: Annotated[list[str], Field(max_length=5)]

    return Extract


def _concurrently(call: Callable[[int], Awaitable[None]], concurrency: int) -> Run:
    """A fixed number of workers that share one line of records."""

    async def run(first: int, behind: int) -> None:
        numbers = iter(range(first, behind))

        async def work() -> None:
            for number in numbers:
                await call(number)

        await asyncio.gather(*(work() for _ in range(concurrency)))

    return run


# --- the answer -------------------------------------------------------------------------------------


def show(result: dict[str, Any]) -> None:
    """For people."""
    cpu, reached, grown = result["cpu"], result["throughput"], result["memory"]
    print(f"CPU: server answers after {cpu['latency'] * 1000:g} ms, {cpu['concurrency']} calls at a time")
    for name in CONTENDERS:
        ratio = "" if name == "engine" else f"  engine / {name}: {cpu['engine_to'][name]:.2f}"
        figures = cpu[name]
        print(
            f"  {name:<14}{figures['cpu_ms_per_call']:7.2f} ms a call"
            f"{figures['calls_per_second']:9.0f} calls/s{ratio}"
        )
    print(
        f"Throughput: {reached['latency'] * 1000:g} ms, {reached['concurrency']} at a time, "
        f"at best {reached['ideal_calls_per_second']:g} calls/s"
    )
    for name in CONTENDERS:
        figures = reached[name]
        print(f"  {name:<14}{figures['calls_per_second']:7.1f} calls/s {figures['of_ideal']:8.1%} of it")
    print(f"  engine / bare: {reached['engine_to']['bare']:.2f}")
    few, many = grown["records"]
    print(
        f"Memory of the engine ({grown['model']}): {grown['peak_mb'][0]:.0f} MB at {few:,} records, "
        f"{grown['peak_mb'][1]:.0f} MB at {many:,} ({grown['records_per_second']:.0f} records/s)"
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--records", type=int, default=MEMORY[1], help="records of the long memory run")
    parser.add_argument("--measure", nargs=4, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    asked = _arguments()
    if asked.measure:
        name, url, concurrency, calls = asked.measure
        print(json.dumps(asyncio.run(measured(name, url, int(concurrency), int(calls)))))
    else:
        raise SystemExit(main(asked.json, asked.rounds, (MEMORY[0], asked.records)))
