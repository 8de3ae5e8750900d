"""Passages that fit a question: BM25 over Korean syllable pairs, vectors where there are any, ranks fused.

Why pairs of syllables: Korean glues particles and endings to its words, so whole words miss (`도서관은` is
not `도서관`), and three letters, as SQLite's trigram index needs, are more than many words have (주차, 민원).
"""

from __future__ import annotations

import itertools
import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

_WORDS = re.compile(r"[a-z0-9]+(?:[.:-][a-z0-9]+)*|[가-힣]+")
_ASKING = re.compile(
    r"(?:어디|언제|얼마|무엇|무슨|어떻게|어떤|누구|뭐|뭔|알려|궁금|알고|아시|아는|있나|있어|있을|있는지|되나|돼|될까"
    r"|해야|인가요|인지|건가|가능|문의드|여쭤|안녕하|감사|부탁)[가-힣]*|몇|좀|저기|혹시|이번|요즘|제가|우리|저희|그냥|분|분들?"
    r"|하나요|질문(?:이요|있어요|드려요)?|여기|지금|바로"
)
_ASKING_ENGLISH = re.compile(
    r"an?|the|is|are|do|does|did|can|could|when|where|what|which|who|how|much|many|there|to|of|for|in|on|at"
    r"|i|my|we|our|you|your|please|tell|me|know|hi|hello|and|or|it|be"
)
_ENDING = re.compile(
    r"(?:에서는|에서도|에서|으로|까지|부터|이에요|이예요|예요|에요|인가요|나요|은|는|이|가|을|를|에|의|로|과|와|도|만|요)$"
)
_LEAST_STEM = 2
_LEAST_TERMS = 2
"""A question of one rare word is judged as if it had two: a word in common may be chance."""

_UNKNOWN_TERM = 0.25
_SENTENCE_END = re.compile(r"(?<=[.?!~])\s+|\n+")
RANK_CONSTANT = 60
"""Of reciprocal rank fusion (Cormack and others, 2009)."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage's place in the index and how well it fits, 0 to 1."""

    place: int
    score: float


def terms_of(text: str) -> list[str]:
    """What a text is found by: words of Latin letters and numbers whole, Hangul in pairs of syllables."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return [term for word in _WORDS.findall(plain) for term in _terms(word)]


def asked_terms(question: str) -> list[str]:
    """The terms of a question, without the words that only ask; of nothing else, those."""
    plain = unicodedata.normalize("NFKC", question).casefold()
    words = [word for word in _WORDS.findall(plain) if not _only_asks(word)]
    return [term for word in words for term in _terms(word)] or terms_of(question)


def _only_asks(word: str) -> bool:
    return any(words.fullmatch(word) for words in (_ASKING, _ASKING_ENGLISH))


def _terms(word: str) -> Iterable[str]:
    if not "가" <= word[0] <= "힣":
        return [word]
    ending = _ENDING.search(word)
    stem = word[: ending.start()] if ending and ending.start() >= _LEAST_STEM else word
    return [stem[place : place + 2] for place in range(len(stem) - 1)] or [stem]


class FullText:
    """BM25 over texts, by the library bm25s."""

    def __init__(self, texts: Sequence[str]):
        import bm25s

        terms = [terms_of(text) for text in texts]
        self._sets = [frozenset(found) for found in terms]
        ids = {term: number for number, term in enumerate(dict.fromkeys(itertools.chain(*terms)))}
        self._ids = dict(ids)
        self._ranking = bm25s.BM25()
        coded = [[ids[term] for term in found] for found in terms]
        self._ranking.index(bm25s.tokenization.Tokenized(ids=coded, vocab=ids), show_progress=False)

    def hits(self, question: str, allowed: Sequence[int]) -> list[Hit]:
        """The allowed texts that have a term of the question, best first.

        Their score is the share of the terms of the question's best sentence that they have, by rarity:
        people tell a story around what they ask.
        """
        known = [self._ids[term] for term in asked_terms(question) if term in self._ids]
        if not known:
            return []
        scores = self._ranking.get_scores_from_ids(known)
        ranked = sorted((place for place in allowed if scores[place] > 0), key=lambda place: -scores[place])
        asked = [self._weights(sentence, allowed) for sentence in _SENTENCE_END.split(question)]
        least = _LEAST_TERMS * _rarity(1, len(allowed))
        return [Hit(place, max(self._share(weights, place, least) for weights in asked)) for place in ranked]

    def _share(self, weights: Mapping[str, float], place: int, least: float) -> float:
        found = sum(weights[term] for term in weights.keys() & self._sets[place])
        return found / max(sum(weights.values()), least)

    def _weights(self, sentence: str, allowed: Sequence[int]) -> dict[str, float]:
        """How much each term says among the allowed texts: what stands in all of them says nothing.

        A term that is in no text at all is as often a typo or chatter as it is the point.
        """
        weights: dict[str, float] = {}
        for term in asked_terms(sentence):
            seen = sum(term in self._sets[place] for place in allowed)
            share = 1.0 if term in self._ids else _UNKNOWN_TERM
            weights[term] = share * _rarity(seen, len(allowed))
        return weights


def _rarity(seen: int, texts: int) -> float:
    """Of a term that `seen` of the texts have, as BM25 counts it."""
    return math.log(1 + (texts - seen + 0.5) / (seen + 0.5))


class Nearness:
    """Cosine likeness of vectors."""

    def __init__(self, vectors: Sequence[bytes]):
        import numpy as np

        self._matrix = np.stack([_unit(vector) for vector in vectors])

    def hits(self, question: bytes, allowed: Sequence[int]) -> list[Hit]:
        """The allowed passages, the nearest first. A score is a cosine, -1 to 1."""
        likeness: Any = self._matrix @ _unit(question)
        ranked = sorted(allowed, key=lambda place: -likeness[place])
        return [Hit(place, float(likeness[place])) for place in ranked]


def _unit(vector: bytes) -> np.ndarray[Any, Any]:
    """Little-endian float32, brought to length 1."""
    import numpy as np

    values = np.frombuffer(vector, dtype="<f4")
    return values / max(float(np.linalg.norm(values)), 1e-12)


@dataclass(frozen=True, slots=True)
class Bar:
    """How well a passage must fit: its share of the question's words, or its likeness."""

    min_score: float
    min_similarity: float

    def best(self, words: Sequence[Hit], near: Sequence[Hit]) -> list[Hit]:
        """What fits by one of the two, best first, each with the better of its scores."""
        found: dict[int, float] = {}
        for hits, least in ((words, self.min_score), (near, self.min_similarity)):
            for hit in hits:
                if hit.score >= least:
                    found[hit.place] = max(found.get(hit.place, 0.0), min(hit.score, 1.0))
        return [Hit(place, found[place]) for place in fused(words, near) if place in found]


def fused(*rankings: Sequence[Hit]) -> list[int]:
    """The places of several rankings in one, by reciprocal rank."""
    total: dict[int, float] = {}
    for ranking in rankings:
        for rank, hit in enumerate(ranking, 1):
            total[hit.place] = total.get(hit.place, 0.0) + 1 / (RANK_CONSTANT + rank)
    return sorted(total, key=lambda place: -total[place])
