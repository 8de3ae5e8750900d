"""Replicas killed at random and a broker restarted, small enough for every day; the whole is in torture."""

from __future__ import annotations

from pathlib import Path

import pytest

from furrow.testing import ServerProcess
from tests.brokers import Broker
from tests.stream.processes import Nursery
from tests.stream.site import StreamSite, damage, events
from tests.stream.trials import FAULTS, JITTER, LATENCY, Killing, sound, undisturbed

pytestmark = pytest.mark.broker
EVENTS, KEYS, KILLS = 600, 120, 5


def test_kills_and_a_restart_of_the_broker_change_nothing(
    broker: Broker, topic_name: str, tmp_path: Path
) -> None:
    sent = events(EVENTS, KEYS)
    with ServerProcess(tmp_path / "meter.jsonl") as server, Nursery() as nursery:
        calm, wild = (
            StreamSite(tmp_path / name, server.url, broker, f"{topic_name}.{name}", "look_ahead: 256")
            for name in ("calm", "wild")
        )
        undisturbed(calm, nursery, server, sent)
        server.slow(LATENCY, JITTER)
        server.fail(*FAULTS)
        trial = Killing(wild, nursery, server, sent, KILLS, longest_pause=2.0).run()
        found, wanted = wild.outcome(), calm.outcome()
    assert len(wanted.results) + wanted.letters.total() == EVENTS
    assert not damage(found, wanted), (damage(found, wanted), trial)
    assert sound(trial), trial
    assert (trial.kills, trial.restarts) == (KILLS, broker.can.remembers_open_transactions)
