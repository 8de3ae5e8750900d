"""The long-running tasks of a stream's DAG: one for each replica, one for each further sink.

A task ends well when the task of the next run has taken its place. When a person pauses the DAG, or its
worker is shut down, it finishes what is on its way and is put back: Airflow starts it again as soon as the
DAG is on.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowRescheduleException
from airflow.sdk.observability import stats
from tenacity import RetryCallState, Retrying, retry_if_exception_type
from tenacity.wait import wait_random_exponential

from furrow.errors import ReplicaReplaced, SourceUnavailable, StoreUnavailable
from furrow.orchestration.connections import open_deployment
from furrow.orchestration.tasks import errors_in_the_log

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow.sdk import Context

    from furrow.stream_assembly import StreamAssembly
    from furrow.streaming.standing import Standing

Json = dict[str, Any]
Got = TypeVar("Got")

REPORT_SECONDS = 10.0
_LOOK_SECONDS = 2.0
_AGAIN = wait_random_exponential(multiplier=0.5, max=15)
"""Seconds between two tries to start: an outage may last, and Airflow's own tries are counted."""
_APART_SECONDS, _LONGEST_APART = 2.0, 30.0


class StreamTask(BaseOperator):  # type: ignore[misc]
    """Runs one part of a stream until its place is taken, its DAG is paused or it is told to end."""

    ui_color = "#dceaf0"

    _stop: Callable[[], None] | None
    _last: Standing | None

    def __init__(self, *, use_case: str, **kwargs: Any):
        super().__init__(**kwargs)
        self.use_case = use_case

    def execute(self, context: Context) -> Json | None:
        """How it stood in the end; None when a later run has the place already."""
        self._ending, self._stop, self._last = threading.Event(), None, None
        with errors_in_the_log(self.log), self._looking(context["ti"]):
            assembled = self._patiently(partial(_assemble, self.use_case))
            return self._patiently(partial(self._stay, assembled, _turn(context)))

    def on_kill(self) -> None:
        """Cleared, marked or shut down: finish what is on its way. Airflow waits five seconds."""
        self.end("told to end")

    def end(self, why: str) -> None:
        """Drain, from any thread."""
        if not self._ending.is_set():
            self.log.info("%s: what is on its way is finished first", why)
            self._ending.set()
            if self._stop is not None:
                self._stop()

    def part(self) -> str:
        """Its place: the replica's number or the sink's name."""
        raise NotImplementedError

    def run_part(self, assembled: StreamAssembly, turn: str) -> Standing:
        """Run it until `end`. Raises ReplicaReplaced."""
        raise NotImplementedError

    def stops_by(self, stop: Callable[[], None]) -> None:
        """What `end` calls."""
        self._stop = stop
        if self._ending.is_set():
            stop()

    def _patiently(self, call: Callable[[], Got]) -> Got:
        """What it gives, once broker and state database answer. Put back when told to end meanwhile."""

        def once() -> Got:
            if self._ending.is_set():
                raise AirflowRescheduleException(datetime.now(UTC))
            return call()

        away = retry_if_exception_type((SourceUnavailable, StoreUnavailable))
        return Retrying(retry=away, wait=_AGAIN, sleep=self._rest, before_sleep=self._say)(once)

    def _rest(self, seconds: float) -> None:
        self._ending.wait(seconds)

    def _say(self, state: RetryCallState) -> None:
        self.log.warning("tried again: %s", state.outcome and state.outcome.exception())

    def _stay(self, assembled: StreamAssembly, turn: str) -> Json | None:
        if assembled.seat(self.part(), turn).is_passed_over():
            self.log.info("a later run has the place of `%s`", self.part())
            return None
        self._limit = assembled.options.max_lag_seconds
        self._events, self._told_at = 0, time.monotonic()
        made = assembled.make_topics()
        self.log.info("%s%s", assembled.guarantee, f"; made {', '.join(made)}" if made else "")
        try:
            standing = self.run_part(assembled, turn)
        except ReplicaReplaced as error:
            self.log.info("%s", error)
            return None if self._last is None else self._last.to_json()
        self.told(standing)
        raise AirflowRescheduleException(datetime.now(UTC))  # stopped, not replaced: it goes on when it may

    def told(self, standing: Standing) -> None:
        """A line in the log, and metrics."""
        self._last, now = standing, time.monotonic()
        self.log.info("%s", standing.line(self._events, now - self._told_at))
        self._events, self._told_at = standing.events, now
        gauges = standing.gauges(self._limit)
        if alarm := standing.alarm(self._limit):
            self.log.error("%s", alarm)
        tags = {"use_case": self.use_case, "replica": self.part()}
        for name, value in gauges.items():
            stats.gauge(f"furrow.stream.{name}", value, tags=tags)

    @contextmanager
    def _looking(self, instance: Any) -> Iterator[None]:
        """Every two seconds, see whether the DAG was paused."""
        done = threading.Event()
        thread = threading.Thread(target=self._look, args=(instance, done), name="paused?", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join(_LOOK_SECONDS)

    def _look(self, instance: Any, done: threading.Event) -> None:
        while not done.wait(_LOOK_SECONDS) and not self._ending.is_set():
            try:
                paused = bool(instance.get_dag(instance.dag_id).is_paused)
            except Exception as error:  # Airflow's API server is away: the stream goes on without it
                self.log.warning("whether the DAG is paused could not be found out: %s", error)
                continue
            if paused:
                self.end("the DAG is paused")


class StreamReplica(StreamTask):
    """One replica. number: from 0; a higher one takes its place later, so that not all move at once."""

    template_fields: ClassVar[Sequence[str]] = ("number",)

    def __init__(self, *, number: int = 0, **kwargs: Any):
        super().__init__(**kwargs)
        self.number = number

    def part(self) -> str:
        """Its number."""
        return str(self.number)

    def run_part(self, assembled: StreamAssembly, turn: str) -> Standing:
        """Run it until `end`. Raises ReplicaReplaced."""
        if self.number == 0:
            assembled.give_up_others()
        self._ending.wait(min(self.number * _APART_SECONDS, _LONGEST_APART))
        return asyncio.run(self._run(assembled, turn))

    async def _run(self, assembled: StreamAssembly, turn: str) -> Standing:
        replica = assembled.replica(self.number, self.told, REPORT_SECONDS, turn)
        if self._ending.is_set():
            return replica.standing
        loop = asyncio.get_running_loop()
        self.stops_by(lambda: _in_loop(loop, replica.stop))
        return await replica.run()


class StreamSink(StreamTask):
    """Publishes the results to one more sink."""

    ui_color = "#e9e2f3"

    def __init__(self, *, sink: str, **kwargs: Any):
        super().__init__(**kwargs)
        self.sink = sink

    def part(self) -> str:
        """The sink's name."""
        return self.sink

    def run_part(self, assembled: StreamAssembly, turn: str) -> Standing:
        """Run it until `end`. Raises ReplicaReplaced."""
        follower = assembled.follower(self.sink, self.told, REPORT_SECONDS, turn)
        self.stops_by(follower.stop)
        return follower.run()


def _in_loop(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    with suppress(RuntimeError):  # it ended by itself meanwhile, and its loop is closed
        loop.call_soon_threadsafe(call)


def _assemble(use_case: str) -> StreamAssembly:
    from furrow.stream_assembly import StreamAssembly

    deployment = open_deployment()
    return StreamAssembly(deployment, deployment.use_case(use_case))


def _turn(context: Context) -> str:
    from furrow.store.replicas import turn_of

    run = context["dag_run"]
    return turn_of(run.run_after)
