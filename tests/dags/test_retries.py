"""Which failed task is tried again, and when."""

from __future__ import annotations

from datetime import timedelta

import pytest

from furrow.errors import (
    AnswerInvalid,
    ConfigError,
    ConnectionMissing,
    CredentialsRefused,
    Problem,
    ProviderUnavailable,
    RateLimited,
    SinkUnavailable,
)
from furrow.orchestration.retries import LONGEST_DELAY, RETRIES, ByErrorTree


def decide(
    error: BaseException, try_number: int = 1, max_tries: int = RETRIES
) -> tuple[str, timedelta | None]:
    decision = ByErrorTree().evaluate(error, try_number, max_tries)
    return decision.action.value, decision.retry_delay


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(ConfigError(Problem("goods/pipeline.yaml", 3, "unknown key")), id="config"),
        pytest.param(ConnectionMissing("no connection"), id="connection"),
        pytest.param(CredentialsRefused("401"), id="credentials"),
        pytest.param(AnswerInvalid("not an answer"), id="record"),
    ],
)
def test_what_a_person_has_to_mend_fails_at_once(error: Exception) -> None:
    assert decide(error) == ("fail", None)


def test_a_rate_limit_waits_at_least_as_long_as_it_was_told() -> None:
    assert decide(RateLimited("later", retry_after=400)) == ("retry", timedelta(seconds=400))
    assert decide(RateLimited("later", retry_after=1)) == ("retry", timedelta(seconds=30))
    assert decide(RateLimited("later")) == ("retry", timedelta(seconds=30))


@pytest.mark.parametrize("error", [ProviderUnavailable("503"), SinkUnavailable("locked")])
def test_an_outage_is_waited_for_twice_as_long_each_time(error: Exception) -> None:
    waits = [decide(error, try_number)[1] for try_number in (1, 2, 3, 4)]

    assert waits == [timedelta(seconds=seconds) for seconds in (30, 60, 120, 240)]
    assert decide(error, try_number=60)[1] == LONGEST_DELAY


def test_a_cleared_task_starts_again_with_the_shortest_wait() -> None:
    assert decide(ProviderUnavailable("503"), try_number=7, max_tries=6 + RETRIES)[1] == timedelta(seconds=30)


def test_a_killed_worker_or_a_bug_takes_the_tasks_own_retries() -> None:
    assert decide(MemoryError()) == ("default", None)


def test_the_reason_is_one_line_that_names_the_error() -> None:
    error = ConfigError([Problem("a.yaml", 1, "wrong"), Problem("a.yaml", 2, "wrong too")])

    assert ByErrorTree().evaluate(error, 1, RETRIES).reason == (
        "a retry does not help: ConfigError: a.yaml:1: wrong"
    )
