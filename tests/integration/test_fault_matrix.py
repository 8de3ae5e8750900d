"""Every fault of a provider, at every rate, over many records: a named outcome for each, or a clear end."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from furrow.adapters.environment_connections import EnvironmentConnections
from furrow.assembly import open_run
from furrow.batch.run import BatchRun
from furrow.config.settings import Settings
from furrow.errors import CredentialsRefused, FurrowError, RequestRejected, TransientError
from furrow.testing import FaultRate, ServerProcess
from tests.folders import FolderOfPrompts, record

RECORDS = int(os.environ.get("FURROW_FAULT_RECORDS", "60"))
LIMITS = "limits: {concurrency: 8, timeout_seconds: 5, attempts: 2, outage_seconds: 0}"
QUICK = "limits: {concurrency: 16, timeout_seconds: 0.5, attempts: 4, outage_seconds: 1}"
PATIENT = QUICK.replace("0.5", "20")
pytestmark = [pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("meter") / "meter.jsonl") as process:
        yield process


@dataclass
class Site:
    """A deployment of its own with one run of `goods` in it."""

    settings: Settings
    server: ServerProcess
    prompts: FolderOfPrompts
    ends: list[FurrowError] = field(default_factory=list)

    def mend(self) -> None:
        """No more faults, and time for a call that a slow machine holds up: what is late is bought again."""
        self.server.fail()
        self.prompts.change("models.yaml", QUICK, PATIENT)

    def attempt(self) -> Counter[str] | None:
        """Every task of the run, as far as it goes; the outcomes, None when a task failed."""
        connection = self.server.connection()
        model = {"conn_type": connection.type, "host": connection.host, "password": connection.password}
        connections = EnvironmentConnections({"AIRFLOW_CONN_MODELS": json.dumps(model)})
        try:
            with open_run("goods", "run", connections, self.settings) as run:
                return _tasks(run)
        except FurrowError as error:
            self.ends.append(error)
            return None


def _tasks(run: BatchRun) -> Counter[str]:
    ends: Counter[str] = Counter()
    for partition in run.fetch():
        for step in ("digest", "extract", "price"):
            partition = run.run_step(step, partition)
        ends.update(run.validate(partition)["counts"])
    return ends


@pytest.fixture
def site(prompts: FolderOfPrompts, tmp_path: Path, server: ServerProcess) -> Iterator[Site]:
    prompts.change("models.yaml", LIMITS, QUICK)
    prompts.change("goods/pipeline.yaml", "partition_records: 10", f"partition_records: {RECORDS}")
    prompts.records([record(number) for number in range(RECORDS)])
    yield Site(Settings.from_environment({"FURROW_HOME": str(tmp_path)}), server, prompts)
    server.fail()


def accepted(ends: Counter[str]) -> bool:
    return ends["accepted"] == RECORDS


def rejected(ends: Counter[str]) -> bool:
    return ends["rejected"] == RECORDS


def named(ends: Counter[str]) -> bool:
    """Each record is accepted or rejected, and both happen."""
    return ends["accepted"] + ends["rejected"] == RECORDS and min(ends["accepted"], ends["rejected"]) > 0


OUTAGES = {
    "rate_limit": "429",
    "rate_limit=1": "429",
    "server_error": "500",
    "server_error=503": "503",
    "reset": "",
    "lost": "",
    "hang": "no answer within",
    "drip=3": "no answer within",
    "not_json": "",
    "half_body": "",
}
ANSWERS: dict[str, Callable[[Counter[str]], bool]] = {
    "no_choices": rejected,
    "empty": rejected,
    "filtered": rejected,
    "refusal": rejected,
    "truncated": rejected,
    "schema_ignored": rejected,
    "malformed": rejected,
    "wrong_model": accepted,
}


@pytest.mark.parametrize(("fault", "words"), OUTAGES.items(), ids=OUTAGES.keys())
def test_an_outage_fails_the_task_and_the_retry_after_it_buys_only_what_is_missing(
    site: Site, fault: str, words: str
) -> None:
    site.server.fail(FaultRate.of(fault))
    assert site.attempt() is None
    (end,) = site.ends
    assert isinstance(end, TransientError) and words in str(end) and "records failed" in str(end)

    site.mend()
    before = len(site.server.bills)
    ends = site.attempt()
    assert ends is not None and accepted(ends)
    bought = Counter(bill.prompt for bill in site.server.bills[before:])
    assert set(bought.values()) == {1} and len(bought) <= 2 * RECORDS


@pytest.mark.parametrize("fault", OUTAGES)
def test_a_fifth_of_the_requests_failing_costs_no_record(site: Site, fault: str) -> None:
    site.server.fail(FaultRate.of(fault, 0.2))
    ends = None
    while ends is None and len(site.ends) < 5:  # as the task's own retries do
        ends = site.attempt()
    assert ends is not None and accepted(ends), site.ends


@pytest.mark.parametrize(("fault", "expected"), ANSWERS.items(), ids=ANSWERS.keys())
def test_answers_that_are_no_good_become_rejections_with_a_reason(
    site: Site, fault: str, expected: Callable[[Counter[str]], bool]
) -> None:
    site.server.fail(FaultRate.of(fault))
    ends = site.attempt()
    assert ends is not None and expected(ends), (ends, site.ends)


@pytest.mark.parametrize("fault", ANSWERS)
def test_every_record_has_an_outcome_when_a_fifth_of_the_answers_is_no_good(site: Site, fault: str) -> None:
    site.server.fail(FaultRate.of(fault, 0.2))
    ends = site.attempt()
    assert ends is not None and sum(ends.values()) == RECORDS
    assert ends["accepted"] >= RECORDS / 2, ends


@pytest.mark.parametrize("share", [1.0, 0.2])
def test_malformed_answers_of_every_form_are_repaired_asked_again_or_rejected(
    site: Site, share: float
) -> None:
    site.server.fail(FaultRate.of("malformed=any", share))
    ends = site.attempt()
    assert ends is not None and sum(ends.values()) == RECORDS and ends["accepted"] > 0


@pytest.mark.parametrize("share", [1.0, 0.2])
@pytest.mark.parametrize(
    ("fault", "error"), [("unauthorized", CredentialsRefused), ("bad_request", RequestRejected)]
)
def test_what_a_person_has_to_mend_ends_the_run_or_rejects_the_record(
    site: Site, fault: str, error: type[FurrowError], share: float
) -> None:
    site.server.fail(FaultRate.of(fault, share))
    ends = site.attempt()
    if ends is None:
        assert isinstance(site.ends[0], error)
    else:  # 400 to some requests while others pass: it is those records
        assert fault == "bad_request" and share < 1 and named(ends)


def test_a_provider_that_dies_in_the_middle_and_comes_back_costs_nothing_twice(site: Site) -> None:
    site.server.slow(0.05)
    site.server.order(*["hang"] * 3)
    site.server.kill()
    assert site.attempt() is None and isinstance(site.ends[0], TransientError)
    site.server.start()
    site.mend()
    before = len(site.server.bills)
    ends = site.attempt()
    assert ends is not None and accepted(ends)
    assert set(Counter(bill.prompt for bill in site.server.bills[before:]).values()) == {1}
    site.server.slow(0.0)
