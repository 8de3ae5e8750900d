"""`furrow eval --watch`: a process that is left running while an author saves files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from furrow.engine.record import Record
from furrow.evaluation.cases import Case
from furrow.evaluation.first_look import first_cases
from furrow.testing import ModelServer
from tests import story
from tests.folders import FolderOfPrompts

PROJECT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0


def case(number: int, *slices: str) -> Case:
    record: Any = Record(f"x:{number}", str(number), None, {})  # type: ignore[arg-type]
    return Case(f"c{number}", record, {}, slices)


def test_the_first_look_has_what_was_wrong_and_something_of_each_slice() -> None:
    cases = [case(number, "rare" if number < 3 else "usual") for number in range(200)]
    first = first_cases(cases, {f"c{number}" for number in range(100, 150)})
    ids = [int(each.id[1:]) for each in first]
    assert len(ids) == 20 and sum(100 <= number < 150 for number in ids) >= 10
    assert {0, 1, 2} <= set(ids) and ids == sorted(ids)


@given(st.integers(0, 60), st.sets(st.integers(0, 80)), st.integers(1, 30))
def test_it_is_never_more_than_asked_for_and_all_where_there_are_few(
    count: int, wrong: set[int], most: int
) -> None:
    cases = [case(number, f"s{number % 3}") for number in range(count)]
    first = first_cases(cases, {f"c{number}" for number in wrong}, most)
    assert len(first) == min(count, most) and len({each.id for each in first}) == len(first)
    assert first == first_cases(cases, {f"c{number}" for number in wrong}, most)


class Author:
    """The command in a process of its own, and what it has said."""

    def __init__(self, prompts: FolderOfPrompts, home: Path, server: ModelServer):
        model = server.connection()
        told = {"conn_type": model.type, "host": model.host, "password": model.password}
        environ = {
            **os.environ,
            "PYTHONPATH": str(PROJECT / "include"),
            "PYTHONUNBUFFERED": "1",
            "COLUMNS": "100",
            "FURROW_HOME": str(home),
            "FURROW_PROMPTS": str(prompts.path),
            "AIRFLOW_CONN_STORY_MODELS": json.dumps(told),
        }
        command = [sys.executable, "-m", "furrow.cli", "eval", story.NAME, "--watch"]
        self.process = subprocess.Popen(
            command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.said = ""
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line

    def wait(self, text: str, after: int = 0) -> int:
        """Until it said that, and is waiting for a save; where it then is."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.said[after:] or "waiting for a save" not in self.said[after:].split(text)[-1]:
            assert self.process.poll() is None and time.monotonic() < deadline, self.said
            time.sleep(0.05)
        return len(self.said)

    def until(self, happened: Callable[[], bool]) -> None:
        """Wait for that."""
        deadline = time.monotonic() + PATIENCE
        while not happened():
            assert self.process.poll() is None and time.monotonic() < deadline, self.said
            time.sleep(0.02)

    def end(self) -> str:
        """Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(PATIENCE) == 0, self.said
        self._thread.join()
        return self.said


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer(script=story.Provider().answer) as running:
        yield running


@pytest.fixture
def author(prompts: FolderOfPrompts, tmp_path: Path, server: ModelServer) -> Iterator[Author]:
    story.write(prompts)
    author = Author(prompts, tmp_path, server)
    yield author
    author.process.kill()


def test_a_save_shows_what_got_better_and_worse_and_pays_only_for_what_changed(
    author: Author, prompts: FolderOfPrompts, server: ModelServer
) -> None:
    seen = author.wait("first 20 cases")
    assert len(server.bills) == story.CASES
    prompts.put(f"{story.NAME}/v1/extract/system.md", "Story v3\n")
    seen = author.wait("Got better: 12", seen)
    assert "(was 0." in author.said and len(server.bills) == 2 * story.CASES

    prompts.put(f"{story.NAME}/v1/extract/system.md", "Story v1\n")
    seen = author.wait("Got worse: 12", seen)
    assert len(server.bills) == 2 * story.CASES, "these answers are in the ledger"

    prompts.put(f"{story.NAME}/v1/extract/user.md", "{{ data.bdy }}{{ nothing }}\n")
    seen = author.wait(f"{story.NAME}/v1/extract/user.md:1", seen)
    prompts.put(f"{story.NAME}/v1/extract/user.md", "{{ data.body }}\n")
    author.wait("nothing that is labelled changed", seen)

    assert "ended after 4 evaluations, $" in author.end()


def test_a_save_in_the_middle_begins_anew_and_keeps_what_was_paid(
    prompts: FolderOfPrompts, tmp_path: Path
) -> None:
    story.write(prompts)
    prompts.change("models.yaml", "concurrency: 16", "concurrency: 2")
    with ModelServer(script=story.Provider().answer, latency=0.2) as server:
        author = Author(prompts, tmp_path, server)
        try:
            deadline = time.monotonic() + PATIENCE
            while len(server.bills) < 10:
                assert time.monotonic() < deadline, author.said
                time.sleep(0.02)
            prompts.put(
                f"{story.NAME}/testset.jsonl", (prompts.path / story.NAME / "testset.jsonl").read_text()
            )
            author.wait("first 20 cases")
            assert "saved: beginning anew" in author.said
            asked = [bill.prompt for bill in server.bills]
            assert len(asked) == len(set(asked)) == story.CASES
        finally:
            author.process.kill()


def test_what_a_save_and_ctrl_c_interrupt_is_in_the_dollars_too(
    prompts: FolderOfPrompts, tmp_path: Path
) -> None:
    story.write(prompts)
    prompts.change("models.yaml", "concurrency: 16", "concurrency: 2")
    prompts.change(
        "models.yaml",
        "{input_usd_per_million: 1, output_usd_per_million: 2}",
        "{input_usd_per_million: 1000, output_usd_per_million: 2000}",
    )
    with ModelServer(script=story.Provider().answer, latency=0.2) as server:
        author = Author(prompts, tmp_path, server)
        try:
            author.until(lambda: len(server.bills) >= 7)
            prompts.put(f"{story.NAME}/v1/extract/system.md", "Story v3\n")
            author.until(lambda: "saved: beginning anew" in author.said)
            seen = len(server.bills)
            author.until(lambda: len(server.bills) >= seen + 7)
            said = author.end()
        finally:
            author.process.kill()
        spent = sum(bill.input_tokens * 1e-3 + bill.output_tokens * 2e-3 for bill in server.bills)
    assert f"ended after 0 evaluations, ${spent:,.4f} spent" in said
