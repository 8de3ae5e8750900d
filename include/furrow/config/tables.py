"""Tables beside the prompts: CSV or JSONL files whose rows a lookup step links names to."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from furrow.config.yaml_file import read_text, suggest
from furrow.errors import ConfigError, Problem

Row = dict[str, Any]
_MOST_PROBLEMS = 20


@dataclass(frozen=True)
class Table:
    """One table file. `shown` is as a person should read its path in an error."""

    path: Path
    shown: str

    def rows(self) -> Iterator[Row]:
        """Every row, in the file's order. Raises ConfigError."""
        return (row for _, row in self._lines())

    def entries(self) -> list[str]:
        """Rows of a word list as `hinted` and `named` take them: `value|word|word`. Raises ConfigError."""
        return ["|".join(filter(None, (row["value"], row["words"]))) for row in self.rows()]

    def _lines(self) -> Iterator[tuple[int, Row]]:
        text = read_text(self.path, self.shown)
        return _csv_rows(text, self.shown) if self.path.suffix == ".csv" else _json_rows(text, self.shown)

    def check(self, id_column: str, filled: Sequence[str], optional: Sequence[str] = ()) -> list[Problem]:
        """What is wrong: columns that are not there, values that are missing, an id that stands twice.

        Raises ConfigError when it cannot be read at all.
        """
        columns: dict[str, None] = {}
        rows = _Rows(self.shown, id_column, filled)
        for line, row in self._lines():
            columns.update(dict.fromkeys(row))
            rows.look_at(line, row)
        if not columns:
            return [Problem(self.shown, None, "the table has no row", "write one row for each thing")]
        where = (self.shown, 1 if self.path.suffix == ".csv" else None)
        unknown = [name for name in dict.fromkeys((*filled, *optional)) if name not in columns]
        return [
            Problem(*where, f"there is no column `{name}`", suggest(name, list(columns))) for name in unknown
        ] or rows.problems[:_MOST_PROBLEMS]


class _Rows:
    """Looks at one row after the other."""

    def __init__(self, shown: str, id_column: str, filled: Sequence[str]):
        self.problems: list[Problem] = []
        self._shown, self._id, self._filled = shown, id_column, filled
        self._first: dict[str, int] = {}

    def look_at(self, line: int, row: Row) -> None:
        for name in self._filled:
            if not isinstance(row.get(name), str) or not row[name].strip():
                what = f"`{name}` is missing or no text"
                self.problems.append(Problem(self._shown, line, what, "fill it or remove the row"))
        found = str(row.get(self._id))
        if (first := self._first.setdefault(found, line)) != line:
            what = f"`{self._id}` {found!r} stands in line {first} already"
            self.problems.append(Problem(self._shown, line, what, "give each row its own"))


def _csv_rows(text: str, shown: str) -> Iterator[tuple[int, Row]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        _check_header(list(reader.fieldnames or ()), shown)
        for row in reader:
            if None in row or None in row.values():
                what = f"the row has not {len(reader.fieldnames or ())} values like the first line"
                raise ConfigError(
                    Problem(shown, reader.line_num, what, "put a value that has a comma in quotes")
                )
            yield reader.line_num, row
    except csv.Error as error:
        raise ConfigError(Problem(shown, reader.reader.line_num, f"not CSV: {error}")) from None


def _check_header(names: list[str], shown: str) -> None:
    twice = next((name for place, name in enumerate(names) if name in names[:place]), None)
    if twice is not None:
        raise ConfigError(Problem(shown, 1, f"the column `{twice}` stands twice", "rename one"))


def _json_rows(text: str, shown: str) -> Iterator[tuple[int, Row]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise ConfigError(Problem(shown, number, f"not JSON: {error}")) from None
        if not isinstance(row, dict):
            raise ConfigError(Problem(shown, number, "a row is a JSON object", "write one object a line"))
        yield number, row
