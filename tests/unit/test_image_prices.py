"""What images add to the price of a call, before it is made and after."""

from __future__ import annotations

import pytest
from pydantic_ai.messages import ModelResponse, TextPart
from pydantic_ai.usage import RequestUsage

from furrow.adapters.model_price import CataloguePrices, PriceTag
from furrow.config.models import CatalogueModel, Price
from furrow.engine.ports import Image, Message, ModelRequest

IMAGE = Image("image/jpeg", b"\xff" * 100_000)
PER_TOKEN = Price(input_usd_per_million=1, output_usd_per_million=0)
PER_CHARACTER = Price(per="character", input_usd_per_million=1, output_usd_per_million=1)


def asked(images: int, model: str = "openai-chat:m") -> ModelRequest:
    return ModelRequest("m", model, (Message("user", "무엇?", (IMAGE,) * images),), params={"max_tokens": 10})


def prices(price: Price | None, model: str = "openai-chat:m") -> CataloguePrices:
    return CataloguePrices({"m": CatalogueModel(model=model, connection="c", price=price)})


@pytest.mark.parametrize(
    ("model", "tokens"),
    [
        pytest.param("anthropic:claude-opus-4-7", 4784, id="Anthropic's largest"),
        pytest.param("openai:gpt-4.1-nano", 3779, id="1,536 patches, counted 2.46 times"),
        pytest.param("openai-chat:gpt-4o-mini", 48_169, id="eight tiles of gpt-4o-mini"),
        pytest.param("google:gemini-3-pro", 2240, id="Gemini's highest resolution"),
    ],
)
def test_the_most_that_a_call_costs_has_room_for_what_providers_count_for_each_image(
    model: str, tokens: int
) -> None:
    catalogue = prices(PER_TOKEN, model)
    without, one, three = (catalogue.most_usd(asked(count, model)) for count in (0, 1, 3))
    assert without is not None and one is not None and three is not None
    assert one - without >= tokens / 1_000_000
    assert three - without == pytest.approx(3 * (one - without))
    assert three < 0.2  # and not the bytes of the files


def test_an_allowance_of_tokens_counts_images_in() -> None:
    read = [prices(PER_TOKEN).tokens(asked(count))[0] for count in (0, 1, 2)]
    assert read[2] - read[1] == read[1] - read[0] >= 258


def test_nobody_knows_the_price_of_an_image_per_character() -> None:
    assert prices(PER_CHARACTER).most_usd(asked(0)) is not None
    assert prices(PER_CHARACTER).most_usd(asked(1)) is None
    response = ModelResponse(parts=[TextPart("{}")], usage=RequestUsage(input_tokens=9, output_tokens=1))
    tag = PriceTag(CatalogueModel(model="google:m", connection="c", price=PER_CHARACTER))
    assert tag.cost(asked(0).messages, "{}", response) is not None
    assert tag.cost(asked(1).messages, "{}", response) is None
