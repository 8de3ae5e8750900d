"""Airflow on this machine: its settings, its four processes, and its login.

The processes are started one by one, not by `airflow standalone`: that one opens its log servers on every
network address and imports Airflow a fifth time. Nothing here imports Airflow.
"""

from __future__ import annotations

import base64
import importlib.metadata
import json
import os
import secrets
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from furrow.config.settings import Settings
from furrow.errors import LocalFailed
from furrow.local.airflow_api import AirflowApi, TaskInstance
from furrow.local.ports import address

__all__ = [
    "AirflowApi",
    "TaskInstance",
    "environment",
    "folder",
    "healthy",
    "hostname",
    "login",
    "migrate",
    "processes",
    "version",
]

USER = "admin"
SQLITE_ARGUMENTS: dict[str, Any] = {"timeout": 60}


def hostname() -> str:
    """The name that Airflow records for this machine; looking the real one up can take seconds."""
    return "127.0.0.1"


def folder(settings: Settings) -> Path:
    """`AIRFLOW_HOME`: the metadata database, the task logs and the generated secrets."""
    return settings.var / "airflow"


def processes(settings: Settings) -> dict[str, list[str]]:
    """Airflow's long-running processes: name of the log -> command."""
    return {
        "airflow-api": _command("api-server"),
        "airflow-scheduler": _command("scheduler", "--skip-serve-logs"),
        "airflow-dags": _command("dag-processor"),
        "airflow-triggerer": _command("triggerer", "--skip-serve-logs"),
    }


def migrate() -> list[str]:
    """The command that creates or upgrades the metadata database."""
    return _command("db", "migrate")


def version() -> str:
    return importlib.metadata.version("apache-airflow-core")


def environment(settings: Settings, port: int, connections: Mapping[str, str]) -> dict[str, str]:
    """Everything that Airflow's processes need to be told.

    What a user has set as `AIRFLOW__…` wins for the pace, never for the places and addresses.
    """
    pace = {name: os.environ.get(name, value) for name, value in _pace().items()}
    return {**pace, **_places(settings, port), **_secrets(settings), **connections, **settings.environment()}


def _pace() -> dict[str, str]:
    return {
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG": "4",
        # A use case may call a model that costs money: it runs by itself once switched on.
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",
        "AIRFLOW__CORE__MIN_SERIALIZED_DAG_UPDATE_INTERVAL": "5",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "15",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "15",
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.5",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "60",
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__INSTANCE_NAME": "Furrow",
        "AIRFLOW__LOGGING__COLORED_CONSOLE_LOG": "False",
    }


def _places(settings: Settings, port: int) -> dict[str, str]:
    home = folder(settings)
    url = f"http://{address(port)}"
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(settings.home / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(settings.home / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__HOSTNAME_CALLABLE": "furrow.local.airflow.hostname",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "AIRFLOW__CORE__AUTH_MANAGER": (
            "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager"
        ),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords(settings)),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{(home / 'airflow.db').resolve()}",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONNECT_ARGS": "furrow.local.airflow.SQLITE_ARGUMENTS",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONNECT_ARGS_ASYNC": "furrow.local.airflow.SQLITE_ARGUMENTS",
        "AIRFLOW__DATABASE__CHECK_MIGRATIONS": "False",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "SCARF_ANALYTICS": "false",
        "DO_NOT_TRACK": "1",
        "FEAST_USAGE": "False",
    }


def _secrets(settings: Settings) -> dict[str, str]:
    """Keys made once for this folder; they stay under `var/`, readable by their owner alone."""

    def made() -> dict[str, str]:
        return {
            "AIRFLOW__CORE__FERNET_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "AIRFLOW__API__SECRET_KEY": secrets.token_urlsafe(32),
            "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_urlsafe(64),
        }

    return _kept(folder(settings) / "secrets.json", made)


def login(settings: Settings) -> tuple[str, str]:
    """User and password of the local Airflow's UI; the password is made once for this folder."""
    known = _kept(passwords(settings), lambda: {USER: secrets.token_urlsafe(12)})
    return USER, known[USER]


def passwords(settings: Settings) -> Path:
    """The file of the local Airflow's users and their passwords."""
    return folder(settings) / "simple_auth_manager_passwords.json.generated"


def _kept(path: Path, made: Callable[[], dict[str, str]]) -> dict[str, str]:
    """The dictionary in `path`, made and written by the first one who asks."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    if not path.exists():
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(json.dumps(made()))
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    found: dict[str, str] = json.loads(path.read_text())
    return found


def _command(*words: str) -> list[str]:
    program = Path(sys.executable).with_name("airflow")
    if not program.is_file():
        raise LocalFailed(f"Airflow is not installed beside {sys.executable} (see requirements.txt)")
    return [sys.executable, str(program), *words]


def healthy(port: int, since: datetime) -> bool:
    """Whether the API answers and scheduler, DAG processor and triggerer have reported after `since`."""
    import httpx

    try:
        with httpx.Client(timeout=5, trust_env=False) as client:
            parts = client.get(f"http://{address(port)}/api/v2/monitor/health").raise_for_status().json()
        beats = [
            parts[name][f"latest_{name}_heartbeat"] for name in ("scheduler", "dag_processor", "triggerer")
        ]
    except (httpx.HTTPError, ValueError, KeyError):
        return False
    fresh = all(beat and datetime.fromisoformat(beat) >= since for beat in beats)
    return fresh and all(part["status"] == "healthy" for part in parts.values())
