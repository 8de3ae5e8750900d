"""Doubles of the outside world for tests, benchmarks and dry runs: product code, named for what it is.

`ScriptedModel`, `MemorySource`, `MemoryFeed`, `MemorySink` and `MemoryLedger` implement the seams of
`engine.ports` and `engine.events` in this process. `ModelServer` is a real HTTP server that speaks the
protocols of providers, bills what it
answers and fails to order or at a rate; `ServerProcess` (`python -m furrow.testing`) runs it in a process of
its own.
"""

from furrow.testing.answers import fitting_answer, fitting_vector
from furrow.testing.doubles import (
    Crash,
    MemoryLedger,
    MemorySink,
    MemorySource,
    ScriptedModel,
)
from furrow.testing.faults import Fault, FaultKind, FaultRate
from furrow.testing.memory_feed import MemoryFeed
from furrow.testing.meter import Bill, read_meter
from furrow.testing.model_server import ModelServer
from furrow.testing.protocols import (
    PROTOCOLS,
    AnthropicMessages,
    Asked,
    ChatCompletions,
    Embeddings,
    GenerateContent,
    ModelProtocol,
)
from furrow.testing.rate_limit import RateLimit
from furrow.testing.server_process import ServerProcess
from furrow.testing.sight import Seen
from furrow.testing.stats import Stats

__all__ = [
    "PROTOCOLS",
    "AnthropicMessages",
    "Asked",
    "Bill",
    "ChatCompletions",
    "Crash",
    "Embeddings",
    "Fault",
    "FaultKind",
    "FaultRate",
    "GenerateContent",
    "MemoryFeed",
    "MemoryLedger",
    "MemorySink",
    "MemorySource",
    "ModelProtocol",
    "ModelServer",
    "RateLimit",
    "ScriptedModel",
    "Seen",
    "ServerProcess",
    "Stats",
    "fitting_answer",
    "fitting_vector",
    "read_meter",
]
