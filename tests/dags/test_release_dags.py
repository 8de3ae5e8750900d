"""The DAGs of evaluations and releases, in this process, without a running Airflow."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from furrow.assembly import Deployment
from furrow.config.settings import Settings
from furrow.errors import ReleaseRefused
from furrow.evaluation.drift import Drift, Drifted
from furrow.orchestration.assets import RELEASES, announce, live_of
from furrow.orchestration.connections import AirflowConnections
from furrow.orchestration.dag_factory import build_dags
from furrow.orchestration.links import ReportLink, evaluation_url, run_url
from furrow.orchestration.watch_tasks import Complain, FindNewVersions
from tests.folders import FolderOfPrompts, record


@pytest.fixture
def prompts(prompts: FolderOfPrompts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FolderOfPrompts:
    """With a test set and a second version, as tasks find it."""
    monkeypatch.setenv("FURROW_HOME", str(tmp_path))
    case = {"id": "c1", "input": record(1), "expected": {"brand": "삼성"}}
    prompts.put("goods/testset.jsonl", json.dumps(case, ensure_ascii=False) + "\n")
    prompts.version("v2", "Version 2.")
    return prompts


def dags_of(prompts: FolderOfPrompts) -> dict[str, Any]:
    return build_dags(replace(Settings.from_environment({}), prompts=prompts.path))


def downstream(dag: Any) -> dict[str, list[str]]:
    return {task.task_id: sorted(task.downstream_task_ids) for task in dag.tasks}


def deployment() -> Deployment:
    return Deployment(None, AirflowConnections())


def test_a_folder_with_a_test_set_has_an_evaluation_dag(prompts: FolderOfPrompts) -> None:
    dag = dags_of(prompts)["goods.eval"]
    assert downstream(dag) == {
        "plan": ["cases"],
        "cases": ["report"],
        "report": ["decide"],
        "decide": ["ask_a_person"],
        "ask_a_person": [],
    }
    assert dag.schedule is None and dag.max_active_runs == 1 and "evaluation" in dag.tags
    assert "/furrow/releases?use_case=goods" in dag.doc_md


def test_what_a_person_asks_for_is_on_from_the_beginning(prompts: FolderOfPrompts) -> None:
    dags = dags_of(prompts)
    for name in ("releases", "dead_letters_replay"):
        assert dags[name].is_paused_upon_creation is False
    for name in ("goods", "goods.eval", "release_watch"):
        assert dags[name].is_paused_upon_creation is None


def test_a_folder_without_a_test_set_has_none(prompts: FolderOfPrompts) -> None:
    (prompts.path / "goods" / "testset.jsonl").unlink()
    assert "goods.eval" not in dags_of(prompts)


def test_it_runs_on_the_schedule_of_the_folder(prompts: FolderOfPrompts) -> None:
    prompts.change("goods/pipeline.yaml", "evaluate:\n", "evaluate:\n  schedule: '0 3 * * *'\n")
    assert dags_of(prompts)["goods.eval"].schedule == "0 3 * * *"


def test_a_schedule_that_is_none_is_a_config_error(prompts: FolderOfPrompts) -> None:
    prompts.change("goods/pipeline.yaml", "evaluate:\n", "evaluate:\n  schedule: 'now and then'\n")
    dags = dags_of(prompts)
    assert "config-error" in dags["goods"].tags and "goods.eval" not in dags


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        pytest.param("versions", ["v1", "v2"], ["v9"], id="versions"),
        pytest.param("slices", ["short"], [1], id="slices"),
        pytest.param("repeats", 3, 0, id="repeats"),
    ],
)
def test_its_params_are_checked_before_it_runs(
    prompts: FolderOfPrompts, name: str, good: object, bad: object
) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    param = dags_of(prompts)["goods.eval"].params.get_param(name)
    assert param.resolve(good) == good and param.description
    with pytest.raises(ParamValidationError):
        param.resolve(bad)


def test_a_worker_of_an_evaluation_loads_its_folder_alone(
    prompts: FolderOfPrompts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", "goods.eval")
    assert sorted(dags_of(prompts)) == ["goods", "goods.eval"]


def test_a_release_is_proposed_approved_and_applied(prompts: FolderOfPrompts) -> None:
    dag = dags_of(prompts)["releases"]
    assert downstream(dag) == {"propose": ["approve"], "approve": ["apply"], "apply": []}
    assert dag.schedule is None
    assert dag.params.get_param("use_case").schema["enum"] == ["goods"]


def test_what_was_not_evaluated_is_not_proposed_unless_somebody_takes_it_on_them(
    prompts: FolderOfPrompts,
) -> None:
    task = dags_of(prompts)["releases"].get_task("propose")
    params = {"use_case": "goods", "action": "promote", "version": "v2", "anyway": False}
    with pytest.raises(ReleaseRefused, match=r"was not evaluated: trigger the DAG goods\.eval"):
        task.execute({"params": params})
    found = task.execute({"params": {**params, "anyway": True}})
    assert found["ask"] is True and "prompt: digest/system.md" in found["body"]


def test_a_rollback_asks_nobody(prompts: FolderOfPrompts) -> None:
    task = dags_of(prompts)["releases"].get_task("propose")
    assert task.execute({"params": {"use_case": "goods", "action": "rollback"}})["ask"] is False


def apply(prompts: FolderOfPrompts, answer: Any, run_id: str = "manual__1", **params: Any) -> Any:
    """The task `apply`, after this answer of a person; with what it tells other DAGs."""
    given = {"use_case": "goods", "action": "promote", "version": "v2", "why": "better", "share": None}
    context = {
        "params": {**given, "anyway": True, **params},
        "run_id": run_id,
        "dag_run": object(),
        "ti": Answers(answer),
        "inlet_events": NoEvents(),
        "outlet_events": Events(),
    }
    return dags_of(prompts)["releases"].get_task("apply").execute(context), context["outlet_events"].told


class Answers:
    def __init__(self, answer: Any):
        self.answer = answer

    def xcom_pull(self, task_ids: str) -> Any:
        return self.answer


class NoEvents:
    """Nothing was announced yet."""

    def __getitem__(self, asset: Any) -> NoEvents:
        return self

    def ascending(self, _: bool) -> NoEvents:
        return self

    def limit(self, _: int) -> list[Any]:
        return []


class Events:
    """Keeps what is announced."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int]] = []

    def __getitem__(self, alias: Any) -> Events:
        assert alias == RELEASES
        return self

    def add(self, asset: Any, extra: dict[str, Any]) -> None:
        self.told.append((asset.name, extra["number"]))


def said(option: str) -> dict[str, Any]:
    return {"chosen_options": [option], "responded_by_user": {"id": "7", "name": "minji"}}


def test_what_a_person_approves_is_live_under_their_name_and_other_dags_are_told(
    prompts: FolderOfPrompts,
) -> None:
    entry, told = apply(prompts, said("Approve"))
    assert (entry["action"], entry["version"], entry["who"]) == ("promote", "v2", "minji (Airflow)")
    assert "better" in entry["why"] and "without a passed evaluation" in entry["why"]
    assert deployment().use_case("goods").live == "v2"
    assert told == [("furrow.release.goods", 1), ("furrow.release.goods", 2)]


def test_what_a_person_rejects_is_declined(prompts: FolderOfPrompts) -> None:
    entry, _ = apply(prompts, said("Reject"))
    assert (entry["action"], entry["who"]) == ("declined", "minji (Airflow)")
    assert deployment().use_case("goods").live == "v1"


def test_a_task_that_runs_again_writes_nothing_twice_and_a_changed_answer_counts(
    prompts: FolderOfPrompts,
) -> None:
    first, _ = apply(prompts, said("Reject"))
    assert apply(prompts, said("Reject"))[0] == first
    assert apply(prompts, said("Approve"))[0]["action"] == "promote"
    assert len(deployment().releases.history("goods")) == 3


def test_the_watch_looks_each_five_minutes(prompts: FolderOfPrompts) -> None:
    dag = dags_of(prompts)["release_watch"]
    assert downstream(dag) == {
        "look_after": ["complain"],
        "complain": [],
        "new_versions": ["evaluate"],
        "evaluate": [],
    }
    assert dag.schedule == "*/5 * * * *"


def test_a_new_version_has_an_evaluation_triggered_by_its_content(prompts: FolderOfPrompts) -> None:
    task = FindNewVersions(task_id="new_versions", use_cases=["goods", "gone"])
    [found] = task.execute({})
    assert (found["trigger_dag_id"], found["conf"]) == ("goods.eval", {"versions": ["v2"]})
    assert task.execute({}) == [found]
    prompts.put("goods/v2/digest/system.md", "Version 2, better.\n")
    assert task.execute({})[0]["trigger_run_id"] != found["trigger_run_id"]
    apply(prompts, said("Reject"))
    assert task.execute({}) == []


def test_what_went_wrong_with_one_use_case_is_told_after_the_others_had_their_turn() -> None:
    from airflow.sdk.exceptions import AirflowFailException

    task = Complain(task_id="complain")
    task.execute({"ti": Answers([])})
    with pytest.raises(AirflowFailException, match="goods: ReleaseChanged"):
        task.execute({"ti": Answers(["goods: ReleaseChanged: v1 is not what it was"])})


def test_an_alarm_of_the_hourly_look_is_noted_for_the_digest(
    prompts: FolderOfPrompts, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = Drifted(n=100, n_before=900, psi=0.4, p=1e-9, p_corrected=1e-9, alarm=True)
    drift = Drift(chunks=9, enough=True, watched={"brand": moved})
    monkeypatch.setattr("furrow.batch.drift_check.check_drift", lambda *_: drift)
    context: Any = {
        "dag_run": SimpleNamespace(run_after=datetime(2026, 11, 25, 13, 1, tzinfo=UTC)),
        "inlet_events": NoEvents(),
        "outlet_events": Events(),
    }
    began = datetime.now(UTC)
    [said] = dags_of(prompts)["release_watch"].get_task("look_after").execute(context)
    assert "goods: v1@" in said and "brand: PSI 0.40" in said
    [(_, noted)] = deployment().drift_looks.alarms("goods", began, began + timedelta(hours=2))
    assert noted.startswith("brand: PSI 0.40")
    [digested] = deployment().digest(datetime.now(UTC) + timedelta(hours=1), days=1).use_cases
    assert [(each.what, each.times) for each in digested.drift] == [("brand", 1)]


def test_an_entry_is_announced_once(prompts: FolderOfPrompts) -> None:
    deployment().promotions("goods").promote("v2", "minji", "better")

    class Announced(NoEvents):
        def limit(self, _: int) -> list[Any]:
            return [type("Event", (), {"extra": {"number": 1}})()]

    events = Events()
    context: Any = {"inlet_events": Announced(), "outlet_events": events}
    announce(context, deployment().releases, ["goods"])
    assert events.told == [(live_of("goods").name, 2)]


def test_the_button_of_the_report_leads_to_the_page_of_that_evaluation() -> None:
    key = type("Key", (), {"dag_id": "goods.eval", "run_id": "manual__2026-11-25T00:00:00+00:00"})()
    link = ReportLink().get_link(None, ti_key=key)
    assert link == evaluation_url("goods", key.run_id)
    assert "%2B00%3A00" in link


def test_the_button_of_a_run_leads_to_the_page_of_that_run(prompts: FolderOfPrompts) -> None:
    [link] = dags_of(prompts)["goods"].get_task("evaluate").operator_extra_links
    key = type("Key", (), {"dag_id": "goods", "run_id": "manual__1"})()
    assert isinstance(link, ReportLink)
    assert link.get_link(None, ti_key=key) == run_url("goods", "manual__1")
    assert run_url("goods", "a&b").endswith("/furrow/run?use_case=goods&run_id=a%26b")
