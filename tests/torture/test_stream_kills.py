"""Ten thousand events through three replicas of which one is killed every few seconds, fifty times in all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from furrow.testing import ServerProcess
from tests.bigquery_server import BigQueryServer
from tests.brokers import Broker
from tests.stream.processes import Nursery
from tests.stream.site import StreamSite, damage, events
from tests.stream.trials import FAULTS, JITTER, LATENCY, Killing, sound, undisturbed

pytestmark = [pytest.mark.torture, pytest.mark.broker, pytest.mark.timeout(2 * 3600)]
EVENTS, KEYS, KILLS = 10_000, 2_000, 50
SINKS = ["features", "bigquery"]
OPTIONS = "look_ahead: 256"


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery() as nursery:
        yield nursery


def test_fifty_kills_and_a_restart_of_the_broker_change_nothing(
    broker: Broker,
    bigquery_server: BigQueryServer,
    nursery: Nursery,
    topic_name: str,
    tmp_path: Path,
    report: dict[str, Any],
) -> None:
    sent = events(EVENTS, KEYS)
    with ServerProcess(tmp_path / "meter.jsonl") as server:
        calm, wild = (
            StreamSite(
                tmp_path / name,
                server.url,
                broker,
                f"{topic_name}.{name}",
                OPTIONS,
                features=True,
                bigquery=bigquery_server,
            )
            for name in ("calm", "wild")
        )
        for site in (calm, wild):
            site.apply_features(nursery)
        calls = undisturbed(calm, nursery, server, sent, SINKS)
        server.slow(LATENCY, JITTER)
        server.fail(*FAULTS)
        trial = Killing(wild, nursery, server, sent, KILLS, sinks=SINKS, patience=600).run()
        found, wanted = wild.outcome(), calm.outcome()
    harm = damage(found, wanted)
    report[f"stream_on_{broker.name}"] = {
        "events": EVENTS,
        "results": len(found.results),
        "dead_letters": found.letters.total(),
        "online_values": len(found.online),
        "table_rows": found.table.total(),
        "expected_calls": calls,
        **asdict(trial),
        **asdict(harm),
    }
    assert len(wanted.results) + wanted.letters.total() == EVENTS
    assert len(wanted.results) == wanted.table.total()
    assert {result.key for result in wanted.results} == {key for key, _ in wanted.newest}
    assert wanted.online
    assert not harm, (harm, trial)
    assert sound(trial), trial
