"""Which experiments of a deployment go on, so that nothing of them is pruned."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from furrow.config.use_case import UseCase
from furrow.errors import FurrowError
from furrow.store.promotion import experiment_of


@dataclass
class GoingOn:
    """experiments: the use cases of which it is known what goes on, each with its experiment or None;
    unknown: the others, each with the reason. Nothing of those may be pruned.
    """

    experiments: dict[str, str | None] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)


def going_on(names: Iterable[str], load: Callable[[str], UseCase]) -> GoingOn:
    """What goes on in these use cases. A folder that does not load hides what it runs."""
    found = GoingOn()
    for name in names:
        try:
            found.experiments[name] = experiment_of(load(name))
        except FurrowError as error:
            found.unknown[name] = str(error)
    return found
