"""Homes as people describe them in Korean: deposit and rent, area, floor, move-in date.

Each function reads words that were copied from a listing and gives a value, or None when they state none.
Only the first 200 characters are read; none of them raises.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from furrow.config.korean import (
    LONGEST_TEXT,
    LOWERED,
    PLACEHOLDER,
    Amount,
    amounts_in_man,
    in_digits,
    parse_krw_in_man,
)

_NO_FEE_IS_SO_HIGH = 10_000_000
SQUARE_METRES_PER_PYEONG = 400 / 121

_LABEL = re.compile(
    r"(?P<deposit>보증금?|(?<![가-힣])보(?=\s?(?:\d|$))|전세금?|전세가|매매가?|deposit|jeonse)|(?P<rent>월세|월\s?임대료|임대료|차임|월(?=\s*(?:\d|$))|rent|monthly)"
    r"|(?P<fee>관리비|maintenance|공과금|융자|권리금|중개)",
    re.IGNORECASE,
)
_LABEL_AFTER = re.compile(
    r"\s?(?:won|krw)?\s?(?:monthly\s|of\s)?"
    r"(?:(?P<deposit>deposit|jeonse)|(?P<rent>rent|a month|per month|monthly))",
    re.IGNORECASE,
)
_NO_FEE = re.compile(r"없|무료|포함|면제|included|free|\bno\b|(?<!\d)0(?!\d)", re.IGNORECASE)
_NONE_SAID = re.compile(
    r"(?:관리비|ㄱㄹㅂ|maintenance)(?:는|은|도|가|까지|만)?\s?:?\s?\(?(?:전부|모두|다)?\s?"
    r"(?:없|무료|면제|포함(?!\s?(?:아[니님닙]|안|[xX]))|[xX×](?![a-z])|0(?![\d.,~]))",
    re.IGNORECASE,
)
_ABOUT = r"\s?(?:약|월|매월|대략|평균)?\s?\d[\d,.]*\s?[만천]?\s?원?"
_BESIDE_A_BRACKET = re.compile(
    rf"관리비\s?(?:별도)?\s?(?:\((?:{_ABOUT}\s?(?:정도|선|내외)?|포함|없음|무료)\s?\)"
    rf"|\((?!포함|없음|무료)[^()\n]{{1,40}}\){_ABOUT}(?![\d/층평]))"
)

_AREA = re.compile(
    r"(?P<number>\d[\d,]*(?:\.\d+)?)\s?"
    r"(?:(?P<metres>m2|제곱\s?미터|제곱|sqm|sq\.?\s?m\b|헤베)|(?P<pyeong>평(?!점|가|균|일|소|당|창|형|대(?!지))|py(?:eong)?\b))",
    re.IGNORECASE,
)
_SPELLED = re.compile(r"(?<![가-힣\d])[일이삼사오육칠팔구십]{1,4}(?=\s?(?:층|평))")
_ROUNDED_PYEONG = 1.0
"""A 평 that differs by more is another area, not the same one rounded."""

_NET = re.compile(r"(?:전용|실평수|실면적|net)\D{0,8}$", re.IGNORECASE)
_GROSS = re.compile(r"(?:공급|분양|계약|연면적|대지|gross)\D{0,8}$", re.IGNORECASE)

_BELOW = re.compile(r"(?:지하|\bB)\s?(\d{1,2})(?:\s?층|F\b|\b)", re.IGNORECASE)
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
    "basement": re.compile(r"지하|\bB\s?\d|basement", re.IGNORECASE),
    "low": re.compile(r"(?:저|낮은)\s?층(?!고|간)|(?<![가-힣])저(?=\s?/)|low[- ]floor", re.IGNORECASE),
    "middle": re.compile(
        r"(?:중|중간|가운데)\s?층(?!고|간)|(?<![가-힣])중(?=\s?/)|mid(?:dle)?[- ]floor", re.IGNORECASE
    ),
    "high": re.compile(r"(?:고|높은)\s?층(?!고|간)|(?<![가-힣])고(?=\s?/)|high[- ]floor", re.IGNORECASE),
}

_FULL_DATE = re.compile(r"(?P<year>(?:20)?\d{2})\s?[년./-]\s?(?P<month>\d{1,2})\s?[월./-]\s?(?P<day>\d{1,2})")
_MONTH = re.compile(
    r"(?:(?P<year>(?:20)?\d{2}|내|올|다음|이번)\s?(?:년|해)\s?)?"
    r"(?:(?P<month>\d{1,2})\s?월(?!\s?세)|(?P<near>이번\s?달|이달|금월|다음\s?달|담달|내달|익월))"
    r"(?:\s?(?P<day>\d{1,2})\s?일?(?!\d))?"
)
_SLASHED = re.compile(r"(?<![\d/])(?P<month>\d{1,2})/(?P<day>\d{1,2})(?![\d/])")
_MOVING = r"(?:입주|이사|퇴거|퇴실)"
_DOTTED_DAY = r"(?<![\d.])(?P<month>\d{1,2})\.\s?(?P<day>\d{1,2})(?!\d|\.\d|\s?(?:룸|평|억|천|만|m|%))"
_DOTTED = (
    re.compile(rf"{_MOVING}\s?(?:가능|예정)?일?\s?:?\s?{_DOTTED_DAY}"),
    re.compile(rf"{_DOTTED_DAY}\s?일?\s?(?:이후|부터|에|자)?\s?{_MOVING}"),
)
_ENGLISH_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ENGLISH_DATE = re.compile(
    r"(?:(?P<part>early|mid|late|end of)[ -])?(?:(?P<before>\d{1,2})(?:st|nd|rd|th)?\s)?"
    rf"\b(?P<month>{'|'.join(_ENGLISH_MONTHS)})[a-z]{{0,6}}\b\.?(?:\s(?P<day>\d{{1,2}})(?!\d))?",
    re.IGNORECASE,
)
_PARTS = {
    "early": re.compile(r"초|early", re.IGNORECASE),
    "mid": re.compile(r"중순|중(?!개)|mid", re.IGNORECASE),
    "late": re.compile(r"말|하순|late|end of", re.IGNORECASE),
}
_NOW = re.compile(
    r"즉시|바로|당장|오늘|비어|공실|언제든|상시|immediate|right away|vacant|anytime|now\b", re.IGNORECASE
)
_NEGOTIABLE = re.compile(r"협의|조율|조정|상의|맞춰|negotiable", re.IGNORECASE)

_LANDMARK = re.compile(
    r"\S*[^\s요다며](?:\s(?:단지|건물|정문|후문|입구|사거리|바로))*\s?(?:맞은편|뒤편|건너편?|옆|근처)"
    r"|\bnear(?:by)?\s(?:(?:the|an?)\s)?(?:(?-i:[A-Z]\w*(?:\s[A-Z]\w*)*)|\w+)",
    re.IGNORECASE,
)

_NOT_LEFT_TO_ONE = re.compile(r"공용|가져[가갑갈감]|협의")
_DAY_TO_AGREE = re.compile(r"(?:입주|이사|날짜|일정|시기|가격|금액|월세|보증금)\S{0,3}\s?협의")
_SAID_OF_ONE = re.compile(
    r"((?:있|없)(?:음|고|지만|어요|습니다|는데)|이고|가고|가능|불가|無|(?<![A-Za-z])[OX])\s"
)

_CCTV = re.compile(r"(?:[씨시]\s?[씨시]|c\.?\s?c)[-.\s]?(?:티\s?(?:비|브이|뷔)|t\.?\s?v)", re.IGNORECASE)
_ONLY_SOUNDS_LIKE = re.compile(
    r"이사\s?가게|가게(?=\s?[되돼됐됩된])|안심\s?전세|전세\s?(?:자금|보증보험|반환|사기)|전세대출|전세[\d.,억천만원\s]{0,12}(?:끼|안고|승계)"
    r"|임대(?:인(?!데|지만)|차|사업|수익|\s?중(?![개층]))|(?:전세|월세|매매)[가는은]?\s?(?:아[니닌님닙]|말고)"
)
"""Holds the name of a home or a deal and names none: `이사 가게 되어`, `전세대출`, `임대인`, `전세 아님`."""

_SHORT = re.compile(r"[가-힣]{1,2}")

_DENIED = re.compile(r"없|無|불가|안\s?[되됨돼]|제외|미포함|별도\s?구매|[xX]\s?$|\bno\b", re.IGNORECASE)


def parse_deposit(text: str | None) -> int | None:
    """Deposit or price in won: of `보증금 2000/월 70` the 2000, of `전세 1억 5천` all of it.

    After a lowering (`4억9 → 4억6`, `1억1천에서 1억`) the lower one. A number without a unit counts 만원
    (`parse_krw_in_man`). An amount that is named as rent or as maintenance is neither.
    """
    return next((won for label, won in _payments(text) if label == "deposit"), None)


def parse_rent(text: str | None) -> int | None:
    """Monthly rent in won: of `2000/70` and `보증금 2000에 월 70` the 70; of a single amount that amount."""
    payments = list(_payments(text))
    rents = [won for label, won in payments if label == "rent"]
    alone = [won for _, won in payments] if len(payments) == 1 and not _named(text, "deposit") else []
    return next(iter([*rents, *alone]), None)


def names_rent(text: str | None) -> bool:
    """Whether an amount is a rent by its word or its place: of `100/100` and `월 60`, not of `2억`."""
    return any(label == "rent" for label, _ in _payments(text))


def parse_fee(text: str | None) -> int | None:
    """Maintenance fee of a month in won; 0 for `관리비 없음` and `관리비 포함`, beside any other amount.

    Bare numbers count 만원, but not where that would be absurd: `관리비 50,000` is won.
    """
    plain = _plain(text)
    if _NONE_SAID.search(plain):
        return 0
    won = parse_krw_in_man(plain)
    if won:
        return won if won < _NO_FEE_IS_SO_HIGH else won // 10_000
    return 0 if _NO_FEE.search(plain) else None


def parse_m2(text: str | None) -> float | None:
    """Area in square metres, two decimals; 평 are converted when the text has no ㎡.

    Of several areas the net one (전용, 실평수), else the first that is not gross (공급). A bare ㎡ beside a
    net 평 that says another area is left out. `25평형` names a type and `20평대` a range: no areas.
    """
    metres, pyeong = _areas(text)
    if metres is None and pyeong is not None:
        metres = pyeong * SQUARE_METRES_PER_PYEONG
    return None if metres is None else round(metres, 2)


def parse_pyeong(text: str | None) -> float | None:
    """Area in 평 (400/121 ㎡), two decimals; ㎡ are converted when the text has no 평 of the same area."""
    metres, pyeong = _areas(text)
    if pyeong is None and metres is not None:
        pyeong = metres / SQUARE_METRES_PER_PYEONG
    return None if pyeong is None else round(pyeong, 2)


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


def parse_move_in(text: str | None, written: datetime) -> str | None:
    """When one may move in: `2026-12-15`, `2026-12 early`, `2026-12`, `now` or `negotiable`.

    written: when the listing was. A month without a year is the next one from then on, and one that was over
    says nothing (`2018년 3월 입주한 아파트`). A date goes before 즉시, and 즉시 before 협의.
    """
    plain = _plain(text)
    found = _named_date(plain, written.date())
    if found is not None and found[:7] >= f"{written:%Y-%m}":
        return found
    if _NOW.search(plain):
        return "now"
    return "negotiable" if _NEGOTIABLE.search(plain) else None


def bracketed_fees(text: str) -> list[str]:
    """The words of a fee with its bracket: `관리비(수도, 인터넷 포함) 7만원`, `관리비 별도(약 10만원)`."""
    return [found[0] for found in _BESIDE_A_BRACKET.finditer(text)]


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


def reading(texts: list[str], reader: str, *arguments: Any) -> list[str]:
    """The texts of which a filter here that reads one text, such as `m2`, gives a value, or says yes.

    A filter that says yes or no (`names_rent`) counts when it says yes. arguments: what else it takes, such
    as the time for `move_in`. Raises KeyError when there is no such filter.
    """
    values = ((text, FILTERS[reader](text, *arguments)) for text in texts)
    return [text for text, value in values if value is not None and value is not False]


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


def _plain(text: str | None) -> str:
    """NFKC of what is read, floors and areas with their numbers in digits, no placeholders."""
    plain = re.sub(PLACEHOLDER, "*", unicodedata.normalize("NFKC", (text or "")[:LONGEST_TEXT])).strip()
    return _SPELLED.sub(lambda found: in_digits(found[0]), plain)


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
    if word[-1:].isdecimal():
        return re.compile(
            rf"{re.escape(word[:-1].strip())}\s?{word[-1]}(?!\d|\.\d|/\d\d|\s?[층평]|[월분만억천호번])"
        )
    if word.isascii():
        return re.compile(rf"(?<![a-z]){re.escape(word)}(?:s|es)?(?![a-z])", re.IGNORECASE)
    return _closed(word)


def _payments(text: str | None) -> Iterator[tuple[str, int]]:
    """Every amount as deposit or rent: by its label, else the first is the deposit and the next the rent."""
    plain, end, seen = _plain(text), 0, 0
    amounts = list(amounts_in_man(plain))
    if len(amounts) > 1 and LOWERED.search(plain[amounts[0].end : amounts[1].start]):
        end = amounts.pop(0).end
    swapped = len(amounts) > 1 and _label(plain, amounts[0].end, amounts[1]) == "deposit"
    for amount in amounts:
        label = _label(plain, end, amount)
        end = amount.end
        if label == "fee":
            continue
        seen += 1
        yield _role(label, seen, len(amounts), swapped), amount.won


def _role(label: str | None, place: int, of: int, swapped: bool) -> str:
    """`월세 500/45` labels the pair and not its first amount."""
    if place == 1:
        return "rent" if label == "rent" and (of == 1 or swapped) else "deposit"
    return "deposit" if label == "deposit" else "rent"


def _label(text: str, start: int, amount: Amount) -> str | None:
    """What the amount is, by the English word after it or else the last word between `start` and it."""
    if after := _LABEL_AFTER.match(text, amount.end):
        return after.lastgroup
    found = list(_LABEL.finditer(text, start, amount.start))
    return found[-1].lastgroup if found else None


def _named(text: str | None, label: str) -> bool:
    return any(match.lastgroup == label for match in _LABEL.finditer(_plain(text)))


def _areas(text: str | None) -> tuple[float | None, float | None]:
    """The ㎡ and the 평 that are stated; of two that differ only the one that is nearer to net."""
    plain = _plain(text)
    metres, pyeong = _area(plain, "metres"), _area(plain, "pyeong")
    if metres is None or pyeong is None:
        return metres and metres[1], pyeong and pyeong[1]
    if abs(metres[1] / SQUARE_METRES_PER_PYEONG - pyeong[1]) > _ROUNDED_PYEONG and metres[0] != pyeong[0]:
        return (metres[1], None) if metres[0] < pyeong[0] else (None, pyeong[1])
    return metres[1], pyeong[1]


def _area(plain: str, unit: str) -> tuple[int, float] | None:
    """The best area in that unit, after its rank."""
    found = [
        (_area_rank(plain[: match.start()]), float(match["number"].replace(",", "")))
        for match in _AREA.finditer(plain)
        if match[unit]
    ]
    return min(found, key=lambda area: area[0], default=None)


def _area_rank(before: str) -> int:
    """0 for a net area, 2 for a gross one, by the words before it."""
    return 0 if _NET.search(before) else 2 if _GROSS.search(before) else 1


def _floors(text: str | None) -> str:
    """Plain, without what is no floor of the home (지하철, `반지하 아님`); `5/15층` is `5층/15층`."""
    return _SLASHED_FLOORS.sub(_in_floors, _NO_FLOOR_OF_ITS_OWN.sub(" ", _plain(text)))


def _in_floors(pair: re.Match[str]) -> str:
    """A pair of numbers as floors where 층 says so: not `3층 500/40`, `3층/2룸` or `월40/3층`."""
    floor, total = int(pair["floor"]), int(pair["total"])
    said = [pair["said"], pair["after"] or pair["label"]]
    if pair["other"] or not any(said) or (floor > total and not all(said)):
        return pair[0].replace("/", "\n")
    return f"{floor}층/{total}층"


def _named_date(text: str, written: date) -> str | None:
    if full := _FULL_DATE.search(text):
        year = int(full["year"]) + (2000 if len(full["year"]) == 2 else 0)
        return _iso(year, int(full["month"]), int(full["day"]))
    if month := _MONTH.search(text):
        number = int(month["month"]) if month["month"] else _near(month["near"], written)
        year = _year(month["year"], number, written)
        if month["day"]:
            return _iso(year, number, int(month["day"]))
        return _part_of_month(year, number, text[month.end() :])
    days = (pattern.search(text) for pattern in (_SLASHED, *_DOTTED))
    if day := next(filter(None, days), None):
        return _iso(_year(None, int(day["month"]), written), int(day["month"]), int(day["day"]))
    return _english_date(text, written)


def _english_date(text: str, written: date) -> str | None:
    found = _ENGLISH_DATE.search(text)
    if found is None:
        return None
    month = _ENGLISH_MONTHS.index(found["month"].lower()) + 1
    year, day = _year(None, month, written), found["day"] or found["before"]
    return _iso(year, month, int(day)) if day else _part_of_month(year, month, found["part"] or "")


def _near(word: str, written: date) -> int:
    """The number of this month or of the next."""
    return written.month if word[0] in "이금" else written.month % 12 + 1


def _year(word: str | None, month: int, written: date) -> int:
    if word is not None and word.isdecimal():
        return int(word) + (2000 if len(word) == 2 else 0)
    if word in ("내", "다음"):
        return written.year + 1
    return written.year + (month < written.month)


def _iso(year: int, month: int, day: int) -> str | None:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def _part_of_month(year: int, month: int, after: str) -> str | None:
    if not 1 <= month <= 12:
        return None
    part = next((name for name, pattern in _PARTS.items() if pattern.match(after.strip())), "")
    return f"{year}-{month:02d} {part}".strip()


FILTERS: Mapping[str, Callable[..., Any]] = {
    "krw_in_man": parse_krw_in_man,
    "deposit_krw": parse_deposit,
    "rent_krw": parse_rent,
    "names_rent": names_rent,
    "fee_krw": parse_fee,
    "bracketed_fees": bracketed_fees,
    "m2": parse_m2,
    "pyeong": parse_pyeong,
    "floor_number": parse_floor,
    "floor_kind": parse_floor_kind,
    "total_floors": parse_total_floors,
    "move_in": parse_move_in,
    "named": named,
    "naming": naming,
    "first_named": first_named,
    "reading": reading,
    "without_landmarks": without_landmarks,
    "one_by_one": one_by_one,
    "left_in_the_home": left_in_the_home,
}
"""What prompts and expressions call them, such as `price.rent_quote | rent_krw`."""
