"""Which names of a list Korean texts name: a deal, a kind of home, the things that are in it.

The names come from a folder's list with the other words for them; the texts are pieces of a listing. Some
functions only get a text ready: they take out or part what would name the wrong thing. None of them raises.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache

_LANDMARK = re.compile(
    r"\S{0,40}[^\s요다며](?:\s(?:단지|건물|정문|후문|입구|사거리|바로))*\s?(?:맞은편|뒤편|건너편?|옆|근처)"
    r"|\bnear(?:by)?\s(?:(?:the|an?)\s)?(?:(?-i:[A-Z]\w*(?:\s[A-Z]\w*)*)|\w+)",
    re.IGNORECASE,
)

_NOT_LEFT_TO_ONE = re.compile(r"공용(?!\s?(?:현관|세탁실|주차|공간|전기|계단|복도))|가져[가갑갈감]|협의")
_DAY_TO_AGREE = re.compile(r"(?:입주|이사|날짜|일정|시기|가격|금액|월세|보증금)\S{0,3}\s?협의")
_SAID_OF_ONE = re.compile(
    r"((?:있|없)(?:음|고|지만|어요|습니다|는데)|이고|가고|가능|불가|협의|無|(?<![A-Za-z])[OX])\s"
)

_CCTV = re.compile(r"(?:[씨시]\s?[씨시]|c\.?\s?c)[-.\s]?(?:티\s?(?:비|브이|뷔)|t\.?\s?v)", re.IGNORECASE)
_ONLY_SOUNDS_LIKE = re.compile(
    r"이사\s?가게|가게(?=\s?[되돼됐됩된])|안심\s?전세|전세\s?(?:자금|보증보험|반환|사기)|전세대출|전세(?:를|을)?[\d.,억천만원()\s]{0,12}(?:끼|낀|안[고은]|승계)"
    r"|임대(?:인(?!데|지만)|차|\s?(?:사업|수익)|\s?중(?![개층]))|(?:전세|월세|매매)[가는은]?\s?(?:아[니닌님닙]|말고)"
)
"""Holds the name of a home or a deal and names none: `이사 가게 되어`, `전세대출`, `임대인`, `전세 아님`."""

_SHORT = re.compile(r"[가-힣]{1,2}")

_DENIED = re.compile(r"없|無|불가|안\s?[되됨돼]|제외|미포함|별도\s?구매|[xX]\s?$|\bno\b", re.IGNORECASE)


def named(texts: list[str], names: list[str]) -> list[str]:
    """Which names these texts name, in the order of `names`, each once.

    names: a name and other words for it, split by `|`: `에어컨|에어콘|AC`. A text that denies what it names
    (`주차 불가`, `엘베 없음`) names nothing. Case and spaces do not count.
    """
    said = [_forms(text) for text in texts if not _DENIED.search(text)]
    words = [entry.split("|") for entry in names]
    return [name for name, *others in words if any(_names(forms, (name, *others)) for forms in said)]


def naming(texts: list[str], names: list[str]) -> list[str]:
    """The texts that name one of `names`, as `named` reads them."""
    words = [word for entry in names for word in entry.split("|")]
    return [text for text in texts if not _DENIED.search(text) and _names(_forms(text), words)]


def first_named(texts: list[str], names: list[str]) -> str | None:
    """The name whose word stands first in the first text that names one: 월세 of `월세/전세 투룸`."""
    words = {entry.split("|")[0]: entry.split("|") for entry in names}
    for text in naming(texts, names):
        forms = _forms(text)
        places = {name: min(_places(forms, others), default=len(text)) for name, others in words.items()}
        return min(places, key=lambda name: places[name])
    return None


def without_landmarks(text: str) -> str:
    """The text with a line break for each place that is only nearby: `학교 옆 아파트` is `\\n 아파트`.

    Gone are the word before 옆, 근처, 건너, 맞은편, 뒤편 (`푸른숲아파트 단지 바로 옆`) and what follows
    `near`. A word that ends a sentence stays (`원룸이에요 근처에 …`).
    """
    return _LANDMARK.sub("\n", text)


def left_in_the_home(texts: list[str]) -> list[str]:
    """The texts without those of things that are shared, taken along or to be agreed: `세탁기 공용`.

    `입주 협의` is about no thing.
    """
    return [text for text in texts if not _NOT_LEFT_TO_ONE.search(_DAY_TO_AGREE.sub("", text))]


def one_by_one(text: str) -> str:
    """The text with a line break after each word that ends what is said of a thing: 있고, 없음, 불가."""
    return _SAID_OF_ONE.sub(r"\1\n", text)


def _closed(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _forms(text: str) -> tuple[str, str]:
    """The text in NFKC without words that only sound like a name, and that without case and spaces."""
    written = unicodedata.normalize("NFKC", _ONLY_SOUNDS_LIKE.sub("*", _CCTV.sub("CCTV", text)))
    return written, _closed(written)


def _names(forms: tuple[str, str], words: Sequence[str]) -> bool:
    """Whether one of the words stands in the text; a Latin one as a word of its own: no TV in CCTV, in no
    spelling. A word of two letters stands as it is written: no 침대 in `아침 대중교통`.
    """
    return any(_place(*forms, word) >= 0 for word in words)


def _places(forms: tuple[str, str], words: Sequence[str]) -> Iterator[int]:
    """Where words that the text names begin, in the text without spaces."""
    return (place for word in words if (place := _place(*forms, word)) >= 0)


def _place(written: str, closed: str, word: str) -> int:
    """written, closed: the text in NFKC, and without case and spaces. -1 where the word does not stand."""
    sought = _sought(word)
    if isinstance(sought, str) and not _SHORT.fullmatch(word):
        return closed.find(sought)
    found = re.search(sought, written)
    return len(_closed(written[: found.start()])) if found else -1


@lru_cache(4096)
def _sought(word: str) -> re.Pattern[str] | str:
    """A word of a folder's list: its pattern when it is Latin or ends in a digit (`방 2`, not in `방 200` or
    `방 2층`), else without case and spaces.
    """
    word = _CCTV.sub("CCTV", word)
    if word.isascii():
        return re.compile(rf"(?<![a-z]){re.escape(word)}(?:s|es)?(?![a-z])", re.IGNORECASE)
    if word[-1].isdecimal():
        return re.compile(
            rf"{re.escape(word[:-1].strip())}\s?{word[-1]}(?!\d|\.\d|/\d\d|\s?[층평]|[월분만억천호번])"
        )
    return _closed(word)
