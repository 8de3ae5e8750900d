"""The `llm` step: one question to a model, answered as JSON that fits output.yaml.

With `each`, the question is asked once for each item of a list.

The ladder: the answer as it is; repaired in its form; one re-ask with the errors; the `escalate` model. What
no rung made valid is rejected with the last answer. Where `escalate_when` holds for a valid answer, the
`escalate` model is asked too, and its answer counts if it is valid. A quote that does not stand in its text
(`quote_of`) is a fault like any other; after the last rung one with `on_missing: drop` is dropped instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from furrow.config.models import EACH_FIELD, ESCALATE_WHEN, IMAGES, LlmStep
from furrow.config.use_case import Version
from furrow.engine.calls import Answers, Paid
from furrow.engine.evidence import Evidence
from furrow.engine.ordered import all_of
from furrow.engine.pictures import Pictures
from furrow.engine.ports import Finish, ImageFiles, Json, Message, ModelRequest
from furrow.engine.prompt import Prompt, context_of, items_of
from furrow.engine.record import Rung, Trace, Work
from furrow.engine.repair import read_answer, repair
from furrow.engine.step import step_of
from furrow.engine.telemetry import asking
from furrow.errors import AnswerInvalid, AnswerRefused, AnswerTruncated, RecordError, RequestRefused


@dataclass(frozen=True, slots=True)
class _Reply:
    """What came of one question: the valid output and its rung, or why there is none.

    proved: without valid output, the part of the answer that may stand when no later rung does better.
    """

    output: Json | None = None
    rung: Rung = Rung.STRICT
    error: RecordError | None = None
    proved: Json | None = None

    def after(self, earlier: _Reply, rung: Rung) -> _Reply:
        """As the reply of a later rung; a question that got no answer leaves the earlier answer the last."""
        if self.error is not None and self.error.raw is None and earlier.error is not None:
            self.error.raw = earlier.error.raw
        return replace(self, rung=rung, proved=self.proved or earlier.proved)


@step_of(LlmStep)
class LlmRunner:
    """Chooses the model for a record, asks, and climbs the ladder until the answer is valid."""

    def __init__(self, config: LlmStep, version: Version, calls: Answers, files: ImageFiles | None = None):
        self.name, self._config, self._calls = config.name, config, calls
        self._catalogue = version.catalogue
        self._prompt = Prompt(version.prompts[config.name], version.file.mask)
        self._fields = version.answer_fields(config.name)
        self._choices = version.expressions.get(config.name, {})
        self._evidence = Evidence(self._fields.specs, self._choices)
        images = config.images
        self._pictures = None if images is None else Pictures(images, self._choices[IMAGES], files)
        self._params = config.params.model_dump(exclude_none=True)
        self.look_ahead = 4 * max(self._catalogue[alias].limits.concurrency for alias in config.aliases)

    async def run(self, work: Work, trace: Trace) -> Json:
        """The validated answer, or the list of them. Raises RecordError, TransientError or RunError."""
        context = context_of(work)
        if self._config.when is not None and not self._choices["when"].evaluate(context):
            return self._nothing()
        if self._config.each is None:
            return await self._answer(context, trace)
        items = items_of(self._choices["each"], context)
        asked = (self._answer({**context, "item": item}, trace) for item in items)
        answers = await all_of(asked)
        return {EACH_FIELD: [{**answer, "item": item} for item, answer in zip(items, answers, strict=True)]}

    def _nothing(self) -> Json:
        """What a step gives that was not asked."""
        if self._config.each is not None:
            return {EACH_FIELD: []}
        return {name: [] if spec.type == "list" else None for name, spec in self._fields.specs.items()}

    async def _answer(self, context: Mapping[str, Any], trace: Trace) -> Json:
        request = self._request(self._choose(context), await self._messages(context))
        reply = await self._ask(request, trace, context)
        if isinstance(reply.error, AnswerInvalid) and self._config.reask:
            again = await self._ask(_reask(request, reply.error), trace, context, Rung.REASKED)
            reply = again.after(reply, Rung.REASKED)
        if reply.error is not None and (larger := self._escalated(request)):
            last = await self._ask(larger, trace, context, Rung.ESCALATED)
            reply = last.after(reply, Rung.ESCALATED)
        elif reply.output is not None and (surer := self._doubted(request, reply.output, context)):
            second = await self._ask(surer, trace, context, Rung.ESCALATED)
            reply = reply if second.error is not None else replace(second, rung=Rung.ESCALATED)
        output = reply.output if reply.error is None else reply.proved
        if output is None:
            assert reply.error is not None
            raise reply.error
        trace.reached(reply.rung)
        return output

    async def _messages(self, context: Mapping[str, Any]) -> tuple[Message, ...]:
        messages = self._prompt.messages(context)
        if self._pictures is None:
            return messages
        images = await self._pictures.prepared(context)
        return (*messages[:-1], replace(messages[-1], images=images))

    def _choose(self, context: Mapping[str, Any]) -> str:
        for number, choice in enumerate(self._config.choice.choose):
            if self._choices[str(number)].evaluate(context):
                return choice.use
        return self._config.choice.default

    def _request(self, alias: str, messages: tuple[Message, ...]) -> ModelRequest:
        entry = self._catalogue[alias]
        schema = self._fields.json_schema if entry.capabilities.json_schema else None
        return ModelRequest(alias, entry.model, messages, schema, self.name, self._params)

    def _doubted(
        self, request: ModelRequest, answer: Json, context: Mapping[str, Any]
    ) -> ModelRequest | None:
        """The same question to the `escalate` model, if `escalate_when` holds for this valid answer."""
        doubt = self._choices.get(ESCALATE_WHEN)
        if doubt is None or not doubt.evaluate({**context, "answer": answer}):
            return None
        return self._escalated(request)

    def _escalated(self, request: ModelRequest) -> ModelRequest | None:
        """The same question to the `escalate` model, unless that is the one which was asked already."""
        alias = self._config.choice.escalate
        if alias is None or self._catalogue[alias].model == request.model:
            return None
        return self._request(alias, request.messages)

    async def _ask(
        self, request: ModelRequest, trace: Trace, context: Mapping[str, Any], rung: Rung = Rung.STRICT
    ) -> _Reply:
        """One question, its answer read or repaired."""
        try:
            with asking(rung):
                paid = await self._calls.answer(self.name, request)
        except (AnswerRefused, RequestRefused) as error:
            return _Reply(error=error)
        trace.add(paid.alias, paid.key, paid.answer, paid.bought)
        return self._with_proof(self._read(paid), paid, context)

    def _with_proof(self, reply: _Reply, paid: Paid, context: Mapping[str, Any]) -> _Reply:
        """The reply, unless it quotes words that do not stand in their text."""
        unfounded = self._evidence.unfounded(reply.output, context) if reply.output is not None else []
        if not unfounded:
            return reply
        what = "; ".join(f"{one.field}: {one.what}" for one in unfounded)
        proved = self._evidence.without(reply.output or {}, unfounded)
        return _Reply(None, reply.rung, AnswerInvalid(what, raw=paid.answer.text), proved)

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
