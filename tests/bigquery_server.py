"""bqemulator for tests, as a process and in an environment of its own. conftest.py imports the fixtures.

It is no BigQuery: docs/bigquery.md says what differs. Its packages do not go with ours, so they are
installed once beside the model files, under `FURROW_CACHE` or `~/.cache/furrow`.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from furrow.adapters.bigquery_client import open_client
from furrow.adapters.bigquery_sink import BigQuerySink
from furrow.config import models
from furrow.config.settings import Settings
from furrow.config.use_case import UseCase
from furrow.engine.ports import Connection
from furrow.local import ports
from furrow.local.weights import cache

LOCK = Path(__file__).with_name("bqemulator.txt")
PROJECT = "furrow-tests"
VARIABLE = "BIGQUERY_EMULATOR_HOST"
_LAUNCHER = Path(__file__).with_name("bigquery_emulator.py")
_INSTALL_SECONDS, _START_SECONDS = 600, 60
_EXTENSION = """
import duckdb
from duckdb_extensions import import_extension
import_extension("spatial", con=duckdb.connect())
"""
"""Puts DuckDB's extension, which came as a wheel, where DuckDB looks: under HOME."""


class NotInstallable(Exception):
    """The emulator's packages cannot be had here."""


def installed() -> Path:
    """The folder of the emulator's environment and HOME, made once. Raises NotInstallable."""
    mark = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:8]
    folder = cache().parent / "bqemulator" / mark
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".lock"):
        if not (folder / "ready").exists():
            _install(folder)
            (folder / "ready").touch()
    return folder


def _install(folder: Path) -> None:
    uv, python = Path(sys.executable).with_name("uv"), folder / "env" / "bin" / "python"
    (folder / "home").mkdir(exist_ok=True)
    make = [str(uv), "venv", "--quiet", "--clear", "--python", sys.executable, str(folder / "env")]
    fill = [
        str(uv),
        "pip",
        "install",
        "--quiet",
        "--python",
        str(python),
        "--require-hashes",
        "-r",
        str(LOCK),
    ]
    extension = [str(python), "-c", _EXTENSION]
    environments = (None, None, environment(folder))
    for command, variables in zip((make, fill, extension), environments, strict=True):
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=_INSTALL_SECONDS, env=variables)
        except subprocess.CalledProcessError as error:
            raise NotInstallable(" ".join(error.stderr.decode().split())) from error
        except (OSError, subprocess.TimeoutExpired) as error:
            raise NotInstallable(str(error)) from error


def environment(folder: Path) -> dict[str, str]:
    """The variables of the emulator's process: it sees no HOME but its own."""
    return {"PATH": os.environ["PATH"], "HOME": str(folder / "home")}


class BigQueryServer:
    """The running emulator, with one dataset for each test."""

    def __init__(self, folder: Path, logs: Path):
        self.port = ports.choose(0, taken={0})
        self.url = f"http://{ports.address(self.port)}"
        self._log = logs / "bqemulator.log"
        self._command = [str(folder / "env" / "bin" / "python"), str(_LAUNCHER), str(self.port)]
        self._command.append(str(ports.choose(0, taken={self.port})))
        self._environment = environment(folder)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it answers."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, env=self._environment, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            with suppress(OSError), urllib.request.urlopen(f"{self.url}/healthz", timeout=1):
                return
            time.sleep(0.1)
        self.stop()
        raise AssertionError(f"the emulator did not start: {self._log.read_text()[-2000:]}")

    def stop(self) -> None:
        """End it; what it held is gone."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)
            self._process = None

    @property
    def connection(self) -> Connection:
        """What the Google provider's form would write for it."""
        return Connection(
            "google_cloud_default", "google_cloud_platform", extra={"project": PROJECT, "is_anonymous": True}
        )

    @property
    def variable(self) -> str:
        """The same as the value of an `AIRFLOW_CONN_` variable."""
        return json.dumps({"conn_type": self.connection.type, "extra": self.connection.extra})

    def client(self) -> Any:
        """A client for what the product never does itself."""
        from google.auth.credentials import AnonymousCredentials
        from google.cloud import bigquery

        return bigquery.Client(PROJECT, AnonymousCredentials(), client_options={"api_endpoint": self.url})

    def dataset(self) -> str:
        """A new dataset that no other test uses."""
        name = f"t_{uuid.uuid4().hex[:10]}"
        self.client().create_dataset(name)
        return name

    def tables(self, dataset: str) -> set[str]:
        """The names of what is in the dataset."""
        return {table.table_id for table in self.client().list_tables(dataset)}

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """What a query gives, as plain dicts."""
        return [dict(row.items()) for row in self.client().query(sql).result()]


class BigQueryHome:
    """A table that the results of a use case go to, used as tests.features.Home is."""

    def __init__(self, settings: Settings, use_case: UseCase, server: BigQueryServer, create: bool = True):
        self.settings, self.use_case, self.server = settings, use_case, server
        self.config = models.BigQuerySink(table=f"{server.dataset()}.goods", create=create)

    @property
    def table(self) -> str:
        """As SQL names it."""
        return f"`{PROJECT}.{self.config.table}`"

    def store(self, use_case: UseCase | None = None, patience: float = 60.0) -> BigQuerySink:
        """Opened anew, as another process would."""
        client = open_client(self.server.connection)
        return BigQuerySink(self.settings, self.config, client, use_case or self.use_case, patience)

    def history(self, keys: list[str] | None = None) -> list[dict[str, Any]]:
        """Every row of the table, in the order of publication; none where there is no table."""
        from google.api_core.exceptions import NotFound

        with suppress(NotFound):
            found = self.server.rows(f"SELECT *, key AS article_id FROM {self.table} ORDER BY published_at")
            return [row for row in found if keys is None or row["key"] in keys]
        return []

    def tables(self) -> set[str]:
        """The names of what is in the dataset."""
        return self.server.tables(self.config.table.partition(".")[0])


@pytest.fixture(scope="session")
def _bigquery_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BigQueryServer]:
    try:
        folder = installed()
    except NotInstallable as error:
        pytest.skip(f"the BigQuery emulator cannot be installed here: {error}")
    running = BigQueryServer(folder, tmp_path_factory.mktemp("bigquery"))
    running.start()
    yield running
    running.stop()


@pytest.fixture
def bigquery_server(_bigquery_server: BigQueryServer, monkeypatch: pytest.MonkeyPatch) -> BigQueryServer:
    """One emulator for the whole session; datasets keep tests apart. Clients made in a test talk to it."""
    monkeypatch.setenv(VARIABLE, _bigquery_server.url)
    return _bigquery_server
