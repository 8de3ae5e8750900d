"""OpenAI's chat completions straight over aiohttp: the resource of the SDK that pydantic-ai calls."""

from __future__ import annotations

import ssl
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx
import orjson
from openai import AsyncOpenAI, Omit
from openai.types.chat import ChatCompletion, ChatCompletionMessage
from openai.types.chat.chat_completion import Choice
from pydantic import ValidationError
from pydantic_ai.exceptions import ModelHTTPError, UnexpectedModelBehavior

_WITHHELD = Choice(
    finish_reason="content_filter", index=0, message=ChatCompletionMessage(role="assistant", content="")
)


class AiohttpCompletions:
    """Stands in for `client.chat.completions` of the OpenAI SDK.

    pydantic-ai words the request and reads the answer as ever. Left out is what the SDK does between: a
    comparison of every chat turn with all of its message types, and an HTTP client over the HTTP client.
    That took most of the CPU of a call (3.3 ms with it, 1 ms without). For one event loop.
    """

    def __init__(self, client: AsyncOpenAI, connections: int, seconds: float):
        self._url = f"{str(client.base_url).rstrip('/')}/chat/completions"
        given = {**client.default_headers, **client.auth_headers}
        self._headers = {name: value for name, value in given.items() if isinstance(value, str)}
        self._connections, self._seconds = connections, seconds
        self._opened: aiohttp.ClientSession | None = None

    async def create(self, **asked: Any) -> ChatCompletion:
        """One completion. Raises ModelHTTPError, UnexpectedModelBehavior or aiohttp's errors."""
        headers = {**self._headers, **(asked.pop("extra_headers", None) or {})}
        extra_body = asked.pop("extra_body", None) or {}
        asked.pop("timeout", None)
        body = {name: value for name, value in asked.items() if not isinstance(value, Omit)}
        data = orjson.dumps({**body, **extra_body})
        async with self._session().post(self._url, data=data, headers=headers) as response:
            content = await response.read()
        if response.status >= 400:
            raise ModelHTTPError(
                response.status, asked["model"], _body(content), headers=dict(response.headers)
            )
        return _completion(content)

    async def close(self) -> None:
        """Give the sockets back."""
        if self._opened is not None:
            await self._opened.close()

    def _session(self) -> aiohttp.ClientSession:
        if self._opened is None:
            self._opened = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections, ssl=_certificates(self._url)),
                timeout=aiohttp.ClientTimeout(total=self._seconds),
                proxy=_proxy(self._url),
            )
        return self._opened


def _proxy(url: str) -> str | None:
    """The proxy that the environment names, looked up once: aiohttp would do it in a thread at every call."""
    address = urlsplit(url)
    return None if proxy_bypass(address.netloc.rpartition("@")[2]) else getproxies().get(address.scheme)


def _certificates(url: str) -> ssl.SSLContext | bool:
    """The same authorities as the SDKs trust."""
    return httpx.create_ssl_context() if url.startswith("https:") else True


def _completion(content: bytes) -> ChatCompletion:
    try:
        found = ChatCompletion.model_validate_json(content)
        if not found.choices and found.usage is not None:  # paid for, and withheld: a content filter's work
            found.choices.append(_WITHHELD)
        return found
    except ValidationError:
        # Servers leave fields out; as with the SDK, pydantic-ai decides whether it can do without.
        body = _body(content)
    if not isinstance(body, dict):
        raise UnexpectedModelBehavior("the answer is not JSON", content[:200].decode(errors="replace"))
    return ChatCompletion.construct(**body)


def _body(content: bytes) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        return content.decode(errors="replace")
