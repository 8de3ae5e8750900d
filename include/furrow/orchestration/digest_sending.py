"""Sends a digest through an Airflow connection: what kind of connection it is decides how."""

from __future__ import annotations

import smtplib
from typing import Any

from airflow.configuration import conf

from furrow.adapters import webhook
from furrow.config.settings import Settings
from furrow.engine.ports import Connection
from furrow.errors import ConnectionMissing, CredentialsRefused, RequestRejected, SinkUnavailable
from furrow.evaluation.digest import Digest
from furrow.evaluation.digest_page import as_digest_page, as_text, title_of
from furrow.orchestration.addresses import PREFIX
from furrow.orchestration.connections import AirflowConnections

CONNECTION = "furrow_digest"
"""What it is sent through unless FURROW_DIGEST_CONNECTION names another."""
HOW_TO = (
    f"nothing is sent: there is no connection `{CONNECTION}`. Add one in Airflow under Admin > Connections:"
    " of type http with the address of a webhook, or of type smtp with the addresses in its extra"
    ' {"to": "team@example.com"}; FURROW_DIGEST_CONNECTION names another'
)
MOST_CHARACTERS = 20_000
"""Of a message; the page has all."""


def connection_of(settings: Settings, connections: AirflowConnections) -> Connection | None:
    """The connection to send through, None when nobody wants it sent.

    Raises ConnectionMissing for one that the environment names and that is not there.
    """
    if settings.digest_connection is not None:
        return connections.get(settings.digest_connection)
    try:
        return connections.get(CONNECTION)
    except ConnectionMissing:
        return None


def send(digest: Digest, connection: Connection, page: str) -> None:
    """Send it once. page: the path of its page below the address of Airflow.

    Raises SinkUnavailable or RateLimited (retry helps), ConnectionMissing, CredentialsRefused or
    RequestRejected.
    """
    if connection.type in webhook.TYPES:
        webhook.post(connection, {"text": message_of(digest, page)})
    elif connection.type == "smtp":
        _mail(digest, connection)
    else:
        raise ConnectionMissing(
            f"connection `{connection.id}` is of type `{connection.type}`; make it one of type http or smtp"
        )


def message_of(digest: Digest, page: str) -> str:
    """The text with a link to the page. Angle brackets would be markup, or call everybody, in a chat."""
    text = as_text(digest).translate({ord("<"): "‹", ord(">"): "›"})
    if len(text) > MOST_CHARACTERS:
        text = text[:MOST_CHARACTERS] + "…"
    base = str(conf.get("api", "base_url", fallback="") or "").rstrip("/")
    return f"{text}\n\n{base}{PREFIX}{page}" if base else text


def _mail(digest: Digest, connection: Connection) -> None:
    """Raises like `send`."""
    from airflow.exceptions import AirflowException
    from airflow.providers.smtp.hooks.smtp import SmtpHook

    what: dict[str, Any] = {"subject": title_of(digest), "html_content": as_digest_page(digest)}
    to = connection.extra.get("to")
    if not to:
        raise ConnectionMissing(f'connection `{connection.id}` has no {{"to": …}} in its extra; add it')
    try:
        with SmtpHook(connection.id) as hook:
            hook.send_email_smtp(to=to, **what)
    except smtplib.SMTPAuthenticationError:
        raise CredentialsRefused(f"connection `{connection.id}`: login refused; mend it") from None
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused) as error:
        raise RequestRejected(f"connection `{connection.id}`: {error}") from error
    except (smtplib.SMTPException, OSError, AirflowException) as error:
        raise SinkUnavailable(f"connection `{connection.id}`: {error}") from error
