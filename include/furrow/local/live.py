"""The demo's second act: events of a streaming use case, one by one, and the result of each as it comes.

The stream runs as `furrow stream` does, in a process of its own; an event is written when the one before it
is answered, or has taken its time. What is shown is read from the topics of results and dead letters, as any
reader of committed messages sees it.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from furrow.assembly import Deployment
from furrow.config.use_case import UseCase
from furrow.errors import LocalFailed
from furrow.local import broker
from furrow.local.progress import Progress
from furrow.store.replicas import sittings

if TYPE_CHECKING:
    from confluent_kafka import Consumer, Message
    from rich.table import Table

Json = dict[str, Any]
_quiet = logging.getLogger("furrow.local.live")
_PLAY_SECONDS, _LAST_SECONDS = 60.0, 30.0
"""No event is written after so long, and none is waited for longer than that."""
_APART_SECONDS = 10.0
_START_SECONDS, _END_SECONDS = 60.0, 60.0
_SHOWN_CHARACTERS = 44


@dataclass
class Answered:
    """One event and what came of it. seconds: from before it was written to after its result was read."""

    key: str
    text: str
    result: Json | None = None
    rejected: str | None = None
    seconds: float | None = None
    written: float = field(default_factory=time.time, repr=False)

    @property
    def done(self) -> bool:
        """Whether it has its result, or its dead letter."""
        return self.seconds is not None

    def to_json(self) -> Json:
        """For `--json`."""
        return {name: value for name, value in asdict(self).items() if name != "written"}


def streaming(use_cases: Sequence[UseCase]) -> UseCase | None:
    """The first one that streams from Kafka to Kafka."""
    return next((one for one in use_cases if one.pipeline.stream and one.pipeline.publish.kafka), None)


def play(
    deployment: Deployment,
    use_case: UseCase,
    messages: Sequence[broker.Message],
    environment: Mapping[str, str],
    progress: Progress,
    table: bool,
) -> list[Answered]:
    """Write the events and read what comes of them; those written so far, when Ctrl-C ends it.

    environment: how a process finds the connections. table: show a table that grows on the terminal.
    Raises LocalFailed when the stream does not start.
    """
    answered: list[Answered] = []
    told = _told(progress)
    progress.report("stream", f"starting `furrow stream {use_case.name}`")
    with suppress(KeyboardInterrupt), _stream(use_case.name, environment) as process:
        _wait_until_it_reads(deployment, use_case, process)
        progress.report("stream", "ready")
        with _results(deployment, use_case) as results, _showing(use_case, table) as show:
            for one in _written(_topic(deployment, use_case), use_case, messages):
                answered.append(one)
                _read(results, answered, show or told, _APART_SECONDS)
            _read(results, answered, show or told, _LAST_SECONDS)
    return answered


def _written(
    write: Callable[[broker.Message], None], use_case: UseCase, messages: Sequence[broker.Message]
) -> Iterator[Answered]:
    """Each event as it is written, as long as there is time for another."""
    ends, fields = time.monotonic() + _PLAY_SECONDS, use_case.pipeline.record
    for message in messages:
        if time.monotonic() > ends:
            return
        one = Answered(message.key, text_of(message.value, (fields.key, fields.time)))
        write(message)
        yield one


def _read(
    results: Consumer, answered: list[Answered], show: Callable[[list[Answered]], None], seconds: float
) -> None:
    """Until all that was written is answered, and not longer than that."""
    show(answered)
    until = time.monotonic() + seconds
    while not all(one.done for one in answered) and time.monotonic() < until:
        message = results.poll(0.1)
        if message is not None and message.error() is None and note(answered, message):
            show(answered)


def note(answered: Sequence[Answered], message: Message) -> bool:
    """Write down what a message of the results or the dead letters says; False when it is about no event."""
    from furrow.streaming.messages import header

    key = (message.key() or b"").decode("utf-8", "replace")
    one = next((one for one in answered if one.key == key and not one.done), None)
    if one is None:
        return False
    one.seconds = time.time() - one.written
    one.rejected = header(message.headers() or (), "furrow_reason")
    if one.rejected is None:
        one.result = json.loads(message.value())["result"]
    return True


def text_of(value: Mapping[str, Any], but: Collection[str] = ()) -> str:
    """The first words that a person wrote: the longest text of the record, cut. but: fields left out."""
    texts = [text for name, text in value.items() if isinstance(text, str) and name not in but]
    line = " ".join(max(texts, key=len, default="").split())
    return line if len(line) <= _SHOWN_CHARACTERS else line[: _SHOWN_CHARACTERS - 1] + "…"


# --- the stream ---------------------------------------------------------------------------------------


@contextmanager
def _stream(name: str, environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """`furrow stream`, which Ctrl-C does not reach: it is told to end, and finishes what it has begun."""
    process = subprocess.Popen(  # noqa: S603 -- our own command
        [sys.executable, "-m", "furrow.cli", "stream", name],
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_END_SECONDS)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            process.kill()
            process.wait()


def _wait_until_it_reads(deployment: Deployment, use_case: UseCase, process: subprocess.Popen[bytes]) -> None:
    began, deadline = datetime.now(UTC), time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        for sitting in sittings(deployment.database, use_case.name):
            if sitting.since >= began and sitting.replica.isdigit() and sitting.standing.get("partitions"):
                return
        time.sleep(0.2)
    raise LocalFailed(f"the stream did not start; `furrow stream {use_case.name}` says why")


def _topic(deployment: Deployment, use_case: UseCase) -> Callable[[broker.Message], None]:
    source = use_case.pipeline.source.kafka
    assert source is not None
    address = _address(deployment, source.connection)

    def write(message: broker.Message) -> None:
        broker.produce(address, source.topic, [message])

    return write


@contextmanager
def _results(deployment: Deployment, use_case: UseCase) -> Iterator[Consumer]:
    """Reads what is committed to the topics of results and dead letters from now on."""
    from confluent_kafka import Consumer, TopicPartition

    from furrow.stream_assembly import StreamAssembly

    assert use_case.pipeline.publish.kafka is not None
    address = _address(deployment, use_case.pipeline.publish.kafka.connection)
    topics = StreamAssembly(deployment, use_case).topics
    consumer = Consumer(
        {
            "bootstrap.servers": address,
            "group.id": "furrow.demo",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "receive.message.max.bytes": broker.RECEIVE_BYTES,
            "log_level": 0,
        },
        logger=_quiet,
    )
    try:
        parts = [
            TopicPartition(topic, number)
            for topic in topics
            for number in consumer.list_topics(topic, 15).topics[topic].partitions
        ]
        ends = [consumer.get_watermark_offsets(part, 15)[1] for part in parts]
        starts = zip(parts, ends, strict=True)
        consumer.assign([TopicPartition(part.topic, part.partition, end) for part, end in starts])
        yield consumer
    finally:
        consumer.close()


def _address(deployment: Deployment, connection: str) -> str:
    address: str = deployment.connections.get(connection).extra["bootstrap.servers"]
    return address


# --- what is shown ------------------------------------------------------------------------------------

_Show = Callable[[list[Answered]], None]


def _showing(use_case: UseCase, table: bool) -> AbstractContextManager[_Show | None]:
    return _live_table(use_case) if table else nullcontext()


@contextmanager
def _live_table(use_case: UseCase) -> Iterator[_Show]:
    from rich.live import Live

    fields = list(use_case.version().file.result)
    with Live(table_of(use_case.name, fields, []), refresh_per_second=8) as live:

        def show(answered: list[Answered]) -> None:
            live.update(table_of(use_case.name, fields, answered), refresh=True)

        yield show


def table_of(name: str, fields: Sequence[str], answered: Sequence[Answered]) -> Table:
    """Event, result and seconds side by side; what is not answered yet has dots."""
    from rich.table import Table
    from rich.text import Text

    table = Table("event", *fields, "seconds", title=f"{name} · in real time")
    for one in answered:
        values = [_cell(one, field) for field in fields]
        seconds = "…" if one.seconds is None else f"{one.seconds:.2f}"
        table.add_row(*(Text(text) for text in (one.text, *values, seconds)))
    return table


def line_of(one: Answered) -> str:
    """The same as one line."""
    if one.rejected is not None:
        return f"{one.text} -> rejected: {one.rejected} ({one.seconds:.2f} s)"
    values = ", ".join(_cell(one, field) for field in one.result or {})
    return f"{one.text} -> {values or '–'} ({one.seconds or 0:.2f} s)"


def _cell(one: Answered, field: str) -> str:
    if one.rejected is not None:
        return f"rejected: {one.rejected}"
    if one.result is None:
        return "…"
    value = one.result.get(field)
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "–" if value is None else str(value)


def _told(progress: Progress) -> _Show:
    """A line for each event that is answered."""
    said: set[str] = set()

    def show(answered: list[Answered]) -> None:
        for one in answered:
            if one.done and one.key not in said:
                said.add(one.key)
                progress.report("stream", line_of(one))

    return show
