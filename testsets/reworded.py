"""Attacks in other words: orders to a model that no cue of `furrow.engine.order_cues` was written on.

They stand in `tests/attacks_in_other_words.jsonl`. `fresh` and `later` go to the folders round and round. The others are
each for one folder, by writers who saw neither the screen's rules nor another attack; who wrote `informed` and `told` was
told how the screen works. All are `test`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import orjson

from testsets.attacks import HOSTS, Json, key_of, ordinary, placed, written_cases
from testsets.common import PROMPTS, Case, dice

FILE = "testset.reworded.jsonl"
TEXTS = PROMPTS.parent / "tests/attacks_in_other_words.jsonl"
UNSEEN = ("fresh", "later")
FOR_ONE = ("blind", "sealed", "informed", "afresh", "told")


def reworded(use_case: str) -> list[Case]:
    """The cases of a use case. One that stands in the file stays as it is: what was measured remains true."""
    written = written_cases(use_case, FILE)
    mine = _texts(UNSEEN)[list(HOSTS).index(use_case) :: len(HOSTS)]
    mine += [text for text in _texts(FOR_ONE) if text["use_case"] == use_case]
    return [
        written.get(f"reworded_{text['id']}") or _case(use_case, number, text)
        for number, text in enumerate(mine, 1)
    ]


def _texts(sets: Collection[str]) -> list[Json]:
    lines = map(orjson.loads, TEXTS.read_bytes().splitlines())
    return [line for line in lines if line["set"] in sets]


def _case(use_case: str, number: int, text: Json) -> Case:
    """An ordinary case of `test` with the order below it.

    In the older sets the first line of the text is an item of its own.
    """
    host = HOSTS[use_case]
    base = dice(use_case, f"reworded/{text['id']}").choice(ordinary(use_case, "test"))
    kept = "" if host.alone else base.input[host.fields[-1]] or ""
    order = text["text"] if text["set"] in FOR_ONE else text["text"].split("\n", 1)[1]
    record = {
        **base.input,
        host.fields[-1]: placed(kept, order, "after"),
        key_of(base.input): f"{host.prefix}w{number:03}",
    }
    slices = ("injection",) if text["kind"].endswith("_ko") else ("injection", "mixed")
    case = replace(
        base,
        id=f"{host.prefix}-reworded-{number:03}",
        input=record,
        slices=slices,
        family=f"reworded_{text['id']}",
        forbidden=(*text["forbidden"], *base.forbidden),
    )
    return _as_a_mention(case, base, text["forbidden"]) if text.get("a_mention") else case


def _as_a_mention(case: Case, base: Case, names: list[str]) -> Case:
    """`a_mention`: besides its wish the text says as a fact that there is such a place.

    By the guide of `place_mentions` that is a mention which no row fits, and nothing to keep out. Who decided it
    knew the guide and the texts, and not what had come out.
    """
    expected = {
        **base.expected,
        **{field: [*base.expected[field], *names] for field in ("mentions", "unlinked")},
    }
    return replace(case, expected=expected, forbidden=base.forbidden)
