"""Names of tables, and what a table that is there lacks."""

from __future__ import annotations

import pytest
from google.cloud.bigquery import SchemaField
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from furrow.adapters.bigquery_schema import TableName, missing_columns, table_columns
from furrow.config import models
from furrow.errors import ConfigError, RequestRejected
from tests.folders import FolderOfPrompts

TABLE = TableName("shop", "features", "goods")
OF_EVERY_TYPE = {
    "a": models.FieldSpec(type="string"),
    "b": models.FieldSpec(type="integer"),
    "c": models.FieldSpec(type="number"),
    "d": models.FieldSpec(type="boolean"),
    "e": models.FieldSpec(type="date"),
    "f": models.FieldSpec(type="list", items="number"),
}
AS_TOLD = {"INT64": "INTEGER", "FLOAT64": "FLOAT", "BOOL": "BOOLEAN"}


@pytest.mark.parametrize(
    ("written", "project", "dataset", "table"),
    [
        ("features.goods", "shop", "features", "goods"),
        ("other-1.features.goods", "other-1", "features", "goods"),
        ("example.com:shop.features.features", "example.com:shop", "features", "features"),
        ("features.features.features", "features", "features", "features"),
    ],
)
def test_a_table_is_named_with_its_project_or_without(
    written: str, project: str, dataset: str, table: str
) -> None:
    name = TableName.parse(models.BigQuerySink(table=written).table, "shop")
    assert name == TableName(project, dataset, table)
    assert name.quoted == f"`{project}.{dataset}.{table}`"


@given(st.text(max_size=30))
def test_no_name_ends_its_quotes(written: str) -> None:
    try:
        config = models.BigQuerySink(table=written)
    except ValidationError:
        with pytest.raises(RequestRejected):
            TableName.parse(written, "shop")
        return
    assert set(TableName.parse(config.table, "shop").quoted[1:-1]).isdisjoint("`\\\n\r\"' ;")


@pytest.mark.parametrize("written", ["goods", "a.b.c.d.", "d.t`; DROP", "d.t\n", "d.", ".t", "d.t$20260101"])
def test_what_is_no_table_is_refused(written: str) -> None:
    with pytest.raises(ValidationError):
        models.BigQuerySink(table=written)


@pytest.mark.parametrize("column", ["key", "published_at", "event_time"])
def test_a_result_field_cannot_have_the_name_of_a_stamp(prompts: FolderOfPrompts, column: str) -> None:
    prompts.change("goods/v1/steps.yaml", "result: {brand:", f"result: {{{column}:")
    with pytest.raises(ConfigError, match=f"every published row has its own `{column}`"):
        prompts.load()


def test_a_table_as_bigquery_describes_it_lacks_nothing() -> None:
    wanted = table_columns(OF_EVERY_TYPE)
    told = [
        SchemaField(one.name, AS_TOLD.get(one.field_type, one.field_type), mode=one.mode) for one in wanted
    ]
    assert {one.field_type for one in told} >= set(AS_TOLD.values())
    assert missing_columns(TABLE, told, wanted) == []


def test_columns_of_others_do_not_matter_and_names_have_no_case() -> None:
    wanted = table_columns({"brand": models.FieldSpec(type="string")})
    has = [SchemaField("THEIRS", "BYTES"), *wanted[:-1]]
    assert missing_columns(TABLE, has, wanted) == wanted[-1:]
    assert missing_columns(TABLE, [*has, SchemaField("Brand", "STRING")], wanted) == []


@pytest.mark.parametrize(("kind", "mode"), [("FLOAT", "NULLABLE"), ("INTEGER", "REPEATED")])
def test_a_column_of_another_type_or_mode_is_refused(kind: str, mode: str) -> None:
    wanted = table_columns({"price": models.FieldSpec(type="integer")})
    with pytest.raises(RequestRejected, match=r"column `price` is .*, the result field is INT64"):
        missing_columns(TABLE, [SchemaField("price", kind, mode=mode)], wanted)
