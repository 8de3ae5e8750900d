"""What the local Airflow is told."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from furrow.config.settings import Settings
from furrow.local import airflow


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.from_environment({"FURROW_HOME": str(tmp_path)})


def test_airflow_listens_on_this_machine_only_and_tasks_find_the_chosen_port(settings: Settings) -> None:
    told = airflow.environment(settings, 18080, {})
    assert told["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert told["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:18080/execution/"


def test_no_process_of_airflow_opens_a_log_server(settings: Settings) -> None:
    commands = airflow.processes(settings)
    assert "--skip-serve-logs" in commands["airflow-scheduler"]
    assert "--skip-serve-logs" in commands["airflow-triggerer"]


def test_a_user_may_set_the_pace_but_not_the_places(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__PARALLELISM", "9")
    monkeypatch.setenv("AIRFLOW_HOME", "/somewhere/else")
    told = airflow.environment(settings, 18080, {})
    assert told["AIRFLOW__CORE__PARALLELISM"] == "9"
    assert told["AIRFLOW_HOME"] == str(settings.var / "airflow")


def test_keys_and_password_are_made_once(settings: Settings) -> None:
    first = airflow.environment(settings, 18080, {})
    assert (
        airflow.environment(settings, 18081, {})["AIRFLOW__CORE__FERNET_KEY"]
        == (first["AIRFLOW__CORE__FERNET_KEY"])
    )
    assert airflow.login(settings) == airflow.login(settings)


def test_keys_and_password_are_readable_by_their_owner_alone(settings: Settings) -> None:
    airflow.environment(settings, 18080, {})
    airflow.login(settings)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in airflow.folder(settings).iterdir()}
    assert modes == {0o600}


def test_two_projects_have_different_passwords(tmp_path: Path) -> None:
    homes = [Settings.from_environment({"FURROW_HOME": str(tmp_path / name)}) for name in "ab"]
    assert airflow.login(homes[0]) != airflow.login(homes[1])


def test_a_new_use_case_does_not_run_before_somebody_switches_it_on(settings: Settings) -> None:
    assert airflow.environment(settings, 18080, {})["AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION"] == "True"
