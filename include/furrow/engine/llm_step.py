"""The `llm` step: one question to a model, answered as JSON that fits output.yaml, or asked once more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from furrow.config.models import LlmStep
from furrow.config.use_case import Version
from furrow.engine.calls import Calls, Paid
from furrow.engine.ports import Finish, Json, Message, ModelRequest
from furrow.engine.prompt import Prompt, context_of
from furrow.engine.record import Rung, Trace, Work
from furrow.engine.step import step_of
from furrow.errors import AnswerInvalid, AnswerRefused, AnswerTruncated


@step_of(LlmStep)
class LlmRunner:
    """Chooses the model for a record, asks, and climbs the ladder until the answer is valid."""

    def __init__(self, config: LlmStep, version: Version, calls: Calls):
        self.name, self._config, self._calls = config.name, config, calls
        self._catalogue = version.catalogue
        self._prompt = Prompt(version.prompts[config.name])
        self._fields = version.outputs[config.name]
        self._choices = version.expressions.get(config.name, {})
        self._params = config.params.model_dump(exclude_none=True)
        self.look_ahead = 4 * max(self._catalogue[alias].limits.concurrency for alias in config.aliases)

    async def run(self, work: Work, trace: Trace) -> Json:
        """The validated answer. Raises RecordError, TransientError or RunError."""
        context = context_of(work)
        request = self._request(self._choose(context), self._prompt.messages(context))
        paid = await self._ask(request, trace)
        try:
            output, trace.rung = self._read(paid), Rung.STRICT
        except AnswerInvalid as error:
            if not self._config.reask:
                raise
            paid = await self._ask(_reask(request, paid, error), trace)
            output, trace.rung = self._read(paid), Rung.REASKED
        return output

    def _choose(self, context: Mapping[str, Any]) -> str:
        for number, choice in enumerate(self._config.choice.choose):
            if self._choices[str(number)].evaluate(context):
                return choice.use
        return self._config.choice.default

    def _request(self, alias: str, messages: tuple[Message, ...]) -> ModelRequest:
        entry = self._catalogue[alias]
        schema = self._fields.json_schema if entry.capabilities.json_schema else None
        return ModelRequest(alias, entry.model, messages, schema, self.name, self._params)

    async def _ask(self, request: ModelRequest, trace: Trace) -> Paid:
        paid = await self._calls.answer(self.name, request)
        trace.add(request.alias, paid.key, paid.answer, paid.bought)
        return paid

    def _read(self, paid: Paid) -> Json:
        answer = paid.answer
        if answer.finish is Finish.LENGTH:
            raise AnswerTruncated(
                f"the model stopped at its limit of {self._config.params.max_tokens} tokens; "
                "raise max_tokens or ask for less",
                raw=answer.text,
            )
        if answer.finish is Finish.REFUSED:
            raise AnswerRefused("the model or its content filter declined", raw=answer.text)
        try:
            return self._fields.validate_json(answer.text)
        except ValidationError as error:
            raise AnswerInvalid(_what_is_wrong(error), raw=answer.text) from None


def _reask(request: ModelRequest, paid: Paid, error: AnswerInvalid) -> ModelRequest:
    """The same request once more, with the answer and what is wrong with it as two further turns."""
    again = Message("user", f"That answer is not valid: {error}. Answer again, with the JSON object only.")
    said = (Message("assistant", paid.answer.text),) if paid.answer.text.strip() else ()
    turns = (*request.messages, *said, again)
    return ModelRequest(
        request.alias,
        request.model,
        turns,
        request.schema,
        request.schema_name,
        request.params,
        request.sample,
    )


def _what_is_wrong(error: ValidationError) -> str:
    """The errors without the values: those are the model's words and do not belong into a request."""
    parts = [f"{'.'.join(map(str, entry['loc'])) or 'answer'}: {entry['msg']}" for entry in error.errors()]
    return "; ".join(parts[:5])
