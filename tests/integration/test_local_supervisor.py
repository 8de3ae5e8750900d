"""up, status and down with the one part that starts in an instant, and with what can go wrong around it."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from furrow.config.settings import Settings
from furrow.errors import LocalFailed, OptionUnknown, SinkUnavailable
from furrow.local import broker, ports, processes
from furrow.local.broker import Message
from furrow.local.state import LocalState, read_state, state_path
from furrow.local.supervisor import PartStatus, down, status, up
from tests.own_ports import use_free_ports

pytestmark = [pytest.mark.broker]
BROKER = ("broker",)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """A project folder of its own, with free ports as its usual ones, taken down after the test."""
    use_free_ports(monkeypatch)
    found = Settings.from_environment({"FURROW_HOME": str(tmp_path)})
    yield found
    down(found, patience=2)
    assert processes.members(tmp_path) == []


def broker_of(settings: Settings) -> PartStatus:
    return next(part for part in status(settings) if part.name == "broker")


def state_of(settings: Settings) -> LocalState:
    state = read_state(settings)
    assert state is not None
    return state


def kill(process: int) -> None:
    """End it as a crash does, and wait until it is gone."""
    os.kill(process, signal.SIGKILL)
    for _ in range(200):
        try:
            if psutil.Process(process).status() == psutil.STATUS_ZOMBIE:
                return
        except psutil.NoSuchProcess:
            return
        time.sleep(0.05)
    raise AssertionError(f"{process} did not end")


def settled(settings: Settings, wanted: str) -> PartStatus:
    for _ in range(200):
        if (seen := broker_of(settings)).state == wanted:
            return seen
        time.sleep(0.05)
    raise AssertionError(f"the broker is {seen.state}, not {wanted}")


def test_up_starts_a_part_that_answers_and_down_leaves_nothing(settings: Settings, tmp_path: Path) -> None:
    up(settings, BROKER)
    seen = broker_of(settings)
    assert (seen.state, seen.address) == ("ready", ports.address(ports.USUAL["broker"]))
    down(settings)
    assert processes.members(tmp_path) == []
    assert {part.state for part in status(settings)} == {"down"}
    assert not state_path(settings).exists()


def test_a_second_up_changes_nothing(settings: Settings) -> None:
    up(settings, BROKER)
    before = state_of(settings)
    up(settings, BROKER)
    assert state_of(settings) == before


def test_all_processes_are_in_a_session_of_their_own(settings: Settings, tmp_path: Path) -> None:
    up(settings, BROKER)
    state = state_of(settings)
    sessions = {os.getsid(process.pid) for process in processes.members(tmp_path)}
    assert sessions == {state.session}
    assert state.session != os.getsid(0)


def test_a_part_that_died_is_reported_and_started_again_at_its_address(settings: Settings) -> None:
    up(settings, BROKER)
    before = broker_of(settings)
    assert before.pid is not None
    kill(before.pid)
    settled(settings, "exited")
    for _ in range(200):  # the supervisor looks a few times a second
        if "signal 9" in broker_of(settings).note:
            break
        time.sleep(0.05)
    assert "signal 9" in broker_of(settings).note
    up(settings, BROKER)
    after = broker_of(settings)
    assert (after.state, after.address) == ("ready", before.address)
    assert after.pid != before.pid


def test_up_right_after_a_crash_does_not_depend_on_who_noticed_first(settings: Settings) -> None:
    up(settings, BROKER)
    for _ in range(3):
        process = broker_of(settings).pid
        assert process is not None
        kill(process)
        up(settings, BROKER)
    assert broker_of(settings).state == "ready"


def test_down_ends_the_parts_of_a_supervisor_that_was_killed(settings: Settings, tmp_path: Path) -> None:
    up(settings, BROKER)
    kill(state_of(settings).supervisor.pid)
    assert broker_of(settings).note == "its supervisor has ended"
    down(settings)
    assert processes.members(tmp_path) == []


def test_up_replaces_what_a_killed_supervisor_left_behind(settings: Settings) -> None:
    up(settings, BROKER)
    before = state_of(settings)
    kill(before.supervisor.pid)
    up(settings, BROKER)
    after = state_of(settings)
    assert after.token != before.token
    assert not before.parts["broker"].alive()
    assert broker_of(settings).state == "ready"


def test_down_finds_the_parts_when_the_record_of_them_is_lost(settings: Settings, tmp_path: Path) -> None:
    up(settings, BROKER)
    state_path(settings).unlink()
    down(settings)
    assert processes.members(tmp_path) == []


def test_a_taken_port_leads_to_another_one(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", ports.USUAL["broker"])):
        up(settings, BROKER)
        seen = broker_of(settings)
    assert seen.state == "ready"
    assert seen.address != ports.address(ports.USUAL["broker"])


def test_a_part_whose_port_was_taken_meanwhile_does_not_move_in_silence(settings: Settings) -> None:
    up(settings, BROKER)
    process = broker_of(settings).pid
    assert process is not None
    kill(process)
    assert ports.becomes_free(ports.USUAL["broker"])  # its last thread may outlive the process by a moment
    with (
        socket.create_server(("127.0.0.1", ports.USUAL["broker"])),
        pytest.raises(LocalFailed, match=r"port \d+ is in use.*furrow down"),
    ):
        up(settings, BROKER)


def test_a_part_that_cannot_start_shows_the_end_of_its_log(settings: Settings) -> None:
    (settings.var).mkdir()
    (settings.var / "broker").write_text("a file where the broker wants its folder")
    with pytest.raises(
        LocalFailed, match=r"broker did not start: broker ended with code(.|\n)*broker\.log:\n"
    ):
        up(settings, BROKER)


def test_an_unknown_part_is_refused(settings: Settings) -> None:
    with pytest.raises(OptionUnknown, match="there is no local part 'brokr'"):
        up(settings, ("brokr",))


def test_down_without_anything_up_is_no_error(settings: Settings) -> None:
    assert down(settings) == []


def test_messages_keep_their_key_and_their_time_over_a_restart(settings: Settings) -> None:
    from confluent_kafka import Consumer

    up(settings, BROKER)
    address = broker_of(settings).address or ""
    assert broker.create_topic(address, "articles", partitions=1)
    assert not broker.create_topic(address, "articles", partitions=1)
    old = datetime(2021, 3, 4, 5, 6, tzinfo=UTC)
    assert broker.produce(address, "articles", [Message("a1", {"title": "자전거 3만5천원"}, old)]) == 1
    down(settings)
    up(settings, BROKER)
    consumer = Consumer(
        {
            "bootstrap.servers": broker_of(settings).address or "",
            "group.id": "reader",
            "group.instance.id": "reader-1",
            "auto.offset.reset": "earliest",
        }
    )
    consumer.subscribe(["articles"])
    deadline = time.monotonic() + 60
    while (message := consumer.poll(1)) is None or message.error():
        assert time.monotonic() < deadline, message and message.error()
    consumer.close()
    assert (message.key(), message.timestamp()[1]) == (b"a1", int(old.timestamp() * 1000))
    assert "자전거" in (message.value() or b"").decode()


def test_a_broker_that_is_not_there_is_told_as_unavailable() -> None:
    with pytest.raises(SinkUnavailable):
        broker.create_topic(ports.address(ports.choose(0)), "articles")
