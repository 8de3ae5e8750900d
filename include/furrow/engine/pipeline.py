"""A version's steps, run on records: all of them one after the other, or one step at a time."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Iterator
from itertools import dropwhile
from typing import Any

from pydantic import ValidationError

from furrow.config.models import EACH_FIELD, LlmStep, LookupStep, RetrieveStep
from furrow.config.use_case import Version
from furrow.engine import (  # noqa: F401 - registers the kinds of step
    claims_step,
    classify_step,
    judge_step,
    llm_step,
    lookup_step,
    map_step,
    photo_quality_step,
    retrieve_step,
)
from furrow.engine.calls import Answers
from furrow.engine.lookup_step import names_of
from furrow.engine.masking import Masking
from furrow.engine.ordered import ordered
from furrow.engine.ports import ImageFiles
from furrow.engine.prompt import context_of
from furrow.engine.provenance import Wording
from furrow.engine.record import Failure, Json, Rejection, Trace, Work
from furrow.engine.screening import Screening
from furrow.engine.step import Step, build_step
from furrow.errors import (
    AnswerInvalid,
    InstructionFound,
    OptionUnknown,
    RecordError,
    RuleBroken,
    TransientError,
)

CONCLUDING = "validate"
"""The step's name in rejections by a rule."""


class Pipeline:
    """The pipeline of one version. Use it inside one event loop; close its `Calls` afterwards."""

    def __init__(self, version: Version, calls: Answers, files: ImageFiles | None = None):
        """files: where the images lie, for a version that looks at any."""
        self.version = version
        self._steps = {config.name: build_step(config, version, calls, files) for config in version.steps}
        self._masking = Masking(version.file.mask)
        names = {name for fields in version.outputs.values() for name in fields.specs}
        self._screening = Screening(version.file.screen, names | set(version.file.result))
        self._asked = {config.name: config for config in version.steps if isinstance(config, LlmStep)}
        self._specs = {step: fields.specs for step, fields in version.outputs.items()}
        self._fields = version.result
        self._result = {field: path.split(".", 1) for field, path in version.file.result.items()}

    def run(self, works: Iterable[Work]) -> AsyncGenerator[Work, None]:
        """All steps of each record, then the result and the rules. In the order of the input."""
        return ordered(works, self.complete, max(step.look_ahead for step in self._steps.values()))

    def run_step(self, name: str, works: Iterable[Work]) -> AsyncGenerator[Work, None]:
        """One step on each record that is still open; the others pass through. Raises OptionUnknown."""
        if name not in self._steps:
            raise OptionUnknown(f"{self.version.release} has no step `{name}`")
        step = self._steps[name]

        async def apply(work: Work) -> Work:
            return await self._apply(step, work, self._seen(work, name))

        return ordered(works, apply, step.look_ahead)

    def conclude(self, work: Work) -> Work:
        """Map the outputs to the result and check the rules, placeholders dropped or put back before.

        The rules see the record as it came, without what `screen` cut out.
        """
        if not work.open:
            return work
        try:
            work.result = self._result_of(work)
        except RecordError as error:
            work.rejection = Rejection(error.reason, CONCLUDING, str(error))
        return work

    def _result_of(self, work: Work) -> Json:
        screened = self._screening.seen(work)
        masked = self._masking.seen(screened)
        seen = self._screening.published(screened, masked, self._specs, lambda: self._ours(work))
        outputs = self._masking.published(seen, self._specs)
        result = {field: outputs[step][name] for field, (step, name) in self._result.items()}
        self._check_fit(work, result)
        self._check_rules({**context_of(seen), **outputs, "result": result})
        return result

    async def complete(self, work: Work) -> Work:
        """All steps of one record, then the result and the rules. Raises RunError."""
        seen = self._seen(work, next(iter(self._steps)))
        for step in self._steps.values():
            await self._apply(step, work, seen)
        return self.conclude(work)

    def _seen(self, work: Work, step: str) -> Work:
        """The work as its steps may see it; where `screen` rejects, it is rejected in that step."""
        if not work.open:
            return work
        try:
            return self._masking.seen(self._screening.seen(work))
        except InstructionFound as error:
            work.rejection = Rejection(error.reason, step, str(error))
            return work

    async def _apply(self, step: Step, work: Work, seen: Work) -> Work:
        """One step on a record. seen: the work as the step may see it, with the same outputs."""
        if not work.open:
            return work
        trace = work.traces[step.name] = Trace()
        try:
            output = self._trusted(step.name, await step.run(seen, trace), seen, trace)
        except RecordError as error:
            work.rejection = Rejection(error.reason, step.name, str(error), error.raw)
        except TransientError as error:
            work.failure = Failure(step.name, error)
        else:
            work.outputs[step.name] = output
        return work

    def _trusted(self, step: str, output: Json, seen: Work, trace: Trace) -> Json:
        """What a model answered, as far as `screen` trusts it. Raises AnswerInvalid if that does not fit."""
        if step not in self._asked:
            return output
        left = self._screening.trusted(seen, output, self._specs[step], lambda: self._ours(seen))
        trace.doubted = [name for name, value in output.items() if left[name] != value]
        if trace.doubted:
            self._check_answer(step, left)
        return left

    def _ours(self, work: Work) -> Iterator[Wording]:
        """What the folder itself says: names of its tables, and what the steps found in its documents.

        A table that is only looked in before a model is asked reads the record, and vouches for no answer.
        """
        steps = self.version.steps
        for config in dropwhile(lambda step: step.name not in self._asked, steps):
            if isinstance(config, LookupStep):
                yield names_of(config, self.version)
        for config in steps:
            if isinstance(config, RetrieveStep) and config.name in work.outputs:
                yield Wording.of(work.outputs[config.name]["text"])

    def _check_answer(self, step: str, left: Json) -> None:
        fields = self.version.answer_fields(step)
        try:
            for answer in [left] if self._asked[step].each is None else left[EACH_FIELD]:
                fields.validate({name: answer[name] for name in fields.specs})
        except ValidationError:
            what = f"what `screen` left of the answer of `{step}` does not fit output.yaml"
            raise AnswerInvalid(what) from None

    def _check_fit(self, work: Work, result: dict[str, Any]) -> None:
        """A result that `mask` or `screen` changed may no longer fit: too long with what was put back."""
        if all(result[field] == work.outputs[step][name] for field, (step, name) in self._result.items()):
            return
        try:
            self._fields.validate(result)
        except ValidationError as error:
            names = sorted({str(entry["loc"][0]) for entry in error.errors()})
            what = f"what `mask` and `screen` left of {', '.join(names)} does not fit output.yaml"
            raise AnswerInvalid(what) from None

    def _check_rules(self, context: dict[str, Any]) -> None:
        for rule in self.version.rules:
            if not rule.check.evaluate(context):
                raise RuleBroken(f"the rule `{rule.name}` does not hold")
