"""Text that is almost JSON -> the names and values that stand in it, letter for letter.

Reads one flat object: values and lists of values. What may be loose is the form: quotes, commas, comments,
what stands around the object. Nothing is guessed, closed, dropped or chosen; where two readings are
thinkable, or something is left over, there is none.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

LONGEST = 200_000
"""Characters; a longer text is not looked at."""

_DIGIT = "[0-9０-９]"
_CLOSING = {'"': '"', "'": "'", "“": "”", "‘": "’", "＂": "＂"}
_MARKS = str.maketrans("｛｝［］：，", "{}[]:,")
_BRACE = re.compile("[{}｛｝]")
_OPENING = re.compile("[{｛]")
_SPACE = re.compile("[\\s\u200b\ufeff]*+")
_COMMENT = re.compile(r"(?://|#)[^\n]*+|/\*(?:[^*]|\*(?!/))*+\*/")
_MARK = re.compile(r"[{}\[\]:,｛｝［］：，]")
_STRINGS = {
    opening: re.compile(rf"{opening}((?:[^{opening}{closing}\\]++|\\.)*+){closing}", re.DOTALL)
    for opening, closing in _CLOSING.items()
}
_LETTER = "[^\\s\u200b\ufeff,:{}\\[\\]｛｝［］：，\"'“”‘’＂/#\\\\]"
_WORDS = re.compile(rf"{_LETTER}++(?:[ \t]++{_LETTER}++)*+")
_THOUSANDS = rf"(?<={_DIGIT})[,，](?={_DIGIT}{{3}}(?!{_DIGIT}))"
_WORDS_BEFORE_A_NAME = re.compile(rf"(?:{_LETTER}|{_THOUSANDS})++(?:[ \t]++(?:{_LETTER}|{_THOUSANDS})++)*+")
"""Between names a comma before exactly three digits belongs to the number: no name starts with a digit."""

_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
_ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", **{c: c for c in "\"'\\/“”‘’＂"}}


class NotReadable(ValueError):
    """The text is no flat object that can be read in one way only."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A value as it stands in the text: a string's content, or the words where no quotes are."""

    text: str
    quoted: bool


def read_loose(text: str) -> dict[str, Scalar | list[Scalar]]:
    """Name -> value, in the order of the text. Raises NotReadable, and nothing else."""
    if len(text) > LONGEST:
        raise NotReadable("too long")
    text = _unwrapped(text)
    start = _OPENING.search(text)
    if start is None:
        raise NotReadable("no object")
    reader = _Reader(text, start.start())
    pairs = reader.object()
    _alone(text[: start.start()], text[reader.at :])
    return pairs


def _unwrapped(text: str) -> str:
    """An object that was written as a JSON string, as the object."""
    if not text.lstrip().startswith('"'):
        return text
    try:
        inside = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return inside if isinstance(inside, str) else text


def _alone(before: str, after: str) -> None:
    """What stands around the object is prose, or a list of it alone; no second object, whole or begun."""
    if _BRACE.search(before) or _BRACE.search(after):
        raise NotReadable("a second object")
    in_list = before.rstrip().endswith(("[", "［"))
    list_ends = after.lstrip().startswith(("]", "］"))
    if in_list != list_ends or after.lstrip().startswith((",", "，")):
        raise NotReadable("a list of more than the object")


class _Reader:
    """Walks over the text once; `at` is where it stands."""

    def __init__(self, text: str, at: int):
        self._text, self.at = text, at
        self._closing = '"'
        self._in_list = False

    def object(self) -> dict[str, Scalar | list[Scalar]]:
        pairs: dict[str, Scalar | list[Scalar]] = {}
        self._expect("{")
        while not self._take("}"):
            name = self._scalar(_WORDS).text
            self._expect(":")
            if name in pairs:
                raise NotReadable("a name stands twice")
            pairs[name] = self._list() if self._take("[") else self._scalar(_WORDS_BEFORE_A_NAME)
            self._end_pair()
        return pairs

    def _list(self) -> list[Scalar]:
        items: list[Scalar] = []
        self._in_list = True
        while not self._take("]"):
            items.append(self._scalar(_WORDS))
            if not self._take(","):
                self._expect("]")
                break
        self._in_list = False
        return items

    def _end_pair(self) -> None:
        """A comma, or space where the next name follows: a name is known by the colon behind it.

        Without space, or with a comment there, what looks like a name may belong to a broken string.
        """
        end = self.at
        commented = self._skip()
        if self._take(",") or self._mark() == "}":
            return
        if commented or self.at == end:
            raise NotReadable("no comma")

    def _scalar(self, words: re.Pattern[str]) -> Scalar:
        self._skip()
        opening = self._text[self.at : self.at + 1]
        quoted = opening in _STRINGS
        found = (_STRINGS[opening] if quoted else words).match(self._text, self.at)
        if found is None:
            raise NotReadable("no value, or one that does not end")
        self.at = found.end()
        if not quoted:
            return Scalar(found[0], quoted=False)
        if self._in_list and "\n" in found[1]:
            raise NotReadable("an item over two lines may be two")
        self._closing = _CLOSING[opening]
        return Scalar(_unescaped(found[1]), quoted=True)

    def _expect(self, mark: str) -> None:
        if not self._take(mark):
            raise NotReadable(f"no {mark} where one belongs")

    def _take(self, mark: str) -> bool:
        found = self._mark() == mark
        self.at += found
        return found

    def _mark(self) -> str | None:
        """The mark that comes next, if one does."""
        self._skip()
        found = _MARK.match(self._text, self.at)
        return found[0].translate(_MARKS) if found else None

    def _skip(self) -> bool:
        """Over space and comments; whether there were comments.

        A comment with a quote in it may be the rest of a string that holds quotes itself, and one in a list
        may be an item: not readable.
        """
        self._skip_space()
        start = self.at
        while comment := _COMMENT.match(self._text, self.at):
            if self._in_list or self._closing in comment[0] or '"' in comment[0]:
                raise NotReadable("a comment that may be more")
            self.at = comment.end()
            self._skip_space()
        return self.at > start

    def _skip_space(self) -> None:
        if space := _SPACE.match(self._text, self.at):
            self.at = space.end()


def _unescaped(text: str) -> str:
    """The content of a string, with the escapes of JSON, Python and JavaScript."""
    if "\\" not in text:
        return text
    try:
        return _ESCAPE.sub(_meant, text).encode("utf-16", "surrogatepass").decode("utf-16")
    except (ValueError, OverflowError) as error:
        raise NotReadable("an escape of no letter") from error


def _meant(escape: re.Match[str]) -> str:
    code = escape[1] or escape[2] or escape[3]
    if code:
        return chr(int(code, 16))
    if escape[4] not in _ESCAPED:
        raise NotReadable("an escape that nobody knows")
    return _ESCAPED[escape[4]]
