"""A real Airflow for tests, started once for the session on 127.0.0.1. conftest.py imports the fixture."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from furrow.adapters.environment_connections import EnvironmentConnections
from furrow.assembly import Deployment
from furrow.config.settings import Settings
from furrow.errors import CredentialsRefused, LocalFailed
from furrow.local import airflow as local_airflow
from furrow.local import broker, ports
from furrow.local.airflow_api import AirflowApi
from furrow.testing import ModelServer
from tests import story
from tests.broker import LocalBroker
from tests.folders import FolderOfPrompts

PROJECT = Path(__file__).resolve().parents[1]
START_SECONDS = 180
TOPIC = "used-goods"
HOSTILE = "<img src=x onerror=document.title=1>"

ROLES = ("viewer", "user")


@dataclass
class AirflowServer:
    """API server, scheduler and DAG processor over a project folder of its own."""

    settings: Settings
    port: int
    connections: Mapping[str, str] = field(default_factory=dict)
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where the UI and the API are."""
        return f"http://{ports.address(self.port)}"

    @property
    def login(self) -> tuple[str, str]:
        """User and password."""
        return local_airflow.login(self.settings)

    def api(self) -> AirflowApi:
        """A signed-in client."""
        return AirflowApi(self.url, *self.login)

    def token(self, role: str | None = None) -> dict[str, str]:
        """The header of a signed-in request; role: by somebody who has it, `viewer` or `user`."""
        user, password = (role, f"{role}-secret") if role else self.login
        answer = httpx.post(
            f"{self.url}/auth/token",
            json={"username": user, "password": password},
            timeout=60,
            trust_env=False,
        )
        return {"Authorization": f"Bearer {answer.raise_for_status().json()['access_token']}"}

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
        """The answer to a request; the first one to our pages imports them."""
        return httpx.get(f"{self.url}{path}", headers=headers, timeout=60, trust_env=False)

    def start(self) -> None:
        """Migrate, start the processes, and wait until one can sign in."""
        self._logs.mkdir(parents=True)
        self._add_users()
        migrated = subprocess.run(local_airflow.migrate(), env=self.environment(), capture_output=True)
        assert migrated.returncode == 0, migrated.stderr.decode()[-2000:]
        commands = local_airflow.processes(self.settings)
        del commands["airflow-triggerer"]
        for name, command in commands.items():
            log = (self._logs / f"{name}.log").open("wb")
            process = subprocess.Popen(
                command, env=self.environment(), stdout=log, stderr=log, start_new_session=True
            )
            self.started.append(process)
        self._wait()

    def stop(self) -> None:
        """End every process group, the stubborn ones too."""
        for sign, patience in ((signal.SIGTERM, 20), (signal.SIGKILL, 5)):
            for process in self.started:
                _signal_group(process, sign)
            deadline = time.monotonic() + patience
            while any(process.poll() is None for process in self.started) and time.monotonic() < deadline:
                time.sleep(0.1)

    def look_again(self) -> datetime:
        """Have the DAG file read now and, for a reading that has begun already, once more after it.

        Otherwise Airflow reads it every 15 s. A file that is newer than its last reading it reads at once,
        and so goes on until the moment that this gives.
        """
        soon = time.time() + 5
        os.utime(self.settings.home / "dags" / "use_cases.py", (soon, soon))
        return datetime.fromtimestamp(soon, UTC)

    def environment(self) -> dict[str, str]:
        """What Airflow's processes are told."""
        told = local_airflow.environment(self.settings, self.port, self.connections)
        quick = {
            "AIRFLOW__CORE__MIN_SERIALIZED_DAG_UPDATE_INTERVAL": "0",
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_SEC": "2",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(
                [told["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"], *(f"{role}:{role}" for role in ROLES)]
            ),
        }
        return {**os.environ, **told, **quick, "PYTHONPATH": str(PROJECT / "include"), "TZ": "UTC"}

    def _add_users(self) -> None:
        """Those who may do less than the admin."""
        user, password = self.login
        known = {user: password, **{role: f"{role}-secret" for role in ROLES}}
        local_airflow.passwords(self.settings).write_text(json.dumps(known))

    @property
    def _logs(self) -> Path:
        return self.settings.var / "logs"

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            assert all(process.poll() is None for process in self.started), self.last_words()
            try:
                self.api().__exit__()
                return
            except (LocalFailed, CredentialsRefused):
                time.sleep(0.5)
        raise AssertionError(f"Airflow did not start: {self.last_words()}")

    def last_words(self) -> list[tuple[str, str]]:
        """The end of each process's log and of the newest task logs: name and text."""
        tasks = sorted(local_airflow.folder(self.settings).glob("logs/dag_id=*/**/*.log"), key=_changed)
        logs = [*sorted(self._logs.glob("*.log")), *tasks[-4:]]
        return [(str(log.relative_to(self.settings.var)), _tail(log)) for log in logs]


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _tail(path: Path, size: int = 1500) -> str:
    try:
        return path.read_bytes()[-size:].decode(errors="replace")
    except OSError as error:  # a failed test must not become a failed session
        return f"could not be read: {error}"


def _signal_group(process: subprocess.Popen[bytes], sign: signal.Signals) -> None:
    try:
        os.killpg(process.pid, sign)
    except ProcessLookupError:
        return


def project_folder(home: Path) -> Settings:
    """A project of its own: the real DAG file and plugin, and the use cases that these tests need."""
    for name in ("dags", "plugins"):
        shutil.copytree(PROJECT / name, home / name, ignore=shutil.ignore_patterns("__pycache__"))
    prompts = FolderOfPrompts.write(home / "prompts")
    prompts.change("models.yaml", "timeout_seconds: 5", "timeout_seconds: 240")
    prompts.change("goods/pipeline.yaml", "files: {path: sample.jsonl}", f"kafka: {{topic: {TOPIC}}}")
    prompts.put("goods/v1/extract/user.md", "{{ digest.digest }}\n")
    environ = {"FURROW_HOME": str(home), "FURROW_FEATURES": str(home / "feature_repo")}
    settings = Settings.from_environment(environ)
    story.write(prompts)
    Deployment(settings, EnvironmentConnections({})).apply_features()
    for name in ("broken", "hostile"):
        shutil.copytree(prompts.path / "goods", prompts.path / name)
    prompts.put("broken/v1/extract/user.md", "{{ digset.digest }}\n")
    prompts.change("hostile/pipeline.yaml", "listings to attributes", f"'{HOSTILE}'")
    return settings


def _written(server: ModelServer) -> str:
    model = server.connection()
    return json.dumps({"conn_type": model.type, "host": model.host, "password": model.password})


@pytest.fixture(scope="session")
def model_server() -> Iterator[ModelServer]:
    """The language model of the session: made-up answers, every one of them billed."""
    with ModelServer() as server:
        yield server


@pytest.fixture(scope="session")
def story_provider() -> Iterator[tuple[story.Provider, ModelServer]]:
    """Who answers for the use case whose releases are told about."""
    provider = story.Provider()
    with ModelServer(script=provider.answer) as server:
        yield provider, server


@pytest.fixture(scope="session")
def airflow_server(
    tmp_path_factory: pytest.TempPathFactory,
    kafka_broker: LocalBroker,
    model_server: ModelServer,
    story_provider: tuple[story.Provider, ModelServer],
) -> Iterator[AirflowServer]:
    """One Airflow for the whole session, with the local broker and the model server."""
    settings = project_folder(tmp_path_factory.mktemp("airflow"))
    kafka = {"bootstrap.servers": kafka_broker.address, "receive.message.max.bytes": broker.RECEIVE_BYTES}
    connections = {
        "AIRFLOW_CONN_KAFKA_DEFAULT": json.dumps({"conn_type": "kafka", "extra": kafka}),
        "AIRFLOW_CONN_MODELS": _written(model_server),
        "AIRFLOW_CONN_STORY_MODELS": _written(story_provider[1]),
    }
    server = AirflowServer(settings, ports.choose(0), connections)
    try:
        server.start()
        yield server
    finally:
        server.stop()
