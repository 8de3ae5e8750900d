"""Where this deployment keeps its things, from the environment, with the embedded default for each."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """The places of one deployment.

    home: the project folder (`FURROW_HOME`); `var/` under it holds what the embedded default writes.
    prompts: the folder of use cases (`FURROW_PROMPTS`).
    database: SQLAlchemy URL of the state database (`FURROW_DB`).
    store: fsspec URL of the run store (`FURROW_STORE`).
    features: the Feast repository (`FURROW_FEATURES`).
    """

    home: Path
    prompts: Path
    database: str
    store: str
    features: Path

    @property
    def var(self) -> Path:
        """What the embedded default writes: logs, databases, the run store, broker files."""
        return self.home / "var"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        """Read the `FURROW_*` variables; what is not set takes the embedded default under `home`."""
        home = Path(environ.get("FURROW_HOME") or Path(__file__).resolve().parents[3])
        return cls(
            home=home,
            prompts=Path(environ.get("FURROW_PROMPTS") or home / "prompts"),
            database=environ.get("FURROW_DB") or f"sqlite:///{home / 'var' / 'furrow.db'}",
            store=environ.get("FURROW_STORE") or str(home / "var" / "store"),
            features=Path(environ.get("FURROW_FEATURES") or home / "include" / "feature_repo"),
        )

    def environment(self) -> dict[str, str]:
        """The same settings as variables, for a child process."""
        return {
            "FURROW_HOME": str(self.home),
            "FURROW_PROMPTS": str(self.prompts),
            "FURROW_DB": self.database,
            "FURROW_STORE": self.store,
            "FURROW_FEATURES": str(self.features),
        }
