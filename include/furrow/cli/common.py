"""What several commands share: their options, and the deployment that they work on."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from furrow.config.settings import Settings

if TYPE_CHECKING:
    from furrow.assembly import Deployment

UseCaseName = Annotated[str, typer.Argument(metavar="USE_CASE", help="A folder under prompts/.")]
VersionOption = Annotated[
    str | None, typer.Option("--version", help="Version folder, such as v2. Default: live.")
]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


def open_deployment() -> Deployment:
    """This deployment, with the connections of the running local parts and of the environment."""
    from furrow.adapters.environment_connections import EnvironmentConnections
    from furrow.assembly import Deployment
    from furrow.local.connections import environment

    settings = Settings.from_environment()
    return Deployment(settings, EnvironmentConnections({**environment(settings), **os.environ}))
