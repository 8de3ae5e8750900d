"""Folders -> DAGs, in this process, without a running Airflow."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from furrow.config.loader import OWN_DAGS
from furrow.config.settings import Settings
from furrow.orchestration.dag_factory import build_dags
from tests.folders import MODELS, PIPELINE, STEPS, FolderOfPrompts

V2_STEPS = """\
steps:
  - name: digest
    kind: llm
    model: large
  - name: spell
    kind: map
    set: {words: "digest.digest | length"}
result: {words: spell.words}
"""


def dags_of(prompts: FolderOfPrompts) -> dict[str, Any]:
    return build_dags(replace(Settings.from_environment({}), prompts=prompts.path))


def downstream(dag: Any) -> dict[str, list[str]]:
    return {task.task_id: sorted(task.downstream_task_ids) for task in dag.tasks}


def add_v2(prompts: FolderOfPrompts, steps: str = V2_STEPS) -> None:
    prompts.put("goods/v2/steps.yaml", steps)
    prompts.put("goods/v2/digest/user.md", "{{ data.body }}\n")
    prompts.put("goods/v2/digest/output.yaml", "digest: {type: string}\n")
    prompts.put("goods/v2/spell/output.yaml", "words: {type: integer}\n")


def copy_use_case(prompts: FolderOfPrompts, name: str) -> None:
    for file in (prompts.path / "goods").rglob("*"):
        if file.is_file():
            prompts.put(f"{name}/{file.relative_to(prompts.path / 'goods')}", file.read_bytes())


# --- a use case that loads --------------------------------------------------------------------------


def test_there_is_one_dag_for_each_folder(prompts: FolderOfPrompts) -> None:
    copy_use_case(prompts, "clothes")

    assert sorted(dags_of(prompts)) == sorted(["clothes", "goods", *OWN_DAGS])


def test_a_partition_goes_through_its_steps_and_then_everything_is_published_and_evaluated(
    prompts: FolderOfPrompts,
) -> None:
    assert downstream(dags_of(prompts)["goods"]) == {
        "fetch": ["partition.digest"],
        "partition.digest": ["partition.extract"],
        "partition.extract": ["partition.price"],
        "partition.price": ["partition.validate"],
        "partition.validate": ["publish_features"],
        "publish_features": ["evaluate"],
        "evaluate": [],
    }


def test_the_steps_are_mapped_over_the_partitions_and_named_after_them(prompts: FolderOfPrompts) -> None:
    dag = dags_of(prompts)["goods"]
    group = dag.task_group.children["partition"]

    assert group._expand_input.value["partition"].operator.task_id == "fetch"
    assert {dag.get_task(f"partition.{name}").map_index_template for name in ("digest", "validate")} == {
        "{{ task.partition.label }}"
    }


def test_a_use_case_that_publishes_nothing_is_evaluated_after_validation(prompts: FolderOfPrompts) -> None:
    prompts.change("goods/pipeline.yaml", "  features: {entity: article, ttl_days: 3650}", "  features: null")

    assert downstream(dags_of(prompts)["goods"])["partition.validate"] == ["evaluate"]


def test_the_dag_has_the_steps_of_all_versions_in_an_order_that_fits_each(prompts: FolderOfPrompts) -> None:
    add_v2(prompts)

    steps = [t.task_id for t in dags_of(prompts)["goods"].topological_sort() if "partition." in t.task_id]

    assert steps[0] == "partition.digest" and steps[-1] == "partition.validate"
    assert set(steps[1:-1]) == {"partition.extract", "partition.price", "partition.spell"}
    assert steps.index("partition.extract") < steps.index("partition.price")


def test_a_run_takes_a_limit_and_one_of_the_folders_versions(prompts: FolderOfPrompts) -> None:
    add_v2(prompts)
    params = dags_of(prompts)["goods"].params

    assert dict(params) == {"limit": None, "version": None}
    for name, good in (("limit", 5), ("limit", None), ("version", "v2"), ("version", None)):
        assert params.get_param(name).resolve(good) == good
    assert all(params.get_param(name).description for name in params)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("limit", 0, id="no records"),
        pytest.param("limit", "ten", id="a limit that is no number"),
        pytest.param("version", "v9", id="a version that the folder does not have"),
    ],
)
def test_a_param_that_makes_no_sense_is_refused(prompts: FolderOfPrompts, name: str, value: object) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    with pytest.raises(ParamValidationError):
        dags_of(prompts)["goods"].params.get_param(name).resolve(value)


def test_schedule_owner_tags_and_one_run_at_a_time_come_from_the_folder(prompts: FolderOfPrompts) -> None:
    prompts.put("goods/pipeline.yaml", PIPELINE + 'tags: [ads]\nschedule: "*/15 * * * *"\n')

    dag = dags_of(prompts)["goods"]

    assert (dag.schedule, dag.catchup, dag.max_active_runs) == ("*/15 * * * *", False, 1)
    assert dag.tags == {"furrow", "ads"}
    assert {task.owner for task in dag.tasks} == {"tests"}


def test_every_task_of_a_use_case_is_retried_by_the_error_tree(prompts: FolderOfPrompts) -> None:
    policies = {type(task.retry_policy).__name__ for task in dags_of(prompts)["goods"].tasks}

    assert policies == {"ByErrorTree"}


def test_the_documentation_tells_source_steps_models_fields_and_the_readme(prompts: FolderOfPrompts) -> None:
    prompts.put("goods/README.md", "Ask the ads team before you change a field.")

    dag = dags_of(prompts)["goods"]

    assert dag.description == "listings to attributes"
    for words in ("sample.jsonl", "| extract | llm | small (`openai-chat:small`)", "price_krw", "ads team"):
        assert words in dag.doc_md
    assert dag.get_task("partition.extract").doc_md == "- v1: llm small, large"


# --- what goes wrong stays in its place -------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        pytest.param("pipeline.yaml", PIPELINE + "shedule: null\n", "pipeline.yaml:", id="an unknown key"),
        pytest.param("v1/steps.yaml", "steps: [", "v1/steps.yaml:", id="not YAML"),
        pytest.param("v1/extract/user.md", "{{ digset.digest }}", "user.md:1", id="a misspelt variable"),
        pytest.param("v1/extract/user.md", b"\xff\xfe", "user.md", id="not UTF-8"),
        pytest.param(
            "v1/steps.yaml", STEPS.replace("model: small", "model: smal"), "smal", id="unknown model"
        ),
        pytest.param(
            "pipeline.yaml", PIPELINE + 'schedule: "99 * * * *"\n', "goods/pipeline.yaml", id="no time of day"
        ),
        pytest.param("pipeline.yaml", PIPELINE + f"tags: [{'x' * 101}]\n", "pipeline.yaml", id="a long tag"),
        pytest.param(
            "v1/steps.yaml",
            STEPS.replace("name: price\n", "name: validate\n").replace("price.", "validate."),
            "validate",
            id="a step with the name of a task",
        ),
    ],
)
def test_a_folder_with_a_mistake_says_so_and_touches_no_other(
    prompts: FolderOfPrompts, file: str, text: str | bytes, said: str
) -> None:
    copy_use_case(prompts, "clothes")
    prompts.put(f"goods/{file}", text)

    dags = dags_of(prompts)

    assert dags["clothes"].tags == {"furrow"} and len(dags["clothes"].tasks) == 7
    broken = dags["goods"]
    assert broken.tags == {"furrow", "config-error"} and broken.schedule is None
    assert said in broken.description and said in broken.doc_md


def test_a_config_error_dag_fails_with_its_message_when_it_is_triggered(prompts: FolderOfPrompts) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    prompts.put("goods/v1/steps.yaml", "steps: []\n")
    [task] = dags_of(prompts)["goods"].tasks

    with pytest.raises(AirflowFailException, match=r"goods/v1/steps\.yaml:1"):
        task.execute({})


def test_versions_that_order_the_same_steps_differently_are_a_config_error(prompts: FolderOfPrompts) -> None:
    swapped = V2_STEPS.replace("digest.digest | length", "1")
    digest, spell = (
        swapped.split("  - name: spell")[0],
        "  - name: spell" + swapped.split("  - name: spell")[1],
    )
    add_v2(prompts)
    add_v3 = (
        "steps:\n"
        + spell.split("result:")[0]
        + digest.removeprefix("steps:\n")
        + "result: {words: spell.words}\n"
    )
    for name in ("digest/user.md", "digest/output.yaml", "spell/output.yaml"):
        prompts.put(f"goods/v3/{name}", (prompts.path / "goods" / "v2" / name).read_bytes())
    prompts.put("goods/v3/steps.yaml", add_v3)

    broken = dags_of(prompts)["goods"]

    assert "config-error" in broken.tags and "digest" in broken.description and "spell" in broken.description


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("models.yaml", MODELS.replace("models:", "modles:", 1), id="an unknown key"),
        pytest.param("models.yaml", b"\xff", id="not UTF-8"),
    ],
)
def test_a_catalogue_that_does_not_load_is_one_dag_that_says_so(
    prompts: FolderOfPrompts, name: str, text: str | bytes
) -> None:
    prompts.put(name, text)

    [(dag_id, dag)] = dags_of(prompts).items()

    assert dag_id == "furrow_config_error" and "models.yaml" in dag.description


def test_a_missing_prompts_folder_is_one_dag_that_says_so(tmp_path: Path) -> None:
    dags = dags_of(FolderOfPrompts(tmp_path / "nowhere"))

    assert list(dags) == ["furrow_config_error"] and "nowhere" in dags["furrow_config_error"].description


@pytest.mark.parametrize("name", ["Two Words", "중고", "a..b"])
def test_a_folder_whose_name_is_no_dag_id_still_has_a_dag(prompts: FolderOfPrompts, name: str) -> None:
    copy_use_case(prompts, name)

    dags = dags_of(prompts)

    assert len(dags) == 2 + len(OWN_DAGS) and dags["goods"].tags == {"furrow"}
    [other] = [dag for dag_id, dag in dags.items() if dag_id not in ("goods", *OWN_DAGS)]
    assert "config-error" in other.tags and other.dag_id.isascii()


def test_an_error_text_cannot_end_its_preformatted_block(prompts: FolderOfPrompts) -> None:
    prompts.put("goods/pipeline.yaml", PIPELINE + '"```\\n# shouting": 1\n')

    dag = dags_of(prompts)["goods"]

    opening, fence = re.findall(r"^(`{3,})(?:text)?$", dag.doc_md, re.MULTILINE)
    assert opening == fence
    assert fence not in dag.description


# --- parsing ----------------------------------------------------------------------------------------


def test_a_worker_loads_the_folder_of_its_task_alone(
    prompts: FolderOfPrompts, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy_use_case(prompts, "clothes")
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", "clothes")

    assert list(dags_of(prompts)) == ["clothes"]


def test_the_dag_survives_airflows_serialisation(prompts: FolderOfPrompts) -> None:
    from airflow.serialization.serialized_objects import DagSerialization

    dag = dags_of(prompts)["goods"]

    again = DagSerialization.from_dict(json.loads(json.dumps(DagSerialization.to_dict(dag))))

    assert sorted(again.task_dict) == sorted(dag.task_dict)
    assert again.get_task("partition.digest").has_retry_policy
