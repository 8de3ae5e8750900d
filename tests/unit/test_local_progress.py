"""How progress is shown where there is no terminal."""

from __future__ import annotations

import io

from rich.console import Console

from furrow.local.progress import Shown


def lines_of(*reports: tuple[str, int | None, int | None]) -> list[str]:
    out = io.StringIO()
    with Shown(Console(file=out, force_terminal=False, width=100)) as shown:
        for text, done, total in reports:
            shown.report("local-small", text, done, total)
    return out.getvalue().splitlines()


def test_a_log_gets_one_line_for_each_change() -> None:
    assert lines_of(("starting", None, None), ("starting", None, None), ("ready", None, None)) == [
        "local-small: starting",
        "local-small: ready",
    ]


def test_a_log_gets_one_line_for_each_tenth_of_a_download() -> None:
    reports = [("downloading", done, 1000) for done in range(0, 1001, 5)]
    assert len(lines_of(*reports)) == 11


def test_a_terminal_gets_a_bar_that_completes() -> None:
    out = io.StringIO()
    with Shown(Console(file=out, force_terminal=True, width=100)) as shown:
        shown.report("broker", "starting")
        shown.report("broker", "ready at 127.0.0.1:9092")
    assert "ready at 127.0.0.1:9092" in out.getvalue()


def test_a_terminal_gets_the_size_of_a_download() -> None:
    out = io.StringIO()
    with Shown(Console(file=out, force_terminal=True, width=100)) as shown:
        shown.report("local-small", "downloading", 5_000_000, 10_000_000)
    assert "5.0 MB of 10.0 MB" in out.getvalue()
