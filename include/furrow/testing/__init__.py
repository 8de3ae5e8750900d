"""Doubles of the outside world for tests, benchmarks and dry runs: product code, named for what it is.

`ScriptedModel`, `MemorySource`, `MemorySink` and `MemoryLedger` implement the seams of `engine.ports` in
this process. `ModelServer` is a real HTTP server that speaks a provider's protocol, bills what it answers
and fails to order; `python -m furrow.testing` runs it in a process of its own.
"""

from furrow.testing.answers import fitting_answer
from furrow.testing.doubles import (
    Crash,
    MemoryLedger,
    MemorySink,
    MemorySource,
    ScriptedModel,
)
from furrow.testing.faults import Fault, FaultKind
from furrow.testing.model_server import Bill, ModelServer, read_meter
from furrow.testing.protocols import Asked, ChatCompletions, ModelProtocol

__all__ = [
    "Asked",
    "Bill",
    "ChatCompletions",
    "Crash",
    "Fault",
    "FaultKind",
    "MemoryLedger",
    "MemorySink",
    "MemorySource",
    "ModelProtocol",
    "ModelServer",
    "ScriptedModel",
    "fitting_answer",
    "read_meter",
]
