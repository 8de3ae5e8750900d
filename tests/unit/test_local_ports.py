"""Which port a local part gets."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from furrow.local import ports


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on during the test."""
    server = socket.create_server(("127.0.0.1", 0))
    yield server.getsockname()[1]
    server.close()


def test_a_port_with_a_listener_is_not_free(taken: int) -> None:
    assert not ports.is_free(taken)


def test_a_taken_port_is_replaced_by_a_free_one(taken: int) -> None:
    chosen = ports.choose(taken)
    assert chosen != taken
    assert ports.is_free(chosen)


def test_a_free_port_is_kept() -> None:
    free = ports.choose(0)
    assert ports.choose(free) == free


def test_a_port_promised_to_another_part_is_not_given_twice() -> None:
    free = ports.choose(0)
    assert ports.choose(free, {free}) != free


def test_asking_for_any_port_gives_a_real_one() -> None:
    assert ports.choose(0) > 0
