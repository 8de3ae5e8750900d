"""What a call costs in US dollars: the catalogue's own price, else the public list, else unknown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

import orjson

from furrow.config.models import CatalogueModel, Price
from furrow.engine.ports import Message, ModelRequest

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelResponse

_MILLION = 1_000_000
_LONGEST_ANSWER = 8192
"""Tokens, when a request does not say."""
_OVERHEAD_TOKENS = 500
"""For what providers wrap around a request: turn markers, the words for a schema."""
_CHARACTERS_PER_TOKEN = 8
"""More than any tokenizer averages over an answer."""
_BYTES_PER_TOKEN = 3.0
_IMAGE_TOKENS, _USUAL_IMAGE_TOKENS = 6_000, 1_000
"""For one image: more than Anthropic (4,784), OpenAI (3,779) or Gemini (2,240) count at most; and about."""
_MORE_IMAGE_TOKENS = {"gpt-4o-mini": 50_000}
"""It counts an image as if it cost what gpt-4o takes for one."""
_USUAL_ANSWER = 200
_PROVIDERS = {"openai-chat": "openai", "openai-responses": "openai", "google-cloud": "google"}
"""Prefix of pydantic-ai -> the provider's name in the public price list."""


class PriceTag:
    """The price of one catalogue model's calls."""

    def __init__(self, entry: CatalogueModel):
        self._price = entry.price
        self._asked = entry.model.partition(":")[2]
        self._unlisted: set[str] = set()

    def cost(self, messages: Sequence[Message], text: str, response: ModelResponse) -> float | None:
        """US dollars, or None when nobody knows: an unknown price is not free."""
        if self._price is not None:
            return by_catalogue(self._price, messages, text, response)
        if not response.usage.has_values():
            return None
        for model in dict.fromkeys((response.model_name or self._asked, self._asked)):
            if model not in self._unlisted and (cost := _by_list(model, response)) is not None:
                return cost
            self._unlisted.add(model)
        return None


class CataloguePrices:
    """The prices of a catalogue's calls before they are made."""

    def __init__(self, catalogue: Mapping[str, CatalogueModel]):
        self._catalogue = catalogue

    def most_usd(self, request: ModelRequest) -> float | None:
        """No more than this: a token is at least one byte of UTF-8, and the answer ends at `max_tokens`.

        None also for images to a model that is priced per character.
        """
        text = "".join(message.text for message in request.messages)
        written = int(request.params.get("max_tokens") or _LONGEST_ANSWER)
        price = self._catalogue[request.alias].price
        if price is not None and price.per == "character":
            if image_count(request.messages):
                return None  # an image has no characters
            return in_dollars(price, characters(text), written * _CHARACTERS_PER_TOKEN)
        seen = _most_image_tokens(request.model) * image_count(request.messages)
        return self.usd(request.alias, _bytes(request) + seen + _OVERHEAD_TOKENS, written)

    def tokens(self, request: ModelRequest) -> tuple[int, int]:
        """Read and written, about: three bytes of prompt are a token, and an answer is rarely long."""
        longest = int(request.params.get("max_tokens") or _USUAL_ANSWER)
        seen = _USUAL_IMAGE_TOKENS * image_count(request.messages)
        return round(_bytes(request) / _BYTES_PER_TOKEN) + seen, min(longest, _USUAL_ANSWER)

    def usd(self, alias: str, input_tokens: int, output_tokens: int) -> float | None:
        """What so many tokens cost; for a price per character, with two characters a token (Korean)."""
        entry = self._catalogue[alias]
        if entry.price is None:
            return _listed(entry.model, input_tokens, output_tokens)
        each = 2 if entry.price.per == "character" else 1
        return in_dollars(entry.price, each * input_tokens, each * output_tokens)


def _most_image_tokens(model: str) -> int:
    return next((most for name, most in _MORE_IMAGE_TOKENS.items() if name in model), _IMAGE_TOKENS)


def image_count(messages: Sequence[Message]) -> int:
    """Images in all turns."""
    return sum(len(message.images) for message in messages)


def in_dollars(price: Price, read: int, written: int) -> float:
    """Units of what the price counts -> US dollars."""
    return (read * price.input_usd_per_million + written * price.output_usd_per_million) / _MILLION


def _bytes(request: ModelRequest) -> int:
    text = sum(len(message.text.encode("utf-8", "surrogatepass")) for message in request.messages)
    return text + (0 if request.schema is None else len(orjson.dumps(request.schema)))


@cache
def _unit_prices(model: str) -> tuple[float, float] | None:
    """US dollars of a million tokens read, and written, by the public list."""
    from genai_prices import Usage, calc_price

    provider, _, name = model.partition(":")
    usages = Usage(input_tokens=_MILLION), Usage(output_tokens=_MILLION)
    try:
        read, written = (
            float(calc_price(usage, name, provider_id=_PROVIDERS.get(provider, provider)).total_price)
            for usage in usages
        )
    except (LookupError, ValueError):
        return None
    return read, written


def _listed(model: str, input_tokens: int, output_tokens: int) -> float | None:
    units = _unit_prices(model)
    return units and (input_tokens * units[0] + output_tokens * units[1]) / _MILLION


def by_catalogue(
    price: Price, messages: Sequence[Message], text: str, response: ModelResponse
) -> float | None:
    """US dollars by the catalogue's price; None when it is per token and the answer came without a count.

    Per character as Vertex AI bills text: code points of UTF-8 without white space, of the whole prompt and
    of the answer (https://cloud.google.com/vertex-ai/generative-ai/pricing; its `countTokens` calls them
    billable characters).
    """
    if price.per == "character":
        if image_count(messages):
            return None
        read, written = sum(characters(message.text) for message in messages), characters(text)
    else:
        read, written = response.usage.input_tokens, response.usage.output_tokens
    cost = in_dollars(price, read, written)
    free = price.input_usd_per_million == price.output_usd_per_million == 0
    return cost if read or written or free else None


def characters(text: str) -> int:
    """Code points that are not white space."""
    return len("".join(text.split()))


def _by_list(model: str, response: ModelResponse) -> float | None:
    """By the public list: the address names the seller best, the provider's name next."""
    from genai_prices import calc_price

    try:
        try:
            found = calc_price(response.usage, model, provider_api_url=response.provider_url)
        except LookupError:
            found = calc_price(response.usage, model, provider_id=response.provider_name)
    except (LookupError, ValueError):
        return None
    return float(found.total_price)
