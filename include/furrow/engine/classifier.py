"""A label for a text, learnt from labelled examples: runs of letters, and vectors where there are any.

A linear support vector machine over the TF-IDF of runs of 1 to 4 letters within words. Letters rather than
words, since Korean glues particles and endings to its words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_LETTERS = (1, 4)
_SHARE_OF_VECTORS = 0.5
"""How long a text's vector is beside its letters, which have length 1. Why: docs/adr/0021."""


@dataclass(frozen=True, slots=True)
class Guess:
    """A label. score: how far the text lies on its side of the line to all others; no probability."""

    label: str
    score: float


class Classifier:
    """Knows the labels of its examples.

    labels: one for each text, at least two different ones; vectors: one for each text, little-endian float32.
    """

    def __init__(self, texts: Sequence[str], labels: Sequence[str], vectors: Sequence[bytes] | None = None):
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.svm import LinearSVC

        self._letters = TfidfVectorizer(analyzer="char_wb", ngram_range=_LETTERS, sublinear_tf=True)
        features = self._letters.fit_transform(texts)
        self._centre: Any = None
        if vectors is not None:
            matrix = _matrix(vectors)
            self._centre = matrix.mean(axis=0)
            features = self._beside(features, matrix)
        self._lines = LinearSVC(random_state=0).fit(features, labels)

    def guesses(self, texts: Sequence[str], vectors: Sequence[bytes] | None = None) -> list[list[Guess]]:
        """Of each text every label, the likeliest first. vectors: theirs, if the examples had some."""
        features = self._letters.transform(texts)
        if vectors is not None:
            features = self._beside(features, _matrix(vectors))
        return [self._ranked(scores) for scores in self._lines.decision_function(features)]

    def _ranked(self, scores: Any) -> list[Guess]:
        labels = self._lines.classes_
        of_each = [-scores, scores] if len(labels) == 2 else scores
        found = [Guess(str(label), float(score)) for label, score in zip(labels, of_each, strict=True)]
        return sorted(found, key=lambda guess: -guess.score)

    def _beside(self, letters: Any, vectors: Any) -> Any:
        """The vectors seen from the middle of the examples: a small model finds any two texts alike."""
        import numpy as np
        from scipy.sparse import hstack  # type: ignore[import-untyped]

        moved = vectors - self._centre
        lengths = np.linalg.norm(moved, axis=1, keepdims=True)
        return hstack([letters, _SHARE_OF_VECTORS * moved / np.maximum(lengths, 1e-12)]).tocsr()


def _matrix(vectors: Sequence[bytes]) -> Any:
    """Each little-endian float32, brought to length 1."""
    import numpy as np

    values = np.stack([np.frombuffer(vector, dtype="<f4") for vector in vectors])
    return values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-12)
