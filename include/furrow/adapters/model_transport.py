"""From an Airflow connection to a pydantic-ai model over aiohttp.

The fields are those of Airflow's PydanticAI hooks (`pydanticai`, `pydanticai-azure`, `pydanticai-vertex`):
password is the API key, host the base URL, extra has `project`, `location`, `api_version`, `api_key`,
`base_url` and `service_account_info`. What a connection leaves out, the SDKs take from their own variables.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

from pydantic_ai.models import Model, infer_model
from pydantic_ai.profiles import JsonSchemaTransformer, merge_profile
from pydantic_ai.providers import Provider, infer_provider_class

from furrow.config.models import CatalogueModel
from furrow.engine.ports import Connection
from furrow.errors import RequestRejected

_EXTRAS = ("api_key", "api_version", "azure_endpoint", "base_url", "location", "project")
_CLOUD_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_OPENAI_HOSTS = ("openai.com", "openai.azure.com")


class Closes(Protocol):
    """Something that holds sockets."""

    async def close(self) -> None:
        """Give the sockets back."""
        ...


@dataclass(frozen=True)
class OpenedModel:
    """A model and what to close after it. transformer: how its vendor wants JSON Schemas changed, or None."""

    model: Model
    sockets: Sequence[Closes]
    transformer: type[JsonSchemaTransformer] | None


def open_transport(entry: CatalogueModel, connection: Connection) -> OpenedModel:
    """The catalogue's model behind the connection. Raises whatever pydantic-ai and the vendor's SDK raise."""
    _check_address(connection)
    sockets: list[Closes] = []

    def provider(name: str) -> Provider[Any]:
        cls: Any = infer_provider_class(name)
        accepted = inspect.signature(cls.__init__).parameters
        given = {key: value for key, value in _credentials(name, connection).items() if key in accepted}
        if "http_client" in accepted:
            client = _http_client(entry)
            given["http_client"] = client
            sockets.append(_HttpClient(client))
        made: Provider[Any] = cls(**given)
        sockets.extend(_tuned(made.client, entry))
        return made

    model = infer_model(entry.model, provider_factory=provider)
    transformer = model.profile.get("json_schema_transformer")
    model.profile = merge_profile(model.profile, {"json_schema_transformer": None})
    if _takes_any_schema(entry, connection):
        transformer = None
    _quiet_client()
    return OpenedModel(model, sockets, transformer)


def _tuned(client: Any, entry: CatalogueModel) -> list[Closes]:
    """The vendor's client without retries of its own, and over aiohttp directly where that is OpenAI's."""
    if hasattr(client, "max_retries"):
        client.max_retries = 0
    # Not a subclass: Azure's builds addresses of its own.
    if f"{type(client).__module__}.{type(client).__name__}" != "openai.AsyncOpenAI":
        return []
    from furrow.adapters.chat_completions import AiohttpCompletions

    limits = entry.limits
    client.chat.completions = AiohttpCompletions(client, limits.concurrency, limits.timeout_seconds)
    return [client.chat.completions]


@dataclass(frozen=True)
class _HttpClient:
    client: Any

    async def close(self) -> None:
        await self.client.aclose()


def _credentials(provider: str, connection: Connection) -> dict[str, Any]:
    found: dict[str, Any] = {name: connection.extra[name] for name in _EXTRAS if connection.extra.get(name)}
    if connection.password:
        found["api_key"] = connection.password
    if connection.host:
        found["azure_endpoint" if provider.startswith("azure") else "base_url"] = connection.host
    if account := connection.extra.get("service_account_info"):
        from google.oauth2 import service_account

        found["credentials"] = service_account.Credentials.from_service_account_info(  # type: ignore[no-untyped-call]
            account, scopes=[_CLOUD_SCOPE]
        )
    return found


def _check_address(connection: Connection) -> None:
    if connection.host and "://" not in connection.host:
        raise RequestRejected(
            f"the host of the connection `{connection.id}` is the base URL of an API: "
            "write it with http:// or https://, such as https://api.openai.com/v1"
        )


def _http_client(entry: CatalogueModel) -> Any:
    """What the SDKs take as their `httpx.AsyncClient`, over aiohttp."""
    import httpx
    from httpx_aiohttp import HttpxAiohttpClient

    limits = httpx.Limits(max_connections=entry.limits.concurrency)
    return HttpxAiohttpClient(limits=limits, timeout=entry.limits.timeout_seconds)


def _takes_any_schema(entry: CatalogueModel, connection: Connection) -> bool:
    """Whether the schema goes out as output.yaml compiles to it.

    OpenAI itself refuses keywords such as `maxLength`, so they are taken out for it. Servers at an address
    of one's own (llama.cpp, vLLM, …) make a grammar of them, and would answer too long without them.
    """
    host = urlsplit(connection.host).hostname or ""
    own = bool(host) and not any(host == name or host.endswith(f".{name}") for name in _OPENAI_HOSTS)
    return own and entry.model.split(":")[0] in {"openai", "openai-chat", "openai-responses", "ollama"}


def _quiet_client() -> None:
    """The HTTP client logs a line for every call at INFO; a task's log is for what went wrong."""
    logger = logging.getLogger("httpx")
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.WARNING)
