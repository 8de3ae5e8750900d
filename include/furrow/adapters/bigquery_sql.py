"""The statements of the BigQuery sink.

Only names stand in them, checked where the config is read. Values are parameters, or rows of a staging table.
"""
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from furrow.adapters.bigquery_schema import (
    EVENT_TIME,
    KEY,
    ORDER,
    PUBLISHED_AT,
    RECORD_ID,
    STAMPS,
    TableName,
    is_list,
)

if TYPE_CHECKING:
    from google.cloud.bigquery import SchemaField

_NEWEST_FIRST = f"ORDER BY `{EVENT_TIME}` DESC, `{PUBLISHED_AT}` DESC, `{RECORD_ID}` DESC"
_NEWEST = f"QUALIFY ROW_NUMBER() OVER (PARTITION BY `{KEY}` {_NEWEST_FIRST}) = 1"
_IDENTITY = {RECORD_ID, EVENT_TIME}
_UNCOMPARED = {*STAMPS} - {"release"}


def merge(table: TableName, staging: TableName, columns: Sequence[SchemaField]) -> str:
    """Staged rows into the table: a new record and event time is a new row, one with another result or
    release takes the old one's place, an equal one changes nothing.

    @least and @most are the event times of the rows: only their days of the table are read.
    """
    names = [column.name for column in columns]
    moment = f"TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL S.`{ORDER}` MICROSECOND)"
    values = {name: moment if name == PUBLISHED_AT else f"S.`{name}`" for name in names}
    differs = " OR ".join(_differs(column) for column in columns if column.name not in _UNCOMPARED)
    update = ", ".join(f"`{name}` = {value}" for name, value in values.items() if name not in _IDENTITY)
    return f"""\
MERGE {table.quoted} T USING {staging.quoted} S
ON T.`{RECORD_ID}` = S.`{RECORD_ID}` AND T.`{EVENT_TIME}` = S.`{EVENT_TIME}`
  AND T.`{EVENT_TIME}` >= @least AND T.`{EVENT_TIME}` <= @most
WHEN MATCHED AND ({differs}) THEN UPDATE SET {update}
WHEN NOT MATCHED THEN INSERT ({_listed(names)}) VALUES ({", ".join(values.values())})"""


def in_effect(table: TableName, staging: TableName) -> str:
    """`n`: how many of the staged rows are the newest of their key. @least: the first of their times."""
    return f"""\
SELECT COUNT(*) AS n FROM (
  SELECT `{RECORD_ID}`, `{EVENT_TIME}` FROM {table.quoted}
  WHERE `{EVENT_TIME}` >= @least AND `{KEY}` IN (SELECT `{KEY}` FROM {staging.quoted})
  {_NEWEST}
) N JOIN {staging.quoted} S ON N.`{RECORD_ID}` = S.`{RECORD_ID}` AND N.`{EVENT_TIME}` = S.`{EVENT_TIME}`"""


def newest(table: TableName, columns: Sequence[SchemaField]) -> str:
    """The newest row of each key: what the view beside the table says."""
    return f"SELECT {_listed([column.name for column in columns])} FROM {table.quoted}\nWHERE TRUE {_NEWEST}"


def newest_of(table: TableName, columns: Sequence[SchemaField]) -> str:
    """The newest row of each of @keys."""
    names = _listed([column.name for column in columns])
    return f"SELECT {names} FROM {table.quoted}\nWHERE `{KEY}` IN UNNEST(@keys) {_NEWEST}"


def _differs(column: SchemaField) -> str:
    ours, theirs = f"T.`{column.name}`", f"S.`{column.name}`"
    if is_list(column):
        return f"TO_JSON_STRING({ours}) != TO_JSON_STRING({theirs})"
    return f"{ours} IS DISTINCT FROM {theirs}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
