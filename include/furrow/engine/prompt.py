"""A prompt folder and a record -> chat turns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from furrow.config.prompts import PromptFolder
from furrow.engine.ports import Message
from furrow.engine.record import Work
from furrow.errors import PromptFailed

_CHAT_MARKERS = re.compile(
    r"<(\|[a-zA-Z_0-9]{1,40}\|)>|<(/?(?:start_of_turn|end_of_turn|s|SYS))>|\[(/?INST)\]"
)


def context_of(work: Work) -> Mapping[str, Any]:
    """What templates and conditions see: the record's fields and what earlier steps gave."""
    record = work.record
    return {"data": record.data, "key": record.key, "time": record.time, **work.outputs}


def without_chat_markers(text: str) -> str:
    """Text from outside in which no turn marker of a chat format (`<|im_start|>`) can end our turn."""
    return _CHAT_MARKERS.sub(lambda found: f"({found[1] or found[2] or found[3]})", text)


class Prompt:
    """The chat turns of one llm step. The shared part is built once and is the same object every time."""

    def __init__(self, folder: PromptFolder):
        self._folder = folder
        self._examples = tuple(
            turn
            for example in folder.examples
            for turn in (Message("user", example.user), Message("assistant", example.answer))
        )
        self._system = self._system_turn({}) if folder.system is not None and folder.system.constant else None

    def messages(self, context: Mapping[str, Any]) -> tuple[Message, ...]:
        """System turn, few-shot turns, and the record's turn. Raises PromptFailed."""
        text = without_chat_markers(self._folder.user.render(context))
        if not text.strip():
            raise PromptFailed(f"{self._folder.user.path}: nothing is left to ask about this record")
        return (*self._before(context), Message("user", text))

    def _before(self, context: Mapping[str, Any]) -> tuple[Message, ...]:
        if self._folder.system is None:
            return self._examples
        return (self._system or self._system_turn(context), *self._examples)

    def _system_turn(self, context: Mapping[str, Any]) -> Message:
        assert self._folder.system is not None
        return Message("system", without_chat_markers(self._folder.system.render(context)))
