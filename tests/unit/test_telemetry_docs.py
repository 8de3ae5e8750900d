"""The page on telemetry, the dashboard and the alarms speak of metrics and attributes that are there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from furrow.engine.instruments import INSTRUMENTS, Instrument, Kind
from furrow.engine.telemetry import CAPTURE
from tests.folders import FolderOfPrompts, record
from tests.telemetry import telling
from tests.world import World

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "telemetry.md").read_text(encoding="utf-8")
DASHBOARD: dict[str, Any] = json.loads((DOCS / "grafana-dashboard.json").read_text(encoding="utf-8"))
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((DOCS / "alert-rules.yaml").read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
QUERIES = [target["expr"] for panel in PANELS for target in panel["targets"]]
EXPRESSIONS = [*QUERIES, *(rule["expr"] for rule in RULES)]
NAMED = re.compile(r"(?:furrow|gen_ai)_\w+|error_type")
LABELS = {name.replace(".", "_") for name in re.findall(r"`((?:gen_ai|furrow|error)\.[\w.]+)`", PAGE)} - {
    name.replace(".", "_") for name in INSTRUMENTS
}


def in_prometheus(name: str, instrument: Instrument) -> set[str]:
    """The series that Prometheus makes of a metric."""
    unit = "_seconds" if instrument.unit == "s" else ""
    plain = name.replace(".", "_") + unit
    if instrument.kind is Kind.HISTOGRAM:
        return {plain, *(f"{plain}_{part}" for part in ("bucket", "count", "sum"))}
    return {f"{plain}_total" if instrument.kind is Kind.COUNTER else plain}


SERIES = set().union(*(in_prometheus(name, one) for name, one in INSTRUMENTS.items()))


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_speaks_of_metrics_and_labels_that_there_are(expression: str) -> None:
    found = set(NAMED.findall(expression))
    assert found & SERIES, "no metric at all"
    assert found <= SERIES | LABELS
    assert all(expression.count(one) == expression.count(other) for one, other in ("()", "[]", "{}"))


def test_the_table_of_the_page_has_every_metric_with_its_kind_and_unit() -> None:
    for name, instrument in INSTRUMENTS.items():
        unit = f", `{instrument.unit}`" if instrument.unit else ""
        assert f"| `{name}` | {instrument.kind}{unit} |" in PAGE
    listed = re.findall(r"^\| `([\w.]+)` \| (?:counter|gauge|histogram)", PAGE, re.MULTILINE)
    assert listed == list(INSTRUMENTS)


def test_every_attribute_that_is_told_is_on_the_page(prompts: FolderOfPrompts, tmp_path: Path) -> None:
    with telling() as told:
        World(prompts, tmp_path, [*map(record, range(3)), b"not json"]).through()
        spans = {name for span in told.spans for name in span.attributes or {}}
        points = {name for points in told.points().values() for point, _ in points for name in point}
    assert {name for name in spans | points if f"`{name}`" not in PAGE} == set()
    assert CAPTURE in PAGE


def test_the_dashboard_can_be_imported() -> None:
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    assert "id" not in DASHBOARD  # that of one Grafana
    assert {variable["name"] for variable in DASHBOARD["templating"]["list"]} == {"datasource", "use_case"}
    for panel in PANELS:
        assert panel["datasource"]["uid"] == "${datasource}"
        assert panel["title"] and panel["description"] and panel["fieldConfig"]["defaults"]["unit"]
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24


def test_every_alarm_says_what_happened_to_whom_and_what_to_do() -> None:
    assert len({rule["alert"] for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule["labels"]["severity"] in {"info", "warning", "critical"}
        assert "use_case" in rule["annotations"]["summary"] and rule["annotations"]["action"]
