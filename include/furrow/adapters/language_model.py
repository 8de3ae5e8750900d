"""Language models of any provider through pydantic-ai's model layer, over aiohttp."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import TypeVar

from pydantic_ai.messages import ModelResponse, TextPart

from furrow.adapters.model_errors import mapped
from furrow.adapters.model_price import PriceTag
from furrow.adapters.model_transport import open_transport
from furrow.adapters.model_turns import Shapes, Turns, settings_of
from furrow.config.models import CatalogueModel
from furrow.engine.ports import Answer, Connection, Finish, Json, LanguageModel, ModelRequest
from furrow.errors import FurrowError, ProviderUnavailable, RequestRejected

Got = TypeVar("Got")
logger = logging.getLogger(__name__)

_FINISH = {"length": Finish.LENGTH, "content_filter": Finish.REFUSED}
_SECRETS = ("api_key", "private_key", "private_key_id", "password", "token", "secret")
_SHORTEST_SECRET = 4


def open_model(alias: str, entry: CatalogueModel, connection: Connection) -> LanguageModel:
    """One model behind one connection, for one event loop.

    Takes what pydantic-ai names: `openai-chat:…` (chat completions, of OpenAI or of any server whose address
    is the connection's host), `openai:…` (OpenAI's Responses API), `azure:…`, `anthropic:…`, `google:…`
    (Gemini API), `google-cloud:…` (Vertex AI) and so on. Raises RequestRejected when the provider is not
    known or the connection does not have what it needs.
    """
    if entry.capabilities.embeddings:
        from furrow.adapters.embeddings import EmbeddingModel

        return EmbeddingModel(alias, entry, connection)
    return ProviderModel(alias, entry, connection)


class ProviderModel:
    """A LanguageModel of a provider. The vendor's own retries are off; the engine decides about those."""

    def __init__(self, alias: str, entry: CatalogueModel, connection: Connection):
        self.alias, self._entry = alias, entry
        self._secrets = tuple(_secrets(connection))
        try:
            opened = open_transport(entry, connection)
        except FurrowError:
            raise
        except Exception as error:
            raise RequestRejected(
                f"the model `{alias}` ({entry.model}) cannot be opened with the connection "
                f"`{connection.id}`: {self._without_secrets(str(error))}"
            ) from None
        self._model, self._sockets = opened.model, opened.sockets
        self._turns, self._shapes, self._price = Turns(), Shapes(opened.transformer), PriceTag(entry)
        self._echoed: set[str] = set()

    async def ask(self, request: ModelRequest) -> Answer:
        """One call, no retry, within the catalogue's deadline.

        Raises TransientError (retry helps), RunError (a person has to act), or RecordTooLarge when this
        prompt does not fit the model's context.
        """
        started = time.perf_counter()
        response = await self._in_time(lambda: self._response(request))
        return self._answer(request, response, time.perf_counter() - started)

    async def close(self) -> None:
        """Give the sockets back."""
        for socket in self._sockets:
            await socket.close()

    async def _response(self, request: ModelRequest) -> ModelResponse:
        return await self._model.request(
            self._turns.of(request.messages),
            settings_of(request.params, request.sample, self._entry.limits.timeout_seconds),
            self._shapes.of(request),
        )

    async def _in_time(self, call: Callable[[], Awaitable[Got]]) -> Got:
        """What the call gives within the deadline; what it raises, as an error of ours."""
        deadline = self._entry.limits.timeout_seconds
        try:
            async with asyncio.timeout(deadline):
                return await call()
        except TimeoutError:
            raise ProviderUnavailable(
                f"{self._who}: no answer within {deadline:g} s", maybe_paid=True
            ) from None
        except Exception as error:
            raise mapped(error, self._who, self._without_secrets) from None

    @property
    def _who(self) -> str:
        return f"`{self.alias}` ({self._entry.model})"

    def _answer(self, request: ModelRequest, response: ModelResponse, seconds: float) -> Answer:
        text = "".join(part.content for part in response.parts if isinstance(part, TextPart))
        if response.finish_reason == "error" and not text:
            told = response.provider_details
            raise ProviderUnavailable(f"{self._who}: gave up on the answer: {told}", maybe_paid=True)
        withheld = response.finish_reason is None and not text  # paid for, and nothing in it
        return Answer(
            text=text,
            finish=Finish.REFUSED if withheld else _FINISH.get(response.finish_reason or "", Finish.STOP),
            model=self._model_behind(response),
            input_tokens=response.usage.input_tokens,
            output_tokens=response.usage.output_tokens,
            cost_usd=self._price.cost(request.messages, text, response),
            seconds=seconds,
        )

    def _model_behind(self, response: ModelResponse) -> str:
        """The name that the provider echoes, told once when it is of another model than was asked."""
        asked = self._entry.model.partition(":")[2]
        echoed = response.model_name or asked
        if echoed not in self._echoed:
            self._echoed.add(echoed)
            if not _same_model(asked, echoed):
                logger.warning(
                    "%s answered as %r; its answers are recorded under that name", self._who, echoed
                )
        return echoed

    def _without_secrets(self, text: str) -> str:
        """The text without the connection's secrets, which vendors like to repeat."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text


def _same_model(asked: str, echoed: str) -> bool:
    """Whether one name is the other with a date or a folder; what stands for an alias is not known here."""
    short, long = sorted((_bare(asked), _bare(echoed)), key=len)
    return long.startswith(short)


def _bare(model: str) -> str:
    return model.rpartition("/")[2].lower().removesuffix("-latest")


def _secrets(connection: Connection) -> Iterator[str]:
    yield from _long_enough(connection.password)
    yield from _within(connection.extra)


def _within(extra: Json) -> Iterator[str]:
    for name, value in extra.items():
        if isinstance(value, Mapping):
            yield from _within(dict(value))
        elif isinstance(value, str) and any(word in name.lower() for word in _SECRETS):
            yield from _long_enough(value)


def _long_enough(secret: str) -> Iterator[str]:
    """A secret of a letter or two would blot out ordinary words."""
    if len(secret) >= _SHORTEST_SECRET:
        yield secret
