"""Where a text speaks to the model that reads it instead of to people: orders, fake turns, ready answers.

Cues (`order_cues.py`) are summed per sentence, with points for what is learnt of it (`learnt_orders.py`);
from three on it is an order. Then the rest of its line goes too, and sentences around it that would have
passed: a text with one order is not read as a fair one any more. Marks of another voice (a turn of a chat
format, `<system>`) reach to the last one or the end.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from itertools import groupby, pairwise

from furrow.engine import learnt_orders
from furrow.engine.order_cues import ENGLISH, HEADINGS, KOREAN, Cue
from furrow.engine.untrusted_text import chat_markers, plain_letters, visible

PLACEHOLDER = "[지시문]"
Span = tuple[int, int]

_AN_ORDER, _IN_TWO_SENTENCES, _IN_BAD_COMPANY, _BESIDE_ONE = 3, 4, 2, 1
_FEW_WORDS = 4
_A_BARE_HEADING = 4
"""Letters behind the mark of a heading; with more it says what it has to say itself."""
_SENTENCE = re.compile(r"[^\n]+?(?:(?<=\w\w)[.!?。！？…;]+(?=\s|[가-힣]|$)|(?=\n)|$)")
_LINE = re.compile(r"[^\n]+")
_SIGNS = re.compile(r"[\W_]+")
_LOOSE_LETTERS = re.compile(r"\b(?:[a-z][ .\-_*]){4,}[a-z]\b", re.IGNORECASE)
_BLOB = re.compile(r"[A-Za-z0-9+/_-]{20,}={0,2}")
_OBJECT = re.compile(r"\{\s*[\"'“”‘’「]?[\w가-힣 ]{1,40}[\"'“”‘’」]\s*[:：=]")
_TAG = re.compile(
    r"</?\s?(?:system|instructions?|prompt|assistant|user|human|admin|developer|listing|record|article|document|input|output|answer"
    r"|response|json|important|context|tool|function|message|override|시스템|지시|명령)\b[^<>\n]{0,40}>",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"<!--|-->|/\*|\*/")
_PAIR = re.compile(r"[\"“”'‘’]\w{1,40}[\"“”'‘’]\s*[:：]\s*[\"“”'‘’\[{\d][^\n]*")
"""`"brand": "x"`: JSON without its brackets."""
_SPLIT_I = re.compile(r"(?<=[\u1100-\u1112])\|")
"""The vowel of `ㅇㅣ`, which looks like the sign that it was taken for."""
_LEET = str.maketrans("013457@$", "oieastas")
_LEET_WORD = re.compile(r"\b(?=\w*[a-z])[a-z]+[0-9@$][a-z0-9@$]*[a-z]\b", re.IGNORECASE)
_FENCE = re.compile(
    r"(?m:^[ \t]*`{3,}(?=[a-z]*\s*$))|`{3,}(?=(?:json|system|text|yaml)\b)"
    r"|~{3,}(?=\s?(?:json|system|text|yaml)\b)"
)
_ADDRESS = re.compile(r"https?://|www\.|\.(?:com|net|org|kr|example)\b", re.IGNORECASE)
_BACKWARDS = re.compile("\u202e[^\u202c\n]*\u202c?")


def screened(text: str, fields: frozenset[str] = frozenset()) -> str:
    """The text with a placeholder for each order to a model; itself when there is none.

    fields: names of the fields of answers. What comes out is found clean when it comes in again.
    """
    left = _BACKWARDS.sub(PLACEHOLDER, text)
    while found := orders(left, fields):
        left = _cut(visible(left), found)
    return left


def orders(text: str, fields: frozenset[str] = frozenset()) -> list[Span]:
    """Where they stand in `visible(text)`, in order and apart from each other."""
    plain = plain_letters(visible(text))
    found = [*_foreign_voices(plain), *_sentences(plain, fields)]
    return _merged(span for span in found if _says_something(plain, span))


def undoubted(text: str, bound: float = learnt_orders.DOUBTFUL) -> str:
    """The text without the sentences that may be orders: alone or with a neighbour they reach the bound.

    What stands in one line with a placeholder is among them, since an order is about what is beside it; so is
    what is too short to judge beside a sentence in doubt.
    """
    plain = plain_letters(visible(text))
    doubtful = [line.span() for line in _LINE.finditer(plain) if PLACEHOLDER in line[0]]
    spans = _spans(plain)
    pieces = [_own(plain[start:end]) for start, end in spans]
    alone = _suspicions(pieces)
    for place, (span, together) in enumerate(zip(spans, _with_neighbours(pieces, alone), strict=True)):
        beside = alone[max(0, place - 1) : place + 2] if alone[place] == -math.inf else []
        if max([together, *beside]) >= bound:
            doubtful.append(span)
    return _cut(visible(text), _merged(doubtful)) if doubtful else text


def _with_neighbours(pieces: list[str], found: list[float]) -> list[float]:
    """Each also as suspicious as with its neighbour: a wish may begin in one and end in the next."""
    of_two = [
        learnt_orders.suspicion(_as_read(" ".join(two))) - learnt_orders.OF_TWO for two in pairwise(pieces)
    ]
    return list(map(max, found, [*of_two, -math.inf], [-math.inf, *of_two]))


def sentences(text: str) -> list[str]:
    """Its sentences as they are judged: what is hidden out, letters as they look."""
    plain = plain_letters(visible(text))
    return [plain[start:end].strip() for start, end in _spans(plain)]


def _spans(plain: str) -> list[Span]:
    return [one.span() for one in _SENTENCE.finditer(plain) if one[0].strip()]


def _cut(text: str, found: list[Span]) -> str:
    parts, last = [], 0
    for start, end in found:
        parts += [text[last:start], PLACEHOLDER]
        last = end
    return "".join([*parts, text[last:]])


def _says_something(plain: str, span: Span) -> bool:
    """A placeholder alone is no order."""
    return bool(_SIGNS.sub("", _own(plain[span[0] : span[1]])))


def _own(piece: str) -> str:
    """Without placeholders: written into an order, they would split it."""
    return piece.replace(PLACEHOLDER, "")


def _merged(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


# --- marks of another voice ------------------------------------------------------------------------------


def _foreign_voices(plain: str) -> list[Span]:
    found = [
        _reach(plain, marks)
        for marks in (
            chat_markers(plain),
            [one.span() for one in _TAG.finditer(plain)],
            [one.span() for one in _FENCE.finditer(plain)],
            [one.span() for one in _COMMENT.finditer(plain)],
        )
        if marks
    ]
    opened = _OBJECT.search(plain)
    if opened:
        closed = plain.rfind("}")
        found.append((opened.start(), closed + 1 if closed > opened.start() else len(plain)))
    found += [one.span() for one in _PAIR.finditer(plain)]
    found += [one.span() for one in _BLOB.finditer(plain) if _is_writing(one[0])]
    return found


def _reach(plain: str, marks: list[Span]) -> Span:
    """From the first mark to the last; a single one reaches to the end."""
    return marks[0][0], marks[-1][1] if len(marks) > 1 else len(plain)


def _is_writing(blob: str) -> bool:
    """Whether it is base64 of something that can be read."""
    bare = blob.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        text = base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return False
    return text.isprintable() and any(char.isalpha() for char in text)


# --- sentences that order --------------------------------------------------------------------------------


def _sentences(plain: str, fields: frozenset[str]) -> list[Span]:
    spans = _spans(plain)
    pieces = [_own(plain[start:end]) for start, end in spans]
    by_rules = [_score(piece, fields) for piece in pieces]
    scores = [score + _points(one) for score, one in zip(by_rules, _suspicions(pieces), strict=True)]
    hits = {place for place, score in enumerate(scores) if score >= _AN_ORDER}
    by_rule = {place for place, score in enumerate(by_rules) if score >= _AN_ORDER}
    for place in range(len(pieces) - 1):
        pair = f"{pieces[place]} {pieces[place + 1]}"
        if not {place, place + 1} & by_rule and _score(pair, fields) >= _IN_TWO_SENTENCES:
            hits, by_rule = hits | {place, place + 1}, by_rule | {place, place + 1}
    if not hits:
        return []
    doubtful = [place for place, score in enumerate(scores) if score >= _IN_BAD_COMPANY]
    scores = [max(score, _as_company(piece, fields)) for score, piece in zip(scores, pieces, strict=True)]
    found = [spans[place] for place in doubtful]
    covered = 0
    for place in sorted(hits):
        if spans[place][0] >= covered:
            hands_over = place in by_rule and _hands_over(pieces[place])
            found.append(_with_company(plain, spans, scores, place, hands_over))
            covered = found[-1][1]
    return found


def _with_company(plain: str, spans: list[Span], scores: list[int], hit: int, hands_over: bool) -> Span:
    """The order with suspicious sentences before it and the rest of its line; to the end behind a heading."""
    first = hit
    while first > 0 and scores[first - 1] >= _BESIDE_ONE:
        first -= 1
    if hands_over:
        return spans[first][0], len(plain)
    last = hit
    while last + 1 < len(spans) and "\n" not in plain[spans[last][1] : spans[last + 1][0]]:
        last += 1
    while last + 1 < len(spans) and scores[last + 1] >= _BESIDE_ONE:
        last += 1
    return spans[first][0], spans[last][1]


def _as_company(piece: str, fields: frozenset[str]) -> int:
    """An address, or a field's name before a colon: common, and yet what an order beside it is about."""
    colon = _of_fields(fields)[2] if fields else None
    return int(bool(_ADDRESS.search(piece) or (colon and colon.search(piece))))


def _hands_over(piece: str) -> bool:
    """Whether the word goes to somebody else: `### 새 지시` with nothing behind it, a colon at the end."""
    if piece.rstrip().endswith((":", "：")):
        return True
    heads = [cue.pattern.search(piece) for cue in HEADINGS if cue.weight > _IN_BAD_COMPANY]
    return any(head and len(_SIGNS.sub("", piece[head.end() :])) <= _A_BARE_HEADING for head in heads)


@lru_cache(maxsize=4096)
def _score(piece: str, fields: frozenset[str]) -> int:
    """The sum of its cues; read backwards too, since somebody may have written it so."""
    return max(_forward(piece, fields), sum(_in_korean(piece[::-1]).values()))


def _points(suspicion: float) -> int:
    """What the learnt figure adds to the rules: an order, a cue, nothing."""
    return _AN_ORDER if suspicion >= learnt_orders.ORDER else int(suspicion >= learnt_orders.EVEN)


def _suspicions(pieces: list[str]) -> list[float]:
    """Of each sentence. Those of few words in a row are judged together: a wish can be cut into pieces."""
    found: list[float] = []
    for few, group in groupby(pieces, lambda piece: len(piece.split()) < _FEW_WORDS):
        told = list(group)
        joined = learnt_orders.suspicion(_as_read(" ".join(told))) if few else -math.inf
        found += [max(joined, learnt_orders.suspicion(_as_read(piece))) for piece in told]
    return found


def _forward(piece: str, fields: frozenset[str]) -> int:
    weights = _found(ENGLISH, _as_read(piece)) | _found(HEADINGS, piece)
    for name, weight in _in_korean(piece).items():
        weights[name] = max(weight, weights.get(name, 0))
    return sum(weights.values()) + (_field_score(piece, fields) if fields else 0)


def _as_read(piece: str) -> str:
    """English with spaced-out letters together and digits as the letters that they stand for."""
    joined = _LOOSE_LETTERS.sub(lambda run: _SIGNS.sub("", run[0]) + " ", piece)
    return _LEET_WORD.sub(lambda word: word[0].translate(_LEET), joined)


def _in_korean(piece: str) -> dict[str, int]:
    whole = unicodedata.normalize("NFC", _SPLIT_I.sub("\u1175", piece))
    return _found(KOREAN, _SIGNS.sub("", whole).lower())


def _found(cues: Iterable[Cue], text: str) -> dict[str, int]:
    """Weight of each cue, the highest of a name; what both languages know (`JSON`) counts once."""
    found: dict[str, int] = {}
    for cue in cues:
        if cue.weight > found.get(cue.name, 0) and cue.pattern.search(text):
            found[cue.name] = cue.weight
    return found


def _field_score(piece: str, fields: frozenset[str]) -> int:
    """A field's name is our word: with an underscore, quoted, before `=` or a Korean particle."""
    named, valued, _ = _of_fields(fields)
    return (3 if valued.search(piece) else 0) + (2 if named.search(piece) else 0)


@lru_cache(maxsize=64)
def _of_fields(fields: frozenset[str]) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    name = "|".join(sorted(map(re.escape, fields), key=len, reverse=True))
    long = "|".join(sorted((re.escape(one) for one in fields if "_" in one), key=len, reverse=True)) or "(?!)"
    return (
        re.compile(
            rf"(?<!\w)(?:{long})(?![a-z0-9_])|[`\"'「](?:{name})[`\"'」]|(?<!\w)(?:{name})\s?(?:은|는|을|를|에|의|이|가|란|칸|필드|값|항목)(?![a-z])"
        ),
        re.compile(rf"(?<!\w)(?:{name})\s?(?:=|:=|->|=>|→)|(?<!\w)(?:{long})\s?[:：]"),
        re.compile(rf"(?<!\w)(?:{name})\s?[:：]", re.IGNORECASE),
    )
