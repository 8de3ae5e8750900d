"""The `lookup` step: names found in a table beside the prompts, without a model."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from furrow.config.models import LookupStep
from furrow.config.tables import Table
from furrow.config.use_case import Version
from furrow.engine.calls import Answers
from furrow.engine.lookup import Index, Link, Scope, scope_of
from furrow.engine.ports import Json
from furrow.engine.prompt import context_of, texts_of
from furrow.engine.provenance import Wording
from furrow.engine.record import Trace, Work
from furrow.engine.step import step_of


@step_of(LookupStep)
class LookupRunner:
    """Links each name of a record to a row of the table, or says why it does not."""

    look_ahead = 1

    def __init__(self, config: LookupStep, version: Version, calls: Answers):
        self.name, self._config = config.name, config
        self._table, self._hash = version.tables[config.name], version.content_hash
        self._expressions = version.expressions[config.name]

    async def run(self, work: Work, trace: Trace) -> Json:
        """`ids`, `names`, `unlinked` and `links`. Raises PromptFailed or AnswerInvalid."""
        context = context_of(work)
        index, scope = self._index, self._scope(context)
        links = [index.find(mention, scope) for mention in self._mentions(context)]
        rows = [link.row for link in links if link.row is not None]
        return {
            "ids": _each_once(row[self._config.id] for row in rows),
            "names": _each_once(row[self._config.match.field] for row in rows),
            "unlinked": _each_once(link.mention for link in links if link.row is None),
            "links": [self._written(link) for link in links],
        }

    @property
    def _index(self) -> Index:
        return _index_of(self._table, self._hash, self._config.model_dump_json())

    def _scope(self, context: Mapping[str, Any]) -> Scope:
        columns = self._config.match.scope
        return scope_of(self._expressions[f"within.{column}"].evaluate(context) for column in columns)

    def _mentions(self, context: Mapping[str, Any]) -> list[str]:
        found = texts_of(self._expressions["each"], context, self._config.each, "look up")
        return list(dict.fromkeys(mention for mention in found if mention.strip()))

    def _written(self, link: Link) -> Json:
        row = link.row or {}
        return {
            "mention": link.mention,
            "said": link.said,
            "id": row.get(self._config.id),
            "name": row.get(self._config.match.field),
            "score": round(link.score, 1),
            "reason": link.reason and str(link.reason),
            "row": link.row,
        }


@lru_cache(8)
def _index_of(table: Table, content_hash: str, step: str) -> Index:
    """Once in a process for each release."""
    return Index(table.rows(), LookupStep.model_validate_json(step))


def names_of(config: LookupStep, version: Version) -> Wording:
    """The names of its table."""
    return _wording_of(version.tables[config.name], version.content_hash, config.model_dump_json())


@lru_cache(8)
def _wording_of(table: Table, content_hash: str, step: str) -> Wording:
    return Wording.of_names(_index_of(table, content_hash, step).names)


def _each_once(values: Any) -> list[Any]:
    return list(dict.fromkeys(values))
