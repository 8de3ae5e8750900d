"""The `map` step: fields computed from what is already there, without a model."""

from __future__ import annotations

from pydantic import ValidationError

from furrow.config.models import MapStep
from furrow.config.use_case import Version
from furrow.engine.calls import Answers
from furrow.engine.ports import Json
from furrow.engine.prompt import context_of
from furrow.engine.record import Trace, Work
from furrow.engine.step import step_of
from furrow.errors import AnswerInvalid


@step_of(MapStep)
class MapRunner:
    """Evaluates the step's expressions and checks them against its output.yaml."""

    look_ahead = 1

    def __init__(self, config: MapStep, version: Version, calls: Answers):
        self.name = config.name
        self._fields = version.outputs[config.name]
        self._expressions = version.expressions.get(config.name, {})
        files = version.words.get(config.name, {})
        self._words = {name: table.entries() for name, table in files.items()}

    async def run(self, work: Work, trace: Trace) -> Json:
        """The computed fields. Raises PromptFailed or AnswerInvalid."""
        context = {**context_of(work), **self._words}
        values = {field: self._expressions[field].evaluate(context) for field in self._fields.specs}
        try:
            return self._fields.validate(values)
        except (ValidationError, TypeError, ValueError) as error:
            raise AnswerInvalid(f"what `set` gave does not fit output.yaml: {error}") from None
