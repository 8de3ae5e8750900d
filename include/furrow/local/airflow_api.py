"""A client of Airflow's REST API (v2): trigger a run, watch it, run parts of it again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from furrow.config.settings import Settings
from furrow.errors import CredentialsRefused, LocalFailed, OptionUnknown, RequestRejected

if TYPE_CHECKING:
    import httpx

FINISHED = frozenset({"success", "failed"})
ENDED = FINISHED | {"skipped", "upstream_failed", "removed"}


@dataclass(frozen=True)
class TaskInstance:
    """One attempt line of a run, as Airflow shows it. map_index is -1 for a task that is not mapped."""

    task_id: str
    map_index: int
    state: str | None
    try_number: int
    label: str | None


class AirflowApi:
    """A client of Airflow's REST API (v2) that signs in as a user. Use as a context manager.

    Every method raises CredentialsRefused (401, 403), OptionUnknown (404: no such DAG, run or task),
    RequestRejected (other 4xx) or LocalFailed (Airflow does not answer, or answers 5xx; a retry may help).
    """

    def __init__(self, url: str, user: str, password: str):
        import httpx

        self.url = url.rstrip("/")
        self._client = httpx.Client(base_url=self.url, timeout=60, trust_env=False)
        try:
            answer = self._send("POST", "/auth/token", {"username": user, "password": password})
        except BaseException:
            self._client.close()
            raise
        self._client.headers["Authorization"] = f"Bearer {answer['access_token']}"

    @classmethod
    def local(cls, settings: Settings) -> AirflowApi:
        """A signed-in client of the embedded Airflow. Raises LocalFailed when it is not up."""
        from furrow.local.airflow import login
        from furrow.local.state import read_state

        state = read_state(settings)
        if state is None or "airflow" not in state.parts:
            raise LocalFailed("Airflow is not up here; start it with `furrow up`")
        return cls(f"http://{state.parts['airflow'].address}", *login(settings))

    def __enter__(self) -> AirflowApi:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def dag(self, dag_id: str) -> dict[str, Any]:
        """What Airflow knows of a DAG: `is_paused`, `description`, `tags`, `has_import_errors` …"""
        return self._send("GET", f"/api/v2/dags/{dag_id}")

    def dag_details(self, dag_id: str) -> dict[str, Any]:
        """What `dag` gives, with its `params`, its documentation and its schedule."""
        return self._send("GET", f"/api/v2/dags/{dag_id}/details")

    def wait_for_dag(self, dag_id: str, patience: float = 90.0) -> dict[str, Any]:
        """The DAG, as soon as Airflow has parsed it.

        Raises OptionUnknown, with Airflow's import errors, after `patience` seconds.
        """
        deadline = time.monotonic() + patience
        while True:
            try:
                return self.dag(dag_id)
            except OptionUnknown as error:
                if time.monotonic() > deadline:
                    said = "; ".join(self.import_errors()) or "Airflow reports no import error"
                    raise OptionUnknown(f"no DAG {dag_id} after {patience:.0f} s: {said}") from error
            time.sleep(0.5)

    def import_errors(self) -> list[str]:
        """What went wrong when Airflow read the DAG files, one text per file."""
        found = self._send("GET", "/api/v2/importErrors")["import_errors"]
        return [f"{error['filename']}: {error['stack_trace']}" for error in found]

    def unpause(self, dag_id: str) -> None:
        """Switch the DAG on: it runs on its schedule, and runs that were triggered start."""
        self._send("PATCH", f"/api/v2/dags/{dag_id}", {"is_paused": False})

    def pause(self, dag_id: str) -> None:
        self._send("PATCH", f"/api/v2/dags/{dag_id}", {"is_paused": True})

    def trigger(self, dag_id: str, conf: Mapping[str, Any] | None = None) -> str:
        """Start a run now with these params; returns its run id."""
        body = {"logical_date": None, "conf": dict(conf or {})}
        run_id: str = self._send("POST", f"/api/v2/dags/{dag_id}/dagRuns", body)["dag_run_id"]
        return run_id

    def run_state(self, dag_id: str, run_id: str) -> str:
        """`queued`, `running`, `success` or `failed`."""
        state: str = self._send("GET", f"/api/v2/dags/{dag_id}/dagRuns/{run_id}")["state"]
        return state

    def wait_for_run(
        self,
        dag_id: str,
        run_id: str,
        patience: float,
        every: float = 1.0,
        tick: Callable[[list[TaskInstance]], None] | None = None,
    ) -> str:
        """Wait until the run has ended; returns `success` or `failed`.

        tick: called about each `every` seconds with the task instances.
        Raises LocalFailed, which names the tasks that have not ended, after `patience` seconds.
        """
        deadline = time.monotonic() + patience
        while True:
            state = self.run_state(dag_id, run_id)
            if tick is not None:
                tick(self.task_instances(dag_id, run_id))
            if state in FINISHED:
                return state
            if time.monotonic() > deadline:
                left = [task for task in self.task_instances(dag_id, run_id) if task.state not in ENDED]
                raise LocalFailed(
                    f"{dag_id} {run_id} is still {state} after {patience:.0f} s: {_unfinished(left)}"
                )
            time.sleep(every)

    def task_instances(self, dag_id: str, run_id: str) -> list[TaskInstance]:
        """The task instances of a run, mapped ones included."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances"
        return [
            TaskInstance(
                task_id=found["task_id"],
                map_index=found["map_index"],
                state=found["state"],
                try_number=found["try_number"],
                label=found["rendered_map_index"],
            )
            for found in self._pages(path, "task_instances")
        ]

    def xcom(
        self, dag_id: str, run_id: str, task_id: str, key: str = "return_value", map_index: int = -1
    ) -> Any:
        """What a task returned."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/{key}"
        return self._send("GET", f"{path}?map_index={map_index}&deserialize=false")["value"]

    def clear(
        self,
        dag_id: str,
        run_id: str,
        tasks: Sequence[str | tuple[str, int]],
        downstream: bool = True,
        only_failed: bool = False,
    ) -> int:
        """Run tasks of a run again; `(task_id, map_index)` names one of a mapped task. Returns how many."""
        body = {
            "dry_run": False,
            "dag_run_id": run_id,
            "task_ids": [task if isinstance(task, str) else list(task) for task in tasks],
            "only_failed": only_failed,
            "include_downstream": downstream,
            "reset_dag_runs": True,
        }
        answer = self._send("POST", f"/api/v2/dags/{dag_id}/clearTaskInstances", body)
        return int(answer["total_entries"])

    def run_url(self, dag_id: str, run_id: str) -> str:
        """The page of the run in Airflow's UI."""
        return f"{self.url}/dags/{dag_id}/runs/{run_id}"

    def _pages(self, path: str, field: str) -> Iterator[dict[str, Any]]:
        offset = 0
        while True:
            page = self._send("GET", f"{path}?limit=100&offset={offset}")
            yield from page[field]
            offset += 100
            if offset >= page["total_entries"]:
                return

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        import httpx

        try:
            response = self._client.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise LocalFailed(f"Airflow at {self.url} does not answer: {error}") from error
        if response.is_success:
            answer: dict[str, Any] = response.json()
            return answer
        raise _refusal(response)


def _unfinished(tasks: Sequence[TaskInstance]) -> str:
    """Such as `approve awaiting_input, extract[2] queued (try 2)`."""
    return ", ".join(map(_in_words, tasks)) or "no task of it is left to end"


def _in_words(task: TaskInstance) -> str:
    number = f"[{task.map_index}]" if task.map_index >= 0 else ""
    again = f" (try {task.try_number})" if task.try_number > 1 else ""
    return f"{task.task_id}{number} {task.state or 'not yet scheduled'}{again}"


def _refusal(response: httpx.Response) -> Exception:
    said = f"Airflow answered {response.status_code} to {response.request.url.path}: {response.text[:500]}"
    kinds: dict[int, type[Exception]] = {401: CredentialsRefused, 403: CredentialsRefused, 404: OptionUnknown}
    return kinds.get(response.status_code, LocalFailed if response.is_server_error else RequestRejected)(said)
