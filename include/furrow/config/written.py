"""The base of everything that an author writes, and the names that stand in it."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
"""A word usable as a DAG id, a task id, a feature name and a Jinja variable."""

VersionName = Annotated[str, Field(pattern=r"^v[1-9][0-9]*$")]
Share = Annotated[float, Field(ge=0, le=1)]


class Written(BaseModel):
    """Base of everything an author writes: unknown keys are refused, values are not converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=True)
