"""`furrow bench stream`: its options are in its help and reach the script."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from furrow.cli import app

_SAYS = """
import json, pathlib, sys
pathlib.Path(__file__).with_name("said.json").write_text(json.dumps(sys.argv[1:]))
sys.exit(3)
"""


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands where the measurement is, notes its arguments and ends with exit code 3."""
    written = tmp_path / "bench" / "stream.py"
    written.parent.mkdir()
    written.write_text(_SAYS)
    monkeypatch.setenv("FURROW_HOME", str(tmp_path))
    return written


def test_every_option_has_a_help() -> None:
    stream = get_command(app).commands["bench"].commands["stream"]  # type: ignore[attr-defined]
    told = {name: param.help for param in stream.params for name in param.opts}
    assert {"--json", "--seconds", "--events", "--stock", "--handover"} <= told.keys()
    assert all(told.values())


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ([], {"--seconds": 20.0, "--events": 100_000, "--stock": 0, "--handover": 0}),
        (
            ["--seconds", "5", "--events", "0", "--stock", "30"],
            {"--seconds": 5, "--events": 0, "--stock": 30, "--handover": 0},
        ),
        (["--handover", "4"], {"--seconds": 20.0, "--events": 100_000, "--stock": 0, "--handover": 4}),
    ],
)
def test_the_options_reach_the_measurement(
    script: Path, options: list[str], wanted: dict[str, float]
) -> None:
    done = CliRunner().invoke(app, ["bench", "stream", "--json", *options])
    assert done.exit_code == 3
    flag, *said = json.loads(script.with_name("said.json").read_text())
    assert flag == "--json"
    assert {name: float(value) for name, value in zip(said[::2], said[1::2], strict=True)} == wanted


def test_what_is_no_option_is_refused(script: Path) -> None:
    assert CliRunner().invoke(app, ["bench", "stream", "--stok", "3"]).exit_code == 2
    assert not script.with_name("said.json").exists()
