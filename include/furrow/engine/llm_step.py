"""The `llm` step: one question to a model, answered as JSON that fits output.yaml.

The ladder: the answer as it is; repaired in its form; one re-ask with the errors; the `escalate` model. What
no rung made valid is rejected with the last answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from furrow.config.models import LlmStep
from furrow.config.use_case import Version
from furrow.engine.calls import Answers, Paid
from furrow.engine.ports import Finish, Json, Message, ModelRequest
from furrow.engine.prompt import Prompt, context_of
from furrow.engine.record import Rung, Trace, Work
from furrow.engine.repair import read_answer, repair
from furrow.engine.step import step_of
from furrow.errors import AnswerInvalid, AnswerRefused, AnswerTruncated, RecordError, RequestRefused


@dataclass(frozen=True, slots=True)
class _Reply:
    """What came of one question: the valid output and its rung, or why there is none."""

    output: Json | None = None
    rung: Rung = Rung.STRICT
    error: RecordError | None = None

    def after(self, earlier: _Reply, rung: Rung) -> _Reply:
        """As the reply of a later rung; a question that got no answer leaves the earlier answer the last."""
        if self.error is not None and self.error.raw is None and earlier.error is not None:
            self.error.raw = earlier.error.raw
        return replace(self, rung=rung)


@step_of(LlmStep)
class LlmRunner:
    """Chooses the model for a record, asks, and climbs the ladder until the answer is valid."""

    def __init__(self, config: LlmStep, version: Version, calls: Answers):
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
        reply = await self._ask(request, trace)
        if isinstance(reply.error, AnswerInvalid) and self._config.reask:
            again = await self._ask(_reask(request, reply.error), trace)
            reply = again.after(reply, Rung.REASKED)
        if reply.error is not None and (larger := self._escalated(request)):
            last = await self._ask(larger, trace)
            reply = last.after(reply, Rung.ESCALATED)
        if reply.error is not None:
            raise reply.error
        assert reply.output is not None
        trace.rung = reply.rung
        return reply.output

    def _choose(self, context: Mapping[str, Any]) -> str:
        for number, choice in enumerate(self._config.choice.choose):
            if self._choices[str(number)].evaluate(context):
                return choice.use
        return self._config.choice.default

    def _request(self, alias: str, messages: tuple[Message, ...]) -> ModelRequest:
        entry = self._catalogue[alias]
        schema = self._fields.json_schema if entry.capabilities.json_schema else None
        return ModelRequest(alias, entry.model, messages, schema, self.name, self._params)

    def _escalated(self, request: ModelRequest) -> ModelRequest | None:
        """The same question to the `escalate` model, unless that is the one which was asked already."""
        alias = self._config.choice.escalate
        if alias is None or self._catalogue[alias].model == request.model:
            return None
        return self._request(alias, request.messages)

    async def _ask(self, request: ModelRequest, trace: Trace) -> _Reply:
        """One question, its answer read or repaired."""
        try:
            paid = await self._calls.answer(self.name, request)
        except (AnswerRefused, RequestRefused) as error:
            return _Reply(error=error)
        trace.add(paid.alias, paid.key, paid.answer, paid.bought)
        return self._read(paid)

    def _read(self, paid: Paid) -> _Reply:
        answer = paid.answer
        if answer.finish is Finish.LENGTH:
            return _Reply(error=self._truncated(answer.text))
        if answer.finish is Finish.REFUSED:
            refused = AnswerRefused("the model or its content filter declined", raw=answer.text)
            return _Reply(error=refused)
        try:
            return _Reply(read_answer(answer.text, self._fields))
        except ValueError as error:
            if (output := repair(answer.text, self._fields)) is not None:
                return _Reply(output, Rung.REPAIRED)
            return _Reply(error=AnswerInvalid(_what_is_wrong(error), raw=answer.text))

    def _truncated(self, text: str) -> AnswerTruncated:
        limit = self._config.params.max_tokens
        return AnswerTruncated(
            f"the model stopped at its limit of {limit} tokens; raise max_tokens or ask for less", raw=text
        )


def _reask(request: ModelRequest, error: AnswerInvalid) -> ModelRequest:
    """The same request once more, with the answer and what is wrong with it as two further turns."""
    again = Message("user", f"That answer is not valid: {error}. Answer again, with the JSON object only.")
    text = error.raw or ""
    said = (Message("assistant", text),) if text.strip() else ()
    return replace(request, messages=(*request.messages, *said, again))


def _what_is_wrong(error: ValueError) -> str:
    """The errors without the values: those are the model's words and do not belong into a request."""
    if not isinstance(error, ValidationError):
        return str(error)
    parts = [f"{'.'.join(map(str, entry['loc'])) or 'answer'}: {entry['msg']}" for entry in error.errors()]
    return "; ".join(parts[:5])
