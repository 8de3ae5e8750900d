"""What a table of results looks like: its columns from the versions' fields, its name, what it lacks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from furrow.config.models import TABLE_PATTERN, FieldSpec
from furrow.config.use_case import UseCase
from furrow.errors import ConfigError, Problem, RequestRejected

if TYPE_CHECKING:
    from google.cloud.bigquery import SchemaField

KEY, EVENT_TIME, RECORD_ID, PUBLISHED_AT = "key", "event_time", "record_id", "published_at"
ORDER = "_order"
"""Column of a staging table: the row's place in its publication."""

_STAMPS = {
    KEY: ("STRING", "Key of the record"),
    EVENT_TIME: ("TIMESTAMP", "Event time of the record"),
    "release": ("STRING", "Version and content hash of what computed this row"),
    "run_id": ("STRING", "Run that published this row"),
    RECORD_ID: ("STRING", "Where the record came from"),
    PUBLISHED_AT: ("TIMESTAMP", "When this row was written as it is"),
}
STAMPS = tuple(_STAMPS)
"""What every row says about itself, beside the fields of the result."""
_SCALARS = {
    "string": "STRING",
    "enum": "STRING",
    "integer": "INT64",
    "number": "FLOAT64",
    "boolean": "BOOL",
    "date": "DATE",
}
_ALSO_CALLED = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}


@dataclass(frozen=True, slots=True)
class TableName:
    """A table of BigQuery. `str` is its id, as messages show it."""

    project: str
    dataset: str
    table: str

    @classmethod
    def parse(cls, written: str, project: str) -> TableName:
        """`dataset.table` in `project`, or `project.dataset.table`. Raises RequestRejected."""
        if re.fullmatch(TABLE_PATTERN, written) is None:
            raise RequestRejected(f"{written!r} is no table; write dataset.table or project.dataset.table")
        dataset, table = written.rsplit(".", 2)[-2:]
        return cls(written.removesuffix(f"{dataset}.{table}").rstrip(".") or project, dataset, table)

    def beside(self, table: str) -> TableName:
        """Another table of the same dataset."""
        return TableName(self.project, self.dataset, table)

    @property
    def quoted(self) -> str:
        """As SQL names it."""
        return f"`{self}`"

    def __str__(self) -> str:
        return f"{self.project}.{self.dataset}.{self.table}"


def result_fields(use_case: UseCase) -> dict[str, FieldSpec]:
    """The fields of every version's result, so that a rollback writes to the same table.

    Raises ConfigError when two versions give a name to different types.
    """
    fields: dict[str, FieldSpec] = {}
    problems: list[Problem] = []
    for version in use_case.versions.values():
        for name, spec in version.result.specs.items():
            known = fields.setdefault(name, spec)
            if _type(known) != _type(spec):
                where = f"{use_case.name}/{version.name}/steps.yaml"
                what = f"result field `{name}` is {spec.type} here and {known.type} in an earlier version"
                problems.append(Problem(where, None, what, "give it another name: a column has one type"))
    if problems:
        raise ConfigError(problems)
    return fields


def table_columns(fields: Mapping[str, FieldSpec]) -> list[SchemaField]:
    """The stamps, which every row has, then the result's fields, which may be null."""
    from google.cloud.bigquery import SchemaField

    stamps = [
        SchemaField(name, kind, mode="REQUIRED", description=text) for name, (kind, text) in _STAMPS.items()
    ]
    return [*stamps, *(_column(name, spec) for name, spec in fields.items())]


def staging_columns(columns: Sequence[SchemaField]) -> list[SchemaField]:
    """Those of the table without the time of publication, and with the row's place."""
    from google.cloud.bigquery import SchemaField

    kept = [column for column in columns if column.name != PUBLISHED_AT]
    return [*kept, SchemaField(ORDER, "INT64", mode="REQUIRED")]


def missing_columns(
    table: TableName, has: Sequence[SchemaField], wanted: Sequence[SchemaField]
) -> list[SchemaField]:
    """The columns that the table still needs. Raises RequestRejected when one is there with another type."""
    known = {column.name.lower(): column for column in has}
    for column in wanted:
        there = known.get(column.name)
        if there is not None and _shape(there) != _shape(column):
            raise RequestRejected(
                f"{table}: column `{column.name}` is {_shape(there)}, the result field is {_shape(column)};"
                " BigQuery does not change a column's type: give the field another name in a new version,"
                " or name another table in publish.bigquery"
            )
    return [column for column in wanted if column.name not in known]


def is_list(column: SchemaField) -> bool:
    """Whether the column holds an array; one that is null is empty."""
    return bool(column.mode == "REPEATED")


def _column(name: str, spec: FieldSpec) -> SchemaField:
    from google.cloud.bigquery import SchemaField

    kind, mode = _type(spec)
    if not spec.description:
        return SchemaField(name, kind, mode=mode)
    return SchemaField(name, kind, mode=mode, description=spec.description)


def _type(spec: FieldSpec) -> tuple[str, str]:
    return (_SCALARS[spec.items], "REPEATED") if spec.type == "list" else (_SCALARS[spec.type], "NULLABLE")


def _shape(column: SchemaField) -> str:
    kind = _ALSO_CALLED.get(column.field_type, column.field_type)
    return f"ARRAY<{kind}>" if is_list(column) else str(kind)
