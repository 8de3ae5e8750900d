"""One language model behind an OpenAI-compatible address on 127.0.0.1: `python -m furrow.local.model_server`.

llama.cpp's own HTTP server, inside this process. `response_format` of type `json_schema` becomes a
grammar, so an answer that ends by itself is valid JSON of that schema.
"""

from __future__ import annotations

import argparse
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

SLOTS = 2
CONTEXT = 4096
THREADS_AT_MOST = 8
PROMPT_CACHE_MIB = 256


def command(executable: str, weights: str, alias: str, port: int, slots: int, context: int) -> list[str]:
    """The command line that serves one model. `context`: tokens of one request and its answer."""
    options = {"weights": weights, "alias": alias, "port": port, "slots": slots, "context": context}
    flags = [text for name, value in options.items() for text in (f"--{name}", str(value))]
    return [executable, "-m", "furrow.local.model_server", *flags]


def answers(address: str, alias: str) -> bool:
    """Whether the model named `alias` is loaded and served at `address` (host:port)."""
    import httpx

    try:
        with httpx.Client(base_url=f"http://{address}", timeout=3, trust_env=False) as client:
            if client.get("/health").status_code != httpx.codes.OK:
                return False
            return alias in {model["id"] for model in client.get("/v1/models").json()["data"]}
    except (httpx.HTTPError, ValueError, KeyError):
        return False


def serve(weights: Path, alias: str, port: int, slots: int, context: int) -> None:
    """Load the model and serve it until this process is ended; SIGTERM ends it at once.

    Threads sleep where they wait for each other: two models share the cores, and who spins takes them from
    the other (`furrow bench two_models`). A preset OMP_WAIT_POLICY stays.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # read by OpenMP when the library is loaded
    import xllamacpp

    server = xllamacpp.Server(_settings(xllamacpp.CommonParams(), weights, alias, port, slots, context))
    # Nothing here needs an orderly end, and a request may hold a slot for minutes.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    print(f"{alias} is served at {server.listening_address}", flush=True)  # noqa: T201 -- the log of this part
    while True:
        signal.pause()


def _settings(params: Any, weights: Path, alias: str, port: int, slots: int, context: int) -> Any:
    params.model.path = str(weights)
    params.model_alias = {alias}
    params.hostnames = ["127.0.0.1"]
    params.port = port
    params.n_parallel = slots
    params.n_ctx = slots * context
    params.n_batch = params.n_ubatch = 512
    params.cpuparams.n_threads = threads()
    params.cpuparams_batch.n_threads = max(usable_cores(), threads())
    params.n_gpu_layers = 0
    params.use_jinja = params.cont_batching = params.cache_prompt = True
    params.cache_ram_mib = PROMPT_CACHE_MIB
    params.endpoint_metrics = params.warmup = True
    params.ui = False
    params.sampling.temp = 0
    return params


def threads() -> int:
    """Threads that generate, of one server: half of the usable cores, since two models share the machine.

    More threads than free cores wait for each other at every token: measured on a busy machine of two
    cores, two threads gave 0.4 tokens a second where one gave 8; on a quiet one 13.7 and 7.6. Prompts
    are read by all cores: that waits seldom. `FURROW_LOCAL_THREADS` sets another number.
    """
    chosen = os.environ.get("FURROW_LOCAL_THREADS")
    return int(chosen) if chosen else min(max(usable_cores() // 2, 1), THREADS_AT_MOST)


def usable_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m furrow.local.model_server", description=__doc__)
    parser.add_argument("--weights", type=Path, required=True, help="the GGUF file")
    parser.add_argument("--alias", required=True, help="the model name that clients send")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--slots", type=int, default=SLOTS, help="requests answered at the same time")
    parser.add_argument("--context", type=int, default=CONTEXT, help="tokens of one request and its answer")
    chosen = parser.parse_args(arguments)
    serve(chosen.weights, chosen.alias, chosen.port, chosen.slots, chosen.context)


if __name__ == "__main__":
    main()
