"""The Feast repository: its definitions generated from the use cases, and applied.

A use case has one feature view of its own name. Its fields are those of all its versions together, so
that a release, a rollback and an experiment serve from the same view; every row says which release it is of.
"""

from __future__ import annotations

import importlib.util
import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from filelock import FileLock
from jinja2 import Environment, StrictUndefined

from furrow.adapters.feast_module import feast
from furrow.config.models import FieldSpec
from furrow.config.use_case import Broken, UseCase
from furrow.errors import ConfigError, FurrowError, OptionUnknown, Problem, SinkUnavailable

LOCK_SECONDS = 120.0
EVENT_TIMESTAMP = "event_timestamp"
CREATED_TIMESTAMP = "created_timestamp"
STAMPS = {
    "release": "Version and content hash of what computed this row",
    "run_id": "Run that published this row",
    "record_id": "Where the record came from",
    "event_time": "Event time of the record in UTC, ISO 8601 with microseconds",
}
"""What every row says about itself, beside the fields of the result. All strings."""

_SCALARS = {
    "string": "String",
    "enum": "String",
    "date": "String",
    "integer": "Int64",
    "number": "Float64",
    "boolean": "Bool",
}
_DEFINITIONS = "definitions.py"
_STORE = "feature_store.yaml"


def join_key(use_case: UseCase) -> str:
    """The column that names the entity. Raises OptionUnknown when the use case publishes no features."""
    features = use_case.pipeline.publish.features
    if features is None:
        raise OptionUnknown(f"{use_case.name} publishes no features; add publish.features to pipeline.yaml")
    return f"{features.entity}_id"


def feature_fields(use_case: UseCase) -> dict[str, FieldSpec]:
    """The fields of the use case's view: those of every version's result, the first version's first.

    Raises ConfigError when two versions give a name to different types, or a name is taken.
    """
    fields: dict[str, FieldSpec] = {}
    problems: list[Problem] = []
    taken = {*STAMPS, EVENT_TIMESTAMP, CREATED_TIMESTAMP, join_key(use_case)}
    for version in use_case.versions.values():
        for name, spec in version.result.specs.items():
            known = fields.setdefault(name, spec)
            where = f"{use_case.name}/{version.name}/steps.yaml"
            if feast_type(known) != feast_type(spec):
                what = f"result field `{name}` is {spec.type} here and {known.type} in an earlier version"
                problems.append(
                    Problem(where, None, what, "give it another name: who reads features knows one type")
                )
            if name in taken:
                what = f"result field `{name}` is a column that every feature row has"
                problems.append(Problem(where, None, what, "give it another name"))
    if problems:
        raise ConfigError(problems)
    return fields


def feast_type(spec: FieldSpec) -> str:
    """The field's type as Feast writes it. Dates are ISO 8601 strings: Feast knows only points in time."""
    return f"Array({_SCALARS[spec.items]})" if spec.type == "list" else _SCALARS[spec.type]


def definitions(use_cases: Sequence[UseCase | Broken]) -> str:
    """The text of `definitions.py`, the same for the same use cases.

    Raises ConfigError for a use case that does not load: its features would vanish from the definitions.
    """
    broken = [problem for one in use_cases if isinstance(one, Broken) for problem in one.error.problems]
    if broken:
        raise ConfigError(broken)
    publishing = [one for one in use_cases if isinstance(one, UseCase) and one.pipeline.publish.features]
    views = [_view(use_case) for use_case in sorted(publishing, key=lambda one: one.name)]
    types = {"String", *(word for view in views for _, kind, _ in view["fields"] for word in _words(kind))}
    entities = sorted({view["entity"] for view in views})
    environment = Environment(  # it renders Python, not HTML
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701
    )
    environment.filters["text"] = _literal
    return environment.from_string(_TEMPLATE).render(views=views, entities=entities, types=sorted(types))


def write_repository(use_cases: Sequence[UseCase | Broken], folder: Path) -> bool:
    """Write the definitions into the repository, and `feature_store.yaml` if there is none.

    Returns whether anything changed; a repository that is current is not touched. Raises ConfigError.
    """
    folder = _folder(folder)
    written = {_DEFINITIONS: definitions(use_cases)}
    if not (folder / _STORE).exists():
        written[_STORE] = _STORE_TEXT
    changed = {name: text for name, text in written.items() if _text(folder / name) != text}
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in changed.items():
        (folder / name).write_text(text, encoding="utf-8")
    return bool(changed)


def is_current(use_cases: Sequence[UseCase | Broken], folder: Path) -> bool:
    """Whether the repository's definitions are what the use cases say. Raises ConfigError."""
    return _text(_folder(folder) / _DEFINITIONS) == definitions(use_cases)


def apply(folder: Path) -> list[str]:
    """Create or update what the definitions name; returns the names of the views. Nothing is deleted.

    May be called at any time, by several processes. Raises OptionUnknown without definitions,
    SinkUnavailable (retry helps), ConfigError when a field of an applied view changed its type.
    """
    from furrow.adapters.feature_history import ParquetHistory

    store = open_store(folder)
    objects = _load_definitions(_folder(folder) / _DEFINITIONS)
    views = [one for one in objects if isinstance(one, feast().FeatureView)]
    try:
        with registry_lock(store):
            for view in views:
                if isinstance(view.batch_source, feast().FileSource):
                    ParquetHistory(store, view).prepare()
            store.apply(objects)
            _let_readers_read(store)
    except FurrowError:
        raise
    except Exception as error:
        raise SinkUnavailable(f"the feature store of {folder} could not be updated: {error}") from error
    return sorted(view.name for view in views)


def open_store(folder: Path) -> Any:
    """The `feast.FeatureStore` of a repository folder, or of a folder's other yaml file.

    Raises OptionUnknown when it is not there, ConfigError when Feast refuses its configuration.
    """
    file = folder if folder.suffix in (".yaml", ".yml") else folder / _STORE
    if not file.is_file():
        raise OptionUnknown(f"there is no feature store at {file}; run `furrow features apply`")
    try:
        store = feast().FeatureStore(repo_path=str(file.parent), fs_yaml_file=file)
    except Exception as error:
        raise ConfigError(Problem(str(file), None, f"Feast refuses it: {error}")) from error
    for path in (_local_path(store, store.config.registry), _local_path(store, store.config.online_store)):
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
    return store


def registry_lock(store: Any) -> FileLock:
    """Held while the registry is written or read: Feast writes its registry file in place."""
    from tempfile import gettempdir

    path = _local_path(store, store.config.registry)
    place = path.with_name(f".{path.name}.lock") if path else Path(gettempdir(), "furrow-feast-registry.lock")
    return FileLock(place, timeout=LOCK_SECONDS)


def _local_path(store: Any, part: Any) -> Path | None:
    """Where a part of the store keeps its file, if it keeps one on this machine."""
    path = getattr(part, "path", None)
    is_file = isinstance(path, str) and "://" not in path and getattr(part, "registry_type", "file") == "file"
    return Path(store.repo_path) / str(path) if is_file else None


def _let_readers_read(store: Any) -> None:
    """A write-ahead log, once and for all: who reads features never waits for who publishes them."""
    path = _local_path(store, store.config.online_store)
    if path is not None and store.config.online_store.type == "sqlite":
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.close()


def _load_definitions(file: Path) -> list[Any]:
    if not file.is_file():
        raise OptionUnknown(f"there are no definitions at {file}; run `furrow features apply`")
    spec = importlib.util.spec_from_file_location("furrow_feature_definitions", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return list(module.OBJECTS)


def _folder(features: Path) -> Path:
    return features.parent if features.suffix in (".yaml", ".yml") else features


def _text(file: Path) -> str | None:
    return file.read_text(encoding="utf-8") if file.is_file() else None


def _view(use_case: UseCase) -> dict[str, Any]:
    features = use_case.pipeline.publish.features
    assert features is not None
    fields = feature_fields(use_case).items()
    return {
        "name": use_case.name,
        "description": use_case.pipeline.description,
        "owner": use_case.pipeline.owner,
        "entity": features.entity,
        "ttl_days": features.ttl_days,
        "fields": [(name, feast_type(spec), spec.description) for name, spec in fields]
        + [(name, "String", description) for name, description in STAMPS.items()],
    }


def _words(kind: str) -> list[str]:
    return kind.removesuffix(")").split("(")


def _literal(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


_TEMPLATE = '''\
"""The features of every use case. Generated by `furrow features apply`: change the use cases instead."""
# ruff: noqa: E501
# fmt: off

import os
from datetime import timedelta

from feast import BigQuerySource, Entity, FeatureService, FeatureView, Field, FileSource, ValueType
from feast.data_format import ParquetFormat
from feast.types import {{ types | join(", ") }}


def history(name: str) -> FileSource | BigQuerySource:
    """Where past values are: Parquet files, or a table of the BigQuery dataset FURROW_FEATURES_DATASET."""
    times = {"timestamp_field": "event_timestamp", "created_timestamp_column": "created_timestamp"}
    dataset = os.environ.get("FURROW_FEATURES_DATASET")
    if dataset:
        return BigQuerySource(name=name, table=f"{dataset}.{name}", **times)
    folder = f"../../var/features/history/{name}"
    return FileSource(name=name, path=folder, file_format=ParquetFormat(), **times)

{% for entity in entities %}

entity_{{ entity }} = Entity(
    name={{ entity | text }},
    join_keys=[{{ (entity ~ "_id") | text }}],
    value_type=ValueType.STRING,
)
{% endfor %}
{% for view in views %}

view_{{ view.name }} = FeatureView(
    name={{ view.name | text }},
    description={{ view.description | text }},
    owner={{ view.owner | text }},
    entities=[entity_{{ view.entity }}],
    ttl=timedelta(days={{ view.ttl_days }}),
    schema=[
        Field(name={{ (view.entity ~ "_id") | text }}, dtype=String),
{% for name, kind, description in view.fields %}
        Field(name={{ name | text }}, dtype={{ kind }}, description={{ description | text }}),
{% endfor %}
    ],
    source=history({{ view.name | text }}),
)
service_{{ view.name }} = FeatureService(name={{ view.name | text }}, features=[view_{{ view.name }}])
{% endfor %}

OBJECTS = [
{% for entity in entities %}
    entity_{{ entity }},
{% endfor %}
{% for view in views %}
    view_{{ view.name }},
    service_{{ view.name }},
{% endfor %}
]
'''

_STORE_TEXT = """\
# The embedded default: everything in files under var/features, next to the project's include/ folder.
# For another deployment write another file beside this one and name it in FURROW_FEATURES.
project: furrow
provider: local
registry:
  path: ../../var/features/registry.db
online_store:
  type: sqlite
  path: ../../var/features/online.db
offline_store:
  type: file
entity_key_serialization_version: 3
"""
