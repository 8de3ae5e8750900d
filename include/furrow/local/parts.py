"""The parts of the embedded default: what each runs, where it listens, how one sees that it is ready."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import furrow
from furrow.config.settings import Settings
from furrow.local import airflow, broker, embedding_server, model_server, ports
from furrow.local.connections import connections
from furrow.local.processes import marks
from furrow.local.state import Plan

PARTS = ("broker", "local-small", "local-large", "local-embed", "airflow")
MODELS = ("local-small", "local-large", "local-embed")


@dataclass(frozen=True)
class Preparation:
    """A command that must have ended well before a part starts; skipped once `mark` holds `content`."""

    name: str
    command: Sequence[str]
    mark: Path
    content: str

    def is_done(self) -> bool:
        return self.mark.is_file() and self.mark.read_text() == self.content

    def done(self) -> None:
        self.mark.parent.mkdir(parents=True, exist_ok=True)
        self.mark.write_text(self.content)


@dataclass(frozen=True)
class Part:
    """One part. It is up when all its commands run and `ready` (given its start) says yes.

    commands: name of the log file -> command line. patience: seconds until a start counts as failed.
    """

    name: str
    port: int
    commands: Mapping[str, Sequence[str]]
    ready: Callable[[datetime], bool]
    patience: float
    environment: Mapping[str, str] = field(default_factory=dict)
    prepare: Preparation | None = None

    @property
    def address(self) -> str:
        return ports.address(self.port)


def build(name: str, settings: Settings, plan: Plan) -> Part:
    """The part of that name (one of PARTS) as the plan wants it."""
    match name:
        case "broker":
            return _broker(settings, plan)
        case "airflow":
            return _airflow(settings, plan)
        case "local-embed":
            return _embedder(name, plan)
        case _:
            return _model(name, plan)


def base_environment(settings: Settings, token: str) -> dict[str, str]:
    """What every process of the embedded default gets; the marks are how it is found again."""
    roots = dict.fromkeys([str(Path(furrow.__file__).parents[1]), str(settings.home / "include")])
    paths = [*roots, *filter(None, [os.environ.get("PYTHONPATH")])]
    local = {name: _without_proxy(os.environ.get(name, "")) for name in ("NO_PROXY", "no_proxy")}
    executables = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return {
        **os.environ,
        **settings.environment(),
        **local,
        **marks(settings.home, token),
        "PATH": executables,
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONUNBUFFERED": "1",
    }


def _without_proxy(hosts: str) -> str:
    return ",".join([*filter(None, [hosts]), ports.HOST, "localhost"])


def _broker(settings: Settings, plan: Plan) -> Part:
    port = plan.ports["broker"]
    return Part(
        name="broker",
        port=port,
        commands={"broker": broker.command(settings.var / "broker", port)},
        ready=lambda _: broker.answers(ports.address(port)),
        patience=30,
    )


def _model(alias: str, plan: Plan) -> Part:
    port = plan.ports[alias]
    slots = int(os.environ.get("FURROW_LOCAL_SLOTS") or model_server.SLOTS)
    context = int(os.environ.get("FURROW_LOCAL_CONTEXT") or model_server.CONTEXT)
    weights = plan.weights[alias]
    return Part(
        name=alias,
        port=port,
        commands={alias: model_server.command(sys.executable, weights, alias, port, slots, context)},
        ready=lambda _: model_server.answers(ports.address(port), alias),
        patience=300,
    )


def _embedder(alias: str, plan: Plan) -> Part:
    port = plan.ports[alias]
    return Part(
        name=alias,
        port=port,
        commands={alias: embedding_server.command(sys.executable, port)},
        ready=lambda _: model_server.answers(ports.address(port), embedding_server.MODEL),
        patience=60,
        environment=embedding_server.environment(plan.weights[alias]),
    )


def _airflow(settings: Settings, plan: Plan) -> Part:
    port = plan.ports["airflow"]
    airflow.login(settings)
    found = connections(plan.ports)
    own = {name: os.environ[name] for name in found if name in os.environ}
    return Part(
        name="airflow",
        port=port,
        commands=airflow.processes(settings),
        ready=lambda since: airflow.healthy(port, since),
        patience=300,
        environment=airflow.environment(settings, port, {**found, **own}),
        prepare=Preparation(
            name="airflow-database",
            command=airflow.migrate(),
            mark=airflow.folder(settings) / "migrated",
            content=airflow.version(),
        ),
    )
