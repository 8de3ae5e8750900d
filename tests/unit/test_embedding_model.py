"""The model that embeds, against a server on this machine that speaks OpenAI's /v1/embeddings."""

from __future__ import annotations

import base64
import struct
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web

from furrow.adapters.embeddings import EmbeddingModel
from furrow.adapters.language_model import open_model
from furrow.config.models import CatalogueModel
from furrow.engine.ports import EMBED, Connection, Message, ModelRequest
from furrow.errors import CredentialsRefused, ProviderUnavailable, RateLimited, RequestRejected

VECTOR = [0.25, -1.0, 3.5]
REQUEST = ModelRequest("embedder", "openai-chat:bge", (Message(EMBED, "도서관 휴관일"),))
Handler = Callable[[web.Request], Awaitable[web.Response]]
Serve = Callable[[Handler], Awaitable[EmbeddingModel]]


def entry(model: str = "openai-chat:bge") -> CatalogueModel:
    return CatalogueModel.model_validate(
        {
            "model": model,
            "connection": "models",
            "capabilities": {"embeddings": True},
            "price": {"input_usd_per_million": 2.0, "output_usd_per_million": 0.0},
            "limits": {"timeout_seconds": 5.0},
        }
    )


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Starts a server with that handler, and gives the model behind it."""
    runners: list[web.AppRunner] = []
    models: list[EmbeddingModel] = []

    async def start(handler: Handler) -> EmbeddingModel:
        app = web.Application()
        app.router.add_post("/v1/embeddings", handler)
        runner = web.AppRunner(app)
        runners.append(runner)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        connection = Connection("models", "pydanticai", f"http://127.0.0.1:{port}/v1", password="key-1234")
        model = open_model("embedder", entry(), connection)
        assert isinstance(model, EmbeddingModel)
        models.append(model)
        return model

    yield start
    for model in models:
        await model.close()
    for runner in runners:
        await runner.cleanup()


def reply(embedding: object) -> web.Response:
    return web.json_response(
        {
            "object": "list",
            "model": "bge",
            "data": [{"object": "embedding", "index": 0, "embedding": embedding}],
            "usage": {"prompt_tokens": 7, "total_tokens": 7},
        }
    )


def packed() -> str:
    return base64.b64encode(struct.pack("<3f", *VECTOR)).decode()


@pytest.mark.parametrize("embedding", [VECTOR, packed()], ids=["numbers", "base64"])
async def test_a_vector_comes_as_base64_whichever_way_the_server_writes_it(
    serve: Serve, embedding: object
) -> None:
    async def handler(_: web.Request) -> web.Response:
        return reply(embedding)

    answer = await (await serve(handler)).ask(REQUEST)
    assert answer.text == packed()
    assert (answer.input_tokens, answer.output_tokens) == (7, 0)
    assert answer.cost_usd == pytest.approx(14e-6)


async def test_the_text_goes_out_as_it_is_with_the_models_name(serve: Serve) -> None:
    asked: list[dict[str, object]] = []

    async def handler(request: web.Request) -> web.Response:
        asked.append(await request.json())
        return reply(VECTOR)

    await (await serve(handler)).ask(REQUEST)
    assert (asked[0]["model"], asked[0]["input"]) == ("bge", "도서관 휴관일")


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, CredentialsRefused), (429, RateLimited), (503, ProviderUnavailable), (501, ProviderUnavailable)],
)
async def test_what_the_server_refuses_is_an_error_of_our_tree(
    serve: Serve, status: int, error: type[Exception]
) -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.json_response({"error": {"message": "no", "type": "x"}}, status=status)

    with pytest.raises(error, match="embedder"):
        await (await serve(handler)).ask(REQUEST)


async def test_an_answer_without_a_vector_is_no_answer(serve: Serve) -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.json_response({"object": "list", "model": "bge", "data": []})

    with pytest.raises(ProviderUnavailable):
        await (await serve(handler)).ask(REQUEST)


def test_a_provider_without_embeddings_is_told_at_once() -> None:
    with pytest.raises(RequestRejected, match="cannot embed"):
        open_model(
            "embedder", entry("anthropic:claude"), Connection("models", "pydanticai", password="key-1234")
        )
