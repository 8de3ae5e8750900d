"""What a kind of step is: one class with a pydantic config, registered by the config's class."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from furrow.config.models import Written
from furrow.config.use_case import Version
from furrow.engine.calls import Answers
from furrow.engine.ports import ImageFiles, Json
from furrow.engine.record import Trace, Work


class Step(Protocol):
    """One unit of work on a record."""

    name: str
    look_ahead: int
    """How many records this step may usefully have on the way at once."""

    async def run(self, work: Work, trace: Trace) -> Json:
        """The step's output for this record; what it took goes into `trace` as it happens.

        Raises RecordError (the record is rejected), TransientError (it failed for now) or RunError.
        """
        ...


Builder = Callable[..., Step]
"""(config, version, answers) -> step; a step whose config has `images` gets `files` too."""
_BUILDERS: dict[type[Written], Builder] = {}
Built = TypeVar("Built", bound=Builder)


def step_of(config: type[Written]) -> Callable[[Built], Built]:
    """Register the class that runs steps with this config."""

    def register(builder: Built) -> Built:
        _BUILDERS[config] = builder
        return builder

    return register


def build_step(config: Written, version: Version, calls: Answers, files: ImageFiles | None = None) -> Step:
    """The runnable step for one entry of steps.yaml. files: for steps that look at images."""
    looks = {} if getattr(config, "images", None) is None else {"files": files}
    return _BUILDERS[type(config)](config, version, calls, **looks)
