"""Invented homes, and the ways in which people say in a listing what they are like.

A `Listing` knows the truth of its home. Each method says one thing of it in words and, by saying it, fills the
label: what a template never says stays empty.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

from testsets.common import Json
from testsets.home_words import AREAS, DEV, FLOORS, WORDS, Words, ordinal

REGIONS = (
    "서울 마포구 망원동",
    "서울 관악구 신림동",
    "서울 성동구 성수동",
    "경기 성남시 정자동",
    "경기 수원시 인계동",
    "인천 부평구 부평동",
    "부산 수영구 광안동",
    "대구 중구 삼덕동",
    "대전 유성구 봉명동",
    "광주 서구 치평동",
    "제주 제주시 노형동",
    "강원 춘천시 효자동",
)
DEALS = ("매매", "전세", "월세", "월세", "월세")
MONTHS = {12: "December", 1: "January", 2: "February", 3: "March"}
PARTS = {"early": ("초", "early"), "mid": ("중순", "mid"), "late": ("말", "late")}
LEVELS = {"low": "저층", "middle": "중층", "high": "고층"}
_MONEY = ("price_krw", "deposit_krw", "rent_krw", "maintenance_krw")
_SIZE = ("floor", "floor_kind", "total_floors", "area_m2", "area_pyeong")
FIELDS = ("home", "deal", *_MONEY, *_SIZE, "move_in")
QUOTED = {
    "home_quote": (("home",), ("home", "home_en")),
    "deal_quote": (("deal",), ("deal", "price", "price_en", "rent")),
    "price_quote": (("price_krw", "deposit_krw"), ("price", "deposit", "price_en")),
    "rent_quote": (("rent_krw",), ("rent", "price", "price_en")),
    "maintenance_quote": (("maintenance_krw",), ("fee", "fee_en")),
    "floor_quote": (("floor_kind",), ("floor", "floor_en")),
    "total_floors_quote": (("total_floors",), ("floor", "floor_en")),
    "area_quote": (("area_m2",), ("area", "area_en")),
    "move_in_quote": (("move_in",), ("move", "move_en")),
}
"""A quote of the form -> the fields that it proves, and the methods that say them; the first that was used counts."""
_PYEONG = 400 / 121
_NAMED = re.compile(r"\{([a-z_]+)\}")
MAN = 10_000


@dataclass
class Listing:
    """A listing that is being written.

    said: the label so far; quotes: method -> what it said; words: the same for lists, word by word; kept:
    phrases that no noise may touch; split: whose words it uses.
    """

    rng: Random
    written: datetime
    deals: Sequence[str] = DEALS
    kinds: Sequence[str] = tuple(DEV.kinds)
    split: str = "dev"
    said: Json = field(default_factory=dict)
    quotes: dict[str, str] = field(default_factory=dict)
    words: dict[str, list[str]] = field(default_factory=dict)
    kept: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        rng = self.rng
        self.kind, self.deal_word = rng.choice(self.kinds), rng.choice(self.deals)
        if self.kind in ("상가", "사무실") and self.deal_word == "전세":
            self.deal_word = "월세"
        self.place = rng.choice(REGIONS)
        self.area_metres = round(rng.uniform(*AREAS[self.kind]), rng.choice((0, 1, 2)))
        self.inside_names = rng.sample(list(self.vocabulary.inside), rng.randint(1, 5))
        self.outside_names = rng.sample(list(self.vocabulary.outside), rng.randint(1, 4))

    @property
    def vocabulary(self) -> Words:
        """The words of its split."""
        return WORDS[self.split]

    @property
    def expected(self) -> Json:
        """The label: what was said and a piece of the text that says it, and nothing else."""
        empty: dict[str, Any] = dict.fromkeys(FIELDS)
        form = {**empty, "options_inside": [], "options_outside": [], **self.said}
        return {**form, **self._proof(form)}

    def _proof(self, form: Json) -> Json:
        proof: Json = {
            quote: next(self.quotes[name] for name in sayings if name in self.quotes)
            if any(form[name] is not None for name in proven)
            else None
            for quote, (proven, sayings) in QUOTED.items()
        }
        return proof | {f"options_{name}_quotes": self.words.get(name, []) for name in ("inside", "outside")}

    def fill(self, template: str) -> str:
        """The template with each `{name}` said by the method of that name."""
        return _NAMED.sub(lambda found: self._say(found[1]), template)

    def _say(self, name: str) -> str:
        text = self.quotes[name] = str(getattr(self, name)())
        return text

    def phrase(self, *forms: str, **values: object) -> str:
        """One of these forms, kept from noise."""
        text = self.rng.choice(forms).format(**values)
        self.kept.append(text)
        return text

    def one_of(self, name: str, **values: object) -> str:
        """One of the forms in which its split says this, kept from noise."""
        return self.phrase(*self.vocabulary.phrases[name], **values)

    # --- what it is -------------------------------------------------------------------------------

    def home(self) -> str:
        self.said["home"] = self.kind
        return self.phrase(*self.vocabulary.kinds[self.kind])

    def deal(self) -> str:
        self.said["deal"] = self.deal_word
        return self.phrase(self.deal_word)

    def region(self) -> str:
        return self.place.split()[-1]

    # --- money ------------------------------------------------------------------------------------

    def price(self) -> str:
        """The deal with its money."""
        self.said["deal"] = self.deal_word
        if self.deal_word == "월세":
            return self._lease()
        man = self._sum(1, 12) if self.deal_word == "매매" else self._sum(0, 5)
        self.said["price_krw" if self.deal_word == "매매" else "deposit_krw"] = man * MAN
        return self.phrase("{deal} {sum}", "{deal}가 {sum}", deal=self.deal_word, sum=self.amount(man))

    def _lease(self) -> str:
        deposit, rent = self._lease_sums()
        pair = ("{d}/{r}", "월세 {d}/{r}", "{d}에 {r}") if deposit < 10_000 else ("월세 {e}/{r}",)
        apart = ("보증금 {e} 월세 {r}만원", "보증금 {e}에 월세 {r}", "보증금 {e} / 월 {r}만")
        return self.phrase(*pair, *apart, d=deposit, r=rent, e=self.amount(deposit))

    def _lease_sums(self) -> tuple[int, int]:
        rng = self.rng
        deposit = rng.choice((100, 200, 300, 500, 500, 1000, 1000, 2000, 3000, 5000, 10_000))
        rent = rng.choice((rng.randrange(20, 70), rng.randrange(40, 160, 5)))
        self.said |= {"deal": "월세", "deposit_krw": deposit * MAN, "rent_krw": rent * MAN}
        return deposit, rent

    def deposit(self) -> str:
        """The deposit alone, to be followed by `{rent}` somewhere else."""
        man = self.rng.choice((300, 500, 1000, 2000, 3000))
        self.said |= {"deal": "월세", "deposit_krw": man * MAN}
        return self.phrase("{sum}", sum=self.amount(man))

    def rent(self) -> str:
        man = self.rng.randrange(25, 120)
        self.said |= {"deal": "월세", "rent_krw": man * MAN}
        return self.phrase("{man}만원", "{man}만", "{won:,}원", man=man, won=man * MAN)

    def fee(self) -> str:
        man = self.rng.choice((0, 0, 3, 4, 5, 6, 7, 8, 10, 12, 15))
        self.said["maintenance_krw"] = man * MAN
        if not man:
            return self.one_of("no fee")
        return self.one_of("fee", man=man, won=man * MAN)

    def _sum(self, least: int, most: int) -> int:
        """A sum in 만원."""
        rest = self.rng.choice((0, 1000, 2000, 2500, 3000, 3500, 5000, 7000, 8000, 8500))
        man = self.rng.randint(least, most) * 10_000 + rest
        return man if man >= 4000 else man + 6000

    def amount(self, man: int) -> str:
        """A sum of 만원 as people write it: `1억 2,500만원`, `1억2500`, `3.5억`, `2천만원`, `500`."""
        eok, rest = divmod(man, 10_000)
        if not eok:
            thousands = [f"{man // 1000}천", f"{man // 1000}천만원"] if man % 1000 == 0 else []
            return self.rng.choice([f"{man}", f"{man}만원", f"{man:,}만", *thousands])
        if not rest:
            return self.rng.choice([f"{eok}억", f"{eok}억원"])
        forms = [f"{eok}억 {rest:,}만원", f"{eok}억{rest}", f"{eok}억 {rest}만", f"{man / 10_000:g}억"]
        return self.rng.choice([*forms, f"{eok}억 {rest // 1000}천"] if rest % 1000 == 0 else forms)

    # --- size -------------------------------------------------------------------------------------

    def floor(self) -> str:
        total = self.rng.randint(*FLOORS[self.kind])
        chance = self.rng.random()
        if chance < 0.12 and self.kind in ("원룸", "투룸", "빌라", "주택"):
            return self._unnumbered(self.rng.choice(("semi_basement", "rooftop")))
        if chance < 0.3 and self.kind == "아파트":
            return self._level(self.rng.choice(tuple(LEVELS)), total)
        floor = self.rng.randint(1, total)
        self.said |= {"floor": floor, "floor_kind": "numbered"}
        if self.rng.random() < 0.3:
            return self.one_of("floor", f=floor)
        self.said["total_floors"] = total
        return self.one_of("floor of", f=floor, t=total)

    def _unnumbered(self, kind: str) -> str:
        self.said["floor_kind"] = kind
        return self.one_of(kind)

    def _level(self, level: str, total: int) -> str:
        self.said |= {"floor_kind": level, "total_floors": total}
        return self.one_of("level", t=total, w=LEVELS[level])

    def area(self) -> str:
        form = self.rng.choice(("metres", "pyeong", "both", "gross"))
        metres, pyeong = self.area_metres, round(self.area_metres / _PYEONG)
        if form == "pyeong":
            self.said |= {"area_m2": round(pyeong * _PYEONG, 2), "area_pyeong": float(pyeong)}
            return self.one_of("pyeong", p=pyeong)
        self.said |= {"area_m2": metres, "area_pyeong": round(metres / _PYEONG, 2)}
        if form == "both":
            self.said["area_pyeong"] = float(pyeong)
            return self.one_of("both", m=metres, p=pyeong)
        gross = self.one_of("gross", m=round(metres * 1.3, 1)) if form == "gross" else ""
        return gross + self.one_of("metres", m=metres)

    # --- what comes with it -----------------------------------------------------------------------

    def inside(self) -> str:
        self.said["options_inside"] = list(self.inside_names)
        words = self.vocabulary.inside
        return self._listed("inside", [self.rng.choice(words[name]) for name in self.inside_names])

    def outside(self) -> str:
        self.said["options_outside"] = list(self.outside_names)
        words = self.vocabulary.outside
        return self._listed("outside", [self.rng.choice(words[name]) for name in self.outside_names])

    def denied(self) -> str:
        """Things of the building that it has not."""
        left = [name for name in ("엘리베이터", "주차", "CCTV", "베란다") if name not in self.outside_names]
        return self.one_of("denied", w=self.rng.choice(left or ["옥상 이용"]))

    def _listed(self, name: str, words: list[str]) -> str:
        self.words[name] = words
        self.kept.extend(words)
        return self.rng.choice((", ", ", ", "/", " ")).join(words)

    # --- when -------------------------------------------------------------------------------------

    def move(self) -> str:
        """When one may move in; the month is one of the next four after November 2026."""
        chance = self.rng.random()
        if chance < 0.3:
            self.said["move_in"] = "now"
            return self.one_of("now")
        if chance < 0.45:
            self.said["move_in"] = "negotiable"
            return self.one_of("negotiable")
        month, year = self._month()
        if chance < 0.7:
            part = self.rng.choice(tuple(PARTS))
            self.said["move_in"] = f"{year}-{month:02d} {part}"
            return self.one_of("part", m=month, p=PARTS[part][0])
        day = self.rng.randint(1, 28)
        self.said["move_in"] = f"{year}-{month:02d}-{day:02d}"
        return self.one_of("day", m=month, d=day, y=year)

    def _month(self) -> tuple[int, int]:
        month = self.rng.choice(tuple(MONTHS))
        return month, self.written.year + (month < self.written.month)

    # --- in English -------------------------------------------------------------------------------

    def home_en(self) -> str:
        self.said["home"] = self.kind
        return self.phrase(self.vocabulary.english_kinds[self.kind])

    def price_en(self) -> str:
        self.said["deal"] = self.deal_word
        if self.deal_word == "월세":
            deposit, rent = self._lease_sums()
            forms = (
                "deposit {d:,} KRW, rent {r:,} KRW a month",
                "{d:,} won deposit and {r:,} won monthly rent",
            )
            return self.phrase(*forms, d=deposit * MAN, r=rent * MAN)
        won = (self._sum(1, 12) if self.deal_word == "매매" else self._sum(0, 5)) * MAN
        self.said["price_krw" if self.deal_word == "매매" else "deposit_krw"] = won
        word = "for sale at" if self.deal_word == "매매" else "jeonse deposit"
        return self.phrase("{word} {won:,} KRW", "{word} {won:,} won", word=word, won=won)

    def fee_en(self) -> str:
        won = self.rng.choice((0, 50_000, 70_000, 100_000, 120_000))
        self.said["maintenance_krw"] = won
        return self.one_of("fee_en", won=won) if won else self.one_of("no fee_en")

    def floor_en(self) -> str:
        total = self.rng.randint(*FLOORS[self.kind])
        floor = self.rng.randint(1, total)
        self.said |= {"floor": floor, "floor_kind": "numbered", "total_floors": total}
        return self.one_of("floor_en", f=floor, o=ordinal(floor), t=total)

    def area_en(self) -> str:
        metres = self.area_metres
        self.said |= {"area_m2": metres, "area_pyeong": round(metres / _PYEONG, 2)}
        return self.one_of("area_en", m=metres)

    def move_en(self) -> str:
        if self.rng.random() < 0.4:
            self.said["move_in"] = "now"
            return self.one_of("now_en")
        month, year = self._month()
        day = self.rng.randint(1, 28)
        self.said["move_in"] = f"{year}-{month:02d}-{day:02d}"
        return self.one_of("day_en", m=MONTHS[month], d=day)

    def inside_en(self) -> str:
        words = self.vocabulary.english_inside
        names = self.said["options_inside"] = self.rng.sample(list(words), self.rng.randint(1, 4))
        return self._english("inside", [words[name] for name in names])

    def outside_en(self) -> str:
        words = self.vocabulary.english_outside
        names = self.said["options_outside"] = self.rng.sample(list(words), self.rng.randint(1, 3))
        return self._english("outside", [words[name] for name in names])

    def _english(self, name: str, words: list[str]) -> str:
        self.words[name] = words
        self.kept.extend(words)
        return ", ".join(words)
