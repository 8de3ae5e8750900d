"""Replicas killed at random and a broker restarted, small enough for every day; the whole is in torture."""

from __future__ import annotations

from pathlib import Path

import pytest

from furrow.testing import ServerProcess
from tests.bigquery_server import BigQueryServer
from tests.brokers import Broker
from tests.stream.processes import Nursery
from tests.stream.site import StreamSite, damage, events
from tests.stream.trials import FAULTS, JITTER, LATENCY, Killing, sound, undisturbed

pytestmark = [pytest.mark.broker]
EVENTS, KEYS, KILLS = 600, 120, 6
SINKS = ["features", "bigquery"]


def test_kills_and_a_restart_of_the_broker_change_nothing(
    broker: Broker, bigquery_server: BigQueryServer, topic_name: str, tmp_path: Path
) -> None:
    sent = events(EVENTS, KEYS)
    with ServerProcess(tmp_path / "meter.jsonl") as server, Nursery() as nursery:
        calm, wild = (
            StreamSite(
                tmp_path / name,
                server.url,
                broker,
                f"{topic_name}.{name}",
                "look_ahead: 256",
                features=True,
                bigquery=bigquery_server,
            )
            for name in ("calm", "wild")
        )
        for site in (calm, wild):
            site.apply_features(nursery)
        undisturbed(calm, nursery, server, sent, SINKS)
        server.slow(LATENCY, JITTER)
        server.fail(*FAULTS)
        trial = Killing(wild, nursery, server, sent, KILLS, sinks=SINKS, longest_pause=2.0).run()
        found, wanted = wild.outcome(), calm.outcome()
    assert len(wanted.results) + wanted.letters.total() == EVENTS
    assert len(wanted.results) == wanted.table.total()
    assert {result.key for result in wanted.results} == {key for key, _ in wanted.newest}
    assert wanted.online
    assert not damage(found, wanted), (damage(found, wanted), trial)
    assert sound(trial), trial
    assert (trial.kills, trial.restarts) == (KILLS, broker.can.remembers_open_transactions)
