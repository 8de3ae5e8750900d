"""What other DAGs can wait for: an asset event for every line of the log of releases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import Asset, AssetAlias

if TYPE_CHECKING:
    from airflow.sdk import Context

    from furrow.store.releases import Entry, ReleaseLog

RELEASES = AssetAlias("furrow_releases")
"""The tasks that announce name this one as their outlet."""


def live_of(use_case: str) -> Asset:
    """The asset that changes when something becomes live, begins as a canary, is taken back or declined."""
    return Asset(name=f"furrow.release.{use_case}", uri=f"furrow://release/{use_case}")


def announce(context: Context, log: ReleaseLog, use_cases: list[str]) -> list[dict[str, Any]]:
    """One event for every entry that had none, whoever made it; `extra` is the entry. Gives them back.

    The task needs RELEASES as its outlet, and the assets of the use cases as inlets: the number of the
    newest event says how far the log is announced.
    """
    said = []
    for use_case in use_cases:
        asset = live_of(use_case)
        last = _announced(context, asset)
        for entry in log.history(use_case):
            if entry.number > last:
                said.append(_extra(entry))
                context["outlet_events"][RELEASES].add(asset, extra=said[-1])
    return said


def _announced(context: Context, asset: Asset) -> int:
    newest = context["inlet_events"][asset].ascending(False).limit(1)
    return max((int(event.extra.get("number", 0)) for event in newest), default=0)


def _extra(entry: Entry) -> dict[str, Any]:
    return {"who": entry.who, "why": entry.why, **entry.to_json()}
