"""From a run that serves two versions to what their units did."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from furrow.adapters.outcome_source import OutcomeFiles
from furrow.batch.experimenting import Experimenting, measured
from furrow.batch.outcomes import read_outcomes
from furrow.engine.arms import Arms
from furrow.store.database import open_database
from furrow.store.outcomes import Outcomes
from furrow.store.promotion import arms_of
from tests.folders import FolderOfPrompts, record
from tests.world import World

RECORDS, USERS = 400, 300
EXPERIMENT = "experiment: {candidate: v2, unit: user, outcomes: {files: 'clicks.jsonl', unit: user}}\n"


def experimenting(world: World) -> Experimenting:
    """The experiment of the world, its outcomes in a file beside the folder's records."""
    use_case = world.use_case()
    _, fields = measured(use_case)
    table = Outcomes(open_database(f"sqlite:///{world.folder / 'furrow.db'}"))
    source = OutcomeFiles("clicks.jsonl", use_case.folder)

    def arms() -> Arms:
        return arms_of(use_case, world.releases.standing("goods"))

    return Experimenting(
        use_case,
        arms,
        world.exposures,
        lambda seen: read_outcomes(source, fields, table, "goods", seen),
    )


def test_every_user_of_a_run_is_in_one_arm_and_what_they_do_afterwards_counts_there(
    prompts: FolderOfPrompts, tmp_path: Path
) -> None:
    prompts.version("v2", "Digest of version 2.")
    prompts.change("goods/pipeline.yaml", "live: v1\n", f"live: v1\n{EXPERIMENT}")
    prompts.change("goods/v1/steps.yaml", "result.price_krw > 0", "result.price_krw > -1")
    prompts.change("goods/v2/steps.yaml", "result.price_krw > 0", "result.price_krw > -1")
    world = World(prompts, tmp_path, [record(n, user=f"u{n % USERS}") for n in range(RECORDS)])
    before, after = datetime.now(UTC), datetime.now(UTC) + timedelta(hours=1)
    world.through()

    releases = {row.key: row.release for row in world.sink.rows.values()}
    with_candidate = {f"u{n % USERS}" for n in range(RECORDS) if releases[f"a{n}"].startswith("v2@")}
    lines = [{"user": unit, "value": 1, "time": after.isoformat()} for unit in sorted(with_candidate)]
    lines += [
        {"user": f"u{n}", "value": 1, "time": (before - timedelta(1)).isoformat()} for n in range(USERS)
    ]
    prompts.put("goods/clicks.jsonl", "".join(json.dumps(line) + "\n" for line in lines))

    found = experimenting(world).look().analysis
    assert found.live.units + found.candidate.units == USERS
    assert (found.candidate.units, found.candidate.mean) == (len(with_candidate), 1.0)
    assert found.live.mean == 0.0
    assert found.verdict == "better"
