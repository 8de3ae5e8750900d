"""Feast as a sink and as a reader: the newest value of each key online, one per event time in the history.

The later event time wins online. At an equal event time the later publication wins in both, so that a rerun
under another release, a rollback for one, takes effect. Publishing equal rows changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from furrow.adapters.feast_module import feast
from furrow.adapters.feature_repository import (
    EVENT_TIMESTAMP,
    apply,
    definitions,
    feature_fields,
    is_current,
    join_key,
    open_store,
    registry_lock,
    write_repository,
)
from furrow.adapters.publication_lock import publication_lock
from furrow.config.models import FieldSpec
from furrow.config.settings import Settings
from furrow.config.use_case import UseCase, Version
from furrow.engine.ports import Json, Row
from furrow.errors import FurrowError, OptionUnknown, RequestRejected, SinkUnavailable

__all__ = ["FeatureStore", "apply", "definitions", "feature_fields", "is_current", "write_repository"]

_KEYS_AT_ONCE = 1000
_UNCOMPARED = {"run_id", "record_id"}


class FeatureStore:
    """The feature view of one use case. Opened at first use, which takes seconds; not for threads."""

    def __init__(self, settings: Settings, use_case: UseCase, version: Version | None = None):
        self._settings = settings
        self._use_case = use_case
        self._fields = (version or use_case.version()).result.specs
        self._join_key = join_key(use_case)

    def publish(self, rows: Sequence[Row]) -> int:
        """Write the rows to the online store and the history; returns how many are now in effect.

        A row older than what its key has online goes to the history only. Publishing again changes nothing.
        Raises SinkUnavailable (retry helps), OptionUnknown when the view is not applied, RequestRejected
        for a value that the view's type cannot hold.
        """
        if not rows:
            return 0
        latest: dict[str, Row] = {}
        for row in rows:
            if row.key not in latest or row.event_time >= latest[row.key].event_time:
                latest[row.key] = row
        with self._failures("written"), publication_lock(self._settings, self._use_case.name):
            serving = sum(self._serve(part) for part in _parts(list(latest.values())))
            self._keep(rows)
        return serving

    def read(self, keys: Sequence[str]) -> dict[str, Json]:
        """key -> the fields with `release`, `run_id`, `record_id` and `event_time` (ISO 8601, UTC).

        Keys that are absent, or older than the view's time to live, are left out. Raises SinkUnavailable.
        """
        found: dict[str, Json] = {}
        with self._failures("read"):
            for part in _parts(list(dict.fromkeys(keys))):
                found |= self._read(part)
        return found

    # --- online ----------------------------------------------------------------------------------

    def _serve(self, rows: Sequence[Row]) -> int:
        """Write those that are not older than what is there; how many of the rows are in effect."""
        keys = [self._entity_key(row.key) for row in rows]
        provider, config = self._store.provider, self._store.config
        before = provider.online_read(config, self._view, keys, list(self._types))
        now = datetime.now(UTC)
        serving, writes = 0, []
        for row, key, values, (_, had) in zip(rows, keys, self._proto_rows(rows), before, strict=True):
            since = _event_time(had)
            serving += since is None or since <= row.event_time
            if since is None or since < row.event_time or (since == row.event_time and _differ(values, had)):
                writes.append((key, values, row.event_time.astimezone(UTC), now))
        if writes:
            provider.online_write_batch(config, self._view, writes, None)
        return serving

    def _read(self, keys: Sequence[str]) -> dict[str, Json]:
        answer = self._store.get_online_features(
            features=[f"{self._view.name}:{name}" for name in self._types],
            entity_rows=[{self._join_key: key} for key in keys],
        ).to_dict()
        rows = [{name: answer[name][number] for name in self._types} for number in range(len(keys))]
        oldest = datetime.now(UTC) - self._view.ttl
        return {
            key: row
            for key, row in zip(answer[self._join_key], rows, strict=True)
            if row["event_time"] is not None and datetime.fromisoformat(row["event_time"]) >= oldest
        }

    def _proto_rows(self, rows: Sequence[Row]) -> list[dict[str, Any]]:
        plain = [self._plain(row) for row in rows]
        columns = {name: self._column(name, [row[name] for row in plain]) for name in self._types}
        return [{name: column[number] for name, column in columns.items()} for number in range(len(rows))]

    def _column(self, name: str, values: list[Any]) -> list[Any]:
        try:
            return list(feast("type_map").python_values_to_proto_values(values, self._types[name]))
        except (ValueError, TypeError, AssertionError, UnicodeError) as error:
            kind = self._types[name].name.lower()
            raise RequestRejected(
                f"{self._use_case.name}: a value of field `{name}` is no {kind} that Feast can hold: {error}"
            ) from error

    def _plain(self, row: Row) -> Json:
        """Every column of the view; fields of other versions are null, not left over from an older row."""
        stamps = {
            "release": row.release,
            "run_id": row.run_id,
            "record_id": row.record_id,
            "event_time": row.event_time.astimezone(UTC).isoformat(timespec="microseconds"),
        }
        unknown = row.values.keys() - self._types.keys()
        if unknown:
            raise OptionUnknown(self._not_applied(sorted(unknown)))
        values = {name: _number(self._fields.get(name), value) for name, value in row.values.items()}
        return dict.fromkeys(self._types) | values | stamps

    # --- history ---------------------------------------------------------------------------------

    def _keep(self, rows: Sequence[Row]) -> None:
        plain = [
            self._plain(row) | {self._join_key: row.key, EVENT_TIMESTAMP: row.event_time.astimezone(UTC)}
            for row in rows
        ]
        if isinstance(self._view.batch_source, feast().FileSource):
            from furrow.adapters.feature_history import ParquetHistory

            ParquetHistory(self._store, self._view).add(plain)
        else:
            from furrow.adapters.feature_history import append_through_feast

            append_through_feast(self._store, self._view, plain)

    # --- the store -------------------------------------------------------------------------------

    @cached_property
    def _store(self) -> Any:
        return open_store(self._settings.features)

    @cached_property
    def _view(self) -> Any:
        with registry_lock(self._store):
            try:
                view = self._store.get_feature_view(self._use_case.name)
            except feast("errors").FeatureViewNotFoundException:
                raise OptionUnknown(self._not_applied([])) from None
        missing = [name for name in self._fields if name not in {field.name for field in view.features}]
        if missing:
            raise OptionUnknown(self._not_applied(missing))
        return view

    @cached_property
    def _types(self) -> dict[str, Any]:
        """Column -> Feast's value type, in the view's order."""
        return {field.name: field.dtype.to_value_type() for field in self._view.features}

    def _not_applied(self, fields: list[str]) -> str:
        lacks = f"its feature view has no {', '.join(fields)}" if fields else "it has no feature view"
        return f"{self._use_case.name}: {lacks} in {self._settings.features}; run `furrow features apply`"

    def _entity_key(self, key: str) -> Any:
        value = feast("protos.feast.types.Value_pb2").Value(string_val=key)
        key_of = feast("protos.feast.types.EntityKey_pb2").EntityKey
        return key_of(join_keys=[self._join_key], entity_values=[value])

    @contextmanager
    def _failures(self, verb: str) -> Iterator[None]:
        try:
            yield
        except FurrowError:
            raise
        except Exception as error:
            what = f"features of {self._use_case.name} could not be {verb}"
            raise SinkUnavailable(f"{what} ({self._settings.features}): {error}") from error


def _event_time(had: Any) -> datetime | None:
    text = had["event_time"].string_val if had and "event_time" in had else ""
    return datetime.fromisoformat(text) if text else None


def _differ(values: dict[str, Any], had: dict[str, Any]) -> bool:
    return any(value != had.get(name) for name, value in values.items() if name not in _UNCOMPARED)


def _number(spec: FieldSpec | None, value: Any) -> Any:
    """JSON does not tell 3 from 3.0, Feast does."""
    if spec is None or value is None:
        return value
    if spec.type == "list" and spec.items == "number":
        return [float(item) for item in value]
    return float(value) if spec.type == "number" else value


def _parts(whole: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(whole), _KEYS_AT_ONCE):
        yield whole[start : start + _KEYS_AT_ONCE]
