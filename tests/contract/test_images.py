"""Images over the wire, as OpenAI, Anthropic and Google want them: the right picture arrives."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import pytest

from furrow.adapters.language_model import open_model
from furrow.config.fields import Fields
from furrow.config.models import Capabilities, CatalogueModel, FieldSpec, Limits
from furrow.engine.pictures import ready_to_send
from furrow.engine.ports import Image, LanguageModel, Message, ModelRequest
from furrow.testing import Asked, ModelServer
from tests.pictures import BLUE, GREEN, RED, drawn

PROVIDERS = ["openai-chat:m", "anthropic:claude-sonnet-4-5", "google:gemini-2.5-flash"]
FIELDS = Fields({"number": FieldSpec(type="integer", min=1, max=9)}, "cover")


def sent(colour: tuple[int, ...], size: tuple[int, int] = (64, 48)) -> Image:
    return ready_to_send(drawn(colour, size), "a.png", 64)


def reddest(asked: Asked) -> str:
    """Looks at the images and answers the number of the one with the most red."""
    redness = [seen.colour[0] - seen.colour[1] - seen.colour[2] for seen in asked.images]
    return json.dumps({"number": 1 + redness.index(max(redness))})


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with ModelServer(script=lambda asked: reddest(asked) if asked.images else None) as started:
        yield started


@pytest.fixture(params=PROVIDERS)
async def model(request: pytest.FixtureRequest, server: ModelServer) -> AsyncIterator[LanguageModel]:
    entry = CatalogueModel(
        model=request.param,
        connection="models",
        limits=Limits(timeout_seconds=20),
        capabilities=Capabilities(vision=True),
    )
    opened = open_model("vision", entry, server.connection(protocol=request.param.partition(":")[0]))
    yield opened
    await opened.close()


def question(*images: Image, before: tuple[Message, ...] = ()) -> ModelRequest:
    turns = (Message("system", "고르라."), *before, Message("user", "대표 사진은?", images))
    return ModelRequest("vision", "test:m", turns, FIELDS.json_schema, "cover", {"max_tokens": 64})


@pytest.mark.parametrize("place", [0, 1, 2])
async def test_the_server_finds_the_red_picture_wherever_it_stands(model: LanguageModel, place: int) -> None:
    images = [sent(GREEN), sent(BLUE)]
    images.insert(place, sent(RED))
    answer = await model.ask(question(*images))
    assert FIELDS.validate_json(answer.text) == {"number": place + 1}


async def test_every_byte_of_an_image_arrives_with_its_type(
    model: LanguageModel, server: ModelServer
) -> None:
    images = [sent(RED), sent(BLUE, (32, 60))]
    await model.ask(question(*images))
    seen = server.asked[-1].images
    assert [one.digest for one in seen] == [hashlib.sha256(image.content).hexdigest() for image in images]
    assert [(one.media_type, one.width, one.height) for one in seen] == [
        ("image/jpeg", 64, 48),
        ("image/jpeg", 32, 60),
    ]


async def test_several_images_are_numbered_and_the_question_comes_last(
    model: LanguageModel, server: ModelServer
) -> None:
    await model.ask(question(sent(RED), sent(GREEN)))
    assert server.asked[-1].messages[-1] == ("user", "Image 1:Image 2:대표 사진은?")
    await model.ask(question(sent(RED)))
    assert server.asked[-1].messages[-1] == ("user", "대표 사진은?")


async def test_a_question_without_images_goes_as_text_alone(
    model: LanguageModel, server: ModelServer
) -> None:
    await model.ask(question())
    assert server.asked[-1].images == ()
    assert server.asked[-1].messages[-1] == ("user", "대표 사진은?")


async def test_a_record_that_is_asked_again_keeps_its_own_images(
    model: LanguageModel, server: ModelServer
) -> None:
    """The turns before the last are kept for the next record; those of a record must not be."""
    for colour, number in ((GREEN, 1), (RED, 2)):
        first = Message("user", "대표 사진은?", (sent(colour), sent(BLUE)))
        turns = (first, Message("assistant", "?"), Message("user", "다시"))
        await model.ask(ModelRequest("vision", "test:m", turns, FIELDS.json_schema, "cover"))
        digest = hashlib.sha256(sent(colour).content).hexdigest()
        assert server.asked[-1].images[0].digest == digest, number


async def test_images_are_counted_as_tokens_and_decide_the_answer(server: ModelServer) -> None:
    with ModelServer() as other:
        answers = {await _asked(other, sent(colour)) for colour in (RED, GREEN, BLUE, RED)}
    assert len(answers) == 3
    assert all(read > 258 for _, read in answers)


async def _asked(server: ModelServer, image: Image) -> tuple[str, int]:
    entry = CatalogueModel(model="openai-chat:m", connection="models")
    opened = open_model("vision", entry, server.connection())
    try:
        schema = Fields({"word": FieldSpec(type="string", max_length=12)}, "word").json_schema
        answer = await opened.ask(ModelRequest("v", "m", (Message("user", "?", (image,)),), schema))
    finally:
        await opened.close()
    return answer.text, answer.input_tokens


# --- what the server refuses, as providers do ---------------------------------------------------------

PNG = base64.b64encode(drawn()).decode()
BAD = base64.b64encode(b"no image").decode()


def bodies(media_type: str, encoded: str) -> dict[str, Any]:
    url = {"type": "image_url", "image_url": {"url": f"data:{media_type};base64,{encoded}"}}
    source = {"type": "base64", "media_type": media_type, "data": encoded}
    inline = {"inlineData": {"mimeType": media_type, "data": encoded}}
    return {
        "/v1/chat/completions": {"model": "m", "messages": [{"role": "user", "content": [url]}]},
        "/v1/messages": {
            "model": "m",
            "messages": [{"role": "user", "content": [{"type": "image", "source": source}]}],
        },
        "/v1beta/models/m:generateContent": {"contents": [{"role": "user", "parts": [inline]}]},
    }


@pytest.mark.parametrize("path", list(bodies("", "")))
@pytest.mark.parametrize(
    ("media_type", "encoded", "status"),
    [
        pytest.param("image/png", PNG, 200, id="a picture"),
        pytest.param("image/jpeg", PNG, 400, id="another type"),
        pytest.param("image/png", BAD, 400, id="no picture"),
        pytest.param("image/png", "%%%", 400, id="no base64"),
    ],
)
async def test_the_server_decodes_every_image(
    server: ModelServer, path: str, media_type: str, encoded: str, status: int
) -> None:
    async with aiohttp.ClientSession() as session:
        url = server.address + path
        async with session.post(url, json=bodies(media_type, encoded)[path]) as response:
            assert response.status == status
