"""Names of people's texts linked to the rows of a table: near spellings, aliases, branches, one region only.

No row outside the region is ever looked at, and a name that fits two rows about equally is linked to neither.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from furrow.config.models import LookupStep
from furrow.config.tables import Row
from furrow.engine.korean_names import (
    branch_after,
    branch_of,
    branch_word,
    folded,
    letters,
    sounds,
    without_particle,
    without_signs,
)

Scope = tuple[str, ...]
"""The folded values of the columns of `within`."""

SOUNDS_ALIKE = 2.0
"""Points taken off when letters only sound the same."""
PARTICLE = 1.0
BRANCH_UNSAID = 4.0
"""Points taken off when the row names a branch and the text does not."""
BRANCH_UNKNOWN = 8.0
"""Points taken off when the text names a branch and the row does not."""
MAIN_BRANCH = 2.0
"""The same, when the branch is the main shop (본점)."""


class Unlinked(StrEnum):
    """Why a name is linked to nothing."""

    NOT_FOUND = "not_found"
    AMBIGUOUS = "ambiguous"
    NO_ROWS = "no_rows_within"


@dataclass(frozen=True, slots=True)
class Link:
    """What became of one name.

    score: likeness to the nearest row, 0 to 100; row: None when unlinked; said: the words of the mention that
    are the name, without signs around them, and without a particle when the rest is a name.
    """

    mention: str
    row: Row | None
    score: float
    reason: Unlinked | None = None
    said: str = ""


@dataclass(frozen=True, slots=True)
class _Form:
    """One way to read a name: folded, the branch apart. penalty: points that this reading costs."""

    stem: str
    branch: str | None
    penalty: float = 0.0


@dataclass
class _Shelf:
    """The rows of one scope, by number in the table."""

    exact: dict[str, set[int]] = field(default_factory=dict)
    stems: dict[str, set[tuple[int, str | None]]] = field(default_factory=dict)
    heard: dict[str, str] = field(default_factory=dict)
    """Stem -> its letters by sound: what is searched for near spellings."""
    branches: set[str] = field(default_factory=set)

    def add(self, number: int, name: str, own_branch: str | None) -> None:
        """One name of a row; one without a branch has the row's."""
        stem, branch = branch_of(name)
        branch = own_branch if branch is None else branch
        if not stem:
            return
        self.exact.setdefault(folded(name), set()).add(number)
        self.stems.setdefault(stem, set()).add((number, branch))
        self.heard[stem] = sounds(letters(stem))
        if branch:
            self.branches.add(branch)

    def near(self, stem: str, least: float) -> Iterator[tuple[str, float]]:
        """Stems that are as like as `least` at least, with their score."""
        from rapidfuzz import process  # not at the top: 40 ms that only a look-up needs
        from rapidfuzz.distance import OSA

        written = letters(stem)
        found = process.extract_iter(
            sounds(written), self.heard, scorer=OSA.normalized_similarity, score_cutoff=least / 100
        )
        for _, by_sound, other in found:
            by_letter = OSA.normalized_similarity(written, letters(other))
            yield other, max(100 * by_letter, 100 * by_sound - SOUNDS_ALIKE)


class Index:
    """A table, ready for look-ups. Built once; the names of a scope are taken apart at its first use."""

    def __init__(self, rows: Iterable[Row], step: LookupStep):
        self._match, self._id = step.match, step.id
        self._rows: list[Row] = list(rows)
        self._numbers: dict[Scope, list[int]] = {}
        self._shelves: dict[Scope, _Shelf] = {}
        columns = list(step.match.scope)
        for number, row in enumerate(self._rows):
            self._numbers.setdefault(scope_of(row[name] for name in columns), []).append(number)

    @property
    def names(self) -> list[str]:
        """Every name of every row, aliases too."""
        return [name for row in self._rows for name in self._names(row)]

    def find(self, mention: str, scope: Scope) -> Link:
        """The one row within the scope that the name fits, or why there is none."""
        if scope not in self._numbers:
            return Link(mention, None, 0.0, Unlinked.NO_ROWS)
        shelf = self._shelf(scope)
        if same := shelf.exact.get(folded(mention)):
            return self._decide(mention, dict.fromkeys(same, 100.0))
        scores: dict[int, float] = {}
        for form in _forms(mention, shelf):
            for number, score in self._scored(form, shelf):
                scores[number] = max(score, scores.get(number, 0.0))
        return self._decide(mention, scores)

    def _shelf(self, scope: Scope) -> _Shelf:
        if scope not in self._shelves:
            shelf = _Shelf()
            for number in self._numbers[scope]:
                name, *aliases = self._names(self._rows[number])
                own_branch = branch_of(name)[1]
                for text in (name, *aliases):
                    shelf.add(number, text, own_branch)
            self._shelves[scope] = shelf
        return self._shelves[scope]

    def _names(self, row: Row) -> list[str]:
        aliases: Any = row.get(self._match.aliases) if self._match.aliases else None
        if isinstance(aliases, str):
            aliases = aliases.split("|")
        return [row[self._match.field], *(alias for alias in aliases or () if isinstance(alias, str))]

    def _scored(self, form: _Form, shelf: _Shelf) -> Iterator[tuple[int, float]]:
        for stem, score in shelf.near(form.stem, self._match.min_score - self._match.margin):
            for number, branch in shelf.stems[stem]:
                cost = _branch_cost(form.branch, branch)
                if cost is not None:
                    yield number, score - cost - form.penalty

    def _decide(self, mention: str, scores: dict[int, float]) -> Link:
        ranked = sorted(scores, key=lambda number: (-scores[number], number))
        if not ranked or scores[ranked[0]] < self._match.min_score:
            return Link(mention, None, scores[ranked[0]] if ranked else 0.0, Unlinked.NOT_FOUND)
        best = scores[ranked[0]]
        if len(ranked) > 1 and best - scores[ranked[1]] <= self._match.margin:
            return Link(mention, None, best, Unlinked.AMBIGUOUS)
        row = self._rows[ranked[0]]
        return Link(mention, row, best, said=_said(mention, set(map(folded, self._names(row)))))


def scope_of(values: Iterable[object]) -> Scope:
    """The scope that these values name, however they are spaced."""
    return tuple(folded(str(value)) for value in values)


def _said(mention: str, names: Container[str]) -> str:
    bare = without_signs(mention)
    return next((text for text in (bare, *without_particle(bare)) if folded(text) in names), bare)


def _forms(mention: str, shelf: _Shelf) -> Iterator[_Form]:
    """The ways to read a name, given the stems and branches that there are."""
    whole = folded(mention)
    if not whole:
        return
    stem, branch = branch_of(mention)
    yield _Form(stem, branch)
    if branch is None:
        yield from _unspaced(whole, shelf)
    for bare in without_particle(whole):
        if bare in shelf.stems:
            yield _Form(bare, None, PARTICLE)
        else:
            yield from (_Form(form.stem, form.branch, PARTICLE) for form in _unspaced(bare, shelf))


def _unspaced(whole: str, shelf: _Shelf) -> Iterator[_Form]:
    """Readings of `달빛제과망원점` with a branch at its end."""
    if not whole.endswith("점"):
        return
    for end in range(2, len(whole) - 1):
        stem, branch = whole[:end], branch_word(whole[end:])
        if branch in shelf.branches or (stem in shelf.stems and branch_after(stem, whole) is not None):
            yield _Form(stem, branch)


def _branch_cost(said: str | None, of_row: str | None) -> float | None:
    """Points that the branches cost; None: these are two different shops."""
    if said == of_row:
        return 0.0
    if said is None:
        return MAIN_BRANCH if of_row == "" else BRANCH_UNSAID
    if of_row is None:
        return MAIN_BRANCH if said == "" else BRANCH_UNKNOWN
    return None
