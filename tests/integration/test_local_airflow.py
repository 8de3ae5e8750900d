"""The embedded Airflow, started for real: a run by its REST API, and no process left behind afterwards."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from furrow.config.settings import Settings
from furrow.errors import CredentialsRefused, OptionUnknown
from furrow.local import processes
from furrow.local.airflow import AirflowApi, login
from furrow.local.state import read_state
from furrow.local.supervisor import down, status, up
from tests.own_ports import use_free_ports

pytestmark = pytest.mark.airflow

DAGS = """
from airflow.sdk import dag, task

@dag(schedule=None)
def addition():
    @task
    def numbers():
        return [1, 2]

    @task
    def more(number):
        return number + 1

    more.expand(number=numbers())

@dag(schedule=None)
def endless():
    @task
    def sleep():
        import subprocess, sys, time
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], env={}, process_group=0)
        time.sleep(600)

    sleep()

addition()
endless()
"""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A project with two small DAGs and Airflow up, on ports of its own."""
    home = tmp_path_factory.mktemp("project")
    (home / "dags").mkdir()
    (home / "dags" / "small.py").write_text(DAGS)
    found = Settings.from_environment({"FURROW_HOME": str(home)})
    with pytest.MonkeyPatch.context() as patch:
        use_free_ports(patch)
        try:
            up(found, ("airflow",))
            yield found
        finally:
            down(found)


def listeners(home: Path) -> set[str]:
    return {
        connection.laddr.ip
        for process in processes.members(home)
        for connection in _connections(process)
        if connection.status == psutil.CONN_LISTEN
    }


def _connections(process: psutil.Process) -> list[Any]:
    """None of a process that has ended meanwhile, as one that reads DAG files does soon."""
    with suppress(psutil.NoSuchProcess):
        return process.net_connections("tcp")
    return []


def _group(process: psutil.Process) -> int | None:
    with suppress(ProcessLookupError):
        return os.getpgid(process.pid)
    return None


def test_a_triggered_run_succeeds_and_one_task_of_it_runs_again(settings: Settings) -> None:
    with AirflowApi.local(settings) as api:
        assert api.wait_for_dag("addition")["is_paused"]
        api.unpause("addition")
        run = api.trigger("addition", {"note": "by hand"})
        assert api.wait_for_run("addition", run, patience=300) == "success"
        assert api.xcom("addition", run, "more", map_index=1) == 3
        assert api.clear("addition", run, [("more", 1)]) == 1
        assert api.wait_for_run("addition", run, patience=300) == "success"
        attempts = {
            (task.task_id, task.map_index): task.try_number for task in api.task_instances("addition", run)
        }
    assert attempts == {("numbers", -1): 1, ("more", 0): 1, ("more", 1): 2}


def test_a_wrong_password_is_refused(settings: Settings) -> None:
    with AirflowApi.local(settings) as api, pytest.raises(CredentialsRefused):
        AirflowApi(api.url, login(settings)[0], "guessed")


def test_an_unknown_dag_is_an_unknown_option(settings: Settings) -> None:
    with AirflowApi.local(settings) as api, pytest.raises(OptionUnknown, match="no_such_dag"):
        api.trigger("no_such_dag")


def test_no_port_is_open_to_other_machines(settings: Settings) -> None:
    assert listeners(settings.home) == {"127.0.0.1"}


def test_down_after_the_supervisor_was_killed_leaves_neither_tasks_nor_their_children(
    settings: Settings,
) -> None:
    with AirflowApi.local(settings) as api:
        api.wait_for_dag("endless")
        api.unpause("endless")
        run = api.trigger("endless")
        while [task.state for task in api.task_instances("endless", run)] != ["running"]:
            time.sleep(0.2)
    state = read_state(settings)
    assert state is not None
    everything = processes.members(settings.home, state.supervisor)
    assert len({_group(process) for process in everything} - {None}) > 1, "tasks are in groups of their own"
    os.kill(state.supervisor.pid, signal.SIGKILL)
    down(settings, patience=3)
    assert [process for process in everything if processes.runs(process)] == []
    assert processes.members(settings.home, state.supervisor) == []
    assert {part.state for part in status(settings)} == {"down"}
