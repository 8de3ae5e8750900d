"""One replica of a stream: events in, all steps on each of them, results out and the position moved.

Many events are on their way at once. What is published is the resolved prefix of each partition, so results
come out in the order of their events. An event that fails for now is tried again and holds its partition's
floor. Partitions that another replica takes over are dropped as they are: it finds the paid answers in the
ledger.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, retry_if_exception_type
from tenacity.retry import retry_base
from tenacity.wait import wait_exponential_jitter, wait_random_exponential

from furrow.config.models import RecordFields, Stream
from furrow.engine import telemetry
from furrow.engine.arms import Arm, Arms
from furrow.engine.events import Event, Feed, Outgoing
from furrow.engine.reading import read_work
from furrow.engine.record import Outcome, Work
from furrow.errors import (
    BudgetSpent,
    FurrowError,
    ReplicaReplaced,
    SourceUnavailable,
    StoreUnavailable,
    TransientError,
)
from furrow.store.dead_letters import DeadLetters, Letter, letter_of
from furrow.store.replicas import Seat
from furrow.streaming.complaint import Complaint
from furrow.streaming.lag import Lag
from furrow.streaming.messages import letter_message, result_message, row_of
from furrow.streaming.progress import Place
from furrow.streaming.recording import NoRecording, Recording
from furrow.streaming.serving import Serving
from furrow.streaming.standing import Standing
from furrow.streaming.unpaid import Unpaid
from furrow.streaming.window import Window

log = logging.getLogger(__name__)

_POLL_SECONDS = 0.1
_AT_ONCE = 500
"""Events of a partition in one commit, at most."""
_LOOK_SECONDS = 1.0
_JOIN_SECONDS = 5.0
"""Longer than a member that comes back waits for its partitions."""
_GIVEN_UP = "the stream has no replica {} any more"
_REPLACED = "another process runs replica {} now"
_BACKOFF = wait_random_exponential(multiplier=0.2, max=15)
_UNTIL_RAISED = wait_exponential_jitter(initial=1, max=20)
"""Between two looks whether the budget has room: a person raises it, or the day ends (UTC)."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What came of an event: its work as it ended, or None for a tombstone, and the arm that it had."""

    event: Event
    arms: Arms
    arm: Arm
    work: Work | None = None

    @property
    def release(self) -> str:
        """That answered it."""
        return self.arm.release

    @property
    def outcome(self) -> Outcome | None:
        """None for a tombstone."""
        return None if self.work is None else self.work.outcome


@dataclass(frozen=True)
class Assignment:
    """What a replica works on, and where its results go."""

    use_case: str
    run_id: str
    options: Stream
    record: RecordFields
    results: str
    letters: str


class Replica:
    """Runs until it is stopped, a newer process takes its place, or a person has to act.

    told: called with how it stands, every `report_seconds`. recording: is told what is through.
    """

    def __init__(
        self,
        assignment: Assignment,
        seat: Seat,
        feed: Feed,
        serving: Serving,
        letters: DeadLetters,
        told: Callable[[Standing], None] = lambda standing: None,
        report_seconds: float = 10.0,
        recording: Recording | None = None,
    ):
        self.standing = Standing()
        self._unpaid = Unpaid(self.standing)
        self._recording = recording or NoRecording()
        self._complaint = Complaint(log)
        self._shadows: set[asyncio.Task[None]] = set()
        self._assignment, self._seat, self._feed = assignment, seat, feed
        self._serving, self._letters = serving, letters
        self._told, self._report_seconds = told, report_seconds
        self._next_report, self._lag = time.monotonic() + report_seconds, Lag()
        options = assignment.options
        self._window: Window[Ended] = Window(feed, options.look_ahead, options.order == "key")
        self._committing, self._resolved, self._stopping = asyncio.Lock(), asyncio.Event(), asyncio.Event()
        self._passed: list[Letter] = []
        self._given_up = self._joined = False
        self._ends_at: float | None = None

    async def run(self) -> Standing:
        """Work until `stop`, and drain. Raises ReplicaReplaced, or RunError when a person has to act."""
        self._loop = asyncio.get_running_loop()
        await self._serving.start()
        try:
            await asyncio.to_thread(self._seat.take)
            await self._stay()
        finally:
            await self._end_shadows()
            await self._serving.close(self._left())
            await self._close_letters()
            await self._record(final=True)
        return self.standing

    def stop(self) -> None:
        """Take nothing more, finish what is on its way in `drain_seconds`, and end. In the loop's thread."""
        self._stopping.set()
        self._left()

    def _left(self) -> float:
        """Of `drain_seconds`, which begin when somebody asks for the first time."""
        if self._ends_at is None:
            self._ends_at = time.monotonic() + self._assignment.options.drain_seconds
        return max(self._ends_at - time.monotonic(), 0.0)

    # --- one stay among the replicas -----------------------------------------------------------

    async def _stay(self) -> None:
        try:
            await _retrying(retry_if_exception_type(SourceUnavailable), self._session, sleep=self._sit_out)
        except ReplicaReplaced:
            await self._leave_late()
            raise
        await self._leave_late()

    async def _session(self) -> None:
        if not await self._comes_in():
            return
        try:
            await self._open()
            async with asyncio.TaskGroup() as group:
                others = [group.create_task(each()) for each in (self._commit_on, self._watch)]
                await self._poll_on(group)
                await self._drain()
                for task in others:
                    task.cancel()
        except* FurrowError as errors:
            raise _first(errors) from errors
        finally:
            self._look()
            await self._give_up()
            await self._close(await self._leaves())

    async def _comes_in(self) -> bool:
        """Wait until no batch run is about to store its position; False when it is stopped before."""
        said = ""
        while not self._stopping.is_set():
            if not (why := await self._held_up()):
                return True
            if why != said:
                log.warning("replica %s waits: %s", self._seat.replica, why)
                said = why
            await self._pause(_LOOK_SECONDS)
        return False

    async def _held_up(self) -> str:
        """Why it may not come in yet, if anything: first it is seen to be there, then it looks. See Hold."""
        if not await self._tell():
            return "nobody could see that it is there"
        try:
            runs = await asyncio.to_thread(self._seat.held_up_by)
        except StoreUnavailable as error:
            return f"whether a batch run is about to store its position is unknown: {error}"
        return f"the batch run {', '.join(runs)} is about to store its position" if runs else ""

    async def _open(self) -> None:
        """With the broker away this takes long: tell meanwhile that we are there."""
        opening = asyncio.ensure_future(asyncio.to_thread(self._feed.open, self))
        while not (await asyncio.wait([opening], timeout=_LOOK_SECONDS))[0]:
            with suppress(ReplicaReplaced):  # the feed cannot be closed before it is open
                await self._report()
        await opening
        self._joined = True

    async def _close(self, leaving: bool) -> None:
        self._joined = self._joined and not leaving
        await asyncio.to_thread(self._feed.close, leaving)

    async def _sit_out(self, seconds: float) -> None:
        """Until the feed is opened again. Who looks sees that we are there; `stop` ends it."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and not self._stopping.is_set():
            await self._report()
            await self._pause(min(left, _LOOK_SECONDS))

    async def _pause(self, seconds: float) -> None:
        """`stop` ends it."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    async def _leaves(self) -> bool:
        """Ended in order and replaced by nobody. After a failure we, or another process, come back soon.

        Who leaves in the place of another process would put that one out: the group knows both by one name.
        """
        if not (self._stopping.is_set() or self._given_up):
            return False
        try:
            await self._tell()
        except ReplicaReplaced:
            return self._given_up
        return True

    async def _leave_late(self) -> None:
        """Come back to leave: the last session failed, so it closed without, and now no other one follows."""
        if not self._joined or not await self._leaves():
            return
        try:
            await self._open()
            deadline = time.monotonic() + _JOIN_SECONDS
            while not self._window.partitions and time.monotonic() < deadline:
                await asyncio.to_thread(self._feed.poll, 0, _POLL_SECONDS)
        except FurrowError as error:
            log.warning("the replica ends without leaving its group: %s", error)
        finally:
            await self._give_up()
            await self._close(leaving=True)

    async def _poll_on(self, group: asyncio.TaskGroup) -> None:
        while not self._stopping.is_set():
            room = self._window.room()
            for event in await asyncio.to_thread(self._feed.poll, room, _POLL_SECONDS):
                self._take(event, group)

    async def _drain(self) -> None:
        """Until nothing is on its way. Polling goes on, for it is what keeps the partitions ours."""
        self._window.hold(self._window.partitions)
        while len(self._window) and self._left():
            await asyncio.to_thread(self._feed.poll, 0, _POLL_SECONDS / 10)
        if left := len(self._window):
            log.warning("%d events were not done in time; whoever takes the partitions does them again", left)
        await self._give_up()

    async def _give_up(self) -> None:
        async with self._committing:
            self._window.drop(self._window.partitions)

    def _take(self, event: Event, group: asyncio.TaskGroup) -> None:
        place = self._window.take(event)
        if place is None:
            return
        self._lag.delivered()
        if event.value is None:
            arms = self._serving.arms
            self._resolve(place, Ended(event, arms, arms.live))
        else:
            self._window.start(event, partial(self._work, place), group)

    # --- who works on the partitions; called from the feed's thread --------------------------------

    def given(self, partitions: Mapping[int, int]) -> None:
        """From now on these are ours, from these offsets on."""
        asyncio.run_coroutine_threadsafe(self._given(partitions), self._loop).result()

    def taken(self, partitions: Sequence[int]) -> None:
        """They go to somebody else: commit what is resolved, give up the rest."""
        asyncio.run_coroutine_threadsafe(self._taken(partitions), self._loop).result()

    async def _given(self, partitions: Mapping[int, int]) -> None:
        self._window.add(partitions)

    async def _taken(self, partitions: Sequence[int]) -> None:
        async with self._committing:
            with suppress(FurrowError):  # then it is done again by whoever has them
                await self._commit()
            self._window.drop(partitions)

    # --- one event -----------------------------------------------------------------------------

    async def _work(self, place: Place[Ended]) -> None:
        async def once() -> Ended:
            work, arms = read_work(place.event.arrival, self._assignment.record), self._serving.arms
            arm = next(arms.of(work.record))
            with self._serving.use(arm) as pipeline, telemetry.event(self._assignment.use_case):
                work = await pipeline.complete(work)
            if work.failure is not None:
                telemetry.ended(self._assignment.use_case, arm.release, work)
                raise work.failure.error
            return Ended(place.event, arms, arm, work)

        held = retry_if_exception_type((TransientError, BudgetSpent))
        try:
            ended = await _retrying(held, once, partial(self._failed, place.event))
            self._unpaid.passed(place.event)
        finally:
            self._unpaid.forget(place.event)
        self._resolve(place, ended)
        self._answer_in_the_shadow(ended)

    def _answer_in_the_shadow(self, ended: Ended) -> None:
        """Let the candidate answer as well, after the live one; never more of them than `look_ahead`."""
        arms = self._serving.arms
        for arm in arms.of(ended.work.record) if ended.work is not None else ():
            if not arm.published and len(self._shadows) < self._assignment.options.look_ahead:
                task = asyncio.create_task(self._shadow(ended.event, arms, arm))
                self._shadows.add(task)
                task.add_done_callback(self._shadows.discard)

    async def _shadow(self, event: Event, arms: Arms, arm: Arm) -> None:
        try:
            with self._serving.use(arm) as pipeline, telemetry.event(self._assignment.use_case):
                work = await pipeline.complete(read_work(event.arrival, self._assignment.record))
        except FurrowError as error:  # nobody waits for it: the stream goes on
            log.warning("an answer in the shadow failed: %s", error)
            return
        if work.failure is None:
            self._recording.add(arms, arm, work)

    async def _end_shadows(self) -> None:
        for task in self._shadows:
            task.cancel()
        await asyncio.gather(*self._shadows, return_exceptions=True)

    def _resolve(self, place: Place[Ended], ended: Ended) -> None:
        place.end = ended
        self._resolved.set()

    def _failed(self, event: Event, state: RetryCallState) -> None:
        self.standing.failures += 1
        error = _error_of(state)
        if isinstance(error, BudgetSpent):
            return self._unpaid.wait(event, error)
        self._unpaid.passed(event)
        if state.attempt_number in (1, 5, 25):
            log.warning("an event is held and tried again: %s", error)

    # --- publishing, and the position -----------------------------------------------------------

    async def _commit_on(self) -> None:
        while True:
            await self._resolved.wait()
            self._resolved.clear()
            await _retrying(retry_if_exception(_nothing_happened), self._committed)

    async def _committed(self) -> None:
        """One commit, which goes on when nobody waits for it any more: two at once would publish twice."""
        await asyncio.shield(asyncio.create_task(self._alone()))

    async def _alone(self) -> None:
        async with self._committing:
            await self._commit()

    async def _commit(self) -> None:
        """Publish what is resolved and move the position. The order of these steps is the guarantee.

        1. Take the resolved prefix of every partition. Nothing behind a floor is published, so no crash
           leaves a result whose event is read again.
        2. Write dead letters into the state database, by record and run: twice changes nothing, and a
           letter is there before its event counts as done.
        3. Write results, dead-letter messages and the position in one transaction. Nobody who reads
           committed sees any of it before it ends; when it fails, all of this is done again, by us or by
           whoever has the partition then. Without transactions the messages are confirmed first and the
           position moves after: a crash in between gives a result twice, under the same record id.
        4. Only then forget the events. The letters of those that passed this time are closed a little later.
        """
        prefixes = self._window.prefixes(_AT_ONCE)
        if not prefixes:
            return
        started = time.monotonic()
        ended = [place.end for places in prefixes.values() for place in places if place.end is not None]
        rejected = [letter for each in ended if (letter := self._letter(each, Outcome.REJECTED))]
        if rejected:
            await asyncio.to_thread(self._letters.note, rejected)
        position = {number: places[-1].event.offset + 1 for number, places in prefixes.items()}
        messages = [message for each in ended if (message := self._message(each))]
        await asyncio.to_thread(self._feed.commit, messages, position)
        self._window.done(prefixes)
        self.standing.count([each.outcome for each in ended], time.monotonic() - started)
        for each in ended:
            if each.work is not None:
                telemetry.ended(self._assignment.use_case, each.release, each.work)
                self._recording.add(each.arms, each.arm, each.work)
        self._passed += [letter for each in ended if (letter := self._letter(each, Outcome.ACCEPTED))]
        self._resolved.set()  # there may be more of it

    async def _close_letters(self) -> None:
        passed, self._passed = self._passed, []
        try:
            await asyncio.to_thread(self._letters.close, passed)
        except TransientError as error:
            log.warning("letters of records that passed now may still be open: %s", error)
            self._passed = passed + self._passed

    async def _record(self, final: bool = False) -> None:
        """Whatever goes wrong with it, the events go on: a folder that does not load, for one."""
        try:
            await asyncio.to_thread(self._recording.flush, final)
        except TransientError as error:
            log.warning("what the releases did could not be written down yet: %s", error)
        except Exception as error:
            fault = not isinstance(error, (FurrowError, OSError))
            self._complaint.say("what the releases did could not be looked after", error, fault)

    def _letter(self, ended: Ended, outcome: Outcome) -> Letter | None:
        if ended.work is None or ended.outcome is not outcome:
            return None
        assigned = self._assignment
        return letter_of(ended.work, assigned.use_case, assigned.run_id, ended.release)

    def _message(self, ended: Ended) -> Outgoing | None:
        assigned, work = self._assignment, ended.work
        if work is None:
            return None
        if work.rejection is not None:
            return letter_message(assigned.letters, ended.event, work.rejection, ended.release)
        return result_message(assigned.results, row_of(work, ended.release, assigned.run_id))

    # --- how it stands -----------------------------------------------------------------------------

    async def _watch(self) -> None:
        """Look for a new release every second, and tell how it stands."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            await self._serving.refresh()
            await self._close_letters()
            await self._record()
            await self._report()

    async def _report(self) -> None:
        """Tell how it stands, every `report_seconds` also who listens. Raises ReplicaReplaced as `_tell`."""
        self._look()
        if time.monotonic() >= self._next_report:
            self._next_report = time.monotonic() + self._report_seconds
            self._told(self.standing)
        await self._tell()

    async def _tell(self) -> bool:
        """Write down how it stands; False when that was not possible now.

        Raises ReplicaReplaced when another process has the place, or none.
        """
        try:
            ours = await asyncio.to_thread(self._seat.tell, self.standing.to_json())
            self._given_up = not ours and await asyncio.to_thread(self._seat.is_given_up)
        except StoreUnavailable as error:
            log.warning("how the stream stands could not be written: %s", error)
            return False
        if not ours:
            why = _GIVEN_UP if self._given_up else _REPLACED
            raise ReplicaReplaced(f"{why.format(self._seat.replica)}; this one ends")
        return True

    def _look(self) -> None:
        standing = self.standing
        standing.release = self._serving.release
        standing.on_their_way, standing.partitions = len(self._window), self._window.partitions
        standing.connected = self._feed.joined()
        if standing.connected:
            standing.lag_records = self._feed.lag()
        standing.lag_seconds = self._lag.look(self._window.oldest, standing.connected, time.time())


Got = TypeVar("Got")


async def _retrying(
    retry: retry_base,
    call: Callable[[], Awaitable[Got]],
    told: Callable[[RetryCallState], None] | None = None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Got:
    retrying = AsyncRetrying(retry=retry, wait=_wait, sleep=sleep, before_sleep=told or _say, reraise=True)
    return await retrying(call)


def _wait(state: RetryCallState) -> float:
    error = _error_of(state)
    if isinstance(error, BudgetSpent):
        return float(_UNTIL_RAISED(state))
    asked = getattr(error, "retry_after", None)
    return max(float(_BACKOFF(state)), asked or 0.0)


def _say(state: RetryCallState) -> None:
    log.warning("tried again: %s", _error_of(state))


def _error_of(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome is not None else None


def _nothing_happened(error: BaseException) -> bool:
    """After any other error nobody knows what was committed: the feed is opened anew."""
    return isinstance(error, TransientError) and not isinstance(error, SourceUnavailable)


def _first(errors: BaseExceptionGroup[FurrowError]) -> FurrowError:
    """The one that says most: what a person has to act on, before what may pass."""
    found: list[FurrowError] = []
    for error in errors.exceptions:
        found += [_first(error)] if isinstance(error, BaseExceptionGroup) else [error]
    return min(found, key=lambda error: isinstance(error, TransientError))
