"""Past values of features, for training sets: one row per key and event time, the one published last.

Parquet files in one folder per view, one file per publication and month of event time. A row that is
published anew leaves its old file: Feast's file store does not reliably take the later one of two.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any
from uuid import uuid4

from furrow.adapters.feast_module import feast
from furrow.adapters.feature_repository import CREATED_TIMESTAMP, EVENT_TIMESTAMP
from furrow.engine.ports import Json
from furrow.errors import ConfigError, OptionUnknown, Problem
from furrow.store.files import open_files

_EMPTY = "schema.parquet"
_FILE = "__filename"
_NOT_COMPARED = {CREATED_TIMESTAMP, "run_id", "record_id"}


class ParquetHistory:
    """The history of one view whose source is Parquet files. Callers hold the view's lock to write.

    A row is a JSON object with the view's fields and stamps, its key under the join key and
    `event_timestamp`; `add` sets `created_timestamp`.
    """

    def __init__(self, store: Any, view: Any):
        path = view.batch_source.path
        self._folder = path if "://" in path else str(Path(store.repo_path) / path)
        self._view = view
        self._files = open_files(self._folder)

    def add(self, rows: Sequence[Json]) -> int:
        """Write what is not there yet and return how many rows that were.

        A row is there when the row of its key and event time has its release and values; else it takes
        that one's place. After a crash on the way, adding the same rows again completes it.
        """
        schema = self._schema()
        created = datetime.now(UTC)
        last = {self._place(row): row for row in _as_read_back(rows, schema)}
        ordered = sorted(last.values(), key=_event_time)
        return sum(
            self._add(month, list(group), created, schema) for month, group in groupby(ordered, _month)
        )

    def _add(self, month: str, rows: list[Json], created: datetime, schema: Any) -> int:
        there: defaultdict[tuple[str, datetime], list[Json]] = defaultdict(list)
        for found in sorted(self._find(month, rows), key=lambda found: _moment(found, CREATED_TIMESTAMP)):
            there[self._place(found)].append(found)
        fresh = [row for row in rows if not _same(row, there[self._place(row)][-1:])]
        if fresh:
            stamped = [row | {CREATED_TIMESTAMP: created} for row in fresh]
            self._write(f"{month}-{uuid4().hex}.parquet", _table(stamped, schema))
        replaced = {self._place(row) for row in fresh}
        self._remove(
            [old for place, all_ in there.items() for old in (all_ if place in replaced else all_[:-1])]
        )
        return len(fresh)

    def _find(self, month: str, rows: list[Json]) -> list[Json]:
        """The rows of these keys, each with the file that it is in."""
        from pyarrow.compute import field

        names = self._names(month)
        if not names:
            return []
        dataset, key = self._dataset(names), self._view.join_keys[0]
        mine = field(key).isin(list({row[key] for row in rows}))
        return list(dataset.to_table(columns=[*dataset.schema.names, _FILE], filter=mine).to_pylist())

    def _remove(self, rows: list[Json]) -> None:
        by_file: defaultdict[str, set[Any]] = defaultdict(set)
        for row in rows:
            by_file[Path(row[_FILE]).name].add((self._place(row), row[CREATED_TIMESTAMP]))
        for name, gone in by_file.items():
            table = self._dataset([name]).to_table()
            kept = [(self._place(row), row[CREATED_TIMESTAMP]) not in gone for row in table.to_pylist()]
            if any(kept):
                self._write(name, table.filter(kept))
            else:
                self._delete(name)

    def _place(self, row: Json) -> tuple[str, datetime]:
        return row[self._view.join_keys[0]], _event_time(row)

    def prepare(self) -> None:
        """Make the folder readable before the first row, and every older file fit the view's fields.

        Raises ConfigError when a field changed its type.
        """
        import pyarrow as pa

        names = self._names("")
        schemas = [_wanted_schema(self._view), *(self._read_schema(name) for name in names)]
        try:
            schema = pa.unify_schemas(schemas)
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            what = f"a field of {self._view.name} has another type than in its history: {error}"
            hint = f"give it another name, or move {self._folder} away"
            raise ConfigError(Problem(self._folder, None, what, hint)) from error
        for name in names:
            if self._read_schema(name) != schema:
                self._write(name, _fitted(self._dataset([name]).to_table(), schema))
        if _EMPTY not in names:
            self._write(_EMPTY, schema.empty_table())

    def _schema(self) -> Any:
        if not self._files.exists(_EMPTY):
            raise OptionUnknown(f"{self._folder} is not prepared; run `furrow features apply`")
        return self._read_schema(_EMPTY)

    def _names(self, month: str) -> list[str]:
        return sorted(n for n in self._files.find("") if n.endswith(".parquet") and n.startswith(month))

    def _read_schema(self, name: str) -> Any:
        return self._dataset([name]).schema

    def _dataset(self, names: list[str]) -> Any:
        from fsspec.core import url_to_fs
        from pyarrow.dataset import dataset

        filesystem, folder = url_to_fs(self._folder)
        return dataset([f"{folder}/{name}" for name in names], filesystem=filesystem, format="parquet")

    def _write(self, name: str, table: Any) -> None:
        import pyarrow as pa
        from pyarrow.parquet import write_table

        buffer = pa.BufferOutputStream()
        write_table(table, buffer)
        with self._files.draft(name) as draft:
            draft.write(buffer.getvalue().to_pybytes())

    def _delete(self, name: str) -> None:
        from fsspec.core import url_to_fs

        filesystem, folder = url_to_fs(self._folder)
        filesystem.rm_file(f"{folder}/{name}")


def _wanted_schema(view: Any) -> Any:
    import pyarrow as pa

    type_of = feast("type_map").feast_value_type_to_pa
    moment = pa.timestamp("us", tz="UTC")
    columns = [(view.join_keys[0], pa.string()), (EVENT_TIMESTAMP, moment), (CREATED_TIMESTAMP, moment)]
    fields = [(field.name, type_of(field.dtype.to_value_type())) for field in view.features]
    return pa.schema(columns + fields)


def _fitted(table: Any, schema: Any) -> Any:
    import pyarrow as pa

    missing = [field for field in schema if field.name not in table.column_names]
    for field in missing:
        table = table.append_column(field, pa.nulls(len(table), field.type))
    return table.select(schema.names).cast(schema)


def _as_read_back(rows: Iterable[Json], schema: Any) -> list[Json]:
    """The rows as the files give them back, so that they compare equal to what is there."""
    return list(_table(list(rows), schema).to_pylist())


def _table(rows: list[Json], schema: Any) -> Any:
    import pyarrow as pa

    return pa.Table.from_pylist(rows, schema)


def _same(row: Json, there: list[Json]) -> bool:
    return any(all(row[name] == old.get(name) for name in row if name not in _NOT_COMPARED) for old in there)


def _moment(row: Json, column: str) -> datetime:
    moment: datetime = row[column]
    return moment


def _event_time(row: Json) -> datetime:
    return _moment(row, EVENT_TIMESTAMP)


def _month(row: Json) -> str:
    return f"{_event_time(row).astimezone(UTC):%Y-%m}"


def append_through_feast(store: Any, view: Any, rows: Sequence[Json]) -> None:
    """Append rows to a history that is no folder of files, such as a BigQuery table.

    Such a table is only appended to: rows that are published again are there again, and Feast takes the
    one created last.
    """
    created = datetime.now(UTC)
    table = _table([row | {CREATED_TIMESTAMP: created} for row in rows], _wanted_schema(view))
    names = [name for name, _ in view.batch_source.get_table_column_names_and_types(store.config)]
    store.provider.offline_write_batch(store.config, view, table.select(names), None)
