"""What the kinds of step give whose fields no author writes: typed ones, and those for later steps only."""

from __future__ import annotations

from furrow.config.fields import Fields
from furrow.config.models import FieldSpec

_TEXTS = FieldSpec(type="list", items="string")
_SCORE = FieldSpec(type="integer", min=0, max=10, description="0 useless, 5 fair, 10 perfect")

LOOKUP_FIELDS = {"ids": _TEXTS, "names": _TEXTS, "unlinked": _TEXTS}
"""The fields of a lookup step that a result may take; `links` is for later steps."""
LINKS_FIELD = "links"

JUDGE_ANSWER = Fields(
    {
        "reason": FieldSpec(type="string", max_length=160, description="What decides, in a few words"),
        "score": _SCORE,
        "passes": FieldSpec(type="boolean", description="Whether it meets every rule"),
    },
    "judge",
)
"""What a judge's model answers about one candidate: the reason first, so that it thinks before it scores."""

JUDGE_FIELDS = {
    "best": FieldSpec(type="string", nullable=True),
    "best_score": FieldSpec(type="integer", nullable=True, min=0, max=10),
    "scores": FieldSpec(type="list", items="integer"),
    "accepted": _TEXTS,
    "rejected": _TEXTS,
}
VERDICTS_FIELD = "verdicts"

CLAIMS_FIELDS = {"kept": _TEXTS, "rejected": _TEXTS, "claims": _TEXTS}

RETRIEVE_FIELDS = {
    "ids": _TEXTS,
    "known": FieldSpec(type="boolean"),
    "best_score": FieldSpec(type="number", min=0, max=1),
}
PASSAGES_FIELDS = frozenset({"passages", "text"})

CLASSIFY_FIELDS = {
    "label": FieldSpec(type="string", nullable=True),
    "margin": FieldSpec(type="number", min=0),
    "ranked": _TEXTS,
}
LABELLED_FIELD, KEPT_FIELD = "labelled", "kept"
"""What a classify step of many texts gives: the first for later steps only, the second when it drops some."""
KEPT_FIELDS = {KEPT_FIELD: _TEXTS}

PHOTO_QUALITY_FIELDS = {
    "order": FieldSpec(type="list", items="string", evaluate="top1"),
    "scores": FieldSpec(type="list", items="number"),
    "duplicates": _TEXTS,
    "reasons": _TEXTS,
}
