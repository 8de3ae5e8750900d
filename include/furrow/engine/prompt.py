"""A prompt folder and a record -> chat turns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from furrow.config.models import Mask
from furrow.config.prompts import PromptFolder
from furrow.config.templates import Expression, Template
from furrow.engine.masking import Masking
from furrow.engine.ports import Message
from furrow.engine.record import Work
from furrow.engine.untrusted_text import without_chat_markers
from furrow.errors import AnswerInvalid, PromptFailed


def context_of(work: Work) -> Mapping[str, Any]:
    """What templates and conditions see: the record's fields and what earlier steps gave."""
    record = work.record
    return {"data": record.data, "key": record.key, "time": record.time, **work.outputs}


def items_of(each: Expression, context: Mapping[str, Any]) -> list[Any]:
    """What `each` holds for this record; one text counts as a list of it. Raises PromptFailed."""
    value = each.evaluate(context)
    if value is None:
        return []
    if not isinstance(value, list | str):
        raise PromptFailed(f"{each.path}: `each` holds neither a list nor a text for this record")
    return [value] if isinstance(value, str) else value


def texts_of(each: Expression, context: Mapping[str, Any], shown: str, use: str) -> list[str]:
    """The same where only texts will do. Also raises AnswerInvalid.

    shown: `each` as written; use: what the texts are for.
    """
    texts = items_of(each, context)
    if not all(isinstance(text, str) for text in texts):
        raise AnswerInvalid(f"`{shown}` holds something else than texts to {use}")
    return texts


class Prompt:
    """The chat turns of one llm step. The shared part is built once and is the same object every time.

    mask: personal data that no turn may hold; few-shot turns are the author's own and stay as they are.
    """

    def __init__(self, folder: PromptFolder, mask: Mask | None = None):
        self._folder, self._masking = folder, Masking(mask)
        self._examples = tuple(
            turn
            for example in folder.examples
            for turn in (Message("user", example.user), Message("assistant", example.answer))
        )
        self._system = self._system_turn({}) if folder.system is not None and folder.system.constant else None

    def messages(self, context: Mapping[str, Any]) -> tuple[Message, ...]:
        """System turn, few-shot turns, and the record's turn. Raises PromptFailed."""
        text = self._as_sent(self._folder.user, context)
        if not text.strip():
            raise PromptFailed(f"{self._folder.user.path}: nothing is left to ask about this record")
        return (*self._before(context), Message("user", text))

    def _before(self, context: Mapping[str, Any]) -> tuple[Message, ...]:
        if self._folder.system is None:
            return self._examples
        return (self._system or self._system_turn(context), *self._examples)

    def _system_turn(self, context: Mapping[str, Any]) -> Message:
        assert self._folder.system is not None
        return Message("system", self._as_sent(self._folder.system, context))

    def _as_sent(self, template: Template, context: Mapping[str, Any]) -> str:
        return self._masking.prompt(without_chat_markers(template.render(context)))
