"""The tasks of a use case's DAG. Each is one call into a batch run; Airflow sees only small dicts."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException

from furrow.errors import FurrowError
from furrow.orchestration.links import ReportLink
from furrow.orchestration.retries import FIRST_DELAY, LONGEST_DELAY, RETRIES, ByErrorTree

if TYPE_CHECKING:
    from airflow.sdk import Context

    from furrow.batch.run import BatchRun
    from furrow.engine.ports import Interval

Json = dict[str, Any]

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
"""The start of every DAG."""
RETRIED: dict[str, Any] = {
    "retries": RETRIES,
    "retry_delay": FIRST_DELAY,
    "retry_exponential_backoff": 2,
    "max_retry_delay": LONGEST_DELAY,
    "retry_policy": ByErrorTree(),
}
"""The default arguments of every task that may be tried again."""


class UseCaseTask(BaseOperator):  # type: ignore[misc]
    """Opens the batch run that the Airflow run stands for, and makes one call.

    partition: the one to work on, for tasks of a mapped group; the label of the mapped task names it.
    subject: the step or the sink that the task is for. All tasks share this constructor: Airflow copies the
    default arguments once for each class that has one of its own.
    """

    template_fields: ClassVar[Sequence[str]] = ("partition",)
    ui_color = "#e6f0e9"

    def __init__(self, *, use_case: str, partition: Any = None, subject: str = "", **kwargs: Any):
        super().__init__(**kwargs)
        self.use_case = use_case
        self.partition = partition
        self.subject = subject

    def execute(self, context: Context) -> Any:
        """What goes to XCom: a partition, or a list of them, or counts."""
        from furrow.assembly import open_run
        from furrow.orchestration.connections import AirflowConnections

        run_id, interval = str(context["run_id"]), _interval(context)
        with (
            errors_in_the_log(self.log),
            open_run(self.use_case, run_id, AirflowConnections(), interval=interval) as run,
        ):
            return self.call(run, dict(context["params"]))

    def call(self, run: BatchRun, params: Json) -> Any:
        """The one call."""
        raise NotImplementedError


@contextmanager
def errors_in_the_log(log: logging.Logger) -> Iterator[None]:
    """One line with the error, above the traceback that Airflow writes."""
    try:
        yield
    except FurrowError as error:
        log.error("%s: %s", type(error).__name__, error)
        raise


def _interval(context: Context) -> Interval | None:
    """The data interval of the Airflow run; one that was triggered without a logical date has none."""
    from furrow.engine.ports import Interval

    start, end = context.get("data_interval_start"), context.get("data_interval_end")
    return None if start is None or end is None else Interval(start, end)


class Fetch(UseCaseTask):
    """Pins the release and copies the source's records into partitions."""

    ui_color = "#d9e8f5"

    def call(self, run: BatchRun, params: Json) -> list[Json]:
        """One partition for each mapped task group."""
        return run.fetch(params.get("limit"), params.get("version"))


class Step(UseCaseTask):
    """One step of steps.yaml on every record of a partition."""

    ui_color = "#f5ecd9"

    def call(self, run: BatchRun, params: Json) -> Json:
        """The partition with this step's outputs. A version without the step passes it through."""
        return run.run_step(self.subject, self.partition)


class Validate(UseCaseTask):
    """Maps the result, checks the rules, and puts rejected records to the dead letters."""

    def call(self, run: BatchRun, params: Json) -> Json:
        """The partition with its counts by outcome."""
        return run.validate(self.partition)


class Publish(UseCaseTask):
    """Writes the accepted results to one sink; idempotent."""

    ui_color = "#e9e2f3"

    def call(self, run: BatchRun, params: Json) -> Json:
        """What the sink took."""
        return run.publish(self.subject)


class Evaluate(UseCaseTask):
    """Writes the report of the run; the button leads to its page."""

    operator_extra_links = (ReportLink(),)

    def call(self, run: BatchRun, params: Json) -> Json:
        """The report in short. Raises NothingAccepted, once it is written."""
        from furrow.batch.run import require_success

        report = run.evaluate()
        require_success(run.use_case.name, report["counts"])
        return report


class Replay(UseCaseTask):
    """Replays the dead letters that the params of the Airflow run select, all stages in one task.

    A retry, or a clearing, of the task goes on with the same letters.
    """

    ui_color = "#f5ecd9"

    def execute(self, context: Context) -> Json:
        """How many were accepted now and how many were rejected again."""
        from furrow.assembly import open_run
        from furrow.batch.replay import REPLAY, replay
        from furrow.batch.run import require_success
        from furrow.orchestration.connections import AirflowConnections
        from furrow.store.dead_letters import Selection

        params = dict(context["params"])
        keys = (params["key"],) if params["key"] else ()
        selection = Selection(
            params["reason"], params.get("step") or None, params.get("release") or None, keys
        )
        run_id = f"{REPLAY}{context['run_id']}"
        with (
            errors_in_the_log(self.log),
            open_run(params["use_case"], run_id, AirflowConnections(), letters=selection) as run,
        ):
            replayed = replay(run, run.fetch(params["limit"], params["version"]))
        self.log.info("%s", replayed)
        require_success(params["use_case"], {"accepted": replayed.accepted, "rejected": replayed.rejected})
        return replayed.to_json()


class ConfigErrorTask(BaseOperator):  # type: ignore[misc]
    """Stands in the DAG of a folder that does not load, and fails with what is wrong."""

    ui_color = "#f8d7da"

    def __init__(self, *, message: str, **kwargs: Any):
        super().__init__(**kwargs)
        self.message = message

    def execute(self, context: Context) -> None:
        """Always raises."""
        self.log.error("%s", self.message)
        raise AirflowFailException(f"the use case does not load:\n{self.message}")
