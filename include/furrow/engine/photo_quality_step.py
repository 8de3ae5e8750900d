"""The `photo_quality` step: photos ranked by how they were taken, without a model."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from furrow.config.models import IMAGES, PhotoQualityStep
from furrow.config.use_case import Version
from furrow.engine.calls import Answers
from furrow.engine.photo_ranking import rank
from furrow.engine.pictures import Pictures
from furrow.engine.ports import ImageFiles, Json
from furrow.engine.prompt import context_of
from furrow.engine.record import Trace, Work
from furrow.engine.step import step_of

if TYPE_CHECKING:
    from furrow.engine.photo_measures import Measures


@step_of(PhotoQualityStep)
class PhotoQualityRunner:
    """Measures each photo of a record and ranks them."""

    look_ahead = 4

    def __init__(
        self, config: PhotoQualityStep, version: Version, calls: Answers, files: ImageFiles | None = None
    ):
        self.name, self._config = config.name, config
        self._pictures = Pictures(config.images, version.expressions[config.name][IMAGES], files)

    async def run(self, work: Work, trace: Trace) -> Json:
        """`order`, `scores`, `duplicates` and `reasons`. Raises RecordError or ImageUnavailable."""
        names = list(dict.fromkeys(self._pictures.names(context_of(work))))
        measured = await asyncio.gather(*(self._measured(name) for name in names))
        return rank(dict(zip(names, measured, strict=True)), self._config.min_edge)

    async def _measured(self, name: str) -> Measures:
        content = await self._pictures.read(name)
        return await asyncio.to_thread(_measured, content, name, self._config.images.max_edge)


def _measured(content: bytes, name: str, max_edge: int) -> Measures:
    from furrow.engine.photo_measures import measure

    return measure(content, name, max_edge)
