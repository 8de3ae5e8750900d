"""The ledger and the run store while their processes are killed and start over, on local files."""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
import sqlalchemy as sa

from furrow.engine.ports import Answer, Finish, Purchase, Verdict, Wish
from furrow.store.budgets import Budgets
from furrow.store.database import open_database
from furrow.store.ledger import SqlLedger
from furrow.store.run_store import RunStore
from furrow.store.tables import leases


def _bought(key: str, cost: float = 0.25) -> Purchase:
    answer = Answer('{"brand": "삼성"}', Finish.STOP, "small", 120, 30, cost, 0.75)
    return Purchase(key, answer, "small", "used_goods", "extract", "v1@3f2a9c1d", "r1")


WRITER = """
import sys
from test_ledger_processes import _bought
from furrow.store.database import open_database
from furrow.store.ledger import SqlLedger
ledger = SqlLedger(open_database(sys.argv[1]))
for start in range(0, 1_000_000, 10):
    ledger.record([_bought(f"{sys.argv[2]}-{number}") for number in range(start, start + 10)])
    print(start + 10, flush=True)
"""


def _start(code: str, *arguments: str) -> subprocess.Popen[str]:
    paths = [str(Path(__file__).parent), *sys.path]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    command = [sys.executable, "-c", code, *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environ)


@pytest.mark.parametrize("trial", range(4))
def test_what_was_recorded_before_a_kill_is_found_after_it(tmp_path: Path, trial: int) -> None:
    url = f"sqlite:///{tmp_path / 'furrow.db'}"
    writers = [_start(WRITER, url, str(number)) for number in range(2)]
    random = Random(trial)
    assert all(writer.stdout and writer.stdout.readline() for writer in writers)
    time.sleep(random.uniform(0.0, 0.3))
    acknowledged = []
    for writer in writers:
        writer.send_signal(signal.SIGKILL)
        lines = writer.communicate()[0].splitlines()
        acknowledged.append(int(lines[-1]) if lines else 10)
    ledger = SqlLedger(open_database(url))
    for number, count in enumerate(acknowledged):
        found = ledger.find([f"{number}-{index}" for index in range(count + 20)])
        assert len(found) in (count, count + 10), "a batch is there whole, or it is not there"
        assert {f"{number}-{index}" for index in range(count)} <= set(found)


def _line(process: subprocess.Popen[str]) -> str:
    """The next line that it writes; empty when it has ended."""
    assert process.stdout
    return process.stdout.readline().strip()


SPENDER = """
import random, sys, threading, time
from test_ledger_processes import CAP, LEASE, _bought, _wish
from furrow.engine.ports import Verdict
from furrow.store.database import open_database
from furrow.store.ledger import SqlLedger
ledger, name = SqlLedger(open_database(sys.argv[1]), lease_seconds=LEASE), sys.argv[2]
print("ready", flush=True)
sys.stdin.readline()

def spend(thread):
    chance = random.Random(f"{name}-{thread}")
    for number in range(1_000_000):
        wish = _wish(f"{name}-{thread}-{number}", chance.uniform(0.001, 0.02))
        while (word := ledger.claim(name, [wish])[0].verdict) is Verdict.SHORT:
            time.sleep(chance.uniform(0.0, 0.2))
        if word is Verdict.SPENT:
            return
        time.sleep(0.02)
        ledger.record([_bought(wish.key, wish.most_usd * chance.choice([0.1, 0.5, 1.0]))], name)
        print(wish.key, flush=True)

threads = [threading.Thread(target=spend, args=(number,)) for number in range(64)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""
CAP, LEASE = 3.0, 5.0


def _wish(key: str, most_usd: float) -> Wish:
    return Wish(key, "used_goods", most_usd, CAP)


def test_the_money_of_a_killed_process_is_free_after_its_lease_and_no_cap_is_broken(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'furrow.db'}"
    budgets, ledger = Budgets(open_database(url)), SqlLedger(open_database(url), lease_seconds=LEASE)
    spenders = [_start(SPENDER, url, f"s{number}") for number in range(4)]
    assert [_line(spender) for spender in spenders] == ["ready"] * 4
    for spender in spenders:
        assert spender.stdin
        spender.stdin.write("spend\n")
        spender.stdin.flush()
    assert _line(spenders[0])
    spenders[0].send_signal(signal.SIGKILL)
    spenders[0].communicate()
    held = [key for key in _leased(url) if key.startswith("s0-")]
    assert held, "it was killed with calls on their way"
    assert {claim.verdict for claim in ledger.claim("other", [_wish(key, 0.0) for key in held])} == {
        Verdict.HELD
    }

    assert [spender.communicate(timeout=120) and spender.returncode for spender in spenders[1:]] == [0] * 3

    day = budgets.today("used_goods")
    assert CAP - 0.02 < day.spent <= CAP
    assert (day.reserved, day.presumed) == (0.0, 0.0)
    assert ledger.cost_by_use_case(datetime.now(UTC).date())["used_goods"] == pytest.approx(day.spent)
    freed = ledger.claim("other", [_wish(key, 0.0) for key in held])
    assert {claim.verdict for claim in freed} <= {Verdict.GRANTED, Verdict.KNOWN}


def _leased(url: str) -> list[str]:
    return open_database(url).read(lambda connection: list(connection.scalars(sa.select(leases.c.key))))


STORE_WRITER = """
import sys
from furrow.store.run_store import RunStore
folder = RunStore(sys.argv[1]).run("used_goods", "r1")
for number in range(1_000_000):
    folder.write_lines("lines.jsonl", ({"number": number} for _ in range(500)))
    print(number, flush=True)
"""


@pytest.mark.parametrize("trial", range(4))
def test_a_file_is_whole_whenever_its_writer_is_killed(tmp_path: Path, trial: int) -> None:
    writer = _start(STORE_WRITER, str(tmp_path))
    assert writer.stdout and writer.stdout.readline()
    time.sleep(Random(trial).uniform(0.0, 0.05))
    writer.send_signal(signal.SIGKILL)
    rest = writer.communicate()[0].split()
    folder = RunStore(str(tmp_path)).run("used_goods", "r1")
    lines = list(folder.read_lines("lines.jsonl", count=500))
    assert {line["number"] for line in lines} in ({int(rest[-1])}, {int(rest[-1]) + 1}) if rest else True
    assert folder.list() == ["lines.jsonl"]
