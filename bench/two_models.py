"""Both local models asked at once on the cores of this machine: threads that spin, or sleep, while they wait.

Each side starts both model servers anew and asks each of them with two requests in flight; a round is both
sides. Printed are the median seconds until all is answered, and the ratio.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PROJECT), str(PROJECT / "include")]

import httpx  # noqa: E402

from bench.served import served  # noqa: E402
from furrow.local import model_server, ports, weights  # noqa: E402

MODELS = ("local-small", "local-large")
SIDES = {"spins": "", "sleeps": "passive"}
"""OMP_WAIT_POLICY. An empty one is what OpenMP does by itself: it spins for a while."""
TEXT = "중고 책상을 팝니다. 폭 120 센티, 흰색, 서랍 두 개, 생활 흠집이 조금 있습니다. 합정역에서 만나요. " * 2


def main(as_json: bool, asked: int, rounds: int) -> int:
    """Measure and print; a minute or more a round on two cores."""
    took: dict[str, list[float]] = {side: [] for side in SIDES}
    for number in range(rounds):
        for side in list(SIDES)[:: -1 if number % 2 else 1]:
            took[side].append(one_side(SIDES[side], asked))
    result = {side: round(statistics.median(seconds), 1) for side, seconds in took.items()}
    ratio = round(result["sleeps"] / result["spins"], 2)
    if as_json:
        print(json.dumps({"answers": 2 * asked, "seconds": result, "all": took, "ratio": ratio}, indent=2))
    else:
        print(
            "\n".join(f"{side:8}{seconds:8.1f} s for {2 * asked} answers" for side, seconds in result.items())
        )
        print(f"ratio   {ratio:8.2f}")
    return 0


def one_side(policy: str, asked: int) -> float:
    """Seconds until both have answered so many requests."""
    with ExitStack() as stack:
        clients = [stack.enter_context(client_of(alias, policy)) for alias in MODELS]
        with ThreadPoolExecutor(4) as pool:
            for client in clients:
                ask(client, 0)
            start = time.perf_counter()
            list(pool.map(ask, clients * asked, range(1, 2 * asked + 1)))
            return time.perf_counter() - start


@contextmanager
def client_of(alias: str, policy: str) -> Iterator[httpx.Client]:
    """A model server that runs with this policy, and the client that asks it."""
    port, file = ports.choose(0), str(weights.fetch([alias])[alias])
    address, sizes = ports.address(port), (model_server.SLOTS, model_server.CONTEXT)
    command = model_server.command(sys.executable, file, alias, port, *sizes)
    environment = {"OMP_WAIT_POLICY": policy, "PYTHONPATH": str(PROJECT / "include")}
    with (
        served(command, address, alias, environment),
        httpx.Client(base_url=f"http://{address}", timeout=300, trust_env=False) as client,
    ):
        yield client


def ask(client: httpx.Client, number: int) -> None:
    """One answer of 32 tokens about a text of its own."""
    message = {"role": "user", "content": f"{number}. {TEXT}\nSay what is sold, in one long sentence."}
    body: dict[str, Any] = {"messages": [message], "max_tokens": 32, "temperature": 0}
    client.post("/v1/chat/completions", json=body).raise_for_status()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--asked", type=int, default=6, help="requests to each model")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    raise SystemExit(main(arguments.json, arguments.asked, arguments.rounds))
