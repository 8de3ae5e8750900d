"""One record: where it was seen, and its whole way through the steps, as far as what was stored tells."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from furrow.assembly import Deployment
from furrow.batch.manifest import Manifest
from furrow.config.use_case import UseCase, Version
from furrow.engine.covering import Kinds, covered, kinds_of
from furrow.engine.ports import Arrival
from furrow.engine.reading import READING, read_work
from furrow.engine.recall import Exchange
from furrow.engine.record import Record, Work
from furrow.errors import FileMissing, OptionUnknown
from furrow.store.dead_letters import Letter, Selection, original_bytes
from furrow.store.run_store import RunFolder
from furrow.store.runs import Run

Json = dict[str, Any]
RUNS_SEARCHED = 20
SEARCH_SECONDS = 5.0
"""A key that is in no run would have every file of them read."""
LETTERS_ON_A_PAGE = 50


@dataclass(frozen=True)
class Sighting:
    """A record in one batch run. arm: live or candidate; outcome: None while the run has not validated it."""

    run_id: str
    release: str
    arm: str
    outcome: str | None
    record_id: str
    at: datetime


@dataclass(frozen=True)
class Found:
    """What a key leads to. searched: how many of the newest runs were looked through, the newest first;
    topic: of a stream's results, where a record that it accepted is found by its key.
    """

    sightings: list[Sighting] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    searched: int = 0
    topic: str | None = None


@dataclass(frozen=True)
class Way:
    """A record's way in one run. exchanges: what the steps asked and were answered, from the ledger.

    published: names of the sinks that have the result; note: why the way ends early, if it does.
    """

    record: Record
    release: str
    run_id: str
    work: Work
    exchanges: list[Exchange]
    published: list[str]
    masked: bool
    note: str | None = None
    in_batch_run: bool = False
    kinds: Kinds = ()

    @property
    def shown_key(self) -> str:
        """The record's key as this user may see it."""
        return str(covered(self.record.key, self.kinds))

    @property
    def unread(self) -> bool:
        """Whether the record could not even be read: its text stands in the rejection."""
        return self.work.rejection is not None and self.work.rejection.step == READING


@dataclass(frozen=True)
class Letters:
    """A page of dead letters. total: of all that fit the filter."""

    rows: list[Letter]
    total: int


def find(deployment: Deployment, use_case: str, key: str, unmasked: bool) -> Found:
    """Where the record with this key or id is: newest runs first, as many as a few seconds allow.

    Raises StoreUnavailable, StoreDamaged, ConfigError.
    """
    letters = [
        letter
        for record_id in deployment.letters.record_ids(use_case, key)
        for letter in deployment.letters.history(use_case, record_id)
    ]
    deadline, searched, sightings = time.monotonic() + SEARCH_SECONDS, 0, list[Sighting]()
    for run in deployment.runs.history(use_case, RUNS_SEARCHED):
        if time.monotonic() > deadline:
            break
        sightings += _sightings(deployment, run, key, deadline)
        searched += 1
    letters = _covered_letters(deployment, use_case, letters, unmasked)
    return Found(sightings, letters, searched, _results_topic(deployment.use_case(use_case)))


def dead_letters(
    deployment: Deployment, use_case: str, selection: Selection, unmasked: bool, page: int = 1
) -> Letters:
    """The newest open letters that fit. Raises StoreUnavailable, StoreDamaged, ConfigError."""
    before = (page - 1) * LETTERS_ON_A_PAGE
    rows = deployment.letters.list(use_case, selection, limit=LETTERS_ON_A_PAGE, offset=before)
    rows = _covered_letters(deployment, use_case, rows, unmasked)
    return Letters(rows, deployment.letters.count_open(use_case, selection))


def way_in_run(
    deployment: Deployment, name: str, run_id: str, record_id: str, arm: str, unmasked: bool
) -> Way:
    """The record's way in one arm of a batch run.

    Raises OptionUnknown, StoreDamaged, StoreUnavailable, ConfigError.
    """
    use_case = deployment.use_case(name)
    folder = deployment.run_store.run(name, run_id)
    for manifest, found, work in _works(folder, record_id):
        if found != arm:
            continue
        release = manifest.arm(arm).release
        version = use_case.released(release)
        way = _way(deployment, version, release, run_id, work, unmasked)
        sinks = use_case.pipeline.publish.sinks if manifest.arm(arm).published else []
        published = list(sinks) if work.result is not None else []
        return replace(way, published=published, in_batch_run=True)
    raise OptionUnknown("that run has no such record")


def way_of_letter(deployment: Deployment, name: str, run_id: str, record_id: str, unmasked: bool) -> Way:
    """The way of a record that was ever rejected, in a run or in a stream: through that run, which
    rejected it or accepted it later. Raises like `way_in_run`.
    """
    use_case = deployment.use_case(name)
    history = deployment.letters.history(name, record_id)
    letter = next((each for each in history if each.run_id == run_id), None)
    text = next((each.record for each in reversed(history) if each.record is not None), None)
    if letter is None or text is None:
        raise OptionUnknown("there is no such dead letter, or its text was pruned")
    work = _work_of(record_id, text, use_case)
    version = use_case.released(letter.release)
    way = _way(deployment, version, letter.release, run_id, work, unmasked)
    return way if letter.open else replace(way, published=list(use_case.pipeline.publish.sinks))


def _results_topic(use_case: UseCase) -> str | None:
    results = use_case.pipeline.publish.kafka
    return results.topic if use_case.pipeline.stream is not None and results is not None else None


# --- looking for it --------------------------------------------------------------------------------


def _sightings(deployment: Deployment, run: Run, key: str, deadline: float) -> Iterator[Sighting]:
    folder = deployment.run_store.run(run.use_case, run.run_id)
    for manifest, arm, work in _works(folder, key, deadline):
        outcome = str(work.outcome) if work.outcome is not None else None
        release = manifest.arm(arm).release
        yield Sighting(run.run_id, release, arm, outcome, work.record.id, run.started_at)


def _works(folder: RunFolder, key: str, deadline: float = math.inf) -> Iterator[tuple[Manifest, str, Work]]:
    """The record as far as it came in that run, in each arm that has it."""
    try:
        manifest = Manifest.from_json(folder.read_json("manifest.json"))
    except FileMissing:
        return
    for partition in manifest.partitions:
        if time.monotonic() > deadline:
            return
        for name in (f"results/{partition.file}", partition.path):
            try:
                lines = list(folder.lines_with(name, key))
            except FileMissing:
                continue
            found = [Work.from_json(line) for line in lines if key in (line["key"], line["id"])]
            yield from ((manifest, partition.arm, work) for work in found)
            break


# --- its way ---------------------------------------------------------------------------------------


def _work_of(record_id: str, text: str, use_case: UseCase) -> Work:
    arrival = Arrival(record_id, original_bytes(text))
    return read_work(arrival, use_case.pipeline.record)


def _way(
    deployment: Deployment,
    version: Version | None,
    release: str,
    run_id: str,
    work: Work,
    unmasked: bool,
) -> Way:
    kinds = () if unmasked else kinds_of([version])
    if version is None:
        note = f"{release} is not in the folder any more: its prompts cannot be shown"
        return _covered_way(Way(work.record, release, run_id, work, [], [], bool(kinds), note), kinds)
    exchanges: list[Exchange] = []
    done = work
    if work.rejection is None or work.rejection.step != READING:
        exchanges, done = asyncio.run(_recalled(deployment, version, Work(work.record)))
    missing = next((each.step for each in exchanges if each.answer is None), None)
    why = f"the ledger has no answer of `{missing}` any more" if missing else None
    ended = work if work.outcome is not None else done
    return _covered_way(Way(work.record, release, run_id, ended, exchanges, [], bool(kinds), why), kinds)


async def _recalled(deployment: Deployment, version: Version, work: Work) -> tuple[list[Exchange], Work]:
    recall, pipeline = deployment.recall(version)
    done = work
    async with aclosing(pipeline.run([work])) as finished:
        async for each in finished:
            done = each
    return recall.exchanges, done


def _covered_way(way: Way, kinds: Kinds) -> Way:
    """The same without personal data of these kinds; prompts and answers never had any."""
    if not kinds:
        return way
    work, rejection = way.work, way.work.rejection
    if rejection is not None:
        raw, message = covered(rejection.raw, kinds), covered(rejection.message, kinds)
        rejection = replace(rejection, raw=raw, message=message)
    shown = replace(work, result=covered(work.result, kinds), rejection=rejection)
    return replace(
        way, kinds=kinds, record=replace(way.record, data=covered(way.record.data, kinds)), work=shown
    )


def _covered_letters(
    deployment: Deployment, name: str, letters: list[Letter], unmasked: bool
) -> list[Letter]:
    """Key and message as a user may see them: by the rule of the letter's release, of a gone one by all."""
    if unmasked or not letters:
        return letters
    use_case = deployment.use_case(name)
    shown = []
    for letter in letters:
        kinds = kinds_of([use_case.released(letter.release)])
        key, message = covered(letter.key, kinds), covered(letter.message, kinds)
        shown.append(replace(letter, key=key, message=message))
    return shown
