"""Where this deployment keeps its things, from the environment, with the embedded default for each."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from furrow.errors import ConfigError, Problem


@dataclass(frozen=True)
class Settings:
    """The places of one deployment.

    home: the project folder (`FURROW_HOME`); `var/` under it holds what the embedded default writes.
    prompts: the folder of use cases (`FURROW_PROMPTS`).
    database: SQLAlchemy URL of the state database (`FURROW_DB`).
    store: fsspec URL of the run store (`FURROW_STORE`).
    features: the Feast repository (`FURROW_FEATURES`).
    retention_days: how long answers and the texts of dead letters are kept after their last use
    (`FURROW_RETENTION_DAYS`); None: until somebody prunes them.
    digest_connection: the Airflow connection that the weekly digest is sent through
    (`FURROW_DIGEST_CONNECTION`); None: `furrow_digest`, if there is one.
    """

    home: Path
    prompts: Path
    database: str
    store: str
    features: Path
    retention_days: float | None = None
    digest_connection: str | None = None

    @property
    def var(self) -> Path:
        """What the embedded default writes: logs, databases, the run store, broker files."""
        return self.home / "var"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        """Read the `FURROW_*` variables; what is not set takes the embedded default under `home`.

        Raises ConfigError for a number that is none.
        """
        home = Path(environ.get("FURROW_HOME") or Path(__file__).resolve().parents[3])
        return cls(
            home=home,
            prompts=Path(environ.get("FURROW_PROMPTS") or home / "prompts"),
            database=environ.get("FURROW_DB") or f"sqlite:///{home / 'var' / 'furrow.db'}",
            store=environ.get("FURROW_STORE") or str(home / "var" / "store"),
            features=Path(environ.get("FURROW_FEATURES") or home / "include" / "feature_repo"),
            retention_days=_days(environ.get("FURROW_RETENTION_DAYS")),
            digest_connection=environ.get("FURROW_DIGEST_CONNECTION") or None,
        )

    def environment(self) -> dict[str, str]:
        """The same settings as variables, for a child process."""
        return {
            "FURROW_HOME": str(self.home),
            "FURROW_PROMPTS": str(self.prompts),
            "FURROW_DB": self.database,
            "FURROW_STORE": self.store,
            "FURROW_FEATURES": str(self.features),
            **({} if self.retention_days is None else {"FURROW_RETENTION_DAYS": f"{self.retention_days:g}"}),
            **({"FURROW_DIGEST_CONNECTION": self.digest_connection} if self.digest_connection else {}),
        }


def _days(written: str | None) -> float | None:
    if not written:
        return None
    try:
        days = float(written)
        if 0 <= days < 100_000:
            return days
    except ValueError:
        pass
    what, hint = f"{written!r} is not a number of days", "write it as FURROW_RETENTION_DAYS=90"
    raise ConfigError(Problem("FURROW_RETENTION_DAYS", None, what, hint))
