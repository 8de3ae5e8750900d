"""Models that turn texts into vectors, behind an OpenAI-compatible `/v1/embeddings`."""

from __future__ import annotations

import base64
import struct
import time
from typing import Any

from furrow.adapters.language_model import ProviderModel
from furrow.adapters.model_price import CataloguePrices
from furrow.config.models import CatalogueModel
from furrow.engine.ports import Answer, Connection, Finish, ModelRequest
from furrow.errors import ProviderUnavailable, RequestRejected


class EmbeddingModel(ProviderModel):
    """A LanguageModel whose answers are vectors: base64 of little-endian 32-bit floats.

    So they go through the same ledger, budget and pace as every other paid answer.
    """

    def __init__(self, alias: str, entry: CatalogueModel, connection: Connection):
        super().__init__(alias, entry, connection)
        self._prices = CataloguePrices({alias: entry})
        client: Any = getattr(self._model, "client", None)
        if not hasattr(client, "embeddings"):
            raise RequestRejected(
                f"the model `{alias}` ({entry.model}) cannot embed: that takes a provider with OpenAI's"
                " /v1/embeddings, such as openai-chat"
            )
        self._vectors: Any = client.embeddings

    async def ask(self, request: ModelRequest) -> Answer:
        """The vector of the one message's text. Raises as ProviderModel does."""
        started = time.perf_counter()
        text, model = request.messages[-1].text, self._entry.model.partition(":")[2]
        found = await self._in_time(
            lambda: self._vectors.create(model=model, input=text, encoding_format="base64")
        )
        return self._vector(found, time.perf_counter() - started)

    def _vector(self, found: Any, seconds: float) -> Answer:
        if not found.data:
            raise ProviderUnavailable(f"{self._who}: the answer has no vector", maybe_paid=True)
        tokens = found.usage.prompt_tokens if found.usage else 0
        return Answer(
            text=_as_base64(found.data[0].embedding),
            finish=Finish.STOP,
            model=found.model or self._entry.model.partition(":")[2],
            input_tokens=tokens,
            output_tokens=0,
            cost_usd=self._prices.usd(self.alias, tokens, 0),
            seconds=seconds,
        )


def _as_base64(vector: str | list[float]) -> str:
    """Servers that do not know `encoding_format` answer with numbers."""
    if isinstance(vector, str):
        return vector
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode("ascii")
