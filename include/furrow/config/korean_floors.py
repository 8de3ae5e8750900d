"""Floors of homes as people write them in Korean: `5층/15층`, `3층(5층 건물)`, `반지하`, `저층`.

Each function reads words that were copied from a listing and gives a number of a floor or of all floors, or
the kind of floor, or None when they state none. Floors below the ground are negative. Only the first 200
characters are read; none of them raises.
"""

from __future__ import annotations

import re

from furrow.config.korean_text import plain_text

_NUMBER_BELOW = r"\s?(\d{1,2})(?:\s?층|F\b|\b)(?!\s?(?:출구|동|호))"
_BELOW = re.compile(rf"(?:지하|\bB){_NUMBER_BELOW}", re.IGNORECASE)
_NO_FLOORS = r"\s?(?:평|룸|만|억|천|개|세대|월|년|m2|py)"
_FLOOR_WORD = r"(?:층|F\b|(?:st|nd|rd|th)?\s?floor)"
_SLASHED_FLOORS = re.compile(
    r"(?P<label>(?<!\d)층\s?:\s?|(?<![가-힣\d])층\s|층수\s?:?\s?|(?<!(?:st|nd|rd|th)\s)floor\s?:?\s?)?"
    rf"(?<![\d/.])(?P<floor>\d{{1,3}})\s?(?P<said>{_FLOOR_WORD})?\s?/\s?(?:총\s?|지상\s?)?"
    rf"(?P<total>\d{{1,3}})(?!\d|[./]\d)(?:\s?(?P<after>{_FLOOR_WORD})|(?P<other>{_NO_FLOORS}))?",
    re.IGNORECASE,
)
_NO_FLOOR_OF_ITS_OWN = re.compile(
    r"지하(?=철|도|수|상가)|지하\s?주차|(?:지하|\bB)\s?\d\s?층?\s?주차장"
    r"|(?:반\s?지하|지하|옥탑)(?:층|방)?[이가은는도]?\s?(?:아[니닌닙님]|말고|없|[xX](?![a-z]))"
)
_TOTAL = re.compile(
    r"(?:총|전체|전|(?:^|[,(/])\s*최고|건물(?:은|이|높이))\s?(?:층수?\s?)?:?\s?(\d{1,3})\s?(?:개\s?)?층(?!/)"
    rf"|(?:층|지하|옥탑|(?<![가-힣])[저중고])\s?/\s?(?:총\s?)?(\d{{1,3}})(?!\d|[./]\d|{_NO_FLOORS})"
    r"|of\s?(?:a\s)?(\d{1,3})(?!\d|[./]\d|-(?:st)?bed)"
    r"|(\d{1,3})\s?층\s?(?:건물|짜리|빌딩|중|의|아파트|규모)|(\d{1,3})[ -]?stor(?:e?y|ies)",
    re.IGNORECASE,
)
_FLOOR = re.compile(
    r"(?<!\d)(\d{1,3})\s?(?:층|F\b|(?:st|nd|rd|th)\s+floor)|floor\s?(\d{1,3})",
    re.IGNORECASE,
)
_FLOOR_KINDS = {
    "semi_basement": re.compile(
        r"반\s?지하|반\s?지층|반쯤\s?지하|반\s?층\s?(?:아래|내려)|semi[- ]?basement", re.IGNORECASE
    ),
    "rooftop": re.compile(r"옥탑|(?:옥상|루프탑)\s?방(?!수|향|화|역|음|문)|rooftop", re.IGNORECASE),
    "basement": re.compile(
        r"지하(?=\s?(?:\d|층|방|(?:원|투|쓰리)룸|[/(,.]|$|입니|이에|예요|임|인데|이고|라))"
        rf"|\bB{_NUMBER_BELOW}|basement",
        re.IGNORECASE,
    ),
    "low": re.compile(r"(?:저|낮은)\s?층(?!고|간)|(?<![가-힣])저(?=\s?/)|low[- ]floor", re.IGNORECASE),
    "middle": re.compile(
        r"(?:중|중간|가운데)\s?층(?!고|간)|(?<![가-힣])중(?=\s?/)|mid(?:dle)?[- ]floor", re.IGNORECASE
    ),
    "high": re.compile(r"(?:고|높은)\s?층(?!고|간)|(?<![가-힣])고(?=\s?/)|high[- ]floor", re.IGNORECASE),
}


def parse_floor(text: str | None) -> int | None:
    """Number of the floor: of `5층/15층`, `5/15층` and `15층 중 5층` the 5; `지하 1층` is -1.

    None for 반지하, 옥탑 and for 저층, 중층, 고층: see `parse_floor_kind`.
    """
    plain = _floors(text)
    if parse_floor_kind(text) in ("semi_basement", "rooftop"):
        return None
    if below := _BELOW.search(plain):
        return -int(below[1])
    totals = {total.start(total.lastindex or 0) for total in _TOTAL.finditer(plain)}
    numbers = (match for match in _FLOOR.finditer(plain) if match.start(match.lastindex or 0) not in totals)
    return next((int(match[match.lastindex or 0]) for match in numbers), None)


def parse_total_floors(text: str | None) -> int | None:
    """Floors of the building above ground: of `5층/15층`, `총 15층` and `15층 건물` the 15."""
    match = _TOTAL.search(_floors(text))
    return None if match is None else int(next(filter(None, match.groups())))


def parse_floor_kind(text: str | None) -> str | None:
    """`semi_basement`, `rooftop`, `basement`, `low`, `middle`, `high`, or `numbered` for a plain number."""
    plain = _floors(text)
    for kind, pattern in _FLOOR_KINDS.items():
        if pattern.search(plain):
            return kind
    return "numbered" if _FLOOR.search(plain) else None


def _floors(text: str | None) -> str:
    """Plain, without what is no floor of the home (지하철, `반지하 아님`); `5/15층` is `5층/15층`."""
    return _SLASHED_FLOORS.sub(_in_floors, _NO_FLOOR_OF_ITS_OWN.sub(" ", plain_text(text)))


def _in_floors(pair: re.Match[str]) -> str:
    """A pair of numbers as floors where 층 says so: not `3층 500/40`, `3층/2룸` or `월40/3층`."""
    floor, total = int(pair["floor"]), int(pair["total"])
    said = [pair["said"], pair["after"] or pair["label"]]
    if pair["other"] or not any(said) or (floor > total and not all(said)):
        return pair[0].replace("/", "\n")
    return f"{floor}층/{total}층"
