"""What the demo's second act notes and shows."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field

import pytest
from rich.console import Console

from furrow.local.live import Answered, line_of, note, table_of, text_of

FIELDS = ("tags", "topics")


@dataclass
class Read:
    """A message as the client gives it."""

    the_key: bytes | None
    the_value: bytes | None = None
    the_headers: list[tuple[str, bytes]] = field(default_factory=list)

    def key(self) -> bytes | None:
        return self.the_key

    def value(self) -> bytes | None:
        return self.the_value

    def headers(self) -> list[tuple[str, bytes]]:
        return self.the_headers


def result(key: str, **values: object) -> Read:
    return Read(key.encode(), json.dumps({"key": key, "result": values}).encode())


def shown(*answered: Answered) -> str:
    out = io.StringIO()
    Console(file=out, width=140).print(table_of("hashtags", FIELDS, answered))
    return out.getvalue()


def test_a_result_is_noted_with_its_seconds_once() -> None:
    one, other = Answered("a1", "벚꽃"), Answered("a2", "단풍")
    assert note([one, other], result("a2", tags=["단풍"]))
    assert (one.done, other.result) == (False, {"tags": ["단풍"]})
    assert other.seconds is not None and other.seconds >= 0
    assert not note([one, other], result("a2", tags=["again"]))


def test_a_dead_letter_is_noted_with_its_reason() -> None:
    one = Answered("a1", "벚꽃")
    assert note([one], Read(b"a1", b"{}", [("furrow_reason", b"answer_invalid")]))
    assert (one.rejected, one.result, one.done) == ("answer_invalid", None, True)


@pytest.mark.parametrize("message", [result("b9", tags=[]), Read(None), Read(b"\xff")])
def test_what_others_write_is_left_alone(message: Read) -> None:
    one = Answered("a1", "벚꽃")
    assert not note([one], message)
    assert not one.done


def test_the_table_shows_answered_rejected_and_waiting_side_by_side() -> None:
    done = Answered("a1", "벚꽃 [bold]명소", {"tags": ["벚꽃", "산책"], "topics": None}, seconds=1.234)
    table = shown(done, Answered("a2", "x", rejected="rule_broken", seconds=0.5), Answered("a3", "단풍"))
    first, second, third = [line for line in table.splitlines() if line.startswith("│")]
    assert [part in first for part in ("[bold]", "벚꽃, 산책", "–", "1.23")] == [True] * 4
    assert "rejected: rule_broken" in second and "0.50" in second
    assert third.count("…") == 3


def test_a_line_says_the_same() -> None:
    assert line_of(Answered("a1", "벚꽃", {"tags": ["산책"]}, seconds=2)) == "벚꽃 -> 산책 (2.00 s)"
    assert line_of(Answered("a1", "x", rejected="late", seconds=2)) == "x -> rejected: late (2.00 s)"


def test_the_text_of_an_event_is_its_longest_in_one_short_line() -> None:
    assert text_of({"id": "a1", "body": "벚꽃\n보러", "likes": 1000000}) == "벚꽃 보러"
    cut = text_of({"body": "가" * 100})
    assert (len(cut), cut[-1]) == (44, "…")
    assert text_of({"at": "2026-11-25T09:00:00+09:00", "body": "단풍"}, but=["at"]) == "단풍"
    assert text_of({}) == ""


def test_json_leaves_the_clock_out() -> None:
    told = Answered("a1", "벚꽃").to_json()
    assert told == {"key": "a1", "text": "벚꽃", "result": None, "rejected": None, "seconds": None}
