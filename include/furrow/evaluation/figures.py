"""The figures of an evaluation report that people compare versions by."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def figures_of(before: Json | None, after: Json | None) -> dict[str, list[float | None]]:
    """Figure -> its value before and after, of two reports as JSON; None: there is none."""
    old, new = _figures(before), _figures(after)
    return {name: [old.get(name), new.get(name)] for name in dict.fromkeys([*old, *new])}


def _figures(report: Json | None) -> dict[str, float | None]:
    if report is None:
        return {}
    fields = {f"accuracy of {name}": field["accuracy"] for name, field in report["fields"].items()}
    return {
        "valid rate": report["valid_rate"],
        "US dollars per 1,000": report["cost_usd_per_1k"],
        "seconds p95": report["seconds"]["p95"],
        **fields,
    }
