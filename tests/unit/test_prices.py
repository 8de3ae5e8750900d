"""What a call costs: the catalogue first, then the public list, else nobody knows."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic_ai.messages import ModelResponse, TextPart
from pydantic_ai.usage import RequestUsage

from furrow.adapters.model_price import PriceTag, characters
from furrow.config.models import CatalogueModel, Price
from furrow.engine.ports import Message

MESSAGES = (Message("system", "가격을 찾아라."), Message("user", "아이폰 14\t프로\n 75만 원"))
ANSWER = '{"price": "75만 원"}'


def cost(
    model: str = "openai-chat:m",
    price: Price | None = None,
    echoed: str | None = "m",
    tokens: tuple[int, int] = (1_000_000, 500_000),
    **where: Any,
) -> float | None:
    entry = CatalogueModel(model=model, connection="c", price=price)
    usage = RequestUsage(input_tokens=tokens[0], output_tokens=tokens[1])
    response = ModelResponse(parts=[TextPart(ANSWER)], usage=usage, model_name=echoed, **where)
    return PriceTag(entry).cost(MESSAGES, ANSWER, response)


def test_the_catalogues_price_per_token_counts_both_ways() -> None:
    assert cost(price=Price(input_usd_per_million=0.5, output_usd_per_million=2)) == pytest.approx(1.5)


def test_the_catalogues_price_wins_over_the_public_list() -> None:
    price = Price(input_usd_per_million=1, output_usd_per_million=0)
    assert cost("openai-chat:gpt-4o-mini", price, "gpt-4o-mini", provider_name="openai") == 1


def test_a_price_per_character_counts_what_is_not_white_space() -> None:
    price = Price(per="character", input_usd_per_million=1_000_000, output_usd_per_million=100)
    read = len("가격을찾아라.") + len("아이폰14프로75만원")
    written = len('{"price":"75만원"}')
    assert cost(price=price, tokens=(0, 0)) == pytest.approx(read + written * 100 / 1_000_000)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        pytest.param("", 0, id="nothing"),
        pytest.param(" \t\n\u3000\u00a0", 0, id="white space of every kind"),
        pytest.param("한글 네글자", 5, id="Korean"),
        pytest.param("a b", 2, id="English"),
        pytest.param("😀👍🏽", 3, id="emoji by code point"),
    ],
)
def test_characters_are_code_points_without_white_space(text: str, count: int) -> None:
    assert characters(text) == count


def test_a_free_model_costs_nothing_even_without_a_token_count() -> None:
    free = Price(input_usd_per_million=0, output_usd_per_million=0)
    assert cost(price=free, tokens=(0, 0)) == 0


def test_a_price_per_token_without_a_token_count_is_unknown() -> None:
    assert cost(price=Price(input_usd_per_million=1, output_usd_per_million=1), tokens=(0, 0)) is None
    assert cost("openai-chat:gpt-4o-mini", None, "gpt-4o-mini", (0, 0), provider_name="openai") is None


@pytest.mark.parametrize(
    ("model", "echoed", "where"),
    [
        pytest.param(
            "openai-chat:gpt-4o-mini",
            "gpt-4o-mini-2024-07-18",
            {"provider_name": "openai", "provider_url": "https://api.openai.com/v1/"},
            id="by address",
        ),
        pytest.param(
            "openai-chat:gpt-4o-mini",
            "gpt-4o-mini",
            {"provider_name": "openai", "provider_url": "http://gateway.example/v1"},
            id="by provider behind a gateway",
        ),
        pytest.param(
            "openai-chat:gpt-4o-mini",
            "a-name-of-the-gateway",
            {"provider_name": "openai"},
            id="by the name that was asked for",
        ),
        pytest.param("anthropic:claude-sonnet-4-5", None, {"provider_name": "anthropic"}, id="no echo"),
        pytest.param("google:gemini-2.5-flash", "gemini-2.5-flash", {"provider_name": "google"}, id="gemini"),
    ],
)
def test_the_public_list_knows_the_price(model: str, echoed: str | None, where: dict[str, str]) -> None:
    found = cost(model, None, echoed, (1000, 500), **where)
    assert found is not None
    assert 0 < found < 0.1


@pytest.mark.parametrize(
    "where", [{}, {"provider_name": "openai"}, {"provider_url": "http://127.0.0.1:1/v1"}]
)
def test_a_price_that_nobody_knows_is_none_and_never_zero(where: dict[str, str]) -> None:
    assert cost("openai-chat:no-such-model", None, "no-such-model", **where) is None


def test_a_model_that_is_not_on_the_list_stays_unknown_on_the_next_call() -> None:
    tag = PriceTag(CatalogueModel(model="openai-chat:nobody", connection="c"))
    usage = RequestUsage(input_tokens=1, output_tokens=1)
    response = ModelResponse(parts=[TextPart("x")], usage=usage, model_name="nobody", provider_name="openai")
    assert [tag.cost(MESSAGES, "x", response) for _ in range(2)] == [None, None]
