"""What a call costs in US dollars: the catalogue's own price, else the public list, else unknown."""

from __future__ import annotations

from collections.abc import Sequence

from genai_prices import calc_price
from pydantic_ai.messages import ModelResponse

from furrow.config.models import CatalogueModel, Price
from furrow.engine.ports import Message

_MILLION = 1_000_000


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


def by_catalogue(
    price: Price, messages: Sequence[Message], text: str, response: ModelResponse
) -> float | None:
    """US dollars by the catalogue's price; None when it is per token and the answer came without a count.

    Per character as Vertex AI bills text: code points of UTF-8 without white space, of the whole prompt and
    of the answer (https://cloud.google.com/vertex-ai/generative-ai/pricing; its `countTokens` calls them
    billable characters).
    """
    if price.per == "character":
        read, written = sum(characters(message.text) for message in messages), characters(text)
    else:
        read, written = response.usage.input_tokens, response.usage.output_tokens
    cost = (read * price.input_usd_per_million + written * price.output_usd_per_million) / _MILLION
    free = price.input_usd_per_million == price.output_usd_per_million == 0
    return cost if read or written or free else None


def characters(text: str) -> int:
    """Code points that are not white space."""
    return len("".join(text.split()))


def _by_list(model: str, response: ModelResponse) -> float | None:
    """By the public list: the address names the seller best, the provider's name next."""
    try:
        try:
            found = calc_price(response.usage, model, provider_api_url=response.provider_url)
        except LookupError:
            found = calc_price(response.usage, model, provider_id=response.provider_name)
    except (LookupError, ValueError):
        return None
    return float(found.total_price)
