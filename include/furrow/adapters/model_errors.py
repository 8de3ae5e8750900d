"""What vendors raise -> our tree: does a retry help, or does a person have to act, or is it the record?"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from pydantic_ai.exceptions import ModelHTTPError

from furrow.errors import (
    AnswerRefused,
    AnswerTruncated,
    CredentialsRefused,
    FurrowError,
    ProviderUnavailable,
    RateLimited,
    RecordTooLarge,
    RequestRejected,
    TransientError,
)

_LONGEST = 500
_TOO_LONG = re.compile(
    r"context[ _](length|window|size)|prompt is too long|input token count|too many (input )?tokens"
)
_TOO_LONG_STATUS = 413
_BAD_KEY = re.compile(r"api[ _]key[ _](not[ _]valid|invalid)")
_SECONDS = re.compile(r"([0-9.]+)s")
_LOOK = "look at the connection's password and extra"
_DEEPEST = 10


def mapped(error: BaseException, who: str, clean: Callable[[str], str]) -> FurrowError:
    """The error of our tree for what a vendor raised; `clean` takes secrets out of its words.

    An error that nobody foresaw counts as the provider being out of order: a retry may help, and after
    the last one the task fails with these words. It may have been paid for, unless the provider said no or
    there was no connection to send the request over.
    """
    if isinstance(error, FurrowError):
        return error
    words = f"{who}: {clean(_words(error))[:_LONGEST]}"
    status = _status(error)
    if status is not None:
        return _by_status(status, words, error)
    return _by_class(error, words)


def _by_status(status: int, words: str, error: BaseException) -> FurrowError:
    told = words.lower()
    if status == _TOO_LONG_STATUS or (400 <= status < 500 and _TOO_LONG.search(told)):
        return RecordTooLarge(f"{words}; the prompt does not fit the model")
    if status in (401, 403) or (status == 400 and _BAD_KEY.search(told)):
        return _refused_credentials(words)
    if status == 429:
        return RateLimited(words, _retry_after(error))
    if status < 400:
        # The provider did its work, and something between broke the answer.
        return ProviderUnavailable(words, _retry_after(error), maybe_paid=True)
    if status in (408, 409, 425) or status >= 500:
        return ProviderUnavailable(words, _retry_after(error))
    return RequestRejected(words)


def _by_class(error: BaseException, words: str) -> FurrowError:
    for name in _ancestry(error):
        if name in _BY_NAME:
            found = _BY_NAME[name](words)
            break
    else:
        found = ProviderUnavailable(f"{words} ({type(error).__name__})")
    if isinstance(found, TransientError):
        found.maybe_paid = not _never_sent(error)
    return found


def _ancestry(error: BaseException) -> list[str]:
    # By name: a vendor's SDK is imported only with a model of that vendor.
    return [cls.__name__ for cls in type(error).__mro__]


def _never_sent(error: BaseException) -> bool:
    """Whether the request did not leave: an error of opening the connection is below it."""
    chain = list(_chain(error))
    # Over aiohttp, httpx calls a connection that was lost a `ConnectTimeout`; aiohttp itself knows better.
    plain = [below for below in chain if _vendor(below) == "aiohttp"] or chain
    return any(
        not _NEVER_SENT.isdisjoint(_ancestry(below)) or type(below).__module__ == "google.auth.exceptions"
        for below in plain
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came from, down to the first."""
    below: BaseException | None = error
    for _ in range(_DEEPEST):
        if below is None:
            return
        yield below
        below = below.__cause__ or below.__context__


def _vendor(error: BaseException) -> str:
    return type(error).__module__.partition(".")[0]


def _refused_credentials(words: str) -> FurrowError:
    return CredentialsRefused(f"{words}; {_LOOK}")


_BY_NAME: dict[str, Callable[[str], FurrowError]] = {
    # pydantic-ai
    "ContentFilterError": AnswerRefused,
    "IncompleteToolCall": AnswerTruncated,
    "UserError": RequestRejected,
    "UsageLimitExceeded": RequestRejected,
    # OpenAI, Anthropic
    "ContentFilterFinishReasonError": AnswerRefused,
    "LengthFinishReasonError": AnswerTruncated,
    "SubjectTokenProviderError": _refused_credentials,
    "CredentialsError": _refused_credentials,
    # Google's credentials
    "TransportError": ProviderUnavailable,
    "ResponseError": ProviderUnavailable,
    "GoogleAuthError": _refused_credentials,
    # An address that is none: aiohttp, httpx
    "InvalidURL": RequestRejected,
    "NonHttpUrlClientError": RequestRejected,
    "UnsupportedProtocol": RequestRejected,
}


_NEVER_SENT = frozenset(
    {
        # aiohttp
        "ClientConnectorError",
        "ClientHttpProxyError",
        "ConnectionTimeoutError",
        "ServerFingerprintMismatch",
        # httpx
        "ConnectError",
        "ConnectTimeout",
        "PoolTimeout",
        "ProxyError",
        # Python
        "ConnectionRefusedError",
        "gaierror",
        # pydantic-ai: too many requests of our own
        "ConcurrencyLimitExceeded",
    }
)


def _status(error: BaseException) -> int | None:
    """The HTTP status that an error of pydantic-ai or of a vendor's SDK carries."""
    if _vendor(error) == "aiohttp":
        # Its own errors say 400 for a response that it cannot read.
        return None
    for name in ("status_code", "code"):
        status = getattr(error, name, None)
        if isinstance(status, int) and 100 <= status < 600:
            return status
    return None


def _retry_after(error: BaseException) -> float | None:
    """Seconds that the provider asked us to wait: in a header, or in the body as Google says it."""
    headers = _headers(error)
    if milliseconds := headers.get("retry-after-ms"):
        return _not_negative(float(milliseconds) / 1000) if _is_number(milliseconds) else None
    if asked := headers.get("retry-after"):
        return _not_negative(float(asked)) if _is_number(asked) else _until(asked)
    return _retry_info(getattr(error, "body", None) or getattr(error, "details", None))


def _headers(error: BaseException) -> dict[str, str]:
    found = getattr(error, "headers", None) if isinstance(error, ModelHTTPError) else None
    if found is None:
        found = getattr(getattr(error, "response", None), "headers", None)
    return {str(k).lower(): str(v) for k, v in found.items()} if isinstance(found, Mapping) else {}


def _is_number(text: str) -> bool:
    return re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text.strip()) is not None


def _not_negative(seconds: float) -> float:
    return max(0.0, seconds)


def _until(date: str) -> float | None:
    """Seconds until an HTTP date; None for what is none."""
    try:
        moment = parsedate_to_datetime(date)
    except (TypeError, ValueError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return _not_negative((moment - datetime.now(UTC)).total_seconds())


def _retry_info(body: Any) -> float | None:
    """`google.rpc.RetryInfo` in an error's details: `{"retryDelay": "34s"}`."""
    error = body.get("error", body) if isinstance(body, Mapping) else {}
    details = error.get("details") if isinstance(error, Mapping) else None
    for detail in details if isinstance(details, list) else []:
        delay = detail.get("retryDelay") if isinstance(detail, Mapping) else None
        if isinstance(delay, str) and (found := _SECONDS.fullmatch(delay)):
            return float(found[1])
    return None


def _words(error: BaseException) -> str:
    """What the vendor said, and the cause below it where that says more ("Connection error.")."""
    cause = error.__cause__
    if cause is None or isinstance(error, ModelHTTPError):
        return f"{error}"
    return f"{error} <- {type(cause).__name__}: {cause}"
