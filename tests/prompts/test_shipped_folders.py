"""Every folder that Furrow ships loads, renders with real records, and keeps samples and test set apart."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import orjson
import pytest

from furrow.config.check import check_record_fields
from furrow.config.loader import load_models, load_use_case, use_case_folders
from furrow.config.use_case import UseCase
from furrow.engine.ports import Arrival
from furrow.engine.prompt import Prompt
from furrow.engine.reading import read_work
from furrow.evaluation.cases import load_cases

PROMPTS = Path(__file__).resolve().parents[2] / "prompts"
FOLDERS = use_case_folders(PROMPTS)


@pytest.fixture(params=FOLDERS, ids=[folder.name for folder in FOLDERS])
def use_case(request: pytest.FixtureRequest) -> UseCase:
    """Each shipped use case. Loading raises with file and line when it has a mistake."""
    folder: Path = request.param
    return load_use_case(folder, load_models(PROMPTS))


def samples(use_case: UseCase) -> list[bytes]:
    return (use_case.folder / "sample.jsonl").read_bytes().splitlines()


def written(data: Mapping[str, object], use_case: UseCase) -> tuple[str, ...]:
    """The texts of a record, without its key and time."""
    stamps = {use_case.pipeline.record.key, use_case.pipeline.record.time}
    return tuple(value for name, value in data.items() if name not in stamps and isinstance(value, str))


def test_prompts_name_only_fields_that_records_have(use_case: UseCase) -> None:
    assert check_record_fields(use_case) == []


def test_there_are_enough_samples_and_cases(use_case: UseCase) -> None:
    assert len(samples(use_case)) >= 12
    assert len(load_cases(use_case, use_case.version())) >= 40


def test_every_sample_is_a_record(use_case: UseCase) -> None:
    lines, fields = samples(use_case), use_case.pipeline.record
    works = [read_work(Arrival(str(number), line), fields) for number, line in enumerate(lines)]
    assert [work.rejection for work in works if not work.open] == []
    assert len({work.record.key for work in works}) == len(works)


def test_no_sample_is_in_the_test_set(use_case: UseCase) -> None:
    texts = {written(orjson.loads(line), use_case) for line in samples(use_case)}
    cases = load_cases(use_case, use_case.version())
    assert texts.isdisjoint(written(case.record.data, use_case) for case in cases)


def test_no_case_of_the_test_set_is_among_the_examples(use_case: UseCase) -> None:
    cases = load_cases(use_case, use_case.version())
    bodies = {max(written(case.record.data, use_case), key=len, default="") for case in cases} - {""}
    for version in use_case.versions.values():
        for prompt in version.prompts.values():
            for example in prompt.examples:
                assert not [body for body in bodies if len(body) > 10 and body in example.user]


def test_every_first_prompt_renders_with_every_sample(use_case: UseCase) -> None:
    version = use_case.version()
    if version.steps[0].name not in version.prompts:
        pytest.skip("its first step asks no model")
    first = Prompt(version.prompts[version.steps[0].name])
    for line in samples(use_case):
        *_, turn = first.messages({"data": orjson.loads(line)})
        assert turn.role == "user" and turn.text.strip()


def test_examples_are_chat_turns_that_the_model_could_have_written(use_case: UseCase) -> None:
    for version in use_case.versions.values():
        for step, prompt in version.prompts.items():
            for example in prompt.examples:
                version.answer_fields(step).validate_json(example.answer)
