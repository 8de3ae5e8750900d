"""What a run would buy, step by step, before anything is bought."""

from __future__ import annotations

from collections.abc import AsyncIterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from furrow.config.use_case import Version
from furrow.engine.batching import Batcher
from furrow.engine.call_key import call_key
from furrow.engine.calls import Paid, options_of
from furrow.engine.ports import Answer, Ledger, ModelRequest, Prices
from furrow.engine.record import Work, add_dollars
from furrow.errors import NotBought

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Usual:
    """Tokens that a call of a step usually reads and writes, from what was bought before."""

    input_tokens: float
    output_tokens: float


@dataclass
class StepPlan:
    """One step that calls models. US dollars, None when nobody knows a price.

    known: calls whose answers are in the ledger; new: calls to buy whose prompt is known; behind: calls that
    wait for an answer of an earlier step, so that only their number is known, and with `each` not even that:
    one a record is counted. about_usd, most_usd: of new
    and behind; the first by usual lengths, the second with every answer as long as it may be.
    """

    models: dict[str, int] = field(default_factory=dict)
    known: int = 0
    new: int = 0
    behind: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    about_usd: float | None = 0.0
    most_usd: float | None = 0.0


class Planning:
    """Answers out of the ledger alone. What would have to be bought is noted and raises NotBought."""

    def __init__(
        self,
        version: Version,
        ledger: Ledger,
        prices: Prices,
        usual: Mapping[tuple[str, str], Usual],
    ):
        self._catalogue, self._ledger = version.catalogue, ledger
        self._prices, self._usual = prices, usual
        self._finds: Batcher[str, Answer | None] = Batcher(self._find)
        self._noted: set[str] = set()
        self.steps = {step.name: StepPlan() for step in version.steps if step.aliases}

    async def answer(self, step: str, request: ModelRequest) -> Paid:
        """The answer that was paid for. Raises NotBought."""
        plan = self.steps[step]
        for option in options_of(request, self._catalogue):
            key = call_key(option)
            known = await self._finds.submit(key)
            if known is not None:
                plan.known += 1
                return Paid(known, key, bought=False, alias=option.alias)
        key = call_key(request)
        if key not in self._noted:
            self._noted.add(key)
            self._note(step, request)
        raise NotBought(f"`{step}` has to be bought")

    def behind(self, work: Work) -> None:
        """Count the steps after the one at which a plan of this record ended."""
        if work.failure is None:
            return
        names = list(self.steps)
        for name in names[names.index(work.failure.step) + 1 :]:
            self.steps[name].behind += 1

    def total(self) -> dict[str, StepPlan]:
        """The steps, with what is behind counted like the calls that are known."""
        return {name: self._with_behind(name, plan) for name, plan in self.steps.items()}

    def _note(self, step: str, request: ModelRequest) -> None:
        plan = self.steps[step]
        read, written = self._tokens(step, request)
        plan.new += 1
        plan.models[request.alias] = plan.models.get(request.alias, 0) + 1
        plan.input_tokens += read
        plan.output_tokens += written
        plan.about_usd = add_dollars(plan.about_usd, self._prices.usd(request.alias, read, written))
        plan.most_usd = add_dollars(plan.most_usd, self._prices.most_usd(request))

    def _tokens(self, step: str, request: ModelRequest) -> tuple[int, int]:
        usual = self._usual.get((step, request.alias))
        if usual is None:
            return self._prices.tokens(request)
        return round(usual.input_tokens), round(usual.output_tokens)

    def _with_behind(self, name: str, plan: StepPlan) -> StepPlan:
        """What is behind costs what the step's other new calls cost, or usually did; else nobody knows."""
        if not plan.behind:
            return plan
        if plan.new:
            share = plan.behind / plan.new
            return replace(
                plan,
                input_tokens=round(plan.input_tokens * (1 + share)),
                output_tokens=round(plan.output_tokens * (1 + share)),
                about_usd=None if plan.about_usd is None else plan.about_usd * (1 + share),
                most_usd=None if plan.most_usd is None else plan.most_usd * (1 + share),
            )
        usual = [(alias, usual) for (step, alias), usual in self._usual.items() if step == name]
        return self._by_usual(plan, *usual[0]) if usual else replace(plan, about_usd=None, most_usd=None)

    def _by_usual(self, plan: StepPlan, alias: str, usual: Usual) -> StepPlan:
        read, written = round(plan.behind * usual.input_tokens), round(plan.behind * usual.output_tokens)
        about = self._prices.usd(alias, read, written) if alias in self._catalogue else None
        return replace(plan, input_tokens=read, output_tokens=written, about_usd=about, most_usd=None)

    def _find(self, keys: Sequence[str]) -> list[Answer | None]:
        found = self._ledger.find(keys)
        return [found.get(key) for key in keys]


@dataclass(frozen=True)
class Plan:
    """A whole run. complete: records that need no call at all; rejected: those that cannot pass already."""

    release: str
    records: int
    complete: int
    rejected: int
    steps: Mapping[str, StepPlan]

    @property
    def about_usd(self) -> float | None:
        """US dollars by usual lengths; None when a part of it is unknown."""
        total: float | None = 0.0
        for step in self.steps.values():
            total = add_dollars(total, step.about_usd)
        return total

    def to_json(self) -> Json:
        """For `--json`."""
        steps = {name: asdict(step) for name, step in self.steps.items()}
        return {
            "release": self.release,
            "records": self.records,
            "complete": self.complete,
            "rejected": self.rejected,
            "about_usd": self.about_usd,
            "steps": steps,
        }


async def plan(release: str, planning: Planning, finished: AsyncIterable[Work]) -> Plan:
    """The plan of records that went through a pipeline which `planning` answered."""
    records = complete = rejected = 0
    async for work in finished:
        records += 1
        complete += work.result is not None
        rejected += work.rejection is not None
        planning.behind(work)
    return Plan(release, records, complete, rejected, planning.total())
