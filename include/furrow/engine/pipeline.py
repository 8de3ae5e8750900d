"""A version's steps, run on records: all of them one after the other, or one step at a time."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from typing import Any

from furrow.config.use_case import Version
from furrow.engine import llm_step, map_step  # noqa: F401 - registers the kinds of step
from furrow.engine.calls import Answers
from furrow.engine.ordered import ordered
from furrow.engine.prompt import context_of
from furrow.engine.record import Failure, Rejection, Trace, Work
from furrow.engine.step import Step, build_step
from furrow.errors import OptionUnknown, RecordError, RuleBroken, TransientError

CONCLUDING = "validate"
"""The step's name in rejections by a rule."""


class Pipeline:
    """The pipeline of one version. Use it inside one event loop; close its `Calls` afterwards."""

    def __init__(self, version: Version, calls: Answers):
        self.version = version
        self._steps = {config.name: build_step(config, version, calls) for config in version.steps}
        self._result = {field: path.split(".", 1) for field, path in version.file.result.items()}

    def run(self, works: Iterable[Work]) -> AsyncGenerator[Work, None]:
        """All steps of each record, then the result and the rules. In the order of the input."""
        return ordered(works, self._whole, max(step.look_ahead for step in self._steps.values()))

    def run_step(self, name: str, works: Iterable[Work]) -> AsyncGenerator[Work, None]:
        """One step on each record that is still open; the others pass through. Raises OptionUnknown."""
        if name not in self._steps:
            raise OptionUnknown(f"{self.version.release} has no step `{name}`")
        step = self._steps[name]

        async def apply(work: Work) -> Work:
            return await _apply(step, work)

        return ordered(works, apply, step.look_ahead)

    def conclude(self, work: Work) -> Work:
        """Map the outputs to the result and check the rules."""
        if not work.open:
            return work
        result = {field: work.outputs[step][name] for field, (step, name) in self._result.items()}
        try:
            self._check_rules({**context_of(work), "result": result})
        except RecordError as error:
            work.rejection = Rejection(error.reason, CONCLUDING, str(error))
        else:
            work.result = result
        return work

    async def _whole(self, work: Work) -> Work:
        for step in self._steps.values():
            await _apply(step, work)
        return self.conclude(work)

    def _check_rules(self, context: dict[str, Any]) -> None:
        for rule in self.version.rules:
            if not rule.check.evaluate(context):
                raise RuleBroken(f"the rule `{rule.name}` does not hold")


async def _apply(step: Step, work: Work) -> Work:
    if not work.open:
        return work
    trace = work.traces[step.name] = Trace()
    try:
        work.outputs[step.name] = await step.run(work, trace)
    except RecordError as error:
        work.rejection = Rejection(error.reason, step.name, str(error), error.raw)
    except TransientError as error:
        work.failure = Failure(step.name, error)
    return work
