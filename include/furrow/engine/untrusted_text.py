"""Text from outside before it stands in a prompt: nothing in it hides, and nothing in it ends our turn."""

from __future__ import annotations

import re
import unicodedata

_HIDDEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2"
    "\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0d"
    "\ufeff\uffa0\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)
"""Format and control characters, fillers, tags, and variation selectors but those of text and emoji."""
_LINE_ENDS = re.compile("[\x0b\x0c\x85\u2028\u2029]")

_CHAT_MARKERS = re.compile(
    r"<\s{0,2}\|\s{0,2}/?[a-z_0-9 :.-]{1,40}\|\s{0,2}>"
    r"|<\s?/?(?:start_of_turn|end_of_turn|s|sys|bos|eos|think|tool_call|tool_response)\s?>"
    r"|\[\s?/?(?:inst|tool_calls|tool_results|available_tools|system_prompt)\s?\]",
    re.IGNORECASE,
)
_SIGNS = {
    **dict.fromkeys("‹〈⟨《«≪❬❮˂ᐸ〈＜﹤", "<"),
    **dict.fromkeys("›〉⟩》»≫❭❯˃ᐳ〉＞﹥", ">"),
    **dict.fromkeys("｜ǀ│┃∣❘￨¦ㅣᅵ", "|"),
    **dict.fromkeys("【〔〚⁅［", "["),
    **dict.fromkeys("】〕〛⁆］", "]"),
    **dict.fromkeys("▁‗﹍＿", "_"),
    **dict.fromkeys("∕⁄／⧸", "/"),
}
LETTERS = {
    **dict(zip("аеіорсухѕнтмквгԁһӏոɑαεικνορτυχ", "aeiopcyxshtmkbrdhlnaaeiknoptux", strict=True)),
    **dict(zip("АЕІОРСУХЅНТМКВΑΒΕΗΙΚΜΝΟΡΤΥΧΖ", "AEIOPCYXSHTMKBABEHIKMNOPTYXZ", strict=True)),
    **dict(zip("јԛԝѵɡıɩ", "jqwvgii", strict=True)),
}
"""Cyrillic, Greek and other letters -> the Latin ones that they are mistaken for."""
_LOOK_ALIKE = {**_SIGNS, **LETTERS}


class _Plain(dict[int, str]):
    """Character -> the plain one that a reader sees in it; filled as text comes by."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        wide = unicodedata.normalize("NFKC", char)
        self[code] = _LOOK_ALIKE.get(char) or (wide if len(wide) == 1 else char)
        return self[code]


_PLAIN = _Plain()


def visible(text: str) -> str:
    """The text as a reader sees it: without zero-width, bidi, tag and control characters, composed (NFC)."""
    return unicodedata.normalize("NFC", _LINE_ENDS.sub("\n", _HIDDEN.sub("", text)))


def plain_letters(text: str) -> str:
    """The text in the letters that it is read as, as long as it was: Cyrillic `Іgnоrе` is `Ignore`."""
    return text.translate(_PLAIN)


def chat_markers(plain_text: str) -> list[tuple[int, int]]:
    """Where turn markers of a chat format stand in a text of `plain_letters`."""
    return [found.span() for found in _CHAT_MARKERS.finditer(plain_text)]


def without_chat_markers(text: str) -> str:
    """Text in which nothing hides and no turn marker of a chat format, however it is drawn, ends our turn.

    `<|im_start|>`, `＜｜im_start｜＞` and `[ІNST]` with a Cyrillic letter lose their brackets.
    """
    shown = visible(text)
    plain = shown.translate(_PLAIN)
    if _CHAT_MARKERS.search(plain) is None:
        return shown
    parts, last = [], 0
    for found in _CHAT_MARKERS.finditer(plain):
        parts += [shown[last : found.start()], f"({plain[found.start() + 1 : found.end() - 1]})"]
        last = found.end()
    return "".join([*parts, shown[last:]])
