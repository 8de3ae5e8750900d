"""What the Airflow plugin registers. Light: Airflow imports plugins in every one of its processes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from functools import cached_property
from typing import Any

from furrow.orchestration.addresses import PREFIX, below_base_url

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Scope]]
Send = Callable[[Scope], Awaitable[None]]


class Pages:
    """The pages as an ASGI app that is imported at its first request."""

    @cached_property
    def _app(self) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
        from furrow.orchestration.pages import create_app

        return create_app()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        await self._app(scope, receive, send)


FASTAPI_APP = {"app": Pages(), "url_prefix": PREFIX, "name": "Furrow"}
EXTERNAL_VIEWS = [
    {
        "name": "Furrow",
        "href": below_base_url(f"{PREFIX}/"),
        "destination": "nav",
        "nav_top_level": True,
        "url_route": "furrow",
    },
    {
        "name": "Furrow",
        "href": below_base_url(f"{PREFIX}/use-case?use_case={{DAG_ID}}"),
        "destination": "dag",
        "url_route": "furrow_use_case",
    },
    {
        "name": "Furrow",
        "href": below_base_url(f"{PREFIX}/calls?use_case={{DAG_ID}}&run_id={{RUN_ID}}"),
        "destination": "dag_run",
        "url_route": "furrow_run",
    },
    {
        "name": "Furrow",
        "href": below_base_url(f"{PREFIX}/calls?use_case={{DAG_ID}}&run_id={{RUN_ID}}&step={{TASK_ID}}"),
        "destination": "task_instance",
        "url_route": "furrow_calls",
    },
]
